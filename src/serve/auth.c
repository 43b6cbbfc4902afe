/* auth.c -- see auth.h.
 *
 * The keys are a table sorted by id, made whole by refresh and left in one atomic slot; the loop
 * exchanges it for its own with the next check and frees the old one. So the loop never waits,
 * and nobody frees what another still reads. Which id a key has is no secret; whether its hash
 * is the one on record is compared in constant time.
 */
#include "serve/auth.h"

#include <ctype.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/api_keys.h"

typedef struct {
    char id[VO_KEY_ID];
    int scope;
    double rate_per_s;
    int64_t expires_ms, revoked_ms;
    unsigned char hash[VO_KEY_HASH];
} entry;

typedef struct {
    size_t n, room;
    entry *key; /* sorted by id */
} table;

struct vo_auth {
    vo_auth_settings s;
    bool any_origin;
    table *now;              /* the loop's                     */
    uint64_t edition;        /* of it                          */
    _Atomic(table *) coming; /* NULL, or what refresh has made */
};

_Static_assert((int)VO_SCOPE_READ == VO_KEY_READ && (int)VO_SCOPE_TRADE == VO_KEY_TRADE &&
                   (int)VO_SCOPE_ADMIN == VO_KEY_ADMIN,
               "the scopes of routes and keys are one list");

static void table_free(table *t) {
    if (t) free(t->key);
    free(t);
}

/* ---- opening ---------------------------------------------------------------------------- */

/* "scheme://host" with an optional port and nothing after it, as browsers send it. */
static bool is_origin(const char *o) {
    const char *host = strstr(o, "://");
    if (!host || host == o) return false;
    for (const char *c = o; c < host; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789+.-", *c)) return false;
    if (!host[3]) return false;
    for (const char *c = host + 3; *c; c++)
        if (*c <= 0x20 || *c >= 0x7f || strchr("/?#@\\*,\"<>", *c)) return false;
    return true;
}

static vo_status check_origins(const vo_auth_settings *s, bool *any, vo_error *err) {
    *any = false;
    for (size_t i = 0; i < s->n_origins; i++) {
        const char *o = s->origin[i];
        if (strcmp(o, "*") == 0) {
            if (!s->on)
                return vo_fail(err, VO_EINVAL,
                               "origin[%zu] = \"*\" would let every web page use a server that "
                               "asks for no key: name the origins, or turn keys on",
                               i);
            *any = true;
        } else if (!is_origin(o) || strlen(o) > 300)
            return vo_fail(err, VO_EINVAL,
                           "origin[%zu] = \"%.80s\" is none: give scheme and host, such as "
                           "https://app.example or http://localhost:5173, without a path",
                           i, o);
    }
    return VO_OK;
}

vo_status vo_auth_open(const vo_auth_settings *s, vo_auth **out, vo_error *err) {
    bool any;
    vo_status status = check_origins(s, &any, err);
    if (status != VO_OK) return status;
    if (s->on && !s->db)
        return vo_fail(err, VO_EINVAL, "keys are on and there is no database that has them");
    vo_auth *a = calloc(1, sizeof *a);
    if (!a) return vo_fail(err, VO_ENOMEM, "keys");
    a->s = *s;
    a->any_origin = any;
    if (s->on) {
        status = vo_api_keys_migrate(s->db, err);
        if (status == VO_OK) status = vo_auth_refresh(a, err);
    }
    if (status != VO_OK) {
        vo_auth_close(a);
        return status;
    }
    *out = a;
    return VO_OK;
}

void vo_auth_close(vo_auth *a) {
    if (!a) return;
    table_free(a->now);
    table_free(atomic_load(&a->coming));
    free(a);
}

/* ---- the table ----------------------------------------------------------------------------- */

static vo_status take_key(void *ctx, const vo_api_key *k, vo_error *err) {
    table *t = ctx;
    if (t->n == t->room) {
        const size_t room = t->room ? 2 * t->room : 16;
        entry *more = realloc(t->key, room * sizeof *more);
        if (!more) return vo_fail(err, VO_ENOMEM, "%zu keys", room);
        t->key = more;
        t->room = room;
    }
    entry *e = &t->key[t->n++];
    *e = (entry){.scope = k->scope,
                 .rate_per_s = k->rate_per_s,
                 .expires_ms = k->expires_ms,
                 .revoked_ms = k->revoked_ms};
    memcpy(e->id, k->id, sizeof e->id);
    memcpy(e->hash, k->hash, sizeof e->hash);
    return VO_OK;
}

static int by_id(const void *a, const void *b) {
    return strcmp(((const entry *)a)->id, ((const entry *)b)->id);
}

vo_status vo_auth_refresh(vo_auth *a, vo_error *err) {
    if (!a->s.on) return VO_OK;
    table *t = calloc(1, sizeof *t);
    if (!t) return vo_fail(err, VO_ENOMEM, "keys");
    const vo_status s = vo_api_keys_list(a->s.db, take_key, t, err);
    if (s != VO_OK) {
        table_free(t);
        return s;
    }
    if (t->n > 0) qsort(t->key, t->n, sizeof *t->key, by_id);
    table_free(
        atomic_exchange(&a->coming, t)); /* one the loop has not taken: nobody reads it */
    return VO_OK;
}

static const table *current(vo_auth *a) {
    table *t = atomic_load_explicit(&a->coming, memory_order_relaxed)
                   ? atomic_exchange(&a->coming, NULL)
                   : NULL;
    if (t) {
        table_free(a->now);
        a->now = t;
        a->edition++;
    }
    return a->now;
}

static const entry *find(const table *t, const char *id) {
    entry wanted = {0};
    snprintf(wanted.id, sizeof wanted.id, "%s", id);
    return t && t->n ? bsearch(&wanted, t->key, t->n, sizeof *t->key, by_id) : NULL;
}

static bool expired(const entry *e, int64_t now_ms) {
    return e->expires_ms != 0 && e->expires_ms <= now_ms;
}

bool vo_auth_holds(vo_auth *a, const char *key_id, int64_t now_ms) {
    const entry *e = find(current(a), key_id);
    return e && e->revoked_ms == 0 && !expired(e, now_ms);
}

uint64_t vo_auth_edition(vo_auth *a) {
    (void)current(a);
    return a->edition;
}

/* The good key that `text` is, or NULL and why not. */
static const entry *look_up(vo_auth *a, const char *text, int64_t now_ms, const char **why) {
    static const unsigned char nothing[VO_KEY_HASH];
    char id[VO_KEY_ID];
    unsigned char hash[VO_KEY_HASH];
    *why = "this is not a key of this server";
    if (!vo_api_key_hash(text, id, hash)) return NULL;
    const entry *e = find(current(a), id);
    if (!vo_api_key_same(hash, e ? e->hash : nothing) || !e) return NULL;
    if (e->revoked_ms != 0) {
        *why = "this key was revoked: ask for another";
        return NULL;
    }
    if (expired(e, now_ms)) {
        *why = "this key has expired: ask for another";
        return NULL;
    }
    return e;
}

/* ---- the key of a request ------------------------------------------------------------------ */

/* The word that is all of `text` but blanks around it; false: none, several, or too long a one. */
bool vo_auth_offered(const vo_exchange *x) {
    for (const char *list = x->ws_protocol; *list;) {
        size_t n = strcspn(list, ",");
        const char *next = list[n] ? list + n + 1 : list + n;
        const char *item = vo_text_trim(list, &n);
        if (n == strlen(VO_AUTH_PROTOCOL) && memcmp(item, VO_AUTH_PROTOCOL, n) == 0)
            return true;
        list = next;
    }
    return false;
}

static bool only_word(const char *text, size_t len, char out[VO_KEY_TEXT]) {
    text = vo_text_trim(text, &len);
    if (len == 0 || len >= VO_KEY_TEXT) return false;
    for (size_t i = 0; i < len; i++)
        if (text[i] <= 0x20 || text[i] >= 0x7f) return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

/* Of "a, b, c" the item that begins with "bearer."; the length of what follows in *len. */
static const char *protocol_key(const char *list, size_t *len) {
    const char *prefix = "bearer.";
    while (*list) {
        size_t n = strcspn(list, ",");
        const char *next = list[n] ? list + n + 1 : list + n;
        const char *item = vo_text_trim(list, &n);
        if (n > strlen(prefix) && vo_text_begins(item, n, prefix)) {
            *len = n - strlen(prefix);
            return item + strlen(prefix);
        }
        list = next;
    }
    return NULL;
}

/* The key that all headers agree on; false with *why, NULL if there is none at all. */
static bool key_of(const vo_exchange *x, char key[VO_KEY_TEXT], const char **why) {
    char given[3][VO_KEY_TEXT];
    size_t n = 0, len = 0;
    *why = NULL;
    if (x->authorization[0]) {
        len = strlen(x->authorization);
        const char *scheme = vo_text_trim(x->authorization, &len);
        if (!vo_text_begins(scheme, len, "bearer") || len < 7 ||
            (scheme[6] != ' ' && scheme[6] != '\t')) {
            *why = "the Authorization header must be \"Bearer KEY\"";
            return false;
        }
        if (!only_word(scheme + 6, len - 6, given[n++])) {
            *why = "the Authorization header has no single key after \"Bearer\"";
            return false;
        }
    }
    if (x->api_key[0] && !only_word(x->api_key, strlen(x->api_key), given[n++])) {
        *why = "the X-Api-Key header is not one key";
        return false;
    }
    const char *offered = x->upgrade ? protocol_key(x->ws_protocol, &len) : NULL;
    if (offered && !only_word(offered, len, given[n++])) {
        *why = "the subprotocol \"bearer.KEY\" is not one key";
        return false;
    }
    for (size_t i = 1; i < n; i++)
        if (strcmp(given[i], given[0]) != 0) {
            *why = "the headers give two different keys: send one";
            return false;
        }
    if (n > 0) memcpy(key, given[0], VO_KEY_TEXT);
    return n > 0;
}

static int check_key(vo_auth *a, vo_exchange *x, vo_scope needed, int64_t now_ms,
                     double *rate_per_s, const char **why) {
    static const char *const lacks[] = {
        [VO_SCOPE_NONE] = "",
        [VO_SCOPE_READ] = "this needs a key that may read",
        [VO_SCOPE_TRADE] =
            "this needs a key with the scope trade or admin; this one may only read",
        [VO_SCOPE_ADMIN] = "this needs a key with the scope admin"};
    char key[VO_KEY_TEXT];
    const char *wrong;
    const entry *e = key_of(x, key, &wrong) ? look_up(a, key, now_ms, &wrong) : NULL;
    if (e) {
        memcpy(x->key_id, e->id, sizeof e->id);
        x->scope = e->scope;
        *rate_per_s = e->rate_per_s;
    }
    if (needed == VO_SCOPE_NONE) return 0;
    if (!e) {
        *why = wrong ? wrong : "a key is needed: send \"Authorization: Bearer KEY\"";
        return 401;
    }
    if (e->scope < (int)needed) {
        *why = lacks[needed];
        return 403;
    }
    return 0;
}

/* ---- without keys ----------------------------------------------------------------------------- */

/* Splits "host:port" or "[v6]:port"; *port is "" if there is none. */
static bool split_host(const char *text, size_t *len, const char **port) {
    const char *end = text[0] == '[' ? strchr(text, ']') : NULL;
    if (text[0] == '[' && !end) return false;
    const char *colon = strchr(end ? end : text, ':');
    if (end && end[1] && colon != end + 1) return false;
    *len = colon ? (size_t)(colon - text) : strlen(text);
    *port = colon ? colon + 1 : "";
    const size_t digits = strspn(*port, "0123456789");
    return !(*port)[digits] && digits <= 5;
}

/* 127.0.0.0/8 spelt with four decimal numbers. */
static bool is_127(const char *s, size_t len) {
    int number = -1, dots = 0, first = -1;
    for (size_t i = 0; i <= len; i++) {
        if (i == len || s[i] == '.') {
            if (number < 0 || number > 255) return false;
            if (first < 0) first = number;
            number = -1;
            dots += i < len;
        } else if (s[i] < '0' || s[i] > '9' || number > 255)
            return false;
        else
            number = (number < 0 ? 0 : number * 10) + (s[i] - '0');
    }
    return dots == 3 && first == 127;
}

static bool is_this_machine(const char *host) {
    size_t len;
    const char *port;
    if (!split_host(host, &len, &port)) return false;
    return vo_text_same_span(host, len, "localhost") || vo_text_same_span(host, len, "[::1]") ||
           is_127(host, len);
}

/* Is this origin the one of the page that this server itself gave out as `host`? */
static bool is_own(const char *origin, const char *host, bool tls) {
    const char *scheme = tls ? "https://" : "http://", *usual = tls ? "443" : "80";
    if (!vo_text_begins(origin, strlen(origin), scheme)) return false;
    const char *at = origin + strlen(scheme), *port_a, *port_b;
    size_t len_a, len_b;
    if (!split_host(at, &len_a, &port_a) || !split_host(host, &len_b, &port_b)) return false;
    if (len_a != len_b || strcmp(*port_a ? port_a : usual, *port_b ? port_b : usual) != 0)
        return false;
    for (size_t i = 0; i < len_a; i++) /* host names are the same in either case */
        if (at[i] != host[i] && !(isalpha((unsigned char)at[i]) && (at[i] ^ host[i]) == 0x20))
            return false;
    return true;
}

static bool is_listed(const vo_auth *a, const char *origin) {
    for (size_t i = 0; i < a->s.n_origins; i++)
        if (vo_text_same(a->s.origin[i], origin)) return true;
    return false;
}

static int check_place(const vo_auth *a, const vo_exchange *x, const char **why) {
    if (!is_this_machine(x->host)) {
        *why =
            "without keys this server answers only to localhost, 127.0.0.1 and [::1]; the Host "
            "header names something else";
        return 403;
    }
    if (x->origin[0] && !is_own(x->origin, x->host, x->tls) && !is_listed(a, x->origin)) {
        *why = "pages of this Origin may not use this server: start it with --cors ORIGIN";
        return 403;
    }
    return 0;
}

int vo_auth_check(vo_auth *a, vo_exchange *x, vo_scope needed, int64_t now_ms,
                  double *rate_per_s, const char **why) {
    *rate_per_s = 0;
    *why = NULL;
    x->key_id[0] = '\0';
    x->scope = VO_SCOPE_NONE;
    if (a->s.on) return check_key(a, x, needed, now_ms, rate_per_s, why);
    const int status = check_place(a, x, why);
    if (status == 0) x->scope = VO_SCOPE_ADMIN;
    return status;
}

/* ---- CORS ----------------------------------------------------------------------------------- */

bool vo_auth_cors(const vo_auth *a, vo_exchange *x, const char *allow) {
    const bool preflight = strcmp(x->method, "OPTIONS") == 0 && x->cors_method[0];
    if (a->s.n_origins > 0 && !a->any_origin) vo_exchange_header(x, "Vary", "Origin");
    if (!x->origin[0] || (!a->any_origin && !is_listed(a, x->origin))) return preflight;
    vo_exchange_header(x, "Access-Control-Allow-Origin", "%s", a->any_origin ? "*" : x->origin);
    if (!preflight) {
        vo_exchange_header(x, "Access-Control-Expose-Headers",
                           "ETag, Location, RateLimit-Limit, RateLimit-Remaining, "
                           "RateLimit-Reset, Retry-After, X-Request-Id");
        return false;
    }
    vo_exchange_header(x, "Access-Control-Allow-Methods", "%s", allow);
    vo_exchange_header(x, "Access-Control-Allow-Headers",
                       "Authorization, Content-Type, Idempotency-Key, If-None-Match, "
                       "Last-Event-ID, X-Api-Key, X-Request-Id");
    vo_exchange_header(x, "Access-Control-Max-Age", "600");
    return true;
}
