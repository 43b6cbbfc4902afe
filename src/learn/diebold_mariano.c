/* diebold_mariano.c -- see diebold_mariano.h. The series d is never stored: autocovariances are
 * taken by walking the days again, which for h - 1 lags costs h walks.
 *
 * Student's tail is I_{v/(v+x^2)}(v/2, 1/2) / 2, the regularised incomplete beta function by
 * Lentz's continued fraction (Numerical Recipes, 6.4).
 */
#include "learn/diebold_mariano.h"

#include <assert.h>
#include <math.h>

#include "base/normal.h"

/* Continued fraction of the incomplete beta function, for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x) {
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double f = d;
    for (int m = 1; m <= 500; m++) {
        for (int odd = 0; odd < 2; odd++) {
            const double k = m;
            const double term =
                odd == 0 ? k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k))
                         : -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1));
            d = 1 + term * d;
            c = 1 + term / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            if (fabs(c) < tiny) c = tiny;
            f *= d * c;
        }
        if (fabs(d * c - 1) < 1e-16) break;
    }
    return f;
}

static double incomplete_beta(double a, double b, double x) {
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    const double front =
        exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double vo_student_above(double x, double dof) {
    assert(dof > 0);
    const double half = incomplete_beta(dof / 2, 0.5, dof / (dof + x * x)) / 2;
    return x >= 0 ? half : 1 - half;
}

/* Two forecasts, day by day. */
typedef struct {
    const double *real, *first, *second;
    size_t n_days, per_day;
    bool squared;
} contest;

/* d of a day; NAN if an hour of it is. */
static double difference(const contest *c, size_t day) {
    double sum = 0;
    for (size_t i = day * c->per_day; i < (day + 1) * c->per_day; i++) {
        const double a = c->first[i] - c->real[i], b = c->second[i] - c->real[i];
        sum += c->squared ? a * a - b * b : fabs(a) - fabs(b);
    }
    return sum / (double)c->per_day;
}

/* Sum of (d_t - mean)(d_{t-lag} - mean) over days of which both are known. */
static double autocovariance(const contest *c, double mean, size_t lag) {
    double sum = 0;
    for (size_t t = lag; t < c->n_days; t++) {
        const double product = (difference(c, t) - mean) * (difference(c, t - lag) - mean);
        if (!isnan(product)) sum += product;
    }
    return sum;
}

static double long_run_variance(const contest *c, double mean, size_t n, size_t horizon) {
    const double own = autocovariance(c, mean, 0);
    double plain = own, weighted = own;
    for (size_t lag = 1; lag < horizon && lag < c->n_days; lag++) {
        const double g = autocovariance(c, mean, lag);
        plain += 2 * g;
        weighted += 2 * g * (1 - (double)lag / (double)horizon);
    }
    return (plain > 0 ? plain : weighted) / (double)n;
}

static vo_dm decide(const contest *c, const vo_dm_settings *settings) {
    vo_dm r = {0, (double)NAN, (double)NAN, (double)NAN, (double)NAN};
    double sum = 0;
    for (size_t t = 0; t < c->n_days; t++) {
        const double d = difference(c, t);
        if (isnan(d)) continue;
        sum += d;
        r.n++;
    }
    if (r.n == 0) return r;
    const double n = (double)r.n;
    const size_t horizon = settings->horizon > 1 ? settings->horizon : 1;
    r.mean_difference = sum / n;
    const double variance = long_run_variance(c, r.mean_difference, r.n, horizon);
    if (r.n < 2 || !(variance > 0)) return r;
    r.statistic = r.mean_difference / sqrt(variance / n);
    if (!settings->harvey) {
        r.p_second = vo_normal_below(-r.statistic);
        r.p_first = vo_normal_below(r.statistic);
        return r;
    }
    const double h = (double)horizon;
    r.statistic *= sqrt(fmax((n + 1 - 2 * h + h * (h - 1) / n) / n, 0));
    r.p_second = vo_student_above(r.statistic, n - 1);
    r.p_first = vo_student_above(-r.statistic, n - 1);
    return r;
}

vo_dm vo_dm_days(const double *real, const double *first, const double *second, size_t n_days,
                 size_t per_day, const vo_dm_settings *settings) {
    assert(per_day > 0);
    const contest c = {real, first, second, n_days, per_day, settings->squared};
    return decide(&c, settings);
}
