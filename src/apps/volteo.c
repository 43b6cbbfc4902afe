/* volteo.c -- the program: `volteo COMMAND [OPTION...]`.
 *
 * Standard output carries the answer and nothing else; progress and errors go to standard
 * error. Exit: 0 done, 1 failed, 2 bad usage or bad input.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "apps/cli.h"
#include "base/text.h"
#include "port/clock.h"
#include "port/file.h"
#include "port/interrupt.h"
#include "port/terminal.h"

static const cli_command commands[] = {
    {"optimize", CLI_OPTIMIZE, NULL, NULL, "The best schedule of a battery for known prices.",
     "volteo optimize --prices prices.csv --battery battery.json\n"
     "  volteo optimize --market MEM --node APATZINGAN --from 2016-02-01 --to 2016-02-29 \\\n"
     "      --battery battery.json --json\n"
     "  volteo optimize --request request.json",
     vo_engine_optimize, cli_render_optimize},
    {"compare", CLI_COMPARE, NULL, NULL, "Several policies over the same days, in one table.",
     "volteo compare --prices prices.csv --battery battery.json\n"
     "  volteo compare --prices prices.csv --battery battery.json \\\n"
     "      --policies perfect,spread,mpc:naive_day --protocol rolling --report report.html",
     vo_engine_compare, cli_render_compare},
    {"backtest", CLI_BACKTEST, NULL, NULL,
     "Like compare, with each policy's profit over time: by month, by day in --json.",
     "volteo backtest --prices prices.csv --battery battery.json --forecast forecasts.csv \\\n"
     "      --days-alone --skip-days 7 --json",
     vo_engine_backtest, cli_render_backtest},
    {"decide", CLI_DECIDE, NULL, NULL,
     "What the battery should do now, why, how sure, and at which price something else.",
     "volteo decide --prices prices.csv --battery battery.json --soc 0.4\n"
     "  volteo decide --prices prices.csv --battery battery.json --at 2024-01-31T06:00Z \\\n"
     "      --policy threshold --json",
     vo_engine_decide, cli_render_decide},
    {"simulate", CLI_SIMULATE, NULL, NULL,
     "Homes that trade energy: what each pays, would pay without, and could pay at best.",
     "volteo simulate --homes 10 --days 1 --report community.html\n"
     "  volteo simulate --homes 40 --days 7 --scenario heat_wave --matching pay_as_bid --seed "
     "7\n"
     "  volteo simulate --homes-from citylearn_2022 --days 14 --forecaster load_gbt --json\n"
     "  volteo simulate --homes 100000 --parquet community",
     vo_engine_simulate, cli_render_simulate},
    {"train price", CLI_TRAIN_PRICE, NULL, NULL,
     "A model that forecasts prices, learned from history, into the registry.",
     "volteo train price --prices prices.csv --horizons 60,360,1440\n"
     "  volteo train price --market MEM --node APATZINGAN --method ensemble\n"
     "  volteo train price --prices minutes.csv --horizons 15 --quantiles 0.05,0.5,0.95 "
     "--search 20",
     vo_engine_train, cli_render_train},
    {"train q", CLI_TRAIN_Q, NULL, NULL,
     "A table of when to charge and discharge, by Q-learning, into the registry.",
     "volteo train q --prices prices.csv --battery battery.json\n"
     "  volteo train q --market MEM --node APATZINGAN --train-until 2017-01-01 --episodes 500",
     vo_engine_train, cli_render_train},
    {"train load", CLI_TRAIN_LOAD, NULL, NULL,
     "A model that forecasts the loads of homes, one for all of them, into the registry.",
     "volteo train load --homes 40 --days 60\n"
     "  volteo train load --homes-from citylearn_2022 --days 120 --id load_fontana\n"
     "  volteo simulate --homes 10 --forecaster load_gbt=load",
     vo_engine_train, cli_render_train_load},
    {"forecast", CLI_FORECAST, NULL, NULL, "Prices to come, with quantiles.",
     "volteo forecast --prices prices.csv --model price_prediction@champion --horizon 1440\n"
     "  volteo forecast --market MEM --node APATZINGAN --method epf_naive --horizon 1440 \\\n"
     "      --quantiles 0.05,0.5,0.95 --json",
     vo_engine_forecast, cli_render_forecast},
    {"predict", CLI_PREDICT, "MODEL", "model_id",
     "What a trained model says now: a price with its interval, or an action.",
     "volteo predict price_prediction --prices prices.csv --horizon 60\n"
     "  volteo predict battery_policy --prices prices.csv --charge-level 0.5 --json",
     vo_engine_predict, cli_render_predict},
    {"retrain", CLI_RETRAIN, NULL, NULL,
     "A new model on data to date, in production only if it is not worse.",
     "volteo retrain --market MEM --node APATZINGAN --method gbt --battery battery.json\n"
     "  volteo retrain --prices prices.csv --backtest-days 30 --dry-run",
     vo_engine_retrain, cli_render_retrain},
    {"models compare", CLI_MODELS_COMPARE, "ID", "id",
     "Two versions of a trained model over the same last days.",
     "volteo models compare price_prediction --prices prices.csv\n"
     "  volteo models compare price_prediction --versions champion,v20260211_134500 \\\n"
     "      --market MEM --node APATZINGAN --backtest-days 60",
     vo_engine_models_compare, cli_render_models_compare},
    {"models list", CLI_MODELS_LIST, NULL, NULL,
     "Trained models, their versions, and which of them is in production.",
     "volteo models list\n  volteo models list --id price_prediction --json",
     vo_engine_models_list, cli_render_models_list},
    {"models metrics", CLI_MODELS_METRICS, "MODEL", "model",
     "The figures of a version, by horizon.", "volteo models metrics price_prediction",
     vo_engine_models_metrics, cli_render_models_metrics},
    {"models importance", CLI_MODELS_IMPORTANCE, "MODEL", "model",
     "Which features of a boosted model matter, by horizon.",
     "volteo models importance price_prediction@champion --json", vo_engine_models_importance,
     cli_render_models_importance},
    {"models show", CLI_MODELS_SHOW, "MODEL", "model",
     "A version: what it was trained on, its figures, files, parents and promotions.",
     "volteo models show price_prediction\n"
     "  volteo models show price_prediction@challenger\n"
     "  volteo models show price_prediction@v20260211_134500 --json",
     vo_engine_models_show, cli_render_models_show},
    {"models promote", CLI_MODELS_PROMOTE, "MODEL", "model",
     "Makes a version the champion, which plans and forecasts use, or the challenger.",
     "volteo models promote price_prediction@challenger --reason \"better in March\"\n"
     "  volteo models promote price_prediction@v20260211_134500 --alias challenger \\\n"
     "      --reason \"more data\"",
     vo_engine_models_promote, cli_render_models_decided},
    {"models rollback", CLI_MODELS_ROLLBACK, "ID", "id",
     "The champion before the present one is champion again.",
     "volteo models rollback price_prediction --reason \"worse since Monday\"",
     vo_engine_models_rollback, cli_render_models_decided},
    {"models prune", CLI_MODELS_PRUNE, NULL, NULL,
     "Removes old versions; never champion, challenger, latest, or what rollback needs.",
     "volteo models prune --dry-run\n  volteo models prune --id price_prediction --keep 3",
     vo_engine_models_prune, cli_render_models_pruned},
    {"models doctor", CLI_MODELS_DOCTOR, NULL, NULL,
     "Reads every file of the registry of models and says what is damaged or left over.",
     "volteo models doctor\n  volteo models doctor --mend --models ./models",
     vo_engine_models_doctor, cli_render_models_health},
    {"evaluate forecast", CLI_EVALUATE, NULL, NULL,
     "How good forecasts are: errors, intervals, tests, and what a battery earns on them.",
     "volteo evaluate forecast --epf NP.csv --published forecasts.csv --report report.html\n"
     "  volteo evaluate forecast --market MEM --node APATZINGAN --test-days 90 \\\n"
     "      --method ensemble,lear,naive_day --json",
     vo_engine_evaluate, cli_render_evaluate},
    {"data import", CLI_IMPORT, "FILE", "file",
     "Prices, loads, weather or a tariff, of a file or a database, cleaned, into the lake.",
     "volteo data import prices.csv --market DE --node DE-LU --tz Europe/Berlin\n"
     "  volteo data import sin_zonal_mda.csv.zst\n"
     "  volteo data import meter.csv --kind load --unit kW --columns 'load_kw=kwh*4' --node "
     "HOME\n"
     "  volteo data import \"postgres://USER@HOST/DATABASE\" --table prices --mapping supabase",
     vo_engine_data_import, cli_render_import},
    {"data fetch", CLI_FETCH, "CLIENT", "client",
     "From a web service into the lake: cenace, batu, caiso, entsoe or open_meteo.",
     "volteo data fetch cenace --zones APATZINGAN --from 2016-02-01 --to 2016-02-29\n"
     "  VOLTEO_ENTSOE_TOKEN=... volteo data fetch entsoe --zones 10YNL----------L "
     "--from 2025-09-17\n"
     "  volteo data fetch open_meteo --latitude 37.34 --longitude -121.89 --from 2024-01-01 "
     "--dry-run",
     vo_engine_data_fetch, cli_render_fetch},
    {"data synth", CLI_SYNTH, NULL, NULL,
     "SYNTHETIC prices, weather or homes, made up by the project's own generator.",
     "volteo data synth --year 2025 --out prices.csv\n"
     "  volteo data synth --market SYNTH --nodes 10\n"
     "  volteo data synth --what weather --latitude 52.5 --longitude 13.4 --tz Europe/Berlin "
     "--out weather.csv\n"
     "  volteo data synth --what home --days 7 --sessions --out home.csv",
     vo_engine_data_synth, cli_render_synth},
    {"data list", CLI_LIST, NULL, NULL, "What the lake holds.",
     "volteo data list\n  volteo data list --kind prices --market MEM", vo_engine_data_list,
     cli_render_list},
    {"data show", CLI_SHOW, NULL, NULL,
     "A series of the lake in figures, a curve, and what cleaning did; or a tariff.",
     "volteo data show --market SYNTH --node NODE0000\n"
     "  volteo data show --kind weather --node \"37.3_-121.9\" --from 2024-07-01 --to "
     "2024-07-31\n"
     "  volteo data show --tariff config/tariffs/flat_peak_off_peak.yaml",
     vo_engine_data_show, cli_render_show},
    {"data export", CLI_EXPORT, NULL, NULL,
     "A series of the lake as a file: cleaned, as it was read (--raw), or what was changed.",
     "volteo data export --market SYNTH --node NODE0000 --out node.csv\n"
     "  volteo data export --node APATZINGAN --process MTR --raw --out - | head",
     vo_engine_data_export, cli_render_export},
    {"data doctor", CLI_CARE, NULL, NULL,
     "Reads every part of the lake and says what is damaged, disordered or left over.",
     "volteo data doctor --lake ./lake\n  volteo data doctor --mend", vo_engine_data_doctor,
     cli_render_health},
    {"data compact", CLI_COMPACT, NULL, NULL, "The same lake in less room.",
     "volteo data compact --lake ./lake", vo_engine_data_compact, cli_render_health},
    {"data remove", CLI_REMOVE, NULL, NULL,
     "A series, or a span of it, out of the lake: with --yes; else it says what would go.",
     "volteo data remove --market LOCAL --node MYNODE\n"
     "  volteo data remove --market LOCAL --process DA --node MYNODE --from 2024-01-01 --to "
     "2024-01-31 --yes",
     vo_engine_data_remove, cli_render_remove},
    {"doctor", CLI_DOCTOR, NULL, NULL, "Is everything here that the engine needs?",
     "volteo doctor", vo_engine_doctor, cli_render_doctor},
};
enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

/* Commands that are more than a document for a document. */
static const struct {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
} programs[] = {
    {"serve", "The service: REST, WebSocket events and jobs.", cli_serve},
    {"worker", "Runs the jobs that servers accepted.", cli_worker},
    {"keys", "Who may use the service: keys made, listed, revoked.", cli_keys},
    {"jobs", "Work that is queued: listed, added, cancelled, tried again.", cli_jobs},
};
enum { N_PROGRAMS = sizeof programs / sizeof programs[0] };

/* ---- progress --------------------------------------------------------------------- */

typedef struct {
    double began_s, drawn_s;
    double base_s, base; /* when, and how far, the work was as it last began from anew */
    double last;
    int width; /* of the line on the terminal */
    bool terminal;
} progress;

/* Seconds that are left, or NAN while it is too early to say. Work in several stages may begin
 * from anew: then only the stage under way is judged. */
static double seconds_left(progress *p, double now_s, double fraction) {
    if (fraction < p->last) {
        p->base_s = now_s;
        p->base = fraction;
    }
    p->last = fraction;
    const double took_s = now_s - p->base_s, done = fraction - p->base;
    return took_s > 3 && done > 0.02 ? took_s * (1 - fraction) / done : (double)NAN;
}

/* ", about 40 s left", rounded so that it does not flicker. */
static void say_left(double left_s, char out[40]) {
    if (isnan(left_s))
        *out = '\0';
    else if (left_s < 90)
        snprintf(out, 40, ", about %.0f s left",
                 left_s < 10 ? ceil(left_s) : 5 * ceil(left_s / 5));
    else if (left_s < 90 * 60)
        snprintf(out, 40, ", about %.0f min left", ceil(left_s / 60));
    else
        snprintf(out, 40, ", about %.1f h left", left_s / 3600);
}

enum { BAR = 20, PHASE = 34 }; /* letters: the line fits a terminal of 80 columns */

/* Only on a terminal, only for work over a second, at most ten times a second. */
static int32_t show_progress(void *ctx, const char *phase, double fraction) {
    progress *p = ctx;
    const double now_s = vo_clock_monotonic_s();
    const double left_s = seconds_left(p, now_s, fraction);
    if (p->terminal && now_s - p->began_s > 1 && now_s - p->drawn_s > 0.1) {
        char bar[BAR + 1], left[40];
        const int full = (int)(BAR * fmin(fmax(fraction, 0), 1));
        for (int i = 0; i < BAR; i++) bar[i] = i < full ? '#' : '.';
        bar[BAR] = '\0';
        say_left(left_s, left);
        const int width =
            fprintf(stderr, "\r%.*s [%s] %3.0f %%%s", PHASE, phase, bar, 100 * fraction, left);
        if (width < p->width) fprintf(stderr, "%*s", p->width - width, "");
        p->width = width;
        p->drawn_s = now_s;
    }
    return vo_interrupt_seen();
}

static void end_progress(const progress *p) {
    if (p->width > 0) fprintf(stderr, "\r%*s\r", p->width, "");
}

/* ---- running a command ---------------------------------------------------------------- */

static int exit_code(vo_status s) {
    switch (s) {
    case VO_OK:
        return CLI_DONE;
    case VO_EINVAL:
    case VO_ENOTFOUND:
    case VO_EUNSUPPORTED:
        return CLI_USAGE;
    case VO_ENOMEM:
    case VO_EIO:
    case VO_ENUMERIC:
    case VO_ECANCELED:
        return CLI_FAILED;
    }
    return CLI_FAILED;
}

/* Names and labels come from files: of what they bring, a terminal gets no control characters.
 * The lines of tables and the colours that these use themselves ("\033[1m") stay. */
static void disarm(char *text, bool table) {
    for (char *c = text; *c; c++) {
        const bool colour =
            *c == '\033' && c[1] == '[' && c[2 + strspn(c + 2, "0123456789;")] == 'm';
        const bool ours = table && (*c == '\n' || colour);
        if (((unsigned char)*c < 0x20 && !ours) || *c == 0x7f) *c = '?';
    }
}

static int complain(const cli_options *o, vo_status s, const vo_error *err) {
    const bool about_battery = o->battery && g_str_has_prefix(err->msg, "batter");
    char *text = cli_say_flags(o, err->msg);
    disarm(text, false);
    fprintf(stderr, "volteo %s: %s%s%s\n", o->command->name, about_battery ? o->battery : "",
            about_battery ? ": " : "", text);
    g_free(text);
    return exit_code(s);
}

static vo_status print_text(const char *text, vo_error *err) {
    const size_t len = strlen(text);
    const bool ended = len == 0 || text[len - 1] == '\n';
    if (fwrite(text, 1, len, stdout) != len || (!ended && putchar('\n') == EOF) ||
        fflush(stdout) != 0)
        return vo_fail(err, VO_EIO, "standard output cannot be written: is the disk full?");
    return VO_OK;
}

static vo_status print_answer(const cli_options *o, const char *response, vo_error *err) {
    if (o->json) return print_text(response, err);
    vo_json *root = NULL;
    vo_status s = vo_json_parse(response, strlen(response), &root, err);
    if (s != VO_OK) return s;
    GString *out = g_string_new(NULL);
    o->command->render(root, out);
    disarm(out->str, true);
    s = print_text(out->str, err);
    g_string_free(out, TRUE);
    vo_json_free(root);
    return s;
}

static vo_status write_report(vo_engine *e, const cli_options *o, const char *response,
                              vo_error *err) {
    if (!o->report) return VO_OK;
    char *html = NULL;
    vo_status s = vo_engine_report(e, response, &html, err);
    if (s == VO_OK) s = vo_file_write(o->report, html, strlen(html), err);
    if (s == VO_OK) fprintf(stderr, "report: %s\n", o->report);
    vo_text_free(html);
    return s;
}

/* A doctor who finds something wrong has answered, but not with success. */
static bool found_ill(const char *response) {
    vo_json *root = NULL;
    if (vo_json_parse(response, strlen(response), &root, NULL) != VO_OK) return true;
    const vo_json *ok = vo_json_get(root, "ok");
    const bool ill = ok && vo_json_kind_of(ok) == VO_JSON_BOOL && !vo_json_bool(ok);
    vo_json_free(root);
    return ill;
}

/* Nothing was removed yet: --yes is wanted. */
static bool only_told(const char *response) {
    vo_json *root = NULL;
    if (vo_json_parse(response, strlen(response), &root, NULL) != VO_OK) return true;
    const vo_json *removed = vo_json_get(root, "removed");
    const bool yes =
        removed && vo_json_kind_of(removed) == VO_JSON_BOOL && vo_json_bool(removed);
    vo_json_free(root);
    return !yes;
}

static int run(const cli_options *o) {
    const double now_s = vo_clock_monotonic_s();
    progress p = {.began_s = now_s, .base_s = now_s, .terminal = vo_terminal_is_tty(2)};
    vo_engine_options eo = vo_engine_options_default();
    const char *lake = o->lake ? o->lake : vo_environment("VOLTEO_LAKE");
    const char *models = o->models ? o->models : vo_environment("VOLTEO_MODELS");
    if (lake) eo.lake = lake;
    if (models) eo.models = models;
    eo.allow_files = 1;
    eo.threads = o->threads;
    eo.progress = show_progress;
    eo.progress_ctx = &p;
    vo_error err = {0};
    vo_engine *engine = NULL;
    char *response = NULL;
    vo_interrupt_watch();
    vo_status s = vo_engine_open(&eo, &engine, &err);
    /* A report needs the days and curves that only backtest gives. */
    if (s == VO_OK)
        s = o->report && (o->command->bit & CLI_TABLES)
                ? vo_engine_backtest(engine, o->request, &response, &err)
                : o->command->call(engine, o->request, &response, &err);
    end_progress(&p);
    if (s == VO_OK) s = write_report(engine, o, response, &err);
    if (s == VO_OK) s = print_answer(o, response, &err);
    int code = s == VO_OK ? CLI_DONE : complain(o, s, &err);
    if (s == VO_OK &&
        (o->command->bit & (CLI_DOCTOR | CLI_CARE | CLI_COMPACT | CLI_MODELS_DOCTOR)) &&
        found_ill(response))
        code = CLI_FAILED;
    if (s == VO_OK && o->command->bit == CLI_REMOVE && only_told(response)) code = CLI_USAGE;
    vo_text_free(response);
    vo_engine_close(engine);
    return code;
}

/* ---- choosing a command ---------------------------------------------------------------- */

static int help(FILE *to) {
    fprintf(to,
            "volteo %s -- decides when a battery charges and discharges, and proves it.\n\n"
            "usage: volteo COMMAND [OPTION...]\n\n",
            vo_version());
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(to, "  %-17s %s\n", commands[i].name, commands[i].summary);
    for (size_t i = 0; i < N_PROGRAMS; i++)
        fprintf(to, "  %-17s %s\n", programs[i].name, programs[i].summary);
    fprintf(to,
            "  %-17s %s\n  %-17s %s\n\n"
            "volteo COMMAND --help lists its options and shows an example. With --json a "
            "command prints one\nJSON document and nothing else (docs/api.md).\n",
            "help", "This text, or that of a command.", "version", "The version.");
    return to == stdout ? CLI_DONE : CLI_USAGE;
}

/* "data": the first word of several commands. */
static bool first_word(const char *word, const cli_command *c) {
    const size_t len = strlen(word);
    return strncmp(c->name, word, len) == 0 && c->name[len] == ' ';
}

static int half_named(const char *word, FILE *to) {
    fprintf(to, "volteo %s: which of these?\n", word);
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (first_word(word, &commands[i]))
            fprintf(to, "  volteo %-18s %s\n", commands[i].name, commands[i].summary);
    return to == stdout ? CLI_DONE : CLI_USAGE;
}

static int unknown(const char *word, const char *second) {
    const bool asks = second && (strcmp(second, "--help") == 0 || strcmp(second, "-h") == 0);
    for (size_t i = 0; (!second || second[0] == '-') && i < N_COMMANDS; i++)
        if (first_word(word, &commands[i])) return half_named(word, asks ? stdout : stderr);
    if (second && second[0] == '-') second = NULL;
    const char *names[N_COMMANDS + N_PROGRAMS + 2];
    size_t n = 0;
    for (; n < N_COMMANDS; n++) names[n] = commands[n].name;
    for (size_t i = 0; i < N_PROGRAMS; i++) names[n++] = programs[i].name;
    names[n++] = "help";
    names[n++] = "version";
    char typed[64];
    snprintf(typed, sizeof typed, "%.30s%s%.30s", word, second ? " " : "",
             second ? second : "");
    const char *near = vo_text_nearest(typed, names, n);
    if (!near) near = vo_text_nearest(word, names, n);
    fprintf(stderr, "volteo: \"%s\" is no command%s%s%s `volteo help` lists them.\n", typed,
            near ? "; did you mean \"" : ".", near ? near : "", near ? "\"?" : "");
    return CLI_USAGE;
}

/* The command named by argv[1] or by argv[1] and argv[2]; *words tells how many it took. */
static const cli_command *find_command(int argc, char **argv, int *words) {
    for (size_t i = 0; i < N_COMMANDS; i++) {
        const char *space = strchr(commands[i].name, ' ');
        if (!space && strcmp(argv[1], commands[i].name) == 0) {
            *words = 1;
            return &commands[i];
        }
        if (space && argc > 2 && strcmp(argv[2], space + 1) == 0 &&
            strncmp(argv[1], commands[i].name, (size_t)(space - commands[i].name)) == 0 &&
            strlen(argv[1]) == (size_t)(space - commands[i].name)) {
            *words = 2;
            return &commands[i];
        }
    }
    return NULL;
}

static int run_command(int argc, char **argv) {
    for (size_t i = 0; i < N_PROGRAMS; i++)
        if (strcmp(argv[1], programs[i].name) == 0) return programs[i].run(argc - 1, argv + 1);
    int words = 0;
    const cli_command *command = find_command(argc, argv, &words);
    if (!command) return unknown(argv[1], argc > 2 ? argv[2] : NULL);
    cli_options o = {0};
    int code = cli_parse(command, argc - words, argv + words, &o);
    if (code == CLI_DONE) code = run(&o);
    cli_options_fini(&o);
    return code == CLI_HELPED ? CLI_DONE : code;
}

int main(int argc, char **argv) {
    if (argc < 2) return help(stderr);
    const char *word = argv[1];
    if (strcmp(word, "--version") == 0 || strcmp(word, "version") == 0) {
        printf("volteo %s\n", vo_version());
        return CLI_DONE;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) return help(stdout);
    if (strcmp(word, "help") == 0) {
        if (argc == 2) return help(stdout);
        char dashes[] = "--help"; /* "help data import" is "data import --help" */
        char *words[4] = {argv[0], argv[2], argc > 3 ? argv[3] : dashes, dashes};
        return run_command(argc > 3 ? 4 : 3, words);
    }
    return run_command(argc, argv);
}
