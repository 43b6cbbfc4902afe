/* series.h -- prices and other columns over time, in the market's own days.
 *
 * Time:   vo_time is seconds since 1970-01-01T00:00:00Z. Intervals are labelled by their start.
 * Day:    the market's local calendar day by IANA zone: 23, 24 or 25 hours long.
 * Shape:  all arrays are [n] and owned by the series; columns are named.
 * Threads: read-only after it is built; may then be shared.
 */
#ifndef VO_GRID_SERIES_H
#define VO_GRID_SERIES_H

#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

#include "base/alloc.h"
#include "base/zone.h"

typedef struct {
    int64_t s;
} vo_time;

#define VO_SERIES_MAX_COLUMNS 64
#define VO_COLUMN_NAME 64

typedef struct {
    char name[VO_COLUMN_NAME];
    double *value; /* [n]; NAN where missing */
} vo_column;

typedef struct {
    const vo_alloc *alloc;
    size_t n;
    vo_time *start; /* [n] strictly increasing                                    */
    double *dt_h;   /* [n] > 0: to the next start; the last one repeats           */
    int32_t *day;   /* [n] local-day number, 0 for the first day, non-decreasing  */
    size_t n_columns;
    vo_column column[VO_SERIES_MAX_COLUMNS];
    char zone[64];     /* IANA name, "UTC" if none was given                         */
    char currency[16]; /* "MXN", "EUR", ... "" if not known                          */
    char unit[16];     /* of the first column: "MWh" (currency per it), "kW", "C"... */
    char label[128];   /* "MEM MDA APATZINGAN", a file name, ...: for people         */
} vo_series;

/* Zeroed times and `n_columns` columns of NAN named by `names`. *out is the caller's.
 * VO_EINVAL: n == 0, n > 10 000 000 or too many columns. VO_ENOMEM. */
vo_status vo_series_create(size_t n, const char *const *names, size_t n_columns,
                           const vo_alloc *alloc, vo_series **out, vo_error *err);
void vo_series_free(vo_series *s); /* accepts NULL */

/* The column's values or NULL. Names compare without case. */
double *vo_series_find(const vo_series *s, const char *name);

/* The column's values, or VO_ENOTFOUND naming the columns there are. */
vo_status vo_series_column(const vo_series *s, const char *name, const double **out,
                           vo_error *err);

/* VO_EINVAL, naming index and time stamp, if starts are not strictly increasing, a length is
 * not positive, or day numbers go back. */
vo_status vo_series_check(const vo_series *s, vo_error *err);

/* First interval that starts at or after `at`; s->n if none does. */
size_t vo_series_lower_bound(const vo_series *s, vo_time at);

/* Numbers s->day by the zone's calendar, the first interval's day being 0. */
void vo_series_number_days(vo_series *s, const vo_zone *zone);

/* The part of `s` with from <= start < to, copied, day numbers from 0. VO_ENOTFOUND if empty.
 */
vo_status vo_series_slice(const vo_series *s, vo_time from, vo_time to, vo_series **out,
                          vo_error *err);

/* `s` with `more` intervals of its last length behind it, NAN in every column, days numbered on
 * by the zone: room for what is to be forecast. VO_EINVAL: too long; VO_ENOMEM. */
vo_status vo_series_extend(const vo_series *s, size_t more, const vo_zone *zone,
                           vo_series **out, vo_error *err);

#endif
