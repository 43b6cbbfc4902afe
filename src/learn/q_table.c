/* q_table.c -- see q_table.h. */
#include "learn/q_table.h"

#include <math.h>
#include <stdbool.h>

#define ENOUGH_VISITS 30 /* half the confidence that more of them can give */

vo_q_axes vo_q_axes_default(void) {
    return (vo_q_axes){
        .charge_bins = 10, .price_bins = 10, .hour_bins = 24, .signal_h = 24, .par_h = 168};
}

static vo_status check_bins(const char *field, int32_t n, vo_error *err) {
    if (n >= 1 && n <= 64) return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s = %d is not in 1..64", field, (int)n);
}

static vo_status check_hours(const char *field, double h, vo_error *err) {
    if (h > 0 && h <= 24 * 366) return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s = %g is not in 0..8784 hours, 0 excluded", field, h);
}

vo_status vo_q_axes_check(const vo_q_axes *a, vo_error *err) {
    vo_status st = check_bins("charge_bins", a->charge_bins, err);
    if (st == VO_OK) st = check_bins("price_bins", a->price_bins, err);
    if (st == VO_OK && (a->hour_bins < 1 || a->hour_bins > 24 || 24 % a->hour_bins != 0))
        st = vo_fail(err, VO_EINVAL,
                     "hour_bins = %d does not divide the day: give 1, 2, 3, 4, 6, 8, 12 or 24",
                     (int)a->hour_bins);
    if (st == VO_OK) st = check_hours("signal_h", a->signal_h, err);
    return st == VO_OK ? check_hours("par_h", a->par_h, err) : st;
}

size_t vo_q_axes_states(const vo_q_axes *a) {
    return (size_t)a->charge_bins * (size_t)a->price_bins * (size_t)a->hour_bins;
}

static size_t edges_of(const vo_q_axes *a) {
    return (size_t)a->hour_bins * (size_t)(a->price_bins - 1);
}

vo_status vo_q_table_create(const vo_q_axes *axes, double interval_h, const vo_alloc *alloc,
                            vo_q_table **out, vo_error *err) {
    const vo_status st = vo_q_axes_check(axes, err);
    if (st != VO_OK) return st;
    const vo_alloc *a = alloc ? alloc : &vo_alloc_libc;
    vo_q_table *t = a->zalloc(a->ctx, sizeof *t);
    if (!t) return vo_fail(err, VO_ENOMEM, "a Q-table");
    t->alloc = a;
    t->axes = *axes;
    t->interval_h = interval_h;
    t->n_states = vo_q_axes_states(axes);
    t->q = a->zalloc(a->ctx, t->n_states * VO_Q_ROW * sizeof *t->q);
    t->visits = a->zalloc(a->ctx, t->n_states * VO_Q_ROW * sizeof *t->visits);
    t->edge = a->zalloc(a->ctx, (edges_of(axes) + 1) * sizeof *t->edge);
    if (!t->q || !t->visits || !t->edge) {
        vo_q_table_free(t);
        return vo_fail(err, VO_ENOMEM, "a Q-table of %zu states", vo_q_axes_states(axes));
    }
    *out = t;
    return VO_OK;
}

void vo_q_table_free(vo_q_table *t) {
    if (!t) return;
    const vo_alloc *a = t->alloc;
    a->free(a->ctx, t->q);
    a->free(a->ctx, t->visits);
    a->free(a->ctx, t->edge);
    a->free(a->ctx, t);
}

/* ---- what to do ---------------------------------------------------------------------- */

int32_t vo_q_price_bin(const double *edge, int32_t price_bins, double signal) {
    int32_t bin = 0;
    for (int32_t i = 0; i + 1 < price_bins; i++) bin += signal > edge[i];
    return bin;
}

static int32_t charge_bin(const vo_q_table *t, double charge) {
    const double x = charge * t->axes.charge_bins;
    if (!(x > 0)) return 0;
    return x >= t->axes.charge_bins ? t->axes.charge_bins - 1 : (int32_t)x;
}

static size_t state_of(const vo_q_table *t, int32_t hour, int32_t price, int32_t charge) {
    return (size_t)((hour * t->axes.price_bins + price) * t->axes.charge_bins + charge);
}

static bool is_visited(const vo_q_table *t, size_t state) {
    const uint32_t *v = t->visits + state * VO_Q_ROW;
    for (int32_t a = 0; a < VO_Q_ACTIONS; a++)
        if (v[a] > 0) return true;
    return false;
}

/* The nearest visited price bin; at one distance the lower. -1: none. */
static int32_t nearest_price(const vo_q_table *t, int32_t hour, int32_t price, int32_t charge) {
    for (int32_t d = 0; d < t->axes.price_bins; d++) {
        if (price - d >= 0 && is_visited(t, state_of(t, hour, price - d, charge)))
            return price - d;
        if (price + d < t->axes.price_bins &&
            is_visited(t, state_of(t, hour, price + d, charge)))
            return price + d;
    }
    return -1;
}

/* False: nothing of that hour was ever visited. */
static bool nearest_state(const vo_q_table *t, int32_t hour, int32_t price, int32_t charge,
                          size_t *state) {
    for (int32_t d = 0; d < t->axes.charge_bins; d++)
        for (int32_t side = -1; side <= 1; side += 2) {
            const int32_t c = charge + side * d;
            if (c < 0 || c >= t->axes.charge_bins) continue;
            const int32_t p = nearest_price(t, hour, price, c);
            if (p < 0) continue;
            *state = state_of(t, hour, p, c);
            return true;
        }
    return false;
}

/* Best action of a visited state and its lead over the next; `least` visits of the two. */
static int32_t best_of(const vo_q_table *t, size_t state, double *lead, uint32_t *least) {
    const float *q = t->q + state * VO_Q_ROW;
    const uint32_t *v = t->visits + state * VO_Q_ROW;
    static const int32_t order[VO_Q_ACTIONS] = {VO_Q_HOLD, VO_Q_CHARGE, VO_Q_DISCHARGE};
    int32_t best = -1, next = -1;
    for (int32_t i = 0; i < VO_Q_ACTIONS; i++) {
        const int32_t a = order[i];
        if (v[a] == 0) continue;
        if (best < 0 || q[a] > q[best]) {
            next = best;
            best = a;
        } else if (next < 0 || q[a] > q[next]) {
            next = a;
        }
    }
    *lead = next < 0 ? 0 : (double)q[best] - (double)q[next];
    *least = next < 0 ? 0 : v[best] < v[next] ? v[best] : v[next];
    return best;
}

vo_q_choice vo_q_table_act(const vo_q_table *t, const vo_q_state *s) {
    const double none = (double)NAN;
    vo_q_choice c = {.action = VO_Q_HOLD, .q = {none, none, none}};
    if (isnan(s->signal)) return c;
    const int32_t hour = s->hour * t->axes.hour_bins / 24;
    const double *edge = t->edge + hour * (t->axes.price_bins - 1);
    const int32_t price = vo_q_price_bin(edge, t->axes.price_bins, s->signal);
    const int32_t charge = charge_bin(t, s->charge);
    size_t state = state_of(t, hour, price, charge);
    c.visited = is_visited(t, state);
    if (!c.visited && !nearest_state(t, hour, price, charge, &state)) return c;
    double lead;
    uint32_t least;
    c.action = best_of(t, state, &lead, &least);
    for (int32_t a = 0; a < VO_Q_ACTIONS; a++)
        if (t->visits[state * VO_Q_ROW + (size_t)a] > 0)
            c.q[a] = (double)t->q[state * VO_Q_ROW + (size_t)a];
    if (c.visited && t->margin > 0)
        c.confidence = tanh(lead / (2 * t->margin)) * least / ((double)least + ENOUGH_VISITS);
    return c;
}

void vo_q_table_settle(vo_q_table *t) {
    double sum = 0, weight = 0;
    for (size_t s = 0; s < t->n_states; s++) {
        if (!is_visited(t, s)) continue;
        double lead;
        uint32_t least;
        (void)best_of(t, s, &lead, &least);
        sum += lead * least;
        weight += least;
    }
    t->margin = weight > 0 ? sum / weight : 0;
}

/* ---- to bytes and back ------------------------------------------------------------------ */

vo_status vo_q_table_save(const vo_q_table *t, vo_artefact_out *out, vo_error *err) {
    (void)err; /* a failed allocation is told when the bytes are taken */
    const vo_q_axes *a = &t->axes;
    vo_artefact_begin(out, "QTAB");
    vo_artefact_put_u32(out, (uint32_t)a->charge_bins);
    vo_artefact_put_u32(out, (uint32_t)a->price_bins);
    vo_artefact_put_u32(out, (uint32_t)a->hour_bins);
    vo_artefact_put_u32(out, (uint32_t)a->absolute);
    vo_artefact_put_double(out, a->signal_h);
    vo_artefact_put_double(out, a->par_h);
    vo_artefact_put_double(out, t->interval_h);
    vo_artefact_put_doubles(out, t->edge, edges_of(a));
    vo_artefact_put_floats(out, t->q, t->n_states * VO_Q_ROW);
    for (size_t i = 0; i < t->n_states * VO_Q_ROW; i++) vo_artefact_put_u32(out, t->visits[i]);
    vo_artefact_end(out);
    return VO_OK;
}

static vo_status get_axes(vo_artefact *in, vo_q_axes *a, double *interval_h, vo_error *err) {
    int32_t *const whole[] = {&a->charge_bins, &a->price_bins, &a->hour_bins, &a->absolute};
    double *const real[] = {&a->signal_h, &a->par_h, interval_h};
    vo_status st = VO_OK;
    for (size_t i = 0; i < sizeof whole / sizeof whole[0] && st == VO_OK; i++) {
        uint32_t v = 0;
        st = vo_artefact_get_u32(in, &v, err);
        *whole[i] = v > 1000 ? -1 : (int32_t)v;
    }
    for (size_t i = 0; i < sizeof real / sizeof real[0] && st == VO_OK; i++)
        st = vo_artefact_get_double(in, real[i], err);
    if (st != VO_OK) return st;
    if (a->absolute != 0 && a->absolute != 1)
        return vo_fail(err, VO_EINVAL, "Q-table: absolute = %d is not 0 or 1",
                       (int)a->absolute);
    if (!(*interval_h > 0 && *interval_h <= 24))
        return vo_fail(err, VO_EINVAL, "Q-table: interval_h = %g is not in 0..24, 0 excluded",
                       *interval_h);
    return vo_q_axes_check(a, err);
}

static vo_status check_edges(const vo_q_table *t, vo_error *err) {
    const int32_t n = t->axes.price_bins - 1;
    for (int32_t h = 0; h < t->axes.hour_bins; h++)
        for (int32_t i = 1; i < n; i++)
            if (t->edge[h * n + i] < t->edge[h * n + i - 1])
                return vo_fail(err, VO_EINVAL,
                               "Q-table: edge %d of hour bin %d is below the one before",
                               (int)i, (int)h);
    return VO_OK;
}

vo_status vo_q_table_load(vo_artefact *in, const vo_alloc *alloc, vo_q_table **out,
                          vo_error *err) {
    vo_q_table *t = NULL;
    vo_q_axes axes = {0};
    double interval_h = 0;
    vo_status st = vo_artefact_enter(in, "QTAB", err);
    if (st != VO_OK) return st;
    st = get_axes(in, &axes, &interval_h, err);
    if (st != VO_OK) goto fail;
    st = vo_q_table_create(&axes, interval_h, alloc, &t, err);
    if (st != VO_OK) goto fail;
    st = vo_artefact_get_doubles(in, t->edge, edges_of(&axes), err);
    if (st == VO_OK) st = check_edges(t, err);
    if (st == VO_OK) st = vo_artefact_get_floats(in, t->q, t->n_states * VO_Q_ROW, err);
    for (size_t i = 0; i < t->n_states * VO_Q_ROW && st == VO_OK; i++)
        st = vo_artefact_get_u32(in, &t->visits[i], err);
    if (st != VO_OK) goto fail;
    vo_artefact_leave(in);
    vo_q_table_settle(t);
    *out = t;
    return VO_OK;

fail:
    vo_artefact_leave(in);
    vo_q_table_free(t);
    return st;
}
