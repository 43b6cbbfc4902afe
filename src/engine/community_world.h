/* community_world.h -- from what is asked for to the homes of a simulation: generated ones, or files.
 *
 * Generated: data/synth_home.h, one weather, a tariff of config/tariffs in the version in force.
 * Files (CityLearn's layout, community_files.h): a folder with Building_*.csv, pricing.csv,
 * weather.csv and schema.json; the last three may be absent. Hours become intervals of the same
 * power; with history, days played begin at midnight, without it with the first row. A tariff by
 * name is paid in its newest (or its named) version, as if it were in force always.
 * Scenarios: scenario.h; `base` changes nothing. All of it for people: docs/scenarios.md.
 * Threads: after creation, source.fill may be called from all workers at once.
 */
#ifndef VO_ENGINE_COMMUNITY_WORLD_H
#define VO_ENGINE_COMMUNITY_WORLD_H

#include "community/homes.h"
#include "engine/inputs.h"
#include "grid/tariff.h"

typedef struct {
    int32_t homes, days; /* of files: at most the homes and days there are; 0: all of them */
    int32_t
        history_days; /* before the first day played; -1: as many as is usual for so many homes */
    int32_t interval_minutes; /* 30 */
    const char *from;       /* first local day, or NULL: 2026-07-01; of files: the first one */
    const char *homes_from; /* folder, or NULL: generated                                    */
    const char *scenario;   /* NULL: base                                                    */
    const char *
        tariff; /* name without or with date, or a file; NULL: pge_e_tou_c; of files: their pricing.csv */
    uint64_t seed;
    double pv_share; /* of homes with panels, generated: 0.6 */
    /* NAN: the default, or what the files say. Ranges are checked by the request. */
    double battery_kwh, battery_kw, efficiency, min_soc, max_soc, initial_soc;
    double import_limit_kwh, export_limit_kwh; /* NAN: 10 and 4 for each half hour */
    double feeder_kwh;                         /* INFINITY: no limit               */
    size_t threads;                            /* 0: all cores */
    bool allow_files;
} vo_world_request;

vo_world_request vo_world_request_default(void);
/* What is asked for, or what is usual for so many generated homes: 28 up to 1 000, 7 up to 20 000, else 3. */
int32_t vo_world_history_days(const vo_world_request *r);

typedef struct vo_world vo_world;

vo_status vo_world_create(const vo_world_request *r, vo_world **out, vo_error *err);
void vo_world_free(vo_world *w); /* accepts NULL */

const vo_homes *vo_world_homes(const vo_world *w);
/* "home 0007", "Building_3", ...: valid as long as the world and until the next call. */
const char *vo_world_home_name(vo_world *w, uint32_t home);

/* What stands in a home. Of metered ones the panels are all that is said: appliances 0. */
typedef struct {
    double pv_kw;              /* 0: none */
    bool appliances;           /* the rest is known */
    bool ev, cooling, heating; /* a car's charger, air conditioning, a heat pump */
    int32_t persons;
} vo_world_equipment;
vo_world_equipment vo_world_home_equipment(const vo_world *w, uint32_t home);

bool vo_world_synthetic(const vo_world *w);
const vo_tariff *
vo_world_tariff(const vo_world *w); /* of the first played instant; NULL: prices of a file */
const char *vo_world_tariff_name(const vo_world *w);
const char *vo_world_currency(const vo_world *w);
const char *vo_world_scenario_note(const vo_world *w); /* what the scenario changes, in words */

/* Scenarios by name, what each does in one line: for help and for a list. */
size_t vo_world_scenarios(const char *const **names, const char *const **notes);

#endif
