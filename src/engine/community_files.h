/* community_files.h -- metered homes from a folder in CityLearn's layout.
 *
 * Building_*.csv   a home per file: non_shiftable_load (kWh per hour), solar_generation (W per kW of
 *                  panels; absent: none), month, hour (1..24, hour-ending), day_type (1 Monday ..
 *                  7 Sunday, 8 holiday), in any order of columns; an hour per row
 * pricing.csv      electricity_pricing, currency/kWh imported. Absent: no prices
 * weather.csv      outdoor_dry_bulb_temperature, diffuse_ and direct_solar_irradiance. Absent: none
 * schema.json      of each home: panels (nominal_power, kW) and battery. Absent: panels of 4 kW
 *
 * Rows of one number are one hour in all files; prices and weather may go on longer.
 * Times: local standard time, every day of 24 hours (zone Etc/GMT+8: California without summer
 * time). Year and day of the month are not in the files: see vo_metered_first_hour.
 * What is said to be known ahead is what was measured a day before: the *_predicted_* columns of
 * the published files are the measured values of later hours to the last digit, and nobody knows
 * those.
 */
#ifndef VO_ENGINE_COMMUNITY_FILES_H
#define VO_ENGINE_COMMUNITY_FILES_H

#include "community/homes.h"

#define VO_METERED_ZONE "Etc/GMT+8"
#define VO_METERED_PANELS_KW 4.0 /* where nothing says how large they are */
#define VO_METERED_HOMES 100000u

typedef struct {
    char name[64];    /* "Building_3" */
    double pv_kw;     /* of panels    */
    bool included;    /* false: the schema leaves it out                      */
    bool has_battery; /* the schema was asked; capacity 0: it has none    */
    vo_home_battery battery;
    float *load_kwh, *pv_kwh; /* [hours] kWh per hour */
} vo_metered_home;

typedef struct {
    size_t homes, hours;
    vo_metered_home *home;                   /* [homes] by the number in their names */
    int64_t first_s;                         /* UTC, where the first hour begins     */
    double *price;                           /* [hours] or NULL                      */
    double *temperature_c, *irradiance_w_m2; /* [hours] of a day before, or NULL     */
} vo_community_files;

/* most: homes at most, 0: all. VO_ENOTFOUND: no building there, or fewer than `most`; VO_EINVAL
 * names file, line, column, value and remedy. */
vo_status vo_community_files_load(const char *folder, size_t most, vo_community_files *out,
                                  vo_error *err);
void vo_community_files_fini(vo_community_files *f); /* accepts a zeroed one */

/* What schema.json says of the home of a file ("Building_3.csv"): panels, battery, included.
 * Unknown buildings stay as they are. name: of the schema, for messages. */
vo_status vo_metered_schema(const char *name, const char *text, size_t len, const char *file,
                            vo_metered_home *home, vo_error *err);

/* When the first of `hours` hours begins, local seconds since 1970-01-01, from calendar columns:
 * month (NULL: 31 July 2016 24:00, where CityLearn's year begins), hour (1..24; NULL: from 1 on),
 * day_type (or NULL). The day is told from where the month changes, else from the first day of the
 * month with that day_type. The year is 2016 or the nearest one whose weekdays and months agree. */
int64_t vo_metered_first_hour(const double *month, const double *hour, const double *day_type,
                              size_t hours);

#endif
