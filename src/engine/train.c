/* train.c -- see train.h: requests read, models registered, answers written. */
#include "engine/train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "engine/members.h"
#include "engine/response.h"
#include "learn/q_environment.h"
#include "port/clock.h"

static const struct {
    const char *name, *type, *id;
} methods[VO_TRAIN_METHODS] = {
#define X(name, type, id) {#name, type, id},
    VO_TRAIN_METHOD_MAP(X)
#undef X
};

const char *vo_train_method_name(vo_train_method m) { return methods[m].name; }

/* ---- the request ----------------------------------------------------------------------- */

/* The fields that both have stand at the same places. */
#define X(name, kind, lo, hi, unit, help)                                                      \
    _Static_assert((int)VO_TRN_##name == (int)VO_RET_##name, #name);
VO_TRAINING_FIELD_MAP(X)
#undef X

static vo_status read_method(const vo_request *r, vo_training *t, vo_error *err) {
    static const char *const price[] = {"gbt", "lear", "ensemble", "q_learning"};
    static const char *const whats[] = {"price", "q"};
    size_t what = 0, method = 0;
    vo_status s = VO_OK;
    if (r->kind == VO_REQUEST_TRAIN)
        s = vo_request_choice(r, VO_TRN_what, "what", whats, 2, 0, &what, err);
    if (s != VO_OK) return s;
    if (what == 1) {
        if (r->value[VO_TRN_method].text &&
            strcmp(r->value[VO_TRN_method].text, "q_learning") != 0)
            return vo_fail(err, VO_EINVAL,
                           "method = \"%.40s\" is for prices: with what = \"q\" leave it out",
                           r->value[VO_TRN_method].text);
        t->method = VO_TRAIN_q_learning;
        return VO_OK;
    }
    /* train says by `what` that it is about decisions, retrain by the method alone */
    s = vo_request_choice(r, VO_TRN_method, "method", price,
                          r->kind == VO_REQUEST_RETRAIN ? 4 : 3, 0, &method, err);
    t->method = (vo_train_method)method;
    return s;
}

/* A field that another method would use is a misunderstanding. */
static vo_status refuse_strays(const vo_request *r, const vo_training *t, vo_error *err) {
    static const struct {
        int field;
        const char *name;
        vo_train_method method;
        bool train_only; /* retrain has another field there */
    } only[] = {{VO_TRN_horizons, "horizons", VO_TRAIN_gbt, false},
                {VO_TRN_trees, "trees", VO_TRAIN_gbt, false},
                {VO_TRN_quantiles, "quantiles", VO_TRAIN_gbt, true},
                {VO_TRN_depth, "depth", VO_TRAIN_gbt, true},
                {VO_TRN_rate, "rate", VO_TRAIN_gbt, true},
                {VO_TRN_search, "search", VO_TRAIN_gbt, true},
                {VO_TRN_episodes, "episodes", VO_TRAIN_q_learning, false},
                {VO_TRN_environments, "environments", VO_TRAIN_q_learning, true},
                {VO_TRN_max_steps, "max_steps", VO_TRAIN_q_learning, true}};
    for (size_t i = 0; i < sizeof only / sizeof only[0]; i++) {
        if (only[i].train_only && r->kind != VO_REQUEST_TRAIN) continue;
        if (!r->value[only[i].field].json || only[i].method == t->method) continue;
        return vo_fail(err, VO_EINVAL, "%s is of method %s, not of %s: leave it out",
                       only[i].name, methods[only[i].method].name, methods[t->method].name);
    }
    return VO_OK;
}

/* The request's id; "price_prediction_15m" for a model of one horizon. */
static vo_status choose_id(const vo_request *r, vo_training *t, vo_error *err) {
    const char *asked = vo_request_text(r, VO_TRN_id, methods[t->method].id);
    if (r->value[VO_TRN_id].text || t->method != VO_TRAIN_gbt || t->n_horizons != 1) {
        snprintf(t->id, sizeof t->id, "%s", asked);
        return vo_registry_check_name(asked, "id", err);
    }
    snprintf(t->id, sizeof t->id, "%s_%gm", asked, t->horizon_min[0]);
    return vo_registry_check_name(t->id, "id", err);
}

vo_status vo_training_read(const vo_request *r, vo_battery *battery, vo_training *out,
                           vo_error *err) {
    const double nan_ = (double)NAN;
    vo_training t = {.depth = nan_, .rate = nan_, .environments = nan_, .max_steps = nan_};
    vo_status s = read_method(r, &t, err);
    if (s == VO_OK) s = refuse_strays(r, &t, err);
    if (s == VO_OK)
        s = vo_fields_numbers(r->value[VO_TRN_horizons].json, "horizons", 1, 20160,
                              t.horizon_min, VO_TRAIN_HORIZONS, &t.n_horizons, err);
    t.seed = (uint64_t)vo_request_number(r, VO_TRN_seed, 42);
    t.trees = vo_request_number(r, VO_TRN_trees, nan_);
    t.episodes = vo_request_number(r, VO_TRN_episodes, nan_);
    if (s == VO_OK && r->kind == VO_REQUEST_TRAIN) {
        s = vo_fields_numbers(r->value[VO_TRN_quantiles].json, "quantiles", 0.001, 0.999,
                              t.level, VO_TRAIN_LEVELS, &t.n_levels, err);
        t.depth = vo_request_number(r, VO_TRN_depth, nan_);
        t.rate = vo_request_number(r, VO_TRN_rate, nan_);
        t.search = (size_t)vo_request_number(r, VO_TRN_search, 0);
        t.environments = vo_request_number(r, VO_TRN_environments, nan_);
        t.max_steps = vo_request_number(r, VO_TRN_max_steps, nan_);
    }
    if (s != VO_OK) return s;
    if (r->n_batteries > 1)
        return vo_fail(err, VO_EINVAL, "batteries: training is for one battery, give one");
    *battery = r->n_batteries ? r->battery[0] : vo_q_battery_default();
    t.battery = battery;
    s = choose_id(r, &t, err);
    if (s == VO_OK) *out = t;
    return s;
}

void vo_trained_fini(vo_trained *t) {
    free(t->bytes);
    free(t->results);
    free(t->feature);
    *t = (vo_trained){0};
}

/* ---- registering ----------------------------------------------------------------------- */

/* The prices and times that were learned from, as one number: the same data, the same print. */
static void fingerprint(const vo_inputs *in, size_t until, char out[32]) {
    uint64_t h = VO_HASH_START;
    for (size_t t = 0; t < until; t++) {
        h = vo_hash_bytes(h, &in->series->start[t].s, sizeof in->series->start[t].s);
        for (size_t k = 0; k < in->series->n_columns; k++)
            h = vo_hash_bytes(h, &in->series->column[k].value[t], sizeof(double));
    }
    snprintf(out, 32, "fnv1a64:%016llx", (unsigned long long)h);
}

vo_status vo_train_register(const vo_registry *registry, const vo_training *t,
                            const vo_inputs *in, const vo_request *r, const vo_trained *trained,
                            const char *parent, char version[VO_REGISTRY_NAME], vo_error *err) {
    const vo_registry_file file[] = {
        {"model.volteo", trained->bytes, trained->len},
        {"training_results.json", trained->results, trained->results_len}};
    const char **feature = calloc(trained->n_features + 1, sizeof *feature);
    char hash[32], note[128];
    if (!feature) return vo_fail(err, VO_ENOMEM, "%zu features", trained->n_features);
    for (size_t i = 0; i < trained->n_features; i++) feature[i] = trained->feature[i];
    fingerprint(in, trained->until, hash);
    snprintf(note, sizeof note, "%s%.90s", in->synthetic ? "SYNTHETIC prices: " : "",
             in->series->label);
    const size_t last = trained->until - 1;
    const vo_registry_draft d = {
        .id = t->id,
        .type = methods[t->method].type,
        .created_s = vo_clock_utc_s(),
        .file = file,
        .n_files = 2,
        .metric = trained->metric,
        .n_metrics = trained->n_metrics,
        .market = r->market[VO_MKT_market].text,
        .node = r->market[VO_MKT_zone].text ? r->market[VO_MKT_zone].text
                                            : r->market[VO_MKT_node].text,
        .from_s = in->series->start[0].s,
        .to_s = in->series->start[last].s + (int64_t)llround(in->series->dt_h[last] * 3600),
        .rows = trained->until,
        .data_hash = hash,
        .feature = feature,
        .n_features = trained->n_features,
        .settings = trained->results,
        .code_version = vo_version(),
        .parent = parent,
        .note = note,
    };
    const vo_status s = vo_registry_register(registry, &d, version, err);
    free(feature);
    return s;
}

static const char *const alias_names[] = {"challenger", "champion"};

/* Which alias the new version gets: what was asked for; else the first of a model is its
 * champion and later ones are challengers. Another training may have ended meanwhile: whether
 * there is a champion is for the registry to say, in the moment of deciding. */
static vo_status give_alias(const vo_registry *registry, const vo_request *r,
                            const vo_training *t, const char *version, const char **given,
                            vo_error *err) {
    size_t which = 0;
    bool first = false;
    vo_status s = vo_request_choice(r, VO_TRN_alias, "alias", alias_names, 2, 0, &which, err);
    if (s != VO_OK) return s;
    const bool asked = r->value[VO_TRN_alias].text != NULL;
    vo_registry_decision why = {.automatic = !asked, .when_s = vo_clock_utc_s()};
    if (!asked) {
        why.reason = vo_request_text(r, VO_TRN_reason, "the first version of its model");
        s = vo_registry_promote_if(registry, t->id, version, VO_REGISTRY_CHAMPION, NULL, &why,
                                   &first, err);
    }
    *given = alias_names[first ? 1 : which];
    if (s != VO_OK || first) return s;
    why.reason = vo_request_text(r, VO_TRN_reason,
                                 asked ? "asked for when it was trained"
                                       : "the newest, to be judged against the champion");
    return vo_registry_promote(registry, t->id, version,
                               which == 1 ? VO_REGISTRY_CHAMPION : VO_REGISTRY_CHALLENGER, &why,
                               err);
}

vo_status vo_train_champion(const vo_registry *registry, const char *id,
                            char out[VO_REGISTRY_NAME], vo_error *err) {
    vo_registry_book *book = NULL;
    const vo_status s = vo_registry_list(registry, &book, err);
    if (s != VO_OK) return s;
    const vo_registry_model *m = vo_registry_book_find(book, id);
    snprintf(out, VO_REGISTRY_NAME, "%s",
             m && m->alias[VO_REGISTRY_CHAMPION] ? m->alias[VO_REGISTRY_CHAMPION] : "");
    vo_registry_book_free(book);
    return VO_OK;
}

/* ---- the document ----------------------------------------------------------------------- */

static vo_status write_answer(const vo_engine_options *o, const vo_training *t,
                              const vo_inputs *in, const vo_trained *trained,
                              const char *version, const char *alias, vo_json_out *w,
                              vo_error *err) {
    char stamp[40];
    vo_json *results = NULL;
    const vo_status s = vo_json_parse(trained->results, trained->results_len, &results, err);
    if (s != VO_OK) return s;
    vo_json_out_object(w);
    vo_member_text(w, "id", t->id);
    vo_member_text(w, "version", version);
    vo_member_text(w, "alias", alias);
    vo_member_text(w, "type", methods[t->method].type);
    vo_member_text(w, "method", methods[t->method].name);
    vo_member_text(w, "models", o->models);
    vo_json_out_key(w, "trained_on");
    vo_json_out_object(w);
    vo_inputs_stamp(in, 0, stamp);
    vo_member_text(w, "first", stamp);
    vo_inputs_stamp(in, trained->until - 1, stamp);
    vo_member_text(w, "last", stamp);
    vo_member_integer(w, "intervals", (long long)trained->until);
    vo_json_out_end(w);
    vo_member_number(w, "seconds", trained->seconds);
    vo_json_out_key(w, "results");
    vo_json_out_value(w, results);
    vo_json_out_key(w, "prices");
    vo_json_out_object(w);
    vo_response_inputs(in, w);
    vo_json_out_end(w);
    vo_json_out_end(w);
    vo_json_free(results);
    return VO_OK;
}

/* The intervals before train_until; all of them without it. */
static vo_status find_until(const vo_request *r, const vo_inputs *in, size_t *out,
                            vo_error *err) {
    const char *text = vo_request_text(r, VO_TRN_train_until, NULL);
    int64_t at_s = 0;
    *out = in->series->n;
    if (!text) return VO_OK;
    const vo_status s = vo_inputs_instant(in->zone, text, "train_until", false, &at_s, err);
    if (s != VO_OK) return s;
    *out = vo_series_lower_bound(in->series, (vo_time){at_s});
    if (*out > 0) return VO_OK;
    return vo_fail(err, VO_EINVAL,
                   "train_until = \"%.40s\" lies before every price: %s begins "
                   "later",
                   text, in->source);
}

/* Trains, registers, gives the alias and answers. */
static vo_status train_and_keep(const vo_engine_options *o, const vo_request *r,
                                const vo_training *t, const vo_inputs *in, vo_json_out *w,
                                vo_error *err) {
    vo_learn_world world;
    vo_registry *registry = NULL;
    vo_trained trained = {0};
    char champion[VO_REGISTRY_NAME] = "", version[VO_REGISTRY_NAME] = "";
    const char *alias = NULL;
    size_t until = 0;
    vo_learn_world_init(&world, o, t->seed);
    vo_status s = find_until(r, in, &until, err);
    if (s == VO_OK) s = vo_registry_open(o->models, NULL, &registry, err);
    if (s == VO_OK) s = vo_train_champion(registry, t->id, champion, err);
    if (s == VO_OK) s = vo_train(t, in, until, &world, &trained, err);
    if (s == VO_OK)
        s = vo_train_register(registry, t, in, r, &trained, *champion ? champion : NULL,
                              version, err);
    if (s == VO_OK)
        s = give_alias(registry, r, t, version, &alias, err);
    if (s == VO_OK) s = write_answer(o, t, in, &trained, version, alias, w, err);
    vo_trained_fini(&trained);
    vo_registry_close(registry);
    vo_learn_world_fini(&world);
    return s;
}

vo_status vo_train_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                       vo_error *err) {
    vo_request r = {0};
    vo_inputs in = {0};
    vo_battery battery;
    vo_training t;
    size_t ignored = 0;
    vo_status s = vo_request_read(request, VO_REQUEST_TRAIN, &r, err);
    if (s == VO_OK) s = vo_training_read(&r, &battery, &t, err);
    if (s == VO_OK) /* before the work, not after it */
        s = vo_request_choice(&r, VO_TRN_alias, "alias", alias_names, 2, 0, &ignored, err);
    if (s == VO_OK && r.value[VO_TRN_reason].text)
        s = vo_registry_check_reason(r.value[VO_TRN_reason].text, err);
    if (s == VO_OK) s = vo_inputs_load(o, &r, &in, err);
    if (s == VO_OK) s = train_and_keep(o, &r, &t, &in, w, err);
    vo_inputs_fini(&in);
    vo_request_fini(&r);
    return s;
}
