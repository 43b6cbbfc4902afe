/* q_environment.c -- see q_environment.h for the equations.
 *
 * choose and play are loops over arrays without branches, which compilers turn into vector
 * code (VO_WIDE); what is rare, a start somewhere else, is a loop of its own afterwards.
 */
#if defined __GNUC__ && !defined __clang__
#pragma GCC optimize("no-trapping-math") /* or comparisons stay branches; no value changes */
#endif

#include "learn/q_environment.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/order.h"
#include "base/random.h"
#include "base/wide.h"

#define CHUNK 256
#define MAX_STEPS (UINT32_C(1) << 29) /* four values each within the reach of an int32 */

/* ---- the signal ---------------------------------------------------------------------------- */

vo_status vo_q_hours(const vo_series *series, uint8_t *hour, vo_error *err) {
    vo_zone *zone = NULL;
    const vo_status st = vo_zone_open(series->zone[0] ? series->zone : "UTC", &zone, err);
    if (st != VO_OK) return st;
    for (size_t t = 0; t < series->n; t++) {
        const int64_t wall = series->start[t].s + vo_zone_offset(zone, series->start[t].s);
        hour[t] = (uint8_t)(((wall % 86400) + 86400) % 86400 / 3600);
    }
    vo_zone_close(zone);
    return VO_OK;
}

vo_status vo_q_check_history(const double *price, size_t until, double interval_h,
                             vo_error *err) {
    double known_h = 0;
    for (size_t t = 0; t < until; t++)
        if (!isnan(price[t])) known_h += interval_h;
    if (known_h >= 24 * VO_Q_LEAST_DAYS) return VO_OK;
    return vo_fail(
        err, VO_EINVAL,
        "q_learning: %.1f days of prices are too few to learn when to trade: give %d "
        "or more, better a year",
        known_h / 24, VO_Q_LEAST_DAYS);
}

vo_status vo_q_carbon(const vo_problem *site, size_t n, const vo_alloc *alloc, double **out,
                      vo_error *err) {
    *out = NULL;
    if (!site->carbon_kg_per_mwh || !(site->carbon_price_per_t > 0)) return VO_OK;
    double *cost = alloc->zalloc(alloc->ctx, n * sizeof *cost);
    if (!cost) return vo_fail(err, VO_ENOMEM, "the carbon of %zu intervals", n);
    for (size_t t = 0; t < n; t++)
        cost[t] = site->carbon_kg_per_mwh[t] * 1e-3 * site->carbon_price_per_t;
    *out = cost;
    return VO_OK;
}

size_t vo_q_window(double hours, double interval_h) {
    const double n = floor(hours / interval_h + 0.5);
    return n < 1 ? 1 : (size_t)n;
}

/* Sums over the prices of a window, relative to a fixed price near them. */
typedef struct {
    double around, sum, squares, size;
    size_t n;
} window_sums;

static void count_price(window_sums *w, double price, double sign) {
    if (isnan(price)) return;
    const double x = price - w->around;
    w->sum += sign * x;
    w->squares += sign * x * x;
    w->size += sign * fabs(price);
    w->n = sign > 0 ? w->n + 1 : w->n - 1;
}

static double signal_of(const window_sums *w, size_t window, double price) {
    if (2 * w->n < window || w->n == 0) return (double)NAN;
    const double n = (double)w->n, mean = w->sum / n;
    const double variance = fmax(w->squares / n - mean * mean, 0);
    const double least = 0.01 * fmax(w->size, 0) / n;
    const double deviation = fmax(sqrt(variance), least);
    const double lead = price - w->around - mean;
    return deviation > 0 ? lead / deviation : lead > 0 ? 1 : lead < 0 ? -1 : 0;
}

double vo_q_signal(const vo_q_axes *axes, double interval_h, const double *before, size_t n,
                   double price) {
    if (axes->absolute || isnan(price)) return price;
    const size_t window = vo_q_window(axes->signal_h, interval_h);
    window_sums w = {.around = price};
    for (size_t i = n > window ? n - window : 0; i < n; i++) count_price(&w, before[i], 1);
    return signal_of(&w, window, price);
}

/* Signal and par of every interval of a market; NAN where either is unknown. */
static void look_back(const vo_q_axes *axes, const vo_q_market *m, double *signal,
                      double *par) {
    const size_t near = vo_q_window(axes->signal_h, m->interval_h);
    const size_t far = vo_q_window(axes->par_h, m->interval_h);
    window_sums s = {0}, l = {0};
    for (size_t t = 0; t < m->n; t++) { /* around any price: differences stay small */
        if (isnan(m->price[t])) continue;
        s.around = l.around = m->price[t];
        break;
    }
    for (size_t t = 0; t < m->n; t++) {
        const double price = m->price[t];
        signal[t] = axes->absolute || isnan(price) ? price : signal_of(&s, near, price);
        par[t] = 2 * l.n < near || l.n == 0 ? (double)NAN : l.around + l.sum / (double)l.n;
        if (isnan(par[t])) signal[t] = (double)NAN;
        count_price(&s, price, 1);
        count_price(&l, price, 1);
        if (t >= near) count_price(&s, m->price[t - near], -1);
        if (t >= far) count_price(&l, m->price[t - far], -1);
    }
}

/* ---- history ------------------------------------------------------------------------------- */

void vo_q_history_free(vo_q_history *h) {
    if (!h) return;
    h->alloc->free(h->alloc->ctx, h->step);
    h->alloc->free(h->alloc->ctx, h);
}

static vo_status check_markets(const vo_q_market *m, size_t n, size_t *total, vo_error *err) {
    *total = 0;
    for (size_t k = 0; k < n; k++) {
        const double h = m[k].interval_h;
        if (!(h > 0 && h <= 24))
            return vo_fail(err, VO_EINVAL,
                           "market %zu: interval_h = %g is not in 0..24, 0 excluded", k, h);
        if (fabs(h - m[0].interval_h) > 1e-9)
            return vo_fail(err, VO_EINVAL,
                           "market %zu: interval_h = %g, market 0: %g: train on one step", k, h,
                           m[0].interval_h);
        *total += m[k].n;
    }
    if (n == 0 || *total >= MAX_STEPS)
        return vo_fail(err, VO_EINVAL, "%zu markets of %zu intervals: give 1..%u intervals", n,
                       *total, MAX_STEPS - 1);
    return VO_OK;
}

/* Quantiles of the signals of each hour bin; hours without any take those of the whole day. */
static void cut(vo_q_table *t, const vo_q_market *market, size_t n_markets,
                const double *signal, double *scratch) {
    const vo_q_axes *a = &t->axes;
    const int32_t edges = a->price_bins - 1;
    for (int32_t bin = 0; bin < a->hour_bins; bin++) {
        size_t n = 0;
        for (int32_t any = 0; any < 2 && n == 0; any++) {
            const double *s = signal;
            for (size_t k = 0; k < n_markets; s += market[k++].n)
                for (size_t i = 0; i < market[k].n; i++)
                    if (!isnan(s[i]) && (any || market[k].hour[i] * a->hour_bins / 24 == bin))
                        scratch[n++] = s[i];
        }
        if (n == 0) return;
        qsort(scratch, n, sizeof *scratch, vo_order_double);
        for (int32_t i = 0; i < edges; i++)
            t->edge[bin * edges + i] = vo_order_quantile(scratch, n, (i + 1.0) / a->price_bins);
    }
}

static double mean_size(const double *price, size_t n) {
    double sum = 0;
    size_t known = 0;
    for (size_t t = 0; t < n; t++)
        if (!isnan(price[t])) {
            sum += fabs(price[t]);
            known++;
        }
    return sum > 0 ? sum / (double)known : 1;
}

/* Appends the steps of one market. */
static void lay_out(vo_q_history *h, const vo_q_table *t, const vo_q_market *m, double wear,
                    double reward_scale, const double *signal, const double *par) {
    const vo_q_axes *a = &t->axes;
    const double unit = reward_scale / mean_size(m->price, m->n);
    const size_t begin = h->n;
    for (size_t i = 0; i < m->n; i++) {
        const double sell = m->export_price ? m->export_price[i] : m->price[i];
        if (isnan(signal[i]) || isnan(sell)) {
            if (h->n > begin) h->step[h->n - 1].cell |= VO_Q_LAST;
            continue;
        }
        const double carbon = m->carbon_per_mwh ? m->carbon_per_mwh[i] : 0;
        const int32_t bin = m->hour[i] * a->hour_bins / 24;
        const int32_t price =
            vo_q_price_bin(t->edge + bin * (a->price_bins - 1), a->price_bins, signal[i]);
        h->step[h->n++] = (vo_q_step){
            .buy = (float)((m->price[i] + m->fee_per_mwh + carbon) * unit),
            .sell = (float)((sell - m->fee_per_mwh - wear) * unit),
            .par = (float)(par[i] * unit),
            .cell = (uint32_t)((bin * a->price_bins + price) * a->charge_bins),
        };
    }
    if (h->n > begin) h->step[h->n - 1].cell |= VO_Q_LAST;
}

vo_status vo_q_history_create(vo_q_table *table, double wear_cost_per_mwh,
                              const vo_q_market *market, size_t n_markets, double reward_scale,
                              const vo_alloc *alloc, vo_q_history **out, vo_error *err) {
    size_t total;
    vo_status st = check_markets(market, n_markets, &total, err);
    if (st != VO_OK) return st;
    const vo_alloc *a = alloc ? alloc : &vo_alloc_libc;
    double *signal = a->zalloc(a->ctx, 3 * total * sizeof *signal + 1);
    double *const par = signal ? signal + total : NULL;
    vo_q_history *h = a->zalloc(a->ctx, sizeof *h);
    if (h) {
        h->alloc = a;
        h->step = a->zalloc(a->ctx, (total + 1) * sizeof *h->step);
    }
    if (!signal || !h || !h->step) {
        st = vo_fail(err, VO_ENOMEM, "a history of %zu intervals", total);
        goto fail;
    }
    size_t at = 0;
    for (size_t k = 0; k < n_markets; at += market[k++].n)
        look_back(&table->axes, &market[k], signal + at, par + at);
    cut(table, market, n_markets, signal, signal + 2 * total);
    at = 0;
    for (size_t k = 0; k < n_markets; at += market[k++].n)
        lay_out(h, table, &market[k], wear_cost_per_mwh, reward_scale, signal + at, par + at);
    if (h->n < 2) {
        st = vo_fail(err, VO_EINVAL,
                     "%zu intervals of prices leave %zu to learn from: half a window of %g h "
                     "must be known before the first",
                     total, h->n, table->axes.signal_h);
        goto fail;
    }
    a->free(a->ctx, signal);
    *out = h;
    return VO_OK;

fail:
    a->free(a->ctx, signal);
    vo_q_history_free(h);
    return st;
}

/* ---- batteries ----------------------------------------------------------------------------- */

vo_battery vo_q_battery_default(void) {
    vo_battery b = vo_battery_default();
    b.min_soc = b.initial_soc = 0.1;
    b.max_soc = 0.9;
    return b;
}

vo_q_battery vo_q_battery_of(const vo_battery *b, double interval_h, int32_t charge_bins) {
    const vo_battery_interval over = vo_battery_over(b, interval_h);
    const double span = b->max_soc - b->min_soc;
    return (vo_q_battery){
        .keep = (float)over.keep,
        .gain = (float)over.gain,
        .drain = (float)over.drain,
        .per_gain = (float)(1 / over.gain),
        .per_drain = (float)(1 / over.drain),
        .in = (float)(b->charge_mw * interval_h / b->capacity_mwh),
        .out = (float)(b->discharge_mw * interval_h / b->capacity_mwh),
        .lo = (float)b->min_soc,
        .hi = (float)b->max_soc,
        .bins_per_soc = span > 0 ? (float)(charge_bins / span) : 0,
        .top_bin = (float)(charge_bins - 1),
    };
}

void vo_q_envs_free(vo_q_envs *e) {
    if (!e) return;
    e->alloc->free(e->alloc->ctx, e->block);
    e->alloc->free(e->alloc->ctx, e);
}

static uint32_t draw(uint32_t *chance) {
    uint32_t x = *chance;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    *chance = x;
    return x;
}

/* Takes over the prices of the step at which environment i is. */
static inline void arrive(vo_q_envs *e, size_t i, const vo_q_step *step) {
    const vo_q_step s = step[e->at[i]];
    e->buy[i] = s.buy;
    e->sell[i] = s.sell;
    e->par[i] = s.par;
    e->cell[i] = s.cell;
}

void vo_q_envs_start(vo_q_envs *e, size_t i, const vo_q_history *h, const vo_q_battery *b) {
    e->at[i] = (uint32_t)(((uint64_t)draw(&e->chance[i]) * h->n) >> 32);
    const float part = (float)(draw(&e->chance[i]) >> 8) * 0x1p-24f;
    const float share = e->start_low + (e->start_high - e->start_low) * part;
    e->soc[i] = b->lo + (b->hi - b->lo) * share;
    arrive(e, i, h->step);
    e->state[i] = (e->cell[i] & ~VO_Q_LAST) + vo_q_charge_bin(b, e->soc[i]);
    e->fresh[i] = 1;
}

vo_status vo_q_envs_create(size_t n, uint64_t seed, uint64_t stream, float start_low,
                           float start_high, const vo_q_history *history,
                           const vo_q_battery *battery, const vo_alloc *alloc, vo_q_envs **out,
                           vo_error *err) {
    const vo_alloc *a = alloc ? alloc : &vo_alloc_libc;
    vo_q_envs *e = a->zalloc(a->ctx, sizeof *e);
    if (!e) return vo_fail(err, VO_ENOMEM, "%zu environments", n);
    *e = (vo_q_envs){.alloc = a, .n = n, .start_low = start_low, .start_high = start_high};
    e->block = a->zalloc(a->ctx, n * (6 * sizeof(uint32_t) + 5 * sizeof(float)));
    if (!e->block) {
        vo_q_envs_free(e);
        return vo_fail(err, VO_ENOMEM, "%zu environments", n);
    }
    float *const real = e->block;
    e->buy = real;
    e->sell = real + n;
    e->par = real + 2 * n;
    e->soc = real + 3 * n;
    e->reward = real + 4 * n;
    uint32_t *const whole = (uint32_t *)(void *)(real + 5 * n);
    e->at = whole;
    e->cell = whole + n;
    e->state = whole + 2 * n;
    e->fresh = whole + 3 * n;
    e->chance = whole + 4 * n;
    e->action = (int32_t *)(void *)(whole + 5 * n);
    vo_random r = vo_random_seed(seed, stream);
    for (size_t i = 0; i < n; i++) {
        e->chance[i] = (uint32_t)(vo_random_u64(&r) >> 32) | 1;
        vo_q_envs_start(e, i, history, battery);
    }
    *out = e;
    return VO_OK;
}

/* Rows of CHUNK environments, turned: first all charge values, ... */
static VO_WIDE void choose_some(size_t n, float (*rows)[CHUNK], float epsilon,
                                uint32_t *restrict chance, int32_t *restrict action,
                                float *restrict value) {
    for (size_t i = 0; i < n; i++) {
        const float charge = rows[VO_Q_CHARGE][i], hold = rows[VO_Q_HOLD][i];
        const float sell = rows[VO_Q_DISCHARGE][i], best = vo_q_most(charge, hold);
        const int32_t not_hold = charge > hold, sells = sell > best;
        const int32_t greedy = sells ? VO_Q_DISCHARGE : VO_Q_HOLD - not_hold;
        uint32_t x = chance[i];
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        chance[i] = x;
        const int32_t any = (int32_t)(((x & 0xff) * VO_Q_ACTIONS) >> 8);
        const float part = (float)(int32_t)(x >> 8) * 0x1p-24f;
        action[i] = part < epsilon ? any : greedy;
        value[i] = sells ? sell : best;
    }
}

void vo_q_envs_choose(vo_q_envs *e, const float *q, float epsilon, float *value) {
    float rows[VO_Q_ACTIONS][CHUNK];
    for (size_t from = 0; from < e->n; from += CHUNK) {
        const size_t n = e->n - from < CHUNK ? e->n - from : CHUNK;
        for (size_t i = 0; i < n; i++) {
            const float *row = q + (size_t)e->state[from + i] * VO_Q_ROW;
            for (int a = 0; a < VO_Q_ACTIONS; a++) rows[a][i] = row[a];
        }
        choose_some(n, rows, epsilon, e->chance + from, e->action + from, value + from);
    }
}

static VO_WIDE void play_all(size_t n, const vo_q_battery *battery, const float *restrict buy,
                             const float *restrict sell, const float *restrict par,
                             const int32_t *restrict action, float *restrict soc,
                             float *restrict reward, uint32_t *restrict bin) {
    const vo_q_battery b = *battery;
    for (size_t i = 0; i < n; i++) {
        float paid;
        const float after = vo_q_play(&b, buy[i], sell[i], par[i], action[i], soc[i], &paid);
        soc[i] = after;
        reward[i] = paid;
        bin[i] = vo_q_charge_bin(&b, after);
    }
}

void vo_q_envs_play(vo_q_envs *e, const vo_q_history *history, const vo_q_battery *battery) {
    const size_t n = e->n;
    play_all(n, battery, e->buy, e->sell, e->par, e->action, e->soc, e->reward, e->state);
    uint32_t ended = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t last = e->cell[i] >> 31;
        e->fresh[i] = last;
        ended |= last;
        e->at[i] += 1 - last;
        arrive(e, i, history->step);
        e->state[i] += e->cell[i] & ~VO_Q_LAST;
    }
    if (!ended) return;
    for (size_t i = 0; i < n; i++)
        if (e->fresh[i]) vo_q_envs_start(e, i, history, battery);
}
