/* node_column.h -- which column of a table tells several series apart, when nobody has said.
 *
 * A file of several nodes, read as one series, looks like a file of many corrections: every
 * time is there once per node. So before a file is read, its text columns are looked at: a
 * column names nodes if rows of the same time differ in it, in one row of fifty or more (an
 * hour that clocks repeat may have a flag of its own), or in any row if the column is called
 * "zone", "region", ...; or if it is called "node" and has two values at all.
 * Bounds: VO_NODE_CANDIDATES columns, 2^20 times, 32 values kept per column.
 */
#ifndef VO_DATA_NODE_COLUMN_H
#define VO_DATA_NODE_COLUMN_H

#include "base/text.h"
#include "data/csv.h"
#include "data/source.h"

#define VO_NODE_CANDIDATES 4
#define VO_NODE_NONE SIZE_MAX

typedef enum {
    VO_NODE_NAME_NONE = 0, /* "status", "comment" */
    VO_NODE_NAME_LIKELY,   /* "zone", "region"    */
    VO_NODE_NAME_CERTAIN   /* "node", "pnode"     */
} vo_node_name;

vo_node_name vo_node_name_of(const char *column);

typedef struct vo_node_finder vo_node_finder;

/* *out is the caller's: vo_node_finder_free. VO_ENOMEM. */
vo_status vo_node_finder_create(vo_node_finder **out, vo_error *err);
void vo_node_finder_free(vo_node_finder *f); /* accepts NULL */

/* A column to look at; `numeric` ones count only with differing rows of a time. At most
 * VO_NODE_CANDIDATES are taken, certain and likely names before others. `id` is the caller's.
 */
void vo_node_finder_add(vo_node_finder *f, const char *column, bool numeric, size_t id);
size_t vo_node_finder_count(const vo_node_finder *f);
size_t vo_node_finder_id(const vo_node_finder *f, size_t i); /* i < count */

/* A row: the time as it is written (with whatever else must be equal, in `beside`), and a field
 * per candidate in the order of vo_node_finder_id. VO_ENOMEM. */
vo_status vo_node_finder_row(vo_node_finder *f, vo_csv_field stamp, vo_csv_field beside,
                             const vo_csv_field *value, vo_error *err);

/* The candidate (0..count-1) that tells series apart, else the one that holds `wanted` (or
 * NULL), else VO_NODE_NONE. */
size_t vo_node_finder_choose(const vo_node_finder *f, const char *wanted);

/* Has candidate i the value? (blank = '-' = '_') */
bool vo_node_finder_has(const vo_node_finder *f, size_t i, const char *value);

/* Does candidate i tell series apart, by the rule above? */
bool vo_node_finder_apart(const vo_node_finder *f, size_t i);

/* 'column "node" tells 2 series apart (A, B)' */
void vo_node_finder_describe(const vo_node_finder *f, size_t i, vo_text *out);
const char *vo_node_finder_first(const vo_node_finder *f, size_t i); /* "A" */

/* ---- what that means for a reader; columns are ids, VO_NODE_NONE: none ------------------ */

/* With only_node (or node, if the file has that value) the column it is in, and *only; without,
 * VO_EINVAL if a column tells series apart: which, and how to choose. VO_ENOTFOUND: only_node
 * is nowhere. `file` is for messages. */
vo_status vo_node_choose(const vo_node_finder *f, const char *file, const vo_source_options *o,
                         size_t *column, const char **only, vo_error *err);

/* The same for what tells rows of one node apart: only_process or process chooses. */
vo_status vo_node_choose_process(const vo_node_finder *f, const char *file,
                                 const vo_source_options *o, size_t *column, vo_error *err);

#endif
