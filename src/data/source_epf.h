/* source_epf.h -- the open-access benchmark of electricity price forecasting (Lago et al. 2021,
 * Applied Energy 293:116983): epftoolbox's price files and published forecasts.
 *
 *     Date,Price,<two exogenous forecasts>      prices of NP, PJM, BE, FR, DE
 *     ,Real price,DNN 1,...,LEAR Ensemble       forecasts; the first column has no name
 * Stamps are naive and every day has 24 rows, DST or not. They are read as UTC so that each day
 * keeps its 24 intervals; the note of the set says so.
 */
#ifndef VO_DATA_SOURCE_EPF_H
#define VO_DATA_SOURCE_EPF_H

#include "data/source.h"

bool vo_source_epf_is(const char *head, size_t len);
vo_status vo_source_epf_parse(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                              vo_error *err);

#endif
