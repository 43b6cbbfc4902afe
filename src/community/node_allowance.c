/* node_allowance.c -- see node.h: the price of a limit that couples the intervals of a day.
 *
 * Selling at most A kWh today is one more constraint on a plan that is solved without it: its
 * multiplier is taken off the market's price (Everett, Operations Research 11, 1963), and what the plan
 * sells falls as it rises, so bisection finds the least at which the plan keeps the limit. */
#include <math.h>

#include "base/least.h"
#include "community/node.h"

enum { ROUNDS = 12 }; /* to a four-thousandth of the dearest price */

typedef struct {
    const vo_home_store *store;
    double stored_kwh;
    const vo_home_prices *price;
    const float *net_kwh;
    size_t n, today;
    vo_home_value *value; /* [n + 1] */
} plan;

static vo_home_prices prices_at(const plan *p, size_t t, double off) {
    vo_home_prices q = p->price[t];
    q.market_sell -= off;
    return q;
}

/* V of from..to-1, with `off` less for each kWh sold in them. */
static void back(const plan *p, size_t from, size_t to, double off) {
    const double one = 1;
    for (size_t t = to; t-- > from;) {
        const vo_home_prices q = prices_at(p, t, off);
        const double net = (double)p->net_kwh[t];
        p->value[t] = p->value[t + 1];
        vo_home_value_back(&p->value[t], p->store, &q, &net, &one, 1);
    }
}

/* kWh sold to the market today by the plan that gets `off` less for each. */
static double sold_today(const plan *p, double off) {
    back(p, 0, p->today, off);
    double stored = p->stored_kwh, sold = 0;
    for (size_t t = 0; t < p->today; t++) {
        const vo_home_prices q = prices_at(p, t, off);
        const double net = (double)p->net_kwh[t];
        const double z = vo_home_value_best(&p->value[t + 1], p->store, &q, net, stored);
        const double out = vo_home_terminal(p->store, z) - net;
        if (q.market_sell > vo_most(q.sell, 0))
            sold += vo_most(vo_least(out, vo_least(q.market_out_kwh, q.export_kwh)), 0);
        stored -= z;
    }
    return sold;
}

double vo_node_allowance(const vo_home_store *b, double stored_kwh, const vo_home_value *end,
                         const vo_home_prices *price, const float *net_kwh, size_t n,
                         size_t today, double may_sell_kwh, vo_home_value *work) {
    const plan p = {b, stored_kwh, price, net_kwh, n, today < n ? today : n, work};
    work[n] = *end;
    back(&p, p.today, n, 0);
    if (sold_today(&p, 0) <= may_sell_kwh) return 0;
    double low = 0, high = 0;
    for (size_t t = 0; t < p.today; t++) high = vo_most(high, price[t].market_sell);
    for (int i = 0; i < ROUNDS; i++) {
        const double middle = (low + high) / 2;
        *(sold_today(&p, middle) > may_sell_kwh ? &low : &high) = middle;
    }
    return high;
}
