/* A year of each market, from a lake, optimised day by day across its changes of clocks, by
 * intervals of 5 to 60 minutes: every local day is there once with its own number of intervals,
 * none is lost or doubled, the store follows from one interval to the next, and a plan over the
 * whole year earns at least what the days alone earn. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/data_folder.h"
#include "support/engine_ask.h"

typedef struct {
    const char *market, *zone;
    int year, minutes;
    const char *short_day, *long_day; /* NULL: its clocks do not change in that year */
} market_year;

typedef struct { /* what is planned: local days, both included */
    const char *node, *from, *to;
    size_t days;
} span;

static const market_year years[] = {
    {"SYNTH-SIN-2016", "America/Mexico_City", 2016, 60, "2016-04-03", "2016-10-30"},
    {"SYNTH-SIN-2025", "America/Mexico_City", 2025, 60, NULL, NULL},
    {"SYNTH-BCA-2024", "America/Tijuana", 2024, 60, "2024-03-10", "2024-11-03"},
    {"SYNTH-BCS-2016", "America/Mazatlan", 2016, 60, "2016-04-03", "2016-10-30"},
    {"SYNTH-CAISO-2025", "America/Los_Angeles", 2025, 5, "2025-03-09", "2025-11-02"},
    {"SYNTH-FR-2024", "Europe/Paris", 2024, 60, "2024-03-31", "2024-10-27"},
    {"SYNTH-DE-2025", "Europe/Berlin", 2025, 15, "2025-03-30", "2025-10-26"},
    {"SYNTH-GB-2025", "Europe/London", 2025, 30, "2025-03-30", "2025-10-26"},
    {"SYNTH-NEM-2025", "+10:00", 2025, 5, NULL, NULL},
};

static char lake[DATA_PATH];

static vo_json *plan(const market_year *m, const span *s, const char *horizon) {
    char request[400];
    snprintf(
        request, sizeof request,
        "{\"battery_params\": {\"power_mw\": 1, \"capacity_mwh\": 4, \"efficiency\": 0.9}, "
        "\"horizon\": \"%s\", \"market_params\": {\"market\": \"%s\", \"zone\": \"%s\", "
        "\"start_date\": \"%s\", \"end_date\": \"%s\"}}",
        horizon, m->market, s->node, s->from, s->to);
    return engine_ask(lake, vo_engine_optimize, request);
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
    const char *date = member_text(day, "date");
    cr_assert_eq(vo_json_size(list), intervals_of(m, date), "%s %s has %zu intervals",
                 m->market, date, vo_json_size(list));
    for (size_t i = 0; i < vo_json_size(list); i++) {
        const vo_json *x = vo_json_at(list, i);
        cr_assert_float_eq(member_number(x, "soc_start"), soc, 1e-9, "%s %s interval %zu",
                           m->market, date, i);
        soc = member_number(x, "soc_end");
    }
    return soc;
}

/* What lies in the lake, day by day and as a whole. */
static void try_span(const market_year *m, const span *s) {
    vo_json *days = plan(m, s, "day"), *whole = plan(m, s, "all");
    const vo_json *list = vo_json_get(whole, "daily_schedules");
    double soc =
        member_number(vo_json_at(vo_json_get(vo_json_at(list, 0), "schedule"), 0), "soc_start");
    char last[16] = "";
    cr_assert_eq(vo_json_size(list), s->days, "%s has %zu days", m->market, vo_json_size(list));
    cr_assert_eq(vo_json_size(vo_json_get(days, "daily_schedules")), s->days);
    for (size_t d = 0; d < s->days; d++) {
        const vo_json *day = vo_json_at(list, d);
        const char *date = member_text(day, "date");
        cr_assert(strcmp(date, last) > 0, "%s after %s", date, last);
        snprintf(last, sizeof last, "%s", date);
        soc = follow(m, day, soc);
    }
    cr_assert_str_eq(last, s->to);
    cr_assert(vo_json_bool(vo_json_get(vo_json_get(whole, "certificate"), "valid")), "%s",
              m->market);
    cr_assert_geq(member_number(whole, "profit"), member_number(days, "profit") - 1e-6, "%s",
                  m->market);
    cr_assert_gt(member_number(days, "profit"), 0);
    vo_json_free(days);
    vo_json_free(whole);
}

static void try_year(const market_year *m) {
    char request[300], folder[DATA_PATH], from[16], to[16];
    cr_assert(temporary_folder(folder));
    snprintf(lake, sizeof lake, "%.1000s/lake", folder);
    snprintf(request, sizeof request,
             "{\"market\": \"%s\", \"tz\": \"%s\", \"year\": %d, \"interval_minutes\": %d}",
             m->market, m->zone, m->year, m->minutes);
    vo_json_free(engine_ask(lake, vo_engine_data_synth, request));
    snprintf(from, sizeof from, "%d-01-01", m->year % 10000);
    snprintf(to, sizeof to, "%d-12-31", m->year % 10000);
    try_span(m, &(span){"NODE0000", from, to, m->year % 4 == 0 ? 366 : 365});
    temporary_folder_remove(folder);
}

/* Apart, so that they run beside each other. */
static void try_years(bool of_five_minutes) {
    for (size_t i = 0; i < sizeof years / sizeof years[0]; i++)
        if ((years[i].minutes == 5) == of_five_minutes) try_year(&years[i]);
}

Test(market_years, every_local_day_is_planned_once_and_the_store_goes_on) { try_years(false); }

Test(market_years, days_of_276_288_and_300_intervals_are_planned_once, .timeout = 350) {
    try_years(true);
}

/* 428 days as CENACE published them, with both of 2016's changes. */
Test(market_years, all_real_days_of_a_mexican_zone_are_planned_once) {
    static const market_year real = {"MEM", NULL, 2016, 60, "2016-04-03", "2016-10-30"};
    char path[DATA_PATH], folder[DATA_PATH], request[DATA_PATH + 100];
    NEED_DATA("mx_cenace_pml/apatzingan_mda_mtr.csv", path);
    cr_assert(temporary_folder(folder));
    snprintf(lake, sizeof lake, "%.1000s/lake", folder);
    snprintf(request, sizeof request, "{\"file\": \"%s\", \"only_process\": \"MDA\"}", path);
    vo_json_free(engine_ask(lake, vo_engine_data_import, request));
    try_span(&real, &(span){"APATZINGAN", "2016-01-29", "2017-03-31", 428});
    temporary_folder_remove(folder);
}
