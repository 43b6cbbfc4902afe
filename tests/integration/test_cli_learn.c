/* The program's commands that learn, as a user runs them: what goes to standard output, what to
 * standard error, with which exit code, and what is left in the registry. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/json.h"
#include "port/file.h"
#include "support/data_folder.h"

static char folder[DATA_PATH];

typedef struct {
    int code;
    char *out, *err;
} result;

static void path_of(const char *name, char path[DATA_PATH + 64]) {
    snprintf(path, DATA_PATH + 64, "%s/%s", folder, name);
}

static char *slurp(const char *name) {
    char path[DATA_PATH + 64], *text = NULL;
    size_t len = 0;
    vo_error err = {0};
    path_of(name, path);
    cr_assert_eq(vo_file_read(path, 1u << 26, &text, &len, &err), VO_OK, "%s", err.msg);
    return text;
}

static void put(const char *name, const char *text) {
    char path[DATA_PATH + 64];
    vo_error err = {0};
    path_of(name, path);
    cr_assert_eq(vo_file_write(path, text, strlen(text), &err), VO_OK, "%s", err.msg);
}

/* `before` may be "timeout -s INT 1": what runs the program. */
static result run_by(const char *before, const char *arguments) {
    char command[3 * DATA_PATH + 2048];
    snprintf(command, sizeof command,
             "cd '%s' && unset VOLTEO_MODELS VOLTEO_LAKE && ( %s '%s' %s ) >.out 2>.err",
             folder, before, VOLTEO_PROGRAM, arguments);
    const int status = system(command);
    return (result){(status >> 8) & 255, slurp(".out"), slurp(".err")};
}

static result run(const char *arguments) { return run_by("", arguments); }

static void drop(result *r) {
    free(r->out);
    free(r->err);
}

/* Standard output of a command that must succeed, standard error of one that must not. */
static void says(const char *arguments, int code, const char *says) {
    result r = run(arguments);
    cr_expect_eq(r.code, code, "%s: exit %d: %s", arguments, r.code, r.err);
    const char *text = code ? r.err : r.out;
    cr_expect(strstr(text, says), "%s: \"%s\" is not in:\n%s", arguments, says, text);
    if (code == 2) cr_expect_str_empty(r.out, "%s: %s", arguments, r.out);
    drop(&r);
}

/* The one document of a command with --json, which says nothing else. */
static vo_json *answer_of(const char *arguments) {
    vo_json *root = NULL;
    vo_error err = {0};
    result r = run(arguments);
    cr_assert_eq(r.code, 0, "%s: %s", arguments, r.err);
    cr_expect_str_empty(r.err, "%s: %s", arguments, r.err);
    cr_assert_eq(vo_json_parse(r.out, strlen(r.out), &root, &err), VO_OK, "%s: %s", arguments,
                 err.msg);
    drop(&r);
    return root;
}

static const vo_json *member(const vo_json *v, const char *path) {
    char key[40];
    for (const char *p = path; v && *p;) {
        const size_t len = strcspn(p, ".");
        snprintf(key, sizeof key, "%.*s", (int)len, p);
        v = vo_json_get(v, key);
        p += len + (p[len] == '.');
    }
    cr_assert_not_null(v, "no %s", path);
    return v;
}

static double number(const vo_json *v, const char *path) {
    return vo_json_number(member(v, path));
}

static const char *text(const vo_json *v, const char *path) {
    return vo_json_string(member(v, path));
}

/* 90 days of hours from 2024-01-01, UTC: every day the same up to a level that drifts. */
static void begin(void) {
    cr_assert(temporary_folder(folder));
    char *csv = malloc(90 * 24 * 40 + 100), *at = csv;
    cr_assert_not_null(csv);
    at += sprintf(at, "timestamp,price\n");
    for (int h = 0; h < 90 * 24; h++) {
        const vo_civil c = vo_civil_from_seconds(INT64_C(1704067200) + 3600 * (int64_t)h);
        char stamp[32];
        vo_civil_format(&c, stamp);
        at += sprintf(at, "%sZ,%.2f\n", stamp,
                      50 + 20 * sin(h * 0.2617993877991494) + (h / 24 * 7) % 11 + (h * 37) % 5);
    }
    put("prices.csv", csv);
    free(csv);
    put("battery.json", "{\"power_mw\":1,\"capacity_mwh\":2,\"efficiency\":0.9}");
}
static void begin_empty(void) { cr_assert(temporary_folder(folder)); }
static void end(void) { temporary_folder_remove(folder); }

#define P "--prices prices.csv "
#define GBT "train price " P "--horizons 60,1440 --trees 8 --quantiles 0.05,0.5,0.95 "
#define Q "train q " P "--battery battery.json --episodes 5 --environments 64 "

Test(cli_learn, a_model_is_trained_listed_shown_and_forecasts, .init = begin, .fini = end) {
    says(GBT, 0, "champion, in models");
    says("models list", 0, "price_prediction");
    says("models show price_prediction", 0, "trained on  2024-01-01T00:00");
    result r = run("forecast " P "--model price_prediction --horizon 1440 "
                   "--quantiles 0.05,0.5,0.95");
    cr_expect_eq(r.code, 0, "%s", r.err);
    cr_expect(strstr(r.out, "2024-03-31T00:00"), "behind the last price: %s", r.out);
    cr_expect(strstr(r.out, "2024-03-31T23:00"), "%s", r.out);
    cr_expect_null(strstr(r.out, "2024-04-01"), "a day and no more: %s", r.out);
    cr_expect_null(strstr(r.out, "\033["), "no colours where there is no terminal");
    drop(&r);
    says(GBT, 0, "challenger, in models");
    says("models compare price_prediction " P "--backtest-days 5", 0,
         "learned from 5 of these days: its figure is flattered");
}

Test(cli_learn, with_json_there_is_one_document_and_nothing_else, .init = begin, .fini = end) {
    vo_json *r = answer_of(GBT "--train-until 2024-02-20 --json");
    cr_expect_str_eq(text(r, "alias"), "champion");
    cr_expect_str_eq(text(r, "trained_on.last"), "2024-02-19T23:00:00Z");
    cr_expect_eq(number(r, "trained_on.intervals"), 50 * 24);
    vo_json_free(r);
    r = answer_of(Q "--json");
    cr_expect_str_eq(text(r, "type"), "rl_battery");
    vo_json_free(r);
    r = answer_of("forecast " P "--model price_prediction --at 2024-02-20 --horizon 120 "
                  "--quantiles 0.1,0.9 --json");
    cr_expect_eq(vo_json_size(member(r, "predictions")), 2);
    const vo_json *first = vo_json_at(member(r, "predictions"), 0);
    cr_expect_str_eq(text(first, "timestamp"), "2024-02-20T00:00:00Z");
    cr_expect_eq(number(first, "minutes_ahead"), 60);
    const vo_json *levels = member(first, "quantiles");
    cr_expect_leq(vo_json_number(vo_json_get(levels, "0.1")),
                  vo_json_number(vo_json_get(levels, "0.9")));
    vo_json_free(r);
    r = answer_of("retrain " P
                  "--horizons 60,1440 --trees 8 --backtest-days 10 --dry-run --json");
    cr_expect(vo_json_bool(member(r, "dry_run")));
    cr_expect_eq(number(r, "backtest.days"), 10);
    cr_expect_eq(number(r, "champion.days_seen_in_training"), 0);
    vo_json_free(r);
    r = answer_of("models list --json");
    cr_expect_eq(vo_json_size(member(r, "registered")), 2, "a dry run registers nothing");
    vo_json_free(r);
    r = answer_of("evaluate forecast " P "--method lear --test-days 10 --recalibrate-days 0 "
                  "--json");
    cr_expect_eq(number(r, "test.days"), 10);
    cr_expect_str_eq(text(vo_json_at(member(r, "forecasts"), 0), "name"), "lear");
    vo_json_free(r);
}

Test(cli_learn, what_learns_is_trained_before_the_days_that_it_plays, .init = begin,
     .fini = end) {
    vo_json *r = answer_of("backtest " P "--battery battery.json --train-until 2024-02-20 "
                           "--policies perfect,mpc:lear,q_learning --json");
    cr_expect_str_eq(text(r, "first_day"), "2024-02-20");
    cr_expect_eq(number(r, "days"), 40);
    for (size_t i = 0; i < 3; i++) {
        const vo_json *p = vo_json_at(member(r, "policies"), i);
        cr_expect_eq(number(p, "violations"), 0);
        cr_expect_leq(number(p, "capture"), 1 + 1e-9);
        cr_expect_eq(number(p, "train_s") > 0, i > 0, "%s", text(p, "policy"));
    }
    vo_json_free(r);
    says("backtest " P "--battery battery.json --policies mpc:lear", 2, "(--train-until)");
}

Test(cli_learn, evaluate_writes_a_page_that_needs_no_network, .init = begin, .fini = end) {
    says("evaluate forecast " P "--method lear,naive_day --test-days 10 --recalibrate-days 0 "
         "--report page.html",
         0, "lear");
    char *page = slurp("page.html");
    cr_expect(strstr(page, "<html") && strstr(page, "naive_day"));
    cr_expect_null(strstr(page, "src=\"http"));
    cr_expect_null(strstr(page, "href=\"http"));
    free(page);
    says("evaluate forecast " P "--test-days 10 --report prices.csv", 2,
         "--report prices.csv is the file of --prices");
}

Test(cli_learn, retraining_promotes_what_is_not_worse_and_rolls_back_in_one_call, .init = begin,
     .fini = end) {
    says("retrain " P "--method lear --backtest-days 10", 0, "promoted: the first champion");
    says("retrain " P "--method lear --backtest-days 10", 0,
         "learned from 10 of these days: its figure is flattered");
    says("train price " P "--method lear --alias challenger", 0, "challenger, in models");
    says("models promote price_prediction_lear@latest --reason test", 0, "champion is");
    says("models rollback price_prediction_lear --reason worse", 0, ", was ");
}

Test(cli_learn, bad_usage_and_bad_input_exit_with_2_and_name_options, .init = begin,
     .fini = end) {
    static const struct {
        const char *arguments, *says;
    } refused[] = {
        {"train", "volteo train q"},
        {"train pric", "did you mean \"train price\"?"},
        {"train price", "--prices FILE, or --market MEM"},
        {"evaluate forecast", "--epf FILE"},
        {GBT "--train-until 2020-01-01", "--train-until 2020-01-01 lies before every price"},
        {GBT "--train-until soon", "--train-until: time stamp \"soon\""},
        {GBT "--alias boss", "--alias boss: must be one of"},
        {GBT "--id ../x", "--id"},
        {GBT "--depth 99", "--depth 99: must be in [1, 16]"},
        {GBT "--quantiles 0.9,0.1", "--quantiles: 0.1 is not above 0.9"},
        {"train price " P "--horizons 90", "--horizons: 90 min is no whole number"},
        {"train price " P "--horizons a", "--horizons: \"a\" is no number"},
        {"train price " P "--method magic", "--method magic: must be one of gbt, lear"},
        {"train price " P "--method lear --trees 5", "--trees is of method gbt, not of lear"},
        {"train price " P "--method lear --from 2024-03-21", "28 days: 10 days of prices are"},
        {"train price " P "--market MEM", "--market is for the lake"},
        {"train price --market MEM --node X --from never", "MEM"},
        {"train q " P "--from 2024-03-29", "2.0 days of prices are too few"},
        {"train q " P "--horizons 60", "Unknown option --horizons"},
        {Q "--environments 0", "--environments 0: must be"},
        {"forecast " P, "--model is missing: which forecaster?"},
        {"forecast " P "--method magic", "--method: \"magic\" is no forecaster"},
        {"forecast " P "--method gbt --model x", "--model x and --method gbt: give one"},
        {"forecast " P "--model nobody", "no model \"nobody\""},
        {"forecast " P "--method naive_day --at 2020-01-01", "no price is known before"},
        {"forecast " P "--method naive_day --horizon 0", "--horizon 0: must be in (0, 20160]"},
        {"evaluate forecast " P, "--test-days 728 leaves 0 days"},
        {"evaluate forecast " P "--test-days 5 --method lear,magic", "--method: \"magic\""},
        {"evaluate forecast " P "--epf prices.csv",
         "--epf names a file of prices: drop --prices"},
        {"evaluate forecast --epf nowhere.csv", "nowhere.csv"},
        {"retrain " P "--backtest-days 700", "--backtest-days 700: the prices have 90 days"},
        {"retrain " P "--train-until 2024-02-01", "Unknown option --train-until"},
        {"models compare nobody " P, "no model \"nobody\""},
        {"models compare nobody " P "--versions a", "--versions: name two of them"},
        {"models compare " P, "give one ID"},
        {"backtest " P "--battery battery.json --policies mpc:gbt=nobody",
         "no model \"nobody\""},
        {"backtest " P "--battery battery.json --train-until 2030-01-01", "--train-until 2030"},
        {"backtest " P "--battery battery.json --train-days 5", "--train-days goes with"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        result r = run(refused[i].arguments);
        cr_expect_eq(r.code, 2, "%s: exit %d: %s", refused[i].arguments, r.code, r.err);
        cr_expect(strstr(r.err, refused[i].says), "%s: \"%s\" is not in: %s",
                  refused[i].arguments, refused[i].says, r.err);
        cr_expect_str_empty(r.out, "%s: %s", refused[i].arguments, r.out);
        drop(&r);
    }
    char models[DATA_PATH + 64];
    path_of("models", models);
    cr_expect_not(vo_file_exists(models), "nothing was begun");
}

/* Far more than a second of work, stopped after one. */
Test(cli_learn, training_that_is_stopped_leaves_no_version, .init = begin, .fini = end) {
    static const char *const long_work[] = {
        "train price " P "--trees 10000 --depth 10 --rate 0.001",
        "train price " P "--trees 10000 --depth 10 --rate 0.001 --horizons 60 --threads 1",
        "train q " P "--episodes 1000000"};
    for (size_t i = 0; i < sizeof long_work / sizeof long_work[0]; i++) {
        result r = run_by("timeout --preserve-status -s INT -k 60 1", long_work[i]);
        cr_expect_eq(r.code, 1, "%s: exit %d: %s", long_work[i], r.code, r.err);
        cr_expect(strstr(r.err, "stopped"), "%s: %s", long_work[i], r.err);
        cr_expect_str_empty(r.out);
        drop(&r);
        says("models list", 0, "no models yet");
    }
}

/* Every command of which the help shows an example: the words after "volteo" are parsed without
 * complaint about an option; the files that they name are not there, so no work begins. */
Test(cli_learn, the_examples_of_help_parse, .init = begin_empty, .fini = end) {
    static const char *const commands[] = {
        "train price",     "train q",      "forecast",      "retrain",
        "models compare",  "models list",  "models show",   "models promote",
        "models rollback", "models prune", "models doctor", "evaluate forecast"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char arguments[600], start[80];
        snprintf(arguments, sizeof arguments, "%s --help", commands[i]);
        result r = run(arguments);
        cr_expect_eq(r.code, 0);
        snprintf(start, sizeof start, "\n  volteo %s", commands[i]);
        const char *at = strstr(r.out, "Example:\n");
        cr_assert_not_null(at, "%s", r.out);
        size_t shown = 0;
        while ((at = strstr(at, start)) != NULL) {
            char example[512];
            size_t n = 0;
            at += strlen("\n  volteo ");
            for (; *at && !(*at == '\n' && at[-1] != '\\') && n + 1 < sizeof example; at++)
                if (*at != '\n' && *at != '\\') example[n++] = *at;
            example[n] = '\0';
            /* what is missing here is what it names: refused, but not for its options */
            snprintf(arguments, sizeof arguments, "%s --models none --threads 1", example);
            if (strncmp(example, "models", 6) == 0 && strncmp(example, "models c", 8) != 0)
                snprintf(arguments, sizeof arguments, "%s", example);
            result e = run(arguments);
            cr_expect_null(strstr(e.err, "option"), "%s: %s", arguments, e.err);
            cr_expect_null(strstr(e.err, "give one"), "%s: %s", arguments, e.err);
            cr_expect_null(strstr(e.err, "one word too many"), "%s: %s", arguments, e.err);
            drop(&e);
            shown++;
        }
        cr_expect_geq(shown, 1, "%s", r.out);
        drop(&r);
    }
}
