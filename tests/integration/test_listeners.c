/* test_listeners.c -- WebSockets of a running server: all events once, in order, however slowly
 * they are read; the end of a key; the end of the server. Events are put into its state database
 * by the test, which so knows what everybody must hear.
 *
 * VOLTEO_LISTENERS=1000 in the environment: as many in the test of many.
 */
#define _XOPEN_SOURCE 700
#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "port/clock.h"
#include "store/api_keys.h"
#include "store/event_log.h"
#include "support/served.h"

static served at;
static vo_database *db;

static void begin(void) {
    char state[DATA_PATH + 20];
    vo_error err = {0};
    at = (served){0};
    cr_assert(temporary_folder(at.folder));
    snprintf(state, sizeof state, "%s/state.db", at.folder);
    cr_assert_eq(vo_database_open(state, &db, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_event_log_migrate(db, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_api_keys_migrate(db, &err), VO_OK, "%s", err.msg);
}

static void end(void) {
    vo_database_close(db);
    served_remove(&at);
}

static void start(const char *const *flag) {
    if (served_start(&at, VOLTEO_PROGRAM, flag)) return;
    char *log = served_log(&at);
    cr_assert(false, "the server did not start: %s", log);
}

static void stop(void) {
    const int code = served_stop(&at, SIGTERM);
    char *log = served_log(&at);
    cr_expect_eq(code, 0, "%d: %s", code, log);
    free(log);
}

/* ---- events ------------------------------------------------------------------------------ */

typedef struct {
    int n;
    size_t padding;
    int64_t *id; /* [n] or NULL */
} batch;

static vo_status add_batch(void *ctx, vo_database *d, vo_error *err) {
    const batch *b = ctx;
    vo_status s = VO_OK;
    char *document = malloc(b->padding + 40);
    int64_t id = 0;
    const int n = sprintf(document, "{\"padding\":\"");
    memset(document + n, 'x', b->padding);
    strcpy(document + (size_t)n + b->padding, "\"}");
    for (int i = 0; i < b->n && s == VO_OK; i++) {
        s = vo_event_log_add(d, "test", "here", document, vo_clock_utc_ms(), &id, err);
        if (b->id) b->id[i] = id;
    }
    free(document);
    return s;
}

static void add(int n, size_t padding, int64_t *id) {
    batch b = {n, padding, id};
    vo_error err = {0};
    cr_assert_eq(vo_database_transact(db, add_batch, &b, &err), VO_OK, "%s", err.msg);
}

/* ---- many -------------------------------------------------------------------------------- */

#define ROOM 4096
typedef struct {
    int fd, heard;
    size_t len; /* bytes in `in` */
    char in[ROOM];
} listener;

enum { EVENTS = 200, PADDING = 1000 };

/* The length of the frame that `in` begins with, 0: not all of it is here; *text within. */
static size_t frame_of(const listener *l, const char **text) {
    const unsigned char *b = (const unsigned char *)l->in;
    if (l->len < 4) return 0;
    const size_t head = (b[1] & 127) == 126 ? 4 : 2;
    const size_t n = head == 4 ? (size_t)b[2] << 8 | b[3] : b[1] & 127u;
    *text = l->in + head;
    return l->len < head + n ? 0 : head + n;
}

/* Reads at most `most` bytes, and holds what has come against what must come. */
static void hear(listener *l, size_t most, const int64_t *id) {
    const size_t room = ROOM - l->len;
    const ssize_t got = recv(l->fd, l->in + l->len, most < room ? most : room, MSG_DONTWAIT);
    if (got < 0) return;
    cr_assert_gt(got, 0, "closed after %d events", l->heard);
    l->len += (size_t)got;
    const char *text;
    for (size_t n; (n = frame_of(l, &text)) > 0;) {
        const int kind = l->in[0] & 15;
        cr_assert_neq(kind, 8, "closed with a code after %d events", l->heard);
        if (kind == 1) {
            cr_assert_lt(l->heard, EVENTS);
            cr_assert_eq(strncmp(text, "{\"id\":", 6), 0, "%.60s", text);
            cr_assert_eq(atoll(text + 6), id[l->heard], "event %d: %.30s", l->heard, text);
            l->heard++;
        }
        l->len -= n;
        memmove(l->in, l->in + n, l->len);
    }
}

static int how_many(void) {
#ifdef __SANITIZE_THREAD__
    const int usual = 20;
#else
    const int usual = 80;
#endif
    const char *v = getenv("VOLTEO_LISTENERS");
    return v ? atoi(v) : usual;
}

/* Rounds of all that have something: quick ones take all, slow ones a little. */
static void hear_all(listener *all, int n, const int64_t *id) {
    struct pollfd *p = calloc((size_t)n, sizeof *p);
    const double until_s = vo_clock_monotonic_s() + 100;
    for (int left = n; left > 0;) {
        cr_assert(vo_clock_monotonic_s() < until_s, "%d have not heard all", left);
        for (int i = 0; i < n; i++)
            p[i] =
                (struct pollfd){.fd = all[i].heard < EVENTS ? all[i].fd : -1, .events = POLLIN};
        cr_assert_gt(poll(p, (nfds_t)n, 20000), 0, "nothing comes; %d have not heard all",
                     left);
        left = 0;
        for (int i = 0; i < n; i++) {
            if (p[i].fd >= 0 && p[i].revents) hear(&all[i], i % 2 ? 700 : ROOM, id);
            left += all[i].heard < EVENTS;
        }
    }
    free(p);
}

Test(listeners, all_hear_every_event_once_in_order_from_threads_though_half_read_slowly,
     .init = begin, .fini = end, .timeout = 240) {
    static int64_t id[EVENTS];
    const int n = how_many();
    struct rlimit r;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &r), 0);
    r.rlim_cur = r.rlim_max;
    setrlimit(RLIMIT_NOFILE, &r);
    if (r.rlim_cur < (rlim_t)n + 100) cr_skip_test("too few open files are allowed");
    listener *all = calloc((size_t)n, sizeof *all);
    start(NULL);
    for (int i = 0; i < n; i++) {
        const int small = 8192;
        cr_assert_eq(served_listen(&at, "/api/v1/events", NULL, &all[i].fd), 101);
        if (i % 2) setsockopt(all[i].fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    }
    for (int i = 0; i < EVENTS; i += 50) add(50, PADDING, id + i);
    hear_all(all, n, id);
    for (int i = 0; i < n; i++) close(all[i].fd);
    free(all);
    stop();
}

/* ---- coming back --------------------------------------------------------------------------- */

Test(listeners, who_comes_back_gets_what_he_missed_and_then_what_is_new, .init = begin,
     .fini = end, .timeout = 120) {
    enum { MISSED = 6000, NEW = 5 }; /* more than the ring of the server has */
    static int64_t id[MISSED + NEW];
    int fd = -1, code = 0;
    char path[80];
    add(MISSED, 20, id);
    start(NULL);
    snprintf(path, sizeof path, "/api/v1/events?last_event_id=%lld", (long long)id[9]);
    cr_assert_eq(served_listen(&at, path, NULL, &fd), 101);
    for (int i = 10; i < MISSED + NEW; i++) {
        if (i == MISSED) add(NEW, 20, id + MISSED);
        char *text = served_hear(fd, 30, &code);
        cr_assert_not_null(text, "%d: closed with %d", i, code);
        cr_assert_eq(atoll(text + 6), id[i], "%d: %.60s", i, text);
        free(text);
    }
    close(fd);
    stop();
}

/* ---- keys ------------------------------------------------------------------------------------ */

static int listen_with(int64_t expires_ms, vo_api_key *made) {
    char text[VO_KEY_TEXT], header[200];
    vo_error err = {0};
    int fd = -1;
    vo_api_key wanted = {.name = "test", .scope = VO_KEY_READ, .expires_ms = expires_ms};
    cr_assert_eq(vo_api_keys_create(db, &wanted, vo_clock_utc_ms(), text, made, &err), VO_OK,
                 "%s", err.msg);
    snprintf(header, sizeof header, "X-Api-Key: %s\r\n", text);
    const double until_s = vo_clock_monotonic_s() + 20;
    while (served_listen(&at, "/api/v1/events", header, &fd) != 101) {
        cr_assert(vo_clock_monotonic_s() < until_s, "the key does not open");
        close(fd);
    }
    return fd;
}

static void expect_closed(int fd, int wanted) {
    int code = 0;
    const double began_s = vo_clock_monotonic_s();
    for (char *text; (text = served_hear(fd, 20, &code));) free(text);
    cr_expect_eq(code, wanted, "closed with %d", code);
    /* A second, and what a busy machine adds. */
    cr_expect_lt(vo_clock_monotonic_s() - began_s, 6);
    close(fd);
}

Test(listeners, a_listener_goes_when_its_key_does_and_the_others_stay, .init = begin,
     .fini = end, .timeout = 120) {
    static const char *const flag[] = {"--auth", "on", NULL};
    vo_api_key kept, revoked, expiring;
    int64_t id = 0;
    int code = 0;
    start(flag);
    const int stays = listen_with(0, &kept), goes = listen_with(0, &revoked);
    const int again = listen_with(0, &expiring);
    cr_assert_eq(vo_api_keys_revoke(db, revoked.id, vo_clock_utc_ms(), NULL), VO_OK);
    expect_closed(goes, 4401);
    const vo_db_value arg[] = {vo_db_integer(vo_clock_utc_ms() + 200), vo_db_text(expiring.id)};
    cr_assert_eq(vo_database_run(db, "UPDATE api_keys SET expires_ms = ? WHERE id = ?", arg, 2,
                                 NULL, NULL, NULL, NULL),
                 VO_OK);
    expect_closed(again, 4401);
    add(1, 20, &id);
    char *text = served_hear(stays, 20, &code);
    cr_assert_not_null(text, "closed with %d", code);
    cr_expect_eq(atoll(text + 6), id);
    free(text);
    close(stays);
    stop();
}

/* ---- the end ---------------------------------------------------------------------------------- */

static bool hear_until(int fd, const char *one, const char *two, int *code) {
    for (char *text; (text = served_hear(fd, 30, code));) {
        const bool found = strstr(text, one) && strstr(text, two);
        free(text);
        if (found) return true;
    }
    return false;
}

Test(listeners, a_job_that_is_handed_back_is_told_before_they_are_closed, .init = begin,
     .fini = end, .timeout = 120) {
    static const char *const flag[] = {"--drain", "0.3", NULL};
    enum { HOURS = 24 * 12000 };
    char *order = malloc(HOURS * 4 + 600);
    int fd = -1, code = 0;
    int n =
        sprintf(order, "{\"kind\":\"compare\",\"request\":{\"battery_params\":{\"power_mw\":"
                       "2,\"capacity_mwh\":4,\"efficiency\":0.85},\"policies\":[\"mpc:"
                       "naive_week\"],\"start\":\"2024-01-01\",\"interval_minutes\":60,"
                       "\"prices\":[");
    for (int i = 0; i < HOURS; i++)
        n += sprintf(order + n, "%s%d", i ? "," : "", i % 97 * 62 % 97);
    sprintf(order + n, "]}}");
    start(flag);
    cr_assert_eq(served_listen(&at, "/api/v1/events", NULL, &fd), 101);
    cr_assert(served_say(fd, "{\"subscribe\":[\"job\"]}"));
    reply r = served_ask(&at, "POST", "/api/v1/jobs", NULL, order);
    free(order);
    cr_assert_eq(r.status, 202, "%s", r.text);
    reply_drop(&r);
    cr_assert(hear_until(fd, "\"job\"", "\"running\"", &code), "closed with %d", code);
    kill(at.pid, SIGTERM);
    cr_expect(hear_until(fd, "\"job\"", "\"queued\"", &code), "closed with %d", code);
    expect_closed(fd, 1001);
    cr_expect_eq(served_stop(&at, 0), 0);
}
