/* scenario.h -- what is not as usual in a community's world: other weather, dates and machines of
 * generated homes, factors on loads, panels and prices, outages, homes that lie or fall silent.
 *
 * A scenario is a YAML file (docs/scenarios.md has the keys); those of config/scenarios are
 * embedded and go by their names. Everything in it is optional; `base` says nothing.
 * Hours count from the local midnight with which the first day played begins.
 */
#ifndef VO_ENGINE_SCENARIO_H
#define VO_ENGINE_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <volteo/status.h>

#define VO_SCENARIO_WINDOWS 64
#define VO_SCENARIO_MEMBERS 64
#define VO_SCENARIO_BYTES ((size_t)1 << 20)

// clang-format off
/* X(name, note): those that are embedded, and what each of them notes. */
#define VO_SCENARIO_MAP(X)                                                                            \
    X(base,        "nothing is out of the ordinary")                                                  \
    X(drop_out,    "home 1 is not heard of from noon to midnight of the first day")                   \
    X(ev_heavy,    "nine homes of ten have an electric car; metered homes use 2.5 kW more at night")  \
    X(heat_wave,   "8 C warmer under a clear sky; metered homes use 50 % more from noon to 22:00")    \
    X(high_solar,  "a clear sky and panels on nine roofs of ten; metered panels give 50 % more")      \
    X(one_liar,    "home 1 offers all that is allowed, always, and does not have it")                 \
    X(outage,      "no grid from 17:00 to 21:00 of the first day")                                    \
    X(price_spike, "the grid's price is threefold from 17:00 to 20:00, every day")                    \
    X(winter,      "from 15 January; metered homes use 30 % more and their panels give half")
// clang-format on

/* Which homes a window is about: metered ones come from files. */
typedef enum { VO_OF_ANY, VO_OF_GENERATED, VO_OF_METERED } vo_scenario_of;

typedef struct {
    int32_t of; /* a vo_scenario_of */
    double from_hour, hours;
    bool daily;                 /* from_hour and hours are of every day       */
    bool grid_down;             /* no import, export or trade                 */
    double load, pv, buy, sell; /* factors                        */
    double load_kw;             /* added to every home's load     */
} vo_scenario_window;

typedef struct {
    int32_t home;                          /* 1 is the first                             */
    int32_t honesty;                       /* a vo_honesty                               */
    double silent_from_hour, silent_hours; /* hours 0: never       */
    bool loses_signal, loses_orders;
} vo_scenario_member;

typedef struct {
    char name[64], note[256];
    char from[16]; /* "": not said                                 */
    /* Of generated homes; NAN: not said. */
    double pv_share, ev_share, cooling_share, heating_share, charger_kw;
    int32_t weather_from_day, weather_days; /* since the first day played; days 0: none  */
    double warmer_c, cloud;                 /* added; a factor                           */
    size_t n_windows, n_members;
    vo_scenario_window window[VO_SCENARIO_WINDOWS];
    vo_scenario_member member[VO_SCENARIO_MEMBERS];
} vo_scenario;

/* NULL or "base"; the name of an embedded one; where `files`, also a path. VO_ENOTFOUND lists the
 * names; VO_EINVAL names file, key, value and remedy. */
vo_status vo_scenario_open(const char *text, bool files, vo_scenario *out, vo_error *err);
vo_status vo_scenario_parse(const char *name, const char *text, size_t len, vo_scenario *out,
                            vo_error *err);

/* Names and notes of the embedded ones, sorted. */
size_t vo_scenario_list(const char *const **names, const char *const **notes);

/* Does it hold at `hour` of the day, `day` days after the first one played? */
bool vo_scenario_covers(const vo_scenario_window *w, int32_t day, double hour);
bool vo_scenario_silent(const vo_scenario_member *m, int32_t day, double hour);

#endif
