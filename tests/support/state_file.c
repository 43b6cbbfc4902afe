/* state_file.c -- see state_file.h. */
#include "support/state_file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

vo_database *state_file_open(const char *path) {
    vo_database *db = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_database_open(path, &db, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_job_book_migrate(db, &err), VO_OK, "%s", err.msg);
    return db;
}

void state_file_make(state_file *s) {
    cr_assert(temporary_folder(s->folder));
    snprintf(s->path, sizeof s->path, "%.1000s/state.db", s->folder);
    s->db = state_file_open(s->path);
}

void state_file_remove(state_file *s) {
    vo_database_close(s->db);
    temporary_folder_remove(s->folder);
}

static vo_status take(void *ctx, const vo_db_value *value, size_t n, vo_error *err) {
    (void)n;
    (void)err;
    *(int64_t *)ctx = value[0].integer;
    return VO_OK;
}

int64_t state_integer(vo_database *db, const char *sql) {
    int64_t v = INT64_MIN;
    vo_error err = {0};
    cr_assert_eq(vo_database_run(db, sql, NULL, 0, take, &v, NULL, &err), VO_OK, "%s", err.msg);
    return v;
}

void state_run(vo_database *db, const char *sql) {
    vo_error err = {0};
    cr_assert_eq(vo_database_run(db, sql, NULL, 0, NULL, NULL, NULL, &err), VO_OK, "%s",
                 err.msg);
}

typedef struct {
    const char *event, *about, *says;
    int64_t n;
} counting;

static vo_status count(void *ctx, const vo_event *e, vo_error *err) {
    (void)err;
    counting *c = ctx;
    c->n += strcmp(e->event, c->event) == 0 && (!c->about || strcmp(e->about, c->about) == 0) &&
            strstr(e->document, c->says);
    return VO_OK;
}

int64_t state_events(vo_database *db, const char *event, const char *about, const char *says) {
    counting c = {event, about, says, 0};
    vo_error err = {0};
    cr_assert_eq(vo_event_log_after(db, 0, SIZE_MAX, count, &c, &err), VO_OK, "%s", err.msg);
    return c.n;
}

#define TEXTS 6
static const char *keep_text(int i, const char *s) {
    static char kept[TEXTS][8192];
    if (!s) return NULL;
    snprintf(kept[i], sizeof kept[i], "%s", s);
    return kept[i];
}

static vo_status copy(void *ctx, const vo_job *j, vo_error *err) {
    (void)err;
    vo_job *to = ctx;
    *to = *j;
    to->request = keep_text(0, j->request);
    to->response = keep_text(1, j->response);
    to->error = keep_text(2, j->error);
    to->key = keep_text(3, j->key);
    to->owner = NULL;
    to->phase = keep_text(4, j->phase);
    to->metrics = keep_text(5, j->metrics);
    return VO_OK;
}

vo_job state_job(vo_database *db, const char *id) {
    vo_job j;
    vo_error err = {0};
    cr_assert_eq(vo_job_book_get(db, id, copy, &j, &err), VO_OK, "%s", err.msg);
    return j;
}
