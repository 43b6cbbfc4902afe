/* test_features_settings.c -- text and file of a choice of features; what is refused. */
#include "learn/features_settings.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static vo_features_settings varied(void) {
    vo_features_settings s = vo_features_settings_default();
    s.holidays = VO_HOLIDAY_NORDIC;
    s.battery = 1;
    s.n_lags = 2;
    s.n_days = 0;
    strcpy(s.congestion, "pml_cng");
    vo_features_settings_add_region(&s, "DE-LU, price = spot", NULL);
    vo_features_settings_add_region(&s, "exog=after 1 x", NULL);
    vo_features_settings_add_exog(&s, "Exogenous 1", VO_PUBLICATION_DAY_AHEAD, 725, NULL);
    vo_features_settings_add_exog(&s, "measured load", VO_PUBLICATION_AFTER, 15, NULL);
    vo_features_settings_add_exog(&s, "weather", VO_PUBLICATION_AFTER, -1440, NULL);
    return s;
}

Test(features_settings, text_is_as_documented_and_reads_back) {
    const vo_features_settings s = varied();
    vo_features_settings back;
    vo_error err = {0};
    char text[VO_FEATURES_TEXT], again[VO_FEATURES_TEXT];
    vo_features_settings_format(&s, text);
    cr_expect_str_eq(text, "lags=1,5\n"
                           "days=\n"
                           "windows=5,10,15,30,60\n"
                           "calendar=1\n"
                           "holidays=NORDIC\n"
                           "region=DE-LU, price = spot\n"
                           "region=exog=after 1 x\n"
                           "congestion=pml_cng\n"
                           "loss=\n"
                           "exog=day_ahead 12:05 Exogenous 1\n"
                           "exog=after 15 measured load\n"
                           "exog=after -1440 weather\n"
                           "battery=1\n");
    cr_assert_eq(vo_features_settings_parse(text, strlen(text), &back, &err), VO_OK, "%s",
                 err.msg);
    vo_features_settings_format(&back, again);
    cr_expect_str_eq(again, text);
    cr_expect_eq(back.n_exog, 3);
    cr_expect_eq(back.exog[2].minutes, -1440);
    cr_expect_eq(back.n_days, 0);
}

Test(features_settings, the_longest_fit_their_text) {
    vo_features_settings s = vo_features_settings_default(), back;
    char name[VO_COLUMN_NAME], text[VO_FEATURES_TEXT];
    vo_error err = {0};
    s.n_lags = VO_FEATURES_MAX_LAGS;
    s.n_windows = VO_FEATURES_MAX_WINDOWS;
    s.n_days = VO_FEATURES_MAX_DAYS;
    for (int i = 0; i < 32; i++) s.lag[i] = 999900 + i;
    for (int i = 0; i < 16; i++) s.window[i] = 999900 + i;
    for (int i = 0; i < 16; i++) s.day[i] = 300 + i;
    for (int i = 0; i < 32; i++) {
        memset(name, '0', sizeof name - 1);
        name[0] = (char)('0' + i / 10);
        name[1] = (char)('0' + i % 10);
        name[sizeof name - 1] = '\0';
        cr_assert_eq(vo_features_settings_add_region(&s, name, &err), VO_OK, "%s", err.msg);
        cr_assert_eq(
            vo_features_settings_add_exog(&s, name, VO_PUBLICATION_AFTER, 1051200, &err),
            VO_OK);
    }
    strcpy(s.congestion, name);
    strcpy(s.loss, name);
    vo_features_settings_format(&s, text);
    cr_assert_eq(vo_features_settings_parse(text, strlen(text), &back, &err), VO_OK, "%s",
                 err.msg);
    cr_expect_eq(memcmp(back.exog, s.exog, sizeof s.exog), 0);
    cr_expect_eq(memcmp(back.region, s.region, sizeof s.region), 0);
    cr_expect_eq(vo_features_settings_add_region(&s, "one more", &err), VO_EINVAL);
    cr_expect_eq(vo_features_settings_add_exog(&s, "one more", VO_PUBLICATION_AFTER, 0, &err),
                 VO_EINVAL);
}

Test(features_settings, a_key_that_is_not_there_keeps_its_default) {
    vo_features_settings s;
    cr_assert_eq(vo_features_settings_parse("", 0, &s, NULL), VO_OK);
    const vo_features_settings d = vo_features_settings_default();
    cr_expect_eq(memcmp(&s, &d, sizeof s), 0);
    cr_assert_eq(vo_features_settings_parse(" lags=3 \r\n\n", 11, &s, NULL), VO_OK);
    cr_expect(s.n_lags == 1 && s.lag[0] == 3 && s.n_windows == 5);
}

Test(features_settings, bad_text_is_refused_with_line_and_remedy) {
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"lags", "line 1"},
        {"calendar=1\nlag=1", "line 2: key \"lag\" is unknown"},
        {"lags=1,,2", "lags=1,,2"},
        {"lags=1,2,", "whole numbers"},
        {"lags=2,1", "rising order"},
        {"lags=1,1", "each once"},
        {"lags=0", "0 is not in 1..1000000"},
        {"lags=99999999999", "whole numbers"},
        {"windows=1", "1 is not in 2.."},
        {"days=401", "401"},
        {"calendar=2", "0 or 1"},
        {"battery=yes", "0 or 1"},
        {"holidays=XX", "a market"},
        {"region=", "1..63"},
        {"region=a\nregion=A", "twice"},
        {"exog=day_ahead 24:00 x", "day_ahead 12:00 NAME"},
        {"exog=day_ahead 1200 x", "day_ahead 12:00 NAME"},
        {"exog=after x", "after 15 NAME"},
        {"exog=after 15", "1..63"},
        {"exog=after -11521 x", "-11521"},
        {"exog=after 1 x\nexog=after 2 x", "twice"},
        {"lags=1\nlags=2", "there twice"},
        {"loss=0123456789012345678901234567890123456789012345678901234567890123", "a column"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        vo_features_settings s = {.n_lags = 77};
        vo_error err = {0};
        cr_expect_eq(vo_features_settings_parse(bad[i].text, strlen(bad[i].text), &s, &err),
                     VO_EINVAL, "%s", bad[i].text);
        cr_expect(strstr(err.msg, bad[i].words), "\"%s\" lacks \"%s\"", err.msg, bad[i].words);
        cr_expect_eq(s.n_lags, 77);
    }
}

Test(features_settings, values_out_of_range_are_refused) {
    vo_features_settings s = vo_features_settings_default();
    cr_expect_eq(vo_features_settings_check(&s, NULL), VO_OK);
    s.n_lags = 33;
    cr_expect_eq(vo_features_settings_check(&s, NULL), VO_EINVAL);
    s = vo_features_settings_default();
    s.holidays = VO_HOLIDAY_MARKET_COUNT;
    cr_expect_eq(vo_features_settings_check(&s, NULL), VO_EINVAL);
    s = vo_features_settings_default();
    s.n_exog = 1; /* without a name */
    cr_expect_eq(vo_features_settings_check(&s, NULL), VO_EINVAL);
    cr_expect_eq(vo_features_settings_add_region(&s, "two\nlines", NULL), VO_EINVAL);
    cr_expect_eq(vo_features_settings_add_region(&s, " blank", NULL), VO_EINVAL);
    cr_expect_eq(vo_features_settings_add_exog(&s, "x", (vo_publication)9, 0, NULL), VO_EINVAL);
}

Test(features_settings, a_file_gives_back_what_was_saved) {
    const vo_features_settings s = varied();
    vo_features_settings back;
    vo_artefact_out *w = NULL;
    vo_artefact *r = NULL;
    void *bytes = NULL;
    size_t len = 0;
    vo_error err = {0};
    cr_assert_eq(vo_artefact_out_create("TESTFSET", 1, &w, &err), VO_OK);
    vo_features_settings_save(&s, w);
    cr_assert_eq(vo_artefact_out_take(w, &bytes, &len, &err), VO_OK, "%s", err.msg);
    cr_assert_eq(vo_artefact_open(bytes, len, "TESTFSET", 1, "x", &r, &err), VO_OK, "%s",
                 err.msg);
    cr_assert_eq(vo_features_settings_load(r, &back, &err), VO_OK, "%s", err.msg);
    char a[VO_FEATURES_TEXT], b[VO_FEATURES_TEXT];
    vo_features_settings_format(&s, a);
    vo_features_settings_format(&back, b);
    cr_expect_str_eq(a, b);
    vo_artefact_close(r);
    vo_artefact_out_free(w);
    free(bytes);
}
