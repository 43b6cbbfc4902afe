/* node_orders.c -- see node.h: a home's net supply as limit orders.
 *
 * With nothing traded the best plan leaves m kWh to the meter. One kWh more delivered costs
 *     sell                    as long as something is exported,
 *     V'(s-) e_c, V'(s-) / e_d  where the battery charges less, or discharges more,
 * and one kWh more received saves
 *     buy                     as long as something is imported,
 *     V'(s+) / e_d, V'(s+) e_c  where the battery discharges less, or charges more:
 * the first rises, the second falls, since the plan is the best and V concave. Who imports does not
 * sell: it would be the grid's energy. The market's kWh is counted where it is injected: d kWh
 * received cost d / (1 - loss) of them, so a limit is (1 - loss) of what a received one saves; the
 * market takes its fee out of what the bid offers. */
#include <math.h>

#include "base/least.h"
#include "community/node.h"

enum { SIDE = VO_NODE_ORDERS / 2, STEPS = 16 };

/* Prices are whole hundredths of a cent; energies of less than a watt-hour are not traded. */
#define TICK 100
#define LEAST_QUANTITY 1000
#define NOISE_KWH 1e-9

typedef struct {
    int64_t price, quantity;
} rung;

/* Steps of one side, best for others first. */
typedef struct {
    rung step[STEPS];
    int32_t n;
    int64_t room; /* micro-kWh injected that may still be offered */
} ladder;

/* Money per kWh to ticks: up for who sells, down for who buys. */
static int64_t ticks(double per_kwh, bool up) {
    const double t = per_kwh * VO_MICRO / TICK, whole = nearbyint(t);
    /* a price that is a whole number of ticks but for rounding is that number */
    const double exact = fabs(t - whole) < 1e-6 ? whole : up ? ceil(t) : floor(t);
    return (int64_t)exact * TICK;
}

static int64_t whole_micro(double kwh) {
    return kwh >= 1e12 ? INT64_MAX / 2 : (int64_t)floor(kwh * VO_MICRO);
}

static void put(ladder *l, int64_t price, int64_t quantity) {
    if (quantity > l->room) quantity = l->room;
    if (quantity <= 0) return;
    l->room -= quantity;
    if (l->n > 0 && (l->step[l->n - 1].price == price || l->n == STEPS)) {
        l->step[l->n - 1].price =
            price; /* beyond STEPS: the whole last one at the worst price */
        l->step[l->n - 1].quantity += quantity;
    } else {
        l->step[l->n++] = (rung){price, quantity};
    }
}

/* Joins neighbours at the price that is worse for others until SIDE are left. */
static void shorten(ladder *l) {
    while (l->n > SIDE) {
        int32_t at = 0;
        double lost = (double)INFINITY;
        for (int32_t i = 0; i + 1 < l->n; i++) {
            const double gap = fabs((double)(l->step[i + 1].price - l->step[i].price));
            const double x = gap * (double)l->step[i].quantity;
            if (x < lost) lost = x, at = i;
        }
        l->step[at + 1].quantity += l->step[at].quantity;
        for (int32_t i = at; i + 1 < l->n; i++) l->step[i] = l->step[i + 1];
        l->n--;
    }
}

/* ---- the battery's part ------------------------------------------------------------------- */

typedef struct {
    const vo_node_view *v;
    const vo_home_value *value;
    double z, end; /* kWh out of the store: where the plan is, and where it may go */
} travel;

/* From z on to the next knot of V or turn of the battery: kWh at the terminals, and the worth of
 * one of them there. 0 at the end. */
static double next_step(travel *t, double *per_kwh) {
    const vo_home_store *b = &t->v->store;
    const bool out = t->end > t->z;
    const double stored = t->v->stored_kwh - t->z;
    double to = t->end, knot = t->value->low_kwh;
    if (fabs(t->end - t->z) <= NOISE_KWH) return 0;
    if (out ? t->z < 0 : t->z > 0) to = out ? vo_least(to, 0) : vo_most(to, 0);
    for (int32_t i = 0; i <= t->value->n; i++) {
        const double there = t->v->stored_kwh - knot;
        if (out ? there > t->z + NOISE_KWH : there < t->z - NOISE_KWH)
            to = out ? vo_least(to, there) : vo_most(to, there);
        if (i < t->value->n) knot += t->value->width[i];
    }
    const bool charging = out ? t->z < 0 : t->z <= 0;
    const double moved = fabs(to - t->z), slope = vo_home_value_slope(t->value, stored, !out);
    t->z = to;
    *per_kwh = charging ? slope * b->charge_efficiency : slope / b->discharge_efficiency;
    return charging ? moved / b->charge_efficiency : moved * b->discharge_efficiency;
}

static void offer(const vo_node_view *v, const vo_home_value *value, double z, double meter,
                  ladder *l) {
    const vo_market_rules *r = v->rules;
    const vo_home_store *b = &v->store;
    const double limit = vo_least(b->discharge_kwh / b->discharge_efficiency,
                                  vo_most(v->stored_kwh - b->low_kwh, 0));
    travel t = {v, value, z, vo_most(limit, z)};
    const double room = vo_least(v->may_sell_kwh, v->export_kwh);
    double per_kwh = vo_most(v->sell, 0), kwh = vo_most(-meter, 0);
    l->room = whole_micro(room);
    if (l->room > r->most_quantity) l->room = r->most_quantity;
    for (double worth = per_kwh;; worth = vo_most(worth, per_kwh)) {
        int64_t price = ticks(worth + v->allowance_per_kwh, true);
        if (price < r->least_price) price = r->least_price;
        if (price > r->most_price) break;
        put(l, price, whole_micro(kwh));
        if (l->room <= 0) break;
        kwh = next_step(&t, &per_kwh);
        if (kwh <= 0) break;
    }
}

static void bid(const vo_node_view *v, const vo_home_value *value, double z, double meter,
                ladder *l) {
    const vo_market_rules *r = v->rules;
    const vo_home_store *b = &v->store;
    const double limit =
        vo_least(b->charge_kwh * b->charge_efficiency, vo_most(b->high_kwh - v->stored_kwh, 0));
    travel t = {v, value, z, vo_least(-limit, z)};
    const double arrives = 1 - r->loss;
    double per_kwh = v->buy, kwh = vo_most(meter, 0);
    l->room = whole_micro(v->import_kwh / arrives);
    if (l->room > r->most_quantity) l->room = r->most_quantity;
    for (double worth = per_kwh;; worth = vo_least(worth, per_kwh)) {
        int64_t price = ticks(worth * arrives, false);
        if (price > r->most_price) price = r->most_price;
        if (price < r->least_price || price <= 0) break;
        put(l, price, whole_micro(kwh / arrives));
        if (l->room <= 0) break;
        kwh = next_step(&t, &per_kwh);
        if (kwh <= 0) break;
    }
}

size_t vo_node_orders(const vo_node_view *v, const vo_home_value *value, uint32_t home,
                      vo_order out[VO_NODE_ORDERS]) {
    const vo_home_prices p = {.buy = v->buy,
                              .sell = v->sell,
                              .import_kwh = v->import_kwh,
                              .export_kwh = v->export_kwh};
    const double net = v->load_kwh - v->pv_kwh;
    const double z = vo_home_value_best(value, &v->store, &p, net, v->stored_kwh);
    const double meter = net - vo_home_terminal(&v->store, z);
    ladder side[2] = {0};
    size_t n = 0;
    if (meter >= -NOISE_KWH) bid(v, value, z, meter, &side[VO_ORDER_BUY]);
    if (meter <= NOISE_KWH) offer(v, value, z, meter, &side[VO_ORDER_SELL]);
    for (int32_t s = VO_ORDER_BUY; s <= VO_ORDER_SELL; s++) {
        shorten(&side[s]);
        for (int32_t i = 0; i < side[s].n; i++)
            if (side[s].step[i].quantity >= LEAST_QUANTITY)
                out[n++] = (vo_order){home, s, side[s].step[i].price, side[s].step[i].quantity};
    }
    return n;
}
