/* daybook.h -- one local day as the day-ahead rules see it: what storing costs, what it earns.
 *
 * Everything is per MWh in the store: cost[t] = buy / gain, worth[t] = (sell - wear) / drain,
 * so that a pair pays if worth - cost > 0. Behind a meter with load or PV both are the average
 * over a full use of the interval. level[] is the path of stored energy with the moves booked
 * so far; self-discharge within the day is left to the corridor.
 *
 * Days:   by problem->day; without it 24 hours each; at most VO_DAYBOOK_MAX intervals.
 * Memory: fixed, for the caller's stack.
 */
#ifndef VO_OPTIMIZE_DAYBOOK_H
#define VO_OPTIMIZE_DAYBOOK_H

#include "optimize/corridor.h"

#define VO_DAYBOOK_MAX 1536u /* 25 hours of minutes, and some */

typedef struct {
    size_t n, from; /* intervals from..from+n-1 of the problem         */
    bool last;      /* the span ends with this day                       */
    bool even;      /* cost and worth rank like price: simple problem  */
    double min_mwh, max_mwh;
    double discharge_left_mwh;        /* at the terminals, cycle limits                  */
    double level[VO_DAYBOOK_MAX + 1]; /* stored at interval starts and at the end, MWh   */
    double cost[VO_DAYBOOK_MAX];      /* currency per stored MWh                         */
    double worth[VO_DAYBOOK_MAX];
    double in_left_mwh[VO_DAYBOOK_MAX]; /* may still be stored in the interval             */
    double out_left_mwh[VO_DAYBOOK_MAX];
    double drain[VO_DAYBOOK_MAX];   /* stored MWh per MWh at the terminals             */
    double net_mwh[VO_DAYBOOK_MAX]; /* booked: into the store +, out of it -           */
} vo_daybook;

/* Opens the day that begins at interval `from` with what the corridor stores now, and books
 * what the site forces. Returns the first interval of the next day. */
size_t vo_daybook_open(vo_daybook *d, vo_corridor *c, size_t from);

/* Books a move of `mwh` > 0 into or out of the store in interval i of the day. The interval
 * then keeps that direction. The path after it is shifted on the last day only, for the end
 * rule: on other days whatever is booked in this way returns to where it started. */
void vo_daybook_move(vo_daybook *d, size_t i, double mwh, bool in);

/* On the last day, before anything else: buys or sells what the end rule asks for, then sells
 * what it does not ask for where that pays. */
void vo_daybook_end(vo_daybook *d, const vo_corridor *c);

/* On the last day, after everything else: buys what is worth more in the store at the end. */
void vo_daybook_keep(vo_daybook *d, const vo_corridor *c);

/* Plays the day through the corridor. */
void vo_daybook_play(const vo_daybook *d, vo_corridor *c);

#endif
