/* source_entsoe_area.c -- bidding zones by Energy Identification Code.
 *
 * Codes, names and time zones as in ENTSO-E's area list (Transparency Platform, web service
 * guide, "Areas"). Days of an area are those of its own clock.
 */
#include "base/text.h"
#include "data/source_entsoe.h"

// clang-format off
#define AREAS(X)                                                    \
    X("10YAL-KESH-----5", "AL",              "Europe/Tirane")       \
    X("10YAT-APG------L", "AT",              "Europe/Vienna")       \
    X("10YBA-JPCC-----D", "BA",              "Europe/Sarajevo")     \
    X("10YBE----------2", "BE",              "Europe/Brussels")     \
    X("10YCA-BULGARIA-R", "BG",              "Europe/Sofia")        \
    X("10YCH-SWISSGRIDZ", "CH",              "Europe/Zurich")       \
    X("10YCY-1001A0003J", "CY",              "Asia/Nicosia")        \
    X("10YCZ-CEPS-----N", "CZ",              "Europe/Prague")       \
    X("10Y1001A1001A83F", "DE",              "Europe/Berlin")       \
    X("10Y1001A1001A63L", "DE-AT-LU",        "Europe/Berlin")       \
    X("10Y1001A1001A82H", "DE-LU",           "Europe/Berlin")       \
    X("10YDE-VE-------2", "DE(50Hertz)",     "Europe/Berlin")       \
    X("10YDE-RWENET---I", "DE(Amprion)",     "Europe/Berlin")       \
    X("10YDE-EON------1", "DE(TenneT)",      "Europe/Berlin")       \
    X("10YDE-ENBW-----N", "DE(TransnetBW)",  "Europe/Berlin")       \
    X("10Y1001A1001A65H", "DK",              "Europe/Copenhagen")   \
    X("10YDK-1--------W", "DK1",             "Europe/Copenhagen")   \
    X("10YDK-2--------M", "DK2",             "Europe/Copenhagen")   \
    X("10Y1001A1001A39I", "EE",              "Europe/Tallinn")      \
    X("10YES-REE------0", "ES",              "Europe/Madrid")       \
    X("10YFI-1--------U", "FI",              "Europe/Helsinki")     \
    X("10YFR-RTE------C", "FR",              "Europe/Paris")        \
    X("10YGB----------A", "GB",              "Europe/London")       \
    X("10Y1001A1001B012", "GE",              "Asia/Tbilisi")        \
    X("10YGR-HTSO-----Y", "GR",              "Europe/Athens")       \
    X("10YHR-HEP------M", "HR",              "Europe/Zagreb")       \
    X("10YHU-MAVIR----U", "HU",              "Europe/Budapest")     \
    X("10YIE-1001A00010", "IE",              "Europe/Dublin")       \
    X("10Y1001A1001A59C", "IE(SEM)",         "Europe/Dublin")       \
    X("10YIT-GRTN-----B", "IT",              "Europe/Rome")         \
    X("10Y1001C--00096J", "IT-Calabria",     "Europe/Rome")         \
    X("10Y1001A1001A70O", "IT-Centre-North", "Europe/Rome")         \
    X("10Y1001A1001A71M", "IT-Centre-South", "Europe/Rome")         \
    X("10Y1001A1001A73I", "IT-North",        "Europe/Rome")         \
    X("10Y1001A1001A74G", "IT-Sardinia",     "Europe/Rome")         \
    X("10Y1001A1001A75E", "IT-Sicily",       "Europe/Rome")         \
    X("10Y1001A1001A788", "IT-South",        "Europe/Rome")         \
    X("10YLT-1001A0008Q", "LT",              "Europe/Vilnius")      \
    X("10YLU-CEGEDEL-NQ", "LU",              "Europe/Luxembourg")   \
    X("10YLV-1001A00074", "LV",              "Europe/Riga")         \
    X("10Y1001A1001A990", "MD",              "Europe/Chisinau")     \
    X("10YCS-CG-TSO---S", "ME",              "Europe/Podgorica")    \
    X("10YMK-MEPSO----8", "MK",              "Europe/Skopje")       \
    X("10Y1001A1001A93C", "MT",              "Europe/Malta")        \
    X("10Y1001A1001A016", "NIE",             "Europe/London")       \
    X("10YNL----------L", "NL",              "Europe/Amsterdam")    \
    X("10YNO-0--------C", "NO",              "Europe/Oslo")         \
    X("10YNO-1--------2", "NO1",             "Europe/Oslo")         \
    X("10YNO-2--------T", "NO2",             "Europe/Oslo")         \
    X("50Y0JVU59B4JWQCU", "NO2NSL",          "Europe/Oslo")         \
    X("10YNO-3--------J", "NO3",             "Europe/Oslo")         \
    X("10YNO-4--------9", "NO4",             "Europe/Oslo")         \
    X("10Y1001A1001A48H", "NO5",             "Europe/Oslo")         \
    X("10YPL-AREA-----S", "PL",              "Europe/Warsaw")       \
    X("10YPT-REN------W", "PT",              "Europe/Lisbon")       \
    X("10YRO-TEL------P", "RO",              "Europe/Bucharest")    \
    X("10YCS-SERBIATSOV", "RS",              "Europe/Belgrade")     \
    X("10YSE-1--------K", "SE",              "Europe/Stockholm")    \
    X("10Y1001A1001A44P", "SE1",             "Europe/Stockholm")    \
    X("10Y1001A1001A45N", "SE2",             "Europe/Stockholm")    \
    X("10Y1001A1001A46L", "SE3",             "Europe/Stockholm")    \
    X("10Y1001A1001A47J", "SE4",             "Europe/Stockholm")    \
    X("10YSI-ELES-----O", "SI",              "Europe/Ljubljana")    \
    X("10YSK-SEPS-----K", "SK",              "Europe/Bratislava")   \
    X("10YTR-TEIAS----W", "TR",              "Europe/Istanbul")     \
    X("10Y1001C--00003F", "UA",              "Europe/Kiev")         \
    X("10Y1001C--000182", "UA-IPS",          "Europe/Kiev")         \
    X("10Y1001C--00100H", "XK",              "Europe/Belgrade")
// clang-format on

const vo_entsoe_area *vo_entsoe_area_find(const char *eic_or_name) {
    static const vo_entsoe_area areas[] = {
#define X(eic, name, zone) {eic, name, zone},
        AREAS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++)
        if (vo_text_same(areas[i].eic, eic_or_name)) return &areas[i];
    for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++) {
        const char *a = areas[i].name, *b = eic_or_name;
        while (*a && *b) {
            const char pair[3] = {*a, *b == '_' || *b == ' ' ? '-' : *b, '\0'};
            if (!vo_text_same_span(pair, 1, pair + 1)) break;
            a++, b++;
        }
        if (!*a && !*b) return &areas[i];
    }
    return NULL;
}
