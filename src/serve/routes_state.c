/* routes_state.c -- the server about itself. All but the metrics answer from memory, on the loop. */
#include "serve/assets.h"
#include "serve/problem_json.h"
#include "serve/routes.h"

void vo_route_healthz(const vo_call *c) {
    static const char ok[] = "{\"status\":\"ok\"}";
    c->x->status = 200;
    c->x->type = "application/json";
    c->x->still = ok;
    c->x->answer_len = sizeof ok - 1;
}

void vo_route_readyz(const vo_call *c) {
    static const char ready[] = "{\"status\":\"ready\"}";
    const char *trouble = vo_service_trouble(c->service);
    if (trouble) {
        vo_answer_busy(c->x, 5, trouble);
        return;
    }
    c->x->status = 200;
    c->x->type = "application/json";
    c->x->still = ready;
    c->x->answer_len = sizeof ready - 1;
}

void vo_route_metrics(const vo_call *c) {
    vo_error err = {0};
    char *text = NULL;
    size_t len = 0;
    const vo_status s = vo_service_metrics(c->service, &text, &len, &err);
    if (s != VO_OK) {
        vo_problem_engine(c->x, s, &err, NULL);
        return;
    }
    vo_answer_json(c->x, text, len);
    c->x->type = "text/plain; version=0.0.4; charset=utf-8";
}

void vo_route_openapi(const vo_call *c) {
    vo_answer_still(c->x, "application/json", vo_asset_openapi, vo_asset_openapi_size,
                    vo_service_etag(c->service, false));
}

void vo_route_docs(const vo_call *c) {
    vo_answer_set(c->x, "Content-Security-Policy", vo_service_docs_policy(c->service));
    vo_answer_still(c->x, "text/html; charset=utf-8", vo_asset_docs_page,
                    vo_asset_docs_page_size, vo_service_etag(c->service, true));
}

void vo_route_events(const vo_call *c) {
    vo_answer_set(c->x, "Upgrade", "websocket");
    vo_problem(c->x, 426,
               "this is a WebSocket: connect to it with a WebSocket client (ws:// or wss://)");
}
