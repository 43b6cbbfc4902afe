/* synth_home.h -- SYNTHETIC homes: load by appliance, PV and electric-car sessions.
 *
 * What a home has and how its people live is drawn from (seed, home number): a home does not
 * depend on how many others are made, and all homes of a seed live under one weather (site 0 of
 * synth_weather.h). Appliances are events of a start, a length and a power on the time axis, so
 * their energy is the same at any step; lighting, heating and cooling follow sun, occupancy and
 * the inertia of the house in parts of at most 10 minutes. Equations: docs/models/synth.md.
 *
 * Columns, kW (mean over the interval), of kind "load": load_kw = the sum of all that follow
 * pv_kw, exactly (values are whole 2^-10 kW); pv_kw, ev_kw, base_kw, fridge_kw, cooking_kw,
 * washing_kw, lighting_kw, entertainment_kw, other_kw, cooling_kw, heating_kw.
 */
#ifndef VO_DATA_SYNTH_HOME_H
#define VO_DATA_SYNTH_HOME_H

#include "data/synth_town.h"

// clang-format off
/* X(name): columns after load_kw and pv_kw */
#define VO_SYNTH_APPLIANCE_MAP(X)                                                               \
    X(ev) X(base) X(fridge) X(cooking) X(washing) X(lighting) X(entertainment) X(other) X(cooling) X(heating)
// clang-format on

enum {
#define X(name) VO_APPLIANCE_##name,
    VO_SYNTH_APPLIANCE_MAP(X)
#undef X
        VO_APPLIANCES
};

typedef struct {
    vo_synth_weather_options
        weather;          /* seed, year, days, zone, place; its interval_minutes: 30 */
    double size;          /* 1, factor on what people switch on                      */
    double pv_share;      /* 0.5, of homes with panels                               */
    double ev_share;      /* 0.4, with an electric car                               */
    double cooling_share; /* 0.6, with air conditioning                              */
    double heating_share; /* 0.4, with a heat pump; the others heat with fuel        */
    double charger_kw;    /* 7.2                                                     */
} vo_synth_home_options;

vo_synth_home_options vo_synth_home_options_default(void);

/* What was drawn for a home. */
typedef enum { VO_HOME_AT_WORK = 0, VO_HOME_OFFICE = 1, VO_HOME_RETIRED = 2 } vo_home_people;

typedef struct {
    vo_home_people people;     /* away on weekdays; works at home; mostly there  */
    double persons;            /* 1..5                                           */
    double base_kw, fridge_kw; /* always on; compressor while it runs            */
    double wake_h, leave_h, return_h, sleep_h; /* local hours of a usual weekday    */
    bool has_pv, has_ev, has_cooling, has_heating;
    vo_synth_panel panel;
    double loss_kw_per_c, heat_kwh_per_c; /* of the house: its loss and its inertia */
    double cooling_kw, heating_kw;        /* electric power of the machines         */
    double car_kwh_per_day;               /* driven on a working day                */
    bool car_timer;                       /* charges from half past midnight        */
} vo_synth_household;

/* VO_EINVAL naming the option that is outside its domain. */
vo_status vo_synth_household_of(const vo_synth_home_options *o, uint32_t home,
                                vo_synth_household *out, vo_error *err);

/* *out is the caller's; label "synthetic home 0007", unit "kW". */
vo_status vo_synth_home(const vo_synth_home_options *o, uint32_t home, vo_series **out,
                        vo_error *err);

/* The same home over any days of a town (made from o->weather, span of at least a day): kWh per
 * interval, not rounded, [t->span.n] each. For very many homes: no allocation, 5 us a home and day.
 * room: vo_synth_home_room bytes, one per thread. A day's numbers do not depend on which days are
 * looked at, to the bit, if their sky is the same; but for the first days of the sky itself
 * (VO_SYNTH_HOUSE_BLOCK + VO_SYNTH_HOUSE_LEAD), whose houses have no weather before. */
size_t vo_synth_home_room(const vo_synth_town *t);
vo_status vo_synth_home_fill(const vo_synth_home_options *o, const vo_synth_town *t,
                             uint32_t home, void *room, float *load_kwh, float *pv_kwh,
                             vo_error *err);

/* One stay of the car at its charger. The car must have taken up energy_kwh when it departs; in
 * ev_kw it charges at full power from its arrival, or, with a timer, from half past midnight.
 */
typedef struct {
    vo_time arrival, departure;
    double energy_kwh; /* > 0, at most charger_kw times the stay */
} vo_ev_session;

/* Sessions that arrive within the span, by time, none overlapping; none for a home without a
 * car
 * (*n = 0, *out NULL). The last may depart after the end. *out is malloc'ed: free(). */
vo_status vo_synth_ev_sessions(const vo_synth_home_options *o, uint32_t home,
                               vo_ev_session **out, size_t *n, vo_error *err);

#endif
