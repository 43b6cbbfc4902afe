/* daybook.c -- see daybook.h. */
#include "optimize/daybook.h"

#include <math.h>

#include "grid/settlement.h"

/* fmin and fmax are calls here, for the sake of NAN; these are instructions. */
static double least(double a, double b) { return a < b ? a : b; }
static double most(double a, double b) { return a > b ? a : b; }

static size_t day_end(const vo_corridor *c, size_t from) {
    const vo_problem *p = c->p;
    const size_t most = p->n - from < VO_DAYBOOK_MAX ? p->n : from + VO_DAYBOOK_MAX;
    size_t t = from + 1;
    if (p->day) {
        while (t < most && p->day[t] == p->day[from]) t++;
        return t;
    }
    for (double h = vo_corridor_dt(c, from); t < most; t++) {
        h += vo_corridor_dt(c, t);
        if (h > 24 * (1 + 1e-9)) break;
    }
    return t;
}

/* Cost and worth where only the price matters. */
static void price_plain(vo_daybook *d, const vo_corridor *c, size_t i,
                        const vo_corridor_step_length *l) {
    const vo_problem *p = c->p;
    const size_t t = d->from + i;
    double buy = p->price[t] + p->fee_per_mwh;
    if (p->carbon_kg_per_mwh) buy += p->carbon_kg_per_mwh[t] / 1000 * p->carbon_price_per_t;
    const double sell = (p->export_price ? p->export_price[t] : p->price[t]) - p->fee_per_mwh;
    d->cost[i] = buy / l->over.gain;
    d->worth[i] = (sell - c->b->wear_cost_per_mwh) / l->over.drain;
}

/* Cost and worth behind a meter: what a full charge and a full discharge change in the bill. */
static void price_site(vo_daybook *d, const vo_corridor *c, size_t i,
                       const vo_corridor_step_length *l, vo_corridor_range r) {
    const vo_site_interval site = vo_site_at(c->p, d->from + i);
    const double idle = vo_site_settle(&site, 0).cash;
    const double in = -r.min_mw * l->dt_h, out = r.max_mw * l->dt_h;
    d->cost[i] = d->worth[i] = 0; /* unused where the interval has no room */
    if (in > 0) d->cost[i] = (idle - vo_site_settle(&site, -in).cash) / in / l->over.gain;
    if (out > 0)
        d->worth[i] =
            ((vo_site_settle(&site, out).cash - idle) / out - c->b->wear_cost_per_mwh) /
            l->over.drain;
}

static double forced_mwh(vo_corridor_range r, const vo_corridor_step_length *l) {
    if (r.min_mw > 0) return -r.min_mw * l->dt_h * l->over.drain;
    if (r.max_mw < 0) return -r.max_mw * l->dt_h * l->over.gain;
    return 0;
}

/* What costs time is only the price where intervals are alike. */
static void fill_alike(vo_daybook *d, vo_corridor *c) {
    const vo_corridor_step_length l = *vo_corridor_length(c, d->from);
    const vo_corridor_range r = vo_corridor_range_at(c, d->from);
    const double in = most(-r.min_mw, 0) * l.dt_h * l.over.gain;
    const double out = most(r.max_mw, 0) * l.dt_h * l.over.drain;
    for (size_t i = 0; i < d->n; i++) {
        d->drain[i] = l.over.drain;
        d->net_mwh[i] = 0;
        d->level[i + 1] = c->stored_mwh;
        d->in_left_mwh[i] = in;
        d->out_left_mwh[i] = out;
    }
    for (size_t i = 0; i < d->n; i++) price_plain(d, c, i, &l);
}

size_t vo_daybook_open(vo_daybook *d, vo_corridor *c, size_t from) {
    const vo_problem *p = c->p;
    const size_t to = day_end(c, from);
    d->from = from;
    d->n = to - from;
    d->last = to == p->n;
    d->even = c->plain && !p->export_price && !p->carbon_kg_per_mwh && !p->dt_h;
    d->min_mwh = c->min_mwh;
    d->max_mwh = c->max_mwh;
    d->discharge_left_mwh = least(c->day_allowance_mwh, c->span_left_mwh);
    if (c->limited && from < c->day_end) /* a piece of a day longer than the book */
        d->discharge_left_mwh = least(c->day_left_mwh, c->span_left_mwh);
    d->level[0] = c->stored_mwh;
    if (c->alike) {
        fill_alike(d, c);
        return to;
    }
    for (size_t i = 0; i < d->n; i++) {
        const vo_corridor_step_length *l = vo_corridor_length(c, from + i);
        const vo_corridor_range r = vo_corridor_range_at(c, from + i);
        const double forced = c->plain ? 0 : forced_mwh(r, l);
        d->drain[i] = l->over.drain;
        d->net_mwh[i] = forced;
        d->level[i + 1] = d->level[i] + forced;
        d->in_left_mwh[i] = forced == 0 ? most(-r.min_mw, 0) * l->dt_h * l->over.gain : 0;
        d->out_left_mwh[i] = forced == 0 ? most(r.max_mw, 0) * l->dt_h * l->over.drain : 0;
        if (c->plain)
            price_plain(d, c, i, l);
        else
            price_site(d, c, i, l, r);
    }
    return to;
}

void vo_daybook_move(vo_daybook *d, size_t i, double mwh, bool in) {
    const double sign = in ? 1 : -1;
    d->net_mwh[i] += sign * mwh;
    if (in) {
        d->in_left_mwh[i] -= mwh;
        d->out_left_mwh[i] = 0;
    } else {
        d->out_left_mwh[i] -= mwh;
        d->in_left_mwh[i] = 0;
        d->discharge_left_mwh -= mwh / d->drain[i];
    }
    for (size_t k = i + 1; k <= d->n && d->last; k++) d->level[k] += sign * mwh;
}

/* How much of `want` may be moved in interval i and stay until the end of the day. */
static double lasting_room(const vo_daybook *d, size_t i, double want, bool in) {
    double room = least(want, in ? d->in_left_mwh[i] : d->out_left_mwh[i]);
    if (!in) room = least(room, d->discharge_left_mwh * d->drain[i]);
    for (size_t k = i + 1; k <= d->n; k++)
        room = least(room, in ? d->max_mwh - d->level[k] : d->level[k] - d->min_mwh);
    return room;
}

/* Moves up to `want` in the best intervals first, as long as it pays against `value`. */
static void move_lasting(vo_daybook *d, double want, bool in, double value) {
    const double tol = 1e-9 * d->max_mwh;
    while (want > tol) {
        size_t best = d->n;
        double best_rank = 0, best_room = 0;
        for (size_t i = 0; i < d->n; i++) {
            const double rank = in ? -d->cost[i] : d->worth[i];
            if (!(rank > (in ? -value : value)) || (best < d->n && rank <= best_rank)) continue;
            const double room = lasting_room(d, i, want, in);
            if (room > tol) best = i, best_rank = rank, best_room = room;
        }
        if (best == d->n) return;
        vo_daybook_move(d, best, best_room, in);
        want -= best_room;
    }
}

void vo_daybook_end(vo_daybook *d, const vo_corridor *c) {
    const double at_any_price = HUGE_VAL, end = d->level[d->n];
    if (end < c->final_low_mwh) move_lasting(d, c->final_low_mwh - end, true, at_any_price);
    if (end > c->final_high_mwh) move_lasting(d, end - c->final_high_mwh, false, -at_any_price);
    move_lasting(d, d->level[d->n] - c->final_low_mwh, false, c->final_value_per_mwh);
}

void vo_daybook_keep(vo_daybook *d, const vo_corridor *c) {
    move_lasting(d, c->final_high_mwh - d->level[d->n], true, c->final_value_per_mwh);
}

/* Stored MWh as power at the terminals; 0 - x, so that nothing moved is 0 and not -0. */
static double power_mw(double mwh, const vo_corridor_step_length *l) {
    return 0 - mwh / ((mwh > 0 ? l->over.gain : l->over.drain) * l->dt_h);
}

void vo_daybook_play(const vo_daybook *d, vo_corridor *c) {
    double *wish_mw = c->plan->power_mw + d->from;
    const vo_corridor_step_length first = *vo_corridor_length(c, d->from);
    for (size_t i = 0; i < d->n && c->alike; i++) wish_mw[i] = power_mw(d->net_mwh[i], &first);
    for (size_t i = 0; i < d->n && !c->alike; i++)
        wish_mw[i] = power_mw(d->net_mwh[i], vo_corridor_length(c, d->from + i));
    vo_corridor_play(c, d->from, d->from + d->n);
}
