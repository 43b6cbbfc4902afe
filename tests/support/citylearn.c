#include "support/citylearn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/data_folder.h"

/* The number in column `column` (from 0) of a line. */
static double field(const char *line, int column) {
    while (column-- > 0 && line) {
        line = strchr(line, ',');
        if (line) line++;
    }
    return line ? strtod(line, NULL) : 0;
}

/* Calls each row's two half-hours; false unless there are as many as there should be. */
static bool rows(const char *name,
                 void (*row)(citylearn *c, size_t home, size_t hour, const char *),
                 citylearn *c, size_t home) {
    char path[DATA_PATH], line[1024];
    size_t hour = 0;
    if (!data_path(name, path)) return false;
    FILE *f = fopen(path, "r");
    if (!f) return false;
    bool ok = fgets(line, sizeof line, f) != NULL;
    while (ok && hour < CITYLEARN_HOURS && fgets(line, sizeof line, f))
        row(c, home, hour++, line);
    fclose(f);
    return ok && hour == CITYLEARN_HOURS;
}

static void home_row(citylearn *c, size_t home, size_t hour, const char *line) {
    const double nominal_kw[CITYLEARN_HOMES] = {4, 4, 4, 5, 4, 4, 4, 4, 4, 5};
    const double load = field(line, 7) / 2;
    const double pv = field(line, 11) / 1000 * nominal_kw[home] / 2;
    for (size_t half = 0; half < 2; half++) {
        c->load_kwh[home * CITYLEARN_STEPS + 2 * hour + half] = (float)load;
        c->pv_kwh[home * CITYLEARN_STEPS + 2 * hour + half] = (float)pv;
    }
}

static void price_row(citylearn *c, size_t home, size_t hour, const char *line) {
    (void)home;
    for (size_t half = 0; half < 2; half++) {
        const size_t t = 2 * hour + half;
        c->buy[t] = field(line, 0);
        c->zero[t] = 0;
        /* The first row is the hour that ends with 31 July. */
        c->start[t] = 1470034800 + (int64_t)t * 1800;
        c->day[t] = (int32_t)((hour + 23) / 24);
    }
}

bool citylearn_load(citylearn *c) {
    const size_t all = (size_t)CITYLEARN_HOMES * CITYLEARN_STEPS;
    c->load_kwh = calloc(all, sizeof *c->load_kwh);
    c->pv_kwh = calloc(all, sizeof *c->pv_kwh);
    bool ok = c->load_kwh && c->pv_kwh && rows("citylearn_2022/pricing.csv", price_row, c, 0);
    for (size_t i = 0; ok && i < CITYLEARN_HOMES; i++) {
        char name[64];
        snprintf(name, sizeof name, "citylearn_2022/Building_%d.csv", (int)i + 1);
        ok = rows(name, home_row, c, i);
    }
    if (!ok) citylearn_fini(c);
    return ok;
}

void citylearn_fini(citylearn *c) {
    free(c->load_kwh);
    free(c->pv_kwh);
    c->load_kwh = c->pv_kwh = NULL;
}
