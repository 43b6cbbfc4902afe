/* test_lp_model.c -- each test states one promise of lp_model.h. */
#include "optimize/lp_model.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "support/random_problem.h"

static vo_lp_model *model_of(const vo_problem *p, vo_lp_shape shape) {
    vo_lp_model *m = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_lp_model_create(p, shape, &m, &err), VO_OK, "%s", err.msg);
    return m;
}

static vo_problem small_problem(vo_battery *b, const double *price, size_t n) {
    *b = vo_battery_default();
    vo_problem p = vo_problem_default();
    p.battery = b;
    p.price = price;
    p.n = n;
    return p;
}

static int32_t first_broken_row(const vo_lp_model *m, const double *x) {
    for (int32_t i = 0; i < m->n_rows; i++) {
        double sum = 0;
        for (int32_t k = m->row_start[i]; k < m->row_start[i + 1]; k++)
            sum += m->value[k] * x[m->column[k]];
        if (sum < m->row_lower[i] - 1e-9 || sum > m->row_upper[i] + 1e-9) return i;
    }
    return -1;
}

static double cost_of(const vo_lp_model *m, const double *x) {
    double sum = 0;
    for (int32_t j = 0; j < m->n_cols; j++) sum += m->cost[j] * x[j];
    return sum * m->energy_unit * m->price_unit;
}

Test(lp_model, a_plan_worked_out_by_hand_keeps_the_rows_and_costs_what_it_should) {
    vo_battery b;
    const double price[] = {10, 50};
    const vo_problem p = small_problem(&b, price, 2); /* 1 MW, 2 MWh, sqrt(0.9) each way */
    vo_lp_model *m = model_of(&p, (vo_lp_shape){0});
    const double r = sqrt(0.9), unit = 2;
    double x[] = {1 / unit, 0, 0, 0.9 / unit, r / unit, 0};
    cr_assert_eq(m->n_cols, 6);
    cr_assert_eq(m->n_rows, 2);
    cr_assert_eq(first_broken_row(m, x), -1);
    cr_assert(fabs(cost_of(m, x) - (10 - 0.9 * 50)) < 1e-12);
    x[3] = 1 / unit; /* as if nothing were lost */
    cr_assert_eq(first_broken_row(m, x), 1);
    vo_lp_model_free(m);
}

Test(lp_model, binaries_are_only_where_both_directions_could_pay) {
    vo_battery b;
    const double price[] = {10, -1, 30, -2, 0};
    vo_problem p = small_problem(&b, price, 5);
    vo_lp_model *m = model_of(&p, (vo_lp_shape){0});
    cr_assert_eq(m->n_binaries, 2);
    cr_assert_eq(m->direction[0].on, m->charge + 1);
    cr_assert_eq(m->direction[1].off, m->discharge + 3);
    vo_lp_model_free(m);

    b.wear_cost_per_mwh = 0.15; /* burning 1 MWh at -1 earns 0.1 and wears 0.9 * 0.15 */
    m = model_of(&p, (vo_lp_shape){0});
    cr_assert_eq(m->n_binaries, 1);
    vo_lp_model_free(m);

    b.wear_cost_per_mwh = 0;
    b.charge_efficiency = b.discharge_efficiency = 1;
    m = model_of(&p, (vo_lp_shape){0});
    cr_assert_eq(m->n_binaries, 0);
    vo_lp_model_free(m);
}

Test(lp_model, where_selling_pays_more_than_buying_costs_directions_exclude_each_other) {
    vo_battery b;
    const double price[] = {10, 20}, sell[] = {9, 21};
    vo_problem p = small_problem(&b, price, 2);
    p.export_price = sell;
    b.charge_efficiency = b.discharge_efficiency = 1;
    vo_lp_model *m = model_of(&p, (vo_lp_shape){0});
    cr_assert_eq(m->n_binaries, 1); /* even without losses */
    vo_lp_model_free(m);

    const double load[] = {1, 1};
    p.load_mw = load;
    m = model_of(&p, (vo_lp_shape){0});
    cr_assert_eq(m->n_binaries, 1);
    cr_assert_eq(m->direction[0].on, m->import_ + 1);
    cr_assert_eq(m->direction[0].off, m->export_ + 1);
    vo_lp_model_free(m);
}

/* Doing nothing at all, the meter taking what comes, breaks no hard row of an elastic model
 * once its slacks may be anything. */
Test(lp_model, an_elastic_model_has_room_for_doing_nothing) {
    for (uint64_t seed = 1; seed <= 300; seed++) {
        random_problem r;
        random_problem_init(&r, seed, random_problem_mask(seed, RANDOM_ALL), 20);
        const vo_problem *p = &r.p;
        vo_lp_model *m = model_of(p, (vo_lp_shape){.elastic = true});
        double *x = calloc((size_t)m->n_cols, sizeof *x);
        cr_assert(x != NULL);
        for (int32_t i = 0; i < m->n_slacks; i++) x[m->slack + i] = 1e6;
        for (size_t k = 0; k < p->n_batteries; k++) {
            double stored = p->battery[k].initial_soc * p->battery[k].capacity_mwh;
            for (size_t t = 0; t < p->n; t++) {
                stored *= vo_battery_over(&p->battery[k], vo_lp_hours(p, t)).keep;
                x[(size_t)m->stored + k * p->n + t] = stored / m->energy_unit;
            }
        }
        for (size_t t = 0; t < p->n; t++) {
            const double net =
                ((p->pv_mw ? p->pv_mw[t] : 0) - (p->load_mw ? p->load_mw[t] : 0)) *
                vo_lp_hours(p, t) / m->energy_unit;
            x[(size_t)m->import_ + t] = fmax(-net, 0);
            x[(size_t)m->export_ + t] = fmax(net, 0);
        }
        for (int32_t i = 0; i < m->n_peaks; i++) x[m->peak + i] = 1e6;
        for (int32_t i = 0; i < m->n_binaries; i++)
            x[m->binary + i] = x[m->direction[i].on] > 0 ? 1 : 0;
        cr_assert_eq(first_broken_row(m, x), -1, "seed %d, row %d", (int)seed,
                     (int)first_broken_row(m, x));
        free(x);
        vo_lp_model_free(m);
        random_problem_fini(&r);
    }
}

Test(lp_model, each_slack_is_summed_once_by_its_limit_and_once_in_all) {
    random_problem r;
    random_problem_init(&r, 5,
                        RANDOM_SOC_RANGE | RANDOM_FINAL_KIND | RANDOM_LOAD |
                            RANDOM_IMPORT_LIMIT | RANDOM_DAY_CYCLES | RANDOM_CYCLES,
                        20);
    vo_lp_model *m = model_of(&r.p, (vo_lp_shape){.elastic = true});
    int32_t *seen = calloc((size_t)m->n_slacks, sizeof *seen);
    cr_assert(seen != NULL && m->n_slacks > 0);
    for (int32_t limit = 0; limit <= VO_LP_SOFT_LIMITS; limit++) {
        const int32_t row = m->limit_row + limit;
        for (int32_t k = m->row_start[row]; k < m->row_start[row + 1]; k++) {
            const int32_t i = m->column[k] - m->slack;
            cr_assert(limit == VO_LP_SOFT_LIMITS || m->slack_limit[i] == limit);
            seen[i]++;
        }
    }
    for (int32_t i = 0; i < m->n_slacks; i++) cr_assert_eq(seen[i], 2);
    free(seen);
    vo_lp_model_free(m);
    random_problem_fini(&r);
}

Test(lp_model, bounds_that_exclude_each_other_are_seen_without_a_solver) {
    vo_battery b;
    const double price[] = {10, 50};
    const vo_problem p = small_problem(&b, price, 2);
    b.final_kind = VO_FINAL_EXACT, b.final_soc = 0.9, b.max_soc = 0.8;
    vo_lp_model *m = model_of(&p, (vo_lp_shape){0});
    cr_assert(m->contradictory);
    vo_lp_model_free(m);
    b.max_soc = 0.95;
    m = model_of(&p, (vo_lp_shape){0});
    cr_assert(!m->contradictory);
    vo_lp_model_free(m);
}

Test(lp_model, more_terms_than_an_index_can_count_are_refused) {
    vo_battery b[VO_MAX_BATTERIES];
    const double price[] = {1};
    vo_problem p = small_problem(&b[0], price, VO_MAX_INTERVALS);
    for (size_t k = 1; k < VO_MAX_BATTERIES; k++) b[k] = b[0];
    p.n_batteries = VO_MAX_BATTERIES;
    vo_lp_model *m = NULL;
    vo_error err = {0};
    cr_assert_eq(vo_lp_model_create(&p, (vo_lp_shape){0}, &m, &err), VO_EUNSUPPORTED);
    cr_assert(m == NULL && strstr(err.msg, "n = 10000000") != NULL, "%s", err.msg);
}

Test(lp_model, freeing_nothing_is_allowed) { vo_lp_model_free(NULL); }
