/* test_lake_doctor.c -- what is wrong with a lake is said in words, hides nothing else, and is
 * mended without a loss; compacting changes no value. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/lake_changes.h"
#include "support/data_folder.h"

#define DEC31 INT64_C(1735603200) /* 2024-12-31T00:00Z */
#define ALL ((vo_time){INT64_MIN}), ((vo_time){INT64_MAX})

static char root[DATA_PATH];
static vo_lake *lake;
static const vo_lake_key A = {"MEM", "MDA", "A", NULL}, B = {"MEM", "MDA", "B", NULL};

static void begin(void) {
    cr_assert(temporary_folder(root));
    cr_assert_eq(vo_lake_open(root, &lake, NULL), VO_OK);
}
static void end(void) {
    vo_lake_close(lake);
    temporary_folder_remove(root);
}

static const char *file(const char *node, int year, const char *name) {
    static char path[DATA_PATH + 160];
    snprintf(path, sizeof path, "%s/prices/market=MEM/process=MDA/node=%s/year=%d/%s", root,
             node, year, name);
    return path;
}

static vo_series *make(int first, size_t n, double factor, double dt_h) {
    static const char *const names[] = {"price", "empty"};
    vo_series *s = NULL;
    cr_assert_eq(vo_series_create(n, names, 2, NULL, &s, NULL), VO_OK);
    for (size_t t = 0; t < n; t++) {
        s->start[t].s = DEC31 + first * 3600 + llround((double)t * dt_h * 3600);
        s->dt_h[t] = dt_h;
        s->column[0].value[t] = factor * (first + (double)t);
    }
    strcpy(s->zone, "UTC");
    strcpy(s->currency, "MXN");
    return s;
}

static void put(const vo_lake_key *key, int first, size_t n, double factor, double dt_h) {
    vo_series *s = make(first, n, factor, dt_h);
    vo_touch touch[2] = {{.start_s = s->start[0].s,
                          .old_value = 1,
                          .new_value = s->column[0].value[0],
                          .rule = VO_CLEAN_INTERPOLATED}};
    vo_clean_report report = {.n = 1, .touch = touch, .n_columns = 1, .column = {"price"}};
    vo_error err = {0};
    cr_assert_eq(vo_lake_upsert(lake, key, s, &report, "f", &err), VO_OK, "%s", err.msg);
    vo_series_free(s);
}

static vo_series *get(const vo_lake_key *key) {
    vo_series *s = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_lake_read(lake, key, ALL, &s, &err), VO_OK, "%s", err.msg);
    return s;
}

typedef struct {
    size_t n[6], mended, parts, last;
    char path[4096];
} told;

static vo_status take(void *ctx, size_t done, size_t parts, const vo_lake_finding *f,
                      vo_error *err) {
    told *t = ctx;
    (void)err;
    t->last = parts;
    if (!f) {
        cr_assert_eq(done, ++t->parts);
        return VO_OK;
    }
    t->n[f->ill]++;
    t->mended += f->mended;
    cr_assert(f->what[0] && !strstr(f->what, "DuckDB") && f->path[0] != '/', "%s", f->what);
    strncat(t->path, f->path, sizeof t->path - strlen(t->path) - 2);
    strcat(t->path, ";");
    return VO_OK;
}

static told doctor(bool mend, vo_lake_health *health) {
    told t = {.mended = 0};
    vo_lake_health h;
    vo_error err = {0};
    cr_assert_eq(vo_lake_doctor(lake, mend, take, &t, &h, &err), VO_OK, "%s", err.msg);
    size_t findings = 0;
    for (int i = 0; i < 6; i++) findings += t.n[i];
    cr_assert(h.findings == findings && h.mended == t.mended && t.parts == h.parts);
    if (health) *health = h;
    return t;
}

static void flip(const char *path, double where) {
    char *data = NULL;
    size_t len = 0;
    cr_assert_eq(vo_file_read(path, 1 << 24, &data, &len, NULL), VO_OK);
    data[(size_t)(where * (double)(len - 1))] ^= 16;
    cr_assert_eq(vo_file_write(path, data, len, NULL), VO_OK);
    free(data);
}

Test(lake_doctor, a_sound_lake_is_said_to_be_sound, .init = begin, .fini = end) {
    vo_lake_health h;
    told t = doctor(true, &h);
    cr_assert(h.parts == 0 && h.findings == 0 && t.parts == 0);
    put(&A, 0, 48, 1, 1);
    put(&B, 0, 5, 1, 1);
    t = doctor(true, &h);
    cr_assert(h.findings == 0 && h.parts == 3 && h.series == 2 && h.rows == 53);
    cr_assert(h.bytes_before > 0 && h.bytes_before == h.bytes_after);
}

/* One region after the other: magic, pages, footer, length. */
Test(lake_doctor, a_damaged_part_hides_no_other_and_is_moved_aside, .init = begin, .fini = end,
     .timeout = 120) {
    static const double where[] = {0, 0.02, 0.2, 0.5, 0.7, 0.9, 0.97, 0.995, 1};
    for (size_t i = 0; i < sizeof where / sizeof where[0]; i++) {
        put(&A, 0, 48, 1, 1);
        put(&B, 0, 48, 2, 1);
        flip(file("A", 2024, "part.parquet"), where[i]);
        vo_series *s = NULL;
        vo_error err = {0};
        cr_assert_eq(vo_lake_read(lake, &A, ALL, &s, &err), VO_EIO);
        cr_assert(strstr(err.msg, "--mend") && strstr(err.msg, "year=2024") &&
                      !strstr(err.msg, "DuckDB"),
                  "%s", err.msg);
        cr_assert_eq(
            vo_lake_read(lake, &A, (vo_time){DEC31 + 86400}, (vo_time){INT64_MAX}, &s, &err),
            VO_OK, "the other year: %s", err.msg);
        vo_series_free(s);
        vo_lake_entry *entry = NULL;
        size_t n = 0;
        cr_assert_eq(vo_lake_list(lake, &entry, &n, &err), VO_OK, "%s", err.msg);
        cr_assert(n == 2 && entry[0].damaged == 1 && entry[0].rows == 24 &&
                  entry[1].damaged == 0 && entry[1].rows == 48);
        free(entry);
        /* An import over it is refused: what it still holds may be more than the file does. */
        s = make(0, 24, 5, 1);
        cr_assert_eq(vo_lake_upsert(lake, &A, s, NULL, NULL, &err), VO_EIO);
        cr_assert(strstr(err.msg, "--mend"), "%s", err.msg);
        vo_series_free(s);
        told t = doctor(false, NULL);
        cr_assert(t.n[VO_LAKE_DAMAGED] == 1 && t.mended == 0, "%s", t.path);
        t = doctor(true, NULL); /* the part, and the changes that belong to it */
        cr_assert(t.n[VO_LAKE_DAMAGED] == 1 && t.n[VO_LAKE_CHANGES] == 1 && t.mended == 2, "%s",
                  t.path);
        cr_assert_not(vo_file_exists(file("A", 2024, "part.parquet")));
        cr_assert_not(vo_file_exists(file("A", 2024, "changes.parquet")));
        put(&A, 0, 48, 1, 1);
        cr_assert_eq(doctor(false, NULL).n[VO_LAKE_DAMAGED], 0u);
        s = get(&A);
        for (int k = 0; k < 48; k++) cr_assert_eq(s->column[0].value[k], k);
        vo_series_free(s);
    }
    char path[DATA_PATH + 200];
    snprintf(path, sizeof path,
             "%s/damaged/prices/market=MEM/process=MDA/node=A/year=2024/part.parquet.8", root);
    cr_assert(vo_file_exists(path), "each is kept under a name of its own");
}

Test(lake_doctor, changes_that_do_not_fit_are_told, .init = begin, .fini = end) {
    put(&A, 0, 10, 1, 1);
    char *data = NULL;
    size_t len = 0;
    vo_error err = {0};
    cr_assert_eq(vo_file_read(file("A", 2024, "part.parquet"), 1 << 24, &data, &len, NULL),
                 VO_OK);
    put(&A, 0, 12, 3, 1);
    /* As if a writer had been stopped between the two files. */
    cr_assert_eq(vo_file_write(file("A", 2024, "part.parquet"), data, len, NULL), VO_OK);
    free(data);
    told t = doctor(true, NULL);
    cr_assert(t.n[VO_LAKE_CHANGES] == 1 && t.mended == 0, "%s", t.path);
    put(&A, 0, 12, 3, 1);
    cr_assert_eq(doctor(false, NULL).n[VO_LAKE_CHANGES], 0u);
    flip(file("A", 2024, "changes.parquet"), 0.4);
    vo_series *s = make(0, 5, 1, 1);
    cr_assert_eq(vo_lake_upsert(lake, &A, s, NULL, NULL, &err), VO_EIO);
    vo_series_free(s);
    t = doctor(true, NULL);
    cr_assert(t.n[VO_LAKE_CHANGES] == 1 && t.mended == 1, "%s", t.path);
    put(&A, 0, 5, 1, 1);
    cr_assert_eq(doctor(false, NULL).n[VO_LAKE_CHANGES], 0u);
}

Test(lake_doctor, leftovers_are_removed_and_strangers_only_told, .init = begin, .fini = end) {
    char stray[DATA_PATH + 32], old[DATA_PATH + 32];
    put(&A, 0, 10, 1, 1);
    snprintf(stray, sizeof stray, "%s/notes.txt", root);
    snprintf(old, sizeof old, "%s/.part.tmp", root);
    cr_assert_eq(vo_file_write(stray, "x", 1, NULL), VO_OK);
    cr_assert_eq(vo_file_write(old, "x", 1, NULL), VO_OK);
    cr_assert_eq(vo_file_write(file("A", 2024, ".part.tmp"), "x", 1, NULL), VO_OK);
    told t = doctor(false, NULL);
    cr_assert(t.n[VO_LAKE_LEFTOVER] == 2 && t.n[VO_LAKE_STRANGER] == 1 && t.mended == 0);
    t = doctor(true, NULL);
    cr_assert(t.n[VO_LAKE_LEFTOVER] == 2 && t.mended == 2);
    cr_assert(!vo_file_exists(old) && !vo_file_exists(file("A", 2024, ".part.tmp")));
    cr_assert(vo_file_exists(stray));
}

static void write_rows(const char *node, const char *select) {
    vo_text sql = vo_lake_query(lake);
    vo_error err = {0};
    vo_text_append(&sql, "COPY (%s) TO '%s' (FORMAT parquet)", select,
                   file(node, 2024, "part.parquet"));
    cr_assert_eq(vo_lake_run(lake, &sql, NULL, NULL, &err), VO_OK, "%s", err.msg);
}

/* Hours 10, 9, .., 0, hour 3 twice, and one that belongs to the next year. */
Test(lake_doctor, rows_out_of_order_are_sorted_and_none_is_lost, .init = begin, .fini = end) {
    put(&A, 0, 5, 1, 1);
    write_rows("A",
               "SELECT make_timestamptz((1735603200 + 3600 * h) * 1000000) AS start, "
               "1.0::DOUBLE AS dt_h, p::DOUBLE AS price FROM (SELECT 10 - i AS h, 10 - i AS p "
               "FROM range(11) r(i) UNION ALL SELECT 3, 33 UNION ALL SELECT 24, 240)");
    vo_series *s = NULL;
    cr_assert_eq(vo_lake_read(lake, &A, ALL, &s, NULL), VO_EINVAL);
    cr_assert_eq(doctor(false, NULL).n[VO_LAKE_DISORDERED], 1u);
    told t = doctor(true, NULL);
    cr_assert(t.n[VO_LAKE_DISORDERED] == 1 && t.mended == 1);
    t = doctor(false, NULL);
    cr_assert_eq(t.n[VO_LAKE_DISORDERED], 0u);
    cr_assert_eq(t.n[VO_LAKE_CHANGES], 0u);
    vo_error err = {0};
    cr_assert_eq(vo_lake_read(lake, &A, (vo_time){DEC31}, (vo_time){DEC31 + 86400}, &s, &err),
                 VO_OK, "%s", err.msg);
    cr_assert_eq(s->n, 11u);
    for (int h = 0; h < 11; h++) cr_assert_eq(s->column[0].value[h], h == 3 ? 33 : h);
    vo_series_free(s);
    cr_assert_eq(
        vo_lake_read(lake, &A, (vo_time){DEC31 + 86400}, (vo_time){INT64_MAX}, &s, &err), VO_OK,
        "%s", err.msg);
    cr_assert(s->n == 1 && s->column[0].value[0] == 240);
    vo_series_free(s);
}

Test(lake_doctor, two_lengths_in_one_node_are_told_and_read_to_the_next_start, .init = begin,
     .fini = end) {
    put(&A, 0, 10, 1, 1);
    const vo_lake_how unasked = {.checked = true}; /* as lakes of old have it */
    vo_series *s = make(3, 12, 10, 1.0 / 12);
    cr_assert_eq(vo_lake_upsert_as(lake, &A, s, NULL, "f", &unasked, NULL, NULL), VO_OK);
    vo_series_free(s);
    s = get(&A);
    cr_assert_eq(s->n, 21u);
    for (size_t t = 0; t + 1 < s->n; t++)
        cr_assert_float_eq(s->dt_h[t] * 3600, (double)(s->start[t + 1].s - s->start[t].s),
                           1e-9);
    vo_series_free(s);
    vo_lake_entry *entry = NULL;
    size_t n = 0;
    cr_assert_eq(vo_lake_list(lake, &entry, &n, NULL), VO_OK);
    cr_assert(n == 1 && entry[0].mixed);
    cr_assert_float_eq(entry[0].interval_h, 1.0 / 12, 1e-12);
    free(entry);
    const told t = doctor(true, NULL);
    cr_assert(t.n[VO_LAKE_MIXED] == 1 && t.mended == 0);
}

Test(lake_doctor, compacting_changes_no_value_and_cleans_up, .init = begin, .fini = end) {
    put(&A, 0, 4000, 0.37, 1);
    put(&B, 0, 3, 1, 1);
    write_rows("B", "SELECT make_timestamptz((1735603200 + 36 * i) * 1000000) AS start, "
                    "0.01::DOUBLE AS dt_h, i::DOUBLE AS price FROM range(2400) r(i)");
    char hollow[DATA_PATH + 64];
    snprintf(hollow, sizeof hollow, "%s/load/market=X/process=Y/node=Z/year=2020", root);
    cr_assert_eq(vo_file_make_folders(hollow, NULL), VO_OK);
    vo_series *before = get(&A), *after = NULL;
    vo_lake_health h;
    told t = {.mended = 0};
    vo_error err = {0};
    cr_assert_eq(vo_lake_compact(lake, take, &t, &h, &err), VO_OK, "%s", err.msg);
    cr_assert(h.parts == 3 && h.mended == 3 && h.rows == 6400 && t.parts == 3);
    cr_assert_lt(h.bytes_after, h.bytes_before);
    after = get(&A);
    cr_assert(after->n == before->n && after->n_columns == 1);
    for (size_t k = 0; k < before->n; k++)
        cr_assert(after->column[0].value[k] == before->column[0].value[k] &&
                  after->start[k].s == before->start[k].s);
    vo_series_free(before);
    vo_series_free(after);
    snprintf(hollow, sizeof hollow, "%s/load", root);
    cr_assert_not(vo_file_exists(hollow));
    /* Changes still fit, and a second time there is nothing to do. */
    t = doctor(false, NULL);
    cr_assert_eq(t.n[VO_LAKE_DAMAGED] + t.n[VO_LAKE_DISORDERED], 0u);
    vo_lake_change *change = NULL;
    size_t n = 0;
    cr_assert_eq(vo_lake_changes(lake, &A, ALL, &change, &n, NULL), VO_OK);
    cr_assert_eq(n, 1u);
    free(change);
    cr_assert_eq(vo_lake_compact(lake, NULL, NULL, &h, &err), VO_OK);
    cr_assert_eq(h.mended, 0u);
    cr_assert_eq(h.bytes_before, h.bytes_after);
}

static vo_status stop_at_once(void *ctx, size_t done, size_t parts, const vo_lake_finding *f,
                              vo_error *err) {
    (void)done;
    (void)parts;
    (void)f;
    ++*(int *)ctx;
    return vo_fail(err, VO_ECANCELED, "stop");
}

Test(lake_doctor, whoever_is_told_may_stop_it, .init = begin, .fini = end) {
    int calls = 0;
    vo_lake_health h = {.parts = 99};
    put(&A, 0, 48, 1, 1);
    cr_assert_eq(vo_lake_doctor(lake, true, stop_at_once, &calls, &h, NULL), VO_ECANCELED);
    cr_assert(calls == 1 && h.parts == 99);
    cr_assert_eq(vo_lake_compact(lake, stop_at_once, &calls, &h, NULL), VO_ECANCELED);
    cr_assert_eq(calls, 2);
    put(&A, 0, 5, 1, 1); /* no lock is left behind */
    static const vo_lake_ill ill[] = {VO_LAKE_DAMAGED,  VO_LAKE_DISORDERED, VO_LAKE_CHANGES,
                                      VO_LAKE_LEFTOVER, VO_LAKE_STRANGER,   VO_LAKE_MIXED};
    for (size_t i = 0; i < 6; i++)
        for (size_t k = 0; k < i; k++)
            cr_assert_str_neq(vo_lake_ill_name(ill[i]), vo_lake_ill_name(ill[k]));
    cr_assert_str_eq(vo_lake_ill_name((vo_lake_ill)99), "?");
}
