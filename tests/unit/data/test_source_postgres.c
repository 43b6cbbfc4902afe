/* What is known of a database before it answers; tests/integration/test_postgres.c has one that
 * does. */
#include "data/source_postgres.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <math.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void refuses(const vo_postgres *from, const vo_source_options *o, vo_status code,
                    const char *says) {
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_readings_set_create(&set, &err), VO_OK);
    const vo_status st = vo_source_postgres_fetch(from, o, set, &err);
    cr_expect_eq(st, code, "%s: %d, %s", says, (int)st, err.msg);
    cr_expect(strstr(err.msg, says), "\"%s\" is not in: %s", says, err.msg);
    cr_expect_null(strstr(err.msg, "s3cret"), "%s", err.msg);
    cr_expect_eq(set->n, 0u);
    vo_readings_set_free(set);
}

static vo_postgres at(const char *url) {
    vo_postgres p = vo_postgres_default();
    p.url = url;
    p.table = "prices";
    return p;
}

Test(source_postgres, both_schemes_are_its_own_and_nothing_else_is) {
    static const char *const its[] = {"postgres://u:p@h:5432/d", "postgresql:///d",
                                      "POSTGRES://u@h/d", "postgres://"};
    static const char *const others[] = {"", "postgres:/u@h/d", "postgres.csv",
                                         "http://postgres://", "-"};
    for (size_t i = 0; i < sizeof its / sizeof its[0]; i++)
        cr_expect(vo_source_postgres_is(its[i]), "%s", its[i]);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        cr_expect_not(vo_source_postgres_is(others[i]), "%s", others[i]);
}

Test(source_postgres, what_is_missing_or_out_of_bounds_is_named_before_anyone_is_asked) {
    static const double connect[] = {0, 0.99, 601, -1, (double)NAN, (double)INFINITY};
    static const double silence[] = {0, 0.99, 86401, -1, (double)NAN, (double)INFINITY};
    const vo_source_options order = {.rows_in_order = true};
    vo_postgres p = at(NULL);
    refuses(&p, NULL, VO_EINVAL, "URL is missing");
    p = at("");
    refuses(&p, NULL, VO_EINVAL, "URL is missing");
    p = at("postgres://tester:s3cret@127.0.0.1:1/d");
    refuses(&p, &order, VO_EINVAL, "rows_in_order");
    for (size_t i = 0; i < sizeof connect / sizeof connect[0]; i++) {
        p.connect_timeout_s = connect[i];
        refuses(&p, NULL, VO_EINVAL, "is not in 1..600");
    }
    p.connect_timeout_s = 1;
    for (size_t i = 0; i < sizeof silence / sizeof silence[0]; i++) {
        p.silence_timeout_s = silence[i];
        refuses(&p, NULL, VO_EINVAL, "is not in 1..86400");
    }
    p.silence_timeout_s = 1;
    p.table = "";
    refuses(&p, NULL, VO_EINVAL, "which table");
    p.table = NULL;
    refuses(&p, NULL, VO_EINVAL, "which table");
}

Test(source_postgres, addresses_that_cannot_be_read_are_refused_without_their_password) {
    static const char *const bad[] = {"postgres://tester:s3cret@[host/x",
                                      "postgres://tester:s3cret%zz@host/x",
                                      "postgres://tester:s3cret@host/x?nosuchword=1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const vo_postgres p = at(bad[i]);
        refuses(&p, NULL, VO_EINVAL, "write postgres://USER:PASSWORD@HOST");
    }
}

Test(source_postgres, a_table_is_one_name_or_two_and_odd_ones_stand_in_quotes) {
    static const struct {
        const char *text;
        size_t n;
        const char *name[2];
    } table[] = {
        {"prices", 1, {"prices", ""}},
        {"energy.prices", 2, {"energy", "prices"}},
        {"\"odd.name\"", 1, {"odd.name", ""}},
        {"a.\"b c\"", 2, {"a", "b c"}},
        {"\"use, \"\"net\"\"\"", 1, {"use, \"net\"", ""}},
        {"bad; DROP TABLE bad", 1, {"bad; DROP TABLE bad", ""}}, /* a name, quoted later */
        {"", 0, {"", ""}},
        {".", 0, {"", ""}},
        {"a.", 0, {"", ""}},
        {".a", 0, {"", ""}},
        {"a..b", 0, {"", ""}},
        {"a.b.c", 0, {"", ""}},
        {"\"", 0, {"", ""}},
        {"\"\"", 0, {"", ""}},
        {"\"open", 0, {"", ""}},
        {"a\"b", 0, {"", ""}},
        {"\"a\"b", 0, {"", ""}},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char name[2][VO_POSTGRES_NAME];
        const size_t n = vo_source_postgres_names(table[i].text, name);
        cr_expect_eq(n, table[i].n, "%s: %zu names", table[i].text, n);
        for (size_t k = 0; k < n; k++) cr_expect_str_eq(name[k], table[i].name[k]);
    }
    char text[80], name[2][VO_POSTGRES_NAME];
    memset(text, 'x', sizeof text);
    text[63] = '\0';
    cr_expect_eq(vo_source_postgres_names(text, name), 1u);
    text[63] = 'x';
    text[64] = '\0';
    cr_expect_eq(vo_source_postgres_names(text, name), 0u);
}

/* ---- servers that are none -------------------------------------------------------------- */

typedef struct {
    int fd;
    const char *reply; /* what it says to whatever it hears, then it hangs up */
    pthread_t thread;
    char url[100];
} stranger;

static void *answer(void *ctx) {
    stranger *s = ctx;
    for (int fd; (fd = accept(s->fd, NULL, NULL)) >= 0; close(fd)) {
        char heard[256];
        if (recv(fd, heard, sizeof heard, 0) > 0)
            (void)!send(fd, s->reply, strlen(s->reply), MSG_NOSIGNAL);
    }
    return NULL;
}

/* Takes a port of the loopback; listens on it only if there is a reply. */
static void open_stranger(stranger *s, const char *reply) {
    struct sockaddr_in to = {.sin_family = AF_INET};
    socklen_t len = sizeof to;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *s = (stranger){.fd = socket(AF_INET, SOCK_STREAM, 0), .reply = reply};
    cr_assert(s->fd >= 0 && bind(s->fd, (const struct sockaddr *)&to, sizeof to) == 0);
    cr_assert(getsockname(s->fd, (struct sockaddr *)&to, &len) == 0);
    snprintf(s->url, sizeof s->url, "postgres://tester:s3cret@127.0.0.1:%d/d",
             (int)ntohs(to.sin_port));
    if (!reply) return;
    cr_assert(listen(s->fd, 4) == 0);
    cr_assert(pthread_create(&s->thread, NULL, answer, s) == 0);
}

static void close_stranger(stranger *s) {
    if (s->reply) {
        shutdown(s->fd, SHUT_RDWR);
        pthread_join(s->thread, NULL);
    }
    close(s->fd);
}

Test(source_postgres, a_port_without_a_database_is_told_without_the_password) {
    static const struct {
        const char *reply, *says;
    } port[] = {{NULL, "refused"},
                {"HTTP/1.1 400 Bad Request\r\n\r\n", "connecting"},
                {"Nno such thing", "connecting"},
                {"", "connecting"}};
    for (size_t i = 0; i < sizeof port / sizeof port[0]; i++) {
        stranger s;
        open_stranger(&s, port[i].reply);
        const vo_postgres p = at(s.url);
        refuses(&p, NULL, VO_EIO, port[i].says);
        close_stranger(&s);
    }
}
