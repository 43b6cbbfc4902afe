/* source_cenace_xml.c -- XML replies of SW-PML and SW-PEND, through expat's events.
 *
 *     Reporte > proceso, sistema, Resultados > Nodo | Zona_Carga > clv_nodo | zona_carga,
 *     Valores > Valor > fecha, hora, pml, pml_ene, pml_per, pml_cng | pz, pz_ene, ...
 * The text of each known element is kept until </Valor> makes a row of it. Document types are
 * refused: replies have none, and entities are how XML is made to explode.
 */
#include <expat.h>
#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "data/source_cenace.h"

#define TEXT 128

enum field {
    SYSTEM,
    PROCESS,
    NODE,
    DATE,
    HOUR,
    PRICE,
    ENERGY,
    LOSS,
    CONGESTION,
    MESSAGE,
    N_FIELDS
};

static const struct {
    const char *element;
    enum field field;
} elements[] = {
    {"sistema", SYSTEM}, {"proceso", PROCESS},    {"clv_nodo", NODE},   {"zona_carga", NODE},
    {"fecha", DATE},     {"hora", HOUR},          {"pml", PRICE},       {"pml_ene", ENERGY},
    {"pml_per", LOSS},   {"pml_cng", CONGESTION}, {"pz", PRICE},        {"pz_ene", ENERGY},
    {"pz_per", LOSS},    {"pz_cng", CONGESTION},  {"Message", MESSAGE},
};

typedef struct {
    const char *name;
    XML_Parser parser;
    vo_cenace_sink *sink;
    vo_status st;
    vo_error *err;
    size_t rows;
    int open; /* the known element that is open; N_FIELDS: none */
    size_t len[N_FIELDS];
    char text[N_FIELDS][TEXT];
} reader;

static int field_of(const char *element) {
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++)
        if (strcmp(element, elements[i].element) == 0) return (int)elements[i].field;
    return N_FIELDS;
}

static void stop(reader *r, vo_status st) {
    r->st = st;
    XML_StopParser(r->parser, XML_FALSE);
}

static void XMLCALL on_start(void *ctx, const XML_Char *element, const XML_Char **attributes) {
    reader *r = ctx;
    (void)attributes;
    if (strcmp(element, "Valor") == 0)
        for (int f = DATE; f <= CONGESTION; f++) r->len[f] = 0;
    r->open = field_of(element);
    if (r->open < N_FIELDS) r->len[r->open] = 0;
}

static void XMLCALL on_text(void *ctx, const XML_Char *text, int len) {
    reader *r = ctx;
    if (r->open == N_FIELDS || r->st != VO_OK) return;
    size_t n = (size_t)len;
    if (n > TEXT - r->len[r->open]) n = TEXT - r->len[r->open]; /* cut: no field is that long */
    memcpy(r->text[r->open] + r->len[r->open], text, n);
    r->len[r->open] += n;
}

static vo_csv_field taken(const reader *r, enum field f) {
    size_t len = r->len[f];
    const char *text = vo_text_trim(r->text[f], &len);
    return (vo_csv_field){text, len};
}

static void XMLCALL on_end(void *ctx, const XML_Char *element) {
    reader *r = ctx;
    r->open = N_FIELDS;
    if (strcmp(element, "Valor") != 0 || r->st != VO_OK) return;
    const XML_Size line = XML_GetCurrentLineNumber(r->parser);
    const vo_cenace_row row = {
        .system = taken(r, SYSTEM),
        .process = taken(r, PROCESS),
        .node = taken(r, NODE),
        .date = taken(r, DATE),
        .hour = taken(r, HOUR),
        .value = {taken(r, PRICE), taken(r, ENERGY), taken(r, LOSS), taken(r, CONGESTION)},
        .line = (uint32_t)line,
    };
    const vo_status st = vo_cenace_sink_add(r->sink, &row, r->err);
    r->rows++;
    if (st != VO_OK) stop(r, st);
}

static void XMLCALL on_doctype(void *ctx, const XML_Char *name, const XML_Char *system,
                               const XML_Char *public, int internal) {
    reader *r = ctx;
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    stop(r, vo_fail(r->err, VO_EINVAL,
                    "%s has a document type; CENACE's replies have none: "
                    "refused",
                    r->name));
}

static vo_status nothing_in_it(const reader *r) {
    const vo_csv_field said = taken(r, MESSAGE);
    if (said.len)
        return vo_fail(r->err, VO_ENOTFOUND, "%s: CENACE replied \"%.*s\"", r->name,
                       (int)said.len, said.text);
    return vo_fail(r->err, VO_EINVAL, "%s has no <Valor>; is it a reply of SW-PML or SW-PEND?",
                   r->name);
}

vo_status vo_source_cenace_xml(const char *name, const char *text, size_t len,
                               vo_cenace_sink *sink, vo_error *err) {
    reader r = {.name = name, .sink = sink, .err = err, .open = N_FIELDS};
    if (len > INT_MAX)
        return vo_fail(err, VO_EINVAL, "%s is too large for XML; split it", name);
    r.parser = XML_ParserCreate(NULL);
    if (!r.parser) return vo_fail(err, VO_ENOMEM, "%s: no memory for an XML parser", name);
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, on_start, on_end);
    XML_SetCharacterDataHandler(r.parser, on_text);
    XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
    const enum XML_Status ok = XML_Parse(r.parser, text, (int)len, 1);
    if (ok != XML_STATUS_OK && r.st == VO_OK)
        r.st = vo_fail(err, VO_EINVAL, "%s line %lu column %lu: %s", name,
                       (unsigned long)XML_GetCurrentLineNumber(r.parser),
                       (unsigned long)XML_GetCurrentColumnNumber(r.parser),
                       XML_ErrorString(XML_GetErrorCode(r.parser)));
    else if (r.st == VO_OK && r.rows == 0)
        r.st = nothing_in_it(&r);
    XML_ParserFree(r.parser);
    return r.st;
}
