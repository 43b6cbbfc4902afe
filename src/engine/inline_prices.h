/* inline_prices.h -- the `prices` member of a request as readings.
 *
 * Three forms: numbers; objects {"timestamp": ..., "price": ...} with further columns; or
 * {"timestamps": [...], "prices": [...]} with further arrays of the same length.
 */
#ifndef VO_ENGINE_INLINE_PRICES_H
#define VO_ENGINE_INLINE_PRICES_H

#include "base/json.h"
#include "data/source.h"

/* Zone, start, interval and currency are taken from `o`. *out is the caller's.
 * VO_EINVAL with the path of the element ("prices[7].price"). */
vo_status vo_inline_prices(const vo_json *prices, const vo_source_options *o,
                           vo_readings_set **out, vo_error *err);

#endif
