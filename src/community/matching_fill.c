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

/* What a unit of the order gains at the price: < 0 does not accept it. */
static inline int64_t gain_of(const vo_market *m, const vo_order *o) {
    const int64_t above = vo_net_price(m, o) - m->price;
    return o->side == BUY ? above : -above;
}

static inline bool at_margin(const vo_market *m, int64_t gain) {
    return gain == 0 || (m->share_all && gain > 0);
}

/* ceil(f * part / whole), 0 <= f <= whole, 0 <= part <= whole, whole > 0. */
static int64_t share_up(int64_t f, int64_t part, int64_t whole) {
    const vo_int128 product = (vo_int128)f * part;
    int64_t q = (int64_t)((double)f * ((double)part / (double)whole));
    vo_int128 rest = product - (vo_int128)q * whole;
    if (rest < 0 || rest >= whole) { /* the estimate is off by the rounding of doubles */
        q = (int64_t)(product / whole);
        rest = product - (vo_int128)q * whole;
    }
    return q + (rest > 0);
}

/* ---- at the level of homes --------------------------------------------------------------- */

/* What every home would trade at the price, and the sums. No branch depends on an order: who is in
 * is as good as random. */
static void add_up(vo_market *m, division *v) {
    vo_two_sides all = {{0, 0}}, better = {{0, 0}};
    memset(m->home, 0, m->homes * sizeof *m->home);
    for (size_t i = 0; i < m->n; i++) {
        const vo_order *o = &m->order[i];
        const int64_t gain = gain_of(m, o);
        const int64_t in = o->quantity & -(int64_t)(gain >= 0);
        m->home[o->home].side[o->side] += in;
        all.side[o->side] += in;
        better.side[o->side] += o->quantity & -(int64_t)(gain > 0 && !m->share_all);
    }
    v->better = better;
    for (int s = BUY; s <= SELL; s++) v->margin.side[s] = all.side[s] - better.side[s];
    v->share = v->margin;
}

static int64_t wanted(const division *v, int side) {
    return v->better.side[side] + v->margin.side[side];
}

/* The margin of the long side by home. */
static void add_up_margin(vo_market *m, const division *v) {
    if (m->share_all) { /* is everybody who accepts the price */
        for (size_t h = 0; h < m->homes; h++) m->margin[h] = m->home[h].side[v->long_side];
        return;
    }
    memset(m->margin, 0, m->homes * sizeof *m->margin);
    for (size_t i = 0; i < m->n; i++) {
        const vo_order *o = &m->order[i];
        if (vo_net_price(m, o) == m->price && o->side == v->long_side)
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
        const int64_t gain = gain_of(m, o);
        if (at_margin(m, gain))
            v->margin.side[o->side] -= o->quantity;
        else if (gain > 0)
            v->better.side[o->side] -= o->quantity;
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

/* An order that shares something with others of its home: sorted by rank (better prices have less),
 * then quantity, so that neither the book's order nor splitting shows. */
typedef struct {
    uint32_t home, index;
    int64_t rank, quantity;
} sharer;

static inline sharer sharer_of(const vo_market *m, size_t i) {
    const vo_order *o = &m->order[i];
    const int64_t rank = o->side == BUY ? -o->price : o->price;
    return (sharer){o->home, (uint32_t)i, rank, o->quantity};
}

static int by_rank(const void *a, const void *b) {
    const sharer *x = a, *y = b;
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

static void sort_by_rank(sharer *s, size_t n) {
    if (n > 16) {
        qsort(s, n, sizeof *s, by_rank);
        return;
    }
    for (size_t i = 1; i < n; i++) { /* nearly always: a home has few orders */
        const sharer x = s[i];
        size_t j = i;
        for (; j > 0 && by_rank(&x, &s[j - 1]) < 0; j--) s[j] = s[j - 1];
        s[j] = x;
    }
}

/* s[n] in the order of homes, in *sorted: s itself where it is so already. */
static vo_status sort_by_home(vo_market *m, sharer *s, size_t n, sharer **sorted,
                              vo_error *err) {
    size_t i = 1;
    while (i < n && s[i - 1].home <= s[i].home) i++;
    *sorted = s;
    if (i >= n) return VO_OK;
    sharer *to = vo_market_reserve(m, &m->step_buffer, n, sizeof *to);
    size_t *first = vo_market_reserve(m, &m->first_buffer, m->homes + 1, sizeof *first);
    if (!to || !first) return vo_fail(err, VO_ENOMEM, "no memory to sort %zu orders", n);
    memset(first, 0, (m->homes + 1) * sizeof *first);
    for (i = 0; i < n; i++) first[s[i].home + 1]++;
    for (size_t h = 0; h < m->homes; h++) first[h + 1] += first[h];
    for (i = 0; i < n; i++) to[first[s[i].home]++] = s[i];
    *sorted = to;
    return VO_OK;
}

/* Homes with several orders at the margin. */
static vo_status share_several(vo_market *m, sharer *several, size_t n, vo_error *err) {
    sharer *s = NULL;
    const vo_status st = sort_by_home(m, several, n, &s, err);
    if (st != VO_OK) return st;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && s[end].home == s[i].home;) end++;
        sort_by_rank(s + i, end - i);
        share_among(m, s + i, end - i, m->give[s[i].home]);
    }
    return VO_OK;
}

/* The dominant home's orders of one side, best price first, each price pro rata. */
static void fill_dominant(vo_market *m, const division *v, int side, sharer *s) {
    size_t n = 0;
    int64_t left = v->most.side[side];
    for (size_t i = 0; i < m->n; i++) {
        const vo_order *o = &m->order[i];
        if (o->home != v->dominant || o->side != side || gain_of(m, o) < 0) continue;
        s[n++] = sharer_of(m, i);
    }
    sort_by_rank(s, n);
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
        const int64_t gain = gain_of(m, o);
        m->filled[i] = o->quantity & -(int64_t)(gain >= 0 && o->home != v->dominant);
        if (!at_margin(m, gain) || o->side != v->long_side || o->home == v->dominant) continue;
        const bool alone = o->quantity == m->margin[o->home];
        m->filled[i] = alone ? m->give[o->home] : 0;
        several[n] = sharer_of(m, i);
        n += !alone && m->give[o->home] > 0;
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
    const vo_status st = share_several(m, several, fill_orders(m, &v, several), err);
    if (st != VO_OK) return st;
    if (v.dominant != NOBODY) {
        fill_dominant(m, &v, BUY, several);
        fill_dominant(m, &v, SELL, several);
    }
    settle_homes(m, &v);
    return VO_OK;
}
