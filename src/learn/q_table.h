/* q_table.h -- what each action is worth in each state: a table of charge x price x hour.
 *
 * State:  charge, 0..1 of what the battery may use (0: at its reserve, 1: at its upper limit);
 *         the price as a signal; the local hour 0..23. Each is cut into bins: charge evenly,
 *         the hour evenly, the signal at quantiles of its own hour, so that every bin of every
 *         hour was seen equally often in training.
 * Signal: x = (price - mean) / deviation over the prices of the last signal_h hours before it,
 *         the deviation at least 1 % of their mean size; a table then carries over to another
 *         node and year. With `absolute`, the price itself.
 * Value:  q is the expected discounted sum of rewards (q_environment.h), in mean prices of the
 *         market times capacity.
 *
 * Memory: belongs to the table. Threads: read-only after training; may then be shared.
 */
#ifndef VO_LEARN_Q_TABLE_H
#define VO_LEARN_Q_TABLE_H

#include <stdint.h>

#include "base/alloc.h"
#include "base/artefact.h"

// clang-format off
#define VO_Q_ACTION_MAP(X)                                                     \
    X(CHARGE,    0, "charge")                                                  \
    X(HOLD,      1, "hold")                                                    \
    X(DISCHARGE, 2, "discharge")
// clang-format on

typedef enum {
#define X(name, value, text) VO_Q_##name = (value),
    VO_Q_ACTION_MAP(X)
#undef X
        VO_Q_ACTIONS
} vo_q_action;

enum { VO_Q_ROW = 4 }; /* values per state: one per action, one spare for even rows */

typedef struct {
    int32_t charge_bins, price_bins; /* 10, 10; 1..64                                       */
    int32_t hour_bins;               /* 24; divides 24                                      */
    int32_t absolute;                /* 0; 1: the signal is the price itself                */
    double signal_h;                 /* 24 h                                                */
    double par_h;                    /* 168 h: stored energy is booked at their mean price  */
} vo_q_axes;

vo_q_axes vo_q_axes_default(void);
vo_status vo_q_axes_check(const vo_q_axes *a, vo_error *err); /* VO_EINVAL: field, value */
size_t vo_q_axes_states(const vo_q_axes *a);

typedef struct vo_q_table {
    const vo_alloc *alloc;
    vo_q_axes axes;
    double interval_h; /* of the prices it was trained on                                     */
    size_t n_states;
    float *q;         /* [n_states][VO_Q_ROW]; state = (hour bin, price bin, charge bin)     */
    uint32_t *visits; /* [n_states][VO_Q_ROW] updates of q; a full counter stays             */
    double *edge;     /* [hour_bins][price_bins - 1] ascending: bin = edges below the signal */
    double margin;    /* mean lead of the best action over the next, by visits               */
} vo_q_table;

/* Zeroed. VO_EINVAL: bad axes; VO_ENOMEM. *out is the caller's. */
vo_status vo_q_table_create(const vo_q_axes *axes, double interval_h, const vo_alloc *alloc,
                            vo_q_table **out, vo_error *err);
void vo_q_table_free(vo_q_table *t); /* accepts NULL */

typedef struct {
    double charge; /* 0..1; beyond: the outermost bin                    */
    double signal; /* NAN: not known yet                                 */
    int32_t hour;  /* local, 0..23                                       */
} vo_q_state;

typedef struct {
    int32_t action;         /* a vo_q_action; of equal ones hold                     */
    int32_t visited;        /* 1: this very state was trained; 0: q is a neighbour's */
    double q[VO_Q_ACTIONS]; /* NAN: never tried                               */
    double confidence;      /* 0..1, see vo_q_table_act                       */
} vo_q_choice;

/* The best action. A state that was never visited takes the nearest visited price bin of the
 * same hour and charge, else the nearest charge bin of any price, else holds.
 *     confidence = tanh(lead / (2 margin)) * v / (v + 30)
 * lead: of the best action over the next; margin: the table's mean lead; v: visits of the
 * less visited of the two. The first factor is 2 p - 1 for the softmax p of two actions. 0 if not
 * visited or the signal is NAN. */
vo_q_choice vo_q_table_act(const vo_q_table *t, const vo_q_state *s);

/* Bin of a signal among price_bins - 1 ascending edges. */
int32_t vo_q_price_bin(const double *edge, int32_t price_bins, double signal);

void vo_q_table_settle(vo_q_table *t); /* after training: the margin */

vo_status vo_q_table_save(const vo_q_table *t, vo_artefact_out *out, vo_error *err);
/* *out is the caller's. VO_EINVAL: sizes that do not fit, values that are not finite. */
vo_status vo_q_table_load(vo_artefact *in, const vo_alloc *alloc, vo_q_table **out,
                          vo_error *err);

#define VO_Q_KIND "QTABLE" /* of the artefact, and its newest version */
enum { VO_Q_VERSION = 1 };

#endif
