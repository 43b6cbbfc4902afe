/* data_synth.c -- see data_synth.h. One table says which fields belong to which `what`; what is
 * made goes through one path into file, lake or answer, whatever it is. */
#include "engine/data_synth.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/zone.h"
#include "data/export.h"
#include "data/import.h"
#include "data/lake_tree.h"
#include "data/moments.h"
#include "data/synth.h"
#include "data/synth_home.h"
#include "engine/data_requests.h"
#include "engine/members.h"
#include "port/file.h"

#define FAR_PAST_S (-INT64_C(100000000000))
#define FAR_FUTURE_S INT64_C(200000000000)

#define X(name, kind, lo, hi, unit, help) {#name, VO_FIELD_##kind, lo, hi, unit, help},
static const vo_field synth_fields[] = {VO_SYNTH_FIELD_MAP(X)};
#undef X
#define X(name, kind, lo, hi, unit, help) SYNTH_##name,
enum { VO_SYNTH_FIELD_MAP(X) SYNTH_FIELDS };
#undef X

const vo_field *vo_data_synth_fields(size_t *n) {
    *n = SYNTH_FIELDS;
    return synth_fields;
}

typedef enum { PRICES, WEATHER, HOME, WHATS } what;

#define BIT(name) (UINT64_C(1) << SYNTH_##name)
#define COMMON                                                                                 \
    (BIT(what) | BIT(seed) | BIT(year) | BIT(days) | BIT(interval_minutes) | BIT(tz) |         \
     BIT(latitude) | BIT(longitude) | BIT(first_node) | BIT(nodes) | BIT(out) | BIT(market) |  \
     BIT(compare) | BIT(column) | BIT(compare_column))
#define SKY (BIT(elevation_m) | BIT(mean_temperature_c) | BIT(cloudiness))

static const struct {
    const char *name, *kind, *stem, *process;
    uint64_t known; /* fields it may have */
} whats[WHATS] = {{"prices", VO_KIND_PRICES, "NODE", NULL,
                   COMMON | BIT(preset) | BIT(currency) | BIT(real_time) | BIT(level) |
                       BIT(noise) | BIT(spike_per_day) | BIT(negative_midday) | BIT(pv_dip) |
                       BIT(congested_share)},
                  {"weather", VO_KIND_WEATHER, "SITE", "SYNTH", COMMON | SKY},
                  {"home", VO_KIND_LOAD, "HOME", "SYNTH",
                   COMMON | SKY | BIT(pv_share) | BIT(ev_share) | BIT(cooling_share) |
                       BIT(heating_share) | BIT(charger_kw) | BIT(sessions)}};

typedef struct {
    const vo_engine_options *o;
    vo_json *root;
    vo_field_value f[SYNTH_FIELDS];
    what what;
    vo_synth_options prices;
    vo_synth_home_options home; /* and the weather in it */
    uint32_t first, nodes;
    vo_lake *lake;     /* NULL: not into the lake   */
    vo_series *sample; /* the first made, to compare */
    vo_json_out *w;
} synth;

/* ---- the request ----------------------------------------------------------------------- */

static void set(const vo_field_value *f, double *v) {
    if (f->json) *v = f->number;
}

static vo_status read_prices(synth *y, vo_error *err) {
    const vo_field_value *f = y->f;
    vo_synth_options *p = &y->prices;
    const vo_status s =
        vo_synth_preset(f[SYNTH_preset].text ? f[SYNTH_preset].text : "default", p, err);
    if (s != VO_OK) return s;
    if (f[SYNTH_seed].json) p->seed = (uint64_t)f[SYNTH_seed].number;
    if (f[SYNTH_year].json) p->year = (int32_t)f[SYNTH_year].number;
    if (f[SYNTH_days].json) p->days = (int32_t)f[SYNTH_days].number;
    if (f[SYNTH_tz].text) p->zone = f[SYNTH_tz].text;
    if (f[SYNTH_currency].text) p->currency = f[SYNTH_currency].text;
    if (f[SYNTH_real_time].json) p->real_time = f[SYNTH_real_time].number > 0;
    set(&f[SYNTH_interval_minutes], &p->interval_minutes);
    set(&f[SYNTH_level], &p->level);
    set(&f[SYNTH_noise], &p->noise);
    set(&f[SYNTH_spike_per_day], &p->spike_per_day);
    set(&f[SYNTH_negative_midday], &p->negative_midday);
    set(&f[SYNTH_pv_dip], &p->pv_dip);
    set(&f[SYNTH_congested_share], &p->congested_share);
    set(&f[SYNTH_latitude], &p->latitude);
    set(&f[SYNTH_longitude], &p->longitude);
    size_t n = 0;
    return vo_synth_count(p, &n, err);
}

static void read_home(synth *y) {
    const vo_field_value *f = y->f;
    y->home = vo_synth_home_options_default();
    vo_synth_weather_options *p = &y->home.weather;
    if (y->what == WEATHER) *p = vo_synth_weather_options_default();
    if (f[SYNTH_seed].json) p->seed = (uint64_t)f[SYNTH_seed].number;
    if (f[SYNTH_year].json) p->year = (int32_t)f[SYNTH_year].number;
    if (f[SYNTH_days].json) p->days = (int32_t)f[SYNTH_days].number;
    if (f[SYNTH_tz].text) p->zone = f[SYNTH_tz].text;
    set(&f[SYNTH_interval_minutes], &p->interval_minutes);
    set(&f[SYNTH_latitude], &p->latitude);
    set(&f[SYNTH_longitude], &p->longitude);
    set(&f[SYNTH_elevation_m], &p->elevation_m);
    set(&f[SYNTH_mean_temperature_c], &p->mean_temperature_c);
    set(&f[SYNTH_cloudiness], &p->cloudiness);
    set(&f[SYNTH_pv_share], &y->home.pv_share);
    set(&f[SYNTH_ev_share], &y->home.ev_share);
    set(&f[SYNTH_cooling_share], &y->home.cooling_share);
    set(&f[SYNTH_heating_share], &y->home.heating_share);
    set(&f[SYNTH_charger_kw], &y->home.charger_kw);
}

/* Where it goes and what it is compared with. */
static vo_status read_places(synth *y, vo_error *err) {
    const vo_field_value *f = y->f;
    const char *out = f[SYNTH_out].text, *real = f[SYNTH_compare].text;
    y->first = (uint32_t)f[SYNTH_first_node].number;
    y->nodes = f[SYNTH_nodes].json ? (uint32_t)f[SYNTH_nodes].number : 1;
    if (out && !y->o->allow_files)
        return vo_fail(err, VO_EINVAL, "out: local files are not written here");
    if (real && !y->o->allow_files && strncmp(real, "lake:", 5) != 0)
        return vo_fail(err, VO_EINVAL,
                       "compare: local files are not read here; give lake:MARKET/PROCESS/NODE");
    if (!real && (f[SYNTH_column].json || f[SYNTH_compare_column].json))
        return vo_fail(err, VO_EINVAL, "%s is for a comparison: give compare = \"FILE\" too",
                       f[SYNTH_column].json ? "column" : "compare_column");
    if (y->nodes > 1 && out)
        return vo_fail(err, VO_EINVAL,
                       "nodes = %u: a file holds one series; for the lake give market = "
                       "\"SYNTH\" instead of out = \"%.80s\"",
                       y->nodes, out);
    if (f[SYNTH_market].text && !vo_data_is_synthetic(f[SYNTH_market].text))
        return vo_fail(
            err, VO_EINVAL,
            "market = \"%.60s\": must begin with SYNTH, so that what is made up says "
            "so wherever it is used",
            f[SYNTH_market].text);
    if (y->nodes > 1 && !f[SYNTH_market].text)
        return vo_fail(err, VO_EINVAL,
                       "nodes = %u: several go into the lake only; give market = \"SYNTH\"",
                       y->nodes);
    return VO_OK;
}

static vo_status read_what(synth *y, vo_error *err) {
    const char *name = y->f[SYNTH_what].text;
    while (name && y->what < WHATS && strcmp(name, whats[y->what].name) != 0) y->what++;
    if (y->what == WHATS)
        return vo_fail(err, VO_EINVAL, "what = \"%.40s\": must be one of prices, weather, home",
                       name);
    for (size_t i = 0; i < SYNTH_FIELDS; i++)
        if (y->f[i].json && !(whats[y->what].known >> i & 1))
            return vo_fail(err, VO_EINVAL, "%s is not for what = \"%s\": leave it out",
                           synth_fields[i].name, whats[y->what].name);
    return VO_OK;
}

static vo_status read_synth(synth *y, const char *request, vo_error *err) {
    vo_status s = vo_json_parse(request, strlen(request), &y->root, err);
    if (s == VO_OK) s = vo_fields_read(y->root, "", synth_fields, SYNTH_FIELDS, y->f, err);
    if (s == VO_OK) s = read_what(y, err);
    if (s == VO_OK) s = read_places(y, err);
    if (s != VO_OK) return s;
    if (y->what == PRICES) return read_prices(y, err);
    read_home(y);
    return VO_OK;
}

/* ---- one series ------------------------------------------------------------------------- */

static void write_stamps(const vo_series *s, const vo_zone *zone, vo_json_out *w) {
    vo_json_out_key(w, "timestamps");
    vo_json_out_array(w);
    for (size_t t = 0; t < s->n; t++) {
        char stamp[40];
        vo_export_stamp(zone, s->start[t].s, stamp);
        vo_json_out_string(w, stamp);
    }
    vo_json_out_end(w);
}

static void write_column(const vo_series *s, size_t k, const char *key, vo_json_out *w) {
    vo_json_out_key(w, key);
    vo_json_out_array(w);
    for (size_t t = 0; t < s->n; t++) vo_json_out_number(w, s->column[k].value[t]);
    vo_json_out_end(w);
}

/* "prices": as a request takes them; of others "data": every column. */
static vo_status write_values(const synth *y, const vo_series *s, vo_error *err) {
    vo_json_out *w = y->w;
    vo_zone *zone = NULL;
    const vo_status st = vo_zone_open(s->zone, &zone, err);
    if (st != VO_OK) return st;
    vo_json_out_key(w, y->what == PRICES ? "prices" : "data");
    vo_json_out_object(w);
    write_stamps(s, zone, w);
    if (y->what == PRICES) {
        write_column(s, 0, "prices", w);
    } else {
        vo_json_out_key(w, "columns");
        vo_json_out_object(w);
        for (size_t k = 0; k < s->n_columns; k++) write_column(s, k, s->column[k].name, w);
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
    vo_zone_close(zone);
    return VO_OK;
}

static vo_status write_sessions(const synth *y, uint32_t home, vo_error *err) {
    vo_ev_session *e = NULL;
    size_t n = 0;
    const vo_status s = vo_synth_ev_sessions(&y->home, home, &e, &n, err);
    if (s != VO_OK) return s;
    vo_json_out_key(y->w, "sessions");
    vo_json_out_array(y->w);
    for (size_t i = 0; i < n; i++) {
        vo_json_out_object(y->w);
        vo_member_instant(y->w, "arrival", e[i].arrival.s);
        vo_member_instant(y->w, "departure", e[i].departure.s);
        vo_member_number(y->w, "energy_kwh", e[i].energy_kwh);
        vo_json_out_end(y->w);
    }
    vo_json_out_end(y->w);
    free(e);
    return VO_OK;
}

static vo_status make(const synth *y, uint32_t node, vo_series **out, vo_error *err) {
    switch (y->what) {
    case WEATHER:
        return vo_synth_weather(&y->home.weather, node, out, err);
    case HOME:
        return vo_synth_home(&y->home, node, out, err);
    case PRICES:
    case WHATS:
        break;
    }
    return vo_synth_series(&y->prices, node, out, err);
}

/* ---- into the lake ---------------------------------------------------------------------- */

static bool same_value(double a, double b) { return isnan(a) ? isnan(b) : a == b; }

static bool same_row(const vo_readings *r, size_t i, const vo_series *s, size_t t) {
    for (size_t c = 0; c < r->n_columns; c++) {
        const double *v = vo_series_find(s, r->column[c].name);
        if (!same_value(r->column[c].value[i], v ? v[t] : (double)NAN)) return false;
    }
    return true;
}

static bool same_step(const vo_readings *r, const vo_series *s) {
    return r->n < 2 || s->n < 2 ||
           r->start_s[1] - r->start_s[0] == s->start[1].s - s->start[0].s;
}

/* Rows of the lake that `s` is about to replace by other values. Rows of another length would
 * make one series of two: they are refused. */
static vo_status count_replaced(const synth *y, const vo_lake_key *key, const vo_series *s,
                                size_t *n, vo_error *err) {
    char folder[VO_LAKE_PATH];
    vo_readings_set *set = NULL;
    const vo_readings *r = NULL;
    const vo_time from = s->start[0], to = {s->start[s->n - 1].s + 1};
    *n = 0;
    vo_lake_node_folder(y->lake, key, folder);
    if (!vo_file_exists(folder)) return VO_OK;
    vo_status st = vo_lake_read_raw(y->lake, key, from, to, &set, err);
    if (st == VO_ENOTFOUND) return VO_OK;
    if (st == VO_OK) st = vo_readings_set_find(set, NULL, NULL, &r, err);
    if (st == VO_OK && !same_step(r, s))
        st = vo_fail(err, VO_EINVAL,
                     "market = \"%.40s\": %s is in the lake with intervals of another length: "
                     "name another market",
                     key->market, key->node);
    for (size_t i = 0, t = 0; st == VO_OK && i < r->n; i++) {
        while (t < s->n && s->start[t].s < r->start_s[i]) t++;
        *n += t < s->n && s->start[t].s == r->start_s[i] && !same_row(r, i, s, t);
    }
    vo_readings_set_free(set);
    return st;
}

static vo_status store(const synth *y, const char *name, const vo_series *s, size_t *replaced,
                       vo_error *err) {
    const char *out = y->f[SYNTH_out].text, *process = whats[y->what].process;
    const vo_lake_key key = {.market = y->f[SYNTH_market].text,
                             .process = process               ? process
                                        : y->prices.real_time ? "MTR"
                                                              : "MDA",
                             .node = name,
                             .kind = whats[y->what].kind};
    const vo_lake_how how = {.replace = true, .zone_named = true}; /* made anew */
    vo_status st = y->lake ? count_replaced(y, &key, s, replaced, err) : VO_OK;
    if (st == VO_OK && y->lake)
        st = vo_lake_upsert_as(y->lake, &key, s, NULL, "volteo data synth", &how, NULL, err);
    if (st == VO_OK && out) st = vo_export_series(s, vo_export_format_of(out), out, err);
    return st;
}

static vo_status synth_node(synth *y, uint32_t node, vo_error *err) {
    vo_json_out *w = y->w;
    vo_series *s = NULL;
    vo_status st = make(y, node, &s, err);
    if (st != VO_OK) return st;
    char name[32];
    snprintf(name, sizeof name, "%s%04u", whats[y->what].stem, node);
    size_t replaced = 0;
    st = store(y, name, s, &replaced, err);
    if (st == VO_OK) {
        vo_json_out_object(w);
        vo_member_text(w, "node", name);
        vo_member_text(w, "kind", whats[y->what].kind);
        vo_member_text(w, "label", s->label);
        vo_member_text(w, "tz", s->zone);
        vo_member_text(w, "currency", *s->currency ? s->currency : NULL);
        vo_member_integer(w, "intervals", (long long)s->n);
        vo_member_instant(w, "first", s->start[0].s);
        vo_member_instant(w, "last", s->start[s->n - 1].s);
        if (y->lake) vo_member_integer(w, "replaced", (long long)replaced);
        const bool inside = !y->lake && !y->f[SYNTH_out].text && !y->f[SYNTH_compare].text;
        if (inside) st = write_values(y, s, err);
        if (st == VO_OK && y->f[SYNTH_sessions].number > 0) st = write_sessions(y, node, err);
        vo_json_out_end(w);
    }
    if (st == VO_OK && !y->sample) {
        y->sample = s;
        s = NULL;
    }
    vo_series_free(s);
    return st;
}

/* ---- compared with a real one ----------------------------------------------------- */

/* "MARKET/PROCESS/NODE" of the lake, of the same kind. */
static vo_status read_lake(const synth *y, const char *where, vo_series **out, vo_error *err) {
    char name[3][VO_NODE_NAME] = {{0}};
    const char *at = where;
    for (int i = 0; i < 3; i++) {
        const char *end = i < 2 ? strchr(at, '/') : at + strlen(at);
        if (!end || end == at || end - at >= VO_NODE_NAME)
            return vo_fail(err, VO_EINVAL,
                           "compare = \"lake:%.80s\": must be lake:MARKET/PROCESS/NODE, e.g. "
                           "lake:MEM/MDA/APATZINGAN",
                           where);
        memcpy(name[i], at, (size_t)(end - at));
        at = end + 1;
    }
    const vo_lake_key key = {name[0], name[1], name[2], whats[y->what].kind};
    vo_lake *lake = NULL;
    vo_status s = vo_lake_open(y->o->lake, &lake, err);
    if (s == VO_OK)
        s = vo_lake_read(lake, &key, (vo_time){FAR_PAST_S}, (vo_time){FAR_FUTURE_S}, out, err);
    vo_lake_close(lake);
    return s;
}

/* A file's columns keep their names but the price's: what is not found by name is asked for as
 * the price. */
static vo_status read_real(const synth *y, vo_series **out, vo_error *err) {
    const char *where = y->f[SYNTH_compare].text, *wanted = y->f[SYNTH_compare_column].text;
    if (strncmp(where, "lake:", 5) == 0) return read_lake(y, where + 5, out, err);
    vo_source_options source = vo_source_options_default();
    const vo_clean_options clean = vo_clean_options_default();
    vo_series *s = NULL;
    source.zone = y->f[SYNTH_tz].text;
    vo_status st = vo_import_series(where, &source, &clean, &s, NULL, NULL, err);
    if (st == VO_OK && wanted && !vo_series_find(s, wanted)) {
        vo_series_free(s);
        s = NULL;
        source.price_column = wanted;
        st = vo_import_series(where, &source, &clean, &s, NULL, NULL, err);
    }
    if (st == VO_OK) *out = s;
    return st;
}

/* The real column: of a file the one asked for was read as its first; of the lake by name;
 * where none was asked for, the one of the same name, else the first. */
static vo_status real_column(const synth *y, const vo_series *real, const char *ours,
                             const vo_column **out, vo_error *err) {
    const char *wanted = y->f[SYNTH_compare_column].text;
    const bool lake = strncmp(y->f[SYNTH_compare].text, "lake:", 5) == 0;
    const double *v = NULL;
    *out = &real->column[0];
    if (wanted && lake) {
        const vo_status s = vo_series_column(real, wanted, &v, err);
        if (s != VO_OK) return s;
    } else {
        v = vo_series_find(real, wanted ? wanted : ours);
    }
    for (size_t k = 0; v && k < real->n_columns; k++)
        if (real->column[k].value == v) *out = &real->column[k];
    return VO_OK;
}

static vo_status compare(const synth *y, vo_error *err) {
    const vo_field_value *f = y->f;
    const char *name = f[SYNTH_column].text ? f[SYNTH_column].text : y->sample->column[0].name;
    vo_series *real = NULL;
    const double *made = NULL;
    const vo_column *c = NULL;
    vo_moments ours, theirs;
    vo_status s = vo_series_column(y->sample, name, &made, err);
    if (s == VO_OK) s = read_real(y, &real, err);
    if (s == VO_OK) s = real_column(y, real, name, &c, err);
    if (s == VO_OK) s = vo_moments_of(y->sample, made, &ours, err);
    if (s == VO_OK) s = vo_moments_of(real, c->value, &theirs, err);
    if (s == VO_OK) {
        vo_json_out_key(y->w, "compare");
        vo_json_out_object(y->w);
        vo_member_text(y->w, "reference", f[SYNTH_compare].text);
        vo_member_text(y->w, "column", name);
        vo_member_text(y->w, "reference_column",
                       f[SYNTH_compare_column].text ? f[SYNTH_compare_column].text : c->name);
        vo_member_integer(y->w, "values", (long long)ours.n);
        vo_member_integer(y->w, "reference_values", (long long)theirs.n);
        vo_moments_compare_json(&ours, &theirs, y->w);
        vo_json_out_end(y->w);
    }
    vo_series_free(real);
    return s;
}

/* ---- all of it -------------------------------------------------------------------- */

static vo_status synth_all(synth *y, vo_error *err) {
    const vo_engine_options *o = y->o;
    vo_json_out *w = y->w;
    vo_status s = VO_OK;
    vo_json_out_object(w);
    vo_member_bool(w, "synthetic", true);
    vo_member_text(w, "what", whats[y->what].name);
    vo_member_text(w, "file", y->f[SYNTH_out].text);
    vo_member_text(w, "lake", y->lake ? o->lake : NULL);
    vo_json_out_key(w, "series");
    vo_json_out_array(w);
    for (uint32_t i = 0; s == VO_OK && i < y->nodes; i++) {
        s = synth_node(y, y->first + i, err);
        if (s == VO_OK && o->progress &&
            o->progress(o->progress_ctx, "generating", (i + 1.0) / y->nodes) != 0)
            s = vo_fail(err, VO_ECANCELED, "stopped: %u of %u nodes are done%s", i + 1,
                        y->nodes, y->lake ? " and in the lake" : "");
    }
    vo_json_out_end(w);
    if (s == VO_OK && y->f[SYNTH_compare].text) s = compare(y, err);
    vo_json_out_end(w);
    return s;
}

vo_status vo_data_synth_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                            vo_error *err) {
    synth y = {.o = o, .w = w, .what = PRICES};
    vo_status s = read_synth(&y, request, err);
    if (s == VO_OK && y.f[SYNTH_market].text) s = vo_lake_open(o->lake, &y.lake, err);
    if (s == VO_OK) s = synth_all(&y, err);
    vo_series_free(y.sample);
    vo_lake_close(y.lake);
    vo_json_free(y.root);
    return s;
}
