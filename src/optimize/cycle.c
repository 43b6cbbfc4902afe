/* cycle.c -- see cycle.h.
 *
 * One pass over the day finds the best pair: going forward it remembers the cheapest charge
 * seen since the path was last full, and the dearest discharge since it was last empty, for
 * these are what the present interval can be paired with. Every pair uses up an interval, the
 * room between two intervals or the allowance, so a day needs few passes: O(pairs * n). What
 * a pass remembers is kept, and the next one renews only what the last pair has changed.
 */
#include "optimize/cycle.h"

#include <math.h>

#include "optimize/daybook.h"

static double least(double a, double b) { return a < b ? a : b; }
static double most(double a, double b) { return a > b ? a : b; }

typedef struct {
    size_t in, out; /* intervals of the day */
} pair;

/* Amounts below this are rounding, not room. */
static double dust(const vo_daybook *d) { return 1e-9 * d->max_mwh; }

/* The day as a pass reads it. Walls keep charge and discharge apart: at a full moment none of
 * the earlier charges can be kept, at an empty one none of the earlier discharges borrowed. */
typedef struct {
    double cost[VO_DAYBOOK_MAX], worth[VO_DAYBOOK_MAX]; /* no room: HUGE_VAL, -HUGE_VAL */
    double full[VO_DAYBOOK_MAX], empty[VO_DAYBOOK_MAX]; /* HUGE_VAL, -HUGE_VAL at walls */
    double cheap[VO_DAYBOOK_MAX], dear[VO_DAYBOOK_MAX]; /* the best partners before it  */
    double gain[VO_DAYBOOK_MAX + 1];                    /* with the better one; then 0 */
} offers;

static void offer(offers *o, const vo_daybook *d, size_t i) {
    o->cost[i] = d->in_left_mwh[i] > dust(d) ? d->cost[i] : HUGE_VAL;
    o->worth[i] = d->out_left_mwh[i] > dust(d) ? d->worth[i] : -HUGE_VAL;
}

static void raise_walls(offers *o, const vo_daybook *d, size_t from, size_t to) {
    const double tol = dust(d);
    for (size_t i = from; i < to; i++) {
        o->full[i] = d->max_mwh - d->level[i] <= tol ? HUGE_VAL : -HUGE_VAL;
        o->empty[i] = d->level[i] - d->min_mwh <= tol ? -HUGE_VAL : HUGE_VAL;
    }
}

/* Brings partners and gains up to date where intervals first..last have changed, and as far
 * behind them as that matters. Values only: branches on prices would be guesses. */
static void find_partners(offers *o, size_t n, size_t first, size_t last) {
    double cheap = first ? o->cheap[first] : HUGE_VAL;
    double dear = first ? o->dear[first] : -HUGE_VAL;
    for (size_t i = first; i < n; i++) {
        cheap = most(o->full[i], cheap);
        dear = least(o->empty[i], dear);
        if (i > last && cheap == o->cheap[i] && dear == o->dear[i]) return;
        o->cheap[i] = cheap;
        o->dear[i] = dear;
        o->gain[i] = most(o->worth[i] - cheap, dear - o->cost[i]);
        cheap = least(o->cost[i], cheap);
        dear = most(o->worth[i], dear);
    }
}

/* The first pair of the highest gain, its partner the earliest of the best; {0, 0} if nothing
 * pays. */
static pair best_pair(const offers *o, size_t n) {
    double best = 0, odd = 0; /* two, for each maximum waits for the last */
    for (size_t i = 0; i < n; i += 2) {
        best = most(o->gain[i], best);
        odd = most(o->gain[i + 1], odd);
    }
    best = most(best, odd);
    if (!(best > 0)) return (pair){0, 0};
    size_t end = 0;
    while (o->gain[end] != best) end++;
    size_t begin = end; /* the last interval that knew no partner as good: it is the partner */
    if (o->worth[end] - o->cheap[end] == best) {
        while (o->cheap[begin] == o->cheap[end]) begin--;
        return (pair){.in = begin, .out = end};
    }
    while (o->dear[begin] == o->dear[end]) begin--;
    return (pair){.in = end, .out = begin};
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

static void book_pairs(vo_daybook *d, offers *o) {
    const double tol = dust(d);
    for (size_t i = 0; i < d->n; i++) offer(o, d, i);
    raise_walls(o, d, 0, d->n);
    o->gain[d->n] = 0;
    for (size_t first = 0, last = d->n;;) {
        find_partners(o, d->n, first, last);
        const pair b = best_pair(o, d->n);
        if (b.in == b.out) return;
        const double mwh = pair_room(d, b);
        if (!(mwh > tol)) return; /* only the allowance can be at its end here */
        book_pair(d, b, mwh);
        first = b.in < b.out ? b.in : b.out;
        last = b.in < b.out ? b.out : b.in;
        offer(o, d, first);
        offer(o, d, last);
        raise_walls(o, d, first + 1, last + 1);
    }
}

vo_status vo_cycle_schedule(const vo_problem *p, const vo_schedule_options *unused,
                            vo_plan *plan, vo_error *err) {
    (void)unused;
    vo_corridor c;
    const vo_status st = vo_corridor_open(&c, p, plan, "cycle", err);
    if (st != VO_OK) return st;
    vo_daybook day;
    offers o;
    for (size_t t = 0; t < p->n;) {
        const size_t next = vo_daybook_open(&day, &c, t);
        if (next == p->n) vo_daybook_end(&day, &c);
        book_pairs(&day, &o);
        if (next == p->n) vo_daybook_keep(&day, &c);
        vo_daybook_play(&day, &c);
        t = next;
    }
    vo_corridor_close(&c, "cycle");
    return VO_OK;
}
