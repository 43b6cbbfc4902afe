/* load_profile.c -- see load_profile.h; equations and constants in docs/models/load.md.
 *
 * A state is numbers about now, then P by slot (weekdays; weekends where kept apart), then the
 * variance of y - P by slot. P = 0 says that a slot was never seen: one seen with 0 is kept as
 * SEEN. The loads of a home err in two ways that fade apart: something is switched on (an hour)
 * and people are away, or it is hot (a day).
 */
#include "learn/load_profile.h"

#include <math.h>

#define SEEN 1e-20F

enum { DAYS, FREE_DAYS, FAST, SLOW, NEAR_ERROR, FAR_ERROR, MADE, USUAL, LEVEL, HEAD };

/* Chosen on homes and days that are not those they are judged on; per hour where time matters. */
#ifndef TUNED
#define TUNED static const
#endif
TUNED struct {
    float weight, pv_weight, error_weight; /* of a day, in P and in the variances */
    float weekend_days;                    /* days that weigh as much as the other kind's */
    float fast_fade, fast_gain, slow_fade, slow_gain; /* of an hour */
    float pv_fade, pv_memory, pv_prior;
    float night; /* of the usual mean: below it, clearness says nothing */
} tuned = {.weight = 0.18F,
           .pv_weight = 0.40F,
           .error_weight = 0.05F,
           .weekend_days = 1.5F,
           .fast_fade = 0.62F,
           .fast_gain = 0.72F,
           .slow_fade = 0.983F,
           .slow_gain = 0.06F,
           .pv_fade = 0.93F,
           .pv_memory = 0.79F,
           .pv_prior = 0.15F,
           .night = 0.02F};

static size_t classes(const vo_profile_shape *s) {
    return s->kind == VO_PROFILE_LOAD && s->weekends ? 2 : 1;
}

size_t vo_profile_floats(const vo_profile_shape *s) {
    return HEAD + (classes(s) + 1) * s->slots;
}

static float hours_of(const vo_profile_shape *s) { return 24.0F / (float)s->slots; }

/* P of a slot; of a weekend the more its own, the more of them were seen. */
static float usual_of(const vo_profile_shape *s, const float *state, size_t slot,
                      bool weekend) {
    const float *p = state + HEAD;
    if (classes(s) == 1) return p[slot];
    const float work = p[slot], free = p[s->slots + slot];
    const float own = weekend ? free : work, other = weekend ? work : free;
    if (own == 0) return other;
    if (other == 0) return own;
    const float n = fminf(state[weekend ? FREE_DAYS : DAYS], 1 / tuned.weight);
    return other + n / (n + tuned.weekend_days) * (own - other);
}

static void blend(float *mean, float weight, float value) { *mean += weight * (value - *mean); }

/* Weights 1, 1/2, 1/3, ... of the first days, then a constant one. */
static void learn(float *p, float days, float least, float value) {
    blend(p, *p == 0 ? 1 : fmaxf(least, 1 / (floorf(days + 0.01F) + 1)), value);
    *p = fmaxf(*p, SEEN);
}

static void observe_load(float *state, float hours, float error, bool first) {
    if (first) return;
    const float fast = powf(tuned.fast_fade, hours), slow = powf(tuned.slow_fade, hours);
    const float carried = fast * state[FAST] + slow * state[SLOW], miss = error - carried;
    blend(&state[NEAR_ERROR], 0.01F, miss * miss);
    blend(&state[FAR_ERROR], 0.01F, error * error);
    state[FAST] = fast * state[FAST] + tuned.fast_gain * miss;
    state[SLOW] = slow * state[SLOW] + tuned.slow_gain * miss;
}

static float clearness(const float *state) {
    const float prior = tuned.pv_prior * state[LEVEL];
    return state[USUAL] + prior > 0 ? (state[MADE] + prior) / (state[USUAL] + prior) : 1;
}

static void observe_pv(float *state, float hours, float value, float usual) {
    const float keep = powf(tuned.pv_memory, hours);
    if (usual > tuned.night * state[LEVEL]) {
        const float miss = value - usual * (1 + tuned.pv_fade * (clearness(state) - 1));
        blend(&state[NEAR_ERROR], 0.01F, miss * miss);
        blend(&state[FAR_ERROR], 0.01F, (value - usual) * (value - usual));
    }
    state[MADE] = keep * state[MADE] + value;
    state[USUAL] = keep * state[USUAL] + usual;
}

void vo_profile_observe(const vo_profile_shape *s, float *state, size_t slot, bool weekend,
                        double value) {
    if (isnan(value)) return;
    const bool pv = s->kind == VO_PROFILE_PV, apart = classes(s) == 2 && weekend;
    const float y = (float)value, hours = hours_of(s);
    const float usual = usual_of(s, state, slot, weekend), error = y - usual;
    float *days = &state[apart ? FREE_DAYS : DAYS];
    float *p = state + HEAD + (apart ? s->slots : 0) + slot;
    float *variance = state + HEAD + classes(s) * s->slots + slot;
    if (usual > 0) blend(variance, *variance == 0 ? 1 : tuned.error_weight, error * error);
    if (pv)
        observe_pv(state, hours, y, usual > 0 ? usual : y);
    else
        observe_load(state, hours, error, usual == 0);
    learn(p, *days, pv ? tuned.pv_weight : tuned.weight, y);
    blend(&state[LEVEL],
          fmaxf(0.1F, 1 / (1 + state[DAYS] + state[FREE_DAYS])) / (float)s->slots, y);
    *days += 1 / (float)s->slots;
}

void vo_profile_predict(const vo_profile_shape *s, const float *state, const uint16_t *slot,
                        const uint8_t *weekend, size_t n, float *out) {
    const float hours = hours_of(s);
    if (s->kind == VO_PROFILE_PV) {
        const float fade = powf(tuned.pv_fade, hours);
        float more = clearness(state) - 1;
        for (size_t i = 0; i < n; i++) {
            more *= fade;
            out[i] = state[HEAD + slot[i]] * (1 + more);
        }
        return;
    }
    const float fade = powf(tuned.fast_fade, hours), slowly = powf(tuned.slow_fade, hours);
    float fast = state[FAST], slow = state[SLOW];
    for (size_t i = 0; i < n; i++) {
        fast *= fade;
        slow *= slowly;
        out[i] = fmaxf(0, usual_of(s, state, slot[i], weekend[i]) + fast + slow);
    }
}

double vo_profile_spread(const vo_profile_shape *s, const float *state, size_t slot,
                         size_t lead) {
    const float variance = state[HEAD + classes(s) * s->slots + slot];
    const float fade = s->kind == VO_PROFILE_PV ? tuned.pv_fade : tuned.fast_fade;
    const float ratio =
        state[FAR_ERROR] > 0 ? fminf(1, state[NEAR_ERROR] / state[FAR_ERROR]) : 1;
    const float near = powf(fade, 2 * hours_of(s) * (float)(lead > 0 ? lead - 1 : 0));
    return sqrt((double)(variance * (1 - near * (1 - ratio))));
}
