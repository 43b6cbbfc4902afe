/* stochastic.c -- see stochastic.h.
 *
 * A reward q of falling slopes m_1 > .. > m_r between kinks z_0 < .. < z_r turns V into
 *
 *     W'(e) = (v_0 - m_1)+  +  sum over 0 < j < r of clamp(v_j - m_{j+1}, 0, m_j - m_{j+1})
 *             + min(v_r, m_r),                           v_j = V'(e - z_j),
 *
 * because the slope at e is m_j while V' passes it between e - z_j and e - z_{j-1}, and V's own
 * where it does not. Outside of V's domain V' is infinite, which the clamps take as it should
 * be. The knots of W are those of V moved by every kink: the same for all nodes.
 */
#include "optimize/stochastic.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/wide.h"
#include "optimize/reward.h"

#define INF ((double)INFINITY)

/* Rows are whole groups of LANE columns: loops of a known length, which compilers turn into wide
 * instructions. Columns behind the last node hold 0 and are never read as nodes. */
enum { LANE = 4 };

static size_t padded(size_t k) { return (k + LANE - 1) / LANE * LANE; }

/* Kinks of one interval's reward over all nodes. */
enum { KINKS = 2 * VO_REWARD_MAX_PIECES };

/* Functions of energy over common knots, a row of `columns` slopes per piece. */
typedef struct {
    double *x;                      /* [n + 1]                     */
    double *m;                      /* [n][columns]                */
    double at_left[VO_PRICE_NODES]; /* money: their values at x[0] */
    size_t n, columns;
    size_t room; /* pieces                      */
} family;

/* One interval's rewards over common kinks, concave. */
typedef struct {
    size_t n; /* pieces                                        */
    double z[KINKS + 1];
    double m[KINKS][VO_PRICE_NODES];
    double at_left[VO_PRICE_NODES]; /* money for z[0] */
} rewards;

/* How nodes are averaged: into one function, or one for each node before. */
typedef struct {
    size_t rows;
    double share[VO_PRICE_NODES][VO_PRICE_NODES]; /* [node][row]; of rows = 1: [0][node] */
} mixture;

struct vo_stochastic {
    const vo_alloc *alloc;
    size_t limit;
    family now, next;
    rewards q;
    mixture mix;
    double *price, *export_price; /* [price_room] one node's, where the reward looks */
    size_t price_room;
    double high[VO_PRICE_NODES], low[VO_PRICE_NODES]; /* rows of INF and -INF */
    double error;
    vo_value value;
};

vo_status vo_stochastic_create(size_t limit, const vo_alloc *alloc, vo_stochastic **out,
                               vo_error *err) {
    assert(limit >= 16);
    const vo_alloc *a = alloc ? alloc : &vo_alloc_libc;
    vo_stochastic *s = a->zalloc(a->ctx, sizeof *s);
    if (!s) return vo_fail(err, VO_ENOMEM, "a stochastic program");
    s->alloc = a;
    s->limit = limit;
    for (size_t k = 0; k < VO_PRICE_NODES; k++) s->high[k] = INF, s->low[k] = -INF;
    *out = s;
    return VO_OK;
}

static void family_fini(const vo_alloc *a, family *f) {
    a->free(a->ctx, f->x);
    a->free(a->ctx, f->m);
    *f = (family){0};
}

void vo_stochastic_free(vo_stochastic *s) {
    if (!s) return;
    family_fini(s->alloc, &s->now);
    family_fini(s->alloc, &s->next);
    s->alloc->free(s->alloc->ctx, s->price);
    s->alloc->free(s->alloc->ctx, s->export_price);
    s->alloc->free(s->alloc->ctx, s);
}

/* Room for `pieces` rows as wide as can be; what was there is lost. */
static vo_status reserve(vo_stochastic *s, family *f, size_t pieces, vo_error *err) {
    if (f->room >= pieces) return VO_OK;
    const size_t room = pieces + pieces / 2;
    family_fini(s->alloc, f);
    f->x = s->alloc->zalloc(s->alloc->ctx, (room + 1) * sizeof *f->x);
    f->m = s->alloc->zalloc(s->alloc->ctx, room * VO_PRICE_NODES * sizeof *f->m);
    if (!f->x || !f->m) return vo_fail(err, VO_ENOMEM, "%zu pieces of value functions", room);
    f->room = room;
    return VO_OK;
}

static vo_status reserve_prices(vo_stochastic *s, size_t n, vo_error *err) {
    if (s->price_room >= n) return VO_OK;
    const vo_alloc *a = s->alloc;
    a->free(a->ctx, s->price);
    a->free(a->ctx, s->export_price);
    s->price_room = 0;
    s->price = a->zalloc(a->ctx, n * sizeof *s->price);
    s->export_price = a->zalloc(a->ctx, n * sizeof *s->export_price);
    if (!s->price || !s->export_price)
        return vo_fail(err, VO_ENOMEM, "prices of %zu intervals", n);
    s->price_room = n;
    return VO_OK;
}

/* ---- rewards of all nodes over common kinks -------------------------------------------- */

static void add_kink(rewards *q, double z, double near) {
    size_t i = q->n;
    while (i > 0 && q->z[i - 1] > z + near) i--;
    if (i > 0 && fabs(q->z[i - 1] - z) <= near) return;
    if (q->n > KINKS) return;
    memmove(q->z + i + 1, q->z + i, (q->n - i) * sizeof *q->z);
    q->z[i] = z;
    q->n++;
}

/* A battery alone: charge, hold, discharge. */
static void simple_rewards(const vo_reward_source *s, size_t t, const vo_price_nodes *nodes,
                           rewards *q, double *price, double *export_price, const double *row,
                           const double *export_row) {
    vo_reward_simple r = {0};
    for (size_t k = 0; k < nodes->k; k++) {
        price[t] = row[k];
        if (export_row) export_price[t] = export_row[k];
        r = vo_reward_simple_at(s, t);
        const double charge = r.buy / r.gain, discharge = r.sell / r.drain;
        q->m[0][k] = r.charge_z > 0 ? charge : discharge;
        q->m[1][k] = r.charge_z > 0 && discharge > charge ? charge : discharge;
        q->at_left[k] = -charge * r.charge_z;
    }
    q->n = 2;
    q->z[0] = -r.charge_z;
    q->z[1] = 0;
    q->z[2] = r.discharge_z;
}

/* Behind a meter: envelopes, each on the kinks of all. false: the meter's limits contradict. */
static bool site_rewards(const vo_reward_source *s, size_t t, const vo_price_nodes *nodes,
                         rewards *q, double *price, double *export_price, const double *row,
                         const double *export_row) {
    double x[VO_PRICE_NODES][VO_REWARD_MAX_PIECES + 1], m[VO_PRICE_NODES][VO_REWARD_MAX_PIECES];
    vo_value one[VO_PRICE_NODES];
    const double near = 1e-12 * (s->hi_mwh - s->lo_mwh);
    q->n = 0;
    for (size_t k = 0; k < nodes->k; k++) {
        price[t] = row[k];
        if (export_row) export_price[t] = export_row[k];
        one[k] = (vo_value){.x = x[k], .m = m[k]};
        if (!vo_reward_at(s, t, &one[k])) return false;
        vo_value_envelope(&one[k]);
        const vo_reward_simple r = vo_reward_simple_at(s, t);
        q->at_left[k] =
            vo_reward_cash(s, t, &r, x[k][0] > 0 ? x[k][0] / r.drain : x[k][0] / r.gain);
        for (size_t i = 0; i <= one[k].n; i++) add_kink(q, x[k][i], near);
    }
    q->n--; /* pieces, of so many kinks */
    for (size_t k = 0; k < nodes->k; k++)
        for (size_t i = 0, j = 0; j < q->n; j++) {
            const double middle = 0.5 * (q->z[j] + q->z[j + 1]);
            while (i + 1 < one[k].n && x[k][i + 1] < middle) i++;
            q->m[j][k] = one[k].n ? m[k][i] : 0;
        }
    return true;
}

/* ---- one step back -------------------------------------------------------------------- */

/* Slopes of W over one piece, for all nodes. v[j] is the row of V' at e - z_j, of one column or
 * of one per node. */
static inline void node_slopes(const rewards *q, const double *const *v, size_t wide, size_t k,
                               double *w) {
    const size_t r = q->n;
    for (size_t i = 0; i < k; i++) {
        const size_t c = wide > 1 ? i : 0;
        double sum = 0;
        if (r == 0) {
            w[i] = v[0][c];
            continue;
        }
        const double over = v[0][c] - q->m[0][i];
        if (over > 0) sum = over;
        for (size_t j = 1; j < r; j++) {
            const double top = q->m[j - 1][i] - q->m[j][i];
            double d = v[j][c] - q->m[j][i];
            d = d < top ? d : top;
            sum += d > 0 ? d : 0;
        }
        w[i] = sum + (v[r][c] < q->m[r - 1][i] ? v[r][c] : q->m[r - 1][i]);
    }
}

/* The commonest reward, a battery's own. */
static inline void node_slopes_3(const rewards *q, const double *const *v, size_t wide,
                                 size_t k, double *restrict w) {
    const double *restrict a = q->m[0], *restrict b = q->m[1];
    const double *right = v[0], *here = v[1], *left = v[2];
    const double vr = right[0], v0 = here[0], vl = left[0];
    for (size_t i = 0; i < k; i += LANE)
        for (size_t l = i; l < i + LANE; l++) {
            const double over = (wide > 1 ? right[l] : vr) - a[l], top = a[l] - b[l];
            const double flat = (wide > 1 ? here[l] : v0) - b[l],
                         last = wide > 1 ? left[l] : vl;
            const double d = flat < top ? flat : top;
            w[l] = (over > 0 ? over : 0) + (d > 0 ? d : 0) + (last < b[l] ? last : b[l]);
        }
}

static void set_mixture(mixture *x, const double *mix, size_t rows, size_t k) {
    x->rows = rows;
    memset(x->share, 0, sizeof x->share);
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < k; i++)
            x->share[rows > 1 ? i : 0][rows > 1 ? r : i] = mix[r * k + i];
}

static inline void mix_row(const mixture *x, const double *w, size_t k, double *restrict out) {
    if (x->rows == 1) {
        out[0] = 0;
        for (size_t i = 0; i < k; i++) out[0] += x->share[0][i] * w[i];
        return;
    }
    for (size_t r = 0; r < x->rows; r++) out[r] = 0;
    for (size_t r = 0; r < x->rows; r += LANE) {
        double sum[LANE] = {0};
        for (size_t i = 0; i < k; i++)
            for (size_t l = 0; l < LANE; l++) sum[l] += x->share[i][r + l] * w[i];
        memcpy(out + r, sum, sizeof sum);
    }
}

/* A walk over the knots of V moved by every kink. */
typedef struct {
    size_t passed[KINKS + 1]; /* knots of V below, moved by kink j        */
    const double *row[KINKS + 1];
} cursor;

static double next_knot(const family *f, const rewards *q, const cursor *c) {
    double least = INF;
    for (size_t j = 0; j <= q->n; j++) {
        if (c->passed[j] > f->n) continue;
        const double e = f->x[c->passed[j]] + q->z[j];
        least = e < least ? e : least;
    }
    return least;
}

static void pass_knots(const vo_stochastic *s, const family *f, const rewards *q, double upto,
                       cursor *c) {
    for (size_t j = 0; j <= q->n; j++) {
        while (c->passed[j] <= f->n && f->x[c->passed[j]] + q->z[j] <= upto) c->passed[j]++;
        const size_t p = c->passed[j];
        c->row[j] = p == 0 ? s->high : p > f->n ? s->low : f->m + (p - 1) * f->columns;
    }
}

/* Equal but for rounding: such neighbours are one piece. */
static inline bool alike(const double *a, const double *b, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (fabs(a[i] - b[i]) > 1e-12 * (fabs(a[i]) + fabs(b[i]))) return false;
    return true;
}

/* From V in s->now to its mixed W in s->next, cut to lo..hi (of what is kept). */
VO_WIDE static bool step(vo_stochastic *s, size_t k, double lo, double hi) {
    const family *f = &s->now;
    const rewards *q = &s->q;
    const mixture *mix = &s->mix;
    const size_t rows = mix->rows > 1 ? padded(mix->rows) : 1;
    family *out = &s->next;
    const double near = 1e-10 * (hi - lo);
    double w[VO_PRICE_NODES], row[VO_PRICE_NODES], left[VO_PRICE_NODES];
    cursor c = {{0}, {0}};
    double at = f->x[0] + q->z[0];
    const double end = f->x[f->n] + q->z[q->n];
    if (at > hi + near || end < lo - near) return false;
    for (size_t i = 0; i < k; i++) w[i] = f->at_left[f->columns > 1 ? i : 0] + q->at_left[i];
    mix_row(mix, w, k, left);
    out->n = 0;
    out->columns = rows;
    out->x[0] = at < lo ? lo : at;
    while (at < end && at < hi) {
        pass_knots(s, f, q, at + near, &c);
        double to = next_knot(f, q, &c);
        if (!(to < end - near)) to = end;
        const double from = at;
        at = to;
        if (q->n == 2)
            node_slopes_3(q, c.row, f->columns, k, w);
        else
            node_slopes(q, c.row, f->columns, k, w);
        mix_row(mix, w, k, row);
        if (from < lo) {
            const double below = (to < lo ? to : lo) - from;
            for (size_t r = 0; r < rows; r++) left[r] += row[r] * below;
        }
        if (to <= lo + near && to < end) continue;
        const double stop = to < hi - near ? to : hi;
        if (!(stop > out->x[out->n])) continue;
        if (out->n > 0 && alike(out->m + (out->n - 1) * rows, row, rows)) {
            out->x[out->n] = stop;
            continue;
        }
        memcpy(out->m + out->n * rows, row, rows * sizeof *row);
        out->x[++out->n] = stop;
    }
    memcpy(out->at_left, left, rows * sizeof *left);
    return true;
}

/* ---- keeping it small ------------------------------------------------------------------ */

/* Replaces s->next by its chords over `cells` even pieces, into s->now. */
static void take_chords(vo_stochastic *s, size_t cells) {
    const family *f = &s->next;
    family *out = &s->now;
    const size_t columns = f->columns;
    const double wide = (f->x[f->n] - f->x[0]) / (double)cells;
    double worst = 0;
    out->n = cells;
    out->columns = columns;
    out->x[0] = f->x[0];
    memcpy(out->at_left, f->at_left, sizeof out->at_left);
    for (size_t g = 0, i = 0; g < cells; g++) {
        const double a = f->x[0] + wide * (double)g;
        const double b = g + 1 < cells ? a + wide : f->x[f->n];
        double *row = out->m + g * columns;
        memset(row, 0, columns * sizeof *row);
        while (i + 1 < f->n && f->x[i + 1] <= a) i++;
        size_t last = i;
        for (;; last++) {
            const double from = f->x[last] > a ? f->x[last] : a;
            const double to = f->x[last + 1] < b ? f->x[last + 1] : b;
            const double part = (to - from) / (b - a);
            if (part > 0)
                for (size_t c = 0; c < columns; c++) row[c] += f->m[last * columns + c] * part;
            if (last + 1 >= f->n || f->x[last + 1] >= b) break;
        }
        /* concave: it stands above its chord most where its slope passes the chord's */
        for (size_t c = 0; c < columns && last > i; c++) {
            double above = 0;
            for (size_t p = i; p < last; p++) {
                const double from = f->x[p] > a ? f->x[p] : a;
                above += (f->m[p * columns + c] - row[c]) * (f->x[p + 1] - from);
                worst = above > worst ? above : worst;
            }
        }
        out->x[g + 1] = b;
    }
    s->error += worst;
}

/* The functions of the energy at the interval's start: they were of what is kept of it. */
static void undo_loss(family *f, double keep) {
    if (keep >= 1) return;
    for (size_t i = 0; i <= f->n; i++) f->x[i] /= keep;
    for (size_t i = 0; i < f->n * f->columns; i++) f->m[i] *= keep;
}

static vo_status shorten(vo_stochastic *s, vo_error *err) {
    if (s->next.n <= s->limit) {
        const family t = s->now;
        s->now = s->next;
        s->next = t;
        return VO_OK;
    }
    const vo_status st = reserve(s, &s->now, s->limit / 4 + 1, err);
    if (st == VO_OK) take_chords(s, s->limit / 4);
    return st;
}

/* ---- all steps ------------------------------------------------------------------------- */

/* V at the end of the horizon. */
static bool set_last(vo_stochastic *s, const vo_reward_source *src) {
    const vo_battery *b = src->p->battery;
    family *f = &s->now;
    double lo = src->lo_mwh, hi = src->hi_mwh;
    if (b->final_kind == VO_FINAL_EXACT) lo = hi = b->final_soc * b->capacity_mwh;
    if (b->final_kind == VO_FINAL_AT_LEAST) lo = fmax(lo, b->final_soc * b->capacity_mwh);
    if (b->final_kind == VO_FINAL_AT_LEAST_INITIAL)
        lo = fmax(lo, b->initial_soc * b->capacity_mwh);
    const double near = 1e-9 * b->capacity_mwh;
    if (!(lo <= hi) || lo < src->lo_mwh - near || hi > src->hi_mwh + near) return false;
    const double worth = b->final_kind == VO_FINAL_VALUE ? b->final_value_per_mwh : 0;
    f->columns = 1;
    f->n = hi > lo;
    f->x[0] = lo;
    f->x[1] = hi;
    f->m[0] = worth;
    f->at_left[0] = worth * lo;
    return true;
}

vo_status vo_stochastic_back(vo_stochastic *s, const vo_problem *p, size_t first,
                             const vo_price_nodes *nodes, bool *feasible, vo_error *err) {
    const size_t k = nodes->k;
    assert(first < p->n && k > 0 && k <= VO_PRICE_NODES);
    vo_status st = reserve_prices(s, p->n, err);
    if (st == VO_OK) st = reserve(s, &s->now, s->limit / 4 + 1, err);
    if (st != VO_OK) return st;
    vo_problem priced = *p;
    priced.price = s->price;
    priced.export_price = nodes->export_price ? s->export_price : NULL;
    const vo_reward_source src = vo_reward_open(&priced);
    s->error = 0;
    *feasible = set_last(s, &src);
    for (size_t t = p->n; *feasible && t-- > first;) {
        const double *row = nodes->price + (t - first) * k;
        const double *export_row =
            nodes->export_price ? nodes->export_price + (t - first) * k : NULL;
        if (src.simple)
            simple_rewards(&src, t, nodes, &s->q, s->price, s->export_price, row, export_row);
        else
            *feasible =
                site_rewards(&src, t, nodes, &s->q, s->price, s->export_price, row, export_row);
        if (!*feasible) break;
        const bool chained = nodes->move && t > first;
        const double *mix = chained                      ? nodes->move
                            : t == first && nodes->start ? nodes->start
                                                         : nodes->weight;
        const double keep = vo_reward_over(&src, t).keep;
        st = reserve(s, &s->next, (s->now.n + 1) * (s->q.n + 1) + 2, err);
        if (st != VO_OK) return st;
        if (t + 1 == p->n || t == first) set_mixture(&s->mix, mix, chained ? k : 1, k);
        *feasible = step(s, k, src.lo_mwh * keep, src.hi_mwh * keep);
        if (*feasible) st = shorten(s, err);
        if (st != VO_OK) return st;
        if (*feasible) undo_loss(&s->now, keep);
    }
    s->value = (vo_value){.x = s->now.x, .m = s->now.m, .n = s->now.n, .concave = true};
    return VO_OK;
}

const vo_value *vo_stochastic_value(const vo_stochastic *s) { return &s->value; }

double vo_stochastic_expected(const vo_stochastic *s, double stored_mwh) {
    return s->now.at_left[0] + vo_value_rise(&s->value, stored_mwh);
}

double vo_stochastic_error(const vo_stochastic *s) { return s->error; }

/* ---- the action ------------------------------------------------------------------------- */

/* Where the slope of concave v falls to m: the least such x, within its domain. */
static double falls_to(const vo_value *v, double m) {
    size_t lo = 0, hi = v->n;
    while (lo < hi) {
        const size_t mid = (lo + hi) / 2;
        if (v->m[mid] > m)
            lo = mid + 1;
        else
            hi = mid;
    }
    return v->x[lo];
}

/* z in [a, b] that maximises m z + V(y - z), nearest to 0 of equals; V is -INFINITY outside. */
static bool best_on_piece(const vo_value *v, double y, double a, double b, double m,
                          double *z) {
    const double lo = fmax(a, y - v->x[v->n]), hi = fmin(b, y - v->x[0]);
    if (lo > hi) return false;
    /* between these two energies V' = m: all are equally good */
    size_t flat = 0;
    const double from = falls_to(v, m);
    while (flat < v->n && v->m[flat] >= m) flat++;
    const double least = y - v->x[flat], most = y - from;
    double best = least > 0 ? least : most < 0 ? most : 0;
    best = fmin(fmax(best, lo), hi);
    *z = best;
    return true;
}

vo_status vo_stochastic_choose(const vo_stochastic *s, const vo_problem *p, double stored_mwh,
                               double *power_mw, bool *feasible, vo_error *err) {
    (void)err;
    const vo_reward_source src = vo_reward_open(p);
    const vo_reward_simple r = vo_reward_simple_at(&src, 0);
    double qx[VO_REWARD_MAX_PIECES + 1], qm[VO_REWARD_MAX_PIECES];
    vo_value q = {.x = qx, .m = qm};
    const vo_value *v = &s->value;
    const double near = 1e-9 * (src.hi_mwh - src.lo_mwh);
    *feasible = vo_reward_at(&src, 0, &q);
    if (!*feasible) return VO_OK;
    double best = -INF, best_z = 0;
    const double kept = r.keep * stored_mwh;
    for (size_t i = 0; i < (q.n ? q.n : 1); i++) {
        double z;
        const double a = q.x[i], b = q.n ? q.x[i + 1] : q.x[0], m = q.n ? q.m[i] : 0;
        if (!best_on_piece(v, kept, a - near, b + near, m, &z)) continue;
        z = fmin(fmax(z, a), b);
        const double end = fmin(fmax(kept - z, v->x[0]), v->x[v->n]);
        const double gain = vo_value_rise(&q, z) + vo_value_rise(v, end);
        const double hair = 1e-12 * (fabs(gain) + fabs(best));
        if (!(best > -INF) || gain > best + hair ||
            (gain > best - hair && fabs(z) < fabs(best_z))) {
            best = gain;
            best_z = z;
        }
    }
    *feasible = best > -INF;
    const double u = best_z > 0 ? best_z / r.drain : best_z / r.gain;
    *power_mw = u / r.dt_h;
    return VO_OK;
}
