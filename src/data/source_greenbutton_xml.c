/* source_greenbutton_xml.c -- Green Button's XML through expat's events: entries with their
 * links and fields, and readings, each handed on at its end tag. Elements are known by local
 * name, as prefixes differ from file to file. Document types are refused: entities are how XML
 * is made to explode. expat keeps a tag until it is whole, so what was fed beyond its last
 * event is bounded.
 */
#include <expat.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/source_greenbutton.h"

#define CHUNK 65536
#define MAX_TEXT 512
#define MAX_DEPTH 64u
#define MAX_TAG ((size_t)1 << 20)

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

typedef struct {
    const char *file;
    XML_Parser parser;
    const vo_gb_events *events;
    void *ctx;
    vo_status st;
    vo_error *err;
    unsigned depth;
    unsigned entry_at, resource_at, reading_at; /* their depths; 0: none is open */
    bool in_period;
    vo_gb_kind resource; /* that is open */
    size_t blocks;
    vo_gb_entry entry;
    vo_gb_reading reading;
    bool leaf, cut; /* no tag since the last start tag; more text than MAX_TEXT */
    size_t len;
    char text[MAX_TEXT];
} reader;

static uint32_t line_of(const reader *r) {
    return (uint32_t)XML_GetCurrentLineNumber(r->parser);
}

static void stop(reader *r, vo_status st) {
    if (r->st != VO_OK || st == VO_OK) return;
    r->st = st;
    XML_StopParser(r->parser, XML_FALSE);
}

static const char *local_name(const char *element) {
    const char *colon = strrchr(element, ':');
    return colon ? colon + 1 : element;
}

static vo_gb_kind resource_of(const char *element) {
    for (int k = VO_GB_USAGE; k <= VO_GB_BLOCK; k++)
        if (strcmp(element, resources[k]) == 0) return (vo_gb_kind)k;
    return VO_GB_OTHER;
}

/* ---- entries ---------------------------------------------------------------------- */

static void begin_entry(reader *r) {
    vo_gb_entry *e = &r->entry;
    e->kind = VO_GB_OTHER;
    e->line = line_of(r);
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

static void take_link(reader *r, const char **attributes) {
    const char *rel = "", *href = "";
    vo_gb_entry *e = &r->entry;
    for (; attributes[0]; attributes += 2) {
        if (strcmp(local_name(attributes[0]), "rel") == 0) rel = attributes[1];
        if (strcmp(local_name(attributes[0]), "href") == 0) href = attributes[1];
    }
    const size_t n = strlen(href);
    char *to = strcmp(rel, "self") == 0 ? e->self : strcmp(rel, "up") == 0 ? e->up : NULL;
    if (!to && strcmp(rel, "related") != 0) return;
    if (n >= VO_GB_HREF) {
        stop(r, vo_fail(r->err, VO_EINVAL, "%s line %u: a link of %zu bytes; at most %d",
                        r->file, line_of(r), n, VO_GB_HREF - 1));
        return;
    }
    if (to) {
        memcpy(to, href, n + 1);
        return;
    }
    for (size_t i = 0; i < e->n_related; i++)
        if (strcmp(e->related[i], href) == 0) return;
    if (e->n_related == VO_GB_LINKS)
        stop(r,
             vo_fail(r->err, VO_EINVAL, "%s line %u: an entry with more than %d related links",
                     r->file, line_of(r), VO_GB_LINKS));
    else
        memcpy(e->related[e->n_related++], href, n + 1);
}

static void end_entry(reader *r) { stop(r, r->events->entry(r->ctx, &r->entry, r->err)); }

static void take_title(const char *text, size_t len, char out[64]) {
    size_t n = 0;
    for (size_t i = 0; i < len && n < 58; i++) /* five bytes left for "-9999" */
        out[n++] = (unsigned char)text[i] < ' ' ? ' ' : text[i];
    while (n > 0 && n < len && ((unsigned char)text[n] & 0xC0) == 0x80) n--; /* whole letters */
    out[n] = '\0';
}

/* ---- numbers ---------------------------------------------------------------------- */

static bool refuse(reader *r, const char *element, const char *text, size_t len,
                   const char *why) {
    stop(r, vo_fail(r->err, VO_EINVAL, "%s line %u: %s = \"%.*s\" %s", r->file, line_of(r),
                    element, len < 60 ? (int)len : 60, text, why));
    return false;
}

/* An empty element is one that is not there. */
static void take_integer(reader *r, const char *element, const char *text, size_t len,
                         int64_t low, int64_t high, int64_t *out) {
    int64_t v = 0;
    if (len == 0) return;
    if (r->cut || !vo_text_integer(text, len, &v))
        refuse(r, element, text, len, "is not a whole number");
    else if (v < low || v > high)
        refuse(r, element, text, len, "is out of range");
    else
        *out = v;
}

static void take_number(reader *r, const char *element, const char *text, size_t len,
                        double *out) {
    if (len > 0 && (r->cut || !vo_text_number(text, len, out)))
        refuse(r, element, text, len, "is not a number");
}

/* ---- readings --------------------------------------------------------------------- */

static void begin_reading(reader *r) {
    r->reading_at = r->depth;
    r->in_period = false;
    r->reading = (vo_gb_reading){.block = r->blocks - 1,
                                 .line = line_of(r),
                                 .start_s = VO_GB_NONE,
                                 .duration_s = VO_GB_NONE,
                                 .quality = VO_GB_NONE,
                                 .value = (double)NAN,
                                 .cost = (double)NAN};
}

/* Estimates count most, so that of several qualities the lowest but 0 is kept. */
static void take_quality(reader *r, const char *text, size_t len) {
    int64_t q = VO_GB_NONE;
    take_integer(r, "quality", text, len, 0, 1000, &q);
    if (q == VO_GB_NONE) return;
    const int64_t old = r->reading.quality;
    if (old == VO_GB_NONE || old == 0 || (q != 0 && q < old)) r->reading.quality = q;
}

static void in_reading(reader *r, const char *element, const char *text, size_t len) {
    vo_gb_reading *g = &r->reading;
    const bool child = r->depth == r->reading_at + 1;
    if (r->in_period && strcmp(element, "start") == 0)
        take_integer(r, element, text, len, 0, INT64_C(253402300799), &g->start_s);
    else if (r->in_period && strcmp(element, "duration") == 0)
        take_integer(r, element, text, len, 0, 366 * 86400, &g->duration_s);
    else if (strcmp(element, "timePeriod") == 0)
        r->in_period = false;
    else if (strcmp(element, "quality") == 0)
        take_quality(r, text, len);
    else if (child && strcmp(element, "value") == 0)
        take_number(r, element, text, len, &g->value);
    else if (child && strcmp(element, "cost") == 0)
        take_number(r, element, text, len, &g->cost);
    else if (child && (strcmp(element, "tou") == 0 || strcmp(element, "cpp") == 0 ||
                       strcmp(element, "consumptionTier") == 0))
        g->details |= len > 0;
}

static void end_reading(reader *r) {
    r->reading_at = 0;
    if (r->reading.start_s == VO_GB_NONE)
        stop(r,
             vo_fail(r->err, VO_EINVAL,
                     "%s line %u: an IntervalReading without timePeriod/start in Unix seconds",
                     r->file, r->reading.line));
    else
        stop(r, r->events->reading(r->ctx, &r->reading, r->err));
}

/* ---- events ----------------------------------------------------------------------- */

static void XMLCALL on_start(void *ctx, const XML_Char *name, const XML_Char **attributes) {
    reader *r = ctx;
    const char *element = local_name(name);
    if (r->st != VO_OK) return;
    r->leaf = true;
    r->cut = false;
    r->len = 0;
    if (++r->depth > MAX_DEPTH) {
        stop(r, vo_fail(r->err, VO_EINVAL, "%s line %u: elements more than %u deep", r->file,
                        line_of(r), MAX_DEPTH));
    } else if (r->reading_at) {
        r->in_period |= strcmp(element, "timePeriod") == 0;
    } else if (r->resource_at) {
        if (r->resource == VO_GB_BLOCK && strcmp(element, "IntervalReading") == 0)
            begin_reading(r);
    } else if (resource_of(element) != VO_GB_OTHER) {
        begin_resource(r, resource_of(element));
    } else if (r->entry_at) {
        if (strcmp(element, "link") == 0) take_link(r, attributes);
    } else if (strcmp(element, "entry") == 0) {
        r->entry_at = r->depth;
        begin_entry(r);
    }
}

static void XMLCALL on_text(void *ctx, const XML_Char *text, int len) {
    reader *r = ctx;
    size_t n = (size_t)len;
    if (!r->leaf || r->st != VO_OK) return;
    if (r->len == 0)
        while (n > 0 && (*text == ' ' || *text == '\n' || *text == '\r' || *text == '\t'))
            text++, n--;
    if (n > MAX_TEXT - r->len) {
        n = MAX_TEXT - r->len;
        r->cut = true;
    }
    memcpy(r->text + r->len, text, n);
    r->len += n;
}

static void end_leaf(reader *r, const char *element) {
    size_t len = r->leaf ? r->len : 0;
    const char *text = vo_text_trim(r->text, &len);
    if (r->reading_at) {
        in_reading(r, element, text, len);
    } else if (r->resource_at) {
        if (r->depth != r->resource_at + 1) return;
        for (int f = 0; f < VO_GB_FIELDS; f++)
            if ((r->resource == VO_GB_TYPE || r->resource == VO_GB_CLOCK) &&
                strcmp(element, fields[f]) == 0)
                take_integer(r, element, text, len, INT32_MIN, INT32_MAX, &r->entry.field[f]);
    } else if (strcmp(element, "title") == 0) {
        take_title(text, len, r->entry_at ? r->entry.title : r->entry.feed_title);
    }
}

static void XMLCALL on_end(void *ctx, const XML_Char *name) {
    reader *r = ctx;
    if (r->st != VO_OK) return;
    if (r->depth == r->reading_at) {
        end_reading(r);
    } else if (r->depth == r->resource_at) {
        r->resource_at = 0;
        if (!r->entry_at) end_entry(r);
    } else if (r->depth == r->entry_at) {
        r->entry_at = 0;
        end_entry(r);
    } else {
        end_leaf(r, local_name(name));
    }
    r->leaf = false;
    r->depth--;
}

static void XMLCALL on_doctype(void *ctx, const XML_Char *name, const XML_Char *system,
                               const XML_Char *public, int internal) {
    reader *r = ctx;
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    stop(r, vo_fail(r->err, VO_EINVAL,
                    "%s line %u: a document type; Green Button has none, and entities can "
                    "explode: delete the <!DOCTYPE ...>",
                    r->file, line_of(r)));
}

static vo_status feed(reader *r, const char *chunk, size_t n, size_t fed) {
    const enum XML_Status ok = XML_Parse(r->parser, chunk, (int)n, n == 0);
    if (r->st != VO_OK) return r->st;
    if (ok != XML_STATUS_OK)
        return vo_fail(r->err, VO_EINVAL, "%s line %u, column %lu: %s; is the file whole?",
                       r->file, line_of(r),
                       (unsigned long)XML_GetCurrentColumnNumber(r->parser) + 1,
                       XML_ErrorString(XML_GetErrorCode(r->parser)));
    const XML_Index at = XML_GetCurrentByteIndex(r->parser);
    if (at >= 0 && fed > (size_t)at && fed - (size_t)at > MAX_TAG)
        return vo_fail(r->err, VO_EINVAL, "%s line %u: a tag or comment of more than %zu bytes",
                       r->file, line_of(r), MAX_TAG);
    return VO_OK;
}

vo_status vo_gb_stream(vo_bytes *in, const vo_gb_events *events, void *ctx, vo_error *err) {
    reader *r = calloc(1, sizeof *r);
    char *chunk = malloc(CHUNK);
    XML_Parser parser = XML_ParserCreate(NULL);
    vo_status st = VO_OK;
    size_t n = 1;
    if (!r || !chunk || !parser) {
        st = vo_fail(err, VO_ENOMEM, "%s: no memory for an XML parser", vo_bytes_name(in));
        goto fail;
    }
    r->file = vo_bytes_name(in);
    r->parser = parser;
    r->events = events;
    r->ctx = ctx;
    r->err = err;
    XML_SetUserData(parser, r);
    XML_SetElementHandler(parser, on_start, on_end);
    XML_SetCharacterDataHandler(parser, on_text);
    XML_SetStartDoctypeDeclHandler(parser, on_doctype);
    for (size_t fed = 0; st == VO_OK && n > 0; fed += n) {
        if ((st = vo_bytes_read(in, chunk, CHUNK, &n, err)) != VO_OK) break;
        st = feed(r, chunk, n, fed + n);
    }
fail: /* also the way out of success */
    if (parser) XML_ParserFree(parser);
    free(chunk);
    free(r);
    return st;
}
