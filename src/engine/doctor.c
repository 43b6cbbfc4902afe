/* doctor.c -- see doctor.h.
 *
 * What is computed here by others is asked something whose answer is known. Of the optimisers
 * it is a published one: energypylinear's case of prices -1000 .. 1000 with a 2 MW / 4 MWh
 * battery, 90 % on charging, whose optimum is 5811.111111. Of boosting it is a step that one
 * tree finds, of products a small one, of checksums FIPS 180-4's of "abc".
 */
#include "engine/doctor.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/schedule.h>

#include "base/zone.h"
#include "data/lake.h"
#include "learn/gbt.h"
#include "port/file.h"
#include "port/thread.h"
#include "store/sha256.h"
#include "tensor/kern.h"

typedef struct {
    bool ok;
    char detail[400];
    const char *remedy; /* of a failed check */
} finding;

static finding __attribute__((format(printf, 3, 4)))
found(bool ok, const char *remedy, const char *fmt, ...) {
    finding f = {.ok = ok, .remedy = remedy};
    va_list args;
    va_start(args, fmt);
    vsnprintf(f.detail, sizeof f.detail, fmt, args);
    va_end(args);
    return f;
}

static finding check_zones(const vo_engine_options *o) {
    (void)o;
    vo_zone *zone = NULL;
    vo_error err = {0};
    const char *remedy = "install the package tzdata";
    if (vo_zone_open("America/Mexico_City", &zone, &err) != VO_OK)
        return found(false, remedy, "%s", err.msg);
    const int32_t summer_s = vo_zone_offset(zone, 1467331200),
                  winter_s = vo_zone_offset(zone, 1451606400);
    vo_zone_close(zone);
    return found(summer_s == -18000 && winter_s == -21600, remedy,
                 "Mexico City 2016: %+d h in July, %+d h in January", summer_s / 3600,
                 winter_s / 3600);
}

static finding check_lake(const vo_engine_options *o) {
    vo_lake *lake = NULL;
    vo_lake_entry *entry = NULL;
    size_t n = 0;
    int64_t rows = 0;
    vo_error err = {0};
    vo_status s = vo_lake_open(o->lake, &lake, &err);
    if (s == VO_OK) s = vo_lake_list(lake, &entry, &n, &err);
    for (size_t i = 0; s == VO_OK && i < n; i++) rows += entry[i].rows;
    free(entry);
    vo_lake_close(lake);
    if (s != VO_OK)
        return found(false,
                     "run script/bootstrap for DuckDB; if a part of the lake is broken, "
                     "remove that file and import it again",
                     "%s", err.msg);
    return found(true, "", "DuckDB reads %s: %zu series, %lld prices", o->lake, n,
                 (long long)rows);
}

static finding check_writing(const vo_engine_options *o) {
    char path[1024];
    vo_error err = {0};
    snprintf(path, sizeof path, "%.1000s.doctor", o->lake);
    vo_status s = vo_file_write(path, "volteo\n", 7, &err);
    if (s == VO_OK) s = vo_file_remove(path, &err);
    if (s != VO_OK)
        return found(false, "choose a folder you may write to: --lake DIR or VOLTEO_LAKE", "%s",
                     err.msg);
    return found(true, "", "may write beside %s", o->lake);
}

/* Solves the known case with a method; NAN and a reason if it cannot. */
static double known_answer(vo_method method, vo_certificate *cert, vo_error *err) {
    static const double price[] = {-1000, -750, -250, -100, 0, 10, 100, 1000};
    vo_battery b = vo_battery_default();
    b.charge_mw = b.discharge_mw = 2, b.capacity_mwh = 4;
    b.charge_efficiency = 0.9, b.discharge_efficiency = 1;
    b.final_kind = VO_FINAL_EXACT;
    vo_problem p = vo_problem_default();
    p.n = sizeof price / sizeof price[0], p.price = price, p.battery = &b;
    vo_schedule_options so = vo_schedule_options_default();
    so.method = (int32_t)method;
    vo_plan *plan = NULL;
    double profit = (double)NAN;
    vo_status s = vo_plan_create(p.n, 1, &plan, err);
    if (s == VO_OK) s = vo_schedule(&p, &so, plan, err);
    if (s == VO_OK) s = vo_certify(&p, plan, cert, err);
    if (s == VO_OK) profit = plan->profit;
    vo_plan_free(plan);
    return profit;
}

static finding check_method(vo_method method, const char *remedy) {
    vo_certificate cert = {0};
    vo_error err = {0};
    const double expected = 5811.0 + 1.0 / 9, profit = known_answer(method, &cert, &err);
    if (isnan(profit)) return found(false, remedy, "%s", err.msg);
    return found(fabs(profit - expected) < 1e-6 && cert.valid, remedy,
                 "%s: %.6f, published 5811.111111, certificate %s",
                 vo_method_name((int32_t)method), profit, cert.valid ? "valid" : "NOT valid");
}

static finding check_exact(const vo_engine_options *o) {
    (void)o;
    return check_method(VO_METHOD_EXACT, "this build computes wrongly: build again and run "
                                         "script/test");
}

static finding check_highs(const vo_engine_options *o) {
    (void)o;
    return check_method(VO_METHOD_LP, "run script/bootstrap: it unpacks HiGHS");
}

/* Eight rows, 0 and then 1: a single tree of one split, taken whole, says just that. */
static double worst_of_a_step(vo_error *err) {
    const float x[] = {0, 1, 2, 3, 4, 5, 6, 7};
    const double label[] = {0, 0, 0, 0, 1, 1, 1, 1};
    vo_gbt_settings s = vo_gbt_settings_default();
    s.trees = s.depth = 1, s.stopping_rounds = 0;
    s.rate = s.subsample = s.colsample = 1, s.lambda = 0;
    vo_gbt_rows *rows = NULL;
    vo_gbt *m = NULL;
    double worst = 0;
    vo_status st = vo_gbt_rows_create(x, 8, 1, NULL, &rows, err);
    if (st == VO_OK) st = vo_gbt_train(rows, label, NULL, NULL, &s, NULL, &m, err);
    for (size_t i = 0; st == VO_OK && i < 8; i++)
        worst = fmax(worst, fabs(vo_gbt_predict_row(m, x + i) - label[i]));
    vo_gbt_free(m);
    vo_gbt_rows_free(rows);
    return st == VO_OK ? worst : (double)NAN;
}

static finding check_boosting(const vo_engine_options *o) {
    (void)o;
    const char *remedy = "install the package libxgboost-dev of Debian 12 and build again";
    char who[VO_GBT_BACKEND];
    vo_error err = {0};
    vo_gbt_backend(who);
    const double worst = worst_of_a_step(&err);
    if (isnan(worst)) return found(false, remedy, "%s: %s", who, err.msg);
    return found(worst < 1e-6, remedy, "%s: a step from 0 to 1, wrong by %.1g", who, worst);
}

static finding check_products(const vo_engine_options *o) {
    (void)o;
    const float a[] = {1, 2, 3, 4}, b[] = {5, 6, 7, 8};
    float c[4] = {0};
    char who[VO_KERN_BACKEND];
    vo_kern_init();
    vo_kern_gemm(&(vo_kern_product){.m = 2, .n = 2, .k = 2, .alpha = 1}, a, 2, b, 2, c, 2);
    vo_kern_backend(who);
    return found(c[0] == 19.0f && c[1] == 22.0f && c[2] == 43.0f && c[3] == 50.0f,
                 "install the package libopenblas-dev and build again",
                 "%s: (1 2; 3 4)(5 6; 7 8) = (%g %g; %g %g)", who, (double)c[0], (double)c[1],
                 (double)c[2], (double)c[3]);
}

static finding check_checksums(const vo_engine_options *o) {
    (void)o;
    char who[VO_SHA256_BACKEND], hex[VO_SHA256_HEX];
    vo_sha256_of("abc", 3, hex);
    vo_sha256_backend(who);
    return found(strcmp(hex, "ba7816bf8f01cfea414140de5dae2223"
                             "b00361a396177a9cb410ff61f20015ad") == 0,
                 "install the package libsodium-dev and build again",
                 "%s: SHA-256 of \"abc\" is %.8s...", who, hex);
}

static finding check_cores(const vo_engine_options *o) {
    (void)o;
    return found(true, "", "%zu cores; version %s, ABI %d", vo_thread_count(), vo_version(),
                 vo_abi_version());
}

typedef finding check(const vo_engine_options *o);

vo_status vo_doctor_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                        vo_error *err) {
    static const struct {
        const char *name;
        check *run;
    } checks[] = {
        {"machine", check_cores},         {"time zones", check_zones},
        {"exact optimiser", check_exact}, {"HiGHS", check_highs},
        {"boosting", check_boosting},     {"products", check_products},
        {"checksums", check_checksums},   {"lake", check_lake},
        {"write access", check_writing},
    };
    vo_json *root = NULL;
    const vo_status s = vo_json_parse(request, strlen(request), &root, err);
    vo_json_free(root);
    if (s != VO_OK) return s;
    bool all_ok = true;
    vo_json_out_object(w);
    vo_json_out_key(w, "checks");
    vo_json_out_array(w);
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        const finding f = checks[i].run(o);
        all_ok = all_ok && f.ok;
        vo_json_out_object(w);
        vo_json_out_key(w, "name");
        vo_json_out_string(w, checks[i].name);
        vo_json_out_key(w, "ok");
        vo_json_out_bool(w, f.ok);
        vo_json_out_key(w, "detail");
        vo_json_out_string(w, f.detail);
        vo_json_out_key(w, "remedy");
        vo_json_out_string(w, f.ok ? NULL : f.remedy);
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
    vo_json_out_key(w, "ok");
    vo_json_out_bool(w, all_ok);
    vo_json_out_end(w);
    return VO_OK;
}
