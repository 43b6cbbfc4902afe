/* live_entsoe.c -- Europe: day-ahead prices (document A44, article 12.1.D) of ENTSO-E's
 * transparency platform.
 *
 *     {base}?documentType=A44&in_Domain=10YES-REE------0&out_Domain=10YES-REE------0
 *         &periodStart=202401010000&periodEnd=...&contract_MarketAgreement.type=A01
 *         &securityToken=...
 * One area and at most a year a call; 400 calls a minute, else a ban of 10 minutes. "No data"
 * is an acknowledgement document with status 200. (ENTSO-E, RESTful API implementation guide.)
 */
#include "data/live.h"

#include <string.h>

#include "base/civil.h"

#define ZONE "Europe/Brussels" /* most areas trade days of Central European Time */
#define FINAL_DAYS 30
#define MAX_DAYS 365
#define EIC 16u
#define SLACK_S 86400 /* it replies whole market days, those that the span only touches too */

static bool is_eic(const char *name) {
    if (strlen(name) != EIC) return false;
    for (const char *p = name; *p; p++)
        if (!(*p >= 'A' && *p <= 'Z') && !(*p >= '0' && *p <= '9') && *p != '-') return false;
    return true;
}

static void stamp(vo_live_url *u, const char *name, int64_t s) {
    const vo_civil c = vo_civil_from_seconds(s);
    vo_live_url_text(u, "&%s=%04d%02d%02d%02d%02d", name, (int)c.year, (int)c.month, (int)c.day,
                     (int)c.hour, (int)c.minute);
}

static vo_status plan_share(const vo_live_request *r, const vo_live_share *share,
                            vo_live_plan *plan, vo_error *err) {
    const char *area = r->name[share->first];
    int64_t from_s = 0, until_s = 0;
    vo_live_url u;
    vo_status s = vo_live_instants(r->tz ? r->tz : ZONE, share, &from_s, &until_s, err);
    if (s != VO_OK) return s;
    vo_live_url_start(&u, r, vo_live_service_of(VO_LIVE_ENTSOE)->base);
    vo_live_url_text(&u, "?documentType=A44&in_Domain=%s&out_Domain=%s", area, area);
    stamp(&u, "periodStart", from_s);
    stamp(&u, "periodEnd", until_s);
    vo_live_url_text(&u, "&contract_MarketAgreement.type=A01&securityToken=");
    vo_live_url_encoded(&u, r->key, NULL);
    s = vo_live_plan_add(plan, &u, "ENTSO-E A44", share,
                         vo_live_keep_s(r, share->to_day, FINAL_DAYS), err);
    if (s == VO_OK) plan->call[plan->n - 1].slack_s = SLACK_S;
    return s;
}

vo_status vo_live_entsoe_plan(const vo_live_request *r, vo_live_plan *plan, vo_error *err) {
    vo_status s = vo_live_need_names(r, "zones", err);
    if (s != VO_OK) return s;
    for (size_t i = 0; i < r->n_names; i++)
        if (!is_eic(r->name[i]))
            return vo_fail(
                err, VO_EINVAL,
                "zones: \"%.63s\" is not an EIC code of 16 capitals, digits and '-', "
                "such as 10YES-REE------0 (Spain) or 10Y1001A1001A82H (Germany and "
                "Luxembourg)",
                r->name[i]);
    if (r->process && strcmp(r->process, "DA") != 0)
        return vo_fail(err, VO_EINVAL, "process = \"%.20s\": only DA (day ahead) is fetched",
                       r->process);
    plan->source.zone = r->tz;
    plan->tz = r->tz ? r->tz : ZONE;
    return vo_live_split(r, r->from_day, r->to_day, 1, MAX_DAYS, plan_share, plan, err);
}
