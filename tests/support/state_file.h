/* state_file.h -- a state database in a folder of its own, and what a test asks of it. */
#ifndef TESTS_SUPPORT_STATE_FILE_H
#define TESTS_SUPPORT_STATE_FILE_H

#include "store/event_log.h"
#include "store/job_book.h"
#include "support/data_folder.h"

typedef struct {
    char folder[DATA_PATH], path[DATA_PATH + 16];
    vo_database *db; /* with the tables of job book and event log */
} state_file;

/* Or the test ends. */
void state_file_make(state_file *s);
void state_file_remove(state_file *s);
vo_database *state_file_open(const char *path); /* once more */

/* The one integer that a statement gives, or the test ends. */
int64_t state_integer(vo_database *db, const char *sql);
void state_run(vo_database *db, const char *sql);

/* How many events of that name say so somewhere in their document, about one thing or all (NULL). */
int64_t state_events(vo_database *db, const char *event, const char *about, const char *says);

/* A job's numbers; its texts are copies that live until the next call. */
vo_job state_job(vo_database *db, const char *id);

#endif
