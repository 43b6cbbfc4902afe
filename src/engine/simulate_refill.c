/* simulate_refill.c -- see simulate_refill.h. */
#include "engine/simulate_refill.h"

#include <math.h>

#include "optimize/home_value.h"

static bool down(const vo_homes *h, size_t t) { return h->grid_down && h->grid_down[t]; }

/* What the store can gain in interval t, kWh; below 0: what it must give, lest load be short. */
static double most_gained(const vo_homes *h, const vo_home_battery *b, size_t t, double net) {
    const double room = (down(h, t) ? 0 : h->import_limit_kwh) - net;
    if (room < 0) return fmax(room, -b->discharge_kw * h->dt_h) / b->discharge_efficiency;
    return fmin(room, b->charge_kw * h->dt_h) * b->charge_efficiency;
}

vo_refill_price vo_simulate_refill_price(const vo_homes *h, size_t i, const float *load_kwh,
                                         const float *pv_kwh) {
    const double nothing = 1e-9;
    const vo_home_battery *b = &h->battery[i];
    if (!(b->capacity_kwh > 0)) return (vo_refill_price){0, 0};
    bool outage = false; /* then the reserve may be used */
    double price = 0;
    for (size_t t = h->first; t < h->steps && !outage; t++) outage = down(h, t);
    const double low = b->capacity_kwh * (outage ? 0 : b->min_soc) + nothing;
    const double high = b->capacity_kwh * b->max_soc + nothing;
    /* what must be stored when t begins, lest filling up come too late */
    double level = b->capacity_kwh * b->initial_soc;
    bool room = true;
    size_t t = h->steps;
    while (level > low && t > h->first) {
        t--;
        price = fmax(price, fmax(h->buy[t], h->sell[t]));
        level -= most_gained(h, b, t, (double)load_kwh[t] - (double)pv_kwh[t]);
        room = room && level <= high;
    }
    const double paid = price / b->charge_efficiency;
    if (room && level <= low) return (vo_refill_price){paid, paid};
    const double unserved = fmax(VO_HOME_SHORT_PER_KWH, price) / b->charge_efficiency;
    return (vo_refill_price){paid, unserved};
}
