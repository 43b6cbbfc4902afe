/* features_value.h -- a double as features hold it: float32, NAN where missing or too large, and
 * never a negative zero, so that equal values are equal bits. */
#ifndef VO_LEARN_FEATURES_VALUE_H
#define VO_LEARN_FEATURES_VALUE_H

#include <float.h>
#include <math.h>

static inline float vo_feature_value(double x) {
    /* As one expression, so that a loop of these becomes vector instructions. */
    return (fabs(x) <= (double)FLT_MAX ? (float)x : NAN) + 0.0f;
}

#endif
