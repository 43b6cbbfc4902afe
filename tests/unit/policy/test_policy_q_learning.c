/* test_policy_q_learning.c -- what the policy may know, what it must keep, where it learns. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "learn/q_training.h"
#include "policy/backtest.h"
#include "policy/policy.h"
#include "support/fault_alloc.h"
#include "support/local_hours.h"

#define DAYS 90
#define LEARN_DAYS 60

typedef struct {
    vo_series *s;
    vo_battery battery;
    vo_problem site;
    vo_policy_world world;
} bench;

static void set_up(bench *x) {
    x->s = local_hours("UTC", 2016, 2, 1, DAYS, NULL);
    vo_random r = vo_random_seed(4, 0);
    for (size_t t = 0; t < x->s->n; t++)
        x->s->column[0].value[t] =
            50 + 30 * sin((double)(t % 24) * 0.2618) + 4 * vo_random_normal(&r);
    x->battery = vo_battery_default();
    x->site = vo_problem_default();
    x->site.n = x->s->n;
    x->site.price = x->s->column[0].value;
    x->site.battery = &x->battery;
    x->world = (vo_policy_world){.site = &x->site, .calendar = x->s, .longest = 48};
}

static vo_backtest_settings settings(vo_protocol protocol) {
    vo_backtest_settings s = vo_backtest_settings_default();
    s.protocol = (int32_t)protocol;
    s.resamples = 100;
    s.first = s.train_until = LEARN_DAYS * 24;
    return s;
}

static vo_backtest_result *play(const bench *x, const char *spec,
                                const vo_backtest_settings *s) {
    vo_backtest_result *r = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_backtest_run(&x->site, x->s, spec, s, &r, &err), VO_OK, "%s", err.msg);
    return r;
}

Test(policy_q_learning, days_that_are_alike_are_learned_in_both_protocols) {
    bench x;
    set_up(&x);
    for (int protocol = 0; protocol < VO_PROTOCOL_COUNT; protocol++) {
        const vo_backtest_settings s = settings((vo_protocol)protocol);
        vo_backtest_result *r = play(&x, "q_learning", &s);
        cr_expect_gt(r->capture, 0.8, "%s: %g", vo_protocol_name(protocol), r->capture);
        cr_expect(r->violations == 0 && r->certified == 1 && r->held == 0);
        vo_backtest_free(r);
    }
    vo_series_free(x.s);
}

Test(policy_q_learning, every_limit_is_kept_though_the_table_knows_none) {
    bench x;
    set_up(&x);
    x.battery.max_cycles_per_day = 0.7;
    x.battery.min_soc = 0.1;
    x.battery.max_soc = 0.9;
    x.battery.initial_soc = x.battery.final_soc = 0.5;
    x.battery.final_kind = VO_FINAL_EXACT;
    x.battery.self_discharge_per_h = 0.001;
    x.battery.wear_cost_per_mwh = 2;
    x.site.fee_per_mwh = 1;
    static double outage[DAYS * 24], load[DAYS * 24], import[DAYS * 24];
    for (size_t t = 0; t < DAYS * 24; t++) {
        outage[t] = t % 50 < 3 ? 0 : 0.8;
        load[t] = 0.3;
        import[t] = 1.2;
    }
    x.site.charge_limit_mw = x.site.discharge_limit_mw = outage;
    x.site.load_mw = load;
    x.site.import_limit_mw = import;
    for (int alone = 0; alone < 3; alone++) {
        for (size_t t = 0; alone == 1 && t < DAYS * 24; t++) /* or a day cannot come back */
            outage[t] = 0.8;
        vo_backtest_settings s =
            settings(alone == 2 ? VO_PROTOCOL_ROLLING : VO_PROTOCOL_PLANNED);
        s.days_alone = alone == 1;
        vo_backtest_result *r = play(&x, "q_learning", &s);
        cr_expect_eq(r->violations, 0, "case %d: %d", alone, r->violations);
        cr_expect(r->certified == 1 && r->discharged_mwh > 1);
        if (alone < 2) cr_expect_float_eq(r->stored_mwh[r->n], 1.0, 1e-6);
        vo_backtest_free(r);
    }
    vo_series_free(x.s);
}

/* A policy that was fitted on the first LEARN_DAYS days. */
static vo_policy *fitted(const bench *x) {
    vo_policy *p = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_policy_create("q_learning", &x->world, &p, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_policy_fit(p, x->site.price, NULL, LEARN_DAYS * 24, &err), VO_OK, "%s",
                 err.msg);
    return p;
}

Test(policy_q_learning, prices_to_come_are_not_looked_at) {
    bench x;
    set_up(&x);
    vo_policy *p = fitted(&x);
    static double seen[DAYS * 24];
    double plan[2][48];
    for (int first = 0; first < 2; first++)
        for (size_t from = 1500; from < 1600; from++) {
            for (int k = 0; k < 2; k++) {
                const size_t known = from + (size_t)first;
                memcpy(seen, x.site.price, sizeof seen);
                for (size_t t = known; t < DAYS * 24; t++) seen[t] = k ? -9999 : (double)NAN;
                const vo_policy_view view = {.from = from,
                                             .to = from + 24,
                                             .known = known,
                                             .price = seen,
                                             .stored_mwh = 1,
                                             .day_left_mwh = (double)INFINITY,
                                             .span_left_mwh = (double)INFINITY,
                                             .final_kind = VO_FINAL_FREE,
                                             .only_first = first};
                cr_assert_eq(vo_policy_plan(p, &view, plan[k], NULL), VO_OK);
            }
            cr_assert_arr_eq(plan[0], plan[1], (first ? 1 : 24) * sizeof(double));
        }
    vo_policy_free(p);
    vo_series_free(x.s);
}

Test(policy_q_learning, without_learning_it_says_what_is_missing) {
    bench x;
    set_up(&x);
    vo_policy *p = NULL;
    vo_error err = {0};
    double mw[48];
    const vo_policy_view view = {.to = 24, .price = x.site.price};
    cr_assert_eq(vo_policy_create("q_learning", &x.world, &p, NULL), VO_OK);
    cr_expect_eq(vo_policy_plan(p, &view, mw, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "train_until"), "%s", err.msg);
    cr_expect_eq(vo_policy_fit(p, x.site.price, NULL, 6 * 24, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "6.0 days"), "%s", err.msg);
    vo_policy_free(p);
    cr_expect(vo_policy_learns("q_learning"));
    cr_expect(!vo_policy_learns("q_learning=shed"), "that one is trained already");
    vo_series_free(x.s);
}

Test(policy_q_learning, an_uneven_series_is_refused) {
    bench x;
    set_up(&x);
    x.s->dt_h[7] = 2;
    x.site.dt_h = x.s->dt_h;
    vo_policy *p = NULL;
    vo_error err = {0};
    cr_expect_eq(vo_policy_create("q_learning", &x.world, &p, &err), VO_EUNSUPPORTED);
    cr_expect(strstr(err.msg, "interval 7"), "%s", err.msg);
    vo_series_free(x.s);
}

/* ---- trained models by name ---------------------------------------------------------------- */

typedef struct {
    void *bytes;
    size_t len;
} shelf;

static vo_status fetch(void *ctx, const char *name, const void **bytes, size_t *len,
                       vo_error *err) {
    const shelf *s = ctx;
    if (strcmp(name, "shed@champion") != 0)
        return vo_fail(err, VO_ENOTFOUND, "no model %s", name);
    *bytes = s->bytes;
    *len = s->len;
    return VO_OK;
}

static shelf train(const bench *x, double interval_h) {
    static uint8_t hour[DAYS * 24];
    cr_assert_eq(vo_q_hours(x->s, hour, NULL), VO_OK);
    const vo_q_market m = {
        .n = LEARN_DAYS * 24, .price = x->site.price, .hour = hour, .interval_h = interval_h};
    const vo_q_settings s = vo_q_settings_for(interval_h);
    vo_q_table *t = NULL;
    vo_artefact_out *w = NULL;
    shelf out;
    cr_assert_eq(vo_q_train(&s, &x->battery, &m, 1, NULL, &t, NULL, NULL), VO_OK);
    cr_assert_eq(vo_artefact_out_create(VO_Q_KIND, VO_Q_VERSION, &w, NULL), VO_OK);
    cr_assert_eq(vo_q_table_save(t, w, NULL), VO_OK);
    cr_assert_eq(vo_artefact_out_take(w, &out.bytes, &out.len, NULL), VO_OK);
    vo_artefact_out_free(w);
    vo_q_table_free(t);
    return out;
}

Test(policy_q_learning, a_named_model_plays_as_the_one_it_was_saved_from) {
    bench x;
    set_up(&x);
    shelf models = train(&x, 1);
    const vo_learning learning = {.model = fetch, .model_ctx = &models};
    vo_backtest_settings s = settings(VO_PROTOCOL_ROLLING);
    vo_backtest_result *own = play(&x, "q_learning", &s);
    s.train_until = 0;
    s.learning = &learning;
    vo_backtest_result *named = play(&x, "q_learning=shed@champion", &s);
    cr_expect_arr_eq(named->power_mw, own->power_mw, own->n * sizeof(double));
    vo_backtest_free(own);
    vo_backtest_free(named);
    free(models.bytes);
    vo_series_free(x.s);
}

Test(policy_q_learning, a_model_that_does_not_fit_is_refused) {
    bench x;
    set_up(&x);
    shelf models = train(&x, 0.5);
    const vo_learning learning = {.model = fetch, .model_ctx = &models};
    vo_policy *p = NULL;
    vo_error err = {0};
    cr_expect_eq(vo_policy_create("q_learning=shed@champion", &x.world, &p, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "no trained models"), "%s", err.msg);
    x.world.learning = &learning;
    cr_expect_eq(vo_policy_create("q_learning=shed@champion", &x.world, &p, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "intervals of 0.5 h"), "%s", err.msg);
    cr_expect_eq(vo_policy_create("q_learning=barn", &x.world, &p, &err), VO_ENOTFOUND);
    models.len /= 2;
    cr_expect_eq(vo_policy_create("q_learning=shed@champion", &x.world, &p, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "shed@champion"), "%s", err.msg);
    cr_expect_eq(vo_policy_create("q_learning:epf_naive", &x.world, &p, &err), VO_EINVAL);
    cr_expect_eq(vo_policy_create("mpc=shed@champion", &x.world, &p, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "takes no trained model"), "%s", err.msg);
    cr_expect_null(p);
    free(models.bytes);
    vo_series_free(x.s);
}

Test(policy_q_learning, memory_that_is_refused_leaves_nothing_behind) {
    bench x;
    set_up(&x);
    bool done = false;
    for (long n = 0; !done; n++) {
        fault f = {.left = n};
        const vo_alloc a = fault_alloc(&f);
        x.world.alloc = &a;
        vo_policy *p = NULL;
        const vo_status st = vo_policy_create("q_learning", &x.world, &p, NULL);
        done = st == VO_OK;
        cr_assert(done || (st == VO_ENOMEM && p == NULL), "allocation %ld", n);
        vo_policy_free(p);
        cr_assert_eq(f.live, 0, "allocation %ld", n);
        cr_assert_lt(n, 100);
    }
    vo_series_free(x.s);
}
