/* test_source_openmeteo.c -- instants, units, what belongs to the interval before, refusals. */
#include "data/source_openmeteo.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/data_folder.h"
#include "support/read_text.h"

#define PLACE "\"latitude\":37.5,\"longitude\":-121.25,\"utc_offset_seconds\":-25200,"

static vo_status parse(const char *text, vo_source_options o, vo_readings_set **set,
                       vo_error *err) {
    return read_text(vo_source_openmeteo_parse, "x.json", text, strlen(text), &o, set, err);
}

static const vo_source_options standard = {0};

static const double *column(const vo_readings *r, const char *name) {
    for (size_t c = 0; c < r->n_columns; c++)
        if (strcmp(r->column[c].name, name) == 0) return r->column[c].value;
    cr_assert_fail("no column %s, but %s", name, r->column[0].name);
    return NULL;
}

Test(source_openmeteo, replies_are_told_by_their_members) {
    static const char yes[] = " {\"latitude\":1,\"longitude\":2,\"utc_offset_seconds\":0,";
    static const char error[] = "{\"error\":true,\"reason\":\"x\"}";
    static const char no[] = "{\"latitude\":1,\"price\":2}";
    cr_assert(vo_source_openmeteo_is(yes, sizeof yes - 1));
    cr_assert(vo_source_openmeteo_is(error, sizeof error - 1));
    cr_assert_not(vo_source_openmeteo_is(no, sizeof no - 1));
    cr_assert_not(vo_source_openmeteo_is("latitude,longitude", 18));
    cr_assert_not(vo_source_openmeteo_is("", 0));
}

/* 10 March 2024 has 23 hours in Los Angeles and 24 rows here: 07:00Z is 00:00 at -25200. */
Test(source_openmeteo, stamps_follow_the_offset_and_not_the_zones_clocks) {
    char text[4096] =
        "{" PLACE "\"timezone\":\"America/Los_Angeles\",\"hourly_units\":"
        "{\"time\":\"iso8601\",\"temperature_2m\":\"\u00b0C\"},\"hourly\":{\"time\":[";
    size_t n = strlen(text);
    for (int h = 0; h < 24; h++)
        n += (size_t)sprintf(text + n, "%s\"2024-03-10T%02d:00\"", h ? "," : "", h);
    n += (size_t)sprintf(text + n, "],\"temperature_2m\":[");
    for (int h = 0; h < 24; h++) n += (size_t)sprintf(text + n, "%s%d.5", h ? "," : "", h);
    sprintf(text + n, "]}}");
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(parse(text, standard, &set, &err), VO_OK, "%s", err.msg);
    const vo_readings *r = set->item[0];
    cr_assert_eq(r->n, 24u);
    for (size_t i = 0; i < 24; i++) {
        cr_assert_eq(r->start_s[i], 1710054000 + (int64_t)i * 3600);
        cr_assert_eq(column(r, "temperature_c")[i], (double)i + 0.5);
        cr_assert_eq(r->flag[i], 0);
    }
    cr_assert_str_eq(r->zone, "America/Los_Angeles");
    cr_assert_str_eq(r->node, "37.5_-121.25");
    cr_assert_str_eq(r->market, "OPEN-METEO");
    cr_assert_str_eq(r->process, "hourly");
    cr_assert_str_eq(r->kind, "weather");
    cr_assert_str_eq(r->unit, "C");
    cr_assert_eq(r->interval_h, 1.0);
    cr_assert(strstr(set->note, "UTC-07:00"), "%s", set->note);
    vo_readings_set_free(set);
}

Test(source_openmeteo, units_become_those_of_the_names) {
    static const struct {
        const char *variable, *unit;
        double says;
        const char *name;
        double is;
    } map[] = {
        {"temperature_2m", "°F", 50, "temperature_c", 10},
        {"temperature_2m", "°F", 32, "temperature_c", 0},
        {"dewpoint_2m", "°C", -3.5, "dew_point_c", -3.5},
        {"relativehumidity_2m", "%", 40, "relative_humidity_pct", 40},
        {"cloudcover", "%", 7, "cloud_cover_pct", 7},
        {"windspeed_10m", "km/h", 36, "wind_speed_m_s", 10},
        {"wind_speed_10m", "m/s", 3, "wind_speed_m_s", 3},
        {"wind_speed_10m", "mp/h", 100, "wind_speed_m_s", 44.704},
        {"wind_speed_10m", "kn", 3600, "wind_speed_m_s", 1852},
        {"wind_direction_10m", "°", 350, "wind_direction_deg", 350},
        {"surface_pressure", "hPa", 1001.5, "pressure_hpa", 1001.5},
        {"pressure_msl", "hPa", 1013, "pressure_msl_hpa", 1013},
        {"shortwave_radiation_instant", "W/m²", 800, "shortwave_radiation_instant_w_m2", 800},
        {"soil_moisture_0_to_1cm", "m³/m³", 0.25, "soil_moisture_0_to_1cm_m3_m3", 0.25},
        {"snow_depth", "ft", 10, "snow_depth_m", 3.048},
        {"weather_code", "wmo code", 61, "weather_code_wmo_code", 61},
        {"uv_index", "", 3, "uv_index", 3},
        {"Some-Thing", "x", 3, "some_thing_x", 3},
    };
    for (size_t i = 0; i < sizeof map / sizeof map[0]; i++) {
        char text[512];
        vo_readings_set *set = NULL;
        vo_error err = {0};
        sprintf(text,
                "{" PLACE
                "\"hourly_units\":{\"%s\":\"%s\"},\"hourly\":{\"time\":[\"2024-01-01T00:"
                "00\"],\"%s\":[%.17g]}}",
                map[i].variable, map[i].unit, map[i].variable, map[i].says);
        cr_assert_eq(parse(text, standard, &set, &err), VO_OK, "%s", err.msg);
        cr_assert_float_eq(column(set->item[0], map[i].name)[0], map[i].is,
                           1e-12 * (1 + fabs(map[i].is)), "%s", map[i].name);
        vo_readings_set_free(set);
    }
}

/* The mean over 00:00-01:00 stands at 01:00; it belongs to the row of 00:00. */
Test(source_openmeteo, radiation_goes_to_the_interval_it_is_for) {
    const char *text =
        "{" PLACE
        "\"hourly_units\":{\"shortwave_radiation\":\"W/m²\",\"temperature_2m\":\"°C\"},"
        "\"hourly\":{\"time\":[\"2024-01-01T00:00\",\"2024-01-01T01:00\",\"2024-01-01T02:00\"],"
        "\"temperature_2m\":[1,null,3],\"shortwave_radiation\":[10,20,30]}}";
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(parse(text, standard, &set, &err), VO_OK, "%s", err.msg);
    const vo_readings *r = set->item[0];
    const double *t = column(r, "temperature_c"), *g = column(r, "ghi_w_m2");
    cr_assert_eq(r->n, 4u);
    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(r->start_s[i], 1704092400 - 3600 + (int64_t)i * 3600);
    cr_assert(isnan(t[0]) && t[1] == 1 && isnan(t[2]) && t[3] == 3);
    cr_assert(g[0] == 10 && g[1] == 20 && g[2] == 30 && isnan(g[3]));
    cr_assert(strstr(set->note, "radiation"), "%s", set->note);
    vo_readings_set_free(set);
}

Test(source_openmeteo, blocks_are_series_of_their_own_and_texts_are_left_out) {
    const char *text =
        "{" PLACE "\"current\":{\"time\":\"2024-01-01T00:00\"},"
        "\"minutely_15\":{\"time\":[1704092400,1704093300],\"temperature_2m\":[1,2]},"
        "\"hourly\":{\"time\":[\"2024-01-01T00:00\",\"2024-01-01T03:00\"],\"temperature_2m\":["
        "1,2]},"
        "\"daily\":{\"time\":[\"2024-01-01\"],\"sunrise\":[\"2024-01-01T07:22\"],"
        "\"temperature_2m_max\":[9]},\"daily_units\":{\"temperature_2m_max\":\"°C\"}}";
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(parse(text, standard, &set, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(set->n, 3u);
    cr_assert_str_eq(set->item[0]->process, "hourly");
    cr_assert_eq(set->item[0]->interval_h, 3.0); /* asked for every third hour */
    cr_assert_str_eq(set->item[1]->process, "minutely_15");
    cr_assert_eq(set->item[1]->interval_h, 0.25);
    cr_assert_eq(set->item[1]->start_s[0], 1704092400);
    cr_assert_str_eq(set->item[2]->process, "daily");
    cr_assert_eq(set->item[2]->start_s[0], 1704092400);
    cr_assert_eq(set->item[2]->n_columns, 1u);
    cr_assert_str_eq(set->item[2]->column[0].name, "temperature_2m_max_c");
    cr_assert(strstr(set->note, "text left out"), "%s", set->note);
    cr_assert(strstr(set->note, "current weather left out"), "%s", set->note);
    vo_readings_set_free(set);
    const vo_source_options o = {.only_process = "daily"};
    cr_assert_eq(parse(text, o, &set, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(set->n, 1u);
    vo_readings_set_free(set);
}

Test(source_openmeteo, several_places_and_names_given) {
    static const char one[] = "{" PLACE "\"hourly\":{\"time\":[0],\"rain\":[1]}}";
    char text[512];
    sprintf(text,
            "[%s,{\"latitude\":1,\"longitude\":2,\"hourly\":{\"time\":[\"1970-01-01\"],"
            "\"rain\":[2]}}]",
            one);
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(parse(text, standard, &set, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(set->n, 2u);
    cr_assert_str_eq(set->item[1]->node, "1_2");
    cr_assert_str_eq(set->item[0]->zone, "-07:00");
    vo_readings_set_free(set);
    const vo_source_options o = {
        .node = "HOME", .market = "M", .process = "P", .zone = "Europe/Paris"};
    cr_assert_eq(parse(one, o, &set, &err), VO_OK, "%s", err.msg);
    cr_assert_str_eq(set->item[0]->node, "HOME");
    cr_assert_str_eq(set->item[0]->market, "M");
    cr_assert_str_eq(set->item[0]->process, "P");
    cr_assert_str_eq(set->item[0]->zone, "Europe/Paris");
    vo_readings_set_free(set);
    char name[VO_NODE_NAME + 1];
    snprintf(name, sizeof name, "%0*d", VO_NODE_NAME - 1, 0);
    cr_assert_eq(parse(one, (vo_source_options){.node = name}, &set, &err), VO_OK, "%s",
                 err.msg);
    cr_assert_str_eq(set->item[0]->node, name);
    vo_readings_set_free(set);
    snprintf(name, sizeof name, "%0*d", VO_NODE_NAME, 0);
    cr_assert_eq(parse(one, (vo_source_options){.node = name}, &set, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "longer than 127 bytes"), "%s", err.msg);
}

Test(source_openmeteo, what_cannot_be_right_is_refused_in_words) {
    static const struct {
        const char *text;
        vo_status st;
        const char *says;
    } bad[] = {
        {"{\"error\":true,\"reason\":\"Latitude must be in range\"}", VO_ENOTFOUND,
         "Latitude must be in range"},
        {"{\"error\":true}", VO_EINVAL, "hourly"},
        {"[]", VO_ENOTFOUND, "no rows"},
        {"[1]", VO_EINVAL, "hourly"},
        {"{", VO_EINVAL, "JSON"},
        {"{\"hourly\":{\"time\":[0],\"rain\":[1]}}", VO_EINVAL, "latitude"},
        {"{" PLACE "\"hourly\":{}}", VO_EINVAL, "time"},
        {"{" PLACE "\"hourly\":{\"time\":[]}}", VO_EINVAL, "time"},
        {"{" PLACE "\"hourly\":{\"time\":[true],\"rain\":[1]}}", VO_EINVAL, "time[0]"},
        {"{" PLACE "\"hourly\":{\"time\":[\"soon\"],\"rain\":[1]}}", VO_EINVAL, "soon"},
        {"{" PLACE "\"hourly\":{\"time\":[1e300],\"rain\":[1]}}", VO_EINVAL, "Unix"},
        {"{" PLACE "\"hourly\":{\"time\":[0,1],\"rain\":[1]}}", VO_EINVAL, "2 values"},
        {"{" PLACE "\"hourly\":{\"time\":[0],\"rain\":1}}", VO_EINVAL, "rain"},
        {"{" PLACE "\"hourly\":{\"time\":[0],\"rain\":[{}]}}", VO_EINVAL, "rain"},
        {"{" PLACE "\"hourly\":{\"time\":[0],\"cloudcover\":[1],\"cloud_cover\":[1]}}",
         VO_EINVAL, "second variable"},
        {"{\"latitude\":1,\"longitude\":1,\"utc_offset_seconds\":1e9,\"hourly\":{\"time\":[0],"
         "\"rain\":[1]}}",
         VO_EINVAL, "utc_offset_seconds"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_readings_set *set = NULL;
        vo_error err = {0};
        cr_assert_eq(parse(bad[i].text, standard, &set, &err), bad[i].st, "%zu: %s", i,
                     err.msg);
        cr_assert(strstr(err.msg, bad[i].says), "%zu: %s", i, err.msg);
        cr_assert(strstr(err.msg, "x.json"), "%s", err.msg);
    }
}

/* Means taken from the files with Python's json; first stamp 2020-01-01T00:00-07:00, ... */
Test(source_openmeteo, five_years_of_san_jose_have_their_rows_and_means) {
    static const struct {
        const char *file;
        size_t n;
        int64_t first_s;
        double temperature, humidity, cloud, wind_km_h;
    } year[] = {
        {"weather/openmeteo_san_jose_2020.json.zst", 8784, 1577862000, 15.987841530054629,
         68.41541438979964, 39.09824681238616, 8.879713114754118},
        {"weather/openmeteo_san_jose_2021.json.zst", 8760, 1609484400, 15.302340182648322,
         69.39303652968036, 39.707191780821915, 9.818344748858506},
        {"weather/openmeteo_san_jose_2022.json.zst", 8760, 1641020400, 15.20207762557073,
         69.96164383561644, 42.41837899543379, 9.698892694063936},
        {"weather/openmeteo_san_jose_2023.json", 8760, 1672556400, 14.861495433789974,
         69.76632420091325, 47.901940639269405, 9.561084474885911},
        {"weather/openmeteo_san_jose_2024.json.zst", 8784, 1704092400, 15.760109289617532,
         67.98189890710383, 41.53221766848816, 8.745480418943526},
    };
    for (size_t y = 0; y < 5; y++) {
        char path[DATA_PATH];
        NEED_DATA(year[y].file, path);
        vo_readings_set *set = NULL;
        vo_error err = {0};
        cr_assert_eq(vo_source_read(path, &standard, &set, &err), VO_OK, "%s", err.msg);
        cr_assert_eq(set->n, 1u);
        const vo_readings *r = set->item[0];
        cr_assert_eq(r->n, year[y].n);
        cr_assert_str_eq(r->node, "37.434093_-121.95479");
        cr_assert_eq(r->n_columns, 4u);
        double sum[4] = {0};
        for (size_t i = 0; i < r->n; i++) {
            cr_assert_eq(r->start_s[i], year[y].first_s + (int64_t)i * 3600);
            for (size_t c = 0; c < 4; c++) sum[c] += r->column[c].value[i];
        }
        const double n = (double)r->n;
        const double mean[4] = {year[y].temperature, year[y].humidity, year[y].cloud,
                                year[y].wind_km_h / 3.6};
        for (size_t c = 0; c < 4; c++)
            cr_assert_float_eq(sum[c] / n, mean[c], 1e-10 * mean[c], "%s", r->column[c].name);
        cr_assert_str_eq(r->column[3].name, "wind_speed_m_s");
        vo_readings_set_free(set);
    }
}
