/* simulate_runs.c -- see simulate_runs.h. */
#include "engine/simulate_runs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/simulate_refill.h"

#define TOLD_BY_DAY 50 /* homes at most; of more, each interval is worth a word */

/* Of the ascent to the pooled bound. */
#define BOUND_ROUNDS 200
#define BOUND_TOLERANCE 1e-5

static const struct {
    vo_run_kind kind;
    const char *words;
} plan[] = {
#define X(name, kind, words) {VO_RUN_##kind, words},
    VO_SIMULATE_RUN_MAP(X)
#undef X
};

int64_t vo_simulate_cost(const vo_account *a) {
    return a->imported - a->exported + a->paid - a->received;
}

/* ---- progress ------------------------------------------------------------------------------------ */

/* A run under way: tells how far it is, and passes on what the community tells. */
typedef struct {
    vo_simulate_case *c;
    vo_simulate_runs *r;
    const char *words;
    vo_status (*tell)(void *ctx, const vo_interval_view *v, vo_error *err);
    void *tell_ctx;
    int32_t day; /* told last */
    bool stopped;
} under_way;

static bool go_on(under_way *u, double of_run, int32_t day) {
    const vo_engine_options *o = u->c->o;
    const double part = ((double)u->r->made + of_run) / u->r->all;
    char words[80];
    /* the day first: a line of a terminal may be cut */
    snprintf(words, sizeof words, "run %d/%d, day %d/%d: %s", u->r->made + 1, u->r->all, day,
             u->c->days, u->words);
    u->stopped = u->stopped ||
                 (o->detail && o->detail(o->detail_ctx, words, part, (double)NAN, -1) != 0);
    u->stopped = u->stopped || (o->progress && o->progress(o->progress_ctx, words, part) != 0);
    return !u->stopped;
}

static vo_status on_interval(void *ctx, const vo_interval_view *v, vo_error *err) {
    under_way *u = ctx;
    const vo_homes *h = u->c->homes;
    if (v->step < h->first) return VO_OK;
    const int32_t since = h->day[v->step] - h->day[h->first] + 1;
    const int32_t day = since < u->c->days ? since : u->c->days;
    if (day != u->day || h->homes > TOLD_BY_DAY) {
        u->day = day;
        const double part = (double)(v->step - h->first) / (double)u->c->played;
        if (!go_on(u, part, day))
            return vo_fail(err, VO_ECANCELED, "simulation stopped on day %d of %s", day,
                           u->words);
    }
    return u->tell ? u->tell(u->tell_ctx, v, err) : VO_OK;
}

static bool is_stopped(void *ctx) {
    under_way *u = ctx;
    return u->stopped || !go_on(u, 0.5, u->c->days);
}

/* Homes are asked for by several threads; the calling one asks whether anybody still wants them. */
typedef struct {
    under_way *u;
    vo_home_source real;
} asked_source;

static vo_status fill_asked(void *ctx, uint32_t home, size_t worker, float *load_kwh,
                            float *pv_kwh, vo_error *err) {
    enum { ASKED = 16 };
    asked_source *a = ctx;
    if (worker == 0 && home % ASKED == 0 && !go_on(a->u, 0, 0))
        return vo_fail(err, VO_ECANCELED, "simulation stopped before its first day");
    return a->real.fill(a->real.ctx, home, worker, load_kwh, pv_kwh, err);
}

static vo_status fill_series(under_way *u, vo_home_series *out, vo_error *err) {
    vo_homes homes = *u->c->homes;
    asked_source a = {u, homes.source};
    homes.source = (vo_home_source){fill_asked, &a};
    return vo_home_series_fill(&homes, out, err);
}

/* ---- one run ---------------------------------------------------------------------------------------- */

static int64_t micro(double money) { return (int64_t)llround(money * VO_MICRO); }

/* What home i paid, and what it counts. Of energy that was sold and not delivered, somebody else made up:
 * beyond meters that were full, as load that is not served is. */
static vo_simulate_more weigh(const vo_homes *h, const vo_home_series *series,
                              const vo_home_sums *s, size_t i, int64_t *cost) {
    const double missing = s->first_kwh - s->last_kwh;
    vo_refill_price price = {0, 0};
    if (missing > 0)
        price = vo_simulate_refill_price(h, i, series->load_kwh + i * h->steps,
                                         series->pv_kwh + i * h->steps);
    const vo_simulate_more m = {.refill = missing > 0 ? micro(missing * price.paid) : 0,
                                .short_kwh = s->short_kwh};
    *cost = vo_simulate_cost(&s->account) + m.refill;
    const double beyond = (s->short_kwh + s->undelivered_kwh) * VO_HOME_SHORT_PER_KWH;
    const double scarce = missing > 0 ? missing * (price.weighed - price.paid) : 0;
    return (vo_simulate_more){m.refill, *cost + micro(beyond + scarce), m.short_kwh};
}

static vo_status keep_costs(const under_way *u, const vo_home_series *series,
                            const vo_simulation *s, vo_simulate_outcome *out, vo_error *err) {
    const vo_homes *h = u->c->homes;
    out->home_cost = malloc(h->homes * sizeof *out->home_cost);
    if (u->c->listed) out->more = malloc(h->homes * sizeof *out->more);
    if (!out->home_cost || (u->c->listed && !out->more))
        return vo_fail(err, VO_ENOMEM, "costs of %zu homes", h->homes);
    for (size_t i = 0; i < h->homes; i++) {
        const vo_simulate_more m = weigh(h, series, &s->home[i], i, &out->home_cost[i]);
        out->cost += out->home_cost[i];
        out->refill += m.refill;
        out->weighed += m.weighed;
        out->short_kwh += m.short_kwh;
        if (out->more) out->more[i] = m;
    }
    out->peak_import_kw = s->peak_import_kw;
    out->mean_import_kw = s->mean_import_kw;
    out->made = true;
    return VO_OK;
}

static vo_status run_in(under_way *u, const vo_homes *homes, const vo_home_series *series,
                        vo_simulate_run_id id, const vo_simulation_options *o, vo_error *err) {
    vo_simulation result = {0};
    vo_simulation_options mine = *o;
    mine.kind = (int32_t)plan[id].kind;
    mine.tell = on_interval;
    mine.tell_ctx = u;
    mine.stop = NULL;
    mine.score = o->score && id == VO_SIMULATE_community;
    u->words = plan[id].words;
    u->day = 0;
    /* what is fitted tells of its own progress within this run's share */
    u->c->learn.from = (double)u->r->made / u->r->all;
    u->c->learn.share = 1.0 / u->r->all;
    vo_status s = vo_simulation_run(homes, series, &mine, &result, err);
    if (s == VO_OK) s = keep_costs(u, series, &result, &u->r->of[id], err);
    if (s == VO_OK && id == VO_SIMULATE_community) {
        u->r->community = result;
        result = (vo_simulation){0};
    }
    vo_simulation_fini(&result);
    u->r->made++;
    return s;
}

static vo_status run(under_way *u, const vo_home_series *series, vo_simulate_run_id id,
                     const vo_simulation_options *o, vo_error *err) {
    return run_in(u, u->c->homes, series, id, o, err);
}

/* A run that would be another one again. */
static vo_status same(vo_simulate_runs *r, size_t homes, vo_simulate_run_id id,
                      vo_simulate_run_id as, vo_error *err) {
    vo_simulate_outcome *to = &r->of[id];
    *to = r->of[as];
    to->home_cost = malloc(homes * sizeof *to->home_cost);
    to->more = r->of[as].more ? malloc(homes * sizeof *to->more) : NULL;
    if (!to->home_cost || (r->of[as].more && !to->more)) {
        to->made = false;
        return vo_fail(err, VO_ENOMEM, "costs of %zu homes", homes);
    }
    memcpy(to->home_cost, r->of[as].home_cost, homes * sizeof *to->home_cost);
    if (to->more) memcpy(to->more, r->of[as].more, homes * sizeof *to->more);
    return VO_OK;
}

/* ---- what asks for more ----------------------------------------------------------------------------- */

static vo_status run_alone(under_way *u, const vo_home_series *series, vo_error *err) {
    vo_simulation_options o = u->c->options;
    vo_status s = run(u, series, VO_SIMULATE_alone, &o, err);
    u->r->naive = u->c->few ? "naive_day" : "profile";
    if (s == VO_OK && strcmp(o.forecaster, u->r->naive) == 0)
        return same(u->r, u->c->homes->homes, VO_SIMULATE_alone_naive, VO_SIMULATE_alone, err);
    o.forecaster = u->r->naive;
    return s == VO_OK ? run(u, series, VO_SIMULATE_alone_naive, &o, err) : s;
}

/* What bounds know nothing of; of outages they know. */
static bool is_plain(const vo_homes *h) {
    return !isfinite(h->feeder_kwh) && !h->honesty && !h->post.arrives;
}

static vo_status run_plain(under_way *u, const vo_home_series *series,
                           const vo_simulation_options *o, vo_error *err) {
    vo_homes plain = *u->c->homes;
    if (is_plain(&plain))
        return same(u->r, plain.homes, VO_SIMULATE_community_plain, VO_SIMULATE_community_free,
                    err);
    plain.feeder_kwh = (double)INFINITY;
    plain.honesty = NULL;
    plain.post = (vo_post){0};
    return run_in(u, &plain, series, VO_SIMULATE_community_plain, o, err);
}

static vo_status run_ladder(under_way *u, const vo_home_series *series, vo_error *err) {
    vo_simulation_options o = u->c->options;
    const size_t homes = u->c->homes->homes;
    vo_status s = VO_OK;
    if (strcmp(o.forecaster, "perfect") == 0) {
        s = same(u->r, homes, VO_SIMULATE_community_perfect, VO_SIMULATE_community, err);
    } else {
        o.forecaster = "perfect";
        o.scenarios = 1; /* nothing is uncertain */
        s = run(u, series, VO_SIMULATE_community_perfect, &o, err);
    }
    if (s != VO_OK) return s;
    if (u->c->free_market) {
        s = same(u->r, homes, VO_SIMULATE_community_free, VO_SIMULATE_community_perfect, err);
    } else {
        const vo_market_rules had = o.rules;
        o.rules = vo_market_rules_none();
        o.keep_peak = false;
        o.rules.loss = had.loss;
        o.rules.fee = had.fee;
        o.rules.point = had.point;
        s = run(u, series, VO_SIMULATE_community_free, &o, err);
    }
    return s == VO_OK ? run_plain(u, series, &o, err) : s;
}

static vo_status find_bounds(under_way *u, const vo_home_series *series, vo_error *err) {
    vo_simulate_runs *r = u->r;
    const size_t homes = u->c->homes->homes;
    const vo_bound_options o = {
        .loss = u->c->options.rules.loss, .rounds = BOUND_ROUNDS, .tolerance = BOUND_TOLERANCE};
    double *alone = calloc(homes, sizeof *alone);
    r->alone_bound = calloc(homes, sizeof *r->alone_bound);
    vo_status s =
        alone && r->alone_bound ? VO_OK : vo_fail(err, VO_ENOMEM, "bounds of %zu homes", homes);
    r->bounds.alone = alone;
    u->words = "bounds";
    if (s == VO_OK)
        s = vo_bounds_find(u->c->homes, series->load_kwh, series->pv_kwh, &o, is_stopped, u,
                           &r->bounds, err);
    if (s == VO_OK) {
        r->bounded = true;
        for (size_t i = 0; i < homes; i++) {
            r->alone_bound[i] = micro(alone[i]);
            r->alone_bound_sum += r->alone_bound[i];
        }
        r->pooled_bound = micro(r->bounds.pooled);
        r->lossless_bound = micro(r->bounds.lossless);
    }
    r->bounds.alone = NULL;
    free(alone);
    r->made++;
    return s;
}

static int count_runs(const vo_simulate_case *c) {
    const char *f = c->options.forecaster;
    int n = 4;
    if (c->bounds) {
        n += 2 + (strcmp(f, c->few ? "naive_day" : "profile") != 0);
        n += (strcmp(f, "perfect") != 0) + !c->free_market;
        n += !is_plain(c->homes);
    }
    return n;
}

vo_status vo_simulate_runs_make(vo_simulate_case *c,
                                vo_status (*tell)(void *ctx, const vo_interval_view *v,
                                                  vo_error *err),
                                void *tell_ctx, vo_simulate_runs *out, vo_error *err) {
    static const vo_simulate_run_id baselines[] = {VO_SIMULATE_grid_only, VO_SIMULATE_pv_only,
                                                   VO_SIMULATE_greedy};
    *out = (vo_simulate_runs){.all = count_runs(c)};
    under_way u = {.c = c, .r = out, .words = "homes"};
    vo_home_series series = {0};
    vo_status s = go_on(&u, 0, 0) ? fill_series(&u, &series, err)
                                  : vo_fail(err, VO_ECANCELED, "simulation stopped");
    for (size_t i = 0; s == VO_OK && i < sizeof baselines / sizeof baselines[0]; i++)
        s = run(&u, &series, baselines[i], &c->options, err);
    u.tell = tell;
    u.tell_ctx = tell_ctx;
    if (s == VO_OK) s = run(&u, &series, VO_SIMULATE_community, &c->options, err);
    u.tell = NULL;
    if (s == VO_OK && c->bounds) s = run_alone(&u, &series, err);
    if (s == VO_OK && c->bounds) s = run_ladder(&u, &series, err);
    if (s == VO_OK && c->bounds) s = find_bounds(&u, &series, err);
    vo_home_series_fini(&series);
    if (s != VO_OK) {
        vo_simulate_runs_fini(out);
        *out = (vo_simulate_runs){0};
    }
    return s;
}

void vo_simulate_runs_fini(vo_simulate_runs *r) {
    for (size_t i = 0; i < VO_SIMULATE_RUNS; i++) {
        free(r->of[i].home_cost);
        free(r->of[i].more);
    }
    free(r->alone_bound);
    vo_simulation_fini(&r->community);
}
