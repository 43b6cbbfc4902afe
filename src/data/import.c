/* import.c -- see import.h. */
#include "data/import.h"

#include <stdio.h>
#include <string.h>

#include "data/source_csv.h"

static const char *either(const char *a, const char *b) { return a[0] ? a : b; }

static vo_status import_node(vo_lake *lake, const vo_readings *r, const vo_lake_key *key,
                             const vo_clean_options *clean, vo_clean_report **report,
                             vo_import_summary *sum, vo_error *err) {
    vo_series *s = NULL;
    vo_error why = {0};
    vo_status st = vo_clean(r, clean, &s, report, &why);
    if (st == VO_EINVAL) { /* this node's fault, not the file's */
        if (sum->refused++ == 0) sum->first_refusal = why;
        return VO_OK;
    }
    if (st != VO_OK) return vo_fail(err, st, "%s", why.msg);
    st = vo_lake_upsert(lake, key, s, report ? *report : NULL, NULL, err);
    if (st == VO_OK) {
        sum->nodes++;
        sum->intervals += s->n;
    }
    vo_series_free(s);
    return st;
}

static vo_status import_all(vo_lake *lake, const vo_readings_set *set, const char *label,
                            const vo_clean_options *clean, vo_import_progress progress,
                            void *ctx, vo_import_summary *sum, vo_error *err) {
    for (size_t i = 0; i < set->n; i++) {
        const vo_readings *r = set->item[i];
        const vo_lake_key key = {either(r->market, "LOCAL"), either(r->process, "DA"),
                                 either(r->node, label), either(r->kind, VO_KIND_PRICES)};
        vo_clean_report *report = NULL;
        vo_status st = import_node(lake, r, &key, clean, &report, sum, err);
        if (st == VO_OK && progress) st = progress(ctx, i + 1, set->n, &key, report, err);
        vo_clean_report_free(report);
        if (st != VO_OK) return st;
    }
    if (sum->nodes == 0) return vo_fail(err, VO_EINVAL, "%s", sum->first_refusal.msg);
    return VO_OK;
}

vo_status vo_import(vo_lake *lake, const char *path, const vo_source_options *source,
                    const vo_clean_options *clean, vo_import_progress progress, void *ctx,
                    vo_import_summary *out, vo_error *err) {
    vo_readings_set *set = NULL;
    vo_import_summary sum = {.nodes = 0};
    char label[128];
    vo_status st = vo_source_read(path, source, &set, err);
    if (st != VO_OK) return st;
    sum.rows = set->rows;
    memcpy(sum.note, set->note, sizeof sum.note);
    vo_source_label(path, label);
    label[63] = '\0';
    st = import_all(lake, set, label, clean, progress, ctx, &sum, err);
    vo_readings_set_free(set);
    if (st == VO_OK) *out = sum;
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
