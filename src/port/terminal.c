#include "port/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

const char *vo_environment(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

bool vo_terminal_is_tty(int fd) { return isatty(fd) == 1; }

int vo_terminal_columns(void) {
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
        struct winsize size = {0};
        if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    }
    const char *columns = vo_environment("COLUMNS");
    int64_t n;
    if (columns && vo_text_integer(columns, strlen(columns), &n) && n > 0 && n <= 10000)
        return (int)n;
    return 80;
}
