/* test_flips.c -- each test states one promise of flips.h. */
#include "policy/flips.h"

#include <criterion/criterion.h>
#include <math.h>

/* Charges below 20, discharges above 80, holds between. */
static vo_status rule(void *ctx, double price, double *power_mw, vo_error *err) {
    (void)err;
    ++*(int *)ctx;
    *power_mw = price < 20 ? -2 : price > 80 ? 2 : 0;
    return VO_OK;
}

static vo_status deaf(void *ctx, double price, double *power_mw, vo_error *err) {
    (void)ctx;
    (void)price;
    (void)err;
    *power_mw = 1;
    return VO_OK;
}

static vo_status broken(void *ctx, double price, double *power_mw, vo_error *err) {
    (void)ctx;
    (void)price;
    (void)power_mw;
    return vo_fail(err, VO_ENUMERIC, "broken");
}

Test(flips, a_search_finds_the_price_on_either_side) {
    const double believed[] = {50, 10, 90, 40};
    double below = (double)NAN, above = (double)NAN;
    int asked = 0;
    cr_assert_eq(vo_flips_search(rule, &asked, believed, 4, 0, &below, &above, NULL), VO_OK);
    cr_expect_float_eq(below, 20, 1e-6);
    cr_expect_float_eq(above, 80, 1e-6);
    cr_expect_lt(asked, 150);
}

Test(flips, an_action_that_no_price_changes_has_none) {
    const double believed[] = {50, 10};
    double below = (double)NAN, above = (double)NAN;
    cr_assert_eq(vo_flips_search(deaf, NULL, believed, 2, 1, &below, &above, NULL), VO_OK);
    cr_expect(isnan(below) && isnan(above));
}

Test(flips, a_charge_flips_where_it_becomes_a_hold_not_where_that_becomes_a_discharge) {
    const double believed[] = {5, 10, 90};
    double below = (double)NAN, above = (double)NAN;
    int asked = 0;
    cr_assert_eq(vo_flips_search(rule, &asked, believed, 3, -2, &below, &above, NULL), VO_OK);
    cr_expect(isnan(below));
    cr_expect_float_eq(above, 20, 1e-6);
}

Test(flips, among_candidates_the_nearest_behind_which_the_direction_is_another) {
    const double up[] = {20, 60, 80}, over[] = {20.001, 60.001, 80.001};
    const double down[] = {80, 60, 20}, under[] = {79.999, 59.999, 19.999};
    double below = (double)NAN, above = (double)NAN;
    int asked = 0;
    cr_assert_eq(vo_flips_among(rule, &asked, 50, 1, 0, up, over, 3, &above, NULL), VO_OK);
    cr_assert_eq(vo_flips_among(rule, &asked, 50, -1, 0, down, under, 3, &below, NULL), VO_OK);
    cr_expect_eq(above, 80);
    cr_expect_eq(below, 20);
    cr_expect_eq(asked, 3, "what lies on the other side is not asked about");
}

Test(flips, a_policy_that_fails_ends_the_search_with_its_words) {
    const double believed[] = {50, 10};
    double below = 0, above = 0;
    vo_error err = {0};
    cr_expect_eq(vo_flips_search(broken, NULL, believed, 2, 0, &below, &above, &err),
                 VO_ENUMERIC);
    cr_expect_str_eq(err.msg, "broken");
    cr_expect_eq(vo_flips_among(broken, NULL, 0, 1, 0, believed, believed, 2, &above, &err),
                 VO_ENUMERIC);
}
