/* simulate.c -- see simulate.h.
 *
 * A household's problem is the solver's in kW, kWh and currency per kWh: one factor of a thousand
 * on power and energy, and its inverse on prices, leave every plan and every sum as it is.
 */
#include "engine/simulate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "data/export.h"
#include "data/synth_home.h"
#include "data/tariff_shipped.h"
#include "engine/inputs.h"
#include "engine/members.h"
#include "engine/solution.h"
#include "grid/tariff.h"

#define TARIFF "pge_e_tou_c_2026-03-01"
#define LATITUDE 37.34 /* of San Jose, where that tariff is paid */
#define LONGITUDE (-121.89)
#define ELEVATION_M 25
#define HALF_FULL 0.5

#define X(name, kind, lo, hi, unit, help) {#name, VO_FIELD_##kind, lo, hi, unit, help},
static const vo_field fields[] = {VO_SIMULATE_FIELD_MAP(X)};
#undef X
#define X(name, kind, lo, hi, unit, help) SIM_##name,
enum { VO_SIMULATE_FIELD_MAP(X) SIM_FIELDS };
#undef X

const vo_field *vo_simulate_request_fields(size_t *n) {
    *n = SIM_FIELDS;
    return fields;
}

/* What a home paid, currency; energy, kWh. */
typedef struct {
    double baseline, pv_only, optimized; /* all bought; with its panels; and its battery */
    double load_kwh, pv_kwh, charged_kwh, discharged_kwh, imported_kwh, exported_kwh;
    bool certified, proved;
} bill;

typedef struct {
    const vo_engine_options *o;
    vo_json *root;
    vo_field_value f[SIM_FIELDS];
    vo_json_out *w;
    int homes, days;
    bool timeline;
    vo_tariff *tariff;
    vo_synth_home_options home;
    int64_t from_s, to_s;
    vo_battery battery;
    double *baseline_kw, *optimized_kw; /* [n] imports of all homes together */
    size_t n;
    bill sum;
    double percent;
} simulation;

static double number_of(const simulation *s, int field, double absent) {
    return s->f[field].json ? s->f[field].number : absent;
}

/* ---- what is asked ---------------------------------------------------------------------------- */

static vo_status read_span(simulation *s, vo_error *err) {
    const char *from = s->f[SIM_from].text ? s->f[SIM_from].text : "2026-07-01";
    const vo_zone *zone = s->tariff->zone;
    vo_status st = vo_inputs_instant(zone, from, "from", false, &s->from_s, err);
    if (st != VO_OK) return st;
    vo_civil c;
    const int64_t day = vo_zone_local_day(zone, s->from_s);
    s->from_s = vo_zone_day_start(zone, day);
    s->to_s = vo_zone_day_start(zone, day + s->days);
    vo_civil_from_days(day, &c);
    vo_synth_weather_options *w = &s->home.weather;
    w->year = c.year;
    w->days = (int32_t)(day - vo_civil_days(c.year, 1, 1)) + s->days;
    if (w->days <= 366 - (vo_civil_days(c.year + 1, 1, 1) - vo_civil_days(c.year, 1, 1) == 365))
        return VO_OK;
    return vo_fail(
        err, VO_EINVAL,
        "days = %d from %.40s: homes are made by calendar years, end it by 31 December",
        s->days, from);
}

static vo_status read_all(simulation *s, const char *request, vo_error *err) {
    vo_status st = vo_json_parse(request, strlen(request), &s->root, err);
    if (st == VO_OK) st = vo_fields_read(s->root, "", fields, SIM_FIELDS, s->f, err);
    if (st != VO_OK) return st;
    s->homes = (int)number_of(s, SIM_homes, 10);
    s->days = (int)number_of(s, SIM_days, 1);
    s->timeline = number_of(s, SIM_timeline, 0) > 0;
    const double kw = number_of(s, SIM_battery_kw, 5);
    const double each_way = sqrt(number_of(s, SIM_efficiency, 0.9));
    s->battery = vo_battery_default();
    s->battery.capacity_mwh = number_of(s, SIM_battery_kwh, 13.5);
    s->battery.charge_mw = s->battery.discharge_mw = kw;
    s->battery.charge_efficiency = s->battery.discharge_efficiency = each_way;
    s->battery.min_soc = 0, s->battery.max_soc = 1;
    s->battery.initial_soc = HALF_FULL;
    st = vo_tariff_open(s->f[SIM_tariff].text ? s->f[SIM_tariff].text : TARIFF,
                        s->o->allow_files, &s->tariff, err);
    if (st != VO_OK) return st;
    s->home = vo_synth_home_options_default();
    s->home.pv_share = 1;
    vo_synth_weather_options *w = &s->home.weather;
    w->seed = (uint64_t)number_of(s, SIM_seed, 1);
    w->interval_minutes = number_of(s, SIM_interval_minutes, 30);
    w->zone = vo_zone_name(s->tariff->zone);
    w->latitude = LATITUDE;
    w->longitude = LONGITUDE;
    w->elevation_m = ELEVATION_M;
    return read_span(s, err);
}

/* ---- one home ----------------------------------------------------------------------------------- */

typedef struct {
    vo_series *year, *span; /* as generated, and the days asked for */
    double *buy, *sell;     /* [n] currency/kWh                     */
    vo_problem p;
    vo_solution solution;
} household;

static void household_fini(household *h) {
    vo_solution_fini(&h->solution);
    free(h->buy);
    free(h->sell);
    vo_series_free(h->span);
    vo_series_free(h->year);
}

static vo_status make_household(const simulation *s, int i, household *h, vo_error *err) {
    const vo_tariff *const version = s->tariff;
    vo_status st = vo_synth_home(&s->home, (uint32_t)i, &h->year, err);
    if (st == VO_OK)
        st = vo_series_slice(h->year, (vo_time){s->from_s}, (vo_time){s->to_s}, &h->span, err);
    if (st != VO_OK) return st;
    const size_t n = h->span->n;
    h->buy = calloc(n, sizeof *h->buy);
    h->sell = calloc(n, sizeof *h->sell);
    if (!h->buy || !h->sell) return vo_fail(err, VO_ENOMEM, "prices of %zu intervals", n);
    st = vo_tariff_prices(&version, 1, h->span->start, h->span->dt_h, n, h->buy, h->sell, err);
    if (st != VO_OK) return st;
    h->p = vo_problem_default();
    h->p.n = n;
    h->p.interval_h = h->span->dt_h[0];
    h->p.price = h->buy;
    h->p.export_price = h->sell;
    h->p.day = h->span->day;
    h->p.load_mw = vo_series_find(h->span, "load_kw");
    h->p.pv_mw = vo_series_find(h->span, "pv_kw");
    h->p.battery = &s->battery;
    const vo_schedule_options so = vo_schedule_options_default();
    vo_engine_options quiet = *s->o; /* progress is told by homes */
    quiet.progress = NULL;
    quiet.detail = NULL;
    st = vo_problem_check(&h->p, err);
    return st == VO_OK ? vo_solution_find(&h->p, &so, false, &quiet, &h->solution, err) : st;
}

/* Paid by the tariff for what goes through the meter. */
static double pay(const household *h, size_t t, double import_kw, double export_kw) {
    return (h->buy[t] * import_kw - h->sell[t] * export_kw) * h->p.interval_h;
}

static bill settle(simulation *s, const household *h) {
    const vo_plan *plan = h->solution.plan;
    const double dt_h = h->p.interval_h;
    bill b = {.certified = h->solution.cert.valid, .proved = h->solution.cert.proved};
    for (size_t t = 0; t < h->p.n; t++) {
        const double load = h->p.load_mw[t], pv = h->p.pv_mw ? h->p.pv_mw[t] : 0;
        const double mw = plan->power_mw[t];
        b.baseline += pay(h, t, load, 0);
        b.pv_only += pay(h, t, fmax(load - pv, 0), fmax(pv - load, 0));
        b.optimized += pay(h, t, plan->import_mw[t], plan->export_mw[t]);
        b.load_kwh += load * dt_h;
        b.pv_kwh += pv * dt_h;
        b.charged_kwh += fmax(-mw, 0) * dt_h;
        b.discharged_kwh += fmax(mw, 0) * dt_h;
        b.imported_kwh += plan->import_mw[t] * dt_h;
        b.exported_kwh += plan->export_mw[t] * dt_h;
        s->baseline_kw[t] += load;
        s->optimized_kw[t] += plan->import_mw[t];
    }
    return b;
}

static double percent(double saved, double of) {
    return of > 0 ? 100 * saved / of : (double)NAN;
}

static void write_costs(simulation *s, const bill *b) {
    vo_json_out *w = s->w;
    vo_json_out_key(w, "costs");
    vo_json_out_object(w);
    vo_member_number(w, "baseline_pge_total", b->baseline);
    vo_member_number(w, "pv_only_total", b->pv_only);
    vo_member_number(w, "optimized_total", b->optimized);
    vo_member_number(w, "savings", b->baseline - b->optimized);
    vo_member_number(w, "savings_percent", percent(b->baseline - b->optimized, b->baseline));
    vo_json_out_end(w);
    vo_json_out_key(w, "energy_kwh");
    vo_json_out_object(w);
    vo_member_number(w, "load", b->load_kwh);
    vo_member_number(w, "pv", b->pv_kwh);
    vo_member_number(w, "charged", b->charged_kwh);
    vo_member_number(w, "discharged", b->discharged_kwh);
    vo_member_number(w, "imported", b->imported_kwh);
    vo_member_number(w, "exported", b->exported_kwh);
    vo_json_out_end(w);
}

static void write_timeline(simulation *s, const household *h) {
    const vo_plan *plan = h->solution.plan;
    vo_json_out *w = s->w;
    char stamp[40];
    vo_json_out_key(w, "timeline");
    vo_json_out_array(w);
    for (size_t t = 0; t < h->p.n; t++) {
        vo_json_out_object(w);
        vo_export_stamp(s->tariff->zone, h->span->start[t].s, stamp);
        vo_member_text(w, "timestamp", stamp);
        vo_member_number(w, "price", h->buy[t]);
        vo_member_number(w, "load_kw", h->p.load_mw[t]);
        vo_member_number(w, "pv_kw", h->p.pv_mw ? h->p.pv_mw[t] : 0);
        vo_member_number(w, "battery_kw", plan->power_mw[t]);
        vo_member_number(w, "soc", plan->stored_mwh[t + 1] / s->battery.capacity_mwh);
        vo_member_number(w, "import_kw", plan->import_mw[t]);
        vo_member_number(w, "export_kw", plan->export_mw[t]);
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
}

static vo_status make_room(simulation *s, size_t n, vo_error *err) {
    if (s->n == n) return VO_OK;
    s->baseline_kw = calloc(n, sizeof *s->baseline_kw);
    s->optimized_kw = calloc(n, sizeof *s->optimized_kw);
    if (!s->baseline_kw || !s->optimized_kw)
        return vo_fail(err, VO_ENOMEM, "a simulation of %zu intervals", n);
    s->n = n;
    return VO_OK;
}

static vo_status live(simulation *s, int i, vo_error *err) {
    household h = {0};
    vo_status st = make_household(s, i, &h, err);
    if (st == VO_OK) st = make_room(s, h.p.n, err);
    if (st == VO_OK) {
        const bill b = settle(s, &h);
        vo_json_out_object(s->w);
        vo_member_integer(s->w, "id", i + 1);
        write_costs(s, &b);
        vo_member_bool(s->w, "certified", b.certified);
        vo_member_bool(s->w, "proved_optimal", b.proved);
        if (s->timeline) write_timeline(s, &h);
        vo_json_out_end(s->w);
        s->sum.baseline += b.baseline;
        s->sum.pv_only += b.pv_only;
        s->sum.optimized += b.optimized;
        s->sum.certified = s->sum.certified && b.certified;
        s->percent += percent(b.baseline - b.optimized, b.baseline) / s->homes;
    }
    household_fini(&h);
    return st;
}

/* ---- all of them ---------------------------------------------------------------------------------- */

static vo_status tell(const simulation *s, int done, vo_error *err) {
    const vo_engine_options *o = s->o;
    const double part = (double)done / s->homes;
    char words[64];
    snprintf(words, sizeof words, "home %d of %d", done, s->homes);
    if ((o->detail && o->detail(o->detail_ctx, words, part, (double)NAN, -1) != 0) ||
        (o->progress && o->progress(o->progress_ctx, words, part) != 0))
        return vo_fail(err, VO_ECANCELED, "simulation stopped at %s", words);
    return VO_OK;
}

static double peak(const double *kw, size_t n) {
    double most = 0;
    for (size_t t = 0; t < n; t++) most = fmax(most, kw[t]);
    return most;
}

static void write_sums(const simulation *s) {
    vo_json_out *w = s->w;
    const bill *b = &s->sum;
    const double before = peak(s->baseline_kw, s->n), after = peak(s->optimized_kw, s->n);
    vo_json_out_key(w, "aggregate_metrics");
    vo_json_out_object(w);
    vo_member_number(w, "avg_household_savings_percent", s->percent);
    vo_member_number(w, "total_energy_traded_kwh", 0);
    vo_member_integer(w, "trades_executed", 0);
    vo_member_number(w, "baseline_pge_total", b->baseline);
    vo_member_number(w, "pv_only_total", b->pv_only);
    vo_member_number(w, "optimized_total", b->optimized);
    vo_member_number(w, "savings", b->baseline - b->optimized);
    vo_member_number(w, "savings_percent", percent(b->baseline - b->optimized, b->baseline));
    vo_member_number(w, "peak_import_kw_baseline", before);
    vo_member_number(w, "peak_import_kw", after);
    vo_member_bool(w, "all_certified", b->certified);
    vo_json_out_end(w);
}

static void write_head(const simulation *s) {
    vo_json_out *w = s->w;
    char stamp[40];
    vo_json_out_object(w);
    vo_member_bool(w, "synthetic", true);
    vo_member_bool(w, "trading", false);
    vo_member_text(w, "note",
                   "each home alone, load and sun known ahead; homes do not trade with each "
                   "other yet; energy charges only");
    vo_member_integer(w, "homes", s->homes);
    vo_member_integer(w, "days", s->days);
    vo_member_integer(w, "seed", (long long)s->home.weather.seed);
    vo_export_stamp(s->tariff->zone, s->from_s, stamp);
    vo_member_text(w, "from", stamp);
    vo_export_stamp(s->tariff->zone, s->to_s, stamp);
    vo_member_text(w, "to", stamp);
    vo_json_out_key(w, "tariff");
    vo_json_out_object(w);
    vo_member_text(w, "utility", s->tariff->utility);
    vo_member_text(w, "schedule", s->tariff->schedule);
    vo_json_out_end(w);
    vo_member_text(w, "currency", s->tariff->currency);
    vo_json_out_key(w, "battery");
    vo_json_out_object(w);
    vo_member_number(w, "kwh", s->battery.capacity_mwh);
    vo_member_number(w, "kw", s->battery.charge_mw);
    vo_member_number(w, "efficiency",
                     s->battery.charge_efficiency * s->battery.discharge_efficiency);
    vo_json_out_end(w);
}

vo_status vo_simulate_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                          vo_error *err) {
    simulation s = {.o = o, .w = w, .sum = {.certified = true}};
    vo_status st = read_all(&s, request, err);
    if (st == VO_OK) {
        write_head(&s);
        vo_json_out_key(w, "households");
        vo_json_out_array(w);
    }
    for (int i = 0; st == VO_OK && i < s.homes; i++) {
        st = live(&s, i, err);
        if (st == VO_OK) st = tell(&s, i + 1, err);
    }
    if (st == VO_OK) {
        vo_json_out_end(w);
        write_sums(&s);
        vo_json_out_end(w);
    }
    free(s.baseline_kw);
    free(s.optimized_kw);
    vo_tariff_free(s.tariff);
    vo_json_free(s.root);
    return st;
}
