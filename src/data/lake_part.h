/* lake_part.h -- one Parquet file of a lake: written, checked, read. Inside of the lake.
 *
 * The file's metadata hold one entry "volteo_lake" with what a listing needs and a checksum of
 * all other bytes of the file, so that no tool is needed to tell whether a file is whole:
 *     volteo1 sum=HHHHHHHHHHHHHHHH rows=.. first=.. last=.. step=.. mixed=0 packed=0
 *     touched=.. of=HHHHHHHHHHHHHHHH zone=.. currency=.. unit=.. columns=a,b,c;
 * Threads: as the lake that is given.
 */
#ifndef VO_DATA_LAKE_PART_H
#define VO_DATA_LAKE_PART_H

#include "data/lake_tree.h"

typedef enum {
    VO_LAKE_ABSENT = 0, /* there is no such file                                      */
    VO_LAKE_WHOLE = 1,  /* the checksum is right                                      */
    VO_LAKE_OLD = 2,    /* readable, written without a checksum or by another program */
    VO_LAKE_BAD = 3     /* `why` says what is wrong                                   */
} vo_lake_state;

typedef struct {
    vo_lake_state state;
    uint64_t sum; /* of the file */
    int64_t bytes, rows, first_s, last_s;
    double interval_h;  /* the most common length */
    bool mixed, packed; /* several lengths; written by vo_lake_compact */
    int64_t touched;    /* of changes: values that were changed, not only named */
    uint64_t of;        /* of changes: checksum of the part that they belong to, 0: none */
    char zone[64], currency[16], unit[16];
    size_t n_columns;
    char column[VO_SERIES_MAX_COLUMNS][VO_COLUMN_NAME];
    char why[160];
} vo_lake_head;

/* Checksum of bytes: any change of one of its 8-byte words changes it. */
uint64_t vo_lake_sum(const char *data, size_t len);

/* Looks into a file's bytes (which it changes and restores): WHOLE, OLD (no entry of ours: then
 * only sum and bytes are filled) or BAD. */
void vo_lake_head_parse(char *data, size_t len, vo_lake_head *out);

/* The head of a file of the lake. Never fails for what is wrong with the file: see `state`.
 * VO_ENOMEM. */
vo_status vo_lake_head_load(vo_lake *lake, const char *path, vo_lake_head *out, vo_error *err);

/* VO_EIO in plain words for a BAD file. */
vo_status vo_lake_refuse_bad(const char *path, const vo_lake_head *head, vo_error *err);

/* Writes columns as a file with that head (`sum` is found and filled in). */
vo_status vo_lake_file_write(vo_lake *lake, const char *path, size_t n,
                             const vo_duck_column *column, size_t n_columns, vo_lake_head *head,
                             vo_error *err);

/* The rows of a part, as they lie: nothing is checked but that they fit the head. *out is NULL
 * if the file is absent or has no rows. Day numbers stay 0. VO_EIO: BAD. */
vo_status vo_lake_part_read(vo_lake *lake, const char *path, vo_series **out,
                            vo_lake_head *head, vo_error *err);

/* All of `s` as a part; zone, currency and unit are the series'. */
vo_status vo_lake_part_write(vo_lake *lake, const char *path, const vo_series *s, bool packed,
                             vo_lake_head *head, vo_error *err);

#endif
