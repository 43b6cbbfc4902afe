/* test_simulate.c -- each test states one promise of simulate.h. */
#include "engine/simulate.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "community/matching.h"
#include "engine/community_world.h"
#include "port/file.h"
#include "support/engine_ask.h"

/* The answer as text, on so many threads; the caller's: vo_text_free. */
static char *text_of(const char *request, int threads) {
    vo_engine_options o = vo_engine_options_default();
    vo_engine *e = NULL;
    char *text = NULL;
    vo_error err = {0};
    o.threads = threads;
    cr_assert_eq(vo_engine_open(&o, &e, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_engine_simulate(e, request, &text, &err), VO_OK, "%s", err.msg);
    vo_engine_close(e);
    return text;
}

Test(simulate,
     the_same_seed_gives_the_same_bytes_on_any_number_of_threads_another_seed_others) {
    static const char asked[] = "{\"homes\": 7, \"days\": 1, \"seed\": 3, \"timeline\": true}";
    char *a = text_of(asked, 1), *b = text_of(asked, 2), *c = text_of(asked, 5);
    char *d = text_of("{\"homes\": 7, \"days\": 1, \"seed\": 4, \"timeline\": true}", 1);
    cr_expect_str_eq(a, b);
    cr_expect_str_eq(a, c);
    cr_expect_str_neq(a, d);
    vo_text_free(a);
    vo_text_free(b);
    vo_text_free(c);
    vo_text_free(d);
}

Test(simulate, a_home_is_the_same_however_many_others_there_are) {
    vo_json *few =
        engine_ask("nowhere", vo_engine_simulate, "{\"homes\":3,\"bounds\":\"off\"}");
    vo_json *many =
        engine_ask("nowhere", vo_engine_simulate, "{\"homes\":8,\"bounds\":\"off\"}");
    for (size_t i = 0; i < 3; i++) {
        const vo_json *a = vo_json_at(vo_json_get(few, "households"), i);
        const vo_json *b = vo_json_at(vo_json_get(many, "households"), i);
        static const char *const same[] = {"baseline_pge_total", "pv_only_total",
                                           "greedy_total"};
        for (size_t k = 0; k < 3; k++)
            cr_expect_eq(member_number(vo_json_get(a, "costs"), same[k]),
                         member_number(vo_json_get(b, "costs"), same[k]), "%zu %s", i, same[k]);
    }
    vo_json_free(few);
    vo_json_free(many);
}

Test(simulate, its_answer_makes_a_page_that_stands_alone) {
    vo_engine_options o = vo_engine_options_default();
    vo_engine *e = NULL;
    char *text = text_of("{\"homes\":4,\"bounds\":\"off\"}", 1), *html = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_engine_open(&o, &e, &err), VO_OK);
    cr_assert_eq(vo_engine_report(e, text, &html, &err), VO_OK, "%s", err.msg);
    cr_expect(strstr(html, "VOLTEO COMMUNITY") && strstr(html, "\"synthetic\":true"));
    cr_expect_null(strstr(html, "src=\"http"), "nothing comes from elsewhere");
    cr_expect_null(strstr(html, "href=\"http"), "nothing comes from elsewhere");
    cr_expect_null(strstr(html, "@DATA@"));
    cr_expect_null(strstr(html, "\"trades\":[{"), "single trades stay out of it");
    vo_text_free(html);
    vo_text_free(text);
    vo_engine_close(e);
}

Test(simulate, every_field_stands_in_the_documentation) {
    char *doc = NULL;
    size_t len = 0, n = 0;
    const vo_field *f = vo_simulate_request_fields(&n);
    cr_assert_eq(vo_file_read(VOLTEO_SOURCE_DIR "/docs/api.md", 1u << 20, &doc, &len, NULL),
                 VO_OK);
    const char *section = strstr(doc, "## `volteo simulate`");
    cr_assert_not_null(section);
    for (size_t i = 0; i < n; i++) {
        char quoted[80];
        snprintf(quoted, sizeof quoted, "`%s`", f[i].name);
        cr_expect(strstr(section, quoted), "docs/api.md says nothing of %s", f[i].name);
    }
    free(doc);
}

/* The section of a file that begins with `from`, up to `to`. */
static char *section_of(const char *path, const char *from, const char *to) {
    char *text = NULL;
    size_t len = 0;
    cr_assert_eq(vo_file_read(path, 1u << 20, &text, &len, NULL), VO_OK, "%s", path);
    char *at = strstr(text, from), *end = at ? strstr(at, to) : NULL;
    cr_assert(at && end, "%s: no %s", path, from);
    memmove(text, at, (size_t)(end - at));
    text[end - at] = '\0';
    return text;
}

Test(simulate, scenarios_and_matchings_are_named_wherever_they_are_listed) {
    char *list[] = {
        section_of(VOLTEO_SOURCE_DIR "/docs/api.md", "## `volteo simulate`", "\n## "),
        section_of(VOLTEO_SOURCE_DIR "/src/serve/openapi.json", "\"SimulateRequest\"",
                   "\"SimulateResponse\""),
        section_of(VOLTEO_SOURCE_DIR "/src/apps/cli_flags.c", "{\"homes\"", "{\"threads\"")};
    const char *const *names = NULL, *const *notes = NULL;
    const size_t n = vo_world_scenarios(&names, &notes);
    cr_assert_gt(n, (size_t)0);
    for (size_t k = 0; k < sizeof list / sizeof list[0]; k++) {
        for (size_t i = 0; i < n; i++)
            cr_expect(strstr(list[k], names[i]), "list %zu lacks %s", k, names[i]);
        for (int32_t m = 0; m < VO_MATCHINGS; m++)
            cr_expect(strstr(list[k], vo_matching_name(m)), "list %zu lacks %s", k,
                      vo_matching_name(m));
        free(list[k]);
    }
}

/* Every member of an object stands in the section, in its backquotes. */
static void expect_documented(const char *section, const vo_json *v) {
    const char *key = NULL;
    const vo_json *member = NULL;
    if (vo_json_kind_of(v) == VO_JSON_ARRAY && vo_json_size(v) > 0)
        expect_documented(section, vo_json_at(v, 0));
    for (size_t i = 0;
         vo_json_kind_of(v) == VO_JSON_OBJECT && vo_json_member(v, i, &key, &member); i++) {
        char quoted[80];
        snprintf(quoted, sizeof quoted, "`%s", key);
        const bool fan = strncmp(key, "soc_p", 5) == 0;
        cr_expect(fan || strstr(section, quoted), "docs/api.md says nothing of %s", key);
        expect_documented(section, member);
    }
}

Test(simulate, every_member_of_an_answer_stands_in_the_documentation) {
    char *doc = NULL;
    size_t len = 0;
    cr_assert_eq(vo_file_read(VOLTEO_SOURCE_DIR "/docs/api.md", 1u << 20, &doc, &len, NULL),
                 VO_OK);
    char *section = strstr(doc, "## `volteo simulate`");
    cr_assert_not_null(section);
    char *end = strstr(section, "\n## `volteo models");
    cr_assert_not_null(end);
    *end = '\0';
    vo_json *r = engine_ask("nowhere", vo_engine_simulate,
                            "{\"homes\":4,\"timeline\":true,\"scenario\":\"one_liar\"}");
    expect_documented(section, r);
    vo_json_free(r);
    free(doc);
}
