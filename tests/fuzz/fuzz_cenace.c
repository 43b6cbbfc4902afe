/* fuzz_cenace.c -- any bytes as a CENACE file or reply (CSV, JSON, XML, compressed or not):
 * refused in words, or readings on whole hours. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "data/source_cenace.h"
#include "support/option_byte.h"
#include "support/read_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > 65536) return 0;
    char *text = text_without_options(data, size);
    vo_source_options o = vo_source_options_default();
    vo_readings_set *set = NULL;
    vo_error err = {0};
    if (data[size - 1] & 1) o.process = "MTR";
    if (data[size - 1] & 2) o.zone = "America/Tijuana";
    const char *name = data[size - 1] & 4 ? "PreciosNodosDistrib_BCS_MDA_Mes.csv" : "x";
    const vo_status st =
        read_text(vo_source_cenace_parse, name, text, size - 1, &o, &set, &err);
    free(text);
    if (st != VO_OK) {
        assert(err.msg[0] != '\0' && !set);
        return 0;
    }
    assert(set->rows > 0);
    for (size_t i = 0; i < set->n; i++)
        for (size_t t = 0; t < set->item[i]->n; t++) assert(set->item[i]->start_s[t] % 60 == 0);
    vo_readings_set_free(set);
    return 0;
}
