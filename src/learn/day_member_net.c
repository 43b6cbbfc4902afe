/* day_member_net.c -- several small networks with a linear skip path (net.h), averaged.
 *
 * Inputs are day_design.h's row and the season as sin and cos; all 24 prices come out at once.
 * Where level or spread is asked for, prices are measured from where they have been of late
 * (day_design.h), inputs and targets of a day alike, and both stand among the inputs.
 * Prices pass median, MAD and asinh over the calibration window, then every input is brought to
 * mean 0 and deviation 1 and cut at 6; a missing one is 0, its mean. The loss is nearly absolute,
 * in the transformed price, so that a network tells the median (Lago et al. 2021, Applied Energy
 * 293:116983; the skip path and learning on from yesterday's weights: El Mahtout, Ziel 2026,
 * arXiv 2601.02856).
 *
 * Every network is trained anew every `anew` days, one after the other so that the work is
 * spread; `tune` > 0 lets it go on from its weights on the days between, through the last
 * `tune_days` days. A forecast is the mean of all networks' prices. Chance comes from seed,
 * network and day alone, so threads and a save in between change nothing.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "learn/day_design.h"
#include "learn/day_member.h"
#include "learn/day_scale.h"
#include "learn/net.h"
#include "port/thread.h"

enum { H = VO_DAY_HOURS, LEAST_ROWS = 56, MOST_NETS = 64, SEASON = 2, BATCH = 64 };
#define CUT 6.0    /* deviations from the mean */
#define BEYOND 1.0 /* how far outside of the targets a forecast may lie, transformed */
#define YEAR_DAYS 365.2425
#define LEAST_DEVIATION 1e-3

typedef struct {
    double nets, units, layers, epochs, rate, dropout, decay, shrink, days, anew, tune,
        tune_days, tune_rate, half_life, level, spread;
} settings;

typedef struct {
    vo_net *net;
    uint64_t due;           /* the day of its next training anew */
    vo_day_scale price;     /* of all hours                      */
    double low, high;       /* of the targets                    */
    float *centre, *spread; /* [width] of the inputs             */
} part;

typedef struct {
    float *x, *y, *weight; /* [days][width], [days][H], [days] */
    size_t *order;
    double *work; /* [2][days * H] */
} desk;           /* one thread's workspace */

typedef struct {
    vo_day_member base;
    settings set;
    vo_net_training training, tuning;
    uint64_t seed;
    size_t width, n_parts, n_desks;
    part *part;
    desk *desk;
    double *raw;     /* [days][width] inputs of the window's days; predict uses the first row */
    size_t *row_day; /* [days] */
    vo_day_level
        *level; /* [days] where the row's prices are measured from; as raw            */
    size_t n_rows;
    bool fitted;
    uint64_t fitted_day;
} nets;

static void nets_free(vo_day_member *m) {
    nets *v = (nets *)(void *)m;
    const vo_alloc *a = m->alloc;
    for (size_t k = 0; v->part && k < v->n_parts; k++) {
        vo_net_free(v->part[k].net);
        a->free(a->ctx, v->part[k].centre);
    }
    for (size_t i = 0; v->desk && i < v->n_desks; i++) {
        a->free(a->ctx, v->desk[i].x);
        a->free(a->ctx, v->desk[i].order);
        a->free(a->ctx, v->desk[i].work);
    }
    a->free(a->ctx, v->part);
    a->free(a->ctx, v->desk);
    a->free(a->ctx, v->raw);
    a->free(a->ctx, v->row_day);
    a->free(a->ctx, v->level);
    a->free(a->ctx, v);
}

/* ---- inputs ---------------------------------------------------------------------------- */

enum { PRICES = VO_DAY_DESIGN_PRICES };

static bool moves(const nets *v) { return v->set.level > 0 || v->set.spread > 0; }

/* The inputs of a day; prices as seen from *level, which stands among them if it moves. */
static void raw_row(const nets *v, const vo_day_table *t, size_t day, double *row,
                    vo_day_level *level) {
    vo_day_design_row(t, day, row);
    *level = vo_day_design_level(t, day, (size_t)v->set.level, (size_t)v->set.spread);
    for (size_t j = 0; j < PRICES; j++) row[j] = (row[j] - level->centre) / level->spread;
    if (moves(v)) {
        row[v->width - SEASON - 2] = level->centre;
        row[v->width - SEASON - 1] = level->spread;
    }
    const double turn = 2 * acos(-1) * (double)t->date[day] / YEAR_DAYS;
    row[v->width - 2] = sin(turn);
    row[v->width - 1] = cos(turn);
}

/* The days of the window before `day` that have prices; what all networks start from. */
static void gather(nets *v, const vo_day_table *t, size_t day) {
    const size_t days = (size_t)v->set.days;
    size_t from = day > days ? day - days : 0;
    if (from < VO_DAY_DESIGN_FIRST) from = VO_DAY_DESIGN_FIRST;
    v->n_rows = 0;
    for (size_t i = from; i < day; i++) {
        if (!vo_day_design_has_prices(t, i)) continue;
        v->row_day[v->n_rows] = i;
        raw_row(v, t, i, v->raw + v->n_rows * v->width, &v->level[v->n_rows]);
        v->n_rows++;
    }
}

/* x[width] on the network's price scale, not yet standardised. */
static void scale(const nets *v, const part *p, const double *row, float *x) {
    for (size_t j = 0; j < PRICES; j++) x[j] = (float)vo_day_scale_apply(&p->price, row[j]);
    for (size_t j = PRICES; j < v->width; j++) x[j] = (float)row[j];
}

static void measure(const nets *v, part *p, const float *x, size_t n) {
    for (size_t j = 0; j < v->width; j++) {
        double sum = 0, square = 0, count = 0;
        for (size_t i = 0; i < n; i++) {
            const double value = (double)x[i * v->width + j];
            if (!isfinite(value)) continue;
            sum += value, count++;
        }
        const double mean = count > 0 ? sum / count : 0;
        for (size_t i = 0; i < n; i++) {
            const double e = (double)x[i * v->width + j] - mean;
            if (isfinite(e)) square += e * e;
        }
        const double deviation = count > 0 ? sqrt(square / count) : 0;
        p->centre[j] = (float)mean;
        p->spread[j] =
            (float)(deviation > LEAST_DEVIATION * (1 + fabs(mean) * 1e-6) ? deviation : 1);
    }
}

static void standardise(const nets *v, const part *p, float *x) {
    for (size_t j = 0; j < v->width; j++) {
        const float z = (x[j] - p->centre[j]) / p->spread[j];
        x[j] = isfinite(z) ? fminf(fmaxf(z, (float)-CUT), (float)CUT) : 0;
    }
}

/* ---- fitting ----------------------------------------------------------------------------- */

static double from_level(double price, const vo_day_level *l) {
    return (price - l->centre) / l->spread;
}

/* Rows from..n_rows-1 onto the desk; their number. Targets widen the range of the network. */
static size_t lay(const nets *v, part *p, const vo_day_table *t, size_t from, desk *d) {
    for (size_t i = from; i < v->n_rows; i++) {
        const size_t to = i - from, day = v->row_day[i];
        const double age = (double)(v->row_day[v->n_rows - 1] - day);
        scale(v, p, v->raw + i * v->width, d->x + to * v->width);
        d->weight[to] = v->set.half_life > 0 ? (float)exp2(-age / v->set.half_life) : 1;
        for (size_t h = 0; h < H; h++) {
            const double z =
                vo_day_scale_apply(&p->price, from_level(t->price[day * H + h], &v->level[i]));
            d->y[to * H + h] = (float)z;
            p->low = fmin(p->low, z);
            p->high = fmax(p->high, z);
        }
    }
    return v->n_rows - from;
}

static void train_anew(nets *v, part *p, const vo_day_table *t, desk *d, vo_random *random) {
    for (size_t i = 0; i < v->n_rows; i++)
        for (size_t h = 0; h < H; h++)
            d->work[i * H + h] = from_level(t->price[v->row_day[i] * H + h], &v->level[i]);
    p->price =
        vo_day_scale_fit(VO_SCALE_ASINH, d->work, v->n_rows * H, d->work + v->n_rows * H);
    p->low = p->high = 0; /* the median */
    const size_t n = lay(v, p, t, 0, d);
    measure(v, p, d->x, n);
    for (size_t i = 0; i < n; i++) standardise(v, p, d->x + i * v->width);
    const vo_net_samples s = {d->x, d->y, d->weight, n, d->order};
    vo_net_start(p->net, random);
    vo_net_train(p->net, &v->training, &s, (size_t)v->set.epochs, random);
}

static void train_on(nets *v, part *p, const vo_day_table *t, desk *d, vo_random *random) {
    const size_t most = (size_t)v->set.tune_days;
    const size_t n = lay(v, p, t, v->n_rows > most ? v->n_rows - most : 0, d);
    for (size_t i = 0; i < n; i++) standardise(v, p, d->x + i * v->width);
    const vo_net_samples s = {d->x, d->y, d->weight, n, d->order};
    vo_net_train(p->net, &v->tuning, &s, (size_t)v->set.tune, random);
}

typedef struct {
    nets *v;
    const vo_day_table *t;
    size_t day;
    bool anew;
} fit_call;

static vo_status fit_part(void *ctx, size_t k, size_t worker, vo_error *err) {
    (void)err;
    const fit_call *c = ctx;
    nets *v = c->v;
    part *p = &v->part[k];
    vo_random random = vo_random_seed(v->seed, (uint64_t)k << 32 | c->day);
    if (!c->anew && c->day < p->due) {
        if (v->set.tune > 0) train_on(v, p, c->t, &v->desk[worker], &random);
        return VO_OK;
    }
    train_anew(v, p, c->t, &v->desk[worker], &random);
    /* The first time, all are trained; from there on one after the other. */
    const uint64_t anew = (uint64_t)v->set.anew;
    p->due = c->day + (c->anew ? 1 + (anew - 1) * (k + 1) / v->n_parts : anew);
    return VO_OK;
}

static vo_status nets_fit(vo_day_member *m, const vo_day_table *t, size_t day, vo_error *err) {
    nets *v = (nets *)(void *)m;
    gather(v, t, day);
    if (v->n_rows < LEAST_ROWS)
        return vo_fail(err, VO_EINVAL,
                       "member net: %zu days with prices before day %zu: at least %d are "
                       "needed, after a first week",
                       v->n_rows, day, LEAST_ROWS);
    if (v->fitted && day == v->fitted_day) return VO_OK; /* nothing new is known */
    fit_call call = {v, t, day, !v->fitted || day < v->fitted_day};
    vo_status st = vo_thread_for(v->n_parts, v->n_desks, fit_part, &call, err);
    if (st != VO_OK) return st;
    v->fitted = true;
    v->fitted_day = day;
    return VO_OK;
}

static vo_status nets_predict(vo_day_member *m, const vo_day_table *t, size_t day, double *out,
                              vo_error *err) {
    nets *v = (nets *)(void *)m;
    if (!v->fitted) return vo_fail(err, VO_EINVAL, "member net: neither fitted nor loaded");
    desk *d = &v->desk[0];
    double sum[H] = {0};
    raw_row(v, t, day, v->raw, v->level);
    for (size_t k = 0; k < v->n_parts; k++) {
        const part *p = &v->part[k];
        float y[H];
        scale(v, p, v->raw, d->x);
        standardise(v, p, d->x);
        vo_net_predict(p->net, d->x, 1, (float)v->training.slope, y);
        for (size_t h = 0; h < H; h++) {
            const double z = fmin(fmax((double)y[h], p->low - BEYOND), p->high + BEYOND);
            sum[h] += vo_day_scale_invert(&p->price, z);
        }
    }
    for (size_t h = 0; h < H; h++)
        out[h] = v->level->centre + v->level->spread * sum[h] / (double)v->n_parts;
    return VO_OK;
}

/* ---- keeping ------------------------------------------------------------------------------ */

static vo_status nets_save(const vo_day_member *m, vo_artefact_out *out, vo_error *err) {
    const nets *v = (const nets *)(const void *)m;
    if (!v->fitted) return vo_fail(err, VO_EINVAL, "member net: nothing fitted to save");
    vo_artefact_begin(out, "NETS");
    vo_artefact_put_u64(out, v->width);
    vo_artefact_put_u64(out, v->n_parts);
    vo_artefact_put_u64(out, v->fitted_day);
    vo_artefact_put_u64(out, (uint64_t)v->set.level);
    vo_artefact_put_u64(out, (uint64_t)v->set.spread);
    for (size_t k = 0; k < v->n_parts; k++) {
        const part *p = &v->part[k];
        const double value[4] = {p->price.centre, p->price.spread, p->low, p->high};
        vo_artefact_put_u64(out, p->due);
        vo_artefact_put_doubles(out, value, 4);
        vo_artefact_put_floats(out, p->centre, v->width);
        vo_artefact_put_floats(out, p->spread, v->width);
        vo_net_save(p->net, out);
    }
    vo_artefact_end(out);
    return VO_OK;
}

static vo_status load_count(vo_artefact *in, const char *what, size_t want, vo_error *err) {
    uint64_t found = 0;
    vo_status st = vo_artefact_get_u64(in, &found, err);
    if (st == VO_OK && found != want)
        return vo_fail(err, VO_EINVAL,
                       "member net: the model has %llu %s, this one %zu: it was trained with "
                       "other columns or arguments",
                       (unsigned long long)found, what, want);
    return st;
}

static vo_status load_part(const nets *v, part *p, vo_artefact *in, vo_error *err) {
    double value[4];
    vo_status st = vo_artefact_get_u64(in, &p->due, err);
    if (st == VO_OK) st = vo_artefact_get_doubles(in, value, 4, err);
    if (st == VO_OK) st = vo_artefact_get_floats(in, p->centre, v->width, err);
    if (st == VO_OK) st = vo_artefact_get_floats(in, p->spread, v->width, err);
    if (st == VO_OK) st = vo_net_load(p->net, in, err);
    if (st != VO_OK) return st;
    for (size_t j = 0; j < v->width; j++)
        if (!(p->spread[j] > 0))
            return vo_fail(err, VO_EINVAL,
                           "member net: the spread of input %zu is not positive", j);
    if (!(value[1] > 0) || value[2] > value[3])
        return vo_fail(err, VO_EINVAL, "member net: a scale of %g and a range of %g..%g",
                       value[1], value[2], value[3]);
    p->price = (vo_day_scale){VO_SCALE_ASINH, value[0], value[1]};
    p->low = value[2];
    p->high = value[3];
    return VO_OK;
}

static vo_status nets_load(vo_day_member *m, vo_artefact *in, vo_error *err) {
    nets *v = (nets *)(void *)m;
    vo_status st = vo_artefact_enter(in, "NETS", err);
    if (st != VO_OK) return st;
    st = load_count(in, "inputs", v->width, err);
    if (st == VO_OK) st = load_count(in, "networks", v->n_parts, err);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &v->fitted_day, err);
    if (st == VO_OK) st = load_count(in, "days of level", (size_t)v->set.level, err);
    if (st == VO_OK) st = load_count(in, "days of spread", (size_t)v->set.spread, err);
    for (size_t k = 0; k < v->n_parts && st == VO_OK; k++)
        st = load_part(v, &v->part[k], in, err);
    vo_artefact_leave(in);
    v->fitted = st == VO_OK;
    return st;
}

/* ---- making one ----------------------------------------------------------------------------- */

static const vo_day_member_ops nets_ops = {.name = "net",
                                           .fit = nets_fit,
                                           .predict = nets_predict,
                                           .save = nets_save,
                                           .load = nets_load,
                                           .free = nets_free};

static bool get_desk(nets *v, desk *d) {
    const vo_alloc *a = v->base.alloc;
    const size_t days = (size_t)v->set.days;
    d->x = a->zalloc(a->ctx, days * (v->width + H + 1) * sizeof(float));
    d->order = a->zalloc(a->ctx, days * sizeof *d->order);
    d->work = a->zalloc(a->ctx, 2 * days * H * sizeof(double));
    if (!d->x || !d->order || !d->work) return false;
    d->y = d->x + days * v->width;
    d->weight = d->y + days * H;
    return true;
}

static vo_status get_part(nets *v, part *p, vo_error *err) {
    const vo_alloc *a = v->base.alloc;
    const size_t units = (size_t)v->set.units;
    const vo_net_shape shape = {.n_in = v->width,
                                .n_out = H,
                                .n_hidden = (size_t)v->set.layers,
                                .hidden = {units, units, units},
                                .batch = BATCH};
    p->centre = a->zalloc(a->ctx, 2 * v->width * sizeof(float));
    if (!p->centre) return vo_fail(err, VO_ENOMEM, "member net: %zu inputs", v->width);
    p->spread = p->centre + v->width;
    return vo_net_create(&shape, a, &p->net, err);
}

static vo_status allocate(nets *v, vo_error *err) {
    const vo_alloc *a = v->base.alloc;
    v->part = a->zalloc(a->ctx, v->n_parts * sizeof *v->part);
    v->desk = a->zalloc(a->ctx, v->n_desks * sizeof *v->desk);
    v->raw = a->zalloc(a->ctx, (size_t)v->set.days * v->width * sizeof *v->raw);
    v->row_day = a->zalloc(a->ctx, (size_t)v->set.days * sizeof *v->row_day);
    v->level = a->zalloc(a->ctx, (size_t)v->set.days * sizeof *v->level);
    bool ok = v->part && v->desk && v->raw && v->row_day && v->level;
    for (size_t i = 0; i < v->n_desks && ok; i++) ok = get_desk(v, &v->desk[i]);
    if (!ok)
        return vo_fail(err, VO_ENOMEM, "member net: %g days of %zu inputs", v->set.days,
                       v->width);
    vo_status st = VO_OK;
    for (size_t k = 0; k < v->n_parts && st == VO_OK; k++) st = get_part(v, &v->part[k], err);
    return st;
}

static vo_status read_settings(const char *argument, settings *s, vo_error *err) {
    *s = (settings){.nets = 8,
                    .units = 128,
                    .layers = 2,
                    .epochs = 40,
                    .rate = 4e-3,
                    .dropout = 0.2,
                    .decay = 0,
                    .shrink = 0,
                    .days = 2192,
                    .anew = 7,
                    .tune = 0,
                    .tune_days = 10000,
                    .tune_rate = 2e-4,
                    .half_life = 0,
                    .level = 0,
                    .spread = 0};
    const vo_day_member_key key[] = {{"nets", &s->nets, 1, MOST_NETS, true},
                                     {"units", &s->units, 1, 1024, true},
                                     {"layers", &s->layers, 0, VO_NET_MAX_HIDDEN, true},
                                     {"epochs", &s->epochs, 1, 10000, true},
                                     {"rate", &s->rate, 1e-6, 0.1, false},
                                     {"dropout", &s->dropout, 0, 0.9, false},
                                     {"decay", &s->decay, 0, 100, false},
                                     {"shrink", &s->shrink, 0, 10, false},
                                     {"days", &s->days, LEAST_ROWS, 10000, true},
                                     {"anew", &s->anew, 1, 10000, true},
                                     {"tune", &s->tune, 0, 100, true},
                                     {"tune_days", &s->tune_days, 1, 10000, true},
                                     {"tune_rate", &s->tune_rate, 1e-7, 0.1, false},
                                     {"half_life", &s->half_life, 0, 1e6, false},
                                     {"level", &s->level, 0, 1000, true},
                                     {"spread", &s->spread, 0, 1000, true}};
    vo_status st =
        vo_day_member_arguments("net", argument, key, sizeof key / sizeof key[0], err);
    if (s->tune_days > s->days) s->tune_days = s->days;
    return st;
}

static void choose_training(nets *v) {
    v->training = vo_net_training_default();
    v->training.rate = v->set.rate;
    v->training.rate_end = v->set.rate * 0.02;
    v->training.dropout = v->set.dropout;
    v->training.decay = v->set.decay;
    v->training.input_shrink = v->set.shrink;
    v->tuning = v->training;
    v->tuning.rate = v->set.tune_rate;
    v->tuning.rate_end = v->set.tune_rate * 0.3;
}

vo_status vo_day_member_create_net(const char *argument, const vo_day_table *t,
                                   const vo_learning *world, vo_day_member **out,
                                   vo_error *err) {
    settings set;
    vo_status st = read_settings(argument, &set, err);
    if (st != VO_OK) return st;
    nets *v = world->alloc->zalloc(world->alloc->ctx, sizeof *v);
    if (!v) return vo_fail(err, VO_ENOMEM, "member net");
    v->base = (vo_day_member){&nets_ops, world->alloc};
    v->set = set;
    choose_training(v);
    v->seed = world->seed;
    v->width = vo_day_design_width(t->n_exog) + SEASON + (moves(v) ? 2 : 0);
    v->n_parts = (size_t)set.nets;
    v->n_desks = world->threads < 1            ? 1
                 : world->threads > v->n_parts ? v->n_parts
                                               : world->threads;
    st = allocate(v, err);
    if (st != VO_OK) {
        nets_free(&v->base);
        return st;
    }
    *out = &v->base;
    return VO_OK;
}
