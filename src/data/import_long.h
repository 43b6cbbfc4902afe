/* import_long.h -- a node with more rows than should be in memory at once, into the lake.
 *
 * It is cleaned in windows of whole years, each together with what lies around it, so that the
 * result is that of cleaning it whole: the same values, the same changes, the same refusals.
 * All windows are cleaned and compared with what is stored once before the first one is written,
 * so that nothing is refused halfway. What is to be replaced is removed in between: who is killed
 * there runs the import again. What a window alone cannot tell (a stretch of more than five weeks without any
 * value) sends the node through vo_clean whole after all.
 */
#ifndef VO_DATA_IMPORT_LONG_H
#define VO_DATA_IMPORT_LONG_H

#include "data/clean.h"
#include "data/lake.h"
#include "data/readings.h"

typedef struct {
    vo_lake *lake;
    vo_lake_key key;
    vo_readings_set *set;
    size_t node; /* of the set */
    const vo_clean_options *clean;
    const char *source;
    const vo_lake_how *how; /* NULL: nothing is replaced */
    char *zone;             /* [64] told which one days follow; may be NULL */
    size_t window_rows;     /* wanted in a window; 0: a default */
} vo_import_long_job;

/* *report is the caller's. VO_EINVAL: cleaning or the lake refuses the node. */
vo_status vo_import_long(const vo_import_long_job *job, vo_clean_report **report,
                         size_t *intervals, vo_error *err);

#endif
