/* exact.c -- the exact method's speed: beside HiGHS and CBC, over sizes, price signs and
 * fleets.
 *
 * Synthetic prices (daily and half-daily waves and an AR(1) rest), 1 MW / 4 MWh, round trip
 * 0.9, full answers: plan, values of stored energy, flip prices. HiGHS solves the same problem
 * as an LP (simplex, its default; 1 thread), CBC as a MILP with one binary per interval; their
 * time is that of the solver alone. Every pair must agree on the profit. Times are the least of
 * several. ratio: peer / ours where a peer is beside us, else ours / what it is compared with
 * or limited to.
 * --quick: fewer repetitions, and HiGHS is not asked for the year of five minutes.
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <volteo/schedule.h>

#include "base/random.h"
#include "optimize/cycle.h"
#include "optimize/exact.h"
#include "optimize/spread.h"
#include "optimize/threshold.h"
#include "port/clock.h"
#include "port/thread.h"

#ifdef VOLTEO_HAVE_CBC
#include <coin/Cbc_C_Interface.h>
#endif

/* HiGHS's C header defines its constants in every file that includes it, and lp_highs.c is
 * linked here too: so what is called is declared, as of HiGHS 1.15. */
void *Highs_create(void);
void Highs_destroy(void *h);
int Highs_setBoolOptionValue(void *h, const char *option, int value);
int Highs_setIntOptionValue(void *h, const char *option, int value);
int Highs_passLp(void *h, int columns, int rows, int entries, int format, int sense,
                 double offset, const double *cost, const double *lower, const double *upper,
                 const double *row_lower, const double *row_upper, const int *start,
                 const int *index, const double *value);
int Highs_run(void *h);
double Highs_getObjectiveValue(const void *h);
enum { BY_COLUMNS = 1, MINIMIZE = 1 };

enum { HOURS = 8760, FIVE_MINUTES = 12 * HOURS, NODES = 2500 };

static bool quick;

static void check(vo_status st, const vo_error *err) {
    if (st == VO_OK) return;
    fprintf(stderr, "exact: %s\n", err->msg);
    exit(1);
}

static void line(const char *claim, const char *metric, double ours, double peer, double ratio,
                 const char *unit) {
    printf("%s,%s,%.6g,%.6g,%.4g,%s\n", claim, metric, ours, peer, ratio, unit);
    fflush(stdout);
}

/* ---- problems ------------------------------------------------------------------------ */

typedef struct {
    vo_problem p;
    vo_battery b;
    double *price;
} site;

static void fill_prices(double *price, size_t n, double dt_h, double mean, uint64_t stream) {
    vo_random r = vo_random_seed(1, stream);
    const double keep = pow(0.9, dt_h), spread = 4 * sqrt(dt_h), day = acos(-1) / 12;
    double rest = 0;
    for (size_t t = 0; t < n; t++) {
        const double h = (double)t * dt_h;
        rest = rest * keep + vo_random_normal(&r) * spread;
        const double p = mean + 20 * sin((h - 9) * day) + 8 * sin(2 * h * day) + rest;
        price[t] = round(100 * p) / 100;
        if (mean > 30 && price[t] < 0) price[t] = 0;
    }
}

static void open_site(site *s, size_t n, double dt_h) {
    s->price = malloc(n * sizeof *s->price);
    if (!s->price) check(VO_ENOMEM, &(vo_error){.msg = "no memory for prices"});
    s->b = vo_battery_default();
    s->b.capacity_mwh = 4;
    s->p = vo_problem_default();
    s->p.n = n;
    s->p.interval_h = dt_h;
    s->p.price = s->price;
    s->p.battery = &s->b;
}

/* ---- ours ------------------------------------------------------------------------------ */

typedef struct {
    double seconds, profit;
} answer;

static answer solve(const vo_problem *p, vo_detail detail, int repeat, vo_plan **keep) {
    vo_error err = {0};
    vo_exact *e = NULL;
    vo_plan *plan = NULL;
    bool feasible = false, closed = false;
    answer a = {.seconds = HUGE_VAL};
    check(vo_exact_create(NULL, &e, &err), &err);
    check(vo_plan_create(p->n, 1, &plan, &err), &err);
    for (int i = 0; i < repeat; i++) {
        const double from = vo_clock_monotonic_s();
        check(vo_exact_solve(e, p, detail, plan, &feasible, &closed, &err), &err);
        a.seconds = fmin(a.seconds, vo_clock_monotonic_s() - from);
    }
    a.profit = plan->profit;
    vo_exact_free(e);
    if (keep)
        *keep = plan;
    else
        vo_plan_free(plan);
    return a;
}

/* ---- peers ------------------------------------------------------------------------------- */

/* Columns c, d, s per interval and one row each:
 * s_t - s_{t-1} - gain dt c + drain dt d = 0; with `binaries` a fourth column b, and rows
 * c - P b <= 0, d + P b <= P. */
typedef struct {
    int columns, rows, entries, *start, *index;
    double *value, *cost, *lower, *upper, *row_lower, *row_upper;
} program;

static void *room(size_t count, size_t width) {
    void *p = calloc(count, width);
    if (!p) check(VO_ENOMEM, &(vo_error){.msg = "no memory for the peer's program"});
    return p;
}

static void put(program *g, int row, double value) {
    g->index[g->entries] = row;
    g->value[g->entries++] = value;
}

static void next_column(program *g, double cost, double upper) {
    g->cost[g->columns] = cost;
    g->upper[g->columns] = upper;
    g->start[++g->columns] = g->entries;
}

static program write_program(const vo_problem *p, bool binaries) {
    const size_t n = p->n, per = binaries ? 4 : 3, rows = binaries ? 3 * n : n;
    const vo_battery *b = p->battery;
    const double dt = p->interval_h, free = (double)INFINITY;
    program g = {.rows = (int)rows,
                 .start = room(per * n + 1, sizeof(int)),
                 .index = room(8 * n, sizeof(int)),
                 .value = room(8 * n, sizeof(double)),
                 .cost = room(per * n, sizeof(double)),
                 .lower = room(per * n, sizeof(double)),
                 .upper = room(per * n, sizeof(double)),
                 .row_lower = room(rows, sizeof(double)),
                 .row_upper = room(rows, sizeof(double))};
    for (int t = 0, m = (int)n; t < m; t++) {
        put(&g, t, -b->charge_efficiency * dt);
        if (binaries) put(&g, m + t, 1);
        next_column(&g, p->price[t] * dt, b->charge_mw);
        put(&g, t, dt / b->discharge_efficiency);
        if (binaries) put(&g, 2 * m + t, 1);
        next_column(&g, -p->price[t] * dt, b->discharge_mw);
        put(&g, t, 1);
        if (t + 1 < m) put(&g, t + 1, -1);
        next_column(&g, 0, b->capacity_mwh);
        if (!binaries) continue;
        put(&g, m + t, -b->charge_mw);
        put(&g, 2 * m + t, b->discharge_mw);
        next_column(&g, 0, 1);
        g.row_lower[m + t] = g.row_lower[2 * m + t] = -free;
        g.row_upper[2 * m + t] = b->discharge_mw;
    }
    return g;
}

static void drop_program(program *g) {
    int *ints[] = {g->start, g->index};
    double *doubles[] = {g->value, g->cost, g->lower, g->upper, g->row_lower, g->row_upper};
    for (size_t i = 0; i < 2; i++) free(ints[i]);
    for (size_t i = 0; i < 6; i++) free(doubles[i]);
}

static answer ask_highs(const vo_problem *p) {
    program g = write_program(p, false);
    void *h = Highs_create();
    Highs_setBoolOptionValue(h, "output_flag", 0);
    Highs_setIntOptionValue(h, "threads", 1);
    Highs_passLp(h, g.columns, g.rows, g.entries, BY_COLUMNS, MINIMIZE, 0, g.cost, g.lower,
                 g.upper, g.row_lower, g.row_upper, g.start, g.index, g.value);
    const double from = vo_clock_monotonic_s();
    Highs_run(h);
    const answer a = {vo_clock_monotonic_s() - from, -Highs_getObjectiveValue(h)};
    Highs_destroy(h);
    drop_program(&g);
    return a;
}

#ifdef VOLTEO_HAVE_CBC
static answer ask_cbc(const vo_problem *p) {
    program g = write_program(p, true);
    Cbc_Model *m = Cbc_newModel();
    Cbc_setParameter(m, "logLevel", "0");
    Cbc_loadProblem(m, g.columns, g.rows, g.start, g.index, g.value, g.lower, g.upper, g.cost,
                    g.row_lower, g.row_upper);
    for (int t = 3; t < g.columns; t += 4) Cbc_setInteger(m, t);
    const double from = vo_clock_monotonic_s();
    Cbc_solve(m);
    const answer a = {vo_clock_monotonic_s() - from, -Cbc_getObjValue(m)};
    Cbc_deleteModel(m);
    drop_program(&g);
    return a;
}
#endif

static void must_agree(const char *what, double ours, double peer, double relative) {
    if (fabs(ours - peer) <= relative * fmax(1, fabs(ours))) return;
    fprintf(stderr, "exact: %s: our profit is %.9g, the peer's %.9g\n", what, ours, peer);
    exit(1);
}

/* ---- claims ----------------------------------------------------------------------- */

static void beside_highs(const char *claim, size_t n, double dt_h, bool ask, int repeat) {
    site s;
    open_site(&s, n, dt_h);
    fill_prices(s.price, n, dt_h, 50, 2);
    const answer ours = solve(&s.p, VO_DETAIL_VALUES, repeat, NULL);
    const answer flips = solve(&s.p, VO_DETAIL_ALL, repeat, NULL);
    answer peer = {(double)NAN, (double)NAN};
    if (ask) {
        peer = ask_highs(&s.p);
        for (int i = 1; i < (n > HOURS ? 1 : 3); i++)
            peer.seconds = fmin(peer.seconds, ask_highs(&s.p).seconds);
        must_agree(claim, ours.profit, peer.profit, 1e-6);
    }
    line(claim, "plan_and_duals", ours.seconds * 1e3, peer.seconds * 1e3,
         peer.seconds / ours.seconds, "ms");
    line(claim, "plan_duals_and_flip_prices", flips.seconds * 1e3, peer.seconds * 1e3,
         peer.seconds / flips.seconds, "ms");
    free(s.price);
}

static double per_interval_ns(size_t n, double dt_h, double mean, bool flat, int repeat) {
    site s;
    open_site(&s, n, dt_h);
    fill_prices(s.price, n, dt_h, mean, 2);
    for (size_t t = 0; t < n && flat; t++) s.price[t] = mean;
    const answer a = solve(&s.p, VO_DETAIL_ALL, repeat, NULL);
    free(s.price);
    return a.seconds / (double)n * 1e9;
}

static void over_sizes_and_signs(void) {
    const int few = quick ? 3 : 10, many = quick ? 20 : 200;
    const double hourly = per_interval_ns(HOURS, 1, 50, false, many);
    const double fine = per_interval_ns(FIVE_MINUTES, 1.0 / 12, 50, false, few);
    const double five_years = per_interval_ns(5 * FIVE_MINUTES, 1.0 / 12, 50, false, few);
    const double sixty_years = per_interval_ns(60 * HOURS, 1, 50, false, few);
    const double flat = per_interval_ns(HOURS, 1, 50, true, many);
    const double negative = per_interval_ns(HOURS, 1, 5, false, many / 4);
    const double fine_negative = per_interval_ns(HOURS, 1.0 / 12, 5, false, few);
    line("length", "525600_hourly_vs_8760", sixty_years, hourly, sixty_years / hourly,
         "ns/interval");
    line("length", "525600_five_minute_vs_8760_hourly", five_years, hourly, five_years / hourly,
         "ns/interval");
    line("negative", "hourly_vs_positive", negative, hourly, negative / hourly, "ns/interval");
    line("negative", "five_minute_vs_positive", fine_negative, fine, fine_negative / fine,
         "ns/interval");
    line("flat", "hourly_vs_positive", flat, hourly, flat / hourly, "ns/interval");
}

static void random_signs(void) {
    enum { N = 1344 };
    site s;
    open_site(&s, N, 1);
    vo_random r = vo_random_seed(0, 1);
    for (size_t t = 0; t < N; t++) s.price[t] = vo_random_between(&r, -1000, 1000);
    s.b.charge_mw = s.b.discharge_mw = 2;
    s.b.charge_efficiency = 0.9;
    s.b.discharge_efficiency = 1;
    const answer ours = solve(&s.p, VO_DETAIL_ALL, quick ? 20 : 200, NULL);
    answer peer = {(double)NAN, (double)NAN};
#ifdef VOLTEO_HAVE_CBC
    peer = ask_cbc(&s.p);
    must_agree("random_signs", ours.profit, peer.profit, 1e-5); /* CBC stops at a gap */
#endif
    line("random_signs", "1344_intervals_time", ours.seconds * 1e3, peer.seconds * 1e3,
         peer.seconds / ours.seconds, "ms");
    free(s.price);
}

/* 8 760 decisions, each on the next 48 hours, with the energy that the last one left. */
static double roll(vo_exact *e, const site *s) {
    vo_error err = {0};
    vo_battery b = s->b;
    vo_problem p = s->p;
    p.battery = &b;
    p.n = 48;
    const double from = vo_clock_monotonic_s();
    for (size_t t = 0; t < HOURS; t++) {
        double power = 0;
        bool feasible = false;
        p.price = s->price + t;
        check(vo_exact_first(e, &p, &power, &feasible, &err), &err);
        const double soc =
            b.initial_soc * b.capacity_mwh -
            (power > 0 ? power / b.discharge_efficiency : power * b.charge_efficiency);
        b.initial_soc = fmin(fmax(soc / b.capacity_mwh, 0), 1);
    }
    return vo_clock_monotonic_s() - from;
}

static void rolling_year(void) {
    site s;
    vo_exact *e = NULL;
    vo_error err = {0};
    double best = HUGE_VAL;
    open_site(&s, HOURS + 48, 1);
    fill_prices(s.price, HOURS + 48, 1, 50, 2);
    s.b.final_kind = VO_FINAL_FREE;
    check(vo_exact_create(NULL, &e, &err), &err);
    for (int i = 0; i < 3; i++) best = fmin(best, roll(e, &s));
    line("rolling_year", "8760_plans_of_48_h_vs_limit", best * 1e3, 100, best * 1e3 / 100,
         "ms");
    vo_exact_free(e);
    free(s.price);
}

static void certified(void) {
    site s;
    vo_plan *plan = NULL;
    vo_certificate cert;
    vo_error err = {0};
    open_site(&s, HOURS, 1);
    fill_prices(s.price, HOURS, 1, 50, 2);
    vo_schedule_options o = vo_schedule_options_default();
    check(vo_plan_create(HOURS, 1, &plan, &err), &err);
    check(vo_schedule(&s.p, &o, plan, &err), &err);
    const double from = vo_clock_monotonic_s();
    check(vo_certify(&s.p, plan, &cert, &err), &err);
    const double seconds = vo_clock_monotonic_s() - from;
    const answer ours = solve(&s.p, VO_DETAIL_ALL, quick ? 20 : 200, NULL);
    line("certificate", "8760_hours_vs_solving", seconds * 1e3, ours.seconds * 1e3,
         seconds / ours.seconds, "ms");
    line("certificate", "gap_relative_vs_limit", cert.gap_relative, 1e-9,
         cert.gap_relative / 1e-9, "1");
    vo_plan_free(plan);
    free(s.price);
}

/* ---- the fleet -------------------------------------------------------------------- */

enum { WORKERS = 2 };

typedef struct {
    double *price; /* [NODES, HOURS] */
    int32_t *day;
    vo_exact *exact[WORKERS];
    vo_plan *plan[WORKERS];
    double profit[NODES][4];
} fleet;

static vo_status one_node(void *ctx, size_t node, size_t worker, vo_error *err) {
    fleet *f = ctx;
    vo_battery b = vo_battery_default();
    b.capacity_mwh = 4;
    vo_problem p = vo_problem_default();
    p.n = HOURS;
    p.price = f->price + node * HOURS;
    p.day = f->day;
    p.battery = &b;
    const vo_schedule_options o = vo_schedule_options_default();
    vo_plan *plan = f->plan[worker];
    bool feasible = false, closed = false;
    vo_status st =
        vo_exact_solve(f->exact[worker], &p, VO_DETAIL_PLAN, plan, &feasible, &closed, err);
    f->profit[node][0] = plan->profit;
    if (st == VO_OK) st = vo_threshold_schedule(&p, &o, plan, err);
    f->profit[node][1] = plan->profit;
    if (st == VO_OK) st = vo_spread_schedule(&p, &o, plan, err);
    f->profit[node][2] = plan->profit;
    if (st == VO_OK) st = vo_cycle_schedule(&p, &o, plan, err);
    f->profit[node][3] = plan->profit;
    return st;
}

static void whole_fleet(void) {
    const size_t nodes = quick ? NODES / 10 : NODES;
    vo_error err = {0};
    fleet *f = room(1, sizeof *f);
    f->price = room(NODES * (size_t)HOURS, sizeof *f->price);
    f->day = room(HOURS, sizeof *f->day);
    for (size_t i = 0; i < nodes; i++) fill_prices(f->price + i * HOURS, HOURS, 1, 50, i);
    for (int32_t t = 0; t < HOURS; t++) f->day[t] = t / 24;
    for (size_t w = 0; w < WORKERS; w++) {
        check(vo_exact_create(NULL, &f->exact[w], &err), &err);
        check(vo_plan_create(HOURS, 1, &f->plan[w], &err), &err);
    }
    const double from = vo_clock_monotonic_s();
    check(vo_thread_for(nodes, WORKERS, one_node, f, &err), &err);
    const double seconds = (vo_clock_monotonic_s() - from) * ((double)NODES / (double)nodes);
    for (size_t i = 0; i < nodes; i++)
        for (int rule = 1; rule < 4; rule++)
            if (!(f->profit[i][rule] <= f->profit[i][0] + 1e-6))
                must_agree("a rule earns more than the optimum", f->profit[i][0],
                           f->profit[i][rule], 0);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    const double mib = (double)usage.ru_maxrss / 1024;
    line("fleet", "2500_nodes_exact_and_3_rules_2_threads_vs_limit", seconds, 2, seconds / 2,
         "s");
    line("fleet", "peak_memory_vs_limit", mib, 1024, mib / 1024, "MiB");
    for (size_t w = 0; w < WORKERS; w++) {
        vo_exact_free(f->exact[w]);
        vo_plan_free(f->plan[w]);
    }
    free(f->price);
    free(f->day);
    free(f);
}

int main(int argc, char **argv) {
    quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
    puts("claim,metric,ours,peer,ratio,unit");
    whole_fleet(); /* first: peak memory is the process's */
    beside_highs("hourly_year_vs_highs", HOURS, 1, true, quick ? 20 : 200);
    beside_highs("five_minute_year_vs_highs", FIVE_MINUTES, 1.0 / 12, !quick, quick ? 3 : 20);
    over_sizes_and_signs();
    random_signs();
    rolling_year();
    certified();
    return 0;
}
