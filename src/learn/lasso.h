/* lasso.h -- linear regression with an absolute penalty, from inner products alone.
 *
 *     minimise  1/2 b'Gb - c'b + lambda sum_j w_j |b_j| + ridge/2 sum_j w_j b_j^2
 * with G = X'X and c = X'y of centred columns, by cyclic coordinate descent with covariance
 * updates and active sets (Friedman, Hastie, Tibshirani 2010, J. Statistical Software 33:1).
 * G is the same for every target of one design, so 24 hours share it; each solve starts from the
 * b it is handed, so a row of penalties, or of days, is a path.
 *
 * The optimum is told by |c_j - (Gb)_j - ridge w_j b_j| <= lambda w_j, with equality and the
 * sign of b_j where b_j is not 0.
 *
 * Threads: one owner at a time. solve allocates nothing.
 */
#ifndef VO_LEARN_LASSO_H
#define VO_LEARN_LASSO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

#include "base/alloc.h"

typedef struct vo_lasso vo_lasso; /* the workspace of a width */

typedef struct {
    double tolerance;   /* largest violation of the optimum's conditions, as a fraction of
                          lambda w_j                                                        */
    int32_t max_sweeps; /* over the active columns, in all                                  */
} vo_lasso_settings;

typedef struct {
    bool
        converged; /* else b is what max_sweeps led to: no worse than it was handed           */
    int32_t sweeps;
    size_t active; /* columns with b_j != 0                                                 */
    double
        explained; /* 2 c'b - b'Gb = y'y - |y - Xb|^2                                       */
} vo_lasso_result;

vo_lasso_settings vo_lasso_settings_default(void); /* 1e-3, 1000 */

/* For width columns; *out is the caller's: vo_lasso_free. VO_ENOMEM. */
vo_status vo_lasso_create(size_t width, const vo_alloc *alloc, vo_lasso **out, vo_error *err);
void vo_lasso_free(vo_lasso *s); /* accepts NULL */

/* gram[width][width] symmetric with a diagonal >= 0 (0: the column is constant, b_j = 0),
 * weight[width] >= 0 or NULL for ones, lambda > 0, ridge >= 0; b[width] is start and result. */
vo_lasso_result vo_lasso_solve(vo_lasso *s, const vo_lasso_settings *settings,
                               const double *gram, const double *c, const double *weight,
                               double lambda, double ridge, double *b);

/* The least lambda at which b is all 0: max |c_j| / w_j over columns with w_j > 0. */
double vo_lasso_lambda_max(size_t width, const double *c, const double *weight);

/* gram[width][width] = X'X and cross[n_targets][width] = Y'X of row-major x[rows][width] and
 * y[rows][n_targets]. Sums run over the rows in order: the same bits every time. */
void vo_lasso_products(size_t rows, size_t width, const double *x, size_t n_targets,
                       const double *y, double *gram, double *cross);

#endif
