/* lake_compare.c -- what an upsert would change (vo_lake_compare of lake.h): a walk through the
 * stored rows and the new ones, both sorted by their starts. */
#include <math.h>
#include <string.h>

#include "data/lake_tree.h"

static bool is_same(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

/* Columns that the new rows do not have stay as they are. */
static bool is_kept(const vo_series *old, size_t i, const vo_series *new, size_t j) {
    for (size_t c = 0; c < new->n_columns; c++) {
        const double *stored = vo_series_find(old, new->column[c].name);
        const double value = stored ? stored[i] : (double)NAN;
        if (!is_same(value, new->column[c].value[j])) return false;
    }
    return fabs(old->dt_h[i] - new->dt_h[j]) <= 1e-9 * new->dt_h[j];
}

static void count(const vo_series *old, const vo_series *new, vo_lake_difference *out) {
    size_t i = 0;
    for (size_t j = 0; j < new->n; j++) {
        while (old && i < old->n && old->start[i].s < new->start[j].s) i++;
        if (!old || i == old->n || old->start[i].s != new->start[j].s)
            out->added++;
        else if (is_kept(old, i, new, j))
            out->same++;
        else
            out->changed++;
    }
}

vo_status vo_lake_compare(vo_lake *lake, const vo_lake_key *key, const vo_series *s,
                          vo_lake_difference *out, vo_error *err) {
    const vo_time from = s->start[0], to = {s->start[s->n - 1].s + 1};
    vo_lake_difference found = {0};
    vo_lake_years years = {.n = 0};
    vo_series *old = NULL;
    vo_status st = vo_lake_key_check(key, true, err);
    if (st == VO_OK) st = vo_lake_find_years(lake, key, &years, err);
    if (st == VO_OK && years.n) st = vo_lake_read_rows(lake, key, &years, from, to, &old, err);
    if (st == VO_OK) {
        count(old, s, &found);
        *out = found;
    }
    vo_series_free(old);
    vo_lake_years_fini(&years);
    return st;
}
