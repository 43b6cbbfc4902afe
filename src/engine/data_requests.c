/* data_requests.c -- see data_requests.h. */
#include "engine/data_requests.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/import.h"
#include "data/mapping.h"
#include "data/source_postgres.h"
#include "data/tariff_source.h"
#include "engine/inputs.h"
#include "engine/members.h"
#include "port/file.h"
#include "port/http.h"

#define TABLE_BUDGET ((size_t)64 << 20) /* bytes of rows kept in memory */

#define X(name, kind, lo, hi, unit, help) {#name, VO_FIELD_##kind, lo, hi, unit, help},
static const vo_field import_fields[] = {VO_IMPORT_FIELD_MAP(X)};
#undef X
#define X(name, kind, lo, hi, unit, help) IMPORT_##name,
enum { VO_IMPORT_FIELD_MAP(X) IMPORT_FIELDS };
#undef X

const vo_field *vo_data_import_fields(size_t *n) {
    *n = IMPORT_FIELDS;
    return import_fields;
}

/* ---- import ----------------------------------------------------------------------- */

typedef struct {
    const vo_engine_options *o;
    vo_json *root;
    vo_field_value f[IMPORT_FIELDS];
    vo_mapping *mapping;
    vo_source_column column[VO_SERIES_MAX_COLUMNS];
    char *columns; /* the text that `column` points into */
    vo_source_options source;
    vo_clean_options clean;
    size_t max_touched;
    bool stop; /* asked to, while series are stored */
    vo_json_out *w;
} importing;

static void fini(importing *m) {
    vo_mapping_free(m->mapping);
    free(m->columns);
    vo_json_free(m->root);
}

static vo_status refuse_columns(const char *text, vo_error *err) {
    return vo_fail(
        err, VO_EINVAL,
        "columns = \"%.80s\": must be NAME=COLUMN or NAME=COLUMN*FACTOR, with commas "
        "between; a column whose name has one of these signs goes into a mapping file",
        text);
}

/* "load_kw=GC*0.5,pv_kw=GG" */
static vo_status read_columns(importing *m, const char *text, vo_error *err) {
    char *rest = m->columns = strdup(text);
    if (!rest) return vo_fail(err, VO_ENOMEM, "no memory for columns");
    size_t n = 0;
    for (char *next; rest; rest = next) {
        if ((next = strchr(rest, ','))) *next++ = '\0';
        char *equals = strchr(rest, '='), *star = strrchr(rest, '*');
        double factor = 1;
        if (n == VO_SERIES_MAX_COLUMNS)
            return vo_fail(err, VO_EINVAL, "columns names more than %d", VO_SERIES_MAX_COLUMNS);
        if (!equals || equals == rest || !equals[1] || (star && star < equals))
            return refuse_columns(text, err);
        if (star && (!vo_text_number(star + 1, strlen(star + 1), &factor) ||
                     !isfinite(factor) || fabs(factor) < 1e-300))
            return refuse_columns(text, err);
        *equals = '\0';
        if (star) *star = '\0';
        m->column[n++] =
            (vo_source_column){.name = rest, .column = equals + 1, .factor = factor};
    }
    m->source.column = m->column;
    m->source.n_columns = n;
    return VO_OK;
}

static vo_status read_start(importing *m, vo_error *err) {
    const char *start = m->f[IMPORT_start].text;
    vo_zone *zone = NULL;
    if (!start) return VO_OK;
    vo_status s = vo_zone_open(m->source.zone ? m->source.zone : "UTC", &zone, err);
    if (s == VO_OK)
        s = vo_inputs_instant(zone, start, "start", false, &m->source.start_utc_s, err);
    vo_zone_close(zone);
    return s;
}

/* The mapping first: its zone is that of a start given beside it. */
static vo_status read_source(importing *m, size_t order, size_t price_unit, vo_error *err) {
    const vo_field_value *f = m->f;
    vo_source_options *so = &m->source;
    *so = vo_source_options_default();
    so->time_column = f[IMPORT_time_column].text;
    so->price_column = f[IMPORT_price_column].text;
    so->node_column = f[IMPORT_node_column].text;
    so->period_column = f[IMPORT_period_column].text;
    so->period_minutes = f[IMPORT_period_minutes].number;
    so->rows_path = f[IMPORT_rows_path].text;
    so->zone = f[IMPORT_tz].text;
    so->currency = f[IMPORT_currency].text;
    so->interval_minutes = f[IMPORT_interval_minutes].number;
    so->stamps_at_end = f[IMPORT_stamps_at_end].number > 0;
    so->date_order = (vo_date_order)order;
    so->market = f[IMPORT_market].text;
    so->process = f[IMPORT_process].text;
    so->node = f[IMPORT_node].text;
    so->only_node = f[IMPORT_only_node].text;
    so->only_process = f[IMPORT_only_process].text;
    so->kind = f[IMPORT_kind].text;
    so->unit = f[IMPORT_unit].text;
    if (f[IMPORT_price_unit].text) so->price_factor = price_unit == 1 ? 1000 : 1;
    so->replace = f[IMPORT_replace].number > 0;
    if (so->market && vo_data_is_synthetic(so->market))
        return vo_fail(err, VO_EINVAL,
                       "market = \"%.60s\": names that begin with SYNTH are kept for what data "
                       "synth makes up; choose another",
                       so->market);
    vo_status s = so->kind ? vo_kind_check(so->kind, err) : VO_OK;
    if (s == VO_OK && f[IMPORT_columns].text) s = read_columns(m, f[IMPORT_columns].text, err);
    if (s == VO_OK && f[IMPORT_mapping].text)
        s = vo_mapping_load(NULL, f[IMPORT_mapping].text, &m->mapping, err);
    if (s == VO_OK && m->mapping) *so = vo_mapping_options(m->mapping, so);
    return s == VO_OK ? read_start(m, err) : s;
}

static vo_status read_import(importing *m, const char *request, vo_error *err) {
    static const char *const units[] = {"mwh", "kwh"};
    const vo_field_value *f = m->f;
    size_t order = 0, zero = 0, repair = 0, unit = 0;
    vo_status s = vo_json_parse(request, strlen(request), &m->root, err);
    if (s == VO_OK) s = vo_fields_read(m->root, "", import_fields, IMPORT_FIELDS, m->f, err);
    if (s == VO_OK)
        s = vo_fields_choice(&f[IMPORT_date_order], "date_order", vo_date_order_name,
                             VO_DATE_ORDERS, &order, err);
    if (s == VO_OK)
        s = vo_fields_choice(&f[IMPORT_zero], "zero", vo_zero_policy_name, VO_ZERO_POLICIES,
                             &zero, err);
    if (s == VO_OK)
        s = vo_fields_choice(&f[IMPORT_repair], "repair", vo_repair_name, VO_REPAIRS, &repair,
                             err);
    if (s == VO_OK)
        s = vo_fields_choice(&f[IMPORT_price_unit], "price_unit", units, 2, &unit, err);
    if (s == VO_OK && !f[IMPORT_file].text)
        s = vo_fail(err, VO_EINVAL, "file is missing: what shall be imported?");
    if (s == VO_OK) s = read_source(m, order, unit, err);
    if (s != VO_OK) return s;
    m->clean = vo_clean_options_default();
    m->clean.strict = repair == VO_REPAIR_NONE;
    m->clean.uneven = repair == VO_REPAIR_UNEVEN;
    m->clean.zero = (vo_zero_policy)zero;
    m->clean.interval_minutes = m->source.interval_minutes;
    if (f[IMPORT_max_fill_h].json) m->clean.max_fill_h = f[IMPORT_max_fill_h].number;
    if (f[IMPORT_spike_iqr].json) m->clean.spike_iqr = f[IMPORT_spike_iqr].number;
    m->max_touched = f[IMPORT_max_touched].json ? (size_t)f[IMPORT_max_touched].number : 100;
    return VO_OK;
}

/* Each node is written into the answer as it is done. */
static vo_status note_node(void *ctx, size_t done, size_t nodes, const vo_lake_key *key,
                           const vo_clean_report *report, vo_error *err) {
    importing *m = ctx;
    if (!key) { /* still reading the file */
        const double share = nodes ? (double)done / (double)nodes : 0;
        if (m->o->progress && m->o->progress(m->o->progress_ctx, "reading", share) != 0)
            return vo_fail(err, VO_ECANCELED, "stopped while reading; nothing was stored");
        return VO_OK;
    }
    vo_data_write_stored(m->w, key, report, m->max_touched);
    const double share = (double)done / (double)nodes;
    if (m->o->progress && m->o->progress(m->o->progress_ctx, "importing", share) != 0)
        m->stop = true;
    if (m->stop && done < nodes)
        return vo_fail(
            err, VO_ECANCELED,
            "stopped after %zu of %zu series, which are stored; run it again for the "
            "rest",
            done, nodes);
    return VO_OK;
}

bool vo_data_is_synthetic(const char *market) {
    return strlen(market) >= 5 && vo_text_same_span(market, 5, "SYNTH");
}

void vo_data_write_stored(vo_json_out *w, const vo_lake_key *key, const vo_clean_report *report,
                          size_t max_touched) {
    vo_json_out_object(w);
    vo_member_text(w, "kind", key->kind ? key->kind : VO_KIND_PRICES);
    vo_member_text(w, "market", key->market);
    vo_member_text(w, "process", key->process);
    vo_member_text(w, "node", key->node);
    vo_member_bool(w, "stored", report != NULL);
    vo_json_out_key(w, "report");
    if (report)
        vo_clean_report_json(report, max_touched, w);
    else
        vo_json_out_null(w);
    vo_json_out_end(w);
}

void vo_data_write_summary(vo_json_out *w, const vo_import_summary *sum) {
    const char *why = sum->first_refusal.msg;
    vo_member_integer(w, "rows", (long long)sum->rows);
    vo_member_integer(w, "intervals", (long long)sum->intervals);
    vo_member_integer(w, "stored", (long long)sum->nodes);
    vo_member_integer(w, "refused", (long long)sum->refused);
    vo_member_text(w, "first_refusal", *why ? why : NULL);
}

/* Rows of a database wait on disk as those of a file do. */
static vo_status import_table(importing *m, vo_lake *lake, vo_import_summary *sum,
                              vo_error *err) {
    const char *url = m->f[IMPORT_file].text, *table = m->f[IMPORT_table].text;
    char folder[2200], source[160];
    vo_readings_set *set = NULL;
    const vo_lake_how how = {.replace = m->source.replace,
                             .zone_named = m->source.zone && !m->source.days_of_24};
    if (!table)
        return vo_fail(err, VO_EINVAL, "table is missing: name the table of the database");
    snprintf(folder, sizeof folder, "%.2100s/.spill", vo_lake_root(lake));
    snprintf(source, sizeof source, "table %.120s", table);
    vo_status s = vo_readings_set_create_spilling(folder, TABLE_BUDGET, &set, err);
    if (s == VO_OK) s = vo_source_postgres_read(url, table, &m->source, set, err);
    if (s == VO_OK)
        s = vo_import_set(lake, set, table, source, &m->clean, &how, note_node, m, sum, err);
    vo_readings_set_free(set);
    return s;
}

/* An address that is none of ours may hold a password: it is not repeated as it is. */
static vo_status check_address(const char *file, vo_error *err) {
    char shown[300];
    if (vo_source_postgres_is(file) || vo_file_exists(file)) return VO_OK;
    if (!strstr(file, "://") && !strstr(file, "password=")) return VO_OK;
    const size_t scheme = strcspn(file, ":= ");
    snprintf(shown, sizeof shown, "%.*s", (int)(scheme < 20 ? scheme : 20), file);
    return vo_fail(err, VO_EINVAL,
                   "file = \"%s...\" is an address that is not understood: a database is "
                   "postgres://USER@HOST/DATABASE, web services are asked by data fetch",
                   shown);
}

static vo_status import_rows(importing *m, vo_error *err) {
    const char *file = m->f[IMPORT_file].text;
    const bool database = vo_source_postgres_is(file);
    vo_json_out *w = m->w;
    vo_lake *lake = NULL;
    vo_import_summary sum = {0};
    char shown[4096]; /* without a password */
    if (!database && m->f[IMPORT_table].text)
        return vo_fail(err, VO_EINVAL,
                       "table = \"%.60s\" is of a database: file must begin with postgres://",
                       m->f[IMPORT_table].text);
    vo_status s = check_address(file, err);
    if (s == VO_OK) s = vo_lake_open(m->o->lake, &lake, err);
    if (s == VO_OK) {
        vo_http_redact(file, NULL, 0, shown, sizeof shown);
        vo_json_out_object(w);
        vo_member_text(w, "file", database ? shown : file);
        vo_member_text(w, "lake", m->o->lake);
        vo_json_out_key(w, "series");
        vo_json_out_array(w);
        s = database ? import_table(m, lake, &sum, err)
                     : vo_import(lake, file, &m->source, &m->clean, note_node, m, &sum, err);
        vo_json_out_end(w);
        vo_data_write_summary(w, &sum);
        vo_member_text(w, "note", *sum.note ? sum.note : NULL);
        vo_json_out_end(w);
    }
    vo_lake_close(lake);
    return s;
}

/* Is the file a tariff? Standard input, pipes (which can be read once) and databases are not
 * asked. */
static vo_status find_tariff(const char *file, bool *is, vo_error *err) {
    const char *head = NULL;
    vo_bytes *in = NULL;
    size_t n = 0;
    *is = false;
    if (!vo_file_is_regular(file) || vo_source_postgres_is(file)) return VO_OK;
    vo_status s = vo_bytes_open_file(file, &in, err);
    if (s == VO_OK) s = vo_bytes_head(in, &head, &n, err);
    if (s == VO_OK) *is = vo_tariff_is(head, n);
    vo_bytes_close(in);
    return s;
}

static vo_status import_tariff(importing *m, vo_error *err) {
    const vo_field_value *f = m->f;
    const char *folder = f[IMPORT_tariffs].text ? f[IMPORT_tariffs].text : "config/tariffs";
    vo_tariff_imported done;
    const vo_status s =
        vo_tariff_import(f[IMPORT_file].text, folder, f[IMPORT_tz].text, &done, err);
    if (s != VO_OK) return s;
    vo_json_out_object(m->w);
    vo_member_text(m->w, "file", f[IMPORT_file].text);
    vo_json_out_key(m->w, "tariff");
    vo_json_out_object(m->w);
    vo_member_text(m->w, "path", done.path);
    vo_member_text(m->w, "kind", done.kind);
    vo_member_text(m->w, "name", done.name);
    vo_member_integer(m->w, "files", (long long)done.files);
    vo_member_integer(m->w, "written", (long long)done.written);
    vo_json_out_end(m->w);
    vo_member_text(m->w, "note", *done.note ? done.note : NULL);
    vo_json_out_end(m->w);
    return VO_OK;
}

vo_status vo_data_import_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                             vo_error *err) {
    importing m = {.o = o, .w = w};
    bool tariff = false;
    if (!o->allow_files) return vo_fail(err, VO_EINVAL, "file: local files are not read here");
    vo_status s = read_import(&m, request, err);
    if (s == VO_OK) s = find_tariff(m.f[IMPORT_file].text, &tariff, err);
    if (s == VO_OK) s = tariff ? import_tariff(&m, err) : import_rows(&m, err);
    fini(&m);
    return s;
}
