/* server.h -- `volteo serve` and `volteo worker`: everything put together, until told to stop. */
#ifndef VO_SERVE_SERVER_H
#define VO_SERVE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

/* Texts are borrowed for the call. */
typedef struct {
    /* "127.0.0.1:8080", "[::1]:8080", ":8080" (all addresses), "localhost:0" (a free port). */
    const char *listen;
    const char *lake, *models;             /* folders                        */
    const char *state;                     /* the state database: "state.db" */
    const char *tls_certificate, *tls_key; /* PEM files; NULL: plain */
    int32_t auth;              /* -1: on unless loopback; 0: off (loopback only); 1: on */
    const char *const *origin; /* [n_origins] CORS list */
    size_t n_origins;
    /* Per key or address, in the cost of openapi.json. 0: no limit; -1: 1 000/s with keys, else none.
     * burst 0: twice the rate, at least 100. */
    double rate_per_s, burst;
    size_t max_body;         /* bytes, 1 KiB .. VO_SERVER_MOST_BODY */
    int32_t threads;         /* of computing; 0: as many as cores */
    int32_t line;            /* requests that wait for one, >= 1 */
    int32_t max_connections; /* 0: 12 000, or what the system allows */
    int32_t job_threads;     /* of jobs run here; 0: none (volteo worker runs them) */
    int32_t engine_threads;  /* of one job; 0: all cores                             */
    const char *schedules;   /* YAML file, or NULL                                    */
    const char *log_file;    /* NULL: standard error                                  */
    const char *log_level;   /* "error", "warn", "info", "debug"                      */
    bool log_requests;
    double drain_s; /* for what is under way, when stopped                   */
    const char
        *port_file; /* written (atomically) with "HOST:PORT\n" once it listens, or NULL */
    bool (*stop)(void *ctx); /* asked about every 100 ms, from a thread of the server's own */
    void *stop_ctx;
    /* Keys of web services by the name of their environment variable; NULL: none. */
    const char *(*secret)(void *ctx, const char *variable);
    void *secret_ctx;
} vo_server_settings;

/* What a job may be, so that no request is taken which would then be too long for the book. */
enum { VO_SERVER_MOST_BODY = 64 << 20 };

vo_server_settings vo_server_settings_default(void);

/* Returns when stopped and drained. VO_EINVAL: settings, with the remedy; VO_EIO. */
vo_status vo_server_run(const vo_server_settings *s, vo_error *err);

/* Jobs only, of the same settings: listens to nothing. Any number of processes. */
vo_status vo_server_work(const vo_server_settings *s, vo_error *err);

#endif
