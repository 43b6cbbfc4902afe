/* Tests of engine/data_fetch.c: requests that are refused, and dry runs. None of them asks a
 * service; integration/test_fetch.c does. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/live.h"
#include "engine/data_fetch.h"
#include "port/file.h"
#include "support/data_folder.h"

static vo_status run(const vo_engine_options *o, const char *members, char **response,
                     vo_error *err) {
    char request[2000];
    vo_json_out *w = NULL;
    size_t len = 0;
    snprintf(request, sizeof request, "{\"base_url\":\"http://127.0.0.1:9\",%s}", members);
    cr_assert_eq(vo_json_out_create(&w, NULL), VO_OK);
    const vo_status s = vo_data_fetch_run(o, request, w, err);
    if (s == VO_OK) cr_assert_eq(vo_json_out_take(w, response, &len, NULL), VO_OK);
    vo_json_out_free(w);
    return s;
}

Test(data_fetch, what_makes_no_sense_is_refused_with_its_field) {
#define A_DAY "\"zones\":\"A\",\"from\":\"2016-03-01\""
    static const struct {
        const char *members, *word;
    } c[] = {
        {A_DAY, "client is missing"},
        {"\"client\":\"omie\"," A_DAY, "must be one of cenace"},
        {"\"client\":\"cenace\",\"zones\":\"A\"", "from is missing"},
        {"\"client\":\"cenace\",\"zones\":\"A\",\"from\":\"1/2/2016\"", "from"},
        {"\"client\":\"cenace\",\"zones\":\"A\",\"from\":\"2016-03-01T00:00Z\"",
         "a day such as"},
        {"\"client\":\"cenace\"," A_DAY ",\"to\":\"2016-02-30\"", "to"},
        {"\"client\":\"cenace\"," A_DAY ",\"to\":\"2016-02-28\"", "before from"},
        {"\"client\":\"cenace\",\"nodes\":\"B\"," A_DAY, "one of the two"},
        {"\"client\":\"cenace\",\"zones\":7,\"from\":\"2016-03-01\"",
         "zones: must be an array"},
        {"\"client\":\"cenace\",\"zones\":[7],\"from\":\"2016-03-01\"", "zones[0]"},
        {"\"client\":\"cenace\",\"zones\":\" , \",\"from\":\"2016-03-01\"", "is missing"},
        {"\"client\":\"cenace\"," A_DAY ",\"key\":\"x\"", "key: cenace has none"},
        {"\"client\":\"cenace\"," A_DAY ",\"latitude\":1", "latitude means nothing to cenace"},
        {"\"client\":\"caiso\"," A_DAY ",\"system\":\"SIN\"", "system means nothing to caiso"},
        {"\"client\":\"open_meteo\"," A_DAY ",\"process\":\"MDA\"", "process means nothing"},
        {"\"client\":\"cenace\"," A_DAY ",\"paralel\":2", "parallel"},
        {"\"client\":\"cenace\"," A_DAY ",\"parallel\":9", "parallel"},
        {"\"client\":\"cenace\"," A_DAY ",\"retries\":21", "retries"},
        {"\"client\":\"cenace\"," A_DAY ",\"repair\":\"maybe\"", "repair"},
        {"\"client\":\"batu\"," A_DAY ",\"mapping\":\"no-such-mapping\"", "no-such-mapping"}};
    const vo_engine_options o = {.lake = "/nonexistent/lake", .allow_files = 1};
    for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
        vo_error err = {0};
        cr_assert_neq(run(&o, c[i].members, NULL, &err), VO_OK, "%s", c[i].members);
        cr_assert(strstr(err.msg, c[i].word) != NULL, "%s: %s", c[i].members, err.msg);
    }
}

Test(data_fetch, a_caller_without_files_asks_no_service) {
    const vo_engine_options o = {.lake = "lake"};
    vo_error err = {0};
    cr_assert_eq(run(&o, "\"client\":\"cenace\"," A_DAY ",\"dry_run\":true", NULL, &err),
                 VO_EINVAL);
    cr_assert(strstr(err.msg, "not asked from here") != NULL, "%s", err.msg);
}

Test(data_fetch, batus_address_must_be_given) {
    const vo_engine_options o = {.lake = "lake", .allow_files = 1};
    vo_json_out *w = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_json_out_create(&w, NULL), VO_OK);
    cr_assert_eq(vo_data_fetch_run(&o,
                                   "{\"client\":\"batu\",\"key\":\"k\",\"nodes\":\"A\","
                                   "\"from\":\"2024-01-01\",\"dry_run\":true}",
                                   w, &err),
                 VO_EINVAL);
    cr_assert(strstr(err.msg, "base_url is missing") != NULL, "%s", err.msg);
    vo_json_out_free(w);
}

Test(data_fetch, a_dry_run_lists_the_addresses_without_the_key_and_writes_nothing) {
    char folder[DATA_PATH], lake[DATA_PATH + 8], *response = NULL;
    vo_error err = {0};
    cr_assert(temporary_folder(folder));
    snprintf(lake, sizeof lake, "%s/lake", folder);
    const vo_engine_options o = {.lake = lake, .allow_files = 1};
    cr_assert_eq(
        run(&o,
            "\"client\":\"cenace\",\"zones\":[\"ACAPULCO\",\"ACAPULCO\",\" LOS MOCHIS \"],"
            "\"from\":\"2016-10-20\",\"to\":\"2016-11-10\",\"dry_run\":true",
            &response, &err),
        VO_OK, "%s", err.msg);
    cr_assert(strstr(response, "\"calls\":4") != NULL, "%s", response);
    cr_assert(strstr(response, "/MDA/ACAPULCO,LOS-MOCHIS/2016/10/20/2016/10/26/JSON") ||
                  strstr(response, "\\/MDA\\/ACAPULCO,LOS-MOCHIS\\/2016\\/10\\/20"),
              "%s", response);
    free(response);
    cr_assert_eq(run(&o,
                     "\"client\":\"entsoe\",\"zones\":\"10YES-REE------0\",\"key\":\"sesame\","
                     "\"from\":\"2023-01-01\",\"dry_run\":true",
                     &response, &err),
                 VO_OK, "%s", err.msg);
    cr_assert(strstr(response, "securityToken=***") != NULL, "%s", response);
    cr_assert_null(strstr(response, "sesame"));
    free(response);
    static const char *const keyless[] = {
        "\"client\":\"entsoe\",\"zones\":\"10YES-REE------0\",\"from\":\"2023-01-01\"",
        "\"client\":\"batu\",\"nodes\":\"A\","
        "\"from\":\"2023-01-01\""};
    for (size_t i = 0; i < 2; i++) { /* who asks nothing needs no key */
        char request[300];
        snprintf(request, sizeof request, "%s,\"dry_run\":true", keyless[i]);
        cr_assert_eq(run(&o, request, &response, &err), VO_OK, "%s", err.msg);
        free(response);
        cr_assert_eq(run(&o, keyless[i], NULL, &err), VO_EINVAL);
        cr_assert(strstr(err.msg, "VOLTEO_") != NULL, "%s", err.msg);
    }
    cr_assert(!vo_file_exists(lake));
    temporary_folder_remove(folder);
}

Test(data_fetch, the_table_names_each_field_once) {
    size_t n = 0;
    const vo_field *f = vo_data_fetch_fields(&n);
    cr_assert(n > 20);
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++) cr_assert_str_neq(f[i].name, f[k].name);
}
