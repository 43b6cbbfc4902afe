/* q_learning.c -- how many environment steps a core does in a second.
 *
 *     bench_q_learning [--python=PROGRAM] [--quick]     seven rounds; --quick: two
 *
 * One step: the row of the table for (hour, price, charge) is looked up; the action is the best
 * of three or, with probability epsilon, any (a draw for each); the battery is charged, holds or
 * is discharged within power, reserve, upper limit and losses; the reward is paid at the prices
 * of that interval; the value of the action is learned from it. Table 10 x 10 x 24, epsilon
 * 0.05, 4096 environments in blocks of 512, on a year of synthetic hourly prices.
 *
 *     learning   all of that                                   (q_training.c)
 *     playing    all but the last: choose and play             (q_environment.c)
 *     training   vo_q_train from prices to table, its default budget, averages included
 *     one by one the same step, one environment at a time with branches and doubles, as one
 *                writes it first
 *
 *     numpy      4096 environments at once in NumPy (peers/q_learning_numpy.py), with --python
 *
 * Lines are the best of the rounds, in million steps per second, beside one by one and NumPy.
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "learn/q_training_block.h"
#include "port/clock.h"

#define HOURS 8760
#define ENVS 4096
#define BLOCK 512
#define BLOCKS (ENVS / BLOCK)
#define TICKS 2000

static double price[HOURS];
static uint8_t hour[HOURS];

static void check(vo_status st, const vo_error *err) {
    if (st == VO_OK) return;
    fprintf(stderr, "q_learning: %s\n", err->msg);
    exit(1);
}

static void make_prices(void) {
    vo_random r = vo_random_seed(1, 0);
    double level = 0;
    for (size_t t = 0; t < HOURS; t++) {
        hour[t] = (uint8_t)(t % 24);
        level = 0.95 * level + 20 * vo_random_normal(&r);
        price[t] = 800 + 250 * sin((hour[t] - 11) * 0.2618) + level;
    }
}

static void say(const char *metric, double ours, double peer) {
    printf("q_learning,%s,%.4g,%.4g,%.4g,million_steps_per_s\n", metric, ours, peer,
           ours / peer);
    fflush(stdout);
}

/* What NumPy does of the same step, in million per second. */
static double numpy_rate(const char *python) {
    char command[2000];
    double rate = 0;
    snprintf(command, sizeof command, "'%s' '%s/bench/peers/q_learning_numpy.py'", python,
             VOLTEO_SOURCE_DIR);
    FILE *p = popen(command, "r");
    if (!p || fscanf(p, "%lf", &rate) != 1 || pclose(p) != 0) {
        fprintf(stderr, "q_learning: no answer from %s\n", command);
        exit(1);
    }
    return rate;
}

/* ---- as one writes it first ---------------------------------------------------------------- */

typedef struct {
    const vo_q_history *h;
    const vo_battery *b;
    double *q; /* [states][3] */
    vo_random chance;
} plain;

static size_t plain_state(const plain *x, size_t at, double soc) {
    int bin = (int)((soc - x->b->min_soc) / (x->b->max_soc - x->b->min_soc) * 10);
    if (bin > 9) bin = 9;
    return (x->h->step[at].cell & ~VO_Q_LAST) + (size_t)bin;
}

static int plain_best(const double *q) {
    int best = VO_Q_HOLD;
    for (int a = 0; a < VO_Q_ACTIONS; a++)
        if (q[a] > q[best]) best = a;
    return best;
}

static double plain_play(const plain *x, size_t at, int action, double *soc) {
    const vo_q_step *s = &x->h->step[at];
    const double gain = x->b->charge_efficiency, drain = 1 / x->b->discharge_efficiency;
    const double before = *soc;
    double cash = 0;
    if (action == VO_Q_CHARGE) {
        double in = x->b->charge_mw / x->b->capacity_mwh;
        if (before + gain * in > x->b->max_soc) in = (x->b->max_soc - before) / gain;
        *soc += gain * in;
        cash = -(double)s->buy * in;
    } else if (action == VO_Q_DISCHARGE) {
        double out = x->b->discharge_mw / x->b->capacity_mwh;
        if (before - drain * out < x->b->min_soc) out = (before - x->b->min_soc) / drain;
        *soc -= drain * out;
        cash = (double)s->sell * out;
    }
    return cash + (double)s->par * (*soc - before);
}

static double plain_run(plain *x, size_t steps) {
    size_t at = (size_t)vo_random_below(&x->chance, x->h->n - 1);
    double soc = 0.5;
    const double begin = vo_clock_monotonic_s();
    for (size_t k = 0; k < steps; k++) {
        double *q = x->q + 3 * plain_state(x, at, soc);
        const int action = vo_random_unit(&x->chance) < 0.05
                               ? (int)vo_random_below(&x->chance, 3)
                               : plain_best(q);
        const double reward = plain_play(x, at, action, &soc);
        if (x->h->step[at].cell & VO_Q_LAST) {
            at = (size_t)vo_random_below(&x->chance, x->h->n - 1);
            continue;
        }
        const double *next = x->q + 3 * plain_state(x, ++at, soc);
        q[action] += 0.1 * (reward + 0.95 * next[plain_best(next)] - q[action]);
    }
    return vo_clock_monotonic_s() - begin;
}

/* ---- ours ---------------------------------------------------------------------------------- */

typedef struct {
    vo_q_table *table;
    vo_q_history *history;
    vo_q_battery battery;
    vo_q_block *block[BLOCKS];
    vo_q_envs *envs[BLOCKS];
} ours;

static double learn_run(ours *x) {
    const double begin = vo_clock_monotonic_s();
    for (int i = 0; i < BLOCKS; i++)
        for (int k = 0; k < TICKS; k++)
            vo_q_block_step(x->block[i], x->history, &x->battery, 0.05f);
    return vo_clock_monotonic_s() - begin;
}

static double play_run(ours *x) {
    static float value[BLOCK];
    const double begin = vo_clock_monotonic_s();
    for (int i = 0; i < BLOCKS; i++)
        for (int k = 0; k < TICKS; k++) {
            vo_q_envs_choose(x->envs[i], vo_q_block_values(x->block[i]), 0.05f, value);
            vo_q_envs_play(x->envs[i], x->history, &x->battery);
        }
    return vo_clock_monotonic_s() - begin;
}

static double train_run(const vo_q_settings *s, const vo_battery *b, const vo_q_market *m,
                        uint64_t *steps) {
    vo_error err = {0};
    vo_q_table *t = NULL;
    vo_q_training told;
    const double begin = vo_clock_monotonic_s();
    check(vo_q_train(s, b, m, 1, NULL, &t, &told, &err), &err);
    const double seconds = vo_clock_monotonic_s() - begin;
    *steps = told.steps;
    vo_q_table_free(t);
    return seconds;
}

int main(int argc, char **argv) {
    vo_error err = {0};
    const char *python = NULL;
    int rounds = 7;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--python=", 9) == 0) python = argv[i] + 9;
        if (strcmp(argv[i], "--quick") == 0) rounds = 2;
    }
    make_prices();
    const vo_q_settings s = vo_q_settings_default();
    const vo_battery b = vo_q_battery_default();
    const vo_q_market m = {.n = HOURS, .price = price, .hour = hour, .interval_h = 1};
    ours x = {0};
    check(vo_q_table_create(&s.axes, 1, NULL, &x.table, &err), &err);
    check(vo_q_history_create(x.table, 0, &m, 1, 1, NULL, &x.history, &err), &err);
    x.battery = vo_q_battery_of(&b, 1, s.axes.charge_bins);
    for (uint64_t i = 0; i < BLOCKS; i++) {
        check(vo_q_block_create(BLOCK, &s, x.table, x.history, &x.battery, 1, i, NULL,
                                &x.block[i], &err),
              &err);
        check(
            vo_q_envs_create(BLOCK, 2, i, 0, 1, x.history, &x.battery, NULL, &x.envs[i], &err),
            &err);
    }
    plain p = {x.history, &b, calloc(3 * x.table->n_states, sizeof(double)),
               vo_random_seed(3, 0)};
    if (!p.q) return 1;

    const double steps = (double)ENVS * TICKS;
    double best[4] = {1e9, 1e9, 1e9, 1e9};
    uint64_t trained = 0;
    for (int i = 0; i < rounds; i++) {
        const double took[4] = {plain_run(&p, (size_t)steps), play_run(&x), learn_run(&x),
                                train_run(&s, &b, &m, &trained)};
        for (int k = 0; k < 4; k++) best[k] = took[k] < best[k] ? took[k] : best[k];
    }
    const double plainly = steps / best[0] / 1e6, learning = steps / best[2] / 1e6;
    say("playing_vs_one_by_one", steps / best[1] / 1e6, plainly);
    say("learning_vs_one_by_one", learning, plainly);
    say("training_vs_one_by_one", (double)trained / best[3] / 1e6, plainly);
    if (python) say("learning_vs_numpy", learning, numpy_rate(python));

    for (int i = 0; i < BLOCKS; i++) {
        vo_q_block_free(x.block[i]);
        vo_q_envs_free(x.envs[i]);
    }
    vo_q_history_free(x.history);
    vo_q_table_free(x.table);
    free(p.q);
    return 0;
}
