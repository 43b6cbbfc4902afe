/* live_caiso.c -- California: OASIS, SingleZip reports of locational prices.
 *
 *     {base}/SingleZip?queryname=PRC_LMP&market_run_id=DAM&version=12&node=A,B
 *         &startdatetime=20240101T08:00-0000&enddatetime=...&resultformat=6
 * The reply is a zip with one CSV, or with one XML that holds an error. At most 31 days and 10
 * nodes a call; one call every 5 seconds. (CAISO, Interface Specification for OASIS, 5.1.)
 */
#include "data/live.h"

#include <stdio.h>
#include <string.h>

#include "base/civil.h"

#define ZONE "America/Los_Angeles"
#define FINAL_DAYS 30
#define MAX_NODES 10
#define MAX_DAYS 31
#define SLACK_S 3600 /* some replies hold the hour that begins where the days end */

typedef struct {
    const char *process, *query;
    int version;
} report;

static const report reports[] = {
    {"DAM", "PRC_LMP", 12},      /* day ahead, 60 minutes   */
    {"RTM", "PRC_INTVL_LMP", 3}, /* real time, 5 minutes    */
    {"RTPD", "PRC_RTPD_LMP", 3}, /* fifteen-minute market   */
    {"HASP", "PRC_HASP_LMP", 3}, /* hour-ahead scheduling   */
};

static const report *report_of(const vo_live_request *r) {
    const char *process = r->process ? r->process : "DAM";
    for (size_t i = 0; i < sizeof reports / sizeof *reports; i++)
        if (strcmp(reports[i].process, process) == 0) return &reports[i];
    return NULL;
}

static void stamp(vo_live_url *u, const char *name, int64_t s) {
    const vo_civil c = vo_civil_from_seconds(s);
    vo_live_url_text(u, "&%s=%04d%02d%02dT%02d:%02d-0000", name, (int)c.year, (int)c.month,
                     (int)c.day, (int)c.hour, (int)c.minute);
}

static vo_status plan_share(const vo_live_request *r, const vo_live_share *share,
                            vo_live_plan *plan, vo_error *err) {
    const report *p = report_of(r);
    char what[32];
    int64_t from_s = 0, until_s = 0;
    vo_live_url u;
    vo_status s = vo_live_instants(ZONE, share, &from_s, &until_s, err);
    if (s != VO_OK) return s;
    vo_live_url_start(&u, r, vo_live_service_of(VO_LIVE_CAISO)->base);
    vo_live_url_text(&u, "/SingleZip?queryname=%s&market_run_id=%s&version=%d&node=", p->query,
                     p->process, p->version);
    for (size_t i = 0; i < share->n; i++) {
        if (i) vo_live_url_text(&u, ",");
        vo_live_url_encoded(&u, r->name[share->first + i], NULL);
    }
    stamp(&u, "startdatetime", from_s);
    stamp(&u, "enddatetime", until_s);
    vo_live_url_text(&u, "&resultformat=6");
    snprintf(what, sizeof what, "CAISO %s", p->process);
    s = vo_live_plan_add(plan, &u, what, share, vo_live_keep_s(r, share->to_day, FINAL_DAYS),
                         err);
    if (s == VO_OK) plan->call[plan->n - 1].slack_s = SLACK_S;
    return s;
}

vo_status vo_live_caiso_plan(const vo_live_request *r, vo_live_plan *plan, vo_error *err) {
    vo_status s = vo_live_need_names(r, "nodes", err);
    if (s != VO_OK) return s;
    const report *p = report_of(r);
    if (!p)
        return vo_fail(err, VO_EINVAL, "process = \"%.20s\": must be DAM, RTM, RTPD or HASP",
                       r->process);
    plan->tz = ZONE;
    plan->process = p->process;
    return vo_live_split(r, r->from_day, r->to_day, MAX_NODES, MAX_DAYS, plan_share, plan, err);
}
