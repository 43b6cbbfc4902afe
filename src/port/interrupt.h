/* interrupt.h -- Ctrl-C and termination as a flag that work looks at, instead of a sudden end.
 */
#ifndef VO_PORT_INTERRUPT_H
#define VO_PORT_INTERRUPT_H

#include <stdbool.h>

/* From now on SIGINT and SIGTERM set the flag; a second one of either ends the process as it
 * would have without us. For programs; the library never calls it. */
void vo_interrupt_watch(void);

bool vo_interrupt_seen(void);

#endif
