/* gate.c -- see gate.h for the contract. */
#include "serve/gate.h"

#include <math.h>
#include <stdlib.h>

#include "port/clock.h"
#include "port/task.h"

struct vo_gate {
    double patience_s, rest_s;
    vo_lock *lock;
    bool inside, failed; /* failed: the last one that came out */
    double since_s;      /* when the one inside came in, the last one came out */
};

vo_status vo_gate_create(double patience_s, double rest_s, vo_gate **out, vo_error *err) {
    vo_gate *g = calloc(1, sizeof *g);
    if (!g) return vo_fail(err, VO_ENOMEM, "a gate");
    *g = (vo_gate){.patience_s = patience_s, .rest_s = rest_s};
    const vo_status s = vo_lock_create(&g->lock, err);
    if (s != VO_OK) {
        free(g);
        return s;
    }
    *out = g;
    return VO_OK;
}

void vo_gate_free(vo_gate *g) {
    if (!g) return;
    vo_lock_free(g->lock);
    free(g);
}

/* Holding the lock: how long to wait for the one inside; 0: not at all; below: nobody is. */
static double wait_s(const vo_gate *g) {
    const double for_s = vo_clock_monotonic_s() - g->since_s;
    if (g->inside) return g->failed ? 0 : fmax(g->patience_s - for_s, 0);
    return g->failed && for_s < g->rest_s ? 0 : -1;
}

bool vo_gate_enter(vo_gate *g) {
    vo_lock_take(g->lock);
    double left_s = wait_s(g);
    for (; left_s > 0; left_s = wait_s(g)) vo_lock_wait(g->lock, left_s);
    const bool go = left_s < 0;
    if (go) {
        g->inside = true;
        g->since_s = vo_clock_monotonic_s();
    }
    vo_lock_release(g->lock);
    return go;
}

void vo_gate_leave(vo_gate *g, bool well) {
    vo_lock_take(g->lock);
    g->inside = false;
    g->failed = !well;
    g->since_s = vo_clock_monotonic_s();
    if (well)
        vo_lock_wake_one(g->lock);
    else
        vo_lock_wake_all(g->lock); /* all of them are turned away */
    vo_lock_release(g->lock);
}
