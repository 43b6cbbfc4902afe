/* net.c -- see net.h. All parameters lie in one array, so that a step of Adam is a few calls:
 * W_1, b_1, ..., W_L, b_out, W_skip, each block padded with zeros that have no gradient.
 */
#include "learn/net.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "tensor/kern.h"

#define PAD 16 /* floats: blocks begin on cache lines relative to the first */

#define BETA1 0.9
#define BETA2 0.999

typedef struct {
    size_t at, rows, cols; /* W [rows][cols] */
} block;

struct vo_net {
    const vo_alloc *alloc;
    vo_net_shape shape;
    block w[VO_NET_MAX_HIDDEN + 1]; /* hidden layers, then the output layer */
    size_t bias[VO_NET_MAX_HIDDEN + 1];
    block skip;
    size_t size;
    uint64_t steps;
    float *weights, *m, *v, *gradient; /* [size] each                                     */
    float *x, *target, *weight;        /* one batch                                       */
    float *dropped;                    /* [batch][n_in] inputs of the hidden layers       */
    float *a[VO_NET_MAX_HIDDEN];       /* [batch][hidden] activations                     */
    float *d[VO_NET_MAX_HIDDEN];       /* [batch][hidden] gradients of them               */
    float *mask[VO_NET_MAX_HIDDEN];
    float *y; /* [batch][n_out] outputs, then their gradient           */
};

vo_net_training vo_net_training_default(void) {
    return (vo_net_training){.slope = 0.1, .huber = 0.2, .rate = 1e-3, .rate_end = 1e-5};
}

/* ---- memory ------------------------------------------------------------------------ */

static size_t padded(size_t n) { return (n + PAD - 1) / PAD * PAD; }

static block place(vo_net *net, size_t rows, size_t cols) {
    block b = {net->size, rows, cols};
    net->size += padded(rows * cols);
    return b;
}

static void lay_out(vo_net *net) {
    const vo_net_shape *s = &net->shape;
    size_t in = s->n_in;
    for (size_t l = 0; l < s->n_hidden; l++) {
        net->w[l] = place(net, in, s->hidden[l]);
        net->bias[l] = place(net, 1, s->hidden[l]).at;
        in = s->hidden[l];
    }
    if (s->n_hidden > 0) net->w[s->n_hidden] = place(net, in, s->n_out);
    net->bias[s->n_hidden] = place(net, 1, s->n_out).at;
    net->skip = place(net, s->n_in, s->n_out);
}

static vo_status check_shape(const vo_net_shape *s, vo_error *err) {
    size_t width[VO_NET_MAX_HIDDEN + 3] = {s->n_in, s->n_out, s->batch};
    if (s->n_hidden > VO_NET_MAX_HIDDEN)
        return vo_fail(err, VO_EINVAL, "a network of %zu hidden layers: at most %d",
                       s->n_hidden, VO_NET_MAX_HIDDEN);
    for (size_t l = 0; l < s->n_hidden; l++) width[3 + l] = s->hidden[l];
    for (size_t i = 0; i < 3 + s->n_hidden; i++)
        if (width[i] < 1 || width[i] > VO_NET_MAX_WIDTH)
            return vo_fail(err, VO_EINVAL,
                           "a network's inputs, outputs, batch and hidden widths are 1..%d: "
                           "%zu is not",
                           VO_NET_MAX_WIDTH, width[i]);
    return VO_OK;
}

static bool get(vo_net *net, float **out, size_t n) {
    *out = net->alloc->zalloc(net->alloc->ctx, n * sizeof(float));
    return *out != NULL;
}

static bool get_arrays(vo_net *net) {
    const vo_net_shape *s = &net->shape;
    bool ok = get(net, &net->weights, net->size) && get(net, &net->m, net->size) &&
              get(net, &net->v, net->size) && get(net, &net->gradient, net->size) &&
              get(net, &net->x, s->batch * s->n_in) &&
              get(net, &net->dropped, s->batch * s->n_in) &&
              get(net, &net->target, s->batch * s->n_out) &&
              get(net, &net->y, s->batch * s->n_out) && get(net, &net->weight, s->batch);
    for (size_t l = 0; l < s->n_hidden && ok; l++) {
        size_t n = s->batch * s->hidden[l];
        ok = get(net, &net->a[l], n) && get(net, &net->d[l], n) && get(net, &net->mask[l], n);
    }
    return ok;
}

vo_status vo_net_create(const vo_net_shape *shape, const vo_alloc *alloc, vo_net **out,
                        vo_error *err) {
    if (!alloc) alloc = &vo_alloc_libc;
    vo_status st = check_shape(shape, err);
    if (st) return st;
    vo_kern_init();
    vo_net *net = alloc->zalloc(alloc->ctx, sizeof *net);
    if (!net) goto fail;
    net->alloc = alloc;
    net->shape = *shape;
    lay_out(net);
    if (!get_arrays(net)) goto fail;
    *out = net;
    return VO_OK;
fail:
    vo_net_free(net);
    return vo_fail(err, VO_ENOMEM, "out of memory for a network of %zu inputs", shape->n_in);
}

void vo_net_free(vo_net *net) {
    if (!net) return;
    const vo_alloc *al = net->alloc;
    float *array[] = {net->weights, net->m,       net->v, net->gradient, net->x,
                      net->target,  net->dropped, net->y, net->weight};
    for (size_t i = 0; i < sizeof array / sizeof *array; i++) al->free(al->ctx, array[i]);
    for (size_t l = 0; l < VO_NET_MAX_HIDDEN; l++) {
        al->free(al->ctx, net->a[l]);
        al->free(al->ctx, net->d[l]);
        al->free(al->ctx, net->mask[l]);
    }
    al->free(al->ctx, net);
}

size_t vo_net_size(const vo_net *net) { return net->size; }
float *vo_net_weights(vo_net *net) { return net->weights; }

void vo_net_start(vo_net *net, vo_random *random) {
    for (float *p[] = {net->weights, net->m, net->v}, **q = p; q < p + 3; q++)
        memset(*q, 0, net->size * sizeof(float));
    net->steps = 0;
    for (size_t l = 0; l < net->shape.n_hidden; l++) {
        const block *b = &net->w[l];
        double deviation = sqrt(2.0 / (double)b->rows);
        for (size_t i = 0; i < b->rows * b->cols; i++)
            net->weights[b->at + i] = (float)(deviation * vo_random_normal(random));
    }
}

/* ---- forward and back --------------------------------------------------------------- */

/* c = op(a) op(b) + beta c */
static void product(bool ta, bool tb, size_t m, size_t n, size_t k, const float *a,
                    const float *b, float beta, float *c) {
    const vo_kern_product p = {ta, tb, m, n, k, 1.0f, beta};
    vo_kern_gemm(&p, a, ta ? m : k, b, tb ? k : n, c, n);
}

/* x [n] to y [n]; `x_hidden` is what the hidden layers see; masks apply if `drop`. */
static void forward(vo_net *net, const float *x, const float *x_hidden, size_t n, float slope,
                    bool drop, float *y) {
    const vo_net_shape *s = &net->shape;
    const float *w = net->weights, *in = x_hidden;
    for (size_t l = 0; l < s->n_hidden; l++) {
        const block *b = &net->w[l];
        vo_kern_fill_rows(n, b->cols, w + net->bias[l], net->a[l]);
        product(false, false, n, b->cols, b->rows, in, w + b->at, 1.0f, net->a[l]);
        vo_kern_rectify(n * b->cols, slope, net->a[l]);
        if (drop) vo_kern_mask(n * b->cols, net->mask[l], net->a[l]);
        in = net->a[l];
    }
    vo_kern_fill_rows(n, s->n_out, w + net->bias[s->n_hidden], y);
    product(false, false, n, s->n_out, s->n_in, x, w + net->skip.at, 1.0f, y);
    const block *b = &net->w[s->n_hidden];
    if (s->n_hidden > 0) product(false, false, n, b->cols, b->rows, in, w + b->at, 1.0f, y);
}

/* Loss of y and, in its place, the gradient by y. */
static double loss_and_slope(vo_net *net, size_t n, double delta) {
    double sum = 0, weight = 0;
    size_t n_out = net->shape.n_out;
    for (size_t i = 0; i < n; i++) weight += (double)net->weight[i];
    double scale = weight > 0 ? 1 / (weight * (double)n_out) : 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i * n_out; j < (i + 1) * n_out; j++) {
            double e = (double)net->y[j] - (double)net->target[j], size = fabs(e);
            double w = (double)net->weight[i] * scale;
            if (isnan(e)) {
                net->y[j] = 0;
                continue;
            }
            sum += w * (size < delta ? e * e / (2 * delta) : size - delta / 2);
            net->y[j] = (float)(w * (size < delta ? e / delta : e > 0 ? 1.0 : -1.0));
        }
    return sum;
}

static void backward(vo_net *net, const float *x, const float *x_hidden, size_t n, float slope,
                     bool drop, float *g) {
    const vo_net_shape *s = &net->shape;
    memset(g, 0, net->size * sizeof *g);
    product(true, false, s->n_in, s->n_out, n, x, net->y, 0.0f, g + net->skip.at);
    vo_kern_add_rows(n, s->n_out, net->y, g + net->bias[s->n_hidden]);
    const float *d = net->y;
    for (size_t l = s->n_hidden; l-- > 0;) {
        const block *up = &net->w[l + 1], *b = &net->w[l];
        product(true, false, up->rows, up->cols, n, net->a[l], d, 0.0f, g + up->at);
        product(false, true, n, up->rows, up->cols, d, net->weights + up->at, 0.0f, net->d[l]);
        if (drop) vo_kern_mask(n * b->cols, net->mask[l], net->d[l]);
        vo_kern_rectify_back(n * b->cols, slope, net->a[l], net->d[l]);
        vo_kern_add_rows(n, b->cols, net->d[l], g + net->bias[l]);
        d = net->d[l];
    }
    if (s->n_hidden > 0)
        product(true, false, s->n_in, s->hidden[0], n, x_hidden, d, 0.0f, g + net->w[0].at);
}

void vo_net_predict(vo_net *net, const float *x, size_t n, float slope, float *y) {
    size_t n_in = net->shape.n_in, n_out = net->shape.n_out;
    for (size_t i = 0; i < n; i += net->shape.batch) {
        size_t count = n - i < net->shape.batch ? n - i : net->shape.batch;
        forward(net, x + i * n_in, x + i * n_in, count, slope, false, y + i * n_out);
    }
}

static void take(vo_net *net, const vo_net_samples *s, size_t row, size_t i) {
    size_t n_in = net->shape.n_in, n_out = net->shape.n_out;
    memcpy(net->x + row * n_in, s->x + i * n_in, n_in * sizeof(float));
    memcpy(net->target + row * n_out, s->target + i * n_out, n_out * sizeof(float));
    net->weight[row] = s->weight ? s->weight[i] : 1.0f;
}

double vo_net_gradient(vo_net *net, const vo_net_training *t, const vo_net_samples *s,
                       float *gradient) {
    assert(s->n <= net->shape.batch);
    for (size_t i = 0; i < s->n; i++) take(net, s, i, i);
    forward(net, net->x, net->x, s->n, (float)t->slope, false, net->y);
    double loss = loss_and_slope(net, s->n, t->huber);
    backward(net, net->x, net->x, s->n, (float)t->slope, false, gradient);
    return loss;
}

/* ---- training ------------------------------------------------------------------------ */

/* mask: 0 with probability `rate`, else 1 / (1 - rate); four draws from one random number. */
static void draw_mask(size_t n, double rate, vo_random *random, float *mask) {
    uint64_t limit = (uint64_t)(rate * 65536);
    float keep = (float)(1 / (1 - rate));
    uint64_t bits = 0;
    for (size_t i = 0; i < n; i++) {
        if (i % 4 == 0) bits = vo_random_u64(random);
        mask[i] = (bits & 0xffff) < limit ? 0.0f : keep;
        bits >>= 16;
    }
}

static void draw_masks(vo_net *net, const vo_net_training *t, size_t n, vo_random *random) {
    const vo_net_shape *s = &net->shape;
    if (t->dropout > 0)
        for (size_t l = 0; l < s->n_hidden; l++)
            draw_mask(n * s->hidden[l], t->dropout, random, net->mask[l]);
    if (t->input_dropout > 0) {
        draw_mask(n * s->n_in, t->input_dropout, random, net->dropped);
        vo_kern_mask(n * s->n_in, net->x, net->dropped);
    }
}

static void step(vo_net *net, const vo_net_training *t, double rate) {
    net->steps++;
    double fix1 = 1 - pow(BETA1, (double)net->steps);
    double fix2 = sqrt(1 - pow(BETA2, (double)net->steps));
    vo_kern_adam_step k = {.b1 = (float)BETA1,
                           .b2 = (float)BETA2,
                           .rate = (float)(rate * fix2 / fix1),
                           .eps = (float)(1e-8 * fix2)};
    struct {
        size_t from, to;
        double decay, shrink;
    } part[3] = {{0, net->skip.at, t->decay, 0},
                 {net->skip.at, net->size, t->skip_decay, t->skip_shrink}};
    size_t n_parts = 2;
    if (t->input_shrink > 0 && net->shape.n_hidden > 0) {
        part[2] = part[0];
        part[2].to = part[0].from = net->bias[0];
        part[2].shrink = t->input_shrink;
        n_parts = 3;
    }
    for (size_t i = 0; i < n_parts; i++) {
        size_t at = part[i].from;
        k.decay = (float)(rate * part[i].decay);
        k.shrink = (float)(rate * part[i].shrink);
        vo_kern_adam(part[i].to - at, &k, net->gradient + at, net->weights + at, net->m + at,
                     net->v + at);
    }
}

static void shuffle(size_t *order, size_t n, vo_random *random) {
    for (size_t i = 0; i < n; i++) order[i] = i;
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)vo_random_below(random, i), keep = order[i - 1];
        order[i - 1] = order[j];
        order[j] = keep;
    }
}

static double train_batch(vo_net *net, const vo_net_training *t, const vo_net_samples *s,
                          size_t from, size_t n, double rate, vo_random *random) {
    for (size_t i = 0; i < n; i++) take(net, s, i, s->order[from + i]);
    draw_masks(net, t, n, random);
    const float *x_hidden = t->input_dropout > 0 ? net->dropped : net->x;
    bool drop = t->dropout > 0;
    forward(net, net->x, x_hidden, n, (float)t->slope, drop, net->y);
    double loss = loss_and_slope(net, n, t->huber);
    backward(net, net->x, x_hidden, n, (float)t->slope, drop, net->gradient);
    step(net, t, rate);
    return loss;
}

double vo_net_train(vo_net *net, const vo_net_training *t, const vo_net_samples *s,
                    size_t epochs, vo_random *random) {
    size_t batch = net->shape.batch, batches = (s->n + batch - 1) / batch;
    double loss = 0, total = (double)(epochs * batches);
    for (size_t e = 0; e < epochs; e++) {
        shuffle(s->order, s->n, random);
        loss = 0;
        for (size_t b = 0; b < batches; b++) {
            size_t from = s->n * b / batches, to = s->n * (b + 1) / batches;
            double turn = 0.5 * (1 + cos(acos(-1) * (double)(e * batches + b) / total));
            double rate = t->rate_end + (t->rate - t->rate_end) * turn;
            loss += train_batch(net, t, s, from, to - from, rate, random) / (double)batches;
        }
    }
    return loss;
}

/* ---- save and load ------------------------------------------------------------------- */

void vo_net_save(const vo_net *net, vo_artefact_out *out) {
    const vo_net_shape *s = &net->shape;
    vo_artefact_begin(out, "NET ");
    vo_artefact_put_u64(out, s->n_in);
    vo_artefact_put_u64(out, s->n_out);
    vo_artefact_put_u64(out, s->n_hidden);
    for (size_t l = 0; l < s->n_hidden; l++) vo_artefact_put_u64(out, s->hidden[l]);
    vo_artefact_put_u64(out, net->steps);
    vo_artefact_put_floats(out, net->weights, net->size);
    vo_artefact_put_floats(out, net->m, net->size);
    vo_artefact_put_floats(out, net->v, net->size);
    vo_artefact_end(out);
}

static vo_status load_shape(const vo_net_shape *s, vo_artefact *in, vo_error *err) {
    size_t want[3 + VO_NET_MAX_HIDDEN] = {s->n_in, s->n_out, s->n_hidden};
    const char *name[] = {"inputs",           "outputs",          "hidden layers",
                          "units in layer 1", "units in layer 2", "units in layer 3"};
    for (size_t l = 0; l < s->n_hidden; l++) want[3 + l] = s->hidden[l];
    for (size_t i = 0; i < 3 + s->n_hidden; i++) {
        uint64_t found;
        vo_status st = vo_artefact_get_u64(in, &found, err);
        if (st) return st;
        if (found != want[i])
            return vo_fail(err, VO_EINVAL, "the saved network has %llu %s, this one %zu",
                           (unsigned long long)found, name[i], want[i]);
    }
    return VO_OK;
}

/* Into the spare arrays first, so that a refused file changes nothing. */
static vo_status load_values(vo_net *net, vo_artefact *in, float *spare, vo_error *err) {
    uint64_t steps = 0;
    size_t n = net->size;
    vo_status st = load_shape(&net->shape, in, err);
    if (!st) st = vo_artefact_get_u64(in, &steps, err);
    for (size_t i = 0; i < 3 && !st; i++)
        st = vo_artefact_get_floats(in, spare + i * n, n, err);
    for (size_t i = 0; i < n && !st; i++)
        if (spare[2 * n + i] < 0)
            st =
                vo_fail(err, VO_EINVAL, "the saved network's second moment %zu is negative", i);
    if (st) return st;
    memcpy(net->weights, spare, n * sizeof *spare);
    memcpy(net->m, spare + n, n * sizeof *spare);
    memcpy(net->v, spare + 2 * n, n * sizeof *spare);
    net->steps = steps;
    return VO_OK;
}

vo_status vo_net_load(vo_net *net, vo_artefact *in, vo_error *err) {
    vo_status st = vo_artefact_enter(in, "NET ", err);
    if (st) return st;
    float *spare;
    if (get(net, &spare, 3 * net->size)) {
        st = load_values(net, in, spare, err);
        net->alloc->free(net->alloc->ctx, spare);
    } else {
        st = vo_fail(err, VO_ENOMEM, "out of memory for %zu weights", net->size);
    }
    vo_artefact_leave(in);
    return st;
}
