/* gbt_trees.c -- flat trees: read from XGBoost's text, walked, saved, loaded.
 *
 * XGBoost prints floats with nine digits, which name each float32 uniquely, so the text carries
 * a tree without loss. Its node numbers become places breadth first, children side by side.
 * A loaded forest is checked before it is walked: children lie behind their parent and within
 * their tree, each has one parent, features are there. So every walk ends.
 */
#include "learn/gbt_trees.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEATURE_MASK (~VO_GBT_MISSING_LEFT)
#define MAX_TREE_NODES ((size_t)2 << VO_GBT_MAX_DEPTH)
#define NODE_BYTES 12

void vo_gbt_trees_fini(vo_gbt_trees *t) {
    if (!t->alloc) return;
    t->alloc->free(t->alloc->ctx, t->root);
    t->alloc->free(t->alloc->ctx, t->node);
    *t = (vo_gbt_trees){.alloc = t->alloc, .n_features = t->n_features};
}

/* A longer copy of an array, or NULL; the old one is freed only when there is a new one. */
static void *longer(const vo_alloc *a, void *old, size_t used, size_t room, size_t size) {
    void *p = a->zalloc(a->ctx, room * size);
    if (!p) return NULL;
    if (used) memcpy(p, old, used * size);
    a->free(a->ctx, old);
    return p;
}

static vo_status make_room(vo_gbt_trees *t, size_t trees, size_t nodes, vo_error *err) {
    if (t->n_trees + trees + 1 > t->trees_room) {
        const size_t room = 2 * t->trees_room + trees + 1;
        size_t *root =
            longer(t->alloc, t->root, t->root ? t->n_trees + 1 : 0, room, sizeof *root);
        if (!root) return vo_fail(err, VO_ENOMEM, "%zu trees", room);
        t->root = root;
        t->trees_room = room;
    }
    if (t->n_nodes + nodes > t->nodes_room) {
        const size_t room = 2 * t->nodes_room + nodes;
        vo_gbt_node *node = longer(t->alloc, t->node, t->n_nodes, room, sizeof *node);
        if (!node) return vo_fail(err, VO_ENOMEM, "%zu nodes of trees", room);
        t->node = node;
        t->nodes_room = room;
    }
    return VO_OK;
}

/* ---- XGBoost's text -------------------------------------------------------------------- */

typedef struct {
    bool there, leaf;
    uint32_t feature;
    uint32_t yes, no, missing; /* XGBoost's numbers */
    float value;
    double gain, cover;
} dumped;

/* "NAME=value" at *p, and behind it; false if it is not there or not a number. */
static bool read_named(const char **p, const char *name, double *out) {
    const size_t len = strlen(name);
    if (**p == ',') ++*p;
    if (strncmp(*p, name, len) != 0 || (*p)[len] != '=') return false;
    char *end = NULL;
    *out = strtod(*p + len + 1, &end);
    const bool read = end != *p + len + 1 && isfinite(*out);
    *p = end;
    return read;
}

static bool read_node_number(const char **p, const char *name, uint32_t *out) {
    double v = 0;
    if (!read_named(p, name, &v) || v < 0 || v >= (double)MAX_TREE_NODES) return false;
    *out = (uint32_t)v;
    return true;
}

/* One line into its node; false: it is not a node of a dump with statistics. */
static bool read_line(const char *p, dumped *nodes, size_t n) {
    char *end = NULL;
    const unsigned long id = strtoul(p, &end, 10);
    if (end == p || *end != ':' || id >= n || nodes[id].there) return false;
    dumped *d = &nodes[id];
    p = end + 1;
    double v = 0;
    if (read_named(&p, "leaf", &v)) {
        d->leaf = true;
        d->value = (float)v;
    } else {
        if (p[0] != '[' || p[1] != 'f') return false;
        const unsigned long feature = strtoul(p + 2, &end, 10);
        if (end == p + 2 || *end != '<' || feature >= VO_GBT_MAX_FEATURES) return false;
        d->feature = (uint32_t)feature;
        p = end + 1;
        d->value = strtof(p, &end);
        if (end == p || strncmp(end, "] ", 2) != 0 || !isfinite(d->value)) return false;
        p = end + 2;
        if (!read_node_number(&p, "yes", &d->yes) || !read_node_number(&p, "no", &d->no) ||
            !read_node_number(&p, "missing", &d->missing) || !read_named(&p, "gain", &d->gain))
            return false;
    }
    d->there = read_named(&p, "cover", &d->cover);
    return d->there;
}

static vo_status read_dump(const char *dump, dumped *nodes, size_t n, size_t n_features,
                           vo_error *err) {
    for (const char *p = dump; *p;) {
        while (*p == '\t') p++;
        const char *end = strchr(p, '\n');
        if (!end) end = p + strlen(p);
        char line[256];
        const size_t len = (size_t)(end - p);
        if (len) {
            if (len >= sizeof line)
                return vo_fail(err, VO_EINVAL, "a tree's line of %zu letters", len);
            memcpy(line, p, len);
            line[len] = '\0';
            if (!read_line(line, nodes, n))
                return vo_fail(err, VO_EINVAL, "not a line of a tree: \"%.80s\"", line);
        }
        p = *end ? end + 1 : end;
    }
    for (size_t i = 0; i < n; i++)
        if (nodes[i].there && !nodes[i].leaf && nodes[i].feature >= n_features)
            return vo_fail(err, VO_EINVAL, "a tree asks for feature %u of %zu",
                           (unsigned)nodes[i].feature, n_features);
    return VO_OK;
}

static size_t count_lines(const char *dump) {
    size_t n = 1;
    for (; *dump; dump++) n += *dump == '\n';
    return n;
}

/* Places the nodes breadth first from the root; order[i] is the number of place i. */
static vo_status place_nodes(const dumped *nodes, size_t n, uint32_t *order, vo_gbt_node *out,
                             size_t *used, vo_error *err) {
    size_t end = 1;
    order[0] = 0;
    for (size_t i = 0; i < end; i++) {
        const dumped *d = &nodes[order[i]];
        if (order[i] >= n || !d->there)
            return vo_fail(err, VO_EINVAL, "a tree has no node %u", (unsigned)order[i]);
        out[i] = (vo_gbt_node){d->value, 0, d->feature};
        if (d->leaf) continue;
        if (end + 2 > n || d->yes >= n || d->no >= n || d->yes == d->no)
            return vo_fail(err, VO_EINVAL, "node %u of a tree leads nowhere or in circles",
                           (unsigned)order[i]);
        out[i].child = (uint32_t)end;
        if (d->missing == d->yes) out[i].feature |= VO_GBT_MISSING_LEFT;
        order[end++] = d->yes;
        order[end++] = d->no;
    }
    *used = end;
    return VO_OK;
}

vo_status vo_gbt_trees_append_dump(vo_gbt_trees *t, const char *dump, vo_gbt_worth *worth,
                                   vo_error *err) {
    const size_t n = count_lines(dump);
    if (n > MAX_TREE_NODES) return vo_fail(err, VO_EINVAL, "a tree of %zu lines", n);
    dumped *nodes = t->alloc->zalloc(t->alloc->ctx, n * sizeof *nodes);
    uint32_t *order = t->alloc->zalloc(t->alloc->ctx, n * sizeof *order);
    size_t used = 0;
    vo_status st = nodes && order ? VO_OK : vo_fail(err, VO_ENOMEM, "a tree of %zu nodes", n);
    if (st == VO_OK) st = read_dump(dump, nodes, n, t->n_features, err);
    if (st == VO_OK) st = make_room(t, 1, n, err);
    if (st == VO_OK) st = place_nodes(nodes, n, order, t->node + t->n_nodes, &used, err);
    if (st == VO_OK) {
        for (size_t i = 0; worth && i < n; i++) {
            if (!nodes[i].there || nodes[i].leaf) continue;
            worth->gain[nodes[i].feature] += nodes[i].gain;
            worth->cover[nodes[i].feature] += nodes[i].cover;
            worth->splits[nodes[i].feature] += 1;
        }
        t->n_nodes += used;
        t->root[++t->n_trees] = t->n_nodes;
    }
    t->alloc->free(t->alloc->ctx, nodes);
    t->alloc->free(t->alloc->ctx, order);
    return st;
}

void vo_gbt_trees_cut(vo_gbt_trees *t, size_t n) {
    if (n >= t->n_trees) return;
    t->n_trees = n;
    t->n_nodes = t->root[n];
}

/* ---- walking ----------------------------------------------------------------------------- */

static inline size_t walk(const vo_gbt_node *tree, const float *x) {
    size_t i = 0;
    while (tree[i].child) {
        const vo_gbt_node *n = &tree[i];
        const float v = x[n->feature & FEATURE_MASK];
        const bool left = isnan(v) ? n->feature & VO_GBT_MISSING_LEFT : v < n->value;
        i = n->child + !left;
    }
    return i;
}

size_t vo_gbt_trees_leaf(const vo_gbt_trees *t, size_t tree, const float *x) {
    assert(tree < t->n_trees);
    return t->root[tree] + walk(t->node + t->root[tree], x);
}

float vo_gbt_trees_sum(const vo_gbt_trees *t, const float *x) {
    float sum = 0;
    for (size_t k = 0; k < t->n_trees; k++) {
        const vo_gbt_node *tree = t->node + t->root[k];
        sum += tree[walk(tree, x)].value;
    }
    return sum;
}

/* ---- saving and loading ------------------------------------------------------------------ */

void vo_gbt_trees_save(const vo_gbt_trees *t, vo_artefact_out *out) {
    vo_artefact_begin(out, "TREE");
    vo_artefact_put_u64(out, t->n_features);
    vo_artefact_put_u64(out, t->n_trees);
    vo_artefact_put_u64(out, t->n_nodes);
    for (size_t k = 0; k < t->n_trees; k++)
        vo_artefact_put_u32(out, (uint32_t)(t->root[k + 1] - t->root[k]));
    for (size_t i = 0; i < t->n_nodes; i++) {
        uint32_t bits;
        memcpy(&bits, &t->node[i].value, sizeof bits);
        vo_artefact_put_u32(out, bits);
        vo_artefact_put_u32(out, t->node[i].child);
        vo_artefact_put_u32(out, t->node[i].feature);
    }
    vo_artefact_end(out);
}

static vo_status load_counts(vo_artefact *in, size_t n_features, size_t *n_trees,
                             size_t *n_nodes, vo_error *err) {
    uint64_t f = 0, trees = 0, nodes = 0;
    vo_status st = vo_artefact_get_u64(in, &f, err);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &trees, err);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &nodes, err);
    if (st != VO_OK) return st;
    if (f != n_features)
        return vo_fail(err, VO_EINVAL, "trees over %llu features where there are %zu",
                       (unsigned long long)f, n_features);
    if (trees > VO_GBT_MAX_TREES || nodes > trees * MAX_TREE_NODES || nodes < trees)
        return vo_fail(err, VO_EINVAL, "%llu trees of %llu nodes", (unsigned long long)trees,
                       (unsigned long long)nodes);
    *n_trees = (size_t)trees;
    *n_nodes = (size_t)nodes;
    return VO_OK;
}

/* One tree of `size` nodes, appended; each inner node must own the next two places that no
 * other one has: then there are no circles and nothing is left over. */
static vo_status load_tree(vo_gbt_trees *t, size_t size, vo_artefact *in, vo_error *err) {
    if (size == 0 || size > MAX_TREE_NODES)
        return vo_fail(err, VO_EINVAL, "tree %zu has %zu nodes", t->n_trees, size);
    vo_status st = make_room(t, 1, size, err);
    uint32_t next = 1;
    for (size_t i = 0; st == VO_OK && i < size; i++) {
        vo_gbt_node *n = &t->node[t->n_nodes + i];
        uint32_t bits = 0;
        st = vo_artefact_get_u32(in, &bits, err);
        if (st == VO_OK) st = vo_artefact_get_u32(in, &n->child, err);
        if (st == VO_OK) st = vo_artefact_get_u32(in, &n->feature, err);
        if (st != VO_OK) break;
        memcpy(&n->value, &bits, sizeof bits);
        const bool leaf = n->child == 0;
        if (!isfinite(n->value) || (!leaf && n->child != next) || next > size ||
            (!leaf && (n->feature & FEATURE_MASK) >= t->n_features))
            st = vo_fail(err, VO_EINVAL, "node %zu of tree %zu is no node of a tree", i,
                         t->n_trees);
        if (!leaf) next += 2;
    }
    if (st == VO_OK && next != size)
        st = vo_fail(err, VO_EINVAL, "tree %zu has %zu nodes but uses %u", t->n_trees, size,
                     (unsigned)next);
    if (st != VO_OK) return st;
    t->n_nodes += size;
    t->root[++t->n_trees] = t->n_nodes;
    return VO_OK;
}

vo_status vo_gbt_trees_load(vo_gbt_trees *t, vo_artefact *in, vo_error *err) {
    assert(t->n_trees == 0 && !t->root);
    size_t n_trees = 0, n_nodes = 0;
    vo_status st = vo_artefact_enter(in, "TREE", err);
    if (st != VO_OK) return st;
    uint32_t *size = NULL;
    st = load_counts(in, t->n_features, &n_trees, &n_nodes, err);
    if (st == VO_OK) {
        size = t->alloc->zalloc(t->alloc->ctx, (n_trees + 1) * sizeof *size);
        if (!size) st = vo_fail(err, VO_ENOMEM, "%zu trees", n_trees);
    }
    /* Memory follows what is really there: a head that promises much costs nothing. */
    if (st == VO_OK) st = make_room(t, 1, 1, err);
    for (size_t k = 0; st == VO_OK && k < n_trees; k++)
        st = vo_artefact_get_u32(in, &size[k], err);
    for (size_t k = 0; st == VO_OK && k < n_trees; k++) st = load_tree(t, size[k], in, err);
    t->alloc->free(t->alloc->ctx, size);
    if (st == VO_OK && t->n_nodes != n_nodes)
        st = vo_fail(err, VO_EINVAL, "%zu nodes of trees where %zu were promised", t->n_nodes,
                     n_nodes);
    if (st != VO_OK) {
        vo_gbt_trees_fini(t);
        return st;
    }
    vo_artefact_leave(in);
    return VO_OK;
}
