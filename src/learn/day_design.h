/* day_design.h -- what is known before a day's prices are set, as one row of numbers: the inputs
 * of a linear model of the 24 prices (Uniejewski, Nowotarski, Weron 2016; Lago et al. 2021).
 *
 *     prices of days d-1, d-2, d-3, d-7                           24 each
 *     each exogenous column of days d, d-1, d-7                   24 each
 *     a mark for the day of the week, one for a holiday           7 + 1
 * Marks are 0 or 1 and stand last. A missing hour is the same hour of the latest day before that
 * has it, within a week; NAN if none has.
 */
#ifndef VO_LEARN_DAY_DESIGN_H
#define VO_LEARN_DAY_DESIGN_H

#include <stdbool.h>

#include "learn/day_table.h"

#define VO_DAY_DESIGN_FIRST 7 /* the first day that has all inputs */

#define VO_DAY_DESIGN_PRICES 96 /* the first columns are prices */

size_t vo_day_design_width(size_t n_exog); /* columns of a row */
size_t vo_day_design_marks(void);          /* of which the last are marks */

/* row[width]; reads prices of days < day and exogenous rows of days <= day. */
void vo_day_design_row(const vo_day_table *t, size_t day, double *row);

/* Where prices are and how far they move, just before the day. Measured from there, years that
 * were dear and years that were cheap are one sample. */
typedef struct {
    double centre; /* mean of the last centre_days; 0 if that is 0                            */
    double spread; /* > 0: mean distance of the last spread_days from there; 1 if that is 0   */
} vo_day_level;

vo_day_level vo_day_design_level(const vo_day_table *t, size_t day, size_t centre_days,
                                 size_t spread_days);

/* Are all 24 prices of the day known? */
bool vo_day_design_has_prices(const vo_day_table *t, size_t day);

#endif
