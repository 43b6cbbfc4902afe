/* home_forecast_seam.h -- forecasters of the seam (learn/forecaster.h), one per home and series,
 * for home_forecast.c.
 *
 * Each home has a series of its own with the columns load, pv, temperature_c and irradiance_w_m2;
 * load and PV hold NAN from the step on that has not been observed, whatever the caller's arrays
 * hold: what is not known yet cannot be read. Threads: different homes at once.
 */
#ifndef VO_COMMUNITY_HOME_FORECAST_SEAM_H
#define VO_COMMUNITY_HOME_FORECAST_SEAM_H

#include "community/homes.h"
#include "learn/learning.h"

typedef struct vo_forecast_seam vo_forecast_seam;

/* VO_EINVAL: more homes than VO_FORECAST_SEAM_HOMES; what the forecaster says; VO_ENOMEM. */
vo_status vo_forecast_seam_create(const char *spec, const vo_homes *homes, size_t horizon,
                                  const vo_learning *world, vo_forecast_seam **out,
                                  vo_error *err);
void vo_forecast_seam_free(vo_forecast_seam *s); /* accepts NULL */

/* Fits what learns on the steps before t, when it is time. */
vo_status vo_forecast_seam_new_day(vo_forecast_seam *s, size_t t, vo_error *err);

void vo_forecast_seam_observe(vo_forecast_seam *s, uint32_t home, size_t t, double load_kwh,
                              double pv_kwh);

/* Overwrites load[n] and pv[n] where something is said, >= 0. */
vo_status vo_forecast_seam_predict(vo_forecast_seam *s, uint32_t home, size_t t, size_t n,
                                   float *load_kwh, float *pv_kwh, vo_error *err);

#endif
