/* test_simulate_runs.c -- what the runs cost, in what order, and that their differences are all there
 * is: nothing is lost between the parts. */
#include "engine/simulate_runs.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/engine_ask.h"

Test(simulate_runs, a_cost_is_what_was_charged_and_paid_less_what_was_credited_and_received) {
    const vo_account a = {
        .paid = 5, .received = 70, .fees = 1, .imported = 1000, .exported = 300};
    cr_expect_eq(vo_simulate_cost(&a), 635, "fees are part of what was paid");
}

static long long millionths(const vo_json *object, const char *key) {
    const vo_json *v = vo_json_get(object, key);
    cr_assert(v && vo_json_kind_of(v) == VO_JSON_NUMBER, "no %s", key);
    return llround(vo_json_number(v) * 1e6);
}

static void expect_sum(const vo_json *object, const char *const *part, size_t n) {
    long long sum = 0;
    for (size_t i = 0; i < n; i++) sum += millionths(object, part[i]);
    cr_expect_eq(sum, millionths(object, "sum"));
}

Test(simulate_runs, parts_of_savings_and_gap_add_up_to_the_millionth) {
    static const char *const split[] = {"pv", "time_shifting", "forecasting", "trading"};
    static const char *const gap[] = {"forecast", "rules", "world", "matching"};
    vo_json *r =
        engine_ask("nowhere", vo_engine_simulate, "{\"homes\":5,\"days\":2,\"seed\":5}");
    const vo_json *all = vo_json_get(r, "savings_decomposition");
    const vo_json *against = vo_json_get(all, "against"), *bounds = vo_json_get(r, "bounds");
    expect_sum(vo_json_get(all, "split"), split, 4);
    expect_sum(vo_json_get(bounds, "gap"), gap, 4);
    cr_expect_eq(millionths(vo_json_get(all, "split"), "sum"), millionths(r, "savings"));
    cr_expect_eq(millionths(r, "baseline_pge_cost") - millionths(r, "optimized_cost"),
                 millionths(r, "savings"));
    cr_expect_eq(millionths(r, "optimized_cost") -
                     millionths(vo_json_get(bounds, "pooled"), "cost"),
                 millionths(vo_json_get(bounds, "gap"), "sum"));
    cr_expect_eq(millionths(vo_json_get(against, "grid_only"), "cost"),
                 millionths(r, "baseline_pge_cost"));
    vo_json_free(r);
}

Test(simulate_runs, sums_are_those_of_the_homes_to_the_millionth) {
    static const char *const key[][2] = {{"baseline_pge_total", "grid_only"},
                                         {"pv_only_total", "pv_only"},
                                         {"greedy_total", "greedy"}};
    vo_json *r = engine_ask("nowhere", vo_engine_simulate, "{\"homes\":6,\"seed\":2}");
    const vo_json *homes = vo_json_get(r, "households");
    const vo_json *against = vo_json_get(vo_json_get(r, "savings_decomposition"), "against");
    long long optimized = 0, alone_bound = 0;
    for (size_t i = 0; i < 6; i++) {
        const vo_json *c = vo_json_get(vo_json_at(homes, i), "costs");
        optimized += millionths(c, "optimized_total");
        alone_bound += millionths(c, "alone_bound");
        cr_expect_eq(millionths(c, "baseline_pge_total") - millionths(c, "optimized_total"),
                     millionths(c, "savings"));
    }
    cr_expect_eq(optimized, millionths(r, "optimized_cost"));
    cr_expect_eq(alone_bound,
                 millionths(vo_json_get(vo_json_get(r, "bounds"), "alone"), "cost"));
    for (size_t k = 0; k < 3; k++) {
        long long sum = 0;
        for (size_t i = 0; i < 6; i++)
            sum += millionths(vo_json_get(vo_json_at(homes, i), "costs"), key[k][0]);
        cr_expect_eq(sum, millionths(vo_json_get(against, key[k][1]), "cost"), "%s", key[k][0]);
    }
    vo_json_free(r);
}

/* PV can only help; nobody beats what is known ahead, alone or together. */
Test(simulate_runs, no_run_costs_less_than_its_bound) {
    vo_json *r = engine_ask("nowhere", vo_engine_simulate, "{\"homes\":6,\"seed\":9}");
    const vo_json *homes = vo_json_get(r, "households"), *bounds = vo_json_get(r, "bounds");
    for (size_t i = 0; i < 6; i++) {
        const vo_json *c = vo_json_get(vo_json_at(homes, i), "costs");
        cr_expect_leq(millionths(c, "pv_only_total"), millionths(c, "baseline_pge_total"));
        cr_expect_leq(millionths(c, "alone_bound"), millionths(c, "alone_total") + 100, "%zu",
                      i);
    }
    const long long pooled = millionths(vo_json_get(bounds, "pooled"), "cost");
    cr_expect_leq(pooled, millionths(r, "optimized_cost"));
    cr_expect_leq(pooled, millionths(vo_json_get(bounds, "alone"), "cost"),
                  "together no worse than alone");
    cr_expect_leq(millionths(bounds, "lossless"), pooled + 100, "without losses no worse");
    cr_expect_gt(member_number(vo_json_get(bounds, "pooled"), "reached_percent"), 0);
    cr_expect_leq(member_number(vo_json_get(bounds, "pooled"), "reached_percent"), 100);
    vo_json_free(r);
}

Test(simulate_runs, who_forecasts_as_yesterday_or_knows_all_has_no_part_for_it) {
    vo_json *r =
        engine_ask("nowhere", vo_engine_simulate, "{\"homes\":4,\"forecaster\":\"naive_day\"}");
    cr_expect_eq(millionths(vo_json_get(vo_json_get(r, "savings_decomposition"), "split"),
                            "forecasting"),
                 0);
    vo_json_free(r);
    r = engine_ask("nowhere", vo_engine_simulate,
                   "{\"homes\":4,\"forecaster\":\"perfect\",\"no_rules\":true}");
    const vo_json *gap = vo_json_get(vo_json_get(r, "bounds"), "gap");
    cr_expect_eq(millionths(gap, "rules"), 0);
    vo_json_free(r);
}

/* A kWh that is not served costs nothing; were it not weighed, nobody would do better than who turns
 * the lights off. */
Test(simulate_runs, in_an_outage_what_is_not_served_is_weighed_and_no_run_beats_its_bound) {
    vo_json *r = engine_ask("nowhere", vo_engine_simulate,
                            "{\"homes\":5,\"seed\":1,\"scenario\":\"outage\"}");
    const vo_json *all = vo_json_get(r, "savings_decomposition"),
                  *split = vo_json_get(all, "split");
    const vo_json *grid = vo_json_get(vo_json_get(all, "against"), "grid_only");
    const vo_json *bounds = vo_json_get(r, "bounds");
    const double served = member_number(grid, "short_kwh") -
                          member_number(vo_json_get(r, "aggregate_metrics"), "short_kwh");
    cr_expect_gt(served, 1, "batteries carry homes through it");
    cr_expect_float_eq(
        member_number(split, "sum"),
        member_number(r, "savings") + served * member_number(bounds, "short_per_kwh"), 1e-3);
    cr_expect_eq(millionths(split, "from") - millionths(split, "to"), millionths(split, "sum"));
    cr_expect_geq(millionths(split, "to"), millionths(vo_json_get(bounds, "pooled"), "cost"));
    cr_expect_leq(member_number(vo_json_get(bounds, "pooled"), "reached_percent"), 100);
    vo_json_free(r);
}

/* What the gap is made of is what whole requests of their own say. */
Test(simulate_runs, the_gaps_parts_are_differences_of_answers_that_can_be_asked_for) {
    vo_json *r = engine_ask("nowhere", vo_engine_simulate, "{\"homes\":5,\"seed\":3}");
    vo_json *perfect = engine_ask("nowhere", vo_engine_simulate,
                                  "{\"homes\":5,\"seed\":3,\"bounds\":\"off\","
                                  "\"forecaster\":\"perfect\",\"load_cases\":1}");
    vo_json *free_market =
        engine_ask("nowhere", vo_engine_simulate,
                   "{\"homes\":5,\"seed\":3,\"bounds\":\"off\",\"no_rules\":true,"
                   "\"forecaster\":\"perfect\",\"load_cases\":1}");
    const vo_json *gap = vo_json_get(vo_json_get(r, "bounds"), "gap");
    cr_expect_eq(millionths(r, "optimized_cost") - millionths(perfect, "optimized_cost"),
                 millionths(gap, "forecast"));
    cr_expect_eq(millionths(perfect, "optimized_cost") -
                     millionths(free_market, "optimized_cost"),
                 millionths(gap, "rules"));
    vo_json_free(r);
    vo_json_free(perfect);
    vo_json_free(free_market);
}

Test(simulate_runs, without_bounds_parts_are_null_and_the_community_is_the_same) {
    vo_json *with = engine_ask("nowhere", vo_engine_simulate, "{\"homes\":5}");
    vo_json *without =
        engine_ask("nowhere", vo_engine_simulate, "{\"homes\":5,\"bounds\":\"off\"}");
    cr_expect_eq(vo_json_kind_of(vo_json_get(without, "bounds")), VO_JSON_NULL);
    cr_expect_eq(
        vo_json_kind_of(vo_json_get(vo_json_get(without, "savings_decomposition"), "split")),
        VO_JSON_NULL);
    cr_expect_eq(millionths(with, "optimized_cost"), millionths(without, "optimized_cost"));
    vo_json_free(with);
    vo_json_free(without);
}

/* Nobody beats a bound by ending emptier, by leaving load dark, or by selling what he has not: each home
 * alone, all alone together, the community. */
Test(simulate_runs, no_run_beats_its_bound_whatever_binds) {
    static const char *const hard[] = {
        "\"homes\":12,\"forecaster\":\"naive_day\",\"feeder_kwh\":20,\"seed\":7",
        "\"homes\":6,\"feeder_kwh\":3,\"horizon\":2,\"seed\":4",
        "\"homes\":5,\"import_limit_kwh\":0.2",
        "\"homes\":5,\"import_limit_kwh\":0.3,\"horizon\":1,\"scenario\":\"one_liar\"",
        "\"homes\":6,\"horizon\":1",
        "\"homes\":5,\"scenario\":\"outage\",\"horizon\":3"};
    for (size_t k = 0; k < sizeof hard / sizeof hard[0]; k++) {
        char request[160];
        snprintf(request, sizeof request, "{%s}", hard[k]);
        vo_json *r = engine_ask("nowhere", vo_engine_simulate, request);
        const vo_json *homes = vo_json_get(r, "households"), *bounds = vo_json_get(r, "bounds");
        for (size_t i = 0; i < vo_json_size(homes); i++) {
            const vo_json *c = vo_json_get(vo_json_at(homes, i), "costs");
            cr_expect_geq(millionths(vo_json_get(c, "weighed"), "alone"),
                          millionths(c, "alone_bound") - 2, "%s: home %zu", hard[k], i);
        }
        cr_expect_leq(member_number(vo_json_get(bounds, "alone"), "reached_percent"),
                      100 + 1e-5, "%s", hard[k]);
        cr_expect_leq(member_number(vo_json_get(bounds, "pooled"), "reached_percent"),
                      100 + 1e-5, "%s", hard[k]);
        vo_json_free(r);
    }
}

/* Each baseline and the community: what a cost says is what the accounts say, and the refill. */
Test(simulate_runs, the_refill_is_in_the_cost_of_every_run_and_home) {
    vo_json *r = engine_ask("nowhere", vo_engine_simulate,
                            "{\"homes\":6,\"seed\":4,\"feeder_kwh\":3,\"horizon\":2}");
    const vo_json *homes = vo_json_get(r, "households");
    const vo_json *ledger = vo_json_get(r, "ledger");
    const vo_json *against = vo_json_get(vo_json_get(r, "savings_decomposition"), "against");
    long long refill = 0;
    for (size_t i = 0; i < 6; i++) {
        const vo_json *h = vo_json_at(homes, i), *a = vo_json_get(h, "account");
        const vo_json *c = vo_json_get(h, "costs"), *b = vo_json_get(h, "battery");
        const double account = member_number(a, "imported") - member_number(a, "exported") +
                               member_number(a, "paid") - member_number(a, "received");
        const double lacks = member_number(b, "first_soc") - member_number(b, "last_soc");
        cr_expect_float_eq((double)millionths(c, "optimized_total"),
                           account + (double)millionths(c, "refill"), 0.5);
        cr_expect_eq(lacks > 1e-6, millionths(c, "refill") > 10, "home %zu lacks %g", i, lacks);
        refill += millionths(c, "refill");
    }
    cr_expect_gt(refill, 0, "this feeder keeps batteries from filling");
    cr_expect_eq(refill, millionths(r, "refill"));
    cr_expect_eq(millionths(r, "optimized_cost") - refill,
                 (long long)(member_number(ledger, "grid_charges") -
                             member_number(ledger, "grid_credits") +
                             member_number(ledger, "buyers_pay") -
                             member_number(ledger, "sellers_receive") -
                             member_number(ledger, "losses")));
    cr_expect_gt(millionths(vo_json_get(against, "greedy"), "refill"), 0);
    cr_expect_eq(millionths(vo_json_get(against, "pv_only"), "refill"), 0, "no battery");
    vo_json_free(r);
}

/* A liar and a feeder are no fault of the market's: without them it comes as near as in a plain world. */
Test(simulate_runs, what_bounds_do_not_know_of_is_a_part_of_its_own) {
    vo_json *plain = engine_ask("nowhere", vo_engine_simulate, "{\"homes\":5,\"seed\":3}");
    vo_json *bent =
        engine_ask("nowhere", vo_engine_simulate, "{\"homes\":5,\"seed\":3,\"feeder_kwh\":4}");
    const vo_json *a = vo_json_get(vo_json_get(plain, "bounds"), "gap"),
                  *b = vo_json_get(vo_json_get(bent, "bounds"), "gap");
    cr_expect_eq(millionths(a, "world"), 0);
    cr_expect_gt(millionths(b, "world"), 100000);
    cr_expect_eq(millionths(a, "matching"), millionths(b, "matching"));
    vo_json_free(plain);
    vo_json_free(bent);
}

/* The dark baseline costs nothing: said beside the saving, in figures and in words. */
Test(simulate_runs, where_load_is_short_savings_are_told_weighed_too) {
    vo_json *r = engine_ask("nowhere", vo_engine_simulate,
                            "{\"homes\":5,\"scenario\":\"outage\",\"bounds\":\"off\"}");
    const vo_json *w = vo_json_get(r, "weighed");
    const vo_json *against = vo_json_get(vo_json_get(r, "savings_decomposition"), "against");
    const double dark = member_number(vo_json_get(against, "grid_only"), "short_kwh");
    cr_assert_eq(vo_json_kind_of(w), VO_JSON_OBJECT);
    cr_expect_float_eq(
        member_number(w, "baseline_pge_cost"),
        member_number(r, "baseline_pge_cost") + dark * member_number(w, "short_per_kwh"), 1e-3);
    cr_expect_gt(member_number(w, "savings"), member_number(r, "savings"));
    cr_expect(strstr(vo_json_string(vo_json_get(w, "note")), "darker"));
    vo_json_free(r);
    r = engine_ask("nowhere", vo_engine_simulate, "{\"homes\":5,\"bounds\":\"off\"}");
    cr_expect_eq(vo_json_kind_of(vo_json_get(r, "weighed")), VO_JSON_NULL);
    vo_json_free(r);
}

/* ---- progress --------------------------------------------------------------------------------- */

typedef struct {
    int told, stop_at, went_back;
    double last;
    char words[80];
} listener;

static int32_t listen(void *ctx, const char *phase, double fraction) {
    listener *l = ctx;
    l->told++;
    l->went_back += fraction < l->last - 1e-9;
    l->last = fraction;
    snprintf(l->words, sizeof l->words, "%s", phase);
    return l->stop_at > 0 && l->told >= l->stop_at;
}

static vo_status simulate(listener *l, const char *request) {
    vo_engine_options o = vo_engine_options_default();
    vo_engine *e = NULL;
    char *answer = NULL;
    o.progress = listen;
    o.progress_ctx = l;
    cr_assert_eq(vo_engine_open(&o, &e, NULL), VO_OK);
    const vo_status s = vo_engine_simulate(e, request, &answer, NULL);
    vo_text_free(answer);
    vo_engine_close(e);
    return s;
}

Test(simulate_runs, it_tells_of_runs_and_days_and_never_goes_back) {
    listener l = {0};
    cr_expect_eq(simulate(&l, "{\"homes\":3,\"days\":3,\"bounds\":\"off\"}"), VO_OK);
    cr_expect_geq(l.told, 4 * 3);
    cr_expect_eq(l.went_back, 0);
}

Test(simulate_runs, it_stops_when_told_to_wherever_it_is) {
    for (int at = 1; at < 12; at++) {
        listener l = {.stop_at = at};
        cr_expect_eq(simulate(&l, "{\"homes\":3,\"days\":3,\"bounds\":\"off\"}"), VO_ECANCELED,
                     "%d: %s", at, l.words);
    }
}
