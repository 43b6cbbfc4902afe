/* test_stamp.c -- every way of writing a time, and the two odd days of a year. */
#include "data/stamp.h"

#include <criterion/criterion.h>
#include <string.h>

static int64_t read_one(vo_stamp_reader *s, const char *text, int64_t last_s, uint8_t *flag) {
    int64_t utc_s = 0;
    vo_error err = {0};
    cr_assert_eq(vo_stamp_read(s, text, strlen(text), last_s, &utc_s, flag, &err), VO_OK,
                 "%s: %s", text, err.msg);
    return utc_s;
}

#define JAN1 INT64_C(1704067200) /* 2024-01-01T00:00Z */

Test(stamp, one_instant_written_many_ways) {
    static const struct {
        const char *text;
        vo_date_order order;
    } way[] = {{"2024-01-01T00:00:00Z", VO_DATE_YEAR_FIRST},
               {"2024-01-01 00:00", VO_DATE_YEAR_FIRST},
               {"2024/01/01 00:00:00", VO_DATE_YEAR_FIRST},
               {"2024-1-1", VO_DATE_YEAR_FIRST},
               {"2023-12-31T18:00-06:00", VO_DATE_YEAR_FIRST},
               {"2024-01-01T05:30+0530", VO_DATE_YEAR_FIRST},
               {"01/01/2024 00:00", VO_DATE_DAY_FIRST},
               {"1/1/2024 0:00", VO_DATE_MONTH_FIRST},
               {"2023-12-31T24:00", VO_DATE_YEAR_FIRST},
               {"2023-12-31 24:00:00Z", VO_DATE_YEAR_FIRST},
               {"1/1/2024 12:00:00 AM", VO_DATE_MONTH_FIRST},
               {"2024-01-01 12:00 a.m.", VO_DATE_YEAR_FIRST},
               {"1704067200", VO_DATE_YEAR_FIRST},
               {"1704067200000", VO_DATE_YEAR_FIRST}};
    for (size_t i = 0; i < sizeof way / sizeof way[0]; i++) {
        vo_stamp_reader s = {.order = way[i].order};
        uint8_t flag = 9;
        cr_assert_eq(read_one(&s, way[i].text, INT64_MIN, &flag), JAN1, "%s", way[i].text);
        cr_assert_eq(flag, 0);
    }
    vo_stamp_reader day = {.order = VO_DATE_DAY_FIRST}, month = {.order = VO_DATE_MONTH_FIRST};
    uint8_t flag;
    cr_assert_eq(read_one(&day, "02/01/2024", INT64_MIN, &flag), JAN1 + 86400);
    cr_assert_eq(read_one(&month, "01/02/2024", INT64_MIN, &flag), JAN1 + 86400);
}

Test(stamp, an_hour_of_the_afternoon_is_twelve_later) {
    static const struct {
        const char *text;
        int hour;
    } at[] = {{"2024-01-01 1:00 AM", 1},
              {"2024-01-01 01:00:00 pm", 13},
              {"2024-01-01T11:00PM", 23},
              {"2024-01-01 12:00 PM", 12},
              {"2024-01-01 3 p.m.", 15}};
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        vo_stamp_reader s = {.order = VO_DATE_YEAR_FIRST};
        uint8_t flag;
        cr_assert_eq(read_one(&s, at[i].text, INT64_MIN, &flag), JAN1 + at[i].hour * 3600, "%s",
                     at[i].text);
    }
}

/* Berlin's clocks went back at 01:00Z on 27 October 2024; quarters of hours, newest first. */
Test(stamp, newest_first_the_repeated_hour_is_read_the_other_way_round) {
    static const char *const down[] = {"03:15", "03:00", "02:45", "02:30", "02:15", "02:00",
                                       "02:45", "02:30", "02:15", "02:00", "01:45", "01:30"};
    vo_stamp_reader s = {0};
    int64_t last_s = INT64_MIN;
    cr_assert_eq(vo_zone_open("Europe/Berlin", &s.zone, NULL), VO_OK);
    for (size_t i = 0; i < sizeof down / sizeof down[0]; i++) {
        char text[32] = "2024-10-27T";
        uint8_t flag;
        memcpy(text + 11, down[i], 6);
        const int64_t at_s = read_one(&s, text, last_s, &flag);
        cr_expect_eq(at_s, INT64_C(1729995300) - (int64_t)i * 900, "row %zu", i);
        last_s = at_s;
    }
    vo_zone_close(s.zone);
}

Test(stamp, what_is_no_time_is_refused_with_a_remedy) {
    static const char *const no[] = {
        "",
        "foo",
        "2024-13-01",
        "2024-02-30",
        "2024-01-01T25:00",
        "2024-01-01T24:01",
        "2024-01-01T24:00:01",
        "2024-01-01 0:30 PM",
        "2024-01-01 13:00 PM",
        "12",
        "31/12/2024",
        "2024-01-01T00:00:00 nonsense",
        "2024-01-01T00:00:00Z2024-01-01T00:00:00Z2024-01-01T00:00:00Z"};
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        vo_stamp_reader s = {.order = VO_DATE_YEAR_FIRST};
        int64_t utc_s = 5;
        uint8_t flag;
        vo_error err = {0};
        cr_assert_eq(vo_stamp_read(&s, no[i], strlen(no[i]), 0, &utc_s, &flag, &err), VO_EINVAL,
                     "%s", no[i]);
        cr_assert(err.msg[0]);
    }
}

Test(stamp, naive_and_offset_stamps_do_not_mix) {
    vo_stamp_reader s = {.order = VO_DATE_YEAR_FIRST};
    int64_t utc_s;
    uint8_t flag;
    read_one(&s, "2024-01-01T00:00", INT64_MIN, &flag);
    cr_assert_eq(vo_stamp_read(&s, "2024-01-01T01:00Z", 17, 0, &utc_s, &flag, NULL), VO_EINVAL);
}

/* Madrid 2024: clocks skip 02:00 on 31 March and repeat 02:00 on 27 October. */
Test(stamp, the_repeated_hour_is_resolved_by_order_and_the_skipped_one_is_flagged) {
    vo_stamp_reader s = {.order = VO_DATE_YEAR_FIRST};
    uint8_t flag = 0;
    cr_assert_eq(vo_zone_open("Europe/Madrid", &s.zone, NULL), VO_OK);
    static const char *const autumn[] = {"2024-10-27 00:00", "2024-10-27 01:00",
                                         "2024-10-27 02:00", "2024-10-27 02:00",
                                         "2024-10-27 03:00"};
    int64_t last = INT64_MIN, first = 0;
    for (int i = 0; i < 5; i++) {
        const int64_t at = read_one(&s, autumn[i], last, &flag);
        if (i == 0) first = at;
        cr_assert_eq(at, first + i * 3600, "%s", autumn[i]);
        last = at;
    }
    /* the same at half hours: 02:00 02:30 02:00 02:30 */
    static const char *const half[] = {"2024-10-27 02:00", "2024-10-27 02:30",
                                       "2024-10-27 02:00", "2024-10-27 02:30",
                                       "2024-10-27 03:00"};
    last = INT64_MIN;
    for (int i = 0; i < 5; i++) {
        last = read_one(&s, half[i], last, &flag);
        cr_assert_eq(last, first + 2 * 3600 + i * 1800, "%s", half[i]);
    }
    read_one(&s, "2024-03-31 02:30", INT64_MIN, &flag);
    cr_assert_eq(flag, VO_READING_SKIPPED_HOUR);
    vo_zone_close(s.zone);
}

Test(stamp, digits_that_are_a_date_as_well_are_refused) {
    static const char *const both[] = {"2025010100", "1999123123", "202501312330"};
    static const char *const one[] = {"1704067200", "2025130100", "2025010125",
                                      "1704067200000"};
    for (size_t i = 0; i < sizeof both / sizeof both[0]; i++) {
        vo_stamp_reader r = {0};
        int64_t utc_s = 7;
        uint8_t flag = 0;
        vo_error err = {0};
        cr_expect_eq(
            vo_stamp_read(&r, both[i], strlen(both[i]), INT64_MIN, &utc_s, &flag, &err),
            VO_EINVAL, "%s", both[i]);
        cr_expect(strstr(err.msg, "a date or Unix time"), "%s", err.msg);
        cr_expect_eq(utc_s, 7);
    }
    for (size_t i = 0; i < sizeof one / sizeof one[0]; i++) {
        vo_stamp_reader r = {0};
        int64_t utc_s = 7;
        uint8_t flag = 0;
        cr_expect_eq(vo_stamp_read(&r, one[i], strlen(one[i]), INT64_MIN, &utc_s, &flag, NULL),
                     VO_OK, "%s", one[i]);
    }
}

Test(stamp, fractions_of_a_second_are_refused_not_cut) {
    static const char *const bad[] = {"2024-01-01T00:00:00.5Z", "2024-01-01 00:00:00.001",
                                      "2024-01-01T00:00:00,250+01:00", "1704067200500"};
    static const char *const good[] = {"2024-01-01T00:00:00.000Z", "2024-01-01 00:00:00.0",
                                       "1704067200000"};
    vo_error err = {0};
    int64_t utc_s = 0;
    uint8_t flag = 0;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_stamp_reader s = {.order = VO_DATE_YEAR_FIRST};
        cr_assert_eq(vo_stamp_read(&s, bad[i], strlen(bad[i]), INT64_MIN, &utc_s, &flag, &err),
                     VO_EINVAL, "%s", bad[i]);
        cr_assert(strstr(err.msg, "second") && strstr(err.msg, bad[i]), "%s", err.msg);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        vo_stamp_reader s = {.order = VO_DATE_YEAR_FIRST};
        cr_assert_eq(read_one(&s, good[i], INT64_MIN, &flag), JAN1);
    }
}

/* A reader that remembers the day before reads as one that remembers nothing. */
Test(stamp, the_day_of_the_row_before_makes_no_difference) {
    static const char *const text[] = {
        "2024-02-28T23:59",    "2024-02-28T23:59:59",  "2024-02-28 24:00",
        "2024-02-29T00:00",    "2024-02-29T24:00:00",  "2024-02-29T07:30:01",
        "2024-02-29T7:30",     "2024-02-29T25:00",     "2024-02-29T12:60",
        "2024-02-29T12:30:60", "2024-02-29x12:30",     "2024-02-29T1a:30",
        "2024-02-29T12-30",    "2024-02-29",           "2024-02-30T00:00",
        "2024-02-29T12:30:0x", "2024-03-01T00:00",     "2024-3-1T00:00",
        "2024/03/01 00:00:00", "2024-03-01T00:00:00.5"};
    vo_stamp_reader kept = {.order = VO_DATE_YEAR_FIRST};
    for (size_t round = 0; round < 3; round++)
        for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
            vo_stamp_reader fresh = {.order = VO_DATE_YEAR_FIRST};
            int64_t a = -1, b = -1;
            uint8_t flag = 0;
            const size_t len = strlen(text[i]);
            const vo_status x = vo_stamp_read(&kept, text[i], len, INT64_MIN, &a, &flag, NULL);
            const vo_status y = vo_stamp_read(&fresh, text[i], len, INT64_MIN, &b, &flag, NULL);
            cr_assert(x == y && a == b, "%s", text[i]);
        }
    vo_error err = {0};
    int64_t utc_s = 0;
    uint8_t flag = 0;
    cr_assert_eq(vo_stamp_read(&kept, "2024-03-01T01:00Z", 17, 0, &utc_s, &flag, &err),
                 VO_EINVAL);
}
