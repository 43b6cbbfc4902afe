/* known_ahead.h -- which columns of a series are known before the day they are about.
 *
 * A column beside the price helps a forecast only if it was there when the forecast was made. The
 * series does not say when that was, its names do: what is called a forecast, a schedule or
 * exogenous was published the day before; anything else, loads and volumes measured, other prices
 * and parts of the price (energy, loss, congestion), came with the price or after it and must not
 * be read. In a file of the EPF benchmark every column beside the price is a forecast, by the
 * format's definition.
 */
#ifndef VO_LEARN_KNOWN_AHEAD_H
#define VO_LEARN_KNOWN_AHEAD_H

#include <stdbool.h>

#include "grid/series.h"

/* What such names have in them (the second is how one public file spells it). */
#define VO_KNOWN_AHEAD_MAP(X) X("forecast") X("foecast") X("scheduled") X("exog")

/* Is column k (not the first, which is the price) known for all of a local day when that day
 * begins? */
bool vo_known_ahead(const vo_series *s, size_t k);

#endif
