/* pool.h -- a fixed number of threads and a bounded line before them.
 *
 * When the line is full, vo_pool_submit says so at once: the service answers 503 rather than
 * letting requests wait without end. What has waited longer than its deadline is not begun.
 */
#ifndef VO_SERVE_POOL_H
#define VO_SERVE_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include <volteo/status.h>

typedef struct vo_pool vo_pool;
/* late: it waited longer than its deadline, and is only to be answered. worker: 0..threads-1 */
typedef void (*vo_pool_work)(void *ctx, void *item, size_t worker, bool late);

vo_status vo_pool_create(size_t threads, size_t line, double deadline_s, vo_pool_work work,
                         void *ctx, vo_pool **out, vo_error *err);
bool vo_pool_submit(vo_pool *p, void *item); /* false: full. Any thread; does not wait */
size_t vo_pool_waiting(const vo_pool *p);
size_t vo_pool_busy(const vo_pool *p);
void vo_pool_free(vo_pool *p); /* accepts NULL; finishes what was submitted */

#endif
