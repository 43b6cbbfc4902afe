#include "support/village.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

static void *room(size_t n, size_t size) {
    void *p = calloc(n ? n : 1, size);
    if (!p) abort();
    return p;
}

static vo_status fill(void *ctx, uint32_t home, size_t worker, float *load_kwh, float *pv_kwh,
                      vo_error *err) {
    const village *v = ctx;
    (void)worker;
    (void)err;
    memcpy(load_kwh, v->load + home * v->steps, v->steps * sizeof *load_kwh);
    memcpy(pv_kwh, v->pv + home * v->steps, v->steps * sizeof *pv_kwh);
    return VO_OK;
}

static void make_home(village *v, uint64_t seed, size_t i, const double *sky) {
    vo_random r = vo_random_seed(seed, i + 1);
    const double base = vo_random_between(&r, 0.15, 0.6),
                 evening = vo_random_between(&r, 0.3, 2);
    const double panels = vo_random_unit(&r) < 0.6 ? vo_random_between(&r, 2, 7) : 0;
    v->battery[i] = vo_home_battery_default();
    v->battery[i].capacity_kwh = vo_random_unit(&r) < 0.2 ? 0 : vo_random_between(&r, 3, 16);
    for (size_t t = 0; t < v->steps; t++) {
        const double hour = fmod((double)t * v->h.dt_h, 24);
        const double peak = exp(-0.5 * pow((hour - 19) / 2.2, 2));
        const double kw = (base + evening * peak) * exp(0.4 * vo_random_normal(&r) - 0.08);
        const double sun = fmax(0, sin((hour - 6) / 12 * 3.14159265358979));
        v->load[i * v->steps + t] = (float)(kw * v->h.dt_h);
        v->pv[i * v->steps + t] = (float)(panels * sun * sky[t] * v->h.dt_h);
    }
}

void village_make(village *v, uint64_t seed, size_t homes, size_t days, size_t history,
                  double dt_h) {
    const size_t per_day = (size_t)lround(24 / dt_h), steps = days * per_day;
    *v = (village){.steps = steps,
                   .start = room(steps, sizeof *v->start),
                   .day = room(steps, sizeof *v->day),
                   .buy = room(steps, sizeof *v->buy),
                   .sell = room(steps, sizeof *v->sell),
                   .battery = room(homes, sizeof *v->battery),
                   .down = room(steps, sizeof *v->down),
                   .honesty = room(homes, sizeof *v->honesty),
                   .load = room(homes * steps, sizeof *v->load),
                   .pv = room(homes * steps, sizeof *v->pv)};
    double *sky = room(steps, sizeof *sky), clear = 0.8;
    vo_random r = vo_random_seed(seed, 0);
    for (size_t t = 0; t < steps; t++) {
        const double hour = fmod((double)t * dt_h, 24);
        clear = fmin(fmax(clear + 0.1 * vo_random_normal(&r), 0.15), 1);
        sky[t] = clear;
        v->start[t].s = 1782864000 + (int64_t)llround((double)t * dt_h * 3600);
        v->day[t] = (int32_t)(t / per_day);
        v->buy[t] = hour >= 16 && hour < 21 ? 0.54 : 0.38;
        v->sell[t] = 0.06;
    }
    v->h = (vo_homes){.homes = homes,
                      .steps = steps,
                      .first = history * per_day,
                      .dt_h = dt_h,
                      .start = v->start,
                      .day = v->day,
                      .zone = "UTC",
                      .buy = v->buy,
                      .sell = v->sell,
                      .grid_down = v->down,
                      .battery = v->battery,
                      .honesty = v->honesty,
                      .import_limit_kwh = 10,
                      .export_limit_kwh = 4,
                      .feeder_kwh = (double)INFINITY,
                      .source = {fill, v}};
    for (size_t i = 0; i < homes; i++) make_home(v, seed, i, sky);
    free(sky);
}

void village_free(village *v) {
    void *all[] = {v->start, v->day,     v->buy,  v->sell, v->battery,
                   v->down,  v->honesty, v->load, v->pv};
    for (size_t k = 0; k < sizeof all / sizeof all[0]; k++) free(all[k]);
    *v = (village){0};
}
