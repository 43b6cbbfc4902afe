/* test_day_hours.c -- which convention a column of hours follows, told by its values. */
#include "data/day_hours.h"

#include <criterion/criterion.h>
#include <string.h>

static vo_csv_field field(const char *text) { return (vo_csv_field){text, strlen(text)}; }

static vo_day_hours decide(const char *column, const char *const *value, size_t n) {
    vo_day_hours_seen seen = {0};
    for (size_t i = 0; i < n; i++) vo_day_hours_look(&seen, NULL, 0, field(value[i]));
    return vo_day_hours_decide(&seen, column);
}

Test(day_hours, the_values_decide_what_the_numbers_mean) {
    static const struct {
        const char *column, *value[3];
        vo_hours_kind kind;
        int64_t shift_s;
        bool unsure;
    } c[] = {
        {"Hora", {"1", "2", "24"}, VO_HOURS_ELAPSED, 0, false},
        {"hour", {"01", "02", "25"}, VO_HOURS_ELAPSED, 0, false},
        {"hour", {"0", "1", "23"}, VO_HOURS_WALL, 0, false},
        {"hour", {"0.0", "1.0", "23.0"}, VO_HOURS_WALL, 0, false},
        {"hour", {"5", "6", "7"}, VO_HOURS_ELAPSED, 0, true},
        {"HE", {"0", "1", "23"}, VO_HOURS_WALL, -3600, false},
        {"Hour Ending", {"01:00", "02:00", "24:00"}, VO_HOURS_CLOCK, -3600, false},
        {"time", {"00:15", "00:30", "24:00"}, VO_HOURS_CLOCK, -900, false},
        {"time", {"00:00", "00:15", "23:45"}, VO_HOURS_CLOCK, 0, false},
        {"time", {"12:00 AM", "1:00 AM", "11:00 PM"}, VO_HOURS_CLOCK, 0, false},
        {"period", {"1", "24", "48"}, VO_HOURS_NONE, 0, false},
        {"hour", {"0", "1", "24"}, VO_HOURS_NONE, 0, false},
        {"interval", {"24", "24", "24"}, VO_HOURS_NONE, 0, false},
        {"hour", {"1", "2", "peak"}, VO_HOURS_NONE, 0, false},
        {"hour", {"1", "02:00", "3"}, VO_HOURS_NONE, 0, false},
        {"hour", {"-1", "2", "3"}, VO_HOURS_NONE, 0, false},
        {"hour", {"1.5", "2", "3"}, VO_HOURS_NONE, 0, false},
    };
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        const vo_day_hours h = decide(c[i].column, c[i].value, 3);
        cr_expect_eq(h.kind, c[i].kind, "case %zu: %d", i, (int)h.kind);
        cr_expect_eq(h.shift_s, c[i].shift_s, "case %zu: %lld", i, (long long)h.shift_s);
        cr_expect_eq(h.unsure, c[i].unsure, "case %zu", i);
    }
}

Test(day_hours, names_are_told_whatever_stands_between_their_words) {
    static const char *const yes[] = {"Hour",       "HORA",       "Hour-Ending",
                                      "HourEnding", "START TIME", "he",
                                      "Period",     "Hour (HE)",  "OPR_HR"};
    static const char *const no[] = {"price", "hours_of_sun", "end time", "datetime", ""};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        cr_expect(vo_day_hours_score(yes[i]) > 0, "%s", yes[i]);
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        cr_expect_eq(vo_day_hours_score(no[i]), 0, "%s", no[i]);
    cr_expect_gt(vo_day_hours_score("hour"), vo_day_hours_score("interval"));
}

Test(day_hours, what_is_no_hour_is_refused_and_hours_count_from_the_day) {
    const vo_day_hours number = {.kind = VO_HOURS_WALL}, clock = {.kind = VO_HOURS_CLOCK};
    static const char *const no[] = {"", "25", "-1", "x", "1.5"};
    int64_t wall_s = 0, days = 0;
    vo_error err = {0};
    for (size_t i = 0; i < 5; i++) {
        cr_expect_eq(vo_day_hours_wall(&number, 1, field(no[i]), &wall_s, &err), VO_EINVAL);
        cr_expect_eq(vo_day_hours_wall(&clock, 1, field(no[i]), &wall_s, &err), VO_EINVAL);
    }
    cr_expect_eq(vo_day_hours_wall(&clock, 1, field("24:00"), &wall_s, &err), VO_OK);
    cr_expect_eq(wall_s, 2 * 86400);
    cr_expect(vo_day_hours_is_date(field("1970-01-03"), VO_DATE_YEAR_FIRST, &days) &&
              days == 2);
    cr_expect_not(vo_day_hours_is_date(field("1970-01-03T01:00"), VO_DATE_YEAR_FIRST, &days));
}
