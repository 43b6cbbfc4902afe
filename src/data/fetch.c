/* fetch.c -- see fetch.h.
 *
 * Work goes in rounds of `parallel` items: a round is fetched by as many threads, then handed
 * over in order, so memory holds one round and the result does not depend on timing. Turns are
 * given out by one atomic "next free moment" (the generic cell rate algorithm without bursts);
 * a Retry-After holds all threads, those with a turn too.
 */
#include "data/fetch.h"

#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/random.h"
#include "data/fetch_cache.h"
#include "port/pause.h"
#include "port/thread.h"

#define SLICE_S 0.2 /* how long nobody looks at `stop` */
#define SNIPPET 160

typedef struct {
    char *body;
    size_t len;
    bool cached;
    size_t requests, retried, bytes;
    double waited_s;
    vo_error err; /* of an item that failed */
    vo_status status;
} reply;

typedef struct {
    const vo_fetch_options *o;
    const vo_fetch_item *item;
    size_t first; /* item of reply[0] */
    reply reply[VO_FETCH_MAX_PARALLEL];
    vo_http *http[VO_FETCH_MAX_PARALLEL];
    vo_fetch_world world;
    _Atomic int64_t turn_us; /* the next request's turn */
    _Atomic int64_t held_us; /* no request before this moment: the service said so */
} fetch;

vo_fetch_options vo_fetch_options_default(void) {
    return (vo_fetch_options){.per_minute = 60,
                              .parallel = 1,
                              .retries = 5,
                              .backoff_s = 1,
                              .backoff_max_s = 60,
                              .retry_after_max_s = 300,
                              .timeout_s = 60,
                              .max_body = (size_t)64 << 20,
                              .seed = 1};
}

/* ---- the real world --------------------------------------------------------------------- */

static double real_now(void *ctx) {
    (void)ctx;
    return vo_pause_now_s();
}

static void real_sleep(void *ctx, double seconds) {
    (void)ctx;
    vo_pause_s(seconds);
}

static vo_status real_send(void *ctx, size_t worker, const vo_http_request *r,
                           vo_http_reply *out, bool *passing, vo_error *err) {
    fetch *f = ctx;
    if (!f->http[worker]) {
        const vo_status s = vo_http_open(&f->http[worker], err);
        if (s != VO_OK) return s;
    }
    return vo_http_send(f->http[worker], r, out, passing, err);
}

/* ---- turns and waits -------------------------------------------------------------- */

static bool stopped(const fetch *f) { return f->o->stop && f->o->stop(f->o->stop_ctx); }

static vo_status wait_until(fetch *f, double moment_s, reply *r, vo_error *err) {
    for (;;) {
        if (stopped(f))
            return vo_fail(err, VO_ECANCELED, "stopped; run it again to go on where it was");
        const double left = moment_s - f->world.now_s(f->world.ctx);
        if (!(left > 0)) return VO_OK;
        const double slice = fmin(left, SLICE_S);
        f->world.sleep_s(f->world.ctx, slice);
        r->waited_s += slice;
    }
}

/* The moment of this request's turn; the next one's is a gap later. */
static double take_turn(fetch *f) {
    const int64_t gap = (int64_t)(60e6 / f->o->per_minute);
    int64_t turn = atomic_load(&f->turn_us), mine;
    do {
        const int64_t now = (int64_t)(f->world.now_s(f->world.ctx) * 1e6);
        mine = turn > now ? turn : now;
    } while (!atomic_compare_exchange_weak(&f->turn_us, &turn, mine + gap));
    return (double)mine * 1e-6;
}

static void push_back(_Atomic int64_t *moment_us, int64_t to_us) {
    int64_t old = atomic_load(moment_us);
    while (old < to_us && !atomic_compare_exchange_weak(moment_us, &old, to_us)) continue;
}

static void hold_everyone(fetch *f, double until_s) {
    push_back(&f->held_us,
              (int64_t)(until_s * 1e6)); /* also those who have their turn already */
    push_back(&f->turn_us, (int64_t)(until_s * 1e6));
}

static double held_until(const fetch *f) { return (double)atomic_load(&f->held_us) * 1e-6; }

/* Returns when this request may go out, `again_s` at the earliest. */
static vo_status wait_for_turn(fetch *f, double again_s, reply *r, vo_error *err) {
    vo_status s;
    do {
        s = wait_until(f, fmax(again_s, held_until(f)), r, err);
        if (s == VO_OK) s = wait_until(f, take_turn(f), r, err);
    } while (s == VO_OK && held_until(f) > f->world.now_s(f->world.ctx));
    return s;
}

/* ---- one request ------------------------------------------------------------------ */

static bool asked_again(int32_t status) {
    return status == 408 || status == 429 || (status >= 500 && status != 501);
}

static const char *remedy(int32_t status) {
    switch (status) {
    case 400:
        return "the service does not understand the request; check names and dates";
    case 401:
        return "the service wants a valid key; check the key or token";
    case 403:
        return "the service refuses access; check the key and what it allows";
    case 404:
        return "there is nothing at this address; check base_url and the names";
    case 408:
    case 429:
        return "too many requests; wait a while and run it again, or ask fewer a minute";
    default:
        return status >= 500 ? "the service has a fault of its own; run it again later"
                             : "the service refuses the request";
    }
}

/* What the reply says, in one line without mark-up of HTML. */
static void snippet(const char *body, size_t len, char out[SNIPPET + 1]) {
    size_t o = 0;
    bool tag = false;
    for (size_t i = 0; i < len && i < 4096 && o < SNIPPET; i++) {
        const unsigned char c = (unsigned char)body[i];
        if (c == '<') {
            tag = true;
            if (o && out[o - 1] != ' ') out[o++] = ' ';
            continue;
        }
        if (!tag && c >= 32 && c < 127 && (c != ' ' || (o && out[o - 1] != ' ')))
            out[o++] = (char)c;
        if (c == '>') tag = false;
    }
    if (o && out[o - 1] == ' ') o--;
    out[o] = '\0';
}

static vo_status refuse(const fetch *f, const vo_fetch_item *item, const vo_http_reply *got,
                        int32_t tries, vo_error *err) {
    char clean[2048], said[SNIPPET + 1], counted[48] = "";
    /* hidden before it is cut, so that no half of a secret is left */
    char *all = calloc(1, 4097);
    if (!all) return vo_fail(err, VO_ENOMEM, "no memory for a reply");
    memcpy(all, got->body, got->len < 4096 ? got->len : 4096);
    vo_http_redact(all, f->o->secret, f->o->n_secrets, clean, sizeof clean);
    free(all);
    snippet(clean, strlen(clean), said);
    if (tries > 0) snprintf(counted, sizeof counted, " after %d tries", (int)tries + 1);
    return vo_fail(err, asked_again(got->status) ? VO_EIO : VO_EINVAL,
                   "%.160s: status %d%s: %s%s%s%s", item->label, (int)got->status, counted,
                   remedy(got->status), *said ? " (it says \"" : "", said, *said ? "\")" : "");
}

static double jitter(const fetch *f, vo_random *chance, int32_t tries) {
    const double most = fmin(f->o->backoff_max_s, f->o->backoff_s * ldexp(1, (int)tries));
    return vo_random_between(chance, 0, most);
}

static bool is_page(const char *body, size_t len) {
    size_t i = 0;
    while (i < len && (body[i] == ' ' || body[i] == '\n' || body[i] == '\r' || body[i] == '\t'))
        i++;
    static const char *const opening[] = {"<!doctype html", "<html"};
    for (size_t k = 0; k < 2; k++) {
        const size_t n = strlen(opening[k]);
        size_t j = 0;
        while (j < n && i + j < len && (body[i + j] | 32) == (opening[k][j] | 32)) j++;
        if (j == n) return true;
    }
    return false;
}

/* After a try that failed: when to try again. VO_EIO etc. in `err` if there is no point. */
static vo_status next_try(fetch *f, const vo_fetch_item *item, vo_status s,
                          const vo_http_reply *got, bool passing, int32_t tries,
                          vo_random *chance, double *again_s, vo_error *err) {
    const bool may = s == VO_OK ? asked_again(got->status) : passing;
    const double now = f->world.now_s(f->world.ctx);
    if (!may || tries >= f->o->retries) {
        if (s == VO_OK) return refuse(f, item, got, tries, err);
        if (s == VO_ECANCELED)
            return vo_fail(err, s, "stopped; run it again to go on where it was");
        vo_error why = *err;
        char counted[48] = "";
        if (tries > 0) snprintf(counted, sizeof counted, "after %d tries: ", (int)tries + 1);
        return vo_fail(err, s, "%.160s: %s%.300s", item->label, counted, why.msg);
    }
    *again_s = now + jitter(f, chance, tries);
    if (s == VO_OK && got->retry_after_s > 0) {
        if (got->retry_after_s > f->o->retry_after_max_s)
            return vo_fail(err, VO_EIO,
                           "%.160s: status %d: the service asks to wait %.0f s; run it again "
                           "then, what has come so far is kept",
                           item->label, (int)got->status, got->retry_after_s);
        *again_s = fmax(*again_s, now + got->retry_after_s);
        hold_everyone(f, now + got->retry_after_s);
    }
    return VO_OK;
}

static vo_status ask(fetch *f, size_t i, size_t worker, reply *r, vo_error *err) {
    const vo_fetch_item *item = &f->item[i];
    vo_random chance = vo_random_seed(f->o->seed, i);
    vo_http_request q = vo_http_request_default(item->url);
    double again_s = 0; /* past: at once */
    q.header = item->header;
    q.n_headers = item->n_headers;
    q.timeout_s = f->o->timeout_s;
    q.connect_timeout_s = fmin(q.connect_timeout_s, f->o->timeout_s);
    q.max_body = f->o->max_body;
    q.proxy = f->o->proxy;
    q.ca_file = f->o->ca_file;
    q.secret = f->o->secret;
    q.n_secrets = f->o->n_secrets;
    q.stop = f->o->stop;
    q.stop_ctx = f->o->stop_ctx;
    for (int32_t tries = 0;; tries++) {
        vo_http_reply got = {0};
        bool passing = false;
        vo_status s = wait_for_turn(f, again_s, r, err);
        if (s != VO_OK) return s;
        r->requests++;
        if (tries > 0) r->retried++;
        s = f->world.send(f->world.ctx, worker, &q, &got, &passing, err);
        if (s == VO_OK && got.status >= 200 && got.status < 300) {
            r->body = got.body;
            r->len = got.len;
            r->bytes += got.len;
            return VO_OK;
        }
        s = next_try(f, item, s, &got, passing, tries, &chance, &again_s, err);
        vo_http_reply_fini(&got);
        if (s != VO_OK) return s;
    }
}

/* ---- the cache -------------------------------------------------------------------- */

/* The bytes at `p` that are a secret of ours, as it is or percent-encoded; 0: none. */
static size_t secret_at(const fetch *f, const char *p) {
    char code[4096];
    for (size_t i = 0; i < f->o->n_secrets; i++) {
        const char *secret = f->o->secret[i];
        size_t n = 0;
        if (!secret || !*secret) continue;
        if (strncmp(p, secret, strlen(secret)) == 0) return strlen(secret);
        if (vo_http_encode(secret, NULL, code, sizeof code, &n) && strncmp(p, code, n) == 0)
            return n;
    }
    return 0;
}

/* The request without its secrets: under this name its reply is kept. What only looks like a
 * secret ("?key=A") is hidden too, so a hash (FNV-1a) of it keeps such requests apart. */
static void name_of(const fetch *f, const vo_fetch_item *item, char *out) {
    uint64_t h = VO_HASH_START;
    for (const char *p = item->url; *p;) {
        const size_t n = secret_at(f, p);
        h = vo_hash_byte(h, n ? 0 : (uint8_t)*p);
        p += n ? n : 1;
    }
    vo_http_redact(item->url, f->o->secret, f->o->n_secrets, out, VO_FETCH_CACHE_MAX_NAME - 20);
    const size_t len = strlen(out);
    snprintf(out + len, VO_FETCH_CACHE_MAX_NAME - len, "#%016" PRIx64, h);
}

static bool find_kept(const fetch *f, const vo_fetch_item *item, reply *r) {
    char name[VO_FETCH_CACHE_MAX_NAME];
    double fetched_s = 0;
    if (!f->o->cache || f->o->refresh || !(item->keep_s > 0)) return false;
    name_of(f, item, name);
    if (vo_fetch_cache_load(f->o->cache, name, &r->body, &r->len, &fetched_s, NULL) != VO_OK)
        return false;
    const double age = f->world.now_s(f->world.ctx) - fetched_s;
    if (isinf(item->keep_s) || (age >= 0 && age <= item->keep_s)) {
        r->cached = true;
        return true;
    }
    free(r->body);
    r->body = NULL;
    return false;
}

static bool holds_secret(const fetch *f, const char *body, size_t len) {
    for (size_t i = 0; i < f->o->n_secrets; i++) {
        const char *secret = f->o->secret[i];
        const size_t n = secret ? strlen(secret) : 0;
        for (size_t k = 0; n && k + n <= len; k++)
            if (body[k] == *secret && memcmp(body + k, secret, n) == 0) return true;
    }
    return false;
}

static vo_status keep(const fetch *f, const vo_fetch_item *item, const reply *r,
                      vo_fetch_summary *sum, vo_error *err) {
    char name[VO_FETCH_CACHE_MAX_NAME];
    if (!f->o->cache || !(item->keep_s > 0) || r->cached || holds_secret(f, r->body, r->len))
        return VO_OK;
    name_of(f, item, name);
    const vo_status s = vo_fetch_cache_save(f->o->cache, name, r->body, r->len,
                                            f->world.now_s(f->world.ctx), err);
    if (s == VO_OK) sum->kept++;
    return s;
}

/* ---- rounds ----------------------------------------------------------------------- */

static vo_status fetch_one(void *ctx, size_t k, size_t worker, vo_error *err) {
    fetch *f = ctx;
    reply *r = &f->reply[k];
    (void)err; /* told when its turn comes: those before it are handed over first */
    if (find_kept(f, &f->item[f->first + k], r)) return VO_OK;
    r->status = ask(f, f->first + k, worker, r, &r->err);
    return VO_OK;
}

static void count(vo_fetch_summary *sum, const reply *r) {
    sum->requests += r->requests;
    sum->retried += r->retried;
    sum->bytes += r->bytes;
    sum->waited_s += r->waited_s;
}

/* An error that may quote the reply, without secrets. */
static vo_status hide(const fetch *f, vo_status s, const vo_fetch_item *item, vo_error *err) {
    char clean[400];
    if (s == VO_OK || !err) return s;
    vo_http_redact(err->msg, f->o->secret, f->o->n_secrets, clean, sizeof clean);
    return vo_fail(err, s, "%s%s%s", item ? item->label : "", item ? ": " : "", clean);
}

/* What cannot be read is not kept. If its file stays, it is read once more, no worse. */
static void forget(const fetch *f, const vo_fetch_item *item) {
    char name[VO_FETCH_CACHE_MAX_NAME];
    name_of(f, item, name);
    vo_fetch_cache_remove(f->o->cache, name, NULL);
}

static vo_status read_body(size_t i, const reply *r, vo_fetch_take take, void *ctx, bool *empty,
                           vo_error *err) {
    char said[SNIPPET + 1];
    if (is_page(r->body, r->len)) {
        snippet(r->body, r->len, said);
        return vo_fail(err, VO_EINVAL,
                       "the reply is a web page, not data; is base_url right, or does a proxy "
                       "want a login? (it says \"%s\")",
                       said);
    }
    return take(ctx, i, r->body, r->len, empty, err);
}

static vo_status hand_over(fetch *f, size_t k, vo_fetch_take take, void *ctx,
                           vo_fetch_summary *sum, vo_error *err) {
    const size_t i = f->first + k;
    const vo_fetch_item *item = &f->item[i];
    reply *r = &f->reply[k];
    vo_error why = {0};
    bool empty = false;
    count(sum, r);
    if (r->status != VO_OK) return vo_fail(err, r->status, "%s", r->err.msg);
    vo_status s = read_body(i, r, take, ctx, &empty, &why);
    if ((s == VO_EINVAL || s == VO_ENOTFOUND) && r->cached) { /* kept by an older program? */
        forget(f, item);
        free(r->body);
        *r = (reply){0};
        empty = false;
        s = ask(f, i, 0, r, &why);
        count(sum, r);
        if (s != VO_OK) return vo_fail(err, s, "%s", why.msg);
        s = read_body(i, r, take, ctx, &empty, &why);
    }
    if (s != VO_OK) {
        if (err) *err = why;
        return hide(f, s, item, err);
    }
    sum->cached += r->cached;
    sum->empty += empty;
    if (empty && f->o->refresh && f->o->cache) forget(f, item); /* it is so no more */
    return empty ? VO_OK : keep(f, item, r, sum, err);
}

static vo_status check(const vo_fetch_options *o, vo_error *err) {
    if (!(o->per_minute > 0 && o->per_minute <= 1e6))
        return vo_fail(err, VO_EINVAL, "requests_per_minute = %g: must be above 0, at most 1e6",
                       o->per_minute);
    if (o->parallel < 1 || o->parallel > VO_FETCH_MAX_PARALLEL)
        return vo_fail(err, VO_EINVAL, "parallel = %zu: must be 1 to %u", o->parallel,
                       VO_FETCH_MAX_PARALLEL);
    if (o->retries < 0 || o->retries > 20)
        return vo_fail(err, VO_EINVAL, "retries = %d: must be 0 to 20", (int)o->retries);
    if (!(o->timeout_s > 0 && o->timeout_s <= 86400))
        return vo_fail(err, VO_EINVAL, "timeout_s = %g: must be above 0, at most 86400",
                       o->timeout_s);
    if (!(o->backoff_s >= 0) || !(o->backoff_max_s >= 0) || !(o->retry_after_max_s >= 0))
        return vo_fail(err, VO_EINVAL, "waits before a retry cannot be negative");
    return VO_OK;
}

vo_status vo_fetch_all(const vo_fetch_options *o, const vo_fetch_item *item, size_t n,
                       vo_fetch_take take, vo_fetch_progress progress, void *ctx,
                       vo_fetch_summary *sum, vo_error *err) {
    fetch f = {.o = o, .item = item, .world = {real_now, real_sleep, real_send, NULL}};
    *sum = (vo_fetch_summary){0};
    vo_status s = check(o, err);
    if (o->world)
        f.world = *o->world;
    else
        f.world.ctx = &f;
    for (size_t first = 0; s == VO_OK && first < n; first += o->parallel) {
        const size_t m = n - first < o->parallel ? n - first : o->parallel;
        f.first = first;
        memset(f.reply, 0, sizeof f.reply);
        s = vo_thread_for(m, m, fetch_one, &f, err);
        for (size_t k = 0; k < m; k++) {
            if (s == VO_OK) {
                s = hand_over(&f, k, take, ctx, sum, err);
                if (s == VO_OK && progress) s = progress(ctx, first + k + 1, n, sum, err);
            } else {
                count(sum, &f.reply[k]);
            }
            free(f.reply[k].body);
        }
    }
    for (size_t w = 0; w < VO_FETCH_MAX_PARALLEL; w++) vo_http_close(f.http[w]);
    return s;
}
