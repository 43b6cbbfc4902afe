/* fetch.h -- many requests to one web service, politely: what all live clients share.
 *
 * Requests go out at most `parallel` at a time and `per_minute` a minute. What may pass (no
 * reply, a reply cut short, 408, 429, 5xx) is asked again after a random wait of up to
 * base * 2^tries ("full jitter"; M. Brooker, Exponential Backoff and Jitter, 2015), or as long
 * as the service's Retry-After says; what will not pass (400, 401, 403, 404, ...) is refused in
 * words. Replies are kept in a folder: a fetch that was stopped, or killed, asks only what is
 * missing when it is run again. Replies are handed over in the order of the requests, whatever
 * order they came in. Nothing here starts by itself.
 */
#ifndef VO_DATA_FETCH_H
#define VO_DATA_FETCH_H

#include "port/http.h"

/* The world, so that tests own time, chance and the network. All members or none. */
typedef struct {
    double (*now_s)(void *ctx); /* Unix seconds */
    void (*sleep_s)(void *ctx, double seconds);
    vo_status (*send)(void *ctx, size_t worker, const vo_http_request *r, vo_http_reply *out,
                      bool *passing, vo_error *err); /* as vo_http_send; threads: any */
    void *ctx;
} vo_fetch_world;

typedef struct {
    double per_minute;         /* > 0 */
    size_t parallel;           /* 1..VO_FETCH_MAX_PARALLEL */
    int32_t retries;           /* times a request is asked again: 0..20 */
    double backoff_s;          /* 1: base of the waits      */
    double backoff_max_s;      /* 60: no random wait beyond */
    double retry_after_max_s;  /* 300: a service that wants longer ends the fetch */
    double timeout_s;          /* 60, of one request */
    size_t max_body;           /* 64 MiB */
    const char *proxy;         /* NULL: none */
    const char *ca_file;       /* NULL: the system's */
    const char *cache;         /* folder; NULL: nothing is kept */
    bool refresh;              /* kept replies are not used, but replaced */
    const char *const *secret; /* [n_secrets]: never in an error, a file or its name */
    size_t n_secrets;
    uint64_t seed; /* of the waits */
    vo_http_stop stop;
    void *stop_ctx;
    const vo_fetch_world *world; /* NULL: the real one */
} vo_fetch_options;

#define VO_FETCH_MAX_PARALLEL 4u

vo_fetch_options vo_fetch_options_default(void);

typedef struct {
    const char *url;
    const vo_http_header *header; /* [n_headers] */
    size_t n_headers;
    const char *label; /* for messages: "CENACE, APATZINGAN, 2016-02-01 to 2016-02-07" */
    double keep_s;     /* how long a kept reply may be used: INFINITY: for ever; 0: never */
} vo_fetch_item;

typedef struct {
    size_t requests; /* sent, retries too */
    size_t cached;   /* replies that were there already */
    size_t retried;  /* requests sent again */
    size_t empty;    /* replies without data */
    size_t kept;     /* replies newly kept */
    size_t bytes;    /* of bodies that came */
    double waited_s; /* for turns and before retries, all requests together */
} vo_fetch_summary;

/* Reads one body; items come in order. *empty (false at the call): the service has nothing
 * there, and the reply is not kept. VO_EINVAL or VO_ENOTFOUND: unreadable: a kept reply is
 * thrown away and asked again once; a fresh one ends the fetch. `err` may quote the reply:
 * secrets are taken out of it. */
typedef vo_status (*vo_fetch_take)(void *ctx, size_t i, const char *body, size_t len,
                                   bool *empty, vo_error *err);

/* Told after each item. Anything but VO_OK ends the fetch. May be NULL. */
typedef vo_status (*vo_fetch_progress)(void *ctx, size_t done, size_t n,
                                       const vo_fetch_summary *so_far, vo_error *err);

/* *sum is filled on failure too: it says how far it came. VO_EINVAL: an option outside its
 * domain, or the service refuses the request; VO_EIO: no usable reply; VO_ECANCELED. */
vo_status vo_fetch_all(const vo_fetch_options *o, const vo_fetch_item *item, size_t n,
                       vo_fetch_take take, vo_fetch_progress progress, void *ctx,
                       vo_fetch_summary *sum, vo_error *err);

#endif
