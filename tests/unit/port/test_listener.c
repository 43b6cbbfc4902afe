/* A listening socket: who comes, who is turned away when there are no descriptors left. */
#include "port/listener.h"

#include "support/raw_http.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static vo_listener *listening(void) {
    vo_listener *l = NULL;
    vo_error err;
    cr_assert_eq(vo_listener_open("127.0.0.1", 0, &l, &err), VO_OK, "%s", err.msg);
    return l;
}

Test(listener, who_connects_is_accepted_with_an_address_and_nobody_is_nobody) {
    vo_listener *l = listening();
    char from[VO_ADDRESS_TEXT];
    int fd = -1;
    cr_assert_eq(vo_listener_accept(l, &fd, from), VO_ACCEPT_NONE);
    const int client = raw_connect(vo_listener_port(l));
    cr_assert_eq(vo_listener_accept(l, &fd, from), VO_ACCEPTED);
    cr_assert_str_eq(from, "127.0.0.1");
    cr_assert((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    vo_socket_finish(fd);
    cr_assert(raw_ended(client));
    vo_socket_close(fd);
    close(client);
    vo_listener_close(l);
}

Test(listener, without_descriptors_the_one_who_waits_is_closed_and_not_left_waiting) {
    vo_listener *l = listening();
    const int client = raw_connect(vo_listener_port(l));
    struct rlimit r;
    cr_assert(getrlimit(RLIMIT_NOFILE, &r) == 0);
    r.rlim_cur = 64;
    cr_assert(setrlimit(RLIMIT_NOFILE, &r) == 0);
    int taken[64], n = 0, fd = -1;
    while (n < 64 && (taken[n] = dup(0)) >= 0) n++;
    char from[VO_ADDRESS_TEXT];
    cr_assert_eq(vo_listener_accept(l, &fd, from), VO_ACCEPT_TURNED);
    cr_assert(raw_ended(client));
    cr_assert_eq(vo_listener_accept(l, &fd, from), VO_ACCEPT_NONE);
    while (n) close(taken[--n]);
    close(client);
    vo_listener_close(l);
}

Test(listener, addresses_and_ports_that_cannot_be_are_refused_by_name) {
    vo_listener *l = NULL, *first = listening();
    vo_error err;
    cr_assert_eq(vo_listener_open("127.0.0.1", vo_listener_port(first), &l, &err), VO_EIO);
    cr_assert(strstr(err.msg, "is taken") != NULL);
    cr_assert_eq(vo_listener_open("example", 0, &l, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "example") != NULL);
    cr_assert_eq(vo_listener_open("127.0.0.1", -1, &l, &err), VO_EINVAL);
    cr_assert(l == NULL);
    vo_listener_close(first);
    vo_listener_close(NULL);
}
