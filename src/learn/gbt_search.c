/* gbt_search.c -- drawing candidates and scoring them fold by fold.
 *
 * Folds are the outer loop and candidates the inner, parallel one: rows are binned once per
 * fold and thread. Scores are added in the order of folds, so they do not depend on threads.
 */
#include "learn/gbt_search.h"

#include <math.h>
#include <string.h>

#include "base/random.h"
#include "learn/split.h"
#include "port/thread.h"

#define MAX_THREADS 64

vo_gbt_search vo_gbt_search_default(void) {
    vo_gbt_search s = {.draws = 20, .folds = 3, .seed = 42};
#define X(name, type, ...)                                                                     \
    {                                                                                          \
        const double v[] = {__VA_ARGS__};                                                      \
        s.name.n = sizeof v / sizeof *v;                                                       \
        memcpy(s.name.value, v, sizeof v);                                                     \
    }
    VO_GBT_SEARCH_MAP(X)
#undef X
    return s;
}

static size_t choices(const vo_gbt_choice *c) { return c->n ? c->n : 1; }

static uint64_t grid_size(const vo_gbt_search *s) {
    uint64_t size = 1;
#define X(name, type, ...) size *= choices(&s->name);
    VO_GBT_SEARCH_MAP(X)
#undef X
    return size;
}

/* Point `at` of the grid, the first parameter turning fastest. */
static vo_gbt_settings grid_point(const vo_gbt_search *s, const vo_gbt_settings *around,
                                  uint64_t at) {
    vo_gbt_settings p = *around;
#define X(name, type, ...)                                                                     \
    if (s->name.n) {                                                                           \
        p.name = (type)s->name.value[at % s->name.n];                                          \
        at /= s->name.n;                                                                       \
    }
    VO_GBT_SEARCH_MAP(X)
#undef X
    return p;
}

static vo_status check_search(const vo_gbt_search *s, const vo_gbt_settings *around,
                              vo_error *err) {
    vo_status st = vo_gbt_settings_check(around, err);
#define X(name, type, ...)                                                                     \
    if (st == VO_OK && s->name.n > VO_GBT_SEARCH_VALUES)                                       \
        st = vo_fail(err, VO_EINVAL, "search: %zu values of " #name "; at most %d", s->name.n, \
                     VO_GBT_SEARCH_VALUES);                                                    \
    for (size_t i = 0; st == VO_OK && i < s->name.n; i++) {                                    \
        vo_gbt_settings one = *around;                                                         \
        if (!(fabs(s->name.value[i]) <= 1e9))                                                  \
            return vo_fail(err, VO_EINVAL, "search: " #name " = %g", s->name.value[i]);        \
        one.name = (type)s->name.value[i];                                                     \
        st = vo_gbt_settings_check(&one, err);                                                 \
    }
    VO_GBT_SEARCH_MAP(X)
#undef X
    if (st != VO_OK) return st;
    const uint64_t tries = s->draws ? s->draws : grid_size(s);
    if (tries > VO_GBT_SEARCH_CANDIDATES)
        return vo_fail(err, VO_EINVAL,
                       "search: %llu candidates; at most %d: give draws=20 or fewer values",
                       (unsigned long long)tries, VO_GBT_SEARCH_CANDIDATES);
    return VO_OK;
}

/* Distinct points of the grid, in the order drawn, behind the settings searched around. */
static vo_status draw(const vo_gbt_search *s, const vo_gbt_settings *around, const vo_alloc *a,
                      vo_gbt_found *out, vo_error *err) {
    const uint64_t size = grid_size(s);
    const bool all = s->draws == 0 || s->draws >= size;
    const size_t n = all ? (size_t)size : s->draws;
    uint64_t *point = a->zalloc(a->ctx, n * sizeof *point);
    out->tried = a->zalloc(a->ctx, (n + 1) * sizeof *out->tried);
    if (!point || !out->tried) {
        a->free(a->ctx, point);
        return vo_fail(err, VO_ENOMEM, "%zu candidates", n);
    }
    vo_random chance = vo_random_seed(s->seed, 0);
    out->n = n + 1;
    out->tried[0].settings = *around;
    for (size_t i = 0; i < n; i++) {
        bool again = true;
        while (again) {
            point[i] = all ? i : vo_random_below(&chance, size);
            again = false;
            for (size_t j = 0; j < i && !again; j++) again = point[j] == point[i];
        }
        out->tried[i + 1].settings = grid_point(s, around, point[i]);
    }
    a->free(a->ctx, point);
    return VO_OK;
}

typedef struct {
    const float *x;
    const double *label;
    size_t f;
    vo_part train, valid;
    vo_gbt_rows *rows[MAX_THREADS]; /* by thread, made when first needed */
    const vo_alloc *alloc;
    vo_gbt_candidate *tried;
    double *loss; /* [n] of this fold */
} fold_work;

static vo_status score_one(void *ctx, size_t i, size_t worker, vo_error *err) {
    fold_work *w = ctx;
    vo_gbt *m = NULL;
    vo_status st = VO_OK;
    if (!w->rows[worker])
        st = vo_gbt_rows_create(w->x + w->train.from * w->f, w->train.to - w->train.from, w->f,
                                w->alloc, &w->rows[worker], err);
    const vo_gbt_held_out valid = {w->x + w->valid.from * w->f, w->label + w->valid.from,
                                   w->valid.to - w->valid.from};
    if (st == VO_OK)
        st = vo_gbt_train(w->rows[worker], w->label + w->train.from, NULL, &valid,
                          &w->tried[i].settings, NULL, &m, err);
    if (st == VO_OK) {
        w->loss[i] = vo_gbt_valid_loss(m);
        if (isnan(w->loss[i]))
            st = vo_fail(err, VO_EINVAL, "search: rows %zu to %zu have no label to judge by",
                         w->valid.from, w->valid.to);
    }
    vo_gbt_free(m);
    return st;
}

/* Candidates go in batches of as many as there are threads, so that progress is told and asked
 * from the calling thread. */
typedef struct {
    fold_work *w;
    size_t first;
} batch;

static vo_status score_of_batch(void *ctx, size_t i, size_t worker, vo_error *err) {
    const batch *b = ctx;
    return score_one(b->w, b->first + i, worker, err);
}

static vo_status score_fold(fold_work *w, size_t n, size_t fold, size_t folds,
                            const vo_learning *world, size_t threads, vo_error *err) {
    vo_status st = VO_OK;
    double best = HUGE_VAL;
    for (size_t i = 0; st == VO_OK && i < n; i += threads) {
        batch b = {w, i};
        const size_t many = n - i < threads ? n - i : threads;
        st = vo_thread_for(many, threads, score_of_batch, &b, err);
        for (size_t k = i; st == VO_OK && k < i + many; k++) best = fmin(best, w->loss[k]);
        const double part = ((double)fold + (double)(i + many) / (double)n) / (double)folds;
        if (st == VO_OK && world->progress &&
            !world->progress(world->progress_ctx, "search", part, best))
            st = vo_fail(err, VO_ECANCELED, "search stopped at %.0f %%", 100 * part);
    }
    for (size_t k = 0; k < MAX_THREADS; k++) {
        vo_gbt_rows_free(w->rows[k]);
        w->rows[k] = NULL;
    }
    return st;
}

vo_status vo_gbt_search_run(const float *x, const double *label, size_t n, size_t f,
                            const vo_gbt_settings *around, const vo_gbt_search *search,
                            const vo_learning *world, vo_gbt_found *out, vo_error *err) {
    const vo_learning none = {0};
    if (!world) world = &none;
    const vo_alloc *a = world->alloc ? world->alloc : &vo_alloc_libc;
    size_t threads = world->threads ? world->threads : 1;
    if (threads > MAX_THREADS) threads = MAX_THREADS;
    vo_gbt_found found = {.alloc = a};
    fold_work w = {.x = x, .label = label, .f = f, .alloc = a};
    vo_status st = check_search(search, around, err);
    if (st == VO_OK) st = draw(search, around, a, &found, err);
    if (st == VO_OK) {
        w.tried = found.tried;
        w.loss = a->zalloc(a->ctx, found.n * sizeof *w.loss);
        if (!w.loss) st = vo_fail(err, VO_ENOMEM, "%zu candidates", found.n);
    }
    for (size_t k = 0; st == VO_OK && k < search->folds; k++) {
        st = vo_split_fold((vo_part){0, n}, search->folds, k, search->sliding, search->gap,
                           &w.train, &w.valid, err);
        if (st == VO_OK) st = score_fold(&w, found.n, k, search->folds, world, threads, err);
        for (size_t i = 0; st == VO_OK && i < found.n; i++)
            found.tried[i].loss += w.loss[i] / (double)search->folds;
    }
    if (st == VO_OK && search->folds == 0)
        st = vo_fail(err, VO_EINVAL, "search: folds = 0; give 1 or more");
    a->free(a->ctx, w.loss);
    if (st != VO_OK) {
        vo_gbt_found_fini(&found);
        return st;
    }
    for (size_t i = 1; i < found.n; i++)
        if (found.tried[i].loss < found.tried[found.best].loss) found.best = i;
    *out = found;
    return VO_OK;
}

void vo_gbt_found_fini(vo_gbt_found *found) {
    if (!found->alloc) return;
    found->alloc->free(found->alloc->ctx, found->tried);
    *found = (vo_gbt_found){0};
}
