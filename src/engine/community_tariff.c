/* community_tariff.c -- see community_tariff.h. */
#include "engine/community_tariff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/text.h"
#include "data/presets.h"
#include "data/tariff_shipped.h"
#include "port/folder.h"

#define IMPORTED "config/tariffs" /* where imports put theirs */
#define DATE_LENGTH 10            /* of 2026-03-01 */

typedef struct {
    vo_community_tariff *t;
    const char *name;
    bool files;
} opening;

static vo_status add(opening *o, const char *name, vo_error *err) {
    if (o->t->n == VO_COMMUNITY_VERSIONS)
        return vo_fail(
            err, VO_EINVAL,
            "tariff = \"%.80s\": more than %d versions; name those of the days asked "
            "for, with commas between",
            o->name, VO_COMMUNITY_VERSIONS);
    const vo_status st = vo_tariff_open(name, o->files, &o->t->version[o->t->n], err);
    if (st == VO_OK) o->t->n++;
    return st;
}

/* "pge_e_tou_c_2026-03-01" is a version of "pge_e_tou_c". */
static bool is_version(const char *name, size_t len, const char *of) {
    const size_t stem = strlen(of);
    vo_civil c;
    bool has_offset;
    int32_t offset_s;
    return len == stem + 1 + DATE_LENGTH && memcmp(name, of, stem) == 0 && name[stem] == '_' &&
           vo_civil_parse(name + stem + 1, DATE_LENGTH, &c, &has_offset, &offset_s, NULL) ==
               VO_OK;
}

static vo_status take_file(void *ctx, const char *name, bool is_folder, vo_error *err) {
    static const char ending[] = ".yaml";
    opening *o = ctx;
    const size_t len = strlen(name), tail = sizeof ending - 1;
    if (is_folder || len <= tail || strcmp(name + len - tail, ending) != 0) return VO_OK;
    if (!is_version(name, len - tail, o->name)) return VO_OK;
    char stem[200];
    if (len - tail >= sizeof stem) return VO_OK;
    memcpy(stem, name, len - tail);
    stem[len - tail] = '\0';
    for (size_t i = 0; i < vo_tariff_n_presets; i++) /* the shipped one goes first */
        if (strcmp(vo_tariff_presets[i].name, stem) == 0) return VO_OK;
    return add(o, stem, err);
}

/* All versions of one name, or the one that bears it. */
static vo_status open_name(opening *o, vo_error *err) {
    const size_t before = o->t->n;
    vo_status st = VO_OK;
    for (size_t i = 0; st == VO_OK && i < vo_tariff_n_presets; i++) {
        const char *name = vo_tariff_presets[i].name;
        if (is_version(name, strlen(name), o->name)) st = add(o, name, err);
    }
    if (st == VO_OK && o->files) st = vo_folder_list(IMPORTED, take_file, o, err);
    return st != VO_OK || o->t->n > before ? st : add(o, o->name, err);
}

static vo_status check_zones(const vo_community_tariff *t, vo_error *err) {
    const vo_tariff *a = t->version[0];
    for (size_t i = 1; i < t->n; i++) {
        const vo_tariff *b = t->version[i];
        if (strcmp(vo_zone_name(a->zone), vo_zone_name(b->zone)) != 0)
            return vo_fail(err, VO_EINVAL, "tariff: %s is in %s, %s in %s: one zone at a time",
                           a->schedule, vo_zone_name(a->zone), b->schedule,
                           vo_zone_name(b->zone));
        if (strcmp(a->currency, b->currency) != 0)
            return vo_fail(err, VO_EINVAL, "tariff: %s is in %s, %s in %s: one currency",
                           a->schedule, a->currency, b->schedule, b->currency);
    }
    return VO_OK;
}

vo_status vo_community_tariff_open(const char *text, bool files, vo_community_tariff *out,
                                   vo_error *err) {
    vo_community_tariff t = {.n = 0};
    vo_status st = VO_OK;
    snprintf(t.name, sizeof t.name, "%.95s", text);
    for (const char *at = text; st == VO_OK && *at;) {
        char name[VO_TARIFF_PATH];
        const size_t len = strcspn(at, ",");
        if (len == 0 || len >= sizeof name) {
            st = vo_fail(err, VO_EINVAL,
                         "tariff = \"%.80s\": must be a name, or several with commas between",
                         text);
            break;
        }
        memcpy(name, at, len);
        name[len] = '\0';
        opening o = {&t, name, files};
        st = open_name(&o, err);
        at += len + (at[len] == ',');
    }
    if (st == VO_OK && t.n == 0) st = vo_fail(err, VO_EINVAL, "tariff is empty: name one");
    if (st == VO_OK) st = check_zones(&t, err);
    if (st == VO_OK)
        *out = t;
    else
        vo_community_tariff_fini(&t);
    return st;
}

void vo_community_tariff_fini(vo_community_tariff *t) {
    for (size_t i = 0; i < t->n; i++) vo_tariff_free(t->version[i]);
    t->n = 0;
}

void vo_community_tariff_always(vo_community_tariff *t) {
    size_t newest = 0;
    for (size_t i = 1; i < t->n; i++)
        if (t->version[i]->effective_day > t->version[newest]->effective_day) newest = i;
    for (size_t i = 0; i < t->n; i++)
        if (i != newest) vo_tariff_free(t->version[i]);
    t->version[0] = t->version[newest];
    if (t->n > 1) { /* by its day, to tell which */
        vo_civil c;
        char day[16], stem[80];
        vo_civil_from_days(t->version[0]->effective_day, &c);
        vo_civil_format_date(&c, day);
        snprintf(stem, sizeof stem, "%.79s", t->name);
        snprintf(t->name, sizeof t->name, "%s_%s", stem, day);
    }
    t->n = 1;
    t->version[0]->effective_day = INT32_MIN;
    t->version[0]->until_day = INT32_MAX;
}

const vo_tariff *vo_community_tariff_at(const vo_community_tariff *t, vo_time when) {
    return vo_tariff_choose((const vo_tariff *const *)t->version, t->n, when);
}

static void date_of(int32_t day, char out[16]) {
    vo_civil c;
    vo_civil_from_days(day, &c);
    vo_civil_format_date(&c, out);
}

static vo_status refuse(const vo_community_tariff *t, vo_time when, vo_error *err) {
    char list[400], day[16];
    vo_text days = vo_text_over(list, sizeof list);
    for (size_t i = 0; i < t->n; i++) {
        const vo_tariff *v = t->version[i];
        vo_text_append(&days, "%s", i ? ", " : "");
        if (v->effective_day > INT32_MIN) {
            date_of(v->effective_day, day);
            vo_text_append(&days, "from %s", day);
        }
        if (v->until_day < INT32_MAX) {
            date_of(v->until_day, day);
            vo_text_append(&days, "%suntil %s", v->effective_day > INT32_MIN ? " " : "", day);
        }
    }
    date_of((int32_t)vo_zone_local_day(t->version[0]->zone, when.s), day);
    return vo_fail(
        err, VO_ENOTFOUND,
        "tariff = \"%s\": no version is in force on %s; there are versions in force %s: "
        "choose other days with `from`, or a tariff without dates "
        "(flat_peak_off_peak)",
        t->name, day, list);
}

vo_status vo_community_tariff_prices(const vo_community_tariff *t, const vo_time *start,
                                     double dt_h, size_t n, size_t first, double *buy,
                                     double *sell, vo_error *err) {
    const vo_tariff *const *version = (const vo_tariff *const *)t->version;
    for (size_t i = first; i < n; i++)
        if (!vo_community_tariff_at(t, start[i])) return refuse(t, start[i], err);
    double *length = malloc(n * sizeof *length);
    vo_tariff *before = NULL;
    vo_status st =
        length ? VO_OK : vo_fail(err, VO_ENOMEM, "no memory for prices of %zu intervals", n);
    for (size_t i = 0; length && i < n; i++) length[i] = dt_h;
    if (st == VO_OK)
        st = vo_tariff_prices(version, t->n, start + first, length, n - first, buy + first,
                              sell + first, err);
    if (st == VO_OK && first > 0)
        st = vo_tariff_copy(vo_community_tariff_at(t, start[first]), &before, err);
    if (st == VO_OK && before) before->effective_day = INT32_MIN;
    for (size_t i = 0; st == VO_OK && i < first; i++) {
        const vo_tariff *now = vo_community_tariff_at(t, start[i]);
        if (!now) now = before;
        st = vo_tariff_prices(&now, 1, start + i, length, 1, buy + i, sell + i, err);
    }
    vo_tariff_free(before);
    free(length);
    return st;
}
