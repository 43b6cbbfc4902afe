/* replay_server.h -- web services on loopback for tests: starts and stops replay_server.py,
 * which says what it can do, and reads what it was asked. */
#ifndef TESTS_SUPPORT_REPLAY_SERVER_H
#define TESTS_SUPPORT_REPLAY_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define REPLAY_KEY "k3y/with+odd=signs" /* the one key the server takes */

typedef struct {
    pid_t pid;
    int hold; /* closing it ends the server */
    int port;
    char base[64]; /* "http://127.0.0.1:PORT" */
    char log[1100];
} replay_server;

/* `folder` is where its log goes; `csv` and `files` may be NULL. Asserts that it has started.
 */
void replay_start(replay_server *r, const char *script, const char *folder, const char *csv,
                  const char *files);
#define REPLAY_START(r, folder, csv, files)                                                    \
    replay_start(r, VOLTEO_SOURCE_DIR "/tests/support/replay_server.py", folder, csv, files)

/* The same, speaking TLS only, with the certificate `cert`.pem and the key `cert`.key; its base
 * is "https://localhost:PORT". */
void replay_start_tls(replay_server *r, const char *script, const char *folder,
                      const char *cert);
#define REPLAY_START_TLS(r, folder, cert)                                                      \
    replay_start_tls(r, VOLTEO_SOURCE_DIR "/tests/support/replay_server.py", folder, cert)

/* Makes `path`.pem, a certificate that signs itself, of "localhost" and of no other name, and
 * its key `path`.key, by the openssl command; false if there is none. */
bool replay_certificate(const char *path);
#define NEED_CERTIFICATE(path)                                                                 \
    do {                                                                                       \
        if (!replay_certificate(path)) cr_skip_test("not here: the openssl command");          \
    } while (0)

void replay_stop(replay_server *r);

/* The log: one line of JSON per request, NUL-terminated, malloc'ed. */
char *replay_log(const replay_server *r);
size_t replay_count(const replay_server *r, const char *part); /* lines with this in it */
void replay_forget(const replay_server *r);                    /* empties the log */

double replay_span_s(const replay_server *r); /* from the first to the last request */

/* The server's formula in cents: energy, loss, congestion; returns their sum. */
int64_t replay_cents(const char *name, int64_t hour, int64_t part[3]);

#endif
