/* matching.h -- the seam "who trades how much at what price": one interval's book in, trades out.
 *
 * Energy is counted in whole micro-kWh as injected by the seller, money in whole micro-units per
 * kWh injected: all is exact, nothing depends on the order of arrival. Equal prices share pro rata
 * (remainders by home number), a home's orders of one price count as one, nobody trades with himself.
 * What arrives after losses and what it costs is the ledger's business, not the book's.
 * Equations, roundings and the rule for a home that meets itself: docs/models/market.md.
 *
 * signal:       at the central price; the short side whole, the long side pro rata of its orders
 *               that accept that price.
 * pay_as_clear: merit order; one price, rules.point of the way through the equilibrium interval
 *               (from its lowest to its highest price, rounded down), for all.
 * pay_as_bid:   the same merit order and quantity; each trade at its bid (less the fee to the seller).
 * pay_as_offer: each trade at its offer (plus the fee to the buyer).
 * A fee is paid by the buyer: a bid of b and an offer of o trade where b - fee >= o.
 *
 * To add one: a line in VO_MATCHING_MAP and its row in the table of matching.c (which price, who
 * shares, whose price a trade has); the properties of tests/unit/community/test_matching.c run over
 * the whole list.
 * Threads: a market has one owner at a time. Memory is kept for the next call.
 */
#ifndef VO_COMMUNITY_MATCHING_H
#define VO_COMMUNITY_MATCHING_H

#include <stdbool.h>

#include <volteo/status.h>

#include "base/alloc.h"

#define VO_MICRO 1000000

// clang-format off
#define VO_MATCHING_MAP(X)                                                            \
    X(signal,       "at the central price, pro rata")                                 \
    X(pay_as_bid,   "merit order, each trade at its bid")                             \
    X(pay_as_clear, "merit order, one price within the equilibrium interval")         \
    X(pay_as_offer, "merit order, each trade at its offer")
// clang-format on

typedef enum {
#define X(name, help) VO_MATCHING_##name,
    VO_MATCHING_MAP(X)
#undef X
        VO_MATCHINGS
} vo_matching;

const char *vo_matching_name(int32_t matching);
vo_status vo_matching_parse(const char *name, vo_matching *out,
                            vo_error *err); /* lists the names */

typedef enum { VO_ORDER_BUY = 0, VO_ORDER_SELL = 1 } vo_order_side;

typedef struct {
    uint32_t home;
    int32_t side;     /* a vo_order_side                               */
    int64_t price;    /* limit, micro-units per kWh injected           */
    int64_t quantity; /* micro-kWh injected, > 0                       */
} vo_order;

#define VO_MARKET_MOST_PRICE                                                                   \
    INT64_C(1000000000000) /* of any price, either sign: 10^6 units per kWh */
#define VO_MARKET_MOST_QUANTITY INT64_C(1000000000000) /* of a home, side and interval: 1 GWh */
#define VO_MARKET_MOST_ORDERS 1000000000u
#define VO_MARKET_MOST_LOSS 0.99

/* What a market allows. */
typedef struct {
    int64_t least_price, most_price; /* of any order, both ends allowed                       */
    int64_t most_quantity;           /* of a home, side and interval together, so that        */
                                     /* splitting an order does not get around it             */
    int64_t most_sold_daily;         /* of a home and local day                               */
    double loss;                     /* of what is injected                                   */
    int64_t fee;                     /* micro-units per kWh injected, >= 0, paid by the buyer */
    double point;                    /* 0..1 of the equilibrium interval                      */
} vo_market_rules;

/* The requirements': 0.10..1.00 per kWh, 2 kWh, 10 kWh a day, 5 % lost, no fee, midpoint. */
vo_market_rules vo_market_rules_default(void);
/* No limit but the VO_MARKET_MOST_s, prices of either sign; loss, fee and point as by default. */
vo_market_rules vo_market_rules_none(void);
/* VO_EINVAL naming field, value and remedy. */
vo_status vo_market_rules_check(const vo_market_rules *r, vo_error *err);

/* Energy of one seller to one buyer. buyer_price - fee >= seller_price; both keep the limits. */
typedef struct {
    uint32_t seller, buyer;
    int64_t quantity;                  /* micro-kWh injected, > 0       */
    int64_t seller_price, buyer_price; /* micro-units per kWh injected  */
} vo_trade;

typedef struct {
    const int64_t *filled; /* [n] of each order, micro-kWh                               */
    const vo_trade *trade; /* [n_trades] by seller, then buyer, then price from the highest */
    size_t n_trades;
    int64_t quantity;              /* in all                                             */
    int64_t low_price, high_price; /* equilibrium interval, the seller's prices. low > high: */
                                   /* no bid reaches an offer; then the best offer       */
                                   /* (INT64_MAX: none) and the best bid (INT64_MIN: none) */
    int64_t price; /* the seller's in pay_as_clear and signal; else the mean of the trades  */
    bool cleared;  /* something was traded; false is a verdict, not an error. Where false,  */
                   /* `price` says nothing except in signal                              */
} vo_match;

typedef struct vo_market vo_market;
vo_status vo_market_create(const vo_alloc *alloc, vo_market **out, vo_error *err);
void vo_market_free(vo_market *m); /* accepts NULL */

/* order[n] in any order, homes 0..VO_MAX_HOMES-1 (small numbers save memory); signal_price for
 * `signal` (ignored by others). Orders outside the rules (price, quantity <= 0, more of a home and
 * side than most_quantity) are refused whole: VO_EINVAL names order, field, value and rule, and
 * nothing is traded. Daily limits are the caller's (it knows the day). VO_ENOMEM. *out's arrays are
 * the market's until the next call. */
vo_status vo_market_match(vo_market *m, vo_matching kind, const vo_market_rules *rules,
                          int64_t signal_price, const vo_order *order, size_t n, vo_match *out,
                          vo_error *err);

#endif
