/* cycle_limits.c -- see cycle_limits.h.
 *
 * A "span" is a stretch of intervals with one limit: a local day, or the whole horizon when
 * only that is limited. Functions are stored with their absolute value at the left end, because
 * values of different multipliers are compared.
 */
#include "optimize/cycle_limits.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "optimize/marginal.h"

enum { MAX_TANGENTS = 200, MAX_CORNERS = 4096 };

/* V at a span's start. x, m live in the pool. */
typedef struct {
    size_t offset, n;
    double v0;
} stored_value;

typedef struct {
    size_t t0, t1;
    double limit_mwh;
    stored_value at_end; /* V at t1 */
} span;

/* One plan of a span under one multiplier. */
typedef struct {
    double mu, value;  /* value: profit + V_end + mu * limit, the tangent's height at mu   */
    double discharged; /* its slope is limit - discharged                                   */
    double *power_mw, *stored_mwh;
} tangent;

/* The best multiplier for one start, with the two plans whose mix keeps the limit. */
typedef struct {
    double value, mu;
    double slope_right, slope_left; /* of V at the start, one-sided                         */
    double share;                   /* of `over`'s plan in the mix; 1: it alone, 0: `under` */
} best_mix;

/* Where a plan of a span starts: at a given energy, or, at a given price of stored energy,
 * wherever energy bought at that price is worth most. */
typedef struct {
    double start, worth;
    bool priced;
} beginning;

/* A proved point of V while its corners are looked for. */
typedef struct {
    double x, v, right, left;
} corner;

struct vo_cycle_limits {
    const vo_alloc *alloc;
    vo_sweep sweep;
    const vo_reward_source *source; /* during one solve                          */
    vo_reward_source priced;        /* source with this solver's extra wear      */
    double *extra;                  /* [n] base + multiplier                     */
    double *zeros, *ones;           /* [n]                                       */
    double base;                    /* the horizon's multiplier                  */
    tangent over, under, middle;    /* plans of the span at hand                 */
    double *block;                  /* all of the arrays above                   */
    size_t block_n;                 /* intervals they are made for               */
    span *spans;
    size_t n_spans, spans_size;
    double *pool;
    size_t pool_used, pool_size;
    corner *corners;
    double scale; /* money that is large here, for what counts as equal */
};

vo_status vo_cycle_limits_create(const vo_alloc *alloc, vo_cycle_limits **out, vo_error *err) {
    if (!alloc) alloc = &vo_alloc_libc;
    vo_cycle_limits *c = alloc->zalloc(alloc->ctx, sizeof *c);
    if (!c) return vo_fail(err, VO_ENOMEM, "the solver of cycle limits");
    c->alloc = alloc;
    vo_sweep_init(&c->sweep, alloc);
    c->corners = alloc->zalloc(alloc->ctx, MAX_CORNERS * sizeof *c->corners);
    if (!c->corners) {
        vo_cycle_limits_free(c);
        return vo_fail(err, VO_ENOMEM, "the solver of cycle limits");
    }
    *out = c;
    return VO_OK;
}

void vo_cycle_limits_free(vo_cycle_limits *c) {
    if (!c) return;
    vo_sweep_fini(&c->sweep);
    c->alloc->free(c->alloc->ctx, c->block);
    c->alloc->free(c->alloc->ctx, c->spans);
    c->alloc->free(c->alloc->ctx, c->pool);
    c->alloc->free(c->alloc->ctx, c->corners);
    c->alloc->free(c->alloc->ctx, c);
}

/* ---- memory ---------------------------------------------------------------------- */

static vo_status reserve_arrays(vo_cycle_limits *c, size_t n, vo_error *err) {
    if (c->block_n >= n) return VO_OK;
    c->alloc->free(c->alloc->ctx, c->block);
    c->block_n = 0;
    c->block = c->alloc->zalloc(c->alloc->ctx, (9 * n + 3) * sizeof(double));
    if (!c->block) return vo_fail(err, VO_ENOMEM, "cycle limits over %zu intervals", n);
    c->block_n = n;
    double *at = c->block;
    c->extra = at, at += n;
    c->zeros = at, at += n;
    c->ones = at, at += n;
    tangent *const plans[] = {&c->over, &c->under, &c->middle};
    for (size_t k = 0; k < 3; k++) {
        plans[k]->power_mw = at, at += n;
        plans[k]->stored_mwh = at, at += n + 1;
    }
    for (size_t t = 0; t < n; t++) c->ones[t] = 1;
    return VO_OK;
}

/* Copies a function into the pool. */
static vo_status keep_value(vo_cycle_limits *c, const vo_value *v, double v0, stored_value *out,
                            vo_error *err) {
    const size_t need = c->pool_used + 2 * v->n + 1;
    if (need > c->pool_size) {
        const size_t size = 2 * need + 1024;
        double *pool = c->alloc->zalloc(c->alloc->ctx, size * sizeof *pool);
        if (!pool) return vo_fail(err, VO_ENOMEM, "values of %zu days", c->n_spans);
        if (c->pool) memcpy(pool, c->pool, c->pool_used * sizeof *pool);
        c->alloc->free(c->alloc->ctx, c->pool);
        c->pool = pool;
        c->pool_size = size;
    }
    *out = (stored_value){c->pool_used, v->n, v0};
    memcpy(c->pool + c->pool_used, v->x, (v->n + 1) * sizeof(double));
    memcpy(c->pool + c->pool_used + v->n + 1, v->m, v->n * sizeof(double));
    c->pool_used = need;
    return VO_OK;
}

static vo_value view(const vo_cycle_limits *c, const stored_value *s) {
    double *x = c->pool + s->offset;
    return (vo_value){x, x + s->n + 1, s->n, true};
}

/* One span per local day if days are limited, else one in all. */
static vo_status cut_spans(vo_cycle_limits *c, const vo_problem *p, vo_error *err) {
    const vo_battery *b = p->battery;
    const bool daily = isfinite(b->max_cycles_per_day);
    size_t count = 1;
    if (daily && p->day)
        for (size_t t = 1; t < p->n; t++) count += p->day[t] != p->day[t - 1];
    if (count > c->spans_size) {
        c->alloc->free(c->alloc->ctx, c->spans);
        c->spans_size = 0;
        c->spans = c->alloc->zalloc(c->alloc->ctx, count * sizeof *c->spans);
        if (!c->spans) return vo_fail(err, VO_ENOMEM, "cycle limits of %zu days", count);
        c->spans_size = count;
    }
    const double limit =
        (daily ? b->max_cycles_per_day : b->max_cycles) * vo_battery_usable_mwh(b);
    c->n_spans = 0;
    for (size_t t = 0; t < p->n; t++) {
        const bool starts = t == 0 || (daily && p->day && p->day[t] != p->day[t - 1]);
        if (starts) c->spans[c->n_spans++] = (span){.t0 = t, .limit_mwh = limit};
        c->spans[c->n_spans - 1].t1 = t + 1;
    }
    return VO_OK;
}

/* ---- one span, one start ------------------------------------------------------------ */

static vo_status price_span(vo_cycle_limits *c, const span *d, double mu, bool *empty,
                            vo_error *err) {
    for (size_t t = d->t0; t < d->t1; t++) c->extra[t] = c->base + mu;
    const vo_value end = view(c, &d->at_end);
    return vo_sweep_back(&c->sweep, &c->priced, d->t0, d->t1, &end, empty, err);
}

/* Where a MWh is worth `worth` at the start: V's slope crosses it there. */
static double best_start(const vo_value *v, double worth) {
    size_t i = 0;
    while (i < v->n && v->m[i] > worth) i++;
    return v->x[i];
}

/* The plan under one multiplier, and its tangent. */
static vo_status draw_tangent(vo_cycle_limits *c, const span *d, const beginning *from,
                              double mu, tangent *out, bool *empty, vo_error *err) {
    vo_status st = price_span(c, d, mu, empty, err);
    if (st != VO_OK || *empty) return st;
    const vo_value first = vo_sweep_first(&c->sweep);
    const double noise = 1e-9 * c->source->p->battery->capacity_mwh;
    const double start = from->priced ? best_start(&first, from->worth) : from->start;
    *empty = start < first.x[0] - noise || start > first.x[first.n] + noise;
    if (*empty) return VO_OK;
    vo_sweep_sums sums = {0};
    const vo_sweep_path path = {.power_mw = out->power_mw, .stored_mwh = out->stored_mwh};
    st = vo_sweep_walk(&c->sweep, &c->priced, start, d->t1 - d->t0, &path, &sums, err);
    if (st != VO_OK) return st;
    const vo_value end = view(c, &d->at_end);
    out->mu = mu;
    out->discharged = sums.discharged_mwh;
    out->value = sums.profit + d->at_end.v0 + vo_value_rise(&end, out->stored_mwh[d->t1]) +
                 mu * d->limit_mwh;
    if (from->priced) out->value -= from->worth * start;
    return VO_OK;
}

static void swap_tangents(tangent *a, tangent *b) {
    const tangent t = *a;
    *a = *b;
    *b = t;
}

/* Slopes at `start` of the V that the last sweep left behind, left and right. */
static vo_status note_slopes(vo_cycle_limits *c, const span *d, double start, double mu,
                             best_mix *out, vo_error *err) {
    bool empty = false;
    const vo_status st = price_span(c, d, mu, &empty, err);
    if (st != VO_OK) return st;
    const vo_value v = vo_sweep_first(&c->sweep);
    size_t i = 0;
    while (i + 1 < v.n && v.x[i + 1] <= start) i++;
    out->slope_right = v.n ? v.m[i] : 0;
    out->slope_left = v.n ? (i > 0 && v.x[i] >= start ? v.m[i - 1] : v.m[i]) : 0;
    return VO_OK;
}

static bool keeps(const tangent *t, double limit) {
    return t->discharged <= limit + 1e-12 * (1 + limit);
}

/* A multiplier large enough that nothing is discharged that need not be. */
static vo_status find_under(vo_cycle_limits *c, const span *d, const beginning *from,
                            bool *feasible, vo_error *err) {
    double mu = c->over.mu > 0 ? 2 * c->over.mu : 1;
    for (int i = 0; i < 64; i++, mu *= 4) {
        bool empty = false;
        const vo_status st = draw_tangent(c, d, from, mu, &c->under, &empty, err);
        if (st != VO_OK) return st;
        if (empty) break;
        if (keeps(&c->under, d->limit_mwh)) return VO_OK;
        swap_tangents(&c->over, &c->under);
    }
    *feasible = false;
    return VO_OK;
}

/* Minimises over the multiplier by intersecting the tangents of two plans, one on each side. */
static vo_status find_mix(vo_cycle_limits *c, const span *d, const beginning *from,
                          best_mix *out, bool *feasible, bool *closed, vo_error *err) {
    bool empty = false;
    vo_status st = draw_tangent(c, d, from, 0, &c->over, &empty, err);
    if (st != VO_OK) return st;
    *feasible = !empty;
    if (empty) return VO_OK;
    if (keeps(&c->over, d->limit_mwh)) {
        *out = (best_mix){.value = c->over.value, .share = 1};
        return from->priced ? VO_OK : note_slopes(c, d, from->start, 0, out, err);
    }
    st = find_under(c, d, from, feasible, err);
    if (st != VO_OK || !*feasible) return st;
    const double limit = d->limit_mwh;
    for (int i = 0; i < MAX_TANGENTS; i++) {
        tangent *o = &c->over, *u = &c->under, *m = &c->middle;
        const double down = limit - o->discharged, up = limit - u->discharged;
        double mu = (o->value - u->value + up * u->mu - down * o->mu) / (up - down);
        mu = fmin(fmax(mu, o->mu), u->mu);
        const double met = fmax(o->value + down * (mu - o->mu), u->value + up * (mu - u->mu));
        st = draw_tangent(c, d, from, mu, m, &empty, err);
        if (st != VO_OK) return st;
        if (m->value - met <= 1e-12 * c->scale || mu <= o->mu || mu >= u->mu) {
            *out =
                (best_mix){.value = m->value,
                           .mu = mu,
                           .share = (limit - u->discharged) / (o->discharged - u->discharged)};
            return from->priced ? VO_OK : note_slopes(c, d, from->start, mu, out, err);
        }
        swap_tangents(m, keeps(m, limit) ? u : o);
    }
    *closed = false;
    return VO_OK;
}

/* ---- V at a span's start, as a function --------------------------------------------- */

/* How far to one side of its top a concave function stays within `slack` of it. */
static double reach(const vo_value *v, size_t top, int side, double slack) {
    double x = v->x[top];
    for (size_t i = top; side > 0 ? i < v->n : i > 0; i = side > 0 ? i + 1 : i - 1) {
        const size_t piece = side > 0 ? i : i - 1;
        const double to = v->x[side > 0 ? i + 1 : i - 1];
        const double falls = fabs(v->m[piece] * (to - x));
        if (falls > slack) return x + side * fmax(slack, 0) / fabs(v->m[piece]);
        slack -= falls;
        x = to;
    }
    return x;
}

/* The starts from which the span can be crossed within its limit: where the least energy that
 * must be discharged, itself a concave value function, is within it. */
static vo_status feasible_starts(vo_cycle_limits *c, const span *d, double *lo, double *hi,
                                 bool *empty, vo_error *err) {
    vo_problem p = *c->source->p;
    vo_battery b = *p.battery;
    b.wear_cost_per_mwh = 0;
    p.battery = &b;
    p.price = c->zeros;
    p.export_price = p.carbon_kg_per_mwh = NULL;
    p.fee_per_mwh = 0;
    vo_reward_source counting = vo_reward_open(&p);
    counting.extra_wear = c->ones;
    const vo_value end = view(c, &d->at_end);
    double flat = 0, ends[2] = {end.x[0], end.x[end.n]};
    const vo_value any = {ends, &flat, ends[1] > ends[0], true};
    vo_status st = vo_sweep_back(&c->sweep, &counting, d->t0, d->t1, &any, empty, err);
    if (st != VO_OK || *empty) return st;
    /* minus the least discharge, up to a constant that one walk from its top tells */
    const vo_value swept = vo_sweep_first(&c->sweep);
    stored_value kept;
    const size_t used = c->pool_used;
    st = keep_value(c, &swept, 0, &kept, err);
    if (st != VO_OK) return st;
    const vo_value need = view(c, &kept);
    size_t top = 0;
    while (top < need.n && need.m[top] > 0) top++;
    vo_sweep_sums sums = {0};
    const vo_sweep_path path = {.power_mw = c->middle.power_mw,
                                .stored_mwh = c->middle.stored_mwh};
    st = vo_sweep_walk(&c->sweep, &counting, need.x[top], d->t1 - d->t0, &path, &sums, err);
    c->pool_used = used;
    const double slack = d->limit_mwh - sums.discharged_mwh;
    *empty = st == VO_OK && slack < -1e-12 * (1 + d->limit_mwh);
    *lo = reach(&need, top, -1, slack);
    *hi = reach(&need, top, 1, slack);
    return st;
}

/* A proved point at x; false in *closed if the tangents did not meet. */
static vo_status prove(vo_cycle_limits *c, const span *d, double x, corner *out, bool *closed,
                       vo_error *err) {
    best_mix mix = {0};
    bool feasible = true;
    const beginning from = {.start = x};
    const vo_status st = find_mix(c, d, &from, &mix, &feasible, closed, err);
    if (!feasible) *closed = false;
    *out = (corner){x, mix.value, mix.slope_right, mix.slope_left};
    return st;
}

/* Proves corners between neighbours until their tangents explain everything in between. The
 * list is kept sorted; points before index i are finished. */
static vo_status prove_corners(vo_cycle_limits *c, const span *d, double lo, double hi,
                               size_t *count, bool *closed, vo_error *err) {
    corner *k = c->corners;
    vo_status st = prove(c, d, lo, &k[0], closed, err);
    if (st != VO_OK || !*closed) return st;
    *count = 1;
    if (!(hi > lo)) return VO_OK;
    st = prove(c, d, hi, &k[1], closed, err);
    *count = 2;
    const double same = 1e-11 * c->scale;
    for (size_t i = 0; st == VO_OK && *closed && i + 1 < *count;) {
        const corner a = k[i], b = k[i + 1];
        const double wide = b.x - a.x;
        const bool one_line = a.v + a.right * wide - b.v <= same ||
                              b.v - b.left * wide - a.v <= same || !(a.right > b.left);
        if (one_line || wide <= 1e-12 * (fabs(hi) + 1)) {
            i++;
            continue;
        }
        const double x = (b.v - b.left * b.x - a.v + a.right * a.x) / (a.right - b.left);
        const double met = a.v + a.right * (x - a.x);
        if (!(x > a.x && x < b.x)) {
            i++;
            continue;
        }
        if (*count == MAX_CORNERS) {
            *closed = false;
            break;
        }
        corner mid = {0};
        st = prove(c, d, x, &mid, closed, err);
        memmove(&k[i + 2], &k[i + 1], (*count - i - 1) * sizeof *k);
        k[i + 1] = mid;
        ++*count;
        if (met - mid.v <= same) { /* both lines are V itself up to their corner */
            k[i + 1].left = a.right;
            k[i + 1].right = b.left;
            i += 2;
        }
    }
    return st;
}

/* The proved points as a function; between two of them the steeper tangent that fits. */
static vo_status keep_corners(vo_cycle_limits *c, size_t count, stored_value *out,
                              vo_error *err) {
    corner *k = c->corners;
    double *x = c->alloc->zalloc(c->alloc->ctx, (2 * count + 1) * sizeof *x);
    if (!x) return vo_fail(err, VO_ENOMEM, "a day's value of %zu corners", count);
    vo_value v = {x, x + count, 0, true};
    x[0] = k[0].x;
    for (size_t i = 0; i + 1 < count; i++) {
        const double wide = k[i + 1].x - k[i].x;
        const double chord = (k[i + 1].v - k[i].v) / wide;
        const double fit_a = fabs(chord - k[i].right), fit_b = fabs(chord - k[i + 1].left);
        double slope = fit_a <= fit_b ? k[i].right : k[i + 1].left;
        if (v.n && slope > v.m[v.n - 1]) slope = v.m[v.n - 1];
        v.m[v.n] = slope;
        x[++v.n] = k[i + 1].x;
    }
    const vo_status st = keep_value(c, &v, k[0].v, out, err);
    c->alloc->free(c->alloc->ctx, x);
    return st;
}

/* V at the start of every span but the first, from the last to the first. */
static vo_status spans_back(vo_cycle_limits *c, const vo_value *last, bool *feasible,
                            bool *closed, vo_error *err) {
    c->pool_used = 0;
    vo_status st = keep_value(c, last, 0, &c->spans[c->n_spans - 1].at_end, err);
    for (size_t i = c->n_spans; st == VO_OK && i-- > 1;) {
        double lo = 0, hi = 0;
        bool empty = false;
        size_t count = 0;
        st = feasible_starts(c, &c->spans[i], &lo, &hi, &empty, err);
        if (st != VO_OK) return st;
        if (empty) {
            *feasible = false;
            return VO_OK;
        }
        st = prove_corners(c, &c->spans[i], lo, hi, &count, closed, err);
        if (st != VO_OK || !*closed) return st;
        st = keep_corners(c, count, &c->spans[i - 1].at_end, err);
    }
    return st;
}

/* ---- forward -------------------------------------------------------------------------- */

/* Writes the mix of the two plans: stored energies are mixed, actions follow from them. */
static void write_mix(const vo_cycle_limits *c, const span *d, double share,
                      const vo_sweep_path *path) {
    for (size_t t = d->t0; t < d->t1; t++) {
        if (share == 1) {
            path->power_mw[t] = c->over.power_mw[t];
            path->stored_mwh[t + 1] = c->over.stored_mwh[t + 1];
            continue;
        }
        const vo_reward_simple r = vo_reward_simple_at(c->source, t);
        const double next =
            share * c->over.stored_mwh[t + 1] + (1 - share) * c->under.stored_mwh[t + 1];
        const double z = r.keep * path->stored_mwh[t] - next;
        const bool idle = c->over.power_mw[t] == 0 && c->under.power_mw[t] == 0;
        path->stored_mwh[t + 1] = next;
        path->power_mw[t] = idle ? 0 : (z > 0 ? z / r.drain : z / r.gain) / r.dt_h;
    }
}

/* Profit without multipliers, and what was discharged, of what stands in the path. */
static vo_sweep_sums settle(const vo_reward_source *s, const vo_sweep_path *path) {
    vo_sweep_sums sums = {0};
    for (size_t t = 0; t < s->p->n; t++) {
        const vo_reward_simple r = vo_reward_simple_at(s, t);
        const double u = path->power_mw[t] * r.dt_h;
        sums.profit += vo_reward_cash(s, t, &r, u);
        if (u > 0) sums.discharged_mwh += u;
    }
    return sums;
}

/* The prices at which the span's actions flip: those of the walk where it acts like the mix,
 * else from the value of stored energy. */
static vo_status write_flips(vo_cycle_limits *c, const span *d, double start,
                             const vo_sweep_path *path, vo_error *err) {
    const size_t n = d->t1 - d->t0;
    double *worth = c->alloc->zalloc(c->alloc->ctx, (n + 1) * sizeof *worth);
    if (!worth) return vo_fail(err, VO_ENOMEM, "duals of %zu intervals", n);
    memcpy(worth, path->value + d->t0, n * sizeof *worth);
    vo_sweep_sums sums = {0};
    const vo_sweep_path walked = {.power_mw = c->over.power_mw,
                                  .stored_mwh = c->over.stored_mwh,
                                  .value = path->value,
                                  .below = path->below,
                                  .above = path->above,
                                  .no_flips = path->no_flips};
    const vo_status st = vo_sweep_walk(&c->sweep, &c->priced, start, n, &walked, &sums, err);
    memcpy(path->value + d->t0, worth, n * sizeof *worth);
    c->alloc->free(c->alloc->ctx, worth);
    for (size_t t = d->t0; st == VO_OK && t < d->t1; t++) {
        const double power = path->power_mw[t], price = c->source->p->price[t];
        if (fabs(power - c->over.power_mw[t]) <= 1e-12 &&
            fabs(path->stored_mwh[t] - c->over.stored_mwh[t]) <= 1e-12)
            continue;
        const vo_reward_simple r = vo_reward_simple_at(&c->priced, t);
        const double nan = (double)NAN;
        const double in = price + r.gain * path->value[t] - r.buy;
        const double out = price + r.drain * path->value[t] - r.sell;
        path->below[t] = power < 0 ? nan : power > 0 ? out : in;
        path->above[t] = power > 0 ? nan : power < 0 ? in : out;
    }
    return st;
}

/* Duals and flip prices of a span whose powers stand in the path. The multiplier is looked for
 * again at the price of stored energy that the days before ended with, so that one path of
 * prices supports the whole plan. */
static vo_status write_duals(vo_cycle_limits *c, const span *d, double mu, double *worth,
                             const vo_sweep_path *path, vo_error *err) {
    if (!path->value) return VO_OK;
    bool feasible = true, closed = true, empty = false;
    vo_status st = VO_OK;
    if (isfinite(*worth)) {
        const beginning from = {.worth = *worth, .priced = true};
        best_mix mix = {0};
        st = find_mix(c, d, &from, &mix, &feasible, &closed, err);
        if (feasible && closed) mu = mix.mu;
    }
    if (st == VO_OK) st = price_span(c, d, mu, &empty, err);
    if (st != VO_OK) return st;
    const vo_value end = view(c, &d->at_end);
    const double noise = 1e-9 * c->source->p->battery->capacity_mwh;
    *worth = vo_marginal_duals(
        &c->priced, d->t0, d->t1, vo_value_slopes(&end, path->stored_mwh[d->t1], noise), *worth,
        path->stored_mwh, path->below + d->t0, path->above + d->t0, path->value);
    return write_flips(c, d, path->stored_mwh[d->t0], path, err);
}

static vo_status spans_forward(vo_cycle_limits *c, const vo_sweep_path *path, double *value,
                               bool *feasible, bool *closed, vo_error *err) {
    const vo_battery *b = c->source->p->battery;
    double worth = (double)NAN;
    path->stored_mwh[0] = b->initial_soc * b->capacity_mwh;
    for (size_t i = 0; i < c->n_spans; i++) {
        span *d = &c->spans[i];
        best_mix mix = {0};
        const beginning from = {.start = path->stored_mwh[d->t0]};
        vo_status st = find_mix(c, d, &from, &mix, feasible, closed, err);
        if (st != VO_OK || !*feasible || !*closed) return st;
        if (i == 0) *value = mix.value;
        write_mix(c, d, mix.share, path);
        st = write_duals(c, d, mix.mu, &worth, path, err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

/* All spans with a given multiplier of the horizon on top. */
static vo_status solve_spans(vo_cycle_limits *c, const vo_value *last,
                             const vo_sweep_path *path, double base, double *value,
                             bool *feasible, bool *closed, vo_error *err) {
    c->base = base;
    const vo_status st = spans_back(c, last, feasible, closed, err);
    if (st != VO_OK || !*feasible || !*closed) return st;
    return spans_forward(c, path, value, feasible, closed, err);
}

/* ---- both limits at once ---------------------------------------------------------------- */

/* A whole plan under one multiplier of the horizon. */
typedef struct {
    double nu, value, discharged;
    double *power_mw, *stored_mwh;
} whole_plan;

static vo_status draw_whole(vo_cycle_limits *c, const vo_value *last, whole_plan *w, double nu,
                            double limit, bool *feasible, bool *closed, vo_error *err) {
    const vo_sweep_path path = {.power_mw = w->power_mw, .stored_mwh = w->stored_mwh};
    const vo_status st = solve_spans(c, last, &path, nu, &w->value, feasible, closed, err);
    if (st != VO_OK || !*feasible || !*closed) return st;
    w->nu = nu;
    w->value += nu * limit;
    w->discharged = settle(c->source, &path).discharged_mwh;
    return VO_OK;
}

static void swap_whole(whole_plan *a, whole_plan *b) {
    const whole_plan t = *a;
    *a = *b;
    *b = t;
}

/* As find_mix, one level up. */
static vo_status mix_whole(vo_cycle_limits *c, const vo_value *last, whole_plan p[3],
                           double limit, double *nu, double *share, bool *feasible,
                           bool *closed, vo_error *err) {
    whole_plan *over = &p[0], *under = &p[1], *middle = &p[2];
    vo_status st = draw_whole(c, last, over, 0, limit, feasible, closed, err);
    *share = 1;
    *nu = 0;
    if (st != VO_OK || !*feasible || !*closed) return st;
    const double slack = 1e-12 * (1 + limit);
    if (over->discharged <= limit + slack) return VO_OK;
    double guess = 1;
    for (int i = 0; i < 64; i++, guess *= 4) {
        st = draw_whole(c, last, under, guess, limit, feasible, closed, err);
        if (st != VO_OK || !*feasible || !*closed) return st;
        if (under->discharged <= limit + slack) break;
        swap_whole(over, under);
    }
    if (under->discharged > limit + slack) {
        *feasible = false;
        return VO_OK;
    }
    for (int i = 0; i < MAX_TANGENTS; i++) {
        const double down = limit - over->discharged, up = limit - under->discharged;
        double at =
            (over->value - under->value + up * under->nu - down * over->nu) / (up - down);
        at = fmin(fmax(at, over->nu), under->nu);
        const double met = over->value + down * (at - over->nu);
        st = draw_whole(c, last, middle, at, limit, feasible, closed, err);
        if (st != VO_OK || !*feasible || !*closed) return st;
        if (middle->value - met <= 1e-11 * c->scale || at <= over->nu || at >= under->nu) {
            *nu = at;
            *share = up / (over->discharged - under->discharged);
            return VO_OK;
        }
        swap_whole(middle, middle->discharged <= limit + slack ? under : over);
    }
    *closed = false;
    return VO_OK;
}

static vo_status solve_both(vo_cycle_limits *c, const vo_value *last, double limit,
                            const vo_sweep_path *path, bool *feasible, bool *closed,
                            vo_error *err) {
    const size_t n = c->source->p->n;
    double *block = c->alloc->zalloc(c->alloc->ctx, 3 * (2 * n + 1) * sizeof *block);
    if (!block) return vo_fail(err, VO_ENOMEM, "plans of %zu intervals", n);
    whole_plan p[3] = {0};
    for (size_t k = 0; k < 3; k++) {
        p[k].power_mw = block + k * (2 * n + 1);
        p[k].stored_mwh = p[k].power_mw + n;
    }
    double nu = 0, share = 1, value = 0;
    vo_status st = mix_whole(c, last, p, limit, &nu, &share, feasible, closed, err);
    if (st == VO_OK && *feasible && *closed) /* duals, under the best multipliers */
        st = solve_spans(c, last, path, nu, &value, feasible, closed, err);
    if (st == VO_OK && *feasible && *closed) {
        const vo_problem *q = c->source->p;
        const span all = {.t0 = 0, .t1 = q->n};
        const tangent over = c->over, under = c->under;
        c->over.power_mw = p[0].power_mw, c->over.stored_mwh = p[0].stored_mwh;
        c->under.power_mw = p[1].power_mw, c->under.stored_mwh = p[1].stored_mwh;
        write_mix(c, &all, share, path);
        c->over = over;
        c->under = under;
    }
    c->alloc->free(c->alloc->ctx, block);
    return st;
}

/* Money of this size is what "equal" is measured by: a full battery at the dearest price. */
static double money_scale(const vo_problem *p) {
    double most = 1;
    for (size_t t = 0; t < p->n; t++) {
        most = fmax(most, fabs(p->price[t]));
        if (p->export_price) most = fmax(most, fabs(p->export_price[t]));
    }
    return most * p->battery->capacity_mwh;
}

vo_status vo_cycle_limits_solve(vo_cycle_limits *c, const vo_reward_source *s,
                                const vo_value *last, const vo_sweep_path *path, double *profit,
                                bool *feasible, bool *gap_closed, vo_error *err) {
    const vo_problem *p = s->p;
    const vo_battery *b = p->battery;
    *feasible = *gap_closed = true;
    vo_status st = reserve_arrays(c, p->n, err);
    if (st == VO_OK) st = cut_spans(c, p, err);
    if (st != VO_OK) return st;
    c->source = s;
    c->priced = *s;
    c->priced.extra_wear = c->extra;
    c->scale = money_scale(p);
    double value = 0;
    if (isfinite(b->max_cycles_per_day) && isfinite(b->max_cycles))
        st = solve_both(c, last, b->max_cycles * vo_battery_usable_mwh(b), path, feasible,
                        gap_closed, err);
    else
        st = solve_spans(c, last, path, 0, &value, feasible, gap_closed, err);
    if (st != VO_OK || !*feasible || !*gap_closed) return st;
    *profit = settle(s, path).profit;
    if (s->hull) { /* did the envelope promise more than is true? */
        vo_reward_source real = *s;
        real.hull = false;
        const double earned = settle(&real, path).profit;
        *gap_closed = *profit - earned <= 1e-10 * c->scale;
        *profit = earned;
    }
    if (path->worth) { /* of the mix, under the best multipliers, which are still in `extra` */
        const double noise = 1e-9 * b->capacity_mwh;
        vo_marginal_values(&c->priced, 0, p->n,
                           vo_value_slopes(last, path->stored_mwh[p->n], noise),
                           path->stored_mwh, path->value, path->worth);
    }
    return VO_OK;
}
