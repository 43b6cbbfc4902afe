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
