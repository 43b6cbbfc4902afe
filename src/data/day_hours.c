/* day_hours.c -- see day_hours.h. */
#include "data/day_hours.h"

#include <string.h>

#include "base/civil.h"
#include "base/text.h"
#include "data/stamp.h"

#define DAY_S INT64_C(86400)
#define HOUR_S INT64_C(3600)

/* Letters and digits, with one blank for whatever stands between: "Hour-Ending" is "hour
 * ending". */
static void plain_name(const char *name, char *out, size_t size) {
    size_t n = 0;
    for (; *name && n + 1 < size; name++) {
        const char ch = *name;
        const bool letter =
            (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || (unsigned char)ch >= 0x80;
        if (ch >= 'A' && ch <= 'Z')
            out[n++] = (char)(ch - 'A' + 'a');
        else if (letter)
            out[n++] = ch;
        else if (n && out[n - 1] != ' ')
            out[n++] = ' ';
    }
    while (n && out[n - 1] == ' ') n--;
    out[n] = '\0';
}

static size_t place_in(const char *const *list, size_t n, const char *name) {
    size_t i = 0;
    while (i < n && strcmp(list[i], name) != 0) i++;
    return i;
}

int vo_day_hours_score(const char *column) {
    static const char *const name[] = {"hour",
                                       "hora",
                                       "hour ending",
                                       "hourending",
                                       "he",
                                       "hr ending",
                                       "hr",
                                       "opr hr",
                                       "delivery hour",
                                       "market hour",
                                       "hour of day",
                                       "hour he",
                                       "stunde",
                                       "heure",
                                       "ora",
                                       "hour beginning",
                                       "hour starting",
                                       "start hour",
                                       "start time",
                                       "starttime",
                                       "time start",
                                       "time of day",
                                       "time",
                                       "uhrzeit",
                                       "hora inicio",
                                       "period",
                                       "periodo",
                                       "per\xc3\xadodo",
                                       "interval start",
                                       "interval"};
    enum { N = sizeof name / sizeof name[0] };
    char plain[VO_COLUMN_NAME];
    plain_name(column, plain, sizeof plain);
    return (int)(N - place_in(name, N, plain));
}

static bool names_end(const char *column) {
    static const char *const name[] = {"hour ending", "hourending", "he", "hr ending"};
    char plain[VO_COLUMN_NAME];
    plain_name(column, plain, sizeof plain);
    return place_in(name, 4, plain) < 4;
}

bool vo_day_hours_is_date(vo_csv_field date, vo_date_order order, int64_t *days) {
    vo_civil c;
    bool has_offset = false;
    int32_t offset_s = 0;
    if (vo_stamp_civil(date.text, date.len, order, &c, &has_offset, &offset_s, NULL) != VO_OK)
        return false;
    *days = vo_civil_days(c.year, c.month, c.day);
    return !has_offset && c.hour == 0 && c.minute == 0 && c.second == 0;
}

bool vo_day_hours_number(vo_csv_field f, int64_t *out) {
    double v = 0;
    if (!vo_number_parse(f.text, f.len, false, &v) || !(v >= -100000 && v <= 100000))
        return false;
    *out = (int64_t)v;
    return v >= (double)*out && v <= (double)*out;
}

/* Seconds from midnight, 24:00 included. */
static bool clock_of(vo_csv_field f, int64_t *out) {
    char text[40] = "2000-01-01 ";
    vo_civil c;
    bool has_offset = false;
    int32_t offset_s = 0;
    if (f.len < 3 || f.len > 20 || !memchr(f.text, ':', f.len)) return false;
    memcpy(text + 11, f.text, f.len);
    if (vo_stamp_civil(text, 11 + f.len, VO_DATE_YEAR_FIRST, &c, &has_offset, &offset_s,
                       NULL) != VO_OK ||
        has_offset)
        return false;
    *out = (c.day - 1) * DAY_S + c.hour * HOUR_S + c.minute * 60 + c.second;
    return true;
}

static int64_t divisor(int64_t a, int64_t b) {
    while (b) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

void vo_day_hours_look(vo_day_hours_seen *seen, const vo_zone *zone, int64_t days,
                       vo_csv_field value) {
    int64_t v = 0;
    const bool number = vo_day_hours_number(value, &v);
    if (!number && !clock_of(value, &v)) {
        seen->other = true;
        return;
    }
    seen->numbers += number;
    seen->clocks += !number;
    if (seen->rows == 0 || v < seen->lo) seen->lo = v;
    if (seen->rows == 0 || v > seen->hi) seen->hi = v;
    seen->step_s = divisor(v < 0 ? -v : v, seen->step_s);
    seen->rows++;
    if (number && v == 24 && zone)
        seen->no_24_there =
            seen->no_24_there ||
            vo_zone_day_start(zone, days + 1) - vo_zone_day_start(zone, days) < DAY_S;
}

vo_day_hours vo_day_hours_decide(const vo_day_hours_seen *seen, const char *column) {
    vo_day_hours h = {.kind = VO_HOURS_NONE, .at_end = names_end(column)};
    const bool constant = seen->lo == seen->hi && seen->rows > 1; /* a length, not a time */
    if (seen->other || seen->rows == 0 || constant || (seen->numbers && seen->clocks)) return h;
    if (seen->clocks) {
        h.at_end = h.at_end || (seen->hi == DAY_S && seen->lo > 0);
        h.shift_s = h.at_end ? -(names_end(column) ? HOUR_S : seen->step_s) : 0;
        h.kind = VO_HOURS_CLOCK;
        return h;
    }
    if (seen->lo < 0 || seen->hi > 25 || (seen->lo == 0 && seen->hi > 23)) return h;
    if (seen->lo == 0) {
        h.shift_s = h.at_end ? -HOUR_S : 0;
        h.kind = VO_HOURS_WALL;
        return h;
    }
    h.unsure = seen->hi < 24;
    h.at_end = false; /* the first hour is the one from midnight, whatever it is called */
    h.kind = VO_HOURS_ELAPSED;
    if (seen->no_24_there && seen->hi == 24) {
        h.kind = VO_HOURS_WALL;
        h.shift_s = -HOUR_S;
    }
    return h;
}

vo_status vo_day_hours_wall(const vo_day_hours *h, int64_t days, vo_csv_field value,
                            int64_t *wall_s, vo_error *err) {
    int64_t v = 0;
    const bool clock = h->kind == VO_HOURS_CLOCK;
    if (clock ? !clock_of(value, &v) : !vo_day_hours_number(value, &v) || v < 0 || v > 24)
        return vo_fail(err, VO_EINVAL, "\"%.*s\" is no %s",
                       value.len < 40 ? (int)value.len : 40, value.text,
                       clock ? "time of day (00:00 to 24:00)" : "hour of the day");
    *wall_s = days * DAY_S + (clock ? v : v * HOUR_S) + h->shift_s;
    return VO_OK;
}
