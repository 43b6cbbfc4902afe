/* q_training.c -- see q_training.h. */
#include "learn/q_training_block.h"

#include <math.h>
#include <string.h>

#include "base/wide.h"
#include "port/thread.h"

#define BLOCK 512      /* environments that learn together */
#define ROUND_TICKS 64 /* intervals between two averages   */

vo_q_settings vo_q_settings_default(void) {
    return (vo_q_settings){
        .axes = vo_q_axes_default(),
        .environments = 4096,
        .episodes = 1000,
        .max_steps = 14400,
        .life = 24,
        .epsilon = 1,
        .epsilon_decay = 0.995,
        .epsilon_min = 0.05,
        .discount = 0.95,
        .learning_rate = 0.1,
        .reward_scale = 1,
        .average_last = 0.25,
        .start_high = 1,
    };
}

vo_q_settings vo_q_settings_for(double interval_h) {
    vo_q_settings s = vo_q_settings_default();
    s.discount = pow(0.99, interval_h);
    s.life = (int32_t)vo_q_window(24, interval_h);
    return s;
}

static vo_status check_range(const char *field, double v, double low, double high,
                             vo_error *err) {
    if (v >= low && v <= high) return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s = %g is not in %g..%g", field, v, low, high);
}

vo_status vo_q_settings_check(const vo_q_settings *s, vo_error *err) {
    const struct {
        const char *field;
        double v, low, high;
    } range[] = {
        {"environments", s->environments, 1, 65536},
        {"episodes", s->episodes, 1, 1e6},
        {"max_steps", s->max_steps, 1, 1e8},
        {"life", s->life, 0, 1e8},
        {"epsilon", s->epsilon, 0, 1},
        {"epsilon_decay", s->epsilon_decay, 0, 1},
        {"epsilon_min", s->epsilon_min, 0, s->epsilon},
        {"discount", s->discount, 0, 0.9999},
        {"learning_rate", s->learning_rate, 1e-6, 1},
        {"reward_scale", s->reward_scale, 1e-9, 1e9},
        {"average_last", s->average_last, 0, 1},
        {"start_high", s->start_high, 0, 1},
        {"start_low", s->start_low, 0, s->start_high},
    };
    vo_status st = vo_q_axes_check(&s->axes, err);
    for (size_t i = 0; i < sizeof range / sizeof range[0] && st == VO_OK; i++)
        st = check_range(range[i].field, range[i].v, range[i].low, range[i].high, err);
    return st;
}

/* ---- a block ------------------------------------------------------------------------------- */

/* Its arrays hold one row more than the table: what must not be learned goes there. */
struct vo_q_block {
    const vo_alloc *alloc;
    vo_q_envs *envs;
    size_t n_states;
    size_t ticks, life; /* played so far; of an environment, 0: any                   */
    float discount, learning_rate;
    float *q;         /* [n_states + 1][VO_Q_ROW]                                      */
    uint32_t *visits; /* the same, since the last average                              */
    uint32_t *slot;   /* [n] value that the last play is about                         */
    float *value;     /* [n] worth of the present state                                */
    double loss;      /* sum of |temporal difference| since the last average           */
};

void vo_q_block_free(vo_q_block *b) {
    if (!b) return;
    const vo_alloc *a = b->alloc;
    vo_q_envs_free(b->envs);
    a->free(a->ctx, b->q);
    a->free(a->ctx, b->visits);
    a->free(a->ctx, b->slot);
    a->free(a->ctx, b->value);
    a->free(a->ctx, b);
}

static void take_table(vo_q_block *b, const vo_q_table *t) {
    memcpy(b->q, t->q, t->n_states * VO_Q_ROW * sizeof *b->q);
    memset(b->visits, 0, (t->n_states + 1) * VO_Q_ROW * sizeof *b->visits);
    b->loss = 0;
}

vo_status vo_q_block_create(size_t n_envs, const vo_q_settings *s, const vo_q_table *table,
                            const vo_q_history *history, const vo_q_battery *battery,
                            uint64_t seed, uint64_t stream, const vo_alloc *alloc,
                            vo_q_block **out, vo_error *err) {
    const vo_alloc *a = alloc ? alloc : &vo_alloc_libc;
    vo_q_block *b = a->zalloc(a->ctx, sizeof *b);
    if (!b) return vo_fail(err, VO_ENOMEM, "a block of %zu environments", n_envs);
    const size_t values = (table->n_states + 1) * VO_Q_ROW;
    *b = (vo_q_block){.alloc = a,
                      .n_states = table->n_states,
                      .life = (size_t)s->life,
                      .discount = (float)s->discount,
                      .learning_rate = (float)s->learning_rate};
    vo_status st = vo_q_envs_create(n_envs, seed, stream, (float)s->start_low,
                                    (float)s->start_high, history, battery, a, &b->envs, err);
    b->q = a->zalloc(a->ctx, values * sizeof *b->q);
    b->visits = a->zalloc(a->ctx, values * sizeof *b->visits);
    b->slot = a->zalloc(a->ctx, n_envs * sizeof *b->slot);
    b->value = a->zalloc(a->ctx, n_envs * sizeof *b->value);
    if (st == VO_OK && (!b->q || !b->visits || !b->slot || !b->value))
        st = vo_fail(err, VO_ENOMEM, "a block of %zu environments", n_envs);
    if (st != VO_OK) {
        vo_q_block_free(b);
        return st;
    }
    take_table(b, table);
    for (size_t i = 0; i < n_envs; i++) b->slot[i] = (uint32_t)(b->n_states * VO_Q_ROW);
    *out = b;
    return VO_OK;
}

const float *vo_q_block_values(const vo_q_block *b) { return b->q; }

/* Learns from the last play, one environment after the other: two may be in one state. */
static void learn(vo_q_block *b) {
    const size_t n = b->envs->n;
    const uint32_t *restrict slot = b->slot;
    const float *restrict reward = b->envs->reward, *restrict value = b->value;
    float *restrict q = b->q;
    uint32_t *restrict visits = b->visits;
    const uint32_t nowhere = (uint32_t)(b->n_states * VO_Q_ROW);
    float loss = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t k = slot[i];
        const float difference = reward[i] + b->discount * value[i] - q[k];
        q[k] += b->learning_rate * difference;
        visits[k]++;
        loss += k == nowhere ? 0 : fabsf(difference);
    }
    b->loss += (double)loss;
}

/* Which value the coming play is about. */
static VO_WIDE void aim(vo_q_block *b) {
    const size_t n = b->envs->n;
    const uint32_t *restrict state = b->envs->state;
    const int32_t *restrict action = b->envs->action;
    uint32_t *restrict slot = b->slot;
    for (size_t i = 0; i < n; i++) slot[i] = state[i] * VO_Q_ROW + (uint32_t)action[i];
}

void vo_q_block_step(vo_q_block *b, const vo_q_history *history, const vo_q_battery *battery,
                     float epsilon) {
    vo_q_envs *e = b->envs;
    vo_q_envs_choose(e, b->q, epsilon, b->value);
    const uint32_t nowhere = (uint32_t)(b->n_states * VO_Q_ROW);
    for (size_t i = 0; i < e->n; i++) b->slot[i] = e->fresh[i] ? nowhere : b->slot[i];
    learn(b);
    aim(b);
    vo_q_envs_play(e, history, battery);
    b->ticks++;
    if (b->life > 0) /* one after the other, so that the load is even */
        for (size_t i = b->ticks % b->life; i < e->n; i += b->life)
            vo_q_envs_start(e, i, history, battery);
}

/* ---- training -------------------------------------------------------------------------------- */

typedef struct {
    const vo_q_settings *s;
    const vo_alloc *alloc;
    vo_q_table *table;
    vo_q_history *history;
    vo_q_battery battery;
    size_t n_blocks;
    vo_q_block **block; /* [n_blocks] */
    double *sum;        /* [n_states][VO_Q_ROW] of the tables averaged so far */
    size_t first_tick;  /* of the round under way */
    size_t ticks;       /* of it                  */
} trainer;

/* Every block learns through one round on its own copy of the table. */
static vo_status play_round(void *ctx, size_t i, size_t worker, vo_error *err) {
    (void)worker, (void)err;
    const trainer *x = ctx;
    const vo_q_settings *s = x->s;
    take_table(x->block[i], x->table);
    for (size_t k = 0; k < x->ticks; k++) {
        const double steps = (double)(x->first_tick + k) * s->environments;
        const double decay = pow(s->epsilon_decay, floor(steps / s->max_steps));
        const double epsilon = fmax(s->epsilon * decay, s->epsilon_min);
        vo_q_block_step(x->block[i], x->history, &x->battery, (float)epsilon);
    }
    return VO_OK;
}

/* Averages the blocks into the table; returns the mean loss of the round. */
static double gather(trainer *x) {
    vo_q_table *t = x->table;
    for (size_t k = 0; k < t->n_states * VO_Q_ROW; k++) {
        double sum = 0;
        uint64_t n = 0;
        for (size_t i = 0; i < x->n_blocks; i++) {
            const vo_q_block *b = x->block[i];
            n += b->visits[k];
            sum += b->visits[k] * (double)b->q[k];
        }
        if (n == 0) continue;
        t->q[k] = (float)(sum / (double)n);
        const uint64_t visits = t->visits[k] + n;
        t->visits[k] = visits < UINT32_MAX ? (uint32_t)visits : UINT32_MAX;
    }
    double loss = 0;
    for (size_t i = 0; i < x->n_blocks; i++) loss += x->block[i]->loss;
    return loss / ((double)x->ticks * x->s->environments);
}

static void trainer_fini(trainer *x) {
    const vo_alloc *a = x->alloc;
    for (size_t i = 0; x->block && i < x->n_blocks; i++) vo_q_block_free(x->block[i]);
    a->free(a->ctx, x->block);
    a->free(a->ctx, x->sum);
    vo_q_history_free(x->history);
}

static vo_status trainer_init(trainer *x, uint64_t seed, vo_error *err) {
    const vo_alloc *a = x->alloc;
    const size_t envs = (size_t)x->s->environments;
    x->n_blocks = (envs + BLOCK - 1) / BLOCK;
    x->sum = a->zalloc(a->ctx, x->table->n_states * VO_Q_ROW * sizeof *x->sum);
    x->block = a->zalloc(a->ctx, x->n_blocks * sizeof(vo_q_block *));
    if (!x->sum || !x->block)
        return vo_fail(err, VO_ENOMEM, "training in %zu blocks", x->n_blocks);
    for (size_t i = 0; i < x->n_blocks; i++) {
        const size_t from = i * envs / x->n_blocks, to = (i + 1) * envs / x->n_blocks;
        const vo_status st = vo_q_block_create(to - from, x->s, x->table, x->history,
                                               &x->battery, seed, i, a, &x->block[i], err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

/* All rounds. The last of them are averaged into the table. */
static vo_status run(trainer *x, const vo_learning *world, vo_q_training *told, vo_error *err) {
    const vo_q_settings *s = x->s;
    const double wanted = (double)s->episodes * s->max_steps / s->environments;
    const size_t total = wanted < 1 ? 1 : (size_t)ceil(wanted);
    const size_t rounds = (total + ROUND_TICKS - 1) / ROUND_TICKS;
    size_t tail = (size_t)(s->average_last * (double)rounds);
    if (tail < 1) tail = 1;
    const size_t values = x->table->n_states * VO_Q_ROW;
    double loss = 0;
    for (size_t r = 0; r < rounds; r++) {
        x->first_tick = r * ROUND_TICKS;
        x->ticks = total - x->first_tick < ROUND_TICKS ? total - x->first_tick : ROUND_TICKS;
        const vo_status st =
            vo_thread_for(x->n_blocks, world->threads ? world->threads : 1, play_round, x, err);
        if (st != VO_OK) return st;
        const double mean = gather(x);
        if (r + tail >= rounds) {
            for (size_t k = 0; k < values; k++) x->sum[k] += (double)x->table->q[k];
            loss += mean / (double)tail;
        }
        const double done = (double)(r + 1) / (double)rounds;
        if (world->epoch) *world->epoch = (int32_t)(r + 1);
        if (world->progress && !world->progress(world->progress_ctx, "q_learning", done, mean))
            return vo_fail(err, VO_ECANCELED, "Q-learning stopped after %.0f %%", 100 * done);
    }
    for (size_t k = 0; k < values; k++) x->table->q[k] = (float)(x->sum[k] / (double)tail);
    vo_q_table_settle(x->table);
    if (told)
        *told = (vo_q_training){.steps = (uint64_t)total * (uint64_t)s->environments,
                                .intervals = x->history->n,
                                .loss = loss};
    return VO_OK;
}

vo_status vo_q_train(const vo_q_settings *s, const vo_battery *battery,
                     const vo_q_market *market, size_t n_markets, const vo_learning *world,
                     vo_q_table **out, vo_q_training *training, vo_error *err) {
    static const vo_learning plain = {0};
    if (!world) world = &plain;
    const vo_alloc *a = world->alloc ? world->alloc : &vo_alloc_libc;
    trainer x = {.s = s, .alloc = a};
    vo_status st = vo_q_settings_check(s, err);
    if (st == VO_OK) st = vo_battery_check(battery, err);
    if (st == VO_OK && n_markets == 0)
        st = vo_fail(err, VO_EINVAL, "no market to learn from: give one or more");
    if (st != VO_OK) return st;
    st = vo_q_table_create(&s->axes, market[0].interval_h, a, &x.table, err);
    if (st != VO_OK) return st;
    st = vo_q_history_create(x.table, battery->wear_cost_per_mwh, market, n_markets,
                             s->reward_scale, a, &x.history, err);
    if (st != VO_OK) goto fail;
    x.battery = vo_q_battery_of(battery, market[0].interval_h, s->axes.charge_bins);
    st = trainer_init(&x, world->seed, err);
    if (st == VO_OK) st = run(&x, world, training, err);
    if (st != VO_OK) goto fail;
    trainer_fini(&x);
    *out = x.table;
    return VO_OK;

fail:
    trainer_fini(&x);
    vo_q_table_free(x.table);
    return st;
}
