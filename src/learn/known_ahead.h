/* known_ahead.h -- which columns of a series are known before the day they are about.
 *
 * A column beside the price helps a forecast only if it was there when the forecast was made. The
 * series does not say when that was, its names do: what is called a forecast, a schedule or
 * exogenous was published the day before; anything else, loads and volumes measured, other prices
 * and parts of the price (energy, loss, congestion), came with the price or after it and must not
 * be read. In a file of the EPF benchmark every column beside the price is a forecast, by the
 * format's definition.
 *
 * What that means, exactly: when a local day begins, everything about it in such columns is
 * known, so a plan or an evaluation made at midnight reads nothing early. Within a day the next
 * day's columns are features from VO_KNOWN_AHEAD_MINUTE on (features_settings.h, day_ahead): a
 * day-ahead auction closes about then, and they are published for it. Day-ahead models asked
 * within a day about tomorrow (day_table.h) take tomorrow's columns as there from midnight: half
 * a day early at most, and only where plans are made again on the way.
 */
#ifndef VO_LEARN_KNOWN_AHEAD_H
#define VO_LEARN_KNOWN_AHEAD_H

#include <stdbool.h>

#include "grid/series.h"

/* What such names have in them (the second is how one public file spells it). */
#define VO_KNOWN_AHEAD_MAP(X) X("forecast") X("foecast") X("scheduled") X("exog")

/* Minute of the local day before the one they are about by which such columns are there: noon. */
#define VO_KNOWN_AHEAD_MINUTE 720

/* Is column k (not the first, which is the price) known for all of a local day when that day
 * begins? */
bool vo_known_ahead(const vo_series *s, size_t k);

#endif
