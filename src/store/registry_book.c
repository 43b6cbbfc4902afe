/* registry_book.c -- see registry_book.h for the file's form and the contract. */
#include "store/registry_book.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/json_get.h"
#include "store/seal.h"

#define MAX_COUNT 9007199254740991.0 /* whole numbers that a JSON number holds */

const char *vo_alias_name(vo_alias a) {
    static const char *const name[] = {"champion", "challenger"};
    assert(a < VO_REGISTRY_ALIASES);
    return name[a];
}

vo_status vo_registry_check_name(const char *name, const char *field, vo_error *err) {
    static const char first[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static const char all[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const size_t len = name ? strlen(name) : 0;
    if (len > 0 && len < VO_REGISTRY_NAME && strchr(first, name[0]) && strspn(name, all) == len)
        return VO_OK;
    return vo_fail(err, VO_EINVAL,
                   "%s = \"%.80s\": 1 to %d letters, digits, \".\", \"_\" and \"-\", beginning "
                   "with a letter or digit",
                   field, name ? name : "", VO_REGISTRY_NAME - 1);
}

/* ---- memory ------------------------------------------------------------------ */

/* Room for one more: *items, of *capacity items of `size` bytes with n in use. */
static bool reserve(const vo_alloc *a, void **items, size_t n, size_t *capacity, size_t size) {
    if (n < *capacity) return true;
    const size_t more = *capacity ? *capacity * 2 : 4;
    void *grown = a->zalloc(a->ctx, more * size);
    if (!grown) return false;
    if (n) memcpy(grown, *items, n * size);
    a->free(a->ctx, *items);
    *items = grown;
    *capacity = more;
    return true;
}

vo_status vo_registry_book_create(const vo_alloc *alloc, vo_registry_book **out,
                                  vo_error *err) {
    const vo_alloc *a = alloc ? alloc : &vo_alloc_libc;
    vo_registry_book *b = a->zalloc(a->ctx, sizeof *b);
    if (!b) return vo_fail(err, VO_ENOMEM, "no memory for the registry of models");
    b->alloc = a;
    *out = b;
    return VO_OK;
}

void vo_registry_book_free(vo_registry_book *b) {
    if (!b) return;
    const vo_alloc *a = b->alloc;
    for (size_t i = 0; i < b->n; i++) a->free(a->ctx, b->model[i].version);
    a->free(a->ctx, b->model);
    a->free(a->ctx, b->fields);
    vo_json_free(b->root);
    a->free(a->ctx, b);
}

/* ---- reading ----------------------------------------------------------------- */

typedef struct {
    const char *path; /* for messages */
    vo_registry_book *book;
    bool sealed;
    vo_error *err;
} reader;

static vo_status wrong(const reader *r, const char *where, const char *what) {
    return vo_fail(r->err, VO_EINVAL, "\"%.200s\": %.100s %s", r->path, where, what);
}

static uint64_t count_of(const vo_json *object, const char *key) {
    const vo_json *v = vo_json_get_kind(object, key, VO_JSON_NUMBER);
    const double x = v ? vo_json_number(v) : 0;
    return x > 0 && x <= MAX_COUNT ? (uint64_t)x : 0;
}

/* The model's own copy of a name, so that versions are compared by what is in the list. */
static vo_status read_name(const reader *r, const vo_registry_model *m, const vo_json *v,
                           const char *what, const char **out) {
    *out = NULL;
    if (!v || vo_json_kind_of(v) == VO_JSON_NULL) return VO_OK;
    const vo_registry_version *is = vo_json_kind_of(v) == VO_JSON_STRING
                                        ? vo_registry_model_find(m, vo_json_string(v))
                                        : NULL;
    if (!is) return wrong(r, m->id, what);
    *out = is->version;
    return VO_OK;
}

static int by_version(const void *a, const void *b) {
    const vo_registry_version *x = a, *y = b;
    return strcmp(x->version, y->version);
}

/* A file that we did not write may say a version twice; one of them would be pruned with the
 * files of both. */
static vo_status check_unique(const reader *r, const vo_registry_model *m) {
    const vo_alloc *a = r->book->alloc;
    if (r->sealed || m->n < 2) return VO_OK;
    vo_registry_version *sorted = a->zalloc(a->ctx, m->n * sizeof *sorted);
    if (!sorted) return vo_fail(r->err, VO_ENOMEM, "reading \"%.200s\"", r->path);
    memcpy(sorted, m->version, m->n * sizeof *sorted);
    qsort(sorted, m->n, sizeof *sorted, by_version);
    bool twice = false;
    for (size_t i = 1; i < m->n; i++) twice |= by_version(&sorted[i - 1], &sorted[i]) == 0;
    a->free(a->ctx, sorted);
    return twice ? wrong(r, m->id, "has a version twice") : VO_OK;
}

/* "CREATED|BYTES|NODE|METRIC|VALUE" into the version; false: it is something else. */
static bool read_details(vo_registry_book *b, const vo_json *v, vo_registry_version *out) {
    enum { CREATED, BYTES, NODE, METRIC, VALUE, FIELDS };
    const char *field[FIELDS];
    double bytes = 0, value = 0;
    size_t n = 0;
    if (vo_json_kind_of(v) != VO_JSON_STRING) return false;
    char *to = b->fields + b->n_fields;
    field[n++] = to;
    for (const char *c = vo_json_string(v); *c; c++, to++) {
        *to = *c == '|' ? '\0' : *c;
        if (*c == '|' && n == FIELDS) return false;
        if (*c == '|') field[n++] = to + 1;
    }
    *to = '\0';
    b->n_fields = (size_t)(to + 1 - b->fields);
    if (n != FIELDS || !vo_text_number(field[BYTES], strlen(field[BYTES]), &bytes) ||
        !vo_text_number(field[VALUE], strlen(field[VALUE]), &value) || bytes < 0 ||
        bytes > MAX_COUNT)
        return false;
    out->created = field[CREATED];
    out->bytes = (uint64_t)bytes;
    out->node = field[NODE];
    out->metric = field[METRIC];
    out->value = *field[METRIC] ? value : 0;
    return true;
}

static vo_status read_versions(const reader *r, vo_registry_model *m, const vo_json *v) {
    const vo_alloc *a = r->book->alloc;
    const vo_json *versions = vo_json_get_kind(v, "versions", VO_JSON_ARRAY);
    const vo_json *details = vo_json_get_kind(v, "details", VO_JSON_ARRAY);
    if (!versions) return wrong(r, m->id, "has no versions: a list of names");
    const size_t n = vo_json_size(versions);
    if (details && vo_json_size(details) != n) return wrong(r, m->id, "has other details");
    m->version = a->zalloc(a->ctx, (n + 1) * sizeof *m->version);
    if (!m->version) return vo_fail(r->err, VO_ENOMEM, "reading \"%.200s\"", r->path);
    m->capacity = n + 1;
    for (size_t i = 0; i < n; i++) {
        const vo_json *name = vo_json_at(versions, i);
        if (vo_json_kind_of(name) != VO_JSON_STRING ||
            vo_registry_check_name(vo_json_string(name), "version", NULL) != VO_OK)
            return wrong(r, m->id, "has a version that is no name of one");
        vo_registry_version *version = &m->version[m->n++];
        *version = (vo_registry_version){
            .version = vo_json_string(name), .created = "", .node = "", .metric = ""};
        if (details && !read_details(r->book, vo_json_at(details, i), version))
            return wrong(r, m->id, "has details that are none");
    }
    return check_unique(r, m);
}

static vo_status read_roles(const reader *r, vo_registry_model *m, const vo_json *v) {
    const vo_json *aliases = vo_json_get_kind(v, "aliases", VO_JSON_OBJECT);
    const vo_json *former = vo_json_get_kind(v, "former", VO_JSON_ARRAY);
    vo_status st = read_name(r, m, vo_json_get(v, "latest"),
                             "has a latest version that is not among its versions", &m->latest);
    if (st == VO_OK && !m->latest && m->n) m->latest = m->version[0].version;
    for (int i = 0; aliases && st == VO_OK && i < VO_REGISTRY_ALIASES; i++)
        st = read_name(r, m, vo_json_get(aliases, vo_alias_name((vo_alias)i)),
                       "has an alias of a version that it does not have", &m->alias[i]);
    for (size_t i = 0; former && st == VO_OK && i < vo_json_size(former); i++) {
        if (i == VO_REGISTRY_FORMER) return wrong(r, m->id, "has too many former champions");
        const char **to = &m->former[m->n_former];
        st = read_name(r, m, vo_json_at(former, i), "has a former champion it does not have",
                       to);
        m->n_former += st == VO_OK && *to;
    }
    return st;
}

static vo_status read_model(const reader *r, const char *id, const vo_json *v) {
    vo_registry_book *b = r->book;
    if (vo_registry_check_name(id, "id", NULL) != VO_OK)
        return wrong(r, id, "is no name of a model");
    if (!v || vo_json_kind_of(v) != VO_JSON_OBJECT) return wrong(r, id, "is no object");
    vo_registry_model *m = &b->model[b->n++];
    m->id = id;
    m->type = vo_json_get_text(v, "type");
    if (!*m->type) return wrong(r, id, "has no type");
    const vo_status st = read_versions(r, m, v);
    return st == VO_OK ? read_roles(r, m, v) : st;
}

/* Members are walked through the list of ids where we wrote one: finding the i-th member of an
 * object takes i steps. */
static vo_status read_models(const reader *r, const vo_json *models) {
    vo_registry_book *b = r->book;
    const vo_json *ids = r->sealed ? vo_json_get_kind(b->root, "ids", VO_JSON_ARRAY) : NULL;
    const size_t n = vo_json_size(models);
    if (ids && vo_json_size(ids) != n) return wrong(r, "ids", "are not those of the models");
    b->model = b->alloc->zalloc(b->alloc->ctx, (n + 1) * sizeof *b->model);
    if (!b->model) return vo_fail(r->err, VO_ENOMEM, "reading \"%.200s\"", r->path);
    b->capacity = n + 1;
    vo_status st = VO_OK;
    for (size_t i = 0; i < n && st == VO_OK; i++) {
        const char *id = NULL;
        const vo_json *v = NULL;
        if (ids) {
            const vo_json *name = vo_json_at(ids, i);
            id = vo_json_kind_of(name) == VO_JSON_STRING ? vo_json_string(name) : "";
            v = vo_json_get(models, id);
        } else {
            vo_json_member(models, i, &id, &v);
        }
        st = read_model(r, id, v);
    }
    return st;
}

static vo_status read_root(const reader *r) {
    const vo_json *root = r->book->root;
    if (vo_json_kind_of(root) != VO_JSON_OBJECT) return wrong(r, "it", "is no object");
    for (size_t i = 0; i < vo_json_size(root); i++) {
        const char *key = NULL;
        const vo_json *v = NULL;
        vo_json_member(root, i, &key, &v);
        if (strcmp(key, "models") && strcmp(key, "log") && strcmp(key, "ids") &&
            !(r->sealed && strcmp(key, "sha256") == 0))
            return wrong(r, key, "does not belong there: it was damaged or edited");
    }
    const vo_json *models = vo_json_get_kind(root, "models", VO_JSON_OBJECT);
    if (!models) return wrong(r, "models", "are missing: {\"models\": {}}");
    r->book->log = count_of(root, "log");
    return read_models(r, models);
}

vo_status vo_registry_book_parse(const char *text, size_t len, const char *path,
                                 const vo_alloc *alloc, vo_registry_book **out, vo_error *err) {
    vo_registry_book *b = NULL;
    vo_error why = {0};
    reader r = {.path = path, .err = err};
    vo_status st = vo_seal_check(text, len, path, &r.sealed, err);
    if (st == VO_OK) st = vo_registry_book_create(alloc, &b, err);
    if (st != VO_OK) return st;
    r.book = b;
    st = vo_json_parse(text, len, &b->root, &why);
    if (st != VO_OK) vo_fail(err, st, "\"%.200s\": %.250s", path, why.msg);
    if (st == VO_OK && !(b->fields = b->alloc->zalloc(b->alloc->ctx, len + 1)))
        st = vo_fail(err, VO_ENOMEM, "reading \"%.200s\"", path); /* no text in it is longer */
    if (st == VO_OK) st = read_root(&r);
    if (st != VO_OK) {
        vo_registry_book_free(b);
        return st;
    }
    *out = b;
    return VO_OK;
}

/* ---- writing ----------------------------------------------------------------- */

static void put_text(vo_json_out *w, const char *key, const char *v) {
    if (!v || !*v) return;
    vo_json_out_key(w, key);
    vo_json_out_string(w, v);
}

/* The beginning of a name, whole letters, without what would part the fields. */
static const char *plain(const char *name, char out[VO_REGISTRY_NAME]) {
    size_t n = strlen(name);
    if (n >= VO_REGISTRY_NAME) n = VO_REGISTRY_NAME - 1;
    n = vo_text_utf8_fault(name, n);
    memcpy(out, name, n);
    out[n] = '\0';
    for (char *c = out; *c; c++)
        if (*c == '|') *c = '/';
    return out;
}

static void put_details(const vo_registry_version *v, vo_json_out *w) {
    char line[4 * VO_REGISTRY_NAME], value[VO_TEXT_NUMBER];
    char created[VO_REGISTRY_NAME], node[VO_REGISTRY_NAME], metric[VO_REGISTRY_NAME];
    vo_text_format_number(v->value, value);
    snprintf(line, sizeof line, "%s|%llu|%s|%s|%s", plain(v->created, created),
             (unsigned long long)v->bytes, plain(v->node, node), plain(v->metric, metric),
             value);
    vo_json_out_string(w, line);
}

static void put_roles(const vo_registry_model *m, vo_json_out *w) {
    if (m->alias[VO_REGISTRY_CHAMPION] || m->alias[VO_REGISTRY_CHALLENGER]) {
        vo_json_out_key(w, "aliases");
        vo_json_out_object(w);
        for (int i = 0; i < VO_REGISTRY_ALIASES; i++)
            put_text(w, vo_alias_name((vo_alias)i), m->alias[i]);
        vo_json_out_end(w);
    }
    if (m->n_former == 0) return;
    vo_json_out_key(w, "former");
    vo_json_out_array(w);
    for (size_t i = 0; i < m->n_former; i++) vo_json_out_string(w, m->former[i]);
    vo_json_out_end(w);
}

static void put_model(const vo_registry_model *m, vo_json_out *w) {
    vo_json_out_object(w);
    put_text(w, "type", m->type);
    vo_json_out_key(w, "versions");
    vo_json_out_array(w);
    for (size_t i = 0; i < m->n; i++) vo_json_out_string(w, m->version[i].version);
    vo_json_out_end(w);
    put_text(w, "latest", m->latest);
    put_roles(m, w);
    vo_json_out_key(w, "details");
    vo_json_out_array(w);
    for (size_t i = 0; i < m->n; i++) put_details(&m->version[i], w);
    vo_json_out_end(w);
    vo_json_out_end(w);
}

vo_status vo_registry_book_text(const vo_registry_book *b, char **text, size_t *len,
                                vo_error *err) {
    vo_json_out *w = NULL;
    vo_status st = vo_json_out_create(&w, err);
    if (st != VO_OK) return st;
    vo_json_out_object(w);
    vo_json_out_key(w, "models");
    vo_json_out_object(w);
    for (size_t i = 0; i < b->n; i++) {
        vo_json_out_key(w, b->model[i].id);
        put_model(&b->model[i], w);
    }
    vo_json_out_end(w);
    vo_json_out_key(w, "ids");
    vo_json_out_array(w);
    for (size_t i = 0; i < b->n; i++) vo_json_out_string(w, b->model[i].id);
    vo_json_out_end(w);
    vo_json_out_key(w, "log");
    vo_json_out_integer(w, (long long)b->log);
    vo_json_out_end(w);
    st = vo_seal_take(w, text, len, err);
    vo_json_out_free(w);
    return st;
}

/* ---- changing ---------------------------------------------------------------- */

vo_registry_model *vo_registry_book_find(const vo_registry_book *b, const char *id) {
    for (size_t i = 0; i < b->n; i++)
        if (strcmp(b->model[i].id, id) == 0) return &b->model[i];
    return NULL;
}

const vo_registry_version *vo_registry_model_find(const vo_registry_model *m,
                                                  const char *version) {
    for (size_t i = 0; i < m->n; i++)
        if (strcmp(m->version[i].version, version) == 0) return &m->version[i];
    return NULL;
}

/* NULL: no memory. */
static vo_registry_model *make_model(vo_registry_book *b, const char *id, const char *type) {
    void *models = b->model;
    if (!reserve(b->alloc, &models, b->n, &b->capacity, sizeof *b->model)) return NULL;
    b->model = models;
    vo_registry_model *m = &b->model[b->n++];
    *m = (vo_registry_model){.id = id, .type = type};
    return m;
}

vo_status vo_registry_book_add(vo_registry_book *b, const char *id, const char *type,
                               const vo_registry_version *v, vo_error *err) {
    vo_registry_model *m = vo_registry_book_find(b, id);
    if (m && strcmp(m->type, type) != 0)
        return vo_fail(err, VO_EINVAL,
                       "type = \"%.63s\": the versions of %s are of type \"%.63s\"; choose "
                       "another id",
                       type, id, m->type);
    if (m && vo_registry_model_find(m, v->version))
        return vo_fail(err, VO_EINVAL, "version = \"%s\": %s has it already", v->version, id);
    if (!m && b->n == VO_REGISTRY_MODELS_MAX)
        return vo_fail(err, VO_EINVAL, "id = \"%s\": the registry has %d models already", id,
                       VO_REGISTRY_MODELS_MAX);
    if (!m) m = make_model(b, id, type);
    void *versions = m ? m->version : NULL;
    if (!m || !reserve(b->alloc, &versions, m->n, &m->capacity, sizeof *m->version))
        return vo_fail(err, VO_ENOMEM, "no memory for one more version"); /* an empty model may
                                                                             be left */
    m->version = versions;
    memmove(m->version + 1, m->version, m->n * sizeof *m->version);
    m->version[0] = *v;
    m->n++;
    m->latest = v->version;
    return VO_OK;
}

static bool same(const char *a, const char *b) { return a && b && strcmp(a, b) == 0; }

static void forget_former(vo_registry_model *m, const char *version) {
    size_t kept = 0;
    for (size_t i = 0; i < m->n_former; i++)
        if (!same(m->former[i], version)) m->former[kept++] = m->former[i];
    m->n_former = kept;
}

void vo_registry_model_promote(vo_registry_model *m, const char *version, vo_alias a) {
    const char *before = m->alias[a];
    if (same(before, version)) return;
    m->alias[a] = version;
    if (a != VO_REGISTRY_CHAMPION) return;
    if (same(m->alias[VO_REGISTRY_CHALLENGER], version))
        m->alias[VO_REGISTRY_CHALLENGER] = NULL;
    forget_former(m, version);
    if (!before) return;
    if (m->n_former == VO_REGISTRY_FORMER) m->n_former--;
    memmove(m->former + 1, m->former, m->n_former * sizeof *m->former);
    m->former[0] = before;
    m->n_former++;
}

void vo_registry_model_roll_back(vo_registry_model *m) {
    assert(m->n_former > 0);
    m->alias[VO_REGISTRY_CHAMPION] = m->former[0];
    m->n_former--;
    memmove(m->former, m->former + 1, m->n_former * sizeof *m->former);
}

/* Stable: versions of one second stay as they are. Time stamps of one form compare as text. */
void vo_registry_model_sort(vo_registry_model *m) {
    for (size_t i = 1; i < m->n; i++) {
        const vo_registry_version v = m->version[i];
        size_t k = i;
        for (; k > 0 && strcmp(m->version[k - 1].created, v.created) < 0; k--)
            m->version[k] = m->version[k - 1];
        m->version[k] = v;
    }
    m->latest = m->n ? m->version[0].version : NULL;
}

void vo_registry_model_drop(vo_registry_model *m, const char *version) {
    const char *gone = version; /* may lie in the list itself */
    size_t i = 0;
    while (i < m->n && strcmp(m->version[i].version, gone) != 0) i++;
    if (i == m->n) return;
    gone = m->version[i].version;
    forget_former(m, gone);
    for (int a = 0; a < VO_REGISTRY_ALIASES; a++)
        if (same(m->alias[a], gone)) m->alias[a] = NULL;
    const bool newest = same(m->latest, gone);
    m->n--;
    memmove(m->version + i, m->version + i + 1, (m->n - i) * sizeof *m->version);
    if (newest) m->latest = m->n ? m->version[0].version : NULL;
}
