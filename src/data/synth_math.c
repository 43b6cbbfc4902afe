/* synth_math.c -- see synth_math.h for the contract.
 *
 *   exp   x = k ln 2 + r, |r| <= ln(2)/2, Taylor of e^r, times 2^k
 *   log   vo_random_log: x = m 2^e, 2 atanh((m-1)/(m+1)) + e ln 2
 *   sin   to the nearest quarter turn, then Taylor
 *   atan  atan x = 2 atan(x / (1 + sqrt(1 + x^2))) three times, then Taylor
 */
#include "data/synth_math.h"

#include <math.h>

#include "base/random.h"

#define LN2_HIGH                                                                               \
    6.93147180369123816490e-01             /* ln 2 in two parts, the first short enough for    \
                                            */
#define LN2_LOW 1.90821492927058770002e-10 /*   k * LN2_HIGH to be exact                    */
#define QUARTER (VO_SYNTH_PI / 2)

double vo_synth_exp(double x) {
    if (x < -700) return 0;
    if (x > 700) x = 700;
    const double k = floor(x / 0.69314718055994531 + 0.5);
    const double r = (x - k * LN2_HIGH) - k * LN2_LOW;
    double sum = 1;
    for (int i = 14; i >= 1; i--) sum = 1 + sum * r / i;
    return ldexp(sum, (int)k);
}

double vo_synth_log(double x) { return vo_random_log(x); }

/* sin of a quarter-turn's half: |r| <= pi/4; `first` 1 starts at r, 0 at 1 (the cosine). */
static double series(double r, int first) {
    double sum = 1;
    for (int i = 16 + first; i > first; i -= 2) sum = 1 - sum * r * r / (i * (i - 1));
    return first ? sum * r : sum;
}

double vo_synth_sin(double x) {
    x = remainder(x, 2 * VO_SYNTH_PI);
    const double k = floor(x / QUARTER + 0.5), r = x - k * QUARTER;
    switch ((int)k & 3) {
    case 0:
        return series(r, 1);
    case 1:
        return series(r, 0);
    case 2:
        return -series(r, 1);
    default:
        return -series(r, 0);
    }
}

double vo_synth_cos(double x) { return vo_synth_sin(remainder(x, 2 * VO_SYNTH_PI) + QUARTER); }

static double atan_of(double x) {
    for (int i = 0; i < 3; i++) x = x / (1 + sqrt(1 + x * x));
    double sum = 0;
    for (int k = 21; k >= 1; k -= 2) sum = 1.0 / k - sum * x * x;
    return 8 * x * sum;
}

double vo_synth_atan2(double y, double x) {
    if (fabs(x) >= fabs(y)) {
        const double a = atan_of(y / x);
        return x > 0 ? a : y >= 0 ? a + VO_SYNTH_PI : a - VO_SYNTH_PI;
    }
    return (y > 0 ? QUARTER : -QUARTER) - atan_of(x / y);
}

double vo_synth_asin(double x) {
    if (x >= 1) return QUARTER;
    if (x <= -1) return -QUARTER;
    return vo_synth_atan2(x, sqrt((1 - x) * (1 + x)));
}

double vo_synth_normal_tail(double p) {
    if (p > 0.5) return -vo_synth_normal_tail(1 - p);
    const double t = sqrt(-2 * vo_synth_log(p));
    return t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                   (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}
