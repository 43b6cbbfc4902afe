/* entropy.h -- chance that nobody can foresee, for ids. (What is computed uses base/random.h.) */
#ifndef VO_PORT_ENTROPY_H
#define VO_PORT_ENTROPY_H

#include <stddef.h>

#include <volteo/status.h>

vo_status vo_entropy_fill(void *out, size_t n, vo_error *err); /* VO_EIO */

#endif
