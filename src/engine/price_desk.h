/* price_desk.h -- open lakes that wait for the next request.
 *
 * A lake costs 15 ms to open (the SQL engine in it) and 1 ms to read a year from: who asks often
 * borrows one and gives it back. Nothing is kept of the data: every read looks at the files.
 *
 * Threads: any number may borrow at once; each gets a lake of its own.
 */
#ifndef VO_ENGINE_PRICE_DESK_H
#define VO_ENGINE_PRICE_DESK_H

#include "data/lake.h"

typedef struct vo_price_desk vo_price_desk;

/* Opens nothing yet. `root` is borrowed. VO_ENOMEM. */
vo_status vo_price_desk_create(const char *root, vo_price_desk **out, vo_error *err);
void vo_price_desk_free(vo_price_desk *d); /* accepts NULL; all lakes are back */

vo_status vo_price_desk_borrow(vo_price_desk *d, vo_lake **out, vo_error *err);
void vo_price_desk_return(vo_price_desk *d, vo_lake *lake); /* accepts NULL */

#endif
