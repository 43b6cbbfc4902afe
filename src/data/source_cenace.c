/* source_cenace.c -- see source_cenace.h. Three parsers make rows of text; one sink turns them
 * into readings. Files go node by node and day by day, so the sink remembers the last of each.
 */
#include "data/source_cenace.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/zone.h"
#include "data/bytes.h"
#include "data/source_csv.h"
#include "data/stamp.h"

#define MAX_REPLY ((size_t)64 << 20) /* in JSON: 20 nodes x 7 days are 1 MB */
#define FIRST_YEAR 2016
#define PREAMBLE 12u /* lines a report may have before its header */

/* The interconnected systems and the clock their markets run on. Nodes of other zones inside a
 * system (Sonora, Quintana Roo in SIN) are published in the system's time. */
static const struct {
    const char *system, *zone, *phrase;
} systems[] = {
    {"BCS", "America/Mazatlan", "Baja California Sur"}, /* before BCA: the longer phrase */
    {"BCA", "America/Tijuana", "Baja California"},
    {"SIN", "America/Mexico_City", "Interconectado Nacional"},
};
#define N_SYSTEMS (sizeof systems / sizeof systems[0])

struct vo_cenace_sink {
    const char *name;
    const vo_source_options *o;
    vo_readings_set *set;
    vo_zone *zone[N_SYSTEMS];
    /* the last day looked up */
    size_t day_system;
    char date[16];
    int64_t day_start_s;
    int64_t day_hours;
    /* the last node looked up; NULL: not wanted */
    bool have_node;
    char node[VO_NODE_NAME], process[32];
    vo_readings *readings;
};

static vo_csv_field span(const char *text) { return (vo_csv_field){text, strlen(text)}; }

static bool equal(vo_csv_field f, const char *text) {
    return strlen(text) == f.len && memcmp(f.text, text, f.len) == 0;
}

/* ---- rows to readings --------------------------------------------------------------- */

/* Where a reply has no lines, node, day and hour say which row it is. */
static vo_status refuse(const vo_cenace_sink *k, const vo_cenace_row *row, const char *field,
                        vo_csv_field value, const char *why, vo_error *err) {
    char name[512];
    const vo_csv_field part[] = {row->node, row->date, row->hour};
    vo_text t = vo_text_over(name, sizeof name);
    if (row->line) return vo_source_refuse(k->name, row->line, field, value, why, err);
    vo_text_append(&t, "%.200s,", k->name);
    for (size_t i = 0; i < 3; i++)
        vo_text_append(&t, "%s %.*s", i == 2 ? " hour" : "",
                       (int)(part[i].len < 80 ? part[i].len : 80), part[i].text);
    return vo_fail(err, VO_EINVAL, "%.300s, %s: \"%.*s\" %s", name, field,
                   (int)(value.len < 80 ? value.len : 80), value.text, why);
}

static vo_status find_zone(vo_cenace_sink *k, const vo_cenace_row *row, size_t *at,
                           vo_error *err) {
    for (*at = 0; *at < N_SYSTEMS; ++*at)
        if (vo_field_is(row->system, systems[*at].system)) break;
    if (*at == N_SYSTEMS && !k->o->zone)
        return refuse(k, row, "system", row->system,
                      "is none of SIN, BCA, BCS; give the "
                      "zone, or keep the file name that CENACE gave it",
                      err);
    if (*at == N_SYSTEMS) *at = 0;
    if (k->zone[*at]) return VO_OK;
    return vo_zone_open(k->o->zone ? k->o->zone : systems[*at].zone, &k->zone[*at], err);
}

static vo_status find_day(vo_cenace_sink *k, const vo_cenace_row *row, size_t *at,
                          vo_error *err) {
    vo_status st = find_zone(k, row, at, err);
    if (st != VO_OK) return st;
    if (k->day_hours && *at == k->day_system && equal(row->date, k->date)) return VO_OK;
    vo_civil c;
    bool has_offset = false;
    int32_t offset_s = 0;
    k->day_hours = 0;
    if (row->date.len >= sizeof k->date ||
        vo_stamp_civil(row->date.text, row->date.len, VO_DATE_DAY_FIRST, &c, &has_offset,
                       &offset_s, NULL) != VO_OK)
        return refuse(k, row, "fecha", row->date, "is not a date; write 2016-01-29", err);
    if (c.year < FIRST_YEAR)
        return refuse(k, row, "fecha", row->date, "lies before the market began in 2016", err);
    const int64_t day = vo_civil_days(c.year, c.month, c.day);
    const vo_zone *zone = k->zone[*at];
    k->day_start_s = vo_zone_day_start(zone, day);
    k->day_hours = (vo_zone_day_start(zone, day + 1) - k->day_start_s) / 3600;
    k->day_system = *at;
    memcpy(k->date, row->date.text, row->date.len);
    k->date[row->date.len] = '\0';
    return VO_OK;
}

static vo_status find_start(vo_cenace_sink *k, const vo_cenace_row *row, int64_t *start_s,
                            size_t *system, vo_error *err) {
    const vo_status st = find_day(k, row, system, err);
    if (st != VO_OK) return st;
    double hour = 0;
    const bool ok = vo_number_parse(row->hour.text, row->hour.len, false, &hour);
    if (!ok || !(hour >= 1) || hour > 25 || hour > floor(hour))
        return refuse(k, row, "hora", row->hour, "is not an hour of 1..25", err);
    if ((int64_t)hour > k->day_hours) {
        char why[100];
        snprintf(why, sizeof why, "on %s, a day of %d hours there; is the system right?",
                 k->date, (int)k->day_hours);
        return refuse(k, row, "hora", row->hour, why, err);
    }
    *start_s = k->day_start_s + ((int64_t)hour - 1) * 3600;
    return VO_OK;
}

static vo_status find_node(vo_cenace_sink *k, const vo_cenace_row *row, size_t system,
                           vo_error *err) {
    static const char *const column[] = {"price", "energy", "loss", "congestion"};
    if (k->have_node && equal(row->node, k->node) && equal(row->process, k->process))
        return VO_OK;
    k->have_node = false;
    if (row->node.len == 0 || row->node.len >= sizeof k->node) {
        char why[32];
        snprintf(why, sizeof why, "has not 1..%d bytes", VO_NODE_NAME - 1);
        return refuse(k, row, "node", row->node, why, err);
    }
    if (row->process.len == 0 || row->process.len >= sizeof k->process)
        return refuse(k, row, "process", row->process,
                      "is none of MDA, MTR; give the "
                      "process, or keep the file name that CENACE gave it",
                      err);
    memcpy(k->node, row->node.text, row->node.len);
    k->node[row->node.len] = '\0';
    memcpy(k->process, row->process.text, row->process.len);
    k->process[row->process.len] = '\0';
    k->readings = NULL;
    k->have_node = true;
    if (!vo_source_wants_process(k->o, k->process) || !vo_source_wants_node(k->o, k->node))
        return VO_OK;
    const vo_status st =
        vo_readings_set_node(k->set, k->o->market ? k->o->market : "MEM", k->process, k->node,
                             column, 4, &k->readings, err);
    if (st != VO_OK) return st;
    vo_readings *r = k->readings;
    snprintf(r->zone, sizeof r->zone, "%s", vo_zone_name(k->zone[system]));
    snprintf(r->currency, sizeof r->currency, "%s", k->o->currency ? k->o->currency : "MXN");
    r->interval_h = 1;
    r->zero_is_missing = true;
    return VO_OK;
}

vo_status vo_cenace_sink_add(vo_cenace_sink *k, const vo_cenace_row *row, vo_error *err) {
    static const char *const field[] = {"price", "energy", "loss", "congestion"};
    int64_t start_s = 0;
    size_t system = 0;
    double value[4];
    vo_status st = find_start(k, row, &start_s, &system, err);
    if (st == VO_OK) st = find_node(k, row, system, err);
    if (st != VO_OK || !k->readings) return st;
    for (int c = 0; c < 4; c++) {
        const vo_csv_field f = row->value[c];
        if (vo_number_parse(f.text, f.len, false, &value[c])) continue;
        if (!vo_number_is_missing(f.text, f.len))
            return refuse(k, row, field[c], f, "is not a number", err);
        value[c] = (double)NAN;
    }
    return vo_readings_add(k->set, k->readings, start_s, row->line, 0, value, err);
}

/* ---- CSV ------------------------------------------------------------------------------ */

typedef struct {
    char system[4], process[4], date[16]; /* what file name and preamble say; "" if nothing */
    size_t system_at, process_at, node_at, date_at, hour_at, value_at[4]; /* SIZE_MAX: absent */
} layout;

static bool contains(vo_csv_field f, const char *word) {
    return vo_text_has(f.text, f.len, word);
}

/* System and process from words: of a report's title, or of CENACE's file names. */
static void read_words(vo_csv_field text, bool is_file_name, layout *l) {
    for (size_t i = 0; i < N_SYSTEMS && !l->system[0]; i++)
        if (is_file_name ? contains(text, systems[i].system)
                         : contains(text, systems[i].phrase))
            memcpy(l->system, systems[i].system, 4);
    if (!l->process[0] && contains(text, "MDA")) memcpy(l->process, "MDA", 4);
    if (!l->process[0] && contains(text, "MTR")) memcpy(l->process, "MTR", 4);
}

/* "Fecha: 02/Abril/2017" -> "2017-04-02". */
static bool read_report_date(vo_csv_field f, char out[16]) {
    static const char *const month[] = {"Enero",      "Febrero", "Marzo",     "Abril",
                                        "Mayo",       "Junio",   "Julio",     "Agosto",
                                        "Septiembre", "Octubre", "Noviembre", "Diciembre"};
    const char *text = f.text + 6; /* past "Fecha:" */
    size_t len = f.len - 6;
    text = vo_text_trim(text, &len);
    if (len < 11 || len > 20 || text[2] != '/' || text[len - 5] != '/') return false;
    for (int m = 0; m < 12; m++) {
        if (!vo_text_same_span(text + 3, len - 8, month[m])) continue;
        memcpy(out, text + len - 4, 4);
        memcpy(out + 4,
               (const char[]){'-', (char)('0' + (m + 1) / 10), (char)('0' + (m + 1) % 10), '-'},
               4);
        memcpy(out + 8, text, 2);
        out[10] = '\0';
        return true;
    }
    return false;
}

static void read_header(const vo_csv *csv, layout *l) {
    l->system_at = l->process_at = l->node_at = l->date_at = l->hour_at = SIZE_MAX;
    for (int c = 0; c < 4; c++) l->value_at[c] = SIZE_MAX;
    for (size_t i = 0; i < vo_csv_count(csv); i++) {
        const vo_csv_field f = vo_csv_at(csv, i);
        if (contains(f, "sistema"))
            l->system_at = i;
        else if (contains(f, "mercado") || contains(f, "proceso"))
            l->process_at = i;
        else if (contains(f, "clave") || contains(f, "zona de carga"))
            l->node_at = i;
        else if (contains(f, "fecha"))
            l->date_at = i;
        else if (contains(f, "hora"))
            l->hour_at = i;
        else if (contains(f, "energ"))
            l->value_at[1] = i; /* with or without accents */
        else if (contains(f, "rdidas"))
            l->value_at[2] = i;
        else if (contains(f, "ongesti"))
            l->value_at[3] = i;
        else if (contains(f, "precio"))
            l->value_at[0] = i;
    }
}

static vo_status check_header(const vo_cenace_sink *k, const layout *l, vo_error *err) {
    const char *lacks = NULL;
    if (l->node_at == SIZE_MAX) lacks = "node or zone";
    if (l->hour_at == SIZE_MAX) lacks = "hora";
    if (l->date_at == SIZE_MAX && !l->date[0]) lacks = "fecha";
    if (l->value_at[0] == SIZE_MAX) lacks = "precio";
    if (!lacks) return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s: a CENACE file without %s; is it cut off?", k->name,
                   lacks);
}

/* Reads up to and with the header: at once, or after a daily report's preamble. */
static vo_status find_header(vo_cenace_sink *k, vo_csv *csv, layout *l, vo_error *err) {
    for (unsigned i = 0; i < PREAMBLE; i++) {
        bool more = false;
        const vo_status st = vo_csv_next(csv, &more, err);
        if (st != VO_OK) return st;
        if (!more) break;
        const vo_csv_field first = vo_csv_at(csv, 0);
        if (vo_csv_count(csv) >= 4) {
            read_header(csv, l);
            return check_header(k, l, err);
        }
        read_words(first, false, l);
        if (first.len > 6 && vo_text_same_span(first.text, 6, "Fecha:") &&
            !read_report_date(first, l->date))
            return vo_source_refuse(k->name, vo_csv_line(csv), "Fecha", first,
                                    "is not like 02/Abril/2017", err);
    }
    return vo_fail(err, VO_EINVAL, "%s: no header in its first %u lines; is it cut off?",
                   k->name, PREAMBLE);
}

static vo_csv_field field_or(const vo_csv *csv, size_t at, const char *otherwise) {
    return at == SIZE_MAX ? span(otherwise) : vo_csv_at(csv, at);
}

static vo_status parse_csv(vo_cenace_sink *k, vo_bytes *in, vo_error *err) {
    vo_csv *csv = NULL;
    layout l = {.system = ""};
    vo_status st = vo_csv_open(in, ',', &csv, err);
    if (st != VO_OK) return st;
    const char *slash = strrchr(k->name, '/');
    if (k->o->process && k->o->process[0])
        snprintf(l.process, sizeof l.process, "%.3s", k->o->process);
    st = find_header(k, csv, &l, err);
    read_words(span(slash ? slash + 1 : k->name), true, &l);
    for (bool more = true; st == VO_OK;) {
        if ((st = vo_csv_next(csv, &more, err)) != VO_OK || !more) break;
        vo_cenace_row row = {.system = field_or(csv, l.system_at, l.system),
                             .process = field_or(csv, l.process_at, l.process),
                             .node = vo_csv_at(csv, l.node_at),
                             .date = field_or(csv, l.date_at, l.date),
                             .hour = vo_csv_at(csv, l.hour_at),
                             .line = vo_csv_line(csv)};
        for (int c = 0; c < 4; c++) row.value[c] = field_or(csv, l.value_at[c], "");
        st = vo_cenace_sink_add(k, &row, err);
    }
    vo_csv_close(csv);
    return st;
}

/* ---- JSON ------------------------------------------------------------------------------ */

/* A member as text: strings as they are, numbers printed into `buf`, anything else empty. */
static vo_csv_field member(const vo_json *v, const char *key, char buf[VO_TEXT_NUMBER]) {
    const vo_json *m = vo_json_get(v, key);
    if (m && vo_json_kind_of(m) == VO_JSON_STRING) return span(vo_json_string(m));
    if (!m || vo_json_kind_of(m) != VO_JSON_NUMBER) return (vo_csv_field){"", 0};
    return (vo_csv_field){buf, vo_text_format_number(vo_json_number(m), buf)};
}

static const vo_json *list(const vo_json *v, const char *key) {
    const vo_json *m = v && vo_json_kind_of(v) == VO_JSON_OBJECT ? vo_json_get(v, key) : NULL;
    return m && vo_json_kind_of(m) == VO_JSON_ARRAY ? m : NULL;
}

static vo_status json_node(vo_cenace_sink *k, const vo_json *result, vo_cenace_row *row,
                           vo_error *err) {
    static const char *const pml[] = {"pml", "pml_ene", "pml_per", "pml_cng"};
    static const char *const pz[] = {"pz", "pz_ene", "pz_per", "pz_cng"};
    char node[VO_TEXT_NUMBER], date[VO_TEXT_NUMBER], hour[VO_TEXT_NUMBER];
    char value[4][VO_TEXT_NUMBER];
    const vo_json *values = list(result, "Valores");
    if (!values)
        return vo_fail(err, VO_EINVAL, "%s: a result without \"Valores\"; is it cut off?",
                       k->name);
    row->node = member(result, "clv_nodo", node);
    const bool is_zone = row->node.len == 0;
    if (is_zone) row->node = member(result, "zona_carga", node);
    for (size_t i = 0; i < vo_json_size(values); i++) {
        const vo_json *v = vo_json_at(values, i);
        if (vo_json_kind_of(v) != VO_JSON_OBJECT)
            return vo_fail(err, VO_EINVAL, "%s: \"Valores\" element %zu is no object", k->name,
                           i);
        row->date = member(v, "fecha", date);
        row->hour = member(v, "hora", hour);
        for (int c = 0; c < 4; c++)
            row->value[c] = member(v, is_zone ? pz[c] : pml[c], value[c]);
        const vo_status st = vo_cenace_sink_add(k, row, err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

static vo_status parse_json(vo_cenace_sink *k, const char *text, size_t len, vo_error *err) {
    vo_json *root = NULL;
    vo_error why = {0};
    char buf[3][VO_TEXT_NUMBER];
    vo_status st = vo_json_parse(text, len, &root, &why);
    if (st != VO_OK) return vo_fail(err, st, "%s: %.400s", k->name, why.msg);
    const vo_json *results = list(root, "Resultados");
    if (!results) {
        const vo_csv_field said = vo_json_kind_of(root) == VO_JSON_OBJECT
                                      ? member(root, "Message", buf[0])
                                      : (vo_csv_field){"", 0};
        st = said.len ? vo_fail(err, VO_ENOTFOUND, "%s: CENACE replied \"%.300s\"", k->name,
                                said.text)
                      : vo_fail(err, VO_EINVAL,
                                "%s is JSON but no reply of SW-PML or SW-PEND: it "
                                "has no \"Resultados\"",
                                k->name);
    }
    if (st == VO_OK) {
        vo_cenace_row row = {.system = member(root, "sistema", buf[1]),
                             .process = member(root, "proceso", buf[2])};
        for (size_t i = 0; i < vo_json_size(results) && st == VO_OK; i++)
            st = json_node(k, vo_json_at(results, i), &row, err);
    }
    vo_json_free(root);
    return st;
}

/* ---- the whole --------------------------------------------------------------------------- */

bool vo_source_cenace_is(const char *head, size_t len) {
    if (len > 4096) len = 4096;
    const vo_csv_field all = {head, len};
    if (contains(all, "sistema,mercado,tipo,clave")) return true;
    if (contains(all, "Hora,Clave del nodo,") || contains(all, "Hora,Zona de Carga,"))
        return true;
    const char *text = vo_text_trim(head, &len);
    if (len && text[0] == '{')
        return contains(all, "\"Resultados\"") || contains(all, "\"Message\"");
    return len && text[0] == '<' && contains(all, "<Reporte");
}

static vo_status parse_json_reply(vo_cenace_sink *k, vo_bytes *in, vo_error *err) {
    char *text = NULL;
    size_t n = 0;
    vo_status st = vo_bytes_all(in, MAX_REPLY, &text, &n, err);
    if (st != VO_OK) return st;
    const char *from = vo_text_trim(text, &n);
    st = parse_json(k, from, n, err);
    free(text);
    return st;
}

/* Replies begin with '{' or '<', files do not. */
static vo_status parse_any(vo_cenace_sink *k, vo_bytes *in, vo_error *err) {
    const char *head = NULL;
    size_t n = 0;
    const vo_status st = vo_bytes_head(in, &head, &n, err);
    if (st != VO_OK) return st;
    head = vo_text_trim(head, &n);
    if (n && head[0] == '{') return parse_json_reply(k, in, err);
    return n && head[0] == '<' ? vo_source_cenace_xml(in, k, err) : parse_csv(k, in, err);
}

vo_status vo_source_cenace_parse(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                                 vo_error *err) {
    vo_cenace_sink k = {.name = vo_bytes_name(in), .o = o, .set = set};
    const size_t before = set->rows;
    vo_status st = parse_any(&k, in, err);
    if (st == VO_OK && set->rows == before)
        st = vo_fail(err, VO_ENOTFOUND, "%s has no rows%s", k.name,
                     o->only_node || o->only_process ? " of the node and process asked for"
                                                     : "");
    if (st == VO_OK) vo_source_finish(k.name, o, set);
    for (size_t i = 0; i < N_SYSTEMS; i++) vo_zone_close(k.zone[i]);
    return st;
}
