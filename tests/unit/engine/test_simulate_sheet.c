/* test_simulate_sheet.c -- rows in, the same rows out in the same order, in one file or none. */
#include "engine/simulate_sheet.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "port/file.h"
#include "port/folder.h"
#include "support/data_folder.h"

static const vo_sheet_column columns[] = {{"when", VO_DUCK_TIME},
                                          {"id", VO_DUCK_INTEGER},
                                          {"value", VO_DUCK_DOUBLE},
                                          {"what", VO_DUCK_TEXTS}};
static const char *const words[] = {"hold", "it's", "sell"};

typedef struct {
    size_t rows;
    bool in_order;
} reading;

static vo_status take(void *ctx, const vo_duck_rows *rows, vo_error *err) {
    reading *r = ctx;
    (void)err;
    for (size_t i = 0; i < rows->rows; i++, r->rows++) {
        size_t len = 0;
        const char *word = vo_duck_text(&rows->column[3], i, &len);
        const char *wanted = words[r->rows % 3];
        const bool odd = r->rows % 5 == 4; /* NAN was written */
        r->in_order &= rows->column[0].integer[i] == (int64_t)r->rows * 1000000 &&
                       rows->column[1].integer[i] == (int64_t)r->rows &&
                       vo_duck_has(&rows->column[2], i) == !odd &&
                       (odd || rows->column[2].number[i] == 0.25 * (double)r->rows) &&
                       len == strlen(wanted) && memcmp(word, wanted, len) == 0;
    }
    return VO_OK;
}

static reading read_back(const char *folder) {
    char sql[2 * DATA_PATH];
    vo_duck *duck = NULL;
    vo_error err = {0};
    reading r = {.in_order = true};
    snprintf(sql, sizeof sql, "SELECT * FROM read_parquet('%s/t.parquet')", folder);
    cr_assert_eq(vo_duck_open(&duck, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_duck_query(duck, sql, take, &r, &err), VO_OK, "%s", err.msg);
    vo_duck_close(duck);
    return r;
}

static vo_status count_name(void *ctx, const char *name, bool is_folder, vo_error *err) {
    (void)name;
    (void)is_folder;
    (void)err;
    ++*(size_t *)ctx;
    return VO_OK;
}

static size_t names_in(const char *folder) {
    size_t n = 0;
    cr_assert_eq(vo_folder_list(folder, count_name, &n, NULL), VO_OK);
    return n;
}

static void write_rows(vo_sheet *s, size_t n) {
    vo_error err = {0};
    for (size_t i = 0; i < n; i++) {
        const vo_cell row[] = {{.integer = (int64_t)i * 1000000},
                               {.integer = (int64_t)i},
                               {.number = i % 5 == 4 ? (double)NAN : 0.25 * (double)i},
                               {.text = words[i % 3]}};
        cr_assert_eq(vo_sheet_add(s, row, &err), VO_OK, "%s", err.msg);
    }
}

Test(simulate_sheet, rows_come_back_in_order_whether_they_filled_no_part_one_or_many) {
    static const size_t n[] = {0, 1, 6, 7, 8, 14, 100};
    for (size_t k = 0; k < sizeof n / sizeof n[0]; k++) {
        char folder[DATA_PATH];
        vo_sheet s;
        vo_error err = {0};
        cr_assert(temporary_folder(folder));
        cr_assert_eq(vo_sheet_init(&s, folder, "t.parquet", columns, 4, 7, &err), VO_OK);
        write_rows(&s, n[k]);
        cr_assert_eq(vo_sheet_finish(&s, &err), VO_OK, "%zu rows: %s", n[k], err.msg);
        vo_sheet_fini(&s);
        const reading r = read_back(folder);
        cr_expect_eq(r.rows, n[k]);
        cr_expect(r.in_order, "%zu rows", n[k]);
        cr_expect_eq(names_in(folder), (size_t)1, "parts are gone");
        temporary_folder_remove(folder);
    }
}

Test(simulate_sheet, what_was_not_finished_leaves_nothing_and_an_old_file_stays) {
    char folder[DATA_PATH], path[DATA_PATH + 16];
    vo_sheet s;
    vo_error err = {0};
    cr_assert(temporary_folder(folder));
    snprintf(path, sizeof path, "%s/t.parquet", folder);
    cr_assert_eq(vo_file_write(path, "old", 3, &err), VO_OK);
    cr_assert_eq(vo_sheet_init(&s, folder, "t.parquet", columns, 4, 7, &err), VO_OK);
    write_rows(&s, 30);
    cr_expect_gt(names_in(folder), (size_t)1, "parts are on disk while it runs");
    vo_sheet_fini(&s);
    char *text = NULL;
    size_t len = 0;
    cr_expect_eq(names_in(folder), (size_t)1);
    cr_assert_eq(vo_file_read(path, 100, &text, &len, &err), VO_OK);
    cr_expect_str_eq(text, "old");
    free(text);
    temporary_folder_remove(folder);
}

Test(simulate_sheet, a_folder_that_is_no_folder_is_an_error_in_words) {
    vo_sheet s;
    vo_error err = {0};
    cr_assert_eq(vo_sheet_init(&s, "/dev/null/no", "t.parquet", columns, 4, 7, &err), VO_OK);
    const vo_cell row[4] = {{.integer = 1}, {.integer = 1}, {.number = 1}, {.text = "a"}};
    cr_assert_eq(vo_sheet_add(&s, row, &err), VO_OK);
    cr_expect_eq(vo_sheet_finish(&s, &err), VO_EIO);
    cr_expect(strstr(err.msg, "t.parquet"), "%s", err.msg);
    vo_sheet_fini(&s);
}

Test(simulate_sheet, a_part_that_does_not_fit_the_disk_leaves_nothing) {
    char folder[DATA_PATH];
    vo_sheet s;
    vo_error err = {0};
    const vo_cell row[] = {{.integer = 0}, {.integer = 0}, {.number = 1}, {.text = "hold"}};
    cr_assert(temporary_folder(folder));
    cr_assert_eq(vo_sheet_init(&s, folder, "t.parquet", columns, 4, 1, &err), VO_OK);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit had, little;
    getrlimit(RLIMIT_FSIZE, &had);
    little = had;
    little.rlim_cur = 64; /* bytes of a file: less than any table has */
    setrlimit(RLIMIT_FSIZE, &little);
    const vo_status st = vo_sheet_add(&s, row, &err);
    setrlimit(RLIMIT_FSIZE, &had);
    cr_expect_neq(st, VO_OK);
    vo_sheet_fini(&s);
    cr_expect_eq(names_in(folder), (size_t)0);
    temporary_folder_remove(folder);
}
