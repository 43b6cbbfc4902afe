/* village.h -- made-up homes for tests of communities: loads with evenings, PV with clouds, batteries
 * of several sizes, a tariff with a peak. The same seed gives the same village. */
#ifndef TESTS_SUPPORT_VILLAGE_H
#define TESTS_SUPPORT_VILLAGE_H

#include "community/homes.h"

typedef struct {
    vo_homes h; /* points into what follows; change it as you like */
    size_t steps;
    vo_time *start;
    int32_t *day;
    double *buy, *sell;
    vo_home_battery *battery;
    uint8_t *down, *honesty;
    float *load, *pv; /* [homes][steps]; h.source gives copies of them */
} village;

/* days of 24 h in steps of dt_h, the first `history` of them not played; no outage, all honest. */
void village_make(village *v, uint64_t seed, size_t homes, size_t days, size_t history,
                  double dt_h);
void village_free(village *v);

#endif
