/* tariff_export.c -- see tariff_export.h for the contract. */
#include "grid/tariff_export.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"

#define HOURS_OF_YEAR (12 * 2 * 24)
#define MAX_VALUE 100

vo_status vo_export_table_create(const char *zone, int32_t first_year, size_t n_years,
                                 size_t n_parts, vo_export_table **out, vo_error *err) {
    if (n_years < 1 || n_years > VO_EXPORT_YEARS || first_year < 1900 || first_year > 2200)
        return vo_fail(err, VO_EINVAL,
                       "years: %zu from %d; 1 to %d are understood, from 1900 to 2200", n_years,
                       first_year, VO_EXPORT_YEARS);
    if (n_parts < 1 || n_parts > VO_EXPORT_PARTS)
        return vo_fail(err, VO_EINVAL, "%zu parts of an export value; 1 to %d are understood",
                       n_parts, VO_EXPORT_PARTS);
    vo_export_table *x = calloc(1, sizeof *x);
    vo_status st = VO_OK;
    if (x) x->value = calloc(n_years * n_parts * HOURS_OF_YEAR, sizeof *x->value);
    if (!x || !x->value) {
        st = vo_fail(err, VO_ENOMEM, "an export table of %zu years", n_years);
        goto fail;
    }
    st = vo_zone_open(zone, &x->zone, err);
    if (st != VO_OK) goto fail;
    x->first_year = first_year;
    x->exact_through = first_year + (int32_t)n_years - 1;
    x->n_years = n_years;
    x->n_parts = n_parts;
    *out = x;
    return VO_OK;
fail:
    vo_export_table_free(x);
    return st;
}

vo_status vo_export_table_copy(const vo_export_table *x, vo_export_table **out, vo_error *err) {
    vo_export_table *copy = NULL;
    const vo_status st = vo_export_table_create(vo_zone_name(x->zone), x->first_year,
                                                x->n_years, x->n_parts, &copy, err);
    if (st != VO_OK || !copy) return st;
    vo_zone *zone = copy->zone;
    double *value = copy->value;
    memcpy(value, x->value, x->n_years * x->n_parts * HOURS_OF_YEAR * sizeof *value);
    *copy = *x;
    copy->zone = zone;
    copy->value = value;
    *out = copy;
    return VO_OK;
}

void vo_export_table_free(vo_export_table *x) {
    if (!x) return;
    vo_zone_close(x->zone);
    free(x->value);
    free(x);
}

double *vo_export_table_hours(const vo_export_table *x, size_t year, size_t part, size_t month,
                              vo_tariff_day day) {
    assert(year < x->n_years && part < x->n_parts && month < 12);
    return x->value + (((year * x->n_parts + part) * 12 + month) * 2 + day) * 24;
}

vo_status vo_export_table_check(const vo_export_table *x, vo_error *err) {
    const size_t n = x->n_years * x->n_parts * HOURS_OF_YEAR;
    for (size_t i = 0; i < n; i++)
        if (!(fabs(x->value[i]) <= MAX_VALUE))
            return vo_fail(err, VO_EINVAL,
                           "%.60s, year %d, month %zu, hour %zu: %g per kWh; at most %d either "
                           "way: is it per MWh?",
                           x->name, x->first_year + (int32_t)(i / HOURS_OF_YEAR / x->n_parts),
                           i / 48 % 12 + 1, i % 24, x->value[i], MAX_VALUE);
    for (size_t i = 1; i < x->n_holidays; i++)
        if (x->holiday[i] <= x->holiday[i - 1])
            return vo_fail(err, VO_EINVAL, "%.60s: holiday %zu is not after the one before it",
                           x->name, i + 1);
    return VO_OK;
}

/* The utility's own hourly rows pay the second of the two hours that are repeated when clocks
 * go back as the hour after it (2026-11-01T09:00Z, 01:00 again in California, as 02:00). */
static int paid_hour(const vo_export_table *x, vo_time when, const vo_civil *c) {
    const int64_t wall = when.s + vo_zone_offset(x->zone, when.s);
    int64_t first, second;
    const bool again =
        vo_zone_instants(x->zone, wall, &first, &second) == VO_WALL_TWICE && when.s == second;
    return again && c->hour < 23 ? c->hour + 1 : c->hour;
}

vo_status vo_export_table_value(const vo_export_table *x, size_t part, vo_time when,
                                double *out, vo_error *err) {
    assert(part <= x->n_parts);
    const vo_civil c = vo_civil_from_seconds(when.s + vo_zone_offset(x->zone, when.s));
    const int64_t year = (int64_t)c.year - x->first_year;
    if (year < 0 || year >= (int64_t)x->n_years)
        return vo_fail(err, VO_ENOTFOUND,
                       "%.60s has the years %d to %d, not %d: take a vintage that has it",
                       x->name, x->first_year, x->first_year + (int32_t)x->n_years - 1, c.year);
    const int32_t day = (int32_t)vo_civil_days(c.year, c.month, c.day);
    const bool rest = vo_civil_weekday(day) >= 5 ||
                      bsearch(&day, x->holiday, x->n_holidays, sizeof day, vo_order_int32);
    const size_t first = part < x->n_parts ? part : 0;
    const size_t last = part < x->n_parts ? part + 1 : x->n_parts;
    const int hour = paid_hour(x, when, &c);
    *out = 0;
    for (size_t p = first; p < last; p++)
        *out += vo_export_table_hours(x, (size_t)year, p, (size_t)c.month - 1,
                                      rest ? VO_TARIFF_WEEKEND : VO_TARIFF_WEEKDAY)[hour];
    return VO_OK;
}
