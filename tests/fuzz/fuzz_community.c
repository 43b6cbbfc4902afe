/* fuzz_community.c -- any bytes as a home's file, as the schema of homes, or as a scenario: refused
 * in words, or numbers within their bounds. The last byte chooses: 0 building, 1 schema, 2 scenario. */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "engine/community_files.h"
#include "engine/hour_table.h"
#include "engine/scenario.h"
#include "support/option_byte.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_building(const char *text, size_t len) {
    vo_hour_column col[] = {{"non_shiftable_load", true, 0, 1e5, "kWh", NULL},
                            {"month", false, 1, 12, "", NULL},
                            {"hour", false, 1, 24, "", NULL},
                            {"day_type", false, 1, 8, "", NULL}};
    vo_bytes *in = NULL;
    vo_error err = {0};
    size_t rows = 0;
    vo_status st = vo_bytes_open("fuzz.csv", text, len, &in, &err);
    if (st == VO_OK) st = vo_hour_table_read(in, col, 4, &rows, &err);
    if (st == VO_OK) {
        if (rows == 0) abort();
        for (size_t k = 0; k < rows; k++)
            if (!(col[0].value[k] >= 0 && col[0].value[k] <= 1e5)) abort();
        const int64_t first =
            vo_metered_first_hour(col[1].value, col[2].value, col[3].value, rows);
        if (first < INT64_C(-4000000000) || first > INT64_C(4000000000)) abort();
    } else {
        assert(err.msg[0] != '\0');
    }
    for (size_t i = 0; i < 4; i++) free(col[i].value);
    vo_bytes_close(in);
}

static void read_schema(const char *text, size_t len) {
    vo_metered_home h = {.name = "Building_1", .pv_kw = 4, .included = true};
    vo_error err = {0};
    if (vo_metered_schema("schema.json", text, len, "Building_1.csv", &h, &err) != VO_OK) {
        assert(err.msg[0] != '\0');
        return;
    }
    if (!(h.pv_kw >= 0 && isfinite(h.pv_kw))) abort();
    if (h.has_battery && vo_home_battery_check(&h.battery, &err) != VO_OK) abort();
}

static void read_scenario(const char *text, size_t len) {
    static vo_scenario s;
    vo_error err = {0};
    if (vo_scenario_parse("fuzz", text, len, &s, &err) != VO_OK) {
        assert(err.msg[0] != '\0');
        return;
    }
    if (s.n_windows > VO_SCENARIO_WINDOWS || s.n_members > VO_SCENARIO_MEMBERS) abort();
    for (size_t i = 0; i < s.n_windows; i++) {
        const vo_scenario_window *w = &s.window[i];
        if (!(w->hours > 0 && w->load >= 0 && w->pv >= 0 && isfinite(w->buy))) abort();
        (void)vo_scenario_covers(w, 3, 12);
    }
    for (size_t i = 0; i < s.n_members; i++)
        if (s.member[i].home < 1) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > 65536) return 0;
    char *text = text_without_options(data, size);
    switch (data[size - 1] % 3) {
    case 0:
        read_building(text, size - 1);
        break;
    case 1:
        read_schema(text, size - 1);
        break;
    default:
        read_scenario(text, size - 1);
        break;
    }
    free(text);
    return 0;
}
