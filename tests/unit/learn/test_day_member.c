/* test_day_member.c -- every member of the list keeps the promises of day_member.h: it reads
 * nothing that may not be read, gives the same bits again, also after a save, with other threads
 * and after looking at later days, and says what it wants in words. */
#include "learn/day_member.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/fault_alloc.h"
#include "support/local_hours.h"

enum { H = VO_DAY_HOURS, DAYS = 110, DAY = 100 };

#define X(name, create, help) #name,
static const char *const name_of[] = {VO_DAY_MEMBER_MAP(X)};
#undef X
enum { N_NAMES = sizeof name_of / sizeof name_of[0] };

/* Arguments that make a test quick; a name that is not here is taken as it is. */
static const char *spec_of(size_t i) {
    static const char *const quick[] = {"lear:days=84,level=14,spread=28",
                                        "net:nets=2,units=6,epochs=3,days=90",
                                        "gbt:trees=40,every=3"};
    for (size_t k = 0; k < sizeof quick / sizeof quick[0]; k++)
        if (strncmp(quick[k], name_of[i], strlen(name_of[i])) == 0 &&
            quick[k][strlen(name_of[i])] == ':')
            return quick[k];
    return name_of[i];
}

/* Prices that follow a load with the hour and the day of the week, and noise. */
static vo_day_table *made_table(void) {
    vo_series *s = local_hours("UTC", 2016, 2, 1, DAYS, "load forecast");
    vo_day_table *t = NULL;
    vo_random r = vo_random_seed(4, 0);
    double level = 0;
    for (size_t i = 0; i < s->n; i++) {
        const double hour = (double)(i % H), weekend = i / H % 7 >= 5 ? -8 : 0;
        level = 0.98 * level + vo_random_normal(&r);
        s->column[1].value[i] =
            900 + 200 * sin(hour / 24 * 6.28) + 10 * weekend + 30 * vo_random_normal(&r);
        s->column[0].value[i] =
            0.05 * s->column[1].value[i] + level + weekend + vo_random_normal(&r);
    }
    cr_assert_eq(vo_day_table_create(s, NULL, &t, NULL), VO_OK);
    vo_day_table_reveal(t, s->column[0].value, s->n);
    vo_series_free(s);
    return t;
}

static vo_day_member *made(const char *spec, const vo_day_table *t, size_t threads) {
    const vo_learning world = {.alloc = &vo_alloc_libc, .seed = 7, .threads = threads};
    vo_day_member *m = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_day_member_create(spec, t, &world, &m, &err), VO_OK, "%s", err.msg);
    return m;
}

static void fit(vo_day_member *m, const vo_day_table *t, size_t day) {
    vo_error err = {0};
    cr_assert_eq(vo_day_member_fit(m, t, day, &err), VO_OK, "%s", err.msg);
}

static void predict(vo_day_member *m, const vo_day_table *t, size_t day, double *out) {
    vo_error err = {0};
    cr_assert_eq(vo_day_member_predict(m, t, day, out, &err), VO_OK, "%s", err.msg);
}

static void fresh(const char *spec, const vo_day_table *t, size_t day, double *out) {
    vo_day_member *m = made(spec, t, 1);
    fit(m, t, day);
    predict(m, t, day, out);
    vo_day_member_free(m);
}

static void expect_same(const double *a, const double *b, const char *spec) {
    for (size_t h = 0; h < H; h++)
        cr_assert_eq(memcmp(&a[h], &b[h], sizeof a[h]), 0, "%s, hour %zu: %.17g %.17g", spec, h,
                     a[h], b[h]);
}

static void scramble(double *v, size_t from_day, vo_random *r) {
    for (size_t i = from_day * H; i < (size_t)DAYS * H; i++)
        v[i] = i % 5 == 0 ? (double)NAN : 1e6 * vo_random_normal(r);
}

Test(day_member, nothing_is_read_that_may_not_be_read) {
    vo_random r = vo_random_seed(9, 0);
    for (size_t i = 0; i < N_NAMES; i++) {
        const char *spec = spec_of(i);
        vo_day_table *t = made_table();
        double honest[H], blind[H], today[H];
        fresh(spec, t, DAY, honest);
        memcpy(today, t->exog[0] + DAY * H, sizeof today);
        scramble(t->price, DAY, &r);
        scramble(t->exog[0], DAY, &r);
        vo_day_member *m = made(spec, t, 1);
        fit(m, t, DAY);
        memcpy(t->exog[0] + DAY * H, today, sizeof today); /* published by now */
        predict(m, t, DAY, blind);
        expect_same(honest, blind, spec);
        vo_day_member_free(m);
        vo_day_table_free(t);
    }
}

/* What may be read is read: else the test above says nothing. */
Test(day_member, yesterdays_prices_and_todays_forecasts_matter) {
    vo_day_table *t = made_table();
    for (size_t i = 0; i < N_NAMES; i++) {
        const char *spec = spec_of(i);
        double a[H], b[H], c[H];
        vo_day_member *m = made(spec, t, 1);
        fit(m, t, DAY);
        predict(m, t, DAY, a);
        for (size_t h = 0; h < H; h++) t->exog[0][DAY * H + h] += 100;
        predict(m, t, DAY, b);
        for (size_t h = 0; h < H; h++) t->exog[0][DAY * H + h] -= 100;
        for (size_t h = 0; h < H; h++) t->price[(DAY - 1) * H + h] += 20;
        predict(m, t, DAY, c);
        for (size_t h = 0; h < H; h++) t->price[(DAY - 1) * H + h] -= 20;
        cr_assert_neq(memcmp(a, b, sizeof a), 0, "%s", spec);
        cr_assert_neq(memcmp(a, c, sizeof a), 0, "%s", spec);
        vo_day_member_free(m);
    }
    vo_day_table_free(t);
}

Test(day_member, threads_change_nothing) {
    vo_day_table *t = made_table();
    for (size_t i = 0; i < N_NAMES; i++) {
        double a[H], b[H];
        fresh(spec_of(i), t, DAY, a);
        vo_day_member *m = made(spec_of(i), t, 3);
        fit(m, t, DAY);
        predict(m, t, DAY, b);
        expect_same(a, b, spec_of(i));
        vo_day_member_free(m);
    }
    vo_day_table_free(t);
}

Test(day_member, the_same_row_of_calls_gives_the_same_bits) {
    vo_day_table *t = made_table();
    for (size_t i = 0; i < N_NAMES; i++) {
        double a[H], b[H];
        vo_day_member *m = made(spec_of(i), t, 1), *n = made(spec_of(i), t, 1);
        for (size_t d = DAY - 4; d <= DAY; d++) {
            fit(m, t, d);
            fit(n, t, d);
            predict(m, t, d, a);
            predict(n, t, d, b);
            expect_same(a, b, spec_of(i));
        }
        vo_day_member_free(m);
        vo_day_member_free(n);
    }
    vo_day_table_free(t);
}

Test(day_member, an_earlier_day_begins_anew) {
    vo_day_table *t = made_table();
    for (size_t i = 0; i < N_NAMES; i++) {
        double a[H], b[H];
        fresh(spec_of(i), t, DAY - 3, a);
        vo_day_member *m = made(spec_of(i), t, 1);
        fit(m, t, DAY);
        fit(m, t, DAY - 3);
        predict(m, t, DAY - 3, b);
        expect_same(a, b, spec_of(i));
        vo_day_member_free(m);
    }
    vo_day_table_free(t);
}

/* ---- keeping -------------------------------------------------------------------------- */

static vo_status move(const vo_day_member *from, vo_day_member *to, vo_error *err) {
    vo_artefact_out *w = NULL;
    vo_artefact *r = NULL;
    void *bytes = NULL;
    size_t len = 0;
    cr_assert_eq(vo_artefact_out_create("DAYTEST1", 1, &w, NULL), VO_OK);
    cr_assert_eq(vo_day_member_save(from, w, NULL), VO_OK);
    cr_assert_eq(vo_artefact_out_take(w, &bytes, &len, NULL), VO_OK);
    cr_assert_eq(vo_artefact_open(bytes, len, "DAYTEST1", 1, "test", &r, NULL), VO_OK);
    const vo_status st = vo_day_member_load(to, r, err);
    vo_artefact_close(r);
    vo_artefact_out_free(w);
    free(bytes);
    return st;
}

Test(day_member, a_saved_member_goes_on_where_it_was) {
    vo_day_table *t = made_table();
    for (size_t i = 0; i < N_NAMES; i++) {
        double a[H], b[H];
        vo_error err = {0};
        vo_day_member *m = made(spec_of(i), t, 1), *n = made(spec_of(i), t, 1);
        fit(m, t, DAY - 2);
        fit(m, t, DAY - 1);
        cr_assert_eq(move(m, n, &err), VO_OK, "%s: %s", spec_of(i), err.msg);
        predict(m, t, DAY - 1, a);
        predict(n, t, DAY - 1, b);
        expect_same(a, b, spec_of(i));
        fit(m, t, DAY);
        fit(n, t, DAY);
        predict(m, t, DAY, a);
        predict(n, t, DAY, b);
        expect_same(a, b, spec_of(i));
        vo_day_member_free(m);
        vo_day_member_free(n);
    }
    vo_day_table_free(t);
}

Test(day_member, a_model_of_other_columns_is_refused) {
    vo_day_table *t = made_table();
    for (size_t i = 0; i < N_NAMES; i++) {
        vo_error err = {0};
        vo_day_member *m = made(spec_of(i), t, 1);
        fit(m, t, DAY);
        t->n_exog = 0;
        vo_day_member *n = made(spec_of(i), t, 1);
        t->n_exog = 1;
        cr_assert_eq(move(m, n, &err), VO_EINVAL, "%s", spec_of(i));
        cr_assert_neq(err.msg[0], '\0');
        vo_day_member_free(m);
        vo_day_member_free(n);
    }
    vo_day_table_free(t);
}

/* ---- what is missing --------------------------------------------------------------------- */

static void expect_sane(const vo_day_table *t) {
    for (size_t i = 0; i < N_NAMES; i++) {
        double a[H];
        fresh(spec_of(i), t, DAY, a);
        double off = 0;
        for (size_t h = 0; h < H; h++) off += fabs(a[h] - t->price[DAY * H + h]) / H;
        cr_assert_lt(off, 12, "%s is off by %g: prices are 20..70", spec_of(i), off);
    }
}

Test(day_member, missing_inputs_still_give_a_forecast) {
    vo_day_table *t = made_table();
    for (size_t d = 20; d < DAYS; d += 9) t->price[d * H + d % H] = (double)NAN;
    for (size_t h = 0; h < H; h++) t->exog[0][DAY * H + h] = (double)NAN;
    for (size_t h = 0; h < H; h++) t->price[(DAY - 1) * H + h] = (double)NAN;
    expect_sane(t);
    /* a column that stopped weeks ago: nothing near stands in for it */
    for (size_t i = (DAY - 20) * H; i < (size_t)DAYS * H; i++) t->exog[0][i] = (double)NAN;
    expect_sane(t);
    vo_day_table_free(t);
}

Test(day_member, a_column_without_variation_does_no_harm) {
    vo_day_table *t = made_table();
    for (size_t i = 0; i < (size_t)DAYS * H; i++) t->exog[0][i] = 5;
    for (size_t d = 0; d < DAYS; d++) t->price[d * H + 3] = 0; /* an hour that is always free */
    for (size_t i = 0; i < N_NAMES; i++) {
        double a[H];
        fresh(spec_of(i), t, DAY, a);
        for (size_t h = 0; h < H; h++) cr_assert(isfinite(a[h]), "%s, hour %zu", spec_of(i), h);
    }
    vo_day_table_free(t);
}

Test(day_member, too_short_a_history_and_an_unfitted_member_are_refused_in_words) {
    vo_day_table *t = made_table();
    for (size_t i = 0; i < N_NAMES; i++) {
        double a[H];
        vo_error err = {0};
        vo_day_member *m = made(spec_of(i), t, 1);
        cr_assert_eq(vo_day_member_predict(m, t, DAY, a, &err), VO_EINVAL, "%s", spec_of(i));
        err.msg[0] = '\0';
        cr_assert_eq(vo_day_member_fit(m, t, 9, &err), VO_EINVAL, "%s", spec_of(i));
        cr_assert_not_null(strstr(err.msg, "needed"), "%s", err.msg);
        vo_day_member_free(m);
    }
    vo_day_table_free(t);
}

/* ---- names and arguments -------------------------------------------------------------------- */

Test(day_member, unknown_names_and_arguments_are_refused_with_those_there_are) {
    static const struct {
        const char *spec, *says;
    } bad[] = {{"leer", "lear"},
               {"", "lear"},
               {"lear:dayz=84", "days"},
               {"lear:days", "KEY=NUMBER"},
               {"lear:", "KEY=NUMBER"},
               {"lear:days=84,", "KEY=NUMBER"},
               {"lear:days=1", "28..10000"},
               {"lear:days=84.5", "whole"},
               {"lear:days=nan", "whole"},
               {"lear:days=84x", "28..10000"},
               {"lear:level=-1", "0..364"}};
    vo_day_table *t = made_table();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_day_member *m = NULL;
        vo_error err = {0};
        cr_assert_eq(vo_day_member_create(bad[i].spec, t, NULL, &m, &err), VO_EINVAL, "%s",
                     bad[i].spec);
        cr_assert_null(m);
        cr_assert_not_null(strstr(err.msg, bad[i].says), "%s: %s", bad[i].spec, err.msg);
    }
    for (size_t i = 0; i < N_NAMES; i++)
        cr_assert_not_null(strstr(vo_day_member_names(), name_of[i]));
    vo_day_table_free(t);
}

Test(day_member, a_failed_allocation_leaves_nothing_behind) {
    vo_day_table *t = made_table();
    for (size_t i = 0; i < N_NAMES; i++) {
        vo_status st = VO_ENOMEM;
        for (long left = 0; left < 200 && st != VO_OK; left++) {
            fault f = {.left = left};
            const vo_alloc alloc = fault_alloc(&f);
            const vo_learning world = {.alloc = &alloc};
            vo_day_member *m = NULL;
            st = vo_day_member_create(spec_of(i), t, &world, &m, NULL);
            cr_assert(st == VO_OK || st == VO_ENOMEM);
            cr_assert_eq(m != NULL, st == VO_OK);
            vo_day_member_free(m);
            cr_assert_eq(f.live, 0, "%s after %ld", spec_of(i), left);
        }
        cr_assert_eq(st, VO_OK, "%s", spec_of(i));
    }
    vo_day_table_free(t);
}
