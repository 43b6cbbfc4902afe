/* test_price_law.c -- a chain of price nodes: probabilities add up, ranks carry on as they did. */
#include "policy/price_law.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "support/fault_alloc.h"
#include "support/local_hours.h"

enum { DAYS = 80, K = VO_PRICE_LAW_NODES, AHEAD = 40 };

typedef struct {
    vo_series *s;
    double *price, *guess;
    vo_forecaster *f;
    vo_price_law *law;
} bench;

static const vo_learning world = {.alloc = &vo_alloc_libc};

/* Guesses that are off by an AR(1) of standard deviation 5. */
static void set_up(bench *x, double rho) {
    vo_error err = {0};
    x->s = local_hours("UTC", 2016, 2, 1, DAYS, "guess");
    x->price = x->s->column[0].value;
    x->guess = x->s->column[1].value;
    vo_random g = vo_random_seed(11, 0);
    double e = 0;
    for (size_t t = 0; t < x->s->n; t++) {
        e = rho * e + sqrt(1 - rho * rho) * vo_random_normal(&g);
        x->guess[t] = 60 - 20 * cos((double)(t % 24) * 0.2618);
        x->price[t] = x->guess[t] + 5 * e;
    }
    cr_assert_eq(vo_forecaster_create("column=guess", x->s, &world, &x->f, &err), VO_OK);
    cr_assert_eq(vo_price_law_create(x->f, x->s, AHEAD, false, NULL, &x->law, &err), VO_OK);
}

static void tear_down(bench *x) {
    vo_price_law_free(x->law);
    vo_forecaster_free(x->f);
    vo_series_free(x->s);
}

static vo_price_nodes at(bench *x, const double *history, size_t known, bool present) {
    vo_price_nodes nodes;
    vo_error err = {0};
    size_t filled = 0;
    bool able = false;
    cr_assert_eq(vo_price_law_at(x->law, history, known, known + AHEAD, present, &nodes,
                                 &filled, &able, &err),
                 VO_OK, "%s", err.msg);
    cr_assert(able);
    return nodes;
}

Test(price_law, chances_add_up_and_prices_rise_with_the_rank) {
    bench x;
    set_up(&x, 0.8);
    const vo_price_nodes n = at(&x, x.price, 70 * 24 + 8, true);
    double sum = 0, start = 0;
    cr_assert_eq(n.k, K);
    for (size_t i = 0; i < K; i++) {
        double row = 0, reached = 0;
        for (size_t j = 0; j < K; j++) {
            cr_assert(n.move[i * K + j] >= 0);
            row += n.move[i * K + j];
            reached += n.weight[j] * n.move[j * K + i];
        }
        cr_assert_float_eq(row, 1, 1e-12);
        cr_assert_float_eq(reached, n.weight[i], 0.01, "a chain of the same ranks for ever");
        sum += n.weight[i];
        start += n.start[i];
    }
    cr_assert_float_eq(sum, 1, 1e-12);
    cr_assert_float_eq(start, 1, 1e-12);
    for (size_t t = 0; t < AHEAD; t++)
        for (size_t i = 1; i < K; i++) cr_assert(n.price[t * K + i] >= n.price[t * K + i - 1]);
    tear_down(&x);
}

/* E[e_{t+h} | e_t] = rho^h e_t, whatever the law was made of. */
Test(price_law, what_is_expected_carries_the_present_error_on) {
    bench x;
    const double rho = 0.85;
    set_up(&x, rho);
    double mean[AHEAD], off[6] = {0}, scale = 0;
    for (size_t known = 65 * 24 + 5; known + AHEAD < x.s->n; known += 7) {
        const double e = x.price[known - 1] - x.guess[known - 1];
        if (fabs(e) > 8) continue;
        const vo_price_nodes n = at(&x, x.price, known, true);
        vo_price_law_mean(&n, AHEAD, mean);
        for (size_t h = 0; h < 6; h++) off[h] += (mean[h] - x.guess[known + h]) * e;
        scale += e * e;
    }
    for (size_t h = 0; h < 6; h++)
        cr_expect_float_eq(off[h] / scale, pow(rho, (double)h + 1), 0.2, "%zu hours ahead: %g",
                           h + 1, off[h] / scale);
    tear_down(&x);
}

Test(price_law, ahead_of_the_day_nothing_is_known_of_its_ranks) {
    bench x;
    set_up(&x, 0.85);
    const vo_price_nodes n = at(&x, x.price, 70 * 24, false);
    cr_assert(!n.move && !n.start);
    double mean[AHEAD];
    vo_price_law_mean(&n, AHEAD, mean);
    for (size_t t = 0; t < AHEAD; t++) {
        double sum = 0;
        for (size_t i = 0; i < K; i++) sum += n.weight[i] * n.price[t * K + i];
        cr_assert_float_eq(mean[t], sum, 1e-9);
        cr_expect_float_eq(mean[t], x.guess[70 * 24 + t], 4);
    }
    tear_down(&x);
}

Test(price_law, without_errors_seen_all_ranks_are_one_price) {
    bench x;
    set_up(&x, 0.7);
    const vo_price_nodes n = at(&x, x.price, 24, true); /* a day: nothing was foretold */
    cr_expect(!n.move && !n.start, "and there is no way between them");
    for (size_t t = 0; t < AHEAD; t++)
        for (size_t i = 1; i < K; i++) cr_assert_eq(n.price[t * K + i], n.price[t * K]);
    tear_down(&x);
}

Test(price_law, the_future_is_not_read) {
    bench x, y;
    set_up(&x, 0.7);
    set_up(&y, 0.7);
    const size_t known = 66 * 24 + 15;
    for (size_t t = known; t < y.s->n; t++) y.price[t] = 5000;
    const vo_price_nodes a = at(&x, x.price, known, true), b = at(&y, y.price, known, true);
    cr_assert_eq(memcmp(a.price, b.price, AHEAD * K * sizeof *a.price), 0);
    cr_assert_eq(memcmp(a.move, b.move, (size_t)K * K * sizeof *a.move), 0);
    cr_assert_eq(memcmp(a.start, b.start, K * sizeof *a.start), 0);
    tear_down(&x);
    tear_down(&y);
}

Test(price_law, holes_in_what_is_said_take_their_neighbour) {
    bench x;
    set_up(&x, 0.5);
    vo_price_nodes nodes;
    vo_error err = {0};
    size_t filled = 0;
    bool able = true;
    for (size_t t = 0; t < x.s->n; t++) x.guess[t] = (double)NAN; /* epf_naive fills in */
    const vo_price_nodes n = at(&x, x.price, 30 * 24, false);
    for (size_t i = 0; i < (size_t)AHEAD * K; i++) cr_assert(isfinite(n.price[i]));
    for (size_t t = 0; t < x.s->n; t++) x.price[t] = (double)NAN; /* and has nothing either */
    cr_assert_eq(
        vo_price_law_at(x.law, x.price, 20 * 24, 21 * 24, true, &nodes, &filled, &able, &err),
        VO_OK);
    cr_assert_not(able);
    tear_down(&x);
}

Test(price_law, the_nth_allocation_may_fail) {
    bench x;
    set_up(&x, 0.5);
    for (long n = 0;; n++) {
        fault f = {.left = n};
        const vo_alloc a = fault_alloc(&f);
        vo_price_law *l = NULL;
        vo_error err = {0};
        const vo_status st = vo_price_law_create(x.f, x.s, 24, false, &a, &l, &err);
        if (st != VO_OK) cr_assert_eq(st, VO_ENOMEM);
        vo_price_law_free(l);
        cr_assert_eq(f.live, 0);
        if (st == VO_OK) break;
    }
    tear_down(&x);
}
