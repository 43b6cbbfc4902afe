/* source_epw.c -- see source_epw.h. The file is read twice, row by row: once for its years, as
 * a typical year is known only by its months, and once for its values. Fields and their codes
 * for "none": EnergyPlus, Auxiliary Programs, EPW Data Dictionary.
 */
#include "data/source_epw.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/text.h"
#include "data/csv.h"

#define HEADER_RECORDS 64u /* eight, in files as they should be */
#define FIELDS 35u
#define LUMINANCE 19
#define FEWEST_FIELDS 22u /* up to the wind speed */

/* value = factor * field; `missing` and more stand for "none" (of luminance, which goes beyond
 * its code, just that). Present weather (fields 26 and 27) is codes, not values. */
static const struct {
    const char *name;
    uint8_t field;
    bool energy; /* Wh/m2 over the interval */
    double missing, factor;
} columns[] = {
    {"temperature_c", 6, false, 99.9, 1},
    {"dew_point_c", 7, false, 99.9, 1},
    {"relative_humidity_pct", 8, false, 999, 1},
    {"pressure_hpa", 9, false, 999999, 0.01},
    {"extraterrestrial_horizontal_w_m2", 10, true, 9999, 1},
    {"extraterrestrial_normal_w_m2", 11, true, 9999, 1},
    {"sky_infrared_w_m2", 12, true, 9999, 1},
    {"ghi_w_m2", 13, true, 9999, 1},
    {"dni_w_m2", 14, true, 9999, 1},
    {"dhi_w_m2", 15, true, 9999, 1},
    {"global_illuminance_lux", 16, false, 999900, 1},
    {"direct_normal_illuminance_lux", 17, false, 999900, 1},
    {"diffuse_illuminance_lux", 18, false, 999900, 1},
    {"zenith_luminance_cd_m2", LUMINANCE, false, 9999, 1},
    {"wind_direction_deg", 20, false, 999, 1},
    {"wind_speed_m_s", 21, false, 999, 1},
    {"cloud_cover_pct", 22, false, 99, 10}, /* tenths of the sky */
    {"opaque_cloud_cover_pct", 23, false, 99, 10},
    {"visibility_km", 24, false, 9999, 1},
    {"ceiling_height_m", 25, false, 99999, 1},
    {"precipitable_water_mm", 28, false, 999, 1},
    {"aerosol_optical_depth", 29, false, 0.999, 1},
    {"snow_depth_cm", 30, false, 999, 1},
    {"days_since_snow", 31, false, 99, 1},
    {"albedo", 32, false, 999, 1},
    {"precipitation_mm", 33, false, 999, 1},
    {"precipitation_duration_h", 34, false, 99, 1},
};
#define COLUMNS (sizeof columns / sizeof columns[0])

typedef struct {
    const char *file;
    const vo_source_options *o;
    vo_readings_set *set;
    vo_readings *r;
    vo_csv *csv;
    /* of the header */
    char city[64], origin[32], place[40];
    int32_t offset_s;
    int32_t per_hour; /* records */
    /* of the first reading */
    size_t rows;
    bool typical, leap_day;
    int32_t first_year, last_year;
    /* of the second */
    int32_t year;       /* the typical year's, of the current row  */
    int32_t last_month; /* 0: no row yet                           */
    int64_t hour_s;     /* start of the last row's hour, and       */
    int32_t in_hour;    /* how many rows it has                    */
    size_t missing;
} reader;

static vo_status refuse(const reader *k, const char *field, vo_csv_field f, const char *why,
                        vo_error *err) {
    return vo_source_refuse(k->file, vo_csv_line(k->csv), field, f, why, err);
}

static vo_status whole(const reader *k, size_t at, const char *field, int64_t low, int64_t high,
                       int32_t *out, vo_error *err) {
    const vo_csv_field f = vo_csv_at(k->csv, at);
    char why[64];
    int64_t v = 0;
    if (vo_text_integer(f.text, f.len, &v) && v >= low && v <= high) {
        *out = (int32_t)v;
        return VO_OK;
    }
    snprintf(why, sizeof why, "must be a whole number of %d..%d", (int)low, (int)high);
    return refuse(k, field, f, why, err);
}

/* ---- header --------------------------------------------------------------------- */

static void copy(vo_csv_field f, char *out, size_t size) {
    const size_t n = f.len < size - 1 ? f.len : size - 1;
    for (size_t i = 0; i < n; i++) out[i] = (unsigned char)f.text[i] < ' ' ? ' ' : f.text[i];
    out[n] = '\0';
}

/* LOCATION,city,state,country,source,WMO,latitude,longitude,time zone,elevation */
static vo_status read_location(reader *k, vo_error *err) {
    const vo_csv_field zone = vo_csv_at(k->csv, 8);
    double hours = 0;
    if (!vo_number_parse(zone.text, zone.len, false, &hours) || fabs(hours) > 15 ||
        fabs(hours * 60 - nearbyint(hours * 60)) > 1e-6)
        return refuse(k, "LOCATION's time zone", zone, "must be hours from UTC, -15..15", err);
    k->offset_s = (int32_t)nearbyint(hours * 60) * 60;
    copy(vo_csv_at(k->csv, 1), k->city, sizeof k->city);
    copy(vo_csv_at(k->csv, 4), k->origin, sizeof k->origin);
    char latitude[16], longitude[16];
    copy(vo_csv_at(k->csv, 6), latitude, sizeof latitude);
    copy(vo_csv_at(k->csv, 7), longitude, sizeof longitude);
    snprintf(k->place, sizeof k->place, "%s_%s", latitude, longitude);
    return VO_OK;
}

/* DATA PERIODS,number of periods,records per hour,... */
static vo_status read_periods(reader *k, vo_error *err) {
    const vo_status st =
        whole(k, 2, "DATA PERIODS' records per hour", 1, 60, &k->per_hour, err);
    if (st != VO_OK || 60 % k->per_hour == 0) return st;
    return refuse(k, "DATA PERIODS' records per hour", vo_csv_at(k->csv, 2),
                  "does not divide an hour into minutes", err);
}

/* From the first record to DATA PERIODS, which is the header's last. */
static vo_status read_header(reader *k, vo_error *err) {
    bool located = false;
    for (unsigned i = 0; i < HEADER_RECORDS; i++) {
        bool more = false;
        vo_status st = vo_csv_next(k->csv, &more, err);
        if (st != VO_OK) return st;
        if (!more) break;
        const vo_csv_field first = vo_csv_at(k->csv, 0);
        if (vo_field_is(first, "LOCATION")) {
            if ((st = read_location(k, err)) != VO_OK) return st;
            located = true;
        } else if (vo_field_is(first, "DATA PERIODS") && located) {
            return read_periods(k, err);
        }
    }
    return vo_fail(err, VO_EINVAL,
                   "%s: no LOCATION and DATA PERIODS in its first %u records; is the header "
                   "whole?",
                   k->file, HEADER_RECORDS);
}

static vo_status begin(reader *k, vo_bytes *in, vo_error *err) {
    vo_csv_close(k->csv);
    k->csv = NULL;
    const vo_status st = vo_csv_open(in, ',', &k->csv, err);
    return st == VO_OK ? read_header(k, err) : st;
}

/* ---- first reading: years -------------------------------------------------------- */

static bool is_leap(int32_t year) {
    return vo_civil_days(year + 1, 1, 1) - vo_civil_days(year, 1, 1) == 366;
}

static vo_status read_date(const reader *k, vo_civil *c, vo_error *err) {
    *c = (vo_civil){.year = 0};
    vo_status st = whole(k, 0, "year", 1, 9998, &c->year, err);
    if (st == VO_OK) st = whole(k, 1, "month", 1, 12, &c->month, err);
    if (st == VO_OK) st = whole(k, 2, "day", 1, 31, &c->day, err);
    return st;
}

static vo_status survey(reader *k, vo_bytes *in, vo_error *err) {
    vo_civil last = {.year = 0};
    vo_status st = begin(k, in, err);
    while (st == VO_OK) {
        bool more = false;
        vo_civil c;
        if ((st = vo_csv_next(k->csv, &more, err)) != VO_OK || !more) break;
        if ((st = read_date(k, &c, err)) != VO_OK) break;
        const bool new_year = c.year == last.year + 1 && c.month == 1 && last.month == 12;
        if (k->rows == 0) k->first_year = k->last_year = c.year;
        if (k->rows > 0 && c.year != last.year && !new_year) k->typical = true;
        if (c.year < k->first_year) k->first_year = c.year;
        if (c.year > k->last_year) k->last_year = c.year;
        if (k->rows == 0) k->year = c.year;
        k->leap_day |= c.month == 2 && c.day == 29;
        k->rows++;
        last = c;
    }
    if (st == VO_OK && k->rows == 0)
        st = vo_fail(err, VO_EINVAL, "%s has a header and no rows; is it cut off?", k->file);
    return st;
}

/* The year that a typical year's months are put into. */
static vo_status choose_year(reader *k, vo_error *err) {
    if (!k->typical) return VO_OK;
    if (k->o->start_utc_s) {
        const vo_civil c = vo_civil_from_seconds(k->o->start_utc_s + k->offset_s);
        k->year = c.year;
        if (c.year < 1 || c.year > 9997)
            return vo_fail(err, VO_EINVAL, "start = year %d is not a year of 1..9997",
                           (int)c.year);
        return VO_OK;
    }
    while (is_leap(k->year) != k->leap_day) k->year++;
    return VO_OK;
}

/* ---- second reading: values ------------------------------------------------------ */

static vo_status find_start(reader *k, int64_t *start_s, vo_error *err) {
    vo_civil c;
    int32_t hour = 0;
    vo_status st = read_date(k, &c, err);
    if (st == VO_OK) st = whole(k, 3, "hour", 1, 24, &hour, err);
    if (st != VO_OK) return st;
    if (k->typical) {
        if (c.month < k->last_month) k->year++; /* a typical winter goes on in January */
        k->last_month = c.month;
        c.year = k->year;
        if (c.year > 9998)
            return refuse(k, "year", vo_csv_at(k->csv, 0),
                          "is after more new years than a "
                          "typical year has",
                          err);
    }
    const int64_t day = vo_civil_days(c.year, c.month, c.day);
    vo_civil back;
    vo_civil_from_days(day, &back);
    if (back.day != c.day) {
        char why[64];
        snprintf(why, sizeof why, "is no day of %04d-%02d; choose another year", (int)c.year,
                 (int)c.month);
        return refuse(k, "day", vo_csv_at(k->csv, 2), why, err);
    }
    const int64_t hour_s = day * 86400 + (hour - 1) * 3600 - k->offset_s;
    k->in_hour = k->hour_s == hour_s ? k->in_hour + 1 : 0;
    k->hour_s = hour_s;
    if (k->per_hour > 1 && k->in_hour >= k->per_hour)
        return refuse(k, "hour", vo_csv_at(k->csv, 3),
                      "has more rows than DATA PERIODS' records per hour", err);
    *start_s = hour_s + (k->per_hour > 1 ? k->in_hour * (3600 / k->per_hour) : 0);
    return VO_OK;
}

static vo_status read_values(reader *k, double value[COLUMNS], vo_error *err) {
    for (size_t c = 0; c < COLUMNS; c++) {
        const vo_csv_field f = vo_csv_at(k->csv, columns[c].field);
        value[c] = (double)NAN;
        if (vo_number_is_missing(f.text, f.len)) {
            k->missing += f.len > 0;
            continue;
        }
        double v = 0;
        if (!vo_number_parse(f.text, f.len, false, &v))
            return refuse(k, columns[c].name, f, "is not a number", err);
        if (v >= columns[c].missing &&
            (columns[c].field != LUMINANCE || v <= columns[c].missing)) {
            k->missing++;
            continue;
        }
        value[c] = v * columns[c].factor * (columns[c].energy ? k->per_hour : 1);
    }
    return VO_OK;
}

static vo_status check_width(const reader *k, vo_error *err) {
    const size_t n = vo_csv_count(k->csv);
    bool too_wide = false;
    for (size_t i = FIELDS; i < n; i++) too_wide |= vo_csv_at(k->csv, i).len > 0;
    if (n >= FEWEST_FIELDS && !too_wide) return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s line %u: %zu fields; a row of an EPW file has %u",
                   k->file, vo_csv_line(k->csv), n, FIELDS);
}

static vo_status begin_node(reader *k, vo_error *err) {
    const vo_source_options *o = k->o;
    const char *name[COLUMNS];
    for (size_t c = 0; c < COLUMNS; c++) name[c] = columns[c].name;
    const char *node = o->node ? o->node : k->city[0] ? k->city : k->place;
    const char *process = o->process ? o->process : k->origin;
    if (!vo_source_wants_node(o, node))
        return vo_fail(err, VO_ENOTFOUND, "%s is of \"%s\", not of \"%.60s\"", k->file, node,
                       o->only_node);
    const vo_status st = vo_readings_set_node(k->set, o->market ? o->market : "EPW", process,
                                              node, name, COLUMNS, &k->r, err);
    if (st != VO_OK) return st;
    char offset[8];
    vo_civil_format_offset(k->offset_s, offset);
    snprintf(k->r->kind, sizeof k->r->kind, "%.15s", o->kind ? o->kind : VO_KIND_WEATHER);
    snprintf(k->r->zone, sizeof k->r->zone, "%.63s",
             o->zone            ? o->zone
             : k->offset_s == 0 ? "UTC"
                                : offset);
    snprintf(k->r->unit, sizeof k->r->unit, "C");
    snprintf(k->r->label, sizeof k->r->label, "%s %s", node, process);
    k->r->interval_h = 1.0 / k->per_hour;
    return VO_OK;
}

static vo_status read_rows(reader *k, vo_bytes *in, vo_error *err) {
    vo_status st = vo_bytes_rewind(in, err);
    if (st == VO_OK) st = begin(k, in, err);
    if (st == VO_OK) st = begin_node(k, err);
    k->hour_s = INT64_MIN;
    while (st == VO_OK) {
        bool more = false;
        int64_t start_s = 0;
        double value[COLUMNS];
        if ((st = vo_csv_next(k->csv, &more, err)) != VO_OK || !more) break;
        if ((st = check_width(k, err)) != VO_OK) break;
        if ((st = find_start(k, &start_s, err)) != VO_OK) break;
        if ((st = read_values(k, value, err)) != VO_OK) break;
        st = vo_readings_add(k->set, k->r, start_s, vo_csv_line(k->csv), 0, value, err);
    }
    return st;
}

static void write_note(const reader *k, int32_t first) {
    char offset[8];
    if (k->typical)
        vo_source_say(k->set, "a typical year: months of %d..%d put into %d",
                      (int)k->first_year, (int)k->last_year, (int)first);
    if (k->typical && is_leap(first) && !k->leap_day)
        vo_source_say(k->set, "29 February is not in the file");
    vo_source_say(k->set, "hours of standard time, UTC%s",
                  vo_civil_format_offset(k->offset_s, offset));
    if (k->missing) vo_source_say(k->set, "%zu codes for \"none\" read as missing", k->missing);
    vo_source_say(k->set, "present weather codes left out");
}

bool vo_source_epw_is(const char *head, size_t len) {
    static const char first[] = "LOCATION,";
    return len >= sizeof first - 1 && vo_text_same_span(head, sizeof first - 1, first);
}

vo_status vo_source_epw_parse(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                              vo_error *err) {
    reader k = {.file = vo_bytes_name(in), .o = o, .set = set};
    vo_zone *zone = NULL;
    int32_t first = 0;
    vo_status st = o->zone ? vo_zone_open(o->zone, &zone, err) : VO_OK;
    if (st == VO_OK) st = survey(&k, in, err);
    if (st == VO_OK) st = choose_year(&k, err);
    first = k.year;
    if (st == VO_OK) st = read_rows(&k, in, err);
    if (st == VO_OK) write_note(&k, first);
    vo_csv_close(k.csv);
    vo_zone_close(zone);
    return st;
}
