/* pool.h -- a fixed number of threads and a bounded line before them.
 *
 * When the line is full, vo_pool_submit says so at once: the service answers 503 rather than
 * letting requests wait without end. What has waited longer than its deadline is not begun.
 *
 * Heavy items wait in a line of their own and never have all threads at once, so that light ones
 * do not wait for them; of a single thread the light ones have the first word.
 */
#ifndef VO_SERVE_POOL_H
#define VO_SERVE_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include <volteo/status.h>

typedef struct vo_pool vo_pool;
/* late: it waited longer than its deadline, and is only to be answered. worker: 0..threads-1 */
typedef void (*vo_pool_work)(void *ctx, void *item, size_t worker, bool late);

/* line: of light items as of heavy ones. */
vo_status vo_pool_create(size_t threads, size_t line, double deadline_s, vo_pool_work work,
                         void *ctx, vo_pool **out, vo_error *err);
/* false: the line is full. Any thread; does not wait. */
bool vo_pool_submit(vo_pool *p, void *item, bool heavy);
/* Takes one that has waited longer than its deadline out of its line: NULL, there is none. It is the
 * caller's then and will not be worked on; for one who looks after the time while all threads
 * are at work. Any thread. */
void *vo_pool_overdue(vo_pool *p);
size_t vo_pool_waiting(const vo_pool *p);
size_t vo_pool_busy(const vo_pool *p);
void vo_pool_free(vo_pool *p); /* accepts NULL; finishes what was submitted */

#endif
