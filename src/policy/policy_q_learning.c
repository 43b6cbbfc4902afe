/* policy_q_learning.c -- a table of what charging, holding and discharging are worth.
 *
 * Knows the local hour, the stored energy and the present price beside those of the last
 * signal_h hours (q_table.h); makes no forecast. Rolling: acts on the present price. Planned:
 * the day's prices are not known, so epf_naive's forecast stands for them, also in the signals
 * of later hours, and the day is walked interval by interval. The action is a wish for full
 * power; corridor.h clips it to every limit and to what the window's end asks for, of which the
 * table knows nothing; nor does it know of cycle allowances, load and PV.
 *
 * Learns from the site's own prices for the site's own battery, or is given a table by name
 * ("q_learning=ID"), which then must be for intervals of the same length.
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "learn/forecaster.h"
#include "learn/q_training.h"
#include "policy/flips.h"
#include "policy/policy.h"
#include "policy/window.h"

typedef struct {
    vo_policy base;
    const vo_policy_world *world;
    vo_learning learning; /* the world's, with the policy's own memory              */
    vo_window *window;
    vo_forecaster *forecaster; /* for planned days                                  */
    const vo_q_table *table;   /* NULL: not fitted yet                              */
    vo_q_table *own;           /* the same, unless it is borrowed                   */
    bool given;                /* the table was loaded: fit is not asked for        */
    double interval_h;
    uint8_t *hour;    /* [n] local                                                  */
    double *believed; /* [window + longest] prices before and in the window         */
    double *wish;     /* [longest] 1: discharge, -1: charge, 0: hold                */
    double *try_mw;   /* [longest] a plan at another price                          */
    size_t room;      /* prices that fit before the window in believed              */
    size_t before;    /* of them, before the last window                            */
} q_learning;

static void q_learning_free(vo_policy *p) {
    q_learning *v = (q_learning *)(void *)p;
    const vo_alloc *a = p->alloc;
    vo_window_free(v->window);
    vo_forecaster_free(v->forecaster);
    vo_q_table_free(v->own);
    a->free(a->ctx, v->hour);
    a->free(a->ctx, v->believed);
    a->free(a->ctx, v->wish);
    a->free(a->ctx, v->try_mw);
    a->free(a->ctx, v);
}

/* ---- planning ------------------------------------------------------------------------------ */

/* The prices before the window and in it, as far as known, and the forecast beyond. *before:
 * how many of them come before. */
static vo_status believe(q_learning *v, const vo_policy_view *view, size_t steps,
                         size_t *before, vo_error *err) {
    *before = view->from < v->room ? view->from : v->room;
    const size_t first = view->from - *before;
    memcpy(v->believed, view->price + first, (view->known - first) * sizeof *v->believed);
    if (view->known >= view->from + steps) return VO_OK;
    return vo_forecaster_predict(v->forecaster, view->price, view->known, view->known,
                                 view->from + steps, v->believed + (view->known - first),
                                 &v->base.counts.filled, err);
}

/* What the table says for interval `at`, with believed[0 .. i) before it. */
static vo_q_choice ask(const q_learning *v, size_t at, size_t i, double stored_mwh) {
    const vo_battery *b = v->world->site->battery;
    const double usable = vo_battery_usable_mwh(b);
    const vo_q_state s = {
        .charge = usable > 0 ? (stored_mwh - b->min_soc * b->capacity_mwh) / usable : 0,
        .signal = vo_q_signal(&v->table->axes, v->interval_h, v->believed, i, v->believed[i]),
        .hour = v->hour[at],
    };
    return vo_q_table_act(v->table, &s);
}

static double after(const q_learning *v, double stored_mwh, double power_mw) {
    const vo_battery_interval o = vo_battery_over(v->world->site->battery, v->interval_h);
    const double out_mwh = fmax(power_mw, 0) * v->interval_h;
    const double in_mwh = fmax(-power_mw, 0) * v->interval_h;
    return o.keep * stored_mwh + o.gain * in_mwh - o.drain * out_mwh;
}

static vo_status q_learning_plan(vo_policy *p, const vo_policy_view *view, double *power_mw,
                                 vo_error *err) {
    q_learning *v = (q_learning *)(void *)p;
    if (!v->table)
        return vo_fail(err, VO_EINVAL,
                       "policy q_learning has learned nothing yet: fit it on a history "
                       "(train_until), or name a trained model, \"q_learning=ID\"");
    const size_t n = view->to - view->from;
    const size_t steps = view->only_first ? 1 : n;
    size_t before;
    vo_status st = believe(v, view, steps, &before, err);
    v->before = before;
    bool said = false;
    double stored_mwh = view->stored_mwh;
    memset(v->wish, 0, n * sizeof *v->wish);
    for (size_t k = 0; k < steps && st == VO_OK; k++) {
        const vo_q_choice c = ask(v, view->from + k, before + k, stored_mwh);
        v->wish[k] = (double)(c.action - VO_Q_HOLD);
        said = said || !isnan(c.q[c.action]);
        st = vo_window_follow(v->window, view, v->wish, NULL, -1, 1, power_mw, err);
        stored_mwh = after(v, stored_mwh, power_mw[k]);
    }
    p->counts.held += !said;
    return st;
}

/* ---- why ----------------------------------------------------------------------------------- */

typedef struct {
    q_learning *v;
    const vo_policy_view *view;
    double price; /* as it is now */
} retry;

static vo_status try_price(void *ctx, double price, double *power_mw, vo_error *err) {
    const retry *r = ctx;
    q_learning *v = r->v;
    memset(v->wish, 0, (r->view->to - r->view->from) * sizeof *v->wish);
    v->believed[v->before] = price;
    v->wish[0] =
        (double)(ask(v, r->view->from, v->before, r->view->stored_mwh).action - VO_Q_HOLD);
    v->believed[v->before] = r->price;
    const vo_status st =
        vo_window_follow(v->window, r->view, v->wish, NULL, -1, 1, v->try_mw, err);
    *power_mw = v->try_mw[0];
    return st;
}

/* The table says the same for all prices between two edges of its bins. */
static vo_status table_flips(retry *r, double power_mw, vo_policy_why *out, vo_error *err) {
    const q_learning *v = r->v;
    const vo_q_table *t = v->table;
    const int32_t bin = v->hour[r->view->from] * t->axes.hour_bins / 24;
    const size_t n = (size_t)t->axes.price_bins - 1;
    const double *edge = t->edge + (size_t)bin * n;
    const double at_0 = vo_q_signal(&t->axes, v->interval_h, v->believed, v->before, 0);
    const double at_1 = vo_q_signal(&t->axes, v->interval_h, v->believed, v->before, 1);
    double up[64], over[64], down[64], under[64];
    if (isnan(at_0) || !(at_1 > at_0)) return VO_OK;
    for (size_t i = 0; i < n; i++) { /* the signal is linear in the price */
        const double price = (edge[i] - at_0) / (at_1 - at_0);
        const double hair = 1e-9 * fmax(1, fabs(price));
        up[i] = down[n - 1 - i] = price;
        over[i] = price + hair;
        under[n - 1 - i] = price - hair;
    }
    vo_status st =
        vo_flips_among(try_price, r, r->price, 1, power_mw, up, over, n, &out->flip_above, err);
    if (st == VO_OK)
        st = vo_flips_among(try_price, r, r->price, -1, power_mw, down, under, n,
                            &out->flip_below, err);
    return st;
}

static vo_status q_learning_explain(vo_policy *p, const vo_policy_view *view, double power_mw,
                                    vo_policy_why *out, vo_error *err) {
    q_learning *v = (q_learning *)(void *)p;
    if (!v->table || view->known <= view->from) return VO_OK;
    const vo_q_choice c = ask(v, view->from, v->before, view->stored_mwh);
    for (int i = 0; i < VO_Q_ACTIONS; i++) out->q[i] = c.q[i];
    out->confidence = c.confidence;
    retry r = {v, view, v->believed[v->before]};
    return table_flips(&r, power_mw, out, err);
}

/* ---- learning ------------------------------------------------------------------------------ */

static vo_status q_learning_fit(vo_policy *p, const double *price, const double *export_price,
                                size_t until, vo_error *err) {
    q_learning *v = (q_learning *)(void *)p;
    if (v->given) return VO_OK;
    const vo_alloc *a = p->alloc;
    const vo_problem *site = v->world->site;
    double *carbon = NULL;
    vo_status st = vo_q_check_history(price, until, v->interval_h, err);
    if (st == VO_OK) st = vo_q_carbon(site, until, a, &carbon, err);
    if (st != VO_OK) return st;
    const vo_q_market market = {
        .n = until,
        .price = price,
        .export_price = export_price,
        .carbon_per_mwh = carbon,
        .hour = v->hour,
        .interval_h = v->interval_h,
        .fee_per_mwh = site->fee_per_mwh,
    };
    const vo_q_settings s = vo_q_settings_for(v->interval_h);
    vo_q_table *fresh = NULL;
    st = vo_q_train(&s, site->battery, &market, 1, &v->learning, &fresh, NULL, err);
    a->free(a->ctx, carbon);
    if (st != VO_OK) return st;
    vo_q_table_free(v->own);
    v->table = v->own = fresh;
    return VO_OK;
}

static vo_status load(q_learning *v, const char *name, vo_error *err) {
    const void *bytes;
    size_t len;
    vo_artefact *in = NULL;
    if (!v->learning.model)
        return vo_fail(err, VO_EINVAL,
                       "policy \"q_learning=%.60s\": no trained models are at hand here; write "
                       "\"q_learning\" and train it on a history",
                       name);
    vo_status st = v->learning.model(v->learning.model_ctx, name, &bytes, &len, err);
    if (st != VO_OK) return st;
    vo_learned ready = {0};
    if (v->learning.ready) v->learning.ready(v->learning.ready_ctx, bytes, &ready);
    v->table = ready.table;
    if (!v->table) {
        st = vo_artefact_open(bytes, len, VO_Q_KIND, VO_Q_VERSION, name, &in, err);
        if (st != VO_OK) return st;
        st = vo_q_table_load(in, v->base.alloc, &v->own, err);
        vo_artefact_close(in);
        if (st != VO_OK) return st;
        v->table = v->own;
    }
    v->given = true;
    if (fabs(v->table->interval_h - v->interval_h) < 1e-9) return VO_OK;
    return vo_fail(
        err, VO_EINVAL,
        "model \"%.60s\" was trained on intervals of %g h, the prices have %g h: use "
        "one trained on such",
        name, v->table->interval_h, v->interval_h);
}

static const vo_policy_ops q_learning_ops = {q_learning_plan, q_learning_free, q_learning_fit,
                                             q_learning_explain};

static vo_status even_interval(const vo_problem *p, double *interval_h, vo_error *err) {
    *interval_h = p->dt_h ? p->dt_h[0] : p->interval_h;
    for (size_t t = 0; p->dt_h && t < p->n; t++)
        if (fabs(p->dt_h[t] - *interval_h) > 1e-9 * *interval_h)
            return vo_fail(err, VO_EUNSUPPORTED,
                           "policy q_learning: interval %zu has %g h, the first %g h: it needs "
                           "an even series",
                           t, p->dt_h[t], *interval_h);
    return VO_OK;
}

vo_status vo_policy_create_q_learning(const char *argument, const vo_policy_world *world,
                                      vo_policy **out, vo_error *err) {
    const vo_alloc *a = world->alloc ? world->alloc : &vo_alloc_libc;
    q_learning *v = a->zalloc(a->ctx, sizeof *v);
    if (!v) return vo_fail(err, VO_ENOMEM, "policy q_learning");
    v->base = (vo_policy){.ops = &q_learning_ops, .alloc = a};
    v->world = world;
    if (world->learning) v->learning = *world->learning;
    v->learning.alloc = a;
    vo_status st = vo_window_create(world, &v->window, err);
    if (st == VO_OK) st = even_interval(world->site, &v->interval_h, err);
    if (st == VO_OK)
        st = vo_forecaster_create("epf_naive", world->calendar, &v->learning, &v->forecaster,
                                  err);
    if (st == VO_OK && argument) st = load(v, argument, err);
    if (st != VO_OK) goto fail;
    const vo_q_axes axes = v->table ? v->table->axes : vo_q_axes_default();
    v->room = vo_q_window(axes.signal_h, v->interval_h);
    v->hour = a->zalloc(a->ctx, world->site->n * sizeof *v->hour);
    v->believed = a->zalloc(a->ctx, (v->room + world->longest + 1) * sizeof *v->believed);
    v->wish = a->zalloc(a->ctx, world->longest * sizeof *v->wish);
    v->try_mw = a->zalloc(a->ctx, world->longest * sizeof *v->try_mw);
    if (!v->hour || !v->believed || !v->wish || !v->try_mw) {
        st = vo_fail(err, VO_ENOMEM, "policy q_learning over %zu intervals", world->site->n);
        goto fail;
    }
    st = vo_q_hours(world->calendar, v->hour, err);
    if (st != VO_OK) goto fail;
    *out = &v->base;
    return VO_OK;

fail:
    q_learning_free(&v->base);
    return st;
}
