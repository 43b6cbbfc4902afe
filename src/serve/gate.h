/* gate.h -- one at a time, and nobody waits behind one who is stuck.
 *
 * Calls into the state database take turns at its handle. While another process holds the file,
 * each would wait its full time there, one after the other, on thread after thread, until no
 * thread is left for what needs no database. Here, who finds that the one inside has been there for
 * long is turned away, and so is everybody for a while after one has come out with nothing; then one
 * tries again, and nobody waits for that one.
 *
 * Threads: any.
 */
#ifndef VO_SERVE_GATE_H
#define VO_SERVE_GATE_H

#include <stdbool.h>

#include <volteo/status.h>

typedef struct vo_gate vo_gate;

/* patience_s: how long one may be inside before others are turned away; rest_s: after a failure. */
vo_status vo_gate_create(double patience_s, double rest_s, vo_gate **out, vo_error *err);
void vo_gate_free(vo_gate *g); /* accepts NULL; nobody is inside */

bool vo_gate_enter(vo_gate *g); /* false: turned away; else leave follows */
void vo_gate_leave(vo_gate *g, bool well);

#endif
