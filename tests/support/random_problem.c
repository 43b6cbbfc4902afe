/* random_problem.c -- see random_problem.h. */
#include "support/random_problem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

enum { PRICE, EXPORT, CHARGE, DISCHARGE, LOAD, PV, IMPORT, OUT, CARBON, HOURS, COLUMNS };

#define STREAM_MASK 1000u /* streams below are the features' own, by mask */
#define STREAM_BASE 1001u

static vo_random stream(const random_problem *r, uint32_t feature) {
    return vo_random_seed(r->seed, feature);
}

static bool has(const random_problem *r, uint32_t feature) { return (r->mask & feature) != 0; }
static bool chance(vo_random *g, double p) { return vo_random_unit(g) < p; }

uint32_t random_problem_mask(uint64_t seed, uint32_t allowed) {
    vo_random g = vo_random_seed(seed, STREAM_MASK);
    uint32_t mask = 0;
#define X(name, bit, percent)                                                                  \
    if (vo_random_unit(&g) * 100 < (percent)) mask |= (uint32_t)RANDOM_##name;
    RANDOM_FEATURE_MAP(X)
#undef X
    return mask & allowed;
}

static double *take(random_problem *r, int which) {
    double *v = calloc(r->p.n, sizeof *v);
    if (!v) abort();
    r->column[which] = v;
    return v;
}

static int32_t *take_labels(random_problem *r, int which) {
    int32_t *v = calloc(r->p.n, sizeof *v);
    if (!v) abort();
    r->labels[which] = v;
    return v;
}

static double hours(const random_problem *r, size_t t) {
    return r->p.dt_h ? r->p.dt_h[t] : r->p.interval_h;
}

/* ---- the battery ---------------------------------------------------------------- */

static void draw_final(const random_problem *r, vo_battery *b, vo_random *g) {
    if (!has(r, RANDOM_FINAL_KIND)) return;
    b->final_kind = (int32_t)vo_random_below(g, 5);
    /* near the start, so that most problems have a plan */
    const double soc = b->initial_soc + vo_random_between(g, -0.3, 0.15);
    b->final_soc = fmin(fmax(soc, b->min_soc), b->max_soc);
    if (chance(g, 0.3)) b->final_soc = b->initial_soc;
    b->final_value_per_mwh = vo_random_between(g, -20, 150);
}

static void draw_start(const random_problem *r, vo_battery *b, vo_random *g) {
    if (has(r, RANDOM_SOC_RANGE)) {
        b->min_soc = chance(g, 0.3) ? 0 : vo_random_between(g, 0, 0.4);
        b->max_soc = chance(g, 0.3) ? 1 : vo_random_between(g, b->min_soc, 1);
    }
    b->initial_soc = vo_random_between(g, b->min_soc, b->max_soc);
    if (chance(g, 0.3)) b->initial_soc = b->min_soc;
    if (!has(r, RANDOM_START_OUTSIDE)) return;
    vo_random o = stream(r, RANDOM_START_OUTSIDE);
    b->initial_soc = chance(&o, 0.5) ? vo_random_between(&o, 0, b->min_soc)
                                     : vo_random_between(&o, b->max_soc, 1);
}

static void draw_battery(const random_problem *r, size_t k, vo_battery *b) {
    vo_random g = vo_random_seed(r->seed, STREAM_BASE + 1 + (uint32_t)k);
    const double size = has(r, RANDOM_SMALL) ? 0.001 : 1;
    *b = vo_battery_default();
    b->capacity_mwh = size * vo_random_between(&g, 1, 10);
    b->charge_mw = size * vo_random_between(&g, 0.3, 5);
    b->discharge_mw = chance(&g, 0.5) ? b->charge_mw : size * vo_random_between(&g, 0.3, 5);
    b->charge_efficiency = vo_random_between(&g, 0.7, 1);
    b->discharge_efficiency = chance(&g, 0.3) ? 1 : vo_random_between(&g, 0.7, 1);
    if (has(r, RANDOM_LOSSLESS)) b->charge_efficiency = b->discharge_efficiency = 1;
    if (has(r, RANDOM_ZERO_POWER)) {
        const uint64_t which = vo_random_below(&g, 3);
        if (which != 0) b->charge_mw = 0;
        if (which != 1) b->discharge_mw = 0;
    }
    draw_start(r, b, &g);
    draw_final(r, b, &g);
    if (has(r, RANDOM_SELF_DISCHARGE)) b->self_discharge_per_h = vo_random_between(&g, 0, 0.02);
    if (has(r, RANDOM_WEAR)) b->wear_cost_per_mwh = vo_random_between(&g, 0, 40);
    if (has(r, RANDOM_DAY_CYCLES)) b->max_cycles_per_day = vo_random_between(&g, 0, 1.6);
    if (has(r, RANDOM_CYCLES)) b->max_cycles = vo_random_between(&g, 0, 2);
}

/* ---- the columns ------------------------------------------------------------------ */

static void draw_prices(random_problem *r) {
    vo_random g = vo_random_seed(r->seed, STREAM_BASE);
    vo_random n = stream(r, RANDOM_NEGATIVE);
    double *price = take(r, PRICE);
    const double spread = vo_random_between(&g, 5, 150), base = vo_random_between(&g, 0, 60);
    const double negative = vo_random_between(&n, 0.1, 1);
    for (size_t t = 0; t < r->p.n; t++) {
        const double unit = vo_random_unit(&g), spike = chance(&g, 0.05) ? 10 : 1;
        price[t] = (base + spread * unit) * spike;
        if (has(r, RANDOM_NEGATIVE) && chance(&n, negative)) price[t] = -price[t];
        if (has(r, RANDOM_TIES)) price[t] = 25 * rint(price[t] / 25);
    }
    r->p.price = price;
}

static void draw_export_prices(random_problem *r) {
    if (!has(r, RANDOM_EXPORT_PRICE | RANDOM_CHEAP_BUY)) return;
    vo_random g = stream(r, RANDOM_EXPORT_PRICE), c = stream(r, RANDOM_CHEAP_BUY);
    double *sell = take(r, EXPORT);
    const bool fixed = chance(&g, 0.4);
    const double feed_in = vo_random_between(&g, 0, 40);
    for (size_t t = 0; t < r->p.n; t++) {
        const double less = vo_random_between(&g, 0, 60);
        sell[t] = r->p.price[t];
        if (has(r, RANDOM_EXPORT_PRICE))
            sell[t] = fixed ? fmin(feed_in, r->p.price[t]) : r->p.price[t] - less;
        if (has(r, RANDOM_CHEAP_BUY) && chance(&c, 0.4))
            sell[t] = r->p.price[t] + vo_random_between(&c, 0, 60);
    }
    r->p.export_price = sell;
}

static void draw_hours(random_problem *r) {
    vo_random g = vo_random_seed(r->seed, STREAM_BASE + 10), u = stream(r, RANDOM_UNEVEN);
    const double usual[] = {1, 0.5, 0.25, 1.0 / 12};
    r->p.interval_h = chance(&g, 0.6) ? 1 : usual[vo_random_below(&g, 4)];
    if (!has(r, RANDOM_UNEVEN)) return;
    double *h = take(r, HOURS);
    for (size_t t = 0; t < r->p.n; t++) h[t] = vo_random_between(&u, 0.1, 2);
    r->p.dt_h = h;
}

/* Days of about `per_day` hours from a random hour on; sometimes none. */
static void draw_days(random_problem *r) {
    vo_random g = vo_random_seed(r->seed, STREAM_BASE + 11);
    const double per_day = chance(&g, 0.5) ? 24 : vo_random_between(&g, 2, 8);
    double clock = vo_random_between(&g, 0, per_day);
    if (chance(&g, 0.2)) return;
    int32_t *day = take_labels(r, 0);
    for (size_t t = 0; t < r->p.n; t++) {
        day[t] = (int32_t)(clock / per_day);
        clock += hours(r, t);
    }
    r->p.day = day;
}

static void draw_site(random_problem *r) {
    const vo_battery *b = &r->battery[0];
    const double size = fmax(b->charge_mw, b->discharge_mw);
    if (has(r, RANDOM_LOAD)) {
        vo_random g = stream(r, RANDOM_LOAD);
        double *v = take(r, LOAD);
        for (size_t t = 0; t < r->p.n; t++)
            v[t] = chance(&g, 0.2) ? 0 : size * vo_random_between(&g, 0, 2);
        r->p.load_mw = v;
    }
    if (has(r, RANDOM_PV)) {
        vo_random g = stream(r, RANDOM_PV);
        double *v = take(r, PV);
        for (size_t t = 0; t < r->p.n; t++)
            v[t] = chance(&g, 0.4) ? 0 : size * vo_random_between(&g, 0, 3);
        r->p.pv_mw = v;
    }
    r->p.curtailable = has(r, RANDOM_CURTAIL) ? 1 : 0;
}

/* Wide enough for the site alone in most problems; a contradiction now and then. */
static void draw_limits(random_problem *r) {
    const double most = r->battery[0].charge_mw + r->battery[0].discharge_mw;
    if (has(r, RANDOM_IMPORT_LIMIT)) {
        vo_random g = stream(r, RANDOM_IMPORT_LIMIT);
        double *v = take(r, IMPORT);
        const bool wild = chance(&g, 0.1);
        for (size_t t = 0; t < r->p.n; t++)
            v[t] = (!wild && r->p.load_mw ? r->p.load_mw[t] : 0) +
                   (chance(&g, 0.1) ? 0 : most * vo_random_unit(&g));
        r->p.import_limit_mw = v;
    }
    if (has(r, RANDOM_EXPORT_LIMIT)) {
        vo_random g = stream(r, RANDOM_EXPORT_LIMIT);
        double *v = take(r, OUT);
        const bool wild = chance(&g, 0.1) || r->p.curtailable;
        for (size_t t = 0; t < r->p.n; t++)
            v[t] = (!wild && r->p.pv_mw ? r->p.pv_mw[t] : 0) +
                   (chance(&g, 0.1) ? 0 : most * vo_random_unit(&g));
        r->p.export_limit_mw = v;
    }
}

static void draw_outages(random_problem *r) {
    if (!has(r, RANDOM_OUTAGE)) return;
    vo_random g = stream(r, RANDOM_OUTAGE);
    double *in = take(r, CHARGE), *out = take(r, DISCHARGE);
    for (size_t t = 0; t < r->p.n; t++) {
        in[t] = chance(&g, 0.2) ? 0 : r->battery[0].charge_mw * vo_random_between(&g, 0.2, 1.5);
        out[t] =
            chance(&g, 0.1) ? 0 : r->battery[0].discharge_mw * vo_random_between(&g, 0.2, 1.5);
    }
    r->p.charge_limit_mw = in;
    r->p.discharge_limit_mw = out;
}

static void draw_money(random_problem *r) {
    if (has(r, RANDOM_FEE)) {
        vo_random g = stream(r, RANDOM_FEE);
        r->p.fee_per_mwh = vo_random_between(&g, 0, 25);
    }
    if (has(r, RANDOM_CARBON)) {
        vo_random g = stream(r, RANDOM_CARBON);
        double *v = take(r, CARBON);
        for (size_t t = 0; t < r->p.n; t++) v[t] = vo_random_between(&g, 0, 800);
        r->p.carbon_kg_per_mwh = v;
        r->p.carbon_price_per_t = vo_random_between(&g, 0, 90);
    }
}

static void draw_coupling(random_problem *r) {
    const double size = r->battery[0].charge_mw;
    if (has(r, RANDOM_DEMAND)) {
        vo_random g = stream(r, RANDOM_DEMAND);
        r->p.demand_charge_per_mw = vo_random_between(&g, 0, 200);
        int32_t *period = take_labels(r, 1);
        for (size_t t = 1; t < r->p.n; t++) period[t] = period[t - 1] + chance(&g, 0.1);
        if (chance(&g, 0.5)) r->p.demand_period = period;
    }
    if (has(r, RANDOM_RAMP)) {
        vo_random g = stream(r, RANDOM_RAMP);
        r->p.ramp_mw_per_h = size * vo_random_between(&g, 0.2, 3) + 1e-3;
    }
}

void random_problem_init(random_problem *r, uint64_t seed, uint32_t mask, size_t max_n) {
    *r = (random_problem){.p = vo_problem_default(), .mask = mask, .seed = seed};
    vo_random g = vo_random_seed(seed, STREAM_BASE + 20);
    r->p.n = 1 + (size_t)vo_random_below(&g, max_n);
    r->p.battery = r->battery;
    if (has(r, RANDOM_SEVERAL)) {
        vo_random several = stream(r, RANDOM_SEVERAL);
        r->p.n_batteries = 2 + (size_t)vo_random_below(&several, RANDOM_MAX_BATTERIES - 1);
    }
    for (size_t k = 0; k < r->p.n_batteries; k++) draw_battery(r, k, &r->battery[k]);
    draw_prices(r);
    draw_export_prices(r);
    draw_hours(r);
    draw_days(r);
    draw_site(r);
    draw_limits(r);
    draw_outages(r);
    draw_money(r);
    draw_coupling(r);
}

void random_problem_fini(random_problem *r) {
    for (int i = 0; i < COLUMNS; i++) free(r->column[i]);
    for (int i = 0; i < 2; i++) free(r->labels[i]);
    *r = (random_problem){0};
}

/* ---- halves ------------------------------------------------------------------------ */

static const double *twice(random_problem *r, int which, const double *v, double factor) {
    if (!v) return NULL;
    double *out = take(r, which);
    for (size_t t = 0; t < r->p.n; t++) out[t] = v[t / 2] * factor;
    return out;
}

static const int32_t *labels_twice(random_problem *r, int which, const int32_t *v) {
    if (!v) return NULL;
    int32_t *out = take_labels(r, which);
    for (size_t t = 0; t < r->p.n; t++) out[t] = v[t / 2];
    return out;
}

void random_problem_halve(const random_problem *whole, random_problem *halves) {
    const vo_problem *w = &whole->p;
    *halves = (random_problem){.p = *w, .mask = whole->mask, .seed = whole->seed};
    memcpy(halves->battery, whole->battery, sizeof whole->battery);
    vo_problem *p = &halves->p;
    p->n = 2 * w->n;
    p->interval_h = w->interval_h / 2;
    p->battery = halves->battery;
    p->price = twice(halves, PRICE, w->price, 1);
    p->export_price = twice(halves, EXPORT, w->export_price, 1);
    p->charge_limit_mw = twice(halves, CHARGE, w->charge_limit_mw, 1);
    p->discharge_limit_mw = twice(halves, DISCHARGE, w->discharge_limit_mw, 1);
    p->load_mw = twice(halves, LOAD, w->load_mw, 1);
    p->pv_mw = twice(halves, PV, w->pv_mw, 1);
    p->import_limit_mw = twice(halves, IMPORT, w->import_limit_mw, 1);
    p->export_limit_mw = twice(halves, OUT, w->export_limit_mw, 1);
    p->carbon_kg_per_mwh = twice(halves, CARBON, w->carbon_kg_per_mwh, 1);
    p->dt_h = twice(halves, HOURS, w->dt_h, 0.5);
    p->day = labels_twice(halves, 0, w->day);
    p->demand_period = labels_twice(halves, 1, w->demand_period);
}

/* ---- reporting --------------------------------------------------------------------- */

static bool still_fails(uint64_t seed, uint32_t mask, size_t max_n,
                        random_problem_fails fails) {
    random_problem r;
    random_problem_init(&r, seed, mask, max_n);
    const bool failed = fails(&r);
    random_problem_fini(&r);
    return failed;
}

void random_problem_shrink(uint64_t seed, uint32_t *mask, size_t *max_n,
                           random_problem_fails fails) {
    for (int bit = 0; bit < 26; bit++) {
        const uint32_t less = *mask & ~(UINT32_C(1) << bit);
        if (less != *mask && still_fails(seed, less, *max_n, fails)) *mask = less;
    }
    for (size_t n = 1; n < *max_n; n++)
        if (still_fails(seed, *mask, n, fails)) *max_n = n;
}

void random_problem_names(uint32_t mask, char *text, size_t size) {
    size_t used = 0;
    text[0] = '\0';
#define X(name, bit, percent)                                                                  \
    if (mask & (uint32_t)RANDOM_##name && used < size)                                         \
        used += (size_t)snprintf(text + used, size - used, "%s%s", used ? " " : "", #name);
    RANDOM_FEATURE_MAP(X)
#undef X
}
