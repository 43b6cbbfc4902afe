/* source_postgres.c -- see source_postgres.h. Statements go through the extended protocol,
 * which takes one statement at a time; answers are waited for with poll, so that a server that
 * hangs is noticed. What libpq says is shown only after the password has been taken out of it.
 */
#include "data/source_postgres.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>
#include <poll.h>

#include "base/text.h"
#include "data/source_csv.h"
#include "data/table.h"

#define MAX_COLUMNS 1024
#define MAX_SQL 65536
#define NONE SIZE_MAX

/* Types of times; the numbers are fixed in PostgreSQL's catalog. */
#define TYPE_DATE 1082u
#define TYPE_TIMESTAMP 1114u
#define TYPE_TIMESTAMPTZ 1184u

typedef struct {
    const vo_postgres *from;
    const vo_source_options *o;
    PGconn *conn;
    char name[300]; /* for messages: the table, never the URL */
    char password[256];
    char *source; /* quoted table or (query) */
    char *sql;
    char parameter[3][64]; /* node, from, to */
    const char *value[3];
    int n_values;
    size_t n_columns;
    char (*column)[VO_COLUMN_NAME];
    const char **names;
    Oid *type;
    vo_csv_field *cell;
} reader;

vo_postgres vo_postgres_default(void) {
    return (vo_postgres){.connect_timeout_s = 10, .silence_timeout_s = 120};
}

bool vo_source_postgres_is(const char *url) {
    const size_t scheme = strcspn(url, ":");
    return strncmp(url + scheme, "://", scheme ? 3 : 0) == 0 &&
           (vo_text_same_span(url, scheme, "postgres") ||
            vo_text_same_span(url, scheme, "postgresql"));
}

/* ---- what is said ------------------------------------------------------------------ */

/* Copies a message in one line, the password replaced. */
static void scrub(const reader *r, const char *text, char *to, size_t size) {
    vo_text out = vo_text_over(to, size);
    const size_t n = strlen(r->password);
    to[0] = '\0';
    for (; *text; text++) {
        if (n && strncmp(text, r->password, n) == 0) {
            vo_text_append(&out, "***");
            text += n - 1;
        } else if (*text != '\n') {
            vo_text_append(&out, "%c", *text);
        } else if (text[1]) {
            vo_text_append(&out, " ");
        }
    }
}

static vo_status connection_failed(const reader *r, const char *doing, vo_error *err) {
    char words[300];
    scrub(r, PQerrorMessage(r->conn), words, sizeof words);
    return vo_fail(err, VO_EIO, "PostgreSQL, %s: %s", doing,
                   words[0] ? words : "the connection is gone");
}

static vo_status result_failed(const reader *r, const PGresult *result, const char *doing,
                               vo_error *err) {
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    char words[300];
    if (!primary) return connection_failed(r, doing, err);
    scrub(r, primary, words, sizeof words);
    const bool refused = code && (strncmp(code, "42", 2) == 0 || strncmp(code, "22", 2) == 0);
    return vo_fail(err, refused ? VO_EINVAL : VO_EIO, "PostgreSQL, %s: %s%s%s%s", doing, words,
                   code ? " (" : "", code ? code : "", code ? ")" : "");
}

/* ---- waiting ------------------------------------------------------------------------ */

static vo_status next_result(reader *r, PGresult **out, const char *doing, vo_error *err) {
    const int wait_ms = (int)lround(r->from->silence_timeout_s * 1000);
    *out = NULL;
    for (;;) {
        while (PQflush(r->conn) > 0 || PQisBusy(r->conn)) {
            struct pollfd fd = {.fd = PQsocket(r->conn), .events = POLLIN};
            if (fd.fd < 0) return connection_failed(r, doing, err);
            const int ready = poll(&fd, 1, wait_ms);
            if (ready == 0)
                return vo_fail(err, VO_EIO, "PostgreSQL, %s: nothing came for %g s", doing,
                               r->from->silence_timeout_s);
            if (ready > 0 && !PQconsumeInput(r->conn)) return connection_failed(r, doing, err);
        }
        *out = PQgetResult(r->conn);
        return VO_OK;
    }
}

/* Ends a statement that is still running, or the rest of one. */
static void drain(reader *r, bool cancel) {
    vo_error ignored;
    PGresult *result = NULL;
    if (cancel) {
        char text[256];
        PGcancel *c = PQgetCancel(r->conn);
        if (c) PQcancel(c, text, sizeof text);
        PQfreeCancel(c);
    }
    while (PQstatus(r->conn) == CONNECTION_OK &&
           next_result(r, &result, "ending", &ignored) == VO_OK && result)
        PQclear(result);
}

/* One statement with text parameters; *out (NULL: not wanted) is the caller's to clear. */
static vo_status ask(reader *r, const char *sql, int n, const char *const *value,
                     const char *doing, PGresult **out, vo_error *err) {
    PGresult *result = NULL;
    if (!PQsendQueryParams(r->conn, sql, n, NULL, value, NULL, NULL, 0))
        return connection_failed(r, doing, err);
    vo_status st = next_result(r, &result, doing, err);
    if (st != VO_OK) return st;
    const ExecStatusType is = PQresultStatus(result);
    if (is != PGRES_COMMAND_OK && is != PGRES_TUPLES_OK) {
        st = result_failed(r, result, doing, err);
        PQclear(result);
        result = NULL;
    }
    drain(r, false);
    if (out && st == VO_OK)
        *out = result;
    else
        PQclear(result);
    return st;
}

/* ---- connecting ----------------------------------------------------------------------- */

static vo_status look_at_url(reader *r, vo_error *err) {
    char *why = NULL;
    PQconninfoOption *options = PQconninfoParse(r->from->url, &why);
    PQfreemem(why); /* may hold the password: not shown */
    if (!options)
        return vo_fail(
            err, VO_EINVAL,
            "the URL of the database cannot be read; write postgres://USER:PASSWORD"
            "@HOST:5432/DATABASE?sslmode=require, with %%40 for an @ in the password");
    for (const PQconninfoOption *x = options; x->keyword; x++)
        if (strcmp(x->keyword, "password") == 0 && x->val)
            snprintf(r->password, sizeof r->password, "%s", x->val);
    PQconninfoFree(options);
    return VO_OK;
}

static vo_status connect_to(reader *r, vo_error *err) {
    char timeout[16];
    snprintf(timeout, sizeof timeout, "%d", (int)ceil(r->from->connect_timeout_s));
    const char *const key[] = {"connect_timeout", "dbname", "client_encoding",
                               "fallback_application_name", NULL};
    const char *const value[] = {timeout, r->from->url, "UTF8", "volteo", NULL};
    vo_status st = look_at_url(r, err);
    if (st != VO_OK) return st;
    r->conn = PQconnectdbParams(key, value, 1);
    if (!r->conn) return vo_fail(err, VO_ENOMEM, "no memory for a connection");
    if (PQstatus(r->conn) != CONNECTION_OK) return connection_failed(r, "connecting", err);
    if (PQsetnonblocking(r->conn, 1) != 0) return connection_failed(r, "connecting", err);
    static const char *const setup[] = {
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "SET LOCAL TimeZone = 'UTC'",
        "SET LOCAL DateStyle = 'ISO, YMD'", "SET LOCAL extra_float_digits = 1",
        "SET LOCAL bytea_output = 'hex'"};
    for (size_t i = 0; st == VO_OK && i < sizeof setup / sizeof setup[0]; i++)
        st = ask(r, setup[i], 0, NULL, "beginning to read", NULL, err);
    return st;
}

/* ---- names ------------------------------------------------------------------------------ */

static vo_status put_name(reader *r, vo_text *to, const char *name, size_t len, vo_error *err) {
    char *quoted = PQescapeIdentifier(r->conn, name, len);
    if (!quoted) return connection_failed(r, "quoting a name", err);
    vo_text_append(to, "%s", quoted);
    PQfreemem(quoted);
    return VO_OK;
}

/* The next part of "schema.table" or "\"odd.name\"" into `part`. False: malformed. */
static bool next_part(const char **at, char part[VO_POSTGRES_NAME]) {
    const char *p = *at;
    size_t n = 0;
    const bool quoted = *p == '"';
    if (quoted) p++;
    while (*p && (quoted || *p != '.')) {
        if (*p == '"') {
            if (!quoted) return false;
            if (p[1] != '"') break;
            p++;
        }
        if (n + 1 == VO_POSTGRES_NAME) return false;
        part[n++] = *p++;
    }
    part[n] = '\0';
    if (quoted && *p++ != '"') return false;
    if (*p && (*p != '.' || !p[1])) return false;
    *at = *p ? p + 1 : p;
    return n > 0;
}

size_t vo_source_postgres_names(const char *table, char name[2][VO_POSTGRES_NAME]) {
    size_t n = 0;
    for (const char *at = table; *at; n++)
        if (n == 2 || !next_part(&at, name[n])) return 0;
    return n;
}

static vo_status quote_table(reader *r, vo_error *err) {
    vo_text out = vo_text_over(r->source, MAX_SQL / 2);
    char name[2][VO_POSTGRES_NAME];
    const size_t n = vo_source_postgres_names(r->from->table, name);
    vo_status st = VO_OK;
    if (n == 0)
        return vo_fail(err, VO_EINVAL,
                       "table = \"%.80s\": write TABLE or SCHEMA.TABLE, names of at most "
                       "63 letters, odd ones in double quotes",
                       r->from->table);
    for (size_t i = 0; st == VO_OK && i < n; i++) {
        if (i) vo_text_append(&out, ".");
        st = put_name(r, &out, name[i], strlen(name[i]), err);
    }
    return st;
}

/* "a, b, c" of the tables that may be read. */
static void list_tables(reader *r, char *to, size_t size) {
    static const char sql[] =
        "SELECT CASE WHEN n.nspname = 'public' THEN c.relname ELSE n.nspname || '.' || "
        "c.relname END FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE "
        "c.relkind IN ('r','v','m','f','p') AND n.nspname !~ '^pg_' AND n.nspname <> "
        "'information_schema' AND has_table_privilege(c.oid, 'SELECT') ORDER BY 1 LIMIT 40";
    vo_text out = vo_text_over(to, size);
    PGresult *result = NULL;
    to[0] = '\0';
    if (ask(r, sql, 0, NULL, "listing tables", &result, NULL) != VO_OK) return;
    for (int i = 0; i < PQntuples(result); i++)
        vo_text_append(&out, "%s%s", i ? ", " : "", PQgetvalue(result, i, 0));
    PQclear(result);
}

static vo_status find_table(reader *r, vo_error *err) {
    PGresult *result = NULL;
    vo_status st = quote_table(r, err);
    const char *value[] = {r->source};
    if (st == VO_OK)
        st = ask(r, "SELECT to_regclass($1) IS NOT NULL", 1, value, "looking for the table",
                 &result, err);
    if (st != VO_OK) return st;
    const bool there = PQntuples(result) == 1 && *PQgetvalue(result, 0, 0) == 't';
    PQclear(result);
    if (there) return VO_OK;
    char tables[300];
    list_tables(r, tables, sizeof tables);
    return vo_fail(err, VO_ENOTFOUND, "table = \"%.80s\": the database has no such table; %s%s",
                   r->from->table, tables[0] ? "it has " : "it has none that may be read",
                   tables);
}

static vo_status use_query(reader *r, vo_error *err) {
    if (strlen(r->from->query) > MAX_SQL / 2 - 16)
        return vo_fail(err, VO_EINVAL, "query is longer than %d bytes", MAX_SQL / 2 - 16);
    vo_text out = vo_text_over(r->source, MAX_SQL / 2);
    vo_text_append(&out, "(%s\n) AS q", r->from->query);
    return VO_OK;
}

/* Names and types of the columns, without a row. */
static vo_status describe(reader *r, vo_error *err) {
    PGresult *result = NULL;
    vo_text sql = vo_text_over(r->sql, MAX_SQL);
    vo_text_append(&sql, "SELECT * FROM %s LIMIT 0", r->source);
    vo_status st = ask(r, r->sql, 0, NULL, "asking for the columns", &result, err);
    if (st != VO_OK) return st;
    const int n = PQnfields(result);
    if (n < 1 || n > MAX_COLUMNS) {
        PQclear(result);
        return vo_fail(err, VO_EINVAL, "%s has %d columns; 1 to %d can be read", r->name, n,
                       MAX_COLUMNS);
    }
    r->column = calloc((size_t)n, sizeof *r->column);
    r->names = calloc((size_t)n, sizeof *r->names);
    r->type = calloc((size_t)n, sizeof *r->type);
    r->cell = calloc((size_t)n, sizeof *r->cell);
    if (!r->column || !r->names || !r->type || !r->cell)
        st = vo_fail(err, VO_ENOMEM, "%s: no memory for its columns", r->name);
    for (int i = 0; st == VO_OK && i < n; i++) {
        snprintf(r->column[i], VO_COLUMN_NAME, "%s", PQfname(result, i));
        r->names[i] = r->column[i];
        r->type[i] = PQftype(result, i);
    }
    r->n_columns = (size_t)n;
    PQclear(result);
    return st;
}

/* ---- the question ----------------------------------------------------------------- */

static size_t find(const reader *r, const char *name) {
    for (size_t i = 0; name && i < r->n_columns; i++)
        if (vo_text_same(r->column[i], name)) return i;
    return NONE;
}

static bool is_time(Oid type) {
    return type == TYPE_DATE || type == TYPE_TIMESTAMP || type == TYPE_TIMESTAMPTZ;
}

/* The time column that the rows are sorted and cut by: the named one, else the only one whose
 * type is a time. */
static size_t time_column(const reader *r) {
    size_t at = NONE, times = 0;
    if (r->o->time_column) return find(r, r->o->time_column);
    for (size_t i = 0; i < r->n_columns; i++)
        if (is_time(r->type[i])) at = i, times++;
    return times == 1 ? at : NONE;
}

/* ... AND time >= $n, an instant, in the column's own terms. */
static vo_status put_bound(reader *r, vo_text *sql, size_t at, const char *compare,
                           int64_t utc_s, vo_error *err) {
    const char *zone = r->o->zone && !vo_column_says_utc(r->column[at]) ? r->o->zone : "UTC";
    vo_text_append(sql, "%s", r->n_values ? " AND " : " WHERE ");
    const vo_status st = put_name(r, sql, r->column[at], strlen(r->column[at]), err);
    if (st != VO_OK) return st;
    snprintf(r->parameter[r->n_values], sizeof r->parameter[0], "%lld", (long long)utc_s);
    r->value[r->n_values] = r->parameter[r->n_values];
    r->n_values++;
    vo_text_append(sql, " %s to_timestamp($%d::float8)", compare, r->n_values);
    if (r->type[at] != TYPE_TIMESTAMPTZ) {
        char *quoted = PQescapeLiteral(r->conn, zone, strlen(zone));
        if (!quoted) return connection_failed(r, "quoting a zone", err);
        vo_text_append(sql, " AT TIME ZONE %s", quoted);
        PQfreemem(quoted);
    }
    return VO_OK;
}

static vo_status put_bounds(reader *r, vo_text *sql, size_t time_at, vo_error *err) {
    const vo_postgres *f = r->from;
    vo_status st = VO_OK;
    if (!f->has_from && !f->has_to) return VO_OK;
    if (time_at == NONE || !is_time(r->type[time_at]))
        return vo_fail(err, VO_EINVAL,
                       "%s: from and to need a time column of type timestamp or date; name it: "
                       "time_column = \"NAME\"",
                       r->name);
    if (f->has_from) st = put_bound(r, sql, time_at, ">=", f->from_utc_s, err);
    if (st == VO_OK && f->has_to) st = put_bound(r, sql, time_at, "<", f->to_utc_s, err);
    return st;
}

static vo_status write_sql(reader *r, vo_error *err) {
    const size_t time_at = time_column(r), node_at = find(r, r->o->node_column);
    vo_text sql = vo_text_over(r->sql, MAX_SQL);
    vo_status st = VO_OK;
    vo_text_append(&sql, "SELECT * FROM %s", r->source);
    if (r->o->only_node && node_at != NONE) {
        vo_text_append(&sql, " WHERE translate(");
        st = put_name(r, &sql, r->column[node_at], strlen(r->column[node_at]), err);
        vo_text_append(&sql, "::text, ' -', '__') = translate($1::text, ' -', '__')");
        r->value[r->n_values++] = r->o->only_node;
    }
    if (st == VO_OK) st = put_bounds(r, &sql, time_at, err);
    if (st == VO_OK && time_at != NONE) {
        vo_text_append(&sql, " ORDER BY ");
        if (node_at != NONE)
            st = put_name(r, &sql, r->column[node_at], strlen(r->column[node_at]), err);
        if (node_at != NONE) vo_text_append(&sql, ", ");
        if (st == VO_OK)
            st = put_name(r, &sql, r->column[time_at], strlen(r->column[time_at]), err);
    }
    if (st == VO_OK && sql.cut)
        st = vo_fail(err, VO_EINVAL, "%s: names and query are too long", r->name);
    return st;
}

/* ---- rows ------------------------------------------------------------------------------- */

static vo_status give_row(reader *r, const PGresult *row, uint32_t line, vo_table_take take,
                          void *take_ctx, vo_error *err) {
    if ((size_t)PQnfields(row) != r->n_columns)
        return vo_fail(err, VO_EIO, "%s: its columns changed while it was read", r->name);
    for (size_t i = 0; i < r->n_columns; i++)
        r->cell[i] = PQgetisnull(row, 0, (int)i)
                         ? (vo_csv_field){"", 0}
                         : (vo_csv_field){PQgetvalue(row, 0, (int)i),
                                          (size_t)PQgetlength(row, 0, (int)i)};
    return take(take_ctx, r->cell, line, err);
}

static vo_status each(void *ctx, vo_table_take take, void *take_ctx, vo_error *err) {
    static const char doing[] = "reading rows";
    reader *r = ctx;
    if (!PQsendQueryParams(r->conn, r->sql, r->n_values, NULL, r->value, NULL, NULL, 0) ||
        !PQsetSingleRowMode(r->conn))
        return connection_failed(r, doing, err);
    PGresult *result = NULL;
    vo_status st = VO_OK;
    for (uint32_t line = 1;; line++) {
        if ((st = next_result(r, &result, doing, err)) != VO_OK) return st;
        const ExecStatusType is = PQresultStatus(result);
        if (is == PGRES_SINGLE_TUPLE)
            st = give_row(r, result, line, take, take_ctx, err);
        else if (is != PGRES_TUPLES_OK)
            st = result_failed(r, result, doing, err);
        PQclear(result);
        if (st != VO_OK || is != PGRES_SINGLE_TUPLE) break;
    }
    drain(r, st != VO_OK);
    return st;
}

/* ---- the whole -------------------------------------------------------------------- */

/* The first row alone is asked for before all: the statement that this cancels would end the
 * transaction, so it runs inside a savepoint. */
static vo_status each_safely(void *ctx, vo_table_take take, void *take_ctx, vo_error *err) {
    reader *r = ctx;
    vo_error ignored;
    vo_status st = ask(r, "SAVEPOINT rows", 0, NULL, "reading rows", NULL, err);
    if (st != VO_OK) return st;
    st = each(r, take, take_ctx, err);
    if (st != VO_OK && PQstatus(r->conn) == CONNECTION_OK)
        (void)ask(r, "ROLLBACK TO SAVEPOINT rows", 0, NULL, "reading rows", NULL, &ignored);
    return st;
}

static vo_status read_all(reader *r, vo_readings_set *set, vo_error *err) {
    vo_status st = r->from->query ? use_query(r, err) : find_table(r, err);
    if (st == VO_OK) st = describe(r, err);
    if (st == VO_OK) st = write_sql(r, err);
    if (st != VO_OK) return st;
    const vo_table table = {.name = r->name,
                            .rows = "row",
                            .n_columns = r->n_columns,
                            .column = r->names,
                            .named = true,
                            .each = each_safely,
                            .ctx = r};
    st = vo_table_read(&table, r->o, set, err);
    if (st == VO_OK) vo_source_finish(r->from->query ? "query" : r->from->table, r->o, set);
    if (st == VO_OK) vo_source_mark_zeros(r->o, set);
    return st;
}

static vo_status check_request(const vo_postgres *f, const vo_source_options *o,
                               vo_error *err) {
    if (!f->url || !*f->url) return vo_fail(err, VO_EINVAL, "the database's URL is missing");
    if (!f->query && (!f->table || !*f->table))
        return vo_fail(err, VO_EINVAL, "which table? say table = \"NAME\"");
    if (o->rows_in_order)
        return vo_fail(err, VO_EINVAL,
                       "rows_in_order: rows of a database have no order; name a time column");
    if (!(f->connect_timeout_s >= 1 && f->connect_timeout_s <= 600))
        return vo_fail(err, VO_EINVAL, "connect_timeout_s = %g is not in 1..600",
                       f->connect_timeout_s);
    if (!(f->silence_timeout_s >= 1 && f->silence_timeout_s <= 86400))
        return vo_fail(err, VO_EINVAL, "silence_timeout_s = %g is not in 1..86400",
                       f->silence_timeout_s);
    return VO_OK;
}

vo_status vo_source_postgres_fetch(const vo_postgres *from, const vo_source_options *o,
                                   vo_readings_set *set, vo_error *err) {
    const vo_source_options standard = vo_source_options_default();
    reader r = {.from = from, .o = o ? o : &standard};
    vo_status st = check_request(from, r.o, err);
    if (st != VO_OK) return st;
    snprintf(r.name, sizeof r.name, "%s %.200s", from->query ? "query" : "table",
             from->query ? "" : from->table);
    r.sql = malloc(MAX_SQL);
    r.source = malloc(MAX_SQL / 2);
    if (!r.sql || !r.source) st = vo_fail(err, VO_ENOMEM, "%s: no memory to read it", r.name);
    if (st == VO_OK) st = connect_to(&r, err);
    if (st == VO_OK) st = read_all(&r, set, err);
    PQfinish(r.conn); /* accepts NULL; the transaction changed nothing and is dropped */
    free(r.sql);
    free(r.source);
    free(r.column);
    free(r.names);
    free(r.type);
    free(r.cell);
    memset(r.password, 0, sizeof r.password);
    return st;
}

vo_status vo_source_postgres_read(const char *url, const char *table,
                                  const vo_source_options *o, vo_readings_set *set,
                                  vo_error *err) {
    vo_postgres from = vo_postgres_default();
    from.url = url;
    from.table = table;
    return vo_source_postgres_fetch(&from, o, set, err);
}
