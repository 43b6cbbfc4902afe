/* test_clerk.c -- each test states one promise of clerk.h; its thread is waited for by what it
 * says. */
#include "serve/clerk.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "port/pause.h"
#include "support/state_file.h"

static state_file f;
static vo_queue *q, *other_q;
static vo_database *other;
static atomic_int made, trouble[3];

static void on_made(void *ctx) {
    (void)ctx;
    atomic_fetch_add(&made, 1);
}

static void on_trouble(void *ctx, vo_clerk_duty duty, const vo_error *err) {
    (void)ctx;
    cr_assert_neq(err->msg[0], '\0');
    atomic_fetch_add(&trouble[duty], 1);
}

static void begin(void) {
    state_file_make(&f);
    cr_assert_eq(vo_queue_open("local", f.db, &q, NULL), VO_OK);
}

static void end(void) {
    vo_queue_close(q);
    state_file_remove(&f);
}

static vo_clerk *start(vo_database *db, vo_queue *queue, const vo_timetable *t) {
    const vo_clerk_settings s = {.db = db,
                                 .queue = queue,
                                 .timetable = t,
                                 .keep_jobs_ms = 1000,
                                 .keep_events = 2,
                                 .made = on_made,
                                 .trouble = on_trouble};
    vo_clerk *c = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_clerk_start(&s, &c, &err), VO_OK, "%s", err.msg);
    return c;
}

static void wait_for(atomic_int *what) {
    while (atomic_load(what) == 0) vo_pause_s(0.005);
}

/* threads: the clerk's and ours share the handle. */
Test(clerk, old_rows_are_removed_at_the_start, .init = begin, .fini = end, .timeout = 60) {
    const vo_job_order o = {.kind = "train", .request = "{}"};
    char id[VO_JOB_ID];
    for (int i = 0; i < 5; i++)
        cr_assert_eq(vo_job_book_add(f.db, &o, 1, NULL, NULL, id, NULL, NULL), VO_OK);
    state_run(f.db, "UPDATE vo_job SET state = 'done', ended_ms = 1 WHERE id <> "
                    "(SELECT max(id) FROM vo_job)");
    vo_clerk *c = start(f.db, q, NULL);
    while (state_integer(f.db, "SELECT count(*) FROM vo_job") > 1 ||
           state_integer(f.db, "SELECT count(*) FROM vo_event") > 2)
        vo_pause_s(0.005);
    cr_expect_null(vo_clerk_trouble(c));
    vo_clerk_free(c);
    cr_expect_eq(atomic_load(&trouble[VO_CLERK_OLD]), 0);
}

/* threads: as above. What was missed before the start is made up for. */
Test(clerk, what_a_schedule_has_due_is_made_and_told, .init = begin, .fini = end,
     .timeout = 60) {
    static const char text[] = "schedules:\n  - {name: a, cron: \"0 0 * * *\", kind: fetch}\n";
    vo_timetable *t = NULL;
    vo_scheduler *s = NULL;
    cr_assert_eq(vo_timetable_read(text, sizeof text - 1, &t, NULL), VO_OK);
    cr_assert_eq(vo_scheduler_open(f.db, q, t, 0, &s, NULL), VO_OK); /* in 1970 */
    vo_scheduler_close(s);
    vo_clerk *c = start(f.db, q, t);
    wait_for(&made);
    vo_clerk_free(c);
    vo_timetable_free(t);
    cr_expect_eq(state_integer(f.db, "SELECT count(*) FROM vo_job WHERE kind = 'fetch'"), 1);
}

static vo_status watch_clerk(void *ctx, vo_database *db, vo_error *err) {
    (void)db;
    (void)err;
    vo_clerk **c = ctx;
    *c = start(other, other_q, NULL);
    wait_for(&trouble[VO_CLERK_WRITING]);
    while (!vo_clerk_trouble(*c)) vo_pause_s(0.005);
    cr_expect(strstr(vo_clerk_trouble(*c), "nothing can be written"));
    cr_expect_eq(atomic_load(&trouble[VO_CLERK_OLD]), 0); /* one line is enough */
    return VO_OK;
}

/* threads: the clerk's, which another keeps from writing until it has said so. */
Test(clerk, that_nothing_can_be_written_is_told_and_so_is_its_end, .init = begin, .fini = end,
     .timeout = 60) {
    vo_clerk *c = NULL;
    other = state_file_open(f.path);
    vo_database_hurry(other, 0.01);
    cr_assert_eq(vo_queue_open("local", other, &other_q, NULL), VO_OK);
    cr_assert_eq(vo_database_transact(f.db, watch_clerk, &c, NULL), VO_OK);
    while (vo_clerk_trouble(c)) vo_pause_s(0.005);
    vo_clerk_free(c);
    vo_queue_close(other_q);
    vo_database_close(other);
}
