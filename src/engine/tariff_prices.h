/* tariff_prices.h -- what a household pays and is paid, as the prices of a plan; with the load
 * and PV of a home of the lake if one is named.
 *
 * Columns of the series: "price" (imports) and "export_price", currency/MWh (a tariff's kWh
 * times 1000), in the first tier and above baseline; of a home also "load_mw" and, if it has
 * PV, "pv_mw". Intervals are the home's, else even ones over the span; days are the tariff's.
 */
#ifndef VO_ENGINE_TARIFF_PRICES_H
#define VO_ENGINE_TARIFF_PRICES_H

#include <volteo/engine.h>

#include "grid/series.h"

typedef struct {
    const char *files; /* names or files of tariffs, with commas: the versions of a schedule */
    const char *home;  /* node of the lake's loads; NULL: none                               */
    const char *from, *to; /* local days, `to` included; NULL only with a home: all it has   */
    double interval_minutes; /* without a home; 0: 60 */
} vo_tariff_ask;

/* *out is the caller's. VO_EINVAL, VO_ENOTFOUND: what is missing and the remedy (no version in
 * force at an instant, no such home, several of that name). */
vo_status vo_tariff_price_series(const vo_engine_options *o, const vo_tariff_ask *a,
                                 vo_series **out, vo_error *err);

#endif
