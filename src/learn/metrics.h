/* metrics.h -- how good a forecast was, in the words of the field.
 *
 * With e = said - real over the n pairs of which neither is NAN (the others are counted as
 * skipped); r real, s said; u upper and l lower end of an interval that should miss with
 * probability a; q(p) a quantile:
 *     mae     mean |e|                       bias  mean e
 *     rmse    sqrt(mean e^2)
 *     smape   100 mean(2 |e| / (|r| + |s|)), 0 where both are 0          per cent, 0..200
 *     mape    100 mean(|e| / |r|) over pairs with r != 0                 per cent
 *     rmae    sum |e| / sum |naive - real| where all three are known     (Hyndman, Koehler 2006)
 *     pinball mean over the levels p of mean max(p (r - q), (p - 1)(r - q))
 *     crps    2 * integral over p of the pinball loss; each level stands for the part of 0..1
 *             that is nearest to it                                      (Gneiting, Raftery 2007)
 *     coverage mean(l <= r <= u); width mean(u - l)
 *     winkler mean(u - l + 2/a (l - r if r < l, r - u if r > u))         (Winkler 1972)
 *
 * All functions are pure and add in the order of the rows.
 */
#ifndef VO_LEARN_METRICS_H
#define VO_LEARN_METRICS_H

#include <stddef.h>

/* name (field, JSON key and column), what it is */
// clang-format off
#define VO_METRIC_MAP(X)                                                                 \
    X(mae,       "mean absolute error, unit of the price")                               \
    X(rmse,      "root mean squared error, unit of the price")                           \
    X(smape,     "symmetric mean absolute percentage error, 0..200 %")                   \
    X(mape,      "mean absolute percentage error where the price is not 0, %")           \
    X(bias,      "mean of forecast - price")                                             \
    X(rmae_week, "MAE / MAE of the price a week before")                                 \
    X(rmae_epf,  "MAE / MAE of the price a day (Tue-Fri) or a week before")              \
    X(pinball,   "mean pinball loss of the quantiles")                                   \
    X(crps,      "continuous ranked probability score from the quantiles")               \
    X(coverage,  "share of prices within the interval")                                  \
    X(width,     "mean width of the interval")                                           \
    X(winkler,   "mean Winkler score of the interval")
// clang-format on

typedef struct {
    size_t n;       /* pairs scored by the point metrics        */
    size_t skipped; /* pairs left out because one side was NAN  */
#define X(name, help) double name;
    VO_METRIC_MAP(X) /* NAN: not asked for, or nothing to score */
#undef X
} vo_metrics;

typedef enum {
#define X(name, help) VO_METRIC_##name,
    VO_METRIC_MAP(X)
#undef X
        VO_METRIC_COUNT
} vo_metric;

vo_metrics vo_metrics_none(void); /* nothing scored: all NAN */

const char *vo_metric_name(vo_metric which); /* "mae" */
double vo_metric_value(const vo_metrics *m, vo_metric which);

/* Each fills its own fields and leaves the others. real[n], said[n], ... */
void vo_metrics_point(vo_metrics *m, const double *real, const double *said, size_t n);

/* One quantile per row and level, quantile[n][n_levels], levels ascending within (0, 1). */
void vo_metrics_quantiles(vo_metrics *m, const double *real, const double *quantile, size_t n,
                          const double *level, size_t n_levels);

/* low[n], high[n] of an interval that should miss with probability alpha in (0, 1). */
void vo_metrics_interval(vo_metrics *m, const double *real, const double *low,
                         const double *high, size_t n, double alpha);

/* rMAE against any forecast; NAN where nothing could be compared or the other is perfect. */
double vo_metric_relative(const double *real, const double *said, const double *naive,
                          size_t n);

/* Pinball loss of one quantile of one price. */
double vo_metric_pinball(double real, double quantile, double level);

#endif
