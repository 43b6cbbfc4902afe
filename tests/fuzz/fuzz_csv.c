/* fuzz_csv.c -- any bytes as a price file: refused in words, or readings that cleaning turns
 * into a sound series or refuses in words. The last byte chooses options. */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "data/clean.h"
#include "data/source_csv.h"
#include "support/option_byte.h"
#include "support/read_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void clean_one(const vo_readings *r, uint8_t choice) {
    vo_clean_options o = vo_clean_options_default();
    vo_series *s = NULL;
    vo_clean_report *report = NULL;
    vo_error err = {0};
    o.strict = choice & 8;
    o.uneven = choice & 16;
    if (choice & 32) o.max_fill_h = 5000;
    if (vo_clean(r, &o, &s, &report, &err) != VO_OK) {
        assert(err.msg[0] != '\0' && !s && !report);
        return;
    }
    const vo_status st = vo_series_check(s, NULL);
    assert(st == VO_OK);
    for (size_t t = 0; t < s->n; t++) assert(isfinite(s->column[0].value[t]));
    (void)st;
    vo_series_free(s);
    vo_clean_report_free(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > 65536) return 0;
    char *text = text_without_options(data, size);
    vo_source_options o = vo_source_options_default();
    vo_readings_set *set = NULL;
    vo_error err = {0};
    const uint8_t choice = data[size - 1];
    if (choice & 1) o.zone = "Europe/Madrid";
    if (choice & 2) o.interval_minutes = 30;
    if (choice & 4) o.stamps_at_end = true;
    if (choice & 64) o.node_column = "node";
    if (choice & 128) o.date_order = VO_DATE_DAY_FIRST;
    const vo_status st = read_text(vo_source_csv_parse, "fuzz", text, size - 1, &o, &set, &err);
    free(text);
    if (st != VO_OK) {
        assert(err.msg[0] != '\0' && !set);
        return 0;
    }
    for (size_t i = 0; i < set->n; i++) clean_one(set->item[i], choice);
    vo_readings_set_free(set);
    return 0;
}
