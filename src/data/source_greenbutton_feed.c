/* source_greenbutton_feed.c -- who is whose in a Green Button feed. Links are interned: each
 * distinct address is an atom that knows which resource calls itself so, and a resource keeps
 * the atoms it is tied to. What a MeterReading is (direction, unit) is settled when all is
 * known.
 *
 * Codes: NAESB REQ.21 (ESPI), espiDerived.xsd: UomType, FlowDirectionType,
 * AccumulationBehaviourType, DataQualifierType, CommodityType.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "data/source_greenbutton.h"

#define MAX_RESOURCES 4096u /* of each sort */
#define MAX_BLOCKS (1u << 22)
#define MAX_ATOMS 65536u

/* ---- atoms ------------------------------------------------------------------------ */

/* What an address is: the resource itself, or what a resource says is related to it. */
enum { AS_USAGE, AS_METER, AS_TYPE, AS_CLOCK, OF_USAGE, OF_METER, ROLES };

typedef struct {
    char *text;
    uint32_t role[ROLES]; /* index + 1 of the resource; 0: none */
} atom;

struct vo_gb_atoms {
    size_t n, room; /* atom 0 is no atom and has no roles */
    atom *atom;
    uint32_t bucket[2 * MAX_ATOMS];
};

static void atoms_free(vo_gb_atoms *a) {
    if (!a) return;
    for (size_t i = 1; i < a->n; i++) free(a->atom[i].text);
    free(a->atom);
    free(a);
}

static uint32_t hash(const char *text, size_t len) {
    const uint64_t h = vo_hash_bytes(VO_HASH_START, text, len);
    return (uint32_t)(h ^ (h >> 32));
}

/* *out = 0 for an empty text. */
static vo_status intern(vo_gb_feed *f, const char *text, size_t len, uint32_t *out,
                        vo_error *err) {
    vo_gb_atoms *a = f->atoms;
    *out = 0;
    if (len == 0) return VO_OK;
    uint32_t i = hash(text, len) & (2 * MAX_ATOMS - 1);
    for (; a->bucket[i]; i = (i + 1) & (2 * MAX_ATOMS - 1)) {
        const char *is = a->atom[a->bucket[i]].text;
        if (strncmp(is, text, len) == 0 && is[len] == '\0') {
            *out = a->bucket[i];
            return VO_OK;
        }
    }
    if (a->n == MAX_ATOMS)
        return vo_fail(err, VO_EINVAL, "%s: more than %u different links; split the feed",
                       f->file, MAX_ATOMS);
    if (a->n == a->room) {
        const size_t room = a->room * 2;
        atom *more = realloc(a->atom, room * sizeof *more);
        if (!more) return vo_fail(err, VO_ENOMEM, "no memory for %zu links", room);
        a->atom = more;
        a->room = room;
    }
    char *copy = calloc(len + 1, 1);
    if (!copy) return vo_fail(err, VO_ENOMEM, "no memory for a link");
    memcpy(copy, text, len);
    a->atom[a->n] = (atom){.text = copy};
    a->bucket[i] = *out = (uint32_t)a->n++;
    return VO_OK;
}

/* Length of an address without its last `segments` segments. */
static size_t without(const char *href, int segments) {
    size_t len = strlen(href);
    for (; segments > 0; segments--) {
        while (len > 0 && href[len - 1] != '/') len--;
        while (len > 0 && href[len - 1] == '/') len--;
    }
    return len;
}

/* ---- lists ------------------------------------------------------------------------ */

/* The list, moved if need be, with room for one more of `size` bytes; as it was if *st says
 * that there is none. */
static void *reserve(const vo_gb_feed *f, void *list, size_t n, size_t *room, size_t size,
                     size_t max, const char *what, vo_status *st, vo_error *err) {
    *st = VO_OK;
    if (n < *room) return list;
    const size_t more = *room ? *room * 2 : 16;
    void *grown = n < max ? realloc(list, more * size) : NULL;
    if (n >= max)
        *st =
            vo_fail(err, VO_EINVAL, "%s: more than %zu %s; split the feed", f->file, max, what);
    else if (!grown)
        *st = vo_fail(err, VO_ENOMEM, "no memory for %zu %s", more, what);
    if (*st != VO_OK) return list;
    *room = more;
    return grown;
}

static vo_status add_meter(vo_gb_feed *f, uint32_t key, size_t *index, vo_error *err) {
    vo_status st;
    f->meter = reserve(f, f->meter, f->n_meters, &f->meters_room, sizeof *f->meter,
                       MAX_RESOURCES, "MeterReadings", &st, err);
    if (st != VO_OK) return st;
    f->meter[f->n_meters] = (vo_gb_meter){.key = key,
                                          .usage = SIZE_MAX,
                                          .type = SIZE_MAX,
                                          .node = SIZE_MAX,
                                          .first_s = INT64_MAX,
                                          .end_s = INT64_MIN};
    *index = f->n_meters++;
    if (key) f->atoms->atom[key].role[AS_METER] = (uint32_t)*index + 1;
    return VO_OK;
}

static vo_status add_usage(vo_gb_feed *f, uint32_t key, size_t *index, vo_error *err) {
    vo_status st;
    f->usage = reserve(f, f->usage, f->n_usages, &f->usages_room, sizeof *f->usage,
                       MAX_RESOURCES, "UsagePoints", &st, err);
    if (st != VO_OK) return st;
    f->usage[f->n_usages] = (vo_gb_usage){.key = key};
    *index = f->n_usages++;
    if (key) f->atoms->atom[key].role[AS_USAGE] = (uint32_t)*index + 1;
    return VO_OK;
}

static vo_status intern_related(vo_gb_feed *f, const vo_gb_entry *e, uint32_t *out, size_t *n,
                                vo_error *err) {
    for (*n = 0; *n < e->n_related; ++*n) {
        const vo_status st = intern(f, e->related[*n], strlen(e->related[*n]), &out[*n], err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

/* ---- entries ---------------------------------------------------------------------- */

/* A usage point's name where its title is not its own: the last part of its address after the
 * one before "UsagePoint", as points of different customers are numbered alike.
 * ".../Subscription/5/UsagePoint/1" -> "5-1" */
static void id_of(const char *href, char out[VO_NODE_NAME]) {
    static const char word[] = "UsagePoint/";
    const char *last = strrchr(href, '/');
    char owner[32] = "";
    const size_t before =
        last ? (size_t)(last + 1 - href) : 0; /* up to the last '/' and with it */
    if (before >= sizeof word && strncmp(last + 2 - sizeof word, word, sizeof word - 1) == 0) {
        size_t end = before + 1 - sizeof word;
        while (end > 0 && href[end - 1] == '/') end--;
        size_t from = end;
        while (from > 0 && href[from - 1] != '/') from--;
        if (end > from)
            snprintf(owner, sizeof owner, "%.*s-", (int)(end - from < 28 ? end - from : 28),
                     href + from);
    }
    snprintf(out, VO_NODE_NAME, "%s%.30s", owner, href + before);
    for (char *c = out; *c; c++)
        if ((unsigned char)*c < ' ') *c = ' ';
}

static vo_status take_usage(vo_gb_feed *f, const vo_gb_entry *e, vo_error *err) {
    uint32_t key = 0;
    size_t i = 0;
    vo_status st = intern(f, e->self, strlen(e->self), &key, err);
    if (st != VO_OK) return st;
    const uint32_t known = f->atoms->atom[key].role[AS_USAGE];
    if (known)
        i = known - 1;
    else if ((st = add_usage(f, key, &i, err)) != VO_OK)
        return st;
    vo_gb_usage *u = &f->usage[i];
    if ((st = intern_related(f, e, u->related, &u->n_related, err)) != VO_OK) return st;
    for (size_t k = 0; k < u->n_related; k++)
        f->atoms->atom[u->related[k]].role[OF_USAGE] = (uint32_t)i + 1;
    if (e->title[0] && strcmp(e->title, e->feed_title) != 0)
        memcpy(u->name, e->title, sizeof u->name);
    return VO_OK;
}

static vo_status take_meter(vo_gb_feed *f, const vo_gb_entry *e, vo_error *err) {
    uint32_t key = 0;
    size_t i = 0;
    vo_status st = intern(f, e->self, strlen(e->self), &key, err);
    if (st != VO_OK) return st;
    const uint32_t known = f->atoms->atom[key].role[AS_METER];
    if (known)
        i = known - 1;
    else if ((st = add_meter(f, key, &i, err)) != VO_OK)
        return st;
    vo_gb_meter *m = &f->meter[i];
    f->last_meter = i;
    if ((st = intern(f, e->up, strlen(e->up), &m->up, err)) != VO_OK) return st;
    st = intern_related(f, e, m->related, &m->n_related, err);
    for (size_t k = 0; k < m->n_related && st == VO_OK; k++)
        f->atoms->atom[m->related[k]].role[OF_METER] = (uint32_t)i + 1;
    return st;
}

/* A second one with the same link and other contents does not count. */
static vo_status take_fields(vo_gb_feed *f, const vo_gb_entry *e, vo_error *err) {
    const bool is_type = e->kind == VO_GB_TYPE;
    const int role = is_type ? AS_TYPE : AS_CLOCK;
    vo_gb_type **list = is_type ? &f->type : &f->clock;
    size_t *n = is_type ? &f->n_types : &f->n_clocks;
    uint32_t key = 0;
    vo_status st = intern(f, e->self, strlen(e->self), &key, err);
    if (st != VO_OK) return st;
    const uint32_t known = f->atoms->atom[key].role[role];
    if (known) {
        const bool same = memcmp((*list)[known - 1].field, e->field, sizeof e->field) == 0;
        if (is_type && !same) f->conflicts++;
        return VO_OK;
    }
    *list = reserve(f, *list, *n, is_type ? &f->types_room : &f->clocks_room, sizeof **list,
                    MAX_RESOURCES, is_type ? "ReadingTypes" : "LocalTimeParameters", &st, err);
    if (st != VO_OK) return st;
    vo_gb_type *t = &(*list)[*n];
    t->key = key;
    memcpy(t->field, e->field, sizeof t->field);
    ++*n;
    if (key) f->atoms->atom[key].role[role] = (uint32_t)*n;
    return VO_OK;
}

int64_t vo_gb_common(int64_t a, int64_t b) {
    while (b) {
        const int64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

static void merge(vo_gb_meter *m, const vo_gb_meter *more) {
    m->readings += more->readings;
    if (more->first_s < m->first_s) m->first_s = more->first_s;
    if (more->end_s > m->end_s) m->end_s = more->end_s;
    m->step_s = vo_gb_common(m->step_s, more->step_s);
    if (more->longest_s > m->longest_s) m->longest_s = more->longest_s;
    m->has_cost |= more->has_cost;
    m->lacks_duration |= more->lacks_duration;
}

static void reset_pending(vo_gb_feed *f) {
    f->pending = (vo_gb_meter){.first_s = INT64_MAX, .end_s = INT64_MIN};
}

/* The blocks of an entry go to the MeterReading above them: ".../MeterReading/1/IntervalBlock".
 * A block without links goes to the MeterReading entry before it. */
static vo_status take_blocks(vo_gb_feed *f, const vo_gb_entry *e, vo_error *err) {
    uint32_t key = 0;
    size_t i = f->last_meter;
    const char *href = e->up[0] ? e->up : e->self;
    uint32_t up = 0;
    vo_status st = intern(f, href, without(href, e->up[0] ? 1 : 2), &key, err);
    if (st == VO_OK) st = intern(f, e->up, strlen(e->up), &up, err);
    if (st != VO_OK) return st;
    const uint32_t known = f->atoms->atom[key].role[AS_METER];
    const uint32_t related = f->atoms->atom[up].role[OF_METER];
    if (known)
        i = known - 1;
    else if (related)
        i = related - 1;
    else if (key || i == SIZE_MAX)
        st = add_meter(f, key, &i, err);
    if (st != VO_OK) return st;
    if (!key) f->last_meter = i;
    for (size_t b = 0; b < e->n_blocks; b++) {
        f->block = reserve(f, f->block, f->n_blocks, &f->blocks_room, sizeof *f->block,
                           MAX_BLOCKS, "IntervalBlocks", &st, err);
        if (st != VO_OK) return st;
        f->block[f->n_blocks++] = (uint32_t)i;
    }
    merge(&f->meter[i], &f->pending);
    reset_pending(f);
    return VO_OK;
}

vo_status vo_gb_feed_entry(vo_gb_feed *f, const vo_gb_entry *e, vo_error *err) {
    vo_status st = VO_OK;
    if (e->kind == VO_GB_USAGE) st = take_usage(f, e, err);
    if (e->kind == VO_GB_METER) st = take_meter(f, e, err);
    if (e->kind == VO_GB_TYPE || e->kind == VO_GB_CLOCK) st = take_fields(f, e, err);
    if (st == VO_OK && e->n_blocks) st = take_blocks(f, e, err);
    return st;
}

void vo_gb_feed_reading(vo_gb_feed *f, const vo_gb_reading *r) {
    vo_gb_meter *p = &f->pending;
    const int64_t duration_s = r->duration_s > 0 ? r->duration_s : 0;
    p->readings++;
    if (r->start_s < p->first_s) p->first_s = r->start_s;
    if (r->start_s + duration_s > p->end_s) p->end_s = r->start_s + duration_s;
    p->step_s = vo_gb_common(p->step_s, duration_s);
    if (duration_s > p->longest_s) p->longest_s = duration_s;
    p->has_cost |= r->cost == r->cost; /* not NAN */
    p->lacks_duration |= duration_s == 0;
}

/* ---- what a MeterReading is --------------------------------------------------------- */

static bool is_one_of(int64_t code, const int64_t *list, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (code == list[i]) return true;
    return false;
}
#define IS_ONE_OF(code, ...)                                                                   \
    is_one_of(code, (const int64_t[]){__VA_ARGS__},                                            \
              sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static void leave_out(vo_gb_meter *m, const char *why, int64_t code) {
    if (m->left_out) return;
    m->left_out = why;
    m->left_out_code = code;
}

static const char *unit_name(int64_t uom) {
    static const struct {
        int64_t uom;
        const char *name;
    } known[] = {{5, "uom A"},     {29, "uom V"},          {33, "uom Hz"},
                 {42, "uom m3"},   {61, "uom VA"},         {63, "uom VAr"},
                 {71, "uom VAh"},  {73, "uom VArh"},       {119, "uom ft3"},
                 {120, "uom ft3"}, {128, "uom US gallon"}, {130, "uom imperial gallon"},
                 {132, "uom BTU"}, {134, "uom litre"},     {166, "uom m3"},
                 {167, "uom m3"},  {169, "uom therm"}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].uom == uom) return known[i].name;
    return "uom";
}

static void classify(vo_gb_meter *m, const vo_gb_type *t) {
    const int64_t uom = t->field[VO_GB_UOM], flow = t->field[VO_GB_FLOW];
    const int64_t sums = t->field[VO_GB_ACCUMULATION], commodity = t->field[VO_GB_COMMODITY];
    const int64_t qualifier = t->field[VO_GB_QUALIFIER];
    const int64_t power10 = t->field[VO_GB_MULTIPLIER];
    if (!IS_ONE_OF(uom, VO_GB_NONE, 72, 31, 38)) leave_out(m, unit_name(uom), uom);
    if (!IS_ONE_OF(commodity, VO_GB_NONE, 0, 1, 2))
        leave_out(m, "commodity (not electricity)", commodity);
    if (IS_ONE_OF(sums, 1, 2, 3, 9))
        leave_out(m, "accumulationBehaviour (a register, not intervals)", sums);
    else if (!IS_ONE_OF(sums, VO_GB_NONE, 0, 4) && !(uom == 38 && IS_ONE_OF(sums, 6, 12)))
        leave_out(m, "accumulationBehaviour", sums);
    if (!IS_ONE_OF(qualifier, VO_GB_NONE, 0, 2, 12, 26))
        leave_out(m, "dataQualifier (minima, maxima)", qualifier);
    if (power10 != VO_GB_NONE && (power10 < -12 || power10 > 12))
        leave_out(m, "powerOfTenMultiplier", power10);
    if (!IS_ONE_OF(flow, VO_GB_NONE, 0, 1, 4, 19)) leave_out(m, "flowDirection", flow);
    m->column = flow == 1    ? VO_GB_IMPORT
                : flow == 4  ? VO_GB_NET
                : flow == 19 ? VO_GB_EXPORT
                             : VO_GB_LOAD;
}

static vo_status find_usage(vo_gb_feed *f, vo_gb_meter *m, vo_error *err) {
    const char *up = f->atoms->atom[m->up].text, *key = f->atoms->atom[m->key].text;
    uint32_t above = 0;
    vo_status st = VO_OK;
    if (m->up)
        st = intern(f, up, without(up, 1), &above, err);
    else if (m->key)
        st = intern(f, key, without(key, 2), &above, err);
    if (st != VO_OK) return st;
    const atom *a = f->atoms->atom; /* interning may have moved it */
    if (above && a[above].role[AS_USAGE])
        m->usage = a[above].role[AS_USAGE] - 1;
    else if (m->up && a[m->up].role[OF_USAGE])
        m->usage = a[m->up].role[OF_USAGE] - 1;
    else if (f->n_usages == 1 && f->usage[0].key && !above)
        m->usage = 0;
    else
        return add_usage(f, above, &m->usage, err);
    return VO_OK;
}

static void find_type(const vo_gb_feed *f, vo_gb_meter *m) {
    for (size_t i = 0; i < m->n_related && m->type == SIZE_MAX; i++) {
        const uint32_t role = f->atoms->atom[m->related[i]].role[AS_TYPE];
        if (role) m->type = role - 1;
    }
    if (m->type == SIZE_MAX && f->n_types == 1) m->type = 0;
}

/* Titles that several have, or none, give way to the last part of the address. */
static void name_usages(vo_gb_feed *f) {
    char own[VO_NODE_NAME];
    for (size_t i = 0; i < f->n_usages; i++) {
        bool shared = false;
        if (!f->usage[i].name[0]) continue;
        memcpy(own, f->usage[i].name, sizeof own);
        for (size_t k = i + 1; k < f->n_usages; k++) {
            if (strcmp(f->usage[k].name, own) != 0) continue;
            f->usage[k].name[0] = '\0';
            shared = true;
        }
        if (shared) f->usage[i].name[0] = '\0';
    }
    for (size_t i = 0; i < f->n_usages; i++) {
        vo_gb_usage *u = &f->usage[i];
        if (!u->name[0] && u->key) id_of(f->atoms->atom[u->key].text, u->name);
    }
}

vo_status vo_gb_feed_resolve(vo_gb_feed *f, vo_error *err) {
    for (size_t i = 0; i < f->n_meters; i++) {
        if (f->meter[i].readings == 0) continue;
        const vo_status st = find_usage(f, &f->meter[i], err);
        if (st != VO_OK) return st;
        vo_gb_meter *m = &f->meter[i];
        find_type(f, m);
        if (m->type == SIZE_MAX) continue;
        classify(m, &f->type[m->type]);
        const int64_t length_s = f->type[m->type].field[VO_GB_LENGTH];
        if (!m->lacks_duration || length_s <= 0) continue;
        m->step_s = vo_gb_common(m->step_s, length_s);
        if (length_s > m->longest_s) m->longest_s = length_s;
    }
    name_usages(f);
    return VO_OK;
}

const vo_gb_type *vo_gb_feed_clock(const vo_gb_feed *f, size_t usage) {
    const vo_gb_usage *u = &f->usage[usage];
    for (size_t i = 0; i < u->n_related; i++) {
        const uint32_t role = f->atoms->atom[u->related[i]].role[AS_CLOCK];
        if (role) return &f->clock[role - 1];
    }
    return f->n_clocks == 1 ? &f->clock[0] : NULL;
}

/* ---- life ------------------------------------------------------------------------- */

vo_status vo_gb_feed_init(vo_gb_feed *f, const char *file, vo_error *err) {
    *f = (vo_gb_feed){.file = file, .last_meter = SIZE_MAX};
    reset_pending(f);
    f->atoms = calloc(1, sizeof *f->atoms);
    if (f->atoms) f->atoms->atom = calloc(64, sizeof *f->atoms->atom);
    if (!f->atoms || !f->atoms->atom) {
        vo_gb_feed_fini(f);
        return vo_fail(err, VO_ENOMEM, "no memory to read %s", file);
    }
    f->atoms->n = 1;
    f->atoms->room = 64;
    return VO_OK;
}

void vo_gb_feed_fini(vo_gb_feed *f) {
    atoms_free(f->atoms);
    free(f->meter);
    free(f->usage);
    free(f->type);
    free(f->clock);
    free(f->block);
    *f = (vo_gb_feed){.file = NULL};
}
