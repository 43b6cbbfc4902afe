/* features_window.h -- mean, standard deviation, least and greatest of the last w values, for
 * several w at once.
 *
 * A window is put together from two shorter ones that meet (5 = 4 + 1, 10 = 5 + 5, 15 = 10 + 5,
 * 30 = 15 + 15, ...), each made for all places once: O(log w) operations per value and window,
 * in loops without decisions. With d the difference of the parts' means (Chan, Golub and
 * LeVeque 1979)
 *
 *     mean = mean_a + d n_b / n,    M2 = M2_a + M2_b + d^2 n_a n_b / n,   M2 = sum (x - mean)^2
 *
 * where nothing is taken away from M2: prices of 10 000 with a variance of 0.01 keep their
 * deviation. A result depends on the w values of its window and nothing else, so it has the same
 * bits wherever a run began. A missing value (NAN) spoils exactly the windows that hold it.
 *
 * Threads: one owner at a time. run allocates nothing.
 */
#ifndef VO_LEARN_FEATURES_WINDOW_H
#define VO_LEARN_FEATURES_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

#include "base/alloc.h"

typedef struct vo_windows vo_windows;

/* length[n], each >= 2 and < 2^30. Memory: about 24 bytes for each value of the longest, and
 * 3 KiB per window. *out is the caller's. VO_ENOMEM. */
vo_status vo_windows_create(const int32_t *length, size_t n, const vo_alloc *alloc,
                            vo_windows **out, vo_error *err);
void vo_windows_free(vo_windows *v); /* accepts NULL */

/* Takes `count` values. Results of the windows that end at x[j] go to out[k * stride + j],
 * k = i for the mean of length[i], n + i for the deviation (of a sample: w - 1), 2 n + i and
 * 3 n + i for the least and the greatest; NAN if a value is missing or before the first. None is
 * infinite: NAN. */
void vo_windows_run(vo_windows *v, const double *x, size_t count, float *out, size_t stride);

#endif
