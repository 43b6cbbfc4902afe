/* WebSocket frames: the examples of RFC 6455, and every sequence that UTF-8 forbids. */
#include "serve/frames.h"

#include <criterion/criterion.h>
#include <string.h>

Test(frames, the_examples_of_the_standard_are_read) {
    vo_frame f;
    char text[8] = {0};
    const char *hello =
        "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"; /* 5.7, masked "Hello" */
    cr_assert_eq(vo_frame_read(hello, 11, &f), 1);
    cr_assert(f.last && f.kind == VO_FRAME_TEXT && f.len == 5 && f.head == 6);
    vo_frame_unmask(&f, hello + f.head, text, 5);
    cr_assert_str_eq(text, "Hello");
    for (size_t n = 0; n < 6; n++) cr_assert_eq(vo_frame_read(hello, n, &f), 0);
    cr_assert_eq(vo_frame_read("\x81\x05Hello", 7, &f), -1); /* not masked */
}

Test(frames, lengths_are_written_in_the_fewest_bytes) {
    char h[10];
    cr_assert(vo_frame_write(VO_FRAME_TEXT, 125, h) == 2 && memcmp(h, "\x81\x7d", 2) == 0);
    cr_assert(vo_frame_write(VO_FRAME_TEXT, 256, h) == 4 &&
              memcmp(h, "\x81\x7e\x01\x00", 4) == 0);
    cr_assert(vo_frame_write(VO_FRAME_TEXT, 65536, h) == 10 &&
              memcmp(h, "\x81\x7f\0\0\0\0\0\x01\0\0", 10) == 0);
}

Test(frames, the_key_of_the_standard_has_its_answer_and_no_key_has_none) {
    char proof[29];
    cr_assert(vo_frame_accept("dGhlIHNhbXBsZSBub25jZQ==", proof));
    cr_assert_str_eq(proof, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    cr_assert_not(vo_frame_accept("", proof));
    cr_assert_not(vo_frame_accept("dGhlIHNhbXBsZSBub25jZQ=", proof));
    cr_assert_not(vo_frame_accept("dGhlIHNhbXBsZSBub25j ZQ==", proof));
}

Test(frames, codes_that_nobody_may_send_are_known) {
    static const int fine[] = {1000, 1001, 1003, 1007, 1011, 3000, 4999};
    static const int bad[] = {0, 999, 1004, 1005, 1006, 1015, 2999, 5000};
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        cr_assert(vo_frame_close_code(fine[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_not(vo_frame_close_code(bad[i]));
}
