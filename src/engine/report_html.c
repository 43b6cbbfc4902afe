/* report_html.c -- see report_html.h.
 *
 * report_page.html is the page of a backtest, evaluation_page.html that of forecasts, simulate_page.html
 * that of a community, each with places to fill: @DATA@ and what they share. A page draws itself from the data; here the data is
 * thinned, escaped and put into its place.
 */
#include "engine/report_html.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "engine/assets.h"

#define MAX_POINTS 20000u

/* ---- data ------------------------------------------------------------------------------ */

static bool is_curve(const char *key) {
    return strcmp(key, "power_mw") == 0 || strcmp(key, "soc") == 0 ||
           strcmp(key, "price") == 0 || strcmp(key, "start_s") == 0;
}

/* Every `group` values become their mean; of times and SOC the first is kept, and the last. */
static void thin(const vo_json *a, const char *key, size_t group, vo_json_out *w) {
    const bool mean = strcmp(key, "power_mw") == 0 || strcmp(key, "price") == 0;
    const size_t n = vo_json_size(a);
    vo_json_out_array(w);
    for (size_t i = 0; i < n; i += group) {
        const size_t end = i + group < n ? i + group : n;
        double sum = 0;
        for (size_t k = i; k < (mean ? end : i + 1); k++) {
            const vo_json *v = vo_json_at(a, k);
            if (vo_json_kind_of(v) == VO_JSON_NUMBER) sum += vo_json_number(v);
        }
        if (mean) sum /= (double)(end - i);
        /* Four digits are more than a screen shows. */
        vo_json_out_number(w, mean ? (double)(int64_t)(sum * 1e4 + (sum < 0 ? -.5 : .5)) / 1e4
                                   : sum);
    }
    if (strcmp(key, "soc") == 0 && group > 1 && (n - 1) % group != 0)
        vo_json_out_value(w, vo_json_at(a, n - 1));
    vo_json_out_end(w);
}

static void copy(const vo_json *object, size_t group, vo_json_out *w) {
    const char *key = NULL;
    const vo_json *v = NULL;
    vo_json_out_object(w);
    for (size_t i = 0; vo_json_member(object, i, &key, &v); i++) {
        vo_json_out_key(w, key);
        if (group > 1 && is_curve(key) && vo_json_kind_of(v) == VO_JSON_ARRAY &&
            vo_json_size(v) > 0) {
            thin(v, key, group, w);
        } else if (strcmp(key, "policies") == 0) {
            vo_json_out_array(w);
            for (size_t k = 0; k < vo_json_size(v); k++) copy(vo_json_at(v, k), group, w);
            vo_json_out_end(w);
        } else {
            vo_json_out_value(w, v);
        }
    }
    vo_json_out_end(w);
}

static bool is_backtest(const vo_json *root) {
    if (vo_json_kind_of(root) != VO_JSON_OBJECT) return false;
    const vo_json *policies = vo_json_get(root, "policies");
    const vo_json *batteries = vo_json_get(root, "batteries");
    const vo_json *prices = vo_json_get(root, "prices"), *dates = vo_json_get(root, "dates");
    if (!policies || vo_json_kind_of(policies) != VO_JSON_ARRAY || !vo_json_size(policies) ||
        !batteries || vo_json_kind_of(batteries) != VO_JSON_ARRAY || !vo_json_size(batteries) ||
        !prices || vo_json_kind_of(prices) != VO_JSON_OBJECT || !dates ||
        vo_json_kind_of(dates) != VO_JSON_ARRAY)
        return false;
    for (size_t i = 0; i < vo_json_size(policies); i++)
        if (vo_json_kind_of(vo_json_at(policies, i)) != VO_JSON_OBJECT) return false;
    return true;
}

/* ---- communities --------------------------------------------------------------------- */

static bool is_simulation(const vo_json *root) {
    static const char *const objects[] = {
        "community", "aggregate_metrics",    "market", "flows", "ledger",
        "forecasts", "savings_decomposition"};
    if (vo_json_kind_of(root) != VO_JSON_OBJECT) return false;
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
        const vo_json *v = vo_json_get(root, objects[i]);
        if (!v || vo_json_kind_of(v) != VO_JSON_OBJECT) return false;
    }
    const vo_json *homes = vo_json_get(root, "households");
    return homes && vo_json_kind_of(homes) == VO_JSON_ARRAY;
}

static void copy_homes(const vo_json *homes, vo_json_out *w) {
    const char *key = NULL;
    const vo_json *v = NULL;
    vo_json_out_array(w);
    for (size_t i = 0; i < vo_json_size(homes); i++) {
        vo_json_out_object(w);
        for (size_t k = 0; vo_json_member(vo_json_at(homes, i), k, &key, &v); k++) {
            if (strcmp(key, "timeline") == 0) continue;
            vo_json_out_key(w, key);
            vo_json_out_value(w, v);
        }
        vo_json_out_end(w);
    }
    vo_json_out_end(w);
}

/* Without what the page does not show: single trades and the homes' timelines. */
static void copy_simulation(const vo_json *root, vo_json_out *w) {
    const char *key = NULL;
    const vo_json *v = NULL;
    vo_json_out_object(w);
    for (size_t i = 0; vo_json_member(root, i, &key, &v); i++) {
        if (strcmp(key, "trades") == 0) continue;
        vo_json_out_key(w, key);
        if (strcmp(key, "households") == 0)
            copy_homes(v, w);
        else
            vo_json_out_value(w, v);
    }
    vo_json_out_end(w);
}

/* ---- forecasts judged --------------------------------------------------------------- */

static bool is_evaluation(const vo_json *root) {
    if (vo_json_kind_of(root) != VO_JSON_OBJECT) return false;
    const vo_json *forecasts = vo_json_get(root, "forecasts");
    const vo_json *prices = vo_json_get(root, "prices"), *test = vo_json_get(root, "test");
    if (!forecasts || vo_json_kind_of(forecasts) != VO_JSON_ARRAY ||
        vo_json_size(forecasts) == 0 || !prices || vo_json_kind_of(prices) != VO_JSON_OBJECT ||
        !test || vo_json_kind_of(test) != VO_JSON_OBJECT)
        return false;
    for (size_t i = 0; i < vo_json_size(forecasts); i++)
        if (vo_json_kind_of(vo_json_at(forecasts, i)) != VO_JSON_OBJECT) return false;
    return true;
}

/* As it is; in "curves", rows of numbers keep their last MAX_POINTS values. */
static void copy_recent(const vo_json *v, vo_json_out *w) {
    const char *key = NULL;
    const vo_json *member = NULL;
    if (vo_json_kind_of(v) == VO_JSON_OBJECT) {
        vo_json_out_object(w);
        for (size_t i = 0; vo_json_member(v, i, &key, &member); i++) {
            vo_json_out_key(w, key);
            copy_recent(member, w);
        }
        vo_json_out_end(w);
    } else if (vo_json_kind_of(v) == VO_JSON_ARRAY) {
        const size_t n = vo_json_size(v);
        vo_json_out_array(w);
        for (size_t i = n > MAX_POINTS ? n - MAX_POINTS : 0; i < n; i++)
            copy_recent(vo_json_at(v, i), w);
        vo_json_out_end(w);
    } else {
        vo_json_out_value(w, v);
    }
}

/* ---- which page ---------------------------------------------------------------------- */

static void copy_backtest(const vo_json *root, vo_json_out *w) {
    const vo_json *start = vo_json_get(root, "start_s");
    const size_t n = start && vo_json_kind_of(start) == VO_JSON_ARRAY ? vo_json_size(start) : 0;
    copy(root, n > MAX_POINTS ? (n + MAX_POINTS - 1) / MAX_POINTS : 1, w);
}

static vo_status page_data(const char *answer, const char **template, char **out,
                           vo_error *err) {
    vo_json *root = NULL;
    vo_json_out *w = NULL;
    size_t len = 0;
    vo_status s = vo_json_parse(answer, strlen(answer), &root, err);
    const bool evaluation = s == VO_OK && is_evaluation(root);
    const bool simulation = s == VO_OK && !evaluation && is_simulation(root);
    if (s == VO_OK && !evaluation && !simulation && !is_backtest(root))
        s = vo_fail(err, VO_EINVAL,
                    "the report needs an answer of backtest, with policies, "
                    "batteries, prices and dates, or one of evaluate or simulate");
    if (s == VO_OK) s = vo_json_out_create(&w, err);
    if (s == VO_OK) {
        *template = evaluation   ? vo_asset_evaluation_page
                    : simulation ? vo_asset_simulate_page
                                 : vo_asset_report_page;
        if (evaluation)
            copy_recent(root, w);
        else if (simulation)
            copy_simulation(root, w);
        else
            copy_backtest(root, w);
        s = vo_json_out_take(w, out, &len, err);
    }
    vo_json_out_free(w);
    vo_json_free(root);
    return s;
}

/* ---- page ------------------------------------------------------------------------------- */

typedef struct {
    char *at;
    size_t len;
} sink; /* with at NULL it only counts */

static void put(sink *s, const char *text, size_t len) {
    if (s->at) memcpy(s->at + s->len, text, len);
    s->len += len;
}

/* In JSON a '<' stands only inside strings, where \u003c means the same and ends no script. */
static void put_json(sink *s, const char *text) {
    for (const char *p = text; *p;) {
        const size_t plain = strcspn(p, "<");
        put(s, p, plain);
        p += plain;
        if (*p == '<') {
            put(s, "\\u003c", 6);
            p++;
        }
    }
}

/* The places of a page that the same text fills in all of them. */
static const struct {
    const char *mark, *text;
} parts[] = {{"@UPLOT_CSS@", vo_asset_uplot_css},
             {"@UPLOT_JS@", vo_asset_uplot_js},
             {"@STYLE@", vo_asset_page_style},
             {"@TOOLS@", vo_asset_page_tools}};

/* Fills the place that stands at `mark` and returns what follows it. */
static const char *put_place(sink *s, const char *mark, const char *data) {
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const size_t len = strlen(parts[i].mark);
        if (strncmp(mark, parts[i].mark, len) != 0) continue;
        put(s, parts[i].text, strlen(parts[i].text));
        return mark + len;
    }
    if (strncmp(mark, "@DATA@", 6) == 0) {
        put_json(s, data);
        return mark + 6;
    }
    put(s, mark, 1);
    return mark + 1;
}

static void put_page(sink *s, const char *page, const char *data) {
    for (const char *p = page, *mark; *p; p = put_place(s, mark, data)) {
        mark = strchr(p, '@');
        if (!mark) {
            put(s, p, strlen(p));
            return;
        }
        put(s, p, (size_t)(mark - p));
    }
}

vo_status vo_report_html(const char *answer, char **html, vo_error *err) {
    char *data = NULL;
    const char *template = NULL;
    const vo_status s = page_data(answer, &template, &data, err);
    if (s != VO_OK) return s;
    sink page = {0};
    put_page(&page, template, data);
    page.at = malloc(page.len + 1);
    if (page.at) {
        page.at[page.len] = '\0';
        page.len = 0;
        put_page(&page, template, data);
        *html = page.at;
    }
    free(data);
    return page.at ? VO_OK : vo_fail(err, VO_ENOMEM, "a report");
}
