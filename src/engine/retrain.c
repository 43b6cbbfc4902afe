/* retrain.c -- see retrain.h. */
#include "engine/retrain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/duel.h"
#include "engine/members.h"
#include "engine/response.h"
#include "engine/train.h"
#include "port/clock.h"

#define NEW "new" /* the challenger's name before it is registered */

typedef struct {
    const vo_engine_options *o;
    vo_request request;
    vo_inputs in;
    vo_battery battery;
    vo_training training;
    vo_duel duel;
    vo_registry *registry;
    vo_learn_world world;
    char champion[VO_REGISTRY_NAME]; /* "": there is none yet                   */
    vo_trained before, whole;        /* trained up to the days judged, and on all */
    vo_backtest_result *old_result, *new_result;
    double days_seen; /* of those played, by the champion in its training */
    bool promoted;
    char version[VO_REGISTRY_NAME]; /* registered; "": nothing was             */
    char reason[200];
    size_t pruned;
} retrain;

/* ---- the duel ------------------------------------------------------------------------------ */

/* The world's models, and one more that is not registered yet. */
static vo_status resolve(void *ctx, const char *name, const void **bytes, size_t *len,
                         vo_error *err) {
    retrain *x = ctx;
    if (strcmp(name, NEW) != 0)
        return x->world.learning.model(x->world.learning.model_ctx, name, bytes, len, err);
    *bytes = x->before.bytes;
    *len = x->before.len;
    return VO_OK;
}

static vo_status play(retrain *x, const char *reference, vo_backtest_result **out,
                      vo_error *err) {
    const void *bytes = NULL;
    size_t len = 0;
    char spec[VO_POLICY_SPEC_MAX];
    vo_learning learning = x->world.learning;
    learning.model = resolve;
    learning.model_ctx = x;
    learning.progress = NULL;
    vo_status s = resolve(x, reference, &bytes, &len, err);
    if (s == VO_OK) s = vo_duel_spec(bytes, len, reference, spec, err);
    if (s == VO_OK) s = vo_duel_play(&x->duel, spec, &learning, out, err);
    return s;
}

static vo_status judge(retrain *x, vo_error *err) {
    char reference[2 * VO_REGISTRY_NAME + 2];
    x->world.share = 0.45;
    vo_status s = vo_train_check_origin(x->registry, x->training.id, &x->request, err);
    if (s == VO_OK)
        s = vo_train(&x->training, &x->in, x->duel.first, &x->world, &x->before, err);
    if (s == VO_OK) s = play(x, NEW, &x->new_result, err);
    if (s != VO_OK || !*x->champion) return s;
    vo_registry_found found;
    snprintf(reference, sizeof reference, "%s@%s", x->training.id, x->champion);
    s = vo_registry_get(x->registry, reference, &found, err);
    if (s == VO_OK) s = vo_duel_days_seen(&x->duel, x->registry, &found, &x->days_seen, err);
    return s == VO_OK ? play(x, reference, &x->old_result, err) : s;
}

/* ---- the decision ------------------------------------------------------------------------------ */

/* Not worse: earns as much, but for what rounding takes. */
static bool not_worse(const retrain *x) {
    const double a = x->new_result->profit, b = x->old_result ? x->old_result->profit : 0;
    return !x->old_result || a >= b - 1e-9 * fmax(fabs(a), fabs(b));
}

static void explain(retrain *x) {
    const int days = (int)x->new_result->n_days;
    if (!x->old_result)
        snprintf(x->reason, sizeof x->reason,
                 "the first champion: earned %.2f in the last %d days", x->new_result->profit,
                 days);
    else
        snprintf(x->reason, sizeof x->reason,
                 "%s than %s in the last %d days: %.2f against %.2f",
                 x->promoted ? "not worse" : "worse", x->champion, days, x->new_result->profit,
                 x->old_result->profit);
}

/* Champion, if the one that it was judged against still is; else a challenger. */
static vo_status give_alias(retrain *x, const vo_registry_decision *why, vo_error *err) {
    const char *id = x->training.id, *holder = *x->champion ? x->champion : NULL;
    if (x->promoted) {
        const vo_status s = vo_registry_promote_if(
            x->registry, id, x->version, VO_REGISTRY_CHAMPION, holder, why, &x->promoted, err);
        if (s != VO_OK || x->promoted) return s;
        snprintf(x->reason, sizeof x->reason,
                 "not promoted: %s was champion when it was judged, and no longer is",
                 holder ? holder : "none");
    }
    return vo_registry_promote(x->registry, id, x->version, VO_REGISTRY_CHALLENGER, why, err);
}

static vo_status keep(retrain *x, vo_error *err) {
    char metrics[160];
    x->world.from = 0.5;
    vo_status s = VO_OK;
    if (x->promoted)
        s = vo_train(&x->training, &x->in, x->in.series->n, &x->world, &x->whole, err);
    if (s == VO_OK)
        s = vo_train_register(x->registry, &x->training, &x->in, &x->request,
                              x->promoted ? &x->whole : &x->before,
                              *x->champion ? x->champion : NULL, x->version, err);
    snprintf(metrics, sizeof metrics, "{\"new_profit\": %.6f, \"champion_profit\": %.6f}",
             x->new_result->profit, x->old_result ? x->old_result->profit : 0.0);
    const vo_registry_decision why = {
        .automatic = true, .reason = x->reason, .metrics = metrics, .when_s = vo_clock_utc_s()};
    return s == VO_OK ? give_alias(x, &why, err) : s;
}

static vo_status count_pruned(void *ctx, const char *id, const vo_registry_version *v,
                              vo_error *err) {
    (void)id;
    (void)v;
    (void)err;
    ++*(size_t *)ctx;
    return VO_OK;
}

static vo_status prune(retrain *x, vo_error *err) {
    const vo_registry_decision why = {.automatic = true,
                                      .reason = "older than the backups that are kept",
                                      .when_s = vo_clock_utc_s()};
    return vo_registry_prune(x->registry, x->training.id, VO_REGISTRY_BACKUPS, false, &why,
                             count_pruned, &x->pruned, err);
}

/* ---- the document -------------------------------------------------------------------------------- */

static void write_side(const char *key, const char *version, double days_seen,
                       const vo_backtest_result *r, vo_json_out *w) {
    vo_json_out_key(w, key);
    if (!r) {
        vo_json_out_null(w);
        return;
    }
    vo_json_out_object(w);
    vo_member_text(w, "version", version);
    vo_member_number(w, "days_seen_in_training", days_seen);
    vo_duel_write(r, w);
    vo_json_out_end(w);
}

static void write_decision(const retrain *x, bool dry, bool existed, vo_json_out *w) {
    vo_json_out_object(w);
    vo_member_text(w, "id", x->training.id);
    vo_member_text(w, "method", vo_train_method_name(x->training.method));
    vo_member_bool(w, "promoted", x->promoted && !dry);
    vo_member_bool(w, "dry_run", dry);
    vo_member_bool(w, "existed", existed);
    vo_member_text(w, "reason", x->reason);
    vo_member_text(w, "version", *x->version ? x->version : NULL);
}

/* The same request again: what was decided about the version that it made. */
static vo_status write_before(retrain *x, vo_json_out *w, vo_error *err) {
    static const char *const gone[] = {"champion", "challenger", "backtest",
                                       "challenger_trained_to", "prices"};
    vo_registry_log log = {0};
    const vo_status s = vo_registry_history(x->registry, &log, err);
    if (s != VO_OK) return s;
    for (size_t i = 0; i < log.n; i++) {
        const vo_registry_line *l = &log.line[i];
        if (!l->done || strcmp(l->id, x->training.id) != 0 || strcmp(l->to, x->version) != 0)
            continue;
        x->promoted = strcmp(l->alias, "champion") == 0;
        snprintf(x->reason, sizeof x->reason, "%.190s", l->reason);
        break; /* later lines are of others */
    }
    vo_registry_log_fini(&log);
    write_decision(x, false, true, w);
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++) vo_member_text(w, gone[i], NULL);
    vo_member_integer(w, "pruned", 0);
    vo_member_number(w, "seconds", 0);
    vo_json_out_end(w);
    return VO_OK;
}

static void write_answer(const retrain *x, bool dry, vo_json_out *w) {
    char stamp[40];
    write_decision(x, dry, false, w);
    write_side("champion", x->champion, x->days_seen, x->old_result, w);
    write_side("challenger", *x->version ? x->version : NULL, 0, x->new_result, w);
    vo_duel_write_days(&x->duel, x->new_result, w);
    vo_inputs_stamp(&x->in, x->duel.first - 1, stamp);
    vo_member_text(w, "challenger_trained_to", stamp);
    vo_member_integer(w, "pruned", (long long)x->pruned);
    vo_member_number(w, "seconds", x->before.seconds + x->whole.seconds);
    vo_json_out_key(w, "prices");
    vo_json_out_object(w);
    vo_response_inputs(&x->in, w);
    vo_json_out_end(w);
    vo_json_out_end(w);
}

/* What to train: what the request says, and as the champion was where it says nothing. */
static vo_status read_training(retrain *x, vo_error *err) {
    char id[VO_REGISTRY_NAME], reference[2 * VO_REGISTRY_NAME + 2];
    vo_registry_found found;
    vo_manifest manifest = {0};
    vo_status s = vo_training_id(&x->request, id, err);
    if (s == VO_OK) s = vo_registry_open(x->o->models, NULL, &x->registry, err);
    if (s == VO_OK) s = vo_train_champion(x->registry, id, x->champion, err);
    if (s == VO_OK && *x->champion) {
        snprintf(reference, sizeof reference, "%s@%s", id, x->champion);
        s = vo_registry_get(x->registry, reference, &found, err);
        if (s == VO_OK) s = vo_registry_manifest(x->registry, &found, &manifest, err);
    }
    x->battery = vo_battery_default();
    if (s == VO_OK)
        s = vo_training_read(&x->request,
                             manifest.root ? vo_json_get(manifest.root, "settings") : NULL,
                             &x->battery, &x->training, err);
    vo_manifest_fini(&manifest);
    return s;
}

static vo_status open_all(retrain *x, const char *request, bool *before, vo_error *err) {
    vo_request *r = &x->request;
    vo_status s = vo_request_read(request, VO_REQUEST_RETRAIN, r, err);
    if (s == VO_OK && r->value[VO_RET_train_until].json)
        s = vo_fail(err, VO_EINVAL,
                    "train_until: retraining learns from all prices and judges "
                    "on the last backtest_days; cut the prices with to instead");
    if (s == VO_OK) s = read_training(x, err);
    if (s == VO_OK)
        s = vo_train_made_before(x->registry, r, x->training.id, x->version, before, err);
    if (s == VO_OK && *before) return VO_OK;
    x->version[0] = '\0'; /* made and not decided about: judged again, and not made again */
    if (s == VO_OK) s = vo_inputs_load(x->o, r, &x->in, err);
    if (s == VO_OK)
        s = vo_duel_init(&x->in, &x->battery, vo_request_text(r, VO_RET_protocol, "planned"),
                         (int32_t)vo_request_number(r, VO_RET_backtest_days, 30), &x->duel,
                         err);
    vo_learn_world_init(&x->world, x->o, x->training.seed);
    return s;
}

vo_status vo_retrain_check(const vo_engine_options *o, const char *request, vo_error *err) {
    retrain *x = calloc(1, sizeof *x);
    if (!x) return vo_fail(err, VO_ENOMEM, "a retraining");
    x->o = o;
    bool before = false;
    vo_status s = open_all(x, request, &before, err);
    if (s == VO_OK && !before)
        s = vo_train_check_prices(&x->training, &x->in, x->in.series->n, err);
    vo_registry_close(x->registry);
    vo_learn_world_fini(&x->world);
    vo_inputs_fini(&x->in);
    vo_request_fini(&x->request);
    free(x);
    return s;
}

vo_status vo_retrain_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                         vo_error *err) {
    retrain *x = calloc(1, sizeof *x);
    if (!x) return vo_fail(err, VO_ENOMEM, "a retraining");
    x->o = o;
    bool before = false;
    vo_status s = open_all(x, request, &before, err);
    if (s == VO_OK && before) {
        s = write_before(x, w, err);
        goto done;
    }
    const bool dry = s == VO_OK && vo_request_number(&x->request, VO_RET_dry_run, 0) > 0;
    if (s == VO_OK) s = judge(x, err);
    if (s == VO_OK) {
        x->promoted = not_worse(x);
        explain(x);
    }
    if (s == VO_OK && !dry) s = keep(x, err);
    if (s == VO_OK && !dry) s = prune(x, err);
    if (s == VO_OK) write_answer(x, dry, w);
done:
    vo_trained_fini(&x->before);
    vo_trained_fini(&x->whole);
    vo_backtest_free(x->old_result);
    vo_backtest_free(x->new_result);
    vo_registry_close(x->registry);
    vo_learn_world_fini(&x->world);
    vo_inputs_fini(&x->in);
    vo_request_fini(&x->request);
    free(x);
    return s;
}
