/* The scheduler under a clock of its own: months in steps, downtime, two schedulers on one
 * database, and timetables that change. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jobs/scheduler.h"
#include "support/state_file.h"

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static int64_t utc(int32_t year, int32_t month, int32_t day, int32_t hour, int32_t minute) {
    const vo_civil c = {year, month, day, hour, minute, 0};
    return vo_civil_seconds(&c) * 1000;
}

static vo_timetable *read(const char *text) {
    vo_timetable *t = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_timetable_read(text, strlen(text), &t, &err), VO_OK, "%s", err.msg);
    return t;
}

typedef struct {
    state_file state;
    vo_queue *queue;
} place;

static void open_place(place *p) {
    state_file_make(&p->state);
    cr_assert_eq(vo_queue_open("local", p->state.db, &p->queue, NULL), VO_OK);
}

static void close_place(place *p) {
    vo_queue_close(p->queue);
    state_file_remove(&p->state);
}

static vo_scheduler *start(place *p, const vo_timetable *t, int64_t now_ms) {
    vo_scheduler *s = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_scheduler_open(p->state.db, p->queue, t, now_ms, &s, &err), VO_OK, "%s",
                 err.msg);
    return s;
}

static size_t step(vo_scheduler *s, int64_t now_ms) {
    size_t made = 99;
    vo_error err = {0};
    cr_assert_eq(vo_scheduler_step(s, now_ms, &made, &err), VO_OK, "%s", err.msg);
    return made;
}

static int64_t jobs(place *p) {
    return state_integer(p->state.db, "SELECT count(*) FROM vo_job");
}

/* Whatever is queued is done at once, as a fast worker would. */
static void finish_all(place *p) { state_run(p->state.db, "UPDATE vo_job SET state = 'done'"); }

static const char hourly[] =
    "schedules:\n"
    "  - {name: prices, cron: \"25 * * * *\", kind: fetch,\n"
    "     request: {client: cenace, from: \"${today-2}\", to: \"${today}\"}}\n";
static const char monthly[] =
    "schedules:\n"
    "  - {name: retrain, cron: \"17 5 1 * *\", tz: America/Mexico_City, kind: retrain}\n";

Test(scheduler, months_of_minutes_make_each_job_once) {
    place p;
    open_place(&p);
    vo_timetable *t = read(monthly);
    const int64_t from = utc(2024, 1, 15, 0, 0);
    vo_scheduler *s = start(&p, t, from);
    int64_t made = 0;
    for (int64_t now = from; now < utc(2024, 7, 15, 0, 0); now += 7 * MINUTE) {
        const size_t one = step(s, now);
        if (one) finish_all(&p);
        made += (int64_t)one;
    }
    cr_expect_eq(made, 6); /* February to July */
    cr_expect_eq(jobs(&p), 6);
    /* 05:17 in Mexico City, which keeps UTC-6 all year since 2022 */
    cr_expect_eq(state_integer(p.state.db, "SELECT count(*) FROM vo_job WHERE idem_key = "
                                           "'schedule:retrain:2024-03-01T11:17:00Z'"),
                 1);
    cr_expect_eq(state_events(p.state.db, "schedule", "retrain", "\"action\":\"made\""), 6);
    cr_expect_eq(state_events(p.state.db, "schedule", "retrain", "\"missed\":0"), 6);
    cr_expect_eq(vo_scheduler_next_ms(s, 0, utc(2024, 7, 15, 0, 0)), utc(2024, 8, 1, 11, 17));
    vo_scheduler_close(s);
    vo_timetable_free(t);
    close_place(&p);
}

Test(scheduler, what_was_missed_is_made_up_for_once) {
    place p;
    open_place(&p);
    vo_timetable *t = read(hourly);
    vo_scheduler *s = start(&p, t, utc(2024, 3, 1, 10, 0));
    cr_expect_eq(step(s, utc(2024, 3, 1, 10, 24)), 0u);
    cr_expect_eq(step(s, utc(2024, 3, 1, 10, 25)), 1u);
    cr_expect_eq(step(s, utc(2024, 3, 1, 10, 25) + 999), 0u);
    finish_all(&p);
    vo_scheduler_close(s); /* down for two days and a bit */
    s = start(&p, t, utc(2024, 3, 3, 12, 40));
    cr_expect_eq(step(s, utc(2024, 3, 3, 12, 40)), 1u);
    cr_expect_eq(jobs(&p), 2);
    /* between 10:25 and 12:25 two days later there were 49 others */
    cr_expect_eq(state_events(p.state.db, "schedule", "prices", "\"missed\":49"), 1);
    cr_expect_eq(state_integer(p.state.db, "SELECT count(*) FROM vo_job WHERE idem_key = "
                                           "'schedule:prices:2024-03-03T12:25:00Z'"),
                 1);
    finish_all(&p);
    cr_expect_eq(step(s, utc(2024, 3, 3, 12, 41)), 0u);
    cr_expect_eq(step(s, utc(2024, 3, 3, 13, 25)), 1u);
    vo_scheduler_close(s);
    vo_timetable_free(t);
    close_place(&p);
}

Test(scheduler, two_on_one_database_make_one_job) {
    place p;
    open_place(&p);
    vo_timetable *t = read(hourly);
    vo_database *other = state_file_open(p.state.path);
    vo_queue *queue = NULL;
    vo_scheduler *b = NULL;
    cr_assert_eq(vo_queue_open("local", other, &queue, NULL), VO_OK);
    const int64_t from = utc(2024, 3, 1, 0, 0);
    vo_scheduler *a = start(&p, t, from);
    cr_assert_eq(vo_scheduler_open(other, queue, t, from, &b, NULL), VO_OK);
    for (int64_t now = from; now < from + DAY; now += 5 * MINUTE) {
        const bool a_first = now / MINUTE % 2;
        const size_t made = step(a_first ? a : b, now) + step(a_first ? b : a, now);
        cr_expect_eq(made, now % HOUR == 25 * MINUTE ? 1u : 0u);
        if (made) finish_all(&p);
    }
    cr_expect_eq(jobs(&p), 24);
    cr_expect_eq(state_events(p.state.db, "schedule", NULL, ""), 24);
    vo_scheduler_close(a);
    vo_scheduler_close(b);
    vo_queue_close(queue);
    vo_database_close(other);
    vo_timetable_free(t);
    close_place(&p);
}

Test(scheduler, a_firing_is_skipped_while_the_job_before_it_is_not_over) {
    place p;
    open_place(&p);
    vo_timetable *t = read(hourly);
    vo_scheduler *s = start(&p, t, utc(2024, 3, 1, 0, 0));
    cr_expect_eq(step(s, utc(2024, 3, 1, 0, 25)), 1u);
    cr_expect_eq(step(s, utc(2024, 3, 1, 1, 25)), 0u);
    cr_expect_eq(step(s, utc(2024, 3, 1, 2, 25)), 0u);
    cr_expect_eq(jobs(&p), 1);
    cr_expect_eq(state_events(p.state.db, "schedule", "prices", "\"action\":\"skipped\""), 2);
    finish_all(&p);
    cr_expect_eq(step(s, utc(2024, 3, 1, 2, 30)), 0u, "what was skipped stays so");
    cr_expect_eq(step(s, utc(2024, 3, 1, 3, 25)), 1u);
    state_run(p.state.db, "DELETE FROM vo_job"); /* a job that was trimmed away is over */
    cr_expect_eq(step(s, utc(2024, 3, 1, 4, 25)), 1u);
    vo_scheduler_close(s);
    vo_timetable_free(t);
    close_place(&p);
}

Test(scheduler, a_schedule_that_changed_or_was_away_begins_anew) {
    place p;
    open_place(&p);
    vo_timetable *every_hour = read(hourly), *none = read("schedules: []\n");
    vo_timetable *daily =
        read("schedules:\n  - {name: prices, cron: \"0 6 * * *\", kind: fetch}\n");
    vo_timetable *off = read(
        "schedules:\n  - {name: prices, cron: \"0 6 * * *\", kind: fetch, enabled: false}\n");
    const int64_t noon = utc(2024, 3, 10, 12, 0);
    vo_scheduler *s = start(&p, every_hour, noon - 10 * DAY);
    vo_scheduler_close(s);
    s = start(&p, daily, noon); /* another cron: what it would have done before is not missed */
    cr_expect_eq(step(s, noon), 0u);
    cr_expect_eq(step(s, noon + 18 * HOUR), 1u);
    finish_all(&p);
    vo_scheduler_close(s);
    s = start(&p, off, noon + DAY);
    cr_expect_eq(step(s, noon + 5 * DAY), 0u);
    cr_expect_eq(vo_scheduler_next_ms(s, 0, noon), INT64_MAX);
    vo_scheduler_close(s);
    s = start(&p, daily, noon + 6 * DAY);
    cr_expect_eq(step(s, noon + 6 * DAY), 0u);
    vo_scheduler_close(s);
    s = start(&p, none, noon + 7 * DAY);
    vo_scheduler_close(s);
    s = start(&p, daily, noon + 9 * DAY);
    cr_expect_eq(step(s, noon + 9 * DAY), 0u);
    /* an older scheduler with another timetable keeps still */
    vo_scheduler *newer = start(&p, every_hour, noon + 9 * DAY);
    cr_expect_eq(step(s, noon + 11 * DAY), 0u);
    cr_expect_eq(step(newer, noon + 11 * DAY), 1u);
    vo_scheduler_close(newer);
    vo_scheduler_close(s);
    vo_timetable_free(every_hour);
    vo_timetable_free(none);
    vo_timetable_free(daily);
    vo_timetable_free(off);
    close_place(&p);
}

Test(scheduler, the_same_timetable_is_known_again_also_with_an_offset_for_a_zone) {
    place p;
    open_place(&p);
    vo_timetable *t =
        read("schedules:\n  - {name: a, cron: \"0 * * * *\", tz: \"-06:00\", kind: fetch}\n");
    vo_scheduler *s = start(&p, t, utc(2024, 3, 1, 0, 30));
    vo_scheduler_close(s);
    s = start(&p, t, utc(2024, 3, 1, 5, 30));
    cr_expect_eq(step(s, utc(2024, 3, 1, 5, 30)), 1u);
    vo_scheduler_close(s);
    vo_timetable_free(t);
    close_place(&p);
}

/* The machine woke a year ahead, and its clock was put right: with a restart, and without. */
static void set_back(bool restart) {
    place p;
    open_place(&p);
    vo_timetable *t = read(hourly);
    const int64_t ten = utc(2024, 3, 1, 10, 0);
    vo_scheduler *s = start(&p, t, ten + 365 * DAY);
    cr_expect_eq(step(s, ten + 365 * DAY + 30 * MINUTE), 1u);
    finish_all(&p);
    if (restart) {
        vo_scheduler_close(s);
        s = start(&p, t, ten);
    }
    cr_expect_eq(step(s, ten), 0u);
    cr_expect_eq(state_events(p.state.db, "schedule", "prices", "\"action\":\"reset\""), 1);
    cr_expect_eq(state_events(p.state.db, "schedule", "prices", "has been set back"), 1);
    cr_expect_eq(step(s, ten + 24 * MINUTE), 0u);
    cr_expect_eq(step(s, ten + 25 * MINUTE), 1u);
    cr_expect_eq(state_events(p.state.db, "schedule", "prices", "\"action\":\"made\""), 2);
    cr_expect_eq(state_events(p.state.db, "schedule", "prices", "\"missed\":0"), 3);
    vo_scheduler_close(s);
    vo_timetable_free(t);
    close_place(&p);
}

Test(scheduler, a_clock_that_is_set_back_begins_it_anew_and_is_told) {
    set_back(true);
    set_back(false);
}

Test(scheduler, an_instant_that_comes_twice_makes_one_job) {
    place p;
    open_place(&p);
    vo_timetable *t = read(hourly);
    const int64_t ten = utc(2024, 3, 1, 10, 0);
    vo_scheduler *s = start(&p, t, ten);
    cr_expect_eq(step(s, ten + 25 * MINUTE), 1u);
    finish_all(&p);
    /* half a second is no news: it is waited for */
    cr_expect_eq(step(s, ten + 25 * MINUTE - 500), 0u);
    cr_expect_eq(step(s, ten + 25 * MINUTE), 0u);
    cr_expect_eq(state_events(p.state.db, "schedule", NULL, ""), 1);
    cr_expect_eq(step(s, ten + 20 * MINUTE), 0u);
    cr_expect_eq(step(s, ten + 25 * MINUTE), 0u);
    cr_expect_eq(state_events(p.state.db, "schedule", "prices", "\"action\":\"reset\""), 1);
    cr_expect_eq(state_events(p.state.db, "schedule", "prices", "was made already"), 1);
    cr_expect_eq(jobs(&p), 1);
    cr_expect_eq(step(s, ten + 85 * MINUTE), 1u);
    vo_scheduler_close(s);
    vo_timetable_free(t);
    close_place(&p);
}

Test(scheduler, a_job_that_the_book_refuses_is_told_and_left_behind) {
    place p;
    open_place(&p);
    vo_timetable *t = read(hourly);
    vo_scheduler *s = start(&p, t, utc(2024, 3, 1, 0, 0));
    /* the key of the first firing is another job's already */
    const vo_job_order other = {.kind = "train",
                                .request = "{}",
                                .key = "schedule:prices:2024-03-01T00:25:00Z",
                                .owner = ""};
    char id[VO_JOB_ID];
    bool existed = false;
    cr_assert_eq(vo_job_book_add(p.state.db, &other, utc(2024, 3, 1, 0, 1), NULL, NULL, id,
                                 &existed, NULL),
                 VO_OK);
    cr_expect_eq(step(s, utc(2024, 3, 1, 0, 25)), 0u);
    cr_expect_eq(step(s, utc(2024, 3, 1, 0, 26)), 0u);
    cr_expect_eq(state_events(p.state.db, "schedule", "prices", "\"action\":\"refused\""), 1);
    cr_expect_eq(step(s, utc(2024, 3, 1, 1, 25)), 1u);
    vo_scheduler_close(s);
    vo_timetable_free(t);
    close_place(&p);
}

Test(scheduler, dates_in_a_request_are_those_of_the_zone_at_the_firing) {
    vo_timetable *t =
        read("schedules:\n"
             "  - name: a\n    cron: \"@daily\"\n    tz: Asia/Tokyo\n    kind: fetch\n"
             "    request: {from: \"${today-31}\", to: \"${today+1}\", nodes: [\"x "
             "${today}\"], parallel: 2}\n"
             "  - {name: b, cron: \"@daily\", kind: fetch}\n");
    char *json = NULL;
    cr_assert_eq(vo_timetable_request(t, 0, utc(2024, 2, 29, 15, 0) / 1000, &json, NULL),
                 VO_OK);
    cr_expect_str_eq(json, "{\"from\":\"2024-01-30\",\"to\":\"2024-03-02\","
                           "\"nodes\":[\"x 2024-03-01\"],\"parallel\":2}");
    free(json);
    cr_assert_eq(vo_timetable_request(t, 1, 0, &json, NULL), VO_OK);
    cr_expect_str_eq(json, "{}");
    free(json);
    vo_timetable_free(t);
}

Test(scheduler, a_timetable_is_refused_by_the_path_of_what_is_wrong) {
    static const char *const table[][2] = {
        {"- a\n", "one member, schedules"},
        {"schedules: 3\n", "one member, schedules"},
        {"schedules: []\nmore: 1\n", "one member, schedules"},
        {"schedules:\n  - 3\n", "schedules[0] is number"},
        {"schedules:\n  - {name: a, cron: \"* * * * *\"}\n", "schedules[0].kind is missing"},
        {"schedules:\n  - {name: a, cron: \"* * * * *\", kind: fetch, requests: {}}\n",
         "did you mean request?"},
        {"schedules:\n  - {name: a b, cron: \"* * * * *\", kind: fetch}\n",
         "schedules[0].name"},
        {"schedules:\n  - {name: a, cron: \"61 * * * *\", kind: fetch}\n",
         "schedules[0].cron: minute \"61\""},
        {"schedules:\n  - {name: a, cron: 5, kind: fetch}\n", "schedules[0].cron is number"},
        {"schedules:\n  - {name: a, cron: \"@daily\", kind: fetch, tz: Mars/Base}\n",
         "schedules[0].tz"},
        {"schedules:\n  - {name: a, cron: \"@daily\", kind: fetch, request: [1]}\n",
         "schedules[0].request is array"},
        {"schedules:\n  - {name: a, cron: \"@daily\", kind: fetch, request: {from: "
         "\"${now}\"}}\n",
         "schedules[0].request: \"${now}"},
        {"schedules:\n  - {name: a, cron: \"@daily\", kind: fetch, request: {from: "
         "\"${today-}\"}}\n",
         "${today-7}"},
        {"schedules:\n  - {name: a, cron: \"@daily\", kind: fetch, request: {from: "
         "\"${today\"}}\n",
         "${today-7}"},
        {"schedules:\n  - {name: a, cron: \"@daily\", kind: fetch}\n"
         "  - {name: a, cron: \"@daily\", kind: fetch}\n",
         "schedules[0] has it too"},
        {"schedules:\n  - {name: a, cron: \"@daily\", kind: fetch, enabled: \"yes\"}\n",
         "schedules[0].enabled is string"},
        {"schedules:\n  - {name: a\n", "line"}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        vo_timetable *t = NULL;
        vo_error err = {0};
        cr_expect_eq(vo_timetable_read(table[i][0], strlen(table[i][0]), &t, &err), VO_EINVAL,
                     "%s", table[i][0]);
        cr_expect(!t && strstr(err.msg, table[i][1]), "%s: \"%s\" is not in: %s", table[i][0],
                  table[i][1], err.msg);
    }
}

Test(scheduler, the_example_of_the_project_is_a_timetable) {
    static char text[8192];
    FILE *f = fopen(VOLTEO_SOURCE_DIR "/config/schedules.yaml", "r");
    cr_assert(f);
    const size_t len = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[len] = '\0';
    vo_timetable *t = read(text);
    cr_assert_eq(vo_timetable_count(t), 2u);
    cr_expect_str_eq(vo_timetable_at(t, 1).kind, "retrain");
    cr_expect_not(vo_timetable_at(t, 0).enabled);
    vo_timetable_free(t);
}
