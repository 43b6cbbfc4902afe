/* decimal.h -- the shortest decimal that reads back to a double.
 *
 * Schubfach: R. Giulietti, "The Schubfach way to render doubles" (2020). Among the decimals
 * that a correctly rounding reader takes for v it finds one with the fewest digits, and of
 * those the nearest to v (of two equally near, the even one). No allocation, no locale, three
 * multiplications of 64 by 128 bits. Threads: pure functions.
 */
#ifndef VO_BASE_DECIMAL_H
#define VO_BASE_DECIMAL_H

#include <stdint.h>

typedef struct {
    uint64_t digits; /* < 10^17; its last digit is not 0 */
    int32_t exponent;
} vo_decimal; /* digits * 10^exponent */

vo_decimal vo_decimal_shortest(double v); /* requires v finite and > 0 */

/* The digits of v, most significant first, without a NUL; returns how many: 1..20. */
#define VO_DECIMAL_DIGITS 20
int32_t vo_decimal_write(uint64_t v, char out[VO_DECIMAL_DIGITS]);

#endif
