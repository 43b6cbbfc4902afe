/* xml_stream.c -- see xml_stream.h. expat is fed block by block; the text since the last tag is
 * kept in one buffer. expat itself keeps a tag until it is whole, so what was fed beyond its
 * last event is bounded too.
 */
#include "data/xml_stream.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define BLOCK 65536

typedef struct {
    const vo_xml_events *events;
    void *ctx;
    const char *name;
    XML_Parser parser;
    vo_status st;
    vo_error *err;
    unsigned depth;
    bool begun;           /* something but blanks was read */
    uint32_t blank_lines; /* before that */
    bool leaf;            /* no tag since the last start tag */
    size_t len;
    char text[VO_XML_MAX_TEXT + 1];
} reader;

static const char *local_name(const char *element) {
    const char *colon = strrchr(element, ':');
    return colon ? colon + 1 : element;
}

static uint32_t line_of(const reader *r) {
    return (uint32_t)XML_GetCurrentLineNumber(r->parser) + r->blank_lines;
}

static void stop(reader *r, vo_status st) {
    r->st = st;
    XML_StopParser(r->parser, XML_FALSE);
}

/* Of the attributes of a tag (name, value, ..., NULL) those that were asked for. */
static void pick(const vo_xml_events *events, const XML_Char **attributes,
                 const char *value[VO_XML_ATTRIBUTES]) {
    for (size_t i = 0; i < VO_XML_ATTRIBUTES; i++) value[i] = NULL;
    for (; attributes[0]; attributes += 2)
        for (size_t i = 0; i < VO_XML_ATTRIBUTES && events->attribute[i]; i++)
            if (strcmp(local_name(attributes[0]), events->attribute[i]) == 0)
                value[i] = attributes[1];
}

static void XMLCALL on_start(void *ctx, const XML_Char *element, const XML_Char **attributes) {
    reader *r = ctx;
    const char *value[VO_XML_ATTRIBUTES];
    if (r->st != VO_OK) return;
    r->leaf = true;
    r->len = 0;
    if (++r->depth > VO_XML_MAX_DEPTH) {
        stop(r, vo_fail(r->err, VO_EINVAL, "%s line %u: elements more than %u deep", r->name,
                        line_of(r), VO_XML_MAX_DEPTH));
        return;
    }
    if (!r->events->open) return;
    pick(r->events, attributes, value);
    const vo_status st =
        r->events->open(r->ctx, local_name(element), value, line_of(r), r->err);
    if (st != VO_OK) stop(r, st);
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static void XMLCALL on_text(void *ctx, const XML_Char *text, int len) {
    reader *r = ctx;
    if (r->st != VO_OK || !r->leaf) return;
    for (int i = 0; i < len; i++) {
        if (r->len == 0 && is_blank(text[i])) continue;
        if (r->len == VO_XML_MAX_TEXT) {
            stop(r, vo_fail(r->err, VO_EINVAL, "%s line %u: a text of more than %u bytes",
                            r->name, line_of(r), VO_XML_MAX_TEXT));
            return;
        }
        r->text[r->len++] = text[i];
    }
}

static void XMLCALL on_end(void *ctx, const XML_Char *element) {
    reader *r = ctx;
    if (r->st != VO_OK) return;
    if (!r->leaf) r->len = 0;
    r->leaf = false;
    r->depth--;
    while (r->len && is_blank(r->text[r->len - 1])) r->len--;
    r->text[r->len] = '\0';
    if (!r->events->close) return;
    const vo_status st =
        r->events->close(r->ctx, local_name(element), r->text, line_of(r), r->err);
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
                    "%s line %u: it declares a document type; data have none, and entities can "
                    "explode: refused. Delete the <!DOCTYPE ...>",
                    r->name, line_of(r)));
}

static vo_status feed(reader *r, const char *block, size_t n, bool last, size_t fed) {
    const enum XML_Status ok = XML_Parse(r->parser, block, (int)n, last);
    if (r->st != VO_OK) return r->st;
    if (ok != XML_STATUS_OK)
        return vo_fail(r->err, VO_EINVAL, "%s line %u column %lu: %s; is the file whole?",
                       r->name, line_of(r),
                       (unsigned long)XML_GetCurrentColumnNumber(r->parser) + 1,
                       XML_ErrorString(XML_GetErrorCode(r->parser)));
    const XML_Index at = XML_GetCurrentByteIndex(r->parser);
    if (at >= 0 && fed - (size_t)at > VO_XML_MAX_TAG)
        return vo_fail(r->err, VO_EINVAL, "%s line %u: a tag or comment of more than %zu bytes",
                       r->name, line_of(r), VO_XML_MAX_TAG);
    return VO_OK;
}

/* An XML declaration must be the first bytes; replies have been seen with blanks before it. */
static size_t pass_blanks(reader *r, const char *block, size_t n) {
    size_t i = 0;
    while (!r->begun && i < n && is_blank(block[i])) r->blank_lines += block[i++] == '\n';
    r->begun = r->begun || i < n;
    return i;
}

static vo_status feed_all(reader *r, vo_bytes *in, char *block) {
    for (size_t fed = 0;;) {
        size_t n = 0;
        vo_status st = vo_bytes_read(in, block, BLOCK, &n, r->err);
        if (st != VO_OK) return st;
        const size_t from = pass_blanks(r, block, n);
        fed += n - from;
        st = feed(r, block + from, n - from, n == 0, fed);
        if (st != VO_OK || n == 0) return st;
    }
}

vo_status vo_xml_stream(vo_bytes *in, const vo_xml_events *events, void *ctx, vo_error *err) {
    const char *name = vo_bytes_name(in);
    reader *r = calloc(1, sizeof *r);
    char *block = malloc(BLOCK);
    vo_status st = VO_ENOMEM;
    if (r) r->parser = XML_ParserCreate(NULL);
    if (!r || !block || !r->parser) {
        vo_fail(err, VO_ENOMEM, "%s: no memory for an XML parser", name);
        goto fail;
    }
    r->events = events;
    r->ctx = ctx;
    r->name = name;
    r->err = err;
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    st = feed_all(r, in, block);
fail:
    if (r && r->parser) XML_ParserFree(r->parser);
    free(block);
    free(r);
    return st;
}

bool vo_xml_has_start(const char *head, size_t len, const char *element) {
    const size_t n = strlen(element);
    for (size_t i = 0; i + 1 + n <= len; i++) {
        if (head[i] != '<') continue;
        size_t from = i + 1, end = from;
        while (end < len && !is_blank(head[end]) && head[end] != '>' && head[end] != '/') {
            if (head[end] == ':') from = end + 1;
            end++;
        }
        if (end - from == n && memcmp(head + from, element, n) == 0) return true;
    }
    return false;
}
