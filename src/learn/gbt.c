/* gbt.c -- the boosting rounds around a grower of trees, and the models they leave.
 *
 * Round k: residuals of the labels (centred, scaled) to the sum of trees so far give gradients
 *
 *     squared   g = m - z          absolute  g = sign(m - z)
 *     pinball   g = 1 - level if m > z, -level if m < z, 0 if equal        h = 1 (by weight)
 *
 * which are 0 for rows that this round's draw leaves out; grow a tree; for the last two losses
 * put the median (quantile) of the residuals of a leaf's drawn rows into it; add it. Sums are
 * float32 in the order of the trees, as prediction adds them, so training and serving see the
 * same numbers. The draw of rows is ours, seeded by round: grad and hess 0 is what XGBoost's
 * own subsampling does.
 */
#include "learn/gbt.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "base/random.h"

struct vo_gbt {
    const vo_alloc *alloc;
    vo_gbt_trees trees;
    int32_t objective;
    double level, base, scale;
    double valid_loss;
    double *worth; /* [3][f] gain, cover, splits: sums */
};

/* ---- settings ---------------------------------------------------------------------------- */

vo_gbt_settings vo_gbt_settings_default(void) {
    return (vo_gbt_settings){.objective = VO_GBT_SQUARED,
                             .trees = 200,
                             .depth = 6,
                             .bins = 256,
                             .stopping_rounds = 20,
                             .level = 0.5,
                             .stopping_threshold = 0.001,
                             .rate = 0.1,
                             .subsample = 0.8,
                             .colsample = 0.8,
                             .min_child_weight = 1,
                             .lambda = 1,
                             .seed = 42};
}

vo_status vo_gbt_settings_check(const vo_gbt_settings *s, vo_error *err) {
    const struct {
        const char *name;
        double value, low, high;
        bool low_is_out;
    } range[] = {{"objective", s->objective, VO_GBT_SQUARED, VO_GBT_QUANTILE, false},
                 {"trees", s->trees, 1, 10000, false},
                 {"depth", s->depth, 1, VO_GBT_MAX_DEPTH, false},
                 {"bins", s->bins, 2, 65536, false},
                 {"stopping_rounds", s->stopping_rounds, 0, 10000, false},
                 {"stopping_threshold", s->stopping_threshold, 0, 1, false},
                 {"rate", s->rate, 0, 1, true},
                 {"subsample", s->subsample, 0, 1, true},
                 {"colsample", s->colsample, 0, 1, true},
                 {"min_child_weight", s->min_child_weight, 0, 1e9, false},
                 {"lambda", s->lambda, 0, 1e9, false}};
    for (size_t i = 0; i < sizeof range / sizeof *range; i++) {
        const double v = range[i].value, low = range[i].low;
        if (v >= low && v <= range[i].high && !(range[i].low_is_out && v == low)) continue;
        return vo_fail(err, VO_EINVAL, "boosting: %s = %g is not %s %g and at most %g",
                       range[i].name, v, range[i].low_is_out ? "above" : "at least", low,
                       range[i].high);
    }
    if (s->objective == VO_GBT_QUANTILE && !(s->level > 0 && s->level < 1))
        return vo_fail(err, VO_EINVAL,
                       "boosting: quantile level = %g is not between 0 and 1, e.g. 0.95",
                       s->level);
    return VO_OK;
}

/* ---- losses ------------------------------------------------------------------------------ */

static double row_loss(int32_t objective, double level, double real, double said) {
    const double e = real - said;
    switch ((vo_gbt_objective)objective) {
    case VO_GBT_SQUARED:
        return e * e;
    case VO_GBT_ABSOLUTE:
        return fabs(e);
    case VO_GBT_QUANTILE:
        return e >= 0 ? level * e : (level - 1) * e;
    }
    return (double)NAN;
}

static double mean_loss(int32_t objective, double sum, double weight) {
    if (!(weight > 0)) return (double)NAN;
    return objective == VO_GBT_SQUARED ? sqrt(sum / weight) : sum / weight;
}

static float row_gradient(int32_t objective, double level, float z, float margin) {
    switch ((vo_gbt_objective)objective) {
    case VO_GBT_SQUARED:
        return margin - z;
    case VO_GBT_ABSOLUTE:
        return (float)((margin > z) - (margin < z));
    case VO_GBT_QUANTILE:
        return margin > z ? (float)(1 - level) : margin < z ? (float)-level : 0;
    }
    return 0;
}

/* The level of the quantile that a leaf takes; squared error keeps the grower's leaves. */
static double leaf_level(const vo_gbt_settings *s) {
    return s->objective == VO_GBT_QUANTILE ? s->level : 0.5;
}

/* ---- a training under way ---------------------------------------------------------------- */

typedef struct {
    float leftover, weight;
    uint32_t leaf;
} member;

typedef struct {
    const vo_gbt_settings *s;
    vo_gbt_rows *rows;
    const double *label, *weight;
    const vo_gbt_held_out *valid;
    vo_gbt *m;
    float *z;            /* [n] labels, centred and scaled; NAN: left out */
    float *margin;       /* [n] sum of trees so far                       */
    float *valid_margin; /* [valid->n]                                    */
    float *grad, *hess;  /* [n]                                           */
    member *drawn;       /* [n] for leaves that are set here              */
    double *worth;       /* [3][f] of all trees so far                    */
} training;

static int by_leaf(const void *a, const void *b) {
    const member *x = a, *y = b;
    if (x->leaf != y->leaf) return x->leaf < y->leaf ? -1 : 1;
    return (x->leftover > y->leftover) - (x->leftover < y->leftover);
}

/* Where the cumulated weight of sorted members passes `level` of the whole; between two members
 * of one weight it is linear, as vo_order_quantile. */
static double weighted_quantile(const member *v, size_t n, double level) {
    double total = 0;
    for (size_t i = 0; i < n; i++) total += (double)v[i].weight;
    /* Member i stands at the middle of its weight, the outer ones at the ends. */
    const double first = (double)v[0].weight / 2, last = total - (double)v[n - 1].weight / 2;
    const double want = first + level * (last - first);
    double at = first;
    for (size_t i = 0; i + 1 < n; i++) {
        const double step = ((double)v[i].weight + (double)v[i + 1].weight) / 2;
        if (at + step >= want) {
            const double part = step > 0 ? (want - at) / step : 0;
            return (double)v[i].leftover +
                   part * ((double)v[i + 1].leftover - (double)v[i].leftover);
        }
        at += step;
    }
    return (double)v[n - 1].leftover;
}

static void center_labels(training *t) {
    const size_t n = t->rows->n;
    vo_gbt *m = t->m;
    size_t used = 0;
    double total = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double w = t->weight ? t->weight[i] : 1;
        if (!isfinite(t->label[i]) || !(w > 0)) continue;
        total += w;
        sum += w * t->label[i];
        used++;
    }
    m->base = sum / total;
    double spread = 0;
    for (size_t i = 0; i < n; i++) {
        const double w = t->weight ? t->weight[i] : 1;
        if (!isfinite(t->label[i]) || !(w > 0)) continue;
        spread += w * fabs(t->label[i] - m->base);
    }
    m->scale = spread / total;
    if (!(m->scale > 1e-12 * fabs(m->base)) || used < 2) m->scale = 0;
    for (size_t i = 0; i < n; i++) {
        const double w = t->weight ? t->weight[i] : 1;
        const bool in = isfinite(t->label[i]) && w > 0 && m->scale > 0;
        t->z[i] = in ? (float)((t->label[i] - m->base) / m->scale) : (float)NAN;
    }
}

/* The constant to begin with: the mean, median or quantile of the labels. */
static void start_at_constant(training *t) {
    if (t->s->objective == VO_GBT_SQUARED || t->m->scale == 0) return; /* the mean: 0 of z */
    size_t k = 0;
    for (size_t i = 0; i < t->rows->n; i++) {
        if (isnan(t->z[i])) continue;
        t->drawn[k++] = (member){t->z[i], t->weight ? (float)t->weight[i] : 1.0f, 0};
    }
    qsort(t->drawn, k, sizeof *t->drawn, by_leaf);
    const float start = (float)weighted_quantile(t->drawn, k, leaf_level(t->s));
    for (size_t i = 0; i < t->rows->n; i++) t->z[i] -= start;
    t->m->base += t->m->scale * (double)start;
}

/* Gradients of the rows drawn for this round; returns the loss of all rows with labels. */
static double take_gradients(training *t, int32_t round) {
    const vo_gbt_settings *s = t->s;
    vo_random chance = vo_random_seed(s->seed, 2 * (uint64_t)round);
    double sum = 0, total = 0;
    for (size_t i = 0; i < t->rows->n; i++) {
        t->grad[i] = t->hess[i] = 0;
        if (isnan(t->z[i])) continue;
        const float w = t->weight ? (float)t->weight[i] : 1.0f;
        sum +=
            (double)w * row_loss(s->objective, s->level, (double)t->z[i], (double)t->margin[i]);
        total += (double)w;
        if (s->subsample < 1 && vo_random_unit(&chance) >= s->subsample) continue;
        t->grad[i] = w * row_gradient(s->objective, s->level, t->z[i], t->margin[i]);
        t->hess[i] = w;
    }
    return t->m->scale * mean_loss(s->objective, sum, total);
}

/* Puts the quantile of the drawn residuals of each leaf of the last tree into it. */
static void set_leaves(training *t) {
    vo_gbt_trees *trees = &t->m->trees;
    const size_t tree = trees->n_trees - 1, f = t->rows->f;
    size_t n = 0;
    for (size_t i = 0; i < t->rows->n; i++) {
        if (t->hess[i] == 0) continue;
        const size_t leaf = vo_gbt_trees_leaf(trees, tree, t->rows->x + i * f);
        t->drawn[n++] = (member){t->z[i] - t->margin[i], t->hess[i], (uint32_t)leaf};
    }
    qsort(t->drawn, n, sizeof *t->drawn, by_leaf);
    for (size_t i = 0, end = 0; i < n; i = end) {
        double total = 0;
        for (end = i; end < n && t->drawn[end].leaf == t->drawn[i].leaf; end++)
            total += (double)t->drawn[end].weight;
        const double q = weighted_quantile(t->drawn + i, end - i, leaf_level(t->s));
        trees->node[t->drawn[i].leaf].value =
            (float)(t->s->rate * q * total / (total + t->s->lambda));
    }
}

static void add_last_tree(const vo_gbt_trees *trees, const float *x, size_t n, float *margin) {
    const size_t tree = trees->n_trees - 1;
    for (size_t i = 0; i < n; i++)
        margin[i] +=
            trees->node[vo_gbt_trees_leaf(trees, tree, x + i * trees->n_features)].value;
}

static double valid_loss(const training *t) {
    if (!t->valid) return (double)NAN;
    const vo_gbt *m = t->m;
    double sum = 0, total = 0;
    for (size_t i = 0; i < t->valid->n; i++) {
        const double y = t->valid->label[i];
        if (!isfinite(y)) continue;
        sum += row_loss(t->s->objective, t->s->level, y,
                        m->base + m->scale * (double)t->valid_margin[i]);
        total += 1;
    }
    return mean_loss(t->s->objective, sum, total);
}

static vo_status grow_one(training *t, int32_t round, double *train, vo_error *err) {
    const size_t f = t->rows->f;
    vo_gbt_worth worth = {t->worth, t->worth + f, t->worth + 2 * f};
    *train = take_gradients(t, round);
    vo_random chance = vo_random_seed(t->s->seed, 2 * (uint64_t)round + 1);
    const uint32_t seed = (uint32_t)(vo_random_u64(&chance) >> 33);
    const vo_status st =
        vo_gbt_rows_grow(t->rows, t->s, seed, t->grad, t->hess, &t->m->trees, &worth, err);
    if (st != VO_OK) return st;
    if (t->s->objective != VO_GBT_SQUARED) set_leaves(t);
    add_last_tree(&t->m->trees, t->rows->x, t->rows->n, t->margin);
    if (t->valid) add_last_tree(&t->m->trees, t->valid->x, t->valid->n, t->valid_margin);
    return VO_OK;
}

static void keep_as_best(training *t, double loss, size_t *best) {
    *best = t->m->trees.n_trees;
    t->m->valid_loss = loss;
    memcpy(t->m->worth, t->worth, 3 * t->rows->f * sizeof *t->worth);
}

static vo_status boost(training *t, const vo_gbt_progress *progress, vo_error *err) {
    const vo_gbt_settings *s = t->s;
    size_t best = 0;
    int32_t best_round = 0;
    keep_as_best(t, valid_loss(t), &best);
    const bool judged = !isnan(t->m->valid_loss);
    const int32_t rounds = t->m->scale > 0 ? s->trees : 0;
    for (int32_t round = 0; round < rounds; round++) {
        double train = 0;
        const vo_status st = grow_one(t, round, &train, err);
        if (st != VO_OK) return st;
        const double valid = valid_loss(t);
        if (progress && !progress->step(progress->ctx, round, rounds, train, valid))
            return vo_fail(err, VO_ECANCELED, "stopped at round %d of %d", (int)round,
                           (int)rounds);
        if (!judged || !s->stopping_rounds ||
            valid < t->m->valid_loss * (1 - s->stopping_threshold)) {
            keep_as_best(t, valid, &best);
            best_round = round;
        } else if (round - best_round >= s->stopping_rounds) {
            break;
        }
    }
    vo_gbt_trees_cut(&t->m->trees, best);
    return VO_OK;
}

/* ---- making and freeing ------------------------------------------------------------------ */

static vo_gbt *gbt_new(const vo_alloc *a, size_t f) {
    vo_gbt *m = a->zalloc(a->ctx, sizeof *m);
    if (!m) return NULL;
    m->alloc = a;
    m->trees = (vo_gbt_trees){.alloc = a, .n_features = f};
    m->worth = a->zalloc(a->ctx, 3 * f * sizeof *m->worth);
    if (m->worth) return m;
    a->free(a->ctx, m);
    return NULL;
}

void vo_gbt_free(vo_gbt *m) {
    if (!m) return;
    vo_gbt_trees_fini(&m->trees);
    m->alloc->free(m->alloc->ctx, m->worth);
    m->alloc->free(m->alloc->ctx, m);
}

static void training_fini(training *t, const vo_alloc *a) {
    a->free(a->ctx, t->z);
    a->free(a->ctx, t->margin);
    a->free(a->ctx, t->valid_margin);
    a->free(a->ctx, t->grad);
    a->free(a->ctx, t->hess);
    a->free(a->ctx, t->drawn);
    a->free(a->ctx, t->worth);
}

static vo_status training_init(training *t, const vo_alloc *a, vo_error *err) {
    const size_t n = t->rows->n;
    t->z = a->zalloc(a->ctx, n * sizeof *t->z);
    t->margin = a->zalloc(a->ctx, n * sizeof *t->margin);
    t->grad = a->zalloc(a->ctx, n * sizeof *t->grad);
    t->hess = a->zalloc(a->ctx, n * sizeof *t->hess);
    t->worth = a->zalloc(a->ctx, 3 * t->rows->f * sizeof *t->worth);
    const bool sets_leaves = t->s->objective != VO_GBT_SQUARED;
    if (sets_leaves) t->drawn = a->zalloc(a->ctx, n * sizeof *t->drawn);
    if (t->valid)
        t->valid_margin = a->zalloc(a->ctx, (t->valid->n + 1) * sizeof *t->valid_margin);
    if (!t->z || !t->margin || !t->grad || !t->hess || !t->worth ||
        (sets_leaves && !t->drawn) || (t->valid && !t->valid_margin))
        return vo_fail(err, VO_ENOMEM, "boosting over %zu rows", n);
    return VO_OK;
}

static bool any_label(const double *label, const double *weight, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (isfinite(label[i]) && (!weight || weight[i] > 0)) return true;
    return false;
}

vo_status vo_gbt_train(vo_gbt_rows *rows, const double *label, const double *weight,
                       const vo_gbt_held_out *valid, const vo_gbt_settings *settings,
                       const vo_gbt_progress *progress, vo_gbt **out, vo_error *err) {
    vo_status st = vo_gbt_settings_check(settings, err);
    if (st != VO_OK) return st;
    if (!any_label(label, weight, rows->n))
        return vo_fail(err, VO_EINVAL, "boosting: none of %zu rows has a label", rows->n);
    training t = {
        .s = settings, .rows = rows, .label = label, .weight = weight, .valid = valid};
    t.m = gbt_new(rows->alloc, rows->f);
    st = t.m ? training_init(&t, rows->alloc, err) : vo_fail(err, VO_ENOMEM, "a boosted model");
    if (st == VO_OK) {
        t.m->objective = settings->objective;
        t.m->level = settings->level;
        center_labels(&t);
        start_at_constant(&t);
        st = boost(&t, progress, err);
    }
    training_fini(&t, rows->alloc);
    if (st == VO_OK)
        *out = t.m;
    else
        vo_gbt_free(t.m);
    return st;
}

/* ---- using ------------------------------------------------------------------------------- */

double vo_gbt_predict_row(const vo_gbt *m, const float *x) {
    return m->base + m->scale * (double)vo_gbt_trees_sum(&m->trees, x);
}

size_t vo_gbt_features(const vo_gbt *m) { return m->trees.n_features; }
size_t vo_gbt_trees_kept(const vo_gbt *m) { return m->trees.n_trees; }
double vo_gbt_valid_loss(const vo_gbt *m) { return m->valid_loss; }

double vo_gbt_loss(const vo_gbt *m, const float *x, const double *label, size_t n) {
    double sum = 0, total = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(label[i])) continue;
        const double said = vo_gbt_predict_row(m, x + i * m->trees.n_features);
        sum += row_loss(m->objective, m->level, label[i], said);
        total += 1;
    }
    return mean_loss(m->objective, sum, total);
}

void vo_gbt_importance(const vo_gbt *m, vo_gbt_importance_kind kind, double *out) {
    const size_t f = m->trees.n_features;
    const double *splits = m->worth + 2 * f;
    for (size_t j = 0; j < f; j++) {
        const double *sum = kind == VO_GBT_COVER ? m->worth + f : m->worth;
        if (kind == VO_GBT_SPLITS)
            out[j] = splits[j];
        else
            out[j] = splits[j] > 0 ? sum[j] / splits[j] : 0;
    }
}

vo_status vo_gbt_permutation(const vo_gbt *m, const float *x, const double *label, size_t n,
                             uint64_t seed, int32_t repeats, double *out, vo_error *err) {
    assert(repeats > 0);
    const size_t f = m->trees.n_features;
    const vo_alloc *a = m->alloc;
    float *row = a->zalloc(a->ctx, f * sizeof *row);
    size_t *from = a->zalloc(a->ctx, (n + 1) * sizeof *from);
    if (!row || !from) {
        a->free(a->ctx, row);
        a->free(a->ctx, from);
        return vo_fail(err, VO_ENOMEM, "shuffling %zu rows of %zu features", n, f);
    }
    const double straight = vo_gbt_loss(m, x, label, n);
    for (size_t j = 0; j < f; j++) {
        out[j] = 0;
        if (m->worth[2 * f + j] == 0) continue; /* no split asks for it */
        for (int32_t k = 0; k < repeats; k++) {
            vo_random chance = vo_random_seed(seed, j * (uint64_t)repeats + (uint64_t)k);
            double sum = 0, total = 0;
            for (size_t i = 0; i < n; i++) from[i] = i;
            for (size_t i = n; i > 1; i--) {
                const size_t other = (size_t)vo_random_below(&chance, i), kept = from[i - 1];
                from[i - 1] = from[other];
                from[other] = kept;
            }
            for (size_t i = 0; i < n; i++) {
                if (!isfinite(label[i])) continue;
                memcpy(row, x + i * f, f * sizeof *row);
                row[j] = x[from[i] * f + j];
                sum += row_loss(m->objective, m->level, label[i], vo_gbt_predict_row(m, row));
                total += 1;
            }
            out[j] += (mean_loss(m->objective, sum, total) - straight) / repeats;
        }
    }
    a->free(a->ctx, row);
    a->free(a->ctx, from);
    return VO_OK;
}

/* ---- saving and loading ------------------------------------------------------------------ */

void vo_gbt_save(const vo_gbt *m, vo_artefact_out *out) {
    const size_t f = m->trees.n_features;
    vo_artefact_begin(out, "GBT ");
    vo_artefact_put_u64(out, f);
    vo_artefact_put_u32(out, (uint32_t)m->objective);
    vo_artefact_put_double(out, m->level);
    vo_artefact_put_double(out, m->base);
    vo_artefact_put_double(out, m->scale);
    vo_artefact_put_u32(out, isnan(m->valid_loss) ? 0u : 1u); /* NAN is not for files */
    vo_artefact_put_double(out, isnan(m->valid_loss) ? 0 : m->valid_loss);
    vo_artefact_put_doubles(out, m->worth, 3 * f);
    vo_gbt_trees_save(&m->trees, out);
    vo_artefact_end(out);
}

static vo_status load_values(vo_gbt *m, uint32_t objective, vo_artefact *in, vo_error *err) {
    uint32_t judged = 0;
    m->objective = (int32_t)objective;
    vo_status st = vo_artefact_get_double(in, &m->level, err);
    if (st == VO_OK) st = vo_artefact_get_double(in, &m->base, err);
    if (st == VO_OK) st = vo_artefact_get_double(in, &m->scale, err);
    if (st == VO_OK) st = vo_artefact_get_u32(in, &judged, err);
    if (st == VO_OK) st = vo_artefact_get_double(in, &m->valid_loss, err);
    if (st == VO_OK) st = vo_artefact_get_doubles(in, m->worth, 3 * m->trees.n_features, err);
    if (st == VO_OK) st = vo_gbt_trees_load(&m->trees, in, err);
    if (st != VO_OK) return st;
    if (!judged) m->valid_loss = (double)NAN;
    if (!isfinite(m->base) || !isfinite(m->scale) || m->scale < 0 ||
        !(m->level > 0 && m->level < 1))
        return vo_fail(err, VO_EINVAL, "a boosted model of base %g, scale %g, level %g",
                       m->base, m->scale, m->level);
    return VO_OK;
}

vo_status vo_gbt_load(vo_artefact *in, const vo_alloc *alloc, vo_gbt **out, vo_error *err) {
    uint64_t f = 0;
    uint32_t objective = 0;
    vo_gbt *m = NULL;
    vo_status st = vo_artefact_enter(in, "GBT ", err);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &f, err);
    if (st == VO_OK) st = vo_artefact_get_u32(in, &objective, err);
    if (st != VO_OK) return st;
    if (f == 0 || f > VO_GBT_MAX_FEATURES || objective > VO_GBT_QUANTILE)
        return vo_fail(err, VO_EINVAL, "a boosted model of kind %u over %llu features",
                       (unsigned)objective, (unsigned long long)f);
    m = gbt_new(alloc ? alloc : &vo_alloc_libc, (size_t)f);
    st = m ? load_values(m, objective, in, err) : vo_fail(err, VO_ENOMEM, "a boosted model");
    if (st != VO_OK) {
        vo_gbt_free(m);
        return st;
    }
    vo_artefact_leave(in);
    *out = m;
    return VO_OK;
}
