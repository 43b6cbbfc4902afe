/* model_requests.c -- see model_requests.h. Decisions are the registry's; here they become
 * documents. */
#include "engine/model_requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/pause.h"
#include "store/registry.h"

#define LINEAGE 20 /* parents that show follows */

#define X(name, kind, lo, hi, unit, help) {#name, VO_FIELD_##kind, lo, hi, unit, help},
static const vo_field fields[] = {VO_MODELS_FIELD_MAP(X)};
#undef X
#define X(name, kind, lo, hi, unit, help) MODELS_##name,
enum { VO_MODELS_FIELD_MAP(X) MODELS_FIELDS };
#undef X

const vo_field *vo_models_request_fields(size_t *n) {
    *n = MODELS_FIELDS;
    return fields;
}

typedef struct {
    const vo_engine_options *o;
    vo_json *root;
    vo_field_value f[MODELS_FIELDS];
    vo_registry *registry;
    vo_json_out *w;
} ask;

#define BIT(name) (1u << MODELS_##name)

/* Where something lies on this machine is for those who may read its files. */
static void put_place(ask *a, const char *key, const char *path) {
    if (!a->o->allow_files) return;
    vo_json_out_key(a->w, key);
    vo_json_out_string(a->w, path);
}

/* `known` has a bit for each field that this request may have. Opens the answer. */
static vo_status begin(ask *a, const vo_engine_options *o, const char *request, unsigned known,
                       vo_json_out *w, vo_error *err) {
    *a = (ask){.o = o, .w = w};
    vo_status s = vo_json_parse(request, strlen(request), &a->root, err);
    if (s == VO_OK) s = vo_fields_read(a->root, "", fields, MODELS_FIELDS, a->f, err);
    for (unsigned i = 0; i < MODELS_FIELDS && s == VO_OK; i++)
        if (a->f[i].json && !(known >> i & 1))
            s = vo_fail(err, VO_EINVAL, "%s is not for this request: leave it out",
                        fields[i].name);
    if (s == VO_OK) s = vo_registry_open(o->models, NULL, &a->registry, err);
    if (s != VO_OK) return s;
    vo_json_out_object(w);
    put_place(a, "models", o->models);
    return VO_OK;
}

static void finish(ask *a) {
    vo_registry_close(a->registry);
    vo_json_free(a->root);
}

static const char *text_of(const ask *a, int field) { return a->f[field].text; }
static bool is_on(const ask *a, int field) { return a->f[field].number != 0; }

static void put_text(vo_json_out *w, const char *key, const char *v) {
    vo_json_out_key(w, key);
    vo_json_out_string(w, v && *v ? v : NULL);
}

static void put_count(vo_json_out *w, const char *key, uint64_t v) {
    vo_json_out_key(w, key);
    vo_json_out_integer(w, (long long)v);
}

static void put_yes(vo_json_out *w, const char *key, bool v) {
    vo_json_out_key(w, key);
    vo_json_out_bool(w, v);
}

/* ---- list ---------------------------------------------------------------------- */

static bool same(const char *a, const char *b) { return a && b && strcmp(a, b) == 0; }

/* "latest", "champion", ...: what a version is now. */
static void put_roles(vo_json_out *w, const vo_registry_model *m, const char *version) {
    vo_json_out_key(w, "is");
    vo_json_out_array(w);
    for (int i = 0; i < VO_REGISTRY_ALIASES; i++)
        if (same(m->alias[i], version)) vo_json_out_string(w, vo_alias_name((vo_alias)i));
    if (same(m->latest, version)) vo_json_out_string(w, "latest");
    if (m->n_former && same(m->former[0], version)) vo_json_out_string(w, "rollback");
    vo_json_out_end(w);
}

static void put_version(vo_json_out *w, const vo_registry_version *v) {
    put_text(w, "version", v->version);
    put_text(w, "created", v->created);
    put_count(w, "bytes", v->bytes);
    put_text(w, "node", v->node);
    put_text(w, "metric", v->metric);
    vo_json_out_key(w, "value");
    if (*v->metric)
        vo_json_out_number(w, v->value);
    else
        vo_json_out_null(w);
}

static void put_model(vo_json_out *w, const vo_registry_model *m) {
    vo_json_out_object(w);
    put_text(w, "id", m->id);
    put_text(w, "type", m->type);
    put_text(w, "latest", m->latest);
    for (int i = 0; i < VO_REGISTRY_ALIASES; i++)
        put_text(w, vo_alias_name((vo_alias)i), m->alias[i]);
    vo_json_out_key(w, "versions");
    vo_json_out_array(w);
    for (size_t i = 0; i < m->n; i++) {
        vo_json_out_object(w);
        put_version(w, &m->version[i]);
        put_roles(w, m, m->version[i].version);
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
    vo_json_out_end(w);
}

static vo_status list(ask *a, vo_error *err) {
    const char *id = text_of(a, MODELS_id);
    vo_registry_book *b = NULL;
    vo_registry_found found;
    vo_status s = id ? vo_registry_check_name(id, "id", err) : VO_OK;
    if (s == VO_OK && id)
        s = vo_registry_get(a->registry, id, &found, err); /* or the nearest */
    if (s == VO_OK) s = vo_registry_list(a->registry, &b, err);
    if (s != VO_OK) return s;
    vo_json_out_key(a->w, "registered");
    vo_json_out_array(a->w);
    for (size_t i = 0; i < b->n; i++)
        if (!id || same(id, b->model[i].id)) put_model(a->w, &b->model[i]);
    vo_json_out_end(a->w);
    vo_registry_book_free(b);
    return VO_OK;
}

/* ---- show ---------------------------------------------------------------------- */

static vo_status wants(const ask *a, int field, const char *what, vo_error *err) {
    return text_of(a, field)
               ? VO_OK
               : vo_fail(err, VO_EINVAL, "%s is missing: %s", fields[field].name, what);
}

/* From a version to its parents, as long as they are there. */
static vo_status put_lineage(ask *a, const vo_registry_found *found, vo_error *err) {
    char parent[VO_REGISTRY_NAME], reference[2 * VO_REGISTRY_NAME];
    vo_registry_found at = *found;
    vo_status s = VO_OK;
    vo_json_out_key(a->w, "lineage");
    vo_json_out_array(a->w);
    for (int i = 0; i < LINEAGE && s == VO_OK; i++) {
        vo_manifest m = {0};
        s = vo_registry_manifest(a->registry, &at, &m, err);
        if (s != VO_OK) break;
        const vo_json *p = vo_json_get(m.root, "parent"), *v = vo_json_get(m.root, "metrics");
        const bool has = p && vo_json_kind_of(p) == VO_JSON_STRING;
        snprintf(parent, sizeof parent, "%s", has ? vo_json_string(p) : "");
        vo_json_out_object(a->w);
        put_version(a->w, &m.entry);
        vo_json_out_key(a->w, "metrics");
        if (v)
            vo_json_out_value(a->w, v);
        else
            vo_json_out_null(a->w);
        vo_json_out_end(a->w);
        vo_manifest_fini(&m);
        if (!*parent) break;
        snprintf(reference, sizeof reference, "%s@%s", found->id, parent);
        if (vo_registry_get(a->registry, reference, &at, NULL) != VO_OK) break; /* pruned */
    }
    vo_json_out_end(a->w);
    return s;
}

static void put_line(vo_json_out *w, const vo_registry_line *l) {
    const vo_json *metrics = vo_json_get(l->root, "metrics");
    const vo_json *versions = vo_json_get(l->root, "versions");
    vo_json_out_object(w);
    put_count(w, "seq", l->seq);
    put_text(w, "when", l->when);
    put_text(w, "action", l->action);
    put_text(w, "alias", l->alias);
    put_text(w, "from", l->from);
    put_text(w, "to", l->to);
    if (versions) {
        vo_json_out_key(w, "versions");
        vo_json_out_value(w, versions);
    }
    put_text(w, "by", l->by);
    put_text(w, "reason", l->reason);
    if (metrics) {
        vo_json_out_key(w, "metrics");
        vo_json_out_value(w, metrics);
    }
    put_yes(w, "carried_out", l->done);
    vo_json_out_end(w);
}

static vo_status put_log(ask *a, const char *id, vo_error *err) {
    vo_registry_log log = {0};
    const vo_status s = vo_registry_history(a->registry, &log, err);
    if (s != VO_OK) return s;
    vo_json_out_key(a->w, "log");
    vo_json_out_array(a->w);
    for (size_t i = 0; i < log.n; i++)
        if (same(log.line[i].id, id)) put_line(a->w, &log.line[i]);
    vo_json_out_end(a->w);
    vo_registry_log_fini(&log);
    return VO_OK;
}

static vo_status put_found(ask *a, const vo_registry_found *found, vo_error *err) {
    vo_registry_book *b = NULL;
    const vo_status s = vo_registry_list(a->registry, &b, err);
    if (s != VO_OK) return s;
    const vo_registry_model *m = vo_registry_book_find(b, found->id);
    put_text(a->w, "id", found->id);
    put_text(a->w, "version", found->version);
    put_place(a, "folder", found->folder);
    if (m) put_roles(a->w, m, found->version);
    vo_registry_book_free(b);
    return VO_OK;
}

/* Whether its files are as they were registered. */
static void put_whole(ask *a, const vo_manifest *m, const char *folder) {
    vo_error why = {0};
    const bool whole = vo_manifest_verify(m, folder, &why) == VO_OK;
    put_yes(a->w, "whole", whole);
    put_text(a->w, "damage",
             whole               ? NULL
             : a->o->allow_files ? why.msg /* has its path */
                                 : "its files are not as they were registered");
}

static vo_status show(ask *a, vo_error *err) {
    vo_registry_found found;
    vo_manifest m = {0};
    vo_status s = wants(a, MODELS_model, "ID, ID@champion or ID@VERSION", err);
    if (s == VO_OK) s = vo_registry_get(a->registry, text_of(a, MODELS_model), &found, err);
    if (s == VO_OK) s = vo_registry_manifest(a->registry, &found, &m, err);
    if (s == VO_OK) s = put_found(a, &found, err);
    if (s == VO_OK) {
        put_whole(a, &m, found.folder);
        vo_json_out_key(a->w, "manifest");
        vo_json_out_value(a->w, m.root);
        s = put_lineage(a, &found, err);
    }
    if (s == VO_OK) s = put_log(a, found.id, err);
    vo_manifest_fini(&m);
    return s;
}

/* ---- figures --------------------------------------------------------------------- */

static void put_value(vo_json_out *w, const char *key, const vo_json *v) {
    vo_json_out_key(w, key);
    if (v)
        vo_json_out_value(w, v);
    else
        vo_json_out_null(w);
}

static const vo_json *member(const vo_json *o, const char *key) {
    return o && vo_json_kind_of(o) == VO_JSON_OBJECT ? vo_json_get(o, key) : NULL;
}

static const char *method_of(const vo_manifest *m) {
    const vo_json *v = member(vo_json_get(m->root, "settings"), "method");
    return v && vo_json_kind_of(v) == VO_JSON_STRING ? vo_json_string(v) : "";
}

/* Finds the version and writes who it is; the manifest is the caller's. */
static vo_status open_version(ask *a, vo_manifest *m, vo_error *err) {
    vo_registry_found found;
    vo_status s = wants(a, MODELS_model, "ID, ID@champion or ID@VERSION", err);
    if (s == VO_OK) s = vo_registry_get(a->registry, text_of(a, MODELS_model), &found, err);
    if (s == VO_OK) s = vo_registry_manifest(a->registry, &found, m, err);
    if (s != VO_OK) return s;
    put_text(a->w, "id", found.id);
    put_text(a->w, "version", found.version);
    put_text(a->w, "type", m->type);
    put_text(a->w, "method", method_of(m));
    put_text(a->w, "created", m->entry.created);
    return VO_OK;
}

/* Members `keys` of each horizon that training told of. */
static void put_horizons(ask *a, const vo_manifest *m, const char *const *keys, size_t n) {
    const vo_json *list = member(vo_json_get(m->root, "settings"), "horizons");
    const bool is_list = list && vo_json_kind_of(list) == VO_JSON_ARRAY;
    vo_json_out_key(a->w, "horizons");
    vo_json_out_array(a->w);
    for (size_t i = 0; is_list && i < vo_json_size(list); i++) {
        vo_json_out_object(a->w);
        for (size_t k = 0; k < n; k++)
            put_value(a->w, keys[k], member(vo_json_at(list, i), keys[k]));
        vo_json_out_end(a->w);
    }
    vo_json_out_end(a->w);
}

static vo_status metrics(ask *a, vo_error *err) {
    static const char *const keys[] = {"minutes", "target", "trees", "metrics", "naive_week"};
    vo_manifest m = {0};
    const vo_status s = open_version(a, &m, err);
    if (s == VO_OK) {
        put_value(a->w, "metrics", vo_json_get(m.root, "metrics"));
        put_horizons(a, &m, keys, sizeof keys / sizeof keys[0]);
        put_value(a->w, "data", vo_json_get(m.root, "data"));
    }
    vo_manifest_fini(&m);
    return s;
}

static vo_status importance(ask *a, vo_error *err) {
    static const char *const keys[] = {"minutes", "importance"};
    vo_manifest m = {0};
    vo_status s = open_version(a, &m, err);
    if (s == VO_OK && strcmp(method_of(&m), "gbt") != 0)
        s = vo_fail(err, VO_EUNSUPPORTED,
                    "model = \"%.100s\" is of method %s, which has no importance by feature: "
                    "boosted models (gbt) have",
                    text_of(a, MODELS_model), *method_of(&m) ? method_of(&m) : "unknown");
    if (s == VO_OK) {
        put_horizons(a, &m, keys, sizeof keys / sizeof keys[0]);
        put_value(a->w, "features", vo_json_get(m.root, "features"));
    }
    vo_manifest_fini(&m);
    return s;
}

/* ---- promote and roll back ------------------------------------------------------- */

static vo_registry_decision decision(const ask *a, const char *reason, const char *metrics) {
    return (vo_registry_decision){.automatic = is_on(a, MODELS_automatic),
                                  .reason = reason,
                                  .metrics = metrics,
                                  .when_s = (int64_t)vo_pause_now_s()};
}

/* The figures of the request, or those of the version's manifest, as text: free(). */
static vo_status metrics_text(const ask *a, const vo_registry_found *found, char **out,
                              vo_error *err) {
    vo_manifest m = {0};
    vo_json_out *w = NULL;
    size_t len = 0;
    vo_status s = vo_registry_manifest(a->registry, found, &m, err);
    const vo_json *v = a->f[MODELS_metrics].json;
    if (s == VO_OK && !v) v = vo_json_get(m.root, "metrics");
    if (s == VO_OK && (!v || vo_json_kind_of(v) != VO_JSON_OBJECT))
        s = vo_fail(err, VO_EINVAL, "metrics must be an object of names and numbers");
    if (s == VO_OK) s = vo_json_out_create(&w, err);
    if (s == VO_OK) {
        vo_json_out_value(w, v);
        s = vo_json_out_take(w, out, &len, err);
    }
    vo_json_out_free(w);
    vo_manifest_fini(&m);
    return s;
}

/* What the alias meant before; "" if nothing. */
static void before_of(const ask *a, const char *id, const char *alias, vo_registry_found *out) {
    char reference[2 * VO_REGISTRY_NAME];
    snprintf(reference, sizeof reference, "%s@%s", id, alias);
    if (vo_registry_get(a->registry, reference, out, NULL) != VO_OK) out->version[0] = '\0';
}

/* A model without more is its latest version: its champion needs no promotion. */
static vo_status find_promoted(const ask *a, vo_registry_found *out, vo_error *err) {
    const char *model = text_of(a, MODELS_model);
    char reference[2 * VO_REGISTRY_NAME];
    vo_status s = wants(a, MODELS_model, "ID@VERSION or ID@challenger", err);
    if (s != VO_OK) return s;
    if (strchr(model, '@') || strlen(model) >= VO_REGISTRY_NAME)
        return vo_registry_get(a->registry, model, out, err);
    snprintf(reference, sizeof reference, "%s@latest", model);
    return vo_registry_get(a->registry, reference, out, err);
}

static vo_status promote(ask *a, vo_error *err) {
    static const char *const names[] = {"champion", "challenger"};
    vo_registry_found found, before;
    char *metrics = NULL;
    size_t alias = 0;
    vo_status s = find_promoted(a, &found, err);
    if (s == VO_OK)
        s = vo_fields_choice(&a->f[MODELS_alias], "alias", names, VO_REGISTRY_ALIASES, &alias,
                             err);
    if (s == VO_OK) s = wants(a, MODELS_reason, "say why, for the log", err);
    if (s == VO_OK) s = metrics_text(a, &found, &metrics, err);
    if (s == VO_OK) {
        const vo_registry_decision why = decision(a, text_of(a, MODELS_reason), metrics);
        before_of(a, found.id, names[alias], &before);
        s = vo_registry_promote(a->registry, found.id, found.version, (vo_alias)alias, &why,
                                err);
    }
    if (s == VO_OK) {
        put_text(a->w, "id", found.id);
        put_text(a->w, "version", found.version);
        put_text(a->w, "alias", names[alias]);
        put_text(a->w, "before", before.version);
    }
    free(metrics);
    return s;
}

static vo_status rollback(ask *a, vo_error *err) {
    char to[VO_REGISTRY_NAME];
    vo_registry_found before;
    const char *id = text_of(a, MODELS_id);
    vo_status s = wants(a, MODELS_id, "which model?", err);
    if (s == VO_OK) s = wants(a, MODELS_reason, "say why, for the log", err);
    if (s == VO_OK) s = vo_registry_check_name(id, "id", err);
    if (s != VO_OK) return s;
    const vo_registry_decision why = decision(a, text_of(a, MODELS_reason), NULL);
    before_of(a, id, "champion", &before);
    s = vo_registry_rollback(a->registry, id, &why, to, err);
    if (s != VO_OK) return s;
    put_text(a->w, "id", id);
    put_text(a->w, "version", to);
    put_text(a->w, "alias", "champion");
    put_text(a->w, "before", before.version);
    return VO_OK;
}

/* ---- prune and doctor -------------------------------------------------------------- */

typedef struct {
    vo_json_out *w;
    uint64_t bytes;
} pruned;

static vo_status put_pruned(void *ctx, const char *id, const vo_registry_version *v,
                            vo_error *err) {
    pruned *p = ctx;
    (void)err;
    vo_json_out_object(p->w);
    put_text(p->w, "id", id);
    put_version(p->w, v);
    vo_json_out_end(p->w);
    p->bytes += v->bytes;
    return VO_OK;
}

static vo_status prune(ask *a, vo_error *err) {
    char reason[80];
    pruned p = {a->w, 0};
    const bool dry = is_on(a, MODELS_dry_run);
    const size_t keep =
        a->f[MODELS_keep].json ? (size_t)a->f[MODELS_keep].number : VO_REGISTRY_BACKUPS;
    snprintf(reason, sizeof reason, "more than %zu versions", keep);
    const vo_registry_decision why =
        decision(a, text_of(a, MODELS_reason) ? text_of(a, MODELS_reason) : reason, NULL);
    put_count(a->w, "keep", keep);
    put_yes(a->w, "dry_run", dry);
    vo_json_out_key(a->w, "pruned");
    vo_json_out_array(a->w);
    const vo_status s = vo_registry_prune(a->registry, text_of(a, MODELS_id), keep, dry, &why,
                                          put_pruned, &p, err);
    vo_json_out_end(a->w);
    put_count(a->w, "bytes", p.bytes);
    return s;
}

static vo_status put_finding(void *ctx, const vo_registry_finding *f, vo_error *err) {
    vo_json_out *w = ctx;
    (void)err;
    vo_json_out_object(w);
    put_text(w, "ill", vo_registry_ill_name(f->ill));
    put_text(w, "path", f->path);
    put_text(w, "what", f->what);
    put_yes(w, "mended", f->mended);
    vo_json_out_end(w);
    return VO_OK;
}

static vo_status doctor(ask *a, vo_error *err) {
    vo_registry_health health;
    vo_json_out_key(a->w, "findings");
    vo_json_out_array(a->w);
    const vo_status s =
        vo_registry_doctor(a->registry, is_on(a, MODELS_mend), (int64_t)vo_pause_now_s(),
                           put_finding, a->w, &health, err);
    vo_json_out_end(a->w);
    if (s != VO_OK) return s;
    put_count(a->w, "ids", health.models);
    put_count(a->w, "versions", health.versions);
    put_yes(a->w, "ok", health.findings == health.mended);
    return VO_OK;
}

/* ---- the calls --------------------------------------------------------------------- */

static vo_status run(const vo_engine_options *o, const char *request, unsigned known,
                     vo_status (*answer)(ask *, vo_error *), vo_json_out *w, vo_error *err) {
    ask a;
    vo_status s = begin(&a, o, request, known, w, err);
    if (s == VO_OK) s = answer(&a, err);
    if (s == VO_OK) vo_json_out_end(w);
    finish(&a);
    return s;
}

vo_status vo_models_list_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                             vo_error *err) {
    return run(o, request, BIT(id), list, w, err);
}

vo_status vo_models_show_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                             vo_error *err) {
    return run(o, request, BIT(model), show, w, err);
}

vo_status vo_models_metrics_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                                vo_error *err) {
    return run(o, request, BIT(model), metrics, w, err);
}

vo_status vo_models_importance_run(const vo_engine_options *o, const char *request,
                                   vo_json_out *w, vo_error *err) {
    return run(o, request, BIT(model), importance, w, err);
}

vo_status vo_models_promote_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                                vo_error *err) {
    return run(o, request,
               BIT(model) | BIT(alias) | BIT(reason) | BIT(metrics) | BIT(automatic), promote,
               w, err);
}

vo_status vo_models_rollback_run(const vo_engine_options *o, const char *request,
                                 vo_json_out *w, vo_error *err) {
    return run(o, request, BIT(id) | BIT(reason) | BIT(automatic), rollback, w, err);
}

vo_status vo_models_prune_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                              vo_error *err) {
    return run(o, request, BIT(id) | BIT(keep) | BIT(dry_run) | BIT(reason) | BIT(automatic),
               prune, w, err);
}

vo_status vo_models_doctor_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                               vo_error *err) {
    return run(o, request, BIT(mend), doctor, w, err);
}
