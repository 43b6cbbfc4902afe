/* source_entsoe_csv.c -- exports of the Transparency Platform's pages.
 *
 *     "MTU (CET/CEST)","Day-ahead Price [EUR/MWh]","Currency","BZN|FR"              (to 2024)
 *     "MTU (CET/CEST)","Area","Sequence","Day-ahead Price (EUR/MWh)",...            (since)
 *     "01.01.2022 00:00 - 01.01.2022 01:00", "27/10/2024 02:00:00 (CET) - ..."
 * and the same with "Actual Total Load", "Day-ahead Total Load Forecast" in MW. Stamps are
 * those of the clock in the first header; in the hour that clocks repeat a mark tells the pass,
 * else the order of rows.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "data/csv.h"
#include "data/source_entsoe.h"
#include "data/stamp.h"

// clang-format off
#define CLOCKS(X) /* header, zone, marks and their hours east */    \
    X("CET/CEST", "Europe/Brussels", "CET", 1, "CEST", 2)           \
    X("EET/EEST", "Europe/Helsinki", "EET", 2, "EEST", 3)           \
    X("WET/WEST", "Europe/Lisbon",   "WET", 0, "WEST", 1)           \
    X("UTC",      "UTC",             "UTC", 0, "GMT",  0)
// clang-format on

typedef struct {
    const char *name, *zone, *mark[2];
    int hours[2];
} clock_of;

static const clock_of clocks[] = {
#define X(name, zone, standard, hours, summer, summer_hours)                                   \
    {name, zone, {standard, summer}, {hours, summer_hours}},
    CLOCKS(X)
#undef X
};

typedef struct {
    vo_entsoe_sink *sink;
    const clock_of *clock;
    vo_stamp_reader stamp;
    size_t time, price, load, forecast, area, sequence; /* columns; SIZE_MAX: absent */
    char node[VO_NODE_NAME], currency[4];               /* of the header */
    vo_readings *readings; /* of the row before; NULL: not wanted */
    char last_node[VO_NODE_NAME];
    unsigned last_sequence;
    int64_t last_length_s;
} reader;

typedef struct {
    int64_t wall_s, utc_s; /* utc_s only where it is known without the row before */
    bool marked;
} moment;

static bool begins(vo_csv_field f, const char *with) {
    return vo_text_begins(f.text, f.len, with);
}

static bool contains(vo_csv_field f, const char *word) {
    return vo_text_has(f.text, f.len, word);
}

static vo_status refuse(const reader *r, const vo_csv *csv, const char *field, vo_csv_field f,
                        const char *why, vo_error *err) {
    return vo_source_refuse(r->sink->name, vo_csv_line(csv), field, f, why, err);
}

/* ---- header ---------------------------------------------------------------------------- */

static const clock_of *read_clock(vo_csv_field f) {
    const char *open = memchr(f.text, '(', f.len);
    const char *close = memchr(f.text, ')', f.len);
    if (!open || !close || close < open) return NULL;
    for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++)
        if (vo_text_same_span(open + 1, (size_t)(close - open - 1), clocks[i].name))
            return &clocks[i];
    return NULL;
}

/* "Day-ahead Price [EUR/MWh]" -> "EUR". */
static vo_status read_currency(reader *r, const vo_csv *csv, vo_csv_field f, vo_error *err) {
    size_t at = 0;
    while (at < f.len && f.text[at] != '[' && f.text[at] != '(') at++;
    if (f.len < at + 8 || !vo_text_same_span(f.text + at + 4, 4, "/MWh"))
        return refuse(r, csv, "header", f, "has no unit like [EUR/MWh]", err);
    memcpy(r->currency, f.text + at + 1, 3);
    return VO_OK;
}

/* "BZN|FR", "Actual Total Load [MW] - BZN|FR" -> "FR". */
static void read_area(vo_csv_field f, char node[VO_NODE_NAME]) {
    const char *bar = memchr(f.text, '|', f.len);
    const char *from = bar ? bar + 1 : f.text;
    size_t n = f.len - (size_t)(from - f.text);
    from = vo_text_trim(from, &n);
    snprintf(node, VO_NODE_NAME, "%.*s", (int)(n < VO_NODE_NAME ? n : VO_NODE_NAME), from);
}

static vo_status read_column(reader *r, const vo_csv *csv, size_t i, vo_error *err) {
    const vo_csv_field f = vo_csv_at(csv, i);
    if (r->time == SIZE_MAX && (begins(f, "MTU (") || begins(f, "Time ("))) {
        r->time = i;
        r->clock = read_clock(f);
        return r->clock ? VO_OK
                        : refuse(r, csv, "header", f,
                                 "names none of the clocks known here: CET/CEST, EET/EEST, "
                                 "WET/WEST, UTC; export it again in UTC",
                                 err);
    }
    if (memchr(f.text, '|', f.len)) read_area(f, r->node);
    if (r->price == SIZE_MAX && begins(f, "Day-ahead Price")) {
        r->price = i;
        return read_currency(r, csv, f, err);
    }
    if (begins(f, "Actual Total Load")) r->load = i;
    if (begins(f, "Day-ahead Total Load Forecast")) r->forecast = i;
    if (vo_field_is(f, "Area")) r->area = i;
    if (vo_field_is(f, "Sequence")) r->sequence = i;
    if (begins(f, "Intraday Price")) vo_entsoe_note(r->sink, "intraday prices left out");
    return VO_OK;
}

static vo_status read_header(reader *r, vo_csv *csv, vo_error *err) {
    bool more = false;
    r->time = r->price = r->load = r->forecast = r->area = r->sequence = SIZE_MAX;
    vo_status st = vo_csv_next(csv, &more, err);
    for (size_t i = 0; st == VO_OK && i < vo_csv_count(csv); i++)
        st = read_column(r, csv, i, err);
    if (st != VO_OK) return st;
    if (r->time == SIZE_MAX || (r->price == SIZE_MAX && r->load == SIZE_MAX))
        return vo_fail(err, VO_EINVAL,
                       "%s: an export of ENTSO-E without %s; of its exports day-ahead prices "
                       "and total load are read",
                       r->sink->name,
                       r->time == SIZE_MAX ? "a column MTU (CET/CEST)"
                                           : "\"Day-ahead Price\" or \"Actual Total Load\"");
    return vo_zone_open(r->clock->zone, &r->stamp.zone, err);
}

/* ---- rows ------------------------------------------------------------------------- */

/* "27/10/2024 02:00:00 (CET)". */
static vo_status read_moment(const reader *r, const vo_csv *csv, const char *text, size_t len,
                             moment *out, vo_error *err) {
    vo_civil c;
    bool has_offset = false;
    int32_t offset_s = 0;
    vo_error why = {0};
    text = vo_text_trim(text, &len);
    *out = (moment){.marked = false};
    size_t n = len;
    const char *open = memchr(text, '(', len);
    int hours = 0;
    if (open) {
        n = (size_t)(open - text);
        const size_t mark = len - n >= 2 ? len - n - 2 : 0;
        for (int k = 0; k < 2 && !out->marked; k++)
            if (vo_text_same_span(open + 1, mark, r->clock->mark[k])) {
                out->marked = true;
                hours = r->clock->hours[k];
            }
        if (!out->marked)
            return refuse(r, csv, "MTU", (vo_csv_field){text, len},
                          "has a mark that its header does not name", err);
    }
    while (n && text[n - 1] == ' ') n--;
    if (vo_stamp_civil(text, n, VO_DATE_DAY_FIRST, &c, &has_offset, &offset_s, &why) != VO_OK)
        return vo_fail(err, VO_EINVAL, "%s line %u, MTU: %.300s", r->sink->name,
                       vo_csv_line(csv), why.msg);
    if (has_offset)
        return refuse(r, csv, "MTU", (vo_csv_field){text, len}, "has an offset", err);
    out->wall_s = vo_civil_seconds(&c);
    out->utc_s = out->wall_s - hours * 3600;
    return VO_OK;
}

static vo_status split(const reader *r, const vo_csv *csv, moment *start, moment *end,
                       vo_error *err) {
    const vo_csv_field f = vo_csv_at(csv, r->time);
    size_t dash = 0;
    while (dash + 3 <= f.len && memcmp(f.text + dash, " - ", 3) != 0) dash++;
    if (dash + 3 > f.len)
        return refuse(r, csv, "MTU", f, "is not like 01.01.2022 00:00 - 01.01.2022 01:00", err);
    const vo_status st = read_moment(r, csv, f.text, dash, start, err);
    if (st != VO_OK) return st;
    return read_moment(r, csv, f.text + dash + 3, f.len - dash - 3, end, err);
}

static vo_status read_start(reader *r, const vo_csv *csv, const moment *start, int64_t last_s,
                            int64_t *utc_s, uint8_t *flag, vo_error *err) {
    *flag = 0;
    *utc_s = start->utc_s;
    if (!start->marked) *utc_s = vo_stamp_wall(&r->stamp, start->wall_s, last_s, flag);
    if (start->marked && *utc_s + vo_zone_offset(r->stamp.zone, *utc_s) != start->wall_s)
        return refuse(r, csv, "MTU", vo_csv_at(csv, r->time),
                      "has a mark that was not in force at that time", err);
    return VO_OK;
}

/* Where clocks change, either the wall's or the true difference is the length. */
static vo_status read_length(reader *r, const vo_csv *csv, const moment *start,
                             const moment *end, int64_t *length_s, vo_error *err) {
    uint8_t flag = 0;
    const int64_t wall_s = end->wall_s - start->wall_s;
    const int64_t from_s =
        start->marked ? start->utc_s : vo_stamp_wall(&r->stamp, start->wall_s, 0, &flag);
    const int64_t to_s =
        end->marked ? end->utc_s : vo_stamp_wall(&r->stamp, end->wall_s, 0, &flag);
    const int64_t true_s = to_s - from_s;
    *length_s = true_s > 0 && (true_s < wall_s || wall_s <= 0) ? true_s : wall_s;
    if (*length_s >= 60 && *length_s <= 3600 * 25) return VO_OK;
    return refuse(r, csv, "MTU", vo_csv_at(csv, r->time),
                  "does not end 1 minute to 1 day after its start", err);
}

/* "Sequence 2" -> 2; "Without Sequence", "" -> 0. */
static vo_status read_sequence(const reader *r, const vo_csv *csv, unsigned *out,
                               vo_error *err) {
    const vo_csv_field f =
        r->sequence == SIZE_MAX ? (vo_csv_field){"", 0} : vo_csv_at(csv, r->sequence);
    int64_t v = 0;
    *out = 0;
    if (f.len == 0 || vo_field_is(f, "Without Sequence") || vo_number_is_missing(f.text, f.len))
        return VO_OK;
    const size_t skip = begins(f, "Sequence ") ? 9 : 0;
    if (!vo_text_integer(f.text + skip, f.len - skip, &v) || v < 0 || v > 99)
        return refuse(r, csv, "Sequence", f, "is not like \"Sequence 1\"", err);
    *out = (unsigned)v;
    return VO_OK;
}

/* The series of a row, which becomes r->readings. */
static vo_status find(reader *r, const vo_csv *csv, int64_t length_s, vo_error *err) {
    char node[VO_NODE_NAME];
    unsigned sequence = 0;
    vo_status st = read_sequence(r, csv, &sequence, err);
    if (st != VO_OK) return st;
    memcpy(node, r->node, sizeof node);
    if (r->area != SIZE_MAX) read_area(vo_csv_at(csv, r->area), node);
    if (!node[0] && r->sink->o->node) snprintf(node, sizeof node, "%s", r->sink->o->node);
    if (r->readings && length_s == r->last_length_s && sequence == r->last_sequence &&
        strcmp(node, r->last_node) == 0)
        return VO_OK;
    const vo_entsoe_area *area = vo_entsoe_area_find(node);
    const bool is_price = r->price != SIZE_MAX;
    const vo_entsoe_series s = {.kind = is_price ? VO_KIND_PRICES : VO_KIND_LOAD,
                                .process = is_price ? "DA" : "ACTUAL",
                                .node = node,
                                .zone = area ? area->zone : r->clock->zone,
                                .currency = r->currency,
                                .length_s = length_s,
                                .sequence = sequence};
    st = vo_entsoe_find(r->sink, &s, vo_csv_line(csv), &r->readings, err);
    memcpy(r->last_node, node, sizeof node);
    r->last_sequence = sequence;
    r->last_length_s = length_s;
    return st;
}

static vo_status read_value(const reader *r, const vo_csv *csv, size_t column, double *out,
                            vo_error *err) {
    *out = (double)NAN;
    if (column == SIZE_MAX) return VO_OK;
    const vo_csv_field f = vo_csv_at(csv, column);
    if (vo_number_is_missing(f.text, f.len) || vo_field_is(f, "n/e")) return VO_OK;
    if (vo_number_parse(f.text, f.len, false, out)) return VO_OK;
    return refuse(r, csv, r->price != SIZE_MAX ? "price" : "load", f, "is not a number", err);
}

static vo_status read_row(reader *r, const vo_csv *csv, vo_error *err) {
    moment start, end;
    int64_t length_s = 0, start_s = 0;
    uint8_t flag = 0;
    double value[2];
    vo_status st = split(r, csv, &start, &end, err);
    if (st == VO_OK) st = read_length(r, csv, &start, &end, &length_s, err);
    if (st == VO_OK) st = find(r, csv, length_s, err);
    if (st != VO_OK || !r->readings) return st;
    const bool is_price = r->price != SIZE_MAX;
    st = read_start(r, csv, &start, r->readings->last_s, &start_s, &flag, err);
    if (st == VO_OK) st = read_value(r, csv, is_price ? r->price : r->load, &value[0], err);
    if (st == VO_OK) st = read_value(r, csv, is_price ? SIZE_MAX : r->forecast, &value[1], err);
    if (st != VO_OK) return st;
    r->sink->rows++;
    return vo_readings_add(r->sink->set, r->readings, start_s, vo_csv_line(csv), flag, value,
                           err);
}

/* "BZN|FR" in a header must not be taken for a delimiter. */
static char delimiter_of(vo_bytes *in) {
    const char *head = NULL;
    size_t n = 0;
    if (vo_bytes_head(in, &head, &n, NULL) != VO_OK) return ',';
    const char *end = memchr(head, '\n', n);
    if (end) n = (size_t)(end - head);
    if (memchr(head, ',', n)) return ',';
    return memchr(head, ';', n) ? ';' : '\t';
}

vo_status vo_source_entsoe_csv(vo_bytes *in, vo_entsoe_sink *sink, vo_error *err) {
    reader r = {.sink = sink, .stamp = {.order = VO_DATE_DAY_FIRST}};
    vo_csv *csv = NULL;
    vo_status st = vo_csv_open(in, delimiter_of(in), &csv, err);
    if (st != VO_OK) return st;
    st = read_header(&r, csv, err);
    for (bool more = true; st == VO_OK;) {
        if ((st = vo_csv_next(csv, &more, err)) != VO_OK || !more) break;
        st = read_row(&r, csv, err);
    }
    vo_zone_close(r.stamp.zone);
    vo_csv_close(csv);
    return st;
}

bool vo_source_entsoe_csv_is(const char *head, size_t len) {
    const char *end = memchr(head, '\n', len);
    const vo_csv_field line = {head, end ? (size_t)(end - head) : len};
    return contains(line, "MTU (") ||
           (contains(line, "Time (") && contains(line, "Total Load"));
}
