/* going_on.h -- between two pieces of work: does the caller still want the answer?
 *
 * For calls whose pieces (a read, a model's load) say nothing themselves.
 */
#ifndef VO_ENGINE_GOING_ON_H
#define VO_ENGINE_GOING_ON_H

#include <volteo/engine.h>

/* Tells the options' callback that `fraction` of the work is done and `phase` comes next.
 * VO_ECANCELED: it says stop. */
vo_status vo_going_on(const vo_engine_options *o, const char *phase, double fraction,
                      vo_error *err);

#endif
