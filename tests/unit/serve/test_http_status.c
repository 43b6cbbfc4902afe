/* Names of statuses, against those of RFC 9110. */
#include "serve/http_status.h"

#include <criterion/criterion.h>

Test(http_status, names_are_those_of_the_standard) {
    cr_expect_str_eq(vo_http_status_name(200), "OK");
    cr_expect_str_eq(vo_http_status_name(411), "Length Required");
    cr_expect_str_eq(vo_http_status_name(413), "Content Too Large");
    cr_expect_str_eq(vo_http_status_name(422), "Unprocessable Content");
    cr_expect_str_eq(vo_http_status_name(503), "Service Unavailable");
}

Test(http_status, one_without_a_name_has_that_of_its_class) {
    cr_expect_str_eq(vo_http_status_name(418), "Bad Request");
    cr_expect_str_eq(vo_http_status_name(499), "Bad Request");
    cr_expect_str_eq(vo_http_status_name(599), "Internal Server Error");
    cr_expect_str_eq(vo_http_status_name(299), "Status");
    cr_expect_str_eq(vo_http_status_name(600), "Status");
}

Test(http_status, no_status_is_in_the_list_twice) {
    static const int status[] = {
#define X(number, name) number,
        VO_HTTP_STATUS_MAP(X)
#undef X
    };
    for (unsigned i = 1; i < sizeof status / sizeof status[0]; i++)
        cr_expect_gt(status[i], status[i - 1]);
}
