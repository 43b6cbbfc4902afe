/* policy.c -- the list of policies by name; see policy.h. */
#include "policy/policy.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "learn/forecaster.h"

static const struct {
    const char *name;
    vo_policy_maker *create;
    uint32_t flags;
} entry[] = {
#define X(name, create, flags, help) {#name, create, flags},
    VO_POLICY_MAP(X)
#undef X
};

const char *vo_policy_names(void) {
    static const char list[] =
#define X(name, create, flags, help) ", " #name
        VO_POLICY_MAP(X)
#undef X
        ;
    return list + 2;
}

vo_status vo_policy_create(const char *spec, const vo_policy_world *world, vo_policy **out,
                           vo_error *err) {
    const size_t len = strcspn(spec, ":=");
    const char *argument = spec[len] ? spec + len + 1 : NULL;
    for (size_t i = 0; i < sizeof entry / sizeof entry[0]; i++) {
        if (strlen(entry[i].name) != len || strncmp(entry[i].name, spec, len) != 0) continue;
        if (spec[len] == '=' && !(entry[i].flags & VO_POLICY_LEARNS))
            return vo_fail(err, VO_EINVAL,
                           "policy = \"%.60s\": %s takes no trained model, write \"%s\"", spec,
                           entry[i].name, entry[i].name);
        if (spec[len] == ':' && !(entry[i].flags & VO_POLICY_FORECASTS))
            return vo_fail(err, VO_EINVAL,
                           "policy = \"%.60s\": %s takes no forecaster, write \"%s\"", spec,
                           entry[i].name, entry[i].name);
        const vo_status st = entry[i].create(argument, world, out, err);
        if (st == VO_OK) (*out)->flags = entry[i].flags;
        return st;
    }
    return vo_fail(err, VO_EINVAL, "policy = \"%.60s\" is unknown: use one of %s", spec,
                   vo_policy_names());
}

vo_status vo_policy_fit(vo_policy *p, const double *price, const double *export_price,
                        size_t until, vo_error *err) {
    return p->ops->fit ? p->ops->fit(p, price, export_price, until, err) : VO_OK;
}

bool vo_policy_learns(const char *spec) {
    const size_t len = strcspn(spec, ":=");
    const char *argument = spec[len] ? spec + len + 1 : "";
    if (strchr(spec, '=') && (spec[len] == '=' || strncmp(argument, "column=", 7) != 0))
        return false; /* a trained model is named */
    for (size_t i = 0; i < sizeof entry / sizeof entry[0]; i++) {
        if (strlen(entry[i].name) != len || strncmp(entry[i].name, spec, len) != 0) continue;
        if (entry[i].flags & VO_POLICY_LEARNS) return true;
        return spec[len] == ':' && vo_forecaster_learns(argument);
    }
    return false;
}

void vo_policy_free(vo_policy *p) {
    if (p) p->ops->free(p);
}

vo_status vo_policy_plan(vo_policy *p, const vo_policy_view *view, double *power_mw,
                         vo_error *err) {
    assert(view->from < view->to);
    p->counts.plans++;
    return p->ops->plan(p, view, power_mw, err);
}

vo_status vo_policy_explain(vo_policy *p, const vo_policy_view *view, double power_mw,
                            vo_policy_why *out, vo_error *err) {
    const double none = (double)NAN;
    *out = (vo_policy_why){none, none, none, none, none, {none, none, none}, none, NULL, false};
    return p->ops->explain ? p->ops->explain(p, view, power_mw, out, err) : VO_OK;
}

uint32_t vo_policy_flags(const vo_policy *p) { return p->flags; }
vo_policy_counts vo_policy_count(const vo_policy *p) { return p->counts; }
