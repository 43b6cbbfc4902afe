/* features_list.h -- the list that a feature's column, name, code and documentation come from.
 *
 * Adding a feature: a line here, its values in features.c (batch) and features_stream.c, a row in
 * docs/models/features.md; the tests compare all four.
 */
#ifndef VO_LEARN_FEATURES_LIST_H
#define VO_LEARN_FEATURES_LIST_H

#include "learn/features_settings.h"

/* X(name, what a line is repeated over). */
// clang-format off
#define VO_FEATURE_EACH_MAP(X)                                                  \
    X(ONE,        "always there")                                               \
    X(LAG,        "for every lag")                                              \
    X(DAY,        "for every number of days")                                   \
    X(WINDOW,     "for every window")                                           \
    X(CALENDAR,   "if calendar is 1")                                           \
    X(REGION,     "for every region")                                           \
    X(CONGESTION, "if a column is named")                                       \
    X(LOSS,       "if a column is named")                                       \
    X(EXOG,       "for every exogenous column")                                 \
    X(AHEAD,      "for every exogenous column that is published before its time") \
    X(BATTERY,    "if battery is 1")

/* X(kind, name, repeated over, meaning): the name is followed by the lag, days, window or column.
 * t is the last known interval, t + h the target. */
#define VO_FEATURE_MAP(X)                                                                      \
    X(PRICE,              "price",              ONE,        "price of t")                      \
    X(LAG,                "price_lag_",         LAG,        "price of t - K")                  \
    X(DAY,                "price_day_",         DAY,        "price K times 24 hours before t") \
    X(TARGET_DAY,         "target_day_",        DAY,        "price K times 24 hours before t + h, or the least multiple of that by which it is known") \
    X(MEAN,               "price_mean_",        WINDOW,     "mean of the K prices up to t")    \
    X(STD,                "price_std_",         WINDOW,     "their sample standard deviation (K - 1)") \
    X(MIN,                "price_min_",         WINDOW,     "the least of them")               \
    X(MAX,                "price_max_",         WINDOW,     "the greatest of them")            \
    X(HOUR_SIN,           "hour_sin",           CALENDAR,   "sine of the local time of day at the start of t, a day being a turn") \
    X(HOUR_COS,           "hour_cos",           CALENDAR,   "its cosine")                      \
    X(WEEKDAY_SIN,        "weekday_sin",        CALENDAR,   "sine of the local day of the week, from Monday, a week being a turn") \
    X(WEEKDAY_COS,        "weekday_cos",        CALENDAR,   "its cosine")                      \
    X(SEASON_SIN,         "season_sin",         CALENDAR,   "sine of the local day of the year, from 1 January, a year being a turn") \
    X(SEASON_COS,         "season_cos",         CALENDAR,   "its cosine")                      \
    X(HOLIDAY,            "holiday",            CALENDAR,   "1 on a public holiday of the market, else 0") \
    X(TARGET_HOUR_SIN,    "target_hour_sin",    CALENDAR,   "hour_sin of t + h")               \
    X(TARGET_HOUR_COS,    "target_hour_cos",    CALENDAR,   "hour_cos of t + h")               \
    X(TARGET_WEEKDAY_SIN, "target_weekday_sin", CALENDAR,   "weekday_sin of t + h")            \
    X(TARGET_WEEKDAY_COS, "target_weekday_cos", CALENDAR,   "weekday_cos of t + h")            \
    X(TARGET_SEASON_SIN,  "target_season_sin",  CALENDAR,   "season_sin of t + h")             \
    X(TARGET_SEASON_COS,  "target_season_cos",  CALENDAR,   "season_cos of t + h")             \
    X(TARGET_HOLIDAY,     "target_holiday",     CALENDAR,   "holiday of t + h")                \
    X(REGION,             "diff_",              REGION,     "price of t less the region's last known price") \
    X(CONGESTION,         "congestion",         CONGESTION, "congestion component of t")       \
    X(LOSS,               "loss",               LOSS,       "loss component of t")             \
    X(EXOG,               "exog_",              EXOG,       "value for t if published by the end of t, else the last before it that was") \
    X(TARGET_EXOG,        "target_exog_",       AHEAD,      "the same for t + h")              \
    X(SOC,                "soc",                BATTERY,    "state of charge at the end of t, fraction") \
    X(CYCLE_H,            "cycle_h",            BATTERY,    "hours since the battery's last cycle")
// clang-format on

typedef enum {
#define X(name, help) VO_FEATURE_EACH_##name,
    VO_FEATURE_EACH_MAP(X)
#undef X
} vo_feature_each;

typedef enum {
#define X(kind, name, each, help) VO_FEATURE_##kind,
    VO_FEATURE_MAP(X)
#undef X
        VO_FEATURE_KINDS
} vo_feature_kind;

/* Where the columns of each kind begin; at[VO_FEATURE_KINDS] is F. */
typedef struct {
    size_t at[VO_FEATURE_KINDS + 1];
} vo_feature_layout;

vo_feature_layout vo_feature_layout_of(const vo_features_settings *s);

/* How often a kind is repeated. */
size_t vo_feature_repeats(vo_feature_kind kind, const vo_features_settings *s);

/* Index among exog[] of the i-th that has a target_exog_ column. */
size_t vo_feature_ahead(const vo_features_settings *s, size_t i);

/* Name of column `i` < F. */
#define VO_FEATURE_NAME 96
void vo_feature_name(const vo_features_settings *s, size_t i, char out[VO_FEATURE_NAME]);

#endif
