/* compare.c -- see compare.h. */
#include "engine/compare.h"

#include <math.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/duel.h"
#include "engine/inputs.h"
#include "engine/members.h"
#include "engine/published.h"
#include "engine/response.h"
#include "learn/forecaster.h"
#include "policy/backtest.h"
#include "port/clock.h"
#include "port/thread.h"

#define MAX_POLICIES 48
#define MAX_NOTES 12

typedef struct {
    const vo_engine_options *o;
    vo_request request;
    vo_inputs in;
    vo_series *calendar; /* in.series with forecast columns, or NULL: in.series itself */
    vo_backtest_settings settings;
    vo_learning learning; /* each run has a copy with its own progress                       */
    char spec[MAX_POLICIES][VO_POLICY_SPEC_MAX];
    vo_backtest_result *result[MAX_POLICIES];
    double days_seen[MAX_POLICIES]; /* of those played, in its model's training; NAN: none */
    size_t n;
    char note[MAX_NOTES][400]; /* what a person should know of the days played */
    size_t n_notes;
    atomic_int permille[MAX_POLICIES]; /* how far each policy is                             */
    atomic_int trained[MAX_POLICIES];  /* and its training                                   */
    size_t n_learners;
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
                       "policies: \"%.60s\" is no name: a policy between two commas has 1 to "
                       "%d letters",
                       spec, VO_POLICY_SPEC_MAX - 1);
    snprintf(c->spec[c->n++], VO_POLICY_SPEC_MAX, "%.*s", (int)len, spec);
    return VO_OK;
}

static const char *const standard[] = {"perfect",      "threshold",     "spread",
                                       "cycle",        "mpc:naive_day", "mpc:naive_week",
                                       "mpc:epf_naive"};

static bool is_standard(const char *kind) {
    for (size_t i = 0; i < sizeof standard / sizeof standard[0]; i++)
        if (strncmp(standard[i], kind, strcspn(standard[i], ":")) == 0) return true;
    return false;
}

/* What training makes possible: mpc on every forecaster that learns, and every policy of the
 * list that is not standard. */
static vo_status add_learned(comparison *c, vo_error *err) {
    static const char *const forecaster[] = {
#define X(name, create, flags, help) (flags) & VO_FORECASTER_LEARNS ? "mpc:" #name : NULL,
        VO_FORECASTER_MAP(X)
#undef X
    };
    static const char *const policy[] = {
#define X(name, create, flags, help) #name,
        VO_POLICY_MAP(X)
#undef X
    };
    vo_status s = VO_OK;
    for (size_t i = 0; s == VO_OK && i < sizeof forecaster / sizeof forecaster[0]; i++)
        if (forecaster[i]) s = add_policy(c, forecaster[i], strlen(forecaster[i]), err);
    for (size_t i = 0; s == VO_OK && i < sizeof policy / sizeof policy[0]; i++)
        if (!is_standard(policy[i])) s = add_policy(c, policy[i], strlen(policy[i]), err);
    return s;
}

static vo_status add_all(comparison *c, vo_error *err) {
    vo_status s = VO_OK;
    for (size_t i = 0; s == VO_OK && i < sizeof standard / sizeof standard[0]; i++)
        s = add_policy(c, standard[i], strlen(standard[i]), err);
    for (size_t i = c->in.series->n_columns; s == VO_OK && i < calendar_of(c)->n_columns; i++) {
        char spec[VO_COLUMN_NAME + 16];
        snprintf(spec, sizeof spec, "mpc:column=%s", c->calendar->column[i].name);
        s = add_policy(c, spec, strlen(spec), err);
    }
    if (s == VO_OK && c->request.value[VO_CMP_train_until].json) s = add_learned(c, err);
    return s;
}

/* "a, b" */
static vo_status add_list(comparison *c, const char *list, vo_error *err) {
    if (strcmp(list, "all") == 0) return add_all(c, err);
    if (list[strspn(list, " ")] == '\0')
        return vo_fail(err, VO_EINVAL, "policies is empty: name some of %s, or write all",
                       vo_policy_names());
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

static vo_status load_forecasts(comparison *c, vo_error *err) {
    const char *path = vo_request_text(&c->request, VO_CMP_forecasts_file, NULL);
    if (!path) return VO_OK;
    return vo_published_read(c->o, "forecasts_file", path,
                             vo_request_text(&c->request, VO_REQ_tz, NULL), c->in.series,
                             &c->calendar, err);
}

/* ---- the days that forecasts cover --------------------------------------------------- */

static void add_note(comparison *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add_note(comparison *c, const char *fmt, ...) {
    if (c->n_notes == MAX_NOTES) return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(c->note[c->n_notes++], sizeof c->note[0], fmt, args);
    va_end(args);
}

/* The published forecasts that the policies use. */
static size_t used_columns(const comparison *c, const double **column) {
    size_t n = 0;
    for (size_t i = 0; c->calendar && i < c->n; i++) {
        const char *at = strstr(c->spec[i], ":column=");
        const double *x = at ? vo_series_find(c->calendar, at + 8) : NULL;
        if (x) column[n++] = x;
    }
    return n;
}

typedef struct {
    size_t days, covered; /* local days in the span, and those with every forecast       */
    size_t first, after;  /* intervals from the first covered day to the last one's end */
} coverage;

static coverage find_coverage(const comparison *c, const double **column, size_t n_columns,
                              size_t from) {
    const vo_series *s = c->in.series;
    coverage k = {.first = s->n, .after = s->n};
    for (size_t begin = from, t = from; begin < s->n; begin = t) {
        bool all = true;
        for (; t < s->n && s->day[t] == s->day[begin]; t++)
            for (size_t i = 0; all && i < n_columns; i++) all = isfinite(column[i][t]);
        k.days++;
        if (!all) continue;
        if (k.covered++ == 0) k.first = begin;
        k.after = t;
    }
    return k;
}

static void date_of(const comparison *c, size_t t, char out[40]) {
    vo_inputs_date(&c->in, t, out);
}

/* Without from and to, published forecasts are played where they are: *first moves to the first
 * day that all of them cover, and what lies behind the last one is cut off. */
static vo_status play_covered(comparison *c, size_t *first, vo_error *err) {
    const double *column[MAX_POLICIES];
    const size_t n = used_columns(c, column);
    if (n == 0 || c->in.part_asked) return VO_OK;
    const coverage k = find_coverage(c, column, n, *first);
    if (k.covered == 0)
        return vo_fail(err, VO_EINVAL,
                       "forecasts_file: no local day of the prices is covered by all %zu "
                       "forecasts that are played; name policies that share days, or give "
                       "from and to",
                       n);
    if (k.covered == k.days) return VO_OK;
    char a[40], b[40];
    date_of(c, k.first, a);
    date_of(c, k.after - 1, b);
    add_note(c, "played are the days that the forecasts cover, %s to %s, of %zu days", a, b,
             k.days);
    *first = k.first;
    c->in.series->n = c->calendar->n = c->in.problem.n = k.after;
    return VO_OK;
}

/* What is played and not forecast, once for all policies that suffer from it. */
static void note_gaps(comparison *c, size_t first) {
    const double *column[MAX_POLICIES];
    const size_t n = used_columns(c, column);
    if (n == 0) return;
    const coverage k = find_coverage(c, column, n, first);
    if (k.covered == k.days) return;
    char a[40] = "-", b[40] = "-";
    if (k.covered) {
        date_of(c, k.first, a);
        date_of(c, k.after - 1, b);
    }
    add_note(c,
             "the forecasts cover only %zu of the %zu days played (%s to %s): elsewhere "
             "epf_naive stands in for them, so these captures are not theirs alone",
             k.covered, k.days, a, b);
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

/* Called from every thread; one at a time gets through, the others do not wait. Training counts
 * as much as playing, so that what is told never falls back. */
static bool tell(comparison *c, const char *phase) {
    if (!atomic_flag_test_and_set(&c->reporting)) {
        int sum = 0;
        for (size_t i = 0; i < c->n; i++)
            sum += atomic_load(&c->permille[i]) + atomic_load(&c->trained[i]);
        const double all = (double)sum / (1000.0 * (double)(c->n + c->n_learners));
        if (c->o->progress(c->o->progress_ctx, phase, all) != 0) atomic_store(&c->stopped, 1);
        atomic_flag_clear(&c->reporting);
    }
    return !atomic_load(&c->stopped);
}

static bool progress(void *ctx, double fraction) {
    const progress_of *at = ctx;
    comparison *c = at->c;
    if (vo_policy_learns(c->spec[at->i])) atomic_store(&c->trained[at->i], 1000);
    atomic_store(&c->permille[at->i], (int)(fraction * 1000));
    return tell(c, "policies");
}

/* Of learners; refits on the way are told as what is played. */
static bool training_progress(void *ctx, const char *phase, double fraction, double loss) {
    (void)phase;
    (void)loss;
    const progress_of *at = ctx;
    comparison *c = at->c;
    if (atomic_load(&c->trained[at->i]) == 1000) return !atomic_load(&c->stopped);
    atomic_store(&c->trained[at->i], (int)(fraction * 999));
    return tell(c, "training");
}

/* Names the element of policies, and says it once. */
static vo_status refuse_policy(const comparison *c, size_t i, vo_status s, const char *why,
                               vo_error *err) {
    const vo_json *v = c->request.value[VO_CMP_policies].json;
    const bool says_itself = strncmp(why, "policy = ", 9) == 0;
    char place[32] = "policies";
    if (v && vo_json_kind_of(v) == VO_JSON_ARRAY)
        snprintf(place, sizeof place, "policies[%zu]", i);
    if (says_itself) return vo_fail(err, s, "%s = %.400s", place, why + 9);
    return vo_fail(err, s, "%s = \"%.80s\": %.400s", place, c->spec[i], why);
}

static vo_status run_one(void *ctx, size_t i, size_t worker, vo_error *err) {
    (void)worker;
    comparison *c = ctx;
    progress_of at = {c, i};
    vo_learning learning = c->learning;
    learning.progress = c->o->progress ? training_progress : NULL;
    learning.progress_ctx = &at;
    vo_backtest_settings settings = c->settings;
    settings.learning = &learning;
    settings.progress = c->o->progress ? progress : NULL;
    settings.progress_ctx = &at;
    vo_error inner = {0};
    const vo_status s = vo_backtest_run(&c->in.problem, calendar_of(c), c->spec[i], &settings,
                                        &c->result[i], &inner);
    if (s == VO_ECANCELED) return vo_fail(err, s, "stopped before every policy was done");
    if (s != VO_OK) return refuse_policy(c, i, s, inner.msg, err);
    atomic_store(&c->permille[i], 1000);
    return VO_OK;
}

/* The interval at which train_until falls; prices on both sides of it. */
static vo_status find_training_end(const comparison *c, const char *until, size_t *out,
                                   vo_error *err) {
    const vo_series *series = c->in.series;
    int64_t at_s = 0;
    const vo_status s = vo_inputs_instant(c->in.zone, until, "train_until", false, &at_s, err);
    if (s != VO_OK) return s;
    *out = vo_series_lower_bound(series, (vo_time){at_s});
    if (*out > 0 && *out < series->n) return VO_OK;
    char a[40], b[40];
    date_of(c, 0, a);
    date_of(c, series->n - 1, b);
    return vo_fail(err, VO_EINVAL,
                   "train_until = \"%.40s\": there are prices from %s to %s, and some must lie "
                   "before it to learn from and some behind it to settle on",
                   until, a, b);
}

/* Where training ends, which is where the part played begins unless it was asked to begin
 * later: a policy is never paid for days it was trained on. */
static vo_status choose_training(comparison *c, size_t *first, vo_error *err) {
    const vo_request *r = &c->request;
    const vo_series *series = c->in.series;
    const char *until = vo_request_text(r, VO_CMP_train_until, NULL);
    if (!until && r->value[VO_CMP_train_days].json)
        return vo_fail(err, VO_EINVAL,
                       "train_days goes with train_until: give both, or neither");
    if (!until) return VO_OK;
    size_t end = 0, from = 0;
    const vo_status s = find_training_end(c, until, &end, err);
    if (s != VO_OK) return s;
    const int32_t days = (int32_t)vo_request_number(r, VO_CMP_train_days, 0);
    while (days > 0 && series->day[end - 1] - series->day[from] >= days) from++;
    c->settings.train_from = from;
    c->settings.train_until = end;

    size_t begin = end; /* of the first whole local day after the training */
    while (begin < series->n && series->day[begin] == series->day[begin - 1]) begin++;
    char date[40];
    if (begin == series->n) {
        date_of(c, series->n - 1, date);
        return vo_fail(err, VO_EINVAL,
                       "train_until = \"%.40s\" leaves no whole local day to settle on: the "
                       "prices end on %s",
                       until, date);
    }
    if (begin <= *first) return VO_OK;
    date_of(c, begin, date);
    if (*first > 0)
        add_note(c, "played from %s: what lies before train_until is learned from, not settled",
                 date);
    *first = begin;
    return VO_OK;
}

/* First and last interval played: what was asked for, or what forecasts cover, less the days
 * skipped. */
static vo_status choose_days(comparison *c, vo_error *err) {
    const int32_t skip = (int32_t)vo_request_number(&c->request, VO_CMP_skip_days, 0);
    const vo_series *series = c->in.series;
    size_t first = c->in.first;
    vo_status s = choose_training(c, &first, err);
    if (s == VO_OK) s = play_covered(c, &first, err);
    if (s != VO_OK) return s;
    const int32_t from_day = series->day[first];
    while (first < series->n && series->day[first] - from_day < skip) first++;
    if (first == series->n)
        return vo_fail(err, VO_EINVAL, "skip_days = %d leaves no day of %d to play", skip,
                       series->day[series->n - 1] - from_day + 1);
    c->settings.first = first;
    note_gaps(c, first);
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
    c->learning.seed = st->seed;
    c->learning.threads = 1; /* policies already run on all */
    c->learning.recalibrate_days = (int32_t)vo_request_number(r, VO_CMP_recalibrate_days, 28);
    c->learning.refit_loaded = r->value[VO_CMP_recalibrate_days].json != NULL;
    if (st->horizon_h > 0 && protocol == 0)
        return vo_fail(err, VO_EINVAL,
                       "lookahead_h = %g with the protocol \"planned\", which plans each local "
                       "day to its end: drop it, or take protocol = \"rolling\"",
                       st->horizon_h);
    for (size_t i = 0; i < c->n; i++) c->n_learners += vo_policy_learns(c->spec[i]);
    return choose_days(c, err);
}

/* ---- what models have seen of it ----------------------------------------------------- */

/* The id in "q_learning=ID" and "mpc:gbt=ID"; NULL: none, or a column. */
static const char *model_of(const char *spec) {
    const char *at = strchr(spec, '=');
    return at && !strstr(spec, ":column=") ? at + 1 : NULL;
}

/* Days on which a trained model's profit is flattered. A model that is not there is refused where
 * it is played, and one whose data are not told is not judged. */
static void note_days_seen(comparison *c) {
    vo_registry *registry = NULL;
    for (size_t i = 0; i < c->n; i++) {
        vo_registry_found found = {{0}, {0}, {0}};
        const char *name = model_of(c->spec[i]);
        c->days_seen[i] = (double)NAN;
        if (!name) continue;
        vo_status s = registry ? VO_OK : vo_registry_open(c->o->models, NULL, &registry, NULL);
        if (s == VO_OK) s = vo_registry_get(registry, name, &found, NULL);
        if (s == VO_OK)
            s = vo_days_seen(c->in.series, c->settings.first, registry, &found,
                             &c->days_seen[i], NULL);
        if (s != VO_OK || !(c->days_seen[i] > 0)) continue;
        add_note(c, "%.80s has learned from %.0f of these %zu days: its figures are flattered",
                 c->spec[i], ceil(c->days_seen[i]), c->result[i]->n_days);
    }
    vo_registry_close(registry);
}

/* ---- writing ---------------------------------------------------------------------- */

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

static void write_policy(const comparison *c, size_t i, bool days, bool curves,
                         vo_json_out *w) {
    const vo_backtest_result *r = c->result[i];
    vo_json_out_object(w);
    vo_member_text(w, "policy", r->policy);
    vo_member_number(w, "profit", r->profit);
    vo_member_number(w, "perfect_profit", r->perfect_profit);
    vo_member_number(w, "capture", r->capture);
    vo_member_number(w, "capture_low", r->capture_low);
    vo_member_number(w, "capture_high", r->capture_high);
    vo_member_number(w, "regret", 1 - r->capture);
    vo_member_number(w, "cycles", r->cycles);
    vo_member_number(w, "charged_mwh", r->charged_mwh);
    vo_member_number(w, "discharged_mwh", r->discharged_mwh);
    vo_member_number(w, "charging_h", r->charging_h);
    vo_member_number(w, "discharging_h", r->discharging_h);
    vo_member_number(w, "idle_h", r->idle_h);
    vo_json_out_key(w, "worst_day");
    vo_json_out_object(w);
    vo_member_text(w, "date", r->worst_date);
    vo_member_number(w, "profit", r->worst_profit);
    vo_json_out_end(w);
    vo_member_number(w, "violations", r->violations);
    vo_json_out_key(w, "certified");
    vo_json_out_bool(w, r->certified);
    vo_member_number(w, "us_per_decision", r->us_per_decision);
    vo_member_number(w, "train_s", r->train_s);
    vo_member_number(w, "days_seen_in_training", c->days_seen[i]);
    vo_member_number(w, "decisions", (double)r->decisions);
    vo_member_number(w, "held", (double)r->held);
    vo_member_number(w, "filled", (double)r->filled);
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
    vo_member_text(w, "protocol", vo_protocol_name(c->settings.protocol));
    vo_json_out_key(w, "days_alone");
    vo_json_out_bool(w, c->settings.days_alone);
    vo_inputs_date(&c->in, c->settings.first, date);
    vo_member_text(w, "first_day", date);
    vo_inputs_date(&c->in, c->in.series->n - 1, date);
    vo_member_text(w, "last_day", date);
    vo_member_number(w, "days", (double)c->result[0]->n_days);
    vo_member_number(w, "history_days", c->in.series->day[c->settings.first]);
    if (c->settings.train_until > 0) {
        vo_member_text(w, "train_until", vo_request_text(&c->request, VO_CMP_train_until, ""));
        vo_inputs_date(&c->in, c->settings.train_from, date);
        vo_member_text(w, "train_from", date);
        vo_member_number(w, "recalibrate_days", c->learning.recalibrate_days);
    }
    vo_member_number(w, "confidence", c->settings.confidence);
    vo_json_out_key(w, "notes");
    vo_json_out_array(w);
    for (size_t i = 0; i < c->n_notes; i++) vo_json_out_string(w, c->note[i]);
    vo_json_out_end(w);
    vo_json_out_key(w, "prices");
    vo_json_out_object(w);
    vo_response_inputs(&c->in, w);
    vo_json_out_end(w);
    vo_response_batteries(&c->request, w);
    vo_json_out_key(w, "policies");
    vo_json_out_array(w);
    for (size_t i = 0; i < c->n; i++) write_policy(c, i, days, curves, w);
    vo_json_out_end(w);
    if (days) write_dates(c->result[0], w);
    if (curves) write_curves(c, w);
    vo_json_out_end(w);
}

vo_status vo_compare_run(const vo_engine_options *o, const char *request, bool days,
                         vo_json_out *w, vo_error *err) {
    return vo_compare_run_with(o, request, days, NULL, w, err);
}

/* Kinds of policies, and what their forecasters are called, before any of them plays. */
static vo_status check_policies(const comparison *c, vo_error *err) {
    const vo_json *v = c->request.value[VO_CMP_policies].json;
    char place[32] = "policies";
    for (size_t i = 0; i < c->n; i++) {
        const char *list = vo_policy_names();
        const size_t len = strcspn(c->spec[i], ":=");
        bool known = false;
        for (const char *p = list; !known && *p; p += strspn(p, ", ")) {
            const size_t n = strcspn(p, ",");
            known = n == len && memcmp(p, c->spec[i], n) == 0;
            p += n;
        }
        if (known) continue;
        if (v && vo_json_kind_of(v) == VO_JSON_ARRAY)
            snprintf(place, sizeof place, "policies[%zu]", i);
        return vo_fail(err, VO_EINVAL, "%s = \"%.60s\" is unknown: use one of %s", place,
                       c->spec[i], list);
    }
    return VO_OK;
}

vo_status vo_compare_check(const vo_engine_options *o, const char *request, vo_error *err) {
    comparison *c = calloc(1, sizeof *c);
    if (!c) return vo_fail(err, VO_ENOMEM, "a comparison");
    c->o = o;
    vo_status s = vo_request_read(request, VO_REQUEST_COMPARE, &c->request, err);
    if (s == VO_OK) s = vo_inputs_load(o, &c->request, &c->in, err);
    if (s == VO_OK) s = load_forecasts(c, err);
    if (s == VO_OK) s = read_policies(c, err);
    if (s == VO_OK) s = check_policies(c, err);
    if (s == VO_OK) s = read_settings(c, err);
    vo_series_free(c->calendar);
    vo_inputs_fini(&c->in);
    vo_request_fini(&c->request);
    free(c);
    return s;
}

vo_status vo_compare_run_with(const vo_engine_options *o, const char *request, bool days,
                              const vo_learning *models, vo_json_out *w, vo_error *err) {
    comparison *c = calloc(1, sizeof *c);
    if (!c) return vo_fail(err, VO_ENOMEM, "a comparison");
    c->o = o;
    if (models) {
        c->learning.model = models->model;
        c->learning.model_ctx = models->model_ctx;
    }
    atomic_flag_clear(&c->reporting);
    vo_status s = vo_request_read(request, VO_REQUEST_COMPARE, &c->request, err);
    if (s == VO_OK) s = vo_inputs_load(o, &c->request, &c->in, err);
    if (s == VO_OK) s = load_forecasts(c, err);
    if (s == VO_OK) s = read_policies(c, err);
    if (s == VO_OK) s = read_settings(c, err);
    if (s == VO_OK) s = vo_thread_for(c->n, (size_t)o->threads, run_one, c, err);
    if (s == VO_OK) note_days_seen(c);
    if (s == VO_OK) write_all(c, days, w);
    for (size_t i = 0; i < c->n; i++) vo_backtest_free(c->result[i]);
    vo_series_free(c->calendar);
    vo_inputs_fini(&c->in);
    vo_request_fini(&c->request);
    free(c);
    return s;
}
