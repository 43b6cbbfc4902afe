/* clean.c -- see clean.h. Rows are put in order and onto an even grid of intervals; only then
 * is anything filled, from values that were read and never from values that were filled. */
#include "data/clean.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/schedule.h>

#include "base/order.h"
#include "base/zone.h"
#include "data/kind.h"

#define DAY_S INT64_C(86400)
#define WEEK_S INT64_C(604800)
#define NONE SIZE_MAX

#define X(name, text) text,
const char *const vo_zero_policy_name[] = {VO_ZERO_MAP(X)};
const char *const vo_repair_name[] = {VO_REPAIR_MAP(X)};
#undef X
#define COUNT(names) (sizeof names / sizeof names[0])
_Static_assert(COUNT(vo_zero_policy_name) == VO_ZERO_POLICIES &&
                   COUNT(vo_repair_name) == VO_REPAIRS,
               "one name for each");

vo_clean_options vo_clean_options_default(void) {
    return (vo_clean_options){.max_interpolate_h = 6, .max_fill_h = 192, .spike_iqr = 6};
}

/* ---- rows in order --------------------------------------------------------------- */

typedef struct {
    int64_t start_s;
    size_t row;
} place;

typedef struct { /* a value that a row of one start lends to the one that stays */
    size_t to;   /* index into cleaner.at */
    size_t row, column;
} loan;

typedef struct {
    const vo_readings *r;
    const vo_clean_options *o;
    vo_clean_report *report;
    vo_zone *zone;
    place *at; /* [n] rows to keep, by time */
    size_t n;
    loan *loans; /* [n_loans] */
    size_t n_loans, loans_capacity;
    bool prices; /* the main column must be filled; of other kinds it may stay missing */
    int64_t step_s;
    vo_series *s;
    double *raw; /* [columns, s->n] as read, for filling */
} cleaner;

/* The error of strict mode: where, what, remedy. */
static vo_status refuse(const cleaner *k, size_t row, const char *what, vo_error *err) {
    char at[32];
    vo_civil_format_utc(k->r->start_s[row], at);
    return vo_fail(err, VO_EINVAL,
                   "%s line %u, %s: %s; correct the file, or let cleaning repair "
                   "it",
                   k->r->label, k->r->line[row], at, what);
}

/* A row that is dropped, with all its values; `kept` (or NONE) is the row that stays. */
static vo_status drop_row(cleaner *k, size_t row, size_t kept, int32_t rule, vo_error *err) {
    const vo_readings *r = k->r;
    k->report->count[rule]++;
    for (size_t c = 0; c < r->n_columns; c++) {
        const double *v = r->column[c].value;
        const vo_touch t = {.start_s = r->start_s[row],
                            .old_value = v[row],
                            .new_value = kept == NONE ? (double)NAN : v[kept],
                            .rule = rule,
                            .column = c ? (int32_t)c : -1,
                            .line = r->line[row]};
        const vo_status st = vo_clean_report_list(k->report, t, err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

static int by_start(const void *a, const void *b) {
    const place *x = a, *y = b;
    if (x->start_s != y->start_s) return x->start_s < y->start_s ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static vo_status take_rows(cleaner *k, vo_error *err) {
    const vo_readings *r = k->r;
    vo_status st = VO_OK;
    int64_t latest = INT64_MIN;
    for (size_t i = 0; i < r->n; i++) {
        if (r->flag[i] & VO_READING_SKIPPED_HOUR) {
            if (k->o->strict) return refuse(k, i, "an hour that the zone's clocks skip", err);
            if ((st = drop_row(k, i, NONE, VO_CLEAN_DST_SKIPPED, err)) != VO_OK) return st;
            continue;
        }
        if (r->start_s[i] < latest) {
            if (k->o->strict)
                return refuse(k, i, "earlier than a row before it (unsorted)", err);
            k->report->count[VO_CLEAN_SORTED]++;
        } else {
            latest = r->start_s[i];
        }
        k->at[k->n++] = (place){r->start_s[i], i};
    }
    if (k->report->count[VO_CLEAN_SORTED]) qsort(k->at, k->n, sizeof k->at[0], by_start);
    return VO_OK;
}

static bool same_values(const vo_readings *r, size_t a, size_t b) {
    for (size_t c = 0; c < r->n_columns; c++) {
        const double x = r->column[c].value[a], y = r->column[c].value[b];
        if (x < y || x > y || isnan(x) != isnan(y)) return false;
    }
    return true;
}

/* Do rows [a, b) of one start complete each other: no column has two values, and the last row
 * lacks one that another has? */
static bool complete_each_other(const cleaner *k, size_t a, size_t b) {
    bool lacking = false;
    for (size_t c = 0; c < k->r->n_columns; c++) {
        const double *v = k->r->column[c].value;
        double known = (double)NAN;
        for (size_t i = a; i < b; i++) {
            const double x = v[k->at[i].row];
            if (x < known || x > known) return false;
            if (!isnan(x)) known = x;
        }
        lacking = lacking || (isnan(v[k->at[b - 1].row]) && !isnan(known));
    }
    return lacking;
}

/* What the last row of [a, b) lacks is taken from the others when rows are laid out. */
static vo_status join(cleaner *k, size_t a, size_t b, size_t kept, vo_error *err) {
    k->report->count[VO_CLEAN_JOINED] += b - a - 1;
    for (size_t c = 0; c < k->r->n_columns; c++) {
        const double *v = k->r->column[c].value;
        size_t i = b - 1;
        while (i > a && isnan(v[k->at[i].row])) i--;
        if (i == b - 1 || isnan(v[k->at[i].row])) continue;
        if (k->n_loans == k->loans_capacity) {
            const size_t capacity = k->loans_capacity ? k->loans_capacity * 2 : 256;
            loan *more = realloc(k->loans, capacity * sizeof *more);
            if (!more) return vo_fail(err, VO_ENOMEM, "no memory to clean %zu rows", k->n);
            k->loans = more;
            k->loans_capacity = capacity;
        }
        k->loans[k->n_loans++] = (loan){kept, k->at[i].row, c};
    }
    return VO_OK;
}

static vo_status drop_earlier(cleaner *k, size_t a, size_t b, vo_error *err) {
    vo_status st = VO_OK;
    for (size_t i = a; i + 1 < b && st == VO_OK; i++) {
        const size_t row = k->at[i].row, next = k->at[i + 1].row;
        st = drop_row(k, row, next,
                      same_values(k->r, row, next) ? VO_CLEAN_DUPLICATE_SAME
                                                   : VO_CLEAN_DUPLICATE_LAST,
                      err);
    }
    return st;
}

/* Of several rows of one start the last of the file stays: publishers append corrections. But
 * rows that complete each other are one. */
static vo_status drop_duplicates(cleaner *k, vo_error *err) {
    size_t kept = 0;
    for (size_t a = 0, b; a < k->n; a = b) {
        vo_status st = VO_OK;
        for (b = a + 1; b < k->n && k->at[b].start_s == k->at[a].start_s;) b++;
        if (b - a > 1 && complete_each_other(k, a, b))
            st = join(k, a, b, kept, err);
        else if (b - a > 1 && k->o->strict)
            st = refuse(k, k->at[a + 1].row, "this time stamp is there twice", err);
        else if (b - a > 1)
            st = drop_earlier(k, a, b, err);
        if (st != VO_OK) return st;
        k->at[kept++] = k->at[b - 1];
    }
    k->n = kept;
    return VO_OK;
}

/* ---- the grid -------------------------------------------------------------------- */

/* The most common distance between neighbours, the smaller of equals; an hour for one row. Few
 * distances are counted as they come; only a file of many is sorted. */
static vo_status common_step_sorted(cleaner *k, vo_error *err) {
    int64_t *gap = malloc((k->n - 1) * sizeof *gap);
    if (!gap) return vo_fail(err, VO_ENOMEM, "no memory to clean %zu rows", k->n);
    for (size_t i = 0; i + 1 < k->n; i++) gap[i] = k->at[i + 1].start_s - k->at[i].start_s;
    qsort(gap, k->n - 1, sizeof *gap, vo_order_int64);
    size_t best = 0, run = 0;
    for (size_t i = 0; i + 1 < k->n; i++) {
        run = i && gap[i] == gap[i - 1] ? run + 1 : 1;
        if (run > best) best = run, k->step_s = gap[i];
    }
    free(gap);
    return VO_OK;
}

static vo_status common_step(cleaner *k, vo_error *err) {
    enum { MAX_GAPS = 16 };
    int64_t gap[MAX_GAPS];
    size_t count[MAX_GAPS], n = 0;
    k->step_s = 3600;
    for (size_t i = 0; i + 1 < k->n; i++) {
        const int64_t g = k->at[i + 1].start_s - k->at[i].start_s;
        size_t j = 0;
        while (j < n && gap[j] != g) j++;
        if (j == MAX_GAPS) return common_step_sorted(k, err);
        if (j == n) gap[n] = g, count[n++] = 0;
        count[j]++;
    }
    for (size_t j = 0, best = 0; j < n; j++) {
        if (count[j] < best || (count[j] == best && gap[j] > k->step_s)) continue;
        best = count[j];
        k->step_s = gap[j];
    }
    return VO_OK;
}

static vo_status choose_step(cleaner *k, vo_error *err) {
    const double minutes = k->o->interval_minutes;
    if (!(minutes >= 0 && minutes <= 527040))
        return vo_fail(err, VO_EINVAL, "interval_minutes = %g is not in 0..527040", minutes);
    if (minutes > 0)
        k->step_s = (int64_t)llround(minutes * 60);
    else if (k->r->interval_h > 0)
        k->step_s = (int64_t)llround(k->r->interval_h * 3600);
    else
        return common_step(k, err);
    if (k->step_s < 1)
        return vo_fail(err, VO_EINVAL, "intervals of %g minutes; at least a second", minutes);
    return VO_OK;
}

/* Every start lies on the grid and no gap is longer than may be filled: checked before
 * anything of the grid's size is allocated. */
static vo_status check_grid(const cleaner *k, size_t *n, vo_error *err) {
    char from[32], to[32];
    for (size_t i = 0; i + 1 < k->n; i++) {
        const int64_t gap_s = k->at[i + 1].start_s - k->at[i].start_s;
        const size_t row = k->at[i + 1].row;
        if (gap_s == k->step_s) continue;
        vo_civil_format_utc(k->at[i].start_s, from);
        vo_civil_format_utc(k->at[i + 1].start_s, to);
        if (gap_s % k->step_s != 0)
            return vo_fail(
                err, VO_EINVAL,
                "%s line %u: from %s to %s are %lld s, not a multiple "
                "of the interval of %lld s; correct it, give interval_minutes, or say "
                "that intervals are uneven",
                k->r->label, k->r->line[row], from, to, (long long)gap_s, (long long)k->step_s);
        if (k->o->strict) return refuse(k, row, "intervals are missing before it", err);
        if (k->prices && (double)(gap_s - k->step_s) > k->o->max_fill_h * 3600)
            return vo_fail(err, VO_EINVAL,
                           "%s line %u: nothing between %s and %s (%.1f h); at "
                           "most %g h are filled: choose a part without the gap, or raise "
                           "max_fill_h",
                           k->r->label, k->r->line[row], from, to,
                           (double)(gap_s - k->step_s) / 3600, k->o->max_fill_h);
    }
    const int64_t span_s = k->at[k->n - 1].start_s - k->at[0].start_s;
    const uint64_t intervals = (uint64_t)(span_s / k->step_s) + 1;
    if (intervals > VO_MAX_INTERVALS)
        return vo_fail(err, VO_EINVAL, "%s: %llu intervals; at most %u: choose a part",
                       k->r->label, (unsigned long long)intervals, VO_MAX_INTERVALS);
    *n = (size_t)intervals;
    return VO_OK;
}

static vo_status make_series(cleaner *k, size_t n, vo_error *err) {
    const char *name[VO_SERIES_MAX_COLUMNS];
    const vo_readings *r = k->r;
    for (size_t c = 0; c < r->n_columns; c++) name[c] = r->column[c].name;
    const vo_status st = vo_series_create(n, name, r->n_columns, NULL, &k->s, err);
    if (st != VO_OK) return st;
    vo_series *s = k->s;
    snprintf(s->zone, sizeof s->zone, "%s", vo_zone_name(k->zone));
    snprintf(s->currency, sizeof s->currency, "%s", r->currency);
    snprintf(s->unit, sizeof s->unit, "%s", k->prices && !r->unit[0] ? "MWh" : r->unit);
    snprintf(s->label, sizeof s->label, "%s", r->label);
    return VO_OK;
}

/* Where the i-th row that stays lies. */
static size_t interval_of(const cleaner *k, size_t i) {
    if (k->o->uneven) return i;
    return (size_t)((k->at[i].start_s - k->at[0].start_s) / k->step_s);
}

/* Rows onto the grid; where none lies the columns stay NAN. */
static vo_status lay_out(cleaner *k, vo_error *err) {
    size_t n = k->n;
    vo_status st = VO_OK;
    if (!k->o->uneven && (st = check_grid(k, &n, err)) != VO_OK) return st;
    if ((st = make_series(k, n, err)) != VO_OK) return st;
    vo_series *s = k->s;
    const int64_t first_s = k->at[0].start_s;
    for (size_t t = 0; t < n; t++) {
        s->start[t].s = k->o->uneven ? k->at[t].start_s : first_s + (int64_t)t * k->step_s;
        s->dt_h[t] = (double)k->step_s / 3600;
        if (k->o->uneven && t > 0)
            s->dt_h[t - 1] = (double)(s->start[t].s - s->start[t - 1].s) / 3600;
    }
    if (k->o->uneven && n > 1) s->dt_h[n - 1] = s->dt_h[n - 2];
    for (size_t i = 0; i < k->n; i++) {
        const size_t t = interval_of(k, i);
        for (size_t c = 0; c < s->n_columns; c++)
            s->column[c].value[t] = k->r->column[c].value[k->at[i].row];
    }
    for (size_t j = 0; j < k->n_loans; j++) {
        const loan *l = &k->loans[j];
        s->column[l->column].value[interval_of(k, l->to)] =
            k->r->column[l->column].value[l->row];
    }
    return VO_OK;
}

/* ---- values that are none ---------------------------------------------------------- */

static vo_status drop_value(cleaner *k, size_t row, size_t t, size_t c, int32_t rule,
                            vo_error *err) {
    double *v = &k->s->column[c].value[t];
    const vo_touch what = {k->s->start[t].s, *v, (double)NAN, rule, (int32_t)c,
                           k->r->line[row],  0};
    *v = (double)NAN;
    return vo_clean_report_touch(k->report, what, err);
}

static vo_status drop_placeholders(cleaner *k, vo_error *err) {
    const bool zeros =
        k->prices && (k->o->zero == VO_ZERO_MISSING ||
                      (k->o->zero == VO_ZERO_AS_SOURCE && k->r->zero_is_missing));
    vo_status st = VO_OK;
    for (size_t i = 0; i < k->n && st == VO_OK; i++) {
        const size_t row = k->at[i].row;
        const size_t t = interval_of(k, i);
        const double price = k->s->column[0].value[t];
        const bool zero = zeros && !(price < 0) && !(price > 0) && !isnan(price);
        if (k->o->strict && k->prices && !isfinite(price))
            return refuse(k, row, "there is no price", err);
        if (k->o->strict && zero)
            return refuse(k, row, "a price of 0, which this source writes for none", err);
        for (size_t c = 0; c < k->s->n_columns && st == VO_OK; c++) {
            const double v = k->s->column[c].value[t];
            if (isinf(v))
                st = drop_value(k, row, t, c, VO_CLEAN_NOT_FINITE, err);
            else if (zero && !isnan(v))
                st = drop_value(k, row, t, c, VO_CLEAN_ZERO_PLACEHOLDER, err);
        }
    }
    return st;
}

/* The line of the row that gave interval t, 0 if there was none: an empty row is not the same
 * as no row. */
static uint32_t line_at(const cleaner *k, size_t t) {
    const int64_t at = k->s->start[t].s;
    size_t lo = 0, hi = k->n;
    while (lo < hi) {
        const size_t m = lo + (hi - lo) / 2;
        if (k->at[m].start_s < at)
            lo = m + 1;
        else
            hi = m;
    }
    return lo < k->n && k->at[lo].start_s == at ? k->r->line[k->at[lo].row] : 0;
}

/* ---- filling ----------------------------------------------------------------------- */

/* Index of the interval at the same local hour `weeks` away; false outside the series. */
static bool weeks_away(const cleaner *k, size_t t, int weeks, size_t *at) {
    const int64_t here = k->s->start[t].s;
    int64_t there = here + weeks * WEEK_S;
    there += vo_zone_offset(k->zone, here) - vo_zone_offset(k->zone, there);
    const int64_t d = there - k->s->start[0].s;
    if (d < 0 || d % k->step_s != 0 || (uint64_t)(d / k->step_s) >= k->s->n) return false;
    *at = (size_t)(d / k->step_s);
    return true;
}

/* Mean of the nearest weeks' values at the same local hour; NAN if there are none. */
static double same_hour_of_week(const cleaner *k, const double *raw, size_t t) {
    for (int w = 1; w <= 4; w++) {
        double sum = 0;
        int n = 0;
        for (int side = -1; side <= 1; side += 2) {
            size_t at = 0;
            if (!weeks_away(k, t, side * w, &at) || isnan(raw[at])) continue;
            sum += raw[at];
            n++;
        }
        if (n) return sum / n;
    }
    return (double)NAN;
}

static vo_status cannot_fill(const cleaner *k, size_t a, size_t b, vo_error *err) {
    char from[32], to[32];
    vo_civil_format_utc(k->s->start[a].s, from);
    vo_civil_format_utc(k->s->start[b - 1].s, to);
    return vo_fail(err, VO_EINVAL,
                   "%s: no price from %s to %s (%zu intervals) and none at the "
                   "same hour of the weeks around to fill from; choose a part without it, or "
                   "raise max_fill_h or max_interpolate_h",
                   k->r->label, from, to, b - a);
}

static vo_status name_missing(cleaner *k, size_t c, size_t t, vo_error *err) {
    return vo_clean_report_name(k->report,
                                (vo_touch){.start_s = k->s->start[t].s,
                                           .old_value = (double)NAN,
                                           .new_value = (double)NAN,
                                           .rule = VO_CLEAN_LEFT_MISSING,
                                           .column = (int32_t)c},
                                err);
}

/* Fills the gap [a, b) of column c. */
static vo_status fill_gap(cleaner *k, size_t c, size_t a, size_t b, vo_error *err) {
    const double *raw = k->raw + c * k->s->n;
    const double hours = (double)(b - a) * (double)k->step_s / 3600;
    const bool inside = a > 0 && b < k->s->n;
    const bool linear = inside && hours <= k->o->max_interpolate_h && hours <= k->o->max_fill_h;
    for (size_t t = a; t < b; t++) {
        double v = (double)NAN;
        if (linear)
            v = raw[a - 1] + (raw[b] - raw[a - 1]) * (double)(t - a + 1) / (double)(b - a + 1);
        else if (hours <= k->o->max_fill_h)
            v = same_hour_of_week(k, raw, t);
        if (isnan(v) && c == 0 && k->prices) return cannot_fill(k, a, b, err);
        if (isnan(v)) {
            const vo_status st = name_missing(k, c, t, err);
            if (st != VO_OK) return st;
            continue;
        }
        k->s->column[c].value[t] = v;
        const vo_status st = vo_clean_report_touch(
            k->report,
            (vo_touch){k->s->start[t].s, (double)NAN, v,
                       linear ? VO_CLEAN_INTERPOLATED : VO_CLEAN_SAME_HOUR_OF_WEEK, (int32_t)c,
                       line_at(k, t), 0},
            err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

static vo_status fill_column(cleaner *k, size_t c, vo_error *err) {
    const size_t n = k->s->n;
    const double *raw = k->raw + c * n;
    for (size_t a = 0; a < n; a++) {
        if (!isnan(raw[a])) continue;
        size_t b = a;
        while (b < n && isnan(raw[b])) b++;
        if (b - a == n) return VO_OK; /* nothing to go by: the column stays as it is */
        const vo_status st = fill_gap(k, c, a, b, err);
        if (st != VO_OK) return st;
        a = b;
    }
    return VO_OK;
}

static bool has_gap(const vo_series *s) {
    for (size_t c = 0; c < s->n_columns; c++)
        for (size_t t = 0; t < s->n; t++)
            if (isnan(s->column[c].value[t])) return true;
    return false;
}

static vo_status fill(cleaner *k, vo_error *err) {
    const size_t n = k->s->n;
    if (!has_gap(k->s)) return VO_OK;
    if (k->o->uneven) {
        for (size_t t = 0; k->prices && t < n; t++)
            if (isnan(k->s->column[0].value[t])) return cannot_fill(k, t, t + 1, err);
        return VO_OK;
    }
    k->raw = malloc(n * k->s->n_columns * sizeof *k->raw);
    if (!k->raw) return vo_fail(err, VO_ENOMEM, "no memory to fill %zu intervals", n);
    for (size_t c = 0; c < k->s->n_columns; c++)
        memcpy(k->raw + c * n, k->s->column[c].value, n * sizeof(double));
    for (size_t c = 0; c < k->s->n_columns; c++) {
        const vo_status st = fill_column(k, c, err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

/* Is there nothing to keep at t: no price; of other kinds, no value at all? */
static bool is_bare(const cleaner *k, size_t t) {
    const size_t n = k->prices ? 1 : k->s->n_columns;
    for (size_t c = 0; c < n; c++)
        if (!isnan(k->s->column[c].value[t])) return false;
    return true;
}

/* An interval cut off, with what its other columns had. */
static vo_status trim_one(cleaner *k, size_t t, vo_error *err) {
    vo_touch what = {.start_s = k->s->start[t].s,
                     .old_value = (double)NAN,
                     .new_value = (double)NAN,
                     .rule = VO_CLEAN_TRIMMED,
                     .column = -1,
                     .line = line_at(k, t)};
    vo_status st = vo_clean_report_touch(k->report, what, err);
    for (size_t c = 1; c < k->s->n_columns && st == VO_OK; c++) {
        what.old_value = k->s->column[c].value[t];
        what.column = (int32_t)c;
        if (!isnan(what.old_value)) st = vo_clean_report_list(k->report, what, err);
    }
    return st;
}

/* Cuts off the bare ends: an edge has only one side to fill from. */
static vo_status trim(cleaner *k, vo_error *err) {
    size_t a = 0, b = k->s->n;
    while (a < b && is_bare(k, a)) a++;
    while (b > a && is_bare(k, b - 1)) b--;
    if (a == b)
        return vo_fail(err, VO_EINVAL, "%s has no %s at all in %zu intervals", k->r->label,
                       k->prices ? "price" : "value", k->s->n);
    if (a == 0 && b == k->s->n) return VO_OK;
    for (size_t t = 0; t < k->s->n; t++) {
        const vo_status st = t < a || t >= b ? trim_one(k, t, err) : VO_OK;
        if (st != VO_OK) return st;
    }
    vo_series *part = NULL;
    const vo_time to = {k->s->start[b - 1].s + 1};
    const vo_status st = vo_series_slice(k->s, k->s->start[a], to, &part, err);
    if (st != VO_OK) return st;
    vo_series_free(k->s);
    k->s = part;
    return VO_OK;
}

/* ---- days and checks ----------------------------------------------------------------- */

static vo_status name_value(cleaner *k, size_t t, int32_t column, int32_t rule, vo_error *err) {
    const double v = k->s->column[column < 0 ? 0 : column].value[t];
    const vo_touch what = {.start_s = k->s->start[t].s,
                           .old_value = v,
                           .new_value = v,
                           .rule = rule,
                           .column = column};
    return vo_clean_report_name(k->report, what, err);
}

/* Names the first interval after the clocks of day [from_s, to_s) were changed; t lies in it.
 */
static vo_status name_change_of_clocks(cleaner *k, size_t t, int64_t to_s, bool is_long,
                                       vo_error *err) {
    const vo_series *s = k->s;
    const int32_t before_s = vo_zone_offset(k->zone, s->start[t].s - 1);
    while (t < s->n && s->start[t].s < to_s &&
           vo_zone_offset(k->zone, s->start[t].s) == before_s)
        t++;
    if (t == s->n || s->start[t].s >= to_s) return VO_OK; /* the series ends before it */
    return name_value(k, t, -1, is_long ? VO_CLEAN_DST_LONG_DAY : VO_CLEAN_DST_SHORT_DAY, err);
}

static vo_status number_days(cleaner *k, vo_error *err) {
    vo_series *s = k->s;
    vo_series_number_days(s, k->zone);
    const int64_t first = vo_zone_local_day(k->zone, s->start[0].s);
    for (size_t t = 0; t < s->n; t++) {
        if (t > 0 && s->day[t] == s->day[t - 1]) continue;
        const int64_t from_s = vo_zone_day_start(k->zone, first + s->day[t]);
        const int64_t to_s = vo_zone_day_start(k->zone, first + s->day[t] + 1);
        if (to_s - from_s == DAY_S) continue;
        const bool is_long = to_s - from_s > DAY_S;
        k->report->n_long_days += is_long;
        k->report->n_short_days += !is_long;
        const vo_status st = name_change_of_clocks(k, t, to_s, is_long, err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

static vo_status check_components(cleaner *k, vo_error *err) {
    const double *energy = vo_series_find(k->s, "energy"), *loss = vo_series_find(k->s, "loss");
    const double *congestion = vo_series_find(k->s, "congestion");
    if (!energy || !loss || !congestion) return VO_OK;
    for (size_t t = 0; t < k->s->n; t++) {
        const double sum = energy[t] + loss[t] + congestion[t];
        if (!(fabs(k->s->column[0].value[t] - sum) > 0.05)) continue;
        const vo_status st = name_value(k, t, 0, VO_CLEAN_COMPONENT_SUM, err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

/* ---- spikes ---------------------------------------------------------------------------- */

/* The value of rank m of x[n], which is reordered: Hoare's FIND (CACM 4, 1961). */
static double select_rank(double *x, ptrdiff_t n, ptrdiff_t m) {
    ptrdiff_t lo = 0, hi = n - 1;
    while (lo < hi) {
        const double pivot = x[m];
        ptrdiff_t i = lo, j = hi;
        while (i <= j) {
            while (x[i] < pivot) i++;
            while (pivot < x[j]) j--;
            if (i > j) break;
            const double swap = x[i];
            x[i++] = x[j];
            x[j--] = swap;
        }
        if (j < m) lo = i;
        if (m < i) hi = j;
    }
    return x[m];
}

/* Quartiles are blind to the spikes themselves, however high they are; Tukey's fence for "far
 * out" is 3 interquartile ranges, prices have heavier tails. A series whose quartiles are equal
 * has no such measure. */
static vo_status name_spikes(cleaner *k, vo_error *err) {
    const vo_series *s = k->s;
    const double *price = s->column[0].value;
    if (!k->prices || !(k->o->spike_iqr > 0) || s->n < 48) return VO_OK;
    double *x = malloc(s->n * sizeof *x);
    if (!x) return vo_fail(err, VO_ENOMEM, "no memory to clean %zu intervals", s->n);
    memcpy(x, price, s->n * sizeof *x);
    const ptrdiff_t n = (ptrdiff_t)s->n;
    const double middle = select_rank(x, n, n / 2);
    const double reach =
        k->o->spike_iqr * (select_rank(x, n, 3 * n / 4) - select_rank(x, n, n / 4));
    free(x);
    vo_status st = VO_OK;
    for (size_t t = 0; t < s->n && reach > 0 && st == VO_OK; t++)
        if (fabs(price[t] - middle) > reach) st = name_value(k, t, 0, VO_CLEAN_SPIKE, err);
    return st;
}

static vo_status run(cleaner *k, vo_error *err) {
    const vo_readings *r = k->r;
    vo_status st = vo_zone_open(r->zone[0] ? r->zone : "UTC", &k->zone, err);
    if (st != VO_OK) return st;
    k->at = malloc(r->n * sizeof *k->at);
    if (!k->at) return vo_fail(err, VO_ENOMEM, "no memory to clean %zu rows", r->n);
    if ((st = take_rows(k, err)) != VO_OK) return st;
    if ((st = drop_duplicates(k, err)) != VO_OK) return st;
    if (k->n == 0) return vo_fail(err, VO_EINVAL, "%s has no usable row", r->label);
    if ((st = choose_step(k, err)) != VO_OK) return st;
    if ((st = lay_out(k, err)) != VO_OK) return st;
    if ((st = drop_placeholders(k, err)) != VO_OK) return st;
    if ((st = trim(k, err)) != VO_OK) return st;
    if ((st = fill(k, err)) != VO_OK) return st;
    if ((st = number_days(k, err)) != VO_OK) return st;
    if ((st = check_components(k, err)) != VO_OK) return st;
    return name_spikes(k, err);
}

static vo_status check_options(const vo_clean_options *o, vo_error *err) {
    if (!(o->max_interpolate_h >= 0))
        return vo_fail(err, VO_EINVAL, "max_interpolate_h = %g is negative",
                       o->max_interpolate_h);
    if (!(o->max_fill_h >= 0))
        return vo_fail(err, VO_EINVAL, "max_fill_h = %g is negative", o->max_fill_h);
    if (!(o->spike_iqr >= 0))
        return vo_fail(err, VO_EINVAL, "spike_iqr = %g is negative; 0 names no spikes",
                       o->spike_iqr);
    return VO_OK;
}

vo_status vo_clean(const vo_readings *r, const vo_clean_options *o, vo_series **series,
                   vo_clean_report **report, vo_error *err) {
    const vo_clean_options standard = vo_clean_options_default();
    cleaner k = {.r = r, .o = o ? o : &standard, .prices = vo_kind_is_prices(r->kind)};
    vo_status st = check_options(k.o, err);
    if (st != VO_OK) return st;
    if (r->n == 0) return vo_fail(err, VO_EINVAL, "%s has no rows", r->label);
    if ((st = vo_clean_report_create(&k.report, err)) != VO_OK) return st;
    st = run(&k, err);
    if (st == VO_OK) {
        k.report->rows = r->n;
        k.report->intervals = k.s->n;
        k.report->n_columns = k.s->n_columns;
        for (size_t c = 0; c < k.s->n_columns; c++)
            memcpy(k.report->column[c], k.s->column[c].name, VO_COLUMN_NAME);
        vo_clean_report_sort(k.report);
        *series = k.s;
        k.s = NULL;
        if (report) {
            *report = k.report;
            k.report = NULL;
        }
    }
    free(k.raw);
    free(k.at);
    free(k.loans);
    vo_zone_close(k.zone);
    vo_series_free(k.s);
    vo_clean_report_free(k.report);
    return st;
}
