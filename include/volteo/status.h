/* status.h -- how every fallible function in the engine reports failure.
 *
 * A function either returns VO_OK and has filled its outputs, or returns another
 * code and has changed nothing the caller can see. The text, if the caller
 * asked for one, lives in the caller's own buffer: no heap, no thread-local.
 */
#ifndef VOLTEO_STATUS_H
#define VOLTEO_STATUS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One list; the enum, the names and later the HTTP mapping are generated from it.
 * Values are part of the ABI: append, never renumber. */
// clang-format off
#define VO_STATUS_MAP(X)                                              \
    X(OK,           0, "success")                                     \
    X(EINVAL,       1, "an argument is outside its domain")           \
    X(ENOMEM,       2, "out of memory")                               \
    X(ENOTFOUND,    3, "no such object")                              \
    X(EIO,          4, "the operating system refused")                \
    X(ENUMERIC,     5, "the computation lost its accuracy")           \
    X(ECANCELED,    6, "stopped at the caller's request")             \
    X(EUNSUPPORTED, 7, "this build or method cannot do that")
// clang-format on

typedef enum {
#define X(name, value, text) VO_##name = (value),
    VO_STATUS_MAP(X)
#undef X
} vo_status;

typedef struct {
    int32_t code;  /* a vo_status, in a width that bindings can rely on   */
    char msg[508]; /* always NUL-terminated; "" when nothing was said     */
} vo_error;

/* Name of a code, e.g. "EINVAL"; "?" for a value this build does not know. */
const char *vo_status_name(vo_status code);

/* Fills *err (which may be NULL) and returns `code`, so that a check is one
 * line: `return vo_fail(err, VO_EINVAL, "dt_h = %g is not positive", dt_h);` */
vo_status vo_fail(vo_error *err, vo_status code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#ifdef __cplusplus
}
#endif
#endif
