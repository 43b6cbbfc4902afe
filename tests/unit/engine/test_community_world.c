/* test_community_world.c -- worlds of generated homes: time, prices, batteries, scenarios. */
#include "engine/community_world.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "data/synth_town.h"

static vo_world *make(const vo_world_request *r) {
    vo_world *w = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_world_create(r, &w, &err), VO_OK, "%s", err.msg);
    return w;
}

static void refuse(const vo_world_request *r, vo_status status, const char *a, const char *b) {
    vo_world *w = NULL;
    vo_error err = {0};
    cr_expect_eq(vo_world_create(r, &w, &err), status, "%s", err.msg);
    cr_expect(strstr(err.msg, a) && strstr(err.msg, b), "%s", err.msg);
    cr_expect_null(w);
}

/* Load and PV of a home, in one array. */
static float *fill(const vo_homes *h, uint32_t home) {
    float *v = calloc(2 * h->steps, sizeof *v);
    vo_error err = {0};
    cr_assert_eq(h->source.fill(h->source.ctx, home, 0, v, v + h->steps, &err), VO_OK, "%s",
                 err.msg);
    return v;
}

static double sum(const float *v, size_t from, size_t to) {
    double s = 0;
    for (size_t t = from; t < to; t++) s += (double)v[t];
    return s;
}

static vo_world_request small(void) {
    vo_world_request r = vo_world_request_default();
    r.history_days = 2;
    r.threads = 1;
    return r;
}

Test(community_world, ten_homes_play_the_first_of_july_after_four_weeks_of_history) {
    const vo_world_request r = vo_world_request_default();
    vo_world *w = make(&r);
    const vo_homes *h = vo_world_homes(w);
    cr_expect_eq(h->homes, 10u);
    cr_expect_eq(h->steps, 29u * 48);
    cr_expect_eq(h->first, 28u * 48);
    cr_expect_float_eq(h->dt_h, 0.5, 0);
    cr_expect_eq(h->start[h->first].s, (int64_t)1782889200); /* 2026-07-01T07:00Z */
    cr_expect_eq(h->day[h->first], 28);
    cr_expect_str_eq(h->zone, "America/Los_Angeles");
    cr_expect_float_eq(h->import_limit_kwh, 10, 0);
    cr_expect_float_eq(h->export_limit_kwh, 4, 0);
    cr_expect(isinf(h->feeder_kwh));
    cr_expect_str_eq(vo_world_home_name(w, 6), "home 0007");
    cr_expect_str_eq(vo_world_currency(w), "USD");
    cr_expect(vo_world_synthetic(w));
    cr_expect_null(h->grid_down);
    cr_expect_null(h->honesty);
    cr_expect(h->post.arrives == NULL);
    const vo_home_battery *b = &h->battery[9];
    cr_expect_float_eq(b->capacity_kwh, 13.5, 0);
    cr_expect_float_eq(b->charge_efficiency * b->discharge_efficiency, 0.9, 1e-15);
    cr_expect_float_eq(b->max_soc, 0.8, 0);
    vo_world_free(w);
}

/* Panels are seen in what a home makes: none where there are none, never more than their size. */
Test(community_world, what_stands_in_a_home_is_seen_in_what_it_does) {
    vo_world_request r = small();
    r.homes = 60;
    vo_world *w = make(&r);
    const vo_homes *h = vo_world_homes(w);
    int with_pv = 0, with_ev = 0, charging = 0;
    for (uint32_t i = 0; i < 60; i++) {
        const vo_world_equipment e = vo_world_home_equipment(w, i);
        float *v = fill(h, i);
        double most_pv = 0, most_load = 0;
        for (size_t t = 0; t < h->steps; t++) {
            most_pv = fmax(most_pv, (double)v[h->steps + t]);
            most_load = fmax(most_load, (double)v[t]);
        }
        cr_expect_eq(e.pv_kw > 0, most_pv > 0);
        cr_expect(most_pv <= 0.5 * e.pv_kw * 1.2 + 1e-9);
        if (e.pv_kw > 0) cr_expect(most_pv > 0.5 * e.pv_kw * 0.2);
        cr_expect(e.appliances && e.persons >= 1 && e.persons <= 5);
        with_pv += e.pv_kw > 0;
        with_ev += e.ev;
        charging += e.ev && most_load > 0.5 * 5;
        free(v);
    }
    cr_expect(with_pv > 20 && with_pv < 55, "%d", with_pv);
    cr_expect(with_ev > 8 && charging > with_ev / 2, "%d of %d", charging, with_ev);
    vo_world_free(w);
}

/* E-TOU-C as published: 0.52240 from 16:00 to 21:00 in summer, 0.39940 else; exports earn the mean
 * of 2026's summer in the same hours. */
Test(community_world, the_version_of_the_tariff_in_force_is_paid) {
    vo_world_request r = small();
    vo_world *w = make(&r);
    const vo_homes *h = vo_world_homes(w);
    for (size_t t = 0; t < 48; t++) {
        cr_expect_float_eq(h->buy[h->first + t], t >= 32 && t < 42 ? 0.52240 : 0.39940, 1e-9);
        cr_expect_float_eq(h->sell[h->first + t], t >= 32 && t < 42 ? 0.40948 : 0.09148, 1e-9);
    }
    cr_expect_str_eq(vo_world_tariff_name(w), "pge_e_tou_c");
    cr_assert_not_null(vo_world_tariff(w));
    cr_expect_str_eq(vo_world_tariff(w)->schedule, "E-TOU-C");
    vo_world_free(w);
    /* two versions in one span: 2026-02-28 and 2026-03-01 */
    r.from = "2026-02-28";
    r.days = 2;
    w = make(&r);
    h = vo_world_homes(w);
    cr_expect(fabs(h->buy[h->first] - h->buy[h->first + 48]) > 1e-4, "%g %g", h->buy[h->first],
              h->buy[h->first + 48]);
    cr_expect_float_eq(h->buy[h->first + 48], 0.36757, 1e-9);
    vo_world_free(w);
    /* history may lie before the first version */
    r.from = "2025-01-01";
    w = make(&r);
    cr_expect_float_eq(vo_world_homes(w)->buy[0], vo_world_homes(w)->buy[2 * 48], 0);
    vo_world_free(w);
    r.from = NULL;
    r.tariff = "flat_peak_off_peak";
    w = make(&r);
    h = vo_world_homes(w);
    cr_expect_float_eq(h->buy[h->first + 33], 0.51, 0);
    cr_expect_float_eq(h->buy[h->first + 41], 0.28, 0);
    vo_world_free(w);
}

Test(community_world, a_day_without_a_version_is_refused_with_the_days_there_are) {
    vo_world_request r = small();
    r.from = "2024-12-31";
    refuse(&r, VO_ENOTFOUND, "2024-12-31", "from 2025-01-01");
    r.tariff = "pge_e_tou_c_2026-03-01";
    r.from = "2026-02-27";
    r.days = 3;
    refuse(&r, VO_ENOTFOUND, "2026-02-27", "from 2026-03-01");
    r.tariff = "pge_e_tou_d";
    refuse(&r, VO_ENOTFOUND, "pge_e_tou_d", "flat_peak_off_peak");
}

Test(community_world, what_is_asked_for_is_within_bounds_or_named) {
    vo_world_request r = small();
    r.homes = 0;
    refuse(&r, VO_EINVAL, "homes = 0", "1..");
    r = small();
    r.days = 0;
    refuse(&r, VO_EINVAL, "days = 0", "1..");
    r = small();
    r.history_days = 400;
    refuse(&r, VO_EINVAL, "history_days = 400", "365");
    r = small();
    r.interval_minutes = 25;
    refuse(&r, VO_EINVAL, "interval_minutes = 25", "30");
    r = small();
    r.from = "tomorrow";
    refuse(&r, VO_EINVAL, "from", "2026-07-01");
    r = small();
    r.scenario = "summer";
    refuse(&r, VO_ENOTFOUND, "summer", "heat_wave");
    r = small();
    r.homes_from = ".";
    refuse(&r, VO_EINVAL, "homes_from", "local files");
    r = small();
    r.efficiency = 90;
    refuse(&r, VO_EINVAL, "efficiency = 90", "0.9");
    r = small();
    r.pv_share = 2;
    refuse(&r, VO_EINVAL, "pv_share = 2", "0..1");
}

Test(community_world, a_home_is_the_same_among_ten_or_two_thousand_and_after_any_history) {
    vo_world_request r = small();
    vo_world *few = make(&r);
    r.homes = 2000;
    r.days = 3;
    r.history_days = 9;
    r.threads = 2;
    vo_world *many = make(&r);
    const vo_homes *a = vo_world_homes(few), *b = vo_world_homes(many);
    for (uint32_t home = 0; home < 10; home++) {
        float *x = fill(a, home), *y = fill(b, home), *z = fill(b, home);
        cr_expect_eq(memcmp(x, y + 7 * 48, a->steps * sizeof *x), 0, "load of %u", home);
        cr_expect_eq(memcmp(x + a->steps, y + b->steps + 7 * 48, a->steps * sizeof *x), 0,
                     "pv of %u", home);
        cr_expect_eq(memcmp(y, z, 2 * b->steps * sizeof *y), 0, "asked twice");
        free(x);
        free(y);
        free(z);
    }
    vo_world_free(few);
    vo_world_free(many);
}

typedef struct {
    const vo_homes *h;
    double *load; /* [homes] */
    float *room;  /* [workers][2 * steps] */
} summing;

static vo_status add(void *arg, size_t i, size_t worker, vo_error *err) {
    const summing *s = arg;
    float *v = s->room + worker * 2 * s->h->steps;
    const vo_status st =
        s->h->source.fill(s->h->source.ctx, (uint32_t)i, worker, v, v + s->h->steps, err);
    s->load[i] = sum(v, 0, s->h->steps);
    return st;
}

Test(community_world, threads_make_the_same_homes) {
    double load[2][60];
    for (size_t k = 0; k < 2; k++) {
        vo_world_request r = small();
        r.homes = 60;
        r.threads = k ? 3 : 1;
        vo_world *w = make(&r);
        const vo_homes *h = vo_world_homes(w);
        cr_assert_eq(h->crew.workers, k ? 3u : 1u);
        summing s = {h, load[k], calloc(h->crew.workers * 2 * h->steps, sizeof(float))};
        vo_error err = {0};
        cr_assert_eq(h->crew.run(h->crew.ctx, 60, add, &s, &err), VO_OK, "%s", err.msg);
        free(s.room);
        vo_world_free(w);
    }
    cr_expect_eq(memcmp(load[0], load[1], sizeof load[0]), 0);
}

Test(community_world, a_day_when_clocks_change_has_46_or_50_half_hours) {
    vo_world_request r = small();
    r.from = "2026-03-08";
    vo_world *w = make(&r);
    cr_expect_eq(vo_world_homes(w)->steps - vo_world_homes(w)->first, 46u);
    vo_world_free(w);
    r.from = "2025-11-02";
    w = make(&r);
    cr_expect_eq(vo_world_homes(w)->steps - vo_world_homes(w)->first, 50u);
    vo_world_free(w);
}

/* ---- scenarios ---------------------------------------------------------------------- */

typedef struct {
    double load, pv;
    size_t first;
} told;

/* Of the days played, sixty homes. */
static told energy(const char *scenario, int32_t days, const char *from) {
    vo_world_request r = small();
    r.scenario = scenario;
    r.homes = 60;
    r.days = days;
    r.from = from;
    vo_world *w = make(&r);
    const vo_homes *h = vo_world_homes(w);
    told e = {0, 0, h->first};
    for (uint32_t i = 0; i < 60; i++) {
        float *v = fill(h, i);
        e.load += sum(v, h->first, h->steps);
        e.pv += sum(v + h->steps, h->first, h->steps);
        free(v);
    }
    vo_world_free(w);
    return e;
}

Test(community_world, scenarios_show_in_what_homes_use_and_make) {
    const told base = energy("base", 3, NULL), none = energy(NULL, 3, NULL);
    cr_expect(base.load == none.load && base.pv == none.pv);
    const told hot = energy("heat_wave", 3, NULL), sunny = energy("high_solar", 3, NULL);
    const told cars = energy("ev_heavy", 3, NULL), winter = energy("winter", 3, NULL);
    cr_expect_gt(hot.load, 1.15 * base.load, "%g %g", hot.load, base.load);
    cr_expect_gt(sunny.pv, 1.2 * base.pv, "%g %g", sunny.pv, base.pv);
    cr_expect_gt(cars.load, base.load + 60 * 3 * 2, "%g %g", cars.load, base.load);
    cr_expect_lt(winter.pv, 0.8 * base.pv, "%g %g", winter.pv, base.pv);
    const told same = energy("winter", 3, "2026-07-01");
    cr_expect(same.load == base.load, "the request's own day goes first");
}

Test(community_world, outages_spikes_liars_and_silence_are_where_they_are_said_to_be) {
    vo_world_request r = small();
    r.days = 2;
    r.scenario = "outage";
    vo_world *w = make(&r);
    const vo_homes *h = vo_world_homes(w);
    cr_assert_not_null(h->grid_down);
    for (size_t t = 0; t < h->steps; t++) {
        const bool down = t >= h->first + 34 && t < h->first + 42;
        cr_expect_eq(h->grid_down[t], down, "%zu", t);
    }
    cr_expect(strstr(vo_world_scenario_note(w), "17:00"), "%s", vo_world_scenario_note(w));
    vo_world_free(w);
    r.scenario = "price_spike";
    w = make(&r);
    h = vo_world_homes(w);
    for (size_t t = 0; t < h->steps; t++) {
        const size_t of_day = t % 48;
        const bool spike = t >= h->first && of_day >= 34 && of_day < 40;
        const double usual = of_day >= 32 && of_day < 42 ? 0.52240 : 0.39940;
        cr_expect_float_eq(h->buy[t], spike ? 3 * usual : usual, 1e-9, "%zu", t);
    }
    vo_world_free(w);
    r.scenario = "one_liar";
    w = make(&r);
    h = vo_world_homes(w);
    cr_assert_not_null(h->honesty);
    cr_expect_eq(h->honesty[0], VO_LIES_OFFERS);
    for (size_t i = 1; i < h->homes; i++) cr_expect_eq(h->honesty[i], VO_HONEST);
    vo_world_free(w);
    r.scenario = "drop_out";
    w = make(&r);
    h = vo_world_homes(w);
    cr_assert(h->post.arrives != NULL);
    for (size_t t = h->first; t < h->steps; t++) {
        const bool lost = t >= h->first + 24 && t < h->first + 48;
        cr_expect_eq(h->post.arrives(h->post.ctx, VO_MESSAGE_ORDERS, 0, t), !lost, "%zu", t);
        cr_expect_eq(h->post.arrives(h->post.ctx, VO_MESSAGE_SIGNAL, 0, t), !lost, "%zu", t);
        cr_expect(h->post.arrives(h->post.ctx, VO_MESSAGE_ORDERS, 1, t));
    }
    vo_world_free(w);
}

Test(community_world, every_scenario_makes_a_world) {
    const char *const *name, *const *note;
    const size_t n = vo_world_scenarios(&name, &note);
    cr_assert_eq(n, 9u);
    for (size_t i = 0; i < n; i++) {
        vo_world_request r = small();
        r.scenario = name[i];
        vo_world *w = make(&r);
        cr_expect_str_eq(vo_world_scenario_note(w), note[i]);
        vo_world_free(w);
    }
}

/* The weather under which the homes of `small` live, made once more. */
static vo_synth_town true_weather(const vo_world_request *r, int32_t days,
                                  vo_synth_weather_options *o) {
    vo_synth_town town;
    vo_error err = {0};
    *o = vo_synth_weather_options_default();
    o->seed = r->seed, o->year = 2025, o->interval_minutes = 30;
    o->zone = "America/Los_Angeles";
    o->latitude = 37.34, o->longitude = -121.89, o->elevation_m = 25;
    cr_assert_eq(vo_synth_town_init(o, vo_civil_days(2026, 7, 1) - r->history_days, days, NULL,
                                    false, &town, &err),
                 VO_OK, "%s", err.msg);
    return town;
}

/* What is said to be known ahead is near the truth and not the truth, and of nights it is dark. */
Test(community_world, weather_known_ahead_is_a_forecast) {
    vo_world_request r = small();
    r.history_days = 59;
    vo_world *w = make(&r);
    const vo_homes *h = vo_world_homes(w);
    cr_assert(h->temperature_c && h->irradiance_w_m2);
    vo_synth_weather_options o;
    vo_synth_town truth = true_weather(&r, 60, &o);
    double warmth = 0, light = 0, most = 0;
    for (size_t t = 0; t < h->steps; t++) {
        const int64_t at = h->start[t].s + 900;
        const vo_synth_sun sun = vo_synth_sun_at(o.latitude, o.longitude, at);
        const double cloud = vo_synth_at(&truth.sky_span, truth.sky.cloud, at);
        const double ghi = vo_synth_light_at(&sun, cloud).ghi_w_m2;
        const double c =
            h->temperature_c[t] - vo_synth_at(&truth.sky_span, truth.sky.temperature_c, at);
        warmth += c * c / (double)h->steps;
        light += pow(h->irradiance_w_m2[t] - ghi, 2) / (double)h->steps;
        most = fmax(most, ghi);
        if (t % 48 < 10) cr_expect_float_eq(h->irradiance_w_m2[t], 0, 0);
    }
    cr_expect_float_eq(sqrt(warmth), 1.3, 0.4, "off by %g C", sqrt(warmth));
    cr_expect(sqrt(light) > 5 && sqrt(light) < 0.15 * most, "off by %g of %g", sqrt(light),
              most);
    vo_synth_town_fini(&truth);
    vo_world_free(w);
}
