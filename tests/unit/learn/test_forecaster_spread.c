/* test_forecaster_spread.c -- past errors as distributions: where they are known by construction,
 * as many prices fall below a quantile as should, and nothing is read ahead of time. */
#include "learn/forecaster_spread.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/fault_alloc.h"
#include "support/local_hours.h"

enum { DAYS = 90, LEVELS = 5, AHEAD = 48 };
static const double level[LEVELS] = {0.05, 0.25, 0.5, 0.75, 0.95};

typedef struct {
    vo_series *s;
    double *price, *guess;
    vo_forecaster *f;
    vo_spread *spread;
} bench;

/* Prices = guess + error, which is wider in the evening; AR(1) with `rho` from hour to hour. */
static void set_up(bench *x, const char *forecaster, double rho, uint64_t seed) {
    const vo_learning world = {.alloc = &vo_alloc_libc};
    vo_error err = {0};
    x->s = local_hours("Europe/Paris", 2016, 2, 1, DAYS, "guess");
    x->price = x->s->column[0].value;
    x->guess = x->s->column[1].value;
    vo_random g = vo_random_seed(seed, 0);
    double e = vo_random_normal(&g);
    for (size_t t = 0; t < x->s->n; t++) {
        const double h = (double)(t % 24);
        e = rho * e + sqrt(1 - rho * rho) * vo_random_normal(&g);
        x->guess[t] = 50 - 20 * cos(h * 0.2618) + 4 * vo_random_normal(&g);
        x->price[t] = x->guess[t] + e * (h >= 17 && h < 21 ? 9 : 3);
    }
    static vo_learning kept;
    kept = world;
    cr_assert_eq(vo_forecaster_create(forecaster, x->s, &kept, &x->f, &err), VO_OK, "%s",
                 err.msg);
    cr_assert_eq(vo_spread_create(x->f, x->s, AHEAD, false, 60, NULL, &x->spread, &err), VO_OK);
}

static void tear_down(bench *x) {
    vo_spread_free(x->spread);
    vo_forecaster_free(x->f);
    vo_series_free(x->s);
}

static void ask(bench *x, const double *history, size_t known, size_t n, double *out) {
    size_t filled = 0;
    vo_error err = {0};
    cr_assert_eq(vo_spread_quantiles(x->spread, history, known, known, known + n, level, LEVELS,
                                     out, &filled, &err),
                 VO_OK, "%s", err.msg);
}

/* Day by day over the last month: what was called the 5 % quantile is one, hour by hour. */
Test(forecaster_spread, prices_fall_below_quantiles_as_often_as_they_say) {
    bench x;
    set_up(&x, "column=guess", 0, 1);
    double q[24 * LEVELS], below[2][LEVELS] = {{0}, {0}}, n[2] = {0, 0}, wide[2] = {0, 0};
    for (size_t known = 60 * 24; known + 24 <= x.s->n; known += 24) {
        ask(&x, x.price, known, 24, q);
        for (size_t h = 0; h < 24; h++) {
            const size_t of_day = (known + h) % 24;
            const int evening = of_day >= 18 && of_day < 20; /* neighbours are evening too */
            if (!evening && of_day >= 15 && of_day < 22) continue;
            n[evening]++;
            wide[evening] += q[h * LEVELS + 4] - q[h * LEVELS];
            for (size_t k = 0; k < LEVELS; k++) {
                below[evening][k] += x.price[known + h] < q[h * LEVELS + k];
                if (k) cr_assert(q[h * LEVELS + k] >= q[h * LEVELS + k - 1]);
            }
        }
    }
    for (int e = 0; e < 2; e++)
        for (size_t k = 0; k < LEVELS; k++)
            cr_expect_float_eq(below[e][k] / n[e], level[k],
                               4 * sqrt(level[k] * (1 - level[k]) / n[e]), "%d: %g: %g", e,
                               level[k], below[e][k] / n[e]);
    /* 90 % of a normal error lie within 3.29 standard deviations */
    cr_expect_float_eq(wide[0] / n[0], 3.29 * 3, 1.5);
    cr_expect_float_eq(wide[1] / n[1], 3.29 * 9, 5);
    tear_down(&x);
}

Test(forecaster_spread, errors_that_carry_on_are_recalled) {
    for (int k = 0; k < 2; k++) {
        bench x;
        const double rho = k ? 0.85 : 0;
        double q[AHEAD * LEVELS];
        vo_spread_memory m;
        vo_error err = {0};
        set_up(&x, "column=guess", rho, 5);
        const size_t known = 70 * 24 + 11;
        ask(&x, x.price, known, AHEAD - 20, q);
        cr_assert_eq(vo_spread_recall(x.spread, x.price, known, &m, &err), VO_OK);
        cr_expect_float_eq(m.along, rho, 0.12, "%g", m.along);
        cr_expect_float_eq(m.now, rho, 0.15, "%g", m.now);
        const double z = (x.price[known - 1] - x.guess[known - 1]) / 3;
        cr_expect_float_eq(m.score, z, 0.5, "%g is scored %g", z, m.score);
        tear_down(&x);
    }
}

/* Yesterday's price says nothing of today's when days are drawn anew: it is not followed. */
Test(forecaster_spread, a_forecast_is_followed_as_far_as_it_was_right) {
    bench x;
    set_up(&x, "naive_day", 0, 9);
    vo_random g = vo_random_seed(3, 1);
    for (size_t t = 0; t < x.s->n; t++) x.price[t] = vo_random_between(&g, 0, 100);
    double q[24 * LEVELS], sum = 0;
    ask(&x, x.price, 80 * 24, 24, q);
    for (size_t h = 0; h < 24; h++) {
        cr_expect_float_eq(q[h * LEVELS + 2], 50, 16, "near the middle, not yesterday's %g",
                           x.price[79 * 24 + h]);
        sum += q[h * LEVELS + 4] - q[h * LEVELS];
    }
    cr_expect_float_eq(sum / 24, 90, 14, "and as wide as prices are");
    tear_down(&x);
}

Test(forecaster_spread, without_errors_all_levels_are_the_forecast) {
    bench x;
    set_up(&x, "column=guess", 0, 2);
    double q[AHEAD * LEVELS];
    ask(&x, x.price, 0, 24, q);
    for (size_t h = 0; h < 24; h++)
        for (size_t k = 0; k < LEVELS; k++)
            cr_assert_float_eq(q[h * LEVELS + k], x.guess[h], 0);
    vo_spread_memory m;
    vo_error err = {0};
    cr_assert_eq(vo_spread_recall(x.spread, x.price, 0, &m, &err), VO_OK);
    cr_assert(m.along == 0 && m.now == 0 && isnan(m.score));
    tear_down(&x);
}

/* Two markets that part at `known`: the same bits before; and the same whether it was asked every
 * hour before or not at all. */
Test(forecaster_spread, the_future_is_not_read) {
    static const char *const name[] = {"naive_day", "epf_naive", "column=guess"};
    for (size_t i = 0; i < 3; i++) {
        bench x, y, z;
        set_up(&x, name[i], 0.5, 4);
        set_up(&y, name[i], 0.5, 4);
        set_up(&z, name[i], 0.5, 4);
        const size_t known = 75 * 24 + 9;
        for (size_t t = known; t < x.s->n; t++) {
            y.price[t] = -1000 + 3 * y.price[t];
            z.price[t] = (double)NAN;
        }
        double a[AHEAD * LEVELS], b[AHEAD * LEVELS], c[AHEAD * LEVELS];
        vo_spread_memory m[3];
        vo_error err = {0};
        for (size_t t = 60 * 24; t < known; t++) ask(&z, z.price, t, 6, c);
        ask(&x, x.price, known, 30, a);
        ask(&y, y.price, known, 30, b);
        ask(&z, z.price, known, 30, c);
        cr_assert_eq(memcmp(a, b, 30 * LEVELS * sizeof *a), 0, "%s", name[i]);
        cr_assert_eq(memcmp(a, c, 30 * LEVELS * sizeof *a), 0, "%s", name[i]);
        cr_assert_eq(vo_spread_recall(x.spread, x.price, known, &m[0], &err), VO_OK);
        cr_assert_eq(vo_spread_recall(y.spread, y.price, known, &m[1], &err), VO_OK);
        cr_assert_eq(memcmp(&m[0], &m[1], sizeof m[0]), 0);
        tear_down(&x);
        tear_down(&y);
        tear_down(&z);
    }
}

/* Asked about an earlier time, it forgets what came after. */
Test(forecaster_spread, going_back_in_time_forgets) {
    bench x, y;
    set_up(&x, "naive_day", 0.3, 6);
    set_up(&y, "naive_day", 0.3, 6);
    double a[24 * LEVELS], b[24 * LEVELS];
    ask(&x, x.price, 85 * 24, 24, a);
    ask(&x, x.price, 70 * 24, 24, a);
    ask(&y, y.price, 70 * 24, 24, b);
    cr_assert_eq(memcmp(a, b, sizeof a), 0);
    tear_down(&x);
    tear_down(&y);
}

Test(forecaster_spread, gaps_in_prices_are_no_errors) {
    bench x;
    set_up(&x, "column=guess", 0, 8);
    double q[24 * LEVELS];
    for (size_t t = 0; t < x.s->n; t += 5) x.price[t] = (double)NAN;
    ask(&x, x.price, 80 * 24, 24, q);
    for (size_t i = 0; i < 24 * LEVELS; i++) cr_assert(isfinite(q[i]));
    vo_spread_memory m;
    vo_error err = {0};
    cr_assert_eq(vo_spread_recall(x.spread, x.price, 80 * 24 + 1, &m, &err), VO_OK);
    tear_down(&x);
}

Test(forecaster_spread, a_single_day_of_errors_is_refused) {
    bench x;
    set_up(&x, "naive_day", 0, 1);
    vo_spread *s = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_spread_create(x.f, x.s, 24, false, 1, NULL, &s, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "days = 1"), "%s", err.msg);
    tear_down(&x);
}

Test(forecaster_spread, the_nth_allocation_may_fail) {
    bench x;
    set_up(&x, "naive_day", 0, 1);
    for (long n = 0;; n++) {
        fault f = {.left = n};
        const vo_alloc a = fault_alloc(&f);
        vo_spread *s = NULL;
        vo_error err = {0};
        const vo_status st = vo_spread_create(x.f, x.s, 24, false, 5, &a, &s, &err);
        if (st != VO_OK) cr_assert_eq(st, VO_ENOMEM);
        vo_spread_free(s);
        cr_assert_eq(f.live, 0);
        if (st == VO_OK) {
            cr_assert_gt(n, 6);
            break;
        }
    }
    tear_down(&x);
}
