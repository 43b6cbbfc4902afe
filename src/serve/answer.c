/* answer.c -- an exchange's answer onto its connection.
 *
 * Head and a small body go out in one write; a large body follows in pieces out of the
 * exchange's own memory, as the socket takes them, so that nothing of it is ever copied whole.
 */
#include "serve/connection.h"

#include "base/civil.h"
#include "port/clock.h"
#include "serve/http_status.h"

#include <stdio.h>
#include <string.h>

enum { TURN = 1 << 20 }; /* bytes of one connection before the others' turn */

static const char *date(vo_connections *a) {
    static const char days[] = "MonTueWedThuFriSatSun";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const int64_t now = vo_clock_utc_s();
    if (now == a->date_s) return a->date;
    const vo_civil c = vo_civil_from_seconds(now);
    const int32_t day = vo_civil_weekday(vo_civil_days(c.year, c.month, c.day));
    a->date_s = now;
    snprintf(a->date, sizeof a->date, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
             days + (size_t)day * 3, (int)c.day % 100, months + (size_t)(c.month - 1) * 3,
             (int)c.year % 10000, (int)c.hour % 100, (int)c.minute % 100, (int)c.second % 100);
    return a->date;
}

/* Appends to the scratch; the rooms of exchange.h keep it within. */
static size_t put(vo_connections *a, size_t at, const char *text) {
    const size_t n = strlen(text);
    if (at + n > VO_CONNECTION_PIECE) return at;
    memcpy(a->scratch + at, text, n);
    return at + n;
}

static size_t put_header(vo_connections *a, size_t at, const char *name, const char *value) {
    at = put(a, at, name);
    at = put(a, at, ": ");
    at = put(a, at, value);
    return put(a, at, "\r\n");
}

static size_t write_head(vo_connection *c, const vo_exchange *x, bool has_body) {
    vo_connections *a = c->all;
    char line[64];
    snprintf(line, sizeof line, "HTTP/1.1 %d %s\r\nDate: ", x->status,
             vo_http_status_name(x->status));
    size_t at = put(a, 0, line);
    at = put(a, at, date(a));
    at = put(a, at, "\r\n");
    if (x->type) at = put_header(a, at, "Content-Type", x->type);
    if (has_body) {
        snprintf(line, sizeof line, "Content-Length: %zu\r\n", x->answer_len);
        at = put(a, at, line);
    }
    for (size_t i = 0; i < x->n_headers; i++)
        at = put_header(a, at, x->header[i].name, x->header[i].value);
    if (c->ends_after)
        at = put(a, at, "Connection: close\r\n");
    else if (c->old)
        at = put(a, at, "Connection: keep-alive\r\n");
    return put(a, at, "\r\n");
}

/* The answer has left. */
static void finish(vo_connection *c) {
    vo_connection_done(c);
    if (c->ends_after || (c->ended && c->in_len == 0)) {
        const bool tls = c->all->s.tls_certificate != NULL; /* has no half-closing */
        if (c->ended || (tls && !c->unread))
            vo_connection_close(c);
        else
            vo_connection_linger(c);
        return;
    }
    c->state = VO_CONNECTION_HEAD;
    c->seen = 0;
    vo_connection_time(c, c->in_len ? VO_TIMER_HEAD : VO_TIMER_IDLE);
}

bool vo_connection_push(vo_connection *c) {
    vo_connections *a = c->all;
    for (size_t sent = 0; c->out_left && !a->io.choked(c->socket);) {
        if (sent >= TURN) {
            a->io.ask_writable(c->socket);
            return false;
        }
        const size_t n = c->out_left < VO_CONNECTION_PIECE ? c->out_left : VO_CONNECTION_PIECE;
        if (!vo_connection_write(c, c->out, n)) return false;
        c->out += n;
        c->out_left -= n;
        sent += n;
    }
    if (a->io.choked(c->socket)) return false;
    if (c->state == VO_CONNECTION_ANSWER) finish(c);
    return true;
}

void vo_connection_answer(vo_connection *c) {
    vo_connections *a = c->all;
    vo_exchange *x = c->x;
    if (x->status < 200 || x->status > 599) x->status = 500;
    c->ends_after |= a->stopping;
    c->state = VO_CONNECTION_ANSWER;
    c->answer_since_s = a->now_s;
    vo_connection_time(c, VO_TIMER_WRITE);
    const bool may = x->status != 204 && x->status != 304;
    const size_t head = write_head(c, x, may);
    c->out = x->answer ? x->answer : x->still;
    c->out_left = may && c->out && strcmp(x->method, "HEAD") != 0 ? x->answer_len : 0;
    size_t with = VO_CONNECTION_PIECE - head;
    if (with > c->out_left) with = c->out_left;
    if (with) memcpy(a->scratch + head, c->out, with);
    c->out = c->out ? c->out + with : NULL;
    c->out_left -= with;
    if (vo_connection_write(c, a->scratch, head + with)) vo_connection_push(c);
}
