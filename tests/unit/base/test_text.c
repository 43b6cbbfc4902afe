/* test_text.c -- each test states one promise of text.h. */
#include "base/text.h"

#include <criterion/criterion.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

Test(text, numbers_are_read_as_people_write_them) {
    static const struct {
        const char *text;
        double value;
    } c[] = {{"0", 0},
             {".04", 0.04},
             {"-.86", -0.86},
             {"5.", 5},
             {"+7", 7},
             {" \t12.5 \r\n", 12.5},
             {"1e3", 1000},
             {"1E-3", 0.001},
             {"00012", 12},
             {"123456789012345678901234567890", 123456789012345678901234567890.0},
             {"0.1", 0.1},
             {"9007199254740993", 9007199254740993.0},
             {"1.7976931348623157e308", DBL_MAX},
             {"4.9e-324", 4.9406564584124654e-324},
             {"1e-400", 0},
             {"0.000000000000000000000000000000000000001e39", 1},
             {"2.2250738585072011e-308", 2.2250738585072011e-308}};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        double v = -99;
        cr_assert(vo_text_number(c[i].text, strlen(c[i].text), &v), "\"%s\"", c[i].text);
        cr_assert(v == c[i].value, "\"%s\" is %.17g", c[i].text, v);
    }
}

Test(text, what_is_not_a_finite_number_is_refused_and_the_output_kept) {
    static const char *const bad[] = {"",
                                      " ",
                                      "nan",
                                      "NaN",
                                      "inf",
                                      "-Infinity",
                                      "1,5",
                                      "12x",
                                      "0x10",
                                      "1e",
                                      "1e+",
                                      ".",
                                      "-",
                                      "+.",
                                      "1 2",
                                      "--1",
                                      "1e999",
                                      "-1e400",
                                      "1_000",
                                      "1.2.3",
                                      "e5",
                                      "\302\2401",
                                      "1e99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        double v = -99;
        cr_assert_not(vo_text_number(bad[i], strlen(bad[i]), &v), "\"%s\"", bad[i]);
        cr_assert(v == -99);
    }
    double v;
    cr_assert_not(vo_text_number("1\0002", 3, &v));
    char many[600];
    memset(many, '0', sizeof many);
    cr_assert(vo_text_number(many, 500, &v) && v == 0);
    cr_assert_not(vo_text_number(many, 501, &v));
}

/* The fast path and strtod are two implementations of one rounding. */
Test(text, random_decimals_are_rounded_as_strtod_rounds_them) {
    vo_random r = vo_random_seed(11, 0);
    for (int i = 0; i < 200000; i++) {
        char text[64];
        const int digits = 1 + (int)vo_random_below(&r, 19);
        snprintf(text, sizeof text, "%.*e", digits,
                 (vo_random_unit(&r) - 0.5) * pow(10, (double)vo_random_below(&r, 60) - 30));
        double v;
        cr_assert(vo_text_number(text, strlen(text), &v));
        cr_assert(v == strtod(text, NULL), "%s gave %.17g", text, v);
    }
}

Test(text, only_the_given_length_is_read) {
    char *exact = malloc(3); /* no NUL behind it: a sanitizer sees any overrun */
    memcpy(exact, "1.5", 3);
    double v;
    int64_t n;
    cr_assert(vo_text_number(exact, 3, &v) && v == 1.5);
    cr_assert(vo_text_number(exact, 1, &v) && v == 1);
    cr_assert(vo_text_integer(exact, 1, &n) && n == 1);
    free(exact);
}

Test(text, integers_reach_both_ends_of_64_bits_and_no_further) {
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } c[] = {{"0", true, 0},
             {"-12", true, -12},
             {" +5 ", true, 5},
             {"9223372036854775807", true, INT64_MAX},
             {"-9223372036854775808", true, INT64_MIN},
             {"9223372036854775808", false, 0},
             {"-9223372036854775809", false, 0},
             {"99999999999999999999999", false, 0},
             {"1.0", false, 0},
             {"1e3", false, 0},
             {"", false, 0},
             {"-", false, 0},
             {"12a", false, 0}};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        int64_t v = 77;
        cr_assert_eq(vo_text_integer(c[i].text, strlen(c[i].text), &v), c[i].ok, "\"%s\"",
                     c[i].text);
        cr_assert_eq(v, c[i].ok ? c[i].value : 77);
    }
}

static void expect_format(double v, const char *expected) {
    char out[VO_TEXT_NUMBER];
    const size_t n = vo_text_format_number(v, out);
    cr_assert_str_eq(out, expected);
    cr_assert_eq(n, strlen(expected));
}

Test(text, numbers_are_written_as_short_as_they_can_be) {
    expect_format(0, "0");
    expect_format(-0.0, "0");
    expect_format(1, "1");
    expect_format(-12.5, "-12.5");
    expect_format(0.1, "0.1");
    expect_format(0.05, "0.05");
    expect_format(1234567.25, "1234567.25");
    expect_format(1037.777778, "1037.777778");
    expect_format(0.1 + 0.2, "0.30000000000000004");
    expect_format(1.0 / 3, "0.3333333333333333");
    expect_format(9007199254740991.0, "9007199254740991");
    expect_format(1e22, "1e+22");
    expect_format(1e-7, "1e-07");
    expect_format(0.00001, "0.00001");
    expect_format(DBL_MAX, "1.7976931348623157e+308");
}

/* Property: reads back to the same bits, and no %g of fewer digits does. */
Test(text, every_number_written_reads_back_to_the_same_double) {
    vo_random r = vo_random_seed(5, 0);
    for (int i = 0; i < 300000; i++) {
        double v;
        const uint64_t bits = vo_random_u64(&r);
        memcpy(&v, &bits, sizeof v);
        if (i % 3 == 1) v = (double)(int64_t)(bits >> 30) / 100;
        if (i % 3 == 2) v = (vo_random_unit(&r) - 0.5) * 200;
        if (!isfinite(v) || fabs(v) < DBL_MIN) continue;
        char out[VO_TEXT_NUMBER], shorter[400];
        const size_t n = vo_text_format_number(v, out);
        cr_assert_lt(n, (size_t)VO_TEXT_NUMBER);
        double back;
        cr_assert(vo_text_number(out, n, &back) && back == v, "%s is not %.17g", out, v);
        int digits = 0, zeros = 0; /* significant digits of what was written */
        for (const char *p = out; *p && *p != 'e'; p++)
            if (*p >= '0' && *p <= '9' && (digits > 0 || *p != '0')) {
                digits++;
                zeros = *p == '0' ? zeros + 1 : 0;
            }
        digits -= strchr(out, '.') ? 0 : zeros;
        if (digits > 1) {
            snprintf(shorter, sizeof shorter, "%.*g", digits - 1, v);
            cr_assert(strtod(shorter, NULL) != v, "%s would do for %s", shorter, out);
        }
    }
}

/* Where the locale writes 1,5 nothing changes. Needs such a locale on the machine. */
Test(text, the_locale_does_not_matter) {
    if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "fr_FR.UTF-8") &&
        !setlocale(LC_ALL, "es_ES.UTF-8"))
        cr_skip_test("no locale with a decimal comma is installed");
    expect_format(0.1 + 0.2, "0.30000000000000004");
    expect_format(1.5e-9, "1.5e-09");
    double v;
    cr_assert(vo_text_number("0.30000000000000004", 19, &v) && v == 0.1 + 0.2);
    cr_assert_not(vo_text_number("1,5", 3, &v));
}

Test(text, trim_drops_blanks_at_both_ends_only) {
    size_t len = 9;
    const char *s = vo_text_trim(" \ta b c\r\n", &len);
    cr_assert(len == 5 && memcmp(s, "a b c", 5) == 0);
    len = 3;
    vo_text_trim(" \t ", &len);
    cr_assert_eq(len, 0u);
}

Test(text, names_compare_without_case_and_whole) {
    cr_assert(vo_text_same("Price", "pRICE"));
    cr_assert_not(vo_text_same("price", "prices"));
    cr_assert_not(vo_text_same("prices", "price"));
    cr_assert_not(vo_text_same("a[", "a{")); /* only letters have case */
    cr_assert(vo_text_same_span("PRICEx", 5, "price"));
    cr_assert(vo_text_same_span("", 0, ""));
}

Test(text, appending_stops_at_the_end_with_dots) {
    char buffer[13];
    memset(buffer, '#', sizeof buffer);
    vo_text t = vo_text_over(buffer, 12);
    vo_text_append(&t, "%s-%d", "abc", 12);
    cr_assert_str_eq(buffer, "abc-12");
    vo_text_append(&t, "%s", "34567"); /* fits exactly: 11 and NUL */
    cr_assert_str_eq(buffer, "abc-1234567");
    cr_assert_not(t.cut);
    vo_text_append(&t, "8");
    cr_assert_str_eq(buffer, "abc-1234...");
    cr_assert(t.cut && t.len == 11);
    vo_text_append(&t, "9");
    cr_assert_str_eq(buffer, "abc-1234...");
    cr_assert_eq(buffer[12], '#');
}

Test(text, names_are_listed_with_commas) {
    const char *const names[] = {"exact", "lp", "spread"};
    char buffer[64];
    vo_text t = vo_text_over(buffer, sizeof buffer);
    vo_text_append_names(&t, names, 3);
    cr_assert_str_eq(buffer, "exact, lp, spread");
}

Test(text, the_nearest_name_is_suggested_and_a_far_one_is_not) {
    const char *const names[] = {"power_mw", "capacity_mwh", "charge_efficiency", "min_soc",
                                 "max_soc"};
    const struct {
        const char *wrong, *near;
    } c[] = {{"powr_mw", "power_mw"},
             {"POWER_MW", "power_mw"},
             {"pwoer_mw", "power_mw"},
             {"capacity_mw", "capacity_mwh"},
             {"charge_eficiency", "charge_efficiency"},
             {"max_sco", "max_soc"},
             {"mni_sco", "min_soc"},
             {"min_x", NULL},
             {"zzz", NULL},
             {"temperature", NULL},
             {"", NULL}};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        const char *near = vo_text_nearest(c[i].wrong, names, 5);
        if (c[i].near)
            cr_assert(near && strcmp(near, c[i].near) == 0, "%s gave %s", c[i].wrong,
                      near ? near : "nothing");
        else
            cr_assert_null(near, "%s gave %s", c[i].wrong, near);
    }
    char wrong[200];
    memset(wrong, 'a', sizeof wrong - 1);
    wrong[sizeof wrong - 1] = '\0';
    cr_assert_null(vo_text_nearest(wrong, names, 5));
    cr_assert_null(vo_text_nearest("x", NULL, 0));
}

Test(text, words_are_found_at_the_beginning_and_anywhere_without_case) {
    static const struct {
        const char *text, *word;
        bool begins, has;
    } c[] = {{"Precio Marginal", "precio", true, true},
             {"Precio Marginal", "MARGINAL", false, true},
             {"Precio", "Precios", false, false},
             {"aab", "ab", false, true},
             {"anything", "", true, true},
             {"", "", true, true},
             {"", "a", false, false}};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        const size_t len = strlen(c[i].text);
        cr_expect_eq(vo_text_begins(c[i].text, len, c[i].word), c[i].begins, "%zu", i);
        cr_expect_eq(vo_text_has(c[i].text, len, c[i].word), c[i].has, "%zu", i);
    }
    cr_expect_not(vo_text_has("price", 4, "price"), "the length ends the text");
    cr_expect_not(vo_text_begins("price", 4, "price"));
    cr_expect(vo_text_has_exactly("a price", 7, "price"));
    cr_expect_not(vo_text_has_exactly("a Price", 7, "price"));
    cr_expect_not(vo_text_has_exactly("a price", 6, "price"));
}

/* Decodes and looks at the number: another way than ranges of bytes. */
static bool plain_utf8(const unsigned char *s, size_t n) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    for (size_t i = 0; i < n;) {
        size_t len = s[i] < 0x80 ? 1 : (s[i] >> 5) == 6 ? 2 : (s[i] >> 4) == 14 ? 3 : 4;
        if (len == 4 && (s[i] >> 3) != 30) return false;
        if (len == 1) {
            i++;
            continue;
        }
        if (n - i < len) return false;
        uint32_t v = s[i] & (0x7fu >> len);
        for (size_t k = 1; k < len; k++) {
            if ((s[i + k] >> 6) != 2) return false;
            v = v << 6 | (s[i + k] & 0x3fu);
        }
        if (v < least[len] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000)) return false;
        i += len;
    }
    return true;
}

Test(text, utf8_is_what_a_decoder_takes) {
    unsigned char s[4];
    for (uint32_t a = 0; a < 256; a++)
        for (uint32_t b = 0; b < 256; b++)
            for (uint32_t rest = 0; rest < 16; rest++) {
                static const unsigned char edge[] = {0x00, 0x7f, 0x80, 0xbf};
                s[0] = (unsigned char)a;
                s[1] = (unsigned char)b;
                s[2] = edge[rest / 4];
                s[3] = edge[rest % 4];
                for (size_t n = 1; n <= 4; n++)
                    cr_assert_eq(vo_text_utf8_fault((const char *)s, n) == n, plain_utf8(s, n));
            }
}

Test(text, a_hexadecimal_digit_is_known_in_both_cases_and_nothing_else_is_one) {
    static const char digits[] = "0123456789abcdef";
    int known = 0;
    for (int c = 0; c < 256; c++) known += vo_text_hex((char)c) >= 0;
    cr_assert_eq(known, 22);
    for (int v = 0; v < 16; v++) cr_assert_eq(vo_text_hex(digits[v]), v);
    for (int v = 10; v < 16; v++) cr_assert_eq(vo_text_hex((char)(digits[v] - 'a' + 'A')), v);
}

Test(text, names_are_never_cut_in_the_middle) {
    static const char *const names[] = {"alpha", "beta", "gamma"};
    static const char *const said[] = {"alpha, ...", "alpha, beta, ...", "alpha, beta, gamma"};
    for (size_t size = 11; size <= 24; size++) {
        char out[24];
        vo_text t = vo_text_over(out, size);
        vo_text_append_names(&t, names, 3);
        cr_expect_str_eq(out, said[size >= 19 ? 2 : size >= 17 ? 1 : 0], "%zu: %s", size, out);
    }
}
