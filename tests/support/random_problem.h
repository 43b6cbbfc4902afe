/* random_problem.h -- random battery problems over every feature of vo_problem.
 *
 * A problem is a function of (seed, mask, n): each feature draws from a stream of its own, so
 * that switching one off leaves the others as they were and a failure can be shrunk.
 */
#ifndef TESTS_SUPPORT_RANDOM_PROBLEM_H
#define TESTS_SUPPORT_RANDOM_PROBLEM_H

#include <stdbool.h>
#include <stdint.h>

#include <volteo/schedule.h>

/* Bit, name, and in how many of 100 problems it is drawn when the caller allows it. */
// clang-format off
#define RANDOM_FEATURE_MAP(X)        \
    X(NEGATIVE,        0, 50) /* prices of both signs                    */ \
    X(TIES,            1, 25) /* few different prices                    */ \
    X(EXPORT_PRICE,    2, 35) /* selling pays less than buying costs     */ \
    X(CHEAP_BUY,       3, 15) /* in some intervals buying costs less     */ \
    X(FEE,             4, 20)                                               \
    X(CARBON,          5, 20)                                               \
    X(LOAD,            6, 30)                                               \
    X(PV,              7, 30)                                               \
    X(CURTAIL,         8, 60)                                               \
    X(IMPORT_LIMIT,    9, 20)                                               \
    X(EXPORT_LIMIT,   10, 20)                                               \
    X(OUTAGE,         11, 20) /* power limits by interval, some 0        */ \
    X(ZERO_POWER,     12,  3)                                               \
    X(SOC_RANGE,      13, 35)                                               \
    X(START_OUTSIDE,  14,  8) /* initial SOC outside min..max            */ \
    X(FINAL_KIND,     15, 60)                                               \
    X(UNEVEN,         16, 20)                                               \
    X(SELF_DISCHARGE, 17, 25)                                               \
    X(WEAR,           18, 25)                                               \
    X(DAY_CYCLES,     19, 20)                                               \
    X(CYCLES,         20, 15)                                               \
    X(LOSSLESS,       21, 15)                                               \
    X(SMALL,          22, 10) /* a home: kW as MW                        */ \
    X(DEMAND,         23, 25) /* these three couple intervals            */ \
    X(RAMP,           24, 25)                                               \
    X(SEVERAL,        25, 25)
// clang-format on

enum {
#define X(name, bit, percent) RANDOM_##name = 1 << (bit),
    RANDOM_FEATURE_MAP(X)
#undef X
        RANDOM_ALL = (1 << 26) - 1,
    RANDOM_COUPLED = RANDOM_DEMAND | RANDOM_RAMP | RANDOM_SEVERAL
};

#define RANDOM_MAX_BATTERIES 3

typedef struct {
    vo_problem p;
    vo_battery battery[RANDOM_MAX_BATTERIES];
    uint32_t mask; /* the features it has */
    uint64_t seed;
    double *column[10];
    int32_t *labels[2];
} random_problem;

/* Which features the seed draws among the allowed. */
uint32_t random_problem_mask(uint64_t seed, uint32_t allowed);

/* Exactly the features of `mask`, 1..max_n intervals. Aborts without memory. *r is the
 * caller's: random_problem_fini. */
void random_problem_init(random_problem *r, uint64_t seed, uint32_t mask, size_t max_n);
void random_problem_fini(random_problem *r);

/* The same with every interval cut into two halves. */
void random_problem_halve(const random_problem *whole, random_problem *halves);

/* The smallest n and mask with which `fails` still says true (greedy), for the message. */
typedef bool (*random_problem_fails)(const random_problem *r);
void random_problem_shrink(uint64_t seed, uint32_t *mask, size_t *max_n,
                           random_problem_fails fails);

/* "NEGATIVE LOAD PV" */
void random_problem_names(uint32_t mask, char *text, size_t size);

#endif
