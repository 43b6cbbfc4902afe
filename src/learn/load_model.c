/* load_model.c -- see load_model.h.
 *
 * Rows: at moments spread evenly over all homes' histories, about one interval drawn from each of
 * STRATA parts of the day ahead (near ones are the narrower parts: they differ most). Moments of
 * the last part of the time are held out, and no row before them is about an interval in it.
 */
#include "learn/load_model.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/order.h"
#include "base/random.h"

enum { STRATA = 6, GROUPS = 4, LEVELS = 21, ENOUGH = 4 * LEVELS, SHORT_DAYS = 14 };

/* Ends of the strata as parts of a day: 1, 4, 12, 24, 36, 48 of 48. */
static const double stratum[STRATA] = {1. / 48, 4. / 48, 12. / 48, 24. / 48, 36. / 48, 1};
#define MOST_RATIO 1e9 /* no error is so many times what was expected */

/* Of the groups of leads that share quantiles, hours. */
static const double group_h[GROUPS] = {1, 4, 12, 24};

struct vo_load_model {
    const vo_alloc *alloc;
    int32_t kind;
    size_t slots;
    vo_gbt *trees;
    double mean[GROUPS];          /* of error / spread: what the median leaves over */
    double ratio[GROUPS][LEVELS]; /* quantiles of the same, ascending               */
    vo_load_score score;
};

static double level_of(size_t i) { return i == 0 ? 0.01 : i == 20 ? 0.99 : 0.05 * (double)i; }

void vo_load_model_free(vo_load_model *m) {
    if (!m) return;
    vo_gbt_free(m->trees);
    m->alloc->free(m->alloc->ctx, m);
}

vo_load_settings vo_load_settings_default(void) {
    vo_load_settings s = {
        .trees = vo_gbt_settings_default(), .max_rows = 60000, .valid_part = 0.15};
    s.trees.objective = VO_GBT_ABSOLUTE;
    s.trees.trees = 80;
    s.trees.depth = 5;
    s.trees.bins = 64;
    s.trees.min_child_weight = 100;
    s.trees.stopping_rounds = 15;
    s.trees.stopping_threshold = 0;
    return s;
}

/* ---- rows ---------------------------------------------------------------------------------- */

typedef struct {
    float *x;       /* [room][VO_LOAD_FEATURES] */
    double *label;  /* what the profile leaves over, in units of the home's mean */
    double *spread; /* of the profile there, likewise                            */
    float *lead_h;
    size_t n, room;
} rows;

typedef struct {
    const vo_load_history *home;
    size_t n;
    const vo_load_settings *s;
    const vo_alloc *alloc;
    uint64_t seed;
    size_t slots, stride;
    size_t warm; /* before it rows would be of homes that are hardly known */
    rows learn, held;
} training;

static void rows_fini(rows *r, const vo_alloc *a) {
    a->free(a->ctx, r->x);
    a->free(a->ctx, r->label);
    a->free(a->ctx, r->spread);
    a->free(a->ctx, r->lead_h);
}

static vo_status rows_init(rows *r, size_t room, const vo_alloc *a, vo_error *err) {
    r->room = room;
    r->x = a->zalloc(a->ctx, room * VO_LOAD_FEATURES * sizeof *r->x);
    r->label = a->zalloc(a->ctx, room * sizeof *r->label);
    r->spread = a->zalloc(a->ctx, room * sizeof *r->spread);
    r->lead_h = a->zalloc(a->ctx, room * sizeof *r->lead_h);
    return r->x && r->label && r->spread && r->lead_h
               ? VO_OK
               : vo_fail(err, VO_ENOMEM, "%zu rows of loads", room);
}

/* At night nothing is left to learn of PV. */
static bool dark(const vo_load_eye *e, size_t t) {
    return e->track.shape.kind == VO_PROFILE_PV && vo_load_eye_profile(e, t) <= 1e-6 * e->scale;
}

static void add_row(rows *r, const vo_load_eye *e, double value, size_t t) {
    if (isnan(value) || dark(e, t) || r->n == r->room) return;
    float *row = r->x + r->n * VO_LOAD_FEATURES;
    vo_load_eye_row(e, t, row);
    r->label[r->n] = (value - vo_load_eye_profile(e, t)) / e->scale;
    r->spread[r->n] = (double)row[VO_LOAD_spread];
    r->lead_h[r->n] = row[VO_LOAD_lead_h];
    r->n++;
}

/* Of one home at moment `known`: one interval of each stratum. Held out are those from `cut` on. */
static void add_moment(training *t, const vo_load_history *h, vo_load_eye *e, size_t known,
                       size_t cut, vo_random *chance) {
    size_t low = 0;
    vo_load_eye_to(e, h->value, known, t->slots);
    for (size_t k = 0; k < STRATA; k++) {
        size_t high = (size_t)(stratum[k] * (double)t->slots + 0.5);
        if (high <= low) high = low + 1;
        const size_t at = known + low + (size_t)vo_random_below(chance, high - low);
        low = high;
        if (at >= h->until || high > t->slots || e->scale == 0) continue;
        if (known >= cut)
            add_row(&t->held, e, h->value[at], at);
        else if (at < cut)
            add_row(&t->learn, e, h->value[at], at);
    }
}

static size_t cut_of(const training *t, const vo_load_history *h) {
    const double span = (double)(h->until - t->warm);
    return h->until - (size_t)(t->s->valid_part * span);
}

static vo_status add_home(training *t, size_t i, vo_error *err) {
    const vo_load_history *h = &t->home[i];
    vo_load_eye e = {0};
    vo_random chance = vo_random_seed(t->seed, 7000 + i);
    if (h->until <= t->warm) return VO_OK;
    const vo_status st = vo_load_eye_init(&e, h->series, t->alloc, err);
    if (st != VO_OK) return st;
    size_t last = h->series->n - t->slots; /* the profile speaks of a whole day */
    if (last >= h->until) last = h->until - 1;
    for (size_t k = t->warm + (i * 7) % t->stride; k <= last; k += t->stride)
        add_moment(t, h, &e, k, cut_of(t, h), &chance);
    vo_load_eye_fini(&e);
    return VO_OK;
}

static vo_status check_homes(training *t, vo_error *err) {
    size_t longest = 0, moments = 0;
    const double dt_h = t->home[0].series->dt_h[0];
    t->slots = (size_t)llround(24 / dt_h);
    for (size_t i = 0; i < t->n; i++) {
        if (fabs(t->home[i].series->dt_h[0] - dt_h) > 1e-9)
            return vo_fail(err, VO_EINVAL,
                           "home %zu has intervals of %g h, the first one of %g h: one model "
                           "needs one step",
                           i, t->home[i].series->dt_h[0], dt_h);
        if (t->home[i].until > longest) longest = t->home[i].until;
    }
    if (longest < VO_LOAD_LEAST_DAYS * t->slots)
        return vo_fail(err, VO_EINVAL,
                       "%.3g days of history: forecaster load_gbt learns from %d days or more "
                       "before the first day played (history_days); forecaster profile needs "
                       "none",
                       (double)longest / (double)t->slots, VO_LOAD_LEAST_DAYS);
    t->warm = (longest < (size_t)SHORT_DAYS * t->slots ? 3u : 7u) * t->slots;
    for (size_t i = 0; i < t->n; i++)
        if (t->home[i].until > t->warm) moments += t->home[i].until - t->warm;
    t->stride = 1 + moments * STRATA / t->s->max_rows;
    return VO_OK;
}

static vo_status make_rows(training *t, vo_error *err) {
    vo_status st = rows_init(&t->learn, t->s->max_rows + STRATA, t->alloc, err);
    if (st == VO_OK) st = rows_init(&t->held, t->s->max_rows + STRATA, t->alloc, err);
    for (size_t i = 0; st == VO_OK && i < t->n; i++) st = add_home(t, i, err);
    if (st == VO_OK && (t->learn.n < ENOUGH || t->held.n < ENOUGH))
        st = vo_fail(err, VO_EINVAL,
                     "%zu values to learn from and %zu to judge by: forecaster load_gbt needs "
                     "%d of each: give a longer history, or use forecaster profile",
                     t->learn.n, t->held.n, ENOUGH);
    return st;
}

/* ---- quantiles ---------------------------------------------------------------------------- */

static size_t group_of(double lead_h) {
    size_t g = 0;
    while (g + 1 < GROUPS && lead_h > group_h[g] + 1e-6) g++;
    return g;
}

/* Errors count in spreads; where none is expected yet, in a hundredth of the home's mean. */
static double unit_of(double spread) { return fmax(spread, 0.01); }

static double capped(double ratio) { return fmin(MOST_RATIO, fmax(-MOST_RATIO, ratio)); }

static double mean_of(const double *v, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += v[i];
    return sum / (double)n;
}

/* What is held out, group by group: mean and quantiles of what the trees leave over. */
static vo_status find_quantiles(vo_load_model *m, const rows *held, vo_error *err) {
    const vo_alloc *a = m->alloc;
    double *e = a->zalloc(a->ctx, held->n * sizeof *e), sum = 0, before = 0;
    if (!e) return vo_fail(err, VO_ENOMEM, "errors of %zu rows", held->n);
    for (size_t g = 0; g < GROUPS; g++) {
        size_t n = 0;
        for (size_t i = 0; i < held->n; i++) {
            if (group_of((double)held->lead_h[i]) != g) continue;
            const float *row = held->x + i * VO_LOAD_FEATURES;
            const double left = held->label[i] - vo_gbt_predict_row(m->trees, row);
            sum += fabs(left);
            before += fabs(held->label[i]);
            e[n++] = left / unit_of(held->spread[i]);
        }
        m->mean[g] = n ? capped(mean_of(e, n)) : g > 0 ? m->mean[g - 1] : 0;
        qsort(e, n, sizeof *e, vo_order_double);
        for (size_t k = 0; k < LEVELS; k++)
            m->ratio[g][k] = n       ? capped(vo_order_quantile(e, n, level_of(k)))
                             : g > 0 ? m->ratio[g - 1][k]
                                     : 0;
    }
    m->score.mae = sum / (double)held->n;
    m->score.profile_mae = before / (double)held->n;
    a->free(a->ctx, e);
    return VO_OK;
}

/* ---- training ------------------------------------------------------------------------------- */

static bool tell(void *ctx, int32_t round, int32_t rounds, double train, double valid) {
    const vo_learning *world = ctx;
    (void)train;
    return !world->progress || world->progress(world->progress_ctx, "learning loads",
                                               (double)round / (double)rounds, valid);
}

static vo_status boost(training *t, const vo_learning *world, vo_load_model *m, vo_error *err) {
    vo_gbt_rows *binned = NULL;
    vo_gbt_settings s = t->s->trees;
    s.seed = t->seed;
    const vo_gbt_held_out held = {t->held.x, t->held.label, t->held.n};
    const vo_gbt_progress progress = {.step = tell, .ctx = (void *)(uintptr_t)world};
    vo_status st =
        vo_gbt_rows_create(t->learn.x, t->learn.n, VO_LOAD_FEATURES, t->alloc, &binned, err);
    if (st == VO_OK)
        st = vo_gbt_train(binned, t->learn.label, NULL, &held, &s, &progress, &m->trees, err);
    vo_gbt_rows_free(binned);
    if (st != VO_OK) return st;
    m->score = (vo_load_score){
        .rows = t->learn.n, .held_out = t->held.n, .trees = vo_gbt_trees_kept(m->trees)};
    return find_quantiles(m, &t->held, err);
}

vo_status vo_load_model_train(const vo_load_history *home, size_t n, const vo_load_settings *s,
                              const vo_learning *world, vo_load_model **out, vo_error *err) {
    static const vo_learning plain = {0};
    const vo_learning *w = world ? world : &plain;
    const vo_alloc *a = w->alloc ? w->alloc : &vo_alloc_libc;
    assert(n > 0 && s->max_rows > 0);
    training t = {.home = home, .n = n, .s = s, .alloc = a, .seed = w->seed};
    vo_load_model *m = a->zalloc(a->ctx, sizeof *m);
    if (!m) return vo_fail(err, VO_ENOMEM, "a model of loads");
    m->alloc = a;
    m->kind = vo_load_kind(home[0].series);
    vo_status st = vo_gbt_settings_check(&s->trees, err);
    if (st == VO_OK) st = check_homes(&t, err);
    m->slots = t.slots;
    if (st == VO_OK) st = make_rows(&t, err);
    if (st == VO_OK) st = boost(&t, w, m, err);
    rows_fini(&t.learn, a);
    rows_fini(&t.held, a);
    if (st != VO_OK) {
        vo_load_model_free(m);
        return st;
    }
    *out = m;
    return VO_OK;
}

/* ---- using ------------------------------------------------------------------------------------ */

static double bounded(const vo_load_model *m, double value) {
    return m->kind == VO_PROFILE_SIGNED ? value : fmax(0, value);
}

static size_t group_at(const vo_load_model *m, const vo_load_eye *e, size_t t) {
    return group_of(24 * (double)(t - e->track.seen + 1) / (double)m->slots);
}

/* What a ratio is of, in the series' unit. */
static double unit_at(const vo_load_eye *e, size_t t) {
    return e->scale * unit_of(vo_load_eye_spread(e, t) / e->scale);
}

double vo_load_model_predict(const vo_load_model *m, const vo_load_eye *e, size_t t) {
    float row[VO_LOAD_FEATURES];
    const double said = vo_load_eye_profile(e, t);
    if (e->scale == 0 || dark(e, t)) return said;
    vo_load_eye_row(e, t, row);
    const double value = said + e->scale * vo_gbt_predict_row(m->trees, row) +
                         unit_at(e, t) * m->mean[group_at(m, e, t)];
    return isfinite(value) ? bounded(m, value) : said; /* trees of anybody's making */
}

double vo_load_model_quantile(const vo_load_model *m, const vo_load_eye *e, size_t t,
                              double forecast, double p) {
    if (e->scale == 0 || dark(e, t)) return forecast;
    const size_t g = group_at(m, e, t);
    const double *r = m->ratio[g];
    size_t k = 0;
    while (k + 2 < LEVELS && level_of(k + 1) < p) k++;
    const double low = level_of(k), high = level_of(k + 1);
    const double along = fmin(1, fmax(0, (p - low) / (high - low)));
    const double ratio = r[k] + along * (r[k + 1] - r[k]) - m->mean[g];
    return bounded(m, forecast + unit_at(e, t) * ratio);
}

vo_status vo_load_model_fits(const vo_load_model *m, const vo_series *series, vo_error *err) {
    static const char *const name[] = {"loads", "PV", "values with a sign"};
    const int32_t kind = vo_load_kind(series);
    if (kind != m->kind)
        return vo_fail(err, VO_EINVAL,
                       "the model learned from %s, the series \"%.40s\" has %s: name a model "
                       "of those",
                       name[m->kind], series->column[0].name, name[kind]);
    if (llround(24 / series->dt_h[0]) != (long long)m->slots)
        return vo_fail(err, VO_EINVAL,
                       "the model learned from intervals of %g h, the series has %g h: train "
                       "one on that step",
                       24.0 / (double)m->slots, series->dt_h[0]);
    return VO_OK;
}

vo_load_score vo_load_model_score(const vo_load_model *m) { return m->score; }

void vo_load_model_importance(const vo_load_model *m, double out[VO_LOAD_FEATURES]) {
    vo_gbt_importance(m->trees, VO_GBT_GAIN, out);
}

/* ---- saving ----------------------------------------------------------------------------------- */

void vo_load_model_save(const vo_load_model *m, vo_artefact_out *out) {
    vo_artefact_begin(out, "LOAD");
    vo_artefact_put_u32(out, (uint32_t)m->kind);
    vo_artefact_put_u32(out, (uint32_t)m->slots);
    vo_artefact_put_u64(out, m->score.rows);
    vo_artefact_put_u64(out, m->score.held_out);
    vo_artefact_put_double(out, m->score.mae);
    vo_artefact_put_double(out, m->score.profile_mae);
    vo_artefact_put_doubles(out, m->mean, GROUPS);
    vo_artefact_put_doubles(out, m->ratio[0], (size_t)GROUPS * LEVELS);
    vo_artefact_end(out);
    vo_artefact_begin(out, "TREE");
    vo_gbt_save(m->trees, out);
    vo_artefact_end(out);
}

static vo_status check_loaded(const vo_load_model *m, vo_error *err) {
    bool good = m->kind >= 0 && m->kind <= VO_PROFILE_SIGNED && m->slots >= 1 &&
                m->slots <= VO_PROFILE_SLOTS && isfinite(m->score.mae) &&
                isfinite(m->score.profile_mae);
    for (size_t g = 0; g < GROUPS; g++) good = good && fabs(m->mean[g]) <= MOST_RATIO;
    for (size_t g = 0; g < GROUPS; g++)
        for (size_t k = 0; k < LEVELS; k++)
            good = good && fabs(m->ratio[g][k]) <= MOST_RATIO &&
                   (k == 0 || m->ratio[g][k] >= m->ratio[g][k - 1]);
    return good ? VO_OK
                : vo_fail(err, VO_EINVAL,
                          "no model of loads: kind %d, %zu intervals a day, or quantiles that "
                          "cross: train it again",
                          (int)m->kind, m->slots);
}

static vo_status get_head(vo_load_model *m, vo_artefact *in, vo_error *err) {
    uint32_t kind = 0, slots = 0;
    uint64_t learned = 0, held = 0;
    vo_status st = vo_artefact_enter(in, "LOAD", err);
    if (st == VO_OK) st = vo_artefact_get_u32(in, &kind, err);
    if (st == VO_OK) st = vo_artefact_get_u32(in, &slots, err);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &learned, err);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &held, err);
    if (st == VO_OK) st = vo_artefact_get_double(in, &m->score.mae, err);
    if (st == VO_OK) st = vo_artefact_get_double(in, &m->score.profile_mae, err);
    if (st == VO_OK) st = vo_artefact_get_doubles(in, m->mean, GROUPS, err);
    if (st == VO_OK)
        st = vo_artefact_get_doubles(in, m->ratio[0], (size_t)GROUPS * LEVELS, err);
    if (st != VO_OK) return st;
    vo_artefact_leave(in);
    m->kind = kind <= VO_PROFILE_SIGNED ? (int32_t)kind : -1;
    m->slots = slots;
    m->score.rows = (size_t)learned;
    m->score.held_out = (size_t)held;
    return check_loaded(m, err);
}

vo_status vo_load_model_load(vo_artefact *in, const vo_alloc *alloc, vo_load_model **out,
                             vo_error *err) {
    const vo_alloc *a = alloc ? alloc : &vo_alloc_libc;
    vo_load_model *m = a->zalloc(a->ctx, sizeof *m);
    if (!m) return vo_fail(err, VO_ENOMEM, "a model of loads");
    m->alloc = a;
    vo_status st = get_head(m, in, err);
    if (st == VO_OK) st = vo_artefact_enter(in, "TREE", err);
    if (st == VO_OK) st = vo_gbt_load(in, a, &m->trees, err);
    if (st == VO_OK && vo_gbt_features(m->trees) != VO_LOAD_FEATURES)
        st = vo_fail(err, VO_EINVAL, "a model over %zu features, %d are known: train it again",
                     vo_gbt_features(m->trees), (int)VO_LOAD_FEATURES);
    if (st != VO_OK) {
        vo_load_model_free(m);
        return st;
    }
    vo_artefact_leave(in);
    m->score.trees = vo_gbt_trees_kept(m->trees);
    *out = m;
    return VO_OK;
}
