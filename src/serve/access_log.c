/* access_log.c -- see access_log.h.
 *
 * Two buffers: one is filled by those who say something, under a lock held for a memcpy; the
 * other is being written. When the writer is done it takes the full one and leaves the empty one.
 * It gathers what is said within GATHER_S before it writes (errors at once), so that thousands of
 * lines a second cost some fifty wake-ups and writes.
 */
#include "serve/access_log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/text.h"
#include "port/appender.h"
#include "port/clock.h"
#include "port/task.h"

#define ROOM ((size_t)1 << 20) /* bytes of each buffer: some 4 000 lines */
#define RESERVE 512            /* beyond it, to tell what was lost       */
#define LINE 4096              /* of one                                 */
#define PATH 200               /* of a path in it, in bytes as sent      */
#define GATHER_S 0.02
#define PATIENCE_S 2.0 /* when closing */

struct vo_access_log {
    vo_log_level level;
    bool requests;
    vo_appender *to;
    vo_task *writer;
    vo_lock *lock;
    char *filling, *writing; /* [ROOM + RESERVE] each */
    size_t filled;           /* under the lock, as all below to the blank line */
    uint64_t lost;           /* since the last line that told so   */
    bool urgent, closing;

    atomic_uint_fast64_t dropped;
    double last_progress_s; /* the writer's */
    bool torn, failing; /* the writer's: the last line was cut short; the last write failed */
};

vo_status vo_log_level_parse(const char *name, vo_log_level *out, vo_error *err) {
    static const char *const names[] = {
#define X(member, text) text,
        VO_LOG_LEVEL_MAP(X)
#undef X
    };
    for (int i = 0; i < VO_LOG_LEVELS; i++)
        if (strcmp(names[i], name) == 0) {
            *out = (vo_log_level)i;
            return VO_OK;
        }
    return vo_fail(err, VO_EINVAL,
                   "log_level = \"%.40s\" is none: give error, warn, info or debug", name);
}

/* ---- one line ------------------------------------------------------------------------------- */

typedef struct {
    char *at;
    size_t size, len;
    bool full; /* something did not fit */
} line;

static void put(line *l, const char *text, size_t n) {
    if (l->full || n >= l->size - l->len) {
        l->full = true;
        return;
    }
    memcpy(l->at + l->len, text, n);
    l->len += n;
    l->at[l->len] = '\0';
}

/* Bytes of the well-formed UTF-8 character that `text` begins with; 0: it begins with none. */
static size_t character(const char *text, size_t n) {
    const unsigned char c = (unsigned char)text[0];
    const size_t want = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    return want <= n && vo_text_utf8_fault(text, want) == want ? want : 0;
}

/* As the inside of a JSON string: whole characters, as many as fit. */
static void put_escaped(line *l, const char *text, size_t n) {
    char code[8];
    for (size_t i = 0; i < n && !l->full;) {
        const unsigned char c = (unsigned char)text[i];
        const size_t whole = character(text + i, n - i);
        if (c == '"' || c == '\\') {
            snprintf(code, sizeof code, "\\%c", c);
            put(l, code, 2);
        } else if (c < 0x20 || c == 0x7f) {
            snprintf(code, sizeof code, "\\u%04x", (unsigned)c);
            put(l, code, 6);
        } else if (whole == 2 && c == 0xc2 && (unsigned char)text[i + 1] < 0xa0) {
            snprintf(code, sizeof code, "\\u%04x", (unsigned)(unsigned char)text[i + 1]);
            put(l, code, 6); /* C1 controls, which some terminals obey */
        } else if (whole == 0)
            put(l, "\\ufffd", 6);
        else
            put(l, text + i, whole);
        i += whole ? whole : 1;
    }
}

static void put_member(line *l, const char *name, const char *text, size_t n) {
    put(l, l->len > 0 ? ",\"" : "\"", l->len > 0 ? 2 : 1);
    put(l, name, strlen(name));
    put(l, "\":\"", 3);
    if (l->full) return;
    /* The closing quote has its place even where the text is cut. */
    l->size -= 1;
    put_escaped(l, text, n);
    l->size += 1;
    l->full = false;
    put(l, "\"", 1);
}

static void begin_line(line *l, vo_log_level level, const char *msg) {
    static const char *const names[] = {
#define X(member, text) text,
        VO_LOG_LEVEL_MAP(X)
#undef X
    };
    const int64_t ms = vo_clock_utc_ms();
    const vo_civil c = vo_civil_from_seconds(ms / 1000);
    l->len = (size_t)snprintf(
        l->at, l->size, "{\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\",\"level\":\"%s\"",
        c.year, c.month, c.day, c.hour, c.minute, c.second, (int)(ms % 1000), names[level]);
    const size_t size = l->size;
    if (size > l->len + 1200)
        l->size = l->len + 1200; /* a long message leaves room for the rest */
    put_member(l, "msg", msg, strlen(msg));
    l->size = size;
}

/* ---- filling -------------------------------------------------------------------------------- */

/* Under the lock. */
static bool append(vo_access_log *l, const char *text, size_t n, size_t room) {
    if (l->filled + n > room) return false;
    memcpy(l->filling + l->filled, text, n);
    l->filled += n;
    return true;
}

static void hand_over(vo_access_log *l, vo_log_level level, const char *text, size_t n) {
    vo_lock_take(l->lock);
    const bool first = l->filled == 0;
    if (!append(l, text, n, ROOM)) {
        l->lost++;
        atomic_fetch_add_explicit(&l->dropped, 1, memory_order_relaxed);
    }
    const bool now = !l->urgent && (level == VO_LOG_ERROR || l->filled > ROOM / 2);
    l->urgent = l->urgent || now;
    if (first || now) vo_lock_wake_one(l->lock);
    vo_lock_release(l->lock);
}

void vo_access_log_say(vo_access_log *l, vo_log_level level, const char *msg,
                       const char *more) {
    if (level > l->level) return;
    char text[LINE];
    line to = {text, sizeof text, 0, false};
    begin_line(&to, level, msg);
    if (more && more[0]) {
        const size_t n = strlen(more);
        if (to.len + n + 8 < sizeof text) {
            put(&to, ",", 1);
            put(&to, more, n);
        } else
            put_member(&to, "more", "(too long for a line)", 21);
    }
    put(&to, "}\n", 2);
    hand_over(l, level, text, to.len);
}

void vo_access_log_request(vo_access_log *l, const vo_exchange *x, const char *route,
                           double ms) {
    const vo_log_level level = x->status >= 500 ? VO_LOG_WARN : VO_LOG_INFO;
    if (level > l->level || (!l->requests && level == VO_LOG_INFO)) return;
    char text[LINE], figures[96];
    line to = {text, sizeof text, 0, false};
    size_t path = 0;
    while (path < PATH && x->path[path]) path++;
    begin_line(&to, level, "request");
    put_member(&to, "request_id", x->id, strlen(x->id));
    put_member(&to, "method", x->method, strnlen(x->method, 16));
    put_member(&to, "route", route ? route : "", route ? strlen(route) : 0);
    put_member(&to, "path", x->path, path);
    const int n = snprintf(figures, sizeof figures, ",\"status\":%d,\"ms\":%.3f,\"bytes\":%zu",
                           x->status, ms >= 0 && ms < 1e12 ? ms : 0.0, x->answer_len);
    put(&to, figures, (size_t)n);
    put_member(&to, "key", x->key_id, strlen(x->key_id));
    put_member(&to, "peer", x->peer ? x->peer : "", x->peer ? strnlen(x->peer, 64) : 0);
    put(&to, "}\n", 2);
    hand_over(l, level, text, to.len);
}

uint64_t vo_access_log_dropped(const vo_access_log *l) {
    return atomic_load_explicit(&l->dropped, memory_order_relaxed);
}

/* ---- writing ------------------------------------------------------------------------------------ */

static bool give_up(void *ctx) {
    vo_access_log *l = ctx;
    vo_lock_take(l->lock);
    const bool closing = l->closing;
    vo_lock_release(l->lock);
    if (!closing) l->last_progress_s = vo_clock_monotonic_s();
    return closing && vo_clock_monotonic_s() - l->last_progress_s > PATIENCE_S;
}

static uint64_t lines_in(const char *text, size_t n) {
    uint64_t lines = 0;
    for (const char *end; n > 0 && (end = memchr(text, '\n', n)); lines++) {
        n -= (size_t)(end - text) + 1;
        text = end + 1;
    }
    return lines;
}

/* What cannot be written (a full disk, a reader that left) is lost, and counted. */
static void write_all(vo_access_log *l, const char *text, size_t n) {
    l->last_progress_s = vo_clock_monotonic_s();
    size_t got = 0;
    if (l->torn && n > 0 && vo_appender_put(l->to, "\n", 1, &got, give_up, l, NULL) == VO_OK)
        l->torn = false;
    while (n > 0) {
        const vo_status s = vo_appender_put(l->to, text, n, &got, give_up, l, NULL);
        if (s != VO_OK) break;
        l->last_progress_s = vo_clock_monotonic_s();
        l->torn = text[got - 1] != '\n';
        text += got;
        n -= got;
    }
    l->failing = n > 0;
    if (n == 0) return;
    const uint64_t lost = lines_in(text, n);
    vo_lock_take(l->lock);
    l->lost += lost;
    vo_lock_release(l->lock);
    atomic_fetch_add_explicit(&l->dropped, lost, memory_order_relaxed);
}

/* Under the lock: waits for something to write, and for more of it to come. */
static void gather(vo_access_log *l) {
    while (l->filled == 0 && !l->closing) vo_lock_wait(l->lock, -1);
    const double until_s = vo_clock_monotonic_s() + GATHER_S;
    for (double left_s = GATHER_S; left_s > 0 && !l->urgent && !l->closing;
         left_s = until_s - vo_clock_monotonic_s())
        vo_lock_wait(l->lock, left_s);
    l->urgent = false;
}

/* Under the lock: what was lost is told behind what was said before, once the log goes on. */
static void tell_lost(vo_access_log *l) {
    char text[RESERVE], more[40];
    line to = {text, sizeof text, 0, false};
    if (l->lost == 0 || l->failing) return;
    begin_line(&to, VO_LOG_WARN, "log lines were dropped: its reader was too slow or refused");
    const int n =
        snprintf(more, sizeof more, ",\"dropped\":%llu}\n", (unsigned long long)l->lost);
    put(&to, more, (size_t)n);
    if (append(l, text, to.len, ROOM + RESERVE)) l->lost = 0;
}

static void run(void *ctx) {
    vo_access_log *l = ctx;
    bool done = false;
    while (!done) {
        vo_lock_take(l->lock);
        gather(l);
        char *full = l->filling;
        const size_t n = l->filled;
        const bool closing = l->closing;
        l->filling = l->writing;
        l->writing = full;
        l->filled = 0;
        vo_lock_release(l->lock);
        write_all(l, full, n);
        vo_lock_take(l->lock);
        tell_lost(l);
        done = closing && (l->filled == 0 || l->failing);
        vo_lock_release(l->lock);
    }
}

/* ---- opening and closing ------------------------------------------------------------------------ */

vo_status vo_access_log_open(const char *path, vo_log_level level, bool requests,
                             vo_access_log **out, vo_error *err) {
    vo_access_log *l = calloc(1, sizeof *l);
    if (!l) return vo_fail(err, VO_ENOMEM, "a log");
    l->level = level;
    l->requests = requests;
    l->filling = malloc(ROOM + RESERVE);
    l->writing = malloc(ROOM + RESERVE);
    vo_status s = VO_OK;
    if (!l->filling || !l->writing) s = vo_fail(err, VO_ENOMEM, "a log");
    if (s == VO_OK) s = vo_lock_create(&l->lock, err);
    if (s == VO_OK) s = vo_appender_open(path, &l->to, err);
    if (s == VO_OK) s = vo_task_start(run, l, &l->writer, err);
    if (s != VO_OK) {
        vo_access_log_close(l);
        return s;
    }
    *out = l;
    return VO_OK;
}

void vo_access_log_close(vo_access_log *l) {
    if (!l) return;
    if (l->writer) {
        vo_lock_take(l->lock);
        l->closing = true;
        vo_lock_wake_one(l->lock);
        vo_lock_release(l->lock);
        vo_task_join(l->writer);
    }
    vo_appender_close(l->to);
    vo_lock_free(l->lock);
    free(l->filling);
    free(l->writing);
    free(l);
}
