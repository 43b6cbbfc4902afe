/* kern_cpu.c -- kernels on the processor: products by OpenBLAS, the rest as plain loops that the
 * compiler vectorises (base/wide.h compiles them twice).
 *
 * OpenBLAS picks its code by processor at start; within a process the same product takes the same
 * path. It is kept to the calling thread, because what uses it spreads whole models over cores.
 */
#include "tensor/kern.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/wide.h"

void vo_kern_init(void) { openblas_set_num_threads(1); }

/* OpenBLAS describes itself as "OpenBLAS VERSION OPTION...". */
void vo_kern_backend(char out[VO_KERN_BACKEND]) {
    const char *text = openblas_get_config();
    size_t len = strcspn(text, " ");
    if (text[len]) len += 1 + strcspn(text + len + 1, " ");
    snprintf(out, VO_KERN_BACKEND, "%.*s for %s", len < 40 ? (int)len : 40, text,
             openblas_get_corename());
}

void vo_kern_gemm(const vo_kern_product *p, const float *a, size_t lda, const float *b,
                  size_t ldb, float *c, size_t ldc) {
    cblas_sgemm(CblasRowMajor, p->transpose_a ? CblasTrans : CblasNoTrans,
                p->transpose_b ? CblasTrans : CblasNoTrans, (blasint)p->m, (blasint)p->n,
                (blasint)p->k, p->alpha, a, (blasint)lda, b, (blasint)ldb, p->beta, c,
                (blasint)ldc);
}

VO_WIDE void vo_kern_fill_rows(size_t rows, size_t n, const float *restrict bias,
                               float *restrict c) {
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < n; j++) c[r * n + j] = bias[j];
}

VO_WIDE void vo_kern_add_rows(size_t rows, size_t n, const float *restrict c,
                              float *restrict sum) {
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < n; j++) sum[j] += c[r * n + j];
}

VO_WIDE void vo_kern_rectify(size_t n, float slope, float *z) {
    for (size_t i = 0; i < n; i++) {
        float low = slope * z[i];
        z[i] = z[i] > low ? z[i] : low; /* slope < 1: the larger one is the right one */
    }
}

VO_WIDE void vo_kern_rectify_back(size_t n, float slope, const float *restrict z,
                                  float *restrict d) {
    for (size_t i = 0; i < n; i++) d[i] *= z[i] > 0.0f ? 1.0f : slope;
}

VO_WIDE void vo_kern_mask(size_t n, const float *restrict mask, float *restrict x) {
    for (size_t i = 0; i < n; i++) x[i] *= mask[i];
}

VO_WIDE void vo_kern_adam(size_t n, const vo_kern_adam_step *s, const float *restrict g,
                          float *restrict w, float *restrict m, float *restrict v) {
    const vo_kern_adam_step k = *s;
    for (size_t i = 0; i < n; i++) {
        m[i] = k.b1 * m[i] + (1.0f - k.b1) * g[i];
        v[i] = k.b2 * v[i] + (1.0f - k.b2) * g[i] * g[i];
        float x = w[i] - k.decay * w[i] - k.rate * m[i] / (sqrtf(v[i]) + k.eps);
        float low = x + k.shrink, high = x - k.shrink;
        w[i] = high > 0.0f ? high : low < 0.0f ? low : 0.0f;
    }
}
