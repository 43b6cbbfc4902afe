/* test_holidays.c -- rules against the dates that governments and NERC published. */
#include "learn/holidays.h"

#include <criterion/criterion.h>
#include <stddef.h>
#include <string.h>

#include "base/civil.h"

typedef struct {
    vo_holiday_market market;
    int32_t year;
    const char *dates; /* "01-01 04-02 ...", in order: all of the year's Mondays to Fridays */
} published;

/* Official lists, working days only: which days of a weekend count differs by law. Mexico: STPS;
 * NERC "Additional Off-peak Days"; service-public.fr; Bundesgesetze; BOE (national only);
 * business.vic.gov.au; gov.uk/bank-holidays (England and Wales). */
static const published lists[] = {
    {VO_HOLIDAY_MX, 2016, "01-01 02-01 03-21 09-16 11-21"},
    {VO_HOLIDAY_MX, 2018, "01-01 02-05 03-19 05-01 11-19 12-25"},
    {VO_HOLIDAY_MX, 2012, "02-06 03-19 05-01 11-19 12-25"},
    {VO_HOLIDAY_MX, 2024, "01-01 02-05 03-18 05-01 09-16 10-01 11-18 12-25"},
    {VO_HOLIDAY_MX, 2025, "01-01 02-03 03-17 05-01 09-16 11-17 12-25"},
    {VO_HOLIDAY_MX, 2001, "01-01 02-05 03-21 05-01 11-20 12-25"},
    {VO_HOLIDAY_US, 2016, "01-01 05-30 07-04 09-05 11-24 12-26"},
    {VO_HOLIDAY_US, 2017, "01-02 05-29 07-04 09-04 11-23 12-25"},
    {VO_HOLIDAY_US, 2020, "01-01 05-25 09-07 11-26 12-25"},
    {VO_HOLIDAY_US, 2021, "01-01 05-31 07-05 09-06 11-25"},
    {VO_HOLIDAY_US, 2022, "05-30 07-04 09-05 11-24 12-26"},
    {VO_HOLIDAY_US, 2023, "01-02 05-29 07-04 09-04 11-23 12-25"},
    {VO_HOLIDAY_FR, 2016, "01-01 03-28 05-05 05-16 07-14 08-15 11-01 11-11"},
    {VO_HOLIDAY_FR, 2024, "01-01 04-01 05-01 05-08 05-09 05-20 08-15 11-01 11-11 12-25"},
    {VO_HOLIDAY_DE, 2017, "04-14 04-17 05-01 05-25 06-05 10-03 10-31 12-25 12-26"},
    {VO_HOLIDAY_DE, 2019, "01-01 04-19 04-22 05-01 05-30 06-10 10-03 12-25 12-26"},
    {VO_HOLIDAY_BE, 2023, "04-10 05-01 05-18 05-29 07-21 08-15 11-01 12-25"},
    {VO_HOLIDAY_ES, 2019, "01-01 04-19 05-01 08-15 11-01 12-06 12-25"},
    {VO_HOLIDAY_ES, 2024, "01-01 03-29 05-01 08-15 11-01 12-06 12-25"},
    {VO_HOLIDAY_NORDIC, 2018, "01-01 03-30 04-02 05-01 05-10 12-25 12-26"},
    {VO_HOLIDAY_NORDIC, 2004, "01-01 04-09 04-12 05-20 05-31"},
    {VO_HOLIDAY_AU_VIC, 2020, "01-01 01-27 03-09 04-10 04-13 06-08 10-23 11-03 12-25 12-28"},
    {VO_HOLIDAY_AU_VIC, 2021, "01-01 01-26 03-08 04-02 04-05 06-14 09-24 11-02 12-27 12-28"},
    {VO_HOLIDAY_AU_VIC, 2022,
     "01-03 01-26 03-14 04-15 04-18 04-25 06-13 09-22 09-23 11-01 12-26 12-27"},
    {VO_HOLIDAY_AU_VIC, 2025,
     "01-01 01-27 03-10 04-18 04-21 04-25 06-09 09-26 11-04 12-25 12-26"},
    {VO_HOLIDAY_GB, 2011, "01-03 04-22 04-25 04-29 05-02 05-30 08-29 12-26 12-27"},
    {VO_HOLIDAY_GB, 2012, "01-02 04-06 04-09 05-07 06-04 06-05 08-27 12-25 12-26"},
    {VO_HOLIDAY_GB, 2018, "01-01 03-30 04-02 05-07 05-28 08-27 12-25 12-26"},
    {VO_HOLIDAY_GB, 2020, "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-28"},
    {VO_HOLIDAY_GB, 2021, "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28"},
    {VO_HOLIDAY_GB, 2022, "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27"},
    {VO_HOLIDAY_GB, 2023, "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26"},
};

Test(holidays, working_days_off_are_those_that_were_published) {
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const published *p = &lists[i];
        char got[256] = "";
        const int64_t first = vo_civil_days(p->year, 1, 1),
                      end = vo_civil_days(p->year + 1, 1, 1);
        for (int64_t day = first; day < end; day++) {
            char text[16];
            vo_civil c;
            if (vo_civil_weekday(day) >= 5 || !vo_holiday(p->market, day)) continue;
            vo_civil_from_days(day, &c);
            vo_civil_format_date(&c, text);
            strncat(got, got[0] ? " " : "", sizeof got - strlen(got) - 1);
            strncat(got, text + 5, sizeof got - strlen(got) - 1);
        }
        cr_expect_str_eq(got, p->dates, "%s %d: %s, published: %s",
                         vo_holiday_market_name(p->market), (int)p->year, got, p->dates);
    }
}

Test(holidays, easter_is_where_the_tables_of_the_churches_have_it) {
    /* The earliest (1818), the latest (1943, 2038) and ordinary ones, of any century. */
    static const int32_t known[][3] = {
        {1583, 4, 10}, {1700, 4, 11}, {1818, 3, 22}, {1900, 4, 15}, {1943, 4, 25},
        {1961, 4, 2},  {2000, 4, 23}, {2008, 3, 23}, {2011, 4, 24}, {2038, 4, 25},
        {2049, 4, 18}, {2076, 4, 19}, {2100, 3, 28}, {2285, 3, 22}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const int64_t day = vo_civil_days(known[i][0], known[i][1], known[i][2]);
        const char *name = vo_holiday_name(VO_HOLIDAY_NORDIC, day);
        cr_expect(name && !strcmp(name, "Easter Sunday"), "%d", (int)known[i][0]);
    }
}

Test(holidays, every_year_has_as_many_as_its_law) {
    for (int32_t year = -9998; year <= 9998; year += 7) {
        int32_t fr = 0, nordic = 0;
        for (int64_t d = vo_civil_days(year, 1, 1); d < vo_civil_days(year + 1, 1, 1); d++) {
            fr += vo_holiday(VO_HOLIDAY_FR, d);
            nordic += vo_holiday(VO_HOLIDAY_NORDIC, d);
        }
        /* Ascension can meet a fixed day in May: at most one is then lost. */
        cr_expect(fr == 11 || fr == 10, "%d: %d", (int)year, (int)fr);
        cr_expect(nordic >= 8 && nordic <= 10, "%d: %d", (int)year, (int)nordic);
    }
}

Test(holidays, a_weekend_holiday_counts_on_both_days) {
    cr_expect(vo_holiday(VO_HOLIDAY_GB, vo_civil_days(2021, 12, 25)));
    cr_expect(vo_holiday(VO_HOLIDAY_GB, vo_civil_days(2021, 12, 27)));
    cr_expect(vo_holiday(VO_HOLIDAY_US, vo_civil_days(2021, 7, 4)));
    cr_expect(vo_holiday(VO_HOLIDAY_US, vo_civil_days(2021, 7, 5)));
    cr_expect_not(vo_holiday(VO_HOLIDAY_US, vo_civil_days(2020, 7, 3)), "NERC, not federal");
}

Test(holidays, zones_find_their_market) {
    static const struct {
        const char *zone;
        vo_holiday_market market;
    } want[] = {{"America/Mexico_City", VO_HOLIDAY_MX},
                {"America/Tijuana", VO_HOLIDAY_MX},
                {"America/Los_Angeles", VO_HOLIDAY_US},
                {"America/Chicago", VO_HOLIDAY_US},
                {"America/New_York", VO_HOLIDAY_US},
                {"America/Indiana/Knox", VO_HOLIDAY_US},
                {"Europe/Paris", VO_HOLIDAY_FR},
                {"Europe/Brussels", VO_HOLIDAY_BE},
                {"Europe/Berlin", VO_HOLIDAY_DE},
                {"Europe/Madrid", VO_HOLIDAY_ES},
                {"Europe/Oslo", VO_HOLIDAY_NORDIC},
                {"Europe/Helsinki", VO_HOLIDAY_NORDIC},
                {"Australia/Melbourne", VO_HOLIDAY_AU_VIC},
                {"Europe/London", VO_HOLIDAY_GB},
                {"UTC", VO_HOLIDAY_NONE},
                {"", VO_HOLIDAY_NONE},
                {"+01:00", VO_HOLIDAY_NONE},
                {"Europe/Parisx", VO_HOLIDAY_NONE},
                {"Europe/Pari", VO_HOLIDAY_NONE},
                {"Australia/Sydney", VO_HOLIDAY_NONE}};
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        cr_expect_eq(vo_holiday_market_of_zone(want[i].zone), want[i].market, "%s",
                     want[i].zone);
}

Test(holidays, no_market_has_no_holidays) {
    for (int64_t d = vo_civil_days(2024, 1, 1); d < vo_civil_days(2025, 1, 1); d++)
        cr_expect_eq(vo_holiday(VO_HOLIDAY_NONE, d), 0);
}

Test(holidays, a_series_finds_its_market_by_zone_or_else_by_label) {
    static const struct {
        const char *zone, *label;
        vo_holiday_market market;
    } row[] = {
        {"UTC", "EPF DA FR", VO_HOLIDAY_FR},       {"UTC", "EPF DA NP", VO_HOLIDAY_NORDIC},
        {"UTC", "EPF_DA-PJM", VO_HOLIDAY_US},      {"UTC", "EPF DA BE", VO_HOLIDAY_BE},
        {"UTC", "EPF DA FRANCE", VO_HOLIDAY_NONE}, {"UTC", "", VO_HOLIDAY_NONE},
        {"UTC", "NONE", VO_HOLIDAY_NONE},          {"Europe/Berlin", "FR", VO_HOLIDAY_DE}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
        cr_expect_eq(vo_holiday_market_of(row[i].zone, row[i].label), row[i].market, "%s, %s",
                     row[i].zone, row[i].label);
}
