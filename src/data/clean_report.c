/* clean_report.c -- see clean_report.h. */
#include "data/clean_report.h"

#include <stdlib.h>
#include <string.h>

#include "base/civil.h"

static const struct {
    const char *name, *done;
} rules[] = {
#define X(name, value, text, done) [value] = {text, done},
    VO_CLEAN_RULE_MAP(X)
#undef X
};

static bool is_rule(int32_t rule) { return rule >= 0 && rule < VO_CLEAN_RULE_COUNT; }

const char *vo_clean_rule_name(int32_t rule) { return is_rule(rule) ? rules[rule].name : "?"; }
const char *vo_clean_rule_done(int32_t rule) { return is_rule(rule) ? rules[rule].done : "?"; }

int32_t vo_clean_rule_find(const char *name) {
    for (int32_t i = 0; i < VO_CLEAN_RULE_COUNT; i++)
        if (strcmp(rules[i].name, name) == 0) return i;
    return -1;
}

vo_status vo_clean_report_create(vo_clean_report **out, vo_error *err) {
    vo_clean_report *r = calloc(1, sizeof *r);
    if (!r) return vo_fail(err, VO_ENOMEM, "no memory for the cleaning report");
    *out = r;
    return VO_OK;
}

void vo_clean_report_free(vo_clean_report *r) {
    if (!r) return;
    free(r->touch);
    free(r);
}

vo_status vo_clean_report_list(vo_clean_report *r, vo_touch t, vo_error *err) {
    if (r->n == r->capacity) {
        const size_t capacity = r->capacity ? r->capacity * 2 : 64;
        vo_touch *more = realloc(r->touch, capacity * sizeof *more);
        if (!more) return vo_fail(err, VO_ENOMEM, "no memory for the cleaning report");
        r->touch = more;
        r->capacity = capacity;
    }
    r->touch[r->n++] = t;
    return VO_OK;
}

vo_status vo_clean_report_touch(vo_clean_report *r, vo_touch t, vo_error *err) {
    r->count[t.rule]++;
    return vo_clean_report_list(r, t, err);
}

/* What is only named: counted always, listed up to a bound. */
vo_status vo_clean_report_name(vo_clean_report *r, vo_touch t, vo_error *err) {
    return r->count[t.rule]++ < VO_CLEAN_MAX_NAMED ? vo_clean_report_list(r, t, err) : VO_OK;
}

static int by_time(const void *a, const void *b) {
    const vo_touch *x = a, *y = b;
    if (x->start_s != y->start_s) return x->start_s < y->start_s ? -1 : 1;
    if (x->rule != y->rule) return x->rule < y->rule ? -1 : 1;
    if (x->line != y->line) return x->line < y->line ? -1 : 1;
    return (x->column > y->column) - (x->column < y->column);
}

void vo_clean_report_sort(vo_clean_report *r) {
    if (r->n > 1) qsort(r->touch, r->n, sizeof *r->touch, by_time);
}

static void touch_json(const vo_clean_report *r, const vo_touch *t, vo_json_out *w) {
    char at[32];
    vo_json_out_object(w);
    vo_json_out_key(w, "time");
    vo_json_out_string(w, vo_civil_format_utc(t->start_s, at));
    vo_json_out_key(w, "column");
    vo_json_out_string(w, t->column < 0 ? "*" : r->column[t->column]);
    vo_json_out_key(w, "old");
    vo_json_out_number(w, t->old_value);
    vo_json_out_key(w, "new");
    vo_json_out_number(w, t->new_value);
    vo_json_out_key(w, "rule");
    vo_json_out_string(w, vo_clean_rule_name(t->rule));
    vo_json_out_key(w, "done");
    vo_json_out_string(w, vo_clean_rule_done(t->rule));
    vo_json_out_key(w, "line");
    if (t->line)
        vo_json_out_integer(w, t->line);
    else
        vo_json_out_null(w);
    vo_json_out_end(w);
}

static void count_json(vo_json_out *w, const char *key, size_t n) {
    vo_json_out_key(w, key);
    vo_json_out_integer(w, (long long)n);
}

void vo_clean_report_json(const vo_clean_report *r, size_t max_touched, vo_json_out *w) {
    vo_json_out_object(w);
    count_json(w, "rows", r->rows);
    count_json(w, "intervals", r->intervals);
    count_json(w, "days_of_23_hours", r->n_short_days);
    count_json(w, "days_of_25_hours", r->n_long_days);
    vo_json_out_key(w, "counts");
    vo_json_out_object(w);
    for (int32_t k = 0; k < VO_CLEAN_RULE_COUNT; k++)
        count_json(w, vo_clean_rule_name(k), r->count[k]);
    vo_json_out_end(w);
    vo_json_out_key(w, "first");
    vo_json_out_object(w);
    bool said[VO_CLEAN_RULE_COUNT] = {false};
    for (size_t i = 0; i < r->n; i++) {
        char at[32];
        if (said[r->touch[i].rule]) continue;
        said[r->touch[i].rule] = true;
        vo_json_out_key(w, vo_clean_rule_name(r->touch[i].rule));
        vo_json_out_string(w, vo_civil_format_utc(r->touch[i].start_s, at));
    }
    vo_json_out_end(w);
    count_json(w, "touched_total", r->n);
    vo_json_out_key(w, "touched");
    vo_json_out_array(w);
    const size_t n = max_touched && max_touched < r->n ? max_touched : r->n;
    for (size_t i = 0; i < n; i++) touch_json(r, &r->touch[i], w);
    vo_json_out_end(w);
    vo_json_out_end(w);
}
