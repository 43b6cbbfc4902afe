/* flips.c -- see flips.h. */
#include "policy/flips.h"

#include <math.h>

#define NONE_MW 1e-9

static int direction(double power_mw) { return (power_mw > NONE_MW) - (power_mw < -NONE_MW); }

vo_status vo_flips_among(vo_flip_try *ask, void *ctx, double price, int side, double power_mw,
                         const double *candidate, const double *probe, size_t n, double *flip,
                         vo_error *err) {
    for (size_t i = 0; i < n; i++) {
        double mw = 0;
        if ((probe[i] - price) * side <= 0) continue;
        const vo_status st = ask(ctx, probe[i], &mw, err);
        if (st != VO_OK) return st;
        if (direction(mw) == direction(power_mw)) continue;
        *flip = candidate[i];
        return VO_OK;
    }
    return VO_OK;
}

/* Between `same`, where the direction is that of `power_mw`, and `other`, where it is not. */
static vo_status halve(vo_flip_try *ask, void *ctx, double same, double other, double within,
                       double power_mw, double *flip, vo_error *err) {
    while (fabs(other - same) > within) {
        const double middle = 0.5 * (same + other);
        double mw = 0;
        const vo_status st = ask(ctx, middle, &mw, err);
        if (st != VO_OK) return st;
        *(direction(mw) == direction(power_mw) ? &same : &other) = middle;
    }
    *flip = 0.5 * (same + other);
    return VO_OK;
}

vo_status vo_flips_search(vo_flip_try *ask, void *ctx, const double *believed, size_t n,
                          double power_mw, double *below, double *above, vo_error *err) {
    double low = believed[0], high = believed[0];
    for (size_t i = 1; i < n; i++) {
        low = fmin(low, believed[i]);
        high = fmax(high, believed[i]);
    }
    const double price = believed[0], range = fmax(high - low, 1e-3 * fmax(1, fabs(price)));
    for (int side = -1; side <= 1; side += 2) {
        /* far enough for losses on both ways to be paid many times over */
        const double end =
            side < 0 ? low - 4 * range - fabs(low) : high + 4 * range + fabs(high);
        double same = price;
        for (double step = range / 64; (end - same) * side > 0; step *= 1.25) {
            const double next = same + side * step;
            double mw = 0;
            vo_status st = ask(ctx, next, &mw, err);
            if (st != VO_OK) return st;
            if (direction(mw) != direction(power_mw)) {
                st = halve(ask, ctx, same, next, 1e-9 * range, power_mw,
                           side < 0 ? below : above, err);
                if (st != VO_OK) return st;
                break;
            }
            same = next;
        }
    }
    return VO_OK;
}
