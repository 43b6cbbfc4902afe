/* table.c -- see table.h. The header and the first row decide what each column is; then rows
 * stream through. Where nobody named a column of nodes, a finder watches them (node_column.h).
 */
#include "data/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/node_column.h"
#include "data/stamp.h"

#define NONE SIZE_MAX
#define PER_DAY INT64_C(86400)

typedef struct {
    const char *name; /* of the result */
    size_t at;
    double factor, offset;
} value_column;

typedef struct {
    const vo_table *t;
    const vo_source_options *o;
    vo_readings_set *set;
    vo_stamp_reader stamp;
    vo_zone *zone;       /* of local days, also where stamps need none */
    vo_csv_field *first; /* cells of the first row, copied */
    char *first_text;
    bool has_first;
    uint32_t first_line;
    size_t time_at, period_at, node_at, process_at;
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

static char lower(char ch) { return ch >= 'A' && ch <= 'Z' ? (char)(ch - 'A' + 'a') : ch; }

static bool contains(const char *text, const char *word) {
    const size_t n = strlen(word);
    for (; *text; text++) {
        size_t i = 0;
        while (i < n && lower(text[i]) == word[i]) i++;
        if (i == n) return true;
    }
    return false;
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
    for (int i = 0; i < (int)(sizeof part / sizeof part[0]); i++)
        if (contains(name, part[i])) return 50 - i;
    return 0;
}

int vo_column_price_score(const char *name) {
    static const char *const part[] = {"price", "precio", "pml",   "lmp",
                                       "rrp",   "rate",   "tariff"};
    if (vo_text_same(name, "price")) return 100;
    for (int i = 0; i < (int)(sizeof part / sizeof part[0]); i++)
        if (contains(name, part[i])) return 50 - i;
    return 0;
}

bool vo_column_says_utc(const char *name) {
    return contains(name, "utc") || contains(name, "gmt");
}

static bool is_prices(const vo_source_options *o) {
    return !o->kind || strcmp(o->kind, VO_KIND_PRICES) == 0;
}

double vo_column_price_factor(const vo_source_options *o, const char *name) {
    static const char *const price[] = {"price", "energy", "loss", "congestion"};
    if (o->price_factor > 0 && is_prices(o))
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
           (is_number(r, i) || vo_number_is_missing(r->first[i].text, r->first[i].len));
}

/* The column most like a price; of other kinds the first with numbers. */
static size_t guess_main(const reader *r) {
    size_t best = NONE;
    int best_score = -1;
    for (size_t i = 0; i < r->t->n_columns; i++) {
        const int score = is_prices(r->o) ? vo_column_price_score(r->t->column[i]) : 0;
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
    const char *name = is_prices(r->o) ? "price" : r->t->column[main_at];
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

static vo_status find_time(reader *r, vo_error *err) {
    const vo_source_options *o = r->o;
    r->time_at = NONE;
    if (o->rows_in_order) return VO_OK;
    vo_status st = named_column(r, "time", o->time_column, &r->time_at, err);
    if (st == VO_OK) st = named_column(r, "period", o->period_column, &r->period_at, err);
    if (st != VO_OK) return st;
    if (r->time_at == NONE) r->time_at = guess_time(r);
    if (r->time_at != NONE || (o->interval_minutes > 0 && !o->period_column)) return VO_OK;
    return vo_fail(err, VO_EINVAL,
                   "%s has no time column; name it: time_column = \"NAME\", or give "
                   "interval_minutes for a file of prices only",
                   r->t->name);
}

static vo_status choose_columns(reader *r, vo_error *err) {
    const vo_source_options *o = r->o;
    size_t main_at = NONE;
    r->period_at = r->node_at = r->process_at = NONE;
    vo_status st = find_time(r, err);
    if (st == VO_OK) st = named_column(r, "node", o->node_column, &r->node_at, err);
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
                       r->t->name, r->t->rows, r->first_line, is_prices(o) ? "price" : "value");
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
    if (r->node_at != NONE && r->only_node &&
        !vo_readings_same_node(r->only_node, r->node_name))
        return VO_OK;
    const char *names[VO_SERIES_MAX_COLUMNS];
    for (size_t c = 0; c < r->n_columns; c++) names[c] = r->column[c].name;
    const vo_status st =
        vo_readings_set_node(r->set, o->market ? o->market : "", o->process ? o->process : "",
                             r->node_name, names, r->n_columns, &r->node, err);
    if (st == VO_OK && r->t->named)
        snprintf(r->node->price_name, sizeof r->node->price_name, "%s",
                 r->t->column[r->column[0].at]);
    return st;
}

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
    if (!vo_text_integer(period.text, period.len, &p) || p < 1)
        return vo_fail(err, VO_EINVAL, "period \"%.*s\" is not a whole number from 1", shown,
                       period.text);
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
        r->period_at != NONE
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
    return vo_readings_add(r->set, r->node, start_s, line, flag, value, err);
}

/* ---- the whole ------------------------------------------------------------------ */

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

/* Note of the set, after what is there already. */
static void say(vo_readings_set *set, const char *text) {
    const size_t said = strlen(set->note);
    vo_text note = {.at = set->note, .size = sizeof set->note, .len = said};
    vo_text_append(&note, "%s%s", note.len ? "; " : "", text);
}

void vo_table_name_zone(const vo_source_options *o, const vo_stamp_reader *s,
                        vo_readings_set *set) {
    char zone[64] = "UTC", text[160];
    const int32_t minutes = s->offset_s / 60;
    if (o->mapping_name) {
        snprintf(text, sizeof text, "read by the mapping %s", o->mapping_name);
        say(set, text);
    }
    if (o->remark) say(set, o->remark);
    if (o->days_of_24)
        say(set, "its days have 24 hours also when clocks change: stamps were read as UTC");
    else if (s->many_offsets && !o->zone)
        say(set, "the stamps' offset changes; days follow UTC: name the zone to have its days");
    else if (s->offset_s && s->n_offset && s->offset_s % 60 == 0)
        snprintf(zone, sizeof zone, "%c%02d:%02d", minutes < 0 ? '-' : '+', abs(minutes) / 60,
                 abs(minutes) % 60);
    else if (s->n_naive && !o->zone)
        say(set, "stamps have no offset and no zone was named; they were read as UTC");
    for (size_t i = 0; i < set->n; i++)
        if (!set->item[i]->zone[0])
            snprintf(set->item[i]->zone, sizeof zone, "%s",
                     o->zone && !o->days_of_24 ? o->zone : zone);
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
    if (r->time_at != NONE && vo_column_says_utc(t->column[r->time_at]))
        r->stamp.zone = NULL; /* naive, but it says itself what it is */
    if (t->last_time) t->last_time(t->ctx);
    if ((st = t->each(t->ctx, take_row, r, err)) != VO_OK) return st;
    if ((st = check_watch(r, err)) != VO_OK) return st;
    if (r->set->rows == before)
        return vo_fail(err, VO_ENOTFOUND, "%s has no rows of the node asked for", t->name);
    vo_table_name_zone(r->o, &r->stamp, r->set);
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
    if (o->n_columns && is_prices(o) && strcmp(o->column[0].name, "price") != 0)
        return vo_fail(err, VO_EINVAL,
                       "columns[0].name = \"%s\": the first column of prices is \"price\", "
                       "or say which kind they are of",
                       o->column[0].name);
    return VO_OK;
}

vo_status vo_table_read(const vo_table *t, const vo_source_options *o, vo_readings_set *set,
                        vo_error *err) {
    reader r = {.t = t, .o = o, .set = set, .stamp.order = o->date_order};
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
