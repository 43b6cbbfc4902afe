/* node_column.c -- see node_column.h. Times lie in an open-addressing table by their hash, each
 * with the hash of the first value that every candidate had there. */
#include "data/node_column.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "data/readings.h"

#define VALUES_KEPT 32u
#define VALUE_SIZE 64u
#define MAX_TIMES ((size_t)1 << 20)

typedef struct {
    char name[VO_COLUMN_NAME];
    vo_node_name kind;
    bool numeric;
    size_t id;
    size_t differing; /* rows whose time was there before with another value */
    size_t n;         /* distinct values, at most VALUES_KEPT counted        */
    size_t last;      /* index of the last row's value                       */
    char value[VALUES_KEPT][VALUE_SIZE];
} candidate;

typedef struct {
    uint64_t time; /* hash, 0: free */
    uint32_t first[VO_NODE_CANDIDATES];
} place;

struct vo_node_finder {
    size_t n, rows;
    candidate column[VO_NODE_CANDIDATES];
    place *place;
    size_t n_places, n_times;
};

vo_node_name vo_node_name_of(const char *column) {
    static const char *const certain[] = {
        "node",      "nodo",        "node_id",    "node_name", "pnode",    "pnode_name",
        "node name", "node id",     "price_node", "nodeid",    "nodename", "settlement_point",
        "clv_nodo",  "bidding_zone"};
    static const char *const likely[] = {
        "zone",     "zona", "zona de carga", "zona_carga", "area",       "region", "regionid",
        "location", "hub",  "location_id",   "bus",        "price_area", "site",   "meter"};
    for (size_t i = 0; i < sizeof certain / sizeof certain[0]; i++)
        if (vo_text_same(column, certain[i])) return VO_NODE_NAME_CERTAIN;
    for (size_t i = 0; i < sizeof likely / sizeof likely[0]; i++)
        if (vo_text_same(column, likely[i])) return VO_NODE_NAME_LIKELY;
    return VO_NODE_NAME_NONE;
}

vo_status vo_node_finder_create(vo_node_finder **out, vo_error *err) {
    vo_node_finder *f = calloc(1, sizeof *f);
    if (!f) return vo_fail(err, VO_ENOMEM, "no memory to look for nodes");
    *out = f;
    return VO_OK;
}

void vo_node_finder_free(vo_node_finder *f) {
    if (!f) return;
    free(f->place);
    free(f);
}

void vo_node_finder_add(vo_node_finder *f, const char *column, bool numeric, size_t id) {
    const vo_node_name kind = vo_node_name_of(column);
    size_t at = f->n;
    if (at == VO_NODE_CANDIDATES) {
        at = 0; /* the least likely one makes room */
        for (size_t i = 1; i < f->n; i++)
            if (f->column[i].kind < f->column[at].kind) at = i;
        if (f->column[at].kind >= kind) return;
    } else {
        f->n++;
    }
    candidate *c = &f->column[at];
    *c = (candidate){.kind = kind, .numeric = numeric, .id = id};
    strncpy(c->name, column, sizeof c->name - 1);
}

size_t vo_node_finder_count(const vo_node_finder *f) { return f->n; }
size_t vo_node_finder_id(const vo_node_finder *f, size_t i) { return f->column[i].id; }

/* ---- rows -------------------------------------------------------------------------- */

static uint64_t hash_field(uint64_t h, vo_csv_field x) { /* ended by the length */
    return vo_hash_bytes(vo_hash_bytes(h, x.text, x.len), &x.len, sizeof x.len);
}

static place *slot(place *places, size_t n, uint64_t time) {
    size_t i = (size_t)(time ^ time >> 29) & (n - 1);
    while (places[i].time && places[i].time != time) i = (i + 1) & (n - 1);
    return &places[i];
}

static vo_status grow(vo_node_finder *f, vo_error *err) {
    const size_t n = f->n_places ? 2 * f->n_places : 1024;
    place *more = calloc(n, sizeof *more);
    if (!more)
        return vo_fail(err, VO_ENOMEM, "no memory to look for nodes in %zu rows", f->rows);
    for (size_t i = 0; i < f->n_places; i++)
        if (f->place[i].time) *slot(more, n, f->place[i].time) = f->place[i];
    free(f->place);
    f->place = more;
    f->n_places = n;
    return VO_OK;
}

static bool is_value(const char *kept, vo_csv_field x) {
    const size_t len = x.len < VALUE_SIZE ? x.len : VALUE_SIZE - 1;
    return strlen(kept) == len && memcmp(kept, x.text, len) == 0;
}

static void count_value(candidate *c, vo_csv_field x) {
    if (c->n && is_value(c->value[c->last], x)) return;
    for (size_t i = 0; i < c->n; i++) {
        if (!is_value(c->value[i], x)) continue;
        c->last = i;
        return;
    }
    if (c->n == VALUES_KEPT) return;
    const size_t len = x.len < VALUE_SIZE ? x.len : VALUE_SIZE - 1;
    memcpy(c->value[c->n], x.text, len);
    c->last = c->n++;
}

vo_status vo_node_finder_row(vo_node_finder *f, vo_csv_field stamp, vo_csv_field beside,
                             const vo_csv_field *value, vo_error *err) {
    uint32_t hash[VO_NODE_CANDIDATES] = {0};
    f->rows++;
    for (size_t c = 0; c < f->n; c++) {
        count_value(&f->column[c], value[c]);
        hash[c] = (uint32_t)(hash_field(VO_HASH_START, value[c]) >> 16);
    }
    if (2 * f->n_times >= f->n_places && f->n_times < MAX_TIMES) {
        const vo_status st = grow(f, err);
        if (st != VO_OK) return st;
    }
    const uint64_t time = hash_field(hash_field(VO_HASH_START, stamp), beside) | 1;
    place *at = slot(f->place, f->n_places, time);
    if (!at->time) {
        if (f->n_times == MAX_TIMES) return VO_OK;
        f->n_times++;
        at->time = time;
        memcpy(at->first, hash, sizeof at->first);
        return VO_OK;
    }
    for (size_t c = 0; c < f->n; c++) f->column[c].differing += at->first[c] != hash[c];
    return VO_OK;
}

/* ---- what was found ------------------------------------------------------------------ */

bool vo_node_finder_apart(const vo_node_finder *f, size_t i) {
    const candidate *c = &f->column[i];
    if (c->n < 2) return false;
    if (c->kind == VO_NODE_NAME_CERTAIN && !c->numeric) return true;
    if (c->kind != VO_NODE_NAME_NONE && !c->numeric) return c->differing > 0;
    return c->differing > 0 && c->differing * 50 >= f->rows;
}

bool vo_node_finder_has(const vo_node_finder *f, size_t i, const char *value) {
    const candidate *c = &f->column[i];
    for (size_t k = 0; k < c->n; k++)
        if (vo_readings_same_node(value, c->value[k])) return true;
    return false;
}

size_t vo_node_finder_choose(const vo_node_finder *f, const char *wanted) {
    size_t best = VO_NODE_NONE;
    for (size_t i = 0; i < f->n; i++) {
        const candidate *c = &f->column[i];
        if (!vo_node_finder_apart(f, i)) continue;
        const candidate *b = best == VO_NODE_NONE ? NULL : &f->column[best];
        if (!b || c->kind > b->kind || (c->kind == b->kind && c->differing > b->differing))
            best = i;
    }
    for (size_t i = 0; best == VO_NODE_NONE && wanted && i < f->n; i++)
        if (vo_node_finder_has(f, i, wanted)) best = i;
    return best;
}

const char *vo_node_finder_first(const vo_node_finder *f, size_t i) {
    return f->column[i].value[0];
}

void vo_node_finder_describe(const vo_node_finder *f, size_t i, vo_text *out) {
    const candidate *c = &f->column[i];
    const char *names[6];
    size_t n = 0;
    for (; n < c->n && n < 6; n++) names[n] = c->value[n];
    vo_text_append(out, "column \"%s\" tells %s%zu series apart (", c->name,
                   c->n == VALUES_KEPT ? "more than " : "",
                   c->n == VALUES_KEPT ? c->n - 1 : c->n);
    vo_text_append_names(out, names, n);
    vo_text_append(out, "%s)", c->n > n ? ", ..." : "");
}

vo_status vo_node_choose(const vo_node_finder *f, const char *file, const vo_source_options *o,
                         size_t *column, const char **only, vo_error *err) {
    const size_t i = vo_node_finder_choose(f, o->only_node);
    char what[400];
    vo_text t = vo_text_over(what, sizeof what);
    *column = VO_NODE_NONE;
    if (i == VO_NODE_NONE) {
        if (!o->only_node || (o->node && vo_readings_same_node(o->only_node, o->node)))
            return VO_OK;
        return vo_fail(
            err, VO_ENOTFOUND,
            "%s: node = \"%.60s\", but no column has it: drop it, or name the column "
            "of nodes: node_column = \"NAME\"",
            file, o->only_node);
    }
    vo_node_finder_describe(f, i, &t);
    const char *wanted = o->only_node                                   ? o->only_node
                         : o->node && vo_node_finder_has(f, i, o->node) ? o->node
                                                                        : NULL;
    const bool many = f->column[i].n == VALUES_KEPT; /* it may have values not kept */
    if (wanted && !many && !vo_node_finder_has(f, i, wanted))
        return vo_fail(err, VO_ENOTFOUND, "%s: node = \"%.60s\" is not in it: %s", file, wanted,
                       what);
    if (!wanted)
        return vo_fail(err, VO_EINVAL,
                       "%s: %s: choose with node = \"%s\" (data import takes each, with "
                       "node_column = \"%s\")",
                       file, what, vo_node_finder_first(f, i), f->column[i].name);
    *only = wanted;
    *column = f->column[i].id;
    return VO_OK;
}

vo_status vo_node_choose_process(const vo_node_finder *f, const char *file,
                                 const vo_source_options *o, size_t *column, vo_error *err) {
    const char *wanted = o->only_process ? o->only_process : o->process;
    const size_t i = vo_node_finder_choose(f, o->only_process);
    char what[400];
    vo_text t = vo_text_over(what, sizeof what);
    *column = VO_NODE_NONE;
    if (i == VO_NODE_NONE) return VO_OK;
    vo_node_finder_describe(f, i, &t);
    if (!wanted || !vo_node_finder_has(f, i, wanted))
        return vo_fail(err, VO_EINVAL, "%s: of one node, %s: choose with process = \"%s\"",
                       file, what, vo_node_finder_first(f, i));
    *column = f->column[i].id;
    return VO_OK;
}
