/* day_member.h -- the seam "a model of tomorrow's 24 prices", members of an ensemble.
 *
 * Information: fit(day) may read prices of days < day and exogenous rows of days < day;
 * predict(day) prices of days < day and exogenous rows of days <= day (published before). The
 * table holds more than that when a whole history is evaluated: tests scramble the rest and
 * expect the same bits.
 *
 * fit may be called for later and later days (daily recalibration) and may start from what it
 * found before; a call for an earlier day begins anew. The result depends on the table, the
 * settings, the seed and the row of calls, never on threads or time.
 *
 * To add one: day_member_NAME.c, a line in VO_DAY_MEMBER_MAP; tests/unit/learn/
 * test_day_member.c runs over the list.
 *
 * Threads: one owner at a time; different members may run at once over one table.
 */
#ifndef VO_LEARN_DAY_MEMBER_H
#define VO_LEARN_DAY_MEMBER_H

#include <stdbool.h>

#include "base/artefact.h"
#include "learn/day_table.h"
#include "learn/learning.h"

/* X(name, create, help): lear is a lasso per hour, net a small network with a linear skip path,
 * gbt gradient boosting. Arguments after ':' as "KEY=VALUE,KEY=VALUE", e.g. "lear:days=84". */
// clang-format off
#define VO_DAY_MEMBER_MAP(X)                                                                 \
    X(lear, vo_day_member_create_lear, "a lasso per hour on prices and forecasts of the last week") \
    X(net,  vo_day_member_create_net,  "small networks with a linear skip path, averaged")      \
    X(gbt,  vo_day_member_create_gbt,  "boosted trees for all hours, on distances from the level of late")
// clang-format on

typedef struct vo_day_member vo_day_member;

typedef struct {
    const char *name;
    vo_status (*fit)(vo_day_member *m, const vo_day_table *t, size_t day, vo_error *err);
    vo_status (*predict)(vo_day_member *m, const vo_day_table *t, size_t day, double *out,
                         vo_error *err);
    vo_status (*save)(const vo_day_member *m, vo_artefact_out *out, vo_error *err);
    vo_status (*load)(vo_day_member *m, vo_artefact *in, vo_error *err);
    void (*free)(vo_day_member *m); /* accepts half-built objects */
} vo_day_member_ops;

struct vo_day_member {
    const vo_day_member_ops *ops;
    const vo_alloc *alloc;
};

/* *out is the caller's: vo_day_member_free. The table gives shapes only. VO_EINVAL lists names
 * and keys. */
vo_status vo_day_member_create(const char *spec, const vo_day_table *t,
                               const vo_learning *world, vo_day_member **out, vo_error *err);
void vo_day_member_free(vo_day_member *m); /* accepts NULL */

/* VO_EINVAL: too few days with prices before `day`, with how many are needed. */
vo_status vo_day_member_fit(vo_day_member *m, const vo_day_table *t, size_t day, vo_error *err);

/* out[24]; VO_EINVAL if never fitted nor loaded. A missing input is filled as the member's file
 * says; NAN only where no day before is known. */
vo_status vo_day_member_predict(vo_day_member *m, const vo_day_table *t, size_t day,
                                double *out, vo_error *err);

vo_status vo_day_member_save(const vo_day_member *m, vo_artefact_out *out, vo_error *err);
vo_status vo_day_member_load(vo_day_member *m, vo_artefact *in, vo_error *err);

const char *vo_day_member_names(void);

/* ---- for members -------------------------------------------------------------------- */

/* A number that the argument may set; *value holds its default. */
typedef struct {
    const char *name;
    double *value;
    double low, high; /* inclusive */
    bool whole;
} vo_day_member_key;

/* Reads "KEY=NUMBER,KEY=NUMBER" (or NULL) for member `name`. VO_EINVAL lists the keys, or names
 * key, value and range; values before the bad one are then already set. */
vo_status vo_day_member_arguments(const char *name, const char *argument,
                                  const vo_day_member_key *key, size_t n, vo_error *err);

typedef vo_status vo_day_member_maker(const char *argument, const vo_day_table *t,
                                      const vo_learning *world, vo_day_member **out,
                                      vo_error *err);
#define X(name, create, help) vo_day_member_maker create;
VO_DAY_MEMBER_MAP(X)
#undef X

#endif
