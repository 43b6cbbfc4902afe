/* test_database.c -- what every state database must do: keep what was committed, nothing else.
 *
 * Runs over each back-end there is; a second handle stands for another process.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "port/clock.h"
#include "port/file.h"
#include "port/thread.h"
#include "store/database.h"
#include "support/data_folder.h"
#include "support/state_file.h"

static char folder[DATA_PATH], path[DATA_PATH + 16];
static vo_database *db;

static vo_database *open_at(const char *url) {
    vo_database *d = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_database_open(url, &d, &err), VO_OK, "%s", err.msg);
    return d;
}

static void begin(void) {
    cr_assert(temporary_folder(folder));
    snprintf(path, sizeof path, "%.1000s/state.db", folder);
    db = open_at(path);
    state_run(db, "CREATE TABLE t (k TEXT PRIMARY KEY, v INTEGER NOT NULL)");
}

static void end(void) {
    vo_database_close(db);
    temporary_folder_remove(folder);
}

static vo_status put(vo_database *d, const char *k, int64_t v, vo_error *err) {
    const vo_db_value arg[] = {vo_db_text(k), vo_db_integer(v)};
    return vo_database_run(d, "INSERT INTO t (k, v) VALUES (?, ?)", arg, 2, NULL, NULL, NULL,
                           err);
}

static int64_t rows(vo_database *d) { return state_integer(d, "SELECT count(*) FROM t"); }

/* ---- values ------------------------------------------------------------------------------- */

typedef struct {
    vo_db_value v[5];
    char text[16];
    unsigned char blob[8];
    size_t n;
} kept_row;

static vo_status keep(void *ctx, const vo_db_value *value, size_t n, vo_error *err) {
    (void)err;
    kept_row *r = ctx;
    r->n = n;
    memcpy(r->v, value, sizeof r->v);
    memcpy(r->text, value[2].bytes, value[2].len + 1); /* with its NUL */
    memcpy(r->blob, value[3].bytes, value[3].len);
    return VO_OK;
}

Test(database, values_of_every_kind_come_back_as_they_were, .init = begin, .fini = end) {
    const unsigned char bytes[] = {0, 1, 255, 0};
    const vo_db_value arg[] = {vo_db_integer(INT64_MIN), vo_db_real(0.1), vo_db_text("añ'\"?"),
                               vo_db_blob(bytes, sizeof bytes), vo_db_text(NULL)};
    kept_row r = {0};
    state_run(db, "CREATE TABLE k (a BIGINT, b DOUBLE PRECISION, c TEXT, d BLOB, e TEXT)");
    cr_assert_eq(vo_database_run(db, "INSERT INTO k VALUES (?, ?, ?, ?, ?)", arg, 5, NULL, NULL,
                                 NULL, NULL),
                 VO_OK);
    cr_assert_eq(
        vo_database_run(db, "SELECT a, b, c, d, e FROM k", NULL, 0, keep, &r, NULL, NULL),
        VO_OK);
    cr_assert_eq(r.n, 5u);
    cr_assert(r.v[0].kind == VO_DB_INTEGER && r.v[0].integer == INT64_MIN);
    cr_assert(r.v[1].kind == VO_DB_REAL && r.v[1].real == 0.1);
    cr_assert(r.v[2].kind == VO_DB_TEXT && r.v[2].len == strlen("añ'\"?"));
    cr_assert_str_eq(r.text, "añ'\"?");
    cr_assert(r.v[3].kind == VO_DB_BLOB && r.v[3].len == 4);
    cr_assert_arr_eq(r.blob, bytes, 4);
    cr_assert(r.v[4].kind == VO_DB_NULL);
}

Test(database, changed_counts_the_rows_of_this_statement, .init = begin, .fini = end) {
    int64_t changed = -1;
    for (int i = 0; i < 5; i++) {
        char k[16];
        snprintf(k, sizeof k, "k%d", i);
        cr_assert_eq(put(db, k, i, NULL), VO_OK);
    }
    cr_assert_eq(vo_database_run(db, "UPDATE t SET v = v + 1 WHERE v >= 2", NULL, 0, NULL, NULL,
                                 &changed, NULL),
                 VO_OK);
    cr_assert_eq(changed, 3);
    cr_assert_eq(
        vo_database_run(db, "DELETE FROM t WHERE v > 99", NULL, 0, NULL, NULL, &changed, NULL),
        VO_OK);
    cr_assert_eq(changed, 0);
}

static vo_status stop_at_two(void *ctx, const vo_db_value *value, size_t n, vo_error *err) {
    (void)value;
    (void)n;
    return ++*(int *)ctx == 2 ? vo_fail(err, VO_ECANCELED, "enough") : VO_OK;
}

Test(database, a_row_that_is_refused_ends_the_statement_with_its_words, .init = begin,
     .fini = end) {
    int seen = 0;
    vo_error err = {0};
    for (int i = 0; i < 5; i++)
        cr_assert_eq(put(db, (char[]){(char)('a' + i), 0}, i, NULL), VO_OK);
    cr_assert_eq(
        vo_database_run(db, "SELECT v FROM t", NULL, 0, stop_at_two, &seen, NULL, &err),
        VO_ECANCELED);
    cr_assert_eq(seen, 2);
    cr_assert_str_eq(err.msg, "enough");
    cr_assert_eq(rows(db), 5);
}

static vo_status ask_the_same(void *ctx, const vo_db_value *value, size_t n, vo_error *err) {
    (void)n;
    int64_t *sum = ctx;
    if (sum[1]++ >= 3) return VO_OK; /* three deep */
    *sum += value[0].integer;
    return vo_database_run(db, "SELECT v FROM t", NULL, 0, ask_the_same, ctx, NULL, err);
}

Test(database, a_row_may_run_the_statement_that_gave_it, .init = begin, .fini = end) {
    int64_t sum[2] = {0, 0};
    cr_assert_eq(put(db, "a", 7, NULL), VO_OK);
    cr_assert_eq(vo_database_run(db, "SELECT v FROM t", NULL, 0, ask_the_same, sum, NULL, NULL),
                 VO_OK);
    cr_assert_eq(sum[0], 21);
}

Test(database, more_statements_than_are_kept_work_all_the_same, .init = begin, .fini = end) {
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 200; i++) {
            char sql[64];
            snprintf(sql, sizeof sql, "SELECT %d", i);
            cr_assert_eq(state_integer(db, sql), i);
        }
}

/* ---- refusals ----------------------------------------------------------------------------- */

Test(database, what_is_wrong_with_a_statement_is_said, .init = begin, .fini = end) {
    static const struct {
        const char *sql;
        size_t n;
        const char *says;
    } wrong[] = {
        {"SELEC 1", 0, "SELEC"},
        {"SELECT * FROM nowhere", 0, "nowhere"},
        {"SELECT 1; SELECT 2", 0, "not one statement"},
        {"", 0, "not one statement"},
        {"SELECT ?", 0, "takes 1 arguments, not 0"},
        {"SELECT 1", 1, "takes 0 arguments, not 1"},
        {"INSERT INTO t (k, v) VALUES ('a', NULL)", 0, "t.v"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const vo_db_value arg = vo_db_integer(1);
        vo_error err = {0};
        cr_assert_eq(
            vo_database_run(db, wrong[i].sql, &arg, wrong[i].n, NULL, NULL, NULL, &err),
            VO_EINVAL, "%s", wrong[i].sql);
        cr_assert(strstr(err.msg, wrong[i].says), "%s", err.msg);
    }
    cr_assert_eq(put(db, "a", 1, NULL), VO_OK);
    cr_assert_eq(put(db, "a", 1, NULL), VO_EINVAL); /* it is there */
    cr_assert_eq(rows(db), 1);
}

static void refuse_url(const char *url, vo_status code, const char *says) {
    vo_database *d = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_database_open(url, &d, &err), code, "%s: %s", url, err.msg);
    cr_assert(strstr(err.msg, says), "%s: %s", url, err.msg);
    cr_assert_null(d);
}

Test(database, what_cannot_be_opened_is_named_with_the_remedy, .init = begin, .fini = end) {
    char file[2 * DATA_PATH];
    refuse_url("", VO_EINVAL, "file's name");
    refuse_url(":memory:", VO_EINVAL, "file's name");
    refuse_url("postgres://host/db", VO_EUNSUPPORTED, "sqlite:FILE");
    refuse_url("sqlite:x.db?busy_s=-1", VO_EINVAL, "busy_s");
    refuse_url("sqlite:x.db?cache=1", VO_EINVAL, "cache=1");
    snprintf(file, sizeof file, "%s/none/state.db", folder);
    refuse_url(file, VO_EIO, "make its folder");
    refuse_url(folder, VO_EIO, folder);
    snprintf(file, sizeof file, "%s/text", folder);
    cr_assert_eq(
        vo_file_write(file, "This is a letter, not a database, as one can see.", 49, NULL),
        VO_OK);
    refuse_url(file, VO_EINVAL, "not a database");
}

/* A file of the same kind, made by another program: what it would be without our mark. */
Test(database, another_programs_database_is_refused_and_left_as_it_is, .init = begin,
     .fini = end) {
    char *before = NULL, *after = NULL;
    size_t n = 0, m = 0;
    state_run(db, "PRAGMA application_id = 4711");
    vo_database_close(db);
    cr_assert_eq(vo_file_read(path, 1 << 20, &before, &n, NULL), VO_OK);
    refuse_url(path, VO_EINVAL, "another program's");
    cr_assert_eq(vo_file_read(path, 1 << 20, &after, &m, NULL), VO_OK);
    cr_assert(n == m && memcmp(before, after, n) == 0);
    free(before);
    free(after);
    db = NULL;
}

Test(database, a_file_of_a_newer_layout_is_refused, .init = begin, .fini = end) {
    state_run(db, "PRAGMA user_version = 99");
    vo_database_close(db);
    refuse_url(path, VO_EINVAL, "use the newer program");
    db = NULL;
}

Test(database, only_its_owner_may_read_the_file, .init = begin, .fini = end) {
    static const char *const end_of[] = {"", "-wal", "-shm"};
    cr_assert_eq(put(db, "a", 1, NULL), VO_OK);
    for (size_t i = 0; i < 3; i++) {
        char name[2 * DATA_PATH];
        struct stat s;
        snprintf(name, sizeof name, "%s%s", path, end_of[i]);
        cr_assert_eq(stat(name, &s), 0, "%s", name);
        cr_assert_eq((int)(s.st_mode & 07777), 0600, "%s", name);
    }
}

/* ---- transactions ------------------------------------------------------------------------- */

static vo_status two_and_fail(void *ctx, vo_database *d, vo_error *err) {
    (void)ctx;
    vo_status st = put(d, "a", 1, err);
    if (st == VO_OK) st = put(d, "b", 2, err);
    return st == VO_OK ? vo_fail(err, VO_ENUMERIC, "changed my mind") : st;
}

Test(database, a_transaction_that_fails_leaves_nothing, .init = begin, .fini = end) {
    vo_error err = {0};
    cr_assert_eq(vo_database_transact(db, two_and_fail, NULL, &err), VO_ENUMERIC);
    cr_assert_str_eq(err.msg, "changed my mind");
    cr_assert_eq(rows(db), 0);
    cr_assert_eq(put(db, "a", 1, NULL), VO_OK); /* and the handle goes on */
    cr_assert_eq(rows(db), 1);
}

static vo_status inner_put(void *ctx, vo_database *d, vo_error *err) {
    return put(d, ctx, 1, err);
}

static vo_status outer(void *ctx, vo_database *d, vo_error *err) {
    const bool *fails = ctx;
    static char one[] = "one", three[] = "three";
    vo_status st = vo_database_transact(d, inner_put, one, err);
    if (st != VO_OK) return st;
    if (vo_database_transact(d, two_and_fail, NULL, NULL) != VO_ENUMERIC) return VO_EINVAL;
    st = vo_database_transact(d, inner_put, three, err);
    return st == VO_OK && *fails ? VO_ENUMERIC : st;
}

Test(database, an_inner_failure_undoes_only_its_own_and_the_outermost_decides, .init = begin,
     .fini = end) {
    bool fails = true;
    cr_assert_eq(vo_database_transact(db, outer, &fails, NULL), VO_ENUMERIC);
    cr_assert_eq(rows(db), 0);
    fails = false;
    cr_assert_eq(vo_database_transact(db, outer, &fails, NULL), VO_OK);
    cr_assert_eq(rows(db), 2);
    cr_assert_eq(state_integer(db, "SELECT count(*) FROM t WHERE k IN ('one', 'three')"), 2);
}

static vo_status put_and_look(void *ctx, vo_database *d, vo_error *err) {
    const vo_status st = put(d, "a", 1, err);
    cr_assert_eq(rows(ctx), 0); /* would wait for ever, if it waited */
    cr_assert_eq(rows(d), 1);
    return st;
}

Test(database, others_read_the_old_state_without_waiting_until_the_commit, .init = begin,
     .fini = end, .timeout = 30) {
    vo_database *other = open_at(path);
    cr_assert_eq(vo_database_transact(db, put_and_look, other, NULL), VO_OK);
    cr_assert_eq(rows(other), 1);
    vo_database_close(other);
}

static vo_status write_elsewhere(void *ctx, vo_database *d, vo_error *err) {
    (void)d;
    const double from_s = vo_clock_monotonic_s();
    const vo_status st = put(ctx, "b", 1, err);
    const double took_s = vo_clock_monotonic_s() - from_s;
    cr_assert(took_s >= 0.05 && took_s < 5, "%g s", took_s);
    return st;
}

Test(database, who_waits_too_long_for_another_writer_is_told_so, .init = begin, .fini = end,
     .timeout = 30) {
    char url[2 * DATA_PATH];
    vo_error err = {0};
    snprintf(url, sizeof url, "sqlite:%s?busy_s=0.05", path);
    vo_database *other = open_at(url);
    cr_assert_eq(vo_database_transact(db, write_elsewhere, other, &err), VO_EIO);
    cr_assert(strstr(err.msg, "locked by another for more than 0.05 s"), "%s", err.msg);
    cr_assert_eq(put(other, "b", 1, &err), VO_OK, "%s", err.msg);
    vo_database_close(other);
}

static vo_status write_without_patience(void *ctx, vo_database *d, vo_error *err) {
    vo_database *other = ctx;
    (void)d;
    cr_assert_eq(rows(other), 0); /* reading goes on ... */
    return vo_database_try_writing(other, err);
}

Test(database, one_that_hurries_hears_at_once_that_nothing_can_be_written, .init = begin,
     .fini = end, .timeout = 5) { /* half of what is waited for otherwise */
    vo_error err = {0};
    vo_database *other = open_at(path);
    vo_database_hurry(other, 0.05);
    vo_database_hurry(other, 60); /* the less of the two */
    cr_assert_eq(vo_database_transact(db, write_without_patience, other, &err), VO_EIO);
    cr_assert(strstr(err.msg, "locked by another for more than 0.05 s"), "%s", err.msg);
    cr_assert_eq(vo_database_try_writing(other, &err), VO_OK, "%s", err.msg);
    vo_database_close(other);
}

/* ---- schema ------------------------------------------------------------------------------- */

static const char *const three_steps[] = {
    "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);",
    "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = x + 1;",
    "INSERT INTO a VALUES (10, 20)",
};

Test(database, each_step_of_the_schema_is_made_once_and_in_order, .init = begin, .fini = end) {
    for (size_t n = 1; n <= 3; n++)
        for (int twice = 0; twice < 2; twice++) {
            vo_error err = {0};
            cr_assert_eq(vo_database_migrate(db, "part", three_steps, n, &err), VO_OK, "%s",
                         err.msg);
        }
    cr_assert_eq(state_integer(db, "SELECT sum(x) FROM a"), 11);
    cr_assert_eq(state_integer(db, "SELECT sum(y) FROM a"), 22);
}

Test(database, a_schema_of_a_newer_program_is_refused_by_an_older_one, .init = begin,
     .fini = end) {
    vo_error err = {0};
    cr_assert_eq(vo_database_migrate(db, "part", three_steps, 3, NULL), VO_OK);
    cr_assert_eq(vo_database_migrate(db, "part", three_steps, 2, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "version 3, this program knows up to 2"), "%s", err.msg);
    cr_assert_eq(vo_database_migrate(db, "other part", three_steps, 0, &err), VO_OK);
}

Test(database, a_step_that_fails_leaves_the_schema_as_it_was, .init = begin, .fini = end) {
    static const char *const broken[] = {
        "CREATE TABLE b (x INTEGER)",
        "INSERT INTO b VALUES (1); INSERT INTO nowhere VALUES (1)"};
    vo_error err = {0};
    cr_assert_eq(vo_database_migrate(db, "part", broken, 2, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "nowhere"), "%s", err.msg);
    cr_assert_eq(state_integer(db, "SELECT count(*) FROM sqlite_master WHERE name = 'b'"), 0);
    cr_assert_eq(vo_database_migrate(db, "part", three_steps, 3, NULL), VO_OK);
}

/* ---- many at once ------------------------------------------------------------------------- */

#define ACCOUNTS 5
#define TRANSFERS 25

typedef struct {
    vo_database *shared;
    bool own; /* a handle for each thread */
} bank;

typedef struct {
    int64_t from, to;
} transfer;

static vo_status move_one(void *ctx, vo_database *d, vo_error *err) {
    const transfer *t = ctx;
    const vo_db_value from = vo_db_integer(t->from), to = vo_db_integer(t->to);
    vo_status st = vo_database_run(d, "UPDATE account SET money = money - 1 WHERE id = ?",
                                   &from, 1, NULL, NULL, NULL, err);
    if (st == VO_OK)
        st = vo_database_run(d, "UPDATE account SET money = money + 1 WHERE id = ?", &to, 1,
                             NULL, NULL, NULL, err);
    return st == VO_OK && t->from == 0 ? VO_ECANCELED : st; /* number 0 never pays */
}

static vo_status transfer_many(void *ctx, size_t i, size_t worker, vo_error *err) {
    (void)worker;
    const bank *b = ctx;
    vo_database *d = b->own ? open_at(path) : b->shared;
    vo_status st = VO_OK;
    for (size_t k = 0; st == VO_OK && k < TRANSFERS; k++) {
        transfer t = {(int64_t)((i + k) % ACCOUNTS), (int64_t)((i * 3 + k * 7 + 1) % ACCOUNTS)};
        st = vo_database_transact(d, move_one, &t, err);
        if (st == VO_ECANCELED && t.from == 0) st = VO_OK;
        const int64_t sum = state_integer(d, "SELECT sum(money) FROM account");
        if (sum != 100 * ACCOUNTS) st = vo_fail(err, VO_ENUMERIC, "%lld", (long long)sum);
    }
    if (b->own) vo_database_close(d);
    return st;
}

static void run_bank(bool own) {
    bank b = {db, own};
    vo_error err = {0};
    state_run(db, "CREATE TABLE account (id INTEGER PRIMARY KEY, money BIGINT NOT NULL)");
    for (int i = 0; i < ACCOUNTS; i++) {
        char sql[64];
        snprintf(sql, sizeof sql, "INSERT INTO account VALUES (%d, 100)", i);
        state_run(db, sql);
    }
    cr_assert_eq(vo_thread_for(4, 4, transfer_many, &b, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(state_integer(db, "SELECT sum(money) FROM account"), 100 * ACCOUNTS);
    cr_assert_geq(state_integer(db, "SELECT money FROM account WHERE id = 0"), 100);
}

Test(database, threads_that_share_a_handle_take_turns, .init = begin, .fini = end,
     .timeout = 60) {
    run_bank(false);
}

Test(database, threads_with_handles_of_their_own_wait_for_one_another, .init = begin,
     .fini = end, .timeout = 60) {
    run_bank(true);
}

static vo_status open_and_migrate(void *ctx, size_t i, size_t worker, vo_error *err) {
    (void)i;
    (void)worker;
    vo_database *d = NULL;
    vo_status st = vo_database_open(ctx, &d, err);
    if (st == VO_OK) st = vo_database_migrate(d, "part", three_steps, 3, err);
    vo_database_close(d);
    return st;
}

Test(database, threads_that_open_a_new_file_at_once_make_it_once, .init = begin, .fini = end,
     .timeout = 60) {
    for (int round = 0; round < 5; round++) {
        char file[2 * DATA_PATH];
        vo_error err = {0};
        snprintf(file, sizeof file, "%s/new%d.db", folder, round);
        cr_assert_eq(vo_thread_for(4, 4, open_and_migrate, file, &err), VO_OK, "%s", err.msg);
        vo_database *d = open_at(file);
        cr_assert_eq(state_integer(d, "SELECT count(*) FROM a"), 2);
        vo_database_close(d);
    }
}

/* ---- what the machine does to it ---------------------------------------------------------- */

/* In a child: rows until it is killed, each told through the pipe once it is committed. */
static void commit_for_ever(int to) {
    vo_database *d = NULL;
    if (vo_database_open(path, &d, NULL) != VO_OK) _exit(3);
    for (int i = 0;; i++) {
        char k[16];
        snprintf(k, sizeof k, "%d", i);
        if (put(d, k, i, NULL) != VO_OK || write(to, &i, sizeof i) != sizeof i) _exit(4);
    }
}

Test(database, what_was_committed_survives_a_kill, .init = begin, .fini = end, .timeout = 60) {
    int pipes[2], last = -1, n = 0, status = 0;
    vo_database_close(db);
    db = NULL;
    cr_assert_eq(pipe(pipes), 0);
    const pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) commit_for_ever(pipes[1]);
    close(pipes[1]);
    while (n < 50 && read(pipes[0], &last, sizeof last) == sizeof last) n++;
    kill(child, SIGKILL);
    while (read(pipes[0], &last, sizeof last) == sizeof last) n++;
    close(pipes[0]);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status), "%x", (unsigned)status);
    cr_assert_eq(last + 1, n);
    db = open_at(path);
    const int64_t kept = rows(db);
    cr_assert(kept == n || kept == n + 1, "%d told, %lld kept", n, (long long)kept);
    cr_assert_eq(state_integer(db, "SELECT max(v) FROM t"), kept - 1);
}

/* Nobody can cut the power here; what can be seen is that a commit asks for the disk. */
Test(database, a_commit_waits_until_the_disk_has_it, .init = begin, .fini = end) {
    cr_assert_eq(state_integer(db, "PRAGMA synchronous"), 2); /* FULL */
}

/* A limit on the size of files stands for a full disk. */
static int fill_the_disk(void) {
    const struct rlimit small = {200000, 200000};
    char *big = calloc(1, 40001);
    vo_error err = {0};
    vo_status st = VO_OK;
    int n = 0;
    if (!big || setrlimit(RLIMIT_FSIZE, &small) != 0) return 10;
    signal(SIGXFSZ, SIG_IGN);
    memset(big, 'x', 40000);
    state_run(db, "CREATE TABLE big (x TEXT)");
    for (; st == VO_OK && n < 100; n++) {
        const vo_db_value arg = vo_db_text(big);
        st = vo_database_run(db, "INSERT INTO big VALUES (?)", &arg, 1, NULL, NULL, NULL, &err);
    }
    free(big);
    if (st != VO_EIO || !strstr(err.msg, path)) return 11;
    const struct rlimit none = {4096, 4096}; /* not for a page more */
    if (setrlimit(RLIMIT_FSIZE, &none) != 0) return 13;
    if (vo_database_try_writing(db, &err) != VO_EIO) return 14;
    return state_integer(db, "SELECT count(*) FROM big") == n - 1 ? 0 : 12;
}

Test(database, a_full_disk_is_said_and_loses_nothing, .init = begin, .fini = end) {
    int status = 0;
    vo_database_close(db);
    db = NULL;
    const pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        if (vo_database_open(path, &db, NULL) != VO_OK) _exit(9);
        _exit(fill_the_disk());
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%x", (unsigned)status);
    db = open_at(path);
    cr_assert_gt(state_integer(db, "SELECT count(*) FROM big"), 1);
}

Test(database, a_file_that_may_only_be_read_is_refused_with_the_remedy, .init = begin,
     .fini = end) {
    int status = 0;
    vo_database_close(db);
    db = NULL;
    cr_assert_eq(chmod(path, 0444), 0);
    const pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) { /* the superuser may write anyway: be nobody */
        vo_error err = {0};
        if (geteuid() == 0 && (chmod(folder, 0755) != 0 || setuid(65534) != 0)) _exit(9);
        const vo_status st = vo_database_open(path, &db, &err);
        _exit(st == VO_EIO && strstr(err.msg, "writable") ? 0 : 10);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%x", (unsigned)status);
    chmod(path, 0600);
}
