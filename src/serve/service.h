/* service.h -- from a request to an answer: routes, who may, what is right, who computes.
 *
 * Independent of the transport: tests and the fuzz target hand it exchanges of their own.
 *   head     route (404, 405), CORS, key (401, 403), rate (429), type of the body (415)
 *   request  parameters and body against openapi.json (400), then the operation's handler
 *            (routes.h), on the loop or in the pool (503 when that is full)
 *
 * Each thread of the pool has an engine of its own with one thread a call: no request takes more
 * than one core, and none more than most_s.
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

enum { VO_SERVICE_FIGURES = 32 };
enum { VO_STATE_LEAST = 512 }; /* bytes of a state database: a page */

typedef struct {
    const char *lake, *models; /* folders; NULL: the engine's defaults                     */
    vo_database *db;           /* state: jobs, events; borrowed, as all below               */
    vo_queue *queue;
    const char *state;       /* the file of db, or NULL: see vo_service_state_lost */
    uint64_t state_identity; /* as it was opened; 0: not a file                    */
    const vo_openapi *api;
    vo_auth *auth;
    vo_rate_limit *rate;
    vo_access_log *log; /* or NULL */
    vo_hub *hub;        /* or NULL: no events */
    size_t threads;     /* of the pool: 2                                                    */
    size_t line;        /* waiting before it: 64, and as many heavy ones (cost >= 20)        */
    double deadline_s;  /* of waiting there: 10                                              */
    double most_s;      /* of computing one answer: 30                                       */
    void (*job_added)(void *ctx); /* or NULL: to wake the worker */
    void *job_ctx;
    /* An event about new prices could not be written down; or NULL. */
    void (*untold)(void *ctx, const vo_error *err);
    void *untold_ctx;
    /* How an answer leaves; vo_transport_reply. */
    void (*reply)(void *ctx, vo_exchange *x);
    void *reply_ctx;
    /* Values for /metrics beside the service's own, at most VO_SERVICE_FIGURES: how many; or NULL.
     * Called on the pool. */
    size_t (*figures)(void *ctx, vo_metrics_value *v);
    void *figures_ctx;
} vo_service_settings;
vo_service_settings vo_service_settings_default(void);

/* VO_EINVAL: api has an operation that has no handler, or the other way round. */
vo_status vo_service_create(const vo_service_settings *s, vo_service **out, vo_error *err);
void vo_service_free(vo_service *v); /* accepts NULL; vo_service_finish first */

/* The transport's callbacks, with ctx = the service. */
vo_handler vo_service_handler(void);

/* What is not in order, as a literal, or NULL: readyz's answer. Not ready when made. Any thread. */
void vo_service_ready(vo_service *v, const char *trouble);

/* From now on readyz says 503, and nothing new is computed; what is being computed, or waits, is
 * answered: after most_s with 503. */
void vo_service_drain(vo_service *v, double most_s);

/* Nothing more will happen here: listeners are closed as soon as they have heard all. Then have the
 * transport call `woken`. */
void vo_service_farewell(vo_service *v);

/* Ends the pool: running calls are asked to stop, and all that was submitted is replied to. After
 * it `done` may still be called, until vo_service_free. */
void vo_service_finish(vo_service *v);

typedef struct {
    size_t waiting, busy;
    uint64_t full, late; /* refused as the line was full; not begun in time */
} vo_service_counts;
vo_service_counts vo_service_count(vo_service *v);

#endif
