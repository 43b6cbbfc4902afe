/* kern.h -- the seam "numeric kernels": the few array operations that training spends its time in.
 *
 * Matrices are row-major float; `ld` is the distance between rows. Arrays must not overlap unless
 * said. The same call gives the same bits again on the same machine; another processor may round
 * a product differently. One calling thread per array; kernels start no threads of their own.
 *
 * To add a back-end: a whole file kern_NAME.c with these functions, chosen by the build;
 * tests/unit/tensor/test_kern_cpu.c holds the plain twins it must agree with.
 */
#ifndef VO_TENSOR_KERN_H
#define VO_TENSOR_KERN_H

#include <stdbool.h>
#include <stddef.h>

/* Once before the others, from any thread, as often as you like: no worker threads in the BLAS. */
void vo_kern_init(void);

/* Who multiplies, with his version and the processor he has chosen his code for:
 * "OpenBLAS 0.3.21 for SkylakeX". */
#define VO_KERN_BACKEND 64
void vo_kern_backend(char out[VO_KERN_BACKEND]);

/* c[m,n] = alpha op(a)[m,k] op(b)[k,n] + beta c, where op transposes if asked. With beta = 0, c
 * need not be initialised. */
typedef struct {
    bool transpose_a, transpose_b;
    size_t m, n, k;
    float alpha, beta;
} vo_kern_product;
void vo_kern_gemm(const vo_kern_product *p, const float *a, size_t lda, const float *b,
                  size_t ldb, float *c, size_t ldc);

/* c[r][j] = bias[j]: what a product with beta = 1 is added to. */
void vo_kern_fill_rows(size_t rows, size_t n, const float *bias, float *c);

/* sum[j] += column sums of c[rows][n]. */
void vo_kern_add_rows(size_t rows, size_t n, const float *c, float *sum);

/* Leaky rectifier in place: z <- z > 0 ? z : slope z, with 0 < slope < 1, so that the sign of z is
 * still there for the way back: d <- d (z > 0 ? 1 : slope). */
void vo_kern_rectify(size_t n, float slope, float *z);
void vo_kern_rectify_back(size_t n, float slope, const float *z, float *d);

/* x[i] *= mask[i] */
void vo_kern_mask(size_t n, const float *mask, float *x);

/* One step of Adam with decoupled decay and a proximal step of the L1 norm:
 *   m <- b1 m + (1 - b1) g,  v <- b2 v + (1 - b2) g^2,
 *   w <- S((1 - decay) w - rate m / (sqrt(v) + eps), shrink),  S soft thresholding.
 * The caller puts bias correction into rate and eps. */
typedef struct {
    float b1, b2, rate, eps, decay, shrink;
} vo_kern_adam_step;
void vo_kern_adam(size_t n, const vo_kern_adam_step *s, const float *g, float *w, float *m,
                  float *v);

#endif
