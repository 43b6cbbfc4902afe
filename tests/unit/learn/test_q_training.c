/* test_q_training.c -- what is learned against what can be computed otherwise: the Bellman
 * equation solved by iteration, the best cycle found by trying all, and run twice = same bits. */
#include "learn/q_training.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/fault_alloc.h"

#define DAYS 400
#define HOURS (24 * DAYS)

static double price[HOURS];
static uint8_t hour[HOURS];

/* The same day again and again: six dear and six cheap hours among middling ones. */
static vo_q_market same_days(void) {
    static const double day[24] = {30, 20, 10, 12, 11, 22, 40, 70, 80, 60, 45, 40,
                                   25, 15, 18, 28, 50, 65, 90, 95, 85, 60, 45, 35};
    for (size_t t = 0; t < HOURS; t++) {
        hour[t] = (uint8_t)(t % 24);
        price[t] = day[t % 24];
    }
    return (vo_q_market){.n = HOURS, .price = price, .hour = hour, .interval_h = 1};
}

/* 1 MW, 2 MWh, without loss: from empty, full power leads to 0, half and full and nowhere else,
 * so that three charge bins are the true states. */
static vo_battery lattice(void) {
    vo_battery b = vo_battery_default();
    b.charge_efficiency = b.discharge_efficiency = 1;
    return b;
}

static vo_q_settings small(void) {
    vo_q_settings s = vo_q_settings_default();
    s.axes.charge_bins = 3;
    s.axes.price_bins = 1;
    s.axes.par_h = 24; /* the mean of a day that is always the same */
    s.start_low = s.start_high = 0;
    s.environments = 600;
    return s;
}

/* Q of the same days by value iteration in double: states (hour, level 0..2). */
static void bellman(const vo_q_history *h, double discount, double q[24][3][3]) {
    const vo_q_step *day = h->step + 240; /* any day, from noon */
    memset(q, 0, 24 * 9 * sizeof(double));
    for (int sweep = 0; sweep < 2000; sweep++)
        for (int k = 23; k >= 0; k--) {
            const int t = (int)((day[k].cell & ~VO_Q_LAST) / 3), next = (t + 1) % 24;
            for (int c = 0; c < 3; c++)
                for (int a = 0; a < 3; a++) {
                    int to = c + 1 - a;
                    to = to < 0 ? 0 : to > 2 ? 2 : to;
                    const double moved = 0.5 * (to - c); /* into the store, of capacity */
                    const double cash = -moved * (double)day[k].buy; /* buy == sell */
                    const double *n = q[next][to];
                    q[t][c][a] = cash + (double)day[k].par * moved +
                                 discount * fmax(n[0], fmax(n[1], n[2]));
                }
        }
}

Test(q_training, values_converge_to_the_bellman_equation) {
    const vo_q_market m = same_days();
    const vo_battery b = lattice();
    const vo_q_settings s = small();
    vo_q_table *t = NULL;
    vo_q_history *h = NULL;
    vo_error err = {0};
    vo_q_training told;
    cr_assert_eq(vo_q_train(&s, &b, &m, 1, NULL, &t, &told, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_q_history_create(t, 0, &m, 1, 1, NULL, &h, NULL), VO_OK);
    static double q[24][3][3];
    bellman(h, s.discount, q);
    for (size_t k = 0; k < 24; k++)
        for (size_t c = 0; c < 3; c++)
            for (size_t a = 0; a < 3; a++)
                cr_expect_float_eq((double)t->q[(k * 3 + c) * VO_Q_ROW + a], q[k][c][a], 5e-3,
                                   "hour %zu level %zu action %zu: %g, not %g", k, c, a,
                                   (double)t->q[(k * 3 + c) * VO_Q_ROW + a], q[k][c][a]);
    cr_expect_float_eq(told.loss, 0, 2e-3, "loss %g", told.loss);
    cr_expect_eq(told.steps, 14400u * 1000u);
    vo_q_history_free(h);
    vo_q_table_free(t);
}

/* The most that intervals k.. of a day can earn, to empty: all rows of actions are tried. */
static double best_day(int k, int level) {
    if (k == 12) return level == 0 ? 0 : -1e18;
    double best = -1e18;
    for (int a = -1; a <= 1; a++)
        if (level + a >= 0 && level + a <= 2)
            best = fmax(best, best_day(k + 1, level + a) - a * price[k]);
    return best;
}

Test(q_training, the_greedy_day_is_the_best_of_all_days) {
    vo_q_market m = same_days(); /* every other of its hours, for two hours each */
    m.n = HOURS / 2;
    m.interval_h = 2;
    for (size_t t = 0; t < m.n; t++) {
        price[t] = price[2 * t];
        hour[t] = hour[2 * t];
    }
    vo_battery b = lattice();
    b.charge_mw = b.discharge_mw = 0.5;
    vo_q_settings s = small();
    s.axes.hour_bins = 12;
    s.discount = 0.995; /* a day's profit, not the next hours' */
    vo_q_table *t = NULL;
    cr_assert_eq(vo_q_train(&s, &b, &m, 1, NULL, &t, NULL, NULL), VO_OK);
    double earned = 0;
    int level = 0;
    for (int k = 0; k < 12; k++) {
        const vo_q_state now = {.charge = level / 2.0, .signal = 0, .hour = 2 * k};
        const vo_q_choice c = vo_q_table_act(t, &now);
        cr_expect(c.visited && c.confidence >= 0 && c.confidence < 1);
        int to = level + 1 - c.action;
        to = to < 0 ? 0 : to > 2 ? 2 : to;
        earned -= (to - level) * price[k];
        level = to;
    }
    cr_expect_eq(level, 0);
    cr_expect_float_eq(earned, best_day(0, 0), 1e-9, "%g of %g", earned, best_day(0, 0));
    vo_q_table_free(t);
}

Test(q_training, what_is_learned_earns_more_with_less_loss) {
    const vo_q_market m = same_days();
    double last = -1;
    for (int k = 0; k < 3; k++) {
        vo_battery b = vo_q_battery_default();
        b.charge_efficiency = b.discharge_efficiency = 0.8 + 0.1 * k;
        vo_q_settings s = vo_q_settings_default();
        s.axes.price_bins = 1;
        s.environments = 1024;
        s.episodes = 400;
        vo_q_table *t = NULL;
        cr_assert_eq(vo_q_train(&s, &b, &m, 1, NULL, &t, NULL, NULL), VO_OK);
        const vo_q_state empty = {.charge = 0, .signal = 0, .hour = 2};
        const double worth = vo_q_table_act(t, &empty).q[VO_Q_CHARGE];
        cr_expect_gt(worth, last + 0.01, "%g after %g", worth, last);
        last = worth;
        vo_q_table_free(t);
    }
}

static vo_q_table *quick(uint64_t seed, size_t threads) {
    const vo_q_market m = same_days();
    const vo_battery b = vo_q_battery_default();
    vo_q_settings s = vo_q_settings_default();
    s.episodes = 50;
    const vo_learning world = {.seed = seed, .threads = threads};
    vo_q_table *t = NULL;
    cr_assert_eq(vo_q_train(&s, &b, &m, 1, &world, &t, NULL, NULL), VO_OK);
    return t;
}

Test(q_training, a_seed_fixes_the_bits_whatever_the_threads) {
    vo_q_table *one = quick(7, 1), *two = quick(7, 2), *many = quick(7, 5),
               *other = quick(8, 1);
    const size_t n = one->n_states * VO_Q_ROW;
    cr_expect_arr_eq(one->q, two->q, n * sizeof(float));
    cr_expect_arr_eq(one->q, many->q, n * sizeof(float));
    cr_expect_arr_eq(one->visits, two->visits, n * sizeof(uint32_t));
    cr_expect(memcmp(one->q, other->q, n * sizeof(float)) != 0);
    vo_q_table_free(one);
    vo_q_table_free(two);
    vo_q_table_free(many);
    vo_q_table_free(other);
}

Test(q_training, settings_for_an_interval_keep_the_day_and_the_hour) {
    const vo_q_settings d = vo_q_settings_default(), h = vo_q_settings_for(1),
                        five = vo_q_settings_for(1.0 / 12);
    cr_expect_float_eq(d.discount, 0.95, 1e-15);
    cr_expect_float_eq(h.discount, 0.99, 1e-15);
    cr_expect_float_eq(pow(five.discount, 12), 0.99, 1e-12);
    cr_expect(h.life == 24 && five.life == 288 && h.episodes == 1000);
    cr_expect_eq(vo_q_settings_check(&five, NULL), VO_OK);
}

static bool stop_at_half(void *ctx, const char *phase, double fraction, double loss) {
    int *calls = ctx;
    cr_assert_str_eq(phase, "q_learning");
    cr_assert(fraction > 0 && fraction <= 1 && loss >= 0);
    ++*calls;
    return fraction < 0.5;
}

Test(q_training, progress_is_told_and_can_stop_it) {
    const vo_q_market m = same_days();
    const vo_battery b = vo_q_battery_default();
    const vo_q_settings s = vo_q_settings_default();
    int calls = 0;
    const vo_learning world = {.progress = stop_at_half, .progress_ctx = &calls};
    vo_q_table *t = NULL;
    vo_error err = {0};
    cr_expect_eq(vo_q_train(&s, &b, &m, 1, &world, &t, NULL, &err), VO_ECANCELED);
    cr_expect(calls > 5 && t == NULL, "%d calls", calls);
}

Test(q_training, memory_that_is_refused_leaves_nothing_behind) {
    const vo_q_market m = same_days();
    const vo_battery b = vo_q_battery_default();
    vo_q_settings s = vo_q_settings_default();
    s.episodes = 1;
    s.environments = 600;
    bool done = false;
    for (long n = 0; !done; n++) {
        fault f = {.left = n};
        const vo_alloc a = fault_alloc(&f);
        const vo_learning world = {.alloc = &a};
        vo_q_table *t = NULL;
        vo_error err = {0};
        const vo_status st = vo_q_train(&s, &b, &m, 1, &world, &t, NULL, &err);
        done = st == VO_OK;
        if (done)
            vo_q_table_free(t);
        else
            cr_assert(st == VO_ENOMEM && t == NULL && err.msg[0], "allocation %ld", n);
        cr_assert_eq(f.live, 0, "allocation %ld", n);
        cr_assert_lt(n, 200);
    }
}

Test(q_training, settings_out_of_range_are_refused_by_name) {
    const vo_q_market m = same_days();
    const vo_battery b = vo_q_battery_default();
    const struct {
        size_t at;
        double v;
        const char *says;
    } bad[] = {{offsetof(vo_q_settings, epsilon), 1.5, "epsilon = 1.5"},
               {offsetof(vo_q_settings, epsilon_min), (double)NAN, "epsilon_min = nan"},
               {offsetof(vo_q_settings, discount), 1, "discount = 1"},
               {offsetof(vo_q_settings, learning_rate), 0, "learning_rate = 0"},
               {offsetof(vo_q_settings, start_low), 2, "start_low = 2"},
               {offsetof(vo_q_settings, average_last), -1, "average_last = -1"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_q_settings s = vo_q_settings_default();
        memcpy((char *)&s + bad[i].at, &bad[i].v, sizeof(double));
        vo_q_table *t = NULL;
        vo_error err = {0};
        cr_expect_eq(vo_q_train(&s, &b, &m, 1, NULL, &t, NULL, &err), VO_EINVAL);
        cr_expect(strstr(err.msg, bad[i].says), "\"%s\" lacks \"%s\"", err.msg, bad[i].says);
    }
    vo_q_settings s = vo_q_settings_default();
    s.environments = 0;
    vo_q_table *t = NULL;
    cr_expect_eq(vo_q_train(&s, &b, &m, 1, NULL, &t, NULL, NULL), VO_EINVAL);
    s.environments = 1;
    cr_expect_eq(vo_q_train(&s, &b, &m, 0, NULL, &t, NULL, NULL), VO_EINVAL);
    cr_expect_null(t);
}
