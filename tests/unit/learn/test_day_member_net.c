/* test_day_member_net.c -- the member of small networks learns a made-up market, from the past
 * only, with the same bits however it is spread and kept. */
#include "learn/day_member.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/fault_alloc.h"

enum { H = VO_DAY_HOURS, DAYS = 260, FIT = 200 };

/* Quick settings: two small networks, retrained every third day, tuned in between. */
static const char quick[] = "net:nets=2,units=16,epochs=4,anew=3,tune=1,tune_days=20,days=200";

/* The same, with prices as seen from those of late. */
static const char quick_level[] =
    "net:nets=2,units=16,epochs=4,anew=3,tune=1,tune_days=20,days=200,level=28,spread=14";

/* Price: 30 + what a convex supply curve makes of load + noise; load has a daily and a weekly
 * shape and chance of its own, so that yesterday's price says little. */
static vo_series *market(double noise) {
    static const char *const names[] = {"price", "load forecast"};
    vo_series *s = NULL;
    cr_assert_eq(vo_series_create((size_t)DAYS * H, names, 2, NULL, &s, NULL), VO_OK);
    vo_random r = vo_random_seed(9, 9);
    strcpy(s->zone, "UTC");
    for (size_t d = 0; d < DAYS; d++) {
        const double level = vo_random_normal(&r) - (d % 7 >= 5 ? 1 : 0);
        for (size_t h = 0; h < H; h++) {
            const size_t i = d * H + h;
            const double load = level + sin(2 * acos(-1) * (double)h / H);
            s->start[i].s = 1420070400 + 3600 * (int64_t)i;
            s->dt_h[i] = 1;
            s->day[i] = (int32_t)d;
            s->column[1].value[i] = 1000 * (10 + load);
            s->column[0].value[i] =
                30 + 10 * load + 5 * load * load + noise * vo_random_normal(&r);
        }
    }
    return s;
}

typedef struct {
    vo_series *s;
    vo_day_table *t;
} setup;

static setup made(double noise) {
    setup a = {market(noise), NULL};
    vo_error err = {0};
    cr_assert_eq(vo_day_table_create(a.s, NULL, &a.t, &err), VO_OK, "%s", err.msg);
    vo_day_table_reveal(a.t, a.s->column[0].value, a.s->n);
    return a;
}

static void drop(setup *a) {
    vo_day_table_free(a->t);
    vo_series_free(a->s);
}

static vo_day_member *member(const char *spec, const setup *a, size_t threads) {
    const vo_learning world = {.seed = 42, .threads = threads};
    vo_day_member *m = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_day_member_create(spec, a->t, &world, &m, &err), VO_OK, "%s", err.msg);
    return m;
}

static void fit(vo_day_member *m, const setup *a, size_t day) {
    vo_error err = {0};
    cr_assert_eq(vo_day_member_fit(m, a->t, day, &err), VO_OK, "%s", err.msg);
}

static void predict(vo_day_member *m, const setup *a, size_t day, double *out) {
    vo_error err = {0};
    cr_assert_eq(vo_day_member_predict(m, a->t, day, out, &err), VO_OK, "%s", err.msg);
}

/* A row of recalibrations and their forecasts, [days][H]. */
static void follow(vo_day_member *m, const setup *a, size_t from, size_t days, double *out) {
    for (size_t d = from; d < from + days; d++) {
        fit(m, a, d);
        predict(m, a, d, out + (d - from) * H);
    }
}

static double mean_error(const setup *a, size_t from, size_t days, const double *out) {
    double sum = 0;
    for (size_t i = 0; i < days * H; i++) sum += fabs(out[i] - a->t->price[from * H + i]);
    return sum / (double)(days * H);
}

Test(day_member_net, a_curved_supply_is_learned_where_a_line_is_not) {
    setup a = made(1);
    double out[2][30 * H], naive[30 * H], error[2];
    const char *spec[] = {"net:nets=2,units=64,epochs=150,rate=0.003,dropout=0,decay=0,anew=30",
                          "net:layers=0,nets=1,epochs=150,rate=0.003,anew=30"};
    for (int k = 0; k < 2; k++) {
        vo_day_member *m = member(spec[k], &a, 1);
        follow(m, &a, FIT, 30, out[k]);
        error[k] = mean_error(&a, FIT, 30, out[k]);
        vo_day_member_free(m);
    }
    memcpy(naive, a.t->price + (FIT - 1) * H, sizeof naive);
    const double without = mean_error(&a, FIT, 30, naive);
    cr_assert(error[0] < without / 3, "%g against %g of yesterday", error[0], without);
    cr_assert(error[0] < error[1], "%g, a line %g", error[0], error[1]);
    drop(&a);
}

/* Prices rise by 3 a day and forecast days are dearer than any the network has seen. */
Test(day_member_net, a_level_follows_prices_out_of_the_known_range) {
    setup a = made(1);
    double out[10 * H], error[2];
    const char *spec[] = {"net:nets=1,units=32,epochs=60,days=100,anew=30",
                          "net:nets=1,units=32,epochs=60,days=100,anew=30,level=28"};
    for (size_t i = 0; i < (size_t)DAYS * H; i++) a.t->price[i] += 3 * (double)(i / H);
    for (int k = 0; k < 2; k++) {
        vo_day_member *m = member(spec[k], &a, 1);
        follow(m, &a, FIT, 10, out);
        error[k] = mean_error(&a, FIT, 10, out);
        vo_day_member_free(m);
    }
    cr_assert(error[1] < 0.6 * error[0], "%g with a level, %g without", error[1], error[0]);
    drop(&a);
}

static void future_changes_nothing(const char *spec) {
    setup a = made(1), b = made(1);
    double before[4 * H], after[4 * H];
    vo_random r = vo_random_seed(1, 1);
    for (size_t i = (FIT + 3) * H; i < (size_t)DAYS * H; i++) {
        b.t->price[i] = 1000 * vo_random_unit(&r);
        if (i >= (FIT + 4) * H) b.t->exog[0][i] = i % 3 ? (double)NAN : 1e6;
    }
    vo_day_member *m = member(spec, &a, 1), *n = member(spec, &b, 1);
    follow(m, &a, FIT, 4, before);
    follow(n, &b, FIT, 4, after);
    cr_assert(memcmp(before, after, sizeof before) == 0);
    b.t->price[(FIT + 2) * H] += 1; /* and the past does */
    fit(n, &b, FIT);
    follow(n, &b, FIT, 4, after);
    cr_assert(memcmp(before, after, sizeof before) != 0);
    vo_day_member_free(m), vo_day_member_free(n);
    drop(&a), drop(&b);
}

/* What comes after `day`, and the price of `day`, is another: the same bits. */
Test(day_member_net, the_future_changes_nothing) {
    future_changes_nothing(quick);
    future_changes_nothing(quick_level);
}

Test(day_member_net, threads_and_starting_again_change_no_bit) {
    setup a = made(1);
    double one[5 * H], three[5 * H], again[5 * H];
    const char *spec = "net:nets=3,units=16,epochs=3,anew=2,tune=1,tune_days=20";
    vo_day_member *m = member(spec, &a, 1), *n = member(spec, &a, 3);
    follow(m, &a, FIT, 5, one);
    follow(n, &a, FIT, 5, three);
    follow(m, &a, FIT, 5, again); /* an earlier day begins anew */
    cr_assert(memcmp(one, three, sizeof one) == 0);
    cr_assert(memcmp(one, again, sizeof one) == 0);
    vo_day_member_free(m), vo_day_member_free(n);
    drop(&a);
}

static void *kept(const vo_day_member *m, size_t *len) {
    vo_artefact_out *out = NULL;
    void *bytes = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_artefact_out_create("NETTEST", 1, &out, NULL), VO_OK);
    cr_assert_eq(vo_day_member_save(m, out, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_artefact_out_take(out, &bytes, len, NULL), VO_OK);
    vo_artefact_out_free(out);
    return bytes;
}

static vo_status put_back(vo_day_member *m, const void *bytes, size_t len, vo_error *err) {
    vo_artefact *in = NULL;
    cr_assert_eq(vo_artefact_open(bytes, len, "NETTEST", 1, "memory", &in, err), VO_OK);
    const vo_status st = vo_day_member_load(m, in, err);
    vo_artefact_close(in);
    return st;
}

Test(day_member_net, a_loaded_one_goes_on_with_the_same_bits) {
    setup a = made(1);
    double start[2 * H], straight[5 * H], loaded[5 * H];
    vo_day_member *m = member(quick_level, &a, 1), *n = member(quick_level, &a, 1);
    follow(m, &a, FIT, 2, start);
    size_t len = 0;
    void *bytes = kept(m, &len);
    cr_assert_eq(put_back(n, bytes, len, NULL), VO_OK);
    predict(n, &a, FIT + 1, loaded);
    cr_assert(memcmp(start + H, loaded, H * sizeof(double)) == 0);
    follow(m, &a, FIT + 2, 5, straight); /* past the next training anew */
    follow(n, &a, FIT + 2, 5, loaded);
    cr_assert(memcmp(straight, loaded, sizeof straight) == 0);
    vo_day_member_free(m), vo_day_member_free(n);
    free(bytes);
    drop(&a);
}

Test(day_member_net, another_shape_is_refused_in_words) {
    setup a = made(1);
    double out[H];
    vo_day_member *m = member(quick, &a, 1);
    follow(m, &a, FIT, 1, out);
    size_t len = 0;
    void *bytes = kept(m, &len);
    const char *other[] = {"net:nets=3", "net:nets=2,units=24", "net:nets=2,units=16,level=28"};
    const char *says[] = {"2 networks", "16 units", "inputs"};
    for (int k = 0; k < 3; k++) {
        vo_error err = {0};
        vo_day_member *n = member(other[k], &a, 1);
        cr_assert_eq(put_back(n, bytes, len, &err), VO_EINVAL);
        cr_assert(strstr(err.msg, says[k]), "%s", err.msg);
        cr_assert_eq(vo_day_member_predict(n, a.t, FIT, out, &err), VO_EINVAL);
        vo_day_member_free(n);
    }
    vo_day_member_free(m);
    free(bytes);
    m = member(quick_level, &a, 1); /* as many inputs, but measured from elsewhere */
    follow(m, &a, FIT, 1, out);
    bytes = kept(m, &len);
    vo_error err = {0};
    vo_day_member *n = member("net:nets=2,units=16,level=56", &a, 1);
    cr_assert_eq(put_back(n, bytes, len, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "28 days of level"), "%s", err.msg);
    vo_day_member_free(m), vo_day_member_free(n);
    free(bytes);
    drop(&a);
}

Test(day_member_net, holes_in_the_table_are_bridged) {
    setup a = made(1);
    double out[3 * H];
    for (size_t i = 0; i < H; i++) a.t->price[(FIT - 1) * H + i] = (double)NAN;
    for (size_t i = 0; i < 9 * H; i++) a.t->exog[0][(FIT - 4) * H + i] = (double)NAN;
    vo_day_member *m = member(quick, &a, 1);
    follow(m, &a, FIT, 3, out);
    for (size_t i = 0; i < 3 * H; i++) cr_assert(isfinite(out[i]));
    vo_day_member_free(m);
    drop(&a);
}

/* Loads far beyond anything seen cannot take the forecast far beyond any price seen. */
Test(day_member_net, a_wild_input_stays_within_reach_of_known_prices) {
    setup a = made(1);
    double out[H], most = 0;
    vo_day_member *m = member(quick, &a, 1);
    fit(m, &a, FIT);
    for (size_t i = 0; i < FIT * H; i++) most = fmax(most, fabs(a.t->price[i]));
    for (size_t h = 0; h < H; h++) a.t->exog[0][FIT * H + h] = 1e12;
    predict(m, &a, FIT, out);
    for (size_t h = 0; h < H; h++) cr_assert(fabs(out[h]) < 5 * most, "%g", out[h]);
    vo_day_member_free(m);
    drop(&a);
}

Test(day_member_net, too_short_a_history_and_bad_arguments_are_refused) {
    setup a = made(1);
    vo_error err = {0};
    double out[H];
    vo_day_member *m = member(quick, &a, 1), *bad = NULL;
    cr_assert_eq(vo_day_member_predict(m, a.t, FIT, out, &err), VO_EINVAL);
    cr_assert_eq(vo_day_member_fit(m, a.t, 40, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "33 days") && strstr(err.msg, "56"), "%s", err.msg);
    const char *spec[] = {"net:nets=0", "net:dropout=1", "net:units=2.5", "net:colour=3"};
    for (size_t i = 0; i < sizeof spec / sizeof *spec; i++) {
        cr_assert_eq(vo_day_member_create(spec[i], a.t, NULL, &bad, &err), VO_EINVAL);
        cr_assert(strstr(err.msg, "net") && strlen(err.msg) > 20, "%s", err.msg);
        cr_assert_null(bad);
    }
    vo_day_member_free(m);
    drop(&a);
}

Test(day_member_net, a_failed_allocation_leaves_nothing) {
    setup a = made(1);
    for (long n = 0;; n++) {
        fault f = {.left = n};
        const vo_alloc al = fault_alloc(&f);
        const vo_learning world = {.alloc = &al, .threads = 2};
        vo_day_member *m = NULL;
        const vo_status st = vo_day_member_create(quick, a.t, &world, &m, NULL);
        if (st == VO_OK) vo_day_member_free(m);
        cr_assert_eq(f.live, 0);
        if (st == VO_OK) {
            cr_assert(n > 10);
            break;
        }
        cr_assert_eq(st, VO_ENOMEM);
        cr_assert_null(m);
    }
    drop(&a);
}
