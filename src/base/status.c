#include <volteo/status.h>

#include <stdarg.h>
#include <stdio.h>

const char *vo_status_name(vo_status code) {
    switch (code) {
#define X(name, value, text)                                                                   \
    case VO_##name:                                                                            \
        return #name;
        VO_STATUS_MAP(X)
#undef X
    }
    return "?";
}

vo_status vo_fail(vo_error *err, vo_status code, const char *fmt, ...) {
    if (!err) return code;
    err->code = (int32_t)code;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
    return code;
}
