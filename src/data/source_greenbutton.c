/* source_greenbutton.c -- see source_greenbutton.h. The first reading of the file settles who
 * is whose and which columns a node has, the second makes rows. Rows of a node with one
 * direction are added as they come; directions to be joined wait, within a bound, until the end
 * of the file.
 */
#include "data/source_greenbutton.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/source_csv.h"

#define MAX_NODES 4096u
#define MAX_NAME 58                   /* "-9999" may follow */
#define MAX_OVERLAPPING 64u           /* MeterReadings of one direction of a UsagePoint */
#define MAX_WAITING ((size_t)1 << 22) /* intervals to be joined: 128 MiB */

static const char *const column_names[VO_GB_COLUMNS] = {[VO_GB_LOAD] = "load_kw",
                                                        [VO_GB_IMPORT] = "import_kw",
                                                        [VO_GB_EXPORT] = "export_kw",
                                                        [VO_GB_NET] = "net_kw"};

/* In this order; the first that a node has is its main one. */
static const vo_gb_column order[VO_GB_COLUMNS] = {VO_GB_LOAD, VO_GB_IMPORT, VO_GB_EXPORT,
                                                  VO_GB_NET};

typedef struct { /* an interval that waits for the other direction */
    int64_t start_s;
    double kw, cost;
    uint32_t line;
    uint32_t at; /* column << 28 | position in the file, so that sorting is stable */
} waiting;

typedef struct {
    size_t usage;
    char name[VO_NODE_NAME];
    bool skipped; /* another was asked for */
    size_t readings, meters;
    size_t at[VO_GB_COLUMNS]; /* index of the series' column; SIZE_MAX: it has none */
    size_t n_columns, cost_at;
    int64_t step_s, longest_s; /* as of vo_gb_meter */
    bool cut_up;               /* readings become several rows of step_s */
    vo_readings *r;
    waiting *wait;
    size_t n_wait, wait_room;
} node;

typedef struct {
    const char *file;
    const vo_source_options *o;
    vo_readings_set *set;
    vo_gb_feed feed;
    node *node;
    size_t n_nodes, nodes_room;
    size_t n_waiting;
    const vo_source_column *given; /* for values without a ReadingType; NULL: none */
    vo_gb_column given_as;
    /* for the note */
    size_t untyped, left_out, estimated, cut_up, details, uneven;
} reader;

/* ---- nodes ------------------------------------------------------------------------ */

static bool overlap(const vo_gb_meter *a, const vo_gb_meter *b) {
    return a->first_s < b->end_s && b->first_s < a->end_s;
}

/* May meter m go into node n? Not over another of its direction. */
static bool has_room(const reader *k, size_t n, const vo_gb_meter *m) {
    if (k->node[n].usage != m->usage) return false;
    for (size_t i = 0; i < k->feed.n_meters; i++) {
        const vo_gb_meter *other = &k->feed.meter[i];
        if (other->node == n && other->column == m->column && overlap(other, m)) return false;
    }
    return true;
}

static bool is_taken(const reader *k, const char *name) {
    for (size_t i = 0; i < k->n_nodes; i++)
        if (strcmp(k->node[i].name, name) == 0) return true;
    return false;
}

/* NAME, or NAME-2, ... where that is taken. */
static void name_node(const reader *k, size_t usage, char out[VO_NODE_NAME]) {
    char base[128];
    const char *own = k->feed.usage[usage].name;
    if (k->o->node && k->o->node[0])
        snprintf(base, sizeof base, "%s", k->o->node);
    else if (own[0])
        snprintf(base, sizeof base, "%s", own);
    else
        vo_source_label(k->file, base);
    snprintf(out, VO_NODE_NAME, "%s", base);
    for (size_t i = 2; is_taken(k, out); i++) { /* beyond what one has: past all there are */
        if (i == MAX_OVERLAPPING + 2) i += k->n_nodes;
        snprintf(out, VO_NODE_NAME, "%.122s-%u", base, (unsigned)i % 10000);
    }
}

static vo_status add_node(reader *k, const vo_gb_meter *m, vo_error *err) {
    if (k->n_nodes == MAX_NODES)
        return vo_fail(err, VO_EINVAL, "%s: more than %u meters; split the feed", k->file,
                       MAX_NODES);
    if (k->n_nodes == k->nodes_room) {
        const size_t room = k->nodes_room ? k->nodes_room * 2 : 8;
        node *more = realloc(k->node, room * sizeof *more);
        if (!more) return vo_fail(err, VO_ENOMEM, "no memory for %zu meters", room);
        k->node = more;
        k->nodes_room = room;
    }
    node n = {.usage = m->usage, .cost_at = SIZE_MAX};
    for (int c = 0; c < VO_GB_COLUMNS; c++) n.at[c] = SIZE_MAX;
    name_node(k, m->usage, n.name);
    n.skipped = !vo_source_wants_node(k->o, n.name);
    k->node[k->n_nodes++] = n;
    return VO_OK;
}

static vo_status place_meter(reader *k, vo_gb_meter *m, vo_error *err) {
    size_t n = 0, beside = 0;
    for (; n < k->n_nodes && !has_room(k, n, m); n++)
        if (k->node[n].usage == m->usage && ++beside == MAX_OVERLAPPING)
            return vo_fail(err, VO_EINVAL,
                           "%s: more than %u MeterReadings of one direction of \"%s\" overlap; "
                           "split the feed",
                           k->file, MAX_OVERLAPPING, k->feed.usage[m->usage].name);
    const vo_status st = n == k->n_nodes ? add_node(k, m, err) : VO_OK;
    if (st != VO_OK) return st;
    node *to = &k->node[n];
    m->node = n;
    to->meters++;
    to->readings += m->readings;
    to->at[m->column] = 0; /* numbered when all are known */
    to->step_s = vo_gb_common(to->step_s, m->step_s);
    if (m->longest_s > to->longest_s) to->longest_s = m->longest_s;
    if (m->has_cost) to->cost_at = 0;
    return VO_OK;
}

/* ISO 4217 numbers of the currencies of utilities that publish Green Button, and near ones. */
static const char *currency_of(int64_t code) {
    static const struct {
        int64_t code;
        const char *name;
    } known[] = {{840, "USD"}, {124, "CAD"}, {978, "EUR"}, {826, "GBP"}, {484, "MXN"},
                 {36, "AUD"},  {554, "NZD"}, {392, "JPY"}, {756, "CHF"}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].code == code) return known[i].name;
    return "";
}

static void find_zone(const reader *k, const node *n, char out[64]) {
    const vo_gb_type *clock = vo_gb_feed_clock(&k->feed, n->usage);
    const int64_t s = clock ? clock->field[VO_GB_TZ_OFFSET] : VO_GB_NONE;
    snprintf(out, 64, "UTC");
    if (k->o->zone)
        snprintf(out, 64, "%.63s", k->o->zone);
    else if (s >= -15 * 3600 && s <= 15 * 3600 && s % 60 == 0 && s != 0)
        snprintf(out, 64, "%c%02d:%02d", s < 0 ? '-' : '+', abs((int)s) / 3600,
                 abs((int)s) / 60 % 60);
}

static vo_status begin_node(reader *k, node *n, size_t index, vo_error *err) {
    const vo_source_options *o = k->o;
    const char *name[VO_GB_COLUMNS + 1], *currency = "";
    for (int c = 0; c < VO_GB_COLUMNS; c++) {
        if (n->at[order[c]] == SIZE_MAX) continue;
        n->at[order[c]] = n->n_columns;
        name[n->n_columns++] = column_names[order[c]];
    }
    size_t total = n->n_columns;
    if (n->cost_at != SIZE_MAX) {
        n->cost_at = total;
        name[total++] = "cost";
    }
    for (size_t i = 0; i < k->feed.n_meters && !currency[0] && n->cost_at != SIZE_MAX; i++)
        if (k->feed.meter[i].node == index && k->feed.meter[i].type != SIZE_MAX)
            currency = currency_of(k->feed.type[k->feed.meter[i].type].field[VO_GB_CURRENCY]);
    const char *process = o->process ? o->process : "METER";
    vo_status st = vo_readings_set_node(k->set, o->market ? o->market : "GREEN-BUTTON", process,
                                        n->name, name, total, &n->r, err);
    if (st != VO_OK) return st;
    if (n->r->n_columns != total || strcmp(n->r->column[0].name, name[0]) != 0)
        return vo_fail(err, VO_EINVAL,
                       "%s: \"%s\" has other columns than in a file read before; name its node",
                       k->file, n->name);
    snprintf(n->r->kind, sizeof n->r->kind, "%.15s", o->kind ? o->kind : VO_KIND_LOAD);
    snprintf(n->r->unit, sizeof n->r->unit, "kW");
    snprintf(n->r->currency, sizeof n->r->currency, "%.15s",
             o->currency ? o->currency : currency);
    snprintf(n->r->label, sizeof n->r->label, "%s", n->name);
    find_zone(k, n, n->r->zone);
    n->cut_up = n->step_s > 0 && n->longest_s / n->step_s > 1 &&
                n->longest_s / n->step_s <= VO_GREENBUTTON_PIECES;
    if (n->cut_up || (n->step_s > 0 && n->step_s == n->longest_s))
        n->r->interval_h = (double)n->step_s / 3600;
    else
        k->uneven++;
    return VO_OK;
}

static vo_status nothing_left(const reader *k, size_t readings, vo_error *err) {
    const vo_gb_feed *f = &k->feed;
    if (readings == 0)
        return vo_fail(err, VO_ENOTFOUND,
                       "%s is Green Button without interval readings (%zu UsagePoints, %zu "
                       "ReadingTypes): import the file with the IntervalBlocks",
                       k->file, f->n_usages, f->n_types);
    for (size_t i = 0; i < f->n_meters; i++)
        if (f->meter[i].left_out)
            return vo_fail(err, VO_EUNSUPPORTED,
                           "%s: none of its readings is electrical energy or power over "
                           "intervals; the first is %s %lld",
                           k->file, f->meter[i].left_out, (long long)f->meter[i].left_out_code);
    return vo_fail(err, VO_ENOTFOUND, "%s has no readings", k->file);
}

static vo_status no_such_node(const reader *k, vo_error *err) {
    char names[200];
    vo_text t = vo_text_over(names, sizeof names);
    for (size_t i = 0; i < k->n_nodes && !t.cut; i++)
        vo_text_append(&t, "%s%s", i ? ", " : "", k->node[i].name);
    return vo_fail(err, VO_ENOTFOUND, "%s has no meter \"%.60s\"; it has %s", k->file,
                   k->o->only_node, names);
}

static vo_status make_nodes(reader *k, vo_error *err) {
    size_t readings = 0, wanted = 0;
    vo_status st = vo_gb_feed_resolve(&k->feed, err);
    for (size_t i = 0; i < k->feed.n_meters && st == VO_OK; i++) {
        vo_gb_meter *m = &k->feed.meter[i];
        readings += m->readings;
        if (m->readings == 0) continue;
        if (m->type == SIZE_MAX && k->given) m->column = k->given_as;
        if (m->left_out)
            k->left_out += m->readings;
        else
            st = place_meter(k, m, err);
    }
    if (st != VO_OK) return st;
    if (k->n_nodes == 0) return nothing_left(k, readings, err);
    for (size_t i = 0; i < k->n_nodes && st == VO_OK; i++) {
        if (k->node[i].skipped) continue;
        wanted++;
        st = begin_node(k, &k->node[i], i, err);
    }
    return st == VO_OK && wanted == 0 ? no_such_node(k, err) : st;
}

/* ---- rows ------------------------------------------------------------------------- */

static double power_of_ten(double v, int64_t m) {
    static const double ten[] = {1,   1e1, 1e2, 1e3,  1e4,  1e5, 1e6,
                                 1e7, 1e8, 1e9, 1e10, 1e11, 1e12};
    if (m == VO_GB_NONE || m == 0) return v;
    return m > 0 ? v * ten[m] : v / ten[-m];
}

static double kilowatts(const reader *k, const vo_gb_type *t, double value,
                        int64_t duration_s) {
    const double s = (double)duration_s;
    const int64_t uom = t ? t->field[VO_GB_UOM] : VO_GB_NONE;
    const double v = t ? power_of_ten(value, t->field[VO_GB_MULTIPLIER]) : value;
    if (uom == 38) return v / 1000;
    if (uom == 31) return v / 1000 / s;
    if (uom != 72 && k->given) return v * k->given->factor + k->given->offset;
    return v * 3.6 / s;
}

static vo_status add_row(reader *k, node *n, vo_gb_column column, int64_t start_s, double kw,
                         double cost, uint32_t line, vo_error *err) {
    if (n->n_columns == 1) {
        const double value[2] = {kw, cost};
        return vo_readings_add(k->set, n->r, start_s, line, 0, value, err);
    }
    if (k->n_waiting == MAX_WAITING)
        return vo_fail(err, VO_EINVAL,
                       "%s: more than %zu intervals of meters with two directions; split the "
                       "file by year",
                       k->file, MAX_WAITING);
    if (n->n_wait == n->wait_room) {
        const size_t room = n->wait_room ? n->wait_room * 2 : 256;
        waiting *more = realloc(n->wait, room * sizeof *more);
        if (!more) return vo_fail(err, VO_ENOMEM, "no memory for %zu intervals", room);
        n->wait = more;
        n->wait_room = room;
    }
    n->wait[n->n_wait] =
        (waiting){start_s, kw, cost, line, (uint32_t)column << 28 | (uint32_t)n->n_wait};
    n->n_wait++;
    k->n_waiting++;
    return VO_OK;
}

static bool is_estimate(int64_t quality) { /* edited, estimated, questionable, projected */
    return (quality >= 7 && quality <= 10) || quality == 12;
}

/* A reading as rows of its node. */
static vo_status on_reading(void *ctx, const vo_gb_reading *g, vo_error *err) {
    reader *k = ctx;
    const vo_gb_meter *m = &k->feed.meter[k->feed.block[g->block]];
    if (m->left_out) return VO_OK;
    node *n = &k->node[m->node];
    if (n->skipped) return VO_OK;
    const vo_gb_type *t = m->type != SIZE_MAX ? &k->feed.type[m->type] : NULL;
    int64_t duration_s = g->duration_s > 0 ? g->duration_s : 0;
    if (duration_s == 0 && t) duration_s = t->field[VO_GB_LENGTH];
    if (duration_s <= 0)
        return vo_fail(err, VO_EINVAL,
                       "%s line %u: an IntervalReading without duration, and no ReadingType "
                       "with intervalLength to give it",
                       k->file, g->line);
    const int64_t quality =
        g->quality == VO_GB_NONE && t ? t->field[VO_GB_QUALITY] : g->quality;
    const double kw = kilowatts(k, t, g->value, duration_s);
    const int64_t step_s = n->cut_up ? n->step_s : duration_s;
    const double cost = g->cost / 1e5 * (double)step_s / (double)duration_s;
    k->untyped += !t || t->field[VO_GB_UOM] == VO_GB_NONE;
    k->estimated += is_estimate(quality);
    k->details += g->details;
    k->cut_up += duration_s > step_s;
    vo_status st = VO_OK;
    for (int64_t at = 0; at < duration_s && st == VO_OK; at += step_s)
        st = add_row(k, n, m->column, g->start_s + at, kw, cost, g->line, err);
    return st;
}

static vo_status on_entry(void *ctx, const vo_gb_entry *e, vo_error *err) {
    (void)ctx;
    (void)e;
    (void)err;
    return VO_OK;
}

/* ---- joining ---------------------------------------------------------------------- */

static int by_start(const void *a, const void *b) {
    const waiting *x = a, *y = b;
    if (x->start_s != y->start_s) return x->start_s < y->start_s ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* Rows of the intervals [a, b), which start together and are sorted by column and then by their
 * place in the file: repeated readings of one direction meet those of the other one by one, and
 * the last of the shorter list its rest. */
static vo_status join_start(reader *k, node *n, size_t a, size_t b, vo_error *err) {
    size_t first[VO_GB_COLUMNS + 1], rows = 0;
    for (size_t c = 0, i = a; c <= VO_GB_COLUMNS; c++) {
        while (i < b && n->wait[i].at >> 28 < c) i++;
        first[c] = c == VO_GB_COLUMNS ? b : i;
    }
    for (size_t c = 0; c < VO_GB_COLUMNS; c++)
        if (first[c + 1] - first[c] > rows) rows = first[c + 1] - first[c];
    for (size_t i = 0; i < rows; i++) {
        double value[VO_GB_COLUMNS + 1], cost = (double)NAN;
        uint32_t line = UINT32_MAX;
        for (size_t c = 0; c <= VO_GB_COLUMNS; c++) value[c] = (double)NAN;
        for (size_t c = 0; c < VO_GB_COLUMNS; c++) {
            const size_t has = first[c + 1] - first[c];
            if (has == 0) continue;
            const waiting *w = &n->wait[first[c] + (i < has ? i : has - 1)];
            value[n->at[c]] = w->kw;
            if (!isnan(w->cost)) cost = isnan(cost) ? w->cost : cost + w->cost;
            if (w->line < line) line = w->line;
        }
        if (n->cost_at != SIZE_MAX) value[n->cost_at] = cost;
        const vo_status st =
            vo_readings_add(k->set, n->r, n->wait[a].start_s, line, 0, value, err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

static vo_status join(reader *k, node *n, vo_error *err) {
    if (n->n_wait) qsort(n->wait, n->n_wait, sizeof *n->wait, by_start);
    for (size_t a = 0, b = 0; a < n->n_wait; a = b) {
        while (b < n->n_wait && n->wait[b].start_s == n->wait[a].start_s) b++;
        const vo_status st = join_start(k, n, a, b, err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

/* ---- the whole -------------------------------------------------------------------- */

static void write_note(const reader *k) {
    const vo_gb_feed *f = &k->feed;
    if (k->untyped && k->given)
        vo_source_say(k->set, "no ReadingType with a unit: %zu values times %g taken as kW",
                      k->untyped, k->given->factor);
    else if (k->untyped)
        vo_source_say(k->set, "no ReadingType with a unit: %zu values taken as Wh", k->untyped);
    else if (k->given)
        vo_source_say(k->set, "the column given is not used: the file has ReadingTypes");
    for (size_t i = 0; i < f->n_meters && k->left_out; i++) {
        if (!f->meter[i].left_out) continue;
        vo_source_say(k->set, "%zu readings left out: %s %lld%s", k->left_out,
                      f->meter[i].left_out, (long long)f->meter[i].left_out_code,
                      f->meter[i].readings < k->left_out ? " and others" : "");
        break;
    }
    if (k->cut_up)
        vo_source_say(k->set, "%zu longer readings cut into rows of equal power", k->cut_up);
    if (k->uneven) vo_source_say(k->set, "lengths too far apart for a grid: clean as uneven");
    if (k->estimated) vo_source_say(k->set, "%zu readings are estimates", k->estimated);
    if (f->conflicts)
        vo_source_say(k->set, "%zu ReadingTypes contradict an earlier one: not used",
                      f->conflicts);
    if (k->details) vo_source_say(k->set, "tiers and times of use left out");
    for (size_t i = 0; i < k->n_nodes; i++) {
        const vo_gb_type *clock = vo_gb_feed_clock(f, k->node[i].usage);
        if (k->o->zone || k->node[i].skipped) continue;
        if (clock && clock->field[VO_GB_DST_OFFSET] > 0)
            vo_source_say(k->set,
                          "days follow %s all year: name the zone for its clock changes",
                          k->node[i].r->zone);
        else if (!clock)
            vo_source_say(k->set, "no LocalTimeParameters: days follow UTC");
        break;
    }
}

bool vo_source_greenbutton_is(const char *head, size_t len) {
    static const char *const mark[] = {"naesb.org/espi", "<IntervalBlock", "<UsagePoint"};
    const char *text = vo_text_trim(head, &len);
    if (len == 0 || text[0] != '<') return false;
    for (size_t m = 0; m < sizeof mark / sizeof mark[0]; m++)
        if (vo_text_has_exactly(text, len, mark[m])) return true;
    return false;
}

/* The column that a mapping or the caller gives for values without a ReadingType. */
static vo_status read_options(reader *k, vo_error *err) {
    const vo_source_options *o = k->o;
    if (o->n_columns) {
        const vo_source_column *c = k->given = &o->column[0];
        int known = 0;
        while (known < VO_GB_COLUMNS && strcmp(c->name, column_names[known]) != 0) known++;
        if (o->n_columns > 1 || known == VO_GB_COLUMNS || strcmp(c->column, "value") != 0 ||
            !isfinite(c->factor) || !isfinite(c->offset))
            return vo_fail(
                err, VO_EINVAL,
                "column %.40s from \"%.40s\": of %s only \"value\" can be read, as one "
                "of load_kw, import_kw, export_kw and net_kw",
                c->name, c->column, k->file);
        k->given_as = (vo_gb_column)known;
    }
    if (o->node && strlen(o->node) > MAX_NAME)
        return vo_fail(err, VO_EINVAL, "node \"%.70s\" is longer than %d bytes", o->node,
                       MAX_NAME);
    vo_zone *zone = NULL;
    const vo_status st = o->zone ? vo_zone_open(o->zone, &zone, err) : VO_OK;
    vo_zone_close(zone);
    return st;
}

static vo_status on_first_entry(void *ctx, const vo_gb_entry *e, vo_error *err) {
    reader *k = ctx;
    return vo_gb_feed_entry(&k->feed, e, err);
}

static vo_status on_first_reading(void *ctx, const vo_gb_reading *g, vo_error *err) {
    reader *k = ctx;
    (void)err;
    vo_gb_feed_reading(&k->feed, g);
    return VO_OK;
}

vo_status vo_source_greenbutton_parse(vo_bytes *in, const vo_source_options *o,
                                      vo_readings_set *set, vo_error *err) {
    static const vo_gb_events first = {on_first_entry, on_first_reading};
    static const vo_gb_events second = {on_entry, on_reading};
    reader k = {.file = vo_bytes_name(in), .o = o, .set = set};
    vo_status st = read_options(&k, err);
    if (st == VO_OK) st = vo_gb_feed_init(&k.feed, k.file, err);
    if (st != VO_OK) return st;
    st = vo_gb_stream(in, &first, &k, err);
    if (st == VO_OK) st = make_nodes(&k, err);
    if (st == VO_OK) st = vo_bytes_rewind(in, err);
    if (st == VO_OK) st = vo_gb_stream(in, &second, &k, err);
    for (size_t i = 0; i < k.n_nodes && st == VO_OK; i++) st = join(&k, &k.node[i], err);
    if (st == VO_OK) write_note(&k);
    for (size_t i = 0; i < k.n_nodes; i++) free(k.node[i].wait);
    free(k.node);
    vo_gb_feed_fini(&k.feed);
    return st;
}
