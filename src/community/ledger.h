/* ledger.h -- who owes whom: integer micro-units, double entry, audited every interval.
 *
 * A trade of q injected at the seller's price p: the buyer pays p q + fee q, of which
 *     energy  the part of p q that arrives, (1 - loss) of it,
 *     losses  the part of p q for energy lost on the way,
 *     fees    to the operator.
 * buyers pay = sellers receive + losses + fees, to the unit, in every interval; the losses' money goes
 * to the seller, too, who injected that energy: a home's receipts are energy + losses. In pay_as_bid
 * the buyer's price less the fee is the seller's.
 * Grid: what the tariff charges and pays per home and interval, rounded once to micro-units.
 * Threads: one owner at a time.
 */
#ifndef VO_COMMUNITY_LEDGER_H
#define VO_COMMUNITY_LEDGER_H

#include "community/matching.h"

/* Sums of a home, micro-units. */
typedef struct {
    int64_t paid, received, fees; /* to and from other homes; fees are part of paid */
    int64_t imported, exported;   /* to and from the grid                           */
} vo_account;

/* Of one interval and of all so far. The four parts are worked out from the trades; `residual` is how
 * far the accounts, read before and after each posting, have moved otherwise, each side for itself (what
 * buyers paid, what sellers received, fees): it must be 0, and one error does not hide another. */
typedef struct {
    int64_t buyers_pay, sellers_receive, losses, fees, residual;
    int64_t grid_charges, grid_credits;
} vo_ledger_sums;

typedef struct vo_ledger vo_ledger;
vo_status vo_ledger_create(size_t homes, const vo_alloc *alloc, vo_ledger **out, vo_error *err);
void vo_ledger_free(vo_ledger *l); /* accepts NULL */

/* Posts an interval's trades. VO_EINVAL: a home that is none, an amount that would overflow; nothing
 * is posted. */
vo_status vo_ledger_trades(vo_ledger *l, const vo_market_rules *rules, const vo_trade *trade,
                           size_t n, vo_ledger_sums *interval, vo_error *err);
/* What the tariff charges (> 0) for imports and pays for exports, currency, of home i. */
vo_status vo_ledger_grid(vo_ledger *l, uint32_t home, double import_cost, double export_credit,
                         vo_error *err);

const vo_account *vo_ledger_accounts(const vo_ledger *l); /* [homes] */
vo_ledger_sums vo_ledger_total(const vo_ledger *l);
/* Adds up all accounts again and compares with the sums, which must balance, too, and have left no
 * residual: VO_ENUMERIC with what differs. */
vo_status vo_ledger_audit(const vo_ledger *l, vo_error *err);

/* What arrives of `injected` >= 0 micro-kWh, rounded down. A loss counts in whole billionths. */
int64_t vo_delivered(double loss, int64_t injected);

/* quantity (micro-kWh) times price (micro-units per kWh) as the ledger posts it: to the nearest
 * micro-unit, halves up. false: more than 64 bits, *money is untouched. */
bool vo_money_of(int64_t quantity, int64_t price, int64_t *money);

#endif
