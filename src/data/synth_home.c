/* synth_home.c -- see synth_home.h. A day of a home, local hours, N: normal, one stream per day
 * and purpose, so that a day can be made without those before it:
 *
 *   people    wake, leave, return, sleep +- 0.4 h N a day; 0.6 % of days begin 2 .. 10 away
 *   fridge    cycles of about 50 minutes, on 35 % of the time at 20 C outside and 0.6 points
 *             more per C there: the room follows 40 % of it, and 1.5 points per C of the room;
 *             begun anew each midnight, somewhere in a cycle
 *   cooking   breakfast, lunch and dinner when somebody is there
 *   washing   machine 3 times a week (heats, then turns), dishes every second evening
 *   other     ten times a day perhaps, 0.2 .. 1.4 kW for 0.5 .. 3 h, likelier with people there
 *   house     C dT/dt = loss (T_out - T) + 0.006 persons' power + sun - cold; thermostat with a
 *             band of 1 C: cools above 24.5 C, heats below 19.5 C, less when away or asleep; in
 *             blocks of 8 days, each after 2 unseen ones that begin 4 C above the outside
 *   car       arrives when its people return, +- 1.2 h, or 11.5 .. 20.5 h on other days; needs
 *             a log-normal of energy for each day it was driven; some charge by a timer from
 *             0.5 h; what is owed is forgiven every 28th day
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
#define HOUR_S INT64_C(3600)
#define MINUTE_S INT64_C(60)
#define DAY_STREAM UINT64_C(0x403F000000000000)
#define CAR_KWH 55.0    /* the most that is owed */
#define CAR_CHANCE 0.55 /* of an evening at the charger */
#define CAR_DAYS 28     /* what a car owes is known after so many */
#define TRIP_DAYS 10    /* the longest that people are away       */

enum { PARAMETERS, DAYS, FRIDGE, COOKING, WASHING, CAR, OTHER, TRIPS, STREAMS };

static vo_random parameters_of(const vo_synth_home_options *o, uint32_t home) {
    return vo_random_seed(o->weather.seed, STREAM + (uint64_t)home * STREAMS + PARAMETERS);
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
    vo_random r = parameters_of(o, home);
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
    const vo_synth_town *town;
    uint32_t home;
    uint64_t key; /* of the home's streams of a day */
    vo_synth_household h;
    home_day *day;              /* [town->n_dates] */
    uint8_t *away;              /* [CAR_DAYS + town->n_dates], from CAR_DAYS before day[0] on */
    double *row[VO_APPLIANCES]; /* kWh, [town->span.n]; may all be one */
} maker;

static vo_random stream(const maker *m, int64_t day, int purpose) {
    return vo_random_seed(m->key, (uint64_t)day * STREAMS + (uint64_t)purpose);
}

static int64_t at_hour(const maker *m, int64_t day, double hour) {
    return vo_synth_town_at(m->town, day, hour);
}

/* A trip covers its first day and those after it, whether or not another has begun. */
static void make_trips(maker *m) {
    const int64_t first = m->town->date[0].day - CAR_DAYS;
    const size_t n = CAR_DAYS + m->town->n_dates;
    int64_t back = first;
    for (int64_t day = first - TRIP_DAYS; day < first + (int64_t)n; day++) {
        vo_random r = stream(m, day, TRIPS);
        const double trip = vo_random_unit(&r);
        if (trip < 0.006) {
            const int64_t until = day + 2 + (int64_t)(9 * vo_random_unit(&r));
            back = until > back ? until : back;
        }
        if (day >= first) m->away[day - first] = day < back;
    }
}

static void make_day(maker *m, size_t k) {
    const vo_synth_household *h = &m->h;
    const int64_t day = m->town->date[k].day;
    vo_random r = stream(m, day, DAYS);
    home_day *d = &m->day[k];
    d->day = day;
    d->away = m->away[CAR_DAYS + k];
    d->weekend = m->town->date[k].weekend;
    const double late = d->weekend ? 1.2 : 0, shift = near(&r, 0, 0.4);
    const bool goes = h->people == VO_HOME_AT_WORK ? !d->weekend || vo_random_unit(&r) < 0.5
                                                   : vo_random_unit(&r) < 0.5;
    const double leave = h->leave_h + shift + (d->weekend ? 3 : 0);
    const double back = fmax(leave + 0.5, h->return_h + near(&r, 0, 0.7));
    d->start_s = m->town->date[k].start_s;
    d->evening_s = at_hour(m, day, 18);
    d->wake_s = at_hour(m, day, clamp(h->wake_h + late + shift, 3, 11));
    d->leave_s = at_hour(m, day, leave);
    d->return_s = goes ? at_hour(m, day, back) : d->leave_s;
    d->sleep_s = at_hour(m, day, clamp(h->sleep_h + late / 2 + near(&r, 0, 0.4), 20, 23.9));
}

/* Memory of a maker, in one block: days, then away. */
static size_t room_of(const vo_synth_town *t) {
    return t->n_dates * sizeof(home_day) + (CAR_DAYS + t->n_dates) * sizeof(uint8_t);
}

static vo_status maker_init(const vo_synth_town *t, const vo_synth_home_options *o,
                            uint32_t home, void *room, maker *m, vo_error *err) {
    memset(m, 0, sizeof *m);
    m->o = o;
    m->town = t;
    m->home = home;
    m->day = room;
    m->away = (uint8_t *)(m->day + t->n_dates);
    vo_random key = vo_random_seed(o->weather.seed, DAY_STREAM + home);
    m->key = vo_random_u64(&key);
    const vo_status st = vo_synth_household_of(o, home, &m->h, err);
    if (st != VO_OK) return st;
    make_trips(m);
    return VO_OK;
}

/* Puts an event on the time axis, in whole seconds of the same energy; what lies outside the
 * span is lost. */
static void use(maker *m, int appliance, int64_t from_s, double length_s, double power_kw) {
    if (!(length_s > 0)) return;
    const double whole_s = ceil(length_s), kw = power_kw * length_s / whole_s;
    const vo_synth_span *span = &m->town->span;
    const int64_t to_s = from_s + (int64_t)whole_s;
    double *energy = m->row[appliance];
    const int64_t end_s = span->first_s + (int64_t)span->n * span->step_s;
    int64_t at = from_s > span->first_s ? from_s : span->first_s;
    if (at >= to_s || at >= end_s) return;
    size_t k = (size_t)((at - span->first_s) / span->step_s);
    for (; at < to_s && at < end_s; k++) {
        const int64_t edge = span->first_s + (int64_t)(k + 1) * span->step_s;
        const int64_t until = to_s < edge ? to_s : edge;
        energy[k] += kw * (double)(until - at) / 3600;
        at = until;
    }
}

static bool is_in(const home_day *d, int64_t s) {
    return !d->away && (s < d->leave_s || s >= d->return_s);
}

/* ---- events of a day -------------------------------------------------------------- */

static void make_fridge(maker *m, const home_day *d, int64_t end_s) {
    vo_random r = stream(m, d->day, FRIDGE);
    const vo_synth_town *t = m->town;
    int64_t at = d->start_s - (int64_t)(3000 * vo_random_unit(&r));
    while (at < end_s) {
        const double outside = vo_synth_at(&t->sky_span, t->sky.temperature_c, at);
        const double duty = clamp(0.35 + 0.015 * (0.4 * (outside - 20)), 0.2, 0.8);
        const double cycle_s = 3000 * near(&r, 1, 0.12);
        const int64_t from = at > d->start_s ? at : d->start_s;
        const double until = fmin((double)(at - from) + duty * cycle_s, (double)(end_s - from));
        use(m, VO_APPLIANCE_fridge, from, until, m->h.fridge_kw);
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

static void make_meals(maker *m, const home_day *d) {
    vo_random r = stream(m, d->day, COOKING);
    const int64_t evening = d->evening_s + 15 * MINUTE_S, back = d->return_s + 45 * MINUTE_S;
    const int64_t dinner = back > evening ? back : evening;
    meal(m, d, &r, d->wake_s + 25 * MINUTE_S, 0.7, 12, 1.3);
    meal(m, d, &r, at_hour(m, d->day, 12.5), d->weekend ? 0.6 : 0.45, 30, 1.7);
    meal(m, d, &r, dinner, 0.85, 35 + 4 * m->h.persons, 1.8);
}

static void make_washing(maker *m, const home_day *d) {
    vo_random r = stream(m, d->day, WASHING);
    const double size = m->o->size, often = 0.10 * m->h.persons + (d->weekend ? 0.15 : 0);
    const int64_t from = d->weekend ? d->wake_s + 90 * MINUTE_S : d->return_s + 30 * MINUTE_S;
    const int64_t wash = from + (int64_t)(4 * HOUR_S * vo_random_unit(&r));
    const bool washes = vo_random_unit(&r) < often, dries = vo_random_unit(&r) < 0.4;
    const int64_t dishes =
        at_hour(m, d->day, 20) + 50 * MINUTE_S + (int64_t)(90 * MINUTE_S * vo_random_unit(&r));
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

/* Pumps, tools, ironing, a heater, a computer: now and then, more when somebody is there. */
static void make_other(maker *m, const home_day *d) {
    vo_random r = stream(m, d->day, OTHER);
    for (int i = 0; i < 10; i++) {
        const int64_t at = at_hour(m, d->day, vo_random_between(&r, 6.5, 22.5));
        const double length_s = 3600 * vo_random_between(&r, 0.5, 3);
        const double kw = m->o->size * vo_random_between(&r, 0.2, 1.4);
        const double chance = !is_in(d, at) ? 0.12 : 0.15 + 0.06 * m->h.persons;
        if (vo_random_unit(&r) < chance) use(m, VO_APPLIANCE_other, at, length_s, kw);
    }
}

/* ---- what follows sun, people and weather: parts of a step ------------------------ */

static void make_light(maker *m) {
    const vo_synth_household *h = &m->h;
    const vo_synth_town *t = m->town;
    const double dt_h = (double)t->part_s / 3600, size = m->o->size;
    const double lamps = size * (0.06 + 0.045 * h->persons) * dt_h;
    const double screens = size * (0.12 + 0.08 * h->persons) * dt_h;
    const size_t parts = (size_t)(t->span.step_s / t->part_s);
    const vo_synth_part *p = t->part + (t->n_parts - t->span.n * parts);
    double *light = m->row[VO_APPLIANCE_lighting], *fun = m->row[VO_APPLIANCE_entertainment];
    int64_t s = t->span.first_s + t->part_s / 2;
    size_t day = t->lead;
    for (size_t k = 0; k < t->span.n; k++)
        for (size_t i = 0; i < parts; i++, p++, s += t->part_s) {
            while (s >= m->day[day + 1].start_s) day++;
            const home_day *d = &m->day[day];
            if (s < d->wake_s || s >= d->sleep_s || !is_in(d, s)) continue;
            light[k] += lamps * p->dark;
            fun[k] += screens * (s > d->evening_s ? 1.4 : 0.8);
        }
}

typedef struct {
    double in_c;       /* temperature of the house */
    double cool, heat; /* 1 while the machine runs */
    double cool_kw, heat_kw;
} house;

/* A thermostat of 1 C around its setting, over a part; c_per_kw: what a kW warms in it. */
static void live(const vo_synth_household *h, const vo_synth_part *p, bool in, bool awake,
                 double c_per_kw, house *t) {
    const double warm = in ? 24.5 : 27, cold = in && awake ? 19.5 : 17;
    if (t->in_c > warm + 0.5) t->cool = 1;
    if (t->in_c < warm - 0.5) t->cool = 0;
    if (t->in_c < cold - 0.5) t->heat = 1;
    if (t->in_c > cold + 0.5) t->heat = 0;
    t->cool_kw = h->has_cooling ? t->cool * h->cooling_kw : 0;
    t->heat_kw = t->heat * h->heating_kw; /* heat pump, or a boiler of the same heat */
    const double gains = 0.25 + (in ? 0.1 * h->persons : 0) + p->sun_kw;
    const double vented =
        t->in_c > 23 && p->out_c < t->in_c && in && t->cool < 1 ? 2 : 1; /* window */
    const double flow = vented * h->loss_kw_per_c * (p->out_c - t->in_c) + gains +
                        p->cop_heat * t->heat_kw - p->cop_cool * t->cool_kw;
    t->in_c += flow * c_per_kw;
}

/* First part that begins in a day or after it did. */
static size_t part_of(const vo_synth_town *t, int64_t start_s) {
    const int64_t since = start_s - t->part_first_s;
    return since <= 0 ? 0 : (size_t)((since + t->part_s - 1) / t->part_s);
}

/* Days [from, seen) unseen, then [seen, to): indexes of day[]. */
static void make_block(maker *m, size_t from, size_t seen, size_t to) {
    const vo_synth_town *t = m->town;
    const double dt_h = (double)t->part_s / 3600;
    const size_t parts = (size_t)(t->span.step_s / t->part_s);
    const size_t before = t->n_parts - t->span.n * parts; /* the span's first part */
    size_t show = part_of(t, t->date[seen].start_s), end = part_of(t, t->date[to].start_s);
    const size_t begin = part_of(t, t->date[from].start_s);
    if (show < before) show = before;
    if (end > t->n_parts) end = t->n_parts;
    double *cool = m->row[VO_APPLIANCE_cooling], *heat = m->row[VO_APPLIANCE_heating];
    house it = {.in_c = clamp(t->part[begin].out_c + 4, 19.5, 25)};
    const double c_per_kw = dt_h / m->h.heat_kwh_per_c;
    size_t day = from;
    for (size_t i = begin; i < end; i++) {
        const int64_t s = t->part_first_s + (int64_t)i * t->part_s + t->part_s / 2;
        while (day + 1 < to && s >= m->day[day + 1].start_s) day++;
        const home_day *d = &m->day[day];
        live(&m->h, &t->part[i], is_in(d, s), s >= d->wake_s && s < d->sleep_s, c_per_kw, &it);
        if (i < show) continue;
        const size_t k = (i - before) / parts;
        cool[k] += it.cool_kw * dt_h;
        if (m->h.has_heating) heat[k] += it.heat_kw * dt_h;
    }
}

/* Index of the first day of the block that day[k] lies in. Blocks of different homes begin on
 * different days. */
static int64_t block_of(const maker *m, size_t k) {
    const int64_t since = (m->town->date[k].day + (int64_t)m->home) % VO_SYNTH_HOUSE_BLOCK;
    return (int64_t)k - since;
}

/* First day whose weather is known, of the days that are looked at. */
static size_t first_known(const vo_synth_town *t) {
    const int64_t since = t->sky_span.first_day - t->date[0].day;
    return since > 0 ? (size_t)since : 0;
}

static void make_house(maker *m) {
    if (!m->h.has_cooling && !m->h.has_heating) return;
    const vo_synth_town *t = m->town;
    const size_t end = t->n_dates - 2, least = first_known(t);
    for (size_t k = t->lead; k < end;) {
        const int64_t begins = block_of(m, k), leads = begins - VO_SYNTH_HOUSE_LEAD;
        size_t next = (size_t)(begins + VO_SYNTH_HOUSE_BLOCK);
        if (next > end) next = end;
        const size_t from = leads > (int64_t)least ? (size_t)leads : least;
        make_block(m, from, k, next);
        k = next;
    }
}

/* The year, or its first days, that a series of its own covers. */
static vo_status town_of(const vo_synth_home_options *o, bool bare, vo_synth_town *out,
                         vo_error *err) {
    const vo_synth_weather_options *w = &o->weather;
    vo_status st = vo_synth_within("year", w->year, 1970, 2200, err);
    if (st == VO_OK) st = vo_synth_within("days", w->days, 0, 36598, err);
    if (st != VO_OK) return st;
    const int64_t first = vo_civil_days(w->year, 1, 1);
    const int32_t year = (int32_t)(vo_civil_days(w->year + 1, 1, 1) - first);
    return vo_synth_town_init(w, first, w->days ? w->days : year, NULL, bare, out, err);
}

/* ---- the car ---------------------------------------------------------------------- */

/* A day of a car, before it is known what it owes. */
typedef struct {
    double chance, driven_kwh, most_kwh; /* most: what fits into the stay */
    vo_time arrival, departure;
    bool away;
} car_day;

static car_day draw_car(const maker *m, int64_t day) {
    vo_random r = stream(m, day, CAR);
    const bool weekend = vo_civil_weekday(day) >= 5;
    const double chance = vo_random_unit(&r), spread = near(&r, 0, 1);
    const double part = vo_random_unit(&r), morning = near(&r, weekend ? 8.8 : 7.6, 0.7);
    const double driven = m->h.car_kwh_per_day * vo_synth_exp(near(&r, 0, 0.5));
    const bool commutes = !weekend && m->h.people == VO_HOME_AT_WORK;
    const double arrives =
        commutes ? clamp(m->h.return_h + 0.4 + 1.2 * spread, 13, 22.5) : 11.5 + 9 * part;
    car_day c = {.chance = chance,
                 .driven_kwh = (weekend ? 0.7 : 1) * driven,
                 .arrival = {at_hour(m, day, arrives)},
                 .departure = {at_hour(m, day + 1, morning)},
                 .away = m->away[day - m->town->date[0].day + CAR_DAYS]};
    c.most_kwh = m->o->charger_kw * (double)(c.departure.s - c.arrival.s) / 3600;
    return c;
}

/* One evening's session, if there is one that day. Cars depart before half past ten and arrive
 * later: sessions never overlap. */
static bool next_session(const maker *m, int64_t day, double *owed_kwh, vo_ev_session *s) {
    if ((day + (int64_t)m->home) % CAR_DAYS == 0) *owed_kwh = 0;
    const car_day c = draw_car(m, day);
    if (c.away) return false;
    *owed_kwh = fmin(*owed_kwh + c.driven_kwh, CAR_KWH);
    if (c.chance > (*owed_kwh > 20 ? 1 : CAR_CHANCE)) return false; /* not every day */
    s->arrival = c.arrival;
    s->departure = c.departure;
    s->energy_kwh = floor(fmin(*owed_kwh, c.most_kwh) * 1000) / 1000;
    *owed_kwh = *owed_kwh <= c.most_kwh ? 0 : *owed_kwh - s->energy_kwh;
    return s->energy_kwh > 0;
}

/* The day before `day` from which on what is owed is known, whatever was before: it was
 * forgiven, or a stay was long enough for all that can be owed. */
static int64_t car_known(const maker *m, int64_t day) {
    for (int64_t k = day;; k--) {
        if ((k + (int64_t)m->home) % CAR_DAYS == 0) return k;
        const car_day c = draw_car(m, k - 1);
        if (!c.away && c.chance <= CAR_CHANCE && c.most_kwh >= CAR_KWH) return k;
    }
}

/* Sessions of day[from .. to). */
static void make_sessions(const maker *m, size_t from, size_t to, vo_ev_session *list,
                          size_t *n) {
    *n = 0;
    const int64_t first = m->town->date[from].day;
    double owed_kwh = 0;
    vo_ev_session unseen;
    for (int64_t day = car_known(m, first); day < first; day++)
        next_session(m, day, &owed_kwh, &unseen);
    for (size_t k = from; k < to; k++)
        if (next_session(m, m->town->date[k].day, &owed_kwh, &list[*n])) ++*n;
}

vo_status vo_synth_ev_sessions(const vo_synth_home_options *o, uint32_t home,
                               vo_ev_session **out, size_t *n, vo_error *err) {
    vo_synth_town t;
    maker m;
    vo_status st = town_of(o, true, &t, err);
    if (st != VO_OK) return st;
    void *room = malloc(room_of(&t));
    vo_ev_session *list = malloc(t.n_dates * sizeof *list);
    if (!room || !list)
        st = vo_fail(err, VO_ENOMEM, "no memory for the car of home %u", (unsigned)home);
    if (st == VO_OK) st = maker_init(&t, o, home, room, &m, err);
    if (st == VO_OK) {
        *n = 0;
        if (m.h.has_ev) make_sessions(&m, t.lead, t.n_dates - 2, list, n);
        *out = m.h.has_ev ? list : NULL;
    }
    if (st != VO_OK || !*out) free(list);
    free(room);
    vo_synth_town_fini(&t);
    return st;
}

/* Of the day before the span, too, which may charge into it. */
static void make_car(maker *m, vo_ev_session *list) {
    if (!m->h.has_ev) return;
    size_t n;
    make_sessions(m, m->town->lead - 1, m->town->n_dates - 2, list, &n);
    for (size_t i = 0; i < n; i++) {
        const double length_s = list[i].energy_kwh / m->o->charger_kw * 3600;
        const int64_t by_day = vo_zone_local_day(m->town->span.zone, list[i].departure.s);
        const int64_t timer = at_hour(m, by_day, 0.5);
        const bool waits = m->h.car_timer && timer > list[i].arrival.s &&
                           timer + (int64_t)ceil(length_s) <= list[i].departure.s;
        use(m, VO_APPLIANCE_ev, waits ? timer : list[i].arrival.s, length_s, m->o->charger_kw);
    }
}

/* ---- a home's energy -------------------------------------------------------------- */

static double panel_kw(const maker *m, const vo_synth_direction *normal, size_t k) {
    const vo_synth_town *t = m->town;
    const vo_synth_ray *ray = t->ray + k * t->rays;
    double sum = 0;
    for (size_t i = 0; i < t->rays; i++)
        if (ray[i].sun.up > 0)
            sum += vo_synth_panel_towards_kw(&m->h.panel, normal, &ray[i].sun, ray[i].light,
                                             ray[i].temperature_c);
    return sum / (double)t->rays;
}

/* All appliances into the rows. Events of the day before the span may reach into it. */
static void make_all(maker *m, vo_ev_session *list) {
    const vo_synth_town *t = m->town;
    const double base_kwh = m->h.base_kw * (double)t->span.step_s / 3600;
    const bool climate = m->h.has_cooling || m->h.has_heating;
    const size_t back = climate ? VO_SYNTH_HOUSE_BLOCK + VO_SYNTH_HOUSE_LEAD : 1;
    for (size_t k = t->lead - back; k < t->n_dates; k++) make_day(m, k);
    make_car(m, list);
    for (size_t k = t->lead - 1; k + 2 < t->n_dates; k++) {
        if (k >= t->lead) make_fridge(m, &m->day[k], m->day[k + 1].start_s);
        make_meals(m, &m->day[k]);
        make_washing(m, &m->day[k]);
        make_other(m, &m->day[k]);
    }
    make_light(m);
    make_house(m);
    for (size_t k = 0; k < t->span.n; k++) m->row[VO_APPLIANCE_base][k] += base_kwh;
}

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

size_t vo_synth_home_room(const vo_synth_town *t) {
    return aligned(t->span.n * sizeof(double)) + aligned(t->n_dates * sizeof(vo_ev_session)) +
           aligned(room_of(t));
}

vo_status vo_synth_home_fill(const vo_synth_home_options *o, const vo_synth_town *t,
                             uint32_t home, void *room, float *load_kwh, float *pv_kwh,
                             vo_error *err) {
    maker m;
    double *energy = room;
    vo_ev_session *list =
        (vo_ev_session *)(void *)((char *)room + aligned(t->span.n * sizeof *energy));
    void *days = (char *)(void *)list + aligned(t->n_dates * sizeof *list);
    const vo_status st = maker_init(t, o, home, days, &m, err);
    if (st != VO_OK) return st;
    memset(energy, 0, t->span.n * sizeof *energy);
    for (size_t a = 0; a < VO_APPLIANCES; a++) m.row[a] = energy;
    make_all(&m, list);
    const vo_synth_direction normal = vo_synth_panel_normal(&m.h.panel);
    const double dt_h = (double)t->span.step_s / 3600;
    for (size_t k = 0; k < t->span.n; k++) {
        load_kwh[k] = (float)energy[k];
        pv_kwh[k] = m.h.has_pv ? (float)(panel_kw(&m, &normal, k) * dt_h) : 0;
    }
    return VO_OK;
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

static void write_series(const maker *m, vo_series *s) {
    const double dt_h = (double)m->town->span.step_s / 3600;
    const vo_synth_direction normal = vo_synth_panel_normal(&m->h.panel);
    for (size_t a = 0; a < VO_APPLIANCES; a++)
        to_kw(m->row[a], s->n, dt_h, s->column[2 + a].value);
    for (size_t t = 0; t < s->n; t++) {
        double sum = 0;
        for (size_t a = 0; a < VO_APPLIANCES; a++) sum += s->column[2 + a].value[t];
        s->column[0].value[t] = sum;
        const double pv = m->h.has_pv ? panel_kw(m, &normal, t) : 0;
        s->column[1].value[t] = floor(pv / QUANTUM + 0.5) * QUANTUM;
    }
}

static vo_status make_series(const vo_synth_home_options *o, const vo_synth_town *t,
                             uint32_t home, vo_series *s, vo_error *err) {
    maker m;
    double *energy = calloc(t->span.n * VO_APPLIANCES, sizeof *energy);
    char *room = malloc(vo_synth_home_room(t));
    vo_status st = energy && room
                       ? VO_OK
                       : vo_fail(err, VO_ENOMEM, "no memory for home %u", (unsigned)home);
    if (st == VO_OK)
        st =
            maker_init(t, o, home, room + aligned(t->n_dates * sizeof(vo_ev_session)), &m, err);
    if (st == VO_OK) {
        for (size_t a = 0; a < VO_APPLIANCES; a++) m.row[a] = energy + a * t->span.n;
        make_all(&m, (vo_ev_session *)(void *)room);
        write_series(&m, s);
    }
    free(room);
    free(energy);
    return st;
}

vo_status vo_synth_home(const vo_synth_home_options *o, uint32_t home, vo_series **out,
                        vo_error *err) {
#define X(name) #name "_kw",
    static const char *const name[] = {"load_kw", "pv_kw", VO_SYNTH_APPLIANCE_MAP(X)};
#undef X
    vo_synth_town t;
    vo_series *s = NULL;
    vo_status st = town_of(o, false, &t, err);
    if (st != VO_OK) return st;
    st = vo_synth_span_series(&t.span, name, 2 + VO_APPLIANCES, &s, err);
    if (st == VO_OK) st = make_series(o, &t, home, s, err);
    if (st == VO_OK) {
        snprintf(s->unit, sizeof s->unit, "kW");
        snprintf(s->label, sizeof s->label, "synthetic home %04u", (unsigned)home);
        *out = s;
    } else {
        vo_series_free(s);
    }
    vo_synth_town_fini(&t);
    return st;
}
