/* source_caiso.h -- California's market as CAISO's OASIS publishes it: CSV and XML reports.
 *
 * LMP reports (PRC_LMP, PRC_INTVL_LMP, PRC_RTPD_LMP, PRC_HASP_LMP, PRC_RTM_LAP): one row per
 * part of a price and interval, unsorted; the price is in a column called MW, VALUE or PRC,
 *     LMP = MCE + MCL + MCC (+ MGHG)      USD/MWh
 * become "price", "energy", "loss", "congestion" and, where published, "ghg". A later row of
 * the same part makes a second row of the interval, for cleaning to report. An interval without
 * LMP has no price: the sum of parts is not put in its place. Shadow prices (PRC_SHADOW and
 * other reports with a column of that name) become series of kind "shadow_price", one per
 * constraint. Stamps are GMT; local days are those of America/Los_Angeles.
 * Bound: VO_CAISO_PENDING intervals whose parts have not all been read; OASIS's own replies (31
 * days of a node, a day of all nodes) stay below.
 */
#ifndef VO_DATA_SOURCE_CAISO_H
#define VO_DATA_SOURCE_CAISO_H

#include "data/csv.h"
#include "data/source.h"

#define VO_CAISO_PENDING ((size_t)1 << 20)

/* Does text that begins like this come from OASIS? */
bool vo_source_caiso_is(const char *head, size_t len);

/* See source.h. VO_ENOTFOUND with OASIS's own words where it replied that there is nothing. */
vo_status vo_source_caiso_parse(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                                vo_error *err);

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
