/* trouble.h -- what goes wrong again and again: said at once, then rarely, and known to last.
 *
 * Somebody who tries each second tells each failure; the log has the first, and then one line for
 * all those of half a minute. Success is told by silence: after QUIET_S without a failure the next
 * one is a new trouble. Times: monotonic, the caller's. Threads: one owner at a time.
 */
#ifndef VO_SERVE_TROUBLE_H
#define VO_SERVE_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

#define VO_TROUBLE_AGAIN_S 30.0 /* between lines about the same                 */
#define VO_TROUBLE_QUIET_S 5.0  /* so long without a failure: it is over         */
#define VO_TROUBLE_LASTS_S 5.0  /* so long with failures: it will not go by itself */

typedef struct {
    bool any;
    double began_s, last_s, said_s;
    uint64_t unsaid; /* failures since the last line */
} vo_trouble;        /* {0}: none */

/* A failure. true: say it, with the number of those that went unsaid before it in *unsaid. */
bool vo_trouble_met(vo_trouble *t, double now_s, uint64_t *unsaid);
bool vo_trouble_lasts(const vo_trouble *t, double now_s);

#endif
