#include "port/terminal.h"

#include <stdlib.h>
#include <unistd.h>

const char *vo_environment(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

bool vo_terminal_is_tty(int fd) { return isatty(fd) == 1; }
