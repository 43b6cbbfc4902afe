/* features_settings.h -- which features are made of a series; a value, kept with every model.
 *
 * The text form has one "key=value" per line, in any order, keys at most once but region and
 * exog; a key that is not there keeps its default:
 *
 *     lags=1,5,10,15,30,60              price so many intervals before
 *     days=1,7                          price so many days before
 *     windows=5,10,15,30,60             mean, std, min and max of so many intervals
 *     calendar=1                        hour, weekday, season, holiday (0: none)
 *     holidays=zone                     those of the series' zone, or, in UTC, of its label
 *                                       (vo_holiday_market_of); or a name of VO_HOLIDAY_MARKET_MAP
 *     region=NAME                       a column: another region's price
 *     congestion=pml_cng                columns: parts of the price
 *     loss=pml_per
 *     exog=day_ahead 12:00 NAME         a column, published at that local time the day before
 *     exog=after 15 NAME                ... so many minutes after the interval's end (negative:
 *                                       before it)
 *     battery=0                         1: state of charge and hours since the last cycle
 */
#ifndef VO_LEARN_FEATURES_SETTINGS_H
#define VO_LEARN_FEATURES_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include "base/artefact.h"
#include "grid/series.h"
#include "learn/holidays.h"

#define VO_FEATURES_MAX_LAGS 32
#define VO_FEATURES_MAX_DAYS 16
#define VO_FEATURES_MAX_WINDOWS 16
#define VO_FEATURES_MAX_REGIONS 32
#define VO_FEATURES_MAX_EXOG 32

/* X(name, text, what `minutes` means). */
// clang-format off
#define VO_PUBLICATION_MAP(X)                                                              \
    X(DAY_AHEAD, "day_ahead", "minute of the local day before the one it is about, 0..1439") \
    X(AFTER,     "after",     "minutes after the interval's end, -11520..1051200")
// clang-format on

typedef enum {
#define X(name, text, help) VO_PUBLICATION_##name,
    VO_PUBLICATION_MAP(X)
#undef X
        VO_PUBLICATION_COUNT
} vo_publication;

typedef struct {
    char column[VO_COLUMN_NAME];
    int32_t rule; /* a vo_publication */
    int32_t minutes;
} vo_features_exog;

#define VO_HOLIDAY_BY_ZONE (-1)

typedef struct {
    size_t n_lags, n_days, n_windows, n_regions, n_exog;
    int32_t lag[VO_FEATURES_MAX_LAGS];       /* intervals, 1..1000000, ascending     */
    int32_t day[VO_FEATURES_MAX_DAYS];       /* days, 1..400, ascending              */
    int32_t window[VO_FEATURES_MAX_WINDOWS]; /* intervals, 2..1000000, ascending     */
    int32_t calendar;                        /* 0 or 1                               */
    int32_t holidays;                        /* a vo_holiday_market or VO_HOLIDAY_BY_ZONE */
    char region[VO_FEATURES_MAX_REGIONS][VO_COLUMN_NAME];
    char congestion[VO_COLUMN_NAME]; /* "": none */
    char loss[VO_COLUMN_NAME];       /* "": none */
    vo_features_exog exog[VO_FEATURES_MAX_EXOG];
    int32_t battery; /* 0 or 1 */
    int32_t reserved;
} vo_features_settings;

/* Lags, days, windows and calendar as shown above; no columns, no battery. */
vo_features_settings vo_features_settings_default(void);

/* VO_EINVAL naming field, value and remedy: a number outside its range or out of order, too
 * many, a name that is empty, too long, there twice, or has a line break. */
vo_status vo_features_settings_check(const vo_features_settings *s, vo_error *err);

/* One more column; VO_EINVAL as above. */
vo_status vo_features_settings_add_region(vo_features_settings *s, const char *column,
                                          vo_error *err);
vo_status vo_features_settings_add_exog(vo_features_settings *s, const char *column,
                                        vo_publication rule, int32_t minutes, vo_error *err);

/* The text form: the same settings give the same text, which parse reads back. NUL-terminated;
 * always fits. */
#define VO_FEATURES_TEXT 8192
void vo_features_settings_format(const vo_features_settings *s, char out[VO_FEATURES_TEXT]);

/* VO_EINVAL naming line and remedy. */
vo_status vo_features_settings_parse(const char *text, size_t len, vo_features_settings *out,
                                     vo_error *err);

/* A section "FSET" holding the text. */
void vo_features_settings_save(const vo_features_settings *s, vo_artefact_out *out);
vo_status vo_features_settings_load(vo_artefact *in, vo_features_settings *out, vo_error *err);

#endif
