/* live.c -- see live.h: the table of services, splitting, and replies into one set. */
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
        if (strcmp(service[i].name, name) != 0) continue;
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
    char *url = malloc(u->len + 1);
    if (!url) return vo_fail(err, VO_ENOMEM, "no memory for an address");
    memcpy(url, u->at, u->len + 1);
    vo_live_call *call = &plan->call[plan->n++];
    *call = (vo_live_call){.url = url, .keep_s = keep_s};
    label(call, plan->request, what, share);
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
    vo_live_plan p = {.client = client, .request = r, .source = vo_source_options_default()};
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

/* ---- replies ---------------------------------------------------------------------- */

static const char *spelled(const vo_live_request *r, const char *node) {
    for (size_t i = 0; i < r->n_names; i++)
        if (vo_readings_same_node(r->name[i], node)) return r->name[i];
    return node;
}

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

static vo_status merge(const vo_live_request *q, const vo_live_call *call, const vo_readings *r,
                       vo_readings_set *set, vo_error *err) {
    const char *name[VO_SERIES_MAX_COLUMNS];
    size_t at[VO_SERIES_MAX_COLUMNS];
    double value[VO_SERIES_MAX_COLUMNS];
    vo_readings *to = NULL;
    for (size_t c = 0; c < r->n_columns; c++) name[c] = r->column[c].name;
    vo_status s = vo_readings_set_node(set, r->market, r->process, spelled(q, r->node), name,
                                       r->n_columns, &to, err);
    if (s == VO_OK) s = match_columns(r, to, at, err);
    if (s != VO_OK) return s;
    if (to->added == 0) copy_facts(to, r);
    for (size_t t = 0; s == VO_OK && t < r->n; t++) {
        if (call->until_s && (r->start_s[t] < call->from_s || r->start_s[t] >= call->until_s))
            continue;
        for (size_t k = 0; k < to->n_columns; k++) value[k] = (double)NAN;
        for (size_t c = 0; c < r->n_columns; c++) value[at[c]] = r->column[c].value[t];
        s = vo_readings_add(set, to, r->start_s[t], r->line[t], r->flag[t], value, err);
    }
    return s;
}

vo_status vo_live_take(vo_live_plan *plan, size_t i, const char *body, size_t len,
                       vo_readings_set *set, bool *empty, vo_error *err) {
    vo_source_options o = plan->source;
    vo_readings_set *reply = NULL;
    vo_error why = {0};
    if (plan->call[i].node) o.node = plan->call[i].node;
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
    for (size_t k = 0; s == VO_OK && k < reply->n; k++)
        s = merge(plan->request, &plan->call[i], reply->item[k], set, err);
    if (s == VO_OK && *reply->note && !*set->note)
        memcpy(set->note, reply->note, sizeof set->note);
    vo_readings_set_free(reply);
    return s;
}
