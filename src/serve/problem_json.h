/* problem_json.h -- errors as application/problem+json (RFC 9457).
 *
 *   {"type":"about:blank","title":"Bad Request","status":400,"detail":"...","instance":"REQUEST ID",
 *    "errors":[{"pointer":"/battery_params/efficiency","detail":"must be at most 1, is 85"}]}
 */
#ifndef VO_SERVE_PROBLEM_JSON_H
#define VO_SERVE_PROBLEM_JSON_H

#include "base/json.h"
#include "serve/exchange.h"
#include "serve/openapi.h"

/* The whole answer into x; `detail` may be NULL. */
void vo_problem(vo_exchange *x, int status, const char *detail);
void vo_problem_finding(vo_exchange *x, int status, const vo_finding *f);

int vo_problem_status(vo_status s); /* of a refusal of the engine, as below */

/* A refusal of the engine: EINVAL 422, ENOTFOUND 404, EUNSUPPORTED 422, ENOMEM 503, ECANCELED 503,
 * EIO and ENUMERIC 500. The path at the head of its message ("batteries[1].max_soc = 2: ...")
 * becomes the pointer, if it leads somewhere in `body` (or NULL). Paths of this machine are taken out. */
void vo_problem_engine(vo_exchange *x, vo_status s, const vo_error *err, const vo_json *body);

#endif
