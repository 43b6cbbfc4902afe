/* test_going_on.c -- who asked is told, and may say stop. */
#include "engine/going_on.h"

#include <criterion/criterion.h>
#include <string.h>

typedef struct {
    int32_t answer;
    const char *phase;
    double fraction;
} caller;

static int32_t hear(void *ctx, const char *phase, double fraction) {
    caller *c = ctx;
    c->phase = phase;
    c->fraction = fraction;
    return c->answer;
}

Test(going_on, nobody_to_tell_is_no_reason_to_stop) {
    const vo_engine_options o = vo_engine_options_default();
    vo_error err = {0};
    cr_expect_eq(vo_going_on(&o, "reading", 0.5, &err), VO_OK);
    cr_expect_str_eq(err.msg, "");
}

Test(going_on, the_caller_is_told_what_comes_next_and_stops_it) {
    caller c = {0};
    vo_error err = {0};
    vo_engine_options o = vo_engine_options_default();
    o.progress = hear;
    o.progress_ctx = &c;
    cr_expect_eq(vo_going_on(&o, "reading", 0.25, &err), VO_OK);
    cr_expect_str_eq(c.phase, "reading");
    cr_expect_eq(c.fraction, 0.25);
    c.answer = 1;
    cr_expect_eq(vo_going_on(&o, "storing", 0.5, &err), VO_ECANCELED);
    cr_expect_not_null(strstr(err.msg, "storing"));
}
