/* routes_data.c -- market data: what there is, spans of it, more of it. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "serve/job_kinds.h"
#include "serve/routes.h"

/* The parameters that were given, as the members of a request; "limit" is a number. NULL: out of
 * memory, and the answer says so. */
static char *request_of(const vo_call *c, const char *const *name, size_t n) {
    vo_json_out *w = NULL;
    char *text = NULL;
    if (vo_json_out_create(&w, NULL) == VO_OK) {
        vo_json_out_object(w);
        for (size_t i = 0; i < n; i++) {
            const char *value = vo_param(c->params, name[i]);
            if (!value) continue;
            vo_json_out_key(w, name[i]);
            if (strcmp(name[i], "limit") == 0)
                vo_json_out_number(w, vo_param_number(c->params, name[i], 0));
            else
                vo_json_out_string(w, value);
        }
        vo_json_out_end(w);
        if (vo_json_out_take(w, &text, NULL, NULL) != VO_OK) text = NULL;
    }
    vo_json_out_free(w);
    if (!text) vo_answer_busy(c->x, 1, "out of memory: ask again");
    return text;
}

void vo_route_markets(const vo_call *c) { vo_route_engine(c, vo_engine_markets, "{}"); }

void vo_route_nodes(const vo_call *c) {
    static const char *const name[] = {"market", "process", "kind", "prefix", "limit", "after"};
    char *request = request_of(c, name, sizeof name / sizeof name[0]);
    if (request) vo_route_engine(c, vo_engine_nodes, request);
    free(request);
}

void vo_route_prices(const vo_call *c) {
    static const char *const name[] = {"kind",    "market", "process",    "node",
                                       "from",    "to",     "resolution", "statistic",
                                       "columns", "format", "limit",      "after"};
    char *request = request_of(c, name, sizeof name / sizeof name[0]);
    if (request) vo_route_document(c, request);
    free(request);
}

/* The prices are in the lake, whether or not this succeeds. */
static void tell_prices(const vo_call *c) {
    const vo_service_settings *s = c->settings;
    vo_gate *g = vo_service_gate(c->service);
    vo_error err = {0};
    vo_status r = VO_EIO;
    bool told = false;
    if (vo_gate_enter(g)) {
        r = vo_tell_prices(s->db, c->x->answer, c->x->answer_len, &told, &err);
        vo_gate_leave(g, r != VO_EIO);
    } else {
        vo_fail(&err, r, "the state database does not answer now");
    }
    if (r != VO_OK && s->untold) s->untold(s->untold_ctx, &err);
}

void vo_route_prices_add(const vo_call *c) {
    vo_route_engine(c, vo_engine_prices_add, c->x->body);
    if (c->x->status == 200) tell_prices(c);
}
