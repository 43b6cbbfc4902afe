/* source_csv.c -- see source_csv.h. The header and the first row decide what each column is;
 * then rows stream through. A column that is not a number in the first row is text and left
 * out, unless it was asked for by name. */
#include "data/source_csv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/csv.h"
#include "data/node_column.h"
#include "data/stamp.h"

#define NONE SIZE_MAX

typedef struct {
    const char *name;
    vo_bytes *in;
    const vo_source_options *o;
    vo_csv *csv;
    vo_readings_set *set;
    vo_stamp_reader stamp;
    size_t n_header;
    char (*header)[VO_COLUMN_NAME];
    bool named; /* the file has a header */
    bool decimal_comma;
    size_t time_at, node_at, process_at;
    const char *only_node; /* rows of other nodes are left out; NULL: none are */
    vo_node_finder *watch; /* sees every row, for a refusal at the end; NULL: not needed */
    size_t n_columns;
    size_t at[VO_SERIES_MAX_COLUMNS]; /* field of each column; the price first */
    const char *column[VO_SERIES_MAX_COLUMNS];
    vo_readings *node;
    char node_name[64];
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

void vo_source_label(const char *path, char label[128]) {
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    const size_t len = strcspn(base, ".");
    snprintf(label, 128, "%.*s", (int)(len < 120 ? len : 120), base);
}

/* ---- what the columns are ------------------------------------------------------ */

static bool is_number(vo_csv_field f, bool decimal_comma) {
    double v;
    return vo_number_parse(f.text, f.len, decimal_comma, &v);
}

/* A record is data, not a header, if it has a stamp or nothing but numbers. */
static bool is_data(const reader *r) {
    bool all_numbers = true;
    for (size_t i = 0; i < vo_csv_count(r->csv); i++) {
        const vo_csv_field f = vo_csv_at(r->csv, i);
        if (is_number(f, r->decimal_comma)) continue;
        if (vo_stamp_is(f.text, f.len, r->o->date_order)) return true;
        all_numbers = all_numbers && vo_number_is_missing(f.text, f.len);
    }
    return all_numbers;
}

static vo_status take_header(reader *r, vo_error *err) {
    r->n_header = vo_csv_count(r->csv);
    r->header = calloc(r->n_header, sizeof *r->header);
    if (!r->header) return vo_fail(err, VO_ENOMEM, "%s: no memory for its header", r->name);
    for (size_t i = 0; i < r->n_header; i++) {
        const vo_csv_field f = vo_csv_at(r->csv, i);
        const size_t n = f.len < VO_COLUMN_NAME ? f.len : VO_COLUMN_NAME - 1;
        if (r->named && n)
            memcpy(r->header[i], f.text, n);
        else
            snprintf(r->header[i], VO_COLUMN_NAME, "column_%zu", i + 1);
    }
    return VO_OK;
}

static size_t find_header(const reader *r, const char *name) {
    for (size_t i = 0; i < r->n_header; i++)
        if (vo_text_same(r->header[i], name)) return i;
    return NONE;
}

/* Index of a column asked for by name; NONE if none was. */
static vo_status named_column(const reader *r, const char *what, const char *name, size_t *at,
                              vo_error *err) {
    *at = NONE;
    if (!name) return VO_OK;
    *at = find_header(r, name);
    if (*at != NONE) return VO_OK;
    char names[300] = "";
    for (size_t i = 0, n = 0; i < r->n_header && n + VO_COLUMN_NAME + 2 < sizeof names; i++)
        n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "", r->header[i]);
    return vo_fail(err, VO_EINVAL, "%s: no column \"%s\" for the %s; it has: %s", r->name, name,
                   what, names);
}

/* Best-named column, one whose first value is a stamp before one whose first value is not. */
static size_t guess_time(const reader *r) {
    size_t best = NONE;
    int best_score = 0;
    for (size_t i = 0; i < r->n_header; i++) {
        const vo_csv_field f = vo_csv_at(r->csv, i);
        const int name = vo_column_time_score(r->header[i]);
        const bool stamp = vo_stamp_is(f.text, f.len, r->o->date_order) &&
                           (name > 0 || !is_number(f, r->decimal_comma));
        if (!stamp && name < 50 && is_number(f, r->decimal_comma)) continue;
        const int score = name + (stamp ? 200 : 0);
        if (score > best_score) best_score = score, best = i;
    }
    return best;
}

static bool is_value(const reader *r, size_t i) {
    const vo_csv_field f = vo_csv_at(r->csv, i);
    return i != r->time_at && i != r->node_at && i != r->process_at &&
           (is_number(f, r->decimal_comma) || vo_number_is_missing(f.text, f.len));
}

static size_t guess_price(const reader *r) {
    size_t best = NONE;
    int best_score = -1;
    for (size_t i = 0; i < r->n_header; i++) {
        const int score = vo_column_price_score(r->header[i]);
        const bool wanted = is_value(r, i) || (score == 100 && i != r->time_at);
        if (wanted && score > best_score) best_score = score, best = i;
    }
    return best;
}

static vo_status choose_values(reader *r, size_t price, vo_error *err) {
    r->at[0] = price;
    r->column[0] = "price";
    r->n_columns = 1;
    for (size_t i = 0; i < r->n_header; i++) {
        if (i == price || !is_value(r, i)) continue;
        if (r->n_columns == VO_SERIES_MAX_COLUMNS)
            return vo_fail(err, VO_EINVAL,
                           "%s has more than %d numeric columns; leave some out", r->name,
                           VO_SERIES_MAX_COLUMNS);
        for (size_t c = 0; c < r->n_columns; c++)
            if (vo_text_same(r->column[c], r->header[i]))
                return vo_fail(err, VO_EINVAL, "%s: two columns are called \"%s\"; rename one",
                               r->name, r->header[i]);
        r->at[r->n_columns] = i;
        r->column[r->n_columns++] = r->header[i];
    }
    return VO_OK;
}

/* ---- several series in one file ------------------------------------------------ */

/* Text that is no time, or what is called like a node, may tell series apart. */
static void add_candidates(const reader *r, vo_node_finder *f) {
    for (size_t i = 0; i < r->n_header; i++) {
        const vo_csv_field x = vo_csv_at(r->csv, i);
        const bool number = is_number(x, r->decimal_comma);
        if (i == r->time_at || i == r->node_at || vo_text_same(r->header[i], "price")) continue;
        if (number ? vo_node_name_of(r->header[i]) == VO_NODE_NAME_NONE
                   : vo_number_is_missing(x.text, x.len) ||
                         vo_stamp_is(x.text, x.len, r->o->date_order))
            continue;
        vo_node_finder_add(f, r->header[i], number, i);
    }
}

/* From the beginning again, to the first row. */
static vo_status restart(reader *r, vo_error *err) {
    bool more = false;
    vo_csv_close(r->csv);
    r->csv = NULL;
    vo_status st = vo_bytes_rewind(r->in, err);
    if (st == VO_OK) st = vo_csv_open(r->in, 0, &r->csv, err);
    if (st == VO_OK) st = vo_csv_next(r->csv, &more, err);
    if (st == VO_OK && r->named) st = vo_csv_next(r->csv, &more, err);
    return st;
}

/* Shows the row at hand to the finder; rows of other nodes do not count. */
static vo_status look_at(const reader *r, vo_node_finder *f, vo_error *err) {
    vo_csv_field value[VO_NODE_CANDIDATES], node = {"", 0};
    if (r->node_at != NONE) node = vo_csv_at(r->csv, r->node_at);
    if (r->only_node && r->node_at != NONE) {
        char name[64] = "";
        if (node.len < sizeof name) memcpy(name, node.text, node.len);
        if (!vo_readings_same_node(r->only_node, name)) return VO_OK;
    }
    for (size_t i = 0; i < vo_node_finder_count(f); i++)
        value[i] = vo_csv_at(r->csv, vo_node_finder_id(f, i));
    return vo_node_finder_row(f, vo_csv_at(r->csv, r->time_at), node, value, err);
}

/* Reads the file once for its candidates alone. */
static vo_status look_through(reader *r, vo_node_finder *f, vo_error *err) {
    bool more = true;
    vo_status st = VO_OK;
    while (st == VO_OK && more) {
        st = look_at(r, f, err);
        if (st == VO_OK) st = vo_csv_next(r->csv, &more, err);
    }
    return st == VO_OK ? restart(r, err) : st;
}

/* A finder with the candidates of this file. What somebody asked for by name has to be found
 * before the rows are read; else looking while they are read will do. */
static vo_status find_apart(reader *r, bool wanted, vo_node_finder **out, vo_error *err) {
    vo_node_finder *f = NULL;
    vo_status st = vo_node_finder_create(&f, err);
    if (st != VO_OK) return st;
    add_candidates(r, f);
    if (r->time_at != NONE && vo_node_finder_count(f)) {
        if (wanted)
            st = look_through(r, f, err);
        else
            r->watch = f;
    }
    if (st == VO_OK)
        *out = f;
    else
        vo_node_finder_free(f);
    return st;
}

/* The column of nodes if nobody named one, then what still tells rows of one time apart. */
static vo_status find_node_columns(reader *r, vo_error *err) {
    const vo_source_options *o = r->o;
    vo_node_finder *f = NULL;
    vo_status st = VO_OK;
    r->only_node = o->only_node;
    if (r->node_at == NONE) {
        if ((st = find_apart(r, o->only_node || o->node, &f, err)) != VO_OK) return st;
        if (r->watch) return VO_OK;
        st = vo_node_choose(f, r->name, o, &r->node_at, &r->only_node, err);
        vo_node_finder_free(f);
    }
    if (st != VO_OK || r->node_at == NONE) return st;
    if ((st = find_apart(r, o->only_process || o->process, &f, err)) != VO_OK || r->watch)
        return st;
    st = vo_node_choose_process(f, r->name, o, &r->process_at, err);
    vo_node_finder_free(f);
    return st;
}

/* All rows were seen: were they of one series after all? */
static vo_status check_watch(reader *r, vo_error *err) {
    size_t column = NONE;
    const char *only = NULL;
    if (!r->watch) return VO_OK;
    return r->node_at == NONE ? vo_node_choose(r->watch, r->name, r->o, &column, &only, err)
                              : vo_node_choose_process(r->watch, r->name, r->o, &column, err);
}

/* With header read and the first row at hand. */
static vo_status choose_columns(reader *r, vo_error *err) {
    size_t price = NONE;
    r->time_at = r->node_at = r->process_at = NONE;
    vo_status st = named_column(r, "time", r->o->time_column, &r->time_at, err);
    if (st == VO_OK) st = named_column(r, "node", r->o->node_column, &r->node_at, err);
    if (st == VO_OK) st = named_column(r, "price", r->o->price_column, &price, err);
    if (st != VO_OK) return st;
    if (r->time_at == NONE) r->time_at = guess_time(r);
    if (price == NONE) price = guess_price(r);
    if (price == NONE || price == r->time_at)
        return vo_fail(err, VO_EINVAL,
                       "%s line %u: no numeric column that could be the price; "
                       "name it: price_column = \"NAME\", or write \"timestamp,price\"",
                       r->name, vo_csv_line(r->csv));
    if (r->time_at == NONE && !(r->o->interval_minutes > 0))
        return vo_fail(err, VO_EINVAL,
                       "%s has no time column; name it: time_column = \"NAME\", or give "
                       "interval_minutes for a file of prices only",
                       r->name);
    if ((st = find_node_columns(r, err)) != VO_OK) return st;
    if (price == r->node_at || price == r->process_at) price = guess_price(r);
    return choose_values(r, price, err);
}

/* ---- rows ---------------------------------------------------------------------- */

static vo_status bad_value(const reader *r, size_t column, vo_csv_field f, vo_error *err) {
    return vo_fail(err, VO_EINVAL,
                   "%s line %u, column \"%s\": \"%.*s\" is not a number; leave "
                   "it empty if there is no value",
                   r->name, vo_csv_line(r->csv), r->header[r->at[column]],
                   (int)(f.len < 40 ? f.len : 40), f.text);
}

static vo_status read_values(const reader *r, double *value, vo_error *err) {
    for (size_t c = 0; c < r->n_columns; c++) {
        const vo_csv_field f = vo_csv_at(r->csv, r->at[c]);
        if (vo_number_parse(f.text, f.len, r->decimal_comma, &value[c])) continue;
        if (!vo_number_is_missing(f.text, f.len)) return bad_value(r, c, f, err);
        value[c] = (double)NAN;
    }
    return VO_OK;
}

/* The readings that this row belongs to; NULL in r->node if it is not wanted. */
static vo_status find_node(reader *r, vo_error *err) {
    const vo_source_options *o = r->o;
    const vo_csv_field f = r->node_at == NONE ? (vo_csv_field){o->node ? o->node : "", 0}
                                              : vo_csv_at(r->csv, r->node_at);
    const size_t len = r->node_at == NONE ? strlen(f.text) : f.len;
    if (r->node && strlen(r->node_name) == len && memcmp(r->node_name, f.text, len) == 0)
        return VO_OK;
    if (len >= sizeof r->node_name)
        return vo_fail(err, VO_EINVAL, "%s line %u: node \"%.40s...\" is longer than 63 bytes",
                       r->name, vo_csv_line(r->csv), f.text);
    memcpy(r->node_name, f.text, len);
    r->node_name[len] = '\0';
    r->node = NULL;
    if (r->node_at != NONE && r->only_node &&
        !vo_readings_same_node(r->only_node, r->node_name))
        return VO_OK;
    const vo_status st =
        vo_readings_set_node(r->set, o->market ? o->market : "", o->process ? o->process : "",
                             r->node_name, r->column, r->n_columns, &r->node, err);
    if (st == VO_OK && r->named)
        memcpy(r->node->price_name, r->header[r->at[0]], sizeof r->node->price_name);
    return st;
}

static vo_status read_start(reader *r, int64_t *start_s, uint8_t *flag, vo_error *err) {
    const vo_readings *node = r->node;
    *flag = 0;
    if (r->time_at == NONE) {
        const double step_s = r->o->interval_minutes * 60;
        *start_s = r->o->start_utc_s + (int64_t)llround((double)node->added * step_s);
        return VO_OK;
    }
    const vo_csv_field f = vo_csv_at(r->csv, r->time_at);
    vo_error why = {0};
    const vo_status st =
        vo_stamp_read(&r->stamp, f.text, f.len, node->last_s, start_s, flag, &why);
    if (st == VO_OK) return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s line %u, column \"%s\": %.300s", r->name,
                   vo_csv_line(r->csv), r->header[r->time_at], why.msg);
}

static bool is_process(const reader *r, vo_csv_field f) {
    const char *wanted = r->o->only_process ? r->o->only_process : r->o->process;
    return wanted && strlen(wanted) == f.len && memcmp(wanted, f.text, f.len) == 0;
}

static vo_status read_row(reader *r, vo_error *err) {
    double value[VO_SERIES_MAX_COLUMNS];
    int64_t start_s = 0;
    uint8_t flag = 0;
    const size_t fields = vo_csv_count(r->csv);
    if (fields != r->n_header &&
        !(fields == r->n_header + 1 && vo_csv_at(r->csv, fields - 1).len == 0))
        return vo_fail(err, VO_EINVAL, "%s line %u has %zu fields where the first row has %zu",
                       r->name, vo_csv_line(r->csv), fields, r->n_header);
    if (r->process_at != NONE && !is_process(r, vo_csv_at(r->csv, r->process_at))) return VO_OK;
    vo_status st = find_node(r, err);
    if (st != VO_OK || !r->node) return st;
    if ((st = read_start(r, &start_s, &flag, err)) != VO_OK) return st;
    if ((st = read_values(r, value, err)) != VO_OK) return st;
    return vo_readings_add(r->set, r->node, start_s, vo_csv_line(r->csv), flag, value, err);
}

/* ---- the whole ------------------------------------------------------------------ */

static void put(char *to, size_t size, const char *text) {
    if (text && !to[0]) snprintf(to, size, "%s", text);
}

void vo_source_finish(const char *name, const vo_source_options *o, vo_readings_set *set) {
    for (size_t i = 0; i < set->n; i++) {
        vo_readings *r = set->item[i];
        put(r->currency, sizeof r->currency, o->currency);
        put(r->zone, sizeof r->zone, o->zone ? o->zone : "UTC");
        put(r->kind, sizeof r->kind, o->kind);
        put(r->unit, sizeof r->unit, o->unit);
        if (!(r->interval_h > 0)) r->interval_h = o->interval_minutes / 60;
        if (!r->label[0] && r->node[0])
            snprintf(r->label, sizeof r->label, "%s%s%s%s%s", r->market,
                     r->market[0] ? " " : "", r->process, r->process[0] ? " " : "", r->node);
        if (!r->label[0]) vo_source_label(name, r->label);
        r->stamps_at_end = r->stamps_at_end || o->stamps_at_end;
    }
}

/* The zone that days follow when the caller named none. */
static void name_zone(const reader *r) {
    char zone[64] = "UTC";
    const vo_stamp_reader *s = &r->stamp;
    const int32_t minutes = s->offset_s / 60;
    if (s->many_offsets && !r->o->zone)
        snprintf(r->set->note, sizeof r->set->note,
                 "the stamps' offset changes; days follow UTC: name the zone to have its days");
    else if (s->offset_s && s->n_offset && s->offset_s % 60 == 0)
        snprintf(zone, sizeof zone, "%c%02d:%02d", minutes < 0 ? '-' : '+', abs(minutes) / 60,
                 abs(minutes) % 60);
    else if (s->n_naive && !r->o->zone)
        snprintf(r->set->note, sizeof r->set->note,
                 "stamps have no offset and no zone was named; they were read as UTC");
    for (size_t i = 0; i < r->set->n; i++)
        put(r->set->item[i]->zone, sizeof zone, r->o->zone ? r->o->zone : zone);
}

static vo_status read_all(reader *r, vo_error *err) {
    const size_t before = r->set->rows;
    bool more = false;
    vo_status st = vo_csv_next(r->csv, &more, err);
    if (st != VO_OK) return st;
    if (!more)
        return vo_fail(err, VO_EINVAL, "%s is empty; it needs at least one price", r->name);
    r->decimal_comma = vo_csv_delimiter(r->csv) == ';';
    r->named = !is_data(r);
    if ((st = take_header(r, err)) != VO_OK) return st;
    if (r->named && (st = vo_csv_next(r->csv, &more, err)) != VO_OK) return st;
    if (!more)
        return vo_fail(err, VO_EINVAL,
                       "%s has a header and no rows; it needs at least one price", r->name);
    if ((st = choose_columns(r, err)) != VO_OK) return st;
    if (r->time_at != NONE && contains(r->header[r->time_at], "utc")) {
        vo_zone_close(r->stamp.zone); /* naive, but it says itself what it is */
        r->stamp.zone = NULL;
    }
    vo_bytes_settle(r->in);
    while (more) {
        if (r->watch && (st = look_at(r, r->watch, err)) != VO_OK) return st;
        if ((st = read_row(r, err)) != VO_OK) return st;
        if ((st = vo_csv_next(r->csv, &more, err)) != VO_OK) return st;
    }
    if ((st = check_watch(r, err)) != VO_OK) return st;
    if (r->set->rows == before)
        return vo_fail(err, VO_ENOTFOUND, "%s has no rows of the node asked for", r->name);
    name_zone(r);
    vo_source_finish(r->name, r->o, r->set);
    return VO_OK;
}

bool vo_source_csv_is(const char *head, size_t len) {
    head = vo_text_trim(head, &len);
    return len == 0 || (head[0] != '<' && head[0] != '{' && head[0] != '[');
}

vo_status vo_source_csv_parse(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                              vo_error *err) {
    reader r = {
        .name = vo_bytes_name(in), .in = in, .o = o, .set = set, .stamp.order = o->date_order};
    vo_status st = VO_OK;
    if (!(o->interval_minutes >= 0 && o->interval_minutes <= 527040))
        return vo_fail(err, VO_EINVAL, "interval_minutes = %g is not in 0..527040",
                       o->interval_minutes);
    if (o->zone && (st = vo_zone_open(o->zone, &r.stamp.zone, err)) != VO_OK) return st;
    st = vo_csv_open(in, 0, &r.csv, err);
    if (st == VO_OK) st = read_all(&r, err);
    vo_csv_close(r.csv);
    vo_zone_close(r.stamp.zone);
    vo_node_finder_free(r.watch);
    free(r.header);
    return st;
}
