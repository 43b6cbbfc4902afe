/* source_caiso.h -- California's market as CAISO's OASIS publishes it: CSV and XML reports.
 *
 * LMP reports (PRC_LMP, PRC_INTVL_LMP, PRC_RTPD_LMP, PRC_HASP_LMP, PRC_RTM_LAP): one row per
 * part of a price and interval, unsorted; the price is in a column called MW, VALUE or PRC,
 *     LMP = MCE + MCL + MCC (+ MGHG)      USD/MWh
 * become "price", "energy", "loss", "congestion" and, where it is or may be published, "ghg". A
 * later row of the same part makes a second row of the interval, for cleaning to report. An
 * interval without LMP has no price: the sum of parts is not put in its place. In the zips of
 * all nodes each part is a file of its own, in any order: its rows have that part alone, and
 * those of one interval complete each other (clean.h, "joined"). Shadow prices (PRC_SHADOW and
 * other reports with a column of that name) become series of kind "shadow_price", one per
 * constraint. Stamps are GMT; local days are those of America/Los_Angeles.
 * Bound: VO_CAISO_PENDING intervals wait for their parts; beyond it parts that lie farther
 * apart in the file are rows of their own, too.
 */
#ifndef VO_DATA_SOURCE_CAISO_H
#define VO_DATA_SOURCE_CAISO_H

#include "data/csv.h"
#include "data/source.h"

#define VO_CAISO_PENDING ((size_t)1 << 17)

/* Does text that begins like this come from OASIS? */
bool vo_source_caiso_is(const char *head, size_t len);

/* See source.h. VO_ENOTFOUND with OASIS's own words where it replied that there is nothing. */
vo_status vo_source_caiso_parse(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                                vo_error *err);

/* After the last file of a zip. VO_EINVAL: parts of prices, but nowhere a price. */
vo_status vo_source_caiso_check(const char *name, const vo_readings_set *set, vo_error *err);

/* ---- between the parsers of the two formats ---------------------------------------- */

typedef struct {       /* one value as text, whatever the format was */
    vo_csv_field item; /* LMP, MCE, ... or LMP_PRC, LMP_ENE_PRC, ... or PRC_SHADOW */
    vo_csv_field node, process, start, end, value;
    uint32_t line;
} vo_caiso_row;

typedef struct vo_caiso_sink vo_caiso_sink;
vo_status vo_caiso_sink_add(vo_caiso_sink *sink, const vo_caiso_row *row, vo_error *err);

/* XML report -> rows. VO_EINVAL with line and column, or with the words of OASIS's error. */
vo_status vo_source_caiso_xml(vo_bytes *in, vo_caiso_sink *sink, vo_error *err);

#endif
