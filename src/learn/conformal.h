/* conformal.h -- intervals that cover as often as they say, whatever made them.
 *
 * Score of a price y against an interval: s = max(low - y, y - high), how far outside it lies
 * (negative inside). Widening by the right order statistic of past scores makes the interval
 * cover:
 *   split (CQR)  the ceil((n + 1)(1 - alpha))-th smallest of n scores: coverage >= 1 - alpha for
 *                exchangeable days (Romano, Patterson, Candes 2019)
 *   ACI          the level itself follows the misses, a <- a + rate (alpha - miss): coverage in
 *                the long run whatever the prices do (Gibbs, Candes 2021)
 *   DtACI        several rates at once, weighted by how well each has fared lately (Gibbs,
 *                Candes 2024)
 *   tracker      the width itself follows them, w <- w exp(rate (miss - alpha)) (conformal PID's
 *                quantile tracking, Angelopoulos, Candes, Tibshirani 2023, on the logarithm)
 * Threads: one owner at a time.
 */
#ifndef VO_LEARN_CONFORMAL_H
#define VO_LEARN_CONFORMAL_H

#include "base/alloc.h"
#include "base/artefact.h"

double vo_conformal_score(double observed, double low, double high); /* NAN if one is */

/* Split conformal: what to take off low and add to high so that [low, high] misses with
 * probability alpha (0 < alpha < 1) at most. Rows with a NAN are left out; work[n] is
 * overwritten. INFINITY: too few rows for alpha, n + 1 < 1 / alpha. */
double vo_conformal_offset(const double *observed, const double *low, const double *high,
                           size_t n, double alpha, double *work);

/* ---- online -------------------------------------------------------------------------- */

// clang-format off
#define VO_CONFORMAL_MAP(X)                                             \
    X(FIXED, 0, "fixed", "split conformal on a sliding window")         \
    X(ACI,   1, "aci",   "adaptive level, one rate")                    \
    X(DTACI, 2, "dtaci", "adaptive level, rates weighted by experience")
// clang-format on

typedef enum {
#define X(name, value, text, help) VO_CONFORMAL_##name = (value),
    VO_CONFORMAL_MAP(X)
#undef X
        VO_CONFORMAL_COUNT
} vo_conformal_kind;

typedef struct {
    vo_conformal_kind kind;
    double alpha;  /* share of misses aimed at, in (0, 1)        */
    double rate;   /* ACI: > 0                                   */
    size_t window; /* scores remembered, 2 .. 1 000 000          */
} vo_conformal_settings;

vo_conformal_settings vo_conformal_settings_default(void); /* DtACI, 0.1, 0.02, 4368 */

typedef struct vo_conformal vo_conformal;

/* *out is the caller's: vo_conformal_free. VO_EINVAL, VO_ENOMEM. */
vo_status vo_conformal_create(const vo_conformal_settings *settings, const vo_alloc *alloc,
                              vo_conformal **out, vo_error *err);
void vo_conformal_free(vo_conformal *c); /* accepts NULL */

/* The observed price and the interval as it was before any widening. NAN: ignored. */
void vo_conformal_step(vo_conformal *c, double observed, double low, double high);

/* What to widen the next interval by (may be negative). Where the level asks for more than all
 * scores seen, the largest of them; before the first, 0. */
double vo_conformal_widen(const vo_conformal *c);

double vo_conformal_level(const vo_conformal *c); /* alpha now in force */

vo_status vo_conformal_save(const vo_conformal *c, vo_artefact_out *out, vo_error *err);
/* Into one created with the same settings; else VO_EINVAL, and c is as it was. */
vo_status vo_conformal_load(vo_conformal *c, vo_artefact *in, vo_error *err);

/* ---- tracker --------------------------------------------------------------------------- */

typedef struct {
    double alpha; /* share of misses aimed at                                            */
    double rate;  /* of the logarithm, per step                                          */
    double keep;  /* 0..1: part of the correction that stays from step to step           */
    double log_factor;
} vo_tracker;

/* `missed` is the share of misses since the last step, 0..1. */
void vo_tracker_step(vo_tracker *t, double missed);
double vo_tracker_factor(const vo_tracker *t); /* what to multiply the width by, > 0 */

#endif
