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
