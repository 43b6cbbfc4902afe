/* fuzz_mapping.c -- any bytes as a mapping: refused in words, or options with which a small
 * table is read or refused in words. Also as a header to recognise. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "data/mapping.h"
#include "data/source_csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_with(const vo_mapping *m) {
    static const char table[] =
        "time,period,node,price,b\n2024-03-31,1,A,1,2\n2024-03-31,2,A,,3\n";
    const vo_source_options o = vo_mapping_options(m, NULL);
    vo_readings_set *set = NULL;
    vo_bytes *in = NULL;
    vo_error err = {0};
    vo_status st = vo_readings_set_create(&set, &err);
    if (st == VO_OK) st = vo_bytes_open("table", table, sizeof table - 1, &in, &err);
    if (st == VO_OK) st = vo_source_csv_parse(in, &o, set, &err);
    assert(st == VO_OK || err.msg[0] != '\0');
    vo_bytes_close(in);
    vo_readings_set_free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 65536) return 0;
    vo_mapping *m = NULL;
    vo_error err = {0};
    if (vo_mapping_parse("fuzz", (const char *)data, size, &m, &err) == VO_OK)
        read_with(m);
    else
        assert(err.msg[0] != '\0' && !m);
    vo_mapping_free(m);
    m = NULL;
    const vo_status st = vo_mapping_recognise_text((const char *)data, size, NULL, &m, &err);
    assert(st == VO_OK);
    (void)st;
    vo_mapping_free(m);
    return 0;
}
