/* features.c -- features of many origins at once; see features.h.
 *
 * Rows are made in tiles: each column of a tile is filled by itself, in a loop without
 * decisions, into memory that stays in the cache; then the tile is turned into rows. What a
 * column carries from row to row (windows, values last known) lives in a pass.
 */
#include "learn/features.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "learn/features_frame.h"
#include "learn/features_value.h"
#include "learn/features_window.h"

enum {
    TILE = 128,   /* rows */
    STRIDE = 144, /* floats from column to column: no power of two, so that cache sets differ */
    DAYS_BEYOND = 12
};

/* ---- the handle ------------------------------------------------------------------------- */

void vo_features_free(vo_features *f) {
    if (!f) return;
    const vo_alloc *a = f->alloc;
    vo_zone_close(f->zone);
    a->free(a->ctx, f->day);
    a->free(a->ctx, f->name);
    a->free(a->ctx, (void *)f->names);
    a->free(a->ctx, f);
}

static vo_status frame_of(const vo_series *s, const vo_features_settings *settings,
                          vo_feature_frame *out, vo_error *err) {
    char at[32];
    const int64_t start_s = s->start[0].s;
    const int64_t step_s =
        s->n > 1 ? s->start[1].s - start_s : (int64_t)llround(s->dt_h[0] * 3600);
    if (step_s < 1 || step_s > 86400)
        return vo_fail(err, VO_EINVAL, "features: intervals of %g h: give 1 s to 24 h",
                       (double)step_s / 3600);
    for (size_t t = 1; t < s->n; t++)
        if (s->start[t].s - s->start[t - 1].s != step_s)
            return vo_fail(
                err, VO_EINVAL,
                "features: interval %zu, %s, begins %lld s after the one before, the "
                "first ones do %lld s: fill gaps and make intervals equally long "
                "(repair = \"clean\")",
                t, vo_civil_format_utc(s->start[t].s, at),
                (long long)(s->start[t].s - s->start[t - 1].s), (long long)step_s);
    const int64_t per_day = 86400 % step_s == 0 ? 86400 / step_s : 0;
    if (settings->n_days > 0 && per_day == 0)
        return vo_fail(
            err, VO_EINVAL,
            "features: days=...: intervals of %lld s do not divide a day: leave days "
            "empty",
            (long long)step_s);
    const vo_holiday_market market = settings->holidays == VO_HOLIDAY_BY_ZONE
                                         ? vo_holiday_market_of(s->zone, s->label)
                                         : (vo_holiday_market)settings->holidays;
    *out = (vo_feature_frame){start_s, step_s, per_day, market};
    return VO_OK;
}

static vo_status find_columns(vo_features *f, vo_error *err) {
    const vo_features_settings *c = &f->settings;
    vo_status st = VO_OK;
    for (size_t k = 0; k < c->n_regions && st == VO_OK; k++)
        st = vo_series_column(f->series, c->region[k], &f->region[k], err);
    for (size_t k = 0; k < c->n_exog && st == VO_OK; k++)
        st = vo_series_column(f->series, c->exog[k].column, &f->exog[k], err);
    if (st == VO_OK && c->congestion[0])
        st = vo_series_column(f->series, c->congestion, &f->congestion, err);
    if (st == VO_OK && c->loss[0]) st = vo_series_column(f->series, c->loss, &f->loss, err);
    return st;
}

static void fill_days(vo_features *f, int64_t first_date) {
    for (size_t d = 0; d < f->n_days; d++)
        vo_feature_day_fill(f->zone, f->frame.market, &f->settings, first_date + (int64_t)d,
                            &f->day[d]);
    vo_feature_minutes_fill(f->minute);
}

vo_status vo_features_create(const vo_series *series, const vo_features_settings *settings,
                             const vo_alloc *alloc, vo_features **out, vo_error *err) {
    if (!alloc) alloc = &vo_alloc_libc;
    vo_status st = vo_features_settings_check(settings, err);
    if (st != VO_OK) return st;
    vo_features *f = alloc->zalloc(alloc->ctx, sizeof *f);
    if (!f) return vo_fail(err, VO_ENOMEM, "features of %zu intervals", series->n);
    f->alloc = alloc;
    f->series = series;
    f->settings = *settings;
    f->layout = vo_feature_layout_of(settings);
    st = frame_of(series, settings, &f->frame, err);
    if (st == VO_OK) st = find_columns(f, err);
    if (st == VO_OK) st = vo_zone_open(series->zone[0] ? series->zone : "UTC", &f->zone, err);
    if (st != VO_OK) goto fail;

    const size_t count = vo_features_count(f);
    const int64_t first = vo_zone_local_day(f->zone, series->start[0].s);
    const int64_t last = vo_zone_local_day(f->zone, series->start[series->n - 1].s);
    f->n_days = (size_t)(last - first + DAYS_BEYOND);
    f->day = alloc->zalloc(alloc->ctx, f->n_days * sizeof *f->day);
    f->name = alloc->zalloc(alloc->ctx, count * sizeof *f->name);
    f->names = alloc->zalloc(alloc->ctx, count * sizeof *f->names);
    if (!f->day || !f->name || !f->names) {
        st = vo_fail(err, VO_ENOMEM, "features of %zu days", f->n_days);
        goto fail;
    }
    for (size_t i = 0; i < count; i++) {
        vo_feature_name(settings, i, f->name[i]);
        f->names[i] = f->name[i];
    }
    fill_days(f, first);
    *out = f;
    return VO_OK;

fail:
    vo_features_free(f);
    return st;
}

size_t vo_features_count(const vo_features *f) { return f->layout.at[VO_FEATURE_KINDS]; }
const char *const *vo_features_names(const vo_features *f) { return f->names; }

size_t vo_features_longest(const vo_features *f) {
    return (size_t)(VO_FEATURES_AHEAD_S / f->frame.step_s);
}

size_t vo_features_history(const vo_features *f) {
    const vo_features_settings *c = &f->settings;
    int64_t back = 0;
    /* A multiple of the days reaches back by less than the horizon and that once more. */
    if (c->n_days > 0) back = c->day[c->n_days - 1] * f->frame.per_day;
    if (c->n_lags > 0 && c->lag[c->n_lags - 1] > back) back = c->lag[c->n_lags - 1];
    if (c->n_windows > 0 && c->window[c->n_windows - 1] > back)
        back = c->window[c->n_windows - 1];
    for (size_t k = 0; k < c->n_exog; k++) {
        const int64_t late = vo_feature_late(&f->frame, &c->exog[k]);
        if (late > back) back = late;
    }
    return (size_t)back + 1;
}

/* ---- one pass over rows ------------------------------------------------------------------- */

/* The last value that is not missing among the first `at` of a column. */
typedef struct {
    int64_t at;
    double last;
} carry;

typedef struct {
    const vo_features *f;
    const vo_features_input *in;
    int64_t h;
    int64_t t; /* last known interval of the tile's first row */
    size_t rows;
    float *column; /* [F][STRIDE] */
    float *row;    /* [TILE][F]   */
    vo_windows *windows;
    carry region[VO_FEATURES_MAX_REGIONS];
    carry exog[VO_FEATURES_MAX_EXOG], target[VO_FEATURES_MAX_EXOG];
    size_t day, target_day, now; /* of interval t, of t + h, of the origin */
} pass;

static float *column_of(const pass *p, vo_feature_kind kind, size_t item) {
    return p->column + (p->f->layout.at[kind] + item) * STRIDE;
}

/* out[r] = value[t + r - back], missing before the beginning; back >= 0. */
static void shifted(const pass *p, const double *value, int64_t back, float *out) {
    const int64_t from = p->t - back, rows = (int64_t)p->rows;
    const int64_t missing = from >= 0 ? 0 : -from < rows ? -from : rows;
    for (int64_t r = 0; r < missing; r++) out[r] = NAN;
    if (missing == rows) return;
    const double *v = value + from + missing;
    float *o = out + missing;
    for (int64_t r = 0; r < rows - missing; r++) o[r] = vo_feature_value(v[r]);
}

static void price_columns(const pass *p) {
    const vo_features_settings *c = &p->f->settings;
    const vo_feature_frame *frame = &p->f->frame;
    shifted(p, p->in->price, 0, column_of(p, VO_FEATURE_PRICE, 0));
    for (size_t i = 0; i < c->n_lags; i++)
        shifted(p, p->in->price, c->lag[i], column_of(p, VO_FEATURE_LAG, i));
    for (size_t i = 0; i < c->n_days; i++) {
        shifted(p, p->in->price, c->day[i] * frame->per_day, column_of(p, VO_FEATURE_DAY, i));
        shifted(p, p->in->price, vo_feature_target_back(frame, c->day[i], p->h),
                column_of(p, VO_FEATURE_TARGET_DAY, i));
    }
}

/* Columns of one wall clock: of t (shift 0) or of t + h; kinds follow each other as in the list.
 * Rows of a day between two changes of the clock share all but the minute. */
static void calendar_columns(const pass *p, int64_t shift, vo_feature_kind first, size_t *day) {
    const vo_features *f = p->f;
    float *out[7];
    for (size_t i = 0; i < 7; i++) out[i] = column_of(p, first, 0) + i * STRIDE;
    for (size_t r = 0; r < p->rows;) {
        const int64_t at_s = vo_feature_at(&f->frame, p->t + (int64_t)r + shift);
        while (at_s >= f->day[*day].end_s) ++*day;
        const vo_feature_day *d = &f->day[*day];
        const int64_t until_s = at_s < d->change_s ? d->change_s : d->end_s;
        const int64_t same = (until_s - at_s + f->frame.step_s - 1) / f->frame.step_s;
        const size_t end = same < (int64_t)(p->rows - r) ? r + (size_t)same : p->rows;
        int64_t of_day_s = (at_s + d->offset_s[at_s >= d->change_s]) % 86400;
        if (of_day_s < 0) of_day_s += 86400;
        const float of_day[7] = {
            0, 0, d->weekday[0], d->weekday[1], d->season[0], d->season[1], d->holiday};
        for (size_t i = 2; i < 7; i++)
            for (size_t k = r; k < end; k++) out[i][k] = of_day[i];
        for (; r < end; r++) {
            const float *minute = f->minute[of_day_s / 60];
            out[0][r] = minute[0];
            out[1][r] = minute[1];
            of_day_s += f->frame.step_s;
            if (of_day_s >= 86400) of_day_s -= 86400;
        }
    }
}

static double carry_to(carry *c, const double *value, int64_t end) {
    for (; c->at < end; c->at++)
        if (isfinite(value[c->at])) c->last = value[c->at];
    return c->last;
}

static carry carry_from(const double *value, int64_t end) {
    int64_t i = end;
    while (i > 0 && !isfinite(value[i - 1])) i--;
    return (carry){end, i > 0 ? value[i - 1] : (double)NAN};
}

static void region_columns(pass *p) {
    for (size_t k = 0; k < p->f->settings.n_regions; k++) {
        float *out = column_of(p, VO_FEATURE_REGION, k);
        for (size_t r = 0; r < p->rows; r++) {
            const int64_t t = p->t + (int64_t)r;
            const double region = carry_to(&p->region[k], p->f->region[k], t + 1);
            out[r] = vo_feature_value(p->in->price[t] - region);
        }
    }
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Values of interval t and, where there is such a column, t + h, as published by the end of t.
 * Returns the day of the last origin. */
static size_t exog_columns(pass *p, size_t k, float *own, float *target) {
    const vo_features *f = p->f;
    const int64_t n = (int64_t)f->series->n;
    size_t day = p->now;
    for (size_t r = 0; r < p->rows; r++) {
        const int64_t known = p->t + (int64_t)r + 1;
        while (vo_feature_at(&f->frame, known) >= f->day[day].end_s) day++;
        const int64_t end = vo_feature_published(&f->frame, &f->settings.exog[k], k,
                                                 &f->day[day], &f->day[day + 1], known);
        const int64_t there = least(end, n);
        own[r] = vo_feature_value(carry_to(&p->exog[k], f->exog[k], least(there, known)));
        if (target)
            target[r] = vo_feature_value(
                carry_to(&p->target[k], f->exog[k], least(there, known + p->h)));
    }
    return day;
}

static void other_columns(pass *p) {
    const vo_features *f = p->f;
    const vo_features_settings *c = &f->settings;
    size_t now = p->now;
    for (size_t k = 0, ahead = 0; k < c->n_exog; k++) {
        float *target = NULL;
        if (vo_feature_ahead(c, ahead) == k)
            target = column_of(p, VO_FEATURE_TARGET_EXOG, ahead++);
        now = exog_columns(p, k, column_of(p, VO_FEATURE_EXOG, k), target);
    }
    p->now = now;
    if (f->congestion) shifted(p, f->congestion, 0, column_of(p, VO_FEATURE_CONGESTION, 0));
    if (f->loss) shifted(p, f->loss, 0, column_of(p, VO_FEATURE_LOSS, 0));
    if (!c->battery) return;
    const int64_t never = p->t + TILE;
    const double *price = p->in->price;
    shifted(p, p->in->soc ? p->in->soc : price, p->in->soc ? 0 : never,
            column_of(p, VO_FEATURE_SOC, 0));
    shifted(p, p->in->cycle_h ? p->in->cycle_h : price, p->in->cycle_h ? 0 : never,
            column_of(p, VO_FEATURE_CYCLE_H, 0));
}

/* Four numbers that a vector instruction takes at once. */
typedef float four __attribute__((vector_size(16)));

/* out[r][i] = column[i][r], in squares of 4 by 4. */
static void to_rows(const float *column, size_t rows, size_t count, float *out) {
    const size_t r4 = rows & ~(size_t)3, i4 = count & ~(size_t)3;
    for (size_t r = 0; r < r4; r += 4) {
        float *o = out + r * count;
        for (size_t i = 0; i < i4; i += 4) {
            four a, b, c, d;
            const float *v = column + i * STRIDE + r;
            memcpy(&a, v, sizeof a);
            memcpy(&b, v + STRIDE, sizeof b);
            memcpy(&c, v + 2 * STRIDE, sizeof c);
            memcpy(&d, v + 3 * STRIDE, sizeof d);
            const four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5);
            const four cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
            const four ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7);
            const four cd2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
            const four row[4] = {__builtin_shufflevector(ab, cd, 0, 1, 4, 5),
                                 __builtin_shufflevector(ab, cd, 2, 3, 6, 7),
                                 __builtin_shufflevector(ab2, cd2, 0, 1, 4, 5),
                                 __builtin_shufflevector(ab2, cd2, 2, 3, 6, 7)};
            for (size_t k = 0; k < 4; k++) memcpy(o + k * count + i, &row[k], sizeof row[k]);
        }
    }
    for (size_t r = 0; r < rows; r++)
        for (size_t i = r < r4 ? i4 : 0; i < count; i++)
            out[r * count + i] = column[i * STRIDE + r];
}

static void fill_tile(pass *p, float *out) {
    const size_t count = vo_features_count(p->f);
    price_columns(p);
    if (p->f->settings.n_windows >
        0) /* the columns of a window follow each other in the list */
        vo_windows_run(p->windows, p->in->price + p->t, p->rows,
                       column_of(p, VO_FEATURE_MEAN, 0), STRIDE);
    if (p->f->settings.calendar) {
        calendar_columns(p, 0, VO_FEATURE_HOUR_SIN, &p->day);
        calendar_columns(p, p->h, VO_FEATURE_TARGET_HOUR_SIN, &p->target_day);
    }
    region_columns(p);
    other_columns(p);
    /* Through the cache: rows then leave in one piece. */
    to_rows(p->column, p->rows, count, p->row);
    memcpy(out, p->row, p->rows * count * sizeof *out);
}

/* ---- beginning a pass ---------------------------------------------------------------------- */

/* What windows hold before t. */
static void begin_windows(pass *p) {
    const vo_features_settings *c = &p->f->settings;
    if (c->n_windows == 0) return;
    int64_t at = p->t + 1 - c->window[c->n_windows - 1];
    if (at < 0) at = 0;
    for (int64_t n = 0; at < p->t; at += n) {
        n = least(p->t - at, TILE);
        vo_windows_run(p->windows, p->in->price + at, (size_t)n,
                       column_of(p, VO_FEATURE_MEAN, 0), STRIDE);
    }
}

static size_t day_of(const vo_features *f, int64_t at_s) {
    size_t low = 0, high = f->n_days - 1;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (at_s >= f->day[middle].end_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void begin(pass *p) {
    const vo_features *f = p->f;
    const vo_features_settings *c = &f->settings;
    const int64_t known = p->t + 1, n = (int64_t)f->series->n;
    begin_windows(p);
    p->day = day_of(f, vo_feature_at(&f->frame, p->t));
    p->target_day = day_of(f, vo_feature_at(&f->frame, p->t + p->h));
    p->now = day_of(f, vo_feature_at(&f->frame, known));
    for (size_t k = 0; k < c->n_regions; k++) p->region[k] = carry_from(f->region[k], known);
    for (size_t k = 0; k < c->n_exog; k++) {
        const int64_t there =
            least(vo_feature_published(&f->frame, &c->exog[k], k, &f->day[p->now],
                                       &f->day[p->now + 1], known),
                  n);
        p->exog[k] = carry_from(f->exog[k], least(there, known));
        p->target[k] = carry_from(f->exog[k], least(there, known + p->h));
    }
}

vo_status vo_features_fill(const vo_features *f, const vo_features_input *in, size_t from,
                           size_t to, size_t horizon, float *out, vo_error *err) {
    assert(1 <= from && from < to && to <= f->series->n + 1);
    assert(1 <= horizon && horizon <= vo_features_longest(f));
    const vo_alloc *a = f->alloc;
    const vo_features_settings *c = &f->settings;
    const size_t count = vo_features_count(f);
    pass *p = a->zalloc(a->ctx, sizeof *p + count * (STRIDE + TILE) * sizeof(float));
    if (!p) return vo_fail(err, VO_ENOMEM, "%zu features", count);
    *p = (pass){.f = f, .in = in, .h = (int64_t)horizon, .t = (int64_t)from - 1};
    p->column = (float *)(void *)(p + 1);
    p->row = p->column + count * STRIDE;
    const vo_status st = vo_windows_create(c->window, c->n_windows, a, &p->windows, err);
    if (st != VO_OK) goto fail;

    begin(p);
    for (size_t known = from; known < to; known += p->rows) {
        p->rows = to - known < TILE ? to - known : TILE;
        p->t = (int64_t)known - 1;
        fill_tile(p, out + (known - from) * count);
    }

fail:
    vo_windows_free(p->windows);
    a->free(a->ctx, p);
    return st;
}
