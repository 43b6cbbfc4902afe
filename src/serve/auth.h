/* auth.h -- may this request? Keys in memory, looked up on the loop without waiting.
 *
 * "Authorization: Bearer KEY" or "X-Api-Key: KEY"; of a WebSocket, for which a browser can set no
 * headers, also "Sec-WebSocket-Protocol: volteo.events, bearer.KEY". Never in the URL, which is
 * logged. Without keys (mode OFF, loopback only) the Host must name this machine, and a browser's
 * Origin must be the page's own or on the CORS list, so that no web page can use a server on its
 * visitor's machine.
 *
 * Threads: open, check and close on the loop; refresh on any one other. A refresh hands the loop
 * a new table, which it takes with its next check: a key that was revoked is refused from then on.
 */
#ifndef VO_SERVE_AUTH_H
#define VO_SERVE_AUTH_H

#include <stdint.h>

#include "serve/exchange.h"
#include "serve/openapi.h"
#include "store/database.h"

typedef struct vo_auth vo_auth;

typedef struct {
    bool on;
    const char *const *origin; /* [n] CORS list: "https://app.example", or "*"; borrowed */
    size_t n_origins;
    vo_database *db; /* NULL if off */
} vo_auth_settings;

/* The subprotocol of GET /api/v1/events; the answer to a handshake that offers it names it. */
#define VO_AUTH_PROTOCOL "volteo.events"
bool vo_auth_offered(const vo_exchange *x); /* does it offer that one? */

/* VO_EINVAL: an origin that is none, or "*" without keys. Reads the keys for the first time. */
vo_status vo_auth_open(const vo_auth_settings *s, vo_auth **out, vo_error *err);
void vo_auth_close(vo_auth *a);
/* From the database: about each second. On failure the keys read before stay in force. */
vo_status vo_auth_refresh(vo_auth *a, vo_error *err);

/* 0: it may; key_id and scope of x are set, *rate_per_s its own rate or 0. Else the status, 401
 * (who are you?) or 403 (not you), and why in words; for 401 the caller adds WWW-Authenticate.
 * VO_SCOPE_NONE lets anybody pass, and names who has a good key. now_ms: UTC, for expiry. */
int vo_auth_check(vo_auth *a, vo_exchange *x, vo_scope needed, int64_t now_ms,
                  double *rate_per_s, const char **why);

/* For connections that outlive their check. Loop only: does the key of this id still open anything;
 * and which table says so: another number, another table. */
bool vo_auth_holds(vo_auth *a, const char *key_id, int64_t now_ms);
uint64_t vo_auth_edition(vo_auth *a);

/* Adds the CORS headers of an allowed origin to the answer; true for a preflight (OPTIONS with
 * Access-Control-Request-Method), whose answer is complete then but for its status. `allow`: the
 * methods of the path. At most 5 headers. */
bool vo_auth_cors(const vo_auth *a, vo_exchange *x, const char *allow);

#endif
