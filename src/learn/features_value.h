/* features_value.h -- a number as features hold it: float32, NAN where missing or too large, and
 * never a negative zero, so that equal values are equal bits. */
#ifndef VO_LEARN_FEATURES_VALUE_H
#define VO_LEARN_FEATURES_VALUE_H

#include <math.h>

/* Without a branch, so that a loop of these becomes vector instructions: f - f is 0, or NAN where
 * f is infinite; -0 + 0 is 0; the last line makes all NANs the same one. */
static inline float vo_feature_float(float f) {
    const float sure = f + (f - f);
    return sure == sure ? sure : NAN;
}

static inline float vo_feature_value(double x) { return vo_feature_float((float)x); }

#endif
