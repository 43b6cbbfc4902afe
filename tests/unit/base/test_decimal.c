/* test_decimal.c -- the shortest decimal against the C library's reader and writer. */
#include "base/decimal.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

static double read_back(uint64_t digits, int32_t exponent) {
    char text[64];
    snprintf(text, sizeof text, "%llue%d", (unsigned long long)digits, exponent);
    return strtod(text, NULL);
}

static void expect_decimal(double v, uint64_t digits, int32_t exponent) {
    const vo_decimal d = vo_decimal_shortest(v);
    cr_assert(d.digits == digits && d.exponent == exponent, "%a: %llue%d, not %llue%d", v,
              (unsigned long long)d.digits, d.exponent, (unsigned long long)digits, exponent);
}

/* Published cases: the paper's, Steele and White's, and the ends of the range. */
Test(decimal, known_numbers_have_their_known_digits) {
    expect_decimal(1, 1, 0);
    expect_decimal(0.1, 1, -1);
    expect_decimal(0.3, 3, -1);
    expect_decimal(0.1 + 0.2, 30000000000000004, -17);
    expect_decimal(2e23, 2, 23);
    expect_decimal(1e23, 1, 23);
    expect_decimal(9007199254740993.0, 9007199254740992, 0);
    expect_decimal(5e-324, 5, -324); /* one bit */
    expect_decimal(DBL_MIN, 22250738585072014, -324);
    expect_decimal(DBL_MAX, 17976931348623157, 292);
    expect_decimal(8.41e21, 841, 19);
    expect_decimal(2.0919495182368195e19, 20919495182368195, 3);
    expect_decimal(9.5367431640625e-07, 95367431640625, -20); /* 2^-20: uneven neighbours */
    expect_decimal(9.109e-31, 9109, -34);
}

/* What is checked of any v: it reads back; no decimal of fewer digits does; of as many digits the
 * nearest is taken, which is what printf gives for as many digits if that reads back. */
static void check_shortest(double v) {
    const vo_decimal d = vo_decimal_shortest(v);
    cr_assert(d.digits > 0 && d.digits < UINT64_C(100000000000000000) && d.digits % 10 != 0);
    cr_assert(read_back(d.digits, d.exponent) == v, "%llue%d is not %a",
              (unsigned long long)d.digits, d.exponent, v);
    const uint64_t down = d.digits / 10, up = down + 1;
    if (d.digits >= 10) {
        cr_assert(read_back(down, d.exponent + 1) != v, "%a can be shorter", v);
        cr_assert(read_back(up, d.exponent + 1) != v, "%a can be shorter", v);
    }
    char digit[VO_DECIMAL_DIGITS], text[40], nearest[40];
    const int32_t n = vo_decimal_write(d.digits, digit);
    snprintf(text, sizeof text, "%.*s%s%.*se%+03d", 1, digit, n > 1 ? "." : "", n - 1,
             digit + 1, d.exponent + n - 1);
    snprintf(nearest, sizeof nearest, "%.*e", n - 1, v);
    if (strtod(nearest, NULL) == v) cr_assert_str_eq(text, nearest);
}

Test(decimal, any_bits_give_the_shortest_and_nearest) {
    vo_random r = vo_random_seed(11, 0);
    for (int i = 0; i < 60000; i++) {
        const uint64_t bits = vo_random_u64(&r) >> 1; /* positive */
        double v;
        memcpy(&v, &bits, sizeof v);
        if (isfinite(v) && v > 0) check_shortest(v);
        check_shortest((double)(bits % 100000000) / 10000 + 0.0001);
        check_shortest(vo_random_unit(&r) + DBL_MIN);
    }
}

/* Every power of two and its neighbours: each binary exponent, so each power of ten. */
Test(decimal, powers_of_two_and_ten_and_their_neighbours_do_too) {
    for (int e = -1074; e < 1024; e++) {
        const double v = ldexp(1, e);
        check_shortest(v);
        check_shortest(nextafter(v, DBL_MAX));
        if (e > -1074) check_shortest(nextafter(v, 0));
    }
    for (int e = -307; e <= 308; e++) {
        const double v = read_back(1, e);
        expect_decimal(v, 1, e);
        check_shortest(nextafter(v, DBL_MAX));
        check_shortest(nextafter(v, 0));
    }
}

Test(decimal, subnormals_do_too) {
    for (uint64_t bits = 1; bits < UINT64_C(1) << 52; bits = bits * 3 / 2 + 1) {
        double v;
        memcpy(&v, &bits, sizeof v);
        check_shortest(v);
    }
}

static void expect_digits(uint64_t v) {
    char out[VO_DECIMAL_DIGITS + 1], expected[32];
    const int32_t n = vo_decimal_write(v, out);
    out[n] = '\0';
    snprintf(expected, sizeof expected, "%llu", (unsigned long long)v);
    cr_assert_str_eq(out, expected);
}

Test(decimal, digits_are_those_of_the_c_library) {
    for (uint64_t v = 0; v < 20000; v++) expect_digits(v);
    for (uint64_t p = 1; p <= UINT64_MAX / 10; p *= 10) {
        expect_digits(p - 1);
        expect_digits(p * 9 + 7);
    }
    expect_digits(UINT64_MAX);
}
