/* data_requests.c -- see data_requests.h. */
#include "engine/data_requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/text.h"
#include "data/import.h"
#include "data/synth.h"

#define X(name, kind, lo, hi, unit, help) {#name, VO_FIELD_##kind, lo, hi, unit, help},
static const vo_field import_fields[] = {VO_IMPORT_FIELD_MAP(X)};
static const vo_field synth_fields[] = {VO_SYNTH_FIELD_MAP(X)};
#undef X
#define X(name, kind, lo, hi, unit, help) IMPORT_##name,
enum { VO_IMPORT_FIELD_MAP(X) IMPORT_FIELDS };
#undef X
#define X(name, kind, lo, hi, unit, help) SYNTH_##name,
enum { VO_SYNTH_FIELD_MAP(X) SYNTH_FIELDS };
#undef X

const vo_field *vo_data_import_fields(size_t *n) {
    *n = IMPORT_FIELDS;
    return import_fields;
}

const vo_field *vo_data_synth_fields(size_t *n) {
    *n = SYNTH_FIELDS;
    return synth_fields;
}

static void text(vo_json_out *w, const char *key, const char *v) {
    vo_json_out_key(w, key);
    vo_json_out_string(w, v);
}

static void integer(vo_json_out *w, const char *key, long long v) {
    vo_json_out_key(w, key);
    vo_json_out_integer(w, v);
}

static void instant(vo_json_out *w, const char *key, int64_t utc_s) {
    const vo_civil c = vo_civil_from_seconds(utc_s);
    char out[40];
    vo_civil_format(&c, out);
    snprintf(out + 19, sizeof out - 19, "Z");
    text(w, key, out);
}

static vo_status choice(const vo_field_value *v, const char *path, const char *const *names,
                        size_t n, size_t *out, vo_error *err) {
    *out = 0;
    if (!v->text) return VO_OK;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(v->text, names[i]) != 0) continue;
        *out = i;
        return VO_OK;
    }
    char list[120];
    vo_text t = vo_text_over(list, sizeof list);
    vo_text_append_names(&t, names, n);
    return vo_fail(err, VO_EINVAL, "%s = \"%.60s\": must be one of %s", path, v->text, list);
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
    if (s == VO_OK) s = choice(&f[IMPORT_date_order], "date_order", orders, 3, &order, err);
    if (s == VO_OK) s = choice(&f[IMPORT_zero], "zero", zeros, 3, &zero, err);
    if (s == VO_OK) s = choice(&f[IMPORT_repair], "repair", repairs, 3, &repair, err);
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
    text(m->w, "market", key->market);
    text(m->w, "process", key->process);
    text(m->w, "node", key->node);
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
        text(w, "file", m.f[IMPORT_file].text);
        text(w, "lake", o->lake);
        vo_json_out_key(w, "series");
        vo_json_out_array(w);
        s = vo_import(lake, m.f[IMPORT_file].text, &m.source, &m.clean, note_node, &m, &sum,
                      err);
        vo_json_out_end(w);
        integer(w, "rows", (long long)sum.rows);
        integer(w, "intervals", (long long)sum.intervals);
        integer(w, "stored", (long long)sum.nodes);
        integer(w, "refused", (long long)sum.refused);
        text(w, "first_refusal", *sum.first_refusal.msg ? sum.first_refusal.msg : NULL);
        text(w, "note", *sum.note ? sum.note : NULL);
        vo_json_out_end(w);
    }
    vo_lake_close(lake);
    vo_json_free(m.root);
    return s;
}

/* ---- list --------------------------------------------------------------------------- */

vo_status vo_data_list_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                           vo_error *err) {
    vo_json *root = NULL;
    vo_lake *lake = NULL;
    vo_lake_entry *entry = NULL;
    size_t n = 0;
    vo_status s = vo_json_parse(request, strlen(request), &root, err);
    if (s == VO_OK && (vo_json_kind_of(root) != VO_JSON_OBJECT || vo_json_size(root) != 0))
        s = vo_fail(err, VO_EINVAL, "the request must be {}: there is nothing to choose");
    if (s == VO_OK) s = vo_lake_open(o->lake, &lake, err);
    if (s == VO_OK) s = vo_lake_list(lake, &entry, &n, err);
    if (s == VO_OK) {
        vo_json_out_object(w);
        text(w, "lake", o->lake);
        vo_json_out_key(w, "series");
        vo_json_out_array(w);
        for (size_t i = 0; i < n; i++) {
            vo_json_out_object(w);
            text(w, "market", entry[i].market);
            text(w, "process", entry[i].process);
            text(w, "node", entry[i].node);
            text(w, "tz", entry[i].zone);
            text(w, "currency", entry[i].currency);
            integer(w, "rows", entry[i].rows);
            instant(w, "first", entry[i].first_s);
            instant(w, "last", entry[i].last_s);
            vo_json_out_end(w);
        }
        vo_json_out_end(w);
        vo_json_out_end(w);
    }
    free(entry);
    vo_lake_close(lake);
    vo_json_free(root);
    return s;
}

/* ---- synth --------------------------------------------------------------------------- */

static vo_status read_synth(const vo_field_value *f, vo_synth_options *y, vo_error *err) {
    *y = vo_synth_options_default();
    if (f[SYNTH_seed].json) y->seed = (uint64_t)f[SYNTH_seed].number;
    if (f[SYNTH_year].json) y->year = (int32_t)f[SYNTH_year].number;
    if (f[SYNTH_days].json) y->days = (int32_t)f[SYNTH_days].number;
    if (f[SYNTH_interval_minutes].json) y->interval_minutes = f[SYNTH_interval_minutes].number;
    if (f[SYNTH_tz].text) y->zone = f[SYNTH_tz].text;
    if (f[SYNTH_currency].text) y->currency = f[SYNTH_currency].text;
    if (f[SYNTH_level].json) y->level = f[SYNTH_level].number;
    if (f[SYNTH_noise].json) y->noise = f[SYNTH_noise].number;
    if (f[SYNTH_spike_per_day].json) y->spike_per_day = f[SYNTH_spike_per_day].number;
    if (f[SYNTH_negative_midday].json) y->negative_midday = f[SYNTH_negative_midday].number;
    if (f[SYNTH_congested_share].json) y->congested_share = f[SYNTH_congested_share].number;
    const double nodes = f[SYNTH_nodes].json ? f[SYNTH_nodes].number : 1;
    if (nodes > 1 && !f[SYNTH_market].text)
        return vo_fail(err, VO_EINVAL, "nodes = %g: several go into the lake only; give market",
                       nodes);
    size_t n = 0;
    return vo_synth_count(y, &n, err);
}

static vo_status write_prices(const vo_series *s, vo_json_out *w, vo_error *err) {
    vo_zone *zone = NULL;
    const vo_status st = vo_zone_open(s->zone, &zone, err);
    if (st != VO_OK) return st;
    vo_json_out_key(w, "prices");
    vo_json_out_object(w);
    vo_json_out_key(w, "timestamps");
    vo_json_out_array(w);
    for (size_t t = 0; t < s->n; t++) {
        char stamp[40];
        vo_source_stamp(zone, s->start[t].s, stamp);
        vo_json_out_string(w, stamp);
    }
    vo_json_out_end(w);
    vo_json_out_key(w, "prices");
    vo_json_out_array(w);
    for (size_t t = 0; t < s->n; t++) vo_json_out_number(w, s->column[0].value[t]);
    vo_json_out_end(w);
    vo_json_out_end(w);
    vo_zone_close(zone);
    return VO_OK;
}

static vo_status synth_node(const vo_field_value *f, const vo_synth_options *y, uint32_t node,
                            vo_lake *lake, vo_json_out *w, vo_error *err) {
    vo_series *series = NULL;
    vo_status s = vo_synth_series(y, node, &series, err);
    char name[32];
    snprintf(name, sizeof name, "NODE%04u", node);
    const vo_lake_key key = {.market = f[SYNTH_market].text, .process = "MDA", .node = name};
    if (s == VO_OK && lake) s = vo_lake_upsert(lake, &key, series, NULL, "volteo data synth", err);
    if (s == VO_OK && f[SYNTH_out].text)
        s = vo_series_write_csv(series, f[SYNTH_out].text, err);
    if (s == VO_OK) {
        vo_json_out_object(w);
        text(w, "node", name);
        text(w, "label", series->label);
        text(w, "tz", series->zone);
        text(w, "currency", series->currency);
        integer(w, "intervals", (long long)series->n);
        instant(w, "first", series->start[0].s);
        instant(w, "last", series->start[series->n - 1].s);
        if (!lake && !f[SYNTH_out].text) s = write_prices(series, w, err);
        vo_json_out_end(w);
    }
    vo_series_free(series);
    return s;
}

vo_status vo_data_synth_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                            vo_error *err) {
    vo_json *root = NULL;
    vo_lake *lake = NULL;
    vo_field_value f[SYNTH_FIELDS];
    vo_synth_options y;
    vo_status s = vo_json_parse(request, strlen(request), &root, err);
    if (s == VO_OK) s = vo_fields_read(root, "", synth_fields, SYNTH_FIELDS, f, err);
    if (s == VO_OK) s = read_synth(f, &y, err);
    if (s == VO_OK && f[SYNTH_out].text && !o->allow_files)
        s = vo_fail(err, VO_EINVAL, "out: local files are not written here");
    const uint32_t nodes =
        s == VO_OK && f[SYNTH_nodes].json ? (uint32_t)f[SYNTH_nodes].number : 1;
    if (s == VO_OK && nodes > 1 && f[SYNTH_out].text)
        s = vo_fail(err, VO_EINVAL,
                    "nodes = %u with out: a file holds one series; leave out away and give a "
                    "market for the lake, or nodes = 1",
                    nodes);
    if (s == VO_OK && f[SYNTH_market].text) s = vo_lake_open(o->lake, &lake, err);
    if (s == VO_OK) {
        const uint32_t first =
            f[SYNTH_first_node].json ? (uint32_t)f[SYNTH_first_node].number : 0;
        vo_json_out_object(w);
        vo_json_out_key(w, "synthetic");
        vo_json_out_bool(w, true);
        text(w, "file", f[SYNTH_out].text);
        text(w, "lake", lake ? o->lake : NULL);
        vo_json_out_key(w, "series");
        vo_json_out_array(w);
        for (uint32_t i = 0; s == VO_OK && i < nodes; i++) {
            s = synth_node(f, &y, first + i, lake, w, err);
            if (s == VO_OK && o->progress &&
                o->progress(o->progress_ctx, "generating", (i + 1.0) / nodes) != 0)
                s = vo_fail(err, VO_ECANCELED, "stopped after %u of %u nodes", i + 1, nodes);
        }
        vo_json_out_end(w);
        vo_json_out_end(w);
    }
    vo_lake_close(lake);
    vo_json_free(root);
    return s;
}
