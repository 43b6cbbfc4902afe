/* proof_interval.h -- the certifier's own model of one interval: every corner, tried. */
#ifndef VO_OPTIMIZE_PROOF_INTERVAL_H
#define VO_OPTIMIZE_PROOF_INTERVAL_H

#include <volteo/schedule.h>

typedef struct {
    double dt_h, keep, stored_per_charged, taken_per_discharged;
    double charge_mwh, discharge_mwh;     /* most at the terminals                    */
    double buy, sell, wear;               /* per MWh                                  */
    double load_mwh, pv_mwh, curtail_mwh; /* curtail: how much of pv may be lost  */
    double import_mwh, export_mwh;        /* limits                                   */
} vo_proof_interval;

vo_proof_interval vo_proof_interval_at(const vo_problem *p, size_t t);

/* The same interval's `keep`: what is left of stored energy at its end. */
double vo_proof_keep(const vo_problem *p, size_t t);

/* Change of stored energy caused by u MWh delivered (< 0: drawn) at the terminals. */
double vo_proof_stored(const vo_proof_interval *v, double u_mwh);

/* Best cash, wear included, for u; -INFINITY if the meter's limits cannot be kept. */
double vo_proof_cash(const vo_proof_interval *v, double u_mwh);

/* The u at which the best cash may bend, ascending, ends first and last; returns how many,
 * 0 if no u keeps the meter's limits. */
#define VO_PROOF_MAX_BENDS 16
size_t vo_proof_bends(const vo_proof_interval *v, double *u_mwh);

#endif
