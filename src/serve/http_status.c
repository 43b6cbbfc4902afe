/* http_status.c -- see http_status.h. */
#include "serve/http_status.h"

const char *vo_http_status_name(int status) {
    switch (status) {
#define X(number, name)                                                                        \
    case number:                                                                               \
        return name;
        VO_HTTP_STATUS_MAP(X)
#undef X
    default:
        break;
    }
    if (status >= 400 && status < 500) return vo_http_status_name(400);
    return status >= 500 && status < 600 ? vo_http_status_name(500) : "Status";
}
