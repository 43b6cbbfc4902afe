/* fuzz_source.c -- any bytes as a file whose format is told from its content: refused in words,
 * or readings that cleaning turns into sound series or refuses in words. The last byte chooses
 * options. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "data/clean.h"
#include "data/source.h"
#include "support/option_byte.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two stamps far apart make millions of intervals, and seconds of work, of a few bytes. */
static bool is_long(const vo_readings *r) {
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (size_t t = 0; t < r->n; t++) {
        if (r->start_s[t] < first) first = r->start_s[t];
        if (r->start_s[t] > last) last = r->start_s[t];
    }
    return r->n > 0 && last - first > 2 * 366 * INT64_C(86400);
}

static void clean_one(const vo_readings *r) {
    vo_series *s = NULL;
    vo_clean_report *report = NULL;
    vo_error err = {0};
    if (vo_clean(r, NULL, &s, &report, &err) != VO_OK) {
        assert(err.msg[0] != '\0' && !s && !report);
        return;
    }
    const vo_status st = vo_series_check(s, NULL);
    assert(st == VO_OK && report->intervals == s->n);
    (void)st;
    vo_series_free(s);
    vo_clean_report_free(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > 16384) return 0;
    char *text = text_without_options(data, size);
    vo_source_options o = vo_source_options_default();
    vo_readings_set *set = NULL;
    vo_error err = {0};
    if (data[size - 1] & 1) o.zone = "Europe/Paris";
    if (data[size - 1] & 2) o.interval_minutes = 60;
    if (data[size - 1] & 4) o.rows_path = "data";
    if (data[size - 1] & 8) o.kind = VO_KIND_LOAD;
    const vo_status st = vo_source_parse("x", text, size - 1, &o, &set, &err);
    free(text);
    if (st != VO_OK) {
        assert(err.msg[0] != '\0' && !set);
        return 0;
    }
    for (size_t i = 0; i < set->n && i < 4; i++)
        if (!is_long(set->item[i])) clean_one(set->item[i]);
    vo_readings_set_free(set);
    return 0;
}
