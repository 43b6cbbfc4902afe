/* source_postgres.h -- a table of PostgreSQL (Supabase too) as readings, through libpq.
 *
 *     postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=require
 *
 * One read-only transaction; rows come one by one, so that a table of any size needs little
 * memory here, and go through the same table.c as CSV: the time may be a timestamp with or
 * without zone, a date, text or Unix time. Names become quoted identifiers, never SQL.
 * Passwords are in no message. libpq itself reads PGPASSWORD, ~/.pgpass and the like where the
 * URL has no password.
 */
#ifndef VO_DATA_SOURCE_POSTGRES_H
#define VO_DATA_SOURCE_POSTGRES_H

#include "data/source.h"

typedef struct {
    const char *url;
    const char
        *table; /* "prices", "energy.prices", "\"odd.name\""; letters count as they are */
    const char *query; /* instead of a table: one SELECT of the caller's own; NULL: none     */
    bool has_from, has_to; /* of a timestamp column: only from <= time < to is asked for */
    int64_t from_utc_s, to_utc_s;
    double connect_timeout_s; /* 1..600; the URL's connect_timeout goes before it */
    double silence_timeout_s; /* 1..86400; for the server to say something while it reads */
} vo_postgres;

vo_postgres vo_postgres_default(void); /* 10 s, 120 s */

/* "postgres://", "postgresql://"? */
bool vo_source_postgres_is(const char *url);

#define VO_POSTGRES_NAME 64 /* PostgreSQL's own bound of an identifier, and a NUL */

/* How many names a table's text has: 1, or 2 with the schema first; 0: malformed. */
size_t vo_source_postgres_names(const char *table, char name[2][VO_POSTGRES_NAME]);

/* Adds the rows to the caller's set; o NULL: everything found by itself. Several nodes need
 * their node_column; only_node is asked of the server. VO_ENOTFOUND: no such table, with those
 * there are; no rows. VO_EINVAL: URL, columns (with those there are), values by row. VO_EIO:
 * the server's or the network's words. */
vo_status vo_source_postgres_fetch(const vo_postgres *from, const vo_source_options *o,
                                   vo_readings_set *set, vo_error *err);

/* The same for all of one table. */
vo_status vo_source_postgres_read(const char *url, const char *table,
                                  const vo_source_options *o, vo_readings_set *set,
                                  vo_error *err);

#endif
