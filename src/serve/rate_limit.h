/* rate_limit.h -- token buckets by key or address: so many a second, with a burst.
 *
 * A bucket holds at most `burst` tokens and gains rate_per_s a second; a request takes its cost,
 * or waits. So in any span of t seconds at most burst + rate * t is granted, and who asks no more
 * than his rate is never refused. Bounded: of the buckets unused for longest the fullest is
 * forgotten (a full one says nothing that a new one does not). Threads: one owner.
 */
#ifndef VO_SERVE_RATE_LIMIT_H
#define VO_SERVE_RATE_LIMIT_H

#include <stdbool.h>
#include <stddef.h>

#include <volteo/status.h>

enum { VO_RATE_WHO = 48 }; /* of a name, with the NUL */

typedef struct vo_rate_limit vo_rate_limit;
/* rate_per_s <= 0: no limit. burst >= 1. VO_EINVAL, VO_ENOMEM, VO_EIO (no random seed). */
vo_status vo_rate_limit_create(double rate_per_s, double burst, size_t most_buckets,
                               vo_rate_limit **out, vo_error *err);
void vo_rate_limit_free(vo_rate_limit *r); /* accepts NULL */

bool vo_rate_limit_on(const vo_rate_limit *r); /* has it a limit for those without their own? */

/* 0: taken. > 0: refused, nothing is taken; so many seconds until it would be granted. own_rate 0:
 * the default; else its burst is the default one's in proportion, at least 1. A cost above the
 * burst counts as the burst. `who` is cut at VO_RATE_WHO. now_s: monotonic. */
double vo_rate_limit_take(vo_rate_limit *r, const char *who, double cost, double own_rate,
                          double now_s);

/* For the headers RateLimit-Limit, -Remaining and -Reset; takes nothing. */
typedef struct {
    double limit;     /* the burst: requests at once; 0: no limit */
    double remaining; /* tokens there are                         */
    double reset_s;   /* until the bucket is full                 */
} vo_rate_state;
vo_rate_state vo_rate_limit_look(const vo_rate_limit *r, const char *who, double own_rate,
                                 double now_s);

/* Whom an address counts as: itself; of IPv6 its /64, which one customer has whole. */
void vo_rate_limit_peer(const char *address, char who[VO_RATE_WHO]);

#endif
