/* evaluate_table.h -- forecasts side by side over one span, judged and written as JSON. */
#ifndef VO_ENGINE_EVALUATE_TABLE_H
#define VO_ENGINE_EVALUATE_TABLE_H

#include "base/json.h"
#include "engine/inputs.h"
#include "learn/metrics.h"
#include "policy/backtest.h"

#define VO_JUDGED_MAX 40
#define VO_JUDGED_BATTERIES 8

/* One forecast. Arrays are [n] over the span, borrowed. */
typedef struct {
    char name[VO_COLUMN_NAME];
    const char *kind;       /* "ours", "published" or "benchmark"                     */
    const double *said;     /* NAN where it said nothing                              */
    const double *quantile; /* [n][n_levels], or NULL                                 */
    size_t filled;          /* from a fallback                                        */
    vo_metrics metrics;     /* over the whole span                                    */
} vo_judged;

typedef struct {
    const vo_inputs *in;
    size_t first, n; /* the span, in intervals of in->series                           */
    const double *real;
    const double *week, *epf;   /* the naive benchmarks over the span                    */
    size_t n_levels, low, high; /* levels of quantiles; which two bound the interval   */
    const double *level;
    double alpha; /* that interval should miss so often                                */
    vo_judged judged[VO_JUDGED_MAX];
    size_t n_judged;
    /* planned capture: batteries x judged, results owned here */
    size_t capture_first; /* interval from which days are played                       */
    const vo_battery *battery;
    size_t n_batteries;
    vo_backtest_result *capture[VO_JUDGED_BATTERIES][VO_JUDGED_MAX];
} vo_evaluate_table;

/* Fills the metrics of every forecast. VO_ENOMEM. */
vo_status vo_evaluate_judge(vo_evaluate_table *t, vo_error *err);

/* Members of the open object: "forecasts" with groups, "tests", "capture". VO_ENOMEM. */
vo_status vo_evaluate_write(const vo_evaluate_table *t, vo_json_out *w, vo_error *err);

/* Member "curves": times, prices, forecasts and intervals of the span. */
void vo_evaluate_write_curves(const vo_evaluate_table *t, vo_json_out *w);

#endif
