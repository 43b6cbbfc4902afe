/* test_terminal.c -- each test states one promise of terminal.h. */
#include "port/terminal.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

Test(terminal, an_unset_or_empty_variable_is_null) {
    unsetenv("VOLTEO_TEST_VARIABLE");
    cr_assert_null(vo_environment("VOLTEO_TEST_VARIABLE"));
    setenv("VOLTEO_TEST_VARIABLE", "", 1);
    cr_assert_null(vo_environment("VOLTEO_TEST_VARIABLE"));
    setenv("VOLTEO_TEST_VARIABLE", "x", 1);
    cr_assert_str_eq(vo_environment("VOLTEO_TEST_VARIABLE"), "x");
}

Test(terminal, a_pipe_and_a_bad_descriptor_are_no_terminal) {
    int fd[2];
    cr_assert_eq(pipe(fd), 0);
    cr_assert_not(vo_terminal_is_tty(fd[0]));
    cr_assert_not(vo_terminal_is_tty(-1));
}

/* Standard output and error are made files, so that only COLUMNS is left to say. */
Test(terminal, without_a_terminal_columns_come_from_the_environment_or_are_80) {
    const int null = open("/dev/null", O_RDWR), out = dup(1), error = dup(2);
    dup2(null, 1);
    dup2(null, 2);
    static const struct {
        const char *text;
        int columns;
    } c[] = {{"120", 120}, {"", 80}, {"0", 80}, {"-5", 80}, {"wide", 80}, {"99999999999", 80}};
    int got[6];
    for (int i = 0; i < 6; i++) {
        setenv("COLUMNS", c[i].text, 1);
        got[i] = vo_terminal_columns();
    }
    dup2(out, 1);
    dup2(error, 2);
    for (int i = 0; i < 6; i++) cr_assert_eq(got[i], c[i].columns, "COLUMNS=%s", c[i].text);
}
