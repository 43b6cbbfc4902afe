/* rate_limit.h -- token buckets by key or address: so many a second, with a burst.
 * Bounded: the least used buckets are forgotten. Threads: one owner. */
#ifndef VO_SERVE_RATE_LIMIT_H
#define VO_SERVE_RATE_LIMIT_H

#include <stddef.h>

#include <volteo/status.h>

typedef struct vo_rate_limit vo_rate_limit;
/* rate_per_s <= 0: no limit. burst >= 1. */
vo_status vo_rate_limit_create(double rate_per_s, double burst, size_t most_buckets,
                               vo_rate_limit **out, vo_error *err);
void vo_rate_limit_free(vo_rate_limit *r);
/* 0: taken. > 0: refused; so many seconds until it would be granted. own_rate 0: the default. */
double vo_rate_limit_take(vo_rate_limit *r, const char *who, double cost, double own_rate,
                          double now_s);

#endif
