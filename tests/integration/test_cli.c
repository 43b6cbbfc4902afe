/* The program as a user runs it: what goes to standard output, what to standard error, and with
 * which exit code. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/json.h"
#include "port/file.h"
#include "support/data_folder.h"

#define FOLDER VOLTEO_BINARY_DIR "/tests/cli"

typedef struct {
    int code;
    char *out, *err;
} result;

static char *slurp(const char *path) {
    char *text = NULL;
    size_t len = 0;
    vo_error err = {0};
    cr_assert_eq(vo_file_read(path, 1u << 28, &text, &len, &err), VO_OK, "%s", err.msg);
    return text;
}

/* Each test has its own files: Criterion runs them at the same time. */
static result run(const char *test, const char *arguments) {
    char command[4096], out[600], errors[600];
    vo_error err = {0};
    cr_assert_eq(vo_file_make_folders(FOLDER, &err), VO_OK, "%s", err.msg);
    snprintf(out, sizeof out, "%s/%s.out", FOLDER, test);
    snprintf(errors, sizeof errors, "%s/%s.err", FOLDER, test);
    snprintf(command, sizeof command, "cd '%s' && ( '%s' %s ) >'%s' 2>'%s'", FOLDER,
             VOLTEO_PROGRAM, arguments, out, errors);
    const int status = system(command);
    return (result){(status >> 8) & 255, slurp(out), slurp(errors)};
}

static void drop(result *r) {
    free(r->out);
    free(r->err);
}

static void put(const char *name, const char *text) {
    char path[600];
    vo_error err = {0};
    cr_assert_eq(vo_file_make_folders(FOLDER, &err), VO_OK, "%s", err.msg);
    snprintf(path, sizeof path, "%s/%s", FOLDER, name);
    cr_assert_eq(vo_file_write(path, text, strlen(text), &err), VO_OK, "%s", err.msg);
}

#define BATTERY                                                                                \
    "{\"power_mw\":2,\"capacity_mwh\":4,\"charge_efficiency\":0.9,\"discharge_efficiency\":1." \
    "0,"                                                                                       \
    "\"initial_soc\":0,\"final_soc\":0}"

static void put_inputs(void) {
    put("battery.json", BATTERY);
    put("prices.csv",
        "timestamp,price,tariff\n2024-01-01T00:00Z,100,40\n2024-01-01T01:00Z,50,40\n"
        "2024-01-01T02:00Z,200,40\n2024-01-01T03:00Z,-100,40\n2024-01-01T04:00Z,0,40\n"
        "2024-01-01T05:00Z,200,40\n2024-01-01T06:00Z,100,40\n2024-01-01T07:00Z,-100,40\n");
}

static double profit_of(const result *r) {
    vo_json *root = NULL;
    vo_error err = {0};
    cr_assert_eq(r->code, 0, "%s", r->err);
    cr_assert_eq(vo_json_parse(r->out, strlen(r->out), &root, &err), VO_OK, "%s", err.msg);
    const double profit = vo_json_number(vo_json_get(root, "profit"));
    vo_json_free(root);
    return profit;
}

Test(cli, the_command_of_the_documentation_gives_the_published_profit) {
    put_inputs();
    result r = run("plain", "optimize --prices prices.csv --battery battery.json --json");
    cr_expect_float_eq(profit_of(&r), 1037.777778, 1e-6);
    cr_expect_str_empty(r.err, "%s", r.err);
    drop(&r);
}

Test(cli, an_export_price_may_be_a_number_or_a_column) {
    put_inputs();
    result a =
        run("export_number", "optimize --prices prices.csv --battery battery.json --json "
                             "--export-price 40");
    result b =
        run("export_column", "optimize --prices prices.csv --battery battery.json --json "
                             "--export-price tariff");
    cr_expect_float_eq(profit_of(&a), 344, 1e-6);
    cr_expect_float_eq(profit_of(&b), 344, 1e-6);
    drop(&a);
    drop(&b);
}

Test(cli, a_request_from_standard_input_says_the_same) {
    put("request.json",
        "{\"battery_params\":" BATTERY ",\"prices\":[100,50,200,-100,0,200,100,-100]}");
    result r = run("request", "optimize --request - --json <request.json");
    cr_expect_float_eq(profit_of(&r), 1037.777778, 1e-6);
    drop(&r);
    r = run("request_file", "optimize --request request.json --json");
    cr_expect_float_eq(profit_of(&r), 1037.777778, 1e-6);
    drop(&r);
    r = run("request_and", "optimize --request request.json --method lp --json");
    cr_expect_eq(r.code, 2);
    cr_expect(strstr(r.err, "--method"), "%s", r.err);
    drop(&r);
}

Test(cli, a_request_holds_the_argument_too) {
    put("compare.json", "{\"id\": \"gbt\", \"prices\": [1, 2, 3], \"backtest_days\": 9}");
    result r = run("compare", "models compare --request compare.json --models none");
    cr_expect_eq(r.code, 2);
    cr_expect(strstr(r.err, "backtest"), "%s", r.err);
    drop(&r);
    r = run("compare_twice", "models compare gbt --request compare.json --models none");
    cr_expect_eq(r.code, 2);
    cr_expect(strstr(r.err, "put id into it"), "%s", r.err);
    drop(&r);
}

Test(cli, a_complaint_has_no_control_characters_of_what_it_complains_of) {
    put("escape.json", "{\"prices\": [1, 2], \"model\": \"\\u001b[31mred\\n\\u0007\"}");
    result r = run("escape", "forecast --request escape.json --models none");
    cr_expect_eq(r.code, 2);
    cr_expect(strstr(r.err, "?[31mred??"), "%s", r.err);
    cr_expect(!strchr(r.err, '\033') && !strchr(r.err, '\a'));
    drop(&r);
}

Test(cli, a_request_to_train_asks_for_what_its_command_does) {
    put("train_q.json", "{\"what\": \"q\", \"prices\": [1, 2, 3]}");
    result r = run("train_other", "train price --request train_q.json --models none --json");
    cr_expect_eq(r.code, 2);
    cr_expect(strstr(r.err, "volteo train q"), "%s", r.err);
    drop(&r);
    put("train_price.json", "{\"prices\": [1, 2, 3]}");
    r = run("train_nothing", "train q --request train_price.json --models none");
    cr_expect_eq(r.code, 2);
    cr_expect(strstr(r.err, "\"what\": \"q\""), "%s", r.err);
    drop(&r);
    r = run("train_same", "train q --request train_q.json --models none");
    cr_expect_eq(r.code, 2);
    cr_expect(strstr(r.err, "of prices"), "%s", r.err);
    drop(&r);
}

Test(cli, a_file_of_bare_prices_takes_its_step_from_the_command_line) {
    put_inputs();
    put("bare.csv", "price\n10\n-50\n200\n-50\n200\n");
    result r = run("bare", "optimize --prices bare.csv --battery battery.json --json "
                           "--interval-minutes 60");
    cr_expect_float_eq(profit_of(&r), 995.555556, 1e-6);
    drop(&r);
}

Test(cli, every_method_answers_and_none_beats_exact) {
    static const char *const methods[] = {"exact", "lp", "threshold", "spread", "cycle"};
    put_inputs();
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        char arguments[200];
        snprintf(arguments, sizeof arguments,
                 "optimize --prices prices.csv --battery battery.json --json --method %s",
                 methods[i]);
        result r = run(methods[i], arguments);
        cr_expect_leq(profit_of(&r), 1037.777778 + 1e-6, "%s", methods[i]);
        drop(&r);
    }
}

Test(cli, people_get_a_table_and_machines_one_document) {
    put_inputs();
    result r = run("table", "optimize --prices prices.csv --battery battery.json");
    cr_expect_eq(r.code, 0);
    cr_expect(strstr(r.out, "1,037.78"), "%s", r.out);
    cr_expect(strstr(r.out, "certificate valid"), "%s", r.out);
    cr_expect_null(strstr(r.out, "\033["), "no colours where there is no terminal");
    drop(&r);
}

Test(cli, bad_usage_and_bad_input_exit_with_2_and_say_why) {
    static const struct {
        const char *arguments, *says;
    } refused[] = {
        {"", "usage: volteo COMMAND"},
        {"optimise", "no command; did you mean \"optimize\"? `volteo help` lists them."},
        {"data", "volteo data synth"},
        {"data --nothing", "volteo data import"},
        {"compare --battery battery.json --prices prices.csv --policies ''",
         "policies is empty"},
        {"compare --battery battery.json --prices prices.csv --lookahead 24",
         "--lookahead 24 with the protocol"},
        {"optimize --battery battery.json --prices bare2.csv", "--time-column NAME"},
        {"optimize --battery battery.json --prices twice.csv", "--repair clean)"},
        {"optimize --battery battery.json --prices days.csv", "--date-order day"},
        {"compare --battery battery.json --prices days.csv --date-order last",
         "--date-order last: must"},
        {"optimize --request bad_request.json", "date_order = \"last\""},
        {"data imprt x", "did you mean \"data import\"?"},
        {"optimize", "--battery FILE"},
        {"optimize --battery battery.json", "--prices FILE"},
        {"optimize --pricess x", "did you mean --prices? `volteo optimize --help` lists"},
        {"optimize --battery battery.json --prices nowhere.csv --json", "nowhere.csv"},
        {"optimize --battery nowhere.json --prices prices.csv", "nowhere.json"},
        {"optimize --battery prices.csv --prices prices.csv", "prices.csv: JSON, line 1"},
        {"optimize --battery bad.json --prices prices.csv",
         "bad.json: battery_params.efficiency = 85"},
        {"optimize --battery battery.json --prices prices.csv --interval-minutes x",
         "--interval-minutes = \"x\""},
        {"optimize --battery battery.json --prices prices.csv --method magic", "magic"},
        {"optimize --battery battery.json --prices prices.csv extra", "\"extra\""},
        {"optimize --battery battery.json --prices prices.csv --market MEM", "--market"},
        {"optimize --battery battery.json --prices unsorted.csv", "unsorted"},
        {"optimize --battery battery.json --prices nan.csv", "there is no price"},
        {"optimize --battery battery.json --prices empty.csv", "empty"},
        {"compare --battery battery.json --prices prices.csv --policies magic", "magic"},
        {"compare --battery battery.json --prices prices.csv --report prices.csv",
         "--report prices.csv is the file of --prices"},
        {"compare --battery battery.json --prices prices.csv --threads -1", "--threads"},
        {"data import", "FILE"},
        {"data synth --days 1000", "--days 1000: must be"},
        {"optimize --market MEM --node X --battery battery.json --lake nolake", "MEM"},
    };
    put_inputs();
    put("bad.json", "{\"power_mw\": 1, \"capacity_mwh\": 2, \"efficiency\": 85}");
    put("unsorted.csv", "timestamp,price\n2024-01-01T01:00Z,1\n2024-01-01T00:00Z,2\n");
    put("nan.csv", "timestamp,price\n2024-01-01T01:00Z,1\n2024-01-01T02:00Z,nan\n");
    put("empty.csv", "");
    put("bare2.csv", "price\n10\n20\n");
    put("twice.csv", "timestamp,price\n2024-01-01T01:00Z,1\n2024-01-01T01:00Z,2\n");
    put("days.csv", "timestamp,price\n31/01/2024,1\n");
    put("bad_request.json", "{\"battery_params\":" BATTERY ",\"prices\":[1],\"date_order\":"
                            "\"last\"}");
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        result r = run("refused", refused[i].arguments);
        cr_expect_eq(r.code, 2, "%s: exit %d", refused[i].arguments, r.code);
        cr_expect(strstr(r.err, refused[i].says), "%s: %s", refused[i].arguments, r.err);
        cr_expect_str_empty(r.out, "%s: %s", refused[i].arguments, r.out);
        drop(&r);
    }
}

Test(cli, what_help_shows_is_an_example_of_the_command) {
    static const char *const commands[] = {"optimize",  "compare",    "backtest", "data import",
                                           "data list", "data synth", "doctor"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char arguments[80], example[80];
        snprintf(arguments, sizeof arguments, "%s --help", commands[i]);
        snprintf(example, sizeof example, "Example:\n  volteo %s", commands[i]);
        result a = run("help", arguments);
        snprintf(arguments, sizeof arguments, "help %s", commands[i]);
        result b = run("help_of", arguments);
        cr_expect_eq(a.code, 0);
        cr_expect(strstr(a.out, example), "%s", a.out);
        cr_expect_str_eq(a.out, b.out);
        drop(&a);
        drop(&b);
    }
}

Test(cli, help_has_its_options_in_sections) {
    static const char *const sections[] = {"\nPrices:\n", "\nBattery and site:\n",
                                           "\nMethod:\n", "\nOutput:\n"};
    result r = run("sections", "optimize --help");
    const char *at = r.out;
    for (size_t i = 0; i < 4; i++) {
        at = strstr(at, sections[i]);
        cr_assert_not_null(at, "%s is not where it should be: %s", sections[i], r.out);
    }
    cr_expect(strstr(strstr(r.out, "\nBattery"), "--battery"), "%s", r.out);
    drop(&r);
    r = run("sections_data", "data --help");
    cr_expect_eq(r.code, 0);
    cr_expect(strstr(r.out, "data import") && strstr(r.out, "data list"), "%s", r.out);
    drop(&r);
}

static void expect_says(const char *test, const char *arguments, int code, const char *says) {
    result r = run(test, arguments);
    cr_expect_eq(r.code, code, "%s: exit %d, %s", arguments, r.code, r.err);
    cr_expect(strstr(code ? r.err : r.out, says), "%s: \"%s\" is not in:\n%s%s", arguments,
              says, r.out, r.err);
    drop(&r);
}

Test(cli, a_file_of_several_nodes_is_recognised_by_every_command) {
    put_inputs();
    put("nodes.csv", "time,node,price\n2024-01-01T00:00Z,A,10\n2024-01-01T00:00Z,B,1\n"
                     "2024-01-01T01:00Z,A,90\n2024-01-01T01:00Z,B,2\n");
    static const char *const commands[] = {"optimize --battery battery.json --prices nodes.csv",
                                           "compare --battery battery.json --prices nodes.csv",
                                           "backtest --battery battery.json --prices nodes.csv",
                                           "data import --lake nodes_lake nodes.csv"};
    for (size_t i = 0; i < 4; i++) {
        char arguments[200];
        snprintf(arguments, sizeof arguments, "%s --repair clean", commands[i]);
        expect_says("nodes", arguments, 2, "column \"node\" tells 2 series apart (A, B)");
        expect_says("nodes", arguments, 2, "--node A ");
    }
    result r =
        run("node_a", "optimize --battery battery.json --prices nodes.csv --node A --json");
    cr_expect_float_eq(profit_of(&r), 2 * 0.9 * 90 - 20, 1e-6);
    drop(&r);
    expect_says("node_b", "data import --lake nodes_lake nodes.csv --node B", 0, "DA B");
    put("places.csv", "time,spot,price\n2024-01-01T00:00Z,A,10\n2024-01-02T00:00Z,B,1\n");
    expect_says("places",
                "optimize --battery battery.json --prices places.csv --node-column "
                "spot --node B --interval-minutes 60",
                0, "B  2024-01-02");
}

Test(cli, repairs_are_told_line_by_line) {
    put_inputs();
    put("dirty.csv", "timestamp,price\n2024-01-01T00:00Z,1\n2024-01-01T00:00Z,1\n"
                     "2024-01-01T01:00Z,2\n2024-01-01T03:00Z,4\n2024-01-01T04:00Z,5\n");
    static const char *const commands[] = {"optimize", "compare", "backtest"};
    for (size_t i = 0; i < 3; i++) {
        char arguments[200];
        snprintf(arguments, sizeof arguments,
                 "%s --battery battery.json --prices dirty.csv --repair clean", commands[i]);
        expect_says("dirty", arguments, 0, "repaired: 1 equal row of one time");
        expect_says("dirty", arguments, 0, "neighbours, first at 2024-01-01T02:00:00Z");
        expect_says("dirty", arguments, 0, "--json: prices.repairs");
    }
    result r =
        run("tidy", "optimize --battery battery.json --prices prices.csv --repair clean");
    cr_expect_null(strstr(r.out, "repair"), "nothing was touched: %s", r.out);
    drop(&r);
}

Test(cli, a_least_violating_plan_is_said_to_be_verified_and_what_it_breaks) {
    put_inputs();
    put("toofull.json",
        "{\"power_mw\":0.1,\"capacity_mwh\":4,\"initial_soc\":0,\"final_soc\":1}");
    put("load.csv", "timestamp,price,load\n2024-01-01T00:00Z,1,5\n2024-01-01T01:00Z,2,5\n");
    result r = run("toofull", "optimize --prices prices.csv --battery toofull.json");
    cr_expect(strstr(r.out, "energy and profit verified"), "%s", r.out);
    cr_expect_null(strstr(r.out, "NOT valid"), "%s", r.out);
    cr_expect(strstr(r.out, "limit broken: final_soc, by "), "%s", r.out);
    cr_expect(strstr(r.out, "; breaking it by one MWh more would earn "), "%s", r.out);
    cr_expect_null(strstr(r.out, "best day"), "there is one day: %s", r.out);
    drop(&r);
    r = run("overload", "optimize --prices load.csv --battery battery.json --load load "
                        "--import-limit 1");
    cr_expect(strstr(r.out, " MWh in all, first at 2024-01-01T00:00:00Z; "), "%s", r.out);
    drop(&r);
}

Test(cli, what_is_rounding_is_not_shown) {
    put_inputs();
    put("half.json", "{\"power_mw\":2,\"capacity_mwh\":4,\"efficiency\":0.85}");
    result r = run("dust", "optimize --prices prices.csv --battery battery.json --method lp");
    cr_expect(strstr(r.out, ", gap 0\n"), "%s", r.out);
    drop(&r);
    static const int days[] = {8, 12, 16, 20}; /* their bounds miss by some 1e-11 */
    for (size_t i = 0; i < 4; i++) {
        char arguments[100];
        snprintf(arguments, sizeof arguments, "data synth --days %d --out rounding.csv",
                 days[i]);
        r = run("rounding_synth", arguments);
        drop(&r);
        r = run("rounding", "optimize --prices rounding.csv --battery half.json");
        cr_expect(strstr(r.out, "certificate valid, gap 0\n"), "%.400s", r.out);
        drop(&r);
    }
    put("flat.csv", "timestamp,price\n2024-01-01T00:00Z,50\n2024-01-01T01:00Z,50\n");
    r = run("flat", "optimize --prices flat.csv --battery battery.json --method lp");
    cr_expect(strstr(r.out, "  0 cycles, 0 MWh charged, 0 MWh discharged\n"), "%s", r.out);
    drop(&r);
}

Test(cli, synthetic_prices_are_the_same_text_in_a_file_and_a_pipe) {
    result file = run("synth_file", "data synth --days 2 --out two.csv");
    result pipe = run("synth_pipe", "data synth --days 2");
    char *text = slurp(FOLDER "/two.csv");
    cr_expect(strstr(file.out, "--prices two.csv --tz America/Mexico_City"), "%s", file.out);
    cr_expect(strstr(text, "\n2025-01-01T00:00:00-06:00,712.63,"), "%.80s", text);
    cr_expect(strstr(pipe.out, "\n2025-01-01T00:00:00-06:00,712.63\n"), "%.80s", pipe.out);
    cr_expect_null(strstr(pipe.out, "99999"), "%s", pipe.out);
    free(text);
    drop(&file);
    drop(&pipe);
    put_inputs();
    expect_says("synth_days",
                "optimize --prices two.csv --battery battery.json --to 2025-01-01", 0,
                "2025-01-01T00:00 to 2025-01-01T23:00  -06:00");
    expect_says("synth_help", "data synth --help", 0, "a divisor of 60 (60; homes 30");
}

Test(cli, backtest_shows_profit_over_time_and_compare_does_not) {
    put_inputs();
    result r = run("synth3", "data synth --days 40 --out synthetic3.csv");
    drop(&r);
    r = run("months", "backtest --prices synthetic3.csv --battery battery.json --policies "
                      "perfect,spread");
    cr_expect(strstr(r.out, "  Month "), "%s", r.out);
    cr_expect(strstr(r.out, "\n  2025-02  "), "%s", r.out);
    cr_expect(strstr(r.out, "perfect plans all days at once, in "), "%s", r.out);
    cr_expect(strstr(r.out, "plans left idle: 1 for spread"), "%s", r.out);
    drop(&r);
    r = run("days", "backtest --prices synthetic3.csv --battery battery.json --policies "
                    "perfect,spread --from 2025-02-01 --to 2025-02-03");
    cr_expect(strstr(r.out, "31 days before are history"), "%s", r.out);
    cr_expect(strstr(r.out, "\n  2025-02-03  "), "%s", r.out);
    cr_expect_null(strstr(r.out, "idle:"), "the lake and files know January: %s", r.out);
    drop(&r);
    r = run("no_days", "compare --prices synthetic3.csv --battery battery.json --policies "
                       "perfect,spread --report r3.html");
    cr_expect_null(strstr(r.out, "  Month "), "%s", r.out);
    drop(&r);
}

Test(cli, the_lake_s_earlier_days_are_history) {
    put_inputs();
    expect_says("lake_synth", "data synth --days 20 --market SYNTH --lake history_lake", 0,
                "20");
    result r = run("lake_history", "compare --market SYNTH --node NODE0000 --lake history_lake "
                                   "--from 2025-01-10 --battery battery.json --policies "
                                   "mpc:naive_week");
    cr_expect(strstr(r.out, "9 days before are history"), "%s", r.out);
    cr_expect_null(strstr(r.out, "plans left idle"), "%s", r.out);
    drop(&r);
}

Test(cli, synthetic_prices_are_compared_and_reported_in_one_file) {
    put_inputs();
    result r = run("synth", "data synth --days 21 --out synthetic.csv");
    cr_assert_eq(r.code, 0, "%s", r.err);
    drop(&r);
    r = run("compare", "compare --prices synthetic.csv --battery battery.json --report r.html");
    cr_assert_eq(r.code, 0, "%s", r.err);
    cr_expect(strstr(r.out, "SYNTHETIC"), "%s", r.out);
    cr_expect(strstr(r.out, "mpc:epf_naive"), "%s", r.out);
    cr_expect(strstr(r.out, "100.0 %"), "%s", r.out);
    drop(&r);
    char *html = slurp(FOLDER "/r.html");
    cr_expect_not_null(strstr(html, "</html>"));
    cr_expect_not_null(strstr(html, "\"synthetic\":true"));
    free(html);
}

Test(cli, backtest_gives_days_as_one_document) {
    put_inputs();
    result r = run("synth2", "data synth --days 10 --out synthetic2.csv");
    drop(&r);
    r = run("backtest", "backtest --prices synthetic2.csv --battery battery.json --json "
                        "--policies perfect,spread --protocol rolling");
    cr_assert_eq(r.code, 0, "%s", r.err);
    vo_json *root = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_json_parse(r.out, strlen(r.out), &root, &err), VO_OK, "%s", err.msg);
    cr_expect_str_eq(vo_json_string(vo_json_get(root, "protocol")), "rolling");
    cr_expect_eq(vo_json_size(vo_json_get(root, "policies")), 2);
    cr_expect_geq(vo_json_size(vo_json_get(root, "dates")), 10);
    vo_json_free(root);
    drop(&r);
}

Test(cli, a_broken_pipe_or_full_disk_is_no_success) {
    put_inputs();
    result r =
        run("full", "optimize --prices prices.csv --battery battery.json --json >/dev/full; "
                    "echo exit $?");
    cr_expect_str_eq(r.out, "exit 1\n");
    cr_expect(strstr(r.err, "standard output"), "%s", r.err);
    drop(&r);
}

Test(cli, the_doctor_finds_this_machine_well) {
    result r = run("doctor", "doctor");
    cr_expect_eq(r.code, 0, "%s", r.out);
    cr_expect(strstr(r.out, "all is well"), "%s", r.out);
    drop(&r);
}

Test(cli, five_minute_prices_with_many_negative_ones_are_answered) {
    char path[DATA_PATH], arguments[DATA_PATH + 200];
    NEED_DATA("aemo_vic1_5min/vic1_5min.csv.zst", path);
    put_inputs();
    snprintf(arguments, sizeof arguments,
             "optimize --prices '%s' --tz Australia/Brisbane --battery battery.json --json",
             path);
    result r = run("aemo", arguments);
    cr_expect_gt(profit_of(&r), 0);
    cr_expect(strstr(r.out, "\"verdict\":\"optimal\""), "%.200s", r.out);
    cr_expect(strstr(r.out, "\"valid\":true"), "%.400s", r.out);
    cr_expect(strstr(r.out, "\"intervals\":78911"), "%.2000s", r.out);
    drop(&r);
}

/* 89.4 % and 721 days are the published planned capture, computed elsewhere. */
Test(cli, published_forecasts_are_judged_on_their_own_days_without_being_told) {
    char prices[DATA_PATH], forecasts[DATA_PATH], arguments[2 * DATA_PATH + 200];
    NEED_DATA("epf_benchmark/NP.csv", prices);
    NEED_DATA("epf_benchmark/forecasts_NP_DNN_LEAR.csv.zst", forecasts);
    put("np.json", "{\"power_mw\":1,\"capacity_mwh\":4,\"charge_efficiency\":0.9,"
                   "\"discharge_efficiency\":1,\"initial_soc\":0}");
    snprintf(arguments, sizeof arguments,
             "backtest --prices '%s' --forecast '%s' --battery np.json --days-alone "
             "--skip-days 7 --policies 'perfect,mpc:column=DNN Ensemble'",
             prices, forecasts);
    result r = run("np", arguments);
    cr_expect(strstr(r.out, ": 721 days,"), "%s", r.out);
    cr_expect(strstr(r.out, "89.4 %"), "%s", r.out);
    cr_expect(strstr(r.out, "16,688.38"), "%s", r.out);
    cr_expect(strstr(r.out, "played are the days that the forecasts cover, 2016-12-27 to "),
              "%s", r.out);
    cr_expect_null(strstr(r.out, "fallback"), "nothing was filled: %s", r.out);
    drop(&r);
}

Test(cli, a_name_from_a_file_cannot_command_the_terminal) {
    put_inputs();
    put("loud.json",
        "{\"name\": \"\\u001b]0;owned\\u0007\\r\", \"power_mw\": 1, \"capacity_mwh\": 2}");
    result r = run("terminal", "optimize --prices prices.csv --battery loud.json");
    cr_expect_eq(r.code, 0, "%s", r.err);
    cr_expect_not(strpbrk(r.out, "\x1b\x07\r"), "%s", r.out);
    cr_expect(strstr(r.out, "owned"), "the name itself is shown: %s", r.out);
    drop(&r);
}

/* The words after each "us_per_decision": are times; all else must not depend on the threads.
 */
static void forget_times(char *json) {
    for (char *at = json; (at = strstr(at, "\"us_per_decision\":")) != NULL;) {
        at += strlen("\"us_per_decision\":");
        const char *rest = at + strcspn(at, ",}");
        *at++ = '0';
        memmove(at, rest, strlen(rest) + 1);
    }
}

/* A year of Mexico's day-ahead market: what the README shows. The perfect profit is the linear
 * program's, too (volteo optimize --method lp on the same span). */
Test(cli, a_market_year_earns_what_is_published_on_one_thread_and_on_two, .timeout = 120) {
    char file[DATA_PATH], arguments[DATA_PATH + 400];
    NEED_DATA("mx_cenace_pml/apatzingan_mda_mtr.csv", file);
    put("mem.json", "{\"power_mw\":10,\"capacity_mwh\":40,\"efficiency\":0.88,\"min_soc\":0.05,"
                    "\"max_soc\":0.95,\"max_cycles_per_day\":1.5,\"wear_cost_per_mwh\":60}");
    snprintf(arguments, sizeof arguments, "data import '%s' --lake memlake", file);
    result r = run("mem_import", arguments);
    cr_assert_eq(r.code, 0, "%s", r.err);
    drop(&r);
    static const char span[] =
        "--market MEM --node APATZINGAN --from 2016-02-01 --to 2017-01-31 "
        "--battery mem.json --lake memlake";
    char *seen[2];
    for (int threads = 1; threads <= 2; threads++) {
        snprintf(arguments, sizeof arguments, "backtest %s --policies all --json --threads %d",
                 span, threads);
        r = run("mem_year", arguments);
        cr_assert_eq(r.code, 0, "%s", r.err);
        forget_times(r.out);
        seen[threads - 1] = r.out;
        free(r.err);
    }
    cr_expect_str_eq(seen[0], seen[1], "the same bits on one thread and on two");
    vo_json *root = NULL;
    cr_assert_eq(vo_json_parse(seen[0], strlen(seen[0]), &root, NULL), VO_OK);
    static const struct {
        const char *policy;
        double profit;
    } published[] = {{"perfect", 3707464},
                     {"spread", 2849169},
                     {"cycle", 2806811},
                     {"threshold", 1416035},
                     {"mpc:epf_naive", 2806811}};
    const vo_json *policies = vo_json_get(root, "policies");
    size_t found = 0;
    for (size_t i = 0; i < vo_json_size(policies); i++)
        for (size_t k = 0; k < sizeof published / sizeof published[0]; k++) {
            const vo_json *p = vo_json_at(policies, i);
            if (strcmp(vo_json_string(vo_json_get(p, "policy")), published[k].policy)) continue;
            found++;
            cr_expect_float_eq(vo_json_number(vo_json_get(p, "profit")), published[k].profit, 1,
                               "%s", published[k].policy);
            cr_expect_eq(vo_json_number(vo_json_get(p, "violations")), 0);
        }
    cr_expect_eq(found, sizeof published / sizeof published[0]);
    vo_json_free(root);
    free(seen[0]);
    free(seen[1]);
    snprintf(arguments, sizeof arguments, "optimize %s --method lp --json", span);
    r = run("mem_lp", arguments);
    cr_expect_float_eq(profit_of(&r), 3707464.173194, 1e-3);
    drop(&r);
}

/* The same instants, read as local days of a zone that changes its clocks and of one that does
 * not: other labels, the same plan and the same money. */
Test(cli, a_year_across_clock_changes_differs_in_labels_only) {
    put_inputs();
    char *csv = malloc(8784u * 48u), *at = csv;
    cr_assert_not_null(csv);
    at += sprintf(at, "timestamp,price\n");
    for (int h = 0; h < 8784; h++) { /* 2024 from January 1, UTC */
        vo_civil c = vo_civil_from_seconds(INT64_C(1704067200) + 3600 * (int64_t)h);
        char stamp[32];
        vo_civil_format(&c, stamp);
        at += sprintf(at, "%sZ,%d\n", stamp, 20 + (h * 37 + h / 24 * 11) % 91);
    }
    put("leap.csv", csv);
    free(csv);
    static const char *const zone[] = {"UTC", "Europe/Madrid", "America/Tijuana"};
    double profit[3];
    for (int i = 0; i < 3; i++) {
        char arguments[200];
        snprintf(arguments, sizeof arguments,
                 "optimize --prices leap.csv --battery battery.json --tz %s --json", zone[i]);
        result r = run("leap", arguments);
        profit[i] = profit_of(&r);
        const bool odd =
            strstr(r.out, "\"days_of_23_hours\":1") && strstr(r.out, "\"days_of_25_hours\":1");
        cr_expect_eq(odd, i > 0, "%s", zone[i]);
        drop(&r);
    }
    cr_expect(profit[0] == profit[1] && profit[0] == profit[2], "%.17g %.17g %.17g", profit[0],
              profit[1], profit[2]);
}
