/* features_window.c -- see features_window.h. The scans are chains; what can be done for many
 * places at once stands in loops of its own. */
#include "learn/features_window.h"

#include <math.h>

#include "learn/features_value.h"

enum { CHUNK = 128 };

size_t vo_window_room(size_t w) { return 5 * w; }

vo_window vo_window_start(size_t w, size_t number, double *room) {
    const double none = (double)NAN;
    for (size_t i = 0; i < 5 * w; i++) room[i] = none;
    return (vo_window){w,    number % w, none,     none,         none,         none,
                       none, room,       room + w, room + 2 * w, room + 3 * w, room + 4 * w};
}

/* A block begins with the value c: what the block before adds to each of its windows. */
static void turn(vo_window *v, double c) {
    double sum = 0, square = 0, least = (double)INFINITY, most = -(double)INFINITY;
    for (size_t i = v->w; i-- > 0;) {
        v->sum_after[i] = sum;
        v->square_after[i] = square;
        v->least_after[i] = least;
        v->most_after[i] = most;
        const double x = v->value[i], d = x - c;
        sum += d;
        square += d * d;
        least = x < least ? x : least;
        most = x > most ? x : most;
    }
    v->c = c;
    v->sum = v->square = 0;
    v->least = (double)INFINITY;
    v->most = -(double)INFINITY;
}

/* n <= CHUNK values, all of the present block. */
static void run(vo_window *v, const double *x, size_t n, float *mean, float *std, float *least,
                float *most) {
    double sum[CHUNK], square[CHUNK], low[CHUNK], high[CHUNK];
    double *value = v->value + v->pos;
    double s = v->sum, q = v->square, lo = v->least, hi = v->most;
    const double c = v->c;
    for (size_t i = 0; i < n; i++) {
        const double d = x[i] - c;
        value[i] = x[i];
        sum[i] = s += d;
        square[i] = q += d * d;
        low[i] = lo = x[i] < lo ? x[i] : lo;
        high[i] = hi = x[i] > hi ? x[i] : hi;
    }
    v->sum = s, v->square = q, v->least = lo, v->most = hi;

    const double *sa = v->sum_after + v->pos, *qa = v->square_after + v->pos;
    const double *la = v->least_after + v->pos, *ma = v->most_after + v->pos;
    const double per = 1 / (double)v->w, per_free = 1 / (double)(v->w - 1);
    for (size_t i = 0; i < n; i++) {
        const double t = sa[i] + sum[i], shift = t * per;
        const double m2 = qa[i] + square[i] - t * shift;
        mean[i] = vo_feature_value(c + shift);
        std[i] = vo_feature_value((m2 < 0 ? 0 : m2) * per_free);
        /* x - x is 0, or NAN where t is. */
        least[i] = vo_feature_value((la[i] < low[i] ? la[i] : low[i]) + (t - t));
        most[i] = vo_feature_value((ma[i] > high[i] ? ma[i] : high[i]) + (t - t));
    }
    for (size_t i = 0; i < n; i++) std[i] = sqrtf(std[i]);
    v->pos += n;
}

void vo_window_run(vo_window *v, const double *x, size_t n, float *mean, float *std,
                   float *least, float *most) {
    for (size_t i = 0, part = 0; i < n; i += part) {
        if (v->pos == v->w) v->pos = 0;
        if (v->pos == 0) turn(v, x[i]);
        part = n - i < v->w - v->pos ? n - i : v->w - v->pos;
        if (part > CHUNK) part = CHUNK;
        run(v, x + i, part, mean + i, std + i, least + i, most + i);
    }
}
