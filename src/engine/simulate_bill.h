/* simulate_bill.h -- the months' bills of homes on a published tariff, with what is not energy: fixed
 * charges, baseline credit, minimum bills.
 *
 * A bill is that of the utility for what went through the meter, plus what was paid to and less what was
 * received from other homes. Without the community all of the load is bought.
 */
#ifndef VO_ENGINE_SIMULATE_BILL_H
#define VO_ENGINE_SIMULATE_BILL_H

#include "engine/simulate_book.h"
#include "engine/simulate_runs.h"

typedef struct {
    double baseline, optimized; /* totals of all months, currency                        */
    double optimized_energy;    /* of optimized: energy charges, exports, trades */
    int32_t months;
} vo_simulate_bill;

/* *out [homes], the caller's to free; NULL where there are no bills: prices of a file or a scenario, a
 * change of version, too many readings. *words says how they are made, or why not. VO_ENOMEM. */
vo_status vo_simulate_bills(const vo_simulate_book *b, const vo_home_sums *home,
                            vo_simulate_bill **out, const char **words, vo_error *err);

#endif
