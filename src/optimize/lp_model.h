/* lp_model.h -- the battery problem written down as a (mixed-integer) linear program.
 *
 * Minimises cost = -profit. Energies are in units of the largest battery (`energy_unit`, MWh)
 * and prices in units of the largest price (`price_unit`), so that a solver's absolute
 * tolerances mean the same for a home and for a power station. Rows are stored one after the
 * other (compressed rows). Knows no solver; see docs in lp_model.c for the equations.
 */
#ifndef VO_OPTIMIZE_LP_MODEL_H
#define VO_OPTIMIZE_LP_MODEL_H

#include <stdbool.h>

#include <volteo/schedule.h>

#define VO_LP_SOFT_LIMITS                                                                      \
    7 /* FINAL_SOC..CYCLES of vo_limit: those an elastic model may break */

/* Binary column j: 1 lets column `on` be positive, 0 lets column `off` be. */
typedef struct {
    int32_t on, off;
} vo_lp_direction;

typedef struct {
    bool elastic;   /* soft limits have slack columns                              */
    bool any_order; /* no binaries at all: the relaxation, for bounds and for tests */
} vo_lp_shape;

/* Columns come in blocks; a block's number is that of its first column, -1 if it is not there.
 * Per-battery blocks are battery-major: battery k, interval t is at block + k * n + t. */
typedef struct {
    size_t n, n_batteries;
    int32_t n_cols, n_rows, n_terms;
    double *cost, *col_lower, *col_upper; /* [n_cols]                                      */
    double *row_lower, *row_upper;        /* [n_rows]                                      */
    int32_t *row_start;                   /* [n_rows + 1]                                  */
    int32_t *column;                      /* [n_terms] of each term, row by row            */
    double *value;                        /* [n_terms]                                     */
    int32_t charge, discharge;            /* terminal energy of the interval, per battery  */
    int32_t stored;                       /* at the interval's end, per battery            */
    int32_t import_, export_, curtailed;  /* energy of the interval                        */
    int32_t peak, n_peaks;                /* largest import power of each demand period    */
    int32_t slack, n_slacks;              /* elastic: energy beyond a soft limit           */
    uint8_t *slack_limit;                 /* [n_slacks] which vo_limit                     */
    int32_t *slack_interval;              /* [n_slacks] where, -1: not of one interval     */
    int32_t binary, n_binaries;           /* one direction at a time                       */
    vo_lp_direction *direction;           /* [n_binaries]                                  */
    int32_t balance;                      /* first of the rows that balance the store      */
    int32_t limit_row;                    /* elastic: first of VO_LP_SOFT_LIMITS sums of   */
                                          /*   slack, then one sum of all of it            */
    double energy_unit, price_unit;
    bool contradictory; /* some bounds exclude each other: no solver needed to see it */
} vo_lp_model;

/* *out is the caller's: vo_lp_model_free. The problem has passed vo_problem_check and is not
 * kept. Time and memory are linear in intervals times batteries. VO_ENOMEM; VO_EUNSUPPORTED if
 * the program would need more than 2^31 terms. */
vo_status vo_lp_model_create(const vo_problem *p, vo_lp_shape shape, vo_lp_model **out,
                             vo_error *err);
void vo_lp_model_free(vo_lp_model *m); /* accepts NULL */

/* What one imported MWh costs and one exported MWh earns in interval t. */
double vo_lp_buy(const vo_problem *p, size_t t);
double vo_lp_sell(const vo_problem *p, size_t t);
double vo_lp_hours(const vo_problem *p, size_t t);

#endif
