/* learn_world.c -- see learn_world.h. */
#include "engine/learn_world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/model_cache.h"
#include "port/thread.h"

/* "training gbt 15 min, loss 3.21" */
static bool tell(void *ctx, const char *phase, double fraction, double loss) {
    vo_learn_world *w = ctx;
    char words[120];
    const double done = w->from + w->share * fraction;
    const int32_t epoch = w->epoch;
    w->epoch = -1;
    if (w->o->detail && w->o->detail(w->o->detail_ctx, phase, done, loss, epoch) != 0)
        return false;
    if (!w->o->progress) return true;
    if (isnan(loss))
        snprintf(words, sizeof words, "%.100s", phase);
    else
        snprintf(words, sizeof words, "%.80s, loss %.4g", phase, loss);
    return w->o->progress(w->o->progress_ctx, words, done) == 0;
}

/* ---- models ---------------------------------------------------------------------------- */

struct vo_learn_model {
    vo_learn_model *next;
    void *bytes; /* owned, unless `kept` */
    size_t len;
    const vo_kept_model *kept; /* of the engine's cache, or NULL */
    char name[];               /* as it was asked for            */
};

static const vo_learn_model *loaded(const vo_learn_world *w, const char *name) {
    const vo_learn_model *m = atomic_load(&w->models);
    while (m && strcmp(m->name, name) != 0) m = m->next;
    return m;
}

static vo_status load(const vo_learn_world *w, const char *name, vo_learn_model **out,
                      vo_error *err) {
    vo_registry *registry = NULL;
    const size_t size = strlen(name) + 1;
    vo_learn_model *m = calloc(1, sizeof *m + size);
    if (!m) return vo_fail(err, VO_ENOMEM, "model %.60s", name);
    memcpy(m->name, name, size);
    if (w->o->kept) {
        const vo_status s = vo_model_cache_take(w->o->kept, name, &m->kept, err);
        if (s == VO_OK)
            *out = m;
        else
            free(m);
        return s;
    }
    vo_status s =
        vo_registry_open(w->o->models ? w->o->models : "models", NULL, &registry, err);
    if (s == VO_OK) s = vo_registry_load(registry, name, NULL, &m->bytes, &m->len, NULL, err);
    vo_registry_close(registry);
    if (s == VO_OK)
        *out = m;
    else
        free(m);
    return s;
}

/* Two threads that ask for one model at once may both load it: both copies are kept, and alike
 * unless the registry changed in between. */
static vo_status find_model(void *ctx, const char *name, const void **bytes, size_t *len,
                            vo_error *err) {
    vo_learn_world *w = ctx;
    const vo_learn_model *m = loaded(w, name);
    if (!m) {
        vo_learn_model *fresh = NULL;
        const vo_status s = load(w, name, &fresh, err);
        if (s != VO_OK || !fresh) return s;
        fresh->next = atomic_load(&w->models);
        while (!atomic_compare_exchange_weak(&w->models, &fresh->next, fresh)) continue;
        m = fresh;
    }
    *bytes = m->kept ? m->kept->bytes : m->bytes;
    *len = m->kept ? m->kept->len : m->len;
    return VO_OK;
}

/* The cache has them ready. */
static void find_ready(void *ctx, const void *bytes, vo_learned *out) {
    const vo_learn_world *w = ctx;
    const vo_learn_model *m = atomic_load(&w->models);
    while (m && !(m->kept && m->kept->bytes == bytes)) m = m->next;
    *out = (vo_learned){0};
    if (!m) return;
    out->table = m->kept->table;
    out->boosting = m->kept->boosting;
    out->boosting_until_s = m->kept->boosting_until_s;
}

/* ---- the world -------------------------------------------------------------------------- */

void vo_learn_world_init(vo_learn_world *w, const vo_engine_options *o, uint64_t seed) {
    *w = (vo_learn_world){.o = o, .share = 1, .epoch = -1};
    w->learning.alloc = &vo_alloc_libc;
    w->learning.seed = seed;
    w->learning.threads = o->threads > 0 ? (size_t)o->threads : vo_thread_count();
    if (o->progress || o->detail) w->learning.progress = tell;
    w->learning.epoch = &w->epoch;
    w->learning.progress_ctx = w;
    w->learning.model = find_model;
    w->learning.model_ctx = w;
    w->learning.ready = find_ready;
    w->learning.ready_ctx = w;
}

void vo_learn_world_fini(vo_learn_world *w) {
    for (vo_learn_model *m = atomic_load(&w->models), *next; m; m = next) {
        next = m->next;
        if (m->kept) vo_model_cache_give(w->o->kept, m->kept);
        free(m->bytes);
        free(m);
    }
    *w = (vo_learn_world){0};
}
