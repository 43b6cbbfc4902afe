/* test_import_long.c -- a node cleaned in windows is the node cleaned whole: the same series,
 * the same changes kept in the lake, the same report, the same refusals. */
#include "data/import_long.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/data_folder.h"

#define FIRST_S INT64_C(1577836800) /* 2020-01-01 */

typedef struct {
    uint64_t seed;
    const char *kind, *zone;
    int hours;
    double gap_chance, longest_gap_h; /* of rows and of single values */
    bool uneven, ends, disorder, zeros, strict;
    int hole_from, hole_h; /* rows that are not there */
} plan;

static char folder[2][DATA_PATH];

static void begin(void) {
    cr_assert(temporary_folder(folder[0]));
    cr_assert(temporary_folder(folder[1]));
}
static void end(void) {
    temporary_folder_remove(folder[0]);
    temporary_folder_remove(folder[1]);
}

static void add(vo_readings_set *set, vo_readings *r, const plan *p, int t, vo_random *random,
                const int *missing) {
    const int64_t start_s = FIRST_S + (int64_t)t * 3600 + (p->uneven ? (t % 5) * 60 : 0);
    const double season =
        50 + 20 * sin(t * 0.26) + (vo_random_below(random, 400) ? 0.0 : 900.0);
    double v[4] = {season, season * 0.9, season * 0.06, season * 0.04};
    for (int c = 0; c < 4; c++)
        if (missing[c] > t) v[c] = (double)NAN;
    if (vo_random_below(random, 500) == 0) v[3] += 1; /* parts that do not add up */
    if (vo_random_below(random, 3000) == 0) v[1] = (double)INFINITY;
    if (p->zeros && vo_random_below(random, 300) == 0) v[0] = 0;
    const uint8_t flag = vo_random_below(random, 9000) == 0 ? VO_READING_SKIPPED_HOUR : 0;
    cr_assert_eq(
        vo_readings_add(set, r, start_s + (p->ends ? 3600 : 0), (uint32_t)t + 2, flag, v, NULL),
        VO_OK);
    if (p->disorder && t > 9000 &&
        vo_random_below(random, 200) == 0) { /* a correction, far too late */
        v[0] += (double)vo_random_below(random, 2);
        vo_readings_add(set, r, start_s - 3600 * (int64_t)vo_random_below(random, 9000), 7, 0,
                        v, NULL);
    }
}

static vo_readings_set *make(const plan *p) {
    static const char *const column[] = {"price", "energy", "loss", "congestion"};
    vo_random random = vo_random_seed(p->seed, 3);
    vo_readings_set *set = NULL;
    vo_readings *r = NULL;
    int missing[4] = {0}, no_row = 0;
    cr_assert_eq(vo_readings_set_create_spilling(folder[0], 100000, &set, NULL), VO_OK);
    vo_readings_set_node(set, "M", "P", "N", column, 4, &r, NULL);
    snprintf(r->kind, sizeof r->kind, "%s", p->kind);
    snprintf(r->zone, sizeof r->zone, "%s", p->zone);
    snprintf(r->label, sizeof r->label, "M P N");
    r->zero_is_missing = p->zeros;
    r->stamps_at_end = p->ends;
    for (int t = 0; t < p->hours; t++) {
        for (int c = 0; c < 5; c++) {
            if (!(vo_random_unit(&random) < p->gap_chance)) continue;
            int *const to = c < 4 ? &missing[c] : &no_row;
            *to = t + 1 + (int)vo_random_below(&random, (uint32_t)p->longest_gap_h);
        }
        if (t >= p->hole_from && t < p->hole_from + p->hole_h) continue;
        if (t > 0 && t + 1 < p->hours && no_row > t) continue;
        add(set, r, p, t, &random, missing);
    }
    return set;
}

static void must_be_same_report(const vo_clean_report *a, const vo_clean_report *b) {
    cr_assert(a->rows == b->rows && a->intervals == b->intervals, "%zu rows, %zu intervals",
              b->rows, b->intervals);
    for (int k = 0; k < VO_CLEAN_RULE_COUNT; k++)
        cr_assert_eq(a->count[k], b->count[k], "%s: %zu whole, %zu in windows",
                     vo_clean_rule_name(k), a->count[k], b->count[k]);
    cr_assert(a->n_short_days == b->n_short_days && a->n_long_days == b->n_long_days);
    cr_assert_eq(a->n, b->n);
    for (size_t i = 0; i < a->n; i++)
        cr_assert(a->touch[i].start_s == b->touch[i].start_s &&
                      a->touch[i].rule == b->touch[i].rule &&
                      a->touch[i].column == b->touch[i].column &&
                      a->touch[i].line == b->touch[i].line &&
                      memcmp(&a->touch[i].new_value, &b->touch[i].new_value, 8) == 0,
                  "entry %zu", i);
}

static void must_be_same_series(const vo_series *a, const vo_series *b) {
    cr_assert(a->n == b->n && a->n_columns == b->n_columns);
    for (size_t t = 0; t < a->n; t++) {
        cr_assert(a->start[t].s == b->start[t].s && a->dt_h[t] == b->dt_h[t] &&
                      a->day[t] == b->day[t],
                  "interval %zu", t);
        for (size_t c = 0; c < a->n_columns; c++)
            cr_assert(memcmp(&a->column[c].value[t], &b->column[c].value[t], 8) == 0 ||
                          (isnan(a->column[c].value[t]) && isnan(b->column[c].value[t])),
                      "interval %zu, column %zu", t, c);
    }
}

static void must_be_same_lakes(vo_lake *a, vo_lake *b, const vo_lake_key *key) {
    const vo_time from = {0}, to = {INT64_C(4000000000)};
    vo_series *x = NULL, *y = NULL;
    vo_lake_change *c = NULL, *d = NULL;
    size_t n = 0, m = 0;
    vo_error err = {0};
    cr_assert_eq(vo_lake_read(a, key, from, to, &x, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_lake_read(b, key, from, to, &y, &err), VO_OK, "%s", err.msg);
    must_be_same_series(x, y);
    cr_assert_eq(vo_lake_changes(a, key, from, to, &c, &n, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_lake_changes(b, key, from, to, &d, &m, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(n, m);
    for (size_t i = 0; i < n; i++)
        cr_assert(c[i].touch.start_s == d[i].touch.start_s &&
                  c[i].touch.rule == d[i].touch.rule && strcmp(c[i].column, d[i].column) == 0);
    free(c);
    free(d);
    vo_series_free(x);
    vo_series_free(y);
}

/* True if both ways stored the node; false if both refused it. */
static bool both_ways(const plan *p, size_t window_rows) {
    vo_clean_options o = vo_clean_options_default();
    o.uneven = p->uneven;
    o.strict = p->strict;
    vo_readings_set *set = make(p);
    vo_readings *r = NULL;
    vo_series *s = NULL;
    vo_clean_report *whole = NULL, *windows = NULL;
    vo_lake *lake[2] = {NULL};
    vo_error err = {0}, why = {0};
    size_t intervals = 0;
    vo_import_long_job job = {.key = {"M", "P", "N", p->kind},
                              .set = set,
                              .clean = &o,
                              .source = "test",
                              .window_rows = window_rows};
    for (int i = 0; i < 2; i++) cr_assert_eq(vo_lake_open(folder[i], &lake[i], NULL), VO_OK);
    cr_assert_eq(vo_readings_set_load(set, 0, INT64_MIN, INT64_MAX, &r, NULL), VO_OK);
    const vo_status st = vo_clean(r, &o, &s, &whole, &err);
    vo_readings_set_drop(set, 0, r);
    job.lake = lake[1];
    cr_assert_eq(vo_import_long(&job, &windows, &intervals, &why), st, "%s / %s", err.msg,
                 why.msg);
    if (st == VO_OK) {
        cr_assert_eq(vo_lake_upsert(lake[0], &job.key, s, whole, "test", &err), VO_OK, "%s",
                     err.msg);
        cr_assert_eq(intervals, s->n);
        must_be_same_report(whole, windows);
        must_be_same_lakes(lake[0], lake[1], &job.key);
    } else {
        vo_lake_entry *entry = NULL;
        size_t n = 1;
        cr_assert_str_eq(err.msg, why.msg);
        cr_assert_eq(vo_lake_list(lake[1], &entry, &n, NULL), VO_OK);
        cr_assert_eq(n, 0u, "something was written though the node is refused");
        free(entry);
    }
    for (int i = 0; i < 2; i++) vo_lake_close(lake[i]);
    vo_clean_report_free(whole);
    vo_clean_report_free(windows);
    vo_series_free(s);
    vo_readings_set_free(set);
    return st == VO_OK;
}

#define PLAIN .kind = "prices", .zone = "Europe/Madrid", .hours = 26000

Test(import_long, prices_with_every_fault_come_out_as_if_cleaned_whole, .init = begin,
     .fini = end) {
    const plan p = {.seed = 1,
                    PLAIN,
                    .gap_chance = 0.002,
                    .longest_gap_h = 20,
                    .disorder = true,
                    .zeros = true};
    cr_expect(both_ways(&p, 3000));
}

Test(import_long, gaps_of_a_week_across_the_edges_are_filled_alike, .init = begin,
     .fini = end) {
    const plan p = {.seed = 2, PLAIN, .gap_chance = 0.0002, .longest_gap_h = 120, .ends = true};
    cr_expect(both_ways(&p, 1500));
}

Test(import_long, windows_of_years_are_the_same_too, .init = begin, .fini = end) {
    const plan p = {.seed = 3, PLAIN, .gap_chance = 0.001, .longest_gap_h = 30, .zeros = true};
    cr_expect(both_ways(&p, 9000));
}

Test(import_long, loads_may_have_gaps_longer_than_a_window, .init = begin, .fini = end) {
    plan p = {.seed = 4,
              .kind = "load",
              .zone = "America/Mexico_City",
              .hours = 26000,
              .gap_chance = 0.0001,
              .longest_gap_h = 900};
    cr_expect(both_ways(&p, 2000));
    end();
    begin();
    p.hole_from = 9000;
    p.hole_h = 4000;
    cr_expect(both_ways(&p, 2000));
}

Test(import_long, uneven_intervals_keep_their_lengths_across_windows, .init = begin,
     .fini = end) {
    const plan p = {
        .seed = 5, PLAIN, .uneven = true, .disorder = true, .hole_from = 9000, .hole_h = 3000};
    cr_expect(both_ways(&p, 2000));
}

Test(import_long, what_is_refused_whole_is_refused_and_nothing_is_written, .init = begin,
     .fini = end) {
    plan p = {.seed = 6, PLAIN, .hole_from = 20000, .hole_h = 400};
    cr_expect_not(both_ways(&p, 2000));
    p = (plan){.seed = 7, PLAIN, .disorder = true, .strict = true};
    cr_expect_not(both_ways(&p, 2000));
}
