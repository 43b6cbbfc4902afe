/* model_history.h -- a small history that models in bytes are made on and read back over: hourly
 * prices in Mexico City and a load forecast, the same at every call. */
#ifndef TESTS_SUPPORT_MODEL_HISTORY_H
#define TESTS_SUPPORT_MODEL_HISTORY_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "grid/series.h"

enum { MODEL_HISTORY_DAYS = 90 };

static inline vo_series *model_history(void) {
    static const char *const names[] = {"price", "load forecast"};
    const size_t n = 24 * MODEL_HISTORY_DAYS;
    vo_series *s = NULL;
    vo_random r = vo_random_seed(4, 0);
    double calm = 0;
    if (vo_series_create(n, names, 2, NULL, &s, NULL) != VO_OK) abort();
    for (size_t t = 0; t < n; t++) {
        const double load = 50 + 12 * sin((double)t / 3.8) + 4 * vo_random_normal(&r);
        calm = 0.97 * calm + vo_random_normal(&r);
        s->start[t].s = 1735711200 + 3600 * (int64_t)t; /* 2025-01-01, all of them at UTC-6 */
        s->dt_h[t] = 1;
        s->day[t] = (int32_t)(t / 24);
        s->column[0].value[t] = load - 10 + calm;
        s->column[1].value[t] = load;
    }
    memcpy(s->zone, "America/Mexico_City", sizeof "America/Mexico_City");
    return s;
}

#endif
