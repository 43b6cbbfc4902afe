/* test_cli_simulate.c -- `volteo simulate` as a user runs it: one document on standard output, a report and
 * tables beside it, refusals that name the flag. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "engine/simulate.h"
#include "port/file.h"
#include "support/data_folder.h"

static char folder[DATA_PATH];

typedef struct {
    int code;
    char *out, *err;
} result;

static char *slurp(const char *name) {
    char path[DATA_PATH + 64], *text = NULL;
    size_t len = 0;
    vo_error err = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    cr_assert_eq(vo_file_read(path, 1u << 28, &text, &len, &err), VO_OK, "%s", err.msg);
    return text;
}

static result run(const char *arguments) {
    char command[3 * DATA_PATH + 2048];
    snprintf(command, sizeof command,
             "cd '%s' && unset VOLTEO_MODELS VOLTEO_LAKE && '%s' simulate %s >.out 2>.err",
             folder, VOLTEO_PROGRAM, arguments);
    const int status = system(command);
    return (result){(status >> 8) & 255, slurp(".out"), slurp(".err")};
}

static void drop(result *r) {
    free(r->out);
    free(r->err);
}

static vo_json *answer(const char *arguments) {
    result r = run(arguments);
    vo_json *v = NULL;
    vo_error err = {0};
    cr_assert_eq(r.code, 0, "%s: %s", arguments, r.err);
    cr_assert_eq(vo_json_parse(r.out, strlen(r.out), &v, &err), VO_OK, "%s", err.msg);
    drop(&r);
    return v;
}

static double number(const vo_json *v, const char *key) {
    return vo_json_number(vo_json_get(v, key));
}

static void setup(void) { cr_assert(temporary_folder(folder)); }
static void teardown(void) { temporary_folder_remove(folder); }
TestSuite(cli_simulate, .init = setup, .fini = teardown);

Test(cli_simulate, ten_homes_and_a_day_are_told_in_a_table_with_parts_and_bounds) {
    static const char *const says[] = {"SYNTHETIC 10 homes, 1 day from 2026-07-01",
                                       "pge_e_tou_c",
                                       "home 0010",
                                       "time shifting",
                                       "trading",
                                       "what nobody can beat",
                                       "all pooled, with losses",
                                       "residual 0"};
    result r = run("--homes 10 --days 1");
    cr_assert_eq(r.code, 0, "%s", r.err);
    for (size_t i = 0; i < sizeof says / sizeof says[0]; i++)
        cr_expect(strstr(r.out, says[i]), "\"%s\" is missing:\n%s", says[i], r.out);
    cr_expect_str_empty(r.err, "nothing but progress on a terminal: %s", r.err);
    drop(&r);
}

Test(cli_simulate, every_flag_is_a_field_of_the_request) {
    vo_json *v =
        answer("--homes 3 --days 2 --seed 9 --from 2026-02-03 --tariff flat_peak_off_peak "
               "--history-days 7 --interval-minutes 15 --pv-share 1 --battery-kwh 10 "
               "--battery-kw 3 --efficiency 0.8 --min-soc 0.2 --max-soc 0.9 "
               "--initial-soc 0.5 --import-limit 8 --export-limit 3 --feeder 20 "
               "--matching pay_as_bid --loss 0.1 --fee 0.02 --least-price 0.05 "
               "--most-price 0.6 --most-trade 1 --most-sold-daily 5 --price-point 0.25 "
               "--forecaster naive_day --horizon 48 --replan-every 2 --load-cases 1 "
               "--bounds off --timeline --max-trades 3 --scenario high_solar --json");
    const vo_json *m = vo_json_get(v, "market"), *r = vo_json_get(m, "rules");
    const vo_json *h = vo_json_at(vo_json_get(v, "households"), 0),
                  *b = vo_json_get(h, "battery");
    cr_expect_eq(number(v, "homes"), 3);
    cr_expect_eq(number(v, "days"), 2);
    cr_expect_eq(number(v, "history_days"), 7);
    cr_expect_eq(number(v, "intervals"), 192);
    cr_expect_eq(number(v, "seed"), 9);
    cr_expect(strncmp(vo_json_string(vo_json_get(v, "from")), "2026-02-03", 10) == 0);
    cr_expect_str_eq(vo_json_string(vo_json_get(v, "scenario")), "high_solar");
    cr_expect_str_eq(vo_json_string(vo_json_get(m, "matching")), "pay_as_bid");
    cr_expect_str_eq(vo_json_string(vo_json_get(m, "forecaster")), "naive_day");
    cr_expect_eq(number(m, "horizon"), 48);
    cr_expect_eq(number(m, "replan_every"), 2);
    cr_expect_eq(number(m, "load_cases"), 1);
    cr_expect_eq(number(m, "import_limit_kwh"), 8);
    cr_expect_eq(number(m, "export_limit_kwh"), 3);
    cr_expect_eq(number(m, "feeder_kwh"), 20);
    cr_expect_eq(number(r, "loss"), 0.1);
    cr_expect_eq(number(r, "fee"), 0.02);
    cr_expect_eq(number(r, "least_price"), 0.05);
    cr_expect_eq(number(r, "most_price"), 0.6);
    cr_expect_eq(number(r, "most_trade_kwh"), 1);
    cr_expect_eq(number(r, "most_sold_daily_kwh"), 5);
    cr_expect_eq(number(r, "price_point"), 0.25);
    cr_expect_eq(number(b, "capacity_kwh"), 10);
    cr_expect_eq(number(b, "power_kw"), 3);
    cr_expect_eq(number(b, "min_soc"), 0.2);
    cr_expect_eq(number(b, "max_soc"), 0.9);
    cr_expect_eq(number(b, "first_soc"), 0.5);
    cr_expect_eq(vo_json_size(vo_json_get(h, "timeline")), (size_t)192);
    cr_expect_leq(vo_json_size(vo_json_get(v, "trades")), (size_t)3);
    vo_json_free(v);
}

Test(cli_simulate, a_report_and_tables_are_left_and_the_answer_stays_one_document) {
    vo_json *v = answer("--homes 4 --bounds off --report page.html --parquet tables --json");
    char *page = slurp("page.html");
    cr_expect(strstr(page, "VOLTEO COMMUNITY") && strstr(page, "</html>"));
    free(page);
    static const char *const name[] = {"tables/intervals.parquet", "tables/trades.parquet",
                                       "tables/households.parquet"};
    for (size_t i = 0; i < 3; i++) {
        char *file = slurp(name[i]);
        cr_expect(strncmp(file, "PAR1", 4) == 0, "%s", name[i]);
        free(file);
    }
    vo_json_free(v);
}

Test(cli_simulate, a_whole_request_is_the_document_that_the_service_takes) {
    char path[DATA_PATH + 64];
    static const char text[] = "{\"homes\":3,\"bounds\":\"off\",\"matching\":\"signal\"}";
    snprintf(path, sizeof path, "%s/request.json", folder);
    cr_assert_eq(vo_file_write(path, text, strlen(text), NULL), VO_OK);
    result a = run("--request request.json --json"),
           b = run("--homes 3 --bounds off --matching signal --json");
    cr_expect_eq(a.code, 0, "%s", a.err);
    cr_expect_str_eq(a.out, b.out);
    drop(&a);
    drop(&b);
    a = run("--request request.json --homes 4");
    cr_expect(a.code == 2 && strstr(a.err, "drop --homes"), "%s", a.err);
    drop(&a);
}

Test(cli_simulate, threads_change_nothing) {
    result a = run("--homes 9 --days 2 --threads 1 --json"),
           b = run("--homes 9 --days 2 --threads 3 --json");
    cr_expect_eq(a.code, 0, "%s", a.err);
    cr_expect_str_eq(a.out, b.out);
    drop(&a);
    drop(&b);
}

Test(cli_simulate, what_cannot_be_is_refused_with_the_flag) {
    static const struct {
        const char *arguments, *says;
    } refused[] = {
        {"--homes 0", "--homes 0"},
        {"--homes ten", "--homes"},
        {"--efficiency 90", "--efficiency 90"},
        {"--matching auction", "pay_as_clear"},
        {"--scenario flood", "heat_wave"},
        {"--tariff no_such", "flat_peak_off_peak"},
        {"--homes-from nowhere", "nowhere"},
        {"--forecaster oracle", "naive_day"},
        {"--bounds maybe", "--bounds"},
        {"--least-price 2", "--least-price 2"},
        {"--trade 1", "--"},
        {"--parquet /dev/null/x --bounds off", "/dev/null"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        result r = run(refused[i].arguments);
        cr_expect_neq(r.code, 0, "%s", refused[i].arguments);
        cr_expect_str_empty(r.out, "%s", r.out);
        cr_expect(strstr(r.err, refused[i].says), "%s: %s", refused[i].arguments, r.err);
        drop(&r);
    }
}

/* Does the help have this flag, as a word of its own? */
static bool shows(const char *help, const char *flag) {
    const size_t len = strlen(flag);
    for (const char *at = strstr(help, flag); at; at = strstr(at + 1, flag))
        if (at[len] == '=' || at[len] == ' ' || at[len] == '\n') return true;
    return false;
}

/* A field's flag has hyphens, and no unit where the number speaks for itself. */
Test(cli_simulate, help_shows_a_flag_for_every_field_and_an_example) {
    static const char *const bare[] = {"import_limit_kwh", "export_limit_kwh", "feeder_kwh",
                                       "most_trade_kwh", "most_sold_daily_kwh"};
    result r = run("--help");
    size_t n = 0;
    const vo_field *field = vo_simulate_request_fields(&n);
    cr_assert_eq(r.code, 0);
    cr_assert_gt(n, (size_t)30);
    for (size_t i = 0; i < n; i++) {
        char flag[80];
        snprintf(flag, sizeof flag, "--%s", field[i].name);
        for (size_t k = 0; k < sizeof bare / sizeof bare[0]; k++)
            if (strcmp(field[i].name, bare[k]) == 0) *strrchr(flag, '_') = '\0';
        for (char *c = flag; *c; c++)
            if (*c == '_') *c = '-';
        cr_expect(shows(r.out, flag), "%s", flag);
    }
    cr_expect(shows(r.out, "--report") && shows(r.out, "--threads") && shows(r.out, "--json"));
    cr_expect(strstr(r.out, "volteo simulate --homes 10 --days 1"));
    drop(&r);
}

/* Before costs of an outage are compared, what they do not tell is told. */
Test(cli_simulate, an_outage_and_a_refill_are_told_before_costs_are_compared) {
    result r = run("--homes 4 --scenario outage --bounds off");
    cr_assert_eq(r.code, 0, "%s", r.err);
    cr_expect(strstr(r.out, "load not served, and not paid"), "%s", r.out);
    cr_expect(strstr(r.out, "praise the darker run"));
    drop(&r);
    r = run("--homes 4 --feeder 1 --horizon 2 --bounds off");
    cr_assert_eq(r.code, 0, "%s", r.err);
    cr_expect(strstr(r.out, "of it refill at the end"), "%s", r.out);
    drop(&r);
    r = run("--homes 4 --bounds off");
    cr_expect_not(strstr(r.out, "refill at the end") || strstr(r.out, "not served"));
    drop(&r);
}

Test(cli_simulate, metered_homes_are_read_from_a_folder) {
    char path[DATA_PATH], where[DATA_PATH], asked[DATA_PATH + 100];
    NEED_DATA("citylearn_2022/Building_1.csv", path);
    snprintf(where, sizeof where, "%s", path);
    *strrchr(where, '/') = '\0';
    snprintf(asked, sizeof asked, "--homes-from '%s' --homes 4 --days 2 --json", where);
    vo_json *v = answer(asked);
    const vo_json *first = vo_json_at(vo_json_get(v, "households"), 0);
    cr_expect_str_eq(vo_json_string(vo_json_get(first, "name")), "Building_1");
    cr_expect_not(vo_json_bool(vo_json_get(v, "synthetic")));
    cr_expect_eq(number(v, "days"), 2);
    cr_expect_eq(number(v, "intervals"), 96);
    cr_expect_eq(vo_json_kind_of(vo_json_get(first, "bill")), VO_JSON_NULL,
                 "prices of a file are no tariff's");
    cr_expect_gt(number(v, "savings"), 0);
    vo_json_free(v);
}
