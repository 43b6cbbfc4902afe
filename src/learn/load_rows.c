/* load_rows.c -- see load_rows.h. */
#include "learn/load_rows.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "learn/known_ahead.h"

enum { SCALE_DAYS = 14, WEEK = 7 };

const char *vo_load_feature_name(size_t i) {
    static const char *const name[] = {
#define X(name, help) #name,
        VO_LOAD_FEATURE_MAP(X)
#undef X
    };
    assert(i < VO_LOAD_FEATURES);
    return name[i];
}

int32_t vo_load_kind(const vo_series *s) {
    if (vo_text_same(s->column[0].name, "pv")) return VO_PROFILE_PV;
    return vo_text_same(s->column[0].name, "load") ? VO_PROFILE_LOAD : VO_PROFILE_SIGNED;
}

static const double *ahead_column(const vo_series *s, const char *word) {
    for (size_t k = 1; k < s->n_columns; k++)
        if (vo_known_ahead(s, k) &&
            vo_text_has(s->column[k].name, strlen(s->column[k].name), word))
            return s->column[k].value;
    return NULL;
}

vo_status vo_load_eye_init(vo_load_eye *out, const vo_series *series, const vo_alloc *alloc,
                           vo_error *err) {
    vo_load_eye e = {.temperature = ahead_column(series, "temperature"),
                     .irradiance = ahead_column(series, "irradiance")};
    const vo_status st =
        vo_profile_track_init(&e.track, series, vo_load_kind(series), alloc, err);
    if (st != VO_OK) return st;
    e.said = alloc->zalloc(alloc->ctx, series->n * sizeof *e.said);
    if (!e.said) {
        vo_profile_track_fini(&e.track);
        return vo_fail(err, VO_ENOMEM, "rows over %zu intervals", series->n);
    }
    *out = e;
    return VO_OK;
}

void vo_load_eye_fini(vo_load_eye *e) {
    if (!e->track.alloc) return;
    e->track.alloc->free(e->track.alloc->ctx, e->said);
    vo_profile_track_fini(&e->track);
    *e = (vo_load_eye){0};
}

/* ---- where it stands ------------------------------------------------------------------------ */

typedef struct {
    double mean, magnitude, least, most; /* NAN: nothing is known */
} summary;

/* Of value[end - n .. end), as far as there is history. */
static summary of_last(const double *value, size_t end, size_t n) {
    double sum = 0, size = 0, least = HUGE_VAL, most = -HUGE_VAL;
    size_t count = 0;
    for (size_t t = n < end ? end - n : 0; t < end; t++) {
        if (isnan(value[t])) continue;
        sum += value[t];
        size += fabs(value[t]);
        least = fmin(least, value[t]);
        most = fmax(most, value[t]);
        count++;
    }
    if (count == 0) return (summary){(double)NAN, (double)NAN, (double)NAN, (double)NAN};
    const double k = 1 / (double)count;
    return (summary){k * sum, k * size, least, most};
}

static size_t per_hour(const vo_load_eye *e) {
    const size_t n = e->track.shape.slots / 24;
    return n > 0 ? n : 1;
}

void vo_load_eye_to(vo_load_eye *e, const double *history, size_t known, size_t ahead) {
    const size_t slots = e->track.shape.slots, hour = per_hour(e);
    vo_profile_track_to(&e->track, history, known);
    vo_profile_track_predict(&e->track, ahead, e->said);
    e->value = history;
    e->n_said = ahead;
    const summary scale = of_last(history, known, SCALE_DAYS * slots);
    e->scale = scale.magnitude > 0 ? scale.magnitude : 0;
    for (size_t i = 0; i < VO_LOAD_FEATURES; i++) e->now[i] = NAN;
    if (e->scale == 0) return;
    const double k = 1 / e->scale;
    const summary day = of_last(history, known, slots);
    e->now[VO_LOAD_last] = (float)(k * of_last(history, known, 1).mean);
    e->now[VO_LOAD_mean_1h] = (float)(k * of_last(history, known, hour).mean);
    e->now[VO_LOAD_mean_3h] = (float)(k * of_last(history, known, 3 * hour).mean);
    e->now[VO_LOAD_mean_24h] = (float)(k * day.mean);
    e->now[VO_LOAD_least_24h] = (float)(k * day.least);
    e->now[VO_LOAD_most_24h] = (float)(k * day.most);
    e->now[VO_LOAD_mean_7d] = (float)(k * of_last(history, known, WEEK * slots).mean);
}

double vo_load_eye_profile(const vo_load_eye *e, size_t t) {
    assert(t >= e->track.seen && t - e->track.seen < e->n_said);
    return (double)e->said[t - e->track.seen];
}

double vo_load_eye_spread(const vo_load_eye *e, size_t t) {
    return vo_profile_spread(&e->track.shape, e->track.state, e->track.slot[t],
                             t - e->track.seen + 1);
}

/* ---- a row ------------------------------------------------------------------------------------ */

/* The value `days` days of slots before t, and another day back while that is not known yet. */
static double past(const vo_load_eye *e, size_t t, size_t step, size_t *at) {
    while (t >= step) {
        t -= step;
        if (t >= e->track.seen) continue;
        *at = t;
        return e->value[t];
    }
    *at = SIZE_MAX;
    return (double)NAN;
}

/* Of the two hours about interval `at`, as far as they are known. */
static double about(const vo_load_eye *e, size_t at) {
    const size_t hour = per_hour(e);
    if (at == SIZE_MAX) return (double)NAN;
    const size_t end = at + hour + 1 < e->track.seen ? at + hour + 1 : e->track.seen;
    return of_last(e->value, end, end - (at > hour ? at - hour : 0)).mean;
}

static float change(const double *column, size_t t, size_t slots) {
    return column && t >= slots ? (float)(column[t] - column[t - slots]) : NAN;
}

void vo_load_eye_row(const vo_load_eye *e, size_t t, float row[VO_LOAD_FEATURES]) {
    const vo_profile_track *p = &e->track;
    const size_t slots = p->shape.slots;
    const double k = e->scale > 0 ? 1 / e->scale : 0, step_h = 24.0 / (double)slots;
    size_t day = SIZE_MAX, ignored = SIZE_MAX;
    for (size_t i = 0; i < VO_LOAD_FEATURES; i++) row[i] = e->now[i];
    row[VO_LOAD_lead_h] = (float)(step_h * (double)(t - p->seen + 1));
    row[VO_LOAD_hour] = (float)(step_h * p->slot[t]);
    row[VO_LOAD_weekday] = p->weekday[t];
    row[VO_LOAD_profile] = (float)(k * vo_load_eye_profile(e, t));
    row[VO_LOAD_spread] = (float)(k * vo_load_eye_spread(e, t));
    row[VO_LOAD_yesterday] = (float)(k * past(e, t, slots, &day));
    row[VO_LOAD_yesterday_2h] = (float)(k * about(e, day));
    row[VO_LOAD_before] =
        (float)(k * (day == SIZE_MAX ? (double)NAN : past(e, day, slots, &ignored)));
    row[VO_LOAD_last_week] = (float)(k * past(e, t, WEEK * slots, &ignored));
    row[VO_LOAD_temperature] = e->temperature ? (float)e->temperature[t] : NAN;
    row[VO_LOAD_warmer] = change(e->temperature, t, slots);
    row[VO_LOAD_irradiance] = e->irradiance ? (float)e->irradiance[t] : NAN;
    row[VO_LOAD_brighter] = change(e->irradiance, t, slots);
}
