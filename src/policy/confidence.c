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
    double error;         /* their size                                 */
    vo_random chance;
    double *price, *export_price, *power_mw; /* [to - from]             */
} futures;

static int direction_of(double mw) { return (mw > NONE_MW) - (mw < -NONE_MW); }

static void futures_fini(futures *f) {
    const vo_alloc *a = f->alloc;
    vo_window_free(f->window);
    vo_price_law_free(f->law);
    vo_forecaster_free(f->forecaster);
    a->free(a->ctx, f->price);
    a->free(a->ctx, f->export_price);
    a->free(a->ctx, f->power_mw);
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

static size_t draw(futures *f, const double *weight) {
    double x = vo_random_unit(&f->chance);
    size_t i = 0;
    while (i + 1 < f->nodes.k && x >= weight[i]) x -= weight[i++];
    return i;
}

/* One future into f->price. Export prices that are not a tariff move with the others. */
static void draw_future(futures *f) {
    const vo_policy_view *view = f->view;
    const vo_price_nodes *nodes = &f->nodes;
    const size_t n = view->to - view->from, seen = view->known - view->from, k = nodes->k;
    const bool exports = f->believed_export && !f->world->export_price_known;
    double error = f->error * vo_random_normal(&f->chance);
    size_t node = k ? draw(f, nodes->start ? nodes->start : nodes->weight) : 0;
    for (size_t t = seen; t < n; t++) {
        const double dt_h = f->world->calendar->dt_h[view->from + t];
        const double rho = exp(-dt_h / FADES_H);
        f->price[t] = k ? nodes->price[(t - seen) * k + node] : f->believed[t] + error;
        if (exports)
            f->export_price[t] = f->believed_export[t] + (f->price[t] - f->believed[t]);
        if (k)
            node = draw(f, nodes->move ? nodes->move + node * k : nodes->weight);
        else
            error = rho * error + sqrt(1 - rho * rho) * f->error * vo_random_normal(&f->chance);
    }
}

static vo_status count_futures(futures *f, vo_method method, double power_mw, double *share,
                               vo_error *err) {
    int same = 0;
    for (int i = 0; i < VO_CONFIDENCE_FUTURES; i++) {
        draw_future(f);
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
                 .error = error_per_mwh};
    double share = 1;
    vo_status st = VO_OK;
    if (view->known >= view->to) {
        *confidence = 1;
        return VO_OK;
    }
    f.price = a->zalloc(a->ctx, n * sizeof(double));
    f.export_price = a->zalloc(a->ctx, n * sizeof(double));
    f.power_mw = a->zalloc(a->ctx, n * sizeof(double));
    if (!f.price || !f.export_price || !f.power_mw)
        st = vo_fail(err, VO_ENOMEM, "futures of %zu intervals", n);
    if (st == VO_OK) st = vo_window_create(world, &f.window, err);
    if (st == VO_OK && forecaster) st = take_law(&f, forecaster, err);
    if (st == VO_OK) {
        memcpy(f.price, believed, n * sizeof(double));
        if (believed_export) memcpy(f.export_price, believed_export, n * sizeof(double));
        if (isnan(f.error)) f.error = usual_error(view, believed);
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
