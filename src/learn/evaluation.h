/* evaluation.h -- a forecaster played over days that it has not seen: what it said of each.
 *
 * Protocol: the forecaster is fitted on what lies before `first`; then each local day from there
 * on is forecast whole before it begins, with every price up to its first interval known and
 * none after (the day-ahead protocol of Lago et al. 2021). One that recalibrates itself does so
 * on the way (vo_learning.recalibrate_days). One that names a trained model ("gbt=ID") is not
 * fitted: it is judged as it was stored, unless vo_learning.refit_loaded.
 */
#ifndef VO_LEARN_EVALUATION_H
#define VO_LEARN_EVALUATION_H

#include "learn/forecaster.h"

#define VO_EVALUATION_LEVELS 32

typedef struct {
    const vo_alloc *alloc;
    size_t first, n; /* intervals judged: first .. first + n - 1 of the series            */
    size_t n_days;
    size_t n_levels;
    double level[VO_EVALUATION_LEVELS];
    double *said;     /* [n] NAN where it said nothing                                      */
    double *quantile; /* [n][n_levels]                                                      */
    size_t filled;    /* of `said`: from a fallback                                         */
    bool own;         /* quantiles are the forecaster's own, not those of its past errors   */
} vo_evaluation;

/* `spec` as in vo_forecaster_create; the series' first column is the price; `first` begins a
 * local day. Quantiles at level[n_levels], ascending in (0, 1); none with n_levels = 0. Fills
 * *out, the caller's: vo_evaluation_fini. VO_EINVAL: too little history (in the words of the
 * forecaster), first not within; VO_ENOMEM; VO_ECANCELED. */
vo_status vo_evaluation_run(const char *spec, const vo_series *series, size_t first,
                            const double *level, size_t n_levels, const vo_learning *world,
                            vo_evaluation *out, vo_error *err);
void vo_evaluation_fini(vo_evaluation *e); /* accepts a zeroed one */

#endif
