/* source_cenace_xml.c -- XML replies of SW-PML and SW-PEND as a stream.
 *
 *     Reporte > proceso, sistema, Resultados > Nodo | Zona_Carga > clv_nodo | zona_carga,
 *     Valores > Valor > fecha, hora, pml, pml_ene, pml_per, pml_cng | pz, pz_ene, ...
 * The text of each known element is kept until </Valor> makes a row of it.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "data/source_cenace.h"
#include "data/xml_stream.h"

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
    vo_cenace_sink *sink;
    size_t rows;
    char text[N_FIELDS][TEXT];
} reader;

static int field_of(const char *element) {
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++)
        if (strcmp(element, elements[i].element) == 0) return (int)elements[i].field;
    return N_FIELDS;
}

/* What a Valor or a result does not say must not be that of the one before. */
static vo_status on_open(void *ctx, const char *element, const char *const *value,
                         uint32_t line, vo_error *err) {
    reader *r = ctx;
    (void)value;
    (void)line;
    (void)err;
    if (strcmp(element, "Nodo") == 0 || strcmp(element, "Zona_Carga") == 0)
        r->text[NODE][0] = '\0';
    if (strcmp(element, "Valor") == 0)
        for (int f = DATE; f <= CONGESTION; f++) r->text[f][0] = '\0';
    return VO_OK;
}

static vo_csv_field taken(const reader *r, enum field f) {
    return (vo_csv_field){r->text[f], strlen(r->text[f])};
}

static vo_status add_row(reader *r, uint32_t line, vo_error *err) {
    const vo_cenace_row row = {
        .system = taken(r, SYSTEM),
        .process = taken(r, PROCESS),
        .node = taken(r, NODE),
        .date = taken(r, DATE),
        .hour = taken(r, HOUR),
        .value = {taken(r, PRICE), taken(r, ENERGY), taken(r, LOSS), taken(r, CONGESTION)},
        .line = line,
    };
    r->rows++;
    return vo_cenace_sink_add(r->sink, &row, err);
}

static vo_status on_close(void *ctx, const char *element, const char *text, uint32_t line,
                          vo_error *err) {
    reader *r = ctx;
    const int f = field_of(element);
    if (strcmp(element, "Valor") == 0) return add_row(r, line, err);
    if (f == N_FIELDS) return VO_OK;
    if (strlen(text) >= TEXT && f != MESSAGE)
        return vo_fail(err, VO_EINVAL, "%s line %u, %s: \"%.40s...\" of %zu bytes; at most %d",
                       r->name, line, element, text, strlen(text), TEXT - 1);
    snprintf(r->text[f], TEXT, "%.*s", TEXT - 1, text);
    return VO_OK;
}

vo_status vo_source_cenace_xml(vo_bytes *in, vo_cenace_sink *sink, vo_error *err) {
    static const vo_xml_events events = {.open = on_open, .close = on_close};
    reader r = {.name = vo_bytes_name(in), .sink = sink};
    const vo_status st = vo_xml_stream(in, &events, &r, err);
    if (st != VO_OK || r.rows) return st;
    if (r.text[MESSAGE][0])
        return vo_fail(err, VO_ENOTFOUND, "%s: CENACE replied \"%s\"", r.name, r.text[MESSAGE]);
    return vo_fail(err, VO_EINVAL, "%s has no <Valor>; is it a reply of SW-PML or SW-PEND?",
                   r.name);
}
