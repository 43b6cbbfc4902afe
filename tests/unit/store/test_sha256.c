/* test_sha256.c -- the vectors of FIPS 180-4 and NIST's CAVP, whole and in any pieces. */
#include "store/sha256.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/file.h"
#include "support/data_folder.h"

static const struct {
    const char *text, *hex;
} vector[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrl"
     "m"
     "nopqrsmnopqrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    {"\xbd", "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"},
    {"\xc9\x8c\x8e\x55", "7abc22c0ae5af26ce93dbb94433a0e0b2e119d014f8e7f65bd56c61ccccd9504"}};
static const char million_a[] =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

Test(sha256, gives_the_published_digests) {
    for (size_t i = 0; i < sizeof vector / sizeof vector[0]; i++) {
        char hex[VO_SHA256_HEX];
        vo_sha256_of(vector[i].text, strlen(vector[i].text), hex);
        cr_assert_str_eq(hex, vector[i].hex);
    }
}

Test(sha256, pieces_of_any_length_give_the_digest_of_the_whole) {
    for (size_t piece = 1; piece < 9000; piece += piece < 130 ? 1 : 997) {
        static const char a[9000] = {0};
        char buffer[9000], hex[VO_SHA256_HEX];
        vo_sha256 h;
        memcpy(buffer, a, sizeof a);
        memset(buffer, 'a', sizeof buffer);
        vo_sha256_init(&h);
        for (size_t left = 1000000; left > 0;) {
            const size_t n = left < piece ? left : piece;
            vo_sha256_add(&h, buffer, n);
            left -= n;
            if (left == 500000) vo_sha256_add(&h, NULL, 0);
        }
        vo_sha256_end(&h, hex);
        cr_assert_str_eq(hex, million_a);
        if (piece == 3) piece = 60; /* around the block's 64 bytes, then coarsely */
    }
}

Test(sha256, a_file_has_the_digest_of_its_bytes) {
    char folder[DATA_PATH], path[DATA_PATH + 16], hex[VO_SHA256_HEX];
    uint64_t size = 0;
    vo_error err = {0};
    cr_assert(temporary_folder(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    char *a = malloc(1000000);
    memset(a, 'a', 1000000);
    cr_assert_eq(vo_file_write(path, a, 1000000, NULL), VO_OK);
    cr_assert_eq(vo_sha256_file(path, hex, &size, NULL), VO_OK);
    cr_assert_str_eq(hex, million_a);
    cr_assert_eq(size, 1000000u);
    cr_assert_eq(vo_file_write(path, "", 0, NULL), VO_OK);
    cr_assert_eq(vo_sha256_file(path, hex, &size, NULL), VO_OK);
    cr_assert_str_eq(hex, vector[0].hex);
    cr_assert_eq(vo_file_remove(path, NULL), VO_OK);
    strcpy(hex, "before");
    cr_assert_eq(vo_sha256_file(path, hex, &size, &err), VO_ENOTFOUND);
    cr_assert(strstr(err.msg, path) && strcmp(hex, "before") == 0, "%s", err.msg);
    cr_assert_neq(vo_sha256_file(folder, hex, &size, &err), VO_OK);
    temporary_folder_remove(folder);
    free(a);
}
