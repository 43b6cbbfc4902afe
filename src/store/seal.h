/* seal.h -- JSON objects that tell when they were changed: their last member is the SHA-256 of
 * all that stands before it.
 *
 * Against damage and edits by mistake, not against an enemy, who can compute it as well.
 */
#ifndef VO_STORE_SEAL_H
#define VO_STORE_SEAL_H

#include "base/json.h"

/* Takes the finished, not empty object and adds the member; *text is malloc'ed: free(). */
vo_status vo_seal_take(vo_json_out *w, char **text, size_t *len, vo_error *err);

/* *sealed tells whether there is a seal at the end at all. VO_EINVAL naming the path and both
 * checksums if there is one and it is not that of the text. */
vo_status vo_seal_check(const char *text, size_t len, const char *path, bool *sealed,
                        vo_error *err);

#endif
