/* test_kern_cpu.c -- every kernel against a plain twin in double. */
#include "tensor/kern.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "port/thread.h"

enum { MOST = 70 * 70 };

static void draw(float *x, size_t n, uint64_t stream) {
    vo_random r = vo_random_seed(11, stream);
    for (size_t i = 0; i < n; i++) x[i] = (float)vo_random_between(&r, -1, 1);
}

static double at(const float *a, size_t ld, bool transposed, size_t row, size_t col) {
    return (double)(transposed ? a[col * ld + row] : a[row * ld + col]);
}

static void check_product(const vo_kern_product *p, size_t extra) {
    static float a[MOST], b[MOST], c[MOST], before[MOST];
    size_t lda = (p->transpose_a ? p->m : p->k) + extra;
    size_t ldb = (p->transpose_b ? p->k : p->n) + extra, ldc = p->n + extra;
    draw(a, MOST, 1), draw(b, MOST, 2), draw(c, MOST, 3);
    if (p->beta == 0.0f)
        for (size_t i = 0; i < MOST; i++) c[i] = NAN; /* must not be read */
    memcpy(before, c, sizeof c);
    vo_kern_gemm(p, a, lda, b, ldb, c, ldc);
    for (size_t i = 0; i < p->m; i++)
        for (size_t j = 0; j < p->n; j++) {
            double sum = 0;
            for (size_t l = 0; l < p->k; l++)
                sum += at(a, lda, p->transpose_a, i, l) * at(b, ldb, p->transpose_b, l, j);
            double want = (double)p->alpha * sum;
            if (p->beta != 0.0f) want += (double)(p->beta * before[i * ldc + j]);
            cr_assert_float_eq((double)c[i * ldc + j], want, 2e-6 * (double)(p->k + 1),
                               "%zu %zu of %zu x %zu x %zu: %g, want %g", i, j, p->m, p->n,
                               p->k, (double)c[i * ldc + j], want);
        }
    for (size_t i = 0; i + 1 < p->m; i++)
        for (size_t j = p->n; j < ldc; j++)
            cr_assert(memcmp(&c[i * ldc + j], &before[i * ldc + j], sizeof(float)) == 0,
                      "wrote between the rows");
}

Test(kern_cpu, products_of_all_forms_agree_with_three_loops) {
    const size_t size[][3] = {{1, 1, 1}, {1, 24, 65}, {3, 5, 7}, {32, 24, 64}, {61, 63, 59}};
    vo_kern_init();
    for (size_t s = 0; s < sizeof size / sizeof *size; s++)
        for (int form = 0; form < 16; form++) {
            const vo_kern_product p = {form & 1,
                                       form & 2,
                                       size[s][0],
                                       size[s][1],
                                       size[s][2],
                                       form & 4 ? -0.5f : 1.0f,
                                       form & 8 ? 1.0f : 0.0f};
            check_product(&p, form % 3 == 0 ? 2 : 0);
        }
}

Test(kern_cpu, rows_are_filled_and_added) {
    const float bias[3] = {1, -2, 3};
    float c[4 * 3] = {0}, sum[3] = {10, 10, 10};
    vo_kern_fill_rows(4, 3, bias, c);
    for (size_t i = 0; i < 12; i++) cr_assert_eq(c[i], bias[i % 3]);
    vo_kern_add_rows(4, 3, c, sum);
    for (size_t j = 0; j < 3; j++) cr_assert_eq(sum[j], 10 + 4 * bias[j]);
}

Test(kern_cpu, a_rectifier_leaks_by_its_slope_and_its_gradient_does) {
    float z[] = {-4, -0.5f, 0, 0.5f, 4}, d[] = {1, 2, 3, 4, 5};
    const float want_z[] = {-1, -0.125f, 0, 0.5f, 4}, want_d[] = {0.25f, 0.5f, 0.75f, 4, 5};
    vo_kern_rectify(5, 0.25f, z);
    vo_kern_rectify_back(5, 0.25f, z, d);
    for (size_t i = 0; i < 5; i++) {
        cr_assert_eq(z[i], want_z[i]);
        cr_assert_eq(d[i], want_d[i]);
    }
}

Test(kern_cpu, a_mask_multiplies) {
    float x[] = {1, 2, 3};
    const float mask[] = {0, 2, 1};
    vo_kern_mask(3, mask, x);
    cr_assert(x[0] == 0 && x[1] == 4 && x[2] == 3);
}

/* Twenty steps beside the textbook's recursion in double, over a length that no vector divides. */
Test(kern_cpu, adam_follows_its_recursion) {
    enum { N = 77 };
    const vo_kern_adam_step s = {0.9f, 0.999f, 0.01f, 1e-8f, 1e-3f, 2e-4f};
    float w[N], m[N] = {0}, v[N] = {0}, g[N];
    double dw[N], dm[N] = {0}, dv[N] = {0};
    draw(w, N, 5);
    for (size_t i = 0; i < N; i++) dw[i] = (double)w[i];
    for (uint64_t step = 0; step < 20; step++) {
        draw(g, N, 100 + step);
        vo_kern_adam(N, &s, g, w, m, v);
        for (size_t i = 0; i < N; i++) {
            double gi = (double)g[i];
            dm[i] = 0.9 * dm[i] + 0.1 * gi;
            dv[i] = 0.999 * dv[i] + 0.001 * gi * gi;
            double x = (1 - 1e-3) * dw[i] - 0.01 * dm[i] / (sqrt(dv[i]) + 1e-8);
            dw[i] = fabs(x) > 2e-4 ? x - copysign(2e-4, x) : 0;
        }
    }
    for (size_t i = 0; i < N; i++) cr_assert_float_eq((double)w[i], dw[i], 2e-4, "%zu", i);
}

Test(kern_cpu, a_small_weight_without_gradient_becomes_exactly_zero) {
    const vo_kern_adam_step s = {
        .b1 = 0.9f, .b2 = 0.999f, .rate = 0.1f, .eps = 1e-8f, .shrink = 0.5f};
    float w[] = {0.4f, -0.4f, 0.75f, -0.75f}, m[4] = {0}, v[4] = {0};
    const float g[4] = {0}, want[] = {0, 0, 0.25f, -0.25f};
    vo_kern_adam(4, &s, g, w, m, v);
    for (size_t i = 0; i < 4; i++) cr_assert_eq(w[i], want[i]);
}

enum { JOBS = 16, SIDE = 96 };
static float left[SIDE * SIDE], right[SIDE * SIDE], result[JOBS][SIDE * SIDE];

static vo_status one_product(void *ctx, size_t i, size_t worker, vo_error *err) {
    (void)ctx, (void)worker, (void)err;
    const vo_kern_product p = {false, true, SIDE, SIDE, SIDE, 1, 0};
    for (int round = 0; round < 20; round++)
        vo_kern_gemm(&p, left, SIDE, right, SIDE, result[i], SIDE);
    return VO_OK;
}

Test(kern_cpu, the_same_product_has_the_same_bits_on_every_thread) {
    vo_kern_init();
    draw(left, SIDE * SIDE, 7), draw(right, SIDE * SIDE, 8);
    cr_assert_eq(vo_thread_for(JOBS, 4, one_product, NULL, NULL), VO_OK);
    for (size_t i = 1; i < JOBS; i++)
        cr_assert(memcmp(result[0], result[i], sizeof result[0]) == 0);
}
