/* moments.c -- how near the generator comes to real prices, homes, panels and weather.
 *
 * Real sets lie in VOLTEO_DATA or ../shared/data (what is not there is left out, saying so).
 * Ours: the median of each moment over five seeds of a preset, or over ten homes of seed 1.
 * Lines are moments,SET MOMENT,ours,real,ratio,near|off or with --markdown a table per set, as
 * in docs/models/synth.md.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/csv.h"
#include "data/moments.h"
#include "data/synth.h"
#include "data/synth_home.h"

#define MANY 10
#define MAX_ROWS 1000000

static const char *data = VOLTEO_SOURCE_DIR "/../shared/data";
static bool markdown;

static void check(vo_status st, const vo_error *err) {
    if (st == VO_OK) return;
    fprintf(stderr, "moments: %s\n", err->msg);
    exit(1);
}

/* ---- real sets: rows in order on an even axis ------------------------------------- */

typedef struct {
    const char *file, *zone;
    int64_t start_s;
    double step_h;
    const char *header;  /* name of the value's column in the first row; NULL: `column` */
    size_t column, skip; /* its index; rows before the first value                     */
    double factor;
    const char *only[2]; /* rows must have these values ...                            */
    size_t only_at[2];   /* ... in these columns                                       */
} real_set;

static bool wanted(const vo_csv *c, const real_set *r) {
    for (int i = 0; i < 2; i++)
        if (r->only[i] && !vo_field_is(vo_csv_at(c, r->only_at[i]), r->only[i])) return false;
    return true;
}

/* Values in file order; n = 0 if the file is not there. */
static size_t read_values(const real_set *r, double *v) {
    char path[600];
    vo_bytes *in = NULL;
    vo_csv *c = NULL;
    vo_error err = {0};
    bool more = true;
    size_t n = 0, row = 0, at = r->column;
    snprintf(path, sizeof path, "%s/%s", data, r->file);
    if (vo_bytes_open_file(path, &in, &err) != VO_OK) {
        fprintf(stderr, "moments: left out: %s\n", err.msg);
        return 0;
    }
    check(vo_csv_open(in, ',', &c, &err), &err);
    for (;; row++) {
        check(vo_csv_next(c, &more, &err), &err);
        if (!more || n == MAX_ROWS) break;
        for (size_t k = 0; row == 0 && r->header && k < vo_csv_count(c); k++)
            if (vo_field_is(vo_csv_at(c, k), r->header)) at = k;
        if (row < r->skip || !wanted(c, r)) continue;
        const vo_csv_field f = vo_csv_at(c, at);
        if (!vo_number_parse(f.text, f.len, false, &v[n])) v[n] = (double)NAN;
        v[n++] *= r->factor;
    }
    vo_csv_close(c);
    vo_bytes_close(in);
    return n;
}

static vo_series *read_real(const real_set *r) {
    static const char *const name[] = {"value"};
    double *v = malloc(MAX_ROWS * sizeof *v);
    vo_series *s = NULL;
    vo_error err = {0};
    const size_t n = v ? read_values(r, v) : 0;
    if (n > 0) {
        check(vo_series_create(n, name, 1, NULL, &s, &err), &err);
        snprintf(s->zone, sizeof s->zone, "%s", r->zone);
        for (size_t t = 0; t < n; t++) {
            s->start[t].s = r->start_s + (int64_t)llround((double)t * r->step_h * 3600);
            s->dt_h[t] = r->step_h;
            s->column[0].value[t] = v[t];
        }
    }
    free(v);
    return s;
}

/* ---- the median of several, and its line ------------------------------------------ */

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static vo_moments median(const vo_moments *m, size_t n) {
    vo_moments out = m[0];
    for (int k = 0; k < VO_MOMENTS; k++) {
        double v[MANY];
        size_t some = 0;
        for (size_t i = 0; i < n; i++)
            if (!isnan(m[i].value[k])) v[some++] = m[i].value[k];
        qsort(v, some, sizeof *v, by_value);
        out.value[k] = some ? (v[(some - 1) / 2] + v[some / 2]) / 2 : (double)NAN;
    }
    return out;
}

static void report(const char *set, const vo_moments *ours, const vo_moments *real) {
    int near = 0, told = 0;
    if (markdown) printf("\n#### %s\n| moment | ours | real | |\n|---|---|---|---|\n", set);
    for (int k = 0; k < VO_MOMENTS; k++) {
        const double a = ours->value[k], b = real->value[k];
        const vo_moment_verdict v = vo_moments_verdict(k, a, b);
        if (v == VO_MOMENT_NONE) continue;
        told++;
        near += v == VO_MOMENT_NEAR;
        if (markdown)
            printf("| %s | %.4g | %.4g | %s |\n", vo_moment_name(k), a, b,
                   v == VO_MOMENT_NEAR ? "" : "off");
        else
            printf("moments,%s %s,%.5g,%.5g,%.4g,%s\n", set, vo_moment_name(k), a, b, a / b,
                   v == VO_MOMENT_NEAR ? "near" : "off");
    }
    if (markdown) printf("\n%d of %d near.\n", near, told);
    fflush(stdout);
}

static void report_number(const char *what, double ours, double real) {
    if (markdown)
        printf("\n%s: ours %.3f, real %.3f\n", what, ours, real);
    else
        printf("moments,%s,%.4g,%.4g,%.4g,\n", what, ours, real, ours / real);
    fflush(stdout);
}

static vo_moments moments(const vo_series *s, const double *v) {
    vo_moments m;
    vo_error err = {0};
    check(vo_moments_of(s, v, &m, &err), &err);
    return m;
}

/* ---- prices ----------------------------------------------------------------------- */

static void prices(const char *set, const char *preset, bool real_time, int32_t days,
                   const real_set *r) {
    vo_series *real = read_real(r);
    if (!real) return;
    vo_moments ours[5];
    vo_error err = {0};
    const vo_moments theirs = moments(real, real->column[0].value);
    for (uint64_t seed = 1; seed <= 5; seed++) {
        vo_synth_options o;
        vo_series *s = NULL;
        check(vo_synth_preset(preset, &o, &err), &err);
        o.seed = seed;
        o.days = days;
        o.real_time = real_time;
        check(vo_synth_series(&o, 0, &s, &err), &err);
        ours[seed - 1] = moments(s, s->column[0].value);
        vo_series_free(s);
    }
    const vo_moments m = median(ours, 5);
    report(set, &m, &theirs);
    vo_series_free(real);
}

/* Mean correlation of prices and of congestion between ten zones, and between ten nodes of
 * ours. */
static double mean_correlation(double *const *v, size_t many, size_t n) {
    double sum = 0;
    size_t pairs = 0;
    for (size_t i = 0; i < many; i++)
        for (size_t j = 0; j < i; j++, pairs++) sum += vo_moments_correlation(v[i], v[j], n);
    return sum / (double)pairs;
}

static void zones(void) {
    static const char *const zone[MANY] = {"ACAPULCO",   "APATZINGAN", "CANCUN",    "CHIHUAHUA",
                                           "HERMOSILLO", "MERIDA",     "MONTERREY", "QUERETARO",
                                           "PUEBLA",     "LEON"};
    static const char *const column[2] = {"precio", "c_congestion"};
    for (int c = 0; c < 2; c++) {
        double *v[MANY], *w[MANY];
        size_t many = 0, n = MAX_ROWS;
        vo_series *s[MANY];
        vo_error err = {0};
        vo_synth_options o;
        check(vo_synth_preset("mem", &o, &err), &err);
        for (uint32_t k = 0; k < MANY; k++) {
            const real_set r = {.file = "mx_cenace_pml/sin_zonal_mda.csv.zst",
                                .header = column[c],
                                .skip = 1,
                                .factor = 1,
                                .only = {zone[k], NULL},
                                .only_at = {3, 0}};
            v[many] = malloc(MAX_ROWS * sizeof(double));
            const size_t rows = read_values(&r, v[many]);
            check(vo_synth_series(&o, k, &s[k], &err), &err);
            w[k] = s[k]->column[c ? 3 : 0].value;
            if (rows == 0) {
                free(v[many]);
                continue;
            }
            n = rows < n ? rows : n;
            many++;
        }
        if (many > 1)
            report_number(c ? "mem: correlation of congestion between zones"
                            : "mem: correlation of prices between zones",
                          mean_correlation(w, MANY, s[0]->n), mean_correlation(v, many, n));
        for (size_t k = 0; k < many; k++) free(v[k]);
        for (size_t k = 0; k < MANY; k++) vo_series_free(s[k]);
    }
}

/* ---- homes and panels ------------------------------------------------------------- */

static vo_synth_home_options home_at(const char *zone, double latitude, double longitude,
                                     double elevation_m, double mean_c, double minutes) {
    vo_synth_home_options o = vo_synth_home_options_default();
    o.weather.zone = zone;
    o.weather.latitude = latitude;
    o.weather.longitude = longitude;
    o.weather.elevation_m = elevation_m;
    o.weather.mean_temperature_c = mean_c;
    o.weather.interval_minutes = minutes;
    o.ev_share = 0;
    o.pv_share = 1;
    return o;
}

/* Ours: load and PV per kW of ten homes, and the mean load of them. */
static void our_homes(const vo_synth_home_options *o, vo_moments *load, vo_moments *pv,
                      vo_moments *all, double *alike) {
    vo_moments l[MANY], p[MANY];
    vo_series *s[MANY];
    double *v[MANY];
    vo_error err = {0};
    for (uint32_t k = 0; k < MANY; k++) {
        vo_synth_household h;
        check(vo_synth_home(o, k, &s[k], &err), &err);
        check(vo_synth_household_of(o, k, &h, &err), &err);
        v[k] = s[k]->column[0].value;
        l[k] = moments(s[k], v[k]);
        for (size_t t = 0; t < s[k]->n; t++) s[k]->column[1].value[t] /= h.panel.peak_kw;
        p[k] = moments(s[k], s[k]->column[1].value);
    }
    *load = median(l, MANY);
    *pv = median(p, MANY);
    *alike = mean_correlation(v, MANY, s[0]->n);
    for (size_t t = 0; t < s[0]->n; t++) {
        double sum = 0;
        for (size_t k = 0; k < MANY; k++) sum += v[k][t] / MANY;
        s[0]->column[1].value[t] = sum;
    }
    *all = moments(s[0], s[0]->column[1].value);
    for (size_t k = 0; k < MANY; k++) vo_series_free(s[k]);
}

static void citylearn(void) {
    vo_synth_home_options o = home_at("-08:00", 34.1, -117.4, 370, 18.5, 60);
    o.weather.daily_swing_c = 14;
    o.weather.cloudiness = 0.3;
    o.cooling_share = 0.9;
    vo_moments load, pv, all, l[MANY], p[MANY];
    vo_series *s[MANY];
    double alike, *v[MANY];
    our_homes(&o, &load, &pv, &all, &alike);
    for (int k = 0; k < MANY; k++) {
        char file[80];
        snprintf(file, sizeof file, "citylearn_2022/Building_%d.csv", k + 1);
        real_set r = {file, "-08:00", 1470034800, 1, "non_shiftable_load", 0, 1, 1, {0}, {0}};
        s[k] = read_real(&r); /* from 2016-07-31T23:00-08:00 */
        if (!s[k]) return;
        v[k] = s[k]->column[0].value;
        l[k] = moments(s[k], v[k]);
        r.header = "solar_generation";
        r.factor = 0.001;
        vo_series *sun = read_real(&r);
        p[k] = moments(sun, sun->column[0].value);
        vo_series_free(sun);
    }
    const vo_moments lm = median(l, MANY), pm = median(p, MANY);
    report("home load Fontana (CityLearn) kW", &load, &lm);
    report("PV Fontana (CityLearn) kW per kWp", &pv, &pm);
    report_number("Fontana: correlation of load between homes", alike,
                  mean_correlation(v, MANY, s[0]->n));
    for (size_t t = 0; t < s[0]->n; t++) {
        double sum = 0;
        for (size_t k = 0; k < MANY; k++) sum += v[k][t] / MANY;
        s[0]->column[0].value[t] = sum;
    }
    const vo_moments am = moments(s[0], v[0]);
    report("mean load of ten homes Fontana (CityLearn) kW", &all, &am);
    for (int k = 0; k < MANY; k++) vo_series_free(s[k]);
}

static void one_home(const char *set, const vo_synth_home_options *o, const real_set *r,
                     bool panel) {
    vo_series *real = read_real(r);
    if (!real) return;
    vo_moments load, pv, all;
    double alike;
    our_homes(o, &load, &pv, &all, &alike);
    const vo_moments m = moments(real, real->column[0].value);
    report(set, panel ? &pv : &load, &m);
    vo_series_free(real);
}

/* ---- weather ---------------------------------------------------------------------- */

static void weather(void) {
    static const struct {
        const char *set, *column;
        size_t at;
        double factor;
    } of[] = {{"temperature Hayward (EPW) C", "temperature_c", 6, 1},
              {"humidity Hayward (EPW) %", "relative_humidity_pct", 8, 1},
              {"global irradiance Hayward (EPW) W/m2", "ghi_w_m2", 13, 1},
              {"direct normal irradiance Hayward (EPW) W/m2", "dni_w_m2", 14, 1},
              {"diffuse irradiance Hayward (EPW) W/m2", "dhi_w_m2", 15, 1},
              {"wind Hayward (EPW) m/s", "wind_speed_m_s", 21, 1},
              {"cloud cover Hayward (EPW) %", "cloud_cover_pct", 22, 10}};
    vo_synth_weather_options o = vo_synth_weather_options_default();
    vo_error err = {0};
    o.zone = "-08:00";
    o.latitude = 37.67;
    o.longitude = -122.12;
    o.elevation_m = 14;
    o.mean_temperature_c = 14;
    o.annual_swing_c = 6;
    o.daily_swing_c = 8;
    o.cloudiness = 0.40;
    o.wind_m_s = 3.7;
    o.relative_humidity_pct = 76;
    o.year = 2018;
    for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
        const real_set r = {.file = "weather/citylearn_ca_alameda_county.epw",
                            .zone = "-08:00",
                            .start_s = 1514793600, /* 2018-01-01T00:00-08:00 */
                            .step_h = 1,
                            .column = of[i].at,
                            .skip = 8,
                            .factor = of[i].factor};
        vo_series *real = read_real(&r);
        if (!real) return;
        const vo_moments theirs = moments(real, real->column[0].value);
        vo_moments ours[5];
        for (uint64_t seed = 1; seed <= 5; seed++) {
            vo_series *s = NULL;
            o.seed = seed;
            check(vo_synth_weather(&o, 0, &s, &err), &err);
            ours[seed - 1] = moments(s, vo_series_find(s, of[i].column));
            vo_series_free(s);
        }
        const vo_moments m = median(ours, 5);
        report(of[i].set, &m, &theirs);
        vo_series_free(real);
    }
}

int main(int argc, char **argv) {
    if (getenv("VOLTEO_DATA")) data = getenv("VOLTEO_DATA");
    for (int i = 1; i < argc; i++) markdown = markdown || strcmp(argv[i], "--markdown") == 0;
    if (!markdown) puts("claim,metric,ours,peer,ratio,unit");
    const real_set mda = {"mx_cenace_pml/apatzingan_mda_mtr.csv",
                          "America/Mexico_City",
                          1454047200,
                          1,
                          "precio",
                          0,
                          1,
                          1,
                          {"MDA", NULL},
                          {1, 0}};
    real_set mtr = mda;
    mtr.only[0] = "MTR";
    mtr.start_s = 1484114400; /* 2017-01-11; three days are missing in it: hours of day hold */
    const real_set caiso = {"hourly_prices_2020_2023/caiso_np15_dam_hourly.csv.zst",
                            "America/Los_Angeles",
                            1577779200,
                            1,
                            "price_usd_per_mwh",
                            0,
                            1,
                            1,
                            {0},
                            {0}};
    const real_set aemo = {"aemo_vic1_5min/vic1_5min.csv.zst",
                           "+10:00",
                           1732975200,
                           5.0 / 60,
                           "rrp_aud_per_mwh",
                           0,
                           1,
                           1,
                           {0},
                           {0}};
    prices("price MEM day-ahead Apatzingan MXN/MWh", "mem", false, 428, &mda);
    prices("price MEM real-time Apatzingan MXN/MWh", "mem", true, 79, &mtr);
    prices("price CAISO day-ahead NP15 USD/MWh", "caiso", false, 1461, &caiso);
    prices("price AEMO VIC1 5 minutes AUD/MWh", "aemo", true, 274, &aemo);
    zones();
    citylearn();
    const vo_synth_home_options paris = home_at("+01:00", 48.8, 2.3, 60, 11.5, 60);
    const real_set uci = {"uci_household_hourly/uci_household_hourly_sums.csv.zst",
                          "+01:00",
                          1166288400,
                          1,
                          "Global_active_power",
                          0,
                          1,
                          1.0 / 60,
                          {0},
                          {0}};
    one_home("home load near Paris (UCI) kW", &paris, &uci, false);
    vo_synth_home_options sydney = home_at("+10:00", -33.9, 151.2, 20, 18, 30);
    sydney.size = 0.5; /* a thrifty home: 5 900 kWh a year */
    sydney.cooling_share = 0.2;
    sydney.heating_share = 0;
    real_set grid = {"ausgrid_solarhome_bench/data_2011-2012.csv",
                     "+10:00",
                     1309442400,
                     0.5,
                     "GC",
                     0,
                     1,
                     1,
                     {0},
                     {0}};
    one_home("home load Sydney (Ausgrid) kW", &sydney, &grid, false);
    grid.header = "GG";
    grid.factor = 1 / 1.04;
    one_home("PV Sydney (Ausgrid) kW per kWp", &sydney, &grid, true);
    weather();
    return 0;
}
