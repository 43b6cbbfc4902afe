/* tariff_shipped.h -- the tariffs that come with the library, by name: the files of
 * config/tariffs, embedded, so that a name means the same wherever the program runs.
 *
 * Threads: no state of its own.
 */
#ifndef VO_DATA_TARIFF_SHIPPED_H
#define VO_DATA_TARIFF_SHIPPED_H

#include "data/tariff_source.h"

/* What a field `tariff` says: the name of a shipped one ("pge_e_tou_c_2026-03-01"); where `files`,
 * also that of an imported one, config/tariffs/NAME.yaml, or a path. *out is the caller's:
 * vo_tariff_free. VO_ENOTFOUND lists the names there are; VO_EINVAL: a path where none may be
 * given, or a file that is no tariff. */
vo_status vo_tariff_open(const char *text, bool files, vo_tariff **out, vo_error *err);

#endif
