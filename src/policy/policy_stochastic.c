/* policy_stochastic.c -- the best action while prices are known by their distribution only.
 *
 * Rolling, with the current price known: values of stored energy by dynamic programming over a
 * chain of price nodes (optimize/stochastic.h, price_law.h), and of all actions the one that
 * earns most now and later. Unlike a plan on one forecast it keeps energy for a spike that may
 * come, and room for a price that may fall.
 * Planned ahead, no action can wait for a price: money is linear in prices, so the best plan is
 * the exact one on expected prices.
 *
 * Cycle allowances that may run out have a price: the least extra wear with which the exact plan
 * on expected prices keeps within them is charged to every MWh discharged.
 * What the recursion cannot do (a store outside its limits, limits that contradict) is planned
 * on expected prices.
 */
#include <math.h>
#include <string.h>

#include "learn/forecaster.h"
#include "optimize/exact.h"
#include "optimize/stochastic.h"
#include "policy/flips.h"
#include "policy/policy.h"
#include "policy/price_law.h"
#include "policy/window.h"

enum { PIECES = 256, HALVINGS = 20 };

/* A market's prices, as believed. */
typedef struct {
    vo_forecaster *forecaster;
    vo_price_law *law;
} belief;

typedef struct {
    vo_policy base;
    const vo_policy_world *world;
    vo_learning learning; /* the world's, with the policy's own memory  */
    vo_window *window;
    vo_stochastic *program;
    vo_exact *exact;              /* for the price of allowances                 */
    vo_plan *plan;                /* for the longest window                      */
    belief market, export_market; /* the latter where exports have prices of their own */
    double *price, *export_price; /* [longest] expected                          */
    double *export_node;          /* [longest * nodes] where a tariff is known   */
    bool trained;                 /* the forecaster was loaded                   */
    bool able;                    /* the last plan knew what to go by, ...       */
    bool weighed;                 /* ... and was decided on the chain of nodes,  */
    double extra;                 /* with this price of allowances               */
} stochastic;

static void belief_fini(belief *b) {
    vo_price_law_free(b->law);
    vo_forecaster_free(b->forecaster);
}

static void stochastic_free(vo_policy *p) {
    stochastic *v = (stochastic *)(void *)p;
    const vo_alloc *a = p->alloc;
    vo_window_free(v->window);
    vo_stochastic_free(v->program);
    vo_exact_free(v->exact);
    vo_plan_free(v->plan);
    belief_fini(&v->market);
    belief_fini(&v->export_market);
    a->free(a->ctx, v->price);
    a->free(a->ctx, v->export_price);
    a->free(a->ctx, v->export_node);
    a->free(a->ctx, v);
}

/* ---- what is believed --------------------------------------------------------------------- */

/* A tariff known ahead: the same price at every node. */
static const double *tariff_nodes(stochastic *v, size_t from, size_t to) {
    const double *tariff = v->world->site->export_price;
    for (size_t t = from; t < to; t++)
        for (size_t k = 0; k < VO_PRICE_LAW_NODES; k++)
            v->export_node[(t - from) * VO_PRICE_LAW_NODES + k] = tariff[t];
    return v->export_node;
}

/* The law of prices from `known` on, those of exports by the same rank, and in v->price and
 * v->export_price the known and the expected ones of the whole window. */
static vo_status believe(stochastic *v, const vo_policy_view *view, vo_price_nodes *nodes,
                         bool *able, vo_error *err) {
    const size_t seen = view->known - view->from, n = view->to - view->from;
    memcpy(v->price, view->price + view->from, seen * sizeof *v->price);
    *able = true;
    if (view->export_price) {
        const double *from = v->world->export_price_known
                                 ? v->world->site->export_price + view->from
                                 : view->export_price + view->from;
        memcpy(v->export_price, from, n * sizeof *v->export_price);
    }
    *nodes = (vo_price_nodes){0};
    if (seen == n) return VO_OK;
    vo_status st = vo_price_law_at(v->market.law, view->price, view->known, view->to, seen > 0,
                                   nodes, &v->base.counts.filled, able, err);
    if (st != VO_OK || !*able) return st;
    vo_price_law_mean(nodes, n - seen, v->price + seen);
    if (!view->export_price) return VO_OK;
    if (v->world->export_price_known) {
        nodes->export_price = tariff_nodes(v, view->known, view->to);
        return VO_OK;
    }
    vo_price_nodes exports;
    size_t ignored = 0;
    st = vo_price_law_at(v->export_market.law, view->export_price, view->known, view->to,
                         seen > 0, &exports, &ignored, able, err);
    if (st != VO_OK || !*able) return st;
    vo_price_law_mean(&exports, n - seen, v->export_price + seen);
    nodes->export_price = exports.price;
    return VO_OK;
}

/* ---- allowances ---------------------------------------------------------------------------- */

static double discharged_today(const stochastic *v, const vo_problem *p, double *all_mwh) {
    double today = 0;
    *all_mwh = 0;
    for (size_t t = 0; t < p->n; t++) {
        const double dt_h = p->dt_h ? p->dt_h[t] : p->interval_h;
        const double out = fmax(v->plan->power_mw[t], 0) * dt_h;
        *all_mwh += out;
        if (p->day[t] == p->day[0]) today += out;
    }
    return today;
}

/* The least extra wear with which the exact plan on p's prices, cycle limits aside, discharges no
 * more than is left of them. *battery is p's own, without those limits. */
static vo_status price_allowances(stochastic *v, const vo_policy_view *view, vo_problem *p,
                                  vo_battery *battery, double *extra, vo_error *err) {
    const double own = battery->wear_cost_per_mwh;
    double lo = 0, hi = 0, most = 0;
    for (size_t t = 0; t < p->n; t++) most = fmax(most, fabs(p->price[t]));
    *extra = 0;
    p->battery = battery;
    for (int i = 0; i <= HALVINGS; i++) {
        const double try = i == 0 ? 0 : i == 1 ? hi = 2 * most + 1 : 0.5 * (lo + hi);
        bool feasible = false, closed = false;
        double all = 0;
        battery->wear_cost_per_mwh = own + try;
        v->plan->n = p->n;
        const vo_status st =
            vo_exact_solve(v->exact, p, VO_DETAIL_PLAN, v->plan, &feasible, &closed, err);
        battery->wear_cost_per_mwh = own;
        if (st != VO_OK || !feasible) return st;
        const double today = discharged_today(v, p, &all);
        const bool keeps =
            today <= view->day_left_mwh + 1e-9 && all <= view->span_left_mwh + 1e-9;
        if (i == 0 && keeps) return VO_OK;
        *(keeps ? &hi : &lo) = try;
        *extra = hi;
    }
    return VO_OK;
}

/* ---- deciding ------------------------------------------------------------------------------ */

/* The first action of the window, or *done false. */
static vo_status decide(stochastic *v, const vo_policy_view *view, const vo_price_nodes *nodes,
                        const double *export_price, double *power_mw, bool *done,
                        vo_error *err) {
    vo_problem p = *vo_window_problem(v->window, view, v->price, export_price);
    vo_battery battery = *p.battery;
    double extra = 0;
    *done = false;
    if (isfinite(view->day_left_mwh) || isfinite(view->span_left_mwh)) {
        battery.max_cycles_per_day = battery.max_cycles = (double)INFINITY;
        const vo_status st = price_allowances(v, view, &p, &battery, &extra, err);
        if (st != VO_OK) return st;
    }
    battery.wear_cost_per_mwh += extra;
    v->extra = extra;
    p.battery = &battery;
    bool feasible = false;
    vo_status st = vo_stochastic_back(v->program, &p, 1, nodes, &feasible, err);
    if (st != VO_OK || !feasible) return st;
    st = vo_stochastic_choose(v->program, &p, view->stored_mwh, power_mw, done, err);
    return st;
}

static vo_status stochastic_plan(vo_policy *base, const vo_policy_view *view, double *power_mw,
                                 vo_error *err) {
    stochastic *v = (stochastic *)(void *)base;
    const size_t n = view->to - view->from;
    vo_price_nodes nodes;
    bool able = false, done = false;
    vo_status st = believe(v, view, &nodes, &able, err);
    if (st != VO_OK) return st;
    v->able = able;
    v->weighed = false;
    if (!able) { /* nothing is known: only keep the limits */
        base->counts.held++;
        memset(v->price, 0, n * sizeof *v->price);
        return vo_window_follow(v->window, view, v->price, NULL, (double)NAN, (double)NAN,
                                power_mw, err);
    }
    const double *export_price = view->export_price ? v->export_price : NULL;
    if (view->only_first && view->known == view->from + 1 && nodes.k > 0)
        st = decide(v, view, &nodes, export_price, power_mw, &done, err);
    v->weighed = done;
    if (st != VO_OK || done) return st;
    return vo_window_solve(v->window, view, v->price, export_price, VO_METHOD_EXACT, 0,
                           power_mw, err);
}

/* ---- why ---------------------------------------------------------------------------------- */

typedef struct {
    stochastic *v;
    const vo_policy_view *view;
    double price, export_price; /* as they are now */
} retry;

/* The choice at another present price, with what stored energy is worth as it was. */
static vo_status try_price(void *ctx, double price, double *power_mw, vo_error *err) {
    const retry *r = ctx;
    stochastic *v = r->v;
    const double *export_price = r->view->export_price ? v->export_price : NULL;
    bool feasible = false;
    v->price[0] = price;
    if (export_price) v->export_price[0] = r->export_price + (price - r->price);
    vo_problem p = *vo_window_problem(v->window, r->view, v->price, export_price);
    vo_battery battery = *p.battery;
    if (isfinite(r->view->day_left_mwh) || isfinite(r->view->span_left_mwh))
        battery.max_cycles_per_day = battery.max_cycles = (double)INFINITY;
    battery.wear_cost_per_mwh += v->extra;
    p.battery = &battery;
    const vo_status st =
        vo_stochastic_choose(v->program, &p, r->view->stored_mwh, power_mw, &feasible, err);
    v->price[0] = r->price;
    v->export_price[0] = r->export_price;
    return st;
}

static vo_status stochastic_explain(vo_policy *base, const vo_policy_view *view,
                                    double power_mw, vo_policy_why *out, vo_error *err) {
    stochastic *v = (stochastic *)(void *)base;
    if (!v->able || view->known <= view->from) return VO_OK;
    out->price = v->price;
    if (!v->weighed)
        return vo_window_explain(v->window, view, v->price,
                                 view->export_price ? v->export_price : NULL, 0, out, err);
    retry r = {v, view, v->price[0], v->export_price[0]};
    return vo_flips_search(try_price, &r, v->price, view->to - view->from, power_mw,
                           &out->flip_below, &out->flip_above, err);
}

static vo_status stochastic_fit(vo_policy *p, const double *price, const double *export_price,
                                size_t until, vo_error *err) {
    stochastic *v = (stochastic *)(void *)p;
    if (v->trained) return VO_OK;
    const vo_status st = vo_forecaster_fit(v->market.forecaster, price, until, err);
    if (st != VO_OK || !export_price || !v->export_market.forecaster) return st;
    return vo_forecaster_fit(v->export_market.forecaster, export_price, until, err);
}

static const vo_policy_ops stochastic_ops = {.plan = stochastic_plan,
                                             .free = stochastic_free,
                                             .fit = stochastic_fit,
                                             .explain = stochastic_explain};

/* ---- making -------------------------------------------------------------------------------- */

static vo_status belief_init(stochastic *v, const char *spec, belief *b, vo_error *err) {
    const vo_policy_world *world = v->world;
    const vo_status st =
        vo_forecaster_create(spec, world->calendar, &v->learning, &b->forecaster, err);
    if (st != VO_OK) return st;
    return vo_price_law_create(b->forecaster, world->calendar, world->longest,
                               vo_forecaster_learns(spec), v->base.alloc, &b->law, err);
}

vo_status vo_policy_create_stochastic(const char *argument, const vo_policy_world *world,
                                      vo_policy **out, vo_error *err) {
    const vo_alloc *a = world->alloc ? world->alloc : &vo_alloc_libc;
    const char *spec = argument ? argument : "epf_naive";
    const bool columns = strncmp(spec, "column", 6) == 0; /* says nothing of export prices */
    stochastic *v = a->zalloc(a->ctx, sizeof *v);
    if (!v) return vo_fail(err, VO_ENOMEM, "policy stochastic");
    v->base = (vo_policy){.ops = &stochastic_ops, .alloc = a};
    v->world = world;
    if (world->learning) v->learning = *world->learning;
    v->learning.alloc = a;
    v->trained = strchr(spec, '=') && !columns;
    const bool exports = world->site->export_price != NULL;
    const size_t rows = world->longest;
    vo_status st = vo_window_create(world, &v->window, err);
    if (st == VO_OK) st = vo_stochastic_create(PIECES, a, &v->program, err);
    if (st == VO_OK) st = vo_exact_create(a, &v->exact, err);
    if (st == VO_OK) st = vo_plan_create(rows, 1, &v->plan, err);
    if (st == VO_OK) st = belief_init(v, spec, &v->market, err);
    if (st == VO_OK && exports && !world->export_price_known)
        st = belief_init(v, columns ? "epf_naive" : spec, &v->export_market, err);
    if (st != VO_OK) goto fail;
    v->price = a->zalloc(a->ctx, rows * sizeof(double));
    v->export_price = a->zalloc(a->ctx, rows * sizeof(double));
    v->export_node = a->zalloc(a->ctx, rows * VO_PRICE_LAW_NODES * sizeof(double));
    if (!v->price || !v->export_price || !v->export_node) {
        st = vo_fail(err, VO_ENOMEM, "policy stochastic over %zu intervals", rows);
        goto fail;
    }
    *out = &v->base;
    return VO_OK;

fail:
    stochastic_free(&v->base);
    return st;
}
