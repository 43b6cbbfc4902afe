/* test_hub.c -- the hub of events over a log and peers that are made up here.
 *
 * The random test knows what every client must get by looking at the log itself: all events above
 * where he began that he wants, but those he was told are gone, in order, each once.
 */
#include "serve/hub.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "port/task.h"

/* ---- a log of events: id i is row i-1; those up to `trimmed` are gone ----------------------- */

enum { ROWS = 20000 };
static const char *const names[] = {"job", "job_progress", "price", "trade"};
static const char *const abouts[] = {"", "a", "b"};
static struct {
    unsigned char name[ROWS], about[ROWS];
    int64_t last, trimmed, failing; /* failing: so many calls from now fail */
    vo_lock *lock;
} events_log;

static void say(size_t name, size_t about) {
    vo_lock_take(events_log.lock);
    cr_assert_lt(events_log.last, ROWS);
    events_log.name[events_log.last] = (unsigned char)name;
    events_log.about[events_log.last] = (unsigned char)about;
    events_log.last++;
    vo_lock_release(events_log.lock);
}

static bool log_fails(void) {
    vo_lock_take(events_log.lock);
    const bool fails = events_log.failing > 0;
    if (fails) events_log.failing--;
    vo_lock_release(events_log.lock);
    return fails;
}

vo_status vo_event_log_after(vo_database *db, int64_t after, size_t most, vo_event_told told,
                             void *ctx, vo_error *err) {
    cr_assert_not_null(db);
    if (log_fails()) return vo_fail(err, VO_EIO, "the disk is gone");
    vo_lock_take(events_log.lock);
    const int64_t last = events_log.last,
                  from = after > events_log.trimmed ? after : events_log.trimmed;
    vo_lock_release(events_log.lock);
    for (int64_t id = from + 1; id <= last && most > 0; id++, most--) {
        char text[128];
        const char *name = names[events_log.name[id - 1]],
                   *about = abouts[events_log.about[id - 1]];
        snprintf(text, sizeof text, "{\"id\":%lld,\"event\":\"%s\",\"about\":\"%s\"}",
                 (long long)id, name, about);
        const vo_event e = {id, 0, name, about, text};
        const vo_status s = told(ctx, &e, err);
        if (s != VO_OK) return s;
    }
    return VO_OK;
}

vo_status vo_event_log_span(vo_database *db, int64_t *first, int64_t *last, vo_error *err) {
    cr_assert_not_null(db);
    if (log_fails()) return vo_fail(err, VO_EIO, "the disk is gone");
    vo_lock_take(events_log.lock);
    *first = events_log.trimmed + 1;
    *last = events_log.last;
    vo_lock_release(events_log.lock);
    return VO_OK;
}

/* ---- peers ---------------------------------------------------------------------------------- */

struct vo_peer {
    void *user;
    bool ready, closed;
    int code;
};

void vo_peer_ready(vo_peer *p) { p->ready = true; }

static vo_hub *hub;

static void begin_with(size_t ring, bool with_log) {
    cr_assert_eq(vo_lock_create(&events_log.lock, NULL), VO_OK);
    events_log.last = events_log.trimmed = events_log.failing = 0;
    vo_hub_settings s = vo_hub_settings_default();
    static char database;
    s.db = with_log ? (vo_database *)(void *)&database : NULL;
    s.ring = ring;
    vo_error err = {0};
    cr_assert_eq(vo_hub_create(&s, &hub, &err), VO_OK, "%s", err.msg);
}
static void begin(void) { begin_with(16, true); }
static void end(void) {
    vo_hub_free(hub);
    vo_lock_free(events_log.lock);
}

/* What the thread of the log and the loop do in turns. */
static void spread(void) {
    vo_error err;
    while (vo_hub_tail(hub, &err)) vo_hub_flush(hub);
}

/* Peers are found again by their address, so they are opened where they stay. */
static void open_peer(vo_peer *p, int64_t last) {
    *p = (vo_peer){0};
    cr_assert(vo_hub_open(hub, p, last, &p->user));
}
static void leave(vo_peer *p) { vo_hub_closed(hub, p->user); }

/* The next frame, NULL: none. A close is kept in p->code. */
static const char *next(vo_peer *p) {
    size_t len = 0;
    int code = 0;
    if (!p->ready) return NULL;
    const char *text = vo_hub_next(hub, p->user, &len, &code);
    if (text) cr_assert_eq(strlen(text), len);
    if (!text) p->ready = false;
    if (code) p->closed = true, p->code = code;
    return text;
}

static void tell(vo_peer *p, const char *text) {
    cr_assert(vo_hub_message(hub, p->user, text, strlen(text)));
}

/* All that comes, as ids in a row: "1 2 3", "gap 1-4 5". */
static const char *all_of(vo_peer *p) {
    static char out[4096];
    size_t len = 0;
    out[0] = '\0';
    for (const char *t; (t = next(p));) {
        long long a, b;
        const char *between = len ? " " : "";
        if (sscanf(t, "{\"event\":\"gap\",\"missed_from\":%lld,\"next\":%lld}", &a, &b) == 2)
            len += (size_t)snprintf(out + len, sizeof out - len, "%sgap %lld-%lld", between, a,
                                    b - 1);
        else if (sscanf(t, "{\"id\":%lld,", &a) == 1)
            len += (size_t)snprintf(out + len, sizeof out - len, "%s%lld", between, a);
        else
            len += (size_t)snprintf(out + len, sizeof out - len, "%s%s", between, t);
    }
    return out;
}

/* ---- one thing at a time -------------------------------------------------------------------- */

Test(hub, every_client_gets_every_event_from_now_on_once, .init = begin, .fini = end) {
    vo_peer a, b;
    say(0, 0);
    spread();
    open_peer(&a, -1);
    say(0, 0);
    say(2, 1);
    spread();
    open_peer(&b, -1);
    say(3, 2);
    spread();
    cr_expect_str_eq(all_of(&a), "2 3 4");
    cr_expect_str_eq(all_of(&b), "4");
    cr_expect_str_eq(all_of(&a), "");
    leave(&a);
    leave(&b);
}

Test(hub, an_event_is_one_text_for_all_clients, .init = begin, .fini = end) {
    vo_peer a, b;
    open_peer(&a, -1);
    open_peer(&b, -1);
    say(0, 0);
    spread();
    const char *one = next(&a), *two = next(&b);
    cr_expect_not_null(one);
    cr_expect_eq(one, two);
    leave(&a);
    leave(&b);
}

Test(hub, who_comes_back_gets_what_he_missed_from_the_ring, .init = begin, .fini = end) {
    vo_peer a;
    for (int i = 0; i < 10; i++) say(0, 0);
    spread();
    open_peer(&a, 7);
    cr_expect(a.ready);
    cr_expect_str_eq(all_of(&a), "8 9 10");
    leave(&a);
}

Test(hub, who_was_away_for_long_gets_what_he_missed_from_the_log_and_then_the_ring,
     .init = begin, .fini = end) {
    vo_peer a;
    for (int i = 0; i < 1000; i++) say(0, 0);
    spread();
    open_peer(&a, 20);
    cr_expect_null(next(&a), "the loop has not read the log");
    int64_t want = 21;
    for (int rounds = 0; rounds < 100 && want <= 1000; rounds++) {
        spread();
        for (const char *t; (t = next(&a)); want++) {
            long long id = 0;
            cr_assert_eq(sscanf(t, "{\"id\":%lld,", &id), 1);
            cr_assert_eq(id, want);
        }
    }
    cr_expect_eq(want, 1001);
    say(0, 0);
    spread();
    cr_expect_str_eq(all_of(&a), "1001");
    leave(&a);
}

Test(hub, what_the_log_no_longer_has_is_told_as_a_gap, .init = begin, .fini = end) {
    vo_peer a, b;
    for (int i = 0; i < 100; i++) say(0, 0);
    spread();
    events_log.trimmed = 97;
    open_peer(&a, 5);
    spread();
    cr_expect_str_eq(all_of(&a), "gap 6-97 98 99 100");
    events_log.trimmed = 100;
    open_peer(&b, 5);
    spread();
    cr_expect_str_eq(all_of(&b), "gap 6-100");
    say(0, 0);
    spread();
    cr_expect_str_eq(all_of(&b), "101");
    leave(&a);
    leave(&b);
}

Test(hub, an_id_that_was_never_given_is_told_and_what_comes_is_sent, .init = begin,
     .fini = end) {
    vo_peer a;
    for (int i = 0; i < 3; i++) say(0, 0);
    spread();
    open_peer(&a, 1000);
    spread();
    cr_expect_str_eq(all_of(&a), "gap 0-3");
    say(0, 0);
    spread();
    cr_expect_str_eq(all_of(&a), "4");
    leave(&a);
}

Test(hub, an_id_that_another_server_has_given_already_is_no_gap, .init = begin, .fini = end) {
    vo_peer a;
    say(0, 0);
    spread();
    for (int i = 0; i < 4; i++) say(0, 0); /* in the log, not yet read here */
    open_peer(&a, 4);
    spread();
    cr_expect_str_eq(all_of(&a), "5");
    leave(&a);
}

Test(hub, rows_that_are_gone_before_they_were_read_are_a_gap_for_all, .init = begin,
     .fini = end) {
    vo_peer a;
    open_peer(&a, -1);
    for (int i = 0; i < 9; i++) say(0, 0);
    events_log.trimmed = 6;
    spread();
    cr_expect_str_eq(all_of(&a), "gap 1-6 7 8 9");
    leave(&a);
}

Test(hub, a_client_whose_place_is_overwritten_is_closed_as_too_slow, .init = begin,
     .fini = end) {
    vo_peer slow, quick;
    open_peer(&slow, -1);
    open_peer(&quick, -1);
    for (int i = 0; i < 16; i++) say(0, 0), spread();
    cr_expect_str_eq(all_of(&quick), "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16");
    cr_expect_not_null(next(&slow), "16 places hold 16 events");
    for (int i = 0; i < 2; i++) say(0, 0), spread();
    cr_expect_null(next(&slow));
    cr_expect_eq(slow.code, VO_HUB_TOO_SLOW);
    cr_expect_str_eq(all_of(&quick), "17 18");
    cr_expect_eq(vo_hub_count(hub).dropped_clients, 1);
    leave(&slow);
    open_peer(&slow, 1);
    spread();
    cr_expect_str_eq(all_of(&slow), "2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18");
    leave(&slow);
    leave(&quick);
}

Test(hub, a_text_being_sent_outlives_its_place_in_the_ring, .init = begin, .fini = end) {
    vo_peer a;
    open_peer(&a, -1);
    say(0, 0);
    spread();
    const char *text = next(&a);
    for (int i = 0; i < 100; i++) say(0, 0), spread();
    cr_expect_str_eq(text, "{\"id\":1,\"event\":\"job\",\"about\":\"\"}");
    leave(&a);
}

Test(hub, the_ring_is_bounded_in_bytes_too) {
    vo_hub_settings s = vo_hub_settings_default();
    s.ring_bytes = 2048;
    cr_assert_eq(vo_hub_create(&s, &hub, NULL), VO_OK);
    vo_peer a;
    open_peer(&a, -1);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(vo_hub_publish(hub, "price", "n", "{\"much\":\"...................\"}",
                                    1500000000250, NULL),
                     VO_OK);
    cr_expect_null(next(&a));
    cr_expect_eq(a.code, VO_HUB_TOO_SLOW);
    vo_peer b;
    open_peer(&b, 99);
    cr_expect_str_eq(next(&b),
                     "{\"id\":100,\"event\":\"price\",\"time\":\"2017-07-14T02:40:00.250Z\","
                     "\"much\":\"...................\"}");
    leave(&a);
    leave(&b);
    vo_hub_free(hub);
}

Test(hub, without_a_log_what_the_ring_lost_is_a_gap) {
    begin_with(4, false);
    vo_peer a;
    for (int i = 0; i < 10; i++)
        cr_assert_eq(vo_hub_publish(hub, "price", NULL, "{}", 0, NULL), VO_OK);
    open_peer(&a, 2);
    cr_expect_str_eq(all_of(&a), "gap 3-6 7 8 9 10");
    leave(&a);
    open_peer(&a, 11);
    cr_expect_str_eq(all_of(&a), "gap 0-10");
    leave(&a);
    end();
}

Test(hub, a_client_may_leave_while_the_log_is_read_for_him, .init = begin, .fini = end) {
    vo_peer a, b;
    for (int i = 0; i < 100; i++) say(0, 0);
    spread();
    open_peer(&a, 1);
    open_peer(&b, 90 - 10);
    vo_error err;
    leave(&a); /* asked, not yet read */
    cr_expect(vo_hub_tail(hub, &err));
    vo_hub_flush(hub);
    cr_expect_not_null(next(&b));
    leave(&b); /* with most of his piece unread */
    open_peer(&a, 1);
    cr_expect(vo_hub_tail(hub, &err));
    leave(&a); /* read, not yet handed over */
    vo_hub_flush(hub);
    cr_expect_eq(vo_hub_count(hub).clients, 0);
}

Test(hub, a_log_that_cannot_be_read_is_read_again_later, .init = begin, .fini = end) {
    vo_peer a;
    vo_error err;
    for (int i = 0; i < 100; i++) say(0, 0);
    spread();
    open_peer(&a, 95 - 20);
    for (int failing = 1; failing <= 4; failing++) {
        events_log.failing = failing;
        while (events_log.failing > 0) {
            cr_expect_not(vo_hub_tail(hub, &err));
            cr_expect_eq(err.code, VO_EIO);
        }
    }
    spread();
    cr_expect_str_eq(all_of(&a), "76 77 78 79 80 81 82 83 84 85 86 87 88 89 90 91 92 93 94 95 "
                                 "96 97 98 99 100");
    leave(&a);
}

Test(hub, more_clients_than_may_read_the_log_at_once_all_get_their_turn, .init = begin,
     .fini = end) {
    enum { MANY = 500 };
    static vo_peer p[MANY];
    for (int i = 0; i < 100; i++) say(0, 0);
    spread();
    for (int i = 0; i < MANY; i++) open_peer(&p[i], 70);
    for (int i = 3; i < MANY; i += 7) leave(&p[i]), p[i].user = NULL; /* from within the line */
    int done = 0;
    for (int rounds = 0; rounds < 100; rounds++) {
        spread();
        for (int i = 0; i < MANY; i++)
            for (const char *t; p[i].user && (t = next(&p[i]));)
                done += strncmp(t, "{\"id\":100,", 10) == 0;
    }
    cr_expect_eq(done, MANY - 71);
    for (int i = 0; i < MANY; i++)
        if (p[i].user) leave(&p[i]);
}

/* ---- messages -------------------------------------------------------------------------------- */

Test(hub, a_client_hears_what_he_subscribed_to_and_nothing_else, .init = begin, .fini = end) {
    vo_peer a;
    open_peer(&a, -1);
    tell(&a, "{\"subscribe\": [\"job*\"], \"about\": [\"a\"]}");
    tell(&a, "{\"subscribe\": [\"trade\"]}");
    cr_expect_str_eq(all_of(&a),
                     "{\"event\":\"subscribed\",\"subscriptions\":1,\"last_id\":0} "
                     "{\"event\":\"subscribed\",\"subscriptions\":2,\"last_id\":0}");
    for (size_t n = 0; n < 4; n++)
        for (size_t o = 0; o < 3; o++) say(n, o); /* ids 1..12: by name, then about */
    spread();
    cr_expect_str_eq(all_of(&a), "2 5 10 11 12");
    tell(&a, "{\"unsubscribe\": [\"trade\"]}");
    (void)all_of(&a);
    say(3, 0);
    say(1, 1);
    spread();
    cr_expect_str_eq(all_of(&a), "14");
    tell(&a, "{\"about\": [\"b\"]}"); /* any event */
    (void)all_of(&a);
    say(3, 2);
    spread();
    cr_expect_str_eq(all_of(&a), "15");
    leave(&a);
}

Test(hub, all_unsubscribed_is_silence, .init = begin, .fini = end) {
    vo_peer a;
    open_peer(&a, -1);
    tell(&a, "{\"unsubscribe\": [\"*\"]}");
    cr_expect_str_eq(all_of(&a),
                     "{\"event\":\"subscribed\",\"subscriptions\":0,\"last_id\":0}");
    say(0, 0);
    spread();
    cr_expect_str_eq(all_of(&a), "");
    leave(&a);
}

Test(hub, a_ping_is_answered_with_itself_and_the_last_id, .init = begin, .fini = end) {
    vo_peer a;
    say(0, 0);
    spread();
    open_peer(&a, -1);
    tell(&a, "{\"ping\": 7}");
    tell(&a, "{\"ping\": \"x\\\"y\"}");
    cr_expect_str_eq(next(&a), "{\"event\":\"pong\",\"ping\":7,\"last_id\":1}");
    cr_expect_str_eq(next(&a), "{\"event\":\"pong\",\"ping\":\"x\\\"y\",\"last_id\":1}");
    leave(&a);
}

Test(hub, a_bad_message_is_answered_in_words_and_changes_nothing, .init = begin, .fini = end) {
    static const struct {
        const char *text, *word;
    } bad[] = {{"", "line 1"},
               {"{", "line 1"},
               {"[]", "object"},
               {"{}", "empty"},
               {"{\"subscribe\": \"job\"}", "subscribe: must be a list"},
               {"{\"subscribe\": []}", "subscribe: must be a list"},
               {"{\"subscribe\": [1]}", "subscribe[0]"},
               {"{\"subscribe\": [\"job\", \"j*b\"]}", "subscribe[1]"},
               {"{\"subscribe\": [\"price\", \"\"]}", "subscribe[1]"},
               {"{\"subscribe\": [\"price\"], \"about\": [\"\"]}", "about[0]"},
               {"{\"subscribe\": [\"price\"], \"about\": [\"\\u0001\"]}", "about[0]"},
               {"{\"unsubscribe\": [\"price\"]}", "no subscription yet"},
               {"{\"subscribe\": [\"price\"], \"ping\": 1}", "alone"},
               {"{\"ping\": []}", "ping: must be"},
               {"{\"subscrib\": [\"price\"]}", "subscrib"}};
    vo_peer a;
    open_peer(&a, -1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        tell(&a, bad[i].text);
        const char *t = next(&a);
        cr_assert_not_null(t);
        cr_expect(strncmp(t, "{\"event\":\"error\",\"detail\":\"", 27) == 0, "%s", t);
        cr_expect_not_null(strstr(t, bad[i].word), "%s: %s", bad[i].text, t);
    }
    say(3, 0);
    spread();
    cr_expect_str_eq(all_of(&a), "1", "all events still come");
    leave(&a);
}

Test(hub, subscriptions_are_bounded_and_refused_whole, .init = begin, .fini = end) {
    vo_peer a;
    char text[4000] = "{\"subscribe\": [\"price\", \"trade\"], \"about\": [\"n0\"";
    open_peer(&a, -1);
    for (int i = 1; i < 40; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), ", \"n%d\"", i);
    strcat(text, "]}");
    tell(&a, text);
    cr_expect_not_null(strstr(next(&a), "more than 64 subscriptions"));
    say(0, 0);
    spread();
    cr_expect_str_eq(all_of(&a), "1");
    leave(&a);
}

Test(hub, who_never_reads_the_answers_to_his_messages_is_refused, .init = begin, .fini = end) {
    vo_peer a;
    open_peer(&a, -1);
    for (int i = 0; i < 64; i++) tell(&a, "{\"ping\": 1}");
    cr_expect_not(vo_hub_message(hub, a.user, "{\"ping\": 1}", 11));
    leave(&a);
}

/* ---- at random, against the log itself ----------------------------------------------------- */

enum { CLIENTS = 24, MOST_GAPS = 64 };

typedef struct {
    vo_peer peer;
    bool here;
    size_t filter;   /* 0: all; 1: job*; 2: about a; 3: price of b, and trade */
    int64_t began;   /* ids above are for him               */
    int64_t got;     /* the last he got                     */
    int64_t checked; /* all up to here were got, or are not for him */
    int64_t gap_from, gap_to;
    int64_t quiet_at; /* the log's last when there was nothing more for him */
} model;

static bool is_for(const model *m, int64_t id) {
    const int name = events_log.name[id - 1], about = events_log.about[id - 1];
    switch (m->filter) {
    case 1:
        return name <= 1;
    case 2:
        return about == 1;
    case 3:
        return (name == 2 && about == 2) || name == 3;
    default:
        return true;
    }
}

static void join(model *m, vo_random *r, int64_t flushed) {
    static const char *const message[] = {NULL, "{\"subscribe\":[\"job*\"]}",
                                          "{\"about\":[\"a\"]}",
                                          "{\"subscribe\":[\"price\"],\"about\":[\"b\"]}"};
    int64_t last = -1;
    if (vo_random_below(r, 3) > 0)
        last = (int64_t)vo_random_below(r, (uint64_t)events_log.last + 1);
    *m = (model){.here = true, .filter = (size_t)vo_random_below(r, 4)};
    open_peer(&m->peer, last);
    if (message[m->filter]) tell(&m->peer, message[m->filter]);
    if (m->filter == 3) tell(&m->peer, "{\"subscribe\":[\"trade\"]}");
    m->began = m->got = m->checked = last < 0 ? flushed : last;
    m->quiet_at = m->began;
}

/* One frame: in order, wanted, and nothing between it and the one before was left out. */
static void judge(model *m, const char *t) {
    long long id, next_id;
    if (strstr(t, "\"subscribed\"")) return;
    if (sscanf(t, "{\"event\":\"gap\",\"missed_from\":%lld,\"next\":%lld}", &id, &next_id) ==
        2) {
        cr_assert_eq(id, m->checked + 1, "a gap begins after what was passed");
        cr_assert_leq(next_id - 1, events_log.trimmed, "what is there is no gap");
        for (int64_t i = m->checked + 1; i < id; i++) cr_assert_not(is_for(m, i));
        m->checked = next_id - 1;
        return;
    }
    cr_assert_eq(sscanf(t, "{\"id\":%lld,", &id), 1, "%s", t);
    cr_assert_gt(id, m->checked);
    cr_assert(is_for(m, id));
    for (int64_t i = m->checked + 1; i < id; i++)
        cr_assert_not(is_for(m, i), "%lld was left out before %lld", (long long)i, id);
    m->checked = id;
}

static void listen(model *m, size_t frames, int64_t flushed, size_t ring) {
    while (frames-- > 0) {
        const char *t = next(&m->peer);
        if (t) {
            judge(m, t);
            continue;
        }
        if (m->peer.closed) {
            cr_assert_eq(m->peer.code, VO_HUB_TOO_SLOW);
            cr_assert_geq(flushed - m->quiet_at, (int64_t)ring, "he was not slow");
            leave(&m->peer);
            m->here = false;
        }
        return;
    }
}

static void random_rounds(uint64_t seed, size_t ring, int rounds) {
    static model c[CLIENTS];
    vo_random r = vo_random_seed(seed, 1);
    begin_with(ring, true);
    memset(c, 0, sizeof c);
    int64_t flushed = 0;
    for (int round = 0; round < rounds; round++) {
        for (uint64_t n = vo_random_below(&r, 4); n > 0; n--)
            say((size_t)vo_random_below(&r, 4), (size_t)vo_random_below(&r, 3));
        if (vo_random_below(&r, 40) == 0 && flushed > 0) /* never what nobody has read yet */
            events_log.trimmed +=
                (int64_t)vo_random_below(&r, (uint64_t)(flushed - events_log.trimmed) + 1);
        if (vo_random_below(&r, 2) == 0) {
            vo_error err;
            if (vo_random_below(&r, 10) == 0) events_log.failing = 1;
            if (vo_random_below(&r, 4) == 0) {
                (void)vo_hub_tail(hub, &err);
                vo_hub_flush(hub);
            } else {
                spread();
                if (events_log.failing == 0 && !vo_hub_tail(hub, &err) && err.code == 0)
                    flushed = events_log.last;
            }
        }
        model *m = &c[vo_random_below(&r, CLIENTS)];
        if (!m->here && flushed == events_log.last)
            join(m, &r, flushed);
        else if (m->here && vo_random_below(&r, 60) == 0) {
            leave(&m->peer);
            m->here = false;
        }
        for (int i = 0; i < 6; i++) {
            m = &c[vo_random_below(&r, CLIENTS)];
            if (!m->here) continue;
            listen(m, vo_random_below(&r, 8), events_log.last, ring);
            if (m->here && !m->peer.ready)
                m->quiet_at = flushed < m->checked ? flushed : m->checked;
        }
    }
    events_log.failing = 0;
    for (int i = 0; i < 200; i++) { /* everybody reads to the end */
        spread();
        for (size_t k = 0; k < CLIENTS; k++)
            if (c[k].here) listen(&c[k], SIZE_MAX, events_log.last, 0);
    }
    for (size_t k = 0; k < CLIENTS; k++) {
        if (!c[k].here) continue;
        for (int64_t i = c[k].checked + 1; i <= events_log.last; i++)
            cr_assert_not(is_for(&c[k], i), "%lld never came", (long long)i);
        leave(&c[k].peer);
    }
    end();
}

Test(hub, order_and_completeness_hold_for_random_clients) {
    for (uint64_t seed = 1; seed <= 30; seed++) random_rounds(seed, 8, 400);
    for (uint64_t seed = 1; seed <= 8; seed++) random_rounds(seed, 128, 1200);
}

/* ---- many, and on two threads --------------------------------------------------------------- */

Test(hub, one_event_for_ten_thousand_clients_wakes_each_of_them) {
    enum { MANY = 10000 };
    vo_peer *p = calloc(MANY, sizeof *p);
    begin_with(64, true);
    for (int i = 0; i < MANY; i++) open_peer(&p[i], -1);
    say(2, 1);
    spread();
    int got = 0;
    for (int i = 0; i < MANY; i++) got += p[i].ready && next(&p[i]) && !next(&p[i]);
    cr_expect_eq(got, MANY);
    cr_expect_eq(vo_hub_count(hub).clients, MANY);
    cr_expect_eq(vo_hub_count(hub).sent, MANY);
    for (int i = 0; i < MANY; i++) leave(&p[(i * 7919) % MANY]);
    cr_expect_eq(vo_hub_count(hub).clients, 0);
    free(p);
    end();
}

enum { SAID = 3000 };

static atomic_bool all_read;

static void write_and_tail(void *ctx) {
    vo_error err;
    (void)ctx;
    for (int i = 0; i < SAID; i++) {
        say((size_t)i % 4, (size_t)i % 3);
        if (i % 3 == 0) (void)vo_hub_tail(hub, &err);
    }
    while (!atomic_load(&all_read)) (void)vo_hub_tail(hub, &err);
}

Test(hub, the_threads_of_log_and_loop_share_only_what_is_locked) {
    begin_with(64, true);
    vo_task *writer = NULL;
    vo_peer p[4];
    long long last[4] = {0};
    for (int i = 0; i < 4; i++) open_peer(&p[i], 0);
    cr_assert_eq(vo_task_start(write_and_tail, NULL, &writer, NULL), VO_OK);
    for (bool more = true; more;) {
        vo_hub_flush(hub);
        more = false;
        for (int i = 0; i < 4; i++) {
            for (const char *t; (t = next(&p[i]));) {
                long long id;
                cr_assert_eq(sscanf(t, "{\"id\":%lld,", &id), 1);
                cr_assert_eq(id, last[i] + 1);
                last[i] = id;
            }
            if (p[i].closed) { /* he comes back with what he has seen */
                leave(&p[i]);
                open_peer(&p[i], last[i]);
            }
            more = more || last[i] < SAID;
        }
    }
    atomic_store(&all_read, true);
    vo_task_join(writer);
    for (int i = 0; i < 4; i++) {
        cr_expect_eq(last[i], SAID);
        leave(&p[i]);
    }
    end();
}

/* ---- keys that go, and the end ---------------------------------------------------------------- */

static bool holds_good(void *ctx, const char *key_id) {
    ++*(int *)ctx;
    return strcmp(key_id, "good") == 0;
}

Test(hub, who_came_with_a_key_that_no_longer_holds_gets_nothing_more) {
    begin();
    vo_peer p[5];
    static const char *const key[] = {"good", "bad", "", "bad", "bad"};
    int asked = 0;
    for (int i = 0; i < 40; i++) say(0, 0);
    spread();
    for (int i = 0; i < 4; i++) {
        open_peer(&p[i], -1);
        vo_hub_name(hub, p[i].user, key[i]);
    }
    open_peer(&p[4], 0); /* waits for old events */
    vo_hub_name(hub, p[4].user, "bad");
    say(0, 0);
    spread();
    vo_hub_expel(hub, holds_good, &asked);
    cr_expect_geq(asked, 2);
    cr_expect_str_eq(all_of(&p[0]), "41");
    cr_expect_str_eq(all_of(&p[2]), "41");
    for (int i = 1; i < 5; i++) {
        if (i == 2) continue;
        cr_expect_str_eq(all_of(&p[i]), "");
        cr_expect_eq(p[i].code, VO_HUB_KEY_GONE, "%d: %d", i, p[i].code);
        leave(&p[i]);
    }
    cr_expect_eq((int)vo_hub_count(hub).dropped_clients, 0, "they were not too slow");
    say(0, 0);
    spread();
    cr_expect_str_eq(all_of(&p[0]), "42");
    cr_expect_not(p[0].closed || p[2].closed);
    leave(&p[0]);
    leave(&p[2]);
    end();
}

Test(hub, at_the_end_all_are_closed_when_they_have_heard_all) {
    begin();
    vo_peer idle, behind, old;
    for (int i = 0; i < 40; i++) say(0, 0);
    spread();
    open_peer(&idle, -1);
    open_peer(&behind, -1);
    open_peer(&old, 35); /* in the ring */
    cr_expect_str_eq(all_of(&idle), "");
    cr_expect_str_eq(all_of(&old), "36 37 38 39 40");
    vo_peer older;
    open_peer(&older, 3); /* in the log only */
    say(0, 0);
    vo_error err;
    cr_assert(vo_hub_tail(hub, &err));
    vo_hub_flush(hub);
    vo_hub_farewell(hub);
    cr_expect_str_eq(all_of(&behind), "41");
    cr_expect_eq(behind.code, 1001);
    cr_expect_str_eq(all_of(&idle), "41");
    cr_expect_eq(idle.code, 1001);
    size_t heard = 0;
    for (int turn = 0; turn < 20 && !older.closed; turn++) {
        for (const char *t; (t = next(&older));) heard++;
        (void)vo_hub_tail(hub, &err);
        vo_hub_flush(hub);
    }
    cr_expect_eq(heard, 38, "%zu", heard);
    cr_expect_eq(older.code, 1001);
    leave(&idle);
    leave(&behind);
    leave(&old);
    leave(&older);
    end();
}
