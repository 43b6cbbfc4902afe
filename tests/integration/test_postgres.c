/* test_postgres.c -- tables of a real PostgreSQL, started here in a folder of its own on a free
 * port of 127.0.0.1: what was put in comes out by the hour and per MWh, from the reader and
 * from the lake; what is wrong is refused in words without a password. Skipped where PostgreSQL
 * 15 is not installed. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <libpq-fe.h>
#include <math.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "data/mapping.h"
#include "data/source_postgres.h"
#include "port/file.h"
#include "support/data_folder.h"

#define BIN "/usr/lib/postgresql/15/bin/"
#define PASSWORD "s3cret-word"
#define OCT1 INT64_C(1727740800) /* 2024-10-01T00:00Z */
#define HOURS 216                /* nine days */

typedef struct {
    char folder[DATA_PATH];
    const char *user; /* whom the server runs as; NULL: as we do */
    pid_t pid, guard;
    int alive; /* the guard ends the server when this closes, however the test ends */
    int port;
    char url[200];
} server;

/* ---- a server of our own ---------------------------------------------------------------- */

static pid_t spawn(const server *s, const char *const *command) {
    const char *all[24];
    size_t n = 0;
    if (s->user) {
        all[n++] = "setpriv";
        all[n++] = "--reuid";
        all[n++] = s->user;
        all[n++] = "--clear-groups";
    }
    for (; *command; command++) all[n++] = *command;
    all[n] = NULL;
    const pid_t pid = fork();
    if (pid != 0) return pid;
    char log[DATA_PATH + 8];
    snprintf(log, sizeof log, "%s/log", s->folder);
    if (!freopen(log, "a", stdout) || dup2(STDOUT_FILENO, STDERR_FILENO) < 0) _exit(126);
    if (chdir(s->folder) != 0) _exit(126);
    char *argv[24];
    for (size_t i = 0; i <= n; i++) {
        argv[i] = all[i] ? strdup(all[i]) : NULL;
    }
    execvp(argv[0], argv);
    _exit(127);
}

static bool run_to_end(const server *s, const char *const *command) {
    int status = 0;
    const pid_t pid = spawn(s, command);
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

static void drop_to(server *s) {
    if (geteuid() != 0) return;
    const struct passwd *who = getpwnam("postgres");
    if (!who) who = getpwnam("nobody");
    cr_assert(who && chown(s->folder, who->pw_uid, who->pw_gid) == 0);
    s->user = who == getpwnam("postgres") ? "postgres" : "nobody";
}

static bool answers(const server *s) {
    PGconn *c = PQconnectdb(s->url);
    const bool yes = PQstatus(c) == CONNECTION_OK;
    PQfinish(c);
    return yes;
}

/* A test that fails does not come to its end: the server must not outlive it. */
static void set_guard(server *s) {
    int ends[2];
    char byte;
    cr_assert(pipe(ends) == 0);
    s->alive = ends[1];
    s->guard = fork();
    if (s->guard != 0) {
        close(ends[0]);
        return;
    }
    close(ends[1]);
    if (read(ends[0], &byte, 1) <= 0) kill(s->pid, SIGQUIT);
    _exit(0);
}

static void stop(server *s) {
    int status = 0;
    kill(s->guard, SIGKILL);
    waitpid(s->guard, &status, 0);
    close(s->alive);
    if (s->pid > 0) {
        kill(s->pid, SIGINT);
        waitpid(s->pid, &status, 0);
    }
    const char *const remove[] = {"rm", "-rf", "data", NULL};
    run_to_end(s, remove);
    temporary_folder_remove(s->folder);
}

/* A port that nobody has at this moment. */
static int free_port(void) {
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof at;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert(fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof at) == 0);
    cr_assert(getsockname(fd, (struct sockaddr *)&at, &len) == 0);
    close(fd);
    return ntohs(at.sin_port);
}

/* Starts the server on a port and waits until it answers. False: it ended, since another took
 * the port, or whatever its log says. */
static bool serve(server *s, const char *data) {
    const struct timespec a_while = {.tv_nsec = 50000000};
    char port[16];
    s->port = free_port();
    snprintf(port, sizeof port, "%d", s->port);
    snprintf(s->url, sizeof s->url, "postgres://tester:" PASSWORD "@127.0.0.1:%d/postgres",
             s->port);
    const char *const postgres[] = {
        BIN "postgres", "-D", data, "-k",        s->folder, "-c", "listen_addresses=127.0.0.1",
        "-p",           port, "-c", "fsync=off", NULL};
    s->pid = spawn(s, postgres);
    cr_assert(s->pid > 0);
    for (int i = 0; i < 400; i++) {
        if (waitpid(s->pid, NULL, WNOHANG) == s->pid) return false;
        if (answers(s)) return true;
        nanosleep(&a_while, NULL);
    }
    kill(s->pid, SIGQUIT);
    waitpid(s->pid, NULL, 0);
    return false;
}

static void start(server *s) {
    char data[DATA_PATH + 8], password[DATA_PATH + 16], file[DATA_PATH + 32];
    *s = (server){0};
    if (access(BIN "initdb", X_OK) != 0 || access(BIN "postgres", X_OK) != 0)
        cr_skip_test("not here: PostgreSQL 15 (" BIN "postgres; Debian's postgresql-15)");
    cr_assert(temporary_folder(s->folder));
    snprintf(password, sizeof password, "%s/password", s->folder);
    FILE *f = fopen(password, "w");
    cr_assert(f && fputs(PASSWORD "\n", f) >= 0 && fclose(f) == 0);
    drop_to(s);
    snprintf(data, sizeof data, "%s/data", s->folder);
    snprintf(file, sizeof file, "--pwfile=%s", password);
    const char *const initdb[] = {
        BIN "initdb",    "-D", data, "-U", "tester", "-N", "-E", "UTF8", "--locale=C", "-A",
        "scram-sha-256", file, NULL};
    cr_assert(run_to_end(s, initdb), "initdb failed: see %s/log", s->folder);
    bool up = false;
    for (int i = 0; i < 3 && !up; i++) up = serve(s, data);
    cr_assert(up, "the server does not answer: see %s/log", s->folder);
    set_guard(s);
}

static void sql(const server *s, const char *text) {
    PGconn *c = PQconnectdb(s->url);
    PGresult *r = PQexec(c, text);
    const ExecStatusType is = PQresultStatus(r);
    cr_assert(is == PGRES_COMMAND_OK || is == PGRES_TUPLES_OK, "%s: %s", text,
              PQerrorMessage(c));
    PQclear(r);
    PQfinish(c);
}

/* ---- reading ----------------------------------------------------------------------------- */

static vo_readings_set *read_table(const server *s, const char *table,
                                   const vo_source_options *o) {
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_readings_set_create(&set, &err), VO_OK);
    cr_assert_eq(vo_source_postgres_read(s->url, table, o, set, &err), VO_OK, "%s", err.msg);
    return set;
}

static void refuses(const vo_postgres *from, const vo_source_options *o, vo_status code,
                    const char *says) {
    vo_readings_set *set = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_readings_set_create(&set, &err), VO_OK);
    const vo_status st = vo_source_postgres_fetch(from, o, set, &err);
    cr_assert_eq(st, code, "%d: %s", (int)st, err.msg);
    cr_assert(strstr(err.msg, says), "\"%s\" is not in: %s", says, err.msg);
    cr_assert(!strstr(err.msg, PASSWORD) && !strstr(err.msg, "wrong-word"), "%s", err.msg);
    vo_readings_set_free(set);
}

static void table_refused(const server *s, const char *table, const vo_source_options *o,
                          vo_status code, const char *says) {
    vo_postgres from = vo_postgres_default();
    from.url = s->url;
    from.table = table;
    refuses(&from, o, code, says);
}

/* ---- the requirements' table ------------------------------------------------------------ */

/* Price of hour i of node k, in USD/kWh. */
static double price_of(int k, int i) { return -0.057 + 0.001 * i + 0.01 * k; }

static const char *const nodes[] = {"TH_NP15", "TH_SP15", "TH_ZP26"};

static void make_prices(const server *s) {
    sql(s, "CREATE TABLE cabuyingpricehistoryseptember2025 (id serial PRIMARY KEY, "
           "\"INTERVALSTARTTIME_GMT\" timestamptz, \"INTERVALENDTIME_GMT\" timestamptz, "
           "\"NODE\" text, \"MARKET\" text, \"Price KWH\" double precision)");
    /* in no order */
    sql(s,
        "INSERT INTO cabuyingpricehistoryseptember2025 (\"INTERVALSTARTTIME_GMT\", "
        "\"INTERVALENDTIME_GMT\", \"NODE\", \"MARKET\", \"Price KWH\") SELECT "
        "'2024-10-01 00:00Z'::timestamptz + i * interval '1 hour', '2024-10-01 "
        "01:00Z'::timestamptz + i * interval '1 hour', (ARRAY['TH_NP15','TH_SP15','TH_ZP26'])"
        "[k+1], 'DAM', -0.057 + 0.001 * i + 0.01 * k FROM generate_series(0, 215) i, "
        "generate_series(0, 2) k ORDER BY md5(i::text || k::text)");
}

static void check_prices(const vo_readings_set *set) {
    cr_assert_eq(set->n, 3);
    cr_assert_eq(set->rows, (size_t)3 * HOURS);
    for (int k = 0; k < 3; k++) {
        const vo_readings *r = NULL;
        vo_error err = {0};
        cr_assert_eq(vo_readings_set_find(set, NULL, nodes[k], &r, &err), VO_OK, "%s", err.msg);
        cr_assert_eq(r->n, HOURS);
        cr_assert_str_eq(r->zone, "America/Los_Angeles");
        cr_assert_str_eq(r->currency, "USD");
        cr_assert_eq(r->interval_h, 1);
        for (int i = 0; i < HOURS; i++) {
            cr_assert_eq(r->start_s[i], OCT1 + 3600 * i);
            cr_assert_float_eq(r->column[0].value[i], 1000 * price_of(k, i), 1e-10);
        }
    }
}

static void a_node_and_a_span(const server *s, const vo_mapping *m) {
    vo_postgres from = vo_postgres_default();
    vo_source_options o = m->options;
    vo_readings_set *set = NULL;
    vo_error err = {0};
    from.url = s->url;
    from.table = "public.cabuyingpricehistoryseptember2025";
    from.has_from = from.has_to = true;
    from.from_utc_s = OCT1 + 3600;
    from.to_utc_s = OCT1 + 4 * 3600;
    o.only_node = "TH SP15";
    cr_assert_eq(vo_readings_set_create(&set, &err), VO_OK);
    cr_assert_eq(vo_source_postgres_fetch(&from, &o, set, &err), VO_OK, "%s", err.msg);
    cr_assert(set->n == 1 && set->rows == 3);
    cr_assert_str_eq(set->item[0]->node, "TH_SP15");
    cr_assert_eq(set->item[0]->start_s[0], OCT1 + 3600);
    vo_readings_set_free(set);
}

Test(postgres, the_requirements_table_comes_in_by_node_and_per_mwh) {
    server s;
    vo_mapping *m = NULL;
    vo_error err = {0};
    start(&s);
    make_prices(&s);
    cr_assert_eq(vo_mapping_load(NULL, "supabase", &m, &err), VO_OK, "%s", err.msg);
    vo_readings_set *set = read_table(&s, "cabuyingpricehistoryseptember2025", &m->options);
    check_prices(set);
    vo_readings_set_free(set);
    a_node_and_a_span(&s, m);

    /* Without a mapping: one node by a query of the caller's own. */
    vo_postgres from = vo_postgres_default();
    from.url = s.url;
    from.query = "SELECT \"INTERVALSTARTTIME_GMT\" AS t, \"Price KWH\" * 1000 AS price FROM "
                 "cabuyingpricehistoryseptember2025 WHERE \"NODE\" = 'TH_ZP26' ORDER BY 1";
    cr_assert_eq(vo_readings_set_create(&set, &err), VO_OK);
    cr_assert_eq(vo_source_postgres_fetch(&from, NULL, set, &err), VO_OK, "%s", err.msg);
    cr_assert(set->n == 1 && set->rows == HOURS);
    cr_assert_float_eq(set->item[0]->column[0].value[5], 1000 * price_of(2, 5), 1e-10);
    vo_readings_set_free(set);
    from.query = "DELETE FROM cabuyingpricehistoryseptember2025 RETURNING 1";
    refuses(&from, NULL, VO_EINVAL, "syntax error");
    from.query =
        "SELECT 1 AS price, setval('cabuyingpricehistoryseptember2025_id_seq', 1) AS t";
    refuses(&from, NULL, VO_EIO, "read-only");
    vo_mapping_free(m);
    stop(&s);
}

/* ---- through the program into the lake -------------------------------------------------- */

/* What `volteo ARGUMENTS` prints on both outputs; the caller's. Never the password. */
static char *volteo(const server *s, const char *arguments, int code) {
    char command[3 * DATA_PATH], out[DATA_PATH + 8], *text = NULL;
    size_t len = 0;
    vo_error err = {0};
    snprintf(out, sizeof out, "%s/.out", s->folder);
    snprintf(command, sizeof command, "cd '%s' && unset VOLTEO_LAKE && '%s' %s >'%s' 2>&1",
             s->folder, VOLTEO_PROGRAM, arguments, out);
    const int status = system(command);
    cr_assert_eq(vo_file_read(out, 1u << 20, &text, &len, &err), VO_OK, "%s", err.msg);
    cr_assert(!strstr(text, PASSWORD) && !strstr(text, "wrong-word"), "%s", text);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == code, "%s: %s", arguments, text);
    return text;
}

static void says(const server *s, const char *arguments, int code, const char *what) {
    char *text = volteo(s, arguments, code);
    cr_assert(strstr(text, what), "%s: \"%s\" is not in: %s", arguments, what, text);
    free(text);
}

/* Nine days of a node as the file that was exported, line by line. */
static void check_export(const server *s, int k) {
    char arguments[200], path[DATA_PATH + 16], *text = NULL;
    size_t len = 0;
    vo_error err = {0};
    snprintf(arguments, sizeof arguments, "data export --node %s --out out.csv", nodes[k]);
    says(s, arguments, 0, "out.csv: 216 ");
    snprintf(path, sizeof path, "%s/out.csv", s->folder);
    cr_assert_eq(vo_file_read(path, 1u << 20, &text, &len, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(strncmp(text, "timestamp,price\n", 16), 0, "%.60s", text);
    const char *at = text + 16;
    for (int i = 0; i < HOURS; i++) { /* October: daylight time, seven hours behind */
        const int local = i + 24 - 7, day = local / 24;
        char stamp[40], *end = NULL;
        snprintf(stamp, sizeof stamp, "2024-%s-%02dT%02d:00:00-07:00,", day ? "10" : "09",
                 day ? day : 30, local % 24);
        cr_assert_eq(strncmp(at, stamp, strlen(stamp)), 0, "%.60s: not %s", at, stamp);
        cr_assert_float_eq(strtod(at + strlen(stamp), &end), 1000 * price_of(k, i), 1e-10);
        cr_assert_eq(*end, '\n');
        at = end + 1;
    }
    cr_assert_eq(*at, '\0');
    free(text);
}

Test(postgres, a_table_goes_through_the_program_into_the_lake_and_no_password_comes_out) {
    static const char options[] =
        "--table cabuyingpricehistoryseptember2025 --mapping supabase";
    server s;
    char arguments[400], command[DATA_PATH + 100];
    start(&s);
    make_prices(&s);
    snprintf(arguments, sizeof arguments, "data import '%s' %s", s.url, options);
    says(&s, arguments, 0, "648 rows, 3 series into lake");
    says(&s, arguments, 0, "648 rows, 3 series into lake"); /* again: nothing is doubled */
    snprintf(arguments, sizeof arguments, "data import '%s' %s --json", s.url, options);
    says(&s, arguments, 0, "\"rows\":648");
    char *list = volteo(&s, "data list", 0);
    for (int k = 0; k < 3; k++) {
        const char *line = strstr(list, nodes[k]);
        cr_assert_not_null(line, "%s", list);
        cr_assert(strstr(line, "216") && strstr(line, "2024-10-01T00:00"), "%s", list);
        check_export(&s, k);
    }
    free(list);
    says(&s, "data show --node TH_SP15", 0, "216 intervals");
    snprintf(command, sizeof command, "! grep -rqF " PASSWORD " '%s/lake'", s.folder);
    cr_assert_eq(system(command), 0, "the lake holds the password");
    snprintf(arguments, sizeof arguments, "data import '%s' --table nothing", s.url);
    says(&s, arguments, 2, "no such table");
    snprintf(arguments, sizeof arguments,
             "data import postgres://tester:wrong-word@127.0.0.1:%d/postgres %s", s.port,
             options);
    says(&s, arguments, 1, "password authentication failed");
    stop(&s);
}

/* ---- times ------------------------------------------------------------------------------ */

static void times(const server *s) {
    static const struct {
        const char *type, *first, *second;
        const char *zone;
        int64_t start_s, step_s;
    } t[] = {
        {"timestamptz", "'2024-10-01 00:00-07'", "'2024-10-01 01:00-07'", NULL, OCT1 + 7 * 3600,
         3600},
        {"timestamp", "'2024-10-01 00:00'", "'2024-10-01 01:00'", NULL, OCT1, 3600},
        {"timestamp", "'2024-10-01 00:00'", "'2024-10-01 01:00'", "America/Los_Angeles",
         OCT1 + 7 * 3600, 3600},
        {"date", "'2024-10-01'", "'2024-10-02'", NULL, OCT1, 86400},
        {"text", "'2024-10-01T00:00Z'", "'2024-10-01T01:00Z'", NULL, OCT1, 3600},
        {"bigint", "1727740800", "1727744400", NULL, OCT1, 3600},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        char text[400];
        vo_source_options o = {.zone = t[i].zone};
        snprintf(text, sizeof text,
                 "DROP TABLE IF EXISTS times; CREATE TABLE times (\"timestamp\" %s, price "
                 "numeric); INSERT INTO times VALUES (%s, 1.5), (%s, NULL)",
                 t[i].type, t[i].first, t[i].second);
        sql(s, text);
        vo_readings_set *set = read_table(s, "times", &o);
        const vo_readings *r = set->item[0];
        cr_assert(set->n == 1 && r->n == 2, "%s", t[i].type);
        cr_assert_eq(r->start_s[0], t[i].start_s, "%s", t[i].type);
        cr_assert_eq(r->start_s[1], t[i].start_s + t[i].step_s, "%s", t[i].type);
        cr_assert(r->column[0].value[0] == 1.5 && isnan(r->column[0].value[1]));
        vo_readings_set_free(set);
    }
}

static void consumption(const server *s) {
    vo_mapping *m = NULL;
    vo_error err = {0};
    sql(s, "CREATE SCHEMA home; CREATE TABLE home.\"use, \"\"net\"\"\" (\"timestamp\" "
           "timestamptz, household_id int, consumption_kwh real)");
    sql(s,
        "INSERT INTO home.\"use, \"\"net\"\"\" SELECT '2024-10-01Z'::timestamptz + i * "
        "interval '1 hour', k, 0.5 * k + i FROM generate_series(0, 47) i, generate_series(1, "
        "10) k");
    cr_assert_eq(vo_mapping_load(NULL, "supabase-load", &m, &err), VO_OK, "%s", err.msg);
    vo_readings_set *set = read_table(s, "home.\"use, \"\"net\"\"\"", &m->options);
    cr_assert(set->n == 10 && set->rows == 480);
    const vo_readings *r = NULL;
    cr_assert_eq(vo_readings_set_find(set, NULL, "7", &r, &err), VO_OK, "%s", err.msg);
    cr_assert_str_eq(r->kind, VO_KIND_LOAD);
    cr_assert_str_eq(r->column[0].name, "load_kw");
    cr_assert_eq(r->column[0].value[47], 50.5);
    vo_readings_set_free(set);
    vo_mapping_free(m);
}

Test(postgres, every_type_of_time_and_tables_of_loads_are_read) {
    server s;
    start(&s);
    times(&s);
    consumption(&s);
    stop(&s);
}

/* ---- what is wrong ---------------------------------------------------------------------- */

static void wrong_values(const server *s) {
    static const struct {
        const char *column, *value, *says;
    } bad[] = {
        {"price float8", "'2024-10-01', 'infinity'", "\"Infinity\" is not a number"},
        {"price text", "'2024-10-01', 'cheap'", "\"cheap\" is not a number"},
        {"price float8", "NULL, 1", "\"\" is not a time"},
        {"price float8", "'infinity', 1", "\"infinity\" is not a time"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const vo_source_options o = {.time_column = "t", .price_column = "price"};
        char text[300];
        snprintf(text, sizeof text,
                 "DROP TABLE IF EXISTS bad; CREATE TABLE bad (t timestamptz, %s); INSERT INTO "
                 "bad VALUES ('2024-09-30', '1'), (%s)",
                 bad[i].column, bad[i].value);
        sql(s, text);
        table_refused(s, "bad", &o, VO_EINVAL, bad[i].says);
        table_refused(s, "bad", &o, VO_EINVAL, "row 2");
    }
    sql(s, "DROP TABLE bad; CREATE TABLE bad (t timestamptz, price float8); INSERT INTO bad "
           "VALUES "
           "('2024-09-30', 'NaN'), ('2024-10-01', 2)");
    vo_readings_set *set = read_table(s, "bad", NULL);
    cr_assert(isnan(set->item[0]->column[0].value[0]));
    vo_readings_set_free(set);
}

static void wrong_names(const server *s) {
    const vo_source_options odd = {.price_column = "Price KW"};
    const vo_source_options order = {.rows_in_order = true, .interval_minutes = 60};
    table_refused(s, "cabuying", NULL, VO_ENOTFOUND, "it has bad, cabuyingpricehistory");
    table_refused(s, "bad; DROP TABLE bad", NULL, VO_ENOTFOUND, "no such table");
    table_refused(s, "bad\"; DROP TABLE bad; --", NULL, VO_EINVAL,
                  "write TABLE or SCHEMA.TABLE");
    table_refused(s, "a.b.c", NULL, VO_EINVAL, "write TABLE or SCHEMA.TABLE");
    table_refused(s, "cabuyingpricehistoryseptember2025", &odd, VO_EINVAL, "Price KWH");
    table_refused(s, "bad", &order, VO_EINVAL, "have no order");
    table_refused(s, "cabuyingpricehistoryseptember2025", NULL, VO_EINVAL, "NODE");
    sql(s, "CREATE TABLE empty (t timestamptz, price float8)");
    table_refused(s, "empty", NULL, VO_EINVAL, "has no rows");
}

static void wrong_connections(const server *s) {
    vo_postgres from = vo_postgres_default();
    char url[DATA_PATH * 2];
    from.table = "bad";
    from.url = url;
    snprintf(url, sizeof url, "postgres://tester:wrong-word@127.0.0.1:%d/postgres", s->port);
    refuses(&from, NULL, VO_EIO, "password authentication failed");
    snprintf(url, sizeof url, "postgres://tester:wrong-word@/postgres?host=%s&port=%d",
             s->folder, s->port); /* the same through its socket */
    refuses(&from, NULL, VO_EIO, "password authentication failed");
    snprintf(url, sizeof url, "postgres://tester:wrong-word@/nowhere?host=%s/none", s->folder);
    refuses(&from, NULL, VO_EIO, "No such file");
    snprintf(url, sizeof url, "postgres://tester:wrong-word@host:port/x");
    refuses(&from, NULL, VO_EIO, "port");
    snprintf(url, sizeof url, "postgres://tester:wrong-word@[host/x");
    refuses(&from, NULL, VO_EINVAL, "write postgres://");
}

/* The 5000th row ends its own server process; another one is silent. */
static void gone(const server *s) {
    vo_postgres from = vo_postgres_default();
    from.url = s->url;
    sql(s,
        "CREATE VIEW dying AS SELECT '2024-10-01Z'::timestamptz + i * interval '1 hour' AS t, "
        "CASE WHEN i = 5000 THEN pg_terminate_backend(pg_backend_pid())::int ELSE i END AS "
        "price FROM generate_series(1, 9000) i");
    sql(s,
        "CREATE VIEW silent AS SELECT '2024-10-01Z'::timestamptz AS t, pg_sleep(20)::text AS "
        "x, 1 AS price");
    from.table = "dying";
    refuses(&from, NULL, VO_EIO, "terminating connection");
    from.table = "silent";
    from.silence_timeout_s = 1;
    refuses(&from, NULL, VO_EIO, "nothing came for 1 s");
}

Test(postgres, what_is_wrong_is_refused_in_words_without_the_password) {
    server s;
    start(&s);
    make_prices(&s);
    wrong_values(&s);
    wrong_names(&s);
    wrong_connections(&s);
    gone(&s);
    stop(&s);
}
