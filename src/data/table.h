/* table.h -- rows of cells become readings, wherever they come from: CSV, JSON, PostgreSQL.
 *
 * What is asked for by name is taken (a mapping's columns with factor and offset, a settlement
 * period, rows in order without stamps); what is not is told from the header and the first row:
 * the time (also in two columns: a date and the time of day), the price, a column of nodes. A
 * column that is not a number in the first row is text and left out, unless it was asked for.
 */
#ifndef VO_DATA_TABLE_H
#define VO_DATA_TABLE_H

#include "data/clash.h"
#include "data/csv.h"
#include "data/day_hours.h"
#include "data/source.h"
#include "data/stamp.h"

/* `cell` has a cell per column, valid during the call; `line` is where it stands, from 1. */
typedef vo_status (*vo_table_take)(void *ctx, const vo_csv_field *cell, uint32_t line,
                                   vo_error *err);

typedef struct {
    const char *name; /* of the file, for messages                                           */
    const char *rows; /* what its rows are called: "line", "row"                             */
    size_t n_columns;
    const char *const *column; /* [n_columns] "column_3" where the source has no name        */
    bool named;                /* the names are the source's own                             */
    bool decimal_comma;
    /* Every row from the first, each time that it is called; a failure of `take` is passed on
     * at once. Once for the first row alone and once for all; more often only where a node or
     * a process was asked for without its column. */
    vo_status (*each)(void *ctx, vo_table_take take, void *take_ctx, vo_error *err);
    void (*last_time)(void *ctx); /* the next call is the last one; NULL: no matter          */
    void *ctx;
} vo_table;

/* VO_EINVAL naming file, row, column, value and remedy; VO_ENOTFOUND: no row of the node. */
vo_status vo_table_read(const vo_table *t, const vo_source_options *o, vo_readings_set *set,
                        vo_error *err);

/* What a column is, from its name; higher is likelier, 0: it does not look like one. */
int vo_column_time_score(const char *name);
int vo_column_price_score(const char *name);

/* "interval_start_utc", "INTERVALSTARTTIME_GMT": stamps without an offset are UTC. */
bool vo_column_says_utc(const char *name);

/* "EUR/kWh", "Price KWH": prices per kWh. */
bool vo_column_says_per_kwh(const char *name);

/* Factor of a column of that name by price_factor: of prices and their parts. */
double vo_column_price_factor(const vo_source_options *o, const char *name);

/* VO_EINVAL: rows of one time are no corrections; `names` tell them apart, the first of them is
 * `first` (NULL: nothing does). */
vo_status vo_table_refuse_clash(const char *file, const char *rows, const vo_clash *c,
                                const char *names, const char *first, vo_error *err);

/* VO_EINVAL: options that do not go together, by name. */
vo_status vo_table_check(const vo_source_options *o, vo_error *err);

/* With all rows read: the zone that days follow where the readings have none, and what a person
 * should know of it, in the set's note. */
void vo_table_name_zone(const vo_source_options *o, const vo_stamp_reader *s,
                        vo_readings_set *set);

#endif
