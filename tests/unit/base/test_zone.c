/* test_zone.c -- each test states one promise of zone.h. Transitions are those that the
 * governments decreed, written here by hand. */
#include "base/zone.h"

#include <criterion/criterion.h>
#include <string.h>

static vo_zone *zone(const char *name) {
    vo_zone *z = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_zone_open(name, &z, &err), VO_OK, "%s", err.msg);
    return z;
}

static int64_t at(const char *text) { /* seconds, as if UTC */
    vo_civil c;
    bool has_offset;
    int32_t offset_s;
    cr_assert_eq(vo_civil_parse(text, strlen(text), &c, &has_offset, &offset_s, NULL), VO_OK);
    return vo_civil_seconds(&c);
}

static int64_t day(const char *text) { return at(text) / 86400; }

static double hours(const vo_zone *z, const char *date) {
    const int64_t d = day(date);
    return (double)(vo_zone_day_start(z, d + 1) - vo_zone_day_start(z, d)) / 3600;
}

Test(zone, days_of_transition_have_their_known_lengths) {
    static const struct {
        const char *zone, *date;
        double hours;
    } c[] = {
        {"America/Mexico_City", "2016-04-02", 24},
        {"America/Mexico_City", "2016-04-03", 23},
        {"America/Mexico_City", "2016-10-30", 25},
        {"America/Mexico_City", "2022-04-03", 23},
        {"America/Mexico_City", "2022-10-30", 25},
        {"America/Mexico_City", "2023-04-02", 24},
        {"America/Mexico_City", "2023-10-29", 24},
        {"America/Tijuana", "2016-03-13", 23},
        {"America/Tijuana", "2016-11-06", 25},
        {"America/Tijuana", "2016-04-03", 24},
        {"Europe/Madrid", "2024-03-31", 23},
        {"Europe/Madrid", "2024-10-27", 25},
        {"Europe/Paris", "2024-03-31", 23},
        {"Europe/Paris", "2024-10-27", 25},
        {"Australia/Lord_Howe", "2024-04-07", 24.5},
        {"Australia/Lord_Howe", "2024-10-06", 23.5},
        {"America/Sao_Paulo", "2017-10-15", 23},
        {"America/Sao_Paulo", "2018-02-17", 25},
        {"America/Sao_Paulo", "2018-02-18", 24},
        {"Pacific/Apia", "2011-12-30", 0}, /* the day that Samoa left out */
        {"UTC", "2024-03-31", 24},
        {"+01:00", "2024-03-31", 24},
    };
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        vo_zone *z = zone(c[i].zone);
        cr_assert_eq(hours(z, c[i].date), c[i].hours, "%s %s has %g h", c[i].zone, c[i].date,
                     hours(z, c[i].date));
        vo_zone_close(z);
    }
}

Test(zone, offsets_change_at_the_second_of_the_transition) {
    vo_zone *z = zone("America/Mexico_City");
    cr_assert_eq(vo_zone_offset(z, at("2016-04-03T07:59:59")), -6 * 3600);
    cr_assert_eq(vo_zone_offset(z, at("2016-04-03T08:00:00")), -5 * 3600);
    cr_assert_eq(vo_zone_offset(z, at("2016-10-30T06:59:59")), -5 * 3600);
    cr_assert_eq(vo_zone_offset(z, at("2016-10-30T07:00:00")), -6 * 3600);
    cr_assert_eq(vo_zone_offset(z, at("2024-07-01T00:00:00")), -6 * 3600);
    cr_assert_str_eq(vo_zone_name(z), "America/Mexico_City");
    vo_zone_close(z);
    z = zone("+05:30");
    cr_assert_eq(vo_zone_offset(z, 0), 19800);
    vo_zone_close(z);
}

static void expect_wall(const char *name, const char *wall, vo_wall kind, const char *first,
                        const char *second) {
    vo_zone *z = zone(name);
    int64_t a = -1, b = -1;
    cr_assert_eq(vo_zone_instants(z, at(wall), &a, &b), kind, "%s %s", name, wall);
    cr_assert_eq(a, at(first), "%s %s: first", name, wall);
    cr_assert_eq(b, at(second), "%s %s: second", name, wall);
    vo_zone_close(z);
}

Test(zone, wall_clock_times_are_met_once_twice_or_never) {
    const char *m = "America/Mexico_City";
    expect_wall(m, "2016-04-03T01:59:59", VO_WALL_UNIQUE, "2016-04-03T07:59:59",
                "2016-04-03T07:59:59");
    expect_wall(m, "2016-04-03T02:00:00", VO_WALL_NEVER, "2016-04-03T08:00:00",
                "2016-04-03T08:00:00");
    expect_wall(m, "2016-04-03T02:59:59", VO_WALL_NEVER, "2016-04-03T08:00:00",
                "2016-04-03T08:00:00");
    expect_wall(m, "2016-04-03T03:00:00", VO_WALL_UNIQUE, "2016-04-03T08:00:00",
                "2016-04-03T08:00:00");
    expect_wall(m, "2016-10-30T00:59:59", VO_WALL_UNIQUE, "2016-10-30T05:59:59",
                "2016-10-30T05:59:59");
    expect_wall(m, "2016-10-30T01:00:00", VO_WALL_TWICE, "2016-10-30T06:00:00",
                "2016-10-30T07:00:00");
    expect_wall(m, "2016-10-30T01:59:59", VO_WALL_TWICE, "2016-10-30T06:59:59",
                "2016-10-30T07:59:59");
    expect_wall(m, "2016-10-30T02:00:00", VO_WALL_UNIQUE, "2016-10-30T08:00:00",
                "2016-10-30T08:00:00");
    expect_wall("Australia/Lord_Howe", "2024-04-07T01:45:00", VO_WALL_TWICE,
                "2024-04-06T14:45:00", "2024-04-06T15:15:00");
    expect_wall("Australia/Lord_Howe", "2024-10-06T02:15:00", VO_WALL_NEVER,
                "2024-10-05T15:30:00", "2024-10-05T15:30:00");
    expect_wall("Pacific/Apia", "2011-12-30T12:00:00", VO_WALL_NEVER, "2011-12-30T10:00:00",
                "2011-12-30T10:00:00");
    expect_wall("UTC", "2011-12-30T12:00:00", VO_WALL_UNIQUE, "2011-12-30T12:00:00",
                "2011-12-30T12:00:00");
}

Test(zone, a_day_without_midnight_begins_with_its_first_instant) {
    vo_zone *z = zone("America/Sao_Paulo");
    const int64_t start = vo_zone_day_start(z, day("2017-10-15"));
    cr_assert_eq(start, at("2017-10-15T03:00:00")); /* 00:00 is skipped: 01:00 -02 */
    cr_assert_eq(vo_zone_local_day(z, start), day("2017-10-15"));
    cr_assert_eq(vo_zone_local_day(z, start - 1), day("2017-10-14"));
    /* Clocks back from 00:00 to 23:00: the hour again belongs to the old day. */
    cr_assert_eq(vo_zone_day_start(z, day("2018-02-18")), at("2018-02-18T03:00:00"));
    cr_assert_eq(vo_zone_local_day(z, at("2018-02-18T02:30:00")), day("2018-02-17"));
    vo_zone_close(z);
}

static const char *const zones[] = {
    "America/Mexico_City", "America/Tijuana",   "Europe/Madrid",     "Europe/London",
    "Australia/Lord_Howe", "America/Sao_Paulo", "America/St_Johns",  "Pacific/Apia",
    "Asia/Kolkata",        "America/Havana",    "Africa/Casablanca", "Antarctica/Troll"};
#define N_ZONES (sizeof zones / sizeof zones[0])

/* Property: 30 years of days, each from its start to the next start, hold every instant once.
 */
Test(zone, days_tile_time_without_gap_or_overlap) {
    for (size_t k = 0; k < N_ZONES; k++) {
        vo_zone *z = zone(zones[k]);
        const int64_t from = day("1996-01-01"), to = day("2026-01-01");
        int64_t sum_s = 0;
        for (int64_t d = from; d < to; d++) {
            const int64_t start = vo_zone_day_start(z, d), end = vo_zone_day_start(z, d + 1);
            cr_assert(end >= start && end - start <= 26 * 3600, "%s day %lld", zones[k],
                      (long long)d);
            sum_s += end - start;
            for (int64_t s = start; s < end; s += 1800)
                if (vo_zone_local_day(z, s) != d)
                    cr_assert_fail("%s: %lld is not of day %lld", zones[k], (long long)s,
                                   (long long)d);
            if (end > start) cr_assert_eq(vo_zone_local_day(z, end - 1), d);
        }
        const int64_t a = vo_zone_day_start(z, from), b = vo_zone_day_start(z, to);
        cr_assert_eq(sum_s, b - a);
        const int64_t shift = vo_zone_offset(z, a) - vo_zone_offset(z, b);
        cr_assert_eq(sum_s, (to - from) * 86400 + shift);
        vo_zone_close(z);
    }
}

/* Property: an instant's wall clock leads back to that instant, as first or second; and a wall
 * clock said to be met never is met by no instant near it. */
Test(zone, wall_clock_and_instant_agree_both_ways) {
    for (size_t k = 0; k < N_ZONES; k++) {
        vo_zone *z = zone(zones[k]);
        for (int64_t s = at("2009-01-01"); s < at("2019-01-01"); s += 900) {
            const int64_t wall = s + vo_zone_offset(z, s);
            int64_t a, b;
            const vo_wall kind = vo_zone_instants(z, wall, &a, &b);
            if (kind == VO_WALL_NEVER || (a != s && b != s) ||
                (kind == VO_WALL_UNIQUE) != (a == b))
                cr_assert_fail("%s: instant %lld", zones[k], (long long)s);
            const vo_wall same = vo_zone_instants(z, s, &a, &b); /* s now as a wall clock */
            const int meets = (a + vo_zone_offset(z, a) == s) + (b + vo_zone_offset(z, b) == s);
            if ((same == VO_WALL_NEVER) != (meets == 0))
                cr_assert_fail("%s: wall clock %lld", zones[k], (long long)s);
        }
        vo_zone_close(z);
    }
}

#define LONG_NAME "a-name/that-is-longer-than-any-zone-of-the-database-is-or-will-be"

Test(zone, unknown_names_are_refused_with_the_name_and_a_hint) {
    static const char *const bad[] = {"",
                                      "Mexico",
                                      "America/Mexico City",
                                      "../passwd",
                                      "/etc/passwd",
                                      "/usr/share/zoneinfo/UTC",
                                      "America/../../passwd",
                                      ":UTC",
                                      "America",
                                      "Europe/Madrit",
                                      LONG_NAME};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_zone *z = NULL;
        vo_error err = {0};
        cr_assert_eq(vo_zone_open(bad[i], &z, &err), VO_ENOTFOUND, "%s", bad[i]);
        cr_assert_null(z);
        char start[64];
        strncpy(start, bad[i], 63);
        start[63] = '\0';
        cr_assert_not_null(strstr(err.msg, start));
        cr_assert_not_null(strstr(err.msg, "tzdata"));
    }
    vo_zone_close(NULL);
}
