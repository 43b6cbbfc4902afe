/* day_hours.c -- see day_hours.h. */
#include "data/day_hours.h"

#include <math.h>
#include <string.h>

#include "base/civil.h"
#include "base/text.h"
#include "data/stamp.h"

#define PER_DAY INT64_C(86400)

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

/* ---- as instants ------------------------------------------------------------------ */

vo_status vo_period_start(vo_period_day *day, const vo_zone *zone, const vo_source_options *o,
                          vo_csv_field date, vo_csv_field period, int64_t *start_s,
                          vo_error *err) {
    vo_civil c;
    bool has_offset = false;
    int32_t offset_s = 0;
    int64_t p = 0;
    const int shown = period.len < 20 ? (int)period.len : 20;
    const vo_status st =
        vo_stamp_civil(date.text, date.len, o->date_order, &c, &has_offset, &offset_s, err);
    if (st != VO_OK) return st;
    if (has_offset || c.hour || c.minute || c.second)
        return vo_fail(err, VO_EINVAL, "\"%.*s\" is more than the date of a day with periods",
                       date.len < 40 ? (int)date.len : 40, date.text);
    if (!vo_day_hours_number(period, &p) || p + day->from_zero < 1)
        return vo_fail(err, VO_EINVAL, "period \"%.*s\" is not a whole number from %d", shown,
                       period.text, day->from_zero ? 0 : 1);
    p += day->from_zero;
    const int64_t days = vo_civil_days(c.year, c.month, c.day);
    if (!day->known || day->days != days) {
        day->days = days;
        day->start_s = zone ? vo_zone_day_start(zone, days) : days * PER_DAY;
        day->end_s = zone ? vo_zone_day_start(zone, days + 1) : (days + 1) * PER_DAY;
        day->known = true;
    }
    const double length_s = o->period_minutes * 60;
    const double there = (double)(day->end_s - day->start_s) / length_s;
    if ((double)p > ceil(there - 1e-9))
        return vo_fail(err, VO_EINVAL,
                       "period %lld of %.*s, a day of %g periods of %g minutes; is the zone "
                       "right?",
                       (long long)p, date.len < 40 ? (int)date.len : 40, date.text,
                       ceil(there - 1e-9), o->period_minutes);
    *start_s = day->start_s + (int64_t)llround((double)(p - 1) * length_s);
    return VO_OK;
}

vo_status vo_day_hours_start(const vo_day_hours *h, vo_stamp_reader *s, vo_period_day *day,
                             const vo_source_options *o, vo_csv_field date, vo_csv_field hour,
                             int64_t last_s, int64_t *start_s, uint8_t *flag, vo_error *err) {
    int64_t days = 0, wall_s = 0;
    vo_status st = VO_OK;
    *flag = 0;
    if (h->kind == VO_HOURS_ELAPSED) {
        s->n_naive++;
        st = vo_period_start(day, s->zone, o, date, hour, start_s, err);
        if (st == VO_OK && o->stamps_at_end) *start_s += 3600; /* moved back with all */
        return st;
    }
    if (!vo_day_hours_is_date(date, o->date_order, &days))
        return vo_fail(err, VO_EINVAL, "\"%.*s\" is not the date of a day",
                       date.len < 40 ? (int)date.len : 40, date.text);
    st = vo_day_hours_wall(h, days, hour, &wall_s, err);
    if (st == VO_OK) *start_s = vo_stamp_wall(s, wall_s, last_s, flag);
    return st;
}

void vo_day_hours_take(const vo_day_hours *h, const char *date, const char *hour,
                       vo_source_options *o, vo_readings_set *set) {
    static const char *const how[] = {"", "hours 1.. from local midnight",
                                      "hours of the wall clock", "clock times"};
    if (h->kind == VO_HOURS_ELAPSED) {
        o->period_column = hour;
        o->period_minutes = 60;
    }
    vo_source_say(set, "\"%s\" is joined with \"%s\": %s%s%s", date, hour, how[h->kind],
                  h->shift_s < 0 ? ", naming ends of intervals" : "",
                  h->unsure ? " (no 0 and no 24 in it to tell)" : "");
}
