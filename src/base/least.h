/* least.h -- the lesser and the greater of two numbers, in one instruction where the processor has
 * it: fmin and fmax, which answer for NAN and signed zeros, too, are several. With a NAN the
 * second is taken. */
#ifndef VO_BASE_LEAST_H
#define VO_BASE_LEAST_H

static inline double vo_least(double a, double b) { return a < b ? a : b; }
static inline double vo_most(double a, double b) { return a > b ? a : b; }

#endif
