/* fuzz_artefact.c -- any bytes as a trained model. As they are they are refused with a reason
 * or read; with their head and checksum put right the body is walked as the fuzzer says. No get
 * goes past its section, counts are never more than the bytes, a failed get changes nothing. */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/artefact.h"
#include "base/hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void get_counted(vo_artefact *r, bool floats, size_t size) {
    const size_t n = vo_artefact_count(r);
    assert(n <= size);
    double *v = malloc(n * sizeof *v + 1);
    if (!v) return;
    if (floats) {
        vo_artefact_get_floats(r, (float *)v, n, NULL);
    } else if (vo_artefact_get_doubles(r, v, n, NULL) == VO_OK) {
        for (size_t i = 0; i < n; i++) assert(isfinite(v[i]));
    }
    free(v);
}

static void one_step(vo_artefact *r, uint8_t what, size_t *depth, size_t size) {
    static const char *const tag[] = {"A", "HEAD", "TREE", "W"};
    vo_error err = {0};
    uint32_t u = 0;
    uint64_t w = 0;
    double d = 0;
    char text[9] = "";
    const void *bytes = NULL;
    size_t len = 0;
    const bool had = vo_artefact_has(r, tag[what >> 6]);
    switch (what & 15) {
    case 0:
        if (vo_artefact_enter(r, tag[what >> 6], &err) == VO_OK) {
            assert(had);
            ++*depth;
        } else {
            assert(!had && err.msg[0]);
        }
        break;
    case 1:
        if (*depth > 0) {
            vo_artefact_leave(r);
            --*depth;
        }
        break;
    case 2:
        vo_artefact_get_u32(r, &u, NULL);
        break;
    case 3:
        vo_artefact_get_u64(r, &w, NULL);
        break;
    case 4:
        vo_artefact_get_double(r, &d, NULL);
        break;
    case 5:
        if (vo_artefact_get_text(r, text, sizeof text, &err) != VO_OK)
            assert(text[0] == '\0' && err.msg[0]);
        assert(memchr(text, '\0', sizeof text));
        break;
    case 6:
        if (vo_artefact_get_bytes(r, &bytes, &len, NULL) == VO_OK) {
            uint8_t sum = 0;
            for (size_t i = 0; i < len; i++) sum ^= ((const uint8_t *)bytes)[i];
            assert(len <= size && (sum | 1));
        }
        break;
    default:
        get_counted(r, what & 1, size);
    }
}

static void walk(const uint8_t *copy, size_t size, const uint8_t *steps, size_t n) {
    vo_artefact *r = NULL;
    vo_error err = {0};
    size_t depth = 0;
    if (vo_artefact_open(copy, size, "FUZZ", 1, "fuzz", &r, &err) != VO_OK) {
        assert(!r && err.code == VO_EINVAL && err.msg[0]);
        return;
    }
    for (size_t i = 0; i < n; i++) one_step(r, steps[i], &depth, size);
    vo_artefact_close(r);
}

static void little(uint8_t *to, uint64_t v) {
    for (int i = 0; i < 8; i++) to[i] = (uint8_t)(v >> 8 * i);
}

/* The first byte says how many bytes at the end are steps. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > 65536) return 0;
    const size_t n = data[0] < size - 1 ? data[0] : size - 1, body = size - 1 - n;
    const uint8_t *steps = data + 1 + body;
    uint8_t *raw = malloc(body + 1), *right = malloc(body + 27 + 8);
    if (raw && right) {
        memcpy(raw, data + 1, body);
        walk(raw, body, steps, n);
        memcpy(right, "VOLTEO\0FUZZ\0\0\0\0\1\0\0\0", 19);
        little(right + 19, body);
        memcpy(right + 27, data + 1, body);
        little(right + 27 + body, vo_hash_bytes(VO_HASH_START, right, 27 + body));
        walk(right, 27 + body + 8, steps, n);
    }
    free(raw);
    free(right);
    return 0;
}
