/* test_source_greenbutton.c -- links in any order, units, directions, odd days, what is left
 * out. */
#include "data/source_greenbutton.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/clean.h"
#include "support/data_folder.h"
#include "support/read_text.h"

#define T0 INT64_C(1420099200) /* 2015-01-01T08:00Z, midnight in California */

#define FEED "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Feed</title>"
#define ENTRY(self, up, related, title, content)                                               \
    "<entry><id>x</id><link rel=\"self\" href=\"" self "\"/><link rel=\"up\" href=\"" up       \
    "\"/>" related "<title>" title "</title><content>" content "</content></entry>"
#define RELATED(href) "<link href=\"" href "\" rel=\"related\"/>"
#define USAGE(id, title)                                                                       \
    ENTRY("a/UsagePoint/" id, "a/UsagePoint",                                                  \
          RELATED("a/UsagePoint/" id "/MeterReading") RELATED("L/1"), title,                   \
          "<UsagePoint xmlns=\"http://naesb.org/espi\"><ServiceCategory><kind>0</kind>"        \
          "</ServiceCategory></UsagePoint>")
#define METER(usage, id, type)                                                                 \
    ENTRY("a/UsagePoint/" usage "/MeterReading/" id, "a/UsagePoint/" usage "/MeterReading",    \
          RELATED("T/" type), "", "<MeterReading xmlns=\"http://naesb.org/espi\"/>")
#define TYPE(id, fields)                                                                       \
    ENTRY("T/" id, "T", "", "", "<n:ReadingType>" fields "</n:ReadingType>")
#define FIELDS(uom, ten, flow, sums)                                                           \
    "<n:accumulationBehaviour>" sums "</n:accumulationBehaviour><n:currency>840</n:currency>"  \
    "<n:flowDirection>" flow "</n:flowDirection><n:intervalLength>3600</n:intervalLength>"     \
    "<n:powerOfTenMultiplier>" ten "</n:powerOfTenMultiplier><n:uom>" uom "</n:uom>"
#define CLOCK                                                                                  \
    ENTRY("L/1", "L", "", "DST",                                                               \
          "<LocalTimeParameters><dstEndRule>B40E2000</dstEndRule><dstOffset>3600</dstOffset>"  \
          "<tzOffset>-28800</tzOffset></LocalTimeParameters>")
#define BLOCK(usage, meter, readings)                                                          \
    ENTRY(                                                                                     \
        "a/UsagePoint/" usage "/MeterReading/" meter "/IntervalBlock/1",                       \
        "a/UsagePoint/" usage "/MeterReading/" meter "/IntervalBlock", "", "",                 \
        "<IntervalBlock><interval><duration>1</duration><start>1</start></interval>" readings  \
        "</IntervalBlock>")
#define READING(start, duration, value)                                                        \
    "<IntervalReading><timePeriod><duration>" duration "</duration><start>" start              \
    "</start></timePeriod><value>" value "</value></IntervalReading>"

static vo_status parse(const char *text, vo_source_options o, vo_readings_set **set,
                       vo_error *err) {
    return read_text(vo_source_greenbutton_parse, "x.xml", text, strlen(text), &o, set, err);
}

static const vo_source_options standard = {0};

static vo_readings_set *read_well(const char *text) {
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(parse(text, standard, &set, &err), VO_OK, "%s", err.msg);
    return set;
}

static bool near(double a, double b) { return fabs(a - b) <= 1e-12 * fabs(b); }

Test(source_greenbutton, files_are_told_by_their_namespace_or_elements) {
    static const char *const yes[] = {"<feed xmlns:e='http://naesb.org/espi'>",
                                      " <?xml?><IntervalBlock>"};
    static const char *const no[] = {"", "naesb.org/espi", "<feed>", "{}"};
    for (int i = 0; i < 2; i++) cr_assert(vo_source_greenbutton_is(yes[i], strlen(yes[i])));
    for (int i = 0; i < 4; i++) cr_assert_not(vo_source_greenbutton_is(no[i], strlen(no[i])));
}

/* 510 Wh in an hour are 0.51 kW; the order of the entries says nothing. */
Test(source_greenbutton, links_tie_blocks_to_types_and_points_in_any_order) {
    static const char *const text[] = {
        FEED USAGE("01", "Coastal Home") CLOCK METER("01", "7", "1")
            TYPE("1", FIELDS("72", "0", "1", "4")) TYPE("2", FIELDS("72", "3", "19", "4"))
                BLOCK("01", "7",
                      READING("1420099200", "3600", "510")
                          READING("1420102800", "3600", "1290")) "</feed>",
        FEED BLOCK("01", "7",
                   READING("1420099200", "3600", "510") READING("1420102800", "3600", "1290"))
            TYPE("2", FIELDS("72", "3", "19", "4")) TYPE("1", FIELDS("72", "0", "1", "4"))
                METER("01", "7", "1") CLOCK USAGE("01", "Coastal Home") "</feed>"};
    for (int i = 0; i < 2; i++) {
        vo_readings_set *set = read_well(text[i]);
        const vo_readings *r = set->item[0];
        cr_assert_eq(set->n, 1u);
        cr_assert_eq(r->n, 2u);
        cr_assert_str_eq(r->node, "Coastal Home");
        cr_assert_str_eq(r->kind, "load");
        cr_assert_str_eq(r->unit, "kW");
        cr_assert_str_eq(r->market, "GREEN-BUTTON");
        cr_assert_str_eq(r->zone, "-08:00");
        cr_assert_eq(r->n_columns, 1u);
        cr_assert_str_eq(r->column[0].name, "import_kw");
        cr_assert_eq(r->start_s[1], T0 + 3600);
        cr_assert(near(r->column[0].value[0], 0.51) && near(r->column[0].value[1], 1.29));
        cr_assert_eq(r->interval_h, 1.0);
        cr_assert(strstr(set->note, "-08:00 all year"), "%s", set->note);
        vo_readings_set_free(set);
    }
}

Test(source_greenbutton, units_and_powers_of_ten_become_kilowatts) {
    static const struct {
        const char *type, *duration, *value;
        const char *column;
        double kw;
    } is[] = {
        {FIELDS("72", "0", "1", "4"), "900", "210", "import_kw", 0.84},
        {FIELDS("72", "-3", "1", "4"), "3600", "86400", "import_kw", 0.0864},
        {FIELDS("72", "3", "19", "4"), "900", "2", "export_kw", 8},
        {FIELDS("72", "0", "0", "4"), "1800", "-500", "load_kw", -1},
        {FIELDS("72", "0", "4", "4"), "3600", "-500", "net_kw", -0.5},
        {FIELDS("38", "3", "1", "12"), "3600", "5", "import_kw", 5},
        {FIELDS("31", "3", "1", "4"), "3600", "3600", "import_kw", 1},
        {"<uom>72</uom>", "3600", "1000", "load_kw", 1},
    };
    for (size_t i = 0; i < sizeof is / sizeof is[0]; i++) {
        char text[4096];
        sprintf(text,
                FEED METER("1", "1", "1")
                    ENTRY("T/1", "T", "", "", "<ReadingType>%s</ReadingType>")
                        BLOCK("1", "1", READING("1420099200", "%s", "%s")) "</feed>",
                is[i].type, is[i].duration, is[i].value);
        vo_readings_set *set = read_well(text);
        const vo_readings *r = set->item[0];
        cr_assert_str_eq(r->column[0].name, is[i].column);
        cr_assert(near(r->column[0].value[0], is[i].kw), "%zu: %.17g", i,
                  r->column[0].value[0]);
        cr_assert_str_eq(r->node, "a-1");
        vo_readings_set_free(set);
    }
}

/* Import in three hours (one of them said twice), export in the middle one and a later one. */
Test(source_greenbutton, directions_of_a_point_are_joined_by_interval) {
    vo_readings_set *set = read_well(
        FEED USAGE("1", "Home") METER("1", "I", "1") METER("1", "E", "2") TYPE(
            "1", FIELDS("72", "0", "1", "4")) TYPE("2", FIELDS("72", "0", "19", "4"))
            BLOCK("1", "I",
                  READING("1420099200", "3600", "100") READING("1420102800", "3600", "200"))
                BLOCK("1", "E",
                      READING("1420102800", "3600", "70") READING("1420113600", "3600", "80"))
                    BLOCK("1", "I",
                          READING("1420102800", "3600", "250")
                              READING("1420106400", "3600", "300")) "</feed>");
    const vo_readings *r = set->item[0];
    static const struct {
        int64_t at;
        double import, export; /* NAN: none */
    } is[] = {{0, 0.1, (double)NAN},
              {3600, 0.2, 0.07},
              {3600, 0.25, 0.07},
              {7200, 0.3, (double)NAN},
              {14400, (double)NAN, 0.08}};
    cr_assert_eq(set->n, 1u);
    cr_assert_eq(r->n, 5u);
    cr_assert_str_eq(r->column[0].name, "import_kw");
    cr_assert_str_eq(r->column[1].name, "export_kw");
    for (size_t i = 0; i < 5; i++) {
        const double import = r->column[0].value[i], export = r->column[1].value[i];
        cr_assert_eq(r->start_s[i], T0 + is[i].at);
        cr_assert(isnan(is[i].import) ? isnan(import) : near(import, is[i].import), "%zu", i);
        cr_assert(isnan(is[i].export) ? isnan(export) : near(export, is[i].export), "%zu", i);
    }
    vo_readings_set_free(set);
}

/* Two import meters of one point: the second overlaps the first, the third follows it. */
Test(source_greenbutton, overlapping_meters_are_nodes_and_following_ones_are_not) {
    static const char *const part[] = {
        FEED USAGE("1", "Home") USAGE("2", "Feed") USAGE("3", "Twin") USAGE("4", "Twin"),
        METER("1", "A", "1") METER("1", "B", "1") METER("1", "C", "1") METER("2", "D", "1"),
        METER("3", "F", "1") METER("4", "G", "1") TYPE("1", FIELDS("72", "0", "1", "4")),
        BLOCK("1", "A", READING("1420099200", "3600", "1")),
        BLOCK("1", "B", READING("1420099200", "3600", "2")),
        BLOCK("1", "C", READING("1420102800", "3600", "3")),
        BLOCK("2", "D", READING("1420099200", "3600", "4")),
        BLOCK("3", "F", READING("1420099200", "3600", "5")),
        BLOCK("4", "G", READING("1420099200", "3600", "6")),
        BLOCK("9", "H", READING("1420099200", "3600", "7")) "</feed>"};
    char text[8192] = "";
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) strcat(text, part[i]);
    vo_readings_set *set = read_well(text);
    static const struct {
        const char *node;
        size_t n;
        double first;
    } is[] = {
        {"Home", 2, 0.001}, {"Home-2", 1, 0.002}, {"a-2", 1, 0.004}, /* the feed's title */
        {"a-3", 1, 0.005},  {"a-4", 1, 0.006},    {"a-9", 1, 0.007}};
    cr_assert_eq(set->n, 6u);
    for (size_t i = 0; i < 6; i++) {
        cr_assert_str_eq(set->item[i]->node, is[i].node);
        cr_assert_eq(set->item[i]->n, is[i].n, "%s", is[i].node);
        cr_assert(near(set->item[i]->column[0].value[0], is[i].first));
    }
    cr_assert(near(set->item[0]->column[0].value[1], 0.003));
    vo_readings_set_free(set);
}

/* Days of 24, 23 and 25 hours lie on a grid of hours: mean power stays, and so does energy. */
Test(source_greenbutton, days_of_odd_length_become_hours_of_the_same_energy) {
    vo_readings_set *set = NULL;
    vo_error err = {0};
    const vo_source_options o = {.zone = "America/New_York", .node = "HOME"};
    const char *text =
        "<IntervalBlock xmlns=\"http://naesb.org/espi\">"
        "<IntervalReading><cost>240000</cost><timePeriod><duration>86400</duration>"
        "<start>1362805200</start></timePeriod><value>24000</value></IntervalReading>" READING(
            "1362891600", "82800", "46000") "</IntervalBlock>";
    cr_assert_eq(parse(text, o, &set, &err), VO_OK, "%s", err.msg);
    const vo_readings *r = set->item[0];
    double energy_kwh = 0, cost = 0;
    cr_assert_eq(r->n, 47u);
    cr_assert_str_eq(r->node, "HOME");
    cr_assert_str_eq(r->column[1].name, "cost");
    for (size_t i = 0; i < 47; i++) {
        cr_assert_eq(r->start_s[i], 1362805200 + (int64_t)i * 3600);
        cr_assert(near(r->column[0].value[i], i < 24 ? 1 : 2));
        energy_kwh += r->column[0].value[i];
        if (i < 24)
            cost += r->column[1].value[i];
        else
            cr_assert(isnan(r->column[1].value[i]));
    }
    cr_assert(near(energy_kwh, 70) && near(cost, 2.4));
    cr_assert_eq(r->interval_h, 1.0);
    cr_assert(strstr(set->note, "2 longer readings cut"), "%s", set->note);
    cr_assert(strstr(set->note, "2 values taken as Wh"), "%s", set->note);
    vo_readings_set_free(set);
}

Test(source_greenbutton, lengths_too_far_apart_stay_as_they_are) {
    vo_readings_set *set = read_well("<IntervalBlock>" READING("1420099200", "86400", "1")
                                         READING("1420185600", "1", "2") "</IntervalBlock>");
    cr_assert_eq(set->item[0]->n, 2u);
    cr_assert_eq(set->item[0]->interval_h, 0.0);
    cr_assert(strstr(set->note, "uneven"), "%s", set->note);
    vo_readings_set_free(set);
}

Test(source_greenbutton, values_without_a_type_are_watt_hours_or_what_a_mapping_says) {
    const char *text =
        "<IntervalBlock>" READING("1420099200", "3600", "86400") "</IntervalBlock>";
    vo_readings_set *set = read_well(text);
    cr_assert(near(set->item[0]->column[0].value[0], 86.4));
    cr_assert(strstr(set->note, "1 values taken as Wh"), "%s", set->note);
    cr_assert_str_eq(set->item[0]->column[0].name, "load_kw");
    cr_assert_str_eq(set->item[0]->zone, "UTC");
    vo_readings_set_free(set);
    vo_source_column column = {"import_kw", "value", 1e-6, 0}; /* mWh of hours */
    const vo_source_options o = {.column = &column, .n_columns = 1};
    vo_error err = {0};
    cr_assert_eq(parse(text, o, &set, &err), VO_OK, "%s", err.msg);
    cr_assert(near(set->item[0]->column[0].value[0], 0.0864));
    cr_assert_str_eq(set->item[0]->column[0].name, "import_kw");
    vo_readings_set_free(set);
    column.name = "price";
    cr_assert_eq(parse(text, o, &set, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "price"), "%s", err.msg);
}

Test(source_greenbutton, the_only_type_of_a_file_is_that_of_blocks_without_a_meter) {
    vo_readings_set *set = read_well(FEED TYPE("1", FIELDS("72", "-3", "19", "4")) BLOCK(
        "1", "1", READING("1420099200", "3600", "86400")) "</feed>");
    cr_assert(near(set->item[0]->column[0].value[0], 0.0864));
    cr_assert_str_eq(set->item[0]->column[0].name, "export_kw");
    vo_readings_set_free(set);
}

Test(source_greenbutton, what_is_not_kept_is_said) {
    vo_readings_set *set = read_well(
        FEED USAGE("1", "Home") METER("1", "A", "1") METER("1", "B", "2")
            TYPE("1", FIELDS("72", "0", "1", "4")) TYPE("1", FIELDS("72", "3", "1", "4"))
                TYPE("2", FIELDS("169", "0", "1", "4"))
                    BLOCK("1", "A",
                          "<IntervalReading><ReadingQuality><quality>17</quality>"
                          "</ReadingQuality><ReadingQuality><quality>8</quality>"
                          "</ReadingQuality><timePeriod><start>1420099200</start>"
                          "</timePeriod><value>5</value><tou>1</tou></IntervalReading>")
                        BLOCK("1", "B", READING("1420099200", "3600", "1")) "</feed>");
    cr_assert_eq(set->n, 1u);
    cr_assert_eq(set->rows, 1u);
    cr_assert(near(set->item[0]->column[0].value[0], 0.005)); /* the first type of its link */
    cr_assert(strstr(set->note, "1 readings left out: uom therm 169"), "%s", set->note);
    cr_assert(strstr(set->note, "1 readings are estimates"), "%s", set->note);
    cr_assert(strstr(set->note, "contradict"), "%s", set->note);
    cr_assert(strstr(set->note, "times of use left out"), "%s", set->note);
    vo_readings_set_free(set);
}

Test(source_greenbutton, what_is_not_power_over_intervals_is_refused_by_name) {
    static const struct {
        const char *type, *says;
    } bad[] = {
        {FIELDS("169", "0", "1", "4"), "uom therm 169"},
        {FIELDS("73", "0", "1", "4"), "uom VArh 73"},
        {FIELDS("72", "0", "1", "3"), "register"},
        {FIELDS("72", "0", "1", "1"), "register"},
        {FIELDS("72", "0", "15", "4"), "flowDirection 15"},
        {FIELDS("72", "40", "1", "4"), "powerOfTenMultiplier 40"},
        {FIELDS("72", "0", "1", "4") "<commodity>7</commodity>", "commodity"},
        {FIELDS("38", "0", "1", "6") "<dataQualifier>8</dataQualifier>", "dataQualifier"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[4096];
        vo_readings_set *set = NULL;
        vo_error err = {0};
        sprintf(text,
                FEED METER("1", "1", "1")
                    ENTRY("T/1", "T", "", "", "<ReadingType>%s</ReadingType>")
                        BLOCK("1", "1", READING("1420099200", "3600", "1")) "</feed>",
                bad[i].type);
        cr_assert_eq(parse(text, standard, &set, &err), VO_EUNSUPPORTED, "%zu", i);
        cr_assert(strstr(err.msg, bad[i].says), "%zu: %s", i, err.msg);
    }
}

Test(source_greenbutton, what_cannot_be_right_is_refused_in_words) {
    static const struct {
        const char *text;
        vo_status st;
        const char *says;
    } bad[] = {
        {FEED USAGE("1", "x") "</feed>", VO_ENOTFOUND, "1 UsagePoints"},
        {"<IntervalBlock>", VO_EINVAL, "whole"},
        {"<IntervalBlock/>", VO_ENOTFOUND, "without interval readings"},
        {"<!DOCTYPE x [<!ENTITY a \"b\">]><IntervalBlock/>", VO_EINVAL, "DOCTYPE"},
        {"<IntervalBlock>" READING("soon", "3600", "1") "</IntervalBlock>", VO_EINVAL, "start"},
        {"<IntervalBlock>" READING("", "3600", "1") "</IntervalBlock>", VO_EINVAL, "start"},
        {"<IntervalBlock>" READING("1420099200000", "3600", "1") "</IntervalBlock>", VO_EINVAL,
         "out of range"}, /* milliseconds */
        {"<IntervalBlock>" READING("1420099200", "-1", "1") "</IntervalBlock>", VO_EINVAL,
         "duration"},
        {"<IntervalBlock>" READING("1420099200", "0", "1") "</IntervalBlock>", VO_EINVAL,
         "without duration"},
        {"<IntervalBlock>" READING("1420099200", "3600", "1,5") "</IntervalBlock>", VO_EINVAL,
         "value"},
        {"<ReadingType><uom>many</uom></ReadingType>", VO_EINVAL, "uom"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_readings_set *set = NULL;
        vo_error err = {0};
        cr_assert_eq(parse(bad[i].text, standard, &set, &err), bad[i].st, "%zu: %s", i,
                     err.msg);
        cr_assert(strstr(err.msg, bad[i].says), "%zu: %s", i, err.msg);
        cr_assert(strstr(err.msg, "x.xml"), "%s", err.msg);
    }
}

Test(source_greenbutton, one_meter_can_be_asked_for) {
    const char *text = FEED USAGE("1", "Home") USAGE("2", "Barn")
        BLOCK("1", "A", READING("1420099200", "3600", "1"))
            BLOCK("2", "B", READING("1420099200", "3600", "2")) "</feed>";
    vo_readings_set *set = NULL;
    vo_error err = {0};
    vo_source_options o = {.only_node = "Barn"};
    cr_assert_eq(parse(text, o, &set, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(set->n, 1u);
    cr_assert(near(set->item[0]->column[0].value[0], 0.002));
    vo_readings_set_free(set);
    o.only_node = "Shed";
    cr_assert_eq(parse(text, o, &set, &err), VO_ENOTFOUND);
    cr_assert(strstr(err.msg, "Home, Barn"), "%s", err.msg);
}

/* ---- real files; sums were made with Python's ElementTree -------------------------------- */

static vo_readings_set *read_file(const char *path) {
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_source_read(path, &standard, &set, &err), VO_OK, "%s", err.msg);
    return set;
}

static double sum(const vo_readings *r, size_t c) {
    double s = 0;
    for (size_t i = 0; i < r->n; i++) s += r->column[c].value[i];
    return s;
}

Test(source_greenbutton, the_coastal_family_has_362_hours_of_510_to_1290_wh) {
    char path[DATA_PATH];
    NEED_DATA("greenbutton/cew821_sample_greenbutton_data.xml", path);
    vo_readings_set *set = read_file(path);
    const vo_readings *r = set->item[0];
    double low = 1e9, high = 0;
    cr_assert_eq(set->n, 1u);
    cr_assert_eq(r->n, 362u);
    cr_assert_str_eq(r->node, "Coastal Single Family");
    cr_assert_str_eq(r->column[0].name, "import_kw");
    cr_assert_str_eq(r->currency, ""); /* no costs */
    cr_assert_str_eq(r->zone, "-08:00");
    for (size_t i = 0; i < r->n; i++) {
        cr_assert_eq(r->start_s[i] % 3600, 0);
        low = fmin(low, r->column[0].value[i]);
        high = fmax(high, r->column[0].value[i]);
    }
    cr_assert_eq(r->start_s[0], 1293868800);
    cr_assert(near(low, 0.51) && near(high, 1.29));
    cr_assert_float_eq(sum(r, 0), 291.018, 1e-10);
    cr_assert_float_eq(sum(r, 0) / 362, 0.8039171270718233, 1e-12);
    vo_readings_set_free(set);
}

Test(source_greenbutton, edisons_feed_has_three_quarters_of_its_own_point) {
    char path[DATA_PATH];
    NEED_DATA("greenbutton/verdigris_BulkSCEUsageSummaryAndIntervalBlock.xml", path);
    vo_readings_set *set = read_file(path);
    const vo_readings *r = set->item[0];
    cr_assert_eq(set->n, 1u);
    cr_assert_eq(r->n, 3u);
    cr_assert_str_eq(r->node, "VJEWP31BE-NB6WRU");
    cr_assert(near(r->column[0].value[0], 0.84) && near(r->column[0].value[1], 0.8));
    cr_assert_eq(r->interval_h, 0.25);
    cr_assert_str_eq(r->currency, "USD");
    cr_assert(strstr(set->note, "contradict"), "%s", set->note);
    vo_readings_set_free(set);
}

/* 444 days, two of 23 hours and one of 25: 10 655 hours, 9 917.817 kWh, 1 072.12833 of cost. */
Test(source_greenbutton, days_around_clock_changes_keep_their_energy) {
    char path[DATA_PATH];
    NEED_DATA("greenbutton/verdigris_ESPIIntervalBlock.xml", path);
    vo_readings_set *set = read_file(path);
    const vo_readings *r = set->item[0];
    cr_assert_eq(r->n, 10655u);
    for (size_t i = 0; i < r->n; i++)
        cr_assert_eq(r->start_s[i], 1357016400 + (int64_t)i * 3600);
    cr_assert_float_eq(sum(r, 0), 9917.817, 1e-8);
    cr_assert_float_eq(sum(r, 1), 1072.12833, 1e-8);
    const size_t march = (1362891600 - 1357016400) / 3600,
                 november = (1383451200 - 1357016400) / 3600;
    cr_assert(near(r->column[0].value[march], 25.389 / 23));
    cr_assert(near(r->column[0].value[march + 22], 25.389 / 23));
    cr_assert(near(r->column[0].value[november + 24], 25.935 / 25));
    cr_assert_not(near(r->column[0].value[november + 25], 25.935 / 25));
    cr_assert(strstr(set->note, "444 longer readings"), "%s", set->note);
    vo_series *s = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_clean(r, NULL, &s, NULL, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(s->n, 10655u);
    vo_series_free(s);
    vo_readings_set_free(set);
}

/* 24 answers of one MeterReading, each the one before and an hour more: 2 556 readings of 2 280
 * hours, which agree. Cleaning drops the 276 that are said again. */
Test(source_greenbutton, pacific_gas_says_2280_hours_in_2556_readings) {
    char path[DATA_PATH];
    NEED_DATA("greenbutton/verdigris_PGEIntervalBlock.xml", path);
    vo_readings_set *set = read_file(path);
    const vo_readings *r = set->item[0];
    vo_series *s = NULL;
    vo_clean_report *report = NULL;
    vo_error err = {0};
    cr_assert_eq(set->n, 1u);
    cr_assert_eq(r->n, 2556u);
    cr_assert_str_eq(r->node, "0-1");
    cr_assert_float_eq(sum(r, 0), 514843.175, 1e-5); /* no ReadingType here: as Wh */
    cr_assert(strstr(set->note, "2556 values taken as Wh"), "%s", set->note);
    cr_assert_eq(vo_clean(r, NULL, &s, &report, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(s->n, 2280u);
    cr_assert_eq(report->count[VO_CLEAN_DUPLICATE_SAME], 276u);
    vo_clean_report_free(report);
    vo_series_free(s);
    vo_readings_set_free(set);
}

Test(source_greenbutton, files_without_readings_say_what_they_are) {
    static const char *const file[] = {"greenbutton/verdigris_ESPIUsagePoints.xml",
                                       "greenbutton/verdigris_PGEReadingType.xml",
                                       "greenbutton/verdigris_PGEUsageSummaries.xml"};
    static const char *const says[] = {"43 UsagePoints", "3 ReadingTypes", "0 UsagePoints"};
    for (int i = 0; i < 3; i++) {
        char path[DATA_PATH];
        vo_readings_set *set = NULL;
        vo_error err = {0};
        NEED_DATA(file[i], path);
        cr_assert_eq(vo_source_read(path, &standard, &set, &err), VO_ENOTFOUND);
        cr_assert(strstr(err.msg, says[i]), "%s", err.msg);
    }
}

Test(source_greenbutton, the_common_length_is_the_greatest_common_divisor) {
    cr_expect_eq(vo_gb_common(0, 900), 900, "nothing yet");
    cr_expect_eq(vo_gb_common(900, 0), 900, "no length");
    cr_expect_eq(vo_gb_common(3600, 900), 900);
    cr_expect_eq(vo_gb_common(82800, 90000), 3600, "days of 23 and 25 hours");
    cr_expect_eq(vo_gb_common(86400, 82800), 3600);
}
