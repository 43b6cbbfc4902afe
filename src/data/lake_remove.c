/* lake_remove.c -- vo_lake_remove of lake.h: whole years are unlinked, the years at both ends of
 * the span are written anew without its rows. */
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "data/lake_part.h"
#include "port/folder.h"

typedef struct {
    vo_lake *lake;
    const vo_lake_key *key;
    int64_t from_s, to_s;
    bool dry;
    vo_lake_removal out;
} removal;

static int64_t year_start(int32_t year) {
    const vo_civil c = {.year = year, .month = 1, .day = 1};
    return vo_civil_seconds(&c);
}

static void count(removal *r, const vo_series *s, size_t *n) {
    *n = 0;
    for (size_t t = 0; t < s->n; t++) {
        const int64_t at = s->start[t].s;
        if (at < r->from_s || at >= r->to_s) continue;
        if (r->out.rows + *n == 0 || at < r->out.first_s) r->out.first_s = at;
        if (r->out.rows + *n == 0 || at > r->out.last_s) r->out.last_s = at;
        ++*n;
    }
    r->out.rows += *n;
}

/* A part goes before its changes do, as in lake.c. */
static vo_status unlink_year(const char *folder, vo_error *err) {
    char path[VO_LAKE_PATH + 32];
    snprintf(path, sizeof path, "%s/part.parquet", folder);
    vo_status st = vo_file_remove(path, err);
    snprintf(path, sizeof path, "%s/changes.parquet", folder);
    if (st == VO_OK) st = vo_file_remove(path, err);
    if (st == VO_OK) st = vo_lake_sweep(folder, err);
    return st;
}

static vo_status take_year(removal *r, int32_t year, vo_error *err) {
    char folder[VO_LAKE_PATH], path[VO_LAKE_PATH + 32];
    const int64_t begin_s = year_start(year), end_s = year_start(year + 1);
    const bool whole = r->from_s <= begin_s && r->to_s >= end_s;
    vo_lake_head head;
    vo_series *s = NULL;
    size_t n = 0;
    vo_lake_year_folder(r->lake, r->key, year, folder);
    snprintf(path, sizeof path, "%s/part.parquet", folder);
    vo_status st = vo_lake_part_read(r->lake, path, &s, &head, err);
    if (st == VO_EIO && head.state == VO_LAKE_BAD && whole) {
        r->out.damaged++;
        r->out.parts++;
        return r->dry ? VO_OK : unlink_year(folder, err);
    }
    if (st != VO_OK) return st;
    if (s) count(r, s, &n);
    const bool all = whole || (s && n == s->n);
    r->out.parts += all;
    r->out.cut += !all && n > 0;
    vo_series_free(s);
    if (r->dry) return VO_OK;
    if (all) return unlink_year(folder, err);
    return vo_lake_cut_locked(r->lake, r->key, r->from_s > begin_s ? r->from_s : begin_s,
                              (r->to_s < end_s ? r->to_s : end_s) - 1, err);
}

/* The folders of the node, from the year up to the kind, as far as they are empty. */
static void prune(const removal *r, int32_t year) {
    char folder[VO_LAKE_PATH];
    vo_lake_year_folder(r->lake, r->key, year, folder);
    for (int level = 0; level < 5 && vo_folder_remove_empty(folder); level++)
        *strrchr(folder, '/') = '\0';
}

static vo_status take_years(removal *r, const vo_lake_years *years, vo_error *err) {
    vo_status st = VO_OK;
    for (size_t i = 0; i < years->n && st == VO_OK; i++) {
        const int32_t year = years->year[i];
        if (year_start(year) >= r->to_s || year_start(year + 1) <= r->from_s) continue;
        st = take_year(r, year, err);
        if (!r->dry) prune(r, year);
    }
    if (st == VO_OK && r->out.parts + r->out.cut == 0)
        st = vo_fail(err, VO_ENOTFOUND, "the lake has no %s of %s %s %s in that span",
                     vo_lake_kind(r->key), r->key->market, r->key->process, r->key->node);
    return st;
}

vo_status vo_lake_remove(vo_lake *lake, const vo_lake_key *key, vo_time from, vo_time to,
                         bool dry, vo_lake_removal *out, vo_error *err) {
    removal r = {.lake = lake, .key = key, .from_s = from.s, .to_s = to.s, .dry = dry};
    vo_file_lock lock = {-1};
    vo_lake_years years = {.n = 0};
    vo_status st = vo_lake_key_check(key, true, err);
    if (st == VO_OK && from.s < to.s) st = vo_lake_find(lake, key, from, to, &years, err);
    if (st == VO_OK && from.s >= to.s)
        st = vo_fail(err, VO_EINVAL, "the span is empty; from must be before to");
    if (st == VO_OK) st = vo_lake_lock(lake, key, &lock, err);
    if (st == VO_OK) {
        st = take_years(&r, &years, err);
        vo_file_lock_drop(&lock);
    }
    vo_lake_years_fini(&years);
    if (st == VO_OK) *out = r.out;
    return st;
}
