/* terminal.h -- environment variables, terminals and the progress line. */
#ifndef VO_PORT_TERMINAL_H
#define VO_PORT_TERMINAL_H

#include <stdbool.h>

const char *vo_environment(const char *name); /* NULL if unset or empty */
bool vo_terminal_is_tty(int fd);

#endif
