/* registry.c -- how long the registry of models takes: to list 10 000 versions (of one model; of
 * 200; each its own model), to register, promote and load one among as many.
 *
 * Lines are registry,WHAT,MODELS,VERSIONS,median_ms,worst_ms. The peer is the plain way in
 * Python: json.load of the same file (bench/registry.py is not needed: the time is printed by
 * `python3 -m timeit`, see docs/models/registry.md).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/clock.h"
#include "port/file.h"
#include "store/registry.h"
#include "store/registry_folder.h"

#define ROUNDS 21
#define VERSIONS 10000

static void check(vo_status st, const vo_error *err) {
    if (st == VO_OK) return;
    fprintf(stderr, "registry: %s\n", err->msg);
    exit(1);
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void tell(const char *what, size_t models, double ms[ROUNDS]) {
    qsort(ms, ROUNDS, sizeof *ms, by_value);
    printf("registry,%s,%zu,%d,%.3f,%.3f\n", what, models, VERSIONS, ms[ROUNDS / 2],
           ms[ROUNDS - 1]);
}

/* The list as registering one after the other would leave it. */
static void fill(const vo_registry *r, size_t models) {
    static char id[VERSIONS][24], version[VERSIONS][24];
    vo_registry_book *b = NULL;
    vo_error err = {0};
    check(vo_registry_book_create(NULL, &b, &err), &err);
    for (size_t i = 0; i < VERSIONS; i++) {
        snprintf(id[i % models], sizeof id[0], "price_15m_%05zu", i % models);
        snprintf(version[i], sizeof version[0], "v2026%04zu_%06zu", i / 1000, i);
        const vo_registry_version v = {version[i], "2026-02-11T13:45:00Z", "APATZINGAN",
                                       "mae",      3.25 + (double)i,       1234567};
        check(vo_registry_book_add(b, id[i % models], "price_prediction", &v, &err), &err);
    }
    check(vo_file_make_folders(r->folder, &err), &err);
    check(vo_registry_write(r, b, &err), &err);
    vo_registry_book_free(b);
}

static double list_ms(const vo_registry *r) {
    vo_registry_book *b = NULL;
    vo_error err = {0};
    size_t n = 0;
    const double began_s = vo_clock_monotonic_s();
    check(vo_registry_list(r, &b, &err), &err);
    const double ms = 1e3 * (vo_clock_monotonic_s() - began_s);
    for (size_t i = 0; i < b->n; i++) n += b->model[i].n;
    if (n < VERSIONS) exit(2);
    vo_registry_book_free(b);
    return ms;
}

static double register_ms(const vo_registry *r, int k) {
    static char model[1 << 20];
    const vo_registry_file file = {"model.vo", model, sizeof model};
    const vo_registry_draft d = {.id = "other",
                                 .type = "price_prediction",
                                 .created_s = INT64_C(1770817500) + k,
                                 .file = &file,
                                 .n_files = 1};
    char version[VO_REGISTRY_NAME];
    vo_error err = {0};
    const double began_s = vo_clock_monotonic_s();
    check(vo_registry_register(r, &d, version, &err), &err);
    return 1e3 * (vo_clock_monotonic_s() - began_s);
}

static double promote_ms(const vo_registry *r, int k) {
    const vo_registry_decision why = {false, "bench", NULL, INT64_C(1770817500)};
    char version[VO_REGISTRY_NAME];
    vo_registry_book *b = NULL;
    vo_error err = {0};
    check(vo_registry_list(r, &b, &err), &err);
    snprintf(version, sizeof version, "%s",
             vo_registry_book_find(b, "other")->version[k].version);
    vo_registry_book_free(b);
    const double began_s = vo_clock_monotonic_s();
    check(vo_registry_promote(r, "other", version, VO_REGISTRY_CHAMPION, &why, &err), &err);
    return 1e3 * (vo_clock_monotonic_s() - began_s);
}

static double load_ms(const vo_registry *r) {
    void *bytes = NULL;
    size_t len = 0;
    vo_error err = {0};
    const double began_s = vo_clock_monotonic_s();
    check(vo_registry_load(r, "other", NULL, &bytes, &len, NULL, &err), &err);
    const double ms = 1e3 * (vo_clock_monotonic_s() - began_s);
    free(bytes);
    return ms;
}

int main(int argc, char **argv) {
    static const size_t models[] = {1, 200, VERSIONS};
    double ms[ROUNDS];
    vo_error err = {0};
    if (argc != 2) {
        fprintf(stderr, "usage: registry FOLDER      (an empty one; files stay in it)\n");
        return 2;
    }
    for (size_t i = 0; i < 3; i++) {
        char folder[900];
        vo_registry *r = NULL;
        snprintf(folder, sizeof folder, "%.800s/models-%zu", argv[1], models[i]);
        check(vo_registry_open(folder, NULL, &r, &err), &err);
        fill(r, models[i]);
        for (int k = 0; k < ROUNDS; k++) ms[k] = list_ms(r);
        tell("list", models[i], ms);
        for (int k = 0; k < ROUNDS; k++) ms[k] = register_ms(r, k);
        tell("register_1MiB", models[i], ms);
        for (int k = 0; k < ROUNDS; k++) ms[k] = promote_ms(r, k);
        tell("promote", models[i], ms);
        for (int k = 0; k < ROUNDS; k++) ms[k] = load_ms(r);
        tell("load_1MiB", models[i], ms);
        vo_registry_close(r);
    }
    return 0;
}
