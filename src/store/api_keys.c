/* api_keys.c -- see api_keys.h; the arithmetic is libsodium's.
 *
 * The hash stands in the table as hexadecimal text, which every database spells alike.
 */
#include "store/api_keys.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "port/entropy.h"

#define ID_LETTERS 8
#define SECRET_BYTES 32
#define SECRET_LETTERS 43
#define SECRET_AT (3 + ID_LETTERS + 1)
#define HASH_HEX (2 * VO_KEY_HASH + 1)
_Static_assert(SECRET_AT + SECRET_LETTERS == VO_KEY_LENGTH, "what the header says");
_Static_assert((int)VO_KEY_HASH == crypto_generichash_blake2b_BYTES, "BLAKE2b-256");

const char *vo_key_scope_name(int32_t scope) {
    switch (scope) {
#define X(name, value, text)                                                                   \
    case value:                                                                                \
        return text;
        VO_KEY_SCOPE_MAP(X)
#undef X
    default:
        return "?";
    }
}

vo_status vo_key_scope_parse(const char *name, int32_t *out, vo_error *err) {
#define X(member, value, text)                                                                 \
    if (strcmp(name, text) == 0) {                                                             \
        *out = value;                                                                          \
        return VO_OK;                                                                          \
    }
    VO_KEY_SCOPE_MAP(X)
#undef X
    return vo_fail(err, VO_EINVAL, "scope = \"%.40s\" is none: give read, trade or admin",
                   name);
}

vo_status vo_api_keys_migrate(vo_database *db, vo_error *err) {
    static const char *const steps[] = {
        "CREATE TABLE api_keys (id TEXT PRIMARY KEY, name TEXT NOT NULL, scope INTEGER NOT "
        "NULL,"
        " rate_per_s DOUBLE PRECISION NOT NULL, created_ms BIGINT NOT NULL,"
        " expires_ms BIGINT NOT NULL, revoked_ms BIGINT NOT NULL, hash TEXT NOT NULL)"};
    return vo_database_migrate(db, "api_keys", steps, sizeof steps / sizeof *steps, err);
}

/* ---- the text of a key ------------------------------------------------------------- */

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static bool is_letter(char c) { return c && memchr(letters, c, 64); }
static bool is_plain(char c) { return c && memchr(letters, c, 62); }

/* Letters and digits from chance: bytes whose six bits are '-' or '_' are thrown away, so that
 * an id can be typed as an argument and be selected with a double click. */
static vo_status draw_id(char id[VO_KEY_ID], vo_error *err) {
    size_t n = 0;
    while (n < ID_LETTERS) {
        unsigned char byte[32];
        const vo_status s = vo_entropy_fill(byte, sizeof byte, err);
        if (s != VO_OK) return s;
        for (size_t i = 0; i < sizeof byte && n < ID_LETTERS; i++)
            if (is_plain(letters[byte[i] & 63])) id[n++] = letters[byte[i] & 63];
    }
    id[n] = '\0';
    return VO_OK;
}

static vo_status draw_key(char text[VO_KEY_TEXT], vo_error *err) {
    char id[VO_KEY_ID], secret[SECRET_LETTERS + 1];
    unsigned char byte[SECRET_BYTES];
    vo_status s = draw_id(id, err);
    if (s == VO_OK) s = vo_entropy_fill(byte, sizeof byte, err);
    if (s != VO_OK) return s;
    sodium_bin2base64(secret, sizeof secret, byte, sizeof byte,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    snprintf(text, VO_KEY_TEXT, "vo_%s_%s", id, secret);
    sodium_memzero(byte, sizeof byte);
    sodium_memzero(secret, sizeof secret);
    return VO_OK;
}

bool vo_api_key_hash(const char *text, char id[VO_KEY_ID], unsigned char hash[VO_KEY_HASH]) {
    if (strncmp(text, "vo_", 3) != 0) return false;
    for (size_t i = 3; i < VO_KEY_LENGTH;
         i++) /* a NUL is no letter: it ends here at the latest */
        if (i == SECRET_AT - 1  ? text[i] != '_'
            : i < SECRET_AT - 1 ? !is_plain(text[i])
                                : !is_letter(text[i]))
            return false;
    if (text[VO_KEY_LENGTH]) return false;
    memcpy(id, text + 3, ID_LETTERS);
    id[ID_LETTERS] = '\0';
    return crypto_generichash_blake2b(hash, VO_KEY_HASH, (const unsigned char *)text,
                                      VO_KEY_LENGTH, NULL, 0) == 0;
}

bool vo_api_key_same(const unsigned char a[VO_KEY_HASH], const unsigned char b[VO_KEY_HASH]) {
    return sodium_memcmp(a, b, VO_KEY_HASH) == 0;
}

/* ---- the table ------------------------------------------------------------------------- */

static vo_status check(const vo_api_key *k, int64_t now_ms, vo_error *err) {
    const char *end = memchr(k->name, '\0', sizeof k->name);
    if (!end || end == k->name)
        return vo_fail(err, VO_EINVAL, "name: give 1..%d bytes that say who uses the key",
                       VO_KEY_NAME - 1);
    const size_t n = (size_t)(end - k->name);
    bool printable = vo_text_utf8_fault(k->name, n) == n;
    for (size_t i = 0; i < n; i++)
        printable = printable && (unsigned char)k->name[i] >= 0x20 && k->name[i] != 0x7f;
    if (!printable)
        return vo_fail(err, VO_EINVAL, "name: it has characters that cannot be printed");
    if (k->scope < VO_KEY_READ || k->scope > VO_KEY_ADMIN)
        return vo_fail(err, VO_EINVAL,
                       "scope = %d is none: give 1 (read), 2 (trade) or 3 (admin)", k->scope);
    if (!(k->rate_per_s >= 0) || k->rate_per_s > 1e6)
        return vo_fail(err, VO_EINVAL,
                       "rate_per_s = %g is outside 0..1000000 requests a second (0: the "
                       "server's own limit)",
                       k->rate_per_s);
    if (k->expires_ms != 0 && k->expires_ms <= now_ms)
        return vo_fail(err, VO_EINVAL, "expires_ms = %lld has passed: give a later time, or 0",
                       (long long)k->expires_ms);
    return VO_OK;
}

static vo_status insert(vo_database *db, const vo_api_key *k, int64_t *changed, vo_error *err) {
    char hex[HASH_HEX];
    sodium_bin2hex(hex, sizeof hex, k->hash, sizeof k->hash);
    const vo_db_value arg[] = {vo_db_text(k->id),
                               vo_db_text(k->name),
                               vo_db_integer(k->scope),
                               vo_db_real(k->rate_per_s),
                               vo_db_integer(k->created_ms),
                               vo_db_integer(k->expires_ms),
                               vo_db_integer(0),
                               vo_db_text(hex)};
    return vo_database_run(db,
                           "INSERT INTO api_keys (id, name, scope, rate_per_s, created_ms,"
                           " expires_ms, revoked_ms, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
                           " ON CONFLICT (id) DO NOTHING",
                           arg, sizeof arg / sizeof *arg, NULL, NULL, changed, err);
}

vo_status vo_api_keys_create(vo_database *db, const vo_api_key *wanted, int64_t now_ms,
                             char text[VO_KEY_TEXT], vo_api_key *out, vo_error *err) {
    vo_status s = check(wanted, now_ms, err);
    if (s != VO_OK) return s;
    vo_api_key k = *wanted;
    char made[VO_KEY_TEXT];
    int64_t changed = 0;
    k.created_ms = now_ms;
    k.revoked_ms = 0;
    /* An id that is taken (one chance in 2e14 per key there is) is drawn again. */
    for (int tries = 0; s == VO_OK && changed == 0; tries++) {
        if (tries == 8) return vo_fail(err, VO_EIO, "the system's random numbers repeat");
        s = draw_key(made, err);
        if (s != VO_OK) return s;
        if (!vo_api_key_hash(made, k.id, k.hash))
            return vo_fail(err, VO_EIO, "a key cannot be hashed");
        s = insert(db, &k, &changed, err);
    }
    if (s == VO_OK) {
        memcpy(text, made, sizeof made);
        *out = k;
    }
    sodium_memzero(made, sizeof made);
    return s;
}

typedef struct {
    vo_api_key_told told;
    void *ctx;
} listing;

static bool copy_text(const vo_db_value *v, char *out, size_t size) {
    if (v->kind != VO_DB_TEXT || v->len >= size) return false;
    memcpy(out, v->bytes, v->len);
    out[v->len] = '\0';
    return true;
}

static double number(const vo_db_value *v) { /* -1: it is none */
    return v->kind == VO_DB_REAL ? v->real : v->kind == VO_DB_INTEGER ? (double)v->integer : -1;
}

static vo_status read_row(void *ctx, const vo_db_value *v, size_t n, vo_error *err) {
    const listing *l = ctx;
    vo_api_key k = {0};
    char hex[HASH_HEX];
    size_t bytes = 0;
    const bool whole =
        n == 8 && copy_text(&v[0], k.id, sizeof k.id) &&
        copy_text(&v[1], k.name, sizeof k.name) && v[2].kind == VO_DB_INTEGER &&
        v[2].integer >= VO_KEY_READ && v[2].integer <= VO_KEY_ADMIN && number(&v[3]) >= 0 &&
        v[4].kind == VO_DB_INTEGER && v[5].kind == VO_DB_INTEGER &&
        v[6].kind == VO_DB_INTEGER && copy_text(&v[7], hex, sizeof hex) &&
        sodium_hex2bin(k.hash, sizeof k.hash, hex, strlen(hex), NULL, &bytes, NULL) == 0 &&
        bytes == sizeof k.hash;
    if (!whole) return vo_fail(err, VO_EIO, "api_keys: the row of key \"%s\" is damaged", k.id);
    k.scope = (int32_t)v[2].integer;
    k.rate_per_s = number(&v[3]);
    k.created_ms = v[4].integer;
    k.expires_ms = v[5].integer;
    k.revoked_ms = v[6].integer;
    return l->told(l->ctx, &k, err);
}

vo_status vo_api_keys_list(vo_database *db, vo_api_key_told told, void *ctx, vo_error *err) {
    listing l = {told, ctx};
    return vo_database_run(db,
                           "SELECT id, name, scope, rate_per_s, created_ms, expires_ms,"
                           " revoked_ms, hash FROM api_keys ORDER BY created_ms, id",
                           NULL, 0, read_row, &l, NULL, err);
}

static vo_status found(void *ctx, const vo_db_value *v, size_t n, vo_error *err) {
    (void)v, (void)n, (void)err;
    *(bool *)ctx = true;
    return VO_OK;
}

vo_status vo_api_keys_revoke(vo_database *db, const char *id, int64_t now_ms, vo_error *err) {
    const vo_db_value arg[] = {vo_db_integer(now_ms), vo_db_text(id)};
    int64_t changed = 0;
    bool is_there = false;
    vo_status s = vo_database_run(
        db, "UPDATE api_keys SET revoked_ms = ? WHERE id = ? AND revoked_ms = 0", arg, 2, NULL,
        NULL, &changed, err);
    if (s != VO_OK || changed > 0) return s;
    s = vo_database_run(db, "SELECT 1 FROM api_keys WHERE id = ?", arg + 1, 1, found, &is_there,
                        NULL, err);
    if (s == VO_OK && !is_there)
        s = vo_fail(err, VO_ENOTFOUND,
                    "no key has the id \"%.40s\": `volteo keys list` names them", id);
    return s;
}
