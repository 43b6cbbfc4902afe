/* features_list.c -- columns and names of a choice of features; see features_list.h. */
#include "learn/features_list.h"

#include <assert.h>
#include <stdbool.h>

#include "base/text.h"

static const struct {
    const char *name;
    vo_feature_each each;
} kinds[] = {
#define X(kind, name, each, help) {name, VO_FEATURE_EACH_##each},
    VO_FEATURE_MAP(X)
#undef X
};

/* Something measured is never there before its interval's end, so t and t + h would be the same.
 */
static bool is_ahead(const vo_features_exog *x) {
    return x->rule == VO_PUBLICATION_DAY_AHEAD || x->minutes < 0;
}

size_t vo_feature_ahead(const vo_features_settings *s, size_t i) {
    for (size_t k = 0; k < s->n_exog; k++)
        if (is_ahead(&s->exog[k]) && i-- == 0) return k;
    return s->n_exog;
}

size_t vo_feature_repeats(vo_feature_kind kind, const vo_features_settings *s) {
    switch (kinds[kind].each) {
    case VO_FEATURE_EACH_ONE:
        return 1;
    case VO_FEATURE_EACH_LAG:
        return s->n_lags;
    case VO_FEATURE_EACH_DAY:
        return s->n_days;
    case VO_FEATURE_EACH_WINDOW:
        return s->n_windows;
    case VO_FEATURE_EACH_CALENDAR:
        return s->calendar != 0;
    case VO_FEATURE_EACH_REGION:
        return s->n_regions;
    case VO_FEATURE_EACH_CONGESTION:
        return s->congestion[0] != '\0';
    case VO_FEATURE_EACH_LOSS:
        return s->loss[0] != '\0';
    case VO_FEATURE_EACH_EXOG:
        return s->n_exog;
    case VO_FEATURE_EACH_BATTERY:
        return s->battery != 0;
    case VO_FEATURE_EACH_AHEAD: {
        size_t n = 0;
        for (size_t k = 0; k < s->n_exog; k++) n += is_ahead(&s->exog[k]);
        return n;
    }
    }
    return 0;
}

vo_feature_layout vo_feature_layout_of(const vo_features_settings *s) {
    vo_feature_layout l = {{0}};
    for (int k = 0; k < VO_FEATURE_KINDS; k++)
        l.at[k + 1] = l.at[k] + vo_feature_repeats((vo_feature_kind)k, s);
    return l;
}

void vo_feature_name(const vo_features_settings *s, size_t i, char out[VO_FEATURE_NAME]) {
    const vo_feature_layout l = vo_feature_layout_of(s);
    int k = 0;
    assert(i < l.at[VO_FEATURE_KINDS]);
    while (i >= l.at[k + 1]) k++;
    const size_t item = i - l.at[k];
    vo_text t = vo_text_over(out, VO_FEATURE_NAME);
    vo_text_append(&t, "%s", kinds[k].name);
    switch (kinds[k].each) {
    case VO_FEATURE_EACH_LAG:
        vo_text_append(&t, "%d", (int)s->lag[item]);
        break;
    case VO_FEATURE_EACH_DAY:
        vo_text_append(&t, "%d", (int)s->day[item]);
        break;
    case VO_FEATURE_EACH_WINDOW:
        vo_text_append(&t, "%d", (int)s->window[item]);
        break;
    case VO_FEATURE_EACH_REGION:
        vo_text_append(&t, "%s", s->region[item]);
        break;
    case VO_FEATURE_EACH_EXOG:
        vo_text_append(&t, "%s", s->exog[item].column);
        break;
    case VO_FEATURE_EACH_AHEAD:
        vo_text_append(&t, "%s", s->exog[vo_feature_ahead(s, item)].column);
        break;
    case VO_FEATURE_EACH_ONE:
    case VO_FEATURE_EACH_CALENDAR:
    case VO_FEATURE_EACH_CONGESTION:
    case VO_FEATURE_EACH_LOSS:
    case VO_FEATURE_EACH_BATTERY:
        break;
    }
}
