/* cycle.c -- see cycle.h.
 *
 * One pass over the day finds the best pair: going forward it remembers the cheapest charge
 * seen since the path was last full, and the dearest discharge since it was last empty, for
 * these are what the present interval can be paired with. Every pair uses up an interval, the
 * room between two intervals or the allowance, so a day needs few passes: O(pairs * n).
 */
#include "optimize/cycle.h"

#include <math.h>

#include "optimize/daybook.h"

static double least(double a, double b) { return a < b ? a : b; }

typedef struct {
    size_t in, out; /* intervals of the day */
    double gain;    /* currency per stored MWh */
} pair;

/* Amounts below this are rounding, not room. */
static double dust(const vo_daybook *d) { return 1e-9 * d->max_mwh; }

static pair best_pair(const vo_daybook *d) {
    const double tol = dust(d), none = HUGE_VAL;
    pair best = {.gain = 0};
    double cheap = none, dear = -none;
    size_t cheap_at = 0, dear_at = 0;
    for (size_t i = 0; i < d->n; i++) {
        if (d->max_mwh - d->level[i] <= tol) cheap = none;
        if (d->level[i] - d->min_mwh <= tol) dear = -none;
        const bool in = d->in_left_mwh[i] > tol, out = d->out_left_mwh[i] > tol;
        if (out && d->worth[i] - cheap > best.gain)
            best = (pair){cheap_at, i, d->worth[i] - cheap};
        if (in && dear - d->cost[i] > best.gain) best = (pair){i, dear_at, dear - d->cost[i]};
        if (in && d->cost[i] < cheap) cheap = d->cost[i], cheap_at = i;
        if (out && d->worth[i] > dear) dear = d->worth[i], dear_at = i;
    }
    return best;
}

/* What the pair can move: power, allowance, and room on the path between the two. */
static double pair_room(const vo_daybook *d, pair b) {
    double room = least(d->in_left_mwh[b.in], d->out_left_mwh[b.out]);
    room = least(room, d->discharge_left_mwh * d->drain[b.out]);
    for (size_t k = b.in + 1; k <= b.out; k++) room = least(room, d->max_mwh - d->level[k]);
    for (size_t k = b.out + 1; k <= b.in; k++) room = least(room, d->level[k] - d->min_mwh);
    return room;
}

static void book_pair(vo_daybook *d, pair b, double mwh) {
    d->net_mwh[b.in] += mwh;
    d->net_mwh[b.out] -= mwh;
    d->in_left_mwh[b.in] -= mwh;
    d->out_left_mwh[b.out] -= mwh;
    d->out_left_mwh[b.in] = d->in_left_mwh[b.out] = 0; /* one direction per interval */
    d->discharge_left_mwh -= mwh / d->drain[b.out];
    for (size_t k = b.in + 1; k <= b.out; k++) d->level[k] += mwh;
    for (size_t k = b.out + 1; k <= b.in; k++) d->level[k] -= mwh;
}

static void book_pairs(vo_daybook *d) {
    const double tol = dust(d);
    for (;;) {
        const pair b = best_pair(d);
        if (!(b.gain > 0)) return;
        const double mwh = pair_room(d, b);
        if (!(mwh > tol)) return; /* only the allowance can be at its end here */
        book_pair(d, b, mwh);
    }
}

vo_status vo_cycle_schedule(const vo_problem *p, const vo_schedule_options *o, vo_plan *plan,
                            vo_error *err) {
    (void)o;
    vo_corridor c;
    const vo_status st = vo_corridor_open(&c, p, plan, "cycle", err);
    if (st != VO_OK) return st;
    vo_daybook day;
    for (size_t t = 0; t < p->n;) {
        const size_t next = vo_daybook_open(&day, &c, t);
        if (next == p->n) vo_daybook_end(&day, &c);
        book_pairs(&day);
        if (next == p->n) vo_daybook_keep(&day, &c);
        vo_daybook_play(&day, &c);
        t = next;
    }
    vo_corridor_close(&c, "cycle");
    return VO_OK;
}
