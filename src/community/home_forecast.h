/* home_forecast.h -- what every home thinks it will use and make, from an hour to a day ahead.
 *
 * Behind it: load_profile.h's kernel for any number of homes ("profile"), or a forecaster of the
 * seam (forecaster.h) per home and series for up to VO_FORECAST_SEAM_HOMES homes, or the truth
 * ("perfect": measures what forecasts cost, trades nowhere else). Nothing is known of the interval
 * that is being predicted before it is observed.
 *
 * Spec: "profile", "perfect", or a forecaster's: "naive_day", "naive_week", "load_gbt",
 * "load_gbt=MODEL". PV is forecast by the same spec where it can, else by "profile".
 * Threads: different homes may be used from different threads at once.
 */
#ifndef VO_COMMUNITY_HOME_FORECAST_H
#define VO_COMMUNITY_HOME_FORECAST_H

#include "community/homes.h"
#include "learn/learning.h"

#define VO_FORECAST_SEAM_HOMES 1000u
#define VO_FORECAST_LEADS                                                                      \
    48u /* errors are told for so many leads, evenly spread over a day or the horizon */

typedef struct vo_home_forecasts vo_home_forecasts;

/* load and pv ([homes][steps], float, home-major) are borrowed; a back-end reads of them only what
 * lies before the step it is asked at, "perfect" excepted. Learners are fitted on the history (steps before first), pooled
 * over homes where they can be, and refitted as days pass (world->recalibrate_days). horizon: the most
 * intervals that will be asked for. VO_EINVAL lists the specs, or says how much history is needed. */
vo_status vo_home_forecasts_create(const char *spec, const vo_homes *homes, const float *load,
                                   const float *pv, size_t horizon, const vo_learning *world,
                                   vo_home_forecasts **out, vo_error *err);
void vo_home_forecasts_free(vo_home_forecasts *f); /* accepts NULL */

/* The truth of interval t of a home is in; called for t = 0, 1, ... in order, history included. */
void vo_home_forecasts_observe(vo_home_forecasts *f, uint32_t home, size_t t, double load_kwh,
                               double pv_kwh);

/* Intervals t..t+n-1, everything before t observed; n may reach beyond steps (times go on). worker:
 * which of the crew asks. */
vo_status vo_home_forecasts_predict(vo_home_forecasts *f, uint32_t home, size_t t, size_t n,
                                    size_t worker, float *load_kwh, float *pv_kwh,
                                    vo_error *err);

/* Standard deviation of net load forecasts for the slot of interval t + lead, from past errors. */
double vo_home_forecasts_spread(const vo_home_forecasts *f, uint32_t home, size_t t,
                                size_t lead);

/* Before anything of a new local day is predicted, once, from one thread: refits if it is time. */
vo_status vo_home_forecasts_new_day(vo_home_forecasts *f, size_t t, vo_error *err);

/* Errors by lead (every interval's up to 48 intervals of horizon or of a day, else every second's,
 * third's, ...: up to a day ahead at any step), over everything predicted so far that has been observed since (of homes 0..999
 * where there are more): mean absolute error kWh, MAPE (of intervals above 0.05 kWh), weighted MAPE
 * (sum |e| / sum |y|), how many. */
typedef struct {
    size_t lead; /* intervals ahead: 1 is the one that begins */
    double mae_kwh, mape_percent, wape_percent;
    size_t count;
} vo_forecast_error;
void vo_home_forecasts_errors(const vo_home_forecasts *f, bool of_pv,
                              vo_forecast_error out[VO_FORECAST_LEADS]);

#endif
