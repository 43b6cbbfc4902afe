/* test_net.c -- gradients against differences, learning of what can be learned, the same bits. */
#include "learn/net.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/fault_alloc.h"

enum { IN = 5, OUT = 3, N = 12 };

static const vo_net_shape small = {
    .n_in = IN, .n_out = OUT, .n_hidden = 2, .hidden = {7, 6}, .batch = 16};

static vo_net *made(const vo_net_shape *shape, uint64_t seed) {
    vo_net *net = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_net_create(shape, NULL, &net, &err), VO_OK, "%s", err.msg);
    vo_random r = vo_random_seed(seed, 1);
    vo_net_start(net, &r);
    return net;
}

static void draw(float *x, size_t n, uint64_t stream) {
    vo_random r = vo_random_seed(3, stream);
    for (size_t i = 0; i < n; i++) x[i] = (float)vo_random_normal(&r);
}

/* Every parameter by central differences; where the two sides of a difference lie on different
 * pieces of the rectifier or of the loss, a smaller step decides. */
static void check_gradient(const vo_net_shape *shape) {
    vo_net *net = made(shape, 5);
    vo_net_training t = vo_net_training_default();
    t.huber = 3; /* smooth where most errors are */
    float x[N * IN], y[N * OUT], weight[N];
    draw(x, N * IN, 1), draw(y, N * OUT, 2);
    for (size_t i = 0; i < N; i++) weight[i] = 0.5f + 0.1f * (float)i;
    y[4] = NAN;
    const size_t size = vo_net_size(net);
    float *w = vo_net_weights(net), *g = calloc(size, sizeof *g),
          *spare = calloc(size, sizeof *g);
    for (size_t i = 0; i < size; i++) w[i] += 0.01f; /* nothing is zero, not even the padding */
    const vo_net_samples s = {x, y, weight, N, NULL};
    vo_net_gradient(net, &t, &s, g);
    size_t live = 0;
    for (size_t i = 0; i < size; i++) {
        double best = (double)INFINITY, found = 0;
        for (float h = 0.02f; h > 1e-3f; h /= 2) {
            float keep = w[i];
            w[i] = keep + h;
            double up = vo_net_gradient(net, &t, &s, spare);
            w[i] = keep - h;
            double down = vo_net_gradient(net, &t, &s, spare);
            w[i] = keep;
            double d = (up - down) / (2 * (double)h);
            if (fabs(d - (double)g[i]) < best) best = fabs(d - (double)g[i]), found = d;
        }
        cr_assert(best < 2e-4 + 2e-3 * fabs(found), "parameter %zu: gradient %g, difference %g",
                  i, (double)g[i], found);
        live += fabsf(g[i]) > 1e-5f;
    }
    size_t real = OUT + IN * OUT, in = IN;
    for (size_t l = 0; l < shape->n_hidden; l++)
        real += (in + 1) * shape->hidden[l], in = shape->hidden[l];
    if (shape->n_hidden > 0) real += in * OUT;
    cr_assert(live > real * 9 / 10 && live <= real, "%zu of %zu parameters matter", live, real);
    free(g), free(spare);
    vo_net_free(net);
}

Test(net, gradients_are_the_differences_of_the_loss) {
    for (size_t layers = 0; layers <= 3; layers++) {
        vo_net_shape shape = small;
        shape.n_hidden = layers;
        shape.hidden[2] = 4;
        check_gradient(&shape);
    }
}

enum { MANY = 600 };
typedef struct {
    float x[MANY * IN], y[MANY * OUT];
    size_t order[MANY];
    vo_net_samples s;
} sample;

/* y0 = 2 x0 - x1, y1 = |x2|, y2 = x3 x0 > 0: linear, a kink, a corner of two inputs. */
static sample *functions(uint64_t stream) {
    sample *a = calloc(1, sizeof *a);
    draw(a->x, MANY * IN, stream);
    for (size_t i = 0; i < MANY; i++) {
        const float *x = a->x + i * IN;
        float *y = a->y + i * OUT;
        y[0] = 2 * x[0] - x[1];
        y[1] = fabsf(x[2]);
        y[2] = x[3] * x[0] > 0 ? 1 : -1;
    }
    a->s = (vo_net_samples){a->x, a->y, NULL, MANY, a->order};
    return a;
}

static void errors(vo_net *net, const sample *a, double *error) {
    float *y = calloc(MANY * OUT, sizeof *y);
    vo_net_predict(net, a->x, MANY, 0.1f, y);
    for (size_t j = 0; j < OUT; j++) {
        error[j] = 0;
        for (size_t i = 0; i < MANY; i++)
            error[j] += fabs((double)(y[i * OUT + j] - a->y[i * OUT + j])) / MANY;
    }
    free(y);
}

Test(net, the_skip_path_learns_the_line_and_the_hidden_layers_the_rest) {
    sample *a = functions(20), *b = functions(21);
    vo_net_shape shape = small;
    shape.hidden[0] = shape.hidden[1] = 32;
    vo_net_training t = vo_net_training_default();
    t.rate = 5e-3;
    double error[2][OUT];
    for (size_t k = 0; k < 2; k++) {
        shape.n_hidden = k == 0 ? 0 : 2;
        vo_net *net = made(&shape, 1);
        vo_random r = vo_random_seed(2, 2);
        vo_net_train(net, &t, &a->s, 60, &r);
        errors(net, b, error[k]);
        vo_net_free(net);
    }
    cr_assert(error[0][0] < 0.05, "a line is learned by the skip path alone: %g", error[0][0]);
    cr_assert(error[0][1] > 0.4, "|x| is not: %g", error[0][1]);
    cr_assert(error[1][0] < 0.15, "%g", error[1][0]);
    cr_assert(error[1][1] < 0.15, "%g", error[1][1]);
    cr_assert(error[1][2] < 0.6 && error[0][2] > 0.9, "%g, %g", error[1][2], error[0][2]);
    free(a), free(b);
}

Test(net, an_absolute_loss_finds_the_median_and_weights_count) {
    enum { ROWS = 200 };
    const vo_net_shape shape = {.n_in = 1, .n_out = 1, .batch = 50};
    vo_net_training t = vo_net_training_default();
    t.huber = 0.01;
    t.rate = 0.2;
    float x[ROWS] = {0}, y[ROWS], weight[ROWS];
    size_t order[ROWS];
    for (size_t i = 0; i < ROWS; i++) { /* 60 % are 1, 40 % are 10 */
        y[i] = i % 5 < 3 ? 1 : 10;
        weight[i] = i % 5 < 3 ? 1 : 3; /* by weight 3 : 6 */
    }
    for (int weighted = 0; weighted < 2; weighted++) {
        vo_net *net = made(&shape, 1);
        vo_random r = vo_random_seed(2, 2);
        const vo_net_samples s = {x, y, weighted ? weight : NULL, ROWS, order};
        vo_net_train(net, &t, &s, 200, &r);
        float out, zero = 0;
        vo_net_predict(net, &zero, 1, 0.1f, &out);
        cr_assert_float_eq((double)out, weighted ? 10 : 1, 0.1, "%g", (double)out);
        vo_net_free(net);
    }
}

Test(net, a_target_that_is_not_known_changes_nothing) {
    vo_net *net = made(&small, 1);
    vo_net_training t = vo_net_training_default();
    float x[2 * IN], y[2 * OUT];
    draw(x, 2 * IN, 1), draw(y, 2 * OUT, 2);
    for (size_t j = OUT; j < 2 * OUT; j++) y[j] = NAN;
    float *g = calloc(2 * vo_net_size(net), sizeof *g), *other = g + vo_net_size(net);
    const vo_net_samples both = {x, y, NULL, 2, NULL};
    double with = vo_net_gradient(net, &t, &both, g);
    for (size_t j = IN; j < 2 * IN; j++) x[j] += 1;
    cr_assert_eq(with, vo_net_gradient(net, &t, &both, other));
    cr_assert(memcmp(g, other, vo_net_size(net) * sizeof *g) == 0);
    free(g);
    vo_net_free(net);
}

/* With inputs dropped, the hidden layers cannot rely on one; with units dropped, the mean output
 * stays: both train, and differ from training without. */
Test(net, dropout_and_decay_train_and_differ) {
    sample *a = functions(20);
    double error[4][OUT];
    for (int k = 0; k < 4; k++) {
        vo_net_training t = vo_net_training_default();
        t.rate = 5e-3;
        if (k == 1) t.dropout = 0.2;
        if (k == 2) t.input_dropout = 0.2;
        if (k == 3) t.decay = 1, t.skip_shrink = 0.05, t.input_shrink = 0.01;
        vo_net *net = made(&small, 1);
        vo_random r = vo_random_seed(2, 2);
        vo_net_train(net, &t, &a->s, 40, &r);
        errors(net, a, error[k]);
        cr_assert(error[k][0] < 0.6, "line: %g", error[k][0]);
        for (int j = 0; j < k; j++) cr_assert(error[j][1] != error[k][1]);
        vo_net_free(net);
    }
    free(a);
}

static void save(const vo_net *net, void **bytes, size_t *len) {
    vo_artefact_out *out = NULL;
    cr_assert_eq(vo_artefact_out_create("NETTEST", 1, &out, NULL), VO_OK);
    vo_net_save(net, out);
    cr_assert_eq(vo_artefact_out_take(out, bytes, len, NULL), VO_OK);
    vo_artefact_out_free(out);
}

Test(net, a_loaded_network_continues_with_the_same_bits) {
    sample *a = functions(20);
    vo_net_training t = vo_net_training_default();
    t.dropout = 0.1;
    vo_net *one = made(&small, 1), *two = made(&small, 2);
    vo_random r = vo_random_seed(4, 4);
    vo_net_train(one, &t, &a->s, 2, &r);
    void *bytes = NULL;
    size_t len = 0;
    save(one, &bytes, &len);
    vo_artefact *in = NULL;
    cr_assert_eq(vo_artefact_open(bytes, len, "NETTEST", 1, "memory", &in, NULL), VO_OK);
    cr_assert_eq(vo_net_load(two, in, NULL), VO_OK);
    vo_artefact_close(in);
    vo_random again = r;
    double first = vo_net_train(one, &t, &a->s, 2, &r);
    double second = vo_net_train(two, &t, &a->s, 2, &again);
    cr_assert_eq(first, second);
    cr_assert(memcmp(vo_net_weights(one), vo_net_weights(two),
                     vo_net_size(one) * sizeof(float)) == 0);
    vo_net_free(one), vo_net_free(two);
    free(bytes), free(a);
}

Test(net, another_shape_is_not_loaded) {
    vo_net_shape other = small;
    other.hidden[1] = 8;
    vo_net *one = made(&small, 1), *two = made(&other, 2);
    void *bytes = NULL;
    size_t len = 0;
    save(one, &bytes, &len);
    vo_artefact *in = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_artefact_open(bytes, len, "NETTEST", 1, "memory", &in, NULL), VO_OK);
    cr_assert_eq(vo_net_load(two, in, &err), VO_EINVAL);
    cr_assert(strstr(err.msg, "6 units in layer 2"), "%s", err.msg);
    vo_artefact_close(in);
    vo_net_free(one), vo_net_free(two);
    free(bytes);
}

Test(net, shapes_and_training_are_checked_in_words) {
    vo_net *net = NULL;
    vo_error err = {0};
    const vo_net_shape bad[] = {{.n_in = 0, .n_out = 1, .batch = 1},
                                {.n_in = 1, .n_out = 5000, .batch = 1},
                                {.n_in = 1, .n_out = 1, .batch = 0},
                                {.n_in = 1, .n_out = 1, .batch = 1, .n_hidden = 4},
                                {.n_in = 1, .n_out = 1, .batch = 1, .n_hidden = 1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert_eq(vo_net_create(&bad[i], NULL, &net, &err), VO_EINVAL);
        cr_assert_null(net);
    }
}

Test(net, a_failed_allocation_leaves_nothing) {
    for (long n = 0;; n++) {
        fault f = {.left = n};
        const vo_alloc al = fault_alloc(&f);
        vo_net *net = NULL;
        vo_status st = vo_net_create(&small, &al, &net, NULL);
        if (st == VO_OK) {
            vo_net_free(net);
            cr_assert_eq(f.live, 0);
            cr_assert(n > 5);
            break;
        }
        cr_assert_eq(st, VO_ENOMEM);
        cr_assert_null(net);
        cr_assert_eq(f.live, 0);
    }
}
