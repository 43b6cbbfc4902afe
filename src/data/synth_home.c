/* synth_home.c -- see synth_home.h. A day of a home, local hours, N: normal, one stream per
 * purpose:
 *
 *   people    wake, leave, return, sleep +- 0.4 h N a day; 0.6 % of days begin 2 .. 10 away
 *   fridge    cycles of about 50 minutes, on 35 % of the time at 20 C outside and 0.6 points
 *             more per C there: the room follows 40 % of it, and 1.5 points per C of the room
 *   cooking   breakfast, lunch and dinner when somebody is there
 *   washing   machine 3 times a week (heats, then turns), dishes every second evening
 *   other     ten times a day perhaps, 0.2 .. 1.4 kW for 0.5 .. 3 h, likelier with people there
 *   house     C dT/dt = loss (T_out - T) + 0.006 persons' power + sun - cold; thermostat with a
 *             band of 1 C: cools above 24.5 C, heats below 19.5 C, less when away or asleep
 *   car       arrives when its people return, +- 1.2 h, or 11.5 .. 20.5 h on other days; needs
 *             a log-normal of energy for each day it was driven; some charge by a timer from
 *             0.5 h
 *   PV        a panel under the weather of the seed
 */
#include "data/synth_home.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/synth_math.h"

#define STREAM UINT64_C(0x403E000000000000) /* homes' own streams of a seed */
#define QUANTUM 0x1p-10                     /* kW: sums of multiples are exact */
#define DAY_S INT64_C(86400)
#define HOUR_S INT64_C(3600)
#define MINUTE_S INT64_C(60)
#define WINDOWS_M2 4.0 /* of a house, times the share of the sun that they let in */

enum { PARAMETERS, DAYS, FRIDGE, COOKING, WASHING, CAR, OTHER, STREAMS };

static vo_random stream(const vo_synth_home_options *o, uint32_t home, int purpose) {
    return vo_random_seed(o->weather.seed,
                          STREAM + (uint64_t)home * STREAMS + (uint64_t)purpose);
}

vo_synth_home_options vo_synth_home_options_default(void) {
    vo_synth_home_options o = {.weather = vo_synth_weather_options_default(),
                               .size = 1,
                               .pv_share = 0.5,
                               .ev_share = 0.4,
                               .cooling_share = 0.6,
                               .heating_share = 0.4,
                               .charger_kw = 7.2};
    o.weather.interval_minutes = 30;
    return o;
}

static double clamp(double v, double lo, double hi) { return v < lo ? lo : v > hi ? hi : v; }

/* A normal within two standard deviations. */
static double near(vo_random *r, double mean, double sd) {
    return mean + sd * clamp(vo_random_normal(r), -2, 2);
}

/* ---- what a home is --------------------------------------------------------------- */

static void draw_people(vo_random *r, vo_synth_household *h) {
    const double u = vo_random_unit(r);
    h->people = u < 0.55 ? VO_HOME_AT_WORK : u < 0.78 ? VO_HOME_OFFICE : VO_HOME_RETIRED;
    h->persons = 1 + (double)vo_random_below(r, 5);
    const bool early = h->people == VO_HOME_AT_WORK;
    h->wake_h = near(r, early ? 6.3 : 7.3, 0.6);
    h->leave_h = near(r, early ? 7.8 : 10, 0.6);
    h->return_h = near(r, early ? 17.6 : 12.5, 0.9);
    h->sleep_h = near(r, 22.8, 0.5);
    h->base_kw = 0.10 + 0.70 * vo_random_unit(r) * vo_random_unit(r) + 0.02 * h->persons;
    h->fridge_kw = vo_random_between(r, 0.08, 0.18);
}

vo_status vo_synth_household_of(const vo_synth_home_options *o, uint32_t home,
                                vo_synth_household *out, vo_error *err) {
    const struct {
        const char *name;
        double v, lo, hi;
    } field[] = {{"size", o->size, 0, 20},
                 {"pv_share", o->pv_share, 0, 1},
                 {"ev_share", o->ev_share, 0, 1},
                 {"cooling_share", o->cooling_share, 0, 1},
                 {"heating_share", o->heating_share, 0, 1},
                 {"charger_kw", o->charger_kw, 1, 350}};
    for (size_t i = 0; i < sizeof field / sizeof field[0]; i++) {
        const vo_status st =
            vo_synth_within(field[i].name, field[i].v, field[i].lo, field[i].hi, err);
        if (st != VO_OK) return st;
    }
    vo_random r = stream(o, home, PARAMETERS);
    vo_synth_household h = {.panel = vo_synth_panel_default(o->weather.latitude)};
    draw_people(&r, &h);
    h.has_pv = vo_random_unit(&r) < o->pv_share;
    h.has_ev = vo_random_unit(&r) < o->ev_share;
    h.has_cooling = vo_random_unit(&r) < o->cooling_share;
    h.has_heating = vo_random_unit(&r) < o->heating_share;
    h.panel.peak_kw = vo_random_between(&r, 2, 6);
    h.panel.tilt_deg = clamp(near(&r, 22, 7), 0, 60);
    h.panel.azimuth_deg += near(&r, 0, 35);
    h.panel.inverter_kw = h.panel.peak_kw * vo_random_between(&r, 0.8, 1);
    h.loss_kw_per_c = vo_random_between(&r, 0.10, 0.28);
    h.heat_kwh_per_c = h.loss_kw_per_c * vo_random_between(&r, 18, 50); /* hours of inertia */
    h.cooling_kw = vo_random_between(&r, 1.5, 3.5);
    h.heating_kw = vo_random_between(&r, 1.5, 3.5);
    h.car_kwh_per_day = 7 * vo_synth_exp(near(&r, 0, 0.4));
    h.car_timer = vo_random_unit(&r) < 0.35;
    *out = h;
    return VO_OK;
}

/* ---- one home, being made --------------------------------------------------------- */

/* A local day: instants at which somebody wakes, leaves, returns and sleeps. */
typedef struct {
    int64_t day;                                         /* of its date, since 1970-01-01 */
    int64_t start_s, wake_s, leave_s, return_s, sleep_s; /* leave == return: stays */
    int64_t evening_s;                                   /* 18:00 */
    bool away, weekend;
} home_day;

typedef struct {
    const vo_synth_home_options *o;
    uint32_t home;
    vo_synth_household h;
    vo_synth_span span;
    vo_synth_sky sky;
    home_day *day; /* [n_days] */
    size_t n_days;
    double *energy; /* kWh, [VO_APPLIANCES][span.n] */
} maker;

static void maker_fini(maker *m) {
    free(m->energy);
    free(m->day);
    vo_synth_sky_fini(&m->sky);
    vo_synth_span_close(&m->span);
}

/* Wall-clock hour of a local day as an instant; hours beyond 24 are in the next day. */
static int64_t at_hour(const maker *m, int64_t day, double hour) {
    int64_t first, second;
    vo_zone_instants(m->span.zone, day * DAY_S + (int64_t)(hour * 3600), &first, &second);
    return first;
}

static void make_days(maker *m) {
    const vo_synth_household *h = &m->h;
    vo_random r = stream(m->o, m->home, DAYS);
    double away = 0;
    for (size_t k = 0; k < m->n_days; k++) {
        const int64_t day = m->span.first_day + (int64_t)k;
        home_day *d = &m->day[k];
        const double trip = vo_random_unit(&r), length = vo_random_unit(&r);
        if (away <= 0 && trip < 0.006) away = 2 + floor(9 * length);
        d->away = away-- > 0;
        d->weekend = vo_civil_weekday(day) >= 5;
        const double late = d->weekend ? 1.2 : 0, shift = near(&r, 0, 0.4);
        const bool goes = h->people == VO_HOME_AT_WORK ? !d->weekend || vo_random_unit(&r) < 0.5
                                                       : vo_random_unit(&r) < 0.5;
        const double leave = h->leave_h + shift + (d->weekend ? 3 : 0);
        const double back = fmax(leave + 0.5, h->return_h + near(&r, 0, 0.7));
        d->day = day;
        d->start_s = at_hour(m, day, 0);
        d->evening_s = at_hour(m, day, 18);
        d->wake_s = at_hour(m, day, clamp(h->wake_h + late + shift, 3, 11));
        d->leave_s = at_hour(m, day, leave);
        d->return_s = goes ? at_hour(m, day, back) : d->leave_s;
        d->sleep_s = at_hour(m, day, clamp(h->sleep_h + late / 2 + near(&r, 0, 0.4), 20, 23.9));
    }
}

static vo_status maker_init(const vo_synth_home_options *o, uint32_t home, bool weather,
                            maker *m, vo_error *err) {
    memset(m, 0, sizeof *m);
    m->o = o;
    m->home = home;
    vo_status st = vo_synth_household_of(o, home, &m->h, err);
    const vo_synth_weather_options *w = &o->weather;
    if (st == VO_OK)
        st = vo_synth_span_open(w->zone, w->year, w->days, w->interval_minutes, &m->span, err);
    if (st != VO_OK) return st;
    if (weather) st = vo_synth_sky_init(w, &m->span, 0, &m->sky, err);
    if (st == VO_OK) {
        const int64_t last = m->span.first_s + (int64_t)m->span.n * m->span.step_s - 1;
        m->n_days = (size_t)(vo_zone_local_day(m->span.zone, last) - m->span.first_day) + 1;
        m->day = calloc(m->n_days, sizeof *m->day);
        m->energy = weather ? calloc(m->span.n * VO_APPLIANCES, sizeof(double)) : NULL;
        if (!m->day || (weather && !m->energy))
            st = vo_fail(err, VO_ENOMEM, "no memory for home %u", (unsigned)home);
    }
    if (st == VO_OK)
        make_days(m);
    else
        maker_fini(m);
    return st;
}

/* Puts an event on the time axis, in whole seconds of the same energy; what lies outside the
 * span is lost. */
static void use(maker *m, int appliance, int64_t from_s, double length_s, double power_kw) {
    if (!(length_s > 0)) return;
    const double whole_s = ceil(length_s), kw = power_kw * length_s / whole_s;
    const int64_t to_s = from_s + (int64_t)whole_s;
    double *energy = m->energy + (size_t)appliance * m->span.n;
    const int64_t end_s = m->span.first_s + (int64_t)m->span.n * m->span.step_s;
    for (int64_t at = from_s > m->span.first_s ? from_s : m->span.first_s;
         at < to_s && at < end_s;) {
        const int64_t k = (at - m->span.first_s) / m->span.step_s;
        const int64_t edge = m->span.first_s + (k + 1) * m->span.step_s;
        const int64_t until = to_s < edge ? to_s : edge;
        energy[k] += kw * (double)(until - at) / 3600;
        at = until;
    }
}

static bool is_in(const home_day *d, int64_t s) {
    return !d->away && (s < d->leave_s || s >= d->return_s);
}

static void make_fridge(maker *m) {
    vo_random r = stream(m->o, m->home, FRIDGE);
    const int64_t end_s = m->span.first_s + (int64_t)m->span.n * m->span.step_s;
    int64_t at = m->span.first_s - (int64_t)(3000 * vo_random_unit(&r));
    while (at < end_s) {
        const double outside = vo_synth_at(&m->span, m->sky.temperature_c, at);
        const double duty = clamp(0.35 + 0.015 * (0.4 * (outside - 20)), 0.2, 0.8);
        const double cycle_s = 3000 * near(&r, 1, 0.12);
        use(m, VO_APPLIANCE_fridge, at, duty * cycle_s, m->h.fridge_kw);
        at += (int64_t)cycle_s;
    }
}

/* A meal at about `s`, if somebody is there then. */
static void meal(maker *m, const home_day *d, vo_random *r, int64_t s, double chance,
                 double minutes, double kw) {
    const int64_t at = s + (int64_t)(30 * MINUTE_S * near(r, 0, 1));
    const double length_s = 60 * minutes * vo_random_between(r, 0.6, 1.5);
    const double power = kw * vo_random_between(r, 0.6, 1.3) * m->o->size;
    if (vo_random_unit(r) < chance && is_in(d, at))
        use(m, VO_APPLIANCE_cooking, at, length_s, power);
}

static void make_meals(maker *m) {
    vo_random r = stream(m->o, m->home, COOKING);
    for (size_t k = 0; k < m->n_days; k++) {
        const home_day *d = &m->day[k];
        const int64_t evening = d->evening_s + 15 * MINUTE_S,
                      back = d->return_s + 45 * MINUTE_S;
        const int64_t dinner = back > evening ? back : evening;
        meal(m, d, &r, d->wake_s + 25 * MINUTE_S, 0.7, 12, 1.3);
        meal(m, d, &r, at_hour(m, d->day, 12.5), d->weekend ? 0.6 : 0.45, 30, 1.7);
        meal(m, d, &r, dinner, 0.85, 35 + 4 * m->h.persons, 1.8);
    }
}

static void make_washing(maker *m) {
    vo_random r = stream(m->o, m->home, WASHING);
    for (size_t k = 0; k < m->n_days; k++) {
        const home_day *d = &m->day[k];
        const double size = m->o->size, often = 0.10 * m->h.persons + (d->weekend ? 0.15 : 0);
        const int64_t from =
            d->weekend ? d->wake_s + 90 * MINUTE_S : d->return_s + 30 * MINUTE_S;
        const int64_t wash = from + (int64_t)(4 * HOUR_S * vo_random_unit(&r));
        const bool washes = vo_random_unit(&r) < often, dries = vo_random_unit(&r) < 0.4;
        const int64_t dishes = at_hour(m, d->day, 20) + 50 * MINUTE_S +
                               (int64_t)(90 * MINUTE_S * vo_random_unit(&r));
        const bool cleans = vo_random_unit(&r) < 0.25 + 0.08 * m->h.persons;
        if (washes && is_in(d, wash)) {
            use(m, VO_APPLIANCE_washing, wash, 25 * MINUTE_S, 1.9 * size);
            use(m, VO_APPLIANCE_washing, wash + 25 * MINUTE_S, HOUR_S, 0.25 * size);
            if (dries)
                use(m, VO_APPLIANCE_washing, wash + 95 * MINUTE_S, 70 * MINUTE_S, 2.0 * size);
        }
        if (cleans && is_in(d, dishes)) {
            use(m, VO_APPLIANCE_washing, dishes, 20 * MINUTE_S, 1.8 * size);
            use(m, VO_APPLIANCE_washing, dishes + 20 * MINUTE_S, 40 * MINUTE_S, 0.15 * size);
            use(m, VO_APPLIANCE_washing, dishes + HOUR_S, 15 * MINUTE_S, 1.8 * size);
        }
    }
}

/* Pumps, tools, ironing, a heater, a computer: now and then, more when somebody is there. */
static void make_other(maker *m) {
    vo_random r = stream(m->o, m->home, OTHER);
    for (size_t k = 0; k < m->n_days; k++) {
        const home_day *d = &m->day[k];
        for (int i = 0; i < 10; i++) {
            const int64_t at = at_hour(m, d->day, vo_random_between(&r, 6.5, 22.5));
            const double length_s = 3600 * vo_random_between(&r, 0.5, 3);
            const double kw = m->o->size * vo_random_between(&r, 0.2, 1.4);
            const double chance = !is_in(d, at) ? 0.12 : 0.15 + 0.06 * m->h.persons;
            if (vo_random_unit(&r) < chance) use(m, VO_APPLIANCE_other, at, length_s, kw);
        }
    }
}

/* ---- what follows sun, people and weather: parts of a step ------------------------ */

typedef struct {
    double in_c;       /* temperature of the house */
    double cool, heat; /* 1 while the machine runs */
} house;

/* A thermostat of 1 C around its setting; kWh of electricity over dt_h. */
static void make_climate(maker *m, house *t, size_t k, double dt_h, double out_c, double sun_kw,
                         bool in, bool awake) {
    const vo_synth_household *h = &m->h;
    const double warm = in ? 24.5 : 27, cold = in && awake ? 19.5 : 17;
    if (t->in_c > warm + 0.5) t->cool = 1;
    if (t->in_c < warm - 0.5) t->cool = 0;
    if (t->in_c < cold - 0.5) t->heat = 1;
    if (t->in_c > cold + 0.5) t->heat = 0;
    const double cop_cool = clamp(3.6 - 0.06 * (out_c - 25), 1.8, 5);
    const double cop_heat = clamp(3.0 + 0.07 * (out_c - 7), 1.5, 5);
    const double cool_kw = h->has_cooling ? t->cool * h->cooling_kw : 0;
    const double heat_kw =
        t->heat * h->heating_kw; /* heat pump, or a boiler of the same heat */
    const double gains = 0.25 + (in ? 0.1 * h->persons : 0) + sun_kw;
    const double vented =
        t->in_c > 23 && out_c < t->in_c && in && t->cool < 1 ? 2 : 1; /* window */
    const double flow = vented * h->loss_kw_per_c * (out_c - t->in_c) + gains +
                        cop_heat * heat_kw - cop_cool * cool_kw;
    t->in_c += flow * dt_h / h->heat_kwh_per_c;
    m->energy[(size_t)VO_APPLIANCE_cooling * m->span.n + k] += cool_kw * dt_h;
    if (h->has_heating)
        m->energy[(size_t)VO_APPLIANCE_heating * m->span.n + k] += heat_kw * dt_h;
}

static void make_rest(maker *m) {
    const vo_synth_household *h = &m->h;
    const vo_synth_weather_options *w = &m->o->weather;
    const int64_t part_s = m->span.step_s / ((m->span.step_s + 599) / 600);
    const double dt_h = (double)part_s / 3600, size = m->o->size;
    double *light = m->energy + (size_t)VO_APPLIANCE_lighting * m->span.n;
    double *fun = m->energy + (size_t)VO_APPLIANCE_entertainment * m->span.n;
    house t = {.in_c = clamp(m->sky.temperature_c[0] + 4, 19.5, 25)};
    size_t day = 0;
    for (size_t k = 0; k < m->span.n; k++) {
        for (int64_t part = 0; part < m->span.step_s; part += part_s) {
            const int64_t s = m->span.first_s + (int64_t)k * m->span.step_s + part + part_s / 2;
            while (day + 1 < m->n_days && s >= m->day[day + 1].start_s) day++;
            const home_day *d = &m->day[day];
            const bool in = is_in(d, s), awake = s >= d->wake_s && s < d->sleep_s;
            const vo_synth_sun sun = vo_synth_sun_at(w->latitude, w->longitude, s);
            const double ghi =
                vo_synth_light_at(&sun, vo_synth_at(&m->span, m->sky.cloud, s)).ghi_w_m2;
            const double dark = clamp(1 - ghi / 120, 0.08, 1);
            if (in && awake) {
                light[k] += size * (0.06 + 0.045 * h->persons) * dark * dt_h;
                fun[k] +=
                    size * (0.12 + 0.08 * h->persons) * dt_h * (s > d->evening_s ? 1.4 : 0.8);
            }
            make_climate(m, &t, k, dt_h, vo_synth_at(&m->span, m->sky.temperature_c, s),
                         ghi / 1000 * WINDOWS_M2, in, awake);
        }
        m->energy[(size_t)VO_APPLIANCE_base * m->span.n + k] +=
            h->base_kw * (double)m->span.step_s / 3600;
    }
}

/* ---- the car ---------------------------------------------------------------------- */

/* One evening's session, if there is one that day. Cars depart before half past ten and arrive
 * later: sessions never overlap. */
static bool next_session(const maker *m, vo_random *r, size_t k, double *owed_kwh,
                         vo_ev_session *s) {
    const home_day *d = &m->day[k];
    const int64_t day = m->span.first_day + (int64_t)k;
    const double chance = vo_random_unit(r), spread = near(r, 0, 1), part = vo_random_unit(r);
    const double morning = near(r, d->weekend ? 8.8 : 7.6, 0.7);
    const double driven = m->h.car_kwh_per_day * vo_synth_exp(near(r, 0, 0.5));
    if (d->away) return false;
    *owed_kwh = fmin(*owed_kwh + (d->weekend ? 0.7 : 1) * driven, 55);
    if (chance > (*owed_kwh > 20 ? 1 : 0.55)) return false; /* not plugged in every day */
    const bool commutes = !d->weekend && m->h.people == VO_HOME_AT_WORK;
    const double arrives =
        commutes ? clamp(m->h.return_h + 0.4 + 1.2 * spread, 13, 22.5) : 11.5 + 9 * part;
    s->arrival.s = at_hour(m, day, arrives);
    s->departure.s = at_hour(m, day + 1, morning);
    const double stay_h = (double)(s->departure.s - s->arrival.s) / 3600;
    s->energy_kwh = floor(fmin(*owed_kwh, m->o->charger_kw * stay_h) * 1000) / 1000;
    *owed_kwh -= s->energy_kwh;
    return s->energy_kwh > 0;
}

static vo_status make_sessions(const maker *m, vo_ev_session **out, size_t *n, vo_error *err) {
    *out = NULL;
    *n = 0;
    if (!m->h.has_ev) return VO_OK;
    vo_ev_session *list = malloc(m->n_days * sizeof *list);
    if (!list)
        return vo_fail(err, VO_ENOMEM, "no memory for the car of home %u", (unsigned)m->home);
    vo_random r = stream(m->o, m->home, CAR);
    double owed_kwh = 0;
    for (size_t k = 0; k < m->n_days; k++)
        if (next_session(m, &r, k, &owed_kwh, &list[*n])) ++*n;
    *out = list;
    return VO_OK;
}

vo_status vo_synth_ev_sessions(const vo_synth_home_options *o, uint32_t home,
                               vo_ev_session **out, size_t *n, vo_error *err) {
    maker m;
    vo_status st = maker_init(o, home, false, &m, err);
    if (st != VO_OK) return st;
    st = make_sessions(&m, out, n, err);
    maker_fini(&m);
    return st;
}

/* ---- the series ------------------------------------------------------------------- */

/* kWh per interval -> whole QUANTUMs of kW; what rounding leaves is carried on, so that energy
 * is kept. */
static void to_kw(const double *kwh, size_t n, double dt_h, double *kw) {
    double carry = 0;
    for (size_t t = 0; t < n; t++) {
        const double wanted = kwh[t] / dt_h + carry;
        kw[t] = fmax(floor(wanted / QUANTUM + 0.5) * QUANTUM, 0);
        carry = wanted - kw[t];
    }
}

static void fill(const maker *m, vo_series *s) {
    const double dt_h = (double)m->span.step_s / 3600;
    for (size_t a = 0; a < VO_APPLIANCES; a++)
        to_kw(m->energy + a * m->span.n, s->n, dt_h, s->column[2 + a].value);
    for (size_t t = 0; t < s->n; t++) {
        double sum = 0;
        for (size_t a = 0; a < VO_APPLIANCES; a++) sum += s->column[2 + a].value[t];
        s->column[0].value[t] = sum;
        const double pv =
            m->h.has_pv ? vo_synth_weather_panel_kw(&m->o->weather, &m->span, &m->sky,
                                                    &m->h.panel, s->start[t].s, m->span.step_s)
                        : 0;
        s->column[1].value[t] = floor(pv / QUANTUM + 0.5) * QUANTUM;
    }
}

static vo_status make_events(maker *m, vo_error *err) {
    vo_ev_session *car = NULL;
    size_t cars = 0;
    const vo_status st = make_sessions(m, &car, &cars, err);
    if (st != VO_OK) return st;
    for (size_t i = 0; i < cars; i++) {
        const double length_s = car[i].energy_kwh / m->o->charger_kw * 3600;
        const int64_t by_day = vo_zone_local_day(m->span.zone, car[i].departure.s);
        const int64_t timer = at_hour(m, by_day, 0.5);
        const bool waits = m->h.car_timer && timer > car[i].arrival.s &&
                           timer + (int64_t)ceil(length_s) <= car[i].departure.s;
        use(m, VO_APPLIANCE_ev, waits ? timer : car[i].arrival.s, length_s, m->o->charger_kw);
    }
    free(car);
    make_fridge(m);
    make_meals(m);
    make_washing(m);
    make_other(m);
    make_rest(m);
    return VO_OK;
}

vo_status vo_synth_home(const vo_synth_home_options *o, uint32_t home, vo_series **out,
                        vo_error *err) {
#define X(name) #name "_kw",
    static const char *const name[] = {"load_kw", "pv_kw", VO_SYNTH_APPLIANCE_MAP(X)};
#undef X
    maker m;
    vo_series *s = NULL;
    vo_status st = maker_init(o, home, true, &m, err);
    if (st != VO_OK) return st;
    st = make_events(&m, err);
    if (st == VO_OK) st = vo_synth_span_series(&m.span, name, 2 + VO_APPLIANCES, &s, err);
    if (st == VO_OK) {
        fill(&m, s);
        snprintf(s->unit, sizeof s->unit, "kW");
        snprintf(s->label, sizeof s->label, "synthetic home %04u", (unsigned)home);
        *out = s;
    }
    maker_fini(&m);
    return st;
}
