/* lake_tree.c -- see lake_tree.h. */
#include "data/lake_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "port/folder.h"

#define N_LOCKS 64u /* so that their files stay few; two nodes that share one only wait */

vo_text vo_lake_query(vo_lake *lake) { return vo_text_over(lake->sql, VO_LAKE_SQL); }

vo_status vo_lake_run(vo_lake *lake, const vo_text *sql, vo_duck_take take, void *ctx,
                      vo_error *err) {
    if (sql->cut) return vo_fail(err, VO_EINVAL, "too many columns for one query of the lake");
    return vo_duck_query(lake->duck, lake->sql, take, ctx, err);
}

/* ---- names ----------------------------------------------------------------------------- */

static bool is_plain(char ch, bool first) {
    return (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') ||
           ch == '_' || ch == '-' || (ch == '.' && !first);
}

void vo_lake_put_encoded(vo_text *to, const char *name) {
    for (size_t i = 0; name[i]; i++) {
        if (is_plain(name[i], i == 0))
            vo_text_append(to, "%c", name[i]);
        else
            vo_text_append(to, "%%%02X", (unsigned)(unsigned char)name[i]);
    }
}

static int hex(char ch) {
    if (ch >= '0' && ch <= '9') return ch - '0';
    return ch >= 'A' && ch <= 'F' ? ch - 'A' + 10 : -1;
}

bool vo_lake_decode(const char *text, char *out, size_t size) {
    size_t n = 0;
    for (const char *p = text; *p; p++) {
        if (n + 1 >= size) return false;
        if (*p == '%') {
            if (hex(p[1]) < 0 || hex(p[2]) < 0) return false;
            const char ch = (char)(hex(p[1]) * 16 + hex(p[2]));
            if (!ch || is_plain(ch, n == 0)) return false;
            out[n++] = ch;
            p += 2;
        } else if (is_plain(*p, n == 0)) {
            out[n++] = *p;
        } else {
            return false;
        }
    }
    out[n] = '\0';
    return true;
}

const char *vo_lake_kind(const vo_lake_key *key) {
    return key->kind && key->kind[0] ? key->kind : VO_KIND_PRICES;
}

static vo_status check_name(const char *what, const char *example, const char *name, size_t max,
                            vo_error *err) {
    if (!name || !name[0])
        return vo_fail(err, VO_EINVAL, "the lake needs a %s; name one, such as %s", what,
                       example);
    if (strlen(name) > max)
        return vo_fail(err, VO_EINVAL, "%s \"%.40s...\" is longer than %zu bytes; shorten it",
                       what, name, max);
    for (const char *p = name; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return vo_fail(err, VO_EINVAL, "%s has a control character; rename it", what);
    return VO_OK;
}

#define MAX_ENCODED 240 /* a folder's name has at most 255 bytes */

static size_t encoded_length(const char *name) {
    char text[4 * VO_NODE_NAME];
    vo_text t = vo_text_over(text, sizeof text);
    vo_lake_put_encoded(&t, name);
    return t.len;
}

vo_status vo_lake_key_check(const vo_lake_key *key, bool process_too, vo_error *err) {
    vo_status st = vo_kind_check(vo_lake_kind(key), err);
    if (st == VO_OK && strcmp(vo_lake_kind(key), "damaged") == 0)
        st = vo_fail(err, VO_EINVAL, "kind \"damaged\" is a folder of the lake's own: another");
    if (st == VO_OK) st = check_name("market", "MEM", key->market, 31, err);
    if (st == VO_OK) st = check_name("node", "APATZINGAN", key->node, VO_NODE_NAME - 1, err);
    if (st == VO_OK && encoded_length(key->node) > MAX_ENCODED)
        st = vo_fail(err, VO_EINVAL,
                     "node \"%.40s...\" has too many signs that are neither letters nor digits "
                     "for the name of a folder; shorten it",
                     key->node);
    if (st == VO_OK && process_too) st = check_name("process", "MDA", key->process, 31, err);
    return st;
}

/* ---- paths ----------------------------------------------------------------------------- */

static void put_market(vo_text *path, const vo_lake *lake, const vo_lake_key *key) {
    vo_text_append(path, "%s/%s/market=", lake->root, vo_lake_kind(key));
    vo_lake_put_encoded(path, key->market);
}

void vo_lake_node_folder(const vo_lake *lake, const vo_lake_key *key, char out[VO_LAKE_PATH]) {
    vo_text path = vo_text_over(out, VO_LAKE_PATH);
    put_market(&path, lake, key);
    vo_text_append(&path, "/process=");
    vo_lake_put_encoded(&path, key->process);
    vo_text_append(&path, "/node=");
    vo_lake_put_encoded(&path, key->node);
}

void vo_lake_year_folder(const vo_lake *lake, const vo_lake_key *key, int32_t year,
                         char out[VO_LAKE_PATH]) {
    vo_lake_node_folder(lake, key, out);
    const size_t len = strlen(out);
    snprintf(out + len, VO_LAKE_PATH - len, "/year=%d", (int)year);
}

/* The lock goes by the folder's name below the root, by FNV-1a. */
vo_status vo_lake_lock(const vo_lake *lake, const vo_lake_key *key, vo_file_lock *out,
                       vo_error *err) {
    char path[VO_LAKE_PATH];
    uint32_t hash = 2166136261u;
    vo_lake_node_folder(lake, key, path);
    for (const char *p = path + strlen(lake->root); *p; p++)
        hash = (hash ^ (unsigned char)*p) * 16777619u;
    snprintf(path, sizeof path, "%s/.locks", lake->root);
    const vo_status st = vo_file_make_folders(path, err);
    if (st != VO_OK) return st;
    snprintf(path, sizeof path, "%s/.locks/%02u", lake->root,
             (unsigned)((hash ^ hash >> 16) % N_LOCKS));
    return vo_file_lock_take(path, out, err);
}

/* ---- the years of a series -------------------------------------------------------- */

/* "year=2024" -> 2024; 0 if it is not one that the lake writes. */
static int32_t year_of_name(const char *name) {
    if (strncmp(name, "year=", 5) != 0) return 0;
    int32_t year = 0;
    for (const char *p = name + 5; *p; p++) {
        if (*p < '0' || *p > '9' || (year == 0 && *p == '0') || year > 999) return 0;
        year = year * 10 + (*p - '0');
    }
    return year;
}

static vo_status take_year(void *ctx, const char *name, bool is_folder, vo_error *err) {
    vo_lake_years *l = ctx;
    const int32_t year = is_folder ? year_of_name(name) : 0;
    if (!year) return VO_OK;
    if (l->n == l->capacity) {
        const size_t capacity = l->capacity ? l->capacity * 2 : 16;
        int32_t *more = realloc(l->year, capacity * sizeof *more);
        if (!more) return vo_fail(err, VO_ENOMEM, "no memory for the lake's years");
        l->year = more;
        l->capacity = capacity;
    }
    l->year[l->n++] = year;
    return VO_OK;
}

void vo_lake_years_fini(vo_lake_years *years) {
    free(years->year);
    *years = (vo_lake_years){.n = 0};
}

static vo_status years_of(vo_lake *lake, const vo_lake_key *key, vo_lake_years *years,
                          vo_error *err) {
    char path[VO_LAKE_PATH];
    vo_lake_node_folder(lake, key, path);
    snprintf(years->process, sizeof years->process, "%s", key->process);
    const vo_status st = vo_folder_list(path, take_year, years, err);
    if (st == VO_OK && years->n > 1)
        qsort(years->year, years->n, sizeof *years->year, vo_order_int32);
    return st;
}

typedef struct {
    vo_lake *lake;
    const vo_lake_key *key;
    vo_lake_years *years; /* the best so far */
} process_search;

/* MDA before others, else the first by name that has the node. */
static vo_status try_process(void *ctx, const char *name, bool is_folder, vo_error *err) {
    process_search *p = ctx;
    char process[32];
    vo_lake_years years = {.n = 0};
    if (!is_folder || strncmp(name, "process=", 8) != 0 ||
        !vo_lake_decode(name + 8, process, sizeof process))
        return VO_OK;
    if (p->years->n && strcmp(process, "MDA") != 0) return VO_OK;
    const vo_lake_key key = {p->key->market, process, p->key->node, p->key->kind};
    const vo_status st = years_of(p->lake, &key, &years, err);
    if (st != VO_OK || years.n == 0) {
        vo_lake_years_fini(&years);
        return st;
    }
    vo_lake_years_fini(p->years);
    *p->years = years;
    return VO_OK;
}

vo_status vo_lake_find_years(vo_lake *lake, const vo_lake_key *key, vo_lake_years *years,
                             vo_error *err) {
    char path[VO_LAKE_PATH];
    if (key->process && key->process[0]) return years_of(lake, key, years, err);
    vo_text at = vo_text_over(path, sizeof path);
    put_market(&at, lake, key);
    process_search p = {lake, key, years};
    return vo_folder_list(path, try_process, &p, err);
}

/* ---- what there is instead -------------------------------------------------------- */

#define MAX_NAMES 4096

/* Names of folders that begin so: "node=", "process=", "market=". */
typedef struct {
    const char *prefix;
    size_t n;
    char (*name)[VO_NODE_NAME];
} some_names;

static vo_status take_name(void *ctx, const char *name, bool is_folder, vo_error *err) {
    some_names *s = ctx;
    const size_t skip = strlen(s->prefix);
    (void)err;
    if (is_folder && s->n < MAX_NAMES && strncmp(name, s->prefix, skip) == 0 &&
        vo_lake_decode(name + skip, s->name[s->n], VO_NODE_NAME))
        s->n++;
    return VO_OK;
}

typedef struct {
    const char *market;
    some_names names;
} node_search;

static vo_status take_process(void *ctx, const char *name, bool is_folder, vo_error *err) {
    node_search *p = ctx;
    char path[VO_LAKE_PATH];
    if (!is_folder || strncmp(name, "process=", 8) != 0) return VO_OK;
    const int len = snprintf(path, sizeof path, "%s/%s", p->market, name);
    return len < (int)sizeof path ? vo_folder_list(path, take_name, &p->names, err) : VO_OK;
}

/* The other names on the level that is missing: "; did you mean", "; there are: ". */
static void tell_others(const some_names *there, const char *asked, const char *what,
                        const char **name, vo_text *out) {
    for (size_t i = 0; i < there->n; i++) name[i] = there->name[i];
    const char *near = there->n ? vo_text_nearest(asked, name, there->n) : NULL;
    if (near && strcmp(near, asked) != 0) {
        vo_text_append(out, "; did you mean \"%s\"?", near);
    } else if (there->n) {
        vo_text_append(out, "; there are%s: ", what);
        vo_text_append_names(out, name, there->n < 20 ? there->n : 20);
    } else {
        vo_text_append(out, "; list what there is, or import it");
    }
}

/* What is missing is the market, the process of it, or the node of that: whichever comes first. */
static void look_around(const char *market, const vo_lake_key *key, node_search *p,
                        const char **name, vo_text *out) {
    char folder[VO_LAKE_PATH];
    some_names *there = &p->names;
    const char *slash = strrchr(market, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - market) : 0, market);
    there->prefix = "process=";
    (void)vo_folder_list(market, take_name, there, NULL);
    if (there->n == 0) {
        there->prefix = "market=";
        if (vo_folder_list(folder, take_name, there, NULL) != VO_OK) there->n = 0;
        tell_others(there, key->market, " markets", name, out);
        return;
    }
    bool known = !key->process || !key->process[0];
    for (size_t i = 0; i < there->n; i++)
        known = known || strcmp(there->name[i], key->process) == 0;
    if (!known) {
        tell_others(there, key->process, " processes", name, out);
        return;
    }
    there->prefix = "node=";
    there->n = 0;
    if (vo_folder_list(market, take_process, p, NULL) != VO_OK) there->n = 0;
    tell_others(there, key->node, "", name, out);
}

vo_status vo_lake_not_there(vo_lake *lake, const vo_lake_key *key, vo_error *err) {
    char market[VO_LAKE_PATH], list[240] = "";
    const bool has_process = key->process && key->process[0];
    node_search p = {market, {"", 0, malloc(MAX_NAMES * sizeof *p.names.name)}};
    const char **name = malloc(MAX_NAMES * sizeof *name);
    vo_text at = vo_text_over(market, sizeof market);
    vo_text text = vo_text_over(list, sizeof list);
    put_market(&at, lake, key);
    if (p.names.name && name) look_around(market, key, &p, name, &text);
    free(p.names.name);
    free(name);
    return vo_fail(err, VO_ENOTFOUND,
                   "the lake has nothing of %s, market \"%s\"%s%s, node \"%s\"%s",
                   vo_lake_kind(key), key->market, has_process ? ", process " : "",
                   has_process ? key->process : "", key->node, list);
}

/* ---- the walk -------------------------------------------------------------------------- */

typedef struct {
    vo_lake *lake;
    const vo_lake_visitor *visitor;
    int level; /* 0: in the root, 1: in a kind, ..., 4: in a node, 5: in a year */
    size_t len;
    char path[VO_LAKE_PATH], kind[16], market[32], process[32], node[VO_NODE_NAME];
    int32_t year;
    bool part, changes;
} walk;

/* Does the folder's name belong on this level? Then what it says is noted. */
static bool enter(walk *w, const char *name) {
    static const char *const prefix[] = {"", "market=", "process=", "node=", "year="};
    const size_t skip = strlen(prefix[w->level]);
    if (strncmp(name, prefix[w->level], skip) != 0) return false;
    switch (w->level) {
    case 0:
        if (vo_kind_check(name, NULL) != VO_OK) return false;
        snprintf(w->kind, sizeof w->kind, "%s", name);
        return true;
    case 1:
        return name[skip] && vo_lake_decode(name + skip, w->market, sizeof w->market);
    case 2:
        return name[skip] && vo_lake_decode(name + skip, w->process, sizeof w->process);
    case 3:
        return name[skip] && vo_lake_decode(name + skip, w->node, sizeof w->node);
    default:
        w->year = year_of_name(name);
        return w->year != 0;
    }
}

static bool is_own(const char *name) {
    static const char *const own[] = {".locks", ".lock", ".spill", "damaged"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strcmp(name, own[i]) == 0) return true;
    return false;
}

static vo_status step(void *ctx, const char *name, bool is_folder, vo_error *err);

static vo_status walk_into(walk *w, vo_error *err) {
    const size_t len = w->len;
    w->len = strlen(w->path);
    w->level++;
    w->part = w->changes = false;
    vo_status st = vo_folder_list(w->path, step, w, err);
    w->level--;
    if (st == VO_OK && w->level == 4) {
        const vo_lake_place place = {
            {w->market, w->process, w->node, w->kind}, w->year, w->path, w->part, w->changes};
        st = w->visitor->place(w->visitor->ctx, &place, err);
    }
    w->len = len;
    return st;
}

static vo_status step(void *ctx, const char *name, bool is_folder, vo_error *err) {
    walk *w = ctx;
    vo_status st = VO_OK;
    if (w->level == 0 && is_own(name)) return VO_OK;
    if (w->level == 5 && !is_folder && strcmp(name, "part.parquet") == 0) {
        w->part = true;
        return VO_OK;
    }
    if (w->level == 5 && !is_folder && strcmp(name, "changes.parquet") == 0) {
        w->changes = true;
        return VO_OK;
    }
    if (w->len + strlen(name) + 2 > sizeof w->path) return VO_OK; /* not one of ours */
    snprintf(w->path + w->len, sizeof w->path - w->len, "/%s", name);
    if (is_folder && w->level < 5 && enter(w, name))
        st = walk_into(w, err);
    else if (w->visitor->other)
        st = w->visitor->other(w->visitor->ctx, w->path, err);
    w->path[w->len] = '\0';
    return st;
}

vo_status vo_lake_walk(vo_lake *lake, const vo_lake_visitor *visitor, vo_error *err) {
    walk *w = calloc(1, sizeof *w);
    if (!w) return vo_fail(err, VO_ENOMEM, "no memory to walk the lake");
    w->lake = lake;
    w->visitor = visitor;
    w->len = strlen(lake->root);
    memcpy(w->path, lake->root, w->len + 1);
    const vo_status st = vo_folder_list(w->path, step, w, err);
    free(w);
    return st;
}
