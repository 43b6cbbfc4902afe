/* forecaster_load_gbt.c -- boosted models of loads (load_model.h) as a forecaster, "load_gbt".
 *
 * Fitted here it learns from its one series; a model of many homes is trained by load_model.h and
 * handed to each home's forecaster (forecaster_load_gbt.h), or loaded by name.
 */
#include "learn/forecaster_load_gbt.h"

#include <assert.h>
#include <math.h>

typedef struct {
    vo_forecaster base;
    const vo_learning *world;
    vo_load_eye eye;
    const vo_load_model *model; /* NULL: nothing was learned yet */
    vo_load_model *own;         /* the same, unless it is borrowed */
    bool loaded;                /* own was, and stays as it is unless the world refits */
    size_t taught;              /* intervals own learned from; SIZE_MAX: not said */
} boosted;

static void boosted_free(vo_forecaster *f) {
    boosted *v = (boosted *)(void *)f;
    vo_load_eye_fini(&v->eye);
    vo_load_model_free(v->own);
    f->alloc->free(f->alloc->ctx, v);
}

static void adopt(boosted *v, vo_load_model *own, bool loaded, size_t taught) {
    vo_load_model_free(v->own);
    v->own = own;
    v->model = own;
    v->loaded = loaded;
    v->taught = taught;
}

static vo_status boosted_fit(vo_forecaster *f, const double *history, size_t until,
                             vo_error *err) {
    boosted *v = (boosted *)(void *)f;
    const vo_load_history home = {v->eye.track.series, history, until};
    const vo_load_settings s = vo_load_settings_default();
    vo_load_model *m = NULL;
    const vo_status st = vo_load_model_train(&home, 1, &s, v->world, &m, err);
    if (st == VO_OK) adopt(v, m, false, until);
    return st;
}

/* Fits its own model again when so many local days have passed as the world says. */
static vo_status keep_up(boosted *v, const double *history, size_t known, vo_error *err) {
    if (!v->model)
        return vo_fail(err, VO_EINVAL,
                       "forecaster load_gbt has learned nothing yet: fit it on a history, or "
                       "name a trained model, load_gbt=ID");
    if (!v->own || (v->loaded && !v->world->refit_loaded)) return VO_OK;
    if (v->taught == SIZE_MAX || known < v->taught) v->taught = known;
    const int32_t *day = v->eye.track.series->day, days = v->world->recalibrate_days;
    if (days <= 0 || known <= v->taught || known == 0) return VO_OK;
    if (day[known - 1] - (v->taught ? day[v->taught - 1] : -1) < days) return VO_OK;
    return boosted_fit(&v->base, history, known, err);
}

static double say(const boosted *v, size_t t) {
    return vo_profile_track_knows(&v->eye.track) ? vo_load_model_predict(v->model, &v->eye, t)
                                                 : (double)NAN;
}

static vo_status boosted_predict(vo_forecaster *f, const double *history, size_t known,
                                 size_t from, size_t to, double *out, size_t *filled,
                                 vo_error *err) {
    (void)filled;
    boosted *v = (boosted *)(void *)f;
    const vo_status st = keep_up(v, history, known, err);
    if (st != VO_OK) return st;
    vo_load_eye_to(&v->eye, history, known, to - known);
    for (size_t t = from; t < to; t++) out[t - from] = say(v, t);
    return VO_OK;
}

static vo_status boosted_quantiles(vo_forecaster *f, const double *history, size_t known,
                                   size_t from, size_t to, const double *level, size_t n_levels,
                                   double *out, vo_error *err) {
    boosted *v = (boosted *)(void *)f;
    const vo_status st = keep_up(v, history, known, err);
    if (st != VO_OK) return st;
    vo_load_eye_to(&v->eye, history, known, to - known);
    for (size_t t = from; t < to; t++) {
        const double said = say(v, t);
        double *row = out + (t - from) * n_levels;
        for (size_t k = 0; k < n_levels; k++)
            row[k] = isnan(said) ? (double)NAN
                                 : vo_load_model_quantile(v->model, &v->eye, t, said, level[k]);
    }
    return VO_OK;
}

static vo_status boosted_save(const vo_forecaster *f, vo_artefact_out *out, vo_error *err) {
    const boosted *v = (const boosted *)(const void *)f;
    if (!v->model)
        return vo_fail(err, VO_EINVAL, "forecaster load_gbt has learned nothing to save yet");
    vo_load_model_save(v->model, out);
    return VO_OK;
}

static vo_status boosted_load(vo_forecaster *f, vo_artefact *in, vo_error *err) {
    boosted *v = (boosted *)(void *)f;
    vo_load_model *m = NULL;
    vo_status st = vo_load_model_load(in, f->alloc, &m, err);
    if (st == VO_OK) st = vo_load_model_fits(m, v->eye.track.series, err);
    if (st == VO_OK)
        adopt(v, m, true, SIZE_MAX);
    else
        vo_load_model_free(m);
    return st;
}

static const vo_forecaster_ops boosted_ops = {.name = "load_gbt",
                                              .predict = boosted_predict,
                                              .free = boosted_free,
                                              .quantiles = boosted_quantiles,
                                              .fit = boosted_fit,
                                              .save = boosted_save,
                                              .load = boosted_load};

vo_status vo_forecaster_load_gbt_use(vo_forecaster *f, const vo_load_model *m, vo_error *err) {
    assert(f->ops == &boosted_ops);
    boosted *v = (boosted *)(void *)f;
    const vo_status st = vo_load_model_fits(m, v->eye.track.series, err);
    if (st != VO_OK) return st;
    adopt(v, NULL, false, SIZE_MAX);
    v->model = m;
    return VO_OK;
}

const vo_load_model *vo_forecaster_load_gbt_model(const vo_forecaster *f) {
    assert(f->ops == &boosted_ops);
    return ((const boosted *)(const void *)f)->model;
}

vo_status vo_forecaster_create_load_gbt(const char *argument, const vo_series *series,
                                        const vo_learning *world, vo_forecaster **out,
                                        vo_error *err) {
    const vo_alloc *a = world->alloc;
    boosted *v = a->zalloc(a->ctx, sizeof *v);
    if (!v) return vo_fail(err, VO_ENOMEM, "forecaster load_gbt");
    v->base = (vo_forecaster){&boosted_ops, a, series->n};
    v->world = world;
    vo_status st = vo_load_eye_init(&v->eye, series, a, err);
    if (st == VO_OK && argument) st = vo_forecaster_load_model(&v->base, world, argument, err);
    if (st != VO_OK) {
        boosted_free(&v->base);
        return st;
    }
    *out = &v->base;
    return VO_OK;
}
