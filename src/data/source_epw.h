/* source_epw.h -- EnergyPlus weather files (EPW): measured years (AMY) and typical years (TMY).
 *
 * Eight header records, then a row of 35 fields per hour (or 1/N hour, by DATA PERIODS).
 *   Time    hour h of a day ends at h o'clock of the station's standard time, whatever the
 *           season: LOCATION's offset holds all year and the interval begins at h - 1. With one
 *           record per hour the minute field says nothing (files write 0, 1 or 60).
 *   Years   a file whose years do not follow each other is a typical year, its months taken
 *           from several: they are put into the year of options.start_utc_s, else into the
 *           first row's year or the next that has as many days in February; set->note says so.
 *   Values  the format's code for "none" (999, 9999, ... or more) is NAN. Radiation is energy
 *           of the interval in Wh/m2, given as its mean power in W/m2; temperature, humidity,
 *           pressure and wind were observed at the interval's end. Visibility 777.7 and ceiling
 *           77777 mean "unlimited" and are kept.
 * Kind "weather"; market "EPW", process LOCATION's data source ("TMY3"), node its city, unless
 * the options say otherwise; zone: the option, else the fixed offset.
 */
#ifndef VO_DATA_SOURCE_EPW_H
#define VO_DATA_SOURCE_EPW_H

#include "data/source.h"

/* Does text that begins like this come from an EPW file? */
bool vo_source_epw_is(const char *head, size_t len);

/* See source.h. */
vo_status vo_source_epw_parse(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                              vo_error *err);

#endif
