/* learn_world.h -- the engine's side of vo_learning: progress in words, models by name.
 *
 * Models are read from the folder that the options name, with their checksums verified, once
 * each, and kept until the world ends; those of an engine come out of its cache (model_cache.h).
 *
 * Threads: models may be asked for from several at once; the rest has one owner.
 */
#ifndef VO_ENGINE_LEARN_WORLD_H
#define VO_ENGINE_LEARN_WORLD_H

#include <stdatomic.h>

#include <volteo/engine.h>

#include "learn/learning.h"
#include "store/registry.h"

typedef struct vo_learn_model vo_learn_model; /* one that was loaded */

typedef struct {
    vo_learning learning; /* hand this on; valid while the world lives            */
    const vo_engine_options *o;
    _Atomic(vo_learn_model *) models; /* loaded so far, the last first            */
    double from, share; /* of the whole work: progress runs from..from + share    */
    int32_t epoch;      /* the round of learning just done; -1: none               */
} vo_learn_world;

/* Fills *w: all threads that the options allow, models from their folder, progress over the
 * whole of 0..1 (narrow it with from and share). It must not move afterwards. */
void vo_learn_world_init(vo_learn_world *w, const vo_engine_options *o, uint64_t seed);
void vo_learn_world_fini(vo_learn_world *w); /* accepts a zeroed one */

#endif
