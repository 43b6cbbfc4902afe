/* registry_log.c -- see registry_log.h. The file is replaced whole with a line more, so that no
 * line is ever half; a half line of another origin is skipped, and closed by a newline. */
#include "store/registry_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "port/file.h"
#include "store/json_get.h"

#define MAX_LOG ((size_t)256 << 20)
#define MAX_REASON 2000

/* ---- reading ----------------------------------------------------------------- */

static uint64_t number_of(const vo_json *object, const char *key) {
    const vo_json *v = vo_json_get_kind(object, key, VO_JSON_NUMBER);
    const double x = v ? vo_json_number(v) : 0;
    return x > 0 && x < 9007199254740992.0 ? (uint64_t)x : 0;
}

static bool read_line(const char *text, size_t len, vo_registry_line *out) {
    vo_json *root = NULL;
    if (vo_json_parse(text, len, &root, NULL) != VO_OK) return false;
    if (vo_json_kind_of(root) != VO_JSON_OBJECT || number_of(root, "seq") == 0 ||
        !*vo_json_get_text(root, "action")) {
        vo_json_free(root);
        return false;
    }
    *out = (vo_registry_line){.root = root,
                              .seq = number_of(root, "seq"),
                              .after = number_of(root, "after"),
                              .when = vo_json_get_text(root, "when"),
                              .action = vo_json_get_text(root, "action"),
                              .id = vo_json_get_text(root, "id"),
                              .alias = vo_json_get_text(root, "alias"),
                              .from = vo_json_get_text(root, "from"),
                              .to = vo_json_get_text(root, "to"),
                              .by = vo_json_get_text(root, "by"),
                              .reason = vo_json_get_text(root, "reason")};
    return true;
}

static size_t count_lines(const char *text, size_t len) {
    size_t n = 1;
    for (size_t i = 0; i < len; i++) n += text[i] == '\n';
    return n;
}

static vo_status read_lines(vo_registry_log *log, const char *path, vo_error *err) {
    const vo_alloc *a = log->alloc;
    log->line = a->zalloc(a->ctx, count_lines(log->text, log->len) * sizeof *log->line);
    if (!log->line) return vo_fail(err, VO_ENOMEM, "reading \"%.200s\"", path);
    for (size_t i = 0; i < log->len;) {
        const char *at = log->text + i, *newline = memchr(at, '\n', log->len - i);
        const size_t n = newline ? (size_t)(newline - at) : log->len - i;
        vo_registry_line *l = &log->line[log->n];
        if (n > 0 && read_line(at, n, l)) {
            log->n++;
            if (l->seq > log->last) log->last = l->seq;
        } else if (n > 0) {
            log->skipped++;
        }
        i += n + 1;
    }
    return VO_OK;
}

static void mark_done(vo_registry_log *log, uint64_t done) {
    uint64_t want = done == UINT64_MAX ? log->last : done;
    for (size_t i = log->n; i-- > 0 && want > 0;) {
        vo_registry_line *l = &log->line[i];
        if (l->seq != want) continue;
        l->done = true;
        want = l->after < l->seq ? l->after : 0;
    }
}

vo_status vo_registry_log_load(const char *path, uint64_t done, const vo_alloc *alloc,
                               vo_registry_log *out, vo_error *err) {
    vo_registry_log log = {.alloc = alloc ? alloc : &vo_alloc_libc};
    if (vo_file_exists(path)) {
        vo_status st = vo_file_read(path, MAX_LOG, &log.text, &log.len, err);
        if (st == VO_OK) st = read_lines(&log, path, err);
        if (st != VO_OK) {
            vo_registry_log_fini(&log);
            return st;
        }
    }
    mark_done(&log, done);
    *out = log;
    return VO_OK;
}

void vo_registry_log_fini(vo_registry_log *log) {
    for (size_t i = 0; i < log->n; i++) vo_json_free(log->line[i].root);
    if (log->alloc) log->alloc->free(log->alloc->ctx, log->line);
    free(log->text);
    *log = (vo_registry_log){0};
}

static bool lists(const vo_json *names, const char *name) {
    for (size_t i = 0; names && i < vo_json_size(names); i++) {
        const vo_json *v = vo_json_at(names, i);
        if (vo_json_kind_of(v) == VO_JSON_STRING && strcmp(vo_json_string(v), name) == 0)
            return true;
    }
    return false;
}

bool vo_registry_log_pruned(const vo_registry_log *log, const char *id, const char *version) {
    bool is = false;
    for (size_t i = 0; i < log->n && !is; i++) {
        const vo_registry_line *l = &log->line[i];
        is = l->done && strcmp(l->action, "prune") == 0 && strcmp(l->id, id) == 0 &&
             lists(vo_json_get_kind(l->root, "versions", VO_JSON_ARRAY), version);
    }
    return is;
}

static const char *own(const vo_registry_model *m, const char *version) {
    const vo_registry_version *v = vo_registry_model_find(m, version);
    return v ? v->version : NULL;
}

void vo_registry_log_restore(const vo_registry_log *log, vo_registry_model *m) {
    const vo_json *state = NULL;
    for (size_t i = log->n; i-- > 0 && !state;)
        if (log->line[i].done && strcmp(log->line[i].id, m->id) == 0)
            state = vo_json_get_kind(log->line[i].root, "state", VO_JSON_OBJECT);
    if (!state) return;
    for (int a = 0; a < VO_REGISTRY_ALIASES; a++)
        m->alias[a] = own(m, vo_json_get_text(state, vo_alias_name((vo_alias)a)));
    const vo_json *former = vo_json_get_kind(state, "former", VO_JSON_ARRAY);
    m->n_former = 0;
    for (size_t i = 0; former && i < vo_json_size(former); i++) {
        const vo_json *v = vo_json_at(former, i);
        const char *is =
            vo_json_kind_of(v) == VO_JSON_STRING ? own(m, vo_json_string(v)) : NULL;
        if (is && m->n_former < VO_REGISTRY_FORMER) m->former[m->n_former++] = is;
    }
}

/* ---- writing ----------------------------------------------------------------- */

static void put_text(vo_json_out *w, const char *key, const char *v) {
    if (!v) return;
    vo_json_out_key(w, key);
    vo_json_out_string(w, v);
}

static void put_names(vo_json_out *w, const char *key, const char *const *name, size_t n) {
    vo_json_out_key(w, key);
    vo_json_out_array(w);
    for (size_t i = 0; i < n; i++) vo_json_out_string(w, name[i]);
    vo_json_out_end(w);
}

static void put_number(vo_json_out *w, const char *key, uint64_t v) {
    vo_json_out_key(w, key);
    vo_json_out_integer(w, (long long)v);
}

static void put_note(const vo_registry_note *n, uint64_t seq, uint64_t after,
                     const vo_json *metrics, vo_json_out *w) {
    char when[32];
    vo_json_out_object(w);
    put_number(w, "seq", seq);
    put_number(w, "after", after);
    put_text(w, "when", vo_civil_format_utc(n->why->when_s, when));
    put_text(w, "action", n->action);
    put_text(w, "id", n->model->id);
    put_text(w, "alias", n->alias);
    put_text(w, "from", n->from);
    put_text(w, "to", n->to);
    if (n->n_versions) put_names(w, "versions", n->versions, n->n_versions);
    put_text(w, "by", n->why->automatic ? "automatic" : "user");
    put_text(w, "reason", n->why->reason);
    if (metrics) {
        vo_json_out_key(w, "metrics");
        vo_json_out_value(w, metrics);
    }
    vo_json_out_key(w, "state");
    vo_json_out_object(w);
    for (int a = 0; a < VO_REGISTRY_ALIASES; a++)
        put_text(w, vo_alias_name((vo_alias)a), n->model->alias[a]);
    put_names(w, "former", n->model->former, n->model->n_former);
    vo_json_out_end(w);
    vo_json_out_end(w);
}

vo_status vo_registry_check_reason(const char *reason, vo_error *err) {
    if (!reason || !*reason)
        return vo_fail(err, VO_EINVAL, "reason is missing: say why, for the log");
    if (strlen(reason) <= MAX_REASON) return VO_OK;
    return vo_fail(err, VO_EINVAL, "reason has %zu characters; at most %d", strlen(reason),
                   MAX_REASON);
}

static vo_status read_metrics(const vo_registry_decision *d, vo_json **out, vo_error *err) {
    vo_error why = {0};
    vo_status st = vo_registry_check_reason(d->reason, err);
    if (st != VO_OK || !d->metrics) return st;
    st = vo_json_parse(d->metrics, strlen(d->metrics), out, &why);
    if (st != VO_OK) return vo_fail(err, st, "metrics: %.300s", why.msg);
    if (vo_json_kind_of(*out) == VO_JSON_OBJECT) return VO_OK;
    vo_json_free(*out);
    *out = NULL;
    return vo_fail(err, VO_EINVAL, "metrics are no JSON object");
}

/* One line's text, malloc'ed, with its newline in place of the NUL. */
static vo_status line_text(const vo_registry_note *n, uint64_t seq, uint64_t after, char **text,
                           size_t *len, vo_error *err) {
    vo_json *metrics = NULL;
    vo_json_out *w = NULL;
    vo_status st = read_metrics(n->why, &metrics, err);
    if (st == VO_OK) st = vo_json_out_create(&w, err);
    if (st == VO_OK) {
        put_note(n, seq, after, metrics, w);
        st = vo_json_out_take(w, text, len, err);
    }
    if (st == VO_OK) (*text)[(*len)++] = '\n';
    vo_json_out_free(w);
    vo_json_free(metrics);
    return st;
}

static vo_status put_lines(const vo_registry_log *log, vo_file_writer *out, uint64_t after,
                           const vo_registry_note *note, size_t n, uint64_t *seq,
                           vo_error *err) {
    const bool torn = log->len > 0 && log->text[log->len - 1] != '\n';
    uint64_t number = log->last > after ? log->last : after;
    vo_status st = vo_file_writer_put(out, log->text, log->len, err);
    if (st == VO_OK && torn) st = vo_file_writer_put(out, "\n", 1, err);
    for (size_t i = 0; i < n && st == VO_OK; i++) {
        char *text = NULL;
        size_t len = 0;
        st = line_text(&note[i], ++number, after, &text, &len, err);
        if (st == VO_OK) st = vo_file_writer_put(out, text, len, err);
        free(text);
        after = number;
    }
    *seq = number;
    return st;
}

vo_status vo_registry_log_add(const vo_registry_log *log, const char *path, uint64_t after,
                              const vo_registry_note *note, size_t n, uint64_t *seq,
                              vo_error *err) {
    vo_file_writer *out = NULL;
    uint64_t number = 0;
    vo_status st = vo_file_writer_open(path, &out, err);
    if (st != VO_OK) return st;
    st = put_lines(log, out, after, note, n, &number, err);
    if (st != VO_OK) {
        vo_file_writer_abandon(out);
        return st;
    }
    st = vo_file_writer_commit(out, err);
    if (st == VO_OK) *seq = number;
    return st;
}
