/* test_source_greenbutton_xml.c -- XML to entries and readings: what belongs to what, links,
 * titles, and the bounds of each. */
#include "data/source_greenbutton.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    size_t entries, readings;
    vo_gb_entry entry; /* the last ones */
    vo_gb_reading reading;
} seen;

static vo_status on_entry(void *ctx, const vo_gb_entry *e, vo_error *err) {
    seen *s = ctx;
    (void)err;
    s->entry = *e;
    s->entries++;
    return VO_OK;
}

static vo_status on_reading(void *ctx, const vo_gb_reading *r, vo_error *err) {
    seen *s = ctx;
    (void)err;
    s->reading = *r;
    s->readings++;
    return VO_OK;
}

static vo_status stream(const char *text, seen *s, vo_error *err) {
    static const vo_gb_events events = {on_entry, on_reading};
    vo_bytes *in = NULL;
    memset(s, 0, sizeof *s);
    cr_assert_eq(vo_bytes_open("x.xml", text, strlen(text), &in, NULL), VO_OK);
    const vo_status st = vo_gb_stream(in, &events, s, err);
    vo_bytes_close(in);
    return st;
}

/* Other elements have children of the same names. */
Test(source_greenbutton_xml, only_what_is_a_readings_own_is_its_value) {
    const char *text =
        "<IntervalBlock>\n<interval><start>5</start></interval>\n<IntervalReading><start>7"
        "</start>\n<timePeriod><start>1420099200</start><duration>900</duration></timePeriod>"
        "<value>-1.5</value><start>9</start><cost>2</cost>"
        "<demand><value>8</value><cost>6</cost></demand><ReadingQuality><quality>8</quality></"
        "ReadingQuality>\n"
        "</IntervalReading></IntervalBlock>";
    seen s;
    vo_error err = {0};
    cr_assert_eq(stream(text, &s, &err), VO_OK, "%s", err.msg);
    cr_assert(s.entries == 1 && s.readings == 1 && s.entry.n_blocks == 1);
    cr_assert_eq(s.entry.kind, VO_GB_BLOCK);
    cr_assert_eq(s.reading.start_s, 1420099200);
    cr_assert_eq(s.reading.duration_s, 900);
    cr_assert_eq(s.reading.quality, 8);
    cr_assert(s.reading.value == -1.5 && s.reading.cost == 2);
    cr_assert(s.reading.line == 3 && s.entry.line == 1 && !s.reading.details);
}

Test(source_greenbutton_xml, only_what_is_a_types_own_is_its_field) {
    const char *text = "<ReadingType><uom>72</uom><argument><uom>38</uom></argument>"
                       "<flowDirection></flowDirection></ReadingType>";
    seen s;
    vo_error err = {0};
    cr_assert_eq(stream(text, &s, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(s.entry.kind, VO_GB_TYPE);
    cr_assert_eq(s.entry.field[VO_GB_UOM], 72);
    cr_assert_eq(s.entry.field[VO_GB_FLOW], VO_GB_NONE);
    cr_assert_eq(stream("<UsagePoint><uom>72</uom></UsagePoint>", &s, &err), VO_OK);
    cr_assert_eq(s.entry.field[VO_GB_UOM], VO_GB_NONE);
}

static size_t link(char *to, const char *rel, const char *href) {
    return (size_t)sprintf(to, "<link rel=\"%s\" href=\"%s\"/>", rel, href);
}

Test(source_greenbutton_xml, links_are_kept_once_each_within_bounds) {
    char text[8192], href[VO_GB_HREF + 2];
    seen s;
    vo_error err = {0};
    size_t n = (size_t)sprintf(text, "<feed><entry><link href=\"x\"/><link rel=\"up\"/>");
    n += link(text + n, "self", "me");
    n += link(text + n, "up", "above");
    for (int i = 0; i < VO_GB_LINKS; i++)
        for (int twice = 0; twice < 2; twice++) {
            sprintf(href, "r/%d", i);
            n += link(text + n, "related", href);
        }
    sprintf(text + n, "</entry></feed>");
    cr_assert_eq(stream(text, &s, &err), VO_OK, "%s", err.msg);
    cr_assert_str_eq(s.entry.self, "me");
    cr_assert_str_eq(s.entry.up, "above");
    cr_assert_eq(s.entry.n_related, VO_GB_LINKS);
    cr_assert_str_eq(s.entry.related[VO_GB_LINKS - 1], "r/15");
    n += link(text + n, "related", "one more");
    sprintf(text + n, "</entry></feed>");
    cr_assert_eq(stream(text, &s, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "x.xml line 1: an entry with more than 16 related links"), "%s",
              err.msg);

    static const char *const rel[] = {"self", "up", "related", "alternate"};
    memset(href, 'h', sizeof href);
    for (int k = 0; k < 4; k++)
        for (int more = 0; more < 2; more++) {
            href[VO_GB_HREF - 1 + more] = '\0';
            n = (size_t)sprintf(text, "<entry>");
            n += link(text + n, rel[k], href);
            sprintf(text + n, "</entry>");
            href[VO_GB_HREF - 1 + more] = 'h';
            const bool fits = !more || k == 3;
            cr_assert_eq(stream(text, &s, &err), fits ? VO_OK : VO_EINVAL, "%s", rel[k]);
            if (!fits) cr_assert(strstr(err.msg, "a link of 512 bytes"), "%s", err.msg);
        }
}

/* 121 letters and then one of two bytes, of which the first alone would fit. */
Test(source_greenbutton_xml, titles_are_cut_between_letters) {
    char text[512];
    seen s;
    vo_error err = {0};
    sprintf(
        text,
        "<feed><title>Feed</title><entry><title>%0121d\xc3\xa9t\xc3\xa9</title></entry></feed>",
        0);
    cr_assert_eq(stream(text, &s, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(strlen(s.entry.title), 121u, "\"%s\"", s.entry.title);
    cr_assert_str_eq(s.entry.feed_title, "Feed");
    sprintf(text, "<entry><title>%0120d\xc3\xa9t</title></entry>", 0);
    cr_assert_eq(stream(text, &s, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(strlen(s.entry.title), 122u);
    cr_assert_eq(stream("<entry><title>a\nb\xc3\xa9</title></entry>", &s, &err), VO_OK);
    cr_assert_str_eq(s.entry.title, "a b\xc3\xa9");
}

Test(source_greenbutton_xml, numbers_are_whole_and_in_range_or_refused_by_name) {
    static const struct {
        const char *text, *says;
    } bad[] = {{"<ReadingType><uom>7.2</uom></ReadingType>", "uom: \"7.2\" is not a whole"},
               {"<ReadingType>\n<uom>99999999999</uom></ReadingType>",
                "line 2, uom: \"99999999999\" is out of range"},
               {"<IntervalBlock><IntervalReading><value>1 2</value></IntervalReading>"
                "</IntervalBlock>",
                "value: \"1 2\" is not a number"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        seen s;
        vo_error err = {0};
        cr_assert_eq(stream(bad[i].text, &s, &err), VO_EINVAL, "%zu", i);
        cr_assert(strstr(err.msg, bad[i].says), "%s", err.msg);
    }
}
