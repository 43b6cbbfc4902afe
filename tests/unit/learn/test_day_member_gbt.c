/* test_day_member_gbt.c -- the member of boosted trees finds what a line does not, does not mind
 * in which currency or how far from zero prices are, keeps a fit as long as it is told, and
 * leaves nothing behind when memory runs out. */
#include "learn/day_member.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/fault_alloc.h"
#include "support/local_hours.h"

enum { H = VO_DAY_HOURS, DAYS = 260, FIT = 200 };

/* Quick settings. */
static const char quick[] = "gbt:trees=30,days=90,every=1";

/* Price: 30 + what a kinked supply curve makes of load + noise. Load has a shape over the day and
 * chance of its own, so that yesterday's price says little; above 0.5 the curve is steep.
 * Days may wander, which only the day before tells of. */
static vo_day_table *market(double noise, double wander, double shift, double factor) {
    vo_series *s = local_hours("UTC", 2015, 1, 5, DAYS, "load forecast");
    vo_day_table *t = NULL;
    vo_random r = vo_random_seed(9, 9);
    double far = 0;
    for (size_t d = 0; d < DAYS; d++) {
        const double level = vo_random_normal(&r);
        far = 0.9 * far + wander * vo_random_normal(&r);
        for (size_t h = 0; h < H; h++) {
            const double load = level + sin(6.2831853 * (double)h / H);
            const double steep = load > 0.5 ? 20 * (load - 0.5) : 0;
            s->column[1].value[d * H + h] = 1000 * (10 + load);
            s->column[0].value[d * H + h] =
                shift + factor * (30 + far + 3 * load + steep + noise * vo_random_normal(&r));
        }
    }
    cr_assert_eq(vo_day_table_create(s, NULL, &t, NULL), VO_OK);
    vo_day_table_reveal(t, s->column[0].value, s->n);
    vo_series_free(s);
    return t;
}

static vo_day_member *member_with(const char *spec, const vo_day_table *t,
                                  const vo_alloc *alloc) {
    const vo_learning world = {.alloc = alloc, .seed = 42};
    vo_day_member *m = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_day_member_create(spec, t, &world, &m, &err), VO_OK, "%s", err.msg);
    return m;
}

static vo_day_member *member(const char *spec, const vo_day_table *t) {
    return member_with(spec, t, NULL);
}

static void fit(vo_day_member *m, const vo_day_table *t, size_t day) {
    vo_error err = {0};
    cr_assert_eq(vo_day_member_fit(m, t, day, &err), VO_OK, "%s", err.msg);
}

static void predict(vo_day_member *m, const vo_day_table *t, size_t day, double *out) {
    vo_error err = {0};
    cr_assert_eq(vo_day_member_predict(m, t, day, out, &err), VO_OK, "%s", err.msg);
}

/* Mean distance from the prices of `days` days after a fit for the first of them. */
static double error_of(const char *spec, const vo_day_table *t, size_t days) {
    vo_day_member *m = member(spec, t);
    double sum = 0, out[H];
    fit(m, t, FIT);
    for (size_t d = FIT; d < FIT + days; d++) {
        predict(m, t, d, out);
        for (size_t h = 0; h < H; h++) sum += fabs(out[h] - t->price[d * H + h]);
    }
    vo_day_member_free(m);
    return sum / (double)(days * H);
}

/* Noise alone is off by sqrt(2 / pi) = 0.8 on average; a line through the kink by what the curve
 * bends. */
Test(day_member_gbt, a_kinked_supply_is_found_where_a_line_misses_it) {
    vo_day_table *t = market(1, 0, 0, 1);
    const double mine = error_of("gbt", t, 40), line = error_of("lear:days=192", t, 40);
    cr_assert(mine < 0.8 * line, "%g, a line %g", mine, line);
    cr_assert(mine > 0.7 && mine < 2.4, "%g", mine);
    vo_day_table_free(t);
}

/* In another currency and a thousand dearer: the same forecast, there. Distances from the level
 * are the same but for rounding, which may move a threshold here and there. */
Test(day_member_gbt, level_and_unit_of_prices_do_not_matter) {
    vo_day_table *t = market(1, 0, 0, 1), *other = market(1, 0, 1000, 7);
    vo_day_member *m = member(quick, t), *n = member(quick, other);
    double a[H], b[H], far = 0;
    fit(m, t, FIT), fit(n, other, FIT);
    predict(m, t, FIT, a), predict(n, other, FIT, b);
    for (size_t h = 0; h < H; h++) far += fabs(1000 + 7 * a[h] - b[h]) / (7 * H);
    cr_assert_lt(far, 0.2, "%g", far);
    vo_day_member_free(m), vo_day_member_free(n);
    vo_day_table_free(t), vo_day_table_free(other);
}

/* After the fit prices rise by ten times what they move; four weeks later the level is there. */
Test(day_member_gbt, prices_it_was_never_shown_are_forecast_when_their_level_is_known) {
    vo_day_table *t = market(1, 3, 0, 1);
    double sum[2] = {0}, out[H];
    for (int risen = 0; risen < 2; risen++) {
        vo_day_member *m = member("gbt:days=190", t);
        fit(m, t, FIT);
        for (size_t i = FIT * H; risen && i < (size_t)DAYS * H; i++) t->price[i] += 200;
        for (size_t d = FIT + 28; d < FIT + 58; d++) {
            predict(m, t, d, out);
            for (size_t h = 0; h < H; h++)
                sum[risen] += fabs(out[h] - t->price[d * H + h]) / (30 * H);
        }
        vo_day_member_free(m);
    }
    cr_assert_lt(sum[1], 1.2 * sum[0], "%g, without the rise %g", sum[1], sum[0]);
    vo_day_table_free(t);
}

Test(day_member_gbt, a_fit_is_kept_for_as_many_days_as_it_says) {
    vo_day_table *t = market(1, 0, 0, 1);
    const char *spec = "gbt:trees=30,days=90,every=7";
    vo_day_member *m = member(spec, t), *kept = member(spec, t), *fresh = member(spec, t);
    double a[H], b[H];
    fit(m, t, FIT);
    fit(kept, t, FIT);
    fit(fresh, t, FIT + 7);
    for (size_t d = FIT + 1; d <= FIT + 7; d++) {
        fit(m, t, d);
        predict(m, t, FIT + 8, a);
        predict(kept, t, FIT + 8, b);
        cr_assert_eq(memcmp(a, b, sizeof a) == 0, d < FIT + 7, "day %zu", d);
    }
    predict(fresh, t, FIT + 8, b);
    cr_assert_eq(memcmp(a, b, sizeof a), 0);
    vo_day_member_free(m), vo_day_member_free(kept), vo_day_member_free(fresh);
    vo_day_table_free(t);
}

Test(day_member_gbt, of_both_losses_it_is_between_them) {
    vo_day_table *t = market(3, 0, 0, 1);
    const char *const spec[] = {"gbt:trees=30,loss=0", "gbt:trees=30,loss=1",
                                "gbt:trees=30,loss=2"};
    double out[3][H], apart = 0;
    for (int k = 0; k < 3; k++) {
        vo_day_member *m = member(spec[k], t);
        fit(m, t, FIT);
        predict(m, t, FIT, out[k]);
        vo_day_member_free(m);
    }
    for (size_t h = 0; h < H; h++) {
        const double low = fmin(out[0][h], out[1][h]), high = fmax(out[0][h], out[1][h]);
        cr_assert(out[2][h] >= low - 1e-9 && out[2][h] <= high + 1e-9, "hour %zu", h);
        apart += fmin(out[2][h] - low, high - out[2][h]);
    }
    cr_assert_gt(apart, 0.01);
    vo_day_table_free(t);
}

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

Test(day_member_gbt, a_model_of_other_arguments_is_refused_and_changes_nothing) {
    vo_day_table *t = market(1, 0, 0, 1);
    const char *const other[] = {"gbt:trees=30,days=90,level=7",
                                 "gbt:trees=30,days=90,spread=7",
                                 "gbt:trees=30,days=90,loss=0"};
    vo_day_member *m = member(quick, t);
    double a[H], b[H];
    vo_error err = {0};
    fit(m, t, FIT);
    predict(m, t, FIT, a);
    for (int k = 0; k < 3; k++) {
        vo_day_member *n = member(other[k], t);
        fit(n, t, FIT);
        cr_assert_eq(move(n, m, &err), VO_EINVAL, "%s", other[k]);
        cr_assert_not_null(strstr(err.msg, "level="), "%s", err.msg);
        predict(m, t, FIT, b);
        cr_assert_eq(memcmp(a, b, sizeof a), 0);
        vo_day_member_free(n);
    }
    vo_day_member_free(m);
    vo_day_table_free(t);
}

Test(day_member_gbt, out_of_memory_it_keeps_the_fit_it_has) {
    vo_day_table *t = market(1, 0, 0, 1);
    fault f = {.left = -1};
    const vo_alloc alloc = fault_alloc(&f);
    vo_day_member *m = member_with("gbt:trees=3,days=40,every=1", t, &alloc);
    double a[H], b[H];
    fit(m, t, FIT);
    predict(m, t, FIT, a);
    const long live = f.live;
    vo_status st = VO_ENOMEM;
    for (long left = 0; left < 500 && st != VO_OK; left++) {
        f.left = left;
        st = vo_day_member_fit(m, t, FIT + 1, NULL);
        cr_assert(st == VO_OK || st == VO_ENOMEM);
        if (st == VO_OK) break;
        predict(m, t, FIT, b);
        cr_assert_eq(memcmp(a, b, sizeof a), 0);
        cr_assert_eq(f.live, live, "%ld allocations", left);
    }
    cr_assert_eq(st, VO_OK);
    vo_day_member_free(m);
    cr_assert_eq(f.live, 0);
    vo_day_table_free(t);
}
