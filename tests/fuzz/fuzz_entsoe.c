/* fuzz_entsoe.c -- any bytes as a document or export of ENTSO-E: refused in words, or readings
 * with a node's zone, a stated interval and values that are finite or missing. */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "data/source_entsoe.h"
#include "support/option_byte.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const vo_readings_set *set) {
    assert(set->rows > 0 && set->n > 0);
    for (size_t i = 0; i < set->n; i++) {
        const vo_readings *r = set->item[i];
        assert(r->zone[0] && r->process[0] && r->interval_h > 0 && r->interval_h < 26);
        assert(strcmp(r->kind, "prices") == 0 || strcmp(r->kind, "load") == 0);
        for (size_t c = 0; c < r->n_columns; c++)
            for (size_t t = 0; t < r->n; t++) assert(!isinf(r->column[c].value[t]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > 65536) return 0;
    char *text = text_without_options(data, size);
    vo_source_options o = vo_source_options_default();
    vo_readings_set *set = NULL;
    vo_bytes *in = NULL;
    vo_error err = {0};
    if (data[size - 1] & 1) o.only_process = "DA-2";
    if (data[size - 1] & 2) o.zone = "Europe/Oslo", o.node = "N";
    vo_status st = vo_readings_set_create(&set, &err);
    if (st == VO_OK) st = vo_bytes_open("x", text, size - 1, &in, &err);
    if (st == VO_OK) st = vo_source_entsoe_parse(in, &o, set, &err);
    if (st == VO_OK)
        check(set);
    else
        assert(err.msg[0] != '\0');
    vo_bytes_close(in);
    free(text);
    vo_readings_set_free(set);
    return 0;
}
