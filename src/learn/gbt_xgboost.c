/* gbt_xgboost.c -- one tree from gradients, by XGBoost's C API.
 *
 * Every tree gets a booster of its own on the shared matrix: it costs nothing measurable beside
 * the growing, and chance (the features a tree may use) then depends on that tree's seed alone,
 * not on what else the thread has trained. Histograms are binned once and stay with the matrix.
 * XGBoost's numbers come back as text with nine digits, which is exact (gbt_trees.c).
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <xgboost/c_api.h>

#include "learn/gbt.h"

typedef struct {
    vo_gbt_rows base;
    DMatrixHandle matrix;
} rows;

void vo_gbt_backend(char out[VO_GBT_BACKEND]) {
    int major = 0, minor = 0, patch = 0;
    XGBoostVersion(&major, &minor, &patch);
    snprintf(out, VO_GBT_BACKEND, "XGBoost %d.%d.%d", major, minor, patch);
}

/* XGBoost's message without its stack trace. */
static vo_status refused(vo_error *err, const char *what) {
    const char *text = XGBGetLastError();
    size_t len = text ? strcspn(text, "\n") : 0;
    if (len > 400) len = 400;
    return vo_fail(err, VO_ENUMERIC, "XGBoost could not %s: %.*s", what, (int)len,
                   text ? text : "");
}

vo_status vo_gbt_rows_create(const float *x, size_t n, size_t f, const vo_alloc *alloc,
                             vo_gbt_rows **out, vo_error *err) {
    if (!alloc) alloc = &vo_alloc_libc;
    if (n == 0 || f == 0 || f > VO_GBT_MAX_FEATURES || n > UINT32_MAX / 2)
        return vo_fail(err, VO_EINVAL, "boosting over %zu rows of %zu features", n, f);
    for (size_t i = 0; i < n * f; i++)
        if (isinf(x[i]))
            return vo_fail(err, VO_EINVAL, "row %zu: feature %zu is infinite", i / f, i % f);
    rows *r = alloc->zalloc(alloc->ctx, sizeof *r);
    if (!r) return vo_fail(err, VO_ENOMEM, "rows to boost over");
    r->base = (vo_gbt_rows){alloc, x, n, f};
    if (XGDMatrixCreateFromMat(x, n, f, (float)NAN, &r->matrix) != 0) {
        alloc->free(alloc->ctx, r);
        return refused(err, "take the rows");
    }
    *out = &r->base;
    return VO_OK;
}

void vo_gbt_rows_free(vo_gbt_rows *base) {
    if (!base) return;
    rows *r = (rows *)(void *)base;
    XGDMatrixFree(r->matrix);
    base->alloc->free(base->alloc->ctx, r);
}

static vo_status set_number(BoosterHandle b, const char *name, double value, vo_error *err) {
    char text[40];
    snprintf(text, sizeof text, "%.17g", value);
    return XGBoosterSetParam(b, name, text) == 0 ? VO_OK : refused(err, name);
}

static vo_status set_all(BoosterHandle b, const vo_gbt_settings *s, uint32_t seed,
                         vo_error *err) {
    const struct {
        const char *name, *value;
    } text[] = {{"verbosity", "0"}, {"tree_method", "hist"}, {"nthread", "1"}};
    const struct {
        const char *name;
        double value;
    } number[] = {{"max_depth", s->depth},
                  {"max_bin", s->bins},
                  {"eta", s->rate},
                  {"colsample_bytree", s->colsample},
                  {"min_child_weight", s->min_child_weight},
                  {"lambda", s->lambda},
                  {"seed", (double)seed},
                  {"base_score", 0}};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        if (XGBoosterSetParam(b, text[i].name, text[i].value) != 0)
            return refused(err, text[i].name);
    vo_status st = VO_OK;
    for (size_t i = 0; st == VO_OK && i < sizeof number / sizeof *number; i++)
        st = set_number(b, number[i].name, number[i].value, err);
    return st;
}

vo_status vo_gbt_rows_grow(vo_gbt_rows *base, const vo_gbt_settings *s, uint32_t seed,
                           float *grad, float *hess, vo_gbt_trees *out, vo_gbt_worth *worth,
                           vo_error *err) {
    rows *r = (rows *)(void *)base;
    BoosterHandle booster = NULL;
    bst_ulong n = 0;
    const char **dump = NULL;
    if (XGBoosterCreate(&r->matrix, 1, &booster) != 0) return refused(err, "begin a tree");
    vo_status st = set_all(booster, s, seed, err);
    if (st == VO_OK && XGBoosterBoostOneIter(booster, r->matrix, grad, hess, base->n) != 0)
        st = refused(err, "grow a tree");
    if (st == VO_OK && (XGBoosterDumpModelEx(booster, "", 1, "text", &n, &dump) != 0 || n != 1))
        st = refused(err, "show a tree");
    if (st == VO_OK) st = vo_gbt_trees_append_dump(out, dump[0], worth, err);
    XGBoosterFree(booster);
    return st;
}
