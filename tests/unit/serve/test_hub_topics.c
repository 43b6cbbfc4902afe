/* test_hub_topics.c -- which events a client wants, by tables; messages are in test_hub.c too. */
#include "serve/hub_topics.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static vo_status send(vo_topics **t, const char *text, vo_error *err) {
    char *reply = NULL;
    const vo_status s = vo_topics_message(t, 8, text, strlen(text), 5, &reply, err);
    cr_expect_eq(s == VO_OK, reply != NULL);
    free(reply);
    return s;
}

Test(hub_topics, a_topic_is_a_name_or_its_beginning) {
    static const struct {
        const char *topic, *event;
        bool want;
    } t[] = {{"job", "job", true},    {"job", "job_progress", false}, {"job", "jo", false},
             {"job*", "job", true},   {"job*", "job_progress", true}, {"job*", "jo", false},
             {"*", "anything", true}, {"job*", "price", false},       {"model_*", "job", false},
             {"JOB", "job", false}};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        char text[100] = "{\"subscribe\":[\"";
        vo_topics *topics = NULL;
        strcat(strcat(text, t[i].topic), "\"]}");
        cr_assert_eq(send(&topics, text, NULL), VO_OK);
        cr_expect_eq(vo_topics_want(topics, t[i].event, "x"), t[i].want, "%s %s", t[i].topic,
                     t[i].event);
        vo_topics_free(topics);
    }
}

Test(hub_topics, who_said_nothing_wants_all) { cr_expect(vo_topics_want(NULL, "job", "")); }

Test(hub_topics, the_same_subscription_twice_is_one) {
    vo_topics *t = NULL;
    cr_expect_eq(send(&t, "{\"subscribe\":[\"job\",\"job\"]}", NULL), VO_OK);
    cr_expect_eq(send(&t, "{\"subscribe\":[\"job\"]}", NULL), VO_OK);
    cr_expect_eq(vo_topics_count(t), 1u);
    vo_topics_free(t);
}

Test(hub_topics, unsubscribing_takes_away_what_it_names) {
    vo_topics *t = NULL;
    cr_expect_eq(send(&t, "{\"subscribe\":[\"job\",\"price\"],\"about\":[\"a\",\"b\"]}", NULL),
                 VO_OK);
    cr_expect_eq(vo_topics_count(t), 4u);
    cr_expect_eq(send(&t, "{\"unsubscribe\":[\"job\"],\"about\":[\"a\"]}", NULL), VO_OK);
    cr_expect_not(vo_topics_want(t, "job", "a"));
    cr_expect(vo_topics_want(t, "job", "b"));
    cr_expect_eq(send(&t, "{\"unsubscribe\":[\"price\"]}", NULL), VO_OK);
    cr_expect_eq(vo_topics_count(t), 1u);
    cr_expect_eq(send(&t, "{\"unsubscribe\":[\"job\"]}", NULL), VO_OK);
    cr_expect_eq(vo_topics_count(t), 0u);
    cr_expect_not(vo_topics_want(t, "job", "b"), "none is none, not all");
    vo_topics_free(t);
}

Test(hub_topics, a_message_that_is_too_much_changes_nothing) {
    vo_topics *t = NULL;
    vo_error err = {0};
    cr_expect_eq(send(&t, "{\"subscribe\":[\"job\",\"price\"]}", NULL), VO_OK);
    cr_expect_eq(
        send(&t, "{\"subscribe\":[\"x\",\"y\"],\"about\":[\"1\",\"2\",\"3\",\"4\"]}", &err),
        VO_EINVAL);
    cr_expect_eq(vo_topics_count(t), 2u);
    char *big = calloc(1, VO_HUB_MESSAGE + 2);
    memset(big, ' ', VO_HUB_MESSAGE + 1);
    cr_expect_eq(send(&t, big, &err), VO_EINVAL);
    cr_expect_not_null(strstr(err.msg, "16385 bytes"), "%s", err.msg);
    free(big);
    vo_topics_free(t);
}
