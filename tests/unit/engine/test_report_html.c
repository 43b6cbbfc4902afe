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
