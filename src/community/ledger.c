/* ledger.c -- see ledger.h.
 *
 * A trade is rounded once: what the buyer pays and what the seller gets, each from the exact product
 * of energy and price, to the nearest micro-unit, halves up. The fee is the difference; of the
 * seller's money the energy part is rounded down and the losses up, which together are all of it:
 * whatever the rounding, nothing is created or lost, and the accounts are read again to see it.
 *
 * No sum can overflow: `turnover`, all amounts ever posted without their signs, is at least the size of
 * any account and any sum, and stays within 64 bits.
 */
#include "community/ledger.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/int128.h"

#define BILLION INT64_C(1000000000)

struct vo_ledger {
    vo_alloc alloc;
    vo_account *account;
    size_t homes;
    vo_ledger_sums total;
    int64_t turnover;
};

/* ---- arithmetic -------------------------------------------------------------------------- */

/* Of 10^9 what arrives. */
static int64_t billionths_kept(double loss) { return BILLION - llround(loss * 1e9); }

static int64_t floor_billionths(int64_t amount, int64_t kept) {
    int64_t narrow;
    if (!__builtin_mul_overflow(amount, kept,
                                &narrow)) /* nearly always, and several times faster */
        return narrow / BILLION - (narrow % BILLION < 0);
    const vo_int128 product = (vo_int128)amount * kept;
    return (int64_t)(product / BILLION - (product % BILLION < 0));
}

int64_t vo_delivered(double loss, int64_t injected) {
    return floor_billionths(injected, billionths_kept(loss));
}

bool vo_money_of(int64_t quantity, int64_t price, int64_t *money) {
    int64_t product;
    if (!__builtin_mul_overflow(quantity, price, &product) && product < INT64_MAX - VO_MICRO &&
        product > INT64_MIN + VO_MICRO) { /* nearly always: division of 64 bits, not of 128 */
        product += VO_MICRO / 2;
        *money = product / VO_MICRO - (product % VO_MICRO < 0);
        return true;
    }
    const vo_int128 exact = (vo_int128)quantity * price + VO_MICRO / 2;
    const vo_int128 rounded = exact / VO_MICRO - (exact % VO_MICRO < 0);
    if (rounded != (int64_t)rounded) return false;
    *money = (int64_t)rounded;
    return true;
}

/* *sum += |amount|; false: more than 64 bits. */
static bool add_size(int64_t *sum, int64_t amount) {
    return amount != INT64_MIN &&
           !__builtin_add_overflow(*sum, amount < 0 ? -amount : amount, sum);
}

/* ---- life -------------------------------------------------------------------------------- */

vo_status vo_ledger_create(size_t homes, const vo_alloc *alloc, vo_ledger **out,
                           vo_error *err) {
    const vo_alloc a = alloc ? *alloc : vo_alloc_libc;
    if (homes > SIZE_MAX / sizeof(vo_account) - 1)
        return vo_fail(err, VO_EINVAL, "homes = %zu are more than a ledger can count", homes);
    vo_ledger *l = a.zalloc(a.ctx, sizeof *l);
    if (!l) goto fail;
    l->alloc = a;
    l->homes = homes;
    l->account = a.zalloc(a.ctx, (homes + 1) * sizeof *l->account);
    if (!l->account) goto fail;
    *out = l;
    return VO_OK;
fail:
    vo_ledger_free(l);
    return vo_fail(err, VO_ENOMEM, "no memory for a ledger of %zu homes", homes);
}

void vo_ledger_free(vo_ledger *l) {
    if (!l) return;
    const vo_alloc a = l->alloc;
    a.free(a.ctx, l->account);
    a.free(a.ctx, l);
}

/* ---- trades ------------------------------------------------------------------------------ */

typedef struct {
    int64_t paid, received; /* received: energy and losses */
} trade_money;

static bool price_trade(const vo_trade *t, trade_money *p) {
    return vo_money_of(t->quantity, t->buyer_price, &p->paid) &&
           vo_money_of(t->quantity, t->seller_price, &p->received);
}

static vo_status check_trade(const vo_ledger *l, const vo_market_rules *rules,
                             const vo_trade *t, size_t i, vo_error *err) {
    const bool seller = t->seller >= l->homes;
    if (seller || t->buyer >= l->homes)
        return vo_fail(err, VO_EINVAL, "trade %zu: %s = %" PRIu32 " is none of the %zu homes",
                       i, seller ? "seller" : "buyer", seller ? t->seller : t->buyer, l->homes);
    if (t->seller == t->buyer)
        return vo_fail(err, VO_EINVAL,
                       "trade %zu: seller and buyer are both home %" PRIu32
                       "; nobody trades with himself",
                       i, t->seller);
    if (t->quantity <= 0)
        return vo_fail(err, VO_EINVAL,
                       "trade %zu: quantity = %" PRId64 " micro-kWh is not positive", i,
                       t->quantity);
    int64_t least;
    if (__builtin_add_overflow(t->seller_price, rules->fee, &least) || t->buyer_price < least)
        return vo_fail(err, VO_EINVAL,
                       "trade %zu: buyer_price = %" PRId64
                       " does not cover seller_price = %" PRId64 " and the fee of %" PRId64,
                       i, t->buyer_price, t->seller_price, rules->fee);
    return VO_OK;
}

/* Checks all and adds up the turnover that they would make. */
static vo_status check_trades(const vo_ledger *l, const vo_market_rules *rules,
                              const vo_trade *trade, size_t n, int64_t *turnover,
                              vo_error *err) {
    for (size_t i = 0; i < n; i++) {
        trade_money p;
        const vo_status st = check_trade(l, rules, &trade[i], i, err);
        if (st != VO_OK) return st;
        /* fees, energy and losses are no larger than these two together */
        if (!price_trade(&trade[i], &p) || !add_size(turnover, p.paid) ||
            !add_size(turnover, p.received))
            return vo_fail(err, VO_EINVAL,
                           "trade %zu: %" PRId64 " micro-kWh at %" PRId64
                           " micro-units: the ledger's sums would pass 64 bits",
                           i, trade[i].quantity, trade[i].buyer_price);
    }
    return VO_OK;
}

/* How far apart, added to *sum; an error so large that it would not fit stays at the largest. */
static void add_gap(int64_t *sum, int64_t a, int64_t b) {
    if (a == b) return;
    const vo_int128 gap = (vo_int128)a - b;
    const vo_int128 all = (gap < 0 ? -gap : gap) + *sum;
    *sum = all > INT64_MAX ? INT64_MAX : (int64_t)all;
}

static void post(vo_ledger *l, const vo_trade *t, const trade_money *p) {
    vo_account *buyer = &l->account[t->buyer], *seller = &l->account[t->seller];
    buyer->paid += p->paid;
    buyer->fees += p->paid - p->received;
    seller->received += p->received;
}

/* Both accounts' changes against the parts of the trade's money, which are worked out apart: energy
 * rounded down, losses up. */
static void post_audited(vo_ledger *l, const vo_trade *t, const trade_money *p, int64_t kept,
                         vo_ledger_sums *s) {
    const vo_account *buyer = &l->account[t->buyer], *seller = &l->account[t->seller];
    const int64_t paid = buyer->paid, fees = buyer->fees, received = seller->received;
    const int64_t energy = floor_billionths(p->received, kept);
    const int64_t losses = -floor_billionths(-p->received, BILLION - kept);
    const int64_t fee = p->paid - p->received;
    post(l, t, p);
    s->buyers_pay += p->paid;
    s->fees += fee;
    s->sellers_receive += energy;
    s->losses += losses;
    add_gap(&s->residual, buyer->paid - paid, energy + losses + fee);
    add_gap(&s->residual, buyer->fees - fees, fee);
    add_gap(&s->residual, seller->received - received, energy + losses);
}

vo_status vo_ledger_trades(vo_ledger *l, const vo_market_rules *rules, const vo_trade *trade,
                           size_t n, vo_ledger_sums *interval, vo_error *err) {
    const int64_t kept = billionths_kept(rules->loss);
    int64_t turnover = l->turnover;
    vo_ledger_sums s = {0};
    const vo_status st = check_trades(l, rules, trade, n, &turnover, err);
    if (st != VO_OK) return st;
    for (size_t i = 0; i < n; i++) {
        trade_money p = {0};
        (void)price_trade(&trade[i], &p); /* was possible in check_trades */
        post_audited(l, &trade[i], &p, kept, &s);
    }
    l->turnover = turnover;
    l->total.buyers_pay += s.buyers_pay;
    l->total.sellers_receive += s.sellers_receive;
    l->total.losses += s.losses;
    l->total.fees += s.fees;
    add_gap(&l->total.residual, s.residual, 0);
    if (interval) *interval = s;
    return VO_OK;
}

/* ---- the grid ---------------------------------------------------------------------------- */

static bool to_micro(double amount, int64_t *micro) {
    if (!(fabs(amount) < 9e12)) return false;
    *micro = llround(amount * VO_MICRO);
    return true;
}

vo_status vo_ledger_grid(vo_ledger *l, uint32_t home, double import_cost, double export_credit,
                         vo_error *err) {
    int64_t charge, credit, turnover = l->turnover;
    if (home >= l->homes)
        return vo_fail(err, VO_EINVAL, "home = %" PRIu32 " is none of the %zu homes", home,
                       l->homes);
    if (!to_micro(import_cost, &charge) || !to_micro(export_credit, &credit) ||
        !add_size(&turnover, charge) || !add_size(&turnover, credit))
        return vo_fail(err, VO_EINVAL,
                       "home %" PRIu32 ": import_cost = %g and export_credit = %g are not "
                       "amounts that a ledger of 64 bits can add",
                       home, import_cost, export_credit);
    l->turnover = turnover;
    l->account[home].imported += charge;
    l->account[home].exported += credit;
    l->total.grid_charges += charge;
    l->total.grid_credits += credit;
    return VO_OK;
}

/* ---- reading ----------------------------------------------------------------------------- */

const vo_account *vo_ledger_accounts(const vo_ledger *l) { return l->account; }

vo_ledger_sums vo_ledger_total(const vo_ledger *l) { return l->total; }

vo_status vo_ledger_audit(const vo_ledger *l, vo_error *err) {
    vo_int128 paid = 0, received = 0, fees = 0, imported = 0, exported = 0;
    for (size_t h = 0; h < l->homes; h++) {
        const vo_account *a = &l->account[h];
        paid += a->paid;
        received += a->received;
        fees += a->fees;
        imported += a->imported;
        exported += a->exported;
    }
    const vo_ledger_sums *t = &l->total;
    const struct {
        const char *name;
        vo_int128 accounts, sums;
    } pair[] = {
        {"paid by buyers", paid, t->buyers_pay},
        {"received by sellers", received, (vo_int128)t->sellers_receive + t->losses},
        {"fees", fees, t->fees},
        {"charged by the grid", imported, t->grid_charges},
        {"credited by the grid", exported, t->grid_credits},
        {"paid less received and fees", paid - received - fees, 0},
        {"received, lost and fees", paid, (vo_int128)t->sellers_receive + t->losses + t->fees},
        {"left over by postings", 0, t->residual},
    };
    for (size_t i = 0; i < sizeof pair / sizeof *pair; i++)
        if (pair[i].accounts != pair[i].sums)
            return vo_fail(err, VO_ENUMERIC,
                           "ledger: %s: the accounts have %.0f micro-units, the sums %.0f",
                           pair[i].name, (double)pair[i].accounts, (double)pair[i].sums);
    return VO_OK;
}
