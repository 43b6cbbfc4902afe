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

/* ---- a time in two columns ------------------------------------------------------------ */

static void starts_are(const char *text, vo_source_options o, const int64_t *hour, size_t n) {
    vo_readings_set *set = read_ok(text, o);
    const vo_readings *r = set->item[0];
    cr_assert_eq(r->n, n, "%zu rows of %s", r->n, text);
    for (size_t i = 0; i < n; i++)
        cr_expect_eq(r->start_s[i], JAN1 + hour[i] * 3600, "row %zu of %s: %lld h", i, text,
                     (long long)(r->start_s[i] - JAN1) / 3600);
    cr_expect(strstr(set->note, "joined"), "%s", set->note);
    vo_readings_set_free(set);
}

Test(source_csv, hours_in_a_column_of_their_own_are_joined_with_the_date) {
    starts_are("Fecha,Hora,Precio\n2024-01-01,1,5\n2024-01-01,2,6\n2024-01-01,24,7\n"
               "2024-01-02,1,8\n",
               standard, (const int64_t[]){0, 1, 23, 24}, 4);
    starts_are("Fecha,Hora,Precio\n2024-01-01,0,5\n2024-01-01,1,6\n2024-01-01,23,7\n", standard,
               (const int64_t[]){0, 1, 23}, 3);
    starts_are("date,time,price\n2024-01-01,00:00,5\n2024-01-01,01:00,6\n", standard,
               (const int64_t[]){0, 1}, 2);
    starts_are("date,time,price\n2024-01-01,12:00 AM,5\n2024-01-01,1:00 PM,6\n", standard,
               (const int64_t[]){0, 13}, 2);
    starts_are("date,hour,price\n2024-01-01,01:00,5\n2024-01-01,24:00,6\n", standard,
               (const int64_t[]){0, 23}, 2);
    starts_are("TYPE,DATE,START TIME,END TIME,USAGE,COST\nE,2024-01-01,00:00,00:59,5,$1\n"
               "E,2024-01-01,01:00,01:59,6,$2\n",
               (vo_source_options){.kind = VO_KIND_LOAD}, (const int64_t[]){0, 1}, 2);
    starts_are("Delivery Date,Hour Ending,DST,Price\n01/01/2024,01:00,N,5\n"
               "01/01/2024,02:00,N,6\n01/01/2024,24:00,N,7\n",
               (vo_source_options){.date_order = VO_DATE_MONTH_FIRST},
               (const int64_t[]){0, 1, 23}, 3);
}

/* Chicago's clocks went forward at 08:00Z on 10 March 2024 and back at 07:00Z on 3 November;
 * ERCOT's hours that end are those of the wall clock. */
Test(source_csv, hours_that_end_follow_the_wall_clock_on_odd_days) {
    static const vo_source_options chicago = {.zone = "America/Chicago",
                                              .date_order = VO_DATE_MONTH_FIRST};
    static const int64_t spring[] = {69 * 24 + 6, 69 * 24 + 7, 69 * 24 + 8, 70 * 24 + 4};
    static const int64_t autumn[] = {307 * 24 + 5, 307 * 24 + 6, 307 * 24 + 7, 307 * 24 + 8};
    starts_are("Delivery Date,Hour Ending,Price\n03/10/2024,01:00,1\n03/10/2024,02:00,2\n"
               "03/10/2024,04:00,3\n03/10/2024,24:00,4\n",
               chicago, spring, 4);
    starts_are("Delivery Date,Hour Ending,Price\n03/10/2024,1,1\n03/10/2024,2,2\n"
               "03/10/2024,4,3\n03/10/2024,24,4\n",
               chicago, spring, 4); /* a 24th hour on a day of 23: the wall clock's */
    starts_are("Delivery Date,Hour Ending,Price\n11/03/2024,01:00,1\n11/03/2024,02:00,2\n"
               "11/03/2024,02:00,3\n11/03/2024,03:00,4\n",
               chicago, autumn, 4);
    starts_are(
        "Delivery Date,Hour,Price\n11/03/2024,1,1\n11/03/2024,2,2\n"
        "11/03/2024,3,3\n11/03/2024,4,4\n11/03/2024,25,5\n",
        chicago,
        (const int64_t[]){307 * 24 + 5, 307 * 24 + 6, 307 * 24 + 7, 307 * 24 + 8, 308 * 24 + 5},
        5);
}

Test(source_csv, a_length_beside_the_date_is_no_time_of_day) {
    vo_readings_set *set =
        read_ok("date,interval,price\n2024-01-01,24,5\n2024-01-02,24,6\n", standard);
    cr_expect_eq(set->item[0]->start_s[1], JAN1 + 86400);
    vo_readings_set_free(set);
}

/* ---- nothing is lost under "corrected" ------------------------------------------------ */

Test(source_csv, rows_of_one_time_that_nothing_explains_are_refused_by_name) {
    must_refuse("date,quarter,price\n2024-01-01,1,5\n2024-01-01,2,6\n2024-01-01,3,7\n"
                "2024-01-01,96,8\n",
                standard, "told apart by \"quarter\"");
    must_refuse("timestamp,price,version\n2024-01-01,5,1\n2024-01-01,6,2\n2024-01-02,5,1\n"
                "2024-01-02,6,2\n",
                standard, "lines 2 and 3");
    must_refuse("timestamp,price\n2024-01-01,5\n2024-01-02,6\n2024-01-01,7\n2024-01-02,8\n",
                standard, "no column tells them apart");
    vo_readings_set *set = read_ok("timestamp,price\n2024-01-01,5\n2024-01-02,6\n"
                                   "2024-01-03,6\n2024-01-04,6\n2024-01-01,7\n",
                                   standard);
    cr_expect_eq(set->rows, 5); /* a correction is a correction */
    vo_readings_set_free(set);
    set = read_ok("timestamp,price\n2024-01-01,5\n2024-01-02,6\n2024-01-01,5\n"
                  "2024-01-02,6\n",
                  standard);
    cr_expect_eq(set->rows, 4); /* the same again is no loss */
    vo_readings_set_free(set);
}

Test(source_csv, periods_may_begin_with_0_where_the_values_do) {
    vo_readings_set *set =
        read_ok("day,p,price\n2024-01-01,0,5\n2024-01-01,1,6\n2024-01-01,47,7\n",
                (vo_source_options){.period_column = "p", .period_minutes = 30});
    const vo_readings *r = set->item[0];
    cr_expect(r->start_s[0] == JAN1 && r->start_s[1] == JAN1 + 1800 &&
              r->start_s[2] == JAN1 + 47 * 1800);
    vo_readings_set_free(set);
}

/* ---- what tables come like ------------------------------------------------------------ */

Test(source_csv, names_in_windows_1252_become_utf8_and_are_said) {
    vo_readings_set *set =
        read_ok("timestamp;N\xba;Precio \x80/MWh;node\n2024-01-01;7;5;CA\xd1ON\n",
                (vo_source_options){.node_column = "node"});
    const vo_readings *r = set->item[0];
    cr_expect_str_eq(r->node, "CA\xc3\x91ON");
    cr_expect_str_eq(r->price_name, "Precio \xe2\x82\xac/MWh");
    cr_expect_str_eq(r->column[1].name, "N\xc2\xba");
    cr_expect(strstr(set->note, "Windows-1252"), "%s", set->note);
    vo_readings_set_free(set);
}

Test(source_csv, a_header_that_says_per_kwh_is_believed_unless_something_else_was_said) {
    static const char *const name[] = {"\xe2\x82\xac/kWh", "Price KWH", "USD/kWh", "p/kWh"};
    for (size_t i = 0; i < 4; i++) {
        char text[100];
        snprintf(text, sizeof text, "timestamp,%s\n2024-01-01,0.25\n", name[i]);
        vo_readings_set *set = read_ok(text, standard);
        cr_expect_eq(set->item[0]->column[0].value[0], 250, "%s", name[i]);
        cr_expect(strstr(set->note, "per kWh"), "%s", set->note);
        vo_readings_set_free(set);
        set = read_ok(text, (vo_source_options){.price_factor = 1});
        cr_expect_eq(set->item[0]->column[0].value[0], 0.25, "%s", name[i]);
        vo_readings_set_free(set);
    }
}

Test(source_csv, what_was_chosen_is_said_and_numbers_of_rows_are_no_data) {
    vo_readings_set *set =
        read_ok(",timestamp,price,load\n0,2024-01-01,5,8\n1,2024-01-02,6,9\n", standard);
    cr_expect(strstr(set->note, "time: timestamp, price: price, further columns: load"), "%s",
              set->note);
    cr_expect_eq(set->item[0]->n_columns, 2);
    vo_readings_set_free(set);
    set = read_ok("id,timestamp,price\n1,2024-01-01,5\n4,2024-01-02,6\n", standard);
    cr_expect_eq(set->item[0]->n_columns, 2); /* it does not count */
    vo_readings_set_free(set);
}

Test(source_csv, lines_that_begin_with_a_hash_are_comments_or_the_header) {
    static const char *const text[] = {"# made by x\ntimestamp,price\n2024-01-01,5\n",
                                       "#timestamp,price\n2024-01-01,5\n",
                                       "# a, b\n#\n# timestamp,price\n2024-01-01,5\n"};
    for (size_t i = 0; i < 3; i++) {
        vo_readings_set *set = read_ok(text[i], standard);
        cr_expect_eq(set->item[0]->start_s[0], JAN1, "%s", text[i]);
        cr_expect_eq(set->item[0]->n, 1, "%s", text[i]);
        cr_expect_str_eq(set->item[0]->price_name, "price");
        vo_readings_set_free(set);
    }
}

Test(source_csv, dates_that_begin_with_the_day_ask_for_the_order) {
    must_refuse("Tag,Preis\n31/01/2024 00:00,5\n", standard, "date_order");
    must_refuse("Tag,Preis\n1.2.2024 0:00,5\n", standard, "date_order");
    must_refuse("when,price\n1704067200,5\n", standard, "time_column = \"when\"");
}
