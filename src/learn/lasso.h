/* lasso.h -- linear regression with an absolute penalty, from inner products alone, for all
 * penalties at once.
 *
 *     minimise  1/2 b'Gb - c'b + lambda sum_j |b_j| + ridge/2 sum_j b_j^2
 * with G = X'X and c = X'y of centred columns. b is piecewise linear in lambda: from the penalty
 * at which it is 0 the path goes from knot to knot, where a column joins or leaves (least angle
 * regression: Efron, Hastie, Johnstone, Tibshirani 2004, Annals of Statistics 32:407). A knot
 * costs width * active + active^2 operations; nothing is iterated, so there is no tolerance. G is
 * the same for every target of one design: 24 hours share it.
 *
 * The solution is told by |c_j - (Gb)_j - ridge b_j| <= lambda, with equality and the sign of b_j
 * where b_j is not 0. A column that is a combination of active ones stays out.
 *
 * Threads: one owner at a time. path allocates nothing.
 */
#ifndef VO_LEARN_LASSO_H
#define VO_LEARN_LASSO_H

#include <stddef.h>

#include <volteo/status.h>

#include "base/alloc.h"

typedef struct vo_lasso vo_lasso; /* the workspace of a width */

/* Where on the path to stay. By corrected information criterion (Hurvich, Tsai 1989): of all
 * knots the one of least  rows ln(RSS) + cost active rows / (rows - active - 1).  With lambda >
 * 0 that penalty, and the criterion is not asked. */
typedef struct {
    double square; /* y'y > 0 of the centred target                                         */
    double rows;   /* in the sample                                                         */
    double cost;   /* of a column: 2 is Akaike's                                            */
    double ridge;  /* >= 0; a millionth of the diagonal keeps like columns apart            */
    double lambda; /* 0: by criterion                                                       */
} vo_lasso_rule;

typedef struct {
    double lambda;   /* the penalty of b                           */
    double residual; /* RSS: y'y - 2 c'b + b'Gb                    */
    size_t active;   /* columns with b_j != 0                      */
    size_t knots;    /* of the path that were visited              */
} vo_lasso_result;

/* For width columns; *out is the caller's: vo_lasso_free. VO_ENOMEM. */
vo_status vo_lasso_create(size_t width, const vo_alloc *alloc, vo_lasso **out, vo_error *err);
void vo_lasso_free(vo_lasso *s); /* accepts NULL */

/* Fills b[width]. gram[width][width] is symmetric and positive semi-definite. */
vo_lasso_result vo_lasso_path(vo_lasso *s, const double *gram, const double *c,
                              const vo_lasso_rule *rule, double *b);

/* gram[width][width] = X'X and cross[n_targets][width] = Y'X of row-major x[rows][width] and
 * y[rows][n_targets]. Sums run over the rows in order: the same bits every time. */
void vo_lasso_products(size_t rows, size_t width, const double *x, size_t n_targets,
                       const double *y, double *gram, double *cross);

#endif
