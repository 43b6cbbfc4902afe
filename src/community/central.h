/* central.h -- the central model: one price path from everybody's forecasts; it trades for nobody.
 *
 * It knows the sum of the homes' forecasts, of their stored energy and of their batteries. The pool is
 * one big home with losses on what is shared; the value of energy in it, interval by interval, is
 * what a traded kWh should cost: near the tariff's import price where the pool will have to import at
 * the margin, near export where it will have to export, between where its batteries decide. The
 * signal keeps the market's price range. Equations: docs/models/community.md.
 */
#ifndef VO_COMMUNITY_CENTRAL_H
#define VO_COMMUNITY_CENTRAL_H

#include "community/matching.h"
#include "optimize/home_value.h"

typedef struct {
    size_t n;                        /* intervals ahead, 1..; [0] is the one about to begin */
    const double *load_kwh, *pv_kwh; /* [n] forecasts, summed over homes that told          */
    const double *buy, *sell;        /* [n] tariff                                          */
    vo_home_store store;             /* of all batteries together                           */
    double stored_kwh, goal_kwh;     /* now; wanted at the end of the horizon               */
    double import_kwh, export_kwh;   /* of the feeder or of all meters                      */
    /* 0: the pool is one home, and exactly known. Else homes are unlike and forecasts wrong: stored
     * energy is worth the mean of its worths over this share of the store to both sides of where
     * the plan has it. */
    double unlike;
    const vo_market_rules *rules;
} vo_central_view;

/* signal[n], currency per kWh injected, whole ticks of 100 micro-units. work[n + 1]: scratch. */
void vo_central_signal(const vo_central_view *v, vo_home_value *work, double *signal);

#endif
