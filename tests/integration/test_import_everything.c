/* Every file of prices, loads and weather that lies beside the project goes into a lake with
 * one request, and comes out of it as it was: rows, mean and mean square of the first column as
 * computed from the files by other programs (DuckDB's reader in Python, Python's csv, json and
 * re), restricted to the part that lies there; and row by row what the reader said, from the
 * lake and, of all but the largest, from what `data export` writes. A file that the list below
 * forgets fails the test. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/lake.h"
#include "data/source.h"
#include "support/data_folder.h"
#include "support/engine_ask.h"

/* The largest that goes through a file of text as well: of each kind there are several. */
enum { EXPORTED_ROWS = 18000, EXPORTED_SERIES = 20 };

/* What a request says of a file, and the same said to the reader. */
typedef struct {
    const char *request;
    vo_source_options source;
} told;

typedef struct {
    const char *path;
    const told *told; /* NULL: nothing, the file says it all */
    size_t series, rows;
    double mean, mean_square; /* of the first column as published, in our unit */
} expected;

static const told real_time = {", \"process\": \"RT\"", {.process = "RT"}};

static const vo_source_column mu = {"shadow_price", "mu", 1, 0};
static const told shadow_panel = {
    ", \"kind\": \"shadow_price\", \"node_column\": \"constraint_key\", \"columns\": "
    "\"shadow_price=mu\", \"repair\": \"uneven\", \"max_touched\": 1",
    {.kind = "shadow_price", .node_column = "constraint_key", .column = &mu, .n_columns = 1}};

// clang-format off
static const expected files[] = {
    {"aemo_vic1_5min/raw_PRICE_AND_DEMAND_202412_VIC1.csv", NULL, 1, 8928, 52.254196908602275, 10473.31858300864},
    {"aemo_vic1_5min/vic1_5min.csv.zst", NULL, 1, 78911, 91.19476777635512, 166256.01332151168},
    {"ausgrid_solarhome_bench/data_2011-2012.csv", NULL, 1, 17568, 0.6760438296903426, 0.5806680298269599},
    {"caiso_oasis/PRC_LMP_DAM_2C559_1_B1_20181230.csv", NULL, 1, 24, 35.19269750000001, 1385.3571125073083},
    {"caiso_oasis/PRC_LMP_DAM_2C559_1_B1_20181230.xml", NULL, 1, 24, 35.19269750000001, 1385.3571125073083},
    {"caiso_oasis/PRC_SHADOW_RTD_5min_20181230.csv", NULL, 1, 175, -5.768606328099418, 62.407182449799606},
    {"caiso_oasis/STANDFD2_1_N011_RTM15_2020.csv.zst", NULL, 1, 35040, 32.59343342808222, 3596.369080999296},
    {"citylearn_2022/Building_1.csv", NULL, 1, 8760, 1.2081453384418948, 2.3970558421832546},
    {"citylearn_2022/Building_2.csv", NULL, 1, 8760, 1.0677627036606234, 1.903112200491225},
    {"citylearn_2022/Building_3.csv", NULL, 1, 8760, 0.8185428162763609, 1.2385388716960908},
    {"citylearn_2022/Building_4.csv", NULL, 1, 8760, 1.2320982132294365, 2.4015964944118133},
    {"citylearn_2022/Building_5.csv", NULL, 1, 8760, 1.005438719232426, 1.6976741827182524},
    {"citylearn_2022/Building_6.csv", NULL, 1, 8760, 1.1858462241980683, 2.3063424817235485},
    {"citylearn_2022/Building_7.csv", NULL, 1, 8760, 0.8968418518847779, 2.2081993654072782},
    {"citylearn_2022/Building_8.csv", NULL, 1, 8760, 1.0087119826951796, 1.8397325635692792},
    {"citylearn_2022/Building_9.csv", NULL, 1, 8760, 0.8338793468841289, 1.2758316988457885},
    {"citylearn_2022/Building_10.csv", NULL, 1, 8760, 1.4971750244593165, 4.171894513035223},
    {"citylearn_2022/carbon_intensity.csv", NULL, 1, 8760, 0.15653071584075295, 0.025752741982780755},
    {"citylearn_2022/pricing.csv", NULL, 1, 8760, 273.1312785388128, 88476.58675799087},
    {"citylearn_2022/weather.csv", NULL, 1, 8760, 16.837454337899537, 296.2063321917785},
    {"entsoe_xml/A44_dayahead_NL_2025-09-17.xml", NULL, 1, 24, 82.65583333333333, 7463.676074999999},
    {"epf_benchmark/FR.csv", NULL, 1, 52416, 41.45391437728866, 2250.980481619683},
    {"epf_benchmark/NP.csv", NULL, 1, 52416, 31.437518505799474, 1101.649872394878},
    {"epf_benchmark/PJM.csv", NULL, 1, 52416, 30.467623866701327, 1305.1160993640888},
    {"epf_benchmark/forecasts_FR_DNN_LEAR.csv.zst", NULL, 1, 17472, 37.59381438873607, 1798.1129547404416},
    {"epf_benchmark/forecasts_NP_DNN_LEAR.csv.zst", NULL, 1, 17472, 36.51379378434053, 1448.1264321929368},
    {"epf_benchmark/forecasts_PJM_DNN_LEAR.csv.zst", NULL, 1, 17472, 27.83274991245978, 900.2624459729419},
    {"eu_dayahead_2015_2022/DE.csv.zst", NULL, 1, 65616, 52.92488097415208, 5984.739685592676},
    {"eu_dayahead_2015_2022/ES.csv.zst", NULL, 1, 65712, 66.04459429023217, 7452.620186745174},
    {"eu_dayahead_2015_2022/FR.csv.zst", NULL, 1, 65616, 62.02070821141163, 8205.161658615258},
    {"gb_halfhourly/elexon_ssp_sbp_niv_halfhourly.csv.zst", NULL, 1, 39216, 47.61380692344956, 3861.551228988984},
    {"gb_halfhourly/octopus_outgoing_agile_se_halfhourly.csv.zst", NULL, 1, 23996, 72.24998333055503, 6245.794986664223},
    {"greenbutton/cew821_sample_greenbutton_data.xml", NULL, 1, 362, 0.8039171270718233, 0.6865051823204419},
    {"greenbutton/verdigris_BulkSCEUsageSummaryAndIntervalBlock.xml", NULL, 1, 3, 0.8266666666666667, 0.6837333333333334},
    {"greenbutton/verdigris_ESPIIntervalBlock.xml", NULL, 1, 10655, 0.9308134209290178, 0.8740411169904708},
    {"greenbutton/verdigris_PGEIntervalBlock.xml", NULL, 1, 2556, 201.4253423317685, 115224.03859390636},
    {"hourly_prices_2020_2023/caiso_np15_dam_hourly.csv.zst", NULL, 1, 35080, 58.71752920581514, 6506.969543091672},
    {"hourly_prices_2020_2023/ercot_hourly.csv.zst", NULL, 1, 35058, 71.88787951394802, 219951.54257832002},
    {"hourly_prices_2020_2023/de_lu_dayahead_hourly_local.csv.zst", NULL, 1, 34896, 114.63749383883598, 25830.563938753112},
    {"hourly_prices_2020_2023/es_dayahead_hourly_local.csv.zst", NULL, 1, 34896, 100.22502149243334, 15418.35413938695},
    {"hourly_prices_2020_2023/fr_dayahead_hourly_local.csv.zst", NULL, 1, 34968, 128.37421313772523, 32208.580197584437},
    {"mx_cenace_pml/apatzingan_mda_mtr.csv", NULL, 2, 12120, 973.9111971947194, 1112951.1129744677},
    {"mx_cenace_pml/bca_nodal.csv.zst", NULL, 16, 97712, 576.521335148188, 489505.3188608848},
    {"mx_cenace_pml/bcs_nodal.csv.zst", NULL, 8, 43296, 2116.825458009975, 5267420.473792453},
    {"mx_cenace_pml/sin_zonal_mda.csv.zst", NULL, 82, 842304, 890.0724812419362, 942247.7418668646},
    {"mx_cenace_pml/sin_zonal_mtr.csv.zst", NULL, 82, 151536, 1143.2674369126707, 1629931.2534746486},
    {"mx_cenace_pml/raw/26_01-04-2017_12-57-41_BCA_PreciosNodosDistribuidosMDA.csv", NULL, 1, 3, 469.0833333333333, 220084.00916666666},
    {"mx_cenace_pml/raw/5_03-01-2017_15-07-56_BCS_PreciosMargLocalesMDA.csv", NULL, 1, 3, 1498.6833333333334, 2246832.7811},
    {"mx_cenace_pml/raw/5_09-02-2017_13-34-09_BCA_PreciosMargLocalesMDA.csv", NULL, 1, 3, 643.93, 433429.9321666667},
    {"mx_cenace_pml/raw/PreciosMargLocales_BCA_MDA_Mes_Nov01_v2016_12_03_06_00_09.csv", NULL, 100, 35763, 535.6634037972196, 314258.03738382977},
    {"mx_cenace_pml/raw/PreciosMargLocales_BCS_MTR_Expost_Dia_2017-04-01_v2017_04_07_15_03_56.csv", NULL, 1, 3, 1681.8566666666666, 2834971.5171666667},
    {"mx_cenace_pml/raw/PreciosNodosDistrib_BCA_MTR_Expost_Dia_2017-02-04_v2017_02_10_12_31_58.csv", NULL, 1, 3, 442.3299999999999, 195975.5889},
    {"mx_cenace_pml/raw/PreciosNodosDistrib_BCS_MDA_Mes_Oct02_v2016_11_03_08_00_05.csv", NULL, 3, 1155, 3045.9093852813876, 9905869.770167116},
    {"mx_cenace_pml/raw/PreciosNodosDistrib_SIN_MDA_Mes_Abr01_v2017_05_03_08_00_05.csv", NULL, 101, 36259, 1118.0117794202815, 1721286.5944714067},
    {"mx_cenace_pml/raw/sw_pend_example_response_manual2020.xml", NULL, 2, 48, 1280.9212499999996, 1696312.1539624995},
    {"mx_cenace_pml/raw/sw_pml_example_response_manual2020.xml", NULL, 1, 24, 2258.089166666666, 5895972.173025},
    {"mx_cenace_pml/raw/sw_pml_SIN_MDA_01PLO-115_2026-09-08.json", NULL, 1, 24, 1657.3837500000002, 4253918.255479167},
    {"uci_household_hourly/uci_household_hourly_sums.csv.zst", NULL, 1, 34949, 1.0667136141234375, 1.9512212558557112},
    {"weather/openmeteo_kern_county_2025-08-01_2025-10-01.csv.zst", NULL, 1, 1488, 28.571382132392632, 851.5838630626387},
    {"weather/openmeteo_san_jose_2020.json.zst", NULL, 1, 8784, 15.987841530054629, 294.41971994535487},
    {"weather/openmeteo_san_jose_2021.json.zst", NULL, 1, 8760, 15.302340182648322, 266.7114098173526},
    {"weather/openmeteo_san_jose_2022.json.zst", NULL, 1, 8760, 15.20207762557073, 265.4762146118713},
    {"weather/openmeteo_san_jose_2023.json", NULL, 1, 8760, 14.861495433789974, 256.35756735159856},
    {"weather/openmeteo_san_jose_2024.json.zst", NULL, 1, 8784, 15.760109289617532, 287.9146971766849},
    {"weather/citylearn_ca_alameda_county.epw", NULL, 1, 8760, 13.975524923896481, 210.9976705742661},
    {"parquet_samples/ercot_da_prices.parquet", NULL, 1, 16800, 30.65911309523826, 3243.012297107161},
    {"parquet_samples/ercot_rt_prices.parquet", &real_time, 1, 67200, 29.398644791666797, 5541.1716352991325},
    {"parquet_samples/ercot_load.parquet", NULL, 1, 16800, 54800.560673490254, 3117964786.4043555},
    {"parquet_samples/ercot_weather.parquet", NULL, 1, 16800, 21.440721917971214, 530.7780271906596},
    {"parquet_samples/caiso_shadow_panel_2025-11.parquet", &shadow_panel, 158, 16930, 50.16304297164811, 90233.99649356399},
};
// clang-format on
enum { N_FILES = sizeof files / sizeof files[0] };

/* The lake of a test's folder; valid until the next call. */
static const char *lake_in(const char *folder) {
    static char path[DATA_PATH + 8];
    snprintf(path, sizeof path, "%s/lake", folder);
    return path;
}

typedef struct {
    size_t n, values;
    double sum, squares;
} total;

static void add_up(total *t, const vo_readings *r) {
    for (size_t i = 0; i < r->n; i++) {
        const double v = r->column[0].value[i];
        t->n++;
        if (isnan(v)) continue;
        t->values++;
        t->sum += v;
        t->squares += v * v;
    }
}

static const vo_column *column_of(const vo_readings *r, const char *name) {
    for (size_t c = 0; c < r->n_columns; c++)
        if (strcmp(r->column[c].name, name) == 0) return &r->column[c];
    return NULL;
}

static bool same(double a, double b) { return isnan(a) ? isnan(b) : a >= b && a <= b; }

/* Every row the reader gave is in the lake's raw rows with all its values (a start that comes
 * several times: any of them). */
static void expect_rows(const char *file, const vo_readings *read, const vo_readings *raw) {
    size_t from = 0;
    int64_t last_s = INT64_MIN;
    cr_assert_eq(read->n, raw->n, "%s %s: %zu rows read, %zu come out", file, read->node,
                 read->n, raw->n);
    for (size_t i = 0; i < read->n; i++) {
        const int64_t at = read->start_s[i];
        if (at < last_s) from = 0;
        while (from < raw->n && raw->start_s[from] < at) from++;
        last_s = at;
        bool found = false;
        for (size_t k = from; k < raw->n && raw->start_s[k] == at && !found; k++) {
            found = true;
            for (size_t c = 0; c < read->n_columns && found; c++) {
                const vo_column *other = column_of(raw, read->column[c].name);
                const double v = read->column[c].value[i];
                found = other ? same(v, other->value[k]) : isnan(v);
            }
        }
        cr_assert(found, "%s %s: row %zu (%lld) does not come out as it was read", file,
                  read->node, i, (long long)at);
    }
}

/* The raw rows of the series that an answer names. */
static vo_readings_set *raw_of(vo_lake *lake, const vo_json *series) {
    const vo_lake_key key = {member_text(series, "market"), member_text(series, "process"),
                             member_text(series, "node"), member_text(series, "kind")};
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_lake_read_raw(lake, &key, (vo_time){-INT64_C(200000000000)},
                                  (vo_time){INT64_C(200000000000)}, &set, &err),
                 VO_OK, "%s: %s", key.node, err.msg);
    return set;
}

/* What `data export --raw` writes of it as CSV, read with the names of the columns that went
 * in. */
static vo_readings_set *exported(const char *folder, const vo_json *series,
                                 const vo_readings *in) {
    char request[2 * DATA_PATH], out[DATA_PATH + 16];
    vo_source_column column[VO_SERIES_MAX_COLUMNS];
    vo_source_options o = {.time_column = "timestamp", .kind = in->kind, .column = column};
    vo_readings_set *set = NULL;
    vo_error err = {0};
    snprintf(out, sizeof out, "%s/out.csv", folder);
    snprintf(request, sizeof request,
             "{\"market\": \"%s\", \"process\": \"%s\", \"node\": \"%s\", \"kind\": \"%s\", "
             "\"raw\": true, \"out\": \"%s\"}",
             member_text(series, "market"), member_text(series, "process"),
             member_text(series, "node"), member_text(series, "kind"), out);
    vo_json_free(engine_ask(lake_in(folder), vo_engine_data_export, request));
    for (size_t c = 0; c < in->n_columns; c++)
        column[o.n_columns++] =
            (vo_source_column){in->column[c].name, in->column[c].name, 1, 0};
    cr_assert_eq(vo_source_read(out, &o, &set, &err), VO_OK, "%s", err.msg);
    return set;
}

static void compare(const expected *f, const char *path, const char *folder,
                    const vo_json *answer) {
    vo_lake *lake = NULL;
    vo_readings_set *read = NULL;
    total t = {0};
    vo_error err = {0};
    const vo_json *list = vo_json_get(answer, "series");
    cr_assert_eq(vo_lake_open(lake_in(folder), &lake, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_source_read(path, f->told ? &f->told->source : NULL, &read, &err), VO_OK,
                 "%s", err.msg);
    cr_assert_eq(vo_json_size(list), f->series, "%s: %zu series", f->path, vo_json_size(list));
    for (size_t i = 0; i < f->series; i++) {
        vo_readings_set *raw = raw_of(lake, vo_json_at(list, i));
        add_up(&t, raw->item[0]);
        expect_rows(f->path, read->item[i], raw->item[0]);
        vo_readings_set_free(raw);
        if (f->rows > EXPORTED_ROWS || f->series > EXPORTED_SERIES) continue;
        vo_readings_set *out = exported(folder, vo_json_at(list, i), read->item[i]);
        expect_rows(f->path, read->item[i], out->item[0]);
        vo_readings_set_free(out);
    }
    vo_readings_set_free(read);
    vo_lake_close(lake);
    const double mean = t.sum / (double)t.values, square = t.squares / (double)t.values;
    cr_expect_eq(t.n, f->rows, "%s: %zu rows come out, %zu were published", f->path, t.n,
                 f->rows);
    cr_expect(fabs(mean - f->mean) <= 1e-10 * fabs(f->mean), "%s: mean %.15g, published %.15g",
              f->path, mean, f->mean);
    cr_expect(fabs(square - f->mean_square) <= 1e-9 * f->mean_square,
              "%s: mean square %.15g, published %.15g", f->path, square, f->mean_square);
}

static void try_file(const expected *f) {
    char path[DATA_PATH], folder[DATA_PATH], request[DATA_PATH + 400];
    NEED_DATA(f->path, path);
    cr_assert(temporary_folder(folder));
    snprintf(request, sizeof request, "{\"file\": \"%s\"%s}", path,
             f->told ? f->told->request : "");
    vo_json *answer = engine_ask(lake_in(folder), vo_engine_data_import, request);
    compare(f, path, folder, answer);
    vo_json_free(answer);
    temporary_folder_remove(folder);
}

/* In three parts, so that they run beside each other. */
typedef enum { MEXICO, USE_AND_WEATHER, ELSEWHERE } part;

static part part_of(const char *path) {
    static const char *const use[] = {"ausgrid", "citylearn", "greenbutton",
                                      "uci",     "weather",   "parquet"};
    for (size_t i = 0; i < sizeof use / sizeof use[0]; i++)
        if (strncmp(path, use[i], strlen(use[i])) == 0) return USE_AND_WEATHER;
    return strncmp(path, "mx_", 3) == 0 ? MEXICO : ELSEWHERE;
}

static void try_part(part which) {
    char path[DATA_PATH];
    NEED_DATA("README.md", path);
    for (size_t i = 0; i < N_FILES; i++)
        if (part_of(files[i].path) == which) try_file(&files[i]);
}

Test(import_everything, prices_of_mexico_come_out_as_they_went_in) { try_part(MEXICO); }

Test(import_everything, prices_of_other_markets_come_out_as_they_went_in) {
    try_part(ELSEWHERE);
}

Test(import_everything, loads_weather_and_parquet_come_out_as_they_went_in) {
    try_part(USE_AND_WEATHER);
}

/* ---- nothing is forgotten ----------------------------------------------------------- */

/* What is no price, load or weather, or is tested by name elsewhere: all of pge_tariffs in
 * test_import_tariffs.c, Green Button without readings in test_source_greenbutton.c. */
static const char *const others[] = {"SOURCE.md",
                                     "README",
                                     "LICENSE",
                                     "llama_stories260k/",
                                     "dispatch_reference/",
                                     "pge_tariffs/",
                                     "greenbutton/verdigris_ESPIUsagePoints.xml",
                                     "greenbutton/verdigris_PGEReadingType.xml",
                                     "greenbutton/verdigris_PGEUsageSummaries.xml",
                                     "ausgrid_solarhome_bench/results/",
                                     "ausgrid_solarhome_bench/daily_pattern",
                                     "epf_benchmark/metrics_",
                                     "citylearn_2022/schema.json",
                                     "entsoe_xml/hexagon_",
                                     "entsoe_xml/synthetic_",
                                     "parquet_samples/apache_",
                                     "raw/sw_pml_range_error_fixture.json",
                                     "raw/sw_pml_two_nodes_empty_value_fixture.json"};

static void look_up(const char *relative) {
    for (size_t i = 0; i < N_FILES; i++)
        if (strcmp(relative, files[i].path) == 0) return;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strstr(relative, others[i])) return;
    cr_expect(false, "%s is in no list", relative);
}

Test(import_everything, no_file_is_forgotten) {
    char path[DATA_PATH];
    NEED_DATA("README.md", path);
    cr_assert(data_each("", look_up));
}
