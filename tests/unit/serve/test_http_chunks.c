/* Bodies in chunks: the same whatever way they are cut; refusals. */
#include "serve/http_chunks.h"

#include <criterion/criterion.h>
#include <string.h>

/* Feeds `text` in pieces of `step` bytes; the body into out. */
static vo_chunks_said feed(const char *text, size_t step, char *out, size_t *left) {
    vo_chunks c;
    memset(&c, 0, sizeof c);
    const size_t n = strlen(text);
    *out = '\0';
    for (size_t at = 0; at < n;) {
        size_t part = n - at < step ? n - at : step, used = 0, len = 0;
        const char *data = NULL;
        const vo_chunks_said said = vo_chunks_read(&c, text + at, part, &used, &data, &len);
        at += used;
        *left = n - at;
        if (said == VO_CHUNKS_DATA)
            strncat(out, data, len);
        else if (said != VO_CHUNKS_MORE)
            return said;
    }
    return VO_CHUNKS_MORE;
}

Test(http_chunks, a_body_is_the_same_however_it_is_cut) {
    const char *text =
        "4\r\nWiki\r\n6;x=\"y\"\r\npedia \r\nA\r\nin\r\nchunks\r\n0\r\nT: 1\r\n\r\nNEXT";
    char out[100];
    size_t left = 0;
    for (size_t step = 1; step <= strlen(text); step++) {
        cr_assert_eq(feed(text, step, out, &left), VO_CHUNKS_END);
        cr_assert_str_eq(out, "Wikipedia in\r\nchunks");
        cr_assert_eq((int)left, 4);
    }
}

Test(http_chunks, what_is_not_a_chunk_is_bad) {
    static const char *const bad[] = {"\r\n",       "g\r\n",
                                      "-1\r\n",     "0x1\r\n",
                                      "1\nab",      "1\r\nab",
                                      "1\r\na\nb",  "1\r\na\r\r",
                                      "1\rX",       "1111111111111\r\n",
                                      "0\r\n\rX",   "0\r\nT: \x01\r\n\r\n",
                                      " 1\r\na",    "0\r\nT: \xe9\r\n\r\n",
                                      "1;\x7f\r\na"};
    char out[100];
    size_t left = 0;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_eq(feed(bad[i], 3, out, &left), VO_CHUNKS_BAD, "%s", bad[i]);
}

Test(http_chunks, extensions_and_trailers_are_bounded) {
    static char text[20000];
    char out[100];
    size_t left = 0;
    strcpy(text, "1;");
    memset(text + 2, 'x', 10000);
    cr_assert_eq(feed(text, 500, out, &left), VO_CHUNKS_BAD);
    strcpy(text, "0\r\n");
    for (size_t at = 3; at < 15000; at += 6) memcpy(text + at, "T: 1\r\n", 7);
    cr_assert_eq(feed(text, 500, out, &left), VO_CHUNKS_BAD);
}
