/* source_entsoe_xml.c -- documents of the IEC 62325-451 family.
 *
 *     type, TimeSeries > in_Domain.mRID, currency_Unit.name, curveType, ...,
 *                        Period > timeInterval > start, end; resolution; Point > position,
 *                                 price.amount | quantity
 * Position p of a period begins p-1 resolutions after its start (days: local days). Points are
 * added as they come; A03 fills from the position before and, at the end, to the period's end.
 * Names are compared without case: copies of these documents exist in lower case.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/zone.h"
#include "data/csv.h"
#include "data/source_entsoe.h"
#include "data/stamp.h"
#include "data/xml_stream.h"

#define TEXT 96
#define MAX_REPEATED ((size_t)5000000) /* in a document */
#define DAY_S 86400

// clang-format off
#define FIELDS(X)                                                                              \
    X(TYPE,     "type")                                                                        \
    X(PROCESS,  "process.processType")                                                         \
    X(CODE,     "code")                                                                        \
    X(WORDS,    "text")                                                                        \
    /* of a TimeSeries */                                                                      \
    X(IN,       "in_Domain.mRID")                                                              \
    X(OUT,      "out_Domain.mRID")                                                             \
    X(OUTZONE,  "outBiddingZone_Domain.mRID")                                                  \
    X(CONTRACT, "contract_MarketAgreement.type")                                               \
    X(SEQUENCE, "classificationSequence_AttributeInstanceComponent.position")                  \
    X(CURRENCY, "currency_Unit.name")                                                          \
    X(PER,      "price_Measure_Unit.name")                                                     \
    X(UNIT,     "quantity_Measure_Unit.name")                                                  \
    X(CURVE,    "curveType")                                                                   \
    /* of a Period */                                                                          \
    X(START,    "start")                                                                       \
    X(END,      "end")                                                                         \
    X(LENGTH,   "resolution")                                                                  \
    /* of a Point */                                                                           \
    X(POSITION, "position")                                                                    \
    X(PRICE,    "price.amount")                                                                \
    X(QUANTITY, "quantity")
// clang-format on

enum field {
#define X(name, element) name,
    FIELDS(X)
#undef X
        N_FIELDS
};

static const char *const elements[] = {
#define X(name, element) element,
    FIELDS(X)
#undef X
};

typedef struct {
    vo_entsoe_sink *sink;
    bool acknowledgement, series_open, period_open, point_open, reason_open;
    char root[48];
    size_t n_series;
    /* of the open Period, from its first Point or its end: */
    bool known, repeats;
    vo_readings *readings; /* NULL: not asked for */
    vo_zone *zone;         /* of whole days; else NULL */
    int64_t start_s, length_s, first_day;
    int64_t n_positions, position; /* the last one read; 0: none */
    size_t n_points;
    double factor, value;
    char text[N_FIELDS][TEXT];
} reader;

static vo_status refuse(const reader *r, uint32_t line, enum field f, const char *why,
                        vo_error *err) {
    const vo_csv_field value = {r->text[f], strlen(r->text[f])};
    return vo_source_refuse(r->sink->name, line, elements[f], value, why, err);
}

static bool is(const reader *r, enum field f, const char *text) {
    return vo_text_same(r->text[f], text);
}

/* ---- a Period's head -------------------------------------------------------------- */

static vo_status read_instant(const reader *r, enum field f, uint32_t line, int64_t *out_s,
                              vo_error *err) {
    vo_stamp_reader stamp = {.order = VO_DATE_YEAR_FIRST}; /* without an offset: UTC */
    uint8_t flag = 0;
    vo_error why = {0};
    const char *text = r->text[f];
    if (vo_stamp_read(&stamp, text, strlen(text), INT64_MIN, out_s, &flag, &why) == VO_OK)
        return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s line %u, timeInterval %s: %.300s", r->sink->name, line,
                   elements[f], why.msg);
}

/* "PT15M", "PT1H", "P1D" -> seconds. */
static bool read_length(const char *text, int64_t *out_s) {
    const size_t n = strlen(text);
    int64_t count = 0;
    if (n >= 3 && (text[0] == 'P' || text[0] == 'p')) {
        const bool time = text[1] == 'T' || text[1] == 't';
        const size_t from = time ? 2 : 1;
        if (n < from + 2 || text[from] < '0' || text[from] > '9') return false;
        if (!vo_text_integer(text + from, n - from - 1, &count)) return false;
        const char unit = text[n - 1];
        if (count < 1 || count > DAY_S / 60) return false;
        if (time && unit == 'M') *out_s = count * 60;
        if (time && unit == 'H') *out_s = count * 3600;
        if (!time && unit == 'D') *out_s = count * DAY_S;
        return (time && (unit == 'M' || (unit == 'H' && count <= 24))) ||
               (!time && unit == 'D' && count == 1);
    }
    return false;
}

static vo_status read_curve(reader *r, uint32_t line, vo_error *err) {
    r->repeats = is(r, CURVE, "A03");
    if (r->repeats || is(r, CURVE, "A01") || !r->text[CURVE][0]) return VO_OK;
    return refuse(r, line, CURVE, "is neither A01 (every position) nor A03 (changes only)",
                  err);
}

static vo_status read_unit(reader *r, bool is_price, uint32_t line, vo_error *err) {
    r->factor = 1;
    if (!is_price) {
        if (is(r, UNIT, "KWT")) r->factor = 0.001;
        if (r->factor < 1 || is(r, UNIT, "MAW") || !r->text[UNIT][0]) return VO_OK;
        return refuse(r, line, UNIT, "is neither MAW nor KWT", err);
    }
    if (is(r, PER, "KWH")) r->factor = 1000;
    if (r->factor > 1 || is(r, PER, "MWH")) return VO_OK;
    if (!r->text[PER][0] || is(r, PER, r->text[CURRENCY])) {
        vo_entsoe_note(r->sink, "price_Measure_Unit.name is \"%.8s\": read as per MWh",
                       r->text[PER]);
        return VO_OK;
    }
    return refuse(r, line, PER, "is neither MWH nor KWH", err);
}

static vo_status check_currency(const reader *r, uint32_t line, vo_error *err) {
    const char *text = r->text[CURRENCY];
    bool letters = strlen(text) == 3;
    for (size_t i = 0; letters && i < 3; i++) letters = text[i] >= 'A' && text[i] <= 'Z';
    return letters ? VO_OK : refuse(r, line, CURRENCY, "is not like EUR", err);
}

static void name_area(const reader *r, enum field f, const char **name, const char **zone) {
    const vo_entsoe_area *area = vo_entsoe_area_find(r->text[f]);
    *name = area ? area->name : r->text[f];
    if (area) *zone = area->zone;
}

static void name_node(reader *r, bool is_price, char node[VO_NODE_NAME], const char **zone) {
    const char *in = "", *out = "";
    *zone = NULL;
    if (r->text[OUT][0]) name_area(r, OUT, &out, zone);
    if (r->text[OUTZONE][0]) name_area(r, OUTZONE, &out, zone);
    if (r->text[IN][0]) name_area(r, IN, &in, zone);
    if (!in[0]) in = out;
    if (!in[0]) in = r->sink->o->node ? r->sink->o->node : "";
    if (is_price && out[0] && strcmp(in, out) != 0) {
        snprintf(node, VO_NODE_NAME, "%.60s_%.60s", out, in);
        vo_entsoe_note(r->sink, "%s is a price of the border from %.20s to %.20s", node, out,
                       in);
    } else {
        snprintf(node, VO_NODE_NAME, "%s", in);
    }
    if (*zone) return;
    *zone = "UTC";
    if (in[0] && !r->sink->o->zone)
        vo_entsoe_note(r->sink, "area %.40s is not known: its days are UTC's", in);
}

static const char *name_process(const reader *r, bool is_price) {
    if (!is_price && is(r, PROCESS, "A01")) return "DA";
    if (!is_price && (is(r, PROCESS, "A16") || !r->text[PROCESS][0])) return "ACTUAL";
    if (!is_price) return r->text[PROCESS];
    if (!r->text[CONTRACT][0] || is(r, CONTRACT, "A01")) return "DA";
    return is(r, CONTRACT, "A07") ? "ID" : r->text[CONTRACT];
}

static vo_status read_sequence(const reader *r, uint32_t line, unsigned *out, vo_error *err) {
    int64_t v = 0;
    *out = 0;
    if (!r->text[SEQUENCE][0]) return VO_OK;
    if (!vo_text_integer(r->text[SEQUENCE], strlen(r->text[SEQUENCE]), &v) || v < 0 || v > 99)
        return refuse(r, line, SEQUENCE, "is not a number of 1..99", err);
    *out = (unsigned)v;
    return VO_OK;
}

static vo_status read_span(reader *r, uint32_t line, vo_error *err) {
    int64_t end_s = 0;
    vo_status st = read_instant(r, START, line, &r->start_s, err);
    if (st == VO_OK) st = read_instant(r, END, line, &end_s, err);
    if (st != VO_OK) return st;
    if (!read_length(r->text[LENGTH], &r->length_s))
        return refuse(r, line, LENGTH, "is not like PT15M, PT60M or P1D", err);
    const int64_t span_s = end_s - r->start_s;
    if (span_s <= 0 || span_s > (int64_t)400 * DAY_S)
        return refuse(r, line, END, "is not after the start, or more than 400 days later", err);
    r->n_positions = span_s / r->length_s;
    if (r->length_s < DAY_S && span_s % r->length_s)
        return refuse(r, line, LENGTH, "does not divide the timeInterval of its Period", err);
    return VO_OK;
}

/* Whole days are counted on the area's calendar: one of them may have 23 or 25 hours. */
static vo_status count_days(reader *r, const char *zone, uint32_t line, vo_error *err) {
    int64_t end_s = 0;
    vo_zone_close(r->zone);
    r->zone = NULL;
    if (r->length_s < DAY_S) return VO_OK;
    vo_status st = vo_zone_open(zone, &r->zone, err);
    if (st == VO_OK) st = read_instant(r, END, line, &end_s, err);
    if (st != VO_OK) return st;
    r->first_day = vo_zone_local_day(r->zone, r->start_s);
    r->n_positions = vo_zone_local_day(r->zone, end_s - 1) - r->first_day + 1;
    if (vo_zone_day_start(r->zone, r->first_day) != r->start_s)
        return refuse(r, line, START, "is no midnight of the area's clock; P1D needs one", err);
    return VO_OK;
}

/* At the first Point: everything that is said before the values. */
static vo_status begin_period(reader *r, uint32_t line, vo_error *err) {
    char node[VO_NODE_NAME];
    const bool is_price = r->text[PRICE][0] != '\0';
    vo_entsoe_series s = {.kind = is_price ? VO_KIND_PRICES : VO_KIND_LOAD,
                          .process = name_process(r, is_price),
                          .node = node,
                          .currency = r->text[CURRENCY]};
    vo_status st = read_span(r, line, err);
    if (st == VO_OK) st = read_curve(r, line, err);
    if (st == VO_OK) st = read_unit(r, is_price, line, err);
    if (st == VO_OK && is_price) st = check_currency(r, line, err);
    if (st == VO_OK) st = read_sequence(r, line, &s.sequence, err);
    if (st != VO_OK) return st;
    name_node(r, is_price, node, &s.zone);
    s.length_s = r->length_s;
    const char *zone = r->sink->o->zone && r->sink->o->zone[0] ? r->sink->o->zone : s.zone;
    st = count_days(r, zone, line, err);
    if (st == VO_OK) st = vo_entsoe_find(r->sink, &s, line, &r->readings, err);
    r->known = true;
    return st;
}

/* ---- Points ----------------------------------------------------------------------- */

static vo_status add(reader *r, int64_t position, double value, uint32_t line, vo_error *err) {
    const double row[2] = {value, (double)NAN};
    const int64_t start_s = r->zone ? vo_zone_day_start(r->zone, r->first_day + position - 1)
                                    : r->start_s + (position - 1) * r->length_s;
    r->sink->rows++;
    return vo_readings_add(r->sink->set, r->readings, start_s, line, 0, row, err);
}

/* A03: positions after the last one read and before `until` are like it. */
static vo_status repeat(reader *r, int64_t until, uint32_t line, vo_error *err) {
    vo_status st = VO_OK;
    if (!r->repeats || r->position == 0) return VO_OK;
    while (st == VO_OK && r->position + 1 < until) {
        if (r->sink->repeated >= MAX_REPEATED)
            return vo_fail(err, VO_EINVAL, "%s line %u: more than %zu repeated positions",
                           r->sink->name, line, MAX_REPEATED);
        st = add(r, ++r->position, r->value, line, err);
        r->sink->repeated++;
        r->n_points++;
    }
    return st;
}

static vo_status read_value(const reader *r, uint32_t line, double *out, vo_error *err) {
    const bool is_price = r->text[PRICE][0] != '\0' || !r->text[QUANTITY][0];
    const enum field f = is_price ? PRICE : QUANTITY;
    const char *text = r->text[f];
    *out = (double)NAN;
    if (vo_number_is_missing(text, strlen(text))) return VO_OK;
    if (!vo_number_parse(text, strlen(text), false, out))
        return refuse(r, line, f, "is not a number", err);
    if (r->factor > 1) *out *= 1000;
    if (r->factor < 1) *out /= 1000;
    return VO_OK;
}

static vo_status end_point(reader *r, uint32_t line, vo_error *err) {
    int64_t position = 0;
    double value = 0;
    if (!r->period_open)
        return vo_fail(err, VO_EINVAL, "%s line %u: a Point outside of a Period", r->sink->name,
                       line);
    vo_status st = r->known ? VO_OK : begin_period(r, line, err);
    if (st != VO_OK || !r->readings) return st;
    if (!vo_text_integer(r->text[POSITION], strlen(r->text[POSITION]), &position))
        return refuse(r, line, POSITION, "is not a whole number", err);
    if (position < 1 || position > r->n_positions)
        return vo_fail(err, VO_EINVAL,
                       "%s line %u, position: %d in a Period of %d (%s from %s to %s)",
                       r->sink->name, line, (int)position, (int)r->n_positions, r->text[LENGTH],
                       r->text[START], r->text[END]);
    if (r->repeats && position < r->position)
        return refuse(r, line, POSITION, "comes after a later one, which A03 does not allow",
                      err);
    st = read_value(r, line, &value, err);
    if (st == VO_OK) st = repeat(r, position, line, err);
    if (st == VO_OK) st = add(r, position, value, line, err);
    r->position = position;
    r->value = value;
    r->n_points++;
    return st;
}

static vo_status end_period(reader *r, uint32_t line, vo_error *err) {
    r->period_open = false;
    if (!r->known || !r->readings) return VO_OK;
    const vo_status st = repeat(r, r->n_positions + 1, line, err);
    if (r->n_points < (size_t)r->n_positions)
        r->sink->missing += (size_t)r->n_positions - r->n_points;
    return st;
}

/* ---- the document ----------------------------------------------------------------- */

static bool ends_in(const char *text, const char *tail) {
    const size_t n = strlen(text), m = strlen(tail);
    return n >= m && vo_text_same(text + n - m, tail);
}

static vo_status check_root(reader *r, const char *element, vo_error *err) {
    snprintf(r->root, sizeof r->root, "%.47s", element);
    r->acknowledgement = vo_text_same(element, "Acknowledgement_MarketDocument");
    if (r->acknowledgement || !ends_in(element, "_MarketDocument") ||
        vo_text_same(element, "Publication_MarketDocument") ||
        vo_text_same(element, "GL_MarketDocument"))
        return VO_OK;
    return vo_fail(
        err, VO_EUNSUPPORTED,
        "%s is a %s; of ENTSO-E's documents prices (A44, Publication_MarketDocument) "
        "and total load (A65, GL_MarketDocument) are read",
        r->sink->name, r->root);
}

static vo_status begin_series(reader *r, uint32_t line, vo_error *err) {
    for (int f = IN; f < N_FIELDS; f++) r->text[f][0] = '\0';
    r->series_open = true;
    r->n_series++;
    if (is(r, TYPE, "A44") || is(r, TYPE, "A65")) return VO_OK;
    if (!r->text[TYPE][0] && !ends_in(r->root, "_MarketDocument")) {
        vo_entsoe_note(r->sink, "no document type: quantities are read as load in MW");
        return VO_OK;
    }
    if (!r->text[TYPE][0])
        return vo_fail(err, VO_EINVAL, "%s line %u: a TimeSeries before the document's type",
                       r->sink->name, line);
    return refuse(r, line, TYPE,
                  "is neither A44 (prices) nor A65 (total load); nothing else is read", err);
}

static vo_status on_open(void *ctx, const char *element, const char *const *value,
                         uint32_t line, vo_error *err) {
    reader *r = ctx;
    (void)value;
    if (!r->root[0]) return check_root(r, element, err);
    if (vo_text_same(element, "TimeSeries")) return begin_series(r, line, err);
    if (vo_text_same(element, "Period")) {
        for (int f = START; f < N_FIELDS; f++) r->text[f][0] = '\0';
        r->period_open = true;
        r->known = false;
        r->readings = NULL;
        r->position = 0;
        r->n_points = 0;
    } else if (vo_text_same(element, "Point")) {
        for (int f = POSITION; f < N_FIELDS; f++) r->text[f][0] = '\0';
        r->point_open = true;
    } else if (vo_text_same(element, "Reason")) {
        r->reason_open = true;
    }
    return VO_OK;
}

/* Is the element one of where we are? ("start" is the document's, too; "code" a Reason's.) */
static bool belongs(const reader *r, int f) {
    if (f >= POSITION) return r->point_open;
    if (f >= START) return r->period_open && !r->point_open;
    if (f >= IN) return r->series_open && !r->period_open;
    if (f == CODE || f == WORDS) return r->reason_open;
    return !r->series_open;
}

static vo_status take(reader *r, const char *element, const char *text, uint32_t line,
                      vo_error *err) {
    int f = 0;
    while (f < N_FIELDS && !vo_text_same(element, elements[f])) f++;
    if (f == N_FIELDS || !belongs(r, f)) return VO_OK;
    if (strlen(text) >= TEXT && f != WORDS)
        return vo_fail(err, VO_EINVAL, "%s line %u, %s: %zu bytes are too many", r->sink->name,
                       line, element, strlen(text));
    snprintf(r->text[f], TEXT, "%.*s", TEXT - 1, text);
    return VO_OK;
}

static vo_status on_close(void *ctx, const char *element, const char *text, uint32_t line,
                          vo_error *err) {
    reader *r = ctx;
    if (vo_text_same(element, "Point")) {
        r->point_open = false;
        return end_point(r, line, err);
    }
    if (vo_text_same(element, "Period")) return end_period(r, line, err);
    if (vo_text_same(element, "TimeSeries")) r->series_open = false;
    if (vo_text_same(element, "Reason")) r->reason_open = false;
    return take(r, element, text, line, err);
}

/* 999 is the platform's code for everything; the words tell. */
static vo_status said(const reader *r, vo_error *err) {
    const bool nothing = strstr(r->text[WORDS], "No matching data") != NULL;
    return vo_fail(err, nothing ? VO_ENOTFOUND : VO_EINVAL,
                   "%s: ENTSO-E replied with reason %s, \"%s\"", r->sink->name,
                   r->text[CODE][0] ? r->text[CODE] : "?", r->text[WORDS]);
}

vo_status vo_source_entsoe_xml(vo_bytes *in, vo_entsoe_sink *sink, vo_error *err) {
    static const vo_xml_events events = {.open = on_open, .close = on_close};
    reader r = {.sink = sink};
    vo_status st = vo_xml_stream(in, &events, &r, err);
    vo_zone_close(r.zone);
    if (st != VO_OK) return st;
    if (r.acknowledgement) return said(&r, err);
    if (r.n_series) return VO_OK;
    return vo_fail(err, VO_ENOTFOUND, "%s: a %s without a TimeSeries: no data", sink->name,
                   r.root);
}
