/* forecaster.h -- the seam "what will the price be?".
 *
 * A forecaster reads the calendar of a series (starts, days, zone), the prices known so far
 * and, if it is made for that, named columns; never the prices to come. The history it is
 * handed holds NAN from `known` on, so that a forecaster that looks ahead finds nothing.
 *
 * To add one: write forecaster_NAME.c with a vo_forecaster_ops and a create function, and add
 * a line to VO_FORECASTER_MAP. tests/unit/learn/test_forecaster.c runs over the whole list.
 *
 * Threads: one owner at a time. predict allocates nothing.
 */
#ifndef VO_LEARN_FORECASTER_H
#define VO_LEARN_FORECASTER_H

#include <stdbool.h>

#include "grid/series.h"

/* name, create function, what people read. A name may take an argument: "column=DNN". */
// clang-format off
#define VO_FORECASTER_MAP(X)                                                                 \
    X(naive_day,  vo_forecaster_create_naive_day,  "yesterday's price at the same local hour") \
    X(naive_week, vo_forecaster_create_naive_week, "last week's price at the same local hour") \
    X(epf_naive,  vo_forecaster_create_epf_naive,  "previous day Tue-Fri, previous week Sat-Mon") \
    X(column,     vo_forecaster_create_column,     "column=NAME: a column of the price file")
// clang-format on

typedef struct vo_forecaster vo_forecaster;

typedef struct {
    const char *name;
    /* See vo_forecaster_predict. */
    vo_status (*predict)(vo_forecaster *f, const double *history, size_t known, size_t from,
                         size_t to, double *out, size_t *filled, vo_error *err);
    void (*free)(vo_forecaster *f); /* accepts half-built objects */
} vo_forecaster_ops;

/* A back-end puts this first in its own struct. */
struct vo_forecaster {
    const vo_forecaster_ops *ops;
    const vo_alloc *alloc;
    size_t n; /* intervals of the series */
};

/* `spec` is "NAME" or "NAME=ARGUMENT". The series is borrowed and must outlive *out, which is
 * the caller's: vo_forecaster_free. VO_EINVAL lists the names; VO_ENOTFOUND the columns. */
vo_status vo_forecaster_create(const char *spec, const vo_series *series, const vo_alloc *alloc,
                               vo_forecaster **out, vo_error *err);
void vo_forecaster_free(vo_forecaster *f); /* accepts NULL */

/* Fills out[to - from] for intervals from..to-1, given history[0 .. known) (NAN: missing) and
 * known <= from < to <= n. Where nothing can be said yet, NAN. *filled grows by the values
 * that came from a fallback instead of the method's own rule. */
vo_status vo_forecaster_predict(vo_forecaster *f, const double *history, size_t known,
                                size_t from, size_t to, double *out, size_t *filled,
                                vo_error *err);

/* "naive_day, naive_week, ..." for messages and help. */
const char *vo_forecaster_names(void);

/* The constructors of the list above: argument is the text after '=', or NULL. */
typedef vo_status vo_forecaster_maker(const char *argument, const vo_series *series,
                                      const vo_alloc *alloc, vo_forecaster **out,
                                      vo_error *err);
#define X(name, create, help) vo_forecaster_maker create;
VO_FORECASTER_MAP(X)
#undef X

#endif
