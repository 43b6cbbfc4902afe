/* test_status.c -- each test states one promise of volteo/status.h. */
#include <volteo/status.h>

#include <criterion/criterion.h>
#include <string.h>

Test(status, every_code_has_its_name) {
#define X(name, value, text)                                                                   \
    cr_assert_str_eq(vo_status_name(VO_##name), #name);                                        \
    cr_assert_eq((int)VO_##name, value);
    VO_STATUS_MAP(X)
#undef X
    cr_assert_str_eq(vo_status_name((vo_status)12345), "?");
}

Test(status, fail_returns_its_code_and_fills_the_text) {
    vo_error err = {.code = -1};
    cr_assert_eq(vo_fail(&err, VO_EIO, "file \"%s\": %d bytes", "x", 7), VO_EIO);
    cr_assert_eq(err.code, (int32_t)VO_EIO);
    cr_assert_str_eq(err.msg, "file \"x\": 7 bytes");
    cr_assert_eq(vo_fail(NULL, VO_ENOMEM, "nobody reads this"), VO_ENOMEM);
}

Test(status, a_text_that_is_too_long_is_cut_and_terminated) {
    char text[2000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct {
        vo_error err;
        char guard[8];
    } s;
    memset(&s, 'z', sizeof s);
    vo_fail(&s.err, VO_EINVAL, "%s", text);
    cr_assert_eq(strnlen(s.err.msg, sizeof s.err.msg), sizeof s.err.msg - 1);
    cr_assert_eq(memcmp(s.guard, "zzzzzzzz", 8), 0);
}
