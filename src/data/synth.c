/* synth.c -- see synth.h. SYNTHETIC prices; h is the local hour, d the day of the year, dt in
 * hours:
 *
 *   base(t)   = level * season(d) * week(weekday) * shape(h)
 *   season(d) = 1 + 0.15 cos(2 pi (d - 200) / 365.25)               dear in mid-July
 *   shape(h)  = 0.80 + 0.18 g((h-8)/2) + 0.50 g((h-20)/2.5) - 0.12 g((h-3)/3),  g(x) =
 * exp(-x^2) energy(t) = base + noise * level * x + s - depth(day) * g((h-13)/2.5) x(t+dt)   =
 * phi x + sqrt(1 - phi^2) N(0,1),  phi = exp(-dt / 12 h)   Ornstein-Uhlenbeck, exact s(t+dt) =
 * s exp(-dt / 1 h) + (spike begins) level * Exp(1.5) loss      = energy * share(node) + small
 * noise congestion = level * (0.2 side(node) + 0.1 y) while congested, else 0; congestion lasts
 * 4 h on average
 */
#include "data/synth.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/schedule.h>

#include "base/random.h"
#include "base/zone.h"

#define PI 3.14159265358979323846
#define DAY_S INT64_C(86400)

vo_synth_options vo_synth_options_default(void) {
    return (vo_synth_options){.seed = 1,
                              .year = 2025,
                              .interval_minutes = 60,
                              .zone = "America/Mexico_City",
                              .currency = "MXN",
                              .level = 900,
                              .noise = 0.12,
                              .spike_per_day = 0.15,
                              .negative_midday = 0.25,
                              .congested_share = 0.10};
}

static vo_status check_share(const char *name, double v, double max, vo_error *err) {
    if (v >= 0 && v <= max) return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s = %g is not in 0..%g", name, v, max);
}

static vo_status check(const vo_synth_options *o, vo_error *err) {
    if (o->year < 1970 || o->year > 2200)
        return vo_fail(err, VO_EINVAL, "year = %d is not in 1970..2200", (int)o->year);
    if (o->days < 0 || o->days > 36600)
        return vo_fail(err, VO_EINVAL, "days = %d is not in 0..36600", (int)o->days);
    const double minutes = o->interval_minutes;
    if (!(minutes >= 1 && minutes <= 60) || fmod(60, minutes) > 0)
        return vo_fail(err, VO_EINVAL,
                       "interval_minutes = %g does not divide 60; try 5, 15, 30 or "
                       "60",
                       minutes);
    if (!(o->level > 0 && o->level <= 1e9))
        return vo_fail(err, VO_EINVAL, "level = %g is not in (0, 1e9]", o->level);
    if (strlen(o->currency) > 15)
        return vo_fail(err, VO_EINVAL, "currency \"%.40s\" is longer than 15 bytes",
                       o->currency);
    vo_status st = check_share("noise", o->noise, 10, err);
    if (st == VO_OK) st = check_share("spike_per_day", o->spike_per_day, 1000, err);
    if (st == VO_OK) st = check_share("negative_midday", o->negative_midday, 1, err);
    if (st == VO_OK) st = check_share("congested_share", o->congested_share, 0.9, err);
    return st;
}

/* ---- the calendar ------------------------------------------------------------------ */

typedef struct {
    vo_zone *zone;
    int64_t first_day, first_s, step_s;
    size_t n;
} calendar;

static vo_status calendar_init(const vo_synth_options *o, calendar *c, vo_error *err) {
    vo_status st = check(o, err);
    if (st == VO_OK) st = vo_zone_open(o->zone, &c->zone, err);
    if (st != VO_OK) return st;
    c->first_day = vo_civil_days(o->year, 1, 1);
    const int64_t end_day = o->days ? c->first_day + o->days : vo_civil_days(o->year + 1, 1, 1);
    c->first_s = vo_zone_day_start(c->zone, c->first_day);
    c->step_s = (int64_t)llround(o->interval_minutes * 60);
    const int64_t n = (vo_zone_day_start(c->zone, end_day) - c->first_s) / c->step_s;
    if (n <= (int64_t)VO_MAX_INTERVALS) {
        c->n = (size_t)n;
        return VO_OK;
    }
    vo_zone_close(c->zone);
    c->zone = NULL;
    return vo_fail(err, VO_EINVAL, "days = %d of %g minutes are %lld intervals; at most %u",
                   (int)o->days, o->interval_minutes, (long long)n, VO_MAX_INTERVALS);
}

vo_status vo_synth_count(const vo_synth_options *o, size_t *n, vo_error *err) {
    calendar c = {.n = 0};
    const vo_status st = calendar_init(o, &c, err);
    if (st != VO_OK) return st;
    *n = c.n;
    vo_zone_close(c.zone);
    return VO_OK;
}

/* ---- energy: common to all nodes ------------------------------------------------------ */

static double bell(double x) { return exp(-x * x); }

/* Distance of two hours round the clock, in -12..12. */
static double around(double hour, double centre) { return remainder(hour - centre, 24); }

static double shape(double hour) {
    return 0.80 + 0.18 * bell(around(hour, 8) / 2) + 0.50 * bell(around(hour, 20) / 2.5) -
           0.12 * bell(around(hour, 3) / 3);
}

static double day_level(const vo_synth_options *o, int64_t day) {
    static const double week[7] = {1.02, 1.03, 1.03, 1.03, 1.01, 0.94, 0.90};
    const vo_civil jan1 = vo_civil_from_seconds(day * DAY_S);
    const double of_year = (double)(day - vo_civil_days(jan1.year, 1, 1));
    const double season = 1 + 0.15 * cos(2 * PI * (of_year - 200) / 365.25);
    return o->level * season * week[vo_civil_weekday(day)];
}

static double cents(double v) { return floor(v * 100 + 0.5) / 100; }

/* Fills energy[n]; day and hour of each interval follow the zone. */
static void make_energy(const vo_synth_options *o, const calendar *c, double *energy) {
    vo_random rng = vo_random_seed(o->seed, 0), sun = vo_random_seed(o->seed, 1);
    const double dt_h = (double)c->step_s / 3600;
    const double phi = exp(-dt_h / 12), fade = exp(-dt_h);
    const double kick = sqrt(1 - phi * phi), begins = 1 - exp(-o->spike_per_day * dt_h / 24);
    double x = vo_random_normal(&rng), spike = 0, level = 0, depth = 0;
    int64_t day = c->first_day - 1, next_s = INT64_MIN;
    for (size_t t = 0; t < c->n; t++) {
        const int64_t s = c->first_s + (int64_t)t * c->step_s;
        if (s >= next_s) {
            day++;
            next_s = vo_zone_day_start(c->zone, day + 1);
            level = day_level(o, day);
            const bool sunny = vo_random_unit(&sun) < o->negative_midday;
            const double over = vo_random_between(&sun, 1.05, 1.40);
            depth = sunny ? over * (level * shape(13) + 2 * o->noise * o->level) : 0;
        }
        const double hour = (double)(s + vo_zone_offset(c->zone, s) - day * DAY_S) / 3600;
        x = phi * x + kick * vo_random_normal(&rng);
        spike *= fade;
        if (vo_random_unit(&rng) < begins)
            spike -= o->level * 1.5 * log(1 - vo_random_unit(&rng));
        energy[t] = cents(level * shape(hour) + o->noise * o->level * x + spike -
                          depth * bell((hour - 13) / 2.5));
    }
}

/* ---- what a node adds ------------------------------------------------------------------- */

/* price = energy + loss + congestion; loss and congestion may be NULL. */
static void make_node(const vo_synth_options *o, const calendar *c, const double *energy,
                      uint32_t node, double *price, double *loss, double *congestion) {
    vo_random rng = vo_random_seed(o->seed, (uint64_t)node + 2);
    const double dt_h = (double)c->step_s / 3600;
    const double ends = 1 - exp(-dt_h / 4);
    const double begins = ends * o->congested_share / (1 - o->congested_share);
    const double phi = exp(-dt_h / 6), kick = sqrt(1 - phi * phi);
    const double share = vo_random_between(&rng, -0.03, 0.10);
    const double side = vo_random_unit(&rng) < 0.7 ? 1 : -1; /* most nodes import */
    bool congested = vo_random_unit(&rng) < o->congested_share;
    double y = 0;
    for (size_t t = 0; t < c->n; t++) {
        const double chance = vo_random_unit(&rng);
        congested = congested ? chance >= ends : chance < begins;
        if (congested)
            y = phi * y + kick * vo_random_normal(&rng);
        else
            y = 0;
        const double jitter = o->level * 0.004 * (vo_random_unit(&rng) - 0.5);
        const double l = cents(energy[t] * share + jitter);
        const double g = congested ? cents(o->level * (0.2 * side + 0.1 * y)) : 0;
        price[t] = cents(energy[t] + l + g);
        if (loss) loss[t] = l;
        if (congestion) congestion[t] = g;
    }
}

static void number_days(const calendar *c, vo_series *s) {
    int64_t day = c->first_day - 1, next_s = INT64_MIN;
    for (size_t t = 0; t < c->n; t++) {
        s->start[t].s = c->first_s + (int64_t)t * c->step_s;
        s->dt_h[t] = (double)c->step_s / 3600;
        if (s->start[t].s >= next_s) next_s = vo_zone_day_start(c->zone, ++day + 1);
        s->day[t] = (int32_t)(day - c->first_day);
    }
}

vo_status vo_synth_series(const vo_synth_options *o, uint32_t node, vo_series **out,
                          vo_error *err) {
    static const char *const name[] = {"price", "energy", "loss", "congestion"};
    calendar c = {.n = 0};
    vo_series *s = NULL;
    vo_status st = calendar_init(o, &c, err);
    if (st != VO_OK) return st;
    st = vo_series_create(c.n, name, 4, NULL, &s, err);
    if (st == VO_OK) {
        number_days(&c, s);
        make_energy(o, &c, s->column[1].value);
        make_node(o, &c, s->column[1].value, node, s->column[0].value, s->column[2].value,
                  s->column[3].value);
        snprintf(s->zone, sizeof s->zone, "%s", o->zone);
        snprintf(s->currency, sizeof s->currency, "%s", o->currency);
        snprintf(s->label, sizeof s->label, "synthetic node %04u", (unsigned)node);
        *out = s;
    }
    vo_zone_close(c.zone);
    return st;
}

vo_status vo_synth_fleet(const vo_synth_options *o, uint32_t first, uint32_t nodes,
                         double *price, vo_error *err) {
    calendar c = {.n = 0};
    vo_status st = calendar_init(o, &c, err);
    if (st != VO_OK) return st;
    double *energy = malloc(c.n * sizeof *energy);
    if (!energy) {
        vo_zone_close(c.zone);
        return vo_fail(err, VO_ENOMEM, "no memory for %zu synthetic prices", c.n);
    }
    make_energy(o, &c, energy);
    for (uint32_t k = 0; k < nodes; k++)
        make_node(o, &c, energy, first + k, price + (size_t)k * c.n, NULL, NULL);
    free(energy);
    vo_zone_close(c.zone);
    return VO_OK;
}
