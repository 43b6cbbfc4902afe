/* sweep.c -- see sweep.h. Two step functions and two choices: the simple ones for a battery
 * alone at its meter, where the reward has one slope for charging and one for discharging; the
 * general ones for any piecewise-linear reward. */
#include "optimize/sweep.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "optimize/marginal.h"
#include "optimize/walk.h"

enum {
    ARENA_DOUBLES = 320 * 1024, /* 2.5 MiB: about what a core's own caches hold */
    HELD = 16384
};

void vo_sweep_init(vo_sweep *w, const vo_alloc *alloc) {
    *w = (vo_sweep){.alloc = alloc ? alloc : &vo_alloc_libc, .held_limit = HELD};
    w->scratch.alloc = w->alloc;
    vo_plain_init(&w->plain, w->alloc);
}

void vo_sweep_fini(vo_sweep *w) {
    w->alloc->free(w->alloc->ctx, w->arena);
    w->alloc->free(w->alloc->ctx, w->held);
    w->alloc->free(w->alloc->ctx, w->block);
    w->alloc->free(w->alloc->ctx, w->mark);
    w->alloc->free(w->alloc->ctx, w->ranges);
    vo_value_scratch_fini(&w->scratch);
    vo_plain_fini(&w->plain);
}

/* Makes *ptr hold at least `need` elements, keeping what is there. */
static vo_status grow(vo_sweep *w, void **ptr, size_t *size, size_t need, size_t width,
                      vo_error *err) {
    if (*size >= need) return VO_OK;
    const size_t wanted = need + need / 2;
    void *p = w->alloc->zalloc(w->alloc->ctx, wanted * width);
    if (!p) return vo_fail(err, VO_ENOMEM, "%zu bytes of value functions", wanted * width);
    if (*ptr) memcpy(p, *ptr, *size * width);
    w->alloc->free(w->alloc->ctx, *ptr);
    *ptr = p;
    *size = wanted;
    return VO_OK;
}

/* Typed fronts: the pointers cannot be passed as void ** without a cast the rules forbid. */
static vo_status grow_doubles(vo_sweep *w, double **ptr, size_t *size, size_t need,
                              vo_error *err) {
    void *p = *ptr;
    const vo_status st = grow(w, &p, size, need, sizeof **ptr, err);
    *ptr = p;
    return st;
}

static vo_status reserve(vo_sweep *w, vo_error *err) {
    void *held = w->held;
    vo_status st = grow(w, &held, &w->held_size, w->held_limit, sizeof *w->held, err);
    w->held = held;
    if (st != VO_OK) return st;
    return grow_doubles(w, &w->arena, &w->arena_size, ARENA_DOUBLES, err);
}

/* The simple step reads and writes whole groups of LANE pieces, so that its loops have no
 * remainders and no branches that depend on prices. Behind every function it makes there are
 * PAD slopes of -INFINITY, which no price is below. */
enum { LANE = 8, WINDOW = 2 * LANE, PAD = WINDOW };

/* Slopes that no price is below, behind the last piece. */
static inline void pad(vo_value *v) {
    for (size_t k = 0; k < PAD; k++) v->m[v->n + k] = -(double)INFINITY;
}

/* Opens a block that ends where V is `v`, and keeps V there. */
static vo_status open_block(vo_sweep *w, size_t end, const vo_value *v, vo_error *err) {
    void *block = w->block;
    vo_status st = grow(w, &block, &w->blocks_size, w->n_blocks + 1, sizeof *w->block, err);
    w->block = block;
    if (st == VO_OK)
        st = grow_doubles(w, &w->mark, &w->mark_size, w->mark_used + 2 * v->n + 1 + PAD, err);
    if (st != VO_OK) return st;
    w->block[w->n_blocks++] = (vo_sweep_block){end, end, w->mark_used, v->n, v->concave};
    memcpy(w->mark + w->mark_used, v->x, (v->n + 1) * sizeof(double));
    memcpy(w->mark + w->mark_used + v->n + 1, v->m, v->n * sizeof(double));
    pad(&(vo_value){.m = w->mark + w->mark_used + v->n + 1, .n = v->n});
    w->mark_used += 2 * v->n + 1 + PAD;
    return VO_OK;
}

static vo_value block_end_value(const vo_sweep *w, const vo_sweep_block *b) {
    double *x = w->mark + b->offset;
    return (vo_value){x, x + b->n + 1, b->n, b->concave};
}

/* ---- one step back ------------------------------------------------------------- */

/* Copies n pieces, moved by `shift`; up to LANE - 1 places behind them are overwritten. */
static inline void copy_pieces(const double *from_x, const double *from_m, size_t n,
                               double shift, double *restrict x, double *restrict m) {
    for (size_t k = 0; k < n; k += LANE)
        for (size_t l = 0; l < LANE; l++) {
            x[k + l] = from_x[k + l] + shift;
            m[k + l] = from_m[k + l];
        }
}

static inline size_t put_piece(double slope, double at, double width, double *restrict x,
                               double *restrict m, size_t o) {
    if (!(width > 0) || (o && m[o - 1] == slope)) return o;
    x[o] = at;
    m[o] = slope;
    return o + 1;
}

/* How many pieces are steeper than `slope`. Prices move little from one interval to the next,
 * so a window about the last place mostly holds the new one; counting in it does not branch. */
static inline size_t place(const vo_value *v, double slope, size_t hint) {
    if (hint > v->n) hint = v->n; /* it may have lost many pieces since */
    const size_t first = hint > LANE ? hint - LANE : 0;
    size_t i = first;
    for (size_t k = 0; k < WINDOW; k++) i += v->m[first + k] > slope;
    if (i == first && first > 0) {
        while (i > 0 && v->m[i - 1] <= slope) i--;
    } else if (i == first + WINDOW) {
        while (v->m[i] > slope) i++; /* ends at the padding */
    }
    return i;
}

/* Pieces steeper than charging costs slide left by what can be charged, those flatter than
 * discharging earns slide right, and the two moves become pieces of their own in the gaps.
 * A piece as steep as the one before it makes that one longer instead. */
static inline void step_simple(const vo_value *in, const vo_reward_simple *r, size_t hint[2],
                               vo_value *out) {
    const double charge = r->buy / r->gain, discharge = r->sell / r->drain;
    size_t i = place(in, charge, hint[0]), j = place(in, discharge, hint[1]);
    if (j < i) { /* one of the two moves is impossible, or they differ by rounding only */
        if (r->discharge_z > 0)
            i = j;
        else
            j = i;
    }
    hint[0] = i;
    hint[1] = j;
    double *restrict x = out->x, *restrict m = out->m;
    const double end = in->x[in->n] + r->discharge_z;
    copy_pieces(in->x, in->m, i, -r->charge_z, x, m);
    size_t o = put_piece(charge, in->x[i] - r->charge_z, r->charge_z, x, m, i);
    size_t k = i + (i < j && o && in->m[i] == m[o - 1]);
    copy_pieces(in->x + k, in->m + k, j - k, 0, x + o, m + o);
    o = put_piece(discharge, in->x[j], r->discharge_z, x, m, o + (j - k));
    k = j + (j < in->n && o && in->m[j] == m[o - 1]);
    copy_pieces(in->x + k, in->m + k, in->n - k, r->discharge_z, x + o, m + o);
    out->n = o + (in->n - k);
    x[out->n] = end;
}

/* The energy at the interval's start: V was a function of what is kept of it. */
static void undo_loss(vo_value *v, double keep) {
    if (keep == 1) return;
    for (size_t i = 0; i <= v->n; i++) v->x[i] /= keep;
    for (size_t i = 0; i < v->n; i++) v->m[i] *= keep;
}

/* Any reward, any value function. */
static vo_status step_general(vo_sweep *w, const vo_value *in, const vo_value *q, double lo,
                              double hi, vo_value *out, bool *empty, vo_error *err) {
    if (in->concave && vo_value_is_concave(q)) {
        vo_value_merge(in, q, out);
        *empty = !vo_value_restrict(out, lo, hi);
        out->concave = true;
        return VO_OK;
    }
    const vo_status st = vo_value_convolve(in, q, lo, hi, &w->scratch, out, empty, err);
    out->concave = st == VO_OK && !*empty && vo_value_is_concave(out);
    return st;
}

/* V_t from V_{t+1} for any source, into out, which has the room below. */
static vo_status step_any(vo_sweep *w, const vo_reward_source *s, size_t t,
                          const vo_reward_simple *r, const vo_value *in, vo_value *out,
                          bool *empty, vo_error *err) {
    double qx[VO_REWARD_MAX_PIECES + 1], qm[VO_REWARD_MAX_PIECES];
    vo_value q = {.x = qx, .m = qm};
    if (s->simple) {
        vo_reward_of_simple(r, &q);
    } else if (!vo_reward_at(s, t, &q)) {
        *empty = true;
        return VO_OK;
    }
    const vo_status st =
        step_general(w, in, &q, s->lo_mwh * r->keep, s->hi_mwh * r->keep, out, empty, err);
    if (st == VO_OK && !*empty) undo_loss(out, r->keep);
    return st;
}

/* Doubles that step_any may need for x, and for m: the worst a convolution may ask for, with
 * every piece a run of its own. */
static size_t room_for_any(const vo_reward_source *s, const vo_value *in) {
    const size_t pieces = s->simple ? 2 : VO_REWARD_MAX_PIECES;
    return 8 * (in->n + 1) * (pieces + 1) + 16 + PAD;
}

/* Moves a function that was given more room than it needed to where its room begins. */
static void close_hole(vo_value *v, double *start) {
    memmove(start, v->x, (v->n + 1) * sizeof(double));
    memmove(start + v->n + 1, v->m, v->n * sizeof(double));
    v->x = start;
    v->m = start + v->n + 1;
}

/* Sweeps one block down from its end until the arena is full or `t0` is reached. */
static vo_status fill_block(vo_sweep *w, const vo_reward_source *s, size_t index, size_t t0,
                            bool *empty, vo_error *err) {
    vo_sweep_block *b = &w->block[index];
    vo_value v = block_end_value(w, b);
    size_t hint[2] = {0, 0}; /* where the last prices were found among the slopes */
    size_t used = 0, held = w->held_size, t = b->end;
    *empty = false;
    while (t > t0 && held > 0) {
        const vo_reward_simple r = vo_reward_simple_at(s, t - 1);
        const bool plain = s->simple && v.concave && vo_reward_is_concave(&r);
        const size_t room = plain ? v.n + 3 + PAD : room_for_any(s, &v);
        if (used + 2 * room > w->arena_size) {
            if (t < b->end) break;
            const vo_status st = grow_doubles(w, &w->arena, &w->arena_size, 2 * room, err);
            if (st != VO_OK) return st;
        }
        vo_value out = {w->arena + used, w->arena + used + room, 0, plain};
        if (plain) {
            step_simple(&v, &r, hint, &out);
            *empty = !vo_value_restrict(&out, s->lo_mwh * r.keep, s->hi_mwh * r.keep);
            undo_loss(&out, r.keep);
        } else {
            const vo_status st = step_any(w, s, t - 1, &r, &v, &out, empty, err);
            if (st != VO_OK) return st;
            close_hole(&out, w->arena + used);
        }
        if (*empty) return VO_OK;
        pad(&out);
        used = (size_t)(out.m - w->arena) + out.n + PAD;
        w->held[--held] = v = out;
        t--;
    }
    b->begin = t;
    w->in_arena = index;
    return VO_OK;
}

vo_status vo_sweep_back(vo_sweep *w, const vo_reward_source *s, size_t t0, size_t t1,
                        const vo_value *last, bool *empty, vo_error *err) {
    assert(t0 < t1 && t1 <= s->p->n);
    w->n_blocks = w->mark_used = 0;
    w->t0 = t0;
    w->t1 = t1;
    *empty = false;
    vo_status st = vo_plain_back(&w->plain, s, t0, t1, last, &w->is_plain, err);
    if (st != VO_OK || w->is_plain) return st;
    st = reserve(w, err);
    vo_value v = *last;
    for (size_t t = t1; st == VO_OK && t > t0; t = w->block[w->n_blocks - 1].begin) {
        st = open_block(w, t, &v, err);
        if (st == VO_OK) st = fill_block(w, s, w->n_blocks - 1, t0, empty, err);
        if (st != VO_OK || *empty) return st;
        v = w->held[w->held_size - (t - w->block[w->n_blocks - 1].begin)];
    }
    return st;
}

vo_value vo_sweep_first(const vo_sweep *w) {
    if (w->is_plain) return w->plain.first;
    const vo_sweep_block *b = &w->block[w->n_blocks - 1];
    return w->held[w->held_size - (b->end - b->begin)];
}

/* ---- the walk ------------------------------------------------------------------ */

static vo_status write_duals(vo_sweep *w, const vo_reward_source *s, const vo_sweep_path *path,
                             vo_error *err) {
    const size_t n = w->t1 - w->t0;
    const vo_status st = grow_doubles(w, &w->ranges, &w->ranges_size, 2 * n, err);
    if (st != VO_OK) return st;
    const vo_value last = block_end_value(w, &w->block[0]);
    const double noise = 1e-9 * s->p->battery->capacity_mwh;
    const vo_slopes end = vo_value_slopes(&last, path->stored_mwh[w->t1], noise);
    vo_marginal_duals(s, w->t0, w->t1, end, (double)NAN, path->stored_mwh, w->ranges,
                      w->ranges + n, path->value);
    if (path->worth)
        vo_marginal_values(s, w->t0, w->t1, end, path->stored_mwh, path->value, path->worth);
    return VO_OK;
}

vo_status vo_sweep_walk(vo_sweep *w, const vo_reward_source *s, double stored_mwh, size_t steps,
                        const vo_sweep_path *path, vo_sweep_sums *sums, vo_error *err) {
    if (w->is_plain) return vo_plain_walk(&w->plain, s, stored_mwh, steps, path, sums, err);
    vo_walker walker = {.source = s, .path = *path, .stored_mwh = stored_mwh};
    path->stored_mwh[w->t0] = stored_mwh;
    const size_t stop = steps < w->t1 - w->t0 ? w->t0 + steps : w->t1;
    for (size_t k = w->n_blocks; k-- > 0;) {
        vo_sweep_block *b = &w->block[k];
        if (b->begin >= stop) break;
        if (w->in_arena != k) {
            bool empty = false;
            const vo_status st = fill_block(w, s, k, b->begin, &empty, err);
            if (st != VO_OK) return st;
            assert(!empty);
        }
        const vo_value *held = w->held + (w->held_size - (b->end - b->begin));
        const vo_value end = block_end_value(w, b);
        const size_t to = b->end < stop ? b->end : stop;
        vo_walk_range(&walker, b->begin, to, held + 1, &end, b->end);
    }
    sums->profit = walker.profit + walker.profit_low;
    sums->discharged_mwh = walker.discharged_mwh;
    return path->value ? write_duals(w, s, path, err) : VO_OK;
}
