/* source_openmeteo.c -- see source_openmeteo.h. The document is read whole and within bounds,
 * as its columns lie one after the other; rows are put together from them.
 */
#include "data/source_openmeteo.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/json.h"
#include "base/text.h"

#define MAX_MEMBERS 512 /* of a block */
#define MAX_OFFSET_S 64800

/* Units as the service writes them: value = factor * (what it says - zero). */
static const struct {
    const char *unit, *suffix, *text; /* the unit of the result, in a name and for people */
    double factor, zero;
} units[] = {
    {"°C", "c", "C", 1, 0},
    {"°F", "c", "C", 5.0 / 9, 32},
    {"%", "pct", "%", 1, 0},
    {"m/s", "m_s", "m/s", 1, 0},
    {"km/h", "m_s", "m/s", 1 / 3.6, 0},
    {"mp/h", "m_s", "m/s", 0.44704, 0},
    {"mph", "m_s", "m/s", 0.44704, 0},
    {"kn", "m_s", "m/s", 1852.0 / 3600, 0},
    {"mm", "mm", "mm", 1, 0},
    {"inch", "mm", "mm", 25.4, 0},
    {"ft", "m", "m", 0.3048, 0},
    {"W/m²", "w_m2", "W/m2", 1, 0},
    {"MJ/m²", "mj_m2", "MJ/m2", 1, 0},
    {"m³/m³", "m3_m3", "m3/m3", 1, 0},
    {"μg/m³", "ug_m3", "ug/m3", 1, 0},
    {"°", "deg", "deg", 1, 0},
};
#define UNITS (sizeof units / sizeof units[0])

static const struct {
    const char *variable, *name;
} names[] = {
    {"temperature_2m", "temperature"},
    {"relative_humidity_2m", "relative_humidity"},
    {"relativehumidity_2m", "relative_humidity"},
    {"dew_point_2m", "dew_point"},
    {"dewpoint_2m", "dew_point"},
    {"cloud_cover", "cloud_cover"},
    {"cloudcover", "cloud_cover"},
    {"wind_speed_10m", "wind_speed"},
    {"windspeed_10m", "wind_speed"},
    {"wind_direction_10m", "wind_direction"},
    {"winddirection_10m", "wind_direction"},
    {"surface_pressure", "pressure"},
    {"shortwave_radiation", "ghi"},
    {"direct_normal_irradiance", "dni"},
    {"diffuse_radiation", "dhi"},
};

/* What the service gives for the interval that ends at the stamp. */
static const char *const preceding[] = {
    "shortwave_radiation",
    "direct_radiation",
    "direct_normal_irradiance",
    "diffuse_radiation",
    "global_tilted_irradiance",
    "terrestrial_radiation",
    "sunshine_duration",
    "precipitation",
    "precipitation_probability",
    "rain",
    "showers",
    "snowfall",
    "evapotranspiration",
    "et0_fao_evapotranspiration",
    "wind_gusts_10m",
    "windgusts_10m",
};

static const struct {
    const char *name, *units;
    int32_t length_s;
} blocks[] = {{"hourly", "hourly_units", 3600},
              {"minutely_15", "minutely_15_units", 900},
              {"daily", "daily_units", 86400}};
#define BLOCKS (sizeof blocks / sizeof blocks[0])

typedef struct {
    const vo_json *values;
    size_t unit; /* of units[]; UNITS: as it is */
    bool preceding;
    char name[VO_COLUMN_NAME];
} variable;

typedef struct {
    const char *file;
    const vo_source_options *o;
    vo_readings_set *set;
    bool alone; /* one series in the reply: it may be named by the options */
    /* of a place */
    char node[VO_NODE_NAME], zone[64];
    int32_t offset_s;
    bool has_offset;
    /* of a block */
    size_t block, rows, n;
    int64_t *start_s; /* [rows] */
    bool moved, texts;
    char unit[16];
    variable variable[VO_SERIES_MAX_COLUMNS];
} reader;

static const vo_json *member(const vo_json *object, const char *key, vo_json_kind kind) {
    const vo_json *v = vo_json_get(object, key);
    return v && vo_json_kind_of(v) == kind ? v : NULL;
}

static const vo_json *block_of(const vo_json *place, size_t b) {
    return member(place, blocks[b].name, VO_JSON_OBJECT);
}

/* ---- variables -------------------------------------------------------------------- */

static bool is_preceding(const char *name) {
    for (size_t i = 0; i < sizeof preceding / sizeof preceding[0]; i++)
        if (strcmp(name, preceding[i]) == 0) return true;
    return false;
}

static const char *name_of(const char *key) {
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(key, names[i].variable) == 0) return names[i].name;
    return key;
}

/* Lower-case letters, digits and '_' of a name or unit, after what is there. */
static void append(char out[VO_COLUMN_NAME], const char *text) {
    size_t n = strlen(out);
    for (; *text && n < VO_COLUMN_NAME - 1; text++) {
        const char c = *text;
        const bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        const bool upper = c >= 'A' && c <= 'Z';
        if (word)
            out[n++] = c;
        else if (upper)
            out[n++] = (char)(c - 'A' + 'a');
        else if (n > 0 && out[n - 1] != '_')
            out[n++] = '_';
    }
    while (n > 0 && out[n - 1] == '_') n--;
    out[n] = '\0';
}

static void name_variable(variable *v, const char *key, const char *unit) {
    v->unit = 0;
    while (v->unit < UNITS && strcmp(unit, units[v->unit].unit) != 0) v->unit++;
    const char *suffix = v->unit < UNITS ? units[v->unit].suffix : unit;
    v->name[0] = '\0';
    append(v->name, name_of(key));
    size_t n = strlen(v->name);
    if (suffix[0] && n < VO_COLUMN_NAME - 1) v->name[n++] = '_', v->name[n] = '\0';
    append(v->name, suffix);
}

static bool has_text(const vo_json *values) {
    for (size_t i = 0; i < vo_json_size(values); i++)
        if (vo_json_kind_of(vo_json_at(values, i)) == VO_JSON_STRING) return true;
    return false;
}

static vo_status take_variable(reader *k, const char *key, const vo_json *values,
                               const vo_json *unit_names, vo_error *err) {
    const vo_json *unit = unit_names ? member(unit_names, key, VO_JSON_STRING) : NULL;
    const char *block = blocks[k->block].name;
    if (vo_json_kind_of(values) != VO_JSON_ARRAY || vo_json_size(values) != k->rows)
        return vo_fail(err, VO_EINVAL,
                       "%s: \"%s\".\"%.60s\" must be a list of %zu values, one for each time; "
                       "is the reply cut off?",
                       k->file, block, key, k->rows);
    if (has_text(values)) {
        k->texts = true;
        return VO_OK;
    }
    if (k->n == VO_SERIES_MAX_COLUMNS)
        return vo_fail(err, VO_EINVAL, "%s: \"%s\" has more than %d variables; ask for fewer",
                       k->file, block, VO_SERIES_MAX_COLUMNS);
    variable *v = &k->variable[k->n];
    name_variable(v, key, unit ? vo_json_string(unit) : "");
    v->values = values;
    v->preceding = k->block != 2 && is_preceding(key);
    k->moved |= v->preceding;
    for (size_t i = 0; i < k->n; i++)
        if (strcmp(v->name, k->variable[i].name) == 0 || !v->name[0])
            return vo_fail(err, VO_EINVAL,
                           "%s: \"%s\".\"%.60s\" is the second variable that is \"%s\"; ask "
                           "for one of them",
                           k->file, block, key, v->name);
    if (k->n++ == 0)
        snprintf(k->unit, sizeof k->unit, "%.15s",
                 v->unit < UNITS ? units[v->unit].text
                 : unit          ? vo_json_string(unit)
                                 : "");
    return VO_OK;
}

/* ---- times ------------------------------------------------------------------------ */

static vo_status read_time(const reader *k, const vo_json *v, size_t i, int64_t *out,
                           vo_error *err) {
    vo_civil c;
    vo_error why = {0};
    bool has_offset = false;
    int32_t offset_s = 0;
    const char *block = blocks[k->block].name;
    if (vo_json_kind_of(v) == VO_JSON_NUMBER) {
        const double s = vo_json_number(v);
        if (fabs(s) <= 253402300799.0 && floor(s) == s) {
            *out = (int64_t)s;
            return VO_OK;
        }
        return vo_fail(err, VO_EINVAL, "%s: \"%s\".time[%zu] = %g is no Unix time in seconds",
                       k->file, block, i, s);
    }
    if (vo_json_kind_of(v) != VO_JSON_STRING)
        return vo_fail(err, VO_EINVAL, "%s: \"%s\".time[%zu] is no time but %s", k->file, block,
                       i, vo_json_kind_name(vo_json_kind_of(v)));
    const char *text = vo_json_string(v);
    if (vo_civil_parse(text, strlen(text), &c, &has_offset, &offset_s, &why) != VO_OK)
        return vo_fail(err, VO_EINVAL, "%s: \"%s\".time[%zu]: %.300s", k->file, block, i,
                       why.msg);
    *out = vo_civil_seconds(&c) - (has_offset ? offset_s : k->offset_s);
    return VO_OK;
}

static vo_status read_times(reader *k, const vo_json *block, vo_error *err) {
    const vo_json *times = member(block, "time", VO_JSON_ARRAY);
    if (!times || vo_json_size(times) == 0)
        return vo_fail(err, VO_EINVAL, "%s: \"%s\" has no list \"time\"; is the reply whole?",
                       k->file, blocks[k->block].name);
    k->rows = vo_json_size(times);
    k->start_s = malloc(k->rows * sizeof *k->start_s);
    if (!k->start_s) return vo_fail(err, VO_ENOMEM, "no memory for %zu times", k->rows);
    for (size_t i = 0; i < k->rows; i++) {
        const vo_status st = read_time(k, vo_json_at(times, i), i, &k->start_s[i], err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

/* The block's usual length, unless its stamps say that it was thinned. */
static int64_t length_of(const reader *k) {
    const int64_t step = k->rows > 1 ? k->start_s[1] - k->start_s[0] : 0;
    return step > 0 && step <= 31 * 86400 ? step : blocks[k->block].length_s;
}

/* ---- rows ------------------------------------------------------------------------- */

static vo_status value_of(const reader *k, const variable *v, size_t i, double *out,
                          vo_error *err) {
    const vo_json *at = vo_json_at(v->values, i);
    *out = (double)NAN;
    if (!at || vo_json_kind_of(at) == VO_JSON_NULL) return VO_OK;
    if (vo_json_kind_of(at) != VO_JSON_NUMBER)
        return vo_fail(err, VO_EINVAL, "%s: \"%s\", %s[%zu] is no number but %s", k->file,
                       blocks[k->block].name, v->name, i,
                       vo_json_kind_name(vo_json_kind_of(at)));
    *out = vo_json_number(at);
    if (v->unit < UNITS) *out = (*out - units[v->unit].zero) * units[v->unit].factor;
    return VO_OK;
}

/* The row that starts at stamp i - 1 if `early`, for values that precede the first stamp. */
static vo_status add_row(reader *k, vo_readings *r, size_t i, bool early, int64_t length_s,
                         vo_error *err) {
    double value[VO_SERIES_MAX_COLUMNS];
    for (size_t c = 0; c < k->n; c++) {
        const variable *v = &k->variable[c];
        value[c] = (double)NAN;
        if (early && !v->preceding) continue;
        const bool next = v->preceding && !early;
        if (next && i + 1 < k->rows && k->start_s[i + 1] - k->start_s[i] != length_s) continue;
        const vo_status st = value_of(k, v, next ? i + 1 : i, &value[c], err);
        if (st != VO_OK) return st;
    }
    return vo_readings_add(k->set, r, k->start_s[i] - (early ? length_s : 0), 0, 0, value, err);
}

static vo_status add_rows(reader *k, vo_readings *r, int64_t length_s, vo_error *err) {
    for (size_t i = 0; i < k->rows; i++) {
        vo_status st = VO_OK;
        const bool gap = i > 0 && k->start_s[i] - k->start_s[i - 1] != length_s;
        if (k->moved && (i == 0 || gap)) st = add_row(k, r, i, true, length_s, err);
        if (st == VO_OK) st = add_row(k, r, i, false, length_s, err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

static vo_status begin_series(reader *k, vo_readings **r, vo_error *err) {
    const vo_source_options *o = k->o;
    const char *columns[VO_SERIES_MAX_COLUMNS];
    for (size_t c = 0; c < k->n; c++) columns[c] = k->variable[c].name;
    const char *process = k->alone && o->process ? o->process : blocks[k->block].name;
    const char *market = o->market ? o->market : "OPEN-METEO";
    const vo_status st =
        vo_readings_set_node(k->set, market, process, k->node, columns, k->n, r, err);
    if (st != VO_OK) return st;
    bool same = (*r)->n_columns == k->n;
    for (size_t c = 0; c < k->n && same; c++)
        same = strcmp((*r)->column[c].name, columns[c]) == 0;
    if (!same)
        return vo_fail(err, VO_EINVAL, "%s: two replies for %s with different variables",
                       k->file, k->node);
    snprintf((*r)->kind, sizeof(*r)->kind, "%.15s", o->kind ? o->kind : VO_KIND_WEATHER);
    snprintf((*r)->unit, sizeof(*r)->unit, "%s", k->unit);
    snprintf((*r)->zone, sizeof(*r)->zone, "%s", k->zone);
    snprintf((*r)->label, sizeof(*r)->label, "%.31s %.31s %.60s", market, process, k->node);
    return VO_OK;
}

static vo_status take_block(reader *k, const vo_json *place, vo_error *err) {
    const vo_json *block = block_of(place, k->block);
    const vo_json *unit_names = member(place, blocks[k->block].units, VO_JSON_OBJECT);
    if (vo_json_size(block) > MAX_MEMBERS)
        return vo_fail(err, VO_EINVAL, "%s: \"%s\" has %zu variables; ask for fewer", k->file,
                       blocks[k->block].name, vo_json_size(block));
    vo_status st = read_times(k, block, err);
    k->n = 0;
    const char *key = NULL;
    const vo_json *values = NULL;
    for (size_t i = 0; st == VO_OK && vo_json_member(block, i, &key, &values); i++)
        if (strcmp(key, "time") != 0) st = take_variable(k, key, values, unit_names, err);
    if (st != VO_OK || k->n == 0) return st; /* a block of nothing but sunrises */
    vo_readings *r = NULL;
    const int64_t length_s = length_of(k);
    if ((st = begin_series(k, &r, err)) != VO_OK) return st;
    r->interval_h = (double)length_s / 3600;
    return add_rows(k, r, length_s, err);
}

/* ---- places ----------------------------------------------------------------------- */

static vo_status read_offset(reader *k, const vo_json *place, vo_error *err) {
    const vo_json *offset = vo_json_get(place, "utc_offset_seconds");
    k->has_offset = offset != NULL;
    k->offset_s = 0;
    if (!offset) return VO_OK;
    const double s =
        vo_json_kind_of(offset) == VO_JSON_NUMBER ? vo_json_number(offset) : (double)NAN;
    if (!(fabs(s) <= MAX_OFFSET_S) || floor(s / 60) * 60 != s)
        return vo_fail(err, VO_EINVAL,
                       "%s: utc_offset_seconds must be whole minutes, at most 18 hours",
                       k->file);
    k->offset_s = (int32_t)s;
    return VO_OK;
}

/* The zone that local days follow: asked for, else the reply's if it is known, else its offset.
 */
static vo_status choose_zone(reader *k, const vo_json *place, vo_error *err) {
    const vo_json *named = member(place, "timezone", VO_JSON_STRING);
    const char *text = k->o->zone ? k->o->zone : named ? vo_json_string(named) : "";
    vo_zone *zone = NULL;
    char offset[8] = "UTC";
    const vo_status st = vo_zone_open(text, &zone, k->o->zone ? err : NULL);
    vo_zone_close(zone);
    if (st != VO_OK && k->o->zone) return st;
    if (st != VO_OK && k->offset_s) vo_civil_format_offset(k->offset_s, offset);
    snprintf(k->zone, sizeof k->zone, "%.63s", st == VO_OK ? text : offset);
    return VO_OK;
}

static vo_status name_place(reader *k, const vo_json *place, vo_error *err) {
    char text[2][VO_TEXT_NUMBER];
    static const char *const key[] = {"latitude", "longitude"};
    for (int i = 0; i < 2; i++) {
        const vo_json *v = member(place, key[i], VO_JSON_NUMBER);
        text[i][0] = '\0';
        if (v && isfinite(vo_json_number(v)))
            vo_text_format_number(vo_json_number(v), text[i]);
        else if (!k->o->node || !k->alone)
            return vo_fail(err, VO_EINVAL, "%s: a reply without \"%s\"; name its node", k->file,
                           key[i]);
    }
    if (k->alone && k->o->node && strlen(k->o->node) >= sizeof k->node)
        return vo_fail(err, VO_EINVAL, "node \"%.140s...\" is longer than %d bytes", k->o->node,
                       VO_NODE_NAME - 1);
    snprintf(k->node, sizeof k->node, "%.31s%s%.31s", text[0], "_", text[1]);
    if (k->alone && k->o->node) snprintf(k->node, sizeof k->node, "%s", k->o->node);
    return VO_OK;
}

static bool wanted(const reader *k) {
    return vo_source_wants_node(k->o, k->node) &&
           vo_source_wants_process(k->o, blocks[k->block].name);
}

static vo_status take_place(reader *k, const vo_json *place, vo_error *err) {
    vo_status st = read_offset(k, place, err);
    if (st == VO_OK) st = choose_zone(k, place, err);
    if (st == VO_OK) st = name_place(k, place, err);
    for (k->block = 0; k->block < BLOCKS && st == VO_OK; k->block++) {
        if (!block_of(place, k->block) || !wanted(k)) continue;
        st = take_block(k, place, err);
        free(k->start_s);
        k->start_s = NULL;
    }
    return st;
}

static size_t count_blocks(const vo_json *place) {
    size_t n = 0;
    if (vo_json_kind_of(place) != VO_JSON_OBJECT) return 0;
    for (size_t b = 0; b < BLOCKS; b++) n += block_of(place, b) != NULL;
    return n;
}

static vo_status refuse_reply(const reader *k, const vo_json *place, vo_error *err) {
    const vo_json *reason = vo_json_kind_of(place) == VO_JSON_OBJECT
                                ? member(place, "reason", VO_JSON_STRING)
                                : NULL;
    if (reason)
        return vo_fail(err, VO_ENOTFOUND, "%s: Open-Meteo replied \"%.300s\"", k->file,
                       vo_json_string(reason));
    return vo_fail(err, VO_EINVAL,
                   "%s: no reply of Open-Meteo: it has none of \"hourly\", \"minutely_15\" and "
                   "\"daily\"",
                   k->file);
}

static void write_note(const reader *k, bool current) {
    char offset[8];
    if (k->has_offset)
        vo_source_say(k->set,
                      "stamps read at UTC%s all year (utc_offset_seconds), whatever the "
                      "zone's clocks did",
                      vo_civil_format_offset(k->offset_s, offset));
    else
        vo_source_say(k->set, "no utc_offset_seconds: stamps read as UTC");
    if (k->moved)
        vo_source_say(k->set, "radiation and precipitation moved to the start of the interval "
                              "they are for");
    if (k->texts) vo_source_say(k->set, "columns of text left out");
    if (current) vo_source_say(k->set, "current weather left out");
}

static vo_status take_reply(reader *k, const vo_json *root, vo_error *err) {
    const bool many = vo_json_kind_of(root) == VO_JSON_ARRAY;
    const size_t n = many ? vo_json_size(root) : 1;
    const size_t before = k->set->rows;
    size_t series = 0;
    bool current = false;
    for (size_t i = 0; i < n; i++) {
        const vo_json *place = many ? vo_json_at(root, i) : root;
        if (count_blocks(place) == 0) return refuse_reply(k, place, err);
        series += count_blocks(place);
        current |= vo_json_get(place, "current") || vo_json_get(place, "current_weather");
    }
    k->alone = series == 1;
    for (size_t i = 0; i < n; i++) {
        const vo_status st = take_place(k, many ? vo_json_at(root, i) : root, err);
        if (st != VO_OK) return st;
    }
    if (k->set->rows == before)
        return vo_fail(
            err, VO_ENOTFOUND, "%s has no rows%s", k->file,
            k->o->only_node || k->o->only_process ? " of the node and process asked for" : "");
    write_note(k, current);
    return VO_OK;
}

/* ---- the whole ------------------------------------------------------------------------ */

bool vo_source_openmeteo_is(const char *head, size_t len) {
    const char *text = vo_text_trim(head, &len);
    if (len == 0 || (text[0] != '{' && text[0] != '[')) return false;
    if (vo_text_has_exactly(text, len, "\"error\"") &&
        vo_text_has_exactly(text, len, "\"reason\""))
        return true;
    return vo_text_has_exactly(text, len, "\"latitude\"") &&
           vo_text_has_exactly(text, len, "\"longitude\"") &&
           (vo_text_has_exactly(text, len, "\"utc_offset_seconds\"") ||
            vo_text_has_exactly(text, len, "\"generationtime_ms\""));
}

vo_status vo_source_openmeteo_parse(vo_bytes *in, const vo_source_options *o,
                                    vo_readings_set *set, vo_error *err) {
    vo_json *root = NULL;
    char *text = NULL;
    size_t len = 0;
    vo_error why = {0};
    reader *k = calloc(1, sizeof *k);
    if (!k) return vo_fail(err, VO_ENOMEM, "no memory to read %s", vo_bytes_name(in));
    k->file = vo_bytes_name(in);
    k->o = o;
    k->set = set;
    vo_status st = vo_bytes_all(in, VO_OPENMETEO_MAX_BYTES, &text, &len, err);
    if (st == VO_OK && (st = vo_json_parse(text, len, &root, &why)) != VO_OK)
        vo_fail(err, st, "%s: %.400s", k->file, why.msg);
    free(text);
    if (st == VO_OK) st = take_reply(k, root, err);
    vo_json_free(root);
    free(k->start_s);
    free(k);
    return st;
}
