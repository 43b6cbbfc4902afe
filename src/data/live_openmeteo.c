/* live_openmeteo.c -- weather of one place: Open-Meteo's archive (ERA5, since 1940, some days
 * late) and its forecast (up to 92 days back and 15 ahead).
 *
 *     {archive}/v1/archive?latitude=19.09&longitude=-102.35&start_date=2024-01-01
 *         &end_date=2024-12-31&hourly=temperature_2m,...&timezone=GMT&wind_speed_unit=ms
 *     {forecast}/v1/forecast?...                              the same parameters
 * Days older than 6 days come from the archive. Stamps are asked for in GMT, because local ones
 * carry no offset; whole GMT days that cover the local ones are fetched, and one more:
 * radiation is the mean of the hour before its stamp, so the last hour's is in the next day's
 * reply. Of a reply only the hours of its own share are taken, which have all their values.
 */
#include "data/live.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/zone.h"

#define ARCHIVE_LATE_DAYS 6
#define FORECAST_DAYS 15
#define FINAL_DAYS 92 /* ERA5 replaces its preliminary values within three months */
#define MAX_DAYS 366

#define VARIABLES                                                                              \
    "temperature_2m,relative_humidity_2m,dew_point_2m,surface_pressure,cloud_cover,"           \
    "wind_speed_10m,shortwave_radiation,direct_normal_irradiance,diffuse_radiation"

static int64_t today(const vo_live_request *r) { return (int64_t)floor(r->now_s / 86400); }

static vo_status plan_share(const vo_live_request *r, const vo_live_share *share,
                            vo_live_plan *plan, vo_error *err) {
    const vo_live_service *v = vo_live_service_of(VO_LIVE_OPEN_METEO);
    const bool ahead = share->to_day > today(r) - ARCHIVE_LATE_DAYS;
    const int64_t end = share->to_day + 1, last = today(r) + FORECAST_DAYS;
    char from[16], to[16], latitude[VO_TEXT_NUMBER], longitude[VO_TEXT_NUMBER];
    vo_live_url u;
    vo_live_date(share->from_day, VO_LIVE_DASHES, from);
    vo_live_date(end < last ? end : last, VO_LIVE_DASHES, to);
    vo_text_format_number(r->latitude, latitude);
    vo_text_format_number(r->longitude, longitude);
    vo_live_url_start(&u, r, ahead ? v->second : v->base);
    vo_live_url_text(&u, "/v1/%s?latitude=%s&longitude=%s&start_date=%s&end_date=%s&hourly=",
                     ahead ? "forecast" : "archive", latitude, longitude, from, to);
    vo_live_url_encoded(&u, r->variables ? r->variables : VARIABLES, ",");
    vo_live_url_text(&u, "&timezone=GMT&wind_speed_unit=ms");
    if (r->key) {
        vo_live_url_text(&u, "&apikey=");
        vo_live_url_encoded(&u, r->key, NULL);
    }
    const vo_status s =
        vo_live_plan_add(plan, &u, ahead ? "Open-Meteo forecast" : "Open-Meteo archive", share,
                         ahead ? 3600 : vo_live_keep_s(r, share->to_day, FINAL_DAYS), err);
    if (s != VO_OK) return s;
    vo_live_call *call = &plan->call[plan->n - 1];
    call->from_s = share->from_day * 86400;
    call->until_s = (share->to_day + 1) * 86400;
    call->slack_s = 86400; /* the day more that is asked for */
    return VO_OK;
}

static vo_status check(const vo_live_request *r, vo_error *err) {
    if (!(r->latitude >= -90 && r->latitude <= 90))
        return vo_fail(err, VO_EINVAL, "latitude: must be given, -90 to 90 degrees");
    if (!(r->longitude >= -180 && r->longitude <= 180))
        return vo_fail(err, VO_EINVAL, "longitude: must be given, -180 to 180 degrees");
    if (r->n_names > 1)
        return vo_fail(err, VO_EINVAL,
                       "nodes: one name for the one place of latitude, longitude");
    if (r->from_day > today(r) + FORECAST_DAYS)
        return vo_fail(err, VO_EINVAL, "from: a forecast reaches %d days ahead", FORECAST_DAYS);
    return VO_OK;
}

vo_status vo_live_open_meteo_plan(const vo_live_request *r, vo_live_plan *plan, vo_error *err) {
    vo_live_share span = {0, 0, r->from_day, r->to_day};
    int64_t from_s = 0, until_s = 0;
    vo_status s = check(r, err);
    if (s == VO_OK) s = vo_live_instants(r->tz ? r->tz : "UTC", &span, &from_s, &until_s, err);
    if (s != VO_OK) return s;
    int64_t from = (int64_t)floor((double)from_s / 86400);
    int64_t to = (int64_t)floor((double)(until_s - 1) / 86400);
    const int64_t old = today(r) - ARCHIVE_LATE_DAYS, last = today(r) + FORECAST_DAYS;
    if (to > last) {
        char day[16];
        vo_live_date(last, VO_LIVE_DASHES, day);
        snprintf(plan->note, sizeof plan->note,
                 "a forecast reaches %d days ahead: days after %s were not asked for",
                 FORECAST_DAYS, day);
        to = last;
    }
    plan->source.zone = r->tz;
    plan->tz = r->tz ? r->tz : "UTC";
    plan->to_day = r->to_day < last ? r->to_day : last;
    if (r->n_names) plan->source.node = r->name[0];
    if (from <= old)
        s = vo_live_split(r, from, to < old ? to : old, 1, MAX_DAYS, plan_share, plan, err);
    if (s == VO_OK && to > old)
        s = vo_live_split(r, from > old ? from : old + 1, to, 1, MAX_DAYS, plan_share, plan,
                          err);
    return s;
}
