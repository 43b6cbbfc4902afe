/* Open lakes are lent to one at a time and come back; many threads may ask. */
#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/engine.h>

#include "base/json.h"
#include "engine/price_desk.h"
#include "port/thread.h"

#define LOANS 400u

typedef struct {
    vo_price_desk *desk;
    atomic_uint held; /* lakes that are out */
    vo_lake *lake[8]; /* by thread */
    atomic_bool twice;
} counter;

static vo_status borrow(void *ctx, size_t i, size_t worker, vo_error *err) {
    counter *c = ctx;
    vo_lake_entry *entry = NULL;
    size_t n = 1;
    (void)i;
    vo_status s = vo_price_desk_borrow(c->desk, &c->lake[worker], err);
    if (s != VO_OK) return s;
    atomic_fetch_add(&c->held, 1);
    s = vo_lake_list(c->lake[worker], &entry, &n, err);
    if (n != 0) atomic_store(&c->twice, true);
    free(entry);
    atomic_fetch_sub(&c->held, 1);
    vo_price_desk_return(c->desk, c->lake[worker]);
    return s;
}

Test(price_desk, threads_borrow_and_return_lakes) {
    counter c = {.held = 0};
    cr_assert_eq(vo_price_desk_create("/nowhere/lake", &c.desk, NULL), VO_OK);
    cr_assert_eq(vo_thread_for(LOANS, 4, borrow, &c, NULL), VO_OK);
    cr_expect_not(atomic_load(&c.twice));
    vo_lake *first = NULL, *second = NULL, *again = NULL;
    cr_assert_eq(vo_price_desk_borrow(c.desk, &first, NULL), VO_OK);
    cr_assert_eq(vo_price_desk_borrow(c.desk, &second, NULL), VO_OK);
    cr_expect_neq(first, second);
    vo_price_desk_return(c.desk, first);
    cr_assert_eq(vo_price_desk_borrow(c.desk, &again, NULL), VO_OK);
    cr_expect_eq(again, first, "what came back is lent again");
    vo_price_desk_return(c.desk, again);
    vo_price_desk_return(c.desk, second);
    vo_price_desk_return(c.desk, NULL);
    vo_price_desk_free(c.desk);
    vo_price_desk_free(NULL);
}

Test(price_desk, a_lake_that_cannot_be_opened_is_refused) {
    vo_price_desk *desk = NULL;
    vo_lake *lake = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_price_desk_create("lake*", &desk, NULL), VO_OK);
    cr_expect_eq(vo_price_desk_borrow(desk, &lake, &err), VO_EINVAL);
    cr_expect(!lake && strstr(err.msg, "wildcard"));
    vo_price_desk_free(desk);
}

static vo_status read_or_write(void *ctx, size_t i, size_t worker, vo_error *err) {
    vo_engine *e = ctx;
    char request[300], *answer = NULL;
    (void)worker;
    if (i % 3 == 0) {
        snprintf(request, sizeof request,
                 "{\"market\": \"M\", \"node\": \"A\", \"start\": \"2024-01-01\", \"prices\": "
                 "[%zu, %zu, %zu]}",
                 i + 1, i + 1, i + 1);
        const vo_status s = vo_engine_prices_add(e, request, &answer, err);
        vo_text_free(answer);
        return s;
    }
    vo_document d = {0};
    const vo_status s = vo_engine_prices(
        e, "{\"market\": \"M\", \"node\": \"A\", \"format\": \"csv\"}", &d, err);
    double a = 0, b = 0, c = 0;
    if (s == VO_OK) { /* every reader sees one writer's hours */
        const int n =
            sscanf(d.bytes, "timestamp,price %*[^,],%lf %*[^,],%lf %*[^,],%lf", &a, &b, &c);
        if (n != 3 || a != b || b != c)
            return vo_fail(err, VO_ENUMERIC, "%d: %g %g %g in %.200s", n, a, b, c, d.bytes);
    }
    vo_document_fini(&d);
    return s;
}

Test(price_desk, readers_see_whole_writes_with_many_threads) {
    char folder[500], command[600], *answer = NULL;
    vo_engine *e = NULL;
    vo_error err = {0};
    snprintf(folder, sizeof folder, "%s/tests/price_desk_lake", VOLTEO_BINARY_DIR);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
    vo_engine_options o = vo_engine_options_default();
    o.lake = folder;
    cr_assert_eq(vo_engine_open(&o, &e, NULL), VO_OK);
    cr_assert_eq(vo_engine_prices_add(e,
                                      "{\"market\": \"M\", \"node\": \"A\", \"start\": "
                                      "\"2024-01-01\", \"prices\": [1, 1, 1]}",
                                      &answer, &err),
                 VO_OK, "%s", err.msg);
    vo_text_free(answer);
    cr_expect_eq(vo_thread_for(60, 4, read_or_write, e, &err), VO_OK, "%s", err.msg);
    vo_engine_close(e);
}
