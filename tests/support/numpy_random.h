/* numpy_random.h -- NumPy's RandomState(seed).uniform(lo, hi), bit for bit.
 *
 * The Mersenne Twister MT19937 of Matsumoto and Nishimura (1998), seeded with init_genrand and
 * read 53 bits at a time (genrand_res53), which is what NumPy's legacy generator does.
 */
#ifndef TESTS_SUPPORT_NUMPY_RANDOM_H
#define TESTS_SUPPORT_NUMPY_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t word[624];
    size_t next;
} numpy_random;

void numpy_random_init(numpy_random *r, uint32_t seed);
uint32_t numpy_random_u32(numpy_random *r);
double numpy_random_uniform(numpy_random *r, double lo, double hi);

#endif
