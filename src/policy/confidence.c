/* confidence.c -- see confidence.h. */
#include "policy/confidence.h"

#include <math.h>
#include <string.h>

#include "base/normal.h"
#include "base/random.h"
#include "policy/price_law.h"
#include "policy/window.h"

#define SEED UINT64_C(0x5eedc0f1de)
#define FADES_H 6.0
#define NONE_MW 1e-9

typedef struct {
    const vo_alloc *alloc;
    const vo_policy_world *world;
    const vo_policy_view *view;
    const double *believed, *believed_export;
    vo_window *window;
    vo_forecaster *forecaster;
    vo_price_law *law;
    vo_price_nodes nodes; /* k = 0: normal errors                       */
    double size;          /* theirs                                     */
    vo_random chance;
    double *block;                           /* all of these            */
    double *price, *export_price, *power_mw; /* [to - from]             */
    double *error, *keeps, *fresh; /* likewise: of the latest pair of futures; what of it
                                              * stays to the next interval, what is added to it */
} futures;

static int direction_of(double mw) { return (mw > NONE_MW) - (mw < -NONE_MW); }

static void futures_fini(futures *f) {
    const vo_alloc *a = f->alloc;
    vo_window_free(f->window);
    vo_price_law_free(f->law);
    vo_forecaster_free(f->forecaster);
    a->free(a->ctx, f->block);
}

static vo_status make_room(futures *f, size_t n, vo_error *err) {
    double **const rows[] = {&f->price, &f->export_price, &f->power_mw,
                             &f->error, &f->keeps,        &f->fresh};
    const size_t n_rows = sizeof rows / sizeof rows[0];
    f->block = f->alloc->zalloc(f->alloc->ctx, n_rows * n * sizeof(double));
    if (!f->block) return vo_fail(err, VO_ENOMEM, "futures of %zu intervals", n);
    for (size_t i = 0; i < n_rows; i++) *rows[i] = f->block + i * n;
    return VO_OK;
}

/* Half the standard deviation of what is known and believed: a forecast that explains three
 * quarters of the variance errs by so much. */
static double usual_error(const vo_policy_view *view, const double *believed) {
    double n = 0, sum = 0, squares = 0;
    for (size_t t = 0; t < view->to; t++) {
        const double x = t < view->from ? view->price[t] : believed[t - view->from];
        if (isnan(x)) continue;
        n++;
        sum += x;
        squares += x * x;
    }
    return n > 1 ? 0.5 * sqrt(fmax(squares / n - (sum / n) * (sum / n), 0)) : 0;
}

/* The forecaster's law, unless it has seen no errors: then its ranks all have one price. */
static vo_status take_law(futures *f, const char *spec, vo_error *err) {
    const vo_policy_view *view = f->view;
    vo_learning learning = {0};
    bool able = false;
    size_t ignored = 0;
    if (f->world->learning) learning = *f->world->learning;
    learning.alloc = f->alloc;
    vo_status st =
        vo_forecaster_create(spec, f->world->calendar, &learning, &f->forecaster, err);
    if (st == VO_OK)
        st = vo_price_law_create(f->forecaster, f->world->calendar, f->world->longest,
                                 vo_forecaster_learns(spec), f->alloc, &f->law, err);
    if (st == VO_OK)
        st = vo_price_law_at(f->law, view->price, view->known, view->to,
                             view->known > view->from, &f->nodes, &ignored, &able, err);
    if (st != VO_OK) return st;
    const size_t n = (view->to - view->known) * f->nodes.k;
    double widest = 0;
    for (size_t i = 0; able && i < n; i += f->nodes.k)
        widest = fmax(widest, f->nodes.price[i + f->nodes.k - 1] - f->nodes.price[i]);
    if (!(widest > 0)) f->nodes.k = 0;
    return VO_OK;
}

/* Of intervals of one length, as nearly all are, once. */
static void make_fading(futures *f, size_t seen, size_t n) {
    const double *dt_h = f->world->calendar->dt_h + f->view->from;
    for (size_t t = seen; t < n; t++) {
        if (t > seen && dt_h[t] == dt_h[t - 1]) {
            f->keeps[t] = f->keeps[t - 1];
            f->fresh[t] = f->fresh[t - 1];
            continue;
        }
        const double rho = exp(-dt_h[t] / FADES_H);
        f->keeps[t] = rho;
        f->fresh[t] = sqrt(1 - rho * rho) * f->size;
    }
}

static double draw_normal(futures *f) {
    return vo_normal_score_near(((double)(vo_random_u64(&f->chance) >> 12) + 0.5) * 0x1p-52);
}

/* Of two futures that follow one another the second has the errors of the first, turned round. */
static void draw_errors(futures *f, int future, size_t seen, size_t n) {
    if (future % 2) {
        for (size_t t = seen; t < n; t++) f->error[t] = -f->error[t];
        return;
    }
    double error = f->size * draw_normal(f);
    for (size_t t = seen; t < n; t++) {
        f->error[t] = error;
        error = f->keeps[t] * error + f->fresh[t] * draw_normal(f);
    }
}

static size_t draw(futures *f, const double *weight) {
    double x = vo_random_unit(&f->chance);
    size_t i = 0;
    while (i + 1 < f->nodes.k && x >= weight[i]) x -= weight[i++];
    return i;
}

static void draw_nodes(futures *f, size_t seen, size_t n) {
    const vo_price_nodes *nodes = &f->nodes;
    const size_t k = nodes->k;
    size_t node = draw(f, nodes->start ? nodes->start : nodes->weight);
    for (size_t t = seen; t < n; t++) {
        f->price[t] = nodes->price[(t - seen) * k + node];
        node = draw(f, nodes->move ? nodes->move + node * k : nodes->weight);
    }
}

/* One future into f->price. Export prices that are not a tariff move with the others. */
static void draw_future(futures *f, int future) {
    const vo_policy_view *view = f->view;
    const size_t n = view->to - view->from, seen = view->known - view->from;
    if (f->nodes.k) {
        draw_nodes(f, seen, n);
    } else {
        draw_errors(f, future, seen, n);
        for (size_t t = seen; t < n; t++) f->price[t] = f->believed[t] + f->error[t];
    }
    if (!f->believed_export || f->world->export_price_known) return;
    for (size_t t = seen; t < n; t++)
        f->export_price[t] = f->believed_export[t] + (f->price[t] - f->believed[t]);
}

static vo_status count_futures(futures *f, vo_method method, double power_mw, double *share,
                               vo_error *err) {
    int same = 0;
    for (int i = 0; i < VO_CONFIDENCE_FUTURES; i++) {
        draw_future(f, i);
        const vo_status st = vo_window_solve(f->window, f->view, f->price,
                                             f->believed_export ? f->export_price : NULL,
                                             method, 0, f->power_mw, err);
        if (st != VO_OK) return st;
        same += direction_of(f->power_mw[0]) == direction_of(power_mw);
    }
    *share = (double)same / VO_CONFIDENCE_FUTURES;
    return VO_OK;
}

vo_status vo_confidence_plan(const vo_policy_world *world, const vo_policy_view *view,
                             const char *forecaster, vo_method method, const double *believed,
                             const double *believed_export, double error_per_mwh,
                             double power_mw, double *confidence, vo_error *err) {
    const vo_alloc *a = world->alloc ? world->alloc : &vo_alloc_libc;
    const size_t n = view->to - view->from;
    futures f = {.alloc = a,
                 .world = world,
                 .view = view,
                 .believed = believed,
                 .believed_export = believed_export,
                 .size = error_per_mwh};
    double share = 1;
    vo_status st = VO_OK;
    if (view->known >= view->to) {
        *confidence = 1;
        return VO_OK;
    }
    st = make_room(&f, n, err);
    if (st == VO_OK) st = vo_window_create(world, &f.window, err);
    if (st == VO_OK && forecaster) st = take_law(&f, forecaster, err);
    if (st == VO_OK) {
        memcpy(f.price, believed, n * sizeof(double));
        if (believed_export) memcpy(f.export_price, believed_export, n * sizeof(double));
        if (isnan(f.size)) f.size = usual_error(view, believed);
        make_fading(&f, view->known - view->from, n);
        f.chance = vo_random_seed(SEED, 0);
        st = count_futures(&f, method, power_mw, &share, err);
    }
    futures_fini(&f);
    if (st == VO_OK) *confidence = share;
    return st;
}

/* The chance that the true percentile q of the market lies at or above what has the share F of n
 * prices below it. */
static double chance_below(double share, double q, double n) {
    const double deviation = sqrt(q * (1 - q) / n);
    if (!(deviation > 0)) return share <= q ? 1 : 0;
    return vo_normal_below((q - share) / deviation);
}

double vo_confidence_levels(const double *price, size_t n, double now, double low, double high,
                            int direction) {
    double below = 0, all = 0;
    for (size_t t = 0; t < n; t++) {
        if (isnan(price[t])) continue;
        all++;
        below += price[t] < now ? 1 : price[t] == now ? 0.5 : 0;
    }
    if (!(all > 0)) return 0;
    const double cheap = chance_below(below / all, low / 100, all);
    const double dear = 1 - chance_below(below / all, high / 100, all);
    return direction < 0 ? cheap : direction > 0 ? dear : fmax(1 - cheap - dear, 0);
}
