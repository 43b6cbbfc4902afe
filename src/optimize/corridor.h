/* corridor.h -- walks a battery through a problem and keeps every limit, whatever is wanted.
 *
 * The corridor is, for every interval, the lowest and highest stored energy from which the end
 * rule and the limits still to come can be kept:
 *     low_t  = max(min, (low_{t+1}  - most that can be added) / keep)
 *     high_t = min(max, (high_{t+1} - least that can be added) / keep)
 * Walking forward, a wish is clipped to power and site limits and then to the corridor, so a
 * rule may wish for anything. With cycle limits the upper edge also leaves enough of today's
 * and the span's allowance to come down to an exact end.
 * Where limits contradict each other, power limits hold and the rest is missed by as little
 * as this rule can; the plan is then marked least violating, without shadow prices (NAN).
 *
 * Memory: the plan's own dual arrays serve as workspace; nothing is allocated.
 */
#ifndef VO_OPTIMIZE_CORRIDOR_H
#define VO_OPTIMIZE_CORRIDOR_H

#include <stdbool.h>
#include <volteo/schedule.h>

typedef struct {
    double dt_h;
    vo_battery_interval over;
} vo_corridor_step_length;

typedef struct {
    const vo_problem *p;
    const vo_battery *b;
    vo_plan *plan;
    bool plain;   /* no load, PV or site limits: money is price times energy     */
    bool ranged;  /* power limits differ between intervals                       */
    bool limited; /* a cycle limit is there                                      */
    bool alike;   /* plain, even, neither ranged nor limited: only prices differ */
                  /*   and all is settled at once, at close                      */
    double min_mwh, max_mwh;
    double final_low_mwh, final_high_mwh; /* the end rule as a range                      */
    double final_value_per_mwh;           /* 0 unless the end rule says so                */
    size_t tight_from;        /* below it the corridor is min..max and low, high not filled  */
    double *low, *high;       /* [n] for the energy at the end of interval t                 */
    double *drop_left_mwh;    /* [n] dischargeable after interval t on its local day         */
    double day_allowance_mwh; /* discharge per local day; INFINITY: any       */
    double day_left_mwh, span_left_mwh;
    double day_high_mwh; /* upper edge at the end of the current local day              */
    size_t day_end;      /* first interval of the next local day                        */
    vo_corridor_step_length length; /* of the interval last looked at                     */
    double stored_mwh; /* now                                                         */
    double profit;
    double site_excess_mwh;
    int64_t first_excess;
} vo_corridor;

/* What the terminals may do in an interval; min_mw > 0 or max_mw < 0: the site forces it. */
typedef struct {
    double min_mw, max_mw;
} vo_corridor_range;

/* Ready at interval 0. p has passed vo_problem_check and plan has its size. VO_EUNSUPPORTED
 * for several batteries, demand charge and ramp limit. `method` appears in messages. */
vo_status vo_corridor_open(vo_corridor *c, const vo_problem *p, vo_plan *plan,
                           const char *method, vo_error *err);

/* Plays interval t, called for t = 0, 1, ...: as near to want_mw as allowed (-INFINITY and
 * INFINITY: all there is). Writes the plan's actions, energy and flows. */
void vo_corridor_step(vo_corridor *c, size_t t, double want_mw);

/* The same for intervals from..to-1 in turn, with the wishes written to plan->power_mw, where
 * the actions replace them. Fast where intervals are alike. */
void vo_corridor_play(vo_corridor *c, size_t from, size_t to);

/* After the last step: profit, verdict, violations, method name, NAN duals. */
void vo_corridor_close(vo_corridor *c, const char *method);

double vo_corridor_dt(const vo_corridor *c, size_t t);
vo_corridor_range vo_corridor_range_at(const vo_corridor *c, size_t t);

/* Length and battery constants of interval t, kept while the length stays the same. */
const vo_corridor_step_length *vo_corridor_length(vo_corridor *c, size_t t);

#endif
