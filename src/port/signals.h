/* signals.h -- for libraries that take a process's signals for themselves: keep what the
 * program had set, and put it back. */
#ifndef VO_PORT_SIGNALS_H
#define VO_PORT_SIGNALS_H

typedef struct vo_signals vo_signals;
vo_signals *vo_signals_keep(void);       /* NULL: no memory */
void vo_signals_put_back(vo_signals *k); /* and frees it; accepts NULL */

#endif
