/* limits.h -- how many files and sockets this process may hold. */
#ifndef VO_PORT_LIMITS_H
#define VO_PORT_LIMITS_H

#include <stddef.h>

/* Raises the soft limit of open files to `wanted` if the hard one allows it, never lowers it.
 * Returns the limit as it then is, which may be less than wanted. */
size_t vo_limit_files(size_t wanted);

/* Lowers it to `most` if it is higher; returns what it was, for vo_limit_files to restore. */
size_t vo_limit_files_lower(size_t most);

#endif
