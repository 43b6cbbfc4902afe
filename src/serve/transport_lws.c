/* transport_lws.c -- sockets, TLS and the event loop of libwebsockets under connection.h.
 *
 * Every connection is a "raw" one of libwebsockets: it hands over bytes, decrypted, and takes
 * bytes, keeping what the socket does not. Listening is done here (port/listener.h), so that a
 * taken port is refused in words and a connection too many is turned away; the listening socket
 * itself is in the loop as a "raw file".
 *
 * libwebsockets sets signal handlers of its own with its libuv loop; the program's are put
 * back. Its log goes nowhere.
 */
#include "serve/connection.h"
#include "serve/transport.h"

#include "port/clock.h"
#include "port/file.h"
#include "port/limits.h"
#include "port/listener.h"
#include "port/signals.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_BESIDE = 256, MOST_FILES = 1 << 20, ACCEPTS_A_TURN = 64, TICK_US = 100000 };

struct vo_transport {
    vo_connections all;
    struct lws_context *lws;
    struct lws_vhost *vhost;
    struct lws *listening;
    vo_listener *listener;
    struct {
        lws_sorted_usec_list_t sul; /* first: what the callback is given */
        vo_transport *transport;
    } tick;
    int32_t port;
    bool polls, ran, shut, draining, leaving;
    double end_s; /* of draining */
    vo_signals *kept;
    atomic_bool drain, stop;
    atomic_int drain_ms;
};

/* ---- what connections need ------------------------------------------------------------------ */

static bool socket_write(void *socket, const void *bytes, size_t n) {
    /* libwebsockets only reads them, in raw mode, whatever its signature says */
    union {
        const void *given;
        unsigned char *taken;
    } p = {.given = bytes};
    return lws_write(socket, p.taken, n, LWS_WRITE_RAW) >= 0;
}

static bool socket_choked(void *socket) { return lws_partial_buffered(socket) != 0; }
static void socket_ask_writable(void *socket) { lws_callback_on_writable(socket); }
static void socket_pause(void *socket, bool paused) { lws_rx_flow_control(socket, !paused); }

static void socket_finish(void *socket) {
    if (!lws_is_ssl(socket)) vo_socket_finish(lws_get_socket_fd(socket));
}

static void socket_close(void *socket) {
    lws_set_timeout(socket, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
}

static void ring(void *bell) {
    const vo_transport *t = bell;
    lws_cancel_service(t->lws);
}

static const vo_socket_calls calls = {.write = socket_write,
                                      .choked = socket_choked,
                                      .ask_writable = socket_ask_writable,
                                      .pause = socket_pause,
                                      .finish = socket_finish,
                                      .close = socket_close,
                                      .ring = ring};

/* ---- the loop -------------------------------------------------------------------------------- */

static void leave_loop(vo_transport *t) {
    if (t->leaving) return;
    t->leaving = true;
    /* Of a libuv loop this closes all and ends it; a second time, after it, frees the rest. */
    if (t->polls) return;
    t->kept = vo_signals_keep();
    lws_context_destroy(t->lws);
}

static void shut_door(vo_transport *t) {
    t->shut = true;
    if (t->listening) socket_close(t->listening);
    vo_listener_close(t->listener);
    t->listener = NULL;
    vo_connections_drain(&t->all);
}

static void begin_drain(vo_transport *t) {
    t->draining = true;
    t->end_s = t->all.now_s + atomic_load(&t->drain_ms) / 1000.0;
    if (!t->shut) shut_door(t);
    vo_connections_stop(&t->all);
}

static void go_on_draining(vo_transport *t) {
    if (!t->shut && atomic_load(&t->drain)) shut_door(t);
    if (!t->draining && atomic_load(&t->stop)) begin_drain(t);
    if (!t->draining) return;
    if (t->all.now_s >= t->end_s) vo_connections_abort(&t->all);
    if (!t->all.every && t->all.computing == 0 && !t->listening) leave_loop(t);
}

static void on_tick(lws_sorted_usec_list_t *sul) {
    vo_transport **owner = (vo_transport **)(void *)(sul + 1);
    vo_transport *t = *owner;
    vo_connections_enter(&t->all);
    vo_connections_tick(&t->all);
    vo_connections_leave(&t->all);
    lws_sul_schedule(t->lws, 0, &t->tick.sul, on_tick, TICK_US);
    go_on_draining(t);
}

static void on_bell(vo_transport *t) {
    vo_connections_enter(&t->all);
    vo_connections_leave(&t->all);
    go_on_draining(t);
}

static void adopt(vo_transport *t, int fd, const char *from) {
    vo_connection *c = vo_connection_create(&t->all, NULL, from);
    if (!c) {
        vo_socket_close(fd);
        return;
    }
    const lws_sock_file_fd_type file = {.sockfd = fd};
    const bool tls = t->all.s.tls_certificate != NULL;
    c->socket = lws_adopt_descriptor_vhost(
        t->vhost, LWS_ADOPT_SOCKET | (tls ? LWS_ADOPT_ALLOW_SSL : 0), file, NULL, NULL);
    if (c->socket)
        lws_set_opaque_user_data(c->socket, c);
    else
        vo_connection_free(c);
}

static void on_knock(vo_transport *t) {
    int fd = -1;
    char from[VO_ADDRESS_TEXT];
    for (int i = 0; i < ACCEPTS_A_TURN && t->listener; i++) {
        const vo_accepted said = vo_listener_accept(t->listener, &fd, from);
        if (said == VO_ACCEPT_NONE) return;
        if (said == VO_ACCEPTED &&
            (atomic_load(&t->all.connections) < t->all.s.max_connections ||
             vo_connections_make_room(&t->all))) {
            adopt(t, fd, from);
            continue;
        }
        atomic_fetch_add(&t->all.refused, 1);
        if (said == VO_ACCEPTED) vo_socket_close(fd);
    }
}

/* libwebsockets closes a socket whose client has sent its last byte. One that waits for an answer
 * gets it all the same, through a second descriptor, which is only written to. What ends inside
 * TLS has left: there is no half-closing. */
static bool goes_on(vo_transport *t, struct lws *wsi, vo_connection *c) {
    if (t->leaving || t->all.s.tls_certificate || !vo_connection_waits(c)) return false;
    const int fd = vo_socket_ended(lws_get_socket_fd(wsi));
    if (fd < 0) return false;
    const lws_sock_file_fd_type file = {.sockfd = fd};
    struct lws *on = lws_adopt_descriptor_vhost(t->vhost, LWS_ADOPT_SOCKET, file, NULL, NULL);
    if (!on) return false;
    lws_rx_flow_control(on, 0);
    lws_set_opaque_user_data(on, c);
    vo_connection_ended(c, on);
    return true;
}

static void on_gone(vo_transport *t, struct lws *wsi) {
    vo_connection *c = lws_get_opaque_user_data(wsi);
    lws_set_opaque_user_data(wsi, NULL);
    if (c && !goes_on(t, wsi, c)) vo_connection_free(c);
}

static int on_socket(vo_transport *t, struct lws *wsi, const char *bytes, size_t n) {
    vo_connection *c = lws_get_opaque_user_data(wsi);
    if (!c) return -1;
    /* The handshake is over, and its time-out, which libwebsockets leaves running, with it. */
    if (bytes && !c->closing && t->all.s.tls_certificate)
        lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
    vo_connections_enter(&t->all);
    if (bytes)
        vo_connection_receive(c, bytes, n);
    else
        vo_connection_writable(c);
    vo_connections_leave(&t->all);
    return c->closing ? -1 : 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t n) {
    (void)user;
    struct lws_context *lws = lws_get_context(wsi);
    vo_transport *t = lws ? lws_context_user(lws) : NULL;
    if (!t || !t->vhost) return 0;
    /* of more than a hundred reasons */
    if (reason == LWS_CALLBACK_RAW_RX) return on_socket(t, wsi, in, n);
    if (reason == LWS_CALLBACK_RAW_WRITEABLE) return on_socket(t, wsi, NULL, 0);
    if (reason == LWS_CALLBACK_RAW_CLOSE) on_gone(t, wsi);
    if (reason == LWS_CALLBACK_RAW_RX_FILE) on_knock(t);
    if (reason == LWS_CALLBACK_RAW_CLOSE_FILE) t->listening = NULL;
    if (reason == LWS_CALLBACK_EVENT_WAIT_CANCELLED && t->ran && !t->leaving) on_bell(t);
    return 0;
}

static const struct lws_protocols protocols[] = {
    {.name = "bytes", .callback = on_event, .tx_packet_size = VO_CONNECTION_PIECE},
    {.name = NULL}};

/* ---- opening --------------------------------------------------------------------------------- */

static vo_status check_file(const char *setting, const char *path, vo_error *err) {
    char *text = NULL;
    size_t n = 0;
    vo_error why;
    if (vo_file_read(path, 1 << 20, &text, &n, &why) != VO_OK)
        return vo_fail(err, VO_EINVAL, "%s = \"%.200s\": %.200s", setting, path, why.msg);
    const bool pem = strstr(text, "-----BEGIN ") != NULL;
    free(text);
    if (!pem)
        return vo_fail(err, VO_EINVAL, "%s = \"%.200s\" is not a PEM file", setting, path);
    return VO_OK;
}

static vo_status check_tls(const vo_transport_settings *s, vo_error *err) {
    if (!s->tls_certificate && !s->tls_key) return VO_OK;
    if (!s->tls_certificate || !s->tls_key)
        return vo_fail(err, VO_EINVAL, "TLS needs both a certificate and a key: %s is missing",
                       s->tls_key ? "tls_certificate" : "tls_key");
    const vo_status made = check_file("tls_certificate", s->tls_certificate, err);
    return made != VO_OK ? made : check_file("tls_key", s->tls_key, err);
}

static vo_status check_settings(const vo_transport_settings *s, vo_error *err) {
    const double times[] = {s->head_timeout_s, s->body_timeout_s, s->idle_timeout_s,
                            s->write_timeout_s, s->ping_s};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        if (!(times[i] > 0 && times[i] <= 86400))
            return vo_fail(err, VO_EINVAL, "a time-out of %g s is not in (0, 86400]", times[i]);
    if (s->max_head < 256 || s->max_head > 1 << 20)
        return vo_fail(err, VO_EINVAL, "max_head = %zu is not in 256..1048576", s->max_head);
    if (s->max_message < 1 || s->max_message > 1 << 28)
        return vo_fail(err, VO_EINVAL, "max_message = %zu is not in 1..268435456",
                       s->max_message);
    if (s->max_held < s->max_body)
        return vo_fail(err, VO_EINVAL, "max_held = %zu is less than max_body = %zu",
                       s->max_held, s->max_body);
    if (!(s->min_write_per_s >= 0))
        return vo_fail(err, VO_EINVAL, "min_write_per_s = %g is negative", s->min_write_per_s);
    if (!(s->ended_timeout_s >= 0 && s->ended_timeout_s <= 86400))
        return vo_fail(err, VO_EINVAL, "ended_timeout_s = %g is not in [0, 86400]",
                       s->ended_timeout_s);
    if (s->max_connections < 1) return vo_fail(err, VO_EINVAL, "max_connections is 0");
    return check_tls(s, err);
}

static struct lws_context *make_context(vo_transport *t, uint64_t loop) {
    struct lws_context_creation_info info;
    memset(&info, 0, sizeof info);
    info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
    info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | loop;
    if (t->all.s.tls_certificate) info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    info.pt_serv_buf_size = VO_CONNECTION_PIECE;
    info.timeout_secs = (unsigned)t->all.s.head_timeout_s + 1; /* of TLS handshakes */
    info.max_http_header_pool = 1;                             /* its HTTP is not used */
    info.protocols = protocols;
    info.user = t;
    return lws_create_context(&info);
}

static vo_status make_loop(vo_transport *t, vo_error *err) {
    lws_set_log_level(0, NULL);
    vo_signals *kept = vo_signals_keep();
    /* It has tables of as many entries as there may be files. */
    const size_t was = vo_limit_files_lower(MOST_FILES);
    t->lws = make_context(t, LWS_SERVER_OPTION_LIBUV);
    if (!t->lws) {
        t->polls = true;
        t->lws = make_context(t, 0);
    }
    vo_limit_files(was);
    vo_signals_put_back(kept);
    if (!t->lws) return vo_fail(err, VO_EIO, "libwebsockets has made no event loop");
    return VO_OK;
}

static vo_status make_vhost(vo_transport *t, vo_error *err) {
    const vo_transport_settings *s = &t->all.s;
    struct lws_context_creation_info info;
    memset(&info, 0, sizeof info);
    info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
    info.vhost_name = "volteo";
    if (s->tls_certificate) info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    info.protocols = protocols;
    info.timeout_secs = (unsigned)s->head_timeout_s + 1; /* of TLS handshakes */
    info.ssl_cert_filepath = s->tls_certificate;
    info.ssl_private_key_filepath = s->tls_key;
    info.alpn = "http/1.1";
    info.ssl_options_set = SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1;
    t->vhost = lws_create_vhost(t->lws, &info);
    if (t->vhost) return VO_OK;
    if (!s->tls_certificate) return vo_fail(err, VO_EIO, "libwebsockets has made no server");
    return vo_fail(
        err, VO_EINVAL,
        "tls_certificate = \"%.200s\" and tls_key = \"%.200s\" are not a certificate "
        "and its private key without a password",
        s->tls_certificate, s->tls_key);
}

static vo_status listen_in_loop(vo_transport *t, vo_error *err) {
    const lws_sock_file_fd_type file = {.filefd = vo_listener_file(t->listener)};
    t->port = vo_listener_port(t->listener);
    if (file.filefd < 0)
        return vo_fail(err, VO_EIO, "no file is left for the listening socket");
    t->listening =
        lws_adopt_descriptor_vhost(t->vhost, LWS_ADOPT_RAW_FILE_DESC, file, NULL, NULL);
    if (!t->listening) return vo_fail(err, VO_EIO, "libwebsockets takes no listening socket");
    t->tick.transport = t;
    lws_sul_schedule(t->lws, 0, &t->tick.sul, on_tick, TICK_US);
    return VO_OK;
}

vo_status vo_transport_open(const vo_transport_settings *s, const vo_handler *handler,
                            void *ctx, vo_transport **out, vo_error *err) {
    vo_status made = check_settings(s, err);
    if (made != VO_OK) return made;
    vo_transport *t = calloc(1, sizeof *t);
    if (!t) return vo_fail(err, VO_ENOMEM, "a transport");
    made = vo_connections_init(&t->all, s, handler, ctx, &calls, t, err);
    if (made != VO_OK) goto fail;
    const size_t files = vo_limit_files(s->max_connections + FILES_BESIDE);
    const size_t room = files > 2 * FILES_BESIDE ? files - FILES_BESIDE : files / 2;
    if (t->all.s.max_connections > room) t->all.s.max_connections = room;
    if ((made = vo_listener_open(s->host, s->port, &t->listener, err)) != VO_OK ||
        (made = make_loop(t, err)) != VO_OK || (made = make_vhost(t, err)) != VO_OK ||
        (made = listen_in_loop(t, err)) != VO_OK)
        goto fail;
    *out = t;
    return VO_OK;
fail:
    vo_transport_close(t);
    return made;
}

int32_t vo_transport_port(const vo_transport *t) { return t->port; }
const char *vo_transport_loop(const vo_transport *t) { return t->polls ? "poll" : "epoll"; }

vo_status vo_transport_run(vo_transport *t, vo_error *err) {
    t->ran = true;
    on_bell(t); /* what came before */
    while (!t->leaving)
        if (lws_service(t->lws, 0) < 0 && !t->leaving)
            return vo_fail(err, VO_EIO, "the event loop has failed");
    vo_signals_put_back(t->kept);
    t->kept = NULL;
    return VO_OK;
}

void vo_transport_reply(vo_transport *t, vo_exchange *x) { vo_connections_reply(&t->all, x); }
void vo_transport_wake(vo_transport *t) { vo_connections_wake(&t->all); }

void vo_transport_drain(vo_transport *t) {
    atomic_store(&t->drain, true);
    vo_connections_wake(&t->all);
}

void vo_transport_stop(vo_transport *t, double drain_s) {
    const double ms = drain_s < 0 ? 0 : drain_s > 1e6 ? 1e9 : drain_s * 1000;
    atomic_store(&t->drain_ms, (int)ms);
    atomic_store(&t->stop, true);
    vo_connections_wake(&t->all);
}

vo_transport_counts vo_transport_count(const vo_transport *t) {
    return (vo_transport_counts){.connections = atomic_load(&t->all.connections),
                                 .peers = atomic_load(&t->all.peers),
                                 .accepted = atomic_load(&t->all.accepted),
                                 .timed_out = atomic_load(&t->all.timed_out),
                                 .refused = atomic_load(&t->all.refused)};
}

void vo_transport_close(vo_transport *t) {
    if (!t) return;
    vo_signals *kept = vo_signals_keep();
    const bool twice = !t->polls && !t->leaving;
    t->leaving = true;
    if (t->lws && twice) lws_context_destroy(t->lws);
    if (t->lws) lws_context_destroy(t->lws);
    vo_signals_put_back(kept);
    vo_connections_fini(&t->all);
    vo_listener_close(t->listener);
    free(t);
}
