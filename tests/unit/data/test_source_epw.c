/* test_source_epw.c -- hours, years, codes for "none", and what is refused. */
#include "data/source_epw.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/data_folder.h"
#include "support/read_text.h"

#define HEADER(zone, per_hour)                                                                 \
    "LOCATION,Some Town,CA,USA,TMY3,724935,37.67,-122.12," zone ",14.0\n"                      \
    "DESIGN CONDITIONS,0\nTYPICAL/EXTREME PERIODS,0\nGROUND TEMPERATURES,0\n"                  \
    "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0\nCOMMENTS 1,\"a, b\"\nCOMMENTS 2,\n"                   \
    "DATA PERIODS,1," per_hour ",Data,Monday, 1/ 1,12/31\n"
#define ROW(date, temperature, ghi, cloud)                                                     \
    date ",?9*9," temperature ",8.3,96.0,102200,0,0,281," ghi                                  \
         ",20,30,0,0,0,34030,70,2.6," cloud                                                    \
         ",1,777.7,77777,9,999999999,129,0.11,0,88,0.16,999,99\n"

static vo_status parse(const char *text, vo_source_options o, vo_readings_set **set,
                       vo_error *err) {
    return read_text(vo_source_epw_parse, "x.epw", text, strlen(text), &o, set, err);
}

static const vo_source_options standard = {0};

static double at(const vo_readings *r, const char *name, size_t i) {
    for (size_t c = 0; c < r->n_columns; c++)
        if (strcmp(r->column[c].name, name) == 0) return r->column[c].value[i];
    cr_assert_fail("no column %s", name);
    return 0;
}

Test(source_epw, files_are_told_by_their_first_word) {
    cr_assert(vo_source_epw_is("LOCATION,X", 10));
    cr_assert_not(vo_source_epw_is("LOCATION", 8));
    cr_assert_not(vo_source_epw_is("location\n1", 10));
}

/* Hour 1 of 1 January at UTC-8 is 00:00-08:00 = 08:00Z, hour 24 begins 23 hours later. */
Test(source_epw, hours_end_at_their_number_in_standard_time) {
    const char *text = HEADER("-8.0", "1") ROW("2018,1,1,1,1", "8.9", "0", "5")
        ROW("2018,1,1,24,60", "9.9", "12", "10") ROW("2018,7,1,1,0", "20", "1", "0");
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(parse(text, standard, &set, &err), VO_OK, "%s", err.msg);
    const vo_readings *r = set->item[0];
    cr_assert_eq(r->n, 3u);
    cr_assert_eq(r->start_s[0], 1514793600);
    cr_assert_eq(r->start_s[1], 1514793600 + 23 * 3600);
    cr_assert_eq(r->start_s[2], 1530432000); /* 1 July: still UTC-8, no summer time */
    cr_assert_eq(r->interval_h, 1.0);
    cr_assert_str_eq(r->zone, "-08:00");
    cr_assert_str_eq(r->node, "Some Town");
    cr_assert_str_eq(r->market, "EPW");
    cr_assert_str_eq(r->process, "TMY3");
    cr_assert_str_eq(r->kind, "weather");
    cr_assert_str_eq(r->column[0].name, "temperature_c");
    cr_assert_eq(at(r, "temperature_c", 1), 9.9);
    cr_assert_eq(at(r, "ghi_w_m2", 1), 12.0);
    cr_assert_eq(at(r, "dni_w_m2", 1), 20.0);
    cr_assert_eq(at(r, "dhi_w_m2", 1), 30.0);
    cr_assert_eq(at(r, "cloud_cover_pct", 0), 50.0);
    cr_assert_float_eq(at(r, "pressure_hpa", 0), 1022.0, 1e-9);
    cr_assert_eq(at(r, "zenith_luminance_cd_m2", 0), 34030.0);
    cr_assert_eq(r->line[0], 9u);
    vo_readings_set_free(set);
}

Test(source_epw, each_field_has_its_own_code_for_none) {
    static const char row[] =
        "2018,1,1,1,0,f,99.9,99.9,999,999999,9999,9999,9999,9999,9999,9999,999999,999999,"
        "999900,9999,999,999,99,99,9999,99999,9,999999999,999,.999,999,99,999,999,99\n"
        "2018,1,1,2,0,f,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\n";
    char text[2048];
    sprintf(text, "%s%s", HEADER("0", "1"), row);
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(parse(text, standard, &set, &err), VO_OK, "%s", err.msg);
    const vo_readings *r = set->item[0];
    cr_assert_eq(r->n_columns, 27u);
    for (size_t c = 0; c < r->n_columns; c++)
        for (size_t i = 0; i < 2; i++)
            cr_assert(isnan(r->column[c].value[i]), "%s", r->column[c].name);
    cr_assert_str_eq(r->zone, "UTC");
    cr_assert(strstr(set->note, "27 codes"), "%s", set->note);
    vo_readings_set_free(set);
}

/* Months of 1995 (January) and 1992 (February, without its leap day): put into 1995. */
Test(source_epw, months_of_several_years_are_put_into_one) {
    const char *text =
        HEADER("1", "1") ROW("1995,1,31,24,0", "1", "0", "0") ROW("1992,2,1,1,0", "2", "0", "0")
            ROW("1992,2,28,24,0", "3", "0", "0") ROW("2001,3,1,1,0", "4", "0", "0");
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(parse(text, standard, &set, &err), VO_OK, "%s", err.msg);
    const vo_readings *r = set->item[0];
    const int64_t january_31_23h = 791589600; /* 1995-01-31T22:00Z */
    cr_assert_eq(r->start_s[0], january_31_23h);
    cr_assert_eq(r->start_s[1], january_31_23h + 3600);
    cr_assert_eq(r->start_s[3] - r->start_s[2], 3600);
    cr_assert(strstr(set->note, "1992..2001 put into 1995"), "%s", set->note);
    vo_readings_set_free(set);

    vo_source_options o = {.start_utc_s = 1704067200}; /* 2024, which has a leap day */
    cr_assert_eq(parse(text, o, &set, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(set->item[0]->start_s[1], 1706742000); /* 2024-01-31T23:00Z */
    cr_assert_eq(set->item[0]->start_s[3] - set->item[0]->start_s[2], 25 * 3600);
    cr_assert(strstr(set->note, "29 February is not in the file"), "%s", set->note);
    vo_readings_set_free(set);
}

Test(source_epw, a_typical_year_with_a_leap_day_goes_into_a_year_that_has_one) {
    const char *text =
        HEADER("0", "1") ROW("1995,1,1,1,0", "1", "0", "0") ROW("1992,2,29,1,0", "2", "0", "0");
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(parse(text, standard, &set, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(set->item[0]->start_s[1], 825552000); /* 1996-02-29 */
    vo_readings_set_free(set);
    vo_source_options o = {.start_utc_s = 1672531200}; /* 2023 has none */
    cr_assert_eq(parse(text, o, &set, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "2023-02"), "%s", err.msg);
}

Test(source_epw, real_years_follow_each_other_and_keep_their_leap_days) {
    const char *text = HEADER("0", "1") ROW("2019,12,31,24,0", "1", "0", "0")
        ROW("2020,1,1,1,0", "1", "0", "0") ROW("2020,2,29,1,0", "1", "0", "0");
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(parse(text, standard, &set, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(set->item[0]->start_s[1], 1577836800);
    cr_assert_eq(set->item[0]->start_s[0], 1577836800 - 3600);
    cr_assert_eq(set->item[0]->start_s[2], 1582934400);
    cr_assert_not(strstr(set->note, "typical"), "%s", set->note);
    vo_readings_set_free(set);
}

/* 10 Wh/m2 in a quarter of an hour is 40 W/m2. */
Test(source_epw, quarters_share_their_hour_in_order) {
    const char *text = HEADER("0", "4") ROW("2018,1,1,1,15", "1", "10", "0")
        ROW("2018,1,1,1,30", "2", "10", "0") ROW("2018,1,1,1,45", "3", "10", "0")
            ROW("2018,1,1,1,60", "4", "10", "0") ROW("2018,1,1,2,15", "5", "10", "0");
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(parse(text, standard, &set, &err), VO_OK, "%s", err.msg);
    const vo_readings *r = set->item[0];
    for (size_t i = 0; i < 5; i++) cr_assert_eq(r->start_s[i], 1514764800 + (int64_t)i * 900);
    cr_assert_eq(at(r, "ghi_w_m2", 4), 40.0);
    cr_assert_eq(r->interval_h, 0.25);
    vo_readings_set_free(set);
}

Test(source_epw, what_cannot_be_right_is_refused_by_name) {
    static const struct {
        const char *text, *says;
    } bad[] = {
        {HEADER("-8", "1"), "no rows"},
        {HEADER("soon", "1"), "time zone"},
        {HEADER("-8", "7"), "records per hour"},
        {HEADER("-8", "0"), "records per hour"},
        {"LOCATION,a\n", "time zone"},
        {"LOCATION,a,b,c,d,e,1,2,3,4\n2018,1,1\n", "DATA PERIODS"},
        {HEADER("-8", "1") ROW("2018,13,1,1,0", "1", "0", "0"), "month"},
        {HEADER("-8", "1") ROW("2018,2,30,1,0", "1", "0", "0"), "day"},
        {HEADER("-8", "1") ROW("2018,2,3,25,0", "1", "0", "0"), "hour"},
        {HEADER("-8", "1") ROW("2018,2,3,0,0", "1", "0", "0"), "hour"},
        {HEADER("-8", "1") ROW("2018,2,3,1,0", "x", "0", "0"), "temperature_c"},
        {HEADER("-8", "1") "2018,2,3,1,0,f,1,2\n", "fields"},
        {HEADER("-8", "2") ROW("2018,2,3,1,0", "1", "0", "0") ROW("2018,2,3,1,0", "1", "0", "0")
             ROW("2018,2,3,1,0", "1", "0", "0"),
         "records per hour"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_readings_set *set = NULL;
        vo_error err = {0};
        cr_assert_eq(parse(bad[i].text, standard, &set, &err), VO_EINVAL, "%zu", i);
        cr_assert(strstr(err.msg, bad[i].says), "%zu: %s", i, err.msg);
        cr_assert(strstr(err.msg, "x.epw"), "%s", err.msg);
    }
}

/* Counts and means were taken from the file with Python's csv. */
Test(source_epw, hayward_2018_has_its_8760_hours_and_means) {
    static const struct {
        const char *name;
        double mean;
        size_t n;
    } is[] = {{"temperature_c", 13.975524923896481, 8760},
              {"relative_humidity_pct", 76.32167276502331, 8760},
              {"pressure_hpa", 1016.2711187214612, 8760},
              {"ghi_w_m2", 206.84263698630136, 8760},
              {"dni_w_m2", 253.399200913242, 8760},
              {"dhi_w_m2", 57.704109589041096, 8760},
              {"wind_speed_m_s", 3.6962003424655094, 8760},
              {"cloud_cover_pct", 39.90867579908676, 8760},
              {"precipitation_mm", -1, 8760 - 7872}};
    char path[DATA_PATH];
    NEED_DATA("weather/citylearn_ca_alameda_county.epw", path);
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_source_read(path, &standard, &set, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(set->n, 1u);
    const vo_readings *r = set->item[0];
    cr_assert_eq(r->n, 8760u);
    cr_assert_str_eq(r->node, "Hayward Air Term");
    cr_assert_str_eq(r->process, "AMY2018");
    for (size_t i = 0; i < r->n; i++)
        cr_assert_eq(r->start_s[i], 1514793600 + (int64_t)i * 3600);
    for (size_t k = 0; k < sizeof is / sizeof is[0]; k++) {
        double sum = 0;
        size_t n = 0;
        for (size_t i = 0; i < r->n; i++) {
            const double v = at(r, is[k].name, i);
            if (isnan(v)) continue;
            sum += v;
            n++;
        }
        cr_assert_eq(n, is[k].n, "%s: %zu", is[k].name, n);
        if (is[k].mean >= 0)
            cr_assert_float_eq(sum / (double)n, is[k].mean, 1e-9 * is[k].mean, "%s: %.15g",
                               is[k].name, sum / (double)n);
    }
    vo_readings_set_free(set);
}
