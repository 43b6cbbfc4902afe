/* cron.c -- see cron.h. A local day is taken as a whole: does its date fit, and then which of its
 * minutes. Wall-clock times map to instants that never go back, so the first time that fits is the
 * first firing. Rules of crontab(5), Vixie cron. */
#include "jobs/cron.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define DAY_S 86400
#define MOST_TEXT 200u
/* The dates of the calendar come again every 400 years; within 45 each date that comes at all has
 * come on each weekday (February 29 from 1896 to 1904 is the longest wait for a date alone). */
#define SEARCH_DAYS (45 * 366)
#define LAST_S INT64_C(253370764800) /* year 9999 */

typedef struct {
    const char *name;
    int32_t lo, hi;
    const char *const *word; /* [n_words] names of lo, lo + 1, ... */
    int32_t n_words;
} field;

static const char *const month_word[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                         "jul", "aug", "sep", "oct", "nov", "dec"};
static const char *const weekday_word[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
static const field fields[5] = {{"minute", 0, 59, NULL, 0},
                                {"hour", 0, 23, NULL, 0},
                                {"day", 1, 31, NULL, 0},
                                {"month", 1, 12, month_word, 12},
                                {"weekday", 0, 7, weekday_word, 7}};

static const struct {
    const char *name, *means;
} macro[] = {{"@hourly", "0 * * * *"},  {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
             {"@weekly", "0 0 * * 0"},  {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
             {"@annually", "0 0 1 1 *"}};

/* ---- reading ---------------------------------------------------------------------------- */

typedef struct {
    const field *f;
    const char *text; /* of the field, for messages */
    size_t len;
    vo_error *err;
} reading;

static vo_status refuse(const reading *r, const char *what) {
    return vo_fail(
        r->err, VO_EINVAL,
        "%s \"%.*s\": %s; it takes %d to %d, * or a-b, with a step after a slash, and "
        "lists of these with commas",
        r->f->name, (int)(r->len < 60 ? r->len : 60), r->text, what, (int)r->f->lo,
        (int)r->f->hi);
}

/* A number or a name; *p goes behind it. */
static vo_status read_value(const reading *r, const char **p, const char *end, int32_t *out) {
    const char *from = *p;
    while (*p < end && **p != '-' && **p != '/' && **p != ',') (*p)++;
    const size_t len = (size_t)(*p - from);
    int64_t v = 0;
    for (int32_t i = 0; i < r->f->n_words; i++)
        if (vo_text_same_span(from, len, r->f->word[i])) {
            *out = r->f->lo + i;
            return VO_OK;
        }
    if (len == 0 || len > 2 || from[0] < '0' || from[0] > '9' ||
        !vo_text_integer(from, len, &v))
        return refuse(r, r->f->n_words ? "must be numbers or names of three letters"
                                       : "must be numbers");
    if (v < r->f->lo || v > r->f->hi) return refuse(r, "is out of range");
    *out = (int32_t)v;
    return VO_OK;
}

/* The step after '/', 1 without one. */
static vo_status read_step(const reading *r, const char **p, const char *end, int32_t span,
                           int32_t *step) {
    int64_t v = 0;
    *step = 1;
    if (*p == end || **p != '/') return VO_OK;
    const char *from = ++*p;
    while (*p < end && **p != ',') (*p)++;
    const size_t len = (size_t)(*p - from);
    if (len == 0 || len > 2 || from[0] < '0' || from[0] > '9' ||
        !vo_text_integer(from, len, &v))
        return refuse(r, "a step must be a number");
    if (v < 1 || v > span)
        return refuse(r, "a step must be at least 1 and not beyond the range");
    *step = (int32_t)v;
    return VO_OK;
}

/* One entry of the list: *, a or a-b, and a step. */
static vo_status read_entry(const reading *r, const char *p, const char *end, uint64_t *bits) {
    int32_t lo = r->f->lo, hi = r->f->hi, step = 1;
    vo_status s = VO_OK;
    if (p < end && *p == '*') {
        p++;
        if (r->f->n_words == 7) hi = 6; /* Sunday once */
    } else {
        s = read_value(r, &p, end, &lo);
        hi = lo;
        const bool range = s == VO_OK && p < end && *p == '-';
        if (range) {
            p++;
            s = read_value(r, &p, end, &hi);
        }
        if (s == VO_OK && lo > hi)
            return refuse(r, "a range must rise; write one that goes over the end as two");
        if (s == VO_OK && !range && p < end && *p == '/')
            return refuse(r, "a step needs a range or * before it");
    }
    if (s == VO_OK) s = read_step(r, &p, end, hi - lo + 1, &step);
    if (s == VO_OK && p != end) return refuse(r, "is not understood");
    for (int32_t v = lo; s == VO_OK && v <= hi; v += step) *bits |= UINT64_C(1) << v;
    return s;
}

static vo_status read_field(const reading *r, uint64_t *bits) {
    const char *end = r->text + r->len;
    vo_status s = VO_OK;
    *bits = 0;
    for (const char *p = r->text; s == VO_OK; p++) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        s = read_entry(r, p, comma ? comma : end, bits);
        if (!comma) break;
        p = comma;
    }
    return s;
}

static bool date_fits(const vo_cron *c, int64_t day) {
    vo_civil d;
    vo_civil_from_days(day, &d);
    const int32_t weekday = (vo_civil_weekday(day) + 1) % 7;
    const bool day_fits = c->day >> d.day & 1, weekday_fits = c->weekday >> weekday & 1;
    if (!(c->month >> d.month & 1)) return false;
    return c->any_day || c->any_weekday ? day_fits && weekday_fits : day_fits || weekday_fits;
}

static vo_status check_comes(const vo_cron *c, const char *text, size_t len, vo_error *err) {
    const int64_t from = vo_civil_days(2000, 1, 1);
    for (int64_t day = from; day < from + SEARCH_DAYS; day++)
        if (date_fits(c, day)) return VO_OK;
    return vo_fail(err, VO_EINVAL,
                   "\"%.*s\" names a date that never comes: choose a day that its months have",
                   (int)len, text);
}

/* Five words; others than blanks and tabs are not between them. */
static vo_status split(const char *text, size_t len, const char *word[5], size_t size[5],
                       vo_error *err) {
    size_t n = 0, at = 0;
    for (; at < len && n <= 5; n++) {
        const size_t from = at;
        while (at < len && text[at] != ' ' && text[at] != '\t') at++;
        if (n < 5) word[n] = text + from, size[n] = at - from;
        while (at < len && (text[at] == ' ' || text[at] == '\t')) at++;
    }
    if (n == 5) return VO_OK;
    return vo_fail(err, VO_EINVAL,
                   "\"%.*s\" has %s than five fields: minute hour day month weekday, such as "
                   "\"17 5 1 * *\"",
                   (int)(len < 100 ? len : 100), text, n < 5 ? "fewer" : "more");
}

static vo_status expand_macro(const char **text, size_t *len, vo_error *err) {
    const size_t n = sizeof macro / sizeof macro[0];
    const char *names[sizeof macro / sizeof macro[0]];
    char list[120];
    for (size_t i = 0; i < n; i++) {
        names[i] = macro[i].name;
        if (!vo_text_same_span(*text, *len, macro[i].name)) continue;
        *text = macro[i].means;
        *len = strlen(*text);
        return VO_OK;
    }
    vo_text t = vo_text_over(list, sizeof list);
    vo_text_append_names(&t, names, n);
    return vo_fail(err, VO_EINVAL, "\"%.*s\" is no name for a time: there are %s",
                   (int)(*len < 60 ? *len : 60), *text, list);
}

vo_status vo_cron_parse(const char *text, size_t len, vo_cron *out, vo_error *err) {
    const char *word[5];
    size_t size[5];
    uint64_t bits[5] = {0};
    text = vo_text_trim(text, &len);
    if (len > MOST_TEXT)
        return vo_fail(err, VO_EINVAL, "a time of %zu letters: at most %u", len, MOST_TEXT);
    vo_status s = len && text[0] == '@' ? expand_macro(&text, &len, err) : VO_OK;
    if (s == VO_OK) s = split(text, len, word, size, err);
    for (size_t i = 0; s == VO_OK && i < 5; i++) {
        const reading r = {&fields[i], word[i], size[i], err};
        s = read_field(&r, &bits[i]);
    }
    if (s != VO_OK) return s;
    const vo_cron c = {.minute = bits[0],
                       .hour = (uint32_t)bits[1],
                       .day = (uint32_t)bits[2],
                       .month = (uint32_t)bits[3],
                       .weekday = (uint32_t)((bits[4] | bits[4] >> 7) & 0x7f),
                       .any_day = word[2][0] == '*',
                       .any_weekday = word[4][0] == '*'};
    if ((s = check_comes(&c, text, len, err)) == VO_OK) *out = c;
    return s;
}

/* ---- firings ------------------------------------------------------------------------------- */

static int64_t instant_of(const vo_zone *zone, int64_t wall_s) {
    int64_t first = 0, second = 0;
    vo_zone_instants(zone, wall_s, &first, &second);
    return first;
}

/* Wall-clock dates, not vo_zone_local_day: a time that is shown again belongs to its own date. */
static int64_t date_of(const vo_zone *zone, int64_t utc_s) {
    const int64_t wall_s = utc_s + vo_zone_offset(zone, utc_s);
    return wall_s / DAY_S - (wall_s % DAY_S < 0);
}

static int32_t lowest(uint64_t bits) {
    int32_t i = 0;
    while (!(bits >> i & 1)) i++;
    return i;
}

static int32_t highest(uint64_t bits) {
    int32_t i = 63;
    while (!(bits >> i & 1)) i--;
    return i;
}

/* Of a date that fits: its first firing after an instant; INT64_MAX: none. */
static int64_t first_of(const vo_cron *c, const vo_zone *zone, int64_t day, int64_t after_s) {
    for (int32_t h = 0; h < 24; h++) {
        const int64_t hour_s = day * DAY_S + h * 3600;
        if (!(c->hour >> h & 1)) continue;
        if (instant_of(zone, hour_s + highest(c->minute) * 60) <= after_s) continue;
        for (int32_t m = 0; m < 60; m++) {
            if (!(c->minute >> m & 1)) continue;
            const int64_t at = instant_of(zone, hour_s + m * 60);
            if (at > after_s) return at;
        }
    }
    return INT64_MAX;
}

/* The last one not after an instant; INT64_MIN: none. */
static int64_t last_of(const vo_cron *c, const vo_zone *zone, int64_t day, int64_t upto_s) {
    for (int32_t h = 23; h >= 0; h--) {
        const int64_t hour_s = day * DAY_S + h * 3600;
        if (!(c->hour >> h & 1)) continue;
        if (instant_of(zone, hour_s + lowest(c->minute) * 60) > upto_s) continue;
        for (int32_t m = 59; m >= 0; m--) {
            if (!(c->minute >> m & 1)) continue;
            const int64_t at = instant_of(zone, hour_s + m * 60);
            if (at <= upto_s) return at;
        }
    }
    return INT64_MIN;
}

int64_t vo_cron_next(const vo_cron *c, const vo_zone *zone, int64_t after_s) {
    if (after_s >= LAST_S) return INT64_MAX;
    /* One day early: clocks that go back across midnight show yesterday again. */
    const int64_t from = date_of(zone, after_s) - 1;
    for (int64_t day = from; day < from + SEARCH_DAYS; day++) {
        const int64_t at = date_fits(c, day) ? first_of(c, zone, day, after_s) : INT64_MAX;
        if (at != INT64_MAX) return at < LAST_S ? at : INT64_MAX;
    }
    return INT64_MAX;
}

int64_t vo_cron_last(const vo_cron *c, const vo_zone *zone, int64_t after_s, int64_t upto_s) {
    if (after_s >= upto_s) return INT64_MIN;
    const int64_t first = date_of(zone, after_s) - 1;
    int64_t day = date_of(zone, upto_s) + 1;
    const int64_t bound = day - SEARCH_DAYS > first ? day - SEARCH_DAYS : first;
    for (; day >= bound; day--) {
        const int64_t at = date_fits(c, day) ? last_of(c, zone, day, upto_s) : INT64_MIN;
        if (at != INT64_MIN) return at > after_s ? at : INT64_MIN;
    }
    return INT64_MIN;
}
