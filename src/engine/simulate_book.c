/* simulate_book.c -- see simulate_book.h. */
#include "engine/simulate_book.h"

#include <math.h>
#include <stdlib.h>

#include "engine/simulate.h"
#include "engine/simulate_events.h"

/* Meter readings of every home are kept for its bill up to so many. */
#define MOST_READINGS 4000000.0
#define SOC_STEPS 1000 /* of the fan's quantiles */

size_t vo_simulate_group(const vo_simulate_book *b, uint32_t home) {
    return (size_t)home * b->groups / b->c->homes->homes;
}

/* ---- memory ----------------------------------------------------------------------------------------- */

vo_status vo_simulate_book_init(const vo_simulate_case *c, vo_simulate_book *b, vo_error *err) {
    const size_t homes = c->homes->homes, n = c->played;
    *b = (vo_simulate_book){.c = c, .n = n};
    b->groups = homes < VO_FLOW_GROUPS ? homes : VO_FLOW_GROUPS;
    const bool readings = c->few && (double)homes * (double)n <= MOST_READINGS &&
                          vo_world_tariff(c->world) != NULL;
    b->interval = calloc(n, sizeof *b->interval);
    b->red = calloc(homes, sizeof *b->red);
    b->score = c->options.score ? calloc(homes, sizeof *b->score) : NULL;
    b->row = c->timeline ? calloc(homes * n, sizeof *b->row) : NULL;
    b->load = readings ? calloc(homes * n, sizeof *b->load) : NULL;
    b->imported = readings ? calloc(homes * n, sizeof *b->imported) : NULL;
    b->exported = readings ? calloc(homes * n, sizeof *b->exported) : NULL;
    vo_status s = VO_OK;
    if (!b->interval || !b->red || (c->options.score && !b->score) ||
        (c->timeline && !b->row) || (readings && (!b->load || !b->imported || !b->exported)))
        s = vo_fail(err, VO_ENOMEM, "no memory for the book of %zu homes and %zu intervals",
                    homes, n);
    if (s == VO_OK && c->parquet) s = vo_simulate_tables_open(c->parquet, &b->tables, err);
    if (s != VO_OK) {
        vo_simulate_book_fini(b);
        *b = (vo_simulate_book){.c = c};
    }
    return s;
}

void vo_simulate_book_fini(vo_simulate_book *b) {
    vo_simulate_tables_abandon(b->tables);
    free(b->interval);
    free(b->row);
    free(b->load);
    free(b->imported);
    free(b->exported);
    free(b->trade);
    free(b->red);
    free(b->score);
    b->tables = NULL;
}

/* ---- one interval ------------------------------------------------------------------------------------ */

static void add_homes(vo_book_interval *at, const vo_interval_view *v, size_t homes) {
    for (size_t i = 0; i < homes; i++) {
        const vo_node_result *r = &v->result[i];
        at->load += (double)v->load_kwh[i];
        at->pv += (double)v->pv_kwh[i];
        if (v->predicted_load_kwh) at->predicted_load += (double)v->predicted_load_kwh[i];
        if (v->predicted_pv_kwh) at->predicted_pv += (double)v->predicted_pv_kwh[i];
        at->charged += fmax(-r->terminal_kwh, 0);
        at->discharged += fmax(r->terminal_kwh, 0);
        at->imported += r->import_kwh;
        at->exported += r->export_kwh;
        at->curtailed += r->curtailed_kwh;
        at->short_of += r->short_kwh;
        at->undelivered += r->undelivered_kwh;
        at->green += v->need && v->need[i] == VO_NEED_GREEN;
    }
}

/* Quantiles over homes with a battery, by counting: as good for ten homes as for a million. */
static void find_fan(vo_book_interval *at, const vo_interval_view *v, const vo_homes *h) {
    static const double level[VO_FAN] = {0.05, 0.25, 0.5, 0.75, 0.95};
    uint32_t count[SOC_STEPS + 1] = {0};
    size_t all = 0, below = 0, k = 0;
    for (size_t i = 0; i < h->homes; i++) {
        if (h->battery[i].capacity_kwh <= 0) continue;
        const double soc = v->result[i].stored_kwh / h->battery[i].capacity_kwh;
        count[(size_t)lround(fmin(fmax(soc, 0), 1) * SOC_STEPS)]++;
        all++;
    }
    for (size_t i = 0; i < VO_FAN; i++) at->soc[i] = (double)NAN;
    for (size_t s = 0; s <= SOC_STEPS && k < VO_FAN && all > 0; s++) {
        below += count[s];
        while (k < VO_FAN && (double)below >= level[k] * (double)all)
            at->soc[k++] = (double)s / SOC_STEPS;
    }
}

static vo_status keep_trades(vo_simulate_book *b, const vo_match *m, vo_error *err) {
    const size_t room = b->c->max_trades - b->n_trades;
    const size_t more = m->n_trades < room ? m->n_trades : room;
    b->all_trades += m->n_trades;
    if (more > 0) {
        vo_book_trade *t = realloc(b->trade, (b->n_trades + more) * sizeof *t);
        if (!t) return vo_fail(err, VO_ENOMEM, "no memory for %zu trades", b->n_trades + more);
        b->trade = t;
    }
    for (size_t i = 0; i < more; i++)
        b->trade[b->n_trades++] = (vo_book_trade){(uint32_t)b->done, m->trade[i]};
    for (size_t i = 0; i < m->n_trades; i++)
        b->flow[vo_simulate_group(b, m->trade[i].seller) * VO_FLOW_GROUPS +
                vo_simulate_group(b, m->trade[i].buyer)] += m->trade[i].quantity;
    return VO_OK;
}

static vo_status add_market(vo_simulate_book *b, vo_book_interval *at,
                            const vo_interval_view *v, vo_error *err) {
    at->signal = v->signal && v->n_signal > 0 ? v->signal[0] : (double)NAN;
    at->price = (double)NAN;
    if (!v->match) return VO_OK;
    at->trades = (uint32_t)v->match->n_trades;
    at->traded = (double)v->match->quantity / VO_MICRO;
    at->buyers_pay = (double)v->ledger.buyers_pay / VO_MICRO;
    const int64_t received = v->ledger.sellers_receive + v->ledger.losses;
    if (v->match->quantity > 0) at->price = (double)received / (double)v->match->quantity;
    return keep_trades(b, v->match, err);
}

static void keep_rows(const vo_simulate_book *b, const vo_interval_view *v) {
    const size_t homes = b->c->homes->homes;
    vo_book_row *row = b->row + b->done * homes;
    for (size_t i = 0; i < homes; i++) {
        const vo_node_result *r = &v->result[i];
        row[i] = (vo_book_row){
            .load = v->load_kwh[i],
            .pv = v->pv_kwh[i],
            .predicted_load = v->predicted_load_kwh ? v->predicted_load_kwh[i] : NAN,
            .predicted_pv = v->predicted_pv_kwh ? v->predicted_pv_kwh[i] : NAN,
            .battery = (float)r->terminal_kwh,
            .stored = (float)r->stored_kwh,
            .imported = (float)r->import_kwh,
            .exported = (float)r->export_kwh,
            .curtailed = (float)r->curtailed_kwh,
            .short_of = (float)r->short_kwh,
            .bought = v->bought_kwh ? v->bought_kwh[i] : 0,
            .sold = v->sold_kwh ? v->sold_kwh[i] : 0,
            .order_kwh = v->order_kwh ? v->order_kwh[i] : 0,
            .order_price = v->order_price ? v->order_price[i] : NAN,
            .score = v->profitability ? (float)v->profitability[i].score : NAN,
            .action = v->action ? v->action[i] : VO_ACTION_HOLD,
            .need = v->need ? v->need[i] : VO_NEED_GREEN,
        };
    }
}

static void keep_scores(vo_simulate_book *b, const vo_interval_view *v) {
    const size_t homes = b->c->homes->homes;
    const double part = 1 / ((double)homes * (double)b->n);
    vo_profitability *m = &b->mean_score;
    for (size_t i = 0; v->profitability && b->score && i < homes; i++) {
        const vo_profitability *p = &v->profitability[i];
        b->score[i] += p->score;
        m->score += p->score * part;
        m->trading_potential += p->trading_potential * part;
        m->battery_health += p->battery_health * part;
        m->market_conditions += p->market_conditions * part;
        m->capacity_utilisation += p->capacity_utilisation * part;
    }
    for (size_t i = 0; v->need && i < homes; i++) b->red[i] += v->need[i] == VO_NEED_RED;
}

vo_status vo_simulate_book_tell(void *ctx, const vo_interval_view *v, vo_error *err) {
    vo_simulate_book *b = ctx;
    const vo_homes *h = b->c->homes;
    if (b->done >= b->n) return vo_fail(err, VO_ENUMERIC, "more intervals than were asked for");
    vo_book_interval *at = &b->interval[b->done];
    add_homes(at, v, h->homes);
    find_fan(at, v, h);
    vo_status s = add_market(b, at, v, err);
    if (s == VO_OK && b->row) keep_rows(b, v);
    for (size_t i = 0; b->imported && i < h->homes; i++) {
        b->load[i * b->n + b->done] = v->load_kwh[i];
        b->imported[i * b->n + b->done] = (float)v->result[i].import_kwh;
        b->exported[i * b->n + b->done] = (float)v->result[i].export_kwh;
    }
    keep_scores(b, v);
    if (s == VO_OK && b->tables) s = vo_simulate_tables_put(b->tables, b->c, v, err);
    if (s == VO_OK) s = vo_simulate_event(b->c, v, err);
    b->done++;
    return s;
}
