/* random.c -- see random.h for the contract.
 *
 * xoshiro256** 1.0 and splitmix64 after https://prng.di.unimi.it (public domain). The normal
 * deviate is Marsaglia's polar method over a logarithm of our own: it uses only operations that
 * IEEE 754 rounds correctly, so that the bits do not depend on the machine's libm.
 */
#include "base/random.h"

#include <assert.h>
#include <math.h>

static uint64_t rotl(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

static uint64_t splitmix(uint64_t *state) {
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

vo_random vo_random_seed(uint64_t seed, uint64_t stream) {
    /* The stream is scrambled before it meets the seed: (1, 2) and (2, 1) share nothing. */
    uint64_t of_stream = stream ^ UINT64_C(0xD1B54A32D192ED03);
    uint64_t state = seed ^ splitmix(&of_stream);
    vo_random r;
    for (int i = 0; i < 4; i++) r.s[i] = splitmix(&state);
    return r;
}

uint64_t vo_random_u64(vo_random *r) {
    uint64_t *s = r->s;
    const uint64_t result = rotl(s[1] * 5, 7) * 9;
    const uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

double vo_random_unit(vo_random *r) { return (double)(vo_random_u64(r) >> 11) * 0x1p-53; }

double vo_random_between(vo_random *r, double lo, double hi) {
    return lo + (hi - lo) * vo_random_unit(r);
}

/* 2 atanh((m-1)/(m+1)), m in [sqrt(1/2), sqrt(2)). */
double vo_random_log(double x) {
    int e;
    double m = frexp(x, &e);
    if (m < 0.70710678118654752) m *= 2, e--;
    const double z = (m - 1) / (m + 1), zz = z * z;
    double sum = 0;
    for (int k = 23; k >= 1; k -= 2) sum = sum * zz + 1.0 / k;
    return e * 0.69314718055994531 + 2 * z * sum;
}

double vo_random_normal(vo_random *r) {
    for (;;) {
        const double x = 2 * vo_random_unit(r) - 1, y = 2 * vo_random_unit(r) - 1;
        const double s = x * x + y * y;
        if (s > 0 && s < 1) return x * sqrt(-2 * vo_random_log(s) / s);
    }
}

uint64_t vo_random_below(vo_random *r, uint64_t n) {
    assert(n > 0);
    const uint64_t skip = (UINT64_MAX - n + 1) % n; /* 2^64 mod n: what would favour 0.. */
    for (;;) {
        const uint64_t v = vo_random_u64(r);
        if (v >= skip) return v % n;
    }
}
