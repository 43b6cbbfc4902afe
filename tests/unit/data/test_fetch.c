/* Tests of data/fetch.c in a world of their own: a clock that only sleeping moves, a network
 * that answers as it is told. What a real network does is in integration/test_fetch.c. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/fetch.h"
#include "data/fetch_cache.h"
#include "port/file.h"
#include "port/pause.h"
#include "support/data_folder.h"

#define N 6

typedef struct { /* what the network does with the k-th try of each item */
    int32_t status;
    double retry_after_s;
    bool broken, passing;
    const char *body;
} act;

typedef struct {
    double now_s;
    act script[8]; /* by try; status 0: the end, then 200 */
    size_t tries[N];
    double sent_s[64];
    size_t sent;
    char taken[256]; /* bodies, in the order they were handed over */
    int32_t refuse;  /* take refuses bodies with this number */
    bool empty;
    size_t done;
    bool stop;
    size_t stop_after; /* sends */
} world;

static double now(void *ctx) { return ((world *)ctx)->now_s; }
static void rest(void *ctx, double s) { ((world *)ctx)->now_s += s; }

static vo_status post(void *ctx, size_t worker, const vo_http_request *r, vo_http_reply *out,
                      bool *passing, vo_error *err) {
    world *w = ctx;
    (void)worker;
    const size_t i = (size_t)(r->url[strlen(r->url) - 1] - '0');
    const act *a = &w->script[w->tries[i]++ < 7 ? w->tries[i] - 1 : 7];
    w->sent_s[w->sent++ % 64] = w->now_s;
    if (w->stop_after && w->sent >= w->stop_after) w->stop = true;
    if (a->broken) {
        *passing = a->passing;
        return vo_fail(err, VO_EIO, "host: it broke");
    }
    char body[64];
    snprintf(body, sizeof body, "%s%zu", a->body ? a->body : "b", i);
    *out =
        (vo_http_reply){.status = a->status ? a->status : 200,
                        .retry_after_s = a->retry_after_s > 0 ? a->retry_after_s : (double)NAN,
                        .body = strdup(body),
                        .len = strlen(body)};
    return VO_OK;
}

static bool told_to_stop(void *ctx) { return ((world *)ctx)->stop; }

static vo_status take(void *ctx, size_t i, const char *body, size_t len, bool *empty,
                      vo_error *err) {
    world *w = ctx;
    (void)i;
    cr_assert_eq(strlen(body), len);
    if (w->refuse && body[len - 1] == '0' + w->refuse)
        return vo_fail(err, VO_EINVAL, "cannot read \"%s\"", body);
    *empty = w->empty;
    strcat(w->taken, body);
    strcat(w->taken, " ");
    return VO_OK;
}

static vo_status progress(void *ctx, size_t done, size_t n, const vo_fetch_summary *s,
                          vo_error *err) {
    (void)n, (void)s, (void)err;
    ((world *)ctx)->done = done;
    return VO_OK;
}

typedef struct {
    world w;
    vo_fetch_world seam;
    vo_fetch_options o;
    vo_fetch_item item[N];
    char url[N][64];
    vo_fetch_summary sum;
    vo_error err;
} fixture;

static void start(fixture *x) {
    *x = (fixture){.w = {.now_s = 1e9}};
    x->seam = (vo_fetch_world){now, rest, post, &x->w};
    x->o = vo_fetch_options_default();
    x->o.world = &x->seam;
    x->o.per_minute = 60000;
    x->o.stop = told_to_stop;
    x->o.stop_ctx = &x->w;
    for (size_t i = 0; i < N; i++) {
        snprintf(x->url[i], sizeof x->url[i], "http://host/prices?token=sesame&n=%zu", i);
        x->item[i] =
            (vo_fetch_item){.url = x->url[i], .label = "item", .keep_s = (double)INFINITY};
    }
}

static vo_status run(fixture *x, size_t n) {
    memset(x->w.tries, 0, sizeof x->w.tries);
    x->w.sent = 0;
    x->w.taken[0] = '\0';
    return vo_fetch_all(&x->o, x->item, n, take, progress, &x->w, &x->sum, &x->err);
}

Test(fetch, bodies_are_handed_over_in_the_order_of_the_requests) {
    fixture x;
    start(&x);
    cr_assert_eq(run(&x, N), VO_OK, "%s", x.err.msg);
    cr_assert_str_eq(x.w.taken, "b0 b1 b2 b3 b4 b5 ");
    cr_assert_eq(x.sum.requests, N);
    cr_assert_eq(x.sum.retried, 0);
    cr_assert_eq(x.sum.bytes, 2 * N);
    cr_assert_eq(x.w.done, N);
    cr_assert_eq(run(&x, 0), VO_OK, "nothing to do");
    cr_assert_eq(x.sum.requests, 0);
}

Test(fetch, requests_keep_the_distance_that_politeness_asks_for) {
    fixture x;
    start(&x);
    x.o.per_minute = 12;
    cr_assert_eq(run(&x, N), VO_OK);
    for (size_t i = 1; i < N; i++) {
        const double gap = x.w.sent_s[i] - x.w.sent_s[i - 1];
        cr_assert(gap >= 5 - 1e-5 && gap < 5.01, "%zu: %f s", i, gap);
    }
    cr_assert_float_eq(x.sum.waited_s, 25, 0.01);
}

Test(fetch, what_may_pass_is_asked_again_after_a_random_wait_that_grows) {
    fixture x;
    double total[8] = {0};
    for (uint64_t seed = 1; seed <= 200; seed++) {
        start(&x);
        x.o.seed = seed;
        for (int k = 0; k < 4; k++) x.w.script[k] = (act){.status = k % 2 ? 500 : 503};
        x.w.script[4] = (act){.broken = true, .passing = true};
        cr_assert_eq(run(&x, 1), VO_OK, "%s", x.err.msg);
        cr_assert_eq(x.sum.requests, 6);
        cr_assert_eq(x.sum.retried, 5);
        for (int k = 0; k < 5; k++) {
            const double wait = x.w.sent_s[k + 1] - x.w.sent_s[k], most = ldexp(1, k);
            cr_assert(wait <= most + 0.01, "wait %d: %f s, at most %f", k, wait, most);
            total[k] += wait / most;
        }
    }
    for (int k = 0; k < 5; k++) /* uniform on [0, most]: mean a half, sigma 0.29 / sqrt(200) */
        cr_assert(fabs(total[k] / 200 - 0.5) < 0.09, "wait %d: mean %f", k, total[k] / 200);
}

Test(fetch, the_same_seed_waits_the_same) {
    fixture x, y;
    start(&x);
    start(&y);
    for (int k = 0; k < 3; k++) x.w.script[k] = y.w.script[k] = (act){.status = 429};
    cr_assert_eq(run(&x, 1), VO_OK);
    cr_assert_eq(run(&y, 1), VO_OK);
    cr_assert_arr_eq(x.w.sent_s, y.w.sent_s, 4 * sizeof(double));
    y.w.now_s = 1e9;
    y.o.seed = 2;
    cr_assert_eq(run(&y, 1), VO_OK);
    cr_assert_neq(x.w.sent_s[2], y.w.sent_s[2]);
}

Test(fetch, a_service_that_says_when_is_asked_no_earlier_by_anyone) {
    fixture x;
    start(&x);
    x.w.script[0] = (act){.status = 429, .retry_after_s = 30};
    cr_assert_eq(run(&x, 2), VO_OK, "%s", x.err.msg);
    cr_assert(x.w.sent_s[1] - x.w.sent_s[0] >= 30);
    cr_assert_eq(x.sum.requests, 4);
    start(&x);
    x.w.script[0] = (act){.status = 503, .retry_after_s = 3600};
    cr_assert_eq(run(&x, 2), VO_EIO);
    cr_assert(strstr(x.err.msg, "wait 3600 s") != NULL, "%s", x.err.msg);
    cr_assert_eq(x.sum.requests, 1);
}

Test(fetch, after_the_last_try_the_reason_is_told) {
    fixture x;
    start(&x);
    x.o.retries = 2;
    for (int k = 0; k < 8; k++) x.w.script[k] = (act){.status = 502, .body = "bad gateway "};
    cr_assert_eq(run(&x, 1), VO_EIO);
    cr_assert_eq(x.sum.requests, 3);
    cr_assert(strstr(x.err.msg, "item: status 502 after 3 tries") != NULL, "%s", x.err.msg);
    cr_assert(strstr(x.err.msg, "bad gateway") != NULL, "%s", x.err.msg);
    for (int k = 0; k < 8; k++) x.w.script[k] = (act){.broken = true, .passing = true};
    cr_assert_eq(run(&x, 1), VO_EIO);
    cr_assert(strstr(x.err.msg, "after 3 tries: host: it broke") != NULL, "%s", x.err.msg);
    x.o.retries = 0;
    cr_assert_eq(run(&x, 1), VO_EIO);
    cr_assert_eq(x.sum.requests, 1);
}

Test(fetch, what_will_not_pass_is_refused_at_once_with_a_remedy) {
    static const struct {
        int32_t status;
        const char *word;
    } c[] = {{400, "check names and dates"},
             {401, "check the key"},
             {403, "check the key"},
             {404, "check base_url"},
             {410, "refuses"},
             {501, "fault of its own"},
             {304, "refuses"}};
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        fixture x;
        start(&x);
        x.w.script[0] = (act){.status = c[i].status};
        cr_assert_neq(run(&x, 1), VO_OK);
        cr_assert_eq(x.sum.requests, 1, "status %d", (int)c[i].status);
        cr_assert(strstr(x.err.msg, c[i].word) != NULL, "%s", x.err.msg);
    }
    fixture x;
    start(&x);
    x.w.script[0] = (act){.broken = true, .passing = false};
    cr_assert_eq(run(&x, 1), VO_EIO);
    cr_assert_eq(x.sum.requests, 1);
}

Test(fetch, a_web_page_is_not_data) {
    static const char *const page[] = {"<!DOCTYPE html><p>Log in</p>", "\r\n <HTML>Log in"};
    for (size_t i = 0; i < 2; i++) {
        fixture x;
        start(&x);
        x.w.script[0] = (act){.status = 200, .body = page[i]};
        cr_assert_eq(run(&x, 1), VO_EINVAL);
        cr_assert(strstr(x.err.msg, "web page") && strstr(x.err.msg, "Log in"), "%s",
                  x.err.msg);
        cr_assert_str_eq(x.w.taken, "");
    }
}

static void only_file(const char *folder, char *path, size_t size) {
    size_t n = 0;
    DIR *d = opendir(folder);
    cr_assert(d != NULL);
    for (const struct dirent *e = readdir(d); e; e = readdir(d)) {
        if (e->d_name[0] == '.') continue;
        snprintf(path, size, "%s/%s", folder, e->d_name);
        n++;
    }
    closedir(d);
    cr_assert_eq(n, 1, "%zu files", n);
}

Test(fetch, requests_that_differ_in_what_looks_like_a_key_are_kept_apart) {
    fixture x;
    char folder[DATA_PATH];
    cr_assert(temporary_folder(folder));
    start(&x);
    x.o.cache = folder;
    for (size_t i = 0; i < 2; i++)
        snprintf(x.url[i], sizeof x.url[i], "http://host/prices?key=%zu", i);
    cr_assert_eq(run(&x, 2), VO_OK);
    cr_assert_eq(x.sum.requests, 2);
    cr_assert_eq(run(&x, 2), VO_OK);
    cr_assert_eq(x.sum.cached, 2);
    cr_assert_str_eq(x.w.taken, "b0 b1 ");
    temporary_folder_remove(folder);
}

Test(fetch, no_secret_is_in_an_error_or_on_disk) {
    const char *secret = "sesame";
    fixture x;
    char folder[DATA_PATH], path[DATA_PATH + 300], *data = NULL;
    size_t size = 0;
    cr_assert(temporary_folder(folder));
    start(&x);
    x.o.secret = &secret;
    x.o.n_secrets = 1;
    x.w.script[0] = (act){.status = 400, .body = "your key sesame is bad"};
    cr_assert_eq(run(&x, 1), VO_EINVAL);
    cr_assert(strstr(x.err.msg, "your key *** is bad") != NULL, "%s", x.err.msg);
    cr_assert_null(strstr(x.err.msg, "sesame"));
    x.w.script[0] = (act){.status = 200, .body = "sesame"};
    x.o.cache = folder;
    cr_assert_eq(run(&x, 1), VO_OK);
    cr_assert_eq(x.sum.kept, 0, "a reply with the key in it is not kept");
    x.w.script[0] = (act){0};
    cr_assert_eq(run(&x, 1), VO_OK);
    cr_assert_eq(x.sum.kept, 1);
    only_file(folder, path, sizeof path);
    cr_assert_eq(vo_file_read(path, 1 << 20, &data, &size, NULL), VO_OK);
    for (size_t i = 0; i + 6 <= size; i++) cr_assert(memcmp(data + i, secret, 6) != 0);
    free(data);
    secret = "open"; /* another key: the same request */
    for (size_t i = 0; i < N; i++)
        snprintf(x.url[i], sizeof x.url[i], "http://host/prices?token=open&n=%zu", i);
    cr_assert_eq(run(&x, 1), VO_OK);
    cr_assert_eq(x.sum.cached, 1);
    temporary_folder_remove(folder);
}

Test(fetch, an_unreadable_reply_quoting_the_key_does_not_show_it) {
    const char *secret = "sesame";
    fixture x;
    start(&x);
    x.o.secret = &secret;
    x.o.n_secrets = 1;
    x.w.refuse = 1;
    x.w.script[0] = (act){.status = 200, .body = "sesame"};
    cr_assert_eq(run(&x, 2), VO_EINVAL);
    cr_assert_str_eq(x.err.msg, "item: cannot read \"***1\"");
}

Test(fetch, what_is_kept_is_not_asked_again_until_it_is_too_old) {
    fixture x;
    char folder[DATA_PATH];
    cr_assert(temporary_folder(folder));
    start(&x);
    x.o.cache = folder;
    x.item[1].keep_s = 100;
    x.item[2].keep_s = 0;
    cr_assert_eq(run(&x, 3), VO_OK);
    cr_assert_eq(x.sum.kept, 2);
    cr_assert_eq(run(&x, 3), VO_OK);
    cr_assert_eq(x.sum.requests, 1, "only the one that may not be kept");
    cr_assert_eq(x.sum.cached, 2);
    cr_assert_str_eq(x.w.taken, "b0 b1 b2 ");
    x.w.now_s += 101;
    cr_assert_eq(run(&x, 3), VO_OK);
    cr_assert_eq(x.sum.requests, 2);
    x.w.now_s -= 5000; /* a clock put back: its age means nothing */
    cr_assert_eq(run(&x, 2), VO_OK);
    cr_assert_eq(x.sum.requests, 1);
    temporary_folder_remove(folder);
}

/* The file of the one reply that is kept, and the name it is kept under. */
static void only_kept(const char *folder, char *path, size_t size, char name[256]) {
    char *data = NULL;
    size_t n = 0;
    only_file(folder, path, size);
    cr_assert_eq(vo_file_read(path, 1 << 20, &data, &n, NULL), VO_OK);
    snprintf(name, 256, "%.*s", (int)(unsigned char)data[12], data + 40);
    free(data);
}

Test(fetch, a_kept_reply_that_is_damaged_or_unreadable_is_asked_again) {
    fixture x;
    char folder[DATA_PATH], name[256], path[DATA_PATH + 300];
    cr_assert(temporary_folder(folder));
    start(&x);
    x.o.cache = folder;
    cr_assert_eq(run(&x, 1), VO_OK);
    only_kept(folder, path, sizeof path, name);
    cr_assert_eq(vo_file_write(path, "rubbish", 7, NULL), VO_OK);
    cr_assert_eq(run(&x, 1), VO_OK);
    cr_assert_eq(x.sum.requests, 1);
    cr_assert_eq(vo_fetch_cache_save(folder, name, "bad9", 4, x.w.now_s, NULL), VO_OK);
    x.w.refuse = 9;
    cr_assert_eq(run(&x, 1), VO_OK, "%s", x.err.msg);
    cr_assert_eq(x.sum.requests, 1);
    cr_assert_eq(x.sum.cached, 0);
    cr_assert_str_eq(x.w.taken, "b0 ");
    cr_assert_eq(run(&x, 1), VO_OK);
    cr_assert_eq(x.sum.cached, 1, "the good one took its place");
    temporary_folder_remove(folder);
}

Test(fetch, an_unreadable_kept_reply_is_gone_whatever_comes_in_its_place) {
    fixture x;
    char folder[DATA_PATH], name[256], path[DATA_PATH + 300];
    cr_assert(temporary_folder(folder));
    start(&x);
    x.o.cache = folder;
    cr_assert_eq(run(&x, 1), VO_OK);
    only_kept(folder, path, sizeof path, name);
    x.w.refuse = 9;
    x.w.empty = true;
    cr_assert_eq(vo_fetch_cache_save(folder, name, "bad9", 4, x.w.now_s, NULL), VO_OK);
    cr_assert_eq(run(&x, 1), VO_OK, "%s", x.err.msg);
    cr_assert_eq(x.sum.empty, 1);
    cr_assert(!vo_file_exists(path), "after an empty reply");
    cr_assert_eq(vo_fetch_cache_save(folder, name, "bad9", 4, x.w.now_s, NULL), VO_OK);
    x.w.script[0] = (act){.status = 404};
    cr_assert_eq(run(&x, 1), VO_EINVAL);
    cr_assert(!vo_file_exists(path), "after a refusal");
    temporary_folder_remove(folder);
}

Test(fetch, a_fetch_that_fails_goes_on_where_it_was) {
    fixture x;
    char folder[DATA_PATH];
    cr_assert(temporary_folder(folder));
    start(&x);
    x.o.cache = folder;
    x.w.refuse = 4;
    cr_assert_eq(run(&x, N), VO_EINVAL);
    cr_assert_eq(x.sum.requests, 5);
    cr_assert_eq(x.sum.kept, 4);
    x.w.refuse = 0;
    cr_assert_eq(run(&x, N), VO_OK);
    cr_assert_eq(x.sum.cached, 4);
    cr_assert_eq(x.sum.requests, 2);
    cr_assert_str_eq(x.w.taken, "b0 b1 b2 b3 b4 b5 ");
    temporary_folder_remove(folder);
}

Test(fetch, refreshed_replies_take_the_place_of_kept_ones_that_nothing_came_for_are_gone) {
    fixture x;
    char folder[DATA_PATH], name[256], path[DATA_PATH + 300];
    cr_assert(temporary_folder(folder));
    start(&x);
    x.o.cache = folder;
    cr_assert_eq(run(&x, 1), VO_OK);
    only_kept(folder, path, sizeof path, name);
    cr_assert_eq(vo_fetch_cache_save(folder, name, "old", 3, x.w.now_s, NULL), VO_OK);
    cr_assert_eq(run(&x, 1), VO_OK);
    cr_assert_str_eq(x.w.taken, "old ");
    x.o.refresh = true;
    cr_assert_eq(run(&x, 1), VO_OK);
    cr_assert_eq(x.sum.requests, 1);
    cr_assert_eq(x.sum.kept, 1);
    x.o.refresh = false;
    cr_assert_eq(run(&x, 1), VO_OK);
    cr_assert_eq(x.sum.requests, 0);
    cr_assert_str_eq(x.w.taken, "b0 ", "the new one is kept");
    x.o.refresh = x.w.empty = true;
    cr_assert_eq(run(&x, 1), VO_OK);
    cr_assert(!vo_file_exists(path), "nothing is there any more");
    temporary_folder_remove(folder);
}

Test(fetch, an_empty_reply_is_counted_and_not_kept) {
    fixture x;
    char folder[DATA_PATH];
    cr_assert(temporary_folder(folder));
    start(&x);
    x.o.cache = folder;
    x.w.empty = true;
    cr_assert_eq(run(&x, 2), VO_OK);
    cr_assert_eq(x.sum.empty, 2);
    cr_assert_eq(x.sum.kept, 0);
    temporary_folder_remove(folder);
}

Test(fetch, it_stops_when_told_to_even_while_it_waits) {
    fixture x;
    start(&x);
    x.o.per_minute = 0.01; /* the second turn is 100 minutes away */
    x.w.stop_after = 1;
    cr_assert_eq(run(&x, 2), VO_ECANCELED);
    cr_assert_eq(x.sum.requests, 1);
    cr_assert(x.w.now_s < 1e9 + 1, "not after 100 minutes");
    cr_assert(strstr(x.err.msg, "run it again") != NULL, "%s", x.err.msg);
}

Test(fetch, options_outside_their_domain_are_refused_by_name) {
    fixture x;
#define REFUSED(field, value, word)                                                            \
    start(&x);                                                                                 \
    x.o.field = value;                                                                         \
    cr_assert_eq(run(&x, 1), VO_EINVAL);                                                       \
    cr_assert(strstr(x.err.msg, word) != NULL, "%s", x.err.msg);                               \
    cr_assert_eq(x.w.sent, 0)
    REFUSED(per_minute, 0, "requests_per_minute");
    REFUSED(per_minute, (double)NAN, "requests_per_minute");
    REFUSED(parallel, 0, "parallel");
    REFUSED(parallel, 5, "parallel");
    REFUSED(retries, -1, "retries");
    REFUSED(retries, 21, "retries");
    REFUSED(timeout_s, 0, "timeout_s");
    REFUSED(backoff_s, -1, "negative");
}

/* ---- threads -------------------------------------------------------------------------- */

typedef struct {
    atomic_int at_once, most, sent, rests;
    _Atomic int64_t now_us;
    bool busy; /* the first request gets a 429 with Retry-After: 30 */
    _Atomic int64_t sent_us[16];
} crowd;

static double crowd_now(void *ctx) {
    return (double)atomic_load(&((crowd *)ctx)->now_us) * 1e-6;
}
static void crowd_rest(void *ctx, double s) {
    atomic_fetch_add(&((crowd *)ctx)->rests, 1);
    if (((crowd *)ctx)->busy) vo_pause_s(0.005); /* the first reply is there well before */
    atomic_fetch_add(&((crowd *)ctx)->now_us, (int64_t)(s * 1e6) + 1);
}

static vo_status crowd_send(void *ctx, size_t worker, const vo_http_request *r,
                            vo_http_reply *out, bool *passing, vo_error *err) {
    crowd *c = ctx;
    (void)worker, (void)passing, (void)err;
    const int nth = atomic_fetch_add(&c->sent, 1);
    if (nth < 16) atomic_store(&c->sent_us[nth], atomic_load(&c->now_us));
    if (c->busy && nth == 0) {
        for (int k = 0; k < 1000 && atomic_load(&c->rests) < 3; k++)
            vo_pause_s(0.002); /* the others have their turns and wait for them */
        *out = (vo_http_reply){.status = 429, .retry_after_s = 30, .body = strdup("")};
        return VO_OK;
    }
    const int n = atomic_fetch_add(&c->at_once, 1) + 1;
    int most = atomic_load(&c->most);
    while (n > most && !atomic_compare_exchange_weak(&c->most, &most, n)) continue;
    const size_t i = (size_t)(r->url[strlen(r->url) - 1] - '0');
    for (volatile int k = 0; k < (int)(N - i) * 100000; k++) continue; /* the first come last */
    char body[8];
    snprintf(body, sizeof body, "b%zu", i);
    *out = (vo_http_reply){.status = 200, .body = strdup(body), .len = 2};
    atomic_fetch_sub(&c->at_once, 1);
    return VO_OK;
}

Test(fetch, threads_fetch_at_most_as_many_at_once_as_allowed_and_keep_the_order) {
    fixture x;
    for (size_t parallel = 1; parallel <= VO_FETCH_MAX_PARALLEL; parallel++) {
        crowd c = {.now_us = 1000000};
        start(&x);
        x.seam = (vo_fetch_world){crowd_now, crowd_rest, crowd_send, &c};
        x.o.parallel = parallel;
        cr_assert_eq(run(&x, N), VO_OK);
        cr_assert_str_eq(x.w.taken, "b0 b1 b2 b3 b4 b5 ");
        cr_assert((size_t)atomic_load(&c.most) <= parallel);
        cr_assert_eq(x.sum.requests, N);
    }
}

Test(fetch, a_thread_that_is_told_to_wait_makes_all_threads_wait) {
    fixture x;
    crowd c = {.now_us = 1000000, .busy = true};
    start(&x);
    x.seam = (vo_fetch_world){crowd_now, crowd_rest, crowd_send, &c};
    x.o.parallel = 4;
    x.o.per_minute = 6; /* the second and the third have turns at 11 and 21 s */
    cr_assert_eq(run(&x, 4), VO_OK);
    cr_assert_eq(atomic_load(&c.sent), 5);
    for (int k = 1; k < 5; k++) {
        const double s = (double)atomic_load(&c.sent_us[k]) * 1e-6;
        cr_assert(s >= 31, "request %d at %f s", k, s);
    }
}
