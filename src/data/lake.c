/* lake.c -- see lake.h. Reading and upserting: a part is merged in memory and written under its
 * node's lock; lake_part.h says how a file is checked, lake_changes.h what is kept beside it.
 */
#include "data/lake.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/schedule.h>

#include "base/zone.h"
#include "data/lake_changes.h"
#include "data/lake_rules.h"
#include "port/folder.h"

/* "KIND/market=.../process=.../node=.../year=.../changes.parquet", percent-encoded. */
#define PARTITION 640

#define LAST_YEAR 9999

vo_status vo_lake_open(const char *root, vo_lake **out, vo_error *err) {
    if (!root[0] || strlen(root) + PARTITION >= VO_LAKE_ROOT)
        return vo_fail(err, VO_EINVAL, "the lake's root has %zu bytes; 1..%d", strlen(root),
                       VO_LAKE_ROOT - PARTITION - 1);
    if (strpbrk(root, "*?[]{}"))
        return vo_fail(err, VO_EINVAL,
                       "the lake's root \"%.200s\" has wildcard characters; choose "
                       "a folder without * ? [ ] { }",
                       root);
    vo_lake *lake = calloc(1, sizeof *lake);
    if (!lake) return vo_fail(err, VO_ENOMEM, "no memory for a lake");
    memcpy(lake->root, root, strlen(root) + 1);
    vo_status st = VO_OK;
    if (!(lake->sql = malloc(VO_LAKE_SQL)))
        st = vo_fail(err, VO_ENOMEM, "no memory for a lake");
    if (st == VO_OK) st = vo_parquet_create(&lake->parquet, err);
    if (st == VO_OK) st = vo_duck_open(&lake->duck, err);
    if (st != VO_OK) {
        vo_lake_close(lake);
        return st;
    }
    *out = lake;
    return VO_OK;
}

void vo_lake_close(vo_lake *lake) {
    if (!lake) return;
    vo_duck_close(lake->duck);
    vo_parquet_free(lake->parquet);
    free(lake->sql);
    free(lake);
}

const char *vo_lake_root(const vo_lake *lake) { return lake->root; }

/* ---- reading --------------------------------------------------------------------------- */

static vo_status number_days(vo_series *s, vo_error *err) {
    vo_zone *zone = NULL;
    const vo_status st = vo_zone_open(s->zone, &zone, err);
    if (st != VO_OK) return st;
    const int64_t first = vo_zone_local_day(zone, s->start[0].s);
    int64_t day = first, next_s = INT64_MIN;
    for (size_t t = 0; t < s->n; t++) {
        if (s->start[t].s >= next_s) {
            day = vo_zone_local_day(zone, s->start[t].s);
            next_s = vo_zone_day_start(zone, day + 1);
        }
        s->day[t] = (int32_t)(day - first);
    }
    vo_zone_close(zone);
    return VO_OK;
}

static void stamp_text(int64_t s, char out[40]) {
    const vo_civil c = vo_civil_from_seconds(s);
    vo_civil_format(&c, out);
    strcat(out, "Z");
}

/* Lengths must fill the distance to the next start: a plan over a hole would be wrong without
 * anyone noticing. An interval that a finer one was put into is shortened. */
static vo_status close_ranks(vo_series *s, bool holes, vo_error *err) {
    for (size_t t = 0; t + 1 < s->n; t++) {
        const double gap_h = (double)(s->start[t + 1].s - s->start[t].s) / 3600;
        if (gap_h > s->dt_h[t] * (1 + 1e-9)) {
            if (holes) continue;
            char from[40], to[40];
            stamp_text(s->start[t].s, from);
            stamp_text(s->start[t + 1].s, to);
            return vo_fail(err, VO_EINVAL,
                           "%s has nothing between %s and %s; choose a span on "
                           "one side of it, or import what is missing",
                           s->label, from, to);
        }
        s->dt_h[t] = gap_h;
    }
    return VO_OK;
}

static vo_status not_in_span(const vo_lake_key *key, const vo_lake_years *years,
                             vo_error *err) {
    return vo_fail(err, VO_ENOTFOUND,
                   "the lake has no %s of %s %s %s in that span; it has years %d to %d",
                   vo_lake_kind(key), key->market, years->process, key->node,
                   (int)years->year[0], (int)years->year[years->n - 1]);
}

/* First interval that starts at or after `at`. */
static size_t lower_bound(const vo_series *s, int64_t at) {
    size_t lo = 0, hi = s->n;
    while (lo < hi) {
        const size_t middle = lo + (hi - lo) / 2;
        if (s->start[middle].s < at)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

typedef struct { /* the parts of a span, and what is wanted of each */
    size_t n;
    struct {
        vo_series *s;
        size_t from, to;
    } * part;
} stack;

static void stack_fini(stack *k) {
    for (size_t i = 0; i < k->n; i++) vo_series_free(k->part[i].s);
    free(k->part);
}

/* Same name, same column, in whatever case it was written. */
static bool has_name(const char *const *name, size_t n, const char *wanted) {
    for (size_t i = 0; i < n; i++)
        if (vo_text_same(name[i], wanted)) return true;
    return false;
}

static const char *of_last(const stack *k, size_t offset) {
    const char *text = "";
    for (size_t i = 0; i < k->n; i++) {
        const char *mine = (const char *)k->part[i].s + offset;
        if (mine[0]) text = mine;
    }
    return text;
}

/* Prices in two currencies are no series. */
static vo_status check_same(const stack *k, size_t offset, const char *what, vo_error *err) {
    const char *text = of_last(k, offset);
    for (size_t i = 0; i < k->n; i++) {
        const char *mine = (const char *)k->part[i].s + offset;
        if (mine[0] && strcmp(mine, text) != 0)
            return vo_fail(err, VO_EINVAL,
                           "the span has two %s, %s and %s; choose a span within one", what,
                           mine, text);
    }
    return VO_OK;
}

static vo_status join(const stack *k, vo_series **out, vo_error *err) {
    const char *name[VO_SERIES_MAX_COLUMNS];
    size_t n = 0, n_columns = 0;
    vo_status st = check_same(k, offsetof(vo_series, currency), "currencies", err);
    if (st == VO_OK) st = check_same(k, offsetof(vo_series, unit), "units", err);
    if (st != VO_OK) return st;
    for (size_t i = 0; i < k->n; i++) {
        const vo_series *s = k->part[i].s;
        n += k->part[i].to - k->part[i].from;
        for (size_t c = 0; c < s->n_columns; c++) {
            if (has_name(name, n_columns, s->column[c].name)) continue;
            if (n_columns == VO_SERIES_MAX_COLUMNS)
                return vo_fail(err, VO_EINVAL, "the span has over %d columns; choose less",
                               VO_SERIES_MAX_COLUMNS);
            name[n_columns++] = s->column[c].name;
        }
    }
    if ((st = vo_series_create(n, name, n_columns, NULL, out, err)) != VO_OK) return st;
    vo_series *all = *out;
    size_t at = 0;
    for (size_t i = 0; i < k->n; i++) {
        const vo_series *s = k->part[i].s;
        const size_t from = k->part[i].from, m = k->part[i].to - from;
        memcpy(all->start + at, s->start + from, m * sizeof *s->start);
        memcpy(all->dt_h + at, s->dt_h + from, m * sizeof *s->dt_h);
        for (size_t c = 0; c < n_columns; c++) {
            const double *v = vo_series_find(s, name[c]);
            if (v) memcpy(all->column[c].value + at, v + from, m * sizeof *v);
        }
        at += m;
    }
    snprintf(all->zone, sizeof all->zone, "%s", of_last(k, offsetof(vo_series, zone)));
    snprintf(all->currency, sizeof all->currency, "%s",
             of_last(k, offsetof(vo_series, currency)));
    snprintf(all->unit, sizeof all->unit, "%s", of_last(k, offsetof(vo_series, unit)));
    return VO_OK;
}

static vo_status read_parts(vo_lake *lake, const vo_lake_key *key, const vo_lake_years *years,
                            vo_time from, vo_time to, stack *k, vo_error *err) {
    for (size_t i = 0; i < years->n; i++) {
        char path[VO_LAKE_PATH];
        vo_lake_head head;
        vo_series *s = NULL;
        const vo_civil first = {.year = years->year[i], .month = 1, .day = 1};
        const vo_civil next = {.year = years->year[i] + 1, .month = 1, .day = 1};
        if (vo_civil_seconds(&next) <= from.s || vo_civil_seconds(&first) >= to.s) continue;
        vo_lake_year_folder(lake, key, years->year[i], path);
        strcat(path, "/part.parquet");
        const vo_status st = vo_lake_part_read(lake, path, &s, &head, err);
        if (st != VO_OK) return st;
        if (!s) continue;
        k->part[k->n].s = s;
        k->part[k->n].from = lower_bound(s, from.s);
        k->part[k->n].to = lower_bound(s, to.s);
        if (k->part[k->n].from < k->part[k->n].to)
            k->n++;
        else
            vo_series_free(s);
    }
    return VO_OK;
}

/* The one part whole, or what is wanted of one or several. */
static vo_status unstack(stack *k, vo_series **out, vo_error *err) {
    if (k->n == 1 && k->part[0].from == 0 && k->part[0].to == k->part[0].s->n) {
        *out = k->part[0].s;
        k->n = 0;
        return VO_OK;
    }
    return join(k, out, err);
}

vo_status vo_lake_read_rows(vo_lake *lake, const vo_lake_key *key, const vo_lake_years *years,
                            vo_time from, vo_time to, vo_series **out, vo_error *err) {
    stack k = {.n = 0};
    vo_series *s = NULL;
    k.part = malloc((years->n + 1) * sizeof *k.part);
    if (!k.part) return vo_fail(err, VO_ENOMEM, "no memory to read %zu years", years->n);
    vo_status st = read_parts(lake, key, years, from, to, &k, err);
    if (st == VO_OK && k.n) st = unstack(&k, &s, err);
    stack_fini(&k);
    if (st == VO_OK && s)
        snprintf(s->label, sizeof s->label, "%s %s %s", key->market, key->process, key->node);
    if (st == VO_OK && s) st = number_days(s, err);
    if (st == VO_OK && s) st = vo_series_check(s, err);
    if (st != VO_OK) {
        vo_series_free(s);
        return st;
    }
    *out = s;
    return VO_OK;
}

vo_status vo_lake_find(vo_lake *lake, const vo_lake_key *key, vo_time from, vo_time to,
                       vo_lake_years *years, vo_error *err) {
    vo_status st = vo_lake_key_check(key, false, err);
    if (st != VO_OK) return st;
    if (from.s >= to.s)
        return vo_fail(err, VO_EINVAL,
                       "the span from %lld to %lld is empty; from must be before to",
                       (long long)from.s, (long long)to.s);
    st = vo_lake_find_years(lake, key, years, err);
    return st == VO_OK && years->n == 0 ? vo_lake_not_there(lake, key, err) : st;
}

static vo_status read_span(vo_lake *lake, const vo_lake_key *key, vo_time from, vo_time to,
                           bool holes, vo_series **out, vo_error *err) {
    vo_lake_years years = {.n = 0};
    vo_series *s = NULL;
    vo_status st = vo_lake_find(lake, key, from, to, &years, err);
    if (st == VO_OK) {
        const vo_lake_key exact = {key->market, years.process, key->node, key->kind};
        st = vo_lake_read_rows(lake, &exact, &years, from, to, &s, err);
        if (st == VO_OK && !s) st = not_in_span(key, &years, err);
    }
    if (st == VO_OK) st = close_ranks(s, holes, err);
    vo_lake_years_fini(&years);
    if (st != VO_OK) {
        vo_series_free(s);
        return st;
    }
    *out = s;
    return VO_OK;
}

vo_status vo_lake_read(vo_lake *lake, const vo_lake_key *key, vo_time from, vo_time to,
                       vo_series **out, vo_error *err) {
    return read_span(lake, key, from, to, false, out, err);
}

vo_status vo_lake_read_holes(vo_lake *lake, const vo_lake_key *key, vo_time from, vo_time to,
                             vo_series **out, vo_error *err) {
    return read_span(lake, key, from, to, true, out, err);
}

/* ---- writing --------------------------------------------------------------------------- */

/* Union of columns and of rows; where both have a row, the new one's columns win. */
static vo_status merge(const vo_series *old, const vo_series *new, vo_series **out,
                       vo_error *err) {
    const char *name[2 * VO_SERIES_MAX_COLUMNS];
    size_t n_columns = 0, n = 0;
    for (size_t c = 0; c < new->n_columns; c++) name[n_columns++] = new->column[c].name;
    for (size_t c = 0; c < old->n_columns; c++)
        if (!vo_series_find(new, old->column[c].name)) name[n_columns++] = old->column[c].name;
    for (size_t i = 0, j = 0; i < old->n || j < new->n; n++) {
        const int64_t a = i < old->n ? old->start[i].s : INT64_MAX;
        const int64_t b = j < new->n ? new->start[j].s : INT64_MAX;
        i += a <= b;
        j += b <= a;
    }
    vo_series *s = NULL;
    const vo_status st = vo_series_create(n, name, n_columns, NULL, &s, err);
    if (st != VO_OK) return st;
    const double *of_new[VO_SERIES_MAX_COLUMNS], *of_old[VO_SERIES_MAX_COLUMNS];
    for (size_t c = 0; c < n_columns; c++) {
        of_new[c] = vo_series_find(new, name[c]);
        of_old[c] = vo_series_find(old, name[c]);
    }
    for (size_t i = 0, j = 0, t = 0; t < n; t++) {
        const int64_t a = i < old->n ? old->start[i].s : INT64_MAX;
        const int64_t b = j < new->n ? new->start[j].s : INT64_MAX;
        s->start[t].s = a < b ? a : b;
        s->dt_h[t] = b <= a ? new->dt_h[j] : old->dt_h[i];
        for (size_t c = 0; c < n_columns; c++) {
            if (b <= a && of_new[c])
                s->column[c].value[t] = of_new[c][j];
            else if (a <= b && of_old[c])
                s->column[c].value[t] = of_old[c][i];
        }
        i += a <= b;
        j += b <= a;
    }
    memcpy(s->zone, new->zone, sizeof s->zone);
    memcpy(s->currency, new->currency[0] ? new->currency : old->currency, sizeof s->currency);
    memcpy(s->unit, new->unit[0] ? new->unit : old->unit, sizeof s->unit);
    *out = s;
    return VO_OK;
}

/* The rows of `s` outside of [first_s, last_s]; NULL if there are none. */
static vo_status cut_rows(const vo_series *s, int64_t first_s, int64_t last_s, vo_series **out,
                          vo_error *err) {
    const char *name[VO_SERIES_MAX_COLUMNS];
    const size_t a = lower_bound(s, first_s), b = lower_bound(s, last_s + 1);
    const size_t after = s->n - b, n = a + after;
    *out = NULL;
    if (n == 0) return VO_OK;
    for (size_t c = 0; c < s->n_columns; c++) name[c] = s->column[c].name;
    vo_series *rest = NULL;
    const vo_status st = vo_series_create(n, name, s->n_columns, NULL, &rest, err);
    if (st != VO_OK) return st;
    memcpy(rest->start, s->start, a * sizeof *s->start);
    memcpy(rest->start + a, s->start + b, after * sizeof *s->start);
    memcpy(rest->dt_h, s->dt_h, a * sizeof *s->dt_h);
    memcpy(rest->dt_h + a, s->dt_h + b, after * sizeof *s->dt_h);
    for (size_t c = 0; c < s->n_columns; c++) {
        memcpy(rest->column[c].value, s->column[c].value, a * sizeof(double));
        memcpy(rest->column[c].value + a, s->column[c].value + b, after * sizeof(double));
    }
    memcpy(rest->zone, s->zone, sizeof rest->zone);
    memcpy(rest->currency, s->currency, sizeof rest->currency);
    memcpy(rest->unit, s->unit, sizeof rest->unit);
    *out = rest;
    return VO_OK;
}

typedef struct {        /* one year's work */
    const vo_series *s; /* of that year; NULL: only changes */
    int32_t year;
    int64_t first_s, last_s; /* of the whole import */
    const vo_series *all;    /* NULL: rows are only cut */
    const vo_clean_report *report;
    const char *source;
    bool cut;         /* stored rows of that span go */
    const char *zone; /* that the rows get; NULL: as it is */
} work;

/* What becomes of the stored rows. *all is NULL if none are left, or there were none. */
static vo_status join_rows(vo_lake *lake, const char *path, const work *w, vo_series **all,
                           vo_error *err) {
    vo_lake_head head;
    vo_series *old = NULL, *rest = NULL;
    vo_status st = vo_lake_part_read(lake, path, &old, &head, err);
    if (st == VO_OK && old) st = vo_series_check(old, err);
    if (st == VO_OK && old && w->cut) {
        st = cut_rows(old, w->first_s, w->last_s, &rest, err);
        vo_series_free(old);
        old = rest;
    }
    if (st == VO_OK && old && w->s) {
        st = merge(old, w->s, all, err);
        vo_series_free(old);
    } else if (st == VO_OK) {
        *all = old;
    } else {
        vo_series_free(old);
    }
    return st;
}

/* The part as it will be, written beside the old one. *sum is 0 if there is none. */
static vo_status write_part(vo_lake *lake, const char *path, const char *temporary,
                            const work *w, uint64_t *sum, vo_error *err) {
    vo_lake_head head;
    vo_series *all = NULL;
    *sum = 0;
    if (!w->s && !w->cut) {
        const vo_status found = vo_lake_head_load(lake, path, &head, err);
        *sum = head.sum;
        return found == VO_OK && head.state == VO_LAKE_BAD
                   ? vo_lake_refuse_bad(path, &head, err)
                   : found;
    }
    vo_status st = join_rows(lake, path, w, &all, err);
    if (st == VO_OK && (all || w->s)) {
        vo_series named = all ? *all : *w->s; /* a view: its rows are not its own */
        if (w->zone) snprintf(named.zone, sizeof named.zone, "%s", w->zone);
        st = vo_lake_part_write(lake, temporary, &named, false, &head, err);
        *sum = head.sum;
    }
    vo_series_free(all);
    return st;
}

/* Changes come first: a writer that is stopped between the two leaves changes that tell of
 * values not there yet, and the same import replaces them; never changed values of which
 * nothing is told. Only changes that are all gone are removed after the part. */
vo_status vo_lake_put_in_place(const char *folder, bool part, bool changes, vo_error *err) {
    char from[VO_LAKE_PATH + 32], to[VO_LAKE_PATH + 32];
    vo_status st = VO_OK;
    snprintf(to, sizeof to, "%s/changes.parquet", folder);
    snprintf(from, sizeof from, "%s/.changes.tmp", folder);
    if (changes && (st = vo_file_move(from, to, err)) != VO_OK) return st;
    snprintf(to, sizeof to, "%s/part.parquet", folder);
    snprintf(from, sizeof from, "%s/.part.tmp", folder);
    if (part && (st = vo_file_move(from, to, err)) != VO_OK) return st;
    snprintf(to, sizeof to, "%s/changes.parquet", folder);
    return changes ? VO_OK : vo_file_remove(to, err);
}

static vo_status take_leftover(void *ctx, const char *name, bool is_folder, vo_error *err) {
    char path[VO_LAKE_PATH + 300];
    const size_t len = strlen(name);
    if (is_folder || len < 4 || strcmp(name + len - 4, ".tmp") != 0) return VO_OK;
    snprintf(path, sizeof path, "%s/%s", (const char *)ctx, name);
    return vo_file_remove(path, err);
}

vo_status vo_lake_sweep(const char *folder, vo_error *err) {
    char copy[VO_LAKE_PATH];
    snprintf(copy, sizeof copy, "%s", folder);
    return vo_folder_list(copy, take_leftover, copy, err);
}

/* Another process may remove an empty folder above (vo_lake_compact) while ours is made. */
static vo_status make_folder(const char *folder, vo_error *err) {
    vo_status st = VO_OK;
    for (int i = 0; i < 8; i++)
        if ((st = vo_file_make_folders(folder, err)) == VO_OK) break;
    return st;
}

typedef struct { /* a year whose files wait to be put in place */
    int32_t year;
    bool is_new, part, changes;
    bool gone; /* no row is left of its part */
} ready;

/* Both files of a year, as they will be, beside those there are. */
static vo_status prepare_year(vo_lake *lake, const vo_lake_key *key, const work *w, ready *out,
                              vo_error *err) {
    char folder[VO_LAKE_PATH], path[VO_LAKE_PATH + 32], temporary[VO_LAKE_PATH + 32];
    vo_lake_kept kept = {.n = 0};
    vo_lake_head head;
    uint64_t sum = 0;
    vo_lake_year_folder(lake, key, w->year, folder);
    *out = (ready){.year = w->year, .is_new = !vo_file_exists(folder)};
    vo_status st = out->is_new ? make_folder(folder, err) : vo_lake_sweep(folder, err);
    if (st != VO_OK) return st;
    snprintf(path, sizeof path, "%s/changes.parquet", folder);
    if ((st = vo_lake_kept_read(lake, path, &kept, &head, err)) != VO_OK) goto fail;
    st = vo_lake_kept_replace(&kept, w->year, w->first_s, w->last_s, w->all, w->report,
                              w->source, err);
    if (st != VO_OK) goto fail;
    snprintf(path, sizeof path, "%s/part.parquet", folder);
    snprintf(temporary, sizeof temporary, "%s/.part.tmp", folder);
    if ((st = write_part(lake, path, temporary, w, &sum, err)) != VO_OK) goto fail;
    out->gone = w->cut && sum == 0;
    out->part = (w->s || w->cut) && !out->gone;
    snprintf(temporary, sizeof temporary, "%s/.changes.tmp", folder);
    if (kept.n) st = vo_lake_kept_write(lake, temporary, &kept, sum, &head, err);
    out->changes = kept.n > 0;
fail:
    vo_lake_kept_fini(&kept);
    return st;
}

/* Of years that were not put in place nothing is left. */
static void give_up(vo_lake *lake, const vo_lake_key *key, const ready *year, size_t n) {
    for (size_t i = 0; i < n; i++) {
        char folder[VO_LAKE_PATH];
        vo_lake_year_folder(lake, key, year[i].year, folder);
        vo_lake_sweep(folder, NULL);
        if (year[i].is_new) vo_folder_remove_empty(folder);
    }
}

static int32_t year_of(int64_t s) { return vo_civil_from_seconds(s).year; }

/* The first year after `after` that rows or changes lie in, or of `years` one that is cut; 0 if
 * there is none. */
static int32_t next_year(const work *w, const vo_lake_years *years) {
    const vo_civil next = {.year = w->year + 1, .month = 1, .day = 1};
    const int64_t from = w->year < 1 ? INT64_MIN : vo_civil_seconds(&next);
    int64_t best = INT64_MAX;
    const size_t at = w->all ? lower_bound(w->all, from) : 0;
    if (w->all && at < w->all->n) best = w->all->start[at].s;
    for (size_t i = 0; w->report && i < w->report->n; i++) {
        const int64_t start = w->report->touch[i].start_s;
        if (start >= from && start < best) best = start;
    }
    int32_t year = best == INT64_MAX ? 0 : year_of(best);
    for (size_t i = 0; w->cut && i < years->n; i++) {
        const int32_t y = years->year[i];
        if (y > w->year && (year == 0 || y < year) && y >= year_of(w->first_s) &&
            y <= year_of(w->last_s))
            year = y;
    }
    return year;
}

/* The year w->year of w->all: its rows are sliced, its files prepared. */
static vo_status prepare(vo_lake *lake, const vo_lake_key *key, work *w, ready *out,
                         vo_error *err) {
    const vo_civil first = {.year = w->year, .month = 1, .day = 1};
    const vo_civil next = {.year = w->year + 1, .month = 1, .day = 1};
    const vo_time from = {vo_civil_seconds(&first)}, to = {vo_civil_seconds(&next)};
    const size_t a = w->all ? lower_bound(w->all, from.s) : 0;
    const size_t b = w->all ? lower_bound(w->all, to.s) : 0;
    vo_series *slice = NULL;
    vo_status st = VO_OK;
    *out = (ready){.year = w->year};
    if (a < b && b - a < w->all->n) st = vo_series_slice(w->all, from, to, &slice, err);
    if (st != VO_OK) return st;
    w->s = a == b ? NULL : slice ? slice : w->all;
    st = prepare_year(lake, key, w, out, err);
    vo_series_free(slice);
    return st;
}

/* A part without rows goes before its changes do: values of which nothing is told are worse
 * than changes without values, which vo_lake_doctor finds. */
static vo_status put_year(vo_lake *lake, const vo_lake_key *key, const ready *year,
                          vo_error *err) {
    char path[VO_LAKE_PATH + 32], folder[VO_LAKE_PATH];
    vo_lake_year_folder(lake, key, year->year, folder);
    snprintf(path, sizeof path, "%s/part.parquet", folder);
    const vo_status st = year->gone ? vo_file_remove(path, err) : VO_OK;
    return st == VO_OK ? vo_lake_put_in_place(folder, year->part, year->changes, err) : st;
}

/* All years are written before any is put in place: what can fail has failed by then. */
static vo_status write_years(vo_lake *lake, const vo_lake_key *key, work *w, vo_error *err) {
    vo_lake_years years = {.n = 0};
    ready *year = NULL;
    size_t n = 0, done = 0;
    vo_status st = w->cut ? vo_lake_find_years(lake, key, &years, err) : VO_OK;
    while (st == VO_OK && (w->year = next_year(w, &years)) != 0) {
        ready *more = realloc(year, (n + 1) * sizeof *more);
        if (!more) {
            st = vo_fail(err, VO_ENOMEM, "no memory to store %zu years", n + 1);
            break;
        }
        year = more;
        st = prepare(lake, key, w, &year[n++], err);
    }
    for (; st == VO_OK && done < n; done++) st = put_year(lake, key, &year[done], err);
    if (st != VO_OK) give_up(lake, key, year + done, n - done);
    vo_lake_years_fini(&years);
    free(year);
    return st;
}

vo_status vo_lake_upsert_locked(vo_lake *lake, const vo_lake_key *key, const vo_series *s,
                                const vo_clean_report *report, const char *source, bool replace,
                                const char *zone, vo_error *err) {
    work w = {.first_s = s->start[0].s,
              .last_s = s->start[s->n - 1].s,
              .all = s,
              .report = report,
              .source = source,
              .cut = replace,
              .zone = zone};
    return write_years(lake, key, &w, err);
}

vo_status vo_lake_cut_locked(vo_lake *lake, const vo_lake_key *key, int64_t first_s,
                             int64_t last_s, vo_error *err) {
    work w = {.first_s = first_s, .last_s = last_s, .cut = true};
    return write_years(lake, key, &w, err);
}

static vo_status check_columns(const vo_series *s, vo_error *err) {
    static const char *const taken[] = {"start", "dt_h", "zone", "currency", "unit"};
    if (s->n_columns == 0)
        return vo_fail(err, VO_EINVAL, "a series without a column: give it one");
    for (size_t c = 0; c < s->n_columns; c++) {
        const char *name = s->column[c].name;
        for (size_t k = 0; k < sizeof taken / sizeof taken[0]; k++)
            if (vo_text_same(name, taken[k]))
                return vo_fail(err, VO_EINVAL,
                               "column \"%s\" has a name that the lake uses itself; rename it",
                               taken[k]);
        for (size_t k = 0; k < c; k++) /* Parquet tells them apart, SQL does not */
            if (vo_text_same(name, s->column[k].name))
                return vo_fail(err, VO_EINVAL,
                               "columns \"%s\" and \"%s\" differ in case only; rename one",
                               s->column[k].name, name);
        if (vo_text_utf8_fault(name, strlen(name)) < strlen(name))
            return vo_fail(err, VO_EINVAL,
                           "the name of column %zu is not UTF-8 text; rename it, or save the "
                           "file as UTF-8",
                           c + 1);
        for (const char *p = name; *p; p++)
            if ((unsigned char)*p < 0x20 || *p == 0x7f)
                return vo_fail(err, VO_EINVAL, "column %zu has a control character; rename it",
                               c + 1);
    }
    return VO_OK;
}

static vo_status check_stamp(int64_t s, const char *what, vo_error *err) {
    const vo_civil first = {.year = 1, .month = 1, .day = 1};
    const vo_civil next = {.year = LAST_YEAR + 1, .month = 1, .day = 1};
    if (s >= vo_civil_seconds(&first) && s < vo_civil_seconds(&next)) return VO_OK;
    return vo_fail(err, VO_EINVAL,
                   "%s at %lld s since 1970 is outside the years 1 to %d, which is all that "
                   "the lake holds; correct its stamp",
                   what, (long long)s, LAST_YEAR);
}

static vo_status check_stamps(const vo_series *s, const vo_clean_report *report,
                              vo_error *err) {
    vo_status st = check_stamp(s->start[0].s, "an interval", err);
    if (st == VO_OK) st = check_stamp(s->start[s->n - 1].s, "an interval", err);
    for (size_t i = 0; report && i < report->n && st == VO_OK; i++)
        st = check_stamp(report->touch[i].start_s, "a change", err);
    return st;
}

static vo_status check_all(const vo_lake_key *key, const vo_series *s,
                           const vo_clean_report *report, vo_error *err) {
    vo_status st = vo_lake_key_check(key, true, err);
    if (st == VO_OK) st = check_columns(s, err);
    if (st == VO_OK) st = vo_series_check(s, err);
    return st == VO_OK ? check_stamps(s, report, err) : st;
}

vo_status vo_lake_upsert_as(vo_lake *lake, const vo_lake_key *key, const vo_series *s,
                            const vo_clean_report *report, const char *source,
                            const vo_lake_how *how, char zone[64], vo_error *err) {
    const vo_lake_how plain = {.replace = false};
    vo_file_lock lock = {-1};
    char follow[64];
    if (!how) how = &plain;
    vo_status st = check_all(key, s, report, err);
    if (st == VO_OK) st = vo_lake_lock(lake, key, &lock, err);
    if (st != VO_OK) return st;
    st = vo_lake_rules_check(lake, key, s, how, follow, err);
    if (st == VO_OK)
        st = vo_lake_upsert_locked(lake, key, s, report, source, how->replace, follow, err);
    vo_file_lock_drop(&lock);
    if (st == VO_OK && zone) memcpy(zone, follow, sizeof follow);
    return st;
}

vo_status vo_lake_upsert(vo_lake *lake, const vo_lake_key *key, const vo_series *s,
                         const vo_clean_report *report, const char *source, vo_error *err) {
    return vo_lake_upsert_as(lake, key, s, report, source, NULL, NULL, err);
}

vo_status vo_lake_check(vo_lake *lake, const vo_lake_key *key, const vo_series *s,
                        const vo_lake_how *how, vo_error *err) {
    const vo_lake_how plain = {.replace = false};
    char zone[64];
    const vo_status st = check_all(key, s, NULL, err);
    return st == VO_OK ? vo_lake_rules_check(lake, key, s, how ? how : &plain, zone, err) : st;
}
