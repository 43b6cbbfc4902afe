/* source_cenace.h -- Mexico's market (MEM) as CENACE publishes it, and normalised copies of it.
 *
 * CSV: normalised (sistema,mercado,tipo,clave,fecha,hora,...), monthly reports (Fecha,Hora,...)
 * and daily reports (six or seven lines of preamble, then Hora,...). Replies of the web
 * services SW-PML and SW-PEND: JSON and XML. Columns: price = energy + loss + congestion,
 * MXN/MWh. Hours are numbered 1..24, 1..23 or 1..25 of the system's local day: hour h begins
 * h-1 hours after local midnight. Prices of 0 stand for "none".
 */
#ifndef VO_DATA_SOURCE_CENACE_H
#define VO_DATA_SOURCE_CENACE_H

#include "data/csv.h"
#include "data/source.h"

/* Does text that begins like this come from CENACE? */
bool vo_source_cenace_is(const char *head, size_t len);

/* Monthly reports say system and process in their file name only: the stream's name, or the
 * options zone and process. */
vo_status vo_source_cenace_parse(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                                 vo_error *err);

/* ---- between the parsers of the three formats ------------------------------------- */

typedef struct { /* one value as text, whatever the format was */
    vo_csv_field system, process, node, date, hour;
    vo_csv_field value[4]; /* price, energy, loss, congestion */
    uint32_t line;
} vo_cenace_row;

typedef struct vo_cenace_sink vo_cenace_sink;
vo_status vo_cenace_sink_add(vo_cenace_sink *sink, const vo_cenace_row *row, vo_error *err);

/* XML reply, as a stream -> rows. VO_EINVAL with line and column; VO_ENOTFOUND with CENACE's
 * own message. */
vo_status vo_source_cenace_xml(vo_bytes *in, vo_cenace_sink *sink, vo_error *err);

#endif
