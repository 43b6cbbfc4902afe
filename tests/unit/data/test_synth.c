/* test_synth.c -- seeded, same bits, the shape that the options promise. */
#include "data/synth.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/moments.h"

static vo_series *make(vo_synth_options o, uint32_t node) {
    vo_series *s = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_synth_series(&o, node, &s, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_series_check(s, NULL), VO_OK);
    return s;
}

static vo_moments moments(const vo_series *s, size_t column) {
    vo_moments m;
    vo_error err = {0};
    cr_assert_eq(vo_moments_of(s, s->column[column].value, &m, &err), VO_OK, "%s", err.msg);
    return m;
}

Test(synth, a_year_has_its_hours_and_is_labelled_synthetic) {
    vo_synth_options o = vo_synth_options_default();
    vo_series *s = make(o, 7);
    cr_assert(s->n == 8760 && s->day[s->n - 1] == 364);
    cr_assert_str_eq(s->label, "synthetic node 0007");
    cr_assert_str_eq(s->zone, "America/Mexico_City");
    cr_assert_eq(s->start[0].s, 1735711200); /* 2025-01-01T00:00-06:00 */
    vo_series_free(s);
    o.zone = "Europe/Madrid"; /* an hour less in March, one more in October */
    o.year = 2024;
    o.interval_minutes = 15;
    s = make(o, 0);
    cr_assert(s->n == 4 * 8784 && s->day[s->n - 1] == 365 && s->dt_h[0] == 0.25);
    vo_series_free(s);
    o.days = 1;
    s = make(o, 0);
    cr_assert_eq(s->n, 96u);
    vo_series_free(s);
}

/* Whole cents, so that the parts add up exactly; 0.01 itself is no double. */
static long long in_cents(double v) {
    cr_assert_float_eq(v * 100, nearbyint(v * 100), 1e-6 * (1 + fabs(v)), "%.17g", v);
    return llround(v * 100);
}

Test(synth, price_is_energy_plus_loss_plus_congestion_to_the_cent) {
    vo_synth_options o = vo_synth_options_default();
    for (int real = 0; real < 2; real++) {
        o.real_time = real;
        vo_series *s = make(o, 3);
        for (size_t t = 0; t < s->n; t++)
            cr_assert_eq(in_cents(s->column[0].value[t]), in_cents(s->column[1].value[t]) +
                                                              in_cents(s->column[2].value[t]) +
                                                              in_cents(s->column[3].value[t]));
        vo_series_free(s);
    }
}

Test(synth, fewer_days_are_the_beginning_of_more_days) {
    vo_synth_options o = vo_synth_options_default();
    vo_series *year = make(o, 2);
    o.days = 30;
    vo_series *month = make(o, 2);
    /* The last half hour before the end looks at the next hour: steps of an hour do not. */
    for (size_t c = 0; c < 4; c++)
        cr_assert_eq(
            memcmp(month->column[c].value, year->column[c].value, month->n * sizeof(double)),
            0);
    vo_series_free(month);
    vo_series_free(year);
}

/* Day-ahead: an hour's mean of twelve steps is near the hour's price (shapes bend, and a
 * spike's knots are joined by lines), with spikes and without. */
Test(synth, five_minutes_and_an_hour_are_one_market) {
    vo_synth_options o = vo_synth_options_default();
    o.days = 60;
    for (int spikes = 0; spikes < 2; spikes++) {
        o.spike_per_day = 2.0 * spikes;
        o.spike_hours = 3;
        o.interval_minutes = 60;
        vo_series *hours = make(o, 4);
        o.interval_minutes = 5;
        vo_series *fine = make(o, 4);
        double *mean = calloc(hours->n, sizeof *mean);
        double apart = 0, all = 0;
        for (size_t t = 0; t < hours->n; t++) {
            for (size_t k = 0; k < 12; k++) mean[t] += fine->column[1].value[12 * t + k] / 12;
            apart += fabs(mean[t] - hours->column[1].value[t]);
            all += hours->column[1].value[t];
        }
        cr_expect_lt(apart, (spikes ? 0.15 : 0.03) * all, "%g of %g", apart, all);
        const double r = vo_moments_correlation(mean, hours->column[1].value, hours->n);
        cr_expect_gt(r, spikes ? 0.95 : 0.99, "%g", r);
        free(mean);
        vo_series_free(fine);
        vo_series_free(hours);
    }
}

Test(synth, real_time_moves_around_day_ahead) {
    vo_synth_options o = vo_synth_options_default();
    vo_series *ahead = make(o, 1);
    o.real_time = true;
    vo_series *real = make(o, 1);
    const double r =
        vo_moments_correlation(ahead->column[0].value, real->column[0].value, ahead->n);
    cr_expect(r > 0.6 && r < 0.98, "%g", r); /* MEM 2017: 0.76 between MDA and MTR */
    vo_series_free(real);
    o.real_time_noise = o.real_time_spike_per_day = 0;
    real = make(o, 1);
    cr_expect_eq(
        memcmp(real->column[0].value, ahead->column[0].value, real->n * sizeof(double)), 0,
        "nothing to move by");
    vo_series_free(real);
    vo_series_free(ahead);
}

/* Congestion of sixty nodes: the nearer two are, the more alike. */
Test(synth, congestion_of_near_nodes_is_alike_and_of_far_nodes_is_not) {
    enum { NODES = 60 };
    vo_synth_options o = vo_synth_options_default();
    o.congested_share = 0.5;
    o.days = 120;
    vo_series *s[NODES];
    for (uint32_t k = 0; k < NODES; k++) s[k] = make(o, k);
    double sum[2] = {0}, all = 0;
    size_t n[2] = {0};
    for (uint32_t i = 0; i < NODES; i++)
        for (uint32_t j = 0; j < i; j++) {
            double xi, yi, xj, yj;
            vo_synth_position(&o, i, &xi, &yi);
            vo_synth_position(&o, j, &xj, &yj);
            const double km = hypot(xi - xj, yi - yj);
            const double r =
                vo_moments_correlation(s[i]->column[3].value, s[j]->column[3].value, s[i]->n);
            all = vo_moments_correlation(s[i]->column[0].value, s[j]->column[0].value, s[i]->n);
            cr_expect_gt(all, 0.2, "prices share their energy part: %g", all);
            if (km > 100 && km < 700) continue;
            sum[km >= 700] += r;
            n[km >= 700]++;
        }
    cr_assert(n[0] >= 10 && n[1] >= 10, "%zu %zu", n[0], n[1]);
    cr_expect_gt(sum[0] / (double)n[0], 0.6, "near: %g", sum[0] / (double)n[0]);
    cr_expect_lt(sum[1] / (double)n[1], 0.25, "far: %g", sum[1] / (double)n[1]);
    for (uint32_t k = 0; k < NODES; k++) vo_series_free(s[k]);
}

/* Beyond its threshold a normal mix exceeds it by phi(q)/p - q on average: 0.1415 / 0.075
 * - 1.4395 = 0.447 for p = 0.75 * 0.10. Amounts begin at 0.5 and grow by 1.5 per unit: their
 * mean is 1.171, 2.34 times the least. */
Test(synth, congestion_begins_at_half_its_size_and_grows_with_the_excess) {
    vo_synth_options o = vo_synth_options_default();
    o.days = 7300;
    vo_series *s = make(o, 1);
    const double *g = s->column[3].value;
    double least = 1e9, sum = 0;
    size_t dear = 0, cheap = 0;
    for (size_t t = 0; t < s->n; t++) {
        cheap += g[t] < 0;
        if (!(g[t] > 0)) continue;
        least = fmin(least, g[t]);
        sum += g[t];
        dear++;
    }
    cr_expect_float_eq(sum / (double)dear / least, 2.34, 0.12);
    cr_expect_float_eq((double)dear / (double)(dear + cheap), 0.75, 0.06);
    vo_series_free(s);
}

/* Spikes come in spells: with the same number of them, days with one have neighbours with one.
 */
Test(synth, spikes_come_in_spells) {
    vo_synth_options o = vo_synth_options_default();
    o.days = 7300;
    o.zone = "UTC";
    o.noise = o.slow = o.negative_midday = o.pv_dip = o.season = o.weekend = 0;
    o.spike_per_day = 0.3;
    o.spike_height = 5;
    o.spike_tail = 0;
    vo_series *s = make(o, 0);
    size_t days = 0, both = 0;
    bool before = false;
    for (size_t d = 0; d < 7300; d++) {
        bool spike = false;
        for (size_t h = 0; h < 24; h++)
            spike = spike || s->column[1].value[24 * d + h] > 2.2 * o.level;
        days += spike;
        both += spike && before;
        before = spike;
    }
    const double share = (double)days / 7300;
    cr_expect(share > 0.08 && share < 0.35, "%g", share);
    cr_expect_gt((double)both / (double)days, 1.8 * share);
    vo_series_free(s);
}

Test(synth, floor_and_cap_bound_the_energy_part) {
    vo_synth_options o;
    cr_assert_eq(vo_synth_preset("aemo", &o, NULL), VO_OK);
    o.days = 60;
    o.floor_price = -20;
    o.cap_price = 300;
    vo_series *s = make(o, 0);
    const vo_moments m = moments(s, 1);
    cr_expect_float_eq(m.value[VO_MOMENT_min], -20, 0);
    cr_expect_float_eq(m.value[VO_MOMENT_max], 300, 0);
    cr_expect_eq(s->n, 60u * 288);
    vo_series_free(s);
}

/* Wide bands about what SOURCE.md of each real set states, and what bench/moments measured. */
Test(synth, presets_are_like_their_markets) {
    static const struct {
        const char *name;
        double mean, low, high, negative, ahead; /* mean, q05, q95, share < 0, lag of a day */
    } real[] = {{"mem", 930.6, 516, 1554, 0, 0.69},
                {"caiso", 58.7, 14.4, 131, 0.007, 0.88},
                {"aemo", 91.2, -34.8, 226, 0.185, 0.16}};
    for (size_t i = 0; i < 3; i++) {
        vo_synth_options o;
        cr_assert_eq(vo_synth_preset(real[i].name, &o, NULL), VO_OK);
        o.days = i == 2 ? 365 : 1460;
        vo_series *s = make(o, 0);
        const vo_moments m = moments(s, 0);
        const double *v = m.value;
        cr_expect_float_eq(v[VO_MOMENT_mean], real[i].mean, 0.3 * real[i].mean, "%s %g",
                           real[i].name, v[VO_MOMENT_mean]);
        cr_expect_float_eq(v[VO_MOMENT_q05], real[i].low, 0.15 * real[i].mean, "%s %g",
                           real[i].name, v[VO_MOMENT_q05]);
        cr_expect_float_eq(v[VO_MOMENT_q95], real[i].high, 0.3 * real[i].high, "%s %g",
                           real[i].name, v[VO_MOMENT_q95]);
        cr_expect_float_eq(v[VO_MOMENT_negative_share], real[i].negative, 0.06, "%s %g",
                           real[i].name, v[VO_MOMENT_negative_share]);
        cr_expect_float_eq(v[VO_MOMENT_lag_24h], real[i].ahead, 0.4, "%s %g", real[i].name,
                           v[VO_MOMENT_lag_24h]);
        vo_series_free(s);
    }
    vo_error err = {0};
    vo_synth_options o;
    cr_expect_eq(vo_synth_preset("nyiso", &o, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "caiso"), "%s", err.msg);
}

Test(synth, same_seed_same_bits_and_nodes_do_not_depend_on_each_other) {
    const vo_synth_options o = vo_synth_options_default();
    vo_synth_options other = o;
    size_t n = 0;
    other.seed = 2;
    cr_assert_eq(vo_synth_count(&o, &n, NULL), VO_OK);
    double *fleet = malloc(4 * n * sizeof *fleet);
    cr_assert_eq(vo_synth_fleet(&o, 5, 4, fleet, NULL), VO_OK);
    for (uint32_t k = 0; k < 4; k++) {
        vo_series *s = make(o, 5 + k), *t = make(other, 5 + k);
        cr_assert_eq(memcmp(s->column[0].value, fleet + k * n, n * sizeof(double)), 0);
        cr_assert_neq(memcmp(t->column[0].value, fleet + k * n, n * sizeof(double)), 0);
        vo_series_free(s);
        vo_series_free(t);
    }
    cr_assert_neq(memcmp(fleet, fleet + n, n * sizeof(double)), 0);
    free(fleet);
}

/* Over twenty years: each option's share within a few standard errors of what it says. */
Test(synth, the_shape_is_what_the_options_say) {
    vo_synth_options o = vo_synth_options_default();
    o.days = 7300;
    o.zone = "-06:00";
    vo_series *s = make(o, 1);
    const double *energy = vo_series_find(s, "energy"), *g = vo_series_find(s, "congestion");
    double evening = 0, night = 0, congested = 0;
    size_t dips = 0;
    for (size_t t = 0; t < s->n; t++) {
        evening += t % 24 == 20 ? energy[t] : 0;
        night += t % 24 == 3 ? energy[t] : 0;
        congested += fabs(g[t]) > 0;
        dips += t % 24 == 13 && energy[t] < 0;
    }
    cr_assert_gt(evening, 1.3 * night);
    cr_assert_float_eq(congested / (double)s->n, o.congested_share, 0.02);
    cr_assert_float_eq((double)dips / 7300, o.negative_midday, 0.03);
    vo_series_free(s);
    o.negative_midday = o.spike_per_day = o.congested_share = o.noise = o.slow = 0;
    s = make(o, 1);
    for (size_t t = 0; t < s->n; t++)
        cr_assert(s->column[0].value[t] > 0.25 * o.level &&
                  s->column[0].value[t] < 2 * o.level);
    vo_series_free(s);
}

Test(synth, options_outside_their_domain_are_named) {
    const vo_synth_options ok = vo_synth_options_default();
    vo_synth_options bad[10];
    for (int i = 0; i < 10; i++) bad[i] = ok;
    bad[8].spike_tail = 1;
    bad[9].latitude = (double)NAN;
    bad[0].year = 1900;
    bad[1].interval_minutes = 7;
    bad[2].level = (double)NAN;
    bad[3].noise = -1;
    bad[4].negative_midday = 25;
    bad[5].congested_share = 1;
    bad[6].zone = "Mars/Olympus";
    bad[7].days = -1;
    static const char *const name[] = {"year",
                                       "interval_minutes",
                                       "level",
                                       "noise",
                                       "negative_midday",
                                       "congested_share",
                                       "Mars/Olympus",
                                       "days",
                                       "spike_tail",
                                       "latitude"};
    for (int i = 0; i < 10; i++) {
        vo_series *s = NULL;
        vo_error err = {0};
        cr_assert_neq(vo_synth_series(&bad[i], 0, &s, &err), VO_OK);
        cr_assert(strstr(err.msg, name[i]) && !s, "%s", err.msg);
    }
}
