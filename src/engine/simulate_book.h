/* simulate_book.h -- what is written down while the community plays: sums of every interval, who
 * traded with whom, and, where asked for, what every home did.
 *
 * Memory: some 200 bytes per interval, 100 per trade kept, 72 per home and interval of a timeline.
 * Threads: one owner.
 */
#ifndef VO_ENGINE_SIMULATE_BOOK_H
#define VO_ENGINE_SIMULATE_BOOK_H

#include "engine/simulate_case.h"
#include "engine/simulate_tables.h"

#define VO_FLOW_GROUPS 40 /* homes of a map of flows; more are put together */

enum { VO_FAN = 5 }; /* quantiles of the state of charge */

/* One interval of all homes, kWh unless named otherwise. */
typedef struct {
    double load, pv, predicted_load, predicted_pv;
    double charged, discharged, imported, exported, curtailed, short_of, undelivered;
    double traded;      /* as injected */
    double signal;      /* the central price, per kWh injected; NAN: there was none  */
    double price;       /* what sellers got on average, NAN: no trade                */
    double soc[VO_FAN]; /* 5, 25, 50, 75, 95 % of homes with a battery             */
    double buyers_pay;  /* currency                                                */
    uint32_t trades, green;
} vo_book_interval;

/* What one home did in one. */
typedef struct {
    float load, pv, predicted_load, predicted_pv, battery, stored, imported, exported, bought,
        sold, order_kwh, order_price, score;
    float curtailed, short_of;
    uint8_t action, need;
} vo_book_row;

typedef struct {
    uint32_t step; /* of those played */
    vo_trade trade;
} vo_book_trade;

typedef struct {
    const vo_simulate_case *c;
    size_t n, done;                    /* intervals                                        */
    vo_book_interval *interval;        /* [n]                                              */
    vo_book_row *row;                  /* [n][homes], or NULL                              */
    float *load, *imported, *exported; /* [homes][n] for bills, or NULL             */
    vo_book_trade *trade;              /* the first of all trades                          */
    size_t n_trades, all_trades;
    size_t groups;
    int64_t flow[VO_FLOW_GROUPS * VO_FLOW_GROUPS]; /* [from][to] micro-kWh injected */
    uint32_t *red; /* [homes] intervals of the need RED                               */
    double *score; /* [homes] sum over intervals, or NULL                           */
    vo_profitability mean_score; /* of all homes and intervals                      */
    vo_simulate_tables *tables;  /* Parquet, or NULL                                 */
} vo_simulate_book;

vo_status vo_simulate_book_init(const vo_simulate_case *c, vo_simulate_book *b, vo_error *err);
void vo_simulate_book_fini(vo_simulate_book *b); /* accepts a zeroed one */

/* For vo_simulate_runs_make, with ctx = the book. */
vo_status vo_simulate_book_tell(void *ctx, const vo_interval_view *v, vo_error *err);

/* The group of a home in `flow`. */
size_t vo_simulate_group(const vo_simulate_book *b, uint32_t home);

#endif
