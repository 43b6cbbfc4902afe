/* lake_rules.h -- what an import may not do to stored data unseen. Inside of the lake.
 *
 * Threads: as the lake that is given.
 */
#ifndef VO_DATA_LAKE_RULES_H
#define VO_DATA_LAKE_RULES_H

#include "data/lake_tree.h"

/* vo_lake_upsert_as of lake.h says which; zone[64] is told the zone that days will follow.
 * VO_EINVAL; VO_EIO: a stored part is damaged. */
vo_status vo_lake_rules_check(vo_lake *lake, const vo_lake_key *key, const vo_series *s,
                              const vo_lake_how *how, char zone[64], vo_error *err);

#endif
