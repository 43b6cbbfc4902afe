/* matching_book.h -- a book on its way through matching: internal to matching*.c and pairing.c.
 *
 *   matching.c        takes the book in, refuses, knows the kinds
 *   matching_price.c  the equilibrium interval
 *   matching_fill.c   who gets how much at a price
 *   pairing.c         who trades it with whom
 *
 * Prices below are net: what the seller would get, a bid less the fee. All sums fit 64 bits: a home
 * and side has at most VO_MARKET_MOST_QUANTITY, and there are at most VO_MAX_HOMES.
 */
#ifndef VO_COMMUNITY_MATCHING_BOOK_H
#define VO_COMMUNITY_MATCHING_BOOK_H

#include <stdbool.h>

#include "base/int128.h"
#include "community/matching.h"

/* Of a home or of all, [VO_ORDER_BUY] and [VO_ORDER_SELL]. */
typedef struct {
    int64_t side[2];
} vo_two_sides;

/* A filled step of one side, in merit order of its key: price rank, then home. */
typedef struct {
    uint64_t key;
    int64_t quantity;
} vo_step;

typedef struct {
    void *data;
    size_t bytes;
} vo_market_buffer;

enum { VO_PRICE_BUCKETS = 4096 };

#define VO_MARKET_BUFFERS(X)                                                                   \
    X(filled) X(home) X(margin) X(give) X(several) X(step) X(spare) X(trade) X(sorted) X(first)

struct vo_market {
    vo_alloc alloc;

    /* the book */
    const vo_order *order;
    size_t n, homes; /* homes: the largest number + 1 */
    int64_t fee;
    int64_t least, most;              /* of all net prices                            */
    int64_t best_bid, best_offer;     /* INT64_MIN, INT64_MAX: none                     */
    vo_two_sides total;               /* of all orders                                */
    bool mixed;                       /* some home both buys and sells                */
    int64_t bucket[VO_PRICE_BUCKETS]; /* weights of price classes                     */

    /* found so far */
    int64_t low, high; /* equilibrium interval                                   */
    int64_t price;     /* at which fills are decided                             */
    bool share_all;    /* all who accept the price share, not only those at it   */
    int64_t quantity;
    size_t n_trades;

    bool unsorted; /* trades are not in the order that is told                   */

    /* kept from call to call */
#define X(name) vo_market_buffer name##_buffer;
    VO_MARKET_BUFFERS(X)
#undef X
    int64_t *filled;    /* [n]                                                    */
    vo_two_sides *home; /* [homes] first what it could trade, then what it trades */
    int64_t *margin;    /* [homes] of the long side, at the margin                */
    int64_t *give;      /* [homes] what the margin gets                           */
    vo_trade *trade;    /* seller_price: the offer; buyer_price: the bid, net     */
};

static inline int64_t vo_net_price(const vo_market *m, const vo_order *o) {
    return o->side == VO_ORDER_BUY ? o->price - m->fee : o->price;
}

/* At least n items of `size`, contents unspecified. NULL: no memory. */
void *vo_market_reserve(vo_market *m, vo_market_buffer *b, size_t n, size_t size);

/* Fills low and high; the book has bids and offers that meet. */
void vo_market_interval(vo_market *m);

/* Fills filled, home and quantity at `price`. VO_ENOMEM. */
vo_status vo_market_fill(vo_market *m, vo_error *err);

#endif
