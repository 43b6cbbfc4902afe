/* matching_fill.c -- who gets how much of the book at a price p.
 *
 * Who accepts p is in: bids from p, offers up to p. The short side is filled whole. On the long side
 * better prices are filled whole and the margin (those at p; with share_all everybody who accepts
 * p) shares what is left, by home: with M_h the sum of the margin up to home h, home h gets
 *     ceil(F M_h / M) - ceil(F M_(h-1) / M),     which adds up to F and is never more than it wants.
 *
 * A home on both sides. Energy can be paired without anybody meeting himself exactly where
 * bought_h + sold_h <= Q for all h, and at most one home k can break that.
 *   - k's orders alone are d_k + s_k > max(D, S): all that can be traded is what the others bid
 *     and offer, all of it with k. The others are filled whole.
 *   - else k has too much of the long side only: it is cut to Q less what k has of the short one,
 *     and the margin without k shares the rest.
 * Then bought_k + sold_k = Q, so nobody else breaks it. k's own orders are filled best price first.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "community/matching_book.h"

enum { BUY = VO_ORDER_BUY, SELL = VO_ORDER_SELL, NOBODY = -1 };

typedef struct {
    vo_two_sides better, margin, share; /* sums without the dominant home's               */
    int64_t dominant;                   /* home number, or NOBODY                         */
    vo_two_sides most;                  /* what the dominant home gets                    */
    int long_side;                      /* NOBODY: both are equal                         */
} division;

typedef enum { OUT, MARGIN, BETTER } standing;

static inline standing standing_of(const vo_market *m, const vo_order *o) {
    const int64_t net = vo_net_price(m, o);
    const int64_t gain = o->side == BUY ? net - m->price : m->price - net;
    if (gain < 0) return OUT;
    return gain == 0 || m->share_all ? MARGIN : BETTER;
}

/* ceil(f * part / whole), 0 <= f <= whole, 0 <= part <= whole, whole > 0. */
static int64_t share_up(int64_t f, int64_t part, int64_t whole) {
    const vo_wide product = (vo_wide)f * part;
    int64_t q = (int64_t)((double)f * ((double)part / (double)whole));
    vo_wide rest = product - (vo_wide)q * whole;
    if (rest < 0 || rest >= whole) { /* the estimate is off by the rounding of doubles */
        q = (int64_t)(product / whole);
        rest = product - (vo_wide)q * whole;
    }
    return q + (rest > 0);
}

/* ---- at the level of homes --------------------------------------------------------------- */

/* What every home would trade at the price, and the sums. */
static void add_up(vo_market *m, division *v) {
    memset(m->home, 0, m->homes * sizeof *m->home);
    for (size_t i = 0; i < m->n; i++) {
        const vo_order *o = &m->order[i];
        const standing s = standing_of(m, o);
        if (s == OUT) continue;
        m->home[o->home].side[o->side] += o->quantity;
        if (s == BETTER)
            v->better.side[o->side] += o->quantity;
        else
            v->margin.side[o->side] += o->quantity;
    }
    v->share = v->margin;
}

static int64_t wanted(const division *v, int side) {
    return v->better.side[side] + v->margin.side[side];
}

/* The margin of the long side by home, but the dominant one's. */
static void add_up_margin(vo_market *m, const division *v) {
    memset(m->margin, 0, m->homes * sizeof *m->margin);
    for (size_t i = 0; i < m->n; i++) {
        const vo_order *o = &m->order[i];
        if (o->side == v->long_side && o->home != v->dominant && standing_of(m, o) == MARGIN)
            m->margin[o->home] += o->quantity;
    }
}

/* give[h] of the long side's margin. */
static void share_margin(vo_market *m, const division *v) {
    const int64_t whole = v->margin.side[v->long_side], f = v->share.side[v->long_side];
    int64_t part = 0, given = 0;
    for (size_t h = 0; h < m->homes; h++) {
        if (m->margin[h] == 0) {
            m->give[h] = 0;
            continue;
        }
        part += m->margin[h];
        const int64_t up_to = share_up(f, part, whole);
        m->give[h] = up_to - given;
        given = up_to;
    }
    assert(given == f);
}

/* Home k steps out of both sides' sums. */
static void set_aside(vo_market *m, division *v, size_t k) {
    for (size_t i = 0; i < m->n; i++) {
        const vo_order *o = &m->order[i];
        if (o->home != k) continue;
        const standing s = standing_of(m, o);
        if (s == BETTER) v->better.side[o->side] -= o->quantity;
        if (s == MARGIN) v->margin.side[o->side] -= o->quantity;
    }
    v->share = v->margin;
    v->dominant = (int64_t)k;
}

/* What home h gets of a side as divided so far. */
static int64_t gets(const vo_market *m, const division *v, size_t h, int side) {
    const int64_t all = m->home[h].side[side];
    return side == v->long_side ? all - m->margin[h] + m->give[h] : all;
}

/* A home that wants more than the longer side: the others trade all they want with it. */
static bool all_with_one(vo_market *m, division *v) {
    const int64_t bids = wanted(v, BUY), offers = wanted(v, SELL);
    const int64_t longer = bids > offers ? bids : offers;
    size_t k = 0;
    while (k < m->homes && m->home[k].side[BUY] + m->home[k].side[SELL] <= longer) k++;
    if (k == m->homes) return false;
    set_aside(m, v, k);
    v->most = (vo_two_sides){{wanted(v, SELL), wanted(v, BUY)}};
    v->long_side = NOBODY;
    m->quantity = v->most.side[BUY] + v->most.side[SELL];
    return true;
}

/* A home with too much of the long side: cut, and the others share again. */
static void cut_one(vo_market *m, division *v) {
    const int l = v->long_side;
    size_t k = 0;
    while (k < m->homes && gets(m, v, k, BUY) + gets(m, v, k, SELL) <= m->quantity) k++;
    if (k == m->homes) return;
    set_aside(m, v, k);
    v->most.side[!l] = m->home[k].side[!l];
    v->most.side[l] = m->quantity - v->most.side[!l];
    v->share.side[l] = m->quantity - v->most.side[l] - v->better.side[l];
    m->margin[k] = 0;
    share_margin(m, v);
}

static void divide(vo_market *m, division *v) {
    add_up(m, v);
    const int64_t bids = wanted(v, BUY), offers = wanted(v, SELL);
    m->quantity = bids < offers ? bids : offers;
    v->dominant = NOBODY;
    v->long_side = bids == offers ? NOBODY : bids > offers ? BUY : SELL;
    if (m->mixed && all_with_one(m, v)) return;
    if (v->long_side == NOBODY) return;
    v->share.side[v->long_side] = m->quantity - v->better.side[v->long_side];
    add_up_margin(m, v);
    share_margin(m, v);
    if (m->mixed) cut_one(m, v);
}

/* home[]: from what could be traded to what is. */
static void settle_homes(vo_market *m, const division *v) {
    if (v->long_side != NOBODY)
        for (size_t h = 0; h < m->homes; h++)
            m->home[h].side[v->long_side] += m->give[h] - m->margin[h];
    if (v->dominant != NOBODY) m->home[v->dominant] = v->most;
}

/* ---- at the level of orders -------------------------------------------------------------- */

/* An order that shares something with others of its home: sorted by rank, then quantity, so that
 * neither the book's order nor splitting shows. */
typedef struct {
    uint32_t home, index;
    int64_t rank, quantity;
} sharer;

static int by_rank(const void *a, const void *b) {
    const sharer *x = a, *y = b;
    if (x->home != y->home) return x->home < y->home ? -1 : 1;
    if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
    if (x->quantity != y->quantity) return x->quantity < y->quantity ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* `amount` over s[0..n), pro rata. */
static void share_among(vo_market *m, const sharer *s, size_t n, int64_t amount) {
    int64_t whole = 0, part = 0, given = 0;
    for (size_t i = 0; i < n; i++) whole += s[i].quantity;
    for (size_t i = 0; i < n; i++) {
        part += s[i].quantity;
        const int64_t up_to = share_up(amount, part, whole);
        m->filled[s[i].index] = up_to - given;
        given = up_to;
    }
}

/* Homes with several orders at the margin. */
static void share_several(vo_market *m, sharer *s, size_t n) {
    qsort(s, n, sizeof *s, by_rank);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && s[end].home == s[i].home;) end++;
        share_among(m, s + i, end - i, m->give[s[i].home]);
    }
}

/* The dominant home's orders of one side, best price first, each price pro rata. */
static void fill_dominant(vo_market *m, const division *v, int side, sharer *s) {
    size_t n = 0;
    int64_t left = v->most.side[side];
    for (size_t i = 0; i < m->n; i++) {
        const vo_order *o = &m->order[i];
        if (o->home != v->dominant || o->side != side || standing_of(m, o) == OUT) continue;
        const int64_t rank = side == BUY ? -o->price : o->price;
        s[n++] = (sharer){o->home, (uint32_t)i, rank, o->quantity};
    }
    qsort(s, n, sizeof *s, by_rank);
    for (size_t i = 0, end; i < n; i = end) {
        int64_t want = 0;
        for (end = i; end < n && s[end].rank == s[i].rank; end++) want += s[end].quantity;
        const int64_t get = left < want ? left : want;
        share_among(m, s + i, end - i, get);
        left -= get;
    }
    assert(left == 0);
}

/* All orders but the dominant home's; returns how many are to be shared within their home. */
static size_t fill_orders(vo_market *m, const division *v, sharer *several) {
    size_t n = 0;
    for (size_t i = 0; i < m->n; i++) {
        const vo_order *o = &m->order[i];
        const standing s = standing_of(m, o);
        m->filled[i] = 0;
        if (s == OUT || o->home == v->dominant) continue;
        if (s == BETTER || o->side != v->long_side)
            m->filled[i] = o->quantity;
        else if (o->quantity == m->margin[o->home])
            m->filled[i] = m->give[o->home];
        else if (m->give[o->home] > 0)
            several[n++] = (sharer){o->home, (uint32_t)i, o->side == BUY ? -o->price : o->price,
                                    o->quantity};
    }
    return n;
}

vo_status vo_market_fill(vo_market *m, vo_error *err) {
    division v = {0};
    m->margin = vo_market_reserve(m, &m->margin_buffer, m->homes, sizeof *m->margin);
    m->give = vo_market_reserve(m, &m->give_buffer, m->homes, sizeof *m->give);
    sharer *several = vo_market_reserve(m, &m->several_buffer, m->n, sizeof *several);
    if (!m->margin || !m->give || !several)
        return vo_fail(err, VO_ENOMEM, "no memory to share among %zu orders", m->n);
    divide(m, &v);
    share_several(m, several, fill_orders(m, &v, several));
    if (v.dominant != NOBODY) {
        fill_dominant(m, &v, BUY, several);
        fill_dominant(m, &v, SELL, several);
    }
    settle_homes(m, &v);
    return VO_OK;
}
