/* process_figures.c -- /proc/self of Linux (proc(5)); elsewhere most of it is not known. */
#include "port/process_figures.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static bool read_text(const char *path, char *out, size_t size) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    size_t len = 0;
    ssize_t n;
    while (len + 1 < size && (n = read(fd, out + len, size - 1 - len)) > 0) len += (size_t)n;
    close(fd);
    out[len] = '\0';
    return len > 0;
}

/* Field n (1..52) of /proc/self/stat. The second, the program's name, stands in parentheses and
 * may hold anything, so fields are counted from the last one. */
static double stat_field(const char *text, int n) {
    const char *c = strrchr(text, ')');
    if (!c) return (double)NAN;
    c++;
    for (int at = 3; at < n && *c; at++) {
        c += strspn(c, " ");
        c += strcspn(c, " ");
    }
    char *end;
    const double v = strtod(c, &end);
    return end == c ? (double)NAN : v;
}

static double count_fds(void) {
    DIR *d = opendir("/proc/self/fd");
    if (!d) return (double)NAN;
    double n = -3; /* ".", "..", and the folder's own */
    while (readdir(d)) n++;
    closedir(d);
    return n;
}

static double boot_time(void) {
    char text[4096];
    const char *at = NULL;
    /* The line stands behind one of all interrupts, which may be long: the clock says it too. */
    if (read_text("/proc/stat", text, sizeof text)) at = strstr(text, "\nbtime ");
    if (at) return strtod(at + 7, NULL);
    struct timespec up, now;
    if (clock_gettime(CLOCK_MONOTONIC, &up) != 0 || clock_gettime(CLOCK_REALTIME, &now) != 0)
        return (double)NAN;
    return (double)(now.tv_sec - up.tv_sec);
}

void vo_process_figures_read(vo_process_figures *out) {
    char text[2048];
    const double nan_ = (double)NAN, ticks = (double)sysconf(_SC_CLK_TCK);
    const bool known = read_text("/proc/self/stat", text, sizeof text);
    *out = (vo_process_figures){nan_, nan_, nan_, nan_, nan_, nan_, nan_};
    if (known) {
        out->cpu_s = (stat_field(text, 14) + stat_field(text, 15)) / ticks;
        out->threads = stat_field(text, 20);
        out->start_s = boot_time() + stat_field(text, 22) / ticks;
        out->virtual_bytes = stat_field(text, 23);
        out->resident_bytes = stat_field(text, 24) * (double)sysconf(_SC_PAGESIZE);
    }
    struct rlimit most;
    out->open_fds = count_fds();
    if (getrlimit(RLIMIT_NOFILE, &most) == 0)
        out->max_fds =
            most.rlim_cur == RLIM_INFINITY ? (double)INFINITY : (double)most.rlim_cur;
}
