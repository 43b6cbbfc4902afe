/* test_matching.c -- published answers, refusals, and what must hold of every book. */
#include "community/matching.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/fault_alloc.h"
#include "support/market_judge.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum {
    MOST = 64,
    BOOKS = SANITIZED ? 20000 : 100000, /* random books; each of them in all kinds */
    KWH = VO_MICRO,
    BUY = VO_ORDER_BUY,
    SELL = VO_ORDER_SELL
};

typedef struct {
    vo_order order[MOST];
    size_t n;
} book;

static vo_market *market(void) {
    vo_market *m = NULL;
    cr_assert(vo_market_create(NULL, &m, NULL) == VO_OK);
    return m;
}

static void add(book *b, uint32_t home, int32_t side, int64_t price, int64_t quantity) {
    b->order[b->n++] = (vo_order){home, side, price, quantity};
}

static vo_match match(vo_market *m, vo_matching kind, const vo_market_rules *r, const book *b) {
    vo_match x = {0};
    vo_error err = {0};
    cr_assert(vo_market_match(m, kind, r, 5, b->order, b->n, &x, &err) == VO_OK, "%s", err.msg);
    return x;
}

/* ---- published answers ------------------------------------------------------------------- */

/* Seven offers and seven bids of 1 kWh, each a home's, prices in whole units per kWh. */
static book sevens(const int offer[7], const int bid[7]) {
    book b = {.n = 0};
    for (uint32_t i = 0; i < 7; i++) add(&b, i, SELL, offer[i] * VO_MICRO, KWH);
    for (uint32_t i = 0; i < 7; i++) add(&b, 7 + i, BUY, bid[i] * VO_MICRO, KWH);
    return b;
}

static void clears_at(const int offer[7], const int bid[7], int low, int high, int units) {
    vo_market *m = market();
    const book b = sevens(offer, bid);
    for (int k = 0; k <= 4; k++) {
        vo_market_rules r = vo_market_rules_none();
        r.point = k / 4.0;
        const vo_match x = match(m, VO_MATCHING_pay_as_clear, &r, &b);
        cr_assert(x.cleared && x.quantity == units * (int64_t)KWH);
        cr_assert(x.low_price == low * (int64_t)VO_MICRO);
        cr_assert(x.high_price == high * (int64_t)VO_MICRO);
        cr_assert(x.price == x.low_price + (x.high_price - x.low_price) * k / 4);
    }
    vo_market_free(m);
}

Test(matching, uniform_prices_are_the_published_ones) {
    const int up[7] = {1, 2, 3, 4, 5, 6, 7}, down[7] = {7, 6, 5, 4, 3, 2, 1};
    const int high[7] = {8, 9, 10, 11, 12, 13, 14}, flat[7] = {5, 5, 5, 5, 5, 5, 5};
    const int steps[7] = {1, 2, 5, 5, 5, 6, 7};
    clears_at(up, up, 4, 4, 4);
    clears_at(up, down, 4, 4, 4);
    clears_at(high, high, 11, 11, 4);
    clears_at(steps, flat, 5, 5, 5);
}

Test(matching, where_published_prices_differ_the_interval_holds_both_readings) {
    /* One source says 5, another 3; at 3 the bid of 4 would be left out although it would pay. */
    const int offer[7] = {2, 3, 3, 5, 6, 7, 8}, bid[7] = {1, 2, 3, 4, 5, 6, 7};
    clears_at(offer, bid, 4, 5, 3);
}

static int64_t bought_at(const vo_match *x, uint32_t home, int64_t price) {
    return judge_traded(x, home, BUY, &price);
}

Test(matching, three_homes_that_buy_and_sell_trade_all_that_is_asked_for_at_their_bids) {
    enum { A, B, C };
    vo_market *m = market();
    const vo_market_rules r = vo_market_rules_none();
    book b = {.n = 0};
    add(&b, A, BUY, 3 * VO_MICRO / 2, 40 * KWH);
    add(&b, B, BUY, 2 * VO_MICRO, 45 * KWH);
    add(&b, C, BUY, 6 * VO_MICRO, 50 * KWH);
    add(&b, A, SELL, VO_MICRO, 55 * KWH);
    add(&b, B, SELL, VO_MICRO, 60 * KWH);
    add(&b, C, SELL, VO_MICRO, 65 * KWH);
    const vo_match x = match(m, VO_MATCHING_pay_as_bid, &r, &b);
    cr_assert(x.quantity == 135 * (int64_t)KWH);
    cr_assert(bought_at(&x, A, 3 * VO_MICRO / 2) == 40 * (int64_t)KWH);
    cr_assert(bought_at(&x, B, 2 * VO_MICRO) == 45 * (int64_t)KWH);
    cr_assert(bought_at(&x, C, 6 * VO_MICRO) == 50 * (int64_t)KWH);
    for (size_t i = 0; i < x.n_trades; i++) cr_assert(x.trade[i].seller != x.trade[i].buyer);
    /* offers of one price share 135 : 180 */
    cr_assert(x.filled[3] == 41250000 && x.filled[4] == 45000000 && x.filled[5] == 48750000);
    vo_market_free(m);
}

Test(matching, fees_along_a_path_are_paid_by_the_buyer) {
    vo_market *m = market();
    vo_market_rules r = vo_market_rules_none();
    book b = {.n = 0};
    r.fee = 10000 + 20000 + 10000;
    add(&b, 0, SELL, 100000, KWH);
    add(&b, 1, BUY, 300000, KWH);
    vo_match x = match(m, VO_MATCHING_pay_as_offer, &r, &b);
    cr_assert(x.n_trades == 1 && x.trade[0].buyer_price == 140000);
    cr_assert(x.trade[0].seller_price == 100000);
    x = match(m, VO_MATCHING_pay_as_bid, &r, &b);
    cr_assert(x.n_trades == 1 && x.trade[0].buyer_price == 300000);
    cr_assert(x.trade[0].seller_price == 260000);
    b.order[1].price = 139999; /* a bid that does not cover offer and fee */
    x = match(m, VO_MATCHING_pay_as_bid, &r, &b);
    cr_assert(!x.cleared && x.low_price == 100000 && x.high_price == 99999);
    vo_market_free(m);
}

Test(matching, equal_bids_at_the_margin_share_and_set_their_price) {
    /* The first seller has just what the first of four equal buyers wants: still their price. */
    vo_market *m = market();
    const vo_market_rules r = vo_market_rules_none();
    for (int64_t supply = 5 * KWH; supply <= 15 * KWH; supply += 5 * KWH) {
        book b = {.n = 0};
        add(&b, 0, SELL, 200000, supply);
        for (uint32_t h = 1; h <= 4; h++) add(&b, h, BUY, 300000, 5 * KWH);
        const vo_match x = match(m, VO_MATCHING_pay_as_clear, &r, &b);
        cr_assert(x.low_price == 300000 && x.high_price == 300000 && x.price == 300000);
        for (size_t i = 1; i <= 4; i++) cr_assert(x.filled[i] == supply / 4);
    }
    vo_market_free(m);
}

Test(matching, two_equal_offers_at_the_margin_set_the_price_not_the_next_buyer) {
    /* Demand 8 above 0.20, two offers of 5 at 0.20: the market clears at 0.20 and each sells 4. */
    vo_market *m = market();
    const vo_market_rules r = vo_market_rules_none();
    book b = {.n = 0};
    add(&b, 0, SELL, 200000, 5 * KWH), add(&b, 1, SELL, 200000, 5 * KWH);
    add(&b, 2, BUY, 500000, 5 * KWH), add(&b, 3, BUY, 350000, 3 * KWH);
    add(&b, 4, BUY, 190000, 3 * KWH);
    for (int k = 0; k <= 2; k++) {
        vo_market_rules at = r;
        at.point = k / 2.0;
        const vo_match x = match(m, VO_MATCHING_pay_as_clear, &at, &b);
        cr_assert(x.price == 200000 && x.low_price == 200000 && x.high_price == 200000);
        cr_assert(x.filled[0] == 4 * KWH && x.filled[1] == 4 * KWH && x.filled[4] == 0);
    }
    vo_market_free(m);
}

Test(matching, where_curves_overlap_over_a_range_of_prices_the_midpoint_is_the_price) {
    vo_market *m = market();
    const vo_market_rules r = vo_market_rules_none();
    book b = {.n = 0};
    add(&b, 0, SELL, 100000, KWH), add(&b, 1, BUY, 400001, KWH);
    vo_match x = match(m, VO_MATCHING_pay_as_clear, &r, &b);
    cr_assert(x.price == 250000); /* 250000.5, rounded down */
    add(&b, 2, BUY, 390000, KWH); /* who is left out would pay 0.39: less would not clear */
    x = match(m, VO_MATCHING_pay_as_clear, &r, &b);
    cr_assert(x.low_price == 390000 && x.high_price == 400001 && x.price == 395000);
    vo_market_free(m);
}

Test(matching, the_mean_of_pay_as_bid_is_rounded_to_the_nearest) {
    vo_market *m = market();
    const vo_market_rules r = vo_market_rules_none();
    book b = {.n = 0};
    add(&b, 0, SELL, -9, 3), add(&b, 1, BUY, 7, 1), add(&b, 2, BUY, 8, 2);
    cr_assert(match(m, VO_MATCHING_pay_as_bid, &r, &b).price == 8); /* 23 / 3 */
    b.order[1].price = -7, b.order[2].price = -8;
    cr_assert(match(m, VO_MATCHING_pay_as_bid, &r, &b).price == -8); /* -23 / 3 */
    vo_market_free(m);
}

Test(matching, the_highest_number_of_a_home_trades_like_any_other) {
    vo_market *m = market();
    const vo_market_rules r = vo_market_rules_default();
    book b = {.n = 0};
    add(&b, 3999999, SELL, 200000, KWH), add(&b, 0, BUY, 300000, KWH);
    for (int32_t k = 0; k < VO_MATCHINGS; k++) {
        vo_match x = {0};
        cr_assert(vo_market_match(m, (vo_matching)k, &r, 250000, b.order, 2, &x, NULL) ==
                  VO_OK);
        cr_assert(x.n_trades == 1 && x.trade[0].seller == 3999999 && x.trade[0].buyer == 0);
    }
    vo_market_free(m);
}

Test(matching, at_the_central_price_the_long_side_shares_whatever_its_limits) {
    vo_market *m = market();
    const vo_market_rules r = vo_market_rules_default();
    vo_match x = {0};
    const vo_order o[] = {{0, BUY, 900000, 1 * KWH},
                          {1, BUY, 500000, 1 * KWH},
                          {2, SELL, 200000, 1 * KWH},
                          {3, BUY, 400000, 1 * KWH}};
    cr_assert(vo_market_match(m, VO_MATCHING_signal, &r, 450000, o, 4, &x, NULL) == VO_OK);
    cr_assert(x.filled[0] == KWH / 2 && x.filled[1] == KWH / 2 && x.filled[3] == 0);
    cr_assert(x.price == 450000 && x.trade[0].buyer_price == 450000);
    cr_assert(vo_market_match(m, VO_MATCHING_signal, &r, 100000, o, 4, &x, NULL) == VO_OK);
    cr_assert(!x.cleared && x.filled[2] == 0 && x.quantity == 0);
    vo_market_free(m);
}

Test(matching, what_cannot_be_divided_goes_to_low_numbers_first) {
    vo_market *m = market();
    const vo_market_rules r = vo_market_rules_none();
    book b = {.n = 0};
    add(&b, 9, SELL, 1, 2);
    for (uint32_t h = 0; h < 3; h++) add(&b, h, BUY, 1, 2);
    const vo_match x = match(m, VO_MATCHING_pay_as_clear, &r, &b);
    cr_assert(x.filled[1] == 1 && x.filled[2] == 1 && x.filled[3] == 0);
    vo_market_free(m);
}

/* ---- a home that could trade with itself -------------------------------------------------- */

Test(matching, a_dominant_home_trades_all_that_others_want_and_no_more) {
    vo_market *m = market();
    const vo_market_rules r = vo_market_rules_none();
    book b = {.n = 0};
    add(&b, 0, BUY, 9, 100), add(&b, 0, SELL, 1, 100);
    add(&b, 1, BUY, 5, 7), add(&b, 2, SELL, 5, 11);
    const vo_match x = match(m, VO_MATCHING_pay_as_clear, &r, &b);
    cr_assert(x.quantity == 18 && x.n_trades == 2);
    cr_assert(x.filled[0] == 11 && x.filled[1] == 7 && x.filled[2] == 7 && x.filled[3] == 11);
    vo_market_free(m);
}

Test(matching, a_home_with_too_much_of_the_long_side_leaves_it_to_others) {
    vo_market *m = market();
    const vo_market_rules r = vo_market_rules_none();
    book b = {.n = 0};
    add(&b, 0, BUY, 9, 100), add(&b, 0, SELL, 5, 100), add(&b, 1, SELL, 5, 100);
    const vo_match x = match(m, VO_MATCHING_pay_as_clear, &r, &b);
    cr_assert(x.quantity == 100 && x.filled[1] == 0 && x.filled[2] == 100);
    vo_market_free(m);
}

Test(matching, a_home_alone_does_not_trade) {
    vo_market *m = market();
    const vo_market_rules r = vo_market_rules_none();
    book b = {.n = 0};
    add(&b, 3, BUY, 9, 100), add(&b, 3, SELL, 5, 100);
    for (int32_t k = 0; k < VO_MATCHINGS; k++) {
        const vo_match x = match(m, (vo_matching)k, &r, &b);
        cr_assert(!x.cleared && x.n_trades == 0 && x.filled[0] == 0 && x.filled[1] == 0);
    }
    vo_market_free(m);
}

/* ---- every book -------------------------------------------------------------------------- */

/* Few homes, few prices, quantities of very different size: equal prices, homes that cross
 * themselves and dominant homes are common. */
static book random_book(vo_random *r) {
    static const uint64_t sizes[] = {3, 12, 1000000, 400000000000};
    book b = {.n = 0};
    const uint64_t n = vo_random_below(r, 15), homes = 1 + vo_random_below(r, 6);
    const uint64_t prices = 1 + vo_random_below(r, 10), sides = vo_random_below(r, 3);
    const uint64_t size = sizes[vo_random_below(r, 4)];
    const int64_t least = (int64_t)vo_random_below(r, 9) - 4;
    while (b.n < n) {
        const uint32_t home = (uint32_t)vo_random_below(r, homes);
        const int32_t side = sides == 0 ? (int32_t)(home & 1) : (int32_t)vo_random_below(r, 2);
        const uint64_t most =
            vo_random_below(r, 8) ? size : 10 * size; /* dominant now and then */
        add(&b, home, side, least + (int64_t)vo_random_below(r, prices),
            1 + (int64_t)vo_random_below(r, most > 60000000000 ? 60000000000 : most));
    }
    return b;
}

static vo_market_rules random_rules(vo_random *r) {
    vo_market_rules rules = vo_market_rules_none();
    rules.fee = (int64_t)vo_random_below(r, 4);
    rules.point = (double)vo_random_below(r, 5) / 4;
    return rules;
}

Test(matching, every_book_is_matched_as_it_must_be_by_every_kind) {
    vo_market *m = market();
    vo_random r = vo_random_seed(20, 1);
    size_t cleared = 0;
    for (int i = 0; i < BOOKS; i++) {
        const book b = random_book(&r);
        const vo_market_rules rules = random_rules(&r);
        const int64_t clear = match(m, VO_MATCHING_pay_as_clear, &rules, &b).price;
        for (int32_t k = 0; k < VO_MATCHINGS; k++) {
            const vo_match x = match(m, (vo_matching)k, &rules, &b);
            const judged_book j = {(vo_matching)k, &rules, 5,
                                   b.order,        b.n,    k == VO_MATCHING_signal ? 5 : clear};
            const char *wrong = judge_match(&j, &x);
            cr_assert(!wrong, "book %d, %s: %s", i, vo_matching_name(k), wrong);
            cleared += x.cleared;
        }
    }
    cr_assert(cleared > BOOKS, "only %zu matches traded anything", cleared);
    vo_market_free(m);
}

typedef struct {
    vo_order order;
    int64_t filled;
} outcome;

static int by_order(const void *a, const void *b) {
    const outcome *x = a, *y = b;
    if (x->order.home != y->order.home) return x->order.home < y->order.home ? -1 : 1;
    if (x->order.side != y->order.side) return x->order.side - y->order.side;
    if (x->order.price != y->order.price) return x->order.price < y->order.price ? -1 : 1;
    if (x->order.quantity != y->order.quantity)
        return x->order.quantity < y->order.quantity ? -1 : 1;
    return x->filled < y->filled ? -1 : x->filled > y->filled;
}

typedef struct {
    outcome of[MOST];
    size_t n, n_trades;
    vo_trade trade[4 * MOST];
    int64_t price;
} outcomes;

static void keep(outcomes *k, const book *b, const vo_match *x) {
    k->n = b->n;
    for (size_t i = 0; i < b->n; i++) k->of[i] = (outcome){b->order[i], x->filled[i]};
    qsort(k->of, k->n, sizeof *k->of, by_order);
    k->n_trades = x->n_trades;
    k->price = x->price;
    cr_assert(x->n_trades <= sizeof k->trade / sizeof *k->trade);
    for (size_t i = 0; i < x->n_trades; i++) k->trade[i] = x->trade[i];
}

static bool same_trades(const outcomes *a, const outcomes *b) {
    bool same = a->n_trades == b->n_trades && a->price == b->price;
    for (size_t i = 0; same && i < a->n_trades; i++) {
        const vo_trade *t = &a->trade[i], *u = &b->trade[i];
        same = t->seller == u->seller && t->buyer == u->buyer && t->quantity == u->quantity &&
               t->seller_price == u->seller_price && t->buyer_price == u->buyer_price;
    }
    return same;
}

static book shuffled(vo_random *r, const book *b) {
    book s = *b;
    for (size_t i = s.n; i > 1; i--) {
        const size_t j = (size_t)vo_random_below(r, i);
        const vo_order o = s.order[j];
        s.order[j] = s.order[i - 1];
        s.order[i - 1] = o;
    }
    return s;
}

Test(matching, the_order_of_arrival_changes_no_fill_and_no_trade) {
    static outcomes first, again;
    vo_market *m = market();
    vo_random r = vo_random_seed(20, 2);
    for (int i = 0; i < BOOKS; i++) {
        const vo_matching kind = (vo_matching)(i % VO_MATCHINGS);
        const book b = random_book(&r), s = shuffled(&r, &b);
        const vo_market_rules rules = random_rules(&r);
        vo_match x = match(m, kind, &rules, &b);
        keep(&first, &b, &x);
        x = match(m, kind, &rules, &s);
        keep(&again, &s, &x);
        cr_assert(same_trades(&first, &again), "book %d: other trades", i);
        for (size_t k = 0; k < b.n; k++)
            cr_assert(by_order(&first.of[k], &again.of[k]) == 0, "book %d: other fills", i);
    }
    vo_market_free(m);
}

/* Every order in up to three parts, anywhere in the book. */
static book split(vo_random *r, const book *b) {
    book s = {.n = 0};
    for (size_t i = 0; i < b->n; i++) {
        vo_order rest = b->order[i];
        for (int k = 0; k < 2 && rest.quantity > 1 && vo_random_below(r, 3); k++) {
            vo_order part = rest;
            part.quantity = 1 + (int64_t)vo_random_below(r, (uint64_t)rest.quantity - 1);
            rest.quantity -= part.quantity;
            s.order[s.n++] = part;
        }
        s.order[s.n++] = rest;
    }
    return shuffled(r, &s);
}

static int64_t filled_at(const book *b, const outcomes *k, const vo_order *like) {
    int64_t sum = 0;
    for (size_t i = 0; i < b->n; i++) {
        const vo_order *o = &k->of[i].order;
        if (o->home == like->home && o->side == like->side && o->price == like->price)
            sum += k->of[i].filled;
    }
    return sum;
}

Test(matching, splitting_an_order_changes_neither_its_fill_nor_anybodys) {
    static outcomes first, again;
    vo_market *m = market();
    vo_random r = vo_random_seed(20, 3);
    for (int i = 0; i < BOOKS; i++) {
        const vo_matching kind = (vo_matching)(i % VO_MATCHINGS);
        const book b = random_book(&r), s = split(&r, &b);
        const vo_market_rules rules = random_rules(&r);
        vo_match x = match(m, kind, &rules, &b);
        keep(&first, &b, &x);
        x = match(m, kind, &rules, &s);
        keep(&again, &s, &x);
        cr_assert(same_trades(&first, &again), "book %d: other trades", i);
        for (size_t k = 0; k < b.n; k++)
            cr_assert(filled_at(&b, &first, &b.order[k]) == filled_at(&s, &again, &b.order[k]),
                      "book %d: another fill", i);
    }
    vo_market_free(m);
}

Test(matching, prices_and_quantities_at_the_limits_are_added_up_exactly) {
    vo_market *m = market();
    vo_market_rules r = vo_market_rules_none();
    book b = {.n = 0};
    r.fee = 1;
    for (uint32_t h = 0; h < 9; h++) {
        add(&b, h, SELL, -VO_MARKET_MOST_PRICE + h % 3, VO_MARKET_MOST_QUANTITY - h);
        add(&b, 9 + h, BUY, VO_MARKET_MOST_PRICE - h % 2, VO_MARKET_MOST_QUANTITY);
    }
    for (int32_t k = 0; k < VO_MATCHINGS; k++) {
        const int64_t clear = match(m, VO_MATCHING_pay_as_clear, &r, &b).price;
        const vo_match x = match(m, (vo_matching)k, &r, &b);
        const judged_book j = {(vo_matching)k, &r,  5,
                               b.order,        b.n, k == VO_MATCHING_signal ? 5 : clear};
        const char *wrong = judge_match(&j, &x);
        cr_assert(!wrong, "%s: %s", vo_matching_name(k), wrong);
        cr_assert(x.quantity == 9 * VO_MARKET_MOST_QUANTITY - 36);
    }
    vo_market_free(m);
}

/* ---- refusals and memory ----------------------------------------------------------------- */

static void refused(const vo_order *o, size_t n, const vo_market_rules *r, const char *say) {
    vo_market *m = market();
    vo_match x = {.quantity = -7};
    vo_error err = {0};
    cr_assert(vo_market_match(m, VO_MATCHING_pay_as_clear, r, 0, o, n, &x, &err) == VO_EINVAL);
    cr_assert(x.quantity == -7, "a refused book left something behind");
    cr_assert(strstr(err.msg, say), "\"%s\" does not say \"%s\"", err.msg, say);
    vo_market_free(m);
}

Test(matching, orders_outside_the_rules_are_refused_whole_in_words) {
    const vo_market_rules r = vo_market_rules_default();
    const vo_order good = {0, SELL, 200000, KWH};
    vo_order o[3] = {good, {1, BUY, 99999, KWH}, good};
    refused(o, 2, &r, "order 1: price = 99999 is not within 100000..1000000");
    o[1].price = 1000001;
    refused(o, 2, &r, "order 1: price = 1000001");
    o[1] = (vo_order){1, BUY, 500000, 0};
    refused(o, 2, &r, "order 1: quantity = 0 is not within 1..2000000");
    o[1].quantity = 2 * KWH + 1;
    refused(o, 2, &r, "order 1: quantity = 2000001");
    o[1] = (vo_order){1, 2, 500000, 1};
    refused(o, 2, &r, "order 1: side = 2");
    o[1] = (vo_order){4000000, BUY, 500000, 1};
    refused(o, 2, &r, "order 1: home = 4000000");
    o[1] = (vo_order){1, BUY, 500000, 1};
    o[2].quantity = KWH + 1; /* in two orders more than one may have */
    refused(o, 3, &r, "order 2: with quantity = 1000001 home 0 sells 2000001 in all");
}

Test(matching, rules_without_sense_are_refused_with_a_remedy) {
    const struct {
        const char *say;
        vo_market_rules r;
    } bad[] = {
#define R(text, field, value) {text, vo_market_rules_default()},
#define BAD(X)                                                                                 \
    X("least_price = 2000000 is above most_price", least_price, 2000000)                       \
    X("most_price = 1000000000001", most_price, 1000000000001)                                 \
    X("most_quantity = 0", most_quantity, 0)                                                   \
    X("most_sold_daily = -1", most_sold_daily, -1)                                             \
    X("loss = 5 is not a fraction", loss, 5)                                                   \
    X("loss = nan", loss, (double)NAN)                                                         \
    X("fee = -1", fee, -1)                                                                     \
    X("point = 1.5", point, 1.5)
        BAD(R)};
    vo_market_rules r[sizeof bad / sizeof *bad];
    size_t i = 0;
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) r[k] = bad[k].r;
#define SET(text, field, value) r[i++].field = (value);
    BAD(SET)
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        vo_error err = {0};
        cr_assert(vo_market_rules_check(&r[i], &err) == VO_EINVAL);
        cr_assert(strstr(err.msg, bad[i].say), "\"%s\" does not say \"%s\"", err.msg,
                  bad[i].say);
    }
    const vo_market_rules usual = vo_market_rules_default(), none = vo_market_rules_none();
    cr_assert(vo_market_rules_check(&usual, NULL) == VO_OK);
    cr_assert(vo_market_rules_check(&none, NULL) == VO_OK);
}

Test(matching, names_are_found_again_and_unknown_ones_answered_with_the_list) {
    vo_error err = {0};
    vo_matching k = VO_MATCHING_signal;
    for (int32_t i = 0; i < VO_MATCHINGS; i++) {
        cr_assert(vo_matching_parse(vo_matching_name(i), &k, &err) == VO_OK);
        cr_assert((int32_t)k == i);
    }
    cr_assert(vo_matching_parse("auction", &k, &err) == VO_EINVAL);
    for (int32_t i = 0; i < VO_MATCHINGS; i++) cr_assert(strstr(err.msg, vo_matching_name(i)));
    cr_assert_str_eq(vo_matching_name(-1), "?");
}

Test(matching, an_empty_book_is_no_error) {
    vo_market *m = market();
    const vo_market_rules r = vo_market_rules_default();
    const book b = {.n = 0};
    for (int32_t k = 0; k < VO_MATCHINGS; k++) {
        const vo_match x = match(m, (vo_matching)k, &r, &b);
        cr_assert(!x.cleared && x.n_trades == 0 && x.low_price > x.high_price);
    }
    vo_market_free(m);
}

Test(matching, any_allocation_may_fail_and_the_market_lives_on) {
    vo_random r = vo_random_seed(20, 4);
    const vo_market_rules rules = vo_market_rules_none();
    book b = {.n = 0};
    for (uint32_t i = 0; i < 40; i++) /* ten homes, all on both sides: trades swap partners */
        add(&b, i % 10, (int32_t)vo_random_below(&r, 2), (int64_t)vo_random_below(&r, 9),
            1 + (int64_t)vo_random_below(&r, 99));
    for (int32_t k = 0; k < VO_MATCHINGS; k++) {
        vo_market *sound = market();
        const vo_match want = match(sound, (vo_matching)k, &rules, &b);
        long failed = 0;
        for (;; failed++) {
            fault f = {.left = failed};
            const vo_alloc a = fault_alloc(&f);
            vo_market *m = NULL;
            vo_match x = {0};
            vo_error err = {0};
            vo_status st = vo_market_create(&a, &m, &err);
            if (st == VO_OK)
                st = vo_market_match(m, (vo_matching)k, &rules, 5, b.order, b.n, &x, &err);
            cr_assert(st == VO_OK || (st == VO_ENOMEM && err.msg[0]));
            f.left = -1; /* memory is back */
            if (m) {
                const vo_match y = match(m, (vo_matching)k, &rules, &b);
                cr_assert(y.quantity == want.quantity && y.n_trades == want.n_trades);
                cr_assert(memcmp(y.filled, want.filled, b.n * sizeof *y.filled) == 0);
            }
            vo_market_free(m);
            cr_assert(f.live == 0);
            if (st == VO_OK) break;
        }
        cr_assert(failed >= 7, "%s: %ld allocations", vo_matching_name(k), failed);
        vo_market_free(sound);
    }
}
