/* published.c -- see published.h. */
#include "engine/published.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "data/import.h"

/* A file of forecasts may carry the real price too; that is not a forecast. */
static bool same_as_price(const vo_series *prices, const double *x) {
    for (size_t t = 0; t < prices->n; t++)
        if (!isnan(x[t]) && fabs(x[t] - prices->column[0].value[t]) > 1e-9) return false;
    return true;
}

/* Index of the interval that starts then, or n. */
static size_t interval_at(const vo_series *prices, int64_t utc_s) {
    size_t lo = 0, hi = prices->n;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (prices->start[mid].s < utc_s)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < prices->n && prices->start[lo].s == utc_s ? lo : prices->n;
}

/* Column c of the file at the starts of the prices; NAN where it says nothing: nobody fills a
 * forecast. Of several rows of one time the last counts. */
static size_t align(const vo_series *prices, const vo_readings *file, size_t c, double *out) {
    size_t found = 0;
    for (size_t t = 0; t < prices->n; t++) out[t] = (double)NAN;
    for (size_t i = 0; i < file->n; i++) {
        const size_t t = interval_at(prices, file->start_s[i]);
        if (t == prices->n || (file->flag[i] & VO_READING_SKIPPED_HOUR)) continue;
        out[t] = file->column[c].value[i];
        found++;
    }
    return found;
}

/* A name of its own for a forecast: not that of a column of the prices. */
static void name_forecast(const vo_series *prices, const char *name, char out[VO_COLUMN_NAME]) {
    const bool taken = vo_series_find(prices, name) != NULL;
    if (taken && vo_text_same(name, "price"))
        snprintf(out, VO_COLUMN_NAME, "forecast");
    else if (taken)
        snprintf(out, VO_COLUMN_NAME, "forecast %.*s",
                 (int)vo_text_utf8_fault(name, strnlen(name, 50)), name);
    else
        snprintf(out, VO_COLUMN_NAME, "%s", name);
}

/* The prices' series with the forecasts as further columns. */
static vo_status join(const vo_series *prices, const vo_readings *file, const char *field,
                      const char *path, vo_series **out, vo_error *err) {
    const char *first_name = *file->price_name ? file->price_name : "forecast";
    const char *name[VO_SERIES_MAX_COLUMNS];
    const size_t n = prices->n_columns + file->n_columns;
    if (n > VO_SERIES_MAX_COLUMNS)
        return vo_fail(err, VO_EINVAL,
                       "%s %.80s: prices and forecasts have more than %d columns", field, path,
                       VO_SERIES_MAX_COLUMNS);
    char own[VO_SERIES_MAX_COLUMNS][VO_COLUMN_NAME];
    for (size_t i = 0; i < prices->n_columns; i++) name[i] = prices->column[i].name;
    for (size_t i = 0; i < file->n_columns; i++) {
        name_forecast(prices, i == 0 ? first_name : file->column[i].name, own[i]);
        name[prices->n_columns + i] = own[i];
    }
    vo_series *s = NULL;
    const vo_status status = vo_series_create(prices->n, name, n, NULL, &s, err);
    if (status != VO_OK) return status;
    memcpy(s->start, prices->start, prices->n * sizeof *s->start);
    memcpy(s->dt_h, prices->dt_h, prices->n * sizeof *s->dt_h);
    memcpy(s->day, prices->day, prices->n * sizeof *s->day);
    memcpy(s->zone, prices->zone, sizeof s->zone);
    memcpy(s->currency, prices->currency, sizeof s->currency);
    memcpy(s->label, prices->label, sizeof s->label);
    for (size_t i = 0; i < prices->n_columns; i++)
        memcpy(s->column[i].value, prices->column[i].value, prices->n * sizeof(double));
    size_t found = 0, k = prices->n_columns;
    for (size_t i = 0; i < file->n_columns; i++) {
        found += align(prices, file, i, s->column[k].value);
        if (i == 0 && same_as_price(prices, s->column[k].value)) continue;
        memcpy(s->column[k++].name, own[i], VO_COLUMN_NAME);
    }
    s->n_columns = k; /* the block stays whole: it is freed as one */
    if (found == 0) {
        vo_series_free(s);
        return vo_fail(err, VO_EINVAL,
                       "%s %.80s has no time stamp in common with "
                       "the prices: is its time zone another?",
                       field, path);
    }
    *out = s;
    return VO_OK;
}

vo_status vo_published_read(const vo_engine_options *o, const char *field, const char *path,
                            const char *tz, const vo_series *prices, vo_series **out,
                            vo_error *err) {
    if (!o->allow_files)
        return vo_fail(err, VO_EINVAL, "%s = \"%.80s\": local files are not read here", field,
                       path);
    vo_source_options so = vo_source_options_default();
    so.zone = tz;
    vo_readings_set *set = NULL;
    const vo_readings *rows = NULL;
    vo_status s = vo_source_read(path, &so, &set, err);
    if (s == VO_OK) s = vo_readings_set_find(set, NULL, NULL, &rows, err);
    if (s == VO_OK) s = join(prices, rows, field, path, out, err);
    vo_readings_set_free(set);
    return s;
}
