/* test_epf_metrics.c -- errors, and a test of their difference, as published for the open
 * benchmark of electricity price forecasts (Lago et al. 2021): 728 days of three markets. */
#include "learn/metrics.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "data/clean.h"
#include "data/source.h"
#include "learn/diebold_mariano.h"
#include "support/data_folder.h"

static vo_series *read_series(const char *path) {
    vo_source_options o = vo_source_options_default();
    o.zone = "UTC"; /* the files count 24 hours every day */
    const vo_clean_options c = vo_clean_options_default();
    vo_readings_set *set = NULL;
    vo_series *s = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_source_read(path, &o, &set, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_clean(set->item[0], &c, &s, NULL, &err), VO_OK, "%s", err.msg);
    vo_readings_set_free(set);
    return s;
}

static const double *column_of(const vo_series *s, const char *name) {
    const double *v = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_series_column(s, name, &v, &err), VO_OK, "%s", err.msg);
    return v;
}

typedef struct {
    const char *model;
    double mae, rmse, smape, rmae_week; /* as printed; rMAE over days 8.. */
} published;

static void agrees(const char *market, const char *file, const published *row, size_t n_rows) {
    char path[DATA_PATH];
    NEED_DATA(file, path);
    vo_series *s = read_series(path);
    cr_assert_eq(s->n, 17472, "%s: %zu hours", market, s->n);
    const double *real = s->column[0].value;
    double *week = malloc(s->n * sizeof *week);
    for (size_t t = 0; t < s->n; t++) week[t] = t < 168 ? (double)NAN : real[t - 168];
    for (size_t k = 0; k < n_rows; k++) {
        const double *said = column_of(s, row[k].model);
        vo_metrics m = vo_metrics_none();
        vo_metrics_point(&m, real, said, s->n);
        cr_assert_eq(m.n, 17472);
        cr_assert_float_eq(m.mae, row[k].mae, 0.500001e-4, "%s %s", market, row[k].model);
        cr_assert_float_eq(m.rmse, row[k].rmse, 0.500001e-4, "%s %s", market, row[k].model);
        cr_assert_float_eq(m.smape, row[k].smape, 0.500001e-3, "%s %s", market, row[k].model);
        cr_assert_float_eq(vo_metric_relative(real, said, week, s->n), row[k].rmae_week,
                           0.500001e-4, "%s %s", market, row[k].model);
    }
    free(week);
    vo_series_free(s);
}

Test(epf_metrics, published_nord_pool_figures_come_out_to_their_digits) {
    static const published row[] = {{"DNN Ensemble", 1.6834, 3.3190, 4.880, 0.4083},
                                    {"LEAR Ensemble", 1.7378, 3.3621, 5.009, 0.4222}};
    agrees("NP", "epf_benchmark/forecasts_NP_DNN_LEAR.csv.zst", row, 2);
}

Test(epf_metrics, published_pjm_figures_come_out_to_their_digits) {
    static const published row[] = {{"DNN Ensemble", 2.8622, 5.0405, 11.331, 0.4549},
                                    {"LEAR Ensemble", 3.0130, 5.1275, 11.980, 0.4783}};
    agrees("PJM", "epf_benchmark/forecasts_PJM_DNN_LEAR.csv.zst", row, 2);
}

Test(epf_metrics, published_french_figures_come_out_to_their_digits) {
    static const published row[] = {{"DNN Ensemble", 3.8658, 11.8666, 10.812, 0.5282},
                                    {"LEAR Ensemble", 3.9798, 10.6758, 11.566, 0.5440}};
    agrees("FR", "epf_benchmark/forecasts_FR_DNN_LEAR.csv.zst", row, 2);
}

/* epftoolbox's multivariate test (mean daily loss, no overlap) of LEAR against DNN, computed
 * with numpy from the same files; hour form for 08:00. */
typedef struct {
    const char *file;
    double absolute, squared, at_eight; /* statistics */
} contest;

Test(epf_metrics, diebold_mariano_statistics_of_lear_against_dnn_are_numpys) {
    static const contest row[] = {{"epf_benchmark/forecasts_NP_DNN_LEAR.csv.zst", 2.1944969101,
                                   0.9421489840, 3.4192067590},
                                  {"epf_benchmark/forecasts_PJM_DNN_LEAR.csv.zst", 3.5195251845,
                                   0.5187273796, 2.4312998286},
                                  {"epf_benchmark/forecasts_FR_DNN_LEAR.csv.zst", 2.0586056114,
                                   -1.2567730567, 3.7836223966}};
    for (int k = 0; k < 3; k++) {
        char path[DATA_PATH];
        NEED_DATA(row[k].file, path);
        vo_series *s = read_series(path);
        const double *real = s->column[0].value, *lear = column_of(s, "LEAR Ensemble"),
                     *dnn = column_of(s, "DNN Ensemble");
        const vo_dm a = vo_dm_days(real, lear, dnn, 728, 24, &(vo_dm_settings){0});
        const vo_dm q =
            vo_dm_days(real, lear, dnn, 728, 24, &(vo_dm_settings){.squared = true});
        double at[3][728];
        for (size_t d = 0; d < 728; d++) {
            at[0][d] = real[24 * d + 8];
            at[1][d] = lear[24 * d + 8];
            at[2][d] = dnn[24 * d + 8];
        }
        const vo_dm h = vo_dm_days(at[0], at[1], at[2], 728, 1, &(vo_dm_settings){0});
        cr_assert_float_eq(a.statistic, row[k].absolute, 1e-8);
        cr_assert_float_eq(q.statistic, row[k].squared, 1e-8);
        cr_assert_float_eq(h.statistic, row[k].at_eight, 1e-8);
        cr_assert_lt(a.p_second, 0.05); /* DNN is better at 5 % on every market, in MAE */
        vo_series_free(s);
    }
}
