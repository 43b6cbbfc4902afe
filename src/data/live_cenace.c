/* live_cenace.c -- CENACE's web services SW-PML (nodes) and SW-PEND (load zones).
 *
 *     {base}/SWPML/SIM/{SIN|BCA|BCS}/{MDA|MTR}/{node,...}/YYYY/MM/DD/YYYY/MM/DD/JSON
 *     {base}/SWPEND/SIM/...                                  zones, blanks written as '-'
 * 1 to 20 nodes or 1 to 10 zones, 1 to 7 days a call. Day-ahead prices (MDA) are there a day
 * ahead, ex-post prices (MTR) 7 days late. (CENACE, Manual Tecnico SW-PML and SW-PEND, 2020.)
 */
#include "data/live.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"

#define MTR_LATE_DAYS 7
#define FINAL_DAYS 30
#define ALL_DAYS 7
#define MEXICO "America/Mexico_City"
#define TIJUANA "America/Tijuana"
#define MAZATLAN "America/Mazatlan"

typedef struct {
    const char *system, *process, *tz;
    int32_t year, month, day; /* the first one published */
} first_day;

static const first_day first_days[] = {
    {"SIN", "MDA", MEXICO, 2016, 1, 29},   {"BCA", "MDA", TIJUANA, 2016, 1, 27},
    {"BCS", "MDA", MAZATLAN, 2016, 3, 23}, {"SIN", "MTR", MEXICO, 2017, 1, 27},
    {"BCA", "MTR", TIJUANA, 2017, 1, 27},  {"BCS", "MTR", MAZATLAN, 2017, 1, 27}};

static const char *system_of(const vo_live_request *r) { return r->system ? r->system : "SIN"; }
static const char *process_of(const vo_live_request *r) {
    return r->process ? r->process : "MDA";
}

static vo_status check_market(const vo_live_request *r, const first_day **out, vo_error *err) {
    bool system = false;
    for (size_t i = 0; i < sizeof first_days / sizeof *first_days; i++) {
        const bool same = strcmp(first_days[i].system, system_of(r)) == 0;
        system = system || same;
        if (!same || strcmp(first_days[i].process, process_of(r)) != 0) continue;
        *out = &first_days[i];
        return VO_OK;
    }
    if (!system)
        return vo_fail(err, VO_EINVAL, "system = \"%.20s\": must be SIN, BCA or BCS",
                       system_of(r));
    return vo_fail(err, VO_EINVAL,
                   "process = \"%.20s\": must be MDA (day ahead) or MTR (real time, ex post)",
                   process_of(r));
}

/* The last day that can be there: Mexico has no summer time, its east is at UTC-6 or -5. */
static int64_t last_published(const vo_live_request *r) {
    const int64_t today = (int64_t)floor((r->now_s - 5 * 3600.0) / 86400);
    return strcmp(process_of(r), "MTR") == 0 ? today - MTR_LATE_DAYS : today + 1;
}

static vo_status check_days(const vo_live_request *r, const first_day *f, int64_t *to_day,
                            vo_live_plan *plan, vo_error *err) {
    const int64_t first = vo_civil_days(f->year, f->month, f->day), last = last_published(r);
    const char *late = strcmp(process_of(r), "MTR") == 0
                           ? "MTR prices are published 7 days late"
                           : "MDA prices are published one day ahead";
    char asked[16], bound[16];
    if (r->from_day < first) {
        vo_live_date(r->from_day, VO_LIVE_DASHES, asked);
        vo_live_date(first, VO_LIVE_DASHES, bound);
        return vo_fail(err, VO_EINVAL, "from = %s: CENACE's %s for %s begins %s", asked,
                       f->process, f->system, bound);
    }
    vo_live_date(last, VO_LIVE_DASHES, bound);
    if (r->from_day > last) {
        vo_live_date(r->from_day, VO_LIVE_DASHES, asked);
        return vo_fail(err, VO_EINVAL, "from = %s: %s, at most until %s today", asked, late,
                       bound);
    }
    *to_day = r->to_day;
    if (r->to_day > last) {
        vo_live_date(r->to_day, VO_LIVE_DASHES, asked);
        snprintf(plan->note, sizeof plan->note,
                 "%s: days after %s (to = %s) were not asked for", late, bound, asked);
        *to_day = last;
    }
    return VO_OK;
}

static vo_status plan_share(const vo_live_request *r, const vo_live_share *share,
                            vo_live_plan *plan, vo_error *err) {
    char from[16], to[16], what[40];
    vo_live_url u;
    vo_live_date(share->from_day, VO_LIVE_SLASHES, from);
    vo_live_date(share->to_day, VO_LIVE_SLASHES, to);
    vo_live_url_start(&u, r, vo_live_service_of(VO_LIVE_CENACE)->base);
    vo_live_url_text(&u, "/%s/SIM/%s/%s/", r->zones ? "SWPEND" : "SWPML", system_of(r),
                     process_of(r));
    for (size_t i = 0; i < share->n; i++) {
        char name[VO_NODE_NAME];
        snprintf(name, sizeof name, "%s", r->name[share->first + i]);
        for (char *p = name; *p && r->zones; p++)
            if (*p == ' ') *p = '-';
        if (i) vo_live_url_text(&u, ",");
        vo_live_url_encoded(&u, name, NULL);
    }
    vo_live_url_text(&u, "/%s/%s/JSON", from, to);
    snprintf(what, sizeof what, "CENACE %s %s", system_of(r), process_of(r));
    return vo_live_plan_add(plan, &u, what, share, vo_live_keep_s(r, share->to_day, FINAL_DAYS),
                            err);
}

vo_status vo_live_cenace_plan(const vo_live_request *r, vo_live_plan *plan, vo_error *err) {
    const first_day *f = &first_days[0];
    int64_t to_day = 0;
    vo_status s = vo_live_need_names(r, "nodes or zones", err);
    if (s == VO_OK) s = check_market(r, &f, err);
    if (s == VO_OK) s = check_days(r, f, &to_day, plan, err);
    if (s != VO_OK) return s;
    plan->to_day = to_day;
    plan->tz = f->tz;
    plan->process = f->process;
    return vo_live_split(r, r->from_day, to_day, r->zones ? 10 : 20, ALL_DAYS, plan_share, plan,
                         err);
}
