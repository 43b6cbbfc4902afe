/* simulate_bill.c -- see simulate_bill.h. */
#include "engine/simulate_bill.h"

#include <math.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/zone.h"

#define SAME_PRICE 1e-9
#define TERRITORY "X" /* where the generator's homes stand */

/* What a month's bill is made of, with room for it. */
typedef struct {
    const vo_simulate_book *b;
    const vo_tariff *tariff;
    vo_tariff_customer customer;
    double *dt_h, *import_kwh, *export_kwh; /* [n] */
    vo_tariff_bill *bill;
} desk;

static void desk_fini(desk *d) {
    free(d->dt_h);
    free(d->import_kwh);
    free(d->export_kwh);
    free(d->bill);
}

static vo_status desk_init(desk *d, const vo_simulate_book *b, vo_error *err) {
    *d = (desk){.b = b, .tariff = vo_world_tariff(b->c->world)};
    d->customer.territory = b->c->territory ? b->c->territory : TERRITORY;
    d->dt_h = calloc(b->n, sizeof *d->dt_h);
    d->import_kwh = calloc(b->n, sizeof *d->import_kwh);
    d->export_kwh = calloc(b->n, sizeof *d->export_kwh);
    d->bill = calloc(1, sizeof *d->bill);
    if (!d->dt_h || !d->import_kwh || !d->export_kwh || !d->bill)
        return vo_fail(err, VO_ENOMEM, "no memory for bills of %zu intervals", b->n);
    for (size_t t = 0; t < b->n; t++) d->dt_h[t] = b->c->homes->dt_h;
    return VO_OK;
}

/* Is every price paid that of this version of the tariff? */
static vo_status check_prices(desk *d, const char **words, vo_error *err) {
    const vo_homes *h = d->b->c->homes;
    const vo_time *start = h->start + h->first;
    const size_t n = d->b->n;
    *words = NULL;
    if (!vo_tariff_in_force(d->tariff, start[0]) ||
        !vo_tariff_in_force(d->tariff, start[n - 1]))
        *words = "the tariff's version changes within the span";
    if (*words) return VO_OK;
    const vo_status s =
        vo_tariff_prices(&d->tariff, 1, start, d->dt_h, n, d->import_kwh, d->export_kwh, err);
    for (size_t t = 0; s == VO_OK && t < n && !*words; t++)
        if (!(fabs(d->import_kwh[t] - h->buy[h->first + t]) <= SAME_PRICE) ||
            !(fabs(d->export_kwh[t] - h->sell[h->first + t]) <= SAME_PRICE))
            *words = "the scenario changes the tariff's prices";
    return s;
}

/* One more than the last interval of the local month that begins at interval t. */
static size_t month_end(const desk *d, size_t t) {
    const vo_homes *h = d->b->c->homes;
    vo_civil first, c;
    vo_civil_from_days(vo_zone_local_day(d->tariff->zone, h->start[h->first + t].s), &first);
    for (t++; t < d->b->n; t++) {
        vo_civil_from_days(vo_zone_local_day(d->tariff->zone, h->start[h->first + t].s), &c);
        if (c.month != first.month || c.year != first.year) break;
    }
    return t;
}

static vo_status add_month(desk *d, size_t from, size_t to, bool with_exports, double *total,
                           vo_error *err) {
    const vo_homes *h = d->b->c->homes;
    const vo_status s = vo_tariff_bill_month(
        d->tariff, &d->customer, h->start + h->first + from, d->dt_h, d->import_kwh + from,
        with_exports ? d->export_kwh + from : NULL, to - from, d->bill, err);
    if (s == VO_OK) *total += d->bill->total;
    return s;
}

static void take(const desk *d, size_t home, const float *imported, const float *exported) {
    const size_t n = d->b->n;
    for (size_t t = 0; t < n; t++) {
        d->import_kwh[t] = (double)imported[home * n + t];
        d->export_kwh[t] = exported ? (double)exported[home * n + t] : 0;
    }
}

static vo_status bill_home(desk *d, size_t home, const vo_home_sums *sums,
                           vo_simulate_bill *out, vo_error *err) {
    const vo_simulate_book *b = d->b;
    vo_status s = VO_OK;
    take(d, home, b->load, NULL);
    for (size_t t = 0, end = 0; s == VO_OK && t < b->n; t = end) {
        end = month_end(d, t);
        s = add_month(d, t, end, false, &out->baseline, err);
        out->months++;
    }
    take(d, home, b->imported, b->exported);
    for (size_t t = 0, end = 0; s == VO_OK && t < b->n; t = end) {
        end = month_end(d, t);
        s = add_month(d, t, end, true, &out->optimized, err);
    }
    out->optimized += (double)(sums->account.paid - sums->account.received) / VO_MICRO;
    out->optimized_energy = (double)vo_simulate_cost(&sums->account) / VO_MICRO;
    return s;
}

/* Tariffs without the usual territory have no baseline quantity for it: bills go without. */
static vo_status find_territory(desk *d, vo_error *err) {
    const vo_homes *h = d->b->c->homes;
    const double none = 0;
    vo_error quiet = {0};
    const vo_status s =
        vo_tariff_bill_month(d->tariff, &d->customer, h->start + h->first, d->dt_h, &none, NULL,
                             1, d->bill, d->b->c->territory ? err : &quiet);
    if (s == VO_OK || d->b->c->territory) return s;
    d->customer.territory = NULL;
    return VO_OK;
}

vo_status vo_simulate_bills(const vo_simulate_book *b, const vo_home_sums *home,
                            vo_simulate_bill **out, const char **words, vo_error *err) {
    *out = NULL;
    *words = !vo_world_tariff(b->c->world) ? "prices of a file are no tariff's"
             : !b->imported                ? "too many homes and intervals to keep readings"
                                           : NULL;
    if (*words) return VO_OK;
    desk d;
    const size_t homes = b->c->homes->homes;
    vo_simulate_bill *bills = calloc(homes, sizeof *bills);
    vo_status s = desk_init(&d, b, err);
    if (s == VO_OK && !bills)
        s = vo_fail(err, VO_ENOMEM, "no memory for bills of %zu homes", homes);
    if (s == VO_OK) s = check_prices(&d, words, err);
    const bool any = s == VO_OK && !*words;
    if (any) s = find_territory(&d, err);
    for (size_t i = 0; s == VO_OK && any && i < homes; i++)
        s = bill_home(&d, i, &home[i], &bills[i], err);
    if (any)
        *words = d.customer.territory
                     ? "per home, by local months"
                     : "per home, by local months; without baseline credit: the "
                       "tariff has no quantities for it";
    desk_fini(&d);
    if (s == VO_OK && any)
        *out = bills;
    else
        free(bills);
    return s;
}
