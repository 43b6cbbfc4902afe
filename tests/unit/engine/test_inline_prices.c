/* The three forms of `prices` give the same readings; what is none of them is refused. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "engine/inline_prices.h"

static vo_status read_prices(const char *text, const char *zone, vo_readings_set **set,
                             vo_error *err) {
    vo_json *root = NULL;
    cr_assert_eq(vo_json_parse(text, strlen(text), &root, err), VO_OK, "%s", err->msg);
    vo_source_options so = vo_source_options_default();
    so.zone = zone;
    const vo_status s = vo_inline_prices(root, &so, set, err);
    vo_json_free(root);
    return s;
}

static const vo_readings *rows(const char *text, const char *zone, vo_readings_set **set) {
    vo_error err = {0};
    cr_assert_eq(read_prices(text, zone, set, &err), VO_OK, "%s: %s", text, err.msg);
    return (*set)->item[0];
}

Test(inline_prices, numbers_are_an_hour_apart_from_the_epoch) {
    vo_readings_set *set = NULL;
    const vo_readings *r = rows("[5, -3.5, null]", NULL, &set);
    cr_assert_eq(r->n, 3);
    cr_expect_eq(r->start_s[0], 0);
    cr_expect_eq(r->start_s[2], 7200);
    cr_expect_eq(r->column[0].value[1], -3.5);
    cr_expect(isnan(r->column[0].value[2]));
    vo_readings_set_free(set);
}

Test(inline_prices, objects_and_columns_say_the_same) {
    vo_readings_set *a = NULL, *b = NULL;
    const vo_readings *x =
        rows("[{\"timestamp\": \"2024-01-01T00:00:00Z\", \"price\": 5, \"load_mw\": 1},"
             " {\"load_mw\": 2, \"timestamp\": \"2024-01-01T02:00:00+01:00\", \"price\": 6}]",
             NULL, &a);
    const vo_readings *y =
        rows("{\"timestamps\": [\"2024-01-01T00:00:00Z\", \"2024-01-01T01:00:00Z\"],"
             " \"prices\": [5, 6], \"load_mw\": [1, 2]}",
             NULL, &b);
    cr_assert(x->n == 2 && y->n == 2 && x->n_columns == 2 && y->n_columns == 2);
    for (size_t t = 0; t < 2; t++) {
        cr_expect_eq(x->start_s[t], y->start_s[t]);
        for (size_t c = 0; c < 2; c++)
            cr_expect_eq(x->column[c].value[t], y->column[c].value[t]);
    }
    cr_expect_eq(x->start_s[1] - x->start_s[0], 3600);
    cr_expect_str_eq(x->column[1].name, "load_mw");
    vo_readings_set_free(a);
    vo_readings_set_free(b);
}

Test(inline_prices, the_hour_that_the_clock_repeats_is_two_hours) {
    vo_readings_set *set = NULL;
    const vo_readings *r =
        rows("{\"timestamps\": [\"2016-10-30T00:00\", \"2016-10-30T01:00\", "
             "\"2016-10-30T01:00\", \"2016-10-30T02:00\"], \"prices\": [1, 2, 3, 4]}",
             "America/Mexico_City", &set);
    for (size_t t = 1; t < 4; t++) cr_expect_eq(r->start_s[t] - r->start_s[t - 1], 3600);
    vo_readings_set_free(set);
}

Test(inline_prices, what_is_no_price_is_refused_with_its_path) {
    static const struct {
        const char *text, *says;
    } refused[] = {
        {"5", "prices is a number"},
        {"[]", "prices is empty"},
        {"[1, \"x\"]", "prices[1] is a text: must be a number"},
        {"[1, {\"price\": 2}]", "prices[1] is an object"},
        {"[{\"price\": 2}]", "prices[0].timestamp is missing"},
        {"[{\"timestamp\": \"noon\", \"price\": 2}]", "prices[0].timestamp"},
        {"[{\"timestamp\": \"2024-01-01T00:00Z\", \"price\": []}]",
         "prices[0].price is an array"},
        {"[{\"timestamp\": \"2024-01-01T00:00Z\", \"price\": 1}, 7]", "prices[1] is a number"},
        {"[{\"timestamp\": \"2024-01-01T00:00Z\", \"price\": 1},"
         " {\"timestamp\": \"2024-01-01T01:00Z\", \"price\": 1, \"pv\": 3}]",
         "prices[1] has fields that prices[0] lacks"},
        {"{\"prices\": [1]}", "must have timestamps and prices"},
        {"{\"timestamps\": [\"2024-01-01\"], \"prices\": [1, 2]}", "as long as"},
        {"{\"timestamps\": [], \"prices\": []}", "not empty"},
        {"{\"timestamps\": [3], \"prices\": [1]}", "prices.timestamps[0] is a number"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        vo_readings_set *set = NULL;
        vo_error err = {0};
        cr_expect_eq(read_prices(refused[i].text, NULL, &set, &err), VO_EINVAL, "%s",
                     refused[i].text);
        cr_expect(strstr(err.msg, refused[i].says), "%s: %s", refused[i].text, err.msg);
        cr_expect_null(set);
    }
}
