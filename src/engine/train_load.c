/* train_load.c -- see train_load.h. */
#include "engine/train_load.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "community/simulation.h"
#include "engine/community_world.h"
#include "engine/learn_world.h"
#include "engine/members.h"
#include "learn/forecaster.h"
#include "learn/load_model.h"
#include "port/clock.h"
#include "store/registry.h"

#define X(name, kind, lo, hi, unit, help) {#name, VO_FIELD_##kind, lo, hi, unit, help},
static const vo_field fields[] = {VO_TRAIN_LOAD_FIELD_MAP(X)};
#undef X
#define X(name, kind, lo, hi, unit, help) LOAD_##name,
enum { VO_TRAIN_LOAD_FIELD_MAP(X) LOAD_FIELDS };
#undef X

const vo_field *vo_train_load_fields(size_t *n) {
    *n = LOAD_FIELDS;
    return fields;
}

bool vo_train_load_asked(const char *request) {
    vo_json *root = NULL;
    if (vo_json_parse(request, strlen(request), &root, NULL) != VO_OK) return false;
    const vo_json *what =
        vo_json_kind_of(root) == VO_JSON_OBJECT ? vo_json_get(root, "what") : NULL;
    const bool load = what && vo_json_kind_of(what) == VO_JSON_STRING &&
                      strcmp(vo_json_string(what), "load") == 0;
    vo_json_free(root);
    return load;
}

/* ---- the request --------------------------------------------------------------------------- */

typedef struct {
    const vo_engine_options *o;
    vo_json *root;
    vo_field_value f[LOAD_FIELDS];
    vo_world_request asked;
    char id[VO_REGISTRY_NAME];
    uint64_t seed;
    vo_alias alias;
} request;

static double number_of(const vo_field_value *f, double absent) {
    return f->json ? f->number : absent;
}

static void read_world(request *r) {
    const vo_field_value *f = r->f;
    vo_world_request *a = &r->asked;
    *a = vo_world_request_default();
    a->homes_from = f[LOAD_homes_from].text;
    a->homes = (int32_t)number_of(&f[LOAD_homes], a->homes_from ? 0 : 10);
    a->days = (int32_t)number_of(&f[LOAD_days], 60);
    a->history_days = 0;
    a->interval_minutes = (int32_t)number_of(&f[LOAD_interval_minutes], 30);
    a->from = f[LOAD_from].text ? f[LOAD_from].text : a->homes_from ? NULL : "2026-03-01";
    a->seed = r->seed;
    a->threads = r->o->threads > 0 ? (size_t)r->o->threads : 0;
    a->allow_files = r->o->allow_files != 0;
}

static vo_status read_request(const vo_engine_options *o, const char *text, request *r,
                              vo_error *err) {
    static const char *const aliases[] = {"challenger", "champion"};
    size_t which = 0;
    *r = (request){.o = o};
    vo_status s = vo_json_parse(text, strlen(text), &r->root, err);
    if (s == VO_OK) s = vo_fields_read(r->root, "", fields, LOAD_FIELDS, r->f, err);
    if (s == VO_OK) s = vo_fields_choice(&r->f[LOAD_alias], "alias", aliases, 2, &which, err);
    if (s != VO_OK) return s;
    r->seed = (uint64_t)number_of(&r->f[LOAD_seed], 1);
    r->alias = which == 1 ? VO_REGISTRY_CHAMPION : VO_REGISTRY_CHALLENGER;
    const char *id = r->f[LOAD_id].text ? r->f[LOAD_id].text : "load";
    s = vo_registry_check_name(id, "id", err);
    if (s == VO_OK && r->f[LOAD_reason].text)
        s = vo_registry_check_reason(r->f[LOAD_reason].text, err);
    if (s != VO_OK) return s;
    snprintf(r->id, sizeof r->id, "%s", id);
    read_world(r);
    return VO_OK;
}

/* ---- homes as histories ---------------------------------------------------------------------- */

typedef struct {
    vo_world *world;
    vo_home_series loads;
    vo_series **series; /* [homes]                       */
    vo_load_history *history;
    size_t n;
    uint64_t print; /* of all values learned from    */
} homes;

static void homes_fini(homes *h) {
    for (size_t i = 0; h->series && i < h->n; i++) vo_series_free(h->series[i]);
    free(h->series);
    free(h->history);
    vo_home_series_fini(&h->loads);
    vo_world_free(h->world);
}

static double told(const double *column, size_t t) { return column ? column[t] : (double)NAN; }

/* Columns named as the simulation's (community/home_forecast_seam.c). */
static vo_status make_series(homes *h, size_t i, vo_error *err) {
    static const char *const names[] = {"load", "temperature_forecast_c",
                                        "irradiance_forecast_w_m2"};
    const vo_homes *v = vo_world_homes(h->world);
    const vo_status s = vo_series_create(v->steps, names, 3, NULL, &h->series[i], err);
    if (s != VO_OK) return s;
    vo_series *out = h->series[i];
    for (size_t t = 0; t < v->steps; t++) {
        out->start[t] = v->start[t];
        out->dt_h[t] = v->dt_h;
        out->day[t] = v->day[t] - v->day[0];
        out->column[0].value[t] = (double)h->loads.load_kwh[i * v->steps + t];
        out->column[1].value[t] = told(v->temperature_c, t);
        out->column[2].value[t] = told(v->irradiance_w_m2, t);
    }
    snprintf(out->zone, sizeof out->zone, "%s", v->zone);
    h->print = vo_hash_bytes(h->print, out->column[0].value, v->steps * sizeof(double));
    h->history[i] = (vo_load_history){out, out->column[0].value, v->steps};
    return VO_OK;
}

static vo_status open_homes(const request *r, homes *h, vo_error *err) {
    *h = (homes){.print = VO_HASH_START};
    vo_status s = vo_world_create(&r->asked, &h->world, err);
    if (s == VO_OK) s = vo_home_series_fill(vo_world_homes(h->world), &h->loads, err);
    if (s != VO_OK) return s;
    h->n = vo_world_homes(h->world)->homes;
    h->series = calloc(h->n, sizeof *h->series);
    h->history = calloc(h->n, sizeof *h->history);
    if (!h->series || !h->history) return vo_fail(err, VO_ENOMEM, "series of %zu homes", h->n);
    for (size_t i = 0; s == VO_OK && i < h->n; i++) s = make_series(h, i, err);
    return s;
}

/* ---- results and registry ---------------------------------------------------------------------- */

static void write_results(const request *r, const vo_load_model *m, vo_json_out *w) {
    const vo_load_score score = vo_load_model_score(m);
    double gain[VO_LOAD_FEATURES];
    vo_load_model_importance(m, gain);
    vo_json_out_object(w);
    vo_member_text(w, "method", "load_gbt");
    vo_member_integer(w, "seed", (long long)r->seed);
    vo_member_integer(w, "rows", (long long)score.rows);
    vo_member_integer(w, "held_out", (long long)score.held_out);
    vo_member_integer(w, "trees", (long long)score.trees);
    vo_member_number(w, "mae_of_mean", score.mae);
    vo_member_number(w, "profile_mae_of_mean", score.profile_mae);
    vo_json_out_key(w, "importance");
    vo_json_out_object(w);
    for (size_t j = 0; j < VO_LOAD_FEATURES; j++)
        if (gain[j] > 0) vo_member_number(w, vo_load_feature_name(j), gain[j]);
    vo_json_out_end(w);
    vo_json_out_end(w);
}

/* As the forecaster load_gbt loads it. */
static vo_status save_model(const vo_load_model *m, void **bytes, size_t *len, vo_error *err) {
    vo_artefact_out *w = NULL;
    vo_status s = vo_forecaster_artefact("load_gbt", &w, err);
    if (s != VO_OK) return s;
    vo_load_model_save(m, w);
    s = vo_artefact_out_take(w, bytes, len, err);
    vo_artefact_out_free(w);
    return s;
}

typedef struct {
    void *bytes;
    char *results;
    size_t len, results_len;
    double seconds;
    char version[VO_REGISTRY_NAME];
    const char *alias;
} product;

static vo_status give_alias(const vo_registry *registry, const request *r, product *p,
                            vo_error *err) {
    const bool asked = r->f[LOAD_alias].text != NULL;
    bool first = false;
    vo_registry_decision why = {.automatic = !asked, .when_s = vo_clock_utc_s()};
    vo_status s = VO_OK;
    const char *reason = r->f[LOAD_reason].text;
    if (!asked) {
        why.reason = reason ? reason : "the first version of its model";
        s = vo_registry_promote_if(registry, r->id, p->version, VO_REGISTRY_CHAMPION, NULL,
                                   &why, &first, err);
    }
    p->alias = vo_alias_name(first ? VO_REGISTRY_CHAMPION : r->alias);
    if (s != VO_OK || first) return s;
    why.reason = reason  ? reason
                 : asked ? "asked for when it was trained"
                         : "the newest, to be judged against the champion";
    return vo_registry_promote(registry, r->id, p->version, r->alias, &why, err);
}

static vo_status keep(const request *r, const homes *h, const vo_load_model *m, product *p,
                      vo_error *err) {
    const vo_homes *v = vo_world_homes(h->world);
    const vo_load_score score = vo_load_model_score(m);
    const vo_registry_metric metric[] = {{"mae_of_mean", score.mae},
                                         {"profile_mae_of_mean", score.profile_mae}};
    const vo_registry_file file[] = {{"model.volteo", p->bytes, p->len},
                                     {"training_results.json", p->results, p->results_len}};
    const char *feature[VO_LOAD_FEATURES];
    char hash[32], note[128];
    for (size_t j = 0; j < VO_LOAD_FEATURES; j++) feature[j] = vo_load_feature_name(j);
    snprintf(hash, sizeof hash, "fnv1a64:%016llx", (unsigned long long)h->print);
    snprintf(note, sizeof note, "%s%zu homes",
             vo_world_synthetic(h->world) ? "SYNTHETIC loads of " : "loads of ", h->n);
    const vo_registry_draft d = {.id = r->id,
                                 .type = "load_prediction",
                                 .created_s = vo_clock_utc_s(),
                                 .file = file,
                                 .n_files = 2,
                                 .metric = metric,
                                 .n_metrics = 2,
                                 .from_s = v->start[0].s,
                                 .to_s = v->start[v->steps - 1].s + llround(3600 * v->dt_h),
                                 .rows = v->steps,
                                 .data_hash = hash,
                                 .feature = feature,
                                 .n_features = VO_LOAD_FEATURES,
                                 .settings = p->results,
                                 .code_version = vo_version(),
                                 .note = note};
    vo_registry *registry = NULL;
    vo_status s = vo_registry_open(r->o->models, NULL, &registry, err);
    if (s == VO_OK) s = vo_registry_register(registry, &d, p->version, err);
    if (s == VO_OK) s = give_alias(registry, r, p, err);
    vo_registry_close(registry);
    return s;
}

static vo_status learn(const request *r, const homes *h, vo_load_model **m, product *p,
                       vo_error *err) {
    const vo_load_settings settings = vo_load_settings_default();
    const double began_s = vo_clock_monotonic_s();
    vo_learn_world world;
    vo_json_out *w = NULL;
    vo_learn_world_init(&world, r->o, r->seed);
    vo_status s = vo_load_model_train(h->history, h->n, &settings, &world.learning, m, err);
    vo_learn_world_fini(&world);
    if (s == VO_OK) s = save_model(*m, &p->bytes, &p->len, err);
    if (s == VO_OK) s = vo_json_out_create(&w, err);
    if (s != VO_OK) return s;
    write_results(r, *m, w);
    s = vo_json_out_take(w, &p->results, &p->results_len, err);
    vo_json_out_free(w);
    p->seconds = vo_clock_monotonic_s() - began_s;
    return s;
}

static void write_answer(const request *r, const homes *h, const product *p,
                         const vo_load_model *m, vo_json_out *w) {
    const vo_homes *v = vo_world_homes(h->world);
    vo_json_out_object(w);
    vo_member_text(w, "id", r->id);
    vo_member_text(w, "version", p->version);
    vo_member_text(w, "alias", p->alias);
    vo_member_text(w, "type", "load_prediction");
    vo_member_text(w, "method", "load_gbt");
    if (r->o->allow_files) vo_member_text(w, "models", r->o->models);
    vo_member_bool(w, "existed", false);
    vo_json_out_key(w, "trained_on");
    vo_json_out_object(w);
    vo_member_bool(w, "synthetic", vo_world_synthetic(h->world));
    vo_member_integer(w, "homes", (long long)h->n);
    vo_member_instant(w, "first", v->start[0].s);
    vo_member_instant(w, "last", v->start[v->steps - 1].s);
    vo_member_integer(w, "intervals", (long long)v->steps);
    vo_json_out_end(w);
    vo_member_number(w, "seconds", p->seconds);
    vo_json_out_key(w, "results");
    write_results(r, m, w);
    vo_member_text(w, "prices", NULL);
    vo_json_out_end(w);
}

vo_status vo_train_load_run(const vo_engine_options *o, const char *text, vo_json_out *w,
                            vo_error *err) {
    request r;
    homes h = {0};
    product p = {0};
    vo_load_model *m = NULL;
    vo_status s = read_request(o, text, &r, err);
    if (s == VO_OK) s = open_homes(&r, &h, err);
    if (s == VO_OK) s = learn(&r, &h, &m, &p, err);
    if (s == VO_OK) s = keep(&r, &h, m, &p, err);
    if (s == VO_OK) write_answer(&r, &h, &p, m, w);
    vo_load_model_free(m);
    free(p.bytes);
    free(p.results);
    homes_fini(&h);
    vo_json_free(r.root);
    return s;
}

vo_status vo_train_load_check(const vo_engine_options *o, const char *text, vo_error *err) {
    request r;
    vo_world *world = NULL;
    vo_status s = read_request(o, text, &r, err);
    if (s == VO_OK) s = vo_world_create(&r.asked, &world, err);
    vo_world_free(world);
    vo_json_free(r.root);
    return s;
}
