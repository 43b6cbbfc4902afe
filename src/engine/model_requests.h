/* model_requests.h -- list, show, promote, rollback, prune and doctor: the registry of trained
 * models, as documents. The folder is the engine's (vo_engine_options.models). */
#ifndef VO_ENGINE_MODEL_REQUESTS_H
#define VO_ENGINE_MODEL_REQUESTS_H

#include <volteo/engine.h>

#include "base/json.h"
#include "engine/fields.h"

// clang-format off
/* X(name, kind, lo, hi, unit, help): of all requests about models; each takes some */
#define VO_MODELS_FIELD_MAP(X)                                                                  \
    X(id,        TEXT,    0, 0,   "", "the model's id; list, prune: default all")               \
    X(model,     TEXT,    0, 0,   "", "ID, ID@VERSION, ID@latest, ID@champion, ID@challenger")  \
    X(alias,     TEXT,    0, 0,   "", "promote: champion (default) or challenger")              \
    X(reason,    TEXT,    0, 0,   "", "promote, rollback: why, for the log")                    \
    X(metrics,   ANY,     0, 0,   "", "promote: the figures that decided; default its own")     \
    X(automatic, BOOL,    0, 0,   "", "decided by a program, not by a user")                    \
    X(keep,      INTEGER, 1, 1e6, "", "prune: so many newest versions; default 5")              \
    X(dry_run,   BOOL,    0, 0,   "", "prune: say what would go, and change nothing")           \
    X(mend,      BOOL,    0, 0,   "", "doctor: put right what is found")
// clang-format on

/* The table, for the test of the documentation. */
const vo_field *vo_models_request_fields(size_t *n);

/* {id?} -> the models and their versions. */
vo_status vo_models_list_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                             vo_error *err);
/* {model} -> its manifest, where it comes from, what was decided about it. */
vo_status vo_models_show_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                             vo_error *err);
/* {model} -> its figures: what the registry lists, and of each horizon. */
vo_status vo_models_metrics_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                                vo_error *err);
/* {model} -> of each horizon of a boosted model the features that matter, by gain, cover and
 * permutation. VO_EUNSUPPORTED: a model of another kind. */
vo_status vo_models_importance_run(const vo_engine_options *o, const char *request,
                                   vo_json_out *w, vo_error *err);
/* {model, reason, alias?, metrics?, automatic?}; "ID" alone is ID@latest. */
vo_status vo_models_promote_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                                vo_error *err);
/* {id, reason, automatic?} -> the champion before is champion again. */
vo_status vo_models_rollback_run(const vo_engine_options *o, const char *request,
                                 vo_json_out *w, vo_error *err);
/* {id?, keep?, dry_run?, reason?, automatic?} -> what went. */
vo_status vo_models_prune_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                              vo_error *err);
/* {mend?} -> findings. */
vo_status vo_models_doctor_run(const vo_engine_options *o, const char *request, vo_json_out *w,
                               vo_error *err);

#endif
