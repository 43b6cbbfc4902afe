/* test_problem.c -- names, defaults, refusals in words, and plans as memory. */
#include <volteo/schedule.h>

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INF ((double)INFINITY)
#define NOT_A_NUMBER ((double)NAN)

/* A problem in which everything is given and right, to be spoiled one thing at a time. */
enum { N = 4, COLUMNS = 10 };
typedef struct {
    vo_problem p;
    vo_battery b[2];
    double v[COLUMNS][N];
    int32_t day[N], period[N];
} fixture;

static void sound(fixture *f) {
    *f = (fixture){.p = vo_problem_default()};
    for (int i = 0; i < COLUMNS; i++)
        for (int t = 0; t < N; t++) f->v[i][t] = 1 + i + t;
    for (int t = 0; t < N; t++) f->day[t] = f->period[t] = 17000 + t / 2;
    f->b[0] = f->b[1] = vo_battery_default();
    vo_problem *p = &f->p;
    p->n = N;
    p->battery = f->b;
    p->n_batteries = 2;
    p->price = f->v[0], p->export_price = f->v[1], p->dt_h = f->v[2];
    p->charge_limit_mw = f->v[3], p->discharge_limit_mw = f->v[4];
    p->load_mw = f->v[5], p->pv_mw = f->v[6];
    p->import_limit_mw = f->v[7], p->export_limit_mw = f->v[8];
    p->carbon_kg_per_mwh = f->v[9];
    p->day = f->day, p->demand_period = f->period;
}

/* ---- refusals ------------------------------------------------------------------- */

/* What is done to the sound problem; and the field, the value and the remedy in the words that
 * refuse it. */
// clang-format off
#define REFUSALS(X)                                                                            \
    X(f->v[0][2] = NOT_A_NUMBER,      "price[2]",             "nan",   "fill or drop")         \
    X(f->v[0][0] = -NOT_A_NUMBER,     "price[0]",             "nan",   "fill or drop")         \
    X(f->v[0][3] = INF,               "price[3]",             "inf",   "fill or drop")         \
    X(f->v[0][1] = -2e9,              "price[1]",             "-2e+09", "fill or drop")        \
    X(f->v[1][3] = NOT_A_NUMBER,      "export_price[3]",      "nan",   "fill")                 \
    X(f->v[2][1] = 0,                 "dt_h[1]",              "0",     "hours")                \
    X(f->v[2][2] = -1,                "dt_h[2]",              "-1",    "hours")                \
    X(f->v[2][0] = 9000,              "dt_h[0]",              "9000",  "hours")                \
    X(f->v[3][1] = -0.5,              "charge_limit_mw[1]",   "-0.5",  "outage")               \
    X(f->v[4][0] = NOT_A_NUMBER,      "discharge_limit_mw[0]", "nan",  "outage")               \
    X(f->v[5][1] = -3,                "load_mw[1]",           "-3",    "pv_mw")                \
    X(f->v[5][3] = INF,               "load_mw[3]",           "inf",   "load")                 \
    X(f->v[6][2] = -0.001,            "pv_mw[2]",             "-0.001", "night to 0")          \
    X(f->v[7][0] = -1,                "import_limit_mw[0]",   "-1",    "infinity for none")    \
    X(f->v[8][2] = NOT_A_NUMBER,      "export_limit_mw[2]",   "nan",   "infinity for none")    \
    X(f->v[9][1] = -400,              "carbon_kg_per_mwh[1]", "-400",  "kg per MWh")           \
    X(f->day[2] = 16999,              "day[2]",               "16999", "sort")                 \
    X(f->period[3] = 3,               "demand_period[3]",     "3",     "sort")                 \
    X(f->p.n = 0,                     "n = 0",                "empty", "at least one")         \
    X(f->p.n = 1000000000,            "n = 1000000000",       "10000000", "split")             \
    X(f->p.n = VO_MAX_INTERVALS + 1,  "n = 10000001",         "10000000", "split")             \
    X(f->p.n = SIZE_MAX,              "n = ",                 "10000000", "split")             \
    X(f->p.price = NULL,              "price",                "missing", "one per interval")   \
    X((f->p.dt_h = NULL, f->p.interval_h = 0),  "interval_h", "0",     "hours")                \
    X((f->p.dt_h = NULL, f->p.interval_h = -1), "interval_h", "-1",    "hours")                \
    X((f->p.dt_h = NULL, f->p.interval_h = NOT_A_NUMBER), "interval_h", "nan", "hours")        \
    X((f->p.dt_h = NULL, f->p.interval_h = INF), "interval_h", "inf",  "hours")                \
    X(f->p.fee_per_mwh = -5,          "fee_per_mwh",          "-5",    "0 for none")           \
    X(f->p.fee_per_mwh = NOT_A_NUMBER, "fee_per_mwh",         "nan",   "0 for none")           \
    X(f->p.carbon_price_per_t = -1,   "carbon_price_per_t",   "-1",    "0 for none")           \
    X(f->p.demand_charge_per_mw = -9, "demand_charge_per_mw", "-9",    "0 for none")           \
    X(f->p.demand_charge_per_mw = INF, "demand_charge_per_mw", "inf",  "0 for none")           \
    X(f->p.ramp_mw_per_h = 0,         "ramp_mw_per_h",        "0",     "infinity")             \
    X(f->p.ramp_mw_per_h = NOT_A_NUMBER, "ramp_mw_per_h",     "nan",   "infinity")             \
    X(f->p.battery = NULL,            "n_batteries",          "0",     "1 to 64")              \
    X(f->p.n_batteries = 0,           "n_batteries",          "0",     "1 to 64")              \
    X(f->p.n_batteries = 65,          "n_batteries",          "65",    "1 to 64")              \
    X(f->b[0].charge_efficiency = 85, "charge_efficiency",    "85",    "0.85")                 \
    X(f->b[1].discharge_efficiency = 85, "discharge_efficiency", "85", "0.85")                 \
    X(f->b[1].initial_soc = 1.2,      "initial_soc",          "1.2",   "")                     \
    X(f->b[0].capacity_mwh = 0,       "capacity_mwh",         "0",     "MWh")                  \
    X(f->b[0].charge_mw = NOT_A_NUMBER, "charge_mw",          "nan",   "")                     \
    X(f->b[1].final_kind = 9,         "final_kind",           "9",     "free")                 \
    X(f->b[0].max_cycles_per_day = -1, "max_cycles_per_day",  "-1",    "")                     \
    X(f->b[0].max_cycles = NOT_A_NUMBER, "max_cycles",        "nan",   "")
// clang-format on

#define X(statement, field, value, remedy) {#statement, field, value, remedy},
static const struct {
    const char *statement, *field, *value, *remedy;
} refusal[] = {REFUSALS(X)};
#undef X
enum { REFUSALS_COUNT = sizeof refusal / sizeof refusal[0] };

static void spoil(fixture *f, int which) {
    int i = 0;
#define X(statement, field, value, remedy)                                                     \
    if (i++ == which) (void)(statement);
    REFUSALS(X)
#undef X
}

Test(problem, what_is_sound_is_accepted) {
    fixture f;
    sound(&f);
    vo_error err = {0};
    cr_assert_eq(vo_problem_check(&f.p, &err), VO_OK, "%s", err.msg);
}

Test(problem, each_wrong_thing_is_refused_with_field_value_and_remedy) {
    for (int i = 0; i < REFUSALS_COUNT; i++) {
        fixture f;
        vo_error err = {0};
        sound(&f);
        spoil(&f, i);
        const char *what = refusal[i].statement;
        cr_expect_eq(vo_problem_check(&f.p, &err), VO_EINVAL, "%s is accepted", what);
        cr_expect_eq(err.code, VO_EINVAL, "%s", what);
        cr_expect(strstr(err.msg, refusal[i].field), "%s: %s", what, err.msg);
        cr_expect(strstr(err.msg, refusal[i].value), "%s: %s", what, err.msg);
        cr_expect(strstr(err.msg, refusal[i].remedy), "%s: %s", what, err.msg);
        cr_expect_eq(vo_problem_check(&f.p, NULL), VO_EINVAL, "%s without a text", what);
    }
}

/* The caller's arrays may be as short as n says or shorter: a refused size reads none. */
Test(problem, a_refused_size_is_refused_before_anything_is_read) {
    fixture f;
    sound(&f);
    double *one = malloc(sizeof *one);
    cr_assert_not_null(one);
    *one = 20;
    f.p.price = one;
    f.p.n = 1000000000;
    cr_assert_eq(vo_problem_check(&f.p, NULL), VO_EINVAL);
    free(one);
}

Test(problem, the_bounds_themselves_are_accepted) {
    fixture f;
    sound(&f);
    vo_error err = {0};
    f.v[0][0] = -1e9, f.v[0][1] = 1e9;
    f.v[2][0] = 1e-6, f.v[2][3] = 8784;
    f.v[3][0] = f.v[4][0] = f.v[5][0] = f.v[6][0] = f.v[7][0] = f.v[8][0] = f.v[9][0] = 0;
    f.v[3][1] = f.v[4][1] = f.v[7][1] = f.v[8][1] = INF;
    f.p.ramp_mw_per_h = INF;
    f.day[0] = INT32_MIN, f.day[1] = f.day[2] = f.day[3] = INT32_MAX;
    cr_assert_eq(vo_problem_check(&f.p, &err), VO_OK, "%s", err.msg);
    f.p.n = 1;
    cr_assert_eq(vo_problem_check(&f.p, &err), VO_OK, "%s", err.msg);
    f.p.ramp_mw_per_h = 1e-9;
    cr_assert_eq(vo_problem_check(&f.p, &err), VO_OK, "%s", err.msg);
}

Test(problem, what_is_not_given_is_not_checked) {
    vo_problem p = vo_problem_default();
    const vo_battery b = vo_battery_default();
    const double price[] = {1, 2};
    p.n = 2, p.price = price, p.battery = &b;
    cr_assert_eq(vo_problem_check(&p, NULL), VO_OK);
    const double hours[] = {1, 0.5};
    p.dt_h = hours;
    p.interval_h = -1; /* not used where dt_h is */
    cr_assert_eq(vo_problem_check(&p, NULL), VO_OK);
}

/* ---- defaults and names --------------------------------------------------------- */

Test(problem, the_defaults_are_as_documented) {
    const vo_problem p = vo_problem_default();
    cr_assert(p.interval_h == 1 && isinf(p.ramp_mw_per_h) && p.n_batteries == 1);
    cr_assert(p.n == 0 && !p.price && !p.dt_h && !p.battery && p.fee_per_mwh == 0);
    const vo_schedule_options o = vo_schedule_options_default();
    cr_assert(o.method == VO_METHOD_AUTO && o.detail == VO_DETAIL_ALL && isinf(o.time_limit_s));
    cr_assert(o.low_percentile == 25 && o.high_percentile == 75);
}

Test(problem, every_limit_has_the_name_of_its_field) {
    static const char *const name[] = {
        "final_soc",       "min_soc",         "max_soc",
        "import_limit_mw", "export_limit_mw", "max_cycles_per_day",
        "max_cycles",      "charge_mw",       "discharge_mw",
        "energy_balance",  "one_direction",   "curtailment",
        "ramp_mw_per_h"};
    cr_assert_eq(VO_LIMIT_COUNT, sizeof name / sizeof name[0]);
    for (int32_t i = 0; i < VO_LIMIT_COUNT; i++) cr_assert_str_eq(vo_limit_name(i), name[i]);
    cr_assert_str_eq(vo_limit_name(-1), "?");
    cr_assert_str_eq(vo_limit_name(VO_LIMIT_COUNT), "?");
    cr_assert_str_eq(vo_limit_name(INT32_MAX), "?");
}

Test(problem, every_verdict_has_a_name) {
    cr_assert_str_eq(vo_verdict_name(VO_VERDICT_OPTIMAL), "optimal");
    cr_assert_str_eq(vo_verdict_name(VO_VERDICT_FEASIBLE), "feasible");
    cr_assert_str_eq(vo_verdict_name(VO_VERDICT_LEAST_VIOLATING), "least_violating");
    cr_assert_str_eq(vo_verdict_name(3), "?");
    cr_assert_str_eq(vo_verdict_name(-1), "?");
}

Test(problem, every_method_is_found_by_its_name) {
    static const char *const name[] = {"auto", "exact", "lp", "threshold", "spread", "cycle"};
    cr_assert_eq(VO_METHOD_COUNT, sizeof name / sizeof name[0]);
    for (int32_t i = 0; i < VO_METHOD_COUNT; i++) {
        vo_method m = VO_METHOD_COUNT;
        cr_assert_str_eq(vo_method_name(i), name[i]);
        cr_assert_eq(vo_method_parse(name[i], &m, NULL), VO_OK);
        cr_assert_eq((int32_t)m, i);
    }
    cr_assert_str_eq(vo_method_name(-1), "?");
    cr_assert_str_eq(vo_method_name(VO_METHOD_COUNT), "?");
}

Test(problem, an_unknown_method_is_refused_with_the_list_of_those_there_are) {
    char endless[3000];
    memset(endless, 'x', sizeof endless);
    endless[sizeof endless - 1] = '\0';
    const char *const unknown[] = {"", "Exact", "exact ", "milp", "lp\n", endless};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        vo_method m = VO_METHOD_SPREAD;
        vo_error err = {0};
        cr_assert_eq(vo_method_parse(unknown[i], &m, &err), VO_EINVAL, "\"%s\"", unknown[i]);
        cr_assert_eq(m, VO_METHOD_SPREAD);
        cr_assert(strstr(err.msg, "auto, exact, lp, threshold, spread, cycle"), "%s", err.msg);
    }
    vo_error err = {0};
    vo_method m;
    vo_method_parse("milp", &m, &err);
    cr_assert(strstr(err.msg, "\"milp\""), "%s", err.msg);
}

/* ---- plans ---------------------------------------------------------------------- */

static void fill(double *v, size_t n, double with) {
    for (size_t i = 0; i < n; i++) v[i] = with;
}

static void holds(const double *v, size_t n, double what) {
    for (size_t i = 0; i < n; i++)
        cr_assert_eq(v[i], what, "[%zu] = %g, not %g", i, v[i], what);
}

/* Each array is as long as the header says and shares nothing with the others; the sanitizer
 * sees the ends of the block. */
Test(problem, the_arrays_of_a_plan_are_whole_and_apart) {
    const size_t sizes[][2] = {{1, 1}, {5, 1}, {3, 2}, {24, 64}, {8760, 3}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const size_t n = sizes[i][0], b = sizes[i][1];
        vo_plan *plan = NULL;
        cr_assert_eq(vo_plan_create(n, b, &plan, NULL), VO_OK);
        cr_assert(plan->n == n && plan->n_batteries == b && isnan(plan->bound));
        cr_assert(plan->profit == 0 && plan->n_violations == 0 && plan->method[0] == '\0');
        double *const array[] = {
            plan->power_mw,     plan->stored_mwh, plan->curtailed_mw,
            plan->import_mw,    plan->export_mw,  plan->value_of_stored_mwh,
            plan->dual_per_mwh, plan->flip_below, plan->flip_above};
        const size_t length[] = {n * b, (n + 1) * b, n, n, n, n * b, n * b, n * b, n * b};
        for (int k = 0; k < 9; k++) holds(array[k], length[k], 0);
        for (int k = 0; k < 9; k++) fill(array[k], length[k], k + 1);
        for (int k = 0; k < 9; k++) holds(array[k], length[k], k + 1);
        vo_plan_free(plan);
    }
}

Test(problem, plans_of_impossible_size_are_refused_with_the_sizes) {
    const size_t sizes[][2] = {
        {0, 1},        {1, 0},        {VO_MAX_INTERVALS + 1u, 1}, {24, 65},
        {SIZE_MAX, 1}, {1, SIZE_MAX}, {SIZE_MAX, SIZE_MAX}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        vo_plan *plan = NULL;
        vo_error err = {0};
        char first[32];
        snprintf(first, sizeof first, "%zu intervals", sizes[i][0]);
        cr_assert_eq(vo_plan_create(sizes[i][0], sizes[i][1], &plan, &err), VO_EINVAL);
        cr_assert_null(plan);
        cr_assert(strstr(err.msg, first) && strstr(err.msg, "1..64"), "%s", err.msg);
    }
}

Test(problem, freeing_no_plan_is_allowed) { vo_plan_free(NULL); }

Test(problem, of_several_batteries_the_bad_one_is_named) {
    const double price[] = {1, 2};
    vo_battery two[] = {vo_battery_default(), vo_battery_default()};
    two[1].charge_efficiency = 85;
    vo_problem p = vo_problem_default();
    p.n = 2, p.price = price, p.battery = two, p.n_batteries = 2;
    vo_error err = {0};
    cr_assert_eq(vo_problem_check(&p, &err), VO_EINVAL);
    cr_assert(strncmp(err.msg, "battery[1]: charge_efficiency = 85", 34) == 0, "%s", err.msg);
    two[1].charge_efficiency = 0.85;
    p.reserved = 7;
    cr_assert_eq(vo_problem_check(&p, &err), VO_EINVAL);
    cr_assert(strncmp(err.msg, "reserved = 7", 12) == 0, "%s", err.msg);
}

Test(problem, what_would_drown_in_rounding_is_refused) {
    const double price[] = {1, 2};
    vo_battery b = vo_battery_default();
    vo_problem p = vo_problem_default();
    p.n = 2, p.price = price, p.battery = &b;
    vo_error err = {0};
    p.interval_h = 1e-310;
    cr_expect_eq(vo_problem_check(&p, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "interval_h"), "%s", err.msg);
    p.interval_h = 8784;
    b.self_discharge_per_h = 0.1;
    cr_expect_eq(vo_problem_check(&p, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "self_discharge_per_h = 0.1 leaves nothing"), "%s", err.msg);
    p.interval_h = 1;
    cr_expect_eq(vo_problem_check(&p, &err), VO_OK);
    b.charge_efficiency = 1e-9;
    cr_expect_eq(vo_problem_check(&p, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "charge_efficiency = 1e-09 is below"), "%s", err.msg);
    b.charge_efficiency = 1;
    b.capacity_mwh = 1e-9;
    cr_expect_eq(vo_problem_check(&p, &err), VO_EINVAL);
    cr_expect(strstr(err.msg, "capacity_mwh = 1e-09 is below"), "%s", err.msg);
}
