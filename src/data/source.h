/* source.h -- data in: any supported file or reply becomes readings.
 *
 * One entry for all formats. The format is told from the content, not from the name;
 * docs/models/data.md lists what is understood. Every format but Parquet may be compressed
 * (bytes.h).
 *
 * To add one: a file source_NAME.c with
 *     bool vo_source_NAME_is(const char *head, size_t len);      the first VO_BYTES_HEAD bytes
 *     vo_status vo_source_NAME_parse(vo_bytes *in, const vo_source_options *o,
 *                                    vo_readings_set *set, vo_error *err);
 * and a row in source.c. A parser reads `in` from its beginning as a stream, bounded by a
 * record of it and not by its length, and adds readings to the caller's set as they come (the
 * set may move them to disk). On failure the set is thrown away. Errors name vo_bytes_name(in),
 * line or position, field, value and remedy.
 */
#ifndef VO_DATA_SOURCE_H
#define VO_DATA_SOURCE_H

#include "base/zone.h"
#include "data/bytes.h"
#include "data/csv.h"
#include "data/readings.h"

/* X(constant, what people write): order of day and month where a stamp does not begin with the
 * year. YEAR_FIRST: only 2024-01-31 and 2024/01/31 are understood. */
#define VO_DATE_ORDER_MAP(X)                                                                   \
    X(YEAR_FIRST, "year")                                                                      \
    X(DAY_FIRST, "day")                                                                        \
    X(MONTH_FIRST, "month")

typedef enum {
#define X(name, text) VO_DATE_##name,
    VO_DATE_ORDER_MAP(X)
#undef X
} vo_date_order;

#define VO_DATE_ORDERS 3
extern const char *const vo_date_order_name[VO_DATE_ORDERS];

/* A column of the result and where it comes from: value = factor * what is read + offset. */
typedef struct {
    const char *name;   /* of the result: "price", "load_kw", ...                            */
    const char *column; /* of the file; in JSON a path below the row: "a.b" or "a[0]"        */
    double factor;      /* 1                                                                 */
    double offset;      /* 0                                                                 */
} vo_source_column;

/* All optional; strings are borrowed for the call. */
typedef struct {
    const char *time_column;  /* NULL: found by name ("timestamp", "date", ...) or content   */
    const char *price_column; /* NULL: "price", or the one whose name contains it, or the    */
                              /*   first numeric column                                      */
    const char *node_column;  /* NULL: none; else one series per value of this column        */
    const char *zone;         /* IANA zone of stamps without an offset, and of local days;   */
                              /*   NULL: the source's own, else UTC                          */
    double interval_minutes;  /* 0: from the stamps; needed where the file has only prices   */
    int64_t start_utc_s;      /* first interval of a file with only prices; 0: 1970-01-01    */
    bool stamps_at_end;       /* stamps name the end of their interval                       */
    vo_date_order date_order;
    const char *market, *process, *node; /* identity where the file does not say             */
    const char *currency;
    const char *only_node;    /* keep only this node of a many-node file (blank = '-' = '_') */
    const char *only_process; /* "MDA" or "MTR": keep only these rows                        */
    /* A mapping (mapping.h reads it from config/sources): */
    const char *kind;               /* VO_KIND_*; NULL: the source's own, else prices     */
    const char *unit;               /* of the first column; NULL: the source's own        */
    const vo_source_column *column; /* [n_columns] all that is read, the main one first;  */
    size_t n_columns;               /*   0: found by themselves                           */
    double price_factor;            /* 0 or 1: none; 1000: the file's prices are per kWh  */
    const char *period_column;      /* settlement period, 1.. from local midnight; the    */
    double period_minutes;          /*   time column gives the day, this the length       */
    bool rows_in_order;             /* no usable stamps: row i starts at start_utc_s + i  */
                                    /*   intervals                                        */
    const char *rows_path;          /* JSON: where the array of rows is: "data.items"     */
    bool days_of_24;                /* local stamps whose days have 24 h also when clocks */
                                    /*   change: read as UTC, so that every row is kept   */
    bool zero_is_missing;           /* prices of 0 are placeholders for "none"            */
    bool replace; /* of an import: stored rows of the span go (vo_lake_how)                 */
    const char *mapping_name; /* for the note: which mapping this is; NULL: none    */
    const char *remark;       /* for the note as well; NULL: none                   */
    vo_bytes_stop watch;      /* called now and then while the file is read; true stops */
    void *watch_ctx;          /*   the reading                                          */
} vo_source_options;

vo_source_options vo_source_options_default(void);

/* Reads a file ("-": standard input) into a set of the caller's, all files of a zip one after
 * the other. VO_ENOTFOUND, VO_EIO; VO_EINVAL naming file, line, column, value and remedy.
 * Options about columns and stamps are refused where the format's own are known; JSON with a
 * rows_path is the caller's own. */
vo_status vo_source_stream(const char *path, const vo_source_options *o, vo_readings_set *set,
                           vo_error *err);

/* The same into a new set in memory, which is the caller's: vo_readings_set_free. */
vo_status vo_source_read(const char *path, const vo_source_options *o, vo_readings_set **out,
                         vo_error *err);

/* The same over memory (not Parquet: VO_EUNSUPPORTED); `name` is for messages. */
vo_status vo_source_parse(const char *name, const char *data, size_t len,
                          const vo_source_options *o, vo_readings_set **out, vo_error *err);

/* ---- for parsers ------------------------------------------------------------------------ */

/* Was this asked for? "" is no wish; processes compare without case, nodes as
 * vo_readings_same_node does. */
bool vo_source_wants_process(const vo_source_options *o, const char *process);
bool vo_source_wants_node(const vo_source_options *o, const char *node);

/* VO_EINVAL: FILE line 7, FIELD: "VALUE" WHY. Of a value the first 80 bytes. */
vo_status vo_source_refuse(const char *file, uint32_t line, const char *field,
                           vo_csv_field value, const char *why, vo_error *err);

/* Where o->zero_is_missing says so, it is so of every series of the set. */
void vo_source_mark_zeros(const vo_source_options *o, vo_readings_set *set);

/* Adds to the set's note, after "; " if something stands there, what is not yet in it. What
 * does not fit is cut. */
void vo_source_say(vo_readings_set *set, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
