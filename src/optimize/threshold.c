/* threshold.c -- see threshold.h.
 *
 * A percentile is the order statistic at rank q/100 * (n - 1), linear between neighbours (the
 * usual definition, "type 7" of Hyndman and Fan 1996). The rank is found by quickselect with a
 * median of three (Hoare 1961); after 2 log2 n + 8 cuts the rest is sorted by heap, so that no
 * input makes it quadratic.
 */
#include "optimize/threshold.h"

#include <math.h>
#include <string.h>

#include "optimize/corridor.h"

static void swap(double *a, double *b) {
    const double x = *a;
    *a = *b;
    *b = x;
}

static void sift_down(double *v, size_t i, size_t n) {
    for (size_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && v[child + 1] > v[child]) child++;
        if (v[i] >= v[child]) return;
        swap(&v[i], &v[child]);
    }
}

static void heap_sort(double *v, size_t n) {
    for (size_t i = n / 2; i-- > 0;) sift_down(v, i, n);
    for (size_t end = n; end-- > 1;) {
        swap(&v[0], &v[end]);
        sift_down(v, 0, end);
    }
}

/* Middle of first, middle and last: sorted and reversed input stay O(n). */
static double pivot_of(const double *v, size_t lo, size_t hi) {
    const double a = v[lo], b = v[lo + (hi - lo) / 2], c = v[hi];
    return a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
}

/* Puts what is below the pivot (or equal, if asked) in front; returns the end of that. Every
 * element is exchanged, needed or not: a branch on random values is guessed wrong half the
 * time (Lomuto's partition without branches, Alexandrescu 2020). */
static size_t gather(double *v, size_t lo, size_t end, double pivot, bool equal) {
    size_t to = lo;
    for (size_t i = lo; i < end; i++) {
        const double x = v[i];
        v[i] = v[to];
        v[to] = x;
        to += equal ? x <= pivot : x < pivot;
    }
    return to;
}

/* Orders v[lo..n) so that v[k] is in its sorted place, smaller before, larger after. */
static void select_rank(double *v, size_t lo, size_t n, size_t k) {
    size_t hi = n - 1;
    int patience = 8;
    for (size_t m = n; m > 1; m /= 2) patience += 2;
    while (lo < hi) {
        if (patience-- == 0) {
            heap_sort(v + lo, hi - lo + 1);
            return;
        }
        const double pivot = pivot_of(v, lo, hi);
        const size_t below = gather(v, lo, hi + 1, pivot, false);
        if (k < below) {
            hi = below - 1;
            continue;
        }
        const size_t above = gather(v, below, hi + 1, pivot, true);
        if (k < above) return;
        lo = above;
    }
}

/* The percentile of v[0..n), given that v[0..*from) holds the smallest already, and leaves
 * *from at its rank for a higher percentile. */
static double percentile(double *v, size_t *from, size_t n, double q) {
    const double rank = q / 100 * (double)(n - 1);
    size_t k = (size_t)rank;
    if (k > n - 1) k = n - 1;
    select_rank(v, *from, n, k);
    *from = k;
    const double part = rank - (double)k;
    if (part <= 0 || k + 1 >= n) return v[k];
    double next = v[k + 1];
    for (size_t i = k + 2; i < n; i++)
        if (v[i] < next) next = v[i];
    return v[k] + part * (next - v[k]);
}

bool vo_threshold_levels(const double *price, size_t n, double low_percentile,
                         double high_percentile, double *scratch, double *low, double *high) {
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(price[i])) scratch[m++] = price[i];
    if (m == 0) return false;
    const double q_low = fmin(low_percentile, high_percentile);
    const double q_high = fmax(low_percentile, high_percentile);
    size_t from = 0;
    const double a = percentile(scratch, &from, m, q_low);
    const double b = percentile(scratch, &from, m, q_high);
    *low = a;
    *high = b;
    return true;
}

vo_status vo_threshold_follow(const vo_problem *p, double low, double high, vo_plan *plan,
                              vo_error *err) {
    vo_corridor c;
    const vo_status st = vo_corridor_open(&c, p, plan, "threshold", err);
    if (st != VO_OK) return st;
    const double all = (double)INFINITY;
    for (size_t t = 0; t < p->n; t++) {
        const double price = p->price[t];
        plan->power_mw[t] = price >= high ? all : price <= low ? -all : 0;
    }
    if (low == high) /* nothing is cheap or dear at that price */
        for (size_t t = 0; t < p->n; t++)
            if (p->price[t] == low) plan->power_mw[t] = 0;
    vo_corridor_play(&c, 0, p->n);
    vo_corridor_close(&c, "threshold");
    return VO_OK;
}

static vo_status check_percentile(const char *field, double q, vo_error *err) {
    if (q >= 0 && q <= 100) return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s = %g is not a percentile: give 0 to 100", field, q);
}

vo_status vo_threshold_schedule(const vo_problem *p, const vo_schedule_options *o,
                                vo_plan *plan, vo_error *err) {
    vo_status st = check_percentile("low_percentile", o->low_percentile, err);
    if (st == VO_OK) st = check_percentile("high_percentile", o->high_percentile, err);
    if (st != VO_OK) return st;
    if (o->low_percentile > o->high_percentile)
        return vo_fail(err, VO_EINVAL,
                       "low_percentile = %g is above high_percentile = %g: exchange them",
                       o->low_percentile, o->high_percentile);
    vo_corridor c; /* refuses before anything is written */
    st = vo_corridor_open(&c, p, plan, "threshold", err);
    if (st != VO_OK) return st;
    double low, high; /* the plan's energies are not written yet: a workspace of n + 1 */
    if (!vo_threshold_levels(p->price, p->n, o->low_percentile, o->high_percentile,
                             plan->stored_mwh, &low, &high))
        low = high = 0;
    return vo_threshold_follow(p, low, high, plan, err);
}
