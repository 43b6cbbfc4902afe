/* features_stream.c -- features of one origin after the other; see features.h.
 *
 * Rings hold what a row looks back on; windows are the same code as in batch; of an exogenous
 * column two rings are kept, the values given and, as far as they are published, the last value
 * not missing up to each interval. Days lie ready in a ring by date.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "learn/features.h"
#include "learn/features_frame.h"
#include "learn/features_value.h"
#include "learn/features_window.h"

enum { DAYS = 16, DAYS_READY = 11 };

typedef struct {
    int64_t mask;
    double *value; /* [mask + 1], interval i at i & mask */
} ring;

typedef struct {
    ring given, last;
    int64_t back;      /* intervals before `known` that may still be published */
    int64_t published; /* last holds intervals before this one                 */
    int64_t followed;  /* next interval that follow takes from a series         */
} exog_state;

struct vo_features_stream {
    const vo_alloc *alloc;
    vo_features_settings settings;
    vo_feature_layout layout;
    vo_feature_frame frame;
    vo_zone *zone;
    int64_t first, known, ahead; /* intervals; ahead: that values may be given beyond known */
    ring price;
    vo_features_now now;
    double region[VO_FEATURES_MAX_REGIONS]; /* last known */
    exog_state exog[VO_FEATURES_MAX_EXOG];
    vo_windows *windows;
    float rolled[4 * VO_FEATURES_MAX_WINDOWS]; /* as columns follow each other: means first */
    int64_t date;                              /* of interval known - 1 (at first: of first) */
    vo_feature_day day[DAYS];                  /* of date..date + DAYS_READY at date & 15    */
    float minute[VO_DAY_MINUTES][2];
};

static double *ring_at(const ring *r, int64_t i) { return &r->value[i & r->mask]; }

static int64_t ring_size(int64_t at_least) {
    int64_t size = 1;
    while (size < at_least) size *= 2;
    return size;
}

/* ---- making ------------------------------------------------------------------------------- */

/* Cuts the next ring off the one block of doubles. With a NULL
 * block only counts. */
typedef struct {
    double *block;
    size_t used;
} cutter;

static double *cut(cutter *c, size_t n) {
    double *at = c->block ? c->block + c->used : NULL;
    c->used += n;
    return at;
}

static ring cut_ring(cutter *c, int64_t at_least) {
    const int64_t size = ring_size(at_least);
    return (ring){size - 1, cut(c, (size_t)size)};
}

/* Hands out memory; returns how many doubles that takes. */
static size_t place(vo_features_stream *s, double *block) {
    const vo_features_settings *c = &s->settings;
    cutter k = {block, 0};
    int64_t back = 1;
    if (c->n_lags > 0) back = c->lag[c->n_lags - 1];
    if (c->n_days > 0 && c->day[c->n_days - 1] * s->frame.per_day > back)
        back = c->day[c->n_days - 1] * s->frame.per_day;
    s->price = cut_ring(&k, back + 1);
    for (size_t i = 0; i < c->n_exog; i++) {
        exog_state *x = &s->exog[i];
        x->back = vo_feature_late(&s->frame, &c->exog[i]);
        if (x->back < 0) x->back = 0;
        x->back += 2;
        x->given = cut_ring(&k, x->back + s->ahead + 2);
        x->last = cut_ring(&k, x->back + s->ahead + 2);
    }
    return k.used;
}

static const vo_feature_day *day_at(const vo_features_stream *s, int64_t date) {
    return &s->day[date & (DAYS - 1)];
}

static void fill_day(vo_features_stream *s, int64_t date) {
    vo_feature_day_fill(s->zone, s->frame.market, &s->settings, date,
                        &s->day[date & (DAYS - 1)]);
}

vo_status vo_features_stream_create(const vo_features *f, size_t first, const vo_alloc *alloc,
                                    vo_features_stream **out, vo_error *err) {
    if (!alloc) alloc = &vo_alloc_libc;
    vo_features_stream *s = alloc->zalloc(alloc->ctx, sizeof *s);
    if (!s) return vo_fail(err, VO_ENOMEM, "a stream of features");
    s->alloc = alloc;
    s->settings = f->settings;
    s->layout = f->layout;
    s->frame = f->frame;
    s->first = s->known = (int64_t)first;
    s->ahead = VO_FEATURES_AHEAD_S / f->frame.step_s + 1;
    memcpy(s->minute, f->minute, sizeof s->minute);
    for (size_t i = 0; i < VO_FEATURES_MAX_REGIONS; i++) s->region[i] = (double)NAN;

    const size_t doubles = place(s, NULL);
    double *block = alloc->zalloc(alloc->ctx, doubles * sizeof *block);
    vo_status st = vo_zone_open(vo_zone_name(f->zone), &s->zone, err);
    if (st == VO_OK && !block)
        st = vo_fail(err, VO_ENOMEM, "a stream of features: %zu numbers", doubles);
    s->price.value = block; /* what free gives back */
    if (st == VO_OK)
        st = vo_windows_create(s->settings.window, s->settings.n_windows, alloc, &s->windows,
                               err);
    if (st != VO_OK) goto fail;
    for (size_t i = 0; i < doubles; i++) block[i] = (double)NAN;
    place(s, block);
    for (size_t k = 0; k < s->settings.n_exog; k++) {
        exog_state *x = &s->exog[k];
        x->published = x->followed = s->first > x->back ? s->first - x->back : 0;
    }
    s->date = vo_zone_local_day(s->zone, vo_feature_at(&s->frame, s->first));
    for (int64_t d = 0; d <= DAYS_READY; d++) fill_day(s, s->date + d);
    *out = s;
    return VO_OK;

fail:
    vo_features_stream_free(s);
    return st;
}

void vo_features_stream_free(vo_features_stream *s) {
    if (!s) return;
    const vo_alloc *a = s->alloc;
    vo_zone_close(s->zone);
    vo_windows_free(s->windows);
    a->free(a->ctx, s->price.value);
    a->free(a->ctx, s);
}

/* ---- taking -------------------------------------------------------------------------------- */

/* last[i] for from <= i < to. */
static void carry(exog_state *x, int64_t from, int64_t to) {
    double last = from > 0 ? *ring_at(&x->last, from - 1) : (double)NAN;
    for (int64_t i = from; i < to; i++) {
        const double v = *ring_at(&x->given, i);
        if (isfinite(v)) last = v;
        *ring_at(&x->last, i) = last;
    }
}

size_t vo_features_stream_publish(vo_features_stream *s, size_t k, size_t from,
                                  const double *value, size_t n) {
    assert(k < s->settings.n_exog);
    exog_state *x = &s->exog[k];
    const int64_t low = s->known - x->back, high = s->known + s->ahead;
    int64_t earliest = x->published;
    for (size_t j = 0; j < n; j++) {
        const int64_t i = (int64_t)(from + j);
        if (i >= high) n = j;
        if (i < low || i >= high) continue;
        *ring_at(&x->given, i) = value[j];
        if (i < earliest) earliest = i;
    }
    carry(x, earliest, x->published);
    return n;
}

/* The origin has moved on: more is published, and one more interval may be given. */
static void advance(vo_features_stream *s, size_t k) {
    exog_state *x = &s->exog[k];
    const int64_t now_s = vo_feature_at(&s->frame, s->known);
    int64_t date = s->date;
    while (now_s >= day_at(s, date)->end_s) date++;
    const int64_t end = vo_feature_published(&s->frame, &s->settings.exog[k], k,
                                             day_at(s, date), day_at(s, date + 1), s->known);
    *ring_at(&x->given, s->known + s->ahead - 1) = (double)NAN;
    if (end <= x->published) return;
    carry(x, x->published, end);
    x->published = end;
}

void vo_features_stream_push(vo_features_stream *s, const vo_features_now *now) {
    const vo_features_settings *c = &s->settings;
    const int64_t t = s->known++;
    *ring_at(&s->price, t) = now->price;
    s->now = *now;
    for (size_t k = 0; k < c->n_regions; k++)
        if (isfinite(now->region[k])) s->region[k] = now->region[k];
    vo_windows_run(s->windows, &now->price, 1, s->rolled, 1);
    while (vo_feature_at(&s->frame, t) >= day_at(s, s->date)->end_s) {
        s->date++;
        fill_day(s, s->date + DAYS_READY);
    }
    for (size_t k = 0; k < c->n_exog; k++) advance(s, k);
}

void vo_features_stream_follow(vo_features_stream *s, const vo_features *f,
                               const vo_features_input *in, size_t until) {
    const vo_features_settings *c = &s->settings;
    const int64_t n = (int64_t)f->series->n;
    double region[VO_FEATURES_MAX_REGIONS];
    assert(until <= f->series->n);
    while (s->known < (int64_t)until) {
        for (size_t k = 0; k < c->n_exog; k++) {
            exog_state *x = &s->exog[k];
            if (x->followed >= n) continue;
            x->followed += (int64_t)vo_features_stream_publish(
                s, k, (size_t)x->followed, f->exog[k] + x->followed, (size_t)(n - x->followed));
        }
        const size_t t = (size_t)s->known;
        for (size_t k = 0; k < c->n_regions; k++) region[k] = f->region[k][t];
        const double none = (double)NAN;
        vo_features_stream_push(
            s, &(vo_features_now){.price = in->price[t],
                                  .region = region,
                                  .congestion = f->congestion ? f->congestion[t] : none,
                                  .loss = f->loss ? f->loss[t] : none,
                                  .soc = in->soc ? in->soc[t] : none,
                                  .cycle_h = in->cycle_h ? in->cycle_h[t] : none});
    }
}

/* ---- giving -------------------------------------------------------------------------------- */

static float price_before(const vo_features_stream *s, int64_t back) {
    const int64_t i = s->known - 1 - back;
    return i < s->first ? NAN : vo_feature_value(*ring_at(&s->price, i));
}

static void put_calendar(const vo_features_stream *s, int64_t i, float *out) {
    const int64_t at_s = vo_feature_at(&s->frame, i);
    int64_t date = s->date;
    while (at_s >= day_at(s, date)->end_s) date++;
    const vo_feature_day *d = day_at(s, date);
    const float *minute = s->minute[vo_feature_day_minute(d, at_s)];
    memcpy(out, minute, 2 * sizeof *out);
    memcpy(out + 2, d->weekday, 2 * sizeof *out);
    memcpy(out + 4, d->season, 2 * sizeof *out);
    out[6] = d->holiday;
}

static float published(const exog_state *x, int64_t end) {
    if (end > x->published) end = x->published;
    return end > 0 ? vo_feature_value(*ring_at(&x->last, end - 1)) : NAN;
}

static void put_exog(const vo_features_stream *s, int64_t horizon, float *out) {
    const size_t *at = s->layout.at;
    for (size_t k = 0, ahead = 0; k < s->settings.n_exog; k++) {
        const exog_state *x = &s->exog[k];
        out[at[VO_FEATURE_EXOG] + k] = published(x, s->known);
        if (vo_feature_ahead(&s->settings, ahead) == k)
            out[at[VO_FEATURE_TARGET_EXOG] + ahead++] = published(x, s->known + horizon);
    }
}

void vo_features_stream_get(const vo_features_stream *s, size_t horizon, float *out) {
    const vo_features_settings *c = &s->settings;
    const size_t *at = s->layout.at;
    const int64_t h = (int64_t)horizon;
    assert(s->known > s->first && h >= 1 && h < s->ahead);
    out[at[VO_FEATURE_PRICE]] = price_before(s, 0);
    for (size_t i = 0; i < c->n_lags; i++)
        out[at[VO_FEATURE_LAG] + i] = price_before(s, c->lag[i]);
    for (size_t i = 0; i < c->n_days; i++) {
        out[at[VO_FEATURE_DAY] + i] = price_before(s, c->day[i] * s->frame.per_day);
        out[at[VO_FEATURE_TARGET_DAY] + i] =
            price_before(s, vo_feature_target_back(&s->frame, c->day[i], h));
    }
    memcpy(out + at[VO_FEATURE_MEAN], s->rolled, 4 * c->n_windows * sizeof *out);
    if (c->calendar) {
        put_calendar(s, s->known - 1, out + at[VO_FEATURE_HOUR_SIN]);
        put_calendar(s, s->known - 1 + h, out + at[VO_FEATURE_TARGET_HOUR_SIN]);
    }
    for (size_t k = 0; k < c->n_regions; k++)
        out[at[VO_FEATURE_REGION] + k] = vo_feature_value(s->now.price - s->region[k]);
    put_exog(s, h, out);
    if (c->congestion[0]) out[at[VO_FEATURE_CONGESTION]] = vo_feature_value(s->now.congestion);
    if (c->loss[0]) out[at[VO_FEATURE_LOSS]] = vo_feature_value(s->now.loss);
    if (!c->battery) return;
    out[at[VO_FEATURE_SOC]] = vo_feature_value(s->now.soc);
    out[at[VO_FEATURE_CYCLE_H]] = vo_feature_value(s->now.cycle_h);
}
