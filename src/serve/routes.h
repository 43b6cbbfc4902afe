/* routes.h -- what the service does for each operation of openapi.json.
 *
 * To add a route: the operation in openapi.json, a line in VO_HANDLER_MAP, a function in
 * routes_*.c. vo_service_create refuses a document that disagrees with the map.
 *
 * A handler fills the answer in call->x. It runs on the loop ("x-volteo-run": "loop"; it has no
 * engine, and must not wait), or on a thread of the pool.
 */
#ifndef VO_SERVE_ROUTES_H
#define VO_SERVE_ROUTES_H

#include "serve/gate.h"
#include "serve/service.h"

/* X(operationId) */
// clang-format off
#define VO_HANDLER_MAP(X)                                                                       \
    X(optimize) X(compare) X(backtest) X(decide) X(simulate)                                    \
    X(markets) X(nodes) X(prices) X(prices_add)                                                 \
    X(models) X(model) X(model_metrics) X(model_importance)                                     \
    X(train) X(predict) X(promote) X(rollback)                                                  \
    X(jobs) X(job_add) X(job) X(job_cancel) X(job_retry) X(job_result)                          \
    X(healthz) X(readyz) X(metrics) X(openapi) X(docs) X(events)
// clang-format on

typedef struct {
    vo_service *service;
    const vo_service_settings *settings;
    vo_exchange *x;
    const vo_operation *op;
    const vo_params *params;
    const vo_json *body; /* of a JSON body, checked; NULL without one */
    vo_engine *engine;   /* NULL on the loop                          */
} vo_call;

typedef void vo_route(const vo_call *c);
#define X(id) vo_route vo_route_##id;
VO_HANDLER_MAP(X)
#undef X

/* ---- for handlers: service.c ------------------------------------------------------------ */

/* Replaces a header of the answer that is there, or adds it. */
void vo_answer_set(vo_exchange *x, const char *name, const char *value);
/* Takes the text over: the answer, 200 unless the status was set. */
void vo_answer_json(vo_exchange *x, char *text, size_t len);
/* Takes over what the writer holds, and frees it. */
void vo_answer_out(vo_exchange *x, int status, vo_json_out *w);
/* 503 with Retry-After. */
void vo_answer_busy(vo_exchange *x, int after_s, const char *why);
/* A page of the program's own, with ETag: 304 to who has it. `type` and `text` are literals. */
void vo_answer_still(vo_exchange *x, const char *type, const char *text, size_t len,
                     const char *etag);

/* The file of the state database is not the one that was opened: what is written goes nowhere. */
#define VO_STATE_LOST                                                                          \
    "the file of the state database was removed, replaced or cut: start this server again"
bool vo_service_state_lost(const vo_service *v);
const char *vo_service_trouble(const vo_service *v); /* NULL: ready */
bool vo_service_draining(const vo_service *v);
const char *vo_service_etag(const vo_service *v, bool docs);
const char *vo_service_docs_policy(const vo_service *v); /* Content-Security-Policy of /docs */
vo_status vo_service_metrics(vo_service *v, char **text, size_t *len, vo_error *err);
void vo_service_job_added(const vo_service *v);
vo_gate *vo_service_gate(const vo_service *v); /* before the state database: for who writes */

/* ---- routes_engine.c --------------------------------------------------------------------- */

typedef vo_status vo_engine_call(vo_engine *e, const char *request, char **response,
                                 vo_error *err);
/* A document for a document, or its refusal as a problem. */
void vo_route_engine(const vo_call *c, vo_engine_call *ask, const char *request);
/* Of vo_engine_prices: in whatever format was asked for. */
void vo_route_document(const vo_call *c, const char *request);

#endif
