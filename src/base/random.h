/* random.h -- seeded pseudo-random numbers: same seed, same bits, everywhere.
 *
 * xoshiro256** by Blackman and Vigna, seeded through splitmix64. Not for secrets.
 */
#ifndef VO_BASE_RANDOM_H
#define VO_BASE_RANDOM_H

#include <stdint.h>

typedef struct {
    uint64_t s[4];
} vo_random;

vo_random vo_random_seed(uint64_t seed, uint64_t stream); /* streams are independent */
uint64_t vo_random_u64(vo_random *r);
double vo_random_unit(vo_random *r); /* [0, 1) */
double vo_random_between(vo_random *r, double lo, double hi);
double vo_random_normal(vo_random *r);              /* mean 0, variance 1 */
uint64_t vo_random_below(vo_random *r, uint64_t n); /* 0..n-1 unbiased, n > 0 */

/* ln x for normal x > 0, within 1e-14 of the C library's, the same bits on every machine. */
double vo_random_log(double x);

#endif
