/* test_api_keys.c -- each test states one promise of api_keys.h, over a database in a file. */
#include "store/api_keys.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/file.h"
#include "support/data_folder.h"

static char folder[DATA_PATH], path[DATA_PATH + 16];
static vo_database *db;

static void begin(void) {
    vo_error err = {0};
    cr_assert(temporary_folder(folder));
    snprintf(path, sizeof path, "%s/state.db", folder);
    cr_assert_eq(vo_database_open(path, &db, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_api_keys_migrate(db, &err), VO_OK, "%s", err.msg);
}
static void end(void) {
    vo_database_close(db);
    temporary_folder_remove(folder);
}

static vo_api_key wanted(const char *name) {
    vo_api_key k = {.scope = VO_KEY_TRADE, .rate_per_s = 2.5};
    snprintf(k.name, sizeof k.name, "%s", name);
    return k;
}

static vo_api_key make(const char *name, int64_t now_ms, char text[VO_KEY_TEXT]) {
    const vo_api_key w = wanted(name);
    vo_api_key made;
    vo_error err = {0};
    cr_assert_eq(vo_api_keys_create(db, &w, now_ms, text, &made, &err), VO_OK, "%s", err.msg);
    return made;
}

typedef struct {
    size_t n;
    vo_api_key key[8];
} listed;

static vo_status take(void *ctx, const vo_api_key *k, vo_error *err) {
    listed *l = ctx;
    (void)err;
    cr_assert_lt(l->n, 8u);
    l->key[l->n++] = *k;
    return VO_OK;
}

static listed all(void) {
    listed l = {0};
    vo_error err = {0};
    cr_assert_eq(vo_api_keys_list(db, take, &l, &err), VO_OK, "%s", err.msg);
    return l;
}

/* BLAKE2b-256 of this key, from Python's hashlib.blake2b(key, digest_size=32). */
Test(api_keys, the_hash_is_blake2b_256_of_the_whole_text) {
    static const unsigned char want[VO_KEY_HASH] = {
        0x3c, 0xfd, 0xa0, 0x43, 0x9e, 0x4e, 0xbe, 0x7c, 0x91, 0xe3, 0x2a,
        0x7b, 0xfa, 0xd3, 0xb8, 0x5c, 0x67, 0x80, 0x56, 0xad, 0x97, 0x7f,
        0xc9, 0xec, 0x37, 0x4a, 0xc3, 0x6f, 0xbb, 0x52, 0x2d, 0x68};
    char id[VO_KEY_ID];
    unsigned char hash[VO_KEY_HASH];
    cr_assert(
        vo_api_key_hash("vo_Ab3dE6gH_0123456789abcdefghijklmnopqrstuvwxyzABC-_FG", id, hash));
    cr_expect_str_eq(id, "Ab3dE6gH");
    cr_expect_arr_eq(hash, want, sizeof want);
}

Test(api_keys, what_has_not_the_form_of_a_key_is_none) {
    static const char *const bad[] = {
        "",
        "vo_",
        "vo_Ab3dE6gH",
        "vo_Ab3dE6gH_",
        "vo_Ab3dE6gH_0123456789abcdefghijklmnopqrstuvwxyzABC-_F",
        "vo_Ab3dE6gH_0123456789abcdefghijklmnopqrstuvwxyzABC-_FGH",
        "Vo_Ab3dE6gH_0123456789abcdefghijklmnopqrstuvwxyzABC-_FG",
        "vo_Ab3d-6gH_0123456789abcdefghijklmnopqrstuvwxyzABC-_FG",
        "vo_Ab3dE6gH-0123456789abcdefghijklmnopqrstuvwxyzABC-_FG",
        "vo_Ab3dE6gH_0123456789abcdefghijklmnopqrstuvwxyzABC+_FG",
        "vo_Ab3dE6gH_0123456789abcdefghijklmnopqrstuvwxyzABC\303\251FG"};
    char id[VO_KEY_ID];
    unsigned char hash[VO_KEY_HASH];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_not(vo_api_key_hash(bad[i], id, hash), "%s", bad[i]);
}

Test(api_keys, a_key_that_was_made_is_listed_by_its_hash, .init = begin, .fini = end) {
    char text[VO_KEY_TEXT], id[VO_KEY_ID];
    unsigned char hash[VO_KEY_HASH];
    const vo_api_key made = make("desk", 1000, text);
    cr_expect_eq(strlen(text), (size_t)VO_KEY_LENGTH);
    cr_assert(vo_api_key_hash(text, id, hash));
    const listed l = all();
    cr_assert_eq(l.n, 1u);
    cr_expect_str_eq(l.key[0].id, id);
    cr_expect_str_eq(l.key[0].name, "desk");
    cr_expect_eq(l.key[0].scope, (int32_t)VO_KEY_TRADE);
    cr_expect_eq(l.key[0].rate_per_s, 2.5);
    cr_expect_eq(l.key[0].created_ms, 1000);
    cr_expect_eq(l.key[0].expires_ms, 0);
    cr_expect_eq(l.key[0].revoked_ms, 0);
    cr_expect_arr_eq(l.key[0].hash, hash, sizeof hash);
    cr_expect(vo_api_key_same(made.hash, hash));
    hash[31] ^= 1;
    cr_expect_not(vo_api_key_same(made.hash, hash));
}

Test(api_keys, no_file_of_the_database_holds_a_secret, .init = begin, .fini = end) {
    char text[VO_KEY_TEXT], name[DATA_PATH + 32];
    make("desk", 1000, text);
    static const char *const files[] = {"state.db", "state.db-wal"};
    size_t seen = 0;
    for (size_t i = 0; i < 2; i++) {
        char *bytes = NULL;
        size_t len = 0;
        snprintf(name, sizeof name, "%s/%s", folder, files[i]);
        if (vo_file_read(name, 1 << 24, &bytes, &len, NULL) != VO_OK) continue;
        seen += len;
        for (size_t at = 0; at + 43 <= len; at++)
            cr_assert_neq(memcmp(bytes + at, text + 12, 43), 0, "%s", files[i]);
        free(bytes);
    }
    cr_expect_gt(seen, 0u);
}

Test(api_keys, no_two_keys_are_alike_and_the_oldest_is_first, .init = begin, .fini = end) {
    char a[VO_KEY_TEXT], b[VO_KEY_TEXT];
    make("young", 2000, a);
    make("old", 1000, b);
    cr_expect_str_neq(a, b);
    cr_expect_neq(memcmp(a + 12, b + 12, 43), 0);
    const listed l = all();
    cr_assert_eq(l.n, 2u);
    cr_expect_str_eq(l.key[0].name, "old");
}

Test(api_keys, a_revoked_key_stays_listed_with_the_time_of_the_first_revocation, .init = begin,
     .fini = end) {
    char text[VO_KEY_TEXT];
    const vo_api_key made = make("desk", 1000, text), other = make("home", 1001, text);
    vo_error err = {0};
    cr_expect_eq(vo_api_keys_revoke(db, made.id, 5000, &err), VO_OK, "%s", err.msg);
    cr_expect_eq(vo_api_keys_revoke(db, made.id, 6000, &err), VO_OK, "%s", err.msg);
    const listed l = all();
    cr_assert_eq(l.n, 2u);
    cr_expect_eq(l.key[0].revoked_ms, 5000);
    cr_expect_str_eq(l.key[1].id, other.id);
    cr_expect_eq(l.key[1].revoked_ms, 0);
}

Test(api_keys, revoking_an_unknown_id_names_it_and_the_remedy, .init = begin, .fini = end) {
    vo_error err = {0};
    cr_expect_eq(vo_api_keys_revoke(db, "nobody", 5000, &err), VO_ENOTFOUND);
    cr_expect_not_null(strstr(err.msg, "\"nobody\""), "%s", err.msg);
    cr_expect_not_null(strstr(err.msg, "volteo keys list"), "%s", err.msg);
}

Test(api_keys, bad_wishes_are_refused_by_field_and_make_nothing, .init = begin, .fini = end) {
    static const struct {
        const char *name;
        int32_t scope;
        double rate;
        int64_t expires_ms;
        const char *word;
    } bad[] = {{"", 1, 0, 0, "name"},
               {"a\nb", 1, 0, 0, "name"},
               {"\xff", 1, 0, 0, "name"},
               {"a\x7f", 1, 0, 0, "name"},
               {"a", 0, 0, 0, "scope = 0"},
               {"a", 4, 0, 0, "scope = 4"},
               {"a", 1, -1, 0, "rate_per_s"},
               {"a", 1, 1e7, 0, "rate_per_s"},
               {"a", 1, 0.0 / 0.0, 0, "rate_per_s"},
               {"a", 1, 0, 1000, "expires_ms = 1000"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vo_api_key w = wanted(bad[i].name), out;
        char text[VO_KEY_TEXT] = "untouched";
        vo_error err = {0};
        w.scope = bad[i].scope;
        w.rate_per_s = bad[i].rate;
        w.expires_ms = bad[i].expires_ms;
        cr_expect_eq(vo_api_keys_create(db, &w, 1000, text, &out, &err), VO_EINVAL);
        cr_expect_not_null(strstr(err.msg, bad[i].word), "%s: %s", bad[i].word, err.msg);
        cr_expect_str_eq(text, "untouched");
    }
    vo_api_key w = wanted("a"), out;
    char text[VO_KEY_TEXT];
    memset(w.name, 'a', sizeof w.name); /* no NUL */
    cr_expect_eq(vo_api_keys_create(db, &w, 1000, text, &out, NULL), VO_EINVAL);
    cr_expect_eq(all().n, 0u);
}

Test(api_keys, a_damaged_row_is_an_error_that_names_it, .init = begin, .fini = end) {
    char text[VO_KEY_TEXT];
    const vo_api_key made = make("desk", 1000, text);
    vo_error err = {0};
    listed l = {0};
    cr_assert_eq(vo_database_run(db, "UPDATE api_keys SET hash = 'beef'", NULL, 0, NULL, NULL,
                                 NULL, &err),
                 VO_OK);
    cr_expect_eq(vo_api_keys_list(db, take, &l, &err), VO_EIO);
    cr_expect_not_null(strstr(err.msg, made.id), "%s", err.msg);
}

Test(api_keys, scopes_have_names_both_ways) {
    int32_t s = 0;
    vo_error err = {0};
    for (int32_t i = VO_KEY_READ; i <= (int32_t)VO_KEY_ADMIN; i++) {
        cr_expect_eq(vo_key_scope_parse(vo_key_scope_name(i), &s, &err), VO_OK);
        cr_expect_eq(s, i);
    }
    cr_expect_eq(vo_key_scope_parse("root", &s, &err), VO_EINVAL);
    cr_expect_not_null(strstr(err.msg, "read, trade or admin"));
}
