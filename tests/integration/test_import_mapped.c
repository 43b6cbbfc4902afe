/* test_import_mapped.c -- real files that no parser of their own knows: each is read without a
 * flag, by the embedded mapping that its header asks for. Rows, ranges and means are those of
 * their SOURCE.md, or were computed from the raw columns with Python's csv and math.fsum. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "data/mapping.h"
#include "data/source.h"
#include "support/data_folder.h"

typedef struct {
    const char *file, *mapping, *kind, *node, *zone, *currency;
    size_t rows, columns;
    const char *first, *last;      /* starts of the first and the last interval, UTC       */
    int64_t step_s;                /* the usual distance of two starts, and how often it   */
    size_t other_steps;            /*   is another one                                     */
    const char *column;            /* and what is in it                                    */
    double factor, min, mean, max; /* result = factor * what the file has             */
    size_t missing;
} expected;

#define CITY "2016-08-01T07:00"
#define CITY_END "2017-08-01T06:00"
static const expected files[] = {
    {"aemo_vic1_5min/raw_PRICE_AND_DEMAND_202412_VIC1.csv", "aemo", "prices", "VIC1",
     "Australia/Brisbane", "AUD", 8928, 2, "2024-11-30T14:00", "2024-12-31T13:55", 300, 0,
     "price", 1, -450.72, 52.2541969086, 768.52, 0},
    {"aemo_vic1_5min/vic1_5min.csv.zst", "aemo-joined", "prices", "", "Australia/Brisbane",
     "AUD", 78911, 2, "2024-11-30T14:00", "2025-08-31T13:50", 300, 0, "price", 1, -1000,
     91.1947677764, 17500, 0},
    {"gb_halfhourly/elexon_ssp_sbp_niv_halfhourly.csv.zst", "elexon", "prices", "GB",
     "Europe/London", "GBP", 39216, 3, "2016-06-05T23:00", "2018-08-31T22:30", 1800, 0, "price",
     1, -150, 47.6138069234, 1528.72061, 0},
    {"gb_halfhourly/elexon_ssp_sbp_niv_halfhourly.csv.zst", "elexon", "prices", "GB",
     "Europe/London", "GBP", 39216, 3, "2016-06-05T23:00", "2018-08-31T22:30", 1800, 0,
     "imbalance_mwh", 1, -1868.8656, -122.774604664, 2472.5909, 0},
    {"gb_halfhourly/octopus_outgoing_agile_se_halfhourly.csv.zst", "octopus", "prices", "",
     "Europe/London", "GBP", 23996, 1, "2018-01-01T00:00", "2019-05-15T21:30", 1800, 0, "price",
     10, 0.05, 7.22499833306, 36.81, 0},
    {"citylearn_2022/Building_1.csv", "citylearn-building", "load", "", "-08:00", "", 8760, 2,
     CITY, CITY_END, 3600, 0, "load_kw", 1, 0.057, 1.20814533844, 7.9874835, 0},
    {"citylearn_2022/Building_1.csv", "citylearn-building", "load", "", "-08:00", "", 8760, 2,
     CITY, CITY_END, 3600, 0, "pv_kw_per_kwp", 0.001, 0, 205.836088689, 976.25, 0},
    {"citylearn_2022/Building_2.csv", "citylearn-building", "load", "", "-08:00", "", 8760, 2,
     CITY, CITY_END, 3600, 0, "load_kw", 1, 9.7529096e-08, 1.06776270366, 6.8431334, 0},
    {"citylearn_2022/Building_3.csv", "citylearn-building", "load", "", "-08:00", "", 8760, 2,
     CITY, CITY_END, 3600, 0, "load_kw", 1, 9.1552735e-08, 0.818542816276, 6.101333, 0},
    {"citylearn_2022/Building_4.csv", "citylearn-building", "load", "", "-08:00", "", 8760, 2,
     CITY, CITY_END, 3600, 0, "load_kw", 1, 9.833333e-08, 1.23209821323, 6.7496166, 0},
    {"citylearn_2022/Building_5.csv", "citylearn-building", "load", "", "-08:00", "", 8760, 2,
     CITY, CITY_END, 3600, 0, "load_kw", 1, 0, 1.00543871923, 4.9387665, 0},
    {"citylearn_2022/Building_6.csv", "citylearn-building", "load", "", "-08:00", "", 8760, 2,
     CITY, CITY_END, 3600, 0, "load_kw", 1, 0, 1.1858462242, 6.790633, 0},
    {"citylearn_2022/Building_7.csv", "citylearn-building", "load", "", "-08:00", "", 8760, 2,
     CITY, CITY_END, 3600, 0, "load_kw", 1, 0, 0.896841851885, 7.2398334, 0},
    {"citylearn_2022/Building_8.csv", "citylearn-building", "load", "", "-08:00", "", 8760, 2,
     CITY, CITY_END, 3600, 0, "load_kw", 1, 9.7529096e-08, 1.0087119827, 7.268183, 0},
    {"citylearn_2022/Building_9.csv", "citylearn-building", "load", "", "-08:00", "", 8760, 2,
     CITY, CITY_END, 3600, 0, "load_kw", 1, 0.038016725, 0.833879346884, 7.1325417, 0},
    {"citylearn_2022/Building_10.csv", "citylearn-building", "load", "", "-08:00", "", 8760, 2,
     CITY, CITY_END, 3600, 0, "load_kw", 1, 9.9999994e-08, 1.49717502446, 8.6019, 0},
    {"citylearn_2022/pricing.csv", "citylearn-pricing", "prices", "CITYLEARN", "-08:00", "USD",
     8760, 4, CITY, CITY_END, 3600, 0, "price", 1000, 0.21, 0.273131278539, 0.54, 0},
    {"citylearn_2022/carbon_intensity.csv", "citylearn-carbon", "carbon", "CITYLEARN", "-08:00",
     "", 8760, 1, CITY, CITY_END, 3600, 0, "carbon_kg_per_kwh", 1, 0.07038287, 0.156530715841,
     0.28179622, 0},
    {"citylearn_2022/weather.csv", "citylearn-weather", "weather", "CITYLEARN", "-08:00", "",
     8760, 16, CITY, CITY_END, 3600, 0, "temperature_c", 1, 5.6, 16.8374543379, 32.2, 0},
    {"ausgrid_solarhome_bench/data_2011-2012.csv", "ausgrid", "load", "", "UTC", "", 17568, 2,
     "2011-07-01T00:00", "2012-06-30T23:30", 1800, 0, "load_kw", 1, 0, 0.67604382969, 4.004, 0},
    {"ausgrid_solarhome_bench/data_2011-2012.csv", "ausgrid", "load", "", "UTC", "", 17568, 2,
     "2011-07-01T00:00", "2012-06-30T23:30", 1800, 0, "pv_kw", 1, 0, 0.147586976321, 0.9, 0},
    {"uci_household_hourly/uci_household_hourly_sums.csv.zst", "uci-household", "load", "",
     "UTC", "", 34949, 6, "2006-12-16T18:00", "2010-12-11T22:00", 3600, 0, "load_kw", 1.0 / 60,
     0, 64.0028168474, 393.632, 0},
    {"caiso_oasis/STANDFD2_1_N011_RTM15_2020.csv.zst", "caiso-node", "prices",
     "STANDFD2_1_N011", "America/Los_Angeles", "USD", 35040, 4, "2020-01-01T08:00",
     "2021-01-27T16:45", 900, 256, "price", 1, -98.64814, 32.5934334281, 1241.9791, 0},
    {"hourly_prices_2020_2023/caiso_np15_dam_hourly.csv.zst", "caiso-hourly", "prices", "",
     "America/Los_Angeles", "USD", 35080, 1, "2019-12-31T08:00", "2023-12-31T23:00", 3600, 0,
     "price", 1, -19.01872, 58.7175292058, 1262.8491, 0},
    {"hourly_prices_2020_2023/ercot_hourly.csv.zst", "ercot-hourly", "prices", "",
     "America/Chicago", "USD", 35058, 1, "2020-01-01T06:00", "2023-12-31T23:00", 3600, 0,
     "price", 1, -0.25, 71.8878795139, 8995.26, 0},
    {"hourly_prices_2020_2023/de_lu_dayahead_hourly_local.csv.zst", "eu-hourly", "prices", "",
     "UTC", "EUR", 34896, 1, "2020-01-01T00:00", "2023-12-31T23:00", 3600, 6, "price", 1, -500,
     114.637493839, 871, 0},
    {"hourly_prices_2020_2023/es_dayahead_hourly_local.csv.zst", "eu-hourly", "prices", "",
     "UTC", "EUR", 34896, 1, "2020-01-01T00:00", "2023-12-31T23:00", 3600, 7, "price", 1, 0,
     100.225021492, 700, 0},
    {"hourly_prices_2020_2023/fr_dayahead_hourly_local.csv.zst", "eu-hourly", "prices", "",
     "UTC", "EUR", 34968, 1, "2020-01-01T00:00", "2023-12-31T23:00", 3600, 4, "price", 1,
     -134.94, 128.374213138, 2987.78, 0},
    {"eu_dayahead_2015_2022/DE.csv.zst", "eu-dayahead", "prices", "", "UTC", "EUR", 65616, 6,
     "2015-01-05T00:00", "2022-06-30T23:00", 3600, 0, "price", 1, -130.09, 52.9248809742, 700,
     0},
    {"eu_dayahead_2015_2022/ES.csv.zst", "eu-dayahead", "prices", "", "UTC", "EUR", 65712, 6,
     "2015-01-01T00:00", "2022-06-30T23:00", 3600, 0, "price", 1, 0.01, 66.0445942902, 700, 0},
    {"eu_dayahead_2015_2022/FR.csv.zst", "eu-dayahead", "prices", "", "UTC", "EUR", 65616, 6,
     "2015-01-05T00:00", "2022-06-30T23:00", 3600, 0, "wind_onshore_forecast_mw", 1, 0,
     3188.5456977, 16709, 0},
    {"weather/openmeteo_kern_county_2025-08-01_2025-10-01.csv.zst", "openmeteo", "weather", "",
     "UTC", "", 1488, 9, "2025-08-01T00:00", "2025-10-01T23:00", 3600, 0, "wind_speed_m_s",
     1 / 3.6, 0, 7.34379280071, 30.466295, 0},
};

static int64_t instant(const char *text) {
    vo_civil c;
    bool has_offset;
    int32_t offset_s;
    cr_assert_eq(vo_civil_parse(text, strlen(text), &c, &has_offset, &offset_s, NULL), VO_OK);
    return vo_civil_seconds(&c);
}

static bool close_to(double a, double b) { return fabs(a - b) <= 1e-9 * fmax(1e-9, fabs(b)); }

static void check_values(const expected *e, const vo_readings *r) {
    double min = (double)INFINITY, max = -(double)INFINITY, sum = 0;
    size_t c = 0, n = 0;
    while (c < r->n_columns && strcmp(r->column[c].name, e->column) != 0) c++;
    cr_assert_lt(c, r->n_columns, "%s: no %s", e->file, e->column);
    for (size_t t = 0; t < r->n; t++) {
        const double v = r->column[c].value[t];
        if (isnan(v)) continue;
        min = fmin(min, v), max = fmax(max, v), sum += v, n++;
    }
    cr_assert_eq(n + e->missing, e->rows, "%s: %zu values", e->file, n);
    cr_assert(close_to(min, e->factor * e->min), "%s: min %.17g", e->file, min);
    cr_assert(close_to(max, e->factor * e->max), "%s: max %.17g", e->file, max);
    cr_assert(close_to(sum / (double)n, e->factor * e->mean), "%s: mean %.17g", e->file,
              sum / (double)n);
}

static void check_times(const expected *e, const vo_readings *r) {
    size_t others = 0;
    for (size_t t = 1; t < r->n; t++) {
        const int64_t step_s = r->start_s[t] - r->start_s[t - 1];
        cr_assert_gt(step_s, 0, "%s: row %zu goes back", e->file, t);
        others += step_s != e->step_s;
        cr_assert_eq(r->flag[t], 0);
    }
    cr_assert_eq(others, e->other_steps, "%s: %zu other steps", e->file, others);
    cr_assert_eq(r->start_s[0], instant(e->first), "%s", e->file);
    cr_assert_eq(r->start_s[r->n - 1], instant(e->last), "%s", e->file);
    if (r->interval_h > 0) cr_assert_eq(r->interval_h * 3600, (double)e->step_s, "%s", e->file);
}

static void check_file(const expected *e) {
    char path[DATA_PATH], says[100];
    vo_readings_set *set = NULL;
    vo_error err = {0};
    NEED_DATA(e->file, path);
    cr_assert_eq(vo_source_read(path, NULL, &set, &err), VO_OK, "%s", err.msg);
    snprintf(says, sizeof says, "read by the mapping %s", e->mapping);
    cr_assert(strstr(set->note, says), "%s: %s", e->file, set->note);
    cr_assert_eq(set->n, 1, "%s: %zu nodes", e->file, set->n);
    const vo_readings *r = set->item[0];
    cr_assert(r->n == e->rows && r->n_columns == e->columns, "%s: %zu x %zu", e->file, r->n,
              r->n_columns);
    cr_assert_str_eq(r->kind[0] ? r->kind : "prices", e->kind);
    cr_assert_str_eq(r->node, e->node);
    cr_assert_str_eq(r->zone, e->zone);
    cr_assert_str_eq(r->currency, e->currency);
    check_times(e, r);
    check_values(e, r);
    vo_readings_set_free(set);
}

Test(import_mapped, each_file_is_known_by_its_header_and_has_its_published_rows_and_means) {
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) check_file(&files[i]);
}

/* The file's rows of 26 March (46 periods) and 29 October 2017 (50), where they are in UTC. */
Test(import_mapped, settlement_periods_lie_on_elapsed_half_hours_when_clocks_change) {
    static const struct {
        const char *instant;
        double price;
    } at[] = {
        {"2017-03-26T00:30", 59.6},     /* period 2                                   */
        {"2017-03-26T01:00", 33.95},    /* period 3: 02:00 of British summer time     */
        {"2017-03-26T22:30", 26},       /* period 46, the last                        */
        {"2017-10-29T00:30", -55},      /* period 4: 01:30 of summer time             */
        {"2017-10-29T01:00", -8},       /* period 5: 01:00 for the second time        */
        {"2017-10-29T23:30", 55},       /* period 50, the last                        */
        {"2017-10-30T00:00", 27.99586}, /* the next day's first                       */
    };
    char path[DATA_PATH];
    vo_readings_set *set = NULL;
    vo_error err = {0};
    NEED_DATA("gb_halfhourly/elexon_ssp_sbp_niv_halfhourly.csv.zst", path);
    cr_assert_eq(vo_source_read(path, NULL, &set, &err), VO_OK, "%s", err.msg);
    const vo_readings *r = set->item[0];
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        size_t t = 0;
        while (t < r->n && r->start_s[t] != instant(at[i].instant)) t++;
        cr_assert_lt(t, r->n, "%s", at[i].instant);
        cr_assert_eq(r->column[0].value[t], at[i].price, "%s", at[i].instant);
    }
    vo_readings_set_free(set);
}

static const expected parquet[] = {
    {"parquet_samples/ercot_rt_prices.parquet", "ercot-prices", "prices", "HB_HUBAVG",
     "America/Chicago", "USD", 67200, 1, "2024-01-01T00:00", "2025-11-30T23:45", 900, 0,
     "price", 1, -37.65, 29.3986447917, 4964.84, 0},
    {"parquet_samples/ercot_da_prices.parquet", "ercot-prices", "prices", "HB_HUBAVG",
     "America/Chicago", "USD", 16800, 1, "2024-01-01T00:00", "2025-11-30T23:00", 3600, 0,
     "price", 1, -2.85, 30.6591130952, 2221.48, 0},
    {"parquet_samples/ercot_load.parquet", "ercot-load", "load", "ERCOT", "America/Chicago", "",
     16800, 1, "2024-01-01T00:00", "2025-11-30T23:00", 3600, 0, "load_mw", 1, 35130.1102295,
     54800.5606735, 87054.5495605, 0},
    {"parquet_samples/ercot_weather.parquet", "ercot-weather", "weather", "ERCOT",
     "America/Chicago", "", 16800, 1, "2024-01-01T00:00", "2025-11-30T23:00", 3600, 0,
     "temperature_c", 1, -8.36458333333, 21.440721918, 40.3854166667, 1},
};

/* Rows and columns as SOURCE.md has them, means by DuckDB's own avg(). */
Test(import_mapped, parquet_is_known_by_its_columns_too) {
    for (size_t i = 0; i < sizeof parquet / sizeof parquet[0]; i++) check_file(&parquet[i]);
}
