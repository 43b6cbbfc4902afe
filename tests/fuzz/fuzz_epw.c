/* fuzz_epw.c -- any bytes as an EPW file, years and rows: refused in words, or readings on
 * whole minutes. The last byte chooses options. */
#include <assert.h>
#include <stdint.h>

#include "data/source_epw.h"
#include "support/option_byte.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > 65536) return 0;
    char *text = text_without_options(data, size);
    vo_source_options o = vo_source_options_default();
    if (data[size - 1] & 1) o.start_utc_s = 1704067200;
    if (data[size - 1] & 2) o.zone = "America/Los_Angeles";
    if (data[size - 1] & 4) o.node = "HOME";
    vo_readings_set *set = NULL;
    vo_bytes *in = NULL;
    vo_error err = {0};
    vo_status st = vo_readings_set_create(&set, &err);
    if (st == VO_OK) st = vo_bytes_open("x", text, size - 1, &in, &err);
    if (st == VO_OK) st = vo_source_epw_parse(in, &o, set, &err);
    assert(st == VO_OK ? set->rows > 0 : err.msg[0] != '\0');
    for (size_t i = 0; st == VO_OK && i < set->n; i++)
        for (size_t t = 0; t < set->item[i]->n; t++) assert(set->item[i]->start_s[t] % 60 == 0);
    vo_bytes_close(in);
    free(text);
    vo_readings_set_free(set);
    return 0;
}
