/* learn_world.c -- see learn_world.h. */
#include "engine/learn_world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "port/thread.h"

/* "training gbt 15 min, loss 3.21" */
static bool tell(void *ctx, const char *phase, double fraction, double loss) {
    const vo_learn_world *w = ctx;
    char words[120];
    if (isnan(loss))
        snprintf(words, sizeof words, "%.100s", phase);
    else
        snprintf(words, sizeof words, "%.80s, loss %.4g", phase, loss);
    return w->o->progress(w->o->progress_ctx, words, w->from + w->share * fraction) == 0;
}

void vo_learn_world_init(vo_learn_world *w, const vo_engine_options *o, uint64_t seed) {
    *w = (vo_learn_world){.o = o, .share = 1};
    w->learning.alloc = &vo_alloc_libc;
    w->learning.seed = seed;
    w->learning.threads = o->threads > 0 ? (size_t)o->threads : vo_thread_count();
    if (o->progress) w->learning.progress = tell;
    w->learning.progress_ctx = w;
}

void vo_learn_world_fini(vo_learn_world *w) { *w = (vo_learn_world){0}; }
