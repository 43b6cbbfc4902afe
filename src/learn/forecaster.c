/* forecaster.c -- the list of forecasters by name; see forecaster.h. */
#include "learn/forecaster.h"

#include <assert.h>
#include <string.h>

#define KIND "FORECAST" /* of artefacts */
#define FORMAT 1u

static const struct {
    const char *name;
    vo_forecaster_maker *create;
    uint32_t flags;
} entry[] = {
#define X(name, create, flags, help) {#name, create, flags},
    VO_FORECASTER_MAP(X)
#undef X
};

const char *vo_forecaster_names(void) {
    static const char list[] =
#define X(name, create, flags, help) ", " #name
        VO_FORECASTER_MAP(X)
#undef X
        ;
    return list + 2;
}

enum { N_ENTRIES = sizeof entry / sizeof entry[0] };

/* Index of the name that the spec begins with, or N_ENTRIES. */
static size_t find(const char *spec) {
    const size_t len = strcspn(spec, "=");
    size_t i = 0;
    while (i < N_ENTRIES &&
           (strlen(entry[i].name) != len || strncmp(entry[i].name, spec, len) != 0))
        i++;
    return i;
}

vo_status vo_forecaster_check(const char *spec, vo_error *err) {
    if (find(spec) < N_ENTRIES) return VO_OK;
    return vo_fail(err, VO_EINVAL, "\"%.60s\" is no forecaster: use one of %s (column=NAME)",
                   spec, vo_forecaster_names());
}

vo_status vo_forecaster_create(const char *spec, const vo_series *series,
                               const vo_learning *world, vo_forecaster **out, vo_error *err) {
    static const vo_learning plain = {.alloc = &vo_alloc_libc};
    const char *equals = strchr(spec, '=');
    const size_t i = find(spec);
    assert(!world || world->alloc);
    if (i == N_ENTRIES) return vo_forecaster_check(spec, err);
    return entry[i].create(equals ? equals + 1 : NULL, series, world ? world : &plain, out,
                           err);
}

bool vo_forecaster_learns(const char *spec) {
    const size_t i = find(spec);
    return i < N_ENTRIES && (entry[i].flags & VO_FORECASTER_LEARNS) != 0;
}

bool vo_forecaster_can_fit(const vo_forecaster *f) { return f->ops->fit != NULL; }

vo_status vo_forecaster_fit(vo_forecaster *f, const double *history, size_t until,
                            vo_error *err) {
    assert(until <= f->n);
    return f->ops->fit ? f->ops->fit(f, history, until, err) : VO_OK;
}

vo_status vo_forecaster_quantiles(vo_forecaster *f, const double *history, size_t known,
                                  size_t from, size_t to, const double *level, size_t n_levels,
                                  double *out, vo_error *err) {
    assert(known <= from && from < to && to <= f->n && n_levels > 0);
    if (!f->ops->quantiles)
        return vo_fail(err, VO_EUNSUPPORTED, "forecaster %s has no quantiles of its own",
                       f->ops->name);
    return f->ops->quantiles(f, history, known, from, to, level, n_levels, out, err);
}

vo_status vo_forecaster_save(const vo_forecaster *f, vo_artefact_out *out, vo_error *err) {
    if (!f->ops->save)
        return vo_fail(err, VO_EUNSUPPORTED, "forecaster %s learns nothing to save",
                       f->ops->name);
    return f->ops->save(f, out, err);
}

vo_status vo_forecaster_load(vo_forecaster *f, vo_artefact *in, vo_error *err) {
    if (!f->ops->load)
        return vo_fail(err, VO_EUNSUPPORTED, "forecaster %s learns nothing to load",
                       f->ops->name);
    return f->ops->load(f, in, err);
}

void vo_forecaster_free(vo_forecaster *f) {
    if (f) f->ops->free(f);
}

vo_status vo_forecaster_predict(vo_forecaster *f, const double *history, size_t known,
                                size_t from, size_t to, double *out, size_t *filled,
                                vo_error *err) {
    assert(known <= from && from < to && to <= f->n);
    return f->ops->predict(f, history, known, from, to, out, filled, err);
}

/* ---- artefacts ----------------------------------------------------------------- */

vo_status vo_forecaster_artefact(const char *name, vo_artefact_out **out, vo_error *err) {
    const vo_status st = vo_artefact_out_create(KIND, FORMAT, out, err);
    if (st != VO_OK) return st;
    vo_artefact_begin(*out, "NAME");
    vo_artefact_put_text(*out, name);
    vo_artefact_end(*out);
    return VO_OK;
}

vo_status vo_forecaster_to_bytes(const vo_forecaster *f, void **bytes, size_t *len,
                                 vo_error *err) {
    vo_artefact_out *w = NULL;
    vo_status st = vo_forecaster_artefact(f->ops->name, &w, err);
    if (st != VO_OK) return st;
    st = vo_forecaster_save(f, w, err);
    if (st == VO_OK) st = vo_artefact_out_take(w, bytes, len, err);
    vo_artefact_out_free(w);
    return st;
}

vo_status vo_forecaster_open(const void *bytes, size_t len, const char *path,
                             char name[VO_FORECASTER_NAME], vo_artefact **out, vo_error *err) {
    vo_status st = vo_artefact_open(bytes, len, KIND, FORMAT, path, out, err);
    if (st != VO_OK) return st;
    st = vo_artefact_enter(*out, "NAME", err);
    if (st == VO_OK) st = vo_artefact_get_text(*out, name, VO_FORECASTER_NAME, err);
    if (st == VO_OK) vo_artefact_leave(*out);
    if (st == VO_OK) return VO_OK;
    vo_artefact_close(*out);
    *out = NULL;
    return st;
}

vo_status vo_forecaster_name_in(const void *bytes, size_t len, const char *path,
                                char out[VO_FORECASTER_NAME], vo_error *err) {
    vo_artefact *in = NULL;
    const vo_status st = vo_forecaster_open(bytes, len, path, out, &in, err);
    if (st == VO_OK) vo_artefact_close(in);
    return st;
}

vo_status vo_forecaster_from_bytes(vo_forecaster *f, const void *bytes, size_t len,
                                   const char *path, vo_error *err) {
    vo_artefact *in = NULL;
    char name[VO_FORECASTER_NAME];
    vo_status st = vo_forecaster_open(bytes, len, path, name, &in, err);
    if (st != VO_OK) return st;
    if (strcmp(name, f->ops->name) != 0)
        st = vo_fail(err, VO_EINVAL, "%.120s is a model of forecaster %s, not %s: write %s=...",
                     path, name, f->ops->name, name);
    else
        st = vo_forecaster_load(f, in, err);
    vo_artefact_close(in);
    return st;
}

vo_status vo_forecaster_load_model(vo_forecaster *f, const vo_learning *world,
                                   const char *model, vo_error *err) {
    const void *bytes = NULL;
    size_t len = 0;
    if (!world->model)
        return vo_fail(err, VO_ENOTFOUND,
                       "%s=%.60s: no models are at hand here; name the folder of models",
                       f->ops->name, model);
    bool taken = false;
    vo_status st = world->model(world->model_ctx, model, &bytes, &len, err);
    if (st == VO_OK && world->ready && f->ops->take) {
        vo_learned ready = {0};
        world->ready(world->ready_ctx, bytes, &ready);
        st = f->ops->take(f, &ready, &taken, err);
    }
    return st == VO_OK && !taken ? vo_forecaster_from_bytes(f, bytes, len, model, err) : st;
}
