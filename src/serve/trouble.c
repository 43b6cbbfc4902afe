/* trouble.c -- see trouble.h. */
#include "serve/trouble.h"

static bool is_over(const vo_trouble *t, double now_s) {
    return !t->any || now_s - t->last_s > VO_TROUBLE_QUIET_S;
}

bool vo_trouble_met(vo_trouble *t, double now_s, uint64_t *unsaid) {
    if (is_over(t, now_s)) t->began_s = now_s;
    /* One that comes and goes is not said more often than one that stays. */
    const bool say = !t->any || now_s - t->said_s >= VO_TROUBLE_AGAIN_S;
    t->any = true;
    t->last_s = now_s;
    *unsaid = t->unsaid;
    t->unsaid = say ? 0 : t->unsaid + 1;
    if (say) t->said_s = now_s;
    return say;
}

bool vo_trouble_lasts(const vo_trouble *t, double now_s) {
    return !is_over(t, now_s) && t->last_s - t->began_s >= VO_TROUBLE_LASTS_S;
}
