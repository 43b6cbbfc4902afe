/* inputs.h -- from a request to the numbers a scheduler takes: prices, days, site, problem.
 *
 * Prices come from the request itself, a local file or the lake, all as readings that one
 * cleaner turns into one series. By default nothing is repaired: unsorted, duplicate or missing
 * time stamps are refused; `repair` says otherwise and the report says what was touched.
 * compare and backtest also get the prices before the part asked for, as far back as they go
 * without a gap: forecasters look at the days before.
 */
#ifndef VO_ENGINE_INPUTS_H
#define VO_ENGINE_INPUTS_H

#include <volteo/engine.h>

#include "base/zone.h"
#include "data/clean.h"
#include "engine/request.h"

typedef struct {
    vo_series *series;
    vo_zone *zone;           /* of the series' days                                      */
    vo_clean_report *report; /* NULL where nothing was cleaned                           */
    vo_problem problem;      /* borrows from series, request, `owned` and `period`       */
    double *owned[VO_SITE_FIELDS]; /* site series that are not columns of `series`       */
    int32_t *period; /* of the demand charge                                     */
    char source[96]; /* "request", "file prices.csv", "lake MEM MDA APATZINGAN"  */
    char currency[16];
    char note[256];  /* what a person should know of how prices were read, or "" */
    size_t first;    /* first interval of the part asked for; before it: history  */
    bool part_asked; /* from, to or dates were given                              */
    bool synthetic;  /* the prices are this project's own invention              */
    bool has_site;   /* load or PV behind the meter                              */
} vo_inputs;

/* Fills *in; `r` must outlive it. Without a battery in the request, prices may be missing and
 * the problem is not one that a scheduler takes. VO_EINVAL, VO_ENOTFOUND with the field's path. */
vo_status vo_inputs_load(const vo_engine_options *o, const vo_request *r, vo_inputs *in,
                         vo_error *err);
void vo_inputs_fini(vo_inputs *in); /* accepts a zeroed one */

/* The zone of a request's `tz`; NULL: UTC. VO_EINVAL naming the field. */
vo_status vo_inputs_zone(const char *tz, vo_zone **out, vo_error *err);

/* A local day ("2024-01-31": its first instant, or with `end` the first of the next) or an
 * instant ("2024-01-31T06:00Z"; with `end` the second after it) as UTC seconds. */
vo_status vo_inputs_instant(const vo_zone *zone, const char *text, const char *path, bool end,
                            int64_t *out, vo_error *err);

/* "2024-01-31T00:00:00-06:00" and "2024-01-31" of an interval's start; out holds 40 bytes. */
void vo_inputs_stamp(const vo_inputs *in, size_t t, char *out);
void vo_inputs_date(const vo_inputs *in, size_t t, char *out);
int32_t vo_inputs_hour(const vo_inputs *in, size_t t);

/* The stamps of intervals one after another, which mostly share their day: zeroed before the
 * first. Fills c->stamp as vo_inputs_stamp does and returns the hour. */
typedef struct {
    bool same_day_known;
    int64_t day; /* since 1970 */
    int32_t offset_s;
    char stamp[40], *time; /* time: "hh:mm:ss" within stamp */
} vo_inputs_clock;

int32_t vo_inputs_tick(const vo_inputs *in, size_t t, vo_inputs_clock *c);

#endif
