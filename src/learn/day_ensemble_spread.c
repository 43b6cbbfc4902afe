/* day_ensemble_spread.c -- see day_ensemble_spread.h.
 *
 * Exponential means are kept as sum and weight, so that the first days count fully. Ratios have
 * a floor on both sides (x + f m) / ((1 + f) m), so that a quiet day does not close the interval.
 *
 * Trackers stand at levels 1, 5, 10 and 25 % and their mirrors, in three parts of the day; the
 * stretch of another level is interpolated between them, to none at the median, and held
 * beyond the outermost.
 */
#include "learn/day_ensemble_spread.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "learn/conformal.h"

enum { H = VO_DAY_HOURS, PARTS = 3, TRACKED = 8 };

static const double tracked[TRACKED] = {0.01, 0.05, 0.1, 0.25, 0.75, 0.9, 0.95, 0.99};
#define MEMORY_MONTHS 60.0 /* half-life of what is usual for disagreement, days */
#define MEMORY_RANGE 28.0  /* and for the range of a day                        */
#define NO_ERROR 1e300     /* in a saved file: this hour was not known          */

typedef struct {
    double sum, weight;
} average;

/* All that changes, for one copy. */
typedef struct {
    average hour[H], usual[H];      /* E; disagreement */
    average fast, slow, range;      /* F, S, R_m       */
    double stretch[PARTS][TRACKED]; /* logarithms */
    double n_days, at;              /* of the ring */
    /* what was said of the day to come */
    double forecast[H], disagreement[H], scale[H];
    double end[H][TRACKED]; /* its quantiles at the tracked levels */
} state;

struct vo_day_spread {
    vo_day_spread_settings set;
    const vo_alloc *alloc;
    state now;
    double near[H][H];
    double *ring;   /* [window][H] standard errors, NAN: not known */
    double *sorted; /* [n_sorted] of them                          */
    size_t n_sorted;
};

vo_day_spread_settings vo_day_spread_settings_default(void) {
    return (vo_day_spread_settings){.hour_half_life_days = 42,
                                    .fast_half_life_days = 2,
                                    .slow_half_life_days = 60,
                                    .by_recent = 0.5,
                                    .by_disagreement = 0.4,
                                    .by_range = 0.2,
                                    .by_place = 0.1,
                                    .window_days = 364,
                                    .rate = 0.3,
                                    .keep = 0.97};
}

static vo_status within(const char *field, double v, double low, double high, vo_error *err) {
    if (v >= low && v <= high) return VO_OK;
    return vo_fail(err, VO_EINVAL, "spread %s = %g is not within %g..%g", field, v, low, high);
}

static vo_status check(const vo_day_spread_settings *s, vo_error *err) {
    vo_status st = within("hour_half_life_days", s->hour_half_life_days, 1, 1e4, err);
    if (st == VO_OK) st = within("fast_half_life_days", s->fast_half_life_days, 0.1, 1e4, err);
    if (st == VO_OK) st = within("slow_half_life_days", s->slow_half_life_days, 0.1, 1e4, err);
    if (st == VO_OK) st = within("by_recent", s->by_recent, 0, 2, err);
    if (st == VO_OK) st = within("by_disagreement", s->by_disagreement, 0, 2, err);
    if (st == VO_OK) st = within("by_range", s->by_range, 0, 2, err);
    if (st == VO_OK) st = within("by_place", s->by_place, 0, 2, err);
    if (st == VO_OK) st = within("window_days", (double)s->window_days, 14, 1000, err);
    if (st == VO_OK) st = within("rate", s->rate, 0, 2, err);
    if (st == VO_OK) st = within("keep", s->keep, 0, 1, err);
    return st;
}

vo_status vo_day_spread_create(const vo_day_spread_settings *settings, const vo_alloc *alloc,
                               vo_day_spread **out, vo_error *err) {
    const vo_alloc *a = alloc ? alloc : &vo_alloc_libc;
    const vo_status st = check(settings, err);
    if (st != VO_OK) return st;
    vo_day_spread *s = a->zalloc(a->ctx, sizeof *s);
    if (!s) return vo_fail(err, VO_ENOMEM, "intervals of a forecast");
    s->set = *settings;
    s->alloc = a;
    s->ring = a->zalloc(a->ctx, 2 * settings->window_days * H * sizeof(double));
    if (!s->ring) {
        vo_day_spread_free(s);
        return vo_fail(err, VO_ENOMEM, "errors of %zu days", settings->window_days);
    }
    s->sorted = s->ring + settings->window_days * H;
    for (int h = 0; h < H; h++) {
        double sum = 0;
        s->now.forecast[h] = (double)NAN;
        for (int j = 0; j < H; j++) sum += s->near[h][j] = exp(-(h - j) * (h - j) / 4.5);
        for (int j = 0; j < H; j++) s->near[h][j] /= sum;
    }
    *out = s;
    return VO_OK;
}

void vo_day_spread_free(vo_day_spread *s) {
    if (!s) return;
    s->alloc->free(s->alloc->ctx, s->ring);
    s->alloc->free(s->alloc->ctx, s);
}

/* ---- the scale ------------------------------------------------------------------------- */

static void take(average *a, double x, double half_life) {
    const double keep = exp2(-1 / half_life);
    a->sum = keep * a->sum + x;
    a->weight = keep * a->weight + 1;
}

static double mean(const average *a) {
    return a->weight > 0 ? a->sum / a->weight : (double)NAN;
}

/* ((x + floor m) / ((1 + floor) m))^power; 1 where nothing is usual yet. */
static double against(double x, double usual, double floor_share, double power) {
    if (!(usual > 0) || !(x >= 0)) return 1;
    return pow((x + floor_share * usual) / ((1 + floor_share) * usual), power);
}

static double around(const vo_day_spread *s, const average *hours, int h) {
    double sum = 0, weight = 0;
    for (int j = 0; j < H; j++) {
        sum += s->near[h][j] * hours[j].sum;
        weight += s->near[h][j] * hours[j].weight;
    }
    return weight > 0 ? sum / weight : (double)NAN;
}

/* Mean and standard deviation of the known ones; NAN: none. */
static void moments(const double *v, double *centre, double *deviation) {
    double sum = 0, square = 0;
    int n = 0;
    for (int h = 0; h < H; h++) {
        if (isnan(v[h])) continue;
        sum += v[h];
        n++;
    }
    *centre = n > 0 ? sum / n : (double)NAN;
    for (int h = 0; h < H; h++)
        if (!isnan(v[h])) square += (v[h] - *centre) * (v[h] - *centre);
    *deviation = n > 0 ? sqrt(square / n) : (double)NAN;
}

static void scale_of(const vo_day_spread *s, const double *forecast, const double *apart,
                     double scale[H]) {
    const state *w = &s->now;
    double centre, range;
    moments(forecast, &centre, &range);
    const double day = against(mean(&w->fast), mean(&w->slow), 0.1, s->set.by_recent) *
                       against(range, mean(&w->range), 0.3, s->set.by_range);
    for (int h = 0; h < H; h++) {
        double now = 0;
        for (int j = 0; j < H; j++) now += s->near[h][j] * apart[j];
        const double place = range > 0 ? fmin(fabs(forecast[h] - centre) / range, 3) : 0;
        const double usual = around(s, w->hour, h);
        scale[h] = (usual > 1e-3 ? usual : 1e-3) * day * exp(s->set.by_place * place) *
                   against(now, around(s, w->usual, h), 0.3, s->set.by_disagreement);
    }
}

/* ---- quantiles ------------------------------------------------------------------------- */

/* Stretch (a logarithm) of a level: between the tracked ones of its side, 0 at the median. */
static double stretch_at(const double *row, double level) {
    double from = 0, low = 0.5, to = 0, high = 0.5;
    const bool below = level < 0.5;
    for (int i = 0; i < TRACKED / 2; i++) { /* from the median outwards */
        const int k = below ? TRACKED / 2 - 1 - i : TRACKED / 2 + i;
        from = to, low = high;
        to = row[k], high = tracked[k];
        if (below ? level >= high : level <= high) {
            const double part = (level - low) / (high - low);
            return from + part * (to - from);
        }
    }
    return to;
}

static void quantiles(const vo_day_spread *s, const double *forecast, const double *scale,
                      const double *level, size_t n_levels, double *out) {
    if (s->n_sorted == 0) {
        for (size_t i = 0; i < H * n_levels; i++) out[i] = (double)NAN;
        return;
    }
    const double middle = vo_order_quantile(s->sorted, s->n_sorted, 0.5);
    for (size_t i = 0; i < n_levels; i++) {
        const double z = vo_order_quantile(s->sorted, s->n_sorted, level[i]) - middle;
        for (int h = 0; h < H; h++) {
            const double *row = s->now.stretch[h * PARTS / H];
            out[(size_t)h * n_levels + i] =
                forecast[h] + scale[h] * (middle + z * exp(stretch_at(row, level[i])));
        }
    }
    for (int h = 0; h < H; h++) /* stretched differently, levels could cross */
        for (size_t i = 1; i < n_levels; i++) {
            double *v = out + (size_t)h * n_levels + i;
            if (v[0] < v[-1]) v[0] = v[-1];
        }
}

void vo_day_spread_say(vo_day_spread *s, const double *forecast, const double *disagreement) {
    state *w = &s->now;
    memcpy(w->forecast, forecast, sizeof w->forecast);
    memcpy(w->disagreement, disagreement, sizeof w->disagreement);
    scale_of(s, forecast, disagreement, w->scale);
    quantiles(s, forecast, w->scale, tracked, TRACKED, &w->end[0][0]);
}

void vo_day_spread_quantiles(const vo_day_spread *s, const double *level, size_t n_levels,
                             double *out) {
    quantiles(s, s->now.forecast, s->now.scale, level, n_levels, out);
}

void vo_day_spread_quantiles_of(const vo_day_spread *s, const double *forecast,
                                const double *disagreement, const double *level,
                                size_t n_levels, double *out) {
    double scale[H];
    scale_of(s, forecast, disagreement, scale);
    quantiles(s, forecast, scale, level, n_levels, out);
}

/* ---- learning -------------------------------------------------------------------------- */

static void track(vo_day_spread *s, const double *real) {
    for (int part = 0; part < PARTS; part++)
        for (int i = 0; i < TRACKED; i++) {
            const bool below = tracked[i] < 0.5;
            int n = 0, missed = 0;
            for (int h = part * H / PARTS; h < (part + 1) * H / PARTS; h++) {
                const double end = s->now.end[h][i];
                if (isnan(real[h]) || isnan(end)) continue;
                n++;
                missed += below ? real[h] < end : real[h] > end;
            }
            if (n == 0) continue;
            vo_tracker t = {below ? tracked[i] : 1 - tracked[i], s->set.rate, s->set.keep,
                            s->now.stretch[part][i]};
            vo_tracker_step(&t, (double)missed / n);
            s->now.stretch[part][i] = t.log_factor;
        }
}

static void sort_ring(vo_day_spread *s) {
    s->n_sorted = 0;
    for (size_t i = 0; i < (size_t)s->now.n_days * H; i++)
        if (!isnan(s->ring[i])) s->sorted[s->n_sorted++] = s->ring[i];
    qsort(s->sorted, s->n_sorted, sizeof(double), vo_order_double);
}

/* Standard errors of the day. Before there is any scale, those of an error of mean size 1. */
static void remember(vo_day_spread *s, const double *real) {
    state *w = &s->now;
    double *row = s->ring + (size_t)w->at * H;
    const bool first = !(w->slow.weight > 0);
    double sum = 0;
    int n = 0;
    for (int h = 0; h < H; h++) {
        const double e = fabs(real[h] - w->forecast[h]);
        if (isnan(e)) continue;
        sum += e;
        n++;
    }
    for (int h = 0; h < H; h++) {
        const double unit = first ? fmax(n > 0 ? sum / n : 1, 1e-3) : w->scale[h];
        row[h] = (real[h] - w->forecast[h]) / unit;
    }
    w->at = (double)(((size_t)w->at + 1) % s->set.window_days);
    w->n_days = fmin(w->n_days + 1, (double)s->set.window_days);
}

void vo_day_spread_observe(vo_day_spread *s, const double *real) {
    state *w = &s->now;
    double centre, range, sum = 0;
    int n = 0;
    track(s, real);
    remember(s, real);
    for (int h = 0; h < H; h++) {
        const double e = fabs(real[h] - w->forecast[h]);
        if (isnan(e)) continue;
        take(&w->hour[h], e, s->set.hour_half_life_days);
        take(&w->usual[h], w->disagreement[h], MEMORY_MONTHS);
        sum += e;
        n++;
    }
    moments(real, &centre, &range);
    if (n > 0) {
        take(&w->fast, sum / n, s->set.fast_half_life_days);
        take(&w->slow, sum / n, s->set.slow_half_life_days);
    }
    if (!isnan(range)) take(&w->range, range, MEMORY_RANGE);
    sort_ring(s);
}

/* ---- keeping --------------------------------------------------------------------------- */

static const size_t state_size = sizeof(state) / sizeof(double);

vo_status vo_day_spread_save(const vo_day_spread *s, vo_artefact_out *out, vo_error *err) {
    const vo_alloc *a = s->alloc;
    const size_t n_ring = (size_t)s->now.n_days * H, n = state_size + n_ring;
    double *all = a->zalloc(a->ctx, n * sizeof(double)); /* NAN is not kept in a file */
    if (!all) return vo_fail(err, VO_ENOMEM, "intervals to save");
    memcpy(all, &s->now, sizeof s->now);
    memcpy(all + state_size, s->ring, n_ring * sizeof(double));
    for (size_t i = 0; i < n; i++)
        if (isnan(all[i])) all[i] = NO_ERROR;
    vo_artefact_begin(out, "SPRD");
    vo_artefact_put_u64(out, s->set.window_days);
    vo_artefact_put_doubles(out, all, state_size);
    vo_artefact_put_doubles(out, all + state_size, n_ring);
    vo_artefact_end(out);
    a->free(a->ctx, all);
    return VO_OK;
}

static void restore_nan(double *v, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (v[i] >= NO_ERROR) v[i] = (double)NAN;
}

vo_status vo_day_spread_load(vo_day_spread *s, vo_artefact *in, vo_error *err) {
    uint64_t window = 0;
    double all[sizeof(state) / sizeof(double)];
    vo_status st = vo_artefact_enter(in, "SPRD", err);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &window, err);
    if (st == VO_OK) st = vo_artefact_get_doubles(in, all, state_size, err);
    if (st != VO_OK) return st;
    state loaded;
    restore_nan(all, state_size);
    memcpy(&loaded, all, sizeof loaded);
    if (window != s->set.window_days ||
        !(loaded.n_days >= 0 && loaded.n_days <= (double)window) ||
        !(loaded.at >= 0 && loaded.at < (double)window))
        return vo_fail(err, VO_EINVAL, "the saved intervals are of %llu days, not %zu",
                       (unsigned long long)window, s->set.window_days);
    loaded.n_days = floor(loaded.n_days);
    loaded.at = floor(loaded.at);
    st = vo_artefact_get_doubles(in, s->ring, (size_t)loaded.n_days * H, err);
    if (st != VO_OK) return st;
    s->now = loaded;
    restore_nan(s->ring, (size_t)loaded.n_days * H);
    sort_ring(s);
    vo_artefact_leave(in);
    return VO_OK;
}
