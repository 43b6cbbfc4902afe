/* test_ledger.c -- nothing is created or lost, rounded once, and what would overflow is refused. */
#include "community/ledger.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/int128.h"
#include "base/random.h"
#include "support/fault_alloc.h"

static vo_ledger *ledger(size_t homes) {
    vo_ledger *l = NULL;
    cr_assert(vo_ledger_create(homes, NULL, &l, NULL) == VO_OK);
    return l;
}

static vo_ledger_sums posted(vo_ledger *l, const vo_market_rules *r, const vo_trade *t,
                             size_t n) {
    vo_ledger_sums s = {0};
    vo_error err = {0};
    cr_assert(vo_ledger_trades(l, r, t, n, &s, &err) == VO_OK, "%s", err.msg);
    return s;
}

Test(ledger, a_trade_worked_out_by_hand) {
    /* 2 kWh injected at 0.30, fee 0.04, 5 % lost: 0.60 to the seller, 0.03 of it for losses. */
    vo_ledger *l = ledger(2);
    vo_market_rules r = vo_market_rules_default();
    r.fee = 40000;
    const vo_trade t = {0, 1, 2000000, 300000, 340000};
    const vo_ledger_sums s = posted(l, &r, &t, 1);
    cr_assert(s.buyers_pay == 680000 && s.fees == 80000);
    cr_assert(s.sellers_receive == 570000 && s.losses == 30000 && s.residual == 0);
    const vo_account *a = vo_ledger_accounts(l);
    cr_assert(a[0].received == 600000 && a[0].paid == 0 && a[0].fees == 0);
    cr_assert(a[1].paid == 680000 && a[1].fees == 80000 && a[1].received == 0);
    cr_assert(vo_ledger_audit(l, NULL) == VO_OK);
    vo_ledger_free(l);
}

Test(ledger, money_is_rounded_to_the_nearest_unit_halves_up) {
    const struct {
        int64_t quantity, price, money;
    } known[] = {{1, 499999, 0},    {1, 500000, 1},   {1, 1500000, 2},  {3, 500000, 2},
                 {1, -499999, 0},   {1, -500000, 0},  {1, -500001, -1}, {1, -1500000, -1},
                 {3, -1000000, -3}, {1000001, 10, 10}};
    vo_market_rules r = vo_market_rules_none();
    r.loss = 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        vo_ledger *l = ledger(2);
        const vo_trade t = {1, 0, known[i].quantity, known[i].price, known[i].price};
        const vo_ledger_sums s = posted(l, &r, &t, 1);
        cr_assert(s.buyers_pay == known[i].money, "trade %zu", i);
        cr_assert(s.sellers_receive + s.losses == known[i].money && s.fees == 0);
        vo_ledger_free(l);
    }
}

Test(ledger, products_beyond_64_bits_are_rounded_as_others_are) {
    /* q p = -+(10^19 + 5 10^5 - 1) micro-micro: one unit below and at the half */
    const struct {
        int64_t quantity, price, money;
    } known[] = {{1000000000001, 10000000, 10000000000010},
                 {100000000001, 250000001, 25000000100250},    /* 25000000100250.000001 */
                 {1000000000001, 30500000, 30500000000031},    /* ...030.5: up */
                 {1000000000001, -30500000, -30500000000030},  /* -...030.5: up */
                 {1000000000001, -30500001, -30500001000031}}; /* -...030.500001 */
    vo_market_rules r = vo_market_rules_none();
    r.loss = 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        vo_ledger *l = ledger(2);
        const vo_trade t = {1, 0, known[i].quantity, known[i].price, known[i].price};
        const vo_ledger_sums s = posted(l, &r, &t, 1);
        cr_assert(s.buyers_pay == known[i].money, "trade %zu: %lld", i,
                  (long long)s.buyers_pay);
        vo_ledger_free(l);
    }
}

Test(ledger, the_energy_part_is_rounded_down_whatever_the_sign) {
    const vo_market_rules r = vo_market_rules_none(); /* 5 % lost */
    const vo_trade t[2] = {{0, 1, 1000000, 7, 7}, {0, 1, 1000000, -7, -7}};
    vo_ledger *l = ledger(2);
    vo_ledger_sums s = posted(l, &r, t, 1); /* 6.65 */
    cr_assert(s.sellers_receive == 6 && s.losses == 1);
    s = posted(l, &r, t + 1, 1); /* -6.65 */
    cr_assert(s.sellers_receive == -7 && s.losses == 0);
    const vo_trade large[2] = {{0, 1, 1000000, 100000000003, 100000000003},
                               {0, 1, 1000000, -100000000003, -100000000003}};
    s = posted(l, &r, large, 1); /* beyond 64 bits on the way: 95000000002.85 */
    cr_assert(s.sellers_receive == 95000000002 && s.losses == 5000000001);
    s = posted(l, &r, large + 1, 1);
    cr_assert(s.sellers_receive == -95000000003 && s.losses == -5000000000);
    vo_ledger_free(l);
}

Test(ledger, buyers_pay_what_sellers_losses_and_fees_receive_in_every_interval) {
    enum { HOMES = 9, TRADES = 40 };
    vo_ledger *l = ledger(HOMES);
    vo_random rnd = vo_random_seed(3, 1);
    vo_ledger_sums all = {0};
    vo_int128 exact = 0;
    int64_t trades = 0;
    for (int interval = 0; interval < 2000; interval++) {
        vo_market_rules r = vo_market_rules_none();
        vo_trade t[TRADES];
        const size_t n = (size_t)vo_random_below(&rnd, TRADES + 1);
        r.fee = (int64_t)vo_random_below(&rnd, 3) * 12345;
        r.loss = vo_random_unit(&rnd) * 0.3;
        for (size_t i = 0; i < n; i++) {
            const uint32_t a = (uint32_t)vo_random_below(&rnd, HOMES);
            const uint32_t b = (a + 1 + (uint32_t)vo_random_below(&rnd, HOMES - 1)) % HOMES;
            const int64_t price = (int64_t)vo_random_below(&rnd, 2000000) - 500000;
            t[i] = (vo_trade){a, b, 1 + (int64_t)vo_random_below(&rnd, 3000000), price,
                              price + r.fee};
            exact += (vo_int128)t[i].quantity * t[i].buyer_price;
        }
        trades += (int64_t)n;
        const vo_ledger_sums s = posted(l, &r, t, n);
        cr_assert(s.buyers_pay == s.sellers_receive + s.losses + s.fees && s.residual == 0);
        all.buyers_pay += s.buyers_pay, all.sellers_receive += s.sellers_receive;
        all.losses += s.losses, all.fees += s.fees;
        cr_assert(vo_ledger_audit(l, NULL) == VO_OK);
    }
    const vo_ledger_sums total = vo_ledger_total(l);
    cr_assert(total.buyers_pay == all.buyers_pay && total.fees == all.fees);
    cr_assert(total.sellers_receive == all.sellers_receive && total.losses == all.losses);
    /* a rounding a trade: never more than half a unit each from the exact sum */
    const vo_int128 off = 2 * (exact - (vo_int128)total.buyers_pay * VO_MICRO);
    cr_assert(off <= (vo_int128)trades * VO_MICRO && off >= -(vo_int128)trades * VO_MICRO);
    int64_t paid = 0, received = 0;
    for (size_t h = 0; h < HOMES; h++) {
        paid += vo_ledger_accounts(l)[h].paid - vo_ledger_accounts(l)[h].fees;
        received += vo_ledger_accounts(l)[h].received;
    }
    cr_assert(paid == received);
    vo_ledger_free(l);
}

Test(ledger, the_grid_is_booked_apart_and_rounded_once) {
    vo_ledger *l = ledger(2);
    cr_assert(vo_ledger_grid(l, 1, 0.1234565, 0.05, NULL) == VO_OK);
    cr_assert(vo_ledger_grid(l, 1, -0.25, 0, NULL) == VO_OK); /* negative prices exist */
    const vo_account a = vo_ledger_accounts(l)[1];
    cr_assert(a.imported == llround(0.1234565 * 1e6) - 250000 && a.exported == 50000);
    const vo_ledger_sums s = vo_ledger_total(l);
    cr_assert(s.grid_charges == a.imported && s.grid_credits == 50000 && s.buyers_pay == 0);
    cr_assert(vo_ledger_audit(l, NULL) == VO_OK);
    vo_ledger_free(l);
}

/* ---- refusals ---------------------------------------------------------------------------- */

static void nothing_posted(vo_ledger *l, size_t homes, const vo_market_rules *r,
                           const vo_trade *t, size_t n, const char *say) {
    vo_account before[3];
    vo_ledger_sums s = {.buyers_pay = -7};
    vo_error err = {0};
    memcpy(before, vo_ledger_accounts(l), homes * sizeof *before);
    const vo_ledger_sums total = vo_ledger_total(l);
    cr_assert(vo_ledger_trades(l, r, t, n, &s, &err) == VO_EINVAL);
    cr_assert(strstr(err.msg, say), "\"%s\" does not say \"%s\"", err.msg, say);
    cr_assert(s.buyers_pay == -7);
    cr_assert(memcmp(before, vo_ledger_accounts(l), homes * sizeof *before) == 0);
    cr_assert(vo_ledger_total(l).buyers_pay == total.buyers_pay);
}

Test(ledger, trades_that_cannot_be_are_refused_and_nothing_is_posted) {
    vo_ledger *l = ledger(3);
    vo_market_rules r = vo_market_rules_default();
    const vo_trade good = {0, 1, 1000000, 200000, 200000};
    vo_trade t[2] = {good, {0, 3, 1, 1, 1}};
    nothing_posted(l, 3, &r, t, 2, "trade 1: buyer = 3 is none of the 3 homes");
    t[1] = (vo_trade){7, 1, 1, 1, 1};
    nothing_posted(l, 3, &r, t, 2, "trade 1: seller = 7");
    t[1] = (vo_trade){2, 2, 1, 1, 1};
    nothing_posted(l, 3, &r, t, 2, "trade 1: seller and buyer are both home 2");
    t[1] = (vo_trade){1, 2, 0, 1, 1};
    nothing_posted(l, 3, &r, t, 2, "trade 1: quantity = 0");
    t[1] = (vo_trade){1, 2, 5, 10, 9};
    nothing_posted(l, 3, &r, t, 2, "does not cover seller_price = 10");
    r.fee = 1;
    t[0].buyer_price += 1;
    t[1] = (vo_trade){1, 2, 5, 10, 10};
    nothing_posted(l, 3, &r, t, 2, "the fee of 1");
    t[1] = (vo_trade){1, 2, 5, INT64_MAX, INT64_MAX};
    nothing_posted(l, 3, &r, t, 2, "does not cover");
    vo_ledger_free(l);
}

Test(ledger, what_would_pass_64_bits_is_refused_however_it_comes_together) {
    vo_ledger *l = ledger(3);
    const vo_market_rules r = vo_market_rules_none();
    /* a product beyond 64 bits that is an amount within them, and one that is not */
    vo_trade t[2] = {{0, 1, 1000000000000, 1000000000000, 1000000000000},
                     {0, 1, INT64_MAX, INT64_MAX, INT64_MAX}};
    cr_assert(posted(l, &r, t, 1).buyers_pay == 1000000000000000000);
    nothing_posted(l, 3, &r, t, 2, "trade 1: 9223372036854775807 micro-kWh");
    t[1] = (vo_trade){0, 1, INT64_MAX, 1100000, 1100000}; /* beyond 64 bits by a tenth */
    nothing_posted(l, 3, &r, t, 2, "would pass 64 bits");
    t[1] = (vo_trade){0, 1, INT64_MAX, 2000000, 2000000}; /* 2^64 - 2: -2, were it cut off */
    nothing_posted(l, 3, &r, t + 1, 1, "would pass 64 bits");
    for (int i = 0; i < 3; i++) (void)posted(l, &r, t, 1); /* 2 10^18 turned over by each */
    nothing_posted(l, 3, &r, t, 1, "would pass 64 bits");
    cr_assert(vo_ledger_audit(l, NULL) == VO_OK);
    vo_error err = {0};
    cr_assert(vo_ledger_grid(l, 0, 8e12, 0, &err) == VO_EINVAL && err.msg[0]);
    cr_assert(vo_ledger_grid(l, 0, (double)NAN, 0, &err) == VO_EINVAL);
    cr_assert(vo_ledger_grid(l, 0, 0, (double)INFINITY, &err) == VO_EINVAL);
    cr_assert(vo_ledger_grid(l, 0, 1e30, 0, &err) == VO_EINVAL);
    cr_assert(vo_ledger_grid(l, 3, 1, 0, &err) == VO_EINVAL && strstr(err.msg, "home = 3"));
    cr_assert(vo_ledger_grid(l, 0, 1, 0, &err) == VO_OK);
    vo_ledger_free(l);
}

/* ---- audit and memory -------------------------------------------------------------------- */

Test(ledger, an_audit_finds_any_account_that_was_tampered_with) {
    const char *const say[] = {"paid by buyers", "received by sellers", "fees",
                               "charged by the grid", "credited by the grid"};
    vo_market_rules r = vo_market_rules_default();
    r.fee = 7;
    const vo_trade t = {0, 1, 2000000, 300000, 300007};
    for (size_t field = 0; field < 5; field++) {
        vo_ledger *l = ledger(2);
        vo_error err = {0};
        (void)posted(l, &r, &t, 1);
        cr_assert(vo_ledger_grid(l, 0, 1, 2, NULL) == VO_OK);
        cr_assert(vo_ledger_audit(l, NULL) == VO_OK);
        void *account;
        const vo_account *shown = vo_ledger_accounts(l);
        memcpy(&account, &shown, sizeof account); /* what nobody may do */
        ((int64_t *)account)[field] += 1;
        cr_assert(vo_ledger_audit(l, &err) == VO_ENUMERIC);
        cr_assert(strstr(err.msg, say[field]), "\"%s\" does not say \"%s\"", err.msg,
                  say[field]);
        vo_ledger_free(l);
    }
}

Test(ledger, any_allocation_may_fail) {
    for (long n = 0; n < 2; n++) {
        fault f = {.left = n};
        const vo_alloc a = fault_alloc(&f);
        vo_ledger *l = NULL;
        vo_error err = {0};
        cr_assert(vo_ledger_create(5, &a, &l, &err) == VO_ENOMEM && !l && err.msg[0]);
        cr_assert(f.live == 0);
    }
    vo_ledger_free(NULL);
}

/* ---- losses ------------------------------------------------------------------------------ */

/* Against exact products in 128 bits; a loss counts in billionths. */
Test(ledger, what_arrives_is_the_whole_part_of_what_is_not_lost) {
    vo_random r = vo_random_seed(3, 2);
    cr_assert(vo_delivered(0.05, 2000000) == 1900000 && vo_delivered(0, 7) == 7);
    cr_assert(vo_delivered(0.05, 1) == 0 && vo_delivered(0.05, 0) == 0);
    for (int i = 0; i < 200000; i++) {
        const int64_t lost = (int64_t)vo_random_below(&r, 990000001);
        const int64_t q = (int64_t)(vo_random_u64(&r) >> (1 + vo_random_below(&r, 62)));
        const vo_int128 exact = (vo_int128)q * (1000000000 - lost);
        const vo_int128 told = (vo_int128)vo_delivered((double)lost / 1e9, q) * 1000000000;
        cr_assert(told <= exact && exact < told + 1000000000);
    }
}

Test(ledger, money_is_the_nearest_whole_to_the_exact_product) {
    vo_random r = vo_random_seed(3, 3);
    size_t refused = 0;
    for (int i = 0; i < 200000; i++) {
        const int64_t q = (int64_t)(vo_random_u64(&r) >> (1 + vo_random_below(&r, 62)));
        int64_t p = (int64_t)(vo_random_u64(&r) >> (1 + vo_random_below(&r, 62))), m = -7;
        if (vo_random_below(&r, 2)) p = -p;
        const vo_int128 twice = 2 * (vo_int128)q * p,
                        most = 2 * (vo_int128)VO_MICRO * INT64_MAX;
        if (vo_money_of(q, p, &m)) {
            const vo_int128 off = twice - 2 * (vo_int128)m * VO_MICRO;
            cr_assert(off >= -VO_MICRO && off < VO_MICRO);
        } else {
            cr_assert(m == -7 && (twice > most - VO_MICRO || twice < -most + VO_MICRO));
            refused++;
        }
    }
    cr_assert_gt(refused, 1000);
}
