/* forecaster_naive.c -- the price of an earlier day at the same local hour.
 *
 * naive_day looks one day back, naive_week seven. epf_naive is the benchmark of the electricity
 * price literature (Nogales et al. 2002; Lago et al. 2021 use it for rMAE): one day back from
 * Tuesday to Friday, seven on Saturday, Sunday and Monday.
 *
 * Local hours, not intervals, are matched: a day of 23 or 25 hours shifts nothing. An hour that
 * the earlier day does not have takes the nearest one, of a repeated hour the first. When the
 * day wanted lies before the history, the latest known day serves, counted as filled; when its
 * hour is not known yet, the latest day that has it does.
 */
#include <math.h>
#include <stdlib.h>

#include "base/zone.h"
#include "learn/forecaster.h"

#define NOWHERE (-1)

typedef struct {
    vo_forecaster base;
    int64_t *day_back;  /* [n] interval a day earlier, or NOWHERE    */
    int64_t *week_back; /* [n] seven days earlier, or NOWHERE        */
    bool *by_week;      /* [n] whether the method asks for the latter */
} naive;

/* Local days of the series, by wall clock. Lives only while a forecaster is made. */
typedef struct {
    size_t n_days;
    size_t *first;   /* [n_days + 1] first interval                   */
    int64_t *date;   /* [n_days] local date, days since 1970-01-01    */
    int64_t *wall_s; /* [n] seconds of local wall clock since midnight */
} calendar;

static void naive_free(vo_forecaster *f) {
    naive *v = (naive *)(void *)f;
    f->alloc->free(f->alloc->ctx, v->day_back);
    f->alloc->free(f->alloc->ctx, v->week_back);
    f->alloc->free(f->alloc->ctx, v->by_week);
    f->alloc->free(f->alloc->ctx, v);
}

/* Follows the map until a price is known. *missed: a gap in the history was met on the way; an
 * hour that is only not known yet is no miss, the latest known day is the rule. */
static int64_t follow(const int64_t *back, int64_t at, const double *history, size_t known,
                      bool *missed) {
    for (; at != NOWHERE; at = back[at]) {
        if ((size_t)at >= known) continue;
        if (!isnan(history[at])) return at;
        *missed = true;
    }
    return NOWHERE;
}

static vo_status naive_predict(vo_forecaster *f, const double *history, size_t known,
                               size_t from, size_t to, double *out, size_t *filled,
                               vo_error *err) {
    (void)err;
    const naive *v = (const naive *)(const void *)f;
    for (size_t t = from; t < to; t++) {
        bool missed = false;
        int64_t at =
            follow(v->by_week[t] ? v->week_back : v->day_back,
                   v->by_week[t] ? v->week_back[t] : v->day_back[t], history, known, &missed);
        if (at == NOWHERE && v->by_week[t]) {
            missed = true;
            at = follow(v->day_back, v->day_back[t], history, known, &missed);
        }
        out[t - from] = at == NOWHERE ? (double)NAN : history[at];
        if (at != NOWHERE && missed) ++*filled;
    }
    return VO_OK;
}

static const vo_forecaster_ops naive_ops = {
    .name = "naive", .predict = naive_predict, .free = naive_free};

/* ---- making the maps ------------------------------------------------------------ */

static void calendar_fini(calendar *c, const vo_alloc *a) {
    a->free(a->ctx, c->first);
    a->free(a->ctx, c->date);
    a->free(a->ctx, c->wall_s);
}

static vo_status calendar_init(calendar *c, const vo_series *s, const vo_zone *zone,
                               const vo_alloc *a, vo_error *err) {
    *c = (calendar){.n_days = 1};
    for (size_t t = 1; t < s->n; t++) c->n_days += s->day[t] != s->day[t - 1];
    c->first = a->zalloc(a->ctx, (c->n_days + 1) * sizeof *c->first);
    c->date = a->zalloc(a->ctx, c->n_days * sizeof *c->date);
    c->wall_s = a->zalloc(a->ctx, s->n * sizeof *c->wall_s);
    if (!c->first || !c->date || !c->wall_s) {
        calendar_fini(c, a);
        return vo_fail(err, VO_ENOMEM, "a calendar of %zu intervals", s->n);
    }
    size_t k = 0;
    for (size_t t = 0; t < s->n; t++) {
        const int64_t local = s->start[t].s + vo_zone_offset(zone, s->start[t].s);
        const int64_t date = (local >= 0 ? local : local - 86399) / 86400;
        if (t == 0 || s->day[t] != s->day[t - 1]) {
            c->first[k] = t;
            c->date[k++] = date;
        }
        c->wall_s[t] = local - date * 86400;
    }
    c->first[k] = s->n;
    return VO_OK;
}

/* The interval of day k whose wall clock is nearest to that of t on day own (the earlier of two
 * equally near). Days of one length show the same times at the same places. */
static size_t same_hour(const calendar *c, size_t t, size_t own, size_t k) {
    const size_t own_first = c->first[own], first = c->first[k], end = c->first[k + 1];
    const int64_t want = c->wall_s[t];
    const size_t guess = first + (t - own_first);
    if (end - first == c->first[own + 1] - own_first && c->wall_s[guess] == want) return guess;

    size_t best = first;
    for (size_t i = first; i < end; i++)
        if (llabs(c->wall_s[i] - want) < llabs(c->wall_s[best] - want)) best = i;
    return best;
}

/* back[t]: the same hour of the day dated `days` before t's, where the series has it. */
static void map_back(const calendar *c, int64_t days, int64_t *back) {
    size_t source = 0;
    for (size_t k = 0; k < c->n_days; k++) {
        while (source < k && c->date[source] < c->date[k] - days) source++;
        const bool there = source < k && c->date[source] == c->date[k] - days;
        for (size_t t = c->first[k]; t < c->first[k + 1]; t++)
            back[t] = there ? (int64_t)same_hour(c, t, k, source) : NOWHERE;
    }
}

typedef int32_t days_back_rule(int32_t weekday); /* 0 = Monday; how many days back: 1 or 7 */

static int32_t always_day(int32_t weekday) {
    (void)weekday;
    return 1;
}
static int32_t always_week(int32_t weekday) {
    (void)weekday;
    return 7;
}
static int32_t epf_rule(int32_t weekday) { return weekday >= 1 && weekday <= 4 ? 1 : 7; }

static vo_status create(days_back_rule *rule, const char *name, const char *argument,
                        const vo_series *s, const vo_alloc *a, vo_forecaster **out,
                        vo_error *err) {
    if (argument)
        return vo_fail(err, VO_EINVAL,
                       "forecaster %s takes no argument: \"=%.40s\" is too much", name,
                       argument);
    vo_zone *zone = NULL;
    calendar c = {0};
    vo_status st = VO_OK;
    naive *v = a->zalloc(a->ctx, sizeof *v);
    if (!v) return vo_fail(err, VO_ENOMEM, "forecaster %s", name);
    v->base = (vo_forecaster){&naive_ops, a, s->n};
    v->day_back = a->zalloc(a->ctx, s->n * sizeof *v->day_back);
    v->week_back = a->zalloc(a->ctx, s->n * sizeof *v->week_back);
    v->by_week = a->zalloc(a->ctx, s->n * sizeof *v->by_week);
    if (!v->day_back || !v->week_back || !v->by_week) {
        st = vo_fail(err, VO_ENOMEM, "forecaster %s over %zu intervals", name, s->n);
        goto fail;
    }
    st = vo_zone_open(s->zone[0] ? s->zone : "UTC", &zone, err);
    if (st != VO_OK) goto fail;
    st = calendar_init(&c, s, zone, a, err);
    if (st != VO_OK) goto fail;

    map_back(&c, 1, v->day_back);
    map_back(&c, 7, v->week_back);
    for (size_t k = 0; k < c.n_days; k++) {
        const bool week = rule(vo_civil_weekday(c.date[k])) == 7;
        for (size_t t = c.first[k]; t < c.first[k + 1]; t++) v->by_week[t] = week;
    }
    calendar_fini(&c, a);
    vo_zone_close(zone);
    *out = &v->base;
    return VO_OK;

fail:
    vo_zone_close(zone);
    naive_free(&v->base);
    return st;
}

vo_status vo_forecaster_create_naive_day(const char *argument, const vo_series *series,
                                         const vo_learning *world, vo_forecaster **out,
                                         vo_error *err) {
    return create(always_day, "naive_day", argument, series, world->alloc, out, err);
}

vo_status vo_forecaster_create_naive_week(const char *argument, const vo_series *series,
                                          const vo_learning *world, vo_forecaster **out,
                                          vo_error *err) {
    return create(always_week, "naive_week", argument, series, world->alloc, out, err);
}

vo_status vo_forecaster_create_epf_naive(const char *argument, const vo_series *series,
                                         const vo_learning *world, vo_forecaster **out,
                                         vo_error *err) {
    return create(epf_rule, "epf_naive", argument, series, world->alloc, out, err);
}
