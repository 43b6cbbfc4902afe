/* day_table.h -- a series as whole local days of 24 hours: what day-ahead models learn on.
 *
 * Day-ahead prices are set for all hours of a day at once, so the sample is the day. Each local
 * day becomes one row of VO_DAY_HOURS values by wall clock: intervals shorter than an hour are
 * averaged; the skipped hour of a 23-hour day is the mean of its neighbours, the repeated one of
 * a 25-hour day their mean. Forecasts go back the same way: each interval takes the value of its
 * wall-clock hour.
 *
 * Shape: price [days][24], exog [n_exog][days][24]; NAN where nothing is known.
 * Threads: read-only after it is built.
 */
#ifndef VO_LEARN_DAY_TABLE_H
#define VO_LEARN_DAY_TABLE_H

#include "base/alloc.h"
#include "grid/series.h"

#define VO_DAY_HOURS 24
#define VO_DAY_MAX_EXOG 16

typedef struct {
    const vo_alloc *alloc;
    size_t n_days, n_exog;
    double *price;                 /* [n_days][24], by vo_day_table_reveal                   */
    double *exog[VO_DAY_MAX_EXOG]; /* [n_days][24] each                                      */
    char exog_name[VO_DAY_MAX_EXOG][VO_COLUMN_NAME];
    int64_t *date;    /* [n_days] local date, days since 1970-01-01                   */
    int32_t *weekday; /* [n_days] 0 = Monday                                          */
    uint8_t *holiday; /* [n_days] 1: a public holiday of the market (holidays.h)      */
    size_t *first;    /* [n_days + 1] first interval of the day in the series         */
    uint8_t *hour;    /* [n] wall-clock hour of each interval                         */
    uint8_t *skipped; /* [n_days] private                                             */
    size_t n;         /* intervals of the series                                      */
    size_t known;     /* intervals of the price revealed so far                       */
} vo_day_table;

/* Days, hours and the named columns of the series (its first column is the price and is not
 * read; left out are columns that are not known ahead, known_ahead.h, or have not a single value). Every column must hold what is published
 * before the day it is about. Prices are NAN until revealed. *out is the caller's:
 * vo_day_table_free. VO_EINVAL: intervals longer than an hour, too many days or columns;
 * VO_ENOTFOUND: no such zone; VO_ENOMEM. */
vo_status vo_day_table_create(const vo_series *series, const vo_alloc *alloc,
                              vo_day_table **out, vo_error *err);
void vo_day_table_free(vo_day_table *t); /* accepts NULL */

/* Takes over the days of history[0 .. known) that are complete and were not yet; others stay
 * NAN. A later call with fewer known forgets what came after. */
void vo_day_table_reveal(vo_day_table *t, const double *history, size_t known);

/* Day that interval t belongs to. */
size_t vo_day_table_day(const vo_day_table *t, size_t interval);

#endif
