/* simulate_tables.h -- a simulation as Parquet files in a folder:
 *     intervals.parquet   a row per home and interval      trades.parquet   a row per trade
 *     households.parquet  a row per home
 * Rows go to parts of bounded size while the simulation runs; a file appears under its name when it
 * is whole, all of them together at the end. Instants are UTC, homes numbered from 1.
 */
#ifndef VO_ENGINE_SIMULATE_TABLES_H
#define VO_ENGINE_SIMULATE_TABLES_H

#include "engine/simulate_case.h"
#include "engine/simulate_runs.h"

typedef struct vo_simulate_tables vo_simulate_tables;

/* Makes the folder. VO_EIO naming it. */
vo_status vo_simulate_tables_open(const char *folder, vo_simulate_tables **out, vo_error *err);
vo_status vo_simulate_tables_put(vo_simulate_tables *t, const vo_simulate_case *c,
                                 const vo_interval_view *v, vo_error *err);
/* The homes, and all files under their names. */
vo_status vo_simulate_tables_finish(vo_simulate_tables *t, vo_simulate_case *c,
                                    const vo_simulate_runs *r, vo_error *err);
/* Frees; what was not finished goes. Accepts NULL. */
void vo_simulate_tables_abandon(vo_simulate_tables *t);

#endif
