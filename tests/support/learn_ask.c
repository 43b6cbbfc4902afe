#include "support/learn_ask.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

void learn_prices(char *out, size_t size, int days) {
    vo_random r = vo_random_seed(7, 0);
    double level = 1;
    size_t at = (size_t)snprintf(out, size, "[");
    for (int d = 0; d < days; d++) {
        level = 1 + 0.8 * (level - 1) + 0.1 * vo_random_normal(&r);
        for (int h = 0; h < 24; h++)
            at += (size_t)snprintf(out + at, size - at, "%s%.4f", d + h ? "," : "",
                                   level * (60 + 20 * sin(h * 0.2617993877991494)));
    }
    at += (size_t)snprintf(out + at, size - at, "]");
    cr_assert_lt(at, size);
}

vo_json *learn_ask(vo_status (*call)(vo_engine *, const char *, char **, vo_error *),
                   const char *models, int days, const char *rest, vo_error *err) {
    const size_t room = 400 * (size_t)days + 4000 + strlen(rest);
    char *prices = malloc(room), *request = malloc(2 * room), *response = NULL;
    cr_assert(prices && request);
    learn_prices(prices, room, days);
    snprintf(request, 2 * room, "{\"prices\": %s, \"start\": \"2024-01-01\"%s%s}", prices,
             *rest ? ", " : "", rest);
    vo_engine_options o = vo_engine_options_default();
    o.models = models;
    o.threads = 1;
    vo_engine *e = NULL;
    vo_json *answer = NULL;
    cr_assert_eq(vo_engine_open(&o, &e, err), VO_OK, "%s", err->msg);
    if (call(e, request, &response, err) == VO_OK)
        cr_assert_eq(vo_json_parse(response, strlen(response), &answer, err), VO_OK, "%s",
                     err->msg);
    vo_text_free(response);
    vo_engine_close(e);
    free(request);
    free(prices);
    return answer;
}

vo_json *learn_must(vo_status (*call)(vo_engine *, const char *, char **, vo_error *),
                    const char *models, int days, const char *rest) {
    vo_error err = {0};
    vo_json *answer = learn_ask(call, models, days, rest, &err);
    cr_assert_not_null(answer, "%s: %s", rest, err.msg);
    return answer;
}
