/* test_xml_stream.c -- leaf texts in order, names without prefixes, and every bound. */
#include "data/xml_stream.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char said[1024];
    const char *stop_at;
} log_of;

static vo_status on_open(void *ctx, const char *element, const char *const *value,
                         uint32_t line, vo_error *err) {
    log_of *l = ctx;
    const size_t n = strlen(l->said);
    (void)value;
    (void)err;
    if (n + 80 < sizeof l->said) sprintf(l->said + n, "<%s@%u ", element, line);
    return VO_OK;
}

static vo_status on_close(void *ctx, const char *element, const char *text, uint32_t line,
                          vo_error *err) {
    log_of *l = ctx;
    const size_t n = strlen(l->said);
    (void)line;
    if (n + 80 < sizeof l->said) sprintf(l->said + n, "%.20s=%.40s ", element, text);
    if (l->stop_at && strcmp(l->stop_at, element) == 0)
        return vo_fail(err, VO_ENUMERIC, "stopped at %s", element);
    return VO_OK;
}

static vo_status stream(const char *text, size_t len, log_of *l, vo_error *err) {
    static const vo_xml_events events = {.open = on_open, .close = on_close};
    vo_bytes *in = NULL;
    cr_assert_eq(vo_bytes_open("x.xml", text, len, &in, NULL), VO_OK);
    const vo_status st = vo_xml_stream(in, &events, l, err);
    vo_bytes_close(in);
    return st;
}

Test(xml_stream, leaves_come_in_order_trimmed_without_prefix) {
    const char *text =
        "<?xml version=\"1.0\"?>\n<m:a xmlns:m=\"urn:x\">\n <m:b k=\"1\"> one "
        "&amp; two\n </m:b>mixed<c><!-- no --></c>\n<d><![CDATA[<3>]]></d></m:a>";
    log_of l = {.said = ""};
    cr_assert_eq(stream(text, strlen(text), &l, NULL), VO_OK);
    cr_assert_str_eq(l.said, "<a@2 <b@3 b=one & two <c@4 c= <d@5 d=<3> a= ");
}

static vo_status on_link(void *ctx, const char *element, const char *const *value,
                         uint32_t line, vo_error *err) {
    log_of *l = ctx;
    const size_t n = strlen(l->said);
    (void)err;
    cr_assert(!value[2] && !value[3]);
    sprintf(l->said + n, "%s@%u:%s,%s ", element, line, value[0] ? value[0] : "-",
            value[1] ? value[1] : "-");
    return VO_OK;
}

Test(xml_stream, attributes_that_are_asked_for_come_with_their_tag) {
    static const vo_xml_events events = {.open = on_link, .attribute = {"rel", "href"}};
    const char *text = "\n \n<?xml version=\"1.0\"?><a href='1' hrefs='2' x:rel='u&amp;p' "
                       "xmlns:x='urn:x'>\n<b rel=''/><c/></a>";
    vo_bytes *in = NULL;
    log_of l = {.said = ""};
    vo_error err = {0};
    cr_assert_eq(vo_bytes_open("x.xml", text, strlen(text), &in, NULL), VO_OK);
    cr_assert_eq(vo_xml_stream(in, &events, &l, &err), VO_OK, "%s", err.msg);
    vo_bytes_close(in);
    cr_assert_str_eq(l.said, "a@3:u&p,1 b@4:,- c@4:-,- ");
}

Test(xml_stream, a_callback_ends_the_reading_with_its_own_status) {
    const char *text = "<a><b>1</b><c>2</c></a>";
    log_of l = {.stop_at = "b"};
    vo_error err = {0};
    cr_assert_eq(stream(text, strlen(text), &l, &err), VO_ENUMERIC);
    cr_assert_str_eq(err.msg, "stopped at b");
    cr_assert_str_eq(l.said, "<a@1 <b@1 b=1 ");
}

Test(xml_stream, damage_is_named_with_line_and_column) {
    static const struct {
        const char *text, *says;
    } bad[] = {{"<a>\n<b></a>", "line 2 column"},
               {"<a>", "line 1"},
               {"", "no element found"},
               {" \n\n ", "no element found"},
               {"\n\n<a>\n<b></a>", "line 4 column"},
               {"<a>&bomb;</a>", "undefined entity"},
               {"<a>\xff</a>", "not well-formed"},
               {"<a></a>x", "junk after"},
               {"hello", "line 1"},
               {"<a b></a>", "x.xml"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        log_of l = {.said = ""};
        vo_error err = {0};
        cr_assert_eq(stream(bad[i].text, strlen(bad[i].text), &l, &err), VO_EINVAL, "%zu", i);
        cr_assert(strstr(err.msg, bad[i].says), "%s", err.msg);
    }
}

Test(xml_stream, document_types_and_their_entities_are_refused) {
    const char *text =
        "<!DOCTYPE a [<!ENTITY x \"xxxxxxxxxx\"><!ENTITY y \"&x;&x;\">]><a>&y;</a>";
    log_of l = {.said = ""};
    vo_error err = {0};
    cr_assert_eq(stream(text, strlen(text), &l, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "DOCTYPE"), "%s", err.msg);
    cr_assert_str_eq(l.said, "");
}

Test(xml_stream, depth_text_and_tags_are_bounded) {
    enum { BIG = 3 << 20 };
    char *text = malloc(BIG);
    cr_assert(text);
    vo_error err = {0};
    log_of l = {.said = ""};
    size_t n = 0;
    for (unsigned i = 0; i <= VO_XML_MAX_DEPTH; i++) n += (size_t)sprintf(text + n, "<a>");
    cr_assert_eq(stream(text, n, &l, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "deep"), "%s", err.msg);

    n = (size_t)sprintf(text, "<a>");
    memset(text + n, 'x', VO_XML_MAX_TEXT + 1);
    n += VO_XML_MAX_TEXT + 1;
    n += (size_t)sprintf(text + n, "</a>");
    cr_assert_eq(stream(text, n, &l, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "a text of more than"), "%s", err.msg);
    memmove(text + 3, text + 4, n - 4); /* one byte less: allowed */
    cr_assert_eq(stream(text, n - 1, &l, &err), VO_OK, "%s", err.msg);

    n = (size_t)sprintf(text, "<a><b c=\"");
    memset(text + n, 'x', BIG - n);
    cr_assert_eq(stream(text, BIG, &l, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "a tag or comment of more than"), "%s", err.msg);
    free(text);
}

static vo_status count_text(void *ctx, const char *element, const char *text, uint32_t line,
                            vo_error *err) {
    size_t *n = ctx;
    (void)line;
    (void)err;
    if (strcmp(element, "b") == 0) cr_assert_eq(strlen(text), 8002);
    *n += strlen(text);
    return VO_OK;
}

/* The parser is fed in blocks: some begin within these blanks. */
Test(xml_stream, blanks_within_a_text_stay_wherever_they_lie) {
    static const vo_xml_events events = {.close = count_text};
    enum { N = 60 };
    char *text = malloc(N * 8100);
    cr_assert(text);
    size_t n = (size_t)sprintf(text, "<a>"), total = 0;
    for (int i = 0; i < N; i++) n += (size_t)sprintf(text + n, "<b>x%8000s.</b>", "");
    n += (size_t)sprintf(text + n, "</a>");
    vo_bytes *in = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_bytes_open("x.xml", text, n, &in, NULL), VO_OK);
    cr_assert_eq(vo_xml_stream(in, &events, &total, &err), VO_OK, "%s", err.msg);
    vo_bytes_close(in);
    cr_assert_eq(total, N * 8002u);
    free(text);
}

Test(xml_stream, a_start_tag_is_found_with_or_without_prefix) {
    const char *text = "<?xml?><m:Report xmlns=\"x:Other\"><Reports/></m:Report>";
    cr_assert(vo_xml_has_start(text, strlen(text), "Report"));
    cr_assert(vo_xml_has_start(text, strlen(text), "Reports"));
    cr_assert(!vo_xml_has_start(text, strlen(text), "Other"));
    cr_assert(!vo_xml_has_start(text, strlen(text), "Repo"));
    cr_assert(!vo_xml_has_start("<Repo", 5, "Report"));
}
