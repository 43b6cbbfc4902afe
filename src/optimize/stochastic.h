/* stochastic.h -- what stored energy is worth when prices are known only by their distribution.
 *
 * Each interval's price is one of K nodes; which one, the market tells when the interval begins.
 * With U_i(s) the value of s MWh before the price of the next interval is known, the present
 * one being node i,
 *
 *     W_j(s) = max over z of q_j(z) + U_j(s - z),       U_i(s) = sum over j of P_ij W_j(s):
 *
 * the exact recursion of value.h for every node, then an average. All W_j share their knots,
 * so both are arithmetic on rows of K slopes (stochastic.c). Zheng, Jaworski and Xu, "Arbitraging
 * variable efficiency energy storage using analytical stochastic dynamic programming", 2021,
 * have the recursion for independent stages (P_ij = w_j) and a battery alone.
 *
 * Bounds: where knots grow beyond the limit, the functions are replaced by chords: too low by at
 * most `error` money. Where a negative price pays for both directions, the reward of a battery
 * alone is replaced by one that makes discharging a little dearer than it is (too low again);
 * behind a meter by its concave envelope (too high). The first action is chosen on the true one.
 *
 * Threads: one owner at a time. Memory is kept for the next call.
 */
#ifndef VO_OPTIMIZE_STOCHASTIC_H
#define VO_OPTIMIZE_STOCHASTIC_H

#include <volteo/schedule.h>

#include "base/alloc.h"
#include "optimize/value.h"

#define VO_PRICE_NODES 32

/* Prices of one stretch of intervals as a chain of K <= VO_PRICE_NODES nodes. */
typedef struct {
    size_t k;
    const double *price;        /* [n][k]                                                    */
    const double *export_price; /* [n][k] or NULL: as vo_problem                             */
    const double *weight;       /* [k] of a node where nothing is known; they sum to 1        */
    const double *move;         /* [k][k] to a node from the one before, rows sum to 1; NULL: */
                                /*   by weight, whatever came before                          */
    const double *start;        /* [k] of the first interval's nodes; NULL: weight           */
} vo_price_nodes;

typedef struct vo_stochastic vo_stochastic;

/* `limit`: pieces kept per function, >= 16; more are replaced by chords. VO_ENOMEM. */
vo_status vo_stochastic_create(size_t limit, const vo_alloc *alloc, vo_stochastic **out,
                               vo_error *err);
void vo_stochastic_free(vo_stochastic *s); /* accepts NULL */

/* Steps back from the end of p (one battery, whatever vo_exact_supports; cycle limits are not
 * seen) to the start of interval `first` < p->n. `nodes` has the prices of intervals first..n-1;
 * p's own are not read. *feasible false: the limits contradict each other. VO_ENOMEM. */
vo_status vo_stochastic_back(vo_stochastic *s, const vo_problem *p, size_t first,
                             const vo_price_nodes *nodes, bool *feasible, vo_error *err);

/* For checks. After back: V at the start of `first`, before its price is known; valid until the
 * next back.
 * value: currency expected with `stored_mwh`, which lies in the domain, from there on. */
const vo_value *vo_stochastic_value(const vo_stochastic *s);
double vo_stochastic_expected(const vo_stochastic *s, double stored_mwh);
double vo_stochastic_error(const vo_stochastic *s); /* chords: V is too low by at most this */

/* After back with first = 1: the power of interval 0 at p's own price, that earns most with what
 * the energy left is worth. Of equals the smallest. *feasible false: it cannot be crossed. */
vo_status vo_stochastic_choose(const vo_stochastic *s, const vo_problem *p, double stored_mwh,
                               double *power_mw, bool *feasible, vo_error *err);

#endif
