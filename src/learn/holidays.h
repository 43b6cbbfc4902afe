/* holidays.h -- is a date a public holiday of a power market?
 *
 * Computed from rules for any year, so nothing has to be kept up to date but the law: fixed
 * dates, the n-th weekday of a month, days counted from Easter Sunday (Gregorian computus), and
 * what governments decreed once. The lists are in holidays.c; docs/models/features.md shows them.
 *
 * A holiday that falls on a weekend and is observed on a later working day counts on both days.
 * Rules go back to: MX 1934, GB 1978, DE 1995, the others as far as the present law does.
 */
#ifndef VO_LEARN_HOLIDAYS_H
#define VO_LEARN_HOLIDAYS_H

#include <stdint.h>

/* X(name, what people read). */
// clang-format off
#define VO_HOLIDAY_MARKET_MAP(X)                                                   \
    X(NONE,   "no holidays")                                                       \
    X(MX,     "Mexico: Ley Federal del Trabajo, article 74")                       \
    X(US,     "United States: the six days that NERC's off-peak calendar keeps")   \
    X(FR,     "France: national")                                                  \
    X(DE,     "Germany: in all states")                                            \
    X(BE,     "Belgium: national")                                                 \
    X(ES,     "Spain: national")                                                   \
    X(NORDIC, "kept in at least three of Norway, Sweden, Denmark and Finland")     \
    X(AU_VIC, "Victoria, Australia")                                               \
    X(GB,     "Great Britain: bank holidays of England and Wales")
// clang-format on

typedef enum {
#define X(name, help) VO_HOLIDAY_##name,
    VO_HOLIDAY_MARKET_MAP(X)
#undef X
        VO_HOLIDAY_MARKET_COUNT
} vo_holiday_market;

/* 1 if the local date (days since 1970-01-01) is a holiday of the market, else 0. Years
 * -9999..9999. */
uint8_t vo_holiday(vo_holiday_market m, int64_t date_days);

/* Its name in the market's language (Nordic: English), UTF-8; NULL if it is none. */
const char *vo_holiday_name(vo_holiday_market m, int64_t date_days);

/* The market that a zone's clock belongs to: "Europe/Paris" is FR. VO_HOLIDAY_NONE for a zone
 * that is not in the list (UTC, offsets, countries not done yet). */
vo_holiday_market vo_holiday_market_of_zone(const char *iana_zone);

/* The market of a series: by its zone; where that says nothing, by the first word of its label
 * that is a market's name or an area's ("EPF DA FR", NP, PJM, MEM). VO_HOLIDAY_NONE: neither says. */
vo_holiday_market vo_holiday_market_of(const char *iana_zone, const char *label);

const char *vo_holiday_market_name(vo_holiday_market m); /* "MX" */

#endif
