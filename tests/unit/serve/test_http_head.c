/* Heads of requests: what is taken from them. What is refused is in test_transport.c, too. */
#include "serve/http_head.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    vo_exchange x;
    vo_http_framing f;
    char text[2048];
    const char *why;
    int status;
} parsed;

static parsed *parse(const char *text) {
    parsed *p = calloc(1, sizeof *p);
    cr_assert(p != NULL);
    strncpy(p->text, text, sizeof p->text - 1);
    p->status = vo_http_head_parse(p->text, strlen(p->text), &p->x, &p->f, &p->why);
    return p;
}

Test(http_head, headers_are_found_whatever_their_case_and_blanks) {
    parsed *p = parse("GET /p?a=%41&b HTTP/1.1\r\nhOST:  a:80 \t\r\nX-API-Key:k\r\n"
                      "accept: text/html\r\nAccept: image/png\r\nX-Other: \xc3\xa9\r\n"
                      "Content-Length: 007\r\nConnection: foo , CLOSE\r\n\r\n");
    cr_assert_eq(p->status, 0, "%s", p->why);
    cr_assert_str_eq(p->x.path, "/p");
    cr_assert_str_eq(p->x.query, "a=%41&b");
    cr_assert_str_eq(p->x.host, "a:80");
    cr_assert_str_eq(p->x.api_key, "k");
    cr_assert_str_eq(p->x.accept, "text/html");
    cr_assert_str_eq(p->x.origin, "");
    cr_assert(p->f.has_length && p->f.length == 7 && !p->f.keep_alive && !p->x.upgrade);
    free(p);
}

Test(http_head, keeping_and_upgrading_are_told_apart_by_version) {
    static const struct {
        const char *text;
        bool keep, upgrade;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", true, false},
        {"GET / HTTP/1.0\r\n\r\n", false, false},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true, false},
        {"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n", true,
         true},
        {"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n", true, false},
        {"POST / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
         true, false},
        {"GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", false, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        parsed *p = parse(cases[i].text);
        cr_assert_eq(p->status, 0);
        cr_assert_eq(p->f.keep_alive, cases[i].keep, "%s", cases[i].text);
        cr_assert_eq(p->x.upgrade, cases[i].upgrade, "%s", cases[i].text);
        free(p);
    }
}

Test(http_head, the_end_is_found_at_any_cut_and_bare_line_feeds_are_not_lines) {
    const char *text = "GET / HTTP/1.1\r\nHost: h\r\n\r\nrest";
    for (size_t first = 0; first < strlen(text); first++) {
        size_t seen = 0;
        int64_t end = vo_http_head_end(text, first, &seen);
        if (end == 0) end = vo_http_head_end(text, strlen(text), &seen);
        cr_assert_eq(end, (int64_t)strlen(text) - 4);
    }
    size_t seen = 0;
    cr_assert_eq(vo_http_head_end("GET / HTTP/1.1\nHost: h\n\n", 24, &seen), -1);
}

Test(http_head, more_than_a_hundred_headers_are_refused) {
    char text[2048] = "GET / HTTP/1.1\r\nHost: h\r\n";
    for (int i = 0; i < 100; i++) strcat(text, "X: 1\r\n");
    strcat(text, "\r\n");
    parsed *p = parse(text);
    cr_assert_eq(p->status, 431);
    cr_assert_str_eq(p->x.origin, "");
    free(p);
}

Test(http_head, a_target_with_its_host_is_the_same_as_one_without_and_its_host_counts) {
    static const struct {
        const char *line, *path, *query, *host;
    } cases[] = {{"GET http://a.example/p?q=1", "/p", "q=1", "a.example"},
                 {"GET HTTPS://a.example:8443/p/%41", "/p/%41", "", "a.example:8443"},
                 {"GET http://a", "/", "", "a"},
                 {"GET http://a?q", "/", "q", "a"},
                 {"GET http://[::1]:80/?/http://b/", "/", "/http://b/", "[::1]:80"},
                 {"OPTIONS http://a", "*", "", "a"},
                 {"GET /http://b/", "/http://b/", "", "h"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: h\r\n\r\n", cases[i].line);
        parsed *p = parse(text);
        cr_assert_eq(p->status, 0, "%s: %s", cases[i].line, p->why);
        cr_assert_str_eq(p->x.path, cases[i].path);
        cr_assert_str_eq(p->x.query, cases[i].query);
        cr_assert_str_eq(p->x.host, cases[i].host);
        free(p);
    }
}

Test(http_head, a_target_whose_host_is_none_is_refused) {
    static const char *const targets[] = {"http://",   "http:///p", "http://me@a/p",
                                          "ftp://a/p", "http:/a",   "a.example"};
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        char text[200];
        snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", targets[i]);
        parsed *p = parse(text);
        cr_assert_eq(p->status, 400, "%s", targets[i]);
        free(p);
    }
    parsed *p = parse("GET http://a/p HTTP/1.1\r\n\r\n");
    cr_assert_eq(p->status, 400); /* Host has to be there all the same */
    free(p);
}
