/* Days of 23, 24 and 25 hours in every market's own format: three local days around a change of
 * clocks are written as the operator would publish them, read and cleaned without repair. What
 * must come out is known from the calendar alone: the instant of the first midnight in UTC, the
 * hours of each day, no gap in between, and the values in the order they were written. */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "data/clean.h"
#include "data/source.h"

typedef struct {
    const char *date;    /* the middle one of the three local days            */
    const char *first;   /* its eve's midnight in UTC                         */
    int32_t before_s;    /* seconds east of UTC before the change ...         */
    int32_t after_s;     /* ... and after; equal: no change                   */
    int32_t change_hour; /* local hour (of the old clock) at which it happens */
} change;

#define H 3600

/* From the publications of the operators and the laws they follow. */
static const change mexico[] = {{"2016-04-03", "2016-04-02T06:00:00", -6 * H, -5 * H, 2},
                                {"2016-10-30", "2016-10-29T05:00:00", -5 * H, -6 * H, 2},
                                {"2023-04-02", "2023-04-01T06:00:00", -6 * H, -6 * H, 2},
                                {"2023-10-29", "2023-10-28T06:00:00", -6 * H, -6 * H, 2}};
static const change tijuana[] = {{"2016-03-13", "2016-03-12T08:00:00", -8 * H, -7 * H, 2},
                                 {"2016-11-06", "2016-11-05T07:00:00", -7 * H, -8 * H, 2},
                                 {"2016-04-03", "2016-04-02T07:00:00", -7 * H, -7 * H, 2},
                                 {"2024-03-10", "2024-03-09T08:00:00", -8 * H, -7 * H, 2},
                                 {"2024-11-03", "2024-11-02T07:00:00", -7 * H, -8 * H, 2}};
static const change mazatlan[] = {{"2016-04-03", "2016-04-02T07:00:00", -7 * H, -6 * H, 2},
                                  {"2016-10-30", "2016-10-29T06:00:00", -6 * H, -7 * H, 2},
                                  {"2024-03-10", "2024-03-09T07:00:00", -7 * H, -7 * H, 2}};
static const change california[] = {{"2024-03-10", "2024-03-09T08:00:00", -8 * H, -7 * H, 2},
                                    {"2024-11-03", "2024-11-02T07:00:00", -7 * H, -8 * H, 2},
                                    {"2024-10-27", "2024-10-26T07:00:00", -7 * H, -7 * H, 2}};
static const change paris[] = {{"2024-03-31", "2024-03-29T23:00:00", 1 * H, 2 * H, 2},
                               {"2024-10-27", "2024-10-25T22:00:00", 2 * H, 1 * H, 3},
                               {"2024-03-10", "2024-03-08T23:00:00", 1 * H, 1 * H, 2}};
static const change london[] = {{"2017-03-26", "2017-03-25T00:00:00", 0, 1 * H, 1},
                                {"2017-10-29", "2017-10-27T23:00:00", 1 * H, 0, 2},
                                {"2017-11-05", "2017-11-04T00:00:00", 0, 0, 1}};
/* The National Electricity Market keeps Queensland's time: Melbourne's clocks changed here. */
static const change nem[] = {{"2025-04-06", "2025-04-04T14:00:00", 10 * H, 10 * H, 3},
                             {"2024-10-06", "2024-10-04T14:00:00", 10 * H, 10 * H, 2}};

typedef struct {
    char *text;
    size_t len, capacity;
} page;

static void __attribute__((format(printf, 2, 3))) say(page *p, const char *fmt, ...) {
    va_list args;
    if (p->capacity - p->len < 1024) {
        p->capacity = p->capacity * 2 + 4096;
        p->text = realloc(p->text, p->capacity);
        cr_assert_not_null(p->text);
    }
    va_start(args, fmt);
    p->len += (size_t)vsnprintf(p->text + p->len, 1024, fmt, args);
    va_end(args);
}

static int64_t seconds_of(const char *stamp) {
    vo_civil c;
    bool has_offset = false;
    int32_t offset_s = 0;
    cr_assert_eq(vo_civil_parse(stamp, strlen(stamp), &c, &has_offset, &offset_s, NULL), VO_OK);
    return vo_civil_seconds(&c);
}

/* The instant at which the clocks change, or would. */
static int64_t instant_of(const change *c) {
    return seconds_of(c->date) + c->change_hour * H - c->before_s;
}

static int64_t offset_at(const change *c, int64_t utc_s) {
    return utc_s < instant_of(c) ? c->before_s : c->after_s;
}

static int hours_of(const change *c, int day) {
    return day == 1 ? 24 - (c->after_s - c->before_s) / H : 24;
}

static int64_t day_start(const change *c, int day) {
    int64_t s = seconds_of(c->first);
    for (int d = 0; d < day; d++) s += hours_of(c, d) * H;
    return s;
}

static size_t intervals(const change *c, int minutes, int days) {
    size_t n = 0;
    for (int d = 0; d < days; d++) n += (size_t)(hours_of(c, d) * 60 / minutes);
    return n;
}

static void stamp(int64_t s, char out[32]) {
    const vo_civil c = vo_civil_from_seconds(s);
    vo_civil_format(&c, out);
}

static void date_of(const change *c, int day, vo_civil *out) {
    *out = vo_civil_from_seconds(seconds_of(c->date) + (day - 1) * 24 * H);
}

/* ---- the operators' formats ------------------------------------------------------- */

typedef void maker(page *p, const change *c, int minutes);

static void cenace(page *p, const change *c, const char *system) {
    say(p, "sistema,mercado,tipo,clave,fecha,hora,precio,c_energia,c_perdidas,c_congestion\n");
    for (int d = 0, i = 0; d < 3; d++) {
        vo_civil day;
        char date[16];
        date_of(c, d, &day);
        vo_civil_format_date(&day, date);
        for (int h = 1; h <= hours_of(c, d); h++, i++)
            say(p, "%s,MDA,PND,X,%s,%d,%d,%d,0,0\n", system, date, h, 100 + i, 100 + i);
    }
}

static void cenace_sin(page *p, const change *c, int minutes) {
    (void)minutes;
    cenace(p, c, "SIN");
}
static void cenace_bca(page *p, const change *c, int minutes) {
    (void)minutes;
    cenace(p, c, "BCA");
}
static void cenace_bcs(page *p, const change *c, int minutes) {
    (void)minutes;
    cenace(p, c, "BCS");
}

static void oasis(page *p, const change *c, int minutes) {
    static const char *const part[] = {"MCC", "LMP", "MCL", "MCE"};
    say(p, "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,OPR_INTERVAL,NODE_ID_XML,"
           "NODE_ID,NODE,MARKET_RUN_ID,LMP_TYPE,XML_DATA_ITEM,PNODE_RESMRID,GRP_TYPE,POS,MW,"
           "GROUP\n");
    const int64_t first = seconds_of(c->first);
    for (size_t i = 0; i < intervals(c, minutes, 3); i++)
        for (int k = 0; k < 4; k++) {
            char from[32], to[32];
            stamp(first + (int64_t)i * minutes * 60, from);
            stamp(first + (int64_t)(i + 1) * minutes * 60, to);
            say(p, "%s-00:00,%s-00:00,%.10s,1,0,N,N,N,DAM,%s,LMP_PRC,N,ALL,1,%zu,1\n", from, to,
                from, part[k], k % 2 ? 100 + i : 0); /* LMP = MCE */
        }
}

static void entsoe(page *p, const change *c, int minutes) {
    say(p, "<?xml version=\"1.0\"?>\n<Publication_MarketDocument "
           "xmlns=\"urn:iec62325.351:tc57wg16:"
           "451-3:publicationdocument:7:3\"><mRID>1</mRID><type>A44</type>\n");
    for (int d = 0, i = 100; d < 3; d++) {
        char from[32], to[32];
        stamp(day_start(c, d), from);
        stamp(day_start(c, d + 1), to);
        say(p,
            "<TimeSeries><mRID>%d</mRID><businessType>A62</businessType><in_Domain.mRID "
            "codingScheme=\"A01\">10YFR-RTE------C</in_Domain.mRID><out_Domain.mRID "
            "codingScheme=\"A01\">10YFR-RTE------C</out_Domain.mRID><currency_Unit.name>EUR"
            "</currency_Unit.name><price_Measure_Unit.name>MWH</price_Measure_Unit.name>"
            "<curveType>A01</curveType><Period><timeInterval><start>%.16sZ</start><end>%.16sZ"
            "</end></timeInterval><resolution>PT%dM</resolution>\n",
            d + 1, from, to, minutes);
        const int n = hours_of(c, d) * 60 / minutes;
        for (int k = 1; k <= n; k++, i++)
            say(p, "<Point><position>%d</position><price.amount>%d</price.amount></Point>\n", k,
                i);
        say(p, "</Period></TimeSeries>\n");
    }
    say(p, "</Publication_MarketDocument>\n");
}

static void elexon(page *p, const change *c, int minutes) {
    say(p, "Settlement Date,Settlement Period,System Sell Price(\xc2\xa3/MWh),System Buy "
           "Price(\xc2\xa3/MWh),Net Imbalance Volume(MWh)\n");
    for (int d = 0, i = 100; d < 3; d++) {
        vo_civil day;
        date_of(c, d, &day);
        for (int k = 1; k <= hours_of(c, d) * 60 / minutes; k++, i++)
            say(p, "%02d/%02d/%d,%d,%d,%d,0\n", day.day, day.month, day.year, k, i, i);
    }
}

/* Wall-clock stamps without an offset: in autumn the same ones come twice. */
static void naive(page *p, const change *c, int minutes) {
    say(p, "timestamp,price\n");
    const int64_t first = seconds_of(c->first);
    for (size_t i = 0; i < intervals(c, minutes, 3); i++) {
        const int64_t at = first + (int64_t)i * minutes * 60;
        char text[32];
        stamp(at + offset_at(c, at), text);
        say(p, "%.16s,%zu\n", text, 100 + i);
    }
}

static void with_offset(page *p, const change *c, int minutes) {
    say(p, "timestamp,price\n");
    const int64_t first = seconds_of(c->first);
    for (size_t i = 0; i < intervals(c, minutes, 3); i++) {
        const int64_t at = first + (int64_t)i * minutes * 60, offset = offset_at(c, at);
        char text[32];
        stamp(at + offset, text);
        say(p, "%s%c%02d:00,%zu\n", text, offset < 0 ? '-' : '+', (int)llabs(offset) / H,
            100 + i);
    }
}

static void aemo(page *p, const change *c, int minutes) {
    say(p, "REGION,SETTLEMENTDATE,TOTALDEMAND,RRP,PERIODTYPE\n");
    const int64_t first = seconds_of(c->first);
    for (size_t i = 0; i < intervals(c, minutes, 3); i++) { /* stamps at the interval's end */
        const int64_t at = first + (int64_t)(i + 1) * minutes * 60 + c->before_s;
        const vo_civil t = vo_civil_from_seconds(at);
        say(p, "VIC1,%04d/%02d/%02d %02d:%02d:00,5000,%zu,TRADE\n", t.year, t.month, t.day,
            t.hour, t.minute, 100 + i);
    }
}

/* ---- the check -------------------------------------------------------------------------- */

static void expect_days(const char *what, const change *c, int minutes, const vo_series *s) {
    size_t t = 0;
    const int64_t first = seconds_of(c->first);
    cr_assert_eq(s->n, intervals(c, minutes, 3), "%s %s: %zu intervals", what, c->date, s->n);
    for (int32_t d = 0; d < 3; d++) {
        const size_t from = t;
        while (t < s->n && s->day[t] == d) t++;
        cr_assert_eq(t - from, (size_t)(hours_of(c, d) * 60 / minutes),
                     "%s %s: day %d has %zu intervals", what, c->date, d, t - from);
    }
    for (t = 0; t < s->n; t++) {
        cr_assert_eq(s->start[t].s, first + (int64_t)t * minutes * 60, "%s %s: interval %zu",
                     what, c->date, t);
        cr_assert(s->column[0].value[t] == 100 + (double)t, "%s %s: interval %zu has %g", what,
                  c->date, t, s->column[0].value[t]);
    }
}

static void try_one(const char *what, maker *make, const char *zone, int minutes,
                    const change *c) {
    page p = {0};
    vo_readings_set *set = NULL;
    vo_series *s = NULL;
    vo_clean_report *report = NULL;
    vo_error err = {0};
    vo_source_options o = vo_source_options_default();
    vo_clean_options clean = vo_clean_options_default();
    o.zone = zone;
    clean.strict = true;
    make(&p, c, minutes);
    cr_assert_eq(vo_source_parse(what, p.text, p.len, &o, &set, &err), VO_OK, "%s %s: %s", what,
                 c->date, err.msg);
    cr_assert_eq(set->n, 1);
    cr_assert_eq(vo_clean(set->item[0], &clean, &s, &report, &err), VO_OK, "%s %s: %s", what,
                 c->date, err.msg);
    expect_days(what, c, minutes, s);
    cr_expect_eq(report->count[VO_CLEAN_DST_SHORT_DAY], c->after_s > c->before_s);
    cr_expect_eq(report->count[VO_CLEAN_DST_LONG_DAY], c->after_s < c->before_s);
    for (size_t i = 0; i < report->n; i++) /* nothing else, and where the clocks changed */
        cr_expect_eq(report->touch[i].start_s, instant_of(c), "%s %s", what, c->date);
    vo_series_free(s);
    vo_clean_report_free(report);
    vo_readings_set_free(set);
    free(p.text);
}

static void try_all(const char *what, maker *make, const char *zone, int minutes,
                    const change *c, size_t n) {
    for (size_t i = 0; i < n; i++) try_one(what, make, zone, minutes, &c[i]);
}

#define TRY(what, make, zone, minutes, list)                                                   \
    try_all(what, make, zone, minutes, list, sizeof(list) / sizeof(list)[0])

Test(clock_changes, mexico_numbers_its_hours_and_stopped_in_2022_but_at_the_border) {
    TRY("SIN", cenace_sin, NULL, 60, mexico);
    TRY("BCA", cenace_bca, NULL, 60, tijuana);
    TRY("BCS", cenace_bcs, NULL, 60, mazatlan);
}

Test(clock_changes, california_has_days_of_276_and_300_five_minutes) {
    TRY("OASIS hourly", oasis, NULL, 60, california);
    TRY("OASIS quarters", oasis, NULL, 15, california);
    TRY("OASIS five minutes", oasis, NULL, 5, california);
}

Test(clock_changes, europe_has_days_of_92_and_100_quarters) {
    TRY("A44 hourly", entsoe, NULL, 60, paris);
    TRY("A44 half hours", entsoe, NULL, 30, paris);
    TRY("A44 quarters", entsoe, NULL, 15, paris);
}

Test(clock_changes, britain_has_days_of_46_and_50_periods) {
    TRY("Elexon", elexon, NULL, 30, london);
}

Test(clock_changes, australias_market_has_none) { TRY("AEMO", aemo, NULL, 5, nem); }

Test(clock_changes, wall_clocks_without_an_offset_are_read_by_their_zone) {
    static const int minutes[] = {60, 30, 15, 5};
    for (size_t i = 0; i < 4; i++) {
        TRY("naive Mexico", naive, "America/Mexico_City", minutes[i], mexico);
        TRY("naive California", naive, "America/Los_Angeles", minutes[i], california);
        TRY("naive Paris", naive, "Europe/Paris", minutes[i], paris);
        TRY("naive London", naive, "Europe/London", minutes[i], london);
    }
}

Test(clock_changes, stamps_with_offsets_mean_what_they_say) {
    TRY("offset Mexico", with_offset, "America/Mexico_City", 60, mexico);
    TRY("offset California", with_offset, "America/Los_Angeles", 5, california);
    TRY("offset Paris", with_offset, "Europe/Paris", 15, paris);
    TRY("offset London", with_offset, "Europe/London", 30, london);
}
