/* lake_rounds.h -- writers for the tests of a lake that several use, and that are killed:
 * hours of the last day of 2024 (UTC) and on, so that two days lie in two years' parts. */
#ifndef TESTS_SUPPORT_LAKE_ROUNDS_H
#define TESTS_SUPPORT_LAKE_ROUNDS_H

#include "data/lake.h"

#define LAKE_START_S INT64_C(1735603200) /* 2024-12-31T00:00Z */
#define LAKE_ALL ((vo_time){INT64_MIN}), ((vo_time){INT64_MAX})
#define LAKE_VERSIONS 3
#define LAKE_VERSION_HOURS 48

extern const vo_lake_key lake_node; /* the one that all write */

vo_lake *lake_at(const char *root); /* or the test ends */

/* n hours from the first on, counted from LAKE_START_S; the price of an hour is factor times
 * its number. */
vo_series *lake_hours(int first, size_t n, double factor);

/* Both years' parts and their changes: version k = 1..3 has values k times the hour, and every
 * sixth hour was filled (version 3 is clean and has no changes). */
vo_status lake_put_version(vo_lake *lake, int version, vo_error *err);

/* One version after the other, until it is killed; a byte into `tell` before each (-1: none).
 * Exits with 1 or 2 if it cannot, and does not
 * live for long in any case. */
_Noreturn void lake_write_versions(const char *root, int tell);

#endif
