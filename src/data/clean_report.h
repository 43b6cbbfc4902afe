/* clean_report.h -- what cleaning did: every row or value that it touched or named, by rule.
 *
 * clean.h says what the rules mean. The lake keeps these entries beside the series.
 */
#ifndef VO_DATA_CLEAN_REPORT_H
#define VO_DATA_CLEAN_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "grid/series.h"

// clang-format off
/* X(NAME, value, name, what was done with the row or the value) */
#define VO_CLEAN_RULE_MAP(X)                                         \
    X(DST_SKIPPED,       0, "dst_skipped",       "dropped")          \
    X(SORTED,            1, "sorted",            "moved")            \
    X(DUPLICATE_SAME,    2, "duplicate_same",    "dropped")          \
    X(DUPLICATE_LAST,    3, "duplicate_last",    "dropped")          \
    X(NOT_FINITE,        4, "not_finite",        "dropped")          \
    X(ZERO_PLACEHOLDER,  5, "zero_placeholder",  "dropped")          \
    X(INTERPOLATED,      6, "interpolated",      "interpolated")     \
    X(SAME_HOUR_OF_WEEK, 7, "same_hour_of_week", "filled")           \
    X(TRIMMED,           8, "trimmed",           "dropped")          \
    X(COMPONENT_SUM,     9, "component_sum",     "kept")             \
    X(SPIKE,            10, "spike",             "kept")             \
    X(DST_SHORT_DAY,    11, "dst_short_day",     "kept")             \
    X(DST_LONG_DAY,     12, "dst_long_day",      "kept")             \
    X(LEFT_MISSING,     13, "left_missing",      "kept")             \
    X(JOINED,           14, "joined",            "joined")
// clang-format on

typedef enum {
#define X(name, value, text, done) VO_CLEAN_##name = (value),
    VO_CLEAN_RULE_MAP(X)
#undef X
        VO_CLEAN_RULE_COUNT
} vo_clean_rule;

const char *vo_clean_rule_name(int32_t rule); /* "?" if unknown */
const char *vo_clean_rule_done(int32_t rule); /* "dropped", "kept", ...; "?" if unknown */
int32_t vo_clean_rule_find(const char *name); /* -1 if unknown */

#define VO_CLEAN_MAX_NAMED 10000u

/* One value touched, or only named (old_value = new_value). A dropped row is an entry of column
 * -1 with its first value, then one for each further column with the same rule and line. */
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
                                          JOINED: rows put into others (only counted).
                                          Of what is only named at most
                                          VO_CLEAN_MAX_NAMED entries a rule are listed  */
    size_t n, capacity;
    vo_touch *touch; /* [n], by time                                               */
    size_t n_columns;
    char column[VO_SERIES_MAX_COLUMNS][VO_COLUMN_NAME];
    size_t n_short_days, n_long_days; /* local days with 23 and with 25 hours        */
} vo_clean_report;

vo_status vo_clean_report_create(vo_clean_report **out, vo_error *err);
void vo_clean_report_free(vo_clean_report *r); /* accepts NULL */

/* {"rows":..,"intervals":..,"counts":{rule:..},"first":{rule: time},
 * "touched":[{time,column,old,new,rule,done,line}]};
 * at most `max_touched` entries are listed (0: all), "touched_total" says how many there are.
 */
void vo_clean_report_json(const vo_clean_report *r, size_t max_touched, vo_json_out *w);

/* ---- for cleaning itself ---------------------------------------------------------- */

/* An entry that is not counted; one that is; one that is counted always and listed up to
 * VO_CLEAN_MAX_NAMED of its rule. VO_ENOMEM. */
vo_status vo_clean_report_list(vo_clean_report *r, vo_touch t, vo_error *err);
vo_status vo_clean_report_touch(vo_clean_report *r, vo_touch t, vo_error *err);
vo_status vo_clean_report_name(vo_clean_report *r, vo_touch t, vo_error *err);

/* Entries by time, rule, line and column. */
void vo_clean_report_sort(vo_clean_report *r);

#endif
