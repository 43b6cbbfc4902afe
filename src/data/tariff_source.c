/* tariff_source.c -- see tariff_source.h. A published file becomes a tree, the tree is
 * recognised by its members, and written as a document: what we understand of it, and it. The
 * same function makes the document again from its `source`; if the two differ, somebody edited
 * the file. */
#include "data/tariff_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/toml.h"
#include "base/yaml.h"
#include "data/bytes.h"
#include "data/tariff_document.h"
#include "port/file.h"
#include "port/folder.h"

#define MAX_FILE ((size_t)16 << 20)
#define ENDING 12 /* of a file's name: ".yaml", and what a temporary one has besides */

static bool is_kind(const vo_json *v, vo_json_kind k) { return v && vo_json_kind_of(v) == k; }

static bool has(const vo_json *o, const char *key, vo_json_kind k) {
    return is_kind(vo_json_get(o, key), k);
}

static const char *text_of(const vo_json *o, const char *key) {
    const vo_json *v = vo_json_get(o, key);
    return is_kind(v, VO_JSON_STRING) ? vo_json_string(v) : "";
}

/* ---- recognising ------------------------------------------------------------- */

static bool line_starts(const char *s, size_t n, const char *word) {
    const size_t k = strlen(word);
    return n >= k && memcmp(s, word, k) == 0;
}

/* After comments, `schema = 1` and one of the members that our kinds begin with. */
static bool is_toml_head(const char *s, size_t n) {
    static const char *const members[] = {"\ntariff = ",  "\nprogram = ",      "\nprovider = ",
                                          "\nutility = ", "\njurisdiction = ", "\nunit = "};
    while (n > 0) {
        size_t line = 0;
        while (line < n && s[line] != '\n') line++;
        size_t blank = 0;
        while (blank < line && (s[blank] == ' ' || s[blank] == '\t' || s[blank] == '\r'))
            blank++;
        if (blank < line && s[blank] != '#') break;
        s += line < n ? line + 1 : line;
        n -= line < n ? line + 1 : line;
    }
    if (line_starts(s, n, "[holidays]")) return true;
    if (!line_starts(s, n, "schema = ")) return false;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (vo_text_has_exactly(s, n, members[i])) return true;
    return false;
}

bool vo_tariff_is(const char *head, size_t n) {
    size_t i = 0;
    while (i < n && strchr(" \t\r\n", head[i]) && head[i] != '\0') i++;
    if (i == n) return false;
    if (head[i] != '{') return is_toml_head(head, n);
    return vo_text_has_exactly(head, n, "\"energyratestructure\"") ||
           vo_text_has_exactly(head, n, "\"energyweekdayschedule\"") ||
           vo_text_has_exactly(head, n, "\"energyweekendschedule\"") ||
           (vo_text_has_exactly(head, n, "\"items\"") &&
            vo_text_has_exactly(head, n, "openei.org")) ||
           (vo_text_has_exactly(head, n, "\"archive_sha256\"") &&
            vo_text_has_exactly(head, n, "\"vintages\"")) ||
           (vo_text_has_exactly(head, n, "\"data\"") &&
            vo_text_has_exactly(head, n, "\"delivery\""));
}

/* What a published tree is. */
static const char *kind_of(const vo_json *p) {
    if (has(p, "energyratestructure", VO_JSON_ARRAY)) return "tariff";
    if (has(p, "energy", VO_JSON_OBJECT) && has(p, "tariff", VO_JSON_STRING)) return "tariff";
    if (has(p, "program", VO_JSON_STRING)) return "programme";
    if (has(p, "generation", VO_JSON_OBJECT) && has(p, "provider", VO_JSON_STRING))
        return "supplier";
    if (has(p, "rates", VO_JSON_OBJECT) && has(p, "utility", VO_JSON_STRING))
        return "net_surplus";
    if (has(p, "rate", VO_JSON_NUMBER) && has(p, "jurisdiction", VO_JSON_STRING)) return "tax";
    if (has(p, "residential", VO_JSON_OBJECT)) return "export_adder";
    if (has(p, "data", VO_JSON_OBJECT) && has(p, "vintage", VO_JSON_STRING))
        return "export_values";
    if (has(p, "vintages", VO_JSON_OBJECT)) return "manifest";
    if (has(p, "holidays", VO_JSON_OBJECT)) return "holidays";
    return NULL;
}

/* ---- documents --------------------------------------------------------------- */

typedef struct { /* a publication and what is known of it */
    const vo_json *tree;
    const char *format; /* "toml" or "json" */
    const char *file;   /* its name, without folders */
    const char *zone;   /* or NULL */
} publication;

static void write_source(const publication *p, vo_json_out *w) {
    vo_json_out_key(w, "source");
    vo_json_out_object(w);
    vo_json_out_key(w, "file");
    vo_json_out_string(w, p->file);
    vo_json_out_key(w, "format");
    vo_json_out_string(w, p->format);
    vo_json_out_key(w, "published");
    vo_json_out_value(w, p->tree);
    vo_json_out_end(w);
}

/* The file's name without folders and what follows its first dot. */
static void stem_of(const char *file, char out[VO_TARIFF_NAME]) {
    const size_t n = strcspn(file, ".");
    snprintf(out, VO_TARIFF_NAME, "%.*s", n < 60 ? (int)n : 60, file);
}

static vo_status write_document(const publication *p, vo_json_out *w, char *note,
                                vo_error *err) {
    const char *kind = kind_of(p->tree);
    char stem[VO_TARIFF_NAME];
    vo_status st = VO_OK;
    if (!kind)
        return vo_fail(err, VO_EINVAL,
                       "it is neither a rate schedule, a programme, a supplier's card, a tax, "
                       "holidays, export values nor a rate of the Utility Rate Database");
    stem_of(p->file, stem);
    vo_json_out_object(w);
    vo_json_out_key(w, "kind");
    vo_json_out_string(w, kind);
    if (strcmp(kind, "tariff") == 0)
        st = vo_json_get(p->tree, "energyratestructure")
                 ? vo_tariff_write_urdb(p->tree, p->zone, stem, w, note, err)
                 : vo_tariff_write_schedule(p->tree, p->zone, w, err);
    if (st != VO_OK) return st;
    write_source(p, w);
    vo_json_out_end(w);
    return VO_OK;
}

/* *document is the caller's: vo_json_free. */
static vo_status make_document(const publication *p, vo_json **document, char *note,
                               vo_error *err) {
    vo_json_out *w = NULL;
    char *text = NULL;
    size_t len = 0;
    vo_status st = vo_json_out_create(&w, err);
    if (st == VO_OK) st = write_document(p, w, note, err);
    if (st == VO_OK) st = vo_json_out_take(w, &text, &len, err);
    if (st == VO_OK) st = vo_json_parse(text, len, document, err);
    free(text);
    vo_json_out_free(w);
    return st;
}

static vo_status as_text(const vo_json *v, bool indent, char **text, vo_error *err) {
    vo_json_out *w = NULL;
    vo_status st = vo_json_out_create(&w, err);
    if (st != VO_OK) return st;
    vo_json_out_indent(w, indent);
    vo_json_out_value(w, v);
    st = vo_json_out_take(w, text, NULL, err);
    vo_json_out_free(w);
    return st;
}

/* Does `root` differ from what its own source gives? */
static vo_status check_unedited(const vo_json *root, const char *path, vo_error *err) {
    const vo_json *source = vo_json_get(root, "source");
    const char *zone = text_of(root, "zone");
    const publication p = {.tree = vo_json_get(source, "published"),
                           .format = text_of(source, "format"),
                           .file = text_of(source, "file"),
                           .zone = zone[0] ? zone : NULL};
    vo_json *again = NULL;
    char *a = NULL, *b = NULL;
    vo_status st = p.tree ? make_document(&p, &again, NULL, err)
                          : vo_fail(err, VO_EINVAL, "source.published is missing");
    if (st == VO_OK) st = as_text(root, false, &a, err);
    if (st == VO_OK) st = as_text(again, false, &b, err);
    if (st == VO_ENOMEM || (st == VO_OK && strcmp(a, b) == 0)) goto done;
    st = vo_fail(
        err, VO_EINVAL,
        "%.300s: edited since its import, so `source` no longer says what it is: remove "
        "`source` (or the file, to import it again)",
        path);
done:
    free(a);
    free(b);
    vo_json_free(again);
    return st;
}

/* ---- files ------------------------------------------------------------------- */

static vo_status read_yaml(const char *path, vo_json **out, vo_error *err) {
    char *text = NULL;
    size_t len = 0;
    vo_error inner = {0};
    vo_status st = vo_file_read(path, MAX_FILE, &text, &len, err);
    if (st != VO_OK) return st;
    st = vo_yaml_parse(text, len, out, &inner);
    const bool toml = is_toml_head(text, len);
    free(text);
    if (st != VO_OK && toml)
        return vo_fail(err, st,
                       "%.200s: is a published rate schedule in TOML: make a tariff of it with "
                       "`volteo data import`",
                       path);
    return st == VO_OK ? st : vo_fail(err, st, "%.200s: %s", path, inner.msg);
}

/* Letters, digits and - stay, in lower case. */
static void append_safe(char *out, size_t size, const char *text) {
    size_t len = strlen(out);
    if (text[0] == '\0' || len + 2 >= size) return;
    if (len > 0) out[len++] = '_';
    for (; *text && len + 1 < size; text++) {
        const char c = *text;
        const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        out[len++] = plain ? c : c >= 'A' && c <= 'Z' ? (char)(c + 32) : '_';
    }
    out[len] = '\0';
}

static void append_name(char *out, size_t size, const char *text) {
    const size_t len = strlen(out);
    if (text[0]) snprintf(out + len, size - len, "%s%.60s", len ? " " : "", text);
}

/* Who, what and since when: for people, and as a file's name. */
static void name_document(const vo_json *d, char name[VO_TARIFF_TITLE],
                          char stem[VO_TARIFF_TITLE]) {
    const vo_json *p = vo_json_get(vo_json_get(d, "source"), "published");
    const char *kind = text_of(d, "kind");
    const bool tariff = strcmp(kind, "tariff") == 0;
    const vo_json *from = tariff ? d : p;
    const char *who = text_of(from, "utility");
    const char *what = tariff ? text_of(d, "schedule") : text_of(p, "program");
    if (text_of(p, "provider")[0]) who = text_of(p, "provider");
    if (text_of(p, "jurisdiction")[0]) who = text_of(p, "jurisdiction");
    if (text_of(p, "vintage")[0]) what = text_of(p, "vintage");
    if (strcmp(kind, "export_adder") == 0) who = text_of(p, "source");
    const char *const parts[] = {who, what, tariff ? "" : kind, text_of(from, "effective")};
    name[0] = stem[0] = '\0';
    for (int i = 0; i < 4; i++) {
        append_name(name, VO_TARIFF_TITLE, parts[i]);
        append_safe(stem, VO_TARIFF_TITLE - ENDING, parts[i]);
    }
}

/* Is the document `root` of the same name as `name`, letters and signs as they are? */
static bool is_of_name(const vo_json *root, const char *name) {
    char theirs[VO_TARIFF_TITLE], stem[VO_TARIFF_TITLE];
    name_document(root, theirs, stem);
    return strcmp(theirs, name) == 0;
}

/* *same: the file is there with the same text. Refused: there, but edited, or of another tariff
 * whose name differs only in signs that a file's name does not have. */
static vo_status check_place(const char *path, const char *name, const char *text, bool *same,
                             vo_error *err) {
    char *old = NULL;
    size_t len = 0;
    vo_json *root = NULL;
    *same = false;
    if (!vo_file_exists(path)) return VO_OK;
    vo_status st = vo_file_read(path, MAX_FILE, &old, &len, err);
    if (st != VO_OK) return st;
    *same = strlen(text) == len && memcmp(text, old, len) == 0;
    free(old);
    if (*same) return VO_OK;
    st = read_yaml(path, &root, err);
    if (st == VO_OK) st = check_unedited(root, path, err);
    if (st == VO_OK && !is_of_name(root, name))
        st = vo_fail(err, VO_EINVAL,
                     "\"%.200s\" holds another tariff, whose name has the same letters as "
                     "\"%.80s\": import one of them into another folder",
                     path, name);
    vo_json_free(root);
    return st;
}

static vo_status check_document(const vo_json *d, const char *name, vo_error *err);

/* One document into the folder. */
static vo_status store(const vo_json *d, const char *folder, vo_tariff_imported *out,
                       vo_error *err) {
    char stem[VO_TARIFF_TITLE], comment[512], path[VO_TARIFF_PATH], name[VO_TARIFF_TITLE];
    char *text = NULL;
    bool same = false;
    const vo_json *source = vo_json_get(d, "source");
    vo_status st = check_document(d, text_of(source, "file"), err);
    if (st != VO_OK) return st;
    name_document(d, name, stem);
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return vo_fail(err, VO_EINVAL, "%.100s: a name in it has a control character",
                           text_of(source, "file"));
    const int n = snprintf(path, sizeof path, "%s/%s.yaml", folder, stem);
    if (n < 0 || (size_t)n >= sizeof path)
        return vo_fail(err, VO_EINVAL, "folder %.200s...: the path is too long", folder);
    snprintf(comment, sizeof comment,
             "%s, imported from %.100s.\n`source` is it as published; what stands before was "
             "taken from there.\nIf you change it, delete `source`.",
             name, text_of(source, "file"));
    st = vo_yaml_write(d, comment, &text, err);
    if (st == VO_OK) st = check_place(path, name, text, &same, err);
    if (st == VO_OK && !same) st = vo_file_make_folders(folder, err);
    if (st == VO_OK && !same) st = vo_file_replace(path, text, strlen(text), err);
    free(text);
    if (st != VO_OK) return st;
    out->files++;
    out->written += !same;
    strcpy(out->path, path);
    strcpy(out->name, name);
    snprintf(out->kind, sizeof out->kind, "%.31s", text_of(d, "kind"));
    return VO_OK;
}

/* ---- importing --------------------------------------------------------------- */

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static vo_status read_published(const char *path, vo_json **tree, const char **format,
                                vo_error *err) {
    vo_bytes *b = NULL;
    char *text = NULL;
    size_t len = 0, i = 0;
    vo_error inner = {0};
    vo_status st = vo_bytes_open_file(path, &b, err);
    if (st == VO_OK) st = vo_bytes_all(b, MAX_FILE, &text, &len, err);
    vo_bytes_close(b);
    if (st != VO_OK) return st;
    while (i < len && (unsigned char)text[i] <= ' ') i++;
    *format = i < len && text[i] == '{' ? "json" : "toml";
    st = (*format)[0] == 'j' ? vo_json_parse(text, len, tree, &inner)
                             : vo_toml_parse(text, len, tree, &inner);
    free(text);
    return st == VO_OK ? st : vo_fail(err, st, "%.200s: %s", path, inner.msg);
}

/* `write` false: only sees whether it could be stored. */
static vo_status import_one(const publication *p, const char *folder, bool write,
                            vo_tariff_imported *out, vo_error *err) {
    vo_json *d = NULL;
    vo_error inner = {0};
    vo_status st = make_document(p, &d, out->note, &inner);
    if (st != VO_OK) return vo_fail(err, st, "%.200s: %s", p->file, inner.msg);
    st = write ? store(d, folder, out, err) : check_document(d, p->file, err);
    vo_json_free(d);
    return st;
}

vo_status vo_tariff_import(const char *path, const char *folder, const char *zone,
                           vo_tariff_imported *out, vo_error *err) {
    vo_json *tree = NULL;
    publication p = {.file = base_name(path), .zone = zone};
    vo_tariff_imported done = {0};
    vo_status st = read_published(path, &tree, &p.format, err);
    if (st != VO_OK) return st;
    const vo_json *items = vo_json_get(tree, "items"); /* a reply of the database */
    const size_t n = is_kind(items, VO_JSON_ARRAY) ? vo_json_size(items) : 1;
    if (n == 0) st = vo_fail(err, VO_EINVAL, "%.200s: items: there are none", path);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < n && st == VO_OK; i++) {
            p.tree = is_kind(items, VO_JSON_ARRAY) ? vo_json_at(items, i) : tree;
            st = import_one(&p, folder, pass == 1, &done, err);
        }
    vo_json_free(tree);
    if (st == VO_OK) *out = done;
    return st;
}

/* ---- loading ----------------------------------------------------------------- */

/* A name in a file is looked up beside that file, unless it is a whole path. */
static vo_status beside(const char *file, const char *name, char path[VO_TARIFF_PATH],
                        vo_error *err) {
    const char *slash = name[0] == '/' ? NULL : strrchr(file, '/');
    const int folder = slash ? (int)(slash - file) + 1 : 0;
    const int n = snprintf(path, VO_TARIFF_PATH, "%.*s%s", folder, file, name);
    if (n >= 0 && n < VO_TARIFF_PATH) return VO_OK;
    return vo_fail(err, VO_EINVAL, "export.values: \"%.80s...\": the path is too long", name);
}

/* A tariff with the table of export values that it names. */
static vo_status load_document(const vo_json *root, const char *path, vo_tariff **out,
                               vo_error *err) {
    char table[VO_TARIFF_PATH];
    vo_tariff *t = NULL;
    vo_status st = vo_tariff_from_document(root, path, &t, err);
    const char *values = text_of(vo_json_get(root, "export"), "values");
    if (st == VO_OK && values[0]) {
        st = beside(path, values, table, err);
        if (st == VO_OK) st = vo_tariff_load_export_values(table, &t->own_table, err);
        if (st == VO_OK) t->export_table = t->own_table;
    }
    if (st == VO_OK)
        *out = t;
    else
        vo_tariff_free(t);
    return st;
}

vo_status vo_tariff_load(const char *path, vo_tariff **out, vo_error *err) {
    vo_json *root = NULL;
    vo_status st = read_yaml(path, &root, err);
    if (st == VO_OK) st = load_document(root, path, out, err);
    vo_json_free(root);
    return st;
}

vo_status vo_tariff_export(const char *path, char **json, vo_error *err) {
    vo_json *root = NULL;
    vo_status st = read_yaml(path, &root, err);
    if (st != VO_OK) return st;
    const vo_json *source = vo_json_get(root, "source");
    if (source) st = check_unedited(root, path, err);
    if (st == VO_OK)
        st = as_text(source ? vo_json_get(source, "published") : root, true, json, err);
    vo_json_free(root);
    return st;
}

/* ---- a folder ---------------------------------------------------------------- */

/* One entry of a folder: loaded if it is a tariff of that schedule (*out NULL if not). */
static vo_status load_if(const char *path, const char *schedule, vo_tariff **out,
                         vo_text *others, vo_error *err) {
    char *text = NULL;
    size_t len = 0;
    vo_json *root = NULL;
    vo_status st = vo_file_read(path, MAX_FILE, &text, &len, err);
    if (st != VO_OK) return st;
    const bool tariff = line_starts(text, len, "kind: tariff\n") ||
                        vo_text_has_exactly(text, len, "\nkind: tariff\n");
    free(text);
    if (!tariff) return VO_OK; /* other kinds may be large: not parsed */
    st = read_yaml(path, &root, err);
    if (st != VO_OK) return st;
    const char *name = text_of(root, "schedule");
    if (vo_text_same(name, schedule))
        st = load_document(root, path, out, err);
    else if (!strstr(others->at, name))
        vo_text_append(others, "%s%.40s", others->len ? ", " : "", name);
    vo_json_free(root);
    return st;
}

static int compare_versions(const void *a, const void *b) {
    const vo_tariff *x = *(vo_tariff *const *)a, *y = *(vo_tariff *const *)b;
    return (x->effective_day > y->effective_day) - (x->effective_day < y->effective_day);
}

void vo_tariff_free_all(vo_tariff **t, size_t n) {
    for (size_t i = 0; t && i < n; i++) vo_tariff_free(t[i]);
    free(t);
}

typedef struct { /* a folder being looked through */
    const char *folder, *schedule;
    char known[200];
    vo_text others; /* the schedules that are not the one looked for */
    size_t n, size;
    vo_tariff **list;             /* [n] */
    char (*path)[VO_TARIFF_PATH]; /* [n] */
} search;

static bool room_for_one(search *s) {
    if (s->n < s->size) return true;
    const size_t size = s->size ? 2 * s->size : 16;
    vo_tariff **list = realloc(s->list, size * sizeof *list);
    if (list) s->list = list;
    char(*path)[VO_TARIFF_PATH] = list ? realloc(s->path, size * sizeof *path) : NULL;
    if (path) s->path = path;
    if (path) s->size = size;
    return path != NULL;
}

static vo_status look_at(void *ctx, const char *name, bool is_folder, vo_error *err) {
    search *s = ctx;
    const size_t len = strlen(name);
    if (is_folder || name[0] == '.' || len < 5 || strcmp(name + len - 5, ".yaml") != 0)
        return VO_OK;
    if (!room_for_one(s)) return vo_fail(err, VO_ENOMEM, "%zu tariffs", s->n);
    s->list[s->n] = NULL;
    const int n = snprintf(s->path[s->n], VO_TARIFF_PATH, "%s/%s", s->folder, name);
    if (n < 0 || n >= VO_TARIFF_PATH)
        return vo_fail(err, VO_EINVAL, "folder %.200s...: the path is too long", s->folder);
    const vo_status st = load_if(s->path[s->n], s->schedule, &s->list[s->n], &s->others, err);
    if (st == VO_OK && s->list[s->n]) s->n++;
    return st;
}

static void search_fini(search *s) {
    vo_tariff_free_all(s->list, s->n);
    free(s->path);
}

/* All versions of a schedule; the search is the caller's either way: search_fini. */
static vo_status search_folder(search *s, const char *folder, const char *schedule,
                               vo_error *err) {
    *s = (search){.folder = folder, .schedule = schedule};
    s->others = vo_text_over(s->known, sizeof s->known);
    const vo_status st = vo_folder_list(folder, look_at, s, err);
    if (st == VO_OK && s->n == 0)
        return vo_fail(err, VO_ENOTFOUND, "no tariff \"%.60s\" in %.150s; there: %s", schedule,
                       folder, s->known[0] ? s->known : "none");
    return st;
}

vo_status vo_tariff_load_all(const char *folder, const char *schedule, vo_tariff ***out,
                             size_t *n, vo_error *err) {
    search s;
    const vo_status st = search_folder(&s, folder, schedule, err);
    if (st == VO_OK) {
        qsort(s.list, s.n, sizeof *s.list, compare_versions);
        *out = s.list;
        *n = s.n;
        s.list = NULL;
    }
    search_fini(&s);
    return st;
}

vo_status vo_tariff_find(const char *folder, const char *schedule, int32_t day,
                         char path[VO_TARIFF_PATH], vo_error *err) {
    search s;
    size_t best = SIZE_MAX;
    vo_status st = search_folder(&s, folder, schedule, err);
    for (size_t i = 0; st == VO_OK && i < s.n; i++)
        if (day >= s.list[i]->effective_day && day < s.list[i]->until_day &&
            (best == SIZE_MAX || s.list[i]->effective_day > s.list[best]->effective_day))
            best = i;
    if (st == VO_OK && best == SIZE_MAX) {
        char date[32];
        vo_civil c;
        vo_civil_from_days(day, &c);
        vo_civil_format_date(&c, date);
        st = vo_fail(err, VO_ENOTFOUND, "%.60s: none of its %zu versions is in force on %s",
                     schedule, s.n, date);
    }
    if (st == VO_OK) strcpy(path, s.path[best]);
    search_fini(&s);
    return st;
}

/* ---- other kinds ------------------------------------------------------------- */

/* A file of one kind; *published lies in *root, which is the caller's. */
static vo_status load_published(const char *path, const char *kind, vo_json **root,
                                const vo_json **published, vo_error *err) {
    const vo_status st = read_yaml(path, root, err);
    if (st != VO_OK) return st;
    *published = vo_json_get(vo_json_get(*root, "source"), "published");
    const char *is = text_of(*root, "kind");
    if (*published && (!kind || strcmp(is, kind) == 0)) return VO_OK;
    vo_json_free(*root);
    *root = NULL;
    return vo_fail(err, VO_EINVAL, "%.200s: not an imported file of kind \"%s\"", path,
                   kind ? kind : "...");
}

vo_status vo_tariff_load_export_values(const char *path, vo_export_table **out, vo_error *err) {
    vo_json *root = NULL;
    const vo_json *p;
    vo_error inner = {0};
    vo_status st = load_published(path, "export_values", &root, &p, err);
    if (st != VO_OK) return st;
    st = vo_tariff_export_from_published(p, out, &inner);
    vo_json_free(root);
    return st == VO_OK ? st : vo_fail(err, st, "%.200s: %s", path, inner.msg);
}

static vo_status read_names(const vo_json *p, const char *key,
                            char names[VO_TARIFF_PROGRAMME_NAMES][VO_TARIFF_NAME], size_t *n,
                            vo_error *err) {
    const vo_json *list = vo_json_get(p, key);
    if (!list) return VO_OK;
    if (!is_kind(list, VO_JSON_ARRAY) || vo_json_size(list) > VO_TARIFF_PROGRAMME_NAMES)
        return vo_fail(err, VO_EINVAL, "%s: a list of at most %d names", key,
                       VO_TARIFF_PROGRAMME_NAMES);
    for (size_t i = 0; i < vo_json_size(list); i++, (*n)++) {
        const vo_json *v = vo_json_at(list, i);
        if (!is_kind(v, VO_JSON_STRING) || strlen(vo_json_string(v)) >= VO_TARIFF_NAME)
            return vo_fail(err, VO_EINVAL, "%s[%zu]: a name of up to %d characters", key, i,
                           VO_TARIFF_NAME - 1);
        strcpy(names[i], vo_json_string(v));
    }
    return VO_OK;
}

static vo_status read_programme(const vo_json *p, vo_tariff_programme *out, vo_error *err) {
    double per_year = 0;
    vo_status st = VO_OK;
    snprintf(out->name, sizeof out->name, "%.60s", text_of(p, "program"));
    if (vo_json_get(p, "discount"))
        st = vo_tariff_get_number(p, "programme", "discount", &out->discount, err);
    if (st == VO_OK && vo_json_get(p, "standard_kwh_per_year"))
        st = vo_tariff_get_number(p, "programme", "standard_kwh_per_year", &per_year, err);
    out->kwh_per_day = per_year / 365;
    if (st == VO_OK) st = read_names(p, "exempt_components", out->exempt, &out->n_exempt, err);
    if (st == VO_OK)
        st = read_names(p, "eligible_schedules", out->schedule, &out->n_schedules, err);
    return st;
}

vo_status vo_tariff_programme_from_published(const vo_json *p, vo_tariff_programme *out,
                                             vo_error *err) {
    vo_tariff_programme done = {0};
    const vo_status st = read_programme(p, &done, err);
    if (st == VO_OK) *out = done;
    return st;
}

vo_status vo_tariff_load_programme(const char *path, vo_tariff_programme *out, vo_error *err) {
    vo_json *root = NULL;
    const vo_json *p;
    vo_error inner = {0};
    vo_status st = load_published(path, "programme", &root, &p, err);
    if (st != VO_OK) return st;
    st = vo_tariff_programme_from_published(p, out, &inner);
    vo_json_free(root);
    return st == VO_OK ? st : vo_fail(err, st, "%.200s: %s", path, inner.msg);
}

/* "E-TOU-C" -> "etouc", the card's name of a schedule. */
static void slug_of(const char *schedule, char out[VO_TARIFF_NAME]) {
    size_t n = 0;
    for (; *schedule && n + 1 < VO_TARIFF_NAME; schedule++)
        if (*schedule != '-' && *schedule != ' ')
            out[n++] =
                *schedule >= 'A' && *schedule <= 'Z' ? (char)(*schedule + 32) : *schedule;
    out[n] = '\0';
}

static vo_status read_card_extras(const vo_json *p, const char *option, int32_t day,
                                  double *extra, vo_error *err) {
    const vo_json *credit = vo_json_get(p, "cost_relief_credit");
    int32_t through = 0;
    *extra = 0;
    if (option) {
        const vo_status st =
            vo_tariff_get_number(vo_json_get(p, "options"), "options", option, extra, err);
        if (st != VO_OK) return vo_fail(err, VO_ENOTFOUND, "option \"%.60s\"", option);
    }
    if (!credit) return VO_OK;
    double rate;
    if (!vo_tariff_date(text_of(credit, "through"), &through))
        return vo_fail(err, VO_EINVAL, "cost_relief_credit.through: a date is needed");
    const vo_status st = vo_tariff_get_number(credit, "cost_relief_credit", "rate", &rate, err);
    if (st == VO_OK && day <= through) *extra += rate;
    return st;
}

static vo_status read_card(const vo_json *p, const vo_tariff *t, double extra, double *per_kwh,
                           vo_error *err) {
    char slug[VO_TARIFF_NAME];
    slug_of(t->schedule, slug);
    const vo_json *card = vo_json_get(vo_json_get(p, "generation"), slug);
    if (!card)
        return vo_fail(err, VO_ENOTFOUND, "generation.%s: the card has no rates for %.60s",
                       slug, t->schedule);
    for (size_t r = 0; r < t->n_rates; r++) { /* "summer peak" */
        char season[VO_TARIFF_NAME];
        const char *blank = strchr(t->rate[r].name, ' ');
        snprintf(season, sizeof season, "%.*s", blank ? (int)(blank - t->rate[r].name) : 0,
                 t->rate[r].name);
        const vo_json *v = blank ? vo_json_get(vo_json_get(card, season), blank + 1) : NULL;
        if (!is_kind(v, VO_JSON_NUMBER))
            return vo_fail(err, VO_ENOTFOUND, "generation.%s: no rate for \"%.60s\"", slug,
                           t->rate[r].name);
        per_kwh[r] = vo_json_number(v) + extra;
    }
    return VO_OK;
}

vo_status vo_tariff_supplier_from_published(const vo_json *p, const vo_tariff *t,
                                            const char *option, int32_t day, double *per_kwh,
                                            vo_error *err) {
    double extra, rates[VO_TARIFF_RATES];
    vo_status st = read_card_extras(p, option, day, &extra, err);
    if (st == VO_OK) st = read_card(p, t, extra, rates, err);
    if (st == VO_OK) memcpy(per_kwh, rates, t->n_rates * sizeof *rates);
    return st;
}

vo_status vo_tariff_load_supplier(const char *path, const vo_tariff *t, const char *option,
                                  int32_t day, double *per_kwh, vo_error *err) {
    vo_json *root = NULL;
    const vo_json *p;
    vo_error inner = {0};
    vo_status st = load_published(path, "supplier", &root, &p, err);
    if (st != VO_OK) return st;
    st = vo_tariff_supplier_from_published(p, t, option, day, per_kwh, &inner);
    vo_json_free(root);
    return st == VO_OK ? st : vo_fail(err, st, "%.200s: %s", path, inner.msg);
}

vo_status vo_tariff_number_from_published(const vo_json *p, const char *where, double *out,
                                          vo_error *err) {
    const vo_json *v = p;
    for (const char *s = where; v && *s;) {
        char key[VO_TARIFF_NAME];
        const size_t n = strcspn(s, "/");
        snprintf(key, sizeof key, "%.*s", n < 60 ? (int)n : 60, s);
        v = vo_json_get(v, key);
        s += n + (s[n] == '/');
    }
    if (!is_kind(v, VO_JSON_NUMBER))
        return vo_fail(err, VO_ENOTFOUND, "no number at %.100s", where);
    *out = vo_json_number(v);
    return VO_OK;
}

vo_status vo_tariff_published_number(const char *path, const char *where, double *out,
                                     vo_error *err) {
    vo_json *root = NULL;
    const vo_json *p;
    vo_error inner = {0};
    vo_status st = load_published(path, NULL, &root, &p, err);
    if (st != VO_OK) return st;
    st = vo_tariff_number_from_published(p, where, out, &inner);
    vo_json_free(root);
    return st == VO_OK ? st : vo_fail(err, st, "%.200s: %s", path, inner.msg);
}

/* What is stored must also load: as a value, where there is one. */
static vo_status check_document(const vo_json *d, const char *name, vo_error *err) {
    const vo_json *p = vo_json_get(vo_json_get(d, "source"), "published");
    const char *kind = text_of(d, "kind");
    vo_error inner = {0};
    vo_status st = VO_OK;
    if (strcmp(kind, "tariff") == 0) {
        vo_tariff *t = NULL;
        st = vo_tariff_from_document(d, name, &t, err);
        vo_tariff_free(t);
        return st;
    }
    if (strcmp(kind, "export_values") == 0) {
        vo_export_table *x = NULL;
        st = vo_tariff_export_from_published(p, &x, &inner);
        if (st == VO_OK) vo_export_table_free(x);
    } else if (strcmp(kind, "programme") == 0) {
        vo_tariff_programme programme = {0};
        st = read_programme(p, &programme, &inner);
    }
    return st == VO_OK ? st : vo_fail(err, st, "%.200s: %s", name, inner.msg);
}
