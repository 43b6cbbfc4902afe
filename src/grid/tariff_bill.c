/* tariff_bill.c -- the bill of a billing month; the contract is in tariff.h.
 *
 * One pass adds up kWh and money per rate and tier, kWh and days per season, the highest power
 * per demand rate; then the items are written. Each item is its own sum, so that the total is
 * the sum of the items, and months split at any interval add up (but for what counts once).
 */
#include "grid/tariff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

typedef struct {
    const vo_tariff *t;
    double kwh[VO_TARIFF_RATES][VO_TARIFF_TIERS];
    double season_kwh[VO_TARIFF_SEASONS];
    int32_t season_days[VO_TARIFF_SEASONS];
    double demand_kw[VO_TARIFF_DEMAND_RATES], flat_kw[VO_TARIFF_DEMAND_RATES];
    double used_kwh; /* in the tiers' month or day */
    int32_t day;     /* the local day of the interval before */
    double export_kwh, export_money;
} sums;

static vo_status check_interval(const vo_time *start, const double *dt_h, const double *in,
                                const double *out, size_t i, vo_error *err) {
    if (!(dt_h[i] > 0 && dt_h[i] <= 1))
        return vo_fail(err, VO_EINVAL,
                       "interval %zu: %g h long; a bill needs at most an hour, as its rates "
                       "change by the hour",
                       i, dt_h[i]);
    if (i > 0 && start[i].s <= start[i - 1].s)
        return vo_fail(err, VO_EINVAL, "interval %zu: not after the one before it", i);
    if (!(in[i] >= 0 && in[i] <= 1e9))
        return vo_fail(err, VO_EINVAL, "interval %zu: import of %g kWh; 0 to 1e9", i, in[i]);
    if (out && !(out[i] >= 0 && out[i] <= 1e9))
        return vo_fail(err, VO_EINVAL, "interval %zu: export of %g kWh; 0 to 1e9", i, out[i]);
    return VO_OK;
}

/* kWh of one interval over the tiers that are left. */
static void add_energy(sums *s, size_t rate, double kwh) {
    const vo_tariff_rate *r = &s->t->rate[rate];
    for (size_t k = 0; k < r->n_tiers && kwh > 0; k++) {
        const double room = r->tier[k].up_to - s->used_kwh;
        if (room <= 0) continue;
        const double part = kwh < room ? kwh : room;
        s->kwh[rate][k] += part;
        s->used_kwh += part;
        kwh -= part;
    }
}

static void add_demand(sums *s, const vo_tariff_season *season, const vo_tariff_moment *m,
                       double kw) {
    double *tou = &s->demand_kw[season->demand_hour[m->kind][m->hour]];
    double *flat = &s->flat_kw[season->flat_demand];
    if (s->t->n_demand_rates > 0 && kw > *tou) *tou = kw;
    if (s->t->n_flat_demand_rates > 0 && kw > *flat) *flat = kw;
}

static vo_status add_interval(sums *s, vo_time start, double dt_h, double import_kwh,
                              double export_kwh, vo_error *err) {
    const vo_tariff_moment m = vo_tariff_at(s->t, start);
    const vo_tariff_season *season = &s->t->season[m.season];
    if (m.day != s->day) {
        s->season_days[m.season]++;
        s->day = m.day;
        if (s->t->tiers_per == VO_TARIFF_PER_DAY) s->used_kwh = 0;
    }
    s->season_kwh[m.season] += import_kwh;
    add_energy(s, season->hour[m.kind][m.hour], import_kwh);
    add_demand(s, season, &m, import_kwh / dt_h);
    if (export_kwh > 0) {
        double price;
        const vo_status st = vo_tariff_export_price(s->t, start, &price, err);
        if (st != VO_OK) return st;
        s->export_kwh += export_kwh;
        s->export_money += export_kwh * price;
    }
    return VO_OK;
}

/* ---- items ------------------------------------------------------------------- */

static bool add_item(vo_tariff_bill *b, double quantity, double price, const char *first,
                     const char *second, size_t tier) {
    if (b->n_items == VO_TARIFF_ITEMS) return false;
    vo_tariff_item *item = &b->item[b->n_items++];
    vo_text name = vo_text_over(item->name, sizeof item->name);
    vo_text_append(&name, "%s%s%s", first, *second ? " " : "", second);
    if (tier > 0) vo_text_append(&name, " tier %zu", tier);
    item->quantity = quantity;
    item->price = price;
    item->amount = quantity * price;
    return true;
}

static bool add_energy_items(const sums *s, vo_tariff_bill *b) {
    for (size_t r = 0; r < s->t->n_rates; r++)
        for (size_t k = 0; k < s->t->rate[r].n_tiers; k++) {
            const vo_tariff_rate *rate = &s->t->rate[r];
            if (s->kwh[r][k] > 0 && !add_item(b, s->kwh[r][k], rate->tier[k].price, rate->name,
                                              "", rate->n_tiers > 1 ? k + 1 : 0))
                return false;
        }
    return true;
}

static bool add_demand_items(const vo_tariff_rate *rate, size_t n, const double *kw,
                             const char *what, vo_tariff_bill *b) {
    for (size_t r = 0; r < n; r++) {
        double below = 0;
        for (size_t k = 0; k < rate[r].n_tiers && kw[r] > below; k++) {
            const double top = kw[r] < rate[r].tier[k].up_to ? kw[r] : rate[r].tier[k].up_to;
            if (!add_item(b, top - below, rate[r].tier[k].price, what, rate[r].name,
                          rate[r].n_tiers > 1 ? k + 1 : 0))
                return false;
            below = top;
        }
    }
    return true;
}

static const vo_tariff_territory *find_territory(const vo_tariff *t,
                                                 const vo_tariff_customer *c) {
    for (size_t k = 0; k < t->n_territories; k++)
        if (strcmp(t->territory[k].code, c->territory) == 0 &&
            (!c->class_name || strcmp(t->territory[k].class_name, c->class_name) == 0))
            return &t->territory[k];
    return NULL;
}

static vo_status refuse_territory(const vo_tariff *t, const vo_tariff_customer *c,
                                  vo_error *err) {
    char list[300];
    vo_text codes = vo_text_over(list, sizeof list);
    for (size_t i = 0, k; i < t->n_territories; i++) {
        for (k = 0; k < i && strcmp(t->territory[k].code, t->territory[i].code) != 0;) k++;
        if (k == i) vo_text_append(&codes, "%s%s", i ? ", " : "", t->territory[i].code);
    }
    return vo_fail(
        err, VO_ENOTFOUND,
        "territory \"%.15s\"%s%.60s: %.60s has no baseline quantity for it; it has %s",
        c->territory, c->class_name ? ", class " : "", c->class_name ? c->class_name : "",
        t->schedule, codes.len ? list : "none at all");
}

static vo_status add_baseline_items(const sums *s, const vo_tariff_customer *c,
                                    vo_tariff_bill *b, bool *fits, vo_error *err) {
    const vo_tariff *t = s->t;
    if (!t->has_baseline || !c->territory) return VO_OK;
    const vo_tariff_territory *where = find_territory(t, c);
    if (!where) return refuse_territory(t, c, err);
    for (size_t i = 0; i < t->n_seasons; i++) {
        const double allowed =
            (where->kwh_per_day[i] + c->extra_kwh_per_day) * s->season_days[i];
        const double kwh = s->season_kwh[i] < allowed ? s->season_kwh[i] : allowed;
        if (kwh <= 0) continue;
        b->baseline_kwh += kwh;
        *fits = *fits &&
                add_item(b, kwh, -t->baseline_credit, "baseline credit", t->season[i].name, 0);
    }
    return VO_OK;
}

/* Is fixed charge k paid? Of options with one name the customer's, else the last. */
static bool is_paid(const vo_tariff *t, size_t k, const char *option) {
    const vo_tariff_fixed *f = &t->fixed[k];
    if (f->option[0] == '\0') return true;
    if (option) return strcmp(f->option, option) == 0;
    for (size_t i = k + 1; i < t->n_fixed; i++)
        if (strcmp(t->fixed[i].name, f->name) == 0) return false;
    return true;
}

static vo_status add_fixed_items(const vo_tariff *t, const vo_tariff_customer *c,
                                 vo_tariff_bill *b, bool *fits, vo_error *err) {
    size_t options = 0, chosen = 0;
    for (size_t k = 0; k < t->n_fixed; k++) {
        const bool paid = is_paid(t, k, c->fixed_option);
        options += t->fixed[k].option[0] != '\0';
        chosen += t->fixed[k].option[0] != '\0' && paid;
        if (!paid) continue;
        const double times = t->fixed[k].per == VO_TARIFF_PER_DAY ? b->days : 1;
        *fits = *fits &&
                add_item(b, times, t->fixed[k].amount, t->fixed[k].name, t->fixed[k].option, 0);
    }
    if (options > 0 && chosen == 0)
        return vo_fail(err, VO_ENOTFOUND,
                       "option \"%.60s\": %.60s has others, such as \"%.60s\"", c->fixed_option,
                       t->schedule, t->fixed[t->n_fixed - 1].option);
    return VO_OK;
}

static vo_status write_items(const sums *s, const vo_tariff_customer *c, vo_tariff_bill *b,
                             vo_error *err) {
    const vo_tariff *t = s->t;
    bool fits = add_energy_items(s, b);
    vo_status st = add_baseline_items(s, c, b, &fits, err);
    if (st == VO_OK) st = add_fixed_items(t, c, b, &fits, err);
    if (st != VO_OK) return st;
    fits =
        fits && add_demand_items(t->demand_rate, t->n_demand_rates, s->demand_kw, "demand", b);
    fits = fits && add_demand_items(t->flat_demand_rate, t->n_flat_demand_rates, s->flat_kw,
                                    "highest demand", b);
    for (size_t i = 0; i < b->n_items; i++) b->charges += b->item[i].amount;
    const double least = t->minimum * (t->minimum_per == VO_TARIFF_PER_DAY ? b->days : 1);
    if (b->charges < least) {
        b->minimum_added = least - b->charges;
        fits = fits && add_item(b, 1, b->minimum_added, "to the minimum bill", "", 0);
    }
    b->export_kwh = s->export_kwh;
    b->export_credit = s->export_money;
    if (s->export_kwh > 0)
        fits = fits && add_item(b, s->export_kwh, -s->export_money / s->export_kwh,
                                "export credit", "", 0);
    b->total = b->charges + b->minimum_added - b->export_credit;
    if (!fits)
        return vo_fail(err, VO_EUNSUPPORTED, "a bill of more than %d items", VO_TARIFF_ITEMS);
    return VO_OK;
}

vo_status vo_tariff_bill_month(const vo_tariff *t, const vo_tariff_customer *c,
                               const vo_time *start, const double *dt_h,
                               const double *import_kwh, const double *export_kwh, size_t n,
                               vo_tariff_bill *out, vo_error *err) {
    sums *s = calloc(1, sizeof *s);
    vo_tariff_bill *b = calloc(1, sizeof *b);
    vo_status st = VO_OK;
    if (!s || !b) {
        st = vo_fail(err, VO_ENOMEM, "a bill");
        goto done;
    }
    s->t = t;
    s->day = INT32_MIN;
    for (size_t i = 0; i < n; i++) {
        st = check_interval(start, dt_h, import_kwh, export_kwh, i, err);
        if (st == VO_OK)
            st = add_interval(s, start[i], dt_h[i], import_kwh[i],
                              export_kwh ? export_kwh[i] : 0, err);
        if (st != VO_OK) goto done;
        b->import_kwh += import_kwh[i];
    }
    for (size_t i = 0; i < t->n_seasons; i++) b->days += s->season_days[i];
    st = write_items(s, c, b, err);
    if (st == VO_OK) *out = *b;
done:
    free(s);
    free(b);
    return st;
}
