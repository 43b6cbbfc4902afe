/* plain.c -- see plain.h. Work is done in chunks of VO_REWARD_RATES intervals: what one interval
 * hands to the next is a few additions, and all else is loops over a chunk. */
#include "optimize/plain.h"

#include <assert.h>
#include <math.h>
#include <string.h>

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
    if (!*block) return vo_fail(err, VO_ENOMEM, "%zu bytes of targets", wanted * sizeof **block);
    *size = wanted;
    return VO_OK;
}

static void copy_value(vo_value *to, double *at, const vo_value *from) {
    *to = (vo_value){at, at + from->n + 1, from->n, true};
    memcpy(to->x, from->x, (from->n + 1) * sizeof(double));
    if (from->n) memcpy(to->m, from->m, from->n * sizeof(double));
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
        *suits = vo_reward_rates_at(s, t0 + a, b - a, &p->rates);
        if (!*suits) return VO_OK;
        st = vo_ladder_back(&p->ladder, &p->rates, p->to_charge + a, p->to_discharge + a, err);
        if (st != VO_OK) return st;
    }
    const size_t pieces = vo_ladder_size(&p->ladder);
    st = reserve(p, 2 * pieces + 1, &p->first_block, &p->first_size, err);
    if (st != VO_OK) return st;
    p->first = (vo_value){.x = p->first_block, .m = p->first_block + pieces + 1};
    vo_ladder_get(&p->ladder, &p->first);
    return VO_OK;
}

/* ---- forward ------------------------------------------------------------------------- */

/* The energies of one chunk, from stored[0] on. */
static void follow(const vo_reward_rates *r, const double *to_charge,
                   const double *to_discharge, double noise, double *stored) {
    double s = stored[0];
    for (size_t k = 0; k < r->n; k++) {
        const double room = to_charge[k] - s, over = s - to_discharge[k];
        const double up = room > r->charge_z[k] + noise ? s + r->charge_z[k] : to_charge[k];
        const double down =
            over > r->discharge_z[k] + noise ? s - r->discharge_z[k] : to_discharge[k];
        s = room > noise ? up : over > noise ? down : s;
        stored[k + 1] = s;
    }
}

/* What the actions of one chunk move at the terminals, and as power. */
static void act(const vo_reward_rates *r, const double *stored, double gain, double drain,
                double *restrict u, double *restrict power_mw) {
    for (size_t k = 0; k < r->n; k++) {
        double z = stored[k] - stored[k + 1];
        z = z < -r->charge_z[k] ? -r->charge_z[k] : z;
        z = z > r->discharge_z[k] ? r->discharge_z[k] : z;
        u[k] = z / (z > 0 ? drain : gain);
        power_mw[k] = u[k] / r->dt_h[k];
    }
}

/* Knuth's two-sum keeps what each addition loses. */
static void add_up(const vo_reward_rates *r, const double *u, double *sum, double *lost,
                   double *discharged) {
    double total = *sum, low = *lost, out = *discharged;
    for (size_t k = 0; k < r->n; k++) {
        const double cash = u[k] * (u[k] > 0 ? r->sell[k] : r->buy[k]);
        const double next = total + cash, part = next - total;
        low += (total - (next - part)) + (cash - part);
        total = next;
        out += u[k] > 0 ? u[k] : 0;
    }
    *sum = total;
    *lost = low;
    *discharged = out;
}

/* The prices of stored energy at which the action of each interval is the best. */
static void action_prices(const vo_reward_rates *r, const double *to_charge,
                          const double *to_discharge, const double *stored, double noise,
                          double *restrict low, double *restrict high) {
    for (size_t k = 0; k < r->n; k++) {
        const double room = to_charge[k] - stored[k], over = stored[k] - to_discharge[k];
        const double c = r->charge[k], e = r->discharge[k];
        const bool in = room > noise, out = over > noise && !in;
        const bool all_in = room >= r->charge_z[k] - noise;
        const bool all_out = over >= r->discharge_z[k] - noise;
        const double hold_low = r->discharge_z[k] > 0 ? e : -INF;
        const double hold_high = r->charge_z[k] > 0 ? c : INF;
        low[k] = in ? c : out ? (all_out ? -INF : e) : hold_low;
        high[k] = in ? (all_in ? INF : c) : out ? e : hold_high;
    }
}

/* A range of prices of stored energy. */
typedef struct {
    double low, high;
} price_range;

static inline double within(double v, double low, double high) {
    const double w = v > low ? v : low;
    return w < high ? w : high;
}

/* low, high: from what each action allows to what it and all before it allow. */
static void agree(const double *stored, size_t n, double empty, double full, double *low,
                  double *high, price_range *so_far) {
    price_range f = *so_far;
    for (size_t k = 0; k < n; k++) {
        f.low = stored[k] <= empty ? -INF : f.low;
        f.high = stored[k] >= full ? INF : f.high;
        const double l = within(f.low, low[k], high[k]), h = within(f.high, low[k], high[k]);
        low[k] = f.low = l;
        high[k] = f.high = h;
    }
    *so_far = f;
}

/* ---- backward again ---------------------------------------------------------------------- */

/* What more stored energy earns at s, or, where no more can be stored, what the last earned. */
static double price_at(const vo_value *v, double s, double noise) {
    for (size_t i = 0; i < v->n; i++)
        if (v->x[i + 1] > s + noise) return v->m[i];
    return v->n ? v->m[v->n - 1] : (double)NAN;
}

static double pick(double wish, double low, double high) {
    if (isnan(wish)) return isfinite(low) ? low : isfinite(high) ? high : 0;
    return within(wish, low, high);
}

/* value, below, above hold low, high, - on entry. */
static void explain(const vo_reward_rates *r, const double *price, const double *right,
                    const double *left, const double *stored, double gain, double drain,
                    double *worth, double *value, double *below, double *above) {
    double w = *worth;
    for (size_t k = r->n; k-- > 0;) value[k] = w = pick(w, value[k], below[k]);
    *worth = w;
    const double nan = (double)NAN;
    for (size_t k = 0; k < r->n; k++) {
        const bool can_in = r->charge_z[k] > 0 && isfinite(right[k]);
        const bool can_out = r->discharge_z[k] > 0 && isfinite(left[k]);
        const double in = can_in ? price[k] + (gain * right[k] - r->buy[k]) : nan;
        const double out = can_out ? price[k] + (drain * left[k] - r->sell[k]) : nan;
        const double moved = stored[k + 1] - stored[k];
        below[k] = moved > 0 ? nan : moved < 0 ? out : in;
        above[k] = moved < 0 ? nan : moved > 0 ? in : out;
    }
}

/* The second sweep: values and flip prices of t0..stop-1. */
static vo_status look_back(vo_plain *p, const vo_reward_source *s, size_t stop, double noise,
                           const vo_sweep_path *path, vo_error *err) {
    double right[CHUNK], left[CHUNK];
    vo_status st = vo_ladder_set(&p->ladder, &p->last, s->lo_mwh, s->hi_mwh, err);
    if (st != VO_OK) return st;
    double worth = price_at(&p->last, path->stored_mwh[stop], noise);
    for (size_t b = p->t1, a; b > p->t0 && st == VO_OK; b = a) {
        const size_t from = b > stop ? stop : p->t0;
        a = b - from > CHUNK ? b - CHUNK : from;
        vo_reward_rates_at(s, a, b - a, &p->rates);
        if (b > stop) { /* nobody went there */
            st = vo_ladder_back(&p->ladder, &p->rates, right, left, err);
            worth = (double)NAN;
            continue;
        }
        const double *stored = path->stored_mwh + a;
        st = vo_ladder_back_along(&p->ladder, &p->rates, stored, noise, right, left, err);
        if (st != VO_OK) break;
        explain(&p->rates, s->p->price + a, right, left, stored, s->over.gain, s->over.drain,
                &worth, path->value + a, path->below + a, path->above + a);
    }
    return st;
}

vo_status vo_plain_walk(vo_plain *p, const vo_reward_source *s, double stored_mwh, size_t steps,
                        const vo_sweep_path *path, vo_sweep_sums *sums, vo_error *err) {
    const size_t n = steps < p->t1 - p->t0 ? steps : p->t1 - p->t0;
    const double noise = ROUNDING * fmax(fabs(s->lo_mwh), fabs(s->hi_mwh));
    double u[CHUNK], lost = 0;
    price_range so_far = {-INF, INF};
    *sums = (vo_sweep_sums){0};
    path->stored_mwh[p->t0] = stored_mwh;
    for (size_t a = 0, b; a < n; a = b) {
        b = n - a > CHUNK ? a + CHUNK : n;
        const size_t t = p->t0 + a;
        const double *in = p->to_charge + a, *out = p->to_discharge + a;
        double *stored = path->stored_mwh + t;
        vo_reward_rates_at(s, t, b - a, &p->rates);
        follow(&p->rates, in, out, noise, stored);
        act(&p->rates, stored, s->over.gain, s->over.drain, u, path->power_mw + t);
        add_up(&p->rates, u, &sums->profit, &lost, &sums->discharged_mwh);
        if (!path->value) continue;
        action_prices(&p->rates, in, out, stored, noise, path->value + t, path->below + t);
        agree(stored, b - a, s->lo_mwh + noise, s->hi_mwh - noise, path->value + t,
              path->below + t, &so_far);
    }
    sums->profit += lost;
    return path->value ? look_back(p, s, p->t0 + n, noise, path, err) : VO_OK;
}
