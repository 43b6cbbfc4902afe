/* forecaster.h -- the seam "what will the price be?".
 *
 * A forecaster reads the calendar of a series (starts, days, zone), the prices known so far
 * and, if it is made for that, named columns; never the prices to come. The history it is
 * handed holds NAN from `known` on, so that a forecaster that looks ahead finds nothing.
 * Columns of the series beside the price that are known ahead (known_ahead.h: forecasts of load,
 * wind, ...) are known for the whole of the local day that begins, and never used beyond the
 * days asked for; others are not read. Asked at midnight nothing of that is early; asked within
 * a day about the next, gbt reads its columns from noon on (VO_KNOWN_AHEAD_MINUTE), the
 * day-ahead models ensemble and lear take them as known, up to half a day early.
 *
 * One that learns is fitted on a stretch of history, or loaded, before it can say anything, and
 * may refit itself as days become known (vo_learning.recalibrate_days).
 *
 * To add one: write forecaster_NAME.c with a vo_forecaster_ops and a create function, and add
 * a line to VO_FORECASTER_MAP. tests/unit/learn/test_forecaster.c runs over the whole list.
 *
 * Threads: one owner at a time. predict of one that does not learn allocates nothing.
 */
#ifndef VO_LEARN_FORECASTER_H
#define VO_LEARN_FORECASTER_H

#include <stdbool.h>

#include "base/artefact.h"
#include "grid/series.h"
#include "learn/learning.h"

enum { VO_FORECASTER_LEARNS = 1u /* must be fitted or loaded first */ };

/* name, create function, flags, what people read. A name may take an argument: "column=DNN";
 * of one that learns it names a trained model: "gbt=price_prediction_15m@champion". */
// clang-format off
#define VO_FORECASTER_MAP(X)                                                                 \
    X(naive_day,  vo_forecaster_create_naive_day,  0u, "yesterday's price at the same local hour") \
    X(naive_week, vo_forecaster_create_naive_week, 0u, "last week's price at the same local hour") \
    X(epf_naive,  vo_forecaster_create_epf_naive,  0u, "previous day Tue-Fri, previous week Sat-Mon") \
    X(column,     vo_forecaster_create_column,     0u, "column=NAME: a column of the price file") \
    X(ensemble,   vo_forecaster_create_ensemble,   VO_FORECASTER_LEARNS, "day-ahead models with weights learned online") \
    X(lear,       vo_forecaster_create_lear,       VO_FORECASTER_LEARNS, "day-ahead lassos over several windows") \
    X(gbt,        vo_forecaster_create_gbt,        VO_FORECASTER_LEARNS, "boosted trees, a model per horizon") \
    X(profile,    vo_forecaster_create_profile,    0u, "what this time of day usually is, and how the last hours differ") \
    X(load_gbt,   vo_forecaster_create_load_gbt,   VO_FORECASTER_LEARNS, "loads of homes: boosted trees on what profile leaves over")
// clang-format on

typedef struct vo_forecaster vo_forecaster;

typedef struct {
    const char *name;
    /* See vo_forecaster_predict. */
    vo_status (*predict)(vo_forecaster *f, const double *history, size_t known, size_t from,
                         size_t to, double *out, size_t *filled, vo_error *err);
    void (*free)(vo_forecaster *f); /* accepts half-built objects */
    /* The rest may be NULL: */
    vo_status (*quantiles)(vo_forecaster *f, const double *history, size_t known, size_t from,
                           size_t to, const double *level, size_t n_levels, double *out,
                           vo_error *err);
    vo_status (*fit)(vo_forecaster *f, const double *history, size_t until, vo_error *err);
    vo_status (*save)(const vo_forecaster *f, vo_artefact_out *out, vo_error *err);
    vo_status (*load)(vo_forecaster *f, vo_artefact *in, vo_error *err);
    /* What load would read, ready (vo_learning.ready) and borrowed; *taken false: there is nothing
     * for this one, load it. */
    vo_status (*take)(vo_forecaster *f, const vo_learned *ready, bool *taken, vo_error *err);
} vo_forecaster_ops;

/* A back-end puts this first in its own struct. */
struct vo_forecaster {
    const vo_forecaster_ops *ops;
    const vo_alloc *alloc;
    size_t n; /* intervals of the series */
};

/* Is there one of that name? VO_EINVAL lists the names; arguments are not looked at. */
vo_status vo_forecaster_check(const char *spec, vo_error *err);

/* `spec` is "NAME" or "NAME=ARGUMENT". The series is borrowed and must outlive *out, which is
 * the caller's: vo_forecaster_free; so must the world (NULL: defaults; else its
 * alloc must be given). A learner with an
 * argument is loaded here. VO_EINVAL lists the names; VO_ENOTFOUND the columns or models. */
vo_status vo_forecaster_create(const char *spec, const vo_series *series,
                               const vo_learning *world, vo_forecaster **out, vo_error *err);
void vo_forecaster_free(vo_forecaster *f); /* accepts NULL */

bool vo_forecaster_learns(const char *spec); /* false for unknown names */
bool vo_forecaster_can_fit(const vo_forecaster *f);

/* Learns from history[0 .. until), NAN: missing. What was fitted before is forgotten. Does
 * nothing for one that does not learn. VO_EINVAL says how long a history is needed. */
vo_status vo_forecaster_fit(vo_forecaster *f, const double *history, size_t until,
                            vo_error *err);

/* Fills out[to - from] for intervals from..to-1, given history[0 .. known) (NAN: missing) and
 * known <= from < to <= n. Where nothing can be said yet, NAN. *filled grows by the values
 * that came from a fallback instead of the method's own rule. VO_EINVAL: it learns, and has
 * been neither fitted nor loaded. */
vo_status vo_forecaster_predict(vo_forecaster *f, const double *history, size_t known,
                                size_t from, size_t to, double *out, size_t *filled,
                                vo_error *err);

/* Quantiles at level[n_levels] (ascending, within 0..1) of the prices of from..to-1, into
 * out[to - from][n_levels], ascending in each row. VO_EUNSUPPORTED if it has none of its own
 * (forecaster_spread.h makes some from past errors of any forecaster). */
vo_status vo_forecaster_quantiles(vo_forecaster *f, const double *history, size_t known,
                                  size_t from, size_t to, const double *level, size_t n_levels,
                                  double *out, vo_error *err);

/* What was learned, and back: a fitted forecaster of the same name over any series of the same
 * step and columns continues where the saved one was; whether what is loaded ever refits itself,
 * vo_learning.refit_loaded says. VO_EUNSUPPORTED: learns nothing. */
vo_status vo_forecaster_save(const vo_forecaster *f, vo_artefact_out *out, vo_error *err);
vo_status vo_forecaster_load(vo_forecaster *f, vo_artefact *in, vo_error *err);

/* The same as a whole artefact: head, the forecaster's name, what save wrote. *bytes is malloc'ed:
 * free(). */
vo_status vo_forecaster_to_bytes(const vo_forecaster *f, void **bytes, size_t *len,
                                 vo_error *err);
/* What to_bytes begins with, for who writes the rest of a model of `name` alone. */
vo_status vo_forecaster_artefact(const char *name, vo_artefact_out **out, vo_error *err);
/* `path` is for messages. VO_EINVAL: damaged, or saved by another forecaster. */
vo_status vo_forecaster_from_bytes(vo_forecaster *f, const void *bytes, size_t len,
                                   const char *path, vo_error *err);
/* Which forecaster saved these bytes: its name as in VO_FORECASTER_MAP. */
#define VO_FORECASTER_NAME 32
vo_status vo_forecaster_name_in(const void *bytes, size_t len, const char *path,
                                char out[VO_FORECASTER_NAME], vo_error *err);
/* Opens them behind that name: what vo_forecaster_load reads; vo_artefact_close. */
vo_status vo_forecaster_open(const void *bytes, size_t len, const char *path,
                             char name[VO_FORECASTER_NAME], vo_artefact **out, vo_error *err);
/* from_bytes of the world's model of that name: what a constructor does with its argument. */
vo_status vo_forecaster_load_model(vo_forecaster *f, const vo_learning *world,
                                   const char *model, vo_error *err);

/* Until when what gbt saved had learned, behind the model: seconds since 1970 UTC; INT64_MIN: it
 * does not say. */
vo_status vo_forecaster_gbt_until(vo_artefact *in, int64_t *until_s, vo_error *err);

/* "naive_day, naive_week, ..." for messages and help. */
const char *vo_forecaster_names(void);

/* The constructors of the list above: argument is the text after '=', or NULL. `world` is never
 * NULL, nor its alloc (vo_forecaster_create asks for it). */
typedef vo_status vo_forecaster_maker(const char *argument, const vo_series *series,
                                      const vo_learning *world, vo_forecaster **out,
                                      vo_error *err);
#define X(name, create, flags, help) vo_forecaster_maker create;
VO_FORECASTER_MAP(X)
#undef X

#endif
