/* simulation_homes.c -- what homes do in an interval, each alone with its own numbers, in blocks.
 *
 * Planning: at the end of the horizon a stored kWh is worth what filling up costs at its cheapest; from
 * there back, interval by interval, with the tariff, the central path and scenarios of net load around
 * the forecast.
 * Between two plans V is carried back from where the plan in hand begins.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "community/simulation_run.h"

static const double micro = 1e-6;

size_t vo_run_from(const vo_run *r, size_t block) { return r->h->homes * block / r->blocks; }

bool vo_run_down(const vo_run *r, size_t t) { return r->h->grid_down && r->h->grid_down[t]; }

const double *vo_run_path(const vo_run *r, size_t home, size_t *n) {
    *n = 0;
    if (!r->trades || r->heard[home] == 0) return NULL;
    const size_t heard = r->h->first + r->heard[home] - 1, age = r->t - heard;
    /* a path ends where the plan in hand did when it was sent */
    const size_t length = r->path_n[heard % r->horizon];
    if (age >= length) return NULL;
    *n = length - age;
    return r->path + (heard % r->horizon) * r->horizon + age;
}

/* A plan sells less than it thinks where forecasts are wrong, so that its whole price holds back too
 * much. */
static const double allowance_share = 0.7;

/* The allowance is one of a day; a plan made before midnight says nothing of the next one's. */
static double allowance_of(const vo_run *r, size_t home, size_t t) {
    return r->h->day[t] == r->h->day[r->planned] ? allowance_share * r->allowance[home] : 0;
}

vo_node_view vo_run_view(const vo_run *r, size_t home) {
    const vo_homes *h = r->h;
    const size_t t = r->t;
    const bool down = vo_run_down(r, t);
    vo_node_view v = {.store = vo_node_store(&h->battery[home], h->dt_h, down),
                      .stored_kwh = r->stored[home],
                      .buy = h->buy[t],
                      .sell = h->sell[t],
                      .import_kwh = down ? 0 : h->import_limit_kwh,
                      .export_kwh = down ? 0 : h->export_limit_kwh,
                      .signal = (double)NAN,
                      .rules = &r->o->rules};
    size_t n = 0;
    const double *path = vo_run_path(r, home, &n);
    if (path) v.signal = path[0];
    if (r->plans) {
        v.load_kwh = (double)r->soon_load[home * r->every + t - r->planned];
        v.pv_kwh = (double)r->soon_pv[home * r->every + t - r->planned];
    }
    if (r->trades) {
        v.may_sell_kwh = (double)(r->o->rules.most_sold_daily - r->sold_today[home]) * micro;
        v.allowance_per_kwh = allowance_of(r, home, t);
    }
    return v;
}

/* ---- foresee ----------------------------------------------------------------------------- */

static vo_status foresee_home(vo_run *r, size_t home, size_t worker, double *sum,
                              vo_error *err) {
    const size_t n = r->ahead, H = r->horizon;
    float *load = r->scratch + 2 * worker * H, *pv = load + H;
    vo_status st =
        vo_home_forecasts_predict(r->forecasts, (uint32_t)home, r->t, n, worker, load, pv, err);
    if (st != VO_OK) return st;
    for (size_t k = 0; k < n; k++) {
        const double net = (double)load[k] - (double)pv[k];
        r->net[home * H + k] = (float)net;
        sum[VO_SUM_LOAD * H + k] += (double)load[k];
        sum[VO_SUM_PV * H + k] += (double)pv[k];
    }
    const size_t soon = n < r->every ? n : r->every;
    memcpy(r->soon_load + home * r->every, load, soon * sizeof *load);
    memcpy(r->soon_pv + home * r->every, pv, soon * sizeof *pv);
    return VO_OK;
}

vo_status vo_run_foresee(void *arg, size_t block, size_t worker, vo_error *err) {
    vo_run *r = arg;
    double *sum = r->block_sum + block * VO_SUMS * r->horizon;
    memset(sum, 0, VO_SUMS * r->horizon * sizeof *sum);
    for (size_t i = vo_run_from(r, block); i < vo_run_from(r, block + 1); i++) {
        vo_status st = foresee_home(r, i, worker, sum, err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

/* ---- plan -------------------------------------------------------------------------------- */

/* A trade that is expected may not come about: it counts this much less per kWh, which lets a home
 * that could store, sell or wait just as well do the first. */
static const double doubt_per_kwh = 0.002;

/* The meter of interval t + k as the home sees it now. An outage is not foreseen. */
static vo_home_prices prices_of(const vo_run *r, size_t k, const double *path, size_t n_path) {
    const vo_homes *h = r->h;
    const vo_market_rules *rules = &r->o->rules;
    vo_home_prices p = {.buy = h->buy[r->t + k],
                        .sell = h->sell[r->t + k],
                        .import_kwh = h->import_limit_kwh,
                        .export_kwh = h->export_limit_kwh};
    if (k >= n_path) return p;
    const double most = (double)rules->most_quantity * micro, arrives = 1 - rules->loss;
    p.market_buy = (path[k] + (double)rules->fee * micro) / arrives + doubt_per_kwh;
    p.market_sell = path[k] - doubt_per_kwh;
    /* at the highest price there is, more is wanted than offered: nobody may count on it */
    if (path[k] < (double)rules->most_price * micro)
        p.market_in_kwh = fmin(most * arrives, p.import_kwh);
    p.market_out_kwh = fmin(most, p.export_kwh);
    return p;
}

/* *v from the end of interval t + k to its beginning. */
static void back(const vo_run *r, size_t home, const vo_home_store *b, size_t k,
                 const double *path, size_t n_path, vo_home_value *v) {
    const double net = (double)r->net[home * r->horizon + r->t + k - r->planned];
    vo_home_prices p = prices_of(r, k, path, n_path);
    if (r->trades) p.market_sell -= allowance_of(r, home, r->t + k);
    double scenario[VO_HOME_SCENARIOS] = {net};
    const size_t n = r->o->scenarios;
    if (n > 1) {
        const double s = vo_home_forecasts_spread(r->forecasts, (uint32_t)home, r->t, k);
        for (size_t i = 0; i < n; i++) scenario[i] = net + s * r->node[i];
    }
    vo_home_value_back(v, b, &p, scenario, r->weight, n);
}

/* What is stored at the horizon's end is worth what filling up costs at its cheapest. */
static double worth_later(const vo_run *r, const vo_home_store *b) {
    double least = r->h->buy[r->t];
    for (size_t k = 1; k < r->ahead; k++) least = fmin(least, r->h->buy[r->t + k]);
    return fmax(0, least) * b->discharge_efficiency;
}

static vo_home_value end_of_plan(const vo_run *r, size_t home, const vo_home_store *b) {
    const vo_home_battery *battery = &r->h->battery[home];
    if (r->t + r->ahead == r->h->steps)
        return vo_home_value_end(b, battery->initial_soc * battery->capacity_kwh,
                                 VO_HOME_SHORT_PER_KWH, 0);
    return vo_home_value_end(b, 0, VO_HOME_SHORT_PER_KWH, worth_later(r, b));
}

/* What a kWh of today's allowance is worth. Who has less to sell than it may is spared the plans. */
static double price_allowance(const vo_run *r, size_t home, size_t worker,
                              const vo_home_store *b, const vo_home_value *end,
                              const double *path, size_t n_path) {
    const float *net = r->net + home * r->horizon;
    const int64_t left = r->o->rules.most_sold_daily - r->sold_today[home];
    vo_home_prices *price = r->scratch_price + worker * r->horizon;
    vo_home_value *work = r->scratch_value + worker * (r->horizon + 1);
    double could = fmax(0, r->stored[home] - b->low_kwh) * b->discharge_efficiency;
    size_t today = 0;
    for (; today < r->ahead && r->h->day[r->t + today] == r->h->day[r->t]; today++)
        could += fmax(0, -(double)net[today]);
    if (!path || could <= (double)left * micro) return 0;
    for (size_t k = 0; k < r->ahead; k++) price[k] = prices_of(r, k, path, n_path);
    return vo_node_allowance(b, r->stored[home], end, price, net, r->ahead, today,
                             (double)left * micro, work);
}

static void value_home(vo_run *r, size_t home, size_t worker) {
    const vo_home_store b = vo_node_store(&r->h->battery[home], r->h->dt_h, false);
    size_t n_path = 0;
    const double *path = vo_run_path(r, home, &n_path);
    const size_t done = r->t - r->planned;
    const size_t anchor = (r->every < r->ahead ? r->every : r->ahead) - done;
    vo_home_value v;
    if (done == 0) {
        v = end_of_plan(r, home, &b);
        if (r->trades)
            r->allowance[home] = price_allowance(r, home, worker, &b, &v, path, n_path);
        for (size_t k = r->ahead; k-- > anchor;) back(r, home, &b, k, path, n_path, &v);
        r->anchor[home] = v;
    } else {
        v = r->anchor[home];
    }
    for (size_t k = anchor; k-- > 1;) back(r, home, &b, k, path, n_path, &v);
    r->value[home] = v;
}

static int64_t micro_down(double kwh, int64_t most) {
    return kwh * 1e6 < (double)most ? (int64_t)(kwh * 1e6) : most;
}

/* One who posts what he does not mean: as much as rules and meter let anybody post. */
static size_t lie(const vo_node_view *v, vo_honesty kind, uint32_t home, vo_order *out) {
    const double unlimited_kwh = 100;
    const vo_market_rules *rules = v->rules;
    const bool offers = kind == VO_LIES_OFFERS;
    double kwh =
        offers ? fmin(v->export_kwh, v->may_sell_kwh) : v->import_kwh / (1 - rules->loss);
    const int64_t price = offers ? rules->least_price : rules->most_price;
    const int64_t quantity = micro_down(fmin(kwh, unlimited_kwh), rules->most_quantity);
    if (quantity <= 0) return 0;
    *out = (vo_order){home, offers ? VO_ORDER_SELL : VO_ORDER_BUY, price, quantity};
    return 1;
}

static void post_orders(vo_run *r, size_t home) {
    const vo_homes *h = r->h;
    const vo_node_view v = vo_run_view(r, home);
    vo_order *out = r->order + home * VO_NODE_ORDERS;
    const vo_honesty honesty = h->honesty ? (vo_honesty)h->honesty[home] : VO_HONEST;
    size_t n = 0;
    if (!vo_run_down(r, r->t))
        n = honesty == VO_HONEST ? vo_node_orders(&v, &r->value[home], (uint32_t)home, out)
                                 : lie(&v, honesty, (uint32_t)home, out);
    if (n > 0 && h->post.arrives &&
        !h->post.arrives(h->post.ctx, VO_MESSAGE_ORDERS, (uint32_t)home, r->t))
        n = 0;
    r->orders[home] = (uint8_t)n;
}

vo_status vo_run_plan(void *arg, size_t block, size_t worker, vo_error *err) {
    vo_run *r = arg;
    const vo_homes *h = r->h;
    (void)err;
    for (size_t i = vo_run_from(r, block); i < vo_run_from(r, block + 1); i++) {
        if (r->trades && (!h->post.arrives ||
                          h->post.arrives(h->post.ctx, VO_MESSAGE_SIGNAL, (uint32_t)i, r->t)))
            r->heard[i] = (uint32_t)(r->t - h->first + 1);
        value_home(r, i, worker);
        if (r->trades) post_orders(r, i);
    }
    return VO_OK;
}

/* ---- dispatch ---------------------------------------------------------------------------- */

static vo_node_result dispatch_home(const vo_run *r, size_t home) {
    const size_t at = home * r->h->steps + r->t;
    const double load = (double)r->series->load_kwh[at];
    const double pv = r->o->kind == VO_RUN_GRID_ONLY ? 0 : (double)r->series->pv_kwh[at];
    vo_node_view v = vo_run_view(r, home);
    if (r->import_limit) {
        v.import_kwh = fmin(v.import_kwh, r->import_limit[home]);
        v.export_kwh = fmin(v.export_kwh, r->export_limit[home]);
    }
    if (r->o->kind == VO_RUN_PV_ONLY || r->o->kind == VO_RUN_GRID_ONLY) {
        v.store = (vo_home_store){.charge_efficiency = 1, .discharge_efficiency = 1};
        v.stored_kwh = 0;
    }
    if (!r->plans) return vo_node_greedy(&v, load, pv);
    return vo_node_dispatch(&v, &r->value[home], load, pv,
                            r->trades ? (double)r->bought[home] * micro : 0,
                            r->trades ? (double)r->sold[home] * micro : 0);
}

vo_status vo_run_dispatch(void *arg, size_t block, size_t worker, vo_error *err) {
    vo_run *r = arg;
    vo_run_block sum = {0};
    (void)worker;
    (void)err;
    for (size_t i = vo_run_from(r, block); i < vo_run_from(r, block + 1); i++) {
        r->result[i] = dispatch_home(r, i);
        sum.import_kwh += r->result[i].import_kwh;
        sum.export_kwh += r->result[i].export_kwh;
    }
    r->block[block] = sum;
    return VO_OK;
}

/* ---- settle ------------------------------------------------------------------------------ */

static void add_sums(const vo_run *r, size_t home, double load, double pv) {
    const vo_node_result *x = &r->result[home];
    vo_home_sums *s = &r->out->home[home];
    s->load_kwh += load;
    s->pv_kwh += pv;
    s->imported_kwh += x->import_kwh;
    s->exported_kwh += x->export_kwh;
    if (r->trades) {
        s->bought_kwh += (double)r->bought[home] * micro;
        s->sold_kwh += (double)r->sold[home] * micro;
    }
    *(x->terminal_kwh > 0 ? &s->discharged_kwh : &s->charged_kwh) += fabs(x->terminal_kwh);
    s->curtailed_kwh += x->curtailed_kwh;
    s->short_kwh += x->short_kwh;
    s->undelivered_kwh += x->undelivered_kwh;
}

vo_status vo_run_settle(void *arg, size_t block, size_t worker, vo_error *err) {
    vo_run *r = arg;
    (void)worker;
    r->block[block].stored_kwh = 0;
    r->block[block].residual_kwh = 0;
    for (size_t i = vo_run_from(r, block); i < vo_run_from(r, block + 1); i++) {
        const size_t at = i * r->h->steps + r->t;
        const double load = (double)r->series->load_kwh[at];
        const double pv = r->o->kind == VO_RUN_GRID_ONLY ? 0 : (double)r->series->pv_kwh[at];
        double residual = 0;
        vo_status st = vo_run_audit_home(r, i, &residual, err);
        if (st != VO_OK) return st;
        r->block[block].residual_kwh = fmax(r->block[block].residual_kwh, residual);
        add_sums(r, i, load, pv);
        if (r->o->kind != VO_RUN_PV_ONLY && r->o->kind != VO_RUN_GRID_ONLY)
            r->stored[i] = r->result[i].stored_kwh;
        r->block[block].stored_kwh += r->stored[i];
        if (r->forecasts) vo_home_forecasts_observe(r->forecasts, (uint32_t)i, r->t, load, pv);
    }
    return VO_OK;
}
