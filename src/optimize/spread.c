/* spread.c -- see spread.h.
 *
 * Intervals are ranked once, by cost and by worth. For a moment that parts the day, two fingers
 * walk down the two rankings, skip what lies on the wrong side, and match stored MWh with
 * stored MWh until the next pair does not pay or the room is used up. A moment is worth trying
 * only where the ranking turns from charging to discharging: elsewhere shifting it by one
 * interval does at least as well.
 */
#include "optimize/spread.h"

#include <math.h>

#include "optimize/daybook.h"

static double least(double a, double b) { return a < b ? a : b; }

typedef struct {
    double key;
    uint32_t at;
} ranked;

typedef struct {
    ranked cheap[VO_DAYBOOK_MAX]; /* by cost, rising   */
    ranked dear[VO_DAYBOOK_MAX];  /* by worth, falling */
    size_t n_cheap, n_dear;
} ranking;

typedef struct {
    size_t moment; /* first interval of the later part            */
    bool charge_first;
    double gain, mwh; /* currency, stored MWh moved in and out again */
} trip;

static void sort_short(ranked *v, size_t n) {
    for (size_t i = 1; i < n; i++) {
        const ranked x = v[i];
        size_t k = i;
        for (; k > 0 && v[k - 1].key > x.key; k--) v[k] = v[k - 1];
        v[k] = x;
    }
}

/* Stable and rising: runs of 32 by insertion, then merged. `spare` has room for n. */
static void sort(ranked *v, size_t n, ranked *spare) {
    const size_t run = 32;
    for (size_t i = 0; i < n; i += run) sort_short(v + i, n - i < run ? n - i : run);
    for (size_t w = run; w < n; w *= 2)
        for (size_t i = 0; i + w < n; i += 2 * w) {
            const size_t mid = i + w, end = n - mid < w ? n : mid + w;
            size_t a = i, b = mid, k = i;
            while (a < mid && b < end) spare[k++] = v[b].key < v[a].key ? v[b++] : v[a++];
            while (a < mid) spare[k++] = v[a++];
            for (size_t j = i; j < k; j++) v[j] = spare[j];
        }
}

static void rank(const vo_daybook *d, ranking *r, ranked *spare) {
    r->n_cheap = r->n_dear = 0;
    for (size_t i = 0; i < d->n; i++) {
        if (d->in_left_mwh[i] > 0) r->cheap[r->n_cheap++] = (ranked){d->cost[i], (uint32_t)i};
        if (d->out_left_mwh[i] > 0) r->dear[r->n_dear++] = (ranked){-d->worth[i], (uint32_t)i};
    }
    sort(r->cheap, r->n_cheap, spare);
    sort(r->dear, r->n_dear, spare);
}

/* Room on the booked path for a trip that raises (or lowers) the whole day. */
static double path_room(const vo_daybook *d, bool charge_first) {
    double room = HUGE_VAL;
    for (size_t k = 0; k <= d->n; k++)
        room = least(room, charge_first ? d->max_mwh - d->level[k] : d->level[k] - d->min_mwh);
    return room;
}

/* Matches the rankings on either side of the moment; books the moves if asked to. */
static trip match(vo_daybook *d, const ranking *r, size_t moment, bool charge_first,
                  double room, bool book) {
    trip out = {.moment = moment, .charge_first = charge_first};
    double in_left = 0, out_left = 0, allowed = d->discharge_left_mwh;
    size_t a = 0, b = 0;
    const double tol = 1e-9 * d->max_mwh;
    for (;;) {
        while (a < r->n_cheap && (r->cheap[a].at < moment) != charge_first) a++;
        while (b < r->n_dear && (r->dear[b].at < moment) == charge_first) b++;
        if (a >= r->n_cheap || b >= r->n_dear) break;
        const double gain = -r->dear[b].key - r->cheap[a].key;
        const size_t i = r->cheap[a].at, j = r->dear[b].at;
        if (!(gain > 0) || room <= tol) break;
        if (in_left <= 0) in_left = d->in_left_mwh[i]; /* the interval is new */
        if (out_left <= 0) out_left = d->out_left_mwh[j];
        double mwh = in_left < out_left ? in_left : out_left;
        if (room < mwh) mwh = room;
        if (allowed * d->drain[j] < mwh) mwh = allowed * d->drain[j];
        if (!(mwh > 0)) break;
        out.gain += gain * mwh;
        out.mwh += mwh;
        room -= mwh;
        allowed -= mwh / d->drain[j];
        in_left -= mwh;
        out_left -= mwh;
        if (book) {
            vo_daybook_move(d, i, mwh, true);
            vo_daybook_move(d, j, mwh, false);
        }
        if (in_left <= tol) a++, in_left = 0;
        if (out_left <= tol) b++, out_left = 0;
    }
    return out;
}

/* Whether the day can turn here: the interval before would rather charge (or discharge). Not
 * where a price is so negative that an interval's own worth exceeds its cost. */
static bool turns(const vo_daybook *d, size_t m, bool charge_first) {
    if (!d->even || d->worth[m] > d->cost[m] || d->worth[m - 1] > d->cost[m - 1]) return true;
    return charge_first ? d->cost[m - 1] < d->cost[m] : d->cost[m - 1] > d->cost[m];
}

static trip best_trip(vo_daybook *d, const ranking *r) {
    trip best = {.gain = 0};
    for (int order = 0; order < 2; order++) {
        const bool charge_first = order == 0;
        const double room = path_room(d, charge_first);
        if (!(room > 1e-9 * d->max_mwh)) continue;
        for (size_t m = 1; m < d->n; m++) {
            if (!turns(d, m, charge_first)) continue;
            const trip t = match(d, r, m, charge_first, room, false);
            if (t.gain > best.gain) best = t;
        }
    }
    return best;
}

vo_status vo_spread_schedule(const vo_problem *p, const vo_schedule_options *o, vo_plan *plan,
                             vo_error *err) {
    (void)o;
    vo_corridor c;
    const vo_status st = vo_corridor_open(&c, p, plan, "spread", err);
    if (st != VO_OK) return st;
    vo_daybook day;
    ranking r;
    ranked spare[VO_DAYBOOK_MAX];
    for (size_t t = 0; t < p->n;) {
        const size_t next = vo_daybook_open(&day, &c, t);
        if (next == p->n) vo_daybook_end(&day, &c);
        rank(&day, &r, spare);
        const trip best = best_trip(&day, &r);
        if (best.gain > 0)
            (void)match(&day, &r, best.moment, best.charge_first,
                        path_room(&day, best.charge_first), true);
        if (next == p->n) vo_daybook_keep(&day, &c);
        vo_daybook_play(&day, &c);
        t = next;
    }
    vo_corridor_close(&c, "spread");
    return VO_OK;
}
