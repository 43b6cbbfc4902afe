/* test_queue.c -- what every queue must do: at least once, one taker at a time, none forgotten.
 *
 * Each test runs over each back-end; a double of a queue that lives elsewhere is one of them, so
 * that what other tests build on it stands on the same promises. Times are the test's own.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "jobs/queue.h"
#include "port/thread.h"
#include "support/memory_queue.h"
#include "support/state_file.h"

static state_file f;
static vo_queue *q;

static void open_local(void) {
    vo_error err = {0};
    state_file_make(&f);
    cr_assert_eq(vo_queue_open("local", f.db, &q, &err), VO_OK, "%s", err.msg);
}

static void close_all(void) {
    vo_queue_close(q);
    q = NULL;
    if (f.db) state_file_remove(&f);
    f.db = NULL;
}

static void over_each(void (*test)(void)) {
    open_local();
    test();
    close_all();
    q = memory_queue_open();
    test();
    close_all();
}

#define EACH_QUEUE(name)                                                                       \
    static void name##_of(void);                                                               \
    Test(queue, name, .timeout = 60) { over_each(name##_of); }                                 \
    static void name##_of(void)

#define LEASE 100

static void push(const char *id, int64_t ready_ms) {
    vo_error err = {0};
    cr_assert_eq(vo_queue_push(q, id, ready_ms, &err), VO_OK, "%s", err.msg);
}

/* "" if there is nothing. */
static vo_delivery take(int64_t now_ms) {
    vo_delivery d = {.id = ""};
    bool any = false;
    vo_error err = {0};
    cr_assert_eq(vo_queue_take(q, "w", now_ms, LEASE, &d, &any, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(any, d.id[0] != '\0');
    return d;
}

static bool extend(const vo_delivery *d, int64_t now_ms) {
    bool held = false;
    cr_assert_eq(vo_queue_extend(q, d, now_ms, LEASE, &held, NULL), VO_OK);
    return held;
}

static void ack(const vo_delivery *d) { cr_assert_eq(vo_queue_ack(q, d, NULL), VO_OK); }

static void has(int64_t now_ms, int64_t ready, int64_t leased) {
    int64_t r = -1, l = -1;
    cr_assert_eq(vo_queue_depth(q, now_ms, &r, &l, NULL), VO_OK);
    cr_assert(r == ready && l == leased, "%lld ready, %lld leased", (long long)r, (long long)l);
}

EACH_QUEUE(the_oldest_ready_one_comes_first) {
    push("c", 30);
    push("a", 10);
    push("b", 20);
    has(25, 2, 0);
    cr_assert_str_eq(take(9).id, "");
    cr_assert_str_eq(take(25).id, "a");
    cr_assert_str_eq(take(25).id, "b");
    cr_assert_str_eq(take(25).id, "");
    has(25, 0, 2);
    cr_assert_str_eq(take(30).id, "c");
}

EACH_QUEUE(what_is_acknowledged_is_gone_and_what_is_not_comes_again) {
    push("a", 0);
    push("b", 0);
    const vo_delivery a = take(10), b = take(10);
    cr_assert(a.deliveries == 1 && b.deliveries == 1);
    ack(&a);
    cr_assert_str_eq(take(10 + LEASE - 1).id, "");
    const vo_delivery again = take(10 + LEASE);
    cr_assert_str_eq(again.id, "b");
    cr_assert(again.deliveries == 2 && again.token != b.token);
    ack(&again);
    cr_assert_str_eq(take(10000).id, "");
    has(10000, 0, 0);
}

EACH_QUEUE(a_lease_that_is_extended_holds) {
    push("a", 0);
    const vo_delivery d = take(0);
    for (int64_t t = 50; t < 1000; t += 50) {
        cr_assert(extend(&d, t));
        cr_assert_str_eq(take(t + LEASE - 1).id, "");
    }
    cr_assert_str_eq(take(950 + LEASE).id, "a");
}

EACH_QUEUE(who_lost_the_lease_can_do_nothing_to_the_message) {
    push("a", 0);
    const vo_delivery old = take(0), new = take(LEASE);
    cr_assert_str_eq(new.id, "a");
    cr_assert_not(extend(&old, LEASE + 1));
    ack(&old);
    cr_assert_eq(vo_queue_retry(q, &old, 0, NULL), VO_OK);
    cr_assert_str_eq(take(LEASE + 1).id, ""); /* still the new one's */
    cr_assert(extend(&new, LEASE + 1));
    ack(&new);
    push("a", 0); /* the same id comes in again: a straggler of before has no say */
    const vo_delivery next = take(2 * LEASE);
    ack(&old);
    ack(&new);
    cr_assert(extend(&next, 2 * LEASE));
}

EACH_QUEUE(a_retry_comes_when_it_is_ready) {
    push("a", 0);
    const vo_delivery d = take(0);
    cr_assert_eq(vo_queue_retry(q, &d, 500, NULL), VO_OK);
    has(499, 0, 0);
    cr_assert_str_eq(take(499).id, "");
    cr_assert_str_eq(take(500).id, "a");
}

EACH_QUEUE(an_id_that_waits_or_is_leased_is_not_put_twice) {
    push("a", 0);
    push("a", 0);
    const vo_delivery d = take(0);
    push("a", 0);
    cr_assert_str_eq(take(0).id, "");
    ack(&d);
    cr_assert_str_eq(take(10000).id, "");
}

EACH_QUEUE(what_waits_and_is_put_again_is_ready_at_the_earlier_instant) {
    push("a", 0);
    const vo_delivery d = take(0);
    cr_assert_eq(vo_queue_retry(q, &d, 500, NULL), VO_OK);
    push("a", 600); /* later: nothing is put off */
    push("b", 550);
    push("a", 20);
    cr_assert_str_eq(take(19).id, "");
    const vo_delivery again = take(20);
    cr_assert_str_eq(again.id, "a");
    cr_assert_eq(again.deliveries, 2);
    push("a", 0); /* leased: it stays as it is */
    cr_assert_str_eq(take(20).id, "");
    ack(&again);
    cr_assert_str_eq(take(549).id, "");
    cr_assert_str_eq(take(550).id, "b");
}

/* ---- in any order ------------------------------------------------------------------------- */

#define IDS 8

typedef struct {
    bool there;
    int64_t ready_ms, lease_ms;
    vo_delivery d[4]; /* of the takers */
    int64_t token;
} model;

static const char *name_of(size_t i) {
    static const char *const names[IDS] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    return names[i];
}

static size_t model_next(const model *m, int64_t now_ms) {
    size_t best = IDS;
    for (size_t i = 0; i < IDS; i++)
        if (m[i].there && m[i].ready_ms <= now_ms && m[i].lease_ms <= now_ms &&
            (best == IDS || m[i].ready_ms < m[best].ready_ms))
            best = i;
    return best;
}

/* Against a model that is eight rows in plain C. */
EACH_QUEUE(anything_in_any_order_is_as_the_rules_say) {
    vo_random r = vo_random_seed(11, 0);
    model m[IDS] = {{.there = false}};
    int64_t now_ms = 0;
    for (int i = 0; i < 600; i++) {
        const size_t id = vo_random_below(&r, IDS), who = vo_random_below(&r, 4);
        vo_delivery *d = &m[id].d[who];
        const bool holds = m[id].there && d->token != 0 && d->token == m[id].token;
        now_ms += (int64_t)vo_random_below(&r, 40);
        switch (vo_random_below(&r, 5)) {
        case 0:
            push(name_of(id), now_ms);
            if (!m[id].there) m[id].there = true, m[id].ready_ms = now_ms, m[id].lease_ms = 0;
            if (m[id].lease_ms == 0 && now_ms < m[id].ready_ms) m[id].ready_ms = now_ms;
            break;
        case 1: {
            const size_t next = model_next(m, now_ms);
            const vo_delivery got = take(now_ms);
            cr_assert_str_eq(got.id, next < IDS ? name_of(next) : "", "step %d", i);
            if (next == IDS) break;
            m[next].d[who] = got;
            m[next].token = got.token;
            m[next].lease_ms = now_ms + LEASE;
            break;
        }
        case 2:
            if (d->token == 0) break;
            cr_assert_eq(extend(d, now_ms), holds && m[id].lease_ms > 0, "step %d", i);
            if (holds && m[id].lease_ms > 0) m[id].lease_ms = now_ms + LEASE;
            break;
        case 3:
            if (d->token == 0 || (holds && m[id].lease_ms == 0)) break;
            ack(d);
            if (holds) m[id].there = false, m[id].token = 0;
            break;
        default:
            if (d->token == 0 || (holds && m[id].lease_ms == 0)) break;
            cr_assert_eq(vo_queue_retry(q, d, now_ms + 20, NULL), VO_OK);
            if (holds) m[id].ready_ms = now_ms + 20, m[id].lease_ms = 0;
        }
    }
}

/* ---- many at once ------------------------------------------------------------------------- */

#define MANY 60

typedef struct {
    int taken[4][MANY];
} tally;

static vo_status take_all(void *ctx, size_t i, size_t worker, vo_error *err) {
    (void)worker;
    tally *t = ctx;
    for (;;) {
        vo_delivery d;
        bool any = false;
        int n = 0;
        vo_status st = vo_queue_take(q, "w", 1000, LEASE, &d, &any, err);
        if (st != VO_OK || !any) return st;
        if (sscanf(d.id, "n%d", &n) != 1 || n < 0 || n >= MANY) return VO_EINVAL;
        t->taken[i][n]++;
        if ((st = vo_queue_ack(q, &d, err)) != VO_OK) return st;
    }
}

static void take_at_once(void) {
    tally t = {{{0}}};
    vo_error err = {0};
    for (int i = 0; i < MANY; i++) {
        char id[16];
        snprintf(id, sizeof id, "n%d", i);
        push(id, i);
    }
    cr_assert_eq(vo_thread_for(4, 4, take_all, &t, &err), VO_OK, "%s", err.msg);
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(t.taken[0][i] + t.taken[1][i] + t.taken[2][i] + t.taken[3][i], 1);
    has(10000, 0, 0);
}

Test(queue, threads_that_take_at_once_get_each_message_once, .timeout = 60) {
    over_each(take_at_once);
}

/* ---- of one back-end ---------------------------------------------------------------------- */

static vo_status push_and_fail(void *ctx, vo_database *db, vo_error *err) {
    (void)ctx;
    (void)db;
    push("a", 0);
    return vo_fail(err, VO_ECANCELED, "no");
}

Test(queue, the_local_one_is_part_of_its_databases_transactions, .init = open_local,
     .fini = close_all) {
    cr_assert(vo_queue_joins(q, f.db));
    vo_database *other = state_file_open(f.path);
    cr_assert_not(vo_queue_joins(q, other));
    vo_database_close(other);
    cr_assert_eq(vo_database_transact(f.db, push_and_fail, NULL, NULL), VO_ECANCELED);
    has(0, 0, 0);
}

/* A clock that was a year ahead was put right. */
Test(queue, a_lease_from_the_far_future_is_over, .init = open_local, .fini = close_all) {
    const int64_t now = 1000000, year = INT64_C(365) * 86400000;
    push("a", 0);
    const vo_delivery d = take(now + year);
    has(now + year, 0, 1);
    has(now, 1, 0);
    const vo_delivery again = take(now);
    cr_assert_str_eq(again.id, "a");
    cr_assert_not(extend(&d, now));
    cr_assert_str_eq(take(now).id, "");
    vo_delivery longest = {.id = ""};
    bool any = false;
    push("b", 0);
    cr_assert_eq(vo_queue_take(q, "w", now, VO_QUEUE_LEASE_MS, &longest, &any, NULL), VO_OK);
    cr_assert(any);
    has(now, 0, 2); /* the longest that may be is a lease all the same */
    cr_assert_str_eq(take(now).id, "");
}

Test(queue, what_is_ready_in_the_far_future_is_ready, .init = open_local, .fini = close_all) {
    const int64_t now = 1000000, year = INT64_C(365) * 86400000;
    push("far", now + year);
    push("soon", now + VO_QUEUE_DELAY_MS);
    has(now, 1, 0);
    push("now", now);
    cr_assert_str_eq(take(now).id, "now"); /* the present comes first */
    cr_assert_str_eq(take(now).id, "far");
    cr_assert_str_eq(take(now).id, "");
    cr_assert_str_eq(take(now + LEASE - 1).id, "");
    has(now + LEASE, 2, 0);
    has(now + VO_QUEUE_DELAY_MS, 3, 0); /* an hour may well be meant */
}

Test(queue, what_waits_or_is_leased_is_there_after_a_restart, .init = open_local,
     .fini = close_all) {
    push("a", 0);
    push("b", 1);
    const vo_delivery a = take(10);
    vo_queue_close(q);
    vo_database_close(f.db);
    f.db = state_file_open(f.path);
    cr_assert_eq(vo_queue_open("local", f.db, &q, NULL), VO_OK);
    has(10, 1, 1);
    cr_assert(extend(&a, 10));
    cr_assert_str_eq(take(10).id, "b");
}

Test(queue, a_queue_of_another_kind_is_refused_with_what_there_is) {
    vo_error err = {0};
    cr_assert_eq(vo_queue_open("nats://host", NULL, &q, &err), VO_EUNSUPPORTED);
    cr_assert(strstr(err.msg, "nats://host") && strstr(err.msg, "\"local\""), "%s", err.msg);
}
