/* metrics_page.h -- counters and latencies in Prometheus' text format (0.0.4).
 * Threads: counting from any thread; a page from one at a time. */
#ifndef VO_SERVE_METRICS_PAGE_H
#define VO_SERVE_METRICS_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

typedef struct vo_metrics_page vo_metrics_page;
/* Routes by operation id, [n]; borrowed for the page's life. */
vo_status vo_metrics_page_create(const char *const *route, size_t n, vo_metrics_page **out,
                                 vo_error *err);
void vo_metrics_page_free(vo_metrics_page *m);
/* route: its index, n for none. */
void vo_metrics_page_count(vo_metrics_page *m, size_t route, int status, double seconds,
                           size_t bytes_in, size_t bytes_out);
/* Values of the moment, and totals that others count. */
typedef struct {
    const char *name, *help, *labels; /* labels: "state=\"done\"" or NULL */
    bool counter;                     /* else a gauge */
    double value;
} vo_metrics_value;
/* *text malloc'ed. Adds process_* (memory, cpu, fds, start time) by itself. */
vo_status vo_metrics_page_text(vo_metrics_page *m, const vo_metrics_value *v, size_t n,
                               char **text, size_t *len, vo_error *err);

#endif
