/* home_forecast.c -- see home_forecast.h.
 *
 * Every home has the light kernel's two states (learn/load_profile.h) in one array, home after
 * home. With a forecaster of the seam they are still kept: for the intervals it says nothing of,
 * and for the spread until it has errors of its own. What was said is remembered for the homes
 * whose errors are told, for a day at most: VO_FORECAST_LEADS leads, `stride` intervals apart, of as
 * many origins as the farthest lies ahead (18 KiB a home at half hours, 115 at 5 minutes). Sums of errors
 * are kept per home and added by home number, so that threads change nothing.
 */
#include "community/home_forecast.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/zone.h"
#include "community/home_forecast_seam.h"
#include "learn/forecaster.h"
#include "learn/load_profile.h"

enum { LEADS = VO_FORECAST_LEADS, TOLD_HOMES = 1000, LOAD = 0, PV = 1 };
#define MAPE_FLOOR_KWH 0.05
#define OWN_DAYS 5.0F /* of errors of the seam, until they weigh as much as the kernel's */

typedef enum { BY_PROFILE, BY_TRUTH, BY_SEAM } back_end;

typedef struct {
    double error, real, share; /* sums of |e|, |y|, |e| / y (y above the floor) */
    uint32_t n, n_share;
} error_sums;

/* What was said to one home at one step: [k] is lead (k + 1) stride. */
typedef struct {
    uint32_t step; /* + 1; 0: nothing */
    uint32_t n;
    float said[2][LEADS];
} origin;

/* How wrong it was. */
typedef struct {
    error_sums of[2][LEADS];
} wrongs;

struct vo_home_forecasts {
    const vo_alloc *alloc;
    const vo_homes *homes;
    const float *load, *pv; /* of the truth; read by BY_TRUTH alone */
    back_end by;
    size_t n; /* steps + horizon */
    vo_profile_shape shape[2];
    size_t floats, load_floats; /* of a home's states */
    float *state;               /* [homes][floats]   */
    uint16_t *slot;             /* [n]               */
    uint8_t *weekend;           /* [n]               */
    size_t stride, ring;        /* intervals between leads; origins kept = LEADS * stride */
    origin *told;               /* [n_told][ring], step t at t % ring */
    wrongs *wrong;              /* [n_told]          */
    size_t n_told;
    float *own;  /* BY_SEAM: [homes][slots] variance of net errors a day ahead        */
    float *days; /* BY_SEAM: [homes] days of them                                     */
    vo_forecast_seam *seam;
};

/* ---- making ------------------------------------------------------------------------------- */

void vo_home_forecasts_free(vo_home_forecasts *f) {
    if (!f) return;
    const vo_alloc *a = f->alloc;
    vo_forecast_seam_free(f->seam);
    a->free(a->ctx, f->state);
    a->free(a->ctx, f->slot);
    a->free(a->ctx, f->weekend);
    a->free(a->ctx, f->told);
    a->free(a->ctx, f->wrong);
    a->free(a->ctx, f->own);
    a->free(a->ctx, f->days);
    a->free(a->ctx, f);
}

/* Slots of the local day and weekends, also of the intervals behind the last. */
static vo_status read_clock(vo_home_forecasts *f, vo_error *err) {
    const vo_homes *h = f->homes;
    const int64_t step_s = llround(3600 * h->dt_h);
    vo_zone *zone = NULL;
    const vo_status st = vo_zone_open(h->zone && *h->zone ? h->zone : "UTC", &zone, err);
    if (st != VO_OK) return st;
    for (size_t t = 0; t < f->n; t++) {
        const int64_t utc_s =
            t < h->steps ? h->start[t].s
                         : h->start[h->steps - 1].s + (int64_t)(t - h->steps + 1) * step_s;
        const int64_t local = utc_s + vo_zone_offset(zone, utc_s);
        const int64_t of_day = ((local % 86400) + 86400) % 86400;
        f->slot[t] = (uint16_t)(of_day / step_s);
        f->weekend[t] = vo_civil_weekday((local - of_day) / 86400) >= 5;
    }
    vo_zone_close(zone);
    return VO_OK;
}

static vo_status check_step(double dt_h, size_t *slots, vo_error *err) {
    const double n = 24 / dt_h;
    if (!(n >= 1 && n <= VO_PROFILE_SLOTS) || fabs(n - round(n)) > 1e-9)
        return vo_fail(err, VO_EINVAL,
                       "dt_h = %g: forecasts of homes need a day of whole intervals of 5 "
                       "minutes or more: use 0.5",
                       dt_h);
    *slots = (size_t)llround(n);
    return VO_OK;
}

static vo_status find_back_end(const char *spec, back_end *out, vo_error *err) {
    *out = BY_SEAM;
    if (strcmp(spec, "profile") == 0) *out = BY_PROFILE;
    if (strcmp(spec, "perfect") == 0) *out = BY_TRUTH;
    if (*out != BY_SEAM || vo_forecaster_check(spec, NULL) == VO_OK) return VO_OK;
    return vo_fail(err, VO_EINVAL,
                   "forecaster = \"%.60s\" is none: use profile, perfect, naive_day, "
                   "naive_week, load_gbt, or load_gbt=MODEL",
                   spec);
}

static vo_status reserve(vo_home_forecasts *f, vo_error *err) {
    const vo_alloc *a = f->alloc;
    const size_t homes = f->homes->homes, slots = f->shape[LOAD].slots;
    f->n_told = homes < TOLD_HOMES ? homes : TOLD_HOMES;
    f->state = a->zalloc(a->ctx, homes * f->floats * sizeof *f->state);
    f->slot = a->zalloc(a->ctx, f->n * sizeof *f->slot);
    f->weekend = a->zalloc(a->ctx, f->n * sizeof *f->weekend);
    f->told = a->zalloc(a->ctx, f->n_told * f->ring * sizeof *f->told);
    f->wrong = a->zalloc(a->ctx, f->n_told * sizeof *f->wrong);
    bool enough = f->state && f->slot && f->weekend && f->told && f->wrong;
    if (f->by == BY_SEAM) {
        f->own = a->zalloc(a->ctx, homes * slots * sizeof *f->own);
        f->days = a->zalloc(a->ctx, homes * sizeof *f->days);
        enough = enough && f->own && f->days;
    }
    return enough ? VO_OK : vo_fail(err, VO_ENOMEM, "forecasts of %zu homes", homes);
}

vo_status vo_home_forecasts_create(const char *spec, const vo_homes *homes, const float *load,
                                   const float *pv, size_t horizon, const vo_learning *world,
                                   vo_home_forecasts **out, vo_error *err) {
    const vo_alloc *a = world && world->alloc ? world->alloc : &vo_alloc_libc;
    back_end by = BY_PROFILE;
    size_t slots = 0;
    vo_status st = find_back_end(spec, &by, err);
    if (st == VO_OK) st = check_step(homes->dt_h, &slots, err);
    if (st != VO_OK) return st;
    vo_home_forecasts *f = a->zalloc(a->ctx, sizeof *f);
    if (!f) return vo_fail(err, VO_ENOMEM, "forecasts of homes");
    f->alloc = a;
    f->homes = homes;
    f->load = load;
    f->pv = pv;
    f->by = by;
    f->n = homes->steps + horizon;
    f->stride = ((horizon < slots ? horizon : slots) + LEADS - 1) / LEADS;
    f->ring = LEADS * f->stride;
    f->shape[LOAD] = (vo_profile_shape){slots, true, VO_PROFILE_LOAD};
    f->shape[PV] = (vo_profile_shape){slots, false, VO_PROFILE_PV};
    f->load_floats = vo_profile_floats(&f->shape[LOAD]);
    f->floats = f->load_floats + vo_profile_floats(&f->shape[PV]);
    st = reserve(f, err);
    if (st == VO_OK) st = read_clock(f, err);
    if (st == VO_OK && by == BY_SEAM)
        st = vo_forecast_seam_create(spec, homes, horizon, world, &f->seam, err);
    if (st != VO_OK) {
        vo_home_forecasts_free(f);
        return st;
    }
    *out = f;
    return VO_OK;
}

vo_status vo_home_forecasts_new_day(vo_home_forecasts *f, size_t t, vo_error *err) {
    return f->seam ? vo_forecast_seam_new_day(f->seam, t, err) : VO_OK;
}

/* ---- what was said against what came ---------------------------------------------------------- */

static void remember(vo_home_forecasts *f, uint32_t home, size_t t, size_t n, const float *load,
                     const float *pv) {
    origin *o = &f->told[home * f->ring + t % f->ring];
    o->step = (uint32_t)t + 1;
    o->n = 0;
    for (size_t k = 0; k < LEADS && (k + 1) * f->stride <= n; k++) {
        o->said[LOAD][k] = load[(k + 1) * f->stride - 1];
        o->said[PV][k] = pv[(k + 1) * f->stride - 1];
        o->n++;
    }
}

/* What was said of interval t by lead k; NULL: nothing. */
static const origin *said_of(const vo_home_forecasts *f, uint32_t home, size_t t, size_t k) {
    const size_t ahead = (k + 1) * f->stride - 1;
    if (ahead > t) return NULL;
    const origin *o = &f->told[home * f->ring + (t - ahead) % f->ring];
    return o->step == (uint32_t)(t - ahead) + 1 && k < o->n ? o : NULL;
}

static void add_error(error_sums *s, double said, double real) {
    const double e = fabs(said - real);
    s->error += e;
    s->real += fabs(real);
    s->n++;
    if (real <= MAPE_FLOOR_KWH) return;
    s->share += e / real;
    s->n_share++;
}

static void judge(vo_home_forecasts *f, uint32_t home, size_t t, double load, double pv) {
    wrongs *w = &f->wrong[home];
    for (size_t k = 0; k < LEADS; k++) {
        const origin *o = said_of(f, home, t, k);
        if (!o) continue;
        add_error(&w->of[LOAD][k], (double)o->said[LOAD][k], load);
        add_error(&w->of[PV][k], (double)o->said[PV][k], pv);
    }
}

/* The seam's own errors of net load, of the farthest lead up to a day that was said. */
static void judge_own(vo_home_forecasts *f, uint32_t home, size_t t, double net) {
    const size_t slots = f->shape[LOAD].slots;
    for (size_t k = LEADS; k-- > 0;) {
        const origin *o = (k + 1) * f->stride <= slots ? said_of(f, home, t, k) : NULL;
        if (!o) continue;
        const double e = (double)o->said[LOAD][k] - (double)o->said[PV][k] - net;
        const float weight = fmaxf(0.05F, 1 / (1 + floorf(f->days[home] + 0.01F)));
        float *own = &f->own[home * slots + f->slot[t]];
        *own += weight * ((float)(e * e) - *own);
        f->days[home] += 1 / (float)slots;
        return;
    }
}

void vo_home_forecasts_observe(vo_home_forecasts *f, uint32_t home, size_t t, double load_kwh,
                               double pv_kwh) {
    float *state = f->state + home * f->floats;
    if (home < f->n_told) {
        judge(f, home, t, load_kwh, pv_kwh);
        if (f->by == BY_SEAM) judge_own(f, home, t, load_kwh - pv_kwh);
    }
    vo_profile_observe(&f->shape[LOAD], state, f->slot[t], f->weekend[t], load_kwh);
    vo_profile_observe(&f->shape[PV], state + f->load_floats, f->slot[t], f->weekend[t],
                       pv_kwh);
    if (f->seam) vo_forecast_seam_observe(f->seam, home, t, load_kwh, pv_kwh);
}

/* ---- predicting ------------------------------------------------------------------------------- */

/* The truth; behind its end that of the same slot of the last day that has it. */
static void tell_truth(const vo_home_forecasts *f, uint32_t home, size_t t, size_t n,
                       float *load, float *pv) {
    const size_t steps = f->homes->steps, slots = f->shape[LOAD].slots;
    for (size_t i = 0; i < n; i++) {
        size_t at = t + i;
        while (at >= steps && at >= slots) at -= slots;
        const bool there = at < steps;
        load[i] = there ? f->load[home * steps + at] : 0;
        pv[i] = there ? f->pv[home * steps + at] : 0;
    }
}

vo_status vo_home_forecasts_predict(vo_home_forecasts *f, uint32_t home, size_t t, size_t n,
                                    size_t worker, float *load_kwh, float *pv_kwh,
                                    vo_error *err) {
    (void)worker; /* what is needed to predict lies with the home */
    assert(home < f->homes->homes && t + n <= f->n);
    vo_status st = VO_OK;
    const float *state = f->state + home * f->floats;
    if (f->by == BY_TRUTH) {
        tell_truth(f, home, t, n, load_kwh, pv_kwh);
    } else {
        vo_profile_predict(&f->shape[LOAD], state, f->slot + t, f->weekend + t, n, load_kwh);
        vo_profile_predict(&f->shape[PV], state + f->load_floats, f->slot + t, f->weekend + t,
                           n, pv_kwh);
    }
    if (f->seam) st = vo_forecast_seam_predict(f->seam, home, t, n, load_kwh, pv_kwh, err);
    if (st == VO_OK && home < f->n_told) remember(f, home, t, n, load_kwh, pv_kwh);
    return st;
}

double vo_home_forecasts_spread(const vo_home_forecasts *f, uint32_t home, size_t t,
                                size_t lead) {
    if (f->by == BY_TRUTH) return 0;
    const float *state = f->state + home * f->floats;
    assert(t + lead < f->n);
    const size_t slots = f->shape[LOAD].slots, slot = f->slot[t + lead];
    const double load = vo_profile_spread(&f->shape[LOAD], state, slot, lead + 1);
    const double pv = vo_profile_spread(&f->shape[PV], state + f->load_floats, slot, lead + 1);
    const double kernel = load * load + pv * pv;
    if (f->by != BY_SEAM) return sqrt(kernel);
    const double n = (double)fminf(f->days[home], 20);
    const double own = (double)f->own[home * slots + slot];
    return sqrt((n * own + (double)OWN_DAYS * kernel) / (n + (double)OWN_DAYS));
}

void vo_home_forecasts_errors(const vo_home_forecasts *f, bool of_pv,
                              vo_forecast_error out[VO_FORECAST_LEADS]) {
    for (size_t lead = 0; lead < LEADS; lead++) {
        error_sums all = {0};
        size_t n = 0, n_share = 0;
        for (size_t i = 0; i < f->n_told; i++) {
            const error_sums *s = &f->wrong[i].of[of_pv ? PV : LOAD][lead];
            all.error += s->error;
            all.real += s->real;
            all.share += s->share;
            n += s->n;
            n_share += s->n_share;
        }
        out[lead] = (vo_forecast_error){
            .lead = (lead + 1) * f->stride,
            .mae_kwh = n ? all.error / (double)n : (double)NAN,
            .mape_percent = n_share ? 100 * all.share / (double)n_share : (double)NAN,
            .wape_percent = all.real > 0 ? 100 * all.error / all.real : (double)NAN,
            .count = n};
    }
}
