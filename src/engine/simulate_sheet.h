/* simulate_sheet.h -- a table that grows row by row into one Parquet file, in bounded memory.
 *
 * Full buffers become parts beside the file ("NAME.parquet.00000.part"); one part is renamed, several are put
 * together by DuckDB, in order. Threads: one owner.
 */
#ifndef VO_ENGINE_SIMULATE_SHEET_H
#define VO_ENGINE_SIMULATE_SHEET_H

#include "data/parquet.h"

enum { VO_SHEET_COLUMNS = 32, VO_SHEET_PATH = 1024 };

typedef struct {
    const char *name;
    vo_duck_kind kind; /* INTEGER, DOUBLE, TIME or TEXTS */
} vo_sheet_column;

/* A cell: texts must live until the sheet is flushed. */
typedef union {
    int64_t integer;
    double number;
    const char *text;
} vo_cell;

typedef struct {
    char path[VO_SHEET_PATH]; /* of the file */
    const vo_sheet_column *column;
    size_t n_columns, rows, room, parts;
    vo_cell *cell[VO_SHEET_COLUMNS]; /* [n_columns][room] */
    vo_parquet *writer;
} vo_sheet;

/* `columns` is borrowed. room: rows of a part. */
vo_status vo_sheet_init(vo_sheet *s, const char *folder, const char *name,
                        const vo_sheet_column *column, size_t n_columns, size_t room,
                        vo_error *err);
void vo_sheet_fini(vo_sheet *s); /* removes parts; accepts a zeroed one */

vo_status vo_sheet_add(vo_sheet *s, const vo_cell *row, vo_error *err); /* [n_columns] */
vo_status vo_sheet_finish(vo_sheet *s, vo_error *err); /* the file stands under its name */

#endif
