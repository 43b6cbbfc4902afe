/* model_cache.c -- see model_cache.h. */
#include "engine/model_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learn/forecaster.h"
#include "port/clock.h"
#include "port/file.h"
#include "port/task.h"

#define LOOK_EVERY_S 1.0
enum { NAMES = 128 };

typedef struct kept kept;
struct kept {
    vo_kept_model model; /* first: what is handed out is this */
    void *bytes;
    vo_q_table *table;
    vo_price_model *boosting;
    size_t users;
    uint64_t used; /* by the cache's count of takes */
    kept *next;
};

/* What a reference meant when registry.json had the cache's mark. */
typedef struct {
    char reference[2 * VO_REGISTRY_NAME + 2];
    vo_registry_found found;
} name;

struct vo_model_cache {
    vo_registry *registry;
    vo_lock *lock; /* of all that follows */
    kept *first;
    size_t n, bytes;
    uint64_t takes;
    name *names; /* [NAMES] */
    size_t n_names;
    uint64_t mark; /* of registry.json */
    double looked_s;
    char list[VO_REGISTRY_PATH];
};

vo_status vo_model_cache_create(const char *folder, vo_model_cache **out, vo_error *err) {
    vo_model_cache *c = calloc(1, sizeof *c);
    if (!c) return vo_fail(err, VO_ENOMEM, "a cache of models");
    vo_status s = vo_registry_open(folder, NULL, &c->registry, err);
    if (s == VO_OK) s = vo_lock_create(&c->lock, err);
    if (s == VO_OK && !(c->names = calloc(NAMES, sizeof *c->names)))
        s = vo_fail(err, VO_ENOMEM, "a cache of models");
    if (s != VO_OK) {
        vo_model_cache_free(c);
        return s;
    }
    snprintf(c->list, sizeof c->list, "%s/registry.json", folder);
    *out = c;
    return VO_OK;
}

static void drop(kept *k) {
    vo_q_table_free(k->table);
    vo_price_model_free(k->boosting);
    free(k->bytes);
    free(k);
}

void vo_model_cache_free(vo_model_cache *c) {
    if (!c) return;
    for (kept *k = c->first, *next; k; k = next) {
        next = k->next;
        drop(k);
    }
    free(c->names);
    vo_lock_free(c->lock);
    vo_registry_close(c->registry);
    free(c);
}

/* ---- what a reference means ---------------------------------------------------------------- */

/* Forgets names when the registry has changed. With the lock. */
static void look(vo_model_cache *c) {
    const double now_s = vo_clock_monotonic_s();
    if (c->mark != 0 && now_s - c->looked_s < LOOK_EVERY_S) return;
    const uint64_t mark = vo_file_mark(c->list);
    if (mark != c->mark) c->n_names = 0;
    c->mark = mark;
    c->looked_s = now_s;
}

static const vo_registry_found *known(const vo_model_cache *c, const char *reference) {
    for (size_t i = 0; i < c->n_names; i++)
        if (strcmp(c->names[i].reference, reference) == 0) return &c->names[i].found;
    return NULL;
}

static void remember(vo_model_cache *c, const char *reference, const vo_registry_found *found) {
    if (strlen(reference) >= sizeof c->names->reference) return;
    name *n = &c->names[c->n_names < NAMES ? c->n_names++ : c->takes % NAMES];
    snprintf(n->reference, sizeof n->reference, "%s", reference);
    n->found = *found;
}

/* ---- a version ------------------------------------------------------------------------------- */

static kept *find(vo_model_cache *c, const vo_registry_found *f) {
    kept *k = c->first;
    while (k && (strcmp(k->model.found.version, f->version) != 0 ||
                 strcmp(k->model.found.id, f->id) != 0))
        k = k->next;
    return k;
}

/* Takes out of the bytes what can be asked without reading them again. */
static vo_status make_ready(kept *k, vo_error *err) {
    char kind[9], forecaster[VO_FORECASTER_NAME];
    const char *path = k->model.found.folder;
    vo_artefact *in = NULL;
    vo_status s = VO_OK;
    if (!vo_artefact_kind(k->bytes, k->model.len, kind)) return VO_OK;
    if (strcmp(kind, VO_Q_KIND) == 0) {
        s = vo_artefact_open(k->bytes, k->model.len, VO_Q_KIND, VO_Q_VERSION, path, &in, err);
        if (s == VO_OK) s = vo_q_table_load(in, NULL, &k->table, err);
        k->model.table = k->table;
    } else {
        s = vo_forecaster_open(k->bytes, k->model.len, path, forecaster, &in, err);
        if (s == VO_OK && strcmp(forecaster, "gbt") == 0)
            s = vo_price_model_load(in, NULL, &k->boosting, err);
        if (s == VO_OK && k->boosting)
            s = vo_forecaster_gbt_until(in, &k->model.boosting_until_s, err);
        k->model.boosting = k->boosting;
    }
    vo_artefact_close(in);
    return s;
}

static vo_status load(const vo_model_cache *c, const vo_registry_found *f, kept **out,
                      vo_error *err) {
    vo_manifest m = {0};
    kept *k = calloc(1, sizeof *k);
    if (!k) return vo_fail(err, VO_ENOMEM, "model %s", f->id);
    vo_status s = vo_registry_manifest(c->registry, f, &m, err);
    if (s == VO_OK) s = vo_manifest_read(&m, f->folder, NULL, &k->bytes, &k->model.len, err);
    if (s == VO_OK) {
        k->model.found = *f;
        k->model.bytes = k->bytes;
        snprintf(k->model.type, sizeof k->model.type, "%.63s", m.type ? m.type : "");
        s = make_ready(k, err);
    }
    vo_manifest_fini(&m);
    if (s == VO_OK)
        *out = k;
    else
        drop(k);
    return s;
}

/* The least recently used go, unless somebody has them. With the lock. */
static void make_room(vo_model_cache *c) {
    while (c->n > VO_MODEL_CACHE_MODELS || c->bytes >> 20 > VO_MODEL_CACHE_MIB) {
        kept **oldest = NULL;
        for (kept **at = &c->first; *at; at = &(*at)->next)
            if ((*at)->users == 0 && (!oldest || (*at)->used < (*oldest)->used)) oldest = at;
        if (!oldest) return;
        kept *k = *oldest;
        *oldest = k->next;
        c->n--;
        c->bytes -= k->model.len;
        drop(k);
    }
}

static kept *use(vo_model_cache *c, kept *k) {
    k->users++;
    k->used = ++c->takes;
    return k;
}

/* `fresh` into the list, unless another thread was quicker. With the lock. */
static kept *put(vo_model_cache *c, kept *fresh) {
    kept *k = find(c, &fresh->model.found);
    if (k) {
        drop(fresh);
        return use(c, k);
    }
    fresh->next = c->first;
    c->first = fresh;
    c->n++;
    c->bytes += fresh->model.len;
    k = use(c, fresh);
    make_room(c);
    return k;
}

vo_status vo_model_cache_take(vo_model_cache *c, const char *reference,
                              const vo_kept_model **out, vo_error *err) {
    vo_registry_found found;
    kept *k = NULL, *fresh = NULL;
    vo_lock_take(c->lock);
    look(c);
    const uint64_t mark = c->mark;
    const vo_registry_found *was = known(c, reference);
    if (was) found = *was;
    if (was && (k = find(c, was))) use(c, k);
    vo_lock_release(c->lock);
    vo_status s = VO_OK;
    if (!was) s = vo_registry_get(c->registry, reference, &found, err);
    if (s != VO_OK) return s;
    if (!k) {
        vo_lock_take(c->lock);
        k = find(c, &found);
        if (k) use(c, k);
        if (!was && c->mark == mark) remember(c, reference, &found);
        vo_lock_release(c->lock);
    }
    if (!k) {
        s = load(c, &found, &fresh, err);
        if (s != VO_OK) return s;
        vo_lock_take(c->lock);
        k = put(c, fresh);
        vo_lock_release(c->lock);
    }
    *out = &k->model;
    return VO_OK;
}

void vo_model_cache_give(vo_model_cache *c, const vo_kept_model *m) {
    if (!m) return;
    vo_lock_take(c->lock);
    for (kept *k = c->first; k; k = k->next)
        if (&k->model == m) k->users--;
    make_room(c);
    vo_lock_release(c->lock);
}
