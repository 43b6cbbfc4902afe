/* decide.c -- see decide.h.
 *
 * The series is made longer by the window where that reaches behind the prices given; the policy
 * sees a row that is NAN from the first price on that is not known, as in a backtest.
 */
#include "engine/decide.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/inputs.h"
#include "engine/learn_world.h"
#include "engine/members.h"
#include "engine/model_cache.h"
#include "policy/backtest.h"
#include "policy/confidence.h"

#define MOST_AHEAD 20000 /* intervals of a window */
#define TWO_DAYS_H 50
#define JUDGED_BY_H 24 /* of prices, at the least, say how far off the next ones may be */

enum { MOST_NOTES = 3 };

typedef struct {
    const vo_engine_options *o;
    vo_request request;
    vo_inputs in;
    vo_learn_world world;
    vo_registry_found model;   /* "" if the policy names none                           */
    const vo_kept_model *kept; /* the same in the engine's cache, or NULL             */
    char spec[VO_POLICY_SPEC_MAX], kind[24];
    vo_method method;        /* of its plans; COUNT: it has none (q_learning)         */
    vo_series *longer;       /* in.series and the window, where that is longer        */
    const vo_series *series; /* that, or in.series                                    */
    vo_problem site;         /* over series                                           */
    double *owned[VO_SITE_FIELDS], *price, *export_price, *power_mw;
    size_t given, known, now, to; /* prices there are; that count; window now .. to-1 */
    const vo_json *forecast;
    size_t n_forecast;
    bool export_known; /* export_price is a tariff                               */
    double stored_mwh, day_left_mwh, span_left_mwh;
    vo_policy *policy;
    vo_policy_view view;
    vo_policy_why why;
    double mw, after_mwh, confidence;
    bool held; /* nothing could be forecast */
    char note[MOST_NOTES][240];
    size_t n_notes;
} decide;

static void add_note(decide *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add_note(decide *d, const char *fmt, ...) {
    va_list args;
    if (d->n_notes == MOST_NOTES) return;
    va_start(args, fmt);
    vsnprintf(d->note[d->n_notes++], sizeof d->note[0], fmt, args);
    va_end(args);
}

/* ---- what is asked ------------------------------------------------------------------------- */

/* The text after the policy's colon: its forecaster; NULL: none is named. */
static const char *forecaster_of(const decide *d) {
    const char *colon = strchr(d->spec, ':');
    return colon ? colon + 1 : NULL;
}

static bool is_policy(const char *kind) {
    static const char *const name[] = {
#define X(name, create, flags, help) #name,
        VO_POLICY_MAP(X)
#undef X
    };
    for (size_t i = 0; i < sizeof name / sizeof name[0]; i++)
        if (strcmp(name[i], kind) == 0) return true;
    return false;
}

/* All but perfect, which stands first. */
static const char *names_here(void) {
    static const char not_here[] = "perfect, ";
    const char *names = vo_policy_names();
    return strncmp(names, not_here, sizeof not_here - 1) == 0 ? names + sizeof not_here - 1
                                                              : names;
}

static vo_status read_policy(decide *d, vo_error *err) {
    const char *spec = vo_request_text(&d->request, VO_DEC_policy, "mpc");
    const size_t len = strcspn(spec, ":=");
    if (strlen(spec) >= sizeof d->spec)
        return vo_fail(err, VO_EINVAL, "policy = \"%.40s...\" is longer than %d characters",
                       spec, VO_POLICY_SPEC_MAX - 1);
    snprintf(d->spec, sizeof d->spec, "%s", spec);
    snprintf(d->kind, sizeof d->kind, "%.*s", (int)(len < 23 ? len : 23), spec);
    if (!is_policy(d->kind))
        return vo_fail(err, VO_EINVAL, "policy = \"%.60s\" is unknown: use one of %s", spec,
                       names_here());
    if (strcmp(d->kind, "perfect") == 0)
        return vo_fail(err, VO_EINVAL,
                       "policy = \"perfect\" knows prices that nobody knows yet and trades "
                       "nowhere: use mpc, with the prices that are known");
    if (vo_policy_learns(spec))
        return vo_fail(err, VO_EINVAL,
                       "policy = \"%.60s\" learns, and a decision is no time for it: name a "
                       "trained model, \"%.60s=ID\" (`volteo models list` shows them)",
                       spec, spec);
    if (strncmp(spec, "threshold:", 10) == 0)
        return vo_fail(err, VO_EINVAL,
                       "policy = \"%.60s\": threshold holds the present price against those "
                       "that are known and asks no forecaster, write \"threshold\"",
                       spec);
    d->method = strcmp(d->kind, "threshold") == 0    ? VO_METHOD_THRESHOLD
                : strcmp(d->kind, "spread") == 0     ? VO_METHOD_SPREAD
                : strcmp(d->kind, "cycle") == 0      ? VO_METHOD_CYCLE
                : strcmp(d->kind, "q_learning") == 0 ? VO_METHOD_COUNT
                                                     : VO_METHOD_EXACT;
    return VO_OK;
}

static vo_status read_forecast(decide *d, vo_error *err) {
    const vo_json *v = d->request.value[VO_DEC_forecast].json;
    if (!v) return VO_OK;
    if (vo_json_kind_of(v) != VO_JSON_ARRAY || vo_json_size(v) == 0)
        return vo_fail(err, VO_EINVAL,
                       "forecast is %s: must be an array of prices to come, the first for the "
                       "interval behind the last known",
                       vo_json_kind_of(v) == VO_JSON_ARRAY ? "empty" : vo_fields_kind(v));
    if (vo_json_size(v) > MOST_AHEAD)
        return vo_fail(err, VO_EINVAL, "forecast has %zu values: at most %d", vo_json_size(v),
                       MOST_AHEAD);
    if (forecaster_of(d))
        return vo_fail(err, VO_EINVAL,
                       "forecast and policy = \"%.60s\", which has a forecaster: give one of "
                       "them",
                       d->spec);
    if (strcmp(d->kind, "stochastic") == 0)
        return vo_fail(err, VO_EINVAL,
                       "forecast is one price per interval, and stochastic weighs "
                       "distributions: use policy mpc with it, or name a forecaster");
    d->forecast = v;
    d->n_forecast = vo_json_size(v);
    return VO_OK;
}

/* Which interval is the present one, and how many prices count. */
static vo_status find_now(decide *d, vo_error *err) {
    const vo_request *r = &d->request;
    const vo_series *s = d->in.series;
    const char *at = vo_request_text(r, VO_DEC_at, NULL);
    d->given = s->n;
    d->known = (size_t)vo_request_number(r, VO_DEC_known, (double)s->n);
    if (d->known > s->n)
        return vo_fail(err, VO_EINVAL, "known = %zu: there are %zu prices", d->known, s->n);
    d->now = d->known - 1;
    if (!at) return VO_OK;
    int64_t at_s = 0;
    const vo_status st = vo_inputs_instant(d->in.zone, at, "at", false, &at_s, err);
    if (st != VO_OK) return st;
    size_t i = vo_series_lower_bound(s, (vo_time){at_s});
    if (i == s->n || s->start[i].s > at_s) { /* within the interval before */
        if (i == 0) {
            char first[40];
            vo_inputs_stamp(&d->in, 0, first);
            return vo_fail(err, VO_EINVAL, "at = \"%.40s\" lies before the first price, at %s",
                           at, first);
        }
        i--;
    }
    const double end_s = (double)s->start[i].s + s->dt_h[i] * 3600;
    const bool behind = (double)at_s >= end_s;
    if (behind || i > d->known || (i == d->known && !d->forecast)) {
        if (behind && d->forecast && d->known == s->n &&
            (double)at_s < end_s + s->dt_h[i] * 3600) {
            d->now = d->known; /* the forecast begins with the present interval */
            return VO_OK;
        }
        char last[40];
        vo_inputs_stamp(&d->in, d->known - 1, last);
        return vo_fail(err, VO_EINVAL,
                       "at = \"%.40s\": no price is known for then (the last is that of %s): "
                       "give it, or as the first of forecast",
                       at, last);
    }
    d->now = i;
    return VO_OK;
}

static size_t at_least(size_t a, size_t b) { return a > b ? a : b; }

/* Intervals of the window: as asked, to the end of the forecast or of what is known, or as a
 * rolling backtest has it: to the end of the next local day (NOT_YET: the calendar says). */
#define NOT_YET SIZE_MAX
static size_t window_asked(const decide *d) {
    const double dt_h = d->in.series->dt_h[d->in.series->n - 1];
    const double ahead_h = vo_request_number(&d->request, VO_DEC_lookahead_h, 0);
    if (ahead_h > 0) {
        double h = 0;
        size_t n = 0;
        for (; h < ahead_h * (1 - 1e-9) && n <= MOST_AHEAD; n++)
            h += d->now + n < d->given ? d->in.series->dt_h[d->now + n] : dt_h;
        return n;
    }
    if (d->forecast) return at_least(d->known + d->n_forecast - d->now, 1);
    if (d->known > d->now + 1) return d->known - d->now;
    return NOT_YET;
}

static vo_status frame_window(decide *d, vo_error *err) {
    const vo_series *s = d->in.series;
    const double dt_h = s->dt_h[s->n - 1];
    size_t n = window_asked(d);
    const bool by_day = n == NOT_YET;
    if (by_day) n = (size_t)ceil(TWO_DAYS_H / dt_h);
    if (n > MOST_AHEAD)
        return vo_fail(err, VO_EINVAL,
                       "a window of more than %d intervals of %g min: give lookahead_h",
                       MOST_AHEAD, 60 * dt_h);
    if (d->forecast && d->now + n > d->known + d->n_forecast)
        return vo_fail(err, VO_EINVAL,
                       "forecast has %zu values, lookahead_h asks for %zu: make them as many",
                       d->n_forecast, d->now + n - d->known);
    d->to = d->now + n;
    vo_status st = VO_OK;
    if (d->to > s->n) st = vo_series_extend(s, d->to - s->n, d->in.zone, &d->longer, err);
    if (st != VO_OK) return st;
    d->series = d->longer ? d->longer : s;
    if (by_day)
        while (d->to > d->now + 1 && d->series->day[d->to - 1] > d->series->day[d->now] + 1)
            d->to--;
    return VO_OK;
}

/* ---- the site, as far as the window --------------------------------------------------------- */

static vo_status stretch(decide *d, const double **x, size_t field, vo_error *err) {
    static const char *const names[] = {
#define X(name, lo, unit, help) #name,
        VO_SITE_FIELD_MAP(X)
#undef X
    };
    const vo_json *v = d->request.value[VO_REQ_SITE + field].json;
    const size_t n = d->series->n;
    if (!*x || n == d->given) return VO_OK;
    const bool number = v && vo_json_kind_of(v) == VO_JSON_NUMBER;
    const bool guessed = field == VO_SITE_export_price && !d->export_known;
    if (!number && !guessed && d->to > d->given)
        return vo_fail(err, VO_EINVAL,
                       "%s has %zu values, and the decision looks %zu intervals farther: give "
                       "prices and %s for those too, say with known how many of the prices are "
                       "known; or a shorter lookahead_h",
                       names[field], d->given, d->to - d->given, names[field]);
    double *to = d->owned[field] = malloc(n * sizeof *to);
    if (!to) return vo_fail(err, VO_ENOMEM, "%s of %zu intervals", names[field], n);
    memcpy(to, *x, d->given * sizeof *to);
    for (size_t t = d->given; t < n; t++) to[t] = number ? (*x)[0] : (double)NAN;
    *x = to;
    return VO_OK;
}

static vo_status build_site(decide *d, vo_error *err) {
    vo_problem *p = &d->site;
    *p = d->in.problem;
    p->n = d->series->n;
    p->day = d->series->day;
    if (p->dt_h) p->dt_h = d->series->dt_h;
    const double **field[] = {&p->export_price,       &p->load_mw,          &p->pv_mw,
                              &p->import_limit_mw,    &p->export_limit_mw,  &p->charge_limit_mw,
                              &p->discharge_limit_mw, &p->carbon_kg_per_mwh};
    _Static_assert(sizeof field / sizeof field[0] == VO_SITE_FIELDS, "one per site field");
    const vo_json *v = d->request.value[VO_REQ_SITE + VO_SITE_export_price].json;
    d->export_known = vo_request_number(&d->request, VO_DEC_export_price_known, 0) > 0 ||
                      d->request.value[VO_REQ_tariff].json ||
                      (v && vo_json_kind_of(v) == VO_JSON_NUMBER);
    vo_status st = VO_OK;
    for (size_t i = 0; i < VO_SITE_FIELDS && st == VO_OK; i++)
        st = stretch(d, field[i], i, err);
    return st;
}

/* Prices as far as they are known; a forecast of the request's own is believed like a price by
 * what plans on one, and stands for the present one where that is not known. */
static vo_status fill_prices(decide *d, vo_error *err) {
    const size_t n = d->series->n;
    d->price = malloc(n * sizeof *d->price);
    d->power_mw = calloc(d->to - d->now, sizeof *d->power_mw);
    if (d->site.export_price) d->export_price = malloc(n * sizeof *d->export_price);
    if (!d->price || !d->power_mw || (d->site.export_price && !d->export_price))
        return vo_fail(err, VO_ENOMEM, "a decision over %zu intervals", n);
    for (size_t t = 0; t < n; t++) {
        d->price[t] = t < d->known ? d->in.problem.price[t] : (double)NAN;
        if (d->export_price)
            d->export_price[t] = t < d->known ? d->site.export_price[t] : (double)NAN;
    }
    for (size_t i = 0; i < d->n_forecast; i++) {
        const vo_json *v = vo_json_at(d->forecast, i);
        const double x = vo_json_kind_of(v) == VO_JSON_NUMBER ? vo_json_number(v) : (double)NAN;
        if (!(fabs(x) <= 1e9))
            return vo_fail(err, VO_EINVAL, "forecast[%zu] is %s: must be a number within 1e9",
                           i, vo_fields_kind(v));
        if (d->known + i >= n) continue;
        d->price[d->known + i] = x;
        if (d->export_price) /* exports keep their distance from the price */
            d->export_price[d->known + i] =
                x + d->site.export_price[d->known - 1] - d->price[d->known - 1];
    }
    return VO_OK;
}

/* ---- the state ------------------------------------------------------------------------------ */

static void read_state(decide *d) {
    const vo_request *r = &d->request;
    const vo_battery *b = d->site.battery;
    const double usable = vo_battery_usable_mwh(b), any = (double)INFINITY;
    d->stored_mwh = vo_request_number(r, VO_DEC_soc, b->initial_soc) * b->capacity_mwh;
    d->day_left_mwh = isfinite(b->max_cycles_per_day)
                          ? fmax(b->max_cycles_per_day * usable -
                                     vo_request_number(r, VO_DEC_day_discharged_mwh, 0),
                                 0)
                          : any;
    d->span_left_mwh =
        isfinite(b->max_cycles)
            ? fmax(b->max_cycles * usable - vo_request_number(r, VO_DEC_discharged_mwh, 0), 0)
            : any;
}

static vo_status find_model(decide *d, vo_error *err) {
    const char *name = strchr(d->spec, '=');
    const char *forecaster = forecaster_of(d);
    vo_registry *registry = NULL;
    vo_status s;
    if (!name || (forecaster && strncmp(forecaster, "column=", 7) == 0)) return VO_OK;
    if (d->o->kept) {
        s = vo_model_cache_take(d->o->kept, name + 1, &d->kept, err);
        if (s == VO_OK) d->model = d->kept->found;
    } else {
        s = vo_registry_open(d->o->models, NULL, &registry, err);
        if (s == VO_OK) s = vo_registry_get(registry, name + 1, &d->model, err);
        vo_registry_close(registry);
    }
    if (s != VO_OK) return s;
    const size_t head = (size_t)(name - d->spec) + 1;
    char exact[2 * VO_REGISTRY_NAME + 2];
    snprintf(exact, sizeof exact, "%s@%s", d->model.id, d->model.version);
    if (head + strlen(exact) >= sizeof d->spec)
        return vo_fail(err, VO_EINVAL, "policy = \"%.60s...\" is longer than %d characters",
                       d->spec, VO_POLICY_SPEC_MAX - 1);
    memcpy(d->spec + head, exact, strlen(exact) + 1);
    return VO_OK;
}

/* ---- the action ------------------------------------------------------------------------------ */

/* The power nearest to what was planned that battery and allowances permit; rounding is none. */
static double possible(const decide *d, double want) {
    const vo_battery *b = d->site.battery;
    const double dt_h = d->site.dt_h ? d->site.dt_h[d->now] : d->site.interval_h;
    const vo_battery_interval over = vo_battery_over(b, dt_h);
    const double kept = over.keep * d->stored_mwh;
    const double *charge = d->site.charge_limit_mw, *discharge = d->site.discharge_limit_mw;
    double most;
    if (want > 0) {
        most = discharge ? fmin(b->discharge_mw, discharge[d->now]) : b->discharge_mw;
        most = fmin(most, fmin(d->day_left_mwh, d->span_left_mwh) / dt_h);
        most = fmin(most, fmax(kept - b->min_soc * b->capacity_mwh, 0) / (over.drain * dt_h));
    } else {
        most = charge ? fmin(b->charge_mw, charge[d->now]) : b->charge_mw;
        most = fmin(most, fmax(b->max_soc * b->capacity_mwh - kept, 0) / (over.gain * dt_h));
    }
    const double mw = fmin(fabs(want), most);
    if (mw <= 1e-9 * fmax(b->charge_mw, b->discharge_mw)) return 0;
    return want > 0 ? mw : -mw;
}

static void play(decide *d) {
    const double dt_h = d->site.dt_h ? d->site.dt_h[d->now] : d->site.interval_h;
    const vo_battery_interval over = vo_battery_over(d->site.battery, dt_h);
    d->mw = possible(d, d->power_mw[0]);
    d->after_mwh = over.keep * d->stored_mwh + over.gain * fmax(-d->mw, 0) * dt_h -
                   over.drain * fmax(d->mw, 0) * dt_h;
}

static int direction(double mw) { return (mw > 0) - (mw < 0); }

/* Before the first interval of the present day? If not, levels are of all that is known. */
static bool first_day(const decide *d) { return d->series->day[d->now] == d->series->day[0]; }

/* Prices that the size of errors can be taken from: as many hours as are known, or said in a
 * forecast whose errors nobody states. */
static bool has_history(const decide *d) {
    const vo_series *s = d->series;
    const size_t n = d->known + d->n_forecast;
    double h = 0;
    for (size_t t = 0; t < n && t < s->n; t++)
        if (!isnan(d->price[t])) h += s->dt_h[t];
    return h > JUDGED_BY_H * (1 - 1e-9);
}

static vo_status judge(decide *d, const vo_policy_world *world, vo_error *err) {
    const vo_request *r = &d->request;
    const vo_series *s = d->series;
    vo_policy_view view = d->view;
    const double error = vo_request_number(r, VO_DEC_forecast_error, (double)NAN);
    size_t n = d->known;
    if (d->held) return VO_OK; /* it knows nothing: confidence 0 */
    if (d->method == VO_METHOD_COUNT) {
        d->confidence = isnan(d->why.confidence) ? 0 : d->why.confidence;
        return VO_OK;
    }
    if (d->method == VO_METHOD_THRESHOLD) {
        if (!world->levels_of_all_known)
            for (n = d->now; n > 0 && s->day[n - 1] == s->day[d->now];) n--;
        d->confidence =
            vo_confidence_levels(d->price, n, d->price[d->now], world->low_percentile,
                                 world->high_percentile, direction(d->mw));
        return VO_OK;
    }
    if (!d->why.price) return VO_OK;
    view.known = d->known > d->now ? d->known : d->now;
    if (view.known > view.to) view.known = view.to;
    if (view.known < view.to && !r->value[VO_DEC_forecast_error].json && !has_history(d)) {
        d->confidence = (double)NAN;
        add_note(d,
                 "no confidence: fewer than %d h of prices are known, no history to judge by; "
                 "give more prices, or forecast_error",
                 JUDGED_BY_H);
        return VO_OK;
    }
    const bool given = d->forecast || r->value[VO_DEC_forecast_error].json;
    const char *forecaster = forecaster_of(d);
    if (!forecaster) forecaster = "epf_naive";
    return vo_confidence_plan(world, &view, given ? NULL : forecaster, d->method, d->why.price,
                              NULL, error, d->mw, &d->confidence, err);
}

/* A forecaster that was named, and was not what spoke. */
static void note_filled(decide *d) {
    const size_t filled = vo_policy_count(d->policy).filled;
    if (filled == 0 || !forecaster_of(d)) return;
    add_note(d,
             "%.60s says nothing of %zu of the %zu intervals planned: naive forecasts stand in "
             "there",
             forecaster_of(d), filled, d->to - d->now);
}

static vo_status act(decide *d, vo_error *err) {
    const vo_battery *b = d->site.battery;
    const bool initial = b->final_kind == VO_FINAL_AT_LEAST_INITIAL;
    const vo_request *r = &d->request;
    const vo_policy_world world = {
        .site = &d->site,
        .calendar = d->series,
        .longest = d->to - d->now,
        .low_percentile = vo_request_number(r, VO_REQ_low_percentile, 25),
        .high_percentile = vo_request_number(r, VO_REQ_high_percentile, 75),
        .export_price_known = d->export_known,
        .levels_of_all_known = first_day(d),
        .learning = d->world.o ? &d->world.learning : NULL,
    };
    const bool plans = d->method != VO_METHOD_THRESHOLD && d->method != VO_METHOD_COUNT;
    size_t seen = d->known;
    if (d->forecast) seen = plans ? d->to : at_least(d->known, d->now + 1);
    for (size_t t = seen; t < d->series->n; t++) d->price[t] = (double)NAN;
    d->view = (vo_policy_view){
        .from = d->now,
        .to = d->to,
        .known = seen < d->to ? seen : d->to,
        .price = d->price,
        .export_price = d->export_price,
        .stored_mwh = d->stored_mwh,
        .day_left_mwh = d->day_left_mwh,
        .span_left_mwh = d->span_left_mwh,
        .final_kind = initial ? VO_FINAL_AT_LEAST : b->final_kind,
        .final_soc = initial ? b->initial_soc : b->final_soc,
        .only_first = 1,
    };
    vo_status st = vo_policy_create(d->spec, &world, &d->policy, err);
    if (st == VO_OK) st = vo_policy_plan(d->policy, &d->view, d->power_mw, err);
    if (st != VO_OK) return st;
    play(d);
    d->held = vo_policy_count(d->policy).held > 0;
    note_filled(d);
    st = vo_policy_explain(d->policy, &d->view, d->mw, &d->why, err);
    if (st == VO_OK && d->why.by_lp)
        add_note(d, "flip prices are not computed by lp, which this window needs");
    return st == VO_OK ? judge(d, &world, err) : st;
}

/* ---- the document ----------------------------------------------------------------------------- */

static void clause(char *out, size_t size, const char *words, double x) {
    const size_t len = strlen(out);
    if (!isnan(x)) snprintf(out + len, size - len, "%s%.2f", words, x);
}

/* The words for an action: why it holds, where it does. */
static const char *doing(const decide *d) {
    const vo_battery *b = d->site.battery;
    const double soc = d->stored_mwh / b->capacity_mwh;
    return d->mw < 0                  ? "charging"
           : d->mw > 0                ? "discharging"
           : soc >= b->max_soc - 1e-9 ? "full"
           : soc <= b->min_soc + 1e-9 ? "empty"
                                      : "holding";
}

/* A level says to act, and it holds: what keeps it. NULL: it does as the level says. */
static const char *kept_by(const decide *d, double price) {
    const vo_battery *b = d->site.battery;
    const double soc = d->stored_mwh / b->capacity_mwh;
    if (d->mw != 0) return NULL;
    if (price <= d->why.low) {
        if (soc >= b->max_soc - 1e-9) return "and no room to charge into";
        return "but a limit of the site leaves no charging";
    }
    if (price < d->why.high) return NULL;
    if (soc <= b->min_soc + 1e-9) return "and nothing to discharge";
    if (!(fmin(d->day_left_mwh, d->span_left_mwh) > 0))
        return "but the cycle limit leaves no discharging";
    return "but a limit of the site, or the rule for the end, leaves no discharging";
}

static void explain_levels(const decide *d, double price, char *out, size_t size) {
    const vo_policy_why *y = &d->why;
    if (isnan(y->low)) {
        snprintf(out, size, "holding: no prices are known to take levels from");
        return;
    }
    const char *kept = kept_by(d, price);
    const char *where = price <= y->low    ? "cheap, at or below"
                        : price >= y->high ? "dear, at or above"
                                           : "between the levels,";
    snprintf(out, size, "%s at %.2f: %s %.2f", doing(d), price, where,
             price > y->low && price >= y->high ? y->high : y->low);
    if (price > y->low && price < y->high) clause(out, size, " and ", y->high);
    const size_t len = strlen(out);
    if (kept) snprintf(out + len, size - len, ", %s", kept);
}

static void explain(const decide *d, char *out, size_t size) {
    const double price = d->price[d->now];
    const char *words = doing(d);
    if (d->held) {
        snprintf(
            out, size,
            "holding: nothing to go by; prices of the days before, or forecast, would tell");
        return;
    }
    if (d->method == VO_METHOD_THRESHOLD) {
        explain_levels(d, price, out, size);
        return;
    }
    if (strcmp(words, "holding") == 0) words = "waiting";
    snprintf(out, size, "%s at %.2f", words, price);
    if (d->mw < 0) {
        clause(out, size, ": pays up to ", d->why.flip_above);
    } else if (d->mw > 0) {
        clause(out, size, ": pays down to ", d->why.flip_below);
    } else {
        clause(out, size, "; charging pays below ", d->why.flip_below);
        clause(out, size, "; discharging pays above ", d->why.flip_above);
    }
    clause(out, size,
           d->after_mwh >= (d->site.battery->max_soc - 1e-9) * d->site.battery->capacity_mwh
               ? "; the last MWh stored is worth "
               : "; after it, one MWh more in store is worth ",
           d->why.value_per_mwh);
}

static void write_model(const decide *d, vo_json_out *w) {
    vo_json_out_key(w, "model");
    if (!*d->model.id) {
        vo_json_out_null(w);
        return;
    }
    vo_json_out_object(w);
    vo_member_text(w, "id", d->model.id);
    vo_member_text(w, "version", d->model.version);
    vo_json_out_end(w);
}

static void write_q(const decide *d, vo_json_out *w) {
    static const char *const names[] = {"charge", "hold", "discharge"};
    vo_json_out_key(w, "q_values");
    if (d->method != VO_METHOD_COUNT) {
        vo_json_out_null(w);
        return;
    }
    vo_json_out_object(w);
    for (size_t i = 0; i < 3; i++) vo_member_number(w, names[i], d->why.q[i]);
    vo_json_out_end(w);
}

static void write_forecast(const decide *d, vo_json_out *w) {
    if (!(vo_request_number(&d->request, VO_DEC_show_forecast, 0) > 0)) return;
    vo_json_out_key(w, "forecast");
    if (!d->why.price) {
        vo_json_out_null(w);
        return;
    }
    vo_json_out_array(w);
    for (size_t t = d->now; t < d->to; t++) vo_json_out_number(w, d->why.price[t - d->now]);
    vo_json_out_end(w);
}

static void write_notes(const decide *d, vo_json_out *w) {
    vo_json_out_key(w, "notes");
    vo_json_out_array(w);
    for (size_t i = 0; i < d->n_notes; i++) vo_json_out_string(w, d->note[i]);
    vo_json_out_end(w);
}

static void write_all(const decide *d, vo_json_out *w) {
    const double capacity = d->site.battery->capacity_mwh;
    char stamp[40], reason[240] = "";
    vo_inputs at = d->in; /* the same zone over the longer series */
    at.series = d->longer ? d->longer : d->in.series;
    explain(d, reason, sizeof reason);
    vo_json_out_object(w);
    vo_member_text(w, "action", d->mw > 0 ? "discharge" : d->mw < 0 ? "charge" : "hold");
    vo_member_number(w, "power", fabs(d->mw));
    vo_member_number(w, "soc", d->stored_mwh / capacity);
    vo_member_number(w, "soc_after", d->after_mwh / capacity);
    vo_member_number(w, "confidence", d->confidence);
    vo_member_text(w, "reason", reason);
    vo_member_number(w, "flip_below", d->why.flip_below);
    vo_member_number(w, "flip_above", d->why.flip_above);
    vo_member_number(w, "value_of_stored_mwh", d->why.value_per_mwh);
    vo_member_text(w, "policy", d->spec);
    write_model(d, w);
    write_q(d, w);
    vo_inputs_stamp(&at, d->now, stamp);
    vo_member_text(w, "at", stamp);
    vo_member_number(w, "price", d->price[d->now]);
    vo_member_integer(w, "known", (long long)d->known);
    vo_member_integer(w, "planned", (long long)(d->to - d->now));
    write_forecast(d, w);
    write_notes(d, w);
    vo_member_text(w, "currency", *d->in.currency ? d->in.currency : NULL);
    vo_member_bool(w, "synthetic", d->in.synthetic);
    vo_json_out_end(w);
}

static void finish(decide *d) {
    vo_policy_free(d->policy);
    if (d->world.o) vo_learn_world_fini(&d->world);
    vo_model_cache_give(d->o->kept, d->kept);
    for (size_t i = 0; i < VO_SITE_FIELDS; i++) free(d->owned[i]);
    free(d->price);
    free(d->export_price);
    free(d->power_mw);
    vo_series_free(d->longer);
    vo_inputs_fini(&d->in);
    vo_request_fini(&d->request);
}

vo_status vo_decide_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                        vo_error *err) {
    decide d = {.o = o};
    vo_status s = vo_request_read(request, VO_REQUEST_DECIDE, &d.request, err);
    if (s == VO_OK && d.request.n_batteries > 1)
        s = vo_fail(err, VO_EINVAL, "batteries: a decision is for one battery, give one");
    if (s == VO_OK) s = read_policy(&d, err);
    if (s == VO_OK) s = read_forecast(&d, err);
    if (s == VO_OK) s = vo_inputs_load(o, &d.request, &d.in, err);
    if (s == VO_OK) s = find_now(&d, err);
    if (s == VO_OK) s = frame_window(&d, err);
    if (s == VO_OK) s = build_site(&d, err);
    if (s == VO_OK) s = fill_prices(&d, err);
    if (s == VO_OK && strchr(d.spec, '=')) vo_learn_world_init(&d.world, o, 0);
    if (s == VO_OK) s = find_model(&d, err);
    if (s == VO_OK) read_state(&d);
    if (s == VO_OK) s = act(&d, err);
    if (s == VO_OK) write_all(&d, w);
    finish(&d);
    return s;
}
