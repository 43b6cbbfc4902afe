/* decimal.c -- see decimal.h.
 *
 * With v = c * 2^q, the reals that round to v are those between (c - 1/2) 2^q and (c + 1/2) 2^q
 * (c - 1/4 below a power of two), ends included where c is even. Let 10^k be the largest power
 * of ten not above that width: a multiple of 10^k lies inside, and at most one of 10^(k+1). Both
 * ends and v are scaled to 4 * x / 10^k, rounded "to odd": all bits cut off are kept in the
 * last one, so that every comparison below is exact although the power is not.
 */
#include "base/decimal.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/decimal_powers.h"

#define FRACTION_BITS 52

/* ---- scaling ----------------------------------------------------------------------- */

__extension__ typedef unsigned __int128 wide; /* gcc and clang, 64-bit processors */

/* floor(10^k's significand * x / 2^128), its last bit 1 if anything was cut off. The power
 * is at most one unit too large, hence > 1. */
static inline uint64_t round_to_odd(int32_t k, uint64_t x) {
    const int32_t i = k - VO_DECIMAL_FIRST_POWER;
    const wide sum =
        (wide)vo_decimal_power[i].hi * x + (uint64_t)((wide)vo_decimal_power[i].lo * x >> 64);
    return (uint64_t)(sum >> 64) | ((uint64_t)sum > 1);
}

/* floor(a * q / 2^bits) without shifting a negative number. */
static inline int32_t floor_scaled(int32_t a, int32_t add, int32_t q, int32_t bits) {
    const int64_t x = (int64_t)a * q + add, offset = INT64_C(4096) << bits;
    return (int32_t)((uint64_t)(x + offset) >> bits) - 4096;
}

/* floor(log10(2^q)), floor(log10(3/4 * 2^q)), floor(log2(10^k)): exact for every double. */
static inline int32_t log10_of_2(int32_t q) { return floor_scaled(1262611, 0, q, 22); }
static inline int32_t log10_of_34(int32_t q) { return floor_scaled(1262611, -524031, q, 22); }
static inline int32_t log2_of_10(int32_t k) { return floor_scaled(1741647, 0, k, 19); }

/* ---- the shortest ------------------------------------------------------------------ */

static vo_decimal strip_zeros(uint64_t digits, int32_t exponent) {
    while (digits % 10 == 0) digits /= 10, exponent++;
    return (vo_decimal){digits, exponent};
}

vo_decimal vo_decimal_shortest(double v) {
    assert(isfinite(v) && v > 0);
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    const uint64_t fraction = bits & ((UINT64_C(1) << FRACTION_BITS) - 1);
    const int32_t biased = (int32_t)(bits >> FRACTION_BITS);
    const uint64_t c = biased ? fraction | UINT64_C(1) << FRACTION_BITS : fraction;
    const int32_t q = (biased ? biased : 1) - 1075;
    const bool narrow = fraction == 0 && biased > 1; /* the double below is half as far */

    const int32_t k = narrow ? log10_of_34(q) : log10_of_2(q);
    const int32_t shift = q + log2_of_10(-k) + 1;
    const uint64_t open = c & 1; /* an end of the interval is no candidate */
    const uint64_t at = round_to_odd(-k, 4 * c << shift);
    const uint64_t from = round_to_odd(-k, (4 * c - (narrow ? 1 : 2)) << shift) + open;
    const uint64_t to = round_to_odd(-k, (4 * c + 2) << shift) - open;

    const uint64_t s = at / 4;
    if (s >= 10) {
        const uint64_t below = s / 10, above = below + 1;
        const bool below_in = from <= 40 * below, above_in = 40 * above <= to;
        if (below_in != above_in) return strip_zeros(below_in ? below : above, k + 1);
    }
    const bool s_in = from <= 4 * s, next_in = 4 * (s + 1) <= to;
    const uint64_t middle = 4 * s + 2;
    bool up = at > middle || (at == middle && s % 2 == 1);
    if (s_in != next_in) up = next_in;
    return strip_zeros(s + up, k);
}

/* ---- digits ------------------------------------------------------------------------ */

static const char two_digits[] = "00010203040506070809101112131415161718192021222324"
                                 "25262728293031323334353637383940414243444546474849"
                                 "50515253545556575859606162636465666768697071727374"
                                 "75767778798081828384858687888990919293949596979899";

static int32_t count_digits(uint64_t v) {
    static const uint64_t power[] = {0,
                                     UINT64_C(10),
                                     UINT64_C(100),
                                     UINT64_C(1000),
                                     UINT64_C(10000),
                                     UINT64_C(100000),
                                     UINT64_C(1000000),
                                     UINT64_C(10000000),
                                     UINT64_C(100000000),
                                     UINT64_C(1000000000),
                                     UINT64_C(10000000000),
                                     UINT64_C(100000000000),
                                     UINT64_C(1000000000000),
                                     UINT64_C(10000000000000),
                                     UINT64_C(100000000000000),
                                     UINT64_C(1000000000000000),
                                     UINT64_C(10000000000000000),
                                     UINT64_C(100000000000000000),
                                     UINT64_C(1000000000000000000),
                                     UINT64_C(10000000000000000000)};
    const int32_t bits = 64 - __builtin_clzll(v | 1);
    const int32_t least = bits * 1233 >> 12; /* floor(bits * log10(2)) */
    return least + (v >= power[least]);
}

int32_t vo_decimal_write(uint64_t v, char out[VO_DECIMAL_DIGITS]) {
    const int32_t n = v ? count_digits(v) : 1;
    char *at = out + n;
    for (; v >= 100; v /= 100) memcpy(at -= 2, two_digits + 2 * (v % 100), 2);
    if (v >= 10)
        memcpy(at - 2, two_digits + 2 * v, 2);
    else
        at[-1] = (char)('0' + v);
    return n;
}
