/* import.c -- see import.h. */
#include "data/import.h"

#include <stdio.h>
#include <string.h>

#include "data/source_csv.h"

static const char *either(const char *a, const char *b) { return a[0] ? a : b; }

typedef struct {
    vo_lake *lake;
    const char *label, *source;
    const vo_clean_options *clean;
    vo_import_progress progress;
    void *ctx;
    size_t done, nodes;
    vo_import_summary sum;
} import;

static vo_status import_node(import *m, const vo_readings *r, const vo_lake_key *key,
                             vo_clean_report **report, vo_error *err) {
    vo_series *s = NULL;
    vo_error why = {0};
    vo_status st = vo_clean(r, m->clean, &s, report, &why);
    if (st == VO_EINVAL) { /* this node's fault, not the file's */
        if (m->sum.refused++ == 0) m->sum.first_refusal = why;
        return VO_OK;
    }
    if (st != VO_OK) return vo_fail(err, st, "%s", why.msg);
    st = vo_lake_upsert(m->lake, key, s, *report, m->source, err);
    if (st == VO_OK) {
        m->sum.nodes++;
        m->sum.intervals += s->n;
    }
    vo_series_free(s);
    return st;
}

static vo_status take_node(void *ctx, const vo_readings *r, vo_error *err) {
    import *m = ctx;
    const vo_lake_key key = {either(r->market, "LOCAL"), either(r->process, "DA"),
                             either(r->node, m->label), either(r->kind, VO_KIND_PRICES)};
    vo_clean_report *report = NULL;
    vo_status st = import_node(m, r, &key, &report, err);
    m->done++;
    if (st == VO_OK && m->progress)
        st = m->progress(m->ctx, m->done, m->nodes, &key, report, err);
    vo_clean_report_free(report);
    return st;
}

vo_status vo_import_set(vo_lake *lake, vo_readings_set *set, const char *label,
                        const char *source, const vo_clean_options *clean,
                        vo_import_progress progress, void *ctx, vo_import_summary *out,
                        vo_error *err) {
import m = {lake, label, source, clean, progress, ctx, 0, set->n, {.rows = set->rows } };
    memcpy(m.sum.note, set->note, sizeof m.sum.note);
    vo_status st = vo_readings_set_each(set, take_node, &m, err);
    if (st == VO_OK && m.sum.nodes == 0)
        st = vo_fail(err, VO_EINVAL, "%s",
                     m.sum.refused ? m.sum.first_refusal.msg : "there is no row to import");
    if (st == VO_OK) *out = m.sum;
    return st;
}

vo_status vo_import(vo_lake *lake, const char *path, const vo_source_options *source,
                    const vo_clean_options *clean, vo_import_progress progress, void *ctx,
                    vo_import_summary *out, vo_error *err) {
    vo_readings_set *set = NULL;
    char label[128];
    vo_status st = vo_readings_set_create(&set, err);
    if (st != VO_OK) return st;
    vo_source_label(path, label);
    label[63] = '\0';
    st = vo_source_stream(path, source, set, err);
    if (st == VO_OK) st = vo_import_set(lake, set, label, path, clean, progress, ctx, out, err);
    vo_readings_set_free(set);
    return st;
}

vo_status vo_import_series(const char *path, const vo_source_options *source,
                           const vo_clean_options *clean, vo_series **series,
                           vo_clean_report **report, char *note, vo_error *err) {
    vo_readings_set *set = NULL;
    const vo_readings *r = NULL;
    vo_status st = vo_source_read(path, source, &set, err);
    if (st != VO_OK) return st;
    st = vo_readings_set_find(set, NULL, NULL, &r, err);
    if (st == VO_OK) st = vo_clean(r, clean, series, report, err);
    if (st == VO_OK && note) memcpy(note, set->note, sizeof set->note);
    vo_readings_set_free(set);
    return st;
}
