/* price_desk.c -- see price_desk.h. */
#include "engine/price_desk.h"

#include <stdlib.h>

#include "port/task.h"

#define MOST_KEPT 16 /* more than threads that compute; what is above it is closed */

struct vo_price_desk {
    const char *root;
    vo_lock *lock;
    size_t n;
    vo_lake *idle[MOST_KEPT];
};

vo_status vo_price_desk_create(const char *root, vo_price_desk **out, vo_error *err) {
    vo_price_desk *d = calloc(1, sizeof *d);
    if (!d) return vo_fail(err, VO_ENOMEM, "no memory for a desk of lakes");
    const vo_status s = vo_lock_create(&d->lock, err);
    if (s != VO_OK) {
        free(d);
        return s;
    }
    d->root = root;
    *out = d;
    return VO_OK;
}

void vo_price_desk_free(vo_price_desk *d) {
    if (!d) return;
    for (size_t i = 0; i < d->n; i++) vo_lake_close(d->idle[i]);
    vo_lock_free(d->lock);
    free(d);
}

vo_status vo_price_desk_borrow(vo_price_desk *d, vo_lake **out, vo_error *err) {
    vo_lake *lake = NULL;
    vo_lock_take(d->lock);
    if (d->n) lake = d->idle[--d->n];
    vo_lock_release(d->lock);
    if (!lake) return vo_lake_open(d->root, out, err);
    *out = lake;
    return VO_OK;
}

void vo_price_desk_return(vo_price_desk *d, vo_lake *lake) {
    if (!lake) return;
    vo_lock_take(d->lock);
    if (d->n < MOST_KEPT) {
        d->idle[d->n++] = lake;
        lake = NULL;
    }
    vo_lock_release(d->lock);
    vo_lake_close(lake);
}
