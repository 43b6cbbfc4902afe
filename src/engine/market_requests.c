/* market_requests.c -- which markets and nodes the lake holds (price_requests.h). Both come from
 * the same list; a page of nodes ends with a mark that names the last one, so that nodes that come
 * or go in between move nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/going_on.h"
#include "engine/members.h"
#include "engine/price_requests.h"

#define X(name, kind, lo, hi, unit, help) {#name, VO_FIELD_##kind, lo, hi, unit, help},
static const vo_field fields[] = {VO_NODES_FIELD_MAP(X)};
#undef X
#define X(name, kind, lo, hi, unit, help) NODES_##name,
enum { VO_NODES_FIELD_MAP(X) NODES_FIELDS };
#undef X

const vo_field *vo_nodes_fields(size_t *n) {
    *n = NODES_FIELDS;
    return fields;
}

typedef struct {
    const vo_engine_options *o;
    vo_json *root;
    vo_field_value f[NODES_FIELDS];
    vo_lake *lake;
    vo_lake_entry *entry;
    size_t n;
} ask;

static void finish(ask *a, vo_price_desk *desk) {
    vo_price_desk_return(desk, a->lake);
    free(a->entry);
    vo_json_free(a->root);
}

/* ---- markets ----------------------------------------------------------------------------- */

typedef const char *name_of(const vo_lake_entry *e);
static const char *process_of(const vo_lake_entry *e) { return e->process; }
static const char *kind_of(const vo_lake_entry *e) { return e->kind; }
static const char *node_of(const vo_lake_entry *e) { return e->node; }

static int by_market(const void *a, const void *b) {
    const vo_lake_entry *x = a, *y = b;
    const int order = strcmp(x->market, y->market);
    return order ? order : strcmp(x->node, y->node);
}

/* Names that differ, in the order of their first appearance; they are few. */
static void write_names(vo_json_out *w, const char *key, const vo_lake_entry *e, size_t n,
                        name_of *name) {
    vo_json_out_key(w, key);
    vo_json_out_array(w);
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (strcmp(name(&e[k]), name(&e[i])) != 0) k++;
        if (k == i) vo_json_out_string(w, name(&e[i]));
    }
    vo_json_out_end(w);
}

/* Of what a market's series agree on; null where they do not. */
static void write_common(vo_json_out *w, const char *key, const vo_lake_entry *e, size_t n,
                         size_t offset) {
    const char *first = (const char *)&e[0] + offset;
    size_t i = 1;
    while (i < n && strcmp((const char *)&e[i] + offset, first) == 0) i++;
    vo_member_text(w, key, i == n && *first ? first : NULL);
}

static void write_market(vo_json_out *w, const vo_lake_entry *e, size_t n) {
    size_t nodes = 0, damaged = 0;
    int64_t first_s = INT64_MAX, last_s = INT64_MIN;
    bool even = true;
    for (size_t i = 0; i < n; i++) {
        nodes += i == 0 || strcmp(node_of(&e[i]), node_of(&e[i - 1])) != 0;
        damaged += e[i].damaged;
        even = even && e[i].interval_h == e[0].interval_h && !e[i].mixed;
        if (e[i].rows && e[i].first_s < first_s) first_s = e[i].first_s;
        if (e[i].rows && e[i].last_s > last_s) last_s = e[i].last_s;
    }
    vo_json_out_object(w);
    vo_member_text(w, "market", e->market);
    write_names(w, "processes", e, n, process_of);
    write_names(w, "kinds", e, n, kind_of);
    vo_member_integer(w, "nodes", (long long)nodes);
    vo_member_integer(w, "series", (long long)n);
    if (first_s <= last_s) {
        vo_member_instant(w, "from", first_s);
        vo_member_instant(w, "to", last_s);
    } else {
        vo_member_text(w, "from", NULL);
        vo_member_text(w, "to", NULL);
    }
    write_common(w, "tz", e, n, offsetof(vo_lake_entry, zone));
    write_common(w, "currency", e, n, offsetof(vo_lake_entry, currency));
    vo_json_out_key(w, "interval_minutes");
    if (even)
        vo_json_out_number(w, e->interval_h * 60);
    else
        vo_json_out_null(w);
    vo_member_integer(w, "damaged_parts", (long long)damaged);
    vo_json_out_end(w);
}

vo_status vo_markets_run(const vo_engine_options *o, vo_price_desk *desk, const char *request,
                         vo_json_out *w, vo_error *err) {
    ask a = {.root = NULL};
    vo_status s = vo_json_parse(request, strlen(request), &a.root, err);
    if (s == VO_OK && (vo_json_kind_of(a.root) != VO_JSON_OBJECT || vo_json_size(a.root)))
        s = vo_fail(err, VO_EINVAL, "the request must be an empty object, {}");
    if (s == VO_OK) s = vo_price_desk_borrow(desk, &a.lake, err);
    if (s == VO_OK) s = vo_going_on(o, "listing", 0.1, err);
    if (s == VO_OK) s = vo_lake_list(a.lake, &a.entry, &a.n, err);
    if (s == VO_OK) {
        if (a.n) qsort(a.entry, a.n, sizeof *a.entry, by_market);
        vo_json_out_object(w);
        vo_json_out_key(w, "markets");
        vo_json_out_array(w);
        for (size_t i = 0, to; i < a.n; i = to) {
            to = i + 1;
            while (to < a.n && strcmp(a.entry[to].market, a.entry[i].market) == 0) to++;
            write_market(w, &a.entry[i], to - i);
        }
        vo_json_out_end(w);
        vo_json_out_end(w);
    }
    finish(&a, desk);
    return s;
}

/* ---- nodes ------------------------------------------------------------------------------- */

#define MARK 400

/* "prices|MEM|MDA|APATZINGAN": the order of the pages, and their mark. */
static const char *mark_of(const vo_lake_entry *e, char out[MARK]) {
    snprintf(out, MARK, "%s|%s|%s|%s", e->kind, e->market, e->process, e->node);
    return out;
}

static int by_mark(const void *a, const void *b) {
    char x[MARK], y[MARK];
    return strcmp(mark_of(a, x), mark_of(b, y));
}

static bool is_asked(const ask *a, const vo_lake_entry *e) {
    const vo_field_value *f = a->f;
    char mark[MARK];
    const char *prefix = f[NODES_prefix].text, *after = f[NODES_after].text;
    if (f[NODES_kind].text && strcmp(f[NODES_kind].text, e->kind) != 0) return false;
    if (f[NODES_market].text && !vo_text_same(f[NODES_market].text, e->market)) return false;
    if (f[NODES_process].text && !vo_text_same(f[NODES_process].text, e->process)) return false;
    if (prefix && !vo_text_begins(e->node, strlen(e->node), prefix)) return false;
    return !after || strcmp(mark_of(e, mark), after) > 0;
}

static void write_node(vo_json_out *w, const vo_lake_entry *e) {
    vo_json_out_object(w);
    vo_member_text(w, "kind", e->kind);
    vo_member_text(w, "market", e->market);
    vo_member_text(w, "process", e->process);
    vo_member_text(w, "node", e->node);
    if (e->rows) {
        vo_member_instant(w, "from", e->first_s);
        vo_member_instant(w, "to", e->last_s);
    } else {
        vo_member_text(w, "from", NULL);
        vo_member_text(w, "to", NULL);
    }
    vo_member_integer(w, "rows", e->rows);
    vo_member_text(w, "tz", *e->zone ? e->zone : NULL);
    vo_member_text(w, "currency", *e->currency ? e->currency : NULL);
    vo_member_text(w, "unit", *e->unit ? e->unit : NULL);
    vo_member_number(w, "interval_minutes", e->interval_h * 60);
    vo_json_out_key(w, "columns");
    vo_json_out_array(w);
    for (size_t c = 0; c < e->n_columns; c++) vo_json_out_string(w, e->column[c]);
    vo_json_out_end(w);
    vo_member_integer(w, "damaged_parts", (long long)e->damaged);
    vo_json_out_end(w);
}

/* Of the page's nodes alone are the files looked at. One that went meanwhile is left out. */
static vo_status write_page(ask *a, vo_json_out *w, vo_error *err) {
    const size_t limit = a->f[NODES_limit].json ? (size_t)a->f[NODES_limit].number : 1000;
    const vo_lake_entry *last = NULL;
    size_t n = 0;
    char mark[MARK];
    vo_json_out_object(w);
    vo_json_out_key(w, "nodes");
    vo_json_out_array(w);
    for (size_t i = 0; i < a->n && n <= limit; i++) {
        vo_lake_entry *e = &a->entry[i];
        if (!is_asked(a, e) || n++ == limit) continue;
        const vo_lake_key key = {e->market, e->process, e->node, e->kind};
        vo_lake_entry found;
        vo_status s = vo_going_on(a->o, "looking", (double)n / ((double)limit + 1), err);
        if (s == VO_OK) s = vo_lake_look(a->lake, &key, &found, err);
        if (s != VO_OK && s != VO_ENOTFOUND) return s;
        if (s == VO_OK) write_node(w, &found);
        last = e;
    }
    vo_json_out_end(w);
    vo_member_text(w, "next", n > limit && last ? mark_of(last, mark) : NULL);
    vo_json_out_end(w);
    return VO_OK;
}

vo_status vo_nodes_run(const vo_engine_options *o, vo_price_desk *desk, const char *request,
                       vo_json_out *w, vo_error *err) {
    ask a = {.o = o};
    vo_status s = vo_json_parse(request, strlen(request), &a.root, err);
    if (s == VO_OK) s = vo_fields_read(a.root, "", fields, NODES_FIELDS, a.f, err);
    if (s == VO_OK && a.f[NODES_kind].text) s = vo_kind_check(a.f[NODES_kind].text, err);
    if (s == VO_OK) s = vo_price_desk_borrow(desk, &a.lake, err);
    if (s == VO_OK) s = vo_lake_names(a.lake, &a.entry, &a.n, err);
    if (s == VO_OK) {
        if (a.n) qsort(a.entry, a.n, sizeof *a.entry, by_mark);
        s = write_page(&a, w, err);
    }
    finish(&a, desk);
    return s;
}
