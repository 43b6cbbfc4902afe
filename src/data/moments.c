/* moments.c -- see moments.h for the contract.
 *
 *   skewness      sum (x-m)^3 / (n sd^3)              kurtosis  sum (x-m)^4 / (n sd^4)
 *   lag k         sum (x_t-m)(x_{t+k}-m) / (pairs sd^2), pairs whose starts lie exactly k apart
 *   quantile p    linear between the values at floor and ceil of p (n-1)
 */
#include "data/moments.h"

#include <math.h>
#include <stdlib.h>

#include "base/order.h"
#include "base/zone.h"

static const struct {
    const char *name;
    double band;
    bool relative;
} moment[VO_MOMENTS] = {
#define X(name, band, relative, help) {#name, band, relative},
    VO_MOMENT_MAP(X)
#undef X
};

static const char *const verdict_name[] = {"near", "off", "none"};

const char *vo_moment_name(int32_t m) {
    return m >= 0 && m < VO_MOMENTS ? moment[m].name : "?";
}

static void spread(const double *sorted, size_t n, vo_moments *m) {
    double sum = 0, s2 = 0, s3 = 0, s4 = 0;
    for (size_t i = 0; i < n; i++) sum += sorted[i];
    const double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        const double d = sorted[i] - mean;
        s2 += d * d;
        s3 += d * d * d;
        s4 += d * d * d * d;
    }
    const double var = s2 / (double)n, sd = sqrt(var);
    size_t negative = 0, zero = 0, spikes = 0;
    for (size_t i = 0; i < n; i++) {
        negative += sorted[i] < 0;
        zero += !(sorted[i] < 0) && !(sorted[i] > 0);
        spikes += sorted[i] > mean + 3 * sd;
    }
    double *v = m->value;
    v[VO_MOMENT_mean] = mean;
    v[VO_MOMENT_sd] = sd;
    if (fabs(mean) > 0) v[VO_MOMENT_variation] = sd / fabs(mean);
    if (sd > 0) {
        v[VO_MOMENT_skewness] = s3 / (double)n / (var * sd);
        v[VO_MOMENT_kurtosis] = s4 / (double)n / (var * var);
    }
    v[VO_MOMENT_negative_share] = (double)negative / (double)n;
    v[VO_MOMENT_zero_share] = (double)zero / (double)n;
    v[VO_MOMENT_spike_share] = (double)spikes / (double)n;
    v[VO_MOMENT_min] = sorted[0];
    v[VO_MOMENT_max] = sorted[n - 1];
    if (sorted[n - 1] > 0) v[VO_MOMENT_load_factor] = mean / sorted[n - 1];
    static const double p[] = {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99};
    for (int i = 0; i < 7; i++) v[VO_MOMENT_q01 + i] = vo_order_quantile(sorted, n, p[i]);
}

static double lagged(const vo_series *s, const double *x, int64_t lag_s, double mean,
                     double sd) {
    double sum = 0;
    size_t pairs = 0;
    for (size_t i = 0, j = 0; i < s->n; i++) {
        while (j < s->n && s->start[j].s < s->start[i].s + lag_s) j++;
        if (j == s->n) break;
        if (s->start[j].s != s->start[i].s + lag_s || isnan(x[i]) || isnan(x[j])) continue;
        sum += (x[i] - mean) * (x[j] - mean);
        pairs++;
    }
    return pairs && sd > 0 ? sum / (double)pairs / (sd * sd) : (double)NAN;
}

enum { HOURS = 0, MONTHS = HOURS + 24, WEEKDAYS = MONTHS + 12, WEEKENDS, BINS };

typedef struct {
    double sum[BINS];
    size_t n[BINS];
} bins;

static void add(bins *b, size_t k, double v) {
    b->sum[k] += v;
    b->n[k]++;
}

static double mean_of(const bins *b, size_t k) {
    return b->n[k] ? b->sum[k] / (double)b->n[k] : (double)NAN;
}

static void profiles(const vo_series *s, const double *x, const vo_zone *zone, vo_moments *m) {
    bins b = {.sum = {0}};
    for (size_t t = 0; t < s->n; t++) {
        if (isnan(x[t])) continue;
        const vo_civil c =
            vo_civil_from_seconds(s->start[t].s + vo_zone_offset(zone, s->start[t].s));
        const int32_t weekday = vo_civil_weekday(vo_civil_days(c.year, c.month, c.day));
        add(&b, HOURS + (size_t)c.hour, x[t]);
        add(&b, MONTHS + (size_t)c.month - 1, x[t]);
        add(&b, weekday < 5 ? WEEKDAYS : WEEKENDS, x[t]);
    }
    const double mean = m->value[VO_MOMENT_mean];
    for (size_t k = 0; k < 24; k++) m->hour[k] = mean_of(&b, HOURS + k) / mean;
    for (size_t k = 0; k < 12; k++) m->month[k] = mean_of(&b, MONTHS + k) / mean;
    m->value[VO_MOMENT_weekend_ratio] = mean_of(&b, WEEKENDS) / mean_of(&b, WEEKDAYS);
}

/* Index of the largest (sign 1) or smallest (-1) that is a number; n if there is none. */
static size_t extreme(const double *v, size_t n, double sign) {
    size_t best = n;
    for (size_t k = 0; k < n; k++)
        if (!isnan(v[k]) && (best == n || sign * v[k] > sign * v[best])) best = k;
    return best;
}

/* Profiles are over the mean: where that is below 0, their order turns round. */
static void swings(vo_moments *m) {
    const double sign = m->value[VO_MOMENT_mean] < 0 ? -1 : 1;
    const size_t high = extreme(m->hour, 24, sign), low = extreme(m->hour, 24, -sign);
    const size_t dear = extreme(m->month, 12, sign), cheap = extreme(m->month, 12, -sign);
    if (high < 24) {
        m->value[VO_MOMENT_peak_hour] = (double)high;
        m->value[VO_MOMENT_low_hour] = (double)low;
        m->value[VO_MOMENT_day_swing] = fabs(m->hour[high] - m->hour[low]);
    }
    if (dear < 12) m->value[VO_MOMENT_season_swing] = fabs(m->month[dear] - m->month[cheap]);
}

vo_status vo_moments_of(const vo_series *s, const double *v, vo_moments *out, vo_error *err) {
    vo_moments m = {.step_h = s->dt_h[s->n / 2]};
    for (int k = 0; k < VO_MOMENTS; k++) m.value[k] = (double)NAN;
    for (size_t t = 0; t < s->n; t++) m.missing += isnan(v[t]) != 0;
    m.n = s->n - m.missing;
    if (m.n < 2)
        return vo_fail(err, VO_EINVAL, "%s: %zu values; moments need at least 2", s->label,
                       m.n);
    vo_zone *zone = NULL;
    const vo_status st = vo_zone_open(*s->zone ? s->zone : "UTC", &zone, err);
    if (st != VO_OK) return st;
    double *sorted = malloc(m.n * sizeof *sorted);
    if (!sorted) {
        vo_zone_close(zone);
        return vo_fail(err, VO_ENOMEM, "no memory for the moments of %zu values", m.n);
    }
    size_t n = 0;
    for (size_t t = 0; t < s->n; t++)
        if (!isnan(v[t])) sorted[n++] = v[t];
    qsort(sorted, n, sizeof *sorted, vo_order_double);
    spread(sorted, n, &m);
    free(sorted);
    const double mean = m.value[VO_MOMENT_mean], sd = m.value[VO_MOMENT_sd];
    m.value[VO_MOMENT_lag_1h] = lagged(s, v, 3600, mean, sd);
    m.value[VO_MOMENT_lag_24h] = lagged(s, v, INT64_C(86400), mean, sd);
    m.value[VO_MOMENT_lag_168h] = lagged(s, v, INT64_C(604800), mean, sd);
    profiles(s, v, zone, &m);
    swings(&m);
    vo_zone_close(zone);
    *out = m;
    return VO_OK;
}

vo_moment_verdict vo_moments_verdict(int32_t k, double ours, double reference) {
    if (isnan(ours) || isnan(reference)) return VO_MOMENT_NONE;
    double apart = fabs(ours - reference);
    if (k == VO_MOMENT_peak_hour || k == VO_MOMENT_low_hour) apart = fmin(apart, 24 - apart);
    if (!moment[k].relative) return apart <= moment[k].band ? VO_MOMENT_NEAR : VO_MOMENT_OFF;
    if (apart <= 0) return VO_MOMENT_NEAR;
    const double ratio = ours / reference;
    const bool near = ratio >= 1 / (1 + moment[k].band) && ratio <= 1 + moment[k].band;
    return near ? VO_MOMENT_NEAR : VO_MOMENT_OFF;
}

double vo_moments_correlation(const double *a, const double *b, size_t n) {
    double sa = 0, sb = 0, aa = 0, bb = 0, ab = 0;
    size_t pairs = 0;
    for (size_t t = 0; t < n; t++) {
        if (isnan(a[t]) || isnan(b[t])) continue;
        sa += a[t];
        sb += b[t];
        pairs++;
    }
    if (pairs < 2) return (double)NAN;
    const double ma = sa / (double)pairs, mb = sb / (double)pairs;
    for (size_t t = 0; t < n; t++) {
        if (isnan(a[t]) || isnan(b[t])) continue;
        aa += (a[t] - ma) * (a[t] - ma);
        bb += (b[t] - mb) * (b[t] - mb);
        ab += (a[t] - ma) * (b[t] - mb);
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : (double)NAN;
}

/* ---- as JSON ---------------------------------------------------------------------------- */

static void numbers(vo_json_out *w, const char *key, const double *v, size_t n) {
    vo_json_out_key(w, key);
    vo_json_out_array(w);
    for (size_t k = 0; k < n; k++) vo_json_out_number(w, v[k]);
    vo_json_out_end(w);
}

static void number(vo_json_out *w, const char *key, double v) {
    vo_json_out_key(w, key);
    vo_json_out_number(w, v);
}

void vo_moments_json(const vo_moments *m, vo_json_out *w) {
    vo_json_out_key(w, "values");
    vo_json_out_integer(w, (long long)m->n);
    vo_json_out_key(w, "missing");
    vo_json_out_integer(w, (long long)m->missing);
    vo_json_out_key(w, "moments");
    vo_json_out_object(w);
    for (int k = 0; k < VO_MOMENTS; k++) number(w, moment[k].name, m->value[k]);
    vo_json_out_end(w);
    numbers(w, "hour", m->hour, 24);
    numbers(w, "month", m->month, 12);
}

void vo_moments_compare_json(const vo_moments *ours, const vo_moments *reference,
                             vo_json_out *w) {
    int count[3] = {0};
    vo_json_out_key(w, "moments");
    vo_json_out_array(w);
    for (int k = 0; k < VO_MOMENTS; k++) {
        const double a = ours->value[k], b = reference->value[k];
        const vo_moment_verdict verdict = vo_moments_verdict(k, a, b);
        count[verdict]++;
        vo_json_out_object(w);
        vo_json_out_key(w, "name");
        vo_json_out_string(w, moment[k].name);
        number(w, "ours", a);
        number(w, "reference", b);
        number(w, "ratio", a / b);
        number(w, "band", moment[k].band);
        vo_json_out_key(w, "relative");
        vo_json_out_bool(w, moment[k].relative);
        vo_json_out_key(w, "verdict");
        vo_json_out_string(w, verdict_name[verdict]);
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
    number(w, "near", count[VO_MOMENT_NEAR]);
    number(w, "off", count[VO_MOMENT_OFF]);
    numbers(w, "hour", ours->hour, 24);
    numbers(w, "reference_hour", reference->hour, 24);
    numbers(w, "month", ours->month, 12);
    numbers(w, "reference_month", reference->month, 12);
}
