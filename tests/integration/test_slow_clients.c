/* Two thousand clients that never finish their request: the others do not notice. Times are
 * compared with those before and after on the same machine, and loosely: it may have other work. */
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "port/clock.h"
#include "support/raw_http.h"
#include "support/served.h"

enum { SLOW = 2000, ASKED = 400 };

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct {
    double median_s, p99_s;
} times;

/* New connections and kept ones by turns: who comes must get in, who is in must be heard. */
static times measure(int32_t port) {
    static double took_s[ASKED];
    int kept = raw_connect(port);
    for (int i = 0; i < ASKED; i++) {
        const double began_s = vo_clock_monotonic_s();
        const int fd = i % 2 ? raw_connect(port) : kept;
        raw_say(fd, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        raw_answer a = raw_receive(fd);
        took_s[i] = vo_clock_monotonic_s() - began_s;
        cr_assert_eq(a.status, 200, "answer %d: %d", i, a.status);
        raw_free(&a);
        if (fd != kept) close(fd);
    }
    close(kept);
    qsort(took_s, ASKED, sizeof *took_s, ascending);
    return (times){took_s[ASKED / 2], took_s[ASKED * 99 / 100]};
}

static double larger(double a, double b) { return a > b ? a : b; }

Test(slow_clients, two_thousand_half_open_connections_do_not_slow_the_others, .timeout = 120) {
    static int slow[SLOW];
    struct rlimit r;
    cr_assert(getrlimit(RLIMIT_NOFILE, &r) == 0);
    r.rlim_cur = r.rlim_max < SLOW + 500 ? r.rlim_max : SLOW + 500;
    setrlimit(RLIMIT_NOFILE, &r);
    if (r.rlim_cur < SLOW + 500) cr_skip_test("this machine does not allow 2500 open files");
    static served at;
    cr_assert(served_start(&at, VOLTEO_PROGRAM, NULL), "the server did not start");
    const times before = measure(at.port);
    for (int i = 0; i < SLOW; i++) {
        slow[i] = raw_connect(at.port);
        raw_say(slow[i], i % 2 ? "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " : "G");
    }
    for (int i = 0; i < SLOW; i += 4) raw_say(slow[i], "E"); /* a byte now and then */
    const times during = measure(at.port);
    for (int i = 0; i < SLOW; i++) close(slow[i]);
    const times after = measure(at.port);
    cr_expect_leq(during.median_s, 2 * larger(before.median_s, after.median_s) + 0.005,
                  "median %.2f ms, before %.2f, after %.2f", 1e3 * during.median_s,
                  1e3 * before.median_s, 1e3 * after.median_s);
    cr_expect_leq(during.p99_s, 2 * larger(before.p99_s, after.p99_s) + 0.05,
                  "p99 %.2f ms, before %.2f, after %.2f", 1e3 * during.p99_s,
                  1e3 * before.p99_s, 1e3 * after.p99_s);
    cr_expect_eq(served_stop(&at, SIGTERM), 0);
    served_remove(&at);
}
