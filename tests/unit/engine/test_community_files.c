/* test_community_files.c -- metered homes from folders: units, time, prices, refusals; and the
 * published homes of Fontana, whose bills others have computed. */
#include "engine/community_files.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/civil.h"
#include "engine/community_world.h"
#include "port/file.h"
#include "support/data_folder.h"

static char folder[DATA_PATH];

static void put(const char *name, const char *text) {
    char path[DATA_PATH + 40];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    cr_assert_eq(vo_file_write(path, text, strlen(text), NULL), VO_OK);
}

static void drop(const char *name) {
    char path[DATA_PATH + 40];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    vo_file_remove(path, NULL);
}

static void begin(void) { cr_assert(temporary_folder(folder)); }
static void end(void) { temporary_folder_remove(folder); }

TestSuite(community_files, .init = begin, .fini = end);

/* Hours from 31 July 24:00 on: load = base + hour / 100, sun at noon. */
static char *building(int hours, double base, const char *line_end) {
    char *text = malloc(200 + (size_t)hours * 60);
    size_t n = (size_t)sprintf(
        text, "month,hour,day_type,non_shiftable_load,solar_generation%s", line_end);
    for (int k = 0; k < hours; k++) {
        const int64_t s = vo_civil_days(2016, 7, 31) * 86400 + (int64_t)(23 + k) * 3600;
        const vo_civil c = vo_civil_from_seconds(s);
        n += (size_t)sprintf(text + n, "%d,%d,%d,%.2f,%s%s", (int)c.month, (int)c.hour + 1,
                             (int)vo_civil_weekday(s / 86400) + 1, base + c.hour / 100.0,
                             c.hour == 12 ? "500" : "0", line_end);
    }
    return text;
}

static void put_building(const char *name, int hours, double base) {
    char *text = building(hours, base, "\n");
    put(name, text);
    free(text);
}

static void put_column(const char *name, const char *header, int hours, double from,
                       double step) {
    char *text = malloc(200 + (size_t)hours * 60);
    size_t n = (size_t)sprintf(text, "%s\n", header);
    for (int k = 0; k < hours; k++)
        n += (size_t)sprintf(text + n, "%g,%g,%g\n", from + step * k, 100.0 + k, 1.0);
    put(name, text);
    free(text);
}

static const char schema[] =
    "{\"buildings\": {\"Building_1\": {\"include\": true, \"energy_simulation\": "
    "\"Building_1.csv\", \"electrical_storage\": {\"attributes\": {\"capacity\": 6.4, "
    "\"efficiency\": 0.81, \"nominal_power\": 3.0}}, \"pv\": {\"attributes\": "
    "{\"nominal_power\": 5.0}}}, \"Building_2\": {\"include\": false}, \"Building_10\": "
    "{\"pv\": null, \"electrical_storage\": null}}}";

static vo_world_request ask(void) {
    vo_world_request r = vo_world_request_default();
    r.homes_from = folder;
    r.homes = 0;
    r.days = 0;
    r.threads = 1;
    r.allow_files = true;
    return r;
}

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
    if (w) vo_world_free(w);
}

static float *fill(const vo_homes *h, uint32_t home) {
    float *v = calloc(2 * h->steps, sizeof *v);
    cr_assert_eq(h->source.fill(h->source.ctx, home, 0, v, v + h->steps, NULL), VO_OK);
    return v;
}

Test(community_files, hours_become_two_half_hours_of_the_same_power) {
    put_building("Building_1.csv", 24 * 20, 1);
    put_building("Building_10.csv", 24 * 20, 2);
    put("schema.json", schema);
    put_column("pricing.csv", "electricity_pricing,x,y", 24 * 20, 0.20, 0.001);
    vo_world_request r = ask();
    r.history_days = 0;
    vo_world *w = make(&r);
    const vo_homes *h = vo_world_homes(w);
    cr_assert_eq(h->homes, 2u);
    cr_assert_eq(h->steps, 20u * 48);
    cr_expect_eq(h->first, 0u);
    cr_expect_eq(h->start[0].s, (int64_t)(vo_civil_days(2016, 8, 1) * 86400 + 7 * 3600));
    cr_expect_eq(h->day[1], 0);
    cr_expect_eq(h->day[2], 1, "midnight comes after an hour");
    cr_expect_str_eq(h->zone, "Etc/GMT+8");
    cr_expect_str_eq(vo_world_home_name(w, 1), "Building_10");
    cr_expect(!vo_world_synthetic(w) && !vo_world_tariff(w));
    float *a = fill(h, 0), *b = fill(h, 1);
    for (size_t t = 0; t < h->steps; t++) {
        const size_t hour = (23 + t / 2) % 24;
        cr_assert_float_eq((double)a[t], (1 + (double)hour / 100) / 2, 1e-6);
        cr_assert_float_eq((double)b[t], (2 + (double)hour / 100) / 2, 1e-6);
        cr_assert_float_eq((double)a[h->steps + t], hour == 12 ? 0.5 * 5 / 2 : 0, 1e-6);
        cr_assert_float_eq((double)b[h->steps + t], 0, 0, "no panels in the schema");
        cr_assert_float_eq(h->buy[t], 0.20 + 0.001 * (double)(t / 2), 1e-9);
        cr_assert_float_eq(h->sell[t], 0, 0);
    }
    cr_expect_float_eq(h->battery[0].capacity_kwh, 6.4, 0);
    cr_expect_float_eq(h->battery[0].charge_kw, 3, 0);
    cr_expect_float_eq(h->battery[0].charge_efficiency, 0.9, 1e-12);
    cr_expect(h->battery[0].min_soc <= 0 && h->battery[0].max_soc >= 1 &&
              h->battery[0].initial_soc <= 0);
    cr_expect_float_eq(h->battery[1].capacity_kwh, 0, 0);
    free(a);
    free(b);
    vo_world_free(w);
    r.battery_kwh = 13.5; /* the request goes first */
    r.min_soc = 0.1;
    r.interval_minutes = 15;
    w = make(&r);
    h = vo_world_homes(w);
    cr_expect_eq(h->steps, 20u * 96);
    cr_expect_float_eq(h->battery[0].capacity_kwh, 13.5, 0);
    cr_expect_float_eq(h->battery[1].capacity_kwh, 13.5, 0);
    cr_expect_float_eq(h->battery[0].initial_soc, 0.1, 0);
    cr_expect_float_eq(h->import_limit_kwh, 5, 0);
    vo_world_free(w);
}

Test(community_files, history_is_a_week_where_days_allow_and_days_begin_at_midnight) {
    put_building("Building_1.csv", 24 * 20, 1);
    vo_world_request r = ask();
    r.tariff = "flat_peak_off_peak";
    const struct {
        int32_t days, history;
        size_t first, steps; /* hours */
    } of[] = {{0, -1, 1 + 7 * 24, 0},
              {0, 0, 0, 20 * 24},
              {20, -1, 0, 20 * 24},
              {1, -1, 1 + 7 * 24, 1 + 8 * 24},
              {15, -1, 1 + 4 * 24, 1 + 19 * 24},
              {19, -1, 0, 19 * 24},
              {3, 2, 1 + 2 * 24, 1 + 5 * 24}};
    for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
        r.days = of[i].days;
        r.history_days = of[i].history;
        vo_world *w = make(&r);
        const vo_homes *h = vo_world_homes(w);
        cr_expect_eq(h->first, 2 * of[i].first, "%zu: %zu", i, h->first);
        if (of[i].steps) cr_expect_eq(h->steps, 2 * of[i].steps, "%zu: %zu", i, h->steps);
        vo_world_free(w);
    }
    r.days = 20;
    r.history_days = 1;
    refuse(&r, VO_EINVAL, "days = 20", "at most 18 days");
    r.days = 2;
    r.history_days = -1;
    r.from = "2016-08-12";
    vo_world *w = make(&r);
    const vo_homes *h = vo_world_homes(w);
    cr_expect_eq(h->first, 7u * 48);
    cr_expect_eq(h->steps, 9u * 48);
    cr_expect_eq(h->start[h->first].s,
                 (int64_t)(vo_civil_days(2016, 8, 12) * 86400 + 8 * 3600));
    float *v = fill(h, 0);
    cr_expect_float_eq((double)v[h->first + 47], (1 + 0.23) / 2, 1e-6);
    free(v);
    vo_world_free(w);
    r.from = "2016-08-03";
    r.history_days = 5;
    refuse(&r, VO_EINVAL, "history_days = 5", "2 days");
    r.from = "2017-08-03";
    refuse(&r, VO_ENOTFOUND, "2017-08-03", "2016-08-01T07:00:00Z");
}

Test(community_files,
     without_prices_the_newest_tariff_is_paid_and_without_a_schema_the_usual_battery) {
    put_building("Building_1.csv", 24 * 9, 1);
    vo_world_request r = ask();
    vo_world *w = make(&r);
    const vo_homes *h = vo_world_homes(w);
    cr_expect_str_eq(vo_world_tariff_name(w), "pge_e_tou_c_2026-03-01");
    cr_assert_not_null(vo_world_tariff(w));
    /* 16:00 to 21:00 of summer time is 15:00 to 20:00 of standard time */
    for (size_t t = h->first; t < h->first + 48; t++)
        cr_expect_float_eq(h->buy[t],
                           t - h->first >= 30 && t - h->first < 40 ? 0.52240 : 0.39940, 1e-9);
    cr_expect_float_eq(h->battery[0].capacity_kwh, 13.5, 0);
    cr_expect_float_eq(h->battery[0].max_soc, 0.8, 0);
    cr_expect_null(h->temperature_c);
    float *v = fill(h, 0);
    cr_expect_float_eq((double)v[h->steps + h->first + 24], 0.5 * VO_METERED_PANELS_KW / 2,
                       1e-6);
    free(v);
    vo_world_free(w);
}

Test(community_files, quotes_returns_and_other_orders_of_columns_are_read) {
    char *text = building(24 * 9, 1, "\r\n");
    put("Building_1.csv", text);
    free(text);
    put("Building_2.csv", "\"solar_generation\",note,\"non_shiftable_load\"\r\n"
                          "\"1000\",\"a, b\",\"0.5\"\r\n");
    vo_world_request r = ask();
    refuse(&r, VO_EINVAL, "Building_2.csv has 1 hours", "216");
    vo_community_files f;
    vo_error err = {0};
    cr_assert_eq(vo_community_files_load(folder, 1, &f, &err), VO_OK, "%s", err.msg);
    cr_expect_eq(f.hours, 216u);
    vo_community_files_fini(&f);
    drop("Building_1.csv");
    cr_assert_eq(vo_community_files_load(folder, 0, &f, &err), VO_OK, "%s", err.msg);
    cr_expect_float_eq((double)f.home[0].load_kwh[0], 0.5, 1e-9);
    cr_expect_float_eq((double)f.home[0].pv_kwh[0], 4, 1e-9);
    cr_expect_eq(f.first_s, (int64_t)(vo_civil_days(2016, 8, 1) * 86400 + 7 * 3600));
    vo_community_files_fini(&f);
}

Test(community_files, what_is_known_ahead_was_measured_a_day_before) {
    put_building("Building_1.csv", 24 * 9, 1);
    put_column("weather.csv",
               "outdoor_dry_bulb_temperature,diffuse_solar_irradiance,direct_solar_irradiance",
               24 * 9, 10, 0.1);
    vo_world_request r = ask();
    r.history_days = 0;
    vo_world *w = make(&r);
    const vo_homes *h = vo_world_homes(w);
    cr_assert_not_null(h->temperature_c);
    for (size_t t = 48; t < h->steps; t++) {
        const double k = (double)(t / 2 - 24);
        cr_assert_float_eq(h->temperature_c[t], 10 + 0.1 * k, 1e-4);
        cr_assert_float_eq(h->irradiance_w_m2[t], 101 + k, 1e-9);
    }
    cr_expect_float_eq(h->temperature_c[47], 10, 1e-9);
    vo_world_free(w);
}

Test(community_files, what_is_wrong_with_a_file_is_named_with_its_place) {
    vo_world_request r = ask();
    refuse(&r, VO_ENOTFOUND, "homes_from", "Building_*.csv");
    char nowhere[DATA_PATH + 40];
    snprintf(nowhere, sizeof nowhere, "%s/nowhere", folder);
    r.homes_from = nowhere;
    refuse(&r, VO_ENOTFOUND, nowhere, "no such folder");
    r.homes_from = folder;
    const struct {
        const char *text, *a, *b;
    } bad[] = {
        {"hour,load\n1,2\n", "Building_1.csv:1", "no column non_shiftable_load"},
        {"non_shiftable_load\n1\n-2\n", "Building_1.csv:3", "= -2 is not in 0.."},
        {"non_shiftable_load,hour\n1,1\n,2\n", "Building_1.csv:3", "= \"\" is not a number"},
        {"non_shiftable_load,hour\n1,1\n1,3\n", "row 2", "must be 2"},
        {"non_shiftable_load,hour\n1,1.5\n", "row 1", "whole number"},
        {"non_shiftable_load,month\n1,13\n", "Building_1.csv:2", "= 13 is not in 1..12"},
        {"non_shiftable_load,month\n1,8\n1,2\n", "Building_1.csv", "must be 8 or 9"},
        {"non_shiftable_load,non_shiftable_load\n1,2\n", "Building_1.csv:1", "twice"},
        {"non_shiftable_load\n", "Building_1.csv", "no rows"},
        {"", "Building_1.csv", "empty"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        put("Building_1.csv", bad[i].text);
        refuse(&r, VO_EINVAL, bad[i].a, bad[i].b);
    }
    put_building("Building_1.csv", 48, 1);
    r.days = 3;
    refuse(&r, VO_EINVAL, "days = 3", "at most 2 days");
    r.days = 0;
    r.homes = 2;
    refuse(&r, VO_ENOTFOUND, "homes = 2", "there are 1");
    r.homes = 0;
    put_column("pricing.csv", "electricity_pricing,x,y", 47, 0.2, 0);
    refuse(&r, VO_EINVAL, "pricing.csv has 47 hours", "48");
    put("pricing.csv", "price\n0.2\n");
    refuse(&r, VO_EINVAL, "pricing.csv:1", "electricity_pricing");
    r.tariff = "flat_peak_off_peak";
    put("schema.json", "{\"buildings\": {\"Building_1\": {\"electrical_storage\": "
                       "{\"attributes\": {\"efficiency\": 90}}}}}");
    refuse(&r, VO_EINVAL, "buildings.Building_1", "efficiency = 90");
    put("schema.json", "{\"homes\": {}}");
    refuse(&r, VO_EINVAL, "schema.json", "buildings");
    put("schema.json", "{\"buildings\": {\"Building_1\": {\"include\": false}}}");
    refuse(&r, VO_ENOTFOUND, "schema.json", "leaves all homes out");
}

Test(community_files, nobody_waits_for_a_pipe) {
    vo_world_request r = ask();
    const char *const name[] = {"Building_1.csv", "pricing.csv", "weather.csv", "schema.json"};
    for (size_t i = 0; i < 4; i++) {
        char path[DATA_PATH + 40];
        char *text = building(24, 1, "\n");
        put(name[0], text);
        free(text);
        snprintf(path, sizeof path, "%s/%s", folder, name[i]);
        if (i == 0) drop(name[i]);
        cr_assert_eq(mkfifo(path, 0600), 0);
        refuse(&r, VO_EINVAL, name[i], "a pipe");
        drop(name[i]);
    }
}

Test(community_files, other_years_are_told_by_their_weekdays) {
    for (int32_t year = 2010; year <= 2022; year += 3) {
        enum { N = 24 * 100 };
        static double month[N], hour[N], type[N];
        const int64_t from = vo_civil_days(year, 11, 20) * 86400 + 5 * 3600;
        for (size_t k = 0; k < N; k++) {
            const vo_civil c = vo_civil_from_seconds(from + (int64_t)k * 3600);
            month[k] = c.month;
            hour[k] = c.hour + 1;
            type[k] = vo_civil_weekday((from + (int64_t)k * 3600) / 86400) + 1;
        }
        type[30] = 8; /* a holiday */
        const int64_t first = vo_metered_first_hour(month, hour, type, N);
        const vo_civil told = vo_civil_from_seconds(first);
        cr_expect_eq(told.month, 11);
        cr_expect_eq(told.day, 20);
        cr_expect_eq(told.hour, 5);
        cr_expect_eq(vo_civil_weekday(first / 86400), vo_civil_weekday(from / 86400));
        /* without a change of month: the first such weekday of it */
        const int64_t week = vo_metered_first_hour(month, hour, type, 24 * 5);
        cr_expect_eq(vo_civil_weekday(week / 86400), vo_civil_weekday(from / 86400));
        cr_expect_eq(vo_civil_from_seconds(week).month, 11);
    }
}

/* Cost of a year with panels and no battery, as published for these homes: to the cent. */
Test(community_files, the_homes_of_fontana_pay_what_others_computed) {
    static const double published[] = {2250.87, 1966.13, 1315.52, 1707.28, 1540.88,
                                       2229.54, 1306.24, 1687.96, 1638.32, 2910.76};
    char path[DATA_PATH];
    NEED_DATA("citylearn_2022/Building_1.csv", path);
    *strrchr(path, '/') = '\0';
    vo_world_request r = ask();
    r.homes_from = path;
    r.days = 365;
    vo_world *w = make(&r);
    const vo_homes *h = vo_world_homes(w);
    cr_assert_eq(h->homes, 10u);
    cr_assert_eq(h->steps, 365u * 48);
    cr_expect_eq(h->first, 0u);
    for (uint32_t i = 0; i < 10; i++) {
        float *v = fill(h, i);
        double cost = 0;
        for (size_t t = 0; t < h->steps; t++)
            cost += h->buy[t] * fmax((double)v[t] - (double)v[h->steps + t], 0);
        cr_expect_float_eq(cost, published[i], 0.006, "%s: %.4f", vo_world_home_name(w, i),
                           cost);
        free(v);
        cr_expect_float_eq(h->battery[i].capacity_kwh, 6.4, 0);
        cr_expect_float_eq(h->battery[i].charge_efficiency, sqrt(0.9), 1e-15);
    }
    vo_world_free(w);
}
