/* value.h -- piecewise-linear functions of energy, and their sup-convolution.
 *
 * The value function of a battery, V(s) = the most that can be earned from here on with s MWh
 * stored, is piecewise linear and continuous on an interval. So is the reward of one interval,
 * q(z), of the energy z taken out of the store (z < 0 charges). One step of dynamic programming
 * is
 *
 *     W(s) = max over z of q(z) + V(s - z),       the sup-convolution of the two,
 *
 * and needs no grid. If both are concave, the result is all their pieces sorted by slope. If
 * not, it is a maximum in a sliding window for each piece of the reward (value.c).
 *
 * Units:  x in MWh, m in currency per MWh. Functions are known up to a constant.
 * Memory: a vo_value is a view; its arrays belong to whoever laid them out.
 */
#ifndef VO_OPTIMIZE_VALUE_H
#define VO_OPTIMIZE_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include <volteo/status.h>

#include "base/alloc.h"

typedef struct {
    double *x;    /* [n + 1] knots, non-decreasing; the domain is x[0]..x[n]    */
    double *m;    /* [n] slope between x[i] and x[i + 1]                         */
    size_t n;     /* pieces; 0 is the function of a single point                */
    bool concave; /* known to be; false says nothing                         */
} vo_value;

bool vo_value_is_concave(const vo_value *f);

/* One-sided slopes: what one more MWh earns (-INFINITY: it cannot be), and what the last one is
 * worth (INFINITY: it cannot be missed). */
typedef struct {
    double right, left;
} vo_slopes;

/* Slopes of f at x. A knot within `noise` of x is taken to be at x. */
vo_slopes vo_value_slopes(const vo_value *f, double x, double noise);

/* Replaces f by its concave envelope, in place. */
void vo_value_envelope(vo_value *f);

/* Value at x relative to the value at the left end; x within the domain. */
double vo_value_rise(const vo_value *f, double x);

/* out = sup-convolution of concave f and g. out->x, out->m must have room for f->n + g->n (+1)
 * and not overlap the inputs. Neighbours of equal slope become one piece. */
void vo_value_merge(const vo_value *f, const vo_value *g, vo_value *out);

/* Cuts the domain to lo..hi in place; false, f untouched, if nothing is left. */
bool vo_value_restrict(vo_value *f, double lo, double hi);

/* Scratch memory of vo_value_convolve; zero it first, fini last. */
typedef struct {
    const vo_alloc *alloc;
    double *block;
    size_t size; /* doubles */
} vo_value_scratch;

void vo_value_scratch_fini(vo_value_scratch *s);

/* Room that vo_value_convolve may need in out->x and out->m, in doubles each. */
size_t vo_value_convolve_room(const vo_value *f, const vo_value *g);

/* out = sup-convolution of any two, cut to lo..hi as vo_value_restrict does; out as in merge,
 * with the room above. Few pieces of g are assumed: the time is that of g->n passes over f.
 * *empty tells that nothing is left. VO_ENOMEM. */
vo_status vo_value_convolve(const vo_value *f, const vo_value *g, double lo, double hi,
                            vo_value_scratch *scratch, vo_value *out, bool *empty,
                            vo_error *err);

#endif
