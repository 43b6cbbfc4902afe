/* price_model_train.c -- from a history to models of all horizons.
 *
 * Horizons are independent: each makes its rows, is cut by its own gap, and is fitted, stopped,
 * calibrated and judged on its own, on whichever thread is free.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "learn/conformal.h"
#include "learn/price_model_parts.h"
#include "port/pages.h"
#include "port/thread.h"

#define MAX_THREADS 64
#define FILL_ROWS 8192
#define LEAST_ROWS 100 /* origins below which nothing is trained */

/* How far each horizon is, written by its thread; one thread at a time tells the sum. */
typedef struct {
    atomic_flag telling;
    atomic_bool stopped;
    atomic_int permille[VO_PRICE_HORIZONS];
} board;

typedef struct {
    vo_price_model *m;
    vo_features *f;
    const double *price;
    size_t until;
    const vo_learning *world;
    size_t threads;
    board *board;
} training;

/* The rows of one horizon, in order of time. */
typedef struct {
    const training *t;
    vo_price_horizon *h;
    size_t k, ahead, n, stride, last; /* the last origin, `known` of features.h */
    float *x;                         /* [n][features] as the trees see them    */
    double *price;                    /* [n] what came                          */
    double *naive;                    /* [n] a week before it                   */
    double *label;                    /* [n] what boosting fits                 */
    double *work;                     /* [n]                                    */
    vo_part train, stop, calibrate, test;
    vo_gbt_rows *rows; /* over train */
} sample;

static size_t origin_of(const sample *s, size_t i) {
    return s->last - (s->n - 1 - i) * s->stride;
}

static const float *row_of(const sample *s, size_t i) { return s->x + i * s->t->m->n_features; }

static void sample_fini(sample *s) {
    const vo_alloc *a = s->t->m->alloc, *big = vo_pages_for(a);
    vo_gbt_rows_free(s->rows);
    big->free(big->ctx, s->x);
    a->free(a->ctx, s->price);
    a->free(a->ctx, s->naive);
    a->free(a->ctx, s->label);
    a->free(a->ctx, s->work);
}

/* ---- rows -------------------------------------------------------------------------------- */

/* Rows of every origin are made block by block and each stride-th kept. */
static vo_status fill_rows(sample *s, vo_error *err) {
    const training *t = s->t;
    const vo_features_input in = {.price = t->price};
    const size_t f = t->m->n_features, first = origin_of(s, 0);
    if (s->stride == 1)
        return vo_features_fill(t->f, &in, first, s->last + 1, s->ahead, s->x, err);
    const vo_alloc *a = t->m->alloc;
    float *block = a->zalloc(a->ctx, FILL_ROWS * f * sizeof *block);
    if (!block) return vo_fail(err, VO_ENOMEM, "%d rows of features", FILL_ROWS);
    vo_status st = VO_OK;
    size_t i = 0;
    for (size_t from = first; st == VO_OK && from <= s->last; from += FILL_ROWS) {
        const size_t to = from + FILL_ROWS <= s->last ? from + FILL_ROWS : s->last + 1;
        st = vo_features_fill(t->f, &in, from, to, s->ahead, block, err);
        for (; st == VO_OK && i < s->n && origin_of(s, i) < to; i++)
            memcpy(s->x + i * f, block + (origin_of(s, i) - from) * f, f * sizeof *block);
    }
    a->free(a->ctx, block);
    return st;
}

static void fill_prices(sample *s) {
    const training *t = s->t;
    const size_t week = (size_t)lround(168 / t->m->step_h);
    for (size_t i = 0; i < s->n; i++) {
        const size_t known = origin_of(s, i), target = known - 1 + s->ahead;
        s->price[i] = t->price[target];
        size_t back = week; /* whole weeks back to something known */
        while (target >= known + back) back += week;
        s->naive[i] = target >= back ? t->price[target - back] : (double)NAN;
    }
}

static vo_status cut(sample *s, vo_error *err) {
    const vo_price_settings *set = &s->t->m->settings;
    const size_t gap = (s->ahead + s->stride - 1) / s->stride;
    const size_t per_day = (size_t)lround(24 / s->t->m->step_h / (double)s->stride);
    vo_split split;
    const vo_status st =
        vo_split_make((vo_part){0, s->n}, &set->split, per_day, gap, &split, err);
    if (st != VO_OK) return st;
    s->train = split.train;
    s->test = split.test;
    s->stop = s->calibrate = split.valid;
    const size_t half = (split.valid.to - split.valid.from) / 2;
    if (half <= gap + 20) return VO_OK; /* too short for two: used twice */
    s->calibrate.from = split.valid.from + half;
    s->stop.to = s->calibrate.from - gap;
    return VO_OK;
}

/* Median price, then rows as the trees see them, then the spread around local means. */
static vo_status show_rows(sample *s, vo_error *err) {
    vo_price_model *m = s->t->m;
    size_t n = 0;
    for (size_t i = s->train.from; i < s->train.to; i++)
        if (isfinite(s->price[i])) s->work[n++] = s->price[i];
    if (n < LEAST_ROWS / 2)
        return vo_fail(err, VO_EINVAL,
                       "price model: %zu of the first %zu prices are known; %d are needed", n,
                       s->train.to - s->train.from, LEAST_ROWS / 2);
    qsort(s->work, n, sizeof *s->work, vo_order_double);
    s->h->reference = vo_order_quantile(s->work, n, 0.5);
    for (size_t i = 0; i < s->n; i++) {
        float *row = s->x + i * m->n_features;
        vo_price_show_row(m, s->h, row, row);
    }
    s->h->score.target = VO_PRICE_TARGET_CHANGE_MEAN;
    n = 0;
    for (size_t i = s->train.from; i < s->train.to; i++)
        if (isfinite(s->price[i]))
            s->work[n++] = fabs(vo_price_to_target(m, s->h, s->price[i], row_of(s, i)));
    qsort(s->work, n, sizeof *s->work, vo_order_double);
    s->h->scale = 1.4826 * vo_order_quantile(s->work, n, 0.5);
    if (!(s->h->scale > 0)) s->h->scale = fmax(s->work[n - 1], 1);
    return VO_OK;
}

static vo_status sample_init(sample *s, const training *t, size_t k, vo_error *err) {
    const vo_alloc *a = t->m->alloc, *big = vo_pages_for(a);
    const vo_price_settings *set = &t->m->settings;
    *s = (sample){.t = t, .h = &t->m->h[k], .k = k, .ahead = (size_t)set->horizon[k]};
    /* Rows that look back beyond the beginning have gaps: left out where history is long. */
    const size_t back = vo_features_history(t->f);
    size_t first = back < t->until / 4 ? back : 1;
    if (t->until < first + s->ahead + LEAST_ROWS)
        return vo_fail(err, VO_EINVAL,
                       "price model: %zu intervals of history; a horizon of %zu needs %zu or "
                       "more",
                       t->until, s->ahead, first + s->ahead + LEAST_ROWS);
    s->last = t->until - s->ahead;
    if (set->split.days) {
        const double days = set->split.train + set->split.valid + set->split.test;
        const size_t asked = (size_t)fmax(24 / t->m->step_h * days, LEAST_ROWS);
        if (s->last + 1 > first + asked) first = s->last + 1 - asked;
    }
    const size_t count = s->last - first + 1;
    s->stride = (count + set->max_rows - 1) / set->max_rows;
    s->n = (count - 1) / s->stride + 1;
    s->x = big->zalloc(big->ctx, s->n * t->m->n_features * sizeof *s->x);
    s->price = a->zalloc(a->ctx, s->n * sizeof *s->price);
    s->naive = a->zalloc(a->ctx, s->n * sizeof *s->naive);
    s->label = a->zalloc(a->ctx, s->n * sizeof *s->label);
    s->work = a->zalloc(a->ctx, s->n * sizeof *s->work);
    if (!s->x || !s->price || !s->naive || !s->label || !s->work)
        return vo_fail(err, VO_ENOMEM, "price model: %zu rows of %zu features", s->n,
                       t->m->n_features);
    fill_prices(s);
    vo_status st = cut(s, err);
    if (st == VO_OK) st = fill_rows(s, err);
    if (st == VO_OK) st = show_rows(s, err);
    if (st == VO_OK)
        st = vo_gbt_rows_create(row_of(s, s->train.from), s->train.to - s->train.from,
                                t->m->n_features, a, &s->rows, err);
    return st;
}

/* ---- fitting ----------------------------------------------------------------------------- */

typedef struct {
    const training *t;
    size_t k, part, parts;
} teller;

/* Called from every thread; one at a time gets through, the others do not wait. */
static bool tell_round(void *ctx, int32_t round, int32_t rounds, double train, double valid) {
    const teller *w = ctx;
    const vo_learning *world = w->t->world;
    const size_t n = w->t->m->settings.n_horizons;
    board *b = w->t->board;
    const double inner = ((double)w->part + (round + 1.0) / rounds) / (double)w->parts;
    atomic_store(&b->permille[w->k], (int)(1000 * inner));
    if (atomic_flag_test_and_set(&b->telling)) return !atomic_load(&b->stopped);
    int sum = 0;
    for (size_t k = 0; k < n; k++) sum += atomic_load(&b->permille[k]);
    char phase[64];
    snprintf(phase, sizeof phase, "horizon %zu of %zu", w->k + 1, n);
    if (world->epoch) *world->epoch = round + 1;
    if (!world->progress(world->progress_ctx, phase, sum / (1000.0 * (double)n),
                         isnan(valid) ? train : valid))
        atomic_store(&b->stopped, true);
    atomic_flag_clear(&b->telling);
    return !atomic_load(&b->stopped);
}

static void set_labels(sample *s) {
    for (size_t i = 0; i < s->n; i++)
        s->label[i] = vo_price_to_target(s->t->m, s->h, s->price[i], row_of(s, i));
}

/* One model on the train part, stopped by the next. `part` of `parts` is for progress. */
static vo_status fit_one(const sample *s, const vo_gbt_settings *settings, size_t part,
                         size_t parts, vo_gbt **out, vo_error *err) {
    const vo_gbt_held_out valid = {row_of(s, s->stop.from), s->label + s->stop.from,
                                   s->stop.to - s->stop.from};
    teller w = {s->t, s->k, part, parts};
    const vo_gbt_progress told = {tell_round, &w};
    return vo_gbt_train(s->rows, s->label + s->train.from, NULL, &valid, settings,
                        s->t->world->progress ? &told : NULL, out, err);
}

static vo_gbt_settings quantile_settings(const sample *s, size_t q) {
    vo_gbt_settings g = s->t->m->settings.quantile;
    g.objective = VO_GBT_QUANTILE;
    g.level = s->t->m->settings.level[q];
    return g;
}

/* Mean loss of the point model in the price's unit on the part that stops. */
static double stop_loss(const sample *s, const vo_gbt *point) {
    const bool squared = s->t->m->settings.point.objective == VO_GBT_SQUARED;
    double sum = 0;
    size_t n = 0;
    for (size_t i = s->stop.from; i < s->stop.to; i++) {
        if (!isfinite(s->price[i])) continue;
        const double v = vo_gbt_predict_row(point, row_of(s, i));
        const double e = vo_price_from_target(s->t->m, s->h, v, row_of(s, i)) - s->price[i];
        sum += squared ? e * e : fabs(e);
        n++;
    }
    return n ? sum / (double)n : HUGE_VAL;
}

static bool can_fit(const vo_price_model *m, int32_t target) {
    if (target == VO_PRICE_TARGET_CHANGE) return m->at_price != VO_PRICE_NO_FEATURE;
    if (target == VO_PRICE_TARGET_CHANGE_DAY) return m->at_day != VO_PRICE_NO_FEATURE;
    if (target == VO_PRICE_TARGET_CHANGE_MEAN) return m->at_mean != VO_PRICE_NO_FEATURE;
    return true;
}

/* Of "auto", the price itself and its change in a day never came first on the markets tried;
 * the price itself is for want of anything else. */
static bool tried(const vo_price_model *m, int32_t target) {
    const int32_t asked = m->settings.target;
    if (!can_fit(m, target)) return false;
    if (asked != VO_PRICE_TARGET_AUTO) return asked == target;
    if (target == VO_PRICE_TARGET_LEVEL) return m->at_mean == VO_PRICE_NO_FEATURE;
    return target != VO_PRICE_TARGET_CHANGE_DAY;
}

/* The point model of the nearest target among those to be tried. */
static vo_status fit_point(sample *s, size_t parts, vo_error *err) {
    const vo_price_model *m = s->t->m;
    double best = HUGE_VAL;
    int32_t chosen = VO_PRICE_TARGET_LEVEL;
    for (int32_t target = 0; target < VO_PRICE_TARGET_AUTO; target++) {
        if (!tried(m, target)) continue;
        s->h->score.target = target;
        set_labels(s);
        vo_gbt *point = NULL;
        const vo_status st = fit_one(s, &m->settings.point, (size_t)target, parts, &point, err);
        if (st != VO_OK) return st;
        const double loss = stop_loss(s, point);
        if (s->h->point && !(loss < best)) {
            vo_gbt_free(point);
            continue;
        }
        vo_gbt_free(s->h->point);
        s->h->point = point;
        best = loss;
        chosen = target;
    }
    s->h->score.target = chosen;
    if (!s->h->point)
        return vo_fail(err, VO_EINVAL,
                       "price model: target \"%s\" needs a feature that is not chosen; add "
                       "days=1 and windows, or take \"level\"",
                       vo_price_target_name(m->settings.target));
    set_labels(s);
    s->h->score.trees = vo_gbt_trees_kept(s->h->point);
    return VO_OK;
}

/* ---- calibrating and judging ------------------------------------------------------------- */

/* One-sided split conformal at each level, in widths: below the median prices should rarely
 * fall short of it, above rarely exceed it. */
static vo_status calibrate(sample *s, vo_error *err) {
    const vo_price_model *m = s->t->m;
    const size_t n = s->calibrate.to - s->calibrate.from, levels = m->settings.n_levels;
    const vo_alloc *a = m->alloc;
    double *v = a->zalloc(a->ctx, 3 * n * sizeof *v);
    if (!v) return vo_fail(err, VO_ENOMEM, "calibration over %zu rows", n);
    double *far = v + n, *zero = v + 2 * n, raw[VO_PRICE_LEVELS];
    for (size_t q = 0; q < levels; q++) {
        const double level = m->settings.level[q], side = level < 0.5 ? -1 : 1;
        double most = -HUGE_VAL;
        for (size_t i = 0; i < n; i++) {
            const size_t at = s->calibrate.from + i;
            const double width = vo_price_raw_quantiles(m, s->h, row_of(s, at), raw);
            v[i] = side * (s->price[at] - raw[q]) / width;
            far[i] = -HUGE_VAL;
            zero[i] = 0;
            if (v[i] > most) most = v[i];
        }
        const double miss = level < 0.5 ? level : 1 - level;
        double shift = vo_conformal_offset(v, far, zero, n, miss, s->work);
        if (isinf(shift)) shift = most; /* too few for the level: the farthest seen */
        s->h->shift[q] = isfinite(shift) ? side * shift : 0;
    }
    a->free(a->ctx, v);
    return VO_OK;
}

static vo_status judge(sample *s, vo_error *err) {
    const vo_price_model *m = s->t->m;
    const size_t n = s->test.to - s->test.from, levels = m->settings.n_levels;
    const double *real = s->price + s->test.from, *naive = s->naive + s->test.from;
    const vo_alloc *a = m->alloc;
    double *said = a->zalloc(a->ctx, n * (levels + 3) * sizeof *said);
    if (!said) return vo_fail(err, VO_ENOMEM, "a test over %zu rows", n);
    double *quantile = said + n, *low = quantile + n * levels, *high = low + n;
    for (size_t i = 0; i < n; i++) {
        const float *row = row_of(s, s->test.from + i);
        const double v = vo_gbt_predict_row(s->h->point, row);
        said[i] = vo_price_from_target(m, s->h, v, row);
        vo_price_quantiles(m, s->h, row, quantile + i * levels);
        low[i] = levels ? quantile[i * levels] : (double)NAN;
        high[i] = levels ? quantile[i * levels + levels - 1] : (double)NAN;
    }
    vo_price_score *score = &s->h->score;
    vo_metrics_point(&score->test, real, said, n);
    score->test.rmae_week = vo_metric_relative(real, said, naive, n);
    vo_metrics_point(&score->naive, real, naive, n);
    const double *level = m->settings.level;
    if (levels) vo_metrics_quantiles(&score->test, real, quantile, n, level, levels);
    if (levels > 1)
        vo_metrics_interval(&score->test, real, low, high, n,
                            1 - (level[levels - 1] - level[0]));
    a->free(a->ctx, said);
    return VO_OK;
}

/* Permutation importance on rows spread over the calibration part, as a share of its loss. */
static vo_status shuffle(sample *s, vo_error *err) {
    const vo_price_model *m = s->t->m;
    const size_t f = m->n_features, all = s->calibrate.to - s->calibrate.from;
    const size_t n = all < m->settings.n_shuffled ? all : m->settings.n_shuffled;
    if (n == 0) return VO_OK;
    const vo_alloc *a = m->alloc;
    float *x = a->zalloc(a->ctx, n * f * sizeof *x);
    if (!x) return vo_fail(err, VO_ENOMEM, "%zu rows to shuffle", n);
    for (size_t i = 0; i < n; i++) {
        const size_t at = s->calibrate.from + i * all / n;
        memcpy(x + i * f, row_of(s, at), f * sizeof *x);
        s->work[i] = s->label[at];
    }
    const double straight = vo_gbt_loss(s->h->point, x, s->work, n);
    const vo_status st = vo_gbt_permutation(s->h->point, x, s->work, n, m->settings.point.seed,
                                            1, s->h->permutation, err);
    for (size_t j = 0; j < f; j++)
        s->h->permutation[j] = straight > 0 ? s->h->permutation[j] / straight : 0;
    a->free(a->ctx, x);
    return st;
}

/* The same model on all rows with as many trees. One that kept none stays as it is. */
static vo_status fit_again(const sample *s, vo_gbt_rows *all, vo_gbt_settings settings,
                           size_t part, size_t parts, vo_gbt **model, vo_error *err) {
    if (vo_gbt_trees_kept(*model) == 0) return VO_OK;
    vo_gbt *again = NULL;
    teller w = {s->t, s->k, part, parts};
    const vo_gbt_progress told = {tell_round, &w};
    settings.trees = (int32_t)vo_gbt_trees_kept(*model);
    const vo_status st = vo_gbt_train(all, s->label, NULL, NULL, &settings,
                                      s->t->world->progress ? &told : NULL, &again, err);
    if (st != VO_OK) return st;
    vo_gbt_free(*model);
    *model = again;
    return VO_OK;
}

static vo_status refit(sample *s, size_t part, size_t parts, vo_error *err) {
    const vo_price_model *m = s->t->m;
    vo_gbt_rows_free(s->rows); /* binned rows are the largest thing here */
    s->rows = NULL;
    vo_status st = vo_gbt_rows_create(s->x, s->n, m->n_features, m->alloc, &s->rows, err);
    if (st == VO_OK)
        st = fit_again(s, s->rows, m->settings.point, part, parts, &s->h->point, err);
    for (size_t q = 0; st == VO_OK && q < m->settings.n_levels; q++)
        st = fit_again(s, s->rows, quantile_settings(s, q), part + 1 + q, parts,
                       &s->h->quantile[q], err);
    return st;
}

static vo_status train_horizon(const training *t, size_t k, vo_error *err) {
    sample s;
    const size_t levels = t->m->settings.n_levels;
    const size_t before = VO_PRICE_TARGET_AUTO + levels;
    const size_t parts = before + (t->m->settings.refit ? 1 + levels : 0);
    vo_status st = sample_init(&s, t, k, err);
    if (st == VO_OK) st = fit_point(&s, parts, err);
    for (size_t q = 0; st == VO_OK && q < levels; q++) {
        const vo_gbt_settings g = quantile_settings(&s, q);
        st = fit_one(&s, &g, VO_PRICE_TARGET_AUTO + q, parts, &s.h->quantile[q], err);
    }
    if (st == VO_OK && levels) st = calibrate(&s, err);
    if (st == VO_OK) st = judge(&s, err);
    if (st == VO_OK) st = shuffle(&s, err);
    if (st == VO_OK && t->m->settings.refit) st = refit(&s, before, parts, err);
    atomic_store(&t->board->permille[k], 1000);
    sample_fini(&s);
    return st;
}

/* ---- all horizons ------------------------------------------------------------------------ */

static vo_status train_one(void *ctx, size_t k, size_t worker, vo_error *err) {
    (void)worker;
    return train_horizon(ctx, k, err);
}

static vo_status train_all(training *t, vo_error *err) {
    board told = {.telling = ATOMIC_FLAG_INIT};
    vo_error inner = {0};
    t->board = &told;
    const vo_status st =
        vo_thread_for(t->m->settings.n_horizons, t->threads, train_one, t, &inner);
    if (st == VO_ECANCELED) return vo_fail(err, st, "stopped before every model was trained");
    return st == VO_OK ? st : vo_fail(err, st, "%s", inner.msg);
}

static vo_status check_history(const vo_series *series, const double *price, size_t until,
                               const vo_price_settings *s, vo_error *err) {
    vo_status st = vo_price_settings_check(s, err);
    if (st != VO_OK) return st;
    if (until > series->n || series->n == 0)
        return vo_fail(err, VO_EINVAL, "price model: %zu of %zu intervals", until, series->n);
    for (size_t t = 0; t < until; t++)
        if (isinf(price[t]) || fabs(price[t]) > 1e9)
            return vo_fail(err, VO_EINVAL, "price model: the price of interval %zu is %g", t,
                           price[t]);
    return VO_OK;
}

static vo_price_model *new_model(const vo_features *f, const vo_series *series,
                                 const vo_price_settings *settings, const vo_learning *world) {
    const vo_alloc *a = world->alloc ? world->alloc : &vo_alloc_libc;
    vo_price_model *m = vo_price_model_new(a, settings, vo_features_count(f));
    if (!m) return NULL;
    m->step_h = series->dt_h[0];
    for (size_t j = 0; j < m->n_features; j++)
        snprintf(m->name[j], sizeof m->name[j], "%s", vo_features_names(f)[j]);
    vo_price_model_place(m);
    if (world->seed) m->settings.point.seed = m->settings.quantile.seed = world->seed;
    return m;
}

/* Features and an empty model; what there is after a failure, training_close takes. */
static vo_status training_open(const vo_series *series, const double *price, size_t until,
                               const vo_price_settings *settings, const vo_learning *world,
                               training *t, vo_error *err) {
    t->world = world;
    t->until = until;
    t->price = price ? price : series->column[0].value;
    t->threads = world->threads ? world->threads : 1;
    if (t->threads > MAX_THREADS) t->threads = MAX_THREADS;
    vo_status st = check_history(series, t->price, until, settings, err);
    if (st == VO_OK)
        st = vo_features_create(series, &settings->features, world->alloc, &t->f, err);
    if (st != VO_OK) return st;
    if (vo_features_count(t->f) > VO_PRICE_FEATURES)
        return vo_fail(err, VO_EINVAL, "price model: %zu features; at most %d",
                       vo_features_count(t->f), VO_PRICE_FEATURES);
    const size_t farthest = (size_t)settings->horizon[settings->n_horizons - 1];
    if (farthest > vo_features_longest(t->f))
        return vo_fail(err, VO_EINVAL,
                       "price model: horizon of %zu intervals; features reach %zu ahead",
                       farthest, vo_features_longest(t->f));
    t->m = new_model(t->f, series, settings, world);
    return t->m ? VO_OK : vo_fail(err, VO_ENOMEM, "a price model");
}

static void training_close(training *t) {
    vo_features_free(t->f);
    vo_price_model_free(t->m);
}

vo_status vo_price_model_train(const vo_series *series, const double *price, size_t until,
                               const vo_price_settings *settings, const vo_learning *world,
                               vo_price_model **out, vo_error *err) {
    const vo_learning none = {0};
    training t = {0};
    vo_status st =
        training_open(series, price, until, settings, world ? world : &none, &t, err);
    if (st == VO_OK) st = train_all(&t, err);
    if (st == VO_OK) {
        *out = t.m;
        t.m = NULL;
    }
    training_close(&t);
    return st;
}

/* ---- what is fitted, for a search of settings -------------------------------------------- */

static vo_status copy_rows(const sample *s, size_t most, vo_price_rows *out, vo_error *err) {
    const vo_alloc *a = s->t->m->alloc;
    const size_t all = s->train.to - s->train.from, width = s->t->m->n_features;
    const size_t n = all < most ? all : most, from = s->train.to - n;
    vo_price_rows r = {.alloc = a,
                       .n = n,
                       .width = width,
                       .gap = (s->ahead + s->stride - 1) / s->stride,
                       .target = s->h->score.target,
                       .x = a->zalloc(a->ctx, (n * width + 1) * sizeof *r.x),
                       .label = a->zalloc(a->ctx, (n + 1) * sizeof *r.label)};
    if (!r.x || !r.label) {
        vo_price_rows_fini(&r);
        return vo_fail(err, VO_ENOMEM, "%zu rows of %zu features", n, width);
    }
    memcpy(r.x, row_of(s, from), n * width * sizeof *r.x);
    memcpy(r.label, s->label + from, n * sizeof *r.label);
    *out = r;
    return VO_OK;
}

vo_status vo_price_model_rows(const vo_series *series, const double *price, size_t until,
                              const vo_price_settings *settings, size_t k, size_t most,
                              const vo_learning *world, vo_price_rows *out, vo_error *err) {
    const vo_learning none = {0};
    training t = {0};
    board told = {.telling = ATOMIC_FLAG_INIT};
    sample s;
    vo_status st =
        training_open(series, price, until, settings, world ? world : &none, &t, err);
    t.board = &told;
    if (st == VO_OK) {
        st = sample_init(&s, &t, k, err);
        if (st == VO_OK) st = fit_point(&s, VO_PRICE_TARGET_AUTO, err);
        if (st == VO_OK) st = copy_rows(&s, most, out, err);
        sample_fini(&s);
    }
    training_close(&t);
    return st;
}

void vo_price_rows_fini(vo_price_rows *r) {
    if (!r->alloc) return;
    r->alloc->free(r->alloc->ctx, r->x);
    r->alloc->free(r->alloc->ctx, r->label);
    *r = (vo_price_rows){0};
}
