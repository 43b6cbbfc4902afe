/* market_judge.h -- is a match right? Everything that must hold of one, worked out the plain way.
 *
 * judge_match returns NULL or a sentence. It shares no code with the market: curves are added up order
 * by order, the most that can be traded without self-trade is a maximum flow from sellers to buyers
 * without the arcs from a home to itself. Any book of up to 256 orders and 64 homes.
 */
#ifndef TESTS_SUPPORT_MARKET_JUDGE_H
#define TESTS_SUPPORT_MARKET_JUDGE_H

#include <stdbool.h>
#include <string.h>

#include "community/matching.h"

enum { JUDGE_HOMES = 64, JUDGE_NODES = 2 * JUDGE_HOMES + 2 };

typedef struct {
    vo_matching kind;
    const vo_market_rules *rules;
    int64_t signal_price;
    const vo_order *order;
    size_t n;
    int64_t price; /* at which pay_as_clear or signal decides who trades: the seller's        */
} judged_book;

static inline int64_t judge_net(const judged_book *b, size_t i) {
    return b->order[i].side == VO_ORDER_BUY ? b->order[i].price - b->rules->fee
                                            : b->order[i].price;
}

/* Bids from p up (or only above it), offers up to p (or only below it). */
static inline int64_t judge_sum(const judged_book *b, int side, int64_t p, bool at_p) {
    int64_t sum = 0;
    for (size_t i = 0; i < b->n; i++) {
        const int64_t net = judge_net(b, i);
        const bool better = side == VO_ORDER_BUY ? net > p : net < p;
        if (b->order[i].side == side && (better || (at_p && net == p)))
            sum += b->order[i].quantity;
    }
    return sum;
}

/* Does p clear: who gains by trading can, whoever is needed for that accepts p? */
static inline bool judge_clears(const judged_book *b, int64_t p) {
    return judge_sum(b, VO_ORDER_BUY, p, false) <= judge_sum(b, VO_ORDER_SELL, p, true) &&
           judge_sum(b, VO_ORDER_SELL, p, false) <= judge_sum(b, VO_ORDER_BUY, p, true);
}

static inline const char *judge_interval(const judged_book *b, const vo_match *x) {
    int64_t bid = INT64_MIN, offer = INT64_MAX;
    for (size_t i = 0; i < b->n; i++) {
        const int64_t net = judge_net(b, i);
        if (b->order[i].side == VO_ORDER_BUY && net > bid) bid = net;
        if (b->order[i].side == VO_ORDER_SELL && net < offer) offer = net;
    }
    if (bid < offer)
        return x->low_price == offer && x->high_price == bid && !x->cleared
                   ? NULL
                   : "a book that does not cross traded or hid its best prices";
    if (x->low_price > x->high_price) return "a book that crosses has no equilibrium interval";
    if (!judge_clears(b, x->low_price) || !judge_clears(b, x->high_price))
        return "an end of the equilibrium interval does not clear";
    if (judge_clears(b, x->low_price - 1) || judge_clears(b, x->high_price + 1))
        return "the equilibrium interval is wider than told";
    return NULL;
}

/* ---- the most that can be traded --------------------------------------------------------- */

typedef struct {
    size_t homes;
    uint32_t home[JUDGE_HOMES];
    int64_t room[JUDGE_NODES][JUDGE_NODES]; /* source, sellers, buyers, sink */
} judge_network;

static inline size_t judge_number(judge_network *w, uint32_t home) {
    size_t h = 0;
    while (h < w->homes && w->home[h] != home) h++;
    if (h == w->homes) w->home[w->homes++] = home;
    return h;
}

/* One more path from source to sink, found in breadth; returns what went through. */
static inline int64_t judge_augment(judge_network *w, size_t nodes) {
    size_t queue[JUDGE_NODES], from[JUDGE_NODES], begin = 0, end = 1;
    const size_t sink = nodes - 1;
    for (size_t i = 0; i < nodes; i++) from[i] = nodes;
    queue[0] = from[0] = 0;
    while (begin < end && from[sink] == nodes) {
        const size_t a = queue[begin++];
        for (size_t c = 0; c < nodes; c++)
            if (from[c] == nodes && w->room[a][c] > 0) from[c] = a, queue[end++] = c;
    }
    if (from[sink] == nodes) return 0;
    int64_t most = INT64_MAX;
    for (size_t c = sink; c != 0; c = from[c])
        if (w->room[from[c]][c] < most) most = w->room[from[c]][c];
    for (size_t c = sink; c != 0; c = from[c])
        w->room[from[c]][c] -= most, w->room[c][from[c]] += most;
    return most;
}

static inline int64_t judge_most(const judged_book *b) {
    static judge_network w; /* large; cleared here */
    w.homes = 0;
    for (size_t i = 0; i < b->n; i++) judge_number(&w, b->order[i].home);
    const size_t nodes = 2 * w.homes + 2;
    for (size_t i = 0; i < nodes; i++) memset(w.room[i], 0, nodes * sizeof w.room[i][0]);
    for (size_t i = 0; i < b->n; i++) {
        const size_t h = judge_number(&w, b->order[i].home);
        const int64_t net = judge_net(b, i);
        if (b->order[i].side == VO_ORDER_SELL && net <= b->price)
            w.room[0][1 + h] += b->order[i].quantity;
        if (b->order[i].side == VO_ORDER_BUY && net >= b->price)
            w.room[1 + w.homes + h][nodes - 1] += b->order[i].quantity;
    }
    for (size_t s = 0; s < w.homes; s++)
        for (size_t d = 0; d < w.homes; d++)
            if (s != d) w.room[1 + s][1 + w.homes + d] = INT64_MAX / 4;
    int64_t most = 0, more;
    while ((more = judge_augment(&w, nodes)) > 0) most += more;
    return most;
}

/* ---- fills and trades -------------------------------------------------------------------- */

/* Sum of fills of a home's orders of a side; at one price only, where `price` is given. */
static inline int64_t judge_filled(const judged_book *b, const vo_match *x, uint32_t home,
                                   int side, const int64_t *price) {
    int64_t sum = 0;
    for (size_t i = 0; i < b->n; i++)
        if (b->order[i].home == home && b->order[i].side == side &&
            (!price || b->order[i].price == *price))
            sum += x->filled[i];
    return sum;
}

static inline int64_t judge_traded(const vo_match *x, uint32_t home, int side,
                                   const int64_t *price) {
    int64_t sum = 0;
    for (size_t i = 0; i < x->n_trades; i++) {
        const vo_trade *t = &x->trade[i];
        const bool buys = side == VO_ORDER_BUY;
        if ((buys ? t->buyer : t->seller) == home &&
            (!price || (buys ? t->buyer_price : t->seller_price) == *price))
            sum += t->quantity;
    }
    return sum;
}

static inline const char *judge_order(const judged_book *b, const vo_match *x, size_t i) {
    const vo_order *o = &b->order[i];
    const bool buys = o->side == VO_ORDER_BUY;
    if (x->filled[i] < 0 || x->filled[i] > o->quantity)
        return "a fill is negative or more than the order";
    if (judge_filled(b, x, o->home, o->side, NULL) != judge_traded(x, o->home, o->side, NULL))
        return "a home's fills and its trades differ";
    if ((b->kind == VO_MATCHING_pay_as_bid && buys) ||
        (b->kind == VO_MATCHING_pay_as_offer && !buys)) {
        if (judge_filled(b, x, o->home, o->side, &o->price) !=
            judge_traded(x, o->home, o->side, &o->price))
            return "trades at an order's price are not its fill";
    }
    if (x->filled[i] == 0) return NULL;
    if (buys ? judge_net(b, i) < b->price : judge_net(b, i) > b->price)
        return "an order is filled that does not accept the price";
    for (size_t k = 0; k < x->n_trades; k++) {
        const vo_trade *t = &x->trade[k];
        if (buys && t->buyer == o->home && b->kind != VO_MATCHING_pay_as_bid &&
            t->buyer_price > o->price)
            return "a buyer pays more than a bid that is filled";
        if (!buys && t->seller == o->home && b->kind != VO_MATCHING_pay_as_offer &&
            t->seller_price < o->price)
            return "a seller gets less than an offer that is filled";
    }
    return NULL;
}

/* A better order left waiting while a worse one trades: only by a home that cannot trade more
 * without meeting itself. */
static inline const char *judge_merit(const judged_book *b, const vo_match *x, size_t i) {
    const vo_order *o = &b->order[i];
    if (x->filled[i] == o->quantity) return NULL;
    const bool full = judge_filled(b, x, o->home, VO_ORDER_BUY, NULL) +
                          judge_filled(b, x, o->home, VO_ORDER_SELL, NULL) ==
                      x->quantity;
    for (size_t k = 0; k < b->n; k++) {
        const vo_order *w = &b->order[k];
        const bool worse = o->side == VO_ORDER_BUY ? w->price < o->price : w->price > o->price;
        if (w->side == o->side && worse && x->filled[k] > 0 && (!full || w->home == o->home))
            return "a worse order trades while a better one waits";
    }
    return NULL;
}

static inline const char *judge_trades(const judged_book *b, const vo_match *x) {
    int64_t sum = 0;
    for (size_t i = 0; i < x->n_trades; i++) {
        const vo_trade *t = &x->trade[i], *u = t - 1;
        sum += t->quantity;
        if (t->quantity <= 0) return "a trade is empty";
        if (t->seller == t->buyer) return "a home trades with itself";
        if (t->buyer_price - t->seller_price != b->rules->fee)
            return "a trade's prices are not a fee apart";
        if (t->seller_price < b->rules->least_price || t->buyer_price > b->rules->most_price)
            return "a trade's price passes the limits";
        if (b->kind == VO_MATCHING_pay_as_bid     ? t->seller_price < b->price
            : b->kind == VO_MATCHING_pay_as_offer ? t->seller_price > b->price
                                                  : t->seller_price != b->price)
            return "a trade's price is on the wrong side of the price that decided";
        if (i == 0) continue;
        if (u->seller > t->seller || (u->seller == t->seller && u->buyer > t->buyer) ||
            (u->seller == t->seller && u->buyer == t->buyer &&
             u->seller_price <= t->seller_price))
            return "trades are not in order, or not joined";
    }
    return sum == x->quantity ? NULL : "the trades do not add up to the quantity";
}

static inline const char *judge_match(const judged_book *b, const vo_match *x) {
    const char *wrong = judge_interval(b, x);
    if (!wrong) wrong = judge_trades(b, x);
    for (size_t i = 0; i < b->n && !wrong; i++) wrong = judge_order(b, x, i);
    for (size_t i = 0; i < b->n && !wrong && b->kind != VO_MATCHING_signal; i++)
        wrong = judge_merit(b, x, i);
    if (wrong) return wrong;
    if (x->cleared != (x->quantity > 0)) return "cleared and quantity contradict each other";
    if (x->low_price > x->high_price) return NULL;
    if (b->kind == VO_MATCHING_pay_as_clear &&
        (x->price < x->low_price || x->price > x->high_price))
        return "the price is outside the equilibrium interval";
    return x->quantity == judge_most(b) ? NULL : "not as much is traded as could be";
}

#endif
