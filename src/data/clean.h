/* clean.h -- readings in, an even series out, and a report of every value touched.
 *
 * Rules, in this order (docs/models/data.md says why):
 *   dst_skipped        row stamped in an hour that its zone skips: dropped
 *   sorted             rows put in order of time (no value changes; counted)
 *   duplicate_same     further row of the same start with the same values: dropped
 *   duplicate_last     further row with other values: the later row of the file is kept
 *   not_finite         inf: missing
 *   zero_placeholder   price exactly 0 where the source publishes that for "none": missing
 *   missing_interval   no row for an interval: missing
 *   interpolated       missing for at most max_interpolate_h: linear between its neighbours
 *   same_hour_of_week  missing for longer, up to max_fill_h: mean of the same local hour one
 *                      week before and after, else of the one there is, else 2..4 weeks away
 *   trimmed            price missing at either end: cut off
 * A price that none of these can fill is refused, naming the gap; other columns stay NAN there.
 * Nothing is filled from filled values,
 * so the result does not depend on order. The readings stay as they are.
 */
#ifndef VO_DATA_CLEAN_H
#define VO_DATA_CLEAN_H

#include "base/json.h"
#include "data/readings.h"
#include "grid/series.h"

// clang-format off
#define VO_CLEAN_RULE_MAP(X)                          \
    X(DST_SKIPPED,       0, "dst_skipped")            \
    X(SORTED,            1, "sorted")                 \
    X(DUPLICATE_SAME,    2, "duplicate_same")         \
    X(DUPLICATE_LAST,    3, "duplicate_last")         \
    X(NOT_FINITE,        4, "not_finite")             \
    X(ZERO_PLACEHOLDER,  5, "zero_placeholder")       \
    X(INTERPOLATED,      6, "interpolated")           \
    X(SAME_HOUR_OF_WEEK, 7, "same_hour_of_week")      \
    X(TRIMMED,           8, "trimmed")                \
    X(COMPONENT_SUM,     9, "component_sum")
// clang-format on

typedef enum {
#define X(name, value, text) VO_CLEAN_##name = (value),
    VO_CLEAN_RULE_MAP(X)
#undef X
        VO_CLEAN_RULE_COUNT
} vo_clean_rule;

const char *vo_clean_rule_name(int32_t rule); /* "?" if unknown */

typedef enum {                        /* what to do with prices of exactly 0 */
               VO_ZERO_AS_SOURCE = 0, /* as the source's readings say (CENACE: missing) */
               VO_ZERO_KEEP = 1,
               VO_ZERO_MISSING = 2
} vo_zero_policy;

typedef struct {
    bool strict; /* refuse instead of repairing; the error names line and rule */
    bool uneven; /* keep stamps as they come: no grid, no filling; a length is */
                 /*   the distance to the next start                           */
    vo_zero_policy zero;
    double interval_minutes;  /* 0: as the source says, else the most common step           */
    double max_interpolate_h; /* default 6                                                  */
    double max_fill_h;        /* default 192 (8 days); longer gaps are refused              */
} vo_clean_options;

vo_clean_options vo_clean_options_default(void);

/* One value touched. */
typedef struct {
    int64_t start_s;
    double old_value, new_value; /* NAN: none */
    int32_t rule;                /* a vo_clean_rule */
    int32_t column;              /* index into the series' columns; -1: the whole row */
    uint32_t line;               /* of the source, 0 if there is none */
    uint32_t reserved;
} vo_touch;

typedef struct {
    size_t rows;      /* rows read                                                  */
    size_t intervals; /* intervals of the series                                    */
    size_t count[VO_CLEAN_RULE_COUNT]; /* rows or values by rule; SORTED: rows out of order,
                                          COMPONENT_SUM: rows whose parts do not add up to the
                                          price within 0.05 (only counted)          */
    size_t n, capacity;
    vo_touch *touch; /* [n], by time                                               */
    size_t n_columns;
    char column[VO_SERIES_MAX_COLUMNS][VO_COLUMN_NAME];
    size_t n_short_days, n_long_days; /* local days with 23 and with 25 hours        */
} vo_clean_report;

void vo_clean_report_free(vo_clean_report *r); /* accepts NULL */

/* {"rows":..,"intervals":..,"counts":{rule:..},"first":{rule: time},
 * "touched":[{time,column,old,new,rule,line}]};
 * at most `max_touched` entries are listed (0: all), "touched_total" says how many there are.
 */
void vo_clean_report_json(const vo_clean_report *r, size_t max_touched, vo_json_out *w);

/* *series and *report are the caller's; report may be NULL. VO_EINVAL (refused, see above),
 * VO_ENOMEM. The first column is "price". */
vo_status vo_clean(const vo_readings *r, const vo_clean_options *o, vo_series **series,
                   vo_clean_report **report, vo_error *err);

#endif
