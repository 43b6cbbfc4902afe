/* source.c -- see source.h. A table of formats, asked in order; the generic one takes the rest.
 */
#include "data/source.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/bytes.h"
#include "data/mapping.h"
#include "data/source_caiso.h"
#include "data/source_cenace.h"
#include "data/source_csv.h"
#include "data/source_entsoe.h"
#include "data/source_epf.h"
#include "data/source_epw.h"
#include "data/source_greenbutton.h"
#include "data/source_json.h"
#include "data/source_openmeteo.h"
#include "data/source_parquet.h"
#include "port/file.h"

const char *const vo_date_order_name[] = {
#define X(name, text) text,
    VO_DATE_ORDER_MAP(X)
#undef X
};
_Static_assert(sizeof vo_date_order_name / sizeof vo_date_order_name[0] == VO_DATE_ORDERS,
               "one name for each order");

vo_source_options vo_source_options_default(void) { return (vo_source_options){0}; }

/* ---- for parsers ------------------------------------------------------------------------ */

bool vo_source_wants_process(const vo_source_options *o, const char *process) {
    return !o->only_process || !o->only_process[0] || vo_text_same(o->only_process, process);
}

bool vo_source_wants_node(const vo_source_options *o, const char *node) {
    return !o->only_node || !o->only_node[0] || vo_readings_same_node(o->only_node, node);
}

vo_status vo_source_refuse(const char *file, uint32_t line, const char *field,
                           vo_csv_field value, const char *why, vo_error *err) {
    return vo_fail(err, VO_EINVAL, "%s line %u, %s: \"%.*s\" %s", file, line, field,
                   (int)(value.len < 80 ? value.len : 80), value.text, why);
}

void vo_source_mark_zeros(const vo_source_options *o, vo_readings_set *set) {
    for (size_t i = 0; o->zero_is_missing && i < set->n; i++)
        set->item[i]->zero_is_missing = true;
}

/* Is `text` one of the parts of a note that "; " keeps apart? */
static bool is_said(const char *note, const char *text) {
    const size_t len = strlen(text);
    for (const char *at = note; (at = strstr(at, text)); at++) {
        const bool begins = at == note || (at - note >= 2 && memcmp(at - 2, "; ", 2) == 0);
        if (begins && (at[len] == '\0' || at[len] == ';')) return true;
    }
    return false;
}

void vo_source_say(vo_readings_set *set, const char *fmt, ...) {
    char text[sizeof set->note];
    va_list ap;
    va_start(ap, fmt);
    const int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n <= 0 || is_said(set->note, text)) return;
    vo_text note = {.at = set->note, .size = sizeof set->note, .len = strlen(set->note)};
    vo_text_append(&note, "%s%s", note.len ? "; " : "", text);
}

/* ---- formats ---------------------------------------------------------------------------- */

/* Delimited text, by the embedded mapping that knows its header if there is one. */
static vo_status parse_csv(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                           vo_error *err) {
    const char *head = NULL;
    size_t n = 0;
    vo_mapping *m = NULL;
    vo_status st = vo_bytes_head(in, &head, &n, err);
    if (st == VO_OK) st = vo_mapping_recognise_text(head, n, o, &m, err);
    if (st != VO_OK) return st;
    const vo_source_options mapped = m ? vo_mapping_options(m, o) : *o;
    st = vo_source_csv_parse(in, &mapped, set, err);
    if (st == VO_OK) vo_source_mark_zeros(&mapped, set);
    vo_mapping_free(m);
    return st;
}

/* Asked in this order; the first that knows the head reads the stream. `known` is the name of
 * a format whose columns are fixed: of the options about columns it takes those of `takes`. */
typedef struct {
    bool (*is)(const char *head, size_t len);
    vo_status (*parse)(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                       vo_error *err);
    const char *known, *takes;
    /* after the last file of a zip that had one of these; NULL: nothing to check */
    vo_status (*check)(const char *name, const vo_readings_set *set, vo_error *err);
} format;

static const format formats[] = {
    {vo_source_cenace_is, vo_source_cenace_parse, "CENACE's", "", NULL},
    {vo_source_caiso_is, vo_source_caiso_parse, "CAISO OASIS", "", vo_source_caiso_check},
    {vo_source_entsoe_is, vo_source_entsoe_parse, "ENTSO-E", "", NULL},
    {vo_source_epf_is, vo_source_epf_parse, NULL, NULL, NULL}, /* a CSV with a name */
    {vo_source_epw_is, vo_source_epw_parse, "EPW", "", NULL},
    {vo_source_greenbutton_is, vo_source_greenbutton_parse, "Green Button", "columns", NULL},
    {vo_source_openmeteo_is, vo_source_openmeteo_parse, "Open-Meteo", "", NULL},
    /* after replies that are known: */
    {vo_source_json_is, vo_source_json_parse, NULL, NULL, NULL},
    /* last: whatever is neither XML nor JSON */
    {vo_source_csv_is, parse_csv, NULL, NULL, NULL},
};
#define N_FORMATS (sizeof formats / sizeof formats[0])

/* What only a table of unknown columns needs; elsewhere it would do nothing, silently. */
static vo_status check_options(const char *name, const format *f, const vo_source_options *o,
                               vo_error *err) {
    const struct {
        const char *option;
        bool given;
    } about_columns[] = {
        {"columns", o->n_columns > 0},
        {"time_column", o->time_column && o->time_column[0]},
        {"price_column", o->price_column && o->price_column[0]},
        {"node_column", o->node_column && o->node_column[0]},
        {"period_column", o->period_column && o->period_column[0]},
        {"price_unit", o->price_factor > 0 && (o->price_factor < 1 || o->price_factor > 1)},
        {"rows_in_order", o->rows_in_order},
        {"rows_path", o->rows_path && o->rows_path[0]},
        {"days_of_24", o->days_of_24},
        {"stamps_at_end", o->stamps_at_end},
        {"date_order", o->date_order != VO_DATE_YEAR_FIRST},
    };
    if (!f->known) return VO_OK;
    for (size_t i = 0; i < sizeof about_columns / sizeof about_columns[0]; i++) {
        const char *option = about_columns[i].option;
        if (!about_columns[i].given || strcmp(option, f->takes) == 0) continue;
        return vo_fail(err, VO_EINVAL,
                       "%s is %s, whose columns and stamps are known: leave %s out%s%s%s", name,
                       f->known, option, o->mapping_name ? " (mapping " : "",
                       o->mapping_name ? o->mapping_name : "", o->mapping_name ? ")" : "");
    }
    return VO_OK;
}

static vo_status unknown(const char *name, const char *head, size_t n, vo_error *err) {
    head = vo_text_trim(head, &n);
    return vo_fail(err, VO_EUNSUPPORTED,
                   "%s is %s of a kind that is not known here; known are files and replies of "
                   "CENACE, CAISO OASIS, ENTSO-E, Green Button, Open-Meteo, EPW, and any CSV, "
                   "Parquet or mapped JSON (docs/models/data.md)",
                   name, n && head[0] == '<' ? "XML" : "JSON");
}

/* N_FORMATS: none. JSON with a path of rows is the caller's own, whatever else it is like. */
static size_t find_format(const char *head, size_t n, const vo_source_options *o) {
    const bool mapped = o->rows_path && o->rows_path[0] && vo_source_json_is(head, n);
    for (size_t i = 0; i < N_FORMATS; i++)
        if (mapped ? formats[i].parse == vo_source_json_parse : formats[i].is(head, n))
            return i;
    return N_FORMATS;
}

static vo_status parse_one(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                           bool seen[N_FORMATS], vo_error *err) {
    const char *head = NULL;
    size_t n = 0, i = 0;
    vo_status st = vo_bytes_head(in, &head, &n, err);
    if (st != VO_OK) return st;
    if (vo_source_parquet_is(head, n))
        return vo_fail(err, VO_EUNSUPPORTED,
                       "%s is Parquet, which is read from a file of its own: give its path",
                       vo_bytes_name(in));
    i = find_format(head, n, o);
    if (i == N_FORMATS) return unknown(vo_bytes_name(in), head, n, err);
    seen[i] = true;
    st = check_options(vo_bytes_name(in), &formats[i], o, err);
    return st == VO_OK ? formats[i].parse(in, o, set, err) : st;
}

/* Every file of a zip, one after the other. */
static vo_status parse_all(const char *name, vo_bytes *in, const vo_source_options *o,
                           vo_readings_set *set, vo_error *err) {
    bool more = true, seen[N_FORMATS] = {false};
    vo_status st = VO_OK;
    while (more) {
        st = parse_one(in, o, set, seen, err);
        if (st == VO_OK) st = vo_bytes_next(in, &more, err);
        if (st != VO_OK) return st;
    }
    for (size_t i = 0; i < N_FORMATS && st == VO_OK; i++)
        if (seen[i] && formats[i].check) st = formats[i].check(name, set, err);
    return st;
}

vo_status vo_source_stream(const char *path, const vo_source_options *o, vo_readings_set *set,
                           vo_error *err) {
    const vo_source_options standard = vo_source_options_default();
    const char *head = NULL;
    vo_bytes *in = NULL;
    size_t n = 0;
    if (!o) o = &standard;
    vo_status st = vo_bytes_open_watched(path, o->watch, o->watch_ctx, &in, err);
    if (st == VO_OK) st = vo_bytes_head(in, &head, &n, err);
    if (st == VO_OK && vo_source_parquet_is(head, n) && strcmp(path, "-") != 0)
        st = vo_source_parquet_read(path, o, set, err);
    else if (st == VO_OK)
        st = parse_all(path, in, o, set, err);
    if (st == VO_OK) vo_source_mark_zeros(o, set);
    vo_bytes_close(in);
    return st;
}

static vo_status hand_over(vo_status st, vo_readings_set *set, vo_readings_set **out) {
    if (st != VO_OK) {
        vo_readings_set_free(set);
        return st;
    }
    vo_readings_set_settle(set);
    *out = set;
    return VO_OK;
}

vo_status vo_source_parse(const char *name, const char *data, size_t len,
                          const vo_source_options *o, vo_readings_set **out, vo_error *err) {
    const vo_source_options standard = vo_source_options_default();
    vo_readings_set *set = NULL;
    vo_bytes *in = NULL;
    vo_status st = vo_readings_set_create(&set, err);
    if (!o) o = &standard;
    if (st == VO_OK) st = vo_bytes_open(name, data, len, &in, err);
    if (st == VO_OK) st = parse_all(name, in, o, set, err);
    if (st == VO_OK) vo_source_mark_zeros(o, set);
    vo_bytes_close(in);
    return hand_over(st, set, out);
}

vo_status vo_source_read(const char *path, const vo_source_options *o, vo_readings_set **out,
                         vo_error *err) {
    vo_readings_set *set = NULL;
    vo_status st = vo_readings_set_create(&set, err);
    if (st == VO_OK) st = vo_source_stream(path, o, set, err);
    return hand_over(st, set, out);
}
