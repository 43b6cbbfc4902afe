/* evaluate_table.c -- see evaluate_table.h. */
#include "engine/evaluate_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/duel.h"
#include "engine/members.h"
#include "learn/diebold_mariano.h"

/* ---- metrics of some of the intervals ------------------------------------------------ */

/* Rows gathered from the span, for functions that take arrays. */
typedef struct {
    double *real, *said, *low, *high, *week, *epf; /* [n] each */
    double *block;
} rows;

static bool rows_init(rows *r, size_t n) {
    *r = (rows){.block = calloc(6 * n, sizeof(double))};
    if (!r->block) return false;
    double **const part[] = {&r->real, &r->said, &r->low, &r->high, &r->week, &r->epf};
    for (size_t i = 0; i < 6; i++) *part[i] = r->block + i * n;
    return true;
}

/* Scores the intervals whose group[i] is `which` (all if group is NULL). */
static vo_metrics score(const vo_evaluate_table *t, const vo_judged *j, const int32_t *group,
                        int32_t which, const rows *r) {
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++) {
        if (group && group[i] != which) continue;
        r->real[n] = t->real[i];
        r->said[n] = j->said[i];
        r->week[n] = t->week[i];
        r->epf[n] = t->epf[i];
        if (j->quantile) {
            r->low[n] = j->quantile[i * t->n_levels + t->low];
            r->high[n] = j->quantile[i * t->n_levels + t->high];
        }
        n++;
    }
    vo_metrics m = vo_metrics_none();
    vo_metrics_point(&m, r->real, r->said, n);
    m.rmae_week = vo_metric_relative(r->real, r->said, r->week, n);
    m.rmae_epf = vo_metric_relative(r->real, r->said, r->epf, n);
    if (j->quantile) vo_metrics_interval(&m, r->real, r->low, r->high, n, t->alpha);
    return m;
}

vo_status vo_evaluate_judge(vo_evaluate_table *t, vo_error *err) {
    rows r;
    if (!rows_init(&r, t->n)) return vo_fail(err, VO_ENOMEM, "metrics of %zu rows", t->n);
    for (size_t k = 0; k < t->n_judged; k++) {
        vo_judged *j = &t->judged[k];
        j->metrics = score(t, j, NULL, 0, &r);
        if (j->quantile)
            vo_metrics_quantiles(&j->metrics, t->real, j->quantile, t->n, t->level,
                                 t->n_levels);
    }
    free(r.block);
    return VO_OK;
}

/* ---- groups: years, months, hours ------------------------------------------------------ */

typedef enum { BY_YEAR, BY_MONTH, BY_HOUR, N_GROUPINGS } grouping;

static const char *const grouping_name[N_GROUPINGS] = {"by_year", "by_month", "by_hour"};

/* The group of each interval of the span, by the market's local time. */
static void label_groups(const vo_evaluate_table *t, int32_t *label[N_GROUPINGS]) {
    for (size_t i = 0; i < t->n; i++) {
        char date[40];
        int year = 0, month = 0;
        vo_inputs_date(t->in, t->first + i, date);
        if (sscanf(date, "%d-%d", &year, &month) != 2) year = month = 0;
        label[BY_YEAR][i] = year;
        label[BY_MONTH][i] = year * 12 + month - 1;
        label[BY_HOUR][i] = vo_inputs_hour(t->in, t->first + i);
    }
}

static void write_label(grouping g, int32_t label, vo_json_out *w) {
    char month[16];
    switch (g) {
    case BY_YEAR:
        vo_member_integer(w, "year", label);
        break;
    case BY_MONTH:
        snprintf(month, sizeof month, "%04d-%02d", (int)(label / 12), (int)(label % 12 + 1));
        vo_member_text(w, "month", month);
        break;
    case BY_HOUR:
    case N_GROUPINGS:
        vo_member_integer(w, "hour", label);
        break;
    }
}

/* Labels from the least to the greatest that there is; there are at most some hundred. */
static void write_grouping(const vo_evaluate_table *t, const vo_judged *j, grouping g,
                           const int32_t *label, const rows *r, vo_json_out *w) {
    int32_t least = label[0], most = label[0];
    for (size_t i = 1; i < t->n; i++) {
        least = label[i] < least ? label[i] : least;
        most = label[i] > most ? label[i] : most;
    }
    vo_json_out_key(w, grouping_name[g]);
    vo_json_out_array(w);
    for (int32_t k = least; k <= most; k++) {
        const vo_metrics m = score(t, j, label, k, r);
        if (m.n == 0) continue;
        vo_json_out_object(w);
        write_label(g, k, w);
        vo_member_integer(w, "n", (long long)m.n);
        vo_member_number(w, "mae", m.mae);
        vo_member_number(w, "rmse", m.rmse);
        vo_member_number(w, "bias", m.bias);
        vo_member_number(w, "coverage", m.coverage);
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
}

static vo_status write_forecasts(const vo_evaluate_table *t, vo_json_out *w, vo_error *err) {
    rows r;
    int32_t *label[N_GROUPINGS];
    int32_t *block = calloc(N_GROUPINGS * t->n, sizeof *block);
    if (!block || !rows_init(&r, t->n)) {
        free(block);
        return vo_fail(err, VO_ENOMEM, "groups of %zu rows", t->n);
    }
    for (size_t g = 0; g < N_GROUPINGS; g++) label[g] = block + g * t->n;
    label_groups(t, label);
    vo_json_out_key(w, "forecasts");
    vo_json_out_array(w);
    for (size_t k = 0; k < t->n_judged; k++) {
        const vo_judged *j = &t->judged[k];
        vo_json_out_object(w);
        vo_member_text(w, "name", j->name);
        vo_member_text(w, "kind", j->kind);
        vo_member_integer(w, "n", (long long)j->metrics.n);
        vo_member_integer(w, "skipped", (long long)j->metrics.skipped);
        vo_member_integer(w, "filled", (long long)j->filled);
        vo_json_out_key(w, "metrics");
        vo_json_out_object(w);
        vo_member_metrics(w, &j->metrics);
        vo_json_out_end(w);
        for (grouping g = BY_YEAR; g < N_GROUPINGS; g++)
            write_grouping(t, j, g, label[g], &r, w);
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
    free(r.block);
    free(block);
    return VO_OK;
}

/* ---- tests of equal accuracy ----------------------------------------------------------- */

#define FEW_DAYS 100 /* below: the small-sample correction, against Student's t */

/* Days of the span as rows of `per_day` values; days of another length are left out. */
typedef struct {
    double *real, *first, *second;
    size_t n_days, per_day;
} day_rows;

static size_t usual_length(const vo_evaluate_table *t) {
    const int32_t *day = t->in->series->day + t->first;
    size_t length = 0, first = 0;
    for (size_t i = 1; i <= t->n && length == 0; i++) /* most days are like the second one */
        if (i == t->n || day[i] != day[i - 1]) {
            if (first > 0 || i == t->n) length = i - first;
            first = i;
        }
    return length;
}

static void gather_days(const vo_evaluate_table *t, const double *first, const double *second,
                        day_rows *d) {
    const int32_t *day = t->in->series->day + t->first;
    d->n_days = 0;
    for (size_t a = 0, b = 0; a < t->n; a = b) {
        while (b < t->n && day[b] == day[a]) b++;
        if (b - a != d->per_day) continue;
        const size_t at = d->n_days++ * d->per_day, size = d->per_day * sizeof(double);
        memcpy(d->real + at, t->real + a, size);
        memcpy(d->first + at, first + a, size);
        memcpy(d->second + at, second + a, size);
    }
}

static void write_test(const vo_judged *a, const vo_judged *b, bool squared, const day_rows *d,
                       vo_json_out *w) {
    const vo_dm_settings s = {.squared = squared, .harvey = d->n_days < FEW_DAYS};
    const vo_dm x = vo_dm_days(d->real, d->first, d->second, d->n_days, d->per_day, &s);
    vo_json_out_object(w);
    vo_member_text(w, "first", a->name);
    vo_member_text(w, "second", b->name);
    vo_member_text(w, "loss", squared ? "squared" : "absolute");
    vo_member_integer(w, "days", (long long)x.n);
    vo_member_number(w, "mean_difference", x.mean_difference);
    vo_member_number(w, "statistic", x.statistic);
    vo_member_number(w, "p_first_better", x.p_first);
    vo_member_number(w, "p_second_better", x.p_second);
    vo_json_out_end(w);
}

/* Each forecast of ours against every other. */
static vo_status write_tests(const vo_evaluate_table *t, vo_json_out *w, vo_error *err) {
    day_rows d = {.per_day = usual_length(t)};
    double *block = calloc(3 * t->n, sizeof *block);
    if (!block) return vo_fail(err, VO_ENOMEM, "tests of %zu rows", t->n);
    d.real = block, d.first = block + t->n, d.second = block + 2 * t->n;
    vo_json_out_key(w, "tests");
    vo_json_out_array(w);
    for (size_t a = 0; a < t->n_judged; a++)
        for (size_t b = 0; b < t->n_judged; b++) {
            const vo_judged *x = &t->judged[a], *y = &t->judged[b];
            const bool both_ours = strcmp(y->kind, "ours") == 0;
            if (strcmp(x->kind, "ours") != 0 || (both_ours && b <= a)) continue;
            gather_days(t, x->said, y->said, &d);
            write_test(x, y, false, &d, w);
            write_test(x, y, true, &d, w);
        }
    vo_json_out_end(w);
    free(block);
    return VO_OK;
}

/* ---- planned capture --------------------------------------------------------------------- */

static void write_capture(const vo_evaluate_table *t, vo_json_out *w) {
    char date[40];
    vo_json_out_key(w, "capture");
    vo_json_out_array(w);
    for (size_t b = 0; b < t->n_batteries; b++) {
        const vo_battery *battery = &t->battery[b];
        const vo_backtest_result *any = t->capture[b][0];
        vo_json_out_object(w);
        vo_member_number(w, "power_mw", battery->discharge_mw);
        vo_member_number(w, "capacity_mwh", battery->capacity_mwh);
        vo_member_number(w, "charge_efficiency", battery->charge_efficiency);
        vo_member_number(w, "discharge_efficiency", battery->discharge_efficiency);
        vo_inputs_date(t->in, t->capture_first, date);
        vo_member_text(w, "first_day", date);
        vo_member_integer(w, "days", any ? (long long)any->n_days : 0);
        vo_member_number(w, "perfect_profit", any ? any->perfect_profit : (double)NAN);
        vo_json_out_key(w, "policies");
        vo_json_out_array(w);
        for (size_t k = 0; k < t->n_judged; k++) {
            const vo_backtest_result *r = t->capture[b][k];
            if (!r) continue;
            vo_json_out_object(w);
            vo_member_text(w, "forecast", t->judged[k].name);
            vo_duel_write(r, w);
            vo_json_out_end(w);
        }
        vo_json_out_end(w);
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
}

vo_status vo_evaluate_write(const vo_evaluate_table *t, vo_json_out *w, vo_error *err) {
    vo_status s = write_forecasts(t, w, err);
    if (s == VO_OK) s = write_tests(t, w, err);
    if (s == VO_OK) write_capture(t, w);
    return s;
}

/* ---- curves -------------------------------------------------------------------------------- */

/* Four digits behind the point are more than a chart shows. */
static void write_curve(const char *key, const double *x, size_t n, size_t stride,
                        vo_json_out *w) {
    vo_json_out_key(w, key);
    vo_json_out_array(w);
    for (size_t i = 0; i < n; i++) vo_json_out_number(w, round(x[i * stride] * 1e4) / 1e4);
    vo_json_out_end(w);
}

void vo_evaluate_write_curves(const vo_evaluate_table *t, vo_json_out *w) {
    vo_json_out_key(w, "curves");
    vo_json_out_object(w);
    vo_json_out_key(w, "start_s");
    vo_json_out_array(w);
    for (size_t i = 0; i < t->n; i++)
        vo_json_out_integer(w, t->in->series->start[t->first + i].s);
    vo_json_out_end(w);
    write_curve("price", t->real, t->n, 1, w);
    vo_json_out_key(w, "forecasts");
    vo_json_out_array(w);
    for (size_t k = 0; k < t->n_judged; k++) {
        const vo_judged *j = &t->judged[k];
        vo_json_out_object(w);
        vo_member_text(w, "name", j->name);
        write_curve("forecast", j->said, t->n, 1, w);
        if (j->quantile) {
            write_curve("low", j->quantile + t->low, t->n, t->n_levels, w);
            write_curve("high", j->quantile + t->high, t->n, t->n_levels, w);
        }
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
    vo_json_out_end(w);
}
