/* test_rate_limit.c -- what token buckets promise, under a clock of the test. */
#include "serve/rate_limit.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

static vo_rate_limit *limit_of(double rate, double burst, size_t most) {
    vo_rate_limit *r = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_rate_limit_create(rate, burst, most, &r, &err), VO_OK, "%s", err.msg);
    return r;
}

Test(rate_limit, in_no_span_is_more_granted_than_burst_and_rate_allow) {
    enum { ASKED = 4000 };
    static double when_s[ASKED], cost[ASKED];
    for (uint64_t seed = 1; seed <= 5; seed++) {
        vo_random r = vo_random_seed(seed, 1);
        const double rate = vo_random_between(&r, 0.5, 50),
                     burst = vo_random_between(&r, 1, 20);
        vo_rate_limit *l = limit_of(rate, burst, 4);
        double now_s = 1e6, granted[ASKED + 1] = {0};
        for (int i = 0; i < ASKED; i++) {
            now_s += vo_random_below(&r, 50) == 0 ? burst / rate
                                                  : vo_random_between(&r, 0, 1 / rate);
            when_s[i] = now_s;
            cost[i] = vo_random_below(&r, 4) == 0 ? vo_random_between(&r, 0.1, burst) : 1;
            const bool taken = vo_rate_limit_take(l, "a", cost[i], 0, now_s) == 0;
            granted[i + 1] = granted[i] + (taken ? cost[i] : 0);
        }
        for (int i = 0; i < ASKED; i += 3)
            for (int j = i; j < ASKED; j += 7)
                cr_assert_leq(granted[j + 1] - granted[i],
                              burst + rate * (when_s[j] - when_s[i]) + 1e-3);
        cr_expect_gt(granted[ASKED], 0.4 * rate * (now_s - 1e6), "and not much less");
        vo_rate_limit_free(l);
    }
}

Test(rate_limit, who_asks_no_more_than_his_rate_is_never_refused) {
    static const double rates[] = {0.1, 1, 3, 7, 60, 333, 12345};
    for (size_t k = 0; k < sizeof rates / sizeof *rates; k++) {
        vo_rate_limit *l = limit_of(rates[k], 1, 4);
        for (int i = 0; i < 20000; i++)
            cr_assert_eq(vo_rate_limit_take(l, "a", 1, 0, 1e5 + i / rates[k]), 0.0);
        vo_rate_limit_free(l);
    }
}

Test(rate_limit, the_wait_that_is_told_is_enough_and_not_too_long) {
    vo_rate_limit *l = limit_of(2, 3, 4);
    for (int i = 0; i < 3; i++) cr_expect_eq(vo_rate_limit_take(l, "a", 1, 0, 10), 0.0);
    const double wait_s = vo_rate_limit_take(l, "a", 1, 0, 10);
    cr_expect_float_eq(wait_s, 0.5, 1e-9);
    cr_expect_gt(vo_rate_limit_take(l, "a", 1, 0, 10 + 0.99 * wait_s), 0.0);
    cr_expect_eq(vo_rate_limit_take(l, "a", 1, 0, 10 + wait_s), 0.0);
    cr_expect_float_eq(vo_rate_limit_take(l, "a", 100, 0, 10.5), 1.5, 1e-9,
                       "a cost above the burst is the burst");
    vo_rate_limit_free(l);
}

Test(rate_limit, callers_do_not_share_a_bucket) {
    vo_rate_limit *l = limit_of(1, 1, 64);
    char who[16];
    for (int i = 0; i < 50; i++) {
        snprintf(who, sizeof who, "k%d", i);
        cr_expect_eq(vo_rate_limit_take(l, who, 1, 0, 5), 0.0);
    }
    for (int i = 0; i < 50; i++) {
        snprintf(who, sizeof who, "k%d", i);
        cr_expect_gt(vo_rate_limit_take(l, who, 1, 0, 5), 0.0);
    }
    vo_rate_limit_free(l);
}

Test(rate_limit, a_rate_of_ones_own_counts_instead_with_a_burst_in_proportion) {
    vo_rate_limit *l = limit_of(10, 20, 4);
    int taken = 0;
    while (vo_rate_limit_take(l, "a", 1, 100, 1) == 0) taken++;
    cr_expect_eq(taken, 200);
    cr_expect_float_eq(vo_rate_limit_take(l, "a", 1, 100, 1), 0.01, 1e-9);
    taken = 0;
    while (vo_rate_limit_take(l, "b", 1, 0.1, 1) == 0) taken++;
    cr_expect_eq(taken, 1, "at least one at a time");
    vo_rate_limit_free(l);
}

Test(rate_limit, no_rate_is_no_limit) {
    vo_rate_limit *l = limit_of(0, 0, 1);
    for (int i = 0; i < 1000; i++) cr_assert_eq(vo_rate_limit_take(l, "a", 5, 0, 1), 0.0);
    cr_expect_eq(vo_rate_limit_look(l, "a", 0, 1).limit, 0.0);
    cr_expect_eq(vo_rate_limit_take(l, "b", 2, 2, 1), 0.0);
    cr_expect_gt(vo_rate_limit_take(l, "b", 2, 2, 1), 0.0, "but that of a key holds");
    vo_rate_limit_free(l);
}

Test(rate_limit, a_clock_that_runs_backwards_gives_nothing) {
    vo_rate_limit *l = limit_of(1, 1, 4);
    cr_expect_eq(vo_rate_limit_take(l, "a", 1, 0, 100), 0.0);
    cr_expect_gt(vo_rate_limit_take(l, "a", 1, 0, 50), 0.0);
    cr_expect_gt(vo_rate_limit_take(l, "a", 1, 0, 100.5), 0.0, "nor the way back");
    cr_expect_eq(vo_rate_limit_take(l, "a", 1, 0, 101), 0.0);
    vo_rate_limit_free(l);
}

Test(rate_limit, a_flood_of_names_forgets_the_full_bucket_not_the_empty_one) {
    vo_rate_limit *l = limit_of(1, 5, 8);
    for (int i = 0; i < 5; i++) vo_rate_limit_take(l, "greedy", 1, 0, 1);
    cr_expect_gt(vo_rate_limit_take(l, "greedy", 1, 0, 1), 0.0);
    char who[16];
    for (int i = 0; i < 7; i++) {
        snprintf(who, sizeof who, "n%d", i);
        vo_rate_limit_take(l, who, 1, 0, 1);
    }
    vo_rate_limit_take(l, "one more", 1, 0, 1);
    cr_expect_gt(vo_rate_limit_take(l, "greedy", 1, 0, 1), 0.0, "though he was the oldest");
    vo_rate_limit_free(l);
}

/* An independent table: an array that is searched from the front. */
Test(rate_limit, buckets_are_found_again_among_many_that_come_and_go) {
    enum { NAMES = 40, MOST = 64 };
    vo_rate_limit *l = limit_of(1, 4, MOST);
    vo_random r = vo_random_seed(3, 1);
    double tokens[NAMES], when_s[NAMES], now_s = 0;
    for (int i = 0; i < NAMES; i++) tokens[i] = 4, when_s[i] = 0;
    for (int i = 0; i < 20000; i++) {
        char who[16];
        const int k = (int)vo_random_below(&r, NAMES);
        now_s += (double)vo_random_below(&r, 4) / 64; /* exact in binary */
        snprintf(who, sizeof who, "%d", k);
        tokens[k] = fmin(4, tokens[k] + now_s - when_s[k]);
        when_s[k] = now_s;
        const bool want = tokens[k] >= 1;
        cr_assert_float_eq(vo_rate_limit_look(l, who, 0, now_s).remaining, tokens[k], 1e-9);
        cr_assert_eq(vo_rate_limit_take(l, who, 1, 0, now_s) == 0, want);
        if (want) tokens[k] -= 1;
    }
    for (int i = 0; i < 100000; i++) { /* memory is bounded: nothing to see but no harm */
        char who[16];
        snprintf(who, sizeof who, "x%d", i);
        cr_assert_eq(vo_rate_limit_take(l, who, 1, 0, now_s), 0.0);
    }
    vo_rate_limit_free(l);
}

Test(rate_limit, a_look_tells_what_is_left_and_when_it_is_full) {
    vo_rate_limit *l = limit_of(2, 10, 4);
    for (int i = 0; i < 4; i++) vo_rate_limit_take(l, "a", 1, 0, 7);
    const vo_rate_state s = vo_rate_limit_look(l, "a", 0, 7);
    cr_expect_float_eq(s.limit, 10, 1e-9);
    cr_expect_float_eq(s.remaining, 6, 1e-9);
    cr_expect_float_eq(s.reset_s, 2, 1e-9);
    cr_expect_float_eq(vo_rate_limit_look(l, "new", 0, 7).remaining, 10, 1e-9);
    vo_rate_limit_free(l);
}

Test(rate_limit, an_address_counts_as_itself_and_of_ipv6_as_its_64) {
    static const char *const pair[][2] = {{"127.0.0.1", "127.0.0.1"},
                                          {"::ffff:10.1.2.3", "10.1.2.3"},
                                          {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
                                          {"2001:db8:1:2::6", "2001:db8:1:2::/64"},
                                          {"2001:db8::6", "2001:db8:0:0::/64"},
                                          {"::1", "0:0:0:0::/64"},
                                          {"1::4:5:6:7:8", "1:0:0:4::/64"},
                                          {"::", "0:0:0:0::/64"},
                                          {"fe80::", "fe80:0:0:0::/64"},
                                          {"", ""}};
    char who[VO_RATE_WHO];
    for (size_t i = 0; i < sizeof pair / sizeof *pair; i++) {
        vo_rate_limit_peer(pair[i][0], who);
        cr_expect_str_eq(who, pair[i][1], "%s -> %s", pair[i][0], who);
    }
}

Test(rate_limit, settings_that_cannot_be_are_refused_in_words) {
    vo_rate_limit *r = NULL;
    vo_error err = {0};
    cr_expect_eq(vo_rate_limit_create((double)NAN, 1, 1, &r, &err), VO_EINVAL);
    cr_expect_eq(vo_rate_limit_create(1, 0.5, 1, &r, &err), VO_EINVAL);
    cr_expect_not_null(strstr(err.msg, "burst = 0.5"));
    cr_expect_eq(vo_rate_limit_create(1, 1, 0, &r, &err), VO_EINVAL);
    cr_expect_null(r);
    vo_rate_limit_free(NULL);
}
