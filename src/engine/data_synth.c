/* data_synth.c -- see data_synth.h. */
#include "engine/data_synth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/zone.h"
#include "data/export.h"
#include "data/lake.h"
#include "data/source.h"
#include "data/synth.h"
#include "engine/members.h"

#define X(name, kind, lo, hi, unit, help) {#name, VO_FIELD_##kind, lo, hi, unit, help},
static const vo_field synth_fields[] = {VO_SYNTH_FIELD_MAP(X)};
#undef X
#define X(name, kind, lo, hi, unit, help) SYNTH_##name,
enum { VO_SYNTH_FIELD_MAP(X) SYNTH_FIELDS };
#undef X

const vo_field *vo_data_synth_fields(size_t *n) {
    *n = SYNTH_FIELDS;
    return synth_fields;
}

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
        vo_export_stamp(zone, s->start[t].s, stamp);
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
    if (s == VO_OK && lake)
        s = vo_lake_upsert(lake, &key, series, NULL, "volteo data synth", err);
    if (s == VO_OK && f[SYNTH_out].text)
        s = vo_export_series(series, vo_export_format_of(f[SYNTH_out].text), f[SYNTH_out].text,
                             err);
    if (s == VO_OK) {
        vo_json_out_object(w);
        vo_member_text(w, "node", name);
        vo_member_text(w, "label", series->label);
        vo_member_text(w, "tz", series->zone);
        vo_member_text(w, "currency", series->currency);
        vo_member_integer(w, "intervals", (long long)series->n);
        vo_member_instant(w, "first", series->start[0].s);
        vo_member_instant(w, "last", series->start[series->n - 1].s);
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
        vo_member_text(w, "file", f[SYNTH_out].text);
        vo_member_text(w, "lake", lake ? o->lake : NULL);
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
