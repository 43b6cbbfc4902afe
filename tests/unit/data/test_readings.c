/* test_readings.c -- rows are kept as they came, by node. */
#include "data/readings.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char *const columns[] = {"price", "loss"};

Test(readings, many_nodes_keep_their_rows_apart) {
    vo_readings_set *set = NULL;
    cr_assert_eq(vo_readings_set_create(&set, NULL), VO_OK);
    for (int round = 0; round < 3; round++)
        for (int k = 0; k < 1000; k++) {
            char node[16];
            vo_readings *r = NULL;
            snprintf(node, sizeof node, "N%d", k);
            cr_assert_eq(vo_readings_set_node(set, "MEM", "MDA", node, columns, 2, &r, NULL),
                         VO_OK);
            const double v[2] = {k, round};
            cr_assert_eq(vo_readings_add(set, r, round, 7, 0, v, NULL), VO_OK);
        }
    cr_assert(set->n == 1000 && set->rows == 3000);
    for (int k = 0; k < 1000; k++) {
        const vo_readings *r = set->item[k];
        cr_assert_eq(r->n, 3u);
        for (int i = 0; i < 3; i++) {
            cr_assert_eq(r->column[0].value[i], k);
            cr_assert_eq(r->column[1].value[i], i);
        }
    }
    vo_readings_set_free(set);
}

Test(readings, a_node_is_found_by_name_and_process) {
    vo_readings_set *set = NULL;
    vo_readings *a = NULL, *b = NULL;
    const vo_readings *found = NULL;
    vo_error err = {0};
    vo_readings_set_create(&set, NULL);
    vo_readings_set_node(set, "MEM", "MDA", "LA PAZ", columns, 2, &a, NULL);
    cr_assert_eq(vo_readings_set_find(set, NULL, NULL, &found, NULL), VO_OK);
    cr_assert_eq(found, a);
    vo_readings_set_node(set, "MEM", "MTR", "LA PAZ", columns, 2, &b, NULL);
    cr_assert_neq(a, b);
    cr_assert_eq(vo_readings_set_find(set, NULL, "LA-PAZ", &found, &err), VO_ENOTFOUND);
    cr_assert(strstr(err.msg, "LA PAZ MTR"), "%s", err.msg);
    cr_assert_eq(vo_readings_set_find(set, "MTR", "LA-PAZ", &found, NULL), VO_OK);
    cr_assert_eq(found, b);
    cr_assert_eq(vo_readings_set_find(set, "MTR", "LAPAZ", &found, NULL), VO_ENOTFOUND);
    vo_readings_set_free(set);
}

Test(readings, names_that_do_not_fit_are_refused) {
    vo_readings_set *set = NULL;
    vo_readings *r = NULL;
    char node[VO_NODE_NAME + 1];
    memset(node, 'N', VO_NODE_NAME);
    node[VO_NODE_NAME] = '\0';
    vo_readings_set_create(&set, NULL);
    cr_assert_eq(vo_readings_set_node(set, "M", "P", node, columns, 2, &r, NULL), VO_EINVAL);
    node[VO_NODE_NAME - 1] = '\0';
    cr_assert_eq(vo_readings_set_node(set, "M", "P", node, columns, 2, &r, NULL), VO_OK);
    cr_assert_eq(vo_readings_set_node(set, node, "P", "N", columns, 2, &r, NULL), VO_EINVAL);
    vo_readings_set_free(set);
    vo_readings_set_free(NULL);
}

Test(readings, a_name_that_is_not_utf8_is_refused) {
    vo_readings_set *set = NULL;
    vo_readings *r = NULL;
    vo_error err = {0};
    const char *good = "price", *bad = "Precio \x80";
    cr_assert_eq(vo_readings_set_create(&set, &err), VO_OK);
    cr_expect_eq(vo_readings_set_node(set, "M", "P", "CA\xd1ON", &good, 1, &r, &err),
                 VO_EINVAL);
    cr_expect(strstr(err.msg, "UTF-8"), "%s", err.msg);
    cr_expect_eq(vo_readings_set_node(set, "M", "P", "A", &bad, 1, &r, &err), VO_EINVAL);
    cr_expect_eq(vo_readings_set_node(set, "M", "P", "CA\xc3\x91ON", &good, 1, &r, &err),
                 VO_OK);
    vo_readings_set_free(set);
}

Test(readings, ends_of_rows_newest_first_move_to_their_starts_too) {
    vo_readings_set *set = NULL;
    vo_readings *r = NULL;
    const char *column = "price";
    const double one = 1;
    cr_assert_eq(vo_readings_set_create(&set, NULL), VO_OK);
    cr_assert_eq(vo_readings_set_node(set, "M", "P", "A", &column, 1, &r, NULL), VO_OK);
    for (int i = 3; i > 0; i--)
        cr_assert_eq(vo_readings_add(set, r, i * 900, 0, 0, &one, NULL), VO_OK);
    r->stamps_at_end = true;
    vo_readings_set_settle(set);
    cr_expect_eq(r->start_s[0], 1800);
    cr_expect_eq(r->start_s[2], 0);
    vo_readings_set_free(set);
}
