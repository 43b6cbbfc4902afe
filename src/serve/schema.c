/* schema.c -- see schema.h: from the document to nodes that schema_check.c walks.
 *
 * Named schemas get their node before they are read, so that they may refer to themselves; what
 * refers to itself without descending into the value would never end, and is refused.
 */
#include "serve/schema.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "serve/schema_node.h"

struct vo_schema_set {
    const vo_json *components;
    vo_schema **named; /* [components] in document order; NULL: not begun */
    size_t n_named;
    vo_schema *first; /* all that the set owns */
};

static void node_free(vo_schema *s) {
    if (!s) return;
    free((void *)(uintptr_t)s->where);
    free(s->member);
    free(s->slot);
    free(s->required);
    free(s->branch);
    free(s);
}

void vo_schema_set_free(vo_schema_set *set) {
    if (!set) return;
    for (vo_schema *s = set->first, *next; s; s = next) {
        next = s->next;
        node_free(s);
    }
    free(set->named);
    free(set);
}

static vo_status node_create(vo_schema_set *set, const char *where, vo_schema **out,
                             vo_error *err) {
    vo_schema *s = calloc(1, sizeof *s);
    char *copy = strdup(where);
    if (!s || !copy) {
        free(s);
        free(copy);
        return vo_fail(err, VO_ENOMEM, "%s: a schema", where);
    }
    s->where = copy;
    s->types = VO_TYPE_ANY;
    s->least = -(double)INFINITY;
    s->most = (double)INFINITY;
    s->most_length = s->most_items = s->most_members = SIZE_MAX;
    s->next = set->first;
    set->first = s;
    *out = s;
    return VO_OK;
}

/* ---- keywords ------------------------------------------------------------------------- */

static vo_status check_keywords(const vo_json *v, const char *where, vo_error *err) {
    static const char *const known[] = {
#define X(name, what) name,
        VO_SCHEMA_KEYWORD_MAP(X)
#undef X
    };
    const size_t n = sizeof known / sizeof known[0];
    const char *key = NULL;
    const vo_json *unused = NULL;
    for (size_t m = 0; vo_json_member(v, m, &key, &unused); m++) {
        size_t i = 0;
        while (i < n && strcmp(known[i], key) != 0) i++;
        if (i < n || strncmp(key, "x-", 2) == 0) continue;
        const char *near = vo_text_nearest(key, known, n);
        return vo_fail(err, VO_EINVAL, "%s: the keyword %.60s is not understood%s%s%s", where,
                       key, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    }
    return VO_OK;
}

static vo_status wrong(const char *where, const char *keyword, const char *must,
                       vo_error *err) {
    return vo_fail(err, VO_EINVAL, "%s: %s must be %s", where, keyword, must);
}

static vo_status read_bound(const vo_json *v, const char *where, const char *keyword,
                            double *out, bool *found, vo_error *err) {
    const vo_json *x = vo_json_get(v, keyword);
    *found = x != NULL;
    if (!x) return VO_OK;
    if (vo_json_kind_of(x) != VO_JSON_NUMBER) return wrong(where, keyword, "a number", err);
    *out = vo_json_number(x);
    return VO_OK;
}

static vo_status read_size(const vo_json *v, const char *where, const char *keyword,
                           size_t *out, vo_error *err) {
    double x = 0;
    bool found = false;
    const vo_status s = read_bound(v, where, keyword, &x, &found, err);
    if (s != VO_OK || !found) return s;
    if (!(x >= 0 && x <= 1e15 && x == floor(x)))
        return wrong(where, keyword, "a whole number, 0 or more", err);
    *out = (size_t)x;
    return VO_OK;
}

static vo_status read_type(const char *name, const char *where, unsigned *types,
                           vo_error *err) {
    static const struct {
        const char *name;
        unsigned bit;
    } known[] = {{"null", 1u << VO_JSON_NULL},     {"boolean", 1u << VO_JSON_BOOL},
                 {"number", 1u << VO_JSON_NUMBER}, {"string", 1u << VO_JSON_STRING},
                 {"array", 1u << VO_JSON_ARRAY},   {"object", 1u << VO_JSON_OBJECT},
                 {"integer", VO_TYPE_INTEGER}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i].name, name) == 0) {
            *types |= known[i].bit;
            return VO_OK;
        }
    return vo_fail(err, VO_EINVAL, "%s: there is no type \"%.40s\"", where, name);
}

static vo_status read_types(const vo_json *v, vo_schema *s, vo_error *err) {
    const vo_json *x = vo_json_get(v, "type");
    if (!x) return VO_OK;
    const vo_json_kind kind = vo_json_kind_of(x);
    s->types = 0;
    if (kind == VO_JSON_STRING) return read_type(vo_json_string(x), s->where, &s->types, err);
    if (kind != VO_JSON_ARRAY || vo_json_size(x) == 0)
        return wrong(s->where, "type", "a name or an array of names", err);
    for (size_t i = 0; i < vo_json_size(x); i++) {
        const vo_json *name = vo_json_at(x, i);
        if (vo_json_kind_of(name) != VO_JSON_STRING)
            return wrong(s->where, "type", "a name or an array of names", err);
        const vo_status st = read_type(vo_json_string(name), s->where, &s->types, err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

static bool scalar(const vo_json *v) {
    const vo_json_kind kind = vo_json_kind_of(v);
    return kind != VO_JSON_ARRAY && kind != VO_JSON_OBJECT;
}

static vo_status read_values(const vo_json *v, vo_schema *s, vo_error *err) {
    s->constant = vo_json_get(v, "const");
    s->choices = vo_json_get(v, "enum");
    bool fine = !s->constant || scalar(s->constant);
    if (s->choices) {
        fine = fine && vo_json_kind_of(s->choices) == VO_JSON_ARRAY && vo_json_size(s->choices);
        for (size_t i = 0; fine && i < vo_json_size(s->choices); i++)
            fine = scalar(vo_json_at(s->choices, i));
    }
    return fine ? VO_OK : wrong(s->where, "const and enum", "scalars, and at least one", err);
}

static vo_status read_numbers(const vo_json *v, vo_schema *s, vo_error *err) {
    bool low = false, high = false, found = false;
    vo_status st = read_bound(v, s->where, "minimum", &s->least, &low, err);
    if (st == VO_OK) st = read_bound(v, s->where, "maximum", &s->most, &high, err);
    if (st == VO_OK)
        st = read_bound(v, s->where, "exclusiveMinimum", &s->least, &s->above, err);
    if (st == VO_OK) st = read_bound(v, s->where, "exclusiveMaximum", &s->most, &s->below, err);
    if (st == VO_OK) st = read_bound(v, s->where, "multipleOf", &s->multiple, &found, err);
    if (st != VO_OK) return st;
    if ((low && s->above) || (high && s->below))
        return vo_fail(err, VO_EINVAL,
                       "%s: one of minimum and exclusiveMinimum, and one of "
                       "maximum and exclusiveMaximum",
                       s->where);
    if (found && !(s->multiple > 0)) return wrong(s->where, "multipleOf", "above 0", err);
    return s->least <= s->most ? VO_OK : wrong(s->where, "minimum", "at most maximum", err);
}

static vo_status read_texts(const vo_json *v, vo_schema *s, vo_error *err) {
    vo_status st = read_size(v, s->where, "minLength", &s->least_length, err);
    if (st == VO_OK) st = read_size(v, s->where, "maxLength", &s->most_length, err);
    if (st != VO_OK) return st;
    const vo_json *pattern = vo_json_get(v, "pattern"), *format = vo_json_get(v, "format");
    if (pattern && vo_json_kind_of(pattern) != VO_JSON_STRING)
        return wrong(s->where, "pattern", "a text", err);
    if (pattern) st = vo_pattern_compile(vo_json_string(pattern), s->where, &s->pattern, err);
    if (st != VO_OK || !format) return st;
    const char *name = vo_json_kind_of(format) == VO_JSON_STRING ? vo_json_string(format) : "";
    if (strcmp(name, "date") != 0 && strcmp(name, "date-time") != 0)
        return wrong(s->where, "format", "date or date-time", err);
    s->format = strcmp(name, "date") == 0 ? VO_FORMAT_DATE : VO_FORMAT_DATE_TIME;
    return VO_OK;
}

/* ---- schemas within schemas ------------------------------------------------------------ */

static vo_status compile_into(vo_schema_set *set, const vo_json *v, vo_schema *s,
                              vo_error *err);

static vo_status compile(vo_schema_set *set, const vo_json *v, const char *where,
                         vo_schema **out, vo_error *err) {
    vo_schema *s = NULL;
    vo_status st = node_create(set, where, &s, err);
    if (st == VO_OK) st = compile_into(set, v, s, err);
    if (st == VO_OK) *out = s;
    return st;
}

/* At "WHERE/STEP"; what is too long keeps its beginning, it is for messages only. */
static vo_status compile_below(vo_schema_set *set, const vo_json *v, const vo_schema *above,
                               const char *step, const vo_schema **out, vo_error *err) {
    char where[300];
    snprintf(where, sizeof where, "%s/%.120s", above->where, step);
    vo_schema *made = NULL;
    const vo_status st = compile(set, v, where, &made, err);
    if (st == VO_OK) *out = made;
    return st;
}

static vo_status named(vo_schema_set *set, const char *name, vo_schema **out, vo_error *err) {
    const char *key = NULL;
    const vo_json *v = NULL;
    for (size_t i = 0; i < set->n_named; i++) {
        if (!vo_json_member(set->components, i, &key, &v) || strcmp(key, name) != 0) continue;
        *out = set->named[i];
        if (*out) return VO_OK;
        char where[200];
        snprintf(where, sizeof where, "#/components/schemas/%.150s", name);
        vo_status st = node_create(set, where, &set->named[i], err);
        if (st == VO_OK) st = compile_into(set, v, set->named[i], err);
        *out = set->named[i];
        return st;
    }
    return vo_fail(err, VO_EINVAL, "there is no schema #/components/schemas/%.100s", name);
}

static vo_status read_reference(vo_schema_set *set, const vo_json *v, vo_schema *s,
                                vo_error *err) {
    static const char before[] = "#/components/schemas/";
    const char *text = vo_json_kind_of(v) == VO_JSON_STRING ? vo_json_string(v) : "";
    if (strncmp(text, before, sizeof before - 1) != 0)
        return wrong(s->where, "$ref", "#/components/schemas/NAME", err);
    vo_schema *to = NULL;
    const vo_status st = named(set, text + sizeof before - 1, &to, err);
    s->ref = to;
    return st;
}

static vo_status read_array(vo_schema_set *set, const vo_json *v, vo_schema *s, vo_error *err) {
    vo_status st = read_size(v, s->where, "minItems", &s->least_items, err);
    if (st == VO_OK) st = read_size(v, s->where, "maxItems", &s->most_items, err);
    const vo_json *items = vo_json_get(v, "items");
    if (st == VO_OK && items) st = compile_below(set, items, s, "items", &s->items, err);
    return st;
}

/* Names to their index + 1, by open addressing. */
static vo_status index_members(vo_schema *s, vo_error *err) {
    s->n_slots = 8;
    while (s->n_slots < 2 * s->n_members) s->n_slots *= 2;
    s->slot = calloc(s->n_slots, sizeof *s->slot);
    if (!s->slot) return vo_fail(err, VO_ENOMEM, "%s: members", s->where);
    for (size_t i = 0; i < s->n_members; i++) {
        const char *name = s->member[i].name;
        size_t at = (size_t)vo_hash_bytes(VO_HASH_START, name, strlen(name));
        while (s->slot[at & (s->n_slots - 1)]) at++;
        s->slot[at & (s->n_slots - 1)] = (uint16_t)(i + 1);
    }
    return VO_OK;
}

static vo_status read_members(vo_schema_set *set, const vo_json *v, vo_schema *s,
                              vo_error *err) {
    const vo_json *members = vo_json_get(v, "properties");
    if (!members) return VO_OK;
    const size_t n = vo_json_size(members);
    if (vo_json_kind_of(members) != VO_JSON_OBJECT || n > 1000)
        return wrong(s->where, "properties", "an object with at most 1000 members", err);
    if (n == 0) return VO_OK;
    s->member = calloc(n, sizeof *s->member);
    if (!s->member) return vo_fail(err, VO_ENOMEM, "%s: members", s->where);
    const vo_json *x = NULL;
    for (size_t i = 0; vo_json_member(members, i, &s->member[i].name, &x); i++) {
        const vo_status st =
            compile_below(set, x, s, s->member[i].name, &s->member[i].schema, err);
        if (st != VO_OK) return st;
        s->n_members = i + 1;
        if (i + 1 == n) break;
    }
    return index_members(s, err);
}

static vo_status read_required(const vo_json *v, vo_schema *s, vo_error *err) {
    const vo_json *required = vo_json_get(v, "required");
    if (!required || vo_json_size(required) == 0) return VO_OK;
    if (vo_json_kind_of(required) != VO_JSON_ARRAY)
        return wrong(s->where, "required", "an array of names", err);
    s->required = calloc(vo_json_size(required), sizeof *s->required);
    if (!s->required) return vo_fail(err, VO_ENOMEM, "%s: required", s->where);
    for (size_t i = 0; i < vo_json_size(required); i++) {
        const vo_json *name = vo_json_at(required, i);
        if (vo_json_kind_of(name) != VO_JSON_STRING)
            return wrong(s->where, "required", "an array of names", err);
        s->required[s->n_required++] = vo_json_string(name);
    }
    return VO_OK;
}

static vo_status read_object(vo_schema_set *set, const vo_json *v, vo_schema *s,
                             vo_error *err) {
    vo_status st = read_size(v, s->where, "minProperties", &s->least_members, err);
    if (st == VO_OK) st = read_size(v, s->where, "maxProperties", &s->most_members, err);
    if (st == VO_OK) st = read_members(set, v, s, err);
    if (st == VO_OK) st = read_required(v, s, err);
    const vo_json *other = vo_json_get(v, "additionalProperties");
    if (st != VO_OK || !other) return st;
    if (vo_json_kind_of(other) != VO_JSON_BOOL)
        return compile_below(set, other, s, "additionalProperties", &s->additional, err);
    s->closed = !vo_json_bool(other);
    return VO_OK;
}

static vo_status read_discriminator(const vo_json *v, vo_schema *s, vo_error *err) {
    const vo_json *d = vo_json_get(v, "discriminator");
    if (!d) return VO_OK;
    const vo_json *name =
        vo_json_kind_of(d) == VO_JSON_OBJECT ? vo_json_get(d, "propertyName") : NULL;
    if (!name || vo_json_kind_of(name) != VO_JSON_STRING || s->branches != VO_BRANCH_ONE)
        return wrong(s->where, "discriminator", "{\"propertyName\": NAME}, beside oneOf", err);
    s->chooses = vo_json_string(name);
    return VO_OK;
}

static vo_status read_branches(vo_schema_set *set, const vo_json *v, vo_schema *s,
                               vo_error *err) {
    static const struct {
        const char *keyword;
        vo_branch_kind kind;
    } known[] = {{"allOf", VO_BRANCH_ALL}, {"anyOf", VO_BRANCH_ANY}, {"oneOf", VO_BRANCH_ONE}};
    for (size_t k = 0; k < 3; k++) {
        const vo_json *list = vo_json_get(v, known[k].keyword);
        if (!list) continue;
        const size_t n = vo_json_kind_of(list) == VO_JSON_ARRAY ? vo_json_size(list) : 0;
        if (n == 0) return wrong(s->where, known[k].keyword, "an array of schemas", err);
        if (s->branch)
            return vo_fail(err, VO_EINVAL, "%s: only one of allOf, anyOf and oneOf", s->where);
        s->branches = known[k].kind;
        s->branch = calloc(n, sizeof *s->branch);
        if (!s->branch) return vo_fail(err, VO_ENOMEM, "%s: branches", s->where);
        for (size_t i = 0; i < n; i++) {
            char step[40];
            snprintf(step, sizeof step, "%s/%zu", known[k].keyword, i);
            const vo_status st =
                compile_below(set, vo_json_at(list, i), s, step, &s->branch[i], err);
            if (st != VO_OK) return st;
            s->n_branches = i + 1;
        }
    }
    return read_discriminator(v, s, err);
}

/* Arrays of a thousand numbers are the common case of large bodies. */
static bool plain_numbers(const vo_schema *s) {
    const unsigned null = 1u << VO_JSON_NULL, number = 1u << VO_JSON_NUMBER;
    return !s->ref && !s->branches && !s->constant && !s->choices && s->multiple == 0 &&
           (s->types & number) && !s->above && !s->below &&
           !(s->types & ~(number | null | (1u << VO_JSON_OBJECT)));
}

static vo_status compile_into(vo_schema_set *set, const vo_json *v, vo_schema *s,
                              vo_error *err) {
    if (vo_json_kind_of(v) == VO_JSON_BOOL && vo_json_bool(v)) return VO_OK;
    if (vo_json_kind_of(v) != VO_JSON_OBJECT)
        return vo_fail(err, VO_EINVAL, "%s: a schema must be an object", s->where);
    vo_status st = check_keywords(v, s->where, err);
    if (st != VO_OK) return st;
    const vo_json *ref = vo_json_get(v, "$ref");
    if (ref) return read_reference(set, ref, s, err);
    if (st == VO_OK) st = read_types(v, s, err);
    if (st == VO_OK) st = read_values(v, s, err);
    if (st == VO_OK) st = read_numbers(v, s, err);
    if (st == VO_OK) st = read_texts(v, s, err);
    if (st == VO_OK) st = read_array(set, v, s, err);
    if (st == VO_OK) st = read_object(set, v, s, err);
    if (st == VO_OK) st = read_branches(set, v, s, err);
    s->plain_numbers = plain_numbers(s);
    return st;
}

/* ---- the set --------------------------------------------------------------------------- */

/* References and branches do not descend into the value: a cycle of them would never end. */
static vo_status check_ends(vo_schema *s, vo_error *err) {
    if (s->visit == 2) return VO_OK;
    if (s->visit == 1)
        return vo_fail(err, VO_EINVAL, "%s refers to itself without end", s->where);
    s->visit = 1;
    vo_status st = VO_OK;
    if (s->ref) st = check_ends((vo_schema *)(uintptr_t)s->ref, err);
    for (size_t i = 0; st == VO_OK && i < s->n_branches; i++)
        st = check_ends((vo_schema *)(uintptr_t)s->branch[i], err);
    s->visit = 2;
    return st;
}

/* Each branch must say which value of the discriminator is meant. */
static vo_status check_choice(const vo_schema *s, vo_error *err) {
    for (size_t i = 0; s->chooses && i < s->n_branches; i++) {
        const vo_schema_member *m =
            vo_schema_member_of(vo_schema_itself(s->branch[i]), s->chooses);
        if (m && m->schema->constant && vo_json_kind_of(m->schema->constant) == VO_JSON_STRING)
            continue;
        return vo_fail(err, VO_EINVAL, "%s: branch %zu has no const text for %.60s", s->where,
                       i, s->chooses);
    }
    return VO_OK;
}

/* What can only be seen when all references are there, of the nodes made since `known`. */
static vo_status check_together(vo_schema_set *set, const vo_schema *known, vo_error *err) {
    vo_status st = VO_OK;
    for (vo_schema *s = set->first; st == VO_OK && s != known; s = s->next)
        st = check_ends(s, err);
    for (vo_schema *s = set->first; st == VO_OK && s != known; s = s->next)
        st = check_choice(s, err);
    return st;
}

vo_status vo_schema_set_create(const vo_json *components, vo_schema_set **out, vo_error *err) {
    if (components && vo_json_kind_of(components) != VO_JSON_OBJECT)
        return vo_fail(err, VO_EINVAL, "#/components/schemas must be an object");
    vo_schema_set *set = calloc(1, sizeof *set);
    if (!set) return vo_fail(err, VO_ENOMEM, "a set of schemas");
    set->components = components;
    set->n_named = components ? vo_json_size(components) : 0;
    set->named = calloc(set->n_named + 1, sizeof(vo_schema *));
    vo_status st =
        set->named ? VO_OK : vo_fail(err, VO_ENOMEM, "%zu named schemas", set->n_named);
    const char *key = NULL;
    const vo_json *unused = NULL;
    for (size_t i = 0; st == VO_OK && i < set->n_named; i++) {
        vo_schema *s = NULL;
        vo_json_member(components, i, &key, &unused);
        st = named(set, key, &s, err);
    }
    if (st == VO_OK) st = check_together(set, NULL, err);
    if (st != VO_OK) {
        vo_schema_set_free(set);
        return st;
    }
    *out = set;
    return VO_OK;
}

const vo_schema *vo_schema_named(const vo_schema_set *set, const char *name) {
    const char *key = NULL;
    const vo_json *unused = NULL;
    for (size_t i = 0; i < set->n_named; i++)
        if (vo_json_member(set->components, i, &key, &unused) && strcmp(key, name) == 0)
            return set->named[i];
    return NULL;
}

vo_status vo_schema_compile(vo_schema_set *set, const vo_json *v, const char *where,
                            const vo_schema **out, vo_error *err) {
    vo_schema *s = NULL;
    const vo_schema *known = set->first;
    vo_status st = compile(set, v, where, &s, err);
    if (st == VO_OK) st = check_together(set, known, err);
    if (st == VO_OK) *out = s;
    return st;
}

const vo_schema_member *vo_schema_member_of(const vo_schema *s, const char *name) {
    if (!s->n_slots) return NULL;
    size_t at = (size_t)vo_hash_bytes(VO_HASH_START, name, strlen(name));
    for (size_t i; (i = s->slot[at & (s->n_slots - 1)]) > 0; at++)
        if (strcmp(s->member[i - 1].name, name) == 0) return &s->member[i - 1];
    return NULL;
}
