/* test_features_list.c -- the list, the names made from it and docs/models/features.md agree. */
#include "learn/features_list.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOCUMENT VOLTEO_SOURCE_DIR "/docs/models/features.md"

static const struct {
    const char *name, *each, *help;
} list[] = {
#define X(kind, name, each, help) {name, #each, help},
    VO_FEATURE_MAP(X)
#undef X
};

static const struct {
    const char *name, *help;
} each[] = {
#define X(name, help) {#name, help},
    VO_FEATURE_EACH_MAP(X)
#undef X
};

static const char *when(const char *name) {
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++)
        if (!strcmp(each[i].name, name)) return each[i].help;
    return "";
}

/* "| `price_lag_K` | price of t - K | for every lag |" */
static void row_of(size_t i, char out[512]) {
    const size_t len = strlen(list[i].name);
    const bool open = list[i].name[len - 1] == '_';
    const bool column = !strcmp(list[i].each, "REGION") || !strcmp(list[i].each, "EXOG") ||
                        !strcmp(list[i].each, "AHEAD");
    snprintf(out, 512, "| `%s%s` | %s | %s |", list[i].name,
             !open    ? ""
             : column ? "NAME"
                      : "K",
             list[i].help, when(list[i].each));
}

Test(features_list, the_documentation_has_the_same_rows_in_the_same_order) {
    FILE *f = fopen(DOCUMENT, "r");
    char line[1024], want[512];
    size_t row = 0;
    cr_assert(f, "no " DOCUMENT);
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "| `", 3)) continue;
        if (row < VO_FEATURE_KINDS) {
            row_of(row, want);
            cr_expect_str_eq(line, want);
        }
        row++;
    }
    fclose(f);
    cr_expect_eq(row, VO_FEATURE_KINDS, "%zu rows, %d features", row, VO_FEATURE_KINDS);
}

Test(features_list, names_are_as_many_as_columns_and_each_is_another) {
    vo_features_settings s = vo_features_settings_default();
    s.battery = 1;
    strcpy(s.congestion, "c");
    strcpy(s.loss, "l");
    vo_features_settings_add_region(&s, "a", NULL);
    vo_features_settings_add_region(&s, "b", NULL);
    vo_features_settings_add_exog(&s, "measured", VO_PUBLICATION_AFTER, 0, NULL);
    vo_features_settings_add_exog(&s, "forecast", VO_PUBLICATION_DAY_AHEAD, 720, NULL);
    const vo_feature_layout l = vo_feature_layout_of(&s);
    const size_t count = l.at[VO_FEATURE_KINDS];
    /* 1 + 6 lags + 2 x 2 days + 4 x 5 windows + 14 calendar + 2 regions + 2 + 3 exog + 2 */
    cr_assert_eq(count, 54);
    char name[64][VO_FEATURE_NAME];
    for (size_t i = 0; i < count; i++) {
        vo_feature_name(&s, i, name[i]);
        for (size_t j = 0; j < i; j++) cr_expect_str_neq(name[i], name[j]);
    }
    cr_expect_str_eq(name[0], "price");
    cr_expect_str_eq(name[2], "price_lag_5");
    cr_expect_str_eq(name[l.at[VO_FEATURE_STD] + 4], "price_std_60");
    cr_expect_str_eq(name[l.at[VO_FEATURE_REGION] + 1], "diff_b");
    cr_expect_str_eq(name[l.at[VO_FEATURE_EXOG]], "exog_measured");
    cr_expect_str_eq(name[l.at[VO_FEATURE_TARGET_EXOG]], "target_exog_forecast");
    cr_expect_str_eq(name[count - 1], "cycle_h");
}

Test(features_list, nothing_chosen_leaves_the_price) {
    const vo_features_settings s = {.holidays = VO_HOLIDAY_BY_ZONE};
    cr_expect_eq(vo_feature_layout_of(&s).at[VO_FEATURE_KINDS], 1);
}
