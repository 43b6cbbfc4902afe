/* test_evaluation.c -- each test states one promise of evaluation.h. */
#include "learn/evaluation.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/fault_alloc.h"
#include "support/local_hours.h"

static const vo_learning plain = {.alloc = &vo_alloc_libc};

/* Twenty days over the change of clocks in Paris, the price unlike at every hour. */
static vo_series *prices(void) {
    vo_series *s = local_hours("Europe/Paris", 2016, 3, 14, 20, "guess");
    for (size_t t = 0; t < s->n; t++)
        s->column[0].value[t] = 40 + 10 * sin((double)t * 0.7) + 0.01 * (double)t;
    return s;
}

struct shelf {
    void *bytes;
    size_t len;
};

static size_t first_of(const vo_series *s, int32_t day) {
    size_t t = 0;
    while (s->day[t] != day) t++;
    return t;
}

Test(evaluation, each_day_is_forecast_from_what_was_known_when_it_began) {
    vo_series *s = prices();
    vo_evaluation e = {0};
    const size_t first = first_of(s, 9);
    vo_error err = {0};
    cr_assert_eq(vo_evaluation_run("naive_day", s, first, NULL, 0, &plain, &e, &err), VO_OK,
                 "%s", err.msg);
    cr_assert(e.first == first && e.n == s->n - first && e.n_days == 11);
    const double *price = s->column[0].value;
    size_t compared = 0;
    for (size_t t = first; t < s->n; t++) {
        if (s->day[t] >= 13 && s->day[t] <= 14) continue; /* the clocks change on day 13 */
        cr_assert_eq(e.said[t - first], price[t - 24], "interval %zu", t);
        compared++;
    }
    cr_assert_gt(compared, 200);
    vo_evaluation_fini(&e);
    vo_series_free(s);
}

static vo_status from_shelf(void *ctx, const char *name, const void **bytes, size_t *len,
                            vo_error *err) {
    const struct shelf *kept = ctx;
    (void)name, (void)err;
    *bytes = kept->bytes;
    *len = kept->len;
    return VO_OK;
}

/* Fitted on 60 days it says something else than fitted on 80; as stored, the same. */
Test(evaluation, a_trained_model_is_judged_as_it_was_stored) {
    vo_series *s = local_hours("Europe/Paris", 2021, 1, 4, 90, "guess");
    for (size_t t = 0; t < s->n; t++)
        s->column[0].value[t] = 40 + 10 * sin((double)t * 0.7) + 0.01 * (double)(t * t % 997);
    struct shelf kept = {0};
    vo_learning world = plain;
    world.recalibrate_days = 2;
    world.model = from_shelf;
    world.model_ctx = &kept;
    vo_forecaster *f = NULL;
    vo_error err = {0};
    const size_t first = first_of(s, 85);
    double said[24];
    size_t filled = 0;
    cr_assert_eq(vo_forecaster_create("lear", s, &plain, &f, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_forecaster_fit(f, s->column[0].value, first_of(s, 60), &err), VO_OK);
    cr_assert_eq(vo_forecaster_to_bytes(f, &kept.bytes, &kept.len, &err), VO_OK);
    cr_assert_eq(vo_forecaster_predict(f, s->column[0].value, first, first, first + 24, said,
                                       &filled, &err),
                 VO_OK);
    vo_evaluation stored = {0}, anew = {0};
    cr_assert_eq(vo_evaluation_run("lear=mine", s, first, NULL, 0, &world, &stored, &err),
                 VO_OK, "%s", err.msg);
    cr_assert_eq(vo_evaluation_run("lear", s, first, NULL, 0, &plain, &anew, &err), VO_OK);
    cr_assert_eq(memcmp(stored.said, said, sizeof said), 0);
    cr_assert_neq(memcmp(anew.said, said, sizeof said), 0);
    vo_evaluation_fini(&stored);
    vo_evaluation_fini(&anew);
    vo_forecaster_free(f);
    free(kept.bytes);
    vo_series_free(s);
}

Test(evaluation, prices_to_come_make_no_difference) {
    vo_series *s = prices();
    const size_t first = first_of(s, 9), second = first_of(s, 10);
    vo_evaluation a = {0}, b = {0};
    cr_assert_eq(vo_evaluation_run("epf_naive", s, first, NULL, 0, &plain, &a, NULL), VO_OK);
    for (size_t t = first; t < s->n; t++) s->column[0].value[t] = -1e6;
    cr_assert_eq(vo_evaluation_run("epf_naive", s, first, NULL, 0, &plain, &b, NULL), VO_OK);
    cr_assert_eq(memcmp(a.said, b.said, (second - first) * sizeof *a.said), 0);
    cr_assert_neq(memcmp(a.said, b.said, a.n * sizeof *a.said), 0);
    vo_evaluation_fini(&a);
    vo_evaluation_fini(&b);
    vo_series_free(s);
}

Test(evaluation, a_start_within_a_day_or_without_history_is_refused) {
    vo_series *s = prices();
    const size_t bad[] = {0, first_of(s, 9) + 1, s->n};
    for (size_t i = 0; i < 3; i++) {
        vo_evaluation e = {0};
        vo_error err = {0};
        cr_assert_eq(vo_evaluation_run("epf_naive", s, bad[i], NULL, 0, &plain, &e, &err),
                     VO_EINVAL);
        cr_assert(strstr(err.msg, "must begin a local day"), "%s", err.msg);
        cr_assert_null(e.said);
    }
    vo_series_free(s);
}

static bool stop_at_third(void *ctx, const char *phase, double fraction, double loss) {
    (void)phase;
    (void)loss;
    int *calls = ctx;
    cr_assert(fraction > 0 && fraction <= 1);
    return ++*calls < 3;
}

Test(evaluation, it_stops_when_told_to) {
    vo_series *s = prices();
    int calls = 0;
    const vo_learning world = {
        .alloc = &vo_alloc_libc, .progress = stop_at_third, .progress_ctx = &calls};
    vo_evaluation e = {0};
    vo_error err = {0};
    cr_assert_eq(vo_evaluation_run("naive_day", s, first_of(s, 9), NULL, 0, &world, &e, &err),
                 VO_ECANCELED);
    cr_assert_eq(calls, 3);
    cr_assert_null(e.said);
    vo_series_free(s);
}

Test(evaluation, out_of_memory_leaks_nothing) {
    vo_series *s = prices();
    for (int budget = 0;; budget++) {
        fault ft = {.left = budget};
        const vo_alloc alloc = fault_alloc(&ft);
        const vo_learning world = {.alloc = &alloc};
        vo_evaluation e = {0};
        const vo_status st =
            vo_evaluation_run("naive_week", s, first_of(s, 9), NULL, 0, &world, &e, NULL);
        if (st == VO_OK) vo_evaluation_fini(&e);
        cr_assert_eq(ft.live, 0);
        if (st == VO_OK) break;
        cr_assert_eq(st, VO_ENOMEM);
    }
    vo_series_free(s);
}
