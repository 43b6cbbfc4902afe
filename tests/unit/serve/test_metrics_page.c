/* test_metrics_page.c -- the page is read by a parser written here from the description of the
 * text format, and compared with what was counted. */
#include "serve/metrics_page.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "port/process_figures.h"
#include "port/task.h"

enum { MOST = 2000 };

typedef struct {
    char name[80], labels[200];
    double value;
} sample;

static struct {
    sample of[MOST];
    size_t n;
    char family[64][80], type[64][16]; /* in the order of their TYPE lines */
    size_t families;
} page;

static size_t word(const char *s) {
    return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:0123456789");
}

/* The family of a sample's name: itself, or without the suffix of a histogram. */
static bool is_of(const char *name, const char *family, const char *type) {
    const size_t n = strlen(family);
    if (strncmp(name, family, n) != 0) return false;
    if (strcmp(type, "histogram") != 0) return name[n] == '\0';
    return strcmp(name + n, "_bucket") == 0 || strcmp(name + n, "_sum") == 0 ||
           strcmp(name + n, "_count") == 0;
}

static const char *read_labels(const char *c, char *out, size_t size) {
    size_t len = 0;
    out[0] = '\0';
    if (*c != '{') return c;
    c++;
    while (*c != '}') {
        const char *from = c;
        cr_assert_gt(word(c), 0u);
        c += word(c);
        cr_assert(c[0] == '=' && c[1] == '"', "%s", from);
        for (c += 2; *c != '"'; c++) {
            cr_assert_neq(*c, '\0');
            if (*c == '\\') cr_assert(*++c == '"' || *c == '\\' || *c == 'n');
        }
        c++;
        cr_assert_lt(len + (size_t)(c - from) + 2, size);
        memcpy(out + len, from, (size_t)(c - from));
        len += (size_t)(c - from);
        out[len] = '\0';
        if (*c == ',') out[len++] = *c++, out[len] = '\0';
    }
    return c + 1;
}

static void read_line(const char *line) {
    char help[80];
    if (sscanf(line, "# HELP %79s ", help) == 1) return;
    if (line[0] == '#') {
        cr_assert_lt(page.families, 64u);
        cr_assert_eq(sscanf(line, "# TYPE %79s %15s", page.family[page.families],
                            page.type[page.families]),
                     2, "%s", line);
        for (size_t i = 0; i < page.families; i++)
            cr_assert_str_neq(page.family[i], page.family[page.families], "told twice");
        page.families++;
        return;
    }
    sample *s = &page.of[page.n++];
    cr_assert_leq(page.n, (size_t)MOST);
    const size_t n = word(line);
    cr_assert(n > 0 && n < sizeof s->name && !isdigit((unsigned char)line[0]), "%s", line);
    memcpy(s->name, line, n);
    s->name[n] = '\0';
    const char *c = read_labels(line + n, s->labels, sizeof s->labels);
    char *end;
    cr_assert_eq(*c, ' ');
    s->value = strtod(c + 1, &end);
    cr_assert(end > c + 1 && *end == '\0', "%s", line);
    cr_assert_gt(page.families, 0u);
    cr_assert(is_of(s->name, page.family[page.families - 1], page.type[page.families - 1]),
              "%s stands under %s", s->name, page.family[page.families - 1]);
    for (size_t i = 0; i + 1 < page.n; i++)
        cr_assert(strcmp(page.of[i].name, s->name) != 0 ||
                      strcmp(page.of[i].labels, s->labels) != 0,
                  "%s{%s} twice", s->name, s->labels);
}

static void read_page(vo_metrics_page *m, const vo_metrics_value *v, size_t n) {
    char *text = NULL;
    size_t len = 0;
    vo_error err = {0};
    cr_assert_eq(vo_metrics_page_text(m, v, n, &text, &len, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(strlen(text), len);
    cr_assert(len > 0 && text[len - 1] == '\n');
    memset(&page, 0, sizeof page);
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        read_line(line);
    free(text);
}

static double value_of(const char *name, const char *labels) { /* NAN: not there */
    for (size_t i = 0; i < page.n; i++)
        if (strcmp(page.of[i].name, name) == 0 && strcmp(page.of[i].labels, labels) == 0)
            return page.of[i].value;
    return (double)NAN;
}

static const char *const routes[] = {"optimize", "decide", "listJobs"};
static vo_metrics_page *three_routes(void) {
    vo_metrics_page *m = NULL;
    cr_assert_eq(vo_metrics_page_create(routes, 3, &m, NULL), VO_OK);
    return m;
}

Test(metrics_page, requests_are_counted_by_route_class_and_status) {
    vo_metrics_page *m = three_routes();
    for (int i = 0; i < 5; i++) vo_metrics_page_count(m, 0, 200, 0.001, 10, 100);
    vo_metrics_page_count(m, 0, 422, 0.001, 10, 50);
    vo_metrics_page_count(m, 2, 503, 0.001, 0, 7);
    vo_metrics_page_count(m, 3, 404, 0.001, 1, 1);
    vo_metrics_page_count(m, 99, 404, 0.001, 1, 1);
    vo_metrics_page_count(m, 1, -7, 0.001, 0, 0);
    read_page(m, NULL, 0);
    const char *n = "volteo_http_requests_total";
    cr_expect_eq(value_of(n, "route=\"optimize\",class=\"2xx\",status=\"200\""), 5.0);
    cr_expect_eq(value_of(n, "route=\"optimize\",class=\"4xx\",status=\"422\""), 1.0);
    cr_expect_eq(value_of(n, "route=\"listJobs\",class=\"5xx\",status=\"503\""), 1.0);
    cr_expect_eq(value_of(n, "route=\"unmatched\",class=\"4xx\",status=\"404\""), 2.0);
    cr_expect_eq(value_of(n, "route=\"decide\",class=\"0xx\",status=\"0\""), 1.0);
    cr_expect_eq(value_of("volteo_http_request_bytes_total", "route=\"optimize\""), 60.0);
    cr_expect_eq(value_of("volteo_http_response_bytes_total", "route=\"optimize\""), 550.0);
    vo_metrics_page_free(m);
}

Test(metrics_page, a_latency_is_in_every_bucket_that_is_not_below_it) {
    static const char *const le[] = {"0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025",
                                     "0.05",   "0.1",   "0.25",   "0.5",   "1",    "2.5",
                                     "5",      "10",    "30",     "+Inf"};
    enum { N = 500 };
    double seconds[N], sum = 0;
    vo_metrics_page *m = three_routes();
    vo_random r = vo_random_seed(1, 1);
    for (int i = 0; i < N; i++) {
        seconds[i] = i < 16 ? strtod(le[i % 15], NULL) /* exactly at a bound: within */
                            : pow(10, vo_random_between(&r, -4, 2));
        sum += seconds[i];
        vo_metrics_page_count(m, 1, 200, seconds[i], 0, 0);
    }
    read_page(m, NULL, 0);
    for (size_t b = 0; b < sizeof le / sizeof *le; b++) {
        char labels[64];
        int want = 0;
        for (int i = 0; i < N; i++) want += b == 15 || seconds[i] <= strtod(le[b], NULL);
        snprintf(labels, sizeof labels, "route=\"decide\",le=\"%s\"", le[b]);
        cr_expect_eq(value_of("volteo_http_request_duration_seconds_bucket", labels), want,
                     "%s", le[b]);
    }
    cr_expect_float_eq(value_of("volteo_http_request_duration_seconds_sum", "route=\"decide\""),
                       sum, 1e-5);
    cr_expect_eq(value_of("volteo_http_request_duration_seconds_count", "route=\"decide\""), N);
    vo_metrics_page_free(m);
}

Test(metrics_page, values_of_one_name_stand_together_under_one_head) {
    const vo_metrics_value v[] = {
        {"volteo_jobs", "Jobs by state.", "state=\"queued\"", false, 3},
        {"volteo_events_total", "Events\nand a \\.", NULL, true, 1e15},
        {"volteo_jobs", "Jobs by state.", "state=\"do\\\"ne\"", false, (double)NAN},
        {"volteo_depth", NULL, "", false, -(double)INFINITY}};
    vo_metrics_page *m = three_routes();
    read_page(m, v, 4);
    cr_expect_eq(value_of("volteo_jobs", "state=\"queued\""), 3.0);
    cr_expect_eq(value_of("volteo_events_total", ""), 1e15);
    cr_expect(isinf(value_of("volteo_depth", "")));
    cr_expect(isnan(value_of("volteo_jobs", "state=\"do\\\"ne\"")));
    vo_metrics_page_free(m);
}

Test(metrics_page, a_name_or_label_that_would_break_a_line_is_refused) {
    static const vo_metrics_value bad[] = {{"9lives", "", NULL, false, 1},
                                           {"a b", "", NULL, false, 1},
                                           {"", "", NULL, false, 1},
                                           {"a", "", "x=\"1\"} 5\nb{", false, 1}};
    vo_metrics_page *m = three_routes();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *text = NULL;
        size_t len = 0;
        vo_error err = {0};
        cr_expect_eq(vo_metrics_page_text(m, &bad[i], 1, &text, &len, &err), VO_EINVAL);
        cr_expect_null(text);
    }
    vo_metrics_page_free(m);
}

Test(metrics_page, the_process_tells_its_own_figures) {
    vo_metrics_page *m = three_routes();
    vo_process_figures f;
    vo_process_figures_read(&f);
    read_page(m, NULL, 0);
    cr_expect_gt(value_of("process_resident_memory_bytes", ""), 1e5);
    cr_expect_eq(value_of("process_max_fds", ""), f.max_fds);
    cr_expect_float_eq(value_of("process_start_time_seconds", ""), f.start_s, 2);
    cr_expect_geq(value_of("process_cpu_seconds_total", ""), 0.0);
    vo_metrics_page_free(m);
}

static void count_many(void *ctx) {
    for (int i = 0; i < 20000; i++) vo_metrics_page_count(ctx, (size_t)i % 3, 200, 0.002, 1, 2);
}

Test(metrics_page, threads_lose_no_count) {
    vo_metrics_page *m = three_routes();
    vo_task *t[3];
    for (int i = 0; i < 3; i++) cr_assert_eq(vo_task_start(count_many, m, &t[i], NULL), VO_OK);
    read_page(m, NULL, 0); /* in between: it never contradicts itself */
    for (int i = 0; i < 3; i++) vo_task_join(t[i]);
    read_page(m, NULL, 0);
    double n = 0, bytes = 0;
    for (size_t i = 0; i < 3; i++) {
        char labels[64];
        snprintf(labels, sizeof labels, "route=\"%s\"", routes[i]);
        n += value_of("volteo_http_request_duration_seconds_count", labels);
        bytes += value_of("volteo_http_response_bytes_total", labels);
    }
    cr_expect_eq(n, 60000.0);
    cr_expect_eq(bytes, 120000.0);
    vo_metrics_page_free(m);
}
