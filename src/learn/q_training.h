/* q_training.h -- tabular Q-learning (Watkins 1989) by thousands of parallel environments.
 *
 *     Q(s, a) += learning_rate (r + discount max_b Q(s', b) - Q(s, a))
 *     a = argmax Q(s, .), or with probability epsilon any of the three
 *
 * Budget: episodes x max_steps steps in all, dealt over the environments; epsilon decays each
 *         time max_steps have been played by all together. At the end of a history nothing is
 *         learned and the environment starts somewhere else.
 * Starts: each environment begins at a time and a charge drawn, and again after `life` steps,
 *         so that all charges are seen at all hours whatever the policy has become.
 * Blocks: environments learn in blocks of 512, each on a copy of the table, which are averaged
 *         every 64 intervals with the number of updates as weights. Blocks, not threads, decide
 *         the result: same inputs and seed, same bits, on any number of threads. The average
 *         also damps the noise of single updates, which on one year of one node is most of it.
 * Result: the mean table over the last part of training (Polyak and Juditsky 1992): a constant
 *         learning rate leaves noise, which averages out.
 */
#ifndef VO_LEARN_Q_TRAINING_H
#define VO_LEARN_Q_TRAINING_H

#include "learn/learning.h"
#include "learn/q_environment.h"

typedef struct {
    vo_q_axes axes;
    int32_t environments; /* 4096; 1..65536                                              */
    int32_t episodes;     /* 1000                                                        */
    int32_t max_steps;    /* 14400, of all environments together, per episode            */
    int32_t life;         /* 24: steps until an environment starts anew; 0: history's end */
    double epsilon;       /* 1.0 at the beginning                                        */
    double epsilon_decay; /* 0.995 each episode                                          */
    double epsilon_min;   /* 0.05                                                        */
    double discount;      /* 0.95 per interval                                           */
    double learning_rate; /* 0.1                                                         */
    double reward_scale;  /* 1.0                                                         */
    double average_last;  /* 0.25: the part of training that the result is the mean of   */
    double start_low;     /* 0, 1: a start draws its charge from here, 0..1 of what      */
    double start_high;    /*   the battery may use                                       */
} vo_q_settings;

vo_q_settings vo_q_settings_default(void);

/* The same for intervals of this length: an environment lives a day, and the discount is 0.99 an
 * hour. 0.95 a step leaves of what a night's charge earns in the evening half or less;
 * docs/models/q_learning.md has what either captures. */
vo_q_settings vo_q_settings_for(double interval_h);

/* VO_EINVAL, naming field, value and remedy. */
vo_status vo_q_settings_check(const vo_q_settings *s, vo_error *err);

typedef struct {
    uint64_t steps;   /* environment steps played                                         */
    size_t intervals; /* of the histories that could be learned from                      */
    double loss;      /* mean |temporal difference| over the last part, in units of q     */
} vo_q_training;

/* Trains for the battery on all markets at once (a node each). world: seed, threads, memory,
 * progress ("q_learning"); NULL: defaults. *training may be NULL. *out is the caller's:
 * vo_q_table_free. VO_EINVAL: settings, battery or prices; VO_ENOMEM; VO_ECANCELED. */
vo_status vo_q_train(const vo_q_settings *s, const vo_battery *battery,
                     const vo_q_market *market, size_t n_markets, const vo_learning *world,
                     vo_q_table **out, vo_q_training *training, vo_error *err);

#endif
