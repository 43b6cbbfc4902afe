/* test_source_csv.c -- which columns are chosen, what rows become, what is refused and how. */
#include "data/source_csv.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/read_text.h"

#define JAN1 INT64_C(1704067200) /* 2024-01-01T00:00Z */

static vo_readings_set *read_ok(const char *text, vo_source_options o) {
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(
        read_text(vo_source_csv_parse, "x/prices.csv", text, strlen(text), &o, &set, &err),
        VO_OK, "%s", err.msg);
    return set;
}

static void must_refuse(const char *text, vo_source_options o, const char *says) {
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_neq(
        read_text(vo_source_csv_parse, "x/prices.csv", text, strlen(text), &o, &set, &err),
        VO_OK, "%s", text);
    cr_assert_null(set);
    cr_assert(strstr(err.msg, says), "\"%s\" is not in: %s", says, err.msg);
}

static const vo_source_options standard = {0};

Test(source_csv, the_plain_form_is_read) {
    vo_readings_set *set =
        read_ok("timestamp,price\n2024-01-01T00:00Z,10\n2024-01-01T01:00Z,\n", standard);
    const vo_readings *r = set->item[0];
    cr_assert(set->n == 1 && r->n == 2 && r->n_columns == 1);
    cr_assert(r->start_s[0] == JAN1 && r->start_s[1] == JAN1 + 3600);
    cr_assert(r->column[0].value[0] == 10 && isnan(r->column[0].value[1]));
    cr_assert(r->line[0] == 2 && r->line[1] == 3);
    cr_assert_str_eq(r->zone, "UTC");
    cr_assert_str_eq(r->label, "prices");
    cr_assert_str_eq(r->column[0].name, "price");
    vo_readings_set_free(set);
}

/* header; which column is the price; what other columns are kept */
Test(source_csv, columns_are_told_by_name_and_content) {
    static const struct {
        const char *text;
        double price;
        const char *other;
    } file[] = {
        {"price,timestamp\n7,2024-01-01\n", 7, NULL},
        {"utc,local_pacific,price_usd_per_mwh\n2024-01-01T00:00:00Z,2023-12-31T16:00:00-08:00,"
         "7\n",
         7, NULL},
        {"interval_end_aest,total_demand_mw,rrp_aud_per_mwh\n2024-01-01T00:00:00,4181.58,7\n",
         7, "total_demand_mw"},
        {"REGION,SETTLEMENTDATE,TOTALDEMAND,RRP,PERIODTYPE\nVIC1,2024/01/01 "
         "00:00:00,4181.58,7,TRADE\n",
         7, "TOTALDEMAND"},
        {",Real price,DNN 1\n2024-01-01 00:00:00,7,8\n", 7, "DNN 1"},
        {"when;Preis;load\n2024-01-01;7,25;3\n", 7.25, "load"},
        {"2024-01-01,7\n2024-01-01 01:00,8\n", 7, NULL}, /* no header */
    };
    for (size_t i = 0; i < sizeof file / sizeof file[0]; i++) {
        vo_readings_set *set = read_ok(file[i].text, standard);
        const vo_readings *r = set->item[0];
        cr_assert_eq(r->start_s[0], JAN1, "%s", file[i].text);
        cr_assert_eq(r->column[0].value[0], file[i].price, "%s", file[i].text);
        cr_assert_eq(r->n_columns, file[i].other ? 2u : 1u, "%s", file[i].text);
        if (file[i].other) cr_assert_str_eq(r->column[1].name, file[i].other);
        vo_readings_set_free(set);
    }
}

Test(source_csv, named_columns_win) {
    vo_source_options o = {.time_column = "b", .price_column = "sell"};
    vo_readings_set *set = read_ok("a,b,buy,sell\n2020-01-01,2024-01-01,1,2\n", o);
    const vo_readings *r = set->item[0];
    cr_assert(r->start_s[0] == JAN1 && r->column[0].value[0] == 2 && r->n_columns == 2);
    cr_assert_str_eq(r->column[1].name, "buy");
    vo_readings_set_free(set);
}

Test(source_csv, a_node_column_splits_the_file) {
    const char *text =
        "time,node,price\n2024-01-01,A B,1\n2024-01-01,C,2\n2024-01-01T01:00,A B,3\n";
    vo_source_options o = {.node_column = "node", .market = "M", .process = "P"};
    vo_readings_set *set = read_ok(text, o);
    cr_assert(set->n == 2 && set->item[0]->n == 2 && set->item[1]->n == 1);
    cr_assert_str_eq(set->item[0]->label, "M P A B");
    vo_readings_set_free(set);
    o.only_node = "A-B";
    set = read_ok(text, o);
    cr_assert(set->n == 1 && set->rows == 2);
    vo_readings_set_free(set);
    o.only_node = "D";
    must_refuse(text, o, "no rows of the node");
}

Test(source_csv, a_file_of_prices_only_needs_the_interval) {
    must_refuse("1\n2\n", standard, "interval_minutes");
    vo_source_options o = {.interval_minutes = 15, .start_utc_s = JAN1};
    vo_readings_set *set = read_ok("price\n1\n2\n3\n", o);
    const vo_readings *r = set->item[0];
    cr_assert(r->n == 3 && r->start_s[2] == JAN1 + 1800 && r->column[0].value[2] == 3);
    cr_assert_eq(r->interval_h, 0.25);
    vo_readings_set_free(set);
}

Test(source_csv, stamps_at_the_end_of_intervals_move_to_their_start) {
    vo_source_options o = {.stamps_at_end = true};
    vo_readings_set *set = read_ok("t,p\n2024-01-01T00:05Z,1\n2024-01-01T00:10Z,2\n", o);
    cr_assert(set->item[0]->start_s[0] == JAN1 && set->item[0]->start_s[1] == JAN1 + 300);
    vo_readings_set_free(set);
}

Test(source_csv, one_offset_names_the_zone_and_changing_ones_are_noted) {
    vo_readings_set *set =
        read_ok("t,p\n2024-01-01T00:00-08:00,1\n2024-01-01T01:00-08:00,2\n", standard);
    cr_assert_str_eq(set->item[0]->zone, "-08:00");
    cr_assert_eq(set->item[0]->start_s[0], JAN1 + 8 * 3600);
    vo_readings_set_free(set);
    set = read_ok("t,p\n2024-01-01T00:00-08:00,1\n2024-01-01T02:00-07:00,2\n", standard);
    cr_assert_str_eq(set->item[0]->zone, "UTC");
    cr_assert(strstr(set->note, "offset changes"));
    vo_readings_set_free(set);
}

/* 2024 in Madrid: 23 hours on 31 March, 25 on 27 October, contiguous in UTC. */
Test(source_csv, naive_stamps_of_odd_days_are_contiguous_in_utc) {
    static const struct {
        const char *date;
        int skip, repeat, hours;
    } day[] = {{"2024-03-31", 2, -1, 23}, {"2024-10-27", -1, 2, 25}};
    for (int d = 0; d < 2; d++) {
        char text[2048];
        size_t n = (size_t)sprintf(text, "t,p\n");
        for (int h = 0; h < 24; h++)
            for (int k = 0; k < (h == day[d].skip ? 0 : h == day[d].repeat ? 2 : 1); k++)
                n += (size_t)sprintf(text + n, "%s %02d:00,%d\n", day[d].date, h, h);
        vo_source_options o = {.zone = "Europe/Madrid"};
        vo_readings_set *set = read_ok(text, o);
        const vo_readings *r = set->item[0];
        cr_assert_eq(r->n, (size_t)day[d].hours);
        for (size_t i = 1; i < r->n; i++)
            cr_assert_eq(r->start_s[i], r->start_s[0] + (int64_t)i * 3600);
        vo_readings_set_free(set);
    }
}

Test(source_csv, what_is_wrong_is_named_with_line_column_and_remedy) {
    must_refuse("", standard, "is empty");
    must_refuse("timestamp,price\n", standard, "no rows");
    must_refuse("timestamp,price\n2024-01-01,abc\n", standard,
                "line 2, column \"price\": \"abc\"");
    must_refuse("timestamp,price\n2024-01-01,1\nyesterday,2\n", standard,
                "line 3, column \"timestamp\"");
    must_refuse("timestamp,price\n2024-01-01,1,2\n", standard, "line 2 has 3 fields");
    must_refuse("timestamp,price\n31/12/2024,1\n", standard, "date_order = \"day\"");
    must_refuse("timestamp,name\n2024-01-01,x\n", standard, "price_column = \"NAME\"");
    must_refuse("timestamp,a,A\n2024-01-01,1,2\n", (vo_source_options){.price_column = "b"},
                "it has: timestamp, a, A");
    must_refuse("timestamp,price,a,A\n2024-01-01,1,2,3\n", standard, "two columns are called");
    must_refuse("timestamp,price\n2024-01-01,1\n", (vo_source_options){.zone = "Mars/Olympus"},
                "Mars/Olympus");
    must_refuse("1\n", (vo_source_options){.interval_minutes = -1}, "interval_minutes = -1");
}

/* ---- several series in one file ---- */

#define TWO_NODES                                                                              \
    "time,node,price\n2024-01-01,A,1\n2024-01-01,B,2\n2024-01-02,A,3\n2024-01-02,B,4\n"

Test(source_csv, two_nodes_are_never_read_as_corrections_of_one) {
    must_refuse(TWO_NODES, standard, "column \"node\" tells 2 series apart (A, B)");
    must_refuse(TWO_NODES, standard, "choose with node = \"A\"");
    must_refuse("time,price,x\n2024-01-01,1,here\n2024-01-02,2,here\n2024-01-01,3,there\n"
                "2024-01-02,4,there\n",
                standard, "column \"x\" tells 2 series apart (here, there)");
    must_refuse("time,node,price\n2024-01-01,7,1\n2024-01-01,8,2\n", standard,
                "column \"node\" tells 2 series apart (7, 8)");
    must_refuse(TWO_NODES, (vo_source_options){.only_node = "C"}, "node = \"C\" is not in it");
    must_refuse("time,price\n2024-01-01,1\n", (vo_source_options){.only_node = "C"},
                "no column has it");
}

Test(source_csv, the_node_asked_for_is_read_alone) {
    static const vo_source_options ways[] = {{.only_node = "B"},
                                             {.node = "B"}, /* the identity names one there */
                                             {.only_node = "B", .node_column = "node"}};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        vo_readings_set *set = read_ok(TWO_NODES, ways[i]);
        cr_assert(set->n == 1 && set->item[0]->n == 2);
        cr_assert_str_eq(set->item[0]->node, "B");
        cr_assert(set->item[0]->column[0].value[0] == 2 &&
                  set->item[0]->column[0].value[1] == 4);
        vo_readings_set_free(set);
    }
}

Test(source_csv, a_node_with_two_processes_needs_both_names) {
    const char *text = "time,process,node,price\n2024-01-01,MDA,A,1\n2024-01-01,MTR,A,2\n"
                       "2024-01-01,MDA,B,3\n2024-01-01,MTR,B,4\n";
    must_refuse(text, (vo_source_options){.only_node = "B"},
                "of one node, column \"process\" tells 2 series apart (MDA, MTR)");
    vo_readings_set *set =
        read_ok(text, (vo_source_options){.only_node = "B", .only_process = "MTR"});
    cr_assert(set->n == 1 && set->rows == 1 && set->item[0]->column[0].value[0] == 4);
    vo_readings_set_free(set);
}

Test(source_csv, text_that_goes_with_the_time_is_left_out_as_before) {
    vo_readings_set *set = read_ok("time,season,price\n2024-01-01,peak,1\n2024-01-02,off,2\n"
                                   "2024-01-03,peak,3\n",
                                   standard);
    cr_assert(set->n == 1 && set->item[0]->n == 3 && set->item[0]->n_columns == 1);
    vo_readings_set_free(set);
}

Test(source_csv, the_price_keeps_what_the_file_calls_it) {
    vo_readings_set *set = read_ok("time,mean,week\n2024-01-01,1,2\n", standard);
    cr_assert_str_eq(set->item[0]->price_name, "mean");
    cr_assert_str_eq(set->item[0]->column[0].name, "price");
    vo_readings_set_free(set);
    set = read_ok("2024-01-01,1\n", standard);
    cr_assert_str_eq(set->item[0]->price_name, "", "no header, no name");
    vo_readings_set_free(set);
}
