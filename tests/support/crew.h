/* crew.h -- threads for what takes a vo_crew: ctx is a size_t, how many (at most 8). Each takes every
 * so-manieth piece of work; work may not fail. Uses pthread_create. */
#ifndef VOLTEO_TESTS_SUPPORT_CREW_H
#define VOLTEO_TESTS_SUPPORT_CREW_H

#include <pthread.h>
#include <stdlib.h>

#include "community/homes.h"

typedef struct {
    size_t n;
    vo_status (*work)(void *arg, size_t i, size_t worker, vo_error *err);
    void *arg;
    size_t worker, workers;
} crew_share;

static inline void *do_share(void *p) {
    const crew_share *s = p;
    for (size_t i = s->worker; i < s->n; i += s->workers)
        if (s->work(s->arg, i, s->worker, NULL) != VO_OK) abort();
    return NULL;
}

static inline vo_status
crew(void *ctx, size_t n, vo_status (*work)(void *arg, size_t i, size_t worker, vo_error *err),
     void *arg, vo_error *err) {
    const size_t workers = *(const size_t *)ctx;
    pthread_t thread[8];
    crew_share s[8];
    (void)err;
    for (size_t k = 0; k < workers; k++) {
        s[k] = (crew_share){n, work, arg, k, workers};
        if (pthread_create(&thread[k], NULL, do_share, &s[k]) != 0) abort();
    }
    for (size_t k = 0; k < workers; k++) pthread_join(thread[k], NULL);
    return VO_OK;
}

#endif
