/* price_requests.c -- see price_requests.h: prices out. */
#include "engine/price_requests.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/zone.h"
#include "data/export.h"
#include "engine/going_on.h"
#include "engine/inputs.h"
#include "engine/members.h"
#include "engine/price_formats.h"
#include "engine/price_resample.h"

#define X(name, kind, lo, hi, unit, help) {#name, VO_FIELD_##kind, lo, hi, unit, help},
static const vo_field fields[] = {VO_PRICES_FIELD_MAP(X)};
#undef X
#define X(name, kind, lo, hi, unit, help) PRICES_##name,
enum { VO_PRICES_FIELD_MAP(X) PRICES_FIELDS };
#undef X

const vo_field *vo_prices_fields(size_t *n) {
    *n = PRICES_FIELDS;
    return fields;
}

typedef struct {
    const vo_engine_options *o;
    vo_json *root;
    vo_field_value f[PRICES_FIELDS];
    vo_lake *lake;
    vo_lake_entry entry;
    vo_zone *zone;
    vo_step step;
    char resolution[16]; /* as it was asked */
    vo_statistic statistic;
    vo_price_format format;
    vo_time from, to; /* of the answer                 */
    int64_t seen_s;   /* of `after`; INT64_MIN: none   */
    vo_series *series;
    size_t n_columns, column[VO_SERIES_MAX_COLUMNS]; /* places in the series */
    size_t first, after;                             /* rows of the page     */
} ask;

/* ---- the request --------------------------------------------------------------------- */

static vo_status read_step(ask *a, vo_error *err) {
    const vo_json *v = a->f[PRICES_resolution].json;
    snprintf(a->resolution, sizeof a->resolution, "raw");
    if (!v) return VO_OK;
    if (vo_json_kind_of(v) == VO_JSON_NUMBER)
        snprintf(a->resolution, sizeof a->resolution, "%.9g", vo_json_number(v));
    else if (vo_json_kind_of(v) == VO_JSON_STRING)
        snprintf(a->resolution, sizeof a->resolution, "%.15s", vo_json_string(v));
    else
        return vo_fail(err, VO_EINVAL,
                       "resolution is %s: must be a number of minutes or a text",
                       vo_fields_kind(v));
    return vo_step_parse(a->resolution, &a->step, err);
}

static vo_status read_request(ask *a, const char *request, vo_error *err) {
    size_t format = 0, statistic = 0;
    const vo_field_value *f = a->f;
    vo_status s = vo_json_parse(request, strlen(request), &a->root, err);
    if (s == VO_OK) s = vo_fields_read(a->root, "", fields, PRICES_FIELDS, a->f, err);
    if (s == VO_OK && (!f[PRICES_market].text || !f[PRICES_node].text))
        s = vo_fail(err, VO_EINVAL,
                    "%s is missing: name market and node (the list of nodes has them)",
                    f[PRICES_market].text ? "node" : "market");
    if (s == VO_OK && f[PRICES_kind].text) s = vo_kind_check(f[PRICES_kind].text, err);
    if (s == VO_OK) s = read_step(a, err);
    if (s == VO_OK)
        s = vo_fields_choice(&f[PRICES_format], "format", vo_price_format_name,
                             VO_PRICE_FORMATS, &format, err);
    if (s == VO_OK)
        s = vo_fields_choice(&f[PRICES_statistic], "statistic", vo_statistic_name,
                             VO_STATISTICS, &statistic, err);
    if (s == VO_OK && statistic && a->step.kind == VO_STEP_RAW)
        s = vo_fail(err, VO_EINVAL,
                    "statistic = \"%s\" is of coarser steps: give resolution, such as \"1d\"",
                    f[PRICES_statistic].text);
    if (s == VO_OK && format != VO_PRICE_FORMAT_JSON &&
        (f[PRICES_limit].json || f[PRICES_after].json))
        s = vo_fail(err, VO_EINVAL,
                    "%s is for pages of json: leave it out, or narrow the span by from and to",
                    f[PRICES_limit].json ? "limit" : "after");
    a->format = (vo_price_format)format;
    a->statistic = (vo_statistic)statistic;
    return s;
}

/* Local days of the series, or instants. */
static vo_status read_span(ask *a, vo_error *err) {
    const char *from = a->f[PRICES_from].text, *to = a->f[PRICES_to].text;
    int64_t first_s = a->entry.first_s, after_s = a->entry.last_s + 1;
    vo_status s = vo_zone_open(a->entry.zone[0] ? a->entry.zone : "UTC", &a->zone, err);
    if (s == VO_OK && from) s = vo_inputs_instant(a->zone, from, "from", false, &first_s, err);
    if (s == VO_OK && to) s = vo_inputs_instant(a->zone, to, "to", true, &after_s, err);
    if (s == VO_OK && from && to && first_s >= after_s)
        s = vo_fail(err, VO_EINVAL, "from = \"%.40s\" is after to = \"%.40s\": swap them", from,
                    to);
    if (s == VO_OK &&
        (first_s >= after_s || first_s > a->entry.last_s || after_s <= a->entry.first_s)) {
        char first[32], last[32];
        s = vo_fail(
            err, VO_ENOTFOUND,
            "%s = \"%.40s\": there is nothing in that span; %s %s %s is there from %s to %s",
            from ? "from" : "to",
            from ? from
            : to ? to
                 : "",
            a->entry.market, a->entry.process, a->entry.node,
            vo_civil_format_utc(a->entry.first_s, first),
            vo_civil_format_utc(a->entry.last_s, last));
    }
    a->from.s = first_s;
    a->to.s = after_s;
    return s;
}

/* ---- which columns -------------------------------------------------------------------- */

static vo_status add_column(ask *a, const char *name, size_t len, vo_error *err) {
    name = vo_text_trim(name, &len);
    for (size_t c = 0; c < a->series->n_columns; c++) {
        if (!vo_text_same_span(name, len, a->series->column[c].name)) continue;
        for (size_t k = 0; k < a->n_columns; k++)
            if (a->column[k] == c)
                return vo_fail(err, VO_EINVAL, "columns: \"%s\" stands there twice",
                               a->series->column[c].name);
        a->column[a->n_columns++] = c;
        return VO_OK;
    }
    const char *names[VO_SERIES_MAX_COLUMNS];
    char list[240];
    vo_text t = vo_text_over(list, sizeof list);
    for (size_t c = 0; c < a->series->n_columns; c++) names[c] = a->series->column[c].name;
    vo_text_append_names(&t, names, a->series->n_columns);
    return vo_fail(err, VO_EINVAL, "columns: there is no \"%.*s\"; there are %s",
                   (int)(len < 60 ? len : 60), name, list);
}

static vo_status read_columns(ask *a, vo_error *err) {
    const vo_json *v = a->f[PRICES_columns].json;
    vo_status s = VO_OK;
    if (!v) {
        for (size_t c = 0; c < a->series->n_columns; c++) a->column[a->n_columns++] = c;
        return VO_OK;
    }
    if (vo_json_kind_of(v) == VO_JSON_ARRAY && vo_json_size(v)) {
        for (size_t i = 0; s == VO_OK && i < vo_json_size(v); i++) {
            const vo_json *name = vo_json_at(v, i);
            if (vo_json_kind_of(name) != VO_JSON_STRING)
                return vo_fail(err, VO_EINVAL, "columns[%zu] is %s: must be a name", i,
                               vo_fields_kind(name));
            s = add_column(a, vo_json_string(name), strlen(vo_json_string(name)), err);
        }
        return s;
    }
    if (vo_json_kind_of(v) != VO_JSON_STRING)
        return vo_fail(err, VO_EINVAL, "columns is %s: must be names, [\"price\", ...]",
                       vo_json_kind_of(v) == VO_JSON_ARRAY ? "empty" : vo_fields_kind(v));
    for (const char *p = vo_json_string(v); s == VO_OK; p++) {
        const size_t len = strcspn(p, ",");
        s = add_column(a, p, len, err);
        p += len;
        if (!*p) break;
    }
    return s;
}

/* ---- which rows ----------------------------------------------------------------------- */

static size_t limit_of(const ask *a) {
    return a->f[PRICES_limit].json ? (size_t)a->f[PRICES_limit].number : 0; /* 0: all */
}

static size_t first_row(const ask *a) {
    return a->seen_s == INT64_MIN ? 0
                                  : vo_series_lower_bound(a->series, (vo_time){a->seen_s + 1});
}

static vo_status find_page(ask *a, vo_error *err) {
    const vo_series *s = a->series;
    const size_t limit = limit_of(a) ? limit_of(a) : s->n;
    a->first = first_row(a);
    a->after = s->n - a->first < limit ? s->n : a->first + limit;
    if ((a->after - a->first) * a->n_columns <= VO_PRICES_MOST_VALUES) return VO_OK;
    return vo_fail(
        err, VO_EINVAL,
        "from, to: %zu rows of %zu columns are more than %u values; narrow the span, "
        "name fewer columns, ask for a coarser resolution, or for pages by limit",
        a->after - a->first, a->n_columns, VO_PRICES_MOST_VALUES);
}

/* The rows with from_s <= start < to_s, made coarser if that was asked, in place of those before. */
static vo_status read_rows(ask *a, int64_t from_s, int64_t to_s, vo_error *err) {
    const vo_lake_key key = {a->entry.market, a->entry.process, a->entry.node, a->entry.kind};
    vo_series_free(a->series);
    a->series = NULL;
    vo_status s = vo_going_on(a->o, "reading", 0.2, err);
    if (s == VO_OK)
        s = vo_lake_read_holes(a->lake, &key, (vo_time){from_s}, (vo_time){to_s}, &a->series,
                               err);
    if (s == VO_OK) s = vo_going_on(a->o, "resampling", 0.5, err);
    if (s != VO_OK || a->step.kind == VO_STEP_RAW) return s;
    vo_series *coarse = NULL;
    s = vo_price_resample(a->series, a->zone, &a->step, a->statistic, &coarse, err);
    if (s != VO_OK) return s;
    vo_series_free(a->series);
    a->series = coarse;
    return VO_OK;
}

static double longest_step_s(const ask *a) {
    switch (a->step.kind) {
    case VO_STEP_RAW:
        return a->entry.interval_h > 0 ? 3600 * a->entry.interval_h : 3600;
    case VO_STEP_MINUTES:
        return 60.0 * a->step.minutes;
    case VO_STEP_DAY:
        return 25 * 3600.0;
    case VO_STEP_WEEK:
        return 169 * 3600.0;
    case VO_STEP_MONTH:
        break;
    }
    return 745 * 3600.0;
}

/* Is it as if the whole span had been read? All columns of the series are there (a year may lack
 * some), and, unless it is the span's end, a row after the page, which need not be complete. */
static bool is_page(const ask *a, bool tail) {
    return a->series->n_columns == a->entry.n_columns &&
           (tail || a->series->n - first_row(a) > limit_of(a));
}

/* Of a page only its part of the span: from the row that was seen last (a coarse step as a whole)
 * for as long as limit + 1 rows take, or longer where rows are missing. If that does not do, all. */
static vo_status load_rows(ask *a, vo_error *err) {
    const char *after = a->f[PRICES_after].text;
    int64_t from_s = a->from.s;
    vo_status s =
        after ? vo_inputs_instant(a->zone, after, "after", false, &a->seen_s, err) : VO_OK;
    if (s != VO_OK) return s;
    if (after) {
        const int64_t begin_s = a->step.kind == VO_STEP_RAW
                                    ? a->seen_s
                                    : vo_step_begin(&a->step, a->zone, a->seen_s);
        from_s = begin_s > from_s ? begin_s : from_s;
    }
    bool tail = limit_of(a) == 0;
    for (double rows = (double)limit_of(a) + 2;; rows *= 8) {
        const double until_s = (double)from_s + rows * longest_step_s(a);
        tail = tail || until_s >= (double)a->to.s;
        if (from_s >= a->to.s || (tail && from_s == a->from.s)) break;
        vo_error why = {0};
        s = read_rows(a, from_s, tail ? a->to.s : (int64_t)until_s, &why);
        if (s == VO_ECANCELED) return vo_fail(err, s, "%s", why.msg);
        if (s == VO_OK && is_page(a, tail)) return VO_OK;
        if (tail) break;
    }
    return read_rows(a, a->from.s, a->to.s, err);
}

static vo_status load(ask *a, vo_error *err) {
    vo_status s = load_rows(a, err);
    if (s == VO_OK) s = read_columns(a, err);
    return s == VO_OK ? find_page(a, err) : s;
}

/* ---- the answer as JSON ----------------------------------------------------------------- */

static void write_stamps(const ask *a, vo_json_out *w) {
    char stamp[40];
    vo_json_out_key(w, "timestamps");
    vo_json_out_array(w);
    for (size_t t = a->first; t < a->after; t++) {
        vo_export_stamp(a->zone, a->series->start[t].s, stamp);
        vo_json_out_string(w, stamp);
    }
    vo_json_out_end(w);
}

static void write_values(const ask *a, vo_json_out *w) {
    vo_json_out_key(w, "values");
    vo_json_out_object(w);
    for (size_t c = 0; c < a->n_columns; c++) {
        const vo_column *column = &a->series->column[a->column[c]];
        vo_json_out_key(w, column->name);
        vo_json_out_array(w);
        for (size_t t = a->first; t < a->after; t++) vo_json_out_number(w, column->value[t]);
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
}

static void write_answer(const ask *a, vo_json_out *w) {
    const vo_lake_entry *e = &a->entry;
    char next[40] = ""; /* of UTC: an offset's + would become a space in a URL */
    if (a->after < a->series->n) vo_civil_format_utc(a->series->start[a->after - 1].s, next);
    vo_json_out_object(w);
    vo_member_text(w, "kind", e->kind);
    vo_member_text(w, "market", e->market);
    vo_member_text(w, "process", e->process);
    vo_member_text(w, "node", e->node);
    vo_member_text(w, "tz", vo_zone_name(a->zone));
    vo_member_text(w, "currency", e->currency);
    vo_member_text(w, "unit", e->unit);
    vo_member_text(w, "resolution", a->resolution);
    vo_member_text(w, "statistic",
                   a->step.kind == VO_STEP_RAW ? NULL : vo_statistic_name[a->statistic]);
    vo_member_number(w, "interval_minutes",
                     a->series->dt_h[a->first < a->series->n ? a->first : 0] * 60);
    vo_member_integer(w, "rows", (long long)(a->after - a->first));
    vo_member_text(w, "next", *next ? next : NULL);
    write_stamps(a, w);
    write_values(a, w);
    vo_json_out_end(w);
}

static vo_status to_json(const ask *a, vo_document *out, vo_error *err) {
    vo_json_out *w = NULL;
    vo_document made = {.content_type = vo_price_format_type[VO_PRICE_FORMAT_JSON]};
    vo_status s = vo_json_out_create(&w, err);
    if (s == VO_OK) {
        write_answer(a, w);
        s = vo_json_out_take(w, &made.bytes, &made.len, err);
    }
    vo_json_out_free(w);
    if (s == VO_OK) *out = made;
    return s;
}

vo_status vo_prices_run(const vo_engine_options *o, vo_price_desk *desk, const char *request,
                        vo_document *out, vo_error *err) {
    ask a = {.o = o, .seen_s = INT64_MIN};
    vo_status s = read_request(&a, request, err);
    if (s == VO_OK) s = vo_price_desk_borrow(desk, &a.lake, err);
    if (s == VO_OK) {
        const vo_lake_key key = {a.f[PRICES_market].text, a.f[PRICES_process].text,
                                 a.f[PRICES_node].text, a.f[PRICES_kind].text};
        s = vo_lake_look(a.lake, &key, &a.entry, err);
    }
    if (s == VO_OK && a.entry.rows == 0)
        s = vo_fail(
            err, VO_EIO,
            "the stored files of %s %s %s are damaged: `volteo data doctor` says what is wrong",
            a.entry.market, a.entry.process, a.entry.node);
    if (s == VO_OK) s = read_span(&a, err);
    if (s == VO_OK) s = load(&a, err);
    if (s == VO_OK) s = vo_going_on(o, "writing", 0.7, err);
    if (s == VO_OK)
        s = a.format == VO_PRICE_FORMAT_JSON
                ? to_json(&a, out, err)
                : vo_price_document(a.series, a.zone, a.first, a.after, a.column, a.n_columns,
                                    a.format, out, err);
    vo_series_free(a.series);
    vo_zone_close(a.zone);
    vo_price_desk_return(desk, a.lake);
    vo_json_free(a.root);
    return s;
}
