/* letters.c -- see letters.h. */
#include "data/letters.h"

#include <stdint.h>

/* Bytes of the letter that begins here; 0: none does. */
static size_t letter(const unsigned char *s, size_t len) {
    const unsigned char c = s[0];
    if (c < 0x80) return 1;
    const size_t n = c >= 0xc2 && c <= 0xdf   ? 2
                     : (c & 0xf0) == 0xe0     ? 3
                     : c >= 0xf0 && c <= 0xf4 ? 4
                                              : 0;
    if (n == 0 || n > len) return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80) return 0;
    if (c == 0xe0 && s[1] < 0xa0) return 0; /* overlong */
    if (c == 0xed && s[1] > 0x9f) return 0; /* surrogates */
    if (c == 0xf0 && s[1] < 0x90) return 0;
    if (c == 0xf4 && s[1] > 0x8f) return 0;
    return n;
}

bool vo_letters_are_utf8(const char *text, size_t len) {
    for (size_t i = 0; i < len;) {
        const size_t n = letter((const unsigned char *)text + i, len - i);
        if (n == 0) return false;
        i += n;
    }
    return true;
}

size_t vo_letters_whole(const char *text, size_t len, size_t most) {
    if (len <= most) return len;
    while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80) most--;
    return most;
}

bool vo_letters_from_1252(const char *text, size_t len, char *out, size_t size) {
    static const uint16_t at_80[32] = {
        0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
        0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
        0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];
        const unsigned u = c >= 0x80 && c < 0xa0 ? at_80[c - 0x80] : c;
        const size_t need = u < 0x80 ? 1 : u < 0x800 ? 2 : 3;
        if (u == 0 && c != 0) return false;
        if (n + need >= size) break;
        if (need == 1) {
            out[n++] = (char)u;
            continue;
        }
        if (need == 3) out[n++] = (char)(0xe0 | u >> 12);
        out[n++] = (char)((need == 3 ? 0x80 : 0xc0) | (u >> 6 & (need == 3 ? 0x3f : 0x1f)));
        out[n++] = (char)(0x80 | (u & 0x3f));
    }
    out[n] = '\0';
    return true;
}
