/* thread.h -- spreading independent work over cores. */
#ifndef VO_PORT_THREAD_H
#define VO_PORT_THREAD_H

#include <stddef.h>

#include <volteo/status.h>

size_t vo_thread_count(void); /* cores this process may use, >= 1 */

/* Calls work(ctx, i, worker) for i = 0..n-1, each exactly once, on `threads` threads (0: all
 * cores); worker < threads names the calling thread for per-thread workspaces. Which thread
 * takes which i is not fixed: results must not depend on it. The first failure by index is
 * returned and, once one failed, indexes not yet begun may be skipped. */
typedef vo_status (*vo_thread_work)(void *ctx, size_t i, size_t worker, vo_error *err);
vo_status vo_thread_for(size_t n, size_t threads, vo_thread_work work, void *ctx,
                        vo_error *err);

#endif
