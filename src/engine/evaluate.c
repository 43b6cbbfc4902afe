/* evaluate.c -- see evaluate.h.
 *
 * Our forecasters and the naive ones are played by vo_evaluation_run over the last test_days;
 * published ones are read. For planned capture all of them become columns of one calendar that
 * vo_backtest_run plays, each day alone, exactly as it plays any column of a file.
 */
#include "engine/evaluate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/evaluate_table.h"
#include "engine/learn_world.h"
#include "engine/members.h"
#include "engine/published.h"
#include "engine/response.h"
#include "learn/evaluation.h"
#include "port/clock.h"
#include "port/thread.h"

#define MAX_OURS 8
#define WEEK_DAYS 7

enum { WEEK, EPF, N_NAIVE };
enum { N_USUAL = 3 };
static const char *const naive[N_NAIVE] = {"naive_week", "epf_naive"};

typedef struct {
    const vo_engine_options *o;
    vo_request request;
    vo_inputs in;
    vo_series *joined;   /* with published forecasts, or NULL */
    vo_series *calendar; /* of the capture: the price and every forecast */
    char spec[MAX_OURS][VO_COLUMN_NAME];
    double seconds[MAX_OURS];
    vo_evaluation ours[MAX_OURS], benchmark[N_NAIVE];
    size_t n_ours;
    double level[VO_EVALUATION_LEVELS];
    vo_evaluate_table table;
    vo_battery usual[N_USUAL];
    uint64_t seed;
    int32_t recalibrate_days;
    double part; /* of the work done before the present forecaster */
} evaluation;

/* ---- what to evaluate -------------------------------------------------------------------- */

static vo_status read_request(evaluation *e, const char *text, vo_error *err) {
    vo_request *r = &e->request;
    const vo_status s = vo_request_read(text, VO_REQUEST_EVALUATE, r, err);
    if (s != VO_OK) return s;
    const vo_field_value *epf = &r->value[VO_EVA_epf];
    const bool other = r->value[VO_REQ_prices].json || r->value[VO_REQ_prices_file].json ||
                       r->value[VO_REQ_market_params].json || r->value[VO_REQ_tariff].json;
    if (epf->json && other)
        return vo_fail(err, VO_EINVAL,
                       "epf = \"%.80s\" stands instead of prices, prices_file and "
                       "market_params: give one of them",
                       epf->text);
    if (!epf->json && !other)
        return vo_fail(err, VO_EINVAL,
                       "no prices: give epf (a benchmark file), prices_file or market_params");
    if (epf->json) r->value[VO_REQ_prices_file] = *epf;
    e->seed = (uint64_t)vo_request_number(r, VO_EVA_seed, 1);
    e->recalibrate_days = (int32_t)vo_request_number(r, VO_EVA_recalibrate_days, 1);
    return VO_OK;
}

/* "ensemble, gbt" */
static vo_status read_methods(evaluation *e, vo_error *err) {
    const char *list = vo_request_text(&e->request, VO_EVA_method, "ensemble");
    for (const char *p = list;; p++) {
        size_t len = strcspn(p, ",");
        const char *name = vo_text_trim(p, &len);
        if (e->n_ours == MAX_OURS)
            return vo_fail(err, VO_EINVAL, "method: at most %d forecasters", MAX_OURS);
        if (len == 0 || len >= VO_COLUMN_NAME)
            return vo_fail(err, VO_EINVAL, "method = \"%.60s\": name some of %s", list,
                           vo_forecaster_names());
        char *spec = e->spec[e->n_ours++];
        vo_error inner = {0};
        snprintf(spec, VO_COLUMN_NAME, "%.*s", (int)len, name);
        if (vo_forecaster_check(spec, &inner) != VO_OK)
            return vo_fail(err, VO_EINVAL, "method: %s", inner.msg);
        for (size_t i = 0; i + 1 < e->n_ours; i++)
            if (vo_text_same(e->spec[i], spec))
                return vo_fail(err, VO_EINVAL, "method: %s is there twice", spec);
        p += strcspn(p, ",");
        if (!*p) return VO_OK;
    }
}

/* The interval's ends, and tenths between them for the quantile scores. */
static void choose_levels(evaluation *e) {
    vo_evaluate_table *t = &e->table;
    const double level = vo_request_number(&e->request, VO_EVA_level, 0.9);
    const double low = (1 - level) / 2, high = 1 - low;
    size_t n = 0;
    t->alpha = 1 - level;
    for (int k = 0; k <= 10; k++) {
        const double tenth = k / 10.0;
        if (low < tenth - 1e-9 && (k == 0 || low > (k - 1) / 10.0 + 1e-9))
            t->low = n, e->level[n++] = low;
        if (fabs(low - tenth) <= 1e-9 && k > 0) t->low = n;
        if (high < tenth - 1e-9 && high > (k - 1) / 10.0 + 1e-9)
            t->high = n, e->level[n++] = high;
        if (fabs(high - tenth) <= 1e-9 && k < 10) t->high = n;
        if (k > 0 && k < 10) e->level[n++] = tenth;
    }
    t->level = e->level;
    t->n_levels = n;
}

/* The last test_days of the prices, or what from and to ask for. */
static vo_status choose_span(evaluation *e, vo_error *err) {
    const vo_series *s = e->in.series;
    vo_evaluate_table *t = &e->table;
    const int32_t days = (int32_t)vo_request_number(&e->request, VO_EVA_test_days, 728);
    size_t first = e->in.first;
    if (!e->in.part_asked || e->request.value[VO_EVA_test_days].json) {
        first = s->n;
        while (first > 0 && s->day[s->n - 1] - s->day[first - 1] < days) first--;
    }
    if (first == 0 || s->day[first] - s->day[0] < 2 * WEEK_DAYS)
        return vo_fail(err, VO_EINVAL,
                       "test_days = %d leaves %d days of %d to learn from: ask for fewer, or "
                       "give more prices",
                       days, first < s->n ? s->day[first] - s->day[0] : 0,
                       s->day[s->n - 1] - s->day[0] + 1);
    t->in = &e->in;
    t->first = first;
    t->n = s->n - first;
    t->real = s->column[0].value + first;
    return VO_OK;
}

/* ---- running -------------------------------------------------------------------------------- */

static vo_status play(evaluation *e, const char *spec, bool intervals, double share,
                      vo_evaluation *out, vo_error *err) {
    vo_learn_world world;
    vo_learn_world_init(&world, e->o, e->seed);
    world.learning.recalibrate_days = e->recalibrate_days;
    world.learning.refit_loaded = e->request.value[VO_EVA_recalibrate_days].json != NULL;
    world.from = e->part;
    world.share = share;
    vo_error inner = {0};
    const vo_evaluate_table *t = &e->table;
    const vo_status s =
        vo_evaluation_run(spec, e->in.series, t->first, t->level, intervals ? t->n_levels : 0,
                          &world.learning, out, &inner);
    vo_learn_world_fini(&world);
    e->part += share;
    if (s == VO_ECANCELED) return vo_fail(err, s, "stopped before the evaluation was done");
    return s == VO_OK ? s : vo_fail(err, s, "forecaster %.60s: %.430s", spec, inner.msg);
}

/* They become columns of one calendar, beside the price. */
static bool is_taken(const vo_evaluate_table *t, const char *name) {
    bool is = vo_text_same(name, "price");
    for (size_t k = 0; k < t->n_judged; k++) is |= vo_text_same(t->judged[k].name, name);
    return is;
}

/* A published forecast may be called as one of ours. */
static void add(evaluation *e, const char *name, const char *kind, const double *said,
                const double *quantile, size_t filled) {
    vo_evaluate_table *t = &e->table;
    vo_judged j = {.kind = kind, .said = said, .quantile = quantile, .filled = filled};
    snprintf(j.name, sizeof j.name, "%s", name);
    const size_t len = strnlen(name, 40), whole = vo_text_utf8_fault(name, len);
    for (int k = 2; is_taken(t, j.name); k++)
        snprintf(j.name, sizeof j.name, "%.*s (%s %d)", (int)whole, name, kind, k);
    t->judged[t->n_judged++] = j;
}

static bool is_ours(const evaluation *e, const char *name) {
    bool is = false;
    for (size_t i = 0; i < e->n_ours; i++) is |= strcmp(e->spec[i], name) == 0;
    return is;
}

/* Before the work, which may take long. */
static vo_status check_room(const evaluation *e, vo_error *err) {
    const size_t published = e->joined ? e->joined->n_columns - e->in.series->n_columns : 0;
    if (published + e->n_ours + N_NAIVE > VO_JUDGED_MAX)
        return vo_fail(err, VO_EINVAL, "published: at most %d forecasts with ours",
                       VO_JUDGED_MAX);
    if (e->request.n_batteries > VO_JUDGED_BATTERIES)
        return vo_fail(err, VO_EINVAL, "batteries: at most %d", VO_JUDGED_BATTERIES);
    return VO_OK;
}

static vo_status play_all(evaluation *e, vo_error *err) {
    vo_evaluate_table *t = &e->table;
    vo_status s = VO_OK;
    for (size_t i = 0; i < N_NAIVE && s == VO_OK; i++)
        s = play(e, naive[i], false, 0.01, &e->benchmark[i], err);
    for (size_t i = 0; i < e->n_ours && s == VO_OK; i++) {
        const double began_s = vo_clock_monotonic_s();
        s = play(e, e->spec[i], true, 0.93 / (double)e->n_ours, &e->ours[i], err);
        e->seconds[i] = vo_clock_monotonic_s() - began_s;
        if (s == VO_OK)
            add(e, e->spec[i], "ours", e->ours[i].said, e->ours[i].quantile, e->ours[i].filled);
    }
    if (s != VO_OK) return s;
    t->week = e->benchmark[WEEK].said;
    t->epf = e->benchmark[EPF].said;
    for (size_t c = e->in.series->n_columns; e->joined && c < e->joined->n_columns; c++)
        add(e, e->joined->column[c].name, "published", e->joined->column[c].value + t->first,
            NULL, 0);
    for (size_t i = N_NAIVE; i-- > 0;)
        if (!is_ours(e, naive[i]))
            add(e, naive[i], "benchmark", e->benchmark[i].said, NULL, e->benchmark[i].filled);
    return VO_OK;
}

/* ---- capture ----------------------------------------------------------------------------------- */

/* 1 MW of one, two and four hours, all loss on charging: the table of the literature. */
static void usual_batteries(vo_battery usual[N_USUAL]) {
    static const double size[N_USUAL][2] = {{1, 1.0}, {2, 0.9}, {4, 0.9}};
    for (size_t i = 0; i < N_USUAL; i++) {
        usual[i] = vo_battery_default();
        usual[i].capacity_mwh = size[i][0];
        usual[i].charge_efficiency = size[i][1];
        usual[i].discharge_efficiency = 1;
    }
}

/* The price and every forecast as columns over the whole series; a forecast has no value before
 * the span. */
static vo_status make_calendar(evaluation *e, vo_error *err) {
    const vo_series *s = e->in.series;
    const vo_evaluate_table *t = &e->table;
    const char *name[VO_JUDGED_MAX + 1] = {"price"};
    for (size_t k = 0; k < t->n_judged; k++) name[k + 1] = t->judged[k].name;
    const vo_status st = vo_series_create(s->n, name, t->n_judged + 1, NULL, &e->calendar, err);
    if (st != VO_OK) return st;
    vo_series *c = e->calendar;
    memcpy(c->start, s->start, s->n * sizeof *s->start);
    memcpy(c->dt_h, s->dt_h, s->n * sizeof *s->dt_h);
    memcpy(c->day, s->day, s->n * sizeof *s->day);
    memcpy(c->zone, s->zone, sizeof s->zone);
    memcpy(c->column[0].value, s->column[0].value, s->n * sizeof(double));
    for (size_t k = 0; k < t->n_judged; k++)
        memcpy(c->column[k + 1].value + t->first, t->judged[k].said, t->n * sizeof(double));
    return VO_OK;
}

static vo_status capture_one(void *ctx, size_t i, size_t worker, vo_error *err) {
    (void)worker;
    evaluation *e = ctx;
    vo_evaluate_table *t = &e->table;
    const size_t b = i / t->n_judged, k = i % t->n_judged;
    char spec[VO_POLICY_SPEC_MAX];
    vo_problem p = e->in.problem;
    p.battery = &t->battery[b];
    p.n_batteries = 1;
    vo_backtest_settings set = vo_backtest_settings_default();
    set.days_alone = 1;
    set.first = t->capture_first;
    set.seed = e->seed;
    snprintf(spec, sizeof spec, "mpc:column=%s", t->judged[k].name);
    return vo_backtest_run(&p, e->calendar, spec, &set, &t->capture[b][k], err);
}

/* A missing price in the span leaves nothing to settle on: then there is no capture. */
static bool can_settle(const evaluation *e) {
    const double *price = e->in.series->column[0].value;
    for (size_t i = 0; i < e->in.series->n; i++)
        if (isnan(price[i])) return false;
    return true;
}

static vo_status play_capture(evaluation *e, vo_error *err) {
    vo_evaluate_table *t = &e->table;
    const vo_series *s = e->in.series;
    usual_batteries(e->usual);
    t->battery = e->request.n_batteries ? e->request.battery : e->usual;
    t->n_batteries = e->request.n_batteries ? e->request.n_batteries : N_USUAL;
    t->capture_first = t->first;
    /* the table of the literature leaves out the first week, for the weekly naive forecast */
    const bool as_published = e->request.value[VO_EVA_epf].json != NULL &&
                              s->day[s->n - 1] - s->day[t->first] >= WEEK_DAYS;
    while (as_published && t->capture_first + 1 < s->n &&
           s->day[t->capture_first] - s->day[t->first] < WEEK_DAYS)
        t->capture_first++;
    if (!can_settle(e)) {
        t->n_batteries = 0;
        return VO_OK;
    }
    vo_status st = make_calendar(e, err);
    if (st == VO_OK)
        st = vo_thread_for(t->n_batteries * t->n_judged, (size_t)e->o->threads, capture_one, e,
                           err);
    return st;
}

/* ---- the document ---------------------------------------------------------------------------- */

static vo_status write_all(const evaluation *e, vo_json_out *w, vo_error *err) {
    const vo_evaluate_table *t = &e->table;
    char date[40];
    vo_json_out_object(w);
    vo_json_out_key(w, "test");
    vo_json_out_object(w);
    vo_inputs_date(&e->in, t->first, date);
    vo_member_text(w, "first_day", date);
    vo_inputs_date(&e->in, e->in.series->n - 1, date);
    vo_member_text(w, "last_day", date);
    vo_member_integer(w, "days",
                      e->in.series->day[e->in.series->n - 1] - e->in.series->day[t->first] + 1);
    vo_member_integer(w, "history_days", e->in.series->day[t->first] - e->in.series->day[0]);
    vo_member_integer(w, "recalibrate_days", e->recalibrate_days);
    vo_member_number(w, "level", 1 - t->alpha);
    vo_json_out_key(w, "seconds");
    vo_json_out_object(w);
    for (size_t i = 0; i < e->n_ours; i++) vo_member_number(w, e->spec[i], e->seconds[i]);
    vo_json_out_end(w);
    vo_json_out_end(w);
    vo_json_out_key(w, "prices");
    vo_json_out_object(w);
    vo_response_inputs(&e->in, w);
    vo_json_out_end(w);
    vo_status s = vo_evaluate_write(t, w, err);
    if (s == VO_OK && vo_request_number(&e->request, VO_EVA_curves, 0) > 0)
        vo_evaluate_write_curves(t, w);
    vo_json_out_end(w);
    return s;
}

static void fini(evaluation *e) {
    for (size_t i = 0; i < e->n_ours; i++) vo_evaluation_fini(&e->ours[i]);
    for (size_t i = 0; i < N_NAIVE; i++) vo_evaluation_fini(&e->benchmark[i]);
    for (size_t b = 0; b < VO_JUDGED_BATTERIES; b++)
        for (size_t k = 0; k < VO_JUDGED_MAX; k++) vo_backtest_free(e->table.capture[b][k]);
    vo_series_free(e->joined);
    vo_series_free(e->calendar);
    vo_inputs_fini(&e->in);
    vo_request_fini(&e->request);
    free(e);
}

vo_status vo_evaluate_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                          vo_error *err) {
    evaluation *e = calloc(1, sizeof *e);
    if (!e) return vo_fail(err, VO_ENOMEM, "an evaluation");
    e->o = o;
    vo_status s = read_request(e, request, err);
    if (s == VO_OK) s = read_methods(e, err);
    if (s == VO_OK) s = vo_inputs_load(o, &e->request, &e->in, err);
    const char *published = vo_request_text(&e->request, VO_EVA_published, NULL);
    if (s == VO_OK && published)
        s = vo_published_read(o, "published", published,
                              vo_request_text(&e->request, VO_REQ_tz, NULL), e->in.series,
                              &e->joined, err);
    if (s == VO_OK) s = check_room(e, err);
    if (s == VO_OK) s = choose_span(e, err);
    if (s == VO_OK) choose_levels(e);
    if (s == VO_OK) s = play_all(e, err);
    if (s == VO_OK) s = vo_evaluate_judge(&e->table, err);
    if (s == VO_OK) s = play_capture(e, err);
    if (s == VO_OK) s = write_all(e, w, err);
    fini(e);
    return s;
}
