/* seed_model.c -- seeds of fuzz_model: small trained models, saved as the engine saves them.
 *
 *     seed_model FOLDER     writes gbt, lear, ensemble, load_gbt and q_table
 */
#include <stdio.h>
#include <stdlib.h>

#include "learn/day_ensemble.h"
#include "learn/forecaster.h"
#include "learn/load_model.h"
#include "learn/price_model.h"
#include "learn/q_training.h"
#include "port/file.h"
#include "support/model_history.h"

static const char *folder;

static void check(vo_status st, const vo_error *err) {
    if (st == VO_OK) return;
    fprintf(stderr, "seed_model: %s\n", err->msg);
    exit(1);
}

/* Takes the bytes and frees them. */
static void write_model(const char *name, vo_artefact_out *out) {
    char path[1024];
    vo_error err = {0};
    void *bytes = NULL;
    size_t len = 0;
    check(vo_artefact_out_take(out, &bytes, &len, &err), &err);
    snprintf(path, sizeof path, "%.900s/%s", folder, name);
    check(vo_file_write(path, bytes, len, &err), &err);
    vo_artefact_out_free(out);
    free(bytes);
}

static void boosted(const vo_series *s) {
    vo_price_settings set = vo_price_settings_default(1);
    vo_price_model *m = NULL;
    vo_artefact_out *out = NULL;
    vo_error err = {0};
    set.features = (vo_features_settings){.n_lags = 1,
                                          .lag = {1},
                                          .n_windows = 1,
                                          .window = {24},
                                          .holidays = VO_HOLIDAY_BY_ZONE};
    set.n_horizons = 2, set.horizon[0] = 1, set.horizon[1] = 24;
    set.n_levels = 3, set.level[0] = 0.05, set.level[1] = 0.5, set.level[2] = 0.95;
    set.point.trees = set.quantile.trees = 3;
    set.point.depth = set.quantile.depth = 2;
    check(vo_price_model_train(s, NULL, s->n, &set, NULL, &m, &err), &err);
    check(vo_forecaster_artefact("gbt", &out, &err), &err);
    vo_price_model_save(m, out);
    write_model("gbt", out);
    vo_price_model_free(m);
}

/* What an ensemble is saved as (forecaster_ensemble.c), of members that are small enough. */
static void daily(const vo_series *s, const char *name, const char *const *member, size_t n) {
    const vo_learning world = {.alloc = &vo_alloc_libc, .seed = 1};
    vo_day_ensemble_settings set = vo_day_ensemble_settings_default();
    vo_day_table *t = NULL;
    vo_day_ensemble *e = NULL;
    vo_artefact_out *out = NULL;
    vo_error err = {0};
    set.member = member, set.n_members = n, set.warmup_days = 7, set.warmup_refit_days = 7;
    check(vo_day_table_create(s, NULL, &t, &err), &err);
    vo_day_table_reveal(t, s->column[0].value, s->n);
    check(vo_day_ensemble_create(t, &set, &world, &e, &err), &err);
    check(vo_day_ensemble_fit(e, t, MODEL_HISTORY_DAYS - 10, &err), &err);
    check(vo_forecaster_artefact(name, &out, &err), &err);
    vo_artefact_begin(out, "DAYS");
    vo_artefact_put_u32(out, (uint32_t)n);
    for (size_t k = 0; k < n; k++) vo_artefact_put_text(out, member[k]);
    vo_artefact_put_u32(out, (uint32_t)t->n_exog);
    for (size_t k = 0; k < t->n_exog; k++) vo_artefact_put_text(out, t->exog_name[k]);
    vo_artefact_end(out);
    check(vo_day_ensemble_save(e, t, out, &err), &err);
    write_model(name, out);
    vo_day_ensemble_free(e);
    vo_day_table_free(t);
}

static void of_loads(const vo_series *s) {
    const vo_load_history home = {s, s->column[0].value, s->n};
    vo_load_settings set = vo_load_settings_default();
    vo_load_model *m = NULL;
    vo_artefact_out *out = NULL;
    vo_error err = {0};
    set.trees.trees = 3, set.trees.depth = 2;
    check(vo_load_model_train(&home, 1, &set, NULL, &m, &err), &err);
    check(vo_forecaster_artefact("load_gbt", &out, &err), &err);
    vo_load_model_save(m, out);
    write_model("load_gbt", out);
    vo_load_model_free(m);
}

static void tabular(const vo_series *s) {
    const vo_battery battery = vo_battery_default();
    uint8_t hour[24 * MODEL_HISTORY_DAYS];
    const vo_q_market market = {
        .n = s->n, .price = s->column[0].value, .hour = hour, .interval_h = 1};
    vo_q_settings set = vo_q_settings_for(1);
    vo_q_table *t = NULL;
    vo_artefact_out *out = NULL;
    vo_error err = {0};
    set.axes.charge_bins = 3, set.axes.price_bins = 3, set.axes.hour_bins = 4;
    set.environments = 16, set.episodes = 20, set.max_steps = 1000;
    check(vo_q_hours(s, hour, &err), &err);
    check(vo_q_train(&set, &battery, &market, 1, NULL, &t, NULL, &err), &err);
    check(vo_artefact_out_create(VO_Q_KIND, VO_Q_VERSION, &out, &err), &err);
    check(vo_q_table_save(t, out, &err), &err);
    write_model("q_table", out);
    vo_q_table_free(t);
}

int main(int argc, char **argv) {
    static const char *const lear[] = {"lear:days=56"};
    static const char *const both[] = {"net:nets=1,units=2,layers=1,epochs=2,days=56",
                                       "lear:days=56,level=7,spread=7"};
    vo_error err = {0};
    if (argc != 2) {
        fputs("usage: seed_model FOLDER\n", stderr);
        return 2;
    }
    folder = argv[1];
    check(vo_file_make_folders(folder, &err), &err);
    vo_series *s = model_history();
    boosted(s);
    daily(s, "lear", lear, 1);
    daily(s, "ensemble", both, 2);
    of_loads(s);
    tabular(s);
    vo_series_free(s);
    return 0;
}
