/* test_hash.c -- each test states one promise of hash.h. */
#include "base/hash.h"

#include <criterion/criterion.h>
#include <string.h>

/* Of the test vectors that Landon Curt Noll publishes with the algorithm. */
Test(hash, published_vectors_are_reproduced) {
    static const struct {
        const char *text;
        uint64_t hash;
    } c[] = {{"", UINT64_C(0xcbf29ce484222325)},
             {"a", UINT64_C(0xaf63dc4c8601ec8c)},
             {"b", UINT64_C(0xaf63df4c8601f1a5)},
             {"foobar", UINT64_C(0x85944171f73967e8)}};
    for (size_t i = 0; i < sizeof c / sizeof c[0]; i++)
        cr_expect_eq(vo_hash_bytes(VO_HASH_START, c[i].text, strlen(c[i].text)), c[i].hash,
                     "\"%s\"", c[i].text);
}

Test(hash, a_text_in_pieces_has_the_hash_of_the_whole) {
    const uint64_t whole = vo_hash_bytes(VO_HASH_START, "foobar", 6);
    cr_expect_eq(vo_hash_bytes(vo_hash_bytes(VO_HASH_START, "foo", 3), "bar", 3), whole);
    cr_expect_eq(vo_hash_byte(vo_hash_bytes(VO_HASH_START, "fooba", 5), 'r'), whole);
}
