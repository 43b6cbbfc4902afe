/* routes_engine.c -- documents for documents: what the engine answers by itself. */
#include <stdlib.h>
#include <string.h>

#include "serve/problem_json.h"
#include "serve/routes.h"

static void refuse(const vo_call *c, vo_status s, const vo_error *err) {
    if (s != VO_ECANCELED)
        vo_problem_engine(c->x, s, err, c->body);
    else if (vo_service_draining(c->service))
        vo_answer_busy(c->x, 5, "this server is stopping: ask again soon");
    else
        vo_problem(c->x, 504,
                   "this takes longer than an answer may: ask for less, or send it as a job, "
                   "POST /api/v1/jobs");
}

void vo_route_engine(const vo_call *c, vo_engine_call *ask, const char *request) {
    vo_error err = {0};
    char *response = NULL;
    const vo_status s = ask(c->engine, request, &response, &err);
    if (s != VO_OK)
        refuse(c, s, &err);
    else
        vo_answer_json(c->x, response, strlen(response));
}

void vo_route_document(const vo_call *c, const char *request) {
    vo_error err = {0};
    vo_document d = {0};
    const vo_status s = vo_engine_prices(c->engine, request, &d, &err);
    if (s != VO_OK) {
        refuse(c, s, &err);
        return;
    }
    c->x->status = 200;
    c->x->type = d.content_type;
    c->x->answer = d.bytes;
    c->x->answer_len = d.len;
}

/* The body as it came. */
#define X(id, call)                                                                            \
    void vo_route_##id(const vo_call *c) { vo_route_engine(c, call, c->x->body); }
X(optimize, vo_engine_optimize)
X(compare, vo_engine_compare)
X(backtest, vo_engine_backtest)
X(decide, vo_engine_decide)
X(simulate, vo_engine_simulate)
X(predict, vo_engine_predict)
#undef X
