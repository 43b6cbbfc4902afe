/* central.c -- see central.h: the pool as one home, its plan, and what its plan says energy is worth.
 *
 * V_t of the pool by home_value.h, then one walk forward. At each interval the plan leaves the pool
 * importing (a kWh is worth the import price), exporting (the export price), or at zero: there the
 * price of stored energy decides, from the range that supports the whole plan its middle.
 * Of a kWh injected 1 - loss arrives, so a seller's kWh is worth less to whoever receives it:
 * half of that is taken off. */
#include "community/central.h"

#include <math.h>

#include "base/least.h"

#define TICK 1e-4
#define NOISE_KWH 1e-9

static vo_home_prices prices_at(const vo_central_view *v, size_t t) {
    return (vo_home_prices){.buy = v->buy[t],
                            .sell = v->sell[t],
                            .import_kwh = v->import_kwh,
                            .export_kwh = v->export_kwh};
}

/* What energy that is left is worth at the end: sold, less what the battery loses of it. */
static vo_home_value at_end(const vo_central_view *v) {
    const double per_kwh = vo_most(v->sell[v->n - 1], 0) * v->store.discharge_efficiency;
    double dearest = v->buy[0];
    for (size_t t = 1; t < v->n; t++) dearest = vo_most(dearest, v->buy[t]);
    return vo_home_value_end(&v->store, v->goal_kwh, dearest / v->store.charge_efficiency,
                             per_kwh);
}

/* Prices of stored energy, currency/kWh. */
typedef struct {
    double low, high;
} range;

static inline double within(double x, range r) { return vo_least(vo_most(x, r.low), r.high); }

/* Those at which the best the battery can do is z: what less and what more of it would earn. */
static range action_prices(const vo_central_view *v, size_t t, double z) {
    const vo_home_store *b = &v->store;
    const double out = b->discharge_efficiency, in = b->charge_efficiency;
    const double terminal = vo_home_terminal(b, z);
    const double meter = v->load_kwh[t] - v->pv_kwh[t] - terminal;
    const double sell = vo_most(v->sell[t], 0), buy = v->buy[t];
    const double more = meter > NOISE_KWH ? buy : meter > -v->export_kwh ? sell : 0;
    const double less = meter > -NOISE_KWH ? buy : sell;
    return (range){terminal >= b->discharge_kwh - NOISE_KWH ? -(double)INFINITY
                   : z >= 0                                 ? more * out
                                                            : more / in,
                   terminal <= NOISE_KWH - b->charge_kwh ? (double)INFINITY
                   : z > 0                               ? less * out
                                                         : less / in};
}

/* What the plan says stored energy is worth after interval t: what supports its actions so far,
 * and what is to come (the slopes of V). Between actions the price stays, but where the store
 * was empty it may have fallen, where it was full risen. *so_far: of the intervals before. */
static double stored_price(const vo_central_view *v, const vo_home_value *value, size_t t,
                           double stored, double z, range *so_far) {
    const vo_home_store *b = &v->store;
    const range now = action_prices(v, t, z);
    if (stored <= b->low_kwh + NOISE_KWH) so_far->low = -(double)INFINITY;
    if (stored >= b->high_kwh - NOISE_KWH) so_far->high = (double)INFINITY;
    *so_far = (range){within(so_far->low, now), within(so_far->high, now)};
    const double low = vo_most(so_far->low, vo_home_value_slope(value, stored - z, true));
    const double high = vo_least(so_far->high, vo_home_value_slope(value, stored - z, false));
    return (low + high) / 2;
}

/* The mean slope of V within `aside` of s, as long as the tariff supports it; beyond a full store energy
 * is exported, beyond an empty one imported. */
static double mean_price(const vo_central_view *v, const vo_home_value *value, size_t t,
                         double s, double aside, double z) {
    const vo_home_store *b = &v->store;
    const double at_terminals = z >= 0 ? b->discharge_efficiency : 1 / b->charge_efficiency;
    const range tariff = {vo_most(v->sell[t], 0) * at_terminals, v->buy[t] * at_terminals};
    const double from = s - aside, to = s + aside;
    double at = value->low_kwh, sum = vo_most(at - from, 0) * tariff.high;
    for (int32_t i = 0; i < value->n; i++) {
        const double end = at + value->width[i];
        const double inside = vo_least(end, to) - vo_most(at, from);
        if (inside > 0) sum += inside * within(value->slope[i], tariff);
        at = end;
    }
    return (sum + vo_most(to - vo_most(at, from), 0) * tariff.low) / (to - from);
}

/* What a kWh at the terminals is worth where the plan takes z out of the store. */
static double worth(const vo_central_view *v, size_t t, double price, double z) {
    const vo_home_store *b = &v->store;
    const double meter = v->load_kwh[t] - v->pv_kwh[t] - vo_home_terminal(b, z);
    const range tariff = {vo_most(v->sell[t], 0), vo_most(v->buy[t], v->sell[t])};
    if (meter > NOISE_KWH) return tariff.high;
    if (meter < -NOISE_KWH) return tariff.low;
    const double in = price * b->charge_efficiency, out = price / b->discharge_efficiency;
    return within(z > 0 ? out : z < 0 ? in : (in + out) / 2, tariff);
}

/* Per kWh injected: between what the grid pays a seller and what it saves a buyer. */
static double price_of(const vo_central_view *v, size_t t, double per_kwh) {
    const vo_market_rules *r = v->rules;
    const double fee = (double)r->fee / VO_MICRO;
    const double least_price = (double)r->least_price / VO_MICRO;
    const double most_price = (double)r->most_price / VO_MICRO;
    const double top = v->buy[t] * (1 - r->loss) - fee;
    double p = per_kwh * (1 - r->loss / 2) - fee / 2;
    p = vo_least(vo_most(p, v->sell[t]), vo_most(top, v->sell[t]));
    p = floor(p / TICK + 1e-6) * TICK;
    return vo_least(vo_most(p, least_price), most_price);
}

void vo_central_signal(const vo_central_view *v, vo_home_value *work, double *signal) {
    const double one = 1;
    work[v->n] = at_end(v);
    for (size_t t = v->n; t-- > 0;) {
        const vo_home_prices p = prices_at(v, t);
        const double net = v->load_kwh[t] - v->pv_kwh[t];
        work[t] = work[t + 1];
        vo_home_value_back(&work[t], &v->store, &p, &net, &one, 1);
    }
    double stored = v->stored_kwh;
    const double aside = v->unlike * (v->store.high_kwh - v->store.low_kwh);
    range so_far = {-(double)INFINITY, (double)INFINITY};
    for (size_t t = 0; t < v->n; t++) {
        const vo_home_prices p = prices_at(v, t);
        const double net = v->load_kwh[t] - v->pv_kwh[t];
        const double z = vo_home_value_best(&work[t + 1], &v->store, &p, net, stored);
        const double price = aside > 0 ? mean_price(v, &work[t + 1], t, stored - z, aside, z)
                                       : stored_price(v, &work[t + 1], t, stored, z, &so_far);
        signal[t] = price_of(v, t, worth(v, t, price, z));
        stored -= z;
    }
}
