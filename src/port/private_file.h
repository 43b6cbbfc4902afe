/* private_file.h -- files that only their owner may read: keys, state. */
#ifndef VO_PORT_PRIVATE_FILE_H
#define VO_PORT_PRIVATE_FILE_H

#include <stdbool.h>

#include <volteo/status.h>

/* Makes an empty file of mode 0600 where nothing has that name; *made (or NULL) says whether it
 * did. What is there already stays as it is, and of several who try at once one makes it.
 * VO_EIO: it cannot be made; the folder must be there. */
vo_status vo_private_file_make(const char *path, bool *made, vo_error *err);

#endif
