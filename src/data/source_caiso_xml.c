/* source_caiso_xml.c -- OASISReport_v1: the rows of REPORT_DATA, and OASIS's errors.
 *
 *     REPORT_ITEM > REPORT_HEADER > MKT_TYPE, UOM
 *                 > REPORT_DATA > DATA_ITEM, RESOURCE_NAME, INTERVAL_START_GMT, ..., VALUE
 *     ERROR > ERR_CODE, ERR_DESC           (with HTTP status 200)
 * Elements may have a prefix (m:ERROR).
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "data/source_caiso.h"
#include "data/xml_stream.h"

#define TEXT 128

// clang-format off
#define FIELDS(X)                                                                             \
    X(PROCESS, "MKT_TYPE")           X(UNIT,  "UOM")              X(ITEM, "DATA_ITEM")        \
    X(NODE,    "RESOURCE_NAME")      X(START, "INTERVAL_START_GMT")                           \
    X(END,     "INTERVAL_END_GMT")   X(VALUE, "VALUE")                                        \
    X(CODE,    "ERR_CODE")           X(WORDS, "ERR_DESC")
// clang-format on

enum field {
#define X(name, element) name,
    FIELDS(X)
#undef X
        N_FIELDS
};

typedef struct {
    const char *name;
    vo_caiso_sink *sink;
    size_t rows;
    char text[N_FIELDS][TEXT];
} reader;

static int field_of(const char *element) {
    static const char *const elements[] = {
#define X(name, element) element,
        FIELDS(X)
#undef X
    };
    for (int f = 0; f < N_FIELDS; f++)
        if (strcmp(element, elements[f]) == 0) return f;
    return N_FIELDS;
}

static vo_status on_open(void *ctx, const char *element, const char *const *value,
                         uint32_t line, vo_error *err) {
    reader *r = ctx;
    (void)value;
    (void)line;
    (void)err;
    if (strcmp(element, "REPORT_ITEM") == 0)
        for (int f = 0; f < N_FIELDS; f++) r->text[f][0] = '\0';
    if (strcmp(element, "REPORT_DATA") == 0)
        for (int f = ITEM; f <= VALUE; f++) r->text[f][0] = '\0';
    return VO_OK;
}

static vo_csv_field span(const char *text) { return (vo_csv_field){text, strlen(text)}; }

static vo_status add_row(reader *r, uint32_t line, vo_error *err) {
    const vo_caiso_row row = {.item = span(r->text[ITEM]),
                              .node = span(r->text[NODE]),
                              .process = span(r->text[PROCESS]),
                              .start = span(r->text[START]),
                              .end = span(r->text[END]),
                              .value = span(r->text[VALUE]),
                              .line = line};
    r->rows++;
    return vo_caiso_sink_add(r->sink, &row, err);
}

/* "No data returned for the specified selection" is 1000; the others are the caller's doing or
 * a matter of waiting (1015: the download is in process). */
static vo_status said(const reader *r, vo_error *err) {
    const bool nothing = strcmp(r->text[CODE], "1000") == 0;
    return vo_fail(err, nothing ? VO_ENOTFOUND : VO_EINVAL,
                   "%s: OASIS replied with error %s, \"%s\"", r->name, r->text[CODE],
                   r->text[WORDS]);
}

static vo_status check_unit(const reader *r, uint32_t line, vo_error *err) {
    const char *unit = r->text[UNIT];
    if (vo_text_same(unit, "US$/MWh") || vo_text_same(unit, "$/MWh") || !unit[0]) return VO_OK;
    return vo_fail(err, VO_EINVAL,
                   "%s line %u, UOM: \"%s\" is not US$/MWh; only prices are read from OASIS's "
                   "XML",
                   r->name, line, unit);
}

static vo_status on_close(void *ctx, const char *element, const char *text, uint32_t line,
                          vo_error *err) {
    reader *r = ctx;
    const int f = field_of(element);
    if (f < N_FIELDS) {
        if (strlen(text) >= TEXT && f != WORDS)
            return vo_fail(err, VO_EINVAL, "%s line %u, %s: %zu bytes are too many", r->name,
                           line, element, strlen(text));
        snprintf(r->text[f], TEXT, "%.*s", TEXT - 1, text);
        return f == UNIT ? check_unit(r, line, err) : VO_OK;
    }
    if (strcmp(element, "REPORT_DATA") == 0) return add_row(r, line, err);
    return strcmp(element, "ERROR") == 0 ? said(r, err) : VO_OK;
}

vo_status vo_source_caiso_xml(vo_bytes *in, vo_caiso_sink *sink, vo_error *err) {
    static const vo_xml_events events = {.open = on_open, .close = on_close};
    reader r = {.name = vo_bytes_name(in), .sink = sink};
    const vo_status st = vo_xml_stream(in, &events, &r, err);
    if (st != VO_OK || r.rows) return st;
    return vo_fail(err, VO_EINVAL, "%s: an OASISReport without REPORT_DATA; is it cut off?",
                   r.name);
}
