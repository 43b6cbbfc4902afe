/* cli_jobs.c -- `volteo jobs list | show | add | cancel | retry | dead`: work that is queued.
 *
 * Works on the state database, whether a server runs on it or not. A job that is added waits for
 * a `volteo serve` or `volteo worker` on the same database; a running one that is cancelled hears
 * of it within about a second.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/cli.h"
#include "base/text.h"
#include "jobs/accept.h"
#include "port/clock.h"
#include "port/file.h"
#include "serve/job_kinds.h"

#define MAX_REQUEST ((size_t)8 << 20)

typedef struct {
    char *state, *request, *key, *kind, *in, *before;
    int most, attempts;
    char *document; /* what the file of --request holds, in one form */
    char **rest;
    gboolean json, help;
} given;

static void given_fini(given *g) {
    g_free(g->state);
    g_free(g->request);
    free(g->document);
    g_free(g->key);
    g_free(g->kind);
    g_free(g->in);
    g_free(g->before);
    g_strfreev(g->rest);
}

typedef struct {
    vo_database *db;
    vo_queue *queue;
} desk;

typedef struct {
    const char *name, *argument, *what; /* what: of the argument, in words */
    const char *summary, *example;
    vo_status (*run)(const given *g, const desk *d, vo_error *err);
} action;

/* ---- a job as a document ------------------------------------------------------------------ */

static void put_text(vo_json_out *w, const char *name, const char *text) {
    vo_json_out_key(w, name);
    vo_json_out_string(w, text && text[0] ? text : NULL);
}

static void put_job(vo_json_out *w, const vo_job *j) {
    vo_json_out_object(w);
    put_text(w, "id", j->id);
    put_text(w, "kind", j->kind);
    put_text(w, "state", vo_job_state_name(j->state));
    vo_json_out_key(w, "progress"), vo_json_out_number(w, j->progress);
    put_text(w, "phase", j->phase);
    vo_put_document(w, "metrics", j->metrics);
    vo_json_out_key(w, "attempt"), vo_json_out_integer(w, j->attempt);
    vo_json_out_key(w, "max_attempts"), vo_json_out_integer(w, j->max_attempts);
    vo_json_out_key(w, "losses"), vo_json_out_integer(w, j->losses);
    vo_json_out_key(w, "cancel_asked"), vo_json_out_bool(w, j->cancel_asked);
    cli_put_time(w, "created", j->created_ms);
    cli_put_time(w, "started", j->started_ms);
    cli_put_time(w, "ended", j->ended_ms);
    put_text(w, "key", j->key);
    put_text(w, "owner", j->owner);
    put_text(w, "error", j->error);
    if (j->request) {
        vo_put_document(w, "request", j->request);
        vo_put_document(w, "response", j->response);
    }
    vo_json_out_end(w);
}

/* ---- list, dead --------------------------------------------------------------------------- */

typedef struct {
    vo_json_out *json; /* or a table */
    cli_table *table;
    size_t n;
    char last[VO_JOB_ID];
} listing;

static const char *doing(const vo_job *j) {
    return j->phase && j->state == VO_JOB_RUNNING ? j->phase : "";
}

static void add_row(cli_table *t, const vo_job *j) {
    char text[32];
    cli_table_cell(t, "%s", j->id);
    cli_table_cell(t, "%s", j->kind);
    cli_table_cell(t, "%s%s", vo_job_state_name(j->state),
                   j->cancel_asked && j->state == VO_JOB_RUNNING ? ", to stop" : "");
    cli_table_cell(t, "%.0f%%", 100 * j->progress);
    cli_table_cell(t, "%d of %d", j->attempt, j->max_attempts);
    cli_table_cell(t, "%s", cli_time_text(j->created_ms, text));
    cli_table_cell(t, "%.70s", j->error ? j->error : doing(j));
}

static vo_status list_one(void *ctx, const vo_job *j, vo_error *err) {
    (void)err;
    listing *l = ctx;
    l->n++;
    memcpy(l->last, j->id, sizeof l->last);
    if (l->json)
        put_job(l->json, j);
    else
        add_row(l->table, j);
    return VO_OK;
}

static vo_status list_json(const vo_job_query *q, const desk *d, vo_error *err) {
    listing l = {.n = 0};
    vo_status s = vo_json_out_create(&l.json, err);
    if (s != VO_OK) return s;
    vo_json_out_object(l.json);
    vo_json_out_key(l.json, "jobs");
    vo_json_out_array(l.json);
    s = vo_job_book_list(d->db, q, list_one, &l, err);
    vo_json_out_end(l.json);
    put_text(l.json, "next_before", l.n == q->most ? l.last : NULL);
    vo_json_out_end(l.json);
    if (s == VO_OK) s = cli_print_document(l.json, err);
    vo_json_out_free(l.json);
    return s;
}

static vo_status list_table(const vo_job_query *q, const desk *d, vo_error *err) {
    listing l = {.table = cli_table_new("<Id|<Kind|<State|>Done|<Attempt|<Created|<What")};
    GString *out = g_string_new(NULL);
    const vo_status s = vo_job_book_list(d->db, q, list_one, &l, err);
    cli_table_print(l.table, out);
    if (s == VO_OK && l.n > 0) fputs(out->str, stdout);
    if (s == VO_OK && l.n == 0) printf("No such jobs.\n");
    if (s == VO_OK && l.n == q->most) printf("Older ones: --before %s\n", l.last);
    if (s == VO_OK && l.n > 0 && q->state == VO_JOB_DEAD)
        printf("Try one again: volteo jobs retry %s\n", l.last);
    g_string_free(out, TRUE);
    return s;
}

static vo_status list(const given *g, const desk *d, vo_error *err) {
    vo_job_query q = {.kind = g->kind, .state = -1, .before = g->before};
    vo_job_state state;
    if (g->in) {
        const vo_status s = vo_job_state_parse(g->in, &state, err);
        if (s != VO_OK) return s;
        q.state = (int32_t)state;
    }
    if (g->most < 1 || g->most > 10000)
        return vo_fail(err, VO_EINVAL, "--most = %d is outside 1 to 10000", g->most);
    q.most = (size_t)g->most;
    return g->json ? list_json(&q, d, err) : list_table(&q, d, err);
}

static vo_status dead(const given *g, const desk *d, vo_error *err) {
    const vo_job_query q = {.state = VO_JOB_DEAD, .most = 1000};
    return g->json ? list_json(&q, d, err) : list_table(&q, d, err);
}

/* ---- show --------------------------------------------------------------------------------- */

static void say(const char *name, const char *value) {
    if (value && value[0]) printf("%-9s %s\n", name, value);
}

static vo_status show_one(void *ctx, const vo_job *j, vo_error *err) {
    const given *g = ctx;
    char text[32];
    if (g->json) {
        vo_json_out *w = NULL;
        vo_status s = vo_json_out_create(&w, err);
        if (s != VO_OK) return s;
        put_job(w, j);
        s = cli_print_document(w, err);
        vo_json_out_free(w);
        return s;
    }
    say("Job", j->id);
    say("Kind", j->kind);
    printf("%-9s %s, %.0f%%, attempt %d of %d\n", "State", vo_job_state_name(j->state),
           100 * j->progress, j->attempt, j->max_attempts);
    if (j->cancel_asked && j->state == VO_JOB_RUNNING) say("", "it is asked to stop");
    if (j->losses > 0)
        printf("%-9s %d workers of at most %d\n", "Lost", j->losses, VO_JOB_LOSSES);
    say("Doing", doing(j));
    say("Created", cli_time_text(j->created_ms, text));
    say("Started", cli_time_text(j->started_ms, text));
    say("Ended", cli_time_text(j->ended_ms, text));
    say("Key", j->key);
    say("Owner", j->owner);
    say("Error", j->error);
    say("Metrics", j->metrics);
    say("Request", j->request);
    say("Response", j->response);
    return VO_OK;
}

static vo_status show(const given *g, const desk *d, vo_error *err) {
    given copy = *g; /* borrowed by the call */
    return vo_job_book_get(d->db, g->rest[0], show_one, &copy, err);
}

/* The job as it is now, or in a sentence. */
static vo_status answer(const given *g, const desk *d, const char *id, const char *sentence,
                        vo_error *err) {
    if (g->json) {
        given copy = *g;
        return vo_job_book_get(d->db, id, show_one, &copy, err);
    }
    printf("%s\n", sentence);
    return VO_OK;
}

/* ---- add ---------------------------------------------------------------------------------- */

static vo_status check_kind(const char *kind, vo_error *err) {
    size_t n = 0;
    const vo_job_kind_row *row = vo_job_kind_list(&n);
    const char *name[32];
    char known[200];
    if (vo_job_kind_find(kind)) return VO_OK;
    vo_text t = vo_text_over(known, sizeof known);
    for (size_t i = 0; i < n && i < 32; i++) name[i] = row[i].name;
    n = n < 32 ? n : 32;
    vo_text_append_names(&t, name, n);
    const char *near = vo_text_nearest(kind, name, n);
    return vo_fail(err, VO_EINVAL, "there is no job of kind \"%.40s\"%s%s%s: one of %s", kind,
                   near ? ", did you mean " : "", near ? near : "", near ? "?" : "", known);
}

/* The request in one form for all ways to write it, so that the same key with the same request is
 * the same job, here and over the service. *text is malloc'ed. */
static vo_status read_request(const char *path, char **text, vo_error *err) {
    char *raw = NULL;
    size_t len = 0;
    vo_json *root = NULL;
    vo_json_out *w = NULL;
    vo_error why = {0};
    vo_status s = vo_file_read(path, MAX_REQUEST, &raw, &len, err);
    if (s != VO_OK) return s;
    s = vo_json_parse(raw, len, &root, &why);
    if (s != VO_OK)
        s = vo_fail(err, s, "--request %.200s: %.250s", path, why.msg);
    else if (vo_json_kind_of(root) != VO_JSON_OBJECT)
        s = vo_fail(err, VO_EINVAL, "--request %.200s: it holds a JSON %s, an object is needed",
                    path, vo_json_kind_name(vo_json_kind_of(root)));
    if (s == VO_OK) s = vo_json_out_create(&w, err);
    if (s == VO_OK) {
        vo_json_out_value(w, root);
        s = vo_json_out_take(w, text, &len, err);
    }
    vo_json_out_free(w);
    vo_json_free(root);
    free(raw);
    return s;
}

static vo_status add(const given *g, const desk *d, vo_error *err) {
    char id[VO_JOB_ID] = "", sentence[256];
    bool existed = false;
    const vo_job_order o = {
        .kind = g->rest[0], .request = g->document, .key = g->key, .max_attempts = g->attempts};
    const vo_status s =
        vo_accept_job(d->db, d->queue, &o, vo_clock_utc_ms(), id, &existed, err);
    if (s != VO_OK) return s;
    snprintf(sentence, sizeof sentence,
             existed ? "Job %s is there already: volteo jobs show %s"
                     : "Job %s is queued: volteo jobs show %s",
             id, id);
    return answer(g, d, id, sentence, err);
}

/* ---- cancel, retry ------------------------------------------------------------------------ */

static vo_status cancel(const given *g, const desk *d, vo_error *err) {
    const char *id = g->rest[0];
    char sentence[256];
    vo_job_state state = VO_JOB_QUEUED;
    vo_status s = vo_job_book_cancel(d->db, id, vo_clock_utc_ms(), &state, err);
    if (s != VO_OK) return s;
    if (vo_job_state_over(state) && state != VO_JOB_CANCELLED)
        return vo_fail(err, VO_EINVAL, "job %s is over (%s): there is nothing to cancel", id,
                       vo_job_state_name(state));
    snprintf(sentence, sizeof sentence,
             state == VO_JOB_CANCELLED ? "Job %.60s is cancelled."
                                       : "Job %.60s is running and has been asked to stop.",
             id);
    return answer(g, d, id, sentence, err);
}

static vo_status retry(const given *g, const desk *d, vo_error *err) {
    const char *id = g->rest[0];
    char sentence[256];
    const vo_status s = vo_accept_again(d->db, d->queue, id, vo_clock_utc_ms(), err);
    if (s != VO_OK) return s;
    snprintf(sentence, sizeof sentence, "Job %.60s is queued again.", id);
    return answer(g, d, id, sentence, err);
}

/* ---- the command line --------------------------------------------------------------------- */

#define AN_ID "one job's id, as `volteo jobs list` shows it"

static const action actions[] = {
    {"list", NULL, NULL, "Jobs, the newest first.",
     "volteo jobs list\n  volteo jobs list --in running --kind train --json", list},
    {"show", "ID", AN_ID, "All of one job: its request, how far it is, what came of it.",
     "volteo jobs show j_01kh6f3ckg8s2a0v5d9w7n4x1z", show},
    {"add", "KIND", "the kind of job: optimize, backtest, train, ...",
     "Queues a job for a server or worker on this state database.",
     "volteo jobs add backtest --request year.json\n"
     "  volteo jobs add train --request train.json --key monthly-2026-02 --json",
     add},
    {"cancel", "ID", AN_ID, "A queued one is cancelled, a running one asked to stop.",
     "volteo jobs cancel j_01kh6f3ckg8s2a0v5d9w7n4x1z", cancel},
    {"retry", "ID", AN_ID, "Queues one again that is dead, failed or cancelled.",
     "volteo jobs retry j_01kh6f3ckg8s2a0v5d9w7n4x1z", retry},
    {"dead", NULL, NULL, "Jobs that failed in passing too often: the dead letters.",
     "volteo jobs dead", dead},
};
enum { N_ACTIONS = sizeof actions / sizeof *actions };

static int which(FILE *to) {
    fprintf(to, "volteo jobs: work that is queued. Which of these?\n");
    for (size_t i = 0; i < N_ACTIONS; i++)
        fprintf(to, "  volteo jobs %-7s %-5s %s\n", actions[i].name,
                actions[i].argument ? actions[i].argument : "", actions[i].summary);
    return to == stdout ? CLI_DONE : CLI_USAGE;
}

static void add_entries(GOptionContext *c, const action *a, given *g) {
    const GOptionEntry of_list[] = {
        {"in", 0, 0, G_OPTION_ARG_STRING, &g->in,
         "queued, running, done, failed, dead or cancelled", "STATE"},
        {"kind", 0, 0, G_OPTION_ARG_STRING, &g->kind, "train, backtest, ...", "KIND"},
        {"most", 0, 0, G_OPTION_ARG_INT, &g->most, "so many (50)", "N"},
        {"before", 0, 0, G_OPTION_ARG_STRING, &g->before, "older than this one", "ID"},
        {0}};
    const GOptionEntry of_add[] = {{"request", 0, 0, G_OPTION_ARG_FILENAME, &g->request,
                                    "a JSON object; - is standard input", "FILE"},
                                   {"key", 0, 0, G_OPTION_ARG_STRING, &g->key,
                                    "asked twice with one key, it is one job", "KEY"},
                                   {"attempts", 0, 0, G_OPTION_ARG_INT, &g->attempts,
                                    "how often it may fail in passing (3)", "N"},
                                   {0}};
    const GOptionEntry all[] = {
        {"state", 0, 0, G_OPTION_ARG_FILENAME, &g->state,
         "the state database (else $VOLTEO_STATE, else state.db)", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &g->json, "one JSON document", NULL},
        {"help", 'h', 0, G_OPTION_ARG_NONE, &g->help, "this text", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &g->rest, NULL, a->argument},
        {0}};
    if (a->run == list) g_option_context_add_main_entries(c, of_list, NULL);
    if (a->run == add) g_option_context_add_main_entries(c, of_add, NULL);
    g_option_context_add_main_entries(c, all, NULL);
}

static int complain(const action *a, const char *what) {
    fprintf(stderr, "volteo jobs %s: %s\n", a->name, what);
    return CLI_USAGE;
}

static int check_given(const action *a, given *g) {
    const size_t want = a->argument ? 1 : 0;
    vo_error err = {0};
    if ((g->rest ? g_strv_length(g->rest) : 0) != want) {
        char text[160];
        snprintf(text, sizeof text,
                 want ? "give %s" : "it takes options only; --help lists them", a->what);
        return complain(a, text);
    }
    if (a->run == add && check_kind(g->rest[0], &err) != VO_OK) return complain(a, err.msg);
    if (a->run == add && !g->request)
        return complain(a,
                        "--request is missing: a file with the JSON object that the route of "
                        "that name takes (- is standard input)");
    if (a->run == add && (g->attempts < 1 || g->attempts > 100))
        return complain(a, "--attempts is outside 1 to 100");
    /* Read before the database is opened: what is wrong with it leaves no file behind. */
    if (a->run == add && read_request(g->request, &g->document, &err) != VO_OK)
        return complain(a, err.msg);
    return CLI_DONE;
}

/* CLI_DONE: go on. */
static int parse(const action *a, int argc, char **argv, given *g) {
    GError *wrong = NULL;
    GOptionContext *c = g_option_context_new(NULL);
    char *examples = g_strdup_printf("Examples:\n  %s", a->example);
    char *title = g_strdup_printf("volteo jobs %s", a->name);
    int code = CLI_DONE;
    g_set_prgname(title);
    g_option_context_set_help_enabled(c, FALSE);
    g_option_context_set_summary(c, a->summary);
    g_option_context_set_description(c, examples);
    add_entries(c, a, g);
    if (!g_option_context_parse(c, &argc, &argv, &wrong)) {
        fprintf(stderr, "volteo jobs %s: %s; --help lists the options\n", a->name,
                wrong->message);
        code = CLI_USAGE;
    } else if (g->help) {
        char *text = g_option_context_get_help(c, TRUE, NULL);
        fputs(text, stdout);
        g_free(text);
        code = CLI_HELPED;
    } else {
        code = check_given(a, g);
    }
    g_clear_error(&wrong);
    g_free(title);
    g_free(examples);
    g_option_context_free(c);
    return code;
}

/* A list of a database that is not there would be empty, and a file would be left behind. */
static vo_status open_state(const given *g, bool makes, desk *d, vo_error *err) {
    const char *env = g_getenv("VOLTEO_STATE");
    const char *state = g->state ? g->state : env && env[0] ? env : "state.db";
    const char *path = g_str_has_prefix(state, "sqlite:") ? state + 7 : state;
    if (!makes && path == state && !vo_file_exists(path))
        return vo_fail(err, VO_ENOTFOUND,
                       "there is no state database %.300s: name it with --state FILE", path);
    vo_status s = vo_database_open(state, &d->db, err);
    if (s == VO_OK) s = vo_job_book_migrate(d->db, err);
    if (s == VO_OK) s = vo_queue_open("local", d->db, &d->queue, err);
    return s;
}

static int run(const action *a, const given *g) {
    desk d = {NULL, NULL};
    vo_error err = {0};
    vo_status s = open_state(g, a->run == add, &d, &err);
    if (s == VO_OK) s = a->run(g, &d, &err);
    vo_queue_close(d.queue);
    vo_database_close(d.db);
    if (s == VO_OK) return CLI_DONE;
    fprintf(stderr, "volteo jobs %s: %s\n", a->name, err.msg);
    return s == VO_EINVAL || s == VO_ENOTFOUND ? CLI_USAGE : CLI_FAILED;
}

int cli_jobs(int argc, char **argv) {
    if (argc < 2) return which(stderr);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) return which(stdout);
    for (size_t i = 0; i < N_ACTIONS; i++) {
        if (strcmp(argv[1], actions[i].name) != 0) continue;
        given g = {.most = 50, .attempts = 3};
        int code = parse(&actions[i], argc - 1, argv + 1, &g);
        if (code == CLI_DONE) code = run(&actions[i], &g);
        given_fini(&g);
        return code == CLI_HELPED ? CLI_DONE : code;
    }
    fprintf(stderr, "volteo jobs: there is no \"%s\"\n", argv[1]);
    return which(stderr);
}
