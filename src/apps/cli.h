/* cli.h -- what the files of the program share: commands, flags, rendering.
 *
 * The program holds no logic of the domain: a table of flags becomes a request document, the
 * engine answers it, and the answer is printed as it is (--json) or laid out for people.
 */
#ifndef VO_APPS_CLI_H
#define VO_APPS_CLI_H

#include <glib.h>
#include <volteo/volteo.h>

#include "base/json.h"

enum {
    CLI_DONE = 0, /* exit codes */
    CLI_FAILED = 1,
    CLI_USAGE = 2,
    CLI_HELPED = 256 /* nothing left to do: exit with CLI_DONE */
};

/* ---- commands that run a service or touch the state database: files of their own ----------- */

/* argv[0] is the command's name ("serve"), flags follow. Return the exit code. */
int cli_serve(int argc, char **argv);  /* cli_serve.c */
int cli_worker(int argc, char **argv); /* cli_serve.c */
int cli_keys(int argc, char **argv);   /* cli_keys.c  */
int cli_jobs(int argc, char **argv);   /* cli_jobs.c  */

/* cli_state.c: what those of them that touch the state database share. */
const char *cli_time_text(int64_t ms, char out[32]); /* "2026-02-11T13:45:00Z"; 0: "" */
void cli_put_time(vo_json_out *w, const char *name, int64_t ms); /* 0: null */
vo_status cli_print_document(vo_json_out *w, vo_error *err); /* on standard output, as a line */

/* Commands as bits, so that a flag can say where it belongs. */
enum {
    CLI_OPTIMIZE = 1u,
    CLI_COMPARE = 2u,
    CLI_BACKTEST = 4u,
    CLI_IMPORT = 8u,
    CLI_LIST = 16u,
    CLI_SYNTH = 32u,
    CLI_DOCTOR = 64u,
    CLI_SHOW = 128u,
    CLI_EXPORT = 256u,
    CLI_CARE = 512u, /* data doctor */
    CLI_COMPACT = 1024u,
    CLI_FETCH = 2048u,
    CLI_REMOVE = 4096u,
    CLI_TRAIN_PRICE = 1u << 13,
    CLI_TRAIN_Q = 1u << 14,
    CLI_FORECAST = 1u << 15,
    CLI_EVALUATE = 1u << 16,
    CLI_RETRAIN = 1u << 17,
    CLI_MODELS_COMPARE = 1u << 18,
    CLI_MODELS_LIST = 1u << 19,
    CLI_MODELS_SHOW = 1u << 20,
    CLI_MODELS_PROMOTE = 1u << 21,
    CLI_MODELS_ROLLBACK = 1u << 22,
    CLI_MODELS_PRUNE = 1u << 23,
    CLI_MODELS_DOCTOR = 1u << 24,
    CLI_DECIDE = 1u << 25, /* what to do now */
    CLI_SIMULATE = 1u << 26,
    CLI_MODELS_METRICS = 1u << 27,
    CLI_MODELS_IMPORTANCE = 1u << 28,
    CLI_PREDICT = 1u << 29,
    CLI_TRAIN_LOAD = 1u << 30,
    CLI_DECIDES = CLI_MODELS_PROMOTE | CLI_MODELS_ROLLBACK | CLI_MODELS_PRUNE,
    CLI_REGISTRY = CLI_MODELS_LIST | CLI_MODELS_SHOW | CLI_DECIDES | CLI_MODELS_DOCTOR |
                   CLI_MODELS_METRICS | CLI_MODELS_IMPORTANCE,
    CLI_TRAINS = CLI_TRAIN_PRICE | CLI_TRAIN_Q | CLI_RETRAIN,
    CLI_LEARNS = CLI_TRAINS | CLI_FORECAST | CLI_EVALUATE | CLI_MODELS_COMPARE,
    CLI_LAKE = CLI_LIST | CLI_SHOW | CLI_EXPORT | CLI_REMOVE,
    CLI_PLANS = CLI_OPTIMIZE | CLI_COMPARE | CLI_BACKTEST | CLI_DECIDE,
    CLI_TABLES = CLI_COMPARE | CLI_BACKTEST,
    CLI_PRICED = CLI_PLANS | CLI_LEARNS | CLI_PREDICT, /* take prices    */
    CLI_BATTERY = CLI_TRAIN_Q | CLI_RETRAIN | CLI_EVALUATE | CLI_MODELS_COMPARE,
    CLI_ALL = (1u << 30) - 1
};

typedef struct {
    const char *name; /* "data import" */
    unsigned bit;
    const char *argument; /* of the positional argument, or NULL: it has none */
    const char *field;    /* of the request, that it fills */
    const char *summary, *example;
    vo_status (*call)(vo_engine *e, const char *request, char **response, vo_error *err);
    void (*render)(const vo_json *response, GString *out);
} cli_command;

/* ---- cli_flags.c: the command line becomes a request ------------------------------ */

typedef struct {
    const cli_command *command;
    char *request; /* the document to send, owned                               */
    char *lake, *models, *report, *battery; /* owned, may be NULL                     */
    char *mapping, *tariff; /* for messages; owned, may be NULL                */
    int threads;
    gboolean json;
    gboolean whole_request; /* --request: messages name fields, not flags */
} cli_options;

/* CLI_DONE, CLI_HELPED, or CLI_USAGE after it has explained itself on stderr. */
int cli_parse(const cli_command *command, int argc, char **argv, cli_options *out);
void cli_options_fini(cli_options *o);

/* The engine names fields, time_column = "NAME"; who typed flags is told --time-column NAME.
 * What is said of a mapping's or a tariff's own keys stays. g_free the result. */
char *cli_say_flags(const cli_options *o, const char *message);

/* ---- cli_answer.c: members of answers ------------------------------------------------ */

double cli_num(const vo_json *object, const char *key);      /* NAN */
const char *cli_str(const vo_json *object, const char *key); /* ""  */
bool cli_yes(const vo_json *object, const char *key);

/* ---- cli_draw.c: tables, lines of blocks, numbers ------------------------------------ */

typedef struct cli_table cli_table;

/* `columns` like "<Policy|>Profit|>Capture": alignment and heading of each. */
cli_table *cli_table_new(const char *columns);
void cli_table_cell(cli_table *t, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
void cli_table_print(cli_table *t, GString *out); /* and frees it */

void cli_money_cell(cli_table *t, double v, int decimals);

/* A line of blocks, one per group of values: means, NAN left out. */
void cli_sparkline(const double *x, size_t n, size_t width, GString *out);

/* "1,234.50" with so many decimals, "-" for NAN; g_free the result. */
char *cli_money(double v, int decimals);

/* "1 row of 5 kept", "2 rows of 5 kept" of words "[row|rows] of 5 kept". */
void cli_append_count(GString *out, double n, const char *words);

/* Escape codes, or "" where standard output is no terminal. */
const char *cli_bold(void);
const char *cli_dim(void);
const char *cli_red(void);
const char *cli_green(void);
const char *cli_plain(void);

/* ---- cli_render.c: responses for people ------------------------------------------------ */

/* Where the prices of a response come from, what was repaired, its batteries. */
void cli_render_heading(const vo_json *r, GString *out);
void cli_render_optimize(const vo_json *r, GString *out);
void cli_render_compare(const vo_json *r, GString *out);
void cli_render_backtest(const vo_json *r, GString *out); /* compare, and profit by time */
void cli_render_doctor(const vo_json *r, GString *out);

/* ---- cli_render_learn.c ------------------------------------------------------------------ */

void cli_render_train(const vo_json *r, GString *out);
void cli_render_train_load(const vo_json *r, GString *out);
void cli_render_forecast(const vo_json *r, GString *out);
void cli_render_predict(const vo_json *r, GString *out);
void cli_render_decide(const vo_json *r, GString *out);
void cli_render_retrain(const vo_json *r, GString *out);
void cli_render_models_compare(const vo_json *r, GString *out);
void cli_render_evaluate(const vo_json *r, GString *out);

void cli_render_simulate(const vo_json *r, GString *out); /* cli_render_simulate.c */

/* ---- cli_render_models.c ----------------------------------------------------------------- */

void cli_render_models_list(const vo_json *r, GString *out);
void cli_render_models_show(const vo_json *r, GString *out);
void cli_render_models_metrics(const vo_json *r, GString *out);
void cli_render_models_importance(const vo_json *r, GString *out);
void cli_render_models_decided(const vo_json *r, GString *out); /* promote, rollback */
void cli_render_models_pruned(const vo_json *r, GString *out);
void cli_render_models_health(const vo_json *r, GString *out);

/* "[day|days] of 25 hours": a rule of cleaning as words for cli_append_count. *kept: what it
 * names stays as it is. */
const char *cli_rule_words(const char *rule, bool *kept);

/* ---- cli_render_data.c ------------------------------------------------------------------- */

void cli_render_import(const vo_json *r, GString *out);
void cli_render_list(const vo_json *r, GString *out);
void cli_render_fetch(const vo_json *r, GString *out);
void cli_render_show(const vo_json *r, GString *out);
void cli_render_export(const vo_json *r, GString *out);
void cli_render_remove(const vo_json *r, GString *out);
void cli_render_health(const vo_json *r, GString *out); /* data doctor, data compact */
void cli_render_synth(const vo_json *r, GString *out);

#endif
