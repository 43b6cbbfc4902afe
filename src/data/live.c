/* live.c -- see live.h: the table of services, addresses and plans. */
#include "data/live.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/text.h"
#include "base/zone.h"

#define X(id, name, base, second, per_minute, parallel, env, needed)                           \
    {#name, base, second, per_minute, parallel, env, needed},
static const vo_live_service service[VO_LIVE_CLIENTS] = {VO_LIVE_MAP(X)};
#undef X

const vo_live_service *vo_live_service_of(vo_live_client client) { return &service[client]; }

vo_status vo_live_find(const char *name, vo_live_client *out, vo_error *err) {
    char list[160];
    vo_text t = vo_text_over(list, sizeof list);
    for (size_t i = 0; i < VO_LIVE_CLIENTS; i++) {
        vo_text_append(&t, "%s%s", i ? ", " : "", service[i].name);
        if (!vo_readings_same_node(service[i].name, name)) continue; /* open-meteo too */
        *out = (vo_live_client)i;
        return VO_OK;
    }
    return vo_fail(err, VO_EINVAL, "client = \"%.40s\": must be one of %s", name, list);
}

/* ---- addresses -------------------------------------------------------------------- */

void vo_live_url_text(vo_live_url *u, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(u->at + u->len, sizeof u->at - u->len, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof u->at - u->len) {
        u->cut = true;
        u->at[u->len] = '\0';
    } else {
        u->len += (size_t)n;
    }
}

void vo_live_url_encoded(vo_live_url *u, const char *text, const char *keep) {
    if (!vo_http_encode(text, keep, u->at, sizeof u->at, &u->len)) {
        u->cut = true;
        u->at[u->len] = '\0';
    }
}

void vo_live_url_start(vo_live_url *u, const vo_live_request *r, const char *base) {
    *u = (vo_live_url){.len = 0};
    vo_live_url_text(u, "%s", r->base_url ? r->base_url : base);
    while (u->len && u->at[u->len - 1] == '/') u->at[--u->len] = '\0';
}

void vo_live_date(int64_t day, vo_live_date_form form, char out[16]) {
    vo_civil c;
    vo_civil_from_days(day, &c);
    vo_civil_format_date(&c, out);
    if (form == VO_LIVE_SLASHES)
        for (char *p = out; *p; p++)
            if (*p == '-') *p = '/';
}

vo_status vo_live_instants(const char *tz, const vo_live_share *share, int64_t *from_s,
                           int64_t *until_s, vo_error *err) {
    vo_zone *zone = NULL;
    const vo_status s = vo_zone_open(tz, &zone, err);
    if (s != VO_OK) return s;
    *from_s = vo_zone_day_start(zone, share->from_day);
    *until_s = vo_zone_day_start(zone, share->to_day + 1);
    vo_zone_close(zone);
    return VO_OK;
}

/* ---- plans ------------------------------------------------------------------------ */

void vo_live_plan_fini(vo_live_plan *plan) {
    for (size_t i = 0; i < plan->n; i++) free(plan->call[i].url);
    for (size_t i = 0; i < plan->n_headers; i++) free(plan->header_value[i]);
    free(plan->call);
    *plan = (vo_live_plan){0};
}

double vo_live_keep_s(const vo_live_request *r, int64_t last_day, int64_t final_days) {
    const double today = floor(r->now_s / 86400);
    return (double)last_day + (double)final_days <= today ? (double)INFINITY : 6 * 3600.0;
}

vo_status vo_live_need_names(const vo_live_request *r, const char *what, vo_error *err) {
    if (r->n_names > 0) return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s is missing: whose prices shall be fetched?", what);
}

static void label(vo_live_call *call, const vo_live_request *r, const char *what,
                  const vo_live_share *share) {
    char from[16], to[16];
    vo_text t = vo_text_over(call->label, sizeof call->label);
    vo_live_date(share->from_day, VO_LIVE_DASHES, from);
    vo_live_date(share->to_day, VO_LIVE_DASHES, to);
    vo_text_append(&t, "%s", what);
    if (share->n) vo_text_append(&t, " %.40s", r->name[share->first]);
    if (share->n > 1) vo_text_append(&t, " and %zu more", share->n - 1);
    vo_text_append(&t, ", %s to %s", from, to);
}

/* The instants of a call's days, those of the call before where the days are the same. */
static vo_status span_of(const vo_live_plan *plan, vo_live_call *call, vo_error *err) {
    const vo_live_call *before = plan->n ? &plan->call[plan->n - 1] : NULL;
    if (!plan->tz) return VO_OK;
    if (!before || before->share.from_day != call->share.from_day ||
        before->share.to_day != call->share.to_day)
        return vo_live_instants(plan->tz, &call->share, &call->from_s, &call->until_s, err);
    call->from_s = before->from_s;
    call->until_s = before->until_s;
    return VO_OK;
}

vo_status vo_live_plan_add(vo_live_plan *plan, const vo_live_url *u, const char *what,
                           const vo_live_share *share, double keep_s, vo_error *err) {
    if (u->cut)
        return vo_fail(err, VO_EINVAL,
                       "%s: the address is longer than %u characters; are the names right?",
                       what, VO_HTTP_MAX_URL);
    if (plan->n >= VO_LIVE_MAX_CALLS)
        return vo_fail(err, VO_EINVAL,
                       "more than %u calls: fetch fewer names or a shorter span at a time",
                       VO_LIVE_MAX_CALLS);
    if (plan->n == plan->capacity) {
        const size_t capacity = plan->capacity ? 2 * plan->capacity : 16;
        vo_live_call *more = realloc(plan->call, capacity * sizeof *more);
        if (!more) return vo_fail(err, VO_ENOMEM, "no memory for %zu calls", capacity);
        plan->call = more;
        plan->capacity = capacity;
    }
    vo_live_call *call = &plan->call[plan->n];
    *call = (vo_live_call){.share = *share, .keep_s = keep_s};
    const vo_status s = span_of(plan, call, err);
    if (s != VO_OK) return s;
    call->url = malloc(u->len + 1);
    if (!call->url) return vo_fail(err, VO_ENOMEM, "no memory for an address");
    memcpy(call->url, u->at, u->len + 1);
    label(call, plan->request, what, share);
    plan->n++;
    return VO_OK;
}

vo_status vo_live_split(const vo_live_request *r, int64_t from_day, int64_t to_day,
                        size_t names, int64_t days, vo_live_plan_share one, vo_live_plan *plan,
                        vo_error *err) {
    vo_status s = VO_OK;
    size_t first = 0;
    do {
        const size_t n = r->n_names - first < names ? r->n_names - first : names;
        for (int64_t day = from_day; s == VO_OK && day <= to_day; day += days) {
            const int64_t last = to_day - day < days ? to_day : day + days - 1;
            const vo_live_share share = {first, n, day, last};
            s = one(r, &share, plan, err);
        }
        first += n;
    } while (s == VO_OK && first < r->n_names);
    return s;
}

static vo_status check(vo_live_client client, const vo_live_request *r, vo_error *err) {
    char from[16], to[16];
    const vo_live_service *v = &service[client];
    vo_live_date(r->from_day, VO_LIVE_DASHES, from);
    vo_live_date(r->to_day, VO_LIVE_DASHES, to);
    if (r->to_day < r->from_day)
        return vo_fail(err, VO_EINVAL, "to = %s is before from = %s", to, from);
    if (r->to_day - r->from_day > 36600)
        return vo_fail(err, VO_EINVAL, "from = %s to %s is more than a hundred years", from,
                       to);
    if (r->n_names > VO_LIVE_MAX_NAMES)
        return vo_fail(err, VO_EINVAL, "%zu names: at most %u at a time", r->n_names,
                       VO_LIVE_MAX_NAMES);
    for (size_t i = 0; i < r->n_names; i++)
        if (strlen(r->name[i]) == 0 || strlen(r->name[i]) >= VO_NODE_NAME)
            return vo_fail(err, VO_EINVAL, "name \"%.140s\": must have 1 to %d bytes",
                           r->name[i], VO_NODE_NAME - 1);
    if (v->key_needed && (!r->key || !*r->key))
        return vo_fail(
            err, VO_EINVAL,
            "key is missing: %s answers nobody without one; the program takes it from "
            "the environment: %s",
            v->name, v->key_env);
    return VO_OK;
}

vo_status vo_live_plan_make(vo_live_client client, const vo_live_request *r, vo_live_plan *plan,
                            vo_error *err) {
    vo_live_plan p = {.client = client,
                      .request = r,
                      .to_day = r->to_day,
                      .source = vo_source_options_default()};
    vo_status s = check(client, r, err);
    if (s != VO_OK) return s;
    switch (client) {
    case VO_LIVE_CENACE:
        s = vo_live_cenace_plan(r, &p, err);
        break;
    case VO_LIVE_BATU:
        s = vo_live_batu_plan(r, &p, err);
        break;
    case VO_LIVE_CAISO:
        s = vo_live_caiso_plan(r, &p, err);
        break;
    case VO_LIVE_ENTSOE:
        s = vo_live_entsoe_plan(r, &p, err);
        break;
    case VO_LIVE_OPEN_METEO:
        s = vo_live_open_meteo_plan(r, &p, err);
        break;
    case VO_LIVE_CLIENTS:
        break;
    }
    if (s != VO_OK) {
        vo_live_plan_fini(&p);
        return s;
    }
    *plan = p;
    return VO_OK;
}
