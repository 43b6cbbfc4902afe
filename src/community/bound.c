/* bound.c -- the bounds: a plan per home with everything known ahead, and prices that pool them.
 *
 * Pooled: the hub's balance  sum of received / (1 - loss) <= sum of given  is priced at pi_t >= 0
 * (Everett 1963). For any pi the homes fall apart, each sees a meter that buys at the lesser of tariff
 * and pi / (1 - loss) and sells at the better of tariff and pi, and the sum of their least costs is a
 * bound. It starts at the prices of the lossless pool, whose plan is one home's, and climbs by the
 * volume algorithm (Barahona and Anbil 2000): from the best prices so far along an average of excess
 * demands, which tends to the excess of an optimal plan, that is to zero, as the prices become right.
 * Each interval is scaled by its price range over its usual excess: a summer noon and a winter night
 * differ by orders of magnitude.
 * Threads: homes in blocks, blocks added up in order.
 */
#include "community/bound.h"

#include <math.h>
#include <string.h>

#include "community/bound_home.h"

enum {
    BLOCKS = 64,       /* of homes: enough for any crew, few enough to add up         */
    ASKED = 64,        /* homes from one question whether to go on to the next        */
    CREW_STEPS = 20000 /* homes times intervals: less is done before a thread is awake */
};

typedef struct {
    const vo_homes *h;
    const float *load, *pv;
    const vo_bound_options *o;
    vo_bounds *out;
    const vo_alloc *alloc;
    size_t n, blocks, reserve_free;
    vo_bound_work **work;    /* [workers]                                       */
    vo_bound_step *step;     /* [workers][n]                                    */
    double *meter;           /* [workers][n]                                    */
    double *excess;          /* [blocks][n] demand beyond supply at the hub     */
    double *cost;            /* [homes] at the prices asked                     */
    double *price, *centre;  /* [n]                                             */
    double *low, *high;      /* [n] where a price of the hub can matter         */
    double *mean;            /* [n] average of excess                           */
    double *square;          /* [n] sum of its squares                          */
    bool (*stop)(void *ctx); /* asked by worker 0, the calling thread; or NULL */
    void *stop_ctx;
    bool pooled; /* homes see the hub's prices                  */
} bounds_run;

static void *get(bounds_run *r, size_t n, size_t size) {
    return r->alloc->zalloc(r->alloc->ctx, (n ? n : 1) * size);
}

static void drop(bounds_run *r, void *p) { r->alloc->free(r->alloc->ctx, p); }

static size_t workers_of(const vo_homes *h) {
    return h->crew.run && h->crew.workers > 1 ? h->crew.workers : 1;
}

static void fini(bounds_run *r) {
    for (size_t k = 0; r->work && k < workers_of(r->h); k++) vo_bound_work_free(r->work[k]);
    void *all[] = {r->work,   r->step, r->meter, r->excess, r->cost,  r->price,
                   r->centre, r->low,  r->high,  r->mean,   r->square};
    for (size_t k = 0; k < sizeof all / sizeof all[0]; k++) drop(r, all[k]);
}

static vo_status init(bounds_run *r, vo_error *err) {
    const size_t n = r->n, workers = workers_of(r->h);
    vo_status st = VO_OK;
    r->work = get(r, workers, sizeof *r->work);
    r->step = get(r, workers * n, sizeof *r->step);
    r->meter = get(r, workers * n, sizeof *r->meter);
    r->excess = get(r, r->blocks * n, sizeof *r->excess);
    r->cost = get(r, r->h->homes, sizeof *r->cost);
    double **arrays[] = {&r->price, &r->centre, &r->low, &r->high, &r->mean, &r->square};
    bool all = r->work && r->step && r->meter && r->excess && r->cost;
    for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++) {
        *arrays[k] = get(r, n, sizeof **arrays[k]);
        all = all && *arrays[k];
    }
    if (!all) return vo_fail(err, VO_ENOMEM, "no memory for bounds over %zu intervals", n);
    for (size_t k = 0; st == VO_OK && k < workers; k++)
        st = vo_bound_work_create(n, r->alloc, &r->work[k], err);
    return st;
}

/* ---- homes at prices --------------------------------------------------------------------- */

static bool down(const vo_homes *h, size_t t) { return h->grid_down && h->grid_down[t]; }

static vo_bound_step step_of(const bounds_run *r, size_t t, double load, double pv) {
    const vo_homes *h = r->h;
    const size_t at = h->first + t;
    vo_bound_step x = {
        .net_kwh = load - pv, .pv_kwh = pv, .into = h->buy[at], .out = h->sell[at]};
    x.into_kwh = down(h, at) ? 0 : h->import_limit_kwh;
    x.out_kwh = down(h, at) ? 0 : h->export_limit_kwh;
    if (r->pooled) {
        x.into = fmin(x.into, r->price[t] / (1 - r->o->loss));
        x.out = fmax(x.out, r->price[t]);
    }
    return x;
}

/* What a home's meter asks of the hub, as injected: where the hub is the better counterpart. */
static void add_excess(const bounds_run *r, const vo_bound_step *step, const double *meter,
                       double *excess) {
    const vo_homes *h = r->h;
    for (size_t t = 0; t < r->n; t++) {
        const double m = meter[t], hub = r->price[t] / (1 - r->o->loss);
        if (m > 0 && hub <= h->buy[h->first + t])
            excess[t] += fmin(m, step[t].into_kwh) / (1 - r->o->loss);
        if (m < 0 && r->price[t] >= h->sell[h->first + t])
            excess[t] -= fmin(-m, step[t].out_kwh);
    }
}

static vo_status home_block(void *arg, size_t block, size_t worker, vo_error *err) {
    bounds_run *r = arg;
    const vo_homes *h = r->h;
    vo_bound_step *step = r->step + worker * r->n;
    double *meter = r->pooled ? r->meter + worker * r->n : NULL;
    double *excess = r->excess + block * r->n;
    memset(excess, 0, r->n * sizeof *excess);
    const size_t from = h->homes * block / r->blocks, to = h->homes * (block + 1) / r->blocks;
    for (size_t i = from; i < to; i++) {
        if (worker == 0 && r->stop && (i - from) % ASKED == 0 && r->stop(r->stop_ctx))
            return vo_fail(err, VO_ECANCELED, "stopped");
        const float *load = r->load + i * h->steps + h->first;
        const float *pv = r->pv + i * h->steps + h->first;
        for (size_t t = 0; t < r->n; t++)
            step[t] = step_of(r, t, (double)load[t], (double)pv[t]);
        vo_status st = vo_bound_home(r->work[worker], &h->battery[i], h->dt_h, step, r->n,
                                     r->reserve_free, &r->cost[i], meter, NULL, err);
        if (st != VO_OK) return st;
        if (meter) add_excess(r, step, meter, excess);
    }
    return VO_OK;
}

/* The sum of all homes' least costs at r->price; excess[0] holds the pool's. */
static vo_status evaluate(bounds_run *r, double *sum, vo_error *err) {
    const vo_crew alone = {.workers = 1};
    const bool enough = r->h->homes * r->n >= CREW_STEPS;
    vo_status st = vo_crew_run(enough ? &r->h->crew : &alone, r->blocks, home_block, r, err);
    if (st != VO_OK) return st;
    *sum = 0;
    for (size_t i = 0; i < r->h->homes; i++) *sum += r->cost[i];
    for (size_t b = 1; b < r->blocks; b++)
        for (size_t t = 0; t < r->n; t++) r->excess[t] += r->excess[b * r->n + t];
    return VO_OK;
}

/* ---- all as one home --------------------------------------------------------------------- */

/* The batteries as one with the best efficiency there is: what it can do, they can at most. */
static vo_home_battery together(const vo_homes *h) {
    vo_home_battery b = {.charge_efficiency = 0, .discharge_efficiency = 0};
    double low = 0, high = 0, first = 0;
    for (size_t i = 0; i < h->homes; i++) {
        const vo_home_battery *x = &h->battery[i];
        if (!(x->capacity_kwh > 0)) continue;
        b.capacity_kwh += x->capacity_kwh;
        b.charge_kw += x->charge_kw;
        b.discharge_kw += x->discharge_kw;
        b.charge_efficiency = fmax(b.charge_efficiency, x->charge_efficiency);
        b.discharge_efficiency = fmax(b.discharge_efficiency, x->discharge_efficiency);
        low += x->min_soc * x->capacity_kwh;
        high += x->max_soc * x->capacity_kwh;
        first += x->initial_soc * x->capacity_kwh;
    }
    if (!(b.capacity_kwh > 0))
        return (vo_home_battery){.charge_efficiency = 1, .discharge_efficiency = 1};
    b.min_soc = low / b.capacity_kwh;
    b.max_soc = high / b.capacity_kwh;
    b.initial_soc = first / b.capacity_kwh;
    return b;
}

static vo_status lossless(bounds_run *r, vo_error *err) {
    const vo_homes *h = r->h;
    const vo_home_battery b = together(h);
    vo_bound_step *step = r->step;
    r->pooled = false;
    for (size_t t = 0; t < r->n; t++) {
        double load = 0, pv = 0;
        for (size_t i = 0; i < h->homes; i++) {
            load += (double)r->load[i * h->steps + h->first + t];
            pv += (double)r->pv[i * h->steps + h->first + t];
        }
        step[t] = step_of(r, t, load, pv);
        step[t].into_kwh *= (double)h->homes;
        step[t].out_kwh *= (double)h->homes;
    }
    return vo_bound_home(r->work[0], &b, h->dt_h, step, r->n, r->reserve_free,
                         &r->out->lossless, r->meter, r->price, err);
}

/* ---- the ascent -------------------------------------------------------------------------- */

/* Below `low` nobody would sell to the hub, above `high` nobody would buy. To begin with, the lossless
 * pool's prices, the loss shared between both sides. */
static void first_prices(bounds_run *r) {
    const vo_homes *h = r->h;
    for (size_t t = 0; t < r->n; t++) {
        const size_t at = h->first + t;
        r->low[t] = fmax(0, h->sell[at]);
        r->high[t] = fmax(r->low[t], h->buy[at] * (1 - r->o->loss));
        if (down(h, at)) r->high[t] = r->low[t];
        r->price[t] = fmin(fmax(r->price[t] * (1 - r->o->loss / 2), r->low[t]), r->high[t]);
    }
}

/* Step lengths are shortened after so many rounds that did not climb, and lengthened after one that
 * did. Once they are too short to matter, it begins anew where it is. */
typedef struct {
    double best, step;
    size_t without, rounds;
} climb;

enum { PATIENCE = 10 };
static const double first_step = 1e-3,
                    least_step = 1e-7; /* of the bound, as promised by `mean` */

static double scale_of(const bounds_run *r, const climb *c, size_t t) {
    const double usual = sqrt(r->square[t] / (double)c->rounds);
    return usual > 0 ? (r->high[t] - r->low[t]) / usual : 0;
}

/* The average's share of what is new: the one that makes it smallest, within limits. */
static void average(bounds_run *r, const climb *c) {
    const double most = 0.1, least = 0.01;
    double aa = 0, ab = 0, bb = 0;
    for (size_t t = 0; t < r->n; t++) {
        const double w = scale_of(r, c, t), a = r->excess[t], b = r->mean[t];
        aa += w * a * a;
        ab += w * a * b;
        bb += w * b * b;
    }
    const double apart = aa - 2 * ab + bb;
    double share = apart > 0 ? fmin(fmax((bb - ab) / apart, least), most) : most;
    if (c->rounds == 1) share = 1;
    for (size_t t = 0; t < r->n; t++) r->mean[t] += share * (r->excess[t] - r->mean[t]);
}

static void next_prices(bounds_run *r, const climb *c) {
    double norm = 0;
    for (size_t t = 0; t < r->n; t++) {
        const bool stuck = (r->centre[t] <= r->low[t] && r->mean[t] < 0) ||
                           (r->centre[t] >= r->high[t] && r->mean[t] > 0);
        if (!stuck) norm += scale_of(r, c, t) * r->mean[t] * r->mean[t];
    }
    const double length = norm > 0 ? c->step * fabs(c->best) / norm : 0;
    for (size_t t = 0; t < r->n; t++) {
        const double p = r->centre[t] + length * scale_of(r, c, t) * r->mean[t];
        r->price[t] = fmin(fmax(p, r->low[t]), r->high[t]);
    }
}

static void judge(bounds_run *r, climb *c, double sum) {
    if (sum > c->best) {
        c->best = sum;
        c->without = 0;
        c->step *= 1.1;
        memcpy(r->centre, r->price, r->n * sizeof *r->centre);
    } else if (++c->without >= PATIENCE) {
        c->without = 0;
        c->step *= 0.66;
    }
    if (c->step < least_step) c->step = first_step / 10;
}

static vo_status ascend(bounds_run *r, bool (*stop)(void *ctx), void *stop_ctx, vo_error *err) {
    enum { WINDOW = 100 }; /* rounds over which it should improve */
    climb c = {.best = -(double)INFINITY, .step = first_step};
    double before = c.best;
    r->pooled = true;
    first_prices(r);
    while (c.rounds < r->o->rounds) {
        double sum = 0;
        if (stop && stop(stop_ctx)) return vo_fail(err, VO_ECANCELED, "stopped");
        vo_status st = evaluate(r, &sum, err);
        if (st != VO_OK) return st;
        c.rounds++;
        for (size_t t = 0; t < r->n; t++) r->square[t] += r->excess[t] * r->excess[t];
        average(r, &c);
        judge(r, &c, sum);
        next_prices(r, &c);
        if (c.rounds % WINDOW != 0) continue;
        if (c.best - before <= r->o->tolerance * fabs(c.best)) break;
        before = c.best;
    }
    r->out->rounds = c.rounds;
    r->out->pooled = fmax(c.best, r->out->lossless);
    return VO_OK;
}

static vo_status check(const vo_homes *h, const vo_bound_options *o, vo_error *err) {
    if (!(o->loss >= 0 && o->loss < 1))
        return vo_fail(err, VO_EINVAL, "loss = %g: give a fraction of at least 0, below 1",
                       o->loss);
    if (!(o->tolerance >= 0))
        return vo_fail(err, VO_EINVAL, "tolerance = %g: give at least 0", o->tolerance);
    return vo_homes_check(h, err);
}

vo_status vo_bounds_find(const vo_homes *h, const float *load, const float *pv,
                         const vo_bound_options *o, bool (*stop)(void *ctx), void *stop_ctx,
                         vo_bounds *out, vo_error *err) {
    vo_status st = check(h, o, err);
    if (st != VO_OK) return st;
    bounds_run r = {.h = h, .load = load, .pv = pv, .o = o, .out = out};
    r.stop = stop;
    r.stop_ctx = stop_ctx;
    r.alloc = o->alloc ? o->alloc : &vo_alloc_libc;
    r.n = h->steps - h->first;
    r.blocks = h->homes < BLOCKS ? h->homes : BLOCKS;
    r.reserve_free = r.n;
    for (size_t t = r.n; t-- > 0;)
        if (down(h, h->first + t)) r.reserve_free = t;
    vo_bounds found = {.alone = out->alone, .pooled = (double)NAN};
    r.out = &found;
    st = init(&r, err);
    if (st == VO_OK) st = evaluate(&r, &found.alone_sum, err);
    for (size_t i = 0; st == VO_OK && i < h->homes; i++) out->alone[i] = r.cost[i];
    if (st == VO_OK) st = lossless(&r, err);
    if (st == VO_OK && o->rounds > 0) st = ascend(&r, stop, stop_ctx, err);
    fini(&r);
    if (st == VO_OK) *out = found;
    return st;
}
