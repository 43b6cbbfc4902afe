/* community_files.c -- see community_files.h. */
#include "engine/community_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/json.h"
#include "engine/fields.h"
#include "engine/hour_table.h"
#include "port/file.h"
#include "port/folder.h"

#define HOUR_S INT64_C(3600)
#define DAY_S INT64_C(86400)
#define YEAR 2016 /* of CityLearn's first hour */
#define YEARS 14  /* that many before and after are tried: every calendar is among them */
#define ZONE_S (-8 * HOUR_S)
#define SCHEMA_BYTES ((size_t)64 << 20)
#define PATH 1200
#define NAME "Building_"
#define ENDING ".csv"

/* ---- when --------------------------------------------------------------------------- */

/* How many hours have another month or weekday than the calendar says. */
static size_t disagreements(const double *month, const double *day_type, size_t hours,
                            int64_t first_s) {
    size_t wrong = 0;
    for (size_t k = 0; k < hours; k++) {
        const int64_t day = (first_s + (int64_t)k * HOUR_S) / DAY_S;
        vo_civil c;
        vo_civil_from_days(day, &c);
        wrong += (int32_t)month[k] != c.month;
        if (day_type && day_type[k] < 8)
            wrong += (int32_t)day_type[k] != vo_civil_weekday(day) + 1;
    }
    return wrong;
}

/* In a given year of the first row. */
static int64_t first_in(int32_t year, const double *month, const double *hour,
                        const double *day_type, size_t hours) {
    size_t k = 0;
    while (k < hours && (int32_t)month[k] == (int32_t)month[0]) k++;
    const size_t at = k < hours ? k : 0;
    const int32_t m = (int32_t)month[at];
    const int32_t y = at && m < (int32_t)month[0] ? year + 1 : year;
    int64_t day = vo_civil_days(y, m, 1);
    if (at == 0 && day_type && day_type[0] < 8)
        while (vo_civil_weekday(day) + 1 != (int32_t)day_type[0]) day++;
    const int64_t begins = hour ? (int64_t)hour[at] - 1 : 0;
    return day * DAY_S + (begins - (int64_t)at) * HOUR_S;
}

int64_t vo_metered_first_hour(const double *month, const double *hour, const double *day_type,
                              size_t hours) {
    if (!month || hours == 0) return vo_civil_days(YEAR, 7, 31) * DAY_S + 23 * HOUR_S;
    int64_t best = 0;
    size_t least = SIZE_MAX;
    for (int32_t i = 0; i <= 2 * YEARS && least > 0; i++) { /* 2016, 2017, 2015, 2018, ... */
        const int32_t year = YEAR + (i % 2 ? (i + 1) / 2 : -i / 2);
        const int64_t first_s = first_in(year, month, hour, day_type, hours);
        const size_t wrong = disagreements(month, day_type, hours, first_s);
        if (wrong < least) least = wrong, best = first_s;
    }
    return best;
}

/* ---- one building ------------------------------------------------------------------- */

/* Its calendar columns, for the first hour. */
typedef struct {
    double *month, *hour, *day_type;
} calendar;

static void calendar_fini(calendar *c) {
    free(c->month);
    free(c->hour);
    free(c->day_type);
}

static vo_status check_hours(const char *path, const double *hour, size_t n, vo_error *err) {
    for (size_t k = 1; hour && k < n; k++) {
        const int32_t before = (int32_t)hour[k - 1], due = before % 24 + 1;
        if ((int32_t)hour[k] != due)
            return vo_fail(err, VO_EINVAL,
                           "%s: row %zu: hour = %g after %d: must be %d; rows are missing or "
                           "out of order",
                           path, k + 1, hour[k], before, due);
    }
    return VO_OK;
}

/* The months of a calendar follow each other. */
static vo_status check_months(const char *path, const double *month, size_t n, vo_error *err) {
    for (size_t k = 1; month && k < n; k++) {
        const int32_t before = (int32_t)month[k - 1], next = before % 12 + 1;
        if ((int32_t)month[k] != before && (int32_t)month[k] != next)
            return vo_fail(
                err, VO_EINVAL,
                "%s: row %zu: month = %g after %d: must be %d or %d; rows are missing "
                "or out of order",
                path, k + 1, month[k], before, before, next);
    }
    return VO_OK;
}

static vo_status check_whole(const char *path, const char *name, const double *v, size_t n,
                             vo_error *err) {
    for (size_t k = 0; v && k < n; k++)
        if (v[k] > floor(v[k]))
            return vo_fail(err, VO_EINVAL, "%s: row %zu: %s = %g: must be a whole number", path,
                           k + 1, name, v[k]);
    return VO_OK;
}

static vo_status keep(vo_metered_home *h, const double *load, const double *sun, size_t n,
                      vo_error *err) {
    h->load_kwh = malloc(2 * n * sizeof *h->load_kwh);
    if (!h->load_kwh) return vo_fail(err, VO_ENOMEM, "%s: no memory for %zu hours", h->name, n);
    h->pv_kwh = h->load_kwh + n;
    for (size_t k = 0; k < n; k++) {
        h->load_kwh[k] = (float)load[k];
        h->pv_kwh[k] = sun ? (float)(sun[k] * h->pv_kw / 1000) : 0;
    }
    return VO_OK;
}

static vo_status load_home(const char *path, vo_metered_home *h, calendar *c, size_t *hours,
                           vo_error *err) {
    vo_hour_column col[] = {{"non_shiftable_load", true, 0, 1e5, "kWh", NULL},
                            {"solar_generation", false, 0, 3000, "W per kW", NULL},
                            {"month", false, 1, 12, "", NULL},
                            {"hour", false, 1, 24, "", NULL},
                            {"day_type", false, 1, 8, "", NULL}};
    size_t n = 0;
    vo_status st = vo_hour_table_load(path, col, 5, &n, err);
    for (size_t i = 2; st == VO_OK && i < 5; i++)
        st = check_whole(path, col[i].name, col[i].value, n, err);
    if (st == VO_OK) st = check_hours(path, col[3].value, n, err);
    if (st == VO_OK) st = check_months(path, col[2].value, n, err);
    if (st == VO_OK) st = keep(h, col[0].value, col[1].value, n, err);
    free(col[0].value);
    free(col[1].value);
    *c = (calendar){col[2].value, col[3].value, col[4].value};
    *hours = n;
    return st;
}

/* ---- the schema --------------------------------------------------------------------- */

/* A number at a path of keys; absent or null leaves *out. */
static vo_status number_at(const char *name, const char *home, const vo_json *v,
                           const char *key, double lo, double hi, double *out, vo_error *err) {
    const vo_json *x = v ? vo_json_get(v, key) : NULL;
    if (!x || vo_json_kind_of(x) == VO_JSON_NULL) return VO_OK;
    if (vo_json_kind_of(x) != VO_JSON_NUMBER)
        return vo_fail(err, VO_EINVAL, "%s: buildings.%s: %s is %s: must be a number", name,
                       home, key, vo_fields_kind(x));
    const double d = vo_json_number(x);
    if (!(d >= lo && d <= hi))
        return vo_fail(err, VO_EINVAL, "%s: buildings.%s: %s = %g is not in %g..%g", name, home,
                       key, d, lo, hi);
    *out = d;
    return VO_OK;
}

static const vo_json *object_at(const vo_json *v, const char *key) {
    const vo_json *x = v ? vo_json_get(v, key) : NULL;
    return x && vo_json_kind_of(x) == VO_JSON_OBJECT ? x : NULL;
}

/* CityLearn's efficiency is of a round trip, split evenly; a battery begins empty. */
static vo_status read_battery(const char *name, const char *home, const vo_json *building,
                              vo_home_battery *out, vo_error *err) {
    const vo_json *a = object_at(object_at(building, "electrical_storage"), "attributes");
    double kwh = 0, kw = 5, efficiency = 0.9, depth = 1, initial = 0;
    vo_status st = number_at(name, home, a, "capacity", 0, 1e6, &kwh, err);
    if (st == VO_OK) st = number_at(name, home, a, "nominal_power", 0, 1e6, &kw, err);
    if (st == VO_OK) st = number_at(name, home, a, "efficiency", 0.01, 1, &efficiency, err);
    if (st == VO_OK) st = number_at(name, home, a, "depth_of_discharge", 0.01, 1, &depth, err);
    if (st == VO_OK) st = number_at(name, home, a, "initial_soc", 0, 1, &initial, err);
    if (st != VO_OK) return st;
    *out = (vo_home_battery){.capacity_kwh = kwh,
                             .charge_kw = kw,
                             .discharge_kw = kw,
                             .charge_efficiency = sqrt(efficiency),
                             .discharge_efficiency = sqrt(efficiency),
                             .min_soc = 1 - depth,
                             .max_soc = 1,
                             .initial_soc = fmax(initial, 1 - depth)};
    return VO_OK;
}

/* The building that says it is of this file, else the one of that name; *key is its name. */
static const vo_json *building_of(const vo_json *buildings, const char *file, const char *stem,
                                  const char **key) {
    const vo_json *v = NULL, *named = NULL;
    const char *k = NULL;
    for (size_t i = 0; vo_json_member(buildings, i, &k, &v); i++) {
        if (vo_json_kind_of(v) != VO_JSON_OBJECT) continue;
        const vo_json *of = vo_json_get(v, "energy_simulation");
        *key = k;
        if (of && vo_json_kind_of(of) == VO_JSON_STRING &&
            strcmp(vo_json_string(of), file) == 0)
            return v;
        if (strcmp(k, stem) == 0) named = v;
    }
    *key = stem;
    return named;
}

static vo_status read_schema(const char *name, const vo_json *root, const char *file,
                             vo_metered_home *h, vo_error *err) {
    const vo_json *buildings =
        vo_json_kind_of(root) == VO_JSON_OBJECT ? object_at(root, "buildings") : NULL;
    if (!buildings)
        return vo_fail(err, VO_EINVAL, "%s: there is no object \"buildings\" in it", name);
    const char *key = NULL;
    const vo_json *b = building_of(buildings, file, h->name, &key);
    if (!b) return VO_OK;
    const vo_json *in = vo_json_get(b, "include");
    const vo_json *pv = object_at(object_at(b, "pv"), "attributes");
    double kw = 0;
    vo_home_battery battery;
    vo_status st = number_at(name, key, pv, "nominal_power", 0, 1e6, &kw, err);
    if (st == VO_OK) st = read_battery(name, key, b, &battery, err);
    if (st != VO_OK) return st;
    h->included = !in || vo_json_kind_of(in) != VO_JSON_BOOL || vo_json_bool(in);
    h->pv_kw = kw;
    h->has_battery = true;
    h->battery = battery;
    return VO_OK;
}

vo_status vo_metered_schema(const char *name, const char *text, size_t len, const char *file,
                            vo_metered_home *home, vo_error *err) {
    vo_json *root = NULL;
    vo_error inner = {0};
    const vo_status st = vo_json_parse(text, len, &root, &inner);
    if (st != VO_OK) return vo_fail(err, st, "%s: %.400s", name, inner.msg);
    const vo_status read = read_schema(name, root, file, home, err);
    vo_json_free(root);
    return read;
}

/* Nobody waits for a pipe to say something: what is in the folder is files. */
static vo_status check_file(const char *path, vo_error *err) {
    if (vo_file_is_regular(path) || !vo_file_exists(path)) return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s is a folder, a pipe or a device: put a file there",
                   path);
}

/* ---- the folder --------------------------------------------------------------------- */

typedef struct {
    vo_community_files *f;
    size_t room;
} listing;

static vo_status take_name(void *ctx, const char *name, bool is_folder, vo_error *err) {
    listing *l = ctx;
    const size_t len = strlen(name), stem = len > 4 ? len - 4 : 0;
    if (is_folder || strncmp(name, NAME, sizeof NAME - 1) != 0 ||
        strcmp(name + stem, ENDING) != 0)
        return VO_OK;
    if (stem >= sizeof l->f->home->name)
        return vo_fail(err, VO_EINVAL, "%.80s: a name of at most 63 letters, please", name);
    if (l->f->homes == VO_METERED_HOMES)
        return vo_fail(err, VO_EINVAL, "more than %u files of homes", VO_METERED_HOMES);
    if (l->f->homes == l->room) {
        const size_t room = l->room ? 2 * l->room : 32;
        vo_metered_home *more = realloc(l->f->home, room * sizeof *more);
        if (!more) return vo_fail(err, VO_ENOMEM, "no memory for %zu homes", room);
        l->f->home = more;
        l->room = room;
    }
    vo_metered_home *h = &l->f->home[l->f->homes++];
    *h = (vo_metered_home){.pv_kw = VO_METERED_PANELS_KW, .included = true};
    memcpy(h->name, name, stem);
    h->name[stem] = '\0';
    return VO_OK;
}

/* Building_2 before Building_10; other names after, by letters. */
static int by_number(const void *a, const void *b) {
    const char *x = ((const vo_metered_home *)a)->name, *y = ((const vo_metered_home *)b)->name;
    char *x_end, *y_end;
    const unsigned long long p = strtoull(x + sizeof NAME - 1, &x_end, 10);
    const unsigned long long q = strtoull(y + sizeof NAME - 1, &y_end, 10);
    if (!*x_end && !*y_end && p != q) return p < q ? -1 : 1;
    if (!*x_end != !*y_end) return *x_end ? 1 : -1;
    return strcmp(x, y);
}

static vo_status apply_schema(const char *folder, vo_community_files *f, vo_error *err) {
    char path[PATH], file[80];
    snprintf(path, sizeof path, "%s/schema.json", folder);
    if (!vo_file_exists(path)) return VO_OK;
    char *text = NULL;
    size_t len = 0, kept = 0;
    vo_json *root = NULL;
    vo_error inner = {0};
    vo_status st = check_file(path, err);
    if (st == VO_OK) st = vo_file_read(path, SCHEMA_BYTES, &text, &len, err);
    if (st != VO_OK) return st;
    st = vo_json_parse(text, len, &root, &inner);
    if (st != VO_OK) st = vo_fail(err, st, "%s: %.400s", path, inner.msg);
    for (size_t i = 0; st == VO_OK && i < f->homes; i++) {
        snprintf(file, sizeof file, "%s" ENDING, f->home[i].name);
        st = read_schema(path, root, file, &f->home[i], err);
        if (st == VO_OK && f->home[i].included) f->home[kept++] = f->home[i];
    }
    if (st == VO_OK) {
        f->homes = kept;
        if (kept == 0) st = vo_fail(err, VO_ENOTFOUND, "%s leaves all homes out", path);
    }
    vo_json_free(root);
    free(text);
    return st;
}

static vo_status find_homes(const char *folder, size_t most, vo_community_files *f,
                            vo_error *err) {
    listing l = {f, 0};
    if (strlen(folder) > 1000)
        return vo_fail(err, VO_EINVAL, "homes_from: a path of at most 1000 letters, please");
    vo_status st = vo_folder_list(folder, take_name, &l, err);
    if (st != VO_OK) return st;
    if (f->homes == 0)
        return vo_fail(err, VO_ENOTFOUND, "homes_from = \"%.200s\": there is no %s", folder,
                       vo_file_exists(folder) ? "Building_*.csv in it" : "such folder");
    qsort(f->home, f->homes, sizeof *f->home, by_number);
    st = apply_schema(folder, f, err);
    if (st != VO_OK) return st;
    if (most > f->homes)
        return vo_fail(err, VO_ENOTFOUND, "homes = %zu: there are %zu in %.200s", most,
                       f->homes, folder);
    if (most > 0) f->homes = most;
    return VO_OK;
}

static vo_status load_homes(const char *folder, vo_community_files *f, vo_error *err) {
    vo_status st = VO_OK;
    for (size_t i = 0; st == VO_OK && i < f->homes; i++) {
        char path[PATH];
        calendar c = {NULL, NULL, NULL};
        size_t hours = 0;
        snprintf(path, sizeof path, "%s/%s" ENDING, folder, f->home[i].name);
        st = check_file(path, err);
        if (st == VO_OK) st = load_home(path, &f->home[i], &c, &hours, err);
        if (st == VO_OK) {
            const int64_t first =
                vo_metered_first_hour(c.month, c.hour, c.day_type, hours) - ZONE_S;
            if (i == 0) f->hours = hours, f->first_s = first;
            if (hours != f->hours)
                st = vo_fail(err, VO_EINVAL,
                             "%s has %zu hours, %s" ENDING " has %zu: must be "
                             "the same",
                             path, hours, f->home[0].name, f->hours);
            else if (first != f->first_s)
                st = vo_fail(err, VO_EINVAL,
                             "%s: month, hour and day_type begin at another time than in "
                             "%s" ENDING,
                             path, f->home[0].name);
        }
        calendar_fini(&c);
    }
    return st;
}

static vo_status check_rows(const char *path, size_t rows, const vo_community_files *f,
                            vo_error *err) {
    if (rows >= f->hours) return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s has %zu hours, the homes have %zu: must be as many",
                   path, rows, f->hours);
}

static vo_status load_prices(const char *folder, vo_community_files *f, vo_error *err) {
    char path[PATH];
    snprintf(path, sizeof path, "%s/pricing.csv", folder);
    if (!vo_file_exists(path)) return VO_OK;
    vo_hour_column col = {"electricity_pricing", true, -100, 100, "per kWh", NULL};
    size_t rows = 0;
    vo_status st = check_file(path, err);
    if (st == VO_OK) st = vo_hour_table_load(path, &col, 1, &rows, err);
    if (st == VO_OK) st = check_rows(path, rows, f, err);
    f->price = col.value;
    return st;
}

static vo_status load_weather(const char *folder, vo_community_files *f, vo_error *err) {
    char path[PATH];
    snprintf(path, sizeof path, "%s/weather.csv", folder);
    if (!vo_file_exists(path)) return VO_OK;
    vo_hour_column col[] = {{"outdoor_dry_bulb_temperature", true, -90, 70, "C", NULL},
                            {"diffuse_solar_irradiance", true, 0, 3000, "W/m2", NULL},
                            {"direct_solar_irradiance", true, 0, 3000, "W/m2", NULL}};
    size_t rows = 0;
    vo_status st = check_file(path, err);
    if (st == VO_OK) st = vo_hour_table_load(path, col, 3, &rows, err);
    if (st == VO_OK) st = check_rows(path, rows, f, err);
    double *known = st == VO_OK ? calloc(2 * f->hours, sizeof *known) : NULL;
    if (st == VO_OK && !known)
        st = vo_fail(err, VO_ENOMEM, "%s: no memory for %zu hours", path, f->hours);
    for (size_t k = 0; st == VO_OK && k < f->hours; k++) { /* the first day has no day before */
        const size_t then = k < 24 ? 0 : k - 24;
        known[k] = col[0].value[then];
        known[f->hours + k] = col[1].value[then] + col[2].value[then];
    }
    f->temperature_c = known;
    f->irradiance_w_m2 = known ? known + f->hours : NULL;
    for (size_t i = 0; i < 3; i++) free(col[i].value);
    return st;
}

vo_status vo_community_files_load(const char *folder, size_t most, vo_community_files *out,
                                  vo_error *err) {
    vo_community_files f = {.homes = 0};
    vo_status st = find_homes(folder, most, &f, err);
    if (st == VO_OK) st = load_homes(folder, &f, err);
    if (st == VO_OK) st = load_prices(folder, &f, err);
    if (st == VO_OK) st = load_weather(folder, &f, err);
    if (st == VO_OK)
        *out = f;
    else
        vo_community_files_fini(&f);
    return st;
}

void vo_community_files_fini(vo_community_files *f) {
    for (size_t i = 0; i < f->homes; i++) free(f->home[i].load_kwh);
    free(f->home);
    free(f->price);
    free(f->temperature_c);
    memset(f, 0, sizeof *f);
}
