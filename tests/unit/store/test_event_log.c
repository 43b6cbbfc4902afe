/* test_event_log.c -- what is told has its number, in order, once, and the numbers never return. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "port/thread.h"
#include "support/state_file.h"

static state_file f;

static void begin(void) { state_file_make(&f); }
static void end(void) { state_file_remove(&f); }

#define NOW INT64_C(1770817500250) /* 2026-02-11T13:45:00.250Z */

static int64_t add(const char *event, const char *document) {
    int64_t id = -1;
    vo_error err = {0};
    cr_assert_eq(vo_event_log_add(f.db, event, "j_1", document, NOW, &id, &err), VO_OK, "%s",
                 err.msg);
    return id;
}

typedef struct {
    int64_t id[64];
    size_t n;
    char document[512];
} heard;

static vo_status hear(void *ctx, const vo_event *e, vo_error *err) {
    (void)err;
    heard *h = ctx;
    vo_json *root = NULL;
    cr_assert_eq(vo_json_parse(e->document, strlen(e->document), &root, NULL), VO_OK, "%s",
                 e->document);
    cr_assert_eq((int64_t)vo_json_number(vo_json_get(root, "id")), e->id);
    cr_assert_str_eq(vo_json_string(vo_json_get(root, "event")), e->event);
    vo_json_free(root);
    if (h->n < 64) h->id[h->n] = e->id;
    h->n++;
    snprintf(h->document, sizeof h->document, "%s", e->document);
    return VO_OK;
}

static heard after(int64_t id, size_t most) {
    heard h = {.n = 0};
    vo_error err = {0};
    cr_assert_eq(vo_event_log_after(f.db, id, most, hear, &h, &err), VO_OK, "%s", err.msg);
    return h;
}

Test(event_log, an_event_is_told_with_its_number_name_and_time_in_front, .init = begin,
     .fini = end) {
    add("job", "{\"job\":\"j_1\",\"n\":1}");
    cr_assert_str_eq(after(0, 10).document,
                     "{\"id\":1,\"event\":\"job\",\"time\":\"2026-02-11T13:45:00.250Z\","
                     "\"job\":\"j_1\",\"n\":1}");
    add("price", " { } ");
    cr_assert(strstr(after(1, 10).document, "250Z\"}"), "%s", after(1, 10).document);
}

Test(event_log, a_reader_goes_on_after_the_last_he_has_seen, .init = begin, .fini = end) {
    for (int i = 0; i < 10; i++) add("job", "{}");
    heard h = after(0, 4);
    cr_assert(h.n == 4 && h.id[0] == 1 && h.id[3] == 4);
    h = after(h.id[3], 100);
    cr_assert(h.n == 6 && h.id[0] == 5 && h.id[5] == 10);
    cr_assert_eq(after(10, 100).n, 0u);
}

Test(event_log, the_newest_are_kept_and_numbers_never_come_again, .init = begin, .fini = end) {
    int64_t first = -1, last = -1;
    cr_assert_eq(vo_event_log_span(f.db, &first, &last, NULL), VO_OK);
    cr_assert(first == 1 && last == 0);
    for (int i = 0; i < 10; i++) add("job", "{}");
    cr_assert_eq(vo_event_log_trim(f.db, 3, NULL), VO_OK);
    cr_assert_eq(vo_event_log_span(f.db, &first, &last, NULL), VO_OK);
    cr_assert(first == 8 && last == 10);
    cr_assert_eq(after(0, 100).n, 3u);
    cr_assert_eq(vo_event_log_trim(f.db, 0, NULL), VO_OK);
    cr_assert_eq(vo_event_log_span(f.db, &first, &last, NULL), VO_OK);
    cr_assert(first == 11 && last == 10);
    vo_database_close(f.db);
    f.db = state_file_open(f.path);
    cr_assert_eq(add("job", "{}"), 11);
}

static vo_status add_and_fail(void *ctx, vo_database *db, vo_error *err) {
    (void)ctx;
    cr_assert_eq(vo_event_log_add(db, "job", NULL, "{}", NOW, NULL, err), VO_OK);
    return VO_ECANCELED;
}

Test(event_log, an_event_of_a_transaction_that_failed_did_not_happen, .init = begin,
     .fini = end) {
    cr_assert_eq(vo_database_transact(f.db, add_and_fail, NULL, NULL), VO_ECANCELED);
    cr_assert_eq(after(0, 100).n, 0u);
    cr_assert_eq(add("job", "{}"), 1);
}

Test(event_log, what_no_reader_could_trust_is_refused, .init = begin, .fini = end) {
    static const struct {
        const char *event, *document, *says;
    } wrong[] = {
        {"", "{}", "a name is"},
        {"Job", "{}", "a name is"},
        {"a\"b", "{}", "a name is"},
        {"a_name_that_is_longer_than_forty_seven_letters_is", "{}", "a name is"},
        {"job", "[1]", "a JSON array, not an object"},
        {"job", "{", "no JSON"},
        {"job", "", "no JSON"},
        {"job", "{\"id\":1}", "\"id\" is set by the log"},
        {"job", "{\"time\":1}", "\"time\" is set by the log"},
        {"job", "{} {}", "no JSON"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        vo_error err = {0};
        cr_assert_eq(
            vo_event_log_add(f.db, wrong[i].event, NULL, wrong[i].document, NOW, NULL, &err),
            VO_EINVAL, "%zu", i);
        cr_assert(strstr(err.msg, wrong[i].says), "%s", err.msg);
    }
    cr_assert_eq(after(0, 100).n, 0u);
}

#define EACH 15

/* A reader who follows must never miss a number that shows up later below one he has seen. */
static vo_status write_or_follow(void *ctx, size_t i, size_t worker, vo_error *err) {
    (void)ctx;
    (void)worker;
    vo_database *db = state_file_open(f.path);
    vo_status st = VO_OK;
    heard h = {.n = 0};
    int64_t seen = 0;
    for (int k = 0; i > 0 && st == VO_OK && k < EACH; k++)
        st = vo_event_log_add(db, "job", NULL, "{}", NOW, NULL, err);
    while (i == 0 && st == VO_OK && seen < 3 * EACH) {
        h.n = 0;
        st = vo_event_log_after(db, seen, 64, hear, &h, err);
        for (size_t k = 0; k < h.n; k++) cr_assert_eq(h.id[k], ++seen);
    }
    vo_database_close(db);
    return st;
}

Test(event_log, threads_that_write_at_once_leave_no_gap_for_one_that_follows, .init = begin,
     .fini = end, .timeout = 60) {
    vo_error err = {0};
    cr_assert_eq(vo_thread_for(4, 4, write_or_follow, NULL, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(after(0, 1000).n, 3u * EACH);
}
