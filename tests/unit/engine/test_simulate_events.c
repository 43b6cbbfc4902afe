/* test_simulate_events.c -- what listeners hear while a simulation runs. */
#include "engine/simulate_events.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "support/engine_ask.h"

typedef struct {
    size_t events;
    double trades, kwh, paid;
    char last[40];
} listener;

static void hear(void *ctx, const char *topic, const char *document) {
    listener *l = ctx;
    vo_json *v = NULL;
    cr_assert_str_eq(topic, "trade");
    cr_assert_eq(vo_json_parse(document, strlen(document), &v, NULL), VO_OK, "%s", document);
    const vo_json *largest = vo_json_get(v, "largest");
    l->events++;
    l->trades += member_number(v, "trades_executed");
    l->kwh += member_number(v, "energy_kwh");
    l->paid += member_number(v, "buyers_pay");
    cr_expect(vo_json_size(largest) >= 1 && vo_json_size(largest) <= VO_EVENT_TRADES);
    cr_expect_eq(vo_json_size(largest),
                 (size_t)fmin(member_number(v, "trades_executed"), VO_EVENT_TRADES));
    for (size_t i = 1; i < vo_json_size(largest); i++)
        cr_expect_leq(member_number(vo_json_at(largest, i), "energy_kwh"),
                      member_number(vo_json_at(largest, i - 1), "energy_kwh"));
    cr_expect_gt(strcmp(member_text(v, "timestamp"), l->last), 0, "in order, each once");
    strcpy(l->last, member_text(v, "timestamp"));
    vo_json_free(v);
}

Test(simulate_events, an_event_per_interval_with_trades_and_all_of_them_are_all_trades) {
    vo_engine_options o = vo_engine_options_default();
    vo_engine *e = NULL;
    listener l = {.last = ""};
    char *text = NULL;
    vo_json *r = NULL;
    vo_error err = {0};
    o.event = hear;
    o.event_ctx = &l;
    cr_assert_eq(vo_engine_open(&o, &e, NULL), VO_OK);
    cr_assert_eq(vo_engine_simulate(e, "{\"homes\":25}", &text, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_json_parse(text, strlen(text), &r, &err), VO_OK);
    const vo_json *counts = vo_json_get(vo_json_get(r, "community"), "trades");
    size_t busy = 0;
    for (size_t t = 0; t < 48; t++) busy += vo_json_number(vo_json_at(counts, t)) > 0;
    cr_expect_gt(busy, (size_t)0);
    cr_expect_eq(l.events, busy, "of the community's run only, not of those that bound it");
    cr_expect_eq(l.trades, member_number(r, "trades_executed"));
    cr_expect_float_eq(
        l.kwh, member_number(vo_json_get(r, "aggregate_metrics"), "total_energy_traded_kwh"),
        1e-5);
    cr_expect_float_eq(l.paid * 1e6, member_number(vo_json_get(r, "ledger"), "buyers_pay"),
                       0.5);
    vo_json_free(r);
    vo_text_free(text);
    vo_engine_close(e);
}

/* The largest come first, of any number of trades, equals by the order they came in. */
Test(simulate_events, the_largest_trades_of_many_are_told) {
    vo_trade trade[40];
    vo_time start = {0};
    vo_homes homes = {.homes = 41, .steps = 1, .start = &start};
    listener l = {.last = ""};
    vo_engine_options o = vo_engine_options_default();
    o.event = hear;
    o.event_ctx = &l;
    vo_simulate_case c = {.o = &o, .homes = &homes, .played = 1};
    int64_t sum = 0;
    for (uint32_t i = 0; i < 40; i++) {
        trade[i] =
            (vo_trade){i, i + 1, (int64_t)(i * 7919u % 101u + 1) * VO_MICRO, 300000, 300000};
        sum += trade[i].quantity;
    }
    const vo_match m = {.trade = trade, .n_trades = 40, .quantity = sum, .cleared = true};
    const vo_interval_view v = {.match = &m};
    vo_error err = {0};
    c.world = NULL;
    vo_world_request asked = vo_world_request_default();
    asked.homes = 1;
    cr_assert_eq(vo_world_create(&asked, &c.world, &err), VO_OK, "%s", err.msg);
    cr_expect_eq(vo_simulate_event(&c, &v, &err), VO_OK);
    cr_expect_eq(l.events, (size_t)1);
    cr_expect_eq(l.trades, 40);
    vo_world_free(c.world);
}
