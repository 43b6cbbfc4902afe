/* plain.c -- see plain.h. Work is done in chunks of VO_REWARD_RATES intervals: what one
 * interval hands to the next is a few additions, and all else is loops over a chunk. */
#include "optimize/plain.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/wide.h"

enum { CHUNK = VO_REWARD_RATES };

#define INF ((double)INFINITY)

/* Energies of a walk and knots of V are sums of the same numbers in different orders. Closer
 * than this they are taken as equal, in parts of the largest energy. */
#define ROUNDING 1e-12

void vo_plain_init(vo_plain *p, const vo_alloc *alloc) {
    *p = (vo_plain){.alloc = alloc ? alloc : &vo_alloc_libc};
    vo_ladder_init(&p->ladder, p->alloc);
}

void vo_plain_fini(vo_plain *p) {
    p->alloc->free(p->alloc->ctx, p->block);
    p->alloc->free(p->alloc->ctx, p->first_block);
    vo_ladder_fini(&p->ladder);
}

/* Room for so many doubles in *block; what was there is lost. */
static vo_status reserve(const vo_plain *p, size_t doubles, double **block, size_t *size,
                         vo_error *err) {
    if (doubles <= *size) return VO_OK;
    const size_t wanted = doubles + doubles / 4;
    p->alloc->free(p->alloc->ctx, *block);
    *size = 0;
    *block = p->alloc->zalloc(p->alloc->ctx, wanted * sizeof **block);
    if (!*block)
        return vo_fail(err, VO_ENOMEM, "%zu bytes of targets", wanted * sizeof **block);
    *size = wanted;
    return VO_OK;
}

static void copy_value(vo_value *to, double *at, const vo_value *from) {
    *to = (vo_value){at, at + from->n + 1, from->n, true};
    memcpy(to->x, from->x, (from->n + 1) * sizeof(double));
    if (from->n) memcpy(to->m, from->m, from->n * sizeof(double));
}

/* p->first = what the ladder is. */
static vo_status take_first(vo_plain *p, vo_error *err) {
    const size_t pieces = vo_ladder_size(&p->ladder);
    const vo_status st = reserve(p, 2 * pieces + 1, &p->first_block, &p->first_size, err);
    if (st != VO_OK) return st;
    p->first = (vo_value){.x = p->first_block, .m = p->first_block + pieces + 1};
    vo_ladder_get(&p->ladder, &p->first);
    return VO_OK;
}

/* Whether a price may turn charging straight into discharging, which takes all of V to find:
 * where selling pays more than buying costs, or where energy may be a burden. It may be where
 * charging is paid, or where the end asks to get rid of it and that costs. */
static bool may_jump(const vo_reward_source *s, const vo_value *last,
                     const vo_reward_rates *r) {
    if (last->n && last->m[last->n - 1] < 0) return true;
    const bool rid = last->x[last->n] < s->hi_mwh;
    int64_t jumps = 0;
    for (size_t k = 0; k < r->n; k++)
        jumps += (r->sell[k] > r->buy[k]) | (r->charge[k] < 0) | (rid & (r->discharge[k] < 0));
    return jumps > 0;
}

vo_status vo_plain_back(vo_plain *p, const vo_reward_source *s, size_t t0, size_t t1,
                        const vo_value *last, bool *suits, vo_error *err) {
    const size_t n = t1 - t0, ends = 2 * last->n + 1;
    *suits = s->simple && s->over.keep == 1 && vo_value_is_concave(last) &&
             last->x[0] >= s->lo_mwh && last->x[last->n] <= s->hi_mwh;
    if (!*suits) return VO_OK;
    vo_status st = reserve(p, 2 * n + ends, &p->block, &p->size, err);
    if (st == VO_OK) st = vo_ladder_set(&p->ladder, last, s->lo_mwh, s->hi_mwh, err);
    if (st != VO_OK) return st;
    copy_value(&p->last, p->block, last);
    p->to_charge = p->block + ends;
    p->to_discharge = p->to_charge + n;
    p->t0 = t0;
    p->t1 = t1;
    p->rates.same = 0;
    for (size_t b = n, a; b > 0; b = a) {
        a = b > CHUNK ? b - CHUNK : 0;
        *suits =
            vo_reward_rates_at(s, t0 + a, b - a, &p->rates) && !may_jump(s, last, &p->rates);
        if (!*suits) return VO_OK;
        st = vo_ladder_back(&p->ladder, &p->rates, p->to_charge + a, p->to_discharge + a, err);
        if (st != VO_OK) return st;
    }
    return take_first(p, err);
}

/* ---- forward ------------------------------------------------------------------------- */

static inline double least(double a, double b) { return a < b ? a : b; }
static inline double most(double a, double b) { return a > b ? a : b; }

/* The energies of one chunk, from stored[0] on. */
VO_WIDE static void follow(const vo_reward_rates *r, const double *to_charge,
                           const double *to_discharge, double *restrict stored) {
    double s = stored[0];
    for (size_t k = 0; k < r->n; k++) {
        const double up = most(s, least(s + r->charge_z[k], to_charge[k]));
        const double down = most(s - r->discharge_z[k], to_discharge[k]);
        s = least(up, down);
        stored[k + 1] = s;
    }
}

/* What the actions of one chunk move at the terminals and as power, and what they are paid. */
VO_WIDE static void act(const vo_reward_rates *r, const double *stored, double gain,
                        double drain, double noise, double *restrict u, double *restrict cash,
                        double *restrict power_mw) {
    for (size_t k = 0; k < r->n; k++) {
        double z = stored[k] - stored[k + 1];
        z = z < -r->charge_z[k] ? -r->charge_z[k] : z;
        z = z > r->discharge_z[k] ? r->discharge_z[k] : z;
        u[k] = (z > noise ? z : z < -noise ? z : 0) / (z > 0 ? drain : gain);
    }
    for (size_t k = 0; k < r->n; k++) cash[k] = u[k] * (u[k] > 0 ? r->sell[k] : r->buy[k]);
    for (size_t k = 0; k < r->n; k++) power_mw[k] = u[k] / r->dt_h[k];
}

/* Knuth's two-sum keeps what each addition loses. */
static void add_up(const double *cash, const double *u, size_t n, double *sum, double *lost,
                   double *discharged) {
    double total = *sum, low = *lost, out = *discharged;
    for (size_t k = 0; k < n; k++) {
        const double next = total + cash[k], part = next - total;
        low += (total - (next - part)) + (cash[k] - part);
        total = next;
        out += most(u[k], 0);
    }
    *sum = total;
    *lost = low;
    *discharged = out;
}

/* ---- prices of stored energy --------------------------------------------------------- */

/* Those at which the action of each interval is the best, low..high. The low one is also what
 * this interval would earn with a little more, the high one what it would save with less. */
VO_WIDE static void action_prices(const vo_reward_rates *r, const double *to_charge,
                                  const double *to_discharge, const double *stored,
                                  double noise, double *restrict low, double *restrict high) {
    for (size_t k = 0; k < r->n; k++) {
        const double room = to_charge[k] - stored[k], c = r->charge[k], e = r->discharge[k];
        const double over = stored[k] - to_discharge[k];
        const double open_low = r->discharge_z[k] > 0 ? e : -INF;
        const double part_low = over >= r->discharge_z[k] - noise ? -INF : e;
        const double idle_low = over > noise ? part_low : open_low;
        low[k] = room > noise ? c : idle_low;
    }
    for (size_t k = 0; k < r->n; k++) {
        const double room = to_charge[k] - stored[k], c = r->charge[k], e = r->discharge[k];
        const double over = stored[k] - to_discharge[k];
        const double open_high = r->charge_z[k] > 0 ? c : INF;
        const double part_high = room >= r->charge_z[k] - noise ? INF : c;
        const double idle_high = over > noise ? e : open_high;
        high[k] = room > noise ? part_high : idle_high;
    }
}

/* Where the store is empty the price may fall, where it is full it may rise: what, taken as the
 * least with a low or the most with a high price, lets go of it. */
VO_WIDE static void let_go(const double *stored, size_t n, double empty, double full,
                           double *restrict fall, double *restrict rise) {
    for (size_t k = 0; k < n; k++) fall[k] = stored[k] <= empty ? -INF : INF;
    for (size_t k = 0; k < n; k++) rise[k] = stored[k] >= full ? INF : -INF;
}

/* A range of prices of stored energy. */
typedef struct {
    double low, high;
} price_range;

static inline double within(double v, double low, double high) {
    return least(most(v, low), high);
}

/* low, high: from what each action allows to what it and all before it allow. */
VO_WIDE static void agree(const double *fall, const double *rise, size_t n,
                          double *restrict low, double *restrict high, price_range *so_far) {
    price_range f = *so_far;
    for (size_t k = 0; k < n; k++) {
        f.low = within(least(f.low, fall[k]), low[k], high[k]);
        f.high = within(most(f.high, rise[k]), low[k], high[k]);
        low[k] = f.low;
        high[k] = f.high;
    }
    *so_far = f;
}

/* ---- backward again ---------------------------------------------------------------------- */

/* Slopes of V above and below the walk, from the end of the chunk to its beginning: what a
 * little more or less is worth is what later intervals make of it, or this one. On return
 * right[k] and left[k] are those at stored[k + 1] after interval k. */
VO_WIDE static void slopes_along(const double *low, const double *high, const double *fall,
                                 const double *rise, size_t n, double *restrict right,
                                 double *restrict left, price_range *slope) {
    price_range v = *slope;
    for (size_t k = n; k-- > 0;) {
        right[k] = v.low;
        left[k] = v.high;
        v.low = least(most(v.low, low[k]), -rise[k]);
        v.high = most(least(v.high, high[k]), -fall[k]);
    }
    *slope = v;
}

/* One-sided slopes of v at s. */
static price_range slopes_at(const vo_value *v, double s, double noise) {
    price_range r = {-INF, INF};
    for (size_t i = v->n; i-- > 0 && v->x[i + 1] > s + noise;) r.low = v->m[i];
    for (size_t i = 0; i < v->n && v->x[i] < s - noise; i++) r.high = v->m[i];
    return r;
}

/* Which price of stored energy the walk ends with. */
static double last_price(const price_range *slope, const price_range *agreed) {
    const double wish = isfinite(slope->low) ? slope->low : slope->high;
    if (isfinite(wish)) return within(wish, agreed->low, agreed->high);
    return isfinite(agreed->low) ? agreed->low : isfinite(agreed->high) ? agreed->high : 0;
}

/* Market prices at which the direction turns: NAN for those that do not exist. */
VO_WIDE static void turn_prices(const vo_reward_rates *r, const double *price,
                                const double *right, const double *left, const double *stored,
                                double gain, double drain, double noise, double *restrict below,
                                double *restrict above) {
    const double nan = (double)NAN;
    for (size_t k = 0; k < r->n; k++) {
        double in = price[k] + (gain * right[k] - r->buy[k]);
        double out = price[k] + (drain * left[k] - r->sell[k]);
        in = in - in == 0 ? in : nan;
        in = r->charge_z[k] > 0 ? in : nan;
        out = out - out == 0 ? out : nan;
        out = r->discharge_z[k] > 0 ? out : nan;
        const double moved = stored[k + 1] - stored[k];
        const double not_in = moved < -noise ? out : in, not_out = moved > noise ? in : out;
        below[k] = moved > noise ? nan : not_in;
        above[k] = moved < -noise ? nan : not_out;
    }
}

/* What one more MWh earns; where the store is full, what the last one is worth; where neither
 * can be, the price of stored energy. */
VO_WIDE static void note_worth(const double *right, const double *left, const double *value,
                               const double *stored, size_t n, double full,
                               double *restrict worth) {
    for (size_t k = 0; k < n; k++) { /* x - x is 0 for finite x only: no call, no branch */
        const double more = right[k], less = left[k];
        const double some = less - less == 0 ? less : value[k];
        const double other = more - more == 0 ? more : some;
        const double wish = stored[k + 1] >= full ? less : more;
        worth[k] = wish - wish == 0 ? wish : other;
    }
}

/* One chunk of the walk, from a on: agreed ranges in value and below become values and flips.
 */
static vo_status explain(vo_plain *p, const vo_reward_source *s, size_t a, double noise,
                         const vo_sweep_path *path, price_range *slope, double *price,
                         vo_error *err) {
    const vo_reward_rates *r = &p->rates;
    const double *stored = path->stored_mwh + a;
    double *value = path->value + a, *below = path->below + a, *above = path->above + a;
    double low[CHUNK], high[CHUNK], fall[CHUNK], rise[CHUNK], right[CHUNK], left[CHUNK];
    if (isnan(*price))
        *price = last_price(slope, &(price_range){value[r->n - 1], below[r->n - 1]});
    for (size_t k = r->n; k-- > 0;) value[k] = *price = within(*price, value[k], below[k]);
    action_prices(r, p->to_charge + (a - p->t0), p->to_discharge + (a - p->t0), stored, noise,
                  low, high);
    let_go(stored, r->n, s->lo_mwh + noise, s->hi_mwh - noise, fall, rise);
    slopes_along(low, high, fall, rise, r->n, right, left, slope);
    if (path->worth)
        note_worth(right, left, value, stored, r->n, s->hi_mwh - noise, path->worth + a);
    if (path->no_flips) return VO_OK;
    const vo_status st = vo_ladder_back_along(&p->ladder, r, stored, noise, right, left, err);
    if (st != VO_OK) return st;
    turn_prices(r, s->p->price + a, right, left, stored, s->over.gain, s->over.drain, noise,
                below, above);
    return VO_OK;
}

/* The second sweep: values and flip prices of t0..stop-1. */
static vo_status look_back(vo_plain *p, const vo_reward_source *s, size_t stop, double noise,
                           const vo_sweep_path *path, vo_error *err) {
    double unused[2][CHUNK], price = (double)NAN;
    price_range slope = slopes_at(&p->last, path->stored_mwh[stop], noise);
    vo_status st = vo_ladder_set(&p->ladder, &p->last, s->lo_mwh, s->hi_mwh, err);
    for (size_t b = p->t1, a; b > p->t0 && st == VO_OK; b = a) {
        const size_t from = b > stop ? stop : p->t0;
        a = b - from > CHUNK ? b - CHUNK : from;
        vo_reward_rates_at(s, a, b - a, &p->rates);
        if (b > stop) { /* nobody went there */
            st = vo_ladder_back(&p->ladder, &p->rates, unused[0], unused[1], err);
            if (st == VO_OK && a == stop) {
                st = take_first(p, err);
                slope = slopes_at(&p->first, path->stored_mwh[stop], noise);
            }
        } else {
            st = explain(p, s, a, noise, path, &slope, &price, err);
        }
    }
    return st;
}

vo_status vo_plain_walk(vo_plain *p, const vo_reward_source *s, double stored_mwh, size_t steps,
                        const vo_sweep_path *path, vo_sweep_sums *sums, vo_error *err) {
    const size_t n = steps < p->t1 - p->t0 ? steps : p->t1 - p->t0;
    const double noise = ROUNDING * fmax(fabs(s->lo_mwh), fabs(s->hi_mwh));
    double u[CHUNK], cash[CHUNK], fall[CHUNK], rise[CHUNK], lost = 0;
    price_range so_far = {-INF, INF};
    *sums = (vo_sweep_sums){0};
    path->stored_mwh[p->t0] = stored_mwh;
    for (size_t a = 0, b; a < n; a = b) {
        b = n - a > CHUNK ? a + CHUNK : n;
        const size_t t = p->t0 + a;
        const double *in = p->to_charge + a, *out = p->to_discharge + a;
        double *stored = path->stored_mwh + t;
        vo_reward_rates_at(s, t, b - a, &p->rates);
        follow(&p->rates, in, out, stored);
        act(&p->rates, stored, s->over.gain, s->over.drain, noise, u, cash, path->power_mw + t);
        add_up(cash, u, b - a, &sums->profit, &lost, &sums->discharged_mwh);
        if (!path->value) continue;
        action_prices(&p->rates, in, out, stored, noise, path->value + t, path->below + t);
        let_go(stored, b - a, s->lo_mwh + noise, s->hi_mwh - noise, fall, rise);
        agree(fall, rise, b - a, path->value + t, path->below + t, &so_far);
    }
    sums->profit += lost;
    return path->value ? look_back(p, s, p->t0 + n, noise, path, err) : VO_OK;
}
