/* service.h -- from a request to an answer: routes, who may, what is right, who computes.
 *
 * Independent of the transport: tests and the fuzz target hand it exchanges of their own.
 *   head     route (404, 405), CORS, key (401, 403), rate (429), type and length of the body (415, 413)
 *   request  parameters and body against openapi.json (400), then the operation's handler, on
 *            the loop or in the pool (503 when that is full)
 */
#ifndef VO_SERVE_SERVICE_H
#define VO_SERVE_SERVICE_H

#include <volteo/engine.h>

#include "jobs/queue.h"
#include "serve/access_log.h"
#include "serve/auth.h"
#include "serve/hub.h"
#include "serve/metrics_page.h"
#include "serve/openapi.h"
#include "serve/pool.h"
#include "serve/rate_limit.h"
#include "serve/transport.h"

typedef struct vo_service vo_service;

typedef struct {
    vo_engine *engine; /* of the pool's threads: one thread a call; borrowed, as all below   */
    vo_database *db;   /* state: jobs, events, keys                                           */
    vo_queue *queue;
    const vo_openapi *api;
    vo_auth *auth;
    vo_rate_limit *rate;
    vo_access_log *log;
    vo_hub *hub;
    size_t threads;    /* of the pool */
    size_t line;       /* waiting before it: 64 */
    double deadline_s; /* of waiting: 10 */
    size_t max_body;
    void (*job_added)(void *ctx); /* to wake the worker */
    void *job_ctx;
    /* How an answer leaves; vo_transport_reply. */
    void (*reply)(void *ctx, vo_exchange *x);
    void *reply_ctx;
} vo_service_settings;

vo_status vo_service_create(const vo_service_settings *s, vo_service **out, vo_error *err);
void vo_service_free(vo_service *v); /* accepts NULL; waits for the pool */

/* The transport's callbacks, with ctx = the service. */
vo_handler vo_service_handler(void);

void vo_service_drain(vo_service *v); /* readyz says 503 from now on */

#endif
