/* settlement.h -- one interval of a site, paid: battery action in, meter flows and money out.
 *
 * Pure functions over one interval; used wherever an action meets a real price. Curtailment is
 * the operator's choice at delivery: the amount that earns most at the prices given.
 */
#ifndef VO_GRID_SETTLEMENT_H
#define VO_GRID_SETTLEMENT_H

#include <volteo/schedule.h>

typedef struct {
    double dt_h;
    double buy, sell;        /* currency/MWh incl. fee and carbon             */
    double load_mwh, pv_mwh; /* energies of the interval                      */
    double import_limit_mwh, export_limit_mwh; /* INFINITY: none                             */
    int32_t curtailable;
} vo_site_interval;

typedef struct {
    double import_mwh, export_mwh, curtailed_mwh;
    double cash;       /* sell*export - buy*import; wear is not in it                    */
    double excess_mwh; /* how far beyond the import or export limit, 0 if kept           */
} vo_site_flow;

/* Interval t of the problem. */
vo_site_interval vo_site_at(const vo_problem *p, size_t t);

/* The best flows for a battery that delivers `battery_mwh` (negative: draws). */
vo_site_flow vo_site_settle(const vo_site_interval *s, double battery_mwh);

#endif
