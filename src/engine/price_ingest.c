/* price_ingest.c -- prices in (vo_prices_add_run of price_requests.h): what a request says becomes
 * readings, cleaned and stored as those of a file. Before it is written it is compared with what
 * is stored, so that the answer says what changes, and nothing is written where nothing does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/source.h"
#include "data/source_csv.h"
#include "engine/data_requests.h"
#include "engine/going_on.h"
#include "engine/inline_prices.h"
#include "engine/inputs.h"
#include "engine/members.h"
#include "engine/price_requests.h"

#define X(name, kind, lo, hi, unit, help) {#name, VO_FIELD_##kind, lo, hi, unit, help},
static const vo_field fields[] = {VO_PRICES_ADD_FIELD_MAP(X)};
#undef X
#define X(name, kind, lo, hi, unit, help) ADD_##name,
enum { VO_PRICES_ADD_FIELD_MAP(X) ADD_FIELDS };
#undef X

const vo_field *vo_prices_add_fields(size_t *n) {
    *n = ADD_FIELDS;
    return fields;
}

typedef struct {
    vo_json *root;
    vo_field_value f[ADD_FIELDS];
    vo_lake_key key;
    vo_source_options source;
    vo_clean_options clean;
    vo_readings_set *set;
    vo_series *series;
    vo_clean_report *report;
    vo_lake *lake;
    vo_lake_difference difference;
    char zone[64]; /* that the stored days follow */
} adding;

/* ---- the request --------------------------------------------------------------------- */

/* The lake could keep any name, but who writes from afar gets none that looks like a path. */
static vo_status check_name(const adding *a, size_t i, vo_error *err) {
    const char *name = a->f[i].text;
    if (!name)
        return vo_fail(err, VO_EINVAL, "%s is missing: whose prices are these?",
                       fields[i].name);
    if (strpbrk(name, "/\\") || name[0] == '.')
        return vo_fail(err, VO_EINVAL,
                       "%s = \"%.60s\": must have no / or \\ and not begin with a dot",
                       fields[i].name, name);
    return VO_OK;
}

static vo_status read_key(adding *a, vo_error *err) {
    const vo_field_value *f = a->f;
    vo_status s = check_name(a, ADD_market, err);
    if (s == VO_OK) s = check_name(a, ADD_node, err);
    if (s == VO_OK && f[ADD_process].text) s = check_name(a, ADD_process, err);
    if (s == VO_OK && f[ADD_kind].text) s = vo_kind_check(f[ADD_kind].text, err);
    if (s == VO_OK && vo_data_is_synthetic(f[ADD_market].text))
        s = vo_fail(err, VO_EINVAL,
                    "market = \"%.60s\": names that begin with SYNTH are kept for what data "
                    "synth makes up; choose another",
                    f[ADD_market].text);
    a->key =
        (vo_lake_key){f[ADD_market].text, f[ADD_process].text ? f[ADD_process].text : "DA",
                      f[ADD_node].text, f[ADD_kind].text ? f[ADD_kind].text : VO_KIND_PRICES};
    return s;
}

static vo_status read_start(adding *a, vo_error *err) {
    vo_zone *zone = NULL;
    const char *start = a->f[ADD_start].text, *tz = a->f[ADD_tz].text;
    vo_status s = vo_inputs_zone(tz, &zone, err);
    if (s == VO_OK && start)
        s = vo_inputs_instant(zone, start, "start", false, &a->source.start_utc_s, err);
    vo_zone_close(zone);
    return s;
}

static vo_status read_request(adding *a, const char *request, vo_error *err) {
    const vo_field_value *f = a->f;
    size_t repair = 0, order = 0;
    vo_status s = vo_json_parse(request, strlen(request), &a->root, err);
    if (s == VO_OK) s = vo_fields_read(a->root, "", fields, ADD_FIELDS, a->f, err);
    if (s == VO_OK) s = read_key(a, err);
    if (s == VO_OK)
        s = vo_fields_choice(&f[ADD_repair], "repair", vo_repair_name, VO_REPAIRS, &repair,
                             err);
    if (s == VO_OK)
        s = vo_fields_choice(&f[ADD_date_order], "date_order", vo_date_order_name,
                             VO_DATE_ORDERS, &order, err);
    if (s == VO_OK && !f[ADD_prices].json == !f[ADD_csv].text)
        s = vo_fail(err, VO_EINVAL,
                    f[ADD_csv].text ? "csv: send either prices or csv"
                                    : "prices is missing: send prices, or csv");
    if (s != VO_OK) return s;
    a->source = vo_source_options_default();
    a->source.zone = f[ADD_tz].text;
    a->source.currency = f[ADD_currency].text;
    a->source.unit = f[ADD_unit].text;
    a->source.kind = a->key.kind;
    a->source.time_column = f[ADD_time_column].text;
    a->source.date_order = (vo_date_order)order;
    a->source.replace = f[ADD_replace].number > 0;
    a->source.interval_minutes = f[ADD_interval_minutes].number;
    a->clean = vo_clean_options_default();
    a->clean.strict = repair == VO_REPAIR_NONE;
    a->clean.uneven = repair == VO_REPAIR_UNEVEN;
    a->clean.interval_minutes = f[ADD_interval_minutes].number;
    if (f[ADD_max_fill_h].json) a->clean.max_fill_h = f[ADD_max_fill_h].number;
    return read_start(a, err);
}

/* ---- rows ------------------------------------------------------------------------------- */

static vo_status check_bare(const adding *a, vo_error *err) {
    const vo_json *v = a->f[ADD_prices].json;
    const vo_json *first = v && vo_json_kind_of(v) == VO_JSON_ARRAY ? vo_json_at(v, 0) : NULL;
    const bool bare = first && vo_json_kind_of(first) != VO_JSON_OBJECT;
    if (v && vo_json_size(v) == 0) return VO_OK; /* is refused as empty */
    if (bare && !a->f[ADD_start].text)
        return vo_fail(err, VO_EINVAL,
                       "start is missing: when does the first of these prices begin? (or send "
                       "{\"timestamp\": ..., \"price\": ...})");
    if (v && !bare && a->f[ADD_start].text)
        return vo_fail(
            err, VO_EINVAL,
            "start is for prices without stamps: these have their own, leave it out");
    return VO_OK;
}

/* Rows of a table without stamps begin where the request says, and nowhere else. */
static vo_status check_start(const adding *a, vo_error *err) {
    const bool in_order = a->set->n && a->set->item[0]->in_order;
    if (in_order && !a->f[ADD_start].text)
        return vo_fail(
            err, VO_EINVAL,
            "start is missing: csv has no column of time, so when does its first row "
            "begin? (or give it one, or name it: time_column)");
    if (a->set->n && !in_order && a->f[ADD_start].text)
        return vo_fail(err, VO_EINVAL,
                       "start is for rows without stamps: csv has its own, leave it out");
    return VO_OK;
}

static vo_status read_rows(adding *a, vo_error *err) {
    const char *csv = a->f[ADD_csv].text;
    vo_status s = check_bare(a, err);
    if (s != VO_OK) return s;
    if (csv)
        s = vo_source_csv_is(csv, strlen(csv))
                ? vo_source_parse("csv", csv, strlen(csv), &a->source, &a->set, err)
                : vo_fail(
                      err, VO_EINVAL,
                      "csv is no table: must be a line of names, such as \"timestamp,price\", "
                      "and lines of values");
    else
        s = vo_inline_prices(a->f[ADD_prices].json, &a->source, &a->set, err);
    if (s == VO_OK && csv) s = check_start(a, err);
    if (s == VO_OK && !csv && a->set->n) {
        vo_readings *r = a->set->item[0];
        snprintf(r->kind, sizeof r->kind, "%s", a->key.kind);
        snprintf(r->unit, sizeof r->unit, "%.15s",
                 a->source.unit                             ? a->source.unit
                 : strcmp(a->key.kind, VO_KIND_PRICES) == 0 ? "MWh"
                                                            : "");
    }
    if (s == VO_OK && a->set->rows > VO_PRICES_MOST_ROWS)
        s = vo_fail(err, VO_EINVAL, "%s has %zu rows: at most %u; send them in parts",
                    csv ? "csv" : "prices", a->set->rows, VO_PRICES_MOST_ROWS);
    return s;
}

/* The one series of the request, which must not say that it is another's. */
static vo_status clean_rows(adding *a, vo_error *err) {
    const vo_readings *r = NULL;
    vo_status s = vo_readings_set_find(a->set, NULL, NULL, &r, err);
    if (s == VO_OK && *r->node && !vo_readings_same_node(r->node, a->key.node))
        s = vo_fail(err, VO_EINVAL, "node = \"%.60s\": the table is of \"%.60s\"", a->key.node,
                    r->node);
    if (s != VO_OK) return s;
    s = vo_clean(r, &a->clean, &a->series, &a->report, err);
    if (s == VO_OK)
        snprintf(a->series->label, sizeof a->series->label, "%.30s %.30s %.60s", a->key.market,
                 a->key.process, a->key.node);
    return s;
}

/* Once it is being written nobody stops it: it would be there in part. */
static vo_status store(const vo_engine_options *o, adding *a, vo_error *err) {
    vo_lake_how how = {.replace = a->source.replace, .zone_named = a->f[ADD_tz].text != NULL};
    vo_status s = vo_going_on(o, "comparing", 0.5, err);
    if (s == VO_OK) s = vo_lake_check(a->lake, &a->key, a->series, &how, err);
    if (s == VO_OK) s = vo_lake_compare(a->lake, &a->key, a->series, &a->difference, err);
    if (s != VO_OK) return s;
    if (!how.replace && a->difference.added + a->difference.changed == 0) return VO_OK;
    s = vo_going_on(o, "storing", 0.7, err);
    if (s != VO_OK) return s;
    return vo_lake_upsert_as(a->lake, &a->key, a->series, a->report, "request", &how, a->zone,
                             err);
}

static void write_answer(const adding *a, vo_json_out *w) {
    const vo_series *s = a->series;
    const size_t most = a->f[ADD_max_touched].json ? (size_t)a->f[ADD_max_touched].number : 100;
    vo_json_out_object(w);
    vo_member_text(w, "kind", a->key.kind);
    vo_member_text(w, "market", a->key.market);
    vo_member_text(w, "process", a->key.process);
    vo_member_text(w, "node", a->key.node);
    vo_member_integer(w, "rows", (long long)a->set->rows);
    vo_member_integer(w, "intervals", (long long)s->n);
    vo_member_integer(w, "added", (long long)a->difference.added);
    vo_member_integer(w, "changed", (long long)a->difference.changed);
    vo_member_integer(w, "unchanged", (long long)a->difference.same);
    vo_member_instant(w, "from", s->start[0].s);
    vo_member_instant(w, "to", s->start[s->n - 1].s);
    vo_member_number(w, "interval_minutes", s->dt_h[0] * 60);
    vo_json_out_key(w, "repairs");
    vo_clean_report_json(a->report, most, w);
    vo_json_out_end(w);
}

vo_status vo_prices_add_run(const vo_engine_options *o, vo_price_desk *desk,
                            const char *request, vo_json_out *w, vo_error *err) {
    adding a = {.root = NULL};
    vo_status s = read_request(&a, request, err);
    if (s == VO_OK) s = read_rows(&a, err);
    if (s == VO_OK) s = vo_going_on(o, "cleaning", 0.3, err);
    if (s == VO_OK) s = clean_rows(&a, err);
    if (s == VO_OK) s = vo_price_desk_borrow(desk, &a.lake, err);
    if (s == VO_OK) s = store(o, &a, err);
    if (s == VO_OK) write_answer(&a, w);
    vo_price_desk_return(desk, a.lake);
    vo_clean_report_free(a.report);
    vo_series_free(a.series);
    vo_readings_set_free(a.set);
    vo_json_free(a.root);
    return s;
}
