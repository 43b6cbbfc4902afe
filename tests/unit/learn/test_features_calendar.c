/* test_features_calendar.c -- days of 23, 24 and 25 hours, and when forecasts are there. */
#include "learn/features_calendar.h"

#include <criterion/criterion.h>
#include <math.h>

static vo_feature_day day_of(const char *zone, int32_t y, int32_t m, int32_t d,
                             const vo_features_settings *s) {
    vo_zone *z = NULL;
    vo_feature_day out;
    cr_assert_eq(vo_zone_open(zone, &z, NULL), VO_OK);
    vo_feature_day_fill(z, vo_holiday_market_of_zone(zone), s, vo_civil_days(y, m, d), &out);
    vo_zone_close(z);
    return out;
}

static vo_feature_day plain(const char *zone, int32_t y, int32_t m, int32_t d) {
    const vo_features_settings s = vo_features_settings_default();
    return day_of(zone, y, m, d, &s);
}

Test(features_calendar, days_last_as_long_as_the_clock_says) {
    const vo_feature_day spring = plain("Europe/Paris", 2024, 3, 31);
    const vo_feature_day autumn = plain("America/Los_Angeles", 2023, 11, 5);
    const vo_feature_day usual = plain("America/Mexico_City", 2024, 6, 1);
    cr_expect_eq(spring.end_s - spring.start_s, 23 * 3600);
    cr_expect_eq(spring.change_s - spring.start_s, 2 * 3600);
    cr_expect_eq(autumn.end_s - autumn.start_s, 25 * 3600);
    cr_expect_eq(autumn.change_s - autumn.start_s, 2 * 3600);
    cr_expect_eq(usual.end_s - usual.start_s, 24 * 3600);
    cr_expect_eq(usual.change_s, usual.end_s);
}

Test(features_calendar, minutes_are_those_of_the_wall_clock) {
    const vo_feature_day spring = plain("Europe/Paris", 2024, 3, 31);
    cr_expect_eq(vo_feature_day_minute(&spring, spring.start_s + 2 * 3600 - 1), 119);
    cr_expect_eq(vo_feature_day_minute(&spring, spring.start_s + 2 * 3600), 180);
    const vo_feature_day autumn = plain("America/Los_Angeles", 2023, 11, 5);
    cr_expect_eq(vo_feature_day_minute(&autumn, autumn.start_s + 2 * 3600), 60);
    cr_expect_eq(vo_feature_day_minute(&autumn, autumn.end_s - 1), 1439);
}

Test(features_calendar, turns_meet_the_quarters) {
    float turn[VO_DAY_MINUTES][2];
    vo_feature_minutes_fill(turn);
    cr_expect_float_eq((double)turn[0][1], 1, 0);
    cr_expect_float_eq((double)turn[360][0], 1, 1e-7);
    cr_expect_float_eq((double)turn[720][1], -1, 1e-7);
    cr_expect_float_eq((double)turn[1080][0], -1, 1e-7);
    const vo_feature_day monday = plain("UTC", 2024, 1, 1), sunday = plain("UTC", 2024, 12, 29);
    cr_expect_float_eq((double)monday.weekday[1], 1, 0);
    cr_expect_float_eq((double)monday.season[1], 1, 0);
    cr_expect_float_eq((double)sunday.weekday[0], sin(-2 * acos(-1) / 7), 1e-6);
    /* 2 July is day 183 of a leap year's 366: half a turn. */
    const vo_feature_day half = plain("UTC", 2024, 7, 2);
    cr_expect_float_eq((double)half.season[1], -1, 1e-6);
}

Test(features_calendar, holidays_are_of_the_local_date) {
    cr_expect_eq((double)plain("Europe/Paris", 2024, 7, 14).holiday, 1);
    cr_expect_eq((double)plain("Europe/Paris", 2024, 7, 15).holiday, 0);
    cr_expect_eq((double)plain("UTC", 2024, 7, 14).holiday, 0);
}

Test(features_calendar, a_time_met_twice_publishes_at_its_second_and_one_skipped_at_the_jump) {
    vo_features_settings s = vo_features_settings_default();
    cr_assert_eq(vo_features_settings_add_exog(&s, "x", VO_PUBLICATION_DAY_AHEAD, 150, NULL),
                 VO_OK);
    /* 02:30 in Paris on 27 October 2024 is 00:30Z and 01:30Z; on 31 March it is not: 01:00Z. */
    const vo_feature_day autumn = day_of("Europe/Paris", 2024, 10, 28, &s);
    const vo_feature_day spring = day_of("Europe/Paris", 2024, 4, 1, &s);
    cr_expect_eq(autumn.published_s[0], vo_civil_days(2024, 10, 27) * 86400 + 5400);
    cr_expect_eq(spring.published_s[0], vo_civil_days(2024, 3, 31) * 86400 + 3600);
}
