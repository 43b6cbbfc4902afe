/* source.c -- see source.h. A table of formats, asked in order; the generic one takes the rest.
 */
#include "data/source.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/bytes.h"
#include "data/mapping.h"
#include "data/source_caiso.h"
#include "data/source_cenace.h"
#include "data/source_csv.h"
#include "data/source_entsoe.h"
#include "data/source_epf.h"
#include "data/source_epw.h"
#include "data/source_greenbutton.h"
#include "data/source_json.h"
#include "data/source_openmeteo.h"
#include "data/source_parquet.h"
#include "port/file.h"

vo_source_options vo_source_options_default(void) { return (vo_source_options){0}; }

/* Delimited text, by the embedded mapping that knows its header if there is one. */
static vo_status parse_csv(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                           vo_error *err) {
    const char *head = NULL;
    size_t n = 0;
    vo_mapping *m = NULL;
    vo_status st = vo_bytes_head(in, &head, &n, err);
    if (st == VO_OK) st = vo_mapping_recognise_text(head, n, o, &m, err);
    if (st != VO_OK) return st;
    const vo_source_options mapped = m ? vo_mapping_options(m, o) : *o;
    st = vo_source_csv_parse(in, &mapped, set, err);
    vo_mapping_free(m);
    return st;
}

/* Asked in this order; the first that knows the head reads the stream. */
static const struct {
    bool (*is)(const char *head, size_t len);
    vo_status (*parse)(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                       vo_error *err);
} formats[] = {
    {vo_source_cenace_is, vo_source_cenace_parse},
    {vo_source_caiso_is, vo_source_caiso_parse},
    {vo_source_entsoe_is, vo_source_entsoe_parse},
    {vo_source_epf_is, vo_source_epf_parse},
    {vo_source_epw_is, vo_source_epw_parse},
    {vo_source_greenbutton_is, vo_source_greenbutton_parse},
    {vo_source_openmeteo_is, vo_source_openmeteo_parse},
    {vo_source_json_is, vo_source_json_parse}, /* after replies that are known */
    {vo_source_csv_is, parse_csv},             /* last: whatever is neither XML nor JSON */
};

static vo_status unknown(const char *name, const char *head, size_t n, vo_error *err) {
    head = vo_text_trim(head, &n);
    return vo_fail(err, VO_EUNSUPPORTED,
                   "%s is %s of a kind that is not known here; known are files and replies of "
                   "CENACE, CAISO OASIS, ENTSO-E, Green Button, Open-Meteo, EPW, and any CSV, "
                   "Parquet or mapped JSON (docs/models/data.md)",
                   name, n && head[0] == '<' ? "XML" : "JSON");
}

static vo_status parse_one(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                           vo_error *err) {
    const char *head = NULL;
    size_t n = 0;
    const vo_status st = vo_bytes_head(in, &head, &n, err);
    if (st != VO_OK) return st;
    if (vo_source_parquet_is(head, n))
        return vo_fail(err, VO_EUNSUPPORTED,
                       "%s is Parquet, which is read from a file of its own: give its path",
                       vo_bytes_name(in));
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (formats[i].is(head, n)) return formats[i].parse(in, o, set, err);
    return unknown(vo_bytes_name(in), head, n, err);
}

/* Every file of a zip, one after the other. */
static vo_status parse_all(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                           vo_error *err) {
    bool more = true;
    while (more) {
        vo_status st = parse_one(in, o, set, err);
        if (st == VO_OK) st = vo_bytes_next(in, &more, err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

vo_status vo_source_stream(const char *path, const vo_source_options *o, vo_readings_set *set,
                           vo_error *err) {
    const vo_source_options standard = vo_source_options_default();
    const char *head = NULL;
    vo_bytes *in = NULL;
    size_t n = 0;
    if (!o) o = &standard;
    vo_status st = vo_bytes_open_watched(path, o->watch, o->watch_ctx, &in, err);
    if (st == VO_OK) st = vo_bytes_head(in, &head, &n, err);
    if (st == VO_OK && vo_source_parquet_is(head, n) && strcmp(path, "-") != 0)
        st = vo_source_parquet_read(path, o, set, err);
    else if (st == VO_OK)
        st = parse_all(in, o, set, err);
    vo_bytes_close(in);
    return st;
}

static vo_status hand_over(vo_status st, vo_readings_set *set, vo_readings_set **out) {
    if (st != VO_OK) {
        vo_readings_set_free(set);
        return st;
    }
    vo_readings_set_settle(set);
    *out = set;
    return VO_OK;
}

vo_status vo_source_parse(const char *name, const char *data, size_t len,
                          const vo_source_options *o, vo_readings_set **out, vo_error *err) {
    const vo_source_options standard = vo_source_options_default();
    vo_readings_set *set = NULL;
    vo_bytes *in = NULL;
    vo_status st = vo_readings_set_create(&set, err);
    if (st == VO_OK) st = vo_bytes_open(name, data, len, &in, err);
    if (st == VO_OK) st = parse_all(in, o ? o : &standard, set, err);
    vo_bytes_close(in);
    return hand_over(st, set, out);
}

vo_status vo_source_read(const char *path, const vo_source_options *o, vo_readings_set **out,
                         vo_error *err) {
    vo_readings_set *set = NULL;
    vo_status st = vo_readings_set_create(&set, err);
    if (st == VO_OK) st = vo_source_stream(path, o, set, err);
    return hand_over(st, set, out);
}
