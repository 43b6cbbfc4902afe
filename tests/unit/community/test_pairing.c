/* test_pairing.c -- large markets of homes that both buy and sell: sums stay, nobody meets himself,
 * and the number of trades stays linear. */
#include "community/pairing.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

enum { HOMES = 3000, BUY = VO_ORDER_BUY, SELL = VO_ORDER_SELL };

/* A market whose fills are decided; pairing is all that is left. */
typedef struct {
    vo_market *m;
    vo_two_sides want[HOMES];
    vo_order order[2 * HOMES];
} fixture;

/* kind 0: all buy what they sell; 1: one home has half of everything; 2: sizes of many magnitudes. */
static int64_t size(vo_random *r, int kind) {
    if (kind == 0) return 5;
    return 1 +
           (int64_t)vo_random_below(r, kind == 1 ? 9 : UINT64_C(1) << vo_random_below(r, 30));
}

static fixture *decided(int kind, uint64_t seed) {
    fixture *f = calloc(1, sizeof *f);
    vo_random r = vo_random_seed(seed, 7);
    int64_t sum[2] = {0, 0};
    cr_assert(f && vo_market_create(NULL, &f->m, NULL) == VO_OK);
    for (uint32_t h = 1; h < HOMES; h++)
        for (int s = BUY; s <= SELL; s++) {
            f->want[h].side[s] = kind == 0 ? 5 : size(&r, kind);
            sum[s] += f->want[h].side[s];
        }
    if (kind == 1) { /* home 0 buys all that others sell and sells all that they buy */
        f->want[0] = (vo_two_sides){{sum[SELL], sum[BUY]}};
    } else if (sum[BUY] != sum[SELL]) {
        const int shorter = sum[BUY] < sum[SELL] ? BUY : SELL;
        f->want[0].side[shorter] = sum[!shorter] - sum[shorter];
    }
    return f;
}

/* The fixture's fills as vo_market_fill would leave them. */
static void fill(fixture *f) {
    vo_market *m = f->m;
    m->order = f->order;
    m->n = 0;
    m->homes = HOMES;
    m->mixed = true;
    m->least = 1, m->most = 7;
    m->home = vo_market_reserve(m, &m->home_buffer, HOMES, sizeof *m->home);
    m->filled = vo_market_reserve(m, &m->filled_buffer, 2 * (size_t)HOMES, sizeof *m->filled);
    cr_assert(m->home && m->filled);
    for (uint32_t h = 0; h < HOMES; h++) {
        m->home[h] = f->want[h];
        for (int s = BUY; s <= SELL; s++) {
            if (f->want[h].side[s] == 0) continue;
            f->order[m->n] = (vo_order){h, s, s == BUY ? 7 : 1 + h % 5, f->want[h].side[s]};
            m->filled[m->n++] = f->want[h].side[s];
        }
        m->quantity += f->want[h].side[BUY];
    }
}

static void check_sums(const fixture *f) {
    int64_t(*got)[2] = calloc(HOMES, sizeof *got);
    cr_assert(got);
    for (size_t i = 0; i < f->m->n_trades; i++) {
        const vo_trade *t = &f->m->trade[i];
        cr_assert(t->seller != t->buyer && t->quantity > 0);
        got[t->seller][SELL] += t->quantity;
        got[t->buyer][BUY] += t->quantity;
    }
    for (size_t h = 0; h < HOMES; h++)
        for (int s = BUY; s <= SELL; s++)
            cr_assert(got[h][s] == f->want[h].side[s], "home %zu: another sum", h);
    free(got);
}

static void paired(vo_status (*pair)(vo_market *, vo_error *)) {
    for (int kind = 0; kind < 3; kind++)
        for (uint64_t seed = 1; seed <= 5; seed++) {
            fixture *f = decided(kind, seed);
            fill(f);
            cr_assert(pair(f->m, NULL) == VO_OK);
            check_sums(f);
            cr_assert(f->m->n_trades <= 2 * 4 * (size_t)HOMES, "kind %d: %zu trades", kind,
                      f->m->n_trades);
            cr_assert(vo_pair_sort(f->m, NULL) == VO_OK);
            check_sums(f);
            vo_market_free(f->m);
            free(f);
        }
}

Test(pairing, homes_in_the_order_of_their_numbers_never_meet_themselves) {
    paired(vo_pair_by_home);
}

Test(pairing, steps_in_merit_order_never_meet_themselves) { paired(vo_pair_by_merit); }

Test(pairing, each_pair_of_homes_trades_once_and_in_order) {
    fixture *f = decided(2, 9);
    fill(f);
    cr_assert(vo_pair_by_home(f->m, NULL) == VO_OK && vo_pair_sort(f->m, NULL) == VO_OK);
    for (size_t i = 1; i < f->m->n_trades; i++) {
        const vo_trade *t = &f->m->trade[i], *u = t - 1;
        cr_assert(u->seller < t->seller || (u->seller == t->seller && u->buyer < t->buyer));
    }
    vo_market_free(f->m);
    free(f);
}

Test(pairing, the_cheapest_offer_meets_the_dearest_bid) {
    fixture *f = decided(0, 1);
    vo_market *m = f->m;
    const vo_order o[] = {{0, SELL, 3, 10}, {1, SELL, 1, 10}, {2, BUY, 5, 10}, {3, BUY, 7, 10}};
    fill(f);
    memcpy(f->order, o, sizeof o);
    m->n = 4;
    for (size_t i = 0; i < 4; i++) m->filled[i] = 10;
    cr_assert(vo_pair_by_merit(m, NULL) == VO_OK && m->n_trades == 2);
    cr_assert(m->trade[0].seller == 1 && m->trade[0].buyer == 3);
    cr_assert(m->trade[0].seller_price == 1 && m->trade[0].buyer_price == 7);
    cr_assert(m->trade[1].seller == 0 && m->trade[1].buyer == 2);
    vo_market_free(m);
    free(f);
}

Test(pairing, a_home_with_more_than_half_of_all_is_told_not_searched_for_ever) {
    fixture *f = decided(1, 3);
    vo_error err = {0};
    f->want[0].side[BUY] += 40, f->want[0].side[SELL] += 40;
    fill(f);
    cr_assert(vo_pair_by_home(f->m, &err) == VO_ENUMERIC && strstr(err.msg, "home 0"));
    vo_market_free(f->m);
    free(f);
}
