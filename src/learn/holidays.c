/* holidays.c -- see holidays.h.
 *
 * One list of rules. A date is a holiday if a rule of its market gives it in its year, or gives
 * a day of the weekend that is observed on it. No observed day crosses a year's end.
 * Easter: the algorithm of Meeus, Jones and Butcher (Nature, 1876), for the Gregorian calendar.
 * Laws: Ley Federal del Trabajo, article 74 (2006 and 2024 reforms); NERC "Additional Off-peak
 * Days"; Code du travail L3133-1; Banking and Financial Dealings Act 1971 and proclamations;
 * Public Holidays Act 1993 (Victoria) and its gazette.
 */
#include "learn/holidays.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/civil.h"

typedef enum {
    FIXED,  /* a = month, b = day                                                        */
    EASTER, /* a = days after Easter Sunday                                              */
    NTH,    /* a = month, b = weekday (0 = Monday), c = 1..4, or LAST of the month       */
    EVE,    /* the day before what NTH would be                                          */
    ONCE    /* a = month, b = day, in the year `from`                                    */
} rule_kind;

typedef enum {
    STAYS,  /* a weekend day is not made up for                                          */
    SUNDAY, /* Sunday: Monday as well                                                    */
    MONDAY, /* Saturday and Sunday: Monday as well                                       */
    AFTER   /* Saturday: Monday, Sunday: Tuesday as well: Christmas and the day after it */
} observed;

enum { MON, TUE, WED, THU, FRI, SAT, SUN };
enum { LAST = -1, EVER = 32767, ALWAYS = -32767 };

/* X(market, from year, to year, every so many years, kind, a, b, c, observed, name) */
// clang-format off
#define HOLIDAY_MAP(X) \
    X(MX, ALWAYS, EVER, 1, FIXED,  1,  1, 0, STAYS, "Año Nuevo") \
    X(MX, ALWAYS, 2005, 1, FIXED,  2,  5, 0, STAYS, "Constitución") \
    X(MX, 2006,   EVER, 1, NTH,    2, MON, 1, STAYS, "Constitución") \
    X(MX, ALWAYS, 2005, 1, FIXED,  3, 21, 0, STAYS, "Natalicio de Benito Juárez") \
    X(MX, 2006,   EVER, 1, NTH,    3, MON, 3, STAYS, "Natalicio de Benito Juárez") \
    X(MX, ALWAYS, EVER, 1, FIXED,  5,  1, 0, STAYS, "Día del Trabajo") \
    X(MX, ALWAYS, EVER, 1, FIXED,  9, 16, 0, STAYS, "Independencia") \
    X(MX, ALWAYS, 2005, 1, FIXED, 11, 20, 0, STAYS, "Revolución") \
    X(MX, 2006,   EVER, 1, NTH,   11, MON, 3, STAYS, "Revolución") \
    X(MX, 1934,   2018, 6, FIXED, 12,  1, 0, STAYS, "Transmisión del Poder Ejecutivo") \
    X(MX, 2024,   EVER, 6, FIXED, 10,  1, 0, STAYS, "Transmisión del Poder Ejecutivo") \
    X(MX, ALWAYS, EVER, 1, FIXED, 12, 25, 0, STAYS, "Navidad") \
    X(US, ALWAYS, EVER, 1, FIXED,  1,  1, 0, SUNDAY, "New Year's Day") \
    X(US, ALWAYS, EVER, 1, NTH,    5, MON, LAST, STAYS, "Memorial Day") \
    X(US, ALWAYS, EVER, 1, FIXED,  7,  4, 0, SUNDAY, "Independence Day") \
    X(US, ALWAYS, EVER, 1, NTH,    9, MON, 1, STAYS, "Labor Day") \
    X(US, ALWAYS, EVER, 1, NTH,   11, THU, 4, STAYS, "Thanksgiving") \
    X(US, ALWAYS, EVER, 1, FIXED, 12, 25, 0, SUNDAY, "Christmas Day") \
    X(FR, ALWAYS, EVER, 1, FIXED,  1,  1, 0, STAYS, "Jour de l'an") \
    X(FR, ALWAYS, EVER, 1, EASTER, 1,  0, 0, STAYS, "Lundi de Pâques") \
    X(FR, ALWAYS, EVER, 1, FIXED,  5,  1, 0, STAYS, "Fête du travail") \
    X(FR, ALWAYS, EVER, 1, FIXED,  5,  8, 0, STAYS, "Victoire 1945") \
    X(FR, ALWAYS, EVER, 1, EASTER, 39, 0, 0, STAYS, "Ascension") \
    X(FR, ALWAYS, EVER, 1, EASTER, 50, 0, 0, STAYS, "Lundi de Pentecôte") \
    X(FR, ALWAYS, EVER, 1, FIXED,  7, 14, 0, STAYS, "Fête nationale") \
    X(FR, ALWAYS, EVER, 1, FIXED,  8, 15, 0, STAYS, "Assomption") \
    X(FR, ALWAYS, EVER, 1, FIXED, 11,  1, 0, STAYS, "Toussaint") \
    X(FR, ALWAYS, EVER, 1, FIXED, 11, 11, 0, STAYS, "Armistice 1918") \
    X(FR, ALWAYS, EVER, 1, FIXED, 12, 25, 0, STAYS, "Noël") \
    X(DE, ALWAYS, EVER, 1, FIXED,  1,  1, 0, STAYS, "Neujahr") \
    X(DE, ALWAYS, EVER, 1, EASTER, -2, 0, 0, STAYS, "Karfreitag") \
    X(DE, ALWAYS, EVER, 1, EASTER, 1,  0, 0, STAYS, "Ostermontag") \
    X(DE, ALWAYS, EVER, 1, FIXED,  5,  1, 0, STAYS, "Tag der Arbeit") \
    X(DE, ALWAYS, EVER, 1, EASTER, 39, 0, 0, STAYS, "Christi Himmelfahrt") \
    X(DE, ALWAYS, EVER, 1, EASTER, 50, 0, 0, STAYS, "Pfingstmontag") \
    X(DE, 1990,   EVER, 1, FIXED, 10,  3, 0, STAYS, "Tag der Deutschen Einheit") \
    X(DE, 2017,   2017, 1, ONCE,  10, 31, 0, STAYS, "500 Jahre Reformation") \
    X(DE, ALWAYS, EVER, 1, FIXED, 12, 25, 0, STAYS, "Erster Weihnachtstag") \
    X(DE, ALWAYS, EVER, 1, FIXED, 12, 26, 0, STAYS, "Zweiter Weihnachtstag") \
    X(BE, ALWAYS, EVER, 1, FIXED,  1,  1, 0, STAYS, "Nouvel an") \
    X(BE, ALWAYS, EVER, 1, EASTER, 1,  0, 0, STAYS, "Lundi de Pâques") \
    X(BE, ALWAYS, EVER, 1, FIXED,  5,  1, 0, STAYS, "Fête du travail") \
    X(BE, ALWAYS, EVER, 1, EASTER, 39, 0, 0, STAYS, "Ascension") \
    X(BE, ALWAYS, EVER, 1, EASTER, 50, 0, 0, STAYS, "Lundi de Pentecôte") \
    X(BE, ALWAYS, EVER, 1, FIXED,  7, 21, 0, STAYS, "Fête nationale") \
    X(BE, ALWAYS, EVER, 1, FIXED,  8, 15, 0, STAYS, "Assomption") \
    X(BE, ALWAYS, EVER, 1, FIXED, 11,  1, 0, STAYS, "Toussaint") \
    X(BE, ALWAYS, EVER, 1, FIXED, 11, 11, 0, STAYS, "Armistice") \
    X(BE, ALWAYS, EVER, 1, FIXED, 12, 25, 0, STAYS, "Noël") \
    X(ES, ALWAYS, EVER, 1, FIXED,  1,  1, 0, STAYS, "Año Nuevo") \
    X(ES, ALWAYS, EVER, 1, FIXED,  1,  6, 0, STAYS, "Epifanía") \
    X(ES, ALWAYS, EVER, 1, EASTER, -2, 0, 0, STAYS, "Viernes Santo") \
    X(ES, ALWAYS, EVER, 1, FIXED,  5,  1, 0, STAYS, "Fiesta del Trabajo") \
    X(ES, ALWAYS, EVER, 1, FIXED,  8, 15, 0, STAYS, "Asunción") \
    X(ES, ALWAYS, EVER, 1, FIXED, 10, 12, 0, STAYS, "Fiesta Nacional") \
    X(ES, ALWAYS, EVER, 1, FIXED, 11,  1, 0, STAYS, "Todos los Santos") \
    X(ES, ALWAYS, EVER, 1, FIXED, 12,  6, 0, STAYS, "Constitución") \
    X(ES, ALWAYS, EVER, 1, FIXED, 12,  8, 0, STAYS, "Inmaculada Concepción") \
    X(ES, ALWAYS, EVER, 1, FIXED, 12, 25, 0, STAYS, "Navidad") \
    X(NORDIC, ALWAYS, EVER, 1, FIXED,  1,  1, 0, STAYS, "New Year's Day") \
    X(NORDIC, ALWAYS, EVER, 1, EASTER, -2, 0, 0, STAYS, "Good Friday") \
    X(NORDIC, ALWAYS, EVER, 1, EASTER, 0,  0, 0, STAYS, "Easter Sunday") \
    X(NORDIC, ALWAYS, EVER, 1, EASTER, 1,  0, 0, STAYS, "Easter Monday") \
    X(NORDIC, ALWAYS, EVER, 1, FIXED,  5,  1, 0, STAYS, "Labour Day") \
    X(NORDIC, ALWAYS, EVER, 1, EASTER, 39, 0, 0, STAYS, "Ascension") \
    X(NORDIC, ALWAYS, EVER, 1, EASTER, 49, 0, 0, STAYS, "Whit Sunday") \
    X(NORDIC, ALWAYS, 2004, 1, EASTER, 50, 0, 0, STAYS, "Whit Monday (in Sweden until 2004)") \
    X(NORDIC, ALWAYS, EVER, 1, FIXED, 12, 25, 0, STAYS, "Christmas Day") \
    X(NORDIC, ALWAYS, EVER, 1, FIXED, 12, 26, 0, STAYS, "Second day of Christmas") \
    X(AU_VIC, ALWAYS, EVER, 1, FIXED,  1,  1, 0, MONDAY, "New Year's Day") \
    X(AU_VIC, ALWAYS, EVER, 1, FIXED,  1, 26, 0, MONDAY, "Australia Day") \
    X(AU_VIC, ALWAYS, EVER, 1, NTH,    3, MON, 2, STAYS, "Labour Day") \
    X(AU_VIC, ALWAYS, EVER, 1, EASTER, -2, 0, 0, STAYS, "Good Friday") \
    X(AU_VIC, ALWAYS, EVER, 1, EASTER, -1, 0, 0, STAYS, "Saturday before Easter Sunday") \
    X(AU_VIC, 2016,   EVER, 1, EASTER, 0,  0, 0, STAYS, "Easter Sunday") \
    X(AU_VIC, ALWAYS, EVER, 1, EASTER, 1,  0, 0, STAYS, "Easter Monday") \
    X(AU_VIC, ALWAYS, EVER, 1, FIXED,  4, 25, 0, STAYS, "ANZAC Day") \
    X(AU_VIC, ALWAYS, EVER, 1, NTH,    6, MON, 2, STAYS, "King's Birthday") \
    X(AU_VIC, 2022,   2022, 1, ONCE,   9, 22, 0, STAYS, "Day of mourning for Queen Elizabeth II") \
    X(AU_VIC, 2015,   2015, 1, ONCE,  10,  2, 0, STAYS, "Friday before the AFL Grand Final") \
    X(AU_VIC, 2016,   2016, 1, ONCE,   9, 30, 0, STAYS, "Friday before the AFL Grand Final") \
    X(AU_VIC, 2017,   2019, 1, EVE,    9, SAT, LAST, STAYS, "Friday before the AFL Grand Final") \
    X(AU_VIC, 2020,   2020, 1, ONCE,  10, 23, 0, STAYS, "Friday before the AFL Grand Final") \
    X(AU_VIC, 2021,   EVER, 1, EVE,    9, SAT, LAST, STAYS, "Friday before the AFL Grand Final") \
    X(AU_VIC, ALWAYS, EVER, 1, NTH,   11, TUE, 1, STAYS, "Melbourne Cup") \
    X(AU_VIC, ALWAYS, EVER, 1, FIXED, 12, 25, 0, AFTER, "Christmas Day") \
    X(AU_VIC, ALWAYS, EVER, 1, FIXED, 12, 26, 0, AFTER, "Boxing Day") \
    X(GB, ALWAYS, EVER, 1, FIXED,  1,  1, 0, MONDAY, "New Year's Day") \
    X(GB, ALWAYS, EVER, 1, EASTER, -2, 0, 0, STAYS, "Good Friday") \
    X(GB, ALWAYS, EVER, 1, EASTER, 1,  0, 0, STAYS, "Easter Monday") \
    X(GB, 1978,   1994, 1, NTH,    5, MON, 1, STAYS, "Early May") \
    X(GB, 1995,   1995, 1, ONCE,   5,  8, 0, STAYS, "Early May, moved to VE Day") \
    X(GB, 1996,   2019, 1, NTH,    5, MON, 1, STAYS, "Early May") \
    X(GB, 2020,   2020, 1, ONCE,   5,  8, 0, STAYS, "Early May, moved to VE Day") \
    X(GB, 2021,   EVER, 1, NTH,    5, MON, 1, STAYS, "Early May") \
    X(GB, 1971,   2001, 1, NTH,    5, MON, LAST, STAYS, "Spring") \
    X(GB, 2002,   2002, 1, ONCE,   6,  4, 0, STAYS, "Spring, moved for the Golden Jubilee") \
    X(GB, 2003,   2011, 1, NTH,    5, MON, LAST, STAYS, "Spring") \
    X(GB, 2012,   2012, 1, ONCE,   6,  4, 0, STAYS, "Spring, moved for the Diamond Jubilee") \
    X(GB, 2013,   2021, 1, NTH,    5, MON, LAST, STAYS, "Spring") \
    X(GB, 2022,   2022, 1, ONCE,   6,  2, 0, STAYS, "Spring, moved for the Platinum Jubilee") \
    X(GB, 2023,   EVER, 1, NTH,    5, MON, LAST, STAYS, "Spring") \
    X(GB, 1971,   EVER, 1, NTH,    8, MON, LAST, STAYS, "Summer") \
    X(GB, ALWAYS, EVER, 1, FIXED, 12, 25, 0, AFTER, "Christmas Day") \
    X(GB, ALWAYS, EVER, 1, FIXED, 12, 26, 0, AFTER, "Boxing Day") \
    X(GB, 1981,   1981, 1, ONCE,   7, 29, 0, STAYS, "Royal wedding") \
    X(GB, 1999,   1999, 1, ONCE,  12, 31, 0, STAYS, "Millennium") \
    X(GB, 2002,   2002, 1, ONCE,   6,  3, 0, STAYS, "Golden Jubilee") \
    X(GB, 2011,   2011, 1, ONCE,   4, 29, 0, STAYS, "Royal wedding") \
    X(GB, 2012,   2012, 1, ONCE,   6,  5, 0, STAYS, "Diamond Jubilee") \
    X(GB, 2022,   2022, 1, ONCE,   6,  3, 0, STAYS, "Platinum Jubilee") \
    X(GB, 2022,   2022, 1, ONCE,   9, 19, 0, STAYS, "State funeral of Queen Elizabeth II") \
    X(GB, 2023,   2023, 1, ONCE,   5,  8, 0, STAYS, "Coronation of King Charles III")

/* X(zone or, ending in '/', a folder of zones, market) */
#define ZONE_MAP(X) \
    X("America/Mexico_City", MX) X("America/Tijuana", MX) X("America/Ensenada", MX) \
    X("America/Monterrey", MX) X("America/Merida", MX) X("America/Cancun", MX) \
    X("America/Hermosillo", MX) X("America/Mazatlan", MX) X("America/Chihuahua", MX) \
    X("America/Ciudad_Juarez", MX) X("America/Matamoros", MX) X("America/Ojinaga", MX) \
    X("America/Bahia_Banderas", MX) X("America/Santa_Isabel", MX) X("Mexico/", MX) \
    X("America/New_York", US) X("America/Chicago", US) X("America/Denver", US) \
    X("America/Los_Angeles", US) X("America/Phoenix", US) X("America/Detroit", US) \
    X("America/Boise", US) X("America/Menominee", US) X("America/Indiana/", US) \
    X("America/Kentucky/", US) X("America/North_Dakota/", US) X("US/", US) \
    X("Europe/Paris", FR) X("Europe/Berlin", DE) X("Europe/Busingen", DE) \
    X("Europe/Brussels", BE) X("Europe/Madrid", ES) X("Europe/Oslo", NORDIC) \
    X("Europe/Stockholm", NORDIC) X("Europe/Copenhagen", NORDIC) X("Europe/Helsinki", NORDIC) \
    X("Europe/Mariehamn", NORDIC) X("Australia/Melbourne", AU_VIC) X("Australia/Victoria", AU_VIC) \
    X("Europe/London", GB)
// clang-format on

typedef struct {
    vo_holiday_market market;
    rule_kind kind;
    observed made_up;
    int16_t from, to, every, a, b, c;
    const char *name;
} rule;

static const rule rules[] = {
#define X(market, from, to, every, kind, a, b, c, made_up, name)                               \
    {VO_HOLIDAY_##market, kind, made_up, from, to, every, a, b, c, name},
    HOLIDAY_MAP(X)
#undef X
};

static int64_t easter_sunday(int32_t year) {
    /* The calendar repeats after 400 years of 146 097 days = 20 871 weeks, Easter after
     * 5 700 000 years; years before 1 are met by that of the same place in a later cycle. */
    const int32_t y = year > 0 ? year : year + 5700000;
    const int32_t a = y % 19, b = y / 100, c = y % 100, d = b / 4, e = b % 4;
    const int32_t f = (b + 8) / 25, g = (b - f + 1) / 3;
    const int32_t h = (19 * a + b - d - g + 15) % 30;
    const int32_t i = c / 4, k = c % 4, l = (32 + 2 * e + 2 * i - h - k) % 7;
    const int32_t m = (a + 11 * h + 22 * l) / 451, n = h + l - 7 * m + 114;
    return vo_civil_days(year, n / 31, n % 31 + 1);
}

static int64_t nth_weekday(int32_t year, int32_t month, int32_t weekday, int32_t nth) {
    if (nth == LAST) {
        const int64_t end =
            (month == 12 ? vo_civil_days(year + 1, 1, 1) : vo_civil_days(year, month + 1, 1)) -
            1;
        return end - (vo_civil_weekday(end) - weekday + 7) % 7;
    }
    const int64_t first = vo_civil_days(year, month, 1);
    return first + (weekday - vo_civil_weekday(first) + 7) % 7 + 7 * (nth - 1);
}

static int64_t date_of(const rule *r, int32_t year) {
    switch (r->kind) {
    case FIXED:
    case ONCE:
        return vo_civil_days(year, r->a, r->b);
    case EASTER:
        return easter_sunday(year) + r->a;
    case NTH:
        return nth_weekday(year, r->a, r->b, r->c);
    case EVE:
        return nth_weekday(year, r->a, r->b, r->c) - 1;
    }
    return INT64_MIN;
}

/* Days from a date to the one it is observed on. */
static int64_t postponed(observed how, int64_t date) {
    const int32_t weekday = vo_civil_weekday(date);
    if (weekday < SAT) return 0;
    switch (how) {
    case STAYS:
        return 0;
    case SUNDAY:
        return weekday == SUN ? 1 : 0;
    case MONDAY:
        return weekday == SUN ? 1 : 2;
    case AFTER:
        return 2;
    }
    return 0;
}

const char *vo_holiday_name(vo_holiday_market m, int64_t date_days) {
    vo_civil c;
    if (m == VO_HOLIDAY_NONE) return NULL;
    vo_civil_from_days(date_days, &c);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const rule *r = &rules[i];
        if (r->market != m || c.year < r->from || c.year > r->to) continue;
        if (r->every > 1 && (c.year - r->from) % r->every != 0) continue;
        const int64_t date = date_of(r, c.year);
        if (date_days == date || date_days == date + postponed(r->made_up, date))
            return r->name;
    }
    return NULL;
}

uint8_t vo_holiday(vo_holiday_market m, int64_t date_days) {
    return vo_holiday_name(m, date_days) != NULL;
}

vo_holiday_market vo_holiday_market_of_zone(const char *iana_zone) {
    static const struct {
        const char *zone;
        vo_holiday_market market;
    } map[] = {
#define X(zone, market) {zone, VO_HOLIDAY_##market},
        ZONE_MAP(X)
#undef X
    };
    for (size_t i = 0; i < sizeof map / sizeof map[0]; i++) {
        const size_t len = strlen(map[i].zone);
        const bool folder = map[i].zone[len - 1] == '/';
        if (strncmp(iana_zone, map[i].zone, len) == 0 && (folder || !iana_zone[len]))
            return map[i].market;
    }
    return VO_HOLIDAY_NONE;
}

const char *vo_holiday_market_name(vo_holiday_market m) {
    static const char *const names[] = {
#define X(name, help) #name,
        VO_HOLIDAY_MARKET_MAP(X)
#undef X
    };
    return (uint32_t)m < VO_HOLIDAY_MARKET_COUNT ? names[m] : "?";
}

static vo_holiday_market market_of_word(const char *word, size_t len) {
    static const struct {
        const char *word;
        vo_holiday_market market;
    } area[] = {{"NP", VO_HOLIDAY_NORDIC}, {"PJM", VO_HOLIDAY_US}, {"MEM", VO_HOLIDAY_MX}};
    for (size_t i = 0; i < sizeof area / sizeof area[0]; i++)
        if (strlen(area[i].word) == len && memcmp(word, area[i].word, len) == 0)
            return area[i].market;
    for (int m = VO_HOLIDAY_NONE + 1; m < VO_HOLIDAY_MARKET_COUNT; m++) {
        const char *name = vo_holiday_market_name((vo_holiday_market)m);
        if (strlen(name) == len && memcmp(word, name, len) == 0) return (vo_holiday_market)m;
    }
    return VO_HOLIDAY_NONE;
}

vo_holiday_market vo_holiday_market_of(const char *iana_zone, const char *label) {
    vo_holiday_market m = vo_holiday_market_of_zone(iana_zone);
    while (m == VO_HOLIDAY_NONE && *label) {
        const size_t len = strcspn(label, " _-./");
        m = market_of_word(label, len);
        label += len + (label[len] != '\0');
    }
    return m;
}
