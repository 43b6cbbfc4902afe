/* registry.c -- the registry of models with 10 000 versions: to list them, to register, promote
 * and load one of 1 MiB among them; of one model, of 200, and each its own model.
 *
 *     bench_registry [--quick]     21 rounds; --quick: 5
 *
 * Lines: registry,METRIC_MODELS,ours,peer,ratio,ms. The peers of `list` (wall) and `list_cpu` are
 * the goal of 50 ms, that of `list_python` json.load of the same file by python3 (0: not there);
 * the others have none. Medians; list_cpu is steadier where others use the machine too.
 */
#define _GNU_SOURCE /* nftw */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "port/clock.h"
#include "port/file.h"
#include "store/registry.h"
#include "store/registry_folder.h"

#define ROUNDS 21
#define GOAL_MS 50.0
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

static int rounds = ROUNDS;

static double median(double ms[ROUNDS]) {
    qsort(ms, (size_t)rounds, sizeof *ms, by_value);
    return ms[rounds / 2];
}

static void tell(const char *metric, size_t models, double ms, double peer) {
    printf("registry,%s_%zu,%.4g,%.4g,%.4g,ms\n", metric, models, ms, peer,
           peer > 0 ? ms / peer : 0.0);
    fflush(stdout);
}

static double cpu_ms(void) { return 1e3 * (double)clock() / CLOCKS_PER_SEC; }

/* json.load of the list by Python, the best of some rounds; 0: there is no Python. */
static double python_ms(const vo_registry *r) {
    char command[2000];
    double ms = 0;
    snprintf(command, sizeof command,
             "python3 -c 'import json,time\n"
             "b=1e9\n"
             "for _ in range(%d):\n"
             " t=time.perf_counter(); json.load(open(\"%.900s/registry.json\"))\n"
             " b=min(b,time.perf_counter()-t)\n"
             "print(1e3*b)' 2>/dev/null",
             rounds, r->folder);
    FILE *p = popen(command, "r");
    if (!p) return 0;
    if (fscanf(p, "%lf", &ms) != 1) ms = 0;
    pclose(p);
    return ms;
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

static void measure(const vo_registry *r, size_t models) {
    double ms[ROUNDS], cpu[ROUNDS];
    fill(r, models);
    for (int k = 0; k < rounds; k++) {
        const double began = cpu_ms();
        ms[k] = list_ms(r);
        cpu[k] = cpu_ms() - began;
    }
    const double list = median(ms);
    tell("list", models, list, GOAL_MS);
    tell("list_cpu", models, median(cpu), GOAL_MS);
    tell("list_python", models, ms[0], python_ms(r)); /* best of both */
    for (int k = 0; k < rounds; k++) ms[k] = register_ms(r, k);
    tell("register_1MiB", models, median(ms), 0);
    for (int k = 0; k < rounds; k++) ms[k] = promote_ms(r, k);
    tell("promote", models, median(ms), 0);
    for (int k = 0; k < rounds; k++) ms[k] = load_ms(r);
    tell("load_1MiB", models, median(ms), 0);
}

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *at) {
    (void)s, (void)kind, (void)at;
    return remove(path);
}

int main(int argc, char **argv) {
    static const size_t models[] = {1, 200, VERSIONS - 1}; /* one more is registered */
    char root[] = "/tmp/volteo-bench-XXXXXX";
    vo_error err = {0};
    if (argc > 1 && strcmp(argv[1], "--quick") == 0) rounds = 5;
    if (!mkdtemp(root)) return 1;
    for (size_t i = 0; i < 3; i++) {
        char folder[64];
        vo_registry *r = NULL;
        snprintf(folder, sizeof folder, "%s/%zu", root, models[i]);
        check(vo_registry_open(folder, NULL, &r, &err), &err);
        measure(r, models[i]);
        vo_registry_close(r);
    }
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 ? 0 : 1;
}
