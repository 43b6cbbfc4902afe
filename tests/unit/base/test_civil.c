/* test_civil.c -- each test states one promise of civil.h. */
#include "base/civil.h"

#include <criterion/criterion.h>
#include <string.h>

Test(civil, known_days) {
    cr_assert_eq(vo_civil_days(1970, 1, 1), 0);
    cr_assert_eq(vo_civil_days(2000, 3, 1), 11017);
    cr_assert_eq(vo_civil_days(2024, 2, 29), 19782);
    cr_assert_eq(vo_civil_days(1900, 3, 1) - vo_civil_days(1900, 2, 28), 1);
    cr_assert_eq(vo_civil_days(2000, 3, 1) - vo_civil_days(2000, 2, 28), 2);
    cr_assert_eq(vo_civil_days(0, 1, 1), -719528);
}

/* Walk every day of 20 000 years with a calendar that only knows month lengths. */
Test(civil, days_count_up_by_one_through_every_date) {
    int64_t n = vo_civil_days(-9999, 1, 1);
    int32_t weekday = vo_civil_weekday(n);
    for (int32_t y = -9999; y <= 9999; y++) {
        const bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
        const int32_t length[] = {31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        for (int32_t m = 1; m <= 12; m++)
            for (int32_t d = 1; d <= length[m - 1]; d++, n++) {
                vo_civil c;
                vo_civil_from_days(n, &c);
                if (vo_civil_days(y, m, d) != n || c.year != y || c.month != m || c.day != d ||
                    c.hour || c.minute || c.second || vo_civil_weekday(n) != weekday)
                    cr_assert_fail("%d-%d-%d is day %lld", y, m, d, (long long)n);
                weekday = (weekday + 1) % 7;
            }
    }
}

Test(civil, weekdays_start_on_monday) {
    cr_assert_eq(vo_civil_weekday(0), 3); /* Thursday */
    cr_assert_eq(vo_civil_weekday(vo_civil_days(2024, 1, 1)), 0);
    cr_assert_eq(vo_civil_weekday(-4), 6);
}

Test(civil, seconds_go_there_and_back) {
    for (int64_t s = -100000000000; s <= 100000000000; s += 98765431) {
        const vo_civil c = vo_civil_from_seconds(s);
        cr_assert(c.hour >= 0 && c.hour < 24 && c.minute >= 0 && c.minute < 60 &&
                  c.second >= 0 && c.second < 60);
        cr_assert_eq(vo_civil_seconds(&c), s);
    }
    char text[32];
    vo_civil c = vo_civil_from_seconds(1456876799);
    vo_civil_format(&c, text);
    cr_assert_str_eq(text, "2016-03-01T23:59:59");
    c = vo_civil_from_seconds(-1);
    vo_civil_format(&c, text);
    cr_assert_str_eq(text, "1969-12-31T23:59:59");
}

Test(civil, seconds_beyond_the_calendar_stop_at_its_ends) {
    char text[32];
    vo_civil c = vo_civil_from_seconds(INT64_MAX);
    vo_civil_format(&c, text);
    cr_assert_str_eq(text, "9999-12-31T23:59:59");
    c = vo_civil_from_seconds(INT64_MIN);
    vo_civil_format(&c, text);
    cr_assert_str_eq(text, "-9999-01-01T00:00:00");
    vo_civil_format_date(&c, text);
    cr_assert_str_eq(text, "-9999-01-01");
}

Test(civil, time_stamps_are_read) {
    static const struct {
        const char *text, *as;
        bool has_offset;
        int32_t offset_s;
    } c[] = {
        {"2024-01-31", "2024-01-31T00:00:00", false, 0},
        {"2024-01-31T23:59", "2024-01-31T23:59:00", false, 0},
        {"2024-01-31 23:59:58", "2024-01-31T23:59:58", false, 0},
        {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00", true, 0},
        {"2024-01-31t01:02:03z", "2024-01-31T01:02:03", true, 0},
        {"2024-01-31T01:02:03.456789Z", "2024-01-31T01:02:03", true, 0},
        {"2024-01-31T01:02:03,5+01:00", "2024-01-31T01:02:03", true, 3600},
        {"2024-01-31T01:02-06:00", "2024-01-31T01:02:00", true, -21600},
        {"2024-01-31T01:02+0530", "2024-01-31T01:02:00", true, 19800},
        {"2024-01-31T01:02-03", "2024-01-31T01:02:00", true, -10800},
        {"2024-01-31 01:02:03 ", "2024-01-31T01:02:03", false, 0},
        {"2024-01-31  \r", "2024-01-31T00:00:00", false, 0},
        {"0000-01-01", "0000-01-01T00:00:00", false, 0},
    };
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        vo_civil v;
        bool has_offset;
        int32_t offset_s = -1;
        vo_error err = {0};
        char text[32];
        cr_assert_eq(
            vo_civil_parse(c[i].text, strlen(c[i].text), &v, &has_offset, &offset_s, &err),
            VO_OK, "%s: %s", c[i].text, err.msg);
        vo_civil_format(&v, text);
        cr_assert_str_eq(text, c[i].as);
        cr_assert_eq(has_offset, c[i].has_offset);
        cr_assert_eq(offset_s, c[i].offset_s, "%s", c[i].text);
    }
}

Test(civil, what_is_not_a_time_stamp_is_refused_with_text_and_reason) {
    static const struct {
        const char *text, *says;
    } c[] = {
        {"", "YYYY-MM-DD"},
        {"2024", "YYYY-MM-DD"},
        {"31/01/2024", "YYYY-MM-DD"},
        {"2024/01/31", "YYYY-MM-DD"},
        {" 2024-01-31", "YYYY-MM-DD"},
        {"2024-13-01", "month"},
        {"2024-00-01", "month"},
        {"2023-02-29", "no such day"},
        {"1900-02-29", "no such day"},
        {"2024-04-31", "no such day"},
        {"2024-01-00", "no such day"},
        {"2024-01-31T24:00", "next day"},
        {"2024-01-31T25:00", "00..23"},
        {"2024-01-31T23:60", "minute"},
        {"2024-01-31T23:59:60", "second"},
        {"2024-01-31T2359", "HH:MM"},
        {"2024-01-31T23:59:59.", "decimal point"},
        {"2024-01-31T23:59x", "more text"},
        {"2024-01-31x", "more text"},
        {"2024-01-31 x", "HH:MM"},
        {"2024-01-31Z", "more text"},
        {"2024-01-31T23:59+1", "offset"},
        {"2024-01-31T23:59+01:", "offset"},
        {"2024-01-31T23:59+19:00", "18 hours"},
        {"2024-01-31T23:59+01:60", "18 hours"},
        {"2024-01-31T23:59ZZ", "more text"},
    };
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
        vo_civil v = {.year = 77};
        bool has_offset;
        int32_t offset_s;
        vo_error err = {0};
        cr_assert_eq(
            vo_civil_parse(c[i].text, strlen(c[i].text), &v, &has_offset, &offset_s, &err),
            VO_EINVAL, "%s", c[i].text);
        cr_assert_not_null(strstr(err.msg, c[i].says), "%s", err.msg);
        cr_assert_not_null(strstr(err.msg, c[i].text), "%s", err.msg);
        cr_assert_eq(v.year, 77); /* outputs untouched */
    }
    /* A NUL inside the given length is text too. */
    vo_civil v;
    bool has_offset;
    int32_t offset_s;
    cr_assert_eq(vo_civil_parse("2024-01-31\0", 11, &v, &has_offset, &offset_s, NULL),
                 VO_EINVAL);
}

/* Property: whatever is formatted is read back. */
Test(civil, formatted_times_are_read_back) {
    for (int64_t s = -60000000000; s < 250000000000; s += 123456789) {
        vo_civil c = vo_civil_from_seconds(s), back;
        char text[32];
        bool has_offset;
        int32_t offset_s;
        vo_civil_format(&c, text);
        cr_assert_eq(vo_civil_parse(text, strlen(text), &back, &has_offset, &offset_s, NULL),
                     VO_OK, "%s", text);
        cr_assert_eq(vo_civil_seconds(&back), s);
    }
}

Test(civil, instants_and_offsets_are_written_as_iso_8601_has_them) {
    char text[32], offset[8];
    cr_assert_str_eq(vo_civil_format_utc(0, text), "1970-01-01T00:00:00Z");
    cr_assert_str_eq(vo_civil_format_utc(1454047200, text), "2016-01-29T06:00:00Z");
    cr_assert_str_eq(vo_civil_format_utc(-1, text), "1969-12-31T23:59:59Z");
    cr_assert_str_eq(vo_civil_format_utc(INT64_MIN, text), "-9999-01-01T00:00:00Z");
    cr_assert_str_eq(vo_civil_format_offset(0, offset), "+00:00");
    cr_assert_str_eq(vo_civil_format_offset(19800, offset), "+05:30");
    cr_assert_str_eq(vo_civil_format_offset(-12600, offset), "-03:30");
    cr_assert_str_eq(vo_civil_format_offset(86399, offset), "+23:59");
}
