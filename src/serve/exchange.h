/* exchange.h -- one HTTP request and the answer to it, as values.
 *
 * The transport makes one per request and frees it after the answer has left, or the client;
 * whoever holds it in between (the service, a thread of its pool) owns it alone, one at a time.
 * All strings of the request are NUL-terminated, bounded by the transport's settings, and valid
 * as long as the exchange; a header that was not sent is "".
 */
#ifndef VO_SERVE_EXCHANGE_H
#define VO_SERVE_EXCHANGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

/* Request headers that anybody looks at: X(name of the member, header). */
// clang-format off
#define VO_EXCHANGE_HEADER_MAP(X)                                                               \
    X(host,            "host")                                                                  \
    X(origin,          "origin")                                                                \
    X(authorization,   "authorization")                                                         \
    X(api_key,         "x-api-key")                                                             \
    X(content_type,    "content-type")                                                          \
    X(accept,          "accept")                                                                \
    X(request_id,      "x-request-id")                                                          \
    X(idempotency_key, "idempotency-key")                                                       \
    X(if_none_match,   "if-none-match")                                                         \
    X(cors_method,     "access-control-request-method")                                         \
    X(cors_headers,    "access-control-request-headers")                                        \
    X(last_event_id,   "last-event-id")                                                         \
    X(ws_protocol,     "sec-websocket-protocol")
// clang-format on

#define VO_MOST_ANSWER (INT64_C(128) << 20) /* bytes: of the engine, here and as a job */
#define VO_EXCHANGE_ID 64                   /* of request ids, with the NUL       */
#define VO_EXCHANGE_HEADERS 16              /* of an answer, beside those below    */

typedef struct {
    char name[48];   /* "Retry-After" */
    char value[464]; /* printable ASCII */
} vo_answer_header;

typedef struct vo_exchange vo_exchange;

struct vo_exchange {
    /* ---- the request: filled by the transport ------------------------------------------ */
    const char *method; /* "GET"; whatever was sent, at most 15 letters                 */
    const char *path;   /* as sent (not percent-decoded), from '/', without the query   */
    const char *query;  /* after '?', as sent; "" if none                               */
    const char *peer;   /* the client's address, "127.0.0.1"                            */
#define X(member, header) const char *member;
    VO_EXCHANGE_HEADER_MAP(X)
#undef X
    const char *body; /* NUL-terminated besides; "" if none                           */
    size_t body_len;
    bool tls, upgrade; /* upgrade: this wants to become a WebSocket                    */
    double came_s;     /* monotonic, when its head was complete                        */
    atomic_bool gone;  /* the client has left: nobody will read the answer             */

    /* ---- the service's own ------------------------------------------------------------- */
    char id[VO_EXCHANGE_ID]; /* request id: the client's if it is decent, else ours          */
    const void *operation;   /* a vo_operation of openapi.h, NULL: none matched              */
    void *params;            /* a vo_params of openapi.h, freed by the service's `done`      */
    char key_id[40];         /* who asks, for logs and limits; "" without a key              */
    int scope;      /* what its key may: a vo_scope                                    */
    double began_s; /* monotonic, when a thread took it; 0: never                   */

    /* ---- the answer: filled by the service before vo_transport_reply --------------------- */
    int status;        /* 200                                                          */
    const char *type;  /* a literal: "application/json"; NULL: no body                 */
    char *answer;      /* malloc'ed, freed with the exchange; or NULL                  */
    const char *still; /* instead of it: bytes that live for ever (pages, files)       */
    size_t answer_len; /* of either                                                    */
    vo_answer_header header[VO_EXCHANGE_HEADERS];
    size_t n_headers;

    /* ---- the transport's own ------------------------------------------------------------- */
    void *connection;
    vo_exchange *next;
};

/* Adds a header of the answer; values are cut at the room there is and lose what is not
 * printable ASCII. Beyond VO_EXCHANGE_HEADERS they are dropped (an assert in debug builds). */
void vo_exchange_header(vo_exchange *x, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
