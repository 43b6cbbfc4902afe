/* series.c -- see series.h for the contract.
 *
 * One allocation holds the header and every array; columns are views into it.
 */
#include "grid/series.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/civil.h"
#include "base/text.h"

#define MAX_INTERVALS 10000000u

static vo_status check_names(const char *const *names, size_t n_columns, vo_error *err) {
    for (size_t k = 0; k < n_columns; k++) {
        const size_t len = strnlen(names[k], VO_COLUMN_NAME);
        if (len == 0 || len == VO_COLUMN_NAME)
            return vo_fail(err, VO_EINVAL,
                           "column %zu: name \"%.64s\" has not 1..%d characters: rename it",
                           k + 1, names[k], VO_COLUMN_NAME - 1);
        for (size_t i = 0; i < k; i++)
            if (vo_text_same(names[i], names[k]))
                return vo_fail(err, VO_EINVAL,
                               "columns %zu and %zu are both named \"%s\": rename one", i + 1,
                               k + 1, names[k]);
    }
    return VO_OK;
}

vo_status vo_series_create(size_t n, const char *const *names, size_t n_columns,
                           const vo_alloc *alloc, vo_series **out, vo_error *err) {
    if (n == 0 || n > MAX_INTERVALS)
        return vo_fail(err, VO_EINVAL, "a series of %zu intervals is not in 1..%u", n,
                       MAX_INTERVALS);
    if (n_columns > VO_SERIES_MAX_COLUMNS)
        return vo_fail(err, VO_EINVAL, "a series of %zu columns: at most %d, choose some",
                       n_columns, VO_SERIES_MAX_COLUMNS);
    const vo_status st = check_names(names, n_columns, err);
    if (st != VO_OK) return st;

    if (!alloc) alloc = &vo_alloc_libc;
    const size_t row = sizeof(vo_time) + sizeof(double) * (1 + n_columns) + sizeof(int32_t);
    vo_series *s = alloc->zalloc(alloc->ctx, sizeof *s + n * row);
    if (!s)
        return vo_fail(err, VO_ENOMEM, "a series of %zu intervals and %zu columns", n,
                       n_columns);

    /* In order of falling alignment: 8 bytes, 8 bytes, 4 bytes. */
    s->alloc = alloc;
    s->n = n;
    s->n_columns = n_columns;
    s->start = (vo_time *)(s + 1);
    s->dt_h = (double *)(s->start + n);
    double *values = s->dt_h + n;
    for (size_t k = 0; k < n_columns; k++, values += n) {
        memcpy(s->column[k].name, names[k], strlen(names[k]) + 1);
        s->column[k].value = values;
        for (size_t t = 0; t < n; t++) values[t] = (double)NAN;
    }
    s->day = (int32_t *)values;
    memcpy(s->zone, "UTC", 4);
    *out = s;
    return VO_OK;
}

void vo_series_free(vo_series *s) {
    if (s) s->alloc->free(s->alloc->ctx, s);
}

double *vo_series_find(const vo_series *s, const char *name) {
    for (size_t k = 0; k < s->n_columns; k++)
        if (vo_text_same(s->column[k].name, name)) return s->column[k].value;
    return NULL;
}

vo_status vo_series_column(const vo_series *s, const char *name, const double **out,
                           vo_error *err) {
    const double *values = vo_series_find(s, name);
    if (values) {
        *out = values;
        return VO_OK;
    }
    const char *names[VO_SERIES_MAX_COLUMNS];
    for (size_t k = 0; k < s->n_columns; k++) names[k] = s->column[k].name;
    const char *near = vo_text_nearest(name, names, s->n_columns);
    char list[320];
    vo_text t = vo_text_over(list, sizeof list);
    vo_text_append_names(&t, names, s->n_columns);
    if (near)
        return vo_fail(err, VO_ENOTFOUND,
                       "there is no column \"%.63s\": did you mean \"%s\"? There are: %s", name,
                       near, list);
    return vo_fail(err, VO_ENOTFOUND, "there is no column \"%.63s\". There are: %s", name,
                   list);
}

vo_status vo_series_check(const vo_series *s, vo_error *err) {
    char at[32];
    for (size_t t = 0; t < s->n; t++) {
        if (t > 0 && s->start[t].s == s->start[t - 1].s)
            return vo_fail(err, VO_EINVAL,
                           "interval %zu, %s: this time stamp is there twice: "
                           "remove one row",
                           t, vo_civil_format_utc(s->start[t].s, at));
        if (t > 0 && s->start[t].s < s->start[t - 1].s)
            return vo_fail(err, VO_EINVAL,
                           "interval %zu, %s: earlier than the one before: sort "
                           "by time",
                           t, vo_civil_format_utc(s->start[t].s, at));
        if (!(s->dt_h[t] > 0 && isfinite(s->dt_h[t])))
            return vo_fail(err, VO_EINVAL, "interval %zu, %s: length %g h is not positive", t,
                           vo_civil_format_utc(s->start[t].s, at), s->dt_h[t]);
        if (t > 0 && s->day[t] < s->day[t - 1])
            return vo_fail(err, VO_EINVAL,
                           "interval %zu, %s: day number %d after day %d: number "
                           "the days in order of time",
                           t, vo_civil_format_utc(s->start[t].s, at), (int)s->day[t],
                           (int)s->day[t - 1]);
    }
    return VO_OK;
}

size_t vo_series_lower_bound(const vo_series *s, vo_time at) {
    size_t lo = 0, hi = s->n;
    while (lo < hi) {
        const size_t middle = lo + (hi - lo) / 2;
        if (s->start[middle].s < at.s)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

void vo_series_number_days(vo_series *s, const vo_zone *zone) {
    const int64_t first = vo_zone_local_day(zone, s->start[0].s);
    int64_t day = first, next_s = INT64_MIN;
    for (size_t t = 0; t < s->n; t++) {
        if (s->start[t].s >= next_s) {
            day = vo_zone_local_day(zone, s->start[t].s);
            next_s = vo_zone_day_start(zone, day + 1);
        }
        s->day[t] = (int32_t)(day - first);
    }
}

/* A series of n intervals with the columns, zone and names of `s`; nothing else yet. */
static vo_status create_like(const vo_series *s, size_t n, vo_series **out, vo_error *err) {
    const char *names[VO_SERIES_MAX_COLUMNS];
    for (size_t k = 0; k < s->n_columns; k++) names[k] = s->column[k].name;
    const vo_status st = vo_series_create(n, names, s->n_columns, s->alloc, out, err);
    if (st != VO_OK) return st;
    memcpy((*out)->zone, s->zone, sizeof s->zone);
    memcpy((*out)->currency, s->currency, sizeof s->currency);
    memcpy((*out)->unit, s->unit, sizeof s->unit);
    memcpy((*out)->label, s->label, sizeof s->label);
    return VO_OK;
}

vo_status vo_series_slice(const vo_series *s, vo_time from, vo_time to, vo_series **out,
                          vo_error *err) {
    const size_t a = vo_series_lower_bound(s, from), b = vo_series_lower_bound(s, to);
    if (a >= b) {
        char t1[32], t2[32], t3[32], t4[32];
        return vo_fail(err, VO_ENOTFOUND,
                       "no interval starts from %s to before %s: there are %s to %s",
                       vo_civil_format_utc(from.s, t1), vo_civil_format_utc(to.s, t2),
                       vo_civil_format_utc(s->start[0].s, t3),
                       vo_civil_format_utc(s->start[s->n - 1].s, t4));
    }
    vo_series *part;
    const size_t n = b - a;
    const vo_status st = create_like(s, n, &part, err);
    if (st != VO_OK) return st;

    memcpy(part->start, s->start + a, n * sizeof s->start[0]);
    memcpy(part->dt_h, s->dt_h + a, n * sizeof s->dt_h[0]);
    for (size_t t = 0; t < n; t++) part->day[t] = s->day[a + t] - s->day[a];
    for (size_t k = 0; k < s->n_columns; k++)
        memcpy(part->column[k].value, s->column[k].value + a, n * sizeof(double));
    *out = part;
    return VO_OK;
}

vo_status vo_series_extend(const vo_series *s, size_t more, const vo_zone *zone,
                           vo_series **out, vo_error *err) {
    vo_series *longer;
    const vo_status st = create_like(s, s->n + more, &longer, err);
    if (st != VO_OK) return st;
    const double dt_h = s->dt_h[s->n - 1];
    memcpy(longer->start, s->start, s->n * sizeof s->start[0]);
    memcpy(longer->dt_h, s->dt_h, s->n * sizeof s->dt_h[0]);
    for (size_t i = 1; i <= more; i++) {
        longer->start[s->n - 1 + i].s =
            s->start[s->n - 1].s + (int64_t)llround((double)i * dt_h * 3600);
        longer->dt_h[s->n - 1 + i] = dt_h;
    }
    for (size_t k = 0; k < s->n_columns; k++)
        memcpy(longer->column[k].value, s->column[k].value, s->n * sizeof(double));
    vo_series_number_days(longer, zone);
    *out = longer;
    return VO_OK;
}
