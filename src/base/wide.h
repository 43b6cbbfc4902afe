/* wide.h -- loops over arrays compiled twice, for any processor and for one with wide vectors.
 *
 * VO_WIDE before a function definition: the program picks at start. Both versions give the same
 * bits (no contraction, no reordering). Off unless the build defines VO_WIDE_CLONES, which
 * release builds do where compiler and C library can; sanitizers cannot.
 */
#ifndef VO_BASE_WIDE_H
#define VO_BASE_WIDE_H

#ifdef VO_WIDE_CLONES
#define VO_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define VO_WIDE
#endif

#endif
