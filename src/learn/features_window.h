/* features_window.h -- mean, standard deviation, least and greatest of the last w values.
 *
 * Time is cut into blocks of w values, counted from a fixed epoch, so that results do not
 * depend on where a series begins. A window is the end of one block and the beginning of the
 * next (van Herk 1992, Gil and Werman 1993): sums and extremes of both parts are joined. All are
 * taken of x - c, c being the first value of the later block. c is in the window, therefore
 *
 *     sum (x - c)^2 = M2 + n (mean - c)^2 <= (n + 1) M2,   M2 = sum (x - mean)^2,
 *
 * and M2 = sum (x - c)^2 - (sum (x - c))^2 / n loses at most a factor of n + 1, however far the
 * prices are from zero. A missing value (NAN) spoils exactly the windows that hold it.
 *
 * Threads: one owner at a time.
 */
#ifndef VO_LEARN_FEATURES_WINDOW_H
#define VO_LEARN_FEATURES_WINDOW_H

#include <stddef.h>

typedef struct {
    size_t w, pos;                      /* length; place in the block of the next value     */
    double c, sum, square, least, most; /* of the present block so far                      */
    double *value;                      /* [w] of the block, then still of the one before   */
    double *sum_after, *square_after;   /* [w] of the block before, from place i + 1 on     */
    double *least_after, *most_after;
} vo_window;

/* Doubles of memory that a window of w >= 2 values needs. */
size_t vo_window_room(size_t w);

/* Nothing is known yet; the next value is number `number` from the epoch. */
vo_window vo_window_start(size_t w, size_t number, double *room);

/* Takes n values; mean[i] ... of the window that ends at x[i], NAN if one of its values is
 * missing or before the start. No result is infinite: NAN. */
void vo_window_run(vo_window *v, const double *x, size_t n, float *mean, float *std,
                   float *least, float *most);

#endif
