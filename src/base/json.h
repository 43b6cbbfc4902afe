/* json.h -- reading JSON into a tree and writing it as a stream.
 *
 * Reading goes through jansson (duplicate keys refused; at most 128 levels deep and 20 000
 * members in one object; every number is a double); the tree is read-only. Writing is a stream
 * into a growing buffer: no tree, one pass, shortest decimal that reads back to the same double
 * (-0 as 0). NaN and infinities are written as null. "</" in strings is written "<\/", so that
 * a text may stand inside an HTML script. Threads: one owner at a time.
 */
#ifndef VO_BASE_JSON_H
#define VO_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

typedef struct vo_json vo_json; /* one value of a parsed document; valid while it lives */

typedef enum {
    VO_JSON_NULL,
    VO_JSON_BOOL,
    VO_JSON_NUMBER,
    VO_JSON_STRING,
    VO_JSON_ARRAY,
    VO_JSON_OBJECT
} vo_json_kind;

/* *out is the caller's: vo_json_free(root). VO_EINVAL with line and column. At most 256 MiB. */
vo_status vo_json_parse(const char *text, size_t len, vo_json **out, vo_error *err);
void vo_json_free(vo_json *root); /* accepts NULL; only for the root */

vo_json_kind vo_json_kind_of(const vo_json *v);
const char *vo_json_kind_name(vo_json_kind k); /* "null", "number", ... */
size_t vo_json_size(const vo_json *v);         /* elements or members; 0 for scalars */
const vo_json *vo_json_at(const vo_json *array, size_t i);          /* NULL past the end */
const vo_json *vo_json_get(const vo_json *object, const char *key); /* NULL if absent */
/* i-th member in document order; false past the end */
bool vo_json_member(const vo_json *object, size_t i, const char **key, const vo_json **value);
double vo_json_number(const vo_json *v);      /* requires kind NUMBER */
bool vo_json_bool(const vo_json *v);          /* requires kind BOOL */
const char *vo_json_string(const vo_json *v); /* requires kind STRING; NUL-terminated UTF-8 */

/* ---- writing ----------------------------------------------------------------- */

typedef struct vo_json_out vo_json_out;

vo_status vo_json_out_create(vo_json_out **out, vo_error *err);
void vo_json_out_free(vo_json_out *w); /* accepts NULL */

/* Commas are put where they belong. A failed allocation is remembered and reported by
 * vo_json_out_take; calls after it do nothing. `indent` pretty-prints when on. */
void vo_json_out_indent(vo_json_out *w, bool on);
/* At most `most` bytes (0: any number); `stop` is asked about once a mebibyte (NULL: nobody),
 * not 0 ends the writing: vo_json_out_take says VO_EINVAL, VO_ECANCELED. */
void vo_json_out_bound(vo_json_out *w, size_t most, int32_t (*stop)(void *ctx), void *ctx);
void vo_json_out_reserve(vo_json_out *w, size_t bytes); /* about so many more: spares copies */
void vo_json_out_object(vo_json_out *w);                /* { */
void vo_json_out_array(vo_json_out *w);                 /* [ */
void vo_json_out_end(vo_json_out *w);                   /* closes the innermost */
void vo_json_out_key(vo_json_out *w, const char *key);
/* The same for a key that stands in the source, of letters, digits and '_': it is not looked
 * through. For members that an answer has by the thousand. */
#define vo_json_out_name(w, name) vo_json_out_quoted_key(w, "\"" name "\":", sizeof name + 2)
void vo_json_out_quoted_key(vo_json_out *w, const char *quoted, size_t len);
void vo_json_out_number(vo_json_out *w, double v);
void vo_json_out_integer(vo_json_out *w, long long v);
void vo_json_out_bool(vo_json_out *w, bool v);
void vo_json_out_string(vo_json_out *w, const char *s); /* NULL writes null */
void vo_json_out_null(vo_json_out *w);
void vo_json_out_value(vo_json_out *w, const vo_json *v); /* a parsed value, whole */

/* The finished text, NUL-terminated, malloc'ed: the caller frees it with free().
 * VO_ENOMEM if any write failed; VO_EINVAL if something is still open; vo_json_out_bound. */
vo_status vo_json_out_take(vo_json_out *w, char **text, size_t *len, vo_error *err);

#endif
