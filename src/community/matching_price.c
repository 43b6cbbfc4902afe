/* matching_price.c -- the prices at which a book clears, without sorting it.
 *
 * Between two prices x and x+1, excess supply is E = (offers at most x) - (bids above x)
 * = W(x) - D, with W(x) the quantity of ALL orders, of either side, priced at most x, and D that of
 * all bids. p clears where excess is not positive just below and not negative just above it: the
 * equilibrium interval is the weighted quantile of all prices at D, its lower and its upper end.
 * A quantile needs no sort: weights by leading digits of the price, then of the one class that
 * matters, 4096 classes a round. Two rounds do for a range of one unit per kWh.
 */
#include <string.h>

#include "community/matching_book.h"

enum { DIGIT_BITS = 12 };

/* Weights of the classes of the digit at `shift` among the prices that begin with `prefix`. */
static void weigh(vo_market *m, unsigned shift, uint64_t prefix) {
    memset(m->bucket, 0, sizeof m->bucket);
    for (size_t i = 0; i < m->n; i++) {
        const uint64_t digits = (uint64_t)(vo_net_price(m, &m->order[i]) - m->least) >> shift;
        if (digits >> DIGIT_BITS == prefix)
            m->bucket[digits & (VO_PRICE_BUCKETS - 1)] += m->order[i].quantity;
    }
}

static int64_t next_price(const vo_market *m, int64_t price) {
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < m->n; i++) {
        const int64_t p = vo_net_price(m, &m->order[i]);
        if (p > price && p < next) next = p;
    }
    return next;
}

void vo_market_interval(vo_market *m) {
    const uint64_t range = (uint64_t)(m->most - m->least);
    const int64_t demand = m->total.side[VO_ORDER_BUY];
    unsigned shift = 0;
    while (range >> shift >> DIGIT_BITS) shift += DIGIT_BITS;
    int64_t below = 0; /* weight of the classes below the one that is looked into */
    uint64_t prefix = 0;
    for (;; shift -= DIGIT_BITS) {
        size_t b = 0;
        weigh(m, shift, prefix);
        for (; below + m->bucket[b] < demand; b++) below += m->bucket[b];
        prefix = prefix << DIGIT_BITS | b;
        if (shift > 0) continue;
        m->low = m->least + (int64_t)prefix;
        m->high = below + m->bucket[b] > demand ? m->low : next_price(m, m->low);
        return;
    }
}
