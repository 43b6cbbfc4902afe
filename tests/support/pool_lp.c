#include "support/pool_lp.h"

#include <math.h>
#include <stdlib.h>

#include "optimize/home_value.h"

/* As of HiGHS 1.15: its header defines constants in every file that includes it, and lp_highs.c is
 * linked here, too. */
void *Highs_create(void);
void Highs_destroy(void *h);
int Highs_setBoolOptionValue(void *h, const char *option, int value);
int Highs_setIntOptionValue(void *h, const char *option, int value);
int Highs_passLp(void *h, int columns, int rows, int entries, int format, int sense,
                 double offset, const double *cost, const double *lower, const double *upper,
                 const double *row_lower, const double *row_upper, const int *start,
                 const int *index, const double *value);
int Highs_run(void *h);
int Highs_getModelStatus(const void *h);
double Highs_getObjectiveValue(const void *h);
enum { BY_COLUMNS = 1, MINIMIZE = 1, OPTIMAL = 7 };

enum { IMPORT, EXPORT, CHARGE, DISCHARGE, RECEIVED, GIVEN, TURNED_DOWN, SHORT, STORED, KINDS };
enum { BALANCE, STORE, INWARD, OUTWARD, ROWS }; /* of a home and interval */

typedef struct {
    double *cost, *low, *high, *row_low, *row_high, *value;
    int *start, *index;
    int columns, rows, entries;
} program;

static void entry(program *p, int row, double value) {
    p->index[p->entries] = row;
    p->value[p->entries++] = value;
}

/* Opens the next column: its entries follow. */
static void column(program *p, double cost, double low, double high) {
    p->cost[p->columns] = cost;
    p->low[p->columns] = low;
    p->high[p->columns] = high;
    p->start[p->columns++] = p->entries;
}

static void home_columns(program *p, const vo_homes *h, size_t i, size_t t, double pv,
                         double loss) {
    const size_t n = h->steps - h->first, at = h->first + t;
    const vo_home_battery *b = &h->battery[i];
    const int balance = (int)(ROWS * (i * n + t)), store = balance + STORE;
    const int hub = (int)(ROWS * h->homes * n + t);
    const bool last = t + 1 == n;
    const double in = b->capacity_kwh > 0 ? b->charge_kw * h->dt_h : 0;
    const double out = b->capacity_kwh > 0 ? b->discharge_kw * h->dt_h : 0;
    column(p, h->buy[at], 0, h->import_limit_kwh);
    entry(p, balance, 1);
    entry(p, balance + INWARD, 1);
    column(p, -h->sell[at], 0, h->export_limit_kwh);
    entry(p, balance, -1);
    entry(p, balance + OUTWARD, 1);
    column(p, 0, 0, in);
    entry(p, balance, -1);
    entry(p, store, -b->charge_efficiency);
    column(p, 0, 0, out);
    entry(p, balance, 1);
    entry(p, store, 1 / b->discharge_efficiency);
    column(p, 0, 0, (double)INFINITY);
    entry(p, balance, 1);
    entry(p, balance + INWARD, 1);
    entry(p, hub, 1);
    column(p, 0, 0, (double)INFINITY);
    entry(p, balance, -1);
    entry(p, balance + OUTWARD, 1);
    entry(p, hub, -(1 - loss));
    column(p, 0, 0, pv);
    entry(p, balance, -1);
    column(p, VO_HOME_SHORT_PER_KWH, 0, (double)INFINITY);
    entry(p, balance, 1);
    column(p, 0, (last ? b->initial_soc : b->min_soc) * b->capacity_kwh,
           b->max_soc * b->capacity_kwh);
    entry(p, store, 1);
    if (!last) entry(p, store + ROWS, -1);
}

double pool_lp_cost(const vo_homes *h, const float *load, const float *pv, double loss) {
    const size_t n = h->steps - h->first, cells = h->homes * n;
    const size_t rows = ROWS * cells + n, columns = KINDS * cells;
    program p = {.rows = (int)rows};
    double *d = calloc(3 * columns + 2 * rows + 3 * columns, sizeof *d);
    p.start = calloc(columns + 1, sizeof *p.start);
    p.index = calloc(3 * columns, sizeof *p.index);
    if (!d || !p.start || !p.index) abort();
    p.cost = d, p.low = d + columns, p.high = d + 2 * columns, p.value = d + 3 * columns;
    p.row_low = d + 6 * columns, p.row_high = p.row_low + rows;
    for (size_t i = 0; i < h->homes; i++)
        for (size_t t = 0; t < n; t++) {
            const size_t at = i * h->steps + h->first + t, row = ROWS * (i * n + t);
            p.row_low[row] = p.row_high[row] = (double)load[at] - (double)pv[at];
            p.row_low[row + 1] = p.row_high[row + 1] =
                t == 0 ? h->battery[i].initial_soc * h->battery[i].capacity_kwh : 0;
            p.row_low[row + INWARD] = p.row_low[row + OUTWARD] = (double)-INFINITY;
            p.row_high[row + INWARD] = h->import_limit_kwh;
            p.row_high[row + OUTWARD] = h->export_limit_kwh;
            home_columns(&p, h, i, t, (double)pv[at], loss);
        }
    for (size_t t = 0; t < n; t++) p.row_low[ROWS * cells + t] = (double)-INFINITY;
    p.start[p.columns] = p.entries;
    void *highs = Highs_create();
    Highs_setBoolOptionValue(highs, "output_flag", 0);
    Highs_setIntOptionValue(highs, "threads", 1);
    Highs_passLp(highs, p.columns, p.rows, p.entries, BY_COLUMNS, MINIMIZE, 0, p.cost, p.low,
                 p.high, p.row_low, p.row_high, p.start, p.index, p.value);
    Highs_run(highs);
    const double cost =
        Highs_getModelStatus(highs) == OPTIMAL ? Highs_getObjectiveValue(highs) : (double)NAN;
    Highs_destroy(highs);
    free(p.start);
    free(p.index);
    free(d);
    return cost;
}
