/* job_kinds.h -- what can be sent as a job, who may, and how it is done.
 *
 * To add one: a line here, its schema in openapi.json (the kind of job_add).
 */
#ifndef VO_SERVE_JOB_KINDS_H
#define VO_SERVE_JOB_KINDS_H

#include <volteo/engine.h>

#include "base/json.h"
#include "jobs/worker.h"
#include "serve/openapi.h"

/* X(kind, scope it needs, takes "key": made once under the job's id) */
// clang-format off
#define VO_JOB_KIND_MAP(X)                                                                      \
    X(optimize, TRADE, false)                                                                   \
    X(compare,  TRADE, false)                                                                   \
    X(backtest, TRADE, false)                                                                   \
    X(evaluate, TRADE, false)                                                                   \
    X(train,    ADMIN, true)                                                                    \
    X(retrain,  ADMIN, true)                                                                    \
    X(fetch,    ADMIN, false)                                                                   \
    X(simulate, TRADE, false)
// clang-format on

typedef struct {
    const char *name;
    vo_scope scope;
    bool keyed;
    vo_status (*call)(vo_engine *e, const char *request, char **response, vo_error *err);
} vo_job_kind_row;

/* NULL: there is no such kind; *n of the list. */
const vo_job_kind_row *vo_job_kind_find(const char *name);
const vo_job_kind_row *vo_job_kind_list(size_t *n);

typedef struct {
    const char *lake, *models; /* as vo_engine_options                             */
    int32_t engine_threads;    /* of a job; 0: all cores                            */
    vo_database *db;           /* of the event log; NULL: no events                  */
    /* The key of a web service, by vo_engine_key_variable's name; NULL: there is none. */
    const char *(*secret)(void *ctx, const char *variable);
    void *secret_ctx;
    void (*changed)(void *ctx); /* an event was added; or NULL */
    void *changed_ctx;
    /* An event about new prices could not be written down; or NULL. */
    void (*trouble)(void *ctx, const vo_error *err);
    void *trouble_ctx;
} vo_job_doer;

/* A member that is kept as the text of a document (a job's request, metrics, response): null where
 * there is none. */
void vo_put_document(vo_json_out *w, const char *name, const char *text);

/* Event "price" about each node that an ingest has stored rows of: {market, process, node, from, to,
 * rows}, all of them or none. `response` is that of the ingest; what is no such thing tells nothing.
 * *told: there are events. VO_EIO, VO_ENOMEM: the lake has the rows, but nobody hears of them. */
vo_status vo_tell_prices(vo_database *db, const char *response, size_t len, bool *told,
                         vo_error *err);

/* A vo_job_work with ctx = a vo_job_doer: an engine per job. */
vo_status vo_job_do(void *doer, const vo_job_run *run, char **response, vo_error *err);

#endif
