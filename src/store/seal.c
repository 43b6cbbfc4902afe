/* seal.c -- see seal.h. The end of a sealed text has a fixed form and length, so the seal is
 * found without parsing: what was damaged need not be JSON any more. */
#include "store/seal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/sha256.h"

#define BEFORE ",\n  \"sha256\": \""
#define BEHIND "\"\n}\n"
#define SEAL (sizeof BEFORE - 1 + VO_SHA256_HEX - 1 + sizeof BEHIND - 1)

vo_status vo_seal_take(vo_json_out *w, char **text, size_t *len, vo_error *err) {
    char *body = NULL, hex[VO_SHA256_HEX];
    size_t n = 0;
    const vo_status st = vo_json_out_take(w, &body, &n, err);
    if (st != VO_OK) return st;
    vo_text_trim(body, &n);
    assert(n > 2 && body[0] == '{' && body[n - 1] == '}');
    n--;
    vo_text_trim(body, &n);
    char *sealed = realloc(body, n + SEAL + 1);
    if (!sealed) {
        free(body);
        return vo_fail(err, VO_ENOMEM, "no memory for a document of %zu bytes", n);
    }
    vo_sha256_of(sealed, n, hex);
    snprintf(sealed + n, SEAL + 1, "%s%s%s", BEFORE, hex, BEHIND);
    *text = sealed;
    *len = n + SEAL;
    return VO_OK;
}

vo_status vo_seal_check(const char *text, size_t len, const char *path, bool *sealed,
                        vo_error *err) {
    *sealed = false;
    if (len < SEAL) return VO_OK;
    const char *seal = text + len - SEAL, *says = seal + sizeof BEFORE - 1;
    if (memcmp(seal, BEFORE, sizeof BEFORE - 1) != 0 ||
        memcmp(says + VO_SHA256_HEX - 1, BEHIND, sizeof BEHIND - 1) != 0)
        return VO_OK;
    char is[VO_SHA256_HEX];
    vo_sha256_of(text, len - SEAL, is);
    if (memcmp(says, is, VO_SHA256_HEX - 1) != 0)
        return vo_fail(err, VO_EINVAL,
                       "\"%.200s\" was damaged or edited: its sha256 is %.64s, its text has %s",
                       path, says, is);
    *sealed = true;
    return VO_OK;
}
