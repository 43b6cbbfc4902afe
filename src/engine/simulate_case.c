/* simulate_case.c -- see simulate_case.h. */
#include "engine/simulate_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/community_tariff.h"
#include "engine/duel.h"
#include "engine/scenario.h"
#include "engine/simulate.h"
#include "store/registry.h"

#define X(name, kind, lo, hi, unit, help) {#name, VO_FIELD_##kind, lo, hi, unit, help},
static const vo_field fields[] = {VO_SIMULATE_FIELD_MAP(X)};
#undef X
#define X(name, kind, lo, hi, unit, help) SIM_##name,
enum { VO_SIMULATE_FIELD_MAP(X) SIM_FIELDS };
#undef X

/* Homes times intervals, history included, of a request that came over a network. */
#define MOST_READINGS 20e6
/* Of one who waits for the answer, some two seconds of one core: homes times intervals played, each
 * worth 1 and what it plans; runs for bounds are as much again, six times in all. */
#define MOST_AT_ONCE 400e3
#define BOUNDED_RUNS 6
/* Rows of a timeline: more than a document of 100 MB is what Parquet is for. */
#define MOST_TIMELINE 500000.0
#define MOST_DAYS_BOUND 31 /* of `auto` */

const vo_field *vo_simulate_request_fields(size_t *n) {
    *n = SIM_FIELDS;
    return fields;
}

/* ---- the request's members --------------------------------------------------------------------- */

static double number_of(const vo_field_value *f, double absent) {
    return f->json ? f->number : absent;
}

static void read_world(vo_simulate_case *c, const vo_field_value *f) {
    vo_world_request *r = &c->asked;
    *r = vo_world_request_default();
    const bool files = f[SIM_homes_from].text != NULL;
    r->homes = (int32_t)number_of(&f[SIM_homes], files ? 0 : 10);
    r->days = (int32_t)number_of(&f[SIM_days], 1);
    r->history_days = (int32_t)number_of(&f[SIM_history_days], -1);
    r->interval_minutes = (int32_t)number_of(&f[SIM_interval_minutes], 30);
    r->from = f[SIM_from].text;
    r->homes_from = f[SIM_homes_from].text;
    r->scenario = f[SIM_scenario].text;
    r->tariff = f[SIM_tariff].text;
    r->seed = (uint64_t)number_of(&f[SIM_seed], 1);
    r->pv_share = number_of(&f[SIM_pv_share], r->pv_share);
    r->battery_kwh = number_of(&f[SIM_battery_kwh], r->battery_kwh);
    r->battery_kw = number_of(&f[SIM_battery_kw], r->battery_kw);
    r->efficiency = number_of(&f[SIM_efficiency], r->efficiency);
    r->min_soc = number_of(&f[SIM_min_soc], r->min_soc);
    r->max_soc = number_of(&f[SIM_max_soc], r->max_soc);
    r->initial_soc = number_of(&f[SIM_initial_soc], r->initial_soc);
    r->import_limit_kwh = number_of(&f[SIM_import_limit_kwh], r->import_limit_kwh);
    r->export_limit_kwh = number_of(&f[SIM_export_limit_kwh], r->export_limit_kwh);
    r->feeder_kwh = number_of(&f[SIM_feeder_kwh], r->feeder_kwh);
    r->threads = c->o->threads > 0 ? (size_t)c->o->threads : 0;
    r->allow_files = c->o->allow_files != 0;
}

static int64_t micro(double v) { return (int64_t)llround(v * VO_MICRO); }

static vo_status read_rules(vo_simulate_case *c, const vo_field_value *f, vo_error *err) {
    static const char *const of_rules[] = {"least_price", "most_price", "most_trade_kwh",
                                           "most_sold_daily_kwh"};
    static const size_t at[] = {SIM_least_price, SIM_most_price, SIM_most_trade_kwh,
                                SIM_most_sold_daily_kwh};
    c->free_market = number_of(&f[SIM_no_rules], 0) > 0;
    c->options.keep_peak = number_of(&f[SIM_keep_peak], 0) > 0;
    for (size_t i = 0; c->free_market && i < sizeof at / sizeof at[0]; i++)
        if (f[at[i]].json)
            return vo_fail(err, VO_EINVAL, "%s = %.15g: no_rules lifts that rule: drop one",
                           of_rules[i], f[at[i]].number);
    vo_market_rules *r = &c->options.rules;
    *r = c->free_market ? vo_market_rules_none() : vo_market_rules_default();
    r->loss = number_of(&f[SIM_loss], r->loss);
    r->point = number_of(&f[SIM_price_point], r->point);
    if (f[SIM_fee].json) r->fee = micro(f[SIM_fee].number);
    if (f[SIM_least_price].json) r->least_price = micro(f[SIM_least_price].number);
    if (f[SIM_most_price].json) r->most_price = micro(f[SIM_most_price].number);
    if (f[SIM_most_trade_kwh].json) r->most_quantity = micro(f[SIM_most_trade_kwh].number);
    if (f[SIM_most_sold_daily_kwh].json)
        r->most_sold_daily = micro(f[SIM_most_sold_daily_kwh].number);
    if (r->most_quantity < 1)
        return vo_fail(
            err, VO_EINVAL,
            "most_trade_kwh = %.15g: is counted in millionths of a kWh: give at least "
            "0.000001",
            f[SIM_most_trade_kwh].number);
    if (r->least_price > r->most_price)
        return vo_fail(err, VO_EINVAL,
                       "least_price = %.15g: is above most_price = %.15g: no trade could be",
                       (double)r->least_price / VO_MICRO, (double)r->most_price / VO_MICRO);
    return vo_market_rules_check(r, err);
}

/* Not those of prices, which know nothing of homes. */
static vo_status check_forecaster(const char *name, vo_error *err) {
    static const char *const names[] = {"profile", "naive_day", "naive_week", "load_gbt",
                                        "perfect"};
    static const char of_model[] = "load_gbt=";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0) return VO_OK;
    if (strncmp(name, of_model, sizeof of_model - 1) == 0 && name[sizeof of_model - 1])
        return VO_OK;
    return vo_fail(err, VO_EINVAL,
                   "forecaster = \"%.60s\": of loads there are profile, naive_day, naive_week, "
                   "load_gbt, load_gbt=MODEL and perfect",
                   name);
}

static vo_status read_thinking(vo_simulate_case *c, const vo_field_value *f, vo_error *err) {
    vo_simulation_options *o = &c->options;
    vo_matching kind = VO_MATCHING_pay_as_clear;
    vo_status s = VO_OK;
    if (f[SIM_matching].text) s = vo_matching_parse(f[SIM_matching].text, &kind, err);
    if (s != VO_OK) return s;
    o->kind = VO_RUN_COMMUNITY;
    o->matching = (int32_t)kind;
    o->forecaster = f[SIM_forecaster].text ? f[SIM_forecaster].text : "profile";
    s = check_forecaster(o->forecaster, err);
    if (s != VO_OK) return s;
    const size_t a_day = 1440u / (size_t)c->asked.interval_minutes;
    o->horizon = (size_t)number_of(
        &f[SIM_horizon], f[SIM_interval_minutes].json ? (double)a_day : (double)o->horizon);
    c->replan_wanted = f[SIM_replan_every].json != NULL;
    c->cases_wanted = f[SIM_load_cases].json != NULL;
    o->replan_every = (size_t)number_of(&f[SIM_replan_every], 1);
    o->scenarios = (size_t)number_of(&f[SIM_load_cases], 1);
    if (o->replan_every > o->horizon)
        return vo_fail(err, VO_EINVAL,
                       "replan_every = %zu: is more than the horizon of %zu intervals: a plan "
                       "would end before the next",
                       o->replan_every, o->horizon);
    return VO_OK;
}

static vo_status read_telling(vo_simulate_case *c, const vo_field_value *f, vo_error *err) {
    static const char *const when[] = {"auto", "on", "off"};
    size_t which = 0;
    const vo_status s = vo_fields_choice(&f[SIM_bounds], "bounds", when, 3, &which, err);
    if (s != VO_OK) return s;
    c->bounds_auto = which == 0;
    c->bounds_wanted = which == 1;
    c->timeline = number_of(&f[SIM_timeline], 0) > 0;
    c->list_wanted = number_of(&f[SIM_households], 0) > 0;
    c->max_trades = (size_t)number_of(&f[SIM_max_trades], 5000);
    c->parquet = f[SIM_parquet].text;
    c->territory = f[SIM_territory].text;
    if (c->parquet && !c->o->allow_files)
        return vo_fail(err, VO_EINVAL,
                       "parquet = \"%.60s\": local files are not written here: take the "
                       "timeline of the answer",
                       c->parquet);
    return VO_OK;
}

/* What was left to us, once the number of homes is known: many plan for two hours on two cases, which is
 * nearly as good for half the work, and are listed or bounded for those who ask. */
static void settle(vo_simulate_case *c, size_t homes) {
    vo_simulation_options *o = &c->options;
    c->few = homes <= VO_SIMULATE_FEW;
    if (!c->replan_wanted) o->replan_every = c->few ? 1 : o->horizon < 4 ? o->horizon : 4;
    if (!c->cases_wanted) o->scenarios = c->few ? 3 : 2;
    o->score = c->few;
    c->listed = c->few || c->list_wanted;
    c->bounds =
        c->bounds_wanted || (c->bounds_auto && c->few && c->asked.days <= MOST_DAYS_BOUND);
}

/* What a server does for those who only ask has an end. */
static vo_status check_size(const vo_simulate_case *c, vo_error *err) {
    const vo_world_request *r = &c->asked;
    const int32_t history = vo_world_history_days(r);
    const double days = (double)history + r->days;
    if (c->o->allow_files ||
        (double)r->homes * days * 1440 / r->interval_minutes <= MOST_READINGS)
        return VO_OK;
    return vo_fail(
        err, VO_EINVAL,
        "homes = %d over days = %d with history_days = %d: over the network at most %.0f "
        "homes times intervals, history included; the program has no such limit",
        r->homes, r->days, history, MOST_READINGS);
}

/* Nobody waits for minutes, and a thread of a server is for all who ask. */
static vo_status check_at_once(const vo_simulate_case *c, vo_error *err) {
    const vo_world_request *r = &c->asked;
    const vo_simulation_options *o = &c->options;
    const double planned = (double)o->scenarios * (double)o->horizon / (double)o->replan_every;
    const double played = (double)r->homes * r->days * 1440 / r->interval_minutes;
    const double effort = played * (1 + planned / 48) * (c->bounds ? BOUNDED_RUNS : 1);
    if (!c->o->at_once || effort <= MOST_AT_ONCE) return VO_OK;
    return vo_fail(
        err, VO_EINVAL,
        "homes = %d over days = %d%s: is too much for an answer at once: order it as "
        "a job, POST /api/v1/jobs, or ask for less",
        r->homes, r->days, c->bounds ? " with bounds" : "");
}

static vo_status check_timeline(const vo_simulate_case *c, vo_error *err) {
    const double rows = (double)c->homes->homes * (double)c->played;
    if (!c->timeline || rows <= MOST_TIMELINE) return VO_OK;
    return vo_fail(
        err, VO_EINVAL,
        "timeline = true: of %.0f rows, homes times intervals, more than %.0f: drop it "
        "and give parquet = \"FOLDER\"",
        rows, MOST_TIMELINE);
}

vo_status vo_simulate_case_read(const vo_engine_options *o, const char *request,
                                vo_simulate_case *c, vo_error *err) {
    vo_field_value f[SIM_FIELDS];
    *c = (vo_simulate_case){.o = o, .options = vo_simulation_options_default()};
    vo_status s = vo_json_parse(request, strlen(request), &c->root, err);
    if (s == VO_OK) s = vo_fields_read(c->root, "", fields, SIM_FIELDS, f, err);
    if (s != VO_OK) goto fail;
    read_world(c, f);
    if (f[SIM_homes_from].text && f[SIM_pv_share].json) {
        s = vo_fail(
            err, VO_EINVAL,
            "pv_share = %.15g: is of generated homes, those of homes_from have the panels "
            "they have: drop one",
            f[SIM_pv_share].number);
        goto fail;
    }
    if (1440 % c->asked.interval_minutes != 0 || 60 % c->asked.interval_minutes != 0) {
        s = vo_fail(err, VO_EINVAL, "interval_minutes = %d: must divide 60: 5, 10, 15, 30, ...",
                    c->asked.interval_minutes);
        goto fail;
    }
    s = read_rules(c, f, err);
    if (s == VO_OK) s = read_thinking(c, f, err);
    if (s == VO_OK) s = read_telling(c, f, err);
    if (s == VO_OK) settle(c, (size_t)c->asked.homes);
    if (s == VO_OK) s = check_size(c, err);
    if (s == VO_OK) s = check_at_once(c, err);
    if (s == VO_OK) return VO_OK;
fail:
    vo_json_free(c->root);
    *c = (vo_simulate_case){.o = o};
    return s;
}

/* ---- the world ----------------------------------------------------------------------------------- */

/* Did it learn from homes of this generator and seed, or from metered ones as these are? */
static bool same_homes(const vo_simulate_case *c, const vo_manifest *m) {
    const vo_json *note = vo_json_get(m->root, "note"),
                  *told = vo_json_get(m->root, "settings");
    const vo_json *seed = told ? vo_json_get(told, "seed") : NULL;
    const bool generated = note && vo_json_kind_of(note) == VO_JSON_STRING &&
                           strncmp(vo_json_string(note), "SYNTHETIC", 9) == 0;
    if (generated != vo_world_synthetic(c->world)) return false;
    return !generated || !seed || vo_json_kind_of(seed) != VO_JSON_NUMBER ||
           vo_json_number(seed) == (double)c->asked.seed;
}

/* Days that a named model has learned from, of loads of this kind; one that is not there is refused
 * where it is asked. */
static void note_days_seen(vo_simulate_case *c) {
    const vo_homes *h = c->homes;
    const char *name = strchr(c->options.forecaster, '=');
    vo_registry *registry = NULL;
    vo_registry_found found = {{0}, {0}, {0}};
    vo_manifest manifest = {0};
    vo_series *span = NULL; /* its first interval and its last */
    c->days_seen = (double)NAN;
    if (!name || vo_registry_open(c->o->models, NULL, &registry, NULL) != VO_OK) return;
    if (vo_registry_get(registry, name + 1, &found, NULL) != VO_OK ||
        vo_registry_manifest(registry, &found, &manifest, NULL) != VO_OK ||
        vo_series_create(2, NULL, 0, NULL, &span, NULL) != VO_OK)
        goto done;
    span->start[0] = h->start[h->first];
    span->start[1] = h->start[h->steps - 1];
    span->dt_h[0] = span->dt_h[1] = h->dt_h;
    if (!same_homes(c, &manifest))
        c->days_seen = 0;
    else if (vo_days_seen(span, 0, registry, &found, &c->days_seen, NULL) != VO_OK)
        c->days_seen = (double)NAN;
done:
    vo_series_free(span);
    vo_manifest_fini(&manifest);
    vo_registry_close(registry);
}

static vo_status check_model(const vo_simulate_case *c, vo_error *err) {
    const char *name = strchr(c->options.forecaster, '=');
    vo_registry *registry = NULL;
    vo_registry_found found = {{0}, {0}, {0}};
    vo_error inner = {0};
    if (!name) return VO_OK;
    vo_status s = vo_registry_open(c->o->models, NULL, &registry, &inner);
    if (s == VO_OK) s = vo_registry_get(registry, name + 1, &found, &inner);
    vo_registry_close(registry);
    if (s == VO_OK) return VO_OK;
    return vo_fail(err, s, "forecaster = \"%.60s\": %.300s; `volteo train load` learns one",
                   c->options.forecaster, inner.msg);
}

vo_status vo_simulate_case_check_names(const vo_simulate_case *c, vo_error *err) {
    const vo_world_request *r = &c->asked;
    vo_scenario scenario;
    vo_community_tariff tariff = {.n = 0};
    vo_status s = vo_scenario_open(r->scenario, r->allow_files, &scenario, err);
    if (s == VO_OK && r->tariff)
        s = vo_community_tariff_open(r->tariff, r->allow_files, &tariff, err);
    vo_community_tariff_fini(&tariff);
    return s == VO_OK ? check_model(c, err) : s;
}

vo_status vo_simulate_case_open(vo_simulate_case *c, vo_error *err) {
    vo_learn_world_init(&c->learn, c->o, c->asked.seed);
    c->learn.learning.recalibrate_days = 7;
    c->options.learning = &c->learn.learning;
    vo_status s = check_model(c, err);
    if (s == VO_OK) s = vo_world_create(&c->asked, &c->world, err);
    if (s != VO_OK) return s;
    c->homes = vo_world_homes(c->world);
    c->played = c->homes->steps - c->homes->first;
    settle(c, c->homes->homes);
    /* a span of files may begin within a local day, and days of 23 or 25 hours are days */
    c->days = (int32_t)llround(fmax((double)c->played * c->homes->dt_h / 24, 1));
    note_days_seen(c);
    const vo_status fits = check_timeline(c, err);
    return fits == VO_OK ? vo_simulation_options_check(&c->options, err) : fits;
}

void vo_simulate_case_close(vo_simulate_case *c) {
    vo_world_free(c->world);
    vo_learn_world_fini(&c->learn);
    vo_json_free(c->root);
    c->world = NULL;
    c->root = NULL;
}
