/* diebold_mariano.h -- is one forecast significantly better than another?
 *
 * Diebold and Mariano (1995): d_t = loss of the first - loss of the second; under equal
 * accuracy mean(d) / sqrt(V / n) is standard normal, V the long-run variance of d.
 *   day form    d of a day is the mean over its 24 hours of |e| or e^2 ("multivariate", Ziel and
 *               Weron 2018; what epftoolbox prints)
 *   hour form   one series of d per hour of the day
 * For forecasts h steps ahead errors overlap: V = g_0 + 2 (g_1 + .. + g_{h-1}) with the
 * autocovariances g of d; where that is not positive, with Bartlett's weights instead.
 * Harvey, Leybourne and Newbold (1997): the statistic times sqrt((n + 1 - 2h + h(h-1)/n) / n),
 * against Student's t with n - 1 degrees of freedom: for few days.
 */
#ifndef VO_LEARN_DIEBOLD_MARIANO_H
#define VO_LEARN_DIEBOLD_MARIANO_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    bool squared;   /* loss: squared error; else absolute                  */
    bool harvey;    /* the small-sample correction                         */
    size_t horizon; /* steps ahead; 0 and 1: errors do not overlap         */
} vo_dm_settings;

typedef struct {
    size_t n;               /* days compared; those with a NAN are left out                */
    double mean_difference; /* mean d: > 0, the first loses more                           */
    double statistic;       /* NAN: fewer than 2 days, or the forecasts lose exactly alike */
    double p_first;         /* one-sided: small, the first is significantly better         */
    double p_second;        /* one-sided: small, the second is significantly better        */
} vo_dm;

/* real, first, second: [n_days][per_day]. per_day 1: the hour form, of one hour's series. */
vo_dm vo_dm_days(const double *real, const double *first, const double *second, size_t n_days,
                 size_t per_day, const vo_dm_settings *settings);

double vo_student_above(double x, double dof); /* P(T > x), T Student's with dof > 0 degrees */

#endif
