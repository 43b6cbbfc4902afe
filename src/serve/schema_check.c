/* schema_check.c -- a value against a compiled schema: the first thing wrong, and where.
 *
 * The way down to the value is a list on the stack, written out only when something is wrong. A
 * check descends into the value, whose depth the parser bounds, or along references and branches,
 * which end (schema.c).
 *
 * Members are taken in the document's order while there are few; looking at the i-th costs i
 * steps, so of a large object the known members are asked for by name instead. A closed object
 * needs no more: with k known members, one of its first k + 1 is the unknown one.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/text.h"
#include "serve/schema_node.h"

#define FEW_MEMBERS 64

typedef struct step {
    const struct step *up;
    const char *name; /* NULL: an element */
    size_t index;
} step;

/* ---- what is wrong, and where ----------------------------------------------------------- */

static void append_step(vo_text *t, const step *at) {
    if (!at) return;
    append_step(t, at->up);
    if (!at->name) {
        vo_text_append(t, "/%zu", at->index);
        return;
    }
    vo_text_append(t, "/");
    for (const char *c = at->name; *c && !t->cut; c++) {
        if (*c == '~' || *c == '/')
            vo_text_append(t, *c == '~' ? "~0" : "~1");
        else
            vo_text_append(t, "%c", *c);
    }
}

static bool fail_at(const step *at, vo_finding *f, const char *detail) {
    if (!f) return false;
    *f = (vo_finding){0};
    vo_text t = vo_text_over(f->pointer, sizeof f->pointer);
    append_step(&t, at);
    snprintf(f->detail, sizeof f->detail, "%s", detail);
    return false;
}

/* "85", "\"abc\"", "an array": a value in a message. */
static void describe(const vo_json *v, char out[96]) {
    char number[VO_TEXT_NUMBER];
    switch (vo_json_kind_of(v)) {
    case VO_JSON_NUMBER:
        if (isfinite(vo_json_number(v))) vo_text_format_number(vo_json_number(v), number);
        snprintf(out, 96, "%s", isfinite(vo_json_number(v)) ? number : "no number");
        return;
    case VO_JSON_STRING: {
        const char *s = vo_json_string(v);
        size_t n = strlen(s);
        if (n > 60) n = 60;
        n = vo_text_utf8_fault(s, n); /* no half letters */
        snprintf(out, 96, "\"%.*s\"%s", (int)n, s, s[n] ? "..." : "");
        return;
    }
    case VO_JSON_NULL:
        snprintf(out, 96, "null");
        return;
    case VO_JSON_BOOL:
        snprintf(out, 96, vo_json_bool(v) ? "true" : "false");
        return;
    case VO_JSON_ARRAY:
        snprintf(out, 96, "an array");
        return;
    case VO_JSON_OBJECT:
        snprintf(out, 96, "an object");
        return;
    }
}

/* "a number, a text or null" */
static void name_types(unsigned types, char *out, size_t size) {
    static const struct {
        unsigned bit;
        const char *name;
    } known[] = {{1u << VO_JSON_NUMBER, "a number"}, {VO_TYPE_INTEGER, "a whole number"},
                 {1u << VO_JSON_STRING, "a text"},   {1u << VO_JSON_BOOL, "true or false"},
                 {1u << VO_JSON_ARRAY, "an array"},  {1u << VO_JSON_OBJECT, "an object"},
                 {1u << VO_JSON_NULL, "null"}};
    const size_t n = sizeof known / sizeof known[0];
    vo_text t = vo_text_over(out, size);
    unsigned left = types;
    for (size_t i = 0; i < n; i++) {
        if (!(types & known[i].bit)) continue;
        left &= ~known[i].bit;
        const char *before = left == types - known[i].bit ? "" : left ? ", " : " or ";
        vo_text_append(&t, "%s%s", before, known[i].name);
    }
}

static bool fail_type(const vo_schema *s, const vo_json *v, const step *at, vo_finding *f) {
    if (!f) return false;
    char must[160], is[96], detail[400];
    name_types(s->types, must, sizeof must);
    describe(v, is);
    snprintf(detail, sizeof detail, "must be %s, is %s", must, is);
    return fail_at(at, f, detail);
}

static bool fail_choice(const vo_json *choices, const vo_json *v, const step *at,
                        vo_finding *f) {
    if (!f) return false;
    char is[96], one[96], detail[400];
    const char *names[64];
    size_t n = 0;
    vo_text t = vo_text_over(detail, sizeof detail);
    vo_text_append(&t, "must be ");
    for (size_t i = 0; i < vo_json_size(choices); i++) {
        const vo_json *c = vo_json_at(choices, i);
        describe(c, one);
        vo_text_append(&t, "%s%s", i ? ", " : vo_json_size(choices) > 1 ? "one of " : "", one);
        if (vo_json_kind_of(c) == VO_JSON_STRING && n < 64) names[n++] = vo_json_string(c);
    }
    describe(v, is);
    vo_text_append(&t, "; is %s", is);
    const char *near = vo_json_kind_of(v) == VO_JSON_STRING
                           ? vo_text_nearest(vo_json_string(v), names, n)
                           : NULL;
    if (near) vo_text_append(&t, "; did you mean \"%s\"?", near);
    return fail_at(at, f, detail);
}

static bool fail_unknown(const vo_schema *s, const char *key, const step *at, vo_finding *f) {
    if (!f) return false;
    const char *names[256];
    const size_t n = s->n_members < 256 ? s->n_members : 256;
    for (size_t i = 0; i < n; i++) names[i] = s->member[i].name;
    const char *near = vo_text_nearest(key, names, n);
    char detail[400];
    vo_text t = vo_text_over(detail, sizeof detail);
    if (near) {
        vo_text_append(&t, "there is no such member; did you mean %s?", near);
    } else {
        vo_text_append(&t, "there is no such member; there are ");
        vo_text_append_names(&t, names, n);
    }
    return fail_at(&(step){.up = at, .name = key}, f, detail);
}

/* ---- scalars --------------------------------------------------------------------------- */

static bool fail_number(const vo_schema *s, double x, const step *at, vo_finding *f) {
    if (!f) return false;
    char is[VO_TEXT_NUMBER] = "no number", limit[VO_TEXT_NUMBER] = "", detail[160];
    if (isfinite(x)) vo_text_format_number(x, is);
    const bool low = s->above ? !(x > s->least) : !(x >= s->least);
    const bool high = s->below ? !(x < s->most) : !(x <= s->most);
    if (low || high) {
        vo_text_format_number(low ? s->least : s->most, limit);
        const char *how = low        ? s->above ? "above" : "at least"
                          : s->below ? "below"
                                     : "at most";
        snprintf(detail, sizeof detail, "must be %s %s, is %s", how, limit, is);
        if (high && s->most <= 1 && s->least >= 0 && x >= 2 && x <= 100) {
            const size_t n = strlen(detail);
            snprintf(detail + n, sizeof detail - n,
                     "; a fraction, not per cent: for %g %% write %g", x, x / 100);
        }
    } else {
        vo_text_format_number(s->multiple, limit);
        snprintf(detail, sizeof detail, "must be a multiple of %s, is %s", limit, is);
    }
    return fail_at(at, f, detail);
}

/* Every comparison is written so that NaN fails it. */
static bool number_fits(const vo_schema *s, double x) {
    if (!(s->above ? x > s->least : x >= s->least)) return false;
    if (!(s->below ? x < s->most : x <= s->most)) return false;
    if (s->multiple == 0) return true;
    const double q = x / s->multiple;
    return fabs(q - round(q)) <= 1e-9 * fmax(1, fabs(q));
}

static size_t code_points(const char *text) {
    size_t n = 0;
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        n += (*c & 0xC0) != 0x80;
    return n;
}

static bool check_format(vo_schema_format format, const char *text) {
    vo_civil c = {0};
    bool has_offset = false;
    int32_t offset_s = 0;
    const size_t n = strlen(text);
    if (vo_civil_parse(text, n, &c, &has_offset, &offset_s, NULL) != VO_OK) return false;
    if (format == VO_FORMAT_DATE) return n == 10;
    return n >= 20 && has_offset && (text[10] == 'T' || text[10] == 't');
}

static bool check_string(const vo_schema *s, const char *text, const step *at, vo_finding *f) {
    char detail[200];
    if (s->least_length > 0 || s->most_length != SIZE_MAX) {
        const size_t n = code_points(text);
        const bool low = n < s->least_length;
        if (low || n > s->most_length) {
            snprintf(detail, sizeof detail, "must have at %s %zu letter%s, has %zu",
                     low ? "least" : "most", low ? s->least_length : s->most_length,
                     (low ? s->least_length : s->most_length) == 1 ? "" : "s", n);
            return fail_at(at, f, detail);
        }
    }
    if (s->pattern.text && !vo_pattern_match(&s->pattern, text)) {
        snprintf(detail, sizeof detail, "must match %.150s", s->pattern.text);
        return fail_at(at, f, detail);
    }
    if (s->format && !check_format(s->format, text))
        return fail_at(at, f,
                       s->format == VO_FORMAT_DATE
                           ? "must be a date such as 2024-01-31"
                           : "must be a time such as 2024-01-31T05:00:00Z, with its offset");
    return true;
}

static bool same(const vo_json *a, const vo_json *b) {
    const vo_json_kind kind = vo_json_kind_of(a);
    if (kind != vo_json_kind_of(b)) return false;
    switch (kind) {
    case VO_JSON_NULL:
        return true;
    case VO_JSON_BOOL:
        return vo_json_bool(a) == vo_json_bool(b);
    case VO_JSON_NUMBER:
        return !(vo_json_number(a) < vo_json_number(b)) &&
               !(vo_json_number(a) > vo_json_number(b));
    case VO_JSON_STRING:
        return strcmp(vo_json_string(a), vo_json_string(b)) == 0;
    case VO_JSON_ARRAY:
    case VO_JSON_OBJECT:
        break;
    }
    return false;
}

static bool chosen(const vo_json *choices, const vo_json *v) {
    for (size_t i = 0; i < vo_json_size(choices); i++)
        if (same(vo_json_at(choices, i), v)) return true;
    return false;
}

static bool fail_constant(const vo_json *constant, const vo_json *v, const step *at,
                          vo_finding *f) {
    if (!f) return false;
    char must[96], is[96], detail[240];
    describe(constant, must);
    describe(v, is);
    snprintf(detail, sizeof detail, "must be %s, is %s", must, is);
    return fail_at(at, f, detail);
}

static bool has_type(const vo_schema *s, const vo_json *v, vo_json_kind kind) {
    if (s->types & (1u << kind)) return true;
    if (kind != VO_JSON_NUMBER || !(s->types & VO_TYPE_INTEGER)) return false;
    const double x = vo_json_number(v);
    return x == floor(x) && fabs(x) <= 9.007199254740992e15;
}

/* ---- arrays and objects ----------------------------------------------------------------- */

static bool check(const vo_schema *s, const vo_json *v, const step *at, vo_finding *f);

static bool count_fits(size_t n, size_t least, size_t most, const char *what, const step *at,
                       vo_finding *f) {
    if (n >= least && n <= most) return true;
    const size_t limit = n < least ? least : most;
    char detail[120];
    snprintf(detail, sizeof detail, "must have at %s %zu %s%s, has %zu",
             n < least ? "least" : "most", limit, what, limit == 1 ? "" : "s", n);
    return fail_at(at, f, detail);
}

static bool check_array(const vo_schema *s, const vo_json *v, const step *at, vo_finding *f) {
    const size_t n = vo_json_size(v);
    if (!count_fits(n, s->least_items, s->most_items, "element", at, f)) return false;
    if (!s->items) return true;
    const vo_schema *items = vo_schema_itself(s->items);
    const double least = items->least, most = items->most;
    for (size_t i = 0; i < n; i++) {
        const vo_json *e = vo_json_at(v, i);
        if (items->plain_numbers && vo_json_kind_of(e) == VO_JSON_NUMBER) {
            const double x = vo_json_number(e);
            if (x >= least && x <= most) continue;
        }
        if (!check(items, e, &(step){.up = at, .index = i}, f)) return false;
    }
    return true;
}

static bool check_member(const vo_schema *s, const char *key, const vo_json *v, const step *at,
                         vo_finding *f) {
    const vo_schema_member *m = vo_schema_member_of(s, key);
    if (!m && s->closed) return fail_unknown(s, key, at, f);
    const vo_schema *to = m ? m->schema : s->additional;
    return !to || check(to, v, &(step){.up = at, .name = key}, f);
}

/* Only what is known, by name; then the first unknown one. */
static bool check_known_members(const vo_schema *s, const vo_json *v, const step *at,
                                vo_finding *f) {
    size_t found = 0;
    for (size_t i = 0; i < s->n_members; i++) {
        const vo_json *x = vo_json_get(v, s->member[i].name);
        if (!x) continue;
        found++;
        const step below = {.up = at, .name = s->member[i].name};
        if (!check(s->member[i].schema, x, &below, f)) return false;
    }
    const char *key = NULL;
    const vo_json *x = NULL;
    for (size_t i = 0; s->closed && found < vo_json_size(v) && i <= s->n_members; i++)
        if (vo_json_member(v, i, &key, &x) && !vo_schema_member_of(s, key))
            return fail_unknown(s, key, at, f);
    return true;
}

static bool check_object(const vo_schema *s, const vo_json *v, const step *at, vo_finding *f) {
    const size_t n = vo_json_size(v);
    if (!count_fits(n, s->least_members, s->most_members, "member", at, f)) return false;
    if (n > FEW_MEMBERS && !s->additional) {
        if (!check_known_members(s, v, at, f)) return false;
    } else if (s->n_members > 0 || s->closed || s->additional) {
        const char *key = NULL;
        const vo_json *x = NULL;
        for (size_t i = 0; i < n && vo_json_member(v, i, &key, &x); i++)
            if (!check_member(s, key, x, at, f)) return false;
    }
    for (size_t i = 0; i < s->n_required; i++)
        if (!vo_json_get(v, s->required[i]))
            return fail_at(&(step){.up = at, .name = s->required[i]}, f,
                           "is missing: it is required");
    return true;
}

/* ---- branches --------------------------------------------------------------------------- */

static bool check_chosen(const vo_schema *s, const vo_json *v, const step *at, vo_finding *f) {
    if (vo_json_kind_of(v) != VO_JSON_OBJECT)
        return fail_type(&(vo_schema){.types = 1u << VO_JSON_OBJECT}, v, at, f);
    const step below = {.up = at, .name = s->chooses};
    const vo_json *x = vo_json_get(v, s->chooses);
    if (!x) return fail_at(&below, f, "is missing: it is required");
    const char *names[32];
    size_t n = 0;
    for (size_t i = 0; i < s->n_branches; i++) {
        const vo_schema *branch = vo_schema_itself(s->branch[i]);
        const vo_json *constant = vo_schema_member_of(branch, s->chooses)->schema->constant;
        if (same(constant, x)) return check(branch, v, at, f);
        if (n < 32) names[n++] = vo_json_string(constant);
    }
    char is[96], detail[400];
    vo_text t = vo_text_over(detail, sizeof detail);
    describe(x, is);
    vo_text_append(&t, "must be one of ");
    vo_text_append_names(&t, names, n);
    vo_text_append(&t, "; is %s", is);
    return fail_at(&below, f, detail);
}

/* The finding is that of the first branch which takes values of this type. */
static bool check_any(const vo_schema *s, const vo_json *v, const step *at, vo_finding *f) {
    const vo_json_kind kind = vo_json_kind_of(v);
    const vo_schema *meant = NULL;
    unsigned types = 0;
    size_t fitting = 0;
    for (size_t i = 0; i < s->n_branches; i++) {
        const vo_schema *branch = vo_schema_itself(s->branch[i]);
        types |= branch->types;
        if (!has_type(branch, v, kind)) continue;
        if (check(branch, v, at, NULL)) {
            if (s->branches == VO_BRANCH_ANY) return true;
            fitting++;
        } else if (!meant) {
            meant = branch;
        }
    }
    if (fitting == 1) return true;
    if (fitting > 1)
        return fail_at(at, f, "fits several of the forms that exclude one another");
    if (meant) return check(meant, v, at, f);
    return fail_type(&(vo_schema){.types = types}, v, at, f);
}

static bool check_branches(const vo_schema *s, const vo_json *v, const step *at,
                           vo_finding *f) {
    if (s->branches == VO_BRANCH_NONE) return true;
    if (s->chooses) return check_chosen(s, v, at, f);
    if (s->branches != VO_BRANCH_ALL) return check_any(s, v, at, f);
    for (size_t i = 0; i < s->n_branches; i++)
        if (!check(s->branch[i], v, at, f)) return false;
    return true;
}

static bool check(const vo_schema *schema, const vo_json *v, const step *at, vo_finding *f) {
    const vo_schema *s = vo_schema_itself(schema);
    const vo_json_kind kind = vo_json_kind_of(v);
    if (!has_type(s, v, kind)) return fail_type(s, v, at, f);
    if (s->constant && !same(s->constant, v)) return fail_constant(s->constant, v, at, f);
    if (s->choices && !chosen(s->choices, v)) return fail_choice(s->choices, v, at, f);
    bool fine = true;
    if (kind == VO_JSON_NUMBER && !number_fits(s, vo_json_number(v)))
        fine = fail_number(s, vo_json_number(v), at, f);
    else if (kind == VO_JSON_STRING)
        fine = check_string(s, vo_json_string(v), at, f);
    else if (kind == VO_JSON_ARRAY)
        fine = check_array(s, v, at, f);
    else if (kind == VO_JSON_OBJECT)
        fine = check_object(s, v, at, f);
    return fine && check_branches(s, v, at, f);
}

bool vo_schema_check(const vo_schema *s, const vo_json *v, vo_finding *f) {
    return check(s, v, NULL, f);
}

/* ---- parameters ------------------------------------------------------------------------- */

static bool text_chosen(const vo_json *choices, const char *text, vo_finding *f) {
    char one[96], detail[400];
    vo_text t = vo_text_over(detail, sizeof detail);
    vo_text_append(&t, "must be one of ");
    for (size_t i = 0; i < vo_json_size(choices); i++) {
        const vo_json *c = vo_json_at(choices, i);
        if (vo_json_kind_of(c) != VO_JSON_STRING) continue;
        if (strcmp(vo_json_string(c), text) == 0) return true;
        describe(c, one);
        vo_text_append(&t, "%s%s", i ? ", " : "", one);
    }
    vo_text_append(&t, "; is \"%.60s\"", text);
    return fail_at(NULL, f, detail);
}

bool vo_schema_check_text(const vo_schema *schema, const char *text, double *number,
                          vo_finding *f) {
    const vo_schema *s = vo_schema_itself(schema);
    const bool whole = s->types & VO_TYPE_INTEGER;
    if (s->types & (1u << VO_JSON_STRING)) {
        if (s->choices && !text_chosen(s->choices, text, f)) return false;
        return check_string(s, text, NULL, f);
    }
    if (whole || (s->types & (1u << VO_JSON_NUMBER))) {
        int64_t i = 0;
        double x = 0;
        const size_t n = strlen(text);
        const bool blank = n == 0 || text[0] <= ' ' || text[n - 1] == ' ';
        bool is =
            !blank && (whole ? vo_text_integer(text, n, &i) : vo_text_number(text, n, &x));
        if (!is) return fail_at(NULL, f, whole ? "must be a whole number" : "must be a number");
        if (whole) x = (double)i;
        if (!number_fits(s, x)) return fail_number(s, x, NULL, f);
        *number = x;
        return true;
    }
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return fail_at(NULL, f, "must be true or false");
    *number = strcmp(text, "true") == 0;
    return true;
}
