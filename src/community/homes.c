/* homes.c -- refusals in words, before anything is computed: what a simulation may rely on later.
 *
 * A world is checked once; afterwards nobody looks for NAN, negative limits or times that go back.
 */
#include "community/homes.h"

#include <math.h>

vo_home_battery vo_home_battery_default(void) {
    const double each_way = sqrt(0.9);
    return (vo_home_battery){.capacity_kwh = 13.5,
                             .charge_kw = 5.0,
                             .discharge_kw = 5.0,
                             .charge_efficiency = each_way,
                             .discharge_efficiency = each_way,
                             .min_soc = 0.1,
                             .max_soc = 0.8,
                             .initial_soc = 0.45};
}

static vo_status check_at_least_0(const char *field, double value, vo_error *err) {
    if (value >= 0 && isfinite(value)) return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s = %g: give a finite number of at least 0", field, value);
}

static vo_status check_efficiency(const char *field, double value, vo_error *err) {
    if (value > 0 && value <= 1) return VO_OK;
    if (value > 1 && value <= 100)
        return vo_fail(err, VO_EINVAL,
                       "%s = %g: a fraction above 0 and up to 1; did you mean %g?", field,
                       value, value / 100);
    return vo_fail(err, VO_EINVAL, "%s = %g: give a fraction above 0 and up to 1", field,
                   value);
}

static vo_status check_soc(const char *field, double value, vo_error *err) {
    if (value >= 0 && value <= 1) return VO_OK;
    if (value > 1 && value <= 100)
        return vo_fail(err, VO_EINVAL, "%s = %g: a fraction 0..1; did you mean %g?", field,
                       value, value / 100);
    return vo_fail(err, VO_EINVAL, "%s = %g: give a fraction 0..1", field, value);
}

vo_status vo_home_battery_check(const vo_home_battery *b, vo_error *err) {
    vo_status st = check_at_least_0("capacity_kwh", b->capacity_kwh, err);
    if (st == VO_OK) st = check_at_least_0("charge_kw", b->charge_kw, err);
    if (st == VO_OK) st = check_at_least_0("discharge_kw", b->discharge_kw, err);
    if (st == VO_OK) st = check_efficiency("charge_efficiency", b->charge_efficiency, err);
    if (st == VO_OK)
        st = check_efficiency("discharge_efficiency", b->discharge_efficiency, err);
    if (st == VO_OK) st = check_soc("min_soc", b->min_soc, err);
    if (st == VO_OK) st = check_soc("max_soc", b->max_soc, err);
    if (st == VO_OK) st = check_soc("initial_soc", b->initial_soc, err);
    if (st != VO_OK) return st;
    if (b->min_soc > b->max_soc)
        return vo_fail(err, VO_EINVAL, "min_soc = %g is above max_soc = %g: exchange them",
                       b->min_soc, b->max_soc);
    if (b->initial_soc < b->min_soc || b->initial_soc > b->max_soc)
        return vo_fail(err, VO_EINVAL,
                       "initial_soc = %g lies outside min_soc..max_soc = %g..%g: begin within",
                       b->initial_soc, b->min_soc, b->max_soc);
    return VO_OK;
}

vo_status vo_crew_run(const vo_crew *crew, size_t n,
                      vo_status (*work)(void *arg, size_t i, size_t worker, vo_error *err),
                      void *arg, vo_error *err) {
    if (crew->run && crew->workers > 1 && n > 1) return crew->run(crew->ctx, n, work, arg, err);
    for (size_t i = 0; i < n; i++) {
        vo_status st = work(arg, i, 0, err);
        if (st != VO_OK) return st;
    }
    return VO_OK;
}

static vo_status check_sizes(const vo_homes *h, vo_error *err) {
    if (h->homes == 0 || h->homes > VO_MAX_HOMES)
        return vo_fail(err, VO_EINVAL, "homes = %zu: give 1..%u", h->homes, VO_MAX_HOMES);
    if (h->first >= h->steps)
        return vo_fail(err, VO_EINVAL,
                       "first = %zu of steps = %zu: at least one interval must be played",
                       h->first, h->steps);
    if (h->steps > 10000000)
        return vo_fail(err, VO_EINVAL, "steps = %zu: give at most 10 000 000", h->steps);
    if (!(h->dt_h > 0 && h->dt_h <= 24))
        return vo_fail(err, VO_EINVAL, "dt_h = %g: give hours above 0 and up to 24", h->dt_h);
    if (!h->start || !h->day || !h->buy || !h->sell || !h->battery || !h->zone)
        return vo_fail(err, VO_EINVAL,
                       "start, day, zone, buy, sell and battery: none of them may be missing");
    if (h->crew.run ? h->crew.workers < 1 : h->crew.workers > 1)
        return vo_fail(err, VO_EINVAL, "crew.workers = %zu: %s", h->crew.workers,
                       h->crew.run ? "give at least 1" : "without crew.run there is but one");
    return VO_OK;
}

/* Not a number is no limit either. */
static vo_status check_limit(const char *field, double value, vo_error *err) {
    if (value >= 0) return VO_OK;
    return vo_fail(err, VO_EINVAL, "%s = %g: give at least 0, or INFINITY for no limit", field,
                   value);
}

static vo_status check_step(const vo_homes *h, size_t t, vo_error *err) {
    if (t > 0 && h->start[t].s <= h->start[t - 1].s)
        return vo_fail(err, VO_EINVAL,
                       "start[%zu] = %lld is not after the one before: sort them", t,
                       (long long)h->start[t].s);
    if (t > 0 && h->day[t] < h->day[t - 1])
        return vo_fail(err, VO_EINVAL, "day[%zu] = %d goes back: number days upwards", t,
                       (int)h->day[t]);
    if (!isfinite(h->buy[t]) || !isfinite(h->sell[t]) || fabs(h->buy[t]) > 1000 ||
        fabs(h->sell[t]) > 1000)
        return vo_fail(
            err, VO_EINVAL,
            "buy[%zu] = %g, sell[%zu] = %g: give prices per kWh between -1000 and 1000", t,
            h->buy[t], t, h->sell[t]);
    return VO_OK;
}

static vo_status check_home(const vo_homes *h, size_t i, vo_error *err) {
    vo_error inner = {0};
    if (vo_home_battery_check(&h->battery[i], &inner) != VO_OK)
        return vo_fail(err, VO_EINVAL, "battery of home %zu: %s", i + 1, inner.msg);
    if (h->honesty && h->honesty[i] > VO_LIES_BIDS)
        return vo_fail(err, VO_EINVAL, "honesty[%zu] = %d: give 0 (honest), 1 or 2", i,
                       (int)h->honesty[i]);
    return VO_OK;
}

vo_status vo_homes_check(const vo_homes *h, vo_error *err) {
    vo_status st = check_sizes(h, err);
    if (st == VO_OK) st = check_limit("import_limit_kwh", h->import_limit_kwh, err);
    if (st == VO_OK) st = check_limit("export_limit_kwh", h->export_limit_kwh, err);
    if (st == VO_OK) st = check_limit("feeder_kwh", h->feeder_kwh, err);
    for (size_t t = 0; st == VO_OK && t < h->steps; t++) st = check_step(h, t, err);
    for (size_t i = 0; st == VO_OK && i < h->homes; i++) st = check_home(h, i, err);
    return st;
}
