/* forecaster_column.c -- a forecast somebody made before, from a column of the price file.
 *
 * "column=DNN Ensemble". Where the column is NAN, epf_naive fills in and the value is counted.
 * The column must hold what was forecast for the interval before it began; that the file keeps
 * this promise cannot be seen from here.
 */
#include <math.h>

#include "learn/forecaster.h"

typedef struct {
    vo_forecaster base;
    const double *column; /* [n] borrowed from the series */
    vo_forecaster *fallback;
} by_column;

static void column_free(vo_forecaster *f) {
    by_column *v = (by_column *)(void *)f;
    vo_forecaster_free(v->fallback);
    f->alloc->free(f->alloc->ctx, v);
}

static vo_status column_predict(vo_forecaster *f, const double *history, size_t known,
                                size_t from, size_t to, double *out, size_t *filled,
                                vo_error *err) {
    const by_column *v = (const by_column *)(const void *)f;
    for (size_t t = from; t < to; t++) {
        out[t - from] = v->column[t];
        if (isfinite(v->column[t])) continue;
        size_t ignored = 0;
        const vo_status st = vo_forecaster_predict(v->fallback, history, known, t, t + 1,
                                                   &out[t - from], &ignored, err);
        if (st != VO_OK) return st;
        if (!isnan(out[t - from])) ++*filled;
    }
    return VO_OK;
}

static const vo_forecaster_ops column_ops = {
    .name = "column", .predict = column_predict, .free = column_free};

vo_status vo_forecaster_create_column(const char *argument, const vo_series *series,
                                      const vo_learning *world, vo_forecaster **out,
                                      vo_error *err) {
    const vo_alloc *alloc = world->alloc;
    if (!argument || !argument[0])
        return vo_fail(err, VO_EINVAL,
                       "forecaster column needs a name: write column=NAME with a column of the "
                       "price file");
    const double *column = NULL;
    vo_status st = vo_series_column(series, argument, &column, err);
    if (st != VO_OK) return st;
    by_column *v = alloc->zalloc(alloc->ctx, sizeof *v);
    if (!v) return vo_fail(err, VO_ENOMEM, "forecaster column=%.60s", argument);
    v->base = (vo_forecaster){&column_ops, alloc, series->n};
    v->column = column;
    st = vo_forecaster_create("epf_naive", series, world, &v->fallback, err);
    if (st != VO_OK) {
        column_free(&v->base);
        return st;
    }
    *out = &v->base;
    return VO_OK;
}
