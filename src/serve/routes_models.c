/* routes_models.c -- trained models: what there is, what they are worth, which one is used. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "serve/routes.h"

void vo_route_models(const vo_call *c) { vo_route_engine(c, vo_engine_models_list, "{}"); }

/* The body's members, and the path's {id} as the member `name`. */
static void ask(const vo_call *c, vo_engine_call *call, const char *name) {
    vo_json_out *w = NULL;
    char *request = NULL;
    if (vo_json_out_create(&w, NULL) == VO_OK) {
        vo_json_out_object(w);
        vo_json_out_key(w, name);
        vo_json_out_string(w, vo_param(c->params, "id"));
        const char *key = NULL;
        const vo_json *value = NULL;
        for (size_t i = 0; c->body && vo_json_member(c->body, i, &key, &value); i++) {
            vo_json_out_key(w, key);
            vo_json_out_value(w, value);
        }
        vo_json_out_end(w);
        if (vo_json_out_take(w, &request, NULL, NULL) != VO_OK) request = NULL;
    }
    vo_json_out_free(w);
    if (request)
        vo_route_engine(c, call, request);
    else
        vo_answer_busy(c->x, 1, "out of memory: ask again");
    free(request);
}

void vo_route_model(const vo_call *c) { ask(c, vo_engine_models_show, "model"); }
void vo_route_model_metrics(const vo_call *c) { ask(c, vo_engine_models_metrics, "model"); }
void vo_route_model_importance(const vo_call *c) {
    ask(c, vo_engine_models_importance, "model");
}
void vo_route_promote(const vo_call *c) { ask(c, vo_engine_models_promote, "model"); }
void vo_route_rollback(const vo_call *c) { ask(c, vo_engine_models_rollback, "id"); }
