/* The data commands as a user runs them: what they say, and with which exit code they end. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/file.h"
#include "support/data_folder.h"

typedef struct {
    int code;
    char *out, *err;
} result;

static char *slurp(const char *path) {
    char *text = NULL;
    size_t len = 0;
    vo_error err = {0};
    cr_assert_eq(vo_file_read(path, 1u << 26, &text, &len, &err), VO_OK, "%s", err.msg);
    return text;
}

/* Each test has a folder of its own, with nothing in it. */
static char folder[DATA_PATH];

static void begin(void) { cr_assert(temporary_folder(folder)); }
static void end(void) { temporary_folder_remove(folder); }

static result run(const char *arguments) {
    char command[3 * DATA_PATH + 2048], out[DATA_PATH + 8], errors[DATA_PATH + 8];
    snprintf(out, sizeof out, "%s/.out", folder);
    snprintf(errors, sizeof errors, "%s/.err", folder);
    snprintf(command, sizeof command,
             "cd '%s' && unset VOLTEO_LAKE VOLTEO_ENTSOE_TOKEN && ( '%s' %s ) >'%s' 2>'%s'",
             folder, VOLTEO_PROGRAM, arguments, out, errors);
    const int status = system(command);
    return (result){(status >> 8) & 255, slurp(out), slurp(errors)};
}

static void drop(result *r) {
    free(r->out);
    free(r->err);
}

static void put(const char *name, const char *text) {
    char path[DATA_PATH + 100];
    vo_error err = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    cr_assert_eq(vo_file_write(path, text, strlen(text), &err), VO_OK, "%s", err.msg);
}

/* Of success `says` is in standard output, else in standard error. */
static void says(const char *arguments, int code, const char *says) {
    result r = run(arguments);
    cr_expect_eq(r.code, code, "%s: exit %d, %s", arguments, r.code, r.err);
    cr_expect(strstr(code == 2 ? r.err : r.out, says), "%s: \"%s\" is not in:\n%s%s", arguments,
              says, r.out, r.err);
    drop(&r);
}

static void never_says(const char *arguments, const char *absent) {
    result r = run(arguments);
    cr_expect_null(strstr(r.out, absent), "%s: %s", arguments, r.out);
    cr_expect_null(strstr(r.err, absent), "%s: %s", arguments, r.err);
    drop(&r);
}

Test(cli_data, messages_name_options_and_what_is_said_of_a_file_its_keys, .init = begin,
     .fini = end) {
    static const struct {
        const char *arguments, *says;
    } refused[] = {
        {"data export", "--out is missing: name a file to write"},
        {"data import postgres://u@h/d", "--table is missing"},
        {"data import p.csv --mapping ./typo.yaml",
         "./typo.yaml: time_colum: no such key; did you mean time_column?"},
        {"data import p.csv --mapping nowhere", "--mapping nowhere: no such mapping"},
        {"data import shape.json", "say where they are: --rows-path data.items"},
        {"data fetch entsoe --zones 10YNL----------L --from 2025-01-01", "VOLTEO_ENTSOE_TOKEN"},
        {"data fetch cenace --zones A", "--from is missing"},
        {"data fetch cenace --from 2025-01-01", "--nodes or --zones is missing"},
        {"data fetch cenace --from 2025-01-01 --nodes A --latitude 3",
         "--latitude means nothing"},
        {"data synth --what home --preset mem", "--preset is not for --what home"},
        {"data synth --nodes 3",
         "--nodes 3: several go into the lake only; give --market SYNTH"},
        {"data synth --column x", "give --compare FILE too"},
        {"data import p.csv --repair 'by hand'", "--repair \"by hand\": must"},
        {"data show --node A", "no such series in the lake"},
    };
    put("typo.yaml", "time_colum: x\n");
    put("shape.json", "{\"a\": 1}");
    put("p.csv", "timestamp,price\n2025-01-01T00:00Z,1\n2025-01-01T01:00Z,2\n");
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        says(refused[i].arguments, 2, refused[i].says);
}

Test(cli_data, a_lake_that_is_not_there_is_not_well, .init = begin, .fini = end) {
    says("data doctor --lake none", 2, "there is no lake at none yet");
    says("data compact --lake none", 2, "there is no lake at none yet");
    says("data list --lake none", 0, "none holds nothing yet");
}

Test(cli_data, doctor_and_compact_say_what_is_and_what_can_be_done, .init = begin,
     .fini = end) {
    says("data synth --market SYNTH --days 2", 0, "written to the lake lake\n");
    says("data doctor", 0, "1 series in 1 part, 48 rows");
    says("data doctor", 0, "; all is well");
    says("data compact", 0, "part");
    never_says("data compact", "--mend");
    put("lake/prices/market=SYNTH/process=MDA/node=NODE0000/year=2025/part.parquet",
        "PAR1 is not what this is");
    says("data doctor", 1, "24 bytes; `volteo data doctor --mend` puts right what can be\n");
    says("data compact", 1, "damaged");
    says("data doctor --mend", 0, "24 bytes before, now 0 bytes; all is well");
    put("lake/notes.txt", "not the lake's");
    says("data doctor", 1, "stranger");
    never_says("data doctor", "--mend` puts");
}

#define ZEROS "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0"

Test(cli_data, tariffs_say_only_what_they_have, .init = begin, .fini = end) {
    static const char stored[] = VOLTEO_SOURCE_DIR "/config/tariffs";
    char arguments[600];
    snprintf(arguments, sizeof arguments, "data show --tariff '%s/flat_peak_off_peak.yaml'",
             stored);
    says(arguments, 0, "flat_peak_off_peak  in force always, America/Los_Angeles");
    snprintf(arguments, sizeof arguments, "data show --tariff '%s/pge_e_tou_c_2026-03-01.yaml'",
             stored);
    says(arguments, 0, "from 2026-03-01, America/Los_Angeles");
    says(arguments, 0, "less below the baseline quantity of 10 territories\n");
    put("bare.yaml", "{kind: tariff, utility: u, schedule: S, currency: USD, zone: UTC, "
                     "seasons: {year: [['01-01', '12-31']]}, rates: [{name: a, per_kwh: 1}], "
                     "hours: {year: {weekday: [" ZEROS "], weekend: [" ZEROS "]}}, "
                     "baseline: {credit_per_kwh: 0.1, quantities: {}}}");
    says("data show --tariff bare.yaml", 0, "less below the baseline quantity\n");
    never_says("data show --tariff bare.yaml", "territor");
}

Test(cli_data, one_is_not_many_and_what_stays_is_noted, .init = begin, .fini = end) {
    put("one.csv", "timestamp,price,energy\n2025-01-01T00:00Z,1,1\n2025-01-01T01:00Z,2,2\n"
                   "2025-01-01T01:00Z,2,2\n2025-01-01T03:00Z,4,4\n");
    says("data import one.csv --node A", 0, "    1 equal row of one time, dropped\n");
    says("data show --node A", 0, "    1 equal row of one time, dropped\n");
    says("data show --node A", 0, "4 intervals in 1 day, ");
    says("data show --node A", 0, "60 min, per MWh\n");
    says("data list", 0, "per MWh\n");
    says("data export --node A --from 2025-01-01 --raw --out r.csv", 0, "r.csv: 4 rows of ");
    put("battery.json", "{\"power_mw\": 1, \"capacity_mwh\": 1}");
    says("data synth --tz Europe/Berlin --days 120 --out b.csv", 0, "written to b.csv");
    says("optimize --prices b.csv --tz Europe/Berlin --battery battery.json --repair clean "
         "--from 2025-03-29 --to 2025-03-31",
         0, "noted: 1 day of 23 hours, kept, first at 2025-03-30T01:00:00Z");
}

Test(cli_data, what_is_made_up_again_says_what_it_replaced, .init = begin, .fini = end) {
    says("data synth --market SYNTH --days 2", 0, "written to the lake lake\n");
    says("data synth --market SYNTH --days 2", 0, "written to the lake lake\n");
    says("data synth --market SYNTH --days 1 --seed 2", 0,
         "in place of 24 rows with other values");
    says("data synth --market SYNTH --days 1 --interval-minutes 30", 2,
         "--market SYNTH: NODE0000 is in the lake with intervals of another length");
}

Test(cli_data, sessions_are_printed_wherever_the_load_goes, .init = begin, .fini = end) {
    static const char home[] = "data synth --what home --days 7 --ev-share 1 --sessions";
    char arguments[200];
    says(home, 0, "\n\narrival,departure,energy_kwh\n2025-01-0");
    snprintf(arguments, sizeof arguments, "%s --out home.csv", home);
    says(arguments, 0, "Arrival (UTC)");
    says(arguments, 0, "  HOME0000  2025-01-0");
    says("data synth --what home --days 1 --ev-share 0 --sessions", 0, "energy_kwh\n");
    never_says("data synth --what home --days 1", "arrival");
}

Test(cli_data, no_key_is_needed_to_ask_nothing, .init = begin, .fini = end) {
    says("data fetch entsoe --zones 10YNL----------L --from 2025-09-17 --dry-run", 0,
         "securityToken=***");
}

Test(cli_data, the_data_commands_are_listed_in_the_order_of_work, .init = begin, .fini = end) {
    static const char *const names[] = {"import", "fetch",  "synth",   "list",  "show",
                                        "export", "doctor", "compact", "remove"};
    static const char *const arguments[] = {"data --help", "help"};
    for (int k = 0; k < 2; k++) {
        result r = run(arguments[k]);
        const char *at = r.out;
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            char line[60];
            snprintf(line, sizeof line, "data %-8s ", names[i]);
            at = strstr(at, line);
            cr_assert_not_null(at, "%s is not where it should be: %s", line, r.out);
        }
        drop(&r);
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char asked[60], example[60];
        snprintf(asked, sizeof asked, "data %s --help", names[i]);
        snprintf(example, sizeof example, "Example:\n  volteo data %s", names[i]);
        says(asked, 0, example);
    }
    says("data", 2, "volteo data import ");
}

Test(cli_data, stored_rows_are_replaced_and_removed_only_where_it_is_said, .init = begin,
     .fini = end) {
    char quarters[4096] = "timestamp,price\n";
    for (int q = 0; q < 96; q++)
        sprintf(quarters + strlen(quarters), "2025-01-01T%02d:%02d:00Z,%d\n", q / 4, q % 4 * 15,
                40 + q);
    put("q.csv", quarters);
    put("h.csv", "timestamp,price\n2025-01-01T00:00:00Z,40\n2025-01-01T01:00:00Z,50\n"
                 "2025-01-01T02:00:00Z,60\n");
    says("data import h.csv --market M --node N --tz Europe/Madrid", 0, "3 intervals");
    says("data import q.csv --market M --node N", 2, "or --replace");
    says("data import h.csv --market M --node N --tz UTC", 2, "--tz UTC is asked for");
    says("data import h.csv --market M --node N", 0,
         "days follow the stored zone Europe/Madrid");
    says("data import q.csv --market M --node N --replace", 0, "96 intervals");
    says("data export --market M --node N --out s.json", 0, "96 rows");
    says("data import s.json --market M --node BACK", 0, "96 intervals");
    result r = run("data remove --market M --node N");
    cr_expect(r.code == 2 && strstr(r.out, "96 rows from 2025-01-01T00:00:00Z") &&
                  strstr(r.out, "--yes"),
              "%d %s%s", r.code, r.out, r.err);
    drop(&r);
    says("data remove --market M --node N --yes", 0, "96 rows");
    says("data list", 0, "BACK");
    says("data export --market M --node N --out gone.csv", 2, "no such series");
    says("data remove --node BACK --yes", 2, "--market is missing");
}
