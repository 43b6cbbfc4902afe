/* price_law.c -- see price_law.h. */
#include "policy/price_law.h"

#include <math.h>
#include <string.h>

#include "base/normal.h"
#include "learn/forecaster_spread.h"

enum {
    K = VO_PRICE_LAW_NODES,
    WITHIN = 5, /* quantiles averaged for a node */
    DAYS = 60   /* of errors                     */
};

/* Ranks at which the nodes meet. */
static const double cut[K + 1] = {0,    0.015, 0.06, 0.15, 0.28,  0.42,
                                  0.58, 0.72,  0.85, 0.94, 0.985, 1};

struct vo_price_law {
    const vo_alloc *alloc;
    vo_spread *spread;
    size_t longest;
    double *quantile; /* [longest][K * WITHIN] */
    double *price;    /* [longest][K]          */
    double level[K * WITHIN];
    double level_score[K * WITHIN], cut_score[K]; /* normal ones; that of cut 0 is not used */
    double weight[K], start[K], move[K * K];
    double moved_by; /* the rho that `move` is for; NAN: none yet, nor scores */
};

static double rank_within(size_t node, size_t part) {
    return cut[node] + (cut[node + 1] - cut[node]) * ((double)part + 0.5) / WITHIN;
}

void vo_price_law_free(vo_price_law *l) {
    if (!l) return;
    vo_spread_free(l->spread);
    l->alloc->free(l->alloc->ctx, l->quantile);
    l->alloc->free(l->alloc->ctx, l->price);
    l->alloc->free(l->alloc->ctx, l);
}

vo_status vo_price_law_create(vo_forecaster *f, const vo_series *series, size_t longest,
                              bool learns, const vo_alloc *alloc, vo_price_law **out,
                              vo_error *err) {
    const vo_alloc *a = alloc ? alloc : &vo_alloc_libc;
    vo_status st = VO_OK;
    vo_price_law *l = a->zalloc(a->ctx, sizeof *l);
    if (!l) return vo_fail(err, VO_ENOMEM, "a law of prices");
    l->alloc = a;
    l->longest = longest;
    l->moved_by = (double)NAN;
    for (size_t i = 0; i < K; i++) {
        l->weight[i] = cut[i + 1] - cut[i];
        for (size_t j = 0; j < WITHIN; j++) l->level[i * WITHIN + j] = rank_within(i, j);
    }
    l->quantile = a->zalloc(a->ctx, longest * K * WITHIN * sizeof(double));
    l->price = a->zalloc(a->ctx, longest * K * sizeof(double));
    if (!l->quantile || !l->price) {
        st = vo_fail(err, VO_ENOMEM, "a law of prices over %zu intervals", longest);
        goto fail;
    }
    st = vo_spread_create(f, series, longest, learns, DAYS, a, &l->spread, err);
    if (st != VO_OK) goto fail;
    *out = l;
    return VO_OK;

fail:
    vo_price_law_free(l);
    return st;
}

/* ---- the chain -------------------------------------------------------------------------- */

static void make_scores(vo_price_law *l) {
    for (size_t i = 0; i < K * WITHIN; i++) l->level_score[i] = vo_normal_score(l->level[i]);
    for (size_t i = 1; i < K; i++) l->cut_score[i] = vo_normal_score(cut[i]);
}

/* Adds share * (the chances of the next node, from score z). */
static void add_moves(const vo_price_law *l, double z, double rho, double share, double *row) {
    const double noise = sqrt(1 - rho * rho);
    double below = 0;
    for (size_t j = 0; j < K; j++) {
        const double upto =
            j + 1 < K ? vo_normal_below((l->cut_score[j + 1] - rho * z) / noise) : 1;
        row[j] += share * (upto - below);
        below = upto;
    }
}

static void make_moves(vo_price_law *l, double rho) {
    if (rho == l->moved_by) return;
    if (isnan(l->moved_by)) make_scores(l);
    memset(l->move, 0, sizeof l->move);
    for (size_t i = 0; i < K; i++)
        for (size_t j = 0; j < WITHIN; j++)
            add_moves(l, l->level_score[i * WITHIN + j], rho, 1.0 / WITHIN, l->move + i * K);
    l->moved_by = rho;
}

/* ---- prices ------------------------------------------------------------------------------ */

/* Means of each node's quantiles. An interval of which nothing was said is taken to be like the
 * one before, or the first of which something was. */
static bool make_prices(vo_price_law *l, size_t n) {
    size_t said = 0;
    while (said < n && isnan(l->quantile[said * K * WITHIN])) said++;
    if (said == n) return false;
    for (size_t t = 0; t < n; t++) {
        if (t < said || !isnan(l->quantile[t * K * WITHIN])) {
            const double *q = l->quantile + (t < said ? said : t) * K * WITHIN;
            for (size_t i = 0; i < K; i++) {
                double sum = 0;
                for (size_t j = 0; j < WITHIN; j++) sum += q[i * WITHIN + j];
                l->price[t * K + i] = sum / WITHIN;
            }
        } else {
            memcpy(l->price + t * K, l->price + (t - 1) * K, K * sizeof *l->price);
        }
    }
    return true;
}

/* Whether any interval's nodes differ: before errors were seen they do not, and the chain between
 * them says nothing. */
static bool spread_out(const vo_price_law *l, size_t n) {
    for (size_t t = 0; t < n; t++)
        if (l->price[t * K + K - 1] != l->price[t * K]) return true;
    return false;
}

vo_status vo_price_law_at(vo_price_law *l, const double *history, size_t known, size_t to,
                          bool present, vo_price_nodes *out, size_t *filled, bool *able,
                          vo_error *err) {
    vo_spread_memory memory = {0};
    vo_status st = VO_OK;
    if (present) st = vo_spread_recall(l->spread, history, known, &memory, err);
    if (st == VO_OK)
        st = vo_spread_quantiles(l->spread, history, known, known, to, l->level, K * WITHIN,
                                 l->quantile, filled, err);
    if (st != VO_OK) return st;
    *able = make_prices(l, to - known);
    *out = (vo_price_nodes){.k = K, .price = l->price, .weight = l->weight};
    if (!*able || !present || !spread_out(l, to - known)) return VO_OK;
    make_moves(l, memory.along);
    memset(l->start, 0, sizeof l->start);
    if (isnan(memory.score))
        memcpy(l->start, l->weight, sizeof l->start);
    else
        add_moves(l, memory.score, memory.now, 1, l->start);
    out->move = l->move;
    out->start = l->start;
    return VO_OK;
}

void vo_price_law_mean(const vo_price_nodes *nodes, size_t n, double *mean) {
    const size_t k = nodes->k;
    double now[VO_PRICE_NODES], next[VO_PRICE_NODES];
    memcpy(now, nodes->start ? nodes->start : nodes->weight, k * sizeof *now);
    for (size_t t = 0; t < n; t++) {
        mean[t] = 0;
        for (size_t i = 0; i < k; i++) mean[t] += now[i] * nodes->price[t * k + i];
        if (!nodes->move) {
            memcpy(now, nodes->weight, k * sizeof *now);
            continue;
        }
        for (size_t j = 0; j < k; j++) next[j] = 0;
        for (size_t i = 0; i < k; i++)
            for (size_t j = 0; j < k; j++) next[j] += now[i] * nodes->move[i * k + j];
        memcpy(now, next, k * sizeof *now);
    }
}
