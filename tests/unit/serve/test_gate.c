/* test_gate.c -- each test states one promise of gate.h. */
#include "serve/gate.h"

#include <criterion/criterion.h>
#include <stdatomic.h>

#include "port/clock.h"
#include "port/thread.h"

static vo_gate *make(double patience_s, double rest_s) {
    vo_gate *g = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_gate_create(patience_s, rest_s, &g, &err), VO_OK, "%s", err.msg);
    return g;
}

Test(gate, who_finds_one_stuck_is_turned_away_and_comes_in_after) {
    vo_gate *g = make(0.05, 60);
    cr_assert(vo_gate_enter(g));
    const double began_s = vo_clock_monotonic_s();
    cr_expect_not(vo_gate_enter(g)); /* waits for the patience, not for the one inside */
    const double took_s = vo_clock_monotonic_s() - began_s;
    cr_expect(took_s >= 0.04 && took_s < 5, "%g s", took_s);
    vo_gate_leave(g, true);
    cr_expect(vo_gate_enter(g));
    vo_gate_leave(g, true);
    vo_gate_free(g);
}

Test(gate, after_a_failure_everybody_is_turned_away_for_a_while) {
    vo_gate *g = make(60, 60);
    cr_assert(vo_gate_enter(g));
    vo_gate_leave(g, false);
    cr_expect_not(vo_gate_enter(g));
    vo_gate_free(g);
    g = make(60, 0);
    cr_assert(vo_gate_enter(g));
    vo_gate_leave(g, false);
    cr_expect(vo_gate_enter(g)); /* one tries again ... */
    const double began_s = vo_clock_monotonic_s();
    cr_expect_not(vo_gate_enter(g)); /* ... and nobody waits for that one */
    cr_expect_lt(vo_clock_monotonic_s() - began_s, 30);
    vo_gate_leave(g, true);
    cr_expect(vo_gate_enter(g));
    vo_gate_leave(g, true);
    vo_gate_free(g);
}

typedef struct {
    vo_gate *g;
    atomic_int inside, most, passed;
} crowd;

static vo_status pass_often(void *ctx, size_t i, size_t worker, vo_error *err) {
    crowd *c = ctx;
    (void)worker;
    (void)err;
    for (int n = 0; n < 500; n++) {
        if (!vo_gate_enter(c->g)) continue;
        const int now = atomic_fetch_add(&c->inside, 1) + 1;
        if (now > atomic_load(&c->most)) atomic_store(&c->most, now);
        atomic_fetch_add(&c->passed, 1);
        atomic_fetch_sub(&c->inside, 1);
        vo_gate_leave(c->g, i != 3 || n % 100 != 0); /* one of four fails now and then */
    }
    return VO_OK;
}

Test(gate, threads_are_inside_one_at_a_time_and_none_is_left_waiting, .timeout = 60) {
    crowd c = {.g = make(60, 0)};
    cr_assert_eq(vo_thread_for(4, 4, pass_often, &c, NULL), VO_OK);
    cr_expect_eq(atomic_load(&c.most), 1);
    cr_expect_geq(atomic_load(&c.passed), 1000);
    vo_gate_free(c.g);
}
