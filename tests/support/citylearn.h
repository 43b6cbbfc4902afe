/* citylearn.h -- the real homes of ../shared/data/citylearn_2022, hours split into two half-hours. */
#ifndef TESTS_SUPPORT_CITYLEARN_H
#define TESTS_SUPPORT_CITYLEARN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CITYLEARN_HOMES 10
#define CITYLEARN_HOURS 8760
#define CITYLEARN_STEPS (2 * CITYLEARN_HOURS)

typedef struct {
    float *load_kwh, *pv_kwh;       /* [homes][steps], of Building_1..10; the caller frees */
    double buy[CITYLEARN_STEPS];    /* per kWh; exported energy is unpaid                  */
    double zero[CITYLEARN_STEPS];   /* that                                                */
    int64_t start[CITYLEARN_STEPS]; /* seconds: hours that end, in local standard time     */
    int32_t day[CITYLEARN_STEPS];
} citylearn;

/* false where the files are not. */
bool citylearn_load(citylearn *c);
void citylearn_fini(citylearn *c);

#endif
