/* cli_render_learn.c -- what was learned, forecast and judged, laid out for people. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "apps/cli.h"

/* A number with so many decimals; nothing where there is none. */
static void number_cell(cli_table *t, double v, int decimals) {
    if (isnan(v))
        cli_table_cell(t, "%s", "");
    else
        cli_table_cell(t, "%.*f", decimals, v);
}

static void percent_cell(cli_table *t, double share) {
    if (isnan(share))
        cli_table_cell(t, "%s", "");
    else
        cli_table_cell(t, "%.1f %%", 100 * share);
}

/* ---- evaluate ------------------------------------------------------------------------- */

static void render_errors(const vo_json *forecasts, double level, GString *out) {
    char columns[200];
    snprintf(columns, sizeof columns,
             "<Forecast|>MAE|>RMSE|>sMAPE %%|>rMAE week|>rMAE naive|>In %.0f %% interval|>Its "
             "width|>CRPS",
             100 * level);
    cli_table *t = cli_table_new(columns);
    for (size_t i = 0; i < vo_json_size(forecasts); i++) {
        const vo_json *f = vo_json_at(forecasts, i), *m = vo_json_get(f, "metrics");
        cli_table_cell(t, "%s", cli_str(f, "name"));
        number_cell(t, cli_num(m, "mae"), 4);
        number_cell(t, cli_num(m, "rmse"), 4);
        number_cell(t, cli_num(m, "smape"), 3);
        number_cell(t, cli_num(m, "rmae_week"), 4);
        number_cell(t, cli_num(m, "rmae_epf"), 4);
        percent_cell(t, cli_num(m, "coverage"));
        number_cell(t, cli_num(m, "width"), 3);
        number_cell(t, cli_num(m, "crps"), 4);
    }
    cli_table_print(t, out);
}

/* The month in which the interval held least often, for a forecast that has one. */
static void render_worst_month(const vo_json *forecasts, GString *out) {
    for (size_t i = 0; i < vo_json_size(forecasts); i++) {
        const vo_json *f = vo_json_at(forecasts, i), *months = vo_json_get(f, "by_month");
        const vo_json *worst = NULL;
        for (size_t k = 0; k < vo_json_size(months); k++) {
            const vo_json *m = vo_json_at(months, k);
            if (isnan(cli_num(m, "coverage"))) continue;
            if (!worst || cli_num(m, "coverage") < cli_num(worst, "coverage")) worst = m;
        }
        if (worst)
            g_string_append_printf(out, "%s: its interval held least in %s, %.1f %% of hours\n",
                                   cli_str(f, "name"), cli_str(worst, "month"),
                                   100 * cli_num(worst, "coverage"));
    }
}

/* "ensemble is better than DNN Ensemble (p = 0.001)", by the day form of the test. */
static void render_tests(const vo_json *tests, GString *out) {
    for (size_t i = 0; i < vo_json_size(tests); i++) {
        const vo_json *x = vo_json_at(tests, i);
        const double first = cli_num(x, "p_first_better"),
                     second = cli_num(x, "p_second_better");
        if (strcmp(cli_str(x, "loss"), "absolute") != 0 || isnan(first)) continue;
        const bool ahead = first < second;
        const double p = ahead ? first : second;
        g_string_append_printf(out, "%s is %s than %s (Diebold-Mariano, p = %.3g)%s\n",
                               cli_str(x, "first"), ahead ? "better" : "worse",
                               cli_str(x, "second"), p,
                               p < 0.05 ? "" : ", which may be chance");
    }
}

static void render_capture(const vo_json *capture, GString *out) {
    if (!capture || vo_json_size(capture) == 0) return;
    g_string_append(out, "\nWhat a battery planned on each forecast earned, of perfect "
                         "foresight, each day alone:\n");
    GString *columns = g_string_new("<Forecast");
    for (size_t b = 0; b < vo_json_size(capture); b++) {
        const vo_json *x = vo_json_at(capture, b);
        g_string_append_printf(
            columns, "|>%g MW/%g MWh %g", cli_num(x, "power_mw"), cli_num(x, "capacity_mwh"),
            cli_num(x, "charge_efficiency") * cli_num(x, "discharge_efficiency"));
    }
    cli_table *t = cli_table_new(columns->str);
    g_string_free(columns, TRUE);
    const vo_json *first = vo_json_get(vo_json_at(capture, 0), "policies");
    for (size_t k = 0; k < vo_json_size(first); k++) {
        cli_table_cell(t, "%s", cli_str(vo_json_at(first, k), "forecast"));
        for (size_t b = 0; b < vo_json_size(capture); b++) {
            const vo_json *list = vo_json_get(vo_json_at(capture, b), "policies");
            percent_cell(t, cli_num(vo_json_at(list, k), "capture"));
        }
    }
    cli_table_print(t, out);
}

void cli_render_evaluate(const vo_json *r, GString *out) {
    const vo_json *test = vo_json_get(r, "test"), *forecasts = vo_json_get(r, "forecasts");
    cli_render_heading(r, out);
    g_string_append_printf(out, "%s to %s: ", cli_str(test, "first_day"),
                           cli_str(test, "last_day"));
    cli_append_count(out, cli_num(test, "days"), "[day|days], each forecast before it began; ");
    cli_append_count(out, cli_num(test, "history_days"), "[day|days] before them");
    if (cli_num(test, "recalibrate_days") > 0) {
        g_string_append(out, "; refitted every ");
        cli_append_count(out, cli_num(test, "recalibrate_days"), "[day|days]");
    }
    g_string_append(out, "\n\n");
    render_errors(forecasts, cli_num(test, "level"), out);
    g_string_append_c(out, '\n');
    render_worst_month(forecasts, out);
    render_tests(vo_json_get(r, "tests"), out);
    render_capture(vo_json_get(r, "capture"), out);
}
