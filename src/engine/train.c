/* train.c -- see train.h: requests read, models registered, answers written. */
#include "engine/train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "engine/members.h"
#include "engine/response.h"
#include "engine/train_load.h"
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

static const char *const price[] = {"gbt", "lear", "ensemble", "q_learning"};

static vo_status read_method(const vo_request *r, vo_training *t, vo_error *err) {
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
    } only[] = {{VO_TRN_horizons, "horizons", VO_TRAIN_gbt},
                {VO_TRN_quantiles, "quantiles", VO_TRAIN_gbt},
                {VO_TRN_split, "split", VO_TRAIN_gbt},
                {VO_TRN_trees, "trees", VO_TRAIN_gbt},
                {VO_TRN_depth, "depth", VO_TRAIN_gbt},
                {VO_TRN_rate, "rate", VO_TRAIN_gbt},
                {VO_TRN_search, "search", VO_TRAIN_gbt},
                {VO_TRN_episodes, "episodes", VO_TRAIN_q_learning},
                {VO_TRN_environments, "environments", VO_TRAIN_q_learning},
                {VO_TRN_max_steps, "max_steps", VO_TRAIN_q_learning}};
    for (size_t i = 0; i < sizeof only / sizeof only[0]; i++) {
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

/* What says which model it is about. */
static vo_status read_name(const vo_request *r, vo_training *t, vo_error *err) {
    vo_status s = read_method(r, t, err);
    if (s == VO_OK)
        s = vo_fields_numbers(r->value[VO_TRN_horizons].json, "horizons", 1, 20160,
                              t->horizon_min, VO_TRAIN_HORIZONS, &t->n_horizons, err);
    return s == VO_OK ? choose_id(r, t, err) : s;
}

vo_status vo_training_id(const vo_request *r, char out[VO_REGISTRY_NAME], vo_error *err) {
    vo_training t = {0};
    const vo_status s = read_name(r, &t, err);
    if (s == VO_OK) memcpy(out, t.id, sizeof t.id);
    return s;
}

/* ---- as another model was trained --------------------------------------------------------- */

static const char *text_in(const vo_json *o, const char *key) {
    const vo_json *v = o ? vo_json_get(o, key) : NULL;
    return v && vo_json_kind_of(v) == VO_JSON_STRING ? vo_json_string(v) : "";
}

/* Member `key` of what a version was trained with, if there is one: anybody may have written it,
 * so it is checked like a request. */
static vo_status take(const vo_json *o, const char *key, vo_field_kind kind, double lo,
                      double hi, double *out, vo_error *err) {
    const vo_json *v = o ? vo_json_get(o, key) : NULL;
    const vo_field field = {key, kind, lo, hi, "", ""};
    vo_field_value value = {0};
    char path[80];
    if (!v || vo_json_kind_of(v) == VO_JSON_NULL) return VO_OK;
    snprintf(path, sizeof path, "the champion's settings.%s", key);
    const vo_status s = vo_fields_check(v, path, &field, &value, err);
    if (s == VO_OK) *out = value.number;
    return s;
}

static vo_status take_boosting(const vo_json *settings, vo_train_boosting *out, vo_error *err) {
    vo_status s = VO_OK;
#define X(name, type, lo, hi)                                                                  \
    if (s == VO_OK) s = take(settings, #name, VO_FIELD_NUMBER, lo, hi, &out->name, err);
    VO_TRAIN_BOOSTING_MAP(X)
#undef X
    return s;
}

static vo_status take_horizons(const vo_json *horizons, vo_training *t, vo_error *err) {
    const size_t n =
        horizons && vo_json_kind_of(horizons) == VO_JSON_ARRAY ? vo_json_size(horizons) : 0;
    vo_status s = VO_OK;
    if (n > VO_TRAIN_HORIZONS)
        return vo_fail(err, VO_EINVAL, "the champion has %zu horizons: give at most %d", n,
                       VO_TRAIN_HORIZONS);
    for (size_t i = 0; i < n && s == VO_OK; i++) {
        const vo_json *h = vo_json_at(horizons, i);
        t->horizon_min[i] = 0;
        s = vo_json_kind_of(h) == VO_JSON_OBJECT
                ? take(h, "minutes", VO_FIELD_NUMBER, 1e-3, 20160, &t->horizon_min[i], err)
                : vo_fail(err, VO_EINVAL, "the champion's horizons[%zu] is no object", i);
    }
    t->n_horizons = n;
    return s;
}

static vo_status take_battery(const vo_json *told, vo_battery *b, vo_error *err) {
    vo_status s = VO_OK;
    if (!told || vo_json_kind_of(told) != VO_JSON_OBJECT) return VO_OK;
#define X(name, lo, hi)                                                                        \
    if (s == VO_OK) s = take(told, #name, VO_FIELD_NUMBER, lo, hi, &b->name, err);
    VO_TRAIN_BATTERY_MAP(X)
#undef X
    b->initial_soc = b->min_soc;
    return s;
}

static vo_status take_over(const vo_request *r, const vo_json *like, vo_battery *battery,
                           vo_training *t, vo_error *err) {
    const char *method = text_in(like, "method");
    const vo_json *settings = vo_json_get(like, "settings");
    double seed = (double)t->seed;
    for (size_t i = 0; i < VO_TRAIN_METHODS && !r->value[VO_TRN_method].json; i++)
        if (strcmp(method, methods[i].name) == 0) t->method = (vo_train_method)i;
    if (strcmp(method, methods[t->method].name) != 0) return VO_OK;
    vo_status s = take(settings, "seed", VO_FIELD_INTEGER, 0, 9e15, &seed, err);
    t->seed = (uint64_t)seed;
    if (s == VO_OK) s = take_boosting(settings, &t->point, err);
    if (s == VO_OK)
        s = take_boosting(vo_json_get(like, "quantile_settings"), &t->quantile, err);
#define X(name, lo, hi)                                                                        \
    if (s == VO_OK) s = take(settings, #name, VO_FIELD_INTEGER, lo, hi, &t->name, err);
    VO_TRAIN_TABLE_MAP(X)
#undef X
    t->split_days = strcmp(text_in(like, "split"), "days") == 0;
    if (s == VO_OK)
        s = vo_fields_numbers(vo_json_get(like, "quantiles"), "the champion's quantiles", 0.001,
                              0.999, t->level, VO_TRAIN_LEVELS, &t->n_levels, err);
    if (s == VO_OK && t->n_horizons == 0)
        s = take_horizons(vo_json_get(like, "horizons"), t, err);
    if (s == VO_OK && t->method == VO_TRAIN_q_learning)
        s = take_battery(vo_json_get(like, "battery"), battery, err);
    return s;
}

/* ---- as it was asked for ------------------------------------------------------------------ */

/* What the request says goes before what is there already. */
static vo_status read_settings(const vo_request *r, vo_training *t, vo_error *err) {
    static const char *const splits[] = {"shares", "days"};
    size_t split = 0;
    vo_status s =
        vo_request_choice(r, VO_TRN_split, "split", splits, 2, t->split_days, &split, err);
    if (s == VO_OK && r->value[VO_TRN_quantiles].json)
        s = vo_fields_numbers(r->value[VO_TRN_quantiles].json, "quantiles", 0.001, 0.999,
                              t->level, VO_TRAIN_LEVELS, &t->n_levels, err);
    if (s != VO_OK) return s;
    vo_train_boosting *const both[] = {&t->point, &t->quantile};
    for (size_t i = 0; i < 2; i++) {
        both[i]->trees = vo_request_number(r, VO_TRN_trees, both[i]->trees);
        both[i]->depth = vo_request_number(r, VO_TRN_depth, both[i]->depth);
        both[i]->rate = vo_request_number(r, VO_TRN_rate, both[i]->rate);
    }
    t->split_days = split == 1;
    t->search = (size_t)vo_request_number(r, VO_TRN_search, 0);
#define X(name, lo, hi) t->name = vo_request_number(r, VO_TRN_##name, t->name);
    VO_TRAIN_TABLE_MAP(X)
#undef X
    if (r->value[VO_TRN_seed].json) t->seed = (uint64_t)vo_request_number(r, VO_TRN_seed, 0);
    return VO_OK;
}

vo_status vo_training_read(const vo_request *r, const vo_json *like, vo_battery *battery,
                           vo_training *out, vo_error *err) {
    const double own = (double)NAN;
    const vo_train_boosting none = {
#define X(name, type, lo, hi) .name = own,
        VO_TRAIN_BOOSTING_MAP(X)
#undef X
    };
    vo_training t = {.seed = 42,
                     .point = none,
                     .quantile = none,
                     .episodes = own,
                     .environments = own,
                     .max_steps = own,
                     .battery = battery};
    if (r->n_batteries > 1)
        return vo_fail(err, VO_EINVAL, "batteries: training is for one battery, give one");
    vo_status s = read_name(r, &t, err);
    if (s == VO_OK && like && vo_json_kind_of(like) == VO_JSON_OBJECT)
        s = take_over(r, like, battery, &t, err);
    if (s == VO_OK) s = refuse_strays(r, &t, err);
    if (s == VO_OK) s = read_settings(r, &t, err);
    if (s != VO_OK) return s;
    if (r->n_batteries) *battery = r->battery[0];
    *out = t;
    return VO_OK;
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
        .key = r->value[VO_TRN_key].text,
    };
    bool existed = false; /* made meanwhile by another with the same key: alike */
    const vo_status s = vo_registry_register_once(registry, &d, version, &existed, err);
    free(feature);
    return s;
}

/* Does the log of promotions say anything of this version? */
static vo_status is_decided(const vo_registry *registry, const char *id, const char *version,
                            bool *out, vo_error *err) {
    vo_registry_log log = {0};
    const vo_status s = vo_registry_history(registry, &log, err);
    *out = false;
    for (size_t i = 0; s == VO_OK && i < log.n; i++)
        *out |= log.line[i].done && strcmp(log.line[i].id, id) == 0 &&
                strcmp(log.line[i].to, version) == 0;
    vo_registry_log_fini(&log);
    return s;
}

vo_status vo_train_made_before(const vo_registry *registry, const vo_request *r, const char *id,
                               char version[VO_REGISTRY_NAME], bool *decided, vo_error *err) {
    const char *key = vo_request_text(r, VO_TRN_key, NULL);
    version[0] = '\0';
    *decided = false;
    if (!key) return VO_OK;
    if (strlen(key) > VO_REGISTRY_KEY)
        return vo_fail(err, VO_EINVAL, "key has %zu bytes: at most %d", strlen(key),
                       VO_REGISTRY_KEY);
    const vo_status s = vo_registry_find_key(registry, id, key, version, err);
    return s == VO_OK && *version ? is_decided(registry, id, version, decided, err) : s;
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

static const char *text_of(const vo_json *object, const char *key) {
    const vo_json *v = object ? vo_json_get(object, key) : NULL;
    return v && vo_json_kind_of(v) == VO_JSON_STRING ? vo_json_string(v) : "";
}

static bool both_and_unlike(const char *a, const char *b) {
    return *a && b && *b && !vo_text_same(a, b);
}

vo_status vo_train_other_origin(const vo_registry *registry, const char *reference,
                                const vo_request *r, char out[VO_TRAIN_ORIGIN], vo_error *err) {
    vo_registry_found found;
    vo_manifest m = {0};
    vo_status s = vo_registry_get(registry, reference, &found, err);
    if (s == VO_OK) s = vo_registry_manifest(registry, &found, &m, err);
    if (s != VO_OK) return s;
    const vo_json *data = vo_json_get(m.root, "data");
    const char *node =
        r->market[VO_MKT_zone].text ? r->market[VO_MKT_zone].text : r->market[VO_MKT_node].text;
    const char *had = text_of(data, "node"), *market = text_of(data, "market");
    out[0] = '\0';
    if (both_and_unlike(had, node) || both_and_unlike(market, r->market[VO_MKT_market].text))
        snprintf(out, VO_TRAIN_ORIGIN, "%.60s%s%.80s", market, *market ? " " : "", had);
    vo_manifest_fini(&m);
    return VO_OK;
}

vo_status vo_train_check_origin(const vo_registry *registry, const char *id,
                                const vo_request *r, vo_error *err) {
    char champion[VO_REGISTRY_NAME], reference[2 * VO_REGISTRY_NAME + 2];
    char other[VO_TRAIN_ORIGIN];
    vo_status s = vo_train_champion(registry, id, champion, err);
    if (s != VO_OK || !*champion) return s;
    snprintf(reference, sizeof reference, "%s@%s", id, champion);
    s = vo_train_other_origin(registry, reference, r, other, err);
    if (s == VO_OK && *other)
        s = vo_fail(err, VO_EINVAL,
                    "id = \"%s\": its champion learned from %s; prices of another node need a "
                    "model of their own: give another id",
                    id, other);
    return s;
}

/* ---- the document ----------------------------------------------------------------------- */

static void write_names(const vo_engine_options *o, const vo_training *t, const char *version,
                        const char *alias, bool existed, vo_json_out *w) {
    vo_json_out_object(w);
    vo_member_text(w, "id", t->id);
    vo_member_text(w, "version", version);
    vo_member_text(w, "alias", alias);
    vo_member_text(w, "type", methods[t->method].type);
    vo_member_text(w, "method", methods[t->method].name);
    if (o->allow_files) vo_member_text(w, "models", o->models);
    vo_member_bool(w, "existed", existed);
    vo_json_out_key(w, "trained_on");
    vo_json_out_object(w);
}

/* Which alias a version has now, or NULL. */
static vo_status alias_of(const vo_registry *registry, const char *id, const char *version,
                          const char **out, vo_error *err) {
    vo_registry_book *book = NULL;
    const vo_status s = vo_registry_list(registry, &book, err);
    *out = NULL;
    if (s != VO_OK) return s;
    const vo_registry_model *m = vo_registry_book_find(book, id);
    for (int a = 0; m && a < VO_REGISTRY_ALIASES; a++)
        if (m->alias[a] && strcmp(m->alias[a], version) == 0) *out = vo_alias_name((vo_alias)a);
    vo_registry_book_free(book);
    return VO_OK;
}

static bool utc_of(const char *text, int64_t *out) {
    vo_civil c = {0};
    bool has_offset = false;
    int32_t offset_s = 0;
    if (vo_civil_parse(text, strlen(text), &c, &has_offset, &offset_s, NULL) != VO_OK)
        return false;
    *out = vo_civil_seconds(&c) - offset_s;
    return true;
}

/* The answer about a version that the same request made before: out of its manifest. */
static vo_status write_before(const vo_engine_options *o, const vo_registry *registry,
                              const vo_training *t, const char *version, vo_json_out *w,
                              vo_error *err) {
    char reference[2 * VO_REGISTRY_NAME + 2];
    const char *alias = NULL;
    vo_registry_found found;
    vo_manifest m = {0};
    snprintf(reference, sizeof reference, "%s@%s", t->id, version);
    vo_status s = alias_of(registry, t->id, version, &alias, err);
    if (s == VO_OK) s = vo_registry_get(registry, reference, &found, err);
    if (s == VO_OK) s = vo_registry_manifest(registry, &found, &m, err);
    if (s != VO_OK) return s;
    const vo_json *data = vo_json_get(m.root, "data"),
                  *results = vo_json_get(m.root, "settings");
    const vo_json *rows = data ? vo_json_get(data, "rows") : NULL;
    write_names(o, t, version, alias, true, w);
    const double n = rows && vo_json_kind_of(rows) == VO_JSON_NUMBER ? vo_json_number(rows) : 0;
    int64_t from_s = 0, to_s = 0;
    if (n > 0 && utc_of(text_of(data, "from"), &from_s) && utc_of(text_of(data, "to"), &to_s)) {
        vo_member_instant(w, "first", from_s);
        vo_member_instant(w, "last", to_s - llround((double)(to_s - from_s) / n));
    }
    vo_member_number(w, "intervals", n);
    vo_json_out_end(w);
    vo_member_number(w, "seconds", 0);
    vo_json_out_key(w, "results");
    if (results)
        vo_json_out_value(w, results);
    else
        vo_json_out_null(w);
    vo_member_text(w, "prices", NULL);
    vo_json_out_end(w);
    vo_manifest_fini(&m);
    return VO_OK;
}

static vo_status write_answer(const vo_engine_options *o, const vo_training *t,
                              const vo_inputs *in, const vo_trained *trained,
                              const char *version, const char *alias, vo_json_out *w,
                              vo_error *err) {
    char stamp[40];
    vo_json *results = NULL;
    const vo_status s = vo_json_parse(trained->results, trained->results_len, &results, err);
    if (s != VO_OK) return s;
    write_names(o, t, version, alias, false, w);
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

/* The same request again: what it made is the answer. A version that its maker left without an
 * alias gets it now. */
static vo_status answer_before(const vo_engine_options *o, const vo_request *r,
                               const vo_training *t, vo_json_out *w, bool *answered,
                               vo_error *err) {
    vo_registry *registry = NULL;
    char version[VO_REGISTRY_NAME] = "";
    const char *alias = NULL;
    bool decided = false;
    *answered = false;
    vo_status s = vo_registry_open(o->models, NULL, &registry, err);
    if (s == VO_OK) s = vo_train_made_before(registry, r, t->id, version, &decided, err);
    if (s == VO_OK && *version) {
        *answered = true;
        if (!decided) s = give_alias(registry, r, t, version, &alias, err);
        if (s == VO_OK) s = write_before(o, registry, t, version, w, err);
    }
    vo_registry_close(registry);
    return s;
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
    if (s == VO_OK) s = vo_train_check_origin(registry, t->id, r, err);
    if (s == VO_OK) s = vo_train_check_prices(t, in, until, err);
    if (s == VO_OK) s = vo_train(t, in, until, &world, &trained, err);
    if (s == VO_OK)
        s = vo_train_register(registry, t, in, r, &trained, *champion ? champion : NULL,
                              version, err);
    bool decided = false;
    if (s == VO_OK && r->value[VO_TRN_key].json)
        s = is_decided(registry, t->id, version, &decided, err);
    if (s == VO_OK && !decided) s = give_alias(registry, r, t, version, &alias, err);
    if (s == VO_OK && decided) s = alias_of(registry, t->id, version, &alias, err);
    if (s == VO_OK) s = write_answer(o, t, in, &trained, version, alias, w, err);
    vo_trained_fini(&trained);
    vo_registry_close(registry);
    vo_learn_world_fini(&world);
    return s;
}

/* All that the request says: before the work, not after it. */
static vo_status read_all(const char *request, vo_request *r, vo_battery *battery,
                          vo_training *t, vo_error *err) {
    size_t ignored = 0;
    *battery = vo_q_battery_default();
    vo_status s = vo_request_read(request, VO_REQUEST_TRAIN, r, err);
    if (s == VO_OK) s = vo_training_read(r, NULL, battery, t, err);
    if (s == VO_OK)
        s = vo_request_choice(r, VO_TRN_alias, "alias", alias_names, 2, 0, &ignored, err);
    if (s == VO_OK && r->value[VO_TRN_reason].text)
        s = vo_registry_check_reason(r->value[VO_TRN_reason].text, err);
    return s;
}

vo_status vo_train_check(const vo_engine_options *o, const char *request, vo_error *err) {
    if (vo_train_load_asked(request)) return vo_train_load_check(o, request, err);
    vo_request r = {0};
    vo_inputs in = {0};
    vo_registry *registry = NULL;
    vo_battery battery;
    vo_training t;
    size_t until = 0;
    vo_status s = read_all(request, &r, &battery, &t, err);
    if (s == VO_OK) s = vo_inputs_load(o, &r, &in, err);
    if (s == VO_OK) s = find_until(&r, &in, &until, err);
    if (s == VO_OK) s = vo_train_check_prices(&t, &in, until, err);
    if (s == VO_OK) s = vo_registry_open(o->models, NULL, &registry, err);
    if (s == VO_OK) s = vo_train_check_origin(registry, t.id, &r, err);
    vo_registry_close(registry);
    vo_inputs_fini(&in);
    vo_request_fini(&r);
    return s;
}

vo_status vo_train_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                       vo_error *err) {
    if (vo_train_load_asked(request)) return vo_train_load_run(o, request, w, err);
    vo_request r = {0};
    vo_inputs in = {0};
    vo_battery battery;
    vo_training t;
    vo_status s = read_all(request, &r, &battery, &t, err);
    bool answered = false;
    if (s == VO_OK) s = answer_before(o, &r, &t, w, &answered, err);
    if (s == VO_OK && !answered) s = vo_inputs_load(o, &r, &in, err);
    if (s == VO_OK && !answered) s = train_and_keep(o, &r, &t, &in, w, err);
    vo_inputs_fini(&in);
    vo_request_fini(&r);
    return s;
}
