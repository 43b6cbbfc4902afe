/* lake_rules.c -- see lake_rules.h. The stored parts of the years that the new series touches
 * are compared with it; if it touches none, the nearest one is, so that a year of prices per kWh
 * after years of prices per MWh is noticed too.
 */
#include "data/lake_rules.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/order.h"
#include "data/lake_part.h"

#define SCALE 100.0    /* a median so many times another is of another unit */
#define SCALE_MIN 24u  /* values that a median is taken of */
#define UNEVEN_RATIO 8 /* one length in so many that is not the one before: uneven */

typedef struct {
    vo_lake *lake;
    const vo_lake_key *key;
    const vo_series *s; /* the new one */
    const vo_lake_how *how;
    int64_t first_s, last_s; /* of what replace takes */
    bool stays;              /* a stored row lies outside of that */
    char stored_zone[64];
    double *value; /* [n] stored prices */
    size_t n;
} check;

static vo_status refuse(const check *k, vo_error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static vo_status refuse(const check *k, vo_error *err, const char *fmt, ...) {
    char why[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    return vo_fail(err, VO_EINVAL, "%s %.31s %.31s %.80s in the lake %s", vo_lake_kind(k->key),
                   k->key->market, k->key->process, k->key->node, why);
}

/* ---- lengths ------------------------------------------------------------------------------ */

/* Lengths that differ from row to row are no step that could be another one. */
static bool is_uneven(const vo_series *s) {
    size_t changes = 0;
    for (size_t t = 1; t < s->n; t++) changes += fabs(s->dt_h[t] - s->dt_h[t - 1]) > 1e-6;
    return changes * UNEVEN_RATIO > s->n;
}

static double end_s(const vo_series *s, size_t t) {
    return (double)s->start[t].s + s->dt_h[t] * 3600;
}

/* Two intervals that overlap, start apart and have two lengths. */
static vo_status check_lengths(const check *k, const vo_series *old, vo_error *err) {
    const vo_series *s = k->s;
    if (is_uneven(old) || is_uneven(s)) return VO_OK;
    for (size_t i = 0, j = 0; i < old->n && j < s->n;) {
        const int64_t a = old->start[i].s, b = s->start[j].s;
        const bool meet = a < b ? end_s(old, i) > (double)b : end_s(s, j) > (double)a;
        if (a != b && meet && fabs(old->dt_h[i] - s->dt_h[j]) > 1e-6) {
            char at[40];
            const vo_civil c = vo_civil_from_seconds(a);
            vo_civil_format(&c, at);
            return refuse(k, err,
                          "is stored every %g min at %sZ, the new rows come every %g min: give "
                          "them another process or node, or replace = true",
                          old->dt_h[i] * 60, at, s->dt_h[j] * 60);
        }
        if (end_s(old, i) <= end_s(s, j))
            i++;
        else
            j++;
    }
    return VO_OK;
}

/* ---- what the values are in ------------------------------------------------------------ */

static vo_status check_text(const check *k, const char *old, const char *new, vo_error *err) {
    if (!old[0] || !new[0] || strcmp(old, new) == 0) return VO_OK;
    return refuse(k, err,
                  "holds values in %s, the new ones are in %s: give them another market or "
                  "node, or replace = true for all of its rows",
                  old, new);
}

static vo_status remember(check *k, const vo_series *old, vo_error *err) {
    double *more = realloc(k->value, (k->n + old->n) * sizeof *more);
    if (!more) return vo_fail(err, VO_ENOMEM, "no memory to compare %zu values", old->n);
    k->value = more;
    for (size_t t = 0; t < old->n; t++)
        if (isfinite(old->column[0].value[t])) k->value[k->n++] = fabs(old->column[0].value[t]);
    return VO_OK;
}

static double median(double *x, size_t n) {
    qsort(x, n, sizeof *x, vo_order_double);
    return vo_order_quantile(x, n, 0.5);
}

static vo_status check_scale(check *k, vo_error *err) {
    const vo_series *s = k->s;
    double *x = malloc(s->n * sizeof *x);
    size_t n = 0;
    if (!x) return vo_fail(err, VO_ENOMEM, "no memory to compare %zu values", s->n);
    for (size_t t = 0; t < s->n; t++)
        if (isfinite(s->column[0].value[t])) x[n++] = fabs(s->column[0].value[t]);
    const bool enough = n >= SCALE_MIN && k->n >= SCALE_MIN;
    const double new = enough ? median(x, n) : 0, old = enough ? median(k->value, k->n) : 0;
    free(x);
    if (!(new > 0 && old > 0) || (new < SCALE *old &&old < SCALE *new)) return VO_OK;
    if (new < old)
        return refuse(
            k, err,
            "has prices about %.3g, the new ones are about %.3g: if these are per kWh, "
            "price_unit = \"kwh\"; if they are right, replace = true, or another node",
            old, new);
    return refuse(
        k, err,
        "has prices about %.3g, the new ones are about %.3g: were the stored ones per "
        "kWh? Import those anew with price_unit = \"kwh\" and replace = true",
        old, new);
}

/* ---- all of it -------------------------------------------------------------------------- */

static bool some_outside(const check *k, const vo_series *old) {
    return old->n && (old->start[0].s < k->first_s || old->start[old->n - 1].s > k->last_s);
}

static bool is_price(const check *k) {
    return strcmp(vo_lake_kind(k->key), VO_KIND_PRICES) == 0;
}

static vo_status look_at(check *k, int32_t year, bool touched, vo_error *err) {
    char path[VO_LAKE_PATH];
    vo_lake_head head;
    vo_series *old = NULL;
    vo_lake_year_folder(k->lake, k->key, year, path);
    const size_t len = strlen(path);
    snprintf(path + len, sizeof path - len, "/part.parquet");
    vo_status st = vo_lake_part_read(k->lake, path, &old, &head, err);
    if (st != VO_OK || !old) return st;
    const bool stays = some_outside(k, old);
    k->stays = k->stays || stays;
    if (old->zone[0]) memcpy(k->stored_zone, old->zone, sizeof k->stored_zone);
    if (k->how->checked) goto done;
    if (touched && (!k->how->replace || stays)) {
        st = check_text(k, old->currency, k->s->currency, err);
        if (st == VO_OK) st = check_text(k, old->unit, k->s->unit, err);
    }
    if (st == VO_OK && touched && !k->how->replace) st = check_lengths(k, old, err);
    if (st == VO_OK && is_price(k) && !k->how->replace) st = remember(k, old, err);
done:
    vo_series_free(old);
    return st;
}

static int32_t year_of(int64_t s) { return vo_civil_from_seconds(s).year; }

/* Of untouched years the nearest is compared, where there is no other; of all others the last
 * one's zone counts, as it does for who reads them. */
static vo_status look_at_years(check *k, const vo_lake_years *years, vo_error *err) {
    const int32_t first = year_of(k->first_s), last = year_of(k->last_s);
    size_t nearest = 0, touched = 0;
    vo_status st = VO_OK;
    for (size_t i = 0; i < years->n; i++) {
        const int32_t y = years->year[i];
        if (y >= first && y <= last) touched++;
        if (y < first) nearest = i;
    }
    k->stays = touched < years->n;
    for (size_t i = 0; i < years->n && st == VO_OK; i++) {
        const int32_t y = years->year[i];
        const bool is_touched = y >= first && y <= last;
        if (is_touched || (touched == 0 && i == nearest) || i + 1 == years->n)
            st = look_at(k, y, is_touched, err);
    }
    return st;
}

/* Days follow the zone that is stored; all of them another one, if that is asked for and every
 * stored row goes. */
static vo_status choose_zone(const check *k, char zone[64], vo_error *err) {
    const char *old = k->stored_zone, *new = k->s->zone;
    const bool other = old[0] && new[0] && strcmp(old, new) != 0;
    const bool all_go = k->how->replace && !k->stays;
    snprintf(zone, 64, "%s", old[0] && !(other && all_go && k->how->zone_named) ? old : new);
    if (!other || all_go || !k->how->zone_named) return VO_OK;
    return refuse(
        k, err,
        "has days of %.60s, tz = \"%.60s\" is asked for: leave it out, or replace all "
        "of its rows (replace = true)",
        old, new);
}

vo_status vo_lake_rules_check(vo_lake *lake, const vo_lake_key *key, const vo_series *s,
                              const vo_lake_how *how, char zone[64], vo_error *err) {
    check k = {.lake = lake, .key = key, .s = s, .how = how};
    const bool ranged = how->first_s != 0 || how->last_s != 0;
    vo_lake_years years = {.n = 0};
    k.first_s = ranged ? how->first_s : s->start[0].s;
    k.last_s = ranged ? how->last_s : s->start[s->n - 1].s;
    vo_status st = vo_lake_find_years(lake, key, &years, err);
    if (st == VO_OK) st = look_at_years(&k, &years, err);
    if (st == VO_OK && is_price(&k) && !how->replace && k.n) st = check_scale(&k, err);
    if (st == VO_OK) st = choose_zone(&k, zone, err);
    vo_lake_years_fini(&years);
    free(k.value);
    return st;
}
