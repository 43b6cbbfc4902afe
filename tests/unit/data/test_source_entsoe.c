/* test_source_entsoe.c -- curve types, odd days, auctions, both formats, and what is refused.
 */
#include "data/source_entsoe.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "data/clean.h"
#include "support/data_folder.h"

#define DOC                                                                                    \
    "<?xml version=\"1.0\"?>\n<Publication_MarketDocument "                                    \
    "xmlns=\"urn:x:7:0\"><type>A44</type>\n"
#define END "</Publication_MarketDocument>"
#define HEAD(eic, curve, extra)                                                                \
    "<TimeSeries><mRID>1</mRID><in_Domain.mRID>" eic "</in_Domain.mRID><out_Domain.mRID>" eic  \
    "</out_Domain.mRID>" extra "<currency_Unit.name>EUR</currency_Unit.name>"                  \
    "<price_Measure_Unit.name>MWH</price_Measure_Unit.name><curveType>" curve "</curveType>\n"
#define PERIOD(from, to, length)                                                               \
    "<Period><timeInterval><start>" from "</start><end>" to                                    \
    "</end></timeInterval><resolution>" length "</resolution>"
#define POINT(position, price)                                                                 \
    "<Point><position>" #position "</position><price.amount>" #price "</price.amount></"       \
    "Point>\n"
#define TAIL "</Period></TimeSeries>"
#define FR "10YFR-RTE------C"
#define D1 "2023-12-31T23:00Z" /* midnight of 1 January 2024 in France */
#define D1_S 1704063600        /* date -u -d 2023-12-31T23:00 +%s */
#define SEQ(n)                                                                                 \
    "<classificationSequence_AttributeInstanceComponent.position>" #n                          \
    "</classificationSequence_AttributeInstanceComponent.position>"

static const vo_source_options standard = {0};

/* A new set, NULL on failure. */
static vo_readings_set *parse(const char *text, vo_source_options o, vo_error *err) {
    vo_readings_set *set = NULL;
    vo_bytes *in = NULL;
    cr_assert_eq(vo_readings_set_create(&set, NULL), VO_OK);
    cr_assert_eq(vo_bytes_open("x", text, strlen(text), &in, NULL), VO_OK);
    const vo_status st = vo_source_entsoe_parse(in, &o, set, err);
    err->code = (int32_t)st;
    vo_bytes_close(in);
    if (st == VO_OK) return set;
    vo_readings_set_free(set);
    return NULL;
}

static void assert_prices(const vo_readings *r, int64_t from_s, int64_t step_s, size_t n,
                          const double *price) {
    cr_assert_eq(r->n, n, "%zu rows", r->n);
    for (size_t i = 0; i < n; i++) {
        cr_assert_eq(r->start_s[i], from_s + (int64_t)i * step_s, "row %zu", i);
        cr_assert(r->column[0].value[i] == price[i], "row %zu: %g", i, r->column[0].value[i]);
    }
}

Test(source_entsoe, a01_has_every_position_and_says_who_it_is) {
    const char *text = DOC HEAD(FR, "A01", "") PERIOD(D1, "2024-01-01T02:00Z", "PT60M")
        POINT(1, 50.5) POINT(2, -1) POINT(3, 0) TAIL END;
    vo_error err = {0};
    vo_readings_set *set = parse(text, standard, &err);
    cr_assert(set, "%s", err.msg);
    cr_assert_eq(set->n, 1);
    const vo_readings *r = set->item[0];
    assert_prices(r, D1_S, 3600, 3, (const double[]){50.5, -1, 0});
    cr_assert_str_eq(r->market, "ENTSOE");
    cr_assert_str_eq(r->process, "DA");
    cr_assert_str_eq(r->node, "FR");
    cr_assert_str_eq(r->zone, "Europe/Paris");
    cr_assert_str_eq(r->currency, "EUR");
    cr_assert_str_eq(r->unit, "MWh");
    cr_assert_str_eq(r->kind, "prices");
    cr_assert(r->interval_h == 1 && !r->zero_is_missing);
    cr_assert_str_eq(set->note, "");
    vo_readings_set_free(set);
}

Test(source_entsoe, a03_repeats_the_price_before_and_says_how_often) {
    const char *text = DOC HEAD(FR, "A03", "") PERIOD(D1, "2024-01-01T01:00Z", "PT15M")
        POINT(1, 10) POINT(4, 20) POINT(5, 30) TAIL END;
    vo_error err = {0};
    vo_readings_set *set = parse(text, standard, &err);
    cr_assert(set, "%s", err.msg);
    assert_prices(set->item[0], D1_S, 900, 8, (const double[]){10, 10, 10, 20, 30, 30, 30, 30});
    cr_assert(strstr(set->note, "5 omitted positions repeat"), "%s", set->note);
    vo_readings_set_free(set);
}

Test(source_entsoe, a01_leaves_gaps_and_a03_does_not_look_back_before_its_first_point) {
    const char *text = DOC HEAD(FR, "A01", "") PERIOD(D1, "2024-01-01T01:00Z", "PT30M")
        POINT(1, 1) POINT(3, 3) TAIL END;
    vo_error err = {0};
    vo_readings_set *set = parse(text, standard, &err);
    cr_assert(set, "%s", err.msg);
    cr_assert_eq(set->rows, 2);
    cr_assert_eq(set->item[0]->start_s[1], D1_S + 3600);
    cr_assert(strstr(set->note, "2 positions are missing"), "%s", set->note);
    vo_readings_set_free(set);
    text =
        DOC HEAD(FR, "A03", "") PERIOD(D1, "2024-01-01T01:00Z", "PT30M") POINT(3, 3) TAIL END;
    set = parse(text, standard, &err);
    cr_assert(set, "%s", err.msg);
    assert_prices(set->item[0], D1_S + 3600, 1800, 2, (const double[]){3, 3});
    cr_assert(strstr(set->note, "2 positions are missing"), "%s", set->note);
    vo_readings_set_free(set);
}

Test(source_entsoe, days_may_come_in_any_order_and_several_a_series) {
    const char *text =
        DOC HEAD(FR, "A01", "") PERIOD("2024-01-01T01:00Z", "2024-01-01T02:00Z", "PT1H")
            POINT(1, 3) "</Period>" PERIOD("2024-01-01T02:00Z", "2024-01-01T03:00Z", "PT1H")
                POINT(1, 4) TAIL HEAD(FR, "A01", "") PERIOD(D1, "2024-01-01T01:00Z", "PT1H")
                    POINT(1, 1) POINT(2, 2) TAIL END;
    vo_error err = {0};
    vo_readings_set *set = parse(text, standard, &err);
    cr_assert(set, "%s", err.msg);
    const vo_clean_options o = vo_clean_options_default();
    vo_series *s = NULL;
    cr_assert_eq(vo_clean(set->item[0], &o, &s, NULL, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(s->n, 4);
    for (size_t i = 0; i < 4; i++) cr_assert(s->column[0].value[i] == (double)(i + 1));
    vo_series_free(s);
    vo_readings_set_free(set);
}

/* ---- units, areas, auctions ------------------------------------------------------------- */

Test(source_entsoe, prices_per_kwh_become_prices_per_mwh) {
    const char *text =
        DOC "<TimeSeries><in_Domain.mRID>10YPL-AREA-----S</in_Domain.mRID>"
            "<currency_Unit.name>PLN</currency_Unit.name><price_Measure_Unit.name>KWH"
            "</price_Measure_Unit.name>" PERIOD(D1, "2024-01-01T00:00Z", "PT60M") POINT(1, 0.25)
                TAIL END;
    vo_error err = {0};
    vo_readings_set *set = parse(text, standard, &err);
    cr_assert(set, "%s", err.msg);
    cr_assert(set->item[0]->column[0].value[0] == 250);
    cr_assert_str_eq(set->item[0]->currency, "PLN");
    cr_assert_str_eq(set->item[0]->node, "PL");
    vo_readings_set_free(set);
}

Test(source_entsoe, areas_are_known_by_code_and_by_name) {
    const vo_entsoe_area *a = vo_entsoe_area_find("10Y1001A1001A82H");
    cr_assert(a);
    cr_assert_str_eq(a->name, "DE-LU");
    cr_assert_eq(vo_entsoe_area_find("de_lu"), a);
    cr_assert_eq(vo_entsoe_area_find("DE-LU"), a);
    cr_assert_str_eq(vo_entsoe_area_find("10YFI-1--------U")->zone, "Europe/Helsinki");
    cr_assert_null(vo_entsoe_area_find("DE-L"));
    cr_assert_null(vo_entsoe_area_find(""));
    cr_assert_null(vo_entsoe_area_find("10YXX----------X"));
}

Test(source_entsoe, an_unknown_area_keeps_its_code_and_has_utc_days) {
    const char *text = DOC HEAD("10YXX----------X", "A01", "")
        PERIOD(D1, "2024-01-01T00:00Z", "PT60M") POINT(1, 5) TAIL END;
    vo_error err = {0};
    vo_readings_set *set = parse(text, standard, &err);
    cr_assert(set, "%s", err.msg);
    cr_assert_str_eq(set->item[0]->node, "10YXX----------X");
    cr_assert_str_eq(set->item[0]->zone, "UTC");
    cr_assert(strstr(set->note, "not known"), "%s", set->note);
    vo_readings_set_free(set);
    set = parse(text, (vo_source_options){.zone = "Europe/Oslo"}, &err);
    cr_assert(set);
    cr_assert_str_eq(set->item[0]->zone, "Europe/Oslo");
    vo_readings_set_free(set);
}

/* In DE-LU the second auction of a day is EXAA's: 15-minute prices of another market. */
static const char *const two_auctions =
    DOC HEAD("10Y1001A1001A82H", "A01", SEQ(2)) PERIOD(D1, "2024-01-01T00:00Z", "PT60M")
        POINT(1, 7) TAIL HEAD("10Y1001A1001A82H", "A01", SEQ(1))
            PERIOD(D1, "2024-01-01T00:00Z", "PT60M") POINT(1, 5) TAIL END;

Test(source_entsoe, a_second_auction_is_read_only_if_asked_for) {
    vo_error err = {0};
    vo_readings_set *set = parse(two_auctions, standard, &err);
    cr_assert(set, "%s", err.msg);
    cr_assert_eq(set->n, 1);
    assert_prices(set->item[0], D1_S, 3600, 1, (const double[]){5});
    cr_assert_str_eq(set->item[0]->process, "DA");
    cr_assert(strstr(set->note, "another auction left out (process DA-2)"), "%s", set->note);
    vo_readings_set_free(set);
    set = parse(two_auctions, (vo_source_options){.only_process = "DA-2"}, &err);
    cr_assert(set, "%s", err.msg);
    assert_prices(set->item[0], D1_S, 3600, 1, (const double[]){7});
    cr_assert_str_eq(set->item[0]->process, "DA-2");
    vo_readings_set_free(set);
    const char *only = DOC HEAD(FR, "A01", SEQ(2)) PERIOD(D1, "2024-01-01T00:00Z", "PT60M")
        POINT(1, 7) TAIL END;
    cr_assert(!parse(only, standard, &err));
    cr_assert_eq(err.code, VO_ENOTFOUND);
    cr_assert(strstr(err.msg, "DA-2"), "%s", err.msg);
    cr_assert(!parse(two_auctions, (vo_source_options){.only_node = "FR"}, &err));
    cr_assert_eq(err.code, VO_ENOTFOUND);
    cr_assert(strstr(err.msg, "DE-LU"), "%s", err.msg);
}

Test(source_entsoe, intraday_prices_and_other_resolutions_are_kept_apart) {
    const char *text = DOC HEAD(FR, "A01", "") PERIOD(D1, "2024-01-01T00:00Z", "PT60M")
        POINT(1, 1) TAIL HEAD(FR, "A01", "") PERIOD(D1, "2024-01-01T00:00Z", "PT30M")
            POINT(1, 2) POINT(2, 3) TAIL HEAD(
                FR, "A01", "<contract_MarketAgreement.type>A07</contract_MarketAgreement.type>")
                PERIOD(D1, "2024-01-01T00:00Z", "PT60M") POINT(1, 9) TAIL END;
    vo_error err = {0};
    vo_readings_set *set = parse(text, standard, &err);
    cr_assert(set, "%s", err.msg);
    cr_assert_eq(set->n, 3);
    cr_assert_str_eq(set->item[0]->process, "DA");
    cr_assert_str_eq(set->item[1]->process, "DA-PT30M");
    cr_assert(set->item[1]->interval_h == 0.5);
    cr_assert_str_eq(set->item[2]->process, "ID");
    cr_assert(strstr(set->note, "1 series of another resolution"), "%s", set->note);
    vo_readings_set_free(set);
}

Test(source_entsoe, total_load_is_a_load_in_megawatts) {
    const char *text =
        "<GL_MarketDocument "
        "xmlns=\"urn:iec62325.351:tc57wg16:451-6:generationloaddocument:3:0\">"
        "<type>A65</type><process.processType>A16</process.processType>"
        "<time_Period.timeInterval><start>x</start><end>y</end></time_Period.timeInterval>"
        "<TimeSeries><outBiddingZone_Domain.mRID>10YBE----------2"
        "</outBiddingZone_Domain.mRID><quantity_Measure_Unit.name>MAW"
        "</quantity_Measure_Unit.name><curveType>A01</curveType>" PERIOD(
            D1, "2023-12-31T23:30Z",
            "PT15M") "<Point><position>1</position><quantity>8123</quantity></Point>"
                     "<Point><position>2</position><quantity>8100.5</quantity></Point>" TAIL
                     "</GL_MarketDocument>";
    vo_error err = {0};
    vo_readings_set *set = parse(text, standard, &err);
    cr_assert(set, "%s", err.msg);
    const vo_readings *r = set->item[0];
    assert_prices(r, D1_S, 900, 2, (const double[]){8123, 8100.5});
    cr_assert_str_eq(r->kind, "load");
    cr_assert_str_eq(r->column[0].name, "load_mw");
    cr_assert_str_eq(r->unit, "MW");
    cr_assert_str_eq(r->process, "ACTUAL");
    cr_assert_str_eq(r->node, "BE");
    cr_assert_str_eq(r->currency, "");
    vo_readings_set_free(set);
}

/* ---- clock changes ---------------------------------------------------------------------- */

/* Three days of France as three TimeSeries, the middle one odd; its price is the position. */
static void assert_days(const int64_t midnight[4], int minutes, const size_t count[3]) {
    char *text = malloc(300 * 120 + 4096), from[32], to[32];
    cr_assert(text);
    size_t n = (size_t)sprintf(text, DOC);
    for (int d = 2; d >= 0; d--) {
        const vo_civil a = vo_civil_from_seconds(midnight[d]);
        const vo_civil b = vo_civil_from_seconds(midnight[d + 1]);
        vo_civil_format(&a, from);
        vo_civil_format(&b, to);
        n += (size_t)sprintf(text + n, HEAD(FR, "A03", "") PERIOD("%sZ", "%sZ", "PT%dM"), from,
                             to, minutes);
        for (size_t p = 1; p <= count[d]; p += p == 5 ? 2u : 1u) /* position 6 is left out */
            n += (size_t)sprintf(text + n,
                                 "<Point><position>%zu</position><price.amount>%zu"
                                 "</price.amount></Point>",
                                 p, p);
        n += (size_t)sprintf(text + n, TAIL);
    }
    sprintf(text + n, END);
    vo_error err = {0};
    vo_readings_set *set = parse(text, standard, &err);
    free(text);
    cr_assert(set, "%s", err.msg);
    const vo_clean_options o = vo_clean_options_default();
    vo_series *s = NULL;
    cr_assert_eq(vo_clean(set->item[0], &o, &s, NULL, &err), VO_OK, "%s", err.msg);
    size_t got[3] = {0};
    for (size_t i = 0; i < s->n; i++) {
        cr_assert_lt(s->day[i], 3);
        const size_t p = ++got[s->day[i]];
        cr_assert(s->column[0].value[i] == (double)(p == 6 ? 5 : p), "interval %zu", i);
    }
    for (int d = 0; d < 3; d++) cr_assert_eq(got[d], count[d], "day %d: %zu", d, got[d]);
    vo_series_free(s);
    vo_readings_set_free(set);
}

/* TZ=Europe/Paris date -d "2024-03-30 0:00" +%s and the next three, "2024-10-26 0:00", ... */
Test(source_entsoe, local_days_of_clock_changes_have_23_and_25_hours) {
    const int64_t spring[] = {1711753200, 1711839600, 1711922400, 1712008800};
    const int64_t autumn[] = {1729893600, 1729980000, 1730070000, 1730156400};
    assert_days(spring, 60, (const size_t[]){24, 23, 24});
    assert_days(spring, 30, (const size_t[]){48, 46, 48});
    assert_days(spring, 15, (const size_t[]){96, 92, 96});
    assert_days(autumn, 60, (const size_t[]){24, 25, 24});
    assert_days(autumn, 30, (const size_t[]){48, 50, 48});
    assert_days(autumn, 15, (const size_t[]){96, 100, 96});
}

Test(source_entsoe, whole_days_begin_at_local_midnight) {
    const char *text =
        DOC HEAD(FR, "A01", "") PERIOD("2024-03-29T23:00Z", "2024-04-01T22:00Z", "P1D")
            POINT(1, 1) POINT(2, 2) POINT(3, 3) TAIL END;
    vo_error err = {0};
    vo_readings_set *set = parse(text, standard, &err);
    cr_assert(set, "%s", err.msg);
    const vo_readings *r = set->item[0];
    cr_assert_eq(r->n, 3);
    cr_assert_eq(r->start_s[0], 1711753200);
    cr_assert_eq(r->start_s[1], 1711839600);
    cr_assert_eq(r->start_s[2], 1711922400);
    vo_readings_set_free(set);
}

/* ---- refusals --------------------------------------------------------------------- */

#define ONE(head, period, points) DOC head period points TAIL END
#define HOUR PERIOD(D1, "2024-01-01T00:00Z", "PT60M")

Test(source_entsoe, an_acknowledgement_is_an_error_in_the_platforms_words) {
    const char *text =
        "<Acknowledgement_MarketDocument xmlns=\"urn:y\"><Reason><code>999</code><text>No "
        "matching data found for Data item Day-ahead Prices</text></Reason>"
        "</Acknowledgement_MarketDocument>";
    vo_error err = {0};
    cr_assert(!parse(text, standard, &err));
    cr_assert_eq(err.code, VO_ENOTFOUND);
    cr_assert(strstr(err.msg, "999, \"No matching data found for Data item"), "%s", err.msg);
    text = "<Acknowledgement_MarketDocument><Reason><code>999</code><text>Unauthorized. "
           "Missing or invalid security token</text></Reason></Acknowledgement_MarketDocument>";
    cr_assert(!parse(text, standard, &err));
    cr_assert_eq(err.code, VO_EINVAL);
    cr_assert(strstr(err.msg, "security token"), "%s", err.msg);
    cr_assert(!parse(DOC END, standard, &err));
    cr_assert_eq(err.code, VO_ENOTFOUND);
    text = "<Unavailability_MarketDocument><type>A80</type></Unavailability_MarketDocument>";
    cr_assert(!parse(text, standard, &err));
    cr_assert_eq(err.code, VO_EUNSUPPORTED);
    cr_assert(strstr(err.msg, "Unavailability_MarketDocument"), "%s", err.msg);
}

Test(source_entsoe, every_refusal_names_field_and_value) {
    static const struct {
        const char *text, *says;
    } bad[] = {
        {ONE(HEAD(FR, "A01", ""), HOUR, POINT(2, 1)), "position: 2 in a Period of 1"},
        {ONE(HEAD(FR, "A01", ""), HOUR, POINT(0, 1)), "position: 0"},
        {ONE(HEAD(FR, "A01", ""), HOUR, POINT(1.5, 1)), "position: \"1.5\""},
        {ONE(HEAD(FR, "A01", ""), HOUR, POINT(1, x)), "price.amount: \"x\""},
        {ONE(HEAD(FR, "A02", ""), HOUR, POINT(1, 1)), "curveType: \"A02\""},
        {ONE(HEAD(FR, "A01", SEQ(x)), HOUR, POINT(1, 1)), "position: \"x\""},
        {ONE(HEAD(FR, "A01", ""), PERIOD(D1, "2024-01-01T00:00Z", "PT7M"), POINT(1, 1)),
         "does not divide"},
        {ONE(HEAD(FR, "A01", ""), PERIOD(D1, "2024-01-01T00:00Z", "P1M"), POINT(1, 1)),
         "resolution: \"P1M\""},
        {ONE(HEAD(FR, "A01", ""), PERIOD(D1, "2024-01-01T00:00Z", "PT0M"), POINT(1, 1)),
         "resolution: \"PT0M\""},
        {ONE(HEAD(FR, "A01", ""), PERIOD(D1, D1, "PT60M"), POINT(1, 1)), "not after the start"},
        {ONE(HEAD(FR, "A01", ""), PERIOD(D1, "2034-01-01T00:00Z", "PT60M"), POINT(1, 1)),
         "400 days"},
        {ONE(HEAD(FR, "A01", ""), PERIOD("yesterday", D1, "PT60M"), POINT(1, 1)),
         "timeInterval start"},
        {ONE(HEAD(FR, "A01", ""), PERIOD("2024-01-01T00:00Z", "2024-01-02T00:00Z", "P1D"),
             POINT(1, 1)),
         "no midnight"},
        {ONE(HEAD(FR, "A03", ""), PERIOD(D1, "2024-01-01T01:00Z", "PT60M"),
             POINT(2, 1) POINT(1, 1)),
         "comes after a later one"},
        {ONE("<TimeSeries><currency_Unit.name>EUR</currency_Unit.name><price_Measure_Unit.name>"
             "C62</price_Measure_Unit.name>",
             HOUR, POINT(1, 1)),
         "price_Measure_Unit.name: \"C62\""},
        {ONE("<TimeSeries><currency_Unit.name>euro</currency_Unit.name>"
             "<price_Measure_Unit.name>MWH</price_Measure_Unit.name>",
             HOUR, POINT(1, 1)),
         "currency_Unit.name: \"euro\""},
        {DOC HEAD(FR, "A01", "") "<Point><position>1</position></Point></TimeSeries>" END,
         "a Point outside of a Period"},
        {DOC HEAD(FR, "A01", "") HOUR TAIL END, "no values"},
        {ONE(HEAD("A\tB", "A01", ""), HOUR, POINT(1, 1)), "control character"},
        {"<GL_MarketDocument><type>A75</type><TimeSeries/></GL_MarketDocument>",
         "type: \"A75\" is neither A44"},
        {"<GL_MarketDocument><TimeSeries/></GL_MarketDocument>", "before the document's type"},
        {DOC HEAD(FR, "A01", "") HOUR POINT(1, 1), "line"},
        {"<!DOCTYPE a [<!ENTITY b \"c\">]><Publication_MarketDocument/>", "DOCTYPE"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_error err = {0};
        cr_assert(!parse(bad[i].text, standard, &err), "%zu was read", i);
        cr_assert_eq(err.code, VO_EINVAL, "%zu: %s", i, err.msg);
        cr_assert(strstr(err.msg, bad[i].says), "%zu: %s", i, err.msg);
    }
}

Test(source_entsoe, a_small_document_cannot_repeat_for_ever) {
    enum { PERIODS = 20 };
    char *text = malloc(4096 + PERIODS * 300);
    cr_assert(text);
    size_t n = (size_t)sprintf(text, DOC HEAD(FR, "A03", ""));
    for (int i = 0; i < PERIODS; i++)
        n += (size_t)sprintf(text + n, PERIOD("2023-01-01T00:00Z", "2024-01-01T00:00Z", "PT1M")
                                           POINT(1, 1) "</Period>");
    sprintf(text + n, "</TimeSeries>" END);
    vo_error err = {0};
    cr_assert(!parse(text, standard, &err));
    cr_assert_eq(err.code, VO_EINVAL);
    cr_assert(strstr(err.msg, "repeated positions"), "%s", err.msg);
    free(text);
}

/* ---- CSV -------------------------------------------------------------------------- */

Test(source_entsoe, the_old_export_has_its_area_in_the_header) {
    const char *text =
        "\"MTU (CET/CEST)\",\"Day-ahead Price [EUR/MWh]\",\"Currency\",\"BZN|FR\"\n"
        "\"01.01.2024 00:00 - 01.01.2024 01:00\",\"50.5\",\"EUR\",\"\"\n"
        "\"01.01.2024 01:00 - 01.01.2024 02:00\",\"n/e\",\"EUR\",\"\"\n"
        "\"01.01.2024 02:00 - 01.01.2024 03:00\",\"-\",\"EUR\",\"\"\n"
        "\"01.01.2024 03:00 - 01.01.2024 04:00\",\"-7.1\",\"EUR\",\"\"\n";
    vo_error err = {0};
    cr_assert(vo_source_entsoe_is(text, strlen(text)));
    vo_readings_set *set = parse(text, standard, &err);
    cr_assert(set, "%s", err.msg);
    const vo_readings *r = set->item[0];
    cr_assert_eq(r->n, 4);
    cr_assert_str_eq(r->node, "FR");
    cr_assert_str_eq(r->zone, "Europe/Paris");
    cr_assert_str_eq(r->currency, "EUR");
    cr_assert(r->interval_h == 1 && r->start_s[0] == D1_S && r->start_s[3] == D1_S + 3 * 3600);
    cr_assert(r->column[0].value[0] == 50.5 && r->column[0].value[3] == -7.1);
    cr_assert(isnan(r->column[0].value[1]) && isnan(r->column[0].value[2]));
    vo_readings_set_free(set);
}

#define NEW                                                                                    \
    "\"MTU (CET/CEST)\",\"Area\",\"Sequence\",\"Day-ahead Price (EUR/MWh)\",\"Intraday "       \
    "Period (CET/CEST)\",\"Intraday Price (EUR/MWh)\"\n"

Test(source_entsoe, the_new_export_names_area_and_auction_in_each_row) {
    const char *text =
        NEW "\"29/10/2025 00:00:00 - 29/10/2025 00:15:00\",\"BZN|DE-LU\",\"Sequence "
            "1\",\"65.83\",\"\",\"\"\n"
            "\"29/10/2025 00:00:00 - 29/10/2025 00:15:00\",\"BZN|DE-LU\",\"Sequence "
            "2\",\"64.80\",\"\",\"\"\n"
            "\"29/10/2025 00:15:00 - 29/10/2025 00:30:00\",\"BZN|DE-LU\",\"Sequence "
            "1\",\"62.10\",\"\",\"\"\n"
            "\"29/10/2025 00:15:00 - 29/10/2025 00:30:00\",\"BZN|DE-LU\",\"Sequence "
            "2\",\"62.74\",\"\",\"\"\n";
    const int64_t from_s = 1761692400; /* TZ=Europe/Berlin date -d "2025-10-29 0:00" +%s */
    vo_error err = {0};
    vo_readings_set *set = parse(text, standard, &err);
    cr_assert(set, "%s", err.msg);
    cr_assert_eq(set->n, 1);
    assert_prices(set->item[0], from_s, 900, 2, (const double[]){65.83, 62.10});
    cr_assert_str_eq(set->item[0]->node, "DE-LU");
    cr_assert_str_eq(set->item[0]->zone, "Europe/Berlin");
    cr_assert(strstr(set->note, "DA-2") && strstr(set->note, "intraday"), "%s", set->note);
    vo_readings_set_free(set);
    set = parse(text, (vo_source_options){.only_process = "DA-2"}, &err);
    cr_assert(set, "%s", err.msg);
    assert_prices(set->item[0], from_s, 900, 2, (const double[]){64.80, 62.74});
    vo_readings_set_free(set);
}

/* 27 October 2024 from 01:00 to 04:00 CET: four hours and two names for one of them. */
Test(source_entsoe, the_repeated_hour_is_told_by_its_mark_or_by_the_order_of_rows) {
    static const char *const text[] = {
        NEW "27/10/2024 01:00:00 (CEST) - 27/10/2024 02:00:00 (CEST),BZN|FR,,1,,\n"
            "27/10/2024 02:00:00 (CEST) - 27/10/2024 02:00:00 (CET),BZN|FR,,2,,\n"
            "27/10/2024 02:00:00 (CET) - 27/10/2024 03:00:00 (CET),BZN|FR,,3,,\n"
            "27/10/2024 03:00:00 (CET) - 27/10/2024 04:00:00 (CET),BZN|FR,,4,,\n",
        "MTU (CET/CEST),Day-ahead Price [EUR/MWh],Currency,BZN|FR\n"
        "27.10.2024 01:00 - 27.10.2024 02:00,1,EUR,\n"
        "27.10.2024 02:00 - 27.10.2024 03:00,2,EUR,\n"
        "27.10.2024 02:00 - 27.10.2024 03:00,3,EUR,\n"
        "27.10.2024 03:00 - 27.10.2024 04:00,4,EUR,\n",
        "MTU (UTC),Day-ahead Price [EUR/MWh],Currency,BZN|FR\n"
        "26.10.2024 23:00 - 27.10.2024 00:00,1,EUR,\n"
        "27.10.2024 00:00 - 27.10.2024 01:00,2,EUR,\n"
        "27.10.2024 01:00 - 27.10.2024 02:00,3,EUR,\n"
        "27.10.2024 02:00 - 27.10.2024 03:00,4,EUR,\n"};
    for (size_t i = 0; i < 3; i++) {
        vo_error err = {0};
        vo_readings_set *set = parse(text[i], standard, &err);
        cr_assert(set, "%zu: %s", i, err.msg);
        cr_assert_eq(set->n, 1, "%zu", i);
        assert_prices(set->item[0], 1729983600, 3600, 4, (const double[]){1, 2, 3, 4});
        vo_readings_set_free(set);
    }
}

/* Old exports have a row for the hour that does not exist; it is dropped, and reported. */
Test(source_entsoe, the_skipped_hour_is_no_interval) {
    static const char *const text[] = {
        "MTU (CET/CEST),Day-ahead Price [EUR/MWh],Currency,BZN|FR\n"
        "31.03.2024 00:00 - 31.03.2024 01:00,0.5,EUR,\n"
        "31.03.2024 01:00 - 31.03.2024 02:00,1,EUR,\n"
        "31.03.2024 02:00 - 31.03.2024 03:00,,EUR,\n"
        "31.03.2024 03:00 - 31.03.2024 04:00,2,EUR,\n",
        NEW "31/03/2024 00:00:00 (CET) - 31/03/2024 01:00:00 (CET),BZN|FR,,0.5,,\n"
            "31/03/2024 01:00:00 (CET) - 31/03/2024 03:00:00 (CEST),BZN|FR,,1,,\n"
            "31/03/2024 03:00:00 (CEST) - 31/03/2024 04:00:00 (CEST),BZN|FR,,2,,\n"};
    for (size_t i = 0; i < 2; i++) {
        vo_error err = {0};
        vo_readings_set *set = parse(text[i], standard, &err);
        cr_assert(set, "%zu: %s", i, err.msg);
        const vo_clean_options o = vo_clean_options_default();
        vo_series *s = NULL;
        vo_clean_report *report = NULL;
        cr_assert_eq(vo_clean(set->item[0], &o, &s, &report, &err), VO_OK, "%s", err.msg);
        cr_assert_eq(s->n, 3);
        cr_assert_eq(s->start[0].s, 1711839600);
        cr_assert_eq(s->start[2].s, 1711839600 + 7200);
        cr_assert(s->column[0].value[2] == 2);
        cr_assert_eq(report->count[VO_CLEAN_DST_SKIPPED], i == 0 ? 1u : 0u);
        vo_series_free(s);
        vo_clean_report_free(report);
        vo_readings_set_free(set);
    }
}

Test(source_entsoe, load_exports_have_actual_and_forecast) {
    const char *text =
        "\"Time (CET/CEST)\",\"Day-ahead Total Load Forecast [MW] - BZN|BE\",\"Actual Total "
        "Load [MW] - BZN|BE\"\n"
        "\"01.01.2024 00:00 - 01.01.2024 00:15\",\"8000\",\"8123\"\n";
    vo_error err = {0};
    vo_readings_set *set = parse(text, standard, &err);
    cr_assert(set, "%s", err.msg);
    const vo_readings *r = set->item[0];
    cr_assert_str_eq(r->kind, "load");
    cr_assert_str_eq(r->node, "BE");
    cr_assert_str_eq(r->column[0].name, "load_mw");
    cr_assert(r->column[0].value[0] == 8123 && r->column[1].value[0] == 8000);
    vo_readings_set_free(set);
}

Test(source_entsoe, areas_have_names_of_up_to_127_bytes) {
    char name[VO_NODE_NAME], text[600];
    vo_error err = {0};
    snprintf(name, sizeof name, "%0*d", VO_NODE_NAME - 1, 0);
    snprintf(text, sizeof text,
             "\"Time (CET/CEST)\",\"Day-ahead Total Load Forecast [MW] - BZN|%s\",\"Actual "
             "Total Load [MW] - BZN|%s\"\n"
             "\"01.01.2024 00:00 - 01.01.2024 00:15\",\"8000\",\"8123\"\n",
             name, name);
    vo_readings_set *set = parse(text, standard, &err);
    cr_assert(set, "%s", err.msg);
    cr_assert_str_eq(set->item[0]->node, name);
    vo_readings_set_free(set);
}

#define OLD "MTU (CET/CEST),Day-ahead Price [EUR/MWh],Currency,BZN|FR\n"

Test(source_entsoe, exports_are_refused_by_field_and_value) {
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"MTU (EAT),Day-ahead Price [EUR/MWh]\n", "clocks known here"},
        {"MTU (UTC),Day-ahead Price\n", "no unit"},
        {"MTU (UTC),Solar - Actual Aggregated [MW]\n", "prices and total load are read"},
        {OLD, "no values"},
        {OLD "01.01.2024 00:00,1,EUR,\n", "MTU: \"01.01.2024 00:00\""},
        {OLD "01.13.2024 00:00 - 01.13.2024 01:00,1,EUR,\n", "MTU: "},
        {OLD "01.01.2024 01:00 - 01.01.2024 00:00,1,EUR,\n", "does not end"},
        {OLD "01.01.2024 00:00 - 01.01.2024 01:00,x,EUR,\n", "price: \"x\""},
        {OLD "01.01.2024 00:00 (EST) - 01.01.2024 01:00 (EST),1,EUR,\n", "has a mark"},
        {OLD "01.01.2024 00:00 (CEST) - 01.01.2024 01:00 (CEST),1,EUR,\n", "not in force"},
        {NEW "01.01.2024 00:00 - 01.01.2024 01:00,BZN|FR,Sequence x,1,,\n", "Sequence x"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_error err = {0};
        cr_assert(!parse(bad[i].text, standard, &err), "%zu was read", i);
        cr_assert_eq(err.code, VO_EINVAL, "%zu: %s", i, err.msg);
        cr_assert(strstr(err.msg, bad[i].says), "%zu: %s", i, err.msg);
    }
}

Test(source_entsoe, only_the_platforms_documents_are_recognised) {
    static const char *const is[] = {DOC,
                                     "\n<ns:GL_MarketDocument>",
                                     OLD,
                                     NEW,
                                     "<Acknowledgement_MarketDocument\n xmlns=\"\">",
                                     "<Balancing_MarketDocument>"};
    static const char *const is_not[] = {
        "", "timestamp,price\n", "<Reporte>", "Time,Load\n", "{\"MTU\":1}", "<OASISReport>"};
    for (size_t i = 0; i < sizeof is / sizeof is[0]; i++)
        cr_assert(vo_source_entsoe_is(is[i], strlen(is[i])), "%zu", i);
    for (size_t i = 0; i < sizeof is_not / sizeof is_not[0]; i++)
        cr_assert(!vo_source_entsoe_is(is_not[i], strlen(is_not[i])), "%zu", i);
}

/* ---- the files of the data folder ------------------------------------------------- */

static vo_status read_file(const char *path, vo_readings_set **set, vo_error *err) {
    vo_bytes *in = NULL;
    const char *head = NULL;
    size_t n = 0;
    cr_assert_eq(vo_readings_set_create(set, NULL), VO_OK);
    cr_assert_eq(vo_bytes_open_file(path, &in, NULL), VO_OK);
    cr_assert_eq(vo_bytes_head(in, &head, &n, NULL), VO_OK);
    cr_assert(vo_source_entsoe_is(head, n));
    const vo_status st = vo_source_entsoe_parse(in, &standard, *set, err);
    vo_bytes_close(in);
    return st;
}

Test(source_entsoe, the_published_day_of_the_netherlands_is_24_hours) {
    char path[DATA_PATH];
    NEED_DATA("entsoe_xml/A44_dayahead_NL_2025-09-17.xml", path);
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(read_file(path, &set, &err), VO_OK, "%s", err.msg);
    const vo_readings *r = set->item[0];
    double sum = 0;
    for (size_t i = 0; i < r->n; i++) sum += r->column[0].value[i];
    cr_assert_eq(r->n, 24);
    cr_assert_str_eq(r->node, "NL");
    cr_assert_eq(r->start_s[0], 1758060000);
    cr_assert_float_eq(sum, 1983.74, 1e-9);
    cr_assert_str_eq(set->note, "");
    vo_readings_set_free(set);
}

Test(source_entsoe, the_sample_of_a03_repeats_three_hours) {
    char path[DATA_PATH];
    NEED_DATA("entsoe_xml/hexagon_publication.a03curvetype.xml", path);
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(read_file(path, &set, &err), VO_OK, "%s", err.msg);
    assert_prices(set->item[0], 1704067200, 3600, 6, (const double[]){50, 50, 55, 55, 55, 60});
    cr_assert_str_eq(set->item[0]->node, "CZ_SK");
    cr_assert(strstr(set->note, "3 omitted") && strstr(set->note, "border"), "%s", set->note);
    vo_readings_set_free(set);
}

Test(source_entsoe, the_lower_case_sample_is_four_hours_of_load) {
    char path[DATA_PATH];
    NEED_DATA("entsoe_xml/synthetic_A03_gaps_entsoe-py.xml", path);
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(read_file(path, &set, &err), VO_OK, "%s", err.msg);
    assert_prices(set->item[0], 1767225600, 3600, 4, (const double[]){100, 100, 200, 200});
    cr_assert_str_eq(set->item[0]->kind, "load");
    vo_readings_set_free(set);
}

Test(source_entsoe, the_published_acknowledgement_is_no_data) {
    char path[DATA_PATH];
    NEED_DATA("entsoe_xml/hexagon_acknowledgement.invalidrequest.xml", path);
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(read_file(path, &set, &err), VO_ENOTFOUND);
    cr_assert(strstr(err.msg, "No matching data found"), "%s", err.msg);
    vo_readings_set_free(set);
}
