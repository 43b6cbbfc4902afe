/* test_synth_home.c -- synthetic homes: energy kept, days as long as clocks say, nobody's
 * neighbour. */
#include "data/synth_home.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/moments.h"

static vo_series *make(vo_synth_home_options o, uint32_t home) {
    vo_series *s = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_synth_home(&o, home, &s, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_series_check(s, NULL), VO_OK);
    return s;
}

static double energy(const vo_series *s, const char *column) {
    const double *v = vo_series_find(s, column);
    double sum = 0;
    for (size_t t = 0; t < s->n; t++) sum += v[t] * s->dt_h[t];
    return sum;
}

Test(synth_home, load_is_the_sum_of_its_appliances_exactly) {
    vo_synth_home_options o = vo_synth_home_options_default();
    o.weather.days = 60;
    for (uint32_t home = 0; home < 8; home++) {
        vo_series *s = make(o, home);
        cr_assert_eq(s->n, 60u * 48);
        cr_expect_str_eq(s->column[0].name, "load_kw");
        cr_expect_str_eq(s->column[1].name, "pv_kw");
        cr_expect_str_eq(s->column[2].name, "ev_kw");
        for (size_t t = 0; t < s->n; t++) {
            double sum = 0;
            for (size_t k = s->n_columns - 1; k >= 2; k--) { /* any order: sums are exact */
                cr_assert_geq(s->column[k].value[t], 0);
                sum += s->column[k].value[t];
            }
            cr_assert(sum == s->column[0].value[t], "%zu: %.17g", t, sum);
            cr_assert_gt(sum, 0, "something is always on");
        }
        vo_series_free(s);
    }
}

Test(synth_home, a_home_does_not_depend_on_its_neighbours_or_on_how_long_it_is_looked_at) {
    vo_synth_home_options o = vo_synth_home_options_default();
    o.weather.days = 30;
    o.weather.interval_minutes = 60;
    vo_series *a = make(o, 9), *c = make(o, 10);
    o.weather.days = 10;
    vo_series *b = make(o, 9);
    o.weather.seed = 2;
    vo_series *d = make(o, 9);
    for (size_t k = 0; k < a->n_columns;
         k++) /* the last hour may hold what began after the end */
        cr_assert_eq(memcmp(a->column[k].value, b->column[k].value, b->n * sizeof(double)), 0,
                     "%s", a->column[k].name);
    cr_expect_neq(memcmp(a->column[0].value, c->column[0].value, a->n * sizeof(double)), 0);
    cr_expect_neq(memcmp(b->column[0].value, d->column[0].value, b->n * sizeof(double)), 0);
    vo_series_free(a);
    vo_series_free(b);
    vo_series_free(c);
    vo_series_free(d);
}

Test(synth_home, no_two_homes_are_the_same) {
    enum { HOMES = 16 };
    vo_synth_home_options o = vo_synth_home_options_default();
    o.weather.days = 2;
    vo_series *s[HOMES];
    for (uint32_t i = 0; i < HOMES; i++) {
        s[i] = make(o, i);
        for (uint32_t j = 0; j < i; j++)
            for (size_t k = 3; k < 6; k++) /* base, fridge, cooking */
                cr_expect_neq(memcmp(s[i]->column[k].value, s[j]->column[k].value,
                                     s[i]->n * sizeof(double)),
                              0, "%u %u %s", i, j, s[i]->column[k].name);
    }
    for (uint32_t i = 0; i < HOMES; i++) vo_series_free(s[i]);
}

/* Events are on the time axis: their energy is the same in steps of 5, 30 and 60 minutes. */
Test(synth_home, energy_of_appliances_does_not_depend_on_the_step) {
    static const char *const event[] = {"ev_kw", "base_kw", "fridge_kw", "cooking_kw",
                                        "washing_kw"};
    vo_synth_home_options o = vo_synth_home_options_default();
    o.weather.days = 30;
    o.ev_share = 1;
    o.weather.interval_minutes = 60;
    vo_series *hours = make(o, 4);
    static const double minutes[] = {5, 12, 30};
    for (int i = 0; i < 3; i++) {
        o.weather.interval_minutes = minutes[i];
        vo_series *s = make(o, 4);
        for (size_t k = 0; k < 5; k++)
            cr_expect_float_eq(energy(s, event[k]), energy(hours, event[k]), 0.003, "%s %g",
                               event[k], energy(s, event[k]));
        cr_expect_float_eq(energy(s, "load_kw") / energy(hours, "load_kw"), 1, 0.02);
        vo_series_free(s);
    }
    vo_series_free(hours);
}

Test(synth_home, cars_get_what_they_need_while_they_stay) {
    vo_synth_home_options o = vo_synth_home_options_default();
    o.ev_share = 1;
    for (uint32_t home = 0; home < 12; home++) {
        o.charger_kw = home < 8 ? 7.2 : 1; /* too weak for what some need */
        vo_ev_session *e = NULL;
        size_t n = 0;
        cr_assert_eq(vo_synth_ev_sessions(&o, home, &e, &n, NULL), VO_OK);
        cr_assert_gt(n, 80u);
        double need = 0;
        for (size_t i = 0; i < n; i++) {
            const double stay_h = (double)(e[i].departure.s - e[i].arrival.s) / 3600;
            cr_assert(e[i].energy_kwh > 0 && e[i].energy_kwh <= 55);
            cr_assert(stay_h > 0 && e[i].energy_kwh <= o.charger_kw * stay_h + 1e-9);
            if (i > 0) cr_assert_geq(e[i].arrival.s, e[i - 1].departure.s);
            need += e[i].energy_kwh;
        }
        vo_series *s = make(o, home);
        const int64_t end_s = s->start[s->n - 1].s + 1800;
        double *ev = vo_series_find(s, "ev_kw");
        for (size_t t = 0; t < 22; t++) ev[t] = 0; /* until 11:00 a stay of the day before */
        if (e[n - 1].departure.s <= end_s)
            cr_expect_float_eq(energy(s, "ev_kw"), need, 0.01, "home %u", home);
        else
            cr_expect(energy(s, "ev_kw") <= need + 0.01 &&
                      energy(s, "ev_kw") >= need - e[n - 1].energy_kwh - 0.01);
        const double *kw = ev;
        size_t i = 0;
        for (size_t t = 0; t < s->n; t++) {
            cr_assert_leq(kw[t], o.charger_kw + 0x1p-10);
            while (i < n && e[i].departure.s <= s->start[t].s) i++;
            if (kw[t] > 0x1p-9)
                cr_assert(i < n && e[i].arrival.s < s->start[t].s + 1800, "charges while away");
        }
        vo_series_free(s);
        free(e);
    }
    o.ev_share = 0;
    vo_ev_session *e = NULL;
    size_t n = 9;
    cr_assert_eq(vo_synth_ev_sessions(&o, 0, &e, &n, NULL), VO_OK);
    cr_expect(n == 0 && !e);
}

Test(synth_home, days_have_46_48_and_50_half_hours) {
    vo_synth_home_options o = vo_synth_home_options_default();
    o.weather.zone = "Europe/Madrid";
    vo_series *s = make(o, 1);
    size_t per_day[366] = {0};
    for (size_t t = 0; t < s->n; t++) per_day[s->day[t]]++;
    cr_expect_eq(s->n, 365u * 48);
    cr_expect_eq(per_day[88], 46u);
    cr_expect_eq(per_day[298], 50u);
    cr_expect_eq(per_day[120], 48u);
    vo_series_free(s);
}

/* Nothing else than what began by 22:30 and lasts 3 hours at most: from 01:30 to 06:30 of the
 * clock nobody uses a tool, also on 6 April 2025, whose night is an hour longer. */
Test(synth_home, habits_follow_the_clock_when_it_is_changed) {
    vo_synth_home_options o = vo_synth_home_options_default();
    o.weather.zone = "Australia/Sydney";
    o.weather.days = 97;
    const int64_t from_s = 1743876000, to_s = 1743885000; /* 18:00Z .. 20:30Z: 04:00 .. 06:30 */
    double night = 0, day = 0;
    for (uint32_t home = 0; home < 40; home++) {
        vo_series *s = make(o, home);
        const double *other = vo_series_find(s, "other_kw");
        for (size_t t = 0; t < s->n; t++) {
            if (s->start[t].s < from_s || s->start[t].s >= to_s + 86400 / 2) continue;
            *(s->start[t].s < to_s ? &night : &day) += other[t];
        }
        vo_series_free(s);
    }
    cr_expect(day > 10, "%g", day);
    cr_expect_float_eq(night, 0, 1e-12, "%g", night);
}

/* ---- any days of a town ------------------------------------------------------------ */

typedef struct {
    vo_synth_town town;
    void *room;
    float *load, *pv;
} days;

static days look(const vo_synth_home_options *o, const char *from, int32_t n,
                 const vo_synth_spell *spell) {
    days d = {.room = NULL};
    vo_civil c;
    bool has;
    int32_t offset;
    vo_error err = {0};
    cr_assert_eq(vo_civil_parse(from, strlen(from), &c, &has, &offset, &err), VO_OK);
    cr_assert_eq(vo_synth_town_init(&o->weather, vo_civil_days(c.year, c.month, c.day), n,
                                    spell, false, &d.town, &err),
                 VO_OK, "%s", err.msg);
    d.room = malloc(vo_synth_home_room(&d.town));
    d.load = calloc(d.town.span.n, sizeof(float));
    d.pv = calloc(d.town.span.n, sizeof(float));
    return d;
}

static void fill(const vo_synth_home_options *o, days *d, uint32_t home) {
    vo_error err = {0};
    cr_assert_eq(vo_synth_home_fill(o, &d->town, home, d->room, d->load, d->pv, &err), VO_OK,
                 "%s", err.msg);
}

static void forget(days *d) {
    free(d->room);
    free(d->load);
    free(d->pv);
    vo_synth_town_fini(&d->town);
}

static vo_synth_home_options californian(void) {
    vo_synth_home_options o = vo_synth_home_options_default();
    o.weather.zone = "America/Los_Angeles";
    o.weather.latitude = 37.34;
    o.weather.longitude = -121.89;
    o.weather.elevation_m = 25;
    return o;
}

/* Four days, eleven days and a month that hold the same days; one of them has 23 hours. Weak
 * chargers owe from day to day, cars come from the day before. */
Test(synth_home, a_day_is_the_same_whatever_days_are_looked_at_to_the_bit) {
    vo_synth_home_options o = californian();
    o.ev_share = o.cooling_share = o.heating_share = 0.9;
    o.charger_kw = 1;
    days few = look(&o, "2025-03-08", 4, NULL), more = look(&o, "2025-03-03", 11, NULL);
    days month = look(&o, "2025-02-16", 31, NULL);
    cr_assert_eq(few.town.span.n, 4u * 48 - 2);
    size_t charged = 0;
    for (uint32_t home = 0; home < 800; home++) {
        fill(&o, &few, home);
        fill(&o, &more, home);
        fill(&o, &month, home);
        const size_t n = few.town.span.n;
        cr_assert_eq(memcmp(few.load, more.load + 5 * 48, n * sizeof(float)), 0, "%u", home);
        cr_assert_eq(memcmp(few.load, month.load + 20 * 48, n * sizeof(float)), 0, "%u", home);
        cr_assert_eq(memcmp(few.pv, month.pv + 20 * 48, n * sizeof(float)), 0, "%u", home);
        for (size_t t = 0; t < 14; t++) charged += few.load[t] > 0.55F; /* first night */
    }
    cr_expect_gt(charged, 100u);
    forget(&few);
    forget(&more);
    forget(&month);
}

/* One generator: what the series says and what is filled differ by the rounding to 2^-10 kW. */
Test(synth_home, a_town_fills_what_the_series_of_the_home_says) {
    vo_synth_home_options o = californian();
    o.weather.days = 40;
    days d = look(&o, "2025-01-31", 9, NULL);
    for (uint32_t home = 0; home < 10; home++) {
        vo_series *s = make(o, home);
        fill(&o, &d, home);
        const double *load = vo_series_find(s, "load_kw"), *pv = vo_series_find(s, "pv_kw");
        for (size_t t = 0; t < d.town.span.n; t++) {
            cr_assert_float_eq(d.load[t], load[30 * 48 + t] / 2, 0.5 * VO_APPLIANCES * 0x1p-10);
            cr_assert_float_eq(d.pv[t], pv[30 * 48 + t] / 2, 0x1p-11);
        }
        vo_series_free(s);
    }
    forget(&d);
}

Test(synth_home, spells_of_heat_and_of_clear_sky_are_felt_within_their_days_only) {
    vo_synth_home_options o = californian();
    o.cooling_share = o.pv_share = 1;
    const vo_synth_spell heat = {vo_civil_days(2025, 7, 10), 3, 9, 1};
    const vo_synth_spell clear = {vo_civil_days(2025, 7, 10), 3, 0, 0.1};
    days usual = look(&o, "2025-07-06", 12, NULL), hot = look(&o, "2025-07-06", 12, &heat);
    days sunny = look(&o, "2025-07-06", 12, &clear);
    double load[2] = {0}, pv[2] = {0};
    for (uint32_t home = 0; home < 40; home++) {
        fill(&o, &usual, home);
        fill(&o, &hot, home);
        fill(&o, &sunny, home);
        cr_assert_eq(memcmp(usual.load, hot.load, (4 * 48 - 1) * sizeof(float)), 0, "before");
        cr_assert_eq(memcmp(usual.pv + 7 * 48, sunny.pv + 7 * 48, (5 * 48 - 1) * sizeof(float)),
                     0);
        for (size_t t = 4 * 48; t < 7 * 48; t++) {
            load[0] += (double)usual.load[t], load[1] += (double)hot.load[t];
            pv[0] += (double)usual.pv[t], pv[1] += (double)sunny.pv[t];
        }
    }
    cr_expect_gt(load[1], 1.1 * load[0], "%g %g", load[1], load[0]);
    cr_expect_gt(pv[1], 1.005 * pv[0], "%g %g", pv[1], pv[0]);
    forget(&usual);
    forget(&hot);
    forget(&sunny);
}

Test(synth_home, what_a_home_lacks_it_does_not_use) {
    vo_synth_home_options o = vo_synth_home_options_default();
    o.pv_share = o.ev_share = o.cooling_share = o.heating_share = 0;
    vo_series *s = make(o, 2);
    cr_expect(energy(s, "pv_kw") <= 0 && energy(s, "ev_kw") <= 0);
    cr_expect(energy(s, "cooling_kw") <= 0 && energy(s, "heating_kw") <= 0);
    vo_series_free(s);
    o.size = 0;
    s = make(o, 2);
    cr_expect(energy(s, "cooking_kw") <= 0 && energy(s, "lighting_kw") <= 0);
    cr_expect(energy(s, "base_kw") > 0 && energy(s, "fridge_kw") > 0);
    vo_series_free(s);
}

/* Over forty homes: lamps in the dark, cold in summer, heat in winter, people at work. */
Test(synth_home, people_and_weather_show_in_what_is_used) {
    vo_synth_home_options o = vo_synth_home_options_default();
    o.weather.zone = "America/Los_Angeles";
    o.weather.latitude = 34.1;
    o.weather.longitude = -117.4;
    o.weather.elevation_m = 370;
    o.weather.mean_temperature_c = 17;
    o.cooling_share = o.heating_share = o.pv_share = 1;
    double light[24] = {0}, cold[12] = {0}, heat[12] = {0}, year = 0;
    for (uint32_t home = 0; home < 40; home++) {
        vo_series *s = make(o, home);
        vo_moments l, c, h;
        cr_assert_eq(vo_moments_of(s, vo_series_find(s, "lighting_kw"), &l, NULL), VO_OK);
        cr_assert_eq(vo_moments_of(s, vo_series_find(s, "cooling_kw"), &c, NULL), VO_OK);
        cr_assert_eq(vo_moments_of(s, vo_series_find(s, "heating_kw"), &h, NULL), VO_OK);
        for (size_t k = 0; k < 24; k++) light[k] += l.hour[k] / 40;
        for (size_t k = 0; k < 12; k++) {
            cold[k] += isnan(c.month[k]) ? 0 : c.month[k] / 40;
            heat[k] += isnan(h.month[k]) ? 0 : h.month[k] / 40;
        }
        year += energy(s, "load_kw") / 40;
        vo_synth_household of;
        cr_assert_eq(vo_synth_household_of(&o, home, &of, NULL), VO_OK);
        const double factor = energy(s, "pv_kw") / of.panel.peak_kw / 8760;
        cr_expect(factor > 0.11 && factor < 0.21, "capacity factor %g", factor);
        vo_series_free(s);
    }
    cr_expect_gt(light[20], 3 * light[12]);
    cr_expect_lt(light[3], 0.1);
    cr_expect_gt(cold[7], 5 * cold[0] + 0.5, "%g %g", cold[7], cold[0]);
    cr_expect_gt(heat[0], 5 * heat[7] + 0.5, "%g %g", heat[0], heat[7]);
    cr_expect(year > 4500 && year < 13000, "%g kWh",
              year); /* CityLearn's homes: 6462 .. 14711 */
}

Test(synth_home, options_outside_their_domain_are_named) {
    static const char *const name[] = {"ev_share", "charger_kw", "size", "latitude",
                                       "interval_minutes"};
    vo_synth_home_options bad[5];
    for (int i = 0; i < 5; i++) bad[i] = vo_synth_home_options_default();
    bad[0].ev_share = 40;
    bad[1].charger_kw = 0;
    bad[2].size = (double)NAN;
    bad[3].weather.latitude = 100;
    bad[4].weather.interval_minutes = 13;
    for (int i = 0; i < 5; i++) {
        vo_series *s = NULL;
        vo_error err = {0};
        cr_expect_eq(vo_synth_home(&bad[i], 0, &s, &err), VO_EINVAL);
        cr_expect(strstr(err.msg, name[i]) && !s, "%s", err.msg);
    }
}
