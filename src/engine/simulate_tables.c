/* simulate_tables.c -- see simulate_tables.h. */
#include "engine/simulate_tables.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/simulate_sheet.h"
#include "port/file.h"

#define PART_ROWS 262144u

// clang-format off
#define INTERVAL_MAP(X)                                                                          \
    X(start, TIME)          X(home, INTEGER)        X(load_kwh, DOUBLE)                          \
    X(pv_kwh, DOUBLE)       X(predicted_load_kwh, DOUBLE) X(predicted_pv_kwh, DOUBLE)            \
    X(battery_kwh, DOUBLE)  X(stored_kwh, DOUBLE)   X(imported_kwh, DOUBLE)                      \
    X(exported_kwh, DOUBLE) X(bought_kwh, DOUBLE)   X(sold_kwh, DOUBLE)                          \
    X(curtailed_kwh, DOUBLE) X(short_kwh, DOUBLE)   X(action, TEXTS)                             \
    X(order_kwh, DOUBLE)    X(order_price, DOUBLE)  X(need, TEXTS)                               \
    X(score, DOUBLE)        X(signal, DOUBLE)       X(buy_price, DOUBLE)                         \
    X(sell_price, DOUBLE)
#define TRADE_MAP(X)                                                                             \
    X(start, TIME)          X(seller, INTEGER)      X(buyer, INTEGER)                            \
    X(energy_kwh, DOUBLE)   X(arrives_kwh, DOUBLE)  X(seller_price, DOUBLE)                      \
    X(buyer_price, DOUBLE)
#define HOUSEHOLD_MAP(X)                                                                         \
    X(home, INTEGER)        X(name, TEXTS)          X(load_kwh, DOUBLE)                          \
    X(pv_kwh, DOUBLE)       X(imported_kwh, DOUBLE) X(exported_kwh, DOUBLE)                      \
    X(bought_kwh, DOUBLE)   X(sold_kwh, DOUBLE)     X(charged_kwh, DOUBLE)                       \
    X(discharged_kwh, DOUBLE) X(grid_only_cost, DOUBLE) X(pv_only_cost, DOUBLE)                  \
    X(greedy_cost, DOUBLE)  X(alone_cost, DOUBLE)   X(optimized_cost, DOUBLE)                    \
    X(paid, DOUBLE)         X(received, DOUBLE)
// clang-format on

#define X(name, kind) {#name, VO_DUCK_##kind},
static const vo_sheet_column interval_columns[] = {INTERVAL_MAP(X)};
static const vo_sheet_column trade_columns[] = {TRADE_MAP(X)};
static const vo_sheet_column household_columns[] = {HOUSEHOLD_MAP(X)};
#undef X
#define X(name, kind) I_##name,
enum { INTERVAL_MAP(X) I_COLUMNS };
#undef X
#define X(name, kind) T_##name,
enum { TRADE_MAP(X) T_COLUMNS };
#undef X
#define X(name, kind) H_##name,
enum { HOUSEHOLD_MAP(X) H_COLUMNS };
#undef X

struct vo_simulate_tables {
    vo_sheet intervals, trades, households;
};

vo_status vo_simulate_tables_open(const char *folder, vo_simulate_tables **out, vo_error *err) {
    vo_simulate_tables *t = calloc(1, sizeof *t);
    if (!t) return vo_fail(err, VO_ENOMEM, "no memory for tables of a simulation");
    vo_status s = vo_file_make_folders(folder, err);
    if (s == VO_OK)
        s = vo_sheet_init(&t->intervals, folder, "intervals.parquet", interval_columns,
                          I_COLUMNS, PART_ROWS, err);
    if (s == VO_OK)
        s = vo_sheet_init(&t->trades, folder, "trades.parquet", trade_columns, T_COLUMNS,
                          PART_ROWS, err);
    if (s == VO_OK)
        s = vo_sheet_init(&t->households, folder, "households.parquet", household_columns,
                          H_COLUMNS, PART_ROWS, err);
    if (s == VO_OK)
        *out = t;
    else
        vo_simulate_tables_abandon(t);
    return s;
}

void vo_simulate_tables_abandon(vo_simulate_tables *t) {
    if (!t) return;
    vo_sheet_fini(&t->intervals);
    vo_sheet_fini(&t->trades);
    vo_sheet_fini(&t->households);
    free(t);
}

/* ---- rows -------------------------------------------------------------------------------------------- */

static double single(const float *x, size_t i) { return x ? (double)x[i] : (double)NAN; }

static const char *action_of(const vo_interval_view *v, size_t i) {
    static const char *const name[] = {"hold", "buy", "sell"};
    return name[v->action && v->action[i] <= VO_ACTION_SELL ? v->action[i] : VO_ACTION_HOLD];
}

static void fill_interval(const vo_simulate_case *c, const vo_interval_view *v, size_t i,
                          vo_cell row[I_COLUMNS]) {
    const vo_node_result *r = &v->result[i];
    row[I_home].integer = (int64_t)i + 1;
    row[I_load_kwh].number = (double)v->load_kwh[i];
    row[I_pv_kwh].number = (double)v->pv_kwh[i];
    row[I_predicted_load_kwh].number = single(v->predicted_load_kwh, i);
    row[I_predicted_pv_kwh].number = single(v->predicted_pv_kwh, i);
    row[I_battery_kwh].number = r->terminal_kwh;
    row[I_stored_kwh].number = r->stored_kwh;
    row[I_imported_kwh].number = r->import_kwh;
    row[I_exported_kwh].number = r->export_kwh;
    row[I_bought_kwh].number = single(v->bought_kwh, i);
    row[I_sold_kwh].number = single(v->sold_kwh, i);
    row[I_curtailed_kwh].number = r->curtailed_kwh;
    row[I_short_kwh].number = r->short_kwh;
    row[I_action].text = action_of(v, i);
    row[I_order_kwh].number = single(v->order_kwh, i);
    row[I_order_price].number = single(v->order_price, i);
    row[I_need].text = v->need && v->need[i] == VO_NEED_RED ? "RED" : "GREEN";
    row[I_score].number = v->profitability ? v->profitability[i].score : (double)NAN;
    row[I_signal].number = v->signal && v->n_signal > 0 ? v->signal[0] : (double)NAN;
    row[I_buy_price].number = c->homes->buy[v->step];
    row[I_sell_price].number = c->homes->sell[v->step];
}

static void fill_trade(const vo_simulate_case *c, const vo_trade *t, vo_cell row[T_COLUMNS]) {
    row[T_seller].integer = (int64_t)t->seller + 1;
    row[T_buyer].integer = (int64_t)t->buyer + 1;
    row[T_energy_kwh].number = (double)t->quantity / VO_MICRO;
    row[T_arrives_kwh].number =
        (double)vo_delivered(c->options.rules.loss, t->quantity) / VO_MICRO;
    row[T_seller_price].number = (double)t->seller_price / VO_MICRO;
    row[T_buyer_price].number = (double)t->buyer_price / VO_MICRO;
}

vo_status vo_simulate_tables_put(vo_simulate_tables *t, const vo_simulate_case *c,
                                 const vo_interval_view *v, vo_error *err) {
    const int64_t start_us = c->homes->start[v->step].s * 1000000;
    vo_cell row[VO_SHEET_COLUMNS] = {{.integer = start_us}};
    vo_status s = VO_OK;
    for (size_t i = 0; s == VO_OK && i < c->homes->homes; i++) {
        fill_interval(c, v, i, row);
        s = vo_sheet_add(&t->intervals, row, err);
    }
    for (size_t i = 0; s == VO_OK && v->match && i < v->match->n_trades; i++) {
        fill_trade(c, &v->match->trade[i], row);
        s = vo_sheet_add(&t->trades, row, err);
    }
    return s;
}

static double cost_of(const vo_simulate_runs *r, vo_simulate_run_id id, size_t i) {
    return r->of[id].made ? (double)r->of[id].home_cost[i] / VO_MICRO : (double)NAN;
}

static void fill_household(const vo_simulate_runs *r, size_t i, vo_cell row[H_COLUMNS]) {
    const vo_home_sums *h = &r->community.home[i];
    row[H_home].integer = (int64_t)i + 1;
    row[H_load_kwh].number = h->load_kwh;
    row[H_pv_kwh].number = h->pv_kwh;
    row[H_imported_kwh].number = h->imported_kwh;
    row[H_exported_kwh].number = h->exported_kwh;
    row[H_bought_kwh].number = h->bought_kwh;
    row[H_sold_kwh].number = h->sold_kwh;
    row[H_charged_kwh].number = h->charged_kwh;
    row[H_discharged_kwh].number = h->discharged_kwh;
    row[H_grid_only_cost].number = cost_of(r, VO_SIMULATE_grid_only, i);
    row[H_pv_only_cost].number = cost_of(r, VO_SIMULATE_pv_only, i);
    row[H_greedy_cost].number = cost_of(r, VO_SIMULATE_greedy, i);
    row[H_alone_cost].number = cost_of(r, VO_SIMULATE_alone, i);
    row[H_optimized_cost].number = cost_of(r, VO_SIMULATE_community, i);
    row[H_paid].number = (double)h->account.paid / VO_MICRO;
    row[H_received].number = (double)h->account.received / VO_MICRO;
}

/* Names live only until the next is asked for: they are kept until their part is written. */
static vo_status put_households(vo_simulate_tables *t, vo_simulate_case *c,
                                const vo_simulate_runs *r, vo_error *err) {
    enum { NAME = 80 };
    const size_t homes = c->homes->homes;
    const size_t room = homes < PART_ROWS ? homes : PART_ROWS;
    char(*name)[NAME] = malloc(room * sizeof *name);
    if (!name) return vo_fail(err, VO_ENOMEM, "no memory for names of %zu homes", room);
    vo_cell row[VO_SHEET_COLUMNS] = {{.integer = 0}};
    vo_status s = VO_OK;
    for (size_t i = 0; s == VO_OK && i < homes; i++) {
        char *mine = name[i % PART_ROWS];
        snprintf(mine, NAME, "%s", vo_world_home_name(c->world, (uint32_t)i));
        row[H_name].text = mine;
        fill_household(r, i, row);
        s = vo_sheet_add(&t->households, row, err);
    }
    if (s == VO_OK) s = vo_sheet_finish(&t->households, err);
    free(name);
    return s;
}

vo_status vo_simulate_tables_finish(vo_simulate_tables *t, vo_simulate_case *c,
                                    const vo_simulate_runs *r, vo_error *err) {
    vo_status s = vo_sheet_finish(&t->intervals, err);
    if (s == VO_OK) s = vo_sheet_finish(&t->trades, err);
    return s == VO_OK ? put_households(t, c, r, err) : s;
}
