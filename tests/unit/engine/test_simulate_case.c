/* test_simulate_case.c -- what is asked is read as documented, and refused in words. */
#include "engine/simulate_case.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/simulate.h"
#include "port/file.h"
#include "support/data_folder.h"

static vo_engine_options local = {.lake = "lake", .models = "models", .allow_files = 1};

Test(simulate_case, without_a_word_it_is_the_requirements_community) {
    vo_simulate_case c;
    vo_error err = {0};
    cr_assert_eq(vo_simulate_case_read(&local, "{}", &c, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_simulate_case_open(&c, &err), VO_OK, "%s", err.msg);
    const vo_market_rules *r = &c.options.rules;
    cr_expect_eq(c.homes->homes, (size_t)10);
    cr_expect_eq(c.played, (size_t)48);
    cr_expect_eq(c.days, 1);
    cr_expect_float_eq(c.homes->dt_h, 0.5, 0);
    cr_expect_float_eq(c.homes->import_limit_kwh, 10, 0);
    cr_expect_float_eq(c.homes->export_limit_kwh, 4, 0);
    cr_expect_eq(r->least_price, 100000);
    cr_expect_eq(r->most_price, 1000000);
    cr_expect_eq(r->most_quantity, 2000000);
    cr_expect_eq(r->most_sold_daily, 10000000);
    cr_expect_float_eq(r->loss, 0.05, 0);
    const vo_home_battery *b = &c.homes->battery[0];
    cr_expect_float_eq(b->capacity_kwh, 13.5, 0);
    cr_expect_float_eq(b->max_soc, 0.8, 0);
    cr_expect_float_eq(b->min_soc, 0.1, 0);
    cr_expect_float_eq(b->charge_efficiency * b->discharge_efficiency, 0.9, 1e-12);
    cr_expect(c.bounds && c.few && c.listed && !c.timeline);
    vo_simulate_case_close(&c);
}

Test(simulate_case, rules_are_whole_micro_units_and_may_be_lifted) {
    vo_simulate_case c;
    vo_error err = {0};
    cr_assert_eq(vo_simulate_case_read(&local,
                                       "{\"fee\":0.0123,\"least_price\":0.2,\"most_price\":0.7,"
                                       "\"most_trade_kwh\":1.5,\"most_sold_daily_kwh\":4,"
                                       "\"matching\":\"pay_as_bid\",\"loss\":0.08}",
                                       &c, &err),
                 VO_OK, "%s", err.msg);
    cr_expect_eq(c.options.matching, VO_MATCHING_pay_as_bid);
    cr_expect_eq(c.options.rules.fee, 12300);
    cr_expect_eq(c.options.rules.least_price, 200000);
    cr_expect_eq(c.options.rules.most_price, 700000);
    cr_expect_eq(c.options.rules.most_quantity, 1500000);
    cr_expect_eq(c.options.rules.most_sold_daily, 4000000);
    cr_expect_float_eq(c.options.rules.loss, 0.08, 0);
    vo_simulate_case_close(&c);
    cr_assert_eq(vo_simulate_case_read(&local, "{\"no_rules\":true,\"loss\":0.1}", &c, &err),
                 VO_OK);
    cr_expect(c.free_market);
    cr_expect_geq(c.options.rules.most_quantity, (int64_t)1000000 * VO_MICRO);
    cr_expect_float_eq(c.options.rules.loss, 0.1, 0, "losses stay");
    vo_simulate_case_close(&c);
}

Test(simulate_case, many_homes_are_planned_lightly_and_not_listed) {
    vo_simulate_case c;
    cr_assert_eq(vo_simulate_case_read(&local, "{\"homes\":1001}", &c, NULL), VO_OK);
    cr_expect(!c.few && !c.listed && !c.bounds);
    cr_expect_eq(c.options.replan_every, (size_t)4);
    cr_expect_eq(c.options.scenarios, (size_t)2);
    vo_simulate_case_close(&c);
    cr_assert_eq(vo_simulate_case_read(&local,
                                       "{\"homes\":1001,\"bounds\":\"on\",\"households\":true}",
                                       &c, NULL),
                 VO_OK);
    cr_expect(c.listed && c.bounds);
    vo_simulate_case_close(&c);
}

Test(simulate_case, a_step_of_a_quarter_plans_a_day_all_the_same) {
    vo_simulate_case c;
    cr_assert_eq(vo_simulate_case_read(&local, "{\"interval_minutes\":15}", &c, NULL), VO_OK);
    cr_expect_eq(c.options.horizon, (size_t)96);
    vo_simulate_case_close(&c);
}

Test(simulate_case, what_it_cannot_do_is_refused_in_words) {
    static const struct {
        const char *request, *says;
        int files; /* allowed */
    } refused[] = {
        {"[]", "object", 1},
        {"{\"homes\": 0}", "homes", 1},
        {"{\"homes\": 2.5}", "homes", 1},
        {"{\"days\": 400}", "days", 1},
        {"{\"trade\": true}", "trade", 1},
        {"{\"efficiency\": 90}", "efficiency = 90", 1},
        {"{\"matching\": \"auction\"}", "pay_as_clear", 1},
        {"{\"bounds\": \"maybe\"}", "auto", 1},
        {"{\"interval_minutes\": 7}", "interval_minutes = 7", 1},
        {"{\"no_rules\": true, \"most_price\": 2}", "no_rules lifts that rule", 1},
        {"{\"least_price\": 0.5, \"most_price\": 0.4}", "least_price = 0.5", 1},
        {"{\"horizon\": 4, \"replan_every\": 5}", "replan_every = 5", 1},
        {"{\"parquet\": \"out\"}", "local files are not written here", 0},
        {"{\"homes\": 104167}", "over the network", 0},
        {"{\"homes\": 1000, \"days\": 366, \"history_days\": 60}", "history_days = 60", 0},
        {"{\"homes\": 100, \"days\": 366, \"history_days\": 365, \"interval_minutes\": 5}",
         "over the network", 0},
        {"{\"forecaster\": \"epf_naive\"}", "load_gbt=MODEL", 1},
        {"{\"forecaster\": \"gbt\"}", "naive_week", 1},
        {"{\"forecaster\": \"load_gbt=\"}", "forecaster", 1},
        {"{\"most_trade_kwh\": 1e-9}", "most_trade_kwh = 1e-09", 1},
        {"{\"homes_from\": \"x\", \"pv_share\": 0.5}", "pv_share = 0.5", 1},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        vo_engine_options o = local;
        vo_error err = {0};
        o.allow_files = refused[i].files;
        cr_expect_eq(vo_simulate_check(&o, refused[i].request, &err), VO_EINVAL, "%s",
                     refused[i].request);
        cr_expect(strstr(err.msg, refused[i].says), "%s: %s", refused[i].request, err.msg);
    }
}

Test(simulate_case, what_the_world_lacks_is_refused_in_words) {
    static const struct {
        const char *request, *says;
        int files;
    } refused[] = {
        {"{\"tariff\": \"/etc/passwd\"}", "not read here", 0},
        {"{\"tariff\": \"no_such\"}", "flat_peak_off_peak", 0},
        {"{\"scenario\": \"flood\"}", "heat_wave", 0},
        {"{\"homes_from\": \"nowhere\"}", "homes_from", 0},
        {"{\"homes_from\": \"nowhere\"}", "nowhere", 1},
        {"{\"min_soc\": 0.9}", "soc", 1},
        {"{\"homes\": 30, \"days\": 366, \"timeline\": true}", "parquet", 1},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        vo_engine_options o = local;
        vo_simulate_case c;
        vo_error err = {0};
        o.allow_files = refused[i].files;
        cr_assert_eq(vo_simulate_case_read(&o, refused[i].request, &c, &err), VO_OK, "%s: %s",
                     refused[i].request, err.msg);
        cr_expect_neq(vo_simulate_case_open(&c, &err), VO_OK, "%s", refused[i].request);
        cr_expect(strstr(err.msg, refused[i].says), "%s: %s", refused[i].request, err.msg);
        vo_simulate_case_close(&c);
    }
}

/* How many homes a folder has is known once it is read: what hangs on it is chosen then. */
Test(simulate_case, many_metered_homes_are_planned_lightly_too) {
    char folder[DATA_PATH], path[DATA_PATH + 40], request[DATA_PATH + 80], text[1024];
    vo_simulate_case c;
    vo_error err = {0};
    cr_assert(temporary_folder(folder));
    size_t n = (size_t)snprintf(text, sizeof text, "non_shiftable_load\n");
    for (size_t t = 0; t < 48; t++) n += (size_t)snprintf(text + n, sizeof text - n, "1\n");
    for (int i = 1; i <= 1001; i++) {
        snprintf(path, sizeof path, "%s/Building_%d.csv", folder, i);
        cr_assert_eq(vo_file_write(path, text, n, NULL), VO_OK);
    }
    for (int few = 0; few < 2; few++) {
        snprintf(request, sizeof request, "{\"homes_from\":\"%s\"%s}", folder,
                 few ? ",\"homes\":3" : "");
        cr_assert_eq(vo_simulate_case_read(&local, request, &c, &err), VO_OK, "%s", err.msg);
        cr_assert_eq(vo_simulate_case_open(&c, &err), VO_OK, "%s", err.msg);
        cr_expect_eq(c.homes->homes, few ? (size_t)3 : (size_t)1001);
        cr_expect_eq(c.options.replan_every, few ? (size_t)1 : (size_t)4);
        cr_expect_eq(c.options.scenarios, few ? (size_t)3 : (size_t)2);
        cr_expect_eq(c.listed, few == 1);
        cr_expect_eq(c.bounds, few == 1);
        cr_expect_eq(c.options.score, few == 1);
        vo_simulate_case_close(&c);
    }
    temporary_folder_remove(folder);
}

Test(simulate_case, a_day_ahead_may_be_planned_at_the_finest_step) {
    vo_simulate_case c;
    cr_assert_eq(vo_simulate_case_read(&local, "{\"interval_minutes\":5}", &c, NULL), VO_OK);
    cr_expect_eq(c.options.horizon, (size_t)288);
    vo_simulate_case_close(&c);
    cr_assert_eq(
        vo_simulate_case_read(&local, "{\"interval_minutes\":5,\"horizon\":288}", &c, NULL),
        VO_OK, "what is usual may be asked for");
    vo_simulate_case_close(&c);
}

/* The number of days of history, wherever it is asked. */
Test(simulate_case, history_is_shorter_for_more_homes) {
    static const int32_t homes[][2] = {{1000, 28}, {1001, 7}, {20000, 7}, {20001, 3}};
    vo_world_request r = vo_world_request_default();
    for (size_t i = 0; i < sizeof homes / sizeof homes[0]; i++) {
        r.homes = homes[i][0];
        cr_expect_eq(vo_world_history_days(&r), homes[i][1], "%d", (int)r.homes);
    }
    r.history_days = 5;
    cr_expect_eq(vo_world_history_days(&r), 5);
}

Test(simulate_case, names_that_nothing_has_are_refused_before_the_work) {
    static const struct {
        const char *request, *says;
    } refused[] = {{"{\"scenario\": \"snow\"}", "heat_wave"},
                   {"{\"tariff\": \"e_tou_z\"}", "pge_e_tou_c"},
                   {"{\"forecaster\": \"load_gbt=nobody\"}", "volteo train load"}};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        vo_error err = {0};
        cr_expect_neq(vo_simulate_check(&local, refused[i].request, &err), VO_OK, "%s",
                      refused[i].request);
        cr_expect(strstr(err.msg, refused[i].says), "%s: %s", refused[i].request, err.msg);
    }
    cr_expect_eq(vo_simulate_check(&local, "{\"scenario\": \"winter\"}", NULL), VO_OK);
}

Test(simulate_case, who_waits_is_told_to_order_a_job_and_a_job_has_room) {
    vo_engine_options o = local;
    vo_simulate_case c;
    vo_error err = {0};
    o.allow_files = 0;
    o.at_once = 1;
    static const char *const large[] = {"{\"homes\": 1000, \"days\": 366, \"history_days\": 0}",
                                        "{\"homes\": 10000}",
                                        "{\"homes\": 10, \"days\": 366, \"bounds\": \"on\"}"};
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
        cr_expect_eq(vo_simulate_case_read(&o, large[i], &c, &err), VO_EINVAL, "%s", large[i]);
        cr_expect(strstr(err.msg, "as a job"), "%s", err.msg);
        cr_expect_eq(vo_simulate_check(&o, large[i], &err), VO_OK, "%s: %s", large[i], err.msg);
    }
    static const char *const small[] = {"{}", "{\"days\": 30}", "{\"homes\": 300}",
                                        "{\"homes\": 5000}"};
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
        cr_expect_eq(vo_simulate_case_read(&o, small[i], &c, &err), VO_OK, "%s: %s", small[i],
                     err.msg);
        vo_simulate_case_close(&c);
    }
}
