/* test_q_table.c -- the table's answers against values written in by hand; bytes and back. */
#include "learn/q_table.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* 2 charges, 3 prices cut at 0 and 1 (in the second half of the day at 10 and 11), 2 halves. */
static vo_q_table *small(void) {
    vo_q_axes a = vo_q_axes_default();
    a.charge_bins = 2;
    a.price_bins = 3;
    a.hour_bins = 2;
    vo_q_table *t = NULL;
    cr_assert_eq(vo_q_table_create(&a, 1, NULL, &t, NULL), VO_OK);
    const double edge[] = {0, 1, 10, 11};
    memcpy(t->edge, edge, sizeof edge);
    return t;
}

static void set(vo_q_table *t, size_t state, float charge, float hold, float sell,
                uint32_t visits) {
    const float q[] = {charge, hold, sell};
    for (size_t a = 0; a < 3; a++) {
        t->q[state * VO_Q_ROW + a] = q[a];
        t->visits[state * VO_Q_ROW + a] = visits;
    }
}

Test(q_table, the_default_is_10_x_10_x_24) {
    const vo_q_axes a = vo_q_axes_default();
    cr_expect_eq(vo_q_axes_states(&a), 2400);
    cr_expect_eq(vo_q_axes_check(&a, NULL), VO_OK);
}

Test(q_table, axes_that_cannot_be_are_refused_by_name) {
    const struct {
        vo_q_axes a;
        const char *says;
    } bad[] = {{{0, 10, 24, 0, 24, 168}, "charge_bins = 0"},
               {{10, 65, 24, 0, 24, 168}, "price_bins = 65"},
               {{10, 10, 5, 0, 24, 168}, "hour_bins = 5"},
               {{10, 10, 0, 0, 24, 168}, "hour_bins = 0"},
               {{10, 10, 24, 0, 0, 168}, "signal_h = 0"},
               {{10, 10, 24, 0, 24, (double)NAN}, "par_h = nan"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_error err = {0};
        vo_q_table *t = NULL;
        cr_expect_eq(vo_q_table_create(&bad[i].a, 1, NULL, &t, &err), VO_EINVAL);
        cr_expect(strstr(err.msg, bad[i].says), "\"%s\" lacks \"%s\"", err.msg, bad[i].says);
        cr_expect_null(t);
    }
}

Test(q_table, hour_price_and_charge_pick_the_state) {
    vo_q_table *t = small();
    for (size_t s = 0; s < t->n_states; s++) set(t, s, 0, (float)s, 0, 1);
    const struct {
        vo_q_state s;
        double state;
    } want[] = {{{0.0, -1, 0}, 0},    {{0.49, -1, 0}, 0},  {{0.5, -1, 0}, 1},
                {{1.0, -1, 11}, 1},   {{0.0, 0, 0}, 0},    {{0.0, 0.5, 0}, 2},
                {{0.9, 1.0, 3}, 3},   {{0.0, 7, 0}, 4},    {{0.0, 7, 12}, 6},
                {{0.0, 10.5, 23}, 8}, {{2.0, 12, 23}, 11}, {{-1, 12, 23}, 10}};
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        const vo_q_choice c = vo_q_table_act(t, &want[i].s);
        cr_expect_float_eq(c.q[VO_Q_HOLD], want[i].state, 1e-12, "case %zu: state %g", i,
                           c.q[VO_Q_HOLD]);
    }
    vo_q_table_free(t);
}

Test(q_table, the_best_action_is_taken_and_of_equal_ones_hold) {
    vo_q_table *t = small();
    set(t, 0, 3, 1, 2, 5);
    set(t, 1, 1, 1, 1, 5);
    set(t, 2, 1, 2, 3, 5);
    const vo_q_state s0 = {0, -1, 0}, s1 = {1, -1, 0}, s2 = {0, 0.5, 0};
    cr_expect_eq(vo_q_table_act(t, &s0).action, VO_Q_CHARGE);
    cr_expect_eq(vo_q_table_act(t, &s1).action, VO_Q_HOLD);
    cr_expect_eq(vo_q_table_act(t, &s2).action, VO_Q_DISCHARGE);
    t->visits[2 * VO_Q_ROW + VO_Q_DISCHARGE] = 0; /* 3 was never seen: it means nothing */
    const vo_q_choice c = vo_q_table_act(t, &s2);
    cr_expect_eq(c.action, VO_Q_HOLD);
    cr_expect(isnan(c.q[VO_Q_DISCHARGE]));
    vo_q_table_free(t);
}

Test(q_table, confidence_is_the_formula_of_the_header) {
    vo_q_table *t = small();
    set(t, 0, 3, 1, 2, 60);
    set(t, 1, 0, 5, 2, 60);
    vo_q_table_settle(t);
    cr_expect_float_eq(t->margin, (1 + 3) / 2.0, 1e-6);
    const vo_q_state s = {0, -1, 0};
    cr_expect_float_eq(vo_q_table_act(t, &s).confidence, tanh(1 / (2 * 2.0)) * 60 / 90, 1e-6);
    set(t, 0, 3, 1, 2, 6000); /* seen more often: surer, never sure */
    const double more = vo_q_table_act(t, &s).confidence;
    cr_expect(more > tanh(0.25) * 0.9 && more < 1);
    vo_q_table_free(t);
}

Test(q_table, what_was_never_visited_asks_its_neighbour_and_says_so) {
    vo_q_table *t = small();
    const vo_q_state s = {0, -1, 0};
    vo_q_choice c = vo_q_table_act(t, &s);
    cr_expect(c.action == VO_Q_HOLD && !c.visited && isnan(c.q[VO_Q_HOLD]));
    cr_expect(c.confidence == 0);
    set(t, 5, 9, 1, 2, 50); /* another price, another charge */
    vo_q_table_settle(t);
    c = vo_q_table_act(t, &s);
    cr_expect(c.action == VO_Q_CHARGE && !c.visited && c.confidence == 0);
    set(t, 4, 1, 1, 2, 50); /* the same charge is nearer */
    c = vo_q_table_act(t, &s);
    cr_expect(c.action == VO_Q_DISCHARGE && !c.visited);
    const vo_q_state unknown = {0, (double)NAN, 0};
    c = vo_q_table_act(t, &unknown);
    cr_expect(c.action == VO_Q_HOLD && !c.visited && isnan(c.q[0]) && c.confidence == 0);
    vo_q_table_free(t);
}

static void *bytes_of(const vo_q_table *t, size_t *len) {
    vo_artefact_out *w = NULL;
    void *bytes = NULL;
    cr_assert_eq(vo_artefact_out_create(VO_Q_KIND, VO_Q_VERSION, &w, NULL), VO_OK);
    cr_assert_eq(vo_q_table_save(t, w, NULL), VO_OK);
    cr_assert_eq(vo_artefact_out_take(w, &bytes, len, NULL), VO_OK);
    vo_artefact_out_free(w);
    return bytes;
}

static vo_status load(const void *bytes, size_t len, vo_q_table **out, vo_error *err) {
    vo_artefact *r = NULL;
    vo_status st = vo_artefact_open(bytes, len, VO_Q_KIND, VO_Q_VERSION, "x", &r, err);
    if (st == VO_OK) st = vo_q_table_load(r, NULL, out, err);
    vo_artefact_close(r);
    return st;
}

Test(q_table, bytes_bring_back_the_same_bits) {
    vo_q_table *t = small(), *u = NULL;
    for (size_t s = 0; s < t->n_states; s++)
        set(t, s, (float)s * 0.1f, -1.5f, 1e-3f * (float)s, (uint32_t)s);
    vo_q_table_settle(t);
    size_t len;
    void *bytes = bytes_of(t, &len);
    vo_error err = {0};
    cr_assert_eq(load(bytes, len, &u, &err), VO_OK, "%s", err.msg);
    cr_expect_eq(u->n_states, t->n_states);
    cr_expect_arr_eq(u->q, t->q, t->n_states * VO_Q_ROW * sizeof(float));
    cr_expect_arr_eq(u->visits, t->visits, t->n_states * VO_Q_ROW * sizeof(uint32_t));
    cr_expect_arr_eq(u->edge, t->edge, 4 * sizeof(double));
    cr_expect(u->margin == t->margin && u->interval_h == 1 && t->margin > 0);
    free(bytes);
    vo_q_table_free(t);
    vo_q_table_free(u);
}

Test(q_table, bytes_that_cannot_be_a_table_are_refused) {
    vo_q_table *t = small(), *u = NULL;
    vo_error err = {0};
    size_t len;
    t->edge[0] = 5; /* above the next */
    void *bytes = bytes_of(t, &len);
    cr_expect_eq(load(bytes, len, &u, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "edge 1"), "%s", err.msg);
    free(bytes);
    t->edge[0] = 0;
    t->axes.hour_bins = 1; /* says fewer than it holds */
    bytes = bytes_of(t, &len);
    cr_expect_eq(load(bytes, len, &u, &err), VO_EINVAL);
    free(bytes);
    t->axes.hour_bins = 2;
    t->interval_h = -1;
    bytes = bytes_of(t, &len);
    cr_expect_eq(load(bytes, len, &u, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "interval_h"), "%s", err.msg);
    free(bytes);
    cr_expect_null(u);
    vo_q_table_free(t);
}
