/* synth_span.c -- see synth_span.h for the contract. */
#include "data/synth_span.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <volteo/schedule.h>

#include "data/synth_math.h"

#define DAY_S INT64_C(86400)
#define HOUR_S INT64_C(3600)

vo_status vo_synth_within(const char *name, double v, double lo, double hi, vo_error *err) {
    if (v >= lo && v <= hi) return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s = %g is not in %g..%g", name, v, lo, hi);
}

/* Fills what follows from zone, first day and the day after the last. */
static vo_status measure(vo_synth_span *c, int64_t end_day, double interval_minutes,
                         vo_error *err) {
    if (!(interval_minutes >= 1 && interval_minutes <= 60) || fmod(60, interval_minutes) > 0)
        return vo_fail(err, VO_EINVAL,
                       "interval_minutes = %g does not divide 60; try 5, 15, 30 or 60",
                       interval_minutes);
    c->first_s = vo_zone_day_start(c->zone, c->first_day);
    c->step_s = (int64_t)llround(interval_minutes * 60);
    const int64_t length_s = vo_zone_day_start(c->zone, end_day) - c->first_s;
    const int64_t n = length_s / c->step_s;
    if (n > (int64_t)VO_MAX_INTERVALS)
        return vo_fail(err, VO_EINVAL, "days = %d of %g minutes are %lld intervals; at most %u",
                       (int)(end_day - c->first_day), interval_minutes, (long long)n,
                       VO_MAX_INTERVALS);
    c->n = (size_t)n;
    c->knots = (size_t)((length_s + HOUR_S - 1) / HOUR_S);
    return VO_OK;
}

vo_status vo_synth_span_open(const char *zone, int32_t year, int32_t days,
                             double interval_minutes, vo_synth_span *out, vo_error *err) {
    vo_synth_span c = {.n = 0};
    vo_status st = vo_synth_within("year", year, 1970, 2200, err);
    if (st == VO_OK) st = vo_synth_within("days", days, 0, 36600, err);
    if (st == VO_OK) st = vo_zone_open(zone, &c.zone, err);
    if (st != VO_OK) return st;
    c.first_day = vo_civil_days(year, 1, 1);
    const int64_t end_day = days ? c.first_day + days : vo_civil_days(year + 1, 1, 1);
    st = measure(&c, end_day, interval_minutes, err);
    if (st == VO_OK)
        *out = c;
    else
        vo_zone_close(c.zone);
    return st;
}

vo_status vo_synth_span_of(const vo_synth_span *whole, int64_t first_day, int32_t days,
                           double interval_minutes, vo_synth_span *out, vo_error *err) {
    vo_synth_span c = {.zone = whole->zone, .first_day = first_day};
    const vo_status st = measure(&c, first_day + days, interval_minutes, err);
    if (st == VO_OK) *out = c;
    return st;
}

void vo_synth_span_close(vo_synth_span *span) {
    vo_zone_close(span->zone);
    memset(span, 0, sizeof *span);
}

vo_synth_clock vo_synth_clock_start(const vo_synth_span *span) {
    return (vo_synth_clock){.day = span->first_day - 1, .next_s = span->first_s};
}

bool vo_synth_clock_move(const vo_synth_span *span, vo_synth_clock *c, int64_t utc_s) {
    const bool begins = utc_s >= c->next_s;
    while (utc_s >= c->next_s) c->next_s = vo_zone_day_start(span->zone, ++c->day + 1);
    if (begins) {
        vo_civil date;
        vo_civil_from_days(c->day, &date);
        c->of_year = (int32_t)(c->day - vo_civil_days(date.year, 1, 1));
        c->weekday = vo_civil_weekday(c->day);
    }
    c->utc_s = utc_s;
    c->hour = (double)(utc_s + vo_zone_offset(span->zone, utc_s) - c->day * DAY_S) / 3600;
    return begins;
}

int64_t vo_synth_knot_s(const vo_synth_span *span, size_t knot) {
    return span->first_s + (int64_t)knot * HOUR_S + HOUR_S / 2;
}

double vo_synth_at(const vo_synth_span *span, const double *knot, int64_t utc_s) {
    const int64_t from_first = utc_s - span->first_s - HOUR_S / 2;
    if (from_first <= 0) return knot[0];
    const size_t k = (size_t)(from_first / HOUR_S);
    if (k + 1 >= span->knots) return knot[span->knots - 1];
    const double part = (double)(from_first % HOUR_S) / (double)HOUR_S;
    return knot[k] + part * (knot[k + 1] - knot[k]);
}

vo_status vo_synth_span_series(const vo_synth_span *span, const char *const *names,
                               size_t n_columns, vo_series **out, vo_error *err) {
    vo_series *s = NULL;
    const vo_status st = vo_series_create(span->n, names, n_columns, NULL, &s, err);
    if (st != VO_OK) return st;
    int64_t day = span->first_day - 1, next_s = INT64_MIN;
    for (size_t t = 0; t < span->n; t++) {
        s->start[t].s = span->first_s + (int64_t)t * span->step_s;
        s->dt_h[t] = (double)span->step_s / 3600;
        if (s->start[t].s >= next_s) next_s = vo_zone_day_start(span->zone, ++day + 1);
        s->day[t] = (int32_t)(day - span->first_day);
    }
    snprintf(s->zone, sizeof s->zone, "%s", vo_zone_name(span->zone));
    *out = s;
    return VO_OK;
}

void vo_synth_noise(vo_random *rng, double tau_h, size_t n, double *x) {
    const double phi = vo_synth_exp(-1 / tau_h), kick = sqrt(1 - phi * phi);
    double v = vo_random_normal(rng);
    for (size_t k = 0; k < n; k++) {
        x[k] = v;
        v = phi * v + kick * vo_random_normal(rng);
    }
}

bool vo_synth_chain(vo_random *rng, bool on, double share, double length) {
    const double u = vo_random_unit(rng), ends = 1 / length;
    return on ? u >= ends : u < ends * share / (1 - share);
}
