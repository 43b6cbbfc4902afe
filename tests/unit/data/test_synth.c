/* test_synth.c -- seeded, same bits, the shape that the options promise. */
#include "data/synth.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static vo_series *make(vo_synth_options o, uint32_t node) {
    vo_series *s = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_synth_series(&o, node, &s, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_series_check(s, NULL), VO_OK);
    return s;
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

Test(synth, price_is_energy_plus_loss_plus_congestion) {
    vo_series *s = make(vo_synth_options_default(), 3);
    const double *p = vo_series_find(s, "price"), *e = vo_series_find(s, "energy");
    const double *l = vo_series_find(s, "loss"), *g = vo_series_find(s, "congestion");
    for (size_t t = 0; t < s->n; t++)
        cr_assert_float_eq(p[t], e[t] + l[t] + g[t], 0.005 + 1e-9);
    vo_series_free(s);
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
    o.zone = "UTC";
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
    o.negative_midday = o.spike_per_day = o.congested_share = o.noise = 0;
    s = make(o, 1);
    for (size_t t = 0; t < s->n; t++)
        cr_assert(s->column[0].value[t] > 0.4 * o.level && s->column[0].value[t] < 2 * o.level);
    vo_series_free(s);
}

Test(synth, options_outside_their_domain_are_named) {
    const vo_synth_options ok = vo_synth_options_default();
    vo_synth_options bad[8];
    for (int i = 0; i < 8; i++) bad[i] = ok;
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
                                       "days"};
    for (int i = 0; i < 8; i++) {
        vo_series *s = NULL;
        vo_error err = {0};
        cr_assert_neq(vo_synth_series(&bad[i], 0, &s, &err), VO_OK);
        cr_assert(strstr(err.msg, name[i]) && !s, "%s", err.msg);
    }
}
