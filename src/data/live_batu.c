/* live_batu.c -- Batu Energy's API, or any other that answers a table of prices for a key.
 *
 * Its form is not public. So the mapping (mapping.h) says all of it: `url`, a template such as
 *     {base}/pml?node={node}&from={from}&to={to}
 * headers such as X-Api-Key: {key}, the path of the rows and the columns' names. One node and
 * at most 31 days a call.
 */
#include "data/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/text.h"

#define ZONE "America/Mexico_City"
#define FINAL_DAYS 30
#define MAX_DAYS 31
#define ANY_CLOCK_S 50400 /* no clock is further from UTC than 14 hours */

static const vo_live_slot *find(const vo_live_slot *slot, size_t n, const char *name,
                                size_t len) {
    for (size_t i = 0; i < n; i++)
        if (vo_text_same_span(name, len, slot[i].name)) return &slot[i];
    return NULL;
}

static vo_status unknown(const vo_live_slot *slot, size_t n, const char *name, size_t len,
                         vo_error *err) {
    char list[200];
    vo_text t = vo_text_over(list, sizeof list);
    for (size_t i = 0; i < n; i++) vo_text_append(&t, "%s{%s}", i ? ", " : "", slot[i].name);
    return vo_fail(err, VO_EINVAL, "url: the placeholder {%.*s} is not known; there are %s",
                   (int)(len < 40 ? len : 40), name, list);
}

vo_status vo_live_expand(const char *text, const vo_live_slot *slot, size_t n, bool encode,
                         char *out, size_t size, vo_error *err) {
    size_t o = 0;
    for (const char *p = text; *p;) {
        if (*p != '{' || p[1] == '{') { /* "{{" and "}}" stand for one of them */
            const bool pair = (*p == '{' || *p == '}') && p[1] == *p;
            if (o + 1 >= size) goto too_long;
            out[o++] = *p;
            p += pair ? 2 : 1;
            continue;
        }
        const size_t len = strcspn(p + 1, "}");
        if (p[1 + len] != '}')
            return vo_fail(err, VO_EINVAL, "url: a '{' without its '}': \"%.40s\"", p);
        const vo_live_slot *s = find(slot, n, p + 1, len);
        if (!s) return unknown(slot, n, p + 1, len, err);
        if (!s->value)
            return vo_fail(err, VO_EINVAL, "url: it asks for {%s}, which is not given",
                           s->name);
        const bool plain = !encode || strcmp(s->name, "base") == 0;
        if (plain) {
            const size_t m = strlen(s->value);
            if (m >= size - o) goto too_long;
            memcpy(out + o, s->value, m);
            o += m;
        } else if (!vo_http_encode(s->value, NULL, out, size, &o)) {
            goto too_long;
        }
        p += len + 2;
    }
    out[o] = '\0';
    return VO_OK;
too_long:
    return vo_fail(err, VO_EINVAL, "url: longer than %zu characters once filled in", size - 1);
}

/* base_url stands in the place of scheme and host of a template that does not say {base}. */
static vo_status template_of(const vo_live_request *r, char *out, size_t size, vo_error *err) {
    const char *url = r->mapping->url, *rest = strstr(url, "://");
    int n;
    if (!r->base_url || strstr(url, "{base}") || !rest) {
        n = snprintf(out, size, "%s", url);
    } else {
        rest += 3;
        n = snprintf(out, size, "{base}%s", rest + strcspn(rest, "/?"));
    }
    if (n >= 0 && (size_t)n < size) return VO_OK;
    return vo_fail(err, VO_EINVAL, "url: longer than %zu characters", size - 1);
}

static vo_status plan_share(const vo_live_request *r, const vo_live_share *share,
                            vo_live_plan *plan, vo_error *err) {
    char from[16], to[16], until[16], from_utc[32], until_utc[32], base[512];
    int64_t from_s = 0, until_s = 0;
    char text[2048];
    vo_live_url u = {.len = 0};
    vo_status s = vo_live_instants(plan->tz, share, &from_s, &until_s, err);
    if (s == VO_OK) s = template_of(r, text, sizeof text, err);
    if (s != VO_OK) return s;
    vo_live_date(share->from_day, VO_LIVE_DASHES, from);
    vo_live_date(share->to_day, VO_LIVE_DASHES, to);
    vo_live_date(share->to_day + 1, VO_LIVE_DASHES, until);
    vo_civil_format_utc(from_s, from_utc);
    vo_civil_format_utc(until_s, until_utc);
    snprintf(base, sizeof base, "%.500s", r->base_url ? r->base_url : "");
    for (size_t n = strlen(base); n && base[n - 1] == '/'; n--) base[n - 1] = '\0';
    const vo_live_slot slot[] = {{"base", *base ? base : NULL},
                                 {"node", share->n ? r->name[share->first] : NULL},
                                 {"from", from},
                                 {"to", to},
                                 {"until", until},
                                 {"from_utc", from_utc},
                                 {"until_utc", until_utc},
                                 {"system", r->system ? r->system : "SIN"},
                                 {"process", r->process ? r->process : "MDA"},
                                 {"market", plan->source.market ? plan->source.market : "MEM"},
                                 {"key", r->key}};
    s = vo_live_expand(text, slot, sizeof slot / sizeof *slot, true, u.at, sizeof u.at, err);
    if (s != VO_OK) return s;
    u.len = strlen(u.at);
    s = vo_live_plan_add(plan, &u, plan->request->mapping->name, share,
                         vo_live_keep_s(r, share->to_day, FINAL_DAYS), err);
    if (s != VO_OK) return s;
    vo_live_call *call = &plan->call[plan->n - 1];
    const int64_t near_s = plan->source.zone ? 0 : ANY_CLOCK_S;
    call->from_s = from_s - near_s;
    call->until_s = until_s + near_s;
    if (share->n) call->node = r->name[share->first];
    return VO_OK;
}

/* How replies are read: as the mapping says. A process that the address asks for is the one
 * that comes; stamps are in the zone asked for. */
static void read_as_asked(const vo_live_request *r, vo_live_plan *plan) {
    plan->source.zone = r->tz;
    if (r->process && strstr(r->mapping->url, "{process}")) plan->source.process = r->process;
    plan->source = vo_mapping_options(r->mapping, &plan->source);
    if (!plan->source.process) plan->source.process = r->process ? r->process : "MDA";
    plan->tz = plan->source.zone ? plan->source.zone : ZONE;
}

static vo_status plan_headers(const vo_live_request *r, vo_live_plan *plan, vo_error *err) {
    const vo_live_slot slot[] = {{"key", r->key}};
    char value[2048];
    for (size_t i = 0; i < r->mapping->n_headers && i < VO_LIVE_MAX_HEADERS; i++) {
        const vo_mapping_header *h = &r->mapping->header[i];
        const vo_status s = vo_live_expand(h->value, slot, 1, false, value, sizeof value, NULL);
        if (s != VO_OK)
            return vo_fail(err, VO_EINVAL,
                           "header %.60s: only {key} can stand in its value, and a key must be "
                           "given; the program takes it from the environment: %s",
                           h->name, vo_live_service_of(VO_LIVE_BATU)->key_env);
        char *copy = malloc(strlen(value) + 1);
        if (!copy) return vo_fail(err, VO_ENOMEM, "no memory for a header");
        strcpy(copy, value);
        plan->header_value[i] = copy;
        plan->header[i] = (vo_http_header){h->name, copy};
        plan->n_headers = i + 1;
    }
    return VO_OK;
}

vo_status vo_live_batu_plan(const vo_live_request *r, vo_live_plan *plan, vo_error *err) {
    vo_status s = vo_live_need_names(r, "nodes", err);
    if (s != VO_OK) return s;
    if (!r->mapping || !r->mapping->url)
        return vo_fail(err, VO_EINVAL,
                       "mapping: a file with a url is needed, which says how this service is "
                       "asked and read (docs/live.md has an example)");
    if (strstr(r->mapping->url, "{base}") && !r->base_url)
        return vo_fail(err, VO_EINVAL,
                       "base_url is missing: the mapping's url begins with {base}");
    read_as_asked(r, plan);
    s = plan_headers(r, plan, err);
    if (s != VO_OK) return s;
    return vo_live_split(r, r->from_day, r->to_day, 1, MAX_DAYS, plan_share, plan, err);
}
