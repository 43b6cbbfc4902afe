/* Tests of port/http.c: against a server on loopback that behaves as it is told. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/clock.h"
#include "port/file.h"
#include "port/http.h"
#include "support/data_folder.h"
#include "support/replay_server.h"

#define OK_PATH                                                                                \
    "/v1/archive?latitude=1&longitude=2&start_date=2024-01-01&end_date=2024-01-01"             \
    "&hourly=temperature_2m"

typedef struct {
    char folder[DATA_PATH];
    replay_server server;
    vo_http *http;
    char url[1200];
    vo_http_request q;
    vo_http_reply reply;
    vo_error err;
    bool passing;
} fixture;

static void start(fixture *x) {
    *x = (fixture){0};
    cr_assert(temporary_folder(x->folder));
    REPLAY_START(&x->server, x->folder, NULL, NULL);
    cr_assert_eq(vo_http_open(&x->http, NULL), VO_OK);
}

static void stop(fixture *x) {
    vo_http_reply_fini(&x->reply);
    vo_http_close(x->http);
    replay_stop(&x->server);
    temporary_folder_remove(x->folder);
}

static void to(fixture *x, const char *path) {
    snprintf(x->url, sizeof x->url, "%s%s", x->server.base, path);
    x->q = vo_http_request_default(x->url);
    x->q.timeout_s = 20;
}

static vo_status send_it(fixture *x) {
    vo_http_reply_fini(&x->reply);
    return vo_http_send(x->http, &x->q, &x->reply, &x->passing, &x->err);
}

Test(http, a_reply_comes_with_its_status_type_and_body) {
    fixture x;
    start(&x);
    to(&x, OK_PATH);
    cr_assert_eq(send_it(&x), VO_OK, "%s", x.err.msg);
    cr_assert_eq(x.reply.status, 200);
    cr_assert_str_eq(x.reply.content_type, "application/json");
    cr_assert_eq(x.reply.len, strlen(x.reply.body));
    cr_assert(strstr(x.reply.body, "2024-01-01T23:00") != NULL);
    to(&x, "/nowhere");
    cr_assert_eq(send_it(&x), VO_OK, "a 404 is a reply too");
    cr_assert_eq(x.reply.status, 404);
    cr_assert(isnan(x.reply.retry_after_s));
    to(&x, "/~429,0,7/x");
    cr_assert_eq(send_it(&x), VO_OK);
    cr_assert_eq(x.reply.status, 429);
    cr_assert_eq(x.reply.retry_after_s, 7);
    stop(&x);
}

Test(http, a_compressed_reply_is_the_same_reply) {
    fixture x;
    start(&x);
    to(&x, OK_PATH);
    cr_assert_eq(send_it(&x), VO_OK);
    vo_http_reply plain = x.reply;
    x.reply = (vo_http_reply){0};
    to(&x, "/~gzip" OK_PATH);
    cr_assert_eq(send_it(&x), VO_OK, "%s", x.err.msg);
    cr_assert_eq(x.reply.len, plain.len);
    cr_assert_str_eq(x.reply.body, plain.body);
    vo_http_reply_fini(&plain);
    stop(&x);
}

Test(http, a_body_is_posted_and_headers_are_sent) {
    fixture x;
    start(&x);
    to(&x, "/post");
    const vo_http_header header[] = {{"X-Api-Key", "abc"}, {"X-Empty", ""}};
    x.q.header = header;
    x.q.n_headers = 2;
    x.q.body = "a=1";
    x.q.body_len = 3;
    cr_assert_eq(send_it(&x), VO_OK, "%s", x.err.msg);
    cr_assert_str_eq(x.reply.body, "posted a=1");
    cr_assert_eq(replay_count(&x.server, "\"key\": \"abc\""), 1);
    stop(&x);
}

Test(http, a_reply_that_is_too_large_is_refused_in_words_compressed_or_not) {
    fixture x;
    start(&x);
    to(&x, "/~big/x"); /* 4 MiB without a length */
    x.q.max_body = 100000;
    cr_assert_eq(send_it(&x), VO_EIO);
    cr_assert(strstr(x.err.msg, "larger than 100000 bytes") != NULL, "%s", x.err.msg);
    cr_assert(!x.passing, "asking again would bring the same");
    cr_assert_null(x.reply.body);
    to(&x, OK_PATH); /* with a length */
    x.q.max_body = 100;
    cr_assert_eq(send_it(&x), VO_EIO);
    cr_assert(strstr(x.err.msg, "larger than 100 bytes") != NULL, "%s", x.err.msg);
    to(&x, "/~gzip" OK_PATH); /* small on the way, large afterwards */
    x.q.max_body = 450;
    cr_assert_eq(send_it(&x), VO_EIO);
    cr_assert(strstr(x.err.msg, "larger than 450 bytes") != NULL, "%s", x.err.msg);
    to(&x, OK_PATH);
    cr_assert_eq(send_it(&x), VO_OK);
    const size_t exact = x.reply.len;
    x.q.max_body = exact;
    cr_assert_eq(send_it(&x), VO_OK, "exactly as large as allowed: %s", x.err.msg);
    x.q.max_body = exact - 1;
    cr_assert_eq(send_it(&x), VO_EIO);
    stop(&x);
}

Test(http, what_breaks_on_the_way_is_told_and_may_pass) {
    static const char *const path[] = {"/~truncated,0/x", "/~reset,0/x", "/~drip/x"};
    fixture x;
    start(&x);
    for (size_t i = 0; i < 3; i++) {
        to(&x, path[i]);
        x.q.timeout_s = 1;
        x.passing = false;
        const double begun = vo_clock_monotonic_s();
        cr_assert_eq(send_it(&x), VO_EIO, "%s", path[i]);
        cr_assert(x.passing, "%s: %s", path[i], x.err.msg);
        cr_assert(strstr(x.err.msg, "127.0.0.1:") == x.err.msg, "%s", x.err.msg);
        cr_assert(vo_clock_monotonic_s() - begun < 8, "a time-out is kept to");
    }
    replay_stop(&x.server);
    to(&x, OK_PATH);
    cr_assert_eq(send_it(&x), VO_EIO, "nobody listens");
    cr_assert(x.passing);
    vo_http_close(x.http);
    temporary_folder_remove(x.folder);
}

Test(http, redirects_are_few_and_lead_to_http_only) {
    fixture x;
    start(&x);
    to(&x, "/~loop/x");
    cr_assert_eq(send_it(&x), VO_EIO);
    cr_assert(strstr(x.err.msg, "redirected more than 5 times") != NULL, "%s", x.err.msg);
    cr_assert_eq(replay_count(&x.server, "loop"), 6);
    cr_assert(!x.passing);
    to(&x, "/~file/x");
    cr_assert_eq(send_it(&x), VO_EIO);
    cr_assert(strstr(x.err.msg, "not http or https") != NULL, "%s", x.err.msg);
    stop(&x);
}

Test(http, headers_stay_with_the_origin_they_were_meant_for) {
    fixture x;
    char other_folder[DATA_PATH], path[64];
    replay_server other;
    start(&x);
    cr_assert(temporary_folder(other_folder));
    REPLAY_START(&other, other_folder, NULL, NULL);
    snprintf(path, sizeof path, "/~elsewhere,%d/x", other.port);
    to(&x, path);
    const vo_http_header header = {"X-Api-Key", "topsecret"};
    x.q.header = &header;
    x.q.n_headers = 1;
    cr_assert_eq(send_it(&x), VO_OK, "%s", x.err.msg);
    cr_assert_eq(replay_count(&x.server, "topsecret"), 1);
    cr_assert_eq(replay_count(&other, "/elsewhere"), 1, "the redirect was followed");
    cr_assert_eq(replay_count(&other, "topsecret"), 0, "without the key");
    replay_stop(&other);
    temporary_folder_remove(other_folder);
    stop(&x);
}

static bool after_three(void *ctx) {
    int *n = ctx;
    return ++*n > 3;
}

Test(http, a_request_stops_when_it_is_told_to) {
    fixture x;
    int asked = 0;
    start(&x);
    to(&x, "/~drip/x");
    x.q.stop = after_three;
    x.q.stop_ctx = &asked;
    const double begun = vo_clock_monotonic_s();
    cr_assert_eq(send_it(&x), VO_ECANCELED);
    cr_assert(vo_clock_monotonic_s() - begun < 6);
    cr_assert(!x.passing);
    stop(&x);
}

Test(http, a_body_streams_into_a_file_that_is_whole_or_absent) {
    fixture x;
    char path[DATA_PATH + 16], *text = NULL;
    size_t len = 0;
    start(&x);
    snprintf(path, sizeof path, "%s/body.json", x.folder);
    to(&x, OK_PATH);
    x.q.file = path;
    cr_assert_eq(send_it(&x), VO_OK, "%s", x.err.msg);
    cr_assert_null(x.reply.body);
    cr_assert_eq(vo_file_read(path, 1 << 20, &text, &len, NULL), VO_OK);
    cr_assert_eq(len, x.reply.len);
    cr_assert(strstr(text, "2024-01-01T23:00") != NULL);
    free(text);
    remove(path);
    to(&x, "/~truncated,0/x");
    x.q.file = path;
    cr_assert_eq(send_it(&x), VO_EIO);
    cr_assert(!vo_file_exists(path));
    x.q.file = "/nonexistent-folder/x";
    cr_assert_eq(send_it(&x), VO_EIO);
    stop(&x);
}

Test(http, a_proxy_of_the_environment_is_not_used) {
    fixture x;
    start(&x);
    setenv("http_proxy", "http://127.0.0.1:9", 1); /* nobody is there */
    setenv("all_proxy", "http://127.0.0.1:9", 1);
    to(&x, OK_PATH);
    cr_assert_eq(send_it(&x), VO_OK, "%s", x.err.msg);
    setenv("no_proxy", "*", 1);
    x.q.proxy = "http://127.0.0.1:9";
    cr_assert_eq(send_it(&x), VO_EIO, "a proxy that is given is used, whatever no_proxy says");
    x.q.proxy = x.server.base;
    cr_assert_eq(send_it(&x), VO_OK);
    cr_assert_eq(replay_count(&x.server, "\"path\": \"http://127.0.0.1"), 1,
                 "as a proxy is asked");
    stop(&x);
}

Test(http, bad_addresses_headers_and_times_are_refused) {
    vo_http *h = NULL;
    vo_http_reply reply = {0};
    vo_error err = {0};
    cr_assert_eq(vo_http_open(&h, NULL), VO_OK);
    static const char *const bad[] = {
        "",           "127.0.0.1/x",  "file:///etc/passwd", "ftp://x/y",
        "gopher://x", "http://h/a b", "http://h/\n",        "http://h/\xc3\xa9",
        "HTTP"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const vo_http_request q = vo_http_request_default(bad[i]);
        err = (vo_error){0};
        cr_assert_eq(vo_http_send(h, &q, &reply, NULL, &err), VO_EINVAL, "%s", bad[i]);
        cr_assert(err.msg[0] != '\0');
    }
    static const vo_http_header header[] = {
        {"", "x"}, {"A B", "x"}, {"A", "x\r\nHost: y"}, {"A:", "x"}, {"A", "\x7f"}};
    for (size_t i = 0; i < sizeof header / sizeof *header; i++) {
        vo_http_request q = vo_http_request_default("http://127.0.0.1:9/");
        q.header = &header[i];
        q.n_headers = 1;
        cr_assert_eq(vo_http_send(h, &q, &reply, NULL, &err), VO_EINVAL, "%zu", i);
    }
    vo_http_request q = vo_http_request_default("http://127.0.0.1:9/");
    q.timeout_s = (double)NAN;
    cr_assert_eq(vo_http_send(h, &q, &reply, NULL, &err), VO_EINVAL);
    vo_http_close(h);
    vo_http_close(NULL);
}

Test(http, a_certificate_that_proves_nothing_is_refused) {
    /* Loopback with plain HTTP is no TLS server: the handshake fails, nothing is sent. */
    fixture x;
    start(&x);
    snprintf(x.url, sizeof x.url, "https://127.0.0.1:%d/secret", x.server.port);
    x.q = vo_http_request_default(x.url);
    cr_assert_eq(send_it(&x), VO_EIO);
    cr_assert_eq(replay_count(&x.server, "secret"), 0);
    x.q.ca_file = "/nonexistent.pem";
    cr_assert_eq(send_it(&x), VO_EIO);
    stop(&x);
}

/* As start, with a server that speaks TLS; `ca` becomes its certificate's path. */
static void start_tls(fixture *x, char ca[DATA_PATH + 16]) {
    char cert[DATA_PATH + 8];
    *x = (fixture){0};
    cr_assert(temporary_folder(x->folder));
    snprintf(cert, sizeof cert, "%s/server", x->folder);
    snprintf(ca, DATA_PATH + 16, "%s.pem", cert);
    NEED_CERTIFICATE(cert);
    REPLAY_START_TLS(&x->server, x->folder, cert);
    cr_assert_eq(vo_http_open(&x->http, NULL), VO_OK);
}

Test(http, a_server_is_spoken_to_if_the_given_certificate_proves_its_name) {
    fixture x;
    char ca[DATA_PATH + 16];
    start_tls(&x, ca);
    to(&x, OK_PATH);
    x.q.ca_file = ca;
    cr_assert_eq(send_it(&x), VO_OK, "%s", x.err.msg);
    cr_assert_eq(x.reply.status, 200);
    cr_assert(strstr(x.reply.body, "2024-01-01T23:00") != NULL);
    cr_assert_eq(replay_count(&x.server, "archive"), 1);
    stop(&x);
}

/* Also over the connection that a right certificate has opened before. */
Test(http, a_server_whose_certificate_another_signed_or_of_another_name_is_sent_nothing) {
    fixture x;
    char ca[DATA_PATH + 16], other[DATA_PATH + 8], wrong[DATA_PATH + 16];
    start_tls(&x, ca);
    snprintf(other, sizeof other, "%s/other", x.folder);
    snprintf(wrong, sizeof wrong, "%s.pem", other);
    NEED_CERTIFICATE(other);
    to(&x, "/first");
    x.q.ca_file = ca;
    cr_assert_eq(send_it(&x), VO_OK, "%s", x.err.msg);
    const char *const trusted[] = {wrong, NULL, ca};
    for (size_t i = 0; i < 3; i++) {
        to(&x, "/secret");
        if (i == 2) snprintf(x.url, sizeof x.url, "https://127.0.0.1:%d/secret", x.server.port);
        x.q.ca_file = trusted[i];
        x.passing = true;
        cr_assert_eq(send_it(&x), VO_EIO, "case %zu", i);
        cr_assert(!x.passing, "asking again would be no safer");
        cr_assert(strstr(x.err.msg, "ertificate") != NULL, "case %zu: %s", i, x.err.msg);
    }
    cr_assert_eq(replay_count(&x.server, "secret"), 0);
    stop(&x);
}

Test(http, a_redirect_from_tls_to_plain_text_is_refused) {
    fixture x, plain;
    char ca[DATA_PATH + 16], path[64];
    start_tls(&x, ca);
    start(&plain);
    snprintf(path, sizeof path, "/~elsewhere,%d/x", plain.server.port);
    to(&x, path);
    x.q.ca_file = ca;
    cr_assert_eq(send_it(&x), VO_EIO);
    cr_assert_eq(replay_count(&x.server, "elsewhere"), 1);
    cr_assert_eq(replay_count(&plain.server, ""), 0, "it went there");
    stop(&plain);
    stop(&x);
}

/* ---- secrets -------------------------------------------------------------------------- */

static const char *hidden(const char *text, const char *secret) {
    static char out[600];
    vo_http_redact(text, &secret, secret ? 1 : 0, out, sizeof out);
    return out;
}

Test(http, a_secret_is_hidden_wherever_and_however_it_is_written) {
    const char *key = "a/b+c=";
    cr_assert_str_eq(hidden("x a/b+c= y", key), "x *** y");
    cr_assert_str_eq(hidden("a%2Fb%2Bc%3D", key), "***");
    cr_assert_str_eq(hidden("a%2fb+c%3d!", key), "***!");
    cr_assert_str_eq(hidden("a/b+c=a/b+c=", key), "******");
    cr_assert_str_eq(hidden("a/b+c", key), "a/b+c", "a part is not the key");
    cr_assert_str_eq(hidden("nothing", NULL), "nothing");
}

Test(http, users_passwords_and_telling_parameters_are_hidden) {
    cr_assert_str_eq(hidden("http://joe:pw@h/x", NULL), "http://***@h/x");
    cr_assert_str_eq(hidden("http://joe:p@w@h/x?y@z", NULL), "http://***@h/x?y@z");
    cr_assert_str_eq(hidden("http://h/x?key=1&b=2", NULL), "http://h/x?key=***&b=2");
    cr_assert_str_eq(hidden("http://h/?securityToken=abc", NULL),
                     "http://h/?securityToken=***");
    cr_assert_str_eq(hidden("?a=1&API_KEY=abc def", NULL), "?a=1&API_KEY=*** def");
    cr_assert_str_eq(hidden("?monkey=1&keys=2", NULL), "?monkey=1&keys=2");
}

Test(http, a_text_that_is_cut_shows_no_part_of_a_secret) {
    const char *key = "SECRETSECRET";
    char text[64], out[64];
    snprintf(text, sizeof text, "0123456789%s tail", key);
    for (size_t size = 0; size <= sizeof out; size++) {
        memset(out, '#', sizeof out);
        vo_http_redact(text, &key, 1, out, size);
        for (size_t i = size; i < sizeof out; i++)
            cr_assert(out[i] == '#', "written past %zu", size);
        if (size == 0) continue;
        cr_assert(memchr(out, '\0', size) != NULL);
        cr_assert_null(strstr(out, "SE"), "%zu: %s", size, out);
    }
    cr_assert_str_eq(out, "0123456789*** tail");
}

Test(http, errors_name_the_host_and_no_secret) {
    fixture x;
    const char *key = "topsecretkey";
    start(&x);
    snprintf(x.url, sizeof x.url, "http://joe:%s@127.0.0.1:%d/~reset,0/%s?token=%s", key,
             x.server.port, key, key);
    x.q = vo_http_request_default(x.url);
    x.q.secret = &key;
    x.q.n_secrets = 1;
    cr_assert_eq(send_it(&x), VO_EIO);
    cr_assert(strncmp(x.err.msg, "127.0.0.1:", 10) == 0, "%s", x.err.msg);
    cr_assert_null(strstr(x.err.msg, key));
    /* a host that libcurl names, and refuses without asking a resolver: a label too long */
    snprintf(x.url, sizeof x.url, "http://%s.%0300d/", key, 0);
    cr_assert_eq(send_it(&x), VO_EIO);
    cr_assert_null(strstr(x.err.msg, key), "%s", x.err.msg);
    cr_assert(strstr(x.err.msg, "***.000") != NULL, "%s", x.err.msg);
    stop(&x);
}

Test(http, what_is_percent_encoded_fits_or_is_refused) {
    char out[16];
    size_t len = 0;
    cr_assert(vo_http_encode("a b/c", "/", out, sizeof out, &len));
    cr_assert_str_eq(out, "a%20b/c");
    cr_assert_eq(len, 7);
    cr_assert(vo_http_encode("\xc3\xb1", NULL, out, sizeof out, &len));
    cr_assert_str_eq(out, "a%20b/c%C3%B1");
    cr_assert(vo_http_encode("xy", NULL, out, sizeof out, &len), "exactly full");
    cr_assert_eq(len, 15);
    cr_assert(!vo_http_encode("z", NULL, out, sizeof out, &len));
    cr_assert_eq(len, 15);
}
