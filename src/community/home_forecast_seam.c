/* home_forecast_seam.c -- see home_forecast_seam.h.
 *
 * The calendar of the steps and of the horizon behind them is made once; every home's two series
 * (load first, PV first: a forecaster takes the first column for its own) borrow it and have
 * columns of their own. load_gbt learns one model for all homes' loads, and learns it again as
 * days pass; their PV is left to the light kernel (homes of one place have one sky: there is not
 * enough to learn from). Others that learn are fitted home by home and refit themselves.
 */
#include "community/home_forecast_seam.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "community/home_forecast.h"
#include "learn/forecaster_load_gbt.h"

enum { LOAD = 0, PV = 1, COLUMNS = 4 };

typedef struct {
    vo_series series[2]; /* borrow the calendar and the columns */
    vo_forecaster *forecaster[2];
    double *column; /* [2][n]: load, pv                    */
    double *out;    /* [horizon]                           */
} seam_home;

struct vo_forecast_seam {
    const vo_alloc *alloc;
    const vo_homes *homes;
    vo_learning world;
    size_t n, horizon; /* steps + horizon */
    bool fits;         /* has to be fitted before it can say anything */
    bool fitted;
    bool pooled;                /* one model for all homes                          */
    vo_load_model *model;       /* of load_gbt; NULL: there is nothing to learn     */
    int32_t taught_day;         /* local day of the step they were fitted at        */
    vo_load_history *histories; /* [homes] for fitting                              */
    vo_series *calendar;        /* [n], columns temperature_c and irradiance_w_m2 */
    seam_home *home;            /* [homes] */
};

static void home_fini(const vo_alloc *a, seam_home *h) {
    for (int k = 0; k < 2; k++) vo_forecaster_free(h->forecaster[k]);
    a->free(a->ctx, h->column);
    a->free(a->ctx, h->out);
}

void vo_forecast_seam_free(vo_forecast_seam *s) {
    if (!s) return;
    const vo_alloc *a = s->alloc;
    for (size_t i = 0; s->home && i < s->homes->homes; i++) home_fini(a, &s->home[i]);
    vo_load_model_free(s->model);
    a->free(a->ctx, s->home);
    a->free(a->ctx, s->histories);
    vo_series_free(s->calendar);
    a->free(a->ctx, s);
}

/* ---- making ----------------------------------------------------------------------------------- */

static void put_column(double *to, const double *from, size_t steps, size_t n) {
    for (size_t t = 0; t < n; t++) to[t] = from && t < steps ? from[t] : (double)NAN;
}

static vo_status make_calendar(vo_forecast_seam *s, vo_error *err) {
    static const char *const names[] = {"temperature_forecast_c", "irradiance_forecast_w_m2"};
    const vo_homes *h = s->homes;
    vo_series *steps = NULL;
    vo_zone *zone = NULL;
    vo_status st = vo_series_create(h->steps, names, 2, s->alloc, &steps, err);
    if (st != VO_OK) return st;
    for (size_t t = 0; t < h->steps; t++) {
        steps->start[t] = h->start[t];
        steps->dt_h[t] = h->dt_h;
        steps->day[t] = h->day[t] - h->day[0];
    }
    put_column(steps->column[0].value, h->temperature_c, h->steps, h->steps);
    put_column(steps->column[1].value, h->irradiance_w_m2, h->steps, h->steps);
    snprintf(steps->zone, sizeof steps->zone, "%s", h->zone && *h->zone ? h->zone : "UTC");
    st = vo_zone_open(steps->zone, &zone, err);
    if (st == VO_OK) st = vo_series_extend(steps, s->horizon, zone, &s->calendar, err);
    vo_zone_close(zone);
    vo_series_free(steps);
    return st;
}

/* A home's series: the calendar's times, its own load and PV. */
static void lay_out(const vo_forecast_seam *s, seam_home *h) {
    static const char *const name[2] = {"load", "pv"};
    for (int k = 0; k < 2; k++) {
        vo_series *v = &h->series[k];
        *v = *s->calendar;
        v->n_columns = COLUMNS;
        for (int c = 0; c < 2; c++) {
            const int which = k == c ? LOAD : PV; /* its own first */
            snprintf(v->column[c].name, sizeof v->column[c].name, "%s", name[which]);
            v->column[c].value = h->column + (size_t)which * s->n;
            v->column[2 + c] = s->calendar->column[c];
        }
    }
}

/* A model by name was trained on loads, and is read once. */
static vo_status make_named(vo_forecast_seam *s, const char *spec, size_t i, vo_error *err) {
    seam_home *h = &s->home[i];
    if (i == 0 || !s->pooled)
        return vo_forecaster_create(spec, &h->series[LOAD], &s->world, &h->forecaster[LOAD],
                                    err);
    const vo_load_model *m = vo_forecaster_load_gbt_model(s->home[0].forecaster[LOAD]);
    const vo_status st = vo_forecaster_create("load_gbt", &h->series[LOAD], &s->world,
                                              &h->forecaster[LOAD], err);
    return st == VO_OK ? vo_forecaster_load_gbt_use(h->forecaster[LOAD], m, err) : st;
}

static vo_status make_home(vo_forecast_seam *s, const char *spec, size_t i, vo_error *err) {
    const vo_alloc *a = s->alloc;
    seam_home *h = &s->home[i];
    vo_status st = VO_OK;
    h->column = a->zalloc(a->ctx, 2 * s->n * sizeof *h->column);
    h->out = a->zalloc(a->ctx, s->horizon * sizeof *h->out);
    if (!h->column || !h->out)
        return vo_fail(err, VO_ENOMEM, "no memory for series of home %zu", i);
    put_column(h->column, NULL, 0, 2 * s->n);
    lay_out(s, h);
    if (strchr(spec, '=')) return make_named(s, spec, i, err);
    const int series = s->pooled ? 1 : 2;
    for (int k = 0; st == VO_OK && k < series; k++)
        st = vo_forecaster_create(spec, &h->series[k], &s->world, &h->forecaster[k], err);
    return st;
}

vo_status vo_forecast_seam_create(const char *spec, const vo_homes *homes, size_t horizon,
                                  const vo_learning *world, vo_forecast_seam **out,
                                  vo_error *err) {
    const vo_alloc *a = world && world->alloc ? world->alloc : &vo_alloc_libc;
    if (homes->homes > VO_FORECAST_SEAM_HOMES)
        return vo_fail(err, VO_EINVAL,
                       "forecaster = \"%.60s\" serves up to %u homes, not %zu: use \"profile\"",
                       spec, VO_FORECAST_SEAM_HOMES, homes->homes);
    vo_forecast_seam *s = a->zalloc(a->ctx, sizeof *s);
    if (!s) return vo_fail(err, VO_ENOMEM, "no memory for forecasters of homes");
    s->alloc = a;
    s->homes = homes;
    if (world) s->world = *world;
    s->world.alloc = a;
    s->horizon = horizon;
    s->n = homes->steps + horizon;
    s->fits = vo_forecaster_learns(spec) && !strchr(spec, '=');
    s->pooled = strncmp(spec, "load_gbt", 8) == 0;
    vo_status st = make_calendar(s, err);
    if (st == VO_OK) {
        s->home = a->zalloc(a->ctx, homes->homes * sizeof *s->home);
        s->histories = a->zalloc(a->ctx, homes->homes * sizeof *s->histories);
        if (!s->home || !s->histories)
            st = vo_fail(err, VO_ENOMEM, "no memory for series of %zu homes", homes->homes);
    }
    for (size_t i = 0; st == VO_OK && i < homes->homes; i++) st = make_home(s, spec, i, err);
    if (st != VO_OK) {
        vo_forecast_seam_free(s);
        return st;
    }
    *out = s;
    return VO_OK;
}

/* ---- using ------------------------------------------------------------------------------------- */

static vo_status fit_each(vo_forecast_seam *s, size_t t, vo_error *err) {
    vo_status st = VO_OK;
    for (size_t i = 0; st == VO_OK && i < s->homes->homes; i++)
        for (int k = 0; st == VO_OK && k < 2; k++)
            st = vo_forecaster_fit(s->home[i].forecaster[k],
                                   s->home[i].series[k].column[0].value, t, err);
    return st;
}

/* Homes that use anything: nothing is to be learned from the others. */
static size_t gather(vo_forecast_seam *s, size_t t) {
    size_t n = 0;
    for (size_t i = 0; i < s->homes->homes; i++) {
        const double *value = s->home[i].series[LOAD].column[0].value;
        bool any = false;
        for (size_t j = 0; j < t && !any; j++) any = value[j] > 0;
        if (any) s->histories[n++] = (vo_load_history){&s->home[i].series[LOAD], value, t};
    }
    return n;
}

static vo_status fit_pooled(vo_forecast_seam *s, size_t t, vo_error *err) {
    const vo_load_settings settings = vo_load_settings_default();
    vo_load_model *m = NULL;
    const size_t n = gather(s, t);
    if (n == 0) return VO_OK;
    vo_status st = vo_load_model_train(s->histories, n, &settings, &s->world, &m, err);
    if (st != VO_OK) return st;
    for (size_t i = 0; i < s->homes->homes; i++) { /* of this step and kind, it fits them all */
        st = vo_forecaster_load_gbt_use(s->home[i].forecaster[LOAD], m, err);
        assert(st == VO_OK);
    }
    vo_load_model_free(s->model);
    s->model = m;
    return st;
}

vo_status vo_forecast_seam_new_day(vo_forecast_seam *s, size_t t, vo_error *err) {
    const int32_t today = s->calendar->day[t], every = s->world.recalibrate_days;
    const bool again = s->pooled && every > 0 && today - s->taught_day >= every;
    vo_status st = VO_OK;
    if (!s->fits || t < s->homes->first || (s->fitted && !again)) return VO_OK;
    st = s->pooled ? fit_pooled(s, t, err) : fit_each(s, t, err);
    if (st != VO_OK) return st;
    s->fitted = true;
    s->taught_day = today;
    return VO_OK;
}

void vo_forecast_seam_observe(vo_forecast_seam *s, uint32_t home, size_t t, double load_kwh,
                              double pv_kwh) {
    s->home[home].column[t] = load_kwh;
    s->home[home].column[s->n + t] = pv_kwh;
}

vo_status vo_forecast_seam_predict(vo_forecast_seam *s, uint32_t home, size_t t, size_t n,
                                   float *load_kwh, float *pv_kwh, vo_error *err) {
    seam_home *h = &s->home[home];
    float *const to[2] = {load_kwh, pv_kwh};
    for (int k = 0; k < 2; k++) {
        size_t filled = 0;
        const bool mute = s->fits && (!s->fitted || (s->pooled && !s->model));
        if (!h->forecaster[k] || mute) continue;
        const vo_status st = vo_forecaster_predict(
            h->forecaster[k], h->series[k].column[0].value, t, t, t + n, h->out, &filled, err);
        if (st != VO_OK) return st;
        for (size_t i = 0; i < n; i++)
            if (!isnan(h->out[i])) to[k][i] = fmaxf(0, (float)h->out[i]);
    }
    return VO_OK;
}
