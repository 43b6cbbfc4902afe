/* source_openmeteo.h -- replies of Open-Meteo's web services (forecast and archive), JSON.
 *
 *   {"latitude":.., "longitude":.., "utc_offset_seconds":-25200,
 *    "timezone":"America/Los_Angeles", "hourly_units":{"temperature_2m":"°C",..},
 *    "hourly":{"time":["2023-01-01T00:00",..],"temperature_2m":[9.1,null,..],..}}
 * A list of such objects is a reply for several places.
 *
 * Stamps  have no offset, and "timezone" tempts to read them as its wall-clock time. They are
 *         not: the service adds the one utc_offset_seconds, which was in force in that zone
 *         when the question was asked, to every stamp (open-meteo issues 488 and 1255). The
 *         replies bear it out: a year at -25200 has all 24 hours on both days that clocks
 *         change, and its January afternoons are warmest half an hour later by the stamps than
 *         its July ones. So an instant is stamp - utc_offset_seconds, all year. Unix times are
 *         instants already.
 * Rows    are intervals by their start. What the service gives as the mean, sum or maximum of
 *         the interval before the stamp (radiation, precipitation, gusts) moves to that
 *         interval.
 * Names   temperature_2m in °C or °F is "temperature_c"; likewise relative_humidity_pct,
 *         dew_point_c, cloud_cover_pct, wind_speed_m_s (from km/h, mph, kn),
 *         wind_direction_deg, pressure_hpa (at the surface), ghi_w_m2, dni_w_m2, dhi_w_m2,
 *         precipitation_mm. Others keep their name with the unit after it:
 *         "soil_moisture_0_to_1cm_m3_m3".
 * Kind "weather"; market "OPEN-METEO", process "hourly", "minutely_15" or "daily", one series
 * each; node "LAT_LON". Texts (sunrise) and "current" are left out, and set->note says so.
 * Bounds: VO_OPENMETEO_MAX_BYTES, VO_SERIES_MAX_COLUMNS variables.
 */
#ifndef VO_DATA_SOURCE_OPENMETEO_H
#define VO_DATA_SOURCE_OPENMETEO_H

#include "data/source.h"

#define VO_OPENMETEO_MAX_BYTES ((size_t)64 << 20)

/* Does text that begins like this come from Open-Meteo? Its error replies too. */
bool vo_source_openmeteo_is(const char *head, size_t len);

/* See source.h. VO_ENOTFOUND with the service's own words if the reply is an error. */
vo_status vo_source_openmeteo_parse(vo_bytes *in, const vo_source_options *o,
                                    vo_readings_set *set, vo_error *err);

#endif
