/* train_learn.c -- what vo_train does for each method, and how its results are told.
 *
 * gbt trains price models directly, so that its settings can be chosen, and saves what the
 * forecaster of that name loads. lear and ensemble are fitted through the forecaster seam: first
 * on all but the last days, to be judged on those, then on all of it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/members.h"
#include "engine/train.h"
#include "learn/evaluation.h"
#include "learn/gbt_search.h"
#include "learn/known_ahead.h"
#include "learn/price_model.h"
#include "learn/q_training.h"
#include "port/clock.h"

#define JUDGED_DAYS 28 /* of lear and ensemble: held out first, then learned from too */
#define FEATURES_TOLD 20
#define SEARCH_ROWS 20000

/* ---- results ------------------------------------------------------------------------------ */

static void write_metrics(const char *key, const vo_metrics *m, vo_json_out *w) {
    vo_json_out_key(w, key);
    vo_json_out_object(w);
    vo_member_integer(w, "n", (long long)m->n);
    vo_member_metrics(w, m);
    vo_json_out_end(w);
}

/* What the registry lists of a version: the metrics that there are. */
static void keep_metrics(const vo_metrics *m, vo_trained *out) {
    for (int k = 0; k < VO_METRIC_COUNT; k++) {
        const double v = vo_metric_value(m, (vo_metric)k);
        if (isnan(v)) continue;
        out->metric[out->n_metrics++] = (vo_registry_metric){vo_metric_name((vo_metric)k), v};
    }
}

static vo_status keep_feature(vo_trained *out, const char *name, vo_error *err) {
    char(*more)[128] = realloc(out->feature, (out->n_features + 1) * sizeof *more);
    if (!more) return vo_fail(err, VO_ENOMEM, "%zu features", out->n_features + 1);
    out->feature = more;
    snprintf(out->feature[out->n_features++], sizeof *more, "%s", name);
    return VO_OK;
}

/* ---- gradient boosting --------------------------------------------------------------------- */

/* Minutes to whole intervals of the series. */
static vo_status set_horizons(const vo_training *t, double step_h, vo_price_settings *s,
                              vo_error *err) {
    for (size_t i = 0; i < t->n_horizons; i++) {
        const double x = t->horizon_min[i] / (60 * step_h);
        if (fabs(x - round(x)) > 1e-6 || x < 1)
            return vo_fail(err, VO_EINVAL,
                           "horizons: %g min is no whole number of the prices' intervals of "
                           "%g min",
                           t->horizon_min[i], 60 * step_h);
        s->horizon[i] = (int32_t)llround(x);
    }
    if (t->n_horizons) s->n_horizons = t->n_horizons;
    return VO_OK;
}

/* As the forecaster gbt saves itself: with the instant until which it learned, so that its
 * quantiles can follow the errors it makes later. */
static vo_status save_price_model(const vo_price_model *m, const vo_series *s, size_t until,
                                  vo_trained *out, vo_error *err) {
    vo_artefact_out *w = NULL;
    vo_status st = vo_forecaster_artefact("gbt", &w, err);
    if (st != VO_OK) return st;
    vo_price_model_save(m, w);
    vo_artefact_begin(w, "SEEN");
    vo_artefact_put_u64(w,
                        (uint64_t)(s->start[until - 1].s + llround(3600 * s->dt_h[until - 1])));
    vo_artefact_end(w);
    st = vo_artefact_out_take(w, &out->bytes, &out->len, err);
    vo_artefact_out_free(w);
    return st;
}

static void set_boosting(const vo_train_boosting *b, vo_gbt_settings *s) {
#define X(name, type, lo, hi)                                                                  \
    if (!isnan(b->name)) s->name = (type)b->name;
    VO_TRAIN_BOOSTING_MAP(X)
#undef X
}

static vo_status gbt_settings(const vo_training *t, const vo_inputs *in, size_t until,
                              vo_price_settings *s, vo_error *err) {
    *s = vo_price_settings_default(in->series->dt_h[0]);
    vo_status st = vo_price_settings_columns(s, in->series, until, true, err);
    if (st == VO_OK) st = set_horizons(t, in->series->dt_h[0], s, err);
    if (st != VO_OK) return st;
    if (t->n_levels) {
        s->n_levels = t->n_levels;
        memcpy(s->level, t->level, t->n_levels * sizeof *t->level);
    }
    if (t->split_days) s->split = vo_split_rule_days();
    set_boosting(&t->point, &s->point);
    set_boosting(&t->quantile, &s->quantile);
    s->point.seed = s->quantile.seed = t->seed;
    return vo_price_settings_check(s, err);
}

/* Over the results of a search. */
static void write_search(const vo_price_rows *rows, const vo_gbt_found *found, vo_json_out *w) {
    vo_json_out_key(w, "search");
    vo_json_out_object(w);
    vo_member_text(w, "target", vo_price_target_name(rows->target));
    vo_member_integer(w, "rows", (long long)rows->n);
    vo_member_integer(w, "tried", (long long)found->n);
    vo_member_number(w, "loss_before", found->tried[0].loss);
    vo_member_number(w, "loss", found->tried[found->best].loss);
    vo_json_out_end(w);
}

/* The settings that a cross-validation in order of time finds best for the first horizon: on the
 * rows and the target that its model is fitted to. */
static vo_status search(const vo_training *t, const vo_inputs *in, size_t until,
                        vo_learn_world *world, vo_price_settings *s, vo_json_out *w,
                        vo_error *err) {
    vo_gbt_found found = {0};
    vo_price_rows rows = {0};
    vo_gbt_search how = vo_gbt_search_default();
    const double from = world->from, share = world->share;
    world->share = 0.2 * share;
    vo_status st = vo_price_model_rows(in->series, NULL, until, s, 0, SEARCH_ROWS,
                                       &world->learning, &rows, err);
    how.draws = t->search;
    how.gap = rows.gap;
    how.seed = t->seed;
    world->from = from + 0.2 * share;
    world->share = 0.8 * share;
    if (st == VO_OK)
        st = vo_gbt_search_run(rows.x, rows.label, rows.n, rows.width, &s->point, &how,
                               &world->learning, &found, err);
    if (st == VO_OK) {
        const vo_gbt_settings best = found.tried[found.best].settings;
        write_search(&rows, &found, w);
        s->point = best;
        s->quantile = best;
        s->quantile.objective = VO_GBT_QUANTILE;
    }
    vo_gbt_found_fini(&found);
    vo_price_rows_fini(&rows);
    return st;
}

typedef struct {
    size_t feature;
    double gain;
} worth;

static int by_gain(const void *a, const void *b) {
    const worth *x = a, *y = b;
    if (x->gain != y->gain) return x->gain < y->gain ? 1 : -1;
    return x->feature < y->feature ? -1 : x->feature > y->feature;
}

/* The features of one horizon that matter most. */
static vo_status write_importance(const vo_price_model *m, size_t k, vo_json_out *w,
                                  vo_error *err) {
    const size_t n = vo_price_model_features(m);
    worth *order = calloc(n, sizeof *order);
    double *x = calloc(3 * n, sizeof *x);
    if (!order || !x) {
        free(order);
        free(x);
        return vo_fail(err, VO_ENOMEM, "importance of %zu features", n);
    }
    double *const gain = x, *const cover = x + n, *const shuffled = x + 2 * n;
    vo_price_model_importance(m, k, VO_GBT_GAIN, gain);
    vo_price_model_importance(m, k, VO_GBT_COVER, cover);
    vo_price_model_permutation(m, k, shuffled);
    for (size_t j = 0; j < n; j++) order[j] = (worth){j, gain[j]};
    qsort(order, n, sizeof *order, by_gain);
    vo_json_out_key(w, "importance");
    vo_json_out_array(w);
    for (size_t i = 0; i < n && i < FEATURES_TOLD && order[i].gain > 0; i++) {
        const size_t j = order[i].feature;
        vo_json_out_object(w);
        vo_member_text(w, "feature", vo_price_model_feature(m, j));
        vo_member_number(w, "gain", gain[j]);
        vo_member_number(w, "cover", cover[j]);
        vo_member_number(w, "permutation", shuffled[j]);
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
    free(order);
    free(x);
    return VO_OK;
}

static void write_gbt_settings(const char *key, const vo_gbt_settings *s, vo_json_out *w) {
    vo_json_out_key(w, key);
    vo_json_out_object(w);
#define X(name, type, lo, hi) vo_member_number(w, #name, (double)s->name);
    VO_TRAIN_BOOSTING_MAP(X)
#undef X
    vo_member_integer(w, "stopping_rounds", s->stopping_rounds);
    vo_member_integer(w, "seed", (long long)s->seed);
    vo_json_out_end(w);
}

static vo_status write_gbt(const vo_price_model *m, vo_json_out *w, vo_error *err) {
    const vo_price_settings *s = vo_price_model_settings(m);
    const double step_min = 60 * vo_price_model_step_h(m);
    vo_status st = VO_OK;
    vo_member_text(w, "method", "gbt");
    write_gbt_settings("settings", &s->point, w);
    write_gbt_settings("quantile_settings", &s->quantile, w);
    vo_member_text(w, "split", s->split.days ? "days" : "shares");
    vo_json_out_key(w, "quantiles");
    vo_json_out_array(w);
    for (size_t i = 0; i < s->n_levels; i++) vo_json_out_number(w, s->level[i]);
    vo_json_out_end(w);
    vo_json_out_key(w, "horizons");
    vo_json_out_array(w);
    for (size_t k = 0; k < s->n_horizons && st == VO_OK; k++) {
        const vo_price_score *score = vo_price_model_score(m, k);
        vo_json_out_object(w);
        vo_member_number(w, "minutes", step_min * s->horizon[k]);
        vo_member_text(w, "target", vo_price_target_name(score->target));
        vo_member_integer(w, "trees", (long long)score->trees);
        write_metrics("metrics", &score->test, w);
        write_metrics("naive_week", &score->naive, w);
        st = write_importance(m, k, w, err);
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
    return st;
}

static vo_status train_gbt(const vo_training *t, const vo_inputs *in, size_t until,
                           vo_learn_world *world, vo_json_out *w, vo_trained *out,
                           vo_error *err) {
    vo_price_settings s;
    vo_price_model *m = NULL;
    const double from = world->from, share = world->share;
    vo_status st = gbt_settings(t, in, until, &s, err);
    if (st == VO_OK && t->search > 0) {
        world->share = 0.5 * share;
        st = search(t, in, until, world, &s, w, err);
        world->from = from + 0.5 * share;
        world->share = 0.5 * share;
    }
    if (st == VO_OK)
        st = vo_price_model_train(in->series, NULL, until, &s, &world->learning, &m, err);
    world->from = from;
    world->share = share;
    if (st == VO_OK) st = save_price_model(m, in->series, until, out, err);
    if (st == VO_OK) st = write_gbt(m, w, err);
    if (st == VO_OK) keep_metrics(&vo_price_model_score(m, 0)->test, out);
    for (size_t j = 0; st == VO_OK && j < vo_price_model_features(m); j++)
        st = keep_feature(out, vo_price_model_feature(m, j), err);
    vo_price_model_free(m);
    return st;
}

/* ---- day-ahead models ------------------------------------------------------------------------ */

/* First interval of the last JUDGED_DAYS whole days before `until`. */
static size_t judged_from(const vo_series *s, size_t until) {
    size_t t = until;
    while (t > 0 && s->day[until - 1] - s->day[t - 1] < JUDGED_DAYS) t--;
    return t;
}

/* How the method does on its last days when it has not seen them. */
static vo_status judge(const char *name, const vo_series *series, size_t until,
                       const vo_learning *world, vo_metrics *out, vo_error *err) {
    static const double level[] = {0.05, 0.5, 0.95};
    const size_t first = judged_from(series, until);
    if (first == 0)
        return vo_fail(err, VO_EINVAL,
                       "%s is judged on its last %d days: %d days of prices are too few", name,
                       JUDGED_DAYS, series->day[until - 1] - series->day[0] + 1);
    vo_series *past = NULL;
    vo_evaluation e = {0}, week = {0};
    vo_status st = vo_series_slice(series, series->start[0],
                                   (vo_time){series->start[until - 1].s + 1}, &past, err);
    if (st == VO_OK) st = vo_evaluation_run(name, past, first, level, 3, world, &e, err);
    if (st == VO_OK)
        st = vo_evaluation_run("naive_week", past, first, NULL, 0, world, &week, err);
    if (st == VO_OK) {
        const double *real = past->column[0].value + first;
        *out = vo_metrics_none();
        vo_metrics_point(out, real, e.said, e.n);
        vo_metrics_quantiles(out, real, e.quantile, e.n, level, 3);
        out->rmae_week = vo_metric_relative(real, e.said, week.said, e.n);
        double *low = calloc(2 * e.n, sizeof *low);
        if (!low) st = vo_fail(err, VO_ENOMEM, "metrics");
        for (size_t i = 0; st == VO_OK && i < e.n; i++) {
            low[i] = e.quantile[3 * i];
            low[e.n + i] = e.quantile[3 * i + 2];
        }
        if (st == VO_OK) vo_metrics_interval(out, real, low, low + e.n, e.n, 0.1);
        free(low);
    }
    vo_evaluation_fini(&week);
    vo_evaluation_fini(&e);
    vo_series_free(past);
    return st;
}

static vo_status train_days(const vo_training *t, const vo_inputs *in, size_t until,
                            vo_learn_world *world, vo_json_out *w, vo_trained *out,
                            vo_error *err) {
    const char *name = vo_train_method_name(t->method);
    vo_forecaster *f = NULL;
    vo_metrics m = vo_metrics_none();
    world->learning.recalibrate_days = 7;
    const double from = world->from, share = world->share;
    world->share = 0.5 * share;
    vo_status st = judge(name, in->series, until, &world->learning, &m, err);
    world->from = from + 0.5 * share;
    if (st == VO_OK) st = vo_forecaster_create(name, in->series, &world->learning, &f, err);
    if (st == VO_OK) st = vo_forecaster_fit(f, in->series->column[0].value, until, err);
    if (st == VO_OK) st = vo_forecaster_to_bytes(f, &out->bytes, &out->len, err);
    vo_forecaster_free(f);
    world->from = from;
    world->share = share;
    if (st != VO_OK) return st;
    vo_member_text(w, "method", name);
    vo_json_out_key(w, "settings");
    vo_json_out_object(w);
    vo_member_integer(w, "seed", (long long)t->seed);
    vo_json_out_end(w);
    vo_member_integer(w, "judged_days", JUDGED_DAYS);
    write_metrics("metrics", &m, w);
    keep_metrics(&m, out);
    for (size_t k = 0; st == VO_OK && k < in->series->n_columns; k++)
        if (k == 0 || vo_known_ahead(in->series, k))
            st = keep_feature(out, in->series->column[k].name, err);
    return st;
}

/* ---- Q-learning --------------------------------------------------------------------------------- */

static vo_q_settings q_settings(const vo_training *t, double interval_h) {
    vo_q_settings s = vo_q_settings_for(interval_h);
#define X(name, lo, hi)                                                                        \
    if (!isnan(t->name)) s.name = (int32_t)t->name;
    VO_TRAIN_TABLE_MAP(X)
#undef X
    return s;
}

static void write_q(const vo_q_settings *s, const vo_q_training *done, const vo_battery *b,
                    uint64_t seed, vo_json_out *w) {
    vo_member_text(w, "method", "q_learning");
    vo_member_number(w, "steps", (double)done->steps);
    vo_member_integer(w, "intervals", (long long)done->intervals);
    vo_member_number(w, "loss", done->loss);
    vo_json_out_key(w, "settings");
    vo_json_out_object(w);
    vo_member_integer(w, "charge_bins", s->axes.charge_bins);
    vo_member_integer(w, "price_bins", s->axes.price_bins);
    vo_member_integer(w, "hour_bins", s->axes.hour_bins);
#define X(name, lo, hi) vo_member_integer(w, #name, s->name);
    VO_TRAIN_TABLE_MAP(X)
#undef X
    vo_member_number(w, "epsilon", s->epsilon);
    vo_member_number(w, "epsilon_decay", s->epsilon_decay);
    vo_member_number(w, "epsilon_min", s->epsilon_min);
    vo_member_number(w, "discount", s->discount);
    vo_member_number(w, "learning_rate", s->learning_rate);
    vo_member_integer(w, "seed", (long long)seed);
    vo_json_out_end(w);
    vo_json_out_key(w, "battery");
    vo_json_out_object(w);
#define X(name, lo, hi) vo_member_number(w, #name, b->name);
    VO_TRAIN_BATTERY_MAP(X)
#undef X
    vo_json_out_end(w);
}

/* A step of a table is one length of time, and a window of prices so many of them. */
static vo_status check_even(const vo_series *s, size_t until, vo_error *err) {
    for (size_t t = 1; t < until; t++)
        if (fabs(s->dt_h[t] - s->dt_h[0]) > 1e-9)
            return vo_fail(
                err, VO_EINVAL,
                "interval %zu has %g h, the first %g h: Q-learning needs intervals of "
                "one length (repair = \"clean\")",
                t, s->dt_h[t], s->dt_h[0]);
    return VO_OK;
}

static vo_status save_table(const vo_q_table *table, vo_trained *out, vo_error *err) {
    vo_artefact_out *a = NULL;
    vo_status st = vo_artefact_out_create(VO_Q_KIND, VO_Q_VERSION, &a, err);
    if (st == VO_OK) st = vo_q_table_save(table, a, err);
    if (st == VO_OK) st = vo_artefact_out_take(a, &out->bytes, &out->len, err);
    vo_artefact_out_free(a);
    return st;
}

static vo_status train_q(const vo_training *t, const vo_inputs *in, size_t until,
                         vo_learn_world *world, vo_json_out *w, vo_trained *out,
                         vo_error *err) {
    static const char *const states[] = {"charge", "price", "hour"};
    const vo_q_settings s = q_settings(t, in->series->dt_h[0]);
    vo_q_training done = {0};
    vo_q_table *table = NULL;
    double *carbon = NULL;
    vo_status st = check_even(in->series, until, err);
    if (st == VO_OK)
        st = vo_q_check_history(in->series->column[0].value, until, in->series->dt_h[0], err);
    if (st != VO_OK) return st;
    uint8_t *hour = malloc(in->series->n);
    if (!hour) return vo_fail(err, VO_ENOMEM, "hours of %zu intervals", in->series->n);
    st = vo_q_settings_check(&s, err);
    if (st == VO_OK) st = vo_q_hours(in->series, hour, err);
    if (st == VO_OK) st = vo_q_carbon(&in->problem, until, &vo_alloc_libc, &carbon, err);
    const vo_q_market market = {.n = until,
                                .price = in->series->column[0].value,
                                .export_price = in->problem.export_price,
                                .carbon_per_mwh = carbon,
                                .hour = hour,
                                .interval_h = in->series->dt_h[0],
                                .fee_per_mwh = in->problem.fee_per_mwh};
    if (st == VO_OK)
        st = vo_q_train(&s, t->battery, &market, 1, &world->learning, &table, &done, err);
    if (st == VO_OK) st = save_table(table, out, err);
    if (st == VO_OK) {
        write_q(&s, &done, t->battery, t->seed, w);
        out->metric[0] = (vo_registry_metric){"loss", done.loss};
        out->metric[1] = (vo_registry_metric){"steps", (double)done.steps};
        out->n_metrics = 2;
    }
    for (size_t i = 0; st == VO_OK && i < 3; i++) st = keep_feature(out, states[i], err);
    vo_q_table_free(table);
    vo_alloc_libc.free(vo_alloc_libc.ctx, carbon);
    free(hour);
    return st;
}

/* ---- whichever ------------------------------------------------------------------------------------ */

vo_status vo_train_check_prices(const vo_training *t, const vo_inputs *in, size_t until,
                                vo_error *err) {
    enum { LEAST = 101 }; /* origins to fit, to stop by and to judge on */
    vo_price_settings s;
    if (t->method == VO_TRAIN_q_learning) return check_even(in->series, until, err);
    if (t->method != VO_TRAIN_gbt) return VO_OK;
    const vo_status st = gbt_settings(t, in, until, &s, err);
    size_t longest = 0;
    for (size_t k = 0; st == VO_OK && k < s.n_horizons; k++)
        if ((size_t)s.horizon[k] > longest) longest = (size_t)s.horizon[k];
    if (st == VO_OK && until < longest + LEAST)
        return vo_fail(
            err, VO_EINVAL,
            "horizons: one of %g min needs %zu prices or more to learn from, there are "
            "%zu: give an earlier first day, more prices, or shorter horizons",
            60 * in->series->dt_h[0] * (double)longest, longest + LEAST, until);
    return st;
}

vo_status vo_train(const vo_training *t, const vo_inputs *in, size_t until,
                   vo_learn_world *world, vo_trained *out, vo_error *err) {
    vo_json_out *w = NULL;
    vo_trained trained = {.until = until};
    const double began_s = vo_clock_monotonic_s();
    vo_status st = vo_json_out_create(&w, err);
    if (st != VO_OK) return st;
    vo_json_out_object(w);
    switch (t->method) {
    case VO_TRAIN_gbt:
        st = train_gbt(t, in, until, world, w, &trained, err);
        break;
    case VO_TRAIN_lear:
    case VO_TRAIN_ensemble:
        st = train_days(t, in, until, world, w, &trained, err);
        break;
    case VO_TRAIN_q_learning:
        st = train_q(t, in, until, world, w, &trained, err);
        break;
    case VO_TRAIN_METHODS:
        break;
    }
    vo_json_out_end(w);
    if (st == VO_OK) st = vo_json_out_take(w, &trained.results, &trained.results_len, err);
    vo_json_out_free(w);
    trained.seconds = vo_clock_monotonic_s() - began_s;
    if (st == VO_OK)
        *out = trained;
    else
        vo_trained_fini(&trained);
    return st;
}
