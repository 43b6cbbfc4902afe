/* test_epf_capture.c -- planned captures on the published forecasts of the EPF benchmark.
 *
 * The table was computed elsewhere from public files: 721 days (the first 7 of 728 are
 * history), each alone with SOC 0 -> 0, dispatched on the forecast, settled on the price. All
 * loss is on charging. Equal prices leave a choice of plans, hence a tenth of a point.
 */
#include "policy/backtest.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "data/clean.h"
#include "data/source.h"
#include "port/file.h"

static const char *const policy[] = {"mpc:column=DNN Ensemble", "mpc:column=LEAR Ensemble",
                                     "mpc:epf_naive", "mpc:naive_day", "mpc:naive_week"};
#define POLICIES (sizeof policy / sizeof policy[0])

typedef struct {
    double capacity_mwh, efficiency, perfect, percent[POLICIES];
} row;

/* The forecast file of a market as a series, or a visible skip. */
static vo_series *market(const char *name) {
    const char *root = getenv("VOLTEO_DATA");
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/epf_benchmark/forecasts_%s_DNN_LEAR.csv.zst",
                   root ? root : VOLTEO_SOURCE_DIR "/../shared/data", name);
    if (!vo_file_exists(path))
        cr_skip_test("real data is not here: %s (set VOLTEO_DATA)", path);
    vo_error err = {0};
    vo_source_options o = vo_source_options_default();
    o.zone = "UTC"; /* the files count 24 hours every day */
    vo_readings_set *set = NULL;
    cr_assert_eq(vo_source_read(path, &o, &set, &err), VO_OK, "%s", err.msg);
    const vo_clean_options c = vo_clean_options_default();
    vo_series *s = NULL;
    cr_assert_eq(vo_clean(set->item[0], &c, &s, NULL, &err), VO_OK, "%s", err.msg);
    vo_readings_set_free(set);
    cr_assert_eq(s->n, 728 * 24);
    return s;
}

static vo_backtest_result *play(const vo_series *s, const row *w, const char *spec) {
    vo_battery b = vo_battery_default();
    b.capacity_mwh = w->capacity_mwh;
    b.charge_efficiency = w->efficiency;
    b.discharge_efficiency = 1;
    vo_problem p = vo_problem_default();
    p.n = s->n;
    p.price = vo_series_find(s, "price");
    p.battery = &b;
    vo_backtest_settings set = vo_backtest_settings_default();
    set.days_alone = 1;
    set.first = 7 * 24;
    vo_backtest_result *r = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_backtest_run(&p, s, spec, &set, &r, &err), VO_OK, "%s", err.msg);
    return r;
}

static void check(const char *name, const row *rows, size_t n) {
    vo_series *s = market(name);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < POLICIES; k++) {
            vo_backtest_result *r = play(s, &rows[i], policy[k]);
            cr_expect_float_eq(r->perfect_profit, rows[i].perfect, 0.01, "%s 1/%g: %.4f", name,
                               rows[i].capacity_mwh, r->perfect_profit);
            cr_expect_float_eq(100 * r->capture, rows[i].percent[k], 0.1,
                               "%s 1/%g %s: %.3f, not %.1f", name, rows[i].capacity_mwh,
                               policy[k], 100 * r->capture, rows[i].percent[k]);
            cr_expect_eq(r->violations, 0);
            cr_expect_eq(r->certified, 1);
            cr_expect_eq(r->n_days, 721);
            cr_expect_eq(r->filled + r->held, 0);
            cr_expect(r->capture_low < r->capture && r->capture < r->capture_high);
            vo_backtest_free(r);
        }
        vo_backtest_result *r = play(s, &rows[i], "perfect");
        cr_expect(r->capture == 1.0 && r->violations == 0);
        vo_backtest_free(r);
    }
    vo_series_free(s);
}

Test(epf_capture, nord_pool_is_reproduced, .timeout = 120) {
    const row rows[] = {{1, 1.0, 9835.75, {90.0, 86.9, 84.1, 79.9, 84.1}},
                        {2, 0.9, 10556.42, {86.8, 85.2, 74.1, 65.7, 71.4}},
                        {4, 0.9, 16688.38, {89.4, 87.9, 77.0, 66.6, 75.4}}};
    check("NP", rows, 3);
}

Test(epf_capture, pjm_is_reproduced, .timeout = 120) {
    const row rows[] = {{2, 0.9, 35108.96, {93.1, 92.4, 87.5, 87.5, 83.6}},
                        {4, 0.9, 59604.33, {95.3, 94.7, 90.0, 89.4, 86.9}}};
    check("PJM", rows, 2);
}

Test(epf_capture, france_is_reproduced, .timeout = 120) {
    const row rows[] = {{1, 1.0, 31845.28, {85.8, 85.6, 77.7, 70.7, 76.2}},
                        {2, 0.9, 43739.74, {90.7, 89.1, 82.7, 74.4, 80.9}},
                        {4, 0.9, 66721.95, {91.5, 90.3, 84.0, 75.1, 82.6}}};
    check("FR", rows, 3);
}
