/* test_letters.c -- UTF-8 told from what is not, and Windows-1252 turned into it. */
#include "data/letters.h"

#include <criterion/criterion.h>
#include <string.h>

Test(letters, utf8_is_told_from_other_bytes) {
    static const char *const yes[] = {"", "plain", "CA\xc3\x91ON", "\xe2\x82\xac/kWh",
                                      "\xf0\x9f\x94\x8b"};
    static const char *const no[] = {"CA\xd1ON",         "\x80",         "\xc3",
                                     "\xc0\xaf",         "\xe0\x80\xaf", "\xed\xa0\x80",
                                     "\xf4\x90\x80\x80", "\xff",         "\xe2\x82"};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        cr_expect(vo_letters_are_utf8(yes[i], strlen(yes[i])), "%zu", i);
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        cr_expect_not(vo_letters_are_utf8(no[i], strlen(no[i])), "%zu", i);
}

Test(letters, every_byte_of_windows_1252_becomes_one_letter_of_utf8) {
    static const unsigned char undefined[] = {0x81, 0x8d, 0x8f, 0x90, 0x9d};
    char out[16];
    for (int c = 1; c < 256; c++) {
        const char byte = (char)c;
        const bool known = !memchr(undefined, c, sizeof undefined);
        cr_assert_eq(vo_letters_from_1252(&byte, 1, out, sizeof out), known, "%02x", c);
        if (known) cr_expect(vo_letters_are_utf8(out, strlen(out)), "%02x", c);
    }
    cr_assert(vo_letters_from_1252("Precio \x80/kWh", 12, out, sizeof out));
    cr_assert_str_eq(out, "Precio \xe2\x82\xac/kWh");
    cr_assert(vo_letters_from_1252("CA\xd1ON", 5, out, sizeof out));
    cr_assert_str_eq(out, "CA\xc3\x91ON");
}

Test(letters, what_does_not_fit_is_cut_between_letters) {
    char out[4];
    cr_assert(vo_letters_from_1252("a\x80"
                                   "b",
                                   3, out, sizeof out));
    cr_assert_str_eq(out, "a");
}

Test(letters, a_name_is_cut_between_letters) {
    cr_expect_eq(vo_letters_whole("a\xe2\x82\xac", 4, 3), 1);
    cr_expect_eq(vo_letters_whole("a\xe2\x82\xac", 4, 4), 4);
    cr_expect_eq(vo_letters_whole("abc", 3, 2), 2);
}
