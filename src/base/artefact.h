/* artefact.h -- the bytes of a trained model: little-endian values behind a checked head.
 *
 * A file is "VOLTEO\0" and a kind of 8 letters, a format version (u32), the length of the body
 * (u64), the body, and FNV-1a of all that (u64). The body is a row of sections, each a tag of 4
 * letters, a length and values, so that a reader can skip what it does not know.
 * Reading never trusts: each get is bounded by its section, counts by what is left; one that
 * fails leaves its outputs and the place as they were. At most 32 sections in one another.
 *
 * Threads: one owner at a time.
 */
#ifndef VO_BASE_ARTEFACT_H
#define VO_BASE_ARTEFACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

/* ---- writing: a failed allocation, or a value that is not finite among put_doubles or
 * put_floats, is remembered and reported by take ----------------------------------- */

typedef struct vo_artefact_out vo_artefact_out;

vo_status vo_artefact_out_create(const char *kind, uint32_t version, vo_artefact_out **out,
                                 vo_error *err);
void vo_artefact_out_free(vo_artefact_out *w); /* accepts NULL */

void vo_artefact_begin(vo_artefact_out *w, const char *tag); /* opens a section; may nest */
void vo_artefact_end(vo_artefact_out *w);
void vo_artefact_put_u32(vo_artefact_out *w, uint32_t v);
void vo_artefact_put_u64(vo_artefact_out *w, uint64_t v);
void vo_artefact_put_double(vo_artefact_out *w, double v);
void vo_artefact_put_text(vo_artefact_out *w, const char *s);
void vo_artefact_put_bytes(vo_artefact_out *w, const void *data, size_t len); /* with length */
void vo_artefact_put_doubles(vo_artefact_out *w, const double *v, size_t n);  /* with count  */
void vo_artefact_put_floats(vo_artefact_out *w, const float *v, size_t n);    /* with count  */

/* The finished bytes, malloc'ed: free(); once. VO_ENOMEM; VO_EINVAL if a section is still open;
 * VO_ENUMERIC. */
vo_status vo_artefact_out_take(vo_artefact_out *w, void **bytes, size_t *len, vo_error *err);

/* ---- reading ------------------------------------------------------------------------ */

typedef struct vo_artefact vo_artefact;

/* Checks head, length and checksum; the bytes are borrowed. `name` (a path) is for messages.
 * VO_EINVAL: not an artefact, of another kind, newer than `version`, cut, or changed (with both
 * checksums). */
vo_status vo_artefact_open(const void *bytes, size_t len, const char *kind, uint32_t version,
                           const char *name, vo_artefact **out, vo_error *err);
void vo_artefact_close(vo_artefact *r); /* accepts NULL */

/* The kind that the head of a file names, unchecked otherwise; false: not an artefact. */
bool vo_artefact_kind(const void *bytes, size_t len, char out[9]);

/* Enters the next section of that tag within the present one, skipping others; VO_EINVAL if
 * there is none. leave goes behind its end. */
vo_status vo_artefact_enter(vo_artefact *r, const char *tag, vo_error *err);
void vo_artefact_leave(vo_artefact *r);
bool vo_artefact_has(const vo_artefact *r, const char *tag); /* would enter succeed? */

vo_status vo_artefact_get_u32(vo_artefact *r, uint32_t *out, vo_error *err);
vo_status vo_artefact_get_u64(vo_artefact *r, uint64_t *out, vo_error *err);
vo_status vo_artefact_get_double(vo_artefact *r, double *out, vo_error *err); /* may be NaN */
vo_status vo_artefact_get_text(vo_artefact *r, char *out, size_t size, vo_error *err);
/* Borrowed from the artefact's bytes. */
vo_status vo_artefact_get_bytes(vo_artefact *r, const void **out, size_t *len, vo_error *err);
/* Exactly n values, all finite; VO_EINVAL if the count is another. */
vo_status vo_artefact_get_doubles(vo_artefact *r, double *out, size_t n, vo_error *err);
vo_status vo_artefact_get_floats(vo_artefact *r, float *out, size_t n, vo_error *err);
/* The count that the next get_doubles, get_floats or get_bytes would find, never more than the
 * bytes left; 0 at the end, or if it cannot be true. For checks: who reads a format knows its
 * counts. */
size_t vo_artefact_count(const vo_artefact *r);

#endif
