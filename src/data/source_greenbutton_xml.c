/* source_greenbutton_xml.c -- Green Button's XML as a stream: entries with their links and
 * fields, and readings, each handed on at its end tag. Elements are known by local name, as
 * prefixes differ from file to file.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/source_greenbutton.h"
#include "data/xml_stream.h"

static const char *const resources[] = {[VO_GB_USAGE] = "UsagePoint",
                                        [VO_GB_METER] = "MeterReading",
                                        [VO_GB_TYPE] = "ReadingType",
                                        [VO_GB_CLOCK] = "LocalTimeParameters",
                                        [VO_GB_BLOCK] = "IntervalBlock"};

static const char *const fields[VO_GB_FIELDS] = {[VO_GB_ACCUMULATION] = "accumulationBehaviour",
                                                 [VO_GB_COMMODITY] = "commodity",
                                                 [VO_GB_CURRENCY] = "currency",
                                                 [VO_GB_QUALIFIER] = "dataQualifier",
                                                 [VO_GB_QUALITY] = "defaultQuality",
                                                 [VO_GB_FLOW] = "flowDirection",
                                                 [VO_GB_LENGTH] = "intervalLength",
                                                 [VO_GB_MULTIPLIER] = "powerOfTenMultiplier",
                                                 [VO_GB_UOM] = "uom",
                                                 [VO_GB_TZ_OFFSET] = "tzOffset",
                                                 [VO_GB_DST_OFFSET] = "dstOffset"};

enum { REL, HREF }; /* attributes of a link */

typedef struct {
    const char *file;
    const vo_gb_events *events;
    void *ctx;
    unsigned depth;
    uint32_t line;
    unsigned entry_at, resource_at, reading_at; /* their depths; 0: none is open */
    bool in_period;
    vo_gb_kind resource; /* that is open */
    size_t blocks;
    vo_gb_entry entry;
    vo_gb_reading reading;
} reader;

static vo_gb_kind resource_of(const char *element) {
    for (int k = VO_GB_USAGE; k <= VO_GB_BLOCK; k++)
        if (strcmp(element, resources[k]) == 0) return (vo_gb_kind)k;
    return VO_GB_OTHER;
}

/* ---- entries ---------------------------------------------------------------------- */

static void begin_entry(reader *r) {
    vo_gb_entry *e = &r->entry;
    e->kind = VO_GB_OTHER;
    e->line = r->line;
    e->n_blocks = e->n_related = 0;
    e->title[0] = e->self[0] = e->up[0] = '\0';
    for (int f = 0; f < VO_GB_FIELDS; f++) e->field[f] = VO_GB_NONE;
}

static void begin_resource(reader *r, vo_gb_kind kind) {
    if (!r->entry_at) begin_entry(r);
    r->resource = kind;
    r->resource_at = r->depth;
    if (kind != VO_GB_BLOCK || r->entry.kind == VO_GB_OTHER) r->entry.kind = kind;
    if (kind == VO_GB_BLOCK) {
        r->entry.n_blocks++;
        r->blocks++;
    }
}

static vo_status take_link(reader *r, const char *rel, const char *href, vo_error *err) {
    vo_gb_entry *e = &r->entry;
    if (!rel || !href) return VO_OK;
    const size_t n = strlen(href);
    char *to = strcmp(rel, "self") == 0 ? e->self : strcmp(rel, "up") == 0 ? e->up : NULL;
    if (!to && strcmp(rel, "related") != 0) return VO_OK;
    if (n >= VO_GB_HREF)
        return vo_fail(err, VO_EINVAL, "%s line %u: a link of %zu bytes; at most %d", r->file,
                       r->line, n, VO_GB_HREF - 1);
    for (size_t i = 0; !to && i < e->n_related; i++)
        if (strcmp(e->related[i], href) == 0) return VO_OK;
    if (!to && e->n_related == VO_GB_LINKS)
        return vo_fail(err, VO_EINVAL, "%s line %u: an entry with more than %d related links",
                       r->file, r->line, VO_GB_LINKS);
    memcpy(to ? to : e->related[e->n_related++], href, n + 1);
    return VO_OK;
}

static void take_title(const char *text, char out[VO_NODE_NAME]) {
    size_t n = 0;
    while (text[n] && n < VO_NODE_NAME - 6) { /* five bytes left for "-9999" */
        out[n] = (unsigned char)text[n] < ' ' ? ' ' : text[n];
        n++;
    }
    while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80) n--; /* whole letters */
    out[n] = '\0';
}

/* ---- numbers ---------------------------------------------------------------------- */

static vo_status refuse(const reader *r, const char *element, const char *text, const char *why,
                        vo_error *err) {
    const vo_csv_field value = {text, strlen(text)};
    return vo_source_refuse(r->file, r->line, element, value, why, err);
}

/* An empty element is one that is not there. */
static vo_status take_integer(const reader *r, const char *element, const char *text,
                              int64_t low, int64_t high, int64_t *out, vo_error *err) {
    int64_t v = 0;
    if (!text[0]) return VO_OK;
    if (!vo_text_integer(text, strlen(text), &v))
        return refuse(r, element, text, "is not a whole number", err);
    if (v < low || v > high) return refuse(r, element, text, "is out of range", err);
    *out = v;
    return VO_OK;
}

static vo_status take_number(const reader *r, const char *element, const char *text,
                             double *out, vo_error *err) {
    if (!text[0] || vo_text_number(text, strlen(text), out)) return VO_OK;
    return refuse(r, element, text, "is not a number", err);
}

/* ---- readings --------------------------------------------------------------------- */

static void begin_reading(reader *r) {
    r->reading_at = r->depth;
    r->in_period = false;
    r->reading = (vo_gb_reading){.block = r->blocks - 1,
                                 .line = r->line,
                                 .start_s = VO_GB_NONE,
                                 .duration_s = VO_GB_NONE,
                                 .quality = VO_GB_NONE,
                                 .value = (double)NAN,
                                 .cost = (double)NAN};
}

/* Estimates count most, so that of several qualities the lowest but 0 is kept. */
static vo_status take_quality(reader *r, const char *text, vo_error *err) {
    int64_t q = VO_GB_NONE;
    const vo_status st = take_integer(r, "quality", text, 0, 1000, &q, err);
    const int64_t old = r->reading.quality;
    if (st != VO_OK || q == VO_GB_NONE) return st;
    if (old == VO_GB_NONE || old == 0 || (q != 0 && q < old)) r->reading.quality = q;
    return VO_OK;
}

static vo_status in_reading(reader *r, const char *element, const char *text, vo_error *err) {
    vo_gb_reading *g = &r->reading;
    const bool child = r->depth == r->reading_at + 1;
    if (r->in_period && strcmp(element, "start") == 0)
        return take_integer(r, element, text, 0, INT64_C(253402300799), &g->start_s, err);
    if (r->in_period && strcmp(element, "duration") == 0)
        return take_integer(r, element, text, 0, 366 * 86400, &g->duration_s, err);
    if (strcmp(element, "timePeriod") == 0)
        r->in_period = false;
    else if (strcmp(element, "quality") == 0)
        return take_quality(r, text, err);
    else if (child && strcmp(element, "value") == 0)
        return take_number(r, element, text, &g->value, err);
    else if (child && strcmp(element, "cost") == 0)
        return take_number(r, element, text, &g->cost, err);
    else if (child && (strcmp(element, "tou") == 0 || strcmp(element, "cpp") == 0 ||
                       strcmp(element, "consumptionTier") == 0))
        g->details |= text[0] != '\0';
    return VO_OK;
}

static vo_status end_reading(reader *r, vo_error *err) {
    r->reading_at = 0;
    if (r->reading.start_s == VO_GB_NONE)
        return vo_fail(err, VO_EINVAL,
                       "%s line %u: an IntervalReading without timePeriod/start in Unix "
                       "seconds",
                       r->file, r->reading.line);
    return r->events->reading(r->ctx, &r->reading, err);
}

/* ---- events ----------------------------------------------------------------------- */

static vo_status on_open(void *ctx, const char *element, const char *const *value,
                         uint32_t line, vo_error *err) {
    reader *r = ctx;
    r->line = line;
    r->depth++;
    if (r->reading_at) {
        r->in_period |= strcmp(element, "timePeriod") == 0;
    } else if (r->resource_at) {
        if (r->resource == VO_GB_BLOCK && strcmp(element, "IntervalReading") == 0)
            begin_reading(r);
    } else if (resource_of(element) != VO_GB_OTHER) {
        begin_resource(r, resource_of(element));
    } else if (r->entry_at) {
        if (strcmp(element, "link") == 0) return take_link(r, value[REL], value[HREF], err);
    } else if (strcmp(element, "entry") == 0) {
        r->entry_at = r->depth;
        begin_entry(r);
    }
    return VO_OK;
}

static vo_status end_leaf(reader *r, const char *element, const char *text, vo_error *err) {
    if (r->reading_at) return in_reading(r, element, text, err);
    if (!r->resource_at) {
        if (strcmp(element, "title") == 0)
            take_title(text, r->entry_at ? r->entry.title : r->entry.feed_title);
        return VO_OK;
    }
    if (r->depth != r->resource_at + 1) return VO_OK;
    if (r->resource != VO_GB_TYPE && r->resource != VO_GB_CLOCK) return VO_OK;
    for (int f = 0; f < VO_GB_FIELDS; f++)
        if (strcmp(element, fields[f]) == 0)
            return take_integer(r, element, text, INT32_MIN, INT32_MAX, &r->entry.field[f],
                                err);
    return VO_OK;
}

static vo_status on_close(void *ctx, const char *element, const char *text, uint32_t line,
                          vo_error *err) {
    reader *r = ctx;
    vo_status st = VO_OK;
    r->line = line;
    if (r->depth == r->reading_at) {
        st = end_reading(r, err);
    } else if (r->depth == r->resource_at) {
        r->resource_at = 0;
        if (!r->entry_at) st = r->events->entry(r->ctx, &r->entry, err);
    } else if (r->depth == r->entry_at) {
        r->entry_at = 0;
        st = r->events->entry(r->ctx, &r->entry, err);
    } else {
        st = end_leaf(r, element, text, err);
    }
    r->depth--;
    return st;
}

vo_status vo_gb_stream(vo_bytes *in, const vo_gb_events *events, void *ctx, vo_error *err) {
    static const vo_xml_events xml = {
        .open = on_open, .close = on_close, .attribute = {[REL] = "rel", [HREF] = "href"}};
    reader *r = calloc(1, sizeof *r);
    if (!r) return vo_fail(err, VO_ENOMEM, "%s: no memory for its entries", vo_bytes_name(in));
    r->file = vo_bytes_name(in);
    r->events = events;
    r->ctx = ctx;
    const vo_status st = vo_xml_stream(in, &xml, r, err);
    free(r);
    return st;
}
