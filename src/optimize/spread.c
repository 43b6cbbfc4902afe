/* spread.c -- see spread.h.
 *
 * Intervals are ranked once, by cost and by worth. For a moment that parts the day, two fingers
 * walk down the two rankings, skip what lies on the wrong side, and match stored MWh with
 * stored MWh until the next pair does not pay or the room is used up. A moment is worth trying
 * only where the ranking turns from charging to discharging: elsewhere shifting it by one
 * interval does at least as well. And only where a bound allows a better trip: for any prices
 * l <= h of stored energy, a trip of at most `room` through parts I and O earns no more than
 *     sum_I max(l - cost, 0) in + sum_O max(worth - h, 0) out + (h - l) room
 * (the Lagrangian of "as much in as out" and of the room), which running sums give for every
 * moment at once. Prices at which a good trip ends make it so tight that few are tried.
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
    double gain;      /* currency */
    double low, high; /* cost and worth of the next pair, which was not matched */
} trip;

enum { RUN = 32 };

/* Stable: every place is counted, for branches on prices would be guesses. n <= RUN. */
static void sort_short(ranked *v, size_t n) {
    double key[RUN];
    ranked from[RUN];
    int64_t place[RUN];
    for (size_t i = 0; i < n; i++) {
        key[i] = v[i].key;
        from[i] = v[i];
        place[i] = 0;
    }
    for (size_t i = 1; i < n; i++) {
        const double x = key[i];
        int64_t before = (int64_t)i;
        for (size_t k = 0; k < i; k++) {
            const int64_t later = key[k] > x;
            place[k] += later;
            before -= later;
        }
        place[i] = before;
    }
    for (size_t i = 0; i < n; i++) v[place[i]] = from[i];
}

/* Stable and rising: runs of RUN by counting, then merged. `spare` has room for n. */
static void sort(ranked *v, size_t n, ranked *spare) {
    const size_t run = RUN;
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

/* Where worth falls as cost rises: `dear` from `cheap`, which holds all intervals. Groups of
 * one cost keep their order; what rounding has made to collide is put right by insertion. */
static void turn_around(const vo_daybook *d, ranking *r) {
    r->n_dear = 0;
    for (size_t end = d->n, begin; end > 0; end = begin) {
        for (begin = end - 1; begin > 0 && r->cheap[begin - 1].key == r->cheap[begin].key;)
            begin--;
        for (size_t k = begin; k < end; k++) {
            const ranked x = {-d->worth[r->cheap[k].at], r->cheap[k].at};
            if (!(d->out_left_mwh[x.at] > 0)) continue;
            size_t to = r->n_dear++;
            for (; to > 0 && (r->dear[to - 1].key > x.key ||
                              (r->dear[to - 1].key == x.key && r->dear[to - 1].at > x.at));
                 to--)
                r->dear[to] = r->dear[to - 1];
            r->dear[to] = x;
        }
    }
}

static void rank(const vo_daybook *d, ranking *r, ranked *spare) {
    for (size_t i = 0; i < d->n; i++) r->cheap[i] = (ranked){d->cost[i], (uint32_t)i};
    sort(r->cheap, d->n, spare);
    if (d->even) {
        turn_around(d, r);
    } else {
        r->n_dear = 0;
        for (size_t i = 0; i < d->n; i++)
            if (d->out_left_mwh[i] > 0)
                r->dear[r->n_dear++] = (ranked){-d->worth[i], (uint32_t)i};
        sort(r->dear, r->n_dear, spare);
    }
    r->n_cheap = 0;
    for (size_t k = 0; k < d->n; k++)
        if (d->in_left_mwh[r->cheap[k].at] > 0) r->cheap[r->n_cheap++] = r->cheap[k];
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
        if (a >= r->n_cheap || b >= r->n_dear) { /* all of a part may matter */
            out.low = HUGE_VAL;
            out.high = -HUGE_VAL;
            break;
        }
        out.low = r->cheap[a].key;
        out.high = -r->dear[b].key;
        const double gain = out.high - out.low;
        const size_t i = r->cheap[a].at, j = r->dear[b].at;
        if (!(gain > 0) || room <= tol) break;
        if (in_left <= 0) in_left = d->in_left_mwh[i]; /* the interval is new */
        if (out_left <= 0) out_left = d->out_left_mwh[j];
        double mwh = in_left < out_left ? in_left : out_left;
        if (room < mwh) mwh = room;
        if (allowed * d->drain[j] < mwh) mwh = allowed * d->drain[j];
        if (!(mwh > 0)) break;
        out.gain += gain * mwh;
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

/* Prices of stored energy at the end of the trip that the rankings would give if the day had
 * no order: low <= high. */
static void last_prices(const vo_daybook *d, const ranking *r, double room, double *low,
                        double *high) {
    *low = *high = 0;
    double in = 0, out = 0;
    for (size_t a = 0, b = 0; a < r->n_cheap && b < r->n_dear;) {
        const double cost = r->cheap[a].key, worth = -r->dear[b].key;
        if (worth < cost) break;
        *low = cost;
        *high = worth;
        if (least(in, out) >= room) return;
        if (in <= out)
            in += d->in_left_mwh[r->cheap[a++].at];
        else
            out += d->out_left_mwh[r->dear[b++].at];
    }
    *low = *high = 0.5 * (*low + *high); /* the room is not used up: one price */
}

/* bound[m]: no trip in this order through moment m earns more. */
static void bound_trips(const vo_daybook *d, const ranking *r, bool charge_first, double room,
                        double *bound) {
    double low, high, all_in = 0, all_out = 0;
    last_prices(d, r, room, &low, &high);
    for (size_t i = 0; i < d->n; i++) {
        const double in = d->cost[i] < low ? (low - d->cost[i]) * d->in_left_mwh[i] : 0;
        const double out = d->worth[i] > high ? (d->worth[i] - high) * d->out_left_mwh[i] : 0;
        bound[i] = charge_first ? in - out : out - in;
        all_in += in;
        all_out += out;
    }
    /* what all later intervals would add, and the earlier ones instead of that */
    const double slack = 1e-9 * (all_in + all_out + (high - low) * room);
    double sum = (charge_first ? all_out : all_in) + (high - low) * room + slack;
    for (size_t m = 0; m < d->n; m++) {
        const double step = bound[m];
        bound[m] = sum;
        sum += step;
    }
}

/* Whether the trip is the same wherever the interval lies: neither finger reaches it. */
static bool passed_over(const vo_daybook *d, const trip *t, size_t i) {
    return d->cost[i] > t->low && d->worth[i] < t->high;
}

/* The trip that earns most; of equal ones the earliest moment. */
static trip best_in_order(vo_daybook *d, const ranking *r, bool charge_first, trip best) {
    const double room = path_room(d, charge_first);
    if (!(room > 1e-9 * d->max_mwh)) return best;
    double bound[VO_DAYBOOK_MAX];
    bound_trips(d, r, charge_first, room, bound);
    size_t likely = 0; /* where the bound is highest */
    double highest = -1;
    for (size_t m = 1; m < d->n; m++)
        if (bound[m] > highest && turns(d, m, charge_first)) likely = m, highest = bound[m];
    if (likely == 0 || highest < best.gain) return best;
    const trip other = best;
    best = match(d, r, likely, charge_first, room, false);
    size_t same_from = likely, same_to = likely; /* moments of that very trip */
    while (same_from > 1 && passed_over(d, &best, same_from - 1)) same_from--;
    while (same_to + 1 < d->n && passed_over(d, &best, same_to)) same_to++;
    for (size_t m = 1; m < d->n; m++) {
        if (bound[m] < best.gain || bound[m] < other.gain) continue;
        if ((same_from <= m && m <= same_to) || !turns(d, m, charge_first)) continue;
        const trip t = match(d, r, m, charge_first, room, false);
        if (t.gain > best.gain || (t.gain == best.gain && m < best.moment)) best = t;
    }
    return best.gain > other.gain ? best : other;
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
        trip best = best_in_order(&day, &r, true, (trip){.gain = 0});
        best = best_in_order(&day, &r, false, best);
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
