/* test_known_ahead.c -- each test states one promise of known_ahead.h. */
#include "learn/known_ahead.h"

#include <criterion/criterion.h>
#include <string.h>

static vo_series *with(const char *name, const char *label) {
    const char *const names[] = {"price", name};
    vo_series *s = NULL;
    cr_assert_eq(vo_series_create(2, names, 2, NULL, &s, NULL), VO_OK);
    memcpy(s->label, label, strlen(label) + 1);
    return s;
}

Test(known_ahead, columns_of_real_files_are_told_apart) {
    static const struct {
        const char *name, *label;
        bool known;
    } column[] = {{"Grid load forecast", "NP", true},
                  {"Zonal COMED load foecast", "PJM", true},
                  {"load_forecast_mw", "DE", true},
                  {"generation_scheduled_mw", "DE", true},
                  {"Exogenous 1", "BE", true},
                  {"load_actual_mw", "DE", false},
                  {"forecast of actual load", "DE", false},
                  {"total_demand_mw", "VIC1", false},
                  {"Net Imbalance Volume", "GB", false},
                  {"System Buy Price", "GB", false},
                  {"congestion", "MEM MDA APATZINGAN", false},
                  {"loss", "MEM MDA APATZINGAN", false},
                  {"energy", "MEM MDA APATZINGAN", false},
                  {"Wind", "EPF DA NP", true},
                  {"Wind", "DA NP", false}};
    for (size_t i = 0; i < sizeof column / sizeof column[0]; i++) {
        vo_series *s = with(column[i].name, column[i].label);
        cr_expect_eq(vo_known_ahead(s, 1), column[i].known, "%s of %s", column[i].name,
                     column[i].label);
        cr_expect_not(vo_known_ahead(s, 0));
        vo_series_free(s);
    }
}
