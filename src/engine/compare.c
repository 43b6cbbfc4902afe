/* compare.c -- see compare.h. */
#include "engine/compare.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/import.h"
#include "engine/inputs.h"
#include "engine/response.h"
#include "policy/backtest.h"
#include "port/clock.h"
#include "port/thread.h"

#define MAX_POLICIES 48

typedef struct {
    const vo_engine_options *o;
    vo_request request;
    vo_inputs in;
    vo_series *calendar; /* in.series with forecast columns, or NULL: in.series itself */
    vo_backtest_settings settings;
    char spec[MAX_POLICIES][VO_POLICY_SPEC_MAX];
    vo_backtest_result *result[MAX_POLICIES];
    size_t n;
    atomic_int permille[MAX_POLICIES]; /* how far each policy is */
    atomic_flag reporting;
    atomic_int stopped;
} comparison;

static const vo_series *calendar_of(const comparison *c) {
    return c->calendar ? c->calendar : c->in.series;
}

/* ---- which policies ---------------------------------------------------------------- */

static vo_status add_policy(comparison *c, const char *spec, size_t len, vo_error *err) {
    if (c->n == MAX_POLICIES)
        return vo_fail(err, VO_EINVAL, "policies: at most %d", MAX_POLICIES);
    if (len == 0 || len >= VO_POLICY_SPEC_MAX)
        return vo_fail(err, VO_EINVAL,
                       "policies: \"%.60s\" has %zu letters; names have 1 to %d", spec, len,
                       VO_POLICY_SPEC_MAX - 1);
    snprintf(c->spec[c->n++], VO_POLICY_SPEC_MAX, "%.*s", (int)len, spec);
    return VO_OK;
}

static vo_status add_all(comparison *c, vo_error *err) {
    static const char *const standard[] = {"perfect",      "threshold",     "spread",
                                           "cycle",        "mpc:naive_day", "mpc:naive_week",
                                           "mpc:epf_naive"};
    vo_status s = VO_OK;
    for (size_t i = 0; s == VO_OK && i < sizeof standard / sizeof standard[0]; i++)
        s = add_policy(c, standard[i], strlen(standard[i]), err);
    for (size_t i = c->in.series->n_columns; s == VO_OK && i < calendar_of(c)->n_columns; i++) {
        char spec[VO_COLUMN_NAME + 16];
        snprintf(spec, sizeof spec, "mpc:column=%s", c->calendar->column[i].name);
        s = add_policy(c, spec, strlen(spec), err);
    }
    return s;
}

/* "a, b" */
static vo_status add_list(comparison *c, const char *list, vo_error *err) {
    if (strcmp(list, "all") == 0) return add_all(c, err);
    vo_status s = VO_OK;
    for (const char *p = list; s == VO_OK; p++) {
        while (*p == ' ') p++;
        const size_t len = strcspn(p, ",");
        size_t used = len;
        while (used && p[used - 1] == ' ') used--;
        s = add_policy(c, p, used, err);
        p += len;
        if (!*p) break;
    }
    return s;
}

static vo_status read_policies(comparison *c, vo_error *err) {
    const vo_json *v = c->request.value[VO_CMP_policies].json;
    if (!v) return add_all(c, err);
    if (vo_json_kind_of(v) == VO_JSON_STRING) return add_list(c, vo_json_string(v), err);
    if (vo_json_kind_of(v) != VO_JSON_ARRAY || vo_json_size(v) == 0)
        return vo_fail(err, VO_EINVAL, "policies must be \"all\" or an array of names: %s",
                       vo_policy_names());
    for (size_t i = 0; i < vo_json_size(v); i++) {
        const vo_json *e = vo_json_at(v, i);
        if (vo_json_kind_of(e) != VO_JSON_STRING)
            return vo_fail(err, VO_EINVAL, "policies[%zu] is %s: must be a name: %s", i,
                           vo_fields_kind(e), vo_policy_names());
        const vo_status s = add_policy(c, vo_json_string(e), strlen(vo_json_string(e)), err);
        if (s != VO_OK) return s;
    }
    return VO_OK;
}

/* ---- published forecasts --------------------------------------------------------------- */

/* A file of forecasts may carry the real price too; that is not a forecast. */
static bool same_as_price(const vo_series *prices, const double *x) {
    for (size_t t = 0; t < prices->n; t++)
        if (!isnan(x[t]) && fabs(x[t] - prices->column[0].value[t]) > 1e-9) return false;
    return true;
}

/* Values of `column` at the starts of `prices`; NAN where the file has none. */
static size_t align(const vo_series *prices, const vo_series *file, const double *column,
                    double *out) {
    size_t found = 0;
    for (size_t t = 0, i = 0; t < prices->n; t++) {
        while (i < file->n && file->start[i].s < prices->start[t].s) i++;
        const bool here = i < file->n && file->start[i].s == prices->start[t].s;
        out[t] = here ? column[i] : (double)NAN;
        found += here;
    }
    return found;
}

static vo_status join(const vo_series *prices, const vo_series *file, const char *path,
                      vo_series **out, vo_error *err) {
    const char *name[VO_SERIES_MAX_COLUMNS];
    size_t n = 0;
    for (; n < prices->n_columns; n++) name[n] = prices->column[n].name;
    for (size_t i = 0; i < file->n_columns; i++) {
        if (n == VO_SERIES_MAX_COLUMNS)
            return vo_fail(err, VO_EINVAL,
                           "forecasts_file %.80s: prices and forecasts have "
                           "more than %d columns",
                           path, VO_SERIES_MAX_COLUMNS);
        name[n++] = i == 0 ? "forecast" : file->column[i].name;
    }
    vo_series *s = NULL;
    const vo_status status = vo_series_create(prices->n, name, n, NULL, &s, err);
    if (status != VO_OK) return status;
    memcpy(s->start, prices->start, prices->n * sizeof *s->start);
    memcpy(s->dt_h, prices->dt_h, prices->n * sizeof *s->dt_h);
    memcpy(s->day, prices->day, prices->n * sizeof *s->day);
    memcpy(s->zone, prices->zone, sizeof s->zone);
    memcpy(s->currency, prices->currency, sizeof s->currency);
    memcpy(s->label, prices->label, sizeof s->label);
    for (size_t i = 0; i < prices->n_columns; i++)
        memcpy(s->column[i].value, prices->column[i].value, prices->n * sizeof(double));
    size_t found = 0, k = prices->n_columns;
    for (size_t i = 0; i < file->n_columns; i++) {
        found += align(prices, file, file->column[i].value, s->column[k].value);
        if (i == 0 && same_as_price(prices, s->column[k].value)) continue;
        snprintf(s->column[k].name, VO_COLUMN_NAME, "%s", name[prices->n_columns + i]);
        k++;
    }
    s->n_columns = k; /* the block stays whole: it is freed as one */
    if (found == 0) {
        vo_series_free(s);
        return vo_fail(err, VO_EINVAL,
                       "forecasts_file %.80s has no time stamp in common with "
                       "the prices: is its time zone another?",
                       path);
    }
    *out = s;
    return VO_OK;
}

static vo_status load_forecasts(comparison *c, vo_error *err) {
    const char *path = vo_request_text(&c->request, VO_CMP_forecasts_file, NULL);
    if (!path) return VO_OK;
    if (!c->o->allow_files)
        return vo_fail(err, VO_EINVAL,
                       "forecasts_file = \"%.80s\": local files are not read "
                       "here",
                       path);
    vo_source_options so = vo_source_options_default();
    so.zone = vo_request_text(&c->request, VO_REQ_tz, NULL);
    vo_clean_options co = vo_clean_options_default();
    co.uneven = true;
    co.zero = VO_ZERO_KEEP;
    vo_series *file = NULL;
    vo_status s = vo_import_series(path, &so, &co, &file, NULL, NULL, err);
    if (s == VO_OK) s = join(c->in.series, file, path, &c->calendar, err);
    vo_series_free(file);
    return s;
}

/* ---- running ----------------------------------------------------------------------------- */

static double clock_s(void *ctx) {
    (void)ctx;
    return vo_clock_monotonic_s();
}

typedef struct {
    comparison *c;
    size_t i;
} progress_of;

/* Called from every thread; one at a time gets through, the others do not wait. */
static bool progress(void *ctx, double fraction) {
    const progress_of *at = ctx;
    comparison *c = at->c;
    atomic_store(&c->permille[at->i], (int)(fraction * 1000));
    if (!atomic_flag_test_and_set(&c->reporting)) {
        int sum = 0;
        for (size_t i = 0; i < c->n; i++) sum += atomic_load(&c->permille[i]);
        const double all = (double)sum / (1000.0 * (double)c->n);
        if (c->o->progress(c->o->progress_ctx, "policies", all) != 0)
            atomic_store(&c->stopped, 1);
        atomic_flag_clear(&c->reporting);
    }
    return !atomic_load(&c->stopped);
}

static vo_status run_one(void *ctx, size_t i, size_t worker, vo_error *err) {
    (void)worker;
    comparison *c = ctx;
    progress_of at = {c, i};
    vo_backtest_settings settings = c->settings;
    settings.progress = c->o->progress ? progress : NULL;
    settings.progress_ctx = &at;
    vo_error inner = {0};
    const vo_status s = vo_backtest_run(&c->in.problem, calendar_of(c), c->spec[i], &settings,
                                        &c->result[i], &inner);
    if (s == VO_ECANCELED) return vo_fail(err, s, "stopped before every policy was done");
    if (s != VO_OK) return vo_fail(err, s, "policy %.80s: %.400s", c->spec[i], inner.msg);
    atomic_store(&c->permille[i], 1000);
    return VO_OK;
}

static vo_status read_settings(comparison *c, vo_error *err) {
    static const char *const protocols[] = {"planned", "rolling"};
    const vo_request *r = &c->request;
    size_t protocol = 0;
    const vo_status s =
        vo_request_choice(r, VO_CMP_protocol, "protocol", protocols, 2, 0, &protocol, err);
    if (s != VO_OK) return s;
    vo_backtest_settings *st = &c->settings;
    *st = vo_backtest_settings_default();
    st->protocol = protocol == 1 ? VO_PROTOCOL_ROLLING : VO_PROTOCOL_PLANNED;
    st->days_alone = vo_request_number(r, VO_CMP_days_alone, 0) > 0;
    if (st->days_alone && protocol == 1)
        return vo_fail(err, VO_EINVAL,
                       "days_alone with protocol \"rolling\": days are planned "
                       "alone only by \"planned\"");
    st->export_price_known = vo_request_number(r, VO_CMP_export_price_known, 0) > 0;
    st->horizon_h = vo_request_number(r, VO_CMP_lookahead_h, 0);
    st->low_percentile = vo_request_number(r, VO_REQ_low_percentile, st->low_percentile);
    st->high_percentile = vo_request_number(r, VO_REQ_high_percentile, st->high_percentile);
    st->resamples = (int32_t)vo_request_number(r, VO_CMP_resamples, st->resamples);
    st->seed = (uint64_t)vo_request_number(r, VO_CMP_seed, (double)st->seed);
    st->clock_s = clock_s;
    const int32_t skip = (int32_t)vo_request_number(r, VO_CMP_skip_days, 0);
    const vo_series *series = c->in.series;
    while (st->first < series->n && series->day[st->first] < skip) st->first++;
    if (st->first == series->n)
        return vo_fail(err, VO_EINVAL, "skip_days = %d leaves no day of %d to play", skip,
                       series->day[series->n - 1] + 1);
    return VO_OK;
}

/* ---- writing -------------------------------------------------------------------------------
 */

static void number(vo_json_out *w, const char *key, double v) {
    vo_json_out_key(w, key);
    vo_json_out_number(w, v);
}

static void text(vo_json_out *w, const char *key, const char *v) {
    vo_json_out_key(w, key);
    vo_json_out_string(w, v);
}

static double rounded(double x, double unit) { return round(x / unit) * unit; }

/* To six digits behind the point: curves are for eyes, and a year of them should stay small. */
static void curve(vo_json_out *w, const char *key, const double *x, size_t n, double scale) {
    vo_json_out_key(w, key);
    vo_json_out_array(w);
    for (size_t i = 0; i < n; i++) {
        const double y = rounded(x[i] * scale, 1.0 / 1048576);
        char digits[32];
        snprintf(digits, sizeof digits, "%.4f", y);
        vo_json_out_number(w, strtod(digits, NULL) == 0 ? 0 : strtod(digits, NULL));
    }
    vo_json_out_end(w);
}

static void write_policy(const comparison *c, const vo_backtest_result *r, bool days,
                         bool curves, vo_json_out *w) {
    vo_json_out_object(w);
    text(w, "policy", r->policy);
    number(w, "profit", r->profit);
    number(w, "perfect_profit", r->perfect_profit);
    number(w, "capture", r->capture);
    number(w, "capture_low", r->capture_low);
    number(w, "capture_high", r->capture_high);
    number(w, "regret", 1 - r->capture);
    number(w, "cycles", r->cycles);
    number(w, "charged_mwh", r->charged_mwh);
    number(w, "discharged_mwh", r->discharged_mwh);
    number(w, "charging_h", r->charging_h);
    number(w, "discharging_h", r->discharging_h);
    number(w, "idle_h", r->idle_h);
    vo_json_out_key(w, "worst_day");
    vo_json_out_object(w);
    text(w, "date", r->worst_date);
    number(w, "profit", r->worst_profit);
    vo_json_out_end(w);
    number(w, "violations", r->violations);
    vo_json_out_key(w, "certified");
    vo_json_out_bool(w, r->certified);
    number(w, "us_per_decision", r->us_per_decision);
    number(w, "decisions", (double)r->decisions);
    number(w, "held", (double)r->held);
    number(w, "filled", (double)r->filled);
    if (days) {
        curve(w, "day_profit", r->day_profit, r->n_days, 1);
        curve(w, "day_perfect", r->day_perfect, r->n_days, 1);
    }
    if (curves) {
        curve(w, "power_mw", r->power_mw, r->n, 1);
        curve(w, "soc", r->stored_mwh, r->n + 1, 1 / c->in.problem.battery[0].capacity_mwh);
    }
    vo_json_out_end(w);
}

static void write_dates(const vo_backtest_result *r, vo_json_out *w) {
    vo_json_out_key(w, "dates");
    vo_json_out_array(w);
    for (size_t d = 0; d < r->n_days; d++) {
        vo_civil date = {0};
        char out[32];
        vo_civil_from_days(r->day_date[d], &date);
        vo_civil_format_date(&date, out);
        vo_json_out_string(w, out);
    }
    vo_json_out_end(w);
}

static void write_curves(const comparison *c, vo_json_out *w) {
    const vo_series *s = c->in.series;
    const size_t first = c->settings.first;
    vo_json_out_key(w, "start_s");
    vo_json_out_array(w);
    for (size_t t = first; t < s->n; t++) vo_json_out_integer(w, s->start[t].s);
    vo_json_out_end(w);
    curve(w, "price", c->in.problem.price + first, s->n - first, 1);
}

static void write_all(const comparison *c, bool days, vo_json_out *w) {
    const bool curves = days && vo_request_number(&c->request, VO_CMP_curves, 0) > 0;
    char date[40];
    vo_json_out_object(w);
    text(w, "protocol", vo_protocol_name(c->settings.protocol));
    vo_json_out_key(w, "days_alone");
    vo_json_out_bool(w, c->settings.days_alone);
    vo_inputs_date(&c->in, c->settings.first, date);
    text(w, "first_day", date);
    vo_inputs_date(&c->in, c->in.series->n - 1, date);
    text(w, "last_day", date);
    number(w, "days", (double)c->result[0]->n_days);
    number(w, "confidence", c->settings.confidence);
    vo_json_out_key(w, "prices");
    vo_json_out_object(w);
    vo_response_inputs(&c->in, w);
    vo_json_out_end(w);
    vo_response_batteries(&c->request, w);
    vo_json_out_key(w, "policies");
    vo_json_out_array(w);
    for (size_t i = 0; i < c->n; i++) write_policy(c, c->result[i], days, curves, w);
    vo_json_out_end(w);
    if (days) write_dates(c->result[0], w);
    if (curves) write_curves(c, w);
    vo_json_out_end(w);
}

vo_status vo_compare_run(const vo_engine_options *o, const char *request, bool days,
                         vo_json_out *w, vo_error *err) {
    comparison *c = calloc(1, sizeof *c);
    if (!c) return vo_fail(err, VO_ENOMEM, "a comparison");
    c->o = o;
    atomic_flag_clear(&c->reporting);
    vo_status s = vo_request_read(request, VO_REQUEST_COMPARE, &c->request, err);
    if (s == VO_OK) s = vo_inputs_load(o, &c->request, &c->in, err);
    if (s == VO_OK) s = load_forecasts(c, err);
    if (s == VO_OK) s = read_policies(c, err);
    if (s == VO_OK) s = read_settings(c, err);
    if (s == VO_OK) s = vo_thread_for(c->n, (size_t)o->threads, run_one, c, err);
    if (s == VO_OK) write_all(c, days, w);
    for (size_t i = 0; i < c->n; i++) vo_backtest_free(c->result[i]);
    vo_series_free(c->calendar);
    vo_inputs_fini(&c->in);
    vo_request_fini(&c->request);
    free(c);
    return s;
}
