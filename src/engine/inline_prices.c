/* inline_prices.c -- see inline_prices.h.
 *
 * Stamps without an offset are wall-clock times of the zone. Where the clock repeats an hour,
 * the first pass through it is taken unless that would not move time forward.
 */
#include "engine/inline_prices.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/zone.h"
#include "engine/fields.h"

#include <volteo/schedule.h>

typedef struct {
    const vo_source_options *o;
    vo_zone *zone;
    vo_readings_set *set;
    vo_readings *readings;
    size_t n_columns; /* price first */
    char name[VO_SERIES_MAX_COLUMNS][VO_COLUMN_NAME];
    int64_t last_s; /* start of the row before */
} reader;

static vo_status begin(reader *r, vo_error *err) {
    const char *names[VO_SERIES_MAX_COLUMNS];
    for (size_t c = 0; c < r->n_columns; c++) names[c] = r->name[c];
    const vo_status s =
        vo_readings_set_node(r->set, "", "", "", names, r->n_columns, &r->readings, err);
    if (s != VO_OK) return s;
    snprintf(r->readings->zone, sizeof r->readings->zone, "%s", vo_zone_name(r->zone));
    if (r->o->currency)
        snprintf(r->readings->currency, sizeof r->readings->currency, "%.15s", r->o->currency);
    snprintf(r->readings->label, sizeof r->readings->label, "prices");
    return VO_OK;
}

static vo_status add_column(reader *r, const char *name, const char *path, vo_error *err) {
    if (strlen(name) >= VO_COLUMN_NAME || !*name)
        return vo_fail(err, VO_EINVAL, "%s: a column name of 1 to %d letters is needed", path,
                       VO_COLUMN_NAME - 1);
    if (r->n_columns == VO_SERIES_MAX_COLUMNS)
        return vo_fail(err, VO_EINVAL, "%s: at most %d columns", path, VO_SERIES_MAX_COLUMNS);
    snprintf(r->name[r->n_columns++], VO_COLUMN_NAME, "%s", name);
    return VO_OK;
}

/* Where a value stands, spelled only when something is wrong with it: "prices[3].price" or
 * "prices.load_mw[3]". */
typedef struct {
    const char *list, *member; /* NULL: none */
    size_t i;
} place;

#define PLACE (2 * VO_COLUMN_NAME + 32)

static const char *spell(const place *at, char out[PLACE]) {
    snprintf(out, PLACE, "prices%s%.63s[%zu]%s%.63s", at->list ? "." : "",
             at->list ? at->list : "", at->i, at->member ? "." : "",
             at->member ? at->member : "");
    return out;
}

/* A number, or null for a missing one. */
static vo_status cell(const vo_json *v, place at, double *out, vo_error *err) {
    char path[PLACE];
    const vo_json_kind kind = v ? vo_json_kind_of(v) : VO_JSON_NULL;
    if (kind != VO_JSON_NUMBER && kind != VO_JSON_NULL)
        return vo_fail(err, VO_EINVAL, "%s is %s: must be a number", spell(&at, path),
                       vo_fields_kind(v));
    *out = kind == VO_JSON_NULL ? (double)NAN : vo_json_number(v);
    return VO_OK;
}

static vo_status stamp(reader *r, const vo_json *v, place at, int64_t *start_s, uint8_t *flag,
                       vo_error *err) {
    char path[PLACE];
    *flag = 0;
    if (!v || vo_json_kind_of(v) != VO_JSON_STRING)
        return vo_fail(err, VO_EINVAL,
                       "%s is %s: must be a time stamp such as "
                       "\"2024-01-31T05:00:00Z\"",
                       spell(&at, path), v ? vo_fields_kind(v) : "missing");
    const char *text = vo_json_string(v);
    vo_civil c = {0};
    bool has_offset = false;
    int32_t offset_s = 0;
    vo_error inner = {0};
    if (vo_civil_parse(text, strlen(text), &c, &has_offset, &offset_s, &inner) != VO_OK)
        return vo_fail(err, VO_EINVAL, "%s: %s", spell(&at, path), inner.msg);
    const int64_t wall_s = vo_civil_seconds(&c);
    if (has_offset) {
        *start_s = wall_s - offset_s;
        return VO_OK;
    }
    int64_t first = 0, second = 0;
    const vo_wall wall = vo_zone_instants(r->zone, wall_s, &first, &second);
    if (wall == VO_WALL_NEVER) *flag = VO_READING_SKIPPED_HOUR;
    *start_s = first <= r->last_s ? second : first;
    return VO_OK;
}

static vo_status add(reader *r, int64_t start_s, uint8_t flag, const double *value, size_t i,
                     vo_error *err) {
    r->last_s = start_s;
    return vo_readings_add(r->set, r->readings, start_s, (uint32_t)(i + 1), flag, value, err);
}

/* [50, 40, ...] */
static vo_status read_numbers(reader *r, const vo_json *prices, vo_error *err) {
    const double minutes = r->o->interval_minutes > 0 ? r->o->interval_minutes : 60;
    const int64_t step_s = (int64_t)(minutes * 60 + 0.5);
    if (step_s < 1)
        return vo_fail(err, VO_EINVAL, "interval_minutes = %g: must be a second or more",
                       minutes);
    vo_status s = begin(r, err);
    if (s == VO_OK) r->readings->interval_h = (double)step_s / 3600;
    for (size_t i = 0; s == VO_OK && i < vo_json_size(prices); i++) {
        double x = 0;
        s = cell(vo_json_at(prices, i), (place){.i = i}, &x, err);
        if (s == VO_OK) s = add(r, r->o->start_utc_s + (int64_t)i * step_s, 0, &x, i, err);
    }
    return s;
}

/* [{"timestamp": "...", "price": 50, ...}, ...]; the first element names the columns. */
static vo_status read_objects(reader *r, const vo_json *prices, vo_error *err) {
    const char *key = NULL;
    const vo_json *v = NULL;
    vo_status s = VO_OK;
    for (size_t m = 0; s == VO_OK && vo_json_member(vo_json_at(prices, 0), m, &key, &v); m++)
        if (strcmp(key, "price") != 0 && strcmp(key, "timestamp") != 0)
            s = add_column(r, key, "prices[0]", err);
    if (s == VO_OK) s = begin(r, err);
    for (size_t i = 0; s == VO_OK && i < vo_json_size(prices); i++) {
        const vo_json *row = vo_json_at(prices, i);
        if (vo_json_kind_of(row) != VO_JSON_OBJECT)
            return vo_fail(err, VO_EINVAL,
                           "prices[%zu] is %s: must be an object like the first", i,
                           vo_fields_kind(row));
        double value[VO_SERIES_MAX_COLUMNS];
        size_t known = 1;
        for (size_t c = 0; s == VO_OK && c < r->n_columns; c++) {
            const vo_json *x = vo_json_get(row, r->name[c]);
            known += x != NULL;
            s = cell(x, (place){.member = r->name[c], .i = i}, &value[c], err);
        }
        if (s == VO_OK && vo_json_size(row) > known)
            return vo_fail(err, VO_EINVAL,
                           "prices[%zu] has fields that prices[0] lacks: every "
                           "element must have the same",
                           i);
        int64_t start_s = 0;
        uint8_t flag = 0;
        const place at = {.member = "timestamp", .i = i};
        if (s == VO_OK) s = stamp(r, vo_json_get(row, "timestamp"), at, &start_s, &flag, err);
        if (s == VO_OK) s = add(r, start_s, flag, value, i, err);
    }
    return s;
}

/* {"timestamps": [...], "prices": [...], "load_mw": [...]} */
static vo_status read_columns(reader *r, const vo_json *prices, vo_error *err) {
    const vo_json *stamps = vo_json_get(prices, "timestamps");
    const vo_json *column[VO_SERIES_MAX_COLUMNS] = {vo_json_get(prices, "prices")};
    const char *key = NULL;
    const vo_json *v = NULL;
    if (!stamps || !column[0])
        return vo_fail(err, VO_EINVAL,
                       "prices is an object: must have timestamps and prices, "
                       "two arrays of the same length");
    for (size_t m = 0; vo_json_member(prices, m, &key, &v); m++) {
        if (v == stamps || v == column[0]) continue;
        const vo_status s = add_column(r, key, "prices", err);
        if (s != VO_OK) return s;
        column[r->n_columns - 1] = v;
    }
    const size_t n = vo_json_size(stamps);
    if (vo_json_kind_of(stamps) != VO_JSON_ARRAY || n == 0)
        return vo_fail(err, VO_EINVAL, "prices.timestamps must be an array that is not empty");
    for (size_t c = 0; c < r->n_columns; c++)
        if (vo_json_kind_of(column[c]) != VO_JSON_ARRAY || vo_json_size(column[c]) != n)
            return vo_fail(err, VO_EINVAL,
                           "prices.%.60s must be an array as long as "
                           "prices.timestamps (%zu)",
                           c ? r->name[c] : "prices", n);
    vo_status s = begin(r, err);
    for (size_t i = 0; s == VO_OK && i < n; i++) {
        double value[VO_SERIES_MAX_COLUMNS];
        for (size_t c = 0; s == VO_OK && c < r->n_columns; c++) {
            const place at = {.list = c ? r->name[c] : "prices", .i = i};
            s = cell(vo_json_at(column[c], i), at, &value[c], err);
        }
        int64_t start_s = 0;
        uint8_t flag = 0;
        const place at = {.list = "timestamps", .i = i};
        if (s == VO_OK) s = stamp(r, vo_json_at(stamps, i), at, &start_s, &flag, err);
        if (s == VO_OK) s = add(r, start_s, flag, value, i, err);
    }
    return s;
}

static vo_status read_any(reader *r, const vo_json *prices, vo_error *err) {
    const vo_json_kind kind = vo_json_kind_of(prices);
    if (kind == VO_JSON_OBJECT) return read_columns(r, prices, err);
    if (kind != VO_JSON_ARRAY)
        return vo_fail(err, VO_EINVAL,
                       "prices is %s: must be an array of numbers or of "
                       "{timestamp, price}",
                       vo_fields_kind(prices));
    if (vo_json_size(prices) == 0)
        return vo_fail(err, VO_EINVAL, "prices is empty: at least one is needed");
    if (vo_json_size(prices) > VO_MAX_INTERVALS)
        return vo_fail(err, VO_EINVAL, "prices has %zu elements: at most %u",
                       vo_json_size(prices), VO_MAX_INTERVALS);
    if (vo_json_kind_of(vo_json_at(prices, 0)) == VO_JSON_OBJECT)
        return read_objects(r, prices, err);
    return read_numbers(r, prices, err);
}

vo_status vo_inline_prices(const vo_json *prices, const vo_source_options *o,
                           vo_readings_set **out, vo_error *err) {
    reader r = {.o = o, .n_columns = 1, .name = {"price"}, .last_s = INT64_MIN};
    vo_status s = vo_zone_open(o->zone ? o->zone : "UTC", &r.zone, err);
    if (s == VO_OK) s = vo_readings_set_create(&r.set, err);
    if (s == VO_OK) s = read_any(&r, prices, err);
    vo_zone_close(r.zone);
    if (s != VO_OK) {
        vo_readings_set_free(r.set);
        return s;
    }
    *out = r.set;
    return VO_OK;
}
