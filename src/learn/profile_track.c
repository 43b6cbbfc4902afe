/* profile_track.c -- see profile_track.h. */
#include "learn/profile_track.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/zone.h"

void vo_profile_track_fini(vo_profile_track *t) {
    if (!t->alloc) return;
    const vo_alloc *a = t->alloc;
    a->free(a->ctx, t->slot);
    a->free(a->ctx, t->weekday);
    a->free(a->ctx, t->weekend);
    a->free(a->ctx, t->state);
    *t = (vo_profile_track){0};
}

static vo_status check_step(const vo_series *s, size_t *slots, vo_error *err) {
    const double n = 24 / s->dt_h[0];
    for (size_t t = 1; t < s->n; t++)
        if (fabs(s->dt_h[t] - s->dt_h[0]) > 1e-9)
            return vo_fail(err, VO_EINVAL,
                           "interval %zu has %g h, the first %g h: profiles of a day need "
                           "intervals of one length (repair = \"clean\")",
                           t, s->dt_h[t], s->dt_h[0]);
    if (!(n >= 1 && n <= VO_PROFILE_SLOTS) || fabs(n - round(n)) > 1e-6)
        return vo_fail(err, VO_EINVAL,
                       "intervals of %g min: profiles of a day need whole parts of it, of 5 "
                       "minutes or more",
                       60 * s->dt_h[0]);
    *slots = (size_t)llround(n);
    return VO_OK;
}

static vo_status read_clock(vo_profile_track *t, vo_error *err) {
    const vo_series *s = t->series;
    const int64_t step_s = 86400 / (int64_t)t->shape.slots;
    vo_zone *zone = NULL;
    const vo_status st = vo_zone_open(s->zone[0] ? s->zone : "UTC", &zone, err);
    if (st != VO_OK) return st;
    for (size_t i = 0; i < s->n; i++) {
        const int64_t local = s->start[i].s + vo_zone_offset(zone, s->start[i].s);
        const int64_t of_day = ((local % 86400) + 86400) % 86400;
        const int64_t slot = of_day / step_s, last = (int64_t)t->shape.slots - 1;
        t->slot[i] = (uint16_t)(slot < last ? slot : last);
        t->weekday[i] = (uint8_t)vo_civil_weekday((local - of_day) / 86400);
        t->weekend[i] = t->weekday[i] >= 5;
    }
    vo_zone_close(zone);
    return VO_OK;
}

vo_status vo_profile_track_init(vo_profile_track *out, const vo_series *series, int32_t kind,
                                const vo_alloc *alloc, vo_error *err) {
    vo_profile_track t = {.alloc = alloc, .series = series, .last = (double)NAN};
    t.shape = (vo_profile_shape){.weekends = true, .kind = kind};
    vo_status st = check_step(series, &t.shape.slots, err);
    if (st != VO_OK) return st;
    t.slot = alloc->zalloc(alloc->ctx, series->n * sizeof *t.slot);
    t.weekday = alloc->zalloc(alloc->ctx, series->n);
    t.weekend = alloc->zalloc(alloc->ctx, series->n);
    t.state = alloc->zalloc(alloc->ctx, vo_profile_floats(&t.shape) * sizeof *t.state);
    if (!t.slot || !t.weekday || !t.weekend || !t.state)
        st = vo_fail(err, VO_ENOMEM, "a profile over %zu intervals", series->n);
    if (st == VO_OK) st = read_clock(&t, err);
    if (st != VO_OK) {
        vo_profile_track_fini(&t);
        return st;
    }
    *out = t;
    return VO_OK;
}

static bool same(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

void vo_profile_track_to(vo_profile_track *t, const double *history, size_t known) {
    assert(known <= t->series->n);
    if (known < t->seen ||
        (t->seen > 0 && (history != t->history || !same(history[t->seen - 1], t->last)))) {
        memset(t->state, 0, vo_profile_floats(&t->shape) * sizeof *t->state);
        t->seen = 0;
    }
    t->history = history;
    for (; t->seen < known; t->seen++) {
        t->last = history[t->seen];
        vo_profile_observe(&t->shape, t->state, t->slot[t->seen], t->weekend[t->seen], t->last);
    }
}

void vo_profile_track_predict(const vo_profile_track *t, size_t n, float *out) {
    assert(t->seen + n <= t->series->n);
    vo_profile_predict(&t->shape, t->state, t->slot + t->seen, t->weekend + t->seen, n, out);
}

bool vo_profile_track_knows(const vo_profile_track *t) {
    const size_t n = vo_profile_floats(&t->shape);
    for (size_t i = 0; i < n; i++)
        if (t->state[i] != 0) return true;
    return false;
}
