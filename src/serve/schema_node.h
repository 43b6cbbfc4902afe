/* schema_node.h -- a compiled schema, between schema.c (which makes it), schema_pattern.c and
 * schema_check.c. */
#ifndef VO_SERVE_SCHEMA_NODE_H
#define VO_SERVE_SCHEMA_NODE_H

#include <stdint.h>

#include "serve/schema.h"

/* Bits of the types that a schema allows: 1 << vo_json_kind, and whole numbers apart. */
enum { VO_TYPE_INTEGER = 1 << 8, VO_TYPE_ANY = 0x3f };

typedef enum { VO_FORMAT_NONE, VO_FORMAT_DATE, VO_FORMAT_DATE_TIME } vo_schema_format;

/* "^...$" as a row of classes with counts. */
typedef struct {
    uint64_t set[4]; /* bytes that it takes */
    size_t least, most;
} vo_pattern_atom;
typedef struct {
    const char *text; /* as it was written; NULL: none */
    vo_pattern_atom atom[8];
    size_t n;
} vo_pattern;

vo_status vo_pattern_compile(const char *text, const char *where, vo_pattern *out,
                             vo_error *err);
bool vo_pattern_match(const vo_pattern *p, const char *text);

typedef struct {
    const char *name; /* borrowed from the document */
    const vo_schema *schema;
} vo_schema_member;

typedef enum { VO_BRANCH_NONE, VO_BRANCH_ALL, VO_BRANCH_ANY, VO_BRANCH_ONE } vo_branch_kind;

struct vo_schema {
    unsigned types;
    const char *where;    /* owned: where in the document */
    const vo_schema *ref; /* only this counts, if it is there */

    const vo_json *constant, *choices; /* NULL: any */

    double least, most; /* of numbers; infinite without */
    bool above, below;  /* the bounds themselves are out */
    double multiple;    /* 0: any */
    bool
        plain_numbers; /* items that are numbers or null, with closed bounds and nothing else */

    size_t least_length, most_length; /* code points */
    vo_pattern pattern;
    vo_schema_format format;

    const vo_schema *items; /* NULL: anything */
    size_t least_items, most_items;

    vo_schema_member *member; /* [n_members], owned */
    size_t n_members;
    uint16_t *slot; /* [n_slots], owned: index + 1 by hash of the name; n_slots a power of 2 */
    size_t n_slots;
    const char **required; /* [n_required], owned */
    size_t n_required;
    bool closed;                 /* no other members */
    const vo_schema *additional; /* of other members; NULL: anything */
    size_t least_members, most_members;

    vo_branch_kind branches;
    const vo_schema **branch; /* [n_branches], owned */
    size_t n_branches;
    const char *chooses; /* the discriminator's member, or NULL */

    int visit;       /* while cycles are looked for */
    vo_schema *next; /* in the set */
};

/* What a chain of references ends in. */
static inline const vo_schema *vo_schema_itself(const vo_schema *s) {
    while (s->ref) s = s->ref;
    return s;
}

const vo_schema_member *vo_schema_member_of(const vo_schema *s, const char *name);

#endif
