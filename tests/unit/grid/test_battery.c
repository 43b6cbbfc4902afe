/* test_battery.c -- each test states one promise of volteo/battery.h. */
#include <volteo/battery.h>

#include <criterion/criterion.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/random.h"

Test(battery, the_default_is_sound_and_as_documented) {
    const vo_battery b = vo_battery_default();
    cr_assert_eq(vo_battery_check(&b, NULL), VO_OK);
    cr_assert(b.charge_mw == 1 && b.discharge_mw == 1 && b.capacity_mwh == 2);
    cr_assert_float_eq(b.charge_efficiency * b.discharge_efficiency, 0.9, 1e-15);
    cr_assert(b.min_soc == 0 && b.max_soc == 1 && b.initial_soc == 0);
    cr_assert(isinf(b.max_cycles) && isinf(b.max_cycles_per_day));
    cr_assert_eq(b.final_kind, (int32_t)VO_FINAL_AT_LEAST_INITIAL);
    cr_assert(vo_battery_usable_mwh(&b) == 2);
}

Test(battery, usable_energy_is_between_min_and_max_soc) {
    vo_battery b = vo_battery_default();
    b.capacity_mwh = 10;
    b.min_soc = 0.25;
    b.max_soc = 0.75;
    cr_assert(vo_battery_usable_mwh(&b) == 5);
    b.max_soc = 0.25;
    cr_assert(vo_battery_usable_mwh(&b) == 0);
    cr_assert_eq(vo_battery_check(&b, NULL), VO_OK);
}

#define D(name) offsetof(vo_battery, name)

/* Every double of the struct, what it must refuse, and the words that must be in the answer. */
static const struct {
    size_t field;
    double value;
    const char *says[3];
} refusals[] = {
    {D(capacity_mwh), 0, {"capacity_mwh = 0", "MWh", ""}},
    {D(capacity_mwh), -1, {"capacity_mwh = -1", "", ""}},
    {D(capacity_mwh), 2e9, {"capacity_mwh = 2e+09", "1e9", ""}},
    {D(charge_mw), -2, {"charge_mw = -2", "without sign", ""}},
    {D(charge_mw), 2e9, {"charge_mw = 2e+09", "1e9", ""}},
    {D(discharge_mw), -2, {"discharge_mw = -2", "without sign", ""}},
    {D(charge_efficiency),
     85,
     {"charge_efficiency = 85 is not in (0, 1]: give a fraction, 0.85", "", ""}},
    {D(charge_efficiency), 0, {"charge_efficiency = 0", "(0, 1]", ""}},
    {D(discharge_efficiency), 90, {"discharge_efficiency = 90", "0.9", ""}},
    {D(discharge_efficiency), 120, {"discharge_efficiency = 120", "(0, 1]", ""}},
    {D(self_discharge_per_h), 2, {"self_discharge_per_h = 2", "0.02", ""}},
    {D(self_discharge_per_h), 1, {"self_discharge_per_h = 1", "0.01", ""}},
    {D(self_discharge_per_h), -0.1, {"self_discharge_per_h = -0.1", "fraction", ""}},
    {D(min_soc), 10, {"min_soc = 10", "0.1", ""}},
    {D(min_soc), -0.1, {"min_soc = -0.1", "[0, 1]", ""}},
    {D(max_soc), 90, {"max_soc = 90", "0.9", ""}},
    {D(initial_soc), 1.2, {"initial_soc = 1.2", "fraction", "0.012"}},
    {D(wear_cost_per_mwh), -1, {"wear_cost_per_mwh = -1", "", ""}},
    {D(max_cycles_per_day), -1, {"max_cycles_per_day = -1", "no limit", ""}},
    {D(max_cycles), -1, {"max_cycles = -1", "no limit", ""}},
    {D(capacity_mwh), (double)NAN, {"capacity_mwh = ", "nan", ""}},
    {D(capacity_mwh), (double)INFINITY, {"capacity_mwh = inf", "", ""}},
    {D(charge_mw), (double)NAN, {"charge_mw = ", "", ""}},
    {D(charge_mw), (double)INFINITY, {"charge_mw = inf", "", ""}},
    {D(discharge_mw), (double)NAN, {"discharge_mw = ", "", ""}},
    {D(charge_efficiency), (double)NAN, {"charge_efficiency = ", "", ""}},
    {D(discharge_efficiency), (double)NAN, {"discharge_efficiency = ", "", ""}},
    {D(self_discharge_per_h), (double)NAN, {"self_discharge_per_h = ", "", ""}},
    {D(min_soc), (double)NAN, {"min_soc = ", "", ""}},
    {D(max_soc), (double)NAN, {"max_soc = ", "", ""}},
    {D(initial_soc), (double)NAN, {"initial_soc = ", "", ""}},
    {D(wear_cost_per_mwh), (double)NAN, {"wear_cost_per_mwh = ", "", ""}},
    {D(wear_cost_per_mwh), (double)INFINITY, {"wear_cost_per_mwh = inf", "", ""}},
    {D(max_cycles_per_day), (double)NAN, {"max_cycles_per_day = ", "", ""}},
    {D(max_cycles), (double)NAN, {"max_cycles = ", "", ""}},
};

Test(battery, a_bad_field_is_refused_with_name_value_and_remedy) {
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        vo_battery b = vo_battery_default();
        memcpy((char *)&b + refusals[i].field, &refusals[i].value, sizeof(double));
        vo_error err = {0};
        cr_assert_eq(vo_battery_check(&b, &err), VO_EINVAL, "%s", refusals[i].says[0]);
        for (int k = 0; k < 3; k++)
            cr_assert_not_null(strstr(err.msg, refusals[i].says[k]), "%s", err.msg);
        cr_assert_not_null(strchr(err.msg, ':') ? err.msg : strstr(err.msg, "1e9"),
                           "no remedy in: %s", err.msg);
        cr_assert_eq(vo_battery_check(&b, NULL), VO_EINVAL);
    }
}

Test(battery, min_soc_above_max_soc_suggests_to_swap_them) {
    vo_battery b = vo_battery_default();
    b.min_soc = 0.9;
    b.max_soc = 0.5;
    vo_error err = {0};
    cr_assert_eq(vo_battery_check(&b, &err), VO_EINVAL);
    cr_assert_str_eq(err.msg, "min_soc = 0.9 is larger than max_soc = 0.5: swap them");
}

Test(battery, the_end_condition_is_checked_where_it_is_used) {
    vo_battery b = vo_battery_default();
    vo_error err = {0};
    b.final_soc = 50;
    b.final_value_per_mwh = (double)NAN;
    for (int32_t kind = 0; kind <= 4; kind++) {
        b.final_kind = kind;
        const bool used =
            kind == VO_FINAL_EXACT || kind == VO_FINAL_AT_LEAST || kind == VO_FINAL_VALUE;
        cr_assert_eq(vo_battery_check(&b, &err), used ? VO_EINVAL : VO_OK, "kind %d", kind);
        if (kind == VO_FINAL_EXACT)
            cr_assert_str_eq(err.msg, "final_soc = 50 is not in [0, 1]: give a fraction, 0.5");
        if (kind == VO_FINAL_VALUE) cr_assert_not_null(strstr(err.msg, "final_value_per_mwh"));
    }
    b.final_kind = 5;
    cr_assert_eq(vo_battery_check(&b, &err), VO_EINVAL);
    cr_assert_not_null(strstr(err.msg, "final_kind = 5"));
    b = vo_battery_default();
    b.reserved = 1;
    cr_assert_eq(vo_battery_check(&b, &err), VO_EINVAL);
}

Test(battery, a_start_outside_the_soc_limits_is_allowed) {
    vo_battery b = vo_battery_default();
    b.min_soc = 0.4;
    b.max_soc = 0.6;
    b.initial_soc = 0.1;
    cr_assert_eq(vo_battery_check(&b, NULL), VO_OK);
    b.initial_soc = 1;
    cr_assert_eq(vo_battery_check(&b, NULL), VO_OK);
}

/* ---- one interval -------------------------------------------------------------- */

Test(battery, without_self_discharge_an_interval_only_has_the_efficiencies) {
    vo_battery b = vo_battery_default();
    b.charge_efficiency = 0.9;
    b.discharge_efficiency = 0.8;
    const vo_battery_interval i = vo_battery_over(&b, 0.25);
    cr_assert(i.keep == 1 && i.gain == 0.9 && i.drain == 1 / 0.8);
}

Test(battery, self_discharge_keeps_the_stated_fraction_per_hour) {
    vo_battery b = vo_battery_default();
    b.self_discharge_per_h = 0.19;
    cr_assert_float_eq(vo_battery_over(&b, 1).keep, 0.81, 1e-15);
    cr_assert_float_eq(vo_battery_over(&b, 0.5).keep, 0.9, 1e-15);
}

static double after(const vo_battery *b, double stored, double power_mw, double dt_h) {
    const vo_battery_interval i = vo_battery_over(b, dt_h);
    const double charged = fmax(-power_mw, 0) * dt_h, discharged = fmax(power_mw, 0) * dt_h;
    return i.keep * stored + i.gain * charged - i.drain * discharged;
}

/* Property: the solution of the differential equation does not depend on where it is cut. */
Test(battery, two_half_intervals_leave_what_one_whole_leaves) {
    vo_random r = vo_random_seed(21, 0);
    for (int k = 0; k < 20000; k++) {
        vo_battery b = vo_battery_default();
        b.charge_efficiency = vo_random_between(&r, 0.5, 1);
        b.discharge_efficiency = vo_random_between(&r, 0.5, 1);
        b.self_discharge_per_h = k % 3 ? pow(10, vo_random_between(&r, -12, -0.01)) : 0;
        const double stored = vo_random_between(&r, 0, 10),
                     power = vo_random_between(&r, -3, 3),
                     dt_h = vo_random_between(&r, 0.01, 24), cut = vo_random_unit(&r) * dt_h;
        const double whole = after(&b, stored, power, dt_h);
        const double halves = after(&b, after(&b, stored, power, dt_h / 2), power, dt_h / 2);
        const double parts = after(&b, after(&b, stored, power, cut), power, dt_h - cut);
        const double tolerance = 1e-13 * (stored + 10 * dt_h);
        cr_assert_float_eq(halves, whole, tolerance, "%.17g %.17g", halves, whole);
        cr_assert_float_eq(parts, whole, tolerance);
    }
}

/* Against the differential equation, integrated in small steps by a fourth-order method. */
Test(battery, an_interval_solves_the_differential_equation) {
    vo_battery b = vo_battery_default();
    b.self_discharge_per_h = 0.05;
    const double rate = -log(1 - 0.05), dt_h = 3, into = 0.7 * b.charge_efficiency;
    double s = 4;
    const int steps = 3000;
    const double h = dt_h / steps;
    for (int k = 0; k < steps; k++) {
        const double k1 = into - rate * s, k2 = into - rate * (s + h / 2 * k1),
                     k3 = into - rate * (s + h / 2 * k2), k4 = into - rate * (s + h * k3);
        s += h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
    }
    cr_assert_float_eq(after(&b, 4, -0.7, dt_h), s, 1e-11);
}

Test(battery, tiny_self_discharge_is_continuous_with_none) {
    vo_battery b = vo_battery_default();
    const vo_battery_interval none = vo_battery_over(&b, 1);
    b.self_discharge_per_h = 1e-15;
    const vo_battery_interval tiny = vo_battery_over(&b, 1);
    cr_assert_float_eq(tiny.gain, none.gain, 1e-14);
    cr_assert_float_eq(tiny.drain, none.drain, 1e-14);
    cr_assert(tiny.keep < 1);
}
