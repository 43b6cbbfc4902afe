/* pool_lp.h -- homes that share, written down as one linear program: the referee of the bounds.
 *
 * Per home and interval: import, export, charge, discharge, received, given, turned down, stored;
 * per interval, what is received is at most 1 - loss of what is given. A meter's limits hold for the
 * grid's and the others' energy together; what cannot come in is short. Solved by HiGHS. */
#ifndef TESTS_SUPPORT_POOL_LP_H
#define TESTS_SUPPORT_POOL_LP_H

#include "community/homes.h"

/* Least cost of all homes together, each ending with at least the energy it began with. Charging
 * and discharging at once is not forbidden: it does not pay at prices >= 0. NAN: no solution. */
double pool_lp_cost(const vo_homes *h, const float *load, const float *pv, double loss);

#endif
