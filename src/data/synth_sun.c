/* synth_sun.c -- see synth_sun.h.
 *
 *   declination, equation   Astronomical Almanac, "low precision formulas for the Sun":
 *     of time, distance       0.01 degrees, 0.1 minutes in 1950 .. 2050
 *   clear sky               GHI = 1098 s exp(-0.059 / s), s = sin(elevation)
 *                             Haurwitz 1945, 1946
 *   clouds                  GHI (1 - 0.75 c^3.4)                      Kasten, Czeplak 1980
 *   diffuse                 share of GHI by clearness                 Erbs, Klein, Duffie 1982
 *   plane                   DNI cos(incidence) + DHI (1 + cos b)/2 + 0.2 GHI (1 - cos b)/2
 *                             Liu, Jordan 1963
 *   cell                    T + POA (NOCT - 20) / 800                 Ross 1976
 */
#include "data/synth_sun.h"

#include <math.h>

#include "data/synth_math.h"

#define RAD (VO_SYNTH_PI / 180)
#define J2000_S INT64_C(946728000) /* 2000-01-01T12:00Z */
#define SOLAR_W_M2 1361.0          /* total solar irradiance, Kopp and Lean 2011 */
#define INVERTER 0.96              /* AC per DC, as PVWatts version 5 has it */

vo_synth_sun vo_synth_sun_at(double latitude, double longitude, int64_t utc_s) {
    const double n = (double)(utc_s - J2000_S) / 86400;
    const double mean = (280.460 + 0.9856474 * n) * RAD; /* longitude of a sun of even pace */
    const double g = (357.528 + 0.9856003 * n) * RAD;
    const double lambda = mean + (1.915 * vo_synth_sin(g) + 0.020 * vo_synth_sin(2 * g)) * RAD;
    const double tilt = (23.439 - 4e-7 * n) * RAD;
    const double sin_lambda = vo_synth_sin(lambda);
    const double ascension =
        vo_synth_atan2(vo_synth_cos(tilt) * sin_lambda, vo_synth_cos(lambda));
    const double early = remainder(mean - ascension, 2 * VO_SYNTH_PI); /* equation of time */
    const double far = 1.00014 - 0.01671 * vo_synth_cos(g) - 0.00014 * vo_synth_cos(2 * g);
    vo_synth_sun sun = {
        .declination = vo_synth_asin(vo_synth_sin(tilt) * sin_lambda),
        .hour_angle = remainder((n - floor(n)) * 2 * VO_SYNTH_PI + longitude * RAD + early,
                                2 * VO_SYNTH_PI),
        .extra_w_m2 = SOLAR_W_M2 / (far * far),
        .sin_latitude = vo_synth_sin(latitude * RAD),
        .cos_latitude = vo_synth_cos(latitude * RAD)};
    sun.sin_elevation =
        sun.sin_latitude * vo_synth_sin(sun.declination) +
        sun.cos_latitude * vo_synth_cos(sun.declination) * vo_synth_cos(sun.hour_angle);
    return sun;
}

double vo_synth_day_length_h(double latitude, double declination) {
    const double sines = vo_synth_sin(latitude * RAD) * vo_synth_sin(declination);
    const double cosines = vo_synth_cos(latitude * RAD) * vo_synth_cos(declination);
    if (sines >= fabs(cosines)) return 24;
    if (-sines >= fabs(cosines)) return 0;
    const double sunset = VO_SYNTH_PI / 2 + vo_synth_asin(sines / cosines); /* acos(-x) */
    return 24 * sunset / VO_SYNTH_PI;
}

/* Erbs: diffuse share of global by the clearness index k. */
static double diffuse_share(double k) {
    if (k <= 0.22) return 1 - 0.09 * k;
    if (k > 0.80) return 0.165;
    return 0.9511 + k * (-0.1604 + k * (4.388 + k * (-16.638 + k * 12.336)));
}

vo_synth_light vo_synth_light_at(const vo_synth_sun *sun, double cloud) {
    const double s = sun->sin_elevation;
    if (s <= 0) return (vo_synth_light){0};
    const double dim = cloud > 0 ? 0.75 * vo_synth_exp(3.4 * vo_synth_log(cloud)) : 0;
    const double ghi = 1098 * s * vo_synth_exp(-0.059 / s) * (1 - dim);
    const double share = diffuse_share(ghi / (sun->extra_w_m2 * s));
    const double direct = ghi * (1 - share); /* on the horizontal */
    return (vo_synth_light){ghi, direct / s, ghi - direct};
}

vo_synth_panel vo_synth_panel_default(double latitude) {
    return (vo_synth_panel){.peak_kw = 1,
                            .tilt_deg = fmin(fabs(latitude), 60),
                            .azimuth_deg = latitude >= 0 ? 180 : 0,
                            .loss = 0.14,
                            .noct_c = 45,
                            .per_c = -0.004};
}

vo_synth_direction vo_synth_sun_direction(const vo_synth_sun *sun) {
    const double sd = vo_synth_sin(sun->declination), cd = vo_synth_cos(sun->declination);
    const double ch = vo_synth_cos(sun->hour_angle), sh = vo_synth_sin(sun->hour_angle);
    return (vo_synth_direction){.east = -cd * sh,
                                .north = sd * sun->cos_latitude - cd * ch * sun->sin_latitude,
                                .up = sun->sin_elevation};
}

vo_synth_direction vo_synth_panel_normal(const vo_synth_panel *p) {
    const double sin_tilt = vo_synth_sin(p->tilt_deg * RAD);
    return (vo_synth_direction){.east = sin_tilt * vo_synth_sin(p->azimuth_deg * RAD),
                                .north = sin_tilt * vo_synth_cos(p->azimuth_deg * RAD),
                                .up = vo_synth_cos(p->tilt_deg * RAD)};
}

static double plane_w_m2(const vo_synth_direction *normal, const vo_synth_direction *sun,
                         vo_synth_light light) {
    const double incidence =
        normal->up * sun->up + normal->east * sun->east + normal->north * sun->north;
    return light.dni_w_m2 * fmax(incidence, 0) + light.dhi_w_m2 * (1 + normal->up) / 2 +
           0.2 * light.ghi_w_m2 * (1 - normal->up) / 2;
}

double vo_synth_plane_w_m2(const vo_synth_panel *p, const vo_synth_sun *sun,
                           vo_synth_light light) {
    if (sun->sin_elevation <= 0) return 0;
    const vo_synth_direction normal = vo_synth_panel_normal(p);
    const vo_synth_direction towards = vo_synth_sun_direction(sun);
    return plane_w_m2(&normal, &towards, light);
}

double vo_synth_panel_towards_kw(const vo_synth_panel *p, const vo_synth_direction *normal,
                                 const vo_synth_direction *sun, vo_synth_light light,
                                 double temperature_c) {
    const double plane = sun->up > 0 ? plane_w_m2(normal, sun, light) : 0;
    if (plane <= 0) return 0;
    const double cell_c = temperature_c + plane * (p->noct_c - 20) / 800;
    const double dc =
        p->peak_kw * plane / 1000 * (1 + p->per_c * (cell_c - 25)) * (1 - p->loss);
    const double limit = p->inverter_kw > 0 ? p->inverter_kw : 1.2 * p->peak_kw;
    return fmin(fmax(dc * INVERTER, 0), limit);
}

double vo_synth_panel_kw(const vo_synth_panel *p, const vo_synth_sun *sun, vo_synth_light light,
                         double temperature_c) {
    if (sun->sin_elevation <= 0) return 0;
    const vo_synth_direction normal = vo_synth_panel_normal(p);
    const vo_synth_direction towards = vo_synth_sun_direction(sun);
    return vo_synth_panel_towards_kw(p, &normal, &towards, light, temperature_c);
}
