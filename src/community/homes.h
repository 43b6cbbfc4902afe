/* homes.h -- the world a community lives in: homes, batteries, prices, limits, and who brings them.
 *
 * Everything comes from outside: loads through a source that is asked home by home, threads through
 * a crew, messages through a post that may lose them. The community owns no file, clock or chance.
 * Units: kWh per interval, kW, currency/kWh; fractions 0..1. Intervals are of one length dt_h.
 * Shape: [steps] arrays begin with the history (steps 0..first-1, known, not played).
 */
#ifndef VO_COMMUNITY_HOMES_H
#define VO_COMMUNITY_HOMES_H

#include <stdbool.h>

#include "grid/series.h"

#define VO_MAX_HOMES 4000000u

typedef struct {
    double capacity_kwh;
    double charge_kw, discharge_kw;                 /* at the terminals      */
    double charge_efficiency, discharge_efficiency; /* (0, 1]                */
    double min_soc, max_soc;                        /* reserve and ceiling   */
    double initial_soc;
} vo_home_battery;

/* 13.5 kWh, 5 kW, 90 % round trip split evenly, SOC 0.1..0.8 from 0.45. */
vo_home_battery vo_home_battery_default(void);
/* VO_EINVAL naming field, value and remedy. Capacity 0: a home without a battery. */
vo_status vo_home_battery_check(const vo_home_battery *b, vo_error *err);

/* Fills load[steps] and pv[steps], kWh >= 0, of home 0..n-1. Called from any thread, once per home
 * and run, in any order; the same home gives the same numbers. */
typedef struct {
    vo_status (*fill)(void *ctx, uint32_t home, size_t worker, float *load_kwh, float *pv_kwh,
                      vo_error *err);
    void *ctx;
} vo_home_source;

/* Work spread over threads: calls work(arg, i, worker) for i < n, each once, worker < workers. */
typedef struct {
    vo_status (*run)(void *ctx, size_t n,
                     vo_status (*work)(void *arg, size_t i, size_t worker, vo_error *err),
                     void *arg, vo_error *err);
    void *ctx;
    size_t workers; /* >= 1; run NULL: the calling thread alone, workers 1 */
} vo_crew;
/* Runs it, or does the work itself, in order, where there is no crew. */
vo_status vo_crew_run(const vo_crew *crew, size_t n,
                      vo_status (*work)(void *arg, size_t i, size_t worker, vo_error *err),
                      void *arg, vo_error *err);

/* Which messages arrive: central price to a home, a home's orders to the market. NULL: all. */
typedef enum { VO_MESSAGE_SIGNAL, VO_MESSAGE_ORDERS } vo_message;
typedef struct {
    bool (*arrives)(void *ctx, vo_message kind, uint32_t home, size_t step);
    void *ctx;
} vo_post;

/* A home that does not keep to what it says. */
typedef enum {
    VO_HONEST = 0,
    VO_LIES_OFFERS, /* offers the most allowed in every interval, whether it has it or not */
    VO_LIES_BIDS    /* bids the most allowed at the highest price, needing nothing           */
} vo_honesty;

typedef struct {
    size_t homes, steps, first;
    double dt_h;                   /* 0.5                                                     */
    const vo_time *start;          /* [steps]                                                 */
    const int32_t *day;            /* [steps] local day numbers: daily limits, forecasters    */
    const char *zone;              /* IANA                                                    */
    const double *buy, *sell;      /* [steps] tariff: imported and exported                   */
    const double *temperature_c;   /* [steps] known ahead as a forecast, or NULL           */
    const double *irradiance_w_m2; /* [steps] likewise, or NULL                          */
    const uint8_t *grid_down;      /* [steps] 1: no import, export or trade; or NULL       */
    const vo_home_battery *battery; /* [homes]                                           */
    const uint8_t *honesty;         /* [homes] vo_honesty, or NULL                       */
    double import_limit_kwh, export_limit_kwh; /* of a home and interval: 10, 4          */
    double feeder_kwh; /* |sum of the homes' meters| per interval; INFINITY: no limit    */
    vo_home_source source;
    vo_crew crew;
    vo_post post;
} vo_homes;

/* VO_EINVAL naming field, index, value and remedy. */
vo_status vo_homes_check(const vo_homes *h, vo_error *err);

#endif
