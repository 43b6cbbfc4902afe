/* net.h -- a small fully connected network with a linear skip path, trained by Adam.
 *
 *     y = W_s x + b_out + W_L a(... a(W_1 x + b_1) ...),   a leaky rectifier,
 *
 * so that what is linear in the inputs is learned as such and the hidden layers add the rest.
 * The loss is Huber's over outputs whose target is known, weighted by sample:
 *     sum_s weight_s sum_j huber_delta(y_sj - target_sj) / (sum_s weight_s n_out).
 * Scaling inputs and targets to about unit size is the caller's.
 *
 * Shapes: x [n][n_in], y and target [n][n_out] (NAN: not known), row-major float.
 * Results depend on inputs and seed alone. Threads: one owner at a time; after create nothing
 * allocates.
 */
#ifndef VO_LEARN_NET_H
#define VO_LEARN_NET_H

#include <volteo/status.h>

#include "base/alloc.h"
#include "base/artefact.h"
#include "base/random.h"

#define VO_NET_MAX_HIDDEN 3
#define VO_NET_MAX_WIDTH 4096 /* of inputs, hidden layers and outputs */

typedef struct {
    size_t n_in, n_out;
    size_t n_hidden; /* layers; 0: a linear model */
    size_t hidden[VO_NET_MAX_HIDDEN];
    size_t batch; /* samples per step, at most; the working memory is for so many */
} vo_net_shape;

typedef struct {
    double slope;         /* of the rectifier below 0, in (0, 1)                             */
    double huber;         /* delta > 0, in the targets' unit: squared below, absolute above  */
    double rate;          /* of the first step                                               */
    double rate_end;      /* of the last step, cosine in between                             */
    double decay;         /* of all weights but the skip path's, per unit of rate            */
    double skip_decay;    /* of the skip path's                                              */
    double input_shrink;  /* L1 of the first layer, per unit of rate                         */
    double skip_shrink;   /* L1 of the skip path                                             */
    double dropout;       /* of hidden units, [0, 1)                                         */
    double input_dropout; /* of inputs to the hidden layers (the skip path sees all)         */
} vo_net_training;

typedef struct vo_net vo_net;

vo_net_training vo_net_training_default(void);

/* All weights zero. *out is the caller's: vo_net_free. VO_EINVAL: a width of 0 or too large. */
vo_status vo_net_create(const vo_net_shape *shape, const vo_alloc *alloc, vo_net **out,
                        vo_error *err);
void vo_net_free(vo_net *net); /* accepts NULL */

/* Begins anew: hidden layers at random (He), skip path and output layer zero, no momentum. */
void vo_net_start(vo_net *net, vo_random *random);

/* `epochs` passes over the samples in random order (`order` is workspace [n]), in batches of
 * nearly equal size. weight NULL: all 1. Returns the mean loss of the last epoch. */
typedef struct {
    const float *x, *target, *weight;
    size_t n;
    size_t *order;
} vo_net_samples;
double vo_net_train(vo_net *net, const vo_net_training *t, const vo_net_samples *s,
                    size_t epochs, vo_random *random);

void vo_net_predict(vo_net *net, const float *x, size_t n, float slope, float *y);

/* For checks, of the gradient against differences:
 * all parameters, [vo_net_size]: blocks one after the other, each padded with zeros that stay. */
size_t vo_net_size(const vo_net *net);
float *vo_net_weights(vo_net *net);
/* Loss over s (n <= batch, order not used) without dropout and its gradient [vo_net_size]. */
double vo_net_gradient(vo_net *net, const vo_net_training *t, const vo_net_samples *s,
                       float *gradient);

/* Weights, momentum and step, so that training continues with the same bits. load refuses another
 * shape. */
void vo_net_save(const vo_net *net, vo_artefact_out *out);
vo_status vo_net_load(vo_net *net, vo_artefact *in, vo_error *err);

#endif
