/* community_world.c -- see community_world.h. Time first, then prices, then what the scenario
 * changes, then homes; a home's load and PV only when it is asked for. */
#include "engine/community_world.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/schedule.h>

#include "data/synth_home.h"
#include "engine/community_files.h"
#include "engine/community_tariff.h"
#include "engine/scenario.h"
#include "port/thread.h"

#define TARIFF "pge_e_tou_c"
#define FROM "2026-07-01"
#define LATITUDE 37.34 /* of San Jose, where that tariff is paid */
#define LONGITUDE (-121.89)
#define ELEVATION_M 25
#define DAY_S INT64_C(86400)
#define HOUR_S INT64_C(3600)
#define MOST_DAYS 3660

struct vo_world {
    vo_world_request r;
    vo_homes homes;
    vo_scenario scenario;
    vo_community_tariff tariff;
    bool metered, priced_by_file;
    vo_zone *zone; /* of files; else the tariff's */
    size_t threads;
    vo_community_files files;
    int64_t files_skip; /* hours before the first step */
    vo_synth_home_options synth;
    vo_synth_town town;
    char *room;
    size_t room_bytes; /* of a worker */
    int32_t days, history_days;
    double *hour; /* [steps] of the wall clock, 0..24 */
    vo_time *start;
    int32_t *day;
    double *buy, *sell, *temperature_c, *irradiance_w_m2;
    uint8_t *grid_down, *honesty;
    double *load_factor, *load_kwh, *pv_factor; /* [steps] or NULL */
    vo_home_battery *battery;
    char name[80], currency[16], from[16];
};

vo_world_request vo_world_request_default(void) {
    const double nan = (double)NAN;
    return (vo_world_request){.homes = 10,
                              .days = 1,
                              .history_days = -1,
                              .interval_minutes = 30,
                              .seed = 1,
                              .pv_share = 0.6,
                              .battery_kwh = nan,
                              .battery_kw = nan,
                              .efficiency = nan,
                              .min_soc = nan,
                              .max_soc = nan,
                              .initial_soc = nan,
                              .import_limit_kwh = nan,
                              .export_limit_kwh = nan,
                              .feeder_kwh = (double)INFINITY};
}

static double given(double asked, double absent) { return isnan(asked) ? absent : asked; }

/* ---- time ------------------------------------------------------------------------- */

static vo_status check_request(const vo_world_request *r, vo_error *err) {
    const struct {
        const char *name;
        int64_t v, lo, hi;
    } field[] = {{"homes", r->homes, r->homes_from ? 0 : 1, VO_MAX_HOMES},
                 {"days", r->days, r->homes_from ? 0 : 1, MOST_DAYS},
                 {"history_days", r->history_days, -1, 365},
                 {"interval_minutes", r->interval_minutes, 1, 60}};
    for (size_t i = 0; i < sizeof field / sizeof field[0]; i++)
        if (field[i].v < field[i].lo || field[i].v > field[i].hi)
            return vo_fail(err, VO_EINVAL, "%s = %lld is not in %lld..%lld", field[i].name,
                           (long long)field[i].v, (long long)field[i].lo,
                           (long long)field[i].hi);
    if (60 % r->interval_minutes != 0)
        return vo_fail(err, VO_EINVAL,
                       "interval_minutes = %d does not divide 60; try 15, 30 or 60",
                       (int)r->interval_minutes);
    if (!isnan(r->efficiency) && !(r->efficiency > 0 && r->efficiency <= 1))
        return vo_fail(err, VO_EINVAL,
                       "efficiency = %g: of a round trip, a fraction above 0 and up to 1%s",
                       r->efficiency,
                       r->efficiency > 1 && r->efficiency <= 100 ? ", like 0.9" : "");
    if (r->homes_from && !r->allow_files)
        return vo_fail(err, VO_EINVAL, "homes_from = \"%.80s\": local files are not read here",
                       r->homes_from);
    return VO_OK;
}

int32_t vo_world_history_days(const vo_world_request *r) {
    if (r->history_days >= 0) return r->history_days;
    return r->homes <= 1000 ? 28 : r->homes <= 20000 ? 7 : 3;
}

static vo_status allocate(vo_world *w, size_t homes, size_t steps, vo_error *err) {
    w->homes.homes = homes;
    w->homes.steps = steps;
    w->homes.dt_h = w->r.interval_minutes / 60.0;
    w->start = calloc(steps, sizeof *w->start);
    w->day = calloc(steps, sizeof *w->day);
    w->hour = calloc(steps, sizeof *w->hour);
    w->buy = calloc(2 * steps, sizeof *w->buy);
    w->sell = w->buy ? w->buy + steps : NULL;
    w->battery = calloc(homes, sizeof *w->battery);
    if (!w->start || !w->day || !w->hour || !w->buy || !w->battery)
        return vo_fail(err, VO_ENOMEM, "no memory for %zu homes, %zu intervals", homes, steps);
    return VO_OK;
}

/* Instants, local days from the first step's on, and hours of the wall clock. */
static void make_time(vo_world *w, const vo_zone *zone, int64_t first_s) {
    int64_t day = vo_zone_local_day(zone, first_s) - 1, next_s = INT64_MIN;
    const int64_t first_day = day + 1;
    for (size_t t = 0; t < w->homes.steps; t++) {
        const int64_t s = first_s + (int64_t)t * w->r.interval_minutes * 60;
        while (s >= next_s) next_s = vo_zone_day_start(zone, ++day + 1);
        w->start[t].s = s;
        w->day[t] = (int32_t)(day - first_day);
        w->hour[t] = (double)(s + vo_zone_offset(zone, s) - day * DAY_S) / 3600;
    }
}

/* ---- generated homes -------------------------------------------------------------- */

static vo_status read_day(const char *text, const char *field, int64_t *day, vo_error *err) {
    vo_civil c;
    bool has_offset;
    int32_t offset_s;
    vo_error inner = {0};
    const vo_status st = vo_civil_parse(text, strlen(text), &c, &has_offset, &offset_s, &inner);
    if (st != VO_OK || strlen(text) != 10)
        return vo_fail(err, VO_EINVAL, "%s = \"%.40s\": must be a day, like 2026-07-01", field,
                       text);
    *day = vo_civil_days(c.year, c.month, c.day);
    return VO_OK;
}

static void choose_synth(vo_world *w, int32_t year) {
    const vo_scenario *s = &w->scenario;
    vo_synth_home_options *o = &w->synth;
    *o = vo_synth_home_options_default();
    o->pv_share = given(s->pv_share, w->r.pv_share);
    o->ev_share = given(s->ev_share, o->ev_share);
    o->cooling_share = given(s->cooling_share, o->cooling_share);
    o->heating_share = given(s->heating_share, o->heating_share);
    o->charger_kw = given(s->charger_kw, o->charger_kw);
    o->weather.seed = w->r.seed;
    o->weather.year = year;
    o->weather.interval_minutes = w->r.interval_minutes;
    o->weather.zone = vo_zone_name(w->tariff.version[0]->zone);
    o->weather.latitude = LATITUDE;
    o->weather.longitude = LONGITUDE;
    o->weather.elevation_m = ELEVATION_M;
}

static vo_synth_spell spell_of(const vo_world *w, int64_t first_day) {
    const vo_scenario *s = &w->scenario;
    const int32_t left = w->days - s->weather_from_day;
    return (vo_synth_spell){.first_day = first_day + s->weather_from_day,
                            .days = s->weather_days < left ? s->weather_days
                                    : left > 0             ? left
                                                           : 0,
                            .warmer_c = s->warmer_c,
                            .cloud = s->cloud};
}

/* The sky begins on 1 January of the year before, whatever history is asked for. */
static vo_status make_town(vo_world *w, vo_error *err) {
    int64_t first_day = 0;
    vo_civil c;
    vo_status st = read_day(w->from, "from", &first_day, err);
    if (st != VO_OK) return st;
    vo_civil_from_days(first_day, &c);
    if (c.year < 1971 || c.year > 2200)
        return vo_fail(err, VO_EINVAL, "from = \"%s\": give a day of the years 1971 to 2200",
                       w->from);
    choose_synth(w, c.year - 1);
    vo_synth_household any; /* refuses shares that are none, before there are a million homes */
    st = vo_synth_household_of(&w->synth, 0, &any, err);
    if (st != VO_OK) return st;
    const vo_synth_spell spell = spell_of(w, first_day);
    st = vo_synth_town_init(&w->synth.weather, first_day - w->history_days,
                            w->days + w->history_days, &spell, false, &w->town, err);
    if (st != VO_OK) return st;
    w->room_bytes = vo_synth_home_room(&w->town);
    w->room = malloc(w->threads * w->room_bytes);
    return w->room ? VO_OK : vo_fail(err, VO_ENOMEM, "no memory for %zu threads", w->threads);
}

static vo_home_battery generated_battery(const vo_world_request *r) {
    vo_home_battery b = vo_home_battery_default();
    b.capacity_kwh = given(r->battery_kwh, b.capacity_kwh);
    b.charge_kw = b.discharge_kw = given(r->battery_kw, b.charge_kw);
    if (!isnan(r->efficiency))
        b.charge_efficiency = b.discharge_efficiency = sqrt(r->efficiency);
    b.min_soc = given(r->min_soc, b.min_soc);
    b.max_soc = given(r->max_soc, b.max_soc);
    b.initial_soc = given(r->initial_soc, fmin(fmax(b.initial_soc, b.min_soc), b.max_soc));
    return b;
}

static vo_status make_generated(vo_world *w, vo_error *err) {
    const vo_world_request *r = &w->r;
    w->days = r->days;
    w->history_days = vo_world_history_days(r);
    int64_t day = 0;
    if (r->from && read_day(r->from, "from", &day, err) != VO_OK) return VO_EINVAL;
    snprintf(w->from, sizeof w->from, "%.15s",
             r->from             ? r->from
             : *w->scenario.from ? w->scenario.from
                                 : FROM);
    vo_status st = vo_community_tariff_open(r->tariff ? r->tariff : TARIFF, r->allow_files,
                                            &w->tariff, err);
    if (st == VO_OK) st = make_town(w, err);
    if (st == VO_OK) st = allocate(w, (size_t)r->homes, w->town.span.n, err);
    if (st != VO_OK) return st;
    const size_t n = w->homes.steps;
    make_time(w, w->town.span.zone, w->town.span.first_s);
    while (w->homes.first < n && w->day[w->homes.first] < w->history_days) w->homes.first++;
    w->temperature_c = calloc(2 * n, sizeof *w->temperature_c);
    if (!w->temperature_c) return vo_fail(err, VO_ENOMEM, "no memory for %zu intervals", n);
    w->irradiance_w_m2 = w->temperature_c + n;
    st = vo_synth_town_outlook(&w->town, &w->synth.weather, w->temperature_c,
                               w->irradiance_w_m2, err);
    if (st != VO_OK) return st;
    w->homes.temperature_c = w->temperature_c;
    w->homes.irradiance_w_m2 = w->irradiance_w_m2;
    w->homes.zone = vo_zone_name(w->town.span.zone);
    const vo_home_battery b = generated_battery(r);
    for (size_t i = 0; i < w->homes.homes; i++) w->battery[i] = b;
    snprintf(w->currency, sizeof w->currency, "%s", w->tariff.version[0]->currency);
    return vo_community_tariff_prices(&w->tariff, w->start, w->homes.dt_h, n, w->homes.first,
                                      w->buy, w->sell, err);
}

/* ---- metered homes ---------------------------------------------------------------- */

/* Hours of history, whole days of it: what is asked for, or what is usual as far as there is. */
static vo_status choose_span(vo_world *w, vo_error *err) {
    const vo_world_request *r = &w->r;
    const int64_t hours = (int64_t)w->files.hours;
    const int64_t midnight = /* hours until the first one */
        (vo_zone_day_start(w->zone, vo_zone_local_day(w->zone, w->files.first_s - 1) + 1) -
         w->files.first_s) /
        HOUR_S;
    int64_t from = 0, history = r->history_days;
    if (r->from) {
        int64_t day = 0;
        const vo_status st = read_day(r->from, "from", &day, err);
        if (st != VO_OK) return st;
        from = (vo_zone_day_start(w->zone, day) - w->files.first_s) / HOUR_S;
        if (from < 0 || from >= hours) {
            char a[32], b[32];
            return vo_fail(err, VO_ENOTFOUND,
                           "from = \"%.40s\": the files have hours from %s to %s", r->from,
                           vo_civil_format_utc(w->files.first_s, a),
                           vo_civil_format_utc(w->files.first_s + hours * HOUR_S, b));
        }
        if (history < 0) history = from / 24 < 7 ? from / 24 : 7;
        if (history * 24 > from)
            return vo_fail(err, VO_EINVAL,
                           "history_days = %d before %.40s: the files have %lld days there",
                           (int)history, r->from, (long long)(from / 24));
    } else {
        if (history < 0) {
            const int64_t spare = r->days ? hours - 24 * (int64_t)r->days : 8 * 24;
            history = spare < midnight + 24 ? 0 : (spare - midnight) / 24;
            if (history > 7) history = 7;
            if (r->days == 0 && hours < (history + 1) * 24 + midnight) history = 0;
        }
        from = history ? midnight + 24 * history : 0;
    }
    const int64_t days = r->days ? r->days : (hours - from) / 24;
    if (days < 1 || from + 24 * days > hours)
        return vo_fail(err, VO_EINVAL,
                       "days = %lld: the files have %lld hours, %lld of them before the first "
                       "day played; ask for at most %lld days, or less history_days",
                       (long long)days, (long long)hours, (long long)from,
                       (long long)((hours - from) / 24));
    w->days = (int32_t)days;
    w->history_days = (int32_t)history;
    w->files_skip = r->from ? from - 24 * history : 0;
    const int64_t per_hour = 60 / r->interval_minutes;
    w->homes.first = (size_t)((from - w->files_skip) * per_hour);
    return VO_OK;
}

static vo_home_battery metered_battery(const vo_world_request *r, const vo_metered_home *h) {
    vo_home_battery b = generated_battery(r);
    if (!h->has_battery) return b;
    b = h->battery;
    b.capacity_kwh = given(r->battery_kwh, b.capacity_kwh);
    b.charge_kw = given(r->battery_kw, b.charge_kw);
    b.discharge_kw = given(r->battery_kw, b.discharge_kw);
    if (!isnan(r->efficiency))
        b.charge_efficiency = b.discharge_efficiency = sqrt(r->efficiency);
    b.min_soc = given(r->min_soc, b.min_soc);
    b.max_soc = given(r->max_soc, b.max_soc);
    b.initial_soc = given(r->initial_soc, fmin(fmax(b.initial_soc, b.min_soc), b.max_soc));
    return b;
}

static size_t hour_of(const vo_world *w, size_t t) {
    return (size_t)(w->files_skip + (int64_t)t * w->r.interval_minutes / 60);
}

static vo_status price_metered(vo_world *w, vo_error *err) {
    const vo_world_request *r = &w->r;
    const size_t n = w->homes.steps;
    snprintf(w->currency, sizeof w->currency, "USD");
    if (!r->tariff && w->files.price) {
        for (size_t t = 0; t < n; t++) w->buy[t] = w->files.price[hour_of(w, t)];
        w->priced_by_file = true; /* what is exported earns nothing */
        return VO_OK;
    }
    vo_status st = vo_community_tariff_open(r->tariff ? r->tariff : TARIFF, r->allow_files,
                                            &w->tariff, err);
    if (st != VO_OK) return st;
    vo_community_tariff_always(&w->tariff);
    snprintf(w->currency, sizeof w->currency, "%s", w->tariff.version[0]->currency);
    return vo_community_tariff_prices(&w->tariff, w->start, w->homes.dt_h, n, w->homes.first,
                                      w->buy, w->sell, err);
}

static vo_status make_metered(vo_world *w, vo_error *err) {
    const vo_world_request *r = &w->r;
    vo_status st = vo_zone_open(VO_METERED_ZONE, &w->zone, err);
    if (st == VO_OK)
        st = vo_community_files_load(r->homes_from, (size_t)r->homes, &w->files, err);
    if (st == VO_OK) st = choose_span(w, err);
    if (st != VO_OK) return st;
    const size_t per_hour = (size_t)(60 / r->interval_minutes);
    const size_t n = w->homes.first + (size_t)w->days * 24 * per_hour;
    st = allocate(w, w->files.homes, n, err);
    if (st != VO_OK) return st;
    make_time(w, w->zone, w->files.first_s + w->files_skip * HOUR_S);
    w->homes.zone = VO_METERED_ZONE;
    for (size_t i = 0; i < w->homes.homes; i++)
        w->battery[i] = metered_battery(r, &w->files.home[i]);
    if (w->files.temperature_c) {
        w->temperature_c = calloc(2 * n, sizeof *w->temperature_c);
        if (!w->temperature_c) return vo_fail(err, VO_ENOMEM, "no memory for %zu intervals", n);
        w->irradiance_w_m2 = w->temperature_c + n;
        for (size_t t = 0; t < n; t++) {
            w->temperature_c[t] = w->files.temperature_c[hour_of(w, t)];
            w->irradiance_w_m2[t] = w->files.irradiance_w_m2[hour_of(w, t)];
        }
        w->homes.temperature_c = w->temperature_c;
        w->homes.irradiance_w_m2 = w->irradiance_w_m2;
    }
    return price_metered(w, err);
}

/* ---- what the scenario changes ------------------------------------------------------ */

static bool is_about(const vo_world *w, const vo_scenario_window *v) {
    return v->of == VO_OF_ANY || (v->of == VO_OF_METERED) == w->metered;
}

static vo_status make_windows(vo_world *w, vo_error *err) {
    const vo_scenario *s = &w->scenario;
    const size_t n = w->homes.steps;
    if (s->n_windows == 0) return VO_OK;
    w->grid_down = calloc(n, sizeof *w->grid_down);
    w->load_factor = calloc(3 * n, sizeof *w->load_factor);
    if (!w->grid_down || !w->load_factor)
        return vo_fail(err, VO_ENOMEM, "no memory for %zu intervals", n);
    w->load_kwh = w->load_factor + n;
    w->pv_factor = w->load_factor + 2 * n;
    for (size_t t = 0; t < n; t++) w->load_factor[t] = w->pv_factor[t] = 1;
    const int32_t first = w->day[w->homes.first];
    for (size_t i = 0; i < s->n_windows; i++) {
        const vo_scenario_window *v = &s->window[i];
        for (size_t t = w->homes.first; is_about(w, v) && t < n; t++) {
            if (!vo_scenario_covers(v, w->day[t] - first, w->hour[t])) continue;
            if (v->grid_down) w->grid_down[t] = 1;
            w->load_factor[t] *= v->load;
            w->load_kwh[t] += v->load_kw * w->homes.dt_h;
            w->pv_factor[t] *= v->pv;
            w->buy[t] *= v->buy;
            w->sell[t] *= v->sell;
        }
    }
    w->homes.grid_down = w->grid_down;
    return VO_OK;
}

static vo_status make_members(vo_world *w, vo_error *err) {
    const vo_scenario *s = &w->scenario;
    if (s->n_members == 0) return VO_OK;
    w->honesty = calloc(w->homes.homes, sizeof *w->honesty);
    if (!w->honesty) return vo_fail(err, VO_ENOMEM, "no memory for %zu homes", w->homes.homes);
    for (size_t i = 0; i < s->n_members; i++) {
        const vo_scenario_member *m = &s->member[i];
        if ((size_t)m->home > w->homes.homes)
            return vo_fail(err, VO_EINVAL,
                           "scenario %s: members[%zu].home = %d: there are %zu homes", s->name,
                           i, (int)m->home, w->homes.homes);
        if (m->honesty != VO_HONEST) w->honesty[m->home - 1] = (uint8_t)m->honesty;
    }
    w->homes.honesty = w->honesty;
    return VO_OK;
}

static bool arrives(void *ctx, vo_message kind, uint32_t home, size_t step) {
    const vo_world *w = ctx;
    const int32_t day = w->day[step] - w->day[w->homes.first];
    for (size_t i = 0; i < w->scenario.n_members; i++) {
        const vo_scenario_member *m = &w->scenario.member[i];
        if ((uint32_t)m->home != home + 1) continue;
        if (kind == VO_MESSAGE_SIGNAL ? !m->loses_signal : !m->loses_orders) continue;
        if (vo_scenario_silent(m, day, w->hour[step])) return false;
    }
    return true;
}

/* ---- what homes use and make -------------------------------------------------------- */

static void fill_metered(const vo_world *w, uint32_t home, float *load, float *pv) {
    const vo_metered_home *h = &w->files.home[home];
    const float part = (float)w->homes.dt_h; /* of an hour */
    for (size_t t = 0; t < w->homes.steps; t++) {
        const size_t k = hour_of(w, t);
        load[t] = h->load_kwh[k] * part;
        pv[t] = h->pv_kwh[k] * part;
    }
}

static vo_status fill(void *ctx, uint32_t home, size_t worker, float *load, float *pv,
                      vo_error *err) {
    vo_world *w = ctx;
    vo_status st = VO_OK;
    assert(worker < w->threads);
    if (w->metered)
        fill_metered(w, home, load, pv);
    else
        st = vo_synth_home_fill(&w->synth, &w->town, home, w->room + worker * w->room_bytes,
                                load, pv, err);
    for (size_t t = w->homes.first; st == VO_OK && w->load_factor && t < w->homes.steps; t++) {
        load[t] = (float)((double)load[t] * w->load_factor[t] + w->load_kwh[t]);
        pv[t] = (float)((double)pv[t] * w->pv_factor[t]);
    }
    return st;
}

static vo_status run(void *ctx, size_t n,
                     vo_status (*work)(void *arg, size_t i, size_t worker, vo_error *err),
                     void *arg, vo_error *err) {
    const vo_world *w = ctx;
    return vo_thread_for(n, w->threads, work, arg, err);
}

/* ---- the world ---------------------------------------------------------------------- */

static void wire(vo_world *w) {
    vo_homes *h = &w->homes;
    h->start = w->start;
    h->day = w->day;
    h->buy = w->buy;
    h->sell = w->sell;
    h->battery = w->battery;
    h->import_limit_kwh = given(w->r.import_limit_kwh, 20 * h->dt_h); /* 10 per half hour */
    h->export_limit_kwh = given(w->r.export_limit_kwh, 8 * h->dt_h);
    h->feeder_kwh = w->r.feeder_kwh;
    h->source = (vo_home_source){fill, w};
    h->crew = (vo_crew){run, w, w->threads};
    for (size_t i = 0; i < w->scenario.n_members; i++)
        if (w->scenario.member[i].silent_hours > 0) h->post = (vo_post){arrives, w};
}

vo_status vo_world_create(const vo_world_request *r, vo_world **out, vo_error *err) {
    vo_status st = check_request(r, err);
    if (st != VO_OK) return st;
    vo_world *w = calloc(1, sizeof *w);
    if (!w) return vo_fail(err, VO_ENOMEM, "no memory for a community");
    w->r = *r; /* its texts are the caller's: none is looked at after this call */
    w->metered = r->homes_from != NULL;
    w->threads = r->threads ? r->threads : vo_thread_count();
    st = vo_scenario_open(r->scenario, r->allow_files, &w->scenario, err);
    if (st == VO_OK) st = w->metered ? make_metered(w, err) : make_generated(w, err);
    if (st == VO_OK) st = make_windows(w, err);
    if (st == VO_OK) st = make_members(w, err);
    if (st == VO_OK) {
        wire(w);
        st = vo_homes_check(&w->homes, err);
    }
    if (st == VO_OK)
        *out = w;
    else
        vo_world_free(w);
    return st;
}

void vo_world_free(vo_world *w) {
    if (!w) return;
    vo_community_tariff_fini(&w->tariff);
    vo_community_files_fini(&w->files);
    vo_synth_town_fini(&w->town);
    vo_zone_close(w->zone);
    free(w->room);
    free(w->start);
    free(w->day);
    free(w->hour);
    free(w->buy);
    free(w->temperature_c);
    free(w->grid_down);
    free(w->honesty);
    free(w->load_factor);
    free(w->battery);
    free(w);
}

const vo_homes *vo_world_homes(const vo_world *w) { return &w->homes; }

const char *vo_world_home_name(vo_world *w, uint32_t home) {
    if (w->metered) return w->files.home[home].name;
    snprintf(w->name, sizeof w->name, "home %04u", (unsigned)home + 1);
    return w->name;
}

vo_world_equipment vo_world_home_equipment(const vo_world *w, uint32_t home) {
    if (w->metered) return (vo_world_equipment){.pv_kw = w->files.home[home].pv_kw};
    vo_synth_household h = {0};
    vo_status st = vo_synth_household_of(&w->synth, home, &h, NULL);
    assert(st == VO_OK); /* asked for one home when the world was made */
    (void)st;
    return (vo_world_equipment){.pv_kw = h.has_pv ? h.panel.peak_kw : 0,
                                .appliances = true,
                                .ev = h.has_ev,
                                .cooling = h.has_cooling,
                                .heating = h.has_heating,
                                .persons = (int32_t)h.persons};
}

bool vo_world_synthetic(const vo_world *w) { return !w->metered; }

const vo_tariff *vo_world_tariff(const vo_world *w) {
    return w->priced_by_file ? NULL
                             : vo_community_tariff_at(&w->tariff, w->start[w->homes.first]);
}

const char *vo_world_tariff_name(const vo_world *w) {
    return w->priced_by_file ? "pricing.csv" : w->tariff.name;
}

const char *vo_world_currency(const vo_world *w) { return w->currency; }

const char *vo_world_scenario_note(const vo_world *w) { return w->scenario.note; }

size_t vo_world_scenarios(const char *const **names, const char *const **notes) {
    return vo_scenario_list(names, notes);
}
