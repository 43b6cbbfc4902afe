/* A year of each market, from a lake, optimised day by day across its changes of clocks: every
 * local day is there once with its own number of intervals, none is lost or doubled, the store
 * follows from one interval to the next, and a plan over the whole year earns at least what the
 * days alone earn. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <volteo/engine.h>

#include "base/json.h"
#include "support/data_folder.h"

typedef struct {
    const char *market, *zone;
    int year, minutes;
    const char *short_day, *long_day; /* NULL: its clocks do not change in that year */
} market_year;

static const market_year years[] = {
    {"SIN-2016", "America/Mexico_City", 2016, 60, "2016-04-03", "2016-10-30"},
    {"SIN-2025", "America/Mexico_City", 2025, 60, NULL, NULL},
    {"BCA-2024", "America/Tijuana", 2024, 60, "2024-03-10", "2024-11-03"},
    {"BCS-2016", "America/Mazatlan", 2016, 60, "2016-04-03", "2016-10-30"},
    {"CAISO-2025", "America/Los_Angeles", 2025, 15, "2025-03-09", "2025-11-02"},
    {"FR-2024", "Europe/Paris", 2024, 60, "2024-03-31", "2024-10-27"},
    {"DE-2025", "Europe/Berlin", 2025, 15, "2025-03-30", "2025-10-26"},
    {"GB-2025", "Europe/London", 2025, 30, "2025-03-30", "2025-10-26"},
    {"NEM-2025", "+10:00", 2025, 30, NULL, NULL},
};

static char lake[DATA_PATH];

static vo_json *ask(vo_status (*call)(vo_engine *, const char *, char **, vo_error *),
                    const char *request) {
    vo_engine_options o = vo_engine_options_default();
    vo_engine *e = NULL;
    char *text = NULL;
    vo_json *root = NULL;
    vo_error err = {0};
    o.lake = lake;
    cr_assert_eq(vo_engine_open(&o, &e, &err), VO_OK);
    cr_assert_eq(call(e, request, &text, &err), VO_OK, "%s: %s", request, err.msg);
    cr_assert_eq(vo_json_parse(text, strlen(text), &root, &err), VO_OK, "%s", err.msg);
    vo_text_free(text);
    vo_engine_close(e);
    return root;
}

static double number(const vo_json *o, const char *key) {
    return vo_json_number(vo_json_get(o, key));
}

static const char *text_of(const vo_json *o, const char *key) {
    return vo_json_string(vo_json_get(o, key));
}

static vo_json *plan(const market_year *m, const char *horizon) {
    char request[400];
    snprintf(
        request, sizeof request,
        "{\"battery_params\": {\"power_mw\": 1, \"capacity_mwh\": 4, \"efficiency\": 0.9}, "
        "\"horizon\": \"%s\", \"market_params\": {\"market\": \"%s\", \"zone\": \"NODE0000\", "
        "\"start_date\": \"%d-01-01\", \"end_date\": \"%d-12-31\"}}",
        horizon, m->market, m->year, m->year);
    return ask(vo_engine_optimize, request);
}

static size_t intervals_of(const market_year *m, const char *date) {
    const size_t hours = m->short_day && strcmp(date, m->short_day) == 0 ? 23
                         : m->long_day && strcmp(date, m->long_day) == 0 ? 25
                                                                         : 24;
    return hours * 60 / (size_t)m->minutes;
}

/* The soc with which a day ends, from the one it begins with. */
static double follow(const market_year *m, const vo_json *day, double soc) {
    const vo_json *list = vo_json_get(day, "schedule");
    const char *date = text_of(day, "date");
    cr_assert_eq(vo_json_size(list), intervals_of(m, date), "%s %s has %zu intervals",
                 m->market, date, vo_json_size(list));
    for (size_t i = 0; i < vo_json_size(list); i++) {
        const vo_json *x = vo_json_at(list, i);
        cr_assert_float_eq(number(x, "soc_start"), soc, 1e-9, "%s %s interval %zu", m->market,
                           date, i);
        soc = number(x, "soc_end");
    }
    return soc;
}

static void try_year(const market_year *m) {
    char request[300], folder[DATA_PATH];
    cr_assert(temporary_folder(folder));
    snprintf(lake, sizeof lake, "%.1000s/lake", folder);
    snprintf(request, sizeof request,
             "{\"market\": \"%s\", \"tz\": \"%s\", \"year\": %d, \"interval_minutes\": %d}",
             m->market, m->zone, m->year, m->minutes);
    vo_json_free(ask(vo_engine_data_synth, request));
    vo_json *days = plan(m, "day"), *whole = plan(m, "all");
    const vo_json *list = vo_json_get(whole, "daily_schedules");
    const size_t n = m->year % 4 == 0 ? 366 : 365;
    double soc =
        number(vo_json_at(vo_json_get(vo_json_at(list, 0), "schedule"), 0), "soc_start");
    char last[16] = "";
    cr_assert_eq(vo_json_size(list), n, "%s has %zu days", m->market, vo_json_size(list));
    cr_assert_eq(vo_json_size(vo_json_get(days, "daily_schedules")), n);
    for (size_t d = 0; d < n; d++) {
        const vo_json *day = vo_json_at(list, d);
        cr_assert(strcmp(text_of(day, "date"), last) > 0, "%s after %s", text_of(day, "date"),
                  last);
        snprintf(last, sizeof last, "%s", text_of(day, "date"));
        soc = follow(m, day, soc);
    }
    cr_assert(vo_json_bool(vo_json_get(vo_json_get(whole, "certificate"), "valid")), "%s",
              m->market);
    cr_assert_geq(number(whole, "profit"), number(days, "profit") - 1e-6, "%s", m->market);
    cr_assert_gt(number(days, "profit"), 0);
    vo_json_free(days);
    vo_json_free(whole);
    temporary_folder_remove(folder);
}

Test(market_years, every_local_day_is_planned_once_and_the_store_goes_on) {
    for (size_t i = 0; i < sizeof years / sizeof years[0]; i++) try_year(&years[i]);
}
