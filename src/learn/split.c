/* split.c -- see split.h for the rule of the gap. */
#include "learn/split.h"

#include <math.h>

vo_split_rule vo_split_rule_default(void) {
    return (vo_split_rule){.train = 0.70, .valid = 0.15, .test = 0.15};
}

vo_split_rule vo_split_rule_days(void) {
    return (vo_split_rule){.train = 7, .valid = 1.5, .test = 1.5, .days = true};
}

static vo_status check_rule(const vo_split_rule *r, vo_error *err) {
    const bool numbers = isfinite(r->train) && isfinite(r->valid) && isfinite(r->test);
    if (!numbers || r->train <= 0 || r->valid <= 0 || r->test <= 0)
        return vo_fail(err, VO_EINVAL,
                       "split: train %g, valid %g, test %g must all be positive", r->train,
                       r->valid, r->test);
    const double sum = r->train + r->valid + r->test;
    if (r->days ? sum > 1e6 : fabs(sum - 1) > 1e-9)
        return vo_fail(err, VO_EINVAL,
                       r->days ? "split: %g + %g + %g days are too many"
                               : "split: %g + %g + %g is not 1; write e.g. 0.7, 0.15, 0.15",
                       r->train, r->valid, r->test);
    return VO_OK;
}

vo_status vo_split_make(vo_part whole, const vo_split_rule *rule, size_t per_day, size_t gap,
                        vo_split *out, vo_error *err) {
    const vo_status st = check_rule(rule, err);
    if (st != VO_OK) return st;
    const double n = whole.to > whole.from ? (double)(whole.to - whole.from) : 0;
    const double unit = rule->days ? (double)per_day : n;
    const double sum = rule->train + rule->valid + rule->test;
    const double least = rule->valid < rule->test ? rule->valid : rule->test;
    /* Fractions that divide n must not lose an origin to rounding. */
    const double test = floor(rule->test * unit + 1e-6),
                 valid = floor(rule->valid * unit + 1e-6);
    const double train = rule->days ? floor(rule->train * unit + 1e-6) : n - valid - test;
    if (train + valid + test > n)
        return vo_fail(err, VO_EINVAL, "split: %g days take %.0f origins but there are %.0f",
                       sum, train + valid + test, n);
    if (valid <= (double)gap || train <= (double)gap || test < 1) {
        const double smallest = least < rule->train ? least : rule->train;
        return vo_fail(err, VO_EINVAL,
                       "split: %.0f origins in parts of %.0f, %.0f and %.0f leave one empty "
                       "beside gaps of %zu; give about %.0f or more",
                       n, train, valid, test, gap,
                       rule->days ? n : ceil(((double)gap + 1) / smallest));
    }
    out->test = (vo_part){whole.to - (size_t)test, whole.to};
    out->valid = (vo_part){out->test.from - (size_t)valid, out->test.from - gap};
    out->train = (vo_part){out->valid.from - (size_t)train, out->valid.from - gap};
    return VO_OK;
}

vo_status vo_split_fold(vo_part whole, size_t folds, size_t k, bool sliding, size_t gap,
                        vo_part *train, vo_part *valid, vo_error *err) {
    const size_t n = whole.to > whole.from ? whole.to - whole.from : 0;
    if (folds < 1 || folds > 1000 || k >= folds)
        return vo_fail(err, VO_EINVAL, "fold %zu of %zu: there are 1 to 1000", k, folds);
    const size_t block = n / (folds + 1);
    if (block <= gap)
        return vo_fail(err, VO_EINVAL,
                       "%zu origins in %zu folds leave nothing beside gaps of %zu; give %zu or "
                       "more, or fewer folds",
                       n, folds, gap, (gap + 1) * (folds + 1));
    const size_t first = whole.to - folds * block; /* where the blocks judged on begin */
    valid->from = first + k * block;
    valid->to = valid->from + block;
    train->to = valid->from - gap;
    train->from = sliding && k > 0 ? valid->from - block : whole.from;
    return VO_OK;
}
