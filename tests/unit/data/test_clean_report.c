/* The list of what cleaning did. */
#include "data/clean_report.h"

#include <criterion/criterion.h>

static const vo_touch spike = {.start_s = 7, .rule = VO_CLEAN_SPIKE, .column = 0};

Test(clean_report, what_is_touched_is_counted_and_what_is_listed_is_not) {
    vo_clean_report *r = NULL;
    cr_assert_eq(vo_clean_report_create(&r, NULL), VO_OK);
    cr_assert_eq(vo_clean_report_list(r, spike, NULL), VO_OK);
    cr_assert(r->n == 1 && r->count[VO_CLEAN_SPIKE] == 0);
    cr_assert_eq(vo_clean_report_touch(r, spike, NULL), VO_OK);
    cr_assert(r->n == 2 && r->count[VO_CLEAN_SPIKE] == 1);
    vo_clean_report_free(r);
    vo_clean_report_free(NULL);
}

Test(clean_report, names_are_counted_always_and_listed_up_to_a_bound) {
    vo_clean_report *r = NULL;
    cr_assert_eq(vo_clean_report_create(&r, NULL), VO_OK);
    for (size_t i = 0; i < VO_CLEAN_MAX_NAMED + 5; i++)
        cr_assert_eq(vo_clean_report_name(r, spike, NULL), VO_OK);
    cr_assert_eq(r->n, VO_CLEAN_MAX_NAMED);
    cr_assert_eq(r->count[VO_CLEAN_SPIKE], VO_CLEAN_MAX_NAMED + 5);
    vo_clean_report_free(r);
}

Test(clean_report, entries_are_sorted_by_time_rule_line_and_column) {
    /* start, rule, line, column, all ways round */
    static const int order[6][4] = {{1, 2, 1, 0}, {1, 2, 1, 1},  {1, 2, 2, -1},
                                    {1, 2, 2, 0}, {1, 3, 0, -1}, {2, 0, 0, 0}};
    vo_clean_report *r = NULL;
    cr_assert_eq(vo_clean_report_create(&r, NULL), VO_OK);
    for (int i = 0; i < 6; i++) {
        const int *o = order[i * 5 % 6];
        const vo_touch t = {
            .start_s = o[0], .rule = o[1], .line = (uint32_t)o[2], .column = o[3]};
        cr_assert_eq(vo_clean_report_touch(r, t, NULL), VO_OK);
    }
    vo_clean_report_sort(r);
    for (int i = 0; i < 6; i++) {
        const vo_touch *t = &r->touch[i];
        cr_assert(t->start_s == order[i][0] && t->rule == order[i][1] &&
                  (int)t->line == order[i][2] && t->column == order[i][3]);
    }
    vo_clean_report_free(r);
}
