/* metrics.c -- see metrics.h for the definitions. */
#include "learn/metrics.h"

#include <assert.h>
#include <math.h>

static const char *const names[] = {
#define X(name, help) #name,
    VO_METRIC_MAP(X)
#undef X
};

vo_metrics vo_metrics_none(void) {
    vo_metrics m = {.n = 0};
#define X(name, help) m.name = (double)NAN;
    VO_METRIC_MAP(X)
#undef X
    return m;
}

const char *vo_metric_name(vo_metric which) {
    assert(which < VO_METRIC_COUNT);
    return names[which];
}

double vo_metric_value(const vo_metrics *m, vo_metric which) {
    switch (which) {
#define X(name, help)                                                                          \
    case VO_METRIC_##name:                                                                     \
        return m->name;
        VO_METRIC_MAP(X)
#undef X
    case VO_METRIC_COUNT:
        break;
    }
    return (double)NAN;
}

static double mean_of(double sum, size_t n) { return n > 0 ? sum / (double)n : (double)NAN; }

void vo_metrics_point(vo_metrics *m, const double *real, const double *said, size_t n) {
    double absolute = 0, squared = 0, symmetric = 0, relative = 0, signed_sum = 0;
    size_t not_zero = 0;
    m->n = m->skipped = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(real[i]) || isnan(said[i])) {
            m->skipped++;
            continue;
        }
        const double e = said[i] - real[i], size = fabs(real[i]) + fabs(said[i]);
        m->n++;
        absolute += fabs(e);
        squared += e * e;
        signed_sum += e;
        if (size > 0) symmetric += 2 * fabs(e) / size;
        if (real[i] < 0 || real[i] > 0) {
            relative += fabs(e) / fabs(real[i]);
            not_zero++;
        }
    }
    m->mae = mean_of(absolute, m->n);
    m->rmse = sqrt(mean_of(squared, m->n));
    m->smape = 100 * mean_of(symmetric, m->n);
    m->mape = 100 * mean_of(relative, not_zero);
    m->bias = mean_of(signed_sum, m->n);
}

double vo_metric_relative(const double *real, const double *said, const double *naive,
                          size_t n) {
    double ours = 0, theirs = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(real[i]) || isnan(said[i]) || isnan(naive[i])) continue;
        ours += fabs(said[i] - real[i]);
        theirs += fabs(naive[i] - real[i]);
    }
    return theirs > 0 ? ours / theirs : (double)NAN;
}

double vo_metric_pinball(double real, double quantile, double level) {
    const double over = real - quantile;
    return over >= 0 ? level * over : (level - 1) * over;
}

/* The part of 0..1 that is nearer to level k than to its neighbours. */
static double share_of(const double *level, size_t n_levels, size_t k) {
    const double from = k == 0 ? 0 : (level[k - 1] + level[k]) / 2;
    const double to = k + 1 == n_levels ? 1 : (level[k] + level[k + 1]) / 2;
    return to - from;
}

void vo_metrics_quantiles(vo_metrics *m, const double *real, const double *quantile, size_t n,
                          const double *level, size_t n_levels) {
    assert(n_levels > 0);
    double loss = 0, score = 0;
    size_t rows = 0;
    for (size_t i = 0; i < n; i++) {
        double row_loss = 0, row_score = 0;
        for (size_t k = 0; k < n_levels; k++) {
            const double l = vo_metric_pinball(real[i], quantile[i * n_levels + k], level[k]);
            row_loss += l;
            row_score += 2 * share_of(level, n_levels, k) * l;
        }
        if (isnan(row_loss)) continue;
        loss += row_loss / (double)n_levels;
        score += row_score;
        rows++;
    }
    m->pinball = mean_of(loss, rows);
    m->crps = mean_of(score, rows);
}

void vo_metrics_interval(vo_metrics *m, const double *real, const double *low,
                         const double *high, size_t n, double alpha) {
    assert(alpha > 0 && alpha < 1);
    double width = 0, score = 0;
    size_t inside = 0, rows = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(real[i]) || isnan(low[i]) || isnan(high[i])) continue;
        const double span = high[i] - low[i];
        const double miss = fmax(fmax(low[i] - real[i], real[i] - high[i]), 0);
        rows++;
        inside += real[i] >= low[i] && real[i] <= high[i];
        width += span;
        score += span + 2 / alpha * miss;
    }
    m->coverage = mean_of((double)inside, rows);
    m->width = mean_of(width, rows);
    m->winkler = mean_of(score, rows);
}
