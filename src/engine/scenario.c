/* scenario.c -- see scenario.h. Tables say which keys there are and what each must be. */
#include "engine/scenario.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/text.h"
#include "base/yaml.h"
#include "community/homes.h"
#include "data/presets.h"
#include "engine/fields.h"
#include "port/file.h"

#define HOURS 87600.0 /* ten years */

// clang-format off
static const vo_field top[] = {
    {"kind",    VO_FIELD_TEXT, 0, 0, "", "scenario"},
    {"note",    VO_FIELD_TEXT, 0, 0, "", "what is out of the ordinary, in a line"},
    {"from",    VO_FIELD_TEXT, 0, 0, "", "first day played, of generated homes"},
    {"homes",   VO_FIELD_ANY,  0, 0, "", "an object: what generated homes have"},
    {"weather", VO_FIELD_ANY,  0, 0, "", "an object: over generated homes"},
    {"windows", VO_FIELD_ANY,  0, 0, "", "a list: factors and outages"},
    {"members", VO_FIELD_ANY,  0, 0, "", "a list: single homes"}};
enum { KIND, NOTE, FROM, HOMES, WEATHER, WINDOWS, MEMBERS, TOP };

static const vo_field of_homes[] = {
    {"pv_share",      VO_FIELD_PART,   0, 1,   "",   "with panels"},
    {"ev_share",      VO_FIELD_PART,   0, 1,   "",   "with an electric car"},
    {"cooling_share", VO_FIELD_PART,   0, 1,   "",   "with air conditioning"},
    {"heating_share", VO_FIELD_PART,   0, 1,   "",   "with a heat pump"},
    {"charger_kw",    VO_FIELD_NUMBER, 1, 350, "kW", "of electric cars"}};
enum { PV_SHARE, EV_SHARE, COOLING_SHARE, HEATING_SHARE, CHARGER_KW, OF_HOMES };

static const vo_field of_weather[] = {
    {"from_day", VO_FIELD_INTEGER, -366, 3660, "d", "since the first day played; default 0"},
    {"days",     VO_FIELD_INTEGER, 1, 3660,  "d", "default: to the end"},
    {"warmer_c", VO_FIELD_NUMBER,  -30, 30,  "C", "added to the temperature"},
    {"cloud",    VO_FIELD_NUMBER,  0, 10,    "",  "factor on cloud cover"}};
enum { W_FROM_DAY, W_DAYS, W_WARMER, W_CLOUD, OF_WEATHER };

static const vo_field of_window[] = {
    {"of",        VO_FIELD_TEXT,   0, 0,          "",  "any (default), generated or metered"},
    {"from_hour", VO_FIELD_NUMBER, 0, HOURS,      "h", "since midnight of the first day played"},
    {"hours",     VO_FIELD_ABOVE,  0, HOURS,      "h", "how long"},
    {"daily",     VO_FIELD_BOOL,   0, 0,          "",  "every day"},
    {"grid_down", VO_FIELD_BOOL,   0, 0,          "",  "no import, export or trade"},
    {"load",      VO_FIELD_NUMBER, 0, 100,        "",  "factor"},
    {"load_kw",   VO_FIELD_NUMBER, 0, 1000,       "kW", "added to the load of every home"},
    {"pv",        VO_FIELD_NUMBER, 0, 100,        "",  "factor"},
    {"buy",       VO_FIELD_NUMBER, 0, 1000,       "",  "factor on the grid's price"},
    {"sell",      VO_FIELD_NUMBER, 0, 1000,       "",  "factor on what the grid pays"}};
enum { P_OF, P_FROM, P_HOURS, P_DAILY, P_DOWN, P_LOAD, P_LOAD_KW, P_PV, P_BUY, P_SELL, OF_WINDOW };

static const vo_field of_member[] = {
    {"home",             VO_FIELD_INTEGER, 1, VO_MAX_HOMES, "", "1 is the first"},
    {"honesty",          VO_FIELD_TEXT,   0, 0,     "",  "honest (default), lies_offers or lies_bids"},
    {"silent_from_hour", VO_FIELD_NUMBER, 0, HOURS, "h", "since midnight of the first day played"},
    {"silent_hours",     VO_FIELD_ABOVE,  0, HOURS, "h", "how long its messages are lost"},
    {"loses",            VO_FIELD_TEXT,   0, 0,     "",  "all (default), signal or orders"}};
enum { M_HOME, M_HONESTY, M_FROM, M_HOURS, M_LOSES, OF_MEMBER };
// clang-format on

#define MOST_FIELDS 12
#define READ(v, path, table, f, err)                                                           \
    vo_fields_read(v, path, table, sizeof table / sizeof table[0], f, err)

static double number(const vo_field_value *f, double absent) {
    return f->json ? f->number : absent;
}

static vo_status read_homes(const vo_json *v, vo_scenario *s, vo_error *err) {
    vo_field_value f[MOST_FIELDS];
    const vo_status st = READ(v, "homes", of_homes, f, err);
    if (st != VO_OK) return st;
    double *const out[] = {&s->pv_share, &s->ev_share, &s->cooling_share, &s->heating_share,
                           &s->charger_kw};
    for (size_t i = 0; i < OF_HOMES; i++) *out[i] = number(&f[i], (double)NAN);
    return VO_OK;
}

static vo_status read_weather(const vo_json *v, vo_scenario *s, vo_error *err) {
    vo_field_value f[MOST_FIELDS];
    const vo_status st = READ(v, "weather", of_weather, f, err);
    if (st != VO_OK) return st;
    s->weather_from_day = (int32_t)number(&f[W_FROM_DAY], 0);
    s->weather_days = (int32_t)number(&f[W_DAYS], 3660);
    s->warmer_c = number(&f[W_WARMER], 0);
    s->cloud = number(&f[W_CLOUD], 1);
    return VO_OK;
}

static vo_status read_window(const vo_json *v, const char *path, vo_scenario *s,
                             vo_error *err) {
    static const char *const of[] = {"any", "generated", "metered"};
    char at[96];
    vo_field_value f[MOST_FIELDS];
    size_t which = 0;
    vo_status st = READ(v, path, of_window, f, err);
    snprintf(at, sizeof at, "%s.of", path);
    if (st == VO_OK) st = vo_fields_choice(&f[P_OF], at, of, 3, &which, err);
    if (st != VO_OK) return st;
    vo_scenario_window w = {.of = (int32_t)which,
                            .from_hour = number(&f[P_FROM], 0),
                            .hours = number(&f[P_HOURS], HOURS),
                            .daily = number(&f[P_DAILY], 0) > 0,
                            .grid_down = number(&f[P_DOWN], 0) > 0,
                            .load = number(&f[P_LOAD], 1),
                            .load_kw = number(&f[P_LOAD_KW], 0),
                            .pv = number(&f[P_PV], 1),
                            .buy = number(&f[P_BUY], 1),
                            .sell = number(&f[P_SELL], 1)};
    if (w.daily && w.from_hour >= 24)
        return vo_fail(err, VO_EINVAL, "%s.from_hour = %g: of a day, below 24", path,
                       w.from_hour);
    if (w.daily && w.hours > 24) w.hours = 24;
    s->window[s->n_windows++] = w;
    return VO_OK;
}

static vo_status read_member(const vo_json *v, const char *path, vo_scenario *s,
                             vo_error *err) {
    static const char *const honesty[] = {"honest", "lies_offers", "lies_bids"};
    static const char *const loses[] = {"all", "signal", "orders"};
    char at[96];
    vo_field_value f[MOST_FIELDS];
    size_t lies = 0, loss = 0;
    vo_status st = READ(v, path, of_member, f, err);
    snprintf(at, sizeof at, "%s.honesty", path);
    if (st == VO_OK) st = vo_fields_choice(&f[M_HONESTY], at, honesty, 3, &lies, err);
    snprintf(at, sizeof at, "%s.loses", path);
    if (st == VO_OK) st = vo_fields_choice(&f[M_LOSES], at, loses, 3, &loss, err);
    if (st != VO_OK) return st;
    if (!f[M_HOME].json)
        return vo_fail(err, VO_EINVAL, "%s.home is missing: say which, 1 is the first", path);
    if ((f[M_FROM].json || f[M_LOSES].json) && !f[M_HOURS].json)
        return vo_fail(err, VO_EINVAL,
                       "%s.silent_hours is missing: say how long its messages are lost", path);
    s->member[s->n_members++] = (vo_scenario_member){.home = (int32_t)f[M_HOME].number,
                                                     .honesty = (int32_t)lies,
                                                     .silent_from_hour = number(&f[M_FROM], 0),
                                                     .silent_hours = number(&f[M_HOURS], 0),
                                                     .loses_signal = loss != 2,
                                                     .loses_orders = loss != 1};
    return VO_OK;
}

static vo_status read_list(const vo_json *v, const char *name, size_t most,
                           vo_status (*read)(const vo_json *v, const char *path, vo_scenario *s,
                                             vo_error *err),
                           vo_scenario *s, vo_error *err) {
    if (vo_json_kind_of(v) != VO_JSON_ARRAY)
        return vo_fail(err, VO_EINVAL, "%s is %s: must be a list", name, vo_fields_kind(v));
    if (vo_json_size(v) > most)
        return vo_fail(err, VO_EINVAL, "%s has %zu entries: at most %zu", name, vo_json_size(v),
                       most);
    vo_status st = VO_OK;
    for (size_t i = 0; st == VO_OK && i < vo_json_size(v); i++) {
        char path[64];
        snprintf(path, sizeof path, "%s[%zu]", name, i);
        st = read(vo_json_at(v, i), path, s, err);
    }
    return st;
}

static vo_status read_from(const char *text, vo_scenario *s, vo_error *err) {
    vo_civil c;
    bool has_offset;
    int32_t offset_s;
    vo_error inner = {0};
    if (strlen(text) != 10 ||
        vo_civil_parse(text, 10, &c, &has_offset, &offset_s, &inner) != VO_OK)
        return vo_fail(err, VO_EINVAL, "from = \"%.40s\": must be a day, like 2026-01-15",
                       text);
    snprintf(s->from, sizeof s->from, "%.10s", text);
    return VO_OK;
}

static vo_status read_root(const vo_json *root, vo_scenario *s, vo_error *err) {
    vo_field_value f[MOST_FIELDS];
    if (vo_json_kind_of(root) != VO_JSON_OBJECT)
        return vo_fail(err, VO_EINVAL, "is %s: must be keys and values, kind: scenario first",
                       vo_fields_kind(root));
    vo_status st = READ(root, "", top, f, err);
    if (st != VO_OK) return st;
    if (!f[KIND].text || strcmp(f[KIND].text, "scenario") != 0)
        return vo_fail(err, VO_EINVAL, "kind = %s%.40s%s: must be scenario",
                       f[KIND].text ? "\"" : "", f[KIND].text ? f[KIND].text : "(none)",
                       f[KIND].text ? "\"" : "");
    snprintf(s->note, sizeof s->note, "%s", f[NOTE].text ? f[NOTE].text : "");
    if (f[FROM].text) st = read_from(f[FROM].text, s, err);
    if (st == VO_OK && f[HOMES].json) st = read_homes(f[HOMES].json, s, err);
    if (st == VO_OK && f[WEATHER].json) st = read_weather(f[WEATHER].json, s, err);
    if (st == VO_OK && f[WINDOWS].json)
        st = read_list(f[WINDOWS].json, "windows", VO_SCENARIO_WINDOWS, read_window, s, err);
    if (st == VO_OK && f[MEMBERS].json)
        st = read_list(f[MEMBERS].json, "members", VO_SCENARIO_MEMBERS, read_member, s, err);
    return st;
}

vo_status vo_scenario_parse(const char *name, const char *text, size_t len, vo_scenario *out,
                            vo_error *err) {
    vo_scenario s = {.pv_share = (double)NAN,
                     .ev_share = (double)NAN,
                     .cooling_share = (double)NAN,
                     .heating_share = (double)NAN,
                     .charger_kw = (double)NAN,
                     .cloud = 1};
    vo_json *root = NULL;
    vo_error inner = {0};
    snprintf(s.name, sizeof s.name, "%.63s", name);
    vo_status st = vo_yaml_parse(text, len, &root, &inner);
    if (st == VO_OK) st = read_root(root, &s, &inner);
    vo_json_free(root);
    if (st != VO_OK) return vo_fail(err, st, "scenario %.80s: %.400s", name, inner.msg);
    *out = s;
    return VO_OK;
}

/* ---- by name ---------------------------------------------------------------------- */

static vo_status refuse(const char *text, bool files, vo_error *err) {
    char list[256];
    vo_text names = vo_text_over(list, sizeof list);
    for (size_t i = 0; i < vo_scenario_n_presets; i++)
        vo_text_append(&names, "%s%s", i ? ", " : "", vo_scenario_presets[i].name);
    return vo_fail(err, VO_ENOTFOUND, "scenario = \"%.80s\": there is none; there are %s%s",
                   text, list, files ? "; or give the path of a file" : "");
}

vo_status vo_scenario_open(const char *text, bool files, vo_scenario *out, vo_error *err) {
    if (!text) text = "base";
    for (size_t i = 0; i < vo_scenario_n_presets; i++) {
        const vo_preset *p = &vo_scenario_presets[i];
        if (strcmp(p->name, text) == 0)
            return vo_scenario_parse(p->name, p->text, p->size, out, err);
    }
    if (!files || !vo_file_exists(text)) return refuse(text, files, err);
    char *yaml = NULL;
    size_t len = 0;
    vo_status st = vo_file_read(text, VO_SCENARIO_BYTES, &yaml, &len, err);
    if (st == VO_OK) st = vo_scenario_parse(text, yaml, len, out, err);
    free(yaml);
    return st;
}

size_t vo_scenario_list(const char *const **names, const char *const **notes) {
#define X(name, note) #name,
    static const char *const name[] = {VO_SCENARIO_MAP(X)};
#undef X
#define X(name, note) note,
    static const char *const noted[] = {VO_SCENARIO_MAP(X)};
#undef X
    *names = name;
    *notes = noted;
    return sizeof name / sizeof name[0];
}

/* ---- when ------------------------------------------------------------------------- */

bool vo_scenario_covers(const vo_scenario_window *w, int32_t day, double hour) {
    if (day < 0) return false;
    const double since = w->daily ? hour - w->from_hour : 24.0 * day + hour - w->from_hour;
    if (since >= 0) return since < w->hours;
    return w->daily && day > 0 && since + 24 < w->hours; /* past midnight */
}

bool vo_scenario_silent(const vo_scenario_member *m, int32_t day, double hour) {
    const double since = 24.0 * day + hour - m->silent_from_hour;
    return since >= 0 && since < m->silent_hours;
}
