/* test_synth_sun.c -- the sun against the almanac, light against physics. */
#include "data/synth_sun.h"

#include <criterion/criterion.h>
#include <math.h>

#include "base/civil.h"

#define DEG (180 / 3.14159265358979323846)

static int64_t utc(int32_t y, int32_t m, int32_t d, int32_t h, int32_t min) {
    const vo_civil c = {.year = y, .month = m, .day = d, .hour = h, .minute = min};
    return vo_civil_seconds(&c);
}

static double elevation(const vo_synth_sun *s) { return asin(s->sin_elevation) * DEG; }

/* Highest elevation of a UTC day and when, by minutes. */
static double noon(double latitude, double longitude, int64_t day_s, int64_t *when) {
    double best = -91;
    for (int64_t s = day_s; s < day_s + 86400; s += 60) {
        const vo_synth_sun sun = vo_synth_sun_at(latitude, longitude, s);
        if (elevation(&sun) <= best) continue;
        best = elevation(&sun);
        *when = s;
    }
    return best;
}

/* Declination: +-23.44 at the solstices, 0 at the equinoxes (almanac: 2024-03-20T03:07Z,
 * 2024-06-20T20:51Z, 2024-09-22T12:44Z, 2024-12-21T09:21Z). */
Test(synth_sun, solstices_and_equinoxes_are_those_of_the_almanac) {
    static const struct {
        int32_t month, day, hour, minute;
        double declination;
    } of[] = {
        {3, 20, 3, 7, 0}, {6, 20, 20, 51, 23.44}, {9, 22, 12, 44, 0}, {12, 21, 9, 21, -23.44}};
    for (int i = 0; i < 4; i++) {
        const vo_synth_sun s =
            vo_synth_sun_at(0, 0, utc(2024, of[i].month, of[i].day, of[i].hour, of[i].minute));
        cr_expect_float_eq(s.declination * DEG, of[i].declination, 0.02, "%g",
                           s.declination * DEG);
    }
}

Test(synth_sun, at_noon_it_stands_at_90_less_latitude_and_declination_apart) {
    static const double latitude[] = {-37.8, 0, 19.43, 37.67, 51.5};
    for (int i = 0; i < 5; i++)
        for (int32_t month = 6; month <= 12; month += 6) {
            int64_t when = 0;
            const double high = noon(latitude[i], 0, utc(2025, month, 21, 0, 0), &when);
            const double declination = month == 6 ? 23.44 : -23.44;
            cr_expect_float_eq(high, 90 - fabs(latitude[i] - declination), 0.1, "%g %d: %g",
                               latitude[i], (int)month, high);
        }
}

/* Equation of time (almanac): 11 February -14.2 min, 14 May +3.7, 26 July -6.5, 3 November
 * +16.4: noon at Greenwich is that much before 12:00. */
Test(synth_sun, noon_is_early_and_late_by_the_equation_of_time) {
    static const struct {
        int32_t month, day;
        double minutes;
    } of[] = {{2, 11, -14.2}, {5, 14, 3.7}, {7, 26, -6.5}, {11, 3, 16.4}};
    for (int i = 0; i < 4; i++) {
        const vo_synth_sun s =
            vo_synth_sun_at(51.5, 0, utc(2025, of[i].month, of[i].day, 12, 0));
        cr_expect_float_eq(s.hour_angle * DEG * 4, of[i].minutes, 0.15, "%g",
                           s.hour_angle * DEG * 4);
    }
    /* Longitude: four minutes per degree. */
    const vo_synth_sun west = vo_synth_sun_at(19, -99, utc(2025, 5, 14, 12, 0) + 99 * 240);
    cr_expect_float_eq(west.hour_angle * DEG * 4, 3.7, 0.15);
}

Test(synth_sun, days_are_as_long_as_the_pole_is_tilted) {
    const double tilt = 23.44 / DEG;
    cr_expect_float_eq(vo_synth_day_length_h(0, tilt), 12, 1e-9);
    cr_expect_float_eq(vo_synth_day_length_h(51.5, 0), 12, 1e-9);
    /* acos(-tan 51.5 tan 23.44) = 123.04 degrees: 16.405 h; London's almanac, with refraction
     * and the sun's width, says 16 h 38 min */
    cr_expect_float_eq(vo_synth_day_length_h(51.5, tilt), 16.405, 0.002);
    cr_expect_float_eq(vo_synth_day_length_h(51.5, -tilt), 24 - 16.405, 0.002);
    cr_expect_float_eq(vo_synth_day_length_h(70, tilt), 24, 0);
    cr_expect_float_eq(vo_synth_day_length_h(70, -tilt), 0, 0);
    cr_expect_float_eq(vo_synth_day_length_h(-70, -tilt), 24, 0);
    int above = 0; /* minutes with the sun above the horizon */
    for (int64_t s = utc(2025, 6, 21, 0, 0); s < utc(2025, 6, 22, 0, 0); s += 60)
        above += vo_synth_sun_at(51.5, 0, s).sin_elevation > 0;
    cr_expect_float_eq(above / 60.0, 16.405, 0.05);
}

Test(synth_sun, light_is_split_without_loss_and_below_what_is_above_the_air) {
    for (int64_t s = utc(2025, 1, 1, 0, 0); s < utc(2026, 1, 1, 0, 0); s += 1237) {
        const vo_synth_sun sun = vo_synth_sun_at(37.67, -122.12, s);
        double before = 1e9;
        for (double cloud = 0; cloud <= 1; cloud += 0.25) {
            const vo_synth_light l = vo_synth_light_at(&sun, cloud);
            const double above = sun.extra_w_m2 * fmax(sun.sin_elevation, 0);
            cr_assert(l.ghi_w_m2 >= 0 && l.ghi_w_m2 <= above);
            cr_assert(l.dni_w_m2 >= 0 && l.dni_w_m2 <= sun.extra_w_m2);
            cr_assert(l.dhi_w_m2 >= 0 && l.dhi_w_m2 <= l.ghi_w_m2);
            cr_assert_float_eq(l.dni_w_m2 * fmax(sun.sin_elevation, 0) + l.dhi_w_m2, l.ghi_w_m2,
                               1e-9);
            cr_assert(l.ghi_w_m2 <= before);
            before = l.ghi_w_m2;
            if (sun.sin_elevation <= 0) cr_assert_float_eq(l.ghi_w_m2, 0, 0);
        }
    }
    const vo_synth_sun high = {.sin_elevation = 1, .extra_w_m2 = 1361};
    cr_expect_float_eq(vo_synth_light_at(&high, 0).ghi_w_m2, 1098 * exp(-0.059), 1e-9);
    cr_expect_float_eq(vo_synth_light_at(&high, 1).ghi_w_m2, 0.25 * 1098 * exp(-0.059), 1e-9);
}

/* Erbs at a clearness of 0.5: 0.9511 - 0.0802 + 1.097 - 2.07975 + 0.771 = 0.65915. */
Test(synth_sun, half_clear_light_is_two_thirds_diffuse) {
    const vo_synth_sun high = {.sin_elevation = 1, .extra_w_m2 = 1361};
    const double clear = 1098 * exp(-0.059);
    const double cloud = pow((1 - 0.5 * 1361 / clear) / 0.75, 1 / 3.4);
    const vo_synth_light l = vo_synth_light_at(&high, cloud);
    cr_expect_float_eq(l.ghi_w_m2, 680.5, 1e-6);
    cr_expect_float_eq(l.dhi_w_m2 / l.ghi_w_m2, 0.65915, 1e-9);
}

Test(synth_sun, a_flat_panel_sees_the_global_light_and_a_turned_one_its_own_half_of_the_day) {
    vo_synth_panel flat = vo_synth_panel_default(40), east = flat, west = flat;
    flat.tilt_deg = 0;
    east.tilt_deg = west.tilt_deg = 90;
    east.azimuth_deg = 90;
    west.azimuth_deg = 270;
    const vo_synth_light beam = {.dni_w_m2 = 800, .ghi_w_m2 = 0, .dhi_w_m2 = 0};
    for (int64_t s = utc(2025, 3, 20, 0, 0); s < utc(2025, 3, 21, 0, 0); s += 600) {
        const vo_synth_sun sun = vo_synth_sun_at(40, 0, s);
        const vo_synth_light l = vo_synth_light_at(&sun, 0.3);
        cr_assert_float_eq(vo_synth_plane_w_m2(&flat, &sun, l), l.ghi_w_m2, 1e-9);
        const double e = vo_synth_plane_w_m2(&east, &sun, beam);
        const double w = vo_synth_plane_w_m2(&west, &sun, beam);
        if (sun.sin_elevation <= 0.01) continue;
        if (sun.hour_angle < -0.05) cr_assert(e > 0 && w <= 0);
        if (sun.hour_angle > 0.05) cr_assert(w > 0 && e <= 0);
    }
    /* Towards the equator and tilted by the latitude: face to face with an equinox noon. */
    int64_t when = 0;
    noon(40, 0, utc(2025, 3, 20, 0, 0), &when);
    const vo_synth_sun sun = vo_synth_sun_at(40, 0, when);
    const vo_synth_panel p = vo_synth_panel_default(40);
    cr_expect_float_eq(vo_synth_plane_w_m2(&p, &sun, beam), 800, 1);
    const vo_synth_sun south = vo_synth_sun_at(-40, 0, when);
    const vo_synth_panel q = vo_synth_panel_default(-40);
    cr_expect_float_eq(vo_synth_plane_w_m2(&q, &south, beam), 800, 1);
}

/* 1000 W/m2 at 20 C: cell 20 + 1000 * 25 / 800 = 51.25 C, 0.895 of the peak, less 14 %, less 4
 * %. */
Test(synth_sun, panels_lose_to_heat_wires_and_inverter) {
    vo_synth_panel p = vo_synth_panel_default(40);
    p.tilt_deg = 0;
    p.peak_kw = 4;
    const vo_synth_sun sun = {.sin_elevation = 1, .extra_w_m2 = 1361};
    const vo_synth_light l = {.ghi_w_m2 = 1000, .dhi_w_m2 = 1000};
    const double kw = 4 * 0.895 * 0.86 * 0.96;
    cr_expect_float_eq(vo_synth_panel_kw(&p, &sun, l, 20), kw, 1e-12);
    cr_expect_lt(vo_synth_panel_kw(&p, &sun, l, 40), kw);
    p.inverter_kw = 2.5;
    cr_expect_float_eq(vo_synth_panel_kw(&p, &sun, l, 20), 2.5, 0, "clipped");
}
