/* test_features.c -- features against a plain twin, batch against stream, and the future hidden. */
#include "learn/features.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

/* ---- series with gaps, over changes of the clock --------------------------------------- */

static const char *const columns[] = {"north",   "south", "pml_cng", "pml_per",
                                      "load dd", "early", "late",    "lead"};
enum { N_COLUMNS = sizeof columns / sizeof columns[0] };

typedef struct {
    vo_series *s;
    double *price, *soc, *cycle_h;
    vo_features_input in;
} world;

static double walk(vo_random *r, double level) {
    if (vo_random_below(r, 23) == 0) return (double)NAN;
    return level + 100 * vo_random_normal(r);
}

static double *numbers(vo_random *r, size_t n, double level) {
    double *v = malloc(n * sizeof *v);
    for (size_t t = 0; t < n; t++) v[t] = walk(r, level);
    return v;
}

static world make(size_t n, int64_t step_s, const char *zone, int64_t start_s, uint64_t seed) {
    vo_error err = {0};
    vo_random r = vo_random_seed(seed, 0);
    world w = {0};
    cr_assert_eq(vo_series_create(n, columns, N_COLUMNS, NULL, &w.s, &err), VO_OK, "%s",
                 err.msg);
    for (size_t t = 0; t < n; t++) {
        w.s->start[t].s = start_s + (int64_t)t * step_s;
        w.s->dt_h[t] = (double)step_s / 3600;
        for (size_t k = 0; k < N_COLUMNS; k++) w.s->column[k].value[t] = walk(&r, 50);
    }
    snprintf(w.s->zone, sizeof w.s->zone, "%s", zone);
    w.price = numbers(&r, n, 40);
    w.soc = numbers(&r, n, 0);
    w.cycle_h = numbers(&r, n, 0);
    w.in = (vo_features_input){w.price, w.soc, w.cycle_h};
    return w;
}

static void drop(world *w) {
    vo_series_free(w->s);
    free(w->price);
    free(w->soc);
    free(w->cycle_h);
}

/* Everything that settings can ask for. */
static vo_features_settings everything(void) {
    vo_features_settings c = vo_features_settings_default();
    c.battery = 1;
    strcpy(c.congestion, "pml_cng");
    strcpy(c.loss, "pml_per");
    cr_assert_eq(vo_features_settings_add_region(&c, "north", NULL), VO_OK);
    cr_assert_eq(vo_features_settings_add_region(&c, "south", NULL), VO_OK);
    cr_assert_eq(
        vo_features_settings_add_exog(&c, "load dd", VO_PUBLICATION_DAY_AHEAD, 765, NULL),
        VO_OK);
    cr_assert_eq(vo_features_settings_add_exog(&c, "late", VO_PUBLICATION_AFTER, 95, NULL),
                 VO_OK);
    cr_assert_eq(
        vo_features_settings_add_exog(&c, "early", VO_PUBLICATION_DAY_AHEAD, 150, NULL), VO_OK);
    cr_assert_eq(vo_features_settings_add_exog(&c, "lead", VO_PUBLICATION_AFTER, -725, NULL),
                 VO_OK);
    return c;
}

static vo_features *open_features(const vo_series *s, const vo_features_settings *c) {
    vo_error err = {0};
    vo_features *f = NULL;
    cr_assert_eq(vo_features_create(s, c, NULL, &f, &err), VO_OK, "%s", err.msg);
    return f;
}

static float *fill(const vo_features *f, const vo_features_input *in, size_t from, size_t to,
                   size_t horizon) {
    vo_error err = {0};
    float *out = malloc((to - from) * vo_features_count(f) * sizeof *out);
    cr_assert_eq(vo_features_fill(f, in, from, to, horizon, out, &err), VO_OK, "%s", err.msg);
    return out;
}

/* A Criterion assertion costs a message even where it holds: too slow for every number. */
#define HOLDS(condition, ...)                                                                  \
    do {                                                                                       \
        if (!(condition)) cr_assert_fail(__VA_ARGS__);                                         \
    } while (0)

static bool same_bits(const float *a, const float *b, size_t n, size_t *where) {
    for (size_t i = 0; i < n; i++) {
        if (memcmp(&a[i], &b[i], sizeof *a) == 0 || (isnan(a[i]) && isnan(b[i]))) continue;
        *where = i;
        return false;
    }
    return true;
}

static size_t column(const vo_features *f, const char *name) {
    for (size_t i = 0; i < vo_features_count(f); i++)
        if (!strcmp(vo_features_names(f)[i], name)) return i;
    cr_assert_fail("no feature %s", name);
    return 0;
}

/* Steps, zones, and beginnings shortly before clocks change. */
static const struct {
    int64_t step_s;
    const char *zone;
    int64_t start_s;
    size_t n;
} cases[] = {
    {60, "Europe/Paris", 1648256400, 13000},         /* 2022-03-26T01:00Z, spring     */
    {60, "America/Mexico_City", 1667016000, 13000},  /* 2022-10-29T04:00Z, autumn     */
    {300, "Australia/Melbourne", 1680307200, 4000},  /* 2023-04-01, autumn            */
    {900, "America/Los_Angeles", 1604102400, 3000},  /* 2020-10-31, autumn            */
    {1800, "Europe/London", 1490302800, 2500},       /* 2017-03-23T21:00Z, spring     */
    {1800, "Australia/Lord_Howe", 1680307200, 1500}, /* half an hour                  */
    {3600, "Europe/Paris", 1540000000 / 3600 * 3600, 2000},
    {3600, "Asia/Kolkata", -86400 * 100, 1000}, /* before 1970, +05:30           */
    {3600, "UTC", 951782400, 900},              /* 2000-02-29                    */
    {7200, "America/Tijuana", 1457827200, 700}, /* 2016-03-13                    */
    {86400, "UTC", 946684800, 500},
};
enum { N_CASES = sizeof cases / sizeof cases[0] };

static world make_case(size_t i, uint64_t seed) {
    return make(cases[i].n, cases[i].step_s, cases[i].zone, cases[i].start_s, seed);
}

/* ---- batch and stream -------------------------------------------------------------------- */

Test(features, batch_and_stream_give_the_same_bits) {
    const vo_features_settings c = everything();
    for (size_t i = 0; i < N_CASES; i++) {
        world w = make_case(i, i + 1);
        vo_features *f = open_features(w.s, &c);
        const size_t count = vo_features_count(f), n = w.s->n;
        const size_t horizons[] = {1, 5, vo_features_longest(f)};
        float *row = malloc(count * sizeof *row);
        for (size_t k = 0; k < 3; k++) {
            vo_features_stream *s = NULL;
            float *batch = fill(f, &w.in, 1, n + 1, horizons[k]);
            cr_assert_eq(vo_features_stream_create(f, 0, NULL, &s, NULL), VO_OK);
            for (size_t known = 1; known <= n; known++) {
                size_t at = 0;
                vo_features_stream_follow(s, f, &w.in, known);
                vo_features_stream_get(s, horizons[k], row);
                const float *want = batch + (known - 1) * count;
                HOLDS(same_bits(row, want, count, &at),
                      "case %zu, h %zu, known %zu, %s: stream %.9g, batch %.9g", i, horizons[k],
                      known, vo_features_names(f)[at], (double)row[at], (double)want[at]);
            }
            vo_features_stream_free(s);
            free(batch);
        }
        free(row);
        vo_features_free(f);
        drop(&w);
    }
}

Test(features, rows_do_not_depend_on_how_a_fill_is_cut) {
    const vo_features_settings c = everything();
    vo_random r = vo_random_seed(9, 0);
    for (size_t i = 0; i < N_CASES; i++) {
        world w = make_case(i, i + 20);
        vo_features *f = open_features(w.s, &c);
        const size_t count = vo_features_count(f), n = w.s->n;
        float *whole = fill(f, &w.in, 1, n + 1, 3);
        for (size_t from = 1, to; from <= n; from = to) {
            size_t at = 0;
            to = from + 1 + vo_random_below(&r, vo_random_below(&r, 2) ? 3 : 700);
            if (to > n + 1) to = n + 1;
            float *part = fill(f, &w.in, from, to, 3);
            HOLDS(same_bits(part, whole + (from - 1) * count, (to - from) * count, &at),
                  "case %zu, rows %zu..%zu, %s", i, from, to, vo_features_names(f)[at % count]);
            free(part);
        }
        free(whole);
        vo_features_free(f);
        drop(&w);
    }
}

Test(features, a_later_beginning_gives_the_same_bits_once_history_has_passed) {
    vo_features_settings c = everything();
    for (size_t i = 0; i < N_CASES; i++) {
        world w = make_case(i, i + 40);
        vo_features *f = open_features(w.s, &c);
        vo_features_stream *s = NULL;
        vo_series *part = NULL;
        const size_t count = vo_features_count(f), n = w.s->n, first = 137, h = 4;
        const size_t ready = first + vo_features_history(f) + 24;
        if (ready < n) {
            float *whole = fill(f, &w.in, ready, n + 1, h);
            float *row = malloc(count * sizeof *row);
            cr_assert_eq(vo_features_stream_create(f, first, NULL, &s, NULL), VO_OK);
            cr_assert_eq(vo_series_slice(w.s, w.s->start[first],
                                         (vo_time){w.s->start[n - 1].s + 1}, &part, NULL),
                         VO_OK);
            vo_features *g = open_features(part, &c);
            const vo_features_input in = {w.price + first, w.soc + first, w.cycle_h + first};
            float *sliced = fill(g, &in, ready - first, n + 1 - first, h);
            size_t at = 0;
            HOLDS(same_bits(sliced, whole, (n + 1 - ready) * count, &at), "case %zu, %s", i,
                  vo_features_names(f)[at % count]);
            for (size_t known = ready; known <= n; known++) {
                vo_features_stream_follow(s, f, &w.in, known);
                vo_features_stream_get(s, h, row);
                HOLDS(same_bits(row, whole + (known - ready) * count, count, &at),
                      "case %zu, %s", i, vo_features_names(f)[at]);
            }
            vo_features_free(g);
            vo_series_free(part);
            vo_features_stream_free(s);
            free(sliced);
            free(whole);
            free(row);
        }
        vo_features_free(f);
        drop(&w);
    }
}

/* ---- a plain twin -------------------------------------------------------------------------- */

/* When a value of interval j is there, from the words of the documentation alone. */
static int64_t published_s(const world *w, const vo_zone *z, const vo_features_exog *x,
                           int64_t j) {
    const int64_t step_s = w->s->n > 1 ? w->s->start[1].s - w->s->start[0].s : 0;
    const int64_t at_s = w->s->start[0].s + j * step_s;
    if (x->rule == VO_PUBLICATION_AFTER) return at_s + step_s + 60 * (int64_t)x->minutes;
    const int64_t wall_s = (vo_zone_local_day(z, at_s) - 1) * 86400 + 60 * (int64_t)x->minutes;
    int64_t first = 0, second = 0;
    vo_zone_instants(z, wall_s, &first, &second);
    return second;
}

static double twin_exog(const world *w, const vo_zone *z, const vo_features_exog *x,
                        int64_t now_s, int64_t target) {
    const double *v = vo_series_find(w->s, x->column);
    for (int64_t j = target < (int64_t)w->s->n ? target : (int64_t)w->s->n - 1; j >= 0; j--)
        if (published_s(w, z, x, j) <= now_s && !isnan(v[j])) return v[j];
    return (double)NAN;
}

static double twin_last(const double *v, int64_t t) {
    for (; t >= 0; t--)
        if (!isnan(v[t])) return v[t];
    return (double)NAN;
}

static double twin_rolled(const double *price, int64_t t, int32_t w, int what) {
    long double mean = 0, m2 = 0;
    double low = (double)INFINITY, high = -(double)INFINITY;
    if (t + 1 < w) return (double)NAN;
    for (int64_t i = t - w + 1; i <= t; i++) {
        if (isnan(price[i])) return (double)NAN;
        mean += (long double)price[i] / w;
        low = fmin(low, price[i]);
        high = fmax(high, price[i]);
    }
    for (int64_t i = t - w + 1; i <= t; i++) {
        const long double d = (long double)price[i] - mean;
        m2 += d * d;
    }
    const double all[] = {(double)mean, (double)sqrtl(m2 / (w - 1)), low, high};
    return all[what];
}

static double twin_clock(const vo_zone *z, int64_t at_s, const char *name) {
    const int64_t date = vo_zone_local_day(z, at_s);
    vo_civil c;
    vo_civil_from_days(date, &c);
    const vo_civil wall = vo_civil_from_seconds(at_s + vo_zone_offset(z, at_s));
    const bool leap = (c.year % 4 == 0 && c.year % 100 != 0) || c.year % 400 == 0;
    const int64_t of_year = date - vo_civil_days(c.year, 1, 1);
    if (!strcmp(name, "holiday"))
        return vo_holiday(vo_holiday_market_of_zone(vo_zone_name(z)), date);
    const double turn = !strncmp(name, "hour", 4)   ? (wall.hour * 60 + wall.minute) / 1440.0
                        : !strncmp(name, "week", 4) ? vo_civil_weekday(date) / 7.0
                                                    : (double)of_year / (leap ? 366 : 365);
    const double angle = 2 * acos(-1) * turn;
    return strstr(name, "_sin") ? sin(angle) : cos(angle);
}

static double twin_price(const world *w, int64_t i) {
    return i < 0 ? (double)NAN : w->price[i];
}

/* The feature of that name, computed from its documentation one number at a time. */
static double twin(const world *w, const vo_features_settings *c, const vo_zone *z,
                   const char *name, int64_t known, int64_t h) {
    const int64_t t = known - 1, step_s = w->s->start[1].s - w->s->start[0].s;
    const int64_t day = 86400 / step_s, start_s = w->s->start[0].s;
    static const char *const rolled[] = {"price_mean_", "price_std_", "price_min_",
                                         "price_max_"};
    for (int k = 0; k < 4; k++)
        if (!strncmp(name, rolled[k], strlen(rolled[k])))
            return twin_rolled(w->price, t, atoi(name + strlen(rolled[k])), k);
    if (!strcmp(name, "price")) return w->price[t];
    if (!strncmp(name, "price_lag_", 10)) return twin_price(w, t - atoi(name + 10));
    if (!strncmp(name, "price_day_", 10)) return twin_price(w, t - atoi(name + 10) * day);
    if (!strncmp(name, "target_day_", 11)) {
        int64_t at = t + h;
        do at -= atoi(name + 11) * day;
        while (at > t);
        return twin_price(w, at);
    }
    if (!strcmp(name, "soc")) return w->soc[t];
    if (!strcmp(name, "cycle_h")) return w->cycle_h[t];
    if (!strcmp(name, "congestion")) return vo_series_find(w->s, "pml_cng")[t];
    if (!strcmp(name, "loss")) return vo_series_find(w->s, "pml_per")[t];
    if (!strncmp(name, "diff_", 5))
        return w->price[t] - twin_last(vo_series_find(w->s, name + 5), t);
    const bool ahead = !strncmp(name, "target_", 7);
    const int64_t at = ahead ? t + h : t;
    const char *plain = ahead ? name + 7 : name;
    if (strncmp(plain, "exog_", 5)) return twin_clock(z, start_s + at * step_s, plain);
    for (size_t k = 0; k < c->n_exog; k++)
        if (!strcmp(c->exog[k].column, plain + 5))
            return twin_exog(w, z, &c->exog[k], start_s + known * step_s, at);
    cr_assert_fail("feature %s is not in the twin", name);
    return 0;
}

Test(features, every_value_is_what_its_documentation_says) {
    const vo_features_settings c = everything();
    for (size_t i = 0; i < N_CASES; i++) {
        world w = make_case(i, i + 60);
        vo_features *f = open_features(w.s, &c);
        vo_zone *z = NULL;
        cr_assert_eq(vo_zone_open(cases[i].zone, &z, NULL), VO_OK);
        const size_t count = vo_features_count(f), n = w.s->n;
        const size_t horizons[] = {1, 36, vo_features_longest(f)};
        const size_t stride = cases[i].step_s < 900 ? 17 : 3;
        for (size_t k = 0; k < 3; k++) {
            const size_t h =
                horizons[k] < vo_features_longest(f) ? horizons[k] : vo_features_longest(f);
            float *got = fill(f, &w.in, 1, n + 1, h);
            for (size_t known = 1; known <= n; known += stride)
                for (size_t j = 0; j < count; j++) {
                    const double want =
                        twin(&w, &c, z, vo_features_names(f)[j], (int64_t)known, (int64_t)h);
                    const double is = (double)got[(known - 1) * count + j];
                    HOLDS((isnan(want) && isnan(is)) ||
                              fabs(want - is) <= 3e-7 * fmax(1, fabs(want)),
                          "case %zu, h %zu, known %zu, %s: %.9g, not %.9g", i, h, known,
                          vo_features_names(f)[j], is, want);
                }
            free(got);
        }
        vo_zone_close(z);
        vo_features_free(f);
        drop(&w);
    }
}

/* ---- the future ---------------------------------------------------------------------------- */

/* Changes all that is not known at an origin `known`, and, if `less` > 0, the last `less` things
 * that are. */
static void scramble(world *w, const vo_features_settings *c, const vo_zone *z, size_t known,
                     size_t less, uint64_t seed) {
    vo_random r = vo_random_seed(seed, 3);
    const int64_t step_s = w->s->start[1].s - w->s->start[0].s;
    const int64_t now_s = w->s->start[0].s + (int64_t)(known - less) * step_s;
    double *own[] = {w->price,
                     w->soc,
                     w->cycle_h,
                     vo_series_find(w->s, "north"),
                     vo_series_find(w->s, "south"),
                     vo_series_find(w->s, "pml_cng"),
                     vo_series_find(w->s, "pml_per")};
    for (size_t t = known - less; t < w->s->n; t++)
        for (size_t k = 0; k < sizeof own / sizeof own[0]; k++) own[k][t] = walk(&r, 9000);
    for (size_t k = 0; k < c->n_exog; k++) {
        double *v = vo_series_find(w->s, c->exog[k].column);
        for (size_t t = 0; t < w->s->n; t++)
            if (published_s(w, z, &c->exog[k], (int64_t)t) > now_s) v[t] = walk(&r, 9000);
    }
}

/* Rows of some origins with all that lies after them changed; how many features differ in any,
 * counted by name. */
static size_t changed_by_scrambling(size_t i, size_t less, bool *changed) {
    const vo_features_settings c = everything();
    world w = make_case(i, 80);
    vo_features *f = open_features(w.s, &c);
    const size_t count = vo_features_count(f), n = w.s->n;
    vo_zone *z = NULL;
    size_t total = 0;
    cr_assert_eq(vo_zone_open(cases[i].zone, &z, NULL), VO_OK);
    for (size_t known = n / 2; known < n; known += n / 19) {
        const size_t h = 1 + known % vo_features_longest(f);
        world after = make_case(i, 80);
        scramble(&after, &c, z, known, less, known);
        vo_features *g = open_features(after.s, &c);
        const size_t from = known > 300 ? known - 300 : 1;
        float *a = fill(f, &w.in, from, known + 1, h);
        float *b = fill(g, &after.in, from, known + 1, h);
        for (size_t j = 0, at; j < (known + 1 - from) * count; j++)
            if (!same_bits(a + j, b + j, 1, &at)) {
                total += !changed[j % count];
                changed[j % count] = true;
            }
        free(a);
        free(b);
        vo_features_free(g);
        drop(&after);
    }
    vo_zone_close(z);
    vo_features_free(f);
    drop(&w);
    return total;
}

Test(features, nothing_depends_on_what_is_not_known_yet) {
    for (size_t i = 0; i < N_CASES; i++) {
        bool changed[256] = {0};
        cr_expect_eq(changed_by_scrambling(i, 0, changed), 0, "case %zu", i);
    }
}

Test(features, the_scrambling_is_seen_where_it_reaches_one_interval_too_far) {
    static const char *const last[] = {
        "price",      "price_mean_5", "price_std_5", "price_max_5", "diff_north", "diff_south",
        "congestion", "loss",         "soc",         "cycle_h",     "exog_late"};
    const vo_features_settings c = everything();
    for (size_t i = 0; i < N_CASES; i++) {
        bool changed[256] = {0};
        world w = make_case(i, 80);
        vo_features *f = open_features(w.s, &c);
        changed_by_scrambling(i, 1, changed);
        for (size_t j = 0; j < sizeof last / sizeof last[0]; j++)
            cr_expect(changed[column(f, last[j])], "case %zu, %s", i, last[j]);
        vo_features_free(f);
        drop(&w);
    }
}

Test(features, a_forecast_is_used_from_the_minute_it_is_published_and_not_before) {
    vo_features_settings c = vo_features_settings_default();
    cr_assert_eq(
        vo_features_settings_add_exog(&c, "load dd", VO_PUBLICATION_DAY_AHEAD, 720, NULL),
        VO_OK);
    /* 2024-06-03T00:00 in Paris is 22:00Z the day before; quarters of an hour. */
    world w = make(6 * 96, 900, "Europe/Paris", 1717365600, 1);
    double *load = vo_series_find(w.s, "load dd");
    for (size_t t = 0; t < w.s->n; t++) load[t] = (double)t;
    vo_features *f = open_features(w.s, &c);
    const size_t target = column(f, "target_exog_load dd");
    for (size_t known = 96; known < 2 * 96; known++) {
        /* Target: noon of the day after. */
        const size_t noon = 2 * 96 + 48, h = noon - (known - 1);
        float *row = fill(f, &w.in, known, known + 1, h);
        const double want = known >= 96 + 48 ? (double)noon : 2 * 96 - 1;
        cr_expect_eq((double)row[target], want, "known %zu: %g", known, (double)row[target]);
        free(row);
    }
    vo_features_free(f);
    drop(&w);
}

/* ---- numbers ------------------------------------------------------------------------------- */

Test(features, a_missing_price_spoils_the_windows_that_hold_it_and_no_other) {
    const vo_features_settings c = vo_features_settings_default();
    world w = make(400, 300, "UTC", 0, 1);
    for (size_t t = 0; t < 400; t++) w.price[t] = t == 200 ? (double)NAN : 10;
    vo_features *f = open_features(w.s, &c);
    const size_t count = vo_features_count(f);
    float *m = fill(f, &w.in, 1, 401, 1);
    for (size_t i = 0; i < c.n_windows; i++) {
        char name[4][32];
        static const char *const kind[] = {"mean", "std", "min", "max"};
        for (size_t k = 0; k < 4; k++) {
            snprintf(name[k], sizeof name[k], "price_%s_%d", kind[k], (int)c.window[i]);
            const size_t at = column(f, name[k]), wide = (size_t)c.window[i];
            for (size_t t = 0; t < 400; t++) {
                const bool missing = t + 1 < wide || (t >= 200 && t < 200 + wide);
                HOLDS(!!isnan(m[t * count + at]) == missing, "%s of %zu", name[k], t);
            }
        }
    }
    free(m);
    vo_features_free(f);
    drop(&w);
}

Test(features, no_infinity_and_no_negative_zero_comes_out) {
    const vo_features_settings c = everything();
    world w = make(3000, 900, "UTC", 0, 5);
    vo_random r = vo_random_seed(5, 5);
    static const double odd[] = {
        (double)INFINITY, -(double)INFINITY, 1e300, -1e300, -0.0, 1e39};
    double *v[] = {w.price, w.soc, w.s->column[0].value, w.s->column[2].value,
                   w.s->column[4].value};
    for (size_t t = 0; t < 3000; t++)
        for (size_t k = 0; k < 5; k++)
            if (vo_random_below(&r, 9) == 0) v[k][t] = odd[vo_random_below(&r, 6)];
    vo_features *f = open_features(w.s, &c);
    const size_t count = vo_features_count(f);
    float *m = fill(f, &w.in, 1, 3001, 2);
    for (size_t i = 0; i < 3000 * count; i++)
        HOLDS(!isinf(m[i]) && !(m[i] == 0 && signbit(m[i])), "%s",
              vo_features_names(f)[i % count]);
    free(m);
    vo_features_free(f);
    drop(&w);
}

Test(features, a_target_after_the_end_of_the_series_has_its_calendar) {
    const vo_features_settings c = vo_features_settings_default();
    world w = make(48, 3600, "Europe/Paris", 1735513200, 1); /* 2024-12-30T00:00 in Paris */
    vo_features *f = open_features(w.s, &c);
    const size_t holiday = column(f, "target_holiday"), sine = column(f, "target_hour_sin");
    for (size_t h = 1; h <= 48; h++) {
        float *row = fill(f, &w.in, 48, 49, h);
        cr_expect_eq((double)row[holiday], h <= 24, "1 January, h %zu", h);
        cr_expect_float_eq((double)row[sine], sin(2 * acos(-1) * ((double)(h - 1) / 24)), 1e-6);
        free(row);
    }
    vo_features_free(f);
    drop(&w);
}

Test(features, holidays_of_a_series_in_utc_are_those_of_its_label) {
    const vo_features_settings c = vo_features_settings_default();
    static const char *const label[] = {"EPF DA FR", "EPF DA PJM"};
    for (int k = 0; k < 2; k++) {
        world w = make(48, 3600, "UTC", 1720828800, 1); /* 13 and 14 July 2024 */
        (void)snprintf(w.s->label, sizeof w.s->label, "%s", label[k]);
        vo_features *f = open_features(w.s, &c);
        const size_t holiday = column(f, "target_holiday");
        for (size_t known = 1; known < 48; known += 7) {
            float *row = fill(f, &w.in, known, known + 1, 1);
            cr_expect_eq((double)row[holiday], k == 0 && known >= 24, "%s, %zu", label[k],
                         known);
            free(row);
        }
        vo_features_free(f);
        drop(&w);
    }
}

Test(features, a_stream_takes_forecasts_late_early_and_again) {
    vo_features_settings c = vo_features_settings_default();
    cr_assert_eq(vo_features_settings_add_exog(&c, "lead", VO_PUBLICATION_AFTER, -120, NULL),
                 VO_OK);
    world w = make(300, 3600, "UTC", 0, 3);
    vo_features *f = open_features(w.s, &c);
    const double *lead = vo_series_find(w.s, "lead");
    const size_t count = vo_features_count(f), at = column(f, "target_exog_lead");
    vo_features_stream *s = NULL;
    float *row = malloc(count * sizeof *row), *want = fill(f, &w.in, 1, 301, 2);
    cr_assert_eq(vo_features_stream_create(f, 0, NULL, &s, NULL), VO_OK);
    const double wrong = 1e6;
    for (size_t t = 0; t < 290; t++) {
        vo_features_stream_push(s, &(vo_features_now){.price = w.price[t]});
        vo_features_stream_publish(s, 0, t + 2, &wrong, 1);           /* corrected below    */
        vo_features_stream_publish(s, 0, t > 0 ? t : 0, lead + t, 3); /* t + 2 was just due */
        vo_features_stream_get(s, 2, row);
        if (t > 3 && !isnan(want[t * count + at]) && isfinite(lead[t + 2]))
            cr_assert_eq((double)row[at], (double)want[t * count + at], "%zu", t);
    }
    const size_t longest = vo_features_longest(f);
    double *far = calloc(longest + 50, sizeof *far);
    cr_expect_eq(vo_features_stream_publish(s, 0, 290, far, longest + 50), longest + 1);
    free(far);
    vo_features_stream_free(s);
    vo_features_free(f);
    free(row);
    free(want);
    drop(&w);
}

/* ---- refusals, memory ---------------------------------------------------------------------- */

static void refused(const vo_series *s, const vo_features_settings *c, vo_status want,
                    const char *words) {
    vo_error err = {0};
    vo_features *f = NULL;
    cr_expect_eq(vo_features_create(s, c, NULL, &f, &err), want);
    cr_expect_null(f);
    cr_expect(strstr(err.msg, words), "\"%s\" lacks \"%s\"", err.msg, words);
}

Test(features, what_cannot_be_done_is_refused_in_words) {
    vo_features_settings c = vo_features_settings_default();
    world w = make(100, 3600, "Europe/Paris", 0, 1);
    w.s->start[50].s += 60;
    refused(w.s, &c, VO_EINVAL, "interval 50");
    w.s->start[50].s -= 60;
    strcpy(w.s->zone, "Europe/Atlantis");
    refused(w.s, &c, VO_ENOTFOUND, "Atlantis");
    strcpy(w.s->zone, "UTC");
    strcpy(c.loss, "pml_perr");
    refused(w.s, &c, VO_ENOTFOUND, "pml_per");
    c.loss[0] = '\0';
    c.lag[2] = 5;
    refused(w.s, &c, VO_EINVAL, "lags");
    drop(&w);

    c = vo_features_settings_default();
    w = make(100, 7 * 60, "UTC", 0, 1);
    refused(w.s, &c, VO_EINVAL, "days");
    c.n_days = 0;
    vo_features *f = open_features(w.s, &c);
    vo_features_free(f);
    drop(&w);
}

static void *scarce(void *ctx, size_t size) {
    int *left = ctx;
    return (*left)-- > 0 ? calloc(1, size) : NULL;
}
static void give(void *ctx, void *p) {
    (void)ctx;
    free(p);
}

Test(features, every_allocation_may_fail) {
    const vo_features_settings c = everything();
    world w = make(100, 3600, "UTC", 0, 1);
    int create = 0, all = 0;
    for (int allowed = 0; allowed < 40; allowed++) {
        int left = allowed;
        const vo_alloc a = {scarce, give, &left};
        vo_error err = {0};
        vo_features *f = NULL;
        vo_features_stream *s = NULL;
        float out[256];
        vo_status st = vo_features_create(w.s, &c, &a, &f, &err);
        if (st == VO_OK) st = vo_features_fill(f, &w.in, 50, 51, 1, out, &err);
        if (st == VO_OK) create++;
        if (st == VO_OK) st = vo_features_stream_create(f, 0, &a, &s, &err);
        cr_expect(st == VO_OK || st == VO_ENOMEM, "%d", allowed);
        if (st == VO_OK) {
            all++;
            left = 0; /* what follows allocates nothing */
            vo_features_stream_follow(s, f, &w.in, 100);
            vo_features_stream_get(s, 1, out);
        }
        vo_features_stream_free(s);
        vo_features_free(f);
    }
    cr_expect(0 < all && all < create && create < 40, "%d, %d", create, all);
    drop(&w);
}
