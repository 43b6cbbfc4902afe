/* export.c -- see export.h. A table of columns is written by rows (CSV) or by columns (JSON).
 */
#include "data/export.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/text.h"
#include "data/export_parquet.h"
#include "port/file.h"

typedef struct { /* what series and readings have in common */
    size_t n, n_columns;
    const vo_time *start;   /* [n] or NULL ... */
    const int64_t *start_s; /* ... then this   */
    const vo_column *column;
    const char *zone_name, *currency, *unit;
} table;

typedef struct {
    vo_file_writer *file;
    vo_zone *zone;
    vo_status st; /* the first failure; later calls do nothing */
    vo_error *err;
} out;

vo_export_format vo_export_format_of(const char *path) {
    const char *dot = strrchr(path, '.');
    if (dot && vo_text_same(dot, ".json")) return VO_EXPORT_JSON;
    if (dot && vo_text_same(dot, ".parquet")) return VO_EXPORT_PARQUET;
    return VO_EXPORT_CSV;
}

void vo_export_stamp(const vo_zone *zone, int64_t utc_s, char text[40]) {
    const int32_t offset_s = zone ? vo_zone_offset(zone, utc_s) : 0;
    const vo_civil c = vo_civil_from_seconds(utc_s + offset_s);
    char offset[8];
    vo_civil_format(&c, text);
    strcat(text, offset_s ? vo_civil_format_offset(offset_s, offset) : "Z");
}

/* ---- pieces ------------------------------------------------------------------------------ */

static void put(out *o, const char *text, size_t len) {
    if (o->st == VO_OK) o->st = vo_file_writer_put(o->file, text, len, o->err);
}

static void say(out *o, const char *text) { put(o, text, strlen(text)); }

static void put_number(out *o, double v, const char *missing) {
    char number[VO_TEXT_NUMBER];
    if (isfinite(v))
        put(o, number, vo_text_format_number(v, number));
    else
        say(o, missing);
}

static void put_stamp(out *o, int64_t utc_s) {
    char stamp[40];
    vo_export_stamp(o->zone, utc_s, stamp);
    say(o, stamp);
}

/* A field of CSV: in quotes where it must be, quotes inside doubled. */
static void put_field(out *o, const char *text) {
    if (!strpbrk(text, ",\"\r\n")) {
        say(o, text);
        return;
    }
    say(o, "\"");
    for (; *text; text++) {
        if (*text == '"') say(o, "\"");
        put(o, text, 1);
    }
    say(o, "\"");
}

static void put_json_text(out *o, const char *text) {
    say(o, "\"");
    for (; *text; text++) {
        char escaped[8];
        const unsigned char ch = (unsigned char)*text;
        if (ch == '"' || ch == '\\')
            put(o, "\\", 1), put(o, text, 1);
        else if (ch < 0x20)
            put(o, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", ch));
        else
            put(o, text, 1);
    }
    say(o, "\"");
}

static int64_t start_of(const table *t, size_t i) {
    return t->start ? t->start[i].s : t->start_s[i];
}

/* ---- tables ------------------------------------------------------------------------------ */

static void put_csv(out *o, const table *t) {
    say(o, "timestamp");
    for (size_t k = 0; k < t->n_columns; k++) {
        say(o, ",");
        put_field(o, t->column[k].name);
    }
    say(o, "\n");
    for (size_t i = 0; i < t->n && o->st == VO_OK; i++) {
        put_stamp(o, start_of(t, i));
        for (size_t k = 0; k < t->n_columns; k++) {
            say(o, ",");
            put_number(o, t->column[k].value[i], "");
        }
        say(o, "\n");
    }
}

static void put_said(out *o, const char *key, const char *text) {
    if (!text[0]) return;
    say(o, ",\n ");
    put_json_text(o, key);
    say(o, ": ");
    put_json_text(o, text);
}

static void put_json(out *o, const table *t) {
    say(o, "{\"timestamps\": [");
    for (size_t i = 0; i < t->n && o->st == VO_OK; i++) {
        say(o, i ? ", \"" : "\"");
        put_stamp(o, start_of(t, i));
        say(o, "\"");
    }
    say(o, "],\n \"columns\": {");
    for (size_t k = 0; k < t->n_columns; k++) {
        say(o, k ? ",\n  " : "\n  ");
        put_json_text(o, t->column[k].name);
        say(o, ": [");
        for (size_t i = 0; i < t->n && o->st == VO_OK; i++) {
            if (i) say(o, ", ");
            put_number(o, t->column[k].value[i], "null");
        }
        say(o, "]");
    }
    say(o, "}");
    put_said(o, "tz", t->zone_name);
    put_said(o, "currency", t->currency);
    put_said(o, "unit", t->unit);
    say(o, "}\n");
}

static vo_status begin(out *o, const char *zone, vo_export_format format, const char *path,
                       vo_error *err) {
    *o = (out){.err = err};
    if (format == VO_EXPORT_PARQUET)
        return vo_fail(err, VO_EUNSUPPORTED,
                       "\"%.200s\": Parquet is written from the lake only", path);
    const vo_status st = zone[0] ? vo_zone_open(zone, &o->zone, err) : VO_OK;
    return st == VO_OK ? vo_file_writer_open(path, &o->file, err) : st;
}

static vo_status finish(out *o) {
    if (o->st == VO_OK)
        o->st = vo_file_writer_commit(o->file, o->err);
    else
        vo_file_writer_abandon(o->file);
    vo_zone_close(o->zone);
    return o->st;
}

static vo_status put_table(const table *t, vo_export_format format, const char *path,
                           vo_error *err) {
    out o;
    o.st = begin(&o, t->zone_name, format, path, err);
    if (o.st == VO_OK) {
        if (format == VO_EXPORT_JSON)
            put_json(&o, t);
        else
            put_csv(&o, t);
    }
    return finish(&o);
}

vo_status vo_export_series(const vo_series *s, vo_export_format format, const char *path,
                           vo_error *err) {
    if (format == VO_EXPORT_PARQUET) return vo_export_parquet(s, path, err);
    const table t = {.n = s->n,
                     .n_columns = s->n_columns,
                     .start = s->start,
                     .column = s->column,
                     .zone_name = s->zone,
                     .currency = s->currency,
                     .unit = s->unit};
    return put_table(&t, format, path, err);
}

vo_status vo_export_readings(const vo_readings *r, vo_export_format format, const char *path,
                             vo_error *err) {
    const table t = {.n = r->n,
                     .n_columns = r->n_columns,
                     .start_s = r->start_s,
                     .column = r->column,
                     .zone_name = r->zone,
                     .currency = r->currency,
                     .unit = r->unit};
    return put_table(&t, format, path, err);
}

/* ---- changes ----------------------------------------------------------------------------- */

static void put_change(out *o, const vo_lake_change *c, bool json) {
    char line[24];
    const vo_touch *t = &c->touch;
    const char *nothing = json ? "null" : "";
    void (*name)(out *, const char *) = json ? put_json_text : put_field;
    snprintf(line, sizeof line, "%u", (unsigned)t->line);
    say(o, json ? "{\"start\": \"" : "");
    put_stamp(o, t->start_s);
    say(o, json ? "\", \"column\": " : ",");
    name(o, c->column);
    say(o, json ? ", \"old\": " : ",");
    put_number(o, t->old_value, nothing);
    say(o, json ? ", \"new\": " : ",");
    put_number(o, t->new_value, nothing);
    say(o, json ? ", \"rule\": " : ",");
    name(o, vo_clean_rule_name(t->rule));
    say(o, json ? ", \"done\": " : ",");
    name(o, vo_clean_rule_done(t->rule));
    say(o, json ? ", \"line\": " : ",");
    say(o, t->line ? line : nothing);
    say(o, json ? ", \"source\": " : ",");
    name(o, c->source);
    say(o, json ? "}" : "\n");
}

vo_status vo_export_changes(const vo_lake_change *change, size_t n, vo_export_format format,
                            const char *path, vo_error *err) {
    const bool json = format == VO_EXPORT_JSON;
    out o;
    o.st = begin(&o, "", format, path, err);
    if (o.st == VO_OK) say(&o, json ? "[" : "start,column,old,new,rule,done,line,source\n");
    for (size_t i = 0; i < n && o.st == VO_OK; i++) {
        if (json && i) say(&o, ",\n ");
        put_change(&o, &change[i], json);
    }
    if (json) say(&o, "]\n");
    return finish(&o);
}
