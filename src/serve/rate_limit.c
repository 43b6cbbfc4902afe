/* rate_limit.c -- see rate_limit.h. A hash table with chains and a list by last use, all in one
 * array that is allocated once. The hash starts from a random word, so that nobody can choose
 * names that share a chain.
 */
#include "serve/rate_limit.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "port/entropy.h"

#define NONE UINT32_MAX
#define SLACK 1e-6  /* tokens: times are sums of rounded numbers; see refill */
#define LOOKED_AT 8 /* of the oldest buckets, when one must go */

typedef struct {
    char who[VO_RATE_WHO];
    double tokens, burst, rate, when_s;
    uint32_t next;           /* in its chain, or of the free ones */
    uint32_t older, younger; /* by last use                       */
} bucket;

struct vo_rate_limit {
    double rate, burst;
    uint64_t seed;
    size_t n_chains; /* a power of two */
    uint32_t free, oldest, youngest;
    uint32_t *chain; /* [n_chains] */
    bucket *bucket;  /* [most]     */
};

vo_status vo_rate_limit_create(double rate_per_s, double burst, size_t most_buckets,
                               vo_rate_limit **out, vo_error *err) {
    if (!isfinite(rate_per_s))
        return vo_fail(err, VO_EINVAL, "rate = %g: give requests a second, 0 for no limit",
                       rate_per_s);
    if (rate_per_s > 0 && !(burst >= 1 && isfinite(burst)))
        return vo_fail(err, VO_EINVAL, "burst = %g: give at least 1 request", burst);
    if (most_buckets < 1 || most_buckets > 1u << 24)
        return vo_fail(err, VO_EINVAL, "most_buckets = %zu is outside 1..16777216",
                       most_buckets);
    vo_rate_limit *r = calloc(1, sizeof *r);
    if (!r) return vo_fail(err, VO_ENOMEM, "rate limits");
    r->n_chains = 16;
    while (r->n_chains < most_buckets) r->n_chains *= 2;
    r->chain = malloc(r->n_chains * sizeof *r->chain);
    r->bucket = calloc(most_buckets, sizeof *r->bucket);
    vo_status s = vo_entropy_fill(&r->seed, sizeof r->seed, err);
    if (s == VO_OK && (!r->chain || !r->bucket))
        s = vo_fail(err, VO_ENOMEM, "rate limits of %zu callers", most_buckets);
    if (s != VO_OK) {
        vo_rate_limit_free(r);
        return s;
    }
    r->rate = rate_per_s;
    r->burst = burst;
    memset(r->chain, 0xff, r->n_chains * sizeof *r->chain);
    for (size_t i = 0; i < most_buckets; i++)
        r->bucket[i].next = i + 1 < most_buckets ? (uint32_t)(i + 1) : NONE;
    r->oldest = r->youngest = NONE;
    *out = r;
    return VO_OK;
}

void vo_rate_limit_free(vo_rate_limit *r) {
    if (!r) return;
    free(r->chain);
    free(r->bucket);
    free(r);
}

/* ---- the table ------------------------------------------------------------------------- */

static size_t cut(const char *who) {
    size_t n = 0;
    while (n + 1 < VO_RATE_WHO && who[n]) n++;
    return n;
}

static uint32_t *chain_of(const vo_rate_limit *r, const char *who, size_t n) {
    const uint64_t h = vo_hash_bytes(VO_HASH_START ^ r->seed, who, n);
    return &r->chain[(h ^ h >> 32) & (r->n_chains - 1)];
}

static uint32_t find(const vo_rate_limit *r, const char *who, size_t n) {
    uint32_t i = *chain_of(r, who, n);
    while (i != NONE && (memcmp(r->bucket[i].who, who, n) != 0 || r->bucket[i].who[n]))
        i = r->bucket[i].next;
    return i;
}

static void unlink_age(vo_rate_limit *r, uint32_t i) {
    const bucket *b = &r->bucket[i];
    *(b->older == NONE ? &r->oldest : &r->bucket[b->older].younger) = b->younger;
    *(b->younger == NONE ? &r->youngest : &r->bucket[b->younger].older) = b->older;
}

static void link_youngest(vo_rate_limit *r, uint32_t i) {
    bucket *b = &r->bucket[i];
    b->older = r->youngest;
    b->younger = NONE;
    *(r->youngest == NONE ? &r->oldest : &r->bucket[r->youngest].younger) = i;
    r->youngest = i;
}

/* What it would hold now. Time that runs backwards adds nothing. */
static double held(const bucket *b, double now_s) {
    return fmin(b->burst, b->tokens + fmax(0, now_s - b->when_s) * b->rate);
}

static uint32_t forget_one(vo_rate_limit *r, double now_s) {
    uint32_t best = r->oldest, i = best;
    double fullest = -1;
    for (int n = 0; n < LOOKED_AT && i != NONE; n++, i = r->bucket[i].younger) {
        const double full = held(&r->bucket[i], now_s) / r->bucket[i].burst;
        if (full > fullest) best = i, fullest = full;
    }
    bucket *b = &r->bucket[best];
    uint32_t *at = chain_of(r, b->who, strlen(b->who));
    while (*at != best) at = &r->bucket[*at].next;
    *at = b->next;
    unlink_age(r, best);
    return best;
}

static uint32_t make(vo_rate_limit *r, const char *who, size_t n, double now_s) {
    uint32_t i = r->free;
    if (i == NONE)
        i = forget_one(r, now_s);
    else
        r->free = r->bucket[i].next;
    uint32_t *chain = chain_of(r, who, n);
    bucket *b = &r->bucket[i];
    memcpy(b->who, who, n);
    b->who[n] = '\0';
    b->tokens = b->burst = HUGE_VAL; /* full, whatever its burst will be */
    b->rate = 0;
    b->when_s = now_s;
    b->next = *chain;
    *chain = i;
    link_youngest(r, i);
    return i;
}

/* ---- taking ------------------------------------------------------------------------------ */

static void terms(const vo_rate_limit *r, double own_rate, double *rate, double *burst) {
    *rate = own_rate > 0 ? own_rate : r->rate;
    *burst = own_rate > 0 ? r->rate > 0 ? r->burst * own_rate / r->rate : own_rate : r->burst;
    *burst = fmax(1, *burst);
}

bool vo_rate_limit_on(const vo_rate_limit *r) { return r->rate > 0; }

double vo_rate_limit_take(vo_rate_limit *r, const char *who, double cost, double own_rate,
                          double now_s) {
    double rate, burst;
    terms(r, own_rate, &rate, &burst);
    if (!(rate > 0) || !(cost > 0)) return 0;
    const size_t n = cut(who);
    uint32_t i = find(r, who, n);
    if (i == NONE)
        i = make(r, who, n, now_s);
    else if (i != r->youngest) {
        unlink_age(r, i);
        link_youngest(r, i);
    }
    bucket *b = &r->bucket[i];
    b->tokens = fmin(burst, held(b, now_s));
    b->when_s = fmax(b->when_s, now_s);
    b->burst = burst;
    b->rate = rate;
    cost = fmin(cost, burst);
    /* A millionth short counts as enough: it goes below zero, so nothing is gained by it. */
    if (b->tokens + SLACK < cost) return fmax(1e-9, (cost - b->tokens) / rate);
    b->tokens -= cost;
    return 0;
}

vo_rate_state vo_rate_limit_look(const vo_rate_limit *r, const char *who, double own_rate,
                                 double now_s) {
    double rate, burst;
    terms(r, own_rate, &rate, &burst);
    if (!(rate > 0)) return (vo_rate_state){0};
    const uint32_t i = find(r, who, cut(who));
    const double tokens = i == NONE ? burst : fmin(burst, held(&r->bucket[i], now_s));
    return (vo_rate_state){burst, fmax(0, tokens), (burst - tokens) / rate};
}

/* The first four groups of an IPv6 address; "::" stands for the zeros that are missing. */
void vo_rate_limit_peer(const char *address, char who[VO_RATE_WHO]) {
    const char *mapped = "::ffff:";
    if (!strchr(address, ':') || strncmp(address, mapped, strlen(mapped)) == 0) {
        snprintf(who, VO_RATE_WHO, "%s",
                 strchr(address, ':') ? address + strlen(mapped) : address);
        return;
    }
    unsigned long group[4] = {0};
    int n = 0;
    const char *c = address;
    while (n < 4 && *c && strncmp(c, "::", 2) != 0) {
        char *end;
        group[n++] = strtoul(c, &end, 16) & 0xffff;
        if (end == c) break;
        c = *end == ':' && end[1] != ':' ? end + 1 : end;
    }
    /* Groups before "::" stand at the front; those behind it reach into the first four only if
     * there are more than four of them. */
    const char *gap = strstr(address, "::");
    if (gap && n < 4) {
        int behind = gap[2] != '\0';
        for (const char *d = gap + 2; *d; d++) behind += *d == ':';
        const char *d = gap + 2;
        for (int at = 8 - behind; at < 4 && *d; at++) {
            char *end;
            if (at >= 0)
                group[at] = strtoul(d, &end, 16) & 0xffff;
            else
                (void)strtoul(d, &end, 16);
            d = *end == ':' ? end + 1 : end;
        }
    }
    snprintf(who, VO_RATE_WHO, "%lx:%lx:%lx:%lx::/64", group[0], group[1], group[2], group[3]);
}
