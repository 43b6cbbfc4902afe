/* served.h -- a server of the program's own, on a free port, with folders of its own; and a small
 * client over raw sockets, which sees every header.
 */
#ifndef TESTS_SUPPORT_SERVED_H
#define TESTS_SUPPORT_SERVED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "support/data_folder.h"

typedef struct {
    char folder[DATA_PATH]; /* state.db, lake, models, port, log */
    pid_t pid;
    int port;
} served;

/* Runs `program serve --listen 127.0.0.1:0 ...` with the further flags (NULL-terminated), and waits
 * until it listens. The folder is made where s->folder is "". false: it ended; see served_log. */
bool served_start(served *s, const char *program, const char *const *flag);
/* Another process of the program on the same folder: "worker" and its flags; its pid. */
pid_t served_run(const served *s, const char *program, const char *const *argument,
                 const char *log);
int served_end(pid_t pid,
               int signal); /* sends it (0: none), waits; the exit code, 128 + signal */
int served_stop(served *s, int signal);
void served_remove(served *s);     /* the folder */
char *served_log(const served *s); /* malloc'ed */

typedef struct {
    int status; /* 0: no answer */
    char *text; /* malloc'ed: head and body */
    const char *body;
    size_t len; /* of the body */
} reply;

/* Headers are whole lines, "X-Api-Key: k\r\n"; body NULL: none. The connection is closed after. */
reply served_ask(const served *s, const char *method, const char *target, const char *headers,
                 const char *body);
void reply_drop(reply *r);
/* The value of a header; "" without it. Good until the next call. */
const char *reply_header(const reply *r, const char *name);

/* The same in two halves: -1 on failure. */
int served_send(const served *s, const char *method, const char *target, const char *headers,
                const char *body);
reply served_receive(int fd);

/* A WebSocket: the handshake's status (101), the socket in *fd. */
int served_listen(const served *s, const char *target, const char *headers, int *fd);
bool served_say(int fd, const char *text); /* a text message of less than 126 bytes */
/* The next text message, malloc'ed; NULL at the end of the connection (*code: why, or 0) or after
 * so many seconds. */
char *served_hear(int fd, double seconds, int *code);

#endif
