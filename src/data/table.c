/* table.c -- see table.h. The header and the first row decide what each column is; then rows
 * stream through. Where nobody named a column of nodes, a finder watches them (node_column.h).
 */
#include "data/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/clash.h"
#include "data/day_hours.h"
#include "data/kind.h"
#include "data/letters.h"
#include "data/node_column.h"
#include "data/stamp.h"

#define NONE SIZE_MAX
#define HOURS 4u        /* columns that may have the time of day */
#define SOME_ROWS 4096u /* enough to see what a column is */

typedef struct {
    const char *name; /* of the result */
    size_t at;
    double factor, offset;
} value_column;

typedef struct {
    const vo_table *t;
    const vo_source_options *o; /* the caller's, then `own` */
    vo_source_options own;      /* with what the table itself says */
    vo_readings_set *set;
    vo_stamp_reader stamp;
    vo_zone *zone;       /* of local days, also where stamps need none */
    vo_csv_field *first; /* cells of the first row, copied */
    char *first_text;
    bool has_first;
    uint32_t first_line;
    size_t time_at, period_at, node_at, process_at;
    size_t number_at;       /* a column that numbers the rows */
    vo_day_hours hours;     /* what period_at has, if it is the time of day */
    bool per_kwh;           /* the header says so */
    bool from_1252;         /* a node's name was */
    bool back;              /* a row of a node was not later than the one before */
    const char *only_node;  /* rows of other nodes are left out; NULL: none are */
    vo_node_finder *finder; /* during the look for a column of nodes */
    bool watch;             /* the look goes on while rows are read, for a refusal at the end */
    size_t n_columns;
    value_column column[VO_SERIES_MAX_COLUMNS];
    vo_period_day day;
    vo_readings *node;
    char node_name[VO_NODE_NAME];
} reader;

/* ---- names -------------------------------------------------------------------- */

static bool contains(const char *text, const char *word) {
    return vo_text_has(text, strlen(text), word);
}

int vo_column_time_score(const char *name) {
    static const char *const exact[] = {
        "timestamp",          "datetime",       "date_time", "time", "utc",
        "interval_start_utc", "interval_start", "start",     "date", "ts",
        "delivery_start",     "fecha"};
    static const char *const part[] = {"utc",  "timestamp",      "datetime",     "time",
                                       "date", "interval_start", "interval_end", "local"};
    for (int i = 0; i < (int)(sizeof exact / sizeof exact[0]); i++)
        if (vo_text_same(name, exact[i])) return 100 - i;
    static const char *const unix_time[] = {"t", "epoch", "unix"}; /* if it has such values */
    for (int i = 0; i < (int)(sizeof part / sizeof part[0]); i++)
        if (contains(name, part[i])) return 50 - i;
    for (int i = 0; i < (int)(sizeof unix_time / sizeof unix_time[0]); i++)
        if (vo_text_same(name, unix_time[i])) return 30 - i;
    return 0;
}

int vo_column_price_score(const char *name) {
    static const char *const part[] = {"price", "precio", "pml",   "lmp",
                                       "rrp",   "rate",   "tariff"};
    if (vo_text_same(name, "price")) return 100;
    for (int i = 0; i < (int)(sizeof part / sizeof part[0]); i++)
        if (contains(name, part[i])) return 50 - i;
    if (contains(name, "/kwh") || contains(name, "/mwh")) return 40;
    return 0;
}

bool vo_column_says_per_kwh(const char *name) {
    return contains(name, "/kwh") || contains(name, "per kwh") || contains(name, "per_kwh") ||
           (contains(name, "kwh") && vo_column_price_score(name) > 0);
}

bool vo_column_says_utc(const char *name) {
    return contains(name, "utc") || contains(name, "gmt");
}

double vo_column_price_factor(const vo_source_options *o, const char *name) {
    static const char *const price[] = {"price", "energy", "loss", "congestion"};
    if (o->price_factor > 0 && vo_kind_is_prices(o->kind))
        for (size_t i = 0; i < sizeof price / sizeof price[0]; i++)
            if (vo_text_same(name, price[i])) return o->price_factor;
    return 1;
}

/* ---- what the columns are ------------------------------------------------------ */

static bool is_number(const reader *r, size_t i) {
    double v;
    return vo_number_parse(r->first[i].text, r->first[i].len, r->t->decimal_comma, &v);
}

static bool is_stamp(const reader *r, size_t i) {
    return vo_stamp_is(r->first[i].text, r->first[i].len, r->o->date_order);
}

/* Index of a column asked for by name; NONE if none was. */
static vo_status named_column(const reader *r, const char *what, const char *name, size_t *at,
                              vo_error *err) {
    *at = NONE;
    if (!name) return VO_OK;
    for (size_t i = 0; i < r->t->n_columns && *at == NONE; i++)
        if (vo_text_same(r->t->column[i], name)) *at = i;
    if (*at != NONE) return VO_OK;
    char names[300];
    vo_text list = vo_text_over(names, sizeof names);
    vo_text_append_names(&list, r->t->column, r->t->n_columns);
    return vo_fail(err, VO_EINVAL, "%s: no column \"%s\" for the %s; it has: %s", r->t->name,
                   name, what, names);
}

/* Best-named column, one whose first value is a stamp before one whose first value is not. */
static size_t guess_time(const reader *r) {
    size_t best = NONE;
    int best_score = 0;
    for (size_t i = 0; i < r->t->n_columns; i++) {
        const int name = vo_column_time_score(r->t->column[i]);
        const bool number = is_number(r, i);
        const bool stamp = is_stamp(r, i) && (name > 0 || !number);
        if (!stamp && name < 50 && number) continue;
        const int score = name + (stamp ? 200 : 0);
        if (score > best_score) best_score = score, best = i;
    }
    return best;
}

static bool is_value(const reader *r, size_t i) {
    return i != r->time_at && i != r->period_at && i != r->node_at && i != r->process_at &&
           i != r->number_at &&
           (is_number(r, i) || vo_number_is_missing(r->first[i].text, r->first[i].len));
}

/* The column most like a price; of other kinds the first with numbers. */
static size_t guess_main(const reader *r) {
    size_t best = NONE;
    int best_score = -1;
    for (size_t i = 0; i < r->t->n_columns; i++) {
        const int score =
            vo_kind_is_prices(r->o->kind) ? vo_column_price_score(r->t->column[i]) : 0;
        const bool wanted = is_value(r, i) || (score == 100 && i != r->time_at);
        if (wanted && score > best_score) best_score = score, best = i;
    }
    return best;
}

static vo_status add_column(reader *r, const value_column *column, vo_error *err) {
    if (r->n_columns == VO_SERIES_MAX_COLUMNS)
        return vo_fail(err, VO_EINVAL,
                       "%s has more than %d numeric columns; leave some out, or name those "
                       "you need in a mapping",
                       r->t->name, VO_SERIES_MAX_COLUMNS);
    for (size_t c = 0; c < r->n_columns; c++)
        if (vo_text_same(r->column[c].name, column->name))
            return vo_fail(err, VO_EINVAL, "%s: two columns are called \"%s\"; rename one",
                           r->t->name, column->name);
    r->column[r->n_columns] = *column;
    r->column[r->n_columns++].factor *= vo_column_price_factor(r->o, column->name);
    return VO_OK;
}

/* The main column and every other one of numbers. */
static vo_status guessed_values(reader *r, size_t main_at, vo_error *err) {
    const char *name = vo_kind_is_prices(r->o->kind) ? "price" : r->t->column[main_at];
    vo_status st = add_column(r, &(value_column){name, main_at, 1, 0}, err);
    for (size_t i = 0; st == VO_OK && i < r->t->n_columns; i++)
        if (i != main_at && is_value(r, i))
            st = add_column(r, &(value_column){r->t->column[i], i, 1, 0}, err);
    return st;
}

static vo_status mapped_values(reader *r, vo_error *err) {
    vo_status st = VO_OK;
    for (size_t k = 0; st == VO_OK && k < r->o->n_columns; k++) {
        const vo_source_column *c = &r->o->column[k];
        size_t at = NONE;
        st = named_column(r, c->name, c->column, &at, err);
        if (st == VO_OK)
            st = add_column(r, &(value_column){c->name, at, c->factor, c->offset}, err);
    }
    return st;
}

/* ---- several series in one table ----------------------------------------------- */

/* Text that is no time, or what is called like a node, may tell series apart. */
static void add_candidates(const reader *r, vo_node_finder *f) {
    for (size_t i = 0; i < r->t->n_columns; i++) {
        const vo_csv_field x = r->first[i];
        const bool number = is_number(r, i);
        if (i == r->time_at || i == r->node_at || i == r->period_at ||
            vo_text_same(r->t->column[i], "price"))
            continue;
        if (number ? vo_node_name_of(r->t->column[i]) == VO_NODE_NAME_NONE
                   : vo_number_is_missing(x.text, x.len) || is_stamp(r, i))
            continue;
        vo_node_finder_add(f, r->t->column[i], number, i);
    }
}

/* What must be equal beside the time for two rows to be of one interval: period and node. */
static vo_status take_candidates(void *ctx, const vo_csv_field *cell, uint32_t line,
                                 vo_error *err) {
    const reader *r = ctx;
    (void)line;
    vo_csv_field value[VO_NODE_CANDIDATES], node = {"", 0};
    char name[VO_NODE_NAME] = "", both[VO_NODE_NAME + 96];
    if (r->node_at != NONE) node = cell[r->node_at];
    for (size_t i = 0; i < vo_node_finder_count(r->finder); i++)
        value[i] = cell[vo_node_finder_id(r->finder, i)];
    if (node.len < sizeof name) memcpy(name, node.text, node.len);
    if (r->only_node && r->node_at != NONE && !vo_readings_same_node(r->only_node, name))
        return VO_OK;
    if (r->period_at != NONE) {
        const vo_csv_field p = cell[r->period_at];
        const int n =
            snprintf(both, sizeof both, "%.*s|%.*s", p.len < 40 ? (int)p.len : 40, p.text,
                     node.len < VO_NODE_NAME ? (int)node.len : VO_NODE_NAME, node.text);
        node = (vo_csv_field){both, (size_t)n};
    }
    return vo_node_finder_row(r->finder, cell[r->time_at], node, value, err);
}

/* A finder with the candidates of this table. What somebody asked for by name has to be found
 * before the rows are read; else looking while they are read will do (r->watch). */
static vo_status find_apart(reader *r, bool wanted, vo_error *err) {
    vo_status st = vo_node_finder_create(&r->finder, err);
    if (st != VO_OK) return st;
    add_candidates(r, r->finder);
    if (r->time_at == NONE || vo_node_finder_count(r->finder) == 0) return VO_OK;
    r->watch = !wanted;
    return wanted ? r->t->each(r->t->ctx, take_candidates, r, err) : VO_OK;
}

static void forget_finder(reader *r) {
    vo_node_finder_free(r->finder);
    r->finder = NULL;
}

/* The column of nodes if nobody named one, then what still tells rows of one time apart. In a
 * mapped table `node` and `process` are names to give, not to look for. */
static vo_status find_node_columns(reader *r, vo_error *err) {
    const vo_source_options *o = r->o;
    const bool mapped = o->n_columns > 0;
    vo_status st = VO_OK;
    r->only_node = o->only_node;
    if (r->node_at == NONE) {
        st = find_apart(r, o->only_node || (o->node && !mapped), err);
        if (st != VO_OK || r->watch) return st;
        st = vo_node_choose(r->finder, r->t->name, o, &r->node_at, &r->only_node, err);
        forget_finder(r);
    }
    if (st != VO_OK || r->node_at == NONE) return st;
    st = find_apart(r, o->only_process || (o->process && !mapped), err);
    if (st != VO_OK || r->watch) return st;
    st = vo_node_choose_process(r->finder, r->t->name, o, &r->process_at, err);
    forget_finder(r);
    return st;
}

/* All rows were seen: were they of one series after all? */
static vo_status check_watch(const reader *r, vo_error *err) {
    vo_source_options o = *r->o;
    size_t column = NONE;
    const char *only = NULL;
    if (!r->watch) return VO_OK;
    if (o.n_columns) o.node = o.process = NULL; /* nothing was chosen by them */
    return r->node_at == NONE ? vo_node_choose(r->finder, r->t->name, &o, &column, &only, err)
                              : vo_node_choose_process(r->finder, r->t->name, &o, &column, err);
}

/* ---- all of it, from the first row ----------------------------------------------- */

static vo_status no_time(const reader *r, vo_error *err) {
    vo_error why = {0};
    vo_civil c;
    bool has_offset = false;
    int32_t offset_s = 0;
    for (size_t i = 0; i < r->t->n_columns; i++) {
        const vo_csv_field f = r->first[i];
        if (!vo_stamp_is(f.text, f.len, VO_DATE_DAY_FIRST) &&
            !vo_stamp_is(f.text, f.len, VO_DATE_MONTH_FIRST))
            continue;
        (void)vo_stamp_civil(f.text, f.len, r->o->date_order, &c, &has_offset, &offset_s, &why);
        if (is_number(r, i))
            snprintf(why.msg, sizeof why.msg,
                     "\"%.*s\" may be Unix time; if it is: time_column = \"%s\"",
                     f.len < 20 ? (int)f.len : 20, f.text, r->t->column[i]);
        return vo_fail(err, VO_EINVAL, "%s %s %u, column \"%s\": %.300s", r->t->name,
                       r->t->rows, r->first_line, r->t->column[i], why.msg);
    }
    return vo_fail(err, VO_EINVAL,
                   "%s has no time column; name it: time_column = \"NAME\", or give "
                   "interval_minutes for a file of prices only",
                   r->t->name);
}

static vo_status find_time(reader *r, vo_error *err) {
    const vo_source_options *o = r->o;
    r->time_at = NONE;
    if (o->rows_in_order) return VO_OK;
    vo_status st = named_column(r, "time", o->time_column, &r->time_at, err);
    if (st == VO_OK) st = named_column(r, "period", o->period_column, &r->period_at, err);
    if (st != VO_OK) return st;
    if (r->time_at == NONE) r->time_at = guess_time(r);
    if (r->time_at != NONE && vo_column_says_utc(r->t->column[r->time_at]))
        r->stamp.zone = NULL; /* naive, but it says itself what it is */
    if (r->time_at != NONE || (o->interval_minutes > 0 && !o->period_column)) return VO_OK;
    return no_time(r, err);
}

/* ---- the time of day in a column of its own ------------------------------------------- */

typedef struct {
    const reader *r;
    size_t n, rows, at[HOURS];
    vo_day_hours_seen seen[HOURS];
    bool dates; /* the time column has nothing but dates */
} hours_look;

static vo_status look_for_hours(void *ctx, const vo_csv_field *cell, uint32_t line,
                                vo_error *err) {
    hours_look *k = ctx;
    int64_t days = 0;
    (void)line;
    (void)err;
    k->dates = vo_day_hours_is_date(cell[k->r->time_at], k->r->o->date_order, &days);
    if (!k->dates) return VO_ECANCELED; /* enough is known */
    for (size_t i = 0; i < k->n; i++)
        vo_day_hours_look(&k->seen[i], k->r->stamp.zone, days, cell[k->at[i]]);
    return VO_OK;
}

/* Likeliest names first. */
static void add_hours(hours_look *k, size_t at) {
    const vo_table *t = k->r->t;
    const int score = vo_day_hours_score(t->column[at]);
    size_t i = k->n;
    if (score == 0 || k->n == HOURS) return;
    for (; i > 0 && vo_day_hours_score(t->column[k->at[i - 1]]) < score; i--)
        k->at[i] = k->at[i - 1];
    k->at[i] = at;
    k->n++;
}

/* All rows are gone through, but only of tables with dates and a column that may go with them.
 */
static vo_status find_hours(reader *r, vo_error *err) {
    hours_look k = {.r = r};
    int64_t days = 0;
    if (r->time_at == NONE || r->period_at != NONE ||
        !vo_day_hours_is_date(r->first[r->time_at], r->o->date_order, &days))
        return VO_OK;
    for (size_t i = 0; i < r->t->n_columns; i++)
        if (i != r->time_at && i != r->node_at) add_hours(&k, i);
    if (k.n == 0) return VO_OK;
    vo_error why = {0};
    const vo_status st = r->t->each(r->t->ctx, look_for_hours, &k, &why);
    if (st == VO_ECANCELED && !k.dates) return VO_OK;
    if (st != VO_OK) return vo_fail(err, st, "%s", why.msg);
    for (size_t i = 0; i < k.n; i++) {
        const vo_day_hours h = vo_day_hours_decide(&k.seen[i], r->t->column[k.at[i]]);
        if (h.kind == VO_HOURS_NONE) continue;
        r->period_at = k.at[i];
        r->hours = h;
        vo_day_hours_take(&h, r->t->column[r->time_at], r->t->column[k.at[i]], &r->own, r->set);
        break;
    }
    return VO_OK;
}

/* ---- columns of small numbers: periods from 0, and rows counted ------------------------- */

typedef struct {
    size_t at, rows;
    bool zero;    /* there is a 0 */
    bool ordered; /* each is the one before plus 1 */
    int64_t last;
} numbers_look;

static vo_status look_at_numbers(void *ctx, const vo_csv_field *cell, uint32_t line,
                                 vo_error *err) {
    numbers_look *k = ctx;
    const vo_csv_field f = cell[k->at];
    int64_t v = -2;
    (void)line;
    (void)err;
    if (!vo_text_integer(f.text, f.len, &v)) v = -2;
    k->zero = k->zero || v == 0;
    k->ordered = k->rows == 0 ? v == 0 || v == 1 : k->ordered && v == k->last + 1;
    k->last = v;
    return ++k->rows == SOME_ROWS ? VO_ECANCELED : VO_OK;
}

static vo_status look_at_column(const reader *r, size_t at, numbers_look *k, vo_error *err) {
    vo_error why = {0};
    *k = (numbers_look){.at = at};
    const vo_status st = r->t->each(r->t->ctx, look_at_numbers, k, &why);
    if (st == VO_OK || (st == VO_ECANCELED && k->rows == SOME_ROWS)) return VO_OK;
    return vo_fail(err, st, "%s", why.msg);
}

/* Periods that begin with 0. A mapping's begin with 1: it says what its table is. */
static vo_status find_period_base(reader *r, vo_error *err) {
    numbers_look k;
    if (r->period_at == NONE || r->hours.kind || r->o->mapping_name) return VO_OK;
    const vo_status st = look_at_column(r, r->period_at, &k, err);
    r->day.from_zero = st == VO_OK && k.zero && k.rows > 1;
    if (r->day.from_zero) vo_source_say(r->set, "its periods begin with 0");
    return st;
}

/* A first column without a name, or called like an index, that counts the rows. */
static vo_status find_row_numbers(reader *r, vo_error *err) {
    static const char *const name[] = {"column_1", "unnamed: 0", "index", "idx",        "#",
                                       "row",      "no",         "nr",    "row_number", "id"};
    const vo_csv_field f = r->first[0];
    bool likely = false;
    for (size_t i = 0; i < sizeof name / sizeof name[0]; i++)
        likely = likely || vo_text_same(r->t->column[0], name[i]);
    if (!likely || r->o->n_columns || r->t->n_columns < 3 || f.len != 1 ||
        (f.text[0] != '0' && f.text[0] != '1') || r->time_at == 0 || r->node_at == 0 ||
        r->period_at == 0 ||
        (r->o->price_column && vo_text_same(r->o->price_column, r->t->column[0])))
        return VO_OK;
    numbers_look k;
    const vo_status st = look_at_column(r, 0, &k, err);
    if (st == VO_OK && k.ordered && k.rows > 1) r->number_at = 0;
    return st;
}

/* "EUR/kWh" in the header of the price says what prices are per, where nobody else did. */
static void find_unit(reader *r, size_t main_at) {
    const char *name = r->t->column[main_at];
    if (!vo_kind_is_prices(r->o->kind) || r->own.price_factor > 0 || !r->t->named ||
        !vo_column_says_per_kwh(name))
        return;
    r->own.price_factor = 1000;
    vo_source_say(r->set, "\"%s\" is taken as per kWh (times 1000)", name);
}

static vo_status choose_columns(reader *r, vo_error *err) {
    const vo_source_options *o = r->o;
    size_t main_at = NONE;
    r->period_at = r->node_at = r->process_at = r->number_at = NONE;
    vo_status st = find_time(r, err);
    if (st == VO_OK) st = named_column(r, "node", o->node_column, &r->node_at, err);
    if (st == VO_OK) st = find_hours(r, err);
    if (st == VO_OK) st = find_period_base(r, err);
    if (st == VO_OK) st = find_row_numbers(r, err);
    if (st == VO_OK && !o->n_columns)
        st = named_column(r, "price", o->price_column, &main_at, err);
    if (st != VO_OK) return st;
    if (o->n_columns)
        return (st = find_node_columns(r, err)) == VO_OK ? mapped_values(r, err) : st;
    if (main_at == NONE) main_at = guess_main(r);
    if (main_at == NONE || main_at == r->time_at)
        return vo_fail(err, VO_EINVAL,
                       "%s %s %u: no numeric column that could be the %s; "
                       "name it: price_column = \"NAME\", or write \"timestamp,price\"",
                       r->t->name, r->t->rows, r->first_line,
                       vo_kind_is_prices(o->kind) ? "price" : "value");
    if (main_at != NONE) find_unit(r, main_at);
    if ((st = find_node_columns(r, err)) != VO_OK) return st;
    if (main_at == r->node_at || main_at == r->process_at) main_at = guess_main(r);
    if (main_at == NONE)
        return vo_fail(err, VO_EINVAL,
                       "%s has no column of values beside its time and its node", r->t->name);
    return guessed_values(r, main_at, err);
}

/* ---- rows ---------------------------------------------------------------------- */

static vo_status bad_value(const reader *r, size_t c, vo_csv_field f, uint32_t line,
                           const char *what, vo_error *err) {
    return vo_fail(err, VO_EINVAL,
                   "%s %s %u, column \"%s\": \"%.*s\" is %s; leave it empty if there is no "
                   "value",
                   r->t->name, r->t->rows, line, r->t->column[r->column[c].at],
                   (int)(f.len < 40 ? f.len : 40), f.text, what);
}

static vo_status read_values(const reader *r, const vo_csv_field *cell, uint32_t line,
                             double *value, vo_error *err) {
    for (size_t c = 0; c < r->n_columns; c++) {
        const value_column *column = &r->column[c];
        const vo_csv_field f = cell[column->at];
        if (vo_number_parse(f.text, f.len, r->t->decimal_comma, &value[c])) {
            value[c] = column->factor * value[c] + column->offset;
            if (isfinite(value[c])) continue;
            return bad_value(r, c, f, line, "too large", err);
        }
        if (!vo_number_is_missing(f.text, f.len))
            return bad_value(r, c, f, line, "not a number", err);
        value[c] = (double)NAN;
    }
    return VO_OK;
}

/* The readings that this row belongs to; NULL in r->node if it is not wanted. */
static vo_status find_node(reader *r, const vo_csv_field *cell, uint32_t line, vo_error *err) {
    const vo_source_options *o = r->o;
    vo_csv_field f = {o->node ? o->node : "", 0};
    f.len = strlen(f.text);
    if (r->node_at != NONE) f = cell[r->node_at];
    if (r->node && strlen(r->node_name) == f.len && memcmp(r->node_name, f.text, f.len) == 0)
        return VO_OK;
    if (f.len >= sizeof r->node_name)
        return vo_fail(err, VO_EINVAL, "%s %s %u: node \"%.40s...\" is longer than %d bytes",
                       r->t->name, r->t->rows, line, f.text, VO_NODE_NAME - 1);
    memcpy(r->node_name, f.text, f.len);
    r->node_name[f.len] = '\0';
    r->node = NULL;
    const char *names[VO_SERIES_MAX_COLUMNS], *node = r->node_name;
    char utf8[3 * VO_NODE_NAME]; /* all of it, to be refused if it is too long */
    for (size_t c = 0; c < r->n_columns; c++) names[c] = r->column[c].name;
    if (!vo_letters_are_utf8(node, f.len) &&
        vo_letters_from_1252(node, f.len, utf8, sizeof utf8)) {
        node = utf8;
        r->from_1252 = true;
    }
    if (r->node_at != NONE && r->only_node && !vo_readings_same_node(r->only_node, node))
        return VO_OK;
    const vo_status st =
        vo_readings_set_node(r->set, o->market ? o->market : "", o->process ? o->process : "",
                             node, names, r->n_columns, &r->node, err);
    if (st == VO_OK) r->node->in_order = r->time_at == NONE;
    if (st == VO_OK && r->t->named)
        snprintf(r->node->price_name, sizeof r->node->price_name, "%s",
                 r->t->column[r->column[0].at]);
    return st;
}

static vo_status read_start(reader *r, const vo_csv_field *cell, uint32_t line,
                            int64_t *start_s, uint8_t *flag, vo_error *err) {
    const vo_source_options *o = r->o;
    *flag = 0;
    if (r->time_at == NONE) {
        const double step_s = o->interval_minutes * 60;
        *start_s = o->start_utc_s + (int64_t)llround((double)r->node->added * step_s);
        return VO_OK;
    }
    const vo_csv_field f = cell[r->time_at];
    vo_error why = {0};
    const vo_status st =
        r->hours.kind
            ? vo_day_hours_start(&r->hours, &r->stamp, &r->day, o, f, cell[r->period_at],
                                 r->node->last_s, start_s, flag, &why)
        : r->period_at != NONE
            ? vo_period_start(&r->day, r->zone, o, f, cell[r->period_at], start_s, &why)
            : vo_stamp_read(&r->stamp, f.text, f.len, r->node->last_s, start_s, flag, &why);
    if (st == VO_OK) return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s %s %u, column \"%s\": %.300s", r->t->name, r->t->rows,
                   line, r->t->column[r->period_at != NONE ? r->period_at : r->time_at],
                   why.msg);
}

static bool is_process(const reader *r, vo_csv_field f) {
    const char *wanted = r->o->only_process ? r->o->only_process : r->o->process;
    return wanted && strlen(wanted) == f.len && memcmp(wanted, f.text, f.len) == 0;
}

static vo_status take_row(void *ctx, const vo_csv_field *cell, uint32_t line, vo_error *err) {
    reader *r = ctx;
    double value[VO_SERIES_MAX_COLUMNS];
    int64_t start_s = 0;
    uint8_t flag = 0;
    if (r->process_at != NONE && !is_process(r, cell[r->process_at])) return VO_OK;
    vo_status st = r->watch ? take_candidates(r, cell, line, err) : VO_OK;
    if (st == VO_OK) st = find_node(r, cell, line, err);
    if (st != VO_OK || !r->node) return st;
    if ((st = read_start(r, cell, line, &start_s, &flag, err)) != VO_OK) return st;
    if ((st = read_values(r, cell, line, value, err)) != VO_OK) return st;
    r->back |= start_s <= r->node->last_s;
    return vo_readings_add(r->set, r->node, start_s, line, flag, value, err);
}

/* ---- the whole ------------------------------------------------------------------ */

/* Two rows of one time: which columns tell them apart? */
typedef struct {
    const reader *r;
    uint32_t line[2];
    char *text; /* cells of the first of them, each NUL-terminated */
    vo_text names;
    const char *first; /* of the names */
} apart_look;

static vo_status look_apart(void *ctx, const vo_csv_field *cell, uint32_t line, vo_error *err) {
    apart_look *k = ctx;
    const reader *r = k->r;
    if (line == k->line[0] && !k->text) {
        size_t bytes = 1;
        for (size_t i = 0; i < r->t->n_columns; i++) bytes += cell[i].len + 1;
        if (!(k->text = calloc(1, bytes))) return vo_fail(err, VO_ENOMEM, "no memory");
        char *to = k->text;
        for (size_t i = 0; i < r->t->n_columns; to += cell[i++].len + 1)
            memcpy(to, cell[i].text, cell[i].len);
        return VO_OK;
    }
    if (line != k->line[1] || !k->text) return VO_OK;
    const char *was = k->text;
    for (size_t i = 0; i < r->t->n_columns; was += strlen(was) + 1, i++) {
        if (i == r->time_at || i == r->column[0].at) continue;
        if (strlen(was) == cell[i].len && memcmp(was, cell[i].text, cell[i].len) == 0) continue;
        vo_text_append(&k->names, "%s\"%s\"", k->first ? ", " : "", r->t->column[i]);
        if (!k->first) k->first = r->t->column[i];
    }
    return VO_ECANCELED;
}

vo_status vo_table_refuse_clash(const char *file, const char *rows, const vo_clash *c,
                                const char *names, const char *first, vo_error *err) {
    if (!first)
        return vo_fail(err, VO_EINVAL,
                       "%s: %zu of %zu rows share their time with a row of other values (%s %u "
                       "and %u), and no column tells them apart: leave only those that count",
                       file, c->clashing, c->rows, rows, c->line[0], c->line[1]);
    return vo_fail(err, VO_EINVAL,
                   "%s: %zu of %zu rows share their time with a row of other values (%s %u and "
                   "%u); told apart by %s: a part of the day is period_column = \"%s\" with "
                   "period_minutes, a series each is node_column = \"%s\", and what else they "
                   "are a mapping file says",
                   file, c->clashing, c->rows, rows, c->line[0], c->line[1], names, first,
                   first);
}

/* Most rows corrected by later ones: there is more in the table than was understood. */
static vo_status check_clash(const reader *r, vo_error *err) {
    vo_clash c;
    char names[300] = "";
    const vo_status st = vo_clash_look(r->set, &c, err);
    if (st != VO_OK || !vo_clash_is_layout(&c)) return st;
    apart_look k = {
        .r = r, .line = {c.line[0], c.line[1]}, .names = vo_text_over(names, sizeof names)};
    vo_error why = {0};
    const vo_status again = r->t->each(r->t->ctx, look_apart, &k, &why);
    if (again != VO_OK && again != VO_ECANCELED) { /* a pipe: all that there is */
        vo_text_append_names(&k.names, r->t->column, r->t->n_columns);
        k.first = "NAME";
    }
    free(k.text);
    return vo_table_refuse_clash(r->t->name, strcmp(r->t->rows, "line") == 0 ? "lines" : "rows",
                                 &c, names, k.first, err);
}

/* Keeps the first row and stops. */
static vo_status take_first(void *ctx, const vo_csv_field *cell, uint32_t line, vo_error *err) {
    reader *r = ctx;
    size_t bytes = 1;
    r->first_line = line;
    for (size_t i = 0; i < r->t->n_columns; i++) bytes += cell[i].len;
    r->first = calloc(r->t->n_columns + 1, sizeof *r->first);
    r->first_text = malloc(bytes);
    if (!r->first || !r->first_text)
        return vo_fail(err, VO_ENOMEM, "%s: no memory for its first row", r->t->name);
    char *to = r->first_text;
    for (size_t i = 0; i < r->t->n_columns; i++) {
        memcpy(to, cell[i].text, cell[i].len);
        r->first[i] = (vo_csv_field){to, cell[i].len};
        to += cell[i].len;
    }
    r->has_first = true;
    return VO_ECANCELED;
}

void vo_table_name_zone(const vo_source_options *o, const vo_stamp_reader *s,
                        vo_readings_set *set) {
    char zone[64] = "UTC", text[160];
    const int32_t minutes = s->offset_s / 60;
    if (o->mapping_name) {
        snprintf(text, sizeof text, "read by the mapping %s", o->mapping_name);
        vo_source_say(set, "%s", text);
    }
    if (o->remark) vo_source_say(set, "%s", o->remark);
    if (o->days_of_24)
        vo_source_say(
            set, "its days have 24 hours also when clocks change: stamps were read as UTC");
    else if (s->many_offsets && !o->zone)
        vo_source_say(
            set, "the stamps' offset changes; days follow UTC: name the zone to have its days");
    else if (s->offset_s && s->n_offset && s->offset_s % 60 == 0)
        snprintf(zone, sizeof zone, "%c%02d:%02d", minutes < 0 ? '-' : '+', abs(minutes) / 60,
                 abs(minutes) % 60);
    else if (s->n_naive && !o->zone)
        vo_source_say(set,
                      "stamps have no offset and no zone was named; they were read as UTC");
    for (size_t i = 0; i < set->n; i++)
        if (!set->item[i]->zone[0])
            snprintf(set->item[i]->zone, sizeof zone, "%s",
                     o->zone && !o->days_of_24 ? o->zone : zone);
}

/* What was chosen where nobody said it; a table of one way to read it needs no words. */
static void say_choice(const reader *r) {
    const vo_source_options *o = r->o;
    char more[80] = "";
    vo_text names = vo_text_over(more, sizeof more);
    const size_t taken = 1u + (r->time_at != NONE) + (r->node_at != NONE);
    if (r->number_at != NONE)
        vo_source_say(r->set, "\"%s\" only counts the rows: left out",
                      r->t->column[r->number_at]);
    if (o->n_columns || !r->t->named || r->t->n_columns <= taken) return;
    if (o->price_column && o->time_column) return;
    for (size_t c = 1; c < r->n_columns; c++)
        vo_text_append(&names, "%s%s", c > 1 ? ", " : "", r->column[c].name);
    vo_source_say(r->set, "time: %.40s, %s: %.40s%s%s",
                  r->time_at != NONE ? r->t->column[r->time_at] : "none",
                  vo_kind_is_prices(o->kind) ? "price" : "first", r->t->column[r->column[0].at],
                  r->n_columns > 1 ? ", further columns: " : "", more);
}

static vo_status read_all(reader *r, vo_error *err) {
    const vo_table *t = r->t;
    const uint64_t before = r->set->rows;
    vo_status st = t->each(t->ctx, take_first, r, err);
    if (st != VO_OK && !(st == VO_ECANCELED && r->has_first)) return st;
    if (err) *err = (vo_error){0};
    if (!r->has_first)
        return vo_fail(err, VO_EINVAL, "%s has no rows; it needs at least one price", t->name);
    if ((st = choose_columns(r, err)) != VO_OK) return st;
    if (t->last_time) t->last_time(t->ctx);
    if ((st = t->each(t->ctx, take_row, r, err)) != VO_OK) return st;
    if ((st = check_watch(r, err)) != VO_OK) return st;
    if (r->set->rows == before)
        return vo_fail(err, VO_ENOTFOUND, "%s has no rows of the node asked for", t->name);
    if (r->back && before == 0 && (st = check_clash(r, err)) != VO_OK) return st;
    if (r->from_1252) vo_source_say(r->set, "names read as Windows-1252");
    vo_table_name_zone(r->o, &r->stamp, r->set);
    say_choice(r);
    return VO_OK;
}

vo_status vo_table_check(const vo_source_options *o, vo_error *err) {
    if (!(o->interval_minutes >= 0 && o->interval_minutes <= 527040))
        return vo_fail(err, VO_EINVAL, "interval_minutes = %g is not in 0..527040",
                       o->interval_minutes);
    if (o->rows_in_order && !(o->interval_minutes > 0))
        return vo_fail(err, VO_EINVAL,
                       "rows_in_order needs the length of a row: interval_minutes = 60");
    if (o->period_column && !(o->period_minutes >= 1 && o->period_minutes <= 1440))
        return vo_fail(err, VO_EINVAL,
                       "period_minutes = %g is not in 1..1440: the length of a period of "
                       "\"%s\"",
                       o->period_minutes, o->period_column);
    if (o->n_columns && vo_kind_is_prices(o->kind) && strcmp(o->column[0].name, "price") != 0)
        return vo_fail(err, VO_EINVAL,
                       "columns[0].name = \"%s\": the first column of prices is \"price\", "
                       "or say which kind they are of",
                       o->column[0].name);
    return VO_OK;
}

vo_status vo_table_read(const vo_table *t, const vo_source_options *o, vo_readings_set *set,
                        vo_error *err) {
    reader r = {.t = t, .own = *o, .set = set, .stamp.order = o->date_order};
    r.o = &r.own;
    vo_status st = vo_table_check(o, err);
    if (st == VO_OK && o->zone) st = vo_zone_open(o->zone, &r.zone, err);
    if (st != VO_OK) return st;
    r.stamp.zone = o->days_of_24 ? NULL : r.zone;
    st = read_all(&r, err);
    forget_finder(&r);
    vo_zone_close(r.zone);
    free(r.first);
    free(r.first_text);
    return st;
}
