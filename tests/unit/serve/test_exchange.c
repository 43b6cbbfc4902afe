/* test_exchange.c -- headers of an answer are bounded and carry no line breaks. */
#include "serve/exchange.h"

#include <criterion/criterion.h>
#include <string.h>

Test(exchange, a_header_loses_what_would_end_its_line) {
    vo_exchange x = {0};
    vo_exchange_header(&x, "X-Request-Id", "a\r\nSet-Cookie: %s\t\x7f", "b");
    cr_assert_eq(x.n_headers, 1);
    cr_assert_str_eq(x.header[0].value, "aSet-Cookie: b");
}

Test(exchange, a_long_value_is_cut) {
    vo_exchange x = {0};
    char text[1000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    vo_exchange_header(&x, "X", "%s", text);
    cr_assert_eq(strlen(x.header[0].value), sizeof x.header[0].value - 1);
}
