/* test_process_figures.c -- figures that this process can also know by other means. */
#include "port/process_figures.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "port/clock.h"

Test(process_figures, files_that_are_opened_are_counted) {
    vo_process_figures a, b;
    vo_process_figures_read(&a);
    int fd[5];
    for (int i = 0; i < 5; i++) cr_assert_geq(fd[i] = open("/dev/null", O_RDONLY), 0);
    vo_process_figures_read(&b);
    for (int i = 0; i < 5; i++) close(fd[i]);
    cr_expect_eq(b.open_fds - a.open_fds, 5.0);
}

Test(process_figures, memory_that_is_touched_is_resident) {
    vo_process_figures a, b;
    const size_t size = (size_t)64 << 20;
    vo_process_figures_read(&a);
    volatile char *p = malloc(size); /* or a compiler leaves the writing out */
    cr_assert_not_null((void *)(uintptr_t)p);
    for (size_t i = 0; i < size; i += 512) p[i] = 1;
    vo_process_figures_read(&b);
    cr_expect_gt(b.resident_bytes - a.resident_bytes, 0.9 * (double)size);
    cr_expect_geq(b.virtual_bytes, b.resident_bytes);
    free((void *)(uintptr_t)p);
}

Test(process_figures, time_is_that_of_the_system) {
    vo_process_figures f;
    struct rusage u;
    vo_process_figures_read(&f);
    cr_assert_eq(getrusage(RUSAGE_SELF, &u), 0);
    const double cpu_s = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
                         (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
    cr_expect_float_eq(f.cpu_s, cpu_s, 0.1);
    const double now_s = (double)vo_clock_utc_s();
    cr_expect(f.start_s > now_s - 600 && f.start_s < now_s + 2, "%f of %f", f.start_s, now_s);
    cr_expect_geq(f.threads, 1.0);
    cr_expect_gt(f.max_fds, 2.0);
}
