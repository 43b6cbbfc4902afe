/* cli_keys.c -- `volteo keys create | list | revoke`: who may use the service.
 *
 * Works on the state database, whether a server runs on it or not; a running one follows within
 * about a second. The key itself is printed once, when it is made, and is kept nowhere.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/cli.h"
#include "base/text.h"
#include "port/clock.h"
#include "port/file.h"
#include "store/api_keys.h"

typedef struct {
    char *state, *name, *scope, *rate, *days;
    char **rest;
    gboolean json, help;
} given;

static void given_fini(given *g) {
    g_free(g->state);
    g_free(g->name);
    g_free(g->scope);
    g_free(g->rate);
    g_free(g->days);
    g_strfreev(g->rest);
}

typedef struct {
    const char *name, *argument, *summary, *example;
    vo_status (*run)(const given *g, vo_database *db, vo_error *err);
} action;

/* ---- what is printed -------------------------------------------------------------------------- */

static void put_key(vo_json_out *w, const vo_api_key *k, const char *text) {
    vo_json_out_object(w);
    vo_json_out_key(w, "id");
    vo_json_out_string(w, k->id);
    vo_json_out_key(w, "name");
    vo_json_out_string(w, k->name);
    vo_json_out_key(w, "scope");
    vo_json_out_string(w, vo_key_scope_name(k->scope));
    vo_json_out_key(w, "rate_per_s");
    if (k->rate_per_s > 0)
        vo_json_out_number(w, k->rate_per_s);
    else
        vo_json_out_null(w);
    cli_put_time(w, "created", k->created_ms);
    cli_put_time(w, "expires", k->expires_ms);
    cli_put_time(w, "revoked", k->revoked_ms);
    if (text) {
        vo_json_out_key(w, "key");
        vo_json_out_string(w, text);
    }
    vo_json_out_end(w);
}

/* ---- create --------------------------------------------------------------------------------- */

static vo_status number_of(const char *text, const char *flag, double most, double *out,
                           vo_error *err) {
    if (!text) return VO_OK;
    if (!vo_text_number(text, strlen(text), out) || !(*out > 0) || *out > most)
        return vo_fail(err, VO_EINVAL, "--%s = \"%.40s\": give a number above 0, at most %g",
                       flag, text, most);
    return VO_OK;
}

static vo_status wanted_of(const given *g, int64_t now_ms, vo_api_key *k, vo_error *err) {
    double days = 0;
    if (!g->name) return vo_fail(err, VO_EINVAL, "--name is missing: say who will use the key");
    if (!g->scope)
        return vo_fail(
            err, VO_EINVAL,
            "--scope is missing: give read (looks and computes), trade (also puts prices in, "
            "makes and cancels jobs) or admin (also trains, fetches and promotes)");
    if (strlen(g->name) >= sizeof k->name)
        return vo_fail(err, VO_EINVAL, "--name has %zu bytes, more than %zu", strlen(g->name),
                       sizeof k->name - 1);
    memcpy(k->name, g->name, strlen(g->name) + 1);
    vo_status s = vo_key_scope_parse(g->scope, &k->scope, err);
    if (s == VO_OK) s = number_of(g->rate, "rate", 1e6, &k->rate_per_s, err);
    if (s == VO_OK) s = number_of(g->days, "days", 36500, &days, err);
    if (days > 0) k->expires_ms = now_ms + (int64_t)ceil(days * 86400e3);
    return s;
}

static vo_status create(const given *g, vo_database *db, vo_error *err) {
    const int64_t now_ms = vo_clock_utc_ms();
    vo_api_key wanted = {0}, made;
    char text[VO_KEY_TEXT], expires[32];
    vo_status s = wanted_of(g, now_ms, &wanted, err);
    if (s == VO_OK) s = vo_api_keys_create(db, &wanted, now_ms, text, &made, err);
    if (s != VO_OK) return s;
    if (g->json) {
        vo_json_out *w = NULL;
        s = vo_json_out_create(&w, err);
        if (s == VO_OK) put_key(w, &made, text);
        if (s == VO_OK) s = cli_print_document(w, err);
        vo_json_out_free(w);
        return s;
    }
    printf("%s\n", text);
    fprintf(stderr,
            "Key %s of \"%s\" may %s%s%s. It is shown this once; send it as\n"
            "  Authorization: Bearer KEY\n",
            made.id, made.name,
            made.scope == VO_KEY_READ    ? "read"
            : made.scope == VO_KEY_TRADE ? "read and trade"
                                         : "do everything",
            made.expires_ms ? " until " : "", cli_time_text(made.expires_ms, expires));
    return VO_OK;
}

/* ---- list ---------------------------------------------------------------------------------- */

static const char *state_of(const vo_api_key *k, int64_t now_ms) {
    if (k->revoked_ms) return "revoked";
    return k->expires_ms && k->expires_ms <= now_ms ? "expired" : "good";
}

static vo_status to_json(void *ctx, const vo_api_key *k, vo_error *err) {
    (void)err;
    put_key(ctx, k, NULL);
    return VO_OK;
}

static vo_status to_table(void *ctx, const vo_api_key *k, vo_error *err) {
    cli_table *t = ctx;
    char text[32];
    (void)err;
    cli_table_cell(t, "%s", k->id);
    cli_table_cell(t, "%s", k->name);
    cli_table_cell(t, "%s", vo_key_scope_name(k->scope));
    cli_table_cell(t, "%s", state_of(k, vo_clock_utc_ms()));
    if (k->rate_per_s > 0)
        cli_table_cell(t, "%g/s", k->rate_per_s);
    else
        cli_table_cell(t, "%s", "-");
    cli_table_cell(t, "%s", cli_time_text(k->created_ms, text));
    cli_table_cell(t, "%s", k->expires_ms ? cli_time_text(k->expires_ms, text) : "never");
    return VO_OK;
}

static vo_status list(const given *g, vo_database *db, vo_error *err) {
    if (g->json) {
        vo_json_out *w = NULL;
        vo_status s = vo_json_out_create(&w, err);
        if (s != VO_OK) return s;
        vo_json_out_object(w);
        vo_json_out_key(w, "keys");
        vo_json_out_array(w);
        s = vo_api_keys_list(db, to_json, w, err);
        vo_json_out_end(w);
        vo_json_out_end(w);
        if (s == VO_OK) s = cli_print_document(w, err);
        vo_json_out_free(w);
        return s;
    }
    cli_table *t = cli_table_new("<Id|<Name|<Scope|<State|>Rate|<Created|<Expires");
    GString *out = g_string_new(NULL);
    const vo_status s = vo_api_keys_list(db, to_table, t, err);
    cli_table_print(t, out);
    if (s == VO_OK) fputs(out->str, stdout);
    g_string_free(out, TRUE);
    return s;
}

/* ---- revoke --------------------------------------------------------------------------------- */

static vo_status revoke(const given *g, vo_database *db, vo_error *err) {
    const char *id = g->rest[0];
    char of_key[VO_KEY_ID];
    unsigned char hash[VO_KEY_HASH];
    /* Whoever has the whole key, and wants to be rid of it, need not look up its id. */
    if (vo_api_key_hash(id, of_key, hash)) id = of_key;
    vo_status s = vo_api_keys_revoke(db, id, vo_clock_utc_ms(), err);
    if (s != VO_OK) return s;
    if (!g->json) {
        printf("Key %s is revoked; a running server refuses it within about a second.\n", id);
        return VO_OK;
    }
    vo_json_out *w = NULL;
    s = vo_json_out_create(&w, err);
    if (s != VO_OK) return s;
    vo_json_out_object(w);
    vo_json_out_key(w, "id");
    vo_json_out_string(w, id);
    vo_json_out_key(w, "revoked");
    vo_json_out_bool(w, true);
    vo_json_out_end(w);
    s = cli_print_document(w, err);
    vo_json_out_free(w);
    return s;
}

/* ---- the command line ------------------------------------------------------------------------ */

static const action actions[] = {
    {"create", NULL, "Makes a key and prints it, once.",
     "volteo keys create --name dashboard --scope read\n"
     "  volteo keys create --name desk --scope trade --rate 200 --days 90 --json",
     create},
    {"list", NULL, "The keys there are, never their secrets.", "volteo keys list --json", list},
    {"revoke", "ID", "The key is refused from now on.", "volteo keys revoke Ab3dE6gH", revoke}};
enum { N_ACTIONS = sizeof actions / sizeof *actions };

static int which(FILE *to) {
    fprintf(to, "volteo keys: who may use the service. Which of these?\n");
    for (size_t i = 0; i < N_ACTIONS; i++)
        fprintf(to, "  volteo keys %-8s %s\n", actions[i].name, actions[i].summary);
    return to == stdout ? CLI_DONE : CLI_USAGE;
}

/* CLI_DONE: go on. */
static int parse(const action *a, int argc, char **argv, given *g) {
    const bool makes = a->run == create;
    const GOptionEntry all[] = {
        {"state", 0, 0, G_OPTION_ARG_FILENAME, &g->state,
         "the state database (else $VOLTEO_STATE, else state.db)", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &g->json, "one JSON document", NULL},
        {"help", 'h', 0, G_OPTION_ARG_NONE, &g->help, "this text", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &g->rest, NULL, a->argument},
        {0}};
    const GOptionEntry of_create[] = {
        {"name", 0, 0, G_OPTION_ARG_STRING, &g->name, "who uses it", "NAME"},
        {"scope", 0, 0, G_OPTION_ARG_STRING, &g->scope, "read, trade or admin", "SCOPE"},
        {"rate", 0, 0, G_OPTION_ARG_STRING, &g->rate,
         "units of cost a second: a plan is 5 (else the server's limit)", "R"},
        {"days", 0, 0, G_OPTION_ARG_STRING, &g->days, "how long it is good (else for ever)",
         "D"},
        {0}};
    GError *wrong = NULL;
    GOptionContext *c = g_option_context_new(NULL);
    g_option_context_set_help_enabled(c, FALSE);
    g_option_context_set_summary(c, a->summary);
    char *examples = g_strdup_printf("Examples:\n  %s", a->example);
    g_option_context_set_description(c, examples);
    if (makes) g_option_context_add_main_entries(c, of_create, NULL);
    g_option_context_add_main_entries(c, all, NULL);
    char *title = g_strdup_printf("volteo keys %s", a->name);
    g_set_prgname(title);
    int code = CLI_DONE;
    const size_t want = a->argument ? 1 : 0;
    if (!g_option_context_parse(c, &argc, &argv, &wrong)) {
        fprintf(stderr, "volteo keys %s: %s; --help lists the options\n", a->name,
                wrong->message);
        code = CLI_USAGE;
    } else if (g->help) {
        char *text = g_option_context_get_help(c, TRUE, NULL);
        fputs(text, stdout);
        g_free(text);
        code = CLI_HELPED;
    } else if ((g->rest ? g_strv_length(g->rest) : 0) != want) {
        fprintf(stderr, "volteo keys %s: %s\n", a->name,
                want ? "give one key's id, as `volteo keys list` shows it"
                     : "it takes options only; --help lists them");
        code = CLI_USAGE;
    }
    g_clear_error(&wrong);
    g_free(title);
    g_free(examples);
    g_option_context_free(c);
    return code;
}

/* A list of a database that is not there would be empty, and a file would be left behind. */
static vo_status open_state(const given *g, bool makes, vo_database **db, vo_error *err) {
    const char *env = g_getenv("VOLTEO_STATE");
    const char *state = g->state ? g->state : env && env[0] ? env : "state.db";
    const char *path = g_str_has_prefix(state, "sqlite:") ? state + 7 : state;
    if (!makes && !vo_file_exists(path))
        return vo_fail(err, VO_ENOTFOUND,
                       "there is no state database %s: name it with --state, or make it with "
                       "`volteo keys create`",
                       path);
    return vo_database_open(state, db, err);
}

static int run(const action *a, const given *g) {
    vo_database *db = NULL;
    vo_error err = {0};
    vo_status s = VO_OK;
    if (a->run == create) { /* what is wrong with the flags leaves no file behind */
        vo_api_key k = {0};
        s = wanted_of(g, vo_clock_utc_ms(), &k, &err);
    }
    if (s == VO_OK) s = open_state(g, a->run == create, &db, &err);
    if (s == VO_OK) s = vo_api_keys_migrate(db, &err);
    if (s == VO_OK) s = a->run(g, db, &err);
    vo_database_close(db);
    if (s == VO_OK) return CLI_DONE;
    fprintf(stderr, "volteo keys %s: %s\n", a->name, err.msg);
    return s == VO_EINVAL || s == VO_ENOTFOUND ? CLI_USAGE : CLI_FAILED;
}

int cli_keys(int argc, char **argv) {
    if (argc < 2) return which(stderr);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) return which(stdout);
    for (size_t i = 0; i < N_ACTIONS; i++) {
        if (strcmp(argv[1], actions[i].name) != 0) continue;
        given g = {0};
        int code = parse(&actions[i], argc - 1, argv + 1, &g);
        if (code == CLI_DONE) code = run(&actions[i], &g);
        given_fini(&g);
        return code == CLI_HELPED ? CLI_DONE : code;
    }
    fprintf(stderr, "volteo keys: there is no \"%s\"\n", argv[1]);
    return which(stderr);
}
