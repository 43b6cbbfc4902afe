/* fuzz_matching.c -- any bytes as rules and a book: refused in words, or matched as the judge says
 * it must be, and booked without a unit lost. Eight bytes of rules, then seven an order. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "community/ledger.h"
#include "support/market_judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD = 8, EACH = 7, MOST = 60 };

static int64_t wide_value(uint8_t kind, uint8_t byte) {
    static const int64_t step[8] = {1, 1, 1, 1000, 100000, 33333333333, 4000000000, 7};
    return (int64_t)byte * step[kind & 7];
}

static vo_market_rules read_rules(const uint8_t *d) {
    vo_market_rules r = d[0] & 1 ? vo_market_rules_default() : vo_market_rules_none();
    r.fee = wide_value(d[1], d[2]);
    r.point = d[3] / 250.0; /* beyond 1: refused */
    r.loss = d[4] / 256.0;
    if (d[0] & 2) r.most_quantity = wide_value(d[5], d[6]);
    return r;
}

static size_t read_book(const uint8_t *d, size_t size, vo_order *order) {
    size_t n = 0;
    for (; size >= EACH && n < MOST; d += EACH, size -= EACH) {
        const int64_t sign = d[0] & 1 ? -1 : 1;
        order[n++] =
            (vo_order){d[0] & 128 ? 40000u + d[1] : d[1] & 7u, d[2] % 16 ? d[2] & 1 : 2,
                       sign * wide_value(d[3], d[4]), wide_value(d[5], d[6])};
    }
    return n;
}

static void book_trades(const vo_market_rules *r, const vo_match *x) {
    vo_ledger *l = NULL;
    vo_ledger_sums s = {0};
    vo_error err = {0};
    vo_status st = vo_ledger_create(40256, NULL, &l, &err);
    assert(st == VO_OK);
    st = vo_ledger_trades(l, r, x->trade, x->n_trades, &s, &err);
    assert(st == VO_OK || (st == VO_EINVAL && strstr(err.msg, "64 bits")));
    assert(s.residual == 0 && s.buyers_pay == s.sellers_receive + s.losses + s.fees);
    vo_ledger_free(l);
    (void)st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    vo_order order[MOST];
    if (size < HEAD) return 0;
    const vo_market_rules r = read_rules(data);
    const size_t n = read_book(data + HEAD, size - HEAD, order);
    const int64_t signal_price = wide_value(data[5], data[7]);
    vo_market *m = NULL;
    if (vo_market_create(NULL, &m, NULL) != VO_OK) return 0;
    int64_t clear = 0;
    const vo_matching kinds[] = {VO_MATCHING_pay_as_clear, VO_MATCHING_pay_as_bid,
                                 VO_MATCHING_pay_as_offer, VO_MATCHING_signal};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        vo_match x = {0};
        vo_error err = {0};
        if (vo_market_match(m, kinds[k], &r, signal_price, order, n, &x, &err) != VO_OK) {
            assert(err.code == VO_EINVAL && err.msg[0] != '\0');
            break;
        }
        if (kinds[k] == VO_MATCHING_pay_as_clear) clear = x.price;
        const judged_book j = {
            kinds[k], &r, signal_price,
            order,    n,  kinds[k] == VO_MATCHING_signal ? signal_price : clear};
        const char *wrong = judge_match(&j, &x);
        assert(!wrong);
        (void)wrong;
        if (k == 1 && (data[0] & 12) == 12) book_trades(&r, &x);
    }
    vo_market_free(m);
    return 0;
}
