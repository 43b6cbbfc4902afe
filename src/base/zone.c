/* zone.c -- see zone.h for the contract.
 *
 * GLib divides time into intervals of constant offset o. A wall-clock time w means the instant
 * w - o in every interval that contains that instant: one (usual), two (clocks went back) or
 * none (clocks went forward). Offsets stay within a day, so only intervals near w are asked.
 */
#include "base/zone.h"

#include <assert.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S INT64_C(86400)
#define REACH_S (26 * 3600) /* more than any zone's distance from UTC */
#define LATE_S (20 * 3600)  /* clocks go back by less than four hours */

struct vo_zone {
    GTimeZone *tz;
    char name[64];
};

/* GLib joins the name to the folder of the zone database: keep it inside. */
static bool is_plain_name(const char *name) {
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789_+-/:";
    const size_t len = strnlen(name, sizeof((vo_zone *)0)->name);
    return len > 0 && len < sizeof((vo_zone *)0)->name && strspn(name, allowed) == len &&
           name[0] != '/' && name[0] != ':';
}

vo_status vo_zone_open(const char *name, vo_zone **out, vo_error *err) {
    GTimeZone *tz = is_plain_name(name) ? g_time_zone_new_identifier(name) : NULL;
    if (!tz)
        return vo_fail(err, VO_ENOTFOUND,
                       "time zone \"%.63s\" is not known: give an IANA name such as "
                       "America/Mexico_City or an offset such as +01:00 (is tzdata installed?)",
                       name);
    vo_zone *z = calloc(1, sizeof *z);
    if (!z) {
        g_time_zone_unref(tz);
        return vo_fail(err, VO_ENOMEM, "time zone \"%s\"", name);
    }
    z->tz = tz;
    memcpy(z->name, name, strlen(name) + 1);
    *out = z;
    return VO_OK;
}

void vo_zone_close(vo_zone *z) {
    if (!z) return;
    g_time_zone_unref(z->tz);
    free(z);
}

const char *vo_zone_name(const vo_zone *z) { return z->name; }

static gint interval_at(const vo_zone *z, int64_t utc_s) {
    return g_time_zone_find_interval(z->tz, G_TIME_TYPE_UNIVERSAL, utc_s);
}

int32_t vo_zone_offset(const vo_zone *z, int64_t utc_s) {
    return g_time_zone_get_offset(z->tz, interval_at(z, utc_s));
}

/* First instant in (before, inside] that lies in interval `i` or a later one. */
static int64_t interval_start(const vo_zone *z, gint i, int64_t before, int64_t inside) {
    while (inside - before > 1) {
        const int64_t middle = before + (inside - before) / 2;
        if (interval_at(z, middle) < i)
            before = middle;
        else
            inside = middle;
    }
    return inside;
}

vo_wall vo_zone_instants(const vo_zone *z, int64_t wall_s, int64_t *first, int64_t *second) {
    const int64_t from = wall_s - REACH_S, to = wall_s + REACH_S;
    const gint first_i = interval_at(z, from), last_i = interval_at(z, to);
    int found = 0;
    for (gint i = first_i; i <= last_i; i++) {
        const int64_t at = wall_s - g_time_zone_get_offset(z->tz, i);
        if (interval_at(z, at) != i) continue;
        if (found++ == 0) *first = at;
        *second = at;
    }
    if (found > 0) return found == 1 ? VO_WALL_UNIQUE : VO_WALL_TWICE;

    /* Skipped: the first interval whose clock shows more than wall_s as it begins. */
    for (gint i = first_i + 1; i <= last_i; i++) {
        const int64_t jump = interval_start(z, i, from, to);
        if (jump + g_time_zone_get_offset(z->tz, i) <= wall_s) continue;
        *first = *second = jump;
        return VO_WALL_NEVER;
    }
    assert(false && "a wall-clock time is met, met twice or jumped over");
    *first = *second = wall_s;
    return VO_WALL_NEVER;
}

int64_t vo_zone_day_start(const vo_zone *z, int64_t days) {
    int64_t first, second;
    vo_zone_instants(z, days * DAY_S, &first, &second);
    return first;
}

int64_t vo_zone_local_day(const vo_zone *z, int64_t utc_s) {
    const int64_t wall_s = utc_s + vo_zone_offset(z, utc_s);
    const int64_t day = wall_s / DAY_S - (wall_s % DAY_S < 0);
    /* Where clocks go back across midnight, the evening shown again is of the new day. */
    if (wall_s - day * DAY_S < LATE_S) return day;
    return utc_s < vo_zone_day_start(z, day + 1) ? day : day + 1;
}
