/* metrics_page.c -- see metrics_page.h. Plain atomic counters: one loop and a few threads count,
 * and what they count costs far more than an uncontended addition. A page reads each once; the
 * count of a histogram is the sum of the buckets it shows, so that a page never contradicts itself.
 * Format: the exposition formats of Prometheus, text 0.0.4.
 */
#include "serve/metrics_page.h"

#include <math.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "port/process_figures.h"

static const double bucket_s[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                  0.25,   0.5,   1,      2.5,   5,    10,    30};
enum { BUCKETS = sizeof bucket_s / sizeof *bucket_s, STATUSES = 600 };

typedef atomic_uint_fast64_t counter;

typedef struct {
    counter status[STATUSES]; /* [0]: none that HTTP has */
    counter within[BUCKETS + 1];
    counter ns, bytes_in, bytes_out;
} figures;

struct vo_metrics_page {
    const char *const *route;
    size_t n;
    figures *of; /* [n + 1]: the last of what matched no route */
};

vo_status vo_metrics_page_create(const char *const *route, size_t n, vo_metrics_page **out,
                                 vo_error *err) {
    vo_metrics_page *m = calloc(1, sizeof *m);
    if (m) m->of = calloc(n + 1, sizeof *m->of);
    if (!m || !m->of) {
        vo_metrics_page_free(m);
        return vo_fail(err, VO_ENOMEM, "metrics of %zu routes", n);
    }
    m->route = route;
    m->n = n;
    *out = m;
    return VO_OK;
}

void vo_metrics_page_free(vo_metrics_page *m) {
    if (m) free(m->of);
    free(m);
}

static void add(counter *c, uint64_t n) {
    atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}
static uint64_t get(counter *c) { return atomic_load_explicit(c, memory_order_relaxed); }

void vo_metrics_page_count(vo_metrics_page *m, size_t route, int status, double seconds,
                           size_t bytes_in, size_t bytes_out) {
    figures *f = &m->of[route < m->n ? route : m->n];
    if (!(seconds > 0)) seconds = 0;
    size_t b = 0;
    while (b < BUCKETS && seconds > bucket_s[b]) b++;
    add(&f->status[status >= 100 && status < STATUSES ? status : 0], 1);
    add(&f->within[b], 1);
    add(&f->ns, (uint64_t)(fmin(seconds, 1e9) * 1e9));
    add(&f->bytes_in, bytes_in);
    add(&f->bytes_out, bytes_out);
}

/* ---- the page -------------------------------------------------------------------------------- */

typedef struct {
    char *text;
    size_t len, room;
    bool failed;
} page;

__attribute__((format(printf, 2, 3))) static void say(page *p, const char *fmt, ...) {
    for (int tries = 0; tries < 2 && !p->failed; tries++) {
        va_list args;
        va_start(args, fmt);
        const int n = vsnprintf(p->text + p->len, p->room - p->len, fmt, args);
        va_end(args);
        if (n < 0) p->failed = true;
        if (n < 0 || p->len + (size_t)n < p->room) {
            p->len += n < 0 ? 0 : (size_t)n;
            return;
        }
        const size_t room = 2 * (p->room + (size_t)n);
        char *more = realloc(p->text, room);
        if (!more) p->failed = true;
        if (more) p->text = more, p->room = room;
    }
}

static void say_number(page *p, double v) {
    char text[VO_TEXT_NUMBER] = "NaN";
    if (isfinite(v))
        vo_text_format_number(v, text);
    else if (!isnan(v))
        snprintf(text, sizeof text, "%cInf", v > 0 ? '+' : '-');
    say(p, " %s\n", text);
}

static void say_head(page *p, const char *name, const char *type, const char *help) {
    say(p, "# HELP %s ", name);
    for (const char *c = help; *c; c++) /* the two escapes of a help text */
        if (*c == '\n' || *c == '\\')
            say(p, "%s", *c == '\n' ? "\\n" : "\\\\");
        else
            say(p, "%c", *c);
    say(p, "\n# TYPE %s %s\n", name, type);
}

static const char *name_of(const vo_metrics_page *m, size_t i) {
    return i < m->n ? m->route[i] : "unmatched";
}

static void say_requests(vo_metrics_page *m, page *p) {
    say_head(p, "volteo_http_requests_total", "counter", "Requests answered.");
    for (size_t i = 0; i <= m->n; i++)
        for (int s = 0; s < STATUSES; s++) {
            const uint64_t n = get(&m->of[i].status[s]);
            if (n == 0) continue;
            say(p,
                "volteo_http_requests_total{route=\"%s\",class=\"%dxx\",status=\"%d\"} %llu\n",
                name_of(m, i), s / 100, s, (unsigned long long)n);
        }
}

static void say_latencies(vo_metrics_page *m, page *p) {
    const char *name = "volteo_http_request_duration_seconds";
    say_head(p, name, "histogram",
             "From the whole head of a request to its answer being ready, by route.");
    for (size_t i = 0; i <= m->n; i++) {
        figures *f = &m->of[i];
        const uint64_t ns = get(&f->ns);
        uint64_t within[BUCKETS + 1], n = 0;
        for (size_t b = 0; b <= BUCKETS; b++) n = within[b] = n + get(&f->within[b]);
        if (n == 0) continue;
        for (size_t b = 0; b <= BUCKETS; b++) {
            char le[VO_TEXT_NUMBER] = "+Inf";
            if (b < BUCKETS) vo_text_format_number(bucket_s[b], le);
            say(p, "%s_bucket{route=\"%s\",le=\"%s\"} %llu\n", name, name_of(m, i), le,
                (unsigned long long)within[b]);
        }
        say(p, "%s_sum{route=\"%s\"}", name, name_of(m, i));
        say_number(p, (double)ns * 1e-9);
        say(p, "%s_count{route=\"%s\"} %llu\n", name, name_of(m, i), (unsigned long long)n);
    }
}

static void say_bytes(vo_metrics_page *m, page *p, bool out) {
    const char *name =
        out ? "volteo_http_response_bytes_total" : "volteo_http_request_bytes_total";
    say_head(p, name, "counter",
             out ? "Bytes of answers' bodies." : "Bytes of requests' bodies.");
    for (size_t i = 0; i <= m->n; i++) {
        const uint64_t n = get(out ? &m->of[i].bytes_out : &m->of[i].bytes_in);
        if (n > 0)
            say(p, "%s{route=\"%s\"} %llu\n", name, name_of(m, i), (unsigned long long)n);
    }
}

static bool is_name(const char *s) {
    const char *first = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:";
    if (!s || !s[0] || !strchr(first, s[0])) return false;
    return s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:0123456789")] ==
           '\0';
}

static vo_status check_values(const vo_metrics_value *v, size_t n, vo_error *err) {
    for (size_t i = 0; i < n; i++) {
        if (!is_name(v[i].name))
            return vo_fail(err, VO_EINVAL, "metric %zu: \"%.60s\" is no name", i,
                           v[i].name ? v[i].name : "");
        if (v[i].labels && strpbrk(v[i].labels, "{}\n"))
            return vo_fail(err, VO_EINVAL, "metric %s: its labels \"%.60s\" would end its line",
                           v[i].name, v[i].labels);
    }
    return VO_OK;
}

/* All lines of one name stand together, wherever they are in the list. */
static void say_values(page *p, const vo_metrics_value *v, size_t n) {
    for (size_t i = 0; i < n; i++) {
        bool told = false;
        for (size_t j = 0; j < i && !told; j++) told = strcmp(v[j].name, v[i].name) == 0;
        if (told) continue;
        say_head(p, v[i].name, v[i].counter ? "counter" : "gauge", v[i].help ? v[i].help : "");
        for (size_t j = i; j < n; j++) {
            if (strcmp(v[j].name, v[i].name) != 0) continue;
            const bool labels = v[j].labels && v[j].labels[0];
            say(p, "%s%s%s%s", v[j].name, labels ? "{" : "", labels ? v[j].labels : "",
                labels ? "}" : "");
            say_number(p, v[j].value);
        }
    }
}

static void say_process(page *p) {
    vo_process_figures f;
    vo_process_figures_read(&f);
    const vo_metrics_value value[] = {
        {"process_cpu_seconds_total", "User and system time.", NULL, true, f.cpu_s},
        {"process_resident_memory_bytes", "Memory in RAM.", NULL, false, f.resident_bytes},
        {"process_virtual_memory_bytes", "Address space.", NULL, false, f.virtual_bytes},
        {"process_open_fds", "Open files and sockets.", NULL, false, f.open_fds},
        {"process_max_fds", "How many may be open.", NULL, false, f.max_fds},
        {"process_threads", "Threads.", NULL, false, f.threads},
        {"process_start_time_seconds", "When it began, since 1970 UTC.", NULL, false,
         f.start_s}};
    for (size_t i = 0; i < sizeof value / sizeof *value; i++)
        if (!isnan(value[i].value)) say_values(p, &value[i], 1);
}

vo_status vo_metrics_page_text(vo_metrics_page *m, const vo_metrics_value *v, size_t n,
                               char **text, size_t *len, vo_error *err) {
    const vo_status s = check_values(v, n, err);
    if (s != VO_OK) return s;
    page p = {.room = 16384};
    p.text = malloc(p.room);
    if (!p.text) return vo_fail(err, VO_ENOMEM, "the page of metrics");
    p.text[0] = '\0';
    say_requests(m, &p);
    say_latencies(m, &p);
    say_bytes(m, &p, false);
    say_bytes(m, &p, true);
    say_values(&p, v, n);
    say_process(&p);
    if (p.failed) {
        free(p.text);
        return vo_fail(err, VO_ENOMEM, "the page of metrics");
    }
    *text = p.text;
    *len = p.len;
    return VO_OK;
}
