/* test_lasso.c -- the path's solutions satisfy the conditions of the optimum, agree with the
 * closed form where there is one and with coordinate descent where there is none, and the
 * criterion is least where the path stays. */
#include "learn/lasso.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/fault_alloc.h"

/* A centred sample of `width` columns and one target. */
typedef struct {
    size_t rows, width;
    double *x, *y, *gram, *c, *b, square;
} sample;

static void centre(double *x, size_t rows, size_t width) {
    for (size_t j = 0; j < width; j++) {
        double mean = 0;
        for (size_t r = 0; r < rows; r++) mean += x[r * width + j] / (double)rows;
        for (size_t r = 0; r < rows; r++) x[r * width + j] -= mean;
    }
}

static void multiply(sample *s) {
    vo_lasso_products(s->rows, s->width, s->x, 1, s->y, s->gram, s->c);
    s->square = 0;
    for (size_t r = 0; r < s->rows; r++) s->square += s->y[r] * s->y[r];
}

/* Neighbouring columns are alike (`alike` near 1: nearly the same), a few matter. */
static sample draw(uint64_t seed, size_t rows, size_t width, double alike) {
    sample s = {.rows = rows, .width = width};
    s.x = calloc(rows * width, sizeof(double));
    s.y = calloc(rows, sizeof(double));
    s.gram = calloc(width * width, sizeof(double));
    s.c = calloc(width, sizeof(double));
    s.b = calloc(width, sizeof(double));
    vo_random random = vo_random_seed(seed, 0);
    for (size_t r = 0; r < rows; r++) {
        double last = 0;
        for (size_t j = 0; j < width; j++) {
            last = alike * last + sqrt(1 - alike * alike) * vo_random_normal(&random);
            s.x[r * width + j] = last;
            if (j % 7 == 0) s.y[r] += last * (j % 2 ? -1 : 1.5);
        }
        s.y[r] += vo_random_normal(&random);
    }
    centre(s.x, rows, width);
    centre(s.y, rows, 1);
    multiply(&s);
    return s;
}

static void drop(sample *s) { free(s->x), free(s->y), free(s->gram), free(s->c), free(s->b); }

static vo_lasso_result fit(sample *s, double lambda, double ridge) {
    vo_lasso *solver = NULL;
    cr_assert_eq(vo_lasso_create(s->width, NULL, &solver, NULL), VO_OK);
    const vo_lasso_rule rule = {.square = s->square,
                                .rows = (double)s->rows,
                                .cost = 2,
                                .ridge = ridge,
                                .lambda = lambda};
    const vo_lasso_result r = vo_lasso_path(solver, s->gram, s->c, &rule, s->b);
    vo_lasso_free(solver);
    return r;
}

static double most(const sample *s) {
    double m = 0;
    for (size_t j = 0; j < s->width; j++) m = fmax(m, fabs(s->c[j]));
    return m;
}

/* c - Gb - ridge b from the sample itself, not from G. */
static void expect_optimal(const sample *s, double lambda, double ridge, double within) {
    double *left = calloc(s->rows, sizeof *left);
    for (size_t r = 0; r < s->rows; r++) {
        left[r] = s->y[r];
        for (size_t j = 0; j < s->width; j++) left[r] -= s->x[r * s->width + j] * s->b[j];
    }
    for (size_t j = 0; j < s->width; j++) {
        double g = -ridge * s->b[j];
        for (size_t r = 0; r < s->rows; r++) g += left[r] * s->x[r * s->width + j];
        if (s->b[j] != 0)
            cr_assert_float_eq(g, copysign(lambda, s->b[j]), within, "column %zu: %g of %g", j,
                               g, lambda);
        else
            cr_assert_leq(fabs(g), lambda + within, "column %zu: %g of %g", j, g, lambda);
    }
    free(left);
}

Test(lasso, every_point_of_the_path_satisfies_the_conditions_of_the_optimum) {
    for (uint64_t seed = 1; seed <= 12; seed++) {
        sample s = draw(seed, seed % 2 ? 200 : 40, 90, seed % 3 ? 0.9 : 0.3);
        const double top = most(&s), ridge = seed % 4 ? 0 : 1.5;
        for (int k = 0; k < 8; k++) {
            const double lambda = top * pow(0.5, k + 0.3);
            const vo_lasso_result r = fit(&s, lambda, ridge);
            cr_assert_float_eq(r.lambda, lambda, 1e-9 * top);
            expect_optimal(&s, lambda, ridge, 1e-8 * top);
        }
        drop(&s);
    }
}

Test(lasso, above_the_largest_correlation_nothing_is_active) {
    sample s = draw(3, 60, 20, 0.5);
    const vo_lasso_result r = fit(&s, 1.01 * most(&s), 0);
    cr_assert_eq(r.active, 0);
    cr_assert_float_eq(r.residual, s.square, 1e-9 * s.square);
    for (size_t j = 0; j < s.width; j++) cr_assert_eq(s.b[j], 0);
    drop(&s);
}

/* Columns of a Hadamard matrix are orthogonal: b_j is c_j / n shrunk by lambda / n. */
Test(lasso, orthogonal_columns_are_shrunk_one_by_one) {
    sample s = draw(5, 64, 40, 0);
    for (size_t r = 0; r < s.rows; r++)
        for (size_t j = 0; j < s.width; j++) {
            size_t bits = r & (j + 1), odd = 0;
            for (; bits; bits >>= 1) odd ^= bits & 1;
            s.x[r * s.width + j] = odd ? -1 : 1;
        }
    multiply(&s);
    const double lambda = 0.3 * most(&s);
    fit(&s, lambda, 0);
    for (size_t j = 0; j < s.width; j++) {
        const double size = fmax(fabs(s.c[j]) - lambda, 0) / 64;
        cr_assert_float_eq(s.b[j], copysign(size, s.c[j]), 1e-12);
    }
    fit(&s, lambda, 32); /* with a ridge: divided by n + ridge */
    for (size_t j = 0; j < s.width; j++) {
        const double size = fmax(fabs(s.c[j]) - lambda, 0) / 96;
        cr_assert_float_eq(s.b[j], copysign(size, s.c[j]), 1e-12);
    }
    drop(&s);
}

/* The other way to the same optimum. */
static void descend(const sample *s, double lambda, double *b) {
    memset(b, 0, s->width * sizeof *b);
    for (int sweep = 0; sweep < 20000; sweep++)
        for (size_t j = 0; j < s->width; j++) {
            double g = s->c[j];
            for (size_t k = 0; k < s->width; k++)
                if (k != j) g -= s->gram[j * s->width + k] * b[k];
            b[j] = copysign(fmax(fabs(g) - lambda, 0), g) / s->gram[j * s->width + j];
        }
}

Test(lasso, coordinate_descent_arrives_at_the_same_coefficients) {
    sample s = draw(8, 120, 25, 0.8);
    double b[25];
    for (int k = 1; k < 4; k++) {
        const double lambda = most(&s) * pow(0.3, k);
        descend(&s, lambda, b);
        fit(&s, lambda, 0);
        for (size_t j = 0; j < s.width; j++) cr_assert_float_eq(s.b[j], b[j], 1e-9);
    }
    drop(&s);
}

/* Between knots the score only falls, so no penalty of a grid may have a better one. */
Test(lasso, no_penalty_scores_better_than_the_one_chosen) {
    for (uint64_t seed = 20; seed < 26; seed++) {
        sample s = draw(seed, seed % 2 ? 150 : 50, 60, 0.7);
        const double n = (double)s.rows, top = most(&s);
        const vo_lasso_result best = fit(&s, 0, 0);
        expect_optimal(&s, best.lambda, 0, 1e-8 * top);
        const double k = (double)best.active;
        const double score = n * log(best.residual) + 2 * k * n / (n - k - 1);
        for (double lambda = top; lambda > 0.002 * top; lambda *= 0.97) {
            const vo_lasso_result r = fit(&s, lambda, 0);
            const double a = (double)r.active;
            if (n - a - 1 <= 0) break;
            cr_assert_geq(n * log(r.residual) + 2 * a * n / (n - a - 1), score - 1e-6);
        }
        drop(&s);
    }
}

Test(lasso, the_residual_and_the_count_are_those_of_the_coefficients) {
    sample s = draw(31, 80, 30, 0.6);
    const vo_lasso_result r = fit(&s, 0, 2);
    double sum = 0;
    size_t active = 0;
    for (size_t i = 0; i < s.rows; i++) {
        double e = s.y[i];
        for (size_t j = 0; j < s.width; j++) e -= s.x[i * s.width + j] * s.b[j];
        sum += e * e;
    }
    for (size_t j = 0; j < s.width; j++) active += s.b[j] != 0;
    cr_assert_float_eq(r.residual, sum, 1e-9 * sum);
    cr_assert_eq(r.active, active);
    drop(&s);
}

/* Marks of the seven weekdays add up to one; centred, each is the others' sum. */
Test(lasso, columns_that_add_up_to_others_do_no_harm) {
    sample s = draw(40, 140, 21, 0.4);
    for (size_t r = 0; r < s.rows; r++)
        for (size_t j = 0; j < 7; j++) {
            s.x[r * s.width + j] = r % 7 == j;
            s.x[r * s.width + 7] = s.x[r * s.width + 8]; /* and one is there twice */
            s.x[r * s.width + 9] = 0;                    /* and one is constant   */
        }
    centre(s.x, s.rows, s.width);
    multiply(&s);
    for (int k = 0; k < 10; k++) {
        const double lambda = most(&s) * pow(0.5, k);
        fit(&s, lambda, 0);
        expect_optimal(&s, lambda, 0, 1e-7 * most(&s));
        cr_assert_eq(s.b[9], 0);
    }
    drop(&s);
}

Test(lasso, products_are_sums_over_the_rows_for_any_shape) {
    for (size_t width = 1; width < 35; width += 3) {
        const size_t rows = 13, targets = width % 5 + 1;
        double x[13 * 35], y[13 * 5], gram[35 * 35], cross[5 * 35];
        vo_random random = vo_random_seed(width, 1);
        for (size_t i = 0; i < rows * width; i++) x[i] = vo_random_normal(&random);
        for (size_t i = 0; i < rows * targets; i++) y[i] = vo_random_normal(&random);
        vo_lasso_products(rows, width, x, targets, y, gram, cross);
        for (size_t i = 0; i < width; i++)
            for (size_t j = 0; j < width; j++) {
                double sum = 0;
                for (size_t r = 0; r < rows; r++) sum += x[r * width + i] * x[r * width + j];
                cr_assert_float_eq(gram[i * width + j], sum, 1e-12);
            }
        for (size_t k = 0; k < targets; k++)
            for (size_t j = 0; j < width; j++) {
                double sum = 0;
                for (size_t r = 0; r < rows; r++) sum += y[r * targets + k] * x[r * width + j];
                cr_assert_float_eq(cross[k * width + j], sum, 1e-12);
            }
    }
}

Test(lasso, the_same_call_gives_the_same_bits) {
    sample s = draw(50, 100, 40, 0.9);
    double first[40];
    vo_lasso *solver = NULL;
    const vo_lasso_rule rule = {.square = s.square, .rows = 100, .cost = 2};
    cr_assert_eq(vo_lasso_create(40, NULL, &solver, NULL), VO_OK);
    vo_lasso_path(solver, s.gram, s.c, &rule, first);
    sample other = draw(51, 100, 40, 0.2); /* what was solved before leaves no trace */
    vo_lasso_path(solver, other.gram, other.c, &rule, other.b);
    vo_lasso_path(solver, s.gram, s.c, &rule, s.b);
    cr_assert_eq(memcmp(first, s.b, sizeof first), 0);
    vo_lasso_free(solver);
    drop(&other);
    drop(&s);
}

Test(lasso, a_failed_allocation_leaves_nothing_behind) {
    fault f = {.left = 0};
    const vo_alloc alloc = fault_alloc(&f);
    vo_lasso *solver = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_lasso_create(10, &alloc, &solver, &err), VO_ENOMEM);
    cr_assert_null(solver);
    cr_assert_eq(f.live, 0);
    vo_lasso_free(NULL);
}
