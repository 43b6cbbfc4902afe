/* api_keys.h -- who may use the service: keys by their hash, never by themselves.
 *
 * A key is "vo_<id>_<secret>", 8 and 43 letters of base64url from the system's chance (the id has
 * letters and digits only); the store keeps BLAKE2b-256 of the whole (256 random bits need no
 * slow hash). It is shown once, when it is made. Revoked ones stay listed.
 *
 * Times: milliseconds since 1970 UTC, the caller's. Threads: as the database.
 */
#ifndef VO_STORE_API_KEYS_H
#define VO_STORE_API_KEYS_H

#include "store/database.h"

enum { VO_KEY_ID = 16, VO_KEY_TEXT = 80, VO_KEY_HASH = 32, VO_KEY_NAME = 128 };
enum { VO_KEY_LENGTH = 55 }; /* letters of a key */

/* Scopes as the database keeps them: each may what the smaller may. X(NAME, value, text). */
// clang-format off
#define VO_KEY_SCOPE_MAP(X)                                                                     \
    X(READ,  1, "read")                                                                         \
    X(TRADE, 2, "trade")                                                                        \
    X(ADMIN, 3, "admin")
// clang-format on

typedef enum {
#define X(name, value, text) VO_KEY_##name = (value),
    VO_KEY_SCOPE_MAP(X)
#undef X
} vo_key_scope;
const char *vo_key_scope_name(int32_t scope); /* "?" of another */
vo_status vo_key_scope_parse(const char *name, int32_t *out, vo_error *err);

typedef struct {
    char id[VO_KEY_ID], name[VO_KEY_NAME];
    int32_t scope;     /* a vo_key_scope                                      */
    double rate_per_s; /* of its own; 0: the server's default                     */
    int64_t created_ms, expires_ms, revoked_ms; /* 0: never                            */
    unsigned char hash[VO_KEY_HASH];
} vo_api_key;

vo_status vo_api_keys_migrate(vo_database *db, vo_error *err);
/* id, name, scope, rate, expiry from `wanted` (its id is made); `text` receives the key. VO_EINVAL
 * naming the field: name (1..127 bytes of UTF-8, nothing unprintable), scope, rate_per_s (0..1e6),
 * expires_ms (0 or after now). */
vo_status vo_api_keys_create(vo_database *db, const vo_api_key *wanted, int64_t now_ms,
                             char text[VO_KEY_TEXT], vo_api_key *out, vo_error *err);
/* Oldest first. */
typedef vo_status (*vo_api_key_told)(void *ctx, const vo_api_key *k, vo_error *err);
vo_status vo_api_keys_list(vo_database *db, vo_api_key_told told, void *ctx, vo_error *err);
/* Of one that is revoked already the time stays. VO_ENOTFOUND. */
vo_status vo_api_keys_revoke(vo_database *db, const char *id, int64_t now_ms, vo_error *err);

/* Of a text that may be a key: false if it has not the form of one. */
bool vo_api_key_hash(const char *text, char id[VO_KEY_ID], unsigned char hash[VO_KEY_HASH]);
/* In a time that does not depend on where they differ. */
bool vo_api_key_same(const unsigned char a[VO_KEY_HASH], const unsigned char b[VO_KEY_HASH]);

#endif
