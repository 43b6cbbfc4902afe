/* q_training_block.h -- what one thread of q_training.c trains at a time: environments and its own
 * copy of the table. Private to the training, and to the bench that times its parts apart.
 */
#ifndef VO_LEARN_Q_TRAINING_BLOCK_H
#define VO_LEARN_Q_TRAINING_BLOCK_H

#include "learn/q_training.h"

typedef struct vo_q_block vo_q_block;

vo_status vo_q_block_create(size_t n_envs, const vo_q_settings *s, const vo_q_table *table,
                            const vo_q_history *history, const vo_q_battery *battery,
                            uint64_t seed, uint64_t stream, const vo_alloc *alloc,
                            vo_q_block **out, vo_error *err);
void vo_q_block_free(vo_q_block *b); /* accepts NULL */

/* One interval everywhere: look up, learn from the last reward, choose, play. */
void vo_q_block_step(vo_q_block *b, const vo_q_history *history, const vo_q_battery *battery,
                     float epsilon);
const float *vo_q_block_values(const vo_q_block *b); /* [n_states][VO_Q_ROW] of its copy */

#endif
