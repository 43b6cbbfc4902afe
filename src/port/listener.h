/* listener.h -- a listening TCP socket and the connections it yields, all non-blocking. */
#ifndef VO_PORT_LISTENER_H
#define VO_PORT_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include <volteo/status.h>

#define VO_ADDRESS_TEXT 48 /* room for any address as text, with its NUL */

typedef struct vo_listener vo_listener;

/* `host` is a numeric address ("127.0.0.1", "::1", "0.0.0.0"), port 0 a free one.
 * VO_EINVAL: no address or no port. VO_EIO: taken, or not ours to take. */
vo_status vo_listener_open(const char *host, int32_t port, vo_listener **out, vo_error *err);
void vo_listener_close(vo_listener *l); /* accepts NULL */
/* A descriptor to wait at, the caller's to close; -1: there are none left. */
int vo_listener_file(const vo_listener *l);
int32_t vo_listener_port(const vo_listener *l);

typedef enum {
    VO_ACCEPTED,     /* *fd is the caller's, from[] says who it is                   */
    VO_ACCEPT_NONE,  /* nobody is waiting                                            */
    VO_ACCEPT_TURNED /* somebody was, but there are no descriptors: closed at once   */
} vo_accepted;
vo_accepted vo_listener_accept(vo_listener *l, int *fd, char from[VO_ADDRESS_TEXT]);

/* Sends what there is and the end of the stream; the other side may still talk. */
void vo_socket_finish(int fd);
/* Has the other side sent its last byte, and is it still there as far as one can know? A second
 * descriptor of the socket, the caller's to close; -1: no, or there are none left. */
int vo_socket_ended(int fd);
void vo_socket_close(int fd);

#endif
