/* test_split.c -- parts are in order, do not share a label, and have the sizes asked for. */
#include "learn/split.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

Test(split, seventy_fifteen_fifteen_of_a_thousand) {
    const vo_split_rule rule = vo_split_rule_default();
    vo_split s;
    cr_assert_eq(vo_split_make((vo_part){100, 1100}, &rule, 0, 24, &s, NULL), VO_OK);
    cr_assert(s.train.from == 100 && s.train.to == 800 - 24);
    cr_assert(s.valid.from == 800 && s.valid.to == 950 - 24);
    cr_assert(s.test.from == 950 && s.test.to == 1100);
}

Test(split, ten_days_of_minutes_are_seven_and_twice_one_and_a_half) {
    const vo_split_rule rule = vo_split_rule_days();
    vo_split s;
    cr_assert_eq(vo_split_make((vo_part){0, 14400}, &rule, 1440, 60, &s, NULL), VO_OK);
    cr_assert(s.train.from == 0 && s.train.to == 10080 - 60);
    cr_assert(s.valid.from == 10080 && s.valid.to == 12240 - 60);
    cr_assert(s.test.from == 12240 && s.test.to == 14400);
    /* Of a longer history the last ten days. */
    cr_assert_eq(vo_split_make((vo_part){0, 20000}, &rule, 1440, 60, &s, NULL), VO_OK);
    cr_assert(s.train.from == 5600 && s.test.to == 20000);
}

/* Origin k knows intervals before k and has its label at interval k - 1 + h. */
Test(split, no_label_of_a_part_is_known_only_in_the_next) {
    for (size_t n = 200; n < 400; n += 7)
        for (size_t h = 1; h < 25; h += 5) {
            const vo_split_rule rule = vo_split_rule_default();
            vo_split s;
            cr_assert_eq(vo_split_make((vo_part){3, 3 + n}, &rule, 0, h, &s, NULL), VO_OK);
            cr_assert_lt(s.train.from, s.train.to);
            cr_assert_lt(s.valid.from, s.valid.to);
            cr_assert_leq(s.train.to - 1 - 1 + h, s.valid.from - 1);
            cr_assert_leq(s.valid.to - 1 - 1 + h, s.test.from - 1);
            cr_assert(s.train.from == 3 && s.test.to == 3 + n);
        }
}

Test(split, folds_go_forward_and_judge_each_late_origin_once) {
    const vo_part whole = {10, 1013};
    for (int sliding = 0; sliding < 2; sliding++) {
        size_t judged = 0, next = 0;
        for (size_t k = 0; k < 4; k++) {
            vo_part train, valid;
            cr_assert_eq(vo_split_fold(whole, 4, k, sliding, 24, &train, &valid, NULL), VO_OK);
            cr_assert_eq(valid.to - valid.from, 200);
            cr_assert_eq(train.to + 24, valid.from);
            cr_assert_eq(train.from, sliding && k ? valid.from - 200 : 10);
            if (k) cr_assert_eq(valid.from, next);
            next = valid.to;
            judged += valid.to - valid.from;
        }
        cr_assert_eq(next, 1013);
        cr_assert_eq(judged, 800);
    }
}

Test(split, what_leaves_a_part_empty_is_refused_with_what_is_needed) {
    vo_split s;
    vo_part a, b;
    vo_error err = {0};
    vo_split_rule rule = vo_split_rule_default();
    cr_assert_eq(vo_split_make((vo_part){0, 100}, &rule, 0, 24, &s, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "167"), "%s", err.msg); /* 25 / 0.15 */
    cr_assert_eq(vo_split_make((vo_part){0, 168}, &rule, 0, 24, &s, &err), VO_OK);
    rule.test = 0.2;
    cr_assert_eq(vo_split_make((vo_part){0, 1000}, &rule, 0, 1, &s, &err), VO_EINVAL);
    rule.test = (double)NAN;
    cr_assert_eq(vo_split_make((vo_part){0, 1000}, &rule, 0, 1, &s, &err), VO_EINVAL);
    rule = vo_split_rule_days();
    cr_assert_eq(vo_split_make((vo_part){0, 239}, &rule, 24, 1, &s, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "240"), "%s", err.msg);
    cr_assert_eq(vo_split_fold((vo_part){0, 100}, 4, 4, false, 1, &a, &b, &err), VO_EINVAL);
    cr_assert_eq(vo_split_fold((vo_part){0, 124}, 4, 0, false, 24, &a, &b, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "125"), "%s", err.msg);
    cr_assert_eq(vo_split_fold((vo_part){0, 125}, 4, 0, false, 24, &a, &b, &err), VO_OK);
    cr_assert_eq(vo_split_fold((vo_part){9, 3}, 4, 0, false, 0, &a, &b, &err), VO_EINVAL);
}
