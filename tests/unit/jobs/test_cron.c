/* Times of firing against a search minute by minute over a year of several zones, whose rule is
 * written down anew here: a wall-clock minute that fits, when it is first shown; where clocks jump
 * forward, the instant of the jump if any skipped minute fits. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jobs/cron.h"

#define MINUTES (367 * 1440)
#define BEFORE 2880 /* minutes of the days before, for what was shown already */

static int64_t utc(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute) {
    const vo_civil c = {year, month, day, hour, minute, 0};
    return vo_civil_seconds(&c);
}

static vo_cron parse(const char *text) {
    vo_cron c = {0};
    vo_error err = {0};
    cr_assert_eq(vo_cron_parse(text, strlen(text), &c, &err), VO_OK, "%s: %s", text, err.msg);
    return c;
}

static void refuses(const char *text, const char *says) {
    vo_cron c = {.minute = 7};
    vo_error err = {0};
    cr_expect_eq(vo_cron_parse(text, strlen(text), &c, &err), VO_EINVAL, "%s", text);
    cr_expect(strstr(err.msg, says), "%s: \"%s\" is not in: %s", text, says, err.msg);
    cr_expect_eq(c.minute, 7u, "%s", text);
}

/* What fits, said by hand rather than by the reader under test. */
typedef struct {
    const char *text;
    bool (*fits)(int32_t minute, int32_t hour, int32_t day, int32_t month, int32_t weekday);
} rule;

static bool every_minute(int32_t m, int32_t h, int32_t d, int32_t mo, int32_t w) {
    (void)m, (void)h, (void)d, (void)mo, (void)w;
    return true;
}
static bool half_past_two(int32_t m, int32_t h, int32_t d, int32_t mo, int32_t w) {
    (void)d, (void)mo, (void)w;
    return m == 30 && h == 2;
}
static bool quarters(int32_t m, int32_t h, int32_t d, int32_t mo, int32_t w) {
    (void)h, (void)d, (void)mo, (void)w;
    return m % 15 == 0;
}
static bool first_or_sunday(int32_t m, int32_t h, int32_t d, int32_t mo, int32_t w) {
    (void)mo;
    return m == 17 && h == 0 && (d == 1 || w == 0);
}
static bool office(int32_t m, int32_t h, int32_t d, int32_t mo, int32_t w) {
    (void)d, (void)mo;
    return (m == 0 || m == 30) && h >= 8 && h <= 18 && h % 2 == 0 && w >= 1 && w <= 5;
}
static bool leap_day(int32_t m, int32_t h, int32_t d, int32_t mo, int32_t w) {
    (void)w;
    return m == 59 && h == 23 && d == 29 && mo == 2;
}
static bool odd_mondays(int32_t m, int32_t h, int32_t d, int32_t mo, int32_t w) {
    (void)mo;
    return m == 5 && h == 1 && d % 2 == 1 && w == 1; /* one of them is a star: both must fit */
}
static bool half_past_midnight(int32_t m, int32_t h, int32_t d, int32_t mo, int32_t w) {
    (void)d, (void)w;
    return m % 20 == 10 && h == 0 && (mo == 3 || mo == 10 || mo == 11);
}

static const rule rules[] = {
    {"* * * * *", every_minute},         {"30 2 * * *", half_past_two},
    {"*/15 * * * *", quarters},          {"17 0 1 * sun", first_or_sunday},
    {"0,30 8-18/2 * * MON-Fri", office}, {"59 23 29 feb *", leap_day},
    {"5 1 */2 * 1", odd_mondays},        {"10-59/20 0 * 3,oct,11 *", half_past_midnight}};

typedef struct {
    int64_t from_s;    /* of minute 0 */
    int32_t *offset_m; /* [BEFORE + MINUTES] of the zone, in minutes */
    uint8_t *fires;    /* [MINUTES] */
} years;

static bool fits_wall(const rule *r, int64_t wall_m) {
    vo_civil c = vo_civil_from_seconds(wall_m * 60);
    const int64_t day = vo_civil_days(c.year, c.month, c.day);
    return r->fits(c.minute, c.hour, c.day, c.month, (vo_civil_weekday(day) + 1) % 7);
}

static bool was_shown(const years *y, size_t i, int64_t wall_m) {
    for (size_t k = i > 1500 ? i - 1500 : 0; k < i; k++)
        if (y->from_s / 60 + (int64_t)k - BEFORE + y->offset_m[k] == wall_m) return true;
    return false;
}

static void search(years *y, const rule *r) {
    size_t changed = 0; /* the last change of offset: only then can a time be shown again */
    for (size_t i = 1; i < BEFORE + MINUTES; i++) {
        const int64_t wall_m = y->from_s / 60 + (int64_t)i - BEFORE + y->offset_m[i];
        const int32_t jump = y->offset_m[i] - y->offset_m[i - 1];
        if (jump != 0) changed = i;
        if (i < BEFORE) continue;
        bool fires = fits_wall(r, wall_m);
        if (fires && changed && i - changed < 1440 && was_shown(y, i, wall_m)) fires = false;
        for (int32_t skipped = 1; skipped <= jump && !fires; skipped++)
            fires = fits_wall(r, wall_m - skipped);
        y->fires[i - BEFORE] = fires;
    }
}

static void agree(const char *zone_name, int32_t year) {
    vo_zone *zone = NULL;
    years y = {.from_s = utc(year, 1, 1, 0, 0),
               .offset_m = malloc((BEFORE + MINUTES) * sizeof(int32_t)),
               .fires = malloc(MINUTES)};
    cr_assert(y.offset_m && y.fires);
    cr_assert_eq(vo_zone_open(zone_name, &zone, NULL), VO_OK);
    for (size_t i = 0; i < BEFORE + MINUTES; i++)
        y.offset_m[i] = vo_zone_offset(zone, y.from_s + ((int64_t)i - BEFORE) * 60) / 60;
    for (size_t k = 0; k < sizeof rules / sizeof rules[0]; k++) {
        const vo_cron c = parse(rules[k].text);
        search(&y, &rules[k]);
        int64_t last = y.from_s - 1, n = 0;
        const size_t stride = k == 0 ? 97 : 1; /* every minute: now and then */
        for (size_t i = 0; i < MINUTES; i++) {
            const int64_t at = y.from_s + (int64_t)i * 60;
            if (!y.fires[i]) continue;
            if (n++ % (int64_t)stride != 0) {
                last = at;
                continue;
            }
            cr_assert_eq(vo_cron_next(&c, zone, last), at, "%s %s: after %lld", zone_name,
                         rules[k].text, (long long)last);
            cr_assert_eq(vo_cron_last(&c, zone, last, at), at, "%s %s", zone_name,
                         rules[k].text);
            cr_assert_eq(vo_cron_last(&c, zone, last, at - 1), INT64_MIN, "%s %s", zone_name,
                         rules[k].text);
            last = at;
        }
        cr_expect(n > 0 || k == 5, "%s %s never fired", zone_name, rules[k].text);
    }
    vo_zone_close(zone);
    free(y.offset_m);
    free(y.fires);
}

Test(cron, fires_as_a_search_by_minutes_says_where_clocks_change_at_two) {
    agree("America/New_York", 2023);
    agree("Europe/Berlin", 2024);
}

Test(cron,
     fires_as_a_search_by_minutes_says_where_clocks_change_at_midnight_or_by_half_an_hour) {
    agree("America/Havana", 2023);
    agree("Australia/Lord_Howe", 2024);
}

Test(cron, fires_as_a_search_by_minutes_says_where_clocks_stopped_changing_or_never_did) {
    agree("America/Mexico_City", 2022);
    agree("Asia/Kathmandu", 2024);
}

Test(cron, what_is_skipped_fires_once_at_the_jump_and_what_is_repeated_once) {
    vo_zone *zone = NULL;
    cr_assert_eq(vo_zone_open("America/New_York", &zone, NULL), VO_OK);
    const vo_cron daily = parse("30 2 * * *"), often = parse("0,15,30,45 2,3 * * *");
    /* 2024-03-10: 02:00 EST becomes 03:00 EDT, at 07:00 UTC */
    cr_expect_eq(vo_cron_next(&daily, zone, utc(2024, 3, 10, 0, 0)), utc(2024, 3, 10, 7, 0));
    cr_expect_eq(vo_cron_next(&daily, zone, utc(2024, 3, 10, 7, 0)), utc(2024, 3, 11, 6, 30));
    cr_expect_eq(vo_cron_next(&often, zone, utc(2024, 3, 10, 6, 59)), utc(2024, 3, 10, 7, 0));
    cr_expect_eq(vo_cron_next(&often, zone, utc(2024, 3, 10, 7, 0)), utc(2024, 3, 10, 7, 15));
    /* 2024-11-03: 02:00 EDT becomes 01:00 EST, at 06:00 UTC */
    const vo_cron once = parse("30 1 * * *");
    cr_expect_eq(vo_cron_next(&once, zone, utc(2024, 11, 3, 0, 0)), utc(2024, 11, 3, 5, 30));
    cr_expect_eq(vo_cron_next(&once, zone, utc(2024, 11, 3, 5, 30)), utc(2024, 11, 4, 6, 30));
    vo_zone_close(zone);
}

Test(cron, macros_are_what_their_fields_say) {
    static const char *const pair[][2] = {
        {"@hourly", "0 * * * *"},   {"@daily", "0 0 * * *"},        {"@midnight", "0 0 * * *"},
        {"@weekly", "0 0 * * sun"}, {"@weekly", "0 0 * * 7"},       {"@Monthly", "0 0 1 * *"},
        {"@yearly", "0 0 1 1 *"},   {" @annually\n", "0 0 1 jan *"}};
    for (size_t i = 0; i < sizeof pair / sizeof pair[0]; i++) {
        const vo_cron a = parse(pair[i][0]), b = parse(pair[i][1]);
        cr_expect(a.minute == b.minute && a.hour == b.hour && a.day == b.day &&
                      a.month == b.month && a.weekday == b.weekday,
                  "%s", pair[i][0]);
    }
    const vo_cron week = parse("0 0 * * fri-7");
    cr_expect_eq(week.weekday, 1u | 1u << 5 | 1u << 6);
}

Test(cron, the_leap_day_of_a_century_is_waited_for) {
    vo_zone *zone = NULL;
    cr_assert_eq(vo_zone_open("UTC", &zone, NULL), VO_OK);
    const vo_cron c = parse("0 12 29 2 *"), friday = parse("0 0 */31 2 fri");
    cr_expect_eq(vo_cron_next(&c, zone, utc(2096, 3, 1, 0, 0)), utc(2104, 2, 29, 12, 0));
    cr_expect_eq(vo_cron_last(&c, zone, utc(2000, 1, 1, 0, 0), utc(2104, 2, 29, 11, 59)),
                 utc(2096, 2, 29, 12, 0));
    cr_expect_eq(vo_cron_next(&friday, zone, utc(2013, 2, 2, 0, 0)), utc(2019, 2, 1, 0, 0));
    cr_expect_eq(vo_cron_next(&c, zone, INT64_MAX), INT64_MAX);
    cr_expect_eq(vo_cron_next(&c, zone, utc(9998, 1, 1, 0, 0)), INT64_MAX);
    vo_zone_close(zone);
}

Test(cron, what_is_no_time_is_refused_by_its_field) {
    refuses("", "fewer than five fields");
    refuses("* * * *", "fewer than five fields");
    refuses("* * * * * *", "more than five fields");
    refuses("60 * * * *", "minute \"60\": is out of range");
    refuses("* 24 * * *", "hour \"24\"");
    refuses("* * 0 * *", "day \"0\"");
    refuses("* * * 13 *", "month \"13\"");
    refuses("* * * * 8", "weekday \"8\"");
    refuses("* * * * monday", "weekday \"monday\"");
    refuses("* * * foo *", "names of three letters");
    refuses("*/0 * * * *", "a step must be at least 1");
    refuses("*/90 * * * *", "not beyond the range");
    refuses("5/15 * * * *", "a step needs a range");
    refuses("30-10 * * * *", "a range must rise");
    refuses("* * * * fri-mon", "a range must rise");
    refuses("1,,2 * * * *", "must be numbers");
    refuses("1- * * * *", "must be numbers");
    refuses("-1 * * * *", "must be numbers");
    refuses("+1 * * * *", "must be numbers");
    refuses("** * * * *", "is not understood");
    refuses("1-2-3 * * * *", "is not understood");
    refuses("@reboot", "there are @hourly");
    refuses("0 0 31 2 *", "never comes");
    refuses("0 0 30 2 *", "never comes");
    refuses("0 0 31 4,6,9,nov *", "never comes");
    /* a weekday is enough where both are restricted */
    const vo_cron c = parse("0 0 31 2 mon");
    cr_expect_eq(c.month, 1u << 2);
    char longest[400];
    memset(longest, '1', sizeof longest);
    longest[399] = '\0';
    refuses(longest, "at most 200");
}
