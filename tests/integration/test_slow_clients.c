/* Two thousand clients that never finish their request: the others do not notice.
 *
 * There are two servers, of which one has the two thousand, and they are asked in alternating rounds: what
 * else the machine has to do falls on both. Medians over rounds are compared. */
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

enum { SLOW = 2000, ASKED = 200, ROUNDS = 9 };

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

static double median(double *v, size_t n) {
    qsort(v, n, sizeof *v, ascending);
    return v[n / 2];
}

static bool room_for_all(void) {
    struct rlimit r;
    cr_assert(getrlimit(RLIMIT_NOFILE, &r) == 0);
    r.rlim_cur = r.rlim_max < SLOW + 500 ? r.rlim_max : SLOW + 500;
    setrlimit(RLIMIT_NOFILE, &r);
    return r.rlim_cur >= SLOW + 500;
}

Test(slow_clients, two_thousand_half_open_connections_do_not_slow_the_others, .timeout = 120) {
    static int slow[SLOW];
    static served calm, flooded;
    double calm_s[2][ROUNDS], flooded_s[2][ROUNDS];
    if (!room_for_all()) cr_skip_test("this machine does not allow 2500 open files");
    cr_assert(served_start(&calm, VOLTEO_PROGRAM, NULL), "the server did not start");
    cr_assert(served_start(&flooded, VOLTEO_PROGRAM, NULL), "the server did not start");
    for (int i = 0; i < SLOW; i++) {
        slow[i] = raw_connect(flooded.port);
        raw_say(slow[i], i % 2 ? "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " : "G");
    }
    for (int i = 0; i < ROUNDS; i++) {
        for (int k = i; k < SLOW; k += 4 * ROUNDS) raw_say(slow[k], "E"); /* now and then */
        const times c = measure(calm.port), f = measure(flooded.port);
        calm_s[0][i] = c.median_s;
        calm_s[1][i] = c.p99_s;
        flooded_s[0][i] = f.median_s;
        flooded_s[1][i] = f.p99_s;
    }
    int held = 0; /* they were there all the time */
    for (int i = 0; i < SLOW; i += 100) held += raw_silent(slow[i], 0);
    cr_expect_eq(held, SLOW / 100);
    for (int i = 0; i < SLOW; i++) close(slow[i]);
    for (int i = 0; i < 2; i++) {
        const double c = median(calm_s[i], ROUNDS), f = median(flooded_s[i], ROUNDS);
        const double more_s = i == 0 ? 0.001 : 0.005; /* beside what a busy machine doubles */
        cr_expect_leq(f, 2 * c + more_s, "%s %.2f ms with them, %.2f ms without",
                      i == 0 ? "median" : "p99", 1e3 * f, 1e3 * c);
    }
    cr_expect_eq(served_stop(&calm, SIGTERM), 0);
    cr_expect_eq(served_stop(&flooded, SIGTERM), 0);
    served_remove(&calm);
    served_remove(&flooded);
}
