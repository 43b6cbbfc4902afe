/* docs_page.c -- see docs_page.h. Hashes as in Content Security Policy Level 3: 'sha256-BASE64' of
 * the text between the tags. */
#include "serve/docs_page.h"

#include <stdio.h>
#include <string.h>

#include "store/sha256.h"

enum { DIGEST = 32, BASE64 = 45 };

static int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

static void base64_of(const char hex[VO_SHA256_HEX], char out[BASE64]) {
    static const char letter[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned byte[DIGEST + 1] = {0}; /* and one that fills the last group up */
    for (size_t i = 0; i < DIGEST; i++)
        byte[i] = (unsigned)(digit(hex[2 * i]) * 16 + digit(hex[2 * i + 1]));
    for (size_t i = 0; i < DIGEST; i += 3, out += 4) {
        const unsigned three =
            byte[i] << 16 | byte[i + 1] << 8 | (i + 2 < DIGEST ? byte[i + 2] : 0);
        out[0] = letter[three >> 18 & 63];
        out[1] = letter[three >> 12 & 63];
        out[2] = letter[three >> 6 & 63];
        out[3] = i + 2 < DIGEST ? letter[three & 63] : '=';
    }
    *out = '\0';
}

static vo_status hash_between(const char *page, const char *open, const char *close,
                              char out[BASE64], vo_error *err) {
    const char *from = strstr(page, open);
    const char *to = from ? strstr(from, close) : NULL;
    if (!to) return vo_fail(err, VO_EINVAL, "the page has no %s...%s", open, close);
    from += strlen(open);
    char hex[VO_SHA256_HEX];
    vo_sha256_of(from, (size_t)(to - from), hex);
    base64_of(hex, out);
    return VO_OK;
}

vo_status vo_docs_page_policy(const char *page, char out[VO_DOCS_POLICY], vo_error *err) {
    char style[BASE64], script[BASE64];
    vo_status s = hash_between(page, "<style>", "</style>", style, err);
    if (s == VO_OK) s = hash_between(page, "<script>", "</script>", script, err);
    if (s != VO_OK) return s;
    snprintf(out, VO_DOCS_POLICY,
             "default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; connect-src "
             "'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
             style, script);
    return VO_OK;
}
