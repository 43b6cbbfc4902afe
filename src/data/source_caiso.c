/* source_caiso.c -- see source_caiso.h. Rows of one (node, interval) are joined in a table of
 * pending intervals: an array in order of first appearance, hashed by series and start. It is
 * added to the set at the end of a file and when it is full. Parts that came apart are rows of
 * one start that complete each other: cleaning makes one of them.
 */
#include "data/source_caiso.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "data/stamp.h"
#include "data/xml_stream.h"

// clang-format off
#define PARTS(X) /* columns of the result, in this order; ghg only where it is published */ \
    X(PRICE,      "price",      "LMP",  "LMP_PRC")                                           \
    X(ENERGY,     "energy",     "MCE",  "LMP_ENE_PRC")                                       \
    X(LOSS,       "loss",       "MCL",  "LMP_LOSS_PRC")                                      \
    X(CONGESTION, "congestion", "MCC",  "LMP_CONG_PRC")                                      \
    X(GHG,        "ghg",        "MGHG", "LMP_GHG_PRC")
// clang-format on

enum part {
#define X(name, column, type, item) name,
    PARTS(X)
#undef X
        N_PARTS
};
#define SHADOW (-1)
#define UNKNOWN (-2)
#define FOUR_PARTS 0xFu

static const char *const columns[] = {
#define X(name, column, type, item) column,
    PARTS(X)
#undef X
};

typedef struct { /* what rows of one node and process have in common */
    char node[VO_NODE_NAME], process[32];
    int64_t length_s;
    bool shadow, wanted;
    size_t next; /* in its bucket; SIZE_MAX: none */
} group;

typedef struct { /* an interval that waits for the rest of its parts */
    double value[N_PARTS];
    int64_t start_s;
    uint32_t group, line;
    uint8_t has, own; /* bits of parts: known, and read by itself (not of an earlier row) */
} interval;

#define GROUP_BUCKETS 4096u

struct vo_caiso_sink {
    const char *name; /* of the file, for messages */
    const vo_source_options *o;
    vo_readings_set *set;
    vo_stamp_reader stamp;
    group *group;
    size_t n_groups, group_capacity, last_group;
    size_t group_bucket[GROUP_BUCKETS];
    interval *pending;
    size_t n, capacity;
    uint32_t *slot; /* [n_slots] index + 1 into pending; 0: free; a power of two */
    size_t n_slots;
    size_t rows, kept, added;
    size_t without_price, unknown, other_ghg;
    char unknown_item[24];
    unsigned seen; /* bits of parts that the file has had so far */
    bool flushed;
};

/* ---- fields ----------------------------------------------------------------------------- */

static int part_of(vo_csv_field item) {
    static const char *const type[] = {
#define X(name, column, type, item) type,
        PARTS(X)
#undef X
    };
    static const char *const data_item[] = {
#define X(name, column, type, item) item,
        PARTS(X)
#undef X
    };
    for (int p = 0; p < N_PARTS; p++)
        if (vo_field_is(item, type[p]) || vo_field_is(item, data_item[p])) return p;
    return vo_field_is(item, "PRC_SHADOW") ? SHADOW : UNKNOWN;
}

/* Only what is called GMT comes here: a stamp without an offset is UTC. */
static vo_status read_time(vo_caiso_sink *k, const vo_caiso_row *row, const char *field,
                           vo_csv_field f, int64_t *out_s, vo_error *err) {
    uint8_t flag = 0;
    vo_error why = {0};
    if (vo_stamp_read(&k->stamp, f.text, f.len, INT64_MIN, out_s, &flag, &why) == VO_OK)
        return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s line %u, %s: %.300s", k->name, row->line, field,
                   why.msg);
}

static vo_status read_interval(vo_caiso_sink *k, const vo_caiso_row *row, int64_t *start_s,
                               int64_t *length_s, vo_error *err) {
    int64_t end_s = 0;
    vo_status st = read_time(k, row, "interval start", row->start, start_s, err);
    *length_s = 0;
    if (st != VO_OK || row->end.len == 0) return st;
    st = read_time(k, row, "interval end", row->end, &end_s, err);
    if (st != VO_OK) return st;
    *length_s = end_s - *start_s;
    if (*length_s < 60 || *length_s > 86400)
        return vo_source_refuse(k->name, row->line, "interval end", row->end,
                                "is not 1 minute to 1 day after the start", err);
    return VO_OK;
}

static vo_status read_value(const vo_caiso_sink *k, const vo_caiso_row *row, double *out,
                            vo_error *err) {
    if (vo_number_parse(row->value.text, row->value.len, false, out)) return VO_OK;
    if (!vo_number_is_missing(row->value.text, row->value.len))
        return vo_source_refuse(k->name, row->line, "value", row->value, "is not a number",
                                err);
    *out = (double)NAN;
    return VO_OK;
}

/* ---- series ----------------------------------------------------------------------------- */

static bool equal(vo_csv_field f, const char *text) {
    return strlen(text) == f.len && memcmp(text, f.text, f.len) == 0;
}

static vo_status grow_groups(vo_caiso_sink *k, vo_error *err) {
    if (k->n_groups < k->group_capacity) return VO_OK;
    if (k->n_groups >= VO_READINGS_MAX_NODES)
        return vo_fail(err, VO_EINVAL, "%s: more than %u nodes; choose some with only_node",
                       k->name, VO_READINGS_MAX_NODES);
    const size_t capacity = k->group_capacity ? 2 * k->group_capacity : 16;
    group *grown = realloc(k->group, capacity * sizeof *grown);
    if (!grown)
        return vo_fail(err, VO_ENOMEM, "%s: no memory for %zu nodes", k->name, capacity);
    k->group = grown;
    k->group_capacity = capacity;
    return VO_OK;
}

/* Names become folders and are shown on terminals. */
static bool is_name(vo_csv_field f, size_t size) {
    for (size_t i = 0; i < f.len; i++)
        if ((unsigned char)f.text[i] < ' ' || f.text[i] == 127) return false;
    return f.len > 0 && f.len < size;
}

static vo_status make_group(vo_caiso_sink *k, const vo_caiso_row *row, bool shadow,
                            size_t *bucket, vo_error *err) {
    if (!is_name(row->node, sizeof k->group->node))
        return vo_source_refuse(
            k->name, row->line, "node", row->node,
            "is not a name of 1..127 bytes; say node where the file has none", err);
    if (!is_name(row->process, sizeof k->group->process))
        return vo_source_refuse(
            k->name, row->line, "MARKET_RUN_ID", row->process,
            "is none of DAM, RTM, RTPD, HASP; say process where the file has none", err);
    const vo_status st = grow_groups(k, err);
    if (st != VO_OK) return st;
    group *g = &k->group[k->n_groups];
    *g = (group){.shadow = shadow, .next = *bucket};
    memcpy(g->node, row->node.text, row->node.len);
    memcpy(g->process, row->process.text, row->process.len);
    g->wanted =
        vo_source_wants_process(k->o, g->process) && vo_source_wants_node(k->o, g->node);
    *bucket = k->last_group = k->n_groups++;
    return VO_OK;
}

/* The group of a row, which becomes k->last_group. */
static vo_status find_group(vo_caiso_sink *k, const vo_caiso_row *row, bool shadow,
                            vo_error *err) {
    const group *g = k->n_groups ? &k->group[k->last_group] : NULL;
    if (g && g->shadow == shadow && equal(row->node, g->node) &&
        equal(row->process, g->process))
        return VO_OK;
    const uint64_t h =
        vo_hash_bytes(vo_hash_bytes(VO_HASH_START, row->node.text, row->node.len),
                      row->process.text, row->process.len);
    size_t *bucket = &k->group_bucket[h % GROUP_BUCKETS];
    for (size_t i = *bucket; i != SIZE_MAX; i = k->group[i].next) {
        g = &k->group[i];
        if (g->shadow != shadow || !equal(row->node, g->node)) continue;
        if (!equal(row->process, g->process)) continue;
        k->last_group = i;
        return VO_OK;
    }
    return make_group(k, row, shadow, bucket, err);
}

static vo_status check_length(const vo_caiso_sink *k, group *g, const vo_caiso_row *row,
                              int64_t length_s, vo_error *err) {
    if (!length_s || length_s == g->length_s) return VO_OK;
    if (g->length_s)
        return vo_fail(err, VO_EINVAL,
                       "%s line %u: an interval of %d s, but others of %s %s have %d s; "
                       "import reports of different lengths one by one with a process each",
                       k->name, row->line, (int)length_s, g->process, g->node,
                       (int)g->length_s);
    g->length_s = length_s;
    return VO_OK;
}

static void describe(const vo_caiso_sink *k, const group *g, vo_readings *r) {
    snprintf(r->zone, sizeof r->zone, "%s", k->o->zone ? k->o->zone : "America/Los_Angeles");
    snprintf(r->currency, sizeof r->currency, "USD");
    snprintf(r->unit, sizeof r->unit, "MWh");
    snprintf(r->kind, sizeof r->kind, "%s", g->shadow ? "shadow_price" : VO_KIND_PRICES);
    snprintf(r->price_name, sizeof r->price_name, "%s", g->shadow ? "PRC_SHADOW" : "");
}

/* A file of one part is a zip's, and MGHG may be in the next one. */
static size_t count_columns(const vo_caiso_sink *k, const group *g) {
    const bool one_part = (k->seen & (k->seen - 1)) == 0;
    if (g->shadow) return 1;
    return one_part || k->seen & 1u << GHG ? N_PARTS : GHG;
}

static vo_status check_same(const vo_caiso_sink *k, const group *g, vo_readings *r,
                            vo_error *err) {
    const double length_h = (double)g->length_s / 3600;
    if (strcmp(r->column[0].name, g->shadow ? "shadow_price" : "price") != 0 ||
        r->n_columns > N_PARTS)
        return vo_fail(err, VO_EINVAL,
                       "%s: %s %s was read before with other columns; import its files one by "
                       "one",
                       k->name, g->process, g->node);
    if (!(r->interval_h > 0)) r->interval_h = length_h;
    if (length_h > 0 && fabs(r->interval_h - length_h) > 1e-9)
        return vo_fail(
            err, VO_EINVAL,
            "%s: intervals of %g h, but those of %s %s in an earlier file have %g h; "
            "import them one by one with a process each",
            k->name, length_h, g->process, g->node, r->interval_h);
    return VO_OK;
}

static vo_status add_row(vo_caiso_sink *k, const group *g, const interval *v, vo_error *err) {
    static const char *const shadow_column[] = {"shadow_price"};
    const vo_source_options *o = k->o;
    vo_readings *r = NULL;
    vo_status st = vo_readings_set_node(
        k->set, o->market && o->market[0] ? o->market : "CAISO", g->process, g->node,
        g->shadow ? shadow_column : columns, count_columns(k, g), &r, err);
    if (st != VO_OK) return st;
    if (r->added == 0) describe(k, g, r);
    st = check_same(k, g, r, err);
    if (st != VO_OK) return st;
    if (!g->shadow && r->n_columns < N_PARTS && !isnan(v->value[GHG])) k->other_ghg++;
    if (v->has & 1u << PRICE) snprintf(r->price_name, sizeof r->price_name, "LMP");
    k->added++;
    return vo_readings_add(k->set, r, v->start_s, v->line, 0, v->value, err);
}

/* ---- the table of pending intervals ----------------------------------------------------- */

static size_t slot_of(const vo_caiso_sink *k, uint32_t g, int64_t start_s) {
    uint64_t h = ((uint64_t)start_s ^ ((uint64_t)g << 40)) * 0x9E3779B97F4A7C15u;
    h ^= h >> 29;
    size_t i = (size_t)h & (k->n_slots - 1);
    while (k->slot[i]) {
        const interval *v = &k->pending[k->slot[i] - 1];
        if (v->group == g && v->start_s == start_s) break;
        i = (i + 1) & (k->n_slots - 1);
    }
    return i;
}

/* Of two rows of an interval the later one stands in the table. */
static void hash_all(vo_caiso_sink *k) {
    memset(k->slot, 0, k->n_slots * sizeof *k->slot);
    for (size_t i = 0; i < k->n; i++)
        k->slot[slot_of(k, k->pending[i].group, k->pending[i].start_s)] = (uint32_t)i + 1;
}

static vo_status grow(vo_caiso_sink *k, vo_error *err) {
    const size_t capacity = k->capacity ? 2 * k->capacity : 256;
    interval *pending = realloc(k->pending, capacity * sizeof *pending);
    if (pending) k->pending = pending;
    uint32_t *slot = pending ? realloc(k->slot, 2 * capacity * sizeof *slot) : NULL;
    if (!slot)
        return vo_fail(err, VO_ENOMEM, "%s: no memory to join %zu intervals", k->name,
                       capacity);
    k->slot = slot;
    k->capacity = capacity;
    k->n_slots = 2 * capacity;
    hash_all(k);
    return VO_OK;
}

static bool is_complete(const vo_caiso_sink *k, const interval *v) {
    const unsigned all = k->seen | FOUR_PARTS;
    return (v->has & all) == all;
}

/* To the set: what is complete, or everything. The others move together. */
static vo_status flush(vo_caiso_sink *k, bool everything, vo_error *err) {
    size_t left = 0;
    for (size_t i = 0; i < k->n; i++) {
        const interval *v = &k->pending[i];
        if (!everything && !is_complete(k, v)) {
            k->pending[left++] = *v;
            continue;
        }
        const vo_status st = add_row(k, &k->group[v->group], v, err);
        if (st != VO_OK) return st;
    }
    k->n = left;
    return VO_OK;
}

/* The table is full. If few are complete, their parts lie far apart and nothing is gained by
 * waiting. */
static vo_status make_room(vo_caiso_sink *k, vo_error *err) {
    vo_status st = flush(k, false, err);
    if (st == VO_OK && k->n > VO_CAISO_PENDING / 2) st = flush(k, true, err);
    k->flushed = true;
    hash_all(k);
    return st;
}

/* What remains at the end of a file. Intervals without LMP are counted where none has left
 * before: later they may be the other parts of one that has. */
static vo_status flush_all(vo_caiso_sink *k, vo_error *err) {
    const bool count = !k->flushed && k->seen & 1u << PRICE;
    for (size_t i = 0; i < k->n && count; i++)
        k->without_price += !(k->pending[i].has & 1u << PRICE);
    return flush(k, true, err);
}

static vo_status new_interval(vo_caiso_sink *k, const interval *v, vo_error *err) {
    vo_status st = VO_OK;
    if (k->n >= VO_CAISO_PENDING) st = make_room(k, err);
    if (st == VO_OK && k->n == k->capacity) st = grow(k, err);
    if (st != VO_OK) return st;
    k->pending[k->n++] = *v;
    k->slot[slot_of(k, v->group, v->start_s)] = (uint32_t)k->n;
    return VO_OK;
}

static vo_status join(vo_caiso_sink *k, const vo_caiso_row *row, int part, int64_t start_s,
                      double value, vo_error *err) {
    const uint32_t g = (uint32_t)k->last_group;
    const uint8_t bit = (uint8_t)(1u << part);
    const size_t slot = k->n_slots ? slot_of(k, g, start_s) : 0;
    interval *old = k->n_slots && k->slot[slot] ? &k->pending[k->slot[slot] - 1] : NULL;
    if (old && !(old->own & bit)) {
        old->value[part] = value;
        old->has |= bit;
        old->own |= bit;
        if (part == PRICE) old->line = row->line;
        return VO_OK;
    }
    interval v = {.start_s = start_s, .group = g};
    for (int p = 0; p < N_PARTS; p++) v.value[p] = old ? old->value[p] : (double)NAN;
    v.has = (uint8_t)((old ? old->has : 0u) | bit);
    v.own = bit;
    v.value[part] = value;
    v.line = row->line;
    return new_interval(k, &v, err);
}

vo_status vo_caiso_sink_add(vo_caiso_sink *k, const vo_caiso_row *row, vo_error *err) {
    int64_t start_s = 0, length_s = 0;
    double value = 0;
    const int part = part_of(row->item);
    k->rows++;
    if (part == UNKNOWN) {
        if (k->unknown++ == 0)
            snprintf(k->unknown_item, sizeof k->unknown_item, "%.*s",
                     (int)(row->item.len < 20 ? row->item.len : 20), row->item.text);
        return VO_OK;
    }
    vo_status st = read_interval(k, row, &start_s, &length_s, err);
    if (st == VO_OK) st = read_value(k, row, &value, err);
    if (st == VO_OK) st = find_group(k, row, part == SHADOW, err);
    if (st != VO_OK || !k->group[k->last_group].wanted) return st;
    st = check_length(k, &k->group[k->last_group], row, length_s, err);
    if (st != VO_OK) return st;
    k->kept++;
    if (part == SHADOW) {
        const interval v = {.value = {value}, .start_s = start_s, .line = row->line};
        return add_row(k, &k->group[k->last_group], &v, err);
    }
    k->seen |= 1u << part;
    return join(k, row, part, start_s, value, err);
}

/* ---- CSV ------------------------------------------------------------------------------ */

typedef struct {
    size_t item, node, node_id, process, start, end, value; /* SIZE_MAX: absent */
    bool shadow;
} layout;

static size_t column_of(const vo_csv *csv, const char *const *names, size_t n) {
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < vo_csv_count(csv); i++)
            if (vo_field_is(vo_csv_at(csv, i), names[k])) return i;
    return SIZE_MAX;
}
#define COLUMN_OF(csv, ...)                                                                    \
    column_of(csv, (const char *const[]){__VA_ARGS__},                                         \
              sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static vo_status read_header(const vo_caiso_sink *k, const vo_csv *csv, layout *l,
                             vo_error *err) {
    l->start = COLUMN_OF(csv, "INTERVALSTARTTIME_GMT", "INTERVAL_START_GMT");
    l->end = COLUMN_OF(csv, "INTERVALENDTIME_GMT", "INTERVAL_END_GMT");
    l->process = COLUMN_OF(csv, "MARKET_RUN_ID");
    l->item = COLUMN_OF(csv, "LMP_TYPE", "XML_DATA_ITEM");
    l->value = COLUMN_OF(csv, "PRC_SHADOW", "SHADOW_PRICE");
    l->shadow = l->value != SIZE_MAX;
    if (l->shadow) {
        l->node = COLUMN_OF(csv, "NOMOGRAM_ID", "TI_ID", "CONSTRAINT_ID", "FLOWGATE_ID");
        l->node_id = COLUMN_OF(csv, "NOMOGRAM_ID_XML", "TI_ID_XML", "BAA_GRP_ID");
    } else {
        l->value = COLUMN_OF(csv, "MW", "VALUE", "PRC", "PRICE");
        l->node = COLUMN_OF(csv, "NODE", "PNODE", "APNODE");
        l->node_id = COLUMN_OF(csv, "NODE_ID", "NODE_ID_XML", "PNODE_RESMRID");
    }
    const char *lacks = NULL;
    if (l->item == SIZE_MAX && !l->shadow) lacks = "LMP_TYPE";
    if (l->value == SIZE_MAX) lacks = "MW, VALUE or PRC";
    if (l->start == SIZE_MAX) lacks = "INTERVALSTARTTIME_GMT";
    if (!lacks) return VO_OK;
    return vo_fail(err, VO_EINVAL,
                   "%s line %u: an OASIS file without a column %s; is it cut off?", k->name,
                   vo_csv_line(csv), lacks);
}

static vo_csv_field span(const char *text) { return (vo_csv_field){text, strlen(text)}; }

static vo_csv_field field_or(const vo_csv *csv, size_t at, const char *otherwise) {
    const vo_csv_field f = at == SIZE_MAX ? span("") : vo_csv_at(csv, at);
    return f.len ? f : span(otherwise ? otherwise : "");
}

static vo_csv_field node_of(const vo_caiso_sink *k, const vo_csv *csv, const layout *l) {
    const char *given = k->o->node && k->o->node[0] ? k->o->node : l->shadow ? "SYSTEM" : "";
    const vo_csv_field f = field_or(csv, l->node, "");
    return f.len ? f : field_or(csv, l->node_id, given);
}

static vo_status parse_csv(vo_caiso_sink *k, vo_bytes *in, vo_error *err) {
    vo_csv *csv = NULL;
    layout l;
    bool more = false;
    vo_status st = vo_csv_open(in, ',', &csv, err);
    if (st != VO_OK) return st;
    st = vo_csv_next(csv, &more, err);
    if (st == VO_OK && !more) st = vo_fail(err, VO_EINVAL, "%s is empty", k->name);
    if (st == VO_OK) st = read_header(k, csv, &l, err);
    while (st == VO_OK) {
        st = vo_csv_next(csv, &more, err);
        if (st != VO_OK || !more) break;
        const vo_caiso_row row = {.item =
                                      l.shadow ? span("PRC_SHADOW") : vo_csv_at(csv, l.item),
                                  .node = node_of(k, csv, &l),
                                  .process = field_or(csv, l.process, k->o->process),
                                  .start = vo_csv_at(csv, l.start),
                                  .end = field_or(csv, l.end, ""),
                                  .value = vo_csv_at(csv, l.value),
                                  .line = vo_csv_line(csv)};
        st = vo_caiso_sink_add(k, &row, err);
    }
    vo_csv_close(csv);
    return st;
}

/* ---- the whole -------------------------------------------------------------------- */

bool vo_source_caiso_is(const char *head, size_t len) {
    size_t n = len;
    const char *text = vo_text_trim(head, &n);
    if (n && text[0] == '<') return vo_xml_has_start(text, n, "OASISReport");
    const char *end = memchr(text, '\n', n);
    if (end) n = (size_t)(end - text);
    return (vo_text_has(text, n, "INTERVALSTARTTIME_GMT") ||
            vo_text_has(text, n, "INTERVAL_START_GMT")) &&
           (vo_text_has(text, n, "LMP_TYPE") || vo_text_has(text, n, "PRC_SHADOW"));
}

static void say(const vo_caiso_sink *k) {
    if (k->without_price)
        vo_source_say(k->set, "%zu intervals have parts but no LMP: no price",
                      k->without_price);
    if (k->unknown)
        vo_source_say(k->set, "%zu rows left out: \"%s\" is no part of an LMP", k->unknown,
                      k->unknown_item);
    if (k->other_ghg)
        vo_source_say(k->set, "%zu values of MGHG left out: an earlier file has none",
                      k->other_ghg);
}

static vo_status check_result(const vo_caiso_sink *k, vo_error *err) {
    if (k->added) return VO_OK;
    if (k->kept == 0 && k->rows > k->unknown) {
        vo_text names = vo_text_over((char[200]){0}, 200);
        for (size_t i = 0; i < k->n_groups && i < 5; i++)
            vo_text_append(&names, "%s%s %s", i ? ", " : "", k->group[i].process,
                           k->group[i].node);
        return vo_fail(err, VO_ENOTFOUND, "%s: none of its series was asked for; it has %s%s",
                       k->name, names.at, k->n_groups > 5 ? ", ..." : "");
    }
    if (k->unknown)
        return vo_fail(err, VO_EINVAL,
                       "%s: \"%s\" is no part of an LMP (LMP, MCE, MCL, MCC, MGHG) and no "
                       "PRC_SHADOW; nothing else is read from OASIS",
                       k->name, k->unknown_item);
    return vo_fail(err, VO_EINVAL, "%s: an OASIS report without rows; is it cut off?", k->name);
}

vo_status vo_source_caiso_parse(vo_bytes *in, const vo_source_options *o, vo_readings_set *set,
                                vo_error *err) {
    const char *head = NULL;
    size_t n = 0;
    vo_caiso_sink *k = calloc(1, sizeof *k);
    if (!k) return vo_fail(err, VO_ENOMEM, "no memory to read %s", vo_bytes_name(in));
    k->name = vo_bytes_name(in);
    k->o = o;
    k->set = set;
    for (size_t i = 0; i < GROUP_BUCKETS; i++) k->group_bucket[i] = SIZE_MAX;
    vo_status st = vo_bytes_head(in, &head, &n, err);
    if (st != VO_OK) goto done;
    const char *text = vo_text_trim(head, &n);
    st = n && text[0] == '<' ? vo_source_caiso_xml(in, k, err) : parse_csv(k, in, err);
    if (st == VO_OK) st = flush_all(k, err);
    if (st == VO_OK) st = check_result(k, err);
    if (st == VO_OK) say(k);
done:
    free(k->group);
    free(k->pending);
    free(k->slot);
    free(k);
    return st;
}

vo_status vo_source_caiso_check(const char *name, const vo_readings_set *set, vo_error *err) {
    for (size_t i = 0; i < set->n; i++)
        if (set->item[i]->price_name[0]) return VO_OK;
    return vo_fail(err, VO_EINVAL,
                   "%s: parts of prices (MCE, MCL, MCC, MGHG) but no LMP; the price is in the "
                   "file of LMP rows of the same report: import them together, in one zip",
                   name);
}
