/* conformal.h -- intervals that cover as often as they say, whatever made them.
 *
 * Score of a price y against an interval: s = max(low - y, y - high), how far outside it lies
 * (negative inside). Two ways to make the interval cover:
 *   split (CQR)  the ceil((n + 1)(1 - alpha))-th smallest of n scores: coverage >= 1 - alpha for
 *                exchangeable days (Romano, Patterson, Candes 2019)
 *   tracker      the width itself follows them, w <- w exp(rate (miss - alpha)) (conformal PID's
 *                quantile tracking, Angelopoulos, Candes, Tibshirani 2023, on the logarithm):
 *                the adaptive form, for prices that drift
 * Threads: one owner at a time.
 */
#ifndef VO_LEARN_CONFORMAL_H
#define VO_LEARN_CONFORMAL_H

#include <stddef.h>

double vo_conformal_score(double observed, double low, double high); /* NAN if one is */

/* Split conformal: what to take off low and add to high so that [low, high] misses with
 * probability alpha (0 < alpha < 1) at most. Rows with a NAN are left out; work[n] is
 * overwritten. INFINITY: too few rows for alpha, n + 1 < 1 / alpha. */
double vo_conformal_offset(const double *observed, const double *low, const double *high,
                           size_t n, double alpha, double *work);

/* ---- tracker --------------------------------------------------------------------------- */

typedef struct {
    double alpha; /* share of misses aimed at                                            */
    double rate;  /* of the logarithm, per step                                          */
    double keep;  /* 0..1: part of the correction that stays from step to step           */
    double log_factor;
} vo_tracker;

/* Widths are multiplied by exp(log_factor). `missed` is the share of misses since the last step,
 * 0..1. */
void vo_tracker_step(vo_tracker *t, double missed);

#endif
