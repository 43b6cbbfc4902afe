/* test_clean.c -- each rule on readings made by hand; the report lists exactly what was
 * touched. */
#include "data/clean.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define JAN1 INT64_C(1704067200) /* Monday 2024-01-01T00:00Z */
#define NONE ((double)NAN)

static vo_readings_set *set;
static vo_readings *rows;

static void begin(const char *zone) {
    static const char *const names[] = {"price", "load"};
    cr_assert_eq(vo_readings_set_create(&set, NULL), VO_OK);
    cr_assert_eq(vo_readings_set_node(set, "", "", "X", names, 2, &rows, NULL), VO_OK);
    strcpy(rows->zone, zone);
    strcpy(rows->label, "X");
}

static void add(int64_t start_s, double price) {
    const double v[2] = {price, start_s % 7 ? 5 : 6};
    cr_assert_eq(vo_readings_add(set, rows, start_s, (uint32_t)rows->n + 2, 0, v, NULL), VO_OK);
}

static void hours(int from, int to) { /* price = hour number */
    for (int h = from; h < to; h++) add(JAN1 + h * 3600, h);
}

typedef struct {
    vo_series *s;
    vo_clean_report *r;
} outcome;

static outcome clean(vo_clean_options o) {
    outcome k = {NULL, NULL};
    vo_error err = {0};
    cr_assert_eq(vo_clean(rows, &o, &k.s, &k.r, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_series_check(k.s, NULL), VO_OK);
    cr_assert_eq(k.r->intervals, k.s->n);
    return k;
}

static void end(outcome k) {
    vo_series_free(k.s);
    vo_clean_report_free(k.r);
    vo_readings_set_free(set);
}

static void must_refuse(vo_clean_options o, const char *says) {
    vo_series *s = NULL;
    vo_clean_report *r = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_clean(rows, &o, &s, &r, &err), VO_EINVAL);
    cr_assert(!s && !r);
    cr_assert(strstr(err.msg, says), "\"%s\" is not in: %s", says, err.msg);
}

#define STANDARD vo_clean_options_default()
#define STRICT ((vo_clean_options){.strict = true})

Test(clean, what_is_clean_is_not_touched) {
    begin("UTC");
    hours(0, 48);
    outcome k = clean(STANDARD);
    cr_assert(k.r->n == 0 && k.s->n == 48);
    cr_assert(k.s->day[23] == 0 && k.s->day[24] == 1 && k.s->dt_h[47] == 1);
    for (int c = 0; c < VO_CLEAN_RULE_COUNT; c++) cr_assert_eq(k.r->count[c], 0u);
    vo_series_free(k.s);
    vo_clean_report_free(k.r);
    end(clean(STRICT));
}

Test(clean, unsorted_rows_are_put_in_order) {
    begin("UTC");
    add(JAN1 + 3600, 1);
    add(JAN1, 0);
    add(JAN1 + 7200, 2);
    must_refuse(STRICT, "line 3, 2024-01-01T00:00:00Z: earlier");
    outcome k = clean(STANDARD);
    for (int t = 0; t < 3; t++) cr_assert_eq(k.s->column[0].value[t], t);
    cr_assert_eq(k.r->count[VO_CLEAN_SORTED], 1u);
    end(k);
}

Test(clean, of_duplicates_the_last_of_the_file_stays) {
    begin("UTC");
    hours(0, 3);
    add(JAN1 + 3600, 1);
    add(JAN1 + 7200, 77);
    must_refuse(STRICT, "line 5");
    outcome k = clean(STANDARD);
    cr_assert_eq(k.s->n, 3u);
    cr_assert_eq(k.s->column[0].value[2], 77);
    cr_assert(k.r->count[VO_CLEAN_DUPLICATE_SAME] == 1 &&
              k.r->count[VO_CLEAN_DUPLICATE_LAST] == 1);
    cr_assert_eq(k.r->n, 4u); /* each dropped row with both its values */
    const vo_touch *price = &k.r->touch[2], *load = &k.r->touch[3];
    cr_assert(price->old_value == 2 && price->new_value == 77 && price->line == 4);
    cr_assert(price->column == -1 && price->rule == VO_CLEAN_DUPLICATE_LAST);
    cr_assert(load->old_value == ((JAN1 + 7200) % 7 ? 5 : 6) && load->column == 1);
    cr_assert(load->line == 4 && load->rule == VO_CLEAN_DUPLICATE_LAST);
    end(k);
}

Test(clean, rows_that_complete_each_other_are_one) {
    begin("UTC");
    for (int h = 0; h < 30; h++) {
        const double load[2] = {NONE, h * 10}, price[2] = {h, NONE};
        const int64_t at = JAN1 + h * 3600;
        cr_assert_eq(vo_readings_add(set, rows, at, 1, 0, h % 2 ? load : price, NULL), VO_OK);
        cr_assert_eq(vo_readings_add(set, rows, at, 2, 0, h % 2 ? price : load, NULL), VO_OK);
    }
    outcome strict = clean(STRICT); /* nothing is changed by it */
    cr_assert(strict.s->n == 30 && strict.r->count[VO_CLEAN_JOINED] == 30);
    vo_series_free(strict.s);
    vo_clean_report_free(strict.r);
    add(JAN1 + 29 * 3600, 77); /* contradicts what is there: the last row stays */
    must_refuse(STRICT, "twice");
    outcome k = clean(STANDARD);
    cr_assert_eq(k.s->n, 30u);
    cr_assert_eq(k.r->count[VO_CLEAN_JOINED], 29u);
    cr_assert_eq(k.r->count[VO_CLEAN_DUPLICATE_LAST], 2u);
    for (int h = 0; h < 29; h++)
        cr_assert(k.s->column[0].value[h] == h && k.s->column[1].value[h] == h * 10);
    cr_assert_eq(k.s->column[0].value[29], 77);
    end(k);
}

Test(clean, a_short_gap_is_a_straight_line) {
    begin("UTC");
    hours(0, 10);
    hours(16, 24);
    must_refuse(STRICT, "missing before it");
    outcome k = clean(STANDARD);
    cr_assert_eq(k.s->n, 24u);
    for (int t = 0; t < 24; t++) cr_assert_float_eq(k.s->column[0].value[t], t, 1e-12);
    cr_assert_eq(k.r->count[VO_CLEAN_INTERPOLATED], 12u); /* price and load */
    cr_assert(isnan(k.r->touch[0].old_value) && k.r->touch[0].new_value == 10);
    end(k);
}

Test(clean, a_long_gap_is_the_same_hour_of_the_weeks_around) {
    begin("UTC");
    hours(0, 200);
    hours(224, 600); /* 200..223 are missing: mean of t-168 and t+168 is t */
    outcome k = clean(STANDARD);
    for (int t = 200; t < 224; t++) cr_assert_float_eq(k.s->column[0].value[t], t, 1e-9);
    cr_assert_eq(k.r->count[VO_CLEAN_SAME_HOUR_OF_WEEK], 48u);
    end(k);
    begin("UTC");
    hours(0, 20);
    hours(44, 300); /* no week before: only t+168 */
    k = clean(STANDARD);
    for (int t = 20; t < 44; t++) cr_assert_eq(k.s->column[0].value[t], t + 168);
    end(k);
}

/* The week before 31 March lies before Madrid's change of clocks: same local hour, not same
 * UTC. */
Test(clean, weeks_are_counted_in_local_hours) {
    begin("Europe/Madrid");
    const int64_t march24 = 1711234800; /* 2024-03-24T00:00+01:00 */
    for (int h = 0; h < 24 * 9; h++) {
        const int64_t s = march24 + h * 3600;
        if (h >= 7 * 24 + 3 && h < 7 * 24 + 13) continue; /* 31 March from 04:00+02:00 */
        add(s, h);
    }
    outcome k = clean(STANDARD);
    for (int h = 7 * 24 + 3; h < 7 * 24 + 13; h++)
        cr_assert_eq(k.s->column[0].value[h], h - 7 * 24 + 1);
    cr_assert(k.r->n_short_days == 1 && k.s->day[7 * 24] == 7 && k.s->day[8 * 24 - 1] == 8);
    end(k);
}

Test(clean, what_cannot_be_filled_is_refused) {
    begin("UTC");
    hours(0, 20);
    hours(30, 50); /* ten hours, no week around */
    must_refuse(STANDARD, "2024-01-01T20:00:00Z to 2024-01-02T05:00:00Z (10 intervals)");
    vo_clean_options o = STANDARD;
    o.max_interpolate_h = 10;
    end(clean(o));
    begin("UTC");
    hours(0, 20);
    hours(500, 600);
    must_refuse(STANDARD, "480.0 h");
    vo_readings_set_free(set);
}

/* Rows that are there but have no price: the limit holds for them too. */
Test(clean, a_gap_longer_than_may_be_filled_is_refused) {
    begin("UTC");
    hours(0, 200);
    for (int h = 200; h < 210; h++) add(JAN1 + h * 3600, NONE);
    hours(210, 500);
    vo_clean_options o = STANDARD;
    o.max_fill_h = 9;
    must_refuse(o, "(10 intervals)");
    o.max_fill_h = 10;
    end(clean(o));
}

Test(clean, filling_never_builds_on_filled_values) {
    begin("UTC");
    hours(0, 100);
    for (int h = 100; h < 700; h++) /* the same day of two weeks running is missing */
        if (!((h >= 200 && h < 224) || (h >= 368 && h < 392))) add(JAN1 + h * 3600, h);
    outcome k = clean(STANDARD);
    for (int t = 200; t < 224; t++) cr_assert_eq(k.s->column[0].value[t], t - 168);
    for (int t = 368; t < 392; t++) cr_assert_eq(k.s->column[0].value[t], t + 168);
    end(k);
}

Test(clean, zeros_are_missing_only_where_the_source_means_that) {
    begin("UTC");
    add(JAN1, 10);
    add(JAN1 + 3600, 0);
    add(JAN1 + 7200, 30);
    outcome k = clean(STANDARD);
    cr_assert_eq(k.s->column[0].value[1], 0);
    vo_series_free(k.s);
    vo_clean_report_free(k.r);
    rows->zero_is_missing = true;
    must_refuse(STRICT, "a price of 0");
    k = clean(STANDARD);
    cr_assert_eq(k.s->column[0].value[1], 20);
    cr_assert_eq(k.r->count[VO_CLEAN_ZERO_PLACEHOLDER],
                 2u); /* price, and load of the same row */
    cr_assert(k.r->touch[0].rule == VO_CLEAN_INTERPOLATED || k.r->touch[0].old_value == 0);
    vo_series_free(k.s);
    vo_clean_report_free(k.r);
    k = clean((vo_clean_options){.zero = VO_ZERO_KEEP});
    cr_assert_eq(k.s->column[0].value[1], 0);
    end(k);
}

Test(clean, infinite_and_absent_prices_are_missing) {
    begin("UTC");
    add(JAN1, 10);
    add(JAN1 + 3600, (double)INFINITY);
    add(JAN1 + 7200, NONE);
    add(JAN1 + 10800, 40);
    must_refuse(STRICT, "no price");
    outcome k = clean(STANDARD);
    cr_assert_float_eq(k.s->column[0].value[1], 20, 1e-12);
    cr_assert_float_eq(k.s->column[0].value[2], 30, 1e-12);
    cr_assert_eq(k.r->count[VO_CLEAN_NOT_FINITE], 1u);
    end(k);
}

Test(clean, ends_without_a_price_are_cut_off) {
    begin("UTC");
    add(JAN1, NONE);
    hours(1, 5);
    add(JAN1 + 5 * 3600, NONE);
    outcome k = clean(STANDARD);
    cr_assert(k.s->n == 4 && k.s->start[0].s == JAN1 + 3600);
    cr_assert_eq(k.r->count[VO_CLEAN_TRIMMED], 2u);
    end(k);
    begin("UTC");
    add(JAN1, NONE);
    must_refuse(STANDARD, "no price at all");
    vo_readings_set_free(set);
}

Test(clean, rows_of_a_skipped_hour_are_dropped) {
    begin("UTC");
    hours(0, 3);
    const double v[2] = {9, 9};
    vo_readings_add(set, rows, JAN1 + 2 * 3600, 5, VO_READING_SKIPPED_HOUR, v, NULL);
    must_refuse(STRICT, "clocks skip");
    outcome k = clean(STANDARD);
    cr_assert(k.s->n == 3 && k.s->column[0].value[2] == 2 &&
              k.r->count[VO_CLEAN_DST_SKIPPED] == 1);
    end(k);
}

Test(clean, a_stamp_off_the_grid_is_refused_unless_intervals_are_uneven) {
    begin("UTC");
    hours(0, 5);
    add(JAN1 + 4 * 3600 + 1800, 4.5);
    add(JAN1 + 6 * 3600, 6);
    must_refuse(STANDARD, "not a multiple");
    outcome k = clean((vo_clean_options){.uneven = true});
    cr_assert(k.s->n == 7 && k.s->dt_h[4] == 0.5 && k.s->dt_h[5] == 1.5 && k.s->dt_h[6] == 1.5);
    end(k);
}

/* Two rows a second and 200 years apart must not become billions of intervals. */
Test(clean, a_span_of_too_many_intervals_is_refused) {
    begin("UTC");
    add(0, 1);
    add(1, 1);
    add(2, 1);
    add(INT64_C(6000000000), 1);
    vo_clean_options o = STANDARD;
    o.max_fill_h = (double)INFINITY;
    must_refuse(o, "at most 10000000");
    vo_readings_set_free(set);
}

Test(clean, the_report_is_json_with_every_touched_value) {
    begin("UTC");
    hours(0, 10);
    hours(12, 24);
    outcome k = clean(STANDARD);
    vo_json_out *w = NULL;
    char *text = NULL;
    size_t len = 0;
    vo_json *root = NULL;
    cr_assert_eq(vo_json_out_create(&w, NULL), VO_OK);
    vo_clean_report_json(k.r, 0, w);
    cr_assert_eq(vo_json_out_take(w, &text, &len, NULL), VO_OK);
    cr_assert_eq(vo_json_parse(text, len, &root, NULL), VO_OK);
    cr_assert_eq(vo_json_number(vo_json_get(root, "touched_total")), 4);
    const vo_json *touched = vo_json_get(root, "touched");
    cr_assert_eq(vo_json_size(touched), 4u);
    const vo_json *first = vo_json_at(touched, 0);
    cr_assert_str_eq(vo_json_string(vo_json_get(first, "time")), "2024-01-01T10:00:00Z");
    cr_assert_str_eq(vo_json_string(vo_json_get(first, "rule")), "interpolated");
    cr_assert_eq(vo_json_kind_of(vo_json_get(first, "old")), VO_JSON_NULL);
    cr_assert_eq(vo_json_number(vo_json_get(first, "new")), 10);
    cr_assert_str_eq(vo_json_string(vo_json_get(vo_json_get(root, "first"), "interpolated")),
                     "2024-01-01T10:00:00Z");
    vo_json_free(root);
    vo_json_out_free(w);
    free(text);
    end(k);
}

/* ---- named and kept --------------------------------------------------------------- */

static const vo_touch *first_of(const vo_clean_report *r, int32_t rule) {
    for (size_t i = 0; i < r->n; i++)
        if (r->touch[i].rule == rule) return &r->touch[i];
    return NULL;
}

/* Prices 0..999 once each: median 500, quartiles 250 and 750, so a fence of 6 x 500 = 3000. */
Test(clean, a_spike_is_named_and_kept) {
    for (int sign = -1; sign <= 1; sign += 2) {
        begin("UTC");
        for (int h = 0; h < 1000; h++) add(JAN1 + h * 3600, (h * 7) % 1000);
        add(JAN1 + 1000 * 3600, 500 + sign * 2990);
        add(JAN1 + 1001 * 3600, 500 + sign * 3020);
        outcome k = clean(STANDARD);
        cr_assert_eq(k.r->count[VO_CLEAN_SPIKE], 1u);
        const vo_touch *t = first_of(k.r, VO_CLEAN_SPIKE);
        cr_assert(t->start_s == JAN1 + 1001 * 3600 && t->column == 0);
        cr_assert(t->old_value == t->new_value && t->new_value == 500 + sign * 3020);
        cr_assert_eq(k.s->column[0].value[1001], 500 + sign * 3020);
        vo_series_free(k.s);
        vo_clean_report_free(k.r);
        vo_clean_options o = STANDARD;
        o.spike_iqr = 0;
        k = clean(o);
        cr_assert_eq(k.r->count[VO_CLEAN_SPIKE], 0u);
        end(k);
    }
}

Test(clean, a_flat_series_has_no_spikes_to_measure) {
    begin("UTC");
    for (int h = 0; h < 100; h++) add(JAN1 + h * 3600, h == 50 ? 9000 : 20);
    outcome k = clean(STANDARD);
    cr_assert_eq(k.r->count[VO_CLEAN_SPIKE], 0u);
    end(k);
}

/* 2024-03-31 01:00Z and 2024-10-27 01:00Z: Europe's changes of clocks. */
Test(clean, changes_of_clocks_are_named_at_their_first_interval) {
    begin("Europe/Paris");
    for (int h = 0; h < 8784; h++) add(JAN1 + h * 3600, h % 24);
    outcome k = clean(STANDARD);
    cr_assert(k.r->n_short_days == 1 && k.r->n_long_days == 1);
    cr_assert(k.r->count[VO_CLEAN_DST_SHORT_DAY] == 1 &&
              k.r->count[VO_CLEAN_DST_LONG_DAY] == 1);
    cr_assert_eq(first_of(k.r, VO_CLEAN_DST_SHORT_DAY)->start_s, INT64_C(1711846800));
    cr_assert_eq(first_of(k.r, VO_CLEAN_DST_LONG_DAY)->start_s, INT64_C(1729990800));
    end(k);
    begin("UTC");
    for (int h = 0; h < 8784; h++) add(JAN1 + h * 3600, h % 24);
    k = clean(STANDARD);
    cr_assert_eq(k.r->n, 0u);
    end(k);
}

Test(clean, parts_that_do_not_add_up_are_named) {
    static const char *const names[] = {"price", "energy", "loss", "congestion"};
    cr_assert_eq(vo_readings_set_create(&set, NULL), VO_OK);
    cr_assert_eq(vo_readings_set_node(set, "", "", "X", names, 4, &rows, NULL), VO_OK);
    for (int h = 0; h < 50; h++) {
        const double v[4] = {100 + (h == 7 ? 0.06 : 0.04), 80, 15, 5};
        cr_assert_eq(vo_readings_add(set, rows, JAN1 + h * 3600, 1, 0, v, NULL), VO_OK);
    }
    outcome k = clean(STANDARD);
    cr_assert(k.r->count[VO_CLEAN_COMPONENT_SUM] == 1 && k.r->n == 1);
    cr_assert_eq(k.r->touch[0].start_s, JAN1 + 7 * 3600);
    end(k);
}

/* ---- other kinds ------------------------------------------------------------------ */

Test(clean, what_is_no_price_may_stay_missing) {
    begin("UTC");
    strcpy(rows->kind, VO_KIND_WEATHER);
    hours(0, 50);
    hours(1000, 1100); /* 950 hours: longer than may be filled, and no week is near enough */
    add(JAN1 + 1100 * 3600, NONE);
    outcome k = clean(STANDARD);
    cr_assert_eq(k.s->n, 1101u);
    cr_assert(isnan(k.s->column[0].value[500]) && isnan(k.s->column[1].value[500]));
    cr_assert_eq(k.r->count[VO_CLEAN_LEFT_MISSING], 950u * 2 + 1);
    cr_assert_eq(k.r->count[VO_CLEAN_TRIMMED], 0u); /* the other column has a value there */
    cr_assert_str_eq(k.s->column[0].name, "price"); /* names are the source's */
    end(k);
    begin("UTC");
    hours(0, 50);
    hours(1000, 1100);
    must_refuse(STANDARD, "at most 192 h are filled");
    vo_readings_set_free(set);
}

Test(clean, of_what_is_named_ten_thousand_are_listed_and_all_are_counted) {
    begin("UTC");
    strcpy(rows->kind, VO_KIND_LOAD);
    add(JAN1, 1);
    add(JAN1 + 30000 * INT64_C(3600), 1);
    vo_clean_options o = STANDARD;
    o.interval_minutes = 60;
    outcome k = clean(o);
    cr_assert_eq(k.r->count[VO_CLEAN_LEFT_MISSING], 29999u * 2);
    cr_assert_eq(k.r->n, VO_CLEAN_MAX_NAMED);
    end(k);
}

Test(clean, every_rule_has_a_name_and_says_what_was_done) {
    for (int32_t i = 0; i < VO_CLEAN_RULE_COUNT; i++) {
        cr_assert_eq(vo_clean_rule_find(vo_clean_rule_name(i)), i);
        cr_assert(strlen(vo_clean_rule_done(i)) > 3);
    }
    cr_assert(vo_clean_rule_find("no such") == -1 && vo_clean_rule_find("") == -1);
    cr_assert_str_eq(vo_clean_rule_name(-1), "?");
    cr_assert_str_eq(vo_clean_rule_done(VO_CLEAN_RULE_COUNT), "?");
}

Test(clean, choices_have_the_names_that_people_write) {
    cr_expect_str_eq(vo_zero_policy_name[VO_ZERO_AS_SOURCE], "source");
    cr_expect_str_eq(vo_zero_policy_name[VO_ZERO_KEEP], "keep");
    cr_expect_str_eq(vo_zero_policy_name[VO_ZERO_MISSING], "missing");
    cr_expect_str_eq(vo_repair_name[VO_REPAIR_CLEAN], "clean");
    cr_expect_str_eq(vo_repair_name[VO_REPAIR_NONE], "none");
    cr_expect_str_eq(vo_repair_name[VO_REPAIR_UNEVEN], "uneven");
}
