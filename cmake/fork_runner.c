/* fork_runner.c -- runs Criterion's tests without Criterion's own runner.
 *
 * Criterion starts each test in a process that shares an arena at an address which
 * ThreadSanitizer keeps for its shadow memory, so its runner aborts there. This one walks the
 * same table of tests (section cr_tst), forks once per test and reports in the same TAP form.
 * It replaces the few library functions the assertion macros call. Linked into the tests of the
 * ThreadSanitizer build only.
 */
#include <criterion/criterion.h>
#include <criterion/event.h>
#include <criterion/parameterized.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_FAILED_ASSERT = 101, EXIT_SKIPPED = 102 };

extern struct criterion_test *__start_cr_tst[];
extern struct criterion_test *__stop_cr_tst[];
extern struct criterion_suite *__start_cr_sts[] __attribute__((weak));
extern struct criterion_suite *__stop_cr_sts[] __attribute__((weak));

/* What the running test is and has said; one process runs one test. */
static const struct criterion_test *current_test;
static void *current_param;
static int failed_asserts;
static int report_fd = -1; /* to the parent: the reason of a skip */

static const struct criterion_test_extra_data *suite_of(const struct criterion_test *test) {
    for (struct criterion_suite **s = __start_cr_sts; s && s < __stop_cr_sts; s++) {
        if (*s && strcmp((*s)->name, test->category) == 0) {
            return (*s)->data;
        }
    }
    return NULL;
}

void criterion_internal_test_setup(void) {
    const struct criterion_test_extra_data *suite = suite_of(current_test);
    if (suite && suite->init) {
        suite->init();
    }
    if (current_test->data->init) {
        current_test->data->init();
    }
}

void criterion_internal_test_main(void (*fn)(void)) {
    if (current_param) {
        ((void (*)(void *))(uintptr_t)fn)(current_param);
    } else {
        fn();
    }
}

void criterion_internal_test_teardown(void) {
    const struct criterion_test_extra_data *suite = suite_of(current_test);
    if (current_test->data->fini) {
        current_test->data->fini();
    }
    if (suite && suite->fini) {
        suite->fini();
    }
}

void criterion_send_assert(struct criterion_assert_stats *stats) {
    if (!stats->passed) {
        failed_asserts++;
        fprintf(stderr, "%s:%u: %s::%s: %s\n", stats->file, stats->line, current_test->category,
                current_test->name, stats->message);
    }
}

void criterion_abort_test(void) { exit(EXIT_FAILED_ASSERT); }

void criterion_continue_test(void) {}

void cri_asserts_passed_incr(void) {}

void criterion_skip_test(const char *format, ...) {
    va_list args;
    va_start(args, format);
    vdprintf(report_fd, format, args);
    va_end(args);
    exit(EXIT_SKIPPED);
}

static _Noreturn void run_child(const struct criterion_test *test, void *param) {
    current_test = test;
    current_param = param;
    if (test->data->timeout > 0.0) {
        alarm((unsigned)(test->data->timeout * 20.0) + 1); /* the sanitizer slows everything */
    }
    test->test();
    exit(failed_asserts ? EXIT_FAILED_ASSERT : 0);
}

/* Returns 1 if the test failed. */
static int run_one(FILE *tap, const struct criterion_test *test, void *param) {
    int ends[2];
    if (pipe(ends) != 0) {
        perror("pipe");
        exit(EXIT_FAILURE);
    }
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) {
        perror("fork");
        exit(EXIT_FAILURE);
    }
    if (child == 0) {
        close(ends[0]);
        report_fd = ends[1];
        fclose(tap);
        run_child(test, param);
    }
    close(ends[1]);
    char reason[256] = "";
    FILE *report = fdopen(ends[0], "r");
    if (report) {
        reason[fread(reason, 1, sizeof reason - 1, report)] = '\0';
        fclose(report);
    }
    int status = 0;
    waitpid(child, &status, 0);

    const struct criterion_test_extra_data *want = test->data;
    int skipped = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED;
    int passed = want->signal ? WIFSIGNALED(status) && WTERMSIG(status) == want->signal
                              : WIFEXITED(status) && WEXITSTATUS(status) == want->exit_code;
    if (skipped) {
        fprintf(tap, "ok - %s::%s  # SKIP %s\n", test->category, test->name, reason);
        return 0;
    }
    fprintf(tap, "%s - %s::%s\n", passed ? "ok" : "not ok", test->category, test->name);
    if (!passed) {
        fprintf(stderr, "[FAIL] %s::%s: %s %d\n", test->category, test->name,
                WIFSIGNALED(status) ? "signal" : "exit",
                WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
    return !passed;
}

static int run_test(FILE *tap, const struct criterion_test *test) {
    if (test->data->disabled) {
        fprintf(tap, "ok - %s::%s  # SKIP disabled\n", test->category, test->name);
        return 0;
    }
    if (test->data->kind_ != CR_TEST_PARAMETERIZED) {
        return run_one(tap, test, NULL);
    }
    int n_failed = 0;
    struct criterion_test_params params = test->data->param_();
    for (size_t i = 0; i < params.length; i++) {
        n_failed += run_one(tap, test, (char *)params.params + i * params.size);
    }
    if (params.cleanup) {
        params.cleanup(&params);
    }
    return n_failed;
}

static bool is_wanted(const struct criterion_test *test, const char *filter) {
    char name[256];
    snprintf(name, sizeof name, "%s/%s", test->category, test->name);
    return !filter || fnmatch(filter, name, 0) == 0;
}

int main(int argc, char **argv) {
    const char *path = NULL, *filter = NULL;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--tap=", 6) == 0) path = argv[i] + 6;
        if (strncmp(argv[i], "--filter=", 9) == 0) filter = argv[i] + 9;
    }
    FILE *tap = path ? fopen(path, "w") : stdout;
    if (!tap) {
        perror(path);
        return EXIT_FAILURE;
    }
    fprintf(tap, "TAP version 13\n");
    int n_failed = 0;
    for (struct criterion_test **t = __start_cr_tst; t < __stop_cr_tst; t++) {
        if (*t && is_wanted(*t, filter)) {
            n_failed += run_test(tap, *t);
        }
    }
    fclose(tap);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
