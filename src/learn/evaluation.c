/* evaluation.c -- see evaluation.h.
 *
 * Prices live twice: in the series, and in the row that the forecaster sees, NAN until they are
 * known. Whatever looks ahead finds nothing there.
 */
#include "learn/evaluation.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "learn/forecaster_spread.h"

#define SPREAD_DAYS 60
#define FIT_SHARE 0.2 /* of the work, as told: a forecaster's first fit, with its warm-up */

/* What the loop carries. */
typedef struct {
    const vo_series *series;
    const vo_learning *world;
    vo_learning inner; /* the same, but what the forecaster tells is part of the whole */
    double done;       /* of the whole; below 0: the first fit is under way */
    vo_forecaster *forecaster;
    bool trained;      /* it was loaded: not fitted here */
    vo_spread *spread; /* where the forecaster has no quantiles of its own */
    double *seen;      /* [series->n] real up to `known`, then NAN */
    size_t known;
} run;

static void reveal(run *x, size_t known) {
    const double *price = x->series->column[0].value;
    for (; x->known < known; x->known++) x->seen[x->known] = price[x->known];
}

static size_t day_after(const vo_series *s, size_t t) {
    const int32_t day = s->day[t];
    while (t < s->n && s->day[t] == day) t++;
    return t;
}

static size_t longest_day(const vo_series *s, size_t first) {
    size_t longest = 0;
    for (size_t t = first, next; t < s->n; t = next) {
        next = day_after(s, t);
        longest = next - t > longest ? next - t : longest;
    }
    return longest;
}

/* The forecaster's first fit counts; refits while it is played stand still, but may be stopped. */
static bool tell_inner(void *ctx, const char *phase, double fraction, double loss) {
    const run *x = ctx;
    return x->world->progress(x->world->progress_ctx, phase,
                              x->done < 0 ? FIT_SHARE * fraction : x->done, loss);
}

static vo_status create(run *x, const char *spec, vo_evaluation *e, vo_error *err) {
    const vo_alloc *a = e->alloc;
    const size_t n = e->n, levels = e->n_levels > 0 ? e->n_levels : 1;
    x->seen = a->zalloc(a->ctx, x->series->n * sizeof *x->seen);
    e->said = a->zalloc(a->ctx, n * sizeof *e->said);
    e->quantile = a->zalloc(a->ctx, n * levels * sizeof *e->quantile);
    if (!x->seen || !e->said || !e->quantile)
        return vo_fail(err, VO_ENOMEM, "an evaluation over %zu intervals", n);
    for (size_t t = 0; t < x->series->n; t++) x->seen[t] = (double)NAN;
    x->inner = *x->world;
    x->inner.progress = x->world->progress ? tell_inner : NULL;
    x->inner.progress_ctx = x;
    x->trained = strchr(spec, '=') && vo_forecaster_learns(spec);
    return vo_forecaster_create(spec, x->series, &x->inner, &x->forecaster, err);
}

/* One local day, from..to-1, before it begins. */
static vo_status forecast_day(run *x, size_t from, size_t to, vo_evaluation *e, vo_error *err) {
    reveal(x, from);
    double *said = e->said + (from - e->first);
    double *quantile = e->quantile + (from - e->first) * e->n_levels;
    vo_status st =
        vo_forecaster_predict(x->forecaster, x->seen, from, from, to, said, &e->filled, err);
    if (st == VO_OK && e->n_levels > 0)
        st = vo_forecaster_quantiles(x->forecaster, x->seen, from, from, to, e->level,
                                     e->n_levels, quantile, err);
    if (st != VO_EUNSUPPORTED) return st;
    e->own = false;
    size_t ignored = 0;
    st = VO_OK;
    if (!x->spread)
        st = vo_spread_create(x->forecaster, x->series, longest_day(x->series, e->first), false,
                              SPREAD_DAYS, e->alloc, &x->spread, err);
    if (st == VO_OK)
        st = vo_spread_quantiles(x->spread, x->seen, from, from, to, e->level, e->n_levels,
                                 quantile, &ignored, err);
    return st;
}

static vo_status tell(run *x, size_t done, size_t of, vo_error *err) {
    const double fit = vo_forecaster_can_fit(x->forecaster) ? FIT_SHARE : 0;
    x->done = fit + (1 - fit) * (double)done / (double)of;
    if (!x->world->progress ||
        x->world->progress(x->world->progress_ctx, "forecasting", x->done, (double)NAN))
        return VO_OK;
    return vo_fail(err, VO_ECANCELED, "stopped after %zu of %zu intervals were forecast", done,
                   of);
}

static vo_status play(run *x, vo_evaluation *e, vo_error *err) {
    const size_t end = e->first + e->n;
    reveal(x, e->first);
    x->done = -1;
    vo_status st =
        x->trained ? VO_OK : vo_forecaster_fit(x->forecaster, x->seen, e->first, err);
    x->done = FIT_SHARE;
    for (size_t t = e->first; t < end && st == VO_OK;) {
        const size_t next = day_after(x->series, t);
        st = forecast_day(x, t, next, e, err);
        if (st == VO_OK) st = tell(x, next - e->first, e->n, err);
        e->n_days++;
        t = next;
    }
    return st;
}

vo_status vo_evaluation_run(const char *spec, const vo_series *series, size_t first,
                            const double *level, size_t n_levels, const vo_learning *world,
                            vo_evaluation *out, vo_error *err) {
    assert(n_levels <= VO_EVALUATION_LEVELS && world->alloc);
    if (first == 0 || first >= series->n || series->day[first] == series->day[first - 1])
        return vo_fail(err, VO_EINVAL,
                       "first = %zu of %zu intervals: must begin a local day with history "
                       "before it",
                       first, series->n);
    vo_evaluation e = {.alloc = world->alloc,
                       .first = first,
                       .n = series->n - first,
                       .n_levels = n_levels,
                       .own = true};
    if (n_levels > 0) memcpy(e.level, level, n_levels * sizeof *level);
    run x = {.series = series, .world = world};
    vo_status st = create(&x, spec, &e, err);
    if (st == VO_OK) st = play(&x, &e, err);
    vo_spread_free(x.spread);
    vo_forecaster_free(x.forecaster);
    world->alloc->free(world->alloc->ctx, x.seen);
    if (st != VO_OK) {
        vo_evaluation_fini(&e);
        return st;
    }
    *out = e;
    return VO_OK;
}

void vo_evaluation_fini(vo_evaluation *e) {
    if (!e->alloc) return;
    e->alloc->free(e->alloc->ctx, e->said);
    e->alloc->free(e->alloc->ctx, e->quantile);
    *e = (vo_evaluation){0};
}
