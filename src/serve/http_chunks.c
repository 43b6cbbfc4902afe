/* http_chunks.c -- see http_chunks.h. A state per byte, but data is passed on in one piece. */
#include "serve/http_chunks.h"

#include "base/text.h"

enum { SIZE, EXTENSION, SIZE_LF, DATA, DATA_CR, DATA_LF, LINE, TRAILER, TRAILER_LF, LAST_LF };
enum { MOST_DIGITS = 12, MOST_SKIPPED = 8192 };

static int after_size(vo_chunks *c, char b) {
    if (c->digits == 0) return -1;
    if (b == '\r') return SIZE_LF;
    return b == ';' || b == ' ' || b == '\t' ? EXTENSION : -1;
}

static int size_digit(vo_chunks *c, char b) {
    const int digit = vo_text_hex(b);
    if (digit < 0) return after_size(c, b);
    if (++c->digits > MOST_DIGITS) return -1;
    c->left = c->left * 16 + (uint64_t)digit;
    return SIZE;
}

static int skip(vo_chunks *c, char b, int same, int at_cr) {
    if (b == '\r') return at_cr;
    const unsigned char u = (unsigned char)b;
    if (++c->skipped > MOST_SKIPPED || (u < ' ' && u != '\t') || u >= 0x7f) return -1;
    return same;
}

/* The state after byte b, -1: it cannot stand there, -2: that was the end. */
static int step(vo_chunks *c, char b) {
    switch (c->state) {
    case SIZE:
        return size_digit(c, b);
    case EXTENSION:
        return skip(c, b, EXTENSION, SIZE_LF);
    case SIZE_LF:
        if (b != '\n') return -1;
        c->digits = 0;
        return c->left ? DATA : LINE;
    case DATA_CR:
        return b == '\r' ? DATA_LF : -1;
    case DATA_LF:
        return b == '\n' ? SIZE : -1;
    case LINE:
        return b == '\r' ? LAST_LF : skip(c, b, TRAILER, LAST_LF);
    case TRAILER:
        return skip(c, b, TRAILER, TRAILER_LF);
    case TRAILER_LF:
        return b == '\n' ? LINE : -1;
    case LAST_LF:
        return b == '\n' ? -2 : -1;
    default:
        return -1;
    }
}

vo_chunks_said vo_chunks_read(vo_chunks *c, const char *bytes, size_t n, size_t *used,
                              const char **data, size_t *len) {
    for (*used = 0; *used < n;) {
        if (c->state == DATA) {
            *data = bytes + *used;
            *len = n - *used < c->left ? n - *used : (size_t)c->left;
            *used += *len;
            c->left -= *len;
            if (c->left == 0) c->state = DATA_CR;
            return VO_CHUNKS_DATA;
        }
        const int next = step(c, bytes[(*used)++]);
        if (next == -1) return VO_CHUNKS_BAD;
        if (next == -2) return VO_CHUNKS_END;
        c->state = next;
    }
    return VO_CHUNKS_MORE;
}
