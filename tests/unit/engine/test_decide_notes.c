/* What a decision says of itself: no confidence from nothing, what spoke in place of a forecaster,
 * why it holds though the price says otherwise. */
#include <volteo/engine.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "support/json_text.h"
#include "support/learn_ask.h"

#define BATTERY                                                                                \
    "\"battery_params\": {\"power_mw\": 1, \"capacity_mwh\": 4, \"efficiency\": 0.9}"

static vo_json *decided(const char *rest) {
    static char request[8192];
    vo_engine_options o = vo_engine_options_default();
    vo_engine *e = NULL;
    char *text = NULL;
    vo_json *root = NULL;
    vo_error err = {0};
    snprintf(request, sizeof request, "{" BATTERY ", %s}", rest);
    cr_assert_eq(vo_engine_open(&o, &e, &err), VO_OK);
    cr_assert_eq(vo_engine_decide(e, request, &text, &err), VO_OK, "%s: %s", rest, err.msg);
    cr_assert_eq(vo_json_parse(text, strlen(text), &root, &err), VO_OK);
    vo_text_free(text);
    vo_engine_close(e);
    return root;
}

static const char *note(const vo_json *a) {
    const vo_json *notes = vo_json_get(a, "notes");
    return vo_json_size(notes) ? vo_json_string(vo_json_at(notes, 0)) : "";
}

static bool no_number(const vo_json *a, const char *key) {
    return vo_json_kind_of(vo_json_get(a, key)) == VO_JSON_NULL;
}

/* n prices of a day's shape. */
static const char *list_of(int n) {
    static char list[1024];
    size_t len = 0;
    for (int t = 0; t < n; t++)
        len += (size_t)snprintf(list + len, sizeof list - len, "%s%d", t ? ", " : "",
                                40 + (t * 7) % 24);
    return list;
}

Test(decide_notes, a_few_prices_give_no_confidence) {
    static const char *const few[] = {"\"prices\": [50], \"soc\": 0.5",
                                      "\"prices\": [50, 50], \"soc\": 0.5",
                                      "\"prices\": [10, 90], \"soc\": 0.5",
                                      "\"prices\": [10, 90], \"policy\": \"stochastic\"",
                                      "\"prices\": [10, 90], \"policy\": \"spread\"",
                                      "\"prices\": [50], \"forecast\": [50, 50]"};
    for (size_t i = 0; i < sizeof few / sizeof few[0]; i++) {
        vo_json *a = decided(few[i]);
        const vo_json *c = vo_json_get(a, "confidence");
        cr_expect(vo_json_kind_of(c) == VO_JSON_NULL || vo_json_number(c) == 0, "%s", few[i]);
        if (vo_json_kind_of(c) == VO_JSON_NULL)
            cr_expect(strstr(note(a), "no history to judge by"), "%s", few[i]);
        vo_json_free(a);
    }
    vo_json *a = decided("\"prices\": [10, 90], \"soc\": 0.5");
    cr_expect(no_number(a, "confidence"));
    vo_json_free(a);
}

Test(decide_notes, a_day_of_prices_or_a_stated_error_gives_one) {
    char rest[2048];
    snprintf(rest, sizeof rest, "\"prices\": [%s], \"soc\": 0.5", list_of(24));
    vo_json *a = decided(rest);
    cr_expect_not(no_number(a, "confidence"));
    cr_expect_str_eq(note(a), "");
    vo_json_free(a);
    snprintf(rest, sizeof rest, "\"prices\": [%s], \"soc\": 0.5", list_of(23));
    a = decided(rest);
    cr_expect(no_number(a, "confidence"));
    vo_json_free(a);
    a = decided("\"prices\": [50], \"forecast\": [90, 20], \"forecast_error\": 5");
    cr_expect_not(no_number(a, "confidence"));
    vo_json_free(a);
    a = decided("\"prices\": [50, 20, 90], \"at\": \"1970-01-01\"");
    cr_expect_eq(vo_json_number(vo_json_get(a, "confidence")), 1, "all of it is known");
    vo_json_free(a);
}

/* Full, yet the price is at the lower level; empty, yet it is at the upper one. */
Test(decide_notes, it_says_why_it_holds_at_a_level) {
    vo_json *a = decided("\"prices\": [90, 80, 50], \"soc\": 1, \"policy\": \"threshold\"");
    const char *reason = vo_json_string(vo_json_get(a, "reason"));
    cr_expect(strstr(reason, "full at 50.00: cheap") && strstr(reason, "no room"), "%s",
              reason);
    vo_json_free(a);
    a = decided("\"prices\": [50, 80, 90], \"soc\": 0, \"policy\": \"threshold\"");
    reason = vo_json_string(vo_json_get(a, "reason"));
    cr_expect(strstr(reason, "empty at 90.00: dear") && strstr(reason, "nothing to discharge"),
              "%s", reason);
    vo_json_free(a);
    a = decided("\"prices\": [90, 80, 50], \"soc\": 0.2, \"policy\": \"threshold\", "
                "\"charge_limit_mw\": 0");
    reason = vo_json_string(vo_json_get(a, "reason"));
    cr_expect(strstr(reason, "holding at 50.00: cheap") && strstr(reason, "limit"), "%s",
              reason);
    vo_json_free(a);
    a = decided("\"prices\": [90, 80, 50], \"soc\": 0.2, \"policy\": \"threshold\"");
    reason = vo_json_string(vo_json_get(a, "reason"));
    cr_expect(strstr(reason, "charging at 50.00: cheap") && !strstr(reason, "room"), "%s",
              reason);
    vo_json_free(a);
}

/* A column of the request that has nothing to say of the intervals to come. */
Test(decide_notes, a_silent_forecaster_is_told) {
    char rest[4096], energy[1024];
    snprintf(energy, sizeof energy, "%s", list_of(48));
    size_t len =
        (size_t)snprintf(rest, sizeof rest, "\"policy\": \"mpc:column=energy\", \"prices\": [");
    for (int t = 0; t < 48; t++)
        len += (size_t)snprintf(
            rest + len, sizeof rest - len,
            "%s{\"timestamp\": \"2024-01-%02dT%02d:00:00Z\", \"price\": %d, "
            "\"energy\": %d}",
            t ? ", " : "", 1 + t / 24, t % 24, 40 + (t * 7) % 24, 41 + (t * 5) % 24);
    snprintf(rest + len, sizeof rest - len, "]");
    vo_json *a = decided(rest);
    cr_expect(strstr(note(a), "column=energy says nothing of"), "%s", note(a));
    vo_json_free(a);
}

Test(decide_notes, threshold_refuses_a_forecaster_that_it_would_not_ask) {
    vo_engine_options o = vo_engine_options_default();
    vo_engine *e = NULL;
    char *text = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_engine_open(&o, &e, &err), VO_OK);
    cr_expect_eq(vo_engine_decide(e,
                                  "{" BATTERY ", \"prices\": [50, 40], "
                                  "\"policy\": \"threshold:naive_day\"}",
                                  &text, &err),
                 VO_EINVAL);
    cr_expect(strstr(err.msg, "write \"threshold\""), "%s", err.msg);
    cr_expect_eq(vo_engine_decide(e, "{" BATTERY ", \"prices\": [50], \"policy\": \"clever\"}",
                                  &text, &err),
                 VO_EINVAL);
    cr_expect(strstr(err.msg, "threshold") && !strstr(err.msg, "perfect"), "%s", err.msg);
    vo_engine_close(e);
}
