/* openapi_params.c -- parameters of path, query and headers: decoded, checked, defaults filled in.
 *
 * Values stand one after the other in one block, so that freeing is one call.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/openapi_detail.h"

struct vo_params {
    size_t n, used, size;
    struct {
        const vo_openapi_parameter *what;
        const char *text;
        double number; /* NAN: it is none */
    } value[VO_OPENAPI_PARAMETERS];
    char text[]; /* [size] */
};

void vo_params_free(vo_params *p) { free(p); }

const char *vo_param(const vo_params *p, const char *name) {
    for (size_t i = 0; p && i < p->n; i++)
        if (strcmp(p->value[i].what->name, name) == 0) return p->value[i].text;
    return NULL;
}

double vo_param_number(const vo_params *p, const char *name, double absent) {
    for (size_t i = 0; p && i < p->n; i++)
        if (strcmp(p->value[i].what->name, name) == 0)
            return isnan(p->value[i].number) ? absent : p->value[i].number;
    return absent;
}

static vo_status refuse(vo_finding *f, const char *name, size_t len, const char *detail) {
    *f = (vo_finding){0};
    const size_t n = vo_text_utf8_fault(name, len < 60 ? len : 60);
    snprintf(f->parameter, sizeof f->parameter, "%.*s", (int)n, name);
    snprintf(f->detail, sizeof f->detail, "%s", detail);
    return VO_EINVAL;
}

/* Into out[len + 1]; false: not percent-encoded, not UTF-8, or with a NUL. */
static bool decode(const char *in, size_t len, bool plus_is_blank, char *out, size_t *out_len) {
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        char c = in[i];
        if (c == '%') {
            const int high = i + 2 < len ? vo_text_hex(in[i + 1]) : -1;
            const int low = i + 2 < len ? vo_text_hex(in[i + 2]) : -1;
            if (high < 0 || low < 0) return false;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        if (c == '\0') return false;
        out[n++] = c;
    }
    out[n] = '\0';
    *out_len = n;
    return vo_text_utf8_fault(out, n) == n;
}

/* One more value, checked. Its text is at the end of p's block already if `text` is inside. */
static vo_status add(vo_params *p, const vo_openapi_parameter *what, const char *text,
                     vo_finding *f) {
    double number = (double)NAN;
    vo_finding found = {0};
    if (!vo_schema_check_text(what->schema, text, &number, &found))
        return refuse(f, what->name, strlen(what->name), found.detail);
    p->value[p->n].what = what;
    p->value[p->n].text = text;
    p->value[p->n++].number = number;
    return VO_OK;
}

static vo_status add_encoded(vo_params *p, const vo_openapi_parameter *what, const char *value,
                             size_t len, vo_finding *f) {
    char *to = p->text + p->used;
    size_t n = 0;
    if (!decode(value, len, what->place == VO_IN_QUERY, to, &n))
        return refuse(f, what->name, strlen(what->name),
                      "must be UTF-8, percent-encoded (%XX), without NUL");
    p->used += n + 1;
    return add(p, what, to, f);
}

static const vo_openapi_parameter *find(const vo_openapi_detail *d, vo_openapi_place place,
                                        const char *name, size_t len) {
    for (size_t i = 0; i < d->n_parameters; i++)
        if (d->parameter[i].place == place && strlen(d->parameter[i].name) == len &&
            memcmp(d->parameter[i].name, name, len) == 0)
            return &d->parameter[i];
    return NULL;
}

static bool has(const vo_params *p, const vo_openapi_parameter *what) {
    for (size_t i = 0; i < p->n; i++)
        if (p->value[i].what == what) return true;
    return false;
}

static vo_status read_path(const vo_openapi_detail *d, const char *path, vo_params *p,
                           vo_finding *f) {
    vo_openapi_span span[VO_OPENAPI_PARAMETERS];
    size_t n = 0;
    bool fits = false;
    for (size_t i = 0; !fits && i < d->n_spellings; i++)
        fits = vo_openapi_fits(d->spelling[i], path, span, VO_OPENAPI_PARAMETERS, &n);
    for (size_t i = 0; fits && i < n; i++) {
        const vo_openapi_parameter *what = find(d, VO_IN_PATH, span[i].name, span[i].name_len);
        if (!what) continue; /* load has seen that each is declared */
        const vo_status s = add_encoded(p, what, span[i].value, span[i].len, f);
        if (s != VO_OK) return s;
    }
    return VO_OK;
}

static vo_status refuse_unknown(const vo_openapi_detail *d, const char *name, size_t len,
                                vo_finding *f) {
    const char *names[VO_OPENAPI_PARAMETERS];
    size_t n = 0;
    for (size_t i = 0; i < d->n_parameters; i++)
        if (d->parameter[i].place == VO_IN_QUERY) names[n++] = d->parameter[i].name;
    char detail[400];
    vo_text t = vo_text_over(detail, sizeof detail);
    const char *near = vo_text_nearest(name, names, n);
    vo_text_append(&t, "there is no such parameter%s%s%s", near ? "; did you mean " : "",
                   near ? near : "", near ? "?" : "");
    if (!near && n > 0) {
        vo_text_append(&t, "; there are ");
        vo_text_append_names(&t, names, n);
    }
    return refuse(f, name, len, detail);
}

static vo_status read_pair(const vo_openapi_detail *d, const char *pair, size_t len,
                           vo_params *p, vo_finding *f) {
    const char *equals = memchr(pair, '=', len);
    const size_t name_len = equals ? (size_t)(equals - pair) : len;
    char name[128];
    size_t n = 0;
    if (name_len >= sizeof name || !decode(pair, name_len, true, name, &n))
        return refuse(f, "", 0,
                      "a parameter's name must be UTF-8, percent-encoded (%XX), of at most 127 "
                      "letters");
    const vo_openapi_parameter *what = find(d, VO_IN_QUERY, name, n);
    if (!what) return refuse_unknown(d, name, n, f);
    if (has(p, what)) return refuse(f, name, n, "is there more than once");
    const char *value = equals ? equals + 1 : pair + len;
    return add_encoded(p, what, value, (size_t)(pair + len - value), f);
}

static vo_status read_query(const vo_openapi_detail *d, const char *query, vo_params *p,
                            vo_finding *f) {
    while (*query) {
        const size_t len = strcspn(query, "&");
        const vo_status s = len ? read_pair(d, query, len, p, f) : VO_OK;
        if (s != VO_OK) return s;
        query += len + (query[len] == '&');
    }
    return VO_OK;
}

static vo_status read_header(const vo_openapi_parameter *what,
                             const char *(*header)(void *ctx, const char *name), void *ctx,
                             vo_params *p, vo_finding *f) {
    char name[64];
    size_t n = 0;
    for (; what->name[n]; n++) { /* names of 60 letters at most: openapi.c */
        const char c = what->name[n];
        name[n] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    name[n] = '\0';
    const char *text = header(ctx, name);
    if (!text || !*text) return VO_OK;
    const size_t len = strlen(text);
    char *to = p->text + p->used;
    if (len >= p->size - p->used || vo_text_utf8_fault(text, len) != len)
        return refuse(f, what->name, n, "must be UTF-8, of at most 4096 letters");
    memcpy(to, text, len + 1);
    p->used += len + 1;
    return add(p, what, to, f);
}

/* Headers, then what is absent: a default, or an error. */
static vo_status fill_in(const vo_openapi_detail *d,
                         const char *(*header)(void *ctx, const char *name), void *ctx,
                         vo_params *p, vo_finding *f) {
    for (size_t i = 0; i < d->n_parameters; i++) {
        const vo_openapi_parameter *what = &d->parameter[i];
        if (what->place == VO_IN_HEADER && header) {
            const vo_status s = read_header(what, header, ctx, p, f);
            if (s != VO_OK) return s;
        }
        if (has(p, what)) continue;
        if (what->required)
            return refuse(f, what->name, strlen(what->name), "is missing: it is required");
        if (what->has_default) {
            const vo_status s = add(p, what, what->absent, f);
            if (s != VO_OK) return s;
        }
    }
    return VO_OK;
}

vo_status vo_openapi_params(const vo_operation *op, const char *path, const char *query,
                            const char *(*header)(void *ctx, const char *name), void *ctx,
                            vo_params **out, vo_finding *f) {
    const vo_openapi_detail *d = op->detail;
    size_t room = strlen(path) + strlen(query) + 2 * VO_OPENAPI_PARAMETERS;
    for (size_t i = 0; i < d->n_parameters; i++)
        if (d->parameter[i].place == VO_IN_HEADER) room += 4097;
    vo_params *p = malloc(sizeof *p + room);
    if (!p) {
        refuse(f, "", 0, "out of memory");
        return VO_ENOMEM;
    }
    p->n = p->used = 0;
    p->size = room;
    vo_status s = read_path(d, path, p, f);
    if (s == VO_OK) s = read_query(d, query, p, f);
    if (s == VO_OK) s = fill_in(d, header, ctx, p, f);
    if (s != VO_OK) {
        vo_params_free(p);
        return s;
    }
    *out = p;
    return VO_OK;
}
