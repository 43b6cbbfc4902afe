/* The report: self-contained, bounded, and closed to whatever names come in. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/report_html.h"

static char *document(const char *name, size_t points) {
    char *text = malloc(2000 + points * 40);
    cr_assert_not_null(text);
    char *p = text;
    p += sprintf(p, "{\"policies\": [{\"policy\": \"%s\", \"power_mw\": [", name);
    for (size_t i = 0; i < points; i++) p += sprintf(p, "%s%d", i ? "," : "", (int)(i % 3) - 1);
    p += sprintf(p, "], \"soc\": [");
    for (size_t i = 0; i <= points; i++) p += sprintf(p, "%s0.5", i ? "," : "");
    p += sprintf(p, "]}], \"batteries\": [{}], \"prices\": {}, \"dates\": [], \"start_s\": [");
    for (size_t i = 0; i < points; i++) p += sprintf(p, "%s%zu", i ? "," : "", i * 300);
    p += sprintf(p, "], \"price\": [");
    for (size_t i = 0; i < points; i++) p += sprintf(p, "%s%zu", i ? "," : "", i % 100);
    sprintf(p, "]}");
    return text;
}

static char *page_of(char *document_text) {
    char *html = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_report_html(document_text, &html, &err), VO_OK, "%s", err.msg);
    free(document_text);
    return html;
}

Test(report_html, a_name_cannot_leave_its_place) {
    char *html = page_of(document("</script><script>alert(1)</script>", 2));
    cr_expect_null(strstr(html, "<script>alert"));
    cr_expect_null(strstr(html, "</script>\\u003c"));
    cr_expect_not_null(strstr(html, "\\u003cscript>alert(1)"));
    free(html);
}

Test(report_html, nothing_is_fetched_from_anywhere) {
    char *html = page_of(document("perfect", 2));
    cr_expect_null(strstr(html, "src="));
    cr_expect_null(strstr(html, "@import"));
    cr_expect_null(strstr(html, "<link"));
    cr_expect_null(strstr(html, "@DATA@"));
    cr_expect_null(strstr(html, "@UPLOT"));
    cr_expect_not_null(strstr(html, "uPlot"));
    free(html);
}

Test(report_html, a_year_of_five_minutes_stays_small) {
    char *html = page_of(document("perfect", 105120));
    cr_expect_lt(strlen(html), 1000000, "%zu bytes", strlen(html));
    free(html);
}

Test(report_html, what_is_no_backtest_is_refused) {
    static const char *const bad[] = {
        "", "[]", "{}", "{\"policies\": []}",
        "{\"policies\": [1], \"batteries\": [{}], \"prices\": {}, \"dates\": []}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *html = NULL;
        vo_error err = {0};
        cr_expect_eq(vo_report_html(bad[i], &html, &err), VO_EINVAL, "%s", bad[i]);
        cr_expect_null(html);
    }
}

/* ---- forecasts judged ---------------------------------------------------------------- */

static char *evaluation(const char *name, size_t points) {
    char *text = malloc(2000 + points * 40);
    cr_assert_not_null(text);
    char *p = text;
    p += sprintf(p,
                 "{\"test\": {\"level\": 0.9}, \"prices\": {}, \"forecasts\": [{\"name\": "
                 "\"%s\", \"metrics\": {\"mae\": 1}, \"by_month\": [], \"by_hour\": []}], "
                 "\"curves\": {\"price\": [",
                 name);
    for (size_t i = 0; i < points; i++) p += sprintf(p, "%s%zu", i ? "," : "", i + 100000);
    sprintf(p, "]}}");
    return text;
}

Test(report_html, an_evaluation_has_a_page_of_its_own_and_no_name_leaves_its_place) {
    char *html = page_of(evaluation("</script><script>alert(1)</script>", 3));
    cr_expect_not_null(strstr(html, "VOLTEO FORECASTS"));
    cr_expect_null(strstr(html, "VOLTEO BACKTEST"));
    cr_expect_null(strstr(html, "<script>alert"));
    cr_expect_not_null(strstr(html, "\\u003cscript>alert(1)"));
    static const char *const marks[] = {"@DATA@",  "@UPLOT", "@STYLE@",
                                        "@TOOLS@", "src=",   "<link"};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        cr_expect_null(strstr(html, marks[i]), "%s", marks[i]);
    free(html);
}

Test(report_html, of_long_curves_of_forecasts_the_last_part_is_shown) {
    char *html = page_of(evaluation("ensemble", 50000));
    cr_expect_lt(strlen(html), 1000000, "%zu bytes", strlen(html));
    cr_expect_not_null(strstr(html, "149999"));
    cr_expect_not_null(strstr(html, "[130000,"));
    free(html);
}
