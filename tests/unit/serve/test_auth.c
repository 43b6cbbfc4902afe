/* test_auth.c -- who may, as tables of requests; keys in a database of the test. */
#include "serve/auth.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/task.h"
#include "store/api_keys.h"
#include "support/data_folder.h"

static char folder[DATA_PATH];
static vo_database *db;
static vo_auth *auth;
static char key[4][VO_KEY_TEXT]; /* by scope */
static char id[4][VO_KEY_ID];

#define NOW 1000000

static void make(int32_t scope, int64_t expires_ms) {
    vo_api_key w = {.name = "k", .scope = scope, .rate_per_s = scope, .expires_ms = expires_ms};
    vo_api_key made;
    vo_error err = {0};
    cr_assert_eq(vo_api_keys_create(db, &w, 1, key[scope], &made, &err), VO_OK, "%s", err.msg);
    memcpy(id[scope], made.id, VO_KEY_ID);
}

static void open_auth(bool on, const char *const *origin, size_t n) {
    const vo_auth_settings s = {
        .on = on, .origin = origin, .n_origins = n, .db = on ? db : NULL};
    vo_error err = {0};
    cr_assert_eq(vo_auth_open(&s, &auth, &err), VO_OK, "%s", err.msg);
}

static void begin(void) {
    char path[DATA_PATH + 16];
    vo_error err = {0};
    cr_assert(temporary_folder(folder));
    snprintf(path, sizeof path, "%s/state.db", folder);
    cr_assert_eq(vo_database_open(path, &db, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_api_keys_migrate(db, &err), VO_OK, "%s", err.msg);
    for (int32_t s = 1; s <= 3; s++) make(s, 0);
    open_auth(true, NULL, 0);
}
static void end(void) {
    vo_auth_close(auth);
    vo_database_close(db);
    temporary_folder_remove(folder);
}

static vo_exchange request(void) {
    vo_exchange x = {
        .method = "GET", .path = "/", .query = "", .peer = "127.0.0.1", .body = ""};
#define X(member, header) x.member = "";
    VO_EXCHANGE_HEADER_MAP(X)
#undef X
    x.host = "localhost:8080";
    return x;
}

static const char *why;
static int check(vo_exchange *x, vo_scope needed) {
    double rate;
    return vo_auth_check(auth, x, needed, NOW, &rate, &why);
}

/* "Bearer KEY" with the blanks and the spelling given. */
static int with(const char *before, const char *text, const char *behind) {
    static char header[600];
    snprintf(header, sizeof header, "%s%s%s", before, text, behind);
    vo_exchange x = request();
    x.authorization = header;
    return check(&x, VO_SCOPE_READ);
}

Test(auth, each_scope_may_what_the_smaller_may_and_no_more, .init = begin, .fini = end) {
    for (int have = 1; have <= 3; have++)
        for (int need = 1; need <= 3; need++) {
            char header[VO_KEY_TEXT + 8];
            double rate = -1;
            vo_exchange x = request();
            snprintf(header, sizeof header, "Bearer %s", key[have]);
            x.authorization = header;
            const int status = vo_auth_check(auth, &x, (vo_scope)need, NOW, &rate, &why);
            cr_expect_eq(status, have >= need ? 0 : 403, "%d for %d: %d", have, need, status);
            cr_expect_str_eq(x.key_id, id[have], "who was refused is known, for the log");
            cr_expect_eq(x.scope, have);
            cr_expect_eq(rate, have);
            cr_expect_eq(status != 0, why != NULL);
        }
}

Test(auth, without_a_good_key_it_is_401_and_says_why, .init = begin, .fini = end) {
    char other[VO_KEY_TEXT];
    vo_exchange x = request();
    cr_expect_eq(check(&x, VO_SCOPE_READ), 401);
    cr_expect_not_null(strstr(why, "Authorization: Bearer"));
    snprintf(other, sizeof other, "%s", key[3]);
    other[50] = other[50] == 'A' ? 'B' : 'A';
    cr_expect_eq(with("Bearer ", other, ""), 401, "a good id with another secret");
    memcpy(other, key[3], sizeof other);
    memcpy(other + 3, "nobody00", 8);
    cr_expect_eq(with("Bearer ", other, ""), 401, "an unknown id");
    cr_expect_eq(with("Bearer ", "vo_", ""), 401);
    cr_expect_eq(with("Bearer ", "", ""), 401);
    cr_expect_eq(with("Bearer", key[3], ""), 401);
    cr_expect_eq(with("Basic ", key[3], ""), 401);
    cr_expect_not_null(strstr(why, "Bearer KEY"));
    cr_expect_eq(with("", key[3], ""), 401);
    cr_expect_eq(with("Bearer ", key[3], " x"), 401);
    cr_expect_eq(with("Bearer \"", key[3], "\""), 401);
    char big[500];
    memset(big, 'a', sizeof big - 1);
    big[499] = '\0';
    cr_expect_eq(with("Bearer ", big, ""), 401);
}

Test(auth, the_scheme_is_read_in_any_case_and_with_any_blanks, .init = begin, .fini = end) {
    cr_expect_eq(with("Bearer ", key[1], ""), 0);
    cr_expect_eq(with("bearer ", key[1], ""), 0);
    cr_expect_eq(with("BEARER    ", key[1], "  "), 0);
    cr_expect_eq(with(" Bearer\t", key[1], ""), 0);
}

Test(auth, two_headers_must_give_the_same_key, .init = begin, .fini = end) {
    char header[VO_KEY_TEXT + 8];
    vo_exchange x = request();
    snprintf(header, sizeof header, "Bearer %s", key[3]);
    x.api_key = key[3];
    cr_expect_eq(check(&x, VO_SCOPE_ADMIN), 0, "X-Api-Key alone");
    x.authorization = header;
    cr_expect_eq(check(&x, VO_SCOPE_ADMIN), 0, "both the same");
    x.api_key = key[1];
    cr_expect_eq(check(&x, VO_SCOPE_READ), 401, "two good but different ones");
    cr_expect_not_null(strstr(why, "two different keys"));
    x.api_key = "junk";
    cr_expect_eq(check(&x, VO_SCOPE_READ), 401);
}

Test(auth, a_websocket_may_give_its_key_as_a_subprotocol, .init = begin, .fini = end) {
    char offer[200];
    vo_exchange x = request();
    snprintf(offer, sizeof offer, "volteo.events, bearer.%s", key[1]);
    x.ws_protocol = offer;
    cr_expect_eq(check(&x, VO_SCOPE_READ), 401, "not of an ordinary request");
    x.upgrade = true;
    cr_expect_eq(check(&x, VO_SCOPE_READ), 0);
    snprintf(offer, sizeof offer, "bearer.%s,volteo.events", key[1]);
    cr_expect_eq(check(&x, VO_SCOPE_READ), 0);
    cr_expect_eq(check(&x, VO_SCOPE_TRADE), 403);
    x.api_key = key[2];
    cr_expect_eq(check(&x, VO_SCOPE_READ), 401, "two different ones");
    x.api_key = "";
    x.ws_protocol = "volteo.events, bearer.";
    cr_expect_eq(check(&x, VO_SCOPE_READ), 401);
}

Test(auth, routes_for_everybody_need_no_key_but_know_a_good_one, .init = begin, .fini = end) {
    vo_exchange x = request();
    cr_expect_eq(check(&x, VO_SCOPE_NONE), 0);
    cr_expect_str_eq(x.key_id, "");
    x.api_key = "junk";
    cr_expect_eq(check(&x, VO_SCOPE_NONE), 0);
    x.api_key = key[2];
    cr_expect_eq(check(&x, VO_SCOPE_NONE), 0);
    cr_expect_str_eq(x.key_id, id[2]);
}

Test(auth, an_expired_key_is_refused_from_that_moment, .init = begin, .fini = end) {
    double rate;
    make(2, NOW);
    cr_assert_eq(vo_auth_refresh(auth, NULL), VO_OK);
    vo_exchange x = request();
    x.api_key = key[2];
    cr_expect_eq(vo_auth_check(auth, &x, VO_SCOPE_READ, NOW - 1, &rate, &why), 0);
    cr_expect_eq(vo_auth_check(auth, &x, VO_SCOPE_READ, NOW, &rate, &why), 401);
    cr_expect_not_null(strstr(why, "expired"));
}

Test(auth, a_revoked_key_is_refused_after_the_next_refresh, .init = begin, .fini = end) {
    cr_expect_eq(with("Bearer ", key[1], ""), 0);
    cr_assert_eq(vo_api_keys_revoke(db, id[1], 5, NULL), VO_OK);
    cr_assert_eq(vo_auth_refresh(auth, NULL), VO_OK);
    cr_expect_eq(with("Bearer ", key[1], ""), 401);
    cr_expect_not_null(strstr(why, "revoked"));
    cr_expect_eq(with("Bearer ", key[2], ""), 0, "others are not touched");
}

Test(auth, a_new_key_is_good_after_the_next_refresh, .init = begin, .fini = end) {
    make(1, 0);
    cr_expect_eq(with("Bearer ", key[1], ""), 401);
    cr_assert_eq(vo_auth_refresh(auth, NULL), VO_OK);
    cr_expect_eq(with("Bearer ", key[1], ""), 0);
}

Test(auth, keys_stay_in_force_when_the_database_cannot_be_read, .init = begin, .fini = end) {
    vo_error err = {0};
    cr_assert_eq(vo_database_run(db, "DROP TABLE api_keys", NULL, 0, NULL, NULL, NULL, NULL),
                 VO_OK);
    cr_expect_neq(vo_auth_refresh(auth, &err), VO_OK);
    cr_expect_eq(with("Bearer ", key[1], ""), 0);
}

/* ---- without keys ------------------------------------------------------------------------ */

static const char *const listed[] = {"https://app.example", "http://localhost:5173"};

static int from(const char *host, const char *origin, bool tls) {
    vo_exchange x = request();
    x.host = host;
    x.origin = origin;
    x.tls = tls;
    return check(&x, VO_SCOPE_ADMIN);
}

Test(auth, without_keys_only_names_of_this_machine_are_answered) {
    static const char *const good[] = {"localhost", "localhost:1",    "LocalHost:65535",
                                       "127.0.0.1", "127.1.2.3:8080", "[::1]",
                                       "[::1]:8080"};
    static const char *const bad[] = {"",
                                      "evil.example",
                                      "localhost.evil.example",
                                      "127.0.0.1.evil.example",
                                      "evil.example:127",
                                      "127.0.0.256",
                                      "127.0.0",
                                      "127.0.0.1.1",
                                      "127..0.1",
                                      "128.0.0.1",
                                      "0.0.0.0",
                                      "[::2]",
                                      "[::1",
                                      "[::1]x",
                                      "::1",
                                      "localhost:8080@evil.example",
                                      "localhost:123456",
                                      "localhost:x",
                                      "localhost.",
                                      "127.0.0.1, evil.example"};
    open_auth(false, listed, 2);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        cr_expect_eq(from(good[i], "", false), 0, "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(from(bad[i], "", false), 403, "%s", bad[i]);
    vo_auth_close(auth);
}

Test(auth, without_keys_a_page_of_elsewhere_is_refused) {
    static const struct {
        const char *host, *origin;
        bool tls;
        int want;
    } t[] = {{"localhost:8080", "http://localhost:8080", false, 0},
             {"localhost:8080", "http://LOCALHOST:8080", false, 0},
             {"localhost", "http://localhost:80", false, 0},
             {"localhost:443", "https://localhost", true, 0},
             {"localhost:8080", "https://localhost:8080", false, 403},
             {"localhost:8080", "http://localhost:3000", false, 403},
             {"localhost:8080", "http://127.0.0.1:8080", false, 403},
             {"localhost:8080", "null", false, 403},
             {"localhost:8080", "http://evil.example", false, 403},
             {"localhost:8080", "https://app.example", false, 0},
             {"localhost:8080", "http://localhost:5173", false, 0},
             {"localhost:8080", "https://app.example.evil.example", false, 403},
             {"localhost:8080", "https://app.exampl", false, 403}};
    open_auth(false, listed, 2);
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        cr_expect_eq(from(t[i].host, t[i].origin, t[i].tls), t[i].want, "%s", t[i].origin);
    vo_auth_close(auth);
}

Test(auth, without_keys_whoever_may_may_all) {
    open_auth(false, NULL, 0);
    vo_exchange x = request();
    cr_expect_eq(check(&x, VO_SCOPE_ADMIN), 0);
    cr_expect_eq(x.scope, (int)VO_SCOPE_ADMIN);
    cr_expect_eq(vo_auth_refresh(auth, NULL), VO_OK);
    vo_auth_close(auth);
}

Test(auth, origins_that_are_none_are_refused_in_words) {
    static const char *const bad[] = {
        "",          "app.example", "https://", "https://app.example/", "https://app.example/x",
        "HTTPS://a", "https://a b", "null",     "https://*.example",    "https://a,https://b",
        "*"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const vo_auth_settings s = {.origin = &bad[i], .n_origins = 1};
        vo_error err = {0};
        vo_auth *a = NULL;
        cr_expect_eq(vo_auth_open(&s, &a, &err), VO_EINVAL, "%s", bad[i]);
        cr_expect_not_null(strstr(err.msg, "origin[0]"), "%s", err.msg);
    }
}

/* ---- CORS ---------------------------------------------------------------------------------- */

static const char *header(const vo_exchange *x, const char *name) {
    for (size_t i = 0; i < x->n_headers; i++)
        if (strcmp(x->header[i].name, name) == 0) return x->header[i].value;
    return "";
}

Test(auth, a_listed_origin_may_read_answers_and_another_may_not) {
    open_auth(false, listed, 2);
    vo_exchange x = request(), y = request(), z = request();
    x.origin = "https://app.example";
    cr_expect_not(vo_auth_cors(auth, &x, "GET, HEAD"));
    cr_expect_str_eq(header(&x, "Access-Control-Allow-Origin"), "https://app.example");
    cr_expect_str_eq(header(&x, "Vary"), "Origin");
    cr_expect_not_null(strstr(header(&x, "Access-Control-Expose-Headers"), "Retry-After"));
    cr_expect_str_eq(header(&x, "Access-Control-Allow-Credentials"), "");
    y.origin = "https://evil.example";
    cr_expect_not(vo_auth_cors(auth, &y, "GET, HEAD"));
    cr_expect_str_eq(header(&y, "Access-Control-Allow-Origin"), "");
    cr_expect_str_eq(header(&y, "Vary"), "Origin", "a cache must not mix them up");
    cr_expect_not(vo_auth_cors(auth, &z, "GET, HEAD"));
    cr_expect_str_eq(header(&z, "Access-Control-Allow-Origin"), "");
    vo_auth_close(auth);
}

Test(auth, a_preflight_tells_methods_and_headers_to_a_listed_origin_only) {
    open_auth(false, listed, 2);
    vo_exchange x = request(), y = request();
    x.method = y.method = "OPTIONS";
    x.cors_method = y.cors_method = "POST";
    x.origin = "http://localhost:5173";
    cr_expect(vo_auth_cors(auth, &x, "GET, POST"));
    cr_expect_str_eq(header(&x, "Access-Control-Allow-Methods"), "GET, POST");
    cr_expect_not_null(strstr(header(&x, "Access-Control-Allow-Headers"), "Authorization"));
    cr_expect_not_null(strstr(header(&x, "Access-Control-Allow-Headers"), "Idempotency-Key"));
    cr_expect_str_eq(header(&x, "Access-Control-Max-Age"), "600");
    y.origin = "http://evil.example";
    cr_expect(vo_auth_cors(auth, &y, "GET, POST"));
    cr_expect_str_eq(header(&y, "Access-Control-Allow-Origin"), "");
    cr_expect_str_eq(header(&y, "Access-Control-Allow-Methods"), "");
    y.cors_method = "";
    cr_expect_not(vo_auth_cors(auth, &y, "GET, POST"), "OPTIONS that is no preflight");
    vo_auth_close(auth);
}

Test(auth, with_keys_a_star_lets_every_page_ask, .init = begin, .fini = end) {
    static const char *const star[] = {"*"};
    vo_auth_close(auth);
    open_auth(true, star, 1);
    vo_exchange x = request();
    x.origin = "https://any.example";
    cr_expect_not(vo_auth_cors(auth, &x, "GET"));
    cr_expect_str_eq(header(&x, "Access-Control-Allow-Origin"), "*");
}

/* ---- two threads ------------------------------------------------------------------------- */

static void refresh_often(void *ctx) {
    (void)ctx;
    for (int i = 0; i < 300; i++) (void)vo_auth_refresh(auth, NULL);
}

Test(auth, a_refresh_on_another_thread_never_disturbs_a_check, .init = begin, .fini = end) {
    vo_task *t = NULL; /* the threads share one slot */
    cr_assert_eq(vo_task_start(refresh_often, NULL, &t, NULL), VO_OK);
    for (int i = 0; i < 20000; i++) cr_assert_eq(with("Bearer ", key[1 + i % 3], ""), 0);
    vo_task_join(t);
}

Test(auth, the_subprotocol_of_events_is_known_among_others) {
    static const struct {
        const char *offer;
        bool there;
    } t[] = {{"", false},
             {"volteo.events", true},
             {"bearer.abc ,\tvolteo.events", true},
             {"volteo.events2, xvolteo.events", false},
             {"bearer.volteo.events", false}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        const vo_exchange asked = {.ws_protocol = t[i].offer};
        cr_assert_eq(vo_auth_offered(&asked), t[i].there, "%s", t[i].offer);
    }
}

static void refresh(void) {
    vo_error err = {0};
    cr_assert_eq(vo_auth_refresh(auth, &err), VO_OK, "%s", err.msg);
}

Test(auth, a_key_that_was_checked_holds_until_it_is_revoked_or_expires, .init = begin,
     .fini = end) {
    make(2, NOW + 10); /* another, which ends */
    refresh();
    for (int s = 1; s <= 3; s++) cr_expect(vo_auth_holds(auth, id[s], NOW), "%d", s);
    cr_expect(vo_auth_holds(auth, id[2], NOW + 9));
    cr_expect_not(vo_auth_holds(auth, id[2], NOW + 10));
    cr_expect(vo_auth_holds(auth, id[1], INT64_MAX));
    cr_assert_eq(vo_api_keys_revoke(db, id[1], NOW, NULL), VO_OK);
    cr_expect(vo_auth_holds(auth, id[1], NOW), "nobody has read it yet");
    refresh();
    cr_expect_not(vo_auth_holds(auth, id[1], NOW));
    cr_expect(vo_auth_holds(auth, id[3], NOW));
    cr_expect_not(vo_auth_holds(auth, "nobody", NOW));
    cr_expect_not(vo_auth_holds(auth, "", NOW));
}

Test(auth, each_table_of_keys_has_a_number_of_its_own, .init = begin, .fini = end) {
    const uint64_t first = vo_auth_edition(auth);
    cr_expect_eq(vo_auth_edition(auth), first);
    refresh();
    const uint64_t second = vo_auth_edition(auth);
    cr_expect_neq(second, first);
    vo_exchange x = request();
    refresh();
    check(&x, VO_SCOPE_READ); /* may take the table too */
    with("Bearer ", key[1], "");
    cr_expect_neq(vo_auth_edition(auth), second);
}
