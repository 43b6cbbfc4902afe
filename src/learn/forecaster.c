/* forecaster.c -- the list of forecasters by name; see forecaster.h. */
#include "learn/forecaster.h"

#include <assert.h>
#include <string.h>

static const struct {
    const char *name;
    vo_forecaster_maker *create;
} entry[] = {
#define X(name, create, help) {#name, create},
    VO_FORECASTER_MAP(X)
#undef X
};

const char *vo_forecaster_names(void) {
    static const char list[] =
#define X(name, create, help) ", " #name
        VO_FORECASTER_MAP(X)
#undef X
        ;
    return list + 2;
}

vo_status vo_forecaster_create(const char *spec, const vo_series *series, const vo_alloc *alloc,
                               vo_forecaster **out, vo_error *err) {
    const size_t len = strcspn(spec, "=");
    const char *argument = spec[len] == '=' ? spec + len + 1 : NULL;
    for (size_t i = 0; i < sizeof entry / sizeof entry[0]; i++)
        if (strlen(entry[i].name) == len && strncmp(entry[i].name, spec, len) == 0)
            return entry[i].create(argument, series, alloc ? alloc : &vo_alloc_libc, out, err);
    return vo_fail(err, VO_EINVAL,
                   "forecaster = \"%.60s\" is unknown: use one of %s (column=NAME)", spec,
                   vo_forecaster_names());
}

void vo_forecaster_free(vo_forecaster *f) {
    if (f) f->ops->free(f);
}

vo_status vo_forecaster_predict(vo_forecaster *f, const double *history, size_t known,
                                size_t from, size_t to, double *out, size_t *filled,
                                vo_error *err) {
    assert(known <= from && from < to && to <= f->n);
    return f->ops->predict(f, history, known, from, to, out, filled, err);
}
