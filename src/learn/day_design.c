/* day_design.c -- see day_design.h. */
#include "learn/day_design.h"

#include <math.h>

static const size_t price_lag[] = {1, 2, 3, 7}, exog_lag[] = {0, 1, 7};

enum {
    N_PRICE_LAGS = sizeof price_lag / sizeof price_lag[0],
    N_EXOG_LAGS = sizeof exog_lag / sizeof exog_lag[0],
    N_MARKS = 8,
    FILL_DAYS = 7
};

_Static_assert(VO_DAY_DESIGN_PRICES == N_PRICE_LAGS * VO_DAY_HOURS, "prices come first");

size_t vo_day_design_marks(void) { return N_MARKS; }

size_t vo_day_design_width(size_t n_exog) {
    return VO_DAY_HOURS * (N_PRICE_LAGS + N_EXOG_LAGS * n_exog) + N_MARKS;
}

bool vo_day_design_has_prices(const vo_day_table *t, size_t day) {
    const double *p = t->price + day * VO_DAY_HOURS;
    for (size_t h = 0; h < VO_DAY_HOURS; h++)
        if (!isfinite(p[h])) return false;
    return true;
}

/* The 24 values of day - lag, each from the latest day before where it is missing. */
static double *lagged(const double *value, size_t day, size_t lag, double *out) {
    for (size_t h = 0; h < VO_DAY_HOURS; h++) {
        out[h] = (double)NAN;
        for (size_t back = lag; back <= lag + FILL_DAYS && back <= day; back++) {
            out[h] = value[(day - back) * VO_DAY_HOURS + h];
            if (isfinite(out[h])) break;
        }
    }
    return out + VO_DAY_HOURS;
}

void vo_day_design_row(const vo_day_table *t, size_t day, double *row) {
    for (size_t k = 0; k < N_PRICE_LAGS; k++) row = lagged(t->price, day, price_lag[k], row);
    for (size_t e = 0; e < t->n_exog; e++)
        for (size_t k = 0; k < N_EXOG_LAGS; k++)
            row = lagged(t->exog[e], day, exog_lag[k], row);
    for (int32_t w = 0; w < 7; w++) *row++ = t->weekday[day] == w;
    *row = t->holiday[day];
}

/* Mean of price - centre, or of its size, over the days before `day`; `none` where no price is
 * known. */
static double mean_before(const vo_day_table *t, size_t day, size_t days, double centre,
                          bool distance, double none) {
    const size_t from = (day > days ? day - days : 0) * VO_DAY_HOURS;
    double sum = 0;
    size_t n = 0;
    for (size_t i = from; i < day * VO_DAY_HOURS; i++) {
        if (!isfinite(t->price[i])) continue;
        const double v = t->price[i] - centre;
        sum += distance ? fabs(v) : v;
        n++;
    }
    return n ? sum / (double)n : none;
}

vo_day_level vo_day_design_level(const vo_day_table *t, size_t day, size_t centre_days,
                                 size_t spread_days) {
    vo_day_level l = {.centre = 0, .spread = 1};
    l.centre = mean_before(t, day, centre_days, 0, false, 0);
    const double spread = mean_before(t, day, spread_days, l.centre, true, 1);
    if (spread > 0) l.spread = spread;
    return l;
}
