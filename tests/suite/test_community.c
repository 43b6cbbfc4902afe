/* test_community.c -- communities of the ten real homes of Fontana (citylearn_2022), in half-hours:
 * published yearly costs to the cent, the pool's bound beside HiGHS, and what is saved of it under each
 * way of matching. VOLTEO_LONG plays the whole year instead of five weeks. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "community/bound.h"
#include "community/simulation.h"
#include "support/citylearn.h"
#include "support/data_folder.h"
#include "support/pool_lp.h"

enum { HOMES = CITYLEARN_HOMES, DAY = 48 };

/* Days `from`.. of the year, `history` of them not played. */
typedef struct {
    citylearn *c;
    vo_home_battery battery[HOMES];
    vo_time *start;
    float *load, *pv;
    vo_homes h;
} span;

static void take(span *s, size_t from, size_t days, size_t history) {
    char path[DATA_PATH];
    NEED_DATA("citylearn_2022/Building_1.csv", path);
    const size_t n = days * DAY, first = from * DAY;
    s->c = malloc(sizeof *s->c);
    s->start = malloc(n * sizeof *s->start);
    s->load = malloc(HOMES * n * sizeof *s->load);
    s->pv = malloc(HOMES * n * sizeof *s->pv);
    cr_assert(s->c && s->start && s->load && s->pv && citylearn_load(s->c));
    for (size_t i = 0; i < HOMES; i++) {
        const size_t at = i * CITYLEARN_STEPS + first;
        s->battery[i] = (vo_home_battery){.capacity_kwh = 6.4,
                                          .charge_kw = 5,
                                          .discharge_kw = 5,
                                          .charge_efficiency = sqrt(0.9),
                                          .discharge_efficiency = sqrt(0.9),
                                          .max_soc = 1};
        memcpy(s->load + i * n, s->c->load_kwh + at, n * sizeof *s->load);
        memcpy(s->pv + i * n, s->c->pv_kwh + at, n * sizeof *s->pv);
    }
    for (size_t t = 0; t < n; t++) s->start[t].s = s->c->start[first + t];
    s->h = (vo_homes){.homes = HOMES,
                      .steps = n,
                      .first = history * DAY,
                      .dt_h = 0.5,
                      .start = s->start,
                      .day = s->c->day + first,
                      .zone = "Etc/GMT+8",
                      .buy = s->c->buy + first,
                      .sell = s->c->zero,
                      .battery = s->battery,
                      .import_limit_kwh = 10,
                      .export_limit_kwh = 4,
                      .feeder_kwh = (double)INFINITY};
}

static void leave(span *s) {
    citylearn_fini(s->c);
    free(s->c);
    free(s->start);
    free(s->load);
    free(s->pv);
}

static vo_bounds bounds(const span *s, size_t rounds, double *alone) {
    const vo_bound_options o = {.loss = 0.05, .rounds = rounds, .tolerance = 1e-6};
    vo_bounds b = {.alone = alone};
    vo_error err = {0};
    cr_assert_eq(vo_bounds_find(&s->h, s->load, s->pv, &o, NULL, NULL, &b, &err), VO_OK, "%s",
                 err.msg);
    return b;
}

static vo_simulation play(const span *s, vo_simulation_options o) {
    const vo_home_series series = {s->load, s->pv};
    vo_simulation x = {0};
    vo_error err = {0};
    cr_assert_eq(vo_simulation_run(&s->h, &series, &o, &x, &err), VO_OK, "%s", err.msg);
    cr_assert(x.largest_residual_kwh <= 1e-9);
    cr_assert_eq(x.ledger.residual, (int64_t)0);
    return x;
}

static double cost_of(const span *s, vo_simulation_options o) {
    vo_simulation x = play(s, o);
    const double cost = x.cost;
    vo_simulation_fini(&x);
    return cost;
}

/* REFERENCES: CityLearn 2022, 6.4 kWh, 5 kW, sqrt 0.9 each way, export unpaid; computed by others. */
Test(community, a_year_of_each_real_home_costs_what_was_published, .timeout = 60) {
    const double pv_only[HOMES] = {2250.87, 1966.13, 1315.52, 1707.28, 1540.88,
                                   2229.54, 1306.24, 1687.96, 1638.32, 2910.76};
    const double optimum[HOMES] = {1337.84, 1177.52, 656.86, 1170.15, 862.61,
                                   1445.58, 718.13,  865.49, 829.10,  2007.87};
    span s;
    double alone[HOMES];
    take(&s, 0, 365, 0);
    vo_simulation_options o = vo_simulation_options_default();
    o.kind = VO_RUN_PV_ONLY;
    vo_simulation x = play(&s, o);
    bounds(&s, 0, alone);
    for (size_t i = 0; i < HOMES; i++) {
        cr_assert_float_eq(x.home[i].cost, pv_only[i], 0.0051, "home %d: %.4f", (int)i + 1,
                           x.home[i].cost);
        cr_assert_float_eq(alone[i], optimum[i], 0.0051, "home %d: %.4f", (int)i + 1, alone[i]);
    }
    vo_simulation_fini(&x);
    leave(&s);
}

Test(community, the_pools_bound_is_the_optimum_of_a_linear_program_from_below, .timeout = 60) {
    const size_t from[] = {3, 120, 200, 330}, days[] = {1, 3, 2, 3};
    for (size_t k = 0; k < 4; k++) {
        span s;
        double alone[HOMES];
        take(&s, from[k], days[k], 0);
        const vo_bounds b = bounds(&s, 1000, alone);
        const double lp = pool_lp_cost(&s.h, s.load, s.pv, 0.05);
        cr_assert(b.pooled <= lp + 1e-7 * lp, "day %d: %.6f beyond %.6f", (int)from[k],
                  b.pooled, lp);
        cr_assert(b.pooled >= lp - 1e-3 * lp, "day %d: %.6f far from %.6f", (int)from[k],
                  b.pooled, lp);
        cr_assert(b.lossless <= lp && lp <= b.alone_sum);
        leave(&s);
    }
}

/* What the project promises: 92 % of what each home could have saved alone with everything known
 * ahead, 90 % of what they could have saved together; the forecasters learn as they go. */
Test(community, most_of_what_could_be_saved_is_saved, .timeout = 350) {
    const bool whole = getenv("VOLTEO_LONG") != NULL;
    span s;
    double alone[HOMES];
    take(&s, whole ? 0 : 90, whole ? 365 : 35, whole ? 0 : 7);
    const vo_bounds b = bounds(&s, 400, alone);
    vo_simulation_options o = vo_simulation_options_default();
    o.kind = VO_RUN_PV_ONLY;
    vo_simulation pv_only = play(&s, o);
    o.kind = VO_RUN_ALONE;
    vo_simulation by_itself = play(&s, o);
    o.kind = VO_RUN_COMMUNITY;
    vo_simulation pool = play(&s, o);
    for (size_t i = 0; i < HOMES; i++) {
        const double could = pv_only.home[i].cost - alone[i];
        const double did = pv_only.home[i].cost - by_itself.home[i].cost;
        cr_assert(did >= (whole ? 0.92 : 0.85) * could, "home %d: %.2f of %.2f", (int)i + 1,
                  did, could);
    }
    cr_assert(pv_only.cost - by_itself.cost >= 0.92 * (pv_only.cost - b.alone_sum));
    cr_assert(pv_only.cost - pool.cost >= 0.90 * (pv_only.cost - b.pooled), "%.2f of %.2f",
              pv_only.cost - pool.cost, pv_only.cost - b.pooled);
    cr_assert(pool.cost >= b.pooled && by_itself.cost >= b.alone_sum);
    vo_simulation_fini(&pv_only);
    vo_simulation_fini(&by_itself);
    vo_simulation_fini(&pool);
    leave(&s);
}

/* What each part costs: with perfect forecasts and no rules the market itself loses little; every way
 * of matching beats staying alone. */
Test(community, the_market_itself_loses_little_in_every_way_of_matching, .timeout = 200) {
    span s;
    double alone[HOMES];
    take(&s, 60, 21, 0);
    const vo_bounds b = bounds(&s, 600, alone);
    vo_simulation_options o = vo_simulation_options_default();
    o.kind = VO_RUN_PV_ONLY;
    const double pv_only = cost_of(&s, o), best = pv_only - b.pooled;
    o.forecaster = "perfect";
    o.scenarios = 1;
    o.kind = VO_RUN_ALONE;
    const double by_itself = cost_of(&s, o);
    o.kind = VO_RUN_COMMUNITY;
    for (int32_t m = 0; m < VO_MATCHINGS; m++) {
        o.matching = m;
        o.rules = vo_market_rules_default();
        const double ruled = cost_of(&s, o);
        o.rules = vo_market_rules_none();
        const double free_trade = cost_of(&s, o);
        cr_assert(ruled < by_itself && free_trade < by_itself, "%s", vo_matching_name(m));
        cr_assert(free_trade >= b.pooled);
        if (m == VO_MATCHING_signal)
            continue; /* one price for all, and no search for a better one */
        cr_assert(pv_only - free_trade >= 0.97 * best, "%s: %.2f of %.2f", vo_matching_name(m),
                  pv_only - free_trade, best);
    }
    leave(&s);
}
