/* test_spill.c -- readings that went through a file are the readings that stayed in memory, bit
 * for bit and in order, whole or in parts; nothing is left of the file. */
#include "data/spill.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/random.h"
#include "support/data_folder.h"

#define NODES 37
#define ROWS 60000

static char folder[DATA_PATH];
static vo_readings_set *kept, *spilled;

/* `together`: all rows of a node one after the other; else nodes take turns. */
static void fill(vo_readings_set *set, bool together, bool ends) {
    static const char *const columns[] = {"price", "energy", "loss"};
    vo_random random = vo_random_seed(5, 1);
    for (int i = 0; i < ROWS; i++) {
        const int k = together ? i / (ROWS / NODES + 1) : (int)vo_random_below(&random, NODES);
        const int64_t start_s = 1700000000 + (int64_t)vo_random_below(&random, 9000) * 900;
        char node[16];
        vo_readings *r = NULL;
        snprintf(node, sizeof node, "N%d", k);
        const double v[3] = {vo_random_between(&random, -1, 1), i % 7 ? i : (double)NAN, -0.0};
        cr_assert_eq(vo_readings_set_node(set, "M", "P", node, columns, 3, &r, NULL), VO_OK);
        r->stamps_at_end = ends;
        cr_assert_eq(vo_readings_add(set, r, ends ? start_s + i % 2 : start_s, (uint32_t)i + 2,
                                     (uint8_t)(i % 3 == 0), v, NULL),
                     VO_OK);
    }
}

static void make(bool together, bool ends, size_t budget) {
    cr_assert(temporary_folder(folder));
    cr_assert_eq(vo_readings_set_create(&kept, NULL), VO_OK);
    cr_assert_eq(vo_readings_set_create_spilling(folder, budget, &spilled, NULL), VO_OK);
    fill(kept, together, ends);
    fill(spilled, together, ends);
}

static void end(void) {
    vo_readings_set_free(kept);
    vo_readings_set_free(spilled);
    temporary_folder_remove(folder);
}

static void must_be_same(const vo_readings *a, const vo_readings *b) {
    cr_assert_str_eq(a->node, b->node);
    cr_assert(a->n == b->n && a->n > 0, "%zu and %zu rows", a->n, b->n);
    cr_assert_eq(memcmp(a->start_s, b->start_s, a->n * 8), 0);
    cr_assert_eq(memcmp(a->line, b->line, a->n * 4), 0);
    cr_assert_eq(memcmp(a->flag, b->flag, a->n), 0);
    for (size_t c = 0; c < 3; c++)
        cr_assert_eq(memcmp(a->column[c].value, b->column[c].value, a->n * 8), 0);
}

static vo_status compare(void *ctx, const vo_readings *r, vo_error *err) {
    size_t *i = ctx;
    vo_readings *other = NULL;
    cr_assert_eq(vo_readings_set_load(kept, *i, INT64_MIN, INT64_MAX, &other, err), VO_OK);
    must_be_same(other, r);
    vo_readings_set_drop(kept, (*i)++, other);
    return VO_OK;
}

static size_t on_disk(const vo_readings_set *set) {
    size_t n = 0;
    for (size_t i = 0; i < set->n; i++) n += set->item[i]->n_extents;
    return n;
}

Test(spill, rows_that_were_on_disk_are_those_that_stayed_in_memory) {
    for (int together = 0; together < 2; together++)
        for (int ends = 0; ends < 2; ends++)
            for (size_t budget = 1000; budget < 10000000; budget *= 37) {
                size_t i = 0;
                make(together, ends, budget);
                cr_assert(on_disk(kept) == 0 && spilled->rows == kept->rows);
                cr_assert((on_disk(spilled) > 0) == (budget < 2000000), "budget %zu", budget);
                cr_assert_eq(vo_readings_set_each(spilled, compare, &i, NULL), VO_OK);
                cr_assert_eq(i, spilled->n);
                end();
            }
}

/* Parts of a span put together are the rows of the whole, each once; the span is the rows'. */
Test(spill, a_part_has_the_rows_of_its_span) {
    make(true, true, 40000);
    for (size_t i = 0; i < spilled->n; i++) {
        vo_readings *all = NULL;
        int64_t first_s = 0, last_s = 0, min_s = INT64_MAX, max_s = INT64_MIN;
        size_t n = 0;
        cr_assert_eq(vo_readings_set_load(spilled, i, INT64_MIN, INT64_MAX, &all, NULL), VO_OK);
        cr_assert_eq(vo_readings_set_span(spilled, i, &first_s, &last_s, NULL), VO_OK);
        for (int64_t from_s = first_s; from_s <= last_s; from_s += 1000000) {
            vo_readings *part = NULL;
            cr_assert_eq(
                vo_readings_set_load(spilled, i, from_s, from_s + 1000000, &part, NULL), VO_OK);
            for (size_t k = 0, a = 0; k < part->n; k++, a++) {
                while (a < all->n && all->line[a] != part->line[k]) a++;
                cr_assert(a < all->n && part->start_s[k] == all->start_s[a]);
                cr_assert(part->start_s[k] >= from_s && part->start_s[k] < from_s + 1000000);
                cr_assert_eq(memcmp(&part->column[0].value[k], &all->column[0].value[a], 8), 0);
            }
            n += part->n;
            vo_readings_set_drop(spilled, i, part);
        }
        cr_assert_eq(n, all->n);
        for (size_t k = 0; k < all->n; k++) {
            if (all->start_s[k] < min_s) min_s = all->start_s[k];
            if (all->start_s[k] > max_s) max_s = all->start_s[k];
        }
        cr_assert(min_s == first_s && max_s == last_s);
        vo_readings_set_drop(spilled, i, all);
    }
    end();
}

Test(spill, nothing_lies_in_the_folder_even_while_it_is_in_use) {
    make(false, false, 1000);
    cr_assert_gt(on_disk(spilled), 0u);
    cr_assert_eq(rmdir(folder), 0, "a file is there");
    size_t i = 0;
    cr_assert_eq(vo_readings_set_each(spilled, compare, &i, NULL), VO_OK);
    end();
}

Test(spill, a_folder_that_cannot_be_had_is_said) {
    vo_readings_set *set = NULL;
    vo_readings *r = NULL;
    const char *const columns[] = {"price"};
    vo_error err = {0};
    vo_status st = VO_OK;
    cr_assert_eq(vo_readings_set_create_spilling("/dev/null/x", 100, &set, NULL), VO_OK);
    vo_readings_set_node(set, "", "", "", columns, 1, &r, NULL);
    for (int i = 0; i < 1000 && st == VO_OK; i++)
        st = vo_readings_add(set, r, i, 1, 0, &(double){1}, &err);
    cr_assert_neq(st, VO_OK);
    cr_assert(strstr(err.msg, "/dev/null/x") && strstr(err.msg, "make room"), "%s", err.msg);
    vo_readings_set_free(set);
}
