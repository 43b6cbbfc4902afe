/* test_registry_log.c -- lines are only added; what was not carried out is told apart. */
#include "store/registry_log.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/file.h"
#include "support/data_folder.h"
#include "support/fault_alloc.h"
#include "support/model_folder.h"

static char folder[DATA_PATH], path[DATA_PATH + 32];

static void begin(void) {
    cr_assert(temporary_folder(folder));
    snprintf(path, sizeof path, "%s/promotions.log", folder);
}
static void end(void) { temporary_folder_remove(folder); }

static vo_registry_log load(uint64_t done) {
    vo_registry_log log = {0};
    vo_error err = {0};
    cr_assert_eq(vo_registry_log_load(path, done, NULL, &log, &err), VO_OK, "%s", err.msg);
    return log;
}

static uint64_t add(const vo_registry_model *m, uint64_t after, const char *to) {
    const vo_registry_decision why = model_why("because");
    const vo_registry_note note = {.action = "promote",
                                   .from = m->alias[0],
                                   .to = to,
                                   .alias = "champion",
                                   .model = m,
                                   .why = &why};
    vo_registry_log log = load(after);
    uint64_t seq = 0;
    vo_error err = {0};
    cr_assert_eq(vo_registry_log_add(&log, path, after, &note, 1, &seq, &err), VO_OK, "%s",
                 err.msg);
    vo_registry_log_fini(&log);
    return seq;
}

static vo_registry_version four[] = {
    {.version = "v4"}, {.version = "v3"}, {.version = "v2"}, {.version = "v1"}};
static vo_registry_model model = {.id = "gbt", .type = "t", .n = 4, .version = four};

Test(registry_log, a_line_says_when_who_what_and_why, .init = begin, .fini = end) {
    model.alias[0] = "v1";
    cr_assert_eq(add(&model, 0, "v2"), 1u);
    vo_registry_log log = load(1);
    cr_assert_eq(log.n, 1u);
    const vo_registry_line *l = &log.line[0];
    cr_assert(l->seq == 1 && l->after == 0 && l->done && log.last == 1);
    cr_assert_str_eq(l->when, "2026-02-11T13:45:00Z");
    cr_assert_str_eq(l->action, "promote");
    cr_assert_str_eq(l->id, "gbt");
    cr_assert_str_eq(l->alias, "champion");
    cr_assert_str_eq(l->from, "v1");
    cr_assert_str_eq(l->to, "v2");
    cr_assert_str_eq(l->by, "user");
    cr_assert_str_eq(l->reason, "because");
    cr_assert_eq(vo_json_number(vo_json_get(vo_json_get(l->root, "metrics"), "mae")), 3.25);
    vo_registry_log_fini(&log);
}

Test(registry_log, an_absent_one_has_no_lines_and_old_lines_stay_as_they_are, .init = begin,
     .fini = end) {
    vo_registry_log log = load(0);
    cr_assert(log.n == 0 && log.last == 0);
    vo_registry_log_fini(&log);
    char *before = NULL, *after = NULL;
    size_t n = 0, m = 0;
    add(&model, 0, "v1");
    for (uint64_t k = 1; k < 20; k++) {
        cr_assert_eq(vo_file_read(path, 1 << 20, &before, &n, NULL), VO_OK);
        cr_assert_eq(add(&model, k, "v2"), k + 1);
        cr_assert_eq(vo_file_read(path, 1 << 20, &after, &m, NULL), VO_OK);
        cr_assert(m > n && memcmp(before, after, n) == 0 && after[m - 1] == '\n');
        free(before);
        free(after);
    }
}

/* 1 and 2 were carried out, 3 and 4 followed from 2 and their writers died, 5 was carried out. */
Test(registry_log, intentions_that_were_not_carried_out_are_told_apart, .init = begin,
     .fini = end) {
    add(&model, 0, "v1");
    add(&model, 1, "v2");
    cr_assert_eq(add(&model, 2, "v3"), 3u);
    cr_assert_eq(add(&model, 2, "v4"), 4u);
    cr_assert_eq(add(&model, 2, "v3"), 5u);
    static const bool want[6][5] = {{0}, {1}, {1, 1}, {1, 1, 1}, {1, 1, 0, 1}, {1, 1, 0, 0, 1}};
    for (uint64_t done = 0; done <= 5; done++) {
        vo_registry_log log = load(done);
        cr_assert(log.n == 5 && log.last == 5);
        for (size_t i = 0; i < 5; i++)
            cr_assert_eq(log.line[i].done, want[done][i], "%d %zu", (int)done, i);
        vo_registry_log_fini(&log);
    }
    vo_registry_log log = load(UINT64_MAX);
    cr_assert(log.line[4].done && !log.line[3].done && log.line[1].done);
    vo_registry_log_fini(&log);
}

Test(registry_log, what_is_no_line_is_skipped_and_counted, .init = begin, .fini = end) {
    add(&model, 0, "v1");
    char *text = NULL;
    size_t n = 0;
    cr_assert_eq(vo_file_read(path, 1 << 20, &text, &n, NULL), VO_OK);
    char *more = malloc(2 * n + 100);
    const int m =
        snprintf(more, 2 * n + 100, "%snonsense\n[]\n{}\n\n{\"seq\": 1}\n%.40s", text, text);
    cr_assert_eq(vo_file_write(path, more, (size_t)m, NULL), VO_OK);
    vo_registry_log log = load(1);
    cr_assert(log.n == 1 && log.skipped == 5, "%zu %zu", log.n, log.skipped);
    vo_registry_log_fini(&log);
    cr_assert_eq(add(&model, 1, "v2"), 2u);
    log = load(2);
    cr_assert(log.n == 2 && log.line[0].done && log.line[1].done, "behind half a line too");
    vo_registry_log_fini(&log);
    free(text);
    free(more);
}

Test(registry_log, a_rebuilt_model_gets_the_state_of_its_last_line, .init = begin,
     .fini = end) {
    vo_registry_model m = model, back = model, other = model;
    m.alias[0] = m.alias[1] = back.alias[0] = NULL;
    vo_registry_model_promote(&m, "v1", VO_REGISTRY_CHAMPION);
    vo_registry_model_promote(&m, "v2", VO_REGISTRY_CHAMPION);
    vo_registry_model_promote(&m, "v3", VO_REGISTRY_CHALLENGER);
    add(&m, 0, "v2");
    other.id = "other";
    add(&other, 1, "v4");
    vo_registry_log log = load(2);
    vo_registry_log_restore(&log, &back);
    cr_assert_str_eq(back.alias[VO_REGISTRY_CHAMPION], "v2");
    cr_assert_str_eq(back.alias[VO_REGISTRY_CHALLENGER], "v3");
    cr_assert(back.n_former == 1 && strcmp(back.former[0], "v1") == 0);
    cr_assert_eq(back.former[0], four[3].version, "its own text");
    back.n = 1; /* only v4 is left */
    vo_registry_log_restore(&log, &back);
    cr_assert(!back.alias[0] && !back.alias[1] && back.n_former == 0);
    vo_registry_log_fini(&log);
}

Test(registry_log, pruned_versions_are_known_if_it_was_carried_out, .init = begin,
     .fini = end) {
    const char *const gone[] = {"v1", "v2"};
    const vo_registry_decision why = {true, "more than 5", NULL, MODEL_START_S};
    const vo_registry_note note[] = {
        {.action = "prune", .versions = gone, .n_versions = 2, .model = &model, .why = &why},
        {.action = "prune", .versions = gone, .n_versions = 1, .model = &model, .why = &why}};
    vo_registry_log log = load(0);
    uint64_t seq = 0;
    cr_assert_eq(vo_registry_log_add(&log, path, 0, note, 2, &seq, NULL), VO_OK);
    cr_assert_eq(seq, 2u);
    log = load(0);
    cr_assert(!vo_registry_log_pruned(&log, "gbt", "v1"));
    vo_registry_log_fini(&log);
    log = load(2);
    cr_assert(log.line[1].after == 1 && strcmp(log.line[0].by, "automatic") == 0);
    cr_assert(vo_registry_log_pruned(&log, "gbt", "v2"));
    cr_assert(!vo_registry_log_pruned(&log, "gbt", "v3"));
    cr_assert(!vo_registry_log_pruned(&log, "lear", "v1"));
    vo_registry_log_fini(&log);
}

Test(registry_log, a_decision_without_a_reason_or_with_odd_metrics_is_not_written,
     .init = begin, .fini = end) {
    static const struct {
        const char *reason, *metrics, *says;
    } bad[] = {{NULL, NULL, "reason"},
               {"", NULL, "reason"},
               {"r", "{", "metrics"},
               {"r", "[]", "metrics"}};
    for (size_t i = 0; i < 4; i++) {
        const vo_registry_decision why = {false, bad[i].reason, bad[i].metrics, 0};
        const vo_registry_note note = {.action = "promote", .model = &model, .why = &why};
        vo_registry_log log = load(0);
        uint64_t seq = 77;
        vo_error err = {0};
        cr_assert_eq(vo_registry_log_add(&log, path, 0, &note, 1, &seq, &err), VO_EINVAL);
        cr_assert(strstr(err.msg, bad[i].says) && seq == 77, "%s", err.msg);
        cr_assert(!vo_file_exists(path));
        vo_registry_log_fini(&log);
    }
}

Test(registry_log, any_allocation_may_fail_and_nothing_leaks, .init = begin, .fini = end) {
    add(&model, 0, "v1");
    for (long n = 0; n < 3; n++) {
        fault f = {n, 0};
        const vo_alloc a = fault_alloc(&f);
        vo_registry_log log = {0};
        const vo_status st = vo_registry_log_load(path, 1, &a, &log, NULL);
        cr_assert_eq(st, n == 0 ? VO_ENOMEM : VO_OK);
        if (st == VO_OK) vo_registry_log_fini(&log);
        cr_assert_eq(f.live, 0);
    }
}
