/* synth.c -- see synth.h. SYNTHETIC prices; h is the local hour, d the day of the year.
 *
 *   base   = level season(d) week(weekday) shape(h)
 *   energy = base e^(noise x + slow z - (noise^2 + slow^2)/2) (1 - dip(day) sun(t)) + spikes
 *            x: 12 h, z: 20 days mean reversion; sun = 1 - (1-r)^2, r: sine of the sun's
 *            elevation over its noon's; dip: pv_dip (1 + 0.35 N) below 0.97, or 1.05 .. 1.05 +
 *            negative_depth on a share negative_midday of the days
 *   spikes = begin at random in days of stress (a quarter of days, 3 on average in a row), more
 *            often when demand is high; height generalised Pareto; fade with spike_hours
 *   real   = energy e^(s r - s^2/2) + further spikes                r: 2 h, s real_time_noise
 *   mix    = sum_k w_k u_k, w_k ~ e^-(distance to zone k / correlation_km)^2, squares sum to 1
 *   congestion = level congestion own (0.5 + 1.5 (mix - q)) where mix > q(3/4 congested_share),
 *                the negative below -q(1/4 congested_share), else 0; own: of the node, 1 on
 *                average
 */
#include "data/synth.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/synth_math.h"
#include "data/synth_span.h"
#include "data/synth_sun.h"

#define STREAM UINT64_C(0x9A1C000000000000) /* prices' own streams of a seed */
#define ZONES 10
#define EXTENT_KM 1200.0
#define OWN 0.3 /* of a node alone, beside its mix of zones */

enum { FAST, SLOW, SUNNY, SPIKES, REAL, REAL_SPIKES, MAP, ZONE_0, NODE_0 = 1 << 20 };

static vo_random stream(const vo_synth_options *o, uint64_t k) {
    return vo_random_seed(o->seed, STREAM + k);
}

static vo_status check(const vo_synth_options *o, vo_error *err) {
    const struct {
        const char *name;
        double v, lo, hi;
    } field[] = {{"noise", o->noise, 0, 2},
                 {"slow", o->slow, 0, 2},
                 {"spike_per_day", o->spike_per_day, 0, 24},
                 {"spike_height", o->spike_height, 0, 1000},
                 {"spike_tail", o->spike_tail, 0, 0.9},
                 {"spike_hours", o->spike_hours, 0.05, 48},
                 {"negative_midday", o->negative_midday, 0, 1},
                 {"negative_depth", o->negative_depth, 0, 10},
                 {"pv_dip", o->pv_dip, 0, 0.9},
                 {"morning", o->morning, 0, 3},
                 {"evening", o->evening, 0, 3},
                 {"night", o->night, 0, 0.8},
                 {"evening_hour", o->evening_hour, 0, 24},
                 {"weekend", o->weekend, -1, 0.9},
                 {"season", o->season, 0, 0.9},
                 {"season_day", o->season_day, 0, 366},
                 {"latitude", o->latitude, -90, 90},
                 {"longitude", o->longitude, -180, 180},
                 {"floor_price", o->floor_price, -1e9, 0},
                 {"cap_price", o->cap_price, 0, 1e9},
                 {"congested_share", o->congested_share, 0, 0.9},
                 {"congestion", o->congestion, 0, 100},
                 {"correlation_km", o->correlation_km, 1, 1e5},
                 {"loss", o->loss, 0, 0.5},
                 {"real_time_noise", o->real_time_noise, 0, 2},
                 {"real_time_spike_per_day", o->real_time_spike_per_day, 0, 200}};
    if (!(o->level > 0 && o->level <= 1e6))
        return vo_fail(err, VO_EINVAL, "level = %g is not in (0, 1e6]", o->level);
    if (strlen(o->currency) > 15)
        return vo_fail(err, VO_EINVAL, "currency \"%.40s\" is longer than 15 bytes",
                       o->currency);
    vo_status st = VO_OK;
    for (size_t i = 0; st == VO_OK && i < sizeof field / sizeof field[0]; i++)
        st = vo_synth_within(field[i].name, field[i].v, field[i].lo, field[i].hi, err);
    return st;
}

static vo_status open_span(const vo_synth_options *o, vo_synth_span *span, vo_error *err) {
    const vo_status st = check(o, err);
    if (st != VO_OK) return st;
    return vo_synth_span_open(o->zone, o->year, o->days, o->interval_minutes, span, err);
}

vo_status vo_synth_count(const vo_synth_options *o, size_t *n, vo_error *err) {
    vo_synth_span span;
    const vo_status st = open_span(o, &span, err);
    if (st != VO_OK) return st;
    *n = span.n;
    vo_synth_span_close(&span);
    return VO_OK;
}

/* ---- energy: common to all nodes ------------------------------------------------------ */

static double bell(double x) { return vo_synth_exp(-x * x); }

/* Distance of two hours round the clock, in -12..12. */
static double around(double hour, double centre) { return remainder(hour - centre, 24); }

/* Bumps of the day, less their mean: 1 on average. A bell of width w has mean w sqrt(pi) / 24.
 */
static double shape(const vo_synth_options *o, double hour) {
    const double mean = 1.7724538509055160 / 24;
    return 1 + o->morning * (bell(around(hour, 7.5) / 2) - 2 * mean) +
           o->evening * (bell(around(hour, o->evening_hour) / 2.5) - 2.5 * mean) -
           o->night * (bell(around(hour, 3.5) / 4.5) - 4.5 * mean);
}

static double base_price(const vo_synth_options *o, const vo_synth_clock *c) {
    static const double week[7] = {-0.2, 0, 0, 0, 0, 0.8, 1.2}; /* in parts of `weekend` */
    const double season =
        1 + o->season * vo_synth_cos(2 * VO_SYNTH_PI * (c->of_year - o->season_day) / 365.25);
    const double weekday = 1 - o->weekend * week[c->weekday] + o->weekend * 1.8 / 7;
    return o->level * season * weekday * shape(o, c->hour);
}

/* Generalised Pareto of mean 1 (scale 1 - tail), at most 1e4. */
static double spike_height(vo_random *rng, double tail) {
    const double u = 1 - vo_random_unit(rng), log_u = vo_synth_log(u);
    if (tail < 1e-6) return -log_u;
    return fmin((1 - tail) * (vo_synth_exp(-tail * log_u) - 1) / tail, 1e4);
}

/* Adds spikes to v[n], steps of dt_h; half of the height stays for the step they begin in. */
static void add_spikes(const vo_synth_options *o, const vo_synth_span *span, vo_random rng,
                       double per_day, int64_t step_s, size_t n, double *v) {
    const double dt_h = (double)step_s / 3600, fade = vo_synth_exp(-dt_h / o->spike_hours);
    vo_synth_clock c = vo_synth_clock_start(span);
    bool stress = vo_random_unit(&rng) < 0.25;
    double spike = 0;
    for (size_t k = 0; k < n; k++) {
        if (vo_synth_clock_move(span, &c, span->first_s + (int64_t)k * step_s + step_s / 2))
            stress = vo_synth_chain(&rng, stress, 0.25, 3);
        const double when = 0.4 + 2.8 * bell(around(c.hour, o->evening_hour) / 3) +
                            1.2 * bell(around(c.hour, 7.5) / 2); /* mean 1.2 */
        const double rate = stress ? 4 * per_day * when / 1.2 / 24 : 0;
        const double u = vo_random_unit(&rng), height = spike_height(&rng, o->spike_tail);
        spike *= fade;
        if (u < 1 - vo_synth_exp(-rate * dt_h)) spike += height;
        v[k] += o->level * o->spike_height * spike;
    }
}

/* How much of midday the sun takes, 0..1. */
static double sun_share(const vo_synth_options *o, int64_t utc_s) {
    const vo_synth_sun sun = vo_synth_sun_at(o->latitude, o->longitude, utc_s);
    const double noon = sun.sin_latitude * vo_synth_sin(sun.declination) +
                        sun.cos_latitude * vo_synth_cos(sun.declination);
    if (sun.sin_elevation <= 0 || noon < 0.05) return 0;
    const double r = sun.sin_elevation / noon;
    return 1 - (1 - r) * (1 - r);
}

/* A day's dip: cloudy days less, negative days more than all. */
static double next_dip(const vo_synth_options *o, vo_random *sunny, double *clear) {
    *clear = 0.6 * *clear + 0.8 * vo_random_normal(sunny);
    const double u = vo_random_unit(sunny);
    const double over = vo_random_between(sunny, 1.05, 1.05 + o->negative_depth);
    if (u < o->negative_midday) return over;
    return fmin(fmax(o->pv_dip * (1 + 0.35 * *clear), 0), 0.97);
}

static double cents(double v) { return floor(v * 100 + 0.5) / 100; }

/* What hours share: knots of the multiplying noise and of spikes. */
static void make_knots(const vo_synth_options *o, const vo_synth_span *span, double *factor,
                       double *spikes) {
    vo_random fast = stream(o, FAST), slow = stream(o, SLOW);
    vo_synth_noise(&fast, 12, span->knots, factor);
    vo_synth_noise(&slow, 480, span->knots, spikes);
    const double mean = (o->noise * o->noise + o->slow * o->slow) / 2;
    for (size_t k = 0; k < span->knots; k++) {
        factor[k] = vo_synth_exp(o->noise * factor[k] + o->slow * spikes[k] - mean);
        spikes[k] = 0;
    }
    add_spikes(o, span, stream(o, SPIKES), o->spike_per_day, 3600, span->knots, spikes);
}

/* Fills energy[n]; factor and spikes are workspace of span->knots each. */
static void make_energy(const vo_synth_options *o, const vo_synth_span *span, double *factor,
                        double *spikes, double *energy) {
    vo_random sunny = stream(o, SUNNY), real = stream(o, REAL);
    vo_synth_clock c = vo_synth_clock_start(span);
    const double phi = vo_synth_exp(-(double)span->step_s / 7200), kick = sqrt(1 - phi * phi);
    double clear = vo_random_normal(&sunny), dip = 0, r = vo_random_normal(&real);
    make_knots(o, span, factor, spikes);
    memset(energy, 0, span->n * sizeof *energy);
    if (o->real_time)
        add_spikes(o, span, stream(o, REAL_SPIKES), o->real_time_spike_per_day, span->step_s,
                   span->n, energy);
    for (size_t t = 0; t < span->n; t++) {
        const int64_t mid = span->first_s + (int64_t)t * span->step_s + span->step_s / 2;
        if (vo_synth_clock_move(span, &c, mid)) dip = next_dip(o, &sunny, &clear);
        double v =
            base_price(o, &c) * vo_synth_at(span, factor, mid) * (1 - dip * sun_share(o, mid)) +
            vo_synth_at(span, spikes, mid);
        if (o->real_time) {
            const double s = o->real_time_noise;
            v *= vo_synth_exp(s * r - s * s / 2);
            r = phi * r + kick * vo_random_normal(&real);
        }
        energy[t] = cents(fmin(fmax(v + energy[t], o->floor_price), o->cap_price));
    }
}

/* ---- what a node adds ------------------------------------------------------------------- */

void vo_synth_position(const vo_synth_options *o, uint32_t node, double *x_km, double *y_km) {
    vo_random rng = stream(o, (uint64_t)NODE_0 + 2 * (uint64_t)node);
    *x_km = EXTENT_KM * vo_random_unit(&rng);
    *y_km = EXTENT_KM * vo_random_unit(&rng);
}

typedef struct {
    const vo_synth_options *o;
    vo_synth_span span;
    double *memory;      /* one block for what follows         */
    double *energy;      /* [n]                                */
    double *zone[ZONES]; /* [knots] factors of congestion      */
    double *mix, *own;   /* [knots] of the node at hand        */
    double x_km[ZONES], y_km[ZONES];
} market;

static void market_fini(market *m) {
    free(m->memory);
    vo_synth_span_close(&m->span);
}

static vo_status market_init(const vo_synth_options *o, market *m, vo_error *err) {
    memset(m, 0, sizeof *m);
    m->o = o;
    const vo_status st = open_span(o, &m->span, err);
    if (st != VO_OK) return st;
    const size_t n = m->span.n, knots = m->span.knots;
    m->memory = malloc((n + (ZONES + 2) * knots) * sizeof(double));
    if (!m->memory) {
        market_fini(m);
        return vo_fail(err, VO_ENOMEM, "no memory for %zu synthetic prices", n);
    }
    m->energy = m->memory;
    m->mix = m->memory + n;
    m->own = m->mix + knots;
    make_energy(o, &m->span, m->mix, m->own, m->energy);
    vo_random map = stream(o, MAP);
    for (unsigned k = 0; k < ZONES; k++) {
        vo_random rng = stream(o, ZONE_0 + k);
        m->zone[k] = m->own + (k + 1) * knots;
        m->x_km[k] = EXTENT_KM * vo_random_unit(&map);
        m->y_km[k] = EXTENT_KM * vo_random_unit(&map);
        vo_synth_noise(&rng, 10, knots, m->zone[k]);
    }
    return VO_OK;
}

/* Fills m->mix: variance 1, and near nodes nearly the same. Returns how much the node feels it:
 * 1 on average, many little, few thrice. */
static double make_mix(market *m, uint32_t node, double x_km, double y_km) {
    const double reach = m->o->correlation_km * m->o->correlation_km;
    double weight[ZONES], squares = 0, nearest = 1e300;
    for (size_t k = 0; k < ZONES; k++) {
        const double dx = x_km - m->x_km[k], dy = y_km - m->y_km[k];
        weight[k] = dx * dx + dy * dy;
        nearest = fmin(nearest, weight[k]);
    }
    for (size_t k = 0; k < ZONES; k++) {
        weight[k] = vo_synth_exp((nearest - weight[k]) / reach); /* the nearest counts 1 */
        squares += weight[k] * weight[k];
    }
    const double scale = sqrt((1 - OWN * OWN) / squares);
    vo_random rng = stream(m->o, (uint64_t)NODE_0 + 2 * (uint64_t)node + 1);
    const double u = vo_random_unit(&rng);
    vo_synth_noise(&rng, 10, m->span.knots, m->own);
    for (size_t t = 0; t < m->span.knots; t++) {
        double sum = OWN * m->own[t];
        for (size_t k = 0; k < ZONES; k++) sum += scale * weight[k] * m->zone[k][t];
        m->mix[t] = sum;
    }
    return 3 * u * u;
}

static double congestion(double size, double mix, double high, double low) {
    if (mix > high) return size * (0.5 + 1.5 * (mix - high));
    if (mix < -low) return -size * (0.5 + 1.5 * (-low - mix));
    return 0;
}

/* price = energy + loss + congestion; loss and congestion may be NULL. */
static void make_node(market *m, uint32_t node, double *price, double *loss, double *congest) {
    const vo_synth_options *o = m->o;
    double x_km, y_km;
    vo_synth_position(o, node, &x_km, &y_km);
    const double dx = x_km - EXTENT_KM / 2, dy = y_km - EXTENT_KM / 2;
    /* 0 in the middle .. 2.6 of the mean in a corner; 0.765 half sides away on average */
    const double share = o->loss * sqrt(dx * dx + dy * dy) / (0.3826 * EXTENT_KM);
    const double some = fmax(o->congested_share, 1e-12);
    const double high = vo_synth_normal_tail(0.75 * some);
    const double low = vo_synth_normal_tail(0.25 * some);
    const double size = o->level * o->congestion * make_mix(m, node, x_km, y_km);
    for (size_t t = 0; t < m->span.n; t++) {
        const int64_t mid = m->span.first_s + (int64_t)t * m->span.step_s + m->span.step_s / 2;
        const double l = cents(m->energy[t] * share);
        const double g =
            o->congested_share > 0
                ? cents(congestion(size, vo_synth_at(&m->span, m->mix, mid), high, low))
                : 0;
        price[t] = cents(m->energy[t] + l + g);
        if (loss) loss[t] = l;
        if (congest) congest[t] = g;
    }
}

vo_status vo_synth_series(const vo_synth_options *o, uint32_t node, vo_series **out,
                          vo_error *err) {
    static const char *const name[] = {"price", "energy", "loss", "congestion"};
    market m;
    vo_series *s = NULL;
    vo_status st = market_init(o, &m, err);
    if (st != VO_OK) return st;
    st = vo_synth_span_series(&m.span, name, 4, &s, err);
    if (st == VO_OK) {
        memcpy(s->column[1].value, m.energy, m.span.n * sizeof(double));
        make_node(&m, node, s->column[0].value, s->column[2].value, s->column[3].value);
        snprintf(s->currency, sizeof s->currency, "%s", o->currency);
        snprintf(s->unit, sizeof s->unit, "MWh");
        snprintf(s->label, sizeof s->label, "synthetic node %04u", (unsigned)node);
        *out = s;
    }
    market_fini(&m);
    return st;
}

vo_status vo_synth_fleet(const vo_synth_options *o, uint32_t first, uint32_t nodes,
                         double *price, vo_error *err) {
    market m;
    const vo_status st = market_init(o, &m, err);
    if (st != VO_OK) return st;
    for (uint32_t k = 0; k < nodes; k++)
        make_node(&m, first + k, price + (size_t)k * m.span.n, NULL, NULL);
    market_fini(&m);
    return VO_OK;
}
