/* local_hours.h -- hourly series over whole local days, for tests. */
#ifndef TESTS_SUPPORT_LOCAL_HOURS_H
#define TESTS_SUPPORT_LOCAL_HOURS_H

#include "grid/series.h"

/* `days` local days of `zone` from the local date year-month-day on, hourly, with one column
 * "price" (zeros) and, if not NULL, a second one of NAN named `extra`. Aborts on failure. */
vo_series *local_hours(const char *zone, int year, int month, int day, int days,
                       const char *extra);

#endif
