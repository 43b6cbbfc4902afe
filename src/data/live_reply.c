/* live_reply.c -- replies of web services into one set (live.h).
 *
 * A reply is held against its call before anything of it is taken: rows of other days, nodes
 * or processes than were asked for are left out and counted, and a reply that holds nothing
 * else is refused. So a service (or a proxy before it) that answers another request than ours
 * leaves nothing behind, neither in the lake nor among the replies that are kept.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/text.h"
#include "base/zone.h"
#include "data/live.h"
#include "data/source_entsoe.h"

/* ---- is it what was asked for? ----------------------------------------------------------- */

static char folded(char c) {
    if (c >= 'a' && c <= 'z') return (char)(c - 'a' + 'A');
    return c == ' ' || c == '_' ? '-' : c;
}

/* Same letters but for case, where blank, '-' and '_' are one. */
static bool same_but_for_case(const char *a, const char *b) {
    while (*a && folded(*a) == folded(*b)) a++, b++;
    return *a == *b;
}

bool vo_live_same_name(const char *name, const char *node) {
    if (same_but_for_case(name, node)) return true;
    const vo_entsoe_area *area = vo_entsoe_area_find(name);
    return area && strcmp(area->eic, name) == 0 && strcmp(area->name, node) == 0;
}

/* As the request spells it, where that is more than another case; NULL: not asked for. */
static const char *spelled(const vo_live_plan *plan, const vo_live_call *call,
                           const char *node) {
    const char *const *name = plan->request->name;
    const size_t end = call->share.first + call->share.n;
    for (size_t i = call->share.first; i < end; i++)
        if (vo_readings_same_node(name[i], node)) return name[i];
    for (size_t i = call->share.first; i < end; i++)
        if (vo_live_same_name(name[i], node)) return node;
    return call->share.n ? NULL : node;
}

static bool is_process(const vo_live_plan *plan, const vo_readings *r) {
    return !plan->process || !*r->process || vo_text_same(r->process, plan->process);
}

/* Seconds that row t lies outside the call's span; 0: it lies inside. */
static int64_t outside(const vo_live_call *call, const vo_readings *r, size_t t) {
    const int64_t at =
        r->start_s[t] - r->stamps_at_end; /* an end at midnight: the day before */
    if (!call->until_s) return 0;
    if (at < call->from_s) return call->from_s - at;
    return at >= call->until_s ? at - call->until_s + 1 : 0;
}

typedef struct {
    size_t inside, unasked;   /* rows; those within the slack are neither */
    int64_t first_s, last_s;  /* of rows of names asked for, wherever they lie */
    const vo_readings *other; /* the first one not asked for */
} survey;

static void look_at(const vo_live_plan *plan, const vo_live_call *call, const vo_readings *r,
                    survey *v) {
    if (!spelled(plan, call, r->node) || !is_process(plan, r)) {
        if (!v->other) v->other = r;
        v->unasked += r->n;
        return;
    }
    for (size_t t = 0; t < r->n; t++) {
        const int64_t out_s = outside(call, r, t), at = r->start_s[t] - r->stamps_at_end;
        if (at < v->first_s) v->first_s = at;
        if (at > v->last_s) v->last_s = at;
        if (out_s == 0)
            v->inside++;
        else if (out_s > call->slack_s)
            v->unasked++;
    }
}

/* "2016-03-01..2016-03-07" */
static void write_days(int64_t from_day, int64_t to_day, char out[40]) {
    char from[16], to[16];
    vo_live_date(from_day, VO_LIVE_DASHES, from);
    vo_live_date(to_day, VO_LIVE_DASHES, to);
    snprintf(out, 40, from_day == to_day ? "%s" : "%s..%s", from, to);
}

static vo_status write_span(const vo_live_plan *plan, const survey *v, char out[40],
                            vo_error *err) {
    vo_zone *zone = NULL;
    const vo_status s = vo_zone_open(plan->tz ? plan->tz : "UTC", &zone, err);
    if (s != VO_OK) return s;
    write_days(vo_zone_local_day(zone, v->first_s), vo_zone_local_day(zone, v->last_s), out);
    vo_zone_close(zone);
    return VO_OK;
}

static void write_series(const char *node, const char *process, char out[160]) {
    snprintf(out, 160, "%.100s%s%.31s", node, process && *process ? " " : "",
             process ? process : "");
}

static vo_status refuse_other(const vo_live_plan *plan, const vo_live_call *call,
                              const vo_readings *other, vo_error *err) {
    char is[160], asked[160];
    write_series(other->node, other->process, is);
    write_series(call->share.n ? plan->request->name[call->share.first] : other->node,
                 plan->process, asked);
    const size_t more = call->share.n > 1 ? call->share.n - 1 : 0;
    char and_more[40] = "";
    if (more) snprintf(and_more, sizeof and_more, " and %zu more", more);
    return vo_fail(err, VO_EINVAL,
                   "the reply is about %s, asked was %s%s; is base_url right? nothing of it "
                   "was stored",
                   is, asked, and_more);
}

/* VO_EINVAL if nothing in the reply is what was asked for; else what is not is counted. */
static vo_status compare(vo_live_plan *plan, const vo_live_call *call,
                         const vo_readings_set *reply, vo_error *err) {
    survey v = {.first_s = INT64_MAX, .last_s = INT64_MIN};
    char days[40], asked[40];
    for (size_t k = 0; k < reply->n; k++) look_at(plan, call, reply->item[k], &v);
    if (v.inside == 0 && v.first_s > v.last_s)
        return v.other ? refuse_other(plan, call, v.other, err) : VO_OK;
    if (v.inside > 0 && v.unasked == 0) return VO_OK;
    const vo_status s = write_span(plan, &v, days, err);
    if (s != VO_OK) return s;
    write_days(call->share.from_day, call->share.to_day, asked);
    if (v.inside == 0)
        return vo_fail(err, VO_EINVAL,
                       "the reply is about %s, asked were %s; nothing of it was stored", days,
                       asked);
    plan->unasked.rows += v.unasked;
    if (*plan->unasked.first) return VO_OK;
    if (v.other)
        write_series(v.other->node, v.other->process, plan->unasked.first);
    else
        snprintf(plan->unasked.first, sizeof plan->unasked.first,
                 "a reply about %s, asked were %s", days, asked);
    return VO_OK;
}

/* ---- into the set ------------------------------------------------------------------------ */

/* Where the columns of `from` are in `to`; `to` has taken its columns from the first reply. */
static vo_status match_columns(const vo_readings *from, const vo_readings *to, size_t *at,
                               vo_error *err) {
    for (size_t c = 0; c < from->n_columns; c++) {
        at[c] = VO_SERIES_MAX_COLUMNS;
        for (size_t k = 0; k < to->n_columns; k++)
            if (strcmp(from->column[c].name, to->column[k].name) == 0) at[c] = k;
        if (at[c] == VO_SERIES_MAX_COLUMNS)
            return vo_fail(
                err, VO_EINVAL,
                "%s: the column \"%s\" is in a later reply and not in the first one; "
                "fetch the spans before and after it one by one",
                from->node, from->column[c].name);
    }
    return VO_OK;
}

static void copy_facts(vo_readings *to, const vo_readings *from) {
#define COPY(field) memcpy(to->field, from->field, sizeof to->field)
    COPY(zone), COPY(currency), COPY(kind), COPY(unit), COPY(label), COPY(price_name);
#undef COPY
    to->interval_h = from->interval_h;
    to->zero_is_missing = from->zero_is_missing;
    to->stamps_at_end = from->stamps_at_end;
}

static vo_status merge(const vo_live_call *call, const char *node, const vo_readings *r,
                       vo_readings_set *set, vo_error *err) {
    const char *name[VO_SERIES_MAX_COLUMNS];
    size_t at[VO_SERIES_MAX_COLUMNS];
    double value[VO_SERIES_MAX_COLUMNS];
    vo_readings *to = NULL;
    for (size_t c = 0; c < r->n_columns; c++) name[c] = r->column[c].name;
    vo_status s =
        vo_readings_set_node(set, r->market, r->process, node, name, r->n_columns, &to, err);
    if (s == VO_OK) s = match_columns(r, to, at, err);
    if (s != VO_OK) return s;
    if (to->added == 0) copy_facts(to, r);
    for (size_t t = 0; s == VO_OK && t < r->n; t++) {
        if (outside(call, r, t)) continue;
        for (size_t k = 0; k < to->n_columns; k++) value[k] = (double)NAN;
        for (size_t c = 0; c < r->n_columns; c++) value[at[c]] = r->column[c].value[t];
        s = vo_readings_add(set, to, r->start_s[t], r->line[t], r->flag[t], value, err);
    }
    return s;
}

static bool any_inside(const vo_live_call *call, const vo_readings *r) {
    for (size_t t = 0; t < r->n; t++)
        if (!outside(call, r, t)) return true;
    return false;
}

vo_status vo_live_take(vo_live_plan *plan, size_t i, const char *body, size_t len,
                       vo_readings_set *set, bool *empty, vo_error *err) {
    const vo_live_call *call = &plan->call[i];
    vo_source_options o = plan->source;
    vo_readings_set *reply = NULL;
    vo_error why = {0};
    if (call->node) o.node = call->node;
    vo_status s = vo_source_parse("the reply", body, len, &o, &reply, &why);
    if (s == VO_ENOTFOUND || (s == VO_OK && reply->rows == 0)) {
        *empty = true;
        if (!*plan->empty)
            snprintf(plan->empty, sizeof plan->empty, "%.250s",
                     s == VO_OK ? "a reply without rows" : why.msg);
        vo_readings_set_free(reply);
        return VO_OK;
    }
    if (s != VO_OK) return vo_fail(err, s, "%s", why.msg);
    s = compare(plan, call, reply, err);
    for (size_t k = 0; s == VO_OK && k < reply->n; k++) {
        const vo_readings *r = reply->item[k];
        const char *node = spelled(plan, call, r->node);
        if (node && is_process(plan, r) && any_inside(call, r))
            s = merge(call, node, r, set, err);
    }
    if (s == VO_OK && *reply->note && !*set->note)
        memcpy(set->note, reply->note, sizeof set->note);
    vo_readings_set_free(reply);
    return s;
}

/* ---- days that did not come ---------------------------------------------------------------- */

typedef struct {
    const vo_zone *zone;
    int64_t from_day, n_days, end_s; /* stamps at ends: 1 second before them */
    int64_t begin_s, until_s;        /* of the day last looked up */
    uint8_t *there;                  /* [n_days] */
} calendar;

static void mark(void *ctx, const int64_t *start_s, const uint8_t *flag, size_t n) {
    calendar *c = ctx;
    (void)flag;
    for (size_t t = 0; t < n; t++) {
        const int64_t at = start_s[t] - c->end_s;
        if (at >= c->begin_s && at < c->until_s) continue;
        const int64_t day = vo_zone_local_day(c->zone, at);
        c->begin_s = vo_zone_day_start(c->zone, day);
        c->until_s = vo_zone_day_start(c->zone, day + 1);
        if (day >= c->from_day && day - c->from_day < c->n_days)
            c->there[day - c->from_day] = 1;
    }
}

vo_status vo_live_missing_days(const vo_live_plan *plan, vo_readings_set *set, size_t i,
                               size_t *count, int64_t *first_day, vo_error *err) {
    vo_zone *zone = NULL;
    const int64_t from_day = plan->request->from_day, n_days = plan->to_day - from_day + 1;
    vo_status s = vo_zone_open(plan->tz ? plan->tz : "UTC", &zone, err);
    if (s != VO_OK) return s;
    calendar c = {.zone = zone,
                  .from_day = from_day,
                  .n_days = n_days,
                  .end_s = set->item[i]->stamps_at_end,
                  .there = calloc(n_days > 0 ? (size_t)n_days : 1, 1)};
    s = c.there ? vo_readings_set_starts(set, i, mark, &c, err)
                : vo_fail(err, VO_ENOMEM, "no memory for %lld days", (long long)n_days);
    if (s == VO_OK) {
        *count = 0;
        for (int64_t d = n_days; d-- > 0;)
            if (!c.there[d]) *first_day = from_day + d, ++*count;
    }
    free(c.there);
    vo_zone_close(zone);
    return s;
}
