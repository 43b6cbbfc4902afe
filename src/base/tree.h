/* tree.h -- a document while a reader is building it; finished, it is the JSON tree of json.h.
 *
 * Values are numbered in the order of their addition, 0 is the root; members are found by
 * hashing (parent, key), so that a document with many keys is read in linear time. Readers
 * (yaml.c, toml.c) give line and column with every value; refusals say them.
 * Bounds: 4 000 000 values, depth VO_TREE_DEPTH. Threads: one owner at a time.
 */
#ifndef VO_BASE_TREE_H
#define VO_BASE_TREE_H

#include "base/json.h"

#define VO_TREE_NONE UINT32_MAX
#define VO_TREE_DEPTH 64

typedef struct vo_tree vo_tree;

typedef struct {
    size_t line, column; /* from 1 */
} vo_tree_place;

typedef struct {
    vo_json_kind kind;
    uint32_t parent, first, last, next; /* VO_TREE_NONE: none                        */
    uint32_t line, depth;               /* where it was given; the root has depth 0  */
    uint32_t mark;                      /* the reader's own; 0 at first              */
    size_t key, text;                   /* offsets; SIZE_MAX: none                   */
    double number;                      /* of NUMBER; of BOOL 0 or 1                 */
} vo_tree_node;

/* `format` ("YAML", ...) begins every refusal; borrowed. *out is the caller's. */
vo_status vo_tree_create(const char *format, vo_tree **out, vo_error *err);
void vo_tree_free(vo_tree *t); /* accepts NULL */

/* Adds a value to an object (by key) or an array (key NULL), or the root (parent NONE).
 * VO_EINVAL: a key given before (says where), a NUL in it, too deep, too many. */
vo_status vo_tree_add(vo_tree *t, uint32_t parent, const char *key, size_t key_len,
                      vo_json_kind kind, vo_tree_place at, uint32_t *out, vo_error *err);
vo_status vo_tree_set_text(vo_tree *t, uint32_t id, const char *s, size_t len, vo_tree_place at,
                           vo_error *err);

uint32_t vo_tree_find(const vo_tree *t, uint32_t parent, const char *key, size_t key_len);
vo_tree_node *vo_tree_at(vo_tree *t, uint32_t id); /* valid until the next addition */

/* "FORMAT, line L, column C: ..." */
vo_status vo_tree_refuse(const vo_tree *t, vo_tree_place at, vo_error *err, const char *fmt,
                         ...) __attribute__((format(printf, 4, 5)));

/* *out is the caller's: vo_json_free. The tree stays the caller's. */
vo_status vo_tree_finish(const vo_tree *t, vo_json **out, vo_error *err);

#endif
