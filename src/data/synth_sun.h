/* synth_sun.h -- where the sun stands, what a clear sky lets through, what a panel makes of it.
 *
 * Angles in radians, irradiance in W/m2, power in kW. Pure functions; same bits on every
 * machine (synth_math.h). Equations and sources: synth_sun.c, docs/models/synth.md.
 */
#ifndef VO_DATA_SYNTH_SUN_H
#define VO_DATA_SYNTH_SUN_H

#include <stdint.h>

typedef struct {
    double declination;   /* north is positive                                            */
    double hour_angle;    /* 0 at solar noon, positive in the afternoon                   */
    double sin_elevation; /* < 0 at night; no refraction                                  */
    double sin_latitude, cos_latitude;
    double extra_w_m2; /* on a surface that faces the sun, above the atmosphere        */
} vo_synth_sun;

/* Degrees north and east. */
vo_synth_sun vo_synth_sun_at(double latitude, double longitude, int64_t utc_s);

/* Hours from sunrise to sunset of the sun's centre, 0..24. */
double vo_synth_day_length_h(double latitude, double declination);

typedef struct {
    double ghi_w_m2, dni_w_m2,
        dhi_w_m2; /* global, direct normal, diffuse: ghi = dni sin + dhi */
} vo_synth_light;

/* Clear sky (Haurwitz), dimmed by cloud cover 0..1 (Kasten-Czeplak), split (Erbs). 0 at night.
 */
vo_synth_light vo_synth_light_at(const vo_synth_sun *sun, double cloud);

typedef struct {
    double peak_kw;     /* of the panels at 1000 W/m2 and 25 C             */
    double tilt_deg;    /* 0: flat                                         */
    double azimuth_deg; /* where it looks: 0 north, 90 east, 180 south     */
    double inverter_kw; /* AC output is clipped here; 0: 1.2 times peak_kw */
    double loss;        /* 0.14, wiring, dust, mismatch                    */
    double noct_c;      /* 45, cell temperature at 800 W/m2 and 20 C       */
    double per_c;       /* -0.004, change of power per degree              */
} vo_synth_panel;

vo_synth_panel vo_synth_panel_default(double latitude); /* 1 kW, towards the equator */

/* Where the sun stands, where a panel looks: unit vectors. For many panels under one sun. */
typedef struct {
    double east, north, up;
} vo_synth_direction;

vo_synth_direction vo_synth_sun_direction(const vo_synth_sun *sun);
vo_synth_direction vo_synth_panel_normal(const vo_synth_panel *p);

/* Irradiance on the panel's plane, isotropic sky, ground albedo 0.2. */
double vo_synth_plane_w_m2(const vo_synth_panel *p, const vo_synth_sun *sun,
                           vo_synth_light light);

/* AC power. */
double vo_synth_panel_kw(const vo_synth_panel *p, const vo_synth_sun *sun, vo_synth_light light,
                         double temperature_c);

/* The same with both directions at hand. */
double vo_synth_panel_towards_kw(const vo_synth_panel *p, const vo_synth_direction *normal,
                                 const vo_synth_direction *sun, vo_synth_light light,
                                 double temperature_c);

#endif
