/* test_day_ensemble.c -- what an ensemble promises beside its parts: nothing of the future,
 * nothing of the threads, nothing lost in a file, nothing of how far it is led at once. */
#include "learn/day_ensemble.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/fault_alloc.h"
#include "support/local_hours.h"

enum { H = VO_DAY_HOURS, DAYS = 150 };

static const char *const member[] = {"lear:days=84", "lear:days=28", "lear:days=56"};
static const double level[] = {0.05, 0.5, 0.95};

/* Prices that follow a published load, last days and chance. */
static vo_series *prices(void) {
    vo_series *s = local_hours("Europe/Paris", 2019, 1, 7, DAYS, "load forecast");
    vo_random r = vo_random_seed(7, 0);
    double calm = 0;
    for (size_t t = 0; t < s->n; t++) {
        const double load = 50 + 12 * sin((double)(t % 24) / 3.8) + 4 * vo_random_normal(&r);
        calm = 0.97 * calm + vo_random_normal(&r);
        s->column[1].value[t] = load;
        s->column[0].value[t] = load - 10 + calm + 1.5 * vo_random_normal(&r);
    }
    return s;
}

static vo_day_table *table_of(const vo_series *s, size_t known) {
    vo_day_table *t = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_day_table_create(s, NULL, &t, &err), VO_OK, "%s", err.msg);
    vo_day_table_reveal(t, s->column[0].value, known);
    return t;
}

static vo_day_ensemble *made(const vo_day_table *t, const vo_learning *world) {
    vo_day_ensemble_settings set = vo_day_ensemble_settings_default();
    set.member = member;
    set.n_members = sizeof member / sizeof member[0];
    set.warmup_days = 30;
    set.warmup_refit_days = 3;
    vo_day_ensemble *e = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_day_ensemble_create(t, &set, world, &e, &err), VO_OK, "%s", err.msg);
    return e;
}

/* All that can be seen of where it stands: forecast, quantiles, members, weights. */
enum { SEEN = H + 3 * H + 3 * H + 3 * H };
static void look(const vo_day_ensemble *e, double out[SEEN]) {
    vo_day_ensemble_forecast(e, out);
    vo_day_ensemble_quantiles(e, level, 3, out + H);
    vo_day_ensemble_detail(e, out + 4 * H, out + 7 * H);
}

static void run_to(vo_day_ensemble *e, const vo_day_table *t, size_t fit, size_t last) {
    vo_error err = {0};
    cr_assert_eq(vo_day_ensemble_fit(e, t, fit, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_day_ensemble_advance(e, t, last, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_day_ensemble_day(e), last);
}

Test(day_ensemble, forecasts_are_near_and_quantiles_in_order) {
    vo_series *s = prices();
    vo_day_table *t = table_of(s, s->n);
    const vo_learning world = {.recalibrate_days = 7};
    vo_day_ensemble *e = made(t, &world);
    double sum = 0, naive = 0, held = 0, seen[SEEN];
    run_to(e, t, 110, 110);
    for (size_t day = 110; day < DAYS - 1; day++) {
        cr_assert_eq(vo_day_ensemble_advance(e, t, day, NULL), VO_OK);
        look(e, seen);
        for (size_t h = 0; h < H; h++) {
            const double real = t->price[day * H + h], *q = seen + H + 3 * h;
            cr_assert(q[0] <= q[1] && q[1] <= q[2]);
            sum += fabs(seen[h] - real);
            naive += fabs(t->price[(day - 1) * H + h] - real);
            held += real >= q[0] && real <= q[2];
        }
    }
    const double n = (DAYS - 1 - 110) * (double)H;
    /* the best that could be known errs by about 2.8, yesterday's price by about 6 */
    cr_assert_lt(sum / n, 4, "%g", sum / n);
    cr_assert_lt(sum, 0.7 * naive, "%g", sum / naive);
    cr_assert_float_eq(held / n, 0.9, 0.06, "%g", held / n);
    vo_day_ensemble_free(e);
    vo_day_table_free(t);
    vo_series_free(s);
}

Test(day_ensemble, prices_to_come_make_no_difference) {
    vo_series *s = prices();
    const vo_learning world = {.recalibrate_days = 2};
    vo_day_table *a = table_of(s, s->n), *b = table_of(s, s->n);
    vo_day_ensemble *e = made(a, &world), *f = made(b, &world);
    double x[SEEN], y[SEEN];
    const size_t day = 118;
    for (size_t i = day * H; i < DAYS * H; i++) b->price[i] = -1e5 - (double)i;
    for (size_t i = (day + 1) * H; i < DAYS * H; i++) b->exog[0][i] = 1e7 + (double)i;
    run_to(e, a, 110, day);
    run_to(f, b, 110, day);
    look(e, x);
    look(f, y);
    cr_assert_eq(memcmp(x, y, sizeof x), 0);
    vo_day_ensemble_free(e);
    vo_day_ensemble_free(f);
    vo_day_table_free(a);
    vo_day_table_free(b);
    vo_series_free(s);
}

Test(day_ensemble, threads_and_the_size_of_steps_make_no_difference) {
    vo_series *s = prices();
    vo_day_table *t = table_of(s, s->n);
    const vo_learning one = {.recalibrate_days = 3, .seed = 5},
                      two = {.recalibrate_days = 3, .seed = 5, .threads = 2};
    vo_day_ensemble *e = made(t, &one), *f = made(t, &two);
    double x[SEEN], y[SEEN];
    run_to(e, t, 100, 140);
    run_to(f, t, 100, 100);
    for (size_t day = 100; day <= 140; day += 1 + day % 4)
        cr_assert_eq(vo_day_ensemble_advance(f, t, day, NULL), VO_OK);
    cr_assert_eq(vo_day_ensemble_advance(f, t, 140, NULL), VO_OK);
    look(e, x);
    look(f, y);
    cr_assert_eq(memcmp(x, y, sizeof x), 0);
    vo_day_ensemble_free(e);
    vo_day_ensemble_free(f);
    vo_day_table_free(t);
    vo_series_free(s);
}

Test(day_ensemble, fitted_again_it_has_forgotten_what_came_later) {
    vo_series *s = prices();
    vo_day_table *t = table_of(s, s->n);
    vo_day_ensemble *e = made(t, NULL), *f = made(t, NULL);
    double x[SEEN], y[SEEN];
    run_to(e, t, 110, 140);
    run_to(e, t, 105, 112);
    run_to(f, t, 105, 112);
    look(e, x);
    look(f, y);
    cr_assert_eq(memcmp(x, y, sizeof x), 0);
    vo_day_ensemble_free(e);
    vo_day_ensemble_free(f);
    vo_day_table_free(t);
    vo_series_free(s);
}

static void *saved(const vo_day_ensemble *e, const vo_day_table *t, size_t *len) {
    vo_artefact_out *w = NULL;
    void *bytes = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_artefact_out_create("TEST", 1, &w, &err), VO_OK);
    cr_assert_eq(vo_day_ensemble_save(e, t, w, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_artefact_out_take(w, &bytes, len, &err), VO_OK, "%s", err.msg);
    vo_artefact_out_free(w);
    return bytes;
}

static vo_status loaded(vo_day_ensemble *e, const vo_day_table *t, const void *bytes,
                        size_t len) {
    vo_artefact *in = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_artefact_open(bytes, len, "TEST", 1, "t", &in, &err), VO_OK);
    const vo_status st = vo_day_ensemble_load(e, t, in, &err);
    vo_artefact_close(in);
    return st;
}

/* Over the same days, and over a series that begins twenty days later. */
Test(day_ensemble, saved_and_loaded_it_continues_with_the_same_bits) {
    vo_series *s = prices(), *late = NULL;
    size_t t20 = 0, len = 0;
    while (s->day[t20] < 20) t20++;
    cr_assert_eq(
        vo_series_slice(s, s->start[t20], (vo_time){s->start[s->n - 1].s + 3600}, &late, NULL),
        VO_OK);
    vo_day_table *t = table_of(s, s->n), *u = table_of(late, late->n);
    const vo_learning world = {.recalibrate_days = 4};
    vo_day_ensemble *e = made(t, &world), *f = made(t, &world), *g = made(u, &world);
    double x[SEEN], y[SEEN], z[SEEN];
    run_to(e, t, 100, 126);
    void *bytes = saved(e, t, &len);
    cr_assert_eq(loaded(f, t, bytes, len), VO_OK);
    cr_assert_eq(loaded(g, u, bytes, len), VO_OK);
    cr_assert_eq(vo_day_ensemble_day(f), 126);
    cr_assert_eq(vo_day_ensemble_day(g), 106);
    for (size_t day = 126; day < 140; day++) {
        cr_assert_eq(vo_day_ensemble_advance(e, t, day, NULL), VO_OK);
        cr_assert_eq(vo_day_ensemble_advance(f, t, day, NULL), VO_OK);
        cr_assert_eq(vo_day_ensemble_advance(g, u, day - 20, NULL), VO_OK);
        look(e, x);
        look(f, y);
        look(g, z);
        cr_assert_eq(memcmp(x, y, sizeof x), 0, "day %zu", day);
        cr_assert_eq(memcmp(x, z, sizeof x), 0, "day %zu", day);
    }
    free(bytes);
    vo_day_ensemble_free(e);
    vo_day_ensemble_free(f);
    vo_day_ensemble_free(g);
    vo_day_table_free(t);
    vo_day_table_free(u);
    vo_series_free(s);
    vo_series_free(late);
}

Test(day_ensemble, a_file_of_other_members_is_refused) {
    vo_series *s = prices();
    vo_day_table *t = table_of(s, s->n);
    vo_day_ensemble *e = made(t, NULL), *f = NULL;
    size_t len = 0;
    run_to(e, t, 100, 100);
    void *bytes = saved(e, t, &len);
    const char *const others[] = {"lear:days=84", "lear:days=28", "lear:days=57"};
    vo_day_ensemble_settings set = vo_day_ensemble_settings_default();
    set.member = others;
    set.n_members = 3;
    cr_assert_eq(vo_day_ensemble_create(t, &set, NULL, &f, NULL), VO_OK);
    cr_assert_eq(loaded(f, t, bytes, len), VO_EINVAL);
    cr_assert_not(vo_day_ensemble_ready(f));
    vo_day_ensemble_free(f);
    set.n_members = 2;
    cr_assert_eq(vo_day_ensemble_create(t, &set, NULL, &f, NULL), VO_OK);
    cr_assert_eq(loaded(f, t, bytes, len), VO_EINVAL);
    vo_day_ensemble_free(f);
    free(bytes);
    vo_day_ensemble_free(e);
    vo_day_table_free(t);
    vo_series_free(s);
}

Test(day_ensemble, a_peek_changes_nothing_and_agrees_with_the_forecast) {
    vo_series *s = prices();
    vo_day_table *t = table_of(s, s->n);
    vo_day_ensemble *e = made(t, NULL);
    double x[SEEN], y[SEEN], out[H], q[3 * H];
    run_to(e, t, 120, 125);
    look(e, x);
    for (size_t day = 110; day < 135; day += 5)
        cr_assert_eq(vo_day_ensemble_peek(e, t, day, out, level, 3, q, NULL), VO_OK);
    cr_assert_eq(vo_day_ensemble_peek(e, t, 125, out, level, 3, q, NULL), VO_OK);
    look(e, y);
    cr_assert_eq(memcmp(x, y, sizeof x), 0);
    cr_assert_eq(memcmp(x, out, sizeof out), 0);
    cr_assert_eq(memcmp(x + H, q, sizeof q), 0);
    vo_day_ensemble_free(e);
    vo_day_table_free(t);
    vo_series_free(s);
}

static bool stop_at_half(void *ctx, const char *phase, double fraction, double loss) {
    (void)phase, (void)loss;
    ++*(int *)ctx;
    return fraction < 0.5;
}

Test(day_ensemble, what_cannot_be_done_is_refused_in_words) {
    vo_series *s = prices();
    vo_day_table *t = table_of(s, s->n);
    vo_day_ensemble_settings set = vo_day_ensemble_settings_default();
    vo_day_ensemble *e = NULL;
    vo_error err = {0};
    double out[H];
    cr_assert_eq(vo_day_ensemble_create(t, &set, NULL, &e, &err), VO_EINVAL);
    const char *const bad[] = {"lear", "nobody"};
    set.member = bad;
    set.n_members = 2;
    cr_assert_eq(vo_day_ensemble_create(t, &set, NULL, &e, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "nobody"));
    cr_assert_null(e);
    int asked = 0;
    const vo_learning world = {.progress = stop_at_half, .progress_ctx = &asked};
    e = made(t, &world);
    cr_assert_eq(vo_day_ensemble_advance(e, t, 120, &err), VO_EINVAL);
    cr_assert_eq(vo_day_ensemble_peek(e, t, 120, out, NULL, 0, NULL, &err), VO_EINVAL);
    cr_assert_eq(vo_day_ensemble_fit(e, t, 20, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "20 days"), "%s", err.msg);
    cr_assert_eq(vo_day_ensemble_fit(e, t, 140, &err), VO_ECANCELED);
    cr_assert_geq(asked, 2);
    cr_assert_not(vo_day_ensemble_ready(e));
    vo_day_ensemble_free(e);
    vo_day_table_free(t);
    vo_series_free(s);
}

Test(day_ensemble, out_of_memory_leaks_nothing) {
    vo_series *s = prices();
    vo_day_table *t = table_of(s, s->n);
    vo_day_ensemble_settings set = vo_day_ensemble_settings_default();
    set.member = member;
    set.n_members = 2;
    for (int budget = 0;; budget++) {
        fault ft = {.left = budget};
        const vo_alloc alloc = fault_alloc(&ft);
        const vo_learning world = {.alloc = &alloc};
        vo_day_ensemble *e = NULL;
        const vo_status st = vo_day_ensemble_create(t, &set, &world, &e, NULL);
        if (st == VO_OK) {
            vo_day_ensemble_free(e);
            cr_assert_eq(ft.live, 0);
            cr_assert(budget > 8);
            break;
        }
        cr_assert_eq(st, VO_ENOMEM);
        cr_assert_null(e);
        cr_assert_eq(ft.live, 0);
    }
    vo_day_ensemble_free(NULL);
    vo_day_table_free(t);
    vo_series_free(s);
}
