/* policy_forecast.c -- threshold, spread, cycle and mpc: a method of scheduling over a
 * forecast.
 *
 * Each plans the window by its own method on the known prices and, beyond them, the forecast.
 * mpc is receding-horizon control (the exact plan, of which little is played before it is made
 * anew); the rules are the baselines it has to beat under the same knowledge.
 *
 * With the current price known (rolling), the error that the forecast makes now says how it
 * will err in the hours to come: e_{t+1} = rho e_t + noise. The rest of the forecast is shifted
 * by rho^h e_t, rho fitted by least squares on the errors seen so far, 0 before. Without the
 * shift a real price beside forecast ones looks cheap or dear whenever the level is misjudged.
 * Of plans that the forecast finds equal, the one that holds energy the shortest time is taken:
 * charge late, discharge early. Later prices are lowered by a hair for that, and trades that
 * would earn no more than this hair are left.
 * Levels of threshold: percentiles of all prices known when the local day began; none yet:
 * hold.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "learn/forecaster.h"
#include "optimize/threshold.h"
#include "policy/flips.h"
#include "policy/policy.h"
#include "policy/window.h"

/* Errors of a forecaster, one interval after the other. */
typedef struct {
    vo_forecaster *forecaster;
    size_t at;    /* interval of the last error + 1; 0: none yet */
    double error; /* real - forecast                             */
    double sum_xy, sum_xx;
} corrector;

typedef struct {
    vo_policy base;
    const vo_policy_world *world;
    vo_learning learning; /* the world's, with the policy's own memory                     */
    vo_method method;
    vo_window *window;
    corrector market, export_market; /* the latter from the export price's own history       */
    double *price, *export_price;    /* [longest] believed                                   */
    double *try_mw;                  /* [longest] a plan at another price                    */
    double *sorted, *spare;          /* [n] history in order, and room to merge              */
    size_t n_sorted, n_taken;        /* prices in order; intervals of history looked at      */
    double low, high;                /* threshold levels of the local day under way          */
    bool trained;                    /* the forecaster was loaded: fit is not asked for      */
    bool able;                       /* the last plan knew what to go by, ...                */
    double hair;                     /* ... and left alone what gains less                   */
} by_forecast;

static void by_forecast_free(vo_policy *p) {
    by_forecast *v = (by_forecast *)(void *)p;
    const vo_alloc *a = p->alloc;
    vo_window_free(v->window);
    vo_forecaster_free(v->market.forecaster);
    vo_forecaster_free(v->export_market.forecaster);
    a->free(a->ctx, v->price);
    a->free(a->ctx, v->export_price);
    a->free(a->ctx, v->try_mw);
    a->free(a->ctx, v->sorted);
    a->free(a->ctx, v->spare);
    a->free(a->ctx, v);
}

/* Gaps take the value of the nearest interval that has one (the earlier of two). False if there
 * is none. A gap is rare: only then is the second pass taken. */
static bool fill_gaps(double *v, size_t n) {
    size_t first = 0;
    while (first < n && isnan(v[first])) first++;
    if (first == n) return false;
    for (size_t i = 0; i < first; i++) v[i] = v[first];
    for (size_t i = first + 1; i < n;) {
        if (!isnan(v[i])) {
            i++;
            continue;
        }
        size_t next = i;
        while (next < n && isnan(v[next])) next++;
        const size_t middle = next < n ? (i + next) / 2 : n;
        for (size_t k = i; k < next; k++) v[k] = k < middle ? v[i - 1] : v[next];
        i = next;
    }
    return true;
}

/* Learns from interval t, whose price is the last one known, and returns rho. */
static vo_status observe(corrector *c, size_t t, const double *history, double *rho,
                         vo_error *err) {
    double said;
    size_t ignored = 0;
    const vo_status st =
        vo_forecaster_predict(c->forecaster, history, t, t, t + 1, &said, &ignored, err);
    if (st != VO_OK) return st;
    const double error = history[t] - said; /* NAN where nothing was said */
    if (c->at == t && !isnan(error) && !isnan(c->error)) {
        c->sum_xy += c->error * error;
        c->sum_xx += c->error * c->error;
    }
    c->at = t + 1;
    c->error = error;
    *rho = c->sum_xx > 0 && !isnan(error) ? fmin(fmax(c->sum_xy / c->sum_xx, 0), 1) : 0;
    return VO_OK;
}

/* Known prices and forecast in one row. *able: anything beyond the known could be said. */
static vo_status believe(corrector *c, const vo_policy_view *view, const double *history,
                         double *out, size_t *filled, bool *able, vo_error *err) {
    const size_t seen = view->known - view->from;
    memcpy(out, history + view->from, seen * sizeof *out);
    *able = true;
    double rho = 0;
    vo_status st = VO_OK;
    if (seen > 0) st = observe(c, view->known - 1, history, &rho, err);
    if (st != VO_OK || view->known >= view->to) return st;
    const size_t ahead = view->to - view->known;
    st = vo_forecaster_predict(c->forecaster, history, view->known, view->known, view->to,
                               out + seen, filled, err);
    if (st != VO_OK) return st;
    *able = fill_gaps(out + seen, ahead);
    double shift = rho > 0 ? rho * c->error : 0;
    for (size_t h = 0; h < ahead && shift != 0; h++, shift *= rho) out[seen + h] += shift;
    return VO_OK;
}

/* 1e-10 of the price per interval: above the rounding of a solver, below any real difference.
 * Returns the largest difference that it made. */
static double hold_briefly(double *price, size_t n) {
    double size = 1;
    for (size_t i = 0; i < n; i++) size = fabs(price[i]) > size ? fabs(price[i]) : size;
    for (size_t i = 0; i < n; i++) price[i] -= 1e-10 * size * (double)i;
    return 1e-10 * size * (double)n;
}

/* Merges history[n_taken .. known) into the sorted row, from the back. */
static void take_history(by_forecast *v, const double *history, size_t known) {
    size_t fresh = 0;
    for (; v->n_taken < known; v->n_taken++)
        if (!isnan(history[v->n_taken])) v->spare[fresh++] = history[v->n_taken];
    qsort(v->spare, fresh, sizeof *v->spare, vo_order_double);
    size_t old = v->n_sorted;
    v->n_sorted += fresh;
    for (size_t k = v->n_sorted; fresh > 0; k--)
        v->sorted[k - 1] = old > 0 && v->sorted[old - 1] > v->spare[fresh - 1]
                               ? v->sorted[--old]
                               : v->spare[--fresh];
}

static void refresh_levels(by_forecast *v, const vo_policy_view *view) {
    const int32_t *day = v->world->calendar->day;
    size_t begin = v->world->levels_of_all_known ? view->known : view->from;
    if (!v->world->levels_of_all_known)
        while (begin > 0 && day[begin - 1] == day[view->from]) begin--;
    if (begin == v->n_taken && v->n_sorted > 0) return;
    if (begin < v->n_taken) v->n_taken = v->n_sorted = 0; /* asked about an earlier day */
    take_history(v, view->price, begin);
    v->low = v->high = (double)NAN;
    if (v->n_sorted == 0) return;
    /* as vo_threshold_levels has them */
    v->low = vo_order_quantile(v->sorted, v->n_sorted, v->world->low_percentile / 100);
    v->high = vo_order_quantile(v->sorted, v->n_sorted, v->world->high_percentile / 100);
}

static vo_status by_forecast_plan(vo_policy *p, const vo_policy_view *view, double *power_mw,
                                  vo_error *err) {
    by_forecast *v = (by_forecast *)(void *)p;
    const double *export_price = NULL;
    bool able = false, export_able = true;
    vo_status st =
        believe(&v->market, view, view->price, v->price, &p->counts.filled, &able, err);
    if (st == VO_OK && view->export_price) {
        size_t ignored = 0;
        export_price = v->export_price;
        if (v->world->export_price_known)
            memcpy(v->export_price, v->world->site->export_price + view->from,
                   (view->to - view->from) * sizeof *v->export_price);
        else
            st = believe(&v->export_market, view, view->export_price, v->export_price, &ignored,
                         &export_able, err);
    }
    if (st != VO_OK) return st;
    v->able = able && export_able;
    if (!v->able) { /* nothing is known: only keep the limits */
        p->counts.held++;
        memset(v->price, 0, (view->to - view->from) * sizeof *v->price);
        return vo_window_follow(v->window, view, v->price, NULL, (double)NAN, (double)NAN,
                                power_mw, err);
    }
    if (v->method != VO_METHOD_THRESHOLD) {
        v->hair = hold_briefly(v->price, view->to - view->from);
        if (export_price) v->hair += hold_briefly(v->export_price, view->to - view->from);
        return vo_window_solve(v->window, view, v->price, export_price, v->method, v->hair,
                               power_mw, err);
    }
    refresh_levels(v, view);
    return vo_window_follow(v->window, view, v->price, export_price, v->low, v->high, power_mw,
                            err);
}

static vo_status by_forecast_fit(vo_policy *p, const double *price, const double *export_price,
                                 size_t until, vo_error *err) {
    by_forecast *v = (by_forecast *)(void *)p;
    const vo_status st =
        v->trained ? VO_OK : vo_forecaster_fit(v->market.forecaster, price, until, err);
    if (st != VO_OK || v->trained || !export_price || !v->export_market.forecaster) return st;
    return vo_forecaster_fit(v->export_market.forecaster, export_price, until, err);
}

/* ---- why -------------------------------------------------------------------------------- */

typedef struct {
    by_forecast *v;
    const vo_policy_view *view;
    double price, export_price; /* as they are now */
} retry;

/* What would be done now at another price, all else believed the same. */
static vo_status try_price(void *ctx, double price, double *power_mw, vo_error *err) {
    const retry *r = ctx;
    by_forecast *v = r->v;
    const double *export_price = r->view->export_price ? v->export_price : NULL;
    double *plan = v->try_mw;
    v->price[0] = price;
    if (export_price) v->export_price[0] = r->export_price + (price - r->price);
    const vo_status st = v->method == VO_METHOD_THRESHOLD
                             ? vo_window_follow(v->window, r->view, v->price, export_price,
                                                v->low, v->high, plan, err)
                             : vo_window_solve(v->window, r->view, v->price, export_price,
                                               v->method, v->hair, plan, err);
    *power_mw = plan[0];
    v->price[0] = r->price;
    v->export_price[0] = r->export_price;
    return st;
}

/* Between the two levels the rule is the same, so that only they need to be tried. */
static vo_status threshold_flips(retry *r, double power_mw, vo_policy_why *out, vo_error *err) {
    const by_forecast *v = r->v;
    const double inf = (double)INFINITY;
    const double up[] = {v->low, v->high}, over[] = {nextafter(v->low, inf), v->high};
    const double down[] = {v->high, v->low}, under[] = {nextafter(v->high, -inf), v->low};
    out->low = v->low;
    out->high = v->high;
    if (isnan(v->low)) return VO_OK;
    vo_status st =
        vo_flips_among(try_price, r, r->price, 1, power_mw, up, over, 2, &out->flip_above, err);
    if (st == VO_OK)
        st = vo_flips_among(try_price, r, r->price, -1, power_mw, down, under, 2,
                            &out->flip_below, err);
    return st;
}

static vo_status by_forecast_explain(vo_policy *p, const vo_policy_view *view, double power_mw,
                                     vo_policy_why *out, vo_error *err) {
    by_forecast *v = (by_forecast *)(void *)p;
    const size_t n = view->to - view->from;
    if (!v->able || view->known <= view->from) return VO_OK;
    out->price = v->price;
    if (v->method == VO_METHOD_EXACT)
        return vo_window_explain(v->window, view, v->price,
                                 view->export_price ? v->export_price : NULL, v->hair, out,
                                 err);
    retry r = {v, view, v->price[0], v->export_price[0]};
    if (v->method == VO_METHOD_THRESHOLD) return threshold_flips(&r, power_mw, out, err);
    return vo_flips_search(try_price, &r, v->price, n, power_mw, &out->flip_below,
                           &out->flip_above, err);
}

static const vo_policy_ops by_forecast_ops = {by_forecast_plan, by_forecast_free,
                                              by_forecast_fit, by_forecast_explain};

static vo_status create(vo_method method, const char *argument, const vo_policy_world *world,
                        vo_policy **out, vo_error *err) {
    const vo_alloc *a = world->alloc ? world->alloc : &vo_alloc_libc;
    const char *spec = argument ? argument : "epf_naive";
    const bool columns = strncmp(spec, "column", 6) == 0; /* says nothing of export prices */
    by_forecast *v = a->zalloc(a->ctx, sizeof *v);
    if (!v) return vo_fail(err, VO_ENOMEM, "policy %s", vo_method_name((int32_t)method));
    v->base = (vo_policy){.ops = &by_forecast_ops, .alloc = a};
    v->world = world;
    v->method = method;
    vo_status st = vo_window_create(world, &v->window, err);
    if (st != VO_OK) goto fail;
    if (world->learning) v->learning = *world->learning;
    v->learning.alloc = a;
    v->trained = strchr(spec, '=') && !columns;
    st = vo_forecaster_create(spec, world->calendar, &v->learning, &v->market.forecaster, err);
    if (st != VO_OK) goto fail;
    if (world->site->export_price && !world->export_price_known)
        st = vo_forecaster_create(columns ? "epf_naive" : spec, world->calendar, &v->learning,
                                  &v->export_market.forecaster, err);
    if (st != VO_OK) goto fail;
    v->price = a->zalloc(a->ctx, world->longest * sizeof(double));
    v->export_price = a->zalloc(a->ctx, world->longest * sizeof(double));
    v->low = v->high = (double)NAN;
    v->try_mw = a->zalloc(a->ctx, world->longest * sizeof(double));
    v->sorted = a->zalloc(a->ctx, world->site->n * sizeof(double));
    v->spare = a->zalloc(a->ctx, world->site->n * sizeof(double));
    if (!v->price || !v->export_price || !v->try_mw || !v->sorted || !v->spare) {
        st = vo_fail(err, VO_ENOMEM, "policy over %zu intervals", world->site->n);
        goto fail;
    }
    *out = &v->base;
    return VO_OK;

fail:
    by_forecast_free(&v->base);
    return st;
}

vo_status vo_policy_create_threshold(const char *argument, const vo_policy_world *world,
                                     vo_policy **out, vo_error *err) {
    return create(VO_METHOD_THRESHOLD, argument, world, out, err);
}

vo_status vo_policy_create_spread(const char *argument, const vo_policy_world *world,
                                  vo_policy **out, vo_error *err) {
    return create(VO_METHOD_SPREAD, argument, world, out, err);
}

vo_status vo_policy_create_cycle(const char *argument, const vo_policy_world *world,
                                 vo_policy **out, vo_error *err) {
    return create(VO_METHOD_CYCLE, argument, world, out, err);
}

vo_status vo_policy_create_mpc(const char *argument, const vo_policy_world *world,
                               vo_policy **out, vo_error *err) {
    return create(VO_METHOD_EXACT, argument, world, out, err);
}
