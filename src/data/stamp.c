/* stamp.c -- see stamp.h. Dates in other orders are rewritten to ISO 8601 in a small buffer and
 * then read by the one parser in base/civil. */
#include "data/stamp.h"

#include <string.h>

static bool is_digit(char ch) { return ch >= '0' && ch <= '9'; }

static bool is_separator(char ch) { return ch == '/' || ch == '-' || ch == '.'; }

/* Length of the run of digits at text[at]. */
static size_t digits_at(const char *text, size_t len, size_t at) {
    size_t n = 0;
    while (at + n < len && is_digit(text[at + n])) n++;
    return n;
}

static void put2(char *to, const char *digits, size_t n) {
    to[0] = n == 2 ? digits[0] : '0';
    to[1] = digits[n - 1];
}

/* Rewrites "2024/1/31", "31/01/2024", "31-1-2024", "31.01.2024" at the front of text to
 * "2024-01-31"; *used is how much of text that was. False if the text is not of that shape. */
static bool to_iso_date(const char *text, size_t len, vo_date_order order, char iso[10],
                        size_t *used) {
    size_t at[3], n[3], p = 0;
    for (int k = 0; k < 3; k++) {
        at[k] = p;
        n[k] = digits_at(text, len, p);
        p += n[k];
        if (n[k] == 0) return false;
        if (k < 2 && (p >= len || !is_separator(text[p]))) return false;
        p += k < 2;
    }
    const bool year_first = n[0] == 4;
    if (!year_first && (n[2] != 4 || order == VO_DATE_YEAR_FIRST)) return false;
    const int y = year_first ? 0 : 2;
    const int m = year_first || order == VO_DATE_DAY_FIRST ? 1 : 0;
    const int d = year_first ? 2 : 1 - m;
    if (n[m] > 2 || n[d] > 2) return false;
    memcpy(iso, text + at[y], 4);
    iso[4] = iso[7] = '-';
    put2(iso + 5, text + at[m], n[m]);
    put2(iso + 8, text + at[d], n[d]);
    *used = p;
    return true;
}

/* "T23:00:00.250": fractions that are not zero. */
static bool has_fraction(const char *time, size_t len) {
    size_t i = 0;
    while (i < len && time[i] != '.' && time[i] != ',') i++;
    for (i++; i < len && is_digit(time[i]); i++)
        if (time[i] != '0') return true;
    return false;
}

static char small(char ch) { return ch >= 'A' && ch <= 'Z' ? (char)(ch - 'A' + 'a') : ch; }

/* "2024-01-31T01:00 PM", "1:00:00pm", "1:00 p.m." -> "2024-01-31T13:00" in place; what has no
 * such ending is left as it is. False: 0:30 PM, 13:00 PM. */
static bool to_24_hours(char *iso, size_t *n) {
    size_t end = *n;
    if (end > 16 && iso[end - 1] == '.') end--;
    if (end < 16 || small(iso[end - 1]) != 'm') return true;
    end--;
    if (iso[end - 1] == '.') end--;
    const char half = small(iso[end - 1]);
    if (half != 'a' && half != 'p') return true;
    end--;
    while (end > 13 && iso[end - 1] == ' ') end--;
    if (end < 13 || !is_digit(iso[11]) || !is_digit(iso[12])) return false;
    const int hour = (iso[11] - '0') * 10 + (iso[12] - '0');
    if (hour < 1 || hour > 12) return false;
    const int h = hour % 12 + (half == 'p' ? 12 : 0);
    iso[11] = (char)('0' + h / 10);
    iso[12] = (char)('0' + h % 10);
    if (end == 13) { /* "1 PM" */
        memcpy(iso + 13, ":00", 3);
        end = 16;
    }
    *n = end;
    return true;
}

/* "2024-01-31T24:00", "...:00": midnight of the next day. */
static bool is_hour_24(const char *iso, size_t n) {
    return n >= 16 && memcmp(iso + 11, "24:00", 5) == 0 &&
           (n < 19 || iso[16] != ':' || memcmp(iso + 16, ":00", 3) == 0);
}

vo_status vo_stamp_civil(const char *text, size_t len, vo_date_order order, vo_civil *out,
                         bool *has_offset, int32_t *offset_s, vo_error *err) {
    char iso[64];
    size_t used = 0;
    const int shown = len < 40 ? (int)len : 40;
    if (len > 48) return vo_fail(err, VO_EINVAL, "\"%.*s...\" is not a time", shown, text);
    if (!to_iso_date(text, len, order, iso, &used)) {
        if (order == VO_DATE_YEAR_FIRST &&
            to_iso_date(text, len, VO_DATE_DAY_FIRST, iso, &used))
            return vo_fail(err, VO_EINVAL,
                           "\"%.*s\" does not begin with the year; say date_order = "
                           "\"day\" or \"month\" first, or write 2024-01-31",
                           shown, text);
        return vo_fail(err, VO_EINVAL, "\"%.*s\" is not a time; write 2024-01-31T23:00", shown,
                       text);
    }
    memcpy(iso + 10, text + used, len - used);
    size_t n = 10 + len - used;
    if (has_fraction(iso + 10, n - 10))
        return vo_fail(err, VO_EINVAL,
                       "\"%.*s\" has a fraction of a second; intervals begin at whole seconds: "
                       "round the times",
                       shown, text);
    if (n > 12 && is_digit(iso[11]) && !is_digit(iso[12])) { /* "2024-01-31 7:00" */
        memmove(iso + 12, iso + 11, n - 11);
        iso[11] = '0';
        n++;
    }
    if (!to_24_hours(iso, &n))
        return vo_fail(err, VO_EINVAL,
                       "\"%.*s\" is no hour of AM or PM (12:00 AM to 11:59 PM); write "
                       "2024-01-31T23:00",
                       shown, text);
    const bool next_day = is_hour_24(iso, n);
    if (next_day) memcpy(iso + 11, "00", 2);
    const vo_status st = vo_civil_parse(iso, n, out, has_offset, offset_s, err);
    if (st == VO_OK && next_day) *out = vo_civil_from_seconds(vo_civil_seconds(out) + 86400);
    return st;
}

/* Unix time: 9 or 10 digits are seconds, 12 or 13 milliseconds. */
static bool epoch(const char *text, size_t len, int64_t *utc_s) {
    if (digits_at(text, len, 0) != len) return false;
    if (len != 9 && len != 10 && len != 12 && len != 13) return false;
    int64_t v = 0;
    for (size_t i = 0; i < len; i++) v = v * 10 + (text[i] - '0');
    *utc_s = len > 10 ? v / 1000 : v;
    return true;
}

/* Digits that are a date as well: 2025010100 is midnight written together, or a second of 2034.
 */
static bool two_readings(const char *text, size_t len) {
    if (len != 10 && len != 12) return false;
    int part[4] = {0};
    for (size_t i = 0; i < 4; i++) part[0] = part[0] * 10 + (text[i] - '0');
    for (size_t k = 1; k < 4; k++)
        part[k] = (text[2 + 2 * k] - '0') * 10 + (text[3 + 2 * k] - '0');
    return part[0] >= 1950 && part[0] <= 2100 && part[1] >= 1 && part[1] <= 12 &&
           part[2] >= 1 && part[2] <= 31 && part[3] <= 24;
}

bool vo_stamp_is(const char *text, size_t len, vo_date_order order) {
    vo_civil c;
    bool has_offset;
    int32_t offset_s;
    int64_t utc_s;
    return epoch(text, len, &utc_s) ||
           vo_stamp_civil(text, len, order, &c, &has_offset, &offset_s, NULL) == VO_OK;
}

int64_t vo_stamp_wall(vo_stamp_reader *s, int64_t wall_s, int64_t last_s, uint8_t *flag) {
    s->n_naive++;
    *flag = 0;
    if (!s->zone) return wall_s;
    int64_t first = wall_s, second = wall_s;
    const vo_wall kind = vo_zone_instants(s->zone, wall_s, &first, &second);
    if (kind == VO_WALL_NEVER) *flag = VO_READING_SKIPPED_HOUR;
    if (last_s == INT64_MIN) return first;
    if (kind == VO_WALL_TWICE)
        return (s->rising >= 0 ? first <= last_s : second < last_s) ? second : first;
    if (first > last_s && s->rising < 3) s->rising++;
    if (first < last_s && s->rising > -3) s->rising--;
    return first;
}

static int two(const char *digits) { return (digits[0] - '0') * 10 + (digits[1] - '0'); }

/* "2024-01-31T23:00" or "...:00" on the day of the row before, and naive as all rows so far. */
static bool same_day(const vo_stamp_reader *s, const char *text, size_t len, int64_t *wall_s) {
    if ((len != 16 && len != 19) || s->n_offset || memcmp(text, s->day, 10) != 0) return false;
    if ((text[10] != 'T' && text[10] != ' ') || text[13] != ':') return false;
    if (len == 19 && text[16] != ':') return false;
    for (size_t i = 11; i < len; i++)
        if (i != 13 && i != 16 && !is_digit(text[i])) return false;
    const int h = two(text + 11), m = two(text + 14), sec = len == 19 ? two(text + 17) : 0;
    if (h > 23 || m > 59 || sec > 59) return false; /* leap seconds and 24:00 go the long way */
    *wall_s = s->day_s + h * 3600 + m * 60 + sec;
    return true;
}

static void keep_day(vo_stamp_reader *s, const char *text, size_t len, const vo_civil *c) {
    if (len < 11 || digits_at(text, len, 0) != 4 || text[4] != '-' || text[7] != '-') return;
    if (digits_at(text, len, 5) != 2 || digits_at(text, len, 8) != 2) return;
    if (two(text + 8) != c->day) return; /* "24:00" is the next one */
    memcpy(s->day, text, sizeof s->day);
    s->day_s = vo_civil_days(c->year, c->month, c->day) * 86400;
}

vo_status vo_stamp_read(vo_stamp_reader *s, const char *text, size_t len, int64_t last_s,
                        int64_t *utc_s, uint8_t *flag, vo_error *err) {
    vo_civil c;
    bool has_offset = false;
    int32_t offset_s = 0;
    int64_t unix_s = 0;
    if (same_day(s, text, len, &unix_s)) {
        *utc_s = vo_stamp_wall(s, unix_s, last_s, flag);
        return VO_OK;
    }
    if (epoch(text, len, &unix_s)) {
        if (two_readings(text, len))
            return vo_fail(err, VO_EINVAL,
                           "\"%.*s\" may be a date or Unix time; write dates as "
                           "2025-01-31T00:00",
                           (int)len, text);
        if (len > 10 && memcmp(text + len - 3, "000", 3) != 0)
            return vo_fail(err, VO_EINVAL,
                           "\"%.*s\" milliseconds of Unix time are no whole second; intervals "
                           "begin at whole seconds: round the times",
                           (int)len, text);
        *utc_s = unix_s;
        *flag = 0;
        return VO_OK;
    }
    const vo_status st = vo_stamp_civil(text, len, s->order, &c, &has_offset, &offset_s, err);
    if (st != VO_OK) return st;
    if ((has_offset ? s->n_naive : s->n_offset) > 0)
        return vo_fail(err, VO_EINVAL,
                       "\"%.*s\" has %s offset but earlier rows have %s; make "
                       "them alike",
                       (int)len, text, has_offset ? "an" : "no", has_offset ? "none" : "one");
    *flag = 0;
    if (has_offset) {
        s->many_offsets = s->many_offsets || (s->n_offset && s->offset_s != offset_s);
        s->offset_s = offset_s;
        s->n_offset++;
        *utc_s = vo_civil_seconds(&c) - offset_s;
    } else {
        keep_day(s, text, len, &c);
        *utc_s = vo_stamp_wall(s, vo_civil_seconds(&c), last_s, flag);
    }
    return VO_OK;
}
