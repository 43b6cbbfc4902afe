/* price_resample.c -- see price_resample.h. One pass: the step that the clock is in is kept with
 * its two ends, and found anew where an interval goes beyond it. */
#include "engine/price_resample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define DAY_MINUTES 1440

#define X(name, text) text,
const char *const vo_statistic_name[VO_STATISTICS] = {VO_STATISTIC_MAP(X)};
#undef X

/* ---- what is asked ---------------------------------------------------------------- */

static vo_status refuse_step(const char *text, vo_error *err) {
    return vo_fail(
        err, VO_EINVAL,
        "resolution = \"%.40s\": must be raw, minutes that divide a day (15, \"15m\", "
        "\"PT15M\", \"1h\"), \"1d\", \"1w\" or \"1mo\"",
        text);
}

/* The unit after the number: of "PT15M" and "15m" minutes, of "P1M" and "1mo" months. */
static bool unit_of(const char *text, bool iso, bool time, vo_step_kind *kind,
                    int64_t *factor) {
    static const struct {
        const char *plain, *iso;
        bool time;
        vo_step_kind kind;
        int64_t factor;
    } unit[] = {{"", "", true, VO_STEP_MINUTES, 1},     {"m", "M", true, VO_STEP_MINUTES, 1},
                {"min", "M", true, VO_STEP_MINUTES, 1}, {"h", "H", true, VO_STEP_MINUTES, 60},
                {"d", "D", false, VO_STEP_DAY, 1},      {"w", "W", false, VO_STEP_WEEK, 1},
                {"mo", "M", false, VO_STEP_MONTH, 1}};
    for (size_t i = 0; i < sizeof unit / sizeof unit[0]; i++) {
        if (iso && (i == 0 || time != unit[i].time)) continue;
        if (!vo_text_same(text, iso ? unit[i].iso : unit[i].plain)) continue;
        *kind = unit[i].kind;
        *factor = unit[i].factor;
        return true;
    }
    return false;
}

vo_status vo_step_parse(const char *text, vo_step *out, vo_error *err) {
    const bool iso = text[0] == 'P', time = iso && text[1] == 'T';
    const char *number = text + iso + time;
    const size_t digits = strspn(number, "0123456789");
    int64_t n = 0, factor = 0;
    vo_step_kind kind = VO_STEP_RAW;
    if (vo_text_same(text, "raw")) {
        *out = (vo_step){.kind = VO_STEP_RAW};
        return VO_OK;
    }
    if (digits == 0 || digits > 5 || !vo_text_integer(number, digits, &n) ||
        !unit_of(number + digits, iso, time, &kind, &factor))
        return refuse_step(text, err);
    n *= factor;
    if (kind == VO_STEP_MINUTES && n == DAY_MINUTES) kind = VO_STEP_DAY, n = 1;
    if (kind == VO_STEP_MINUTES ? n < 1 || n > DAY_MINUTES || DAY_MINUTES % n != 0 : n != 1)
        return refuse_step(text, err);
    *out = (vo_step){kind, kind == VO_STEP_MINUTES ? (int32_t)n : 0};
    return VO_OK;
}

/* ---- where a step begins and ends --------------------------------------------------- */

/* The instant in (lo, hi] at which another offset is in force; the offsets of both differ. */
static int64_t jump_between(const vo_zone *zone, int64_t lo, int64_t hi) {
    const int32_t offset_s = vo_zone_offset(zone, lo);
    while (hi - lo > 1) {
        const int64_t middle = lo + (hi - lo) / 2;
        if (vo_zone_offset(zone, middle) == offset_s)
            lo = middle;
        else
            hi = middle;
    }
    return hi;
}

static int64_t floor_to(int64_t v, int64_t step) {
    const int64_t rest = v % step;
    return v - (rest < 0 ? rest + step : rest);
}

static void short_step(const vo_zone *zone, int64_t step_s, int64_t at, int64_t *from,
                       int64_t *to) {
    const int32_t offset_s = vo_zone_offset(zone, at);
    const int64_t first = floor_to(at + offset_s, step_s) - offset_s, last = first + step_s;
    const bool before = vo_zone_offset(zone, first) != offset_s;
    const bool after = vo_zone_offset(zone, last - 1) != offset_s;
    *from = before ? jump_between(zone, first, at) : first;
    *to = after ? jump_between(zone, at, last - 1) : last;
}

/* A wall-clock time's first instant, but not before the day begins nor after the next does. */
static int64_t wall_instant(const vo_zone *zone, int64_t day, int64_t of_day_s) {
    int64_t first = 0, second = 0;
    const int64_t begin_s = vo_zone_day_start(zone, day);
    const int64_t end_s = vo_zone_day_start(zone, day + 1);
    if (of_day_s == 0) return begin_s;
    if (of_day_s >= 86400) return end_s;
    vo_zone_instants(zone, day * 86400 + of_day_s, &first, &second);
    return first < begin_s ? begin_s : first > end_s ? end_s : first;
}

static void long_step(const vo_zone *zone, int64_t step_s, int64_t at, int64_t *from,
                      int64_t *to) {
    const int64_t day = vo_zone_local_day(zone, at);
    for (int64_t s = 0; s < 86400; s += step_s) {
        *from = wall_instant(zone, day, s);
        *to = wall_instant(zone, day, s + step_s);
        if (at < *to) return;
    }
}

static void calendar_step(const vo_zone *zone, vo_step_kind kind, int64_t at, int64_t *from,
                          int64_t *to) {
    int64_t first = vo_zone_local_day(zone, at), after = first + 1;
    vo_civil c;
    if (kind == VO_STEP_WEEK) {
        first -= vo_civil_weekday(first);
        after = first + 7;
    }
    if (kind == VO_STEP_MONTH) {
        vo_civil_from_days(first, &c);
        first = vo_civil_days(c.year, c.month, 1);
        after = c.month == 12 ? vo_civil_days(c.year + 1, 1, 1)
                              : vo_civil_days(c.year, c.month + 1, 1);
    }
    *from = vo_zone_day_start(zone, first);
    *to = vo_zone_day_start(zone, after);
}

static void find_step(const vo_zone *zone, const vo_step *step, int64_t at, int64_t *from,
                      int64_t *to) {
    if (step->kind != VO_STEP_MINUTES)
        calendar_step(zone, step->kind, at, from, to);
    else if (step->minutes <= 60)
        short_step(zone, (int64_t)step->minutes * 60, at, from, to);
    else
        long_step(zone, (int64_t)step->minutes * 60, at, from, to);
}

int64_t vo_step_begin(const vo_step *step, const vo_zone *zone, int64_t at) {
    int64_t from_s = 0, to_s = 0;
    find_step(zone, step, at, &from_s, &to_s);
    return from_s;
}

/* ---- values -------------------------------------------------------------------------- */

typedef struct {
    vo_statistic statistic;
    size_t n_columns;
    double sum[VO_SERIES_MAX_COLUMNS], weight[VO_SERIES_MAX_COLUMNS];
} account;

static void clear(account *a) {
    for (size_t c = 0; c < a->n_columns; c++) a->sum[c] = a->weight[c] = 0;
}

static void put_in(account *a, const vo_series *s, size_t t, double seconds) {
    for (size_t c = 0; c < a->n_columns; c++) {
        const double v = s->column[c].value[t];
        if (isnan(v)) continue;
        const bool first = a->weight[c] == 0;
        switch (a->statistic) {
        case VO_STATISTIC_MIN:
            a->sum[c] = first ? v : fmin(a->sum[c], v);
            break;
        case VO_STATISTIC_MAX:
            a->sum[c] = first ? v : fmax(a->sum[c], v);
            break;
        case VO_STATISTIC_FIRST:
            if (first) a->sum[c] = v;
            break;
        case VO_STATISTIC_LAST:
            a->sum[c] = v;
            break;
        case VO_STATISTIC_MEAN:
        case VO_STATISTICS:
            a->sum[c] += v * seconds;
            break;
        }
        a->weight[c] += seconds;
    }
}

static void put_row(const account *a, vo_series *to, size_t row, int64_t from_s, int64_t to_s) {
    to->start[row].s = from_s;
    to->dt_h[row] = (double)(to_s - from_s) / 3600;
    for (size_t c = 0; c < a->n_columns; c++) {
        const double divisor = a->statistic == VO_STATISTIC_MEAN ? a->weight[c] : 1;
        to->column[c].value[row] = a->weight[c] > 0 ? a->sum[c] / divisor : (double)NAN;
    }
}

/* How many rows, and (with `to`) the rows. */
static size_t walk(const vo_series *s, const vo_zone *zone, const vo_step *step, account *a,
                   vo_series *to) {
    size_t rows = 0;
    int64_t from_s = 0, to_s = INT64_MIN;
    for (size_t t = 0; t < s->n; t++) {
        int64_t at = s->start[t].s;
        const int64_t end = at + (int64_t)llround(s->dt_h[t] * 3600);
        while (at < end) {
            if (at >= to_s) {
                if (rows && to) put_row(a, to, rows - 1, from_s, to_s);
                find_step(zone, step, at, &from_s, &to_s);
                clear(a);
                rows++;
            }
            const int64_t until = end < to_s ? end : to_s;
            if (to) put_in(a, s, t, (double)(until - at));
            at = until;
        }
    }
    if (rows && to) put_row(a, to, rows - 1, from_s, to_s);
    return rows;
}

static vo_status check_coarser(const vo_series *s, const vo_step *step, vo_error *err) {
    double longest_h = 0;
    for (size_t t = 0; t < s->n; t++) longest_h = fmax(longest_h, s->dt_h[t]);
    const double step_h = step->kind == VO_STEP_MINUTES ? step->minutes / 60.0
                          : step->kind == VO_STEP_DAY   ? 25
                          : step->kind == VO_STEP_WEEK  ? 169
                                                        : 745;
    if (longest_h <= step_h * (1 + 1e-9)) return VO_OK;
    return vo_fail(
        err, VO_EINVAL,
        "resolution = %g minutes: the data have steps of %g minutes in this span; ask for "
        "that or coarser, or \"raw\"",
        step_h * 60, longest_h * 60);
}

vo_status vo_price_resample(const vo_series *s, const vo_zone *zone, const vo_step *step,
                            vo_statistic statistic, vo_series **out, vo_error *err) {
    const char *name[VO_SERIES_MAX_COLUMNS];
    account a = {.statistic = statistic, .n_columns = s->n_columns};
    vo_series *to = NULL;
    vo_status st = check_coarser(s, step, err);
    if (st != VO_OK) return st;
    for (size_t c = 0; c < s->n_columns; c++) name[c] = s->column[c].name;
    st = vo_series_create(walk(s, zone, step, &a, NULL), name, s->n_columns, NULL, &to, err);
    if (st != VO_OK) return st;
    walk(s, zone, step, &a, to);
    vo_series_number_days(to, zone);
    memcpy(to->zone, s->zone, sizeof to->zone);
    memcpy(to->currency, s->currency, sizeof to->currency);
    memcpy(to->unit, s->unit, sizeof to->unit);
    memcpy(to->label, s->label, sizeof to->label);
    *out = to;
    return VO_OK;
}
