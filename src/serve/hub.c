/* hub.c -- see hub.h.
 *
 * An event is one counted block of memory: the ring holds it, and whoever is just sending it. A
 * position in the ring is a number that only grows; `tail`..`head` of them are there. A client is
 * either live (a position), or catching up (the last id he has passed): then he waits for one
 * piece of the log, sends it, and asks for the next, until the ring has all that follows.
 * The thread that reads the log and the loop exchange lists under a lock: new events, pieces
 * asked for, pieces read. At most PIECES of those are under way; who comes later waits in line.
 */
#include "serve/hub.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/json.h"
#include "port/task.h"
#include "serve/hub_topics.h"

enum {
    TAIL_ROWS = 512,       /* read from the log at once                       */
    PIECE_ROWS = 256,      /* for one who catches up, or as many as make      */
    PIECE_BYTES = 1 << 17, /* so many bytes                                   */
    PIECES = 64,           /* of all clients at a time                        */
    MOST_REPLIES = 64      /* that one may leave unread                       */
};

typedef struct event {
    struct event *next;
    int64_t id;
    size_t len;
    uint32_t refs;
    bool always;              /* told to everybody: a gap */
    const char *name, *about; /* behind the text          */
    char text[];
} event;

typedef struct {
    event *first, *last;
    size_t n, bytes;
} chain;

typedef struct client client;

/* What one who catches up asks the log for, and gets. `whose` is the loop's: NULL, he left. */
typedef struct piece {
    struct piece *next;
    client *whose;
    int64_t after, upto; /* asked: ids above; got: all up to there have been looked at */
    chain events;
} piece;

struct client {
    vo_peer *peer;
    vo_topics *topics;   /* NULL: all           */
    event *held;         /* being sent          */
    event *reply;        /* answers, in order   */
    piece *piece;        /* of his; owned here once it is `got` */
    client *prev, *next; /* in the line of those who wait to ask */
    uint64_t cursor;     /* live: position of the next event     */
    uint64_t got_at;     /* the ring's head when his piece came  */
    int64_t seen;        /* ids up to it are not for him         */
    uint32_t index;      /* in the hub's list */
    uint16_t closing;    /* code, or 0 */
    uint8_t n_replies;
    bool woken, catching, waiting, got;
    char key[16]; /* id of his key, or "" */
};

struct vo_hub {
    vo_hub_settings s;
    /* the loop's */
    event **ring;        /* [s.ring] */
    uint64_t head, tail; /* positions */
    bool ending;
    size_t bytes;
    int64_t newest, floor; /* id of the last event; the ring has all above floor */
    client **client;
    size_t n, room;
    client *line, *line_end; /* waiting to ask */
    size_t pieces;           /* under way      */
    /* the log's reader's */
    int64_t read;
    /* of both, under the lock */
    vo_lock *lock;
    chain fresh;
    piece *asked, *answered;
    /* of all */
    atomic_size_t clients;
    atomic_uint_fast64_t sent, dropped, events;
};

vo_hub_settings vo_hub_settings_default(void) {
    return (vo_hub_settings){.ring = 4096, .ring_bytes = (size_t)8 << 20, .most_topics = 64};
}

/* ---- events --------------------------------------------------------------------------------- */

static event *event_make(int64_t id, const char *name, const char *about, const char *text,
                         size_t len) {
    const size_t n = strlen(name) + 1, a = strlen(about) + 1;
    event *e = malloc(sizeof *e + len + 1 + n + a);
    if (!e) return NULL;
    char *to = e->text;
    memcpy(to, text, len);
    to[len] = '\0';
    memcpy(to + len + 1, name, n);
    memcpy(to + len + 1 + n, about, a);
    e->next = NULL;
    e->id = id;
    e->len = len;
    e->refs = 1;
    e->always = false;
    e->name = to + len + 1;
    e->about = to + len + 1 + n;
    return e;
}

static void event_drop(event *e) {
    if (e && --e->refs == 0) free(e);
}

/* Ids from missed_from to next - 1 are gone. */
static event *gap_make(int64_t missed_from, int64_t next) {
    char text[128];
    const int n =
        snprintf(text, sizeof text, "{\"event\":\"gap\",\"missed_from\":%lld,\"next\":%lld}",
                 (long long)missed_from, (long long)next);
    event *e = event_make(next - 1, "gap", "", text, (size_t)n);
    if (e) e->always = true;
    return e;
}

static void chain_put(chain *c, event *e) {
    *(c->last ? &c->last->next : &c->first) = e;
    c->last = e;
    c->n++;
    c->bytes += e->len;
}

static event *chain_take(chain *c) {
    event *e = c->first;
    if (!e) return NULL;
    c->first = e->next;
    if (!c->first) c->last = NULL;
    c->n--;
    c->bytes -= e->len;
    e->next = NULL;
    return e;
}

static void chain_append(chain *to, chain *from) {
    if (!from->first) return;
    *(to->last ? &to->last->next : &to->first) = from->first;
    to->last = from->last;
    to->n += from->n;
    to->bytes += from->bytes;
    *from = (chain){0};
}

static void chain_free(chain *c) {
    for (event *e; (e = chain_take(c));) event_drop(e);
}

static void piece_free(piece *p) {
    if (p) chain_free(&p->events);
    free(p);
}

/* ---- opening and closing --------------------------------------------------------------------- */

vo_status vo_hub_create(const vo_hub_settings *s, vo_hub **out, vo_error *err) {
    if (s->ring < 2 || s->ring > 1u << 24 || s->ring_bytes < 1024)
        return vo_fail(err, VO_EINVAL,
                       "ring = %zu events of %zu bytes: give 2..16777216 of at least 1024",
                       s->ring, s->ring_bytes);
    vo_hub *h = calloc(1, sizeof *h);
    if (!h) return vo_fail(err, VO_ENOMEM, "the hub of events");
    h->s = *s;
    h->ring = calloc(s->ring, sizeof(event *));
    int64_t first = 1, last = 0;
    vo_status st = h->ring ? VO_OK : vo_fail(err, VO_ENOMEM, "the hub of events");
    if (st == VO_OK) st = vo_lock_create(&h->lock, err);
    if (st == VO_OK && s->db) st = vo_event_log_span(s->db, &first, &last, err);
    if (st != VO_OK) {
        vo_hub_free(h);
        return st;
    }
    h->newest = h->floor = h->read = last;
    *out = h;
    return VO_OK;
}

static void client_free(client *c) {
    if (c->got) piece_free(c->piece);
    event_drop(c->held);
    while (c->reply) {
        event *e = c->reply;
        c->reply = e->next;
        event_drop(e);
    }
    vo_topics_free(c->topics);
    free(c);
}

static void pieces_free(piece *p) {
    while (p) {
        piece *next = p->next;
        piece_free(p);
        p = next;
    }
}

void vo_hub_free(vo_hub *h) {
    if (!h) return;
    for (size_t i = 0; i < h->n; i++) client_free(h->client[i]);
    for (; h->tail < h->head; h->tail++) event_drop(h->ring[h->tail % h->s.ring]);
    chain_free(&h->fresh);
    pieces_free(h->asked);
    pieces_free(h->answered);
    vo_lock_free(h->lock);
    free(h->client);
    free(h->ring);
    free(h);
}

/* ---- reading the log (not the loop) --------------------------------------------------------- */

typedef struct {
    chain *to;
    int64_t after; /* rows at or below are passed over: they cannot come, and must not */
    size_t most_bytes;
} reading;

static vo_status take_row(void *ctx, const vo_event *row, vo_error *err) {
    reading *r = ctx;
    if (row->id <= r->after) return VO_OK;
    event *e = event_make(row->id, row->event, row->about ? row->about : "", row->document,
                          strlen(row->document));
    if (!e) return vo_fail(err, VO_ENOMEM, "an event of %zu bytes", strlen(row->document));
    chain_put(r->to, e);
    r->after = row->id;
    return r->to->bytes >= r->most_bytes ? VO_ECANCELED : VO_OK; /* enough for now */
}

/* Rows after `after` into *c, before them what is to be said of rows that are gone. *upto: all ids
 * up to it are in there, gone, or were never given. */
static vo_status read_log(vo_hub *h, int64_t after, size_t rows, size_t bytes, chain *c,
                          int64_t *upto, vo_error *err) {
    reading r = {c, after, bytes};
    vo_status s = vo_event_log_after(h->s.db, after, rows, take_row, &r, err);
    if (s != VO_OK && s != VO_ECANCELED) return s;
    *upto = r.after;
    if (c->first && c->first->id == after + 1) return VO_OK;
    /* Asked for after the rows: what was removed before they were read is removed now. */
    int64_t first, last;
    s = vo_event_log_span(h->s.db, &first, &last, err);
    if (s != VO_OK) return s;
    const bool foreign = last<after, gone = first> after + 1;
    if (!foreign && !gone) return VO_OK;
    const int64_t next = foreign ? last + 1 : c->first ? c->first->id : first;
    event *gap = gap_make(foreign ? 0 : after + 1, next);
    if (!gap) return vo_fail(err, VO_ENOMEM, "an event");
    if (!c->first) *upto = next - 1;
    chain all = {0};
    chain_put(&all, gap);
    chain_append(&all, c);
    *c = all;
    return VO_OK;
}

/* New rows, fewer than the ring has places: who was up to date must not be overrun by what one
 * flush brings. The rest comes the next time. */
static vo_status read_new(vo_hub *h, vo_error *err) {
    const size_t rows = h->s.ring / 2 < TAIL_ROWS ? h->s.ring / 2 : TAIL_ROWS;
    for (bool more = true; more;) {
        chain c = {0};
        int64_t upto = h->read;
        const vo_status s = read_log(h, h->read, rows, h->s.ring_bytes / 4, &c, &upto, err);
        if (s != VO_OK) {
            chain_free(&c);
            return s;
        }
        more = c.n >= rows || c.bytes >= h->s.ring_bytes / 4;
        if (upto < h->read)
            chain_free(&c); /* the log is younger than we: nothing of it is new */
        h->read = upto > h->read ? upto : h->read;
        vo_lock_take(h->lock);
        chain_append(&h->fresh, &c);
        more = more && h->fresh.n < h->s.ring / 2 && h->fresh.bytes < h->s.ring_bytes / 2;
        vo_lock_release(h->lock);
    }
    return VO_OK;
}

static vo_status read_pieces(vo_hub *h, vo_error *err) {
    vo_lock_take(h->lock);
    piece *todo = h->asked;
    h->asked = NULL;
    vo_lock_release(h->lock);
    vo_status s = VO_OK;
    piece *done = NULL;
    while (todo && s == VO_OK) {
        piece *p = todo;
        s = read_log(h, p->after, PIECE_ROWS, PIECE_BYTES, &p->events, &p->upto, err);
        if (s != VO_OK) {
            chain_free(&p->events);
            break;
        }
        todo = p->next;
        p->next = done;
        done = p;
    }
    vo_lock_take(h->lock);
    while (todo) { /* what could not be read is asked again */
        piece *p = todo;
        todo = p->next;
        p->next = h->asked;
        h->asked = p;
    }
    while (done) {
        piece *p = done;
        done = p->next;
        p->next = h->answered;
        h->answered = p;
    }
    vo_lock_release(h->lock);
    return s;
}

bool vo_hub_tail(vo_hub *h, vo_error *err) {
    if (err) *err = (vo_error){0};
    vo_status s = h->s.db ? read_new(h, err) : VO_OK;
    if (s == VO_OK && h->s.db) (void)read_pieces(h, err);
    vo_lock_take(h->lock);
    const bool news = h->fresh.first || h->answered;
    vo_lock_release(h->lock);
    return news;
}

/* ---- the ring -------------------------------------------------------------------------------- */

static void ring_put(vo_hub *h, event *e) {
    while (h->tail < h->head &&
           (h->head - h->tail == h->s.ring || h->bytes + e->len > h->s.ring_bytes)) {
        event *old = h->ring[h->tail++ % h->s.ring];
        h->floor = old->id;
        h->bytes -= old->len;
        event_drop(old);
    }
    h->ring[h->head++ % h->s.ring] = e;
    h->bytes += e->len;
    h->newest = e->id;
    if (!e->always) atomic_fetch_add_explicit(&h->events, 1, memory_order_relaxed);
}

/* Position of the first event above `id`. */
static uint64_t position_after(const vo_hub *h, int64_t id) {
    uint64_t low = h->tail, high = h->head;
    while (low < high) {
        const uint64_t mid = low + (high - low) / 2;
        if (h->ring[mid % h->s.ring]->id <= id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* ---- clients ---------------------------------------------------------------------------------- */

static void wake(client *c) {
    if (c->woken) return;
    c->woken = true;
    vo_peer_ready(c->peer);
}

/* He gets nothing more. */
static void give_up(vo_hub *h, client *c, uint16_t code) {
    c->closing = code;
    if (c->got) {
        piece_free(c->piece);
        c->piece = NULL;
        c->got = false;
        h->pieces--;
    }
}

static void too_slow(vo_hub *h, client *c) {
    if (c->closing) return;
    give_up(h, c, VO_HUB_TOO_SLOW);
    atomic_fetch_add_explicit(&h->dropped, 1, memory_order_relaxed);
}

static void leave_line(vo_hub *h, client *c) {
    if (!c->waiting) return;
    *(c->prev ? &c->prev->next : &h->line) = c->next;
    *(c->next ? &c->next->prev : &h->line_end) = c->prev;
    c->prev = c->next = NULL;
    c->waiting = false;
}

static void join_line(vo_hub *h, client *c) {
    if (c->waiting) return;
    c->prev = h->line_end;
    c->next = NULL;
    *(h->line_end ? &h->line_end->next : &h->line) = c;
    h->line_end = c;
    c->waiting = true;
}

/* Those at the head of the line ask for their next piece. Without memory they stay there. */
static void serve_line(vo_hub *h) {
    bool any = false;
    while (h->line && h->pieces < PIECES) {
        client *c = h->line;
        piece *p = calloc(1, sizeof *p);
        if (!p) break;
        leave_line(h, c);
        p->whose = c;
        p->after = p->upto = c->seen;
        c->piece = p;
        h->pieces++;
        vo_lock_take(h->lock);
        p->next = h->asked;
        h->asked = p;
        vo_lock_release(h->lock);
        any = true;
    }
    if (any && h->s.wanted) h->s.wanted(h->s.wanted_ctx);
}

static bool reply(client *c, const char *text, size_t len) {
    event *e = event_make(0, "", "", text, len);
    if (!e) return false;
    event **at = &c->reply;
    while (*at) at = &(*at)->next;
    *at = e;
    c->n_replies++;
    return true;
}

/* Where a client begins who has seen `last`. Without a log, what is gone is gone. */
static bool begin(vo_hub *h, client *c, int64_t last) {
    c->cursor = h->head;
    c->seen = last < 0 ? -1 : last;
    if (last < 0) return true;
    c->catching = last < h->floor || last > h->newest;
    c->cursor = position_after(h, last);
    if (!c->catching) return true;
    if (h->s.db) {
        join_line(h, c);
        return true;
    }
    const bool foreign = last > h->newest;
    event *gap = gap_make(foreign ? 0 : last + 1, (foreign ? h->newest : h->floor) + 1);
    if (!gap) return false;
    c->reply = gap;
    c->n_replies = 1;
    c->catching = false;
    c->seen = gap->id;
    return true;
}

bool vo_hub_open(vo_hub *h, vo_peer *p, int64_t last, void **user) {
    if (h->n == h->room) {
        const size_t room = h->room ? 2 * h->room : 64;
        client **more = realloc(h->client, room * sizeof *more);
        if (!more) return false;
        h->client = more;
        h->room = room;
    }
    client *c = calloc(1, sizeof *c);
    if (!c) return false;
    c->peer = p;
    if (h->n >= UINT32_MAX || !begin(h, c, last)) {
        client_free(c);
        return false;
    }
    c->index = (uint32_t)h->n;
    h->client[h->n++] = c;
    atomic_store_explicit(&h->clients, h->n, memory_order_relaxed);
    *user = c;
    serve_line(h);
    if (c->reply || (!c->catching && c->cursor < h->head)) wake(c);
    return true;
}

void vo_hub_closed(vo_hub *h, void *user) {
    client *c = user;
    leave_line(h, c);
    if (c->got)
        h->pieces--;
    else if (c->piece)
        c->piece->whose = NULL; /* it is with the reader: freed when it comes back */
    h->client[c->index] = h->client[--h->n];
    h->client[c->index]->index = c->index;
    atomic_store_explicit(&h->clients, h->n, memory_order_relaxed);
    client_free(c);
    serve_line(h);
}

bool vo_hub_message(vo_hub *h, void *user, const char *text, size_t len) {
    client *c = user;
    if (c->closing) return true;
    if (c->n_replies >= MOST_REPLIES) return false;
    char *answer = NULL;
    vo_error err = {0};
    bool kept = false;
    if (vo_topics_message(&c->topics, h->s.most_topics, text, len, h->newest, &answer, &err) ==
        VO_OK)
        kept = reply(c, answer, strlen(answer));
    else {
        vo_json_out *w = NULL;
        size_t n = 0;
        if (vo_json_out_create(&w, NULL) == VO_OK) {
            vo_json_out_object(w);
            vo_json_out_key(w, "event");
            vo_json_out_string(w, "error");
            vo_json_out_key(w, "detail");
            vo_json_out_string(w, err.msg);
            vo_json_out_end(w);
            kept = vo_json_out_take(w, &answer, &n, NULL) == VO_OK && reply(c, answer, n);
        }
        vo_json_out_free(w);
    }
    free(answer);
    if (kept) wake(c);
    return kept;
}

/* ---- what is sent ----------------------------------------------------------------------------- */

static bool wants(const client *c, const event *e) {
    return e->always || vo_topics_want(c->topics, e->name, e->about);
}

/* The next of his piece; when it is through, live again if the ring has the rest, else once more
 * in line. */
static event *next_old(vo_hub *h, client *c) {
    if (!c->got) return NULL;
    for (event *e; (e = chain_take(&c->piece->events));) {
        c->seen = e->id;
        if (wants(c, e)) return e;
        event_drop(e);
    }
    c->seen = c->piece->upto;
    piece_free(c->piece);
    c->piece = NULL;
    c->got = false;
    h->pieces--;
    c->catching = c->seen < h->floor;
    if (c->catching)
        join_line(h, c);
    else
        c->cursor = position_after(h, c->seen);
    serve_line(h);
    return NULL;
}

static event *next_live(vo_hub *h, client *c) {
    if (c->cursor < h->tail) {
        too_slow(h, c);
        return NULL;
    }
    while (c->cursor < h->head) {
        event *e = h->ring[c->cursor++ % h->s.ring];
        /* Read from the log before it came to the ring: he has it already. */
        if (e->id <= c->seen || !wants(c, e)) continue;
        e->refs++;
        return e;
    }
    return NULL;
}

const char *vo_hub_next(vo_hub *h, void *user, size_t *len, int *close) {
    client *c = user;
    event_drop(c->held);
    c->held = NULL;
    if (c->reply && !c->closing) {
        c->held = c->reply;
        c->reply = c->held->next;
        c->n_replies--;
    }
    if (!c->held && c->catching && !c->closing) c->held = next_old(h, c);
    if (!c->held && !c->catching && !c->closing) c->held = next_live(h, c);
    if (c->held) {
        *len = c->held->len;
        atomic_fetch_add_explicit(&h->sent, 1, memory_order_relaxed);
        return c->held->text;
    }
    c->woken = false;
    if (h->ending && !c->catching && !c->closing) c->closing = 1001;
    if (c->closing) *close = c->closing;
    return NULL;
}

/* ---- spreading --------------------------------------------------------------------------------- */

/* One who holds a piece of the log while the whole ring passes by is as slow as one whose place
 * in the ring is gone. */
static void look_after(vo_hub *h, client *c) {
    if (c->catching) {
        if (c->got && h->head - c->got_at > h->s.ring) too_slow(h, c);
        if (c->got || c->closing) wake(c);
        return;
    }
    if (c->cursor < h->tail) too_slow(h, c);
    if (c->cursor < h->head || c->closing) wake(c);
}

static void take_pieces(vo_hub *h, piece *p) {
    while (p) {
        piece *next = p->next;
        p->next = NULL;
        client *c = p->whose;
        if (c) {
            c->got = true;
            c->got_at = h->head;
        } else {
            piece_free(p);
            h->pieces--;
        }
        p = next;
    }
}

void vo_hub_flush(vo_hub *h) {
    vo_lock_take(h->lock);
    chain fresh = h->fresh;
    piece *answered = h->answered;
    h->fresh = (chain){0};
    h->answered = NULL;
    vo_lock_release(h->lock);
    for (event *e; (e = chain_take(&fresh));) ring_put(h, e);
    take_pieces(h, answered);
    serve_line(h);
    for (size_t i = 0; i < h->n; i++) look_after(h, h->client[i]);
}

void vo_hub_name(vo_hub *h, void *user, const char *key_id) {
    client *c = user;
    (void)h;
    snprintf(c->key, sizeof c->key, "%s", key_id);
}

void vo_hub_expel(vo_hub *h, bool (*holds)(void *ctx, const char *key_id), void *ctx) {
    const char *last = "";
    bool held = true; /* many clients, few keys: neighbours often share one */
    for (size_t i = 0; i < h->n; i++) {
        client *c = h->client[i];
        if (!c->key[0] || c->closing) continue;
        if (strcmp(c->key, last) != 0) held = holds(ctx, c->key);
        last = c->key;
        if (held) continue;
        give_up(h, c, VO_HUB_KEY_GONE);
        wake(c);
    }
    serve_line(h);
}

void vo_hub_farewell(vo_hub *h) {
    h->ending = true;
    for (size_t i = 0; i < h->n; i++) wake(h->client[i]);
}

vo_status vo_hub_publish(vo_hub *h, const char *name, const char *about, const char *document,
                         int64_t now_ms, vo_error *err) {
    assert(!h->s.db);
    char stamp[32];
    const vo_civil c = vo_civil_from_seconds(now_ms / 1000);
    vo_civil_format(&c, stamp);
    document += strspn(document, " \t\r\n");
    assert(document[0] == '{');
    document += 1 + strspn(document + 1, " \t\r\n");
    const size_t size = strlen(document) + strlen(name) + 128;
    char *text = malloc(size);
    if (!text) return vo_fail(err, VO_ENOMEM, "an event");
    const int64_t id = h->newest + 1;
    const int n = snprintf(
        text, size, "{\"id\":%lld,\"event\":\"%s\",\"time\":\"%s.%03dZ\"%s%s", (long long)id,
        name, stamp, (int)(now_ms % 1000), document[0] == '}' ? "" : ",", document);
    event *e = event_make(id, name, about ? about : "", text, (size_t)n);
    free(text);
    if (!e) return vo_fail(err, VO_ENOMEM, "an event");
    ring_put(h, e);
    for (size_t i = 0; i < h->n; i++) look_after(h, h->client[i]);
    return VO_OK;
}

vo_hub_counts vo_hub_count(const vo_hub *h) {
    return (vo_hub_counts){.clients = atomic_load_explicit(&h->clients, memory_order_relaxed),
                           .sent = atomic_load_explicit(&h->sent, memory_order_relaxed),
                           .dropped_clients =
                               atomic_load_explicit(&h->dropped, memory_order_relaxed),
                           .events = atomic_load_explicit(&h->events, memory_order_relaxed)};
}
