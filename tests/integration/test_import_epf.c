/* test_import_epf.c -- the forecast benchmark's files: counts and prices as its SOURCE.md has
 * them. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/import.h"
#include "support/data_folder.h"

static const struct {
    const char *market, *currency;
    double min, mean, max, dnn_mae, lear_mae;
} markets[] = {{"NP", "EUR", 1.14, 31.44, 199.97, 1.6834, 1.7378},
               {"PJM", "USD", -6.98, 30.47, 839.30, 2.8622, 3.0130},
               {"FR", "EUR", -200, 41.45, 1938.50, 3.8658, 3.9798}};

static vo_series *load(const char *format, const char *market) {
    char relative[128], path[DATA_PATH];
    snprintf(relative, sizeof relative, "epf_benchmark/%s%s%s", format, market,
             format[0] ? "_DNN_LEAR.csv.zst" : ".csv");
    NEED_DATA(relative, path);
    vo_series *s = NULL;
    vo_error err = {0};
    const vo_clean_options strict = {.strict = true};
    cr_assert_eq(vo_import_series(path, NULL, &strict, &s, NULL, NULL, &err), VO_OK, "%s",
                 err.msg);
    return s;
}

Test(import_epf, price_files_have_six_years_of_whole_days) {
    for (int m = 0; m < 3; m++) {
        vo_series *s = load("", markets[m].market);
        double min = (double)INFINITY, sum = 0, max = -(double)INFINITY;
        for (size_t t = 0; t < s->n; t++) {
            const double p = s->column[0].value[t];
            min = fmin(min, p), max = fmax(max, p), sum += p;
            cr_assert_eq(s->day[t], (int32_t)(t / 24));
        }
        cr_assert(s->n == 52416 && s->n_columns == 3);
        cr_assert_float_eq(min, markets[m].min, 0.005);
        cr_assert_float_eq(sum / (double)s->n, markets[m].mean, 0.005);
        cr_assert_float_eq(max, markets[m].max, 0.005);
        cr_assert_str_eq(s->currency, markets[m].currency);
        vo_series_free(s);
    }
}

/* The published errors of the published forecasts come out only if both columns are right. */
Test(import_epf, forecasts_have_their_published_mean_absolute_errors) {
    for (int m = 0; m < 3; m++) {
        vo_series *s = load("forecasts_", markets[m].market);
        const double *dnn = vo_series_find(s, "DNN Ensemble"),
                     *lear = vo_series_find(s, "LEAR Ensemble");
        cr_assert(s->n == 17472 && s->n_columns == 11 && dnn && lear);
        double dnn_sum = 0, lear_sum = 0;
        for (size_t t = 0; t < s->n; t++) {
            dnn_sum += fabs(dnn[t] - s->column[0].value[t]);
            lear_sum += fabs(lear[t] - s->column[0].value[t]);
        }
        cr_assert_float_eq(dnn_sum / 17472, markets[m].dnn_mae, 5e-5);
        cr_assert_float_eq(lear_sum / 17472, markets[m].lear_mae, 5e-5);
        vo_series_free(s);
    }
}

/* "Real price" of the forecast files is the price of the price files at the same stamps. */
Test(import_epf, forecast_files_and_price_files_agree_hour_by_hour) {
    for (int m = 0; m < 3; m++) {
        vo_series *f = load("forecasts_", markets[m].market), *p = load("", markets[m].market);
        const size_t skip = (size_t)((f->start[0].s - p->start[0].s) / 3600);
        for (size_t t = 0; t < f->n; t++) {
            cr_assert_eq(f->start[t].s, p->start[skip + t].s);
            cr_assert_float_eq(f->column[0].value[t], p->column[0].value[skip + t], 1e-6);
        }
        vo_series_free(f);
        vo_series_free(p);
    }
}
