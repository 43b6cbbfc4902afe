/* import.c -- see import.h. One thread reads and parses, rows wait in the set (on disk beyond
 * its budget); then nodes are cleaned and written, some at a time: each thread has a lake of
 * its own. Progress is told in the order of the nodes, whichever thread was faster. */
#include "data/import.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "data/import_long.h"
#include "data/source_csv.h"
#include "port/thread.h"

#define BUDGET ((size_t)48 << 20) /* of rows in memory while a file is read */
#define THREADS 6u   /* more than cores: a write waits for the disk most of its time */
#define LONG 131072u /* rows; a node of more is cleaned in windows, alone */
#define BATCH 64u    /* nodes between two tellings of progress */

typedef struct { /* of one node */
    vo_lake_key key;
    vo_clean_report *report; /* NULL: refused */
    size_t intervals;
    vo_error refusal;
    char zone[64]; /* stored, that days follow in place of the file's; "" if it is the same */
} outcome;

typedef struct {
    vo_lake *lake[THREADS]; /* the first is the caller's */
    vo_readings_set *set;
    const char *label, *source;
    const vo_clean_options *clean;
    const vo_lake_how *how;
    vo_import_progress progress;
    void *ctx;
    size_t first; /* node of outcome 0 */
    outcome out[BATCH];
    vo_import_summary sum;
} import;

static const char *either(const char *a, const char *b) { return a[0] ? a : b; }

/* ---- a node ------------------------------------------------------------------------- */

static void remember_zone(outcome *out, const char *stored, const char *mine) {
    if (mine[0] && strcmp(stored, mine) != 0)
        snprintf(out->zone, sizeof out->zone, "%.63s", stored);
}

/* What cleaning or the lake refuses is this node's fault, not the file's. */
static vo_status store(import *m, vo_lake *lake, const vo_readings *r, outcome *out,
                       vo_error *err) {
    vo_series *s = NULL;
    vo_error why = {0};
    vo_status st = vo_clean(r, m->clean, &s, &out->report, &why);
    if (st == VO_EINVAL) {
        out->refusal = why;
        return VO_OK;
    }
    if (st != VO_OK) return vo_fail(err, st, "%s", why.msg);
    char zone[64] = "";
    st = vo_lake_upsert_as(lake, &out->key, s, out->report, m->source, m->how, zone, &why);
    out->intervals = s->n;
    if (st == VO_OK) remember_zone(out, zone, s->zone);
    vo_series_free(s);
    if (st == VO_OK) return VO_OK;
    if (st != VO_EINVAL) return vo_fail(err, st, "%s", why.msg);
    vo_clean_report_free(out->report);
    out->report = NULL;
    out->refusal = why;
    return VO_OK;
}

/* Too long for memory. */
static vo_status store_long(import *m, size_t node, outcome *out, vo_error *err) {
    char zone[64] = "";
    const vo_import_long_job job = {.lake = m->lake[0],
                                    .key = out->key,
                                    .set = m->set,
                                    .node = node,
                                    .clean = m->clean,
                                    .source = m->source,
                                    .how = m->how,
                                    .zone = zone};
    vo_error why = {0};
    const vo_status st = vo_import_long(&job, &out->report, &out->intervals, &why);
    if (st == VO_OK) remember_zone(out, zone, m->set->item[node]->zone);
    if (st == VO_OK) return VO_OK;
    if (st != VO_EINVAL) return vo_fail(err, st, "%s", why.msg);
    out->refusal = why;
    return VO_OK;
}

static vo_status do_node(void *ctx, size_t i, size_t worker, vo_error *err) {
    import *m = ctx;
    const size_t node = m->first + i;
    vo_readings *r = NULL;
    vo_status st = vo_readings_set_load(m->set, node, INT64_MIN, INT64_MAX, &r, err);
    if (st == VO_OK) st = store(m, m->lake[worker], r, &m->out[i], err);
    vo_readings_set_drop(m->set, node, r);
    return st;
}

/* ---- all of them --------------------------------------------------------------------- */

static void begin_batch(import *m, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const vo_readings *r = m->set->item[m->first + i];
        m->out[i] =
            (outcome){.key = {either(r->market, "LOCAL"), either(r->process, "DA"),
                              either(r->node, m->label), either(r->kind, VO_KIND_PRICES)}};
    }
}

static void say_zone(vo_import_summary *sum, const char *zone) {
    if (!zone[0] || strstr(sum->note, "days follow the stored zone")) return;
    vo_text note = {.at = sum->note, .size = sizeof sum->note, .len = strlen(sum->note)};
    vo_text_append(&note, "%sdays follow the stored zone %s", note.len ? "; " : "", zone);
}

static vo_status tell(import *m, size_t i, vo_error *err) {
    const outcome *o = &m->out[i];
    say_zone(&m->sum, o->zone);
    if (o->report) {
        m->sum.nodes++;
        m->sum.intervals += o->intervals;
    } else if (m->sum.refused++ == 0) {
        m->sum.first_refusal = o->refusal;
    }
    if (!m->progress) return VO_OK;
    return m->progress(m->ctx, m->first + i + 1, m->set->n, &o->key, o->report, err);
}

static void end_batch(import *m, size_t n) {
    for (size_t i = 0; i < n; i++) vo_clean_report_free(m->out[i].report);
}

static bool is_long(const import *m, size_t node) { return m->set->item[node]->added > LONG; }

/* Short ones together, a long one alone. */
static size_t batch_from(const import *m) {
    size_t n = 1;
    while (n < BATCH && m->first + n < m->set->n && !is_long(m, m->first) &&
           !is_long(m, m->first + n))
        n++;
    return n;
}

static vo_status do_all(import *m, size_t threads, vo_error *err) {
    vo_status st = VO_OK;
    for (m->first = 0; m->first < m->set->n && st == VO_OK;) {
        const size_t n = batch_from(m);
        begin_batch(m, n);
        if (is_long(m, m->first))
            st = store_long(m, m->first, &m->out[0], err);
        else
            st = vo_thread_for(n, threads, do_node, m, err);
        const bool done = st == VO_OK; /* all of the batch: whoever stops is told of all */
        for (size_t i = 0; i < n && done; i++) st = tell(m, i, err);
        end_batch(m, n);
        m->first += n;
    }
    if (st == VO_OK && m->sum.nodes == 0)
        st = vo_fail(err, VO_EINVAL, "%s",
                     m->sum.refused ? m->sum.first_refusal.msg : "there is no row to import");
    return st;
}

vo_status vo_import_set(vo_lake *lake, vo_readings_set *set, const char *label,
                        const char *source, const vo_clean_options *clean,
                        const vo_lake_how *how, vo_import_progress progress, void *ctx,
                        vo_import_summary *out, vo_error *err) {
import m = {.lake[0] = lake, .set = set, .label = label, .source = source, .clean = clean, .how = how, .progress = progress, .ctx = ctx, .sum.rows = set->rows };
    size_t threads = 1;
    memcpy(m.sum.note, set->note, sizeof m.sum.note);
    vo_status st = VO_OK;
    while (st == VO_OK && threads < THREADS && threads < set->n)
        st = vo_lake_open(vo_lake_root(lake), &m.lake[threads++], err);
    if (st == VO_OK) st = do_all(&m, threads, err);
    if (st == VO_OK) *out = m.sum;
    for (size_t i = 1; i < THREADS; i++) vo_lake_close(m.lake[i]);
    return st;
}

/* ---- a file --------------------------------------------------------------------------- */

typedef struct {
    vo_import_progress progress;
    void *ctx;
    vo_status st;
    vo_error err;
} watch;

/* Told in thousandths of the file: key NULL. */
static bool while_reading(void *ctx, double share) {
    watch *w = ctx;
    const bool known = share >= 0;
    w->st = w->progress(w->ctx, known ? (size_t)(share * 1000) : 0, known ? 1000 : 0, NULL,
                        NULL, &w->err);
    return w->st != VO_OK;
}

vo_status vo_import(vo_lake *lake, const char *path, const vo_source_options *source,
                    const vo_clean_options *clean, vo_import_progress progress, void *ctx,
                    vo_import_summary *out, vo_error *err) {
    vo_source_options o = source ? *source : vo_source_options_default();
    watch w = {.progress = progress, .ctx = ctx};
    vo_readings_set *set = NULL;
    char label[128], folder[2200];
    if (progress) {
        o.watch = while_reading;
        o.watch_ctx = &w;
    }
    snprintf(folder, sizeof folder, "%.2100s/.spill", vo_lake_root(lake));
    vo_source_label(path, label);
    label[63] = '\0';
    vo_status st = vo_readings_set_create_spilling(folder, BUDGET, &set, err);
    if (st != VO_OK) return st;
    st = vo_source_stream(path, &o, set, err);
    if (st != VO_OK && w.st != VO_OK) st = vo_fail(err, w.st, "%s", w.err.msg);
    const vo_lake_how how = {.replace = o.replace, .zone_named = o.zone && !o.days_of_24};
    if (st == VO_OK)
        st = vo_import_set(lake, set, label, path, clean, &how, progress, ctx, out, err);
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
