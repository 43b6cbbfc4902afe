/* test_community_tariff.c -- one tariff in all its versions: which are found, which is paid when. */
#include "engine/community_tariff.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/civil.h"

#define UTC_OF_PST INT64_C(28800)

static vo_community_tariff open_one(const char *text) {
    vo_community_tariff t;
    vo_error err = {0};
    cr_assert_eq(vo_community_tariff_open(text, false, &t, &err), VO_OK, "%s", err.msg);
    return t;
}

static void refuse(const char *text, vo_status status, const char *words) {
    vo_community_tariff t = {.n = 77};
    vo_error err = {0};
    cr_expect_eq(vo_community_tariff_open(text, false, &t, &err), status, "%s", text);
    cr_expect(strstr(err.msg, words), "%s", err.msg);
    cr_expect_eq(t.n, 77u);
}

static vo_time midnight(int32_t y, int32_t m, int32_t d) {
    return (vo_time){vo_civil_days(y, m, d) * 86400 + UTC_OF_PST};
}

Test(community_tariff, a_name_without_a_date_is_all_its_versions) {
    vo_community_tariff t = open_one("pge_e_tou_c");
    cr_expect_eq(t.n, 5u);
    cr_expect_null(vo_community_tariff_at(&t, (vo_time){midnight(2025, 1, 1).s - 1}));
    const int32_t first = (int32_t)vo_civil_days(2025, 1, 1);
    cr_expect_eq(vo_community_tariff_at(&t, midnight(2025, 1, 1))->effective_day, first);
    cr_expect_eq(vo_community_tariff_at(&t, midnight(2025, 2, 28))->effective_day, first);
    cr_expect_eq(vo_community_tariff_at(&t, midnight(2025, 3, 1))->effective_day,
                 (int32_t)vo_civil_days(2025, 3, 1));
    cr_expect_eq(vo_community_tariff_at(&t, midnight(2027, 12, 31))->effective_day,
                 (int32_t)vo_civil_days(2026, 3, 1));
    vo_community_tariff_fini(&t);
    t = open_one("pge_e_tou_c_2025-09-01");
    cr_expect_eq(t.n, 1u);
    cr_expect_null(vo_community_tariff_at(&t, midnight(2026, 1, 1)));
    vo_community_tariff_fini(&t);
    t = open_one("pge_e_tou_c_2025-09-01,pge_e_tou_c_2026-01-01");
    cr_expect_eq(t.n, 2u);
    cr_expect_not_null(vo_community_tariff_at(&t, midnight(2026, 1, 1)));
    vo_community_tariff_fini(&t);
    refuse("pge_e_tou", VO_ENOTFOUND, "pge_e_tou_c_2026-03-01");
    refuse("", VO_EINVAL, "empty");
}

Test(community_tariff, prices_change_with_the_version_and_history_needs_none) {
    vo_community_tariff t = open_one("pge_e_tou_c");
    vo_time start[96];
    double buy[96], sell[96];
    vo_error err = {0};
    for (int i = 0; i < 96; i++) start[i].s = midnight(2025, 2, 28).s + 1800 * i;
    cr_assert_eq(vo_community_tariff_prices(&t, start, 0.5, 96, 0, buy, sell, &err), VO_OK,
                 "%s", err.msg);
    for (int i = 0; i < 96; i++) {
        const vo_tariff *v = vo_community_tariff_at(&t, start[i]);
        cr_expect_float_eq(buy[i], vo_tariff_rate_at(v, start[i])->tier[0].price, 1e-12);
        cr_expect_eq(sell[i], i % 48 >= 32 && i % 48 < 42 ? 0.07498 : 0.06062,
                     "winter of 2025");
    }
    cr_expect(buy[0] < buy[48] || buy[0] > buy[48]);
    for (int i = 0; i < 96; i++) start[i].s = midnight(2024, 12, 31).s + 1800 * i;
    cr_expect_eq(vo_community_tariff_prices(&t, start, 0.5, 96, 0, buy, sell, &err),
                 VO_ENOTFOUND);
    cr_expect(strstr(err.msg, "2024-12-31") && strstr(err.msg, "from 2025-01-01") &&
                  strstr(err.msg, "flat_peak_off_peak"),
              "%s", err.msg);
    cr_assert_eq(vo_community_tariff_prices(&t, start, 0.5, 96, 48, buy, sell, &err), VO_OK,
                 "%s", err.msg);
    cr_expect_eq(memcmp(buy, buy + 48, 48 * sizeof *buy), 0, "as the first version would be");
    vo_community_tariff_fini(&t);
}

Test(community_tariff, days_without_a_year_take_the_newest_version) {
    vo_community_tariff t = open_one("pge_e_tou_c");
    vo_community_tariff_always(&t);
    cr_assert_eq(t.n, 1u);
    cr_expect_str_eq(t.name, "pge_e_tou_c_2026-03-01");
    const vo_tariff *v = vo_community_tariff_at(&t, midnight(1999, 7, 1));
    cr_assert_not_null(v);
    cr_expect_float_eq(
        vo_tariff_rate_at(v, (vo_time){midnight(1999, 7, 1).s + 17 * 3600})->tier[0].price,
        0.52240, 1e-12);
    vo_community_tariff_fini(&t);
    t = open_one("flat_peak_off_peak");
    vo_community_tariff_always(&t);
    cr_expect_str_eq(t.name, "flat_peak_off_peak");
    vo_community_tariff_fini(&t);
}
