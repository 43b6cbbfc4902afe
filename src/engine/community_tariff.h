/* community_tariff.h -- what a community's homes pay the grid: a published tariff, all its versions.
 *
 * By name with date ("pge_e_tou_c_2026-03-01"): that version. Without ("pge_e_tou_c"): all there are,
 * each in force from its own day. Several names with commas between are the versions, too.
 */
#ifndef VO_ENGINE_COMMUNITY_TARIFF_H
#define VO_ENGINE_COMMUNITY_TARIFF_H

#include "grid/tariff.h"

#define VO_COMMUNITY_VERSIONS 64

typedef struct {
    vo_tariff *version[VO_COMMUNITY_VERSIONS]; /* owned */
    size_t n;
    char name[96]; /* as asked for; with the date where it is one version */
} vo_community_tariff;

/* files: imported tariffs (config/tariffs) and paths may be read. VO_ENOTFOUND lists the names. */
vo_status vo_community_tariff_open(const char *text, bool files, vo_community_tariff *out,
                                   vo_error *err);
void vo_community_tariff_fini(vo_community_tariff *t); /* accepts a zeroed one */

/* Keeps the newest version alone, as if it were in force always: for days without a year. */
void vo_community_tariff_always(vo_community_tariff *t);

/* buy[n], sell[n], currency/kWh. Steps before `first` are history: where no version was in force
 * then, the first played step's is taken. VO_ENOTFOUND naming the day and the days there are
 * versions of. */
vo_status vo_community_tariff_prices(const vo_community_tariff *t, const vo_time *start,
                                     double dt_h, size_t n, size_t first, double *buy,
                                     double *sell, vo_error *err);

/* The version in force at an instant, or NULL. */
const vo_tariff *vo_community_tariff_at(const vo_community_tariff *t, vo_time when);

#endif
