/* civil.c -- see civil.h for the contract.
 *
 * Dates count from 1 March of year 0, so that the leap day ends the year and every era of 400
 * years has 146 097 days (Howard Hinnant, "chrono-compatible low-level date algorithms").
 */
#include "base/civil.h"

#include <assert.h>
#include <string.h>

#define DAY_S INT64_C(86400)
#define MIN_SECONDS (-INT64_C(377705116800)) /* -9999-01-01T00:00:00 */
#define MAX_SECONDS INT64_C(253402300799)    /*  9999-12-31T23:59:59 */

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

int64_t vo_civil_days(int32_t year, int32_t month, int32_t day) {
    const int64_t y = (int64_t)year - (month <= 2);
    const int64_t era = floor_div(y, 400);
    const int64_t of_era = y - era * 400;
    const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void vo_civil_from_days(int64_t days, vo_civil *out) {
    const int64_t z = days + 719468;
    const int64_t era = floor_div(z, 146097);
    const int64_t doe = z - era * 146097;
    const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const int64_t mp = (5 * doy + 2) / 153;
    const int64_t month = mp < 10 ? mp + 3 : mp - 9;
    *out = (vo_civil){.year = (int32_t)(yoe + era * 400 + (month <= 2)),
                      .month = (int32_t)month,
                      .day = (int32_t)(doy - (153 * mp + 2) / 5 + 1)};
}

int64_t vo_civil_seconds(const vo_civil *c) {
    return vo_civil_days(c->year, c->month, c->day) * DAY_S + c->hour * 3600 + c->minute * 60 +
           c->second;
}

vo_civil vo_civil_from_seconds(int64_t s) {
    if (s < MIN_SECONDS) s = MIN_SECONDS;
    if (s > MAX_SECONDS) s = MAX_SECONDS;
    const int64_t days = floor_div(s, DAY_S);
    const int32_t of_day = (int32_t)(s - days * DAY_S);
    vo_civil c;
    vo_civil_from_days(days, &c);
    c.hour = of_day / 3600;
    c.minute = of_day / 60 % 60;
    c.second = of_day % 60;
    return c;
}

int32_t vo_civil_weekday(int64_t days) {
    const int64_t since_monday = days + 3; /* 1970-01-01 was a Thursday */
    return (int32_t)(since_monday - floor_div(since_monday, 7) * 7);
}

static int32_t days_in_month(int32_t year, int32_t month) {
    static const int32_t length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return length[month - 1] + (month == 2 && leap);
}

/* ---- reading ----------------------------------------------------------------- */

typedef struct {
    const char *at, *end;
    const char *wrong; /* what is wrong, NULL while nothing is */
} cursor;

static char peek(const cursor *c) { return c->at < c->end ? *c->at : '\0'; }

static bool take(cursor *c, char wanted) {
    if (c->at == c->end || *c->at != wanted) return false;
    c->at++;
    return true;
}

static int32_t digits(cursor *c, int count, const char *wrong) {
    int32_t v = 0;
    for (int i = 0; i < count; i++, c->at++) {
        if (c->at == c->end || *c->at < '0' || *c->at > '9') {
            if (!c->wrong) c->wrong = wrong;
            return 0;
        }
        v = v * 10 + (*c->at - '0');
    }
    return v;
}

static void require(cursor *c, bool ok, const char *wrong) {
    if (!ok && !c->wrong) c->wrong = wrong;
}

static void read_date(cursor *c, vo_civil *v) {
    static const char form[] = "expected YYYY-MM-DD[ HH:MM[:SS][Z|+HH:MM]]";
    v->year = digits(c, 4, form);
    require(c, take(c, '-'), form);
    v->month = digits(c, 2, form);
    require(c, take(c, '-'), form);
    v->day = digits(c, 2, form);
    require(c, v->month >= 1 && v->month <= 12, "the month is not 01..12");
    if (c->wrong) return;
    require(c, v->day >= 1 && v->day <= days_in_month(v->year, v->month),
            "that month has no such day");
}

static void read_time(cursor *c, vo_civil *v) {
    v->hour = digits(c, 2, "expected HH:MM after the date");
    require(c, take(c, ':'), "expected HH:MM after the date");
    v->minute = digits(c, 2, "expected two digits of minutes");
    if (take(c, ':')) {
        v->second = digits(c, 2, "expected two digits of seconds");
        if (take(c, '.') || take(c, ',')) {
            digits(c, 1, "expected digits after the decimal point");
            while (peek(c) >= '0' && peek(c) <= '9') c->at++;
        }
    }
    require(c, v->hour != 24, "hour 24 is not used: write 00:00 of the next day");
    require(c, v->hour < 24, "the hour is not 00..23");
    require(c, v->minute < 60, "the minute is not 00..59");
    require(c, v->second < 60, "the second is not 00..59");
}

/* "Z", "+hh:mm", "+hhmm", "+hh" or nothing. */
static bool read_offset(cursor *c, int32_t *offset_s) {
    *offset_s = 0;
    if (take(c, 'Z') || take(c, 'z')) return true;
    const bool west = take(c, '-');
    if (!west && !take(c, '+')) return false;
    const int32_t hours = digits(c, 2, "expected an offset such as +01:00");
    int32_t minutes = 0;
    const bool colon = take(c, ':');
    if (colon || (peek(c) >= '0' && peek(c) <= '9'))
        minutes = digits(c, 2, "expected an offset such as +01:00");
    require(c, minutes < 60 && hours * 60 + minutes <= 18 * 60,
            "the offset is beyond 18 hours");
    *offset_s = (hours * 60 + minutes) * (west ? -60 : 60);
    return true;
}

vo_status vo_civil_parse(const char *text, size_t len, vo_civil *out, bool *has_offset,
                         int32_t *offset_s, vo_error *err) {
    cursor c = {.at = text, .end = text + len};
    vo_civil v = {0};
    bool offset_given = false;
    int32_t offset = 0;

    read_date(&c, &v);
    const char next = peek(&c);
    if (!c.wrong &&
        (next == 'T' || next == 't' || (next == ' ' && c.end - c.at > 1 && c.at[1] != ' '))) {
        c.at++;
        read_time(&c, &v);
        if (!c.wrong) offset_given = read_offset(&c, &offset);
    }
    while (!c.wrong && (peek(&c) == ' ' || peek(&c) == '\t' || peek(&c) == '\r')) c.at++;
    require(&c, c.at == c.end, "there is more text after the time");
    if (c.wrong)
        return vo_fail(err, VO_EINVAL, "time stamp \"%.*s\": %s", (int)(len < 64 ? len : 64),
                       text, c.wrong);
    *out = v;
    *has_offset = offset_given;
    *offset_s = offset;
    return VO_OK;
}

/* ---- writing ----------------------------------------------------------------- */

/* Digits by hand: a formatted time is written for every row of a schedule. */
static char *put(char *p, int32_t v, int count) {
    for (int i = count - 1; i >= 0; i--, v /= 10) p[i] = (char)('0' + v % 10);
    return p + count;
}

static char *put_date(char *p, const vo_civil *c) {
    assert(c->year >= -9999 && c->year <= 9999);
    if (c->year < 0) *p++ = '-';
    p = put(p, c->year < 0 ? -c->year : c->year, 4);
    *p++ = '-';
    p = put(p, c->month, 2);
    *p++ = '-';
    return put(p, c->day, 2);
}

void vo_civil_format_date(const vo_civil *c, char out[16]) { *put_date(out, c) = '\0'; }

void vo_civil_format(const vo_civil *c, char out[32]) {
    char *p = put_date(out, c);
    *p++ = 'T';
    p = put(p, c->hour, 2);
    *p++ = ':';
    p = put(p, c->minute, 2);
    *p++ = ':';
    *put(p, c->second, 2) = '\0';
}

const char *vo_civil_format_utc(int64_t s, char out[32]) {
    const vo_civil c = vo_civil_from_seconds(s);
    vo_civil_format(&c, out);
    strcat(out, "Z");
    return out;
}

const char *vo_civil_format_offset(int32_t offset_s, char out[8]) {
    const int32_t minutes = (offset_s < 0 ? -offset_s : offset_s) / 60;
    assert(minutes < 24 * 60);
    char *p = out;
    *p++ = offset_s < 0 ? '-' : '+';
    p = put(p, minutes / 60, 2);
    *p++ = ':';
    *put(p, minutes % 60, 2) = '\0';
    return out;
}
