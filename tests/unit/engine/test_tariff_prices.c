/* A tariff as the prices of a plan: known prices at known local hours, versions that follow
 * each other, a home's load and PV beside them. */
#include "engine/tariff_prices.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "data/lake.h"
#include "support/data_folder.h"

#define FOLDER VOLTEO_SOURCE_DIR "/config/tariffs/"
#define FLAT FOLDER "flat_peak_off_peak.yaml"
#define PGE(date) FOLDER "pge_e_tou_c_" date ".yaml"

static vo_engine_options files_allowed(void) {
    vo_engine_options o = vo_engine_options_default();
    o.allow_files = 1;
    return o;
}

static vo_series *price(const vo_tariff_ask *a) {
    const vo_engine_options o = files_allowed();
    vo_series *s = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_tariff_price_series(&o, a, &s, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_series_check(s, NULL), VO_OK);
    return s;
}

static void refuses(vo_tariff_ask a, const char *says) {
    const vo_engine_options o = files_allowed();
    vo_series *s = NULL;
    vo_error err = {0};
    cr_expect_neq(vo_tariff_price_series(&o, &a, &s, &err), VO_OK);
    cr_expect(!s && strstr(err.msg, says), "\"%s\" is not in: %s", says, err.msg);
}

/* PG&E's E-TOU-C of 2026-03-01: winter 0.39757 from 16 to 21 o'clock, else 0.36757; summer
 * 0.52240 and 0.39940. 2026-03-08 has 23 hours, 2026-11-01 has 25. */
Test(tariff_prices, hours_have_their_price_also_when_clocks_change) {
    static const struct {
        const char *day;
        double off, peak;
        size_t hours;
    } days[] = {{"2026-03-07", 367.57, 397.57, 24},
                {"2026-03-08", 367.57, 397.57, 23},
                {"2026-07-01", 399.40, 522.40, 24},
                {"2026-11-01", 367.57, 397.57, 25}};
    for (size_t i = 0; i < 4; i++) {
        vo_series *s = price(&(vo_tariff_ask){
            .files = PGE("2026-03-01"), .from = days[i].day, .to = days[i].day});
        cr_assert_eq(s->n, days[i].hours, "%s", days[i].day);
        for (size_t t = 0; t < s->n; t++) {
            const size_t to_midnight = s->n - t; /* 16 to 21 o'clock: 8 to 4 hours before it */
            const double expected =
                to_midnight <= 8 && to_midnight > 3 ? days[i].peak : days[i].off;
            cr_expect_float_eq(s->column[0].value[t], expected, 1e-9, "%s hour %zu",
                               days[i].day, t);
            cr_expect_eq(s->day[t], 0);
        }
        vo_series_free(s);
    }
}

Test(tariff_prices, each_version_is_in_force_from_its_day_on) {
    vo_series *s = price(&(vo_tariff_ask){.files = PGE("2026-01-01") "," PGE("2026-03-01"),
                                          .from = "2026-02-28",
                                          .to = "2026-03-01",
                                          .interval_minutes = 30});
    cr_assert_eq(s->n, 96);
    cr_expect_float_eq(s->column[0].value[47], 434.60, 1e-9);
    cr_expect_float_eq(s->column[0].value[48], 367.57, 1e-9);
    cr_expect(s->day[47] == 0 && s->day[48] == 1 && s->dt_h[0] == 0.5);
    vo_series_free(s);
}

Test(tariff_prices, what_is_missing_is_named) {
    refuses((vo_tariff_ask){.files = FLAT}, "from is missing");
    refuses((vo_tariff_ask){.files = FLAT, .from = "2026-01-01"}, "to is missing");
    refuses((vo_tariff_ask){.files = FLAT, .from = "2026-01-02", .to = "2026-01-01"}, "swap");
    refuses((vo_tariff_ask){.files = ",", .from = "2026-01-01", .to = "2026-01-01"},
            "tariff =");
    refuses((vo_tariff_ask){.files = "", .from = "2026-01-01", .to = "2026-01-01"}, "empty");
    refuses(
        (vo_tariff_ask){.files = FOLDER "no.yaml", .from = "2026-01-01", .to = "2026-01-01"},
        "no.yaml");
    refuses(
        (vo_tariff_ask){.files = PGE("2026-03-01"), .from = "2026-02-28", .to = "2026-03-01"},
        "in force");
    refuses((vo_tariff_ask){.files = FLAT, .from = "2026-01-01", .to = "9000-01-01"},
            "intervals");
    const vo_engine_options none = vo_engine_options_default();
    vo_series *s = NULL;
    cr_expect_eq(vo_tariff_price_series(&none, &(vo_tariff_ask){.files = FLAT}, &s, NULL),
                 VO_EINVAL);
}

Test(tariff_prices, names_are_for_all_and_files_for_those_who_may_read_them) {
    const vo_engine_options none = vo_engine_options_default();
    const vo_tariff_ask day = {.files = "pge_e_tou_c_2026-01-01,pge_e_tou_c_2026-03-01",
                               .from = "2026-02-28",
                               .to = "2026-03-01"};
    vo_tariff_ask by_file = day;
    vo_series *s = NULL, *same;
    vo_error err = {0};
    by_file.files = PGE("2026-01-01") "," PGE("2026-03-01");
    cr_assert_eq(vo_tariff_price_series(&none, &day, &s, &err), VO_OK, "%s", err.msg);
    same = price(&by_file);
    cr_assert_eq(s->n, 48u);
    for (size_t t = 0; t < 48; t++)
        cr_expect_eq(vo_series_find(s, "price")[t], vo_series_find(same, "price")[t]);
    vo_series_free(same);
    vo_series_free(s);
    s = NULL;
    cr_expect_eq(vo_tariff_price_series(&none, &by_file, &s, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "not read here"), "%s", err.msg);
}

/* Three hours of a home in kW: its intervals, its load and PV in MW, the tariff's prices. */
Test(tariff_prices, a_home_brings_its_intervals_its_load_and_its_pv) {
    static const char *const names[] = {"load_kw", "pv_kw"};
    char folder[DATA_PATH];
    vo_lake *lake = NULL;
    vo_series *home = NULL;
    const vo_lake_key key = {"M", "METER", "HOME 1", VO_KIND_LOAD};
    cr_assert(temporary_folder(folder));
    cr_assert_eq(vo_lake_open(folder, &lake, NULL), VO_OK);
    cr_assert_eq(vo_series_create(3, names, 2, NULL, &home, NULL), VO_OK);
    strcpy(home->zone, "America/Los_Angeles");
    for (size_t t = 0; t < 3; t++) { /* 15, 16 and 17 o'clock of 2026-07-01 */
        home->start[t].s = INT64_C(1782943200) + (int64_t)t * 3600;
        home->dt_h[t] = 1;
        home->column[0].value[t] = 1 + (double)t;
        home->column[1].value[t] = 0.5;
    }
    cr_assert_eq(vo_lake_upsert(lake, &key, home, NULL, NULL, NULL), VO_OK);
    vo_lake_close(lake);
    vo_engine_options o = files_allowed();
    o.lake = folder;
    vo_series *s = NULL;
    vo_error err = {0};
    vo_tariff_ask ask = {.files = PGE("2026-03-01"), .home = "HOME_1"};
    cr_assert_eq(vo_tariff_price_series(&o, &ask, &s, &err), VO_OK, "%s", err.msg);
    cr_assert(s->n == 3 && s->n_columns == 4);
    cr_expect_float_eq(s->column[0].value[0], 399.40, 1e-9);
    cr_expect_float_eq(s->column[0].value[1], 522.40, 1e-9);
    cr_expect_float_eq(vo_series_find(s, "load_mw")[2], 0.003, 1e-15);
    cr_expect_float_eq(vo_series_find(s, "pv_mw")[0], 0.0005, 1e-15);
    vo_series_free(s);
    s = NULL;
    ask.home = "HOME 2";
    cr_expect_eq(vo_tariff_price_series(&o, &ask, &s, &err), VO_ENOTFOUND);
    cr_expect(strstr(err.msg, "data list --kind load"), "%s", err.msg);
    vo_series_free(home);
    temporary_folder_remove(folder);
}
