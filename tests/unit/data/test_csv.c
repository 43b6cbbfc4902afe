/* test_csv.c -- records and fields as RFC 4180 has them, numbers as strtod reads them. */
#include "data/csv.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

static vo_status open_csv(const char *text, size_t len, vo_bytes **in, vo_csv **c) {
    const vo_status st = vo_bytes_open("t", text, len, in, NULL);
    return st == VO_OK ? vo_csv_open(*in, 0, c, NULL) : st;
}

/* All records as "field|field\n", or the error. */
static vo_status flat(const char *text, size_t len, char delimiter, char *out, vo_error *err) {
    vo_csv *c = NULL;
    vo_bytes *in = NULL;
    bool more = true;
    size_t n = 0;
    cr_assert_eq(vo_bytes_open("t.csv", text, len, &in, err), VO_OK);
    vo_status st = vo_csv_open(in, delimiter, &c, err);
    cr_assert_eq(st, VO_OK);
    while ((st = vo_csv_next(c, &more, err)) == VO_OK && more) {
        for (size_t i = 0; i < vo_csv_count(c); i++) {
            const vo_csv_field f = vo_csv_at(c, i);
            n += (size_t)sprintf(out + n, "%s%.*s", i ? "|" : "", (int)f.len, f.text);
        }
        n += (size_t)sprintf(out + n, "\n");
    }
    out[n] = '\0';
    vo_csv_close(c);
    vo_bytes_close(in);
    return st;
}

static void must_be(const char *text, const char *records) {
    char out[4096];
    vo_error err = {0};
    cr_assert_eq(flat(text, strlen(text), 0, out, &err), VO_OK, "%s", err.msg);
    cr_assert_str_eq(out, records, "%s", text);
}

Test(csv, files_of_the_wild_give_their_records) {
    must_be("a,b\n1,2\n", "a|b\n1|2\n");
    must_be("a,b\r\n1,2\r\n", "a|b\n1|2\n"); /* CRLF */
    must_be("\xef\xbb\xbf"
            "a,b\n1,2",
            "a|b\n1|2\n");                   /* BOM, no last line feed */
    must_be("a;b\n1,5;2\n", "a|b\n1,5|2\n"); /* delimiter told from the first line */
    must_be("a\tb\n1\t2\n", "a|b\n1|2\n");
    must_be("\n\na,b\n\n1,2\n\n", "a|b\n1|2\n"); /* blank lines */
    must_be("\r\n\r\na;b\r\n1,5;2\r\n", "a|b\n1,5|2\n");
    must_be(" a , b \n", "a|b\n");
    must_be("\"a,b\",c\n", "a,b|c\n");
    must_be("\"say \"\"hi\"\"\",2\n", "say \"hi\"|2\n");
    must_be("\"two\nlines\",2\n3,4\n", "two\nlines|2\n3|4\n");
    must_be("\"Price (a, b)\";\"x\"\n1;2\n", "Price (a, b)|x\n1|2\n");
    must_be("a,,\n", "a||\n");
    must_be("", "");
    must_be("\n\r\n", "");
}

Test(csv, errors_name_file_and_line) {
    char out[64];
    vo_error err = {0};
    cr_assert_eq(flat("a,b\n1,\"2\n", 9, 0, out, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "t.csv line 2"), "%s", err.msg);
    cr_assert_eq(flat("\xff\xfe"
                      "a\0",
                      4, 0, out, &err),
                 VO_EINVAL);
    cr_assert(strstr(err.msg, "UTF-8"), "%s", err.msg);
    cr_assert_eq(flat("a,b\r1,2\r3,4\r", 12, 0, out, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "t.csv has lines that end in CR alone"), "%s", err.msg);
}

/* Records that cross the window's edge are whole; the last line has its number. */
Test(csv, a_long_file_is_read_whole) {
    const size_t rows = 300000;
    char *text = malloc(rows * 32);
    size_t len = 0;
    for (size_t i = 0; i < rows; i++)
        len += (size_t)sprintf(text + len, i % 5 ? "%zu,%zu\n" : "\"%zu\",\"%zu\"\n", i, i * 3);
    vo_csv *c = NULL;
    vo_bytes *in = NULL;
    bool more = true;
    cr_assert_eq(open_csv(text, len, &in, &c), VO_OK);
    for (size_t i = 0; i < rows; i++) {
        double a = -1, b = -1;
        cr_assert(vo_csv_next(c, &more, NULL) == VO_OK && more);
        cr_assert(vo_number_parse(vo_csv_at(c, 0).text, vo_csv_at(c, 0).len, false, &a));
        cr_assert(vo_number_parse(vo_csv_at(c, 1).text, vo_csv_at(c, 1).len, false, &b));
        cr_assert((size_t)a == i && (size_t)b == i * 3 && vo_csv_line(c) == i + 1);
    }
    cr_assert(vo_csv_next(c, &more, NULL) == VO_OK && !more);
    vo_csv_close(c);
    vo_bytes_close(in);
    free(text);
}

Test(csv, an_endless_record_is_refused_in_bounded_memory) {
    const size_t len = 5 * VO_CSV_MAX_RECORD;
    char *text = malloc(len);
    memset(text, 'x', len);
    vo_csv *c = NULL;
    vo_bytes *in = NULL;
    bool more = true;
    vo_error err = {0};
    cr_assert_eq(open_csv(text, len, &in, &c), VO_OK);
    cr_assert_eq(vo_csv_next(c, &more, &err), VO_EINVAL);
    vo_csv_close(c);
    vo_bytes_close(in);
    memset(text, ',', len);
    cr_assert_eq(open_csv(text, 5000, &in, &c), VO_OK);
    cr_assert_eq(vo_csv_next(c, &more, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "fields"), "%s", err.msg);
    vo_csv_close(c);
    vo_bytes_close(in);
    free(text);
}

Test(csv, numbers_are_rounded_as_strtod_rounds_them) {
    vo_random r = vo_random_seed(7, 0);
    for (int i = 0; i < 200000; i++) {
        char text[64];
        double v = 0;
        const int decimals = (int)vo_random_below(&r, 18);
        const int n = sprintf(text, "%.*f", decimals, vo_random_between(&r, -1e5, 1e5));
        cr_assert(vo_number_parse(text, (size_t)n, false, &v), "%s", text);
        const double exact = strtod(text, NULL);
        cr_assert(memcmp(&v, &exact, sizeof v) == 0 || (v == 0 && exact == 0), "%s", text);
    }
}

Test(csv, what_is_a_number_and_what_is_not) {
    static const struct {
        const char *text;
        double value;
    } yes[] = {{".04", 0.04},  {"-.86", -0.86}, {"5.", 5},
               {"+1e3", 1000}, {"0", 0},        {"-12.50", -12.5}};
    static const char *const no[] = {"",    "-",   ".",  "1,5", "0x10",
                                     "nan", "1 2", "1e", "--1", "12a"};
    double v = 0;
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        cr_assert(vo_number_parse(yes[i].text, strlen(yes[i].text), false, &v), "%s",
                  yes[i].text);
        cr_assert_eq(v, yes[i].value);
    }
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        cr_assert_not(vo_number_parse(no[i], strlen(no[i]), false, &v), "%s", no[i]);
    cr_assert(vo_number_parse("1,5", 3, true, &v) && v == 1.5);
    cr_assert(vo_number_is_missing("N/A", 3) && vo_number_is_missing("", 0));
    cr_assert_not(vo_number_is_missing("0", 1));
}
