/* data_requests.c -- see data_requests.h. */
#include "engine/data_requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/import.h"
#include "engine/members.h"

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
    vo_source_options source;
    vo_clean_options clean;
    size_t max_touched;
    vo_json_out *w;
} import;

static vo_status read_import(import *m, const char *request, vo_error *err) {
    static const char *const orders[] = {"year", "day", "month"};
    static const char *const zeros[] = {"source", "keep", "missing"};
    static const char *const repairs[] = {"clean", "none", "uneven"};
    const vo_field_value *f = m->f;
    size_t order = 0, zero = 0, repair = 0;
    vo_status s = vo_json_parse(request, strlen(request), &m->root, err);
    if (s == VO_OK) s = vo_fields_read(m->root, "", import_fields, IMPORT_FIELDS, m->f, err);
    if (s == VO_OK)
        s = vo_fields_choice(&f[IMPORT_date_order], "date_order", orders, 3, &order, err);
    if (s == VO_OK) s = vo_fields_choice(&f[IMPORT_zero], "zero", zeros, 3, &zero, err);
    if (s == VO_OK) s = vo_fields_choice(&f[IMPORT_repair], "repair", repairs, 3, &repair, err);
    if (s != VO_OK) return s;
    if (!f[IMPORT_file].text)
        return vo_fail(err, VO_EINVAL, "file is missing: what shall be imported?");
    vo_source_options *so = &m->source;
    *so = vo_source_options_default();
    so->time_column = f[IMPORT_time_column].text;
    so->price_column = f[IMPORT_price_column].text;
    so->node_column = f[IMPORT_node_column].text;
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
    m->clean = vo_clean_options_default();
    m->clean.strict = repair == 1;
    m->clean.uneven = repair == 2;
    m->clean.zero = (vo_zero_policy)zero;
    m->clean.interval_minutes = so->interval_minutes;
    if (f[IMPORT_max_fill_h].json) m->clean.max_fill_h = f[IMPORT_max_fill_h].number;
    m->max_touched = f[IMPORT_max_touched].json ? (size_t)f[IMPORT_max_touched].number : 100;
    return VO_OK;
}

/* Each node is written into the answer as it is done. */
static vo_status note_node(void *ctx, size_t done, size_t nodes, const vo_lake_key *key,
                           const vo_clean_report *report, vo_error *err) {
    const import *m = ctx;
    vo_json_out_object(m->w);
    vo_member_text(m->w, "kind", key->kind);
    vo_member_text(m->w, "market", key->market);
    vo_member_text(m->w, "process", key->process);
    vo_member_text(m->w, "node", key->node);
    vo_json_out_key(m->w, "stored");
    vo_json_out_bool(m->w, report != NULL);
    vo_json_out_key(m->w, "report");
    if (report)
        vo_clean_report_json(report, m->max_touched, m->w);
    else
        vo_json_out_null(m->w);
    vo_json_out_end(m->w);
    if (m->o->progress &&
        m->o->progress(m->o->progress_ctx, "importing", (double)done / (double)nodes) != 0)
        return vo_fail(err, VO_ECANCELED,
                       "stopped after %zu of %zu series; run it again to "
                       "finish",
                       done, nodes);
    return VO_OK;
}

vo_status vo_data_import_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                             vo_error *err) {
    if (!o->allow_files) return vo_fail(err, VO_EINVAL, "file: local files are not read here");
import m = {.o = o, .w = w };
    vo_lake *lake = NULL;
    vo_import_summary sum = {0};
    vo_status s = read_import(&m, request, err);
    if (s == VO_OK) s = vo_lake_open(o->lake, &lake, err);
    if (s == VO_OK) {
        vo_json_out_object(w);
        vo_member_text(w, "file", m.f[IMPORT_file].text);
        vo_member_text(w, "lake", o->lake);
        vo_json_out_key(w, "series");
        vo_json_out_array(w);
        s = vo_import(lake, m.f[IMPORT_file].text, &m.source, &m.clean, note_node, &m, &sum,
                      err);
        vo_json_out_end(w);
        vo_member_integer(w, "rows", (long long)sum.rows);
        vo_member_integer(w, "intervals", (long long)sum.intervals);
        vo_member_integer(w, "stored", (long long)sum.nodes);
        vo_member_integer(w, "refused", (long long)sum.refused);
        vo_member_text(w, "first_refusal",
                       *sum.first_refusal.msg ? sum.first_refusal.msg : NULL);
        vo_member_text(w, "note", *sum.note ? sum.note : NULL);
        vo_json_out_end(w);
    }
    vo_lake_close(lake);
    vo_json_free(m.root);
    return s;
}
