/* fields.c -- see fields.h.
 *
 * Every comparison is written so that NaN fails it.
 */
#include "engine/fields.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

const char *vo_fields_kind(const vo_json *v) {
    static const char *const name[] = {"null",   "true or false", "a number",
                                       "a text", "an array",      "an object"};
    return name[vo_json_kind_of(v)];
}

static vo_status refuse_unknown(const char *path, const char *key, const vo_field *field,
                                size_t n, vo_error *err) {
    const char *names[96];
    const size_t known = n < 96 ? n : 96;
    for (size_t i = 0; i < known; i++) names[i] = field[i].name;
    const char *near = vo_text_nearest(key, names, known);
    const char *dot = *path ? "." : "";
    if (near)
        return vo_fail(err, VO_EINVAL, "%s%s%.60s: no such field; did you mean %s?", path, dot,
                       key, near);
    char list[320];
    vo_text t = vo_text_over(list, sizeof list);
    vo_text_append_names(&t, names, known);
    return vo_fail(err, VO_EINVAL, "%s%s%.60s: no such field; there are %s", path, dot, key,
                   list);
}

/* "must be in (0, 1]", and for percentages what to write instead. */
static vo_status refuse_number(double x, const char *path, const vo_field *f, vo_error *err) {
    const bool open = f->kind == VO_FIELD_ABOVE || f->kind == VO_FIELD_RATIO;
    const bool fraction = f->kind == VO_FIELD_PART || f->kind == VO_FIELD_RATIO;
    char remedy[80] = "";
    if (fraction && x >= 2 && x <= 100)
        snprintf(remedy, sizeof remedy, "; a fraction, not per cent: for %g %% write %g", x,
                 x / 100);
    if (f->kind == VO_FIELD_INTEGER && x >= f->lo && x <= f->hi)
        return vo_fail(err, VO_EINVAL, "%s = %g: must be a whole number", path, x);
    if (isinf(f->hi) || f->hi >= 1e9)
        return vo_fail(err, VO_EINVAL, "%s = %g: must be %s %g%s%s%s", path, x,
                       open ? "above" : "at least", f->lo, *f->unit ? " " : "", f->unit,
                       x > f->hi ? ", and not that large" : "");
    return vo_fail(err, VO_EINVAL, "%s = %g: must be in %c%g, %g]%s%s%s", path, x,
                   open ? '(' : '[', f->lo, f->hi, *f->unit ? " " : "", f->unit, remedy);
}

static vo_status check_number(const vo_json *v, const char *path, const vo_field *f,
                              vo_field_value *out, vo_error *err) {
    if (vo_json_kind_of(v) != VO_JSON_NUMBER)
        return vo_fail(err, VO_EINVAL, "%s is %s: must be a number%s%s", path,
                       vo_fields_kind(v), *f->unit ? " in " : "", f->unit);
    const double x = vo_json_number(v);
    const bool open = f->kind == VO_FIELD_ABOVE || f->kind == VO_FIELD_RATIO;
    const bool whole = f->kind != VO_FIELD_INTEGER || x == floor(x);
    if (!(whole && x <= f->hi && (open ? x > f->lo : x >= f->lo)))
        return refuse_number(x, path, f, err);
    *out = (vo_field_value){.json = v, .number = x};
    return VO_OK;
}

vo_status vo_fields_check(const vo_json *v, const char *path, const vo_field *f,
                          vo_field_value *out, vo_error *err) {
    const vo_json_kind kind = vo_json_kind_of(v);
    switch (f->kind) {
    case VO_FIELD_BOOL:
        if (kind != VO_JSON_BOOL)
            return vo_fail(err, VO_EINVAL, "%s is %s: must be true or false", path,
                           vo_fields_kind(v));
        *out = (vo_field_value){.json = v, .number = vo_json_bool(v)};
        return VO_OK;
    case VO_FIELD_TEXT:
        if (kind != VO_JSON_STRING || !*vo_json_string(v))
            return vo_fail(err, VO_EINVAL, "%s is %s: must be a text, like \"...\"", path,
                           kind == VO_JSON_STRING ? "empty" : vo_fields_kind(v));
        *out = (vo_field_value){.json = v, .text = vo_json_string(v)};
        return VO_OK;
    case VO_FIELD_ANY:
        *out = (vo_field_value){.json = v};
        return VO_OK;
    case VO_FIELD_NUMBER:
    case VO_FIELD_ABOVE:
    case VO_FIELD_PART:
    case VO_FIELD_RATIO:
    case VO_FIELD_INTEGER:
        break;
    }
    return check_number(v, path, f, out, err);
}

vo_status vo_fields_read(const vo_json *object, const char *path, const vo_field *field,
                         size_t n, vo_field_value *value, vo_error *err) {
    if (vo_json_kind_of(object) != VO_JSON_OBJECT)
        return vo_fail(err, VO_EINVAL, "%s is %s: must be an object, {\"%s\": ...}",
                       *path ? path : "the request", vo_fields_kind(object), field[0].name);
    for (size_t i = 0; i < n; i++) value[i] = (vo_field_value){0};
    const char *key = NULL;
    const vo_json *v = NULL;
    for (size_t m = 0; vo_json_member(object, m, &key, &v); m++) {
        size_t i = 0;
        while (i < n && strcmp(field[i].name, key) != 0) i++;
        if (i == n) return refuse_unknown(path, key, field, n, err);
        if (vo_json_kind_of(v) == VO_JSON_NULL) continue;
        char at[160];
        snprintf(at, sizeof at, "%s%s%s", path, *path ? "." : "", key);
        const vo_status s = vo_fields_check(v, at, &field[i], &value[i], err);
        if (s != VO_OK) return s;
    }
    return VO_OK;
}

vo_status vo_fields_choice(const vo_field_value *v, const char *path, const char *const *names,
                           size_t n, size_t *out, vo_error *err) {
    *out = 0;
    if (!v->text) return VO_OK;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(v->text, names[i]) != 0) continue;
        *out = i;
        return VO_OK;
    }
    char list[160];
    vo_text t = vo_text_over(list, sizeof list);
    vo_text_append_names(&t, names, n);
    return vo_fail(err, VO_EINVAL, "%s = \"%.60s\": must be one of %s", path, v->text, list);
}

/* One more number of a list; `spelled` is how it stood there. */
static vo_status add_number(double x, const char *spelled, const char *path, double lo,
                            double hi, double *out, size_t most, size_t *n, vo_error *err) {
    if (*n == most) return vo_fail(err, VO_EINVAL, "%s has more than %zu numbers", path, most);
    if (!(x >= lo && x <= hi))
        return vo_fail(err, VO_EINVAL, "%s: %.40s must be in [%g, %g]", path, spelled, lo, hi);
    if (*n > 0 && x <= out[*n - 1])
        return vo_fail(err, VO_EINVAL, "%s: %.40s is not above %g before it: sort them", path,
                       spelled, out[*n - 1]);
    out[(*n)++] = x;
    return VO_OK;
}

static vo_status numbers_of_text(const char *text, const char *path, double lo, double hi,
                                 double *out, size_t most, size_t *n, vo_error *err) {
    for (const char *p = text;; p++) {
        const size_t len = strcspn(p, ",");
        char word[48];
        double x = 0;
        snprintf(word, sizeof word, "%.*s", (int)(len < 40 ? len : 40), p);
        if (!vo_text_number(p, len, &x))
            return vo_fail(err, VO_EINVAL,
                           "%s: \"%s\" is no number: write them like \"1,2.5,60\"", path, word);
        const vo_status s = add_number(x, word, path, lo, hi, out, most, n, err);
        if (s != VO_OK || p[len] == '\0') return s;
        p += len;
    }
}

vo_status vo_fields_numbers(const vo_json *v, const char *path, double lo, double hi,
                            double *out, size_t most, size_t *n, vo_error *err) {
    *n = 0;
    if (!v) return VO_OK;
    const vo_json_kind kind = vo_json_kind_of(v);
    if (kind == VO_JSON_STRING)
        return numbers_of_text(vo_json_string(v), path, lo, hi, out, most, n, err);
    const size_t count = kind == VO_JSON_ARRAY ? vo_json_size(v) : 1;
    if (kind != VO_JSON_ARRAY && kind != VO_JSON_NUMBER)
        return vo_fail(err, VO_EINVAL, "%s is %s: must be an array of numbers", path,
                       vo_fields_kind(v));
    if (count == 0) return vo_fail(err, VO_EINVAL, "%s is empty: give at least one", path);
    for (size_t i = 0; i < count; i++) {
        const vo_json *e = kind == VO_JSON_ARRAY ? vo_json_at(v, i) : v;
        char word[48];
        if (vo_json_kind_of(e) != VO_JSON_NUMBER)
            return vo_fail(err, VO_EINVAL, "%s[%zu] is %s: must be a number", path, i,
                           vo_fields_kind(e));
        snprintf(word, sizeof word, "%g", vo_json_number(e));
        const vo_status s =
            add_number(vo_json_number(e), word, path, lo, hi, out, most, n, err);
        if (s != VO_OK) return s;
    }
    return VO_OK;
}
