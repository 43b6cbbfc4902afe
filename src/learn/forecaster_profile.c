/* forecaster_profile.c -- the light forecaster of load_profile.h behind the seam, "profile".
 *
 * A series whose first column is named pv is taken for PV, one named load for a load; anything
 * else may be negative. It learns as it goes and need not be fitted. Quantiles come from
 * forecaster_spread.h, as those of every forecaster without its own.
 */
#include <math.h>

#include "learn/forecaster.h"
#include "learn/load_rows.h"

typedef struct {
    vo_forecaster base;
    vo_profile_track track;
    float *said; /* [n] */
} profile;

static void profile_free(vo_forecaster *f) {
    profile *v = (profile *)(void *)f;
    vo_profile_track_fini(&v->track);
    f->alloc->free(f->alloc->ctx, v->said);
    f->alloc->free(f->alloc->ctx, v);
}

static vo_status profile_predict(vo_forecaster *f, const double *history, size_t known,
                                 size_t from, size_t to, double *out, size_t *filled,
                                 vo_error *err) {
    (void)filled;
    (void)err;
    profile *v = (profile *)(void *)f;
    vo_profile_track_to(&v->track, history, known);
    const bool knows = vo_profile_track_knows(&v->track);
    if (knows) vo_profile_track_predict(&v->track, to - known, v->said);
    for (size_t t = from; t < to; t++)
        out[t - from] = knows ? (double)v->said[t - known] : (double)NAN;
    return VO_OK;
}

static const vo_forecaster_ops profile_ops = {
    .name = "profile", .predict = profile_predict, .free = profile_free};

vo_status vo_forecaster_create_profile(const char *argument, const vo_series *series,
                                       const vo_learning *world, vo_forecaster **out,
                                       vo_error *err) {
    const vo_alloc *a = world->alloc;
    if (argument)
        return vo_fail(err, VO_EINVAL,
                       "forecaster profile takes no argument: \"=%.40s\" is too much",
                       argument);
    profile *v = a->zalloc(a->ctx, sizeof *v);
    if (!v) return vo_fail(err, VO_ENOMEM, "forecaster profile");
    v->base = (vo_forecaster){&profile_ops, a, series->n};
    vo_status st = vo_profile_track_init(&v->track, series, vo_load_kind(series), a, err);
    if (st == VO_OK) {
        v->said = a->zalloc(a->ctx, series->n * sizeof *v->said);
        if (!v->said) st = vo_fail(err, VO_ENOMEM, "forecaster profile");
    }
    if (st != VO_OK) {
        profile_free(&v->base);
        return st;
    }
    *out = &v->base;
    return VO_OK;
}
