/* export.h -- series and readings out, as CSV or JSON, row by row into one file.
 *
 *     timestamp,price,energy          {"timestamps": [...], "columns": {"price": [...], ...}}
 *     2016-01-29T00:00:00-06:00,353.2,350.1
 * Stamps are local to the series' zone with their offset; numbers are the shortest decimals
 * that read back to the same double; what is missing is empty (null in JSON). Files are put in
 * place atomically; "-" is standard output. Memory does not grow with the rows.
 */
#ifndef VO_DATA_EXPORT_H
#define VO_DATA_EXPORT_H

#include "base/zone.h"
#include "data/lake.h"
#include "data/readings.h"
#include "grid/series.h"

typedef enum { VO_EXPORT_CSV = 0, VO_EXPORT_JSON = 1, VO_EXPORT_PARQUET = 2 } vo_export_format;

/* ".json", ".parquet" by the name, else CSV. */
vo_export_format vo_export_format_of(const char *path);

/* "2016-01-29T00:00:00-06:00", or with Z where the offset is 0; zone NULL: UTC. */
void vo_export_stamp(const vo_zone *zone, int64_t utc_s, char out[40]);

/* Any format; of Parquet the columns are start (UTC), dt_h and the series' own. VO_EIO. */
vo_status vo_export_series(const vo_series *s, vo_export_format format, const char *path,
                           vo_error *err);

/* Rows as a source wrote them, several of one start included. VO_EUNSUPPORTED: Parquet. */
vo_status vo_export_readings(const vo_readings *r, vo_export_format format, const char *path,
                             vo_error *err);

/* What cleaning changed: start,column,old,new,rule,done,line,source. VO_EUNSUPPORTED: Parquet.
 */
vo_status vo_export_changes(const vo_lake_change *change, size_t n, vo_export_format format,
                            const char *path, vo_error *err);

#endif
