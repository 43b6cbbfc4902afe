/* server.h -- `volteo serve`: everything of this folder put together, until a signal ends it. */
#ifndef VO_SERVE_SERVER_H
#define VO_SERVE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

typedef struct {
    const char
        *listen; /* "127.0.0.1:8080", "[::1]:8080", ":8080" (all addresses), port 0: free */
    const char *lake, *models,
        *state; /* folders, and the state database ("state.db")            */
    const char *tls_certificate, *tls_key;
    int32_t auth; /* -1: on unless loopback; 0 off (loopback only); 1 on            */
    const char *const
        *origin; /* [n_origins] CORS list                                         */
    size_t n_origins;
    double rate_per_s,
        burst; /* per key or address; 0: no limit                               */
    size_t max_body;
    int32_t threads, line; /* of computing; 0: defaults                                     */
    int32_t job_threads;   /* of jobs run here; 0: none (volteo worker runs them); -1: 1    */
    const char *schedules; /* YAML file, or NULL                                            */
    const char *log_file;  /* NULL: standard error                                          */
    const char *log_level; /* "info"                                                        */
    bool log_requests;
    double drain_s;
    const char
        *port_file; /* written (atomically) with "HOST:PORT\n" once it listens, or NULL */
    bool (*stop)(void *ctx); /* asked about every 100 ms                                      */
    void *stop_ctx;
} vo_server_settings;

vo_server_settings vo_server_settings_default(void);
vo_status vo_server_run(const vo_server_settings *s, vo_error *err);

#endif
