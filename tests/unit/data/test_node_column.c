/* test_node_column.c -- tables made by hand whose column of nodes, if any, is known. */
#include "data/node_column.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static vo_csv_field text(const char *s) { return (vo_csv_field){s, strlen(s)}; }

/* `rows` rows of hour row % hours, with the column's value row / hours: node after node. */
static vo_node_finder *table(const char *column, bool numeric, int rows, int hours) {
    vo_node_finder *f = NULL;
    cr_assert_eq(vo_node_finder_create(&f, NULL), VO_OK);
    vo_node_finder_add(f, column, numeric, 7);
    for (int i = 0; i < rows; i++) {
        char stamp[32], value[32];
        snprintf(stamp, sizeof stamp, "hour %d", i % hours);
        snprintf(value, sizeof value, "value %d", i / hours);
        const vo_csv_field x = text(value);
        cr_assert_eq(vo_node_finder_row(f, text(stamp), text(""), &x, NULL), VO_OK);
    }
    return f;
}

static size_t chosen(const char *column, bool numeric, int rows, int hours) {
    vo_node_finder *f = table(column, numeric, rows, hours);
    const size_t i = vo_node_finder_choose(f, NULL);
    vo_node_finder_free(f);
    return i;
}

Test(node_column, rows_of_one_time_that_differ_name_nodes_whatever_the_column_is_called) {
    cr_expect_eq(chosen("wherever", false, 4000, 1000), 0);
    cr_expect_eq(chosen("wherever", false, 1000, 1000), VO_NODE_NONE, "one value, one node");
    cr_expect_eq(chosen("wherever", true, 1030, 1000), 0, "three in a hundred");
}

Test(node_column, one_repeated_hour_with_a_flag_is_no_node) {
    cr_expect_eq(chosen("flag", false, 1001, 1000), VO_NODE_NONE);
    cr_expect_eq(chosen("zone", false, 1001, 1000), 0, "but a zone is one");
    cr_expect_eq(chosen("zone", true, 1001, 1000), VO_NODE_NONE, "unless it is a number");
}

Test(node_column, two_values_of_a_column_called_node_are_two_nodes_in_any_time) {
    vo_node_finder *f = NULL;
    cr_assert_eq(vo_node_finder_create(&f, NULL), VO_OK);
    vo_node_finder_add(f, "tariff", false, 3);
    vo_node_finder_add(f, "Node", false, 5);
    for (int i = 0; i < 10; i++) {
        char stamp[32];
        snprintf(stamp, sizeof stamp, "hour %d", i);
        const vo_csv_field x[2] = {text(i % 2 ? "peak" : "off"), text(i < 5 ? "A" : "B")};
        cr_assert_eq(vo_node_finder_row(f, text(stamp), text(""), x, NULL), VO_OK);
    }
    cr_expect_not(vo_node_finder_apart(f, 0), "times of day differ, times do not repeat");
    cr_assert_eq(vo_node_finder_choose(f, NULL), 1);
    cr_expect_eq(vo_node_finder_id(f, 1), 5);
    cr_expect_str_eq(vo_node_finder_first(f, 1), "A");
    cr_expect(vo_node_finder_has(f, 1, "B") && !vo_node_finder_has(f, 1, "C"));
    char what[100];
    vo_text t = vo_text_over(what, sizeof what);
    vo_node_finder_describe(f, 1, &t);
    cr_expect_str_eq(what, "column \"Node\" tells 2 series apart (A, B)");
    vo_node_finder_free(f);
}

Test(node_column, a_value_asked_for_is_found_where_nothing_repeats) {
    vo_node_finder *f = table("where", false, 10, 10);
    cr_expect_eq(vo_node_finder_choose(f, "value 0"), 0);
    cr_expect_eq(vo_node_finder_choose(f, "value-0"), 0, "blank = '-' = '_'");
    cr_expect_eq(vo_node_finder_choose(f, "elsewhere"), VO_NODE_NONE);
    vo_node_finder_free(f);
}

Test(node_column, what_must_be_equal_beside_the_time_is_part_of_it) {
    vo_node_finder *f = NULL;
    cr_assert_eq(vo_node_finder_create(&f, NULL), VO_OK);
    vo_node_finder_add(f, "market", false, 0);
    for (int i = 0; i < 100; i++) {
        char stamp[32];
        snprintf(stamp, sizeof stamp, "hour %d", i / 2);
        const vo_csv_field x = text(i % 2 ? "b" : "a");
        cr_assert_eq(vo_node_finder_row(f, text(stamp), text(i % 2 ? "B" : "A"), &x, NULL),
                     VO_OK);
    }
    cr_expect_eq(vo_node_finder_choose(f, NULL), VO_NODE_NONE, "a is A's, b is B's");
    vo_node_finder_free(f);
}

Test(node_column, likely_names_are_looked_at_before_others) {
    static const char *const names[] = {"a", "b", "c", "d", "region", "node"};
    vo_node_finder *f = NULL;
    cr_assert_eq(vo_node_finder_create(&f, NULL), VO_OK);
    for (size_t i = 0; i < 6; i++) vo_node_finder_add(f, names[i], false, i);
    cr_assert_eq(vo_node_finder_count(f), VO_NODE_CANDIDATES);
    size_t seen = 0;
    for (size_t i = 0; i < vo_node_finder_count(f); i++)
        seen |= (size_t)1 << vo_node_finder_id(f, i);
    cr_expect_eq(seen & 48, 48, "region and node are among them");
    vo_node_finder_free(f);
}

Test(node_column, many_times_and_values_stay_in_their_bounds) {
    vo_node_finder *f = table("wherever", false, 200000, 100);
    char what[400];
    vo_text t = vo_text_over(what, sizeof what);
    cr_assert_eq(vo_node_finder_choose(f, NULL), 0);
    vo_node_finder_describe(f, 0, &t);
    cr_expect(strstr(what, "more than 31 series apart (value 0, value 1,"), "%s", what);
    vo_node_finder_free(f);
}
