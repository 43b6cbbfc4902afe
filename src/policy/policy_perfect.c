/* policy_perfect.c -- the exact plan on the real prices: nothing can earn more. */
#include <assert.h>

#include "policy/policy.h"
#include "policy/window.h"

typedef struct {
    vo_policy base;
    vo_window *window;
} perfect;

static void perfect_free(vo_policy *p) {
    perfect *v = (perfect *)(void *)p;
    vo_window_free(v->window);
    p->alloc->free(p->alloc->ctx, v);
}

static vo_status perfect_plan(vo_policy *p, const vo_policy_view *view, double *power_mw,
                              vo_error *err) {
    const perfect *v = (const perfect *)(const void *)p;
    assert(view->future);
    return vo_window_solve(v->window, view, view->future + view->from,
                           view->future_export ? view->future_export + view->from : NULL,
                           VO_METHOD_EXACT, 0, power_mw, err);
}

static const vo_policy_ops perfect_ops = {.plan = perfect_plan, .free = perfect_free};

vo_status vo_policy_create_perfect(const char *argument, const vo_policy_world *world,
                                   vo_policy **out, vo_error *err) {
    (void)argument;
    const vo_alloc *a = world->alloc ? world->alloc : &vo_alloc_libc;
    perfect *v = a->zalloc(a->ctx, sizeof *v);
    if (!v) return vo_fail(err, VO_ENOMEM, "policy perfect");
    v->base = (vo_policy){.ops = &perfect_ops, .alloc = a};
    const vo_status st = vo_window_create(world, &v->window, err);
    if (st != VO_OK) {
        perfect_free(&v->base);
        return st;
    }
    *out = &v->base;
    return VO_OK;
}
