/* test_source.c -- the format is told from the content; what is written is read back. */
#include "data/export.h"
#include "data/source.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "data/clean.h"
#include "port/file.h"
#include "support/data_folder.h"

static const char *market_of(const char *text) {
    static char market[32];
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_source_parse("FR.csv", text, strlen(text), NULL, &set, &err), VO_OK, "%s",
                 err.msg);
    strcpy(market, set->item[0]->market);
    vo_readings_set_free(set);
    return market;
}

Test(source, the_format_is_told_from_the_content) {
    cr_assert_str_eq(market_of("timestamp,price\n2024-01-01,1\n"), "");
    cr_assert_str_eq(market_of("Date,Price,x\n2024-01-01,1,2\n"), "EPF");
    cr_assert_str_eq(
        market_of(
            "sistema,mercado,tipo,clave,fecha,hora,precio,c_energia,c_perdidas,c_congestion\n"
            "SIN,MDA,PND,A,2024-01-01,1,2,2,0,0\n"),
        "MEM");
    cr_assert_str_eq(
        market_of(
            "\xef\xbb\xbf{\"proceso\":\"MDA\",\"sistema\":\"SIN\",\"Resultados\":[{\"clv_"
            "nodo\":"
            "\"A\",\"Valores\":[{\"fecha\":\"2024-01-01\",\"hora\":\"1\",\"pml\":\"2\"}]}]}"),
        "MEM");
}

#define OASIS                                                                                  \
    "INTERVALSTARTTIME_GMT,NODE,MARKET_RUN_ID,LMP_TYPE,MW\n2024-01-02T08:00,N,DAM,LMP,1\n"
#define CENACE                                                                                 \
    "sistema,mercado,tipo,clave,fecha,hora,precio,c_energia,c_perdidas,c_congestion\n"         \
    "SIN,MDA,PND,A,2024-01-01,1,2,2,0,0\n"
#define REPLY                                                                                  \
    "{\"proceso\":\"MDA\",\"sistema\":\"SIN\",\"Resultados\":[{\"clv_nodo\":\"A\","            \
    "\"Valores\":[{\"fecha\":\"2024-01-01\",\"hora\":\"1\",\"pml\":\"2\"}]}]}"

static vo_status read_with(const char *text, vo_source_options o, vo_error *err) {
    vo_readings_set *set = NULL;
    const vo_status st = vo_source_parse("x.csv", text, strlen(text), &o, &set, err);
    if (st == VO_OK) vo_readings_set_free(set);
    return st;
}

Test(source, options_about_columns_are_refused_where_columns_are_known) {
    const vo_source_column column = {"price", "MW", 1, 0};
    const struct {
        const char *name;
        vo_source_options o;
    } option[] = {{"columns", {.column = &column, .n_columns = 1}},
                  {"time_column", {.time_column = "t"}},
                  {"price_column", {.price_column = "MW"}},
                  {"node_column", {.node_column = "NODE"}},
                  {"period_column", {.period_column = "p", .period_minutes = 30}},
                  {"price_unit", {.price_factor = 1000}},
                  {"rows_in_order", {.rows_in_order = true}},
                  {"rows_path", {.rows_path = "data"}},
                  {"days_of_24", {.days_of_24 = true}},
                  {"stamps_at_end", {.stamps_at_end = true}},
                  {"date_order", {.date_order = VO_DATE_DAY_FIRST}}};
    static const struct {
        const char *known, *text;
    } file[] = {
        {"CAISO OASIS", OASIS},
        {"CENACE", CENACE},
        {"ENTSO-E", "<Publication_MarketDocument>"},
        {"EPW", "LOCATION,a,b,c,d,e,1,2,3,4\n"},
        {"Open-Meteo", "{\"latitude\":1,\"longitude\":2,\"utc_offset_seconds\":0,\"hourly_"
                       "units\":{\"time\":\"iso8601\"},"
                       "\"hourly\":{\"time\":[]}}"},
    };
    for (size_t i = 0; i < sizeof option / sizeof option[0]; i++)
        for (size_t f = 0; f < sizeof file / sizeof file[0]; f++) {
            vo_error err = {0};
            const bool json = file[f].text[0] == '{';
            cr_assert_eq(read_with(file[f].text, option[i].o, &err), VO_EINVAL, "%s %s",
                         file[f].known, option[i].name);
            if (json && option[i].o.rows_path) continue; /* see below */
            cr_assert(strstr(err.msg, "x.csv is ") && strstr(err.msg, file[f].known) &&
                          strstr(err.msg, option[i].name) && strstr(err.msg, "leave"),
                      "%s", err.msg);
        }
    vo_error err = {0};
    cr_assert_eq(read_with(OASIS, (vo_source_options){.price_factor = 1}, &err), VO_OK, "%s",
                 err.msg);
    cr_assert_eq(read_with(OASIS,
                           (vo_source_options){
                               .column = &column, .n_columns = 1, .mapping_name = "octopus"},
                           &err),
                 VO_EINVAL);
    cr_assert(strstr(err.msg, "mapping octopus"), "%s", err.msg);
}

/* Green Button takes a factor of its values; a CSV of the EPF benchmark is a table as any. */
Test(source, options_about_columns_are_taken_where_they_mean_something) {
    const vo_source_column value = {"load_kw", "value", 0.001, 0}, price = {"price", "x", 1, 0};
    static const char *const meter =
        "<IntervalBlock><IntervalReading><timePeriod><duration>3600</duration><start>1420099200"
        "</start></timePeriod><value>5</value></IntervalReading></IntervalBlock>";
    vo_error err = {0};
    cr_assert_eq(read_with(meter, (vo_source_options){.column = &value, .n_columns = 1}, &err),
                 VO_OK, "%s", err.msg);
    cr_assert_eq(read_with(meter, (vo_source_options){.time_column = "start"}, &err),
                 VO_EINVAL);
    cr_assert_eq(read_with("Date,Price,x\n2024-01-01,1,2\n",
                           (vo_source_options){.column = &price, .n_columns = 1}, &err),
                 VO_OK, "%s", err.msg);
}

/* A reply like CENACE's, but rows are where the caller says. */
Test(source, json_with_a_path_of_rows_is_read_by_that_path) {
    const vo_source_column price = {"price", "p", 1, 0};
    const char *text = "{\"Message\":\"\",\"data\":[{\"t\":\"2024-01-01T00:00Z\",\"p\":7},"
                       "{\"t\":\"2024-01-01T01:00Z\",\"p\":8}]}";
    const vo_source_options o = {
        .rows_path = "data", .time_column = "t", .column = &price, .n_columns = 1};
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_source_parse("x.json", text, strlen(text), &o, &set, &err), VO_OK, "%s",
                 err.msg);
    cr_assert(set->rows == 2 && set->item[0]->column[0].value[1] == 8);
    cr_assert_str_eq(set->item[0]->market, "");
    vo_readings_set_free(set);
    cr_assert_eq(read_with(REPLY, o, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "data"), "%s", err.msg);
}

Test(source, compressed_is_the_same_as_plain) {
    const char *text = "timestamp,price\n2024-01-01,1\n2024-01-02,2\n";
    char packed[256];
    const size_t n = ZSTD_compress(packed, sizeof packed, text, strlen(text), 1);
    vo_readings_set *set = NULL;
    cr_assert_eq(vo_source_parse("x", packed, n, NULL, &set, NULL), VO_OK);
    cr_assert(set->rows == 2 && set->item[0]->column[0].value[1] == 2);
    vo_readings_set_free(set);
}

Test(source, an_absent_file_is_not_found) {
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_source_read("/nowhere/prices.csv", NULL, &set, &err), VO_ENOTFOUND);
    cr_assert(strstr(err.msg, "/nowhere/prices.csv"), "%s", err.msg);
}

Test(source, a_series_written_is_read_back_to_the_bit) {
    static const char *const names[] = {"price", "load, \"MW\""};
    char folder[DATA_PATH], path[DATA_PATH + 16];
    vo_series *s = NULL, *back = NULL;
    vo_readings_set *set = NULL;
    cr_assert(temporary_folder(folder));
    snprintf(path, sizeof path, "%s/out.csv", folder);
    vo_series_create(200, names, 2, NULL, &s, NULL);
    for (size_t t = 0; t < s->n; t++) {
        s->start[t].s = 1704067200 + (int64_t)t * 900;
        s->dt_h[t] = 0.25;
        s->column[0].value[t] = sin((double)t) * 1e3 / 7;
        s->column[1].value[t] = t % 9 ? (double)t : (double)NAN;
    }
    cr_assert_eq(vo_export_series(s, VO_EXPORT_CSV, path, NULL), VO_OK);
    cr_assert_eq(vo_source_read(path, &(vo_source_options){.zone = "UTC"}, &set, NULL), VO_OK);
    cr_assert_eq(vo_clean(set->item[0], &(vo_clean_options){.uneven = true}, &back, NULL, NULL),
                 VO_OK);
    cr_assert(back->n == s->n && back->n_columns == 2);
    cr_assert_str_eq(back->column[1].name, names[1]);
    cr_assert_eq(memcmp(back->column[0].value, s->column[0].value, s->n * sizeof(double)), 0);
    for (size_t t = 0; t < s->n; t++) {
        cr_assert(back->start[t].s == s->start[t].s && back->dt_h[t] == 0.25);
        cr_assert_eq(isnan(back->column[1].value[t]), t % 9 == 0);
    }
    vo_series_free(s);
    vo_series_free(back);
    vo_readings_set_free(set);
    temporary_folder_remove(folder);
}

Test(source, local_stamps_with_their_offset_are_written_and_tell_repeated_hours_apart) {
    static const char *const names[] = {"price"};
    char folder[DATA_PATH], path[DATA_PATH + 16];
    vo_series *s = NULL;
    char *text = NULL;
    size_t len = 0;
    cr_assert(temporary_folder(folder));
    snprintf(path, sizeof path, "%s/out.csv", folder);
    vo_series_create(3, names, 1, NULL, &s, NULL);
    strcpy(s->zone, "Europe/Berlin");
    for (size_t t = 0; t < 3; t++) { /* from 02:00+02:00 on, the night that clocks go back */
        s->start[t].s = 1761436800 + (int64_t)t * 3600;
        s->dt_h[t] = 1;
        s->column[0].value[t] = 682.4;
    }
    cr_assert_eq(vo_export_series(s, VO_EXPORT_CSV, path, NULL), VO_OK);
    cr_assert_eq(vo_file_read(path, 4096, &text, &len, NULL), VO_OK);
    cr_expect_str_eq(text, "timestamp,price\n2025-10-26T02:00:00+02:00,682.4\n"
                           "2025-10-26T02:00:00+01:00,682.4\n"
                           "2025-10-26T03:00:00+01:00,682.4\n");
    char stamp[40];
    vo_export_stamp(NULL, 0, stamp);
    cr_expect_str_eq(stamp, "1970-01-01T00:00:00Z");
    free(text);
    vo_series_free(s);
    temporary_folder_remove(folder);
}

Test(source, what_is_asked_for_is_told_by_process_and_node) {
    const vo_source_options all = vo_source_options_default();
    cr_expect(vo_source_wants_process(&all, "MDA") && vo_source_wants_node(&all, "A"));
    const vo_source_options empty = {.only_process = "", .only_node = ""};
    cr_expect(vo_source_wants_process(&empty, "MDA") && vo_source_wants_node(&empty, "A"));
    const vo_source_options some = {.only_process = "mda", .only_node = "TIJUANA-SUR"};
    cr_expect(vo_source_wants_process(&some, "MDA"), "without case");
    cr_expect_not(vo_source_wants_process(&some, "MTR"));
    cr_expect(vo_source_wants_node(&some, "TIJUANA SUR"), "a blank is '-'");
    cr_expect_not(vo_source_wants_node(&some, "TIJUANA"));
}

Test(source, a_refusal_names_file_line_field_value_and_why) {
    vo_error err = {0};
    const vo_csv_field word = {"12x34", 3};
    cr_assert_eq(vo_source_refuse("a.csv", 7, "price", word, "is not a number", &err),
                 VO_EINVAL);
    cr_expect_str_eq(err.msg, "a.csv line 7, price: \"12x\" is not a number");
    char text[200];
    memset(text, 'a', sizeof text);
    vo_source_refuse("a.csv", 7, "price", (vo_csv_field){text, sizeof text}, "is long", &err);
    cr_expect_eq(strspn(strchr(err.msg, '"') + 1, "a"), 80, "%s", err.msg);
}

Test(source, a_note_says_a_thing_once_and_is_cut_where_it_is_full) {
    vo_readings_set *set = NULL;
    cr_assert_eq(vo_readings_set_create(&set, NULL), VO_OK);
    vo_source_say(set, "%d values", 12);
    cr_expect_str_eq(set->note, "12 values");
    vo_source_say(set, "2 values");
    vo_source_say(set, "12 values");
    vo_source_say(set, "2 values");
    vo_source_say(set, "%s", "");
    cr_expect_str_eq(set->note, "12 values; 2 values");
    for (int i = 0; i < 100; i++) vo_source_say(set, "thing %d", i);
    cr_expect_eq(strlen(set->note), sizeof set->note - 1);
    cr_expect_str_eq(set->note + sizeof set->note - 4, "...");
    vo_readings_set_free(set);
}

Test(source, zeros_are_no_prices_in_a_table_that_a_mapping_says_so_of) {
    static const char csv[] = "time,price\n2024-01-01T00:00Z,1\n2024-01-01T01:00Z,0\n";
    static const char json[] = "{\"d\":[{\"time\":\"2024-01-01T00:00Z\",\"price\":0},"
                               "{\"time\":\"2024-01-01T01:00Z\",\"price\":2}]}";
    for (int missing = 0; missing <= 1; missing++) {
        vo_source_options o = {.zero_is_missing = missing == 1};
        vo_readings_set *set = NULL;
        cr_assert_eq(vo_source_parse("x.csv", csv, sizeof csv - 1, &o, &set, NULL), VO_OK);
        cr_assert_eq(set->item[0]->zero_is_missing, missing == 1);
        vo_readings_set_free(set);
        o.rows_path = "d";
        o.time_column = "time";
        o.price_column = "price";
        cr_assert_eq(vo_source_parse("x.json", json, sizeof json - 1, &o, &set, NULL), VO_OK);
        cr_assert_eq(set->item[0]->zero_is_missing, missing == 1);
        vo_readings_set_free(set);
    }
}

Test(source, orders_of_a_date_have_the_names_that_people_write) {
    cr_expect_str_eq(vo_date_order_name[VO_DATE_YEAR_FIRST], "year");
    cr_expect_str_eq(vo_date_order_name[VO_DATE_DAY_FIRST], "day");
    cr_expect_str_eq(vo_date_order_name[VO_DATE_MONTH_FIRST], "month");
}
