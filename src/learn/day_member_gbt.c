/* day_member_gbt.c -- gradient boosting (gbt.h) for tomorrow's 24 prices, one model for all
 * hours: a row is an hour of a day.
 *
 * Trees cannot go beyond the prices they were shown, so every price, shown or to be learned, is
 * measured from where prices have been of late (day_design.h, level):
 *
 *     y(d, h) = asinh scale of (price(d, h) - centre(d)) / spread(d)
 *
 * A row shows the hour on days d-1, d-2, d-3 and d-7 with its neighbours, the last hours of d-1,
 * what those days were like, the mean of the hour over the last week; of each forecast published
 * for the day the hour, its neighbours, the day's mean, least and most, and how far they are from
 * d-1, d-7 and the mean of four weeks; the calendar, hour, centre and spread. Missing inputs are
 * as day_design.h fills them, else missing to the trees too.
 *
 * A fit is kept for `every` days: fit for a day less than that after the last one does nothing.
 * Each fit stands alone and depends on the table and its day, and chance on the world's seed.
 *
 * Arguments: days = sample; every; level, spread = days that tell where prices have been and how
 * far they moved (0: measured from 0, in currency); loss = 0 squared error, 1 absolute error,
 * 2 a model of each and their mean; trees, depth and rate of each model.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "learn/day_design.h"
#include "learn/day_member.h"
#include "learn/day_scale.h"
#include "learn/gbt.h"

enum { H = VO_DAY_HOURS, LEAST_ROWS = 28, WEEK = 7, MODELS = 2 };
enum { SQUARED, ABSOLUTE, BOTH };
enum { ALONE = 37, OF_COLUMN = 9 }; /* features without columns, and of each column */
enum { EVENING = 3, LAGS = 3 };     /* hours; days of a column in day_design.h */
enum { USUAL_DAYS = 28 };
enum { BINS = 64, LEAF_HOURS = 10 };
#define COLUMNS 0.5 /* of them a tree may use */
#define YEAR_DAYS 365.2425
#define TURN 6.283185307179586

typedef struct {
    vo_day_member base;
    double days, every, level, spread, loss, trees, depth, rate;
    uint64_t seed;
    size_t n_exog, width;
    vo_gbt *model[MODELS]; /* of squared and absolute error; both NULL: not fitted */
    size_t day;            /* fitted for */
    vo_day_scale scale;
    double *design; /* [design width], workspace */
    float *row;     /* [H][width], workspace */
} boosted;

static void free_models(vo_gbt *model[MODELS]) {
    for (size_t k = 0; k < MODELS; k++) {
        vo_gbt_free(model[k]);
        model[k] = NULL;
    }
}

static void boosted_free(vo_day_member *m) {
    boosted *v = (boosted *)(void *)m;
    const vo_alloc *a = m->alloc;
    free_models(v->model);
    a->free(a->ctx, v->design);
    a->free(a->ctx, v->row);
    a->free(a->ctx, v);
}

static bool wants(const boosted *v, size_t k) {
    const size_t loss = (size_t)v->loss;
    return loss == BOTH || loss == k;
}

static bool is_fitted(const boosted *v) { return v->model[SQUARED] || v->model[ABSOLUTE]; }

/* ---- rows ------------------------------------------------------------------------------ */

/* A day's 24 values in short; NAN where none is known. */
typedef struct {
    double mean, least, most;
} outline;

static outline outline_of(const double *value) {
    outline o = {(double)NAN, (double)NAN, (double)NAN};
    double sum = 0;
    size_t n = 0;
    for (size_t h = 0; h < H; h++) {
        if (!isfinite(value[h])) continue;
        o.least = fmin(o.least, value[h]);
        o.most = fmax(o.most, value[h]);
        sum += value[h];
        n++;
    }
    if (n) o.mean = sum / (double)n;
    return o;
}

static float *put(float *row, double v) {
    *row = isfinite(v) ? (float)v : NAN;
    return row + 1;
}

static float *put_around(float *row, const double *value, size_t h) {
    row = put(row, value[h ? h - 1 : 0]);
    row = put(row, value[h]);
    return put(row, value[h + 1 < H ? h + 1 : H - 1]);
}

static float *put_outline(float *row, outline o) {
    return put(put(put(row, o.mean), o.least), o.most);
}

/* Mean of the hour over the week before the day. */
static double week_mean(const vo_day_table *t, size_t day, size_t h) {
    double sum = 0;
    size_t n = 0;
    for (size_t back = 1; back <= WEEK && back <= day; back++) {
        const double p = t->price[(day - back) * H + h];
        if (!isfinite(p)) continue;
        sum += p;
        n++;
    }
    return n ? sum / (double)n : (double)NAN;
}

/* Mean of a column over the last four weeks before the day. */
static double mean_before(const double *value, size_t day) {
    double sum = 0;
    size_t n = 0;
    for (size_t i = (day > USUAL_DAYS ? day - USUAL_DAYS : 0) * H; i < day * H; i++) {
        if (!isfinite(value[i])) continue;
        sum += value[i];
        n++;
    }
    return n ? sum / (double)n : (double)NAN;
}

/* Prices: the hour and its neighbours on four days, the evening before, the days in short. */
static float *put_prices(float *row, const double *lags, const outline of[4], size_t h,
                         double week) {
    const double *day1 = lags, *day2 = lags + H, *day7 = lags + 3 * H;
    for (size_t k = 0; k < 4; k++) row = put_around(row, lags + k * H, h);
    for (size_t k = H - EVENING; k < H; k++) row = put(row, day1[k]);
    row = put_outline(row, of[0]);
    row = put_outline(row, of[1]);
    row = put_outline(row, of[3]);
    row = put(row, week);
    row = put(row, week - day1[h]);
    row = put(row, day1[h] - day7[h]);
    row = put(row, day1[H - 1] - day2[H - 1]);
    return put(row, of[0].mean - of[3].mean);
}

/* A column's 24 values of days d, d-1 and d-7, and what it has been of late. */
static float *put_column(float *row, const double *x, outline of, double usual, size_t h) {
    row = put(row, x[h ? h - 1 : 0] - x[h]);
    row = put(row, x[h]);
    row = put(row, x[h] - usual);
    row = put(row, x[h + 1 < H ? h + 1 : H - 1] - x[h]);
    row = put(row, of.mean);
    row = put(row, of.least - usual);
    row = put(row, of.most - usual);
    row = put(row, x[h] - x[H + h]);
    return put(row, x[h] - x[2 * H + h]);
}

static float *put_calendar(float *row, const vo_day_table *t, size_t day, size_t h) {
    const double season = TURN * fmod((double)t->date[day], YEAR_DAYS) / YEAR_DAYS;
    row = put(row, (double)t->weekday[day]);
    row = put(row, (double)t->holiday[day]);
    row = put(row, day ? (double)t->holiday[day - 1] : 0);
    row = put(row, sin(season));
    row = put(row, cos(season));
    return put(row, (double)h);
}

/* Rows of the day's 24 hours, [H][width]. */
static vo_day_level fill_rows(const boosted *v, const vo_day_table *t, size_t day,
                              float *rows) {
    const vo_day_level l = vo_day_design_level(t, day, (size_t)v->level, (size_t)v->spread);
    const double *columns = v->design + VO_DAY_DESIGN_PRICES;
    outline price[4], column[VO_DAY_MAX_EXOG];
    double usual[VO_DAY_MAX_EXOG];
    vo_day_design_row(t, day, v->design);
    for (size_t j = 0; j < VO_DAY_DESIGN_PRICES; j++)
        v->design[j] = (v->design[j] - l.centre) / l.spread;
    for (size_t k = 0; k < 4; k++) price[k] = outline_of(v->design + k * H);
    for (size_t e = 0; e < v->n_exog; e++) {
        column[e] = outline_of(columns + e * LAGS * H);
        usual[e] = mean_before(t->exog[e], day);
    }
    for (size_t h = 0; h < H; h++) {
        float *row = rows + h * v->width;
        const float *const end = row + v->width;
        const double week = (week_mean(t, day, h) - l.centre) / l.spread;
        row = put_prices(row, v->design, price, h, week);
        row = put_calendar(row, t, day, h);
        row = put(row, l.centre);
        row = put(row, l.spread);
        for (size_t e = 0; e < v->n_exog; e++)
            row = put_column(row, columns + e * LAGS * H, column[e], usual[e], h);
        assert(row == end);
        (void)end;
    }
    return l;
}

/* ---- fitting and predicting ------------------------------------------------------------- */

/* Hours of the days before the one that is fitted for. */
typedef struct {
    float *x;          /* [n][width]                                  */
    double *y, *spare; /* [n]; prices from the level, then scaled     */
    size_t n, days;
} sample;

static vo_status gather(const boosted *v, const vo_day_table *t, size_t day, sample *s,
                        vo_error *err) {
    const vo_alloc *a = v->base.alloc;
    size_t from = day > (size_t)v->days ? day - (size_t)v->days : 0;
    if (from < VO_DAY_DESIGN_FIRST) from = VO_DAY_DESIGN_FIRST;
    const size_t most = day > from + LEAST_ROWS ? day - from : LEAST_ROWS;
    s->x = a->zalloc(a->ctx, most * H * v->width * sizeof *s->x);
    s->y = a->zalloc(a->ctx, 2 * most * H * sizeof *s->y);
    if (!s->x || !s->y)
        return vo_fail(err, VO_ENOMEM, "member gbt: %zu days of %zu inputs", most, v->width);
    s->spare = s->y + most * H;
    for (size_t d = from; d < day; d++) {
        if (!vo_day_design_has_prices(t, d)) continue;
        const vo_day_level l = fill_rows(v, t, d, s->x + s->n * v->width);
        for (size_t h = 0; h < H; h++)
            s->y[s->n++] = (t->price[d * H + h] - l.centre) / l.spread;
        s->days++;
    }
    if (s->days >= LEAST_ROWS) return VO_OK;
    return vo_fail(err, VO_EINVAL,
                   "member gbt: %zu days with prices before day %zu: at least %d are needed, "
                   "after a first week",
                   s->days, day, LEAST_ROWS);
}

static vo_gbt_settings settings_of(const boosted *v, size_t k) {
    vo_gbt_settings g = vo_gbt_settings_default();
    g.objective = k == ABSOLUTE ? VO_GBT_ABSOLUTE : VO_GBT_SQUARED;
    g.trees = (int32_t)v->trees;
    g.depth = (int32_t)v->depth;
    g.rate = v->rate;
    g.bins = BINS;
    g.colsample = COLUMNS;
    g.min_child_weight = LEAF_HOURS;
    g.stopping_rounds = 0;
    g.seed = v->seed;
    return g;
}

static vo_status train(boosted *v, const sample *s, vo_error *err) {
    vo_gbt_rows *rows = NULL;
    vo_gbt *model[MODELS] = {NULL};
    const vo_day_scale scale = vo_day_scale_fit(VO_SCALE_ASINH, s->y, s->n, s->spare);
    for (size_t i = 0; i < s->n; i++) s->y[i] = vo_day_scale_apply(&scale, s->y[i]);
    vo_status st = vo_gbt_rows_create(s->x, s->n, v->width, v->base.alloc, &rows, err);
    for (size_t k = 0; st == VO_OK && k < MODELS; k++) {
        if (!wants(v, k)) continue;
        const vo_gbt_settings g = settings_of(v, k);
        st = vo_gbt_train(rows, s->y, NULL, NULL, &g, NULL, &model[k], err);
    }
    vo_gbt_rows_free(rows);
    if (st != VO_OK) {
        free_models(model);
        return st;
    }
    free_models(v->model);
    memcpy(v->model, model, sizeof model);
    v->scale = scale;
    return VO_OK;
}

static vo_status boosted_fit(vo_day_member *m, const vo_day_table *t, size_t day,
                             vo_error *err) {
    boosted *v = (boosted *)(void *)m;
    const vo_alloc *a = m->alloc;
    if (is_fitted(v) && day >= v->day && day - v->day < (size_t)v->every) return VO_OK;
    sample s = {0};
    vo_status st = gather(v, t, day, &s, err);
    if (st == VO_OK) st = train(v, &s, err);
    if (st == VO_OK) v->day = day;
    a->free(a->ctx, s.x);
    a->free(a->ctx, s.y);
    return st;
}

static vo_status boosted_predict(vo_day_member *m, const vo_day_table *t, size_t day,
                                 double *out, vo_error *err) {
    boosted *v = (boosted *)(void *)m;
    if (!is_fitted(v)) return vo_fail(err, VO_EINVAL, "member gbt: neither fitted nor loaded");
    const vo_day_level l = fill_rows(v, t, day, v->row);
    for (size_t h = 0; h < H; h++) {
        double sum = 0, n = 0;
        for (size_t k = 0; k < MODELS; k++) {
            if (!v->model[k]) continue;
            sum += vo_gbt_predict_row(v->model[k], v->row + h * v->width);
            n++;
        }
        out[h] = l.centre + l.spread * vo_day_scale_invert(&v->scale, sum / n);
    }
    return VO_OK;
}

/* ---- keeping ----------------------------------------------------------------------------- */

static vo_status boosted_save(const vo_day_member *m, vo_artefact_out *out, vo_error *err) {
    const boosted *v = (const boosted *)(const void *)m;
    if (!is_fitted(v)) return vo_fail(err, VO_EINVAL, "member gbt: nothing fitted to save");
    vo_artefact_begin(out, "DGBT");
    vo_artefact_put_u64(out, v->width);
    vo_artefact_put_u64(out, v->day);
    vo_artefact_put_double(out, v->level);
    vo_artefact_put_double(out, v->spread);
    vo_artefact_put_double(out, v->loss);
    vo_artefact_put_double(out, v->scale.centre);
    vo_artefact_put_double(out, v->scale.spread);
    for (size_t k = 0; k < MODELS; k++)
        if (v->model[k]) vo_gbt_save(v->model[k], out);
    vo_artefact_end(out);
    return VO_OK;
}

static vo_status check_width(const boosted *v, vo_artefact *in, vo_error *err) {
    uint64_t width = 0;
    const vo_status st = vo_artefact_get_u64(in, &width, err);
    if (st != VO_OK || width == v->width) return st;
    return vo_fail(err, VO_EINVAL,
                   "member gbt: the model has %llu inputs, the table gives %zu: it was trained "
                   "with other columns",
                   (unsigned long long)width, v->width);
}

static vo_status check_arguments(const boosted *v, vo_artefact *in, vo_error *err) {
    const double mine[] = {v->level, v->spread, v->loss};
    double got[3] = {0};
    vo_status st = VO_OK;
    for (size_t i = 0; st == VO_OK && i < 3; i++) st = vo_artefact_get_double(in, &got[i], err);
    if (st != VO_OK || memcmp(got, mine, sizeof mine) == 0) return st;
    return vo_fail(err, VO_EINVAL,
                   "member gbt: the model has level=%g,spread=%g,loss=%g, the member %g, %g "
                   "and %g",
                   got[0], got[1], got[2], mine[0], mine[1], mine[2]);
}

static vo_status load_models(const boosted *v, vo_artefact *in, vo_gbt *model[MODELS],
                             vo_error *err) {
    vo_status st = VO_OK;
    for (size_t k = 0; st == VO_OK && k < MODELS; k++) {
        if (!wants(v, k)) continue;
        st = vo_gbt_load(in, v->base.alloc, &model[k], err);
        if (st == VO_OK && vo_gbt_features(model[k]) != v->width)
            st = vo_fail(err, VO_EINVAL, "member gbt: its trees read %zu inputs, not %zu",
                         vo_gbt_features(model[k]), v->width);
    }
    return st;
}

static vo_status load_section(boosted *v, vo_artefact *in, vo_error *err) {
    uint64_t day = 0;
    vo_day_scale scale = {.kind = VO_SCALE_ASINH};
    vo_gbt *model[MODELS] = {NULL};
    vo_status st = check_width(v, in, err);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &day, err);
    if (st == VO_OK) st = check_arguments(v, in, err);
    if (st == VO_OK) st = vo_artefact_get_double(in, &scale.centre, err);
    if (st == VO_OK) st = vo_artefact_get_double(in, &scale.spread, err);
    if (st == VO_OK &&
        (!isfinite(scale.centre) || !isfinite(scale.spread) || !(scale.spread > 0)))
        st = vo_fail(err, VO_EINVAL, "member gbt: centre %g with spread %g is no scale",
                     scale.centre, scale.spread);
    if (st == VO_OK) st = load_models(v, in, model, err);
    if (st != VO_OK) {
        free_models(model);
        return st;
    }
    free_models(v->model);
    memcpy(v->model, model, sizeof model);
    v->scale = scale;
    v->day = (size_t)day;
    return VO_OK;
}

static vo_status boosted_load(vo_day_member *m, vo_artefact *in, vo_error *err) {
    const vo_status st = vo_artefact_enter(in, "DGBT", err);
    if (st != VO_OK) return st;
    const vo_status got = load_section((boosted *)(void *)m, in, err);
    vo_artefact_leave(in);
    return got;
}

/* ---- making one -------------------------------------------------------------------------- */

static const vo_day_member_ops boosted_ops = {.name = "gbt",
                                              .fit = boosted_fit,
                                              .predict = boosted_predict,
                                              .save = boosted_save,
                                              .load = boosted_load,
                                              .free = boosted_free};

vo_status vo_day_member_create_gbt(const char *argument, const vo_day_table *t,
                                   const vo_learning *world, vo_day_member **out,
                                   vo_error *err) {
    const vo_alloc *a = world->alloc;
    boosted set = {.base = {&boosted_ops, a},
                   .days = 1456,
                   .every = 7,
                   .level = 28,
                   .spread = 14,
                   .loss = BOTH,
                   .trees = 100,
                   .depth = 6,
                   .rate = 0.12};
    const vo_day_member_key key[] = {
        {"days", &set.days, LEAST_ROWS, 10000, true}, {"every", &set.every, 1, 364, true},
        {"level", &set.level, 0, 364, true},          {"spread", &set.spread, 0, 364, true},
        {"loss", &set.loss, SQUARED, BOTH, true},     {"trees", &set.trees, 1, 2000, true},
        {"depth", &set.depth, 1, 10, true},           {"rate", &set.rate, 0.001, 1, false}};
    const vo_status st =
        vo_day_member_arguments("gbt", argument, key, sizeof key / sizeof key[0], err);
    if (st != VO_OK) return st;
    boosted *v = a->zalloc(a->ctx, sizeof *v);
    if (!v) return vo_fail(err, VO_ENOMEM, "member gbt");
    *v = set;
    v->seed = world->seed;
    v->n_exog = t->n_exog;
    v->width = ALONE + OF_COLUMN * t->n_exog;
    v->design = a->zalloc(a->ctx, vo_day_design_width(t->n_exog) * sizeof *v->design);
    v->row = a->zalloc(a->ctx, H * v->width * sizeof *v->row);
    if (!v->design || !v->row) {
        const vo_status failed = vo_fail(err, VO_ENOMEM, "member gbt: %zu inputs", v->width);
        boosted_free(&v->base);
        return failed;
    }
    *out = &v->base;
    return VO_OK;
}
