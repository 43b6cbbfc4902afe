/* cli_serve.c -- `volteo serve` and `volteo worker`: flags, or the environment, become settings.
 *
 * A flag wins over its variable: --listen over VOLTEO_LISTEN, and so on.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/cli.h"
#include "base/text.h"
#include "port/interrupt.h"
#include "port/memory.h"
#include "port/terminal.h"
#include "serve/server.h"

typedef enum { NAME, NUMBER, SWITCH } flag_kind;

/* X(flag, member, kind, both, value, help); both: of `worker` too. The variable is VOLTEO_ and the
 * flag in capitals. */
// clang-format off
#define FLAG_MAP(X)                                                                             \
    X("listen",          listen,          NAME,   false, "ADDRESS:PORT", "127.0.0.1:8080; :8080 is all addresses, port 0 a free one") \
    X("port-file",       port_file,       NAME,   false, "FILE",  "gets HOST:PORT once it listens, for scripts") \
    X("state",           state,           NAME,   true,  "FILE",  "jobs, events and keys (state.db)") \
    X("lake",            lake,            NAME,   true,  "DIR",   "market data (lake)") \
    X("models",          models,          NAME,   true,  "DIR",   "trained models (models)") \
    X("auth",            auth,            NAME,   false, "HOW",   "on, off (loopback only) or auto: on unless loopback") \
    X("tls-certificate", tls_certificate, NAME,   false, "FILE",  "PEM, with its chain") \
    X("tls-key",         tls_key,         NAME,   false, "FILE",  "PEM") \
    X("cors",            cors,            NAME,   false, "ORIGIN,...", "web pages that may ask: https://app.example") \
    X("rate",            rate,            NUMBER, false, "N",     "requests a second per key, in their cost; 0: no limit (1000; none without keys)") \
    X("burst",           burst,           NUMBER, false, "N",     "that many at once (twice the rate)") \
    X("max-body",        max_body,        NUMBER, false, "BYTES", "of a request (8388608; at most 67108864)") \
    X("max-connections", max_connections, NUMBER, false, "N",     "at a time (12000, or what the system allows)") \
    X("threads",         threads,         NUMBER, false, "N",     "that compute answers (cores)") \
    X("line",            line,            NUMBER, false, "N",     "requests that wait for a thread; more are answered 503 (64)") \
    X("job-threads",     job_threads,     NUMBER, true,  "N",     "jobs at a time (1); serve: 0 leaves them to `volteo worker`") \
    X("engine-threads",  engine_threads,  NUMBER, true,  "N",     "cores of one job; 0: all (1)") \
    X("schedules",       schedules,       NAME,   true,  "FILE",  "jobs by the clock: config/schedules.yaml") \
    X("log-file",        log_file,        NAME,   true,  "FILE",  "instead of standard error") \
    X("log-level",       log_level,       NAME,   true,  "LEVEL", "error, warn, info or debug") \
    X("no-request-log",  no_request_log,  SWITCH, false, NULL,    "no line per request") \
    X("drain",           drain,           NUMBER, true,  "SECONDS", "for what is under way, when stopped (20)")
// clang-format on

enum {
#define X(flag, member, kind, both, value, help) F_##member,
    FLAG_MAP(X)
#undef X
        N_FLAGS
};

static const struct {
    const char *name;
    flag_kind kind;
    bool both;
    const char *value, *help;
} flags[N_FLAGS] = {
#define X(flag, member, kind, both, value, help) {flag, kind, both, value, help},
    FLAG_MAP(X)
#undef X
};

typedef struct {
    char *given[N_FLAGS]; /* g_malloc'ed; NULL: not given */
    gboolean on[N_FLAGS];
    char **origins; /* NULL-terminated */
} given;

static void given_fini(given *g) {
    for (int i = 0; i < N_FLAGS; i++) g_free(g->given[i]);
    g_strfreev(g->origins);
}

static const char serve_help[] =
    "Examples:\n"
    "  volteo serve\n"
    "  volteo serve --listen 127.0.0.1:0 --port-file port --state /var/lib/volteo/state.db\n"
    "  volteo keys create --name desk --scope trade && \\\n"
    "      volteo serve --listen :8443 --tls-certificate cert.pem --tls-key key.pem\n"
    "  volteo serve --schedules config/schedules.yaml --job-threads 0   # with volteo "
    "worker\n\n"
    "Each flag has a variable: VOLTEO_LISTEN for --listen, VOLTEO_TLS_KEY for --tls-key.\n"
    "SIGTERM or Ctrl-C ends it: what is under way is finished first, at most --drain seconds.\n"
    "docs/serve.md explains the routes, keys, jobs and events; /docs of the server lists them.";
static const char worker_help[] =
    "Examples:\n"
    "  volteo worker --state /var/lib/volteo/state.db\n"
    "  volteo worker --job-threads 4 --engine-threads 2\n\n"
    "Takes jobs that a server of the same --state accepted. Any number may run. One that is\n"
    "killed loses its jobs to the others after half a minute; none is lost or done twice.\n"
    "Each flag has a variable: VOLTEO_STATE for --state.";

/* false: *code is the exit. */
static bool parse(int argc, char **argv, bool worker, given *g, int *code) {
    GOptionEntry entry[N_FLAGS + 1] = {{0}};
    size_t n = 0;
    for (int i = 0; i < N_FLAGS; i++) {
        if (worker && !flags[i].both) continue;
        const bool is_switch = flags[i].kind == SWITCH;
        entry[n++] =
            (GOptionEntry){.long_name = flags[i].name,
                           .arg = is_switch ? G_OPTION_ARG_NONE : G_OPTION_ARG_STRING,
                           .arg_data = is_switch ? (void *)&g->on[i] : (void *)&g->given[i],
                           .description = flags[i].help,
                           .arg_description = flags[i].value};
    }
    const char *name = worker ? "worker" : "serve";
    GOptionContext *context = g_option_context_new(NULL);
    g_option_context_set_summary(context,
                                 worker ? "Runs jobs of a state database."
                                        : "The service: REST, WebSocket events and jobs.");
    g_option_context_set_description(context, worker ? worker_help : serve_help);
    g_option_context_add_main_entries(context, entry, NULL);
    g_option_context_set_help_enabled(context, FALSE);
    gboolean help = FALSE;
    const GOptionEntry helps[] = {
        {"help", 'h', 0, G_OPTION_ARG_NONE, &help, "This text.", NULL}, {0}};
    g_option_context_add_main_entries(context, helps, NULL);
    char program[32];
    snprintf(program, sizeof program, "volteo %s", name);
    g_set_prgname(program);
    GError *error = NULL;
    bool go = g_option_context_parse(context, &argc, &argv, &error);
    *code = CLI_USAGE;
    if (!go) {
        fprintf(stderr, "%s: %s; `%s --help` lists the flags\n", program, error->message,
                program);
        g_error_free(error);
    } else if (help) {
        char *text = g_option_context_get_help(context, TRUE, NULL);
        fputs(text, stdout);
        g_free(text);
        *code = CLI_DONE;
        go = false;
    } else if (argc > 1) {
        fprintf(stderr, "%s: \"%s\" is no flag; `%s --help` lists them\n", program, argv[1],
                program);
        go = false;
    }
    g_option_context_free(context);
    return go;
}

/* What the flags leave open, from the environment. */
static void read_environment(given *g) {
    for (int i = 0; i < N_FLAGS; i++) {
        char variable[48] = "VOLTEO_";
        char *to = variable + strlen(variable);
        for (const char *c = flags[i].name; *c; c++)
            *to++ = *c == '-' ? '_' : g_ascii_toupper(*c);
        const char *value = vo_environment(variable);
        if (!value || g->given[i]) continue;
        if (flags[i].kind == SWITCH)
            g->on[i] = g->on[i] || strcmp(value, "0") != 0;
        else
            g->given[i] = g_strdup(value);
    }
}

static bool number_of(const given *g, int flag, double lo, double hi, double *out) {
    const char *text = g->given[flag];
    double v = 0;
    if (!text) return true;
    if (!vo_text_number(text, strlen(text), &v) || !(v >= lo && v <= hi)) {
        fprintf(stderr, "%s: --%s = \"%.40s\": must be a number in %.0f..%.0f\n",
                g_get_prgname(), flags[flag].name, text, lo, hi);
        return false;
    }
    *out = v;
    return true;
}

static bool whole_of(const given *g, int flag, double hi, int32_t *out) {
    double v = *out;
    if (!number_of(g, flag, 0, hi, &v)) return false;
    *out = (int32_t)v;
    if (v == floor(v)) return true;
    fprintf(stderr, "%s: --%s = %g: must be a whole number\n", g_get_prgname(),
            flags[flag].name, v);
    return false;
}

static bool auth_of(const given *g, int32_t *out) {
    const char *text = g->given[F_auth];
    if (!text || strcmp(text, "auto") == 0) return true;
    const bool off = strcmp(text, "off") == 0;
    *out = off ? 0 : 1;
    if (off || strcmp(text, "on") == 0) return true;
    fprintf(stderr, "%s: --auth = \"%.40s\": must be on, off or auto\n", g_get_prgname(), text);
    return false;
}

static void text_of(const given *g, int flag, const char **out) {
    if (g->given[flag]) *out = g->given[flag];
}

static bool stop(void *ctx) {
    (void)ctx;
    return vo_interrupt_seen();
}

static const char *secret(void *ctx, const char *variable) {
    (void)ctx;
    return vo_environment(variable);
}

static bool settings_of(given *g, vo_server_settings *s) {
    text_of(g, F_listen, &s->listen);
    text_of(g, F_port_file, &s->port_file);
    text_of(g, F_state, &s->state);
    text_of(g, F_lake, &s->lake);
    text_of(g, F_models, &s->models);
    text_of(g, F_tls_certificate, &s->tls_certificate);
    text_of(g, F_tls_key, &s->tls_key);
    text_of(g, F_schedules, &s->schedules);
    text_of(g, F_log_file, &s->log_file);
    text_of(g, F_log_level, &s->log_level);
    if (g->given[F_cors]) {
        g->origins = g_strsplit(g->given[F_cors], ",", 64);
        s->origin = (const char *const *)g->origins;
        s->n_origins = g_strv_length(g->origins);
    }
    s->log_requests = !g->on[F_no_request_log];
    s->stop = stop;
    s->secret = secret;
    double body = (double)s->max_body;
    const bool right = auth_of(g, &s->auth) && number_of(g, F_rate, 0, 1e9, &s->rate_per_s) &&
                       number_of(g, F_burst, 0, 1e9, &s->burst) &&
                       number_of(g, F_max_body, 1024, VO_SERVER_MOST_BODY, &body) &&
                       number_of(g, F_drain, 0, 3600, &s->drain_s) &&
                       whole_of(g, F_max_connections, 1e6, &s->max_connections) &&
                       whole_of(g, F_threads, 256, &s->threads) &&
                       whole_of(g, F_line, 1e5, &s->line) &&
                       whole_of(g, F_job_threads, 64, &s->job_threads) &&
                       whole_of(g, F_engine_threads, 4096, &s->engine_threads);
    s->max_body = (size_t)body;
    return right;
}

enum { KEPT_MIB = 64 }; /* of freed memory, for the next answers */

static int run(int argc, char **argv, bool worker) {
    given g = {0};
    vo_server_settings s = vo_server_settings_default();
    vo_error err = {0};
    int code = CLI_USAGE;
    if (parse(argc, argv, worker, &g, &code)) {
        read_environment(&g);
        if (settings_of(&g, &s)) {
            vo_interrupt_watch();
            vo_memory_keep((size_t)KEPT_MIB << 20);
            const vo_status r = worker ? vo_server_work(&s, &err) : vo_server_run(&s, &err);
            code = r == VO_OK                            ? CLI_DONE
                   : r == VO_EINVAL || r == VO_ENOTFOUND ? CLI_USAGE
                                                         : CLI_FAILED;
            if (r != VO_OK)
                fprintf(stderr, "volteo %s: %s\n", worker ? "worker" : "serve", err.msg);
        }
    }
    given_fini(&g);
    return code;
}

int cli_serve(int argc, char **argv) { return run(argc, argv, false); }
int cli_worker(int argc, char **argv) { return run(argc, argv, true); }
