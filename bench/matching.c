/* matching.c -- one interval's book matched and paired, beside a clearing that sorts it with qsort.
 *
 *     bench_matching [--quick] [--homes=N]      (1 000 000 homes, four orders each)
 *
 * Books of homes that buy or sell (never both), in the order of homes and shuffled, with prices of
 * 900 000 kinds and of 17. The peer sorts bids and offers, walks both to the crossing and pairs as it
 * goes; it is first come, first served at the margin. Both must trade the same quantity. Best of
 * seven (peer: of three), processor time. Lines: matching,KIND of BOOK,ours,peer,ratio,ns per order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/random.h"
#include "community/matching.h"

enum { ORDERS_OF_A_HOME = 4 };

static void *allocate(size_t n, size_t size) {
    void *p = calloc(n, size);
    if (p) return p;
    fprintf(stderr, "matching: out of memory\n");
    exit(1);
}

static double cpu_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* one thread; others may be busy */
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- books ------------------------------------------------------------------------------- */

static void fill_book(vo_order *o, size_t homes, uint64_t price_kinds, bool shuffled) {
    vo_random r = vo_random_seed(1, price_kinds);
    const size_t n = homes * ORDERS_OF_A_HOME;
    for (size_t i = 0; i < n; i++) {
        const uint32_t home = (uint32_t)(i / ORDERS_OF_A_HOME);
        const int32_t side = (home * 2654435761u >> 16) % 5 < 3 ? VO_ORDER_BUY : VO_ORDER_SELL;
        const uint64_t kind = vo_random_below(&r, price_kinds);
        o[i] = (vo_order){home, side, 100000 + (int64_t)(kind * (900000 / price_kinds)),
                          1 + (int64_t)vo_random_below(&r, 400000)};
    }
    for (size_t i = n; shuffled && i > 1; i--) {
        const size_t j = (size_t)vo_random_below(&r, i);
        const vo_order swap = o[j];
        o[j] = o[i - 1];
        o[i - 1] = swap;
    }
}

/* ---- the peer ---------------------------------------------------------------------------- */

static int by_merit(const void *a, const void *b) {
    const vo_order *x = a, *y = b;
    if (x->side != y->side) return x->side - y->side;
    if (x->price != y->price)
        return (x->price < y->price ? -1 : 1) * (x->side == VO_ORDER_BUY ? -1 : 1);
    return x->home < y->home ? -1 : x->home > y->home;
}

typedef struct {
    vo_order *sorted;
    vo_trade *trade;
    size_t n_trades;
    int64_t quantity;
} peer_market;

static void peer_match(peer_market *p, const vo_order *order, size_t n) {
    memcpy(p->sorted, order, n * sizeof *order);
    qsort(p->sorted, n, sizeof *order, by_merit);
    size_t offer = 0;
    while (offer < n && p->sorted[offer].side == VO_ORDER_BUY) offer++;
    const size_t bids = offer;
    p->n_trades = 0;
    p->quantity = 0;
    for (size_t bid = 0; bid < bids && offer < n;) {
        vo_order *b = &p->sorted[bid], *s = &p->sorted[offer];
        if (b->price < s->price) break;
        const int64_t q = b->quantity < s->quantity ? b->quantity : s->quantity;
        p->trade[p->n_trades++] = (vo_trade){s->home, b->home, q, s->price, b->price};
        p->quantity += q;
        b->quantity -= q;
        s->quantity -= q;
        bid += b->quantity == 0;
        offer += s->quantity == 0;
    }
}

/* ---- runs -------------------------------------------------------------------------------- */

static double best_of_ours(vo_market *m, vo_matching kind, const vo_order *o, size_t n,
                           vo_match *x) {
    const vo_market_rules rules = vo_market_rules_default();
    double best = 1e9;
    for (int i = 0; i < 7; i++) {
        vo_error err = {0};
        const double start = cpu_s();
        if (vo_market_match(m, kind, &rules, 500000, o, n, x, &err) != VO_OK) {
            fprintf(stderr, "matching: %s\n", err.msg);
            exit(1);
        }
        const double took = cpu_s() - start;
        if (took < best) best = took;
    }
    return best;
}

static double best_of_peer(peer_market *p, const vo_order *o, size_t n) {
    double best = 1e9;
    for (int i = 0; i < 3; i++) {
        const double start = cpu_s();
        peer_match(p, o, n);
        const double took = cpu_s() - start;
        if (took < best) best = took;
    }
    return best;
}

static void run(vo_market *m, peer_market *p, vo_order *o, size_t homes, uint64_t kinds,
                bool shuffled) {
    const size_t n = homes * ORDERS_OF_A_HOME;
    fill_book(o, homes, kinds, shuffled);
    const double peer_s = best_of_peer(p, o, n);
    for (int32_t k = 0; k < VO_MATCHINGS; k++) {
        vo_match x = {0};
        const double s = best_of_ours(m, (vo_matching)k, o, n, &x);
        if (k != VO_MATCHING_signal && x.quantity != p->quantity) {
            fprintf(stderr, "matching: quantities differ\n");
            exit(1);
        }
        printf("matching,%s of %zu orders %s %llu prices,%.1f,%.1f,%.2f,ns per order\n",
               vo_matching_name(k), n, shuffled ? "shuffled" : "by home",
               (unsigned long long)kinds, 1e9 * s / (double)n, 1e9 * peer_s / (double)n,
               peer_s / s);
        fprintf(stderr, "matching: %zu trades, the peer's %zu\n", x.n_trades, p->n_trades);
    }
}

int main(int argc, char **argv) {
    size_t homes = 1000000;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0)
            homes = 50000;
        else if (strncmp(argv[i], "--homes=", 8) == 0)
            homes = (size_t)strtoull(argv[i] + 8, NULL, 10);
        else
            homes = 0;
    }
    if (homes < 1 || homes > 4000000) {
        fprintf(stderr, "usage: bench_matching [--quick] [--homes=1..4000000]\n");
        return 2;
    }
    const size_t n = homes * ORDERS_OF_A_HOME;
    vo_order *o = allocate(n, sizeof *o);
    peer_market p = {allocate(n, sizeof *o), allocate(n, sizeof *p.trade), 0, 0};
    vo_market *m = NULL;
    if (vo_market_create(NULL, &m, NULL) != VO_OK) return 1;
    for (int shuffled = 0; shuffled < 2; shuffled++) {
        run(m, &p, o, homes, 900000, shuffled);
        run(m, &p, o, homes, 17, shuffled);
    }
    vo_market_free(m);
    free(p.trade), free(p.sorted), free(o);
    return 0;
}
