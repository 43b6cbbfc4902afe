/* lake_doctor.c -- vo_lake_doctor and vo_lake_compact of lake.h: every part under its node's
 * lock, one after the other, so that writers of other nodes go on. Nothing is thrown away but
 * temporary files of the dead: what is mended goes to ROOT/damaged/ first as it was. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "data/lake_changes.h"
#include "port/folder.h"

#define MAX_FILE ((size_t)1 << 31)
#define LONG_PATH (VO_LAKE_PATH + 64)

const char *vo_lake_ill_name(vo_lake_ill ill) {
    static const char *const name[] = {
        [VO_LAKE_DAMAGED] = "damaged",   [VO_LAKE_DISORDERED] = "disordered",
        [VO_LAKE_CHANGES] = "changes",   [VO_LAKE_LEFTOVER] = "leftover",
        [VO_LAKE_STRANGER] = "stranger", [VO_LAKE_MIXED] = "mixed"};
    return (size_t)ill < sizeof name / sizeof name[0] ? name[ill] : "?";
}

typedef struct {
    vo_lake *lake;
    bool mend;
    vo_lake_told told;
    void *ctx;
    vo_lake_health health;
    size_t done, parts;
    char last[VO_LAKE_PATH]; /* the node folder of the part before */
} round_of;

static vo_status count_part(void *ctx, const vo_lake_place *place, vo_error *err) {
    (void)err;
    *(size_t *)ctx += place->part;
    return VO_OK;
}

static vo_status begin(round_of *d, vo_error *err) {
    const vo_lake_visitor visitor = {.ctx = &d->parts, .place = count_part};
    return vo_lake_walk(d->lake, &visitor, err);
}

static vo_status find_ill(round_of *d, vo_lake_ill ill, bool mended, const char *path,
                          const char *what, vo_error *err) {
    const size_t skip = strlen(d->lake->root) + 1;
    const vo_lake_finding finding = {ill, mended, path + skip, what};
    d->health.findings++;
    d->health.mended += mended;
    return d->told ? d->told(d->ctx, d->done, d->parts, &finding, err) : VO_OK;
}

static vo_status end_part(round_of *d, const vo_lake_place *place, const vo_lake_head *head,
                          vo_error *err) {
    char node[VO_LAKE_PATH];
    vo_lake_node_folder(d->lake, &place->key, node);
    d->health.series += strcmp(node, d->last) != 0;
    memcpy(d->last, node, sizeof node);
    d->health.parts++;
    if (head->state != VO_LAKE_BAD) d->health.rows += (size_t)head->rows;
    d->done++;
    return d->told ? d->told(d->ctx, d->done, d->parts, NULL, err) : VO_OK;
}

/* ---- out of the way --------------------------------------------------------------------- */

/* A free name for `path` below ROOT/damaged, its folder made. */
static vo_status damaged_name(round_of *d, const char *path, char out[LONG_PATH],
                              vo_error *err) {
    const char *below = path + strlen(d->lake->root);
    char folder[LONG_PATH];
    snprintf(folder, sizeof folder, "%s/damaged%.*s", d->lake->root,
             (int)(strrchr(below, '/') - below), below);
    const vo_status st = vo_file_make_folders(folder, err);
    if (st != VO_OK) return st;
    for (int i = 0; i < 10000; i++) {
        if (i == 0)
            snprintf(out, LONG_PATH, "%s/damaged%s", d->lake->root, below);
        else
            snprintf(out, LONG_PATH, "%s/damaged%s.%d", d->lake->root, below, i);
        if (!vo_file_exists(out)) return VO_OK;
    }
    return vo_fail(err, VO_EIO, "\"%.300s\" is full; empty it", folder);
}

static vo_status move_aside(round_of *d, const char *path, vo_error *err) {
    char to[LONG_PATH];
    const vo_status st = damaged_name(d, path, to, err);
    return st == VO_OK ? vo_file_move(path, to, err) : st;
}

static vo_status copy_aside(round_of *d, const char *path, vo_error *err) {
    char to[LONG_PATH], *data = NULL;
    size_t len = 0;
    vo_status st = damaged_name(d, path, to, err);
    if (st == VO_OK) st = vo_file_read(path, MAX_FILE, &data, &len, err);
    if (st == VO_OK) st = vo_file_write(to, data, len, err);
    free(data);
    return st;
}

/* `s` in place of the part of a folder; the changes beside it belong to it then. */
static vo_status rewrite(vo_lake *lake, const char *folder, const vo_series *s, bool packed,
                         vo_lake_head *head, vo_error *err) {
    char path[LONG_PATH];
    vo_lake_kept kept = {.n = 0};
    vo_lake_head other;
    snprintf(path, sizeof path, "%s/changes.parquet", folder);
    vo_status st = vo_lake_kept_read(lake, path, &kept, &other, err);
    snprintf(path, sizeof path, "%s/.part.tmp", folder);
    if (st == VO_OK) st = vo_lake_part_write(lake, path, s, packed, head, err);
    snprintf(path, sizeof path, "%s/.changes.tmp", folder);
    if (st == VO_OK && kept.n)
        st = vo_lake_kept_write(lake, path, &kept, head->sum, &other, err);
    if (st == VO_OK) st = vo_lake_put_in_place(folder, true, kept.n > 0, err);
    if (st != VO_OK) vo_lake_sweep(folder, NULL);
    vo_lake_kept_fini(&kept);
    return st;
}

/* ---- order ------------------------------------------------------------------------------ */

static bool is_in_order(const vo_series *s, int32_t year) {
    for (size_t t = 0; t < s->n; t++) {
        if (t && s->start[t].s <= s->start[t - 1].s) return false;
        if (!(s->dt_h[t] > 0 && isfinite(s->dt_h[t]))) return false;
    }
    const vo_civil first = {.year = year, .month = 1, .day = 1};
    const vo_civil next = {.year = year + 1, .month = 1, .day = 1};
    return s->start[0].s >= vo_civil_seconds(&first) &&
           s->start[s->n - 1].s < vo_civil_seconds(&next);
}

typedef struct {
    int64_t start_s;
    size_t row;
} row_place;

static int by_start(const void *a, const void *b) {
    const row_place *x = a, *y = b;
    if (x->start_s != y->start_s) return x->start_s < y->start_s ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* The rows that the lake can hold, sorted, of equal starts the last. *out is NULL if none. */
static vo_status sort_rows(const vo_series *s, vo_series **out, vo_error *err) {
    const vo_civil first = {.year = 1, .month = 1, .day = 1};
    const vo_civil next = {.year = 10000, .month = 1, .day = 1};
    const int64_t from_s = vo_civil_seconds(&first), to_s = vo_civil_seconds(&next);
    const char *name[VO_SERIES_MAX_COLUMNS];
    size_t n = 0, kept = 0;
    row_place *at = malloc(s->n * sizeof *at);
    if (!at) return vo_fail(err, VO_ENOMEM, "no memory to sort %zu rows", s->n);
    for (size_t t = 0; t < s->n; t++)
        if (s->start[t].s >= from_s && s->start[t].s < to_s && s->dt_h[t] > 0 &&
            isfinite(s->dt_h[t]))
            at[n++] = (row_place){s->start[t].s, t};
    if (n) qsort(at, n, sizeof *at, by_start);
    for (size_t i = 0; i < n; i++)
        if (i + 1 == n || at[i + 1].start_s != at[i].start_s) at[kept++] = at[i];
    for (size_t c = 0; c < s->n_columns; c++) name[c] = s->column[c].name;
    vo_series *all = NULL;
    const vo_status st =
        kept ? vo_series_create(kept, name, s->n_columns, NULL, &all, err) : VO_OK;
    for (size_t i = 0; all && i < kept; i++) {
        all->start[i].s = at[i].start_s;
        all->dt_h[i] = s->dt_h[at[i].row];
        for (size_t c = 0; c < s->n_columns; c++)
            all->column[c].value[i] = s->column[c].value[at[i].row];
    }
    if (all) {
        memcpy(all->zone, s->zone, sizeof all->zone);
        memcpy(all->currency, s->currency, sizeof all->currency);
        memcpy(all->unit, s->unit, sizeof all->unit);
    }
    free(at);
    *out = all;
    return st;
}

/* The rows [from, to) of `s`, or NULL. */
static vo_status rows_between(const vo_series *s, int64_t from_s, int64_t to_s, vo_series **out,
                              vo_error *err) {
    *out = NULL;
    if (from_s >= to_s) return VO_OK;
    const vo_status st = vo_series_slice(s, (vo_time){from_s}, (vo_time){to_s}, out, NULL);
    return st == VO_ENOTFOUND ? VO_OK
           : st != VO_OK      ? vo_fail(err, st, "no memory to sort %zu rows", s->n)
                              : VO_OK;
}

/* Rows of other years go to theirs first: at no moment is a row nowhere. */
static vo_status put_in_order(round_of *d, const vo_lake_place *place, const char *path,
                              const vo_series *s, vo_lake_head *head, vo_error *err) {
    const vo_civil first = {.year = place->year, .month = 1, .day = 1};
    const vo_civil next = {.year = place->year + 1, .month = 1, .day = 1};
    const int64_t from_s = vo_civil_seconds(&first), to_s = vo_civil_seconds(&next);
    vo_series *all = NULL, *part[3] = {NULL, NULL, NULL};
    vo_status st = copy_aside(d, path, err);
    if (st == VO_OK) st = sort_rows(s, &all, err);
    if (st == VO_OK && all) st = rows_between(all, INT64_MIN, from_s, &part[0], err);
    if (st == VO_OK && all) st = rows_between(all, from_s, to_s, &part[1], err);
    if (st == VO_OK && all) st = rows_between(all, to_s, INT64_MAX, &part[2], err);
    for (size_t i = 0; i < 3; i += 2)
        if (st == VO_OK && part[i])
            st = vo_lake_upsert_locked(d->lake, &place->key, part[i], NULL, NULL, false, NULL,
                                       err);
    if (st == VO_OK && part[1])
        st = rewrite(d->lake, place->folder, part[1], false, head, err);
    else if (st == VO_OK) {
        st = vo_file_remove(path, err);
        head->rows = 0;
    }
    for (size_t i = 0; i < 3; i++) vo_series_free(part[i]);
    vo_series_free(all);
    return st;
}

/* ---- one part --------------------------------------------------------------------------- */

/* Only a file that was read whole and is wrong is moved: what cannot be opened or read now (no
 * file handles, no rights, no memory) may be sound. */
static vo_status is_damaged(const char *path, bool *out, vo_error *err) {
    char *data = NULL;
    size_t len = 0;
    vo_lake_head head;
    vo_error why = {0};
    const vo_status st = vo_file_read(path, (size_t)1 << 31, &data, &len, &why);
    if (st == VO_EIO || st == VO_ENOMEM)
        return vo_fail(err, st, "%s: nothing was moved", why.msg);
    *out = true;
    if (st != VO_OK) return VO_OK; /* a folder, or larger than any part */
    vo_lake_head_parse(data, len, &head);
    *out = head.state != VO_LAKE_WHOLE;
    free(data);
    return VO_OK;
}

static vo_status look_at_bad(round_of *d, const char *path, const vo_lake_head *head,
                             vo_lake_ill ill, vo_error *err) {
    char what[400];
    bool sure = false;
    vo_status st = d->mend ? is_damaged(path, &sure, err) : VO_OK;
    if (st == VO_OK && d->mend && sure) st = move_aside(d, path, err);
    if (st != VO_OK) return st;
    if (d->mend && !sure)
        snprintf(what, sizeof what,
                 "%s, though its checksum is right: is there memory and are there file handles "
                 "enough? It was left where it is",
                 head->why);
    else if (d->mend)
        snprintf(what, sizeof what, "%s: moved to damaged/; import it again", head->why);
    else
        snprintf(what, sizeof what,
                 "%s: \"volteo data doctor --mend\" moves it out of the way, then import it "
                 "again",
                 head->why);
    return find_ill(d, ill, d->mend && sure, path, what, err);
}

static vo_status look_at_part(round_of *d, const vo_lake_place *place, vo_lake_head *head,
                              vo_error *err) {
    char path[LONG_PATH];
    vo_series *s = NULL;
    snprintf(path, sizeof path, "%s/part.parquet", place->folder);
    vo_status st = vo_lake_part_read(d->lake, path, &s, head, err);
    d->health.bytes_before += head->bytes;
    if (st == VO_EIO && head->state == VO_LAKE_BAD) {
        if (!d->mend) d->health.bytes_after += head->bytes;
        return look_at_bad(d, path, head, VO_LAKE_DAMAGED, err);
    }
    if (st != VO_OK) return st;
    if (s && !is_in_order(s, place->year)) {
        if (d->mend) st = put_in_order(d, place, path, s, head, err);
        if (st == VO_OK)
            st = find_ill(d, VO_LAKE_DISORDERED, d->mend, path,
                          d->mend ? "rows out of order, twice or of another year: sorted, the "
                                    "file as it was is in damaged/"
                                  : "rows out of order, twice or of another year: \"volteo "
                                    "data doctor --mend\" sorts them",
                          err);
    }
    if (st == VO_OK && head->mixed)
        st = find_ill(d, VO_LAKE_MIXED, false, path,
                      "intervals of several lengths: where two overlap, the earlier one is "
                      "read as ending where the later one begins; keep them as two nodes if "
                      "that is not meant",
                      err);
    vo_series_free(s);
    d->health.bytes_after += vo_file_exists(path) ? head->bytes : 0;
    return st;
}

/* Changes of a part that is lost, or was moved to damaged/ just now. */
static vo_status look_at_orphans(round_of *d, const char *path, vo_error *err) {
    const vo_status st = d->mend ? move_aside(d, path, err) : VO_OK;
    if (st != VO_OK) return st;
    return find_ill(d, VO_LAKE_CHANGES, d->mend, path,
                    d->mend
                        ? "their part is lost: moved to damaged/; import it again"
                        : "their part is lost: import it again; \"volteo data doctor --mend\" "
                          "moves them out of the way",
                    err);
}

static vo_status look_at_changes(round_of *d, const vo_lake_place *place,
                                 const vo_lake_head *part, vo_error *err) {
    char path[LONG_PATH];
    vo_lake_kept kept = {.n = 0};
    vo_lake_head head;
    snprintf(path, sizeof path, "%s/changes.parquet", place->folder);
    const vo_status st = vo_lake_kept_read(d->lake, path, &kept, &head, err);
    vo_lake_kept_fini(&kept);
    if (st == VO_EIO && head.state == VO_LAKE_BAD)
        return look_at_bad(d, path, &head, VO_LAKE_CHANGES, err);
    if (st != VO_OK || head.state == VO_LAKE_ABSENT) return st;
    const uint64_t sum = part->state == VO_LAKE_ABSENT ? 0 : part->sum;
    if (part->state == VO_LAKE_BAD && !d->mend) return VO_OK;
    if (part->state == VO_LAKE_BAD || (part->state == VO_LAKE_ABSENT && head.of != 0))
        return look_at_orphans(d, path, err);
    if (head.of == sum) return VO_OK;
    return find_ill(d, VO_LAKE_CHANGES, false, path,
                    "they tell of another state of the part (a writer was stopped, or the part "
                    "was changed): import the same file again",
                    err);
}

typedef struct {
    round_of *d;
    const char *folder;
} sweeping;

static bool is_temporary(const char *name) {
    const size_t len = strlen(name);
    return len >= 4 && strcmp(name + len - 4, ".tmp") == 0;
}

static vo_status look_at_leftover(round_of *d, const char *path, vo_error *err) {
    const vo_status st = d->mend ? vo_file_remove(path, err) : VO_OK;
    if (st != VO_OK) return st;
    return find_ill(d, VO_LAKE_LEFTOVER, d->mend, path,
                    d->mend ? "of a writer that was stopped: removed"
                            : "of a writer that was stopped: the next import or \"volteo data "
                              "doctor --mend\" removes it",
                    err);
}

static vo_status take_file(void *ctx, const char *name, bool is_folder, vo_error *err) {
    const sweeping *s = ctx;
    char path[LONG_PATH + 256];
    if (is_folder || !is_temporary(name)) return VO_OK;
    snprintf(path, sizeof path, "%s/%s", s->folder, name);
    return look_at_leftover(s->d, path, err);
}

static vo_status look_at_place(void *ctx, const vo_lake_place *place, vo_error *err) {
    round_of *d = ctx;
    vo_file_lock lock = {-1};
    vo_lake_head head = {.state = VO_LAKE_ABSENT};
    sweeping sweep = {d, place->folder};
    vo_status st = vo_lake_lock(d->lake, &place->key, &lock, err);
    if (st != VO_OK) return st;
    st = vo_folder_list(place->folder, take_file, &sweep, err);
    if (st == VO_OK && place->part) st = look_at_part(d, place, &head, err);
    if (st == VO_OK && place->changes) st = look_at_changes(d, place, &head, err);
    vo_file_lock_drop(&lock);
    return st == VO_OK && place->part ? end_part(d, place, &head, err) : st;
}

/* Temporary files in a year's folder are looked at under its lock: a writer may be alive. */
static vo_status look_at_other(void *ctx, const char *path, vo_error *err) {
    round_of *d = ctx;
    const char *name = strrchr(path, '/') + 1;
    const bool in_year = strstr(path + strlen(d->lake->root), "/year=") != NULL;
    if (is_temporary(name))
        return in_year || !vo_file_exists(path) ? VO_OK : look_at_leftover(d, path, err);
    return find_ill(d, VO_LAKE_STRANGER, false, path,
                    "not written by the lake and not read by it: move it elsewhere", err);
}

vo_status vo_lake_doctor(vo_lake *lake, bool mend, vo_lake_told told, void *ctx,
                         vo_lake_health *out, vo_error *err) {
    round_of *d = calloc(1, sizeof *d);
    if (!d) return vo_fail(err, VO_ENOMEM, "no memory to look at the lake");
    d->lake = lake;
    d->mend = mend;
    d->told = told;
    d->ctx = ctx;
    const vo_lake_visitor visitor = {d, look_at_place, look_at_other};
    vo_status st = begin(d, err);
    if (st == VO_OK) st = vo_lake_walk(lake, &visitor, err);
    if (st == VO_OK) *out = d->health;
    free(d);
    return st;
}

/* ---- compacting ------------------------------------------------------------------------- */

/* The columns with a value, and the first one. *out is NULL if that is all of them. */
static vo_status drop_empty(const vo_series *s, vo_series **out, vo_error *err) {
    const char *name[VO_SERIES_MAX_COLUMNS];
    size_t n = 0;
    *out = NULL;
    for (size_t c = 0; c < s->n_columns; c++) {
        size_t t = 0;
        while (t < s->n && isnan(s->column[c].value[t])) t++;
        if (c == 0 || t < s->n) name[n++] = s->column[c].name;
    }
    if (n == s->n_columns) return VO_OK;
    const vo_status st = vo_series_create(s->n, name, n, NULL, out, err);
    if (st != VO_OK) return st;
    vo_series *less = *out;
    memcpy(less->start, s->start, s->n * sizeof *s->start);
    memcpy(less->dt_h, s->dt_h, s->n * sizeof *s->dt_h);
    for (size_t c = 0; c < n; c++)
        memcpy(less->column[c].value, vo_series_find(s, name[c]), s->n * sizeof(double));
    memcpy(less->zone, s->zone, sizeof less->zone);
    memcpy(less->currency, s->currency, sizeof less->currency);
    memcpy(less->unit, s->unit, sizeof less->unit);
    return VO_OK;
}

static vo_status compact_part(round_of *d, const vo_lake_place *place, vo_lake_head *head,
                              vo_error *err) {
    char path[LONG_PATH];
    vo_lake_head smaller = {.bytes = 0};
    vo_series *s = NULL, *less = NULL;
    snprintf(path, sizeof path, "%s/part.parquet", place->folder);
    vo_status st = vo_lake_part_read(d->lake, path, &s, head, err);
    const int64_t before = head->bytes;
    d->health.bytes_before += before;
    d->health.bytes_after += before;
    if (st == VO_EIO && head->state == VO_LAKE_BAD) /* left to the doctor */
        return look_at_bad(d, path, head, VO_LAKE_DAMAGED, err);
    if (st != VO_OK || !s || !is_in_order(s, place->year)) goto fail;
    if ((st = drop_empty(s, &less, err)) != VO_OK) goto fail;
    if (!less && head->packed) goto fail;
    snprintf(path, sizeof path, "%s/.part.tmp", place->folder);
    st = vo_lake_part_write(d->lake, path, less ? less : s, true, &smaller, err);
    if (st != VO_OK) goto fail;
    const bool worth = less || head->state == VO_LAKE_OLD || smaller.bytes < before;
    if ((st = vo_file_remove(path, err)) != VO_OK || !worth) goto fail;
    st = rewrite(d->lake, place->folder, less ? less : s, true, head, err);
    if (st != VO_OK) goto fail;
    d->health.bytes_after += head->bytes - before;
    d->health.mended++;
fail:
    vo_series_free(s);
    vo_series_free(less);
    return st;
}

static vo_status compact_place(void *ctx, const vo_lake_place *place, vo_error *err) {
    round_of *d = ctx;
    vo_file_lock lock = {-1};
    vo_lake_head head = {.state = VO_LAKE_ABSENT}, changes;
    char path[LONG_PATH];
    if (!place->part) return VO_OK;
    vo_status st = vo_lake_lock(d->lake, &place->key, &lock, err);
    if (st != VO_OK) return st;
    snprintf(path, sizeof path, "%s/changes.parquet", place->folder);
    st = vo_lake_head_load(d->lake, path, &changes, err);
    if (st == VO_OK)
        st = changes.state == VO_LAKE_BAD ? look_at_bad(d, path, &changes, VO_LAKE_CHANGES, err)
                                          : compact_part(d, place, &head, err);
    vo_file_lock_drop(&lock);
    return st == VO_OK ? end_part(d, place, &head, err) : st;
}

typedef struct {
    char path[VO_LAKE_PATH];
    int level;
} pruning;

/* Folders that are empty, from the leaves up. */
static vo_status prune(void *ctx, const char *name, bool is_folder, vo_error *err) {
    pruning *p = ctx;
    const size_t len = strlen(p->path);
    if (!is_folder || p->level > 4 || len + strlen(name) + 2 > sizeof p->path) return VO_OK;
    if (p->level == 0 ? vo_kind_check(name, NULL) != VO_OK || strcmp(name, "damaged") == 0
                      : !strchr(name, '='))
        return VO_OK;
    snprintf(p->path + len, sizeof p->path - len, "/%s", name);
    p->level++;
    const vo_status st = vo_folder_list(p->path, prune, p, err);
    p->level--;
    vo_folder_remove_empty(p->path);
    p->path[len] = '\0';
    return st;
}

vo_status vo_lake_compact(vo_lake *lake, vo_lake_told told, void *ctx, vo_lake_health *out,
                          vo_error *err) {
    round_of *d = calloc(1, sizeof *d);
    if (!d) return vo_fail(err, VO_ENOMEM, "no memory to compact the lake");
    d->lake = lake;
    d->told = told;
    d->ctx = ctx;
    pruning p = {.level = 0};
    snprintf(p.path, sizeof p.path, "%s", lake->root);
    const vo_lake_visitor visitor = {.ctx = d, .place = compact_place};
    vo_status st = begin(d, err);
    if (st == VO_OK) st = vo_lake_walk(lake, &visitor, err);
    if (st == VO_OK) st = vo_folder_list(lake->root, prune, &p, err);
    if (st == VO_OK) *out = d->health;
    free(d);
    return st;
}
