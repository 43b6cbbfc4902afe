/* day_ensemble.c -- see day_ensemble.h.
 *
 * Days are taken in blocks: within one each member runs through all its days by itself (their
 * forecasts do not depend on the weights), then the weights and quantiles go through the block
 * in order. A member that has too few days yet is absent, and asked again the next day.
 */
#include "learn/day_ensemble.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "port/thread.h"

enum { H = VO_DAY_HOURS, BLOCK = 28, SPEC = 128, LEAST_HISTORY = 63, FIRST_DAY = 8 };
#define NOTHING 1e300 /* in a saved file: said nothing */

typedef struct {
    char spec[SPEC];
    vo_day_member *model;
    vo_learning world;
    bool fitted;
    size_t since_fit;       /* days */
    double said[BLOCK * H]; /* of the block under way; the day where it stands comes last */
    double peeked[H];
    vo_error refusal; /* why it could not be fitted last time */
} seat;

struct vo_day_ensemble {
    vo_day_ensemble_settings set;
    const vo_alloc *alloc;
    const vo_learning *world;
    vo_learning plain;
    size_t threads;
    seat *seat; /* [n_members] */
    vo_day_mix *mix;
    vo_day_spread *spread;
    bool ready;
    size_t day;
    double *said;    /* [n_members][H] of the day where it stands */
    double *scratch; /* [n_members][H]                            */
    double forecast[H];
};

vo_day_ensemble_settings vo_day_ensemble_settings_default(void) {
    return (vo_day_ensemble_settings){.warmup_days = 182,
                                      .warmup_refit_days = 1,
                                      .mix = vo_day_mix_settings_default(),
                                      .spread = vo_day_spread_settings_default()};
}

static vo_status take_seat(vo_day_ensemble *e, const vo_day_table *t, size_t k, vo_error *err) {
    seat *s = &e->seat[k];
    const char *spec = e->set.member[k];
    if (strlen(spec) >= SPEC)
        return vo_fail(err, VO_EINVAL, "member = \"%.40s...\" is longer than %d letters", spec,
                       SPEC - 1);
    memcpy(s->spec, spec, strlen(spec) + 1);
    s->world = *e->world;
    s->world.alloc = e->alloc;
    s->world.seed += UINT64_C(0x9E3779B97F4A7C15) * k; /* the same spec twice differs */
    s->world.threads = 1;
    s->world.progress = NULL;
    return vo_day_member_create(spec, t, &s->world, &s->model, err);
}

/* Fresh weights and quantiles; what there is stays if that fails. */
static vo_status renew(vo_day_ensemble *e, vo_error *err) {
    vo_day_mix *mix = NULL;
    vo_day_spread *spread = NULL;
    vo_status st = vo_day_mix_create(e->set.n_members, &e->set.mix, e->alloc, &mix, err);
    if (st == VO_OK) st = vo_day_spread_create(&e->set.spread, e->alloc, &spread, err);
    if (st != VO_OK) {
        vo_day_mix_free(mix);
        return st;
    }
    vo_day_mix_free(e->mix);
    vo_day_spread_free(e->spread);
    e->mix = mix;
    e->spread = spread;
    e->ready = false;
    return VO_OK;
}

vo_status vo_day_ensemble_create(const vo_day_table *t,
                                 const vo_day_ensemble_settings *settings,
                                 const vo_learning *world, vo_day_ensemble **out,
                                 vo_error *err) {
    const vo_alloc *a = world && world->alloc ? world->alloc : &vo_alloc_libc;
    const size_t n = settings->n_members;
    vo_status st = VO_ENOMEM;
    if (n < 1 || n > VO_DAY_ENSEMBLE_MAX)
        return vo_fail(err, VO_EINVAL, "an ensemble of %zu members: it takes 1..%d", n,
                       (int)VO_DAY_ENSEMBLE_MAX);
    if (settings->warmup_refit_days < 1)
        return vo_fail(err, VO_EINVAL, "warmup_refit_days = 0: at least 1 day");
    vo_day_ensemble *e = a->zalloc(a->ctx, sizeof *e);
    if (!e) return vo_fail(err, VO_ENOMEM, "an ensemble");
    e->set = *settings;
    e->alloc = a;
    e->world = world ? world : &e->plain;
    e->threads = e->world->threads > 1 ? e->world->threads : 1;
    e->seat = a->zalloc(a->ctx, n * sizeof *e->seat);
    e->said = a->zalloc(a->ctx, 2 * n * H * sizeof(double));
    if (!e->seat || !e->said) {
        vo_fail(err, st, "an ensemble of %zu members", n);
        goto fail;
    }
    e->scratch = e->said + n * H;
    st = renew(e, err);
    for (size_t k = 0; st == VO_OK && k < n; k++) st = take_seat(e, t, k, err);
    if (st != VO_OK) goto fail;
    e->set.member = NULL; /* borrowed for this call only */
    *out = e;
    return VO_OK;

fail:
    vo_day_ensemble_free(e);
    return st;
}

void vo_day_ensemble_free(vo_day_ensemble *e) {
    if (!e) return;
    const vo_alloc *a = e->alloc;
    for (size_t k = 0; e->seat && k < e->set.n_members; k++)
        vo_day_member_free(e->seat[k].model);
    vo_day_mix_free(e->mix);
    vo_day_spread_free(e->spread);
    a->free(a->ctx, e->seat);
    a->free(a->ctx, e->said);
    a->free(a->ctx, e);
}

bool vo_day_ensemble_ready(const vo_day_ensemble *e) { return e->ready; }
size_t vo_day_ensemble_day(const vo_day_ensemble *e) { return e->day; }
size_t vo_day_ensemble_members(const vo_day_ensemble *e) { return e->set.n_members; }

const char *vo_day_ensemble_member(const vo_day_ensemble *e, size_t k) {
    assert(k < e->set.n_members);
    return e->seat[k].spec;
}

/* ---- running --------------------------------------------------------------------------- */

/* How far a run of several days is; told by whichever member is done with a day. */
typedef struct {
    const vo_learning *world;
    size_t all; /* members times days; 0: nothing is told */
    atomic_size_t done;
    atomic_flag telling;
    atomic_bool stopped;
} teller;

/* False: stop. Who finds another telling goes on. */
static bool tell(teller *t) {
    const size_t done = atomic_fetch_add(&t->done, 1) + 1;
    if (t->all > 0 && t->world->progress && !atomic_flag_test_and_set(&t->telling)) {
        if (!t->world->progress(t->world->progress_ctx, "ensemble",
                                (double)done / (double)t->all, (double)NAN))
            atomic_store(&t->stopped, true);
        atomic_flag_clear(&t->telling);
    }
    return !atomic_load(&t->stopped);
}

typedef struct {
    vo_day_ensemble *e;
    const vo_day_table *t;
    size_t from, n; /* days of the block                 */
    size_t every;   /* refit after that many days; 0: no */
    teller *teller;
} block;

/* Member k through all days of the block. */
static vo_status run_member(void *ctx, size_t k, size_t worker, vo_error *err) {
    const block *b = ctx;
    seat *s = &b->e->seat[k];
    (void)worker;
    for (size_t i = 0; i < b->n; i++, s->since_fit++) {
        double *said = s->said + i * H;
        if (!s->fitted || (b->every > 0 && s->since_fit >= b->every)) {
            const vo_status st = vo_day_member_fit(s->model, b->t, b->from + i, &s->refusal);
            if (st != VO_OK && st != VO_EINVAL)
                return vo_fail(err, st, "member %s: %.400s", s->spec, s->refusal.msg);
            if (st == VO_OK) s->fitted = true, s->since_fit = 0;
        }
        for (int h = 0; h < H; h++) said[h] = (double)NAN;
        if (!tell(b->teller))
            return vo_fail(err, VO_ECANCELED, "stopped at day %zu", b->from + i);
        if (!s->fitted) continue;
        const vo_status st = vo_day_member_predict(s->model, b->t, b->from + i, said, err);
        if (st != VO_OK) return st;
        for (int h = 0; h < H; h++) /* an overflow says nothing */
            if (!isfinite(said[h])) said[h] = (double)NAN;
    }
    return VO_OK;
}

/* Standard deviation of the members' forecasts at each hour. */
static void disagreement(const double *said, size_t n, double out[H]) {
    for (size_t h = 0; h < H; h++) {
        double sum = 0, square = 0, count = 0;
        for (size_t k = 0; k < n; k++) {
            if (isnan(said[k * H + h])) continue;
            sum += said[k * H + h];
            count++;
        }
        for (size_t k = 0; k < n; k++) {
            const double d = said[k * H + h] - sum / count;
            if (!isnan(d)) square += d * d;
        }
        out[h] = count > 1 ? sqrt(square / count) : 0;
    }
}

static void stand(vo_day_ensemble *e, size_t i) {
    double apart[H];
    for (size_t k = 0; k < e->set.n_members; k++)
        memcpy(e->said + k * H, e->seat[k].said + i * H, H * sizeof(double));
    vo_day_mix_say(e->mix, e->said, e->forecast, NULL);
    disagreement(e->said, e->set.n_members, apart);
    vo_day_spread_say(e->spread, e->forecast, apart);
}

static void observe(vo_day_ensemble *e, const vo_day_table *t) {
    const double *real = t->price + e->day * H;
    vo_day_mix_observe(e->mix, e->said, real);
    vo_day_spread_observe(e->spread, real);
}

/* Days from..to are forecast, those before `to` observed, and the one before `from` if
 * `behind`. */
static vo_status run(vo_day_ensemble *e, const vo_day_table *t, size_t from, size_t to,
                     bool behind, size_t every, vo_error *err) {
    teller told = {.world = e->world,
                   .all = to > from ? (to - from + 1) * e->set.n_members : 0,
                   .telling = ATOMIC_FLAG_INIT};
    for (size_t begin = from; begin <= to;) {
        const size_t left = to - begin + 1, n = left < BLOCK ? left : BLOCK;
        block b = {e, t, begin, n, every, &told};
        const vo_status st = vo_thread_for(e->set.n_members, e->threads, run_member, &b, err);
        if (st != VO_OK) return st;
        for (size_t i = 0; i < n; i++) {
            if (behind) observe(e, t);
            e->day = begin + i;
            stand(e, i);
            behind = true;
        }
        begin += n;
    }
    return VO_OK;
}

vo_status vo_day_ensemble_fit(vo_day_ensemble *e, const vo_day_table *t, size_t day,
                              vo_error *err) {
    assert(day < t->n_days);
    const size_t least = day < LEAST_HISTORY ? day : LEAST_HISTORY;
    const size_t start = day > e->set.warmup_days + least ? day - e->set.warmup_days : least;
    vo_status st = renew(e, err);
    if (st != VO_OK) return st;
    for (size_t k = 0; k < e->set.n_members; k++) e->seat[k].fitted = false;
    st = run(e, t, start, day, false, e->set.warmup_refit_days, err);
    if (st != VO_OK) return st;
    bool any = false;
    for (size_t k = 0; k < e->set.n_members; k++) any = any || e->seat[k].fitted;
    if (!any)
        return vo_fail(err, VO_EINVAL, "%zu days of prices are too few: %.400s", day,
                       e->seat[0].refusal.msg);
    e->ready = true;
    return VO_OK;
}

static vo_status check_ready(const vo_day_ensemble *e, vo_error *err) {
    return e->ready ? VO_OK
                    : vo_fail(err, VO_EINVAL, "the ensemble was neither fitted nor loaded");
}

vo_status vo_day_ensemble_advance(vo_day_ensemble *e, const vo_day_table *t, size_t day,
                                  vo_error *err) {
    vo_status st = check_ready(e, err);
    assert(st != VO_OK || (day >= e->day && day < t->n_days));
    if (st != VO_OK || day == e->day) return st;
    const int32_t every = e->world->recalibrate_days;
    st = run(e, t, e->day + 1, day, true, every > 0 ? (size_t)every : 0, err);
    if (st != VO_OK) e->ready = false; /* members stand at different days */
    return st;
}

void vo_day_ensemble_forecast(const vo_day_ensemble *e, double *out) {
    memcpy(out, e->forecast, sizeof e->forecast);
}

void vo_day_ensemble_quantiles(const vo_day_ensemble *e, const double *level, size_t n_levels,
                               double *out) {
    vo_day_spread_quantiles(e->spread, level, n_levels, out);
}

void vo_day_ensemble_detail(const vo_day_ensemble *e, double *said, double *weight) {
    double ignored[H];
    if (said) memcpy(said, e->said, e->set.n_members * H * sizeof(double));
    if (weight) vo_day_mix_say(e->mix, e->said, ignored, weight);
}

vo_status vo_day_ensemble_peek(vo_day_ensemble *e, const vo_day_table *t, size_t day,
                               double *out, const double *level, size_t n_levels,
                               double *quantile, vo_error *err) {
    double apart[H];
    vo_status st = check_ready(e, err);
    assert(day < t->n_days);
    for (size_t k = 0; st == VO_OK && k < e->set.n_members; k++) {
        double *said = e->scratch + k * H;
        for (int h = 0; h < H; h++) said[h] = (double)NAN;
        if (e->seat[k].fitted) st = vo_day_member_predict(e->seat[k].model, t, day, said, err);
        for (int h = 0; h < H; h++)
            if (!isfinite(said[h])) said[h] = (double)NAN;
    }
    if (st != VO_OK) return st;
    vo_day_mix_say(e->mix, e->scratch, out, NULL);
    if (!quantile) return VO_OK;
    disagreement(e->scratch, e->set.n_members, apart);
    vo_day_spread_quantiles_of(e->spread, out, apart, level, n_levels, quantile);
    return VO_OK;
}

/* ---- keeping --------------------------------------------------------------------------- */

vo_status vo_day_ensemble_save(const vo_day_ensemble *e, const vo_day_table *t,
                               vo_artefact_out *out, vo_error *err) {
    vo_status st = check_ready(e, err);
    if (st != VO_OK) return st;
    const size_t n = e->set.n_members;
    const int64_t date = e->day < t->n_days ? t->date[e->day] : t->date[t->n_days - 1] + 1;
    vo_artefact_begin(out, "ENSE");
    vo_artefact_put_u64(out, n);
    vo_artefact_put_u64(out, (uint64_t)date);
    for (size_t i = 0; i < n * H; i++)
        vo_artefact_put_double(out, isnan(e->said[i]) ? NOTHING : e->said[i]);
    st = vo_day_mix_save(e->mix, out, err);
    if (st == VO_OK) st = vo_day_spread_save(e->spread, out, err);
    for (size_t k = 0; st == VO_OK && k < n; k++) {
        const seat *s = &e->seat[k];
        vo_artefact_begin(out, "MEMB");
        vo_artefact_put_text(out, s->spec);
        vo_artefact_put_u32(out, s->fitted);
        vo_artefact_put_u64(out, s->since_fit);
        if (s->fitted) st = vo_day_member_save(s->model, out, err);
        vo_artefact_end(out);
    }
    vo_artefact_end(out);
    return st;
}

static vo_status load_member(seat *s, vo_artefact *in, vo_error *err) {
    char spec[SPEC];
    uint32_t fitted = 0;
    uint64_t since = 0;
    vo_status st = vo_artefact_enter(in, "MEMB", err);
    if (st == VO_OK) st = vo_artefact_get_text(in, spec, sizeof spec, err);
    if (st == VO_OK && strcmp(spec, s->spec) != 0)
        st = vo_fail(err, VO_EINVAL, "the saved ensemble has the member %s where this has %s",
                     spec, s->spec);
    if (st == VO_OK) st = vo_artefact_get_u32(in, &fitted, err);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &since, err);
    if (st == VO_OK && fitted) st = vo_day_member_load(s->model, in, err);
    if (st != VO_OK) return st;
    s->fitted = fitted != 0;
    s->since_fit = since < 100000 ? (size_t)since : 100000;
    vo_artefact_leave(in);
    return VO_OK;
}

/* Day of that date in the table; see vo_day_ensemble_load. */
static size_t day_of(const vo_day_table *t, int64_t date, bool *same) {
    size_t d = 0;
    while (d < t->n_days && t->date[d] < date) d++;
    *same = d < t->n_days && t->date[d] == date && d >= FIRST_DAY;
    return d >= FIRST_DAY ? d : t->n_days < FIRST_DAY ? t->n_days : FIRST_DAY;
}

static vo_status load_head(vo_day_ensemble *e, vo_artefact *in, int64_t *date, vo_error *err) {
    uint64_t n = 0, when = 0;
    vo_status st = vo_artefact_get_u64(in, &n, err);
    if (st == VO_OK && n != e->set.n_members)
        st = vo_fail(err, VO_EINVAL, "the saved ensemble has %llu members, this has %zu",
                     (unsigned long long)n, e->set.n_members);
    if (st == VO_OK) st = vo_artefact_get_u64(in, &when, err);
    if (st != VO_OK) return st;
    *date = (int64_t)when;
    for (size_t i = 0; st == VO_OK && i < e->set.n_members * H; i++) {
        st = vo_artefact_get_double(in, &e->said[i], err);
        if (st == VO_OK && !(fabs(e->said[i]) < NOTHING)) e->said[i] = (double)NAN;
    }
    return st;
}

vo_status vo_day_ensemble_load(vo_day_ensemble *e, const vo_day_table *t, vo_artefact *in,
                               vo_error *err) {
    int64_t date = 0;
    double apart[H];
    bool same = false;
    vo_status st = renew(e, err);
    if (st == VO_OK) st = vo_artefact_enter(in, "ENSE", err);
    if (st == VO_OK) st = load_head(e, in, &date, err);
    if (st == VO_OK) st = vo_day_mix_load(e->mix, in, err);
    if (st == VO_OK) st = vo_day_spread_load(e->spread, in, err);
    for (size_t k = 0; st == VO_OK && k < e->set.n_members; k++)
        st = load_member(&e->seat[k], in, err);
    if (st != VO_OK) return st;
    vo_artefact_leave(in);
    e->day = day_of(t, date, &same);
    for (size_t i = 0; !same && i < e->set.n_members * H; i++) e->said[i] = (double)NAN;
    vo_day_mix_say(e->mix, e->said, e->forecast, NULL);
    disagreement(e->said, e->set.n_members, apart);
    vo_day_spread_say(e->spread, e->forecast, apart);
    e->ready = true;
    return VO_OK;
}
