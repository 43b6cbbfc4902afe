/* data_fetch.c -- see data_fetch.h: request -> plan -> replies -> one set -> lake. */
#include "engine/data_fetch.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/text.h"
#include "data/fetch.h"
#include "data/import.h"
#include "data/live.h"
#include "engine/data_requests.h"
#include "engine/members.h"
#include "port/pause.h"

#define PATH 1100

#define X(name, kind, lo, hi, unit, help) {#name, VO_FIELD_##kind, lo, hi, unit, help},
static const vo_field fetch_fields[] = {VO_FETCH_FIELD_MAP(X)};
#undef X
#define X(name, kind, lo, hi, unit, help) FETCH_##name,
enum { VO_FETCH_FIELD_MAP(X) FETCH_FIELDS };
#undef X

const vo_field *vo_data_fetch_fields(size_t *n) {
    *n = FETCH_FIELDS;
    return fetch_fields;
}

typedef struct {
    const vo_engine_options *o;
    vo_json *root;
    vo_field_value f[FETCH_FIELDS];
    vo_live_client client;
    vo_live_request request;
    vo_mapping *mapping;
    char **name; /* [n_names], each owned */
    size_t n_names;
    const char *secret[1];
    char cache[PATH];
    vo_fetch_options fetch;
    vo_clean_options clean;
    size_t max_touched;
    size_t rows_bytes; /* of rows in memory, the others wait on disk */
    vo_live_plan plan;
    vo_fetch_item *item;
    vo_readings_set *set;
    vo_lake *lake;
    vo_fetch_summary sum;
    double fraction;     /* how far, for progress */
    atomic_flag telling; /* progress is told by one thread at a time */
    atomic_bool stopped;
    bool stop; /* asked to, while series are stored */
    vo_json_out *w;
} job;

/* ---- the request ------------------------------------------------------------------------ */

static vo_status add_name(job *j, const char *text, size_t len, vo_error *err) {
    const char *start = vo_text_trim(text, &len);
    if (len == 0) return VO_OK;
    for (size_t i = 0; i < j->n_names; i++)
        if (strlen(j->name[i]) == len && memcmp(j->name[i], start, len) == 0) return VO_OK;
    if (j->n_names >= VO_LIVE_MAX_NAMES)
        return vo_fail(err, VO_EINVAL, "nodes: more than %u names; fetch them in several goes",
                       VO_LIVE_MAX_NAMES);
    char **more = realloc(j->name, (j->n_names + 1) * sizeof *more);
    if (!more) return vo_fail(err, VO_ENOMEM, "no memory for names");
    j->name = more;
    char *copy = malloc(len + 1);
    if (!copy) return vo_fail(err, VO_ENOMEM, "no memory for names");
    memcpy(copy, start, len);
    copy[len] = '\0';
    j->name[j->n_names++] = copy;
    return VO_OK;
}

static vo_status add_list(job *j, const char *text, vo_error *err) {
    vo_status s = VO_OK;
    while (s == VO_OK && *text) {
        const size_t n = strcspn(text, ",");
        s = add_name(j, text, n, err);
        text += n + (text[n] == ',');
    }
    return s;
}

static vo_status read_names(job *j, int field, vo_error *err) {
    const vo_json *v = j->f[field].json;
    const char *path = fetch_fields[field].name;
    if (!v) return VO_OK;
    if (vo_json_kind_of(v) == VO_JSON_STRING) return add_list(j, vo_json_string(v), err);
    if (vo_json_kind_of(v) != VO_JSON_ARRAY)
        return vo_fail(err, VO_EINVAL, "%s: must be an array of names or one text with commas",
                       path);
    vo_status s = VO_OK;
    for (size_t i = 0; s == VO_OK && i < vo_json_size(v); i++) {
        const vo_json *item = vo_json_at(v, i);
        if (vo_json_kind_of(item) != VO_JSON_STRING)
            return vo_fail(err, VO_EINVAL, "%s[%zu]: must be a name, not %s", path, i,
                           vo_fields_kind(item));
        s = add_name(j, vo_json_string(item), strlen(vo_json_string(item)), err);
    }
    return s;
}

static vo_status read_day(const job *j, int field, int64_t *out, vo_error *err) {
    const char *text = j->f[field].text, *path = fetch_fields[field].name;
    vo_civil c = {0};
    bool has_offset = false;
    int32_t offset_s = 0;
    vo_error why = {0};
    if (strlen(text) > 10)
        return vo_fail(err, VO_EINVAL, "%s = \"%.40s\": must be a day such as 2024-01-31", path,
                       text);
    if (vo_civil_parse(text, strlen(text), &c, &has_offset, &offset_s, &why) != VO_OK)
        return vo_fail(err, VO_EINVAL, "%s: %s", path, why.msg);
    *out = vo_civil_days(c.year, c.month, c.day);
    return VO_OK;
}

static vo_status read_days(job *j, vo_error *err) {
    if (!j->f[FETCH_from].text)
        return vo_fail(err, VO_EINVAL, "from is missing: the first local day to fetch");
    vo_status s = read_day(j, FETCH_from, &j->request.from_day, err);
    j->request.to_day = j->request.from_day;
    if (s == VO_OK && j->f[FETCH_to].text) s = read_day(j, FETCH_to, &j->request.to_day, err);
    return s;
}

/* Which client takes which field: one that means nothing to it is refused, not passed over. */
static vo_status check_fields(const job *j, vo_error *err) {
    static const struct {
        int field;
        unsigned clients;
    } only[] = {
        {FETCH_system, 1u << VO_LIVE_CENACE | 1u << VO_LIVE_BATU},
        {FETCH_process, ~(1u << VO_LIVE_OPEN_METEO)},
        {FETCH_tz, 1u << VO_LIVE_ENTSOE | 1u << VO_LIVE_OPEN_METEO | 1u << VO_LIVE_BATU},
        {FETCH_latitude, 1u << VO_LIVE_OPEN_METEO},
        {FETCH_longitude, 1u << VO_LIVE_OPEN_METEO},
        {FETCH_variables, 1u << VO_LIVE_OPEN_METEO},
        {FETCH_mapping, 1u << VO_LIVE_BATU}};
    const vo_live_service *v = vo_live_service_of(j->client);
    for (size_t i = 0; i < sizeof only / sizeof *only; i++)
        if (j->f[only[i].field].json && !(only[i].clients & 1u << j->client))
            return vo_fail(err, VO_EINVAL, "%s means nothing to %s: leave it away",
                           fetch_fields[only[i].field].name, v->name);
    if (j->f[FETCH_key].text && !*v->key_env)
        return vo_fail(err, VO_EINVAL, "key: %s has none: leave it away", v->name);
    if (j->f[FETCH_nodes].json && j->f[FETCH_zones].json)
        return vo_fail(err, VO_EINVAL,
                       "zones: nodes are given too; give one of the two at a time");
    return VO_OK;
}

static vo_status read_mapping(job *j, vo_error *err) {
    const char *name = j->f[FETCH_mapping].text;
    if (j->client != VO_LIVE_BATU) return VO_OK;
    if ((!name || strcmp(name, "batu") == 0) && !j->f[FETCH_base_url].text)
        return vo_fail(err, VO_EINVAL,
                       "base_url is missing: the address of Batu Energy's API is not public; "
                       "give it, or a mapping file with a url of your own");
    const vo_status s = vo_mapping_load(NULL, name ? name : "batu", &j->mapping, err);
    j->request.mapping = j->mapping;
    return s;
}

static void read_request(job *j) {
    const vo_field_value *f = j->f;
    vo_live_request *r = &j->request;
    r->name = (const char *const *)j->name;
    r->n_names = j->n_names;
    r->zones = f[FETCH_zones].json != NULL;
    r->system = f[FETCH_system].text;
    r->process = f[FETCH_process].text;
    r->tz = f[FETCH_tz].text;
    r->now_s = vo_pause_now_s();
    r->base_url = f[FETCH_base_url].text;
    r->key = f[FETCH_key].text;
    const vo_live_service *v = vo_live_service_of(j->client);
    if (!r->key && f[FETCH_dry_run].number > 0 && (v->key_needed || r->mapping))
        r->key = "KEY"; /* stands in the addresses that are only listed */
    r->latitude = f[FETCH_latitude].json ? f[FETCH_latitude].number : (double)NAN;
    r->longitude = f[FETCH_longitude].json ? f[FETCH_longitude].number : (double)NAN;
    r->variables = f[FETCH_variables].text;
}

static bool asked_to_stop(void *ctx);

static vo_status read_options(job *j, vo_error *err) {
    const vo_field_value *f = j->f;
    const vo_live_service *v = vo_live_service_of(j->client);
    vo_fetch_options *o = &j->fetch;
    size_t repair = 0;
    *o = vo_fetch_options_default();
    o->per_minute =
        f[FETCH_requests_per_minute].json ? f[FETCH_requests_per_minute].number : v->per_minute;
    o->parallel = f[FETCH_parallel].json ? (size_t)f[FETCH_parallel].number : v->parallel;
    if (f[FETCH_retries].json) o->retries = (int32_t)f[FETCH_retries].number;
    if (f[FETCH_timeout_s].json) o->timeout_s = f[FETCH_timeout_s].number;
    o->proxy = f[FETCH_proxy].text;
    o->ca_file = f[FETCH_ca_file].text;
    o->seed = (uint64_t)(j->request.now_s * 1e3); /* clients must not wait in step */
    j->secret[0] = f[FETCH_key].text;
    o->secret = j->secret;
    o->n_secrets = f[FETCH_key].text ? 1 : 0;
    o->stop = asked_to_stop;
    o->stop_ctx = j;
    const char *cache = f[FETCH_cache].text, *lake = j->o->lake ? j->o->lake : "lake";
    if (snprintf(j->cache, sizeof j->cache, "%s%s", cache ? cache : lake,
                 cache ? "" : ".replies") >= (int)sizeof j->cache)
        return vo_fail(err, VO_EINVAL, "cache: a path of more than %d characters", PATH - 1);
    o->refresh = f[FETCH_refresh].number > 0;
    o->cache = cache && strcmp(cache, "none") == 0 ? NULL : j->cache;
    j->clean = vo_clean_options_default();
    const vo_status s =
        vo_fields_choice(&f[FETCH_repair], "repair", vo_repair_name, VO_REPAIRS, &repair, err);
    j->clean.strict = repair == VO_REPAIR_NONE;
    j->clean.uneven = repair == VO_REPAIR_UNEVEN;
    if (f[FETCH_max_fill_h].json) j->clean.max_fill_h = f[FETCH_max_fill_h].number;
    j->max_touched = f[FETCH_max_touched].json ? (size_t)f[FETCH_max_touched].number : 100;
    return s;
}

static vo_status read_job(job *j, const char *request, vo_error *err) {
    vo_status s = vo_json_parse(request, strlen(request), &j->root, err);
    if (s == VO_OK) s = vo_fields_read(j->root, "", fetch_fields, FETCH_FIELDS, j->f, err);
    if (s != VO_OK) return s;
    if (!j->f[FETCH_client].text)
        return vo_fail(err, VO_EINVAL, "client is missing: which service shall be asked?");
    s = vo_live_find(j->f[FETCH_client].text, &j->client, err);
    if (s == VO_OK) s = check_fields(j, err);
    if (s == VO_OK) s = read_days(j, err);
    if (s == VO_OK) s = read_names(j, FETCH_nodes, err);
    if (s == VO_OK) s = read_names(j, FETCH_zones, err);
    if (s == VO_OK) s = read_mapping(j, err);
    if (s == VO_OK) read_request(j);
    if (s == VO_OK) s = read_options(j, err);
    if (s == VO_OK) s = vo_live_plan_make(j->client, &j->request, &j->plan, err);
    return s;
}

/* ---- fetching --------------------------------------------------------------------- */

/* Asked by whichever thread waits; the caller's progress is told by one of them at a time. */
static bool asked_to_stop(void *ctx) {
    job *j = ctx;
    if (!j->o->progress || atomic_load(&j->stopped)) return atomic_load(&j->stopped);
    if (!atomic_flag_test_and_set(&j->telling)) {
        if (j->o->progress(j->o->progress_ctx, "fetching", j->fraction) != 0)
            atomic_store(&j->stopped, true);
        atomic_flag_clear(&j->telling);
    }
    return atomic_load(&j->stopped);
}

static vo_status take(void *ctx, size_t i, const char *body, size_t len, bool *empty,
                      vo_error *err) {
    job *j = ctx;
    return vo_live_take(&j->plan, i, body, len, j->set, empty, err);
}

static vo_status told(void *ctx, size_t done, size_t n, const vo_fetch_summary *so_far,
                      vo_error *err) {
    job *j = ctx;
    (void)so_far;
    j->fraction = (double)done / (double)n;
    if (asked_to_stop(j))
        return vo_fail(err, VO_ECANCELED,
                       "stopped after %zu of %zu calls; run it again to go on", done, n);
    return VO_OK;
}

static vo_status fetch_replies(job *j, vo_error *err) {
    const vo_live_plan *p = &j->plan;
    char folder[2200];
    snprintf(folder, sizeof folder, "%.2100s/.spill", vo_lake_root(j->lake));
    j->item = calloc(p->n ? p->n : 1, sizeof *j->item);
    if (!j->item) return vo_fail(err, VO_ENOMEM, "no memory for %zu calls", p->n);
    for (size_t i = 0; i < p->n; i++)
        j->item[i] = (vo_fetch_item){p->call[i].url, p->header, p->n_headers, p->call[i].label,
                                     p->call[i].keep_s};
    vo_status s = vo_readings_set_create_spilling(folder, j->rows_bytes, &j->set, err);
    if (s == VO_OK) s = vo_fetch_all(&j->fetch, j->item, p->n, take, told, j, &j->sum, err);
    if (s == VO_OK && j->set->rows == 0)
        s = vo_fail(err, VO_ENOTFOUND, "%s has no data for this request%s%s",
                    vo_live_service_of(j->client)->name, *p->empty ? ": " : "", p->empty);
    return s;
}

/* ---- the answer ------------------------------------------------------------------- */

static vo_status note_node(void *ctx, size_t done, size_t nodes, const vo_lake_key *key,
                           const vo_clean_report *report, vo_error *err) {
    job *j = ctx;
    vo_data_write_stored(j->w, key, report, j->max_touched);
    const double share = (double)done / (double)nodes;
    if (j->o->progress && j->o->progress(j->o->progress_ctx, "importing", share) != 0)
        j->stop = true;
    if (j->stop && done < nodes)
        return vo_fail(
            err, VO_ECANCELED,
            "stopped after %zu of %zu series, which are stored; run it again for the "
            "rest",
            done, nodes);
    return VO_OK;
}

static void write_missing(const job *j) {
    vo_json_out_key(j->w, "missing");
    vo_json_out_array(j->w);
    for (size_t i = 0; i < j->n_names; i++) {
        bool there = false;
        for (size_t k = 0; k < j->set->n; k++)
            there = there || vo_live_same_name(j->name[i], j->set->item[k]->node);
        if (!there) vo_json_out_string(j->w, j->name[i]);
    }
    vo_json_out_end(j->w);
}

/* Of the series that came. */
static vo_status write_missing_days(const job *j, vo_error *err) {
    vo_status s = VO_OK;
    vo_json_out_key(j->w, "missing_days");
    vo_json_out_array(j->w);
    for (size_t i = 0; s == VO_OK && i < j->set->n; i++) {
        size_t count = 0;
        int64_t first = 0;
        char day[16];
        s = vo_live_missing_days(&j->plan, j->set, i, &count, &first, err);
        if (s != VO_OK || count == 0) continue;
        vo_live_date(first, VO_LIVE_DASHES, day);
        vo_json_out_object(j->w);
        vo_member_text(j->w, "node", j->set->item[i]->node);
        vo_member_integer(j->w, "count", (long long)count);
        vo_member_text(j->w, "first", day);
        vo_json_out_end(j->w);
    }
    vo_json_out_end(j->w);
    return s;
}

static void write_note(const job *j, const char *import_note) {
    char note[900];
    const vo_live_unasked *u = &j->plan.unasked;
    vo_text t = vo_text_over(note, sizeof note);
    vo_text_append(&t, "%s", j->plan.note);
    if (u->rows)
        vo_text_append(&t, "%s%zu row%s that came without being asked for %s left out (%s)",
                       t.len ? "; " : "", u->rows, u->rows == 1 ? "" : "s",
                       u->rows == 1 ? "was" : "were", u->first);
    if (*import_note) vo_text_append(&t, "%s%s", t.len ? "; " : "", import_note);
    vo_member_text(j->w, "note", t.len ? note : NULL);
    vo_member_text(j->w, "first_empty", *j->plan.empty ? j->plan.empty : NULL);
}

static void write_head(const job *j) {
    char day[16];
    vo_member_text(j->w, "client", vo_live_service_of(j->client)->name);
    vo_live_date(j->request.from_day, VO_LIVE_DASHES, day);
    vo_member_text(j->w, "from", day);
    vo_live_date(j->plan.to_day, VO_LIVE_DASHES, day);
    vo_member_text(j->w, "to", day);
    vo_member_integer(j->w, "calls", (long long)j->plan.n);
}

static vo_status write_dry_run(job *j) {
    char url[VO_HTTP_MAX_URL + 64];
    vo_json_out_object(j->w);
    write_head(j);
    vo_member_bool(j->w, "dry_run", true);
    vo_json_out_key(j->w, "urls");
    vo_json_out_array(j->w);
    for (size_t i = 0; i < j->plan.n; i++) {
        vo_http_redact(j->plan.call[i].url, j->fetch.secret, j->fetch.n_secrets, url,
                       sizeof url);
        vo_json_out_string(j->w, url);
    }
    vo_json_out_end(j->w);
    write_note(j, "");
    vo_json_out_end(j->w);
    return VO_OK;
}

static void write_counts(const job *j) {
    vo_member_integer(j->w, "requests", (long long)j->sum.requests);
    vo_member_integer(j->w, "cached", (long long)j->sum.cached);
    vo_member_integer(j->w, "retried", (long long)j->sum.retried);
    vo_member_integer(j->w, "empty", (long long)j->sum.empty);
    vo_member_integer(j->w, "kept", (long long)j->sum.kept);
    vo_member_integer(j->w, "bytes", (long long)j->sum.bytes);
    vo_member_text(j->w, "cache", j->fetch.cache);
}

static vo_status store(job *j, vo_error *err) {
    const vo_live_service *v = vo_live_service_of(j->client);
    const vo_lake_how how = {.replace = j->f[FETCH_replace].number > 0};
    vo_import_summary sum = {0};
    char source[64];
    snprintf(source, sizeof source, "%s web service", v->name);
    vo_json_out_object(j->w);
    write_head(j);
    write_counts(j);
    vo_member_text(j->w, "lake", j->o->lake);
    write_missing(j);
    vo_status s = write_missing_days(j, err);
    if (s != VO_OK) return s;
    vo_json_out_key(j->w, "series");
    vo_json_out_array(j->w);
    s = vo_import_set(j->lake, j->set, v->name, source, &j->clean, &how, note_node, j, &sum,
                      err);
    vo_json_out_end(j->w);
    vo_data_write_summary(j->w, &sum);
    write_note(j, sum.note);
    vo_json_out_end(j->w);
    return s;
}

static void job_fini(job *j) {
    vo_live_plan_fini(&j->plan);
    vo_mapping_free(j->mapping);
    vo_readings_set_free(j->set);
    vo_lake_close(j->lake);
    for (size_t i = 0; i < j->n_names; i++) free(j->name[i]);
    free(j->name);
    free(j->item);
    vo_json_free(j->root);
}

vo_status vo_data_fetch_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                            vo_error *err) {
    return vo_data_fetch_within(o, request, (size_t)48 << 20, w, err);
}

vo_status vo_data_fetch_within(const vo_engine_options *o, const char *request,
                               size_t rows_bytes, vo_json_out *w, vo_error *err) {
    if (!o->allow_files)
        return vo_fail(err, VO_EINVAL, "client: web services are not asked from here");
    job j = {.o = o, .rows_bytes = rows_bytes, .w = w, .telling = ATOMIC_FLAG_INIT};
    vo_status s = read_job(&j, request, err);
    const bool dry = s == VO_OK && j.f[FETCH_dry_run].number > 0;
    if (dry) {
        s = write_dry_run(&j);
    } else {
        if (s == VO_OK) s = vo_lake_open(o->lake, &j.lake, err);
        if (s == VO_OK) s = fetch_replies(&j, err);
        if (s == VO_OK) s = store(&j, err);
    }
    job_fini(&j);
    return s;
}
