/* tree.c -- see tree.h for the contract.
 *
 * Three growing arrays: the values, the bytes of keys and texts, and an open-addressing table
 * (at most half full) of the numbers of those values that have a key. Finishing writes JSON
 * text and lets json.c read it, so that there is one kind of tree and one place that checks it.
 */
#include "base/tree.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define MAX_VALUES 4000000u

struct vo_tree {
    const char *format;
    vo_tree_node *node;
    size_t n, nodes_size;
    char *text;
    size_t text_len, text_size;
    uint32_t *slot; /* VO_TREE_NONE: free */
    size_t slots;   /* a power of two     */
    size_t n_keys;
};

vo_status vo_tree_create(const char *format, vo_tree **out, vo_error *err) {
    vo_tree *t = calloc(1, sizeof *t);
    if (!t) return vo_fail(err, VO_ENOMEM, "a %s document", format);
    t->format = format;
    *out = t;
    return VO_OK;
}

void vo_tree_free(vo_tree *t) {
    if (!t) return;
    free(t->node);
    free(t->text);
    free(t->slot);
    free(t);
}

vo_status vo_tree_refuse(const vo_tree *t, vo_tree_place at, vo_error *err, const char *fmt,
                         ...) {
    char what[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    return vo_fail(err, VO_EINVAL, "%s, line %zu, column %zu: %s", t->format, at.line,
                   at.column, what);
}

/* Room for `need` elements of `size` bytes, doubling. */
static bool grow(void **array, size_t *have, size_t need, size_t size) {
    if (need <= *have) return true;
    size_t n = *have ? *have : 64;
    while (n < need) n *= 2;
    void *p = realloc(*array, n * size);
    if (!p) return false;
    *array = p;
    *have = n;
    return true;
}

static vo_status out_of_memory(const vo_tree *t, vo_error *err) {
    return vo_fail(err, VO_ENOMEM, "a %s document of %zu values", t->format, t->n);
}

/* Copies a string behind the others; the caller has checked it for NUL. */
static bool keep_text(vo_tree *t, const char *s, size_t len, size_t *offset) {
    void *text = t->text;
    if (!grow(&text, &t->text_size, t->text_len + len + 1, 1)) return false;
    t->text = text;
    memcpy(t->text + t->text_len, s, len);
    t->text[t->text_len + len] = '\0';
    *offset = t->text_len;
    t->text_len += len + 1;
    return true;
}

/* ---- members by key ---------------------------------------------------------- */

/* Of the parent's number and the key. */
static size_t hash(uint32_t parent, const char *key, size_t len) {
    const uint64_t h =
        vo_hash_bytes(vo_hash_bytes(VO_HASH_START, &parent, sizeof parent), key, len);
    return (size_t)(h ^ h >> 32);
}

static bool is_member(const vo_tree *t, uint32_t id, uint32_t parent, const char *key,
                      size_t len) {
    const char *have = t->text + t->node[id].key;
    return t->node[id].parent == parent && strlen(have) == len && memcmp(have, key, len) == 0;
}

uint32_t vo_tree_find(const vo_tree *t, uint32_t parent, const char *key, size_t len) {
    if (t->slots == 0) return VO_TREE_NONE;
    for (size_t i = hash(parent, key, len);; i++) {
        const uint32_t id = t->slot[i & (t->slots - 1)];
        if (id == VO_TREE_NONE || is_member(t, id, parent, key, len)) return id;
    }
}

static void enter(vo_tree *t, uint32_t id) {
    const char *key = t->text + t->node[id].key;
    size_t i = hash(t->node[id].parent, key, strlen(key));
    while (t->slot[i & (t->slots - 1)] != VO_TREE_NONE) i++;
    t->slot[i & (t->slots - 1)] = id;
}

/* Room for one more key: the table is rebuilt when it would be more than half full. */
static bool reserve_slot(vo_tree *t) {
    if (2 * (t->n_keys + 1) <= t->slots) return true;
    const size_t slots = t->slots ? 2 * t->slots : 128;
    uint32_t *slot = malloc(slots * sizeof *slot);
    if (!slot) return false;
    memset(slot, 0xFF, slots * sizeof *slot); /* VO_TREE_NONE */
    free(t->slot);
    t->slot = slot;
    t->slots = slots;
    for (size_t id = 0; id < t->n; id++)
        if (t->node[id].key != SIZE_MAX) enter(t, (uint32_t)id);
    return true;
}

/* ---- building ---------------------------------------------------------------- */

vo_tree_node *vo_tree_at(vo_tree *t, uint32_t id) {
    assert(id < t->n);
    return &t->node[id];
}

static vo_status check_new(const vo_tree *t, uint32_t parent, const char *key, size_t len,
                           vo_tree_place at, vo_error *err) {
    if (t->n >= MAX_VALUES)
        return vo_tree_refuse(t, at, err, "more than %u values: split the document",
                              MAX_VALUES);
    if (parent != VO_TREE_NONE && t->node[parent].depth >= VO_TREE_DEPTH)
        return vo_tree_refuse(t, at, err, "nested more than %d deep", VO_TREE_DEPTH);
    if (!key) return VO_OK;
    const int shown = len > 80 ? 80 : (int)len;
    if (memchr(key, '\0', len))
        return vo_tree_refuse(t, at, err, "a key with a NUL character in it");
    const uint32_t before = vo_tree_find(t, parent, key, len);
    if (before != VO_TREE_NONE)
        return vo_tree_refuse(t, at, err,
                              "\"%.*s\" is given twice (before in line %u): keep one", shown,
                              key, t->node[before].line);
    return VO_OK;
}

vo_status vo_tree_add(vo_tree *t, uint32_t parent, const char *key, size_t key_len,
                      vo_json_kind kind, vo_tree_place at, uint32_t *out, vo_error *err) {
    assert((parent == VO_TREE_NONE) == (t->n == 0));
    assert(parent == VO_TREE_NONE || (key != NULL) == (t->node[parent].kind == VO_JSON_OBJECT));
    const vo_status st = check_new(t, parent, key, key_len, at, err);
    if (st != VO_OK) return st;

    void *nodes = t->node;
    if (!grow(&nodes, &t->nodes_size, t->n + 1, sizeof *t->node)) return out_of_memory(t, err);
    t->node = nodes;
    vo_tree_node node = {.kind = kind,
                         .parent = parent,
                         .first = VO_TREE_NONE,
                         .last = VO_TREE_NONE,
                         .next = VO_TREE_NONE,
                         .line = (uint32_t)at.line,
                         .key = SIZE_MAX,
                         .text = SIZE_MAX};
    if (key && (!reserve_slot(t) || !keep_text(t, key, key_len, &node.key)))
        return out_of_memory(t, err);

    const uint32_t id = (uint32_t)t->n++;
    if (parent != VO_TREE_NONE) {
        vo_tree_node *p = &t->node[parent];
        node.depth = p->depth + 1;
        if (p->last == VO_TREE_NONE)
            p->first = id;
        else
            t->node[p->last].next = id;
        p->last = id;
    }
    t->node[id] = node;
    if (key) {
        enter(t, id);
        t->n_keys++;
    }
    *out = id;
    return VO_OK;
}

vo_status vo_tree_set_text(vo_tree *t, uint32_t id, const char *s, size_t len, vo_tree_place at,
                           vo_error *err) {
    assert(t->node[id].kind == VO_JSON_STRING);
    if (memchr(s, '\0', len))
        return vo_tree_refuse(t, at, err, "a text with a NUL character in it");
    return keep_text(t, s, len, &t->node[id].text) ? VO_OK : out_of_memory(t, err);
}

/* ---- finishing --------------------------------------------------------------- */

/* Recursion is bounded by VO_TREE_DEPTH. */
static void write_value(const vo_tree *t, uint32_t id, vo_json_out *w) {
    const vo_tree_node *v = &t->node[id];
    switch (v->kind) {
    case VO_JSON_NULL:
        vo_json_out_null(w);
        return;
    case VO_JSON_BOOL:
        vo_json_out_bool(w, v->number > 0);
        return;
    case VO_JSON_NUMBER:
        vo_json_out_number(w, v->number);
        return;
    case VO_JSON_STRING:
        vo_json_out_string(w, v->text == SIZE_MAX ? "" : t->text + v->text);
        return;
    case VO_JSON_ARRAY:
        vo_json_out_array(w);
        break;
    case VO_JSON_OBJECT:
        vo_json_out_object(w);
        break;
    }
    for (uint32_t i = v->first; i != VO_TREE_NONE; i = t->node[i].next) {
        if (v->kind == VO_JSON_OBJECT) vo_json_out_key(w, t->text + t->node[i].key);
        write_value(t, i, w);
    }
    vo_json_out_end(w);
}

vo_status vo_tree_finish(const vo_tree *t, vo_json **out, vo_error *err) {
    char *text = NULL;
    size_t len = 0;
    vo_json_out *w = NULL;
    vo_status st = vo_json_out_create(&w, err);
    if (st != VO_OK) return st;
    if (t->n > 0)
        write_value(t, 0, w);
    else
        vo_json_out_null(w);
    st = vo_json_out_take(w, &text, &len, err);
    vo_json_out_free(w);
    if (st == VO_OK) st = vo_json_parse(text, len, out, err);
    free(text);
    return st;
}
