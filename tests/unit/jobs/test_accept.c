/* test_accept.c -- accepted is what the book has; the message goes with it or after it. */
#include <criterion/criterion.h>
#include <string.h>

#include "jobs/accept.h"
#include "support/memory_queue.h"
#include "support/state_file.h"

static state_file f;

static void begin(void) { state_file_make(&f); }
static void end(void) { state_file_remove(&f); }

static const vo_job_order order = {.kind = "train", .request = "{}", .key = "once"};

static int64_t waiting(vo_queue *q) {
    int64_t ready = -1, leased = -1;
    cr_assert_eq(vo_queue_depth(q, 1000, &ready, &leased, NULL), VO_OK);
    return ready + leased;
}

Test(accept, the_same_key_gives_one_job_and_one_message, .init = begin, .fini = end) {
    vo_queue *two[2] = {NULL, memory_queue_open()};
    cr_assert_eq(vo_queue_open("local", f.db, &two[0], NULL), VO_OK);
    for (int i = 0; i < 2; i++) {
        vo_job_order o = order;
        char id[VO_JOB_ID], again[VO_JOB_ID];
        bool existed = true;
        o.owner = i ? "a" : "b";
        cr_assert_eq(vo_accept_job(f.db, two[i], &o, 5, id, &existed, NULL), VO_OK);
        cr_assert_not(existed);
        cr_assert_eq(vo_accept_job(f.db, two[i], &o, 6, again, &existed, NULL), VO_OK);
        cr_assert(existed && strcmp(id, again) == 0);
        cr_assert_eq(waiting(two[i]), 1);
        vo_queue_close(two[i]);
    }
    cr_assert_eq(state_integer(f.db, "SELECT count(*) FROM vo_job"), 2);
}

Test(accept, in_the_books_database_a_refused_message_refuses_the_job, .init = begin,
     .fini = end) {
    vo_queue *q = NULL;
    char id[VO_JOB_ID];
    cr_assert_eq(vo_queue_open("local", f.db, &q, NULL), VO_OK);
    state_run(f.db, "DROP TABLE vo_queue");
    cr_assert_eq(vo_accept_job(f.db, q, &order, 5, id, NULL, NULL), VO_EINVAL);
    cr_assert_eq(state_integer(f.db, "SELECT count(*) FROM vo_job"), 0);
    vo_queue_close(q);
}

Test(accept, elsewhere_a_refused_message_is_left_to_the_sweep, .init = begin, .fini = end) {
    vo_queue *q = memory_queue_open();
    char id[VO_JOB_ID];
    memory_queue_refuse(q, 1);
    cr_assert_eq(vo_accept_job(f.db, q, &order, 5, id, NULL, NULL), VO_OK);
    cr_assert_eq(waiting(q), 0);
    cr_assert_eq(state_job(f.db, id).state, VO_JOB_QUEUED);
    vo_queue_close(q);
}
