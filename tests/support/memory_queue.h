/* memory_queue.h -- a queue that lives elsewhere: no database, no transaction with the book, and
 * pushes that may get lost on their way without anybody being told. */
#ifndef TESTS_SUPPORT_MEMORY_QUEUE_H
#define TESTS_SUPPORT_MEMORY_QUEUE_H

#include "jobs/queue.h"

/* Or the test ends; vo_queue_close as any other. Threads: may be shared. */
vo_queue *memory_queue_open(void);
void memory_queue_lose(vo_queue *q, int pushes);  /* the next so many */
void memory_queue_refuse(vo_queue *q, int calls); /* the next so many calls say VO_EIO */

#endif
