/* test_simulate_tables.c -- the Parquet files say what the answer says. */
#include "engine/simulate_tables.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/lake_duckdb.h"
#include "port/file.h"
#include "support/data_folder.h"
#include "support/engine_ask.h"

static vo_status take_row(void *ctx, const vo_duck_rows *rows, vo_error *err) {
    double *out = ctx;
    (void)err;
    for (size_t k = 0; k < rows->n_columns && rows->rows > 0; k++)
        out[k] = rows->column[k].kind == VO_DUCK_DOUBLE ? rows->column[k].number[0]
                                                        : (double)rows->column[k].integer[0];
    return VO_OK;
}

/* One row of a query over a file of the folder: FROM is added. */
static void ask(const char *folder, const char *select, const char *file, double *out) {
    char sql[DATA_PATH + 600];
    vo_duck *duck = NULL;
    vo_error err = {0};
    snprintf(sql, sizeof sql, "%s FROM read_parquet('%s/%s.parquet')", select, folder, file);
    cr_assert_eq(vo_duck_open(&duck, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_duck_query(duck, sql, take_row, out, &err), VO_OK, "%s: %s", sql, err.msg);
    vo_duck_close(duck);
}

static void check_intervals(const char *folder, const vo_json *r) {
    const vo_json *all = vo_json_get(r, "aggregate_metrics");
    double x[6];
    ask(folder,
        "SELECT count(*), count(DISTINCT home), sum(load_kwh), sum(imported_kwh), "
        "sum(sold_kwh), max(abs(imported_kwh + pv_kwh + bought_kwh + battery_kwh + short_kwh "
        "- load_kwh - exported_kwh - sold_kwh - curtailed_kwh))",
        "intervals", x);
    cr_expect_eq(x[0], 6 * 48);
    cr_expect_eq(x[1], 6);
    cr_expect_float_eq(x[2], member_number(all, "load_kwh"), 1e-4);
    cr_expect_float_eq(x[3], member_number(all, "imported_kwh"), 1e-4);
    cr_expect_float_eq(x[4], member_number(all, "total_energy_traded_kwh"), 1e-4);
    cr_expect_lt(x[5], 1e-5, "energy is conserved in every row");
    ask(folder, "SELECT min(epoch(start)), max(epoch(start))", "intervals", x);
    const vo_json *start = vo_json_get(vo_json_get(r, "community"), "start_s");
    cr_expect_eq(x[0], vo_json_number(vo_json_at(start, 0)));
    cr_expect_eq(x[1], vo_json_number(vo_json_at(start, 47)));
}

Test(simulate_tables, the_files_have_every_interval_trade_and_home) {
    char folder[DATA_PATH], asked[DATA_PATH + 100];
    double x[5];
    cr_assert(temporary_folder(folder));
    snprintf(asked, sizeof asked, "{\"homes\":6,\"seed\":1,\"parquet\":\"%s/a/b\"}", folder);
    vo_json *r = engine_ask("nowhere", vo_engine_simulate, asked);
    snprintf(asked, sizeof asked, "%s/a/b", folder);
    check_intervals(asked, r);
    ask(asked, "SELECT count(*), sum(energy_kwh), sum(energy_kwh * buyer_price), min(seller)",
        "trades", x);
    cr_expect_eq(x[0], member_number(r, "trades_executed"));
    cr_expect_float_eq(
        x[1], member_number(vo_json_get(r, "aggregate_metrics"), "total_energy_traded_kwh"),
        1e-5);
    cr_expect_float_eq(x[2] * 1e6, member_number(vo_json_get(r, "ledger"), "buyers_pay"),
                       member_number(r, "trades_executed"));
    cr_expect_geq(x[3], 1, "homes are counted from one");
    ask(asked,
        "SELECT count(*), sum(grid_only_cost), sum(optimized_cost), sum(paid - received), "
        "count(DISTINCT name)",
        "households", x);
    cr_expect_eq(x[0], 6);
    cr_expect_float_eq(x[1], member_number(r, "baseline_pge_cost"), 1e-6);
    cr_expect_float_eq(x[2], member_number(r, "optimized_cost"), 1e-6);
    cr_expect_float_eq(x[3], 0, 1e-6, "there is no fee: what is paid is received");
    cr_expect_eq(x[4], 6);
    vo_json_free(r);
    temporary_folder_remove(folder);
}

Test(simulate_tables, without_trades_the_file_of_trades_is_empty_not_missing) {
    char folder[DATA_PATH], asked[DATA_PATH + 100];
    double x[1] = {-1};
    cr_assert(temporary_folder(folder));
    snprintf(asked, sizeof asked, "{\"homes\":1,\"bounds\":\"off\",\"parquet\":\"%s\"}",
             folder);
    vo_json_free(engine_ask("nowhere", vo_engine_simulate, asked));
    ask(folder, "SELECT count(*)", "trades", x);
    cr_expect_eq(x[0], 0);
    temporary_folder_remove(folder);
}
