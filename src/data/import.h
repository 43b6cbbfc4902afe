/* import.h -- a file into the lake: read, clean, upsert, node by node. */
#ifndef VO_DATA_IMPORT_H
#define VO_DATA_IMPORT_H

#include "data/clean.h"
#include "data/lake.h"
#include "data/source.h"

typedef struct {
    size_t nodes, rows, intervals; /* nodes stored; rows read; intervals stored */
    size_t refused;                /* nodes that cleaning or the lake refused */
    vo_error first_refusal;        /* why, of the first of them */
    char note[256];                /* what a person should know of how it was read */
} vo_import_summary;

/* Called after each node, in the order of the nodes; `report` and `key` are borrowed for the
 * call, `report` is NULL for a refused node. While a file is still being read, `key` is NULL
 * and `done` counts thousandths of it (nodes = 1000; both 0 where its size is not known, again
 * and again: so that a wait for a pipe can be stopped). Anything but VO_OK stops the import.
 * Nodes are done some at a time: those done together with the one that was stopped at are told
 * too, and the last answer counts, so that whoever stops can say what is stored. */
typedef vo_status (*vo_import_progress)(void *ctx, size_t done, size_t nodes,
                                        const vo_lake_key *key, const vo_clean_report *report,
                                        vo_error *err);

/* A file of any size goes through in bounded memory: rows beyond the budget wait in
 * ROOT/.spill. Nodes are imported one by one, each atomically: an import that is stopped can be
 * run again. Market, process and node come from the file, else from the options, else market
 * "LOCAL", process "DA" and the file's name. A node that cleaning or the lake refuses
 * (vo_lake_upsert_as) is counted and left out, unless it is the only one: then its error is
 * returned. `progress` may be NULL. */
vo_status vo_import(vo_lake *lake, const char *path, const vo_source_options *source,
                    const vo_clean_options *clean, vo_import_progress progress, void *ctx,
                    vo_import_summary *out, vo_error *err);

/* The same for readings at hand (live clients): ends the set's use. `label` names nodes without
 * a name; `source` is kept with the changes; `how` may be NULL. */
vo_status vo_import_set(vo_lake *lake, vo_readings_set *set, const char *label,
                        const char *source, const vo_clean_options *clean,
                        const vo_lake_how *how, vo_import_progress progress, void *ctx,
                        vo_import_summary *out, vo_error *err);

/* The one series of a file, cleaned: for commands that take a file. VO_ENOTFOUND with the names
 * there are if it has several and source->only_node / only_process do not choose one. *report
 * may be NULL; note[256] may be NULL. */
vo_status vo_import_series(const char *path, const vo_source_options *source,
                           const vo_clean_options *clean, vo_series **series,
                           vo_clean_report **report, char *note, vo_error *err);

#endif
