/* mapping.c -- see mapping.h. One table says which keys there are, what each must be and where
 * it goes; the parsed document stays with the mapping, which borrows its strings. */
#include "data/mapping.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/yaml.h"
#include "data/csv.h"
#include "data/kind.h"
#include "data/presets.h"
#include "data/stamp.h"
#include "port/file.h"

typedef struct {
    vo_mapping shown; /* first: a vo_mapping * is a whole * */
    vo_json *document;
    vo_source_column *column;
    vo_mapping_header *header;
    const char **recognised;
    char path[256]; /* for messages */
} whole;

enum kind { TEXT, NUMBER, BOOL, OWN };

typedef struct {
    const char *key;
    enum kind kind;
    size_t at; /* in vo_mapping */
    double hi; /* of numbers: 0 < x <= hi */
    const char *what;
    vo_status (*take)(whole *w, const vo_json *v, vo_error *err); /* of OWN */
} field;

static vo_status take_columns(whole *w, const vo_json *v, vo_error *err);
static vo_status take_headers(whole *w, const vo_json *v, vo_error *err);
static vo_status take_recognised(whole *w, const vo_json *v, vo_error *err);
static vo_status take_date_order(whole *w, const vo_json *v, vo_error *err);
static vo_status take_price_unit(whole *w, const vo_json *v, vo_error *err);
static vo_status take_start(whole *w, const vo_json *v, vo_error *err);
static vo_status take_zero(whole *w, const vo_json *v, vo_error *err);

#define OPTION(member) offsetof(vo_mapping, options.member)
// clang-format off
static const field fields[] = {
    {"description",      TEXT,   offsetof(vo_mapping, description), 0, "one line for people", NULL},
    {"remark",           TEXT,   OPTION(remark), 0, "what to mind, said after each reading", NULL},
    {"kind",             TEXT,   OPTION(kind), 0, "prices, load, weather, carbon", NULL},
    {"market",           TEXT,   OPTION(market), 0, "MEM", NULL},
    {"process",          TEXT,   OPTION(process), 0, "MDA", NULL},
    {"node",             TEXT,   OPTION(node), 0, "the node, where no column says it", NULL},
    {"node_column",      TEXT,   OPTION(node_column), 0, "the column that names the node", NULL},
    {"currency",         TEXT,   OPTION(currency), 0, "MXN", NULL},
    {"unit",             TEXT,   OPTION(unit), 0, "the unit of the first column", NULL},
    {"tz",               TEXT,   OPTION(zone), 0, "an IANA zone: America/Mexico_City", NULL},
    {"time_column",      TEXT,   OPTION(time_column), 0, "the column of time stamps or dates", NULL},
    {"period_column",    TEXT,   OPTION(period_column), 0, "the column of settlement periods", NULL},
    {"rows_path",        TEXT,   OPTION(rows_path), 0, "where JSON has its rows: data.items", NULL},
    {"interval_minutes", NUMBER, OPTION(interval_minutes), 527040, "the length of a row", NULL},
    {"period_minutes",   NUMBER, OPTION(period_minutes), 1440, "the length of a period", NULL},
    {"stamps_at_end",    BOOL,   OPTION(stamps_at_end), 0, "stamps name the end", NULL},
    {"rows_in_order",    BOOL,   OPTION(rows_in_order), 0, "rows follow start one by one", NULL},
    {"days_of_24",       BOOL,   OPTION(days_of_24), 0, "days have 24 h when clocks change", NULL},
    {"url",              TEXT,   offsetof(vo_mapping, url), 0, "the URL of a web service", NULL},
    {"date_order",       OWN,    0, 0, "year, day or month", take_date_order},
    {"price_unit",       OWN,    0, 0, "mwh, kwh or a factor", take_price_unit},
    {"zero",             OWN,    0, 0, "missing or keep", take_zero},
    {"columns",          OWN,    0, 0, "a list of {name, column, factor, offset}", take_columns},
    {"headers",          OWN,    0, 0, "HTTP headers by name", take_headers},
    {"recognised_by",    OWN,    0, 0, "the header of the table", take_recognised},
    {"start",            OWN,    0, 0, "the first row's time", take_start}, /* reads tz: after it */
};
// clang-format on
#define N_FIELDS (sizeof fields / sizeof fields[0])

static void *member(whole *w, size_t at) { return (char *)&w->shown + at; }

/* ---- single values --------------------------------------------------------------- */

static const char *kind_name(const vo_json *v) { return vo_json_kind_name(vo_json_kind_of(v)); }

static vo_status need_text(const whole *w, const char *key, const vo_json *v, const char **out,
                           vo_error *err) {
    if (vo_json_kind_of(v) != VO_JSON_STRING)
        return vo_fail(err, VO_EINVAL, "%s: %s is %s: must be a text; put it in quotes",
                       w->path, key, kind_name(v));
    const char *text = vo_json_string(v);
    if (!*text || strlen(text) > 500)
        return vo_fail(err, VO_EINVAL, "%s: %s = \"%.20s%s\": must have 1 to 500 letters",
                       w->path, key, text, *text ? "..." : "");
    *out = text;
    return VO_OK;
}

/* A number, or two with a '/' between: "1/60". */
static bool ratio(const vo_json *v, double *out) {
    if (vo_json_kind_of(v) == VO_JSON_NUMBER) {
        *out = vo_json_number(v);
        return true;
    }
    if (vo_json_kind_of(v) != VO_JSON_STRING) return false;
    const char *text = vo_json_string(v), *slash = strchr(text, '/');
    double above = 0, below = 0;
    if (!slash || !vo_text_number(text, (size_t)(slash - text), &above) ||
        !vo_text_number(slash + 1, strlen(slash + 1), &below) || below == 0)
        return false;
    *out = above / below;
    return true;
}

static vo_status take_plain(whole *w, const field *f, const vo_json *v, vo_error *err) {
    const vo_json_kind kind = vo_json_kind_of(v);
    if (f->kind == TEXT) return need_text(w, f->key, v, member(w, f->at), err);
    if (f->kind == BOOL) {
        if (kind != VO_JSON_BOOL)
            return vo_fail(err, VO_EINVAL, "%s: %s is %s: must be true or false (%s)", w->path,
                           f->key, kind_name(v), f->what);
        *(bool *)member(w, f->at) = vo_json_bool(v);
        return VO_OK;
    }
    if (kind != VO_JSON_NUMBER)
        return vo_fail(err, VO_EINVAL, "%s: %s is %s: must be a number (%s)", w->path, f->key,
                       kind_name(v), f->what);
    const double x = vo_json_number(v);
    if (!(x > 0 && x <= f->hi))
        return vo_fail(err, VO_EINVAL, "%s: %s = %g: must be in (0, %g] (%s)", w->path, f->key,
                       x, f->hi, f->what);
    *(double *)member(w, f->at) = x;
    return VO_OK;
}

static vo_status take_date_order(whole *w, const vo_json *v, vo_error *err) {
    const char *text = NULL;
    const vo_status st = need_text(w, "date_order", v, &text, err);
    if (st != VO_OK) return st;
    for (size_t i = 0; i < VO_DATE_ORDERS; i++) {
        if (strcmp(text, vo_date_order_name[i]) != 0) continue;
        w->shown.options.date_order = (vo_date_order)i;
        return VO_OK;
    }
    return vo_fail(err, VO_EINVAL,
                   "%s: date_order = \"%.40s\": must be year, day or month: what a date begins "
                   "with",
                   w->path, text);
}

static vo_status take_price_unit(whole *w, const vo_json *v, vo_error *err) {
    double factor = 0;
    const char *text = vo_json_kind_of(v) == VO_JSON_STRING ? vo_json_string(v) : "";
    if (vo_text_same(text, "mwh"))
        factor = 1;
    else if (vo_text_same(text, "kwh"))
        factor = 1000;
    else if (!ratio(v, &factor) || !(factor >= 1e-6 && factor <= 1e6))
        return vo_fail(err, VO_EINVAL,
                       "%s: price_unit must be mwh, kwh, or what a price is multiplied by to "
                       "be per MWh, in [1e-6, 1e6]",
                       w->path);
    w->shown.options.price_factor = factor;
    return VO_OK;
}

static vo_status take_zero(whole *w, const vo_json *v, vo_error *err) {
    const char *text = NULL;
    const vo_status st = need_text(w, "zero", v, &text, err);
    if (st != VO_OK) return st;
    w->shown.options.zero_is_missing = strcmp(text, "missing") == 0;
    if (w->shown.options.zero_is_missing || strcmp(text, "keep") == 0) return VO_OK;
    return vo_fail(
        err, VO_EINVAL,
        "%s: zero = \"%.40s\": must be missing (a price of 0 says that there is none) "
        "or keep",
        w->path, text);
}

static vo_status take_start(whole *w, const vo_json *v, vo_error *err) {
    const char *text = NULL;
    vo_stamp_reader reader = {0};
    uint8_t flag = 0;
    vo_error why = {0};
    vo_status st = need_text(w, "start", v, &text, err);
    const char *zone = w->shown.options.zone;
    if (st == VO_OK && zone) st = vo_zone_open(zone, &reader.zone, err);
    if (st != VO_OK) return st;
    st = vo_stamp_read(&reader, text, strlen(text), INT64_MIN, &w->shown.options.start_utc_s,
                       &flag, &why);
    vo_zone_close(reader.zone);
    if (st == VO_OK) return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s: start: %.300s", w->path, why.msg);
}

/* ---- lists ---------------------------------------------------------------------- */

static vo_status refuse_key(const whole *w, const char *where, const char *key,
                            const char *const *names, size_t n, vo_error *err) {
    const char *near = vo_text_nearest(key, names, n);
    char list[400];
    vo_text text = vo_text_over(list, sizeof list);
    if (near)
        vo_text_append(&text, "did you mean %s?", near);
    else
        vo_text_append(&text, "there are ");
    if (!near) vo_text_append_names(&text, names, n);
    return vo_fail(err, VO_EINVAL, "%s: %s%.60s: no such key; %s", w->path, where, key, list);
}

static vo_status take_number(const whole *w, const char *where, const char *key,
                             const vo_json *v, double *out, vo_error *err) {
    double x = 0;
    if (!ratio(v, &x) || !(fabs(x) <= 1e9))
        return vo_fail(err, VO_EINVAL,
                       "%s: %s%s must be a number in [-1e9, 1e9], or two like \"1/60\"",
                       w->path, where, key);
    *out = x;
    return VO_OK;
}

static vo_status take_column(whole *w, size_t i, const vo_json *v, vo_error *err) {
    static const char *const names[] = {"name", "column", "factor", "offset"};
    vo_source_column *c = &w->column[i];
    char where[32];
    snprintf(where, sizeof where, "columns[%zu].", i);
    *c = (vo_source_column){.factor = 1};
    if (vo_json_kind_of(v) != VO_JSON_OBJECT)
        return vo_fail(err, VO_EINVAL, "%s: columns[%zu] is %s: must be {column: NAME, ...}",
                       w->path, i, kind_name(v));
    const char *key = NULL;
    const vo_json *x = NULL;
    vo_status st = VO_OK;
    for (size_t m = 0; st == VO_OK && vo_json_member(v, m, &key, &x); m++) {
        if (strcmp(key, "name") == 0)
            st = need_text(w, "columns: name", x, &c->name, err);
        else if (strcmp(key, "column") == 0)
            st = need_text(w, "columns: column", x, &c->column, err);
        else if (strcmp(key, "factor") == 0)
            st = take_number(w, where, key, x, &c->factor, err);
        else if (strcmp(key, "offset") == 0)
            st = take_number(w, where, key, x, &c->offset, err);
        else
            st = refuse_key(w, where, key, names, sizeof names / sizeof names[0], err);
    }
    if (st != VO_OK) return st;
    if (!c->column)
        return vo_fail(err, VO_EINVAL, "%s: columns[%zu] has no column: of the file", w->path,
                       i);
    if (!c->name) c->name = c->column;
    if (strlen(c->name) >= VO_COLUMN_NAME)
        return vo_fail(err, VO_EINVAL, "%s: columns[%zu].name has %zu letters; at most %d",
                       w->path, i, strlen(c->name), VO_COLUMN_NAME - 1);
    if (c->factor == 0)
        return vo_fail(err, VO_EINVAL, "%s: columns[%zu].factor = 0 leaves nothing of it",
                       w->path, i);
    for (size_t k = 0; k < i; k++)
        if (vo_text_same(w->column[k].name, c->name))
            return vo_fail(err, VO_EINVAL, "%s: columns[%zu] and columns[%zu] are both \"%s\"",
                           w->path, k, i, c->name);
    return VO_OK;
}

static vo_status need_list(const whole *w, const char *key, const vo_json *v, size_t max,
                           vo_error *err) {
    if (vo_json_kind_of(v) != VO_JSON_ARRAY)
        return vo_fail(err, VO_EINVAL, "%s: %s is %s: must be a list", w->path, key,
                       kind_name(v));
    if (vo_json_size(v) == 0 || vo_json_size(v) > max)
        return vo_fail(err, VO_EINVAL, "%s: %s has %zu items: must have 1 to %zu", w->path, key,
                       vo_json_size(v), max);
    return VO_OK;
}

static vo_status take_columns(whole *w, const vo_json *v, vo_error *err) {
    vo_status st = need_list(w, "columns", v, VO_SERIES_MAX_COLUMNS, err);
    if (st != VO_OK) return st;
    const size_t n = vo_json_size(v);
    w->column = calloc(n, sizeof *w->column);
    if (!w->column) return vo_fail(err, VO_ENOMEM, "%s: no memory for its columns", w->path);
    for (size_t i = 0; st == VO_OK && i < n; i++) st = take_column(w, i, vo_json_at(v, i), err);
    w->shown.options.column = w->column;
    w->shown.options.n_columns = n;
    return st;
}

static vo_status take_headers(whole *w, const vo_json *v, vo_error *err) {
    if (vo_json_kind_of(v) != VO_JSON_OBJECT || vo_json_size(v) > VO_MAPPING_MAX_HEADERS)
        return vo_fail(err, VO_EINVAL, "%s: headers must be at most %d of NAME: VALUE", w->path,
                       VO_MAPPING_MAX_HEADERS);
    w->header = calloc(VO_MAPPING_MAX_HEADERS, sizeof *w->header);
    if (!w->header) return vo_fail(err, VO_ENOMEM, "%s: no memory for its headers", w->path);
    w->shown.header = w->header;
    const char *key = NULL;
    const vo_json *x = NULL;
    vo_status st = VO_OK;
    for (size_t m = 0; st == VO_OK && vo_json_member(v, m, &key, &x); m++) {
        w->header[m].name = key;
        st = need_text(w, "headers", x, &w->header[m].value, err);
        if (st == VO_OK && (strpbrk(key, ": \r\n") || strpbrk(w->header[m].value, "\r\n")))
            st = vo_fail(err, VO_EINVAL,
                         "%s: headers: \"%.60s\" cannot be sent: no line ends "
                         "in it, no blank or ':' in its name",
                         w->path, key);
        w->shown.n_headers = m + 1;
    }
    return st;
}

static vo_status take_recognised(whole *w, const vo_json *v, vo_error *err) {
    vo_status st = need_list(w, "recognised_by", v, 1024, err);
    if (st != VO_OK) return st;
    w->recognised = calloc(vo_json_size(v), sizeof *w->recognised);
    if (!w->recognised) return vo_fail(err, VO_ENOMEM, "%s: no memory for it", w->path);
    w->shown.recognised = w->recognised;
    for (size_t i = 0; i < vo_json_size(v); i++) {
        const vo_json *x = vo_json_at(v, i);
        if (vo_json_kind_of(x) != VO_JSON_STRING)
            return vo_fail(err, VO_EINVAL, "%s: recognised_by[%zu] is %s: must be a text",
                           w->path, i, kind_name(x));
        w->recognised[i] = vo_json_string(x);
        w->shown.n_recognised = i + 1;
    }
    return VO_OK;
}

/* ---- the whole ------------------------------------------------------------------- */

/* What only goes together. */
static vo_status check(const whole *w, vo_error *err) {
    const vo_source_options *o = &w->shown.options;
    vo_zone *zone = NULL;
    vo_error why = {0};
    if (o->kind && vo_kind_check(o->kind, &why) != VO_OK)
        return vo_fail(err, VO_EINVAL, "%s: kind: %.300s", w->path, why.msg);
    if (o->zone && vo_zone_open(o->zone, &zone, &why) != VO_OK)
        return vo_fail(err, VO_EINVAL, "%s: tz: %.300s", w->path, why.msg);
    vo_zone_close(zone);
    if (!o->period_column != !(o->period_minutes > 0))
        return vo_fail(err, VO_EINVAL, "%s: period_column and period_minutes go together",
                       w->path);
    if (o->rows_in_order && !(o->interval_minutes > 0))
        return vo_fail(err, VO_EINVAL, "%s: rows_in_order needs interval_minutes", w->path);
    const bool prices = vo_kind_is_prices(o->kind);
    if (prices && o->n_columns && strcmp(o->column[0].name, "price") != 0)
        return vo_fail(err, VO_EINVAL,
                       "%s: columns[0].name = \"%s\": of prices the first column is \"price\"",
                       w->path, o->column[0].name);
    if (!prices && o->zero_is_missing)
        return vo_fail(err, VO_EINVAL, "%s: zero is of prices only", w->path);
    if (!prices && o->price_factor > 0)
        return vo_fail(err, VO_EINVAL,
                       "%s: price_unit is of prices only; give a factor to a "
                       "column of other kinds",
                       w->path);
    return VO_OK;
}

static vo_status take_all(whole *w, vo_error *err) {
    const char *key = NULL;
    const vo_json *v = NULL;
    const char *names[N_FIELDS];
    vo_status st = VO_OK;
    if (vo_json_kind_of(w->document) != VO_JSON_OBJECT)
        return vo_fail(err, VO_EINVAL, "%s is %s: must be keys and values, like market: MEM",
                       w->path, kind_name(w->document));
    for (size_t i = 0; i < N_FIELDS; i++) names[i] = fields[i].key;
    for (size_t m = 0; vo_json_member(w->document, m, &key, &v); m++) {
        size_t i = 0;
        while (i < N_FIELDS && strcmp(names[i], key) != 0) i++;
        if (i == N_FIELDS) return refuse_key(w, "", key, names, N_FIELDS, err);
    }
    for (size_t i = 0; st == VO_OK && i < N_FIELDS; i++) {
        v = vo_json_get(w->document, names[i]);
        if (!v || vo_json_kind_of(v) == VO_JSON_NULL) continue;
        st = fields[i].take ? fields[i].take(w, v, err) : take_plain(w, &fields[i], v, err);
    }
    return st == VO_OK ? check(w, err) : st;
}

static void set_name(whole *w, const char *path) {
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    size_t n = dot && dot > base ? (size_t)(dot - base) : strlen(base);
    if (n >= sizeof w->shown.name) n = sizeof w->shown.name - 1;
    memcpy(w->shown.name, base, n);
    snprintf(w->path, sizeof w->path, "%s", path);
}

static bool begins_json(const char *text, size_t len) {
    while (len && (*text == ' ' || *text == '\n' || *text == '\r' || *text == '\t'))
        text++, len--;
    return len && *text == '{';
}

vo_status vo_mapping_parse(const char *name, const char *text, size_t len, vo_mapping **out,
                           vo_error *err) {
    vo_error why = {0};
    if (len > VO_MAPPING_MAX_BYTES)
        return vo_fail(err, VO_EINVAL, "%s: %zu bytes are more than a mapping has (%zu)", name,
                       len, VO_MAPPING_MAX_BYTES);
    whole *w = calloc(1, sizeof *w);
    if (!w) return vo_fail(err, VO_ENOMEM, "%s: no memory for a mapping", name);
    set_name(w, name);
    vo_status st = begins_json(text, len) ? vo_json_parse(text, len, &w->document, &why)
                                          : vo_yaml_parse(text, len, &w->document, &why);
    if (st != VO_OK)
        vo_fail(err, st, "%s: %.400s", w->path, why.msg);
    else
        st = take_all(w, err);
    if (st == VO_OK) {
        w->shown.options.mapping_name = w->shown.name;
        *out = &w->shown;
        return VO_OK;
    }
    vo_mapping_free(&w->shown);
    return st;
}

void vo_mapping_free(vo_mapping *m) {
    whole *w = (whole *)m;
    if (!w) return;
    vo_json_free(w->document);
    free(w->column);
    free(w->header);
    free(w->recognised);
    free(w);
}

/* ---- by name --------------------------------------------------------------------- */

const char *vo_mapping_preset(size_t i) {
    return i < vo_mapping_n_presets ? vo_mapping_presets[i].name : NULL;
}

static vo_status load_file(const char *path, vo_mapping **out, vo_error *err) {
    char *text = NULL;
    size_t len = 0;
    vo_status st = vo_file_read(path, VO_MAPPING_MAX_BYTES, &text, &len, err);
    if (st == VO_OK) st = vo_mapping_parse(path, text, len, out, err);
    free(text);
    return st;
}

static bool ends_with(const char *text, const char *end) {
    const size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

vo_status vo_mapping_load(const char *folder, const char *name, vo_mapping **out,
                          vo_error *err) {
    if (strchr(name, '/') || ends_with(name, ".yaml") || ends_with(name, ".yml") ||
        ends_with(name, ".json"))
        return load_file(name, out, err);
    if (folder && strlen(folder) < 900 && strlen(name) < 64) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s.yaml", folder, name);
        if (vo_file_exists(path)) return load_file(path, out, err);
    }
    char list[400];
    vo_text text = vo_text_over(list, sizeof list);
    for (size_t i = 0; i < vo_mapping_n_presets; i++) {
        const vo_preset *p = &vo_mapping_presets[i];
        if (strcmp(p->name, name) == 0)
            return vo_mapping_parse(p->name, p->text, p->size, out, err);
        vo_text_append(&text, "%s%s", i ? ", " : "", p->name);
    }
    return vo_fail(err, VO_ENOTFOUND,
                   "mapping = \"%.60s\": no such mapping; there are %s; or give the path of a "
                   "file, ./NAME.yaml",
                   name, list);
}

#define FIRST_OF(member)                                                                       \
    if (!o.member) o.member = m->options.member

vo_source_options vo_mapping_options(const vo_mapping *m, const vo_source_options *given) {
    vo_source_options o = given ? *given : (vo_source_options){0};
    const bool zone_given = o.zone != NULL;
    FIRST_OF(time_column);
    FIRST_OF(node_column);
    FIRST_OF(zone);
    FIRST_OF(start_utc_s);
    FIRST_OF(stamps_at_end);
    FIRST_OF(date_order);
    FIRST_OF(market);
    FIRST_OF(process);
    FIRST_OF(node);
    FIRST_OF(currency);
    FIRST_OF(kind);
    FIRST_OF(unit);
    FIRST_OF(period_column);
    FIRST_OF(rows_in_order);
    FIRST_OF(rows_path);
    FIRST_OF(zero_is_missing);
    FIRST_OF(mapping_name);
    FIRST_OF(remark);
    if (!zone_given) FIRST_OF(days_of_24);
    if (!(o.interval_minutes > 0)) o.interval_minutes = m->options.interval_minutes;
    if (!(o.period_minutes > 0)) o.period_minutes = m->options.period_minutes;
    if (!(o.price_factor > 0)) o.price_factor = m->options.price_factor;
    if (!o.n_columns && !o.price_column) {
        o.column = m->options.column;
        o.n_columns = m->options.n_columns;
    }
    return o;
}

/* ---- by header -------------------------------------------------------------------- */

static bool fits(const vo_mapping *m, const char *const *header, size_t n) {
    size_t k = m->n_recognised;
    if (k == 0) return false;
    if (strcmp(m->recognised[k - 1], "...") == 0) {
        if (n < --k) return false;
    } else if (n != k) {
        return false;
    }
    for (size_t i = 0; i < k; i++)
        if (!vo_text_same(m->recognised[i], header[i])) return false;
    return true;
}

vo_status vo_mapping_recognise(const char *const *header, size_t n,
                               const vo_source_options *given, vo_mapping **out,
                               vo_error *err) {
    *out = NULL;
    if (n == 0 ||
        (given && (given->time_column || given->price_column || given->n_columns ||
                   given->period_column || given->rows_in_order || given->mapping_name)))
        return VO_OK;
    for (size_t i = 0; i < vo_mapping_n_presets; i++) {
        const vo_preset *p = &vo_mapping_presets[i];
        vo_mapping *m = NULL;
        if (!strstr(p->text, "recognised_by") || !strstr(p->text, header[0])) continue;
        const vo_status st = vo_mapping_parse(p->name, p->text, p->size, &m, err);
        if (st != VO_OK) return st;
        if (fits(m, header, n)) {
            *out = m;
            return VO_OK;
        }
        vo_mapping_free(m);
    }
    return VO_OK;
}

/* Names of the first record, from a head that holds all of it. */
static vo_status recognise_record(vo_csv *csv, const vo_source_options *given, vo_mapping **out,
                                  vo_error *err) {
    const size_t n = vo_csv_count(csv);
    char(*names)[VO_COLUMN_NAME] = calloc(n, sizeof *names);
    const char **header = calloc(n, sizeof *header);
    vo_status st = VO_OK;
    if (!names || !header) st = vo_fail(err, VO_ENOMEM, "no memory for a header");
    for (size_t i = 0; st == VO_OK && i < n; i++) {
        const vo_csv_field f = vo_csv_at(csv, i);
        memcpy(names[i], f.text, f.len < VO_COLUMN_NAME ? f.len : VO_COLUMN_NAME - 1);
        header[i] = names[i];
    }
    if (st == VO_OK) st = vo_mapping_recognise(header, n, given, out, err);
    free(names);
    free(header);
    return st;
}

vo_status vo_mapping_recognise_text(const char *head, size_t n, const vo_source_options *given,
                                    vo_mapping **out, vo_error *err) {
    vo_bytes *in = NULL;
    vo_csv *csv = NULL;
    bool more = false;
    *out = NULL;
    if (n == 0 || !memchr(head, '\n', n)) return VO_OK;
    vo_status st = vo_bytes_open("header", head, n, &in, err);
    if (st == VO_OK) st = vo_csv_open(in, 0, &csv, err);
    if (st == VO_OK) st = vo_csv_next(csv, &more, err);
    if (st == VO_OK && more)
        st = recognise_record(csv, given, out, err);
    else if (st != VO_ENOMEM)
        st = VO_OK; /* not such a table: for its own parser to say why */
    vo_csv_close(csv);
    vo_bytes_close(in);
    return st;
}
