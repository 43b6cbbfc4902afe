/* fuzz_bytes.c -- any bytes as a compressed file: refused in words, or streams that read the
 * same twice. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "data/bytes.h"

#define MOST ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The stream's length; SIZE_MAX: refused. */
static size_t read_all(vo_bytes *b, uint64_t *hash) {
    char *text = NULL;
    size_t n = 0;
    vo_error err = {0};
    *hash = 14695981039346656037u;
    if (vo_bytes_all(b, MOST, &text, &n, &err) != VO_OK) {
        assert(err.msg[0] != '\0' && !text);
        return SIZE_MAX;
    }
    for (size_t i = 0; i < n; i++) *hash = (*hash ^ (unsigned char)text[i]) * 1099511628211u;
    free(text);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    vo_bytes *b = NULL;
    vo_error err = {0};
    if (size > 65536) return 0;
    if (vo_bytes_open("fuzz", (const char *)data, size, &b, &err) != VO_OK) {
        assert(err.msg[0] != '\0' && !b);
        return 0;
    }
    bool more = true;
    for (int i = 0; i < 8 && more; i++) {
        uint64_t first = 0, second = 0;
        const size_t n = read_all(b, &first);
        if (n != SIZE_MAX) {
            const vo_status st = vo_bytes_rewind(b, NULL);
            const size_t again = st == VO_OK ? read_all(b, &second) : SIZE_MAX;
            assert(again == n && first == second);
            (void)again;
        }
        if (vo_bytes_next(b, &more, &err) != VO_OK) break;
    }
    vo_bytes_close(b);
    return 0;
}
