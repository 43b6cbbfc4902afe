/* conformal.c -- see conformal.h.
 *
 * The window of scores is kept twice: in the order they came (a ring) and sorted, so that a step
 * is two binary searches and two moves. For DtACI beta is the largest level whose interval would
 * still have held the price; each rate's level loses pinball(beta, level) and is weighted by
 * exp(-eta loss), with a share sigma given back to all.
 */
#include "learn/conformal.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"

double vo_conformal_score(double observed, double low, double high) {
    const double below = low - observed, above = observed - high;
    if (isnan(below) || isnan(above)) return (double)NAN;
    return below > above ? below : above;
}

double vo_conformal_offset(const double *observed, const double *low, const double *high,
                           size_t n, double alpha, double *work) {
    assert(alpha > 0 && alpha < 1);
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        const double s = vo_conformal_score(observed[i], low[i], high[i]);
        if (!isnan(s)) work[k++] = s;
    }
    /* a hair below, so that 0.9 * 20 is 18 and not the next */
    const double rank = ceil((double)(k + 1) * (1 - alpha) - 1e-9);
    if (rank > (double)k) return (double)INFINITY;
    qsort(work, k, sizeof *work, vo_order_double);
    return work[rank < 1 ? 0 : (size_t)rank - 1];
}

/* ---- online ---------------------------------------------------------------------------- */

enum { MAX_EXPERTS = 8 };
static const double dtaci_rate[MAX_EXPERTS] = {0.001, 0.002, 0.004, 0.008,
                                               0.016, 0.032, 0.064, 0.128};
#define DTACI_SPAN 500.0 /* steps over which the best rate may stay the same */

struct vo_conformal {
    vo_conformal_settings set;
    const vo_alloc *alloc;
    size_t n, at;   /* scores held; place of the next in the ring */
    double *ring;   /* [window]                                   */
    double *sorted; /* [window], the first n                      */
    size_t n_experts;
    double rate[MAX_EXPERTS], level[MAX_EXPERTS], weight[MAX_EXPERTS];
};

vo_conformal_settings vo_conformal_settings_default(void) {
    return (vo_conformal_settings){VO_CONFORMAL_DTACI, 0.1, 0.02, 4368};
}

static vo_status check(const vo_conformal_settings *s, vo_error *err) {
    if ((int)s->kind < 0 || s->kind >= VO_CONFORMAL_COUNT)
        return vo_fail(err, VO_EINVAL, "conformal kind = %d is unknown", (int)s->kind);
    if (!(s->alpha > 0 && s->alpha < 1))
        return vo_fail(err, VO_EINVAL, "alpha = %g is not within (0, 1): 0.1 for 90 %%",
                       s->alpha);
    if (s->kind == VO_CONFORMAL_ACI && !(s->rate > 0 && s->rate <= 1))
        return vo_fail(err, VO_EINVAL, "rate = %g is not within (0, 1]: try 0.02", s->rate);
    if (s->window < 2 || s->window > 1000000)
        return vo_fail(err, VO_EINVAL, "window = %zu scores is not within 2..1000000",
                       s->window);
    return VO_OK;
}

vo_status vo_conformal_create(const vo_conformal_settings *settings, const vo_alloc *alloc,
                              vo_conformal **out, vo_error *err) {
    const vo_alloc *a = alloc ? alloc : &vo_alloc_libc;
    const vo_status st = check(settings, err);
    if (st != VO_OK) return st;
    vo_conformal *c = a->zalloc(a->ctx, sizeof *c);
    if (!c) return vo_fail(err, VO_ENOMEM, "a conformal calibration");
    c->set = *settings;
    c->alloc = a;
    c->ring = a->zalloc(a->ctx, settings->window * sizeof(double));
    c->sorted = a->zalloc(a->ctx, settings->window * sizeof(double));
    if (!c->ring || !c->sorted) {
        vo_conformal_free(c);
        return vo_fail(err, VO_ENOMEM, "a window of %zu scores", settings->window);
    }
    c->n_experts = settings->kind == VO_CONFORMAL_DTACI ? MAX_EXPERTS : 1;
    for (size_t k = 0; k < c->n_experts; k++) {
        c->rate[k] = settings->kind == VO_CONFORMAL_DTACI ? dtaci_rate[k]
                     : settings->kind == VO_CONFORMAL_ACI ? settings->rate
                                                          : 0;
        c->level[k] = settings->alpha;
        c->weight[k] = 1 / (double)c->n_experts;
    }
    *out = c;
    return VO_OK;
}

void vo_conformal_free(vo_conformal *c) {
    if (!c) return;
    c->alloc->free(c->alloc->ctx, c->ring);
    c->alloc->free(c->alloc->ctx, c->sorted);
    c->alloc->free(c->alloc->ctx, c);
}

double vo_conformal_level(const vo_conformal *c) {
    double level = 0;
    for (size_t k = 0; k < c->n_experts; k++) level += c->weight[k] * c->level[k];
    return level;
}

static double widen_at(const vo_conformal *c, double level) {
    if (c->n == 0) return 0;
    const double rank = ceil((double)(c->n + 1) * (1 - level) - 1e-9);
    if (rank < 1) return c->sorted[0];
    return c->sorted[rank > (double)c->n ? c->n - 1 : (size_t)rank - 1];
}

double vo_conformal_widen(const vo_conformal *c) { return widen_at(c, vo_conformal_level(c)); }

/* Number of sorted scores below s. */
static size_t rank_of(const vo_conformal *c, double s) {
    size_t lo = 0, hi = c->n;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (c->sorted[mid] < s)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void remember(vo_conformal *c, double s) {
    if (c->n == c->set.window) {
        const size_t old = rank_of(c, c->ring[c->at]);
        memmove(c->sorted + old, c->sorted + old + 1, (c->n - old - 1) * sizeof(double));
        c->n--;
    }
    const size_t place = rank_of(c, s);
    memmove(c->sorted + place + 1, c->sorted + place, (c->n - place) * sizeof(double));
    c->sorted[place] = s;
    c->n++;
    c->ring[c->at] = s;
    c->at = (c->at + 1) % c->set.window;
}

/* Weights of the rates after they lost against beta. */
static void weigh(vo_conformal *c, double beta) {
    const double a = c->set.alpha, k = (double)c->n_experts;
    const double sigma = 1 / (2 * DTACI_SPAN);
    const double eta =
        sqrt(3 / DTACI_SPAN * (log(k * DTACI_SPAN) + 2) /
             ((1 - a) * (1 - a) * a * a * a + a * a * (1 - a) * (1 - a) * (1 - a)));
    double sum = 0;
    for (size_t i = 0; i < c->n_experts; i++) {
        const double over = beta - c->level[i];
        c->weight[i] *= exp(-eta * (over >= 0 ? a * over : (a - 1) * over));
        sum += c->weight[i];
    }
    for (size_t i = 0; i < c->n_experts; i++)
        c->weight[i] = (1 - sigma) * c->weight[i] / sum + sigma / k;
}

void vo_conformal_step(vo_conformal *c, double observed, double low, double high) {
    const double s = vo_conformal_score(observed, low, high);
    if (!isfinite(s)) return;
    if (c->n > 0) {
        /* the interval at level b holds s if its rank is at most ceil((n + 1)(1 - b)) */
        const double beta = 1 - (double)rank_of(c, s) / (double)(c->n + 1);
        if (c->set.kind == VO_CONFORMAL_DTACI) weigh(c, beta);
        for (size_t k = 0; k < c->n_experts; k++) {
            const double missed = s > widen_at(c, c->level[k]) ? 1 : 0;
            c->level[k] += c->rate[k] * (c->set.alpha - missed);
        }
    }
    remember(c, s);
}

vo_status vo_conformal_save(const vo_conformal *c, vo_artefact_out *out, vo_error *err) {
    (void)err;
    vo_artefact_begin(out, "CONF");
    vo_artefact_put_u32(out, (uint32_t)c->set.kind);
    vo_artefact_put_double(out, c->set.alpha);
    vo_artefact_put_double(out, c->set.rate);
    vo_artefact_put_u64(out, c->set.window);
    vo_artefact_put_u64(out, c->n);
    vo_artefact_put_u64(out, c->at);
    vo_artefact_put_doubles(out, c->ring, c->set.window);
    vo_artefact_put_doubles(out, c->level, c->n_experts);
    vo_artefact_put_doubles(out, c->weight, c->n_experts);
    vo_artefact_end(out);
    return VO_OK;
}

/* The part of the section that must agree with the settings. */
static vo_status load_head(const vo_conformal *c, vo_artefact *in, vo_error *err) {
    uint32_t kind = 0;
    double alpha = 0, rate = 0;
    uint64_t window = 0;
    vo_status st = vo_artefact_get_u32(in, &kind, err);
    if (st == VO_OK) st = vo_artefact_get_double(in, &alpha, err);
    if (st == VO_OK) st = vo_artefact_get_double(in, &rate, err);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &window, err);
    if (st != VO_OK) return st;
    if (kind != (uint32_t)c->set.kind || fabs(alpha - c->set.alpha) > 0 ||
        fabs(rate - c->set.rate) > 0 || window != c->set.window)
        return vo_fail(err, VO_EINVAL,
                       "the saved calibration is of kind %u with alpha = %g, rate = %g and "
                       "%llu scores, not %d, %g, %g and %zu",
                       kind, alpha, rate, (unsigned long long)window, (int)c->set.kind,
                       c->set.alpha, c->set.rate, c->set.window);
    return VO_OK;
}

static vo_status load_body(vo_conformal *c, vo_artefact *in, vo_error *err) {
    uint64_t n = 0, at = 0;
    vo_status st = load_head(c, in, err);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &n, err);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &at, err);
    if (st != VO_OK) return st;
    if (n > c->set.window || at >= c->set.window || (n < c->set.window && at != n))
        return vo_fail(err, VO_EINVAL, "the saved calibration holds %llu scores up to %llu",
                       (unsigned long long)n, (unsigned long long)at);
    st = vo_artefact_get_doubles(in, c->ring, c->set.window, err);
    if (st == VO_OK) st = vo_artefact_get_doubles(in, c->level, c->n_experts, err);
    if (st == VO_OK) st = vo_artefact_get_doubles(in, c->weight, c->n_experts, err);
    if (st != VO_OK) return st;
    c->n = (size_t)n;
    c->at = (size_t)at;
    memcpy(c->sorted, c->ring, c->n * sizeof(double));
    qsort(c->sorted, c->n, sizeof(double), vo_order_double);
    return VO_OK;
}

vo_status vo_conformal_load(vo_conformal *c, vo_artefact *in, vo_error *err) {
    vo_conformal *fresh = NULL;
    vo_status st = vo_conformal_create(&c->set, c->alloc, &fresh, err);
    if (st == VO_OK) st = vo_artefact_enter(in, "CONF", err);
    if (st == VO_OK) st = load_body(fresh, in, err);
    if (st == VO_OK) {
        vo_artefact_leave(in);
        const vo_conformal old = *c;
        *c = *fresh;
        *fresh = old;
    }
    vo_conformal_free(fresh);
    return st;
}

/* ---- tracker --------------------------------------------------------------------------- */

void vo_tracker_step(vo_tracker *t, double missed) {
    t->log_factor = t->keep * (t->log_factor + t->rate * (missed - t->alpha));
}

double vo_tracker_factor(const vo_tracker *t) { return exp(t->log_factor); }
