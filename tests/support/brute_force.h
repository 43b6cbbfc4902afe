/* brute_force.h -- the best plan of a small problem, by trying them all.
 *
 * Every sequence of whole-MWh states is walked and paid for. On the problems drawn here the
 * optimum is among them: with one battery, the stored energies form a network flow with whole
 * capacities (power, site and cycle limits are multiples of what moves one stored MWh), whose
 * extreme points are whole; and every kink of an interval's reward lies on a whole state too.
 */
#ifndef TESTS_SUPPORT_BRUTE_FORCE_H
#define TESTS_SUPPORT_BRUTE_FORCE_H

#include <stdint.h>

#include <volteo/schedule.h>

#define GRID_MAX_INTERVALS 6

typedef struct {
    vo_problem p;
    vo_battery battery;
    double price[GRID_MAX_INTERVALS], export_price[GRID_MAX_INTERVALS];
    double charge_limit[GRID_MAX_INTERVALS], discharge_limit[GRID_MAX_INTERVALS];
    double load[GRID_MAX_INTERVALS], pv[GRID_MAX_INTERVALS], carbon[GRID_MAX_INTERVALS];
    double import_limit[GRID_MAX_INTERVALS], export_limit[GRID_MAX_INTERVALS];
    double hours[GRID_MAX_INTERVALS];
    int32_t day[GRID_MAX_INTERVALS];
} grid_problem;

/* Up to 6 intervals and 4 MWh; prices of any sign, losses of nothing or half each way, site,
 * limits, curtailment, cycle limits, every final rule. */
void grid_problem_init(grid_problem *g, uint64_t seed);

typedef struct {
    double violation; /* MWh beyond final, SOC, meter and cycle limits, added up */
    double profit;    /* the largest of those that violate least                 */
} brute_force_answer;

/* Power, capacity and direction are kept; of the rest, as much as can be. */
brute_force_answer brute_force(const vo_problem *p);

#endif
