/* lake_requests.c -- see lake_requests.h. A request names a series by as little as tells it
 * from the others in the lake; the span is of its own local days. */
#include "engine/lake_requests.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/zone.h"
#include "data/export.h"
#include "data/lake.h"
#include "data/moments.h"
#include "engine/inputs.h"
#include "engine/members.h"
#include "engine/tariff_requests.h"
#include "port/file.h"

#define FAR_PAST_S (-INT64_C(100000000000))
#define FAR_FUTURE_S INT64_C(200000000000)
#define CURVE 160 /* points of the curve that show draws */

#define X(name, kind, lo, hi, unit, help) {#name, VO_FIELD_##kind, lo, hi, unit, help},
static const vo_field fields[] = {VO_LAKE_FIELD_MAP(X)};
#undef X
#define X(name, kind, lo, hi, unit, help) LAKE_##name,
enum { VO_LAKE_FIELD_MAP(X) LAKE_FIELDS };
#undef X

const vo_field *vo_lake_request_fields(size_t *n) {
    *n = LAKE_FIELDS;
    return fields;
}

typedef struct {
    const vo_engine_options *o;
    vo_json *root;
    vo_field_value f[LAKE_FIELDS];
    vo_lake *lake;
    vo_lake_entry *entry; /* all there are */
    size_t n;
    const vo_lake_entry *found; /* the one asked for */
    vo_zone *zone;              /* its days */
    vo_time from, to;
    vo_json_out *w;
} ask;

#define BIT(name) (1u << LAKE_##name)
#define SERIES (BIT(kind) | BIT(market) | BIT(process) | BIT(node))
#define SPAN (SERIES | BIT(from) | BIT(to))

/* `known` has a bit for each field that this request may have. */
static vo_status begin(ask *a, const vo_engine_options *o, const char *request, unsigned known,
                       vo_json_out *w, vo_error *err) {
    *a = (ask){.o = o, .w = w};
    vo_status s = vo_json_parse(request, strlen(request), &a->root, err);
    if (s == VO_OK) s = vo_fields_read(a->root, "", fields, LAKE_FIELDS, a->f, err);
    for (unsigned i = 0; i < LAKE_FIELDS && s == VO_OK; i++)
        if (a->f[i].json && !(known >> i & 1))
            s = vo_fail(err, VO_EINVAL, "%s is not for this request: leave it out",
                        fields[i].name);
    if (s == VO_OK && a->f[LAKE_kind].text) s = vo_kind_check(a->f[LAKE_kind].text, err);
    return s == VO_OK ? vo_lake_open(o->lake, &a->lake, err) : s;
}

static void finish(ask *a) {
    free(a->entry);
    vo_zone_close(a->zone);
    vo_lake_close(a->lake);
    vo_json_free(a->root);
}

static vo_status told(const ask *a, const char *phase, size_t done, size_t all, vo_error *err) {
    const vo_engine_options *o = a->o;
    if (!o->progress || all == 0 ||
        o->progress(o->progress_ctx, phase, (double)done / (double)all) == 0)
        return VO_OK;
    return vo_fail(err, VO_ECANCELED, "stopped after %zu of %zu; what is done stays done", done,
                   all);
}

/* ---- which series ----------------------------------------------------------------- */

static bool is_asked(const ask *a, const vo_lake_entry *e, bool node_too) {
    const vo_field_value *f = a->f;
    const char *kind = f[LAKE_kind].text, *node = f[LAKE_node].text;
    if (kind && strcmp(kind, e->kind) != 0) return false;
    if (f[LAKE_market].text && !vo_text_same(f[LAKE_market].text, e->market)) return false;
    if (f[LAKE_process].text && !vo_text_same(f[LAKE_process].text, e->process)) return false;
    return !node_too || !node || vo_readings_same_node(node, e->node);
}

static vo_status refuse_choice(const ask *a, bool any_node, const char *why, vo_error *err) {
    char list[300];
    size_t n = 0, said = 0;
    vo_text t = vo_text_over(list, sizeof list);
    for (size_t i = 0; i < a->n; i++) {
        const vo_lake_entry *e = &a->entry[i];
        if (!is_asked(a, e, !any_node)) continue;
        if (n++ >= 6) continue;
        vo_text_append(&t, "%s%s %s %s %s", said++ ? ", " : "", e->kind, e->market, e->process,
                       e->node);
    }
    return vo_fail(err, n ? VO_EINVAL : VO_ENOTFOUND, "%s%s%s%s", why, n ? list : "",
                   n > 6 ? ", ..." : "",
                   n ? "" : "nothing there; `volteo data list` shows what the lake holds");
}

/* The one series that the request means: of several, MDA before other processes. */
static vo_status pick(ask *a, vo_error *err) {
    size_t matches = 0;
    const vo_status s = vo_lake_list(a->lake, &a->entry, &a->n, err);
    if (s != VO_OK) return s;
    for (size_t i = 0; i < a->n; i++) {
        const vo_lake_entry *e = &a->entry[i];
        if (!is_asked(a, e, true)) continue;
        const vo_lake_entry *b = a->found;
        const bool same = b && strcmp(b->kind, e->kind) == 0 &&
                          strcmp(b->market, e->market) == 0 && strcmp(b->node, e->node) == 0;
        if (same && !a->f[LAKE_process].text) {
            if (strcmp(e->process, "MDA") == 0) a->found = e;
            continue;
        }
        matches++;
        a->found = e;
    }
    if (matches == 1) return VO_OK;
    if (matches == 0)
        return refuse_choice(a, true,
                             "no such series in the lake; of this kind and market: ", err);
    return refuse_choice(a, false, "which series? node, market or kind choose one of: ", err);
}

static vo_status span(ask *a, vo_error *err) {
    const char *from = a->f[LAKE_from].text, *to = a->f[LAKE_to].text;
    int64_t first_s = FAR_PAST_S, after_s = FAR_FUTURE_S;
    vo_status s = vo_zone_open(a->found->zone[0] ? a->found->zone : "UTC", &a->zone, err);
    if (s == VO_OK && from) s = vo_inputs_instant(a->zone, from, "from", false, &first_s, err);
    if (s == VO_OK && to) s = vo_inputs_instant(a->zone, to, "to", true, &after_s, err);
    if (s == VO_OK && first_s >= after_s)
        s = vo_fail(err, VO_EINVAL, "from = \"%.40s\" is after to = \"%.40s\": swap them",
                    from ? from : "", to ? to : "");
    a->from.s = first_s;
    a->to.s = after_s;
    return s;
}

static vo_lake_key key_of(const vo_lake_entry *e) {
    return (vo_lake_key){e->market, e->process, e->node, e->kind};
}

static void write_entry(vo_json_out *w, const vo_lake_entry *e) {
    vo_member_text(w, "kind", e->kind);
    vo_member_text(w, "market", e->market);
    vo_member_text(w, "process", e->process);
    vo_member_text(w, "node", e->node);
    vo_member_text(w, "tz", e->zone);
    vo_member_text(w, "currency", e->currency);
    vo_member_text(w, "unit", e->unit);
    vo_member_number(w, "interval_minutes", e->interval_h * 60);
    vo_member_integer(w, "rows", e->rows);
    vo_member_instant(w, "first", e->first_s);
    vo_member_instant(w, "last", e->last_s);
    vo_member_integer(w, "changes", e->changes);
    vo_member_integer(w, "damaged_parts", (long long)e->damaged);
}

/* ---- list ------------------------------------------------------------------------- */

vo_status vo_data_list_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                           vo_error *err) {
    ask a;
    vo_status s = begin(&a, o, request, SERIES, w, err);
    if (s == VO_OK) s = vo_lake_list(a.lake, &a.entry, &a.n, err);
    if (s == VO_OK) {
        vo_json_out_object(w);
        bool chosen = false;
        for (unsigned i = 0; i < LAKE_FIELDS; i++) chosen = chosen || a.f[i].json;
        vo_member_text(w, "lake", o->lake);
        vo_member_bool(w, "chosen", chosen);
        vo_json_out_key(w, "series");
        vo_json_out_array(w);
        for (size_t i = 0; i < a.n; i++) {
            if (!is_asked(&a, &a.entry[i], true)) continue;
            vo_json_out_object(w);
            write_entry(w, &a.entry[i]);
            vo_json_out_key(w, "columns");
            vo_json_out_array(w);
            for (size_t c = 0; c < a.entry[i].n_columns; c++)
                vo_json_out_string(w, a.entry[i].column[c]);
            vo_json_out_end(w);
            vo_json_out_end(w);
        }
        vo_json_out_end(w);
        vo_json_out_end(w);
    }
    finish(&a);
    return s;
}

/* ---- show ------------------------------------------------------------------------- */

static void write_column(vo_json_out *w, const vo_series *s, const vo_column *c) {
    vo_moments m;
    size_t n = 0;
    for (size_t t = 0; t < s->n; t++)
        if (!isnan(c->value[t])) n++;
    vo_json_out_object(w);
    vo_member_text(w, "name", c->name);
    vo_member_integer(w, "count", (long long)n);
    if (vo_moments_of(s, c->value, &m, NULL) == VO_OK) vo_moments_json(&m, w);
    vo_json_out_end(w);
}

/* Means of equal stretches of time, for the eye. */
static void write_curve(vo_json_out *w, const vo_series *s) {
    const size_t points = s->n < CURVE ? s->n : CURVE;
    vo_json_out_key(w, "curve");
    vo_json_out_array(w);
    for (size_t p = 0; p < points; p++) {
        double sum = 0;
        size_t n = 0;
        for (size_t t = p * s->n / points; t < (p + 1) * s->n / points; t++) {
            if (isnan(s->column[0].value[t])) continue;
            sum += s->column[0].value[t];
            n++;
        }
        vo_json_out_number(w, n ? sum / (double)n : (double)NAN);
    }
    vo_json_out_end(w);
}

static void write_change(vo_json_out *w, const vo_lake_change *c) {
    vo_json_out_object(w);
    vo_member_instant(w, "time", c->touch.start_s);
    vo_member_text(w, "column", c->column);
    vo_member_number(w, "old", c->touch.old_value);
    vo_member_number(w, "new", c->touch.new_value);
    vo_member_text(w, "rule", vo_clean_rule_name(c->touch.rule));
    vo_member_text(w, "done", vo_clean_rule_done(c->touch.rule));
    vo_json_out_key(w, "line");
    if (c->touch.line)
        vo_json_out_integer(w, c->touch.line);
    else
        vo_json_out_null(w);
    vo_member_text(w, "source", *c->source ? c->source : NULL);
    vo_json_out_end(w);
}

/* Of a row that was dropped each further value is an entry too: it counts once. */
static bool counts(const vo_touch *t) {
    switch (t->rule) {
    case VO_CLEAN_DST_SKIPPED:
    case VO_CLEAN_DUPLICATE_SAME:
    case VO_CLEAN_DUPLICATE_LAST:
    case VO_CLEAN_TRIMMED:
        return t->column < 0;
    default:
        return t->rule >= 0 && t->rule < VO_CLEAN_RULE_COUNT;
    }
}

static void write_changes(const ask *a, const vo_lake_change *change, size_t n) {
    vo_json_out *w = a->w;
    size_t count[VO_CLEAN_RULE_COUNT] = {0};
    const size_t max = a->f[LAKE_max_touched].json ? (size_t)a->f[LAKE_max_touched].number : 20;
    for (size_t i = 0; i < n; i++)
        if (counts(&change[i].touch)) count[change[i].touch.rule]++;
    vo_json_out_key(w, "counts");
    vo_json_out_object(w);
    for (int32_t k = 0; k < VO_CLEAN_RULE_COUNT; k++)
        if (count[k]) vo_member_integer(w, vo_clean_rule_name(k), (long long)count[k]);
    vo_json_out_end(w);
    vo_member_integer(w, "touched_total", (long long)n);
    vo_json_out_key(w, "touched");
    vo_json_out_array(w);
    for (size_t i = 0; i < n && (max == 0 || i < max); i++) write_change(w, &change[i]);
    vo_json_out_end(w);
}

static void write_show(const ask *a, const vo_series *s, const vo_lake_change *change,
                       size_t n) {
    vo_json_out *w = a->w;
    vo_json_out_object(w);
    vo_member_text(w, "lake", a->o->lake);
    write_entry(w, a->found);
    vo_json_out_key(w, "shown");
    vo_json_out_object(w);
    vo_member_integer(w, "intervals", (long long)s->n);
    vo_member_integer(w, "days", s->day[s->n - 1] + 1);
    vo_member_instant(w, "first", s->start[0].s);
    vo_member_instant(w, "last", s->start[s->n - 1].s);
    vo_json_out_end(w);
    vo_json_out_key(w, "columns");
    vo_json_out_array(w);
    for (size_t c = 0; c < s->n_columns; c++) write_column(w, s, &s->column[c]);
    vo_json_out_end(w);
    write_curve(w, s);
    write_changes(a, change, n);
    vo_json_out_end(w);
}

vo_status vo_data_show_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                           vo_error *err) {
    ask a;
    vo_series *series = NULL;
    vo_lake_change *change = NULL;
    size_t n = 0;
    vo_status s = begin(&a, o, request, SPAN | BIT(max_touched) | BIT(tariff), w, err);
    if (s == VO_OK && a.f[LAKE_tariff].text) {
        s = o->allow_files ? vo_tariff_show(a.f[LAKE_tariff].text, w, err)
                           : vo_fail(err, VO_EINVAL, "tariff: local files are not read here");
        finish(&a);
        return s;
    }
    if (s == VO_OK) s = pick(&a, err);
    if (s == VO_OK) s = span(&a, err);
    if (s == VO_OK) {
        const vo_lake_key key = key_of(a.found);
        s = vo_lake_read(a.lake, &key, a.from, a.to, &series, err);
        if (s == VO_OK) s = vo_lake_changes(a.lake, &key, a.from, a.to, &change, &n, err);
    }
    if (s == VO_OK) write_show(&a, series, change, n);
    vo_series_free(series);
    free(change);
    finish(&a);
    return s;
}

/* ---- export ----------------------------------------------------------------------- */

static vo_status export_series(const ask *a, const vo_lake_key *key, vo_export_format format,
                               const char *out, size_t *rows, vo_error *err) {
    vo_series *series = NULL;
    vo_status s = vo_lake_read(a->lake, key, a->from, a->to, &series, err);
    if (s == VO_OK) s = vo_export_series(series, format, out, err);
    if (s == VO_OK) *rows = series->n;
    vo_series_free(series);
    return s;
}

static vo_status export_raw(const ask *a, const vo_lake_key *key, vo_export_format format,
                            const char *out, size_t *rows, vo_error *err) {
    vo_readings_set *set = NULL;
    const vo_readings *r = NULL;
    vo_status s = vo_lake_read_raw(a->lake, key, a->from, a->to, &set, err);
    if (s == VO_OK) s = vo_readings_set_find(set, NULL, NULL, &r, err);
    if (s == VO_OK) s = vo_export_readings(r, format, out, err);
    if (s == VO_OK) *rows = r->n;
    vo_readings_set_free(set);
    return s;
}

static vo_status export_changes(const ask *a, const vo_lake_key *key, vo_export_format format,
                                const char *out, size_t *rows, vo_error *err) {
    vo_lake_change *change = NULL;
    vo_status s = vo_lake_changes(a->lake, key, a->from, a->to, &change, rows, err);
    if (s == VO_OK) s = vo_export_changes(change, *rows, format, out, err);
    free(change);
    return s;
}

/* ".csv", ".json", ".parquet", ".txt" or none: anything else would be a surprise. */
static bool is_known_ending(const char *out) {
    static const char *const known[] = {".csv", ".json", ".parquet", ".txt"};
    const char *slash = strrchr(out, '/'), *dot = strrchr(slash ? slash : out, '.');
    for (size_t i = 0; dot && i < sizeof known / sizeof known[0]; i++)
        if (vo_text_same(dot, known[i])) return true;
    return !dot;
}

static vo_status check_out(const ask *a, const char *out, vo_error *err) {
    const size_t len = strlen(a->o->lake);
    if (strncmp(out, a->o->lake, len) == 0 && out[len] == '/')
        return vo_fail(err, VO_EINVAL,
                       "out = \"%.200s\" lies in the lake, which only imports write: choose "
                       "another folder",
                       out);
    if (!is_known_ending(out))
        return vo_fail(err, VO_EINVAL, "out = \"%.200s\": must end in .csv, .json or .parquet",
                       out);
    return VO_OK;
}

static vo_status check_export(const ask *a, vo_error *err) {
    if (!a->o->allow_files)
        return vo_fail(err, VO_EINVAL, "out: local files are not written here");
    if (!a->f[LAKE_out].text)
        return vo_fail(err, VO_EINVAL,
                       "out is missing: name a file to write (.csv, .json or .parquet), or - "
                       "for CSV on standard output");
    if (a->f[LAKE_raw].number > 0 && a->f[LAKE_changes].number > 0)
        return vo_fail(err, VO_EINVAL, "raw: changes are asked for too; choose one of the two");
    return check_out(a, a->f[LAKE_out].text, err);
}

vo_status vo_data_export_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                             vo_error *err) {
    ask a;
    size_t rows = 0;
    vo_status s =
        begin(&a, o, request, SPAN | BIT(out) | BIT(raw) | BIT(changes) | BIT(tariff), w, err);
    if (s == VO_OK) s = check_export(&a, err);
    if (s == VO_OK && a.f[LAKE_tariff].text) {
        s = vo_tariff_write_out(a.f[LAKE_tariff].text, a.f[LAKE_out].text, w, err);
        finish(&a);
        return s;
    }
    if (s == VO_OK) s = pick(&a, err);
    if (s == VO_OK) s = span(&a, err);
    if (s == VO_OK) {
        const char *out = a.f[LAKE_out].text;
        const vo_lake_key key = key_of(a.found);
        const vo_export_format format = vo_export_format_of(out);
        s = a.f[LAKE_changes].number > 0 ? export_changes(&a, &key, format, out, &rows, err)
            : a.f[LAKE_raw].number > 0   ? export_raw(&a, &key, format, out, &rows, err)
                                         : export_series(&a, &key, format, out, &rows, err);
    }
    if (s == VO_OK) {
        vo_json_out_object(w);
        vo_member_text(w, "file", a.f[LAKE_out].text);
        vo_member_integer(w, "written", (long long)rows);
        write_entry(w, a.found);
        vo_json_out_end(w);
    }
    finish(&a);
    return s;
}

/* ---- remove -------------------------------------------------------------------------------
 */

static void write_removal(const ask *a, const vo_lake_removal *gone, bool yes) {
    vo_json_out *w = a->w;
    vo_json_out_object(w);
    vo_member_text(w, "lake", a->o->lake);
    write_entry(w, a->found);
    vo_member_bool(w, "removed", yes);
    vo_json_out_key(w, "gone");
    vo_json_out_object(w);
    vo_member_integer(w, "rows", (long long)gone->rows);
    vo_member_integer(w, "parts", (long long)gone->parts);
    vo_member_integer(w, "parts_cut", (long long)gone->cut);
    vo_member_integer(w, "damaged_parts", (long long)gone->damaged);
    if (gone->rows) {
        vo_member_instant(w, "first", gone->first_s);
        vo_member_instant(w, "last", gone->last_s);
    }
    vo_json_out_end(w);
    vo_json_out_end(w);
}

/* What goes is named as it is: no process is taken before another. */
static vo_status check_remove(const ask *a, vo_error *err) {
    size_t n = 0;
    if (!a->f[LAKE_market].text || !a->f[LAKE_node].text)
        return vo_fail(err, VO_EINVAL,
                       "%s is missing: name market and node of what shall be removed (`volteo "
                       "data list` shows them)",
                       a->f[LAKE_market].text ? "node" : "market");
    for (size_t i = 0; i < a->n; i++) n += is_asked(a, &a->entry[i], true);
    return n > 1 ? refuse_choice(a, false, "which series? process or kind choose one of: ", err)
                 : VO_OK;
}

vo_status vo_data_remove_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                             vo_error *err) {
    ask a;
    vo_lake_removal gone = {0};
    vo_status s = begin(&a, o, request, SPAN | BIT(yes), w, err);
    const bool yes = s == VO_OK && a.f[LAKE_yes].number > 0;
    if (s == VO_OK && !o->allow_files)
        s = vo_fail(err, VO_EINVAL, "yes: nothing is removed from here");
    if (s == VO_OK) s = pick(&a, err);
    if (s == VO_OK) s = check_remove(&a, err);
    if (s == VO_OK) s = span(&a, err);
    if (s == VO_OK) {
        const vo_lake_key key = key_of(a.found);
        s = vo_lake_remove(a.lake, &key, a.from, a.to, !yes, &gone, err);
    }
    if (s == VO_OK) write_removal(&a, &gone, yes);
    finish(&a);
    return s;
}

/* ---- doctor and compact ----------------------------------------------------------- */

static vo_status take_finding(void *ctx, size_t done, size_t parts,
                              const vo_lake_finding *finding, vo_error *err) {
    const ask *a = ctx;
    if (finding) {
        vo_json_out_object(a->w);
        vo_member_text(a->w, "ill", vo_lake_ill_name(finding->ill));
        vo_member_text(a->w, "path", finding->path);
        vo_member_text(a->w, "what", finding->what);
        vo_member_bool(a->w, "mended", finding->mended);
        vo_json_out_end(a->w);
    }
    return told(a, "checking", done, parts, err);
}

static void write_health(vo_json_out *w, const vo_lake_health *h) {
    vo_member_integer(w, "parts", (long long)h->parts);
    vo_member_integer(w, "series", (long long)h->series);
    vo_member_integer(w, "rows", (long long)h->rows);
    vo_member_integer(w, "bytes_before", h->bytes_before);
    vo_member_integer(w, "bytes_after", h->bytes_after);
}

static vo_status look_after(const vo_engine_options *o, const char *request, bool compact,
                            vo_json_out *w, vo_error *err) {
    ask a;
    vo_lake_health health = {0};
    vo_status s = begin(&a, o, request, compact ? 0 : BIT(mend), w, err);
    if (s == VO_OK && !vo_file_exists(o->lake))
        s = vo_fail(err, VO_ENOTFOUND,
                    "there is no lake at %.400s yet: the first `volteo data import` or `volteo "
                    "data synth` makes it",
                    o->lake);
    if (s == VO_OK) {
        vo_json_out_object(w);
        vo_member_text(w, "lake", o->lake);
        vo_json_out_key(w, "findings");
        vo_json_out_array(w);
        s = compact ? vo_lake_compact(a.lake, take_finding, &a, &health, err)
                    : vo_lake_doctor(a.lake, a.f[LAKE_mend].number > 0, take_finding, &a,
                                     &health, err);
        vo_json_out_end(w);
        write_health(w, &health);
        if (compact) vo_member_integer(w, "rewritten", (long long)health.mended);
        vo_member_bool(w, "ok", health.findings <= (compact ? 0 : health.mended));
        vo_json_out_end(w);
    }
    finish(&a);
    return s;
}

vo_status vo_data_doctor_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                             vo_error *err) {
    return look_after(o, request, false, w, err);
}

vo_status vo_data_compact_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                              vo_error *err) {
    return look_after(o, request, true, w, err);
}
