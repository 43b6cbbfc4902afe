/* numpy_random.c -- see numpy_random.h. */
#include "support/numpy_random.h"

#define SIZE 624
#define SHIFT 397

void numpy_random_init(numpy_random *r, uint32_t seed) {
    r->word[0] = seed;
    for (uint32_t i = 1; i < SIZE; i++)
        r->word[i] = UINT32_C(1812433253) * (r->word[i - 1] ^ (r->word[i - 1] >> 30)) + i;
    r->next = SIZE;
}

static void twist(numpy_random *r) {
    for (size_t i = 0; i < SIZE; i++) {
        const uint32_t high = r->word[i] & UINT32_C(0x80000000);
        const uint32_t low = r->word[(i + 1) % SIZE] & UINT32_C(0x7fffffff);
        const uint32_t mixed = (high | low) >> 1 ^ (low & 1 ? UINT32_C(0x9908b0df) : 0);
        r->word[i] = r->word[(i + SHIFT) % SIZE] ^ mixed;
    }
    r->next = 0;
}

uint32_t numpy_random_u32(numpy_random *r) {
    if (r->next == SIZE) twist(r);
    uint32_t y = r->word[r->next++];
    y ^= y >> 11;
    y ^= y << 7 & UINT32_C(0x9d2c5680);
    y ^= y << 15 & UINT32_C(0xefc60000);
    return y ^ y >> 18;
}

double numpy_random_uniform(numpy_random *r, double lo, double hi) {
    const double a = numpy_random_u32(r) >> 5, b = numpy_random_u32(r) >> 6;
    return lo + (hi - lo) * ((a * 67108864.0 + b) / 9007199254740992.0);
}
