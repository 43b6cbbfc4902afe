/* load_profile.h -- the light forecaster of a home's load or PV: what this time of day usually is,
 * and how the last hours differ from it.
 *
 * forecast(t + h) = P[slot(t + h)] + a^h fast + b^h slow           (load: two errors that fade)
 *                 = P[slot(t + h)] * (1 + c^h (k - 1))             (PV: the clearness fades)
 * P: exponentially weighted means by time of day, weekdays and weekends apart where there are enough
 * days of each; k: a ratio of sums, what was made lately over what was usual. A home is a few
 * hundred floats: a million homes fit into memory. Equations, constants and where they come from:
 * docs/models/load.md. Threads: a state has one owner at a time.
 */
#ifndef VO_LEARN_LOAD_PROFILE_H
#define VO_LEARN_LOAD_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VO_PROFILE_SLOTS 288u

typedef enum {
    VO_PROFILE_LOAD = 0,
    VO_PROFILE_PV = 1,
    VO_PROFILE_SIGNED = 2 /* as a load, and may be negative: net loads, prices */
} vo_profile_kind;

typedef struct {
    size_t slots;  /* of a day, 1..VO_PROFILE_SLOTS                     */
    bool weekends; /* keeps weekends apart (not of PV)                  */
    int32_t kind;  /* a vo_profile_kind                                 */
} vo_profile_shape;

/* Floats a state takes; all 0 is one that has seen nothing. */
size_t vo_profile_floats(const vo_profile_shape *s);

/* slot 0..slots-1 of the local day, weekend: of the observed interval, one after another. Any unit,
 * value >= 0 but for VO_PROFILE_SIGNED. NAN: missing, skipped. */
void vo_profile_observe(const vo_profile_shape *s, float *state, size_t slot, bool weekend,
                        double value);

/* The next n intervals; slot[i], weekend[i] are theirs. out >= 0 but for VO_PROFILE_SIGNED; 0 before
 * anything was seen. */
void vo_profile_predict(const vo_profile_shape *s, const float *state, const uint16_t *slot,
                        const uint8_t *weekend, size_t n, float *out);

/* Root mean square of recent errors `lead` intervals ahead (1: the next one) in that slot. */
double vo_profile_spread(const vo_profile_shape *s, const float *state, size_t slot,
                         size_t lead);

#endif
