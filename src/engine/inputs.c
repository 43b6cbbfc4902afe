/* inputs.c -- see inputs.h.
 *
 * Bare numbers, objects and columns of a request all become the rows that a file reader would
 * have given, so there is one cleaner, one calendar and one set of refusals for all of them.
 */
#include "engine/inputs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/export.h"
#include "data/import.h"
#include "engine/data_requests.h"
#include "engine/inline_prices.h"
#include "engine/tariff_prices.h"

#define DAY_S 86400
#define FAR_PAST_S (-62135596800) /* year 1 */
#define FAR_FUTURE_S 253402300799 /* year 9999 */

/* ---- time ---------------------------------------------------------------------- */

/* "2024-01-01T00:00:00 01:00": a + in a URL's query is a space. */
static bool lost_its_plus(const char *text, size_t len) {
    return len > 16 && text[10] == 'T' && text[len - 6] == ' ' && text[len - 3] == ':';
}

vo_status vo_inputs_zone(const char *tz, vo_zone **out, vo_error *err) {
    vo_error inner = {0};
    const vo_status s = vo_zone_open(tz ? tz : "UTC", out, &inner);
    if (s == VO_OK) return s;
    return vo_fail(err, s == VO_ENOTFOUND ? VO_EINVAL : s, "tz: %.300s", inner.msg);
}

vo_status vo_inputs_instant(const vo_zone *zone, const char *text, const char *path, bool end,
                            int64_t *out, vo_error *err) {
    vo_civil c = {0};
    bool has_offset = false;
    int32_t offset_s = 0;
    vo_error inner = {0};
    const size_t len = strlen(text);
    if (vo_civil_parse(text, len, &c, &has_offset, &offset_s, &inner) != VO_OK)
        return vo_fail(err, VO_EINVAL, "%s: %.400s%s", path, inner.msg,
                       lost_its_plus(text, len) ? "; write the + of a URL as %2B" : "");
    const int64_t wall_s = vo_civil_seconds(&c);
    if (len <= 10) {
        const int64_t day = vo_civil_days(c.year, c.month, c.day);
        *out = vo_zone_day_start(zone, day + (end ? 1 : 0));
        return VO_OK;
    }
    int64_t first = wall_s - offset_s, second = first;
    if (!has_offset) vo_zone_instants(zone, wall_s, &first, &second);
    *out = end ? second + 1 : first;
    return VO_OK;
}

static vo_civil local_start(const vo_inputs *in, size_t t, int32_t *offset_s) {
    const int64_t s = in->series->start[t].s;
    *offset_s = vo_zone_offset(in->zone, s);
    return vo_civil_from_seconds(s + *offset_s);
}

void vo_inputs_stamp(const vo_inputs *in, size_t t, char *out) {
    vo_export_stamp(in->zone, in->series->start[t].s, out);
}

void vo_inputs_date(const vo_inputs *in, size_t t, char *out) {
    int32_t offset_s = 0;
    const vo_civil c = local_start(in, t, &offset_s);
    vo_civil_format_date(&c, out);
}

int32_t vo_inputs_hour(const vo_inputs *in, size_t t) {
    int32_t offset_s = 0;
    return local_start(in, t, &offset_s).hour;
}

static void put_two(char *at, int32_t v) {
    at[0] = (char)('0' + v / 10);
    at[1] = (char)('0' + v % 10);
}

int32_t vo_inputs_tick(const vo_inputs *in, size_t t, vo_inputs_clock *c) {
    const int64_t utc_s = in->series->start[t].s;
    const int32_t offset_s = vo_zone_offset(in->zone, utc_s);
    const int64_t local_s = utc_s + offset_s, after = local_s % DAY_S;
    const int32_t of_day = (int32_t)(after < 0 ? after + DAY_S : after);
    const int64_t day = (local_s - of_day) / DAY_S;
    if (!c->same_day_known || day != c->day || offset_s != c->offset_s) {
        vo_inputs_stamp(in, t, c->stamp);
        c->time = strchr(c->stamp, 'T') + 1;
        c->day = day;
        c->offset_s = offset_s;
        c->same_day_known = local_s > FAR_PAST_S && local_s < FAR_FUTURE_S; /* not clipped */
        return vo_inputs_hour(in, t);
    }
    put_two(c->time, of_day / 3600);
    put_two(c->time + 3, of_day / 60 % 60);
    put_two(c->time + 6, of_day % 60);
    return of_day / 3600;
}

/* ---- where prices come from ------------------------------------------------------ */

/* Start and zone of bare numbers; zone NULL means the source's own. */
static vo_status source_options(const vo_request *r, vo_source_options *so, vo_error *err) {
    size_t order = 0;
    *so = vo_source_options_default();
    so->zone = vo_request_text(r, VO_REQ_tz, NULL);
    so->price_column = vo_request_text(r, VO_REQ_price_column, NULL);
    so->currency = vo_request_text(r, VO_REQ_currency, NULL);
    so->interval_minutes = vo_request_number(r, VO_REQ_interval_minutes, 0);
    so->time_column = vo_request_text(r, VO_REQ_time_column, NULL);
    so->node_column = vo_request_text(r, VO_REQ_node_column, NULL);
    so->stamps_at_end = vo_request_number(r, VO_REQ_stamps_at_end, 0) > 0;
    so->only_node = vo_request_text(r, VO_REQ_node, NULL);
    so->only_process = vo_request_text(r, VO_REQ_process, NULL);
    const char *start = vo_request_text(r, VO_REQ_start, NULL);
    vo_zone *zone = NULL;
    vo_status s = vo_request_choice(r, VO_REQ_date_order, "date_order", vo_date_order_name,
                                    VO_DATE_ORDERS, VO_DATE_YEAR_FIRST, &order, err);
    so->date_order = (vo_date_order)order;
    if (s == VO_OK && (so->zone || start)) s = vo_inputs_zone(so->zone, &zone, err);
    if (s == VO_OK && start)
        s = vo_inputs_instant(zone, start, "start", false, &so->start_utc_s, err);
    vo_zone_close(zone);
    return s;
}

static vo_status clean_options(const vo_request *r, vo_clean_options *co, vo_error *err) {
    size_t repair = 0;
    const vo_status s = vo_request_choice(r, VO_REQ_repair, "repair", vo_repair_name,
                                          VO_REPAIRS, VO_REPAIR_NONE, &repair, err);
    if (s != VO_OK) return s;
    *co = vo_clean_options_default();
    co->strict = repair != VO_REPAIR_CLEAN;
    co->uneven = repair == VO_REPAIR_UNEVEN;
    co->interval_minutes = vo_request_number(r, VO_REQ_interval_minutes, 0);
    return VO_OK;
}

/* Where cleaning was not allowed, says how to allow it. */
static vo_status refuse_unclean(vo_status s, const vo_clean_options *co, const vo_error *inner,
                                vo_error *err) {
    const bool repairable = s == VO_EINVAL && co->strict && strstr(inner->msg, "clean");
    return vo_fail(err, s, "%.430s%s", inner->msg, repairable ? " (repair = \"clean\")" : "");
}

/* Which part of the prices the request is about; all of it where it does not say. */
typedef struct {
    const char *from, *to, *from_path, *to_path; /* texts NULL: open                     */
    int64_t first_s, after_s;
    int64_t history_s; /* <= first_s: from where prices are kept                         */
} part;

/* market_params' dates are the market's local days, also where a client's date type has written
 * them as whole days of UTC ("2024-01-01T00:00:00Z" to "2024-01-31T23:59:59Z"). */
static const char *local_day(const char *text, bool end, char day[11]) {
    const char *rest = end ? "T23:59:59" : "T00:00:00";
    const bool whole = strlen(text) >= 19 && memcmp(text + 10, rest, 9) == 0 &&
                       (text[19] == '\0' || text[19] == '.' || strcmp(text + 19, "Z") == 0);
    if (!whole) return text;
    memcpy(day, text, 10);
    day[10] = '\0';
    return day;
}

static vo_status find_part(const vo_request *r, const vo_zone *zone, part *out, vo_error *err) {
    char first_day[11], last_day[11];
    const bool lake = r->value[VO_REQ_market_params].json != NULL;
    part p = {.first_s = FAR_PAST_S, .after_s = FAR_FUTURE_S};
    p.from = lake ? r->market[VO_MKT_start_date].text : NULL;
    p.to = lake ? r->market[VO_MKT_end_date].text : NULL;
    p.from_path = p.from ? "market_params.start_date" : "from";
    p.to_path = p.to ? "market_params.end_date" : "to";
    if (!p.from) p.from = vo_request_text(r, VO_REQ_from, NULL);
    if (!p.to) p.to = vo_request_text(r, VO_REQ_to, NULL);
    const char *from = lake && p.from ? local_day(p.from, false, first_day) : p.from;
    const char *to = lake && p.to ? local_day(p.to, true, last_day) : p.to;
    vo_status s = VO_OK;
    if (from) s = vo_inputs_instant(zone, from, p.from_path, false, &p.first_s, err);
    if (s == VO_OK && to) s = vo_inputs_instant(zone, to, p.to_path, true, &p.after_s, err);
    if (s == VO_OK && p.first_s >= p.after_s)
        s = vo_fail(err, VO_EINVAL, "%s = \"%.40s\" is after %s = \"%.40s\": swap them",
                    p.from_path, p.from ? p.from : "", p.to_path, p.to ? p.to : "");
    p.history_s = p.first_s;
    if (s == VO_OK) *out = p;
    return s;
}

/* ---- what came before the part ----------------------------------------------------- */

/* Rows of readings or intervals of a series, whichever there is. */
typedef struct {
    const vo_readings *readings;
    const vo_series *series;
    const vo_column *column;
    size_t n, n_columns;
} rows;

static int64_t start_of(const rows *x, size_t i) {
    return x->readings ? x->readings->start_s[i] : x->series->start[i].s;
}

/* Has interval i a price, and a value of every column that stands around the battery? */
static bool complete(const vo_request *r, const rows *x, size_t i) {
    const double price = x->column[0].value[i];
    if (!isfinite(price)) return false;
    if (x->readings && (x->readings->flag[i] || (x->readings->zero_is_missing && price == 0)))
        return false;
    for (size_t f = 0; f < VO_SITE_FIELDS; f++) {
        const char *name = r->value[VO_REQ_SITE + f].text;
        const vo_json *v = r->value[VO_REQ_SITE + f].json;
        if (!name && v && vo_json_kind_of(v) == VO_JSON_STRING) name = vo_json_string(v);
        for (size_t c = 0; name && c < x->n_columns; c++)
            if (vo_text_same(x->column[c].name, name) && !isfinite(x->column[c].value[i]))
                return false;
    }
    return true;
}

/* An array is as long as the part; it has nothing for the time before. */
static bool has_site_array(const vo_request *r) {
    for (size_t f = 0; f < VO_SITE_FIELDS; f++) {
        const vo_json *v = r->value[VO_REQ_SITE + f].json;
        if (v && vo_json_kind_of(v) == VO_JSON_ARRAY) return true;
    }
    return false;
}

/* Policies that forecast may look back, over even steps, to the first gap or missing value. A
 * part that begins within a local day has no history: days are played whole. */
static void find_history(const vo_request *r, const rows *x, const vo_zone *zone, part *p) {
    size_t first = 0;
    const bool looks_back = r->kind == VO_REQUEST_COMPARE || r->kind == VO_REQUEST_EVALUATE ||
                            r->kind == VO_REQUEST_DECIDE;
    if (!looks_back || !p->from || has_site_array(r)) return;
    while (first < x->n && start_of(x, first) < p->first_s) first++;
    if (first == 0 || first + 1 >= x->n) return;
    const int64_t begin_s = start_of(x, first), step_s = start_of(x, first + 1) - begin_s;
    if (vo_zone_local_day(zone, begin_s) == vo_zone_local_day(zone, begin_s - 1)) return;
    size_t i = first;
    while (i > 0 && start_of(x, i - 1) == start_of(x, i) - step_s && complete(r, x, i - 1)) i--;
    p->history_s = start_of(x, i) < p->first_s ? start_of(x, i) : p->first_s;
}

/* Drops the rows outside the part, so that a gap elsewhere in the file is not held against it.
 * If nothing is left the rows stay: the cut of the series then says what there is. */
static void keep_rows(vo_readings *r, const part *p) {
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++)
        n += r->start_s[i] >= p->history_s && r->start_s[i] < p->after_s;
    if (n == 0 || n == r->n) return;
    size_t to = 0;
    for (size_t i = 0; i < r->n; i++) {
        if (r->start_s[i] < p->history_s || r->start_s[i] >= p->after_s) continue;
        r->start_s[to] = r->start_s[i];
        r->line[to] = r->line[i];
        r->flag[to] = r->flag[i];
        for (size_t c = 0; c < r->n_columns; c++)
            r->column[c].value[to] = r->column[c].value[i];
        to++;
    }
    r->n = n;
}

/* The one series of a set, cut and cleaned. */
static vo_status to_series(const vo_request *r, vo_readings_set *set, vo_inputs *in,
                           vo_error *err) {
    const vo_readings *found = NULL;
    vo_clean_options co;
    vo_zone *zone = NULL;
    part p = {0};
    vo_error inner = {0};
    vo_status s = clean_options(r, &co, err);
    if (s == VO_OK) s = vo_readings_set_find(set, NULL, NULL, &found, err);
    if (s == VO_OK) s = vo_zone_open(found->zone, &zone, err);
    if (s == VO_OK) s = find_part(r, zone, &p, err);
    if (s == VO_OK) {
        const rows x = {found, NULL, found->column, found->n, found->n_columns};
        find_history(r, &x, zone, &p);
    }
    vo_zone_close(zone);
    if (s != VO_OK) return s;
    memcpy(in->note, set->note, sizeof in->note);
    for (size_t i = 0; i < set->n; i++)
        if (set->item[i] == found) keep_rows(set->item[i], &p);
    s = vo_clean(found, &co, &in->series, &in->report, &inner);
    return s == VO_OK ? s : refuse_unclean(s, &co, &inner, err);
}

static vo_status load_inline(const vo_request *r, vo_inputs *in, vo_error *err) {
    vo_source_options so;
    vo_readings_set *set = NULL;
    vo_status s = source_options(r, &so, err);
    if (s == VO_OK) s = vo_inline_prices(r->value[VO_REQ_prices].json, &so, &set, err);
    if (s == VO_OK) s = to_series(r, set, in, err);
    vo_readings_set_free(set);
    snprintf(in->source, sizeof in->source, "request");
    return s;
}

static vo_status load_file(const vo_engine_options *o, const vo_request *r, vo_inputs *in,
                           vo_error *err) {
    const char *path = r->value[VO_REQ_prices_file].text;
    if (!o->allow_files)
        return vo_fail(err, VO_EINVAL,
                       "prices_file = \"%.80s\": local files are not read "
                       "here; send prices, or name market_params",
                       path);
    vo_source_options so;
    vo_readings_set *set = NULL;
    vo_status s = source_options(r, &so, err);
    if (s == VO_OK) s = vo_source_read(path, &so, &set, err);
    if (s == VO_OK) s = to_series(r, set, in, err);
    vo_readings_set_free(set);
    snprintf(in->source, sizeof in->source, "file %.80s", path);
    return s;
}

/* What cleaning changed when these prices were imported: whoever plans on them should know. */
static vo_status load_changes(vo_lake *lake, const vo_lake_key *key, vo_inputs *in,
                              vo_error *err) {
    vo_lake_change *change = NULL;
    size_t n = 0;
    vo_status s = vo_lake_changes(lake, key, (vo_time){FAR_PAST_S}, (vo_time){FAR_FUTURE_S},
                                  &change, &n, err);
    if (s == VO_EIO) { /* the prices are whole: what is said of them is not */
        snprintf(in->note, sizeof in->note,
                 "what cleaning changed in these prices cannot be read: volteo data doctor");
        return VO_OK;
    }
    if (s == VO_OK) s = vo_clean_report_create(&in->report, err);
    for (size_t i = 0; s == VO_OK && i < n; i++) {
        vo_touch t = change[i].touch;
        const bool price = t.column < 0 || strcmp(change[i].column, "price") == 0;
        if (!price || strcmp(vo_clean_rule_done(t.rule), "kept") == 0) continue;
        t.column = t.column < 0 ? -1 : 0;
        s = vo_clean_report_touch(in->report, t, err);
    }
    if (s == VO_OK) {
        in->report->n_columns = 1;
        memcpy(in->report->column[0], "price", sizeof "price");
    }
    free(change);
    return s;
}

/* Of the changes those of the prices that are planned on. */
static void keep_changes(vo_inputs *in) {
    vo_clean_report *r = in->report;
    const vo_series *s = in->series;
    size_t kept = 0;
    memset(r->count, 0, sizeof r->count);
    for (size_t i = 0; i < r->n; i++) {
        const int64_t at = r->touch[i].start_s;
        if (at < s->start[in->first].s || at > s->start[s->n - 1].s) continue;
        r->count[r->touch[i].rule]++;
        r->touch[kept++] = r->touch[i];
    }
    r->n = kept;
    r->rows = r->intervals = s->n;
}

static vo_status load_lake(const vo_engine_options *o, const vo_request *r, vo_inputs *in,
                           vo_error *err) {
    const vo_field_value *m = r->market;
    const char *node = m[VO_MKT_zone].text ? m[VO_MKT_zone].text : m[VO_MKT_node].text;
    if (!node)
        return vo_fail(err, VO_EINVAL,
                       "market_params.zone is missing: which zone or node? "
                       "(`volteo data list` shows what there is)");
    if (r->value[VO_REQ_tz].json)
        return vo_fail(err, VO_EINVAL,
                       "tz = \"%.40s\": prices of the lake have their own days; "
                       "drop it, or import them with that zone",
                       r->value[VO_REQ_tz].text);
    const vo_lake_key key = {.market = m[VO_MKT_market].text ? m[VO_MKT_market].text : "MEM",
                             .process = m[VO_MKT_process].text,
                             .node = node};
    vo_lake *lake = NULL;
    vo_status s = vo_lake_open(o->lake ? o->lake : "lake", &lake, err);
    if (s == VO_OK)
        s = vo_lake_read(lake, &key, (vo_time){FAR_PAST_S}, (vo_time){FAR_FUTURE_S},
                         &in->series, err);
    if (s == VO_OK) s = load_changes(lake, &key, in, err);
    vo_lake_close(lake);
    snprintf(in->source, sizeof in->source, "lake %s %s", key.market, key.node);
    in->synthetic = vo_data_is_synthetic(key.market);
    return s;
}

static vo_status load_tariff(const vo_engine_options *o, const vo_request *r, vo_inputs *in,
                             vo_error *err) {
    const vo_tariff_ask ask = {.files = r->value[VO_REQ_tariff].text,
                               .home = vo_request_text(r, VO_REQ_home, NULL),
                               .from = vo_request_text(r, VO_REQ_from, NULL),
                               .to = vo_request_text(r, VO_REQ_to, NULL),
                               .interval_minutes =
                                   vo_request_number(r, VO_REQ_interval_minutes, 0)};
    snprintf(in->source, sizeof in->source, "tariff %.80s", ask.files);
    return vo_tariff_price_series(o, &ask, &in->series, err);
}

/* Cuts the series to market_params.start_date..end_date or from..to. */
static vo_status cut(const vo_request *r, vo_inputs *in, vo_error *err) {
    part p = {0};
    vo_series *kept = NULL;
    vo_error inner = {0};
    vo_status s = find_part(r, in->zone, &p, err);
    in->part_asked = p.from || p.to;
    if (s != VO_OK || !in->part_asked) return s;
    const rows x = {NULL, in->series, in->series->column, in->series->n, in->series->n_columns};
    find_history(r, &x, in->zone, &p);
    s = vo_series_slice(in->series, (vo_time){p.history_s}, (vo_time){p.after_s}, &kept,
                        &inner);
    if (s == VO_ENOTFOUND) {
        char a[40], b[40];
        vo_inputs_date(in, 0, a);
        vo_inputs_date(in, in->series->n - 1, b);
        return vo_fail(err, s, "no prices from %.40s to %.40s: %s has %s to %s",
                       p.from ? p.from : "the start", p.to ? p.to : "the end", in->source, a,
                       b);
    }
    if (s != VO_OK) return vo_fail(err, s, "%s", inner.msg);
    vo_series_free(in->series);
    in->series = kept;
    while (kept->start[in->first].s < p.first_s && in->first + 1 < kept->n) in->first++;
    return VO_OK;
}

/* ---- the problem ------------------------------------------------------------------- */

typedef struct {
    const char *name;
    double lo;
    const char *unit;
} site_field;

static const site_field site_fields[] = {
#define X(name, lo, unit, help) {#name, lo, unit},
    VO_SITE_FIELD_MAP(X)
#undef X
};

static vo_status check_site(const vo_inputs *in, const site_field *f, const char *where,
                            const double *x, size_t n, vo_error *err) {
    for (size_t t = 0; t < n; t++) {
        if (x[t] >= f->lo && x[t] <= 1e9) continue;
        char stamp[40];
        vo_inputs_stamp(in, t, stamp);
        if (isnan(x[t]))
            return vo_fail(err, VO_EINVAL,
                           "%s (%s) has no value at %s: fill it or leave the "
                           "column out",
                           f->name, where, stamp);
        return vo_fail(err, VO_EINVAL, "%s (%s) = %g at %s: must be in [%g, 1e+09] %s", f->name,
                       where, x[t], stamp, f->lo, f->unit);
    }
    return VO_OK;
}

static vo_status site_array(const vo_json *v, const site_field *f, double *x, size_t n,
                            vo_error *err) {
    if (vo_json_size(v) != n)
        return vo_fail(err, VO_EINVAL, "%s has %zu values for %zu prices: must be as many",
                       f->name, vo_json_size(v), n);
    for (size_t t = 0; t < n; t++) {
        const vo_json *e = vo_json_at(v, t);
        if (vo_json_kind_of(e) != VO_JSON_NUMBER)
            return vo_fail(err, VO_EINVAL, "%s[%zu] is %s: must be a number", f->name, t,
                           vo_fields_kind(e));
        x[t] = vo_json_number(e);
    }
    return VO_OK;
}

/* One site field: a number, an array or a column; without any, a column of its own name that
 * came inside the request. *out stays NULL if the request has none. */
static vo_status site_series(const vo_request *r, vo_inputs *in, size_t i, const double **out,
                             vo_error *err) {
    const site_field *f = &site_fields[i];
    const vo_json *v = r->value[VO_REQ_SITE + i].json;
    const size_t n = in->series->n;
    const char *column = NULL;
    const bool ours = r->value[VO_REQ_prices].json || r->value[VO_REQ_tariff].json;
    if (!v && ours && vo_series_find(in->series, f->name)) column = f->name;
    if (!v && !column) return VO_OK;
    if (v && vo_json_kind_of(v) == VO_JSON_STRING) column = vo_json_string(v);
    if (column) {
        const double *x = NULL;
        vo_error inner = {0};
        if (vo_series_column(in->series, column, &x, &inner) != VO_OK)
            return vo_fail(err, VO_ENOTFOUND, "%s: %s", f->name, inner.msg);
        *out = x;
        return check_site(in, f, column, x, n, err);
    }
    if (vo_json_kind_of(v) != VO_JSON_NUMBER && vo_json_kind_of(v) != VO_JSON_ARRAY)
        return vo_fail(err, VO_EINVAL,
                       "%s is %s: must be a number, the name of a column, or an array", f->name,
                       vo_fields_kind(v));
    double *x = malloc(n * sizeof *x);
    if (!x) return vo_fail(err, VO_ENOMEM, "%s for %zu intervals", f->name, n);
    in->owned[i] = x;
    vo_status s = VO_OK;
    if (vo_json_kind_of(v) == VO_JSON_ARRAY)
        s = site_array(v, f, x, n, err);
    else
        for (size_t t = 0; t < n; t++) x[t] = vo_json_number(v);
    *out = x;
    return s == VO_OK ? check_site(in, f, "given", x, n, err) : s;
}

static vo_status demand_periods(const vo_request *r, vo_inputs *in, vo_error *err) {
    static const char *const names[] = {"horizon", "month", "day"};
    size_t kind = 0;
    const vo_status s =
        vo_request_choice(r, VO_REQ_demand_period, "demand_period", names, 3, 0, &kind, err);
    if (s != VO_OK || kind == 0) return s;
    const size_t n = in->series->n;
    in->period = malloc(n * sizeof *in->period);
    if (!in->period) return vo_fail(err, VO_ENOMEM, "demand periods of %zu intervals", n);
    for (size_t t = 0; t < n; t++) {
        int32_t offset_s = 0;
        const vo_civil c = local_start(in, t, &offset_s);
        in->period[t] = kind == 2 ? in->series->day[t] : c.year * 12 + c.month;
    }
    in->problem.demand_period = in->period;
    return VO_OK;
}

/* Equal lengths become one number: the solvers are quicker and the plan is the same. */
static void interval_lengths(const vo_series *s, vo_problem *p) {
    p->interval_h = s->dt_h[0];
    for (size_t t = 1; t < s->n; t++)
        if (fabs(s->dt_h[t] - s->dt_h[0]) > 1e-9) p->dt_h = s->dt_h;
}

static vo_status build_problem(const vo_request *r, vo_inputs *in, vo_error *err) {
    vo_problem *p = &in->problem;
    *p = vo_problem_default();
    p->n = in->series->n;
    p->day = in->series->day;
    interval_lengths(in->series, p);
    vo_status s = vo_series_column(in->series, "price", &p->price, err);
    const double **to[] = {&p->export_price,       &p->load_mw,          &p->pv_mw,
                           &p->import_limit_mw,    &p->export_limit_mw,  &p->charge_limit_mw,
                           &p->discharge_limit_mw, &p->carbon_kg_per_mwh};
    _Static_assert(sizeof to / sizeof to[0] == VO_SITE_FIELDS, "one place per site field");
    for (size_t i = 0; s == VO_OK && i < VO_SITE_FIELDS; i++)
        s = site_series(r, in, i, to[i], err);
    if (s == VO_OK) s = demand_periods(r, in, err);
    if (s != VO_OK) return s;
    p->fee_per_mwh = vo_request_number(r, VO_REQ_fee_per_mwh, 0);
    p->carbon_price_per_t = vo_request_number(r, VO_REQ_carbon_price_per_t, 0);
    p->curtailable = vo_request_number(r, VO_REQ_curtailable, 0) > 0;
    p->demand_charge_per_mw = vo_request_number(r, VO_REQ_demand_charge_per_mw, 0);
    p->ramp_mw_per_h = vo_request_number(r, VO_REQ_ramp_mw_per_h, (double)INFINITY);
    p->battery = r->battery;
    p->n_batteries = r->n_batteries;
    in->has_site = p->load_mw || p->pv_mw;
    return r->n_batteries ? vo_problem_check(p, err) : VO_OK;
}

/* A label, file or market of the project's generator carries the word. */
static bool says_synthetic(const char *name) {
    return strstr(name, "synth") != NULL || strstr(name, "SYNTH") != NULL;
}

vo_status vo_inputs_load(const vo_engine_options *o, const vo_request *r, vo_inputs *out,
                         vo_error *err) {
    vo_inputs in = {0};
    vo_status s;
    if (r->value[VO_REQ_prices].json)
        s = load_inline(r, &in, err);
    else if (r->value[VO_REQ_prices_file].json)
        s = load_file(o, r, &in, err);
    else if (r->value[VO_REQ_tariff].json)
        s = load_tariff(o, r, &in, err);
    else
        s = load_lake(o, r, &in, err);
    if (s == VO_OK) s = vo_zone_open(in.series->zone, &in.zone, err);
    if (s == VO_OK) s = cut(r, &in, err);
    if (s == VO_OK && r->value[VO_REQ_market_params].json && in.report) keep_changes(&in);
    if (s == VO_OK) s = build_problem(r, &in, err);
    if (s != VO_OK) {
        vo_inputs_fini(&in);
        return s;
    }
    snprintf(in.currency, sizeof in.currency, "%.15s",
             vo_request_text(r, VO_REQ_currency, in.series->currency));
    if (!r->value[VO_REQ_market_params].json)
        in.synthetic = says_synthetic(in.series->label) || says_synthetic(in.source);
    in.synthetic = in.synthetic || vo_request_number(r, VO_REQ_synthetic, 0) > 0;
    *out = in;
    return VO_OK;
}

void vo_inputs_fini(vo_inputs *in) {
    vo_series_free(in->series);
    vo_zone_close(in->zone);
    vo_clean_report_free(in->report);
    for (size_t i = 0; i < VO_SITE_FIELDS; i++) free(in->owned[i]);
    free(in->period);
    *in = (vo_inputs){0};
}
