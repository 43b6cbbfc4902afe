/* engine.h -- the whole engine as documents in, documents out.
 *
 * A request is one JSON object in UTF-8, a response another; docs/api.md lists both field by
 * field. The command line, the server, the Lambda and the bindings call these functions and
 * nothing else, so all of them say the same.
 *
 * Ownership: requests are borrowed for the call; responses are the caller's: vo_text_free.
 * Errors:  VO_EINVAL names the field by its path in the request, the value and the remedy;
 *          VO_ENOTFOUND what is not there and where it was looked for; VO_ECANCELED when the
 *          progress callback said stop. On failure *response is untouched.
 * Threads: an engine may be shared; each call owns its request. The progress callback may be
 *          called from any thread, one call at a time.
 */
#ifndef VOLTEO_ENGINE_H
#define VOLTEO_ENGINE_H

#include <stddef.h>

#include <volteo/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Changes when a struct or a function of include/volteo changes in a way that a caller built
 * against the old one would notice. */
#define VO_ABI_VERSION                                                                         \
    4 /* 2: vo_engine_options.detail; 3: .most_bytes, vo_schedule_options.stop, .most_lp_steps; \
         4: vo_engine_options.event */

int32_t vo_abi_version(void); /* VO_ABI_VERSION of the library in use */
const char *vo_version(void); /* "0.1.0" */

/* Told now and then how far the work is, 0..1. Returning non-zero stops it: VO_ECANCELED. */
typedef int32_t (*vo_progress)(void *ctx, const char *phase, double fraction);

/* The same with figures: `loss` of what is learned, NAN if none; `epoch`, the round of learning
 * just done, from 1; -1: none. */
typedef int32_t (*vo_progress_detail)(void *ctx, const char *phase, double fraction,
                                      double loss, int32_t epoch);

/* Something happened while the work goes on: `topic` ("trade"), and what as a JSON object; both are
 * borrowed for the call. */
typedef void (*vo_event_told_of)(void *ctx, const char *topic, const char *document);

struct vo_model_cache;

typedef struct {
    const char *lake;          /* folder of the Parquet lake; NULL: "lake"                  */
    const char *models;        /* folder of trained models; NULL: "models"                  */
    vo_progress progress;      /* or NULL                                                   */
    void *progress_ctx;        /* passed to it                                              */
    int32_t allow_files;       /* 1: requests may name local files (prices_file, ...), read */
                               /*    with this process's rights; 0: they are refused        */
    int32_t threads;           /* 0: all cores                                              */
    int32_t at_once;           /* 1: somebody waits: what takes more than seconds is refused */
                               /*    (simulate), to be ordered as a job; 0: it is done       */
    vo_progress_detail detail; /* beside or instead of progress, or NULL               */
    void *detail_ctx;          /* passed to it                                         */
    struct vo_model_cache *kept; /* the engine's own models in memory: leave it NULL   */
    int64_t most_bytes;          /* an answer of more is refused, VO_EINVAL; 0: of any size */
    vo_event_told_of event;      /* or NULL                                              */
    void *event_ctx;             /* passed to it                                         */
} vo_engine_options;

vo_engine_options vo_engine_options_default(void); /* "lake", "models", no files, all cores */

typedef struct vo_engine vo_engine;

/* *out is the caller's: vo_engine_close. Opens no file and starts no thread. VO_ENOMEM. */
vo_status vo_engine_open(const vo_engine_options *o, vo_engine **out, vo_error *err);
void vo_engine_close(vo_engine *e); /* accepts NULL */

void vo_text_free(char *text); /* accepts NULL */

/* The best schedule of batteries for known prices: POST /optimize. */
vo_status vo_engine_optimize(vo_engine *e, const char *request, char **response, vo_error *err);

/* Several policies over the same days, in one table. */
vo_status vo_engine_compare(vo_engine *e, const char *request, char **response, vo_error *err);

/* compare with per-day results, and with curves for the report. */
vo_status vo_engine_backtest(vo_engine *e, const char *request, char **response, vo_error *err);

/* What one battery should do now, why, how sure, and at which price it would be something else:
 * POST /api/v1/decide. */
vo_status vo_engine_decide(vo_engine *e, const char *request, char **response, vo_error *err);

/* How good are forecasts: ours, published ones and naive ones over the same days, with errors,
 * intervals, tests and what a battery planned on them would have earned. */
vo_status vo_engine_evaluate(vo_engine *e, const char *request, char **response, vo_error *err);

/* Learns a forecaster or a policy from prices and registers it in the folder of models. */
vo_status vo_engine_train(vo_engine *e, const char *request, char **response, vo_error *err);

/* The id of the model that a request to train (or, with `again`, to retrain) is about, whether it
 * says so or leaves it to its method. *id is the caller's: vo_text_free. */
vo_status vo_engine_training_id(const char *request, int32_t again, char **id, vo_error *err);

/* Would such a request ("optimize", "compare", "backtest", "train", "retrain" or "simulate") begin, as
 * far as can be told without doing it: fields, prices, horizons, names? VO_OK for other kinds. For
 * those who accept work that is done later. */
vo_status vo_engine_check(vo_engine *e, const char *kind, const char *request, vo_error *err);

/* Prices to come, with quantiles, by a trained model or a forecaster that needs none. */
vo_status vo_engine_forecast(vo_engine *e, const char *request, char **response, vo_error *err);

/* What a trained model says: a price to come with its interval, or what a battery should do. */
vo_status vo_engine_predict(vo_engine *e, const char *request, char **response, vo_error *err);

/* Trains a challenger on data to date; it replaces the champion only if it is not worse. */
vo_status vo_engine_retrain(vo_engine *e, const char *request, char **response, vo_error *err);

/* The registry of trained models: what there is; one version with its history; which version is
 * in production, and back; old versions away; is it sound. */
vo_status vo_engine_models_list(vo_engine *e, const char *request, char **response,
                                vo_error *err);
vo_status vo_engine_models_show(vo_engine *e, const char *request, char **response,
                                vo_error *err);
/* Its figures by horizon; what of its features mattered. */
vo_status vo_engine_models_metrics(vo_engine *e, const char *request, char **response,
                                   vo_error *err);
vo_status vo_engine_models_importance(vo_engine *e, const char *request, char **response,
                                      vo_error *err);
vo_status vo_engine_models_promote(vo_engine *e, const char *request, char **response,
                                   vo_error *err);
vo_status vo_engine_models_rollback(vo_engine *e, const char *request, char **response,
                                    vo_error *err);
vo_status vo_engine_models_prune(vo_engine *e, const char *request, char **response,
                                 vo_error *err);
vo_status vo_engine_models_doctor(vo_engine *e, const char *request, char **response,
                                  vo_error *err);

/* Two versions of a trained model over the same last days. */
vo_status vo_engine_models_compare(vo_engine *e, const char *request, char **response,
                                   vo_error *err);

/* A source file into the lake, cleaned, with a report of every value touched. */
vo_status vo_engine_data_import(vo_engine *e, const char *request, char **response,
                                vo_error *err);

/* From a web service into the lake. Never asked by anything but this call. */
vo_status vo_engine_data_fetch(vo_engine *e, const char *request, char **response,
                               vo_error *err);

/* The environment variable that holds the key of a web service ("entsoe": VOLTEO_ENTSOE_TOKEN),
 * for programs: the library reads none. NULL: no such service, or it has no key. */
const char *vo_engine_key_variable(const char *client);

/* What the lake holds; one of its series in figures; a span of it as a file; a span of it out of
 * the lake; is the lake sound; the same lake in less room. */
vo_status vo_engine_data_list(vo_engine *e, const char *request, char **response,
                              vo_error *err);
vo_status vo_engine_data_show(vo_engine *e, const char *request, char **response,
                              vo_error *err);
vo_status vo_engine_data_export(vo_engine *e, const char *request, char **response,
                                vo_error *err);
vo_status vo_engine_data_remove(vo_engine *e, const char *request, char **response,
                                vo_error *err);
vo_status vo_engine_data_doctor(vo_engine *e, const char *request, char **response,
                                vo_error *err);
vo_status vo_engine_data_compact(vo_engine *e, const char *request, char **response,
                                 vo_error *err);

/* Which markets of prices the lake holds; which nodes, page by page. */
vo_status vo_engine_markets(vo_engine *e, const char *request, char **response, vo_error *err);
vo_status vo_engine_nodes(vo_engine *e, const char *request, char **response, vo_error *err);

/* An answer that need not be JSON. content_type lives for ever ("text/csv; charset=utf-8"). */
typedef struct {
    char *bytes; /* the caller's: vo_document_fini */
    size_t len;
    const char *content_type;
} vo_document;
void vo_document_fini(vo_document *d); /* accepts a zeroed one, and NULL */

/* A span of a node's prices as JSON, CSV, Parquet or an Arrow stream, as they are or in coarser
 * steps of local time. */
vo_status vo_engine_prices(vo_engine *e, const char *request, vo_document *out, vo_error *err);

/* Prices of the request into the lake, cleaned, by the rules of data_import. */
vo_status vo_engine_prices_add(vo_engine *e, const char *request, char **response,
                               vo_error *err);

/* SYNTHETIC data, into a file, the lake or the response. */
vo_status vo_engine_data_synth(vo_engine *e, const char *request, char **response,
                               vo_error *err);

/* A community of homes, generated (SYNTHETIC) or from files, that trade energy: what each pays, what
 * it would pay without, and what nobody could beat. */
vo_status vo_engine_simulate(vo_engine *e, const char *request, char **response, vo_error *err);

/* Is everything here that the engine needs? VO_OK with {"ok": false, ...} if not. */
vo_status vo_engine_doctor(vo_engine *e, const char *request, char **response, vo_error *err);

/* One self-contained HTML page with charts, from the response of vo_engine_backtest, of
 * vo_engine_evaluate with curves, or of vo_engine_simulate. */
vo_status vo_engine_report(vo_engine *e, const char *backtest, char **html, vo_error *err);

#ifdef __cplusplus
}
#endif
#endif
