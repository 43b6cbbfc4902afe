/* matching.c -- a book in, trades out: refusals, the kinds of matching, one market's memory.
 *
 * A kind is three choices: the price at which it is decided who trades (the central signal, or a
 * point of the equilibrium interval), who shares, and whose price a trade has. Nothing below sorts
 * the whole book unless a trade has its bid's or its offer's price: then steps are sorted by
 * price, to pair the best bid with the best offer.
 */
#include "community/matching.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "community/homes.h"
#include "community/matching_book.h"
#include "community/pairing.h"

enum { BUY = VO_ORDER_BUY, SELL = VO_ORDER_SELL };

/* ---- kinds ------------------------------------------------------------------------------- */

typedef enum { ONE_PRICE, OF_THE_BID, OF_THE_OFFER } trade_price;

typedef struct {
    const char *name;
    bool at_signal; /* decided at the central price, which everybody who accepts shares     */
    trade_price pays;
} matching_kind;

static const matching_kind kinds[VO_MATCHINGS] = {
    [VO_MATCHING_signal] = {"signal", true, ONE_PRICE},
    [VO_MATCHING_pay_as_bid] = {"pay_as_bid", false, OF_THE_BID},
    [VO_MATCHING_pay_as_clear] = {"pay_as_clear", false, ONE_PRICE},
    [VO_MATCHING_pay_as_offer] = {"pay_as_offer", false, OF_THE_OFFER},
};

const char *vo_matching_name(int32_t matching) {
    return matching >= 0 && matching < VO_MATCHINGS ? kinds[matching].name : "?";
}

vo_status vo_matching_parse(const char *name, vo_matching *out, vo_error *err) {
    for (int32_t i = 0; i < VO_MATCHINGS; i++)
        if (strcmp(name, kinds[i].name) == 0) {
            *out = (vo_matching)i;
            return VO_OK;
        }
#define X(kind, help) " " #kind
    return vo_fail(err, VO_EINVAL, "matching \"%.40s\" is unknown; one of:" VO_MATCHING_MAP(X),
                   name);
#undef X
}

/* ---- rules ------------------------------------------------------------------------------- */

vo_market_rules vo_market_rules_default(void) {
    return (vo_market_rules){.least_price = 100000,
                             .most_price = VO_MICRO,
                             .most_quantity = 2 * VO_MICRO,
                             .most_sold_daily = 10 * VO_MICRO,
                             .loss = 0.05,
                             .fee = 0,
                             .point = 0.5};
}

vo_market_rules vo_market_rules_none(void) {
    vo_market_rules r = vo_market_rules_default();
    r.least_price = -VO_MARKET_MOST_PRICE;
    r.most_price = VO_MARKET_MOST_PRICE;
    r.most_quantity = VO_MARKET_MOST_QUANTITY;
    r.most_sold_daily = INT64_MAX;
    return r;
}

vo_status vo_market_rules_check(const vo_market_rules *r, vo_error *err) {
    const struct {
        const char *name;
        int64_t value, least, most;
    } whole[] = {
        {"least_price", r->least_price, -VO_MARKET_MOST_PRICE, VO_MARKET_MOST_PRICE},
        {"most_price", r->most_price, -VO_MARKET_MOST_PRICE, VO_MARKET_MOST_PRICE},
        {"most_quantity", r->most_quantity, 1, VO_MARKET_MOST_QUANTITY},
        {"most_sold_daily", r->most_sold_daily, 0, INT64_MAX},
        {"fee", r->fee, 0, VO_MARKET_MOST_PRICE},
    };
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (whole[i].value < whole[i].least || whole[i].value > whole[i].most)
            return vo_fail(err, VO_EINVAL,
                           "market rule %s = %" PRId64 " is not within %" PRId64 "..%" PRId64,
                           whole[i].name, whole[i].value, whole[i].least, whole[i].most);
    if (r->least_price > r->most_price)
        return vo_fail(err, VO_EINVAL,
                       "market rule least_price = %" PRId64 " is above most_price = %" PRId64
                       "; no order could keep both",
                       r->least_price, r->most_price);
    if (!(r->loss >= 0 && r->loss <= VO_MARKET_MOST_LOSS))
        return vo_fail(err, VO_EINVAL,
                       "market rule loss = %g is not a fraction within 0..%g (5 %% is 0.05)",
                       r->loss, VO_MARKET_MOST_LOSS);
    if (!(r->point >= 0 && r->point <= 1))
        return vo_fail(err, VO_EINVAL, "market rule point = %g is not within 0..1", r->point);
    return VO_OK;
}

/* ---- memory ------------------------------------------------------------------------------ */

vo_status vo_market_create(const vo_alloc *alloc, vo_market **out, vo_error *err) {
    const vo_alloc a = alloc ? *alloc : vo_alloc_libc;
    vo_market *m = a.zalloc(a.ctx, sizeof *m);
    if (!m) return vo_fail(err, VO_ENOMEM, "no memory for a market");
    m->alloc = a;
    *out = m;
    return VO_OK;
}

void vo_market_free(vo_market *m) {
    if (!m) return;
    const vo_alloc a = m->alloc;
#define X(name) a.free(a.ctx, m->name##_buffer.data);
    VO_MARKET_BUFFERS(X)
#undef X
    a.free(a.ctx, m);
}

void *vo_market_reserve(vo_market *m, vo_market_buffer *b, size_t n, size_t size) {
    const size_t bytes = n * size;
    if (b->bytes >= bytes) return b->data;
    const size_t room = bytes + bytes / 4;
    void *data = m->alloc.zalloc(m->alloc.ctx, room);
    if (!data) return NULL;
    m->alloc.free(m->alloc.ctx, b->data);
    *b = (vo_market_buffer){data, room};
    return data;
}

/* ---- the book ---------------------------------------------------------------------------- */

static vo_status refuse_field(vo_error *err, size_t i, const char *field, int64_t value,
                              int64_t least, int64_t most) {
    return vo_fail(err, VO_EINVAL,
                   "order %zu: %s = %" PRId64 " is not within %" PRId64 "..%" PRId64, i, field,
                   value, least, most);
}

static vo_status check_order(const vo_order *o, size_t i, const vo_market_rules *r,
                             vo_error *err) {
    if (o->home >= VO_MAX_HOMES)
        return refuse_field(err, i, "home", o->home, 0, VO_MAX_HOMES - 1);
    if (o->side != BUY && o->side != SELL)
        return refuse_field(err, i, "side", o->side, BUY, SELL);
    if (o->price < r->least_price || o->price > r->most_price)
        return refuse_field(err, i, "price", o->price, r->least_price, r->most_price);
    if (o->quantity <= 0 || o->quantity > r->most_quantity)
        return refuse_field(err, i, "quantity", o->quantity, 1, r->most_quantity);
    return VO_OK;
}

static vo_status check_orders(vo_market *m, const vo_market_rules *r, vo_error *err) {
    if (m->n > VO_MARKET_MOST_ORDERS)
        return vo_fail(err, VO_EINVAL, "n = %zu orders are too many: at most %u", m->n,
                       VO_MARKET_MOST_ORDERS);
    m->homes = 0;
    for (size_t i = 0; i < m->n; i++) {
        const vo_status st = check_order(&m->order[i], i, r, err);
        if (st != VO_OK) return st;
        if (m->order[i].home >= m->homes) m->homes = (size_t)m->order[i].home + 1;
    }
    return VO_OK;
}

/* Sums of sides, extremes of prices. */
static void survey_prices(vo_market *m) {
    int64_t least = INT64_MAX, most = INT64_MIN, offer = INT64_MAX, bid = INT64_MIN;
    vo_two_sides total = {{0, 0}};
    for (size_t i = 0; i < m->n; i++) {
        const vo_order *o = &m->order[i];
        const bool buys = o->side == BUY;
        const int64_t net = vo_net_price(m, o);
        const int64_t as_bid = buys ? net : INT64_MIN, as_offer = buys ? INT64_MAX : net;
        least = net < least ? net : least;
        most = net > most ? net : most;
        bid = as_bid > bid ? as_bid : bid;
        offer = as_offer < offer ? as_offer : offer;
        total.side[o->side] += o->quantity;
    }
    m->least = least, m->most = most;
    m->best_offer = offer, m->best_bid = bid;
    m->total = total;
}

/* Sums by home and side. */
static vo_status survey_homes(vo_market *m, const vo_market_rules *r, vo_error *err) {
    bool mixed = false;
    if (m->n > 0) memset(m->home, 0, m->homes * sizeof *m->home);
    for (size_t i = 0; i < m->n; i++) {
        const vo_order *o = &m->order[i];
        int64_t *side = m->home[o->home].side;
        side[o->side] += o->quantity;
        mixed |= side[!o->side] > 0;
        if (side[o->side] > r->most_quantity)
            return vo_fail(err, VO_EINVAL,
                           "order %zu: with quantity = %" PRId64 " home %" PRIu32 " %s %" PRId64
                           " in all, more than most_quantity = %" PRId64,
                           i, o->quantity, o->home, o->side == BUY ? "buys" : "sells",
                           side[o->side], r->most_quantity);
    }
    m->mixed = mixed;
    return VO_OK;
}

/* ---- matching ---------------------------------------------------------------------------- */

/* Low and high, and the price at which it is decided who trades; false: nobody does. */
static bool find_price(vo_market *m, const matching_kind *kind, double point,
                       int64_t signal_price) {
    m->share_all = kind->at_signal;
    m->price = signal_price;
    m->low = m->best_offer;
    m->high = m->best_bid;
    if (m->low > m->high) return false;
    vo_market_interval(m);
    if (!kind->at_signal) {
        const int64_t width = m->high - m->low;
        const int64_t step = (int64_t)(point * (double)width);
        m->price = m->low + (step < width ? step : width);
    }
    return true;
}

/* Turns offer and bid of each trade into what is paid. */
static void set_prices(vo_market *m, trade_price pays) {
    for (size_t i = 0; i < m->n_trades; i++) {
        vo_trade *t = &m->trade[i];
        if (pays == OF_THE_BID) t->seller_price = t->buyer_price;
        if (pays == ONE_PRICE) t->seller_price = m->price;
        t->buyer_price = t->seller_price + m->fee;
    }
}

/* The sellers' mean, to the nearest, halves up. */
static int64_t mean_price(const vo_market *m) {
    vo_int128 money = 0;
    for (size_t i = 0; i < m->n_trades; i++)
        money += (vo_int128)m->trade[i].seller_price * m->trade[i].quantity;
    const vo_int128 twice = 2 * money + m->quantity, whole = 2 * (vo_int128)m->quantity;
    return (int64_t)(twice / whole - (twice % whole < 0));
}

static vo_status trade_book(vo_market *m, const matching_kind *kind, vo_error *err) {
    vo_status st = vo_market_fill(m, err);
    if (st != VO_OK || m->quantity == 0) return st;
    st = kind->pays == ONE_PRICE ? vo_pair_by_home(m, err) : vo_pair_by_merit(m, err);
    if (st != VO_OK) return st;
    set_prices(m, kind->pays);
    if (kind->pays != ONE_PRICE) m->price = mean_price(m);
    return vo_pair_sort(m, err);
}

vo_status vo_market_match(vo_market *m, vo_matching kind, const vo_market_rules *rules,
                          int64_t signal_price, const vo_order *order, size_t n, vo_match *out,
                          vo_error *err) {
    assert(kind >= 0 && kind < VO_MATCHINGS);
    m->order = order;
    m->n = n;
    m->fee = rules->fee;
    m->quantity = 0;
    m->n_trades = 0;
    m->unsorted = false;
    vo_status st = vo_market_rules_check(rules, err);
    if (st == VO_OK) st = check_orders(m, rules, err);
    if (st != VO_OK) return st;
    m->filled = vo_market_reserve(m, &m->filled_buffer, n, sizeof *m->filled);
    m->home = vo_market_reserve(m, &m->home_buffer, m->homes, sizeof *m->home);
    if (n > 0 && (!m->filled || !m->home))
        return vo_fail(err, VO_ENOMEM, "no memory for a book of %zu orders", n);
    if (n > 0) memset(m->filled, 0, n * sizeof *m->filled);
    survey_prices(m);
    st = survey_homes(m, rules, err);
    if (st == VO_OK && find_price(m, &kinds[kind], rules->point, signal_price))
        st = trade_book(m, &kinds[kind], err);
    if (st != VO_OK) return st;
    *out = (vo_match){m->filled, m->trade, m->n_trades, m->quantity,
                      m->low,    m->high,  m->price,    m->quantity > 0};
    return VO_OK;
}
