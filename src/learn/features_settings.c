/* features_settings.c -- defaults, checks and text of a choice of features; see the header. */
#include "learn/features_settings.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum {
    MAX_INTERVALS = 1000000,
    MAX_DAYS = 400,
    EARLIEST_MIN = -8 * 1440,
    LATEST_MIN = 730 * 1440,
    DAY_MIN = 1440
};

static const char *const publication[] = {
#define X(name, text, help) text,
    VO_PUBLICATION_MAP(X)
#undef X
};

vo_features_settings vo_features_settings_default(void) {
    return (vo_features_settings){.n_lags = 6,
                                  .lag = {1, 5, 10, 15, 30, 60},
                                  .n_days = 2,
                                  .day = {1, 7},
                                  .n_windows = 5,
                                  .window = {5, 10, 15, 30, 60},
                                  .calendar = 1,
                                  .holidays = VO_HOLIDAY_BY_ZONE};
}

/* ---- checks ---------------------------------------------------------------------------- */

static vo_status check_numbers(const char *field, const int32_t *v, size_t n, size_t most,
                               int32_t low, int32_t high, vo_error *err) {
    if (n > most)
        return vo_fail(err, VO_EINVAL, "features: %zu %s: at most %zu, choose some", n, field,
                       most);
    for (size_t i = 0; i < n; i++) {
        if (v[i] < low || v[i] > high)
            return vo_fail(err, VO_EINVAL, "features: %s: %d is not in %d..%d", field,
                           (int)v[i], (int)low, (int)high);
        if (i > 0 && v[i] <= v[i - 1])
            return vo_fail(err, VO_EINVAL,
                           "features: %s: %d after %d: give each once, in rising order", field,
                           (int)v[i], (int)v[i - 1]);
    }
    return VO_OK;
}

static vo_status check_name(const char *field, const char *name, vo_error *err) {
    const size_t len = strnlen(name, VO_COLUMN_NAME);
    if (len == 0 || len == VO_COLUMN_NAME)
        return vo_fail(err, VO_EINVAL, "features: %s: \"%.64s\" has not 1..%d characters",
                       field, name, VO_COLUMN_NAME - 1);
    size_t trimmed = len;
    if (memchr(name, '\n', len) || vo_text_trim(name, &trimmed) != name || trimmed != len)
        return vo_fail(err, VO_EINVAL,
                       "features: %s: \"%s\" has a line break, or blanks at its ends: rename "
                       "the column",
                       field, name);
    return VO_OK;
}

static vo_status check_optional(const char *field, const char *name, vo_error *err) {
    return name[0] ? check_name(field, name, err) : VO_OK;
}

static vo_status check_twice(const char *field, const char *a, const char *b, vo_error *err) {
    if (!vo_text_same(a, b)) return VO_OK;
    return vo_fail(err, VO_EINVAL, "features: %s: \"%s\" is there twice: remove one", field, a);
}

static vo_status check_exog(const vo_features_exog *x, vo_error *err) {
    const vo_status st = check_name("exog", x->column, err);
    if (st != VO_OK) return st;
    if (x->rule < 0 || x->rule >= VO_PUBLICATION_COUNT)
        return vo_fail(err, VO_EINVAL, "features: exog %s: rule %d is not day_ahead or after",
                       x->column, (int)x->rule);
    const bool ahead = x->rule == VO_PUBLICATION_DAY_AHEAD;
    const int32_t low = ahead ? 0 : EARLIEST_MIN, high = ahead ? DAY_MIN - 1 : LATEST_MIN;
    if (x->minutes >= low && x->minutes <= high) return VO_OK;
    return vo_fail(err, VO_EINVAL, "features: exog %s: %s %d: give minutes in %d..%d",
                   x->column, publication[x->rule], (int)x->minutes, (int)low, (int)high);
}

static vo_status check_columns(const vo_features_settings *s, vo_error *err) {
    if (s->n_regions > VO_FEATURES_MAX_REGIONS)
        return vo_fail(err, VO_EINVAL, "features: %zu regions: at most %d", s->n_regions,
                       VO_FEATURES_MAX_REGIONS);
    if (s->n_exog > VO_FEATURES_MAX_EXOG)
        return vo_fail(err, VO_EINVAL, "features: %zu exogenous columns: at most %d", s->n_exog,
                       VO_FEATURES_MAX_EXOG);
    vo_status st = check_optional("congestion", s->congestion, err);
    if (st == VO_OK) st = check_optional("loss", s->loss, err);
    for (size_t k = 0; k < s->n_regions && st == VO_OK; k++) {
        st = check_name("region", s->region[k], err);
        for (size_t i = 0; i < k && st == VO_OK; i++)
            st = check_twice("region", s->region[i], s->region[k], err);
    }
    for (size_t k = 0; k < s->n_exog && st == VO_OK; k++) {
        st = check_exog(&s->exog[k], err);
        for (size_t i = 0; i < k && st == VO_OK; i++)
            st = check_twice("exog", s->exog[i].column, s->exog[k].column, err);
    }
    return st;
}

vo_status vo_features_settings_check(const vo_features_settings *s, vo_error *err) {
    vo_status st =
        check_numbers("lags", s->lag, s->n_lags, VO_FEATURES_MAX_LAGS, 1, MAX_INTERVALS, err);
    if (st == VO_OK)
        st = check_numbers("days", s->day, s->n_days, VO_FEATURES_MAX_DAYS, 1, MAX_DAYS, err);
    if (st == VO_OK)
        st = check_numbers("windows", s->window, s->n_windows, VO_FEATURES_MAX_WINDOWS, 2,
                           MAX_INTERVALS, err);
    if (st != VO_OK) return st;
    if (s->calendar < 0 || s->calendar > 1 || s->battery < 0 || s->battery > 1)
        return vo_fail(err, VO_EINVAL, "features: calendar=%d, battery=%d: give 0 or 1",
                       (int)s->calendar, (int)s->battery);
    if (s->holidays != VO_HOLIDAY_BY_ZONE &&
        (s->holidays < 0 || s->holidays >= VO_HOLIDAY_MARKET_COUNT))
        return vo_fail(err, VO_EINVAL, "features: holidays: there is no market %d",
                       (int)s->holidays);
    return check_columns(s, err);
}

vo_status vo_features_settings_add_region(vo_features_settings *s, const char *column,
                                          vo_error *err) {
    if (s->n_regions == VO_FEATURES_MAX_REGIONS)
        return vo_fail(err, VO_EINVAL, "features: region %.63s: there are %d already", column,
                       VO_FEATURES_MAX_REGIONS);
    const vo_status st = check_name("region", column, err);
    if (st != VO_OK) return st;
    for (size_t i = 0; i < s->n_regions; i++)
        if (check_twice("region", s->region[i], column, err) != VO_OK) return VO_EINVAL;
    memcpy(s->region[s->n_regions++], column, strlen(column) + 1);
    return VO_OK;
}

vo_status vo_features_settings_add_exog(vo_features_settings *s, const char *column,
                                        vo_publication rule, int32_t minutes, vo_error *err) {
    vo_features_exog x = {.rule = (int32_t)rule, .minutes = minutes};
    if (s->n_exog == VO_FEATURES_MAX_EXOG)
        return vo_fail(err, VO_EINVAL, "features: exog %.63s: there are %d already", column,
                       VO_FEATURES_MAX_EXOG);
    vo_status st = check_name("exog", column, err);
    if (st != VO_OK) return st;
    memcpy(x.column, column, strlen(column) + 1);
    st = check_exog(&x, err);
    for (size_t i = 0; i < s->n_exog && st == VO_OK; i++)
        st = check_twice("exog", s->exog[i].column, column, err);
    if (st == VO_OK) s->exog[s->n_exog++] = x;
    return st;
}

/* ---- writing ---------------------------------------------------------------------------- */

static void write_numbers(vo_text *t, const char *key, const int32_t *v, size_t n) {
    vo_text_append(t, "%s=", key);
    for (size_t i = 0; i < n; i++) vo_text_append(t, i ? ",%d" : "%d", (int)v[i]);
    vo_text_append(t, "\n");
}

void vo_features_settings_format(const vo_features_settings *s, char out[VO_FEATURES_TEXT]) {
    vo_text t = vo_text_over(out, VO_FEATURES_TEXT);
    write_numbers(&t, "lags", s->lag, s->n_lags);
    write_numbers(&t, "days", s->day, s->n_days);
    write_numbers(&t, "windows", s->window, s->n_windows);
    vo_text_append(&t, "calendar=%d\nholidays=%s\n", (int)s->calendar,
                   s->holidays == VO_HOLIDAY_BY_ZONE
                       ? "zone"
                       : vo_holiday_market_name((vo_holiday_market)s->holidays));
    for (size_t k = 0; k < s->n_regions; k++) vo_text_append(&t, "region=%s\n", s->region[k]);
    vo_text_append(&t, "congestion=%s\nloss=%s\n", s->congestion, s->loss);
    for (size_t k = 0; k < s->n_exog; k++) {
        const vo_features_exog *x = &s->exog[k];
        if (x->rule == VO_PUBLICATION_DAY_AHEAD)
            vo_text_append(&t, "exog=day_ahead %02d:%02d %s\n", (int)x->minutes / 60,
                           (int)x->minutes % 60, x->column);
        else
            vo_text_append(&t, "exog=after %d %s\n", (int)x->minutes, x->column);
    }
    vo_text_append(&t, "battery=%d\n", (int)s->battery);
}

/* ---- reading ---------------------------------------------------------------------------- */

/* A line's value, not ended by NUL. */
typedef struct {
    const char *at;
    size_t len;
} span;

static bool read_number(span v, int32_t *out) {
    int64_t n;
    if (!vo_text_integer(v.at, v.len, &n) || n < INT32_MIN || n > INT32_MAX) return false;
    *out = (int32_t)n;
    return true;
}

/* "1,5,10"; "" is none. */
static bool read_numbers(span v, int32_t *out, size_t most, size_t *n) {
    *n = 0;
    while (v.len > 0) {
        const char *comma = memchr(v.at, ',', v.len);
        const size_t len = comma ? (size_t)(comma - v.at) : v.len;
        if (*n == most || !read_number((span){v.at, len}, &out[*n])) return false;
        ++*n;
        if (comma && len + 1 == v.len) return false;
        v.at += comma ? len + 1 : len;
        v.len -= comma ? len + 1 : len;
    }
    return true;
}

static bool read_name(span v, char out[VO_COLUMN_NAME]) {
    if (v.len >= VO_COLUMN_NAME || memchr(v.at, '\0', v.len)) return false;
    memset(out, 0, VO_COLUMN_NAME);
    memcpy(out, v.at, v.len);
    return true;
}

static bool read_holidays(span v, int32_t *out) {
    if (vo_text_same_span(v.at, v.len, "zone")) {
        *out = VO_HOLIDAY_BY_ZONE;
        return true;
    }
    for (int m = 0; m < VO_HOLIDAY_MARKET_COUNT; m++) {
        if (!vo_text_same_span(v.at, v.len, vo_holiday_market_name((vo_holiday_market)m)))
            continue;
        *out = m;
        return true;
    }
    return false;
}

/* Cuts a word off the front. */
static span next_word(span *v) {
    const char *blank = memchr(v->at, ' ', v->len);
    const span word = {v->at, blank ? (size_t)(blank - v->at) : v->len};
    v->at += word.len + (blank != NULL);
    v->len -= word.len + (blank != NULL);
    return word;
}

static bool read_exog(span v, vo_features_exog *out) {
    const span rule = next_word(&v), when = next_word(&v);
    *out = (vo_features_exog){.rule = VO_PUBLICATION_AFTER};
    if (!read_name(v, out->column)) return false;
    if (vo_text_same_span(rule.at, rule.len, "after")) return read_number(when, &out->minutes);
    out->rule = VO_PUBLICATION_DAY_AHEAD;
    int32_t hour = 0, minute = 0;
    if (!vo_text_same_span(rule.at, rule.len, "day_ahead") || when.len != 5 ||
        when.at[2] != ':' || !read_number((span){when.at, 2}, &hour) ||
        !read_number((span){when.at + 3, 2}, &minute))
        return false;
    out->minutes = 60 * hour + minute;
    return hour >= 0 && hour < 24 && minute >= 0 && minute < 60;
}

// clang-format off
#define KEY_MAP(X)                                                                             \
    X(lags,       "whole numbers, 1,5,10", read_numbers(v, s->lag, VO_FEATURES_MAX_LAGS, &s->n_lags)) \
    X(days,       "whole numbers, 1,7",    read_numbers(v, s->day, VO_FEATURES_MAX_DAYS, &s->n_days)) \
    X(windows,    "whole numbers, 5,10",   read_numbers(v, s->window, VO_FEATURES_MAX_WINDOWS, &s->n_windows)) \
    X(calendar,   "0 or 1",                read_number(v, &s->calendar))                       \
    X(holidays,   "zone or a market, MX",  read_holidays(v, &s->holidays))                     \
    X(region,     "a column, 32 at most",  s->n_regions < VO_FEATURES_MAX_REGIONS && read_name(v, s->region[s->n_regions++])) \
    X(congestion, "a column",              read_name(v, s->congestion))                        \
    X(loss,       "a column",              read_name(v, s->loss))                              \
    X(exog,       "\"day_ahead 12:00 NAME\" or \"after 15 NAME\", 32 at most", s->n_exog < VO_FEATURES_MAX_EXOG && read_exog(v, &s->exog[s->n_exog++])) \
    X(battery,    "0 or 1",                read_number(v, &s->battery))
// clang-format on

enum {
#define X(name, want, read) KEY_##name,
    KEY_MAP(X)
#undef X
        N_KEYS
};

/* The key's number and whether its value was understood; N_KEYS: there is no such key. */
static int read_key(vo_features_settings *s, span key, span v, bool *understood,
                    const char **want) {
#define X(name, wanted, read)                                                                  \
    if (vo_text_same_span(key.at, key.len, #name)) {                                           \
        *want = wanted;                                                                        \
        *understood = read;                                                                    \
        return KEY_##name;                                                                     \
    }
    KEY_MAP(X)
#undef X
    return N_KEYS;
}

static vo_status read_line(vo_features_settings *s, span line, size_t number, uint32_t *seen,
                           vo_error *err) {
    const char *equals = memchr(line.at, '=', line.len);
    const int shown = line.len < 80 ? (int)line.len : 80;
    const char *want = "";
    bool understood = false;
    if (!equals)
        return vo_fail(err, VO_EINVAL, "features, line %zu: \"%.*s\" is not key=value", number,
                       shown, line.at);
    const span key = {line.at, (size_t)(equals - line.at)};
    const span value = {equals + 1, line.len - key.len - 1};
    const int k = read_key(s, key, value, &understood, &want);
    if (k == N_KEYS)
        return vo_fail(err, VO_EINVAL,
                       "features, line %zu: key \"%.*s\" is unknown: use lags, days, windows, "
                       "calendar, holidays, region, congestion, loss, exog, battery",
                       number, key.len < 40 ? (int)key.len : 40, key.at);
    if (!understood)
        return vo_fail(err, VO_EINVAL, "features, line %zu: \"%.*s\": give %s", number, shown,
                       line.at, want);
    if (k != KEY_region && k != KEY_exog && (*seen >> k & 1))
        return vo_fail(err, VO_EINVAL, "features, line %zu: \"%.*s\": the key is there twice",
                       number, shown, line.at);
    *seen |= 1u << k;
    return VO_OK;
}

vo_status vo_features_settings_parse(const char *text, size_t len, vo_features_settings *out,
                                     vo_error *err) {
    vo_features_settings s = vo_features_settings_default();
    uint32_t seen = 0;
    for (size_t from = 0, number = 1; from < len; number++) {
        const char *end = memchr(text + from, '\n', len - from);
        span line = {text + from, end ? (size_t)(end - text) - from : len - from};
        from += line.len + 1;
        line.at = vo_text_trim(line.at, &line.len);
        if (line.len == 0) continue;
        const vo_status st = read_line(&s, line, number, &seen, err);
        if (st != VO_OK) return st;
    }
    const vo_status st = vo_features_settings_check(&s, err);
    if (st == VO_OK) *out = s;
    return st;
}

/* ---- in a model's file ------------------------------------------------------------------- */

void vo_features_settings_save(const vo_features_settings *s, vo_artefact_out *out) {
    char text[VO_FEATURES_TEXT];
    vo_features_settings_format(s, text);
    vo_artefact_begin(out, "FSET");
    vo_artefact_put_text(out, text);
    vo_artefact_end(out);
}

vo_status vo_features_settings_load(vo_artefact *in, vo_features_settings *out, vo_error *err) {
    char text[VO_FEATURES_TEXT];
    vo_status st = vo_artefact_enter(in, "FSET", err);
    if (st != VO_OK) return st;
    st = vo_artefact_get_text(in, text, sizeof text, err);
    vo_artefact_leave(in);
    return st == VO_OK ? vo_features_settings_parse(text, strlen(text), out, err) : st;
}
