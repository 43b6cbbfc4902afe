/* problem_json.c -- see problem_json.h for the contract.
 *
 * The engine says where a refusal lies at the head of its sentence, as a path like
 * "batteries[1].max_soc"; walking the body along it gives the pointer of RFC 6901, and is the
 * proof that it is a path and not a word.
 */
#include "serve/problem_json.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "serve/http_status.h"

#define DETAIL 512

/* What came from outside may be no UTF-8, and a cut may have halved a letter. */
static void put_text(vo_json_out *w, const char *key, const char *text) {
    char clean[DETAIL];
    snprintf(clean, sizeof clean, "%s", text);
    size_t len = strlen(clean);
    for (size_t at; (at = vo_text_utf8_fault(clean, len)) < len;) clean[at] = '?';
    vo_json_out_key(w, key);
    vo_json_out_string(w, clean);
}

static void write(vo_exchange *x, int status, const char *detail, const vo_finding *f,
                  vo_json_out *w) {
    vo_json_out_object(w);
    put_text(w, "type", "about:blank");
    put_text(w, "title", vo_http_status_name(status));
    vo_json_out_key(w, "status");
    vo_json_out_integer(w, status);
    if (detail) put_text(w, "detail", detail);
    if (x->id[0]) put_text(w, "instance", x->id);
    if (f) {
        vo_json_out_key(w, "errors");
        vo_json_out_array(w);
        vo_json_out_object(w);
        if (f->parameter[0])
            put_text(w, "parameter", f->parameter);
        else
            put_text(w, "pointer", f->pointer);
        put_text(w, "detail", f->detail);
        vo_json_out_end(w);
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
}

static void answer(vo_exchange *x, int status, const char *detail, const vo_finding *f) {
    static const char poor[] = "{\"title\":\"Service Unavailable\",\"status\":503}";
    free(x->answer);
    x->answer = NULL;
    x->still = NULL;
    x->status = status;
    x->type = "application/problem+json";
    vo_json_out *w = NULL;
    if (vo_json_out_create(&w, NULL) == VO_OK) write(x, status, detail, f, w);
    if (!w || vo_json_out_take(w, &x->answer, &x->answer_len, NULL) != VO_OK) {
        x->status = 503;
        x->still = poor;
        x->answer_len = sizeof poor - 1;
    }
    vo_json_out_free(w);
}

void vo_problem(vo_exchange *x, int status, const char *detail) {
    answer(x, status, detail, NULL);
}

void vo_problem_finding(vo_exchange *x, int status, const vo_finding *f) {
    char where[sizeof f->pointer + sizeof f->detail + 2];
    const char *name = f->parameter[0] ? f->parameter : f->pointer;
    snprintf(where, sizeof where, "%s%s%s", name, *name ? ": " : "", f->detail);
    answer(x, status, where, f);
}

/* ---- refusals of the engine ------------------------------------------------------------ */

int vo_problem_status(vo_status s) {
    switch (s) {
    case VO_EINVAL:
    case VO_EUNSUPPORTED:
        return 422;
    case VO_ENOTFOUND:
        return 404;
    case VO_ENOMEM:
    case VO_ECANCELED:
        return 503;
    case VO_OK:
    case VO_EIO:
    case VO_ENUMERIC:
        break;
    }
    return 500;
}

static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

static bool append(char *out, size_t size, const char *text, size_t len) {
    const size_t have = strlen(out);
    if (have + len + 2 > size) return false;
    out[have] = '/';
    memcpy(out + have + 1, text, len);
    out[have + 1 + len] = '\0';
    return true;
}

/* One step of the path from *at: a member or an element; where it leads, or NULL. */
static const vo_json *step(const vo_json *from, const char **at, char *out, size_t size) {
    const char *c = *at;
    char name[64];
    if (*c == '[') {
        char *end = NULL;
        const unsigned long i = strtoul(c + 1, &end, 10);
        if (vo_json_kind_of(from) != VO_JSON_ARRAY || *end != ']') return NULL;
        if (!append(out, size, c + 1, (size_t)(end - c - 1))) return NULL;
        *at = end + 1;
        return vo_json_at(from, i);
    }
    c += *c == '.';
    size_t len = 0;
    while (is_word(c[len])) len++;
    if (len == 0 || len >= sizeof name || vo_json_kind_of(from) != VO_JSON_OBJECT) return NULL;
    memcpy(name, c, len);
    name[len] = '\0';
    if (!append(out, size, name, len)) return NULL;
    *at = c + len;
    return vo_json_get(from, name);
}

/* The pointer of the path at the head of `msg`; "" if there is none in this body. What is missing
 * from the body is pointed at where its object is there. */
static void find_pointer(const vo_json *body, const char *msg, char *out, size_t size) {
    out[0] = '\0';
    const vo_json *here = body;
    while (here && (*msg == '[' || *msg == '.' || is_word(*msg))) {
        const size_t before = strlen(out);
        const vo_json *next = step(here, &msg, out, size);
        if (!next) out[before] = '\0';
        here = next;
    }
}

/* "/srv/volteo/lake/prices/..." is nobody's business: names of this machine's folders go, the
 * last part of a path stays. */
static void hide_paths(const char *msg, char *out, size_t size) {
    size_t n = 0;
    for (const char *c = msg; *c && n + 1 < size;) {
        const bool begins = *c == '/' && (c == msg || strchr(" \"'(=:", c[-1])) && c[1] &&
                            !strchr(" /\"')", c[1]);
        if (!begins) {
            out[n++] = *c++;
            continue;
        }
        const size_t len = strcspn(c, " \"'),;:");
        const char *last = c;
        for (size_t i = 0; i + 1 < len; i++)
            if (c[i] == '/') last = c + i + 1;
        for (; last < c + len && n + 1 < size; last++) out[n++] = *last;
        c += len;
    }
    out[n] = '\0';
}

void vo_problem_engine(vo_exchange *x, vo_status s, const vo_error *err, const vo_json *body) {
    vo_finding f = {0};
    const int status = vo_problem_status(s);
    hide_paths(err && err->msg[0] ? err->msg : vo_status_name(s), f.detail, sizeof f.detail);
    if (status == 422 && body)
        find_pointer(body, err ? err->msg : "", f.pointer, sizeof f.pointer);
    answer(x, status, f.detail, status == 422 ? &f : NULL);
}
