/* registry_book.h -- models/registry.json in memory: which models there are, their versions and
 * which of them is in production. Pure: text in, text out; registry.h is what programs use.
 *
 * The file: {"models": {ID: {"type": T, "versions": [newest first], "latest": V, "aliases":
 * {"champion": V, "challenger": V}, "former": [former champions, the last first], "details":
 * ["CREATED|BYTES|NODE|METRIC|VALUE", one per version]}}, "ids": [of the models, in order],
 * "log": N, "sha256": seal}. All but type and versions may be missing in a file without a seal,
 * as another program would write it. A version's details are one text because a list of
 * thousands is read at every call, and an object of its own would make that three times slower.
 *
 * Threads: one owner per book.
 */
#ifndef VO_STORE_REGISTRY_BOOK_H
#define VO_STORE_REGISTRY_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

#include "base/alloc.h"
#include "base/json.h"

enum {
    VO_REGISTRY_NAME = 64,         /* bytes of an id, version or file name, with NUL */
    VO_REGISTRY_FORMER = 8,        /* former champions that are remembered           */
    VO_REGISTRY_MODELS_MAX = 20000 /* ids */
};

typedef enum { VO_REGISTRY_CHAMPION, VO_REGISTRY_CHALLENGER, VO_REGISTRY_ALIASES } vo_alias;
const char *vo_alias_name(vo_alias a); /* "champion", "challenger" */

typedef struct {
    const char *version;
    const char *created; /* "2026-02-11T13:45:00Z"; "": not known             */
    const char *node;    /* what it was trained on; "": not known             */
    const char *metric;  /* the first of its metrics: its name, "": none, ... */
    double value;        /* ... and its value                                 */
    uint64_t bytes;      /* of its files                                      */
} vo_registry_version;

typedef struct {
    const char *id, *type;
    const char *latest;                     /* NULL: it has no versions           */
    const char *alias[VO_REGISTRY_ALIASES]; /* NULL: none                         */
    size_t n_former;
    const char *former[VO_REGISTRY_FORMER]; /* former champions, the last first   */
    size_t n, capacity;
    vo_registry_version *version; /* [n], newest first */
} vo_registry_model;

typedef struct {
    size_t n, capacity;
    vo_registry_model *model;
    uint64_t log;  /* the last line of the log of promotions that was carried out; 0: none */
    vo_json *root; /* what the texts above belong to, or NULL                              */
    char *fields;  /* the fields of details, each ended by NUL, or NULL                    */
    size_t n_fields;
    const vo_alloc *alloc;
} vo_registry_book;

/* Letters, digits, ".", "_", "-", beginning with a letter or digit, at most 63: names of
 * folders anywhere. VO_EINVAL naming `field`. */
vo_status vo_registry_check_name(const char *name, const char *field, vo_error *err);

/* `path` is for messages. *out is the caller's: vo_registry_book_free. VO_EINVAL: damaged. */
vo_status vo_registry_book_parse(const char *text, size_t len, const char *path,
                                 const vo_alloc *alloc, vo_registry_book **out, vo_error *err);
vo_status vo_registry_book_create(const vo_alloc *alloc, vo_registry_book **out, vo_error *err);
void vo_registry_book_free(vo_registry_book *b); /* accepts NULL */

/* The sealed text, malloc'ed: free(). */
vo_status vo_registry_book_text(const vo_registry_book *b, char **text, size_t *len,
                                vo_error *err);

/* NULL: there is none. */
vo_registry_model *vo_registry_book_find(const vo_registry_book *b, const char *id);
const vo_registry_version *vo_registry_model_find(const vo_registry_model *m,
                                                  const char *version);

/* What follows borrows its texts: they must live until the book's text has been taken.
 * add makes the model if need be, and the version its latest; VO_EINVAL if the version is there
 * or the model has another type. */
vo_status vo_registry_book_add(vo_registry_book *b, const char *id, const char *type,
                               const vo_registry_version *v, vo_error *err);
/* A version that has left the champion's place is remembered as former. */
void vo_registry_model_promote(vo_registry_model *m, const char *version, vo_alias a);
/* The champion becomes the last former one, which there must be, and is forgotten. */
void vo_registry_model_roll_back(vo_registry_model *m);
/* Newest first by `created`, where a version was added that is not new. */
void vo_registry_model_sort(vo_registry_model *m);
/* Takes a version out of the list, aliases and the former champions. */
void vo_registry_model_drop(vo_registry_model *m, const char *version);

#endif
