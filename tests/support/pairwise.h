/* pairwise.h -- the sup-convolution of two piecewise-linear functions the plain way: each is
 * cut into concave runs, every pair of runs is merged by slope, and the upper envelope of the
 * merged functions is taken. What src/optimize/value.c is compared with.
 */
#ifndef TESTS_SUPPORT_PAIRWISE_H
#define TESTS_SUPPORT_PAIRWISE_H

#include "optimize/value.h"

/* out, with room as for vo_value_convolve, is cut to lo..hi; false if nothing is left. */
bool pairwise_convolve(const vo_value *f, const vo_value *g, double lo, double hi,
                       vo_value *out);

#endif
