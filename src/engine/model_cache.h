/* model_cache.h -- trained models in memory, ready to be asked.
 *
 * A version never changes, so it is loaded, verified and made ready once, and shared by all threads
 * until it is among the least recently used of too many. What a reference means (an alias, the
 * latest) is asked of the registry again when registry.json has changed, which is looked at once a
 * second.
 *
 * Threads: may be shared.
 */
#ifndef VO_ENGINE_MODEL_CACHE_H
#define VO_ENGINE_MODEL_CACHE_H

#include "learn/price_model.h"
#include "learn/q_table.h"
#include "store/registry.h"

enum { VO_MODEL_CACHE_MODELS = 64, VO_MODEL_CACHE_MIB = 512 }; /* kept at most, if not in use */

typedef struct vo_model_cache vo_model_cache;

/* A version of a model. */
typedef struct {
    vo_registry_found found;
    char type[VO_REGISTRY_NAME]; /* "price_prediction", "rl_battery"                     */
    const void *bytes;           /* its first file                                       */
    size_t len;
    const vo_q_table *table;        /* what it holds if it is a table ...                */
    const vo_price_model *boosting; /* ... or boosted price models; NULL: another        */
    int64_t boosting_until_s;       /* vo_forecaster_gbt_until                           */
} vo_kept_model;

vo_status vo_model_cache_create(const char *folder, vo_model_cache **out, vo_error *err);
void vo_model_cache_free(vo_model_cache *c); /* accepts NULL; nothing may be taken */

/* The version that a reference means (registry.h); stays as it is until it is given back. */
vo_status vo_model_cache_take(vo_model_cache *c, const char *reference,
                              const vo_kept_model **out, vo_error *err);
void vo_model_cache_give(vo_model_cache *c, const vo_kept_model *m); /* accepts NULL */

#endif
