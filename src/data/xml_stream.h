/* xml_stream.h -- XML as a stream of leaf texts, in bounded memory.
 *
 * What the operators' documents need and no more: elements by local name (prefix and namespace
 * dropped), the attributes that are asked for, the text of an element that holds no other, and
 * line numbers. Blank lines before the document are passed over.
 * Bounds: VO_XML_MAX_DEPTH elements deep, VO_XML_MAX_TEXT bytes of text, VO_XML_MAX_TAG bytes
 * of one tag. Document types are refused: entities are how XML is made to explode.
 */
#ifndef VO_DATA_XML_STREAM_H
#define VO_DATA_XML_STREAM_H

#include "data/bytes.h"

#define VO_XML_MAX_DEPTH 32u
#define VO_XML_MAX_TEXT 8192u
#define VO_XML_MAX_TAG ((size_t)1 << 20)
#define VO_XML_ATTRIBUTES 4

/* Both may be NULL. Anything but VO_OK ends the reading with that status. */
typedef struct {
    /* value[i] is that of attribute[i], borrowed; NULL where the tag has none. */
    vo_status (*open)(void *ctx, const char *element, const char *const *value, uint32_t line,
                      vo_error *err);
    /* `text` is trimmed, NUL-terminated and borrowed; "" for an element with children. */
    vo_status (*close)(void *ctx, const char *element, const char *text, uint32_t line,
                       vo_error *err);
    const char *attribute[VO_XML_ATTRIBUTES]; /* local names; NULL: no further one */
} vo_xml_events;

/* Reads `in` from where it stands to its end. VO_EINVAL naming file, line and column.
 * VO_ENOMEM. */
vo_status vo_xml_stream(vo_bytes *in, const vo_xml_events *events, void *ctx, vo_error *err);

/* Does `head` (VO_BYTES_HEAD bytes or fewer) hold the start tag <element or <prefix:element? */
bool vo_xml_has_start(const char *head, size_t len, const char *element);

#endif
