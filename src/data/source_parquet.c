/* source_parquet.c -- see source_parquet.h. Column types come from the file; each value is cast
 * to a double and each time to microseconds in the query, so that one loop reads every file. */
#include "data/source_parquet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/clash.h"
#include "data/kind.h"
#include "data/lake_duckdb.h"
#include "data/mapping.h"
#include "data/node_column.h"
#include "data/source_csv.h"
#include "data/stamp.h"
#include "data/table.h"

#define MAX_SQL 32768
#define MAX_FIELDS 1024u
#define NONE SIZE_MAX

enum type { NUMBER, WHOLE, WALL, INSTANT, TEXT, OTHER };

typedef struct {
    char name[VO_COLUMN_NAME];
    enum type type;
} field;

typedef struct {
    const char *path;
    const vo_source_options *o;
    vo_node_finder *finder; /* during the look for a column of nodes */
    const char *only_node;
    vo_readings_set *set;
    vo_duck *duck;
    char *sql;
    field *field;
    size_t n_fields, time_at, period_at, node_at, process_at, price_at;
    size_t n_columns;
    size_t at[VO_SERIES_MAX_COLUMNS];
    const char *column[VO_SERIES_MAX_COLUMNS];
    double factor[VO_SERIES_MAX_COLUMNS], offset[VO_SERIES_MAX_COLUMNS];
    vo_stamp_reader stamp;
    vo_zone *zone; /* of local days */
    vo_period_day day;
    vo_day_hours hours; /* what period_at has, if it is the time of day */
    vo_day_hours_seen seen;
    bool only_dates;
    vo_source_options own; /* with what the file itself says */
    uint32_t row;
    bool ours; /* start, dt_h, ..., zone, currency, unit: a lake's part, or of export.c */
    char zone_said[64], currency_said[16], unit_said[16];
    double step_h; /* of a file of ours, if it is one for all rows */
    bool back;     /* a row of a node was not later than the one before */
    vo_readings *node;
} reader;

bool vo_source_parquet_is(const char *data, size_t len) {
    return len >= 8 && memcmp(data, "PAR1", 4) == 0;
}

/* ---- columns ---------------------------------------------------------------------------- */

static enum type type_of(const char *t, size_t len) {
    static const char *const whole[] = {"BIGINT", "INTEGER", "UBIGINT", "UINTEGER"};
    static const char *const number[] = {"DOUBLE",   "FLOAT",    "DECIMAL",   "TINYINT",
                                         "SMALLINT", "UTINYINT", "USMALLINT", "HUGEINT"};
    if (memchr(t, '[', len)) return OTHER; /* a list */
    if (vo_text_begins(t, len, "TIMESTAMP WITH TIME ZONE")) return INSTANT;
    if (vo_text_begins(t, len, "TIMESTAMP") || vo_text_begins(t, len, "DATE")) return WALL;
    if (vo_text_begins(t, len, "VARCHAR")) return TEXT;
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        if (vo_text_begins(t, len, whole[i])) return WHOLE;
    for (size_t i = 0; i < sizeof number / sizeof number[0]; i++)
        if (vo_text_begins(t, len, number[i])) return NUMBER;
    return OTHER;
}

static vo_status take_field(void *ctx, const vo_duck_rows *rows, vo_error *err) {
    reader *r = ctx;
    for (size_t i = 0; i < rows->rows; i++) {
        if (r->n_fields == MAX_FIELDS)
            return vo_fail(err, VO_EINVAL, "%s has more than %u columns", r->path, MAX_FIELDS);
        size_t len = 0;
        const char *name = vo_duck_text(&rows->column[0], i, &len);
        field *f = &r->field[r->n_fields];
        if (len == 0 || len >= sizeof f->name) continue; /* cannot be named: left out */
        memcpy(f->name, name, len);
        const char *type = vo_duck_text(&rows->column[1], i, &len);
        f->type = type_of(type, len);
        r->n_fields++;
    }
    return VO_OK;
}

static vo_status named_field(const reader *r, const char *what, const char *name, size_t *at,
                             vo_error *err) {
    *at = NONE;
    if (!name) return VO_OK;
    for (size_t i = 0; i < r->n_fields; i++)
        if (vo_text_same(r->field[i].name, name)) *at = i;
    if (*at != NONE) return VO_OK;
    char names[300];
    vo_text list = vo_text_over(names, sizeof names);
    for (size_t i = 0; i < r->n_fields; i++)
        vo_text_append(&list, "%s%s", i ? ", " : "", r->field[i].name);
    return vo_fail(err, VO_EINVAL, "%s: no column \"%s\" for the %s; it has: %s", r->path, name,
                   what, names);
}

static bool is_number(const field *f) { return f->type == NUMBER || f->type == WHOLE; }

static bool is_value(const reader *r, size_t i) {
    return is_number(&r->field[i]) && !(r->ours && strcmp(r->field[i].name, "dt_h") == 0);
}

static void guess(reader *r) {
    int best_time = 0, best_price = -1;
    const bool find_time = r->time_at == NONE, find_price = r->price_at == NONE;
    for (size_t i = 0; i < r->n_fields; i++) {
        const field *f = &r->field[i];
        const int name = vo_column_time_score(f->name);
        const bool stamp = f->type == INSTANT || f->type == WALL;
        const int time = stamp ? 200 + name : f->type == TEXT || f->type == WHOLE ? name : 0;
        if (find_time && time > best_time) best_time = time, r->time_at = i;
    }
    for (size_t i = 0; i < r->n_fields; i++) {
        const int price = vo_column_price_score(r->field[i].name);
        if (find_price && is_value(r, i) && i != r->time_at && i != r->node_at &&
            i != r->period_at && price > best_price)
            best_price = price, r->price_at = i;
    }
}

static vo_status check_time(const reader *r, vo_error *err) {
    if (r->o->rows_in_order) return VO_OK;
    if (r->time_at == NONE)
        return vo_fail(err, VO_EINVAL, "%s has no time column; name it: time_column = \"NAME\"",
                       r->path);
    const enum type type = r->field[r->time_at].type;
    if (type == NUMBER || type == OTHER)
        return vo_fail(err, VO_EINVAL,
                       "%s: column \"%s\" is no time; name another: time_column = \"NAME\"",
                       r->path, r->field[r->time_at].name);
    return VO_OK;
}

static vo_status need_number(const reader *r, size_t at, vo_error *err) {
    if (at != NONE && is_number(&r->field[at])) return VO_OK;
    return vo_fail(err, VO_EINVAL,
                   "%s has no numeric column that could be the price; name it: price_column = "
                   "\"NAME\"",
                   r->path);
}

static vo_status choose(reader *r, vo_error *err) {
    const vo_source_options *o = r->o;
    vo_status st = vo_table_check(o, err);
    if (st == VO_OK) st = named_field(r, "time", o->time_column, &r->time_at, err);
    if (st == VO_OK) st = named_field(r, "period", o->period_column, &r->period_at, err);
    if (st == VO_OK) st = named_field(r, "node", o->node_column, &r->node_at, err);
    if (st == VO_OK && o->n_columns)
        st = named_field(r, o->column[0].name, o->column[0].column, &r->price_at, err);
    else if (st == VO_OK)
        st = named_field(r, "price", o->price_column, &r->price_at, err);
    if (st != VO_OK) return st;
    guess(r);
    if (o->rows_in_order) r->time_at = NONE;
    st = check_time(r, err);
    return st == VO_OK ? need_number(r, r->price_at, err) : st;
}

static void add_value(reader *r, const char *name, size_t at, double factor, double offset) {
    r->at[r->n_columns] = at;
    r->column[r->n_columns] = name;
    r->factor[r->n_columns] = factor * vo_column_price_factor(r->o, name);
    r->offset[r->n_columns++] = offset;
}

static vo_status mapped_values(reader *r, vo_error *err) {
    vo_status st = VO_OK;
    for (size_t k = 0; st == VO_OK && k < r->o->n_columns; k++) {
        const vo_source_column *c = &r->o->column[k];
        size_t at = NONE;
        st = named_field(r, c->name, c->column, &at, err);
        if (st == VO_OK && !is_number(&r->field[at]))
            st = vo_fail(err, VO_EINVAL, "%s: column \"%s\" for the %s is no number", r->path,
                         c->column, c->name);
        if (st == VO_OK) add_value(r, c->name, at, c->factor, c->offset);
    }
    return st;
}

static vo_status choose_values(reader *r, vo_error *err) {
    const bool prices = vo_kind_is_prices(r->o->kind);
    if (r->o->n_columns) return mapped_values(r, err);
    add_value(r, prices ? "price" : r->field[r->price_at].name, r->price_at, 1, 0);
    for (size_t i = 0; i < r->n_fields; i++) {
        if (!is_value(r, i) || i == r->time_at || i == r->price_at || i == r->node_at ||
            i == r->process_at || i == r->period_at)
            continue;
        if (vo_text_same(r->field[i].name, "price")) continue; /* another was asked for */
        if (r->n_columns == VO_SERIES_MAX_COLUMNS)
            return vo_fail(err, VO_EINVAL,
                           "%s has more than %d numeric columns; name those you need in a "
                           "mapping",
                           r->path, VO_SERIES_MAX_COLUMNS);
        add_value(r, r->field[i].name, i, 1, 0);
    }
    return VO_OK;
}

/* ---- rows ------------------------------------------------------------------------- */

/* Seconds, milliseconds, microseconds or nanoseconds, told by size: all of 1973..5138. */
static int64_t whole_to_seconds(int64_t v) {
    const int64_t size = v < 0 ? -(v + 1) : v;
    if (size >= INT64_C(100000000000000000)) return v / 1000000000;
    if (size >= INT64_C(100000000000000)) return v / 1000000;
    if (size >= INT64_C(100000000000)) return v / 1000;
    return v;
}

/* Columns 0 and 2: the date and the period, both as text. */
static vo_status period_start(reader *r, const vo_duck_rows *rows, size_t i, int64_t *start_s,
                              uint8_t *flag, vo_error *err) {
    vo_csv_field date = {"", 0}, period = {"", 0};
    vo_error why = {0};
    if (vo_duck_has(&rows->column[0], i))
        date.text = vo_duck_text(&rows->column[0], i, &date.len);
    if (vo_duck_has(&rows->column[2], i))
        period.text = vo_duck_text(&rows->column[2], i, &period.len);
    const vo_status st =
        r->hours.kind ? vo_day_hours_start(&r->hours, &r->stamp, &r->day, r->o, date, period,
                                           r->node->last_s, start_s, flag, &why)
                      : vo_period_start(&r->day, r->zone, r->o, date, period, start_s, &why);
    if (st == VO_OK) return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s row %u, column \"%s\": %.300s", r->path, r->row,
                   r->field[r->period_at].name, why.msg);
}

static vo_status text_start(reader *r, const vo_duck_column *c, size_t i, int64_t *start_s,
                            uint8_t *flag, vo_error *err) {
    size_t len = 0;
    vo_error why = {0};
    const char *text = vo_duck_text(c, i, &len);
    if (vo_stamp_read(&r->stamp, text, len, r->node->last_s, start_s, flag, &why) == VO_OK)
        return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s row %u, column \"%s\": %.300s", r->path, r->row,
                   r->field[r->time_at].name, why.msg);
}

static vo_status row_start(reader *r, const vo_duck_rows *rows, size_t i, int64_t *start_s,
                           uint8_t *flag, vo_error *err) {
    const vo_duck_column *c = &rows->column[0];
    *flag = 0;
    if (r->time_at == NONE) {
        const double step_s = r->o->interval_minutes * 60;
        *start_s = r->o->start_utc_s + (int64_t)llround((double)r->node->added * step_s);
        return VO_OK;
    }
    if (r->period_at != NONE) return period_start(r, rows, i, start_s, flag, err);
    if (!vo_duck_has(c, i))
        return vo_fail(err, VO_EINVAL, "%s row %u: no time; leave the row out", r->path,
                       r->row);
    switch (r->field[r->time_at].type) {
    case INSTANT:
        *start_s = c->integer[i] / 1000000;
        return VO_OK;
    case WALL:
        *start_s = vo_stamp_wall(&r->stamp, c->integer[i] / 1000000, r->node->last_s, flag);
        return VO_OK;
    case TEXT:
        return text_start(r, c, i, start_s, flag, err);
    case WHOLE:
    case NUMBER:
    case OTHER:
        break;
    }
    *start_s = whole_to_seconds(c->integer[i]);
    return VO_OK;
}

static vo_status row_node(reader *r, const vo_duck_rows *rows, size_t i, vo_error *err) {
    const vo_source_options *o = r->o;
    char name[VO_NODE_NAME] = "";
    if (r->node_at == NONE) {
        if (r->node) return VO_OK;
        snprintf(name, sizeof name, "%s", o->node ? o->node : "");
    } else {
        size_t len = 0;
        const char *text =
            vo_duck_has(&rows->column[1], i) ? vo_duck_text(&rows->column[1], i, &len) : "";
        if (len >= sizeof name)
            return vo_fail(err, VO_EINVAL, "%s row %u: a node's name of %zu bytes; at most %d",
                           r->path, r->row, len, VO_NODE_NAME - 1);
        memcpy(name, text, len);
        name[len] = '\0';
        if (r->node && strcmp(r->node->node, name) == 0) return VO_OK;
        r->node = NULL;
        if (r->only_node && !vo_readings_same_node(r->only_node, name)) return VO_OK;
    }
    const vo_status st =
        vo_readings_set_node(r->set, o->market ? o->market : "", o->process ? o->process : "",
                             name, r->column, r->n_columns, &r->node, err);
    if (st == VO_OK)
        snprintf(r->node->price_name, sizeof r->node->price_name, "%s",
                 r->field[r->price_at].name);
    return st;
}

/* Columns of the query: time, node or '', the period if there is one, then the values. */
static vo_status take_rows(void *ctx, const vo_duck_rows *rows, vo_error *err) {
    reader *r = ctx;
    double value[VO_SERIES_MAX_COLUMNS];
    const size_t first = r->period_at != NONE ? 3 : 2;
    for (size_t i = 0; i < rows->rows; i++) {
        r->row++;
        vo_status st = row_node(r, rows, i, err);
        if (st != VO_OK) return st;
        if (!r->node) continue;
        int64_t start_s = 0;
        uint8_t flag = 0;
        if ((st = row_start(r, rows, i, &start_s, &flag, err)) != VO_OK) return st;
        for (size_t c = 0; c < r->n_columns; c++) {
            const vo_duck_column *v = &rows->column[first + c];
            value[c] =
                vo_duck_has(v, i) ? r->factor[c] * v->number[i] + r->offset[c] : (double)NAN;
        }
        r->back |= start_s <= r->node->last_s;
        st = vo_readings_add(r->set, r->node, start_s, r->row, flag, value, err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

static vo_text from_file(reader *r, const char *select) {
    vo_text sql = vo_text_over(r->sql, MAX_SQL);
    vo_text_append(&sql, "%s", select);
    return sql;
}

static void put_file(vo_text *sql, const reader *r) {
    vo_text_append(sql, " FROM read_parquet(");
    vo_duck_literal(sql, r->path);
    vo_text_append(sql, ", hive_partitioning=false)");
}

static vo_status run(reader *r, const vo_text *sql, vo_duck_take take, vo_error *err) {
    if (sql->cut) return vo_fail(err, VO_EINVAL, "%s has too many columns", r->path);
    return vo_duck_query(r->duck, r->sql, take, r, err);
}

static void put_as_text(vo_text *sql, const reader *r, size_t at) {
    vo_text_append(sql, "CAST(");
    vo_duck_name(sql, r->field[at].name);
    vo_text_append(sql, " AS VARCHAR)");
}

static void put_time(vo_text *sql, const reader *r) {
    if (r->time_at == NONE) {
        vo_text_append(sql, "0");
        return;
    }
    if (r->period_at != NONE) {
        put_as_text(sql, r, r->time_at);
        return;
    }
    const field *time = &r->field[r->time_at];
    const char *wrap[][2] = {[NUMBER] = {"", ""},
                             [WHOLE] = {"CAST(", " AS BIGINT)"},
                             [WALL] = {"epoch_us(CAST(", " AS TIMESTAMP))"},
                             [INSTANT] = {"epoch_us(", ")"},
                             [TEXT] = {"", ""},
                             [OTHER] = {"", ""}};
    vo_text_append(sql, "%s", wrap[time->type][0]);
    vo_duck_name(sql, time->name);
    vo_text_append(sql, "%s", wrap[time->type][1]);
}

static void put_columns(vo_text *sql, const reader *r) {
    put_time(sql, r);
    vo_text_append(sql, ", ");
    if (r->node_at == NONE)
        vo_text_append(sql, "''");
    else
        put_as_text(sql, r, r->node_at);
    if (r->period_at != NONE) {
        vo_text_append(sql, ", ");
        put_as_text(sql, r, r->period_at);
    }
    for (size_t c = 0; c < r->n_columns; c++) {
        vo_text_append(sql, ", CAST(");
        vo_duck_name(sql, r->field[r->at[c]].name);
        vo_text_append(sql, " AS DOUBLE)");
    }
}

/* ---- several series in one file ---------------------------------------------------------- */

static vo_csv_field text_of(const vo_duck_column *c, size_t i) {
    vo_csv_field x = {"", 0};
    if (vo_duck_has(c, i)) x.text = vo_duck_text(c, i, &x.len);
    return x;
}

/* Columns of the query: time and node as text, then the candidates. */
static vo_status take_candidates(void *ctx, const vo_duck_rows *rows, vo_error *err) {
    const reader *r = ctx;
    for (size_t i = 0; i < rows->rows; i++) {
        vo_csv_field value[VO_NODE_CANDIDATES];
        const vo_csv_field node = text_of(&rows->column[1], i);
        char name[VO_NODE_NAME] = "";
        if (node.len < sizeof name) memcpy(name, node.text, node.len);
        if (r->only_node && r->node_at != NONE && !vo_readings_same_node(r->only_node, name))
            continue;
        for (size_t c = 0; c < vo_node_finder_count(r->finder); c++)
            value[c] = text_of(&rows->column[2 + c], i);
        const vo_status st =
            vo_node_finder_row(r->finder, text_of(&rows->column[0], i), node, value, err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

static vo_status find_apart(reader *r, vo_error *err) {
    vo_status st = vo_node_finder_create(&r->finder, err);
    for (size_t i = 0; st == VO_OK && i < r->n_fields; i++) {
        const field *f = &r->field[i];
        const bool named = vo_node_name_of(f->name) != VO_NODE_NAME_NONE;
        if (i != r->time_at && i != r->price_at && i != r->node_at && i != r->period_at &&
            (f->type == TEXT || (f->type == WHOLE && named)))
            vo_node_finder_add(r->finder, f->name, f->type == WHOLE, i);
    }
    if (st != VO_OK || vo_node_finder_count(r->finder) == 0 || r->time_at == NONE) return st;
    vo_text sql = from_file(r, "SELECT ");
    put_as_text(&sql, r, r->time_at);
    if (r->period_at != NONE) {
        vo_text_append(&sql, " || ' ' || ");
        put_as_text(&sql, r, r->period_at);
    }
    vo_text_append(&sql, ", ");
    if (r->node_at == NONE)
        vo_text_append(&sql, "''");
    else
        put_as_text(&sql, r, r->node_at);
    for (size_t c = 0; c < vo_node_finder_count(r->finder); c++) {
        vo_text_append(&sql, ", ");
        put_as_text(&sql, r, vo_node_finder_id(r->finder, c));
    }
    put_file(&sql, r);
    return run(r, &sql, take_candidates, err);
}

/* The column of nodes if nobody named one, then what still tells rows of one time apart. In a
 * mapped file `node` and `process` are names to give, not to look for. */
static vo_status find_node_columns(reader *r, vo_error *err) {
    vo_source_options o = *r->o;
    vo_status st = VO_OK;
    r->only_node = o.only_node;
    r->process_at = NONE;
    if (o.n_columns) o.node = o.process = NULL;
    if (r->node_at == NONE) {
        st = find_apart(r, err);
        if (st == VO_OK)
            st = vo_node_choose(r->finder, r->path, &o, &r->node_at, &r->only_node, err);
        vo_node_finder_free(r->finder);
        r->finder = NULL;
    }
    if (st != VO_OK || r->node_at == NONE) return st;
    st = find_apart(r, err);
    if (st == VO_OK) st = vo_node_choose_process(r->finder, r->path, &o, &r->process_at, err);
    vo_node_finder_free(r->finder);
    r->finder = NULL;
    return st;
}

/* The embedded mapping that knows these columns; *into are the options to read with. */
static vo_status recognise(const reader *r, vo_source_options *into, vo_mapping **m,
                           vo_error *err) {
    const char **names = calloc(r->n_fields + 1, sizeof *names);
    if (!names) return vo_fail(err, VO_ENOMEM, "%s: no memory for its columns", r->path);
    for (size_t i = 0; i < r->n_fields; i++) names[i] = r->field[i].name;
    const vo_status st = vo_mapping_recognise(names, r->n_fields, r->o, m, err);
    if (*m) *into = vo_mapping_options(*m, r->o);
    free(names);
    return st;
}

/* Rows of one time: what may tell them apart is every column but the time and the price. */
static vo_status check_clash(const reader *r, vo_error *err) {
    vo_clash c;
    char names[300] = "";
    const char *first = NULL;
    vo_text list = vo_text_over(names, sizeof names);
    const vo_status st = vo_clash_look(r->set, &c, err);
    if (st != VO_OK || !vo_clash_is_layout(&c)) return st;
    for (size_t i = 0; i < r->n_fields; i++) {
        if (i == r->time_at || i == r->price_at || i == r->node_at) continue;
        vo_text_append(&list, "%s\"%s\"", first ? " or " : "", r->field[i].name);
        if (!first) first = r->field[i].name;
    }
    return vo_table_refuse_clash(r->path, "rows", &c, names, first, err);
}

/* Columns: the date and what may be the time of day, as text. */
static vo_status look_for_hours(void *ctx, const vo_duck_rows *rows, vo_error *err) {
    reader *r = ctx;
    int64_t days = 0;
    (void)err;
    for (size_t i = 0; i < rows->rows && r->only_dates; i++) {
        r->only_dates =
            vo_day_hours_is_date(text_of(&rows->column[0], i), r->o->date_order, &days);
        if (r->only_dates)
            vo_day_hours_look(&r->seen, r->stamp.zone, days, text_of(&rows->column[1], i));
    }
    return VO_OK;
}

/* The time of day in a column of its own, and periods that begin with 0. */
static vo_status find_hours(reader *r, vo_error *err) {
    const bool given = r->period_at != NONE;
    if (r->time_at == NONE || (given && r->o->mapping_name)) return VO_OK;
    for (size_t i = 0; i < r->n_fields; i++) {
        const char *name = r->field[i].name;
        if (given ? i != r->period_at
                  : vo_day_hours_score(name) == 0 || i == r->time_at || i == r->node_at)
            continue;
        vo_text sql = from_file(r, "SELECT ");
        put_as_text(&sql, r, r->time_at);
        vo_text_append(&sql, ", ");
        put_as_text(&sql, r, i);
        put_file(&sql, r);
        r->seen = (vo_day_hours_seen){0};
        r->only_dates = true;
        const vo_status st = run(r, &sql, look_for_hours, err);
        if (st != VO_OK || !r->only_dates) return st;
        r->day.from_zero = given && r->seen.lo == 0 && r->seen.rows > 1;
        const vo_day_hours h = vo_day_hours_decide(&r->seen, name);
        if (given || h.kind == VO_HOURS_NONE) continue;
        r->period_at = i;
        r->hours = h;
        vo_day_hours_take(&h, r->field[r->time_at].name, name, &r->own, r->set);
        if (r->price_at != i) return VO_OK;
        r->price_at = NONE; /* it was guessed before */
        guess(r);
        return need_number(r, r->price_at, err);
    }
    return VO_OK;
}

static vo_status read_rows(reader *r, vo_error *err) {
    const size_t before = r->set->rows;
    vo_status st = choose(r, err);
    if (st == VO_OK && r->o->zone) st = vo_zone_open(r->o->zone, &r->zone, err);
    if (st == VO_OK && !r->o->days_of_24 &&
        !(r->time_at != NONE && vo_column_says_utc(r->field[r->time_at].name)))
        r->stamp.zone = r->zone;
    if (st == VO_OK) st = find_hours(r, err);
    if (st == VO_OK) st = find_node_columns(r, err);
    if (st == VO_OK) st = choose_values(r, err);
    if (st != VO_OK) return st;
    vo_text sql = from_file(r, "SELECT ");
    put_columns(&sql, r);
    put_file(&sql, r);
    if (r->process_at != NONE) {
        vo_text_append(&sql, " WHERE ");
        put_as_text(&sql, r, r->process_at);
        vo_text_append(&sql, " = ");
        vo_duck_literal(&sql, r->o->only_process ? r->o->only_process : r->o->process);
    }
    if ((st = run(r, &sql, take_rows, err)) != VO_OK) return st;
    if (r->set->rows == before)
        return vo_fail(err, VO_ENOTFOUND, "%s has no rows%s", r->path,
                       r->o->only_node ? " of the node asked for" : "");
    if (r->back && before == 0 && (st = check_clash(r, err)) != VO_OK) return st;
    vo_table_name_zone(r->o, &r->stamp, r->set);
    vo_source_finish(r->path, r->o, r->set);
    return VO_OK;
}

/* ---- files of our own --------------------------------------------------------------------
 */

static bool is_ours(const reader *r) {
    static const struct {
        const char *name;
        enum type type;
    } own[] = {{"start", INSTANT},
               {"dt_h", NUMBER},
               {"zone", TEXT},
               {"currency", TEXT},
               {"unit", TEXT}};
    size_t found = 0;
    for (size_t k = 0; k < sizeof own / sizeof own[0]; k++)
        for (size_t i = 0; i < r->n_fields; i++)
            found +=
                strcmp(r->field[i].name, own[k].name) == 0 && r->field[i].type == own[k].type;
    return found == sizeof own / sizeof own[0];
}

static void take_text(const vo_duck_rows *rows, size_t column, char *to, size_t size) {
    const vo_csv_field least = text_of(&rows->column[column], 0);
    const vo_csv_field most = text_of(&rows->column[column + 1], 0);
    if (least.len == most.len && least.len < size && least.len > 0 &&
        memcmp(least.text, most.text, least.len) == 0) {
        memcpy(to, least.text, least.len);
        to[least.len] = '\0';
    }
}

static vo_status take_said(void *ctx, const vo_duck_rows *rows, vo_error *err) {
    reader *r = ctx;
    (void)err;
    if (rows->rows == 0) return VO_OK;
    take_text(rows, 0, r->zone_said, sizeof r->zone_said);
    take_text(rows, 2, r->currency_said, sizeof r->currency_said);
    take_text(rows, 4, r->unit_said, sizeof r->unit_said);
    const vo_duck_column *h = &rows->column[6];
    if (vo_duck_has(h, 0) && vo_duck_has(h + 1, 0) && !(h[0].number[0] < h[1].number[0]))
        r->step_h = h[0].number[0];
    return VO_OK;
}

/* What is given counts more than what the file says of itself. */
static vo_status read_said(reader *r, vo_source_options *o, vo_error *err) {
    r->ours = o->n_columns == 0 && is_ours(r);
    if (!r->ours) return VO_OK;
    vo_text sql = from_file(r, "SELECT min(zone), max(zone), min(currency), max(currency), "
                               "min(unit), max(unit), min(CAST(dt_h AS DOUBLE)), "
                               "max(CAST(dt_h AS DOUBLE))");
    put_file(&sql, r);
    const vo_status st = run(r, &sql, take_said, err);
    if (!o->time_column) o->time_column = "start";
    if (!o->zone && r->zone_said[0]) o->zone = r->zone_said;
    if (!o->currency && r->currency_said[0]) o->currency = r->currency_said;
    if (!o->unit && r->unit_said[0]) o->unit = r->unit_said;
    if (!(o->interval_minutes > 0) && r->step_h > 0) o->interval_minutes = r->step_h * 60;
    return st;
}

static vo_status read_all(reader *r, vo_error *err) {
    vo_source_options mapped = *r->o;
    vo_mapping *m = NULL;
    if (strpbrk(r->path, "*?[]"))
        return vo_fail(err, VO_EINVAL, "\"%s\" has wildcard characters; rename the file",
                       r->path);
    vo_text sql = from_file(r, "SELECT column_name, column_type FROM (DESCRIBE SELECT *");
    put_file(&sql, r);
    vo_text_append(&sql, ")");
    vo_status st = run(r, &sql, take_field, err);
    if (st == VO_OK) st = recognise(r, &mapped, &m, err);
    if (st == VO_OK) st = read_said(r, &mapped, err);
    r->own = mapped;
    r->o = &r->own;
    r->stamp.order = mapped.date_order;
    if (st == VO_OK) st = read_rows(r, err);
    vo_mapping_free(m);
    return st;
}

vo_status vo_source_parquet_read(const char *path, const vo_source_options *o,
                                 vo_readings_set *set, vo_error *err) {
    reader r = {.path = path, .o = o, .set = set};
    vo_status st = VO_OK;
    r.sql = malloc(MAX_SQL);
    r.field = calloc(MAX_FIELDS, sizeof *r.field);
    if (!r.sql || !r.field) st = vo_fail(err, VO_ENOMEM, "%s: no memory to read it", path);
    if (st == VO_OK) st = vo_duck_open(&r.duck, err);
    if (st == VO_OK) st = read_all(&r, err);
    vo_duck_close(r.duck);
    vo_zone_close(r.zone);
    vo_node_finder_free(r.finder);
    free(r.field);
    free(r.sql);
    return st;
}
