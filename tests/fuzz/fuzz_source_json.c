/* fuzz_source_json.c -- any bytes as JSON rows: refused in words, or readings whose rows are
 * all there. The last byte chooses options. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "data/source_json.h"
#include "support/option_byte.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const vo_source_column columns[] = {{"price", "v.p", 1000, 0.5},
                                               {"b", "b[1]", -1, 0}};
    if (size < 1 || size > 65536) return 0;
    const uint8_t choice = data[size - 1];
    char *text = text_without_options(data, size);
    vo_source_options o = vo_source_options_default();
    if (choice & 1) o.rows_path = "a.b[0]";
    if (choice & 2) o.zone = "Europe/Madrid";
    if (choice & 4) o.node_column = "node";
    if (choice & 8) o.interval_minutes = 30;
    if (choice & 16) o.column = columns, o.n_columns = 2;
    if (choice & 32) o.period_column = "p", o.period_minutes = 30;
    if (choice & 64) o.rows_in_order = true;
    if (choice & 128) o.kind = "load";
    vo_readings_set *set = NULL;
    vo_bytes *in = NULL;
    vo_error err = {0};
    vo_status st = vo_readings_set_create(&set, &err);
    if (st == VO_OK) st = vo_bytes_open("fuzz", text, size - 1, &in, &err);
    if (st == VO_OK) st = vo_source_json_parse(in, &o, set, &err);
    vo_bytes_close(in);
    free(text);
    if (st != VO_OK) {
        assert(err.msg[0] != '\0');
    } else {
        size_t rows = 0;
        for (size_t i = 0; i < set->n; i++) rows += set->item[i]->n;
        assert(rows == set->rows && rows > 0);
    }
    vo_readings_set_free(set);
    return 0;
}
