/* test_lake_tree.c -- names survive the way into a path and back; the walk sees what is the
 * lake's and tells what is not. */
#include "data/lake_tree.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/data_folder.h"

static char root[DATA_PATH];
static vo_lake lake;

static void begin(void) {
    cr_assert(temporary_folder(root));
    snprintf(lake.root, sizeof lake.root, "%s", root);
}
static void end(void) { temporary_folder_remove(root); }

static void touch(const char *name) {
    char path[2 * DATA_PATH];
    snprintf(path, sizeof path, "%s/%s", root, name);
    *strrchr(path, '/') = '\0';
    cr_assert_eq(vo_file_make_folders(path, NULL), VO_OK);
    path[strlen(path)] = '/';
    cr_assert_eq(vo_file_write(path, "x", 1, NULL), VO_OK);
}

/* Every byte alone and behind a letter: what is encoded has only safe bytes and comes back. */
Test(lake_tree, every_name_comes_back_from_its_path) {
    for (int i = 0; i < 2; i++)
        for (int ch = 1; ch < 256; ch++) {
            const char name[] = {(char)(i ? 'a' : ch), (char)(i ? ch : 'b'), 0};
            char text[32], back[8];
            vo_text at = vo_text_over(text, sizeof text);
            vo_lake_put_encoded(&at, name);
            cr_assert_eq(strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789_-.%"),
                         strlen(text));
            cr_assert_neq(text[0], '.');
            cr_assert(vo_lake_decode(text, back, sizeof back), "%s", text);
            cr_assert_str_eq(back, name);
        }
    static const char *const bad[] = {"%",   "%4",  "%G0", "%61", "%00",
                                      "a/b", ".ab", "a b", "%e1", "long name"};
    char back[8];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert_not(vo_lake_decode(bad[i], back, sizeof back), "%s", bad[i]);
}

typedef struct {
    char seen[2048], other[2048];
    size_t n;
} seen;

static vo_status take_place(void *ctx, const vo_lake_place *p, vo_error *err) {
    seen *s = ctx;
    (void)err;
    char path[VO_LAKE_PATH];
    vo_lake_year_folder(&lake, &p->key, p->year, path);
    cr_assert_str_eq(path, p->folder);
    const size_t len = strlen(s->seen);
    snprintf(s->seen + len, sizeof s->seen - len, "%s|%s|%s|%s|%d%s%s;", p->key.kind,
             p->key.market, p->key.process, p->key.node, (int)p->year, p->part ? "P" : "",
             p->changes ? "C" : "");
    s->n++;
    return VO_OK;
}

static vo_status take_other(void *ctx, const char *path, vo_error *err) {
    seen *s = ctx;
    (void)err;
    const size_t len = strlen(s->other);
    snprintf(s->other + len, sizeof s->other - len, "%s;", path + strlen(root) + 1);
    return VO_OK;
}

Test(lake_tree, the_walk_tells_what_is_the_lakes_and_what_is_not, .init = begin, .fini = end) {
    seen s = {.n = 0};
    const vo_lake_visitor visitor = {&s, take_place, take_other};
    touch("prices/market=M/process=P/node=A%20B/year=2024/part.parquet");
    touch("prices/market=M/process=P/node=A%20B/year=2025/part.parquet");
    touch("prices/market=M/process=P/node=A%20B/year=2025/changes.parquet");
    touch("load/market=M/process=P/node=C/year=9999/changes.parquet");
    touch("load/market=M/process=P/node=C/year=02024/part.parquet");
    touch("load/market=M/process=P/node=%43/year=2024/part.parquet");
    touch("load/market=M/process=P/node=C/year=10000/part.parquet");
    touch("prices/market=M/process=P/node=A%20B/year=2024/notes.txt");
    touch("damaged/x");
    touch(".locks/x");
    touch("README");
    touch("Other Folder/x");
    vo_error err = {0};
    cr_assert_eq(vo_lake_walk(&lake, &visitor, &err), VO_OK, "%s", err.msg);
    cr_assert_str_eq(s.seen, "load|M|P|C|9999C;prices|M|P|A B|2024P;prices|M|P|A B|2025PC;");
    cr_assert_str_eq(s.other, "Other Folder;README;load/market=M/process=P/node=%43;"
                              "load/market=M/process=P/node=C/year=02024;"
                              "load/market=M/process=P/node=C/year=10000;"
                              "prices/market=M/process=P/node=A%20B/year=2024/notes.txt;");
}

Test(lake_tree, years_are_found_and_mda_is_preferred, .init = begin, .fini = end) {
    touch("prices/market=M/process=AA/node=N/year=2020/part.parquet");
    touch("prices/market=M/process=MDA/node=N/year=2025/part.parquet");
    touch("prices/market=M/process=MTR/node=N/year=2023/part.parquet");
    touch("prices/market=M/process=MDA/node=N/year=0999/part.parquet");
    touch("prices/market=M/process=MDA/node=N/year=999/part.parquet");
    touch("prices/market=M/process=MDA/node=NORTE/year=2025/part.parquet");
    vo_lake_years years = {.n = 0};
    vo_lake_key key = {"M", NULL, "N", NULL};
    cr_assert_eq(vo_lake_find_years(&lake, &key, &years, NULL), VO_OK);
    cr_assert_str_eq(years.process, "MDA");
    cr_assert(years.n == 2 && years.year[0] == 999 && years.year[1] == 2025);
    vo_lake_years_fini(&years);
    key.process = "AA";
    cr_assert_eq(vo_lake_find_years(&lake, &key, &years, NULL), VO_OK);
    cr_assert(years.n == 1 && years.year[0] == 2020);
    vo_lake_years_fini(&years);
    vo_error err = {0};
    key.node = "NORTTE";
    cr_assert_eq(vo_lake_not_there(&lake, &key, &err), VO_ENOTFOUND);
    cr_assert(strstr(err.msg, "did you mean \"NORTE\"?"), "%s", err.msg);
    key.node = "ZZZZZZZZ";
    vo_lake_not_there(&lake, &key, &err);
    cr_assert(strstr(err.msg, "there are: N, N, NORTE, N"), "%s", err.msg);
    key.market = "X";
    vo_lake_not_there(&lake, &key, &err);
    cr_assert(strstr(err.msg, "there are markets: M"), "%s", err.msg);
}

Test(lake_tree, names_that_are_none_are_refused) {
    static const vo_lake_key bad[] = {{"", "P", "N", NULL},
                                      {"M", "", "N", NULL},
                                      {"M", "P", "", NULL},
                                      {NULL, "P", "N", NULL},
                                      {"M", "P", "a\nb", NULL},
                                      {"M", "P", "N", "Prices"},
                                      {"M", "P", "N", "damaged"},
                                      {"M", "P", "N", "../x"},
                                      {"12345678901234567890123456789012", "P", "N", NULL}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert_eq(vo_lake_key_check(&bad[i], true, NULL), VO_EINVAL, "%zu", i);
    cr_assert_eq(vo_lake_key_check(&(vo_lake_key){"M", "P", "N", "weather"}, true, NULL),
                 VO_OK);
}

/* A folder's name may have 255 bytes: names that grow beyond it when encoded are refused. */
Test(lake_tree, names_too_long_for_a_folder_are_refused, .init = begin, .fini = end) {
    char plain[VO_NODE_NAME + 1], odd[VO_NODE_NAME];
    memset(plain, 'n', VO_NODE_NAME);
    memset(odd, '|', sizeof odd);
    plain[VO_NODE_NAME] = plain[VO_NODE_NAME - 1] = '\0';
    odd[79] = '\0';
    vo_lake_key key = {"M", "P", plain, NULL};
    cr_assert_eq(vo_lake_key_check(&key, true, NULL), VO_OK);
    plain[VO_NODE_NAME - 1] = 'n';
    cr_assert_eq(vo_lake_key_check(&key, true, NULL), VO_EINVAL);
    key.node = odd;
    cr_assert_eq(vo_lake_key_check(&key, true, NULL), VO_OK); /* 79 x 3 = 237 */
    odd[79] = '|', odd[81] = '\0';
    cr_assert_eq(vo_lake_key_check(&key, true, NULL), VO_EINVAL);
}
