/* battery.c -- see volteo/battery.h for the contract.
 *
 * With self-discharge at rate r = -ln(1-d) per hour and constant power u into the store,
 *     ds/dt = u - r s   =>   s(dt) = e^(-r dt) s(0) + u dt * (1 - e^(-r dt)) / (r dt),
 * which is keep * s + f * (energy into the store). Solving the equation rather than stepping it
 * is what makes two half intervals equal one whole.
 */
#include <volteo/battery.h>

#include <math.h>

#define MAX_SIZE 1e9          /* MW, MWh: a thousand times the installed power of the world */
#define LEAST_EFFICIENCY 1e-3 /* below it actions drown in the rounding of the store */
#define LEAST_CAPACITY 1e-6   /* MWh */
#define MAX_MONEY 1e12        /* per MWh */

vo_battery vo_battery_default(void) {
    const double each_way = sqrt(0.9);
    return (vo_battery){
        .capacity_mwh = 2,
        .charge_mw = 1,
        .discharge_mw = 1,
        .charge_efficiency = each_way,
        .discharge_efficiency = each_way,
        .max_soc = 1,
        .max_cycles_per_day = (double)INFINITY,
        .max_cycles = (double)INFINITY,
        .final_kind = VO_FINAL_AT_LEAST_INITIAL,
    };
}

double vo_battery_usable_mwh(const vo_battery *b) {
    return (b->max_soc - b->min_soc) * b->capacity_mwh;
}

vo_battery_interval vo_battery_over(const vo_battery *b, double dt_h) {
    const double log_keep = dt_h * log1p(-b->self_discharge_per_h);
    const double f = log_keep < 0 ? expm1(log_keep) / log_keep : 1;
    return (vo_battery_interval){
        .keep = exp(log_keep),
        .gain = b->charge_efficiency * f,
        .drain = f / b->discharge_efficiency,
    };
}

/* ---- check: comparisons are written so that NaN fails them -------------------- */

static vo_status check_efficiency(const char *name, double v, vo_error *err) {
    if (v >= LEAST_EFFICIENCY && v <= 1) return VO_OK;
    if (v > 0 && v < LEAST_EFFICIENCY)
        return vo_fail(err, VO_EINVAL, "%s = %g is below %g: a battery loses less than that",
                       name, v, LEAST_EFFICIENCY);
    if (v > 1 && v <= 100)
        return vo_fail(err, VO_EINVAL, "%s = %g is not in (0, 1]: give a fraction, %g", name, v,
                       v / 100);
    return vo_fail(err, VO_EINVAL, "%s = %g is not in (0, 1]: give MWh out per MWh in", name,
                   v);
}

static vo_status check_soc(const char *name, double v, vo_error *err) {
    if (v >= 0 && v <= 1) return VO_OK;
    if (v > 1 && v <= 100)
        return vo_fail(err, VO_EINVAL, "%s = %g is not in [0, 1]: give a fraction, %g", name, v,
                       v / 100);
    return vo_fail(err, VO_EINVAL, "%s = %g is not in [0, 1]: give a fraction of capacity_mwh",
                   name, v);
}

static vo_status check_size(const char *name, double v, vo_error *err) {
    if (v >= 0 && v <= MAX_SIZE) return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s = %g is not in 0..1e9%s", name, v,
                   v < 0 ? ": give it without sign, the action has the direction" : " MW");
}

static vo_status check_cycles(const char *name, double v, vo_error *err) {
    if (v >= 0) return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s = %g is not 0 or more: leave it out for no limit", name,
                   v);
}

static vo_status check_socs(const vo_battery *b, vo_error *err) {
    vo_status st = check_soc("min_soc", b->min_soc, err);
    if (st == VO_OK) st = check_soc("max_soc", b->max_soc, err);
    if (st == VO_OK && b->min_soc > b->max_soc)
        st = vo_fail(err, VO_EINVAL, "min_soc = %g is larger than max_soc = %g: swap them",
                     b->min_soc, b->max_soc);
    if (st == VO_OK) st = check_soc("initial_soc", b->initial_soc, err);
    return st;
}

static vo_status check_final(const vo_battery *b, vo_error *err) {
    switch (b->final_kind) {
    case VO_FINAL_AT_LEAST_INITIAL:
    case VO_FINAL_FREE:
        return VO_OK;
    case VO_FINAL_EXACT:
    case VO_FINAL_AT_LEAST:
        return check_soc("final_soc", b->final_soc, err);
    case VO_FINAL_VALUE:
        if (fabs(b->final_value_per_mwh) <= MAX_MONEY) return VO_OK;
        return vo_fail(err, VO_EINVAL,
                       "final_value_per_mwh = %g is not within +-1e12: give currency per MWh",
                       b->final_value_per_mwh);
    default:
        return vo_fail(err, VO_EINVAL,
                       "final_kind = %d is none of 0 at least initial, 1 exact, 2 at least, "
                       "3 free, 4 value",
                       (int)b->final_kind);
    }
}

static vo_status check_rates(const vo_battery *b, vo_error *err) {
    const double d = b->self_discharge_per_h;
    if (d >= 1 && d <= 100)
        return vo_fail(err, VO_EINVAL,
                       "self_discharge_per_h = %g is not in [0, 1): give a fraction, %g", d,
                       d / 100);
    if (!(d >= 0 && d < 1))
        return vo_fail(err, VO_EINVAL,
                       "self_discharge_per_h = %g is not in [0, 1): give the fraction of the "
                       "stored energy lost in an hour",
                       d);
    if (!(b->wear_cost_per_mwh >= 0 && b->wear_cost_per_mwh <= MAX_MONEY))
        return vo_fail(err, VO_EINVAL,
                       "wear_cost_per_mwh = %g is not in 0..1e12: give currency per MWh "
                       "discharged",
                       b->wear_cost_per_mwh);
    return VO_OK;
}

vo_status vo_battery_check(const vo_battery *b, vo_error *err) {
    if (b->capacity_mwh > 0 && b->capacity_mwh < LEAST_CAPACITY)
        return vo_fail(err, VO_EINVAL, "capacity_mwh = %g is below %g, a watt-hour: give MWh",
                       b->capacity_mwh, LEAST_CAPACITY);
    if (!(b->capacity_mwh > 0 && b->capacity_mwh <= MAX_SIZE))
        return vo_fail(
            err, VO_EINVAL,
            "capacity_mwh = %g is not in (0, 1e9]: give the energy it stores, in MWh",
            b->capacity_mwh);
    vo_status st = check_size("charge_mw", b->charge_mw, err);
    if (st == VO_OK) st = check_size("discharge_mw", b->discharge_mw, err);
    if (st == VO_OK) st = check_efficiency("charge_efficiency", b->charge_efficiency, err);
    if (st == VO_OK)
        st = check_efficiency("discharge_efficiency", b->discharge_efficiency, err);
    if (st == VO_OK) st = check_rates(b, err);
    if (st == VO_OK) st = check_socs(b, err);
    if (st == VO_OK) st = check_final(b, err);
    if (st == VO_OK) st = check_cycles("max_cycles_per_day", b->max_cycles_per_day, err);
    if (st == VO_OK) st = check_cycles("max_cycles", b->max_cycles, err);
    if (st == VO_OK && b->reserved != 0)
        st = vo_fail(err, VO_EINVAL, "reserved = %d: set it to 0 (start from the default)",
                     (int)b->reserved);
    return st;
}
