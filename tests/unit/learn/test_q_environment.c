/* test_q_environment.c -- energy and limits under random actions; signals against their
 * definition; the arrays against one battery at a time. */
#include "learn/q_environment.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/local_hours.h"

#define DAYS 40
#define HOURS (24 * DAYS)
#define ENVS 700 /* not a multiple of anything the loops like */

static double price[HOURS];
static uint8_t hour[HOURS];

static vo_q_market market(void) {
    vo_random r = vo_random_seed(11, 0);
    for (size_t t = 0; t < HOURS; t++) {
        hour[t] = (uint8_t)(t % 24);
        price[t] = 50 + 20 * sin((double)t * 0.2618) + 10 * vo_random_normal(&r);
    }
    return (vo_q_market){.n = HOURS, .price = price, .hour = hour, .interval_h = 1};
}

typedef struct {
    vo_q_table *table;
    vo_q_history *history;
    vo_q_battery battery;
    vo_q_envs *envs;
    float value[ENVS];
} world;

static void set_up(world *x, const vo_battery *b, const vo_q_market *m) {
    const vo_q_axes a = vo_q_axes_default();
    vo_error err = {0};
    cr_assert_eq(vo_q_table_create(&a, 1, NULL, &x->table, NULL), VO_OK);
    cr_assert_eq(
        vo_q_history_create(x->table, b->wear_cost_per_mwh, m, 1, 1, NULL, &x->history, &err),
        VO_OK, "%s", err.msg);
    x->battery = vo_q_battery_of(b, 1, a.charge_bins);
    cr_assert_eq(
        vo_q_envs_create(ENVS, 5, 0, 0, 1, x->history, &x->battery, NULL, &x->envs, NULL),
        VO_OK);
}

static void tear_down(world *x) {
    vo_q_envs_free(x->envs);
    vo_q_history_free(x->history);
    vo_q_table_free(x->table);
}

Test(q_environment, random_actions_keep_energy_and_every_limit) {
    vo_battery b = vo_q_battery_default();
    b.self_discharge_per_h = 0.001;
    b.wear_cost_per_mwh = 3;
    const vo_q_market m = market();
    static world x;
    set_up(&x, &b, &m);
    const vo_battery_interval over = vo_battery_over(&b, 1);
    static float before[ENVS];
    static uint32_t at[ENVS];
    int charged = 0, sold = 0, full = 0, empty = 0;
    for (int k = 0; k < 400; k++) {
        vo_q_envs_choose(x.envs, x.table->q, 1, x.value);
        memcpy(before, x.envs->soc, sizeof before);
        memcpy(at, x.envs->at, sizeof at);
        static int32_t action[ENVS];
        memcpy(action, x.envs->action, sizeof action);
        vo_q_envs_play(x.envs, x.history, &x.battery);
        for (size_t i = 0; i < ENVS; i++) {
            if (x.envs->fresh[i]) continue;
            const vo_q_step *s = &x.history->step[at[i]];
            const double s0 = (double)before[i], s1 = (double)x.envs->soc[i];
            /* what must have gone through the terminals, from the energy alone */
            const double kept = over.keep * s0, moved = s1 - kept;
            const double in = action[i] == VO_Q_CHARGE ? moved / over.gain : 0;
            const double out = action[i] == VO_Q_DISCHARGE ? -moved / over.drain : 0;
            if (action[i] == VO_Q_HOLD) cr_assert_float_eq(moved, 0, 1e-6);
            cr_assert(in >= -1e-6 && in <= 0.5 + 1e-6, "in %g", in);
            cr_assert(out >= -1e-6 && out <= 0.5 + 1e-6, "out %g", out);
            cr_assert(s1 <= 0.9 + 1e-6 && s1 >= fmin(0.1, kept) - 1e-6, "soc %g", s1);
            const double reward =
                (double)s->sell * out - (double)s->buy * in + (double)s->par * (s1 - s0);
            cr_assert_float_eq((double)x.envs->reward[i], reward, 2e-6);
            charged += in > 0.49;
            sold += out > 0.49;
            full += s1 > 0.8999;
            empty += s1 < 0.1001;
        }
    }
    cr_expect(charged > 1000 && sold > 1000 && full > 100 && empty > 100);
    tear_down(&x);
}

/* The step of the header, one battery at a time, over an own copy of everything. */
static void one_by_one(world *x, const float *q, float epsilon) {
    vo_q_envs *e = x->envs;
    for (size_t i = 0; i < e->n; i++) {
        const float *row = q + e->state[i] * VO_Q_ROW;
        int32_t best = VO_Q_HOLD;
        if (row[VO_Q_CHARGE] > row[best]) best = VO_Q_CHARGE;
        if (row[VO_Q_DISCHARGE] > row[best]) best = VO_Q_DISCHARGE;
        uint32_t c = e->chance[i];
        c ^= c << 13;
        c ^= c >> 17;
        c ^= c << 5;
        e->chance[i] = c;
        const bool explore = (float)(c >> 8) / 16777216.0f < epsilon;
        e->action[i] = explore ? (int32_t)((c & 255) * 3 / 256) : best;
        x->value[i] = row[best];
        const vo_q_step *s = &x->history->step[e->at[i]];
        e->soc[i] = vo_q_play(&x->battery, s->buy, s->sell, s->par, e->action[i], e->soc[i],
                              &e->reward[i]);
        e->fresh[i] = 0;
        if (s->cell & VO_Q_LAST) {
            vo_q_envs_start(e, i, x->history, &x->battery);
            continue;
        }
        e->at[i]++;
        e->state[i] = (x->history->step[e->at[i]].cell & ~VO_Q_LAST) +
                      vo_q_charge_bin(&x->battery, e->soc[i]);
    }
}

Test(q_environment, the_arrays_are_bit_for_bit_one_battery_at_a_time) {
    const vo_battery b = vo_q_battery_default();
    const vo_q_market m = market();
    static world x, y;
    set_up(&x, &b, &m);
    set_up(&y, &b, &m);
    vo_random r = vo_random_seed(2, 0);
    for (size_t k = 0; k < x.table->n_states * VO_Q_ROW; k++)
        x.table->q[k] = (float)(vo_random_below(&r, 5)); /* ties, too */
    for (int k = 0; k < 1500; k++) {
        vo_q_envs_choose(x.envs, x.table->q, 0.3f, x.value);
        vo_q_envs_play(x.envs, x.history, &x.battery);
        one_by_one(&y, x.table->q, 0.3f);
        cr_assert_arr_eq(x.value, y.value, sizeof x.value);
        cr_assert_arr_eq(x.envs->action, y.envs->action, ENVS * sizeof(int32_t));
        cr_assert_arr_eq(x.envs->soc, y.envs->soc, ENVS * sizeof(float));
        cr_assert_arr_eq(x.envs->reward, y.envs->reward, ENVS * sizeof(float));
        cr_assert_arr_eq(x.envs->state, y.envs->state, ENVS * sizeof(uint32_t));
        cr_assert_arr_eq(x.envs->at, y.envs->at, ENVS * sizeof(uint32_t));
        cr_assert_arr_eq(x.envs->fresh, y.envs->fresh, ENVS * sizeof(uint32_t));
    }
    tear_down(&x);
    tear_down(&y);
}

Test(q_environment, better_efficiency_never_earns_less) {
    const vo_q_market m = market();
    double last = -(double)INFINITY;
    for (int k = 0; k <= 4; k++) {
        vo_battery b = vo_q_battery_default();
        b.charge_efficiency = b.discharge_efficiency = 0.8 + 0.05 * k;
        static world x;
        set_up(&x, &b, &m);
        double sum = 0; /* alternating full trades at the same moments, par as it is */
        for (size_t t = 0; t + 1 < x.history->n; t += 2) {
            float paid;
            const vo_q_step *s = &x.history->step[t];
            const float half = vo_q_play(&x.battery, s[0].buy, s[0].sell, s[0].par, VO_Q_CHARGE,
                                         x.battery.lo, &paid);
            sum += (double)paid;
            (void)vo_q_play(&x.battery, s[1].buy, s[1].sell, s[1].par, VO_Q_DISCHARGE, half,
                            &paid);
            sum += (double)paid;
        }
        cr_expect_gt(sum, last, "efficiency %g: %g after %g", b.charge_efficiency, sum, last);
        last = sum;
        tear_down(&x);
    }
}

Test(q_environment, the_signal_is_its_definition_and_the_batch_agrees) {
    const vo_q_market m = market();
    const vo_q_axes a = vo_q_axes_default();
    double mean = 0, square = 0;
    for (size_t i = 76; i < 100; i++) mean += price[i] / 24;
    for (size_t i = 76; i < 100; i++) square += (price[i] - mean) * (price[i] - mean) / 24;
    const double want = (price[100] - mean) / sqrt(square);
    cr_expect_float_eq(vo_q_signal(&a, 1, price, 100, price[100]), want, 1e-9);
    cr_expect(isnan(vo_q_signal(&a, 1, price, 11, price[11])), "half a window is too little");
    cr_expect(!isnan(vo_q_signal(&a, 1, price, 12, price[12])));
    cr_expect(isnan(vo_q_signal(&a, 1, price, 100, (double)NAN)));
    const double flat[24] = {0};
    cr_expect_float_eq(vo_q_signal(&a, 1, flat, 24, 0.0), 0, 1e-12);
    cr_expect_float_eq(vo_q_signal(&a, 1, flat, 24, 3.0), 1, 1e-12);

    static world x; /* every step lies in the bin of its signal; each bin is met as often */
    const vo_battery b = vo_q_battery_default();
    set_up(&x, &b, &m);
    cr_assert_eq(x.history->n, HOURS - 12);
    int met[24][10] = {{0}};
    for (size_t i = 0; i < x.history->n; i++) {
        const size_t t = i + 12;
        const double s = vo_q_signal(&a, 1, price, t, price[t]);
        const int32_t bin = (int32_t)((x.history->step[i].cell & ~VO_Q_LAST) / 10) % 10;
        const double *edge = x.table->edge + hour[t] * 9; /* signals may be edges themselves */
        cr_assert_eq((x.history->step[i].cell & ~VO_Q_LAST) / 100, hour[t]);
        cr_assert(bin == 0 || s > edge[bin - 1] - 1e-9);
        cr_assert(bin == 9 || s <= edge[bin] + 1e-9);
        met[hour[t]][bin]++;
    }
    for (int h = 0; h < 24; h++)
        for (int k = 0; k < 10; k++) cr_expect(met[h][k] >= 3 && met[h][k] <= 5);
    tear_down(&x);
}

Test(q_environment, a_signal_does_not_know_level_nor_size) {
    (void)market();
    const vo_q_axes a = vo_q_axes_default();
    static double other[HOURS];
    for (size_t t = 0; t < HOURS; t++) other[t] = 1000 + 7 * price[t];
    for (size_t t = 30; t < 300; t++)
        cr_assert_float_eq(vo_q_signal(&a, 1, other, t, other[t]),
                           vo_q_signal(&a, 1, price, t, price[t]), 1e-6);
}

Test(q_environment, the_signal_sees_only_what_is_before) {
    (void)market();
    const vo_q_axes a = vo_q_axes_default();
    const double now = price[200], s = vo_q_signal(&a, 1, price, 200, now);
    for (size_t t = 200; t < HOURS; t++) price[t] = 1e6;
    cr_expect(vo_q_signal(&a, 1, price, 200, now) == s);
}

Test(q_environment, a_missing_price_breaks_the_history) {
    const vo_q_market m = market();
    price[500] = (double)NAN;
    static world x;
    const vo_battery b = vo_q_battery_default();
    set_up(&x, &b, &m);
    cr_expect_eq(x.history->n, HOURS - 13);
    for (size_t i = 0; i < x.history->n; i++)
        cr_expect_eq((x.history->step[i].cell & VO_Q_LAST) != 0,
                     i == 500 - 12 - 1 || i + 1 == x.history->n, "step %zu", i);
    tear_down(&x);
}

Test(q_environment, markets_that_do_not_fit_are_refused) {
    vo_q_market m[2] = {market(), market()};
    const vo_q_axes a = vo_q_axes_default();
    vo_q_table *t = NULL;
    vo_q_history *h = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_q_table_create(&a, 1, NULL, &t, NULL), VO_OK);
    m[1].interval_h = 0.25;
    cr_expect_eq(vo_q_history_create(t, 0, m, 2, 1, NULL, &h, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "market 1: interval_h = 0.25"), "%s", err.msg);
    m[1].interval_h = 1;
    m[0].n = 10;
    cr_expect_eq(vo_q_history_create(t, 0, m, 1, 1, NULL, &h, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "10 intervals"), "%s", err.msg);
    cr_expect_eq(vo_q_history_create(t, 0, m, 0, 1, NULL, &h, &err), VO_EINVAL);
    cr_expect_null(h);
    vo_q_table_free(t);
}

Test(q_environment, hours_are_local_and_repeat_when_clocks_go_back) {
    vo_series *s = local_hours("America/Mexico_City", 2016, 10, 30, 1, NULL);
    static uint8_t h[25];
    cr_assert_eq(s->n, 25);
    cr_assert_eq(vo_q_hours(s, h, NULL), VO_OK);
    cr_expect(h[0] == 0 && h[1] == 1 && h[2] == 1 && h[3] == 2 && h[24] == 23);
    vo_series_free(s);
}
