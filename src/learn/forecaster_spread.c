/* forecaster_spread.c -- see forecaster_spread.h.
 *
 * What was said is kept by origin: a ring of the last days' origins, each a row of predictions.
 * Once per local day all errors of the ring are scaled anew and cut into SLICES equal parts per
 * cell (lead, hour); a cell is the mean error of each part. Between two days the tables stand.
 */
#include "learn/forecaster_spread.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/normal.h"
#include "base/order.h"
#include "base/zone.h"

enum {
    HOURS = 24,
    A_DAY = 4, /* origins, six hours apart                                   */
    LEADS = 4, /* up to 6 h, 12 h, 24 h, more: every hour has errors of each */
    SLICES = 64,
    ENOUGH = 2 * SLICES, /* errors, for a cell of its own                    */
    LEVEL = 60,          /* days whose median and deviation are the scale    */
    RECENT = 14          /* days of one-step errors that are made up for     */
};

/* Where prices were and how far they went apart, over the days before one. */
typedef struct {
    double median, deviation; /* deviation 0: nothing is known */
} scale;

typedef struct {
    size_t origin, n; /* n predictions from `origin` on; 0: empty */
    double *said;     /* [longest]                                */
    scale scale;      /* of the origin's local day                */
} path;

typedef struct {
    double follow;               /* b                                  */
    double slice[HOURS][SLICES]; /* errors, ascending                  */
    bool any;
} lead_table;

/* One prediction of the ring whose price has come. */
typedef struct {
    double y, f;   /* price and prediction, scaled; y becomes the error               */
    uint32_t cell; /* lead * HOURS + hour                                             */
    bool joined;   /* the entry before is of the same path, an interval earlier       */
} verdict;

struct vo_spread {
    vo_forecaster *forecaster;
    const vo_series *series;
    const vo_alloc *alloc;
    size_t longest;
    bool learns, own; /* is fitted; has quantiles of its own     */
    int32_t days;
    uint8_t *hour;    /* [n] local hour of each interval         */
    uint8_t *quarter; /* [n] which origin of its day begins here, + 1; 0: none */
    double *said;     /* all paths' predictions                  */
    path *ring;       /* [n_ring]                                */
    size_t n_ring, latest;
    size_t reached;    /* origins before this are in the ring     */
    int32_t table_day; /* local day of the tables; -1: none       */
    size_t scaled_at;  /* first interval of the day of `scale`; SIZE_MAX: none */
    scale scale;
    lead_table table[LEADS];
    verdict *verdict;         /* [n_ring * longest]                              */
    double *errors, *scratch; /* [n_ring * longest], and as many or series->n    */
    double along;
    size_t scored;                /* one-step errors before this are in the sums */
    double score, sum_xy, sum_xx; /* of the last, and of pairs                   */
    double excess; /* of the last over all errors of its table, scaled; mostly 0 */
    double *spare; /* [longest] */
};

/* ---- making ------------------------------------------------------------------------------ */

void vo_spread_free(vo_spread *s) {
    if (!s) return;
    const vo_alloc *a = s->alloc;
    a->free(a->ctx, s->hour);
    a->free(a->ctx, s->quarter);
    a->free(a->ctx, s->said);
    a->free(a->ctx, s->ring);
    a->free(a->ctx, s->verdict);
    a->free(a->ctx, s->errors);
    a->free(a->ctx, s->scratch);
    a->free(a->ctx, s->spare);
    a->free(a->ctx, s);
}

/* Local hours, and the first interval of every quarter of a local day. */
static vo_status read_clock(vo_spread *s, vo_error *err) {
    const vo_series *series = s->series;
    vo_zone *zone = NULL;
    const vo_status st = vo_zone_open(series->zone[0] ? series->zone : "UTC", &zone, err);
    if (st != VO_OK) return st;
    int before = -1;
    for (size_t t = 0; t < series->n; t++) {
        const int64_t local = series->start[t].s + vo_zone_offset(zone, series->start[t].s);
        const int64_t of_day = ((local % 86400) + 86400) % 86400;
        const int quarter = (int)(of_day / (86400 / A_DAY));
        const bool dawn = t == 0 || series->day[t] != series->day[t - 1];
        s->hour[t] = (uint8_t)(of_day / 3600);
        if (dawn || quarter > before) s->quarter[t] = (uint8_t)(quarter + 1);
        before = dawn || quarter > before ? quarter : before;
    }
    vo_zone_close(zone);
    return VO_OK;
}

/* Each is in the ring at most once: a short series needs no room for all the days' errors. */
static size_t count_origins(const vo_spread *s) {
    size_t n = 0;
    for (size_t t = 0; t < s->series->n; t++) n += s->quarter[t] != 0;
    return n;
}

static void forget(vo_spread *s) {
    for (size_t i = 0; i < s->n_ring; i++) s->ring[i].n = 0;
    s->latest = s->reached = s->scored = 0;
    s->table_day = -1;
    s->scaled_at = SIZE_MAX;
    s->along = s->sum_xy = s->sum_xx = 0;
    s->score = (double)NAN;
    s->excess = 0;
}

vo_status vo_spread_create(vo_forecaster *f, const vo_series *series, size_t longest,
                           bool learns, int32_t days, const vo_alloc *alloc, vo_spread **out,
                           vo_error *err) {
    if (days < 2)
        return vo_fail(err, VO_EINVAL, "days = %d of errors: at least 2 are needed", (int)days);
    const vo_alloc *a = alloc ? alloc : &vo_alloc_libc;
    vo_status st = VO_OK;
    vo_spread *s = a->zalloc(a->ctx, sizeof *s);
    if (!s) return vo_fail(err, VO_ENOMEM, "errors of a forecaster");
    s->alloc = a;
    s->forecaster = f;
    s->series = series;
    s->longest = longest;
    s->learns = learns;
    s->own = f->ops->quantiles != NULL;
    s->days = days;
    s->hour = a->zalloc(a->ctx, series->n);
    s->quarter = a->zalloc(a->ctx, series->n);
    if (!s->hour || !s->quarter) {
        st = vo_fail(err, VO_ENOMEM, "the hours of %zu intervals", series->n);
        goto fail;
    }
    st = read_clock(s, err);
    if (st != VO_OK) goto fail;
    const size_t origins = count_origins(s);
    s->n_ring = ((size_t)days + 1) * A_DAY; /* and those of the day under way */
    if (s->n_ring > origins) s->n_ring = origins > 0 ? origins : 1;
    const size_t all = s->n_ring * longest;
    s->ring = a->zalloc(a->ctx, s->n_ring * sizeof *s->ring);
    s->said = a->zalloc(a->ctx, all * sizeof(double));
    s->verdict = a->zalloc(a->ctx, all * sizeof *s->verdict);
    s->errors = a->zalloc(a->ctx, all * sizeof(double));
    s->scratch = a->zalloc(a->ctx, (all > series->n ? all : series->n) * sizeof(double));
    s->spare = a->zalloc(a->ctx, longest * sizeof(double));
    if (!s->ring || !s->said || !s->verdict || !s->errors || !s->scratch || !s->spare) {
        st = vo_fail(err, VO_ENOMEM, "errors of %d days", (int)days);
        goto fail;
    }
    for (size_t i = 0; i < s->n_ring; i++) s->ring[i].said = s->said + i * longest;
    forget(s);
    *out = s;
    return VO_OK;

fail:
    vo_spread_free(s);
    return st;
}

/* ---- what was said ------------------------------------------------------------------------ */

/* The first interval of the local day of `known`. */
static size_t day_begin(const vo_spread *s, size_t known) {
    const int32_t *day = s->series->day;
    size_t t = known;
    while (t > 0 && known < s->series->n && day[t - 1] == day[known]) t--;
    return t;
}

/* The first interval of the `days` local days before the one that begins at `dawn`. */
static size_t window_begin(const vo_spread *s, size_t dawn, int32_t days) {
    const int32_t *day = s->series->day;
    size_t t = dawn;
    while (t > 0 && day[dawn - 1] - day[t - 1] < days) t--;
    return t;
}

/* To the end of the next local day, as far as `longest` goes. */
static size_t path_end(const vo_spread *s, size_t origin) {
    const vo_series *series = s->series;
    size_t t = origin;
    while (t < series->n && t - origin < s->longest &&
           series->day[t] - series->day[origin] <= 1)
        t++;
    return t;
}

/* asinh and sinh by their definitions: what the C library does for the last digits next to 0 takes
 * several times as long, and the median is added to it. */
static double scaled(const scale *s, double price) {
    const double x = (price - s->median) / s->deviation;
    return copysign(log(fabs(x) + sqrt(x * x + 1)), x);
}

static double unscaled(const scale *s, double y) {
    const double e = exp(y);
    return s->median + s->deviation * (0.5 * (e - 1 / e));
}

/* Sets s->scale for the local day of t: median and median absolute deviation of the days before. */
static void find_scale(vo_spread *s, const double *history, size_t t) {
    const size_t dawn = day_begin(s, t);
    if (dawn == s->scaled_at) return;
    s->scaled_at = dawn;
    s->scale = (scale){0, 0};
    size_t n = 0;
    for (size_t i = window_begin(s, dawn, LEVEL); i < dawn; i++)
        if (!isnan(history[i])) s->scratch[n++] = history[i];
    if (n == 0) return;
    const double median = vo_order_median(s->scratch, n);
    for (size_t i = 0; i < n; i++) s->scratch[i] = fabs(s->scratch[i] - median);
    const double apart = vo_order_median(s->scratch, n) / 0.6745;
    s->scale.median = median;
    s->scale.deviation = apart > 1e-6 * (1 + fabs(median)) ? apart : 1 + fabs(median);
}

static vo_status keep_path(vo_spread *s, const double *history, size_t origin, vo_error *err) {
    path *p = &s->ring[s->latest % s->n_ring];
    const size_t end = path_end(s, origin);
    size_t ignored = 0;
    p->n = 0;
    const vo_status st = vo_forecaster_predict(s->forecaster, history, origin, origin, end,
                                               p->said, &ignored, err);
    if (st != VO_OK) return st;
    find_scale(s, history, origin);
    p->origin = origin;
    p->n = end - origin;
    p->scale = s->scale;
    s->latest++;
    return VO_OK;
}

/* Asks for what is not in the ring yet. */
static vo_status take_paths(vo_spread *s, const double *history, size_t known, vo_error *err) {
    const size_t n = s->series->n;
    if (s->learns) { /* it is asked about the present only */
        bool due = false;
        for (size_t t = s->reached; t <= known && t < n; t++) due |= s->quarter[t] != 0;
        s->reached = known + 1;
        return due && known < n ? keep_path(s, history, known, err) : VO_OK;
    }
    size_t t = s->reached;
    if (t == 0) t = window_begin(s, day_begin(s, known), s->days);
    for (; t <= known && t < n; t++) {
        if (!s->quarter[t]) continue;
        const vo_status st = keep_path(s, history, t, err);
        if (st != VO_OK) return st;
    }
    s->reached = known + 1;
    return VO_OK;
}

/* ---- the tables -------------------------------------------------------------------------- */

static size_t lead_of(const vo_spread *s, size_t origin, size_t t) {
    const double h = (double)(s->series->start[t].s - s->series->start[origin].s) / 3600;
    return h < 6 ? 0 : h < 12 ? 1 : h < 24 ? 2 : 3;
}

static size_t gather(vo_spread *s, const double *history, size_t begin, size_t known) {
    size_t n = 0;
    for (size_t r = 0; r < s->n_ring; r++) { /* from the earliest to the latest */
        const path *p = &s->ring[(s->latest + r) % s->n_ring];
        bool joined = false;
        if (p->origin < begin || !(p->scale.deviation > 0)) continue;
        for (size_t i = 0; i < p->n && p->origin + i < known; i++) {
            const size_t t = p->origin + i;
            if (isnan(history[t]) || isnan(p->said[i])) {
                joined = false;
                continue;
            }
            s->verdict[n++] =
                (verdict){scaled(&p->scale, history[t]), scaled(&p->scale, p->said[i]),
                          (uint32_t)(lead_of(s, p->origin, t) * HOURS + s->hour[t]), joined};
            joined = true;
        }
    }
    return n;
}

/* y = a + b f by least squares for each lead, b within 0..1; y becomes y - b f. */
static void follow(vo_spread *s, size_t n) {
    double w[LEADS] = {0}, y[LEADS] = {0}, f[LEADS] = {0}, yf[LEADS] = {0}, ff[LEADS] = {0};
    for (size_t i = 0; i < n; i++) {
        const verdict *v = &s->verdict[i];
        const size_t k = v->cell / HOURS;
        w[k]++;
        y[k] += v->y;
        f[k] += v->f;
        yf[k] += v->y * v->f;
        ff[k] += v->f * v->f;
    }
    for (size_t k = 0; k < LEADS; k++) {
        const double xy = yf[k] - y[k] * f[k] / w[k], xx = ff[k] - f[k] * f[k] / w[k];
        s->table[k].follow = w[k] > 1 && xx > 0 ? fmin(fmax(xy / xx, 0), 1) : 1;
    }
    for (size_t i = 0; i < n; i++) {
        verdict *v = &s->verdict[i];
        v->y -= s->table[v->cell / HOURS].follow * v->f;
    }
}

/* Mean of each SLICES-th part of sorted errors, which need not divide evenly. */
static void cut_slices(double *errors, size_t n, double *slice) {
    qsort(errors, n, sizeof *errors, vo_order_double);
    const double part = (double)n / SLICES;
    for (size_t k = 0; k < SLICES; k++) {
        const double a = part * (double)k, b = a + part;
        double sum = 0;
        for (size_t i = (size_t)a; i < n && (double)i < b; i++) {
            const double from = fmax(a, (double)i), to = fmin(b, (double)i + 1);
            sum += errors[i] * (to - from);
        }
        slice[k] = sum / part;
    }
}

/* Errors in order of their cells: errors[at[c]..at[c + 1]) are of cell c. */
static void sort_by_cell(vo_spread *s, size_t n, size_t at[LEADS * HOURS + 1]) {
    size_t next[LEADS * HOURS] = {0};
    for (size_t i = 0; i < n; i++) next[s->verdict[i].cell]++;
    at[0] = 0;
    for (size_t c = 0; c < LEADS * HOURS; c++) {
        at[c + 1] = at[c] + next[c];
        next[c] = at[c];
    }
    for (size_t i = 0; i < n; i++) s->errors[next[s->verdict[i].cell]++] = s->verdict[i].y;
}

/* The errors of an hour and its neighbours; of the whole day where they are few. */
static void fill_table(vo_spread *s, const size_t at[LEADS * HOURS + 1], size_t lead) {
    lead_table *table = &s->table[lead];
    const size_t first = lead * HOURS, n = at[first + HOURS] - at[first];
    double whole[SLICES] = {0};
    table->any = n > 0;
    if (n > 0) {
        memcpy(s->scratch, s->errors + at[first], n * sizeof *s->scratch);
        cut_slices(s->scratch, n, whole);
    }
    for (size_t h = 0; h < HOURS; h++) {
        size_t m = 0;
        for (size_t k = 0; k < 3; k++) {
            const size_t c = first + (h + HOURS - 1 + k) % HOURS, of = at[c + 1] - at[c];
            memcpy(s->scratch + m, s->errors + at[c], of * sizeof *s->scratch);
            m += of;
        }
        if (m >= ENOUGH)
            cut_slices(s->scratch, m, table->slice[h]);
        else
            memcpy(table->slice[h], whole, sizeof whole);
    }
}

/* The standard normal score of an error among those of its cell. */
static double score_of(const double *slice, double error) {
    size_t lo = 0, hi = SLICES;
    while (lo < hi) {
        const size_t mid = (lo + hi) / 2;
        if (slice[mid] < error)
            lo = mid + 1;
        else
            hi = mid;
    }
    size_t same = lo;
    while (same < SLICES && slice[same] <= error) same++;
    return vo_normal_score(
        fmin(fmax(0.5 * (double)(lo + same) / SLICES, 0.5 / SLICES), 1 - 0.5 / SLICES));
}

/* Neighbouring errors of a path, as scores. */
static double correlate(const vo_spread *s, size_t n) {
    double xy = 0, xx = 0, before = 0;
    for (size_t i = 0; i < n; i++) {
        const verdict *v = &s->verdict[i];
        const double z = score_of(s->table[v->cell / HOURS].slice[v->cell % HOURS], v->y);
        if (v->joined) {
            xy += z * before;
            xx += 0.5 * (z * z + before * before);
        }
        before = z;
    }
    return xx > 0 ? fmin(fmax(xy / xx, 0), 0.999) : 0;
}

/* A lead of which nothing is known takes the table of the next shorter one, or longer. */
static void lend_tables(vo_spread *s) {
    for (size_t k = 1; k < LEADS; k++)
        if (!s->table[k].any) s->table[k] = s->table[k - 1];
    for (size_t k = LEADS - 1; k-- > 0;)
        if (!s->table[k].any) s->table[k] = s->table[k + 1];
}

/* Anew for a local day, from what was known when it began. */
static void make_tables(vo_spread *s, const double *history, size_t dawn) {
    size_t at[LEADS * HOURS + 1];
    const size_t begin = window_begin(s, dawn, s->days);
    const size_t n = gather(s, history, begin, dawn);
    follow(s, n);
    sort_by_cell(s, n, at);
    for (size_t k = 0; k < LEADS; k++) fill_table(s, at, k);
    lend_tables(s);
    s->along = correlate(s, n);
}

static vo_status bring_up_to(vo_spread *s, const double *history, size_t known, vo_error *err) {
    if (known + 1 < s->reached) forget(s); /* asked about an earlier time */
    const vo_status st = take_paths(s, history, known, err);
    if (st != VO_OK) return st;
    const int32_t day = s->series->day[known < s->series->n ? known : s->series->n - 1];
    if (day == s->table_day) return VO_OK;
    s->table_day = day;
    make_tables(s, history, day_begin(s, known));
    return VO_OK;
}

/* ---- answers ------------------------------------------------------------------------------ */

/* The error at rank p of a cell: between the middles of its slices. */
static double error_at(const double *slice, double p) {
    const double at = fmin(fmax(p * SLICES - 0.5, 0), SLICES - 1);
    const size_t i = (size_t)at;
    return i + 1 < SLICES ? slice[i] + (at - (double)i) * (slice[i + 1] - slice[i]) : slice[i];
}

vo_status vo_spread_quantiles(vo_spread *s, const double *history, size_t known, size_t from,
                              size_t to, const double *level, size_t n_levels, double *out,
                              size_t *filled, vo_error *err) {
    assert(to - from <= s->longest);
    vo_status st = bring_up_to(s, history, known, err);
    if (st != VO_OK) return st;
    if (s->own)
        return vo_forecaster_quantiles(s->forecaster, history, known, from, to, level, n_levels,
                                       out, err);
    st = vo_forecaster_predict(s->forecaster, history, known, from, to, s->spare, filled, err);
    if (st != VO_OK) return st;
    find_scale(s, history, known);
    const scale now = s->scale;
    double excess = known > 0 && s->scored == known ? s->excess * s->along : 0;
    for (size_t t = from; t < to; t++) {
        const lead_table *table = &s->table[lead_of(s, known < t ? known : t, t)];
        double *row = out + (t - from) * n_levels;
        const double said = s->spare[t - from];
        for (size_t k = 0; k < n_levels; k++)
            row[k] =
                isnan(said) || !table->any || !(now.deviation > 0)
                    ? said
                    : unscaled(&now, table->follow * scaled(&now, said) +
                                         error_at(table->slice[s->hour[t]], level[k]) + excess);
        excess *= s->along;
    }
    return VO_OK;
}

/* The score of interval t's price among what was said of it right before. */
static vo_status score_one(vo_spread *s, const double *history, size_t t, double *score,
                           vo_error *err) {
    size_t ignored = 0;
    *score = (double)NAN;
    s->excess = 0;
    if (isnan(history[t])) return VO_OK;
    if (s->own) {
        double level[SLICES], row[SLICES];
        for (size_t k = 0; k < SLICES; k++) level[k] = ((double)k + 0.5) / SLICES;
        const vo_status st = vo_forecaster_quantiles(s->forecaster, history, t, t, t + 1, level,
                                                     SLICES, row, err);
        if (st == VO_OK && !isnan(row[0])) *score = score_of(row, history[t]);
        return st;
    }
    double said;
    const vo_status st =
        vo_forecaster_predict(s->forecaster, history, t, t, t + 1, &said, &ignored, err);
    const lead_table *table = &s->table[0];
    find_scale(s, history, t);
    if (st != VO_OK || isnan(said) || !table->any || !(s->scale.deviation > 0)) return st;
    const double *slice = table->slice[s->hour[t]];
    const double error =
        scaled(&s->scale, history[t]) - table->follow * scaled(&s->scale, said);
    *score = score_of(slice, error);
    s->excess = error - fmin(fmax(error, slice[0]), slice[SLICES - 1]);
    return st;
}

vo_status vo_spread_recall(vo_spread *s, const double *history, size_t known,
                           vo_spread_memory *out, vo_error *err) {
    *out = (vo_spread_memory){0, 0, (double)NAN};
    const vo_status ready = bring_up_to(s, history, known, err);
    if (ready != VO_OK) return ready;
    out->along = s->along;
    if (known == 0) return VO_OK;
    size_t t = s->scored;
    if (s->learns ? t + 1 < known : t == 0) {
        s->score = (double)NAN;
        t = s->learns ? known - 1 : window_begin(s, day_begin(s, known - 1), RECENT);
    }
    for (; t < known; t++) {
        double z;
        const vo_status st = score_one(s, history, t, &z, err);
        if (st != VO_OK) return st;
        if (!isnan(z) && !isnan(s->score)) {
            s->sum_xy += z * s->score;
            s->sum_xx += 0.5 * (z * z + s->score * s->score);
        }
        s->score = z;
        s->scored = t + 1;
    }
    out->now = s->sum_xx > 0 ? fmin(fmax(s->sum_xy / s->sum_xx, 0), 0.999) : 0;
    out->score = s->score;
    return VO_OK;
}
