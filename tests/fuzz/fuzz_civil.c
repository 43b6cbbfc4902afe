/* fuzz_civil.c -- any bytes as a time stamp or a number: refused, or a value that is in range
 * and, written again, reads back the same. */
#include "base/civil.h"
#include "base/text.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_time(const char *text, size_t len) {
    vo_civil c, back;
    bool has_offset;
    int32_t offset_s;
    vo_error err = {0};
    if (vo_civil_parse(text, len, &c, &has_offset, &offset_s, &err) != VO_OK) {
        assert(err.msg[0] != '\0');
        return;
    }
    assert(offset_s >= -18 * 3600 && offset_s <= 18 * 3600 && (has_offset || offset_s == 0));
    back = vo_civil_from_seconds(vo_civil_seconds(&c));
    assert(back.year == c.year && back.month == c.month && back.day == c.day &&
           back.hour == c.hour && back.minute == c.minute && back.second == c.second);
    char out[32];
    vo_civil_format(&c, out);
    assert(vo_civil_parse(out, strlen(out), &back, &has_offset, &offset_s, NULL) == VO_OK);
    assert(vo_civil_seconds(&back) == vo_civil_seconds(&c) && !has_offset);
}

static void try_number(const char *text, size_t len) {
    double v, back;
    int64_t n;
    if (vo_text_integer(text, len, &n)) assert(vo_text_number(text, len, &v) && v == (double)n);
    if (!vo_text_number(text, len, &v)) return;
    assert(isfinite(v));
    char out[VO_TEXT_NUMBER];
    const size_t out_len = vo_text_format_number(v, out);
    assert(vo_text_number(out, out_len, &back) && back == v);
    (void)back;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = {"power_mw", "capacity_mwh", "min_soc", "Europe/Madrid"};
    /* A block of exactly this size: a sanitizer sees any byte read beyond it. */
    char *exact = malloc(size ? size : 1);
    if (!exact) return 0;
    if (size) memcpy(exact, data, size);
    try_time(exact, size);
    try_number(exact, size);
    free(exact);

    char *name = calloc(1, size + 1);
    if (!name) return 0;
    if (size) memcpy(name, data, size);
    vo_text_nearest(name, names, sizeof names / sizeof names[0]);
    char small[16];
    vo_text t = vo_text_over(small, sizeof small);
    vo_text_append(&t, "%s", name);
    assert(strlen(small) < sizeof small);
    free(name);
    return 0;
}
