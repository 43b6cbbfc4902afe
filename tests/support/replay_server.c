/* replay_server.c -- see replay_server.h. */
#include "support/replay_server.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void run(const char *script, const char *log, const char *csv, const char *files,
                const char *cert, const int *in, const int *out) {
    dup2(in[0], 0);
    dup2(out[1], 1);
    close(in[1]); /* else its own end would hold it */
    close(out[0]);
    execlp("python3", "python3", script, "--log", log, "--csv", csv ? csv : "", "--files",
           files ? files : "", "--cert", cert ? cert : "", (char *)NULL);
    _exit(127);
}

static void start(replay_server *r, const char *script, const char *folder, const char *csv,
                  const char *files, const char *cert) {
    int in[2], out[2];
    snprintf(r->log, sizeof r->log, "%s/requests.log", folder);
    cr_assert(pipe(in) == 0 && pipe(out) == 0);
    r->pid = fork();
    cr_assert(r->pid >= 0);
    if (r->pid == 0) run(script, r->log, csv, files, cert, in, out);
    close(in[0]);
    close(out[1]);
    r->hold = in[1];
    FILE *said = fdopen(out[0], "r");
    r->port = 0;
    cr_assert(said && fscanf(said, "%d", &r->port) == 1, "replay_server.py did not start");
    fclose(said);
}

void replay_start(replay_server *r, const char *script, const char *folder, const char *csv,
                  const char *files) {
    start(r, script, folder, csv, files, NULL);
    snprintf(r->base, sizeof r->base, "http://127.0.0.1:%d", r->port);
}

void replay_start_tls(replay_server *r, const char *script, const char *folder,
                      const char *cert) {
    start(r, script, folder, NULL, NULL, cert);
    snprintf(r->base, sizeof r->base, "https://localhost:%d", r->port);
}

bool replay_certificate(const char *path) {
    char command[2600];
    if (system("command -v openssl >/dev/null") != 0) return false;
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
             "-days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost "
             "-keyout '%.1100s.key' -out '%.1100s.pem' 2>/dev/null",
             path, path);
    cr_assert_eq(system(command), 0, "openssl made no certificate");
    return true;
}

void replay_stop(replay_server *r) {
    close(r->hold);
    waitpid(r->pid, NULL, 0);
}

char *replay_log(const replay_server *r) {
    FILE *f = fopen(r->log, "rb");
    char *text = calloc(1, 1u << 22);
    cr_assert(text != NULL);
    if (!f) return text; /* nothing was asked */
    const size_t n = fread(text, 1, (1u << 22) - 1, f);
    cr_assert(n < (1u << 22) - 1);
    fclose(f);
    return text;
}

size_t replay_count(const replay_server *r, const char *part) {
    char *text = replay_log(r), *rest = NULL;
    size_t n = 0;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        n += strstr(line, part) != NULL;
    free(text);
    return n;
}

void replay_forget(const replay_server *r) { remove(r->log); }

double replay_span_s(const replay_server *r) {
    char *text = replay_log(r), *rest = NULL;
    double first = -1, last = -1;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        cr_assert(sscanf(line, "{\"t\": %lf", &last) == 1);
        if (first < 0) first = last;
    }
    free(text);
    return last - first;
}

int64_t replay_cents(const char *name, int64_t hour, int64_t part[3]) {
    int64_t base = 0;
    for (const char *p = name; *p; p++) base += (unsigned char)*p;
    part[0] = 40000 + 100 * (base % 97) + 37 * (hour * 7 % 101);
    part[1] = 500 + hour % 13 * 11;
    part[2] = (hour % 17 - 8) * 25;
    return part[0] + part[1] + part[2];
}
