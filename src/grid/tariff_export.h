/* tariff_export.h -- what an exported kWh is worth, hour by hour, as a utility publishes it.
 *
 * California's Net Billing Tariff pays exports by vintage (the year of the application),
 * calendar year, month, weekday or weekend/holiday, and local hour: 12 x 2 x 24 values a year,
 * in parts (delivery, generation). Currency/kWh. After `exact_through` the publication itself
 * calls its table no longer exact: what is settled then may differ. Threads: read-only after it
 * is built; may be shared.
 */
#ifndef VO_GRID_TARIFF_EXPORT_H
#define VO_GRID_TARIFF_EXPORT_H

#include "grid/tariff.h"

#define VO_EXPORT_PARTS 4
#define VO_EXPORT_YEARS 64

typedef struct vo_export_table {
    char name[VO_TARIFF_NAME]; /* "NBT26" */
    vo_zone *zone;             /* owned; of hours and days */
    int32_t first_year, exact_through;
    size_t n_years, n_parts;
    char part_name[VO_EXPORT_PARTS][VO_TARIFF_NAME];
    double *value; /* owned: [year][part][month 0..11][vo_tariff_day][hour] */
    size_t n_holidays;
    int32_t holiday[VO_TARIFF_HOLIDAYS]; /* days since 1970-01-01, ascending */
} vo_export_table;

/* Values 0. VO_EINVAL: more parts or years than there may be. *out is the caller's. */
vo_status vo_export_table_create(const char *zone, int32_t first_year, size_t n_years,
                                 size_t n_parts, vo_export_table **out, vo_error *err);
vo_status vo_export_table_copy(const vo_export_table *x, vo_export_table **out, vo_error *err);
void vo_export_table_free(vo_export_table *x); /* accepts NULL */

double *vo_export_table_hours(const vo_export_table *x, size_t year, size_t part, size_t month,
                              vo_tariff_day day); /* [24] */

/* Values within -100..100, holidays ascending. VO_EINVAL naming year, month and hour. */
vo_status vo_export_table_check(const vo_export_table *x, vo_error *err);

/* The value of `part` at an instant; part == n_parts: of all parts together. When clocks go
 * back, the second of the two equal hours has the value of the hour after it.
 * VO_ENOTFOUND: a year that is not in the table. */
vo_status vo_export_table_value(const vo_export_table *x, size_t part, vo_time when,
                                double *out, vo_error *err);

#endif
