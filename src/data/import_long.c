/* import_long.c -- see import_long.h. vo_clean looks at most four weeks and one gap away from a
 * value, so a window with five weeks and the longest gap on either side sees all that counts.
 * What concerns the whole series is found beforehand: the interval, what is out of order,
 * quartiles.
 */
#include "data/import_long.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/schedule.h>

#include "base/civil.h"
#include "base/zone.h"

#define WINDOW_ROWS 400000u
#define AROUND_H (35.0 * 24)
#define YEAR_S INT64_C(31556952)
#define MAX_GAPS 4096u /* a power of two */

typedef struct {
    int64_t gap_s;
    size_t n; /* 0: free */
} gap;

typedef struct {
    const vo_import_long_job *job;
    vo_clean_options clean; /* without spikes: they need quartiles of the whole */
    const vo_readings *r;   /* who it is; its rows are elsewhere */
    vo_zone *zone;
    bool prices;
    int64_t first_s, last_s, around_s, window_s;
    int64_t step_s;    /* 0: intervals are uneven, or it is left to vo_clean */
    bool doomed;       /* no grid holds the rows: vo_clean will say why */
    bool whole_needed; /* a window alone cannot tell */
    gap *gaps;         /* [MAX_GAPS] */
    size_t n_gaps;
    size_t unsorted; /* rows that begin before a row before them, skipped hours aside */
    /* of the series */
    bool writing; /* second pass */
    size_t n;
    int64_t end_s; /* last start kept so far; INT64_MIN: none */
    int64_t day;   /* last local day counted */
    bool has[VO_SERIES_MAX_COLUMNS];
    double *price; /* [VO_MAX_INTERVALS at most] for the quartiles */
    size_t price_capacity;
    double middle, reach; /* of a spike */
    vo_clean_report *report;
    vo_series *held; /* uneven: waits for the start of the next one */
    vo_clean_report *held_report;
} longer;

/* ---- windows ---------------------------------------------------------------------------- */

/* Windows begin with UTC years where a year is not too long, as the lake's parts do. */
static int64_t next_edge(const longer *k, int64_t s) {
    if (k->window_s < YEAR_S) return s + k->window_s;
    const int32_t years = (int32_t)(k->window_s / YEAR_S);
    const vo_civil c = {.year = vo_civil_from_seconds(s).year + years, .month = 1, .day = 1};
    return vo_civil_seconds(&c);
}

static int by_size(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void count_gap(longer *k, int64_t gap_s) {
    size_t i = (size_t)((uint64_t)gap_s * UINT64_C(0x9E3779B97F4A7C15) >> 40) & (MAX_GAPS - 1);
    while (k->gaps[i].n && k->gaps[i].gap_s != gap_s) i = (i + 1) & (MAX_GAPS - 1);
    if (k->gaps[i].n == 0) {
        if (k->n_gaps + 1 == MAX_GAPS) {
            k->whole_needed = true;
            return;
        }
        k->n_gaps++;
        k->gaps[i].gap_s = gap_s;
    }
    k->gaps[i].n++;
}

/* Distances between the starts of one window, and from the window before. */
static vo_status count_window(longer *k, int64_t from_s, int64_t to_s, int64_t *latest_s,
                              vo_error *err) {
    vo_readings *r = NULL;
    vo_status st = vo_readings_set_load(k->job->set, k->job->node, from_s, to_s, &r, err);
    if (st != VO_OK) return st;
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++)
        if (!(r->flag[i] & VO_READING_SKIPPED_HOUR)) r->start_s[n++] = r->start_s[i];
    qsort(r->start_s, n, sizeof r->start_s[0], by_size);
    for (size_t i = 0; i < n; i++) {
        if (*latest_s != INT64_MIN && r->start_s[i] > *latest_s)
            count_gap(k, r->start_s[i] - *latest_s);
        *latest_s = r->start_s[i];
    }
    vo_readings_set_drop(k->job->set, k->job->node, r);
    return VO_OK;
}

static vo_status count_windows(longer *k, vo_error *err) {
    int64_t latest_s = INT64_MIN;
    for (int64_t a = k->first_s; a <= k->last_s && !k->whole_needed; a = next_edge(k, a)) {
        const vo_status st = count_window(k, a, next_edge(k, a), &latest_s, err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

typedef struct {
    longer *k;
    int64_t latest_s;
} counting;

/* The same where rows are in order: their stamps alone are read. */
static void count_starts(void *ctx, const int64_t *start_s, const uint8_t *flag, size_t n) {
    counting *c = ctx;
    longer *k = c->k;
    for (size_t i = 0; i < n; i++) {
        if (flag[i] & VO_READING_SKIPPED_HOUR) continue;
        if (start_s[i] < c->latest_s) {
            k->unsorted++;
            continue;
        }
        if (c->latest_s != INT64_MIN && start_s[i] > c->latest_s && k->unsorted == 0)
            count_gap(k, start_s[i] - c->latest_s);
        c->latest_s = start_s[i];
    }
}

static vo_status count_gaps(longer *k, vo_error *err) {
    counting c = {k, INT64_MIN};
    const vo_import_long_job *j = k->job;
    const vo_status st = vo_readings_set_starts(j->set, j->node, count_starts, &c, err);
    if (st != VO_OK || k->unsorted == 0 || k->clean.uneven) return st;
    memset(k->gaps, 0, MAX_GAPS * sizeof *k->gaps);
    k->n_gaps = 0;
    k->whole_needed = false;
    return count_windows(k, err);
}

/* The interval as vo_clean would choose it, and whether a gap rules the node out. */
static vo_status choose_step(longer *k, vo_error *err) {
    size_t best = 0;
    const vo_status st = count_gaps(k, err);
    if (k->clean.uneven) k->whole_needed = false; /* distances do not matter */
    if (st != VO_OK || k->clean.uneven) return st;
    for (size_t i = 0; i < MAX_GAPS; i++) {
        const gap *g = &k->gaps[i];
        if (g->n == 0 || g->n < best || (g->n == best && g->gap_s > k->step_s)) continue;
        best = g->n;
        k->step_s = g->gap_s;
    }
    if (k->clean.interval_minutes > 0)
        k->step_s = (int64_t)llround(k->clean.interval_minutes * 60);
    else if (k->r->interval_h > 0)
        k->step_s = (int64_t)llround(k->r->interval_h * 3600);
    if (k->step_s < 1) {
        k->whole_needed = true;
        return VO_OK;
    }
    for (size_t i = 0; i < MAX_GAPS; i++) {
        const int64_t g = k->gaps[i].n ? k->gaps[i].gap_s : k->step_s;
        k->doomed = k->doomed || g % k->step_s != 0 ||
                    (k->prices && (double)(g - k->step_s) > k->clean.max_fill_h * 3600);
    }
    return VO_OK;
}

/* ---- what is told of a window ------------------------------------------------------------ */

static bool is_dropped_row(const vo_touch *t) {
    return t->rule == VO_CLEAN_DST_SKIPPED || t->rule == VO_CLEAN_DUPLICATE_SAME ||
           t->rule == VO_CLEAN_DUPLICATE_LAST;
}

/* Entries of the core; what is only named is found anew below, for a list of it may be cut. */
static vo_status take_entries(const vo_clean_report *from, int64_t from_s, int64_t to_s,
                              vo_clean_report *to, vo_error *err) {
    for (size_t i = 0; i < from->n; i++) {
        const vo_touch *t = &from->touch[i];
        if (t->start_s < from_s || t->start_s >= to_s || t->rule == VO_CLEAN_COMPONENT_SUM ||
            t->rule == VO_CLEAN_LEFT_MISSING)
            continue;
        const bool further = is_dropped_row(t) && t->column >= 0; /* of a row counted already */
        const vo_status st =
            further ? vo_clean_report_list(to, *t, err) : vo_clean_report_touch(to, *t, err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

static vo_status name(vo_clean_report *to, int64_t start_s, double v, int32_t rule, size_t c,
                      vo_error *err) {
    const vo_touch t = {
        .start_s = start_s, .old_value = v, .new_value = v, .rule = rule, .column = (int32_t)c};
    return vo_clean_report_name(to, t, err);
}

static vo_status name_missing(const longer *k, const vo_series *s, vo_clean_report *to,
                              vo_error *err) {
    for (size_t c = k->prices ? 1 : 0; c < s->n_columns && !k->clean.uneven; c++)
        for (size_t t = 0; t < s->n && k->has[c]; t++) {
            if (!isnan(s->column[c].value[t])) continue;
            const vo_status st =
                name(to, s->start[t].s, (double)NAN, VO_CLEAN_LEFT_MISSING, c, err);
            if (st != VO_OK) return st;
        }
    return VO_OK;
}

static vo_status name_rest(const longer *k, const vo_series *s, vo_clean_report *to,
                           vo_error *err) {
    const double *price = s->column[0].value, *energy = vo_series_find(s, "energy");
    const double *loss = vo_series_find(s, "loss");
    const double *congestion = vo_series_find(s, "congestion");
    const bool parts = energy && loss && congestion;
    vo_status st = name_missing(k, s, to, err);
    for (size_t t = 0; t < s->n && st == VO_OK; t++) {
        if (parts && fabs(price[t] - (energy[t] + loss[t] + congestion[t])) > 0.05)
            st = name(to, s->start[t].s, price[t], VO_CLEAN_COMPONENT_SUM, 0, err);
        if (st == VO_OK && k->reach > 0 && fabs(price[t] - k->middle) > k->reach)
            st = name(to, s->start[t].s, price[t], VO_CLEAN_SPIKE, 0, err);
    }
    return st;
}

/* Local days of odd length, each once though it may lie in two windows. */
static void count_days(longer *k, const vo_series *s) {
    int64_t next_s = INT64_MIN;
    for (size_t t = 0; t < s->n; t++) {
        if (s->start[t].s < next_s) continue;
        const int64_t day = vo_zone_local_day(k->zone, s->start[t].s);
        next_s = vo_zone_day_start(k->zone, day + 1);
        const int64_t length_s = next_s - vo_zone_day_start(k->zone, day);
        if (day == k->day) continue;
        k->day = day;
        k->report->n_short_days += length_s < 24 * 3600;
        k->report->n_long_days += length_s > 24 * 3600;
    }
}

/* ---- one window ---------------------------------------------------------------------------
 */

static vo_status clean_window(longer *k, int64_t from_s, int64_t to_s, vo_series **s,
                              vo_clean_report **report, vo_error *err) {
    vo_readings *r = NULL;
    vo_status st = vo_readings_set_load(k->job->set, k->job->node, from_s - k->around_s,
                                        to_s + k->around_s, &r, err);
    if (st != VO_OK) return st;
    if (k->step_s > 0) r->interval_h = (double)k->step_s / 3600;
    if (r->n == 0)
        k->whole_needed = true;
    else
        st = vo_clean(r, &k->clean, s, report, err);
    /* Perhaps only for want of what lies farther away; strict refusals go by rows of the file.
     */
    if (st == VO_EINVAL && (!k->doomed || k->clean.strict)) {
        k->whole_needed = true;
        st = VO_OK;
    }
    vo_readings_set_drop(k->job->set, k->job->node, r);
    return st;
}

static vo_status check_core(const longer *k, const vo_series *core, vo_error *err) {
    vo_lake_how how = k->job->how ? *k->job->how : (vo_lake_how){.replace = false};
    how.first_s = k->first_s;
    how.last_s = k->last_s;
    return vo_lake_check(k->job->lake, &k->job->key, core, &how, err);
}

/* Prices for the quartiles, and which columns have a value at all. */
static vo_status remember(longer *k, const vo_series *s, vo_error *err) {
    const vo_status st = check_core(k, s, err);
    if (st != VO_OK) return st;
    for (size_t c = 0; c < s->n_columns; c++)
        for (size_t t = 0; t < s->n && !k->has[c]; t++)
            k->has[c] = !isnan(s->column[c].value[t]);
    if (!k->prices || !(k->job->clean->spike_iqr > 0)) return VO_OK;
    if (k->n + s->n > k->price_capacity) {
        const size_t capacity = k->n + s->n + k->n / 2;
        double *more = realloc(k->price, capacity * sizeof *more);
        if (!more) return vo_fail(err, VO_ENOMEM, "no memory to clean %s", k->r->label);
        k->price = more;
        k->price_capacity = capacity;
    }
    memcpy(k->price + k->n, s->column[0].value, s->n * sizeof(double));
    return VO_OK;
}

static vo_status write_held(longer *k, int64_t next_s, vo_error *err) {
    vo_series *s = k->held;
    if (!s) return VO_OK;
    if (k->clean.uneven && next_s != INT64_MAX)
        s->dt_h[s->n - 1] = (double)(next_s - s->start[s->n - 1].s) / 3600;
    const vo_import_long_job *j = k->job;
    const vo_lake_how how = {.zone_named = j->how && j->how->zone_named, .checked = true};
    const vo_status st =
        vo_lake_upsert_as(j->lake, &j->key, s, k->held_report, j->source, &how, j->zone, err);
    vo_series_free(s);
    vo_clean_report_free(k->held_report);
    k->held = NULL;
    k->held_report = NULL;
    return st;
}

/* Both reports get the core's entries: the part's, kept with it, and the whole one. */
static vo_status write_core(longer *k, vo_series **core, const vo_clean_report *report,
                            int64_t from_s, int64_t to_s, vo_error *err) {
    vo_clean_report *part = NULL;
    vo_status st = write_held(k, (*core)->start[0].s, err);
    if (st == VO_OK) st = vo_clean_report_create(&part, err);
    if (st == VO_OK) st = take_entries(report, from_s, to_s, part, err);
    if (st == VO_OK) st = name_rest(k, *core, part, err);
    if (st == VO_OK) st = take_entries(report, from_s, to_s, k->report, err);
    if (st == VO_OK) st = name_rest(k, *core, k->report, err);
    if (st != VO_OK) {
        vo_clean_report_free(part);
        return st;
    }
    part->rows = report->rows;
    part->intervals = (*core)->n;
    part->n_columns = report->n_columns;
    memcpy(part->column, report->column, sizeof part->column);
    k->report->n_columns = report->n_columns;
    memcpy(k->report->column, report->column, sizeof k->report->column);
    vo_clean_report_sort(part);
    count_days(k, *core);
    k->held = *core;
    k->held_report = part;
    *core = NULL;
    return k->clean.uneven ? VO_OK : write_held(k, INT64_MAX, err);
}

static vo_status do_window(longer *k, int64_t from_s, int64_t to_s, vo_error *err) {
    vo_series *s = NULL, *core = NULL;
    vo_clean_report *report = NULL;
    vo_error nothing = {0};
    vo_status st = clean_window(k, from_s, to_s, &s, &report, err);
    if (st != VO_OK || k->whole_needed) return st;
    st = vo_series_slice(s, (vo_time){from_s}, (vo_time){to_s}, &core, &nothing);
    vo_series_free(s);
    if (st == VO_ENOTFOUND) { /* its rows were cut off: at an end of the series, or a hole */
        k->whole_needed = true;
        st = VO_OK;
        goto done;
    }
    if (st != VO_OK) {
        st = vo_fail(err, st, "%s", nothing.msg);
        goto done;
    }
    if (k->step_s > 0 && k->end_s != INT64_MIN && core->start[0].s - k->end_s != k->step_s) {
        k->whole_needed = true;
        goto done;
    }
    const size_t n = core->n;
    k->end_s = core->start[n - 1].s;
    st = k->writing ? write_core(k, &core, report, from_s, to_s, err) : remember(k, core, err);
    k->n += n;
done:
    vo_series_free(core);
    vo_clean_report_free(report);
    return st;
}

static vo_status do_windows(longer *k, bool writing, vo_error *err) {
    vo_status st = VO_OK;
    k->writing = writing;
    k->end_s = INT64_MIN;
    k->n = 0;
    k->day = INT64_MIN;
    for (int64_t a = k->first_s; a <= k->last_s && st == VO_OK && !k->whole_needed;
         a = next_edge(k, a))
        st = do_window(k, a, next_edge(k, a), err);
    return st == VO_OK ? write_held(k, INT64_MAX, err) : st;
}

/* ---- the node -------------------------------------------------------------------------------
 */

/* The value of rank m of x[n], which is reordered: Hoare's FIND (CACM 4, 1961). Sorting would
 * want as much memory again. */
static double rank(double *x, size_t n, size_t m) {
    ptrdiff_t lo = 0, hi = (ptrdiff_t)n - 1;
    const ptrdiff_t at = (ptrdiff_t)m;
    while (lo < hi) {
        const double pivot = x[at];
        ptrdiff_t i = lo, j = hi;
        while (i <= j) {
            while (x[i] < pivot) i++;
            while (pivot < x[j]) j--;
            if (i > j) break;
            const double swap = x[i];
            x[i++] = x[j];
            x[j--] = swap;
        }
        if (j < at) lo = i;
        if (at < i) hi = j;
    }
    return x[at];
}

/* The fence of clean.c: spike_iqr times the distance of the quartiles, around the median. */
static void find_fence(longer *k) {
    const double iqr = k->job->clean->spike_iqr;
    if (k->price && k->n >= 48) {
        const size_t n = k->n;
        k->middle = rank(k->price, n, n / 2);
        k->reach = iqr * (rank(k->price, n, 3 * n / 4) - rank(k->price, n, n / 4));
    }
    free(k->price);
    k->price = NULL;
}

static vo_status do_whole(longer *k, vo_clean_report **report, size_t *intervals,
                          vo_error *err) {
    const vo_import_long_job *j = k->job;
    vo_readings *r = NULL;
    vo_series *s = NULL;
    vo_status st = vo_readings_set_load(j->set, j->node, INT64_MIN, INT64_MAX, &r, err);
    if (st == VO_OK) st = vo_clean(r, j->clean, &s, report, err);
    vo_readings_set_drop(j->set, j->node, r);
    if (st == VO_OK)
        st = vo_lake_upsert_as(j->lake, &j->key, s, *report, j->source, j->how, j->zone, err);
    if (st == VO_OK)
        *intervals = s->n;
    else {
        vo_clean_report_free(*report);
        *report = NULL;
    }
    vo_series_free(s);
    return st;
}

static vo_status prepare(longer *k, vo_error *err) {
    const vo_import_long_job *j = k->job;
    const size_t wanted = j->window_rows ? j->window_rows : WINDOW_ROWS;
    const double gap_h = fmax(k->clean.max_fill_h, k->clean.max_interpolate_h);
    vo_status st = vo_readings_set_span(j->set, j->node, &k->first_s, &k->last_s, err);
    if (st == VO_OK) st = vo_zone_open(k->r->zone[0] ? k->r->zone : "UTC", &k->zone, err);
    if (st != VO_OK) return st;
    const double span_s = (double)(k->last_s - k->first_s) + 1;
    k->window_s = (int64_t)fmax(span_s * (double)wanted / (double)k->r->added, 86400);
    if (k->window_s > YEAR_S * 9 / 10 && k->window_s < YEAR_S) k->window_s = YEAR_S;
    k->around_s = (int64_t)(fmin(AROUND_H + gap_h, 1e6) * 3600);
    k->gaps = calloc(MAX_GAPS, sizeof *k->gaps);
    if (!k->gaps) return vo_fail(err, VO_ENOMEM, "no memory to clean %s", k->r->label);
    return choose_step(k, err);
}

static vo_status clear(const longer *k, vo_error *err) {
    const vo_import_long_job *j = k->job;
    vo_lake_removal gone;
    vo_error why = {0};
    if (!j->how || !j->how->replace) return VO_OK;
    const vo_status st = vo_lake_remove(j->lake, &j->key, (vo_time){k->first_s},
                                        (vo_time){k->last_s + 1}, false, &gone, &why);
    return st == VO_OK || st == VO_ENOTFOUND ? VO_OK : vo_fail(err, st, "%s", why.msg);
}

static vo_status run(longer *k, vo_clean_report **report, size_t *intervals, vo_error *err) {
    vo_status st = prepare(k, err);
    if (st == VO_OK && !k->whole_needed) st = do_windows(k, false, err);
    if (st != VO_OK) return st;
    if (k->whole_needed || k->n > VO_MAX_INTERVALS) return do_whole(k, report, intervals, err);
    if (k->unsorted > 0 && k->clean.strict) return do_whole(k, report, intervals, err);
    find_fence(k);
    if (st == VO_OK) st = vo_clean_report_create(&k->report, err);
    if (st == VO_OK) st = clear(k, err);
    if (st == VO_OK) st = do_windows(k, true, err);
    if (st != VO_OK) return st;
    k->report->rows = (size_t)k->r->added;
    k->report->intervals = k->n;
    k->report->count[VO_CLEAN_SORTED] = k->unsorted;
    vo_clean_report_sort(k->report);
    *report = k->report;
    *intervals = k->n;
    k->report = NULL;
    return VO_OK;
}

vo_status vo_import_long(const vo_import_long_job *job, vo_clean_report **report,
                         size_t *intervals, vo_error *err) {
    const vo_clean_options standard = vo_clean_options_default();
    vo_import_long_job j = *job;
    if (!j.clean) j.clean = &standard;
    longer k = {.job = &j, .clean = *j.clean, .r = j.set->item[j.node]};
    k.prices = !k.r->kind[0] || strcmp(k.r->kind, VO_KIND_PRICES) == 0;
    k.clean.spike_iqr = 0;
    const vo_status st = run(&k, report, intervals, err);
    vo_zone_close(k.zone);
    vo_clean_report_free(k.report);
    vo_clean_report_free(k.held_report);
    vo_series_free(k.held);
    free(k.price);
    free(k.gaps);
    return st;
}
