/* test_evaluate_table.c -- each test states one promise of evaluate_table.h. */
#include "engine/evaluate_table.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/engine_ask.h"
#include "support/local_hours.h"

enum { DAYS = 20, LEVELS = 3 };

/* Twenty days over the change of clocks in Paris (the 27th has 23 hours). The real price is the
 * interval's number; one forecast is off by +1, one by -2, one says nothing of the first day. */
typedef struct {
    vo_inputs in;
    vo_evaluate_table t;
    double *real, *one, *two, *quantile;
    char *text;
    vo_json *json;
} made;

static const double level[LEVELS] = {0.05, 0.5, 0.95};

static void make(made *m) {
    *m = (made){0};
    vo_series *s = local_hours("Europe/Paris", 2016, 3, 20, DAYS, NULL);
    m->in.series = s;
    cr_assert_eq(vo_zone_open("Europe/Paris", &m->in.zone, NULL), VO_OK);
    m->real = calloc(s->n, sizeof(double));
    m->one = calloc(s->n, sizeof(double));
    m->two = calloc(s->n, sizeof(double));
    m->quantile = calloc(LEVELS * s->n, sizeof(double));
    for (size_t i = 0; i < s->n; i++) {
        m->real[i] = (double)i;
        m->one[i] = (double)i + 1;
        m->two[i] = s->day[i] == 0 ? (double)NAN : (double)i - 2;
        /* holds the price in March and misses it in April */
        const double off = s->day[i] < 12 ? 0 : 100;
        m->quantile[LEVELS * i] = (double)i - 5 + off;
        m->quantile[LEVELS * i + 1] = (double)i + off;
        m->quantile[LEVELS * i + 2] = (double)i + 5 + off;
    }
    vo_evaluate_table *t = &m->t;
    t->in = &m->in;
    t->n = s->n;
    t->real = m->real;
    t->week = t->epf = m->two;
    t->n_levels = LEVELS;
    t->low = 0;
    t->high = 2;
    t->level = level;
    t->alpha = 0.1;
    t->n_judged = 2;
    t->judged[0] = (vo_judged){"one", "ours", m->one, m->quantile, 0, {0}};
    t->judged[1] = (vo_judged){"two", "published", m->two, NULL, 0, {0}};
    vo_error err = {0};
    vo_json_out *w = NULL;
    size_t len = 0;
    cr_assert_eq(vo_evaluate_judge(t, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_json_out_create(&w, &err), VO_OK);
    vo_json_out_object(w);
    cr_assert_eq(vo_evaluate_write(t, w, &err), VO_OK, "%s", err.msg);
    vo_evaluate_write_curves(t, w);
    vo_json_out_end(w);
    cr_assert_eq(vo_json_out_take(w, &m->text, &len, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_json_parse(m->text, len, &m->json, &err), VO_OK, "%s", err.msg);
    vo_json_out_free(w);
}

static void fini(made *m) {
    vo_json_free(m->json);
    vo_series_free(m->in.series);
    vo_zone_close(m->in.zone);
    free(m->real);
    free(m->one);
    free(m->two);
    free(m->quantile);
    free(m->text);
}

static const vo_json *forecast(const made *m, size_t k) {
    return vo_json_at(vo_json_get(m->json, "forecasts"), k);
}

Test(evaluate_table, what_a_forecast_does_not_say_is_counted_and_not_judged) {
    made m;
    make(&m);
    const vo_json *one = vo_json_get(forecast(&m, 0), "metrics");
    const vo_json *two = vo_json_get(forecast(&m, 1), "metrics");
    cr_expect_eq(member_number(one, "mae"), 1);
    cr_expect_eq(member_number(one, "bias"), 1);
    cr_expect_eq(member_number(two, "mae"), 2);
    cr_expect_eq(member_number(forecast(&m, 0), "n"), DAYS * 24 - 1);
    cr_expect_eq(member_number(forecast(&m, 1), "skipped"), 24);
    cr_expect_eq(member_number(one, "rmae_week"), 0.5); /* where both are known */
    fini(&m);
}

Test(evaluate_table, intervals_are_judged_by_month_of_the_local_calendar) {
    made m;
    make(&m);
    const vo_json *months = vo_json_get(forecast(&m, 0), "by_month");
    cr_assert_eq(vo_json_size(months), 2);
    cr_expect_str_eq(member_text(vo_json_at(months, 0), "month"), "2016-03");
    cr_expect_eq(member_number(vo_json_at(months, 0), "n"), 12 * 24 - 1);
    cr_expect_eq(member_number(vo_json_at(months, 0), "coverage"), 1);
    cr_expect_eq(member_number(vo_json_at(months, 1), "coverage"), 0);
    const vo_json *hours = vo_json_get(forecast(&m, 0), "by_hour");
    cr_assert_eq(vo_json_size(hours), 24);
    cr_expect_eq(member_number(vo_json_at(hours, 2), "n"),
                 DAYS - 1); /* 02:00 was skipped once */
    cr_expect_eq(member_number(vo_json_at(hours, 3), "n"), DAYS);
    fini(&m);
}

Test(evaluate_table, tests_compare_whole_days_of_the_usual_length) {
    made m;
    make(&m);
    const vo_json *tests = vo_json_get(m.json, "tests");
    cr_assert_eq(vo_json_size(tests), 2);
    for (size_t i = 0; i < 2; i++) {
        const vo_json *t = vo_json_at(tests, i);
        /* not the day that "two" says nothing of, nor the one of 23 hours */
        cr_expect_eq(member_number(t, "days"), DAYS - 2);
        cr_expect_eq(member_number(t, "mean_difference"), i == 0 ? -1 : -3);
        cr_expect_str_eq(member_text(t, "first"), "one");
        cr_expect_str_eq(member_text(t, "loss"), i == 0 ? "absolute" : "squared");
    }
    fini(&m);
}

Test(evaluate_table, curves_hold_every_interval_once) {
    made m;
    make(&m);
    const vo_json *c = vo_json_get(m.json, "curves");
    cr_expect_eq(vo_json_size(vo_json_get(c, "price")), DAYS * 24 - 1);
    cr_expect_eq(vo_json_size(vo_json_get(c, "start_s")), DAYS * 24 - 1);
    const vo_json *one = vo_json_at(vo_json_get(c, "forecasts"), 0);
    cr_expect_eq(vo_json_number(vo_json_at(vo_json_get(one, "low"), 7)), 2);
    cr_expect_eq(vo_json_number(vo_json_at(vo_json_get(one, "high"), 7)), 12);
    const vo_json *two = vo_json_at(vo_json_get(c, "forecasts"), 1);
    cr_expect_null(vo_json_get(two, "low"));
    cr_expect_eq(vo_json_kind_of(vo_json_at(vo_json_get(two, "forecast"), 3)), VO_JSON_NULL);
    fini(&m);
}
