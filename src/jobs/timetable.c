/* timetable.c -- the YAML file of schedules (scheduler.h): read, checked, and the dates in its
 * requests filled in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/yaml.h"
#include "jobs/scheduler.h"

#define MAX_NAME 60u
#define MAX_FILE ((size_t)4 << 20)
#define MARK "${"

typedef struct {
    char name[MAX_NAME + 1], kind[VO_JOB_KIND], cron[256];
    vo_cron when;
    vo_zone *zone;
    char *request;
    bool enabled;
} row;

struct vo_timetable {
    size_t n;
    row *row;
};

/* ---- dates in requests --------------------------------------------------------------------- */

static vo_status refuse_mark(const char *mark, vo_error *err) {
    return vo_fail(err, VO_EINVAL,
                   "request: \"%.24s\": must be ${today}, ${today-7} or ${today+1}", mark);
}

/* "${today-7}" at `p`: how many days, and where it ends. */
static vo_status read_mark(const char *p, int64_t *days, const char **end, vo_error *err) {
    const char *close = strchr(p, '}');
    const size_t len = close ? (size_t)(close - p) : 0;
    *days = 0;
    if (len < 7 || memcmp(p, "${today", 7) != 0) return refuse_mark(p, err);
    const char *number = p + 7;
    const size_t digits = len - 7;
    if (digits == 1 || digits > 6 || (digits && *number != '-' && *number != '+') ||
        (digits && (number[1] < '0' || number[1] > '9')) ||
        (digits && !vo_text_integer(number, digits, days)))
        return refuse_mark(p, err);
    *end = close + 1;
    return VO_OK;
}

static vo_status fill_in(const char *request, int64_t today, char **out, vo_error *err) {
    size_t marks = 0;
    for (const char *p = request; (p = strstr(p, MARK)); p += 2) marks++;
    char *text = malloc(strlen(request) + marks * 16 + 1), *to = text;
    if (!text) return vo_fail(err, VO_ENOMEM, "no memory for a request");
    vo_status s = VO_OK;
    const char *p = request;
    for (const char *mark; s == VO_OK && (mark = strstr(p, MARK));) {
        int64_t days = 0;
        char date[16];
        vo_civil c;
        memcpy(to, p, (size_t)(mark - p));
        to += mark - p;
        if ((s = read_mark(mark, &days, &p, err)) != VO_OK) break;
        vo_civil_from_days(today + days, &c);
        vo_civil_format_date(&c, date);
        memcpy(to, date, strlen(date));
        to += strlen(date);
    }
    if (s != VO_OK) {
        free(text);
        return s;
    }
    memcpy(to, p, strlen(p) + 1);
    *out = text;
    return VO_OK;
}

vo_status vo_timetable_request(const vo_timetable *t, size_t i, int64_t instant_s, char **json,
                               vo_error *err) {
    const row *r = &t->row[i];
    return fill_in(r->request, vo_zone_local_day(r->zone, instant_s), json, err);
}

/* ---- the file -------------------------------------------------------------------------------- */

enum { NAME, CRON, TZ, KIND, REQUEST, ENABLED, MEMBERS };
static const char *const member[MEMBERS] = {"name", "cron", "tz", "kind", "request", "enabled"};
static const vo_json_kind member_kind[MEMBERS] = {VO_JSON_STRING, VO_JSON_STRING,
                                                  VO_JSON_STRING, VO_JSON_STRING,
                                                  VO_JSON_OBJECT, VO_JSON_BOOL};

/* What the file says of one schedule, member by member. */
static vo_status read_members(const vo_json *v, size_t i, const vo_json *found[MEMBERS],
                              vo_error *err) {
    const char *key = NULL;
    const vo_json *value = NULL;
    if (vo_json_kind_of(v) != VO_JSON_OBJECT)
        return vo_fail(err, VO_EINVAL, "schedules[%zu] is %s: must have name, cron, kind", i,
                       vo_json_kind_name(vo_json_kind_of(v)));
    for (size_t m = 0; vo_json_member(v, m, &key, &value); m++) {
        size_t k = 0;
        while (k < MEMBERS && strcmp(member[k], key) != 0) k++;
        if (k == MEMBERS) {
            const char *near = vo_text_nearest(key, member, MEMBERS);
            return vo_fail(
                err, VO_EINVAL, "schedules[%zu].%.40s: no such member; %s%s%s", i, key,
                near ? "did you mean " : "there are name, cron, tz, kind, request, enabled",
                near ? near : "", near ? "?" : "");
        }
        if (vo_json_kind_of(value) != member_kind[k])
            return vo_fail(err, VO_EINVAL, "schedules[%zu].%s is %s: must be %s%s", i, key,
                           vo_json_kind_name(vo_json_kind_of(value)),
                           vo_json_kind_name(member_kind[k]), k == CRON ? ", in quotes" : "");
        found[k] = value;
    }
    for (size_t k = 0; k < MEMBERS; k++)
        if (!found[k] && k != TZ && k != REQUEST && k != ENABLED)
            return vo_fail(err, VO_EINVAL, "schedules[%zu].%s is missing", i, member[k]);
    return VO_OK;
}

static vo_status copy_name(const char *what, const char *text, size_t i, char *to, size_t size,
                           vo_error *err) {
    const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    const size_t len = strlen(text);
    if (len == 0 || len >= size || strspn(text, plain) != len)
        return vo_fail(
            err, VO_EINVAL,
            "schedules[%zu].%s = \"%.80s\": must be 1 to %zu letters, digits, '_', '.', '-'", i,
            what, text, size - 1);
    memcpy(to, text, len + 1);
    return VO_OK;
}

static vo_status read_cron(row *r, const char *text, size_t i, vo_error *err) {
    vo_error why = {0};
    const vo_status s = vo_cron_parse(text, strlen(text), &r->when, &why);
    if (s != VO_OK) return vo_fail(err, s, "schedules[%zu].cron: %s", i, why.msg);
    snprintf(r->cron, sizeof r->cron, "%s", text);
    return VO_OK;
}

static vo_status read_request(row *r, const vo_json *v, size_t i, vo_error *err) {
    vo_json_out *w = NULL;
    size_t len = 0;
    char *filled = NULL;
    vo_error why = {0};
    vo_status s = vo_json_out_create(&w, err);
    if (s != VO_OK) return s;
    if (v) {
        vo_json_out_value(w, v);
    } else {
        vo_json_out_object(w);
        vo_json_out_end(w);
    }
    s = vo_json_out_take(w, &r->request, &len, err);
    vo_json_out_free(w);
    if (s != VO_OK) return s;
    s = fill_in(r->request, 0, &filled, &why);
    free(filled);
    return s == VO_OK ? s : vo_fail(err, s, "schedules[%zu].%s", i, why.msg);
}

static vo_status read_row(row *r, const vo_json *v, size_t i, vo_error *err) {
    const vo_json *found[MEMBERS] = {NULL};
    vo_error why = {0};
    vo_status s = read_members(v, i, found, err);
    if (s == VO_OK)
        s = copy_name("name", vo_json_string(found[NAME]), i, r->name, sizeof r->name, err);
    if (s == VO_OK)
        s = copy_name("kind", vo_json_string(found[KIND]), i, r->kind, sizeof r->kind, err);
    if (s == VO_OK) s = read_cron(r, vo_json_string(found[CRON]), i, err);
    if (s == VO_OK) {
        s = vo_zone_open(found[TZ] ? vo_json_string(found[TZ]) : "UTC", &r->zone, &why);
        if (s != VO_OK) s = vo_fail(err, VO_EINVAL, "schedules[%zu].tz: %s", i, why.msg);
    }
    if (s == VO_OK) s = read_request(r, found[REQUEST], i, err);
    r->enabled = !found[ENABLED] || vo_json_bool(found[ENABLED]);
    return s;
}

static vo_status read_rows(vo_timetable *t, const vo_json *root, vo_error *err) {
    const vo_json *list =
        vo_json_kind_of(root) == VO_JSON_OBJECT ? vo_json_get(root, "schedules") : NULL;
    if (!list || vo_json_size(root) != 1 ||
        (vo_json_kind_of(list) != VO_JSON_ARRAY && vo_json_kind_of(list) != VO_JSON_NULL))
        return vo_fail(err, VO_EINVAL,
                       "the file must have one member, schedules, a list of name, cron, tz, "
                       "kind, request");
    const size_t n = vo_json_size(list);
    if (n > VO_TIMETABLE_MOST)
        return vo_fail(err, VO_EINVAL, "%zu schedules: at most %d", n, VO_TIMETABLE_MOST);
    t->row = calloc(n + 1, sizeof *t->row);
    if (!t->row) return vo_fail(err, VO_ENOMEM, "no memory for %zu schedules", n);
    for (size_t i = 0; i < n; i++) {
        t->n = i + 1;
        const vo_status s = read_row(&t->row[i], vo_json_at(list, i), i, err);
        if (s != VO_OK) return s;
        for (size_t k = 0; k < i; k++)
            if (strcmp(t->row[k].name, t->row[i].name) == 0)
                return vo_fail(
                    err, VO_EINVAL,
                    "schedules[%zu].name = \"%s\": schedules[%zu] has it too; choose another",
                    i, t->row[i].name, k);
    }
    return VO_OK;
}

vo_status vo_timetable_read(const char *text, size_t len, vo_timetable **out, vo_error *err) {
    vo_json *root = NULL;
    if (len > MAX_FILE)
        return vo_fail(err, VO_EINVAL, "a timetable of %zu bytes: at most %zu", len, MAX_FILE);
    vo_timetable *t = calloc(1, sizeof *t);
    if (!t) return vo_fail(err, VO_ENOMEM, "no memory for a timetable");
    vo_status s = vo_yaml_parse(text, len, &root, err);
    if (s == VO_OK) s = read_rows(t, root, err);
    vo_json_free(root);
    if (s != VO_OK) {
        vo_timetable_free(t);
        return s;
    }
    *out = t;
    return VO_OK;
}

void vo_timetable_free(vo_timetable *t) {
    if (!t) return;
    for (size_t i = 0; i < t->n; i++) {
        vo_zone_close(t->row[i].zone);
        free(t->row[i].request);
    }
    free(t->row);
    free(t);
}

size_t vo_timetable_count(const vo_timetable *t) { return t->n; }

vo_timetable_row vo_timetable_at(const vo_timetable *t, size_t i) {
    const row *r = &t->row[i];
    return (vo_timetable_row){r->name,  r->cron,    vo_zone_name(r->zone),
                              r->kind,  r->request, r->enabled,
                              &r->when, r->zone};
}
