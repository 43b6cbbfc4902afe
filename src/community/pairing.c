/* pairing.c -- see pairing.h.
 *
 * Two queues, sellers and buyers, are walked side by side; each step trades the smaller rest. Where a
 * home meets itself, it swaps partners: (h to h) and (u to v), u and v both not h, become (h to v)
 * and (u to h). Such a (u to v) is there as long as bought_h + sold_h <= Q: all but that much is
 * between others. One pointer goes round the trades for all swaps: it passes what it uses once and
 * what touches the home at hand once, three rounds of all energy at most, so the work stays
 * linear in the number of trades.
 */
#include "community/pairing.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "community/homes.h"

enum { BUY = VO_ORDER_BUY, SELL = VO_ORDER_SELL, HOME_BITS = 22, DIGIT_BITS = 11 };
_Static_assert(VO_MAX_HOMES <= 1u << HOME_BITS, "a home's number fits a step's key");
#define HOME_MASK ((UINT64_C(1) << HOME_BITS) - 1)

static vo_status no_memory(const vo_market *m, vo_error *err) {
    return vo_fail(err, VO_ENOMEM, "no memory to pair %zu orders", m->n);
}

/* ---- a home that meets itself ------------------------------------------------------------ */

/* Room for one more trade, keeping those that are there. */
static bool grow(vo_market *m) {
    vo_market_buffer old = m->trade_buffer;
    if ((m->n_trades + 1) * sizeof *m->trade <= old.bytes) return true;
    m->trade_buffer = (vo_market_buffer){NULL, 0};
    vo_trade *t = vo_market_reserve(m, &m->trade_buffer, 2 * m->n_trades + 1, sizeof *t);
    if (!t) {
        m->trade_buffer = old;
        return false;
    }
    memcpy(t, old.data, m->n_trades * sizeof *t);
    m->alloc.free(m->alloc.ctx, old.data);
    m->trade = t;
    return true;
}

/* Trades i (h to h) and j (u to v) swap sellers for the smaller of both quantities. The rest of
 * the larger stays in its place; what came of it goes to the end. */
static bool swap_sellers(vo_market *m, size_t i, size_t j) {
    if (!grow(m)) return false;
    vo_trade *t = m->trade;
    const vo_trade self = t[i], other = t[j];
    const int64_t q = self.quantity < other.quantity ? self.quantity : other.quantity;
    vo_trade bought = other, sold = self; /* h to v, u to h */
    bought.seller = self.seller, bought.seller_price = self.seller_price;
    sold.seller = other.seller, sold.seller_price = other.seller_price;
    bought.quantity = sold.quantity = q;
    if (other.quantity == q)
        t[j] = bought;
    else
        t[j].quantity -= q, t[m->n_trades++] = bought;
    if (self.quantity == q) {
        t[i] = sold;
        return true;
    }
    t[i].quantity -= q;
    if (!grow(m)) return false;
    m->trade[m->n_trades++] = sold;
    return true;
}

static vo_status part_from_self(vo_market *m, vo_error *err) {
    const size_t n = m->n_trades;
    size_t j = 0;
    for (size_t i = 0; i < n; i++)
        while (m->trade[i].seller == m->trade[i].buyer) {
            const uint32_t h = m->trade[i].seller;
            for (size_t passed = 0; m->trade[j].seller == h || m->trade[j].buyer == h;
                 passed++) {
                if (passed == m->n_trades)
                    return vo_fail(err, VO_ENUMERIC,
                                   "home %" PRIu32 " has more than the half of all trades", h);
                j = j + 1 < m->n_trades ? j + 1 : 0;
            }
            if (!swap_sellers(m, i, j)) return no_memory(m, err);
            m->unsorted = true;
        }
    return VO_OK;
}

/* ---- by home ----------------------------------------------------------------------------- */

/* The next home that has something left of a side. */
static size_t next_home(const vo_market *m, size_t h, int side) {
    while (h < m->homes && m->home[h].side[side] == 0) h++;
    return h;
}

vo_status vo_pair_by_home(vo_market *m, vo_error *err) {
    m->trade = vo_market_reserve(m, &m->trade_buffer, m->n, sizeof *m->trade);
    if (!m->trade) return no_memory(m, err);
    size_t seller = next_home(m, 0, SELL), buyer = next_home(m, 0, BUY);
    while (seller < m->homes && buyer < m->homes) {
        int64_t *sells = &m->home[seller].side[SELL], *buys = &m->home[buyer].side[BUY];
        const int64_t q = *sells < *buys ? *sells : *buys;
        m->trade[m->n_trades++] = (vo_trade){(uint32_t)seller, (uint32_t)buyer, q, 0, 0};
        *sells -= q;
        *buys -= q;
        seller = next_home(m, seller, SELL);
        buyer = next_home(m, buyer, BUY);
    }
    assert(seller == m->homes && buyer == m->homes);
    return m->mixed ? part_from_self(m, err) : VO_OK;
}

/* ---- by merit ---------------------------------------------------------------------------- */

/* The filled part of each order, keys (price rank, home), offers and bids each in its list. */
static void list_steps(const vo_market *m, vo_step *const list[2], size_t n[2]) {
    n[BUY] = n[SELL] = 0;
    for (size_t i = 0; i < m->n; i++) {
        const vo_order *o = &m->order[i];
        const int64_t net = vo_net_price(m, o);
        const int64_t rank = o->side == BUY ? m->most - net : net - m->least;
        list[o->side][n[o->side]] =
            (vo_step){(uint64_t)rank << HOME_BITS | o->home, m->filled[i]};
        n[o->side] += m->filled[i] > 0; /* else the next one overwrites it */
    }
}

/* Which bits of the keys differ; the home's are left out where homes are in order already. */
static uint64_t differing_bits(const vo_step *step, size_t n) {
    uint64_t bits = 0;
    bool homes = true;
    for (size_t i = 1; i < n; i++) {
        bits |= step[i].key ^ step[0].key;
        homes &= (step[i - 1].key & HOME_MASK) <= (step[i].key & HOME_MASK);
    }
    return homes ? bits & ~HOME_MASK : bits;
}

/* Stable, by the digit at `shift`. */
static void sort_digit(vo_market *m, const vo_step *from, size_t n, unsigned shift,
                       vo_step *to) {
    enum { DIGITS = 1 << DIGIT_BITS };
    int64_t *place = m->bucket;
    memset(place, 0, DIGITS * sizeof *place);
    for (size_t i = 0; i < n; i++) place[from[i].key >> shift & (DIGITS - 1)]++;
    int64_t before = 0;
    for (size_t d = 0; d < DIGITS; d++) {
        const int64_t count = place[d];
        place[d] = before;
        before += count;
    }
    for (size_t i = 0; i < n; i++) to[place[from[i].key >> shift & (DIGITS - 1)]++] = from[i];
}

/* Sorts step[n] by key, using spare[n], and joins equal keys; returns how many are left. */
static size_t sort_steps(vo_market *m, vo_step *step, vo_step *spare, size_t n) {
    const uint64_t bits = differing_bits(step, n);
    vo_step *from = step, *to = spare;
    for (unsigned shift = 0; shift < 64 && bits >> shift; shift += DIGIT_BITS) {
        if ((bits >> shift & ((1u << DIGIT_BITS) - 1)) == 0) continue;
        sort_digit(m, from, n, shift, to);
        vo_step *swap = from;
        from = to, to = swap;
    }
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        const bool same = kept > 0 && step[kept - 1].key == from[i].key;
        if (same)
            step[kept - 1].quantity += from[i].quantity;
        else
            step[kept++] = from[i];
    }
    return kept;
}

/* Offers and bids, each in merit order, side by side. */
static void walk_steps(vo_market *m, vo_step *offer, vo_step *bid, size_t offers) {
    for (size_t s = 0; s < offers;) {
        const int64_t q = offer[s].quantity < bid->quantity ? offer[s].quantity : bid->quantity;
        m->trade[m->n_trades++] =
            (vo_trade){(uint32_t)(offer[s].key & HOME_MASK), (uint32_t)(bid->key & HOME_MASK),
                       q, m->least + (int64_t)(offer[s].key >> HOME_BITS),
                       m->most - (int64_t)(bid->key >> HOME_BITS)};
        offer[s].quantity -= q;
        bid->quantity -= q;
        if (offer[s].quantity == 0) s++;
        if (bid->quantity == 0) bid++;
    }
}

vo_status vo_pair_by_merit(vo_market *m, vo_error *err) {
    size_t n[2];
    vo_step *list[2];
    list[BUY] = vo_market_reserve(m, &m->step_buffer, m->n, sizeof **list);
    list[SELL] = vo_market_reserve(m, &m->several_buffer, m->n, sizeof **list);
    vo_step *spare = vo_market_reserve(m, &m->spare_buffer, m->n, sizeof *spare);
    m->trade = vo_market_reserve(m, &m->trade_buffer, m->n, sizeof *m->trade);
    if (!list[BUY] || !list[SELL] || !spare || !m->trade) return no_memory(m, err);
    list_steps(m, list, n);
    for (int s = BUY; s <= SELL; s++) n[s] = sort_steps(m, list[s], spare, n[s]);
    walk_steps(m, list[SELL], list[BUY], n[SELL]);
    m->unsorted = true;
    return m->mixed ? part_from_self(m, err) : VO_OK;
}

/* ---- order of telling -------------------------------------------------------------------- */

static int by_buyer(const void *a, const void *b) {
    const vo_trade *x = a, *y = b;
    if (x->buyer != y->buyer) return x->buyer < y->buyer ? -1 : 1;
    return x->seller_price > y->seller_price ? -1 : x->seller_price < y->seller_price;
}

static void sort_few(vo_trade *t, size_t n) {
    for (size_t i = 1; i < n; i++) {
        const vo_trade x = t[i];
        size_t j = i;
        for (; j > 0 && by_buyer(&x, &t[j - 1]) < 0; j--) t[j] = t[j - 1];
        t[j] = x;
    }
}

/* A seller's trades in order, those alike joined, to `to`; returns how many. */
static size_t sort_seller(vo_trade *t, size_t n, vo_trade *to) {
    size_t kept = 0;
    if (n > 16)
        qsort(t, n, sizeof *t, by_buyer);
    else
        sort_few(t, n);
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && by_buyer(&to[kept - 1], &t[i]) == 0)
            to[kept - 1].quantity += t[i].quantity;
        else
            to[kept++] = t[i];
    }
    return kept;
}

vo_status vo_pair_sort(vo_market *m, vo_error *err) {
    if (!m->unsorted) return VO_OK;
    vo_trade *sorted = vo_market_reserve(m, &m->sorted_buffer, m->n_trades, sizeof *sorted);
    size_t *first = vo_market_reserve(m, &m->first_buffer, m->homes + 1, sizeof *first);
    if (!sorted || !first) return no_memory(m, err);
    memset(first, 0, (m->homes + 1) * sizeof *first);
    for (size_t i = 0; i < m->n_trades; i++) first[m->trade[i].seller + 1]++;
    for (size_t h = 0; h < m->homes; h++) first[h + 1] += first[h];
    for (size_t i = 0; i < m->n_trades; i++) sorted[first[m->trade[i].seller]++] = m->trade[i];
    size_t kept = 0;
    for (size_t h = 0, begin = 0; h < m->homes; begin = first[h], h++)
        kept += sort_seller(sorted + begin, first[h] - begin, m->trade + kept);
    m->n_trades = kept;
    return VO_OK;
}
