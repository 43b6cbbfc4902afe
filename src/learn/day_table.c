/* day_table.c -- see day_table.h. One allocation per table; prices are filled by reveal. */
#include "learn/day_table.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/order.h"
#include "learn/holidays.h"
#include "learn/known_ahead.h"

#define MAX_DAYS 200000u
#define DAY_S 86400
#define HOUR_S 3600
#define NOT_THERE 0x80 /* of `skipped`: the clock jumps over this hour */

/* ---- the calendar ----------------------------------------------------------------- */

static size_t days_of(const vo_series *s) { return (size_t)(s->day[s->n - 1] - s->day[0]) + 1; }

/* first[d] is where day d begins; days without an interval are empty. */
static void find_days(vo_day_table *t, const vo_series *s) {
    size_t i = 0;
    for (size_t d = 0; d <= t->n_days; d++) {
        while (i < s->n && (size_t)(s->day[i] - s->day[0]) < d) i++;
        t->first[d] = i;
    }
}

static void find_hours(vo_day_table *t, const vo_series *s, const vo_zone *zone) {
    for (size_t i = 0; i < s->n; i++) {
        const int64_t local = s->start[i].s + vo_zone_offset(zone, s->start[i].s);
        const int64_t second = (local % DAY_S + DAY_S) % DAY_S;
        t->hour[i] = (uint8_t)(second / HOUR_S);
    }
}

static void find_dates(vo_day_table *t, const vo_series *s, const vo_zone *zone) {
    const int64_t first = vo_zone_local_day(zone, s->start[0].s);
    for (size_t d = 0; d < t->n_days; d++) {
        t->date[d] = first + (int64_t)d;
        t->weekday[d] = vo_civil_weekday(t->date[d]);
        for (int h = 0; h < VO_DAY_HOURS; h++) {
            int64_t a, b;
            const int64_t wall = t->date[d] * DAY_S + h * HOUR_S;
            if (vo_zone_instants(zone, wall, &a, &b) == VO_WALL_NEVER)
                t->skipped[d] = (uint8_t)(NOT_THERE | h);
        }
    }
}

static void find_holidays(vo_day_table *t, const vo_series *s) {
    const vo_holiday_market m = vo_holiday_market_of(s->zone, s->label);
    for (size_t d = 0; d < t->n_days; d++) t->holiday[d] = vo_holiday(m, t->date[d]);
}

/* ---- intervals to hours ------------------------------------------------------------ */

/* Means of the finite values of each hour; NAN where there is none, but not for an hour that
 * the clock skips. */
static void fill_day(const vo_day_table *t, size_t day, const double *value, double *row) {
    double sum[VO_DAY_HOURS] = {0};
    int count[VO_DAY_HOURS] = {0};
    for (size_t i = t->first[day]; i < t->first[day + 1]; i++) {
        if (!isfinite(value[i])) continue;
        sum[t->hour[i]] += value[i];
        count[t->hour[i]]++;
    }
    for (int h = 0; h < VO_DAY_HOURS; h++) row[h] = count[h] ? sum[h] / count[h] : (double)NAN;
    if (!(t->skipped[day] & NOT_THERE)) return;
    const int h = t->skipped[day] & ~NOT_THERE;
    if (count[h]) return;
    if (h == 0)
        row[h] = row[1];
    else
        row[h] = h == VO_DAY_HOURS - 1 ? row[h - 1] : 0.5 * (row[h - 1] + row[h + 1]);
}

static void fill_exog(vo_day_table *t, const vo_series *s, const size_t *column) {
    for (size_t k = 0; k < t->n_exog; k++) {
        const vo_column *c = &s->column[column[k]];
        memcpy(t->exog_name[k], c->name, sizeof c->name);
        for (size_t d = 0; d < t->n_days; d++)
            fill_day(t, d, c->value, t->exog[k] + d * VO_DAY_HOURS);
    }
}

/* ---- making one --------------------------------------------------------------------- */

static bool any_value(const vo_column *c, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (isfinite(c->value[i])) return true;
    return false;
}

static vo_status check(const vo_series *s, const vo_alloc *alloc, vo_error *err) {
    double *length = alloc->zalloc(alloc->ctx, s->n * sizeof *length);
    if (!length) return vo_fail(err, VO_ENOMEM, "a table of days of %zu intervals", s->n);
    memcpy(length, s->dt_h, s->n * sizeof *length);
    for (size_t i = 0; i < s->n; i++) /* a gap is no long interval: the middle one counts */
        if (!isfinite(length[i])) length[i] = (double)INFINITY;
    qsort(length, s->n, sizeof *length, vo_order_double);
    const double usual_h = length[(s->n - 1) / 2];
    alloc->free(alloc->ctx, length);
    if (usual_h > 1.0 + 1e-9)
        return vo_fail(err, VO_EINVAL,
                       "intervals of %g h are longer than an hour: models of whole days need "
                       "hourly or finer prices",
                       usual_h);
    if (days_of(s) > MAX_DAYS)
        return vo_fail(err, VO_EINVAL, "a table of %zu days: at most %u, cut the series",
                       days_of(s), MAX_DAYS);
    return VO_OK;
}

/* Indexes of the columns that count into column[VO_DAY_MAX_EXOG]. */
static vo_status choose(const vo_series *s, size_t *column, size_t *n, vo_error *err) {
    size_t found = 0;
    for (size_t k = 1; k < s->n_columns; k++) {
        if (!vo_known_ahead(s, k) || !any_value(&s->column[k], s->n)) continue;
        if (found == VO_DAY_MAX_EXOG)
            return vo_fail(err, VO_EINVAL,
                           "more than %d columns beside the price (\"%s\" is one more): choose "
                           "some",
                           VO_DAY_MAX_EXOG, s->column[k].name);
        column[found++] = k;
    }
    *n = found;
    return VO_OK;
}

static vo_day_table *allocate(size_t n_days, size_t n_exog, size_t n, const vo_alloc *alloc) {
    const size_t rows = n_days * VO_DAY_HOURS;
    const size_t bytes = rows * (1 + n_exog) * sizeof(double) +
                         n_days * (sizeof(int64_t) + sizeof(int32_t) + 2) +
                         (n_days + 1) * sizeof(size_t) + n;
    vo_day_table *t = alloc->zalloc(alloc->ctx, sizeof *t + bytes);
    if (!t) return NULL;
    t->alloc = alloc;
    t->n_days = n_days;
    t->n_exog = n_exog;
    t->n = n;
    t->price = (double *)(void *)(t + 1); /* in order of falling alignment */
    double *v = t->price + rows;
    for (size_t k = 0; k < n_exog; k++, v += rows) t->exog[k] = v;
    t->date = (int64_t *)(void *)v;
    t->first = (size_t *)(void *)(t->date + n_days);
    t->weekday = (int32_t *)(void *)(t->first + n_days + 1);
    t->holiday = (uint8_t *)(t->weekday + n_days);
    t->skipped = t->holiday + n_days;
    t->hour = t->skipped + n_days;
    for (size_t i = 0; i < rows; i++) t->price[i] = (double)NAN;
    return t;
}

vo_status vo_day_table_create(const vo_series *series, const vo_alloc *alloc,
                              vo_day_table **out, vo_error *err) {
    size_t column[VO_DAY_MAX_EXOG], n_exog = 0;
    vo_zone *zone = NULL;
    if (!alloc) alloc = &vo_alloc_libc;
    vo_status st = check(series, alloc, err);
    if (st == VO_OK) st = choose(series, column, &n_exog, err);
    if (st == VO_OK) st = vo_zone_open(series->zone, &zone, err);
    if (st != VO_OK) return st;
    vo_day_table *t = allocate(days_of(series), n_exog, series->n, alloc);
    if (!t) {
        vo_zone_close(zone);
        return vo_fail(err, VO_ENOMEM, "a table of %zu days", days_of(series));
    }
    find_days(t, series);
    find_hours(t, series, zone);
    find_dates(t, series, zone);
    vo_zone_close(zone);
    find_holidays(t, series);
    fill_exog(t, series, column);
    *out = t;
    return VO_OK;
}

void vo_day_table_free(vo_day_table *t) {
    if (t) t->alloc->free(t->alloc->ctx, t);
}

/* ---- use ---------------------------------------------------------------------------- */

/* The number of days that end at or before interval `known`. */
static size_t complete_by(const vo_day_table *t, size_t known) {
    size_t lo = 0, hi = t->n_days;
    while (lo < hi) {
        const size_t middle = lo + (hi - lo) / 2;
        if (t->first[middle + 1] <= known)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

void vo_day_table_reveal(vo_day_table *t, const double *history, size_t known) {
    const size_t was = complete_by(t, t->known), is = complete_by(t, known);
    for (size_t d = was; d < is; d++) fill_day(t, d, history, t->price + d * VO_DAY_HOURS);
    for (size_t i = is * VO_DAY_HOURS; i < was * VO_DAY_HOURS; i++) t->price[i] = (double)NAN;
    t->known = known;
}

size_t vo_day_table_day(const vo_day_table *t, size_t interval) {
    size_t lo = 0, hi = t->n_days;
    while (hi - lo > 1) {
        const size_t middle = lo + (hi - lo) / 2;
        if (t->first[middle] <= interval)
            lo = middle;
        else
            hi = middle;
    }
    return lo;
}
