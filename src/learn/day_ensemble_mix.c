/* day_ensemble_mix.c -- see day_ensemble_mix.h.
 *
 * Bernstein aggregation: with x_k the forecasts, y = sum w_k x_k and g = sign(y - real), the
 * instantaneous regret of rule k is r_k = g (y - x_k); then
 *     V += r^2, E = max |r|, eta = min(1 / (2 E), sqrt(ln K / V)),
 *     R += r (1 - eta r),  w_k ~ eta_k exp(eta_k R_k).
 * Least absolute deviations: two rounds of re-weighted least squares a day, started from
 * yesterday's weights, each solved on the simplex by accelerated projected gradient steps.
 */
#include "learn/day_ensemble_mix.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"

enum { H = VO_DAY_HOURS, MAX = VO_DAY_ENSEMBLE_MAX, LEAST_DAYS = 14, STEPS = 60 };

struct vo_day_mix {
    vo_day_mix_settings set;
    const vo_alloc *alloc;
    size_t k;
    double near[H][H]; /* how much hour j says about hour h; rows sum to 1 */
    /* All [k][H]: */
    double *error_sum, *error_weight;        /* experience                  */
    double *regret, *square, *largest, *boa; /* bernstein; boa: its weights */
    double lad[MAX];                         /* deviations: weights         */
    size_t n_days, at;                       /* of the ring                 */
    double *ring;                            /* [window][k + 1][H], the last row the price */
    double *size;                            /* [window * H] workspace      */
    double bias_sum[H], bias_weight[H];
};

vo_day_mix_settings vo_day_mix_settings_default(void) {
    return (vo_day_mix_settings){.experience = true,
                                 .bernstein = true,
                                 .deviations = true,
                                 .power = 4,
                                 .half_life_days = 30,
                                 .smooth_hours = 2,
                                 .window_days = 182,
                                 .ridge = 0.1,
                                 .bias_share = 0,
                                 .bias_half_life_days = 56};
}

static vo_status within(const char *field, double v, double low, double high, vo_error *err) {
    if (v >= low && v <= high) return VO_OK;
    return vo_fail(err, VO_EINVAL, "ensemble %s = %g is not within %g..%g", field, v, low,
                   high);
}

static vo_status check(size_t k, const vo_day_mix_settings *s, vo_error *err) {
    if (k < 1 || k > MAX)
        return vo_fail(err, VO_EINVAL, "an ensemble of %zu members: it takes 1..%d", k,
                       (int)MAX);
    vo_status st = within("power", s->power, 0, 20, err);
    if (st == VO_OK) st = within("half_life_days", s->half_life_days, 1, 1e4, err);
    if (st == VO_OK) st = within("smooth_hours", s->smooth_hours, 0, 24, err);
    if (st == VO_OK) st = within("window_days", (double)s->window_days, LEAST_DAYS, 1000, err);
    if (st == VO_OK) st = within("ridge", s->ridge, 0, 1e6, err);
    if (st == VO_OK) st = within("bias_share", s->bias_share, 0, 1, err);
    if (st == VO_OK) st = within("bias_half_life_days", s->bias_half_life_days, 1, 1e4, err);
    return st;
}

static void fill_near(vo_day_mix *m) {
    for (int h = 0; h < H; h++) {
        double sum = 0;
        for (int j = 0; j < H; j++) {
            const double far = m->set.smooth_hours > 0 ? (h - j) / m->set.smooth_hours : 0;
            m->near[h][j] = m->set.smooth_hours > 0 ? exp(-far * far / 2) : h == j;
            sum += m->near[h][j];
        }
        for (int j = 0; j < H; j++) m->near[h][j] /= sum;
    }
}

vo_status vo_day_mix_create(size_t n_members, const vo_day_mix_settings *settings,
                            const vo_alloc *alloc, vo_day_mix **out, vo_error *err) {
    const vo_alloc *a = alloc ? alloc : &vo_alloc_libc;
    const vo_status st = check(n_members, settings, err);
    if (st != VO_OK) return st;
    vo_day_mix *m = a->zalloc(a->ctx, sizeof *m);
    if (!m) return vo_fail(err, VO_ENOMEM, "an ensemble of %zu members", n_members);
    m->set = *settings;
    m->alloc = a;
    m->k = n_members;
    const size_t rows = n_members * H, window = settings->window_days;
    m->error_sum = a->zalloc(a->ctx, 6 * rows * sizeof(double));
    m->ring = a->zalloc(a->ctx, window * (rows + H) * sizeof(double));
    m->size = a->zalloc(a->ctx, 2 * window * H * sizeof(double));
    if (!m->error_sum || !m->ring || !m->size) {
        vo_day_mix_free(m);
        return vo_fail(err, VO_ENOMEM, "an ensemble of %zu members over %zu days", n_members,
                       window);
    }
    m->error_weight = m->error_sum + rows;
    m->regret = m->error_sum + 2 * rows;
    m->square = m->error_sum + 3 * rows;
    m->largest = m->error_sum + 4 * rows;
    m->boa = m->error_sum + 5 * rows;
    for (size_t i = 0; i < rows; i++) m->boa[i] = 1 / (double)n_members;
    for (size_t k = 0; k < n_members; k++) m->lad[k] = 1 / (double)n_members;
    fill_near(m);
    *out = m;
    return VO_OK;
}

void vo_day_mix_free(vo_day_mix *m) {
    if (!m) return;
    const vo_alloc *a = m->alloc;
    a->free(a->ctx, m->error_sum);
    a->free(a->ctx, m->ring);
    a->free(a->ctx, m->size);
    a->free(a->ctx, m);
}

/* ---- saying ---------------------------------------------------------------------------- */

/* Mean error of member k around hour h; NAN: it has none yet. */
static double mean_error(const vo_day_mix *m, size_t k, int h) {
    double sum = 0, weight = 0;
    for (int j = 0; j < H; j++) {
        sum += m->near[h][j] * m->error_sum[k * H + (size_t)j];
        weight += m->near[h][j] * m->error_weight[k * H + (size_t)j];
    }
    return weight > 0 ? sum / weight : (double)NAN;
}

/* Weights by experience at hour h; who has none counts as the mean of those who have. */
static void by_experience(const vo_day_mix *m, int h, double *w) {
    double mean = 0, sum = 0;
    size_t n = 0;
    for (size_t k = 0; k < m->k; k++) {
        w[k] = mean_error(m, k, h);
        if (isnan(w[k])) continue;
        mean += w[k];
        n++;
    }
    mean = n > 0 ? mean / (double)n : 1;
    const double least = 1e-6 * mean + 1e-12; /* one that never erred: not infinity */
    for (size_t k = 0; k < m->k; k++) {
        w[k] = pow(mean / fmax(isnan(w[k]) ? mean : w[k], least) + 1e-12, m->set.power);
        sum += w[k];
    }
    for (size_t k = 0; k < m->k; k++) w[k] /= sum;
}

static void by_bernstein(const vo_day_mix *m, int h, double *w) {
    for (size_t k = 0; k < m->k; k++) {
        w[k] = 0;
        for (int j = 0; j < H; j++) w[k] += m->near[h][j] * m->boa[k * H + (size_t)j];
    }
}

static void hour_weights(const vo_day_mix *m, int h, double *w) {
    double one[MAX];
    const int rules = m->set.experience + m->set.bernstein + m->set.deviations;
    for (size_t k = 0; k < m->k; k++) w[k] = rules ? 0 : 1 / (double)m->k;
    if (m->set.experience) {
        by_experience(m, h, one);
        for (size_t k = 0; k < m->k; k++) w[k] += one[k] / rules;
    }
    if (m->set.bernstein) {
        by_bernstein(m, h, one);
        for (size_t k = 0; k < m->k; k++) w[k] += one[k] / rules;
    }
    for (size_t k = 0; m->set.deviations && k < m->k; k++) w[k] += m->lad[k] / rules;
}

/* Takes out members that say nothing at hour h; sum(w x), NAN if nobody does. */
static double mean_of_present(size_t n, const double *members, size_t h, double *w) {
    double sum = 0, said = 0;
    for (size_t k = 0; k < n; k++) {
        if (isnan(members[k * H + h])) w[k] = 0;
        sum += w[k];
    }
    if (!(sum > 0)) { /* those who speak have no weight: equal ones */
        for (size_t k = 0; k < n; k++) sum += w[k] = isnan(members[k * H + h]) ? 0 : 1;
        if (!(sum > 0)) return (double)NAN;
    }
    for (size_t k = 0; k < n; k++) {
        w[k] /= sum;
        if (w[k] > 0) said += w[k] * members[k * H + h];
    }
    return said;
}

static double bias_at(const vo_day_mix *m, int h) {
    double sum = 0, weight = 0;
    for (int j = 0; j < H; j++) {
        sum += m->near[h][j] * m->bias_sum[j];
        weight += m->near[h][j] * m->bias_weight[j];
    }
    return weight > 0 ? sum / weight : 0;
}

static void say_plain(const vo_day_mix *m, const double *members, double *out,
                      double *weights) {
    for (int h = 0; h < H; h++) {
        double w[MAX];
        hour_weights(m, h, w);
        out[h] = mean_of_present(m->k, members, (size_t)h, w);
        for (size_t k = 0; weights && k < m->k; k++) weights[k * H + (size_t)h] = w[k];
    }
}

void vo_day_mix_say(const vo_day_mix *m, const double *members, double *out, double *weights) {
    say_plain(m, members, out, weights);
    for (int h = 0; m->set.bias_share > 0 && h < H; h++)
        out[h] += m->set.bias_share * bias_at(m, h);
}

/* ---- learning -------------------------------------------------------------------------- */

static void observe_experience(vo_day_mix *m, const double *members, const double *real) {
    const double keep = exp2(-1 / m->set.half_life_days);
    for (size_t i = 0; i < m->k * H; i++) {
        const double e = fabs(members[i] - real[i % H]);
        if (isnan(e)) continue;
        m->error_sum[i] = keep * m->error_sum[i] + e;
        m->error_weight[i] = keep * m->error_weight[i] + 1;
    }
}

static void observe_bernstein(vo_day_mix *m, const double *members, const double *real,
                              size_t h) {
    double w[MAX], x[MAX], top = -(double)INFINITY, sum = 0;
    const double n = (double)m->k;
    for (size_t k = 0; k < m->k; k++) w[k] = m->boa[k * H + h];
    const double said = mean_of_present(m->k, members, h, w);
    if (isnan(said) || isnan(real[h]) || m->k == 1) return;
    const double g = said > real[h] ? 1 : said < real[h] ? -1 : 0;
    for (size_t k = 0; k < m->k; k++) {
        const size_t i = k * H + h;
        const double r = isnan(members[i]) ? 0 : g * (said - members[i]);
        m->square[i] += r * r;
        m->largest[i] = fmax(m->largest[i], fabs(r));
        const double eta =
            fmin(0.5 / fmax(m->largest[i], 1e-12), sqrt(log(n) / fmax(m->square[i], 1e-12)));
        m->regret[i] += r * (1 - eta * r);
        x[k] = log(eta) + eta * m->regret[i];
        top = fmax(top, x[k]);
    }
    for (size_t k = 0; k < m->k; k++) sum += x[k] = exp(x[k] - top);
    for (size_t k = 0; k < m->k; k++) m->boa[k * H + h] = x[k] / sum;
}

/* The nearest point of the simplex (Held, Wolfe, Crowder 1974). */
static void to_simplex(double *v, size_t n) {
    double sorted[MAX], sum = 0, shift = 0;
    memcpy(sorted, v, n * sizeof *v);
    qsort(sorted, n, sizeof *sorted, vo_order_double);
    for (size_t i = 0; i < n; i++) {
        const double largest = sorted[n - 1 - i];
        sum += largest;
        if (largest - (sum - 1) / (double)(i + 1) > 0) shift = (sum - 1) / (double)(i + 1);
    }
    for (size_t i = 0; i < n; i++) v[i] = fmax(v[i] - shift, 0);
}

/* min w'Aw + ridge |w - 1/n|^2 on the simplex, from w. */
static void solve_simplex(double a[MAX][MAX], size_t n, double ridge, double *w) {
    double y[MAX], next[MAX], norm = 0, t = 1;
    for (size_t i = 0; i < n; i++) {
        double row = 0;
        a[i][i] += ridge;
        for (size_t j = 0; j < n; j++) row += fabs(a[i][j]);
        norm = fmax(norm, row);
    }
    if (!(norm > 0)) return;
    memcpy(y, w, n * sizeof *y);
    for (int step = 0; step < STEPS; step++) {
        for (size_t i = 0; i < n; i++) {
            double slope = -ridge / (double)n;
            for (size_t j = 0; j < n; j++) slope += a[i][j] * y[j];
            next[i] = y[i] - slope / norm;
        }
        to_simplex(next, n);
        const double t_next = (1 + sqrt(1 + 4 * t * t)) / 2;
        for (size_t i = 0; i < n; i++) {
            y[i] = next[i] + (t - 1) / t_next * (next[i] - w[i]);
            w[i] = next[i];
        }
        t = t_next;
    }
}

/* |price - sum w x| of every hour of the ring into size[]; their median. NAN: none. */
static double deviations(const vo_day_mix *m, double *size, double *sorted) {
    size_t n = 0;
    for (size_t d = 0; d < m->n_days; d++) {
        const double *x = m->ring + d * (m->k + 1) * H, *real = x + m->k * H;
        for (size_t h = 0; h < H; h++) {
            double said = 0;
            for (size_t k = 0; k < m->k; k++) said += m->lad[k] * x[k * H + h];
            size[d * H + h] = fabs(real[h] - said);
            sorted[n++] = size[d * H + h];
        }
    }
    if (n == 0) return (double)NAN;
    qsort(sorted, n, sizeof *sorted, vo_order_double);
    return vo_order_quantile(sorted, n, 0.5);
}

static void refit_deviations(vo_day_mix *m) {
    if (m->n_days < LEAST_DAYS) return;
    for (int round = 0; round < 2; round++) {
        double a[MAX][MAX] = {{0}}, best = (double)INFINITY;
        const double least =
            0.2 * deviations(m, m->size, m->size + m->set.window_days * H) + 1e-9;
        for (size_t d = 0; d < m->n_days; d++) {
            const double *x = m->ring + d * (m->k + 1) * H, *real = x + m->k * H;
            for (size_t h = 0; h < H; h++) {
                double e[MAX];
                const double weight = 1 / fmax(m->size[d * H + h], least);
                for (size_t k = 0; k < m->k; k++) e[k] = x[k * H + h] - real[h];
                for (size_t i = 0; i < m->k; i++)
                    for (size_t j = 0; j <= i; j++) a[i][j] += weight * e[i] * e[j];
            }
        }
        for (size_t i = 0; i < m->k; i++) {
            best = fmin(best, a[i][i]); /* of a bad member the pull must not grow */
            for (size_t j = 0; j < i; j++) a[j][i] = a[i][j];
        }
        solve_simplex(a, m->k, m->set.ridge * best, m->lad);
    }
}

/* Into the ring: whoever said nothing is taken to have said the mean of the others; an hour
 * without price or forecast is one on which nobody erred. */
static void remember(vo_day_mix *m, const double *members, const double *real) {
    double *row = m->ring + m->at * (m->k + 1) * H;
    for (size_t h = 0; h < H; h++) {
        double sum = 0;
        size_t n = 0;
        for (size_t k = 0; k < m->k; k++) {
            if (isnan(members[k * H + h])) continue;
            sum += members[k * H + h];
            n++;
        }
        const bool known = n > 0 && !isnan(real[h]);
        row[m->k * H + h] = known ? real[h] : 0;
        for (size_t k = 0; k < m->k; k++)
            row[k * H + h] = !known                      ? 0
                             : isnan(members[k * H + h]) ? sum / (double)n
                                                         : members[k * H + h];
    }
    m->at = (m->at + 1) % m->set.window_days;
    if (m->n_days < m->set.window_days) m->n_days++;
}

static void observe_bias(vo_day_mix *m, const double *members, const double *real) {
    double said[H];
    const double keep = exp2(-1 / m->set.bias_half_life_days);
    say_plain(m, members, said, NULL);
    for (size_t h = 0; h < H; h++) {
        if (isnan(said[h]) || isnan(real[h])) continue;
        m->bias_sum[h] = keep * m->bias_sum[h] + real[h] - said[h];
        m->bias_weight[h] = keep * m->bias_weight[h] + 1;
    }
}

void vo_day_mix_observe(vo_day_mix *m, const double *members, const double *real) {
    if (m->set.bias_share > 0) observe_bias(m, members, real);
    if (m->set.experience) observe_experience(m, members, real);
    for (size_t h = 0; m->set.bernstein && h < H; h++) observe_bernstein(m, members, real, h);
    if (!m->set.deviations) return;
    remember(m, members, real);
    refit_deviations(m);
}

/* ---- keeping --------------------------------------------------------------------------- */

vo_status vo_day_mix_save(const vo_day_mix *m, vo_artefact_out *out, vo_error *err) {
    (void)err;
    vo_artefact_begin(out, "MIX ");
    vo_artefact_put_u64(out, m->k);
    vo_artefact_put_u64(out, m->set.window_days);
    vo_artefact_put_u64(out, m->n_days);
    vo_artefact_put_u64(out, m->at);
    vo_artefact_put_doubles(out, m->error_sum, 6 * m->k * H);
    vo_artefact_put_doubles(out, m->lad, m->k);
    vo_artefact_put_doubles(out, m->ring, m->n_days * (m->k + 1) * H);
    vo_artefact_put_doubles(out, m->bias_sum, H);
    vo_artefact_put_doubles(out, m->bias_weight, H);
    vo_artefact_end(out);
    return VO_OK;
}

vo_status vo_day_mix_load(vo_day_mix *m, vo_artefact *in, vo_error *err) {
    uint64_t k = 0, window = 0, days = 0, at = 0;
    vo_status st = vo_artefact_enter(in, "MIX ", err);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &k, err);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &window, err);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &days, err);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &at, err);
    if (st != VO_OK) return st;
    if (k != m->k || window != m->set.window_days || days > window || at >= window)
        return vo_fail(err, VO_EINVAL,
                       "the saved weights are of %llu members over %llu days, not %zu and %zu",
                       (unsigned long long)k, (unsigned long long)window, m->k,
                       m->set.window_days);
    st = vo_artefact_get_doubles(in, m->error_sum, 6 * m->k * H, err);
    if (st == VO_OK) st = vo_artefact_get_doubles(in, m->lad, m->k, err);
    if (st == VO_OK)
        st = vo_artefact_get_doubles(in, m->ring, (size_t)days * (m->k + 1) * H, err);
    if (st == VO_OK) st = vo_artefact_get_doubles(in, m->bias_sum, H, err);
    if (st == VO_OK) st = vo_artefact_get_doubles(in, m->bias_weight, H, err);
    if (st != VO_OK) return st;
    m->n_days = (size_t)days;
    m->at = (size_t)at;
    vo_artefact_leave(in);
    return VO_OK;
}
