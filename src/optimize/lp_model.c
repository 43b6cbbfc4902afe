/* lp_model.c -- see lp_model.h for the contract.
 *
 * With c, d >= 0 the energy charged and discharged at the terminals, s the energy stored at the
 * interval's end, i, e the energy imported and exported and q that curtailed:
 *     store   s_t - keep s_(t-1) - gain c_t + drain d_t = 0              (per battery)
 *     meter   sum(d_t - c_t) + i_t - e_t - q_t = load_t - pv_t           (per interval)
 *     cycles  sum of d over a day, over the horizon <= cycles * usable
 *     ramp    |P_t - P_(t-1)| <= ramp * dt_t,  P = sum(d - c) / dt
 *     peak    i_t / dt_t <= peak of t's period
 *     min     sum(buy i - sell e + wear d) + demand charge * peaks - value of the last s
 * A single battery alone behind its meter needs no meter row: i = c and e = d.
 *
 * One direction at a time is not linear. Turning down c and d together so that s stays the same
 * delivers more power and wears less; only where more power can hurt (a negative price, a full
 * export cable, a ramp) does an optimum ever do both, and only there a binary b is needed:
 * c <= C b, d <= D (1 - b). In the same way import and export exclude each other by themselves
 * unless buying is cheaper than selling.
 *
 * The model is written twice by the same code: the first pass counts, the second fills.
 */
#include "optimize/lp_model.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"

#define NONE (-1)
static const double inf = (double)INFINITY;

typedef struct {
    vo_lp_model *m;
    const vo_problem *p;
    vo_lp_shape shape;
    bool counting;
    bool metered;                    /* there are meter rows                  */
    double *import_reach;            /* [n] the largest import and export that loads, */
    double *export_reach;            /* [n]   generation and batteries make together  */
    int64_t cols, rows, terms;       /* so far                                */
    int64_t slacks, binaries, peaks; /* so far                                */
} writer;

double vo_lp_hours(const vo_problem *p, size_t t) {
    return p->dt_h ? p->dt_h[t] : p->interval_h;
}

double vo_lp_buy(const vo_problem *p, size_t t) {
    const double carbon = p->carbon_kg_per_mwh ? p->carbon_kg_per_mwh[t] : 0;
    return p->price[t] + p->fee_per_mwh + carbon / 1000 * p->carbon_price_per_t;
}

double vo_lp_sell(const vo_problem *p, size_t t) {
    return (p->export_price ? p->export_price[t] : p->price[t]) - p->fee_per_mwh;
}

/* ---- the problem in scaled energies ------------------------------------------ */

static double scaled(const writer *w, const double *mw, size_t t, double otherwise) {
    return (mw ? mw[t] : otherwise) * (vo_lp_hours(w->p, t) / w->m->energy_unit);
}

static double charge_most(const writer *w, size_t k, size_t t) {
    double mw = w->p->battery[k].charge_mw;
    if (k == 0 && w->p->charge_limit_mw) mw = fmin(mw, w->p->charge_limit_mw[t]);
    if (!w->metered && w->p->import_limit_mw) mw = fmin(mw, w->p->import_limit_mw[t]);
    return scaled(w, NULL, t, mw);
}

static double discharge_most(const writer *w, size_t k, size_t t) {
    double mw = w->p->battery[k].discharge_mw;
    if (k == 0 && w->p->discharge_limit_mw) mw = fmin(mw, w->p->discharge_limit_mw[t]);
    if (!w->metered && w->p->export_limit_mw) mw = fmin(mw, w->p->export_limit_mw[t]);
    return scaled(w, NULL, t, mw);
}

/* Once per interval: sums over all batteries for each battery would be their number squared. */
static void set_reaches(writer *w) {
    for (size_t t = 0; t < w->p->n; t++) {
        double in = scaled(w, w->p->load_mw, t, 0), out = scaled(w, w->p->pv_mw, t, 0);
        for (size_t k = 0; k < w->p->n_batteries; k++) {
            in += charge_most(w, k, t);
            out += discharge_most(w, k, t);
        }
        w->import_reach[t] = in;
        w->export_reach[t] = out;
    }
}

static double import_most(const writer *w, size_t t) {
    const double reach = w->import_reach[t];
    return w->shape.elastic ? reach : fmin(reach, scaled(w, w->p->import_limit_mw, t, inf));
}

static double export_most(const writer *w, size_t t) {
    const double reach = w->export_reach[t];
    return w->shape.elastic ? reach : fmin(reach, scaled(w, w->p->export_limit_mw, t, inf));
}

/* ---- where both directions at once could pay -------------------------------- */

static bool battery_needs_binary(const writer *w, size_t k, size_t t) {
    const vo_problem *p = w->p;
    const vo_battery *b = &p->battery[k];
    const double round_trip = b->charge_efficiency * b->discharge_efficiency;
    if (!(charge_most(w, k, t) > 0) || !(discharge_most(w, k, t) > 0)) return false;
    const double buy = vo_lp_buy(p, t), sell = vo_lp_sell(p, t), wear = b->wear_cost_per_mwh;
    if (!w->metered && buy - round_trip * (sell - wear) < 0) return true;
    if (round_trip < 1 && isfinite(p->ramp_mw_per_h)) return true;
    if (!w->metered || !(round_trip < 1)) return false; /* turning both down changes nothing */

    const double load = scaled(w, p->load_mw, t, 0);
    if (w->export_reach[t] - load > scaled(w, p->export_limit_mw, t, inf)) return true;
    double worst = inf; /* what one more delivered MWh earns at least */
    if (w->export_reach[t] > load) worst = fmin(worst, sell);
    if (w->import_reach[t] > 0) worst = fmin(worst, buy);
    return worst * (1 - round_trip) + wear * round_trip < 0;
}

static bool meter_needs_binary(const writer *w, size_t t) {
    return w->metered && vo_lp_buy(w->p, t) < vo_lp_sell(w->p, t) && import_most(w, t) > 0 &&
           export_most(w, t) > 0;
}

/* ---- writing columns and rows ----------------------------------------------- */

static void add_col(writer *w, double price, double lower, double upper) {
    if (!w->counting) {
        w->m->cost[w->cols] = price / w->m->price_unit;
        w->m->col_lower[w->cols] = lower;
        w->m->col_upper[w->cols] = upper;
        if (lower > upper) w->m->contradictory = true;
    }
    w->cols++;
}

static void add_row(writer *w, double lower, double upper) {
    if (!w->counting) {
        w->m->row_lower[w->rows] = lower;
        w->m->row_upper[w->rows] = upper;
        w->m->row_start[w->rows] = (int32_t)w->terms;
        w->m->row_start[w->rows + 1] = (int32_t)w->terms;
        if (lower > upper) w->m->contradictory = true;
    }
    w->rows++;
}

/* One more term of the row that was added last. */
static void add_term(writer *w, int64_t column, double value) {
    if (!w->counting) {
        w->m->column[w->terms] = (int32_t)column;
        w->m->value[w->terms] = value;
        w->m->row_start[w->rows] = (int32_t)w->terms + 1;
    }
    w->terms++;
}

/* The next slack; its column was reserved at the end of all blocks. */
static int64_t next_slack(writer *w, vo_limit limit, int64_t interval) {
    if (!w->counting) {
        w->m->slack_limit[w->slacks] = (uint8_t)limit;
        w->m->slack_interval[w->slacks] = (int32_t)interval;
    }
    return w->m->slack + w->slacks++;
}

/* Ties two columns to one binary: on <= most_on * b and off <= most_off * (1 - b). */
static void add_direction(writer *w, int64_t on, double most_on, int64_t off, double most_off) {
    const int64_t b = w->m->binary + w->binaries;
    if (!w->counting)
        w->m->direction[w->binaries] = (vo_lp_direction){(int32_t)on, (int32_t)off};
    w->binaries++;
    add_row(w, -inf, 0);
    add_term(w, on, 1);
    add_term(w, b, -most_on);
    add_row(w, -inf, most_off);
    add_term(w, off, 1);
    add_term(w, b, most_off);
}

/* ---- columns ------------------------------------------------------------------ */

/* Bounds of the energy stored at the end of interval t. An elastic model lets it roam the
 * whole battery: minimum, maximum and final energy are rows with slack there. */
static void stored_bounds(const writer *w, const vo_battery *b, size_t t, double *lo,
                          double *hi) {
    const double cap = b->capacity_mwh / w->m->energy_unit;
    *lo = w->shape.elastic ? 0 : b->min_soc * cap;
    *hi = w->shape.elastic ? cap : b->max_soc * cap;
    if (t + 1 < w->p->n || w->shape.elastic) return;
    const double final = b->final_soc * cap;
    if (b->final_kind == VO_FINAL_AT_LEAST_INITIAL) *lo = fmax(*lo, b->initial_soc * cap);
    if (b->final_kind == VO_FINAL_AT_LEAST) *lo = fmax(*lo, final);
    if (b->final_kind == VO_FINAL_EXACT) *lo = fmax(*lo, final), *hi = fmin(*hi, final);
}

static void add_battery_cols(writer *w) {
    const vo_problem *p = w->p;
    const size_t n = p->n, size = p->n_batteries * n;
    w->m->charge = (int32_t)w->cols;
    for (size_t j = 0; j < size; j++)
        add_col(w, w->metered ? 0 : vo_lp_buy(p, j % n), 0, charge_most(w, j / n, j % n));
    w->m->discharge = (int32_t)w->cols;
    for (size_t j = 0; j < size; j++)
        add_col(w,
                p->battery[j / n].wear_cost_per_mwh - (w->metered ? 0 : vo_lp_sell(p, j % n)),
                0, discharge_most(w, j / n, j % n));
    w->m->stored = (int32_t)w->cols;
    for (size_t j = 0; j < size; j++) {
        const vo_battery *b = &p->battery[j / n];
        const bool worth = j % n == n - 1 && b->final_kind == VO_FINAL_VALUE;
        double lo, hi;
        stored_bounds(w, b, j % n, &lo, &hi);
        add_col(w, worth ? -b->final_value_per_mwh : 0, lo, hi);
    }
}

static void add_meter_cols(writer *w) {
    const vo_problem *p = w->p;
    const size_t n = p->n;
    w->m->import_ = w->m->export_ = w->m->curtailed = w->m->peak = NONE;
    if (!w->metered) return;
    w->m->import_ = (int32_t)w->cols;
    for (size_t t = 0; t < n; t++) add_col(w, vo_lp_buy(p, t), 0, import_most(w, t));
    w->m->export_ = (int32_t)w->cols;
    for (size_t t = 0; t < n; t++) add_col(w, -vo_lp_sell(p, t), 0, export_most(w, t));
    if (p->curtailable && p->pv_mw) {
        w->m->curtailed = (int32_t)w->cols;
        for (size_t t = 0; t < n; t++) add_col(w, 0, 0, scaled(w, p->pv_mw, t, 0));
    }
    if (p->demand_charge_per_mw > 0) {
        w->m->peak = (int32_t)w->cols;
        for (int32_t i = 0; i < w->m->n_peaks; i++) add_col(w, p->demand_charge_per_mw, 0, inf);
    }
}

static void add_other_cols(writer *w) {
    w->m->slack = (int32_t)w->cols;
    for (int32_t i = 0; i < w->m->n_slacks; i++) add_col(w, 0, 0, inf);
    w->m->binary = (int32_t)w->cols;
    for (int32_t i = 0; i < w->m->n_binaries; i++) add_col(w, 0, 0, 1);
}

/* ---- rows --------------------------------------------------------------------- */

static void add_store_rows(writer *w) {
    const size_t n = w->p->n;
    w->m->balance = (int32_t)w->rows;
    for (size_t j = 0; j < w->p->n_batteries * n; j++) {
        const vo_battery *b = &w->p->battery[j / n];
        const vo_battery_interval over = vo_battery_over(b, vo_lp_hours(w->p, j % n));
        const double initial = b->initial_soc * b->capacity_mwh / w->m->energy_unit;
        const double carried = j % n ? 0 : over.keep * initial;
        add_row(w, carried, carried);
        add_term(w, w->m->stored + (int64_t)j, 1);
        if (j % n) add_term(w, w->m->stored + (int64_t)j - 1, -over.keep);
        add_term(w, w->m->charge + (int64_t)j, -over.gain);
        add_term(w, w->m->discharge + (int64_t)j, over.drain);
    }
}

static void add_meter_rows(writer *w) {
    const size_t n = w->p->n;
    for (size_t t = 0; w->metered && t < n; t++) {
        const double net = scaled(w, w->p->load_mw, t, 0) - scaled(w, w->p->pv_mw, t, 0);
        add_row(w, net, net);
        for (size_t k = 0; k < w->p->n_batteries; k++) {
            add_term(w, w->m->discharge + (int64_t)(k * n + t), 1);
            add_term(w, w->m->charge + (int64_t)(k * n + t), -1);
        }
        add_term(w, w->m->import_ + (int64_t)t, 1);
        add_term(w, w->m->export_ + (int64_t)t, -1);
        if (w->m->curtailed != NONE) add_term(w, w->m->curtailed + (int64_t)t, -1);
    }
}

/* Sum of discharge over intervals from..to-1 of battery k stays within `cycles`. */
static void add_cycle_row(writer *w, size_t k, size_t from, size_t to, double cycles,
                          vo_limit limit) {
    const double usable = vo_battery_usable_mwh(&w->p->battery[k]) / w->m->energy_unit;
    add_row(w, -inf, cycles * usable);
    for (size_t t = from; t < to; t++)
        add_term(w, w->m->discharge + (int64_t)(k * w->p->n + t), 1);
    if (w->shape.elastic)
        add_term(w, next_slack(w, limit, limit == VO_LIMIT_CYCLES ? NONE : (int64_t)from), -1);
}

static void add_cycle_rows(writer *w) {
    const size_t n = w->p->n;
    for (size_t k = 0; k < w->p->n_batteries; k++) {
        const vo_battery *b = &w->p->battery[k];
        for (size_t from = 0, to; isfinite(b->max_cycles_per_day) && from < n; from = to) {
            for (to = from + 1; to < n && (!w->p->day || w->p->day[to] == w->p->day[from]);)
                to++;
            add_cycle_row(w, k, from, to, b->max_cycles_per_day, VO_LIMIT_CYCLES_PER_DAY);
        }
        if (isfinite(b->max_cycles)) add_cycle_row(w, k, 0, n, b->max_cycles, VO_LIMIT_CYCLES);
    }
}

static void add_ramp_rows(writer *w) {
    const vo_problem *p = w->p;
    for (size_t t = 1; isfinite(p->ramp_mw_per_h) && t < p->n; t++) {
        const double h = vo_lp_hours(p, t), before_h = vo_lp_hours(p, t - 1);
        /* in energy of interval t, so that coefficients stay near 1 */
        const double most = p->ramp_mw_per_h * h * h / w->m->energy_unit;
        add_row(w, -most, most);
        for (size_t k = 0; k < p->n_batteries; k++) {
            const int64_t j = (int64_t)(k * p->n + t);
            add_term(w, w->m->discharge + j, 1);
            add_term(w, w->m->charge + j, -1);
            add_term(w, w->m->discharge + j - 1, -h / before_h);
            add_term(w, w->m->charge + j - 1, h / before_h);
        }
    }
}

/* Also numbers the periods: peak i belongs to the i-th run of equal demand_period. */
static void add_peak_rows(writer *w) {
    const vo_problem *p = w->p;
    w->peaks = 0;
    for (size_t t = 0; w->metered && p->demand_charge_per_mw > 0 && t < p->n; t++) {
        if (t == 0 || (p->demand_period && p->demand_period[t] != p->demand_period[t - 1]))
            w->peaks++;
        add_row(w, -inf, 0);
        add_term(w, w->m->import_ + (int64_t)t, 1);
        add_term(w, w->m->peak + w->peaks - 1, -vo_lp_hours(p, t));
    }
}

/* What any plan of one direction keeps, but a mix of two plans may not: charging fits into the
 * room there was, discharging comes out of what there was. Not needed, but branch and bound is
 * many times quicker with it. */
static void add_room_rows(writer *w, size_t k, size_t t) {
    const vo_battery *b = &w->p->battery[k];
    const vo_battery_interval over = vo_battery_over(b, vo_lp_hours(w->p, t));
    const int64_t j = (int64_t)(k * w->p->n + t);
    double lo, hi;
    if (t == 0) return;
    stored_bounds(w, b, 0, &lo, &hi);
    add_row(w, -inf, hi);
    add_term(w, w->m->charge + j, over.gain);
    add_term(w, w->m->stored + j - 1, over.keep);
    add_row(w, -inf, -over.keep * lo);
    add_term(w, w->m->discharge + j, over.drain);
    add_term(w, w->m->stored + j - 1, -over.keep);
}

static void add_direction_rows(writer *w) {
    const size_t n = w->p->n;
    if (w->shape.any_order) return;
    for (size_t j = 0; j < w->p->n_batteries * n; j++) {
        if (!battery_needs_binary(w, j / n, j % n)) continue;
        add_direction(w, w->m->charge + (int64_t)j, charge_most(w, j / n, j % n),
                      w->m->discharge + (int64_t)j, discharge_most(w, j / n, j % n));
        add_room_rows(w, j / n, j % n);
    }
    for (size_t t = 0; t < n; t++)
        if (meter_needs_binary(w, t))
            add_direction(w, w->m->import_ + (int64_t)t, import_most(w, t),
                          w->m->export_ + (int64_t)t, export_most(w, t));
}

/* column - slack <= upper, or column + slack >= lower */
static void add_soft_upper(writer *w, int64_t column, double upper, vo_limit limit,
                           int64_t at) {
    add_row(w, -inf, upper);
    add_term(w, column, 1);
    add_term(w, next_slack(w, limit, at), -1);
}

static void add_soft_lower(writer *w, int64_t column, double lower, vo_limit limit,
                           int64_t at) {
    add_row(w, lower, inf);
    add_term(w, column, 1);
    add_term(w, next_slack(w, limit, at), 1);
}

static void add_soft_final(writer *w, const vo_battery *b, int64_t last) {
    const double cap = b->capacity_mwh / w->m->energy_unit;
    if (b->final_kind == VO_FINAL_AT_LEAST_INITIAL)
        add_soft_lower(w, last, b->initial_soc * cap, VO_LIMIT_FINAL_SOC, NONE);
    if (b->final_kind == VO_FINAL_AT_LEAST || b->final_kind == VO_FINAL_EXACT)
        add_soft_lower(w, last, b->final_soc * cap, VO_LIMIT_FINAL_SOC, NONE);
    if (b->final_kind == VO_FINAL_EXACT)
        add_soft_upper(w, last, b->final_soc * cap, VO_LIMIT_FINAL_SOC, NONE);
}

static void add_soft_rows(writer *w) {
    const vo_problem *p = w->p;
    const int64_t n = (int64_t)p->n;
    for (size_t k = 0; k < p->n_batteries; k++) {
        const vo_battery *b = &p->battery[k];
        const double cap = b->capacity_mwh / w->m->energy_unit;
        const int64_t first = w->m->stored + (int64_t)k * n;
        for (int64_t t = 0; b->min_soc > 0 && t < n; t++)
            add_soft_lower(w, first + t, b->min_soc * cap, VO_LIMIT_MIN_SOC, t);
        for (int64_t t = 0; b->max_soc < 1 && t < n; t++)
            add_soft_upper(w, first + t, b->max_soc * cap, VO_LIMIT_MAX_SOC, t);
        add_soft_final(w, b, first + n - 1);
    }
    for (int64_t t = 0; t < n; t++) {
        const double most_in = scaled(w, p->import_limit_mw, (size_t)t, inf);
        const double most_out = scaled(w, p->export_limit_mw, (size_t)t, inf);
        if (most_in < w->import_reach[t])
            add_soft_upper(w, w->m->import_ + t, most_in, VO_LIMIT_IMPORT_LIMIT, t);
        if (most_out < w->export_reach[t])
            add_soft_upper(w, w->m->export_ + t, most_out, VO_LIMIT_EXPORT_LIMIT, t);
    }
}

/* Sums of slack: one row per soft limit, then one over all. Open until a solver caps them. */
static void add_slack_sums(writer *w) {
    w->m->limit_row = (int32_t)w->rows;
    for (int limit = 0; limit <= VO_LP_SOFT_LIMITS; limit++) {
        add_row(w, -inf, inf);
        for (int64_t i = 0; i < w->slacks; i++)
            if (!w->counting &&
                (limit == VO_LP_SOFT_LIMITS || w->m->slack_limit[i] == (uint8_t)limit))
                add_term(w, w->m->slack + i, 1);
    }
    if (w->counting) w->terms += 2 * w->slacks;
}

static void write_model(writer *w) {
    w->cols = w->rows = w->terms = w->slacks = w->binaries = 0;
    add_battery_cols(w);
    add_meter_cols(w);
    add_other_cols(w);
    add_store_rows(w);
    add_meter_rows(w);
    add_cycle_rows(w);
    add_ramp_rows(w);
    add_peak_rows(w);
    add_direction_rows(w);
    w->m->limit_row = NONE;
    if (!w->shape.elastic) return;
    add_soft_rows(w);
    add_slack_sums(w);
}

/* ---- memory ------------------------------------------------------------------- */

static double largest_price(const vo_problem *p) {
    double most = p->demand_charge_per_mw;
    for (size_t t = 0; t < p->n; t++)
        most = fmax(most, fmax(fabs(vo_lp_buy(p, t)), fabs(vo_lp_sell(p, t))));
    for (size_t k = 0; k < p->n_batteries; k++) {
        most = fmax(most, p->battery[k].wear_cost_per_mwh);
        if (p->battery[k].final_kind == VO_FINAL_VALUE)
            most = fmax(most, fabs(p->battery[k].final_value_per_mwh));
    }
    return most > 0 ? most : 1;
}

static void set_units(vo_lp_model *m, const vo_problem *p) {
    m->n = p->n;
    m->n_batteries = p->n_batteries;
    m->price_unit = largest_price(p);
    for (size_t k = 0; k < p->n_batteries; k++)
        m->energy_unit = fmax(m->energy_unit, p->battery[k].capacity_mwh);
}

static bool needs_meter(const vo_problem *p, vo_lp_shape shape) {
    return shape.elastic || p->load_mw || p->pv_mw || p->n_batteries > 1 ||
           p->demand_charge_per_mw > 0;
}

static double *take_doubles(bool *ok, int64_t n) {
    double *v = vo_alloc_libc.zalloc(NULL, (size_t)(n + 1) * sizeof *v);
    if (!v) *ok = false;
    return v;
}

static int32_t *take_integers(bool *ok, int64_t n) {
    int32_t *v = vo_alloc_libc.zalloc(NULL, (size_t)(n + 1) * sizeof *v);
    if (!v) *ok = false;
    return v;
}

static vo_status refuse_size(const vo_problem *p, int64_t terms, vo_error *err) {
    return vo_fail(err, VO_EUNSUPPORTED,
                   "n = %zu intervals for %zu batteries make a linear program of %lld terms, "
                   "more than 2^31: use method exact or split the series",
                   p->n, p->n_batteries, (long long)terms);
}

static vo_status take_memory(const writer *w, vo_error *err) {
    vo_lp_model *m = w->m;
    const int64_t cols = w->cols + w->peaks + w->slacks + w->binaries;
    if (cols > INT32_MAX || w->rows >= INT32_MAX || w->terms >= INT32_MAX)
        return refuse_size(w->p, w->terms, err);
    m->n_cols = (int32_t)cols;
    m->n_rows = (int32_t)w->rows;
    m->n_terms = (int32_t)w->terms;
    m->n_peaks = (int32_t)w->peaks;
    m->n_slacks = (int32_t)w->slacks;
    m->n_binaries = (int32_t)w->binaries;
    bool ok = true;
    m->cost = take_doubles(&ok, m->n_cols);
    m->col_lower = take_doubles(&ok, m->n_cols);
    m->col_upper = take_doubles(&ok, m->n_cols);
    m->row_lower = take_doubles(&ok, m->n_rows);
    m->row_upper = take_doubles(&ok, m->n_rows);
    m->value = take_doubles(&ok, m->n_terms);
    m->row_start = take_integers(&ok, m->n_rows);
    m->column = take_integers(&ok, m->n_terms);
    m->slack_interval = take_integers(&ok, m->n_slacks);
    m->slack_limit = vo_alloc_libc.zalloc(NULL, (size_t)m->n_slacks + 1);
    m->direction =
        vo_alloc_libc.zalloc(NULL, ((size_t)m->n_binaries + 1) * sizeof *m->direction);
    if (ok && m->slack_limit && m->direction) return VO_OK;
    return vo_fail(err, VO_ENOMEM, "a linear program of %lld terms", (long long)w->terms);
}

vo_status vo_lp_model_create(const vo_problem *p, vo_lp_shape shape, vo_lp_model **out,
                             vo_error *err) {
    /* each battery's balance has four terms an interval: said before anything is added up */
    const int64_t least = 4 * (int64_t)(p->n * p->n_batteries);
    if (least > INT32_MAX) return refuse_size(p, least, err);
    vo_status status = VO_ENOMEM;
    bool ok = true;
    vo_lp_model *m = vo_alloc_libc.zalloc(NULL, sizeof *m);
    writer w = {.m = m, .p = p, .shape = shape, .metered = needs_meter(p, shape)};
    w.import_reach = take_doubles(&ok, (int64_t)p->n);
    w.export_reach = take_doubles(&ok, (int64_t)p->n);
    if (!m || !ok) {
        vo_fail(err, status, "a linear program for %zu intervals", p->n);
        goto fail;
    }
    set_units(m, p);
    set_reaches(&w);
    w.counting = true; /* peaks, slacks and binaries are 0 columns wide in this pass */
    write_model(&w);
    status = take_memory(&w, err);
    if (status != VO_OK) goto fail;
    w.counting = false;
    write_model(&w);
    *out = m;
    m = NULL;
fail:
    vo_alloc_libc.free(NULL, w.import_reach);
    vo_alloc_libc.free(NULL, w.export_reach);
    vo_lp_model_free(m);
    return status;
}

void vo_lp_model_free(vo_lp_model *m) {
    if (!m) return;
    void *const part[] = {m->cost,      m->col_lower,   m->col_upper,      m->row_lower,
                          m->row_upper, m->value,       m->row_start,      m->column,
                          m->direction, m->slack_limit, m->slack_interval, m};
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) vo_alloc_libc.free(NULL, part[i]);
}
