/* test_scenario.c -- scenarios: what is read, when it holds, and what is refused. */
#include "engine/scenario.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "community/homes.h"
#include "port/file.h"
#include "support/data_folder.h"

static vo_scenario read_text(const char *text) {
    vo_scenario s;
    vo_error err = {0};
    cr_assert_eq(vo_scenario_parse("mine", text, strlen(text), &s, &err), VO_OK, "%s", err.msg);
    return s;
}

static void refuse(const char *text, const char *a, const char *b) {
    vo_scenario s = {.n_windows = 77};
    vo_error err = {0};
    cr_expect_eq(vo_scenario_parse("mine", text, strlen(text), &s, &err), VO_EINVAL, "%s",
                 text);
    cr_expect(strstr(err.msg, "scenario mine: "), "%s", err.msg);
    cr_expect(strstr(err.msg, a) && strstr(err.msg, b), "%s: %s", text, err.msg);
    cr_expect_eq(s.n_windows, 77u, "outputs stay as they were");
}

Test(scenario, every_key_is_read) {
    const vo_scenario s = read_text(
        "kind: scenario\nnote: all at once\nfrom: \"2026-02-03\"\n"
        "homes: {pv_share: 0.1, ev_share: 0.2, cooling_share: 0.3, heating_share: 0.4, "
        "charger_kw: 11}\n"
        "weather: {from_day: 1, days: 2, warmer_c: -5, cloud: 2}\n"
        "windows:\n"
        "  - {of: metered, from_hour: 12, hours: 3, daily: true, load: 2, load_kw: 0.5, pv: 0, "
        "buy: 4, sell: 5}\n"
        "  - {grid_down: true, from_hour: 30, hours: 1.5}\n"
        "members:\n"
        "  - {home: 3, honesty: lies_bids}\n"
        "  - {home: 4, silent_from_hour: 6, silent_hours: 2, loses: signal}\n"
        "  - {home: 5, silent_hours: 2, loses: orders}\n");
    cr_expect_str_eq(s.name, "mine");
    cr_expect_str_eq(s.note, "all at once");
    cr_expect_str_eq(s.from, "2026-02-03");
    cr_expect_float_eq(s.pv_share + s.ev_share + s.cooling_share + s.heating_share, 1, 1e-12);
    cr_expect_float_eq(s.charger_kw, 11, 0);
    cr_expect(s.weather_from_day == 1 && s.weather_days == 2);
    cr_expect(s.warmer_c < -4.9 && s.cloud > 1.9);
    cr_assert_eq(s.n_windows, 2u);
    const vo_scenario_window *w = &s.window[0];
    cr_expect_eq(w->of, VO_OF_METERED);
    cr_expect(w->daily && !w->grid_down);
    cr_expect_float_eq(w->load + 10 * w->load_kw + 100 * w->buy + 1000 * w->sell, 5407, 1e-9);
    cr_expect_float_eq(w->pv, 0, 0);
    cr_expect(s.window[1].grid_down && s.window[1].of == VO_OF_ANY);
    cr_expect_float_eq(s.window[1].load, 1, 0, "a factor that is not said is 1");
    cr_assert_eq(s.n_members, 3u);
    cr_expect_eq(s.member[0].honesty, VO_LIES_BIDS);
    cr_expect(!(s.member[0].silent_hours > 0));
    cr_expect(s.member[1].loses_signal && !s.member[1].loses_orders);
    cr_expect_eq(s.member[1].home, 4);
    cr_expect(!s.member[2].loses_signal && s.member[2].loses_orders);
}

Test(scenario, nothing_said_is_nothing_changed) {
    const vo_scenario s = read_text("kind: scenario\n");
    cr_expect(isnan(s.pv_share) && isnan(s.ev_share) && isnan(s.charger_kw));
    cr_expect(s.weather_days == 0 && s.n_windows == 0 && s.n_members == 0 && !*s.from);
}

Test(scenario, windows_hold_once_or_every_day_and_past_midnight) {
    const vo_scenario_window evening = {.from_hour = 17, .hours = 4};
    cr_expect(!vo_scenario_covers(&evening, 0, 16.5));
    cr_expect(vo_scenario_covers(&evening, 0, 17));
    cr_expect(vo_scenario_covers(&evening, 0, 20.5));
    cr_expect(!vo_scenario_covers(&evening, 0, 21));
    cr_expect(!vo_scenario_covers(&evening, 1, 18), "once");
    const vo_scenario_window later = {.from_hour = 41, .hours = 10};
    cr_expect(vo_scenario_covers(&later, 1, 17) && vo_scenario_covers(&later, 2, 2.5));
    cr_expect(!vo_scenario_covers(&later, 0, 17) && !vo_scenario_covers(&later, 2, 3));
    const vo_scenario_window night = {.from_hour = 22, .hours = 4, .daily = true};
    cr_expect(vo_scenario_covers(&night, 0, 23) && vo_scenario_covers(&night, 5, 22));
    cr_expect(vo_scenario_covers(&night, 1, 1.5) && !vo_scenario_covers(&night, 1, 2));
    cr_expect(!vo_scenario_covers(&night, 0, 1), "the night before was not played");
    cr_expect(!vo_scenario_covers(&night, -1, 23), "history is as it was");
    const vo_scenario_member m = {.silent_from_hour = 30, .silent_hours = 2};
    cr_expect(vo_scenario_silent(&m, 1, 6) && vo_scenario_silent(&m, 1, 7.5));
    cr_expect(!vo_scenario_silent(&m, 1, 8) && !vo_scenario_silent(&m, 0, 6));
}

Test(scenario, what_is_wrong_is_named_with_its_key_and_value) {
    refuse("", "kind: scenario", "");
    refuse("kind: tariff\n", "kind = \"tariff\"", "must be scenario");
    refuse("note: x\n", "kind = (none)", "must be scenario");
    refuse("kind: scenario\nwether: {}\n", "wether", "weather");
    refuse("kind: scenario\nfrom: 1 July\n", "from = \"1 July\"", "2026-01-15");
    refuse("kind: scenario\nhomes: {ev_share: 90}\n", "homes.ev_share", "90");
    refuse("kind: scenario\nhomes: [1]\n", "homes is an array", "object");
    refuse("kind: scenario\nweather: {warmer_c: 99}\n", "weather.warmer_c", "99");
    refuse("kind: scenario\nweather: {days: 1.5}\n", "weather.days", "1.5");
    refuse("kind: scenario\nwindows: {hours: 3}\n", "windows is an object", "list");
    refuse("kind: scenario\nwindows:\n  - {load: -1}\n", "windows[0].load", "-1");
    refuse("kind: scenario\nwindows:\n  - {}\n  - {of: all}\n", "windows[1].of", "generated");
    refuse("kind: scenario\nwindows:\n  - {daily: true, from_hour: 25}\n",
           "windows[0].from_hour = 25", "below 24");
    refuse("kind: scenario\nmembers:\n  - {honesty: lies_offers}\n", "members[0].home",
           "missing");
    refuse("kind: scenario\nmembers:\n  - {home: 0}\n", "members[0].home", "0");
    refuse("kind: scenario\nmembers:\n  - {home: 1, honesty: often}\n", "members[0].honesty",
           "lies_bids");
    refuse("kind: scenario\nmembers:\n  - {home: 1, loses: all}\n", "members[0].silent_hours",
           "missing");
    refuse("kind: scenario\nkind: scenario\n", "kind", "");
    char many[4096] = "kind: scenario\nwindows:\n";
    for (int i = 0; i <= VO_SCENARIO_WINDOWS; i++) strcat(many, "  - {load: 1}\n");
    refuse(many, "windows has 65 entries", "64");
}

Test(scenario, embedded_ones_are_those_of_the_list_and_note_what_it_says) {
    const char *const *name, *const *note;
    const size_t n = vo_scenario_list(&name, &note);
    cr_assert_eq(n, 9u);
    for (size_t i = 0; i < n; i++) {
        vo_scenario s;
        vo_error err = {0};
        cr_assert_eq(vo_scenario_open(name[i], false, &s, &err), VO_OK, "%s", err.msg);
        cr_expect_str_eq(s.name, name[i]);
        cr_expect_str_eq(s.note, note[i]);
        if (i > 0) cr_expect_lt(strcmp(name[i - 1], name[i]), 0);
    }
    vo_scenario s;
    vo_error err = {0};
    cr_assert_eq(vo_scenario_open(NULL, false, &s, &err), VO_OK);
    cr_expect_str_eq(s.name, "base");
    cr_expect_eq(vo_scenario_open("rain", false, &s, &err), VO_ENOTFOUND);
    for (size_t i = 0; i < n; i++) cr_expect(strstr(err.msg, name[i]), "%s", err.msg);
    cr_expect(!strstr(err.msg, "path"), "%s", err.msg);
}

Test(scenario, files_are_read_where_files_may_be) {
    char folder[DATA_PATH], path[DATA_PATH + 20];
    cr_assert(temporary_folder(folder));
    snprintf(path, sizeof path, "%s/mine.yaml", folder);
    static const char text[] = "kind: scenario\nnote: of my own\n";
    cr_assert_eq(vo_file_write(path, text, sizeof text - 1, NULL), VO_OK);
    vo_scenario s;
    vo_error err = {0};
    cr_assert_eq(vo_scenario_open(path, true, &s, &err), VO_OK, "%s", err.msg);
    cr_expect_str_eq(s.note, "of my own");
    cr_expect_eq(vo_scenario_open(path, false, &s, &err), VO_ENOTFOUND);
    temporary_folder_remove(folder);
    cr_expect_eq(vo_scenario_open(path, true, &s, &err), VO_ENOTFOUND);
}
