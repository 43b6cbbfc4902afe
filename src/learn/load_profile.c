/* load_profile.c -- see load_profile.h; equations and constants in docs/models/load.md.
 *
 * A state is numbers about now, then by slot: P (weekdays; weekends where kept apart), the variance
 * of y - P, and of a load its lately, how much the last days were above P there. P = 0 says that
 * a slot was never seen: one seen with 0 is kept as SEEN. The loads of a home err in two ways that
 * fade apart: something is switched on (an hour), and people are away or it is hot (days).
 * PV's P is an expectile, not a mean: clear days are more alike than cloudy ones, and how cloudy
 * it is the clearness says.
 */
#include "learn/load_profile.h"

#include <math.h>

#define SEEN 1e-20F
#define NIGHT 0.02F /* of the usual mean: below it, clearness says nothing */

enum { DAYS, FREE_DAYS, FAST, SLOW, NEAR_ERROR, FAR_ERROR, MADE, USUAL, LEVEL, HEAD };

/* Chosen on homes and days that are not those they are judged on; fades are of an hour. */
#ifndef TUNED
#define TUNED static const
#endif
TUNED struct {
    float weight, weekend_days; /* of a day in P; days that weigh as much as the other kind's */
    float lately_weight, lately_beside, lately_share; /* beside: in the slots around         */
    float fast_fade, fast_gain, slow_fade, slow_gain;
    float pv_weight, pv_level; /* level of the expectile                                     */
    float pv_fade, pv_memory, pv_prior;
    float error_weight; /* of a day in the variances */
} tuned = {.weight = 0.12F,
           .weekend_days = 1.7F,
           .lately_weight = 0.42F,
           .lately_beside = 0.55F,
           .lately_share = 0.30F,
           .fast_fade = 0.48F,
           .fast_gain = 1,
           .slow_fade = 0.973F,
           .slow_gain = 0.045F,
           .pv_weight = 0.22F,
           .pv_level = 0.75F,
           .pv_fade = 0.962F,
           .pv_memory = 0.82F,
           .pv_prior = 1,
           .error_weight = 0.05F};

static size_t classes(const vo_profile_shape *s) {
    return s->kind != VO_PROFILE_PV && s->weekends ? 2 : 1;
}

size_t vo_profile_floats(const vo_profile_shape *s) {
    return HEAD + (classes(s) + (s->kind != VO_PROFILE_PV ? 2 : 1)) * s->slots;
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
static float weight_of(float days, float least) {
    return fmaxf(least, 1 / (floorf(days + 0.01F) + 1));
}

/* The errors of the last days at this time of day, and beside it: nobody cooks by the clock. */
static void learn_lately(const vo_profile_shape *s, float *state, size_t slot, float error) {
    float *lately = state + HEAD + (classes(s) + 1) * s->slots;
    const size_t before = slot > 0 ? slot - 1 : s->slots - 1;
    const size_t after = slot + 1 < s->slots ? slot + 1 : 0;
    blend(&lately[slot], tuned.lately_weight, error);
    blend(&lately[before], tuned.lately_weight * tuned.lately_beside, error);
    blend(&lately[after], tuned.lately_weight * tuned.lately_beside, error);
}

static void learn_errors(float *state, float near, float far) {
    blend(&state[NEAR_ERROR], 0.01F, near * near);
    blend(&state[FAR_ERROR], 0.01F, far * far);
}

/* What is left of usual + lately: two errors that fade, both corrected by what neither foresaw. */
static float observe_load(const vo_profile_shape *s, float *state, size_t slot, float error) {
    const float *lately = state + HEAD + (classes(s) + 1) * s->slots;
    const float fast = powf(tuned.fast_fade, hours_of(s)) * state[FAST];
    const float slow = powf(tuned.slow_fade, hours_of(s)) * state[SLOW];
    const float far = error - tuned.lately_share * lately[slot], near = far - fast - slow;
    learn_errors(state, near, far);
    state[FAST] = fast + tuned.fast_gain * near;
    state[SLOW] = slow + tuned.slow_gain * near;
    learn_lately(s, state, slot, error);
    return far;
}

/* Made over usual of the last hours; by itself for little light, it is drawn to 1. */
static float clearness(const vo_profile_shape *s, const float *state) {
    const float prior = tuned.pv_prior * state[LEVEL] / hours_of(s);
    return state[USUAL] + prior > 0 ? (state[MADE] + prior) / (state[USUAL] + prior) : 1;
}

static void observe_pv(const vo_profile_shape *s, float *state, float value, float usual) {
    const float hours = hours_of(s), keep = powf(tuned.pv_memory, hours);
    const float more = powf(tuned.pv_fade, hours) * (clearness(s, state) - 1);
    if (usual > NIGHT * state[LEVEL])
        learn_errors(state, value - usual * (1 + more), value - usual);
    state[MADE] = keep * state[MADE] + value;
    state[USUAL] = keep * state[USUAL] + usual;
}

void vo_profile_observe(const vo_profile_shape *s, float *state, size_t slot, bool weekend,
                        double value) {
    if (isnan(value)) return;
    const bool pv = s->kind == VO_PROFILE_PV, apart = classes(s) == 2 && weekend;
    const float y = (float)value, usual = usual_of(s, state, slot, weekend);
    const float all = state[DAYS] + state[FREE_DAYS];
    float *days = &state[apart ? FREE_DAYS : DAYS], far = y - usual;
    float *p = state + HEAD + (apart ? s->slots : 0) + slot;
    float *variance = state + HEAD + classes(s) * s->slots + slot;
    float weight = weight_of(*days, pv ? tuned.pv_weight : tuned.weight);
    if (pv) {
        observe_pv(s, state, y, usual > 0 ? usual : y);
        weight *= 2 * (y > *p ? tuned.pv_level : 1 - tuned.pv_level);
    } else if (usual != 0) {
        far = observe_load(s, state, slot, far);
    }
    if (usual != 0) /* the first day has no errors */
        blend(variance, weight_of(fmaxf(0, all - 1), tuned.error_weight), far * far);
    *p = *p == 0 ? y : *p + fminf(1, weight) * (y - *p);
    if (*p == 0) *p = SEEN;
    blend(&state[LEVEL], weight_of(all, 0.1F) / (float)s->slots, y);
    *days += 1 / (float)s->slots;
}

/* ---- predicting ----------------------------------------------------------------------------- */

static void predict_pv(const vo_profile_shape *s, const float *state, const uint16_t *slot,
                       size_t n, float *out) {
    const float fade = powf(tuned.pv_fade, hours_of(s));
    float more = clearness(s, state) - 1;
    for (size_t i = 0; i < n; i++) {
        more *= fade;
        out[i] = state[HEAD + slot[i]] * (1 + more);
    }
}

void vo_profile_predict(const vo_profile_shape *s, const float *state, const uint16_t *slot,
                        const uint8_t *weekend, size_t n, float *out) {
    if (s->kind == VO_PROFILE_PV) {
        predict_pv(s, state, slot, n, out);
        return;
    }
    const float *lately = state + HEAD + (classes(s) + 1) * s->slots;
    const float fade = powf(tuned.fast_fade, hours_of(s));
    const float slowly = powf(tuned.slow_fade, hours_of(s));
    float fast = state[FAST], slow = state[SLOW];
    for (size_t i = 0; i < n; i++) {
        fast *= fade;
        slow *= slowly;
        const float usual = usual_of(s, state, slot[i], weekend[i]);
        const float said = usual + tuned.lately_share * lately[slot[i]] + fast + slow;
        out[i] = s->kind == VO_PROFILE_LOAD ? fmaxf(0, said) : said;
    }
}

/* Far errors by slot; near ones are smaller by one ratio, which fades as what is known of now. */
double vo_profile_spread(const vo_profile_shape *s, const float *state, size_t slot,
                         size_t lead) {
    const float variance = state[HEAD + classes(s) * s->slots + slot];
    const float fade = s->kind == VO_PROFILE_PV ? tuned.pv_fade : tuned.fast_fade;
    const float ratio =
        state[FAR_ERROR] > 0 ? fminf(1, state[NEAR_ERROR] / state[FAR_ERROR]) : 1;
    const float near = powf(fade, 2 * hours_of(s) * (float)(lead > 0 ? lead - 1 : 0));
    return sqrt((double)(variance * (1 - near * (1 - ratio))));
}
