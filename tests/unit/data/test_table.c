/* test_table.c -- rows of cells: periods on days of every length, rows in order, factors,
 * kinds. */
#include "data/table.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_CELLS 4
#define JAN1 INT64_C(1704067200) /* 2024-01-01T00:00Z */

typedef struct {
    size_t n_columns, n_rows;
    const char *column[MAX_CELLS];
    const char *cell[8][MAX_CELLS];
    size_t passes;
} rows;

static vo_status each(void *ctx, vo_table_take take, void *take_ctx, vo_error *err) {
    rows *r = ctx;
    vo_status st = VO_OK;
    r->passes++;
    for (size_t i = 0; st == VO_OK && i < r->n_rows; i++) {
        vo_csv_field cell[MAX_CELLS];
        for (size_t c = 0; c < r->n_columns; c++)
            cell[c] = (vo_csv_field){r->cell[i][c], strlen(r->cell[i][c])};
        st = take(take_ctx, cell, (uint32_t)i + 1, err);
    }
    return st;
}

static vo_status read_rows(rows *r, vo_source_options o, vo_readings_set **out, vo_error *err) {
    const vo_table t = {.name = "x",
                        .rows = "row",
                        .n_columns = r->n_columns,
                        .column = r->column,
                        .named = true,
                        .each = each,
                        .ctx = r};
    vo_readings_set *set = NULL;
    cr_assert_eq(vo_readings_set_create(&set, err), VO_OK);
    const vo_status st = vo_table_read(&t, &o, set, err);
    *out = st == VO_OK ? set : NULL;
    if (st != VO_OK) vo_readings_set_free(set);
    return st;
}

static vo_readings_set *read_ok(rows *r, vo_source_options o) {
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(read_rows(r, o, &set, &err), VO_OK, "%s", err.msg);
    return set;
}

static void refuses(rows *r, vo_source_options o, const char *says) {
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert(read_rows(r, o, &set, &err) != VO_OK);
    cr_assert(strstr(err.msg, says), "\"%s\" is not in: %s", says, err.msg);
}

/* ---- periods ------------------------------------------------------------------------ */

static const vo_source_options london = {.time_column = "day",
                                         .zone = "Europe/London",
                                         .date_order = VO_DATE_DAY_FIRST,
                                         .period_column = "period",
                                         .period_minutes = 30};

static rows period_of(const char *day, const char *period) {
    return (rows){.n_columns = 3,
                  .n_rows = 1,
                  .column = {"day", "period", "price"},
                  .cell = {{day, period, "1"}}};
}

/* London's clocks went forward on 26 March 2017 and back on 29 October, at 01:00Z. */
Test(table, a_period_is_elapsed_time_from_local_midnight) {
    static const struct {
        const char *day, *period;
        int64_t start_s;
    } p[] = {
        {"01/01/2017", "1", INT64_C(1483228800)},  {"01/01/2017", "48", INT64_C(1483313400)},
        {"26/03/2017", "1", INT64_C(1490486400)},  {"26/03/2017", "2", INT64_C(1490488200)},
        {"26/03/2017", "3", INT64_C(1490490000)},  {"26/03/2017", "46", INT64_C(1490567400)},
        {"27/03/2017", "1", INT64_C(1490569200)},  {"29/10/2017", "1", INT64_C(1509231600)},
        {"29/10/2017", "3", INT64_C(1509235200)},  {"29/10/2017", "5", INT64_C(1509238800)},
        {"29/10/2017", "50", INT64_C(1509319800)}, {"30/10/2017", "01", INT64_C(1509321600)},
    };
    for (size_t i = 0; i < sizeof p / sizeof p[0]; i++) {
        rows r = period_of(p[i].day, p[i].period);
        vo_readings_set *set = read_ok(&r, london);
        cr_assert_eq(set->item[0]->start_s[0], p[i].start_s, "%s %s", p[i].day, p[i].period);
        vo_readings_set_free(set);
    }
}

Test(table, a_period_that_the_day_does_not_have_is_refused_by_name) {
    static const char *const bad[][3] = {
        {"26/03/2017", "47", "period 47 of 26/03/2017, a day of 46 periods of 30 minutes"},
        {"25/03/2017", "49", "a day of 48 periods"},
        {"29/10/2017", "51", "a day of 50 periods"},
        {"29/10/2017", "0", "period \"0\" is not a whole number from 1"},
        {"29/10/2017", "1.5", "is not a whole number"},
        {"29/10/2017", "", "is not a whole number"},
        {"29/10/2017 12:00", "1", "is more than the date"},
        {"30/02/2017", "1", "30"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        rows r = period_of(bad[i][0], bad[i][1]);
        refuses(&r, london, bad[i][2]);
        refuses(&r, london, "row 1, column \"period\"");
    }
    rows r = period_of("26/03/2017", "1");
    vo_source_options o = london;
    o.period_minutes = 0;
    refuses(&r, o, "period_minutes = 0 is not in 1..1440");
    o = london;
    o.period_column = "hour";
    refuses(&r, o, "no column \"hour\" for the period; it has: day, period, price");
}

/* ---- order, factors, kinds --------------------------------------------------------------- */

Test(table, rows_in_order_follow_the_start_one_by_one) {
    rows r = {.n_columns = 2,
              .n_rows = 3,
              .column = {"hour", "load"},
              .cell = {{"24", "1"}, {"1", "2"}, {"2", "3"}}};
    static const vo_source_column columns[] = {{"load_kw", "load", 2, -1}};
    vo_readings_set *set = read_ok(&r, (vo_source_options){.kind = "load",
                                                           .rows_in_order = true,
                                                           .start_utc_s = JAN1,
                                                           .interval_minutes = 15,
                                                           .column = columns,
                                                           .n_columns = 1});
    const vo_readings *x = set->item[0];
    cr_assert(x->n == 3 && x->n_columns == 1);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(x->start_s[i], JAN1 + 900 * (int64_t)i);
        cr_assert_eq(x->column[0].value[i], 2 * (double)(i + 1) - 1);
    }
    vo_readings_set_free(set);
    refuses(&r, (vo_source_options){.rows_in_order = true}, "interval_minutes = 60");
}

Test(table, prices_per_kwh_become_prices_per_mwh_with_all_their_parts) {
    rows r = {.n_columns = 4,
              .n_rows = 1,
              .column = {"time", "price", "loss", "demand"},
              .cell = {{"2024-01-01T00:00Z", "0.0615", "-0.001", "7"}}};
    vo_readings_set *set = read_ok(&r, (vo_source_options){.price_factor = 1000});
    const vo_readings *x = set->item[0];
    cr_assert_eq(x->n_columns, 3);
    cr_assert_eq(x->column[0].value[0], 0.0615 * 1000);
    cr_assert_eq(x->column[1].value[0], -0.001 * 1000);
    cr_assert_eq(x->column[2].value[0], 7);
    vo_readings_set_free(set);
}

Test(table, other_kinds_keep_the_name_of_their_first_column) {
    rows r = {.n_columns = 3,
              .n_rows = 1,
              .column = {"time", "humidity", "price"},
              .cell = {{"2024-01-01T00:00Z", "50", "1"}}};
    vo_readings_set *set = read_ok(&r, (vo_source_options){.kind = "weather"});
    cr_assert_str_eq(set->item[0]->column[0].name, "humidity");
    vo_readings_set_free(set);
}

Test(table, stamps_of_days_with_24_hours_are_kept_as_they_are) {
    rows r = {.n_columns = 2,
              .n_rows = 3,
              .column = {"time", "price"},
              .cell = {{"2020-03-29 01:00", "1"},
                       {"2020-03-29 02:00", "2"}, /* does not exist */
                       {"2020-03-29 03:00", "3"}}};
    vo_readings_set *set =
        read_ok(&r, (vo_source_options){.zone = "Europe/Paris", .days_of_24 = true});
    const vo_readings *x = set->item[0];
    cr_assert(x->start_s[1] - x->start_s[0] == 3600 && x->start_s[2] - x->start_s[1] == 3600);
    cr_assert_eq(x->flag[1], 0);
    cr_assert_str_eq(x->zone, "UTC");
    cr_assert(strstr(set->note, "read as UTC"), "%s", set->note);
    vo_readings_set_free(set);
    set = read_ok(&r, (vo_source_options){.zone = "Europe/Paris"});
    cr_assert_eq(set->item[0]->flag[1], VO_READING_SKIPPED_HOUR);
    vo_readings_set_free(set);
}

Test(table, a_column_called_gmt_is_utc_whatever_the_zone) {
    rows r = {.n_columns = 2,
              .n_rows = 1,
              .column = {"INTERVALSTARTTIME_GMT", "price"},
              .cell = {{"2024-01-01 00:00", "1"}}};
    vo_readings_set *set = read_ok(&r, (vo_source_options){.zone = "America/Los_Angeles"});
    cr_assert_eq(set->item[0]->start_s[0], JAN1);
    cr_assert_str_eq(set->item[0]->zone, "America/Los_Angeles");
    vo_readings_set_free(set);
}

Test(table, rows_are_gone_through_once_unless_a_node_was_asked_for_without_its_column) {
    rows r = {.n_columns = 3,
              .n_rows = 2,
              .column = {"time", "node", "price"},
              .cell = {{"2024-01-01T00:00Z", "A", "1"}, {"2024-01-01T00:00Z", "B", "2"}}};
    vo_readings_set *set = read_ok(&r, (vo_source_options){.node_column = "node"});
    cr_assert(set->n == 2 && r.passes == 2); /* the first row alone, then all */
    vo_readings_set_free(set);
    set = read_ok(&r, (vo_source_options){.only_node = "B"});
    cr_assert(set->n == 1 && set->item[0]->column[0].value[0] == 2);
    vo_readings_set_free(set);
    refuses(&r, (vo_source_options){0}, "node");
}

Test(table, a_value_that_its_factor_makes_too_large_is_refused) {
    static const vo_source_column columns[] = {{"price", "price", 1e9, 0}};
    rows r = {.n_columns = 2,
              .n_rows = 1,
              .column = {"time", "price"},
              .cell = {{"2024-01-01T00:00Z", "1e300"}}};
    refuses(&r, (vo_source_options){.column = columns, .n_columns = 1},
            "\"1e300\" is too large");
}
