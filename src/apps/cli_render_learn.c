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

/* Decimals for numbers of which the largest is x: five digits, as in 1.7421 or 281.83. */
static int decimals_for(double x) {
    return x < 10 || isnan(x) ? 4 : x < 100 ? 3 : x < 10000 ? 2 : 0;
}

static double largest(const vo_json *list, const char *metric) {
    double x = 0;
    for (size_t i = 0; i < vo_json_size(list); i++) {
        const double v = cli_num(vo_json_get(vo_json_at(list, i), "metrics"), metric);
        if (v > x) x = v;
    }
    return x;
}

static const char *currency_of(const vo_json *r) {
    return cli_str(vo_json_get(r, "prices"), "currency");
}

/* "MXN/MWh", "per MWh" where the currency is not known. */
static void append_unit(GString *out, const vo_json *r) {
    const char *currency = currency_of(r);
    g_string_append_printf(out, *currency ? "%s/MWh" : "%sper MWh", currency);
}

/* ---- train ---------------------------------------------------------------------------- */

enum { FEATURES_NAMED = 3 };

static void ahead_cell(cli_table *t, double minutes) {
    if (minutes >= 60)
        cli_table_cell(t, "%g h", minutes / 60);
    else
        cli_table_cell(t, "%g min", minutes);
}

static void features_cell(cli_table *t, const vo_json *importance) {
    GString *s = g_string_new(NULL);
    for (size_t i = 0; importance && i < vo_json_size(importance) && i < FEATURES_NAMED; i++)
        g_string_append_printf(s, "%s%s", i ? ", " : "",
                               cli_str(vo_json_at(importance, i), "feature"));
    cli_table_cell(t, "%s", s->str);
    g_string_free(s, TRUE);
}

/* The share of prices that the outer quantiles should hold, or NAN without them. */
static double outer_share(const vo_json *levels) {
    const size_t n = levels ? vo_json_size(levels) : 0;
    if (n < 2) return (double)NAN;
    return vo_json_number(vo_json_at(levels, n - 1)) - vo_json_number(vo_json_at(levels, 0));
}

static void render_horizons(const vo_json *results, GString *out) {
    const vo_json *horizons = vo_json_get(results, "horizons");
    const double share = outer_share(vo_json_get(results, "quantiles"));
    const int mae = decimals_for(largest(horizons, "mae"));
    GString *columns = g_string_new(">Ahead|>MAE|>RMSE|>sMAPE %|>rMAE");
    if (!isnan(share)) g_string_append_printf(columns, "|>In %g %%", 100 * share);
    g_string_append(columns, "|>Trees|<Fitted|<Matters most");
    cli_table *t = cli_table_new(columns->str);
    g_string_free(columns, TRUE);
    for (size_t i = 0; i < vo_json_size(horizons); i++) {
        const vo_json *h = vo_json_at(horizons, i), *m = vo_json_get(h, "metrics");
        ahead_cell(t, cli_num(h, "minutes"));
        number_cell(t, cli_num(m, "mae"), mae);
        number_cell(t, cli_num(m, "rmse"), mae);
        number_cell(t, cli_num(m, "smape"), 2);
        number_cell(t, cli_num(m, "rmae_week"), 3);
        if (!isnan(share)) percent_cell(t, cli_num(m, "coverage"));
        number_cell(t, cli_num(h, "trees"), 0);
        cli_table_cell(t, "%s", cli_str(h, "target"));
        features_cell(t, vo_json_get(h, "importance"));
    }
    cli_table_print(t, out);
}
/* Of lear and ensemble, which are judged on whole days. */
static void render_days_judged(const vo_json *r, const vo_json *results, GString *out) {
    const vo_json *m = vo_json_get(results, "metrics");
    const double mae = cli_num(m, "mae"), rmae = cli_num(m, "rmae_week");
    g_string_append(out, "  on the last ");
    cli_append_count(out, cli_num(results, "judged_days"), "[day|days], not yet seen then: ");
    g_string_append_printf(out, "MAE %.*f ", decimals_for(mae), mae);
    append_unit(out, r);
    if (!isnan(rmae)) g_string_append_printf(out, ", %.3f of that of last week's prices", rmae);
    g_string_append_printf(out, "; %.1f %% of prices within the 90 %% interval\n",
                           100 * cli_num(m, "coverage"));
}

/* What to do with it. */
static void render_next(const vo_json *r, GString *out) {
    const char *id = cli_str(r, "id"), *version = cli_str(r, "version");
    const char *method = cli_str(r, "method");
    const bool table = strcmp(method, "q_learning") == 0;
    g_string_append_c(out, '\n');
    if (strcmp(cli_str(r, "alias"), "champion") != 0) {
        g_string_append_printf(out,
                               "beside the champion:  volteo models compare %s ...\n"
                               "to put it in place:   volteo models promote %s@%s --reason "
                               "...\n",
                               id, id, version);
        return;
    }
    if (!table) g_string_append_printf(out, "forecast:  volteo forecast --model %s ...\n", id);
    g_string_append_printf(out, "plan:      volteo backtest --policies perfect,%s%s=%s ...\n",
                           table ? "" : "mpc:", method, id);
}

void cli_render_train(const vo_json *r, GString *out) {
    const vo_json *on = vo_json_get(r, "trained_on"), *results = vo_json_get(r, "results");
    cli_render_heading(r, out);
    g_string_append_printf(out, "%s%s@%s%s, %s, in %s\n", cli_bold(), cli_str(r, "id"),
                           cli_str(r, "version"), cli_plain(), cli_str(r, "alias"),
                           cli_str(r, "models"));
    g_string_append_printf(out, "%s, learned in %.1f s from ", cli_str(r, "method"),
                           cli_num(r, "seconds"));
    cli_append_count(out, cli_num(on, "intervals"), "[interval|intervals]");
    g_string_append_printf(out, ", %.16s to %.16s\n\n", cli_str(on, "first"),
                           cli_str(on, "last"));
    if (vo_json_get(results, "horizons")) {
        render_horizons(results, out);
        g_string_append_printf(out, "%s  errors in ", cli_dim());
        append_unit(out, r);
        g_string_append_printf(
            out,
            ", on the last 15 %% of the time, not learned from then; rMAE: of "
            "the error of last week's prices%s\n",
            cli_plain());
    }
    if (vo_json_get(results, "metrics")) render_days_judged(r, results, out);
    if (!isnan(cli_num(results, "steps"))) {
        char *steps = cli_money(cli_num(results, "steps"), 0);
        g_string_append_printf(out,
                               "  %s steps played; mean error of a value at the end %.4g\n",
                               steps, cli_num(results, "loss"));
        g_free(steps);
    }
    render_next(r, out);
}

void cli_render_train_load(const vo_json *r, GString *out) {
    const vo_json *on = vo_json_get(r, "trained_on"), *results = vo_json_get(r, "results");
    const char *id = cli_str(r, "id"), *version = cli_str(r, "version");
    if (cli_yes(on, "synthetic"))
        g_string_append_printf(out, "%sSYNTHETIC homes: made up, nobody's data%s\n", cli_red(),
                               cli_plain());
    g_string_append_printf(out, "%s%s@%s%s, %s, in %s\n", cli_bold(), id, version, cli_plain(),
                           cli_str(r, "alias"), cli_str(r, "models"));
    g_string_append_printf(out, "learned in %.1f s from ", cli_num(r, "seconds"));
    cli_append_count(out, cli_num(on, "homes"), "[home|homes]");
    g_string_append_printf(out, ", %.16s to %.16s: ", cli_str(on, "first"),
                           cli_str(on, "last"));
    cli_append_count(out, cli_num(results, "rows"), "[row|rows]");
    g_string_append_c(out, ',');
    g_string_append_c(out, ' ');
    cli_append_count(out, cli_num(results, "trees"), "[tree|trees]");
    g_string_append_printf(out,
                           "\nmean absolute error on the last days, held out: %.1f %% of a "
                           "home's mean load; of the light forecaster %.1f %%\n\n",
                           100 * cli_num(results, "mae_of_mean"),
                           100 * cli_num(results, "profile_mae_of_mean"));
    if (strcmp(cli_str(r, "alias"), "champion") == 0)
        g_string_append_printf(out, "use:  volteo simulate --forecaster load_gbt=%s ...\n", id);
    else
        g_string_append_printf(out, "use:  volteo simulate --forecaster load_gbt=%s@%s ...\n",
                               id, version);
}

/* ---- forecast --------------------------------------------------------------------------- */

enum { INTERVALS_LISTED = 48, LEVELS_LISTED = 8 };

static size_t level_names(const vo_json *first, const char *name[LEVELS_LISTED]) {
    const vo_json *q = first ? vo_json_get(first, "quantiles") : NULL, *v = NULL;
    size_t n = 0;
    while (q && n < LEVELS_LISTED && vo_json_member(q, n, &name[n], &v)) n++;
    return n;
}

void cli_render_forecast(const vo_json *r, GString *out) {
    const vo_json *list = vo_json_get(r, "predictions");
    const size_t n = vo_json_size(list), listed = n < INTERVALS_LISTED ? n : INTERVALS_LISTED;
    const char *name[LEVELS_LISTED];
    const size_t levels = level_names(vo_json_at(list, 0), name);
    cli_render_heading(r, out);
    if (*cli_str(r, "warning"))
        g_string_append_printf(out, "%s%s%s\n", cli_red(), cli_str(r, "warning"), cli_plain());
    char *price = cli_money(cli_num(r, "last_price"), 2);
    g_string_append_printf(out, "%s%s%s%s%s; the last known price is %s, of %.16s\n\n",
                           cli_str(r, "method"), *cli_str(r, "model") ? ", model " : "",
                           cli_str(r, "model"), *cli_str(r, "model") ? "@" : "",
                           cli_str(r, "version"), price, cli_str(r, "last_known"));
    g_free(price);
    GString *columns = g_string_new("<Interval from|>Price");
    for (size_t k = 0; k < levels; k++)
        g_string_append_printf(columns, "|>%g %%", 100 * g_ascii_strtod(name[k], NULL));
    cli_table *t = cli_table_new(columns->str);
    g_string_free(columns, TRUE);
    for (size_t i = 0; i < listed; i++) {
        const vo_json *p = vo_json_at(list, i);
        cli_table_cell(t, "%.16s", cli_str(p, "timestamp"));
        cli_money_cell(t, cli_num(p, "price"), 2);
        for (size_t k = 0; k < levels; k++)
            cli_money_cell(t, cli_num(vo_json_get(p, "quantiles"), name[k]), 2);
    }
    cli_table_print(t, out);
    if (cli_num(r, "filled") > 0) {
        g_string_append(out, "  ");
        cli_append_count(out, cli_num(r, "filled"),
                         "[interval|intervals] beyond the method's reach, from a fallback\n");
    }
    if (listed < n)
        g_string_append_printf(out, "%s  the first %zu of %zu intervals: --json has all%s\n",
                               cli_dim(), listed, n, cli_plain());
}

void cli_render_predict(const vo_json *r, GString *out) {
    const vo_json *said = vo_json_get(r, "prediction");
    const vo_json *interval = vo_json_get(r, "confidence_interval");
    const bool action = said && vo_json_kind_of(said) == VO_JSON_STRING;
    g_string_append_printf(out, "%s@%s: %s", cli_str(r, "model_id"), cli_str(r, "version"),
                           cli_bold());
    if (action)
        g_string_append_printf(out, "%s%s   %.0f %% sure\n", vo_json_string(said), cli_plain(),
                               100 * cli_num(r, "confidence"));
    else
        g_string_append_printf(out, "%.4g%s in %g minutes\n", cli_num(r, "prediction"),
                               cli_plain(), cli_num(r, "horizon_minutes"));
    if (interval && vo_json_kind_of(interval) == VO_JSON_OBJECT)
        g_string_append_printf(out, "  %g %% between %.4g and %.4g\n",
                               100 * cli_num(interval, "level"), cli_num(interval, "low"),
                               cli_num(interval, "high"));
}

/* ---- what to do now ------------------------------------------------------------------------ */

void cli_render_decide(const vo_json *r, GString *out) {
    const char *action = cli_str(r, "action");
    g_string_append_printf(out, "%s%s%s", cli_bold(), action, cli_plain());
    if (strcmp(action, "hold") != 0)
        g_string_append_printf(out, " at %.4g MW", cli_num(r, "power"));
    g_string_append_printf(out, "   %.0f %% sure, by %s\n%s\n\n",
                           100 * cli_num(r, "confidence"), cli_str(r, "policy"),
                           cli_str(r, "reason"));
    char *price = cli_money(cli_num(r, "price"), 2);
    g_string_append_printf(out, "  at %.16s, price %s; stored %.1f %%, then %.1f %%\n",
                           cli_str(r, "at"), price, 100 * cli_num(r, "soc"),
                           100 * cli_num(r, "soc_after"));
    g_free(price);
    g_string_append(out, "  planned over ");
    cli_append_count(out, cli_num(r, "planned"), "[interval|intervals]; ");
    cli_append_count(out, cli_num(r, "known"), "[price|prices] known\n");
}

/* ---- versions against each other --------------------------------------------------------- */

static void render_days_played(const vo_json *r, GString *out) {
    const vo_json *b = vo_json_get(r, "backtest");
    g_string_append_printf(out, "%s to %s, ", cli_str(b, "first_day"), cli_str(b, "last_day"));
    cli_append_count(out, cli_num(b, "days"), "[day|days]");
    g_string_append_printf(out, ", %s; %g MW, %g MWh\n\n", cli_str(b, "protocol"),
                           cli_num(b, "power_mw"), cli_num(b, "capacity_mwh"));
}

static void version_row(cli_table *t, const char *name, const vo_json *v) {
    cli_table_cell(t, "%s", name);
    cli_table_cell(t, "%s", *cli_str(v, "version") ? cli_str(v, "version") : "-");
    cli_money_cell(t, cli_num(v, "profit"), 2);
    percent_cell(t, cli_num(v, "capture"));
    number_cell(t, cli_num(v, "cycles"), 1);
    number_cell(t, cli_num(v, "violations"), 0);
}

/* A version that has learned from the days judged looks better than it is. */
static void render_flattered(const vo_json *v, GString *out) {
    const double days = cli_num(v, "days_seen_in_training");
    if (!(days > 0)) return;
    g_string_append_printf(out, "%s learned from %.0f of these days: its figure is flattered\n",
                           cli_str(v, "version"), ceil(days));
}

#define VERSIONS "<|<Version|>Profit|>Of perfect|>Cycles|>Violations"

void cli_render_retrain(const vo_json *r, GString *out) {
    const vo_json *champion = vo_json_get(r, "champion");
    cli_render_heading(r, out);
    render_days_played(r, out);
    cli_table *t = cli_table_new(VERSIONS);
    if (champion && vo_json_kind_of(champion) == VO_JSON_OBJECT)
        version_row(t, "champion", champion);
    version_row(t, "challenger", vo_json_get(r, "challenger"));
    cli_table_print(t, out);
    if (champion) render_flattered(champion, out);
    g_string_append_printf(out, "\n%s%s%s: %s\n", cli_bold(),
                           cli_yes(r, "dry_run")    ? "dry run, nothing is changed"
                           : cli_yes(r, "promoted") ? "promoted"
                                                    : "kept as challenger",
                           cli_plain(), cli_str(r, "reason"));
    if (cli_num(r, "pruned") > 0) {
        cli_append_count(out, cli_num(r, "pruned"), "older [version|versions] pruned\n");
    }
}

void cli_render_models_compare(const vo_json *r, GString *out) {
    const vo_json *list = vo_json_get(r, "versions");
    cli_render_heading(r, out);
    render_days_played(r, out);
    cli_table *t = cli_table_new(VERSIONS);
    for (size_t i = 0; i < vo_json_size(list); i++)
        version_row(t, cli_str(vo_json_at(list, i), "reference"), vo_json_at(list, i));
    cli_table_print(t, out);
    for (size_t i = 0; i < vo_json_size(list); i++) render_flattered(vo_json_at(list, i), out);
}

/* ---- evaluate ------------------------------------------------------------------------- */

static void render_errors(const vo_json *forecasts, double level, GString *out) {
    const int mae = decimals_for(largest(forecasts, "mae"));
    char columns[200];
    snprintf(columns, sizeof columns,
             "<Forecast|>MAE|>RMSE|>sMAPE %%|>rMAE week|>rMAE naive|>In %g %% interval|>Its "
             "width|>CRPS",
             100 * level);
    cli_table *t = cli_table_new(columns);
    for (size_t i = 0; i < vo_json_size(forecasts); i++) {
        const vo_json *f = vo_json_at(forecasts, i), *m = vo_json_get(f, "metrics");
        cli_table_cell(t, "%s", cli_str(f, "name"));
        number_cell(t, cli_num(m, "mae"), mae);
        number_cell(t, cli_num(m, "rmse"), mae);
        number_cell(t, cli_num(m, "smape"), 2);
        number_cell(t, cli_num(m, "rmae_week"), 4);
        number_cell(t, cli_num(m, "rmae_epf"), 4);
        percent_cell(t, cli_num(m, "coverage"));
        number_cell(t, cli_num(m, "width"), mae);
        number_cell(t, cli_num(m, "crps"), mae);
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
        if (worst && vo_json_size(months) > 1)
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
                               cli_str(x, "second"), p, p < 0.05 ? "" : ": it may be chance");
    }
}

static void render_capture(const vo_json *capture, GString *out) {
    if (!capture || vo_json_size(capture) == 0) return;
    g_string_append(out, "\nWhat a battery planned on each forecast earned, of perfect "
                         "foresight, each day alone:\n");
    GString *columns = g_string_new("<Forecast");
    for (size_t b = 0; b < vo_json_size(capture); b++) {
        const vo_json *x = vo_json_at(capture, b);
        g_string_append_printf(columns, "|>%g MW, %g MWh, %g %%", cli_num(x, "power_mw"),
                               cli_num(x, "capacity_mwh"),
                               100 * cli_num(x, "charge_efficiency") *
                                   cli_num(x, "discharge_efficiency"));
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
    g_string_append_printf(out, "%s  errors in ", cli_dim());
    append_unit(out, r);
    g_string_append_printf(
        out, "; rMAE: of the error of last week's prices, and of epf_naive's%s\n\n",
        cli_plain());
    render_worst_month(forecasts, out);
    render_tests(vo_json_get(r, "tests"), out);
    render_capture(vo_json_get(r, "capture"), out);
}
