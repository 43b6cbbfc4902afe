/* tariff_prices.c -- see tariff_prices.h. */
#include "engine/tariff_prices.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/schedule.h>

#include "data/lake.h"
#include "data/tariff_shipped.h"
#include "engine/inputs.h"

#define VERSIONS 32
#define FAR_S INT64_C(200000000000)

typedef struct {
    const vo_tariff_ask *ask;
    bool files; /* may be read */
    vo_tariff *version[VERSIONS];
    size_t n_versions;
    const vo_zone *zone; /* the first version's */
    int64_t from_s, to_s;
    vo_series *home; /* NULL: none */
    vo_series *s;
    double *buy, *sell; /* [s->n] currency/kWh */
} pricing;

static vo_status load_versions(pricing *p, vo_error *err) {
    const char *file = p->ask->files;
    while (*file) {
        char path[VO_TARIFF_PATH];
        const size_t len = strcspn(file, ",");
        if (len == 0 || len >= sizeof path || p->n_versions == VERSIONS)
            return vo_fail(
                err, VO_EINVAL,
                "tariff = \"%.80s\": must be a name or a file, or up to %d with commas "
                "between",
                p->ask->files, VERSIONS);
        memcpy(path, file, len);
        path[len] = '\0';
        const vo_status s = vo_tariff_open(path, p->files, &p->version[p->n_versions], err);
        if (s != VO_OK) return s;
        p->n_versions++;
        file += len + (file[len] == ',');
    }
    if (p->n_versions == 0) return vo_fail(err, VO_EINVAL, "tariff is empty: name one");
    p->zone = p->version[0]->zone;
    for (size_t i = 1; i < p->n_versions; i++)
        if (strcmp(vo_zone_name(p->version[i]->zone), vo_zone_name(p->zone)) != 0)
            return vo_fail(err, VO_EINVAL, "tariff: %s is in %s, %s in %s: one zone at a time",
                           p->version[0]->schedule, vo_zone_name(p->zone),
                           p->version[i]->schedule, vo_zone_name(p->version[i]->zone));
    return VO_OK;
}

static vo_status read_span(pricing *p, vo_error *err) {
    const vo_tariff_ask *a = p->ask;
    p->from_s = -FAR_S;
    p->to_s = FAR_S;
    if (!a->home && (!a->from || !a->to))
        return vo_fail(err, VO_EINVAL,
                       "tariff without home: %s is missing: which local days shall be planned?",
                       a->from ? "to" : "from");
    vo_status s = VO_OK;
    if (a->from) s = vo_inputs_instant(p->zone, a->from, "from", false, &p->from_s, err);
    if (s == VO_OK && a->to) s = vo_inputs_instant(p->zone, a->to, "to", true, &p->to_s, err);
    if (s == VO_OK && p->from_s >= p->to_s)
        s = vo_fail(err, VO_EINVAL, "from = \"%.40s\" is after to = \"%.40s\": swap them",
                    a->from, a->to);
    return s;
}

/* ---- a home of the lake ------------------------------------------------------------------ */

static vo_status find_home(vo_lake *lake, const char *home, vo_lake_entry *out, vo_error *err) {
    vo_lake_entry *entry = NULL;
    size_t n = 0, found = 0;
    vo_status s = vo_lake_list(lake, &entry, &n, err);
    for (size_t i = 0; s == VO_OK && i < n; i++) {
        if (strcmp(entry[i].kind, VO_KIND_LOAD) != 0) continue;
        if (!vo_readings_same_node(entry[i].node, home)) continue;
        *out = entry[i];
        found++;
    }
    free(entry);
    if (s == VO_OK && found == 0)
        s = vo_fail(
            err, VO_ENOTFOUND,
            "home = \"%.80s\": the lake has no such load; `volteo data list --kind load` "
            "shows what there is",
            home);
    if (s == VO_OK && found > 1)
        s = vo_fail(err, VO_EINVAL, "home = \"%.80s\": %zu loads of the lake have that name",
                    home, found);
    return s;
}

static vo_status read_home(pricing *p, const char *root, vo_error *err) {
    vo_lake *lake = NULL;
    vo_lake_entry e;
    vo_status s = vo_lake_open(root ? root : "lake", &lake, err);
    if (s == VO_OK) s = find_home(lake, p->ask->home, &e, err);
    if (s == VO_OK) {
        const vo_lake_key key = {e.market, e.process, e.node, e.kind};
        s = vo_lake_read(lake, &key, (vo_time){p->from_s}, (vo_time){p->to_s}, &p->home, err);
    }
    vo_lake_close(lake);
    if (s == VO_OK && !vo_series_find(p->home, "load_kw"))
        s = vo_fail(
            err, VO_EINVAL,
            "home = \"%.80s\" has no column load_kw (a meter's import_kw and export_kw are "
            "what is left of load and PV)",
            p->ask->home);
    return s;
}

/* ---- the series -------------------------------------------------------------------------- */

static vo_status count(const pricing *p, double step_s, size_t *n, vo_error *err) {
    const double all = (double)(p->to_s - p->from_s) / step_s;
    if (p->home) {
        *n = p->home->n;
        return VO_OK;
    }
    if (!(all >= 1 && all <= VO_MAX_INTERVALS))
        return vo_fail(err, VO_EINVAL, "tariff: %.0f intervals from %.40s to %.40s; 1..%u", all,
                       p->ask->from, p->ask->to, VO_MAX_INTERVALS);
    *n = (size_t)all;
    return VO_OK;
}

static vo_status make_series(pricing *p, vo_error *err) {
    static const char *const name[] = {"price", "export_price", "load_mw", "pv_mw"};
    const double minutes = p->ask->interval_minutes > 0 ? p->ask->interval_minutes : 60;
    const bool pv = p->home && vo_series_find(p->home, "pv_kw");
    size_t n = 0;
    vo_status s = count(p, minutes * 60, &n, err);
    if (s == VO_OK) s = vo_series_create(n, name, p->home ? 3 + pv : 2, NULL, &p->s, err);
    if (s != VO_OK) return s;
    const int64_t first_s = p->home ? p->home->start[0].s : p->from_s;
    const int64_t first_day = vo_zone_local_day(p->zone, first_s);
    for (size_t t = 0; t < n; t++) {
        const int64_t at =
            p->home ? p->home->start[t].s : p->from_s + llround((double)t * minutes * 60);
        p->s->start[t].s = at;
        p->s->dt_h[t] = p->home ? p->home->dt_h[t] : minutes / 60;
        p->s->day[t] = (int32_t)(vo_zone_local_day(p->zone, at) - first_day);
    }
    snprintf(p->s->zone, sizeof p->s->zone, "%s", vo_zone_name(p->zone));
    snprintf(p->s->currency, sizeof p->s->currency, "%s", p->version[0]->currency);
    snprintf(p->s->unit, sizeof p->s->unit, "MWh");
    snprintf(p->s->label, sizeof p->s->label, "%.30s %.40s%s%.40s", p->version[0]->utility,
             p->version[0]->schedule, p->home ? ", home " : "", p->home ? p->ask->home : "");
    return VO_OK;
}

static void copy_kw(pricing *p, const char *from, const char *to) {
    const double *kw = p->home ? vo_series_find(p->home, from) : NULL;
    double *mw = vo_series_find(p->s, to);
    for (size_t t = 0; kw && mw && t < p->s->n; t++) mw[t] = kw[t] / 1000;
}

static vo_status price_all(pricing *p, vo_error *err) {
    vo_series *s = p->s;
    double *price = s->column[0].value, *export_price = s->column[1].value;
    p->buy = malloc(s->n * sizeof *p->buy);
    p->sell = malloc(s->n * sizeof *p->sell);
    if (!p->buy || !p->sell) return vo_fail(err, VO_ENOMEM, "no memory for %zu prices", s->n);
    const vo_status st = vo_tariff_prices((const vo_tariff *const *)p->version, p->n_versions,
                                          s->start, s->dt_h, s->n, p->buy, p->sell, err);
    if (st != VO_OK) return st;
    for (size_t t = 0; t < s->n; t++) {
        price[t] = 1000 * p->buy[t];
        export_price[t] = 1000 * p->sell[t];
    }
    copy_kw(p, "load_kw", "load_mw");
    copy_kw(p, "pv_kw", "pv_mw");
    return VO_OK;
}

vo_status vo_tariff_price_series(const vo_engine_options *o, const vo_tariff_ask *a,
                                 vo_series **out, vo_error *err) {
    pricing p = {.ask = a, .files = o->allow_files};
    vo_status s = load_versions(&p, err);
    if (s == VO_OK) s = read_span(&p, err);
    if (s == VO_OK && a->home) s = read_home(&p, o->lake, err);
    if (s == VO_OK) s = make_series(&p, err);
    if (s == VO_OK) s = price_all(&p, err);
    if (s == VO_OK) {
        *out = p.s;
        p.s = NULL;
    }
    for (size_t i = 0; i < p.n_versions; i++) vo_tariff_free(p.version[i]);
    vo_series_free(p.home);
    vo_series_free(p.s);
    free(p.buy);
    free(p.sell);
    return s;
}
